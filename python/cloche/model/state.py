"""The state of a deal on one payment date, before it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, Self, final

from pydantic import Field

from cloche.errors import DealError
from cloche.model.document import Document
from cloche.model.frozen import Frozen
from cloche.model.source import checked, json_source, yaml_source
from cloche.model.text import Flag, IsoDate, Name
from cloche.model.units import Balance, Floor, MarketPrice, Price, Share, YearsSince
from cloche.model.upgrade import upgraded
from cloche.model.yaml import Source
from cloche.model.yaml_writer import Inline, write_yaml

__all__ = ["DealState", "StateDocument"]

_SUBJECT = "the deal state"


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
    """What a fee is owed, in money; `due` replaces the computed amount of the period."""

    due: Balance | None = None
    unpaid: Balance = 0.0


class NoteState(Document):
    """What a note is owed, in money.

    Parameters
    ----------
    balance, deferred_interest, interest_shortfall
        Balance, deferred interest, and overdue interest of a class that may not defer.
    amortization_due
        Instalment of a class X; absent: from the deal.
    cost
        What a residual note cost; absent: balance at issue price.
    distributions
        Past distributions of a residual note: pairs of date and amount.
    """

    balance: Balance
    deferred_interest: Balance = 0.0
    interest_shortfall: Balance = 0.0
    amortization_due: Balance | None = None
    cost: Balance | None = None
    distributions: tuple[tuple[IsoDate, Balance], ...] = ()


class AssetState(Document):
    """One asset of a trustee report; par in money, prices of par."""

    not_computed: ClassVar[tuple[str, ...]] = ("agencies",)

    id: Annotated[str, Field(strict=True)] = ""
    par: Balance
    market_price: MarketPrice | None = None
    purchase_price: Price | None = None
    recovery: Share | None = None
    years_since_default: YearsSince | None = None


class CollateralState(Document):
    """The collateral in the figures of a trustee report; `performing_par` is neither CCC nor discount."""

    performing_par: Balance
    ccc: tuple[AssetState, ...] = ()
    discount: tuple[AssetState, ...] = ()
    defaulted: tuple[AssetState, ...] = ()


class StateDocument(Document):
    """A state in canonical form.

    Parameters
    ----------
    cloche_state
        Version of the grammar.
    payment_date, previous_payment_date, determination_date
        Adjusted dates.
    status
        State of the deal.
    in_reinvestment_period
        Absent: from the deal's dates.
    index_fixings
        Fixings of the accrual period that ends on the payment date, by index.
    collected
        Proceeds on deposit at the determination date.
    fee_basis
        Base of the fees, in money.
    fees, notes, hedges
        What is owed; what a hedge brings is among what was collected.
    accounts
        Balances of the deal's accounts, in money; absent: those at closing.
    collateral
        What is held.
    """

    cloche_state: Literal[1]
    payment_date: IsoDate
    previous_payment_date: IsoDate
    determination_date: IsoDate
    status: Literal["normal", "accelerated", "redemption"] = "normal"
    in_reinvestment_period: Flag | None = None
    index_fixings: dict[Name, Floor] = Field(default_factory=dict)
    collected: Collected
    fee_basis: Balance | None = None
    fees: dict[Name, FeeState] = Field(default_factory=dict)
    notes: dict[Name, NoteState]
    accounts: dict[Name, Balance] = Field(default_factory=dict)
    hedges: dict[Name, FeeState] = Field(default_factory=dict)
    collateral: CollateralState


@final
class DealState(Frozen[StateDocument]):
    """The state of a deal on one payment date: what was collected, what is owed, what is held.

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
    def collateral(self) -> CollateralState:
        """The collateral."""
        return self._document.collateral

    def to_dict(self) -> dict[str, Any]:
        """Return the state as people write it, defaults left out; `from_dict` gives an equal state."""
        return self._document.model_dump(mode="json", exclude_none=True, exclude_defaults=True)

    def to_yaml(self) -> str:
        """Return the state as YAML; `from_yaml` gives an equal state."""
        written = self.to_dict()
        for key in ("notes", "fees"):
            written[key] = {name: Inline(item) for name, item in written.get(key, {}).items()}
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
