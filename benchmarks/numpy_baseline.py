"""The standard work in NumPy, vectorized over blocks of paths.

Strong in-house code: only the loans that default are touched, the rest of the pool is known beforehand. The
waterfall is written from the indenture's arithmetic on its own, so that it and the Numba program check each
other.
"""

import numpy as np
from scipy.special import ndtr

from standard_deal import (
    CASH,
    IRR,
    LOSS,
    OUTPUTS,
    PV,
    PV_EQUITY,
    WAL,
    Floats,
    Integers,
    StandardDeal,
    normals,
    pool_without_defaults,
)

BLOCK = 1000
SENIOR = slice(0, 7)
SUBORDINATED = 7


class Pool:
    """Flows of the closing pool by period (row t) and path, before prepayment."""

    def __init__(self, deal: StandardDeal, z: Floats) -> None:
        paths, width = len(z), deal.periods + 2
        latent = np.sqrt(deal.correlation) * z[:, :1] + np.sqrt(1.0 - deal.correlation) * z[:, 1:]
        period = np.ceil(-4.0 * np.log1p(-ndtr(latent)) / deal.hazard)
        path, loan = np.nonzero(period <= deal.maturity)
        at = path * width + np.maximum(period[path, loan].astype(np.int64), 1)
        after = path * width + deal.maturity[loan] + 1

        def table(where: Integers, what: Floats) -> Floats:
            flat = np.bincount(where, weights=what, minlength=paths * width)
            return flat.astype(np.float64, copy=False).reshape(paths, width)

        par = deal.par[loan]
        income = par * deal.spread[loan]
        without_par, without_income, without_maturing = pool_without_defaults(deal)
        self.defaulted = np.ascontiguousarray(table(at, par).T)
        self.recovered = np.ascontiguousarray(table(at, par * deal.recovery[loan]).T)
        gone = table(after, par)
        self.alive = (without_par + np.cumsum(gone - self.defaulted.T, axis=1)).T
        self.income = (without_income + np.cumsum(table(after, income) - table(at, income), axis=1)).T
        self.maturing = without_maturing[:, None] - np.roll(gone, -1, axis=1).T


class Cohorts:
    """Reinvested par: the balance of what was bought in period j is units_j * factor * contract(age)."""

    def __init__(self, deal: StandardDeal, z: Floats) -> None:
        rho = deal.correlation
        below = ndtr((deal.new_threshold[:, None] - np.sqrt(rho) * z[:, 0]) / np.sqrt(1.0 - rho))
        self.rate = np.diff(below, axis=0) / np.maximum(1.0 - below[:-1], 1e-300)
        self.deal = deal
        self.units = np.zeros((deal.periods + 1, len(z)))
        self.sum = np.zeros(len(z))
        self.moment = np.zeros(len(z))
        self.factor = np.ones(len(z))

    def step(self, t: int) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """Return par after the default of period t, the default, scheduled and prepaid par, what is left."""
        deal, instalment = self.deal, self.deal.new_instalment
        begin = self.factor * (self.sum * (1.0 - instalment * (t - 1)) + instalment * self.moment)
        due = instalment * self.sum
        matured = t - deal.new_term
        if matured >= 1:
            due = due + self.units[matured] * (1.0 - instalment * deal.new_term)
            self.sum = self.sum - self.units[matured]
            self.moment = self.moment - matured * self.units[matured]
            if matured >= deal.reinvestment_periods:
                self.sum = np.zeros_like(self.sum)
                self.moment = np.zeros_like(self.sum)
        default = self.rate[t - 1] * begin
        living = begin - default
        self.factor = self.factor * (1.0 - self.rate[t - 1])
        scheduled = np.minimum(self.factor * due, living)
        self.factor = self.factor * (1.0 - deal.prepaid)
        prepaid = (living - scheduled) * deal.prepaid
        return living, default, scheduled, prepaid, living - scheduled - prepaid

    def buy(self, t: int, cash: Floats) -> None:
        """Buy a cohort at par on payment date t."""
        self.units[t] = cash / self.factor
        self.sum = self.sum + self.units[t]
        self.moment = self.moment + t * self.units[t]


