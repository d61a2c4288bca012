//! Sales of all collateral for a payment date: calls, and liquidations after an acceleration.
//!
//! `net = par · price + recoveries to come − cost`; a call is feasible where
//! `interest + principal + net ≥ fees due + Σ rated (balance + deferred + overdue + current interest)`.
//! The run of a future ends on the date of its sale. Where no call is feasible the date is like any other.

use super::accrual::figures;
use super::deal_terms::{LiquidationTerms, SaleCost, SalePrice};
use super::make_whole;
use super::observer::Collateral;
use super::opening::CallAfter;
use super::plan::{PeriodTerms, Plan};
use super::readings;
use super::reserves;
use super::runner::{NO_CAP, Workspace};
use crate::collateral::sale::SaleStep;
use crate::fees::{self, BaseDate, FeeBase, Lifted};
use crate::lanes::{DealParam, Mask, Pack, Param};
use crate::state::State;
use crate::waterfall::quantities;
use crate::waterfall::terms::Terms;

/// Proceeds cover what is required up to this share of it.
const TOLERANCE: f64 = 1e-12;

/// Which calls are over, and which are tried again.
#[derive(Clone, Debug)]
pub struct Calls<const L: usize> {
    spent: Vec<Mask<L>>,
    pending: Vec<Mask<L>>,
    /// What the collateral of this date does where all of it is sold.
    closing: SaleStep<L>,
    cohorts: SaleStep<L>,
    cash_income: Pack<L>,
    /// Principal held when the date opened.
    held: Pack<L>,
    held_interest: Pack<L>,
}

impl<const L: usize> Calls<L> {
    /// No call has been exercised.
    #[must_use]
    pub fn new(calls: usize) -> Self {
        Self {
            spent: vec![Mask::splat(false); calls],
            pending: vec![Mask::splat(false); calls],
            closing: SaleStep::ZERO,
            cohorts: SaleStep::ZERO,
            cash_income: Pack::ZERO,
            held: Pack::ZERO,
            held_interest: Pack::ZERO,
        }
    }

    /// Goes on from a state.
    pub fn go_on(&mut self, calls: &[CallAfter]) {
        for ((spent, pending), after) in self.spent.iter_mut().zip(&mut self.pending).zip(calls) {
            *spent = Mask::splat(after.spent);
            *pending = Mask::splat(after.pending);
        }
    }

    /// Goes on with one call as another document has it.
    pub fn go_on_as(&mut self, call: usize, before: &Self, of: usize) {
        self.spent[call] = before.spent[of];
        self.pending[call] = before.pending[of];
    }

    /// Whether a call is over, and whether it is tried again, in any lane.
    #[must_use]
    pub fn after(&self, call: usize) -> CallAfter {
        CallAfter { spent: self.spent[call].any(), pending: self.pending[call].any() }
    }

    /// Back to closing.
    pub fn clear(&mut self) {
        self.spent.fill(Mask::splat(false));
        self.pending.fill(Mask::splat(false));
    }
}

/// Looks at the collateral before its step is run.
pub fn prepare<const L: usize, P: DealParam<L>>(
    plan: &Plan<P>,
    work: &mut Workspace<L>,
    period: &PeriodTerms<P>,
    p: usize,
) {
    let state = &mut work.state;
    state.redeemed = Mask::splat(false);
    state.liquidated = Mask::splat(false);
    state.withdrawn = Mask::splat(false);
    state.too_large = Mask::splat(false);
    if plan.sells[p] {
        let step = plan.pool_step(p);
        work.calls.closing = work.drivers.sale(step);
        work.calls.cohorts = work.cohorts.sale(&plan.cohorts, step, work.drivers.hazard[step]);
        if !plan.within.is_empty() {
            work.months.join_sale(&mut work.calls.closing, &mut work.calls.cohorts);
        }
        work.calls.cash_income = state.held * period.sale_cash_income;
        if let Some(cash) = readings::set_aside(plan, &work.drivers, p) {
            work.calls.cash_income += cash * period.sale_cash_income;
        }
        work.calls.held = state.held;
        work.calls.held_interest = state.held_interest;
    }
}

