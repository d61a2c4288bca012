"""Default models: who defaults together, and how likely."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, Literal, Self, final

from pydantic import BeforeValidator, ValidationError, WithJsonSchema, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from cloche.errors import ScenarioError
from cloche.model.document import Document, problem
from cloche.model.frozen import Frozen
from cloche.model.source import checked, file_source, mapping_of, yaml_source
from cloche.model.units import Quantity
from cloche.model.wording import did_you_mean, found
from cloche.model.yaml import Source
from cloche.model.yaml_writer import write_yaml

__all__ = ["CopulaDocument", "GaussianCopula", "read_model"]

_SUBJECT = "the default model"
_KIND = "gaussian_copula"
_LATER = ("student_copula", "rating_migration", "expected_defaults")
_COLUMNS = ("pd_1y", "hazard")
_CORRELATION = Quantity("a correlation from 0 to below 1", 0.0, 0.9999999, stand_in=0.2)
_HAZARD = Quantity("a hazard a year from 0 to 10", 0.0, 10.0, stand_in=0.02)
_CUMULATIVE = Quantity("a cumulative default probability from 0 to 1", 0.0, 1.0, stand_in=0.02)
_YEAR = Quantity("a year above 0, at most 50", 0.0, 50.0, "plain", open_low=True)


def _pd(written: object) -> dict[str, Any]:
    """Return where default probabilities come from, in tagged form."""
    if isinstance(written, Mapping) and "kind" in written:
        body = {key: value for key, value in written.items() if key != "kind"}
        key = {"column": "name", "hazard": "value", "table": "values"}.get(written["kind"])
        if key is None or set(body) != {key}:
            message = f"found the form {found(written['kind'])}, expected column, hazard or table"
            raise PydanticCustomError("pd", "{message}", {"message": message})
        written = body[key]
    if isinstance(written, Mapping):
        return {"kind": "table", "values": _table(written)}
    if isinstance(written, str) and not written[:1].isdigit():
        if written in _COLUMNS:
            return {"kind": "column", "name": written}
        message = f"found {found(written)}, expected 'pd_1y', 'hazard', a hazard or a table"
        raise PydanticCustomError("pd", "{message}", {"message": message + did_you_mean(written, _COLUMNS)})
    return {"kind": "hazard", "value": _HAZARD(written)}


def _table(written: Mapping[Any, Any]) -> dict[str, dict[str, float]]:
    """Return cumulative default probabilities by rating and year."""
    problems: list[InitErrorDetails] = []
    table: dict[str, dict[str, float]] = {}
    for rating, row in written.items():
        if not isinstance(row, Mapping) or not row:
            problems.append(problem((str(rating),), f"found {found(row)}, expected probabilities by year"))
            continue
        read: dict[float, float] = {}
        for year, probability in row.items():
            try:
                read[_YEAR(float(year) if isinstance(year, str) and _is_number(year) else year)] = (
                    _CUMULATIVE(probability)
                )
            except PydanticCustomError as refusal:
                problems.append(problem((str(rating), str(year)), refusal.message()))
        ordered = sorted(read.items())
        for (_, earlier), (year, later) in pairwise(ordered):
            if later < earlier:
                message = (
                    f"found {later}, expected at least the {earlier} of the year before: it is cumulative"
                )
                problems.append(problem((str(rating), f"{year:g}"), message))
        table[str(rating)] = {f"{year:.15g}": probability for year, probability in ordered}
    if not written:
        problems.append(problem((), "found an empty table, expected probabilities by rating and year"))
    if problems:
        raise ValidationError.from_exception_data("pd", problems)
    return table


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def _friendly_pd(pd: Mapping[str, Any]) -> Any:
    return pd.get("name", pd.get("value", pd.get("values")))


_PD_WRITTEN = WithJsonSchema(
    {
        "anyOf": [
            {"enum": list(_COLUMNS)},
            {"type": "number", "minimum": 0},
            {"type": "object", "minProperties": 1},
        ]
    },
    mode="validation",
)
_PD_CANONICAL = WithJsonSchema(
    {
        "type": "object",
        "properties": {
            "kind": {"enum": ["column", "hazard", "table"]},
            "name": {"type": "string"},
            "value": {"type": "number"},
            "values": {"type": "object"},
        },
        "required": ["kind"],
    },
    mode="serialization",
)
_Correlation = Annotated[float, BeforeValidator(_CORRELATION), _CORRELATION.json_schema()]


class CopulaDocument(Document):
    """A Gaussian copula in canonical form; `GaussianCopula` says what each key means."""

    kind: Literal["gaussian_copula"]
    inter: _Correlation
    intra: _Correlation
    pd: Annotated[dict[str, Any], BeforeValidator(_pd), _PD_WRITTEN, _PD_CANONICAL] | None = None
    measure: Literal["historical", "risk_neutral"] = "historical"

    @model_validator(mode="after")
    def _nested(self) -> Self:
        if self.intra < self.inter:
            message = (
                f"found {self.intra}, expected at least inter, {self.inter}: the total inside an industry"
            )
            raise ValidationError.from_exception_data("CopulaDocument", [problem(("intra",), message)])
        return self


@final
class GaussianCopula(Frozen[CopulaDocument]):
    """One market factor and one factor per industry.

    ``X = √inter · Z + √(intra − inter) · Y + √(1 − intra) · ε``; a company defaults when the normal
    probability of X falls below its cumulative default probability.

    Parameters
    ----------
    inter
        Correlation of two companies of different industries.
    intra
        Total correlation of two companies of one industry; ``0 <= inter <= intra < 1``.
    pd
        ``"pd_1y"`` or ``"hazard"`` (that tape column), a number (hazard a year of every company), or a table
        ``{rating: {year: cumulative probability}}``. None: from `scenario.cdr`.
    measure
        ``"historical"`` or ``"risk_neutral"``; it is recorded and changes no number.

    Raises
    ------
    ScenarioError
        With every value that is out of range and its place.

    Examples
    --------
    >>> GaussianCopula(inter=0.15, intra=0.25)
    GaussianCopula(inter=0.15, intra=0.25)
    """

    __slots__ = ()

    def __init__(
        self,
        inter: float | str,
        intra: float | str,
        *,
        pd: str | float | Mapping[str, Mapping[Any, float]] | None = None,
        measure: str = "historical",
    ) -> None:
        written = {"kind": _KIND, "inter": inter, "intra": intra, "pd": pd, "measure": measure}
        self._hold(checked(CopulaDocument, Source(written), _SUBJECT, ScenarioError))

    @classmethod
    def _model(cls) -> type[CopulaDocument]:
        return CopulaDocument

    @classmethod
    def from_dict(cls, model: Mapping[str, Any]) -> Self:
        """Return the model of a mapping with `kind`, `inter`, `intra`, `pd` and `measure`.

        Raises
        ------
        ScenarioError
            With every problem and its place.
        """
        return cls._of(_model_document(Source(model)))

    @classmethod
    def from_yaml(cls, text: str | os.PathLike[str]) -> Self:
        """Return the model of a YAML text, or of a YAML file.

        Raises
        ------
        ScenarioError
            With every problem, its place and its line.
        """
        return cls._of(_model_document(yaml_source(text, _SUBJECT, ScenarioError)))

    @property
    def inter(self) -> float:
        """Correlation between industries."""
        return self._document.inter

    @property
    def intra(self) -> float:
        """Total correlation inside an industry."""
        return self._document.intra

    @property
    def pd(self) -> Any:
        """Where default probabilities come from, as written; None: from `scenario.cdr`."""
        return None if self._document.pd is None else _friendly_pd(self._document.pd)

    @property
    def measure(self) -> str:
        """The measure that was recorded."""
        return self._document.measure

    def to_dict(self) -> dict[str, Any]:
        """Return the model as people write it; `from_dict` gives an equal model."""
        written = self._document.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        if "pd" in written:
            written["pd"] = _friendly_pd(written["pd"])
        return written

    def to_yaml(self) -> str:
        """Return the model as YAML; `from_yaml` and `read_model` give an equal model."""
        return write_yaml(self.to_dict())

    def __repr__(self) -> str:
        """Return the keywords of the constructor."""
        stated = ", ".join(f"{key}={value!r}" for key, value in self.to_dict().items() if key != "kind")
        return f"GaussianCopula({stated})"


def read_model(path: str | os.PathLike[str]) -> GaussianCopula:
    """Read a default model from a file.

    Parameters
    ----------
    path
        YAML, or JSON if the name ends in ``.json``; its `kind` says which model it is.

    Returns
    -------
    GaussianCopula

    Raises
    ------
    ScenarioError
        With every problem and its place; a kind that this version does not have is named.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "model.yaml"
    ...     _ = path.write_text("{kind: gaussian_copula, inter: 0.15, intra: 25%}")
    ...     read_model(path).intra
    0.25
    """
    source = file_source(path, _SUBJECT, ScenarioError)
    return GaussianCopula._of(_model_document(source))  # noqa: SLF001 - this module's class


def _model_document(source: Source) -> CopulaDocument:
    kind = mapping_of(source.data, source.of(_SUBJECT), ScenarioError).get("kind")
    if kind != _KIND:
        known = f"this version has {_KIND}"
        if kind in _LATER:
            message = f"found {found(kind)}, a model that this version does not compute yet; {known}"
        else:
            message = f"found {found(kind)}, expected the kind of a default model; {known}"
        raise ScenarioError(f"{source.of(_SUBJECT)} has 1 problem", [("kind", message)])
    return checked(CopulaDocument, source, _SUBJECT, ScenarioError)
