"""Hypothesis strategies of deals, tapes, scenarios and states, as canonical documents.

Everything is drawn from whole numbers (percent, basis points, days), so that failing cases shrink to round figures.
Lives are one to five years and pools have few loans: thousands of cases run in minutes. Deals and tapes are drawn
around the same par, so that any tape of `tapes()` suits any deal of `deals()`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from cloche.testing.reference.dates import add_months, schedule

PAR = 100_000_000.0
"""Par around which deals and tapes are drawn, in currency units."""

CLOSING = date(2025, 1, 15)
"""First day on which a deal may close; tapes are as of it unless told otherwise."""

Document = dict[str, Any]
INDEX = "sofr_3m"
RATINGS = ("BB-", "B+", "B", "B-", "CCC")
INDUSTRIES = ("Software", "Health care", "Retail")
DAY_COUNTS = ("act/360", "act/365", "30/360", "30e/360", "act/act")
LIENS = ("first_lien", "second_lien")


@dataclass(frozen=True)
class Case:
    """A whole projection: deal, tape, its date and scenario."""

    deal: Document
    loans: list[Document]
    as_of: date
    scenario: Document


def _basis_points(low: int, high: int) -> st.SearchStrategy[float]:
    return st.integers(low, high).map(lambda number: number / 10_000)


def _percent(low: int, high: int) -> st.SearchStrategy[float]:
    return st.integers(low, high).map(lambda number: number / 100)


def _sometimes(strategy: st.SearchStrategy[Any], otherwise: Any = None) -> st.SearchStrategy[Any]:
    return st.one_of(st.just(otherwise), strategy)


def _given(document: Mapping[str, Any]) -> Document:
    """The document without the fields that are not there."""
    return {key: value for key, value in document.items() if value is not None}


# Deals


@st.composite
def deals(draw: st.DrawFn, *, conventions: bool = True) -> Document:
    """Deals with one to six rated classes, a residual note and perhaps a class X.

    Parameters
    ----------
    draw
        Given by Hypothesis.
    conventions
        Whether conventions other than the defaults are drawn too.

    Returns
    -------
    dict
        Canonical deal document; every waterfall ends in a residual.
    """
    notes = draw(_notes())
    dates = draw(_dates())
    reinvesting = "reinvestment_end" in dates
    fees = draw(_fees(notes))
    tests = draw(_tests(notes, reinvesting=reinvesting))
    return _given(
        {
            "cloche": 1,
            "name": "generated",
            "currency": "USD",
            "target_par": PAR,
            "dates": dates,
            "closing": draw(_closing()),
            "notes": notes,
            "fees": fees,
            "tests": tests,
            "collateral": draw(_collateral()),
            "reinvestment": {"during": ["coverage"]} if draw(st.booleans()) else {},
            "waterfalls": draw(_waterfalls(notes, fees, tests)),
            "conventions": draw(_conventions()) if conventions else {},
        }
    )


@st.composite
def _dates(draw: st.DrawFn) -> Document:
    closing = CLOSING + timedelta(days=draw(st.integers(0, 60)))
    frequency = draw(st.sampled_from([3, 6]))
    day = draw(st.sampled_from([5, 15, 20, 31]))
    first = add_months(closing.replace(day=1), draw(st.integers(2, 7)))
    first = add_months(date(2024, 12, 31).replace(day=day), (first.year - 2024) * 12 + first.month - 12)
    periods = draw(st.integers(12 // frequency, 54 // frequency))
    stub = draw(st.sampled_from([0, 0, 0, 1]))
    maturity = add_months(first, periods * frequency + stub)
    dates = {
        "closing": closing.isoformat(),
        "first_payment": first.isoformat(),
        "payment_frequency_months": frequency,
        "stated_maturity": maturity.isoformat(),
        "roll": draw(st.sampled_from(["following", "following", "modified_following", "preceding", "none"])),
        "determination": draw(
            st.sampled_from(
                [
                    {"business_days_before": 8},
                    {"business_days_before": 5},
                    {"business_days_before": 0},
                    {"month_end": True},
                    {"day": 10},
                ]
            )
        ),
    }
    if draw(st.integers(0, 3)) > 0:
        dates["reinvestment_end"] = add_months(first, draw(st.integers(0, periods)) * frequency).isoformat()
    if draw(st.booleans()):
        dates["effective"] = (closing + timedelta(days=draw(st.integers(0, 200)))).isoformat()
    if draw(st.booleans()):
        dates["add_holidays"] = [(first - timedelta(days=draw(st.integers(0, 9)))).isoformat()]
    return dates


@st.composite
def _closing(draw: st.DrawFn) -> Document:
    return {
        "interest_reserve": float(draw(st.sampled_from([0, 0, 100_000, 500_000]))),
        "ramp_up_cash": float(draw(st.sampled_from([0, 0, 0, 2_000_000]))),
    }


@st.composite
def _coupons(draw: st.DrawFn, level: int) -> Document:
    if draw(st.integers(0, 4)) == 0:
        return {"fixed": (300 + 100 * level + draw(st.integers(0, 99))) / 10_000}
    coupon: Document = {"index": INDEX, "spread": (100 * level + draw(st.integers(0, 99))) / 10_000}
    if draw(st.booleans()):
        coupon["floor"] = draw(_basis_points(0, 100))
    if draw(st.integers(0, 5)) == 0:
        coupon["day_count"] = draw(st.sampled_from(["act/365", "30/360"]))
    if draw(st.integers(0, 5)) == 0:
        start = add_months(CLOSING, draw(st.integers(6, 36)))
        coupon["step_up"] = [{"from": start.isoformat(), "spread": coupon["spread"] + 0.01}]
    return coupon


@st.composite
def _notes(draw: st.DrawFn) -> list[Document]:
    """Rated classes by level, a level of one or two notes; then perhaps a class X; then the residual note."""
    levels = draw(st.integers(1, 5))
    debt = draw(st.integers(60, 97))
    weights = [draw(st.integers(1, 9)) * (6 if level == 0 else 1) for level in range(levels)]
    firm = draw(st.integers(1, 2))
    notes = []
    for level, weight in enumerate(weights):
        size = round(PAR * debt / 100 * weight / sum(weights) / 1000) * 1000.0
        letter = "ABCDEF"[level]
        parts = [1.0]
        if level < 2 and draw(st.integers(0, 2)) == 0:
            first = draw(st.integers(1, 9)) / 10
            parts = [first, 1 - first]
        for number, part in enumerate(parts):
            notes.append(
                {
                    "name": letter if len(parts) == 1 else f"{letter}-{number + 1}",
                    "balance": float(round(size * part)),
                    "interest_rank": level + 1,
                    "principal_rank": level + 1,
                    "coupon": draw(_coupons(level + 1)),
                    "deferrable": level >= firm,
                    "issue_price": draw(st.sampled_from([1.0, 0.98])),
                }
            )
    if draw(st.integers(0, 2)) == 0:
        plan = {"payments": draw(st.integers(1, 6)), "start": draw(st.integers(1, 2))}
        notes.insert(
            0,
            {
                "name": "X",
                "balance": draw(st.integers(1, 10)) * 100_000.0,
                "interest_rank": 1,
                "coupon": {"index": INDEX, "spread": 0.01},
                "amortization": plan,
            },
        )
    price = draw(st.sampled_from([1.0, 0.9]))
    equity = max(1_000_000.0, PAR * (100 - debt) / 100)
    notes.append({"name": "SUB", "balance": equity, "residual": True, "issue_price": price})
    return notes


def _levels(notes: Sequence[Document]) -> dict[int, list[str]]:
    """Rated notes by principal rank."""
    found: dict[int, list[str]] = {}
    for note in notes:
        if note.get("principal_rank") is not None:
            found.setdefault(note["principal_rank"], []).append(note["name"])
    return found


@st.composite
def _fees(draw: st.DrawFn, notes: Sequence[Document]) -> list[Document]:
    bases = ["fee_basis", "performing_par", "collateral_principal_amount", notes[-2]["name"]]
    fees: list[Document] = []
    if draw(st.booleans()):
        fees.append({"name": "taxes", "amount_per_period": draw(st.integers(0, 20)) * 1000.0})
    if draw(st.booleans()):
        cap = {"rate": draw(_basis_points(0, 5)), "fixed_per_year": draw(st.integers(0, 20)) * 10_000.0}
        fixed = draw(st.integers(0, 40)) * 10_000.0
        fees.append({"name": "admin", "rate": draw(_basis_points(0, 5)), "fixed_per_year": fixed, "cap": cap})
    for name, high in (("senior", 40), ("sub", 60)):
        if draw(st.booleans()):
            fees.append(
                _given(
                    {
                        "name": name,
                        "rate": draw(_basis_points(0, high)),
                        "base": draw(_sometimes(st.sampled_from(bases))),
                        "base_date": draw(
                            st.sampled_from([None, None, "period_start", "period_end", "average"])
                        ),
                        "day_count": draw(st.sampled_from([None, None, "30/360", "act/365"])),
                        "unpaid_interest": draw(st.sampled_from([None, None, {"fixed": 0.05}])),
                    }
                )
            )
    if draw(st.booleans()):
        hurdle = draw(st.sampled_from([None, 0.0, 0.05, 0.12]))
        fees.append(
            {"name": "incentive", "hurdles": [_given({"irr": hurdle, "share": draw(_percent(5, 40))})]}
        )
    return fees


@st.composite
def _tests(draw: st.DrawFn, notes: Sequence[Document], *, reinvesting: bool) -> list[Document]:
    """OC tests with triggers around the ratio at closing, IC tests, a diversion test when there is reinvestment."""
    tests: list[Document] = []
    owed = 0.0
    for rank, names in _levels(notes).items():
        owed += sum(note["balance"] for note in notes if note["name"] in names)
        through = names[-1]
        if draw(st.integers(0, 3)) > 0:
            trigger = max(1.001, round(PAR / owed * draw(st.integers(70, 103)) / 100, 4))
            first = draw(st.sampled_from([None, None, "closing", "second_determination"]))
            tests.append(
                _given(
                    {
                        "name": f"{rank} OC",
                        "kind": "oc",
                        "through": through,
                        "trigger": trigger,
                        "first_date": first,
                    }
                )
            )
        if draw(st.integers(0, 2)) == 0:
            trigger = draw(st.integers(100, 250)) / 100
            first = draw(st.sampled_from([None, "closing"]))
            tests.append(
                _given(
                    {
                        "name": f"{rank} IC",
                        "kind": "ic",
                        "through": through,
                        "trigger": trigger,
                        "first_date": first,
                    }
                )
            )
    if reinvesting and draw(st.integers(0, 3)) > 0:
        trigger = max(1.001, round(PAR / owed * draw(st.integers(97, 110)) / 100, 4))
        last = _levels(notes)[max(_levels(notes))][-1]
        tests.append({"name": "Reinvestment OC", "kind": "oc", "through": last, "trigger": trigger})
    return tests


@st.composite
def _collateral(draw: st.DrawFn) -> Document:
    rules: Document = {}
    if draw(st.booleans()):
        rules["ccc"] = {
            "limit": draw(_percent(0, 20)),
            "base": draw(st.sampled_from(["collateral_principal_amount", "target_par"])),
        }
    if draw(st.booleans()):
        rules["discount"] = _given(
            {
                "below": draw(_percent(75, 90)),
                "weak_below": draw(_sometimes(_percent(80, 92))),
                "restore": draw(_sometimes(_percent(85, 95))),
            }
        )
    rules["defaulted_value"] = draw(
        st.sampled_from(["lesser_of_market_and_recovery"] * 3 + ["market", "recovery", "zero"])
    )
    return rules


@st.composite
def _conventions(draw: st.DrawFn) -> Document:
    options: dict[str, list[Any]] = {
        "x_in_oc": [True],
        "x_in_ic": [False],
        "deferred_in_oc": [False],
        "interest_from_principal": ["always"],
        "discount_in_ccc": ["excluded"],
        "interest_on_default_period": ["half", "full"],
        "cash_timing": ["period"],
        "rate_convention": ["simple"],
        "rate_exponent": ["days_365"],
        "interest_on_prepaid_period": ["half", "none"],
        "interest_on_unpaid": ["none"],
        "x_in_shortfall": [False],
    }
    keys = draw(st.lists(st.sampled_from(sorted(options)), max_size=3, unique=True))
    return {key: draw(st.sampled_from(options[key])) for key in keys}


def _fee_step(name: str, part: str = "all") -> Document:
    return {"verb": "pay_fee", "fees": [[name]], "part": part}


@st.composite
def _junior_steps(draw: st.DrawFn, has: set[str]) -> list[Document]:
    """Junior fees, the incentive fee and the residual, which end both waterfalls."""
    steps: list[Document] = []
    if "sub" in has:
        steps.append(_fee_step("sub"))
        if draw(st.integers(0, 4)) == 0:
            steps[-1]["amount"] = "min(due, 0.25 * remaining)"
    if "admin" in has:
        steps.append(_fee_step("admin", "above_cap"))
    if "incentive" in has:
        if draw(st.booleans()):
            steps.append({"verb": "pay_residual", "notes": [["SUB"]], "until": "incentive"})
        steps.append({"verb": "incentive_fee", "fee": "incentive"})
    return [*steps, {"verb": "pay_residual", "notes": [["SUB"]]}]


@st.composite
def _diversion(draw: st.DrawFn) -> Document:
    """An interest diversion step that applies in the reinvestment period, by its condition or by a block's."""
    step: Document = {
        "verb": "divert",
        "test": "Reinvestment OC",
        "share": draw(_percent(30, 100)),
        "to": draw(st.sampled_from(["principal", "principal", "notes"])),
    }
    if draw(st.booleans()):
        return {**step, "when": "during_reinvestment"}
    return {"verb": "block", "when": "after_reinvestment", "steps": [], "else": [step]}


