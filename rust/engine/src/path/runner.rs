//! The period loop: pool step, proceeds, tests, both waterfalls, deferral, purchases; for `L` futures at once.

use cloche_dispatch::{Isa, Kernel};

use super::accrual::{Accrue, FeeBases};
use super::collect::Collect;
use super::commitments;
use super::coupon_steps;
use super::deal_terms::DealTerms;
use super::drivers::Drivers;
use super::effective_date;
use super::instalments;
use super::make_whole;
use super::month_steps::{self, Months};
use super::observer::{Collateral, Observer};
use super::plan::Plan;
use super::readings;
use super::redemption;
use super::regime::{self, Documents};
use super::reinvestment_period;
use super::reserves;
use super::sale::{self, Calls};
use super::status;
use super::succession;
use crate::collateral::cohorts::Cohorts;
use crate::coverage::ccc_excess::Haircuts;
use crate::lanes::{DealParam, Mask, Numbers, Pack};
use crate::lifecycle::Changes;
use crate::notes::{OnUnpaid, combination, deferral};
use crate::state::{CommitmentLanes, HedgeLanes, State, Status};
use crate::waterfall::expenses;
use crate::waterfall::interpreter;
use crate::waterfall::recorder::Recorder;
use crate::waterfall::terms::Terms;

/// Less than this share of the target par in collateral and cash is nothing: the run ends.
pub const NOTHING_LEFT: f64 = 1e-9;
/// A cap that does not bind.
pub const NO_CAP: f64 = 1e300;

/// Scratch of one worker.
#[derive(Clone, Debug)]
pub struct Workspace<const L: usize> {
    pub state: State<L>,
    pub cohorts: Cohorts<L>,
    pub drivers: Drivers<L>,
    pub months: Months<L>,
    pub calls: Calls<L>,
    pub collateral: Collateral<L>,
    /// Lanes whose run had not ended before this date.
    pub running: Mask<L>,
    /// Par bought on this date.
    bought: Pack<L>,
    /// Largest cash difference of any date so far.
    error: Pack<L>,
    pub(super) isa: Isa,
    /// Whether enough collateral is left in every lane for its run to go on, whatever else there is.
    pub(super) ample: bool,
    /// What fees were charged on at the last determination date.
    pub opening: FeeBases<L>,
    opening_read: [bool; 3],
    /// Par of the CCC set and its haircuts on the last date on which it was looked at; whether that was the last date.
    pub(super) ccc: (Pack<L>, Haircuts<L>),
    pub(super) has_ccc: bool,
    /// Whether there may be proceeds of a sale of the last date that was looked at.
    pub(super) has_sale: bool,
    pub documents: Documents<L>,
}

impl<const L: usize> Workspace<L> {
    /// Room for a plan.
    #[must_use]
    pub fn new<P: Numbers>(plan: &Plan<P>, isa: Isa) -> Self {
        let deal = &plan.deal;
        let mut state = deal.state();
        if !plan.changes.is_empty() {
            state.changes = Changes::new(plan.changes.len(), deal.notes.len(), plan.repricings.len());
        }
        Self {
            state,
            cohorts: cohorts(plan),
            drivers: Drivers::new(&plan.pool, L == 1),
            months: Months::NONE,
            calls: Calls::new(plan.calls.len()),
            collateral: Collateral::ZERO,
            running: Mask::splat(true),
            bought: Pack::ZERO,
            error: Pack::ZERO,
            isa,
            ample: false,
            has_sale: false,
            opening: FeeBases::default(),
            opening_read: FeeBases::<L>::read(plan),
            ccc: (Pack::ZERO, Haircuts::ZERO),
            has_ccc: false,
            documents: Documents::new(plan),
        }
    }

    /// The instruction set that is used.
    #[must_use]
    pub const fn isa(&self) -> Isa {
        self.isa
    }

