"""What deals, scenarios, curves, models and states have in common as Python objects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Generic, Self, TypeVar

from cloche.model.document import Document, canonical_json, digest

__all__ = ["Frozen"]

_D = TypeVar("_D", bound=Document)


class Frozen(Generic[_D]):
    """A checked document: frozen, equal and hashed by its canonical JSON, pickled as it."""

    __slots__ = ("_canonical", "_digest", "_document", "_plain")
    _document: _D
    _plain: Mapping[str, Any]
    _canonical: str
    _digest: str

    def _hold(self, document: _D) -> None:
        plain = document.to_canonical()
        canonical = canonical_json(plain)
        # Written once: every run asks for them.
        for name, value in (
            ("_document", document),
            ("_plain", plain),
            ("_canonical", canonical),
            ("_digest", digest(canonical)),
        ):
            object.__setattr__(self, name, value)

    @classmethod
    def _model(cls) -> type[_D]:
        raise NotImplementedError  # each kind of document names its model; none is made of this class itself

    @classmethod
    def _of(cls, document: _D) -> Self:
        held = object.__new__(cls)
        held._hold(document)
        return held

    @classmethod
    def _restored(cls, canonical: str) -> Self:
        """Return the object of a canonical text that was checked before."""
        return cls._of(cls._model().model_validate(json.loads(canonical)))

    @property
    def digest(self) -> str:
        """BLAKE2b-128 hash of the canonical JSON, as 32 hexadecimal digits."""
        return self._digest

    def canonical_json(self) -> str:
        """Return the canonical text: what the engine reads and what the hash is of."""
        return self._canonical

    def to_canonical(self) -> dict[str, Any]:
        """Return the canonical form, every default written out."""
        return self._document.to_canonical()

    def in_canonical(self, key: str) -> Any:
        """Return what the canonical form says under a key, for reading alone."""
        return self._plain.get(key)

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse: it is frozen."""
        raise AttributeError(f"{type(self).__name__} is frozen; `replace` gives a changed copy")

    def __delattr__(self, name: str) -> None:
        """Refuse: it is frozen."""
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __eq__(self, other: object) -> bool:
        """Compare by canonical JSON."""
        if type(other) is not type(self):
            return NotImplemented
        return self._canonical == other._canonical

    def __hash__(self) -> int:
        """Hash the canonical JSON."""
        return hash((type(self).__name__, self._canonical))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as the document."""
        return type(self)._restored, (self._canonical,)  # noqa: SLF001 - of this class
