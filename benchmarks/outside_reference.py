"""Compare cloche with an outside program for a like deal, and say what every rule that differs is worth.

    python benchmarks/outside_reference.py [--paths 400000]

The outside deal (`deal.json`) and the figures of its 400,000 paths (`reference_400k.json`) are read from the
folder `shared/bench` beside the checkout; without it there is nothing to compare, and the program says so.
It is a deal of 150 loans, 48 quarters, five classes and equity, simpler than the standard work: two fees,
four OC and three IC tests that pay down notes from interest. Its rules are not all those of cloche. So one
simulator follows either set, with a switch for every rule that differs (`RULES`), and three things are shown:

1. With every switch at the outside rules it reproduces the outside figures, from draws of its own.
2. With the switches at cloche's rules it agrees with `cl.simulate` of the deal as a document: the nearest
   document, which states all that a document can state, and a plain one.
3. Each switch alone, on the same draws: what the rule changes.

A mean farther than four standard errors of the difference ends the program with an error. Means to which
fewer than ten paths contribute are printed and not judged; nor are quantiles, whose errors are those of order
statistics.
"""

import argparse
import datetime as dt
import json
import math
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

import cloche as cl
from standard_deal import CLASSES, CLOSING, Floats, payment_dates

FOLDER = Path(__file__).resolve().parent.parent.parent / "shared" / "bench"
SEED = 20_260
BLOCK = 1_000
LARGEST_DISTANCE = 4.0
FEWEST_PATHS = 10
LEVELS = (0.01, 0.05, 0.25, 0.50, 0.75, 0.95, 0.99)

# Outputs of a path; a class without an average life in it has NaN there.
LOSS, PV, LIFE, UNPAID = slice(0, 5), slice(5, 10), slice(10, 15), slice(15, 20)
PV_EQUITY, IRR, MULTIPLE, CASH, OUTPUTS = 20, 21, 22, 23, 24


class Rule(NamedTuple):
    """A rule that differs, in words; `stated` when a document can ask for the outside one."""

    name: str
    outside: str
    cloche: str
    stated: bool = False


RULES = (
    Rule(
        "cured tests",
        "a test that failed when the date opened sends all principal to the notes, cured or not",
        "principal buys loans when the tests hold after the cures",
        stated=True,
    ),
    Rule(
        "late deferral",
        "unpaid interest defers at once: it counts in the OC tests of its date, principal repays it then",
        "it defers when the date closes: it counts from the next date on, until then it is paid as interest",
    ),
    Rule(
        "deferral apart",
        "deferred interest becomes principal: it is in losses and average lives",
        "it has a ledger of its own, paid before principal: losses and average lives are of principal",
    ),
    Rule(
        "senior class",
        "C, D, E always defer",
        "the most senior class outstanding may not: what it is not paid is overdue, outside tests and losses",
    ),
    Rule(
        "late interest",
        "overdue interest bears no interest",
        "it bears the coupon",
    ),
    Rule(
        "IC relief",
        "an IC cure counts the interest that a paydown saves at the coupon of A",
        "at the coupons of the classes that it pays",
    ),
    Rule(
        "fee on cash",
        "fees run on par after the purchases of the date before, without principal that went to notes",
        "fees run on par and cash of the determination date, the cash in the reinvestment period only",
    ),
    Rule(
        "fee basis",
        "fees run on performing par",
        "fees run on performing par, principal cash and defaulted par of the determination date before",
        stated=True,
    ),
    Rule(
        "fee arrears",
        "a fee that is not paid on its date is not owed later",
        "it is owed on the next date",
        stated=True,
    ),
    Rule(
        "instalments",
        "reinvested loans are bullets",
        "they repay 1 % a year",
    ),
    Rule(
        "empty pool",
        "what the classes are still owed bears interest up to the last date",
        "a path ends, and interest with it, when neither par nor cash nor a recovery is left",
    ),
    Rule(
        "dated time",
        "average lives and IRR count quarters of a year",
        "they count days, actual/365",
    ),
    Rule(
        "life of the repaid",
        "an average life is over the original balance, so that a class not repaid has a short one",
        "it is over the principal repaid, in the paths that repay some",
    ),
)
(
    CURED_TESTS,
    LATE_DEFERRAL,
    DEFERRAL_APART,
    SENIOR_CLASS,
    LATE_INTEREST,
    IC_RELIEF,
    FEE_ON_CASH,
    FEE_BASIS,
    FEE_ARREARS,
    INSTALMENTS,
    EMPTY_POOL,
    DATED_TIME,
    LIFE_OF_REPAID,
) = range(len(RULES))


