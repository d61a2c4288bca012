//! Pool steps before the last of a payment period, where they are months: what they bring is added up for the payment date,
//! and at the end of a month the principal that was collected buys collateral instead of lying idle.

use super::drivers::ClosingStep;
use super::plan::Plan;
use super::runner::Workspace;
use crate::collateral::cohorts::{self, CohortStep};
use crate::collateral::sale::SaleStep;
use crate::lanes::{DealParam, Mask, Pack};
use crate::waterfall::program::MONTH_ENDS;
use crate::waterfall::recorder::{LedgerRow, Payee, Reason, Recorder};

/// Which pool steps a payment period has; nothing where it is one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MonthSteps {
    /// Per payment period: its last step.
    pub last: Vec<usize>,
    /// Per step: whether principal is invested at its end, before the payment date.
    pub buys: Vec<bool>,
    /// Per step: its last day, days since 1970-01-01.
    pub days: Vec<i32>,
    /// Per step: credit time of its end, years from the as-of date.
    pub times: Vec<f64>,
    /// Purchases have conditions, which are asked on payment dates.
    pub asks: bool,
}

impl MonthSteps {
    /// Whether each payment period is one step.
    #[inline(always)]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    /// The last step of a payment period.
    #[inline(always)]
    #[must_use]
    pub fn last_of(&self, period: usize) -> usize {
        if self.last.is_empty() { period } else { self.last[period] }
    }

    /// The steps of a payment period.
    #[must_use]
    pub fn of(&self, period: usize) -> std::ops::RangeInclusive<usize> {
        let first = period.checked_sub(1).map_or(0, |before| self.last_of(before) + 1);
        first..=self.last_of(period)
    }
}

/// What the steps of a payment period brought before its last one.
#[derive(Clone, Debug)]
pub struct Months<const L: usize> {
    closing: ClosingStep<L>,
    cohorts: CohortStep<L>,
    /// What was spent at the ends of months, and the par that it bought.
    pub spent: Pack<L>,
    pub bought: Pack<L>,
    /// What had been prepaid when something was last bought.
    pub prepaid_before: Pack<L>,
    /// What floors add to the interest of purchases, where tables show it.
    pub floor_benefit: Pack<L>,
    /// Per purchase of a path that is explained: the step at whose end it was made, and what it cost.
    purchases: Vec<(usize, Pack<L>)>,
}

impl<const L: usize> Months<L> {
    /// Nothing.
    pub const NONE: Self = Self {
        closing: ClosingStep::ZERO,
        cohorts: CohortStep::ZERO,
        spent: Pack::ZERO,
        bought: Pack::ZERO,
        prepaid_before: Pack::ZERO,
        floor_benefit: Pack::ZERO,
        purchases: Vec::new(),
    };

    fn add(&mut self, closing: &ClosingStep<L>, cohorts: &CohortStep<L>) {
        add_closing(&mut self.closing, closing);
        add_cohorts(&mut self.cohorts, cohorts);
    }

    /// Principal that was collected.
    fn principal(&self) -> Pack<L> {
        let of_cohorts = self.cohorts.scheduled + self.cohorts.prepaid + self.cohorts.recoveries;
        self.closing.principal + self.closing.recoveries + of_cohorts
    }

    /// Principal that was collected and not spent.
    fn unspent(&self) -> Pack<L> {
        self.principal() - self.spent
    }

    fn prepaid(&self) -> Pack<L> {
        self.closing.prepaid + self.cohorts.prepaid
    }

    /// Adds it to what the last step brings.
    pub fn join(&self, closing: &mut ClosingStep<L>, cohorts: &mut CohortStep<L>) {
        add_closing(closing, &self.closing);
        add_cohorts(cohorts, &self.cohorts);
    }

