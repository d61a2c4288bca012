"""Two deals beside one another: terms in the words of an indenture, steps that came, went, moved or changed."""

from __future__ import annotations

import copy
from typing import Any

import pytest

import cloche as cl

DEAL = cl.templates.us_bsl(par=500e6, closing="2025-03-20", class_x=2e6)


def lines(other: cl.Deal, deal: cl.Deal = DEAL) -> list[str]:
    return [line.strip() for line in cl.diff(deal, other).summary().splitlines()[1:]]


def changed(edit: Any) -> cl.Deal:
    document = copy.deepcopy(DEAL.to_dict())
    edit(document)
    return cl.Deal.from_dict(document)


def interest(document: dict[str, Any]) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = document["waterfalls"]["interest"]
    return steps


def place(document: dict[str, Any], label: str) -> int:
    return next(k for k, step in enumerate(interest(document)) if step["label"] == label)


def test_terms_are_told_in_basis_points_percent_money_and_dates() -> None:
    other = DEAL.replace(
        {
            "notes.A.coupon.spread": "105bp",
            "notes.X.amortization.payments": 12,
            "notes.C.deferrable": False,
            "notes.E.balance": 24.5e6,
            "tests.E OC.trigger": 1.05,
            "fees.senior.rate": 0.00125,
            "dates.reinvestment_end": "2029-04-20",
            "dates.calendars": ["new_york"],
            "conventions.x_in_oc": True,
            "collateral.ccc.limit": 0.1,
        }
    )
    assert lines(other) == [
        "dates reinvestment end 2030-04-20 -> 2029-04-20",
        "dates calendars us_government_securities, london -> new_york",
        "class X amortization payments 8 -> 12",
        "class A spread 130bp -> 105bp",
        "class C deferrable yes -> no",
        "class E balance 25,000,000 -> 24,500,000",
        "fee senior rate 0.150% -> 0.125%",
        "test E OC trigger 105.5% -> 105.0%",
        "collateral ccc limit 7.5% -> 10.0%",
        "convention x in oc no -> yes",
    ]


def test_equal_deals_say_so_whatever_they_are_called_in_python() -> None:
    again = cl.Deal.from_yaml(DEAL.to_yaml())
    found = cl.diff(DEAL, again)
    assert found.same
    assert len(found) == 0
    assert str(found) == "US BSL: both deals are the same."
    assert repr(found) == "DealDifference(US BSL: no difference)"
    assert found.table.columns == ("part", "item", "what", "before", "after")


def test_a_class_that_is_new_stands_whole() -> None:
    def edit(document: dict[str, Any]) -> None:
        coupon = {"index": "sofr_3m", "spread": "800bp"}
        document["notes"].append(
            {"name": "F", "balance": 10e6, "rank": 6, "coupon": coupon, "deferrable": True}
        )
        interest(document).insert(place(document, "P") + 1, {"pay_interest": "F", "label": "P1"})

    told = lines(changed(edit))
    terms = "interest rank 6, principal rank 6, deferrable yes"
    assert told == [
        f"class F added: balance 10,000,000, index sofr_3m, spread 800bp, {terms}",
        "interest waterfall: clause P1 inserted after P: to the payment of interest on the Class F Notes",
    ]
    back = lines(DEAL, changed(edit))
    assert back[0].startswith("class F removed: balance 10,000,000")
    assert back[1] == "interest waterfall: clause P1 removed: to the payment of interest on the Class F Notes"


def test_a_step_that_moved_is_neither_removed_nor_inserted() -> None:
    def edit(document: dict[str, Any]) -> None:
        steps = interest(document)
        fee = steps.pop(place(document, "R"))
        steps.insert(place(document, "O"), fee)

    found = cl.diff(DEAL, changed(edit))
    assert [row["what"].split(" ")[0] for row in found.table.rows()] == ["moved"]
    clause = "to the payment of sub (0.3% a year of the fee basis amount)"
    assert lines(changed(edit)) == [f"interest waterfall: clause R moved ({clause}): after Q -> after N"]


def test_a_step_that_moved_behind_another_one_of_the_same_letter_says_which() -> None:
    def unlabelled(document: dict[str, Any]) -> list[dict[str, Any]]:
        for step in interest(document):
            step.pop("label")
        return interest(document)

    def edit(document: dict[str, Any]) -> None:
        steps = unlabelled(document)
        at = next(k for k, step in enumerate(steps) if step.get("pay_fee") == "sub")
        steps.insert(at - 2, steps.pop(at))
        for fee in ("taxes", "senior"):
            steps.insert(0, {"pay_fee": {"fee": fee, "part": "unpaid"}})

    (told,) = [line for line in lines(changed(edit), changed(unlabelled)) if "moved" in line]
    assert told.split("a year of the fee basis amount)): ")[1] == (
        "after P (during the reinvestment period, if Reinvestment OC (106%) is not satisfied, to the principal "
        "account, the lesser of 50% of what remains and the amount needed to satisfy it) -> after P (if E OC (105.5%) "
        "is not satisfied, to the payment of deferred interest on and principal of the notes in accordance with the "
        "note payment sequence until it is satisfied)"
    )


def test_limits_that_are_no_shares_are_told_as_numbers() -> None:
    def with_limits(warf: float, years: float, obligor: float) -> cl.Deal:
        def edit(document: dict[str, Any]) -> None:
            limits = [{"kind": "warf", "max": warf}, {"kind": "wal", "max": years, "from": "closing"}]
            document["collateral"] |= {
                "quality": limits,
                "concentration": [{"kind": "obligor", "max": obligor}],
            }

        return changed(edit)

    assert lines(with_limits(3100, 8.5, 0.025), with_limits(3000, 9.0, 0.02)) == [
        "collateral quality warf max 3,000 -> 3,100",
        "collateral quality wal max 9 -> 8.5",
        "collateral concentration obligor max 2.0% -> 2.5%",
    ]