class Deal(NamedTuple):
    """The outside deal as numbers. Arrays over periods hold period t at index t - 1."""

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
    maturity: NDArray[np.int64]
    """Period in which each loan is repaid."""
    hazard: Floats
    recovery: Floats
    threshold: Floats
    """Each loan's latent threshold at its maturity."""
    fraction: Floats
    """Actual/360 year fraction of each period."""
    days: Floats
    discount: Floats
    balance: Floats
    coupon: Floats
    equity: float
    oc_trigger: Floats
    ic_trigger: Floats
    senior_fee: float
    subordinated_fee: float
    new_spread: float
    new_hazard: float
    new_recovery: float
    new_term: int
    new_threshold: Floats
    """Latent threshold of reinvested loans by period; index 0 is minus infinity."""


def read_deal(numbers: dict[str, Any]) -> Deal:
    """Return the deal that the outside file describes."""
    dates = payment_dates()
    days = np.array([(b - a).days for a, b in pairwise(dates)], dtype=np.float64)
    if numbers["T"] != len(days) or not np.allclose(days / 360.0, numbers["yf"], rtol=1e-14):
        sys.exit("outside reference: its periods are not the quarters from the closing date")
    hazard = np.array(numbers["haz"])
    maturity = np.array(numbers["mat"], dtype=np.int64)
    with np.errstate(divide="ignore"):
        new_threshold = ndtri(-np.expm1(-numbers["new_haz"] * np.arange(len(dates)) / 4.0))
    return Deal(
        periods=numbers["T"],
        reinvestment_periods=numbers["rp"],
        lag=numbers["lag"],
        correlation=numbers["rho"],
        index_rate=numbers["base"],
        prepaid=numbers["smm"],
        total=numbers["total"],
        par=np.array(numbers["par"]),
        spread=np.array(numbers["spread"]),
        maturity=maturity,
        hazard=hazard,
        recovery=np.array(numbers["rec"]),
        threshold=np.asarray(ndtri(-np.expm1(-hazard * maturity / 4.0))),
        fraction=days / 360.0,
        days=days,
        discount=np.array(numbers["df"]),
        balance=np.array(numbers["bal0"][:5]),
        coupon=numbers["base"] + np.array(numbers["tspr"]),
        equity=numbers["bal0"][5],
        oc_trigger=np.array(numbers["oc"]),
        ic_trigger=np.array(numbers["ic"]),
        senior_fee=numbers["sen_fee"],
        subordinated_fee=numbers["sub_fee"],
        new_spread=numbers["new_spread"],
        new_hazard=numbers["new_haz"],
        new_recovery=numbers["new_rec"],
        new_term=numbers["new_mat"],
        new_threshold=np.asarray(new_threshold),
    )


# The simulator

jit = nb.njit(nogil=True, error_model="numpy")


@jit
def internal_rate(steps: Floats, flows: Floats, outflow: float) -> float:
    """Return the rate a year that makes the flows worth the outflow; -1 when none comes back.

    `steps` are the years between the flows. Newton on the logarithm of the present value, which is convex and
    nearly linear in ln(1 + rate).
    """
    total = 0.0
    for t in range(len(steps)):
        if flows[t] < 1e-9 * outflow:
            flows[t] = 0.0
        total += flows[t]
    if total <= 0.0:
        return -1.0
    force = 0.0
    for _ in range(100):
        value = slope = factor = known = 0.0
        for t in range(len(steps) - 1, -1, -1):
            if steps[t] != known:
                known = steps[t]
                factor = math.exp(-force * known)
            value = (value + flows[t]) * factor
            slope = slope * factor + value * known
        change = math.log(value / outflow) * value / slope
        force += change
        if abs(change) <= 1e-13 * (1.0 + abs(force)):
            break
    return math.exp(force) - 1.0


