//! Everything a run reads: the compiled deal, the scalars of each date, the closing pool and the cohorts.

use super::commitments::CommitmentDate;
use super::common_dates::CommonDates;
use super::companies::Companies;
use super::deal_terms::{CallTerms, DealTerms};
use super::instalments::Instalments;
use super::month_steps::MonthSteps;
use super::opening::{DrawnPath, Opening};
use super::readings::ReadingTerms;
use crate::collateral::groups::PoolFlows;
use crate::collateral::{ClosingPool, CohortTables};
use crate::coverage::TestTerms;
use crate::error::{EngineError, Problem};
use crate::lanes::{DealParam, Numbers, Pack};
use crate::lifecycle::{Change, ChangeKind, Repricing, Short};
use crate::math;

/// Credit times that are no further apart are the same.
pub const SAME_TIME: f64 = 1e-9;

/// The scalars of one payment date.
#[derive(Clone, Debug, Default)]
pub struct PeriodTerms<P = f64> {
    /// Days since 1970-01-01.
    pub payment: i32,
    pub determination: i32,
    pub in_reinvestment: bool,
    pub is_last: bool,
    /// Per note: index fixing (NaN for a fixed rate), all-in rate, day-count fraction, their product.
    pub index_rate: Vec<f64>,
    pub rate: Vec<f64>,
    pub day_count_fraction: Vec<f64>,
    pub coupon: Vec<P>,
    /// Per note: instalment that falls due (class X); nothing of notes that refinancings and issues bring in.
    pub instalment: Vec<P>,
    /// Per fee: day-count fraction of the fee and of its cap.
    pub fee_fraction: Vec<f64>,
    pub cap_fraction: Vec<f64>,
    /// Per fee: growth of the hurdle balance since the previous date; 0 without a hurdle.
    pub hurdle_growth: Vec<P>,
    /// The same for further hurdles, fee by fee.
    pub higher_growth: Vec<P>,
    /// Per fee: shares of the date's amount that are waived and deferred.
    pub waived: Vec<f64>,
    pub deferred: Vec<f64>,
    /// Per fee: interest on what is unpaid, rate times day-count fraction.
    pub unpaid_rate: Vec<P>,
    /// Per re-pricing: the coupon of its note at the new spread, and whether a step of the note's own begins.
    pub repriced: Vec<P>,
    pub steps_up: Vec<bool>,
    /// Per step of a coupon under a condition: the coupon of its note with it.
    pub stepped: Vec<P>,
    /// Per test: whether it applies.
    pub active: Vec<bool>,
    /// Per hedge: what is received, below zero what is owed; of a unit of balance where a note is its notional.
    pub hedge_net: Vec<f64>,
    /// Per hedge: what its termination costs on this date.
    pub hedge_end: Vec<f64>,
    /// Per commitment: its fee, and what is drawn.
    pub commitments: Vec<CommitmentDate>,
    /// Per note: what a redemption on this date pays above par, per unit of balance; nothing where no class is made whole.
    pub make_whole: Vec<P>,
    /// Bits of the tests that do not.
    pub inactive: u64,
    /// Whether no class accrues interest below zero.
    pub coupons_positive: bool,
    /// Interest on principal cash held since the previous date, per unit.
    pub cash_income: f64,
    /// The same where all collateral is sold for the date, and the determination date then.
    pub sale_cash_income: f64,
    pub sale_determination: i32,
    /// Years from closing or the state's payment date, act/365, adjusted date.
    pub years: f64,
    /// Years from closing or the state's unadjusted payment date to the unadjusted date, 30/360.
    pub anniversary: f64,
    /// Credit time of the unadjusted date, years from the as-of date.
    pub credit_time: f64,
}

/// A run: one deal, one pool, one scenario.
#[derive(Clone, Debug)]
pub struct Plan<P: Numbers = f64> {
    pub deal: DealTerms<P>,
    pub periods: Vec<PeriodTerms<P>>,
    pub pool: ClosingPool,
    /// Pool steps inside payment periods.
    pub within: MonthSteps,
    pub cohorts: CohortTables<P::OfScenario>,
    /// Period default rates of the cohorts where no default model replaces them.
    pub cohort_mdr: Vec<f64>,
    /// Per payment period; the last continues.
    pub liquidation_prices: Vec<P::OfScenario>,
    pub post_period_share: P::OfScenario,
    pub calls: Vec<CallTerms>,
    /// Per step: whether all collateral may be sold; nothing where it never may.
    pub sells: Vec<bool>,
    /// Events that change notes, in the order in which they act on a date.
    pub changes: Vec<Change>,
    pub repricings: Vec<Repricing>,
    /// Instalments of notes that they issue.
    pub instalments: Vec<Instalments>,
    /// What only some conditions and amounts read.
    pub readings: ReadingTerms<P>,
    /// The loans one by one, where tables show their companies.
    pub companies: Option<Companies>,
    /// Par of assets that were in default on the as-of date.
    pub opening_defaulted_par: f64,
    /// Days from closing to each payment date, and before them to dates of distributions that are none.
    pub days: Vec<i32>,
    /// The state that the run goes on from; absent: it starts at closing.
    pub opening: Option<Opening>,
    /// Step (from 0) of its last payment date.
    pub last: usize,
    /// Its number: 0 for the first document, `k` for that of the `k`-th regime.
    pub number: usize,
    /// Per step: place of its payment date among those on which figures are told; nothing where they are the same.
    pub shown: Vec<u32>,
    /// Per step on which paths are drawn, those of the first plan or of all documents together: the step of this one that takes
    /// its defaults; nothing where they are the same.
    pub takes: Vec<u32>,
    /// The steps and payment dates of all documents, where a condition brings in some that the first does not have; of the first
    /// plan alone.
    pub common: Option<Box<CommonDates>>,
    /// The documents that events bring in; of the first plan alone.
    pub regimes: Vec<Regime<P>>,
}

