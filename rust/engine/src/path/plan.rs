//! Everything a run reads: the compiled deal, the scalars of each date, the closing pool and the cohorts.

use super::commitments::CommitmentDate;
use super::opening::{DrawnPath, Opening};
use super::readings::ReadingTerms;
use crate::accounts::AccountTerms;
use crate::collateral::groups::PoolFlows;
use crate::collateral::{ClosingPool, CohortTables};
use crate::coverage::TestTerms;
use crate::coverage::ccc_excess::ExcessRules;
use crate::error::{EngineError, Problem};
use crate::expression::Expression;
use crate::fees::{CarryOver, FeeTerms};
use crate::hedges::HedgeTerms;
use crate::lanes::{Mask, Pack, Param};
use crate::lifecycle::{Change, ChangeKind, Repricing, Short};
use crate::math;
use crate::notes::{CommitmentTerms, NoteTerms, OnUnpaid};
use crate::state::{CommitmentLanes, HedgeLanes, State};
use crate::time::PeriodGrid;
use crate::waterfall::Program;

/// Credit times that are no further apart are the same.
pub const SAME_TIME: f64 = 1e-9;

/// A compiled deal; it knows no pool and no scenario.
#[expect(clippy::struct_excessive_bools, reason = "each is a term of its own")]
#[derive(Clone, Debug)]
pub struct DealTerms<P = f64> {
    pub name: String,
    pub target_par: f64,
    pub notes: Vec<NoteTerms<P>>,
    pub fees: Vec<FeeTerms<P>>,
    pub tests: Vec<TestTerms<P>>,
    /// Some notes hold parts of others.
    pub combines: bool,
    pub accounts: Vec<AccountTerms>,
    pub hedges: Vec<HedgeTerms>,
    pub commitments: Vec<CommitmentTerms>,
    pub program: Program,
    /// Bits of the interest coverage tests.
    pub interest_tests: u64,
    /// Notes of each principal rank, most senior first.
    pub ranks: Vec<Vec<u16>>,
    pub grid: PeriodGrid,
    pub interest_reserve: f64,
    pub ramp_up_cash: f64,
    /// Limit of the CCC bucket, a share of its base.
    pub ccc_limit: Option<f64>,
    /// What the limit is a share of; absent: the collateral principal amount.
    pub ccc_base: Option<f64>,
    /// Some condition or amount reads the share of CCC collateral.
    pub reads_ccc_share: bool,
    pub deferred_in_oc: bool,
    /// Deferred interest is added to the balance of its class.
    pub capitalizes: bool,
    /// What unpaid interest bears.
    pub on_unpaid: OnUnpaid,
    /// Interest left unpaid by a step of the date counts in overcollateralization.
    pub same_date_deferrals: bool,
    /// The par ratio of the events of default is measured on the adjusted collateral principal amount.
    pub eod_adjusted: bool,
    /// The test that asks for the target par until the agencies have confirmed their ratings.
    pub target_par_test: Option<u16>,
    /// The first date on which it holds is the first after the reinvestment period.
    pub reinvestment_ends: Option<Expression>,
    /// Conditions that are events of default.
    pub default_conditions: Vec<Expression>,
    /// Steps of coupons that hold under a condition; of several of a note the last counts.
    pub coupon_steps: Vec<CouponStep>,
    pub ccc_rules: ExcessRules,
    /// Causes of an event of default that are watched.
    pub watched: Vec<Cause>,
    /// What an event of default does; none where it is only recorded.
    pub acceleration: Option<AccelerationTerms>,
    /// Per note: the notes that its name stands for; empty where each stands for itself.
    pub groups: Vec<Vec<u16>>,
    /// What refinancings, re-pricings and issues cost, as a fee that interest pays ahead of the residual notes.
    pub event_cost: Option<u16>,
    pub foreign: Foreign,
}

/// What belongs to other documents of a deal that is reset or amended; nothing where the deal has one document.
#[derive(Clone, Debug, Default)]
pub struct Foreign {
    pub notes: Vec<bool>,
    pub fees: Vec<bool>,
    pub tests: Vec<bool>,
    pub accounts: Vec<bool>,
    pub hedges: Vec<bool>,
    /// Per note, fee and test: its place in the document; those of others come last.
    pub order: [Vec<usize>; 3],
}

impl Foreign {
    /// The place of the `i`-th of a list in the document: of notes (0), fees (1), tests (2).
    #[must_use]
    pub fn place(&self, list: usize, i: usize) -> usize {
        self.order[list].get(i).copied().unwrap_or(i)
    }

    /// Whether a note is of another document.
    #[must_use]
    pub fn note(&self, n: usize) -> bool {
        among(&self.notes, n)
    }

