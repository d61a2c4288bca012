"""Strategies of deal documents."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from cloche.testing.reference.dates import add_months
from cloche.testing.strategies.draws import (
    CLOSING,
    INDEX,
    PAR,
    Document,
    basis_points,
    given,
    named,
    percent,
    sometimes,
)
from cloche.testing.strategies.events import KINDS, add_events
from cloche.testing.strategies.features import FEATURES, add_features
from cloche.testing.strategies.make_whole import add_to_successors


@st.composite
def deals(
    draw: st.DrawFn,
    *,
    conventions: bool = True,
    events: Collection[str] | bool = False,
    features: Collection[str] | bool = False,
) -> Document:
    """Deals with one to six rated classes, a residual note and perhaps a class X.

    Parameters
    ----------
    draw
        Given by Hypothesis.
    conventions
        Whether conventions other than the defaults are drawn too.
    events
        Whether events are drawn too: all of `strategies.EVENTS`, or those named. `default`: events of default and
        lifted caps; `order`: written orders of acceleration and redemption; `call`, `refinance`, `reprice`.
    features
        Whether rounded tests, several hurdles and further conventions are drawn too: all of `strategies.FEATURES`, or
        those named.

    Returns
    -------
    dict
        Canonical deal document; the waterfalls of interest and principal end in a residual.
    """
    notes = draw(_notes())
    dates = draw(_dates())
    reinvesting = "reinvestment_end" in dates
    fees = draw(_fees(notes))
    tests = draw(_tests(notes, reinvesting=reinvesting))
    deal = given(
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
    asked = named("features", FEATURES, asked=features)
    deal = draw(add_features(deal, asked))
    kinds = named("events", KINDS, asked=events)
    if kinds:
        deal = draw(add_events(deal, kinds))
        if "make_whole" in asked:
            draw(add_to_successors(deal.get("events", ()), deal["dates"]))
    return deal


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
        coupon["floor"] = draw(basis_points(0, 100))
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


_TIERS = [{"up_to": 20e6, "rate": 0.006}, {"up_to": 70e6, "rate": 0.0025}, {"rate": 0.001}]


@st.composite
def _fees(draw: st.DrawFn, notes: Sequence[Document]) -> list[Document]:
    bases = ["fee_basis", "performing_par", "collateral_principal_amount", notes[-2]["name"]]
    fees: list[Document] = []
    if draw(st.booleans()):
        fees.append({"name": "taxes", "amount_per_period": draw(st.integers(0, 20)) * 1000.0})
    if draw(st.booleans()):
        cap = {"rate": draw(basis_points(0, 5)), "fixed_per_year": draw(st.integers(0, 20)) * 10_000.0}
        fixed = draw(st.integers(0, 40)) * 10_000.0
        fees.append({"name": "admin", "rate": draw(basis_points(0, 5)), "fixed_per_year": fixed, "cap": cap})
    for name, high in (("senior", 40), ("sub", 60)):
        if draw(st.booleans()):
            fees.append(
                given(
                    {
                        "name": name,
                        "rate": draw(basis_points(0, high)),
                        "tiers": draw(st.sampled_from([None, None, _TIERS])),
                        "base": draw(sometimes(st.sampled_from(bases))),
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
        fees.append({"name": "incentive", "hurdles": [given({"irr": hurdle, "share": draw(percent(5, 40))})]})
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
                given(
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
                given(
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
            "limit": draw(percent(0, 20)),
            "base": draw(st.sampled_from(["collateral_principal_amount", "target_par"])),
        }
    if draw(st.booleans()):
        rules["discount"] = given(
            {
                "below": draw(percent(75, 90)),
                "weak_below": draw(sometimes(percent(80, 92))),
                "restore": draw(sometimes(percent(85, 95))),
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
        "deferred_form": ["capitalized"],
        "interest_from_principal": ["always"],
        "discount_in_ccc": ["excluded"],
        "interest_on_default_period": ["half", "full"],
        "cash_timing": ["period"],
        "rate_convention": ["simple"],
        "rate_exponent": ["days_365"],
        "pool_step": ["own_dates"],
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
        "share": draw(percent(30, 100)),
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
            principal.append(given({"verb": "pay_interest", "notes": [names], "when": when}))
            principal.append(given({"verb": "pay_deferred_interest", "notes": [names], "when": when}))
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
