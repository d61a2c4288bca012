"""The standard work as a Numba program, one path at a time, compiled without fast mathematics.

`tuned` is strong in-house code: default times are looked up in tables of thresholds and only for loans that
default before they mature, the pool is its flows without defaults less those of the defaulted loans, and
cohorts are two sums. `plain` is the direct way: a loop over all loans and cohorts in every period, a
default time for every loan. Both take the same normals and pay the same waterfall.
"""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba as nb
import numpy as np
from scipy.special import ndtr, ndtri

from standard_deal import OUTPUTS, Floats, StandardDeal, normals, pool_without_defaults

SQRT_HALF = math.sqrt(0.5)
NEVER = 1 << 30
BLOCK = 1000
SUBORDINATED = 7  # index of the fee that is paid after the classes
SENIOR_FEES = 7

jit = nb.njit(nogil=True, error_model="numpy")
inline = nb.njit(inline="always", error_model="numpy")


@inline
def normal_cdf(x: float) -> float:
    """Return the standard normal distribution function."""
    return 0.5 * math.erfc(-x * SQRT_HALF)


@jit
def internal_rate(fraction, flows, outflow):
    """Return the annual rate, actual/365, that makes the flows worth the outflow; -1 when none comes back.

    Newton on the logarithm of the present value, which is convex and nearly linear in ln(1 + rate).
    """
    total = 0.0
    for t in range(len(fraction)):
        if flows[t] < 1e-9 * outflow:
            flows[t] = 0.0
        total += flows[t]
    if total <= 0.0:
        return -1.0
    force = 0.0
    for _ in range(100):
        by_90, by_91, by_92 = (
            math.exp(-force * 90.0 / 365.0),
            math.exp(-force * 91.0 / 365.0),
            math.exp(-force * 92.0 / 365.0),
        )
        value = 0.0
        slope = 0.0
        for t in range(len(fraction) - 1, -1, -1):
            days = fraction[t] * 360.0
            factor = by_92
            if days < 90.5:
                factor = by_90
            elif days < 91.5:
                factor = by_91
            value = (value + flows[t]) * factor
            slope = slope * factor + value * days
        step = math.log(value / outflow) * value / slope * 365.0
        force += step
        if abs(step) <= 1e-13 * (1.0 + abs(force)):
            break
    return math.exp(force) - 1.0


@jit
def default_times_plain(deal, z, thresholds, default):
    """Write the default period of every loan, from the closed form."""
    common = math.sqrt(deal.correlation) * z[0]
    own = math.sqrt(1.0 - deal.correlation)
    for i in range(len(deal.par)):
        time = -math.log1p(-normal_cdf(common + own * z[i + 1])) / deal.hazard[i]
        default[i] = max(1, min(NEVER, math.ceil(4.0 * time)))


@jit
def pool_plain(deal, z, thresholds, without, default, alive, income, maturing, defaulted, recovered):
    """Write the pool's flows by period, before prepayment, with a loop over all loans in each period."""
    default_times_plain(deal, z, thresholds, default)
    for t in range(1, deal.periods + 1):
        a = s = m = d = r = 0.0
        for i in range(len(deal.par)):
            if deal.maturity[i] >= t:
                if default[i] > t:
                    a += deal.par[i]
                    s += deal.par[i] * deal.spread[i]
                    if deal.maturity[i] == t:
                        m += deal.par[i]
                elif default[i] == t:
                    d += deal.par[i]
                    r += deal.par[i] * deal.recovery[i]
        alive[t] = a
        income[t] = s
        maturing[t] = m
        defaulted[t] = d
        recovered[t] = r


