"""Any deal survives being written as YAML, as JSON and as its canonical text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloche.errors import DealError, Problem
from cloche.model import deal as deals
from cloche.model.deal import Deal

NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cf", "Co", "Cn", "Z")),
    min_size=1,
    max_size=6,
) | st.sampled_from(
    ["on", "NO", "012", "1e3", "null", "A/B OC", "B-1", "- x", "a: b", "#1", "2025-03-20", "A.1"]
)
GROUP = st.lists(NAMES, min_size=1, max_size=3)
GROUPS = NAMES | GROUP | st.lists(GROUP, min_size=1, max_size=3)
BESIDE = st.fixed_dictionaries(
    {}, optional={"when": st.just("during_reinvestment"), "label": NAMES, "amount": st.integers(0, 10**9)}
)
SHARES = st.floats(0.0, 1.0)


def verb(name: str, body: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(lambda value, beside: {name: value, **beside}, body, BESIDE)


SIMPLE = st.one_of(
    verb("pay_fee", GROUPS),
    verb(
        "pay_fee",
        st.fixed_dictionaries({"fee": NAMES, "part": st.sampled_from(["capped", "above_cap", "all"])}),
    ),
    verb("pay_interest", GROUPS),
    verb("pay_deferred_interest", GROUPS),
    verb("pay_amortization", NAMES),
    verb("pay_principal", GROUPS),
    verb("pay_principal", st.fixed_dictionaries({"notes": GROUPS, "with_deferred": st.booleans()})),
    verb("pay_shortfalls", NAMES),
    verb("cure", NAMES | GROUP),
    verb("cure", st.fixed_dictionaries({"tests": GROUP, "pay": GROUPS | st.just("note_payment_sequence")})),
    verb(
        "divert",
        st.fixed_dictionaries(
            {"test": NAMES, "share": SHARES, "to": st.sampled_from(["principal", "notes"])}
        ),
    ),
    verb("reinvest", st.sampled_from(["all", "unscheduled"])),
    verb("reinvest", st.fixed_dictionaries({"share": SHARES | st.just("post_period_share")})),
    verb("incentive_fee", NAMES),
    verb("pay_residual", GROUPS),
    verb("pay_residual", st.fixed_dictionaries({"to": NAMES, "until": NAMES})),
    verb("retain", st.just("all")),
    verb("transfer", st.fixed_dictionaries({"from": NAMES, "to": NAMES})),
)
STEPS = st.recursive(
    SIMPLE,
    lambda inner: (
        verb("pay_pari_passu", st.lists(inner, min_size=1, max_size=3))
        | st.fixed_dictionaries(
            {"steps": st.lists(inner, min_size=1, max_size=3)},
            optional={"else": st.lists(inner, min_size=1, max_size=2), "when": st.just("remaining > 0")},
        )
    ),
    max_leaves=6,
)
NOTES = st.builds(
    lambda name, balance, terms: {"name": name, "balance": balance, **terms},
    NAMES,
    st.floats(0, 1e12),
    st.fixed_dictionaries(
        {"coupon": st.fixed_dictionaries({"index": NAMES, "spread": st.floats(-0.05, 0.5)})},
        optional={
            "rank": st.integers(0, 9),
            "deferrable": st.booleans(),
            "issue_price": st.floats(0.01, 2),
            "rating": st.dictionaries(
                st.sampled_from(["sp", "fitch"]), st.sampled_from(["AAA", "BB- (sf)", "NR"]), max_size=2
            ),
        },
    ),
)


@pytest.fixture(autouse=True, scope="module")
def unpaid_classes() -> Iterator[None]:
    """Let steps pay what they like: they and the classes are drawn apart."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deals, "unpaid_classes", lambda _: [])
        yield


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "cloche": 1,
        "name": draw(NAMES),
        "currency": "EUR",
        "target_par": draw(st.floats(1, 1e12)),
        "dates": {
            "closing": "2025-03-20",
            "first_payment": "2025-10-20",
            "payment_frequency_months": draw(st.sampled_from([1, 3, 6])),
            "stated_maturity": "2038-04-20",
            "determination": draw(st.sampled_from(["month_end", {"day": 10}, {"business_days_before": 5}])),
            "calendars": draw(st.lists(st.sampled_from(["london", "target"]), max_size=2)),
        },
        "notes": draw(st.lists(NOTES, min_size=1, max_size=4)),
        "sequences": draw(st.dictionaries(NAMES, GROUPS, max_size=2)),
        "waterfalls": {
            "interest": draw(st.lists(STEPS, max_size=5)),
            "principal": draw(st.lists(STEPS, max_size=5)),
        },
        "conventions": draw(st.fixed_dictionaries({}, optional={"x_in_ic": st.booleans()})),
    }


@given(documents())
def test_a_deal_survives_every_text(document: dict[str, Any]) -> None:
    deal = Deal.from_dict(document)
    assert Deal.from_yaml(deal.to_yaml()) == deal
    assert Deal.from_json(deal.to_json()) == deal
    assert Deal.from_json(deal.canonical_json()) == deal
    assert deal.describe()


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return [path] * bool(path) + [place for key, item in items for place in places(item, (*path, key))]


@given(documents(), st.data())
def test_a_deal_with_anything_put_anywhere_is_read_or_refused(
    document: dict[str, Any], data: st.DataObject
) -> None:
    deal = Deal.from_dict(document).to_dict()
    path = data.draw(st.sampled_from(places(deal)))
    holder: Any = deal
    for item in path[:-1]:
        holder = holder[item]
    holder[path[-1]] = data.draw(
        st.sampled_from(
            [None, True, -1, 5.3, float("nan"), float("inf"), "on", "012", [], {}, [[]], {"x": 1}]
        )
    )
    problems: list[Problem] = []
    try:
        read = Deal.from_dict(deal)
    except DealError as error:
        problems = error.problems
    else:
        assert Deal.from_yaml(read.to_yaml()) == read
    assert all(problem.message for problem in problems)