/// What puts another plan in force.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Entry {
    /// An event that brings in a document, one of the changes of the plan before: from the step after its own on.
    Change(usize),
    /// A call on a day between payment dates, where it is feasible: on the step of that day, which ends the run.
    Redemption(Redemption),
}

/// The day between payment dates on which a call redeems the deal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Redemption {
    /// Days since 1970-01-01.
    pub day: i32,
    /// Its credit time, years from the as-of date.
    pub until: f64,
    /// How much of the credit time of its step has passed.
    pub share: f64,
}

/// The rest of a run under a document that an event brings in, or up to a redemption between payment dates.
#[derive(Clone, Debug)]
pub struct Regime<P: Numbers = f64> {
    /// The plan that it follows: 0 is the first, `k` that of the `k`-th regime from 1.
    pub parent: usize,
    pub entry: Entry,
    /// The step (from 0) on which it acts.
    pub step: usize,
    pub plan: Plan<P>,
    /// The closing pool's flows, where the defaults are rates.
    pub flows: PoolFlows<1>,
    /// Per call, change and re-pricing: which of the plan before it goes on with.
    pub calls: Vec<Option<usize>>,
    pub changes: Vec<Option<usize>>,
    pub repricings: Vec<Option<usize>>,
}

impl<P: Numbers> Regime<P> {
    /// The redemption between payment dates, where it is the plan of one.
    #[must_use]
    pub const fn redeems(&self) -> Option<Redemption> {
        match self.entry {
            Entry::Redemption(redemption) => Some(redemption),
            Entry::Change(_) => None,
        }
    }

    /// Days from closing to each distribution of a run that ends with it, by place among those on which figures are told.
    #[must_use]
    pub fn days(&self, first: &Plan<P>) -> Vec<i32> {
        if self.plan.shown.is_empty() {
            return self.plan.days.clone();
        }
        let mut days = first.told_days().to_vec();
        let at = first.off_schedule() + self.plan.shown(self.step);
        days[at] = self.plan.days[self.plan.off_schedule() + self.step];
        // Nothing is paid on dates that the document does not have.
        for i in (0..at).rev() {
            days[i] = if days[i] < days[i + 1] { days[i] } else { days[i + 1] - 1 };
        }
        days
    }

    /// The step (from 0) that takes a default of a step on which paths are drawn, at a credit time or a little before it; none
    /// after the last.
    #[must_use]
    pub fn taken(&self, step: usize, time: f64) -> Option<usize> {
        let Entry::Redemption(Redemption { until, .. }) = self.entry else { return self.plan.own_step(step) };
        let takes = &self.plan.takes;
        let step = if takes.is_empty() { step } else { *takes.get(step)? as usize };
        let last = self.plan.pool_step(self.plan.last);
        (time <= until + SAME_TIME).then_some(if step < last { step } else { last })
    }

    /// Default rates of its steps, from those of the steps on which paths are drawn.
    #[must_use]
    pub fn rates<const L: usize>(&self, of_all: &[Pack<L>]) -> Vec<Pack<L>> {
        let mut out = self.plan.own_rates(of_all);
        if let Entry::Redemption(Redemption { share, .. }) = self.entry
            && let Some(rate) = out.get_mut(self.plan.pool_step(self.plan.last))
        {
            *rate = rate.map(|rate| 1.0 - math::pow(1.0 - rate, share));
        }
        out
    }

    /// A path on the steps of its plan.
    #[must_use]
    pub fn path(&self, path: &DrawnPath) -> DrawnPath {
        let of_all: Vec<Pack<1>> = path.hazard.iter().map(|rate| Pack([*rate])).collect();
        DrawnPath {
            defaults: path
                .defaults
                .iter()
                .enumerate()
                .filter_map(|(k, (o, step))| Some((*o, self.taken(*step, path.time(k))?)))
                .collect(),
            times: Vec::new(),
            ends: Vec::new(),
            one_by_one: path.one_by_one,
            hazard: self.rates(&of_all).iter().map(|rate| rate.0[0]).collect(),
        }
    }
}