def test_a_step_whose_share_condition_or_tests_change_is_the_same_step_changed() -> None:
    def edit(document: dict[str, Any]) -> None:
        steps = interest(document)
        steps[place(document, "Q")]["divert"]["share"] = 0.3
        steps[place(document, "O")] = {"cure": ["E OC", "D IC"], "label": "O"}
        steps[place(document, "R")]["when"] = "passes('E OC')"

    kinds = [(row["item"], row["what"]) for row in cl.diff(DEAL, changed(edit)).table.rows()]
    assert kinds == [("O", "changed"), ("Q", "changed"), ("R", "changed")]
    assert lines(changed(edit))[1] == (
        "interest waterfall: clause Q changed: during the reinvestment period, if Reinvestment OC (106%) is not "
        "satisfied, to the principal account, the lesser of 50% of what remains and the amount needed to satisfy it "
        "-> during the reinvestment period, if Reinvestment OC (106%) is not satisfied, to the principal account, "
        "the lesser of 30% of what remains and the amount needed to satisfy it"
    )


def test_clauses_that_only_have_other_letters_are_one_line() -> None:
    def edit(document: dict[str, Any]) -> None:
        for step in interest(document):
            step["label"] = f"({step['label'].lower()})"

    found = cl.diff(DEAL, changed(edit))
    assert {row["what"] for row in found.table.rows()} == {"relabelled"}
    told = lines(changed(edit))
    assert told == [f"interest waterfall: {len(found)} clauses have other letters (A -> (a), …, V -> (v))"]


def test_steps_of_a_block_are_compared_one_by_one() -> None:
    def edit(document: dict[str, Any]) -> None:
        steps = interest(document)
        k = place(document, "R")
        steps[k] = {"when": "after_reinvestment", "steps": [{"pay_fee": "sub"}], "label": "R"}

    rows = list(cl.diff(DEAL, changed(edit)).table.rows())
    assert [(row["item"], row["what"]) for row in rows] == [("R(1)", "changed")]
    assert rows[0]["after"].startswith("if after_reinvestment, to the payment of sub")


def test_what_is_no_deal_is_refused() -> None:
    with pytest.raises(TypeError, match="deal_b: found dict, expected Deal"):
        cl.diff(DEAL, DEAL.to_dict())  # type: ignore[arg-type]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in leaves(inner, (*path, key))]
    if isinstance(value, list):
        return [leaf for k, inner in enumerate(value) for leaf in leaves(inner, (*path, k))]
    return [(path, value)]


def other_values(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value * 0.9, value + 1]
    return [f"{value}x", "2026-01-20", "transfer", "act/365", "principal", "zero"]


def test_no_change_of_a_document_escapes(full_grammar: str) -> None:
    deal = cl.Deal.from_yaml(full_grammar)
    seen = 0
    for path, value in leaves(deal.to_dict()):
        for other in other_values(value):
            document = copy.deepcopy(deal.to_dict())
            holder: Any = document
            for key in path[:-1]:
                holder = holder[key]
            holder[path[-1]] = other
            try:
                changed_deal = cl.Deal.from_dict(document)
            except cl.DealError:
                continue
            found = cl.diff(deal, changed_deal)
            assert found.same == (deal == changed_deal), (path, value, other)
            assert len(found.summary().splitlines()) >= (1 if found.same else 2)
            seen += not found.same
            break
    assert seen > 150


def test_events_are_told_by_what_they_do() -> None:
    new = {"name": "A-R", "balance": "outstanding", "coupon": {"index": "sofr_3m", "spread": "105bp"}}
    refinancing: dict[str, Any] = {
        "date": "2027-07-20",
        "refinance": {"A": {"into": [new]}},
        "cost": {"rate": "10bp", "fixed": 500_000},
    }
    call = {"date": "2030-07-22", "call": {"price": 0.985}}
    first = changed(lambda document: document.update(events=[call]))
    cheaper = copy.deepcopy(refinancing)
    cheaper["cost"]["fixed"] = 600_000
    both = changed(lambda document: document.update(events=[refinancing, call]))
    later = changed(lambda document: document.update(events=[cheaper, call | {"date": "2031-01-20"}]))
    terms, cost = "what is outstanding, sofr_3m + 105bp", "0.1% of the refinanced balance plus 500,000"
    assert lines(both, first) == [
        f"event added: on 2027-07-20, a refinancing: A into A-R ({terms}); it costs {cost}"
    ]
    assert lines(later, both) == [
        "event refinance A cost fixed 500,000 -> 600,000",
        "event call date 2030-07-22 -> 2031-01-20",
    ]


def test_terms_of_an_amendment_are_told_in_their_units() -> None:
    def amended(trigger: float) -> cl.Deal:
        event = {"date": "2027-07-20", "label": "First", "amend": {"tests.E OC.trigger": trigger}}
        return changed(lambda document: document.update(events=[event]))

    assert lines(amended(1.03), amended(1.045)) == ["event amend tests.E OC.trigger 104.5% -> 103.0%"]
    assert lines(amended(1.045), DEAL) == [
        "event added: First: on 2027-07-20, an amendment: tests.E OC.trigger 104.5%"
    ]