@st.composite
def _waterfalls(
    draw: st.DrawFn, notes: Sequence[Document], fees: Sequence[Document], tests: Sequence[Document]
) -> Document:
    """The usual order: fees, then by level interest, cure, deferred interest; then diversion and junior items."""
    has = {fee["name"] for fee in fees}
    named = {test["name"] for test in tests}
    levels = _levels(notes)
    deferrable = {note["name"] for note in notes if note.get("deferrable")}
    senior = [("taxes", "all"), ("admin", "capped"), ("senior", "all")]
    interest = [_fee_step(name, part) for name, part in senior if name in has]
    principal: list[Document] = []
    for rank, names in levels.items():
        interest.append(_interest_step(names, with_x=rank == 1 and notes[0]["name"] == "X"))
        cure = [name for name in (f"{rank} OC", f"{rank} IC") if name in named]
        if cure:
            interest.append({"verb": "cure", "tests": cure})
            principal.append({"verb": "cure", "tests": cure})
        if names[0] in deferrable:
            interest.append({"verb": "pay_deferred_interest", "notes": [names]})
            when = draw(st.sampled_from([None, None, f"controlling('{names[0]}')", "after_reinvestment"]))
            principal.append(_given({"verb": "pay_interest", "notes": [names], "when": when}))
            principal.append(_given({"verb": "pay_deferred_interest", "notes": [names], "when": when}))
    if "Reinvestment OC" in named:
        interest.append(draw(_diversion()))
    firm = [rank for rank, names in levels.items() if names[0] not in deferrable]
    if draw(st.integers(0, 3)) > 0:
        principal.insert(0, {"verb": "pay_shortfalls", "through": levels[max(firm)][-1]})
    principal.append({"verb": "reinvest", "of": "all", "share": 1.0, "when": "during_reinvestment"})
    if draw(st.booleans()):
        principal.append({"verb": "reinvest", "of": "unscheduled", "share": "post_period_share"})
        principal[-1]["when"] = "after_reinvestment"
    principal.append({"verb": "pay_principal", "sequence": "note_payment_sequence", "with_deferred": True})
    junior = draw(_junior_steps(has))
    return {"interest": interest + junior, "principal": principal + junior}


