"""What the manager buys in a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self, final

from pydantic import AfterValidator, Field

from cloche.errors import ScenarioError
from cloche.model.document import Document
from cloche.model.frozen import Frozen
from cloche.model.scenario_groups import rating_word
from cloche.model.scenario_value import PriceValue, SpreadValue, friendly_value
from cloche.model.source import checked
from cloche.model.text import Name
from cloche.model.units import Floor, Share, TermYears
from cloche.model.yaml import Source

__all__ = ["Reinvestment", "ReinvestmentDocument", "reinvestment_document"]

_SUBJECT = "the reinvestment"


def _letters(rating: str | None) -> str | None:
    """Return the letters of a rating as groups name them; None for what is unrated."""
    return None if rating is None else rating_word(rating) or None


class ReinvestmentDocument(Document):
    """What the manager buys, in canonical form; `Reinvestment` says what each key means."""

    not_computed: ClassVar[tuple[str, ...]] = ("universe",)

    price: PriceValue = Field(default={"kind": "constant", "value": 1.0})
    spread: SpreadValue = Field(default={"kind": "constant", "value": 0.0350})
    floor: Floor = 0.0
    term_years: TermYears = 6.0
    rating: Annotated[Name | None, AfterValidator(_letters)] = None
    recovery: Share | None = None
    pd: Share | None = None


@final
class Reinvestment(Frozen[ReinvestmentDocument]):
    """What the manager buys with principal proceeds.

    Parameters
    ----------
    price
        Price of par; may change in time.
    spread
        Spread over the index a year; may change in time.
    floor
        Floor of the index.
    term_years
        Years to maturity at purchase.
    rating
        Rating of what is bought.
    recovery, pd
        Recovery, and default probability a year; absent: the scenario's.
    universe
        Key of the grammar that this version does not compute; refused by name unless None.

    Raises
    ------
    ScenarioError
        With every value that is out of range and its place.
    """

    __slots__ = ()

    def __init__(
        self,
        *,
        price: Any = 1.0,
        spread: Any = 0.0350,
        floor: float | str = 0.0,
        term_years: float = 6.0,
        rating: str | None = None,
        recovery: float | str | None = None,
        pd: float | str | None = None,
        universe: Any = None,
    ) -> None:
        written = {
            "price": price,
            "spread": spread,
            "floor": floor,
            "term_years": term_years,
            "rating": rating,
            "recovery": recovery,
            "pd": pd,
            "universe": universe,
        }
        self._hold(checked(ReinvestmentDocument, Source(written), _SUBJECT, ScenarioError))

    @classmethod
    def _model(cls) -> type[ReinvestmentDocument]:
        return ReinvestmentDocument

    @classmethod
    def from_dict(cls, reinvestment: Mapping[str, Any]) -> Self:
        """Return what a mapping says.

        Raises
        ------
        ScenarioError
            With every problem and its place.
        """
        return cls._of(checked(ReinvestmentDocument, Source(reinvestment), _SUBJECT, ScenarioError))

    def to_dict(self) -> dict[str, Any]:
        """Return it as people write it, defaults left out."""
        written = self._document.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        return {
            key: friendly_value(item) if isinstance(item, dict) else item for key, item in written.items()
        }

    def __repr__(self) -> str:
        """Return what differs from the defaults."""
        return f"Reinvestment({', '.join(f'{key}={value!r}' for key, value in self.to_dict().items())})"


def reinvestment_document(scenario: Mapping[str, Any]) -> dict[str, Any]:
    """Return a scenario whose `reinvestment` is a mapping, also where a `Reinvestment` was given."""
    bought = scenario.get("reinvestment")
    return (
        {**scenario, "reinvestment": bought.to_canonical()}
        if isinstance(bought, Reinvestment)
        else dict(scenario)
    )