@jit
def pool_tuned(deal, z, thresholds, without, default, alive, income, maturing, defaulted, recovered):
    """Write the pool's flows by period, before prepayment, touching only loans that default."""
    for t in range(deal.periods + 2):
        alive[t] = income[t] = maturing[t] = defaulted[t] = recovered[t] = 0.0
    common = math.sqrt(deal.correlation) * z[0]
    own = math.sqrt(1.0 - deal.correlation)
    for i in range(len(deal.par)):
        latent = common + own * z[i + 1]
        mature = deal.maturity[i]
        if latent > thresholds[i, mature]:
            continue
        low = 0
        high = mature
        while high - low > 1:
            middle = (low + high) >> 1
            if latent > thresholds[i, middle]:
                low = middle
            else:
                high = middle
        par = deal.par[i]
        spread = par * deal.spread[i]
        defaulted[high] += par
        recovered[high] += par * deal.recovery[i]
        alive[high] -= par
        income[high] -= spread
        maturing[mature] -= par
        alive[mature + 1] += par
        income[mature + 1] += spread
    a = s = 0.0
    for t in range(1, deal.periods + 1):
        a += alive[t]
        s += income[t]
        alive[t] = without[0, t] + a
        income[t] = without[1, t] + s
        maturing[t] += without[2, t]


@inline
def interest_cure_need(denominator: float, numerator: float, trigger: float) -> float:
    """Return what must be paid to notes from interest so that an OC test passes."""
    return min(denominator, max(0.0, denominator - numerator / trigger))


@inline
def principal_cure_need(denominator: float, numerator: float, trigger: float) -> float:
    """Return what must be paid to notes from principal, part of the numerator, so that an OC test passes."""
    return min(denominator, max(0.0, (trigger * denominator - numerator) / (trigger - 1.0)))


@jit
def coverage_need(last, excess, balance, deferred, period_rate):
    """Return what must be paid down, senior class first, so that the interest due falls by `excess`."""
    need = 0.0
    for k in range(last + 1):
        room = balance[k] + deferred[k]
        part = min(room, excess / period_rate[k])
        need += part
        excess -= part * period_rate[k]
        if excess <= 0.0:
            break
    return need


@jit
def pay_down(cash, last, balance, deferred, due_tested, paid, principal, period_rate):
    """Pay classes up to `last`, deferred interest before principal; return the interest due it saves."""
    saved = 0.0
    for k in range(last + 1):
        if cash <= 0.0:
            break
        a = min(deferred[k], cash)
        deferred[k] -= a
        b = min(balance[k], cash - a)
        balance[k] -= b
        cash -= a + b
        due_tested[k] -= (a + b) * period_rate[k]
        saved += (a + b) * period_rate[k]
        paid[k] += a + b
        principal[k] += b
    return saved