def _interest_step(names: list[str], *, with_x: bool) -> Document:
    if not with_x:
        return {"verb": "pay_interest", "notes": [names]}
    return {
        "verb": "pay_pari_passu",
        "steps": [
            {"verb": "pay_interest", "notes": [["X", *names]]},
            {"verb": "pay_amortization", "notes": [["X"]]},
        ],
    }


# Tapes


@st.composite
def tapes(
    draw: st.DrawFn, min_loans: int = 3, max_loans: int = 12, *, as_of: date = CLOSING
) -> list[Document]:
    """Tapes of a few loans whose par adds up to about `PAR`.

    Parameters
    ----------
    draw
        Given by Hypothesis.
    min_loans, max_loans
        Number of loans.
    as_of
        Date of the tape.

    Returns
    -------
    list of dict
        One dict a loan with every column of the tape, absent values None; dates as `date`, `day_count` as text.
        CCC, discount-priced, fixed, floored and amortizing loans, own payment dates, loans already in default and
        several loans of one obligor occur.
    """
    number = draw(st.integers(min_loans, max_loans))
    weights = [draw(st.integers(1, 20)) for _ in range(number)]
    scale = PAR * draw(st.integers(90, 106)) / 100 / sum(weights)
    return [draw(_loans(i, round(weight * scale), as_of)) for i, weight in enumerate(weights)]