    /// The state at closing.
    #[inline(always)]
    fn open<P: DealParam<L>>(&mut self, plan: &Plan<P>) {
        if !plan.regimes.is_empty() {
            regime::begin(plan, self);
        }
        let state = &mut self.state;
        for (n, note) in plan.deal.notes.iter().enumerate() {
            let later = note.replaces.is_some() || plan.deal.foreign.note(n);
            let balance = if later { Pack::ZERO } else { note.at_closing.pack() };
            state.notes[n].open(balance);
        }
        let mut cost = Pack::ZERO;
        for note in &plan.deal.notes {
            if note.residual {
                cost += note.original.zip(note.issue_price, |par, price| par * price).pack();
            }
        }
        for (f, fee) in plan.deal.fees.iter().enumerate() {
            state.fees[f].current.open(Pack::ZERO);
            state.fees[f].arrears = Pack::ZERO;
            state.fees[f].has_arrears = false;
            state.fees[f].cap_left = Pack::splat(NO_CAP);
            let hurdle = fee.hurdle.as_ref().is_some_and(|h| h.irr.is_some());
            state.fees[f].hurdle = if hurdle { cost } else { Pack::ZERO };
        }
        state.higher.fill(cost);
        state.postponed.fill(Pack::ZERO);
        for carried in &mut state.carried {
            carried.clear();
        }
        state.marked = false;
        state.any_cured = false;
        state.principal_paid = false;
        state.accelerated = Mask::splat(false);
        state.accelerates_next = Mask::splat(false);
        state.confirmed = Mask::splat(false);
        state.reinvestment_over = Mask::splat(false);
        state.may_buy = Mask::splat(true);
        state.coupon_steps.fill(Mask::splat(false));
        state.redeemed = Mask::splat(false);
        state.liquidated = Mask::splat(false);
        state.withdrawn = Mask::splat(false);
        state.too_large = Mask::splat(false);
        self.calls.clear();
        state.changes.clear();
        state.fresh = 0;
        state.deferred_saves = plan.deal.on_unpaid == OnUnpaid::Compound;
        state.bearing.fill(Pack::ZERO);
        state.has_diverted = true;
        state.holds = true;
        state.held = Pack::splat(plan.deal.ramp_up_cash);
        state.held_interest = Pack::splat(plan.deal.interest_reserve);
        for (balance, account) in state.accounts.iter_mut().zip(&plan.deal.accounts) {
            *balance = Pack::splat(account.initial);
        }
        state.hedges.fill(HedgeLanes::default());
        state.commitments.fill(CommitmentLanes::default());
        self.cohorts.clear();
        self.running = Mask::splat(true);
        self.error = Pack::ZERO;
        let assets = plan.pool.par + plan.deal.ramp_up_cash;
        self.opening = FeeBases {
            fee_basis: Pack::splat(assets + plan.opening_defaulted_par),
            performing_par: Pack::splat(plan.pool.par),
            principal_amount: Pack::splat(assets),
        };
        if let Some(opening) = &plan.opening {
            opening.put(&mut self.state);
            self.calls.go_on(&opening.calls);
            self.cohorts.go_on(&opening.cohorts);
            let [fee_basis, performing_par, principal_amount] = opening.bases.map(Pack::splat);
            self.opening = FeeBases { fee_basis, performing_par, principal_amount };
        }
    }
}

/// Room for the cohorts of a plan, also in later documents.
fn cohorts<const L: usize, P: Numbers>(plan: &Plan<P>) -> Cohorts<L> {
    // A plan that ends between payment dates has one step more.
    let steps = plan.all().map(Plan::pool_steps).max().unwrap_or(0);
    // A later document, or the state, may ask for any step.
    let alone = plan.regimes.is_empty() && plan.opening.is_none();
    Cohorts::new(steps, if alone { plan.cohorts.open() } else { steps })
}

