"""Default counts of the Gaussian copula against its closed forms, through the public interface.

A pool of equal bullet loans of one industry with one correlation is the one-factor model `X = √ρ·Y + √(1 − ρ)·ε`,
default if `X ≤ Φ⁻¹(p)`. Given the factor the count is binomial (Andersen, Sidenius and Basu, 2003; Hull and White,
2004); its variance is `p(1 − p)/n + (n − 1)/n · V` with the variance `V` of the large homogeneous pool (Vasicek, 2002).
The figures are those of the shared cases `finite_pool.json` and `vasicek.json`, typed in; where the files lie beside
the checkout the figures are compared with them.
"""

import datetime as dt
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom, norm

import cloche as cl

AS_OF = dt.date(2025, 3, 20)
PATHS = 40_000
ERRORS = 4.0
"""Standard errors that a simulated number may be away."""


class FinitePool(NamedTuple):
    n: int
    p: float
    rho: float
    mean: float
    sd: float
    p_zero: float
    quantiles: dict[float, int]


FINITE_POOLS = [
    FinitePool(125, 0.05, 0.15, 6.25, 5.996761201204771, 0.08150369067429854, {0.5: 5, 0.99: 28, 0.999: 41}),
    FinitePool(
        125, 0.20, 0.20, 25.0, 16.75204769706956, 0.0038747112187238683, {0.5: 22, 0.99: 75, 0.999: 93}
    ),
    FinitePool(
        125, 0.0825, 0.30, 10.3125, 12.251088184720043, 0.1144245507230297, {0.5: 6, 0.99: 57, 0.999: 82}
    ),
    FinitePool(150, 0.05, 0.15, 7.5, 7.1005041329905545, 0.06351039772855013, {0.5: 5, 0.99: 33, 0.999: 49}),
]
VASICEK_VARIANCES = {  # of the default rate, by (p, ρ)
    (0.01, 0.05): 4.0616053805758763e-05,
    (0.01, 0.30): 0.0004563284888631284,
    (0.05, 0.10): 0.00121278912320368,
    (0.05, 0.50): 0.009689428767174898,
    (0.20, 0.20): 0.01681490980934789,
}
QUANTILE_COLUMNS = {0.5: "default_rate_q50", 0.99: "default_rate_q99", 0.999: "default_rate_q999"}


def bullets(n: int, p: float) -> cl.LoanPool:
    """Return equal loans of one industry that repay nothing before their maturity."""
    columns = {
        "loan_id": [f"L{k:04d}" for k in range(n)],
        "obligor_id": [f"O{k:04d}" for k in range(n)],
        "par": [1e6] * n,
        "maturity": [dt.date(2030, 3, 20)] * n,
        "coupon_type": ["floating"] * n,
        "spread": [0.035] * n,
        "amortization_rate": [0.0] * n,
        "industry": ["Software"] * n,
        "pd_1y": [p] * n,
    }
    return cl.LoanPool.from_columns(columns, as_of=AS_OF)


def first_year(n: int, p: float, rho: float, *, seed: int) -> dict[str, float]:
    """Return the pool's row of the first year, in which each company defaults with probability p."""
    deal = cl.templates.us_bsl(par=n * 1e6, closing=AS_OF, static=True, maturity_years=6.0)
    scenario = cl.Scenario(cpr=0.0, recovery=0.6, recovery_lag_months=3, rates=cl.RateCurve.flat(0.04))
    model = cl.GaussianCopula(inter=rho, intra=rho, pd="pd_1y")
    mc = cl.simulate(deal, bullets(n, p), model, scenario=scenario, paths=PATHS, seed=seed)
    columns = mc.pool.to_dict()
    row = columns["horizon"].index("1")
    return {name: values[row] for name, values in columns.items() if name != "horizon"}


