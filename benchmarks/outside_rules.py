"""A simulator of the outside deal with a switch for every rule in which it differs from cloche.

`outside_reference.py` compares its two sides with the outside figures and with cloche.
"""

import math
from itertools import pairwise
from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from standard_deal import Floats, payment_dates

SEED = 20_260
BLOCK = 1_000

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
        raise ValueError("the periods of the outside deal are not the quarters from the closing date")
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