/// Runs one block of futures from closing to the end and returns the largest cash difference of any date.
///
/// The drivers of the workspace hold the closing pool's flows of each lane. Each stage of a date is a function of its
/// own: what goes from one to the next lies in the workspace.
pub fn run<const L: usize, P: DealParam<L>, R: Recorder<L>, O: Observer<L, P>>(
    first: &Plan<P>,
    work: &mut Workspace<L>,
    recorder: &mut R,
    observer: &mut O,
    on_date: impl Fn(&mut R, &Plan<P>, usize),
) -> Pack<L> {
    work.open(first);
    let isa = work.isa;
    let mut plan = first;
    for p in first.first()..first.steps() {
        if !first.regimes.is_empty()
            && let Some((number, redeeming)) = redemption::called(first, plan, work, p)
        {
            regime::take_over(plan, redeeming, number, work);
            plan = &redeeming.plan;
        }
        let period = &plan.periods[p];
        on_date(recorder, plan, p);
        let may_sell = !plan.sells.is_empty();
        let terms = open(plan, work, p);
        if R::EXPLAINS && !plan.within.is_empty() {
            month_steps::tell(plan, work, recorder);
        }
        if !plan.changes.is_empty() {
            succession::decide(plan, work, &terms, p);
        }
        let (interest, principal) = (&work.collateral.interest_proceeds, &work.collateral.principal_proceeds);
        if plan.readings.expenses {
            work.state.coverage_numerator = *interest;
        }
        let one_pot = plan.deal.acceleration.is_some() || may_sell;
        if one_pot && work.state.accelerated.or(work.state.redeemed).any() {
            status::pay(&mut work.state, &terms, [interest, principal], recorder);
        } else {
            interpreter::run(&mut work.state, &terms, [interest, principal], recorder);
        }
        if let Some(test) = plan.deal.target_par_test {
            effective_date::look(&mut work.state, &terms, test);
        }
        let going_on = isa.run(Close { plan, work, observer, recorder, p });
        if !going_on || period.is_last {
            break;
        }
        if !first.regimes.is_empty()
            && let Some((number, next)) = regime::after(first, plan, work, p)
        {
            regime::take_over(plan, next, number, work);
            plan = &next.plan;
        }
    }
    if !first.regimes.is_empty() {
        regime::end(work);
    }
    work.error
}

/// A date before its payments: its collateral, what is owed, and what is sold for it.
#[inline(always)]
pub fn open<'a, const L: usize, P: DealParam<L>>(plan: &'a Plan<P>, work: &mut Workspace<L>, p: usize) -> Terms<'a, P> {
    let (period, isa) = (&plan.periods[p], work.isa);
    let reads = !plan.readings.is_empty();
    let may_sell = !plan.sells.is_empty();
    if !plan.within.is_empty() {
        month_steps::run(plan, work, p);
    }
    if may_sell {
        sale::prepare(plan, work, period, p);
    }
    isa.run(Collect { plan, work, period, p });
    isa.run(Accrue { plan, work, period });
    if !plan.instalments.is_empty() {
        instalments::fall_due(plan, &mut work.state, p);
    }
    if !(period.make_whole.is_empty() && work.state.make_whole.is_empty()) {
        make_whole::open(&mut work.state, period);
    }
    if reads {
        readings::take(plan, work, p);
    }
    let terms = Terms {
        program: &plan.deal.program,
        notes: &plan.deal.notes,
        fees: &plan.deal.fees,
        tests: &plan.deal.tests,
        active: &period.active,
        coupons_positive: period.coupons_positive,
        deferred_in_oc: plan.deal.deferred_in_oc,
        in_reinvestment: period.in_reinvestment,
        date: period.payment,
        target_par: plan.deal.target_par,
        post_period_share: &plan.post_period_share,
        purchases: !period.is_last,
        isa,
        deposits: false,
        status: Status::Normal,
    };
    if plan.readings.expenses {
        expenses::foresee(&mut work.state, &terms, &work.collateral.interest_proceeds);
    }
    if plan.deal.acceleration.is_some() || !plan.deal.default_conditions.is_empty() {
        status::open(&mut work.state, &terms, &plan.deal);
    }
    if !plan.deal.coupon_steps.is_empty() {
        coupon_steps::decide(&plan.deal, &mut work.state, &terms);
    }
    if let Some(test) = plan.deal.target_par_test {
        effective_date::look(&mut work.state, &terms, test);
    }
    if let Some(when) = &plan.deal.reinvestment_ends {
        reinvestment_period::end(&mut work.state, &terms, when);
    }
    if may_sell {
        sale::decide(plan, work, &terms, period, p);
        if reads && sale::sold(&work.state).any() {
            readings::take(plan, work, p);
        }
    }
    terms
}