class Notes:
    """Balances and what one payment date does to them; rows are classes."""

    def __init__(self, deal: StandardDeal, paths: int) -> None:
        self.deal = deal
        self.balance = np.repeat(deal.balance[:, None], paths, axis=1)
        self.deferred = np.zeros_like(self.balance)
        self.overdue = np.zeros_like(self.balance)

    def open(self, fraction: float) -> None:
        """Accrue the period's interest."""
        self.rate = self.deal.coupon * fraction
        owed = self.balance + self.deferred
        self.controlling = np.argmax(
            np.vstack([owed[:4] > 0.0, np.ones((1, owed.shape[1]), dtype=bool)]), axis=0
        )
        self.current = (owed + self.overdue) * self.rate[:, None]
        self.unpaid = self.current + self.overdue
        self.tested = self.current.copy()
        self.paid = np.zeros_like(self.balance)
        self.principal = np.zeros_like(self.balance)

    def pay_interest(self, k: int, cash: Floats) -> Floats:
        """Pay overdue and current interest of class k; return what is left."""
        amount = np.minimum(cash, self.unpaid[k])
        self.unpaid[k] -= amount
        self.paid[k] += amount
        return np.asarray(cash - amount)

    def pay_deferred(self, k: int, cash: Floats) -> Floats:
        """Pay deferred interest of class k; return what is left."""
        amount = np.minimum(cash, self.deferred[k])
        self.deferred[k] -= amount
        self.paid[k] += amount
        return np.asarray(cash - amount)

    def pay_principal(self, k: int, cash: Floats) -> Floats:
        """Pay principal of class k; return what is left."""
        amount = np.minimum(cash, self.balance[k])
        self.balance[k] -= amount
        self.paid[k] += amount
        self.principal[k] += amount
        return np.asarray(cash - amount)

    def owed(self, level: int) -> Floats:
        """Return balances and deferred interest of the classes of a coverage level."""
        return np.asarray((self.balance[: level + 2] + self.deferred[: level + 2]).sum(axis=0))

    def coverage_need(self, level: int, income: Floats) -> Floats:
        """Return what must be paid down so that an IC test passes, at each class's own rate in turn."""
        excess = np.maximum(self.tested[: level + 2].sum(axis=0) - income / self.deal.ic_trigger[level], 0.0)
        need = np.zeros_like(excess)
        if excess.any():
            for k in range(level + 2):
                part = np.minimum(self.balance[k] + self.deferred[k], excess / self.rate[k])
                need += part
                excess = np.maximum(excess - part * self.rate[k], 0.0)
        return np.asarray(need)

    def cure(self, level: int, need: Floats, cash: Floats) -> Floats:
        """Pay the need in sequence, deferred interest before principal; return what was paid."""
        amount = np.minimum(need, cash)
        if amount.any():
            left = amount
            for k in range(level + 2):
                before = left
                left = self.pay_principal(k, self.pay_deferred(k, left))
                self.tested[k] -= (before - left) * self.rate[k]
        return np.asarray(amount)

    def close(self) -> None:
        """Defer what may be deferred; the rest of the unpaid interest is overdue."""
        current = np.minimum(self.unpaid, self.current)
        classes = np.arange(len(self.balance))[:, None]
        defers = self.deal.deferrable[:, None] & (classes != self.controlling)
        self.deferred += np.where(defers, current, 0.0)
        self.overdue = self.unpaid - np.where(defers, current, 0.0)


def share_residual(deal: StandardDeal, cash: Floats, hurdle: Floats) -> tuple[Floats, Floats]:
    """Return the incentive fee and the equity's part of a residual, given what is lacking to the hurdle."""
    fee = deal.incentive_share * (cash - np.clip(hurdle, 0.0, cash))
    return fee, cash - fee