@jit
def default_flows(deal: Deal, z: Floats, pool: Floats) -> None:
    """Write the closing pool's flows by period before prepayment.

    Rows: par, income, maturing, defaulted, recovered. Par is that of loans which have not defaulted, with
    the par that matures in the period.
    """
    pool[:] = 0.0
    common = math.sqrt(deal.correlation) * z[0]
    own = math.sqrt(1.0 - deal.correlation)
    for i in range(len(deal.par)):
        latent = common + own * z[i + 1]
        last = deal.maturity[i]
        default = last + 1
        if latent <= deal.threshold[i] + 1e-9:
            probability = 0.5 * math.erfc(-latent * math.sqrt(0.5))
            default = max(1, min(last + 1, math.ceil(-4.0 * math.log1p(-probability) / deal.hazard[i])))
        for t in range(1, min(default, last + 1)):
            pool[0, t] += deal.par[i]
            pool[1, t] += deal.par[i] * deal.spread[i]
        if default > last:
            pool[2, last] += deal.par[i]
        else:
            pool[3, default] += deal.par[i]
            pool[4, default] += deal.par[i] * deal.recovery[i]


@jit
def cure_need(gap: float, relief: Floats, last: int, balance: Floats, deferred: Floats) -> float:
    """Return the payment to the classes up to `last`, in order, that closes a gap; at most all owed."""
    need = 0.0
    if gap <= 0.0:
        return need
    for k in range(last + 1):
        owed = balance[k] + deferred[k]
        if gap <= relief[k] * owed:
            return float(need + gap / relief[k])
        gap -= relief[k] * owed
        need += owed
    return need