/// Decides, once it is known what is owed, in which futures all collateral is sold, and counts it as cash there.
pub fn decide<const L: usize, P: DealParam<L>>(
    plan: &Plan<P>,
    work: &mut Workspace<L>,
    terms: &Terms<'_, P>,
    period: &PeriodTerms<P>,
    p: usize,
) {
    if !plan.sells[p] {
        return;
    }
    let mut sold = sale(plan, work, period, p);
    let mut done = Mask::splat(false);
    for (c, call) in plan.calls.iter().enumerate() {
        if !call.window[p] {
            continue;
        }
        let mut wanted = work.running.and(work.calls.spent[c].not()).and(done.not());
        if let Some(when) = &call.when {
            let holds = quantities::holds_in_status(&work.state, terms, when);
            wanted = wanted.and(holds.or(work.calls.pending[c]));
        }
        if !wanted.any() {
            continue;
        }
        let net = net((plan, p), &work.calls, &sold, call.price, call.cost);
        let mut feasible = wanted.and(covers(plan, work, period, &sold, net, true));
        if let Some(most) = call.below {
            let small = work.collateral.principal_amount.lt(Pack::splat(most));
            work.state.too_large = work.state.too_large.or(wanted.and(small.not()));
            feasible = feasible.and(small);
        }
        sold.sale_proceeds = feasible.select(net, sold.sale_proceeds);
        done = done.or(feasible);
        let failed = wanted.and(feasible.not());
        work.state.withdrawn = work.state.withdrawn.or(failed);
        if call.retry {
            work.calls.pending[c] = work.calls.pending[c].or(failed);
        } else if !call.repeat {
            work.calls.spent[c] = work.calls.spent[c].or(failed);
        }
        work.calls.spent[c] = work.calls.spent[c].or(feasible);
    }
    work.state.redeemed = done;
    if let Some(LiquidationTerms { must_cover, cost }) = plan.deal.acceleration.and_then(|terms| terms.liquidation) {
        let mut lanes = work.running.and(work.state.accelerated).and(done.not());
        if lanes.any() {
            let net = net((plan, p), &work.calls, &sold, SalePrice::Scenario, cost);
            if must_cover {
                lanes = lanes.and(covers(plan, work, period, &sold, net, false));
            }
            sold.sale_proceeds = lanes.select(net, sold.sale_proceeds);
            work.state.liquidated = lanes;
            done = done.or(lanes);
        }
    }
    if !done.any() {
        return;
    }
    count(&mut sold, work.running);
    reserves::close(&mut work.state, done);
    select(done, &sold, &mut work.collateral);
    charge(plan, work, period, done);
    make_whole::charge(&mut work.state);
    figures(&mut work.state, &plan.deal, &work.collateral, work.running);
    work.state.clear = period.inactive;
    work.state.looked = false;
    let redeemed = work.state.redeemed;
    for (lanes, fee) in work.state.fees.iter_mut().zip(&plan.deal.fees) {
        let lifted = match fee.cap.as_ref().map(|cap| cap.lifted) {
            Some(Lifted::Liquidated) => done,
            Some(Lifted::Accelerated) => redeemed,
            _ => continue,
        };
        lanes.cap_left = lifted.select(Pack::splat(NO_CAP), lanes.cap_left);
    }
}