    /// Whether a fee is of another document.
    #[must_use]
    pub fn fee(&self, f: usize) -> bool {
        among(&self.fees, f)
    }

    /// Whether a test is of another document.
    #[must_use]
    pub fn test(&self, t: usize) -> bool {
        among(&self.tests, t)
    }

    /// Whether an account is of another document.
    #[must_use]
    pub fn account(&self, a: usize) -> bool {
        among(&self.accounts, a)
    }

    /// Whether a hedge is of another document.
    #[must_use]
    pub fn hedge(&self, h: usize) -> bool {
        among(&self.hedges, h)
    }
}

/// Whether the `i`-th of a list is marked; none is where the deal has one document.
fn among(marked: &[bool], i: usize) -> bool {
    marked.get(i).copied().unwrap_or(false)
}

/// A spread or fixed rate for the accrual periods that begin on a payment date on which a condition holds.
#[derive(Clone, Debug)]
pub struct CouponStep {
    pub note: u16,
    /// Its place among the steps of the note's coupon.
    pub step: u32,
    /// Asked on the figures of the determination date.
    pub when: Expression,
    pub margin: f64,
    /// Once the condition has held, it is for good.
    pub lasting: bool,
}

/// What follows an event of default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AccelerationTerms {
    /// The acceleration ends when its causes do.
    pub rescinded_when_cured: bool,
    /// The collateral of an accelerated deal is sold.
    pub liquidation: Option<LiquidationTerms>,
}

/// When the collateral of an accelerated deal is sold, and what that costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LiquidationTerms {
    /// Only on a date on which the proceeds cover every rated class.
    pub must_cover: bool,
    pub cost: SaleCost,
}

/// A share of the performing par that is sold, and currency units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SaleCost {
    pub rate: f64,
    pub fixed: f64,
}

/// At which price performing par is sold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SalePrice {
    /// The scenario's liquidation price.
    Scenario,
    Stated(f64),
    /// Each asset at its own market price.
    Market,
}

/// A call: all collateral is sold and every class is paid in full.
#[derive(Clone, Debug)]
pub struct CallTerms {
    /// Per step: whether it may be exercised.
    pub window: Vec<bool>,
    pub when: Option<Expression>,
    /// Collateral principal amount that must have fallen below this, where the right says so.
    pub below: Option<f64>,
    pub price: SalePrice,
    pub cost: SaleCost,
    /// Tried again on later dates until it is feasible.
    pub retry: bool,
    /// Looked at again after it was withdrawn.
    pub repeat: bool,
}

impl<P> DealTerms<P> {
    /// Whether a class is drawn over time.
    #[must_use]
    pub fn commits(&self, note: usize) -> bool {
        self.commitments.iter().any(|commitment| commitment.note as usize == note)
    }

    /// Whether a cause of an event of default is watched.
    #[must_use]
    pub fn watches(&self, cause: Cause) -> bool {
        self.watched.contains(&cause)
    }
}

impl<P> DealTerms<P> {
    /// An empty state of the deal.
    #[must_use]
    pub fn state<const L: usize>(&self) -> State<L> {
        let mut state = State::new(self.notes.len(), self.fees.len(), self.tests.len(), self.program.slots);
        if self.on_unpaid == OnUnpaid::Simple {
            state.bearing = vec![Pack::ZERO; self.notes.len()];
        }
        if self.same_date_deferrals {
            state.stepped = vec![false; self.notes.len()];
        }
        state.deferred_saves = self.on_unpaid == OnUnpaid::Compound;
        state.coupon_steps = vec![Mask::splat(false); self.coupon_steps.len()];
        state.default_conditions = vec![Mask::splat(false); self.default_conditions.len()];
        state.groups.clone_from(&self.groups);
        state.interest_tests = self.interest_tests;
        state.accounts = self.accounts.iter().map(|account| Pack::splat(account.initial)).collect();
        state.hedges = vec![HedgeLanes::default(); self.hedges.len()];
        state.commitments = vec![CommitmentLanes::default(); self.commitments.len()];
        for (f, fee) in self.fees.iter().enumerate() {
            state.higher.extend(fee.higher.iter().map(|_| Pack::ZERO));
            if let Some(cap) = fee.cap.as_ref().filter(|cap| cap.carry_over > 0) {
                state.carried.push(CarryOver::new(f, cap.carry_over));
            }
        }
        if self.fees.iter().any(|fee| !fee.deferred.is_empty()) {
            state.postponed = vec![Pack::ZERO; self.fees.len()];
        }
        state
    }
}