def counts(n: int, p: float, rho: float) -> NDArray[np.float64]:
    """Return the exact distribution of the number of defaults, by quadrature over the factor."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(200)
    conditional = norm.cdf((norm.ppf(p) - np.sqrt(rho) * nodes) / np.sqrt(1 - rho))
    mass = binom.pmf(np.arange(n + 1)[:, None], n, conditional[None, :])
    total: NDArray[np.float64] = (mass * weights).sum(axis=1) / weights.sum()
    return total


def error_of_sd(mass: NDArray[np.float64]) -> float:
    """Return the standard error of the standard deviation of a sample of counts: √((μ₄ − σ⁴)/m)/(2σ)."""
    k = np.arange(len(mass))
    centered = k - (mass * k).sum()
    variance, fourth = (mass * centered**2).sum(), (mass * centered**4).sum()
    return float(np.sqrt((fourth - variance**2) / PATHS / (4 * variance)))


@pytest.mark.parametrize("pool", FINITE_POOLS, ids=lambda pool: f"n{pool.n}-p{pool.p}-rho{pool.rho}")
def test_counts_of_a_finite_pool_follow_the_exact_distribution(pool: FinitePool) -> None:
    row = first_year(pool.n, pool.p, pool.rho, seed=11)
    mass = counts(pool.n, pool.p, pool.rho)
    assert mass[0] == pytest.approx(pool.p_zero, abs=1e-6)
    mean, sd = row["company_default_rate"] * pool.n, row["company_default_rate_sd"] * pool.n
    assert abs(mean - pool.mean) <= ERRORS * pool.sd / np.sqrt(PATHS)
    assert row["company_default_rate_se"] * pool.n == pytest.approx(pool.sd / np.sqrt(PATHS), rel=0.05)
    assert abs(sd - pool.sd) <= ERRORS * error_of_sd(mass)
    assert row["defaults_number"] == pytest.approx(mean, rel=1e-12)
    cumulative = np.cumsum(mass)
    for level, exact in pool.quantiles.items():
        simulated = round(row[QUANTILE_COLUMNS[level]] * pool.n)
        slack = ERRORS * np.sqrt(level * (1 - level) / PATHS)
        assert cumulative[exact] >= level > cumulative[exact - 1]
        assert cumulative[simulated] >= level - slack
        assert cumulative[simulated - 1] < level + slack


@pytest.mark.parametrize(("p", "rho"), VASICEK_VARIANCES)
def test_the_variance_of_default_rates_is_that_of_the_large_pool_and_of_independent_companies(
    p: float, rho: float
) -> None:
    n = 60
    row = first_year(n, p, rho, seed=5)
    variance = p * (1 - p) / n + (n - 1) / n * VASICEK_VARIANCES[p, rho]
    sd = row["company_default_rate_sd"]
    assert abs(sd - np.sqrt(variance)) <= ERRORS * error_of_sd(counts(n, p, rho)) / n
    assert abs(row["company_default_rate"] - p) <= ERRORS * np.sqrt(variance / PATHS)
    # Bullets default on all of their par.
    assert row["default_rate"] == pytest.approx(row["company_default_rate"], rel=1e-12)


def load(reference: Path, name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((reference / "cases" / name).read_text())["cases"]
    return cases


def test_the_finite_pools_typed_in_are_those_of_the_shared_case(reference: Path) -> None:
    cases = {
        (case["inputs"]["n"], case["inputs"]["p"], case["inputs"]["rho"]): case["expected"]
        for case in load(reference, "finite_pool.json")
    }
    for pool in FINITE_POOLS:
        expected = cases[pool.n, pool.p, pool.rho]
        assert (pool.sd, pool.p_zero) == (expected["sd_defaults"], expected["p_zero"])
        assert pool.mean == pytest.approx(expected["mean_defaults"], abs=1e-9)
        assert pool.quantiles == {level: expected["quantiles"][str(level)] for level in pool.quantiles}


def test_the_variances_typed_in_are_those_of_the_shared_case(reference: Path) -> None:
    cases = {
        (case["inputs"]["p"], case["inputs"]["rho"]): case["expected"]["default_rate_variance"]
        for case in load(reference, "vasicek.json")
    }
    assert {key: cases[key] for key in VASICEK_VARIANCES} == VASICEK_VARIANCES