/// The collateral of the date where all of it is sold, before a price is set.
fn sale<const L: usize, P: DealParam<L>>(
    plan: &Plan<P>,
    work: &Workspace<L>,
    period: &PeriodTerms<P>,
    p: usize,
) -> Collateral<L> {
    let (calls, normal) = (&work.calls, &work.collateral);
    let mut out = Collateral::ZERO;
    out.closing.interest = calls.closing.interest;
    out.closing.prepaid = calls.closing.prepaid;
    out.closing.principal = calls.closing.scheduled + calls.closing.prepaid;
    let (of_closing, of_cohorts) = (&calls.closing.more, &calls.cohorts.more);
    out.closing.recoveries = normal.closing.recoveries + of_closing.recovered;
    out.cohorts.interest = calls.cohorts.interest;
    out.cohorts.scheduled = calls.cohorts.scheduled;
    out.cohorts.prepaid = calls.cohorts.prepaid;
    out.cohorts.recoveries = normal.cohorts.recoveries + of_cohorts.recovered;
    // Tables add what the pool of closing defaults without a sale.
    out.cohorts.default = normal.cohorts.default + of_cohorts.par + of_closing.par;
    out.recoveries = normal.recoveries + of_closing.recovered + of_cohorts.recovered;
    let interest = out.closing.interest + out.cohorts.interest + calls.cash_income + calls.held_interest;
    out.interest_proceeds = work.running.keep(interest);
    let mut principal = calls.held + out.closing.principal + out.cohorts.scheduled + out.cohorts.prepaid;
    if !plan.within.is_empty() {
        principal -= normal.spent;
    }
    out.principal_proceeds = work.running.keep(principal + out.recoveries);
    if !(plan.deal.accounts.is_empty() && plan.deal.hedges.is_empty()) {
        let [interest, principal] = reserves::with_sale(&plan.deal, period, &work.state, work.running);
        out.interest_proceeds += interest;
        out.principal_proceeds += principal;
    }
    if !plan.deal.commitments.is_empty() {
        for (terms, lanes) in plan.deal.commitments.iter().zip(&work.state.commitments) {
            out.principal_proceeds += lanes.scheduled * plan.deal.notes[terms.note as usize].issue_price.pack();
        }
    }
    // What has defaulted so far counts at its recovery, as in its market value; only the tape may say otherwise.
    out.pending = normal.market_of_defaulted + work.drivers.recovers_above(&plan.pool, plan.pool_step(p));
    out.pending += of_closing.to_come + of_cohorts.to_come;
    out
}

/// What a sale brings, less its cost.
fn net<const L: usize, P: DealParam<L>>(
    (plan, p): (&Plan<P>, usize),
    calls: &Calls<L>,
    sold: &Collateral<L>,
    price: SalePrice,
    cost: SaleCost,
) -> Pack<L> {
    let par = calls.closing.par + calls.cohorts.par;
    let brought = match price {
        SalePrice::Scenario => par * plan.liquidation_price(p).pack(),
        SalePrice::Stated(price) => par * price,
        SalePrice::Market => calls.closing.worth + calls.cohorts.worth,
    } + sold.pending;
    (brought - (par * cost.rate + Pack::splat(cost.fixed))).positive()
}

/// Where all proceeds cover what a redemption must pay, or a liquidation, which makes nobody whole.
fn covers<const L: usize, P: DealParam<L>>(
    plan: &Plan<P>,
    work: &Workspace<L>,
    period: &PeriodTerms<P>,
    sold: &Collateral<L>,
    net: Pack<L>,
    redeems: bool,
) -> Mask<L> {
    let cash = sold.interest_proceeds + sold.principal_proceeds + net;
    let principal_amount = sold.principal_proceeds + net;
    let state = &work.state;
    let mut required = Pack::ZERO;
    for f in 0..plan.deal.fees.len() {
        if plan.deal.fees[f].hurdle.is_some() {
            continue;
        }
        let current = after_sale(plan, work, period, f, principal_amount).unwrap_or(*state.fees[f].current.unpaid());
        required += current + state.fees[f].arrears;
    }
    for (n, (note, of)) in state.notes.iter().zip(&plan.deal.notes).enumerate() {
        if !of.residual && !of.is_combination() {
            required += note.balance + note.deferred + note.overdue + *note.interest.unpaid();
            if redeems {
                required += make_whole::premium(state, n);
            }
        }
    }
    for hedge in &state.hedges {
        required += hedge.periodic + hedge.termination;
    }
    cash.ge(required * (1.0 - TOLERANCE))
}