def make_path(pool: Callable[..., None], *, plain_cohorts: bool) -> Callable[..., None]:
    """Return the program of one path with the given pool."""

    @jit
    def path(deal, z, rates, thresholds, without, w, out):
        default, alive, income, maturing, defaulted, recovered, units, flows = (
            w[0],
            w[1],
            w[2],
            w[3],
            w[4],
            w[5],
            w[6],
            w[7],
        )
        balance, deferred, overdue, current, due_tested, paid, principal = (
            w[8],
            w[9],
            w[10],
            w[11],
            w[12],
            w[13],
            w[14],
        )
        interest, arrears, fee_due, fee_paid, fee_cap, repaid, lives = (
            w[15],
            w[16],
            w[17],
            w[18],
            w[19],
            w[20],
            w[21],
        )
        recovery_queue, default_queue, period_rate = w[22], w[23], w[24]
        pool(deal, z, thresholds, without, default, alive, income, maturing, defaulted, recovered)

        fees = len(deal.fee_rate)
        for k in range(5):
            balance[k] = deal.balance[k]
            deferred[k] = overdue[k] = repaid[k] = lives[k] = out[5 + k] = 0.0
        in_arrears = False
        for t in range(deal.periods + deal.lag + 2):
            recovery_queue[t] = default_queue[t] = units[t] = 0.0
        survivors = 1.0  # of par that prepays only
        factor = 1.0  # of reinvested par: default and prepayment since closing
        units_sum = units_moment = 0.0
        fee_basis = deal.total
        carrying = stock = 0.0  # recovery value and par of what has defaulted and is not yet recovered
        hurdle = deal.equity
        equity_value = cash_in = cash_out = 0.0
        step = deal.new_instalment

        for t in range(1, deal.periods + 1):
            y = deal.fraction[t - 1]
            # Closing pool.
            living = alive[t] * survivors
            matured = maturing[t] * survivors
            default_par = defaulted[t] * survivors
            default_value = recovered[t] * survivors
            earned = y * (deal.index_rate * living + income[t] * survivors)
            prepaid = (living - matured) * deal.prepaid
            performing = living - matured - prepaid
            collected = matured + prepaid
            survivors *= 1.0 - deal.prepaid
            # Cohorts: bought in period j, one has after a periods units_j * factor * (1 - a step).
            rate = rates[t - 1]
            begin = instalments = 0.0
            if plain_cohorts:
                for j in range(max(1, t - deal.new_term), t):
                    begin += units[j] * (1.0 - step * (t - 1 - j))
                    instalments += units[j] * (1.0 - step * (t - 1 - j) if j == t - deal.new_term else step)
            else:
                begin = units_sum * (1.0 - step * (t - 1)) + step * units_moment
                instalments = step * units_sum
                j = t - deal.new_term
                if j >= 1:
                    instalments += units[j] * (1.0 - step * deal.new_term)
                    units_sum -= units[j]
                    units_moment -= j * units[j]
                if t >= deal.reinvestment_periods + deal.new_term:
                    units_sum = units_moment = 0.0
            begin *= factor
            new_default = rate * begin
            new_living = begin - new_default
            factor *= 1.0 - rate
            scheduled = min(factor * instalments, new_living)
            new_prepaid = (new_living - scheduled) * deal.prepaid
            factor *= 1.0 - deal.prepaid
            earned += y * (deal.index_rate + deal.new_spread) * new_living
            performing += new_living - scheduled - new_prepaid
            default_par += new_default
            default_value += new_default * deal.new_recovery
            # Recoveries.
            default_queue[t + deal.lag] += default_par
            recovery_queue[t + deal.lag] += default_value
            stock += default_par - default_queue[t]
            carrying += default_value - recovery_queue[t]
            collected += scheduled + new_prepaid + recovery_queue[t]
            numerator = performing + collected + carrying
            cash_in += earned + collected

            # What is due.
            senior = 0
            while senior < 4 and balance[senior] + deferred[senior] <= 0.0:
                senior += 1
            for k in range(5):
                period_rate[k] = deal.coupon[k] * y
                current[k] = (balance[k] + deferred[k] + overdue[k]) * period_rate[k]
                due_tested[k] = current[k]
                interest[k] = current[k] + overdue[k]
                paid[k] = principal[k] = 0.0
            senior_fees = above_caps = 0.0
            for j in range(fees):
                due = deal.fee_amount[j] + (deal.fee_rate[j] * fee_basis + deal.fee_fixed[j]) * y
                fee_due[j] = due + arrears[j] if in_arrears else due
                fee_cap[j] = min(fee_due[j], (deal.cap_rate[j] * fee_basis + deal.cap_fixed[j]) * y)
                fee_paid[j] = 0.0
                if j < SENIOR_FEES:
                    senior_fees += fee_cap[j]
                    above_caps += fee_due[j] - fee_cap[j]
            hurdle *= deal.hurdle_growth[t - 1]

            # Interest waterfall.
            cash = earned
            short = cash < senior_fees
            if short:
                for j in range(SENIOR_FEES):
                    fee_paid[j] = min(cash, fee_cap[j])
                    cash -= fee_paid[j]
            else:
                for j in range(SENIOR_FEES):
                    fee_paid[j] = fee_cap[j]
                cash -= senior_fees
            income_tested = cash
            for k in range(2):
                a = min(cash, interest[k])
                interest[k] -= a
                paid[k] += a
                cash -= a
                short |= interest[k] > 0.0
            denominator = balance[0] + deferred[0] + balance[1] + deferred[1]
            tested = due_tested[0] + due_tested[1]
            for level in range(4):
                last = level + 1
                if level > 0:
                    a = min(cash, interest[last])
                    interest[last] -= a
                    paid[last] += a
                    cash -= a
                    denominator += balance[last] + deferred[last]
                    tested += due_tested[last]
                if denominator * deal.oc_trigger[level] > numerator:
                    a = min(cash, interest_cure_need(denominator, numerator, deal.oc_trigger[level]))
                    tested -= pay_down(a, last, balance, deferred, due_tested, paid, principal, period_rate)
                    cash -= a
                    denominator -= a
                if tested * deal.ic_trigger[level] > income_tested:
                    excess = tested - income_tested / deal.ic_trigger[level]
                    a = min(cash, coverage_need(last, excess, balance, deferred, period_rate))
                    tested -= pay_down(a, last, balance, deferred, due_tested, paid, principal, period_rate)
                    cash -= a
                    denominator -= a
                if level > 0 and deferred[last] > 0.0:
                    a = min(cash, deferred[last])
                    deferred[last] -= a
                    paid[last] += a
                    cash -= a
                    denominator -= a
            diverted = 0.0
            if t <= deal.reinvestment_periods:
                need = max(0.0, deal.diversion_trigger * denominator - numerator)
                diverted = min(deal.diversion_share * cash, need)
                cash -= diverted
            a = min(cash, fee_due[SUBORDINATED])
            fee_paid[SUBORDINATED] = a
            cash -= a
            if above_caps > 0.0 and cash > 0.0:
                for j in range(SENIOR_FEES):
                    a = min(cash, fee_due[j] - fee_paid[j])
                    fee_paid[j] += a
                    cash -= a
            until = min(max(hurdle, 0.0), cash)
            incentive = deal.incentive_share * (cash - until)
            equity = cash - incentive
            hurdle -= equity

            # Principal waterfall.
            cash = collected
            spent = 0.0
            if short:
                for j in range(SENIOR_FEES):
                    a = min(cash, max(0.0, fee_cap[j] - fee_paid[j]))
                    fee_paid[j] += a
                    spent += a
                    cash -= a
                for k in range(2):
                    a = min(cash, interest[k])
                    interest[k] -= a
                    paid[k] += a
                    spent += a
                    cash -= a
            denominator = balance[0] + deferred[0] + balance[1] + deferred[1]
            tested = due_tested[0] + due_tested[1]
            for level in range(4):
                last = level + 1
                if level > 0:
                    denominator += balance[last] + deferred[last]
                    tested += due_tested[last]
                if denominator * deal.oc_trigger[level] > numerator - spent:
                    a = min(cash, principal_cure_need(denominator, numerator - spent, deal.oc_trigger[level]))
                    tested -= pay_down(a, last, balance, deferred, due_tested, paid, principal, period_rate)
                    cash -= a
                    denominator -= a
                    spent += a
                if tested * deal.ic_trigger[level] > income_tested:
                    excess = tested - income_tested / deal.ic_trigger[level]
                    a = min(cash, coverage_need(last, excess, balance, deferred, period_rate))
                    tested -= pay_down(a, last, balance, deferred, due_tested, paid, principal, period_rate)
                    cash -= a
                    denominator -= a
                    spent += a
            cash += diverted
            bought = 0.0
            if t <= deal.reinvestment_periods:
                bought = cash
                cash = 0.0
                units[t] = bought / factor
                units_sum += units[t]
                units_moment += t * units[t]
            for k in range(5):
                if cash <= 0.0:
                    break
                a = min(cash, interest[k])
                interest[k] -= a
                b = min(cash - a, deferred[k])
                deferred[k] -= b
                c = min(cash - a - b, balance[k])
                balance[k] -= c
                cash -= a + b + c
                paid[k] += a + b + c
                principal[k] += c
            a = min(cash, fee_due[SUBORDINATED] - fee_paid[SUBORDINATED])
            fee_paid[SUBORDINATED] += a
            cash -= a
            until = min(max(hurdle, 0.0), cash)
            a = deal.incentive_share * (cash - until)
            incentive += a
            hurdle -= cash - a
            equity += cash - a

            # What stays unpaid.
            out_now = bought + incentive + equity
            in_arrears = False
            for j in range(fees):
                arrears[j] = fee_due[j] - fee_paid[j]
                in_arrears |= arrears[j] > 0.0
                out_now += fee_paid[j]
            for k in range(5):
                overdue[k] = 0.0
                if interest[k] > 0.0:
                    unpaid = min(interest[k], current[k])
                    overdue[k] = interest[k] - unpaid
                    if deal.deferrable[k] and k != senior:
                        deferred[k] += unpaid
                    else:
                        overdue[k] += unpaid
                out[5 + k] += deal.discount[t - 1] * paid[k]
                repaid[k] += principal[k]
                lives[k] += deal.years[t - 1] * principal[k]
                out_now += paid[k]
            equity_value += deal.discount[t - 1] * equity
            flows[t - 1] = equity
            cash_out += out_now
            fee_basis = performing + collected + stock

        for k in range(5):
            out[k] = balance[k] / deal.balance[k]
            out[5 + k] /= deal.balance[k]
            out[10 + k] = lives[k] / repaid[k] if repaid[k] > 0.0 else 0.0
        out[15] = equity_value / deal.equity
        out[16] = internal_rate(deal.fraction, flows, deal.equity)
        out[17] = (cash_in - cash_out) / cash_in

    return path


