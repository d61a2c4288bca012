//! Figures of a date that only some conditions and amounts read: values of a sale, spreads, parts of the closing pool.
//!
//! They are taken once the date is opened, and again where all collateral is sold. Market value of a liquidation: performing
//! par at the scenario's price and every recovery still to come. The spread in force of a class is that of the accrual period
//! that ends on the date, a mean by balance where its name stands for several notes:
//! `first + Σ balance · (spread − first) / Σ balance`, where `first` is the spread of the first of them.

use super::drivers::Drivers;
use super::plan::Plan;
use super::purchases::{self, PurchaseTerms};
use super::runner::Workspace;
use crate::lanes::{DealParam, Pack, Param};
use crate::state::{NoteLanes, State};

/// What a run reads; nothing where no expression asks for it.
#[derive(Clone, Debug, Default)]
pub struct ReadingTerms<P = f64> {
    pub liquidation_value: bool,
    /// Tests of interest coverage are asked before the waterfalls: what senior expenses are paid must be known then.
    pub expenses: bool,
    /// Place of the part of the pool that pays every six months or less often.
    pub semiannual: Option<usize>,
    /// Months between payments, and the place of the part of the pool that pays so.
    pub frequencies: Vec<(u8, usize)>,
    /// Per note: what the market asks for it in each step.
    pub market_spreads: Vec<(u32, Vec<P>)>,
    /// Place of the part of the pool that is not drawn, where there are commitments.
    pub undrawn: Option<usize>,
    pub deal_spreads: Vec<SpreadTerms<P>>,
    /// What purchases are measured by, where they need more than coverage tests.
    pub purchases: Option<PurchaseTerms>,
}

/// The notes that the name of a class stands for, and their spreads.
#[derive(Clone, Debug)]
pub struct SpreadTerms<P = f64> {
    pub class: u32,
    /// Notes that pay a spread over an index, each with its spread in each step.
    pub members: Vec<(u16, Vec<P>)>,
}

impl<P> ReadingTerms<P> {
    /// Whether there is nothing to read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.liquidation_value
            && !self.expenses
            && self.semiannual.is_none()
            && self.frequencies.is_empty()
            && self.undrawn.is_none()
            && self.market_spreads.is_empty()
            && self.deal_spreads.is_empty()
            && self.purchases.is_none()
    }
}

/// Takes what the expressions of a run read on a date.
#[inline(never)]
pub fn take<const L: usize, P: DealParam<L>>(plan: &Plan<P>, work: &mut Workspace<L>, p: usize) {
    let (terms, step) = (&plan.readings, plan.pool_step(p));
    let (collateral, drivers) = (&work.collateral, &work.drivers);
    let mut readings = std::mem::take(&mut work.state.readings);
    if terms.liquidation_value {
        let recoveries = collateral.market_of_defaulted + drivers.recovers_above(&plan.pool, step);
        let something = collateral.performing_par.gt(Pack::ZERO).or(collateral.defaulted_par.gt(Pack::ZERO));
        readings.liquidation_value =
            something.keep(collateral.performing_par * plan.liquidation_price(p).pack() + recoveries);
    }
    if let Some(part) = terms.semiannual {
        readings.semiannual_share = drivers.part(part, step).ratio_or_zero(collateral.performing_par);
    }
    readings.interest_by_frequency.clear();
    for &(months, part) in &terms.frequencies {
        let mut interest = drivers.part(part, step);
        for before in *plan.within.of(p).start()..step {
            interest += drivers.part(part, before);
        }
        readings.interest_by_frequency.push((months, interest));
    }
    if let Some(part) = terms.undrawn {
        readings.undrawn = collateral.performing_par.gt(Pack::ZERO).keep(drivers.part(part, step));
    }
    readings.market_spreads.clear();
    for (note, spreads) in &terms.market_spreads {
        readings.market_spreads.push((*note, spreads[p].pack()));
    }
    readings.deal_spreads.clear();
    for class in &terms.deal_spreads {
        readings.deal_spreads.push((class.class, deal_spread(plan, &work.state, class, p)));
    }
    if let Some(terms) = &terms.purchases {
        purchases::take(plan, terms, work, step, &mut readings.purchases);
    }
    work.state.readings = readings;
}

/// Cash that is set aside before step `p` for loan commitments, which are not drawn; none without commitments.
#[inline(always)]
#[must_use]
pub fn set_aside<const L: usize, P: DealParam<L>>(plan: &Plan<P>, drivers: &Drivers<L>, p: usize) -> Option<Pack<L>> {
    let part = plan.readings.undrawn?;
    Some(if p > plan.first() { drivers.part(part, plan.pool_step(p - 1)) } else { Pack::splat(plan.pool.undrawn) })
}

/// The spread in force of a class.
fn deal_spread<const L: usize, P: DealParam<L>>(
    plan: &Plan<P>,
    state: &State<L>,
    class: &SpreadTerms<P>,
    p: usize,
) -> Pack<L> {
    let (mut first, mut found) = (Pack::ZERO, Pack::ZERO);
    let (mut balance, mut above) = (Pack::ZERO, Pack::ZERO);
    for (k, (note, margins)) in class.members.iter().enumerate() {
        let mut spread = margins[p].pack();
        for (r, repricing) in plan.repricings.iter().enumerate() {
            if repricing.note == *note {
                spread = state.changes.repriced[r].select(Pack::splat(repricing.spread), spread);
            }
        }
        for (step, lanes) in plan.deal.coupon_steps.iter().zip(&state.coupon_steps) {
            if step.note == *note {
                spread = lanes.select(Pack::splat(step.margin), spread);
            }
        }
        let NoteLanes { balance: outstanding, .. } = state.notes[*note as usize];
        // Until one has a balance, the class itself gives the spread.
        let begins = found.gt(Pack::ZERO).not().and(outstanding.gt(Pack::ZERO));
        first = if k == 0 { spread } else { begins.select(spread, first) };
        found += outstanding;
        balance += outstanding;
        above += outstanding * (spread - first);
    }
    first + above.ratio_or_zero(balance)
}
