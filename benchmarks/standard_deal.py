"""The standard work: 150 loans, 48 quarters, five classes and equity, 45 steps a quarter.

The same deal in two forms: numbers for the NumPy and Numba programs (`standard_deal`), and an ordinary
document, tape, scenario and model for cloche (`document`, `tape`, `scenario`, `model`). Money in US
dollars, rates as decimals a year.

Closing and as-of date are 15 January 2026; payment dates are unadjusted quarters, and collections fall into
the accrual period (`cash_timing: period`), so a period is the same for loans and notes. The index is flat.
Loans are bullets that prepay at one rate; what is collected until the reinvestment period ends buys
six-year loans that repay 1 % a year. Loan i defaults at the time whose cumulative probability 1 - exp(-hazard
t) its latent variable sqrt(rho) M + sqrt(1 - rho) e reaches; reinvested loans default at the rate of a
fine-grained pool given M.
"""

import datetime as dt
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CLOSING = dt.date(2026, 1, 15)
LOANS = 150
PERIODS = 48
REINVESTMENT_PERIODS = 20
CORRELATION = 0.20
INDEX = 0.04
PREPAYMENT = 0.20
RECOVERY_LAG_MONTHS = 6
TOTAL_PAR = 500e6

CLASSES = ("A", "B", "C", "D", "E")
BALANCES = (310e6, 60e6, 30e6, 30e6, 22.5e6)
SPREADS = (0.0135, 0.0185, 0.0240, 0.0345, 0.0665)
DEFERRABLE = (False, False, True, True, True)
EQUITY = 47.5e6

# Coverage levels: through B, C, D, E.
OC_TRIGGERS = (1.250, 1.165, 1.100, 1.055)
IC_TRIGGERS = (1.20, 1.15, 1.10, 1.05)
DIVERSION_TRIGGER = 1.060
DIVERSION_SHARE = 0.50
HURDLE = 0.12
INCENTIVE_SHARE = 0.20

NEW_SPREAD = 0.0375
NEW_PD = 0.033
NEW_RECOVERY = 0.57
NEW_TERM_YEARS = 6
NEW_AMORTIZATION = 0.01


class Fee(NamedTuple):
    """A fee: rate on the fee basis a year, fixed a year, fixed a period; the cap of its senior place."""

    name: str
    rate: float = 0.0
    fixed_per_year: float = 0.0
    amount_per_period: float = 0.0
    cap_rate: float | None = None
    cap_fixed: float = 0.0


# In the order of their senior places; the last one is paid after the classes.
FEES = (
    Fee("taxes", amount_per_period=5_000.0),
    Fee("registered office", amount_per_period=2_500.0),
    Fee("trustee", rate=0.0001),
    Fee("collateral administrator", fixed_per_year=60_000.0),
    Fee("administrator", rate=0.0002, fixed_per_year=100_000.0, cap_rate=0.00015, cap_fixed=75_000.0),
    Fee("rating agencies", fixed_per_year=150_000.0, cap_rate=0.0, cap_fixed=100_000.0),
    Fee("senior management", rate=0.0015),
    Fee("subordinated management", rate=0.0025),
)
CAPPED = ("administrator", "rating agencies")


class StandardDeal(NamedTuple):
    """The standard deal as numbers. Arrays over periods hold period t at index t - 1."""

    periods: int
    reinvestment_periods: int
    lag: int
    correlation: float
    index_rate: float
    prepaid: float
    """Share of the par that prepays in a period."""
    total: float
    par: Floats
    spread: Floats
    maturity: Integers
    """Period in which each loan is repaid."""
    hazard: Floats
    recovery: Floats
    fraction: Floats
    """Actual/360 year fraction of each period."""
    years: Floats
    """Actual/365 time from closing to each payment date."""
    discount: Floats
    balance: Floats
    coupon: Floats
    deferrable: NDArray[np.bool_]
    equity: float
    oc_trigger: Floats
    ic_trigger: Floats
    diversion_trigger: float
    diversion_share: float
    hurdle_growth: Floats
    incentive_share: float
    fee_rate: Floats
    fee_fixed: Floats
    fee_amount: Floats
    cap_rate: Floats
    cap_fixed: Floats
    """Infinite where there is no cap."""
    new_spread: float
    new_recovery: float
    new_term: int
    new_instalment: float
    new_threshold: Floats
    """Latent threshold of reinvested loans by period; index 0 is minus infinity."""


