"""Strategies of single features of a deal, each drawn only where it is asked for."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from cloche.testing.reference.dates import unadjusted_dates
from cloche.testing.strategies.conditions import add_conditions
from cloche.testing.strategies.draws import INDEX, PAR, Document, basis_points, given, percent
from cloche.testing.strategies.make_whole import add_premiums
from cloche.testing.strategies.phases import PHASES, add_phases

CONVENTIONS: dict[str, list[Any]] = {
    "ic_cure": ["all_remaining"],
    "interest_from_principal": ["tests_hold"],
    "same_date_deferrals_in_oc": [True],
    "eod_numerator": ["adjusted"],
    "interest_on_unpaid": ["simple"],
    "ccc_last_asset": ["whole"],
    "overlap_mode": ["per_portion"],
    "ccc_agency_rule": ["each", "sum"],
    "x_in_sequence": [True],
    "principal_available_in_rp": ["undesignated"],
}
"""Conventions that are drawn only by name, with the values beside the default."""

FEATURES = (
    "rounding",
    "hurdles",
    "carry_over",
    "waived",
    "turbo",
    "cure_amount",
    "accounts",
    "hedges",
    "commitments",
    "combinations",
    "quantities",
    "run_quantities",
    "pik",
    "unfunded",
    "make_whole",
    "ccc_base",
    "purchase_conditions",
    *PHASES,
    *CONVENTIONS,
)
"""Rounded tests, several hurdles of an incentive fee, unused room of a cap, waived and deferred fees, a share of what
remains for a class, steps bounded by what a test lacks, accounts with the receipts waterfall, hedges, classes drawn
over time, combination notes, steps that read what is owed and the spreads of the deal, steps that read what only a run
knows; PIK spreads on the tape and whether what they capitalize bears interest, undrawn commitments of loans and what
the scenario assumes of them, make-whole premiums, CCC limits of an amount of money, conditions of purchases; the
phases of `strategies.phases`; and conventions by name."""


@st.composite
def add_features(draw: st.DrawFn, deal: Document, features: Collection[str]) -> Document:
    """A deal with some of the features.

    Parameters
    ----------
    draw
        Given by Hypothesis.
    deal
        Canonical deal document; it is changed.
    features
        Names out of `FEATURES`.
    """
    for name, values in CONVENTIONS.items():
        if name in features and draw(st.booleans()):
            deal["conventions"][name] = draw(st.sampled_from(values))
    if "eod_numerator" in features:
        senior = deal["notes"][-2]["name"]
        trigger = draw(st.integers(90, 140)) / 100
        deal["tests"].append({"name": "Par", "kind": "eod_par_ratio", "through": senior, "trigger": trigger})
    if "rounding" in features:
        for test in deal["tests"]:
            if draw(st.booleans()):
                test["round"] = draw(st.sampled_from([0.001, 0.0001, 0.01]))
    draw(_fees(deal, features))
    if "turbo" in features and draw(st.booleans()):
        _insert(draw, deal, draw(_turbos(deal)))
    if "cure_amount" in features:
        draw(_cure_amounts(deal))
    draw(_liabilities(deal, features))
    draw(_redemptions_and_pool(deal, features))
    for name, read in (("quantities", OF_DEAL), ("run_quantities", (*OF_DEAL, *OF_RUN))):
        if name in features:
            draw(_reading(deal, read))
    return deal


@st.composite
def _liabilities(draw: st.DrawFn, deal: Document, features: Collection[str]) -> Document:
    """Accounts, hedges, classes that are drawn over time, combination notes."""
    if "accounts" in features:
        draw(_accounts(deal))
    if "hedges" in features and draw(st.integers(0, 3)) > 0:
        draw(_hedges(deal))
    if "commitments" in features and draw(st.integers(0, 3)) > 0:
        draw(_commitments(deal))
    if "combinations" in features and draw(st.booleans()):
        draw(_combinations(deal))
    return draw(add_phases(deal, features))


@st.composite
def _redemptions_and_pool(draw: st.DrawFn, deal: Document, features: Collection[str]) -> Document:
    """Make-whole premiums, interest on capitalized interest, a CCC limit of an amount, conditions of purchases."""
    if "make_whole" in features:
        draw(add_premiums(deal))
    if "pik" in features and draw(st.booleans()):
        deal["conventions"]["interest_on_pik"] = False
    if "ccc_base" in features:
        base = draw(st.integers(1, 120)) * PAR / 100 + 0.37
        deal["collateral"]["ccc"] = {"limit": draw(percent(0, 20)), "base": base}
    if "purchase_conditions" in features:
        draw(add_conditions(deal))
    return deal


OF_DEAL: tuple[Document, ...] = (
    {"amount": "0.001 * redemption_amount"},
    {"when": "redemption_amount < 51234567.8"},
    {"amount": "2 * deal_spread('{floating}') * remaining"},
    {"when": "deal_spread('{floating}') > 0.01234567"},
    {"amount": "max(unfunded, 0.3 * remaining)"},
)
"""Conditions and amounts of figures that the deal and its state give."""

OF_RUN: tuple[Document, ...] = (
    {"amount": "0.002 * liquidation_value"},
    {"when": "liquidation_value > redemption_amount"},
    {"amount": "semiannual_share * remaining"},
    {"when": "semiannual_share > 0.1234567"},
    {"amount": "0.5 * interest_by_frequency(6)"},
    {"amount": "interest_by_frequency(3)"},
    {"when": "interest_by_frequency(1) > 1234.5678 and after_reinvestment"},
    {"when": "market_spread('{any}') < 0.01234567"},
    {"when": "market_spread('{floating}') + 0.001234567 <= deal_spread('{floating}')"},
)
"""Those of figures that only a run knows."""


@st.composite
def _reading(draw: st.DrawFn, deal: Document, conditions: Sequence[Document]) -> Document:
    """Steps whose condition or amount reads what is rarely read."""
    classes = [note for note in deal["notes"] if note.get("principal_rank") is not None]
    floating = [note["name"] for note in classes if note["coupon"].get("fixed") is None]
    for _ in range(draw(st.integers(1, 3))):
        chosen = draw(
            st.sampled_from([item for item in conditions if floating or "{floating}" not in str(item)])
        )
        names = {"any": draw(st.sampled_from(classes))["name"], "floating": floating[-1] if floating else ""}
        [(key, text)] = chosen.items()
        step: Document = {"verb": "turbo", "notes": [[draw(st.sampled_from(classes))["name"]]], "share": 1.0}
        step[key] = text.format(**names)
        steps = deal["waterfalls"]["interest"]
        # What comes before the first interest is paid ahead of the tests' figures.
        paid = (n for n, one in enumerate(steps) if one["verb"] in ("pay_interest", "pay_pari_passu"))
        steps.insert(draw(st.integers(next(paid) + 1, len(steps) - 1)), step)
    return deal


@st.composite
def _commitments(draw: st.DrawFn, deal: Document) -> Document:
    """A class that is drawn over time, and perhaps a step that draws on it."""
    classes = [note for note in deal["notes"] if note.get("principal_rank") is not None]
    note = draw(st.sampled_from(classes))
    amount = note["balance"] * draw(st.sampled_from([1.0, 1.5, 3.0]))
    note["balance"] = note["balance"] * draw(st.sampled_from([1.0, 0.5, 0.0]))
    days = draw(st.lists(_days(deal), max_size=3, unique=True))
    note["commitment"] = given(
        {
            "amount": amount,
            "fee": draw(basis_points(0, 100)),
            "until": draw(st.sampled_from([None, draw(_days(deal))])),
            "revolving": draw(st.sampled_from([None, True])),
            "draws": {day: amount * draw(st.integers(1, 60)) / 100 for day in days} or None,
        }
    )
    if draw(st.booleans()):
        through = draw(st.sampled_from(classes))["name"]
        step: Document = {"verb": "draw", "note": note["name"], "through": through}
        if draw(st.booleans()):
            step["amount"] = "0.01 * performing_par"
        side = draw(st.sampled_from(["interest", "principal"]))
        steps = deal["waterfalls"][side]
        # In the interest waterfall it pays what the steps before it have left unpaid.
        first = 1 + _paying(deal, through) if side == "interest" else 0
        steps.insert(draw(st.integers(first, len(steps) - 1)), step)
    return deal


def _paying(deal: Document, note: str) -> int:
    """Number of the step of the interest waterfall that pays interest of a class."""

    def pays(step: Document) -> bool:
        inner = step["steps"] if step["verb"] == "pay_pari_passu" else [step]
        return any(
            one["verb"] == "pay_interest" and any(note in group for group in one["notes"]) for one in inner
        )

    return next(number for number, step in enumerate(deal["waterfalls"]["interest"]) if pays(step))


@st.composite
def _combinations(draw: st.DrawFn, deal: Document) -> Document:
    """A combination of a rated class and the residual note."""
    rated = draw(st.sampled_from([note for note in deal["notes"] if not note.get("residual")]))["name"]
    parts = {rated: draw(st.integers(1, 20)) * 1_000_000.0, "SUB": draw(st.integers(1, 5)) * 1_000_000.0}
    balance = draw(st.sampled_from([None, 10_000_000.0]))
    deal["notes"].append(given({"name": "COMBO", "combination_of": parts, "balance": balance}))
    return deal


@st.composite
def _fees(draw: st.DrawFn, deal: Document, features: Collection[str]) -> Document:
    """Unused room of caps, shares that are waived or deferred, several hurdles of an incentive fee."""
    for fee in deal["fees"]:
        if "carry_over" in features and fee.get("cap") and draw(st.booleans()):
            fee["cap"]["carry_over"] = draw(st.integers(1, 4))
        if "waived" in features and draw(st.booleans()):
            fee["waived"] = draw(_shares(deal))
            if not fee.get("hurdles"):
                fee["deferred"] = draw(_shares(deal))
        if "hurdles" in features and fee.get("hurdles"):
            rates = [None, -0.05, 0.0, 0.03, 0.08, 0.2, 0.5]
            chosen = draw(st.lists(st.sampled_from(range(len(rates))), min_size=1, max_size=3, unique=True))
            shares = [draw(percent(5, 60)) for _ in chosen]
            fee["hurdles"] = [
                {"share": share} if rates[number] is None else {"irr": rates[number], "share": share}
                for number, share in zip(sorted(chosen), shares, strict=True)
            ]
    return deal


@st.composite
def _shares(draw: st.DrawFn, deal: Document) -> float | dict[str, float]:
    """A share, or shares by date."""
    if draw(st.booleans()):
        return draw(percent(0, 100))
    return {draw(_days(deal)): draw(percent(0, 100)) for _ in range(draw(st.integers(1, 3)))}


@st.composite
def _days(draw: st.DrawFn, deal: Document) -> str:
    """A day in the life of a deal: a scheduled date or one shortly before."""
    end = draw(st.sampled_from(unadjusted_dates(deal["dates"])))
    return (end - timedelta(days=draw(st.sampled_from([0, 0, 1, 40])))).isoformat()


def _insert(draw: st.DrawFn, deal: Document, step: Document, side: str = "interest") -> None:
    """Put a step somewhere before the residual that ends a waterfall."""
    steps = deal["waterfalls"][side]
    steps.insert(draw(st.integers(0, len(steps) - 1)), step)


@st.composite
def _turbos(draw: st.DrawFn, deal: Document) -> Document:
    classes = [note["name"] for note in deal["notes"] if note.get("principal_rank") is not None]
    return {
        "verb": "turbo",
        "notes": [
            [name] for name in draw(st.lists(st.sampled_from(classes), min_size=1, max_size=2, unique=True))
        ],
        "share": draw(percent(5, 100)),
    }


@st.composite
def _cure_amounts(draw: st.DrawFn, deal: Document) -> Document:
    """Steps of either waterfall that ask what a test lacks."""
    names = [test["name"] for test in deal["tests"]]
    if not names:
        return deal
    lacks = f"cure_amount('{draw(st.sampled_from(names))}')"
    senior = next(note["name"] for note in deal["notes"] if note.get("principal_rank") == 1)
    amount = draw(st.sampled_from([f"min(0.5 * remaining, {lacks})", f"max({lacks}, 0.01 * remaining)"]))
    condition = draw(st.sampled_from([None, f"{lacks} > 123456.7", f"not ({lacks} < 0.1 * performing_par)"]))
    kept: Document = {"verb": "transfer", "from": "interest", "to": "principal", "amount": amount}
    paid: Document = {"verb": "turbo", "notes": [[senior]], "share": 0.5, "amount": f"0.5 * {lacks}"}
    redeemed: Document = {"verb": "pay_principal", "notes": [[senior]], "amount": amount}
    for side, step in (("interest", kept), ("interest", paid), ("principal", redeemed)):
        if draw(st.booleans()):
            _insert(draw, deal, given({**step, "when": condition}), side)
    return deal


@st.composite
def _accounts(draw: st.DrawFn, deal: Document) -> Document:
    """Two accounts, steps with them in every waterfall, and interest that is designated as principal."""
    deal["accounts"] = [
        {
            "name": "reserve",
            "initial": draw(st.integers(0, 10)) * 100_000.0,
            "target": draw(st.sampled_from(["750000", "0.01 * performing_par"])),
            "earns": draw(st.sampled_from(["nothing", "cash"])),
            "proceeds": draw(st.sampled_from(["interest", "principal"])),
        },
        {"name": "smoothing", "initial": draw(st.integers(0, 3)) * 1_000_000.0},
    ]
    reserve = {
        "interest": [
            {"verb": "fund_reserve", "account": "reserve"},
            {"verb": "fund_reserve", "account": "smoothing", "up_to": "2 * account('reserve')"},
            {"verb": "release_reserve", "account": "reserve"},
            {"verb": "transfer", "from": "interest", "to": "smoothing", "amount": "0.2 * remaining"},
            {"verb": "transfer", "from": "smoothing", "to": "interest", "amount": "123456.7"},
            {"verb": "transfer", "from": "interest", "to": "principal", "amount": "0.3 * remaining"},
        ],
        "principal": [
            {"verb": "transfer", "from": "principal", "to": "reserve", "amount": "0.1 * remaining"},
            {"verb": "transfer", "from": "smoothing", "to": "principal"},
            {"verb": "release_reserve", "account": "reserve", "above": "234567.8"},
        ],
    }
    for side, steps in reserve.items():
        for step in draw(st.lists(st.sampled_from(steps), max_size=2)):
            _insert(draw, deal, dict(step), side)
    receipts: list[Document] = [
        {"verb": "transfer", "from": "interest", "to": "smoothing", "amount": "0.25 * remaining"},
        {"verb": "transfer", "from": "principal", "to": "interest", "amount": "0.05 * remaining"},
        {"verb": "transfer", "from": "smoothing", "to": "reserve", "amount": "345678.9"},
        {"verb": "release_reserve", "account": "smoothing", "above": "0.004 * performing_par"},
        {"verb": "fund_reserve", "account": "reserve", "when": "after_reinvestment"},
    ]
    chosen: list[Document] = draw(st.lists(st.sampled_from(receipts), max_size=3))
    wrapped = draw(st.booleans())
    if chosen and wrapped:
        chosen = [{"verb": "block", "when": "during_reinvestment", "steps": chosen}]
    deal["waterfalls"]["receipts"] = chosen
    return deal


@st.composite
def _hedges(draw: st.DrawFn, deal: Document) -> Document:
    """One or two hedges, paid before the classes or after them, some terminated."""
    floating = {"index": INDEX, "spread": draw(basis_points(-50, 100))}
    legs: list[Document | None] = [
        None,
        {"fixed": draw(basis_points(0, 800))},
        {"fixed": 0.03, "day_count": "act/360"},
        floating,
        {**floating, "floor": 0.01, "cap": 0.04, "day_count": "30/360"},
        {"index": INDEX, "above": draw(basis_points(100, 600))},
        {"index": INDEX, "below": draw(basis_points(100, 600))},
    ]
    hedges = []
    for name in ("swap", "cap")[: draw(st.integers(1, 2))]:
        pay, receive = draw(st.sampled_from(legs)), draw(st.sampled_from(legs))
        notional: Any = draw(
            st.sampled_from(
                [PAR / 2, {draw(_days(deal)): PAR, draw(_days(deal)): PAR / 5}, deal["notes"][-2]["name"]]
            )
        )
        hedge = given({"name": name, "pay": pay, "receive": receive or {"fixed": 0.01}, "notional": notional})
        if draw(st.booleans()):
            hedge["termination"] = given(
                {
                    "date": draw(_days(deal)),
                    "amount": draw(st.integers(-30, 30)) * 100_000.0,
                    "party": draw(st.sampled_from([None, "issuer", "counterparty"])),
                }
            )
        hedges.append(hedge)
    deal["hedges"] = hedges
    names = [hedge["name"] for hedge in hedges]
    steps = deal["waterfalls"]["interest"]
    together = draw(st.booleans())
    groups = [names] if together else [[name] for name in names]
    steps.insert(
        draw(st.integers(0, 2)),
        {"verb": "pay_hedge", "hedges": groups, "part": draw(st.sampled_from(["all", "periodic"]))},
    )
    if draw(st.booleans()):
        part = draw(st.sampled_from(["termination", "defaulted"]))
        _insert(draw, deal, {"verb": "pay_hedge", "hedges": groups, "part": part})
    return deal