impl<P: Numbers> Plan<P> {
    /// Place of a step's payment date among those on which figures are told.
    #[inline(always)]
    #[must_use]
    pub fn shown(&self, p: usize) -> usize {
        self.shown.get(p).map_or(p, |shown| *shown as usize)
    }

    /// The plan of a number: 0 is the first.
    #[must_use]
    pub fn of_number(&self, number: usize) -> &Self {
        number.checked_sub(1).and_then(|k| self.regimes.get(k)).map_or(self, |regime| &regime.plan)
    }

    /// A test as the document has it that it is of.
    #[must_use]
    pub fn own_test(&self, t: usize) -> &TestTerms<P> {
        let of = self.all().find(|plan| !plan.deal.foreign.test(t)).unwrap_or(self);
        &of.deal.tests[t]
    }

    /// The plan of a number, where that is of a redemption between payment dates.
    #[must_use]
    pub fn redemption(&self, number: usize) -> Option<&Regime<P>> {
        let regime = number.checked_sub(1).and_then(|k| self.regimes.get(k))?;
        regime.redeems().map(|_| regime)
    }

    /// Redemptions between payment dates, each with the number of its plan.
    pub fn redemptions(&self) -> impl Iterator<Item = (usize, Redemption)> {
        self.regimes.iter().enumerate().filter_map(|(k, regime)| Some((k + 1, regime.redeems()?)))
    }

    /// All plans, by number.
    pub fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.regimes.iter().map(|regime| &regime.plan))
    }

    /// Some document has other payment dates: what is repaid on one date of the first may default in a longer step of that.
    #[must_use]
    pub fn follows_repaid(&self) -> bool {
        self.regimes.iter().any(|regime| !regime.plan.takes.is_empty())
    }

    /// Whether a future may come to a document, or to a redemption between payment dates, at a time of its own: all futures of
    /// a block do so together where not.
    #[must_use]
    pub fn parts_ways(&self) -> bool {
        self.regimes.iter().any(|regime| regime.redeems().is_some()) || self.changes_by_condition()
    }

    /// Whether a condition may bring in a document.
    #[must_use]
    pub fn changes_by_condition(&self) -> bool {
        self.all().any(|plan| {
            plan.changes.iter().any(|change| matches!(change.kind, ChangeKind::Transition(_)) && change.when.is_some())
        })
    }

    /// What was paid for a residual note: in a later document that of the first.
    #[must_use]
    pub fn cost<const L: usize>(&self, note: usize) -> Pack<L>
    where
        P: DealParam<L>,
    {
        let terms = &self.deal.notes[note];
        let of_document = || terms.original.zip(terms.issue_price, |par, price| par * price).pack();
        self.opening.as_ref().map_or_else(of_document, |opening| Pack::splat(opening.notes[note].cost))
    }

    /// Whether equity may pay in after closing.
    #[must_use]
    pub fn equity_contributes(&self) -> bool {
        let later = self.regimes.iter().flat_map(|regime| &regime.plan.changes);
        let before = self.opening.as_ref().is_some_and(Opening::equity_may_have_contributed);
        before || self.changes.iter().chain(later).any(Change::equity_contributes)
    }

    /// What is wrong where the proceeds of an event do not pay what they must.
    #[must_use]
    pub fn refusal(&self, short: Short) -> EngineError {
        let Short { number, change, proceeds, uses } = short;
        let changes = &self.of_number(number).changes;
        let place = &changes[change].place;
        let verb = if matches!(changes[change].kind, ChangeKind::Issue { .. }) { "issue" } else { "refinance" };
        let message = format!("found proceeds of {proceeds:.2} on its date; expected {uses:.2}, which they must pay");
        let problems = vec![Problem::new(format!("{place}.{verb}"), message)];
        if place.starts_with("scenario") { EngineError::Scenario(problems) } else { EngineError::Deal(problems) }
    }

    /// What the scenario assumes that performing par brings in a sale on a payment date.
    #[must_use]
    pub fn liquidation_price(&self, p: usize) -> &P::OfScenario {
        &self.liquidation_prices[p.min(self.liquidation_prices.len() - 1)]
    }

    /// The pool step that ends a payment period.
    #[inline(always)]
    #[must_use]
    pub fn pool_step(&self, p: usize) -> usize {
        self.within.last_of(p)
    }

    /// Number of pool steps.
    #[must_use]
    pub fn pool_steps(&self) -> usize {
        self.pool.steps
    }

    /// Credit time of the end of a pool step, years from the as-of date.
    #[must_use]
    pub fn credit_time(&self, step: usize) -> f64 {
        if self.within.is_empty() { self.periods[step].credit_time } else { self.within.times[step] }
    }

    /// Number of payment dates.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.periods.len()
    }

    /// Step (from 0) that is run first.
    #[must_use]
    pub fn first(&self) -> usize {
        self.opening.as_ref().map_or(0, |opening| opening.first)
    }

    /// Dates of past distributions that are no payment dates of the schedule.
    #[must_use]
    pub fn off_schedule(&self) -> usize {
        self.opening.as_ref().map_or(0, Opening::off_schedule)
    }
}
