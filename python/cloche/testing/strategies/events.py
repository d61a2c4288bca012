"""Strategies of events of default, written orders of one pot, calls, refinancings and re-pricings."""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from cloche.testing.reference.dates import business_days, unadjusted_dates
from cloche.testing.strategies.draws import INDEX, PAR, Document, basis_points, given

KINDS = ("default", "order", "call", "refinance", "reprice")
"""What may be drawn: events of default and lifted caps; written orders of one pot; events of deals and scenarios."""

CONDITIONS = (
    "performing_par < 61234567.8",
    "ccc_share > 0.1234567",
    "pool_factor < 0.6543217",
    "status == 'normal'",
    "status == 'accelerated'",
    "after_reinvestment",
    "not during_reinvestment and performing_par > 1234567.8",
)
"""Conditions of events; no rounding decides them."""

READING = (
    "market_spread('{name}') + 0.001234567 <= deal_spread('{name}')",
    "liquidation_value > 1.0123456 * redemption_amount",
    "semiannual_share > 0.1234567",
    "interest_by_frequency(6) < 12345.678",
    "redemption_amount < 51234567.8",
)
"""Conditions of events on figures that are rarely read."""


@st.composite
def add_events(draw: st.DrawFn, deal: Document, events: frozenset[str]) -> Document:
    """A deal with events of the given kinds.

    Parameters
    ----------
    draw
        Given by Hypothesis.
    deal
        Canonical deal document; it is changed.
    events
        Kinds out of `KINDS`.
    """
    if "default" in events:
        draw(_default_events(deal))
    if "order" in events:
        draw(_orders(deal))
    if bool(events & {"call", "refinance", "reprice"}) and draw(st.booleans()):
        ends = unadjusted_dates(deal["dates"])
        deal["dates"]["non_call_end"] = draw(st.sampled_from(ends[: 1 + len(ends) // 3])).isoformat()
    if "call" in events and draw(st.integers(0, 3)) == 0:
        months = draw(st.lists(st.integers(1, 12), min_size=1, max_size=6, unique=True))
        start = draw(st.sampled_from(["closing + 6M", "maturity - 18M"]))
        deal["rights"] = {"auction_call": {"from": start, "months": months}}
    if "call" in events and draw(st.integers(0, 3)) == 0:
        deal["rights"] = deal.get("rights", {}) | draw(_clean_up())
    if draw(st.booleans()):
        deal["events"] = draw(event_lists(deal, events))
    return deal


@st.composite
def _clean_up(draw: st.DrawFn) -> Document:
    """Rights to every event; a call waits until little of the collateral is left."""
    call = {"below": draw(st.sampled_from([0.4123457, 0.7123457, 0.9123457])), "of": "target_par"}
    after = {"after": draw(st.sampled_from(["non_call_end", "closing + 1M"]))}
    others = ("refinancing", "repricing", "reset", "amendment", "special_redemption", "issue")
    return {"clean_up": {**after, **call}} | dict.fromkeys(others, True)


@st.composite
def _default_events(draw: st.DrawFn, deal: Document) -> Document:
    senior = next(note["name"] for note in deal["notes"] if note.get("principal_rank") == 1)
    owed = sum(note["balance"] for note in deal["notes"] if note.get("principal_rank") == 1)
    if draw(st.integers(0, 3)) > 0:
        trigger = max(1.001, round(PAR / max(1e6, owed) * draw(st.integers(60, 100)) / 100, 4))
        deal["tests"].append({"name": "EoD", "kind": "eod_par_ratio", "through": senior, "trigger": trigger})
    causes = st.lists(
        st.sampled_from(["senior_interest", "par_ratio", "maturity"]), min_size=1, max_size=3, unique=True
    )
    rules: Document = {
        "causes": draw(causes),
        "accelerate": draw(st.sampled_from(["automatic", "automatic", "automatic", "never", None])),
        "liquidate": draw(st.sampled_from([None, "never", "when_covered", "always"])),
        "rescind": draw(st.sampled_from([None, "never", "when_cured", "when_cured"])),
    }
    if draw(st.booleans()):
        rules["liquidation_cost"] = draw(_costs())
    deal["default_events"] = given(rules)
    for fee in deal["fees"]:
        if fee.get("cap") and draw(st.booleans()):
            fee["cap"]["lifted"] = draw(st.sampled_from(["liquidated", "accelerated"]))
    return deal


@st.composite
def _costs(draw: st.DrawFn) -> Document:
    return {"rate": draw(basis_points(0, 100)), "fixed": draw(st.integers(0, 10)) * 100_000.0}


@st.composite
def _orders(draw: st.DrawFn, deal: Document) -> Document:
    """Written orders of the pot: class after class in a sequence, or something that no acceleration does."""
    residual = {"verb": "pay_residual", "notes": [["SUB"]]}
    fees = [fee["name"] for fee in deal["fees"] if not fee.get("hurdles")]
    senior = [{"verb": "pay_fee", "fees": [[name]], "part": "all"} for name in fees]
    sequence = {"verb": "pay_principal", "sequence": "note_payment_sequence", "with_deferred": True}
    conditional = {"verb": "retain", "when": "status == 'accelerated' and performing_par > 41234567.8"}
    for name in ("acceleration", "redemption"):
        choice = draw(st.integers(0, 3))
        if choice == 1:
            deal["waterfalls"][name] = [*senior, sequence, residual]
        elif choice == 2:
            deal["waterfalls"][name] = [sequence, {**conditional, "amount": "0.25 * remaining"}, residual]
        elif choice == 3:
            partial = {**residual, "when": "status == 'redemption'"}
            deal["waterfalls"][name] = [{**sequence, "amount": "0.9 * remaining"}, partial]
    return deal


@st.composite
def event_lists(
    draw: st.DrawFn, deal: Mapping[str, Any], events: Collection[str], *, suffix: str = "R"
) -> list[Document]:
    """Events of a deal or a scenario: up to one call, refinancing and re-pricing, dated or conditional.

    Most dates lie between payment dates, on which a call redeems the deal.

    Parameters
    ----------
    draw
        Given by Hypothesis.
    deal
        Canonical deal document with the dates and the classes.
    events
        Kinds out of `KINDS`.
    suffix
        Ending of the names of successors; no two lists that meet may share it.
    """
    return [
        draw(_events(deal, kind, suffix))
        for kind in ("call", "refinance", "reprice")
        if kind in events and (kind != "reprice" or _floating(deal)) and draw(st.integers(0, 2)) > 0
    ]


@st.composite
def _events(draw: st.DrawFn, deal: Mapping[str, Any], kind: str, suffix: str) -> Document:
    classes = [note for note in deal["notes"] if note.get("principal_rank") is not None]
    event = draw(moments(deal, repeats=kind != "refinance", between=kind == "call"))
    conditional = "when" in event
    if kind == "call":
        price = draw(st.sampled_from([None, "market", 0.99, 0.9, 0.8]))
        event["call"] = given(
            {"price": price, "if_infeasible": draw(st.sampled_from([None, "withdraw", "retry"]))}
        )
    elif kind == "refinance":
        chosen = draw(st.lists(st.sampled_from(classes), min_size=1, max_size=2, unique_by=_name))
        from_proceeds = draw(st.integers(0, 4)) == 0
        event["refinance"] = {
            note["name"]: {
                "into": draw(
                    _successors(
                        note, suffix, conditional=conditional, larger=from_proceeds and not conditional
                    )
                )
            }
            for note in chosen
        }
        if draw(st.booleans()) or from_proceeds:
            paid_from = draw(st.sampled_from([None, "interest", "equity"]))
            event["cost"] = given({**draw(_costs()), "paid_from": "proceeds" if from_proceeds else paid_from})
    else:
        event["reprice"] = {_floating(deal)[-1]: {"spread": draw(basis_points(0, 300))}}
        if draw(st.booleans()):
            event["cost"] = {**draw(_costs()), "paid_from": draw(st.sampled_from(["interest", "equity"]))}
    if kind == "call" and draw(st.booleans()):
        event["cost"] = draw(_costs())
    return event


def _floating(deal: Mapping[str, Any]) -> list[str]:
    """Names of the classes that pay an index and a spread."""
    classes = [note for note in deal["notes"] if note.get("principal_rank") is not None]
    return [note["name"] for note in classes if note["coupon"].get("fixed") is None]


def before_the_tape(event: Mapping[str, Any], deal: Mapping[str, Any], as_of: date) -> bool:
    """Whether a call between payment dates is so early that the collections of its day may end before the tape."""
    if "call" not in event or "date" not in event:
        return False
    day = date.fromisoformat(event["date"])
    start = max(as_of, date.fromisoformat(deal["dates"]["closing"]))
    return day <= start + timedelta(days=7) and day not in unadjusted_dates(deal["dates"])


def settling(deal: Mapping[str, Any], day: date, end: date) -> date:
    """The first business day from a day on, or the payment date that it comes to first."""
    business = business_days(deal["dates"], frozenset())
    while day != end and not business.is_open(day):
        day += timedelta(days=1)
    return day


@st.composite
def reading(draw: st.DrawFn, deal: Mapping[str, Any]) -> str:
    """A condition on figures that are rarely read."""
    floating = _floating(deal)
    texts = [text for text in READING if floating or "{name}" not in text]
    return draw(st.sampled_from(texts)).format(name=floating[-1] if floating else "")


def _name(note: Mapping[str, Any]) -> str:
    return str(note["name"])


@st.composite
def moments(draw: st.DrawFn, deal: Mapping[str, Any], *, repeats: bool, between: bool = False) -> Document:
    """A date after the non-call period, or a condition with a window.

    No date stands for the last payment date; with `between`, one may lie in the last period.
    """
    ends = unadjusted_dates(deal["dates"])
    start = date.fromisoformat(deal["dates"].get("non_call_end") or deal["dates"]["closing"])
    open_ends = [end for end in ends if end >= start]
    dated = open_ends if between else open_ends[:-1]
    if len(dated) > 0 and draw(st.booleans()):
        end = draw(st.sampled_from(dated))
        least = 12 if end == ends[-1] else 0
        day = settling(deal, max(start, end - timedelta(days=draw(st.integers(least, 60)))), end)
        if day < ends[-1]:
            return {"date": day.isoformat()}
    senior = deal["notes"][-2]["name"]
    conditions = [*CONDITIONS, f"note_factor('{senior}') < 0.8765431", f"controlling('{senior}')"]
    moment: Document = {"when": draw(st.sampled_from(conditions))}
    if draw(st.booleans()):
        moment["from"] = draw(st.sampled_from(open_ends)).isoformat()
    if draw(st.integers(0, 3)) == 0:
        moment["until"] = "maturity - 3M"
    if repeats and draw(st.integers(0, 3)) == 0:
        moment["repeat"] = True
    return moment


@st.composite
def _successors(
    draw: st.DrawFn, note: Mapping[str, Any], suffix: str, *, conditional: bool, larger: bool
) -> list[Document]:
    """One or two successors: what is outstanding, a larger fixed balance, or balances that a condition lets grow."""
    coupon = draw(
        st.sampled_from([None, {"index": INDEX, "spread": 0.0095}, {"fixed": 0.0525}, note["coupon"]])
    )
    first: Document = given({"name": f"{note['name']}-{suffix}", "coupon": coupon})
    kind = draw(st.integers(0, 3))
    if larger or kind == 0:
        price = draw(st.sampled_from([1.0, 0.99, 1.01]))
        times = 3.0 if suffix == "R" else 12.0  # the second of two meets what the first has issued
        return [{**first, "balance": times * (note["balance"] + 2_000_000), "issue_price": price}]
    if kind == 1:
        fixed = {**first, "name": f"{note['name']}-1{suffix}", "balance": round(note["balance"] * 0.01)}
        return [{**first, "balance": "outstanding"}, fixed]
    if kind == 2 and conditional:
        other = {**first, "name": f"{note['name']}-1{suffix}", "balance": 0.02 * note["balance"]}
        return [
            {**first, "balance": 0.03 * note["balance"]},
            {**other, "issue_price": draw(st.sampled_from([0.98, 1.0]))},
        ]
    return [{**first, "balance": "outstanding"}]
