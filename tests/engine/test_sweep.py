"""Sweeps: every point is its own projection, whatever runs beside it, and grids name their points."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cloche as cl
from cloche import _core
from cloche.model.scenario import ScenarioDocument

DEAL = cl.templates.us_bsl(par=500e6, closing="2025-03-20", class_x=4e6)
POOL = cl.synthetic.loan_pool(n=60, seed=5, as_of="2025-03-20")
BASE = cl.Scenario(cdr=0.02, cpr=0.20, recovery=0.60, recovery_lag_months=6, rates=0.043)


def same_as_projections(sweep: cl.Sweep, points: list[int]) -> None:
    for point in points:
        alone, row = sweep.project(point).notes, sweep.notes.filter(point=point)
        for name in alone.columns:
            left, right = row.column(name).python(), alone.column(name).python()
            assert left == right or np.array_equal(left, right, equal_nan=True), (point, name)


def test_the_axes_of_a_grid_are_the_fields_that_the_engine_varies() -> None:
    every = set(ScenarioDocument.model_fields)
    assert set(_core.sweep_fields()) == every
    with pytest.raises(cl.ScenarioError) as error:
        cl.grid(BASE, zzz=[1.0])
    named = str(error.value).partition("known: ")[2].split(", ")
    assert {name for name in named if "." not in name} == every


def test_a_grid_varies_the_scenario_and_the_deal() -> None:
    grid = cl.grid(
        BASE,
        cdr=[0.0, 0.03, {"*": 0.02, "rating:CCC": 0.25}],
        recovery=np.array([0.3, 0.7]),
        rates={"low": 0.01, "high": cl.RateCurve.flat(0.06)},
        deal={"notes.A.coupon.spread": [0.0125, 0.0150], "tests.E OC.trigger": [1.03, 1.06]},
    )
    sweep = cl.sweep(DEAL, POOL, grid)
    assert len(grid) == len(sweep) == 48
    assert sweep.varied == ("notes.A.coupon.spread", "tests.E OC.trigger", "cdr", "recovery", "rates")
    assert sweep.notes["rates"].tolist()[: 2 * len(DEAL.notes) : len(DEAL.notes)] == ["low", "high"]
    assert sweep.points["cdr"].tolist()[:12] == [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]
    assert sweep.conservation_error < 1e-9
    same_as_projections(sweep, [0, 5, 11, 17, 30, 47])


def test_fields_of_the_reinvestment_are_combined_with_each_other() -> None:
    axes: dict[str, Any] = {
        "reinvestment.price": [0.95, 1.0],
        "cdr": [0.01, 0.04],
        "reinvestment.spread": [0.03, 0.04],
    }
    sweep = cl.sweep(DEAL, POOL, cl.grid(BASE, **axes))
    assert sweep.varied == ("reinvestment.price", "reinvestment.spread", "cdr")
    assert len(sweep) == 8
    same_as_projections(sweep, list(range(8)))


def test_scenarios_are_named_or_numbered() -> None:
    named = cl.sweep(DEAL, POOL, {"base": BASE, "stress": BASE.replace(cdr=0.15)})
    assert named.points["scenario"].tolist() == ["base", "stress"]
    numbered = cl.sweep(DEAL, POOL, [BASE, BASE.replace(cdr=0.15)])
    assert numbered.points["scenario"].tolist() == [0, 1]
    assert numbered.notes["irr"].tolist() == named.notes["irr"].tolist()
    same_as_projections(named, [0, 1])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.builds(
            lambda cdr, cpr, recovery, lag, defaults: BASE.replace(
                cdr=cdr, cpr=cpr, recovery=recovery, recovery_lag_months=lag, defaults=defaults
            ),
            st.one_of(st.floats(0, 1), st.lists(st.floats(0, 0.5), min_size=1, max_size=9)),
            st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 0.6)),
            st.floats(0, 1),
            st.sampled_from([0.0, 6.0, 25.0]),
            st.sampled_from([{}, {POOL.texts("obligor_id")[0]: "2027-02-01"}]),
        ),
        min_size=1,
        max_size=24,
    ),
    st.integers(1, 3),
)
def test_any_scenarios_have_the_bits_of_their_projections(scenarios: list[cl.Scenario], threads: int) -> None:
    sweep = cl.sweep(DEAL, POOL, scenarios, threads=threads)
    again = cl.sweep(DEAL, POOL, scenarios, threads=1, portable=True)
    assert sweep == again
    same_as_projections(sweep, sorted({0, len(scenarios) // 2, len(scenarios) - 1}))


def test_a_pivot_is_a_table_of_two_varied_values() -> None:
    sweep = cl.sweep(DEAL, POOL, cl.grid(BASE, cdr=[0.0, 0.05], recovery=[0.3, 0.7]))
    table = sweep.pivot("irr", note="SUB", rows="cdr", columns="recovery")
    assert table.columns == ("cdr", "0.3", "0.7")
    assert table["0.7"].tolist() == sweep.notes.filter(note="SUB", recovery=0.7)["irr"].tolist()
    assert sweep.pivot("irr", note="SUB", rows="recovery").columns == ("recovery", "0.0", "0.05")
    line = cl.sweep(DEAL, POOL, cl.grid(BASE, cdr=[0.0, 0.05])).pivot("wal", note="A")
    assert line.columns == ("cdr", "wal")
    wrong_words = (("yield", "SUB", "cdr"), ("irr", "F", "cdr"), ("irr", "A", "cpr"))
    for value, note, rows in wrong_words:
        with pytest.raises(cl.RunError, match="which the sweep does not have"):
            sweep.pivot(value, note=note, rows=rows)


def test_a_pivot_keeps_the_order_of_the_values_and_has_dates_and_words() -> None:
    rates = {"low": 0.02, "high": 0.05}
    sweep = cl.sweep(DEAL, POOL, cl.grid(BASE, rates=rates, cdr=[0.05, 0.0, 0.02]))
    table = sweep.pivot("last_payment", note="A", rows="cdr", columns="rates")
    assert table.columns == ("cdr", "low", "high")
    assert table["cdr"].tolist() == [0.05, 0.0, 0.02]
    of_a = sweep.notes.filter(note="A")
    for word in rates:
        assert table.column(word).python() == of_a.filter(rates=word).column("last_payment").python()


def test_a_pivot_of_three_varied_values_says_at_which_of_the_third() -> None:
    path = "notes.A.coupon.spread"
    points = cl.grid(BASE, cdr=[0.0, 0.05], recovery=[0.3, 0.7], deal={path: [0.013, 0.019]})
    sweep = cl.sweep(DEAL, POOL, points)
    with pytest.raises(
        cl.RunError, match=r"notes\.A\.coupon\.spread varies, too, over 0\.013, 0\.019: say which"
    ):
        sweep.pivot("irr", note="SUB", rows="cdr", columns="recovery")
    for spread in (0.013, 0.019):
        table = sweep.pivot("irr", note="SUB", rows="cdr", columns="recovery", at={path: spread})
        own = sweep.notes.filter(**{"note": "SUB", "recovery": 0.7, path: spread})
        assert table["0.7"].tolist() == own["irr"].tolist()
    with pytest.raises(cl.RunError, match=r"expected one of 0\.013, 0\.019"):
        sweep.pivot("irr", note="SUB", rows="cdr", columns="recovery", at={path: 0.015})
    with pytest.raises(cl.RunError, match="'cdr' twice"):
        sweep.pivot("irr", note="SUB", rows="cdr", columns="cdr")


def test_what_cannot_be_swept_is_refused_with_its_place() -> None:
    with pytest.raises(cl.ScenarioError) as unknown:
        cl.grid(BASE, cdrs=[0.1], recovry=[0.2])
    assert [p.place for p in unknown.value.problems] == ["cdrs", "recovry"]
    assert "did you mean 'cdr'?" in str(unknown.value)
    with pytest.raises(cl.ScenarioError) as wrong:
        cl.grid(BASE, cdr=[0.1, 2.0], recovery=[-0.1], cpr=[], deal={"notes.A.balance": []})
    places = [p.place for p in wrong.value.problems]
    assert places == ["cpr", "notes.A.balance", "cdr[1]", "recovery[0]"]
    with pytest.raises(cl.DealError) as misfit:
        cl.sweep(
            DEAL, POOL, cl.grid(BASE, deal={"notes.Z.balance": [1e6], "tests.E OC.trigger": [1.0, -1.0]})
        )
    assert "notes.Z" in str(misfit.value)
    with pytest.raises(cl.RunError, match="found none"):
        cl.sweep(DEAL, POOL, [])
    with pytest.raises(TypeError, match="expected Scenario"):
        cl.sweep(DEAL, POOL, [0.02])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="expected Scenario"):
        cl.grid(0.02)  # type: ignore[arg-type]
    nobody = BASE.replace(cdr={"*": 0.02, "obligor:nobody": 0.5})
    with pytest.raises(cl.ScenarioError) as stranger:
        cl.sweep(DEAL, POOL, [BASE, nobody])
    assert stranger.value.problems[0].place.startswith("scenarios[1].cdr")


def test_a_problem_of_many_values_is_told_once() -> None:
    spreads = [k / 1000 for k in range(17)]
    points = cl.grid(BASE, deal={"notes.Q.coupon.spread": spreads})
    with pytest.raises(cl.DealError) as deal:
        cl.sweep(DEAL, POOL, points)
    ((place, message),) = deal.value.problems
    assert place == "notes.Q.coupon.spread"
    assert message.endswith("(with notes.Q.coupon.spread = 0.0, and 16 more)")
    with pytest.raises(cl.ScenarioError) as scenario:
        cl.grid(BASE, rates=[{"flt": spread} for spread in spreads], cdr=[0.02, 2.0])
    assert [tuple(problem) for problem in scenario.value.problems] == [
        (
            "rates[0]",
            "found no index and no kind of curve; did you mean 'flat'? (and 16 more of its values)",
        ),
        (
            "cdr[1]",
            "found 2.0, expected a default rate a year from 0 to 1; 2 looks like percent; write 0.02 or 2%",
        ),
    ]


def test_a_sweep_is_pickled_and_written_without_its_pool(tmp_path: Path) -> None:
    sweep = cl.sweep(DEAL, POOL, cl.grid(BASE, cdr=[0.0, 0.05]))
    again = pickle.loads(pickle.dumps(sweep))  # noqa: S301 - our own
    assert again == sweep
    assert again.summary() == sweep.summary()
    with pytest.raises(cl.RunError, match="pickled"):
        again.project(0)
    with pytest.raises(cl.RunError, match="from 0 to 1"):
        sweep.project(2)
    names = {path.name for path in sweep.write(tmp_path, form="csv")}
    assert names == {"points.csv", "notes.csv", "manifest.json"}


def test_progress_is_told_and_an_error_of_it_ends_the_sweep() -> None:
    seen: list[tuple[int, int]] = []
    cl.sweep(
        DEAL, POOL, cl.grid(BASE, cdr=[0.0, 0.05]), on_progress=lambda done, total: seen.append((done, total))
    )
    assert seen[-1] == (2, 2)

    def stop(_done: int, _total: int) -> None:
        raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        cl.sweep(DEAL, POOL, cl.grid(BASE, cdr=np.linspace(0, 0.2, 2000)), on_progress=stop)


def test_an_interrupted_sweep_keeps_the_points_that_are_done() -> None:
    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    grid = cl.grid(BASE, cdr=np.linspace(0, 0.3, 300), recovery=np.linspace(0.2, 0.8, 300))
    with pytest.raises(cl.Cancelled, match=r"interrupted after [\d,]+ of 90,000 points") as stopped:
        cl.sweep(DEAL, POOL, grid, threads=1, on_progress=stop)
    partial = stopped.value.partial
    assert isinstance(partial, cl.Sweep)
    assert 0 < len(partial) < 90_000
    same_as_projections(partial, [0, len(partial) // 2])