@jit
def one_path(deal: Deal, rules: NDArray[np.bool_], pool: Floats, rates: Floats, out: Floats) -> None:
    """Pay one path under the given rules and write its outputs."""
    balance = deal.balance.copy()
    deferred, overdue, counted = np.zeros(5), np.zeros(5), np.zeros(5)
    interest, current, saved, relief, ones = np.zeros(5), np.zeros(5), np.zeros(5), np.zeros(5), np.ones(5)
    repaid, lives, worth, paid = np.zeros(5), np.zeros(5), np.zeros(5), np.zeros(5)
    recovered, written_off = np.zeros(deal.periods + deal.lag + 1), np.zeros(deal.periods + deal.lag + 1)
    bought, flows = np.zeros(deal.periods + 1), np.zeros(deal.periods)
    survivors = 1.0  # of closing par that prepays only
    factor = 1.0  # of reinvested par: default and prepayment since closing
    instalment = 0.01 / 4.0 if rules[INSTALMENTS] else 0.0
    carrying = stock = 0.0  # recovery value and par of what has defaulted and is not yet recovered
    base = deal.total
    senior_arrears = subordinated_arrears = 0.0
    steps = deal.days / 365.0 if rules[DATED_TIME] else np.full(deal.periods, 0.25)
    years = equity_value = equity_sum = cash_in = cash_out = 0.0

    for t in range(1, deal.periods + 1):
        y = deal.fraction[t - 1]
        years += steps[t - 1]
        # Closing pool: default, interest and maturity, prepayment.
        living, matured = pool[0, t] * survivors, pool[2, t] * survivors
        earned = y * (deal.index_rate * living + pool[1, t] * survivors)
        prepaid = (living - matured) * deal.prepaid
        performing = living - matured - prepaid
        collected = matured + prepaid
        default_par, default_value = pool[3, t] * survivors, pool[4, t] * survivors
        survivors *= 1.0 - deal.prepaid
        # Reinvested loans: of those bought in period j, bought_j factor (1 - a instalments) after a periods.
        begin = scheduled = 0.0
        for j in range(max(1, t - deal.new_term), min(t - 1, deal.reinvestment_periods) + 1):
            left = 1.0 - instalment * (t - 1 - j)
            begin += bought[j] * left
            scheduled += bought[j] * (left if j == t - deal.new_term else instalment)
        begin *= factor
        factor *= 1.0 - rates[t - 1]
        scheduled *= factor
        default_par += begin * rates[t - 1]
        default_value += begin * rates[t - 1] * deal.new_recovery
        living = begin * (1.0 - rates[t - 1])
        prepaid = (living - scheduled) * deal.prepaid
        factor *= 1.0 - deal.prepaid
        earned += y * (deal.index_rate + deal.new_spread) * living
        performing += living - scheduled - prepaid
        # Recoveries, and what the OC tests count.
        recovered[t + deal.lag] += default_value
        written_off[t + deal.lag] += default_par
        carrying += default_value - recovered[t]
        stock += default_par - written_off[t]
        collected += scheduled + prepaid + recovered[t]
        numerator = performing + collected + carrying
        cash_in += earned + collected

        # What is due.
        senior = 0
        while senior < 4 and balance[senior] + deferred[senior] <= 1e-12 * deal.total:
            senior += 1
        for k in range(5):
            bearing = balance[k] + deferred[k] + (overdue[k] if rules[LATE_INTEREST] else 0.0)
            current[k] = bearing * deal.coupon[k] * y
            interest[k] = current[k] + overdue[k]
            relief[k] = deal.coupon[k if rules[IC_RELIEF] else 0] * y
            counted[k] = balance[k] + deferred[k]
            saved[k] = paid[k] = 0.0

        # Interest: senior fee, A and B, then each class and its tests, subordinated fee, equity.
        cash = earned
        senior_due = deal.senior_fee * y * base + senior_arrears
        fees = min(cash, senior_due)
        senior_due -= fees
        cash -= fees
        income = cash
        failed = False
        owed = tested = 0.0
        for k in range(5):
            a = min(cash, interest[k])
            cash -= a
            paid[k] += a
            interest[k] -= a
            may_defer = k >= 2 and not (rules[SENIOR_CLASS] and k == senior)
            if may_defer and not rules[LATE_DEFERRAL]:
                unpaid = min(interest[k], current[k])
                deferred[k] += unpaid
                counted[k] += unpaid
                interest[k] -= unpaid
            owed += counted[k]
            tested += current[k]
            if k == 0:
                continue
            level = k - 1
            need = cure_need(owed - numerator / deal.oc_trigger[level], ones, k, balance, deferred)
            if level < 3:
                gap = tested - income / deal.ic_trigger[level]
                need = max(need, cure_need(gap, relief, k, balance, deferred))
            if need <= 0.0:
                continue
            failed = True
            cure = min(need, cash)
            for j in range(k + 1):
                a = min(cure, deferred[j])
                b = min(cure - a, balance[j])
                deferred[j] -= a
                balance[j] -= b
                counted[j] -= a + b
                owed -= a + b
                saved[j] += (a + b) * relief[j]
                tested -= (a + b) * relief[j]
                cure -= a + b
                cash -= a + b
                paid[j] += a + b
                redeemed = b if rules[DEFERRAL_APART] else a + b
                repaid[j] += redeemed
                lives[j] += years * redeemed
        subordinated_due = deal.subordinated_fee * y * base + subordinated_arrears
        a = min(cash, subordinated_due)
        subordinated_due -= a
        fees += a
        equity = cash - a

        # Principal: what interest left unpaid of the senior fee, A and B; then loans or notes.
        cash = collected
        a = min(cash, senior_due)
        senior_due -= a
        fees += a
        cash -= a
        for k in range(2):
            a = min(cash, interest[k])
            interest[k] -= a
            paid[k] += a
            cash -= a
        if rules[CURED_TESTS]:
            failed = False
            owed, tested = counted[0], current[0] - saved[0]
            left_over = numerator - (collected - cash)
            for k in range(1, 5):
                owed += counted[k]
                tested += current[k] - saved[k]
                failed |= left_over < deal.oc_trigger[k - 1] * owed * (1.0 - 1e-12)
                if k < 4:
                    failed |= income < deal.ic_trigger[k - 1] * tested * (1.0 - 1e-12)
        purchase = 0.0
        if t <= deal.reinvestment_periods and not failed:
            purchase = cash
            cash = 0.0
        bought[t] = purchase / factor
        for k in range(5):
            if cash <= 0.0:
                break
            a = min(cash, interest[k])
            b = min(cash - a, deferred[k])
            c = min(cash - a - b, balance[k])
            interest[k] -= a
            deferred[k] -= b
            balance[k] -= c
            cash -= a + b + c
            paid[k] += a + b + c
            redeemed = c if rules[DEFERRAL_APART] else b + c
            repaid[k] += redeemed
            lives[k] += years * redeemed
        equity += cash

        # What stays unpaid, and what the fees of the next date run on.
        for k in range(5):
            unpaid = min(interest[k], current[k])
            if k >= 2 and not (rules[SENIOR_CLASS] and k == senior):
                deferred[k] += unpaid
                interest[k] -= unpaid
            overdue[k] = interest[k]
            worth[k] += deal.discount[t - 1] * paid[k]
            cash_out += paid[k]
        if rules[FEE_ARREARS]:
            senior_arrears, subordinated_arrears = senior_due, subordinated_due
        base = performing + purchase
        if rules[FEE_BASIS]:
            base = performing + collected + stock
        elif rules[FEE_ON_CASH] and t <= deal.reinvestment_periods:
            base = performing + collected
        equity_value += deal.discount[t - 1] * equity
        equity_sum += equity
        flows[t - 1] = equity
        cash_out += fees + equity + purchase
        if rules[EMPTY_POOL] and performing + purchase + carrying < 1e-9 * deal.total:
            break

    for k in range(5):
        out[k] = (balance[k] + (0.0 if rules[DEFERRAL_APART] else deferred[k])) / deal.balance[k]
        out[5 + k] = worth[k] / deal.balance[k]
        out[10 + k] = lives[k] / deal.balance[k]
        if rules[LIFE_OF_REPAID]:
            out[10 + k] = lives[k] / repaid[k] if repaid[k] > 0.0 else np.nan
        out[15 + k] = (deferred[k] + overdue[k]) / deal.balance[k]
    out[PV_EQUITY] = equity_value / deal.equity
    out[MULTIPLE] = equity_sum / deal.equity
    out[IRR] = internal_rate(steps, flows, deal.equity)
    out[CASH] = (cash_in - cash_out) / cash_in