/// A fee's amount of the date where all collateral is cash; none where its base is that of the date before.
fn after_sale<const L: usize, P: DealParam<L>>(
    plan: &Plan<P>,
    work: &Workspace<L>,
    period: &PeriodTerms<P>,
    f: usize,
    principal_amount: Pack<L>,
) -> Option<Pack<L>> {
    let fee = &plan.deal.fees[f];
    if fee.base_date == BaseDate::PeriodStart {
        return None;
    }
    let (start, end) = match fee.base {
        FeeBase::FeeBasis => (work.opening.fee_basis, principal_amount),
        FeeBase::PerformingPar => (work.opening.performing_par, Pack::ZERO),
        FeeBase::CollateralPrincipalAmount => (work.opening.principal_amount, principal_amount),
        FeeBase::Note(_) => return None,
    };
    let base = if fee.base_date == BaseDate::Average { (start + end) * 0.5 } else { end };
    let fraction = period.fee_fraction[f];
    let rate = fee.rate.map(|rate| rate * fraction).pack();
    let fixed = fee.fixed_per_year.zip(fee.amount_per_period, |year, date| year * fraction + date).pack();
    let sliced = if fee.tiers.is_empty() { Pack::ZERO } else { fees::sliced(&fee.tiers, base) * fraction };
    Some(work.running.keep(base * rate + fixed + sliced))
}

/// Sets what fees are owed where all collateral is cash.
fn charge<const L: usize, P: DealParam<L>>(
    plan: &Plan<P>,
    work: &mut Workspace<L>,
    period: &PeriodTerms<P>,
    sold: Mask<L>,
) {
    let principal_amount = work.collateral.principal_proceeds;
    for f in 0..plan.deal.fees.len() {
        if let Some(current) = after_sale(plan, work, period, f, principal_amount) {
            let due = &mut work.state.fees[f].current;
            due.open(sold.select(current, *due.unpaid()));
        }
    }
}

/// Counts what was sold as cash.
fn count<const L: usize>(sold: &mut Collateral<L>, running: Mask<L>) {
    sold.principal_proceeds += running.keep(sold.sale_proceeds);
    sold.principal_amount = sold.principal_proceeds;
    sold.numerator = sold.principal_proceeds;
    sold.fee_basis = sold.principal_proceeds;
    sold.pending = Pack::ZERO;
}

/// Takes over the collateral of the futures in which it is sold.
fn select<const L: usize>(sold: Mask<L>, sale: &Collateral<L>, out: &mut Collateral<L>) {
    let take = |new: &Pack<L>, old: &mut Pack<L>| *old = sold.select(*new, *old);
    for (new, old) in [
        (&sale.closing.interest, &mut out.closing.interest),
        (&sale.closing.principal, &mut out.closing.principal),
        (&sale.closing.prepaid, &mut out.closing.prepaid),
        (&sale.closing.performing, &mut out.closing.performing),
        (&sale.closing.recoveries, &mut out.closing.recoveries),
        (&sale.cohorts.interest, &mut out.cohorts.interest),
        (&sale.cohorts.scheduled, &mut out.cohorts.scheduled),
        (&sale.cohorts.prepaid, &mut out.cohorts.prepaid),
        (&sale.cohorts.performing, &mut out.cohorts.performing),
        (&sale.cohorts.recoveries, &mut out.cohorts.recoveries),
        (&sale.cohorts.default, &mut out.cohorts.default),
        (&sale.interest_proceeds, &mut out.interest_proceeds),
        (&sale.principal_proceeds, &mut out.principal_proceeds),
        (&sale.performing_par, &mut out.performing_par),
        (&sale.principal_amount, &mut out.principal_amount),
        (&sale.defaulted_par, &mut out.defaulted_par),
        (&sale.carrying, &mut out.carrying),
        (&sale.market_of_defaulted, &mut out.market_of_defaulted),
        (&sale.ccc_par, &mut out.ccc_par),
        (&sale.ccc_haircut, &mut out.ccc_haircut),
        (&sale.discount_haircut, &mut out.discount_haircut),
        (&sale.numerator, &mut out.numerator),
        (&sale.sale_proceeds, &mut out.sale_proceeds),
        (&sale.recoveries, &mut out.recoveries),
        (&sale.fee_basis, &mut out.fee_basis),
        (&sale.pending, &mut out.pending),
    ] {
        take(new, old);
    }
}

/// Futures whose run ends on this date because all collateral is sold.
#[inline(always)]
#[must_use]
pub fn sold<const L: usize>(state: &State<L>) -> Mask<L> {
    state.redeemed.or(state.liquidated)
}
