"""Where the tables of the engine and of the reference differ."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.crossing import Row

TOLERANCE = 1e-9
"""Largest difference: of par for amounts, of the value for ratios and rates."""

LARGE = 1e6
"""Ratios above it have a denominator of rounding."""

AMOUNTS = {
    "cashflows": (
        "begin_balance",
        "interest_due",
        "interest_paid",
        "deferred_interest",
        "deferred_paid",
        "deferred_balance",
        "interest_shortfall",
        "principal_paid",
        "end_balance",
        "final_loss",
    ),
    "collateral": (
        "performing_par",
        "defaulted_par",
        "ccc_par",
        "principal_cash",
        "interest_collected",
        "scheduled_principal",
        "prepaid_principal",
        "recoveries",
        "sale_proceeds",
        "new_defaults",
        "new_purchases_par",
        "purchase_cost",
        "unfunded",
        "oc_numerator",
        "ccc_excess_haircut",
        "discount_haircut",
        "defaulted_value",
    ),
    "fees": ("base", "due", "paid", "unpaid"),
    "tests": ("numerator", "denominator", "cushion_amount"),
}
RATES = {
    "cashflows": ("index_rate", "rate", "day_count_fraction"),
    "tests": ("trigger",),
}
KEYS = {
    "cashflows": ("date", "note"),
    "collateral": ("date",),
    "fees": ("date", "fee"),
    "tests": ("date", "test", "kind", "passes"),
}
LEDGER = ("date", "waterfall", "step", "payee", "source")


def differences(
    engine: Mapping[str, Sequence[Row]],
    reference: Mapping[str, Sequence[Row]],
    *,
    par: float,
    tables: Sequence[str] = ("collateral", "tests", "cashflows", "fees"),
) -> Iterator[str]:
    """Yield every difference beyond the tolerance, table by table, row by row."""
    for table in tables:
        yield from _table(table, engine[table], reference[table], par)
    yield from _ledger(engine["ledger"], reference["ledger"], par)


def _table(table: str, ours: Sequence[Row], theirs: Sequence[Row], par: float) -> Iterator[str]:
    if len(ours) != len(theirs):
        yield f"{table}: {len(ours)} rows, the reference has {len(theirs)}"
        return
    for one, other in zip(ours, theirs, strict=True):
        place = f"{table} {' '.join(str(other[key]) for key in KEYS[table])}"
        for key in KEYS[table]:
            undecided = key == "passes" and abs(other["cushion_amount"]) <= TOLERANCE * par
            if one[key] != other[key] and not undecided:
                yield f"{place}.{key}: {one[key]}, the reference has {other[key]}"
        for column in AMOUNTS[table]:
            if not close(one[column], other[column], par):
                yield f"{place}.{column}: {one[column]}, the reference has {other[column]}"
        for column in RATES.get(table, ()):
            if one[column] is not None and not close(one[column], other[column], 0.0):
                yield f"{place}.{column}: {one[column]}, the reference has {other[column]}"
        if table == "tests":
            yield from _ratios(place, one, other, par)


def _ratios(place: str, one: Row, other: Row, par: float) -> Iterator[str]:
    """Compare ratios as far as numerators and denominators that agree fix them."""
    owed, cured = other["denominator"], other.get("ratio_after_cure")
    if owed <= TOLERANCE * par:
        return
    pairs = [("ratio", one["ratio"], other["ratio"])]
    # After a cure that retires every note of a test its denominator is rounding.
    if cured is not None and cured < LARGE and one["ratio_after"] < LARGE:
        pairs.append(("ratio_after", one["ratio_after"], cured))
    for column, here, there in pairs:
        if not abs(here - there) <= TOLERANCE * par / owed * (1 + abs(there)) ** 2:
            yield f"{place}.{column}: {here}, the reference has {there}"


def close(one: float | None, other: float | None, scale: float) -> bool:
    """Tell whether two numbers agree, to the tolerance of `scale` or of the larger number."""
    if one is None or other is None:
        return one is None and other is None
    return one == other or abs(one - other) <= TOLERANCE * max(scale, abs(one), abs(other))


def _ledger(ours: Sequence[Row], theirs: Sequence[Row], par: float) -> Iterator[str]:
    """Compare what each step paid to each payee on each date; rows of nothing do not count."""
    one, other = _paid(ours), _paid(theirs)
    for key in sorted(one.keys() | other.keys(), key=str):
        here, there = one.get(key, 0.0), other.get(key, 0.0)
        if not close(here, there, par):
            yield f"ledger {' '.join(map(str, key))}: {here}, the reference has {there}"


def _paid(ledger: Sequence[Row]) -> dict[tuple[Any, ...], float]:
    sums: dict[tuple[Any, ...], float] = {}
    for row in ledger:
        key = tuple(row[column] for column in LEDGER)
        if row["step"] == "reinvest":  # whether cash was spent or held is compared in `collateral`
            key = tuple(None if column == "payee" else row[column] for column in LEDGER)
        sums[key] = sums.get(key, 0.0) + row["paid"]
    return sums