@jit
def pay_block(deal: Deal, sets: NDArray[np.bool_], z: Floats, rates: Floats, out: Floats) -> None:
    """Pay every path of a block under every set of rules; all sets see the same defaults."""
    pool = np.zeros((5, deal.periods + 2))
    for p in range(len(z)):
        default_flows(deal, z[p], pool)
        for s in range(len(sets)):
            one_path(deal, sets[s], pool, rates[p], out[s, p])


class Estimate(NamedTuple):
    """A mean, its standard error, and how many paths contribute to it."""

    value: float
    error: float
    paths: int


class Sample:
    """Moments of the outputs under one set of rules, and every IRR."""

    def __init__(self) -> None:
        self.count = np.zeros(OUTPUTS, dtype=np.int64)
        self.nonzero = np.zeros(OUTPUTS, dtype=np.int64)
        self.total = np.zeros(OUTPUTS)
        self.squares = np.zeros(OUTPUTS)
        self.difference = 0.0
        """Largest of cash in less cash out over cash in."""
        self._rates: list[Floats] = []

    def add(self, out: Floats) -> None:
        """Count the outputs of a block of paths."""
        self.count += (~np.isnan(out)).sum(axis=0)
        self.nonzero += ((out != 0.0) & ~np.isnan(out)).sum(axis=0)
        self.total += np.nansum(out, axis=0)
        self.squares += np.nansum(out * out, axis=0)
        self.difference = max(self.difference, float(np.abs(out[:, CASH]).max()))
        self._rates.append(out[:, IRR].copy())

    def mean(self, place: int) -> float:
        """Return the mean of an output over the paths that have it."""
        return float(self.total[place] / self.count[place])

    def estimate(self, place: int) -> Estimate:
        """Return the mean of an output with its error."""
        n = self.count[place]
        mean = self.mean(place)
        spread = math.sqrt(max(0.0, float(self.squares[place] / n) - mean * mean))
        return Estimate(mean, spread / math.sqrt(n), int(self.nonzero[place]))

    def quantile(self, level: float) -> Estimate:
        """Return a quantile of the IRR; its error is half the distance of order statistics one error off."""
        rates = np.concatenate(self._rates)
        off = math.sqrt(level * (1.0 - level) / len(rates))
        low, value, high = np.quantile(rates, [max(0.0, level - off), level, min(1.0, level + off)])
        return Estimate(float(value), float(high - low) / 2.0, len(rates))