def make_block(path: Callable[..., None]) -> Callable[..., None]:
    """Return the program of a block of paths."""

    @jit
    def block(deal, z, rates, thresholds, without, out):
        width = max(len(deal.par), deal.periods + deal.lag + 4)
        w = np.zeros((25, width))
        for p in range(len(z)):
            path(deal, z[p], rates[p], thresholds, without, w, out[p])

    return block


TUNED = make_block(make_path(pool_tuned, plain_cohorts=False))
PLAIN = make_block(make_path(pool_plain, plain_cohorts=True))


def thresholds_of(deal: StandardDeal) -> Floats:
    """Return each loan's latent threshold by period up to the last maturity."""
    quarters = np.arange(int(deal.maturity.max()) + 1) / 4.0
    with np.errstate(divide="ignore"):
        return np.asarray(ndtri(-np.expm1(-deal.hazard[:, None] * quarters[None, :])))


def reinvested_rates(deal: StandardDeal, z: Floats) -> Floats:
    """Return the share of reinvested par that defaults in each period, given each path's common factor."""
    rho = deal.correlation
    below = ndtr((deal.new_threshold - math.sqrt(rho) * z[:, :1]) / math.sqrt(1.0 - rho))
    return np.asarray((below[:, 1:] - below[:, :-1]) / np.maximum(1.0 - below[:, :-1], 1e-300))


def run_normals(deal: StandardDeal, z: Floats, program: Callable[..., None] = TUNED) -> Floats:
    """Return the outputs of the paths whose normals are given."""
    out = np.zeros((len(z), len(OUTPUTS)))
    program(
        deal, z, reinvested_rates(deal, z), thresholds_of(deal), np.stack(pool_without_defaults(deal)), out
    )
    return out


def run(
    deal: StandardDeal,
    paths: int,
    *,
    seed: int,
    threads: int = 1,
    program: Callable[..., None] = TUNED,
) -> Floats:
    """Return the outputs of `paths` paths; blocks of 1,000 paths are handed to `threads` threads."""
    arguments: tuple[Any, ...] = (thresholds_of(deal), np.stack(pool_without_defaults(deal)))
    out = np.zeros((paths, len(OUTPUTS)))

    def work(block: int) -> None:
        part = out[block * BLOCK : (block + 1) * BLOCK]
        z = normals(deal, seed, block, len(part))
        program(deal, z, reinvested_rates(deal, z), *arguments, part)

    blocks = range((paths + BLOCK - 1) // BLOCK)
    if threads == 1:
        for block in blocks:
            work(block)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, blocks))
    return out
