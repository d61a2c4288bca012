"""A payment date beside what a trustee reported: which step differs first."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cloche.errors import RunError
from cloche.model.describe import clause_letter
from cloche.model.wording import did_you_mean, found
from cloche.result.layout import aligned
from cloche.result.result import PaymentDate
from cloche.table import Table

__all__ = ["Reconciliation", "reconcile"]

_KEYS = ("waterfall", "label", "step", "payee")
_AMOUNTS = ("paid", "amount", "reported")
_UNFIT = "the report does not fit the payment date"
_FORMS = "amounts by waterfall and clause, or rows"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Reconciliation:
    """What a payment date pays beside what was reported.

    Parameters
    ----------
    steps
        A row for each reported amount, in the order of the waterfalls: ``waterfall, label, step, payee, paid,
        reported, difference``.
    unreported
        Payments that no reported amount covers.
    first
        The first row of `steps` that differs by more than the tolerance; None if all agree.
    """

    steps: Table
    unreported: Table
    first: dict[str, Any] | None

    @property
    def agrees(self) -> bool:
        """Whether no reported amount differs."""
        return self.first is None

    def summary(self) -> str:
        """Return the reported steps with their differences, and which is the first."""
        lines = [[*_KEYS, "paid", "reported", "difference"]]
        for row in self.steps.rows():
            amounts = [f"{row[name]:,.2f}" for name in ("paid", "reported", "difference")]
            lines.append([*(str(row[key] or "") for key in _KEYS), *amounts])
        text = aligned(lines, left=len(_KEYS))
        if self.first is None:
            text.append("all reported amounts agree")
        else:
            text.append(f"first difference: {_named(self.first)}, {self.first['difference']:+,.2f}")
        if len(self.unreported):
            text.append(f"{len(self.unreported)} payments are not in the report")
        return "\n".join(text)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.summary())}</pre>"


def reconcile(payment_date: PaymentDate, reported: Any, *, tolerance: float = 0.01) -> Reconciliation:
    """Compare a payment date with reported amounts, step by step.

    Parameters
    ----------
    payment_date
        What `run_payment_date` gave.
    reported
        Amounts by waterfall and clause, ``{"interest": {"A": 5_000, "B": 75_075}, "principal": {…}}``; or rows (a
        table, a list of mappings, a data frame) with some of ``waterfall, label, step, payee`` and ``paid``. An
        amount stands for all payments that its row fits; where several rows say the same, and as many payments fit,
        each stands for one of them, in order. A clause without a label has the letter that `describe` gives it.
    tolerance
        Currency units up to which amounts agree.

    Returns
    -------
    Reconciliation
        The rows with their differences, and the first that differs.

    Raises
    ------
    RunError
        With every reported row that fits no payment of the date, or has no amount; for a report in another form.
    TypeError
        If `payment_date` is none.

    Examples
    --------
    >>> import cloche as cl
    >>> deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
    >>> state = cl.DealState.from_dict({
    ...     "cloche_state": 1, "payment_date": "2026-01-20", "previous_payment_date": "2025-10-20",
    ...     "determination_date": "2026-01-07", "index_fixings": {"sofr_3m": 0.04},
    ...     "collected": {"interest": 9.9e6, "principal": 6e6}, "collateral": {"performing_par": 494e6},
    ...     "notes": {"A": {"balance": 310e6}, "B": {"balance": 60e6}, "C": {"balance": 30e6},
    ...               "D": {"balance": 30e6}, "E": {"balance": 25e6}, "SUB": {"balance": 45e6}}})
    >>> date = cl.run_payment_date(deal, state)
    >>> cl.reconcile(date, {"interest": {"A": 5_000.00, "E": 4_198_777.78, "F": 881_600.00}}).first["label"]
    'F'
    """
    if not isinstance(payment_date, PaymentDate):
        raise TypeError(f"payment_date: found {type(payment_date).__name__}, expected PaymentDate")
    ledger = _lettered(payment_date)
    problems: list[tuple[str, str]] = []
    compared: list[tuple[int, dict[str, Any]]] = []
    covered: set[int] = set()
    rows = _rows(reported)
    said = [{key: row[key] for key in _KEYS if row.get(key) is not None} for row in rows]
    for place, (row, keys) in enumerate(zip(rows, said, strict=True)):
        amount = next((row[name] for name in _AMOUNTS if row.get(name) is not None), None)
        fits = [k for k, entry in enumerate(ledger) if all(_fits(entry, key, keys[key]) for key in keys)]
        if said.count(keys) == len(fits) > 1:
            fits = [fits[said[:place].count(keys)]]
        if not keys or not fits:
            problems.append((f"reported[{place}]", _stranger(keys, ledger)))
            continue
        if not isinstance(amount, int | float) or not math.isfinite(amount):
            problems.append((f"reported[{place}]", f"found {found(amount)}, expected an amount in `paid`"))
            continue
        covered.update(fits)
        paid = math.fsum(ledger[k]["paid"] for k in fits)
        told = {key: keys.get(key, _common(ledger, fits, key)) for key in _KEYS}
        compared.append(
            (fits[0], {**told, "paid": paid, "reported": float(amount), "difference": paid - amount})
        )
    if problems:
        raise RunError(_UNFIT, problems)
    found_rows = [row for _, row in sorted(compared, key=lambda pair: pair[0])]
    rest = [entry for k, entry in enumerate(ledger) if k not in covered and entry["paid"] > tolerance]
    columns = (*_KEYS, "paid", "reported", "difference")
    first = next((row for row in found_rows if abs(row["difference"]) > tolerance), None)
    return Reconciliation(_table(found_rows, columns), _table(rest, (*_KEYS, "paid")), first)


def _lettered(payment_date: PaymentDate) -> list[dict[str, Any]]:
    """Return the ledger, with the letter of each clause that has no label."""
    rows = list(payment_date.ledger.rows())
    for row, place in zip(rows, payment_date.places, strict=True):
        step = re.match(r"waterfalls\.\w+\[(\d+)\]", place or "")
        row["letter"] = clause_letter(int(step[1])) if step and row["label"] is None else None
    return rows


def _fits(entry: Row, key: str, value: Any) -> bool:
    return bool(entry[key] == value or (key == "label" and entry["letter"] == value))


def _rows(reported: Any) -> list[Row]:
    """Return reported amounts as rows."""
    if isinstance(reported, Table):
        return list(reported.rows())
    if hasattr(reported, "to_dict") and not isinstance(reported, Mapping):
        columns = (
            reported.to_dict(as_series=False)
            if hasattr(reported, "get_columns")
            else reported.to_dict("list")
        )
        return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    if isinstance(reported, Mapping):
        rows = list(_clauses(reported))
    elif isinstance(reported, Iterable) and not isinstance(reported, str):
        rows = list(reported)
    else:
        raise RunError(_UNFIT, [("reported", f"found {found(reported)}, expected {_FORMS}")])
    strange = [
        (f"reported[{place}]", f"found {found(row)}, expected a mapping with {', '.join(_KEYS)} and paid")
        for place, row in enumerate(rows)
        if not isinstance(row, Mapping)
    ]
    if strange:
        raise RunError(_UNFIT, strange)
    return rows


def _clauses(reported: Mapping[Any, Any]) -> Iterator[Row]:
    """Yield the rows of amounts by waterfall and clause."""
    strange = [
        (f"reported.{waterfall}", f"found {found(amounts)}, expected amounts by clause, {{label: amount}}")
        for waterfall, amounts in reported.items()
        if not isinstance(amounts, Mapping)
    ]
    if strange:
        raise RunError(_UNFIT, strange)
    for waterfall, amounts in reported.items():
        for label, amount in amounts.items():
            yield {"waterfall": waterfall, "label": label, "paid": amount}


def _common(ledger: list[dict[str, Any]], fits: list[int], key: str) -> Any:
    """Return what all payments of a row have in common."""
    each = {ledger[k][key] for k in fits}
    return each.pop() if len(each) == 1 else None


def _stranger(keys: Row, ledger: list[dict[str, Any]]) -> str:
    if not keys:
        return f"names no payment, expected some of {', '.join(_KEYS)}"
    for key, value in keys.items():
        each = [entry[key] or (entry["letter"] if key == "label" else None) for entry in ledger]
        known = sorted({str(name) for name in each if name is not None})
        if str(value) not in known:
            return f"{key}: found {value!r}, which the date does not have{did_you_mean(value, known)}"
    return f"fits no payment of the date: {_named(keys)}"


def _named(row: Row) -> str:
    return ", ".join(f"{key} {row[key]}" for key in _KEYS if row.get(key) is not None)


def _table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> Table:
    kinds = {name: "text" if name in _KEYS else "float" for name in columns}
    return Table.from_schema({name: [row[name] for row in rows] for name in columns}, kinds)  # type: ignore[arg-type]
