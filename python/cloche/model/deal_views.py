"""Parts of a deal by position and by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar, overload

from cloche.model.accounts import Account, Hedge
from cloche.model.deal_document import DealDocument
from cloche.model.describe import describe_waterfall
from cloche.model.diagram import waterfall_svg
from cloche.model.fees import Fee
from cloche.model.notes import Note
from cloche.model.steps import Step
from cloche.model.tests import CoverageTest

__all__ = ["Named", "Waterfall"]

_Item = TypeVar("_Item", bound=Note | Fee | CoverageTest | Account | Hedge)


class Named(Sequence[_Item]):
    """Items of a deal, by position or by name."""

    def __init__(self, items: Sequence[_Item]) -> None:
        self._items = tuple(items)
        self._by_name = {item.name: item for item in items}

    @overload
    def __getitem__(self, key: int | str) -> _Item: ...
    @overload
    def __getitem__(self, key: slice) -> Sequence[_Item]: ...
    def __getitem__(self, key: int | str | slice) -> _Item | Sequence[_Item]:
        """Return an item by its position or name."""
        return self._by_name[key] if isinstance(key, str) else self._items[key]

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self._items)

    def __contains__(self, key: object) -> bool:
        """Tell whether an item or a name is held."""
        return key in self._by_name if isinstance(key, str) else key in self._items

    def __repr__(self) -> str:
        """Return the items in order."""
        return f"[{', '.join(map(repr, self._items))}]"

    @property
    def names(self) -> list[str]:
        """Names in the order of the document."""
        return [item.name for item in self._items]


class Waterfall(Sequence[Step]):
    """One of a deal's priorities of payments."""

    def __init__(self, document: DealDocument, name: str) -> None:
        self._document = document
        self.name = name
        self._steps: tuple[Step, ...] = getattr(document.waterfalls, name)

    @overload
    def __getitem__(self, key: int) -> Step: ...
    @overload
    def __getitem__(self, key: slice) -> Sequence[Step]: ...
    def __getitem__(self, key: int | slice) -> Step | Sequence[Step]:
        """Return a step by its position."""
        return self._steps[key]

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self._steps)

    def __repr__(self) -> str:
        """Return name and length."""
        return f"<Waterfall {self.name}: {len(self)} steps>"

    def describe(self) -> str:
        """Return the waterfall in the words of an indenture, one lettered clause a step."""
        return describe_waterfall(self._document, self.name)

    def to_svg(self) -> str:
        """Return the waterfall as a picture: steps from top to bottom, tests as diamonds, payees on the right.

        Returns
        -------
        str
            SVG, without anything from outside; write it to a file or show it in a notebook.

        Examples
        --------
        >>> import cloche as cl
        >>> picture = cl.templates.us_bsl().waterfalls["interest"].to_svg()
        >>> picture.count("<polygon")  # tests: four cures and a diversion
        5
        """
        return waterfall_svg(self._document, self.name)

    def _repr_svg_(self) -> str:
        return self.to_svg()
