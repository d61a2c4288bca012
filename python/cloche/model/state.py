"""The state of a deal on one payment date: before it, or after it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self, final

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_core import PydanticCustomError

from cloche.errors import DealError
from cloche.model.document import Document, problem
from cloche.model.frozen import Frozen
from cloche.model.pool_state import PathState, PoolState
from cloche.model.source import checked, json_source, yaml_source
from cloche.model.text import Flag, IsoDate, Name
from cloche.model.units import Balance, Count, Floor, MarketPrice, Price, Share, Spread, YearsSince
from cloche.model.upgrade import upgraded
from cloche.model.yaml import Source
from cloche.model.yaml_writer import Inline, write_yaml

__all__ = ["DealState", "StateDocument"]

_SUBJECT = "the deal state"
_MONTHS = ("1", "2", "3", "4", "6", "12")


class Liquidation(Document):
    """A sale of the collateral: what it brought and what it cost, in money."""

    proceeds: Balance
    costs: Balance = 0.0


class Collected(Document):
    """Proceeds on deposit at the determination date, in money."""

    interest: Balance = 0.0
    principal: Balance = 0.0
    liquidation: Liquidation | None = None


class FeeState(Document):
    """What a fee is owed, in money; `due` replaces the computed amount of the period.

    `deferred` is due from the next date on. `hurdle` is what the residual notes must still receive to reach the
    fee's hurdle, after the date, `higher_hurdles` the same of its further hurdles; absent: from their distributions. It
    is below zero once the hurdle is passed. `unused_cap` is the room under a cap with `carry_over` that the last dates
    did not use, oldest first; below zero where a date used earlier room.
    """

    due: Balance | None = None
    unpaid: Balance = 0.0
    deferred: Balance | None = None
    hurdle: float | None = None
    higher_hurdles: tuple[float, ...] = ()
    unused_cap: tuple[float, ...] = ()


class HedgeState(Document):
    """What a hedge counterparty is owed, in money; `due` replaces the computed net amount of the period.

    `unpaid` are net amounts of earlier dates, `termination` what its termination still costs.
    """

    due: Balance | None = None
    unpaid: Balance = 0.0
    termination: Balance | None = None


class FeeBases(Document):
    """What fees run on beside the fee basis, as of the determination date, in money."""

    performing_par: Balance
    collateral_principal_amount: Balance


class RepricedState(Document):
    """A re-pricing whose spread a note pays: place of the event, and whether it acted on the date of the state."""

    event: Name
    on_this_date: Flag = False


class NoteState(Document):
    """What a note is owed, in money.

    Parameters
    ----------
    balance, deferred_interest, interest_shortfall
        Balance, deferred interest, and overdue interest of a class that may not defer.
    amortization_due
        Instalment of a class X; absent: from the deal before a date, none after it.
    interest_bearing
        Unpaid interest that bears interest under ``interest_on_unpaid: simple``; absent: all of it.
    steps_in_force
        Steps of its coupon under a condition that are in force, by their places from 0.
    drawn
        All draws on the commitment of a class since closing; absent: none.
    cost
        What a residual note cost; absent: balance at issue price.
    original_balance
        What events have issued of a note that was not there at closing; absent: it is still to come.
    issued_on
        The payment date of its issue, of one that is repaid in instalments, which count from it; absent: the date of a
        dated event.
    repriced
        The re-pricing whose spread the note pays; absent: the spread of the deal.
    distributions
        Past distributions of a residual note: pairs of date and amount, below zero where its holder paid in.
    """

    balance: Balance
    deferred_interest: Balance = 0.0
    interest_shortfall: Balance = 0.0
    amortization_due: Balance | None = None
    interest_bearing: Balance | None = None
    steps_in_force: tuple[Count, ...] = ()
    drawn: Balance | None = None
    cost: Balance | None = None
    original_balance: Balance | None = None
    issued_on: IsoDate | None = None
    repriced: RepricedState | None = None
    distributions: tuple[tuple[IsoDate, float], ...] = ()


class DocumentState(Document):
    """A reset or an amendment that has acted: the place of the event, and its payment date."""

    event: Name
    on: IsoDate


class AssetState(Document):
    """One asset of a trustee report; par in money, prices of par.

    `agencies` are those that rate a CCC asset so: ``sp``, ``moodys``, ``fitch``; absent: all.
    """

    id: Annotated[str, Field(strict=True)] = ""
    par: Balance
    market_price: MarketPrice | None = None
    purchase_price: Price | None = None
    recovery: Share | None = None
    years_since_default: YearsSince | None = None
    agencies: tuple[Literal["sp", "moodys", "fitch"], ...] | None = None


def _below_par(assets: tuple[AssetState, ...]) -> tuple[AssetState, ...]:
    dear = [
        (k, asset.purchase_price) for k, asset in enumerate(assets) if (asset.purchase_price or 0.0) > 1.0
    ]
    if dear:
        message = "expected at most 1: a discount obligation counts for less than its par"
        problems = [problem((k, "purchase_price"), f"found {price:g}, {message}", price) for k, price in dear]
        raise ValidationError.from_exception_data("discount", problems)
    return assets


class CollateralState(Document):
    """The collateral in the figures of a trustee report; `performing_par` is neither CCC nor discount.

    A CCC asset with a `purchase_price` below par is a discount obligation, too, whatever its price.
    """

    performing_par: Balance
    ccc: tuple[AssetState, ...] = ()
    discount: Annotated[tuple[AssetState, ...], AfterValidator(_below_par)] = ()
    defaulted: tuple[AssetState, ...] = ()


def _months(written: object) -> str:
    if str(written) not in _MONTHS or isinstance(written, bool):
        message = f"found {written}, expected months between payments: {', '.join(_MONTHS)}"
        raise PydanticCustomError("months", "{message}", {"message": message})
    return str(written)


class ReadingsState(Document):
    """What conditions and amounts of the deal read on the date and its collateral does not tell.

    Parameters
    ----------
    liquidation_value
        What a sale of all collateral would bring, in money.
    semiannual_share
        Share of the performing par in loans that pay every six months or less often; absent: from the tape.
    unfunded
        Commitments of performing loans that are not drawn, in money; absent: from the tape.
    interest_by_frequency
        Interest of the collection period in money, by months between the payments of the loans.
    market_spreads
        Spreads that the market asks for classes.
    """

    liquidation_value: Balance | None = None
    semiannual_share: Share | None = None
    unfunded: Balance | None = None
    interest_by_frequency: dict[Annotated[str, BeforeValidator(_months)], Balance] = Field(
        default_factory=dict
    )
    market_spreads: dict[Name, Spread] = Field(default_factory=dict)


class StateDocument(Document):
    """A state in canonical form.

    Parameters
    ----------
    cloche_state
        Version of the grammar.
    deal
        Name of the deal.
    payment_date, previous_payment_date, determination_date
        Adjusted dates.
    status
        State of the deal.
    in_reinvestment_period
        Absent: from the deal's dates.
    purchases_allowed
        Whether the conditions of purchases held on the date, after which a deal with ``pool_step: monthly`` buys at the
        ends of months; absent: they did.
    ratings_confirmed
        Whether the agencies have confirmed their ratings after the effective date; absent: they have where an
        earlier payment date was after it.
    index_fixings
        Fixings of the accrual period that ends on the payment date, by index.
    collected
        Proceeds on deposit: at the determination date, or what stays after the payment date.
    fee_basis, fee_bases
        What the fees that are paid next run on, in money.
    fees, notes, hedges
        What is owed; what a hedge brings is among what was collected.
    accounts
        Balances of the deal's accounts, in money; absent: those at closing.
    documents
        Resets and amendments that have brought in the document in force, the first one first; absent: none has.
    later_hurdles
        What the residual notes must still receive to reach the hurdles of the fees of other documents: a row a fee,
        its further hurdles behind the first; absent: from their distributions.
    events
        Conditional events that have acted (``spent``) or are tried again (``pending``), by place: ``events[0]`` of the
        deal, ``scenario.events[0]`` of the scenario.
    collateral
        What is held.
    readings
        What conditions and amounts read on the date and the collateral does not tell.
    pool
        After a date of a run: what is left of its tape, and what was bought.
    path
        After a date of a simulated path: what happens in it.
    """

    cloche_state: Literal[1]
    deal: Annotated[str, Field(strict=True)] | None = None
    payment_date: IsoDate
    previous_payment_date: IsoDate
    determination_date: IsoDate
    status: Literal["normal", "accelerated", "redemption"] = "normal"
    in_reinvestment_period: Flag | None = None
    purchases_allowed: Flag | None = None
    ratings_confirmed: Flag | None = None
    index_fixings: dict[Name, Floor] = Field(default_factory=dict)
    collected: Collected
    fee_basis: Balance | None = None
    fee_bases: FeeBases | None = None
    fees: dict[Name, FeeState] = Field(default_factory=dict)
    notes: dict[Name, NoteState]
    accounts: dict[Name, Balance] = Field(default_factory=dict)
    hedges: dict[Name, HedgeState] = Field(default_factory=dict)
    documents: tuple[DocumentState, ...] = ()
    later_hurdles: tuple[tuple[float, ...], ...] = ()
    events: dict[Name, Literal["spent", "pending"]] = Field(default_factory=dict)
    collateral: CollateralState | None = None
    readings: ReadingsState | None = None
    pool: PoolState | None = None
    path: PathState | None = None


@final
class DealState(Frozen[StateDocument]):
    """The state of a deal on one payment date: what was collected, what is owed, what is held.

    Before a payment date it is what `run_payment_date` starts from; after it, what `project`, `simulate` and `sweep`
    go on from.

    Build one with `from_dict`, `from_yaml` or `from_json`; each raises `DealError` with every problem at
    once.
    """

    __slots__ = ()

    @classmethod
    def _model(cls) -> type[StateDocument]:
        return StateDocument

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """Return the state of a mapping.

        Raises
        ------
        DealError
            With every problem and its place.
        """
        return cls._of(_checked(Source(state)))

    @classmethod
    def from_yaml(cls, text: str | os.PathLike[str]) -> Self:
        """Return the state of a YAML text, or of a YAML file.

        Raises
        ------
        DealError
            With every problem, its place and its line.
        """
        return cls._of(_checked(yaml_source(text, _SUBJECT)))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the state of a JSON text.

        Raises
        ------
        DealError
            With every problem and its place.
        """
        return cls._of(_checked(json_source(text, _SUBJECT)))

    @property
    def payment_date(self) -> str:
        """Adjusted payment date, ISO text."""
        return self._document.payment_date

    @property
    def previous_payment_date(self) -> str:
        """Adjusted payment date before it, ISO text."""
        return self._document.previous_payment_date

    @property
    def determination_date(self) -> str:
        """Determination date, ISO text."""
        return self._document.determination_date

    @property
    def status(self) -> str:
        """State of the deal: normal, accelerated or redemption."""
        return self._document.status

    @property
    def accounts(self) -> Mapping[str, float]:
        """Cash on deposit by account, in money."""
        collected = self._document.collected
        own = {"interest": collected.interest, "principal": collected.principal}
        return MappingProxyType(own | self._document.accounts)

    @property
    def notes(self) -> Mapping[str, NoteState]:
        """What each note is owed."""
        return MappingProxyType(self._document.notes)

    @property
    def fees(self) -> Mapping[str, FeeState]:
        """What each fee is owed."""
        return MappingProxyType(self._document.fees)

    @property
    def collateral(self) -> CollateralState | None:
        """The collateral in the figures of a trustee report, where it is given so."""
        return self._document.collateral

    @property
    def pool(self) -> PoolState | None:
        """What is left of the tape of a run, and what was bought in it."""
        return self._document.pool

    @property
    def path(self) -> PathState | None:
        """What happens in the simulated path that the state is of."""
        return self._document.path

    def without(self, *keys: Literal["pool", "path", "collateral", "events"]) -> Self:
        """Return the state without parts of it.

        Without ``path`` a state of a simulated path goes on under a scenario's own default rates; without ``pool``
        its cash and what it owes go on with a later tape.

        Parameters
        ----------
        *keys
            ``pool``, ``path``, ``collateral``, ``events``; a path goes with its pool.

        Raises
        ------
        DealError
            For another key.
        """
        unknown = [key for key in keys if key not in ("pool", "path", "collateral", "events")]
        if unknown:
            raise DealError(
                "the deal state cannot be taken apart so",
                [("keys", f"found {key!r}, expected pool, path, collateral or events") for key in unknown],
            )
        gone = {*keys, "path"} if "pool" in keys else set(keys)
        return type(self).from_dict({key: value for key, value in self.to_dict().items() if key not in gone})

    def to_dict(self) -> dict[str, Any]:
        """Return the state as people write it, defaults left out; `from_dict` gives an equal state."""
        return self._document.model_dump(mode="json", exclude_none=True, exclude_defaults=True)

    def to_yaml(self) -> str:
        """Return the state as YAML; `from_yaml` gives an equal state."""
        written = self.to_dict()
        for key in ("notes", "fees"):
            written[key] = {name: Inline(item) for name, item in written.get(key, {}).items()}
        if "pool" in written:
            pool = written["pool"]
            pool["loans"] = {name: Inline(item) for name, item in pool.get("loans", {}).items()}
            for key in ("cohorts", "defaults"):
                rows = pool.get("bought", {}).get(key)
                if rows:
                    pool["bought"][key] = [Inline(row) for row in rows]
        if "defaults" in written.get("path", {}):
            written["path"]["defaults"] = [Inline(row) for row in written["path"]["defaults"]]
        return write_yaml(written)

    def __repr__(self) -> str:
        """Return date and notes."""
        return f"<DealState {self.payment_date}: notes {', '.join(self.notes)}>"


def _checked(source: Source) -> StateDocument:
    return checked(
        StateDocument,
        source,
        _SUBJECT,
        DealError,
        prepare=lambda state: upgraded(state, key="cloche_state", upgrades=(), oldest=1),
    )