@st.composite
def _loans(draw: st.DrawFn, number: int, par: float, as_of: date) -> Document:
    fixed = draw(st.integers(0, 5)) == 0
    rating = draw(st.sampled_from(RATINGS))
    weak = rating == "CCC"
    loan: Document = {
        "loan_id": f"L{number:02d}",
        "obligor_id": f"O{draw(st.integers(0, number)):02d}",
        "par": float(par),
        "par_unfunded": None,
        "original_par": draw(_sometimes(st.integers(100, 130).map(lambda pct: float(par) * pct / 100))),
        "fixed": fixed,
        "fixed_rate": draw(_basis_points(400, 1000)) if fixed else None,
        "index": None if fixed else draw(st.sampled_from([INDEX, None])),
        "spread": None if fixed else draw(_basis_points(200, 700)),
        "floor": None if fixed else draw(_sometimes(_basis_points(0, 500))),
        "csa": None if fixed else draw(_sometimes(_basis_points(0, 43))),
        "csa_in_floor": None if fixed else draw(_sometimes(st.booleans())),
        "day_count": draw(
            st.sampled_from([None, None, "act/360", "act/365", "30/360", "30e/360", "act/act"])
        ),
        "maturity": as_of + timedelta(days=draw(st.integers(30, 2200))),
        "amortization_rate": draw(_sometimes(_percent(0, 40))),
        "rating": rating,
        "ccc": weak,
        "weak": weak,
        "industry": draw(st.sampled_from(INDUSTRIES)),
        "lien": draw(st.sampled_from(LIENS)),
        "market_price": draw(_percent(40, 90) if weak else _percent(80, 104)),
        "purchase_price": draw(_sometimes(_percent(60, 103))),
        "recovery": draw(_sometimes(_percent(0, 100))),
        "recovery_lag_months": draw(_sometimes(st.integers(0, 24).map(float))),
        "cpr": draw(_sometimes(_percent(0, 60))),
        "next_payment": None,
        "payment_frequency_months": None,
        "accrual_start": None,
        "current_rate": None,
        "default_date": None,
    }
    kind = draw(st.integers(0, 9))
    if kind in {0, 1, 2}:
        loan.update(draw(_own_dates(as_of)))
    elif kind == 3:
        loan["default_date"] = as_of - timedelta(days=draw(st.integers(0, 1300)))
        loan["maturity"] = max(loan["maturity"], as_of)
    return loan


