"""Facts that hold in every path of simulations of random indentures: the engine checks cash on every date of each."""

import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings

import cloche as cl
from cloche import _core
from cloche.testing import invariants
from cloche.testing.strategies import PAR, Case
from engine import crossing
from engine.test_states_of_runs import UNCHANGED

PATHS = 5_120
DEALS = 200
MODEL = cl.GaussianCopula(inter=0.15, intra=0.30).canonical_json()


def simulated(case: Case) -> _core.Simulation | None:
    """Return a simulation of a case; none where the engine refuses it by name, or the tape is too late."""
    try:
        deal, pool = _core.Deal(json.dumps(case.deal)), crossing.pool(case)
        return _core.simulate(
            deal,
            pool,
            MODEL,
            json.dumps(case.scenario | {"defaults": {}}),
            None,
            "",
            paths=PATHS,
            seed=7,
            threads=2,
        )
    except (cl.DealError, cl.ScenarioError, cl.TapeError):
        return None


@pytest.mark.slow
def test_cash_is_conserved_in_a_million_paths_of_random_indentures() -> None:
    done = 0

    @settings(
        max_examples=700,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(UNCHANGED)
    def simulate(case: Case) -> None:
        nonlocal done
        mc = simulated(case)
        if mc is None:
            return
        done += 1
        assert mc.tables()["conservation_error"] <= 1e-9
        for path in (0, 1_023, PATHS - 1):
            replayed = crossing.as_rows(mc.replay(path))
            if not (case.deal.get("accounts") or case.deal.get("hedges")):
                invariants.cash_conserved(replayed["ledger"], replayed["collateral"], par=PAR)
            invariants.ledger_is_continuous(replayed["ledger"], par=PAR)
            invariants.balances_continue(replayed["cashflows"], case.deal, par=PAR)
            invariants.interest_is_paid_deferred_or_overdue(replayed["cashflows"], case.deal, par=PAR)

    simulate()
    assert done >= DEALS
    assert done * PATHS >= 1_000_000
