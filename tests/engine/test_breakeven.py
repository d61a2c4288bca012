"""Break-even values: the last value that holds, and the first that does not."""

from typing import Any

import pytest

import cloche as cl

DEAL = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
POOL = cl.synthetic.loan_pool(n=60, seed=5, as_of="2025-03-20")
BASE = cl.Scenario(cdr=0.02, cpr=0.20, recovery=0.55, recovery_lag_months=6, rates=0.043)


def hurt(notes: cl.Table, note: str, criterion: str) -> bool:
    row = next(notes.filter(note=note).rows())
    unpaid = row["principal_loss"]
    if criterion != "principal":
        unpaid += row["interest_loss"]
    if criterion == "timely_interest":
        unpaid += row["max_deferred"] + row["max_interest_shortfall"]
    return bool(unpaid > 1e-6 * row["original_balance"])


@pytest.mark.parametrize("criterion", ["principal", "no_loss", "timely_interest"])
@pytest.mark.parametrize("note", ["C", "D", "E"])
def test_a_class_is_paid_at_the_break_even_and_not_above_it(note: str, criterion: Any) -> None:
    found = cl.breakeven(DEAL, POOL, BASE, note=note, criterion=criterion)
    assert found.value is not None
    assert not found.capped
    at = cl.project(DEAL, POOL, BASE.replace(cdr=found.value))
    above = cl.project(DEAL, POOL, BASE.replace(cdr=found.value + 1e-4))
    assert not hurt(at.notes, note, criterion)
    assert hurt(above.notes, note, criterion)
    assert found.cumulative_default_rate == pytest.approx(
        at.collateral["new_defaults"].sum() / 500e6, rel=1e-9
    )


def test_more_senior_classes_and_milder_criteria_hold_longer() -> None:
    def value(note: str, criterion: Any = "principal") -> float:
        found = cl.breakeven(DEAL, POOL, BASE, note=note, criterion=criterion).value
        assert found is not None
        return found

    assert value("B") > value("C") > value("D") > value("E")
    assert value("D") >= value("D", "no_loss") >= value("D", "timely_interest")


def test_a_class_that_holds_everywhere_or_nowhere_says_so() -> None:
    whole = cl.breakeven(DEAL, POOL, BASE, note="A", high=0.05)
    assert whole.capped
    assert whole.value == 0.05
    ruined = BASE.replace(recovery=0.0, cpr=0.0, defaults={})
    nowhere = cl.breakeven(DEAL, POOL, ruined, note="E", low=0.3, high=0.5)
    assert nowhere.value is None
    assert nowhere.cumulative_default_rate is None
    assert not nowhere.capped


def test_a_recovery_breaks_even_from_above_and_a_number_of_the_deal_can_vary() -> None:
    stress = BASE.replace(cdr=0.08)
    found = cl.breakeven(DEAL, POOL, stress, vary="recovery", note="D")
    assert found.value is not None
    assert hurt(cl.project(DEAL, POOL, stress.replace(recovery=found.value - 1e-4)).notes, "D", "principal")
    assert not hurt(cl.project(DEAL, POOL, stress.replace(recovery=found.value)).notes, "D", "principal")
    fee = cl.breakeven(DEAL, POOL, BASE, vary="fees.senior.rate", low=0.0, high=0.05, note="E")
    assert fee.value is not None
    changed = DEAL.replace({"fees.senior.rate": fee.value + 1e-4})
    assert hurt(cl.project(changed, POOL, BASE).notes, "E", "principal")


def test_what_has_no_break_even_is_refused() -> None:
    with pytest.raises(cl.RunError, match="note: found 'SUB'"):
        cl.breakeven(DEAL, POOL, BASE, note="SUB")
    with pytest.raises(cl.RunError, match="criterion: found 'rating'"):
        cl.breakeven(DEAL, POOL, BASE, criterion="rating")  # type: ignore[arg-type]
    with pytest.raises(cl.RunError, match="give low and high"):
        cl.breakeven(DEAL, POOL, BASE, vary="tests.E OC.trigger")
    with pytest.raises(cl.RunError, match="low below high"):
        cl.breakeven(DEAL, POOL, BASE, low=0.4, high=0.1)
    for vary in ("crd", "market_spreads", None):
        with pytest.raises(
            cl.RunError, match=r"vary: found .*, expected a number of the scenario \(cdr, cpr"
        ):
            cl.breakeven(DEAL, POOL, BASE, vary=vary, low=0.0, high=0.1)  # type: ignore[arg-type]
    with pytest.raises(cl.RunError, match="low: found '0%', expected a number"):
        cl.breakeven(DEAL, POOL, BASE, low="0%")  # type: ignore[arg-type]


def test_a_range_that_cannot_be_is_refused_once_and_not_for_each_point() -> None:
    with pytest.raises(cl.ScenarioError) as scenario:
        cl.breakeven(DEAL, POOL, BASE, high=1.2)
    assert str(scenario.value).splitlines() == [
        "cdr cannot vary from 0 to 1.2",
        "cdr: found 1.2, expected a default rate a year from 0 to 1",
    ]
    with pytest.raises(cl.DealError) as deal:
        cl.breakeven(DEAL, POOL, BASE, vary="fees.senor.rate", low=0.0, high=0.1)
    assert str(deal.value).splitlines()[1:] == [
        "fees.senor.rate: no entry begins 'senor.rate'; did you mean 'senior'?"
    ]


def test_rates_vary_as_one_flat_curve() -> None:
    stress = BASE.replace(cdr=0.05)
    found = cl.breakeven(DEAL, POOL, stress, vary="rates", note="E", low=0.0, high=0.10)
    assert found.value is not None
    above, at = (
        cl.project(DEAL, POOL, stress.replace(rates=cl.RateCurve.flat(rate))).notes
        for rate in (found.value + 1e-4, found.value)
    )
    assert hurt(above, "E", "principal")
    assert not hurt(at, "E", "principal")


def test_a_search_tells_how_far_it_is() -> None:
    told: list[tuple[int, int]] = []
    found = cl.breakeven(
        DEAL, POOL, BASE, note="E", on_progress=lambda done, total: told.append((done, total))
    )
    assert found.value == cl.breakeven(DEAL, POOL, BASE, note="E").value
    counts, totals = zip(*told, strict=True)
    assert len(set(totals)) == 1
    assert list(counts) == sorted(counts)
    assert told[-1] == (totals[0], totals[0])
    assert counts[0] < totals[0]