/// Causes of an event of default that a run records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Interest that may not defer is unpaid.
    SeniorInterest,
    /// A par ratio test of that kind fails.
    ParRatio,
    /// Principal is unpaid on the last date.
    Maturity,
}

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
    /// Per note: instalment that falls due (class X).
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
pub struct Plan<P = f64> {
    pub deal: DealTerms<P>,
    pub periods: Vec<PeriodTerms<P>>,
    pub pool: ClosingPool,
    pub cohorts: CohortTables<P>,
    /// Period default rates of the cohorts where no default model replaces them.
    pub cohort_mdr: Vec<f64>,
    pub liquidation_price: P,
    pub post_period_share: P,
    pub calls: Vec<CallTerms>,
    /// Per step: whether all collateral may be sold; nothing where it never may.
    pub sells: Vec<bool>,
    /// Events that change notes, in the order in which they act on a date.
    pub changes: Vec<Change>,
    pub repricings: Vec<Repricing>,
    /// What only some conditions and amounts read.
    pub readings: ReadingTerms<P>,
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
    /// Per step: place of its payment date among those of the first plan; nothing where they are the same.
    pub shown: Vec<u32>,
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
pub struct Regime<P = f64> {
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
    /// Per step of the first plan: the step of this one that takes its defaults; nothing where payment dates are the same.
    pub takes: Vec<u32>,
}

impl<P> Regime<P> {
    /// The redemption between payment dates, where it is the plan of one.
    #[must_use]
    pub const fn redeems(&self) -> Option<Redemption> {
        match self.entry {
            Entry::Redemption(redemption) => Some(redemption),
            Entry::Change(_) => None,
        }
    }

    /// Days from closing to each distribution of a run that ends with it, by place among those of the first plan.
    #[must_use]
    pub fn days(&self, first: &Plan<P>) -> Vec<i32> {
        if self.plan.shown.is_empty() {
            return self.plan.days.clone();
        }
        let mut days = first.days.clone();
        let at = first.off_schedule() + self.plan.shown(self.step);
        days[at] = self.plan.days[self.plan.off_schedule() + self.step];
        // Nothing is paid on dates that the document does not have.
        for i in (0..at).rev() {
            days[i] = if days[i] < days[i + 1] { days[i] } else { days[i + 1] - 1 };
        }
        days
    }

    /// The step (from 0) that takes a default of a step of the first plan, at a credit time or a little before it; none after
    /// the last.
    #[must_use]
    pub fn taken(&self, step: usize, time: f64) -> Option<usize> {
        let step = if self.takes.is_empty() { step } else { *self.takes.get(step)? as usize };
        match self.entry {
            Entry::Redemption(Redemption { until, .. }) => {
                (time <= until + SAME_TIME).then_some(if step < self.plan.last { step } else { self.plan.last })
            }
            Entry::Change(_) => (step <= self.plan.last).then_some(step),
        }
    }

    /// Default rates of its steps, from those of the first plan's steps.
    #[must_use]
    pub fn rates<const L: usize>(&self, of_first: &[Pack<L>]) -> Vec<Pack<L>> {
        let mut out = self.on_own_steps(of_first);
        if let Entry::Redemption(Redemption { share, .. }) = self.entry
            && let Some(rate) = out.get_mut(self.plan.last)
        {
            *rate = rate.map(|rate| 1.0 - math::pow(1.0 - rate, share));
        }
        out
    }

    fn on_own_steps<const L: usize>(&self, of_first: &[Pack<L>]) -> Vec<Pack<L>> {
        if self.takes.is_empty() {
            return of_first.to_vec();
        }
        let one = Pack::splat(1.0);
        let mut left = vec![one; of_first.len()];
        for (step, rate) in self.takes.iter().zip(of_first) {
            if let Some(left) = left.get_mut(*step as usize) {
                *left = *left * (one - *rate);
            }
        }
        left.into_iter().map(|left| one - left).collect()
    }

    /// A path of the first plan on the steps of this one.
    #[must_use]
    pub fn path(&self, path: &DrawnPath) -> DrawnPath {
        let of_first: Vec<Pack<1>> = path.hazard.iter().map(|rate| Pack([*rate])).collect();
        DrawnPath {
            defaults: path
                .defaults
                .iter()
                .enumerate()
                .filter_map(|(k, (o, step))| Some((*o, self.taken(*step, path.time(k))?)))
                .collect(),
            times: Vec::new(),
            hazard: self.rates(&of_first).iter().map(|rate| rate.0[0]).collect(),
        }
    }
}

impl<P> Plan<P> {
    /// Place of a step's payment date among those of the first plan.
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
        P: Param<L>,
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
