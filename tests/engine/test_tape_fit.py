"""A tape beside its deal: what a run warns of, once, and goes on."""

from __future__ import annotations

import pytest

import cloche as cl
from cloche.errors import TapeError
from cloche.tape_fit import late, tape_doubts

DEAL = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
BASE = cl.Scenario(cdr=0.02, cpr=0.20, recovery=0.70, recovery_lag_months=6, rates=0.043)


def pool(*, par: float = 500e6, as_of: str = "2025-03-20", undrawn: float = 0.0) -> cl.LoanPool:
    """Return five loans of equal par."""
    return cl.LoanPool.from_columns(
        {
            "loan_id": ["L1", "L2", "L3", "L4", "L5"],
            "obligor_name": ["Alder", "Birch", "Cedar", "Delta", "Echo"],
            "par": [par / 5] * 5,
            "par_unfunded": [undrawn / 5] * 5,
            "maturity": ["2031-06-30"] * 5,
            "spread": [0.035] * 5,
        },
        as_of=as_of,
    )


def test_a_tape_of_closing_with_about_the_target_par_is_no_doubt(caplog: pytest.LogCaptureFixture) -> None:
    for par in (250e6, 500e6, 1000e6):
        assert tape_doubts(DEAL, pool(par=par)) == []
    cl.project(DEAL, pool(), BASE)
    assert not caplog.records


def test_par_of_another_size_is_doubted_with_what_is_not_drawn() -> None:
    for par in (249e6, 1001e6, 500e3):
        [problem] = tape_doubts(DEAL, pool(par=par))
        assert f"found {par:,.0f} in all, the target par is 500,000,000" in problem.message
    assert tape_doubts(DEAL, pool(par=200e6, undrawn=50e6)) == []
    ramping = DEAL.replace({"closing.ramp_up_cash": 300e6})
    assert tape_doubts(ramping, pool(par=200e6)) == []


def test_loans_that_outlast_a_reset_that_brings_the_maturity_forward_are_doubted() -> None:
    into = cl.templates.us_bsl(par=500e6, closing="2027-07-20", name="Second").to_dict()
    for last, doubted in (("2031-04-20", True), ("2031-07-20", False)):
        into["dates"] |= {"reinvestment_end": "2029-07-20", "stated_maturity": last}
        deal = DEAL.replace({"events": [{"date": "2027-07-20", "reset": {"into": into}}]})
        place = "events[0].reset.into.dates.stated_maturity"
        (said,) = [problem for problem in deal.warnings if problem.place == place]
        assert f"{last} is before 2038-04-20" in said.message
        found = tape_doubts(deal, pool())
        assert [problem.place for problem in found] == [place] * doubted
        if doubted:
            assert "5 loans with 500,000,000 of par mature later" in found[0].message


def test_a_run_on_a_tape_of_after_closing_warns_once(caplog: pytest.LogCaptureFixture) -> None:
    told = "tape.as_of: found 2025-06-30, after closing 2025-03-20: the notes accrue interest from closing"
    seasoned = pool(as_of="2025-06-30")
    model = cl.GaussianCopula(inter=0.1, intra=0.2)
    calls = (
        lambda: cl.project(DEAL, seasoned, BASE),
        lambda: cl.simulate(DEAL, seasoned, model, scenario=BASE, paths=10, seed=1),
        lambda: cl.sweep(DEAL, seasoned, cl.grid(BASE, cdr=[0.0, 0.02])),
        lambda: cl.breakeven(DEAL, seasoned, BASE, note="E"),
    )
    for call in calls:
        caplog.clear()
        call()
        assert [record.name for record in caplog.records] == ["cloche"]
        assert told in caplog.text
        assert "state=" in caplog.text


def test_a_run_from_a_state_does_not_doubt_its_tape(caplog: pytest.LogCaptureFixture) -> None:
    seasoned = pool(as_of="2025-06-30")
    state = cl.project(DEAL, seasoned, BASE).state_at("2027-04-20")
    caplog.clear()
    cl.project(DEAL, seasoned, BASE, state=state)
    assert not caplog.records


@pytest.mark.parametrize(("as_of", "fits"), [("2025-10-06", True), ("2025-10-07", False)])
def test_a_late_tape_is_told_in_the_words_of_the_engine(as_of: str, fits: bool) -> None:
    assert str(DEAL.schedule()["collection_end"][0]) == "2025-10-07"
    problems = list(late(DEAL, pool(as_of=as_of)))
    if fits:
        assert problems == []
        cl.project(DEAL, pool(as_of=as_of), BASE)
        return
    with pytest.raises(TapeError) as error:
        cl.project(DEAL, pool(as_of=as_of), BASE)
    assert problems == error.value.problems
