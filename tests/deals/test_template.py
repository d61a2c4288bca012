"""The template at its base case is the deal that the literature describes."""

from __future__ import annotations

import cloche as cl


def test_class_a_of_the_template_lives_between_six_point_two_and_six_point_eight_years() -> None:
    deal = cl.templates.us_bsl(par=500e6, closing="2025-03-20")
    pool = cl.synthetic.loan_pool(n=200, seed=7, as_of="2025-03-20")
    base = cl.Scenario(
        cdr=0.02, cpr=0.20, recovery=0.70, recovery_lag_months=6, rates=cl.RateCurve.flat(0.043)
    )
    run = cl.project(deal, pool, base)
    assert 6.2 <= run.notes.filter(note="A")["wal"][0] <= 6.8
    assert run.conservation_error < 1e-9