@st.composite
def _own_dates(draw: st.DrawFn, as_of: date) -> Document:
    frequency = draw(st.sampled_from([1, 3, 6]))
    month = add_months(as_of.replace(day=1), draw(st.integers(1, frequency)))
    following = month.replace(day=draw(st.integers(10, 25)))
    start = add_months(following, -frequency) + timedelta(days=draw(st.integers(0, 20)))
    return {
        "next_payment": following,
        "payment_frequency_months": frequency,
        "accrual_start": start if draw(st.booleans()) else None,
        "current_rate": draw(_sometimes(_basis_points(300, 1100))),
    }


def tape_columns(loans: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Tape as columns in the codes of the engine's boundary, one list a column.

    Parameters
    ----------
    loans
        Rows as `tapes()` gives them, in order of `loan_id`.

    Returns
    -------
    dict
        Numbers with NaN for absent ones; dates as days since 1970-01-01 and months, with the smallest 32-bit integer
        for an absent date and 0 for absent months; flags as 0 and 1; day counts as their code, the default of the
        coupon filled in; text, empty when absent.

    Examples
    --------
    >>> tape_columns([{"loan_id": "L1", "par": 5.0, "maturity": date(1970, 1, 11)}])["maturity"]
    [10]
    """
    numbers = [
        "par",
        "par_unfunded",
        "original_par",
        "spread",
        "fixed_rate",
        "floor",
        "csa",
        "current_rate",
        "market_price",
        "purchase_price",
        "amortization_rate",
        "recovery",
        "recovery_lag_months",
        "cpr",
        "pd_1y",
        "hazard",
    ]
    epoch = date(1970, 1, 1)
    columns: dict[str, list[Any]] = {}
    for name in numbers:
        columns[name] = [math.nan if loan.get(name) is None else float(loan[name]) for loan in loans]
    for name in ("maturity", "next_payment", "accrual_start", "default_date"):
        columns[name] = [(loan[name] - epoch).days if loan.get(name) else -(2**31) for loan in loans]
    columns["payment_frequency_months"] = [loan.get("payment_frequency_months") or 0 for loan in loans]
    for name in ("fixed", "csa_in_floor", "ccc", "weak"):
        columns[name] = [int(bool(loan.get(name))) for loan in loans]
    columns["day_count"] = [
        DAY_COUNTS.index(loan.get("day_count") or ("30/360" if loan.get("fixed") else "act/360"))
        for loan in loans
    ]
    for name in ("loan_id", "obligor_id", "obligor_name", "index", "industry", "rating", "lien", "country"):
        columns[name] = [loan.get(name) or "" for loan in loans]
    columns["obligor_id"] = [loan.get("obligor_id") or loan["loan_id"] for loan in loans]
    return columns


# Scenarios


def _constant(number: float) -> Document:
    return {"kind": "constant", "value": number}


@st.composite
def _values(draw: st.DrawFn, low: int, high: int, *, groups: bool) -> Document:
    """A number of the scenario in percent: constant, a list, by date or by group."""
    kind = draw(st.sampled_from(["constant"] * 3 + ["periods", "dates"] + ["groups"] * groups))
    number = _percent(low, high)
    if kind == "constant":
        return _constant(draw(number))
    if kind == "periods":
        return {"kind": "periods", "values": draw(st.lists(number, min_size=1, max_size=6))}
    if kind == "dates":
        days = draw(st.lists(st.integers(0, 60), min_size=1, max_size=3, unique=True))
        starts = [add_months(CLOSING, days_in) for days_in in sorted(days)]
        return {"kind": "dates", "values": {start.isoformat(): draw(number) for start in starts}}
    keys = ["rating:CCC", "rating:B-", "industry:Retail", "obligor:O00", "lien:second_lien"]
    chosen = draw(st.lists(st.sampled_from(keys), max_size=3, unique=True))
    values = {key: draw(_values(low, high, groups=False)) for key in ["*", *chosen]}
    return {"kind": "groups", "values": values}


@st.composite
def _curves(draw: st.DrawFn) -> Document:
    """A flat curve, or forwards whose dates lie far from every fixing date of a generated case."""
    if draw(st.booleans()):
        return {"kind": "flat", "rate": draw(_basis_points(-50, 700))}
    months = draw(st.lists(st.integers(0, 72), min_size=1, max_size=6, unique=True))
    starts = [add_months(CLOSING.replace(day=28), month) for month in sorted(months)]
    return {
        "kind": "forwards",
        "points": {start.isoformat(): draw(_basis_points(-50, 700)) for start in starts},
    }


@st.composite
def scenarios(draw: st.DrawFn) -> Document:
    """Scenarios; default rates are often high, so that tests fail, interest is deferred and classes lose.

    Returns
    -------
    dict
        Canonical scenario document with every value given.
    """
    high = draw(st.sampled_from([0, 5, 20, 60, 100]))
    lags = st.sampled_from([0.0, 3.0, 6.0, 7.0, 12.0, 24.0])
    reinvestment = {
        "price": _constant(draw(_percent(90, 102))),
        "spread": _constant(draw(_basis_points(250, 450))),
        "floor": draw(_basis_points(0, 100)),
        "term_years": float(draw(st.integers(1, 6))),
    }
    reinvestment.update(
        _given(
            {
                "rating": draw(st.sampled_from([None, "B", "CCC"])),
                "recovery": draw(_sometimes(_percent(0, 80))),
                "pd": draw(_sometimes(_percent(0, 20))),
            }
        )
    )
    return {
        "cdr": draw(_values(0, high, groups=True)),
        "cpr": draw(_values(0, draw(st.sampled_from([0, 30, 100])), groups=True)),
        "recovery": draw(_values(0, 100, groups=True)),
        "recovery_lag_months": _constant(draw(lags)),
        "rates": {"*": draw(_curves())},
        "reinvestment": reinvestment,
        "liquidation_price": draw(_percent(70, 101)),
        "post_period_share": draw(_percent(0, 100)),
        "cash_rate_spread": draw(_basis_points(-50, 0)),
        "defaults": {},
    }


@st.composite
def cases(draw: st.DrawFn, *, conventions: bool = True, max_loans: int = 8) -> Case:
    """Whole projections: a deal, a tape as of a day around its closing, a scenario with some named defaults.

    Parameters
    ----------
    draw
        Given by Hypothesis.
    conventions
        Whether conventions other than the defaults are drawn too.
    max_loans
        Largest number of loans.
    """
    deal = draw(deals(conventions=conventions))
    closing = date.fromisoformat(deal["dates"]["closing"])
    first = date.fromisoformat(deal["dates"]["first_payment"])
    as_of = min(first, closing + timedelta(days=draw(st.integers(-20, 80))))
    loans = draw(tapes(2, max_loans, as_of=as_of))
    scenario = draw(scenarios())
    if draw(st.booleans()):
        chosen = draw(st.lists(st.sampled_from([loan["obligor_id"] for loan in loans]), max_size=2))
        scenario["defaults"] = {
            name: (as_of + timedelta(days=draw(st.integers(1, 1500)))).isoformat() for name in chosen
        }
    return Case(deal, loans, as_of, scenario)


@st.composite
def sound_cases(draw: st.DrawFn) -> Case:
    """Projections in which every class must be paid in full and nothing is ever deferred.

    No defaults, prices and sales at par, much more par than debt, loans that outlive the notes and earn more than
    these cost, a reserve for the short first collection period, OC triggers below the ratios at closing.
    """
    case = draw(cases(conventions=False))
    deal, scenario = case.deal, case.scenario
    deal["collateral"] = {}
    deal["closing"] = {"interest_reserve": 0.05 * PAR}
    deal["notes"] = [note for note in deal["notes"] if note["name"] != "X"]
    deal["tests"] = [test for test in deal["tests"] if test["kind"] == "oc"]
    for step in deal["waterfalls"]["interest"]:
        if step["verb"] == "pay_pari_passu":
            paid = [name for name in step["steps"][0]["notes"][0] if name != "X"]
            step.clear()
            step.update({"verb": "pay_interest", "notes": [paid]})
    for side in ("interest", "principal"):
        steps = deal["waterfalls"][side]
        for step in steps:
            if step["verb"] == "cure":
                step["tests"] = [name for name in step["tests"] if name.endswith("OC")]
        deal["waterfalls"][side] = [step for step in steps if step["verb"] != "cure" or step["tests"]]
    owed = sum(note["balance"] for note in deal["notes"] if not note.get("residual"))
    for test in deal["tests"]:
        test["trigger"] = min(test["trigger"], 1.2 * PAR / owed)
    maturity = date.fromisoformat(deal["dates"]["stated_maturity"]) + timedelta(days=30)
    loans = [
        {
            "loan_id": loan["loan_id"],
            "par": 1.5 * PAR / len(case.loans),
            "spread": 0.09,
            "maturity": maturity,
            "market_price": 1.0,
            "rating": "B",
            "ccc": False,
            "weak": False,
            "default_date": None,
        }
        for loan in case.loans
    ]
    scenario.update(cdr=_constant(0.0), defaults={}, liquidation_price=1.0)
    scenario["reinvestment"] = {"price": _constant(1.0), "spread": _constant(0.09)}
    closing = date.fromisoformat(deal["dates"]["closing"])
    return Case(deal, loans, closing, scenario)


# States


@st.composite
def payment_states(draw: st.DrawFn, deal: Mapping[str, Any]) -> Document:
    """States of a deal before one of its payment dates, with tests that hold and tests that fail.

    Parameters
    ----------
    draw
        Given by Hypothesis.
    deal
        Canonical deal document; a state fits its schedule when its calendars are Monday to Friday.
    """
    periods = schedule(deal)
    period = draw(st.sampled_from(periods))
    notes: Document = {}
    owed = 0.0
    for terms in deal["notes"]:
        if terms.get("residual"):
            paid = draw(st.lists(st.integers(0, 30), max_size=3))
            dates = [item.payment_date.isoformat() for item in periods[: period.number - 1]]
            flows = [[day, number * 100_000.0] for day, number in zip(dates, paid, strict=False)]
            notes[terms["name"]] = {
                "balance": terms["balance"],
                "cost": terms["balance"] * draw(_percent(5, 100)),
                "distributions": flows,
            }
            continue
        balance = terms["balance"] * draw(st.sampled_from([100, 100, 60, 20, 0])) / 100
        note: Document = {"balance": balance}
        if terms.get("deferrable"):
            note["deferred_interest"] = draw(st.sampled_from([0, 0, 1, 5])) * balance / 100
        elif draw(st.integers(0, 4)) == 0:
            note["interest_shortfall"] = balance / 100
        if terms.get("amortization"):
            note["amortization_due"] = balance * draw(st.integers(0, 4)) / 4
        notes[terms["name"]] = note
        owed += balance
    unit = max(1_000_000.0, owed)
    names = [fee["name"] for fee in deal.get("fees", ()) if not fee.get("hurdles")]
    fees = {
        name: _given(
            {
                "due": draw(_sometimes(st.integers(0, 30).map(lambda number: number * 10_000.0))),
                "unpaid": draw(st.sampled_from([0, 0, 1, 9])) * 10_000.0,
            }
        )
        for name in draw(st.lists(st.sampled_from(names), unique=True) if names else st.just([]))
    }
    return {
        "cloche_state": 1,
        "payment_date": period.payment_date.isoformat(),
        "previous_payment_date": period.accrual_start.isoformat(),
        "determination_date": period.determination_date.isoformat(),
        "status": "normal",
        "index_fixings": {INDEX: draw(_basis_points(-50, 700))},
        "collected": {
            "interest": unit * draw(st.integers(0, 400)) / 10_000,
            "principal": unit * draw(st.integers(0, 150)) / 1000,
        },
        "fee_basis": unit * draw(st.integers(90, 120)) / 100,
        "fees": fees,
        "notes": notes,
        "collateral": {
            "performing_par": unit * draw(st.integers(50, 110)) / 100,
            "ccc": draw(_assets(unit, "ccc")),
            "discount": draw(_assets(unit, "discount")),
            "defaulted": draw(_assets(unit, "defaulted")),
        },
    }


@st.composite
def _assets(draw: st.DrawFn, unit: float, kind: str) -> list[Document]:
    assets = []
    for number in range(draw(st.integers(0, 3))):
        asset: Document = {"id": f"{kind}{number}", "par": unit * draw(st.integers(1, 80)) / 1000}
        asset["market_price"] = draw(_percent(20, 102))
        if kind == "discount" or (kind == "ccc" and draw(st.integers(0, 4)) == 0):
            asset["purchase_price"] = draw(_percent(50, 85))
        if kind == "defaulted":
            asset["recovery"] = draw(_percent(10, 80))
            asset["years_since_default"] = draw(st.integers(0, 40)) / 10
        assets.append(asset)
    return assets