def simulate(deal: Deal, sets: NDArray[np.bool_], paths: int) -> list[Sample]:
    """Return what each set of rules makes of the same paths."""
    samples = [Sample() for _ in sets]
    rho = deal.correlation
    for block in range((paths + BLOCK - 1) // BLOCK):
        size = min(BLOCK, paths - block * BLOCK)
        generator = np.random.Generator(np.random.SFC64([SEED, block]))
        z = generator.standard_normal((size, len(deal.par) + 1))
        below = ndtr((deal.new_threshold - math.sqrt(rho) * z[:, :1]) / math.sqrt(1.0 - rho))
        rates = (below[:, 1:] - below[:, :-1]) / np.maximum(1.0 - below[:, :-1], 1e-300)
        out = np.zeros((len(sets), size, OUTPUTS))
        pay_block(deal, sets, z, rates, out)
        for sample, outputs in zip(samples, out, strict=True):
            sample.add(outputs)
    return samples


# The deal for cloche


def document(deal: Deal, *, nearest: bool) -> dict[str, Any]:
    """Return the deal as a document: as near to the outside rules as a document can state, or plain.

    The nearest document reads after the cures whether a test failed before them: the last test that needed
    a cure has no cushion left. Its fees do not carry forward, and run on par and cash in the reinvestment
    period and on performing par after it.
    """
    dates = payment_dates()
    until = f"date <= {dates[deal.reinvestment_periods + 1].isoformat()}"
    after = until.replace("<=", ">")

    def pay_fee(name: str) -> list[dict[str, Any]]:
        if not nearest:
            return [{"pay_fee": name}]
        return [
            {"pay_fee": {"fee": name, "part": "current"}, "when": until},
            {"pay_fee": {"fee": f"{name}, later", "part": "current"}, "when": after},
        ]

    tests = [
        {"name": f"{name} {kind.upper()}", "kind": kind, "through": name, "trigger": float(trigger)}
        for kind, triggers in (("oc", deal.oc_trigger), ("ic", deal.ic_trigger))
        for name, trigger in zip(CLASSES[1:], triggers, strict=False)
    ]
    names = [test["name"] for test in tests]
    interest = [*pay_fee("senior"), {"pay_interest": "A"}]
    for name in CLASSES[1:]:
        cures = [test["name"] for test in tests if test["through"] == name]
        interest += [{"pay_interest": name}, {"cure": cures}]
    interest += [*pay_fee("subordinated"), {"pay_residual": "SUB"}]
    holds = [f"cushion('{name}') > 0.000_000_1" if nearest else f"passes('{name}')" for name in names]
    fees = []
    for name, rate in (("senior", deal.senior_fee), ("subordinated", deal.subordinated_fee)):
        if nearest:
            fees.append({"name": name, "rate": rate, "base": "collateral_principal_amount"})
            fees.append({"name": f"{name}, later", "rate": rate, "base": "performing_par"})
        else:
            fees.append({"name": name, "rate": rate, "base": "fee_basis"})
    return {
        "cloche": 1,
        "name": "Outside reference",
        "currency": "USD",
        "target_par": deal.total,
        "dates": {
            "closing": CLOSING.isoformat(),
            "first_payment": dates[1].isoformat(),
            "payment_frequency_months": 3,
            "reinvestment_end": (dates[deal.reinvestment_periods] + dt.timedelta(days=15)).isoformat(),
            "stated_maturity": dates[-1].isoformat(),
            "calendars": [],
            "roll": "none",
        },
        "notes": [
            {
                "name": name,
                "balance": round(float(deal.balance[k]), 2),
                "rank": k + 1,
                "coupon": {"index": "sofr_3m", "spread": round(float(deal.coupon[k]) - deal.index_rate, 12)},
                "deferrable": k >= 2,
            }
            for k, name in enumerate(CLASSES)
        ]
        + [{"name": "SUB", "balance": round(deal.equity, 2), "residual": True}],
        "fees": fees,
        "tests": [{**test, "first_date": "first_determination"} for test in tests],
        "collateral": {"defaulted_value": "recovery"},
        "waterfalls": {
            "interest": interest,
            "principal": [
                {"pay_shortfalls": {"through": "B"}},
                {"reinvest": "all", "when": " and ".join(["during_reinvestment", *holds])},
                {"pay_principal": "note_payment_sequence"},
                {"pay_residual": "SUB"},
            ],
        },
        "conventions": {"cash_timing": "period"},
    }


def run_cloche(deal: Deal, paths: int, *, nearest: bool) -> Any:
    """Return cloche's simulation of the document."""
    dates = payment_dates()
    loans = [f"L{i:03d}" for i in range(len(deal.par))]
    tape = {
        "loan_id": loans,
        "obligor_id": loans,
        "par": deal.par,
        "maturity": [dates[period] for period in deal.maturity],
        "coupon_type": ["floating"] * len(loans),
        "index": ["sofr_3m"] * len(loans),
        "spread": deal.spread,
        "floor": np.zeros(len(loans)),
        "amortization_rate": np.zeros(len(loans)),
        "recovery": deal.recovery,
        "hazard": deal.hazard,
    }
    scenario = {
        "cpr": 1.0 - (1.0 - deal.prepaid) ** 4,
        "recovery_lag_months": 3 * deal.lag,
        "rates": {"flat": deal.index_rate},
        "reinvestment": {
            "price": 1.0,
            "spread": deal.new_spread,
            "floor": 0.0,
            "term_years": deal.new_term / 4.0,
            "recovery": deal.new_recovery,
            "pd": -math.expm1(-deal.new_hazard),
        },
    }
    return cl.simulate(
        cl.Deal.from_dict(document(deal, nearest=nearest)),
        cl.LoanPool.from_columns(tape, as_of=CLOSING),
        cl.GaussianCopula(inter=deal.correlation, intra=deal.correlation, pd="hazard"),
        scenario=cl.Scenario.from_dict(scenario),
        paths=paths,
        seed=SEED,
        threads=1,
    )


# The tables

Row = tuple[str, Estimate, float, float, bool]
"""Figure, ours, the other value and its error, and whether it is a mean, whose distance is judged."""


def compare(title: str, columns: tuple[str, str], rows: list[Row]) -> float:
    """Print a table of figures with their distances and return the largest that is judged."""
    print(f"\n{title}\n{'':<20}{columns[0]:>16}{columns[1]:>16}{'error':>12}{'distance':>11}")
    largest = 0.0
    for name, ours, other, other_error, is_mean in rows:
        error = math.hypot(ours.error, other_error)
        gap = abs(ours.value - other)
        distance = gap / error if error > 0.0 else math.inf if gap > 0.0 else 0.0
        judged = is_mean and ours.paths >= FEWEST_PATHS
        note = "" if judged else f"   {ours.paths} paths" if is_mean else "   quantile"
        print(f"{name:<20}{ours.value:>16.9f}{other:>16.9f}{error:>12.2e}{distance:>8.2f} SE{note}")
        if judged:
            largest = max(largest, distance)
    print(f"largest distance of a mean: {largest:.2f} standard errors")
    return largest


def outside_rows(sample: Sample, reference: dict[str, Any]) -> list[Row]:
    """Return the figures of the outside file; where it gives no error, ours for its number of paths."""
    summary = reference["summary"]
    rows: list[Row] = []

    def add(name: str, place: int, value: float, error: float | None = None) -> None:
        ours = sample.estimate(place)
        if error is None:
            error = ours.error * math.sqrt(sample.count[place] / reference["paths"])
        rows.append((name, ours, value, error, True))

    for k, name in enumerate(CLASSES):
        add(f"expected loss {name}", LOSS.start + k, summary[name]["el"])
    for k, name in enumerate(CLASSES):
        add(f"average life {name}", LIFE.start + k, summary[name]["wal"])
    for k, name in enumerate(CLASSES):
        add(f"present value {name}", PV.start + k, summary[name]["pv"], summary[name]["pv_se"])
    add("present value equity", PV_EQUITY, summary["EQ"]["pv"], summary["EQ"]["pv_se"])
    add("IRR mean", IRR, summary["irr"]["mean"])
    for level in LEVELS:
        ours = sample.quantile(level)
        error = ours.error * math.sqrt(ours.paths / reference["paths"])
        rows.append((f"IRR q{100 * level:02.0f}", ours, summary["irr"][f"p{100 * level:.0f}"], error, False))
    return rows


def cloche_rows(sample: Sample, simulation: Any) -> list[Row]:
    """Return the figures of cloche's tables."""
    notes, equity = simulation.notes.to_dict(), simulation.equity.to_dict()
    place = [list(notes["note"]).index(name) for name in CLASSES]
    rows: list[Row] = [
        (
            f"{words} {name}",
            sample.estimate(outputs.start + k),
            float(notes[column][place[k]]),
            float(notes[f"{column}_se"][place[k]]),
            True,
        )
        for words, column, outputs in (
            ("expected loss", "expected_loss", LOSS),
            ("interest loss", "interest_loss", UNPAID),
            ("average life", "wal", LIFE),
        )
        for k, name in enumerate(CLASSES)
    ]
    for words, column, output in (("IRR mean", "irr", IRR), ("equity multiple", "moic", MULTIPLE)):
        error = float(equity[f"{column}_se"][0])
        rows.append((words, sample.estimate(output), float(equity[column][0]), error, True))
    for level in LEVELS:
        ours = sample.quantile(level)
        name = f"{100 * level:02.0f}"
        rows.append((f"IRR q{name}", ours, float(equity[f"irr_q{name}"][0]), ours.error, False))
    return rows


def print_effects(samples: list[Sample], outside: Sample) -> None:
    """Print what each rule changes, alone and all together."""
    figures = (
        *((f"loss {name}", LOSS.start + k, 1e4, "bp") for k, name in enumerate(CLASSES) if k >= 2),
        ("life A", LIFE.start, 1.0, "years"),
        ("life E", LIFE.stop - 1, 1.0, "years"),
        ("IRR", IRR, 1e4, "bp"),
    )
    print("\nFrom the outside rules to cloche's, one rule at a time on the same draws: change of the mean")
    print(f"{'':<20}" + "".join(f"{f'{name}, {unit}':>14}" for name, _, _, unit in figures))
    names = [*(rule.name for rule in RULES), "nearest document", "plain document"]
    for name, sample in zip(names, samples, strict=True):
        changes = [scale * (sample.mean(at) - outside.mean(at)) for _, at, scale, _ in figures]
        print(f"{name:<20}" + "".join(f"{change:>+14.4f}" if change else f"{0:>14}" for change in changes))
    print("\nThe rules; * where a document can state the outside rule")
    for rule in RULES:
        print(f"{rule.name}{' *' if rule.stated else ''}")
        print(f"    outside: {rule.outside}")
        print(f"    cloche:  {rule.cloche}")


def main() -> None:
    """Simulate, compare, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--paths", type=int, default=400_000)
    paths = parser.parse_args().paths
    if not FOLDER.is_dir():
        print("outside reference: no folder shared/bench beside the checkout, nothing to compare")
        return
    begun = time.perf_counter()
    deal = read_deal(json.loads((FOLDER / "deal.json").read_text(encoding="utf-8")))
    reference = json.loads((FOLDER / "reference_400k.json").read_text(encoding="utf-8"))

    one_each = np.eye(len(RULES), dtype=np.bool_)
    nearest = np.array([not rule.stated for rule in RULES])
    sets = np.vstack([np.zeros_like(nearest), one_each, nearest, np.ones_like(nearest)])
    outside, *samples = simulate(deal, sets, paths)
    print(f"{paths:,} paths; cash in less cash out, over cash in: at most ", end="")
    print(f"{max(sample.difference for sample in (outside, *samples)):.0e}")

    largest = compare(
        f"Outside rules: this program against the file of {reference['paths']:,} paths",
        ("program", "file"),
        outside_rows(outside, reference),
    )
    for near, words, sample in ((True, "nearest", samples[-2]), (False, "plain", samples[-1])):
        rows = cloche_rows(sample, run_cloche(deal, paths, nearest=near))
        title = f"Cloche's rules, {words} document: this program against cloche"
        largest = max(largest, compare(title, ("program", "cloche"), rows))
    print_effects(samples, outside)
    print(f"\n{time.perf_counter() - begun:.0f} s")
    if not largest <= LARGEST_DISTANCE:
        sys.exit(f"outside reference: a mean is {largest:.1f} standard errors from the other's")


if __name__ == "__main__":
    main()
