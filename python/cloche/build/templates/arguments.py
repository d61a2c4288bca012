"""The arguments that a template computes with: read with the bounds of documents, every problem kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from pydantic_core import PydanticCustomError

from cloche.build.templates.by_class import OfFamily
from cloche.errors import DealError, Problem
from cloche.model.deal import Deal
from cloche.model.problems import headline
from cloche.model.text import iso_date
from cloche.model.units import SHARE, Quantity
from cloche.model.wording import found, one_of

__all__ = ["Arguments"]

_LAST_YEAR = 9000
# Classes that cover less of par than this are some of a deal's classes, not all of them.
_LEAST_COVERED = 0.9


class Arguments:
    """Reads the arguments of one call.

    What is wrong is noted with the argument's name; its default stands in, so that the document is examined, too.

    Parameters
    ----------
    defaults
        Defaults of the arguments.
    """

    def __init__(self, defaults: Mapping[str, Any]) -> None:
        self.problems: list[Problem] = []
        self._defaults = defaults

    def number(self, name: str, value: object, quantity: Quantity) -> float:
        """Return a number of a kind."""
        default = self._defaults[name]
        return float(self._read(name, value, quantity, quantity.stand_in if default is None else default))

    def whole(self, name: str, value: object, quantity: Quantity) -> int:
        """Return a whole number of a kind."""
        return int(self._read(name, value, quantity, self._defaults[name]))

    def share(self, name: str, value: object) -> float:
        """Return a share from 0 to 1."""
        return self.number(name, value, SHARE)

    def day(self, name: str, value: object, place: str) -> dt.date:
        """Return a date; `place` is where the document has it."""

        def read(written: object) -> dt.date:
            date = dt.date.fromisoformat(iso_date(written))
            if date.year > _LAST_YEAR:
                message = f"found {date}, expected a year up to {_LAST_YEAR}"
                raise PydanticCustomError("date", "{message}", {"message": message})
            return date

        day = self._read(name, value, read, self._defaults[name], place=place)
        return day if isinstance(day, dt.date) else dt.date.fromisoformat(day)

    def choice(self, name: str, value: object, choices: Collection[str]) -> Any:
        """Return one of some words."""
        if value in choices:
            return value
        return self._refused(name, f"found {found(value)}, expected {one_of(choices)}", self._defaults[name])

    def flag(self, name: str, value: object) -> bool:
        """Return a yes or no."""
        if isinstance(value, bool):
            return value
        return bool(
            self._refused(name, f"found {found(value)}, expected True or False", self._defaults[name])
        )

    def text(self, name: str, value: object) -> str:
        """Return a text."""
        if isinstance(value, str):
            return value
        return str(self._refused(name, f"found {found(value)}, expected text", self._defaults[name]))

    def texts(self, name: str, value: object) -> list[str]:
        """Return a list of texts."""
        if isinstance(value, Sequence) and all(isinstance(item, str) for item in value):
            return [value] if isinstance(value, str) else list(value)
        return list(
            self._refused(name, f"found {found(value)}, expected a list of names", self._defaults[name])
        )

    def mapping(self, name: str, value: object) -> dict[str, Any]:
        """Return a mapping; None is an empty one."""
        if value is None or isinstance(value, Mapping):
            return {str(key): item for key, item in (value or {}).items()}
        return dict(self._refused(name, f"found {found(value)}, expected a mapping", {}))

    def mappings(self, name: str, value: object) -> list[dict[str, Any]]:
        """Return a list of mappings."""
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [self.mapping(f"{name}[{place}]", item) for place, item in enumerate(value)]
        return list(self._refused(name, f"found {found(value)}, expected a list of mappings", ()))

    def sizes(self, value: object, own: Mapping[str, float]) -> dict[str, float]:
        """Return the share of par of each class, senior first: all classes of the deal."""
        if value is None:
            return dict(own)
        if not isinstance(value, Mapping) or not value:
            message = f"found {found(value) if value != {} else 'an empty mapping'}, expected shares of par by class"
            return dict(self._refused("sizes", message, own))
        known = len(self.problems)
        shares = {
            str(note): float(self._read(f"sizes.{note}", size, SHARE, 0.0)) for note, size in value.items()
        }
        covered = sum(shares.values())
        if len(self.problems) == known and covered < _LEAST_COVERED:
            message = (
                f"found classes of {covered:.4g} of par, expected {_LEAST_COVERED} or more: "
                "it names all classes of the deal, in place of the template's"
            )
            return dict(self._refused("sizes", message, own))
        return shares

    def by_class(
        self,
        name: str,
        given: object,
        own: Mapping[str, Any],
        classes: Sequence[str],
        *,
        class_of: Callable[[str], str] = str,
    ) -> dict[str, Any]:
        """Return terms by class: the template's own, changed where the caller names a class; None takes one away.

        Parameters
        ----------
        name, given, own
            The argument, what the caller gives, and the template's own.
        classes
            Classes of the deal that may have such a term.
        class_of
            The class that a key is of.
        """
        if isinstance(given, OfFamily):
            own = given.own
            given = given.changes
        changes: dict[str, Any] = {}
        if given is not None and not isinstance(given, Mapping):
            self.refuse(name, f"found {found(given)}, expected a mapping by class")
        for key, value in given.items() if isinstance(given, Mapping) else ():
            if isinstance(key, str) and (
                class_of(key) in classes or (value is None and class_of(key) in map(class_of, own))
            ):
                changes[key] = value
            else:
                self._strange(f"{name}.{key}", class_of(key) if isinstance(key, str) else key, classes)
        changed = {class_of(key) for key in changes}
        kept = {key: value for key, value in own.items() if class_of(key) not in changed}
        order = {note: k for k, note in enumerate(classes)}
        terms = {
            key: value
            for key, value in {**kept, **changes}.items()
            if value is not None and class_of(key) in order
        }
        return {key: terms[key] for key in sorted(terms, key=lambda key: order[class_of(key)])}

    def classes(
        self, name: str, value: object, classes: Sequence[str], *, stands: bool = False
    ) -> Sequence[str]:
        """Return a list of classes of the deal; if so `stands`, the default as it is."""
        if stands and value == self._defaults[name]:
            return tuple(self._defaults[name])
        if not isinstance(value, Sequence) or isinstance(value, str):
            message = f"found {found(value)}, expected a list of classes"
            return list(self._refused(name, message, ()))
        named: list[str] = []
        for place, note in enumerate(value):
            if note in classes:
                named.append(note)
            else:
                self._strange(f"{name}[{place}]", note, classes)
        return named

    def groups(self, name: str, value: object, classes: Sequence[str]) -> list[Sequence[str]]:
        """Return groups of classes of the deal."""
        if not isinstance(value, Sequence) or isinstance(value, str):
            message = f"found {found(value)}, expected groups of classes"
            return list(self._refused(name, message, ()))
        return [self.classes(f"{name}[{place}]", group, classes) for place, group in enumerate(value)]

    def refuse(self, place: str, message: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(place, message))

    def error(self, name: object, others: Sequence[Problem] = ()) -> DealError:
        """Return the error with the problems of the call and those of the document."""
        problems = [*self.problems, *others]
        return DealError(headline(f"the deal {name!r}", problems), problems)

    def deal(self, document: Mapping[str, Any]) -> Deal:
        """Return the deal of a document.

        Raises
        ------
        DealError
            With every problem of the call and of the document.
        """
        try:
            deal = Deal.from_dict(document)
        except DealError as error:
            if not self.problems:
                raise
            raise self.error(document["name"], error.problems) from None
        if self.problems:
            raise self.error(document["name"])
        return deal

    def _read(
        self, name: str, value: object, read: Callable[[object], Any], stand_in: Any, *, place: str = ""
    ) -> Any:
        try:
            return read(value)
        except PydanticCustomError as refusal:
            return self._refused(place or name, refusal.message(), stand_in)

    def _strange(self, place: str, note: object, classes: Sequence[str]) -> None:
        message = f"found {found(note)}, expected a class that has it: {', '.join(classes)}"
        self.refuse(place, message)

    def _refused(self, place: str, message: str, stand_in: Any) -> Any:
        self.refuse(place, message)
        return stand_in
