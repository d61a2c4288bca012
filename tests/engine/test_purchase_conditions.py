"""Conditions of purchases: what one would do to the quality of the collateral, in the engine as in the reference.

The deal of `reference.tiny` buys what it is repaid: its one loan of 100 pays 20 a year in quarterly instalments, so
that a date has 5 to spend. Nothing defaults or prepays, determination dates are payment dates, quarters are 0.25 in
30/360.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cloche.testing import reference, strategies
from cloche.testing.reference.dates import schedule
from cloche.testing.strategies import PAR, Case
from engine import crossing
from engine.agreement import differences
from engine.test_against_reference import generated, starts_late
from reference import tiny

Document = dict[str, Any]

LOAN: Document = {
    "obligor_id": "O1",
    "fixed": False,
    "ccc": False,
    "weak": False,
    **tiny.loan_of(amortization_rate=0.2),
}
BUYS: Document = {"price": tiny.constant(1.0), "spread": tiny.constant(0.04), "rating": "B"}


def bought(
    asked: list[str],
    *loans: Document,
    collateral: Document,
    buys: Document | None = None,
    **dates: str,
) -> list[float]:
    """Return what purchases cost by payment date, of which there are four, the last without purchases."""
    deal = tiny.deal_of(dates={"reinvestment_end": "2026-01-15", **dates})
    deal["reinvestment"] = {"during": asked}
    deal["collateral"] = collateral
    scenario = tiny.scenario_of(reinvestment={**BUYS, **(buys or {})})
    case = Case(deal, list(loans) or [LOAN], tiny.CLOSING, scenario)
    ours = crossing.project(case)
    theirs = reference.project(case.deal, case.loans, case.as_of, case.scenario)
    assert not list(differences(ours, theirs, par=100.0))
    assert ours["conservation_error"] <= 1e-12
    return [row["purchase_cost"] for row in ours["collateral"]][:3]


def quality(**test: Any) -> Document:
    return {"quality": [test]}


ALL = pytest.approx([5.0, 5.0125, 5.02503125])
"""Every date spends its instalments: 5 of the loan, and 0.25 % of what was bought before, 5 and 5.0125."""


@pytest.mark.parametrize("name", ["quality", "maintain_or_improve"])
class TestQuality:
    def test_a_rating_factor_within_its_limit_may_rise(self, name: str) -> None:
        # B3 beside B2: (95 · 2720 + 5 · 3490) / 100 = 2758.5 on the first date, 2797 on the second with 90 and 10.
        for limit, first, second in ((2759.0, 5.0, 0.0), (2758.9, 0.0, 0.0), (2798.0, 5.0, 5.0)):
            spent = bought([name], collateral=quality(kind="warf", max=limit), buys={"rating": "B-"})
            assert [spent[0] > 0.0, spent[1] > 4.9] == [first > 0.0, second > 0.0], limit
            assert spent[0] == pytest.approx(first)

    def test_a_rating_factor_above_its_limit_may_stay_or_fall(self, name: str) -> None:
        rules = quality(kind="warf", max=2000.0)
        assert bought([name], collateral=rules, buys={"rating": "B"}) == ALL
        assert bought([name], collateral=rules, buys={"rating": "B+"}) == ALL
        assert bought([name], collateral=rules, buys={"rating": "B-"}) == [0.0, 0.0, 0.0]

    def test_loans_without_a_rating_have_no_factor(self, name: str) -> None:
        # Of 47.5 and 47.5 half is rated: (47.5 · 2720 + 5 · 3490) / 52.5 = 2793.3.
        half = {**LOAN, "par": 50.0, "original_par": 50.0}
        loans = (half, {**half, "loan_id": "L2", "rating": None})
        for limit, spent in ((2794.0, 5.0), (2793.0, 0.0)):
            rules = quality(kind="warf", max=limit)
            assert bought([name], *loans, collateral=rules, buys={"rating": "B-"})[0] == pytest.approx(spent)

    def test_spreads_are_over_the_benchmark(self, name: str) -> None:
        # The index is 4 %: a floor of 4.5 % adds 0.5 % to the spread of 4 %. With 5 bought at 3 %:
        # (95 · 0.045 + 5 · 0.03) / 100 = 0.04425.
        loan = {**LOAN, "floor": 0.045}
        buys = {"spread": tiny.constant(0.03)}
        for limit, spent in ((0.0442, 5.0), (0.0443, 0.0)):
            rules = quality(kind="was", min=limit)
            assert bought([name], loan, collateral=rules, buys=buys)[0] == pytest.approx(spent)

    def test_an_adjustment_under_the_floor_is_part_of_it(self, name: str) -> None:
        # 4 % + 0.3 % is under the floor of 4.5 %: the spread over the index is 4 % + 0.5 %, with the floor above the
        # adjustment it is 4 % + 0.3 % + 0.5 %.
        # With 5 bought at 3 %: 0.04425 and (95 · 0.048 + 5 · 0.03) / 100 = 0.0471.
        buys = {"spread": tiny.constant(0.03)}
        for inside, average in ((True, 0.04425), (False, 0.0471)):
            loan = {**LOAN, "floor": 0.045, "csa": 0.003, "csa_in_floor": inside}
            for limit, spent in ((average - 1e-5, 5.0), (average + 1e-5, 0.0)):
                rules = quality(kind="was", min=limit)
                assert bought([name], loan, collateral=rules, buys=buys)[0] == pytest.approx(spent)

    def test_fixed_loans_have_no_spread(self, name: str) -> None:
        # Of 47.5 floating at 4 % and 5 bought at 3 %: (47.5 · 0.04 + 5 · 0.03) / 52.5 = 0.039048.
        half = {**LOAN, "par": 50.0, "original_par": 50.0}
        fixed = {**half, "loan_id": "L2", "fixed": True, "fixed_rate": 0.09, "spread": None}
        buys = {"spread": tiny.constant(0.03)}
        for limit, spent in ((0.0390, 5.0), (0.0391, 0.0)):
            rules = quality(kind="was", min=limit)
            assert bought([name], half, fixed, collateral=rules, buys=buys)[0] == pytest.approx(spent)

    def test_recovery_rates_are_those_of_the_run(self, name: str) -> None:
        # (95 · 0.4 + 5 · 0.2) / 100 = 0.39; nothing recovered would leave 0.38.
        for limit, rate, spent in ((0.389, 0.2, 5.0), (0.391, 0.2, 0.0), (0.389, 0.0, 0.0), (0.9, 0.4, 5.0)):
            rules = quality(kind="warr", min=limit)
            assert bought([name], collateral=rules, buys={"recovery": rate})[0] == pytest.approx(spent)

    def test_a_purchase_leaves_diversity_and_fixed_coupons_as_they_are(self, name: str) -> None:
        rules = {"quality": [{"kind": "diversity", "min": 200.0}, {"kind": "wac", "min": 0.5}]}
        assert bought([name], collateral=rules) == ALL


@pytest.mark.parametrize("name", ["wal", "quality", "maintain_or_improve"])
class TestAverageLife:
    """A loan that is repaid at once on 15 January 2027 beside one of 20 a year.

    On 15 April 2025 the first has 1.75 years to go. What is bought then pays 0.25 % a quarter and the rest after two
    years, on 15 April 2027, before 15 December 2027, a month before the notes mature.
    Its life is 0.25 % · (0.25 + 0.5 + … + 1.75) + 98.25 % · 2 = 0.0175 + 1.965 = 1.9825.
    """

    BULLET: ClassVar[Document] = {
        **LOAN,
        "loan_id": "L2",
        "par": 95.0,
        "amortization_rate": 0.0,
        "maturity": date(2027, 1, 15),
    }
    PAYS: ClassVar[Document] = {**LOAN, "par": 5.0, "original_par": 5.0, "maturity": date(2025, 4, 15)}
    TERM: ClassVar[Document] = {"term_years": 2.0}

    def spent(self, name: str, loans: tuple[Document, ...], **test: Any) -> float:
        rules = quality(kind="wal", **test)
        dates = {"stated_maturity": "2028-01-15"}
        return bought([name], *loans, collateral=rules, buys=self.TERM, **dates)[0]

    def test_the_limit_falls_with_time_from_closing(self, name: str) -> None:
        # (95 · 1.75 + 5 · 1.9825) / 100 = 1.761625, a quarter after closing.
        loans = (self.BULLET, self.PAYS)
        assert self.spent(name, loans, max=2.0117) == pytest.approx(5.0)
        assert self.spent(name, loans, max=2.0116) == 0.0

    def test_the_limit_falls_from_another_date(self, name: str) -> None:
        loans = (self.BULLET, self.PAYS)
        for since in ("2025-07-15", "2025-04-15"):
            assert self.spent(name, loans, max=1.7617, **{"from": since}) == pytest.approx(5.0)
            assert self.spent(name, loans, max=1.7616, **{"from": since}) == 0.0

    def test_a_life_above_the_limit_may_stay_or_fall(self, name: str) -> None:
        longer = {**self.BULLET, "maturity": date(2027, 4, 15)}
        assert self.spent(name, (longer, self.PAYS), max=0.1) == pytest.approx(5.0)
        assert self.spent(name, (self.BULLET, self.PAYS), max=0.1) == 0.0


class TestCcc:
    CCC: ClassVar[Document] = {"rating": "CCC", "price": tiny.constant(0.8)}

    def test_purchases_of_other_loans_are_free(self) -> None:
        low = {**LOAN, "ccc": True, "weak": True, "rating": "CCC"}
        assert bought(["ccc"], low, collateral={"ccc": {"limit": 0.0}}) == ALL

    def test_ccc_loans_are_bought_within_the_limit(self) -> None:
        # 5 buy 6.25; the collateral principal amount of 100 becomes 101.25: 6.1728 %.
        for limit, spent in ((0.0618, 5.0), (0.0617, 0.0)):
            rules = {"ccc": {"limit": limit}}
            assert bought(["ccc"], collateral=rules, buys=self.CCC)[0] == pytest.approx(spent)

    def test_a_limit_of_an_amount_stays(self) -> None:
        for limit, spent in ((0.0782, 5.0), (0.0781, 0.0)):
            rules = {"ccc": {"limit": limit, "base": 80.0}}
            assert bought(["ccc"], collateral=rules, buys=self.CCC)[0] == pytest.approx(spent)

    @pytest.mark.parametrize("name", ["concentration", "maintain_or_improve"])
    @pytest.mark.parametrize("kind", ["ccc", "caa"])
    def test_the_same_is_a_concentration_limit(self, name: str, kind: str) -> None:
        for limit, spent in ((0.0618, 5.0), (0.0617, 0.0)):
            rules = {"concentration": [{"kind": kind, "max": limit}, {"kind": "fixed_rate", "max": 0.0}]}
            assert bought([name], collateral=rules, buys=self.CCC)[0] == pytest.approx(spent)


@settings(generated, max_examples=60)
@given(strategies.cases(features=["purchase_conditions"]))
def test_conditions_never_buy_more_and_lose_no_cash(case: Case) -> None:
    assume(not starts_late(case, schedule(case.deal, as_of=case.as_of)))
    free = {**case.deal, "reinvestment": {}}
    with_them, without = (
        crossing.project(case),
        crossing.project(Case(free, case.loans, case.as_of, case.scenario)),
    )
    assert with_them["conservation_error"] <= 1e-9
    first = [next((row["purchase_cost"] for row in run["collateral"]), 0.0) for run in (with_them, without)]
    assert first[0] <= first[1] + 1e-9 * PAR


@settings(generated, max_examples=60)
@given(strategies.cases(features=["purchase_conditions"]), st.sampled_from(["during", "after"]))
def test_conditions_that_always_hold_change_no_bit(case: Case, when: str) -> None:
    assume(not starts_late(case, schedule(case.deal, as_of=case.as_of)))
    quality = [
        {"kind": "warf", "max": 10_000.0},
        {"kind": "was", "min": -0.05},
        {"kind": "wal", "max": 30.0, "from": "closing"},
        {"kind": "warr", "min": 0.0},
    ]
    collateral = {
        **case.deal["collateral"],
        "quality": quality,
        "concentration": [{"kind": "ccc", "max": 1.0}],
    }
    deal = {**case.deal, "collateral": collateral}
    runs = []
    for asked in ([], ["maintain_or_improve"]):
        rules = {"during": asked} if when == "during" else {"after": {"conditions": asked}}
        runs.append(
            crossing.project(Case({**deal, "reinvestment": rules}, case.loans, case.as_of, case.scenario))
        )
    assert repr(runs[0]) == repr(runs[1])


class TestPricesThatChange:
    """CCC loans at 90 % on the first date and at 95 % from the second on; below 92 % one is a discount obligation."""

    PRICES: ClassVar[Document] = {"kind": "periods", "values": [0.90, 0.95]}

    def spent(self, rule: str, limit: float) -> list[float]:
        deal = tiny.deal_of(dates={"reinvestment_end": "2026-01-15"}, conventions={"discount_in_ccc": rule})
        deal["reinvestment"] = {"during": ["ccc"]}
        deal["collateral"] = {"ccc": {"limit": limit}, "discount": {"below": 0.92}}
        buys = {"price": self.PRICES, "spread": tiny.constant(0.04), "rating": "CCC"}
        case = Case(deal, [LOAN], tiny.CLOSING, tiny.scenario_of(reinvestment=buys))
        ours = crossing.project(case)
        theirs = reference.project(case.deal, case.loans, case.as_of, case.scenario)
        assert not list(differences(ours, theirs, par=100.0))
        return [row["purchase_cost"] for row in ours["collateral"]][:3]

    def test_each_purchase_counts_where_it_is_in_the_set(self) -> None:
        # 5 buy 5.56 beside 95 on the first date: above 5 % of all, so nothing is bought, on the second neither.
        assert self.spent("lower", 0.05) == [0.0, 0.0, 0.0]
        assert self.spent("lower", 0.06)[0] == pytest.approx(5.0)

    def test_a_discount_obligation_that_is_not_in_the_set_asks_nothing_of_its_limit(self) -> None:
        first, second, third = self.spent("excluded", 0.05)
        assert first == pytest.approx(5.0)
        # On the second date 5.01 buy 5.28 at 95 % beside 90 and 5.54 that are not in the set: 5.2 %.
        assert (second, third) == (0.0, 0.0)
        first, second, third = self.spent("excluded", 0.06)
        # On the third date the set would have 10.6 %.
        assert second > 5.0
        assert third == 0.0