    /// The same for a sale of all collateral.
    pub fn join_sale(&self, closing: &mut SaleStep<L>, cohorts: &mut SaleStep<L>) {
        closing.interest += self.closing.interest;
        closing.scheduled += self.closing.principal - self.closing.prepaid;
        closing.prepaid += self.closing.prepaid;
        cohorts.interest += self.cohorts.interest;
        cohorts.scheduled += self.cohorts.scheduled;
        cohorts.prepaid += self.cohorts.prepaid;
    }
}

/// Adds flows; what there is at the end of a step is that of the last.
fn add_closing<const L: usize>(to: &mut ClosingStep<L>, flows: &ClosingStep<L>) {
    to.interest += flows.interest;
    to.principal += flows.principal;
    to.prepaid += flows.prepaid;
    to.recoveries += flows.recoveries;
}

fn add_cohorts<const L: usize>(to: &mut CohortStep<L>, flows: &CohortStep<L>) {
    to.interest += flows.interest;
    to.scheduled += flows.scheduled;
    to.prepaid += flows.prepaid;
    to.recoveries += flows.recoveries;
    to.default += flows.default;
}

/// Runs the steps of a payment period before its last one.
#[inline(never)]
pub fn run<const L: usize, P: DealParam<L>>(plan: &Plan<P>, work: &mut Workspace<L>, p: usize) {
    work.months = Months::NONE;
    let state = &work.state;
    let mut may = work.running.and(state.accelerated.not()).and(state.reinvestment_over.not());
    if plan.within.asks {
        // What the document before asked on its last date is over with it.
        may = may.and(state.may_buy);
    }
    // What no step asks on this date does not hold after it.
    work.state.may_buy = Mask::splat(!plan.within.asks);
    let steps = plan.within.of(p);
    for step in *steps.start()..*steps.end() {
        let (mut closing, mut cohorts) = (ClosingStep::ZERO, CohortStep::ZERO);
        work.drivers.step(&plan.pool, step, work.isa(), &mut closing);
        let mdr = &work.drivers.hazard[step];
        let (isa, tables) = (work.isa(), &plan.cohorts);
        work.months.floor_benefit += work.cohorts.floor_benefit(tables, step, *mdr);
        isa.run(cohorts::Step { cohorts: &mut work.cohorts, tables, p: step, mdr, out: &mut cohorts });
        work.months.add(&closing, &cohorts);
        let months = &mut work.months;
        let cash = if plan.within.buys[step] { may.keep(months.unspent()) } else { Pack::ZERO };
        let bought = work.cohorts.buy(tables, step, cash);
        if L == 1 && cash.any_positive() {
            months.purchases.push((step, cash));
        }
        months.spent += cash;
        months.bought += bought;
        if plan.within.buys[step] {
            months.prepaid_before = may.select(months.prepaid(), months.prepaid_before);
        }
    }
}

/// Writes the purchases at the ends of the months before a payment date into its ledger.
pub fn tell<const L: usize, P: DealParam<L>, R: Recorder<L>>(plan: &Plan<P>, work: &Workspace<L>, recorder: &mut R) {
    for &(step, cash) in &work.months.purchases {
        recorder.on_day(Some(plan.within.days[step]));
        recorder.row(LedgerRow {
            info: plan.deal.program.changes + MONTH_ENDS,
            payee: Payee::Collateral,
            due: cash,
            paid: cash,
            before: cash,
            transfer: true,
            reason: Reason::Purchased,
        });
        recorder.on_day(None);
    }
}

#[cfg(test)]
mod tests {
    use super::MonthSteps;

    #[test]
    fn a_period_without_months_is_one_step() {
        let steps = MonthSteps::default();
        assert_eq!((steps.of(4), steps.last_of(4)), (4..=4, 4));
    }

    #[test]
    fn a_period_begins_after_the_last_step_of_the_one_before() {
        let steps = MonthSteps { last: vec![3, 6, 9], ..MonthSteps::default() };
        assert_eq!((steps.of(0), steps.of(1)), (0..=3, 4..=6));
    }
}