def payment_dates() -> list[dt.date]:
    """Return closing and the payment dates."""
    months = [12 * CLOSING.year + CLOSING.month - 1 + 3 * t for t in range(PERIODS + 1)]
    return [dt.date(month // 12, month % 12 + 1, CLOSING.day) for month in months]


def standard_deal() -> StandardDeal:
    """Return the deal as numbers; the same in every run."""
    random = np.random.Generator(np.random.PCG64(150_048))
    par = random.gamma(6.0, 1.0, LOANS) + 0.5
    par = np.round(par * (TOTAL_PAR / par.sum()), 2)
    par[0] += round(TOTAL_PAR - par.sum(), 2)
    pd = np.clip(random.gamma(2.5, 0.0145, LOANS), 0.003, 0.15)
    dates = payment_dates()
    days = np.array([(b - a).days for a, b in pairwise(dates)], dtype=np.float64)
    quarters = np.arange(PERIODS + 1) / 4.0
    with np.errstate(divide="ignore"):
        new_threshold = ndtri(1.0 - (1.0 - NEW_PD) ** quarters)
    return StandardDeal(
        periods=PERIODS,
        reinvestment_periods=REINVESTMENT_PERIODS,
        lag=RECOVERY_LAG_MONTHS // 3,
        correlation=CORRELATION,
        index_rate=INDEX,
        prepaid=1.0 - (1.0 - PREPAYMENT) ** 0.25,
        total=TOTAL_PAR,
        par=par,
        spread=np.round(random.normal(0.0385, 0.0045, LOANS).clip(0.0275, 0.0525), 4),
        maturity=random.integers(12, 29, LOANS),
        hazard=np.asarray(np.round(-np.log1p(-pd), 6), dtype=np.float64),
        recovery=np.round(random.beta(12.0, 9.0, LOANS), 4),
        fraction=days / 360.0,
        years=np.cumsum(days) / 365.0,
        discount=np.exp(-INDEX * quarters[1:]),
        balance=np.array(BALANCES),
        coupon=INDEX + np.array(SPREADS),
        deferrable=np.array(DEFERRABLE),
        equity=EQUITY,
        oc_trigger=np.array(OC_TRIGGERS),
        ic_trigger=np.array(IC_TRIGGERS),
        diversion_trigger=DIVERSION_TRIGGER,
        diversion_share=DIVERSION_SHARE,
        hurdle_growth=(1.0 + HURDLE) ** (days / 365.0),
        incentive_share=INCENTIVE_SHARE,
        fee_rate=np.array([fee.rate for fee in FEES]),
        fee_fixed=np.array([fee.fixed_per_year for fee in FEES]),
        fee_amount=np.array([fee.amount_per_period for fee in FEES]),
        cap_rate=np.array([fee.cap_rate or 0.0 for fee in FEES]),
        cap_fixed=np.array([np.inf if fee.cap_rate is None else fee.cap_fixed for fee in FEES]),
        new_spread=NEW_SPREAD,
        new_recovery=NEW_RECOVERY,
        new_term=4 * NEW_TERM_YEARS,
        new_instalment=NEW_AMORTIZATION / 4.0,
        new_threshold=new_threshold,
    )


def normals(deal: StandardDeal, seed: int, block: int, paths: int) -> Floats:
    """Return independent normals of one block of paths; column 0 is the common factor."""
    generator = np.random.Generator(np.random.SFC64([seed, block]))
    return generator.standard_normal((paths, len(deal.par) + 1))


def pool_without_defaults(deal: StandardDeal) -> tuple[Floats, Floats, Floats]:
    """Return par, par times spread and maturing par by period (index t), before prepayment."""
    shape = deal.periods + 2
    alive = deal.maturity[:, None] >= np.arange(shape)[None, :]
    par = (deal.par[:, None] * alive).sum(axis=0)
    income = ((deal.par * deal.spread)[:, None] * alive).sum(axis=0)
    maturing = np.bincount(deal.maturity, weights=deal.par, minlength=shape)
    return par, income, maturing.astype(np.float64)


# Outputs of every program, one row a path: losses and present values over original balances, average lives (0
# for a class that received no principal), present value of the equity over its par, its IRR, and the
# difference of cash in and cash out over cash in.
OUTPUTS = (
    *(f"loss {name}" for name in CLASSES),
    *(f"pv {name}" for name in CLASSES),
    *(f"wal {name}" for name in CLASSES),
    "pv equity",
    "irr equity",
    "cash difference",
)
LOSS, PV, WAL, PV_EQUITY, IRR, CASH = slice(0, 5), slice(5, 10), slice(10, 15), 15, 16, 17


def document() -> dict[str, Any]:
    """Return the deal as a document."""
    dates = payment_dates()
    interest: list[dict[str, Any]] = [
        {"pay_fee": {"fee": fee.name, "part": "capped"} if fee.name in CAPPED else fee.name}
        for fee in FEES[:-1]
    ]
    interest += [{"pay_interest": "A"}, {"pay_interest": "B"}, {"cure": ["B OC"]}, {"cure": ["B IC"]}]
    for name in ("C", "D", "E"):
        interest += [
            {"pay_interest": name},
            {"cure": [f"{name} OC"]},
            {"cure": [f"{name} IC"]},
            {"pay_deferred_interest": name},
        ]
    diversion = {"test": "Reinvestment OC", "share": DIVERSION_SHARE, "to": "principal"}
    residual: list[dict[str, Any]] = [
        {"pay_residual": {"to": "SUB", "until": "incentive"}},
        {"incentive_fee": "incentive"},
        {"pay_residual": "SUB"},
    ]
    interest += [
        {"divert": diversion, "when": "during_reinvestment"},
        {"pay_fee": FEES[-1].name},
        *({"pay_fee": {"fee": name, "part": "above_cap"}} for name in CAPPED),
        *residual,
    ]
    principal: list[dict[str, Any]] = [{"pay_shortfalls": {"through": "B"}}]
    principal += [{"cure": [f"{name} {kind}"]} for name in CLASSES[1:] for kind in ("OC", "IC")]
    principal += [
        {"reinvest": "all", "when": "during_reinvestment"},
        {"pay_principal": "note_payment_sequence"},
        {"pay_fee": FEES[-1].name},
        *residual,
    ]
    tests: list[dict[str, Any]] = []
    for level, name in enumerate(CLASSES[1:]):
        for kind, trigger in (("oc", OC_TRIGGERS[level]), ("ic", IC_TRIGGERS[level])):
            tests.append(
                {
                    "name": f"{name} {kind.upper()}",
                    "kind": kind,
                    "through": name,
                    "trigger": trigger,
                    "first_date": "first_determination",
                }
            )
    tests.append(
        {
            "name": "Reinvestment OC",
            "kind": "oc",
            "through": "E",
            "trigger": DIVERSION_TRIGGER,
            "first_date": "first_determination",
        }
    )
    return {
        "cloche": 1,
        "name": "Standard work",
        "currency": "USD",
        "target_par": TOTAL_PAR,
        "dates": {
            "closing": CLOSING.isoformat(),
            "first_payment": dates[1].isoformat(),
            "payment_frequency_months": 3,
            "reinvestment_end": (dates[REINVESTMENT_PERIODS] + dt.timedelta(days=15)).isoformat(),
            "stated_maturity": dates[-1].isoformat(),
            "calendars": [],
            "roll": "none",
        },
        "notes": [
            {
                "name": name,
                "balance": BALANCES[k],
                "rank": k + 1,
                "coupon": {"index": "sofr_3m", "spread": SPREADS[k]},
                "deferrable": DEFERRABLE[k],
            }
            for k, name in enumerate(CLASSES)
        ]
        + [{"name": "SUB", "balance": EQUITY, "residual": True}],
        "fees": [fee_document(fee) for fee in FEES]
        + [{"name": "incentive", "hurdles": [{"irr": HURDLE, "share": INCENTIVE_SHARE}]}],
        "tests": tests,
        "collateral": {"defaulted_value": "recovery"},
        "waterfalls": {"interest": interest, "principal": principal},
        "conventions": {"cash_timing": "period"},
    }


def fee_document(fee: Fee) -> dict[str, Any]:
    """Return a fee as part of the document."""
    entry: dict[str, Any] = {"name": fee.name}
    if fee.amount_per_period > 0.0:
        return entry | {"amount_per_period": fee.amount_per_period}
    entry |= {"rate": fee.rate, "fixed_per_year": fee.fixed_per_year, "base": "fee_basis"}
    if fee.cap_rate is not None:
        entry["cap"] = {"rate": fee.cap_rate, "fixed_per_year": fee.cap_fixed}
    return entry


def tape(deal: StandardDeal) -> dict[str, Any]:
    """Return the loans as columns of a tape."""
    dates = payment_dates()
    names = [f"L{i:03d}" for i in range(len(deal.par))]
    return {
        "loan_id": names,
        "obligor_id": [f"company {name}" for name in names],
        "par": deal.par,
        "maturity": [dates[int(period)] for period in deal.maturity],
        "coupon_type": ["floating"] * len(names),
        "index": ["sofr_3m"] * len(names),
        "spread": deal.spread,
        "floor": np.zeros(len(names)),
        "amortization_rate": np.zeros(len(names)),
        "market_price": np.full(len(names), 0.98),
        "recovery": deal.recovery,
        "hazard": deal.hazard,
    }


def scenario() -> dict[str, Any]:
    """Return the scenario as a document."""
    return {
        "cpr": PREPAYMENT,
        "recovery_lag_months": RECOVERY_LAG_MONTHS,
        "rates": {"flat": INDEX},
        "reinvestment": {
            "price": 1.0,
            "spread": NEW_SPREAD,
            "floor": 0.0,
            "term_years": NEW_TERM_YEARS,
            "recovery": NEW_RECOVERY,
            "pd": NEW_PD,
        },
    }
