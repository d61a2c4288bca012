"""Facts that hold whatever payment dates a condition brings in: tables by date are sums over paths."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cloche as cl
from engine.told import assert_paths, assert_told

AS_OF = "2025-03-20"
PAR = 200e6
MODEL = cl.GaussianCopula(inter=0.15, intra=0.25)
POOL = cl.synthetic.loan_pool(n=30, seed=5, par=PAR, as_of=AS_OF)
DEAL = cl.templates.us_bsl(par=PAR, closing=AS_OF, reinvestment_years=1.5, maturity_years=8.0)
WORDS = ("ratio('E OC') < {:.3f}", "ratio('E OC') > {:.3f}")


@st.composite
def changes(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an amendment of dates under a condition, with its window."""
    first = draw(st.integers(1, 8))
    last = first + draw(st.integers(0, 6))
    dates: dict[str, Any] = {"payment_frequency_months": draw(st.sampled_from((1, 2, 6)))}
    if draw(st.booleans()):
        dates["stated_maturity"] = (
            f"{2033 + draw(st.integers(1, 2))}-{draw(st.sampled_from(('04', '08')))}-20"
        )
    return {
        "amend": {"dates": dates},
        "when": draw(st.sampled_from(WORDS)).format(draw(st.floats(1.02, 1.09))),
        "from": f"closing + {3 * first + 1}M",
        "until": f"closing + {3 * last + 1}M",
    }


def simulated(events: list[dict[str, Any]], cdr: float, seed: int, **options: Any) -> cl.Simulation:
    scenario = cl.Scenario(
        cdr=cdr,
        cpr=0.15,
        recovery=0.5,
        recovery_lag_months=7,
        rates=cl.RateCurve.flat(0.043),
        events=events,
    )
    return cl.simulate(DEAL, POOL, MODEL, scenario=scenario, paths=16, seed=seed, **options)


@settings(max_examples=12)
@given(change=changes(), cdr=st.floats(0.01, 0.10), seed=st.integers(0, 2**32))
def test_tables_by_date_are_sums_over_the_replayed_paths(
    change: dict[str, Any], cdr: float, seed: int
) -> None:
    assert_told(simulated([change], cdr, seed, keep="cashflows"), paths=16, until=dt.date(2028, 3, 20))
    assert_paths(simulated([change], cdr, seed, keep="paths"), 16)


@settings(max_examples=12)
@given(change=changes(), cdr=st.floats(0.01, 0.10), seed=st.integers(0, 2**32))
def test_a_condition_that_never_holds_changes_no_class(change: dict[str, Any], cdr: float, seed: int) -> None:
    never = simulated([change | {"when": "performing_par < 0"}], cdr, seed)
    plain = simulated([], cdr, seed)
    assert never.conservation_error < 1e-12
    for name in ("expected_loss", "default_probability", "interest_loss", "wal"):
        assert never.notes[name].tolist() == pytest.approx(plain.notes[name].tolist(), rel=1e-9, abs=1e-12), (
            name
        )
    assert never.equity["irr"].tolist() == pytest.approx(plain.equity["irr"].tolist(), rel=1e-9)