/// What both waterfalls leave: unpaid interest, purchases, the check of cash, and whether some lane goes on.
struct Close<'a, const L: usize, P: Numbers, O, R> {
    plan: &'a Plan<P>,
    work: &'a mut Workspace<L>,
    observer: &'a mut O,
    recorder: &'a mut R,
    p: usize,
}

impl<const L: usize, P: DealParam<L>, O: Observer<L, P>, R: Recorder<L>> Kernel for Close<'_, L, P, O, R> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let Self { plan, work, observer, recorder, p } = self;
        let mut difference = settle(&mut work.state, &plan.deal, &work.collateral);
        if !plan.changes.is_empty() {
            difference += succession::apply(plan, work, p, recorder);
        }
        if plan.deal.combines {
            work.state.principal_paid |= combination::pass_on(&plan.deal.notes, &mut work.state.notes);
        }
        // A difference that is not a number stays one.
        work.error = difference.max(-difference).max(work.error) + difference * 0.0;
        work.bought = work.cohorts.buy(&plan.cohorts, plan.pool_step(p), work.state.purchases);
        if !plan.within.is_empty() {
            work.bought += work.months.bought;
        }
        if let Some(terms) = plan.deal.acceleration {
            status::close(&mut work.state, &plan.deal, terms, work.running);
        }
        observer.date(plan, p, &work.state, &work.collateral, work.running, work.bought);
        if plan.deal.acceleration.is_some() {
            work.state.accelerated = work.state.accelerates_next;
        }
        work.opening.take(&work.collateral, &work.opening_read);
        let (state, collateral) = (&work.state, &work.collateral);
        if !work.ample {
            let mut left = collateral.performing_par + work.bought + state.held;
            left = left + state.held_interest + collateral.pending;
            for balance in &state.accounts {
                left += *balance;
            }
            work.running = work.running.and(left.ge(Pack::splat(NOTHING_LEFT * plan.deal.target_par)));
        }
        if !plan.sells.is_empty() {
            work.running = work.running.and(sale::sold(&work.state).not());
        }
        work.running.any()
    }
}

/// Carries unpaid interest and returns cash in less cash out of a date.
#[inline(always)]
pub fn settle<const L: usize, P>(state: &mut State<L>, deal: &DealTerms<P>, collateral: &Collateral<L>) -> Pack<L> {
    let mut out = state.purchases;
    if state.holds {
        out = out + state.held + state.held_interest - state.kept;
        state.holds = state.held.any() || state.held_interest.any();
    }
    if !(state.accounts.is_empty() && state.hedges.is_empty()) {
        out += reserves::paid(state);
    }
    if !state.commitments.is_empty() {
        out += commitments::drawn(state);
    }
    if deal.on_unpaid == OnUnpaid::Simple {
        for ((note, terms), bearing) in state.notes.iter().zip(&deal.notes).zip(&mut state.bearing) {
            *bearing = deferral::bearing(terms.deferrable, deal.capitalizes, note, *bearing);
        }
    }
    for (note, terms) in state.notes.iter_mut().zip(&deal.notes) {
        // What nobody was paid is an exact zero: leaving it out changes no bit.
        out += *note.interest.paid();
        if note.has_deferred {
            out += note.deferred_paid;
        }
        if note.repaid {
            out += note.principal_paid;
        }
        if !note.interest.is_settled() {
            deferral::carry(terms.deferrable, deal.capitalizes, note);
            state.fresh = 0;
            state.marked = false;
        }
    }
    for fee in &state.fees {
        out += *fee.current.paid();
    }
    collateral.interest_proceeds + collateral.principal_proceeds - out
}
