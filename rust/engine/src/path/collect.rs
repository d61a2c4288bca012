//! The collateral of a date before its payments: what it has brought in, and what of it counts in the tests.

use cloche_dispatch::Kernel;

use super::ccc::Ccc;
use super::commitments;
use super::plan::{PeriodTerms, Plan};
use super::readings;
use super::reserves;
use super::runner::{NOTHING_LEFT, Workspace};
use crate::collateral::cohorts;
use crate::lanes::{DealParam, Numbers, PART, Pack, Param};

/// The collateral of a date, up to the determination date.
pub struct Collect<'a, const L: usize, P: Numbers> {
    pub plan: &'a Plan<P>,
    pub work: &'a mut Workspace<L>,
    pub period: &'a PeriodTerms<P>,
    pub p: usize,
}

impl<const L: usize, P: DealParam<L>> Kernel for Collect<'_, L, P> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { plan, work, period, p } = self;
        let step = plan.pool_step(p);
        work.drivers.step(&plan.pool, step, work.isa, &mut work.collateral.closing);
        let mdr = &work.drivers.hazard[step];
        if !plan.cohorts.floor_benefit.is_empty() {
            let of_months = work.months.floor_benefit;
            work.collateral.floor_benefit = of_months + work.cohorts.floor_benefit(&plan.cohorts, step, *mdr);
        }
        work.isa.run(cohorts::Step {
            cohorts: &mut work.cohorts,
            tables: &plan.cohorts,
            p: step,
            mdr,
            out: &mut work.collateral.cohorts,
        });
        if !plan.within.is_empty() {
            work.months.join(&mut work.collateral.closing, &mut work.collateral.cohorts);
            (work.collateral.spent, work.collateral.reinvested) = (work.months.spent, work.months.prepaid_before);
        }
        if L.is_multiple_of(PART) {
            collect::<L, PART, P>(plan, work, period, p);
        } else {
            collect::<L, 1, P>(plan, work, period, p);
        }
    }
}

/// The proceeds and the numerator on the determination date, `W` lanes after the other.
#[inline(always)]
fn collect<const L: usize, const W: usize, P: DealParam<L>>(
    plan: &Plan<P>,
    work: &mut Workspace<L>,
    period: &PeriodTerms<P>,
    p: usize,
) {
    let (state, running, out) = (&mut work.state, &work.running, &mut work.collateral);
    let step = plan.pool_step(p);
    let set_aside = readings::set_aside(plan, &work.drivers, p);
    let has_cash = state.holds || set_aside.is_some();
    for i in 0..L / W {
        let (closing, cohorts, running) = (&out.closing, &out.cohorts, running.part::<W>(i));
        let mut interest = closing.interest.part::<W>(i) + cohorts.interest.part(i);
        // Without cash on the accounts the shorter sum has the same bits.
        if has_cash {
            let mut cash = state.held.part::<W>(i) * period.cash_income;
            if let Some(set_aside) = &set_aside {
                cash += set_aside.part(i) * period.cash_income;
            }
            interest = interest + cash + state.held_interest.part(i);
        }
        out.interest_proceeds.set_part(i, running.keep(interest));
        let both = |closing: &Pack<L>, cohorts: &Pack<L>| closing.part::<W>(i) + cohorts.part(i);
        out.recoveries.set_part(i, both(&closing.recoveries, &cohorts.recoveries));
        out.performing_par.set_part(i, both(&closing.performing, &cohorts.performing));
        out.defaulted_par.set_part(i, both(&closing.defaulted_par, &cohorts.defaulted_par));
        out.carrying.set_part(i, both(&closing.carrying, &cohorts.carrying));
        out.market_of_defaulted.set_part(i, both(&closing.market_of_defaulted, &cohorts.market_of_defaulted));
        out.discount_haircut.set_part(i, both(&closing.discount, &cohorts.discount));
    }
    if work.has_sale {
        out.sale_proceeds = Pack::ZERO;
    }
    work.has_sale = period.is_last || !plan.sells.is_empty();
    work.ample = false;
    if period.is_last {
        out.sale_proceeds = out.performing_par * plan.liquidation_price(p).pack();
        out.recoveries += work.drivers.pending(&plan.pool, step) + work.cohorts.pending(step);
        out.performing_par = Pack::ZERO;
        out.defaulted_par = Pack::ZERO;
        out.carrying = Pack::ZERO;
        out.market_of_defaulted = Pack::ZERO;
        out.discount_haircut = Pack::ZERO;
        out.pending = Pack::ZERO;
        out.cohorts.performing = Pack::ZERO;
    } else if (out.performing_par - Pack::splat(NOTHING_LEFT * plan.deal.target_par)).any_negative() {
        out.pending = work.drivers.pending(&plan.pool, step) + work.cohorts.pending(step);
    } else {
        work.ample = true;
    }
    let buys_within = !plan.within.is_empty();
    for i in 0..L / W {
        let (closing, cohorts) = (&out.closing, &out.cohorts);
        let mut principal = closing.principal.part::<W>(i);
        if has_cash {
            principal = state.held.part(i) + principal;
        }
        principal = principal + cohorts.scheduled.part(i) + cohorts.prepaid.part(i);
        if buys_within {
            principal -= out.spent.part(i);
        }
        principal += out.recoveries.part(i);
        if work.has_sale {
            principal += out.sale_proceeds.part(i);
        }
        out.principal_proceeds.set_part(i, running.part(i).keep(principal));
    }
    if !(plan.deal.accounts.is_empty() && plan.deal.hedges.is_empty()) {
        if work.ample {
            out.pending = out.performing_par;
        }
        let left = out.performing_par + out.pending;
        let proceeds = [&mut out.interest_proceeds, &mut out.principal_proceeds];
        reserves::open(&plan.deal, period, state, *running, left, proceeds);
    }
    if !plan.deal.commitments.is_empty() {
        out.principal_proceeds += commitments::open(&plan.deal, period, state, *running);
    }
    out.principal_amount = out.performing_par + out.principal_proceeds;
    let base = plan.deal.ccc_base.map_or(out.principal_amount, Pack::splat);
    let (drivers, cohort_par) = (&work.drivers, &out.cohorts.performing);
    let (cohorts, found) = (&work.cohorts, &mut work.ccc);
    let ccc = Ccc { plan, drivers, cohorts, p: step, base: &base, cohort_par, out: found };
    if !(period.is_last || ccc.is_within()) {
        work.isa.run(ccc);
        (out.ccc_par, out.ccc_haircut) = (found.0, found.1.excess);
        out.discount_haircut += found.1.discount;
        work.has_ccc = true;
    } else if work.has_ccc {
        (out.ccc_par, out.ccc_haircut) = (Pack::ZERO, Pack::ZERO);
        work.has_ccc = false;
    }
    for i in 0..L / W {
        let principal_amount = out.principal_amount.part::<W>(i);
        let numerator = principal_amount - out.discount_haircut.part(i) - out.ccc_haircut.part(i);
        out.numerator.set_part(i, numerator + out.carrying.part(i));
        out.fee_basis.set_part(i, principal_amount + out.defaulted_par.part(i));
    }
}
