"""The scenario: what the future is assumed to bring."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Self, final

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import PydanticCustomError

from cloche.errors import ScenarioError
from cloche.model.curves import Curves
from cloche.model.deal_document import canonical_events
from cloche.model.document import Document, problem
from cloche.model.events import Event
from cloche.model.friendly import friendly_events, inlined_event
from cloche.model.frozen import Frozen
from cloche.model.rate_curve import RateCurve
from cloche.model.reinvestment import Reinvestment, ReinvestmentDocument, reinvestment_document
from cloche.model.scenario_groups import rating_word
from cloche.model.scenario_value import (
    Cdr,
    Cpr,
    LagMonths,
    PriceInTime,
    Recovery,
    SpreadValue,
    Values,
    friendly_value,
)
from cloche.model.source import checked, json_source, yaml_source
from cloche.model.text import IsoDate, Name
from cloche.model.units import Share, Spread
from cloche.model.yaml import Source
from cloche.model.yaml_writer import Inline, write_yaml

__all__ = ["Reinvestment", "Scenario", "ScenarioDocument"]

_SUBJECT = "the scenario"
_VALUES = ("cdr", "cpr", "recovery", "recovery_lag_months")
_OF_COMMITMENTS = ("draw_rate", "usage_at_default")


def _classes(spreads: dict[str, Values]) -> dict[str, Values]:
    """Refuse spreads of ratings that no class can have; which classes there are, each deal tells."""
    problems = []
    for key in spreads:
        if key.startswith("rating:"):
            try:
                rating_word(key.removeprefix("rating:"))
            except PydanticCustomError as refusal:
                problems.append(problem((key,), refusal.message()))
    if problems:
        raise ValidationError.from_exception_data("MarketSpreads", problems)
    return spreads


class ScenarioDocument(Document):
    """A scenario in canonical form; `Scenario` says what each key means."""

    not_computed: ClassVar[tuple[str, ...]] = ("fx", "default_timing")

    cdr: Cdr | None = None
    cpr: Cpr = Field(default={"kind": "constant", "value": 0.0})
    recovery: Recovery | None = None
    recovery_lag_months: LagMonths | None = None
    rates: Curves
    reinvestment: ReinvestmentDocument = ReinvestmentDocument()
    liquidation_price: PriceInTime = 1.0
    post_period_share: Share = 0.0
    cash_rate_spread: Spread = -0.0020
    draw_rate: Share = 0.0
    usage_at_default: Share = 1.0
    market_spreads: Annotated[dict[Name, SpreadValue], AfterValidator(_classes)] = Field(default_factory=dict)
    defaults: dict[Name, IsoDate] = Field(default_factory=dict)
    events: tuple[Event, ...] = ()

    def to_canonical(self) -> dict[str, Any]:
        """Return the scenario in canonical form; what is assumed of commitments only where it is not the default."""
        written = {**super().to_canonical(), "events": canonical_events(self.events)}
        for key in _OF_COMMITMENTS:
            if written[key] == type(self).model_fields[key].default:
                del written[key]
        return written


@final
class Scenario(Frozen[ScenarioDocument]):
    """What the future is assumed to bring; rates are decimals a year.

    A value is a number, a list per payment period (the last value continues), ``{"monthly": […]}``, ``{date:
    value}`` (the first value holds before its date, too), or by group: ``{"*": 0.02, "rating:CCC": 0.10,
    "industry:…": …, "obligor:…": …, "lien:2L": …}``, where the most specific wins. Ratings and liens may be spelled as
    on a tape, ``rating:NR`` is what is unrated; a run warns of groups that hold no loan of its pool.

    Parameters
    ----------
    cdr
        Default rate a year; None in simulations whose model brings its own.
    cpr
        Prepayment rate a year.
    recovery
        Recovery of defaulted par.
    recovery_lag_months
        Months from default to recovery.
    rates
        A `RateCurve`, a number (flat), or curves as in a file.
    reinvestment
        What the manager buys.
    liquidation_price
        Price of performing par at a liquidation or call, and of what is left on the last date: a number, a list per
        payment period or ``{date: price}``.
    post_period_share
        Share of unscheduled principal that is reinvested after the reinvestment period.
    cash_rate_spread
        Spread over the index that cash earns, that set aside for undrawn commitments included.
    draw_rate
        Share of the undrawn commitment of a loan (the tape's ``par_unfunded``) that is drawn a year, 0 to 1. Drawn par
        bears interest in place of the commitment fee and amortizes.
    usage_at_default
        Share of its undrawn commitment that a loan has drawn when it defaults, 0 to 1: it defaults with the funded par.
        The rest of the cash set aside for it becomes principal. It is a credit conversion factor: Basel III takes 0.40
        for most commitments; 1 is the cautious end.
    market_spreads
        Spreads over the index that the market asks for new notes, by class name, ``rating:AAA`` or ``*``, the first
        that there is: a number, a list per payment period or ``{date: spread}``. Conditions read them as
        ``market_spread('A')``.
    defaults
        Companies that default on given dates, in addition to `cdr`: dates by obligor.
    events
        What is assumed to happen to the deal, in the grammar of its own events: calls, refinancings, resets,
        amendments on a date or under a condition, such as ``{"call": {"price": 0.99}, "date": "rp_end + 12M"}``.
    default_timing, fx
        Keys of the grammar that this version does not compute; refused by name unless None.

    Raises
    ------
    ScenarioError
        With every value that is out of range and its place.

    Examples
    --------
    >>> base = Scenario(cdr=0.02, cpr=0.20, recovery=0.70, recovery_lag_months=6, rates=RateCurve.flat(0.043))
    >>> base.replace(cdr={"*": 0.02, "rating:CCC": 0.10}).cdr
    {'*': 0.02, 'rating:CCC': 0.1}
    """

    __slots__ = ()

    def __init__(
        self,
        *,
        cdr: Any = None,
        cpr: Any = 0.0,
        recovery: Any = None,
        recovery_lag_months: Any = None,
        rates: RateCurve | Mapping[str, Any] | float | None = None,
        reinvestment: Reinvestment | Mapping[str, Any] | None = None,
        liquidation_price: Any = 1.0,
        post_period_share: float = 0.0,
        cash_rate_spread: float | str = -0.0020,
        draw_rate: float | str = 0.0,
        usage_at_default: float | str = 1.0,
        market_spreads: Mapping[str, Any] | None = None,
        defaults: Mapping[str, dt.date | str] | None = None,
        events: Sequence[Mapping[str, Any]] | None = None,
        default_timing: Any = None,
        fx: Any = None,
    ) -> None:
        written = {
            "cdr": cdr,
            "cpr": cpr,
            "recovery": recovery,
            "recovery_lag_months": recovery_lag_months,
            "rates": rates,
            "reinvestment": reinvestment,
            "liquidation_price": liquidation_price,
            "post_period_share": post_period_share,
            "cash_rate_spread": cash_rate_spread,
            "draw_rate": draw_rate,
            "usage_at_default": usage_at_default,
            "market_spreads": market_spreads,
            "defaults": defaults,
            "events": events,
            "default_timing": default_timing,
            "fx": fx,
        }
        self._hold(_checked(Source(written)))

    @classmethod
    def _model(cls) -> type[ScenarioDocument]:
        return ScenarioDocument

    @classmethod
    def from_dict(cls, scenario: Mapping[str, Any]) -> Self:
        """Return the scenario of a mapping.

        Raises
        ------
        ScenarioError
            With every problem and its place.
        """
        return cls._of(_checked(Source(scenario)))

    @classmethod
    def from_yaml(cls, text: str | os.PathLike[str]) -> Self:
        """Return the scenario of a YAML text, or of a YAML file.

        Raises
        ------
        ScenarioError
            With every problem, its place and its line.
        """
        return cls._of(_checked(yaml_source(text, _SUBJECT, ScenarioError)))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the scenario of a JSON text.

        Raises
        ------
        ScenarioError
            With every problem and its place.
        """
        return cls._of(_checked(json_source(text, _SUBJECT, ScenarioError)))

    def replace(self, **changes: Any) -> Scenario:
        """Return a changed copy; the keywords are those of the constructor."""
        return Scenario.from_dict({**self._plain, **changes})

    @property
    def cdr(self) -> Any:
        """Default rate a year, as written; None if the model brings its own."""
        return None if self._document.cdr is None else friendly_value(self._document.cdr)

    @property
    def cpr(self) -> Any:
        """Prepayment rate a year, as written."""
        return friendly_value(self._document.cpr)

    @property
    def recovery(self) -> Any:
        """Recovery of defaulted par, as written; None if it is not stated."""
        return None if self._document.recovery is None else friendly_value(self._document.recovery)

    @property
    def recovery_lag_months(self) -> Any:
        """Months from default to recovery, as written; None if not stated."""
        lag = self._document.recovery_lag_months
        return None if lag is None else friendly_value(lag)

    @property
    def rates(self) -> RateCurve:
        """Index curves."""
        return RateCurve.from_dict(self._document.rates)

    @property
    def reinvestment(self) -> Reinvestment:
        """What the manager buys."""
        return Reinvestment.from_dict(self._document.reinvestment.to_canonical())

    @property
    def liquidation_price(self) -> Any:
        """Price of performing par at a liquidation or call, as written."""
        price = self._document.liquidation_price
        return friendly_value(price) if isinstance(price, dict) else price

    @property
    def post_period_share(self) -> float:
        """Share of unscheduled principal that is reinvested after the reinvestment period."""
        return self._document.post_period_share

    @property
    def cash_rate_spread(self) -> float:
        """Spread over the index that cash earns."""
        return self._document.cash_rate_spread

    @property
    def draw_rate(self) -> float:
        """Share of the undrawn commitment of a loan that is drawn a year."""
        return self._document.draw_rate

    @property
    def usage_at_default(self) -> float:
        """Share of its undrawn commitment that a loan has drawn when it defaults."""
        return self._document.usage_at_default

    @property
    def market_spreads(self) -> Mapping[str, Any]:
        """Spreads that the market asks, as written, by class name, rating or `*`."""
        spreads = self._document.market_spreads
        return MappingProxyType({key: friendly_value(value) for key, value in spreads.items()})

    @property
    def defaults(self) -> Mapping[str, str]:
        """Companies that default on given dates: ISO dates by obligor."""
        return MappingProxyType(self._document.defaults)

    @property
    def events(self) -> Sequence[Mapping[str, Any]]:
        """What is assumed to happen to the deal, as written."""
        return tuple(self.to_dict().get("events", ()))

    def to_dict(self) -> dict[str, Any]:
        """Return the scenario as people write it, defaults left out; `from_dict` gives an equal scenario."""
        written = self._document.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        for key in _VALUES:
            if key in written:
                written[key] = friendly_value(written[key])
        if "liquidation_price" in written:
            written["liquidation_price"] = self.liquidation_price
        if "market_spreads" in written:
            written["market_spreads"] = dict(self.market_spreads)
        written["rates"] = self.rates.to_dict()
        if "reinvestment" in written:
            written["reinvestment"] = self.reinvestment.to_dict()
        if "events" in written:
            stated = self._document.model_dump(
                mode="json", by_alias=True, exclude_none=True, exclude_defaults=True
            )
            written["events"] = friendly_events(self._document.events, stated["events"])
        return written

    def to_yaml(self) -> str:
        """Return the scenario as YAML; `from_yaml` gives an equal scenario."""
        written: dict[str, Any] = {
            key: Inline(value) if isinstance(value, dict) else value for key, value in self.to_dict().items()
        }
        if "events" in written:
            written["events"] = [inlined_event(event) for event in written["events"]]
        return write_yaml(written)

    def __repr__(self) -> str:
        """Return the main assumptions."""
        stated = ", ".join(f"{key}={value!r}" for key, value in self.to_dict().items())
        return f"Scenario({stated})"


def _checked(source: Source) -> ScenarioDocument:
    return checked(ScenarioDocument, source, _SUBJECT, ScenarioError, prepare=reinvestment_document)