def internal_rates(flows: Floats, years: Floats, outflow: float) -> Floats:
    """Return annual rates of the columns of flows; -1 where nothing comes back."""
    flows = np.where(flows < 1e-9 * outflow, 0.0, flows)
    rates = np.full(flows.shape[1], -1.0)
    open_paths = np.flatnonzero(flows.sum(axis=0) > 0.0)
    force = np.zeros(len(open_paths))
    for _ in range(100):
        if len(open_paths) == 0:
            break
        parts = flows[:, open_paths] * np.exp(-years[:, None] * force)
        value = parts.sum(axis=0)
        step = np.log(value / outflow) * value / (years[:, None] * parts).sum(axis=0)
        force = force + step
        done = np.abs(step) <= 1e-13 * (1.0 + np.abs(force))
        rates[open_paths[done]] = np.expm1(force[done])
        open_paths, force = open_paths[~done], force[~done]
    return rates


def run_normals(deal: StandardDeal, z: Floats) -> Floats:
    """Return the outputs of the paths whose normals are given."""
    paths = len(z)
    pool, cohorts, notes = Pool(deal, z), Cohorts(deal, z), Notes(deal, paths)
    out = np.zeros((paths, len(OUTPUTS)))
    pv, lives, repaid = np.zeros((5, paths)), np.zeros((5, paths)), np.zeros((5, paths))
    equity_flows = np.zeros((deal.periods, paths))
    defaults, values = (
        np.zeros((deal.periods + deal.lag + 1, paths)),
        np.zeros((deal.periods + deal.lag + 1, paths)),
    )
    arrears = np.zeros((len(deal.fee_rate), paths))
    basis = np.full(paths, deal.total)
    hurdle = np.full(paths, deal.equity)
    cash_in, cash_out = np.zeros(paths), np.zeros(paths)
    survivors = 1.0

    for t in range(1, deal.periods + 1):
        fraction = deal.fraction[t - 1]
        living, new_default, scheduled, new_prepaid, performing = cohorts.step(t)
        earned = survivors * fraction * (deal.index_rate * pool.alive[t] + pool.income[t])
        earned += fraction * (deal.index_rate + deal.new_spread) * living
        staying = survivors * (pool.alive[t] - pool.maturing[t])
        collected = survivors * pool.maturing[t] + staying * deal.prepaid + scheduled + new_prepaid
        performing = performing + staying * (1.0 - deal.prepaid)
        defaults[t] = survivors * pool.defaulted[t] + new_default
        values[t] = survivors * pool.recovered[t] + new_default * deal.new_recovery
        survivors *= 1.0 - deal.prepaid
        if t > deal.lag:
            collected += values[t - deal.lag]
        waiting = slice(max(1, t - deal.lag + 1), t + 1)
        numerator = performing + collected + values[waiting].sum(axis=0)
        cash_in += earned + collected

        notes.open(fraction)
        due = (
            arrears
            + deal.fee_amount[:, None]
            + (deal.fee_rate[:, None] * basis + deal.fee_fixed[:, None]) * fraction
        )
        cap = np.minimum(due, (deal.cap_rate[:, None] * basis + deal.cap_fixed[:, None]) * fraction)
        hurdle = hurdle * deal.hurdle_growth[t - 1]

        # Interest waterfall. Fees that stand one after another are paid up to their running sums.
        sums = np.cumsum(cap[SENIOR], axis=0)
        fees_paid = np.zeros_like(due)
        fees_paid[SENIOR] = np.clip(earned - (sums - cap[SENIOR]), 0.0, cap[SENIOR])
        cash = np.maximum(earned - sums[-1], 0.0)
        income_tested = cash
        cash = notes.pay_interest(1, notes.pay_interest(0, cash))
        for level in range(4):
            if level > 0:
                cash = notes.pay_interest(level + 1, cash)
            owed = notes.owed(level)
            cash = cash - notes.cure(
                level, np.clip(owed - numerator / deal.oc_trigger[level], 0.0, owed), cash
            )
            cash = cash - notes.cure(level, notes.coverage_need(level, income_tested), cash)
            if level > 0:
                cash = notes.pay_deferred(level + 1, cash)
        diverted = np.zeros(paths)
        if t <= deal.reinvestment_periods:
            need = np.maximum(deal.diversion_trigger * notes.owed(3) - numerator, 0.0)
            diverted = np.minimum(deal.diversion_share * cash, need)
            cash = cash - diverted
        fees_paid[SUBORDINATED] = np.minimum(cash, due[SUBORDINATED])
        cash = cash - fees_paid[SUBORDINATED]
        for j in np.flatnonzero((due[SENIOR] > cap[SENIOR]).any(axis=1)):
            amount = np.minimum(cash, due[j] - fees_paid[j])
            fees_paid[j] += amount
            cash = cash - amount
        incentive, equity = share_residual(deal, cash, hurdle)
        hurdle = hurdle - equity

        # Principal waterfall.
        cash = collected
        for j in np.flatnonzero((cap[SENIOR] > fees_paid[SENIOR]).any(axis=1)):
            amount = np.minimum(cash, np.maximum(cap[j] - fees_paid[j], 0.0))
            fees_paid[j] += amount
            cash = cash - amount
        cash = notes.pay_interest(1, notes.pay_interest(0, cash))
        for level in range(4):
            trigger = deal.oc_trigger[level]
            owed = notes.owed(level)
            left_in_numerator = numerator - (collected - cash)
            need = np.clip((trigger * owed - left_in_numerator) / (trigger - 1.0), 0.0, owed)
            cash = cash - notes.cure(level, need, cash)
            cash = cash - notes.cure(level, notes.coverage_need(level, income_tested), cash)
        cash = cash + diverted
        bought = np.zeros(paths)
        if t <= deal.reinvestment_periods:
            bought, cash = cash, bought
            cohorts.buy(t, bought)
        else:
            for k in range(5):
                cash = notes.pay_principal(k, notes.pay_deferred(k, notes.pay_interest(k, cash)))
        amount = np.minimum(cash, due[SUBORDINATED] - fees_paid[SUBORDINATED])
        fees_paid[SUBORDINATED] += amount
        more_incentive, more_equity = share_residual(deal, cash - amount, hurdle)
        hurdle = hurdle - more_equity
        equity = equity + more_equity

        notes.close()
        arrears = due - fees_paid
        basis = performing + collected + defaults[waiting].sum(axis=0)
        pv += deal.discount[t - 1] * notes.paid
        lives += deal.years[t - 1] * notes.principal
        repaid += notes.principal
        equity_flows[t - 1] = equity
        cash_out += (
            fees_paid.sum(axis=0) + notes.paid.sum(axis=0) + bought + incentive + more_incentive + equity
        )

    out[:, LOSS] = (notes.balance / deal.balance[:, None]).T
    out[:, PV] = (pv / deal.balance[:, None]).T
    out[:, WAL] = np.divide(lives, repaid, out=np.zeros_like(lives), where=repaid > 0.0).T
    out[:, PV_EQUITY] = (deal.discount[:, None] * equity_flows).sum(axis=0) / deal.equity
    out[:, IRR] = internal_rates(equity_flows, deal.years, deal.equity)
    out[:, CASH] = (cash_in - cash_out) / cash_in
    return out


def run(deal: StandardDeal, paths: int, *, seed: int) -> Floats:
    """Return the outputs of `paths` paths, in blocks of 1,000."""
    sizes = [min(BLOCK, paths - start) for start in range(0, paths, BLOCK)]
    return np.vstack(
        [run_normals(deal, normals(deal, seed, block, size)) for block, size in enumerate(sizes)]
    )
