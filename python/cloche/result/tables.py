"""What all results have: tables by name, a manifest, a conservation error, and a way to files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Self

from cloche.result.schemas import Schema
from cloche.table import Table, atomic

__all__ = ["Tables"]

Made = Table | Callable[[], Table]


class Tables:
    """Tables of one run, immutable.

    Parameters
    ----------
    tables
        Name to table, or to what makes it when it is first asked for.
    conservation_error
        Largest absolute difference of cash in and cash out over all periods and paths, in units of the deal's
        par.
    document
        The deal in canonical form.
    manifest
        Version, hashes of the inputs, conventions, seed, paths, measure.
    """

    _schemas: Mapping[str, Schema] = MappingProxyType({})

    def __init__(
        self,
        tables: Mapping[str, Made],
        *,
        conservation_error: float,
        document: Mapping[str, Any],
        manifest: Mapping[str, Any],
    ) -> None:
        self._made: dict[str, Made] = dict(tables)
        self._conservation_error = conservation_error
        self._document = dict(document)
        self._manifest = dict(manifest)

    @classmethod
    def from_engine(
        cls, raw: Mapping[str, Any], *, document: Mapping[str, Any], manifest: Mapping[str, Any], **own: Any
    ) -> Self:
        """Return a result of what the engine gives back.

        Parameters
        ----------
        raw
            Tables as columns, and ``conservation_error``.
        document, manifest
            The deal in canonical form, and the run's manifest.
        **own
            Further arguments of the class.
        """
        return cls(
            cls._wrapped(raw),
            conservation_error=raw["conservation_error"],
            document=document,
            manifest=manifest,
            **own,
        )

    @classmethod
    def _wrapped(cls, raw: Mapping[str, Any]) -> dict[str, Made]:
        def later(name: str, schema: Schema) -> Callable[[], Table]:
            def make() -> Table:
                columns = raw[name]
                return Table.from_schema(columns() if callable(columns) else columns, schema)

            return make

        return {name: later(name, schema) for name, schema in cls._schemas.items() if name in raw}

    @property
    def tables(self) -> Mapping[str, Table]:
        """All tables of the result, by name."""
        return MappingProxyType({name: self._table(name) for name in self._made if not name.startswith("_")})

    @property
    def conservation_error(self) -> float:
        """Largest absolute difference of cash in and cash out, in units of the deal's par."""
        return self._conservation_error

    @property
    def manifest(self) -> dict[str, Any]:
        """Version, hashes of the inputs, conventions, seed, paths, measure."""
        return dict(self._manifest)

    def _table(self, name: str, reason: str = "this run does not have it") -> Table:
        """Return a table; what is not there is no attribute, and the message says why."""
        try:
            made = self._made[name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no table {name!r}: {reason}") from None
        if callable(made):
            made = self._made[name] = made()
        return made

    def write(
        self, folder: str | os.PathLike[str], *, form: Literal["parquet", "csv"] = "parquet"
    ) -> list[Path]:
        """Write every table and the manifest into a folder; each file is whole or not there.

        Parameters
        ----------
        folder
            Made if it is missing.
        form
            ``parquet`` or ``csv``.

        Returns
        -------
        list of Path
            The files, ``manifest.json`` last.

        Raises
        ------
        RunError
            If Parquet is asked for and neither polars nor pyarrow is installed.
        """
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        files: list[Path] = []
        for name, table in self.tables.items():
            path = place / f"{name}.{form}"
            if form == "csv":
                table.write_csv(path)
            else:
                table.write_parquet(path)
            files.append(path)
        path = place / "manifest.json"
        facts = {**self._manifest, "conservation_error": self._conservation_error}
        with atomic(path) as temporary:
            temporary.write_text(
                json.dumps(facts, indent=2, sort_keys=True, default=str) + "\n", encoding="utf-8"
            )
        return [*files, path]

    def __copy__(self) -> Self:
        """Return the result itself: it is immutable."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return the result itself: it is immutable."""
        return self

    def __getstate__(self) -> dict[str, Any]:
        """Return the state with every table made."""
        return {**self.__dict__, "_made": {name: self._table(name) for name in self._made}}

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name} {len(table):,}" for name, table in self.tables.items())
        return f"{type(self).__name__}({self._document.get('name', 'deal')}: {sizes} rows)"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Tables) and self.tables == other.tables

    __hash__ = None  # type: ignore[assignment]  # compared by value; not a key
