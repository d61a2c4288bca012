//! The period loop: pool step, proceeds, tests, both waterfalls, deferral, purchases; for `L` futures at once.

use super::drivers::Drivers;
use crate::lanes::{Mask, Pack};
use super::observer::{Collateral, Observer};
use super::plan::{PeriodTerms, Plan};
use super::recorder::Recorder;
use super::state::State;
use crate::collateral::cohorts::Cohorts;
use crate::coverage::ccc_excess::{self, CccAsset};
use crate::fees::{BaseDate, FeeBase};
use crate::notes::{controlling, deferral};
use crate::waterfall::interpreter::{self, Terms};

/// Less than this share of the target par in collateral and cash is nothing: the run ends.
const NOTHING_LEFT: f64 = 1e-9;
/// A cap that does not bind.
const NO_CAP: f64 = 1e300;

/// Scratch of one worker.
#[derive(Clone, Debug)]
pub struct Workspace<const L: usize> {
    pub state: State<L>,
    pub cohorts: Cohorts<L>,
    pub drivers: Drivers<L>,
    fee_basis: Pack<L>,
    performing: Pack<L>,
    principal_amount: Pack<L>,
}

impl<const L: usize> Workspace<L> {
    /// Room for a plan.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let deal = &plan.deal;
        Self {
            state: State::new(deal.notes.len(), deal.fees.len(), deal.program.slots),
            cohorts: Cohorts::new(plan.steps()),
            drivers: Drivers::new(&plan.pool),
            fee_basis: Pack::ZERO,
            performing: Pack::ZERO,
            principal_amount: Pack::ZERO,
        }
    }

    /// The state at closing.
    #[inline(always)]
    fn open(&mut self, plan: &Plan) {
        let state = &mut self.state;
        for (n, note) in plan.deal.notes.iter().enumerate() {
            state.balance[n] = Pack::splat(note.original);
            state.deferred[n] = Pack::ZERO;
            state.overdue[n] = Pack::ZERO;
            state.amortization_due[n] = Pack::ZERO;
        }
        let mut cost = 0.0;
        for note in &plan.deal.notes {
            if note.residual {
                cost += note.original * note.issue_price;
            }
        }
        for (f, fee) in plan.deal.fees.iter().enumerate() {
            state.fee_current[f] = Pack::ZERO;
            state.fee_arrears[f] = Pack::ZERO;
            let hurdle = fee.hurdle.as_ref().is_some_and(|h| h.irr.is_some());
            state.hurdle[f] = Pack::splat(if hurdle { cost } else { 0.0 });
        }
        state.held = Pack::splat(plan.deal.ramp_up_cash);
        state.held_interest = Pack::splat(plan.deal.interest_reserve);
        self.cohorts.clear();
        self.performing = Pack::splat(plan.pool.par);
        self.principal_amount = Pack::splat(plan.pool.par + plan.deal.ramp_up_cash);
        self.fee_basis = Pack::splat(plan.pool.par + plan.deal.ramp_up_cash + plan.opening_defaulted_par);
    }
}

/// Runs one block of futures from closing to the end and returns the largest cash difference of any date.
///
/// The drivers of the workspace hold the closing pool's flows of each lane.
#[inline(always)]
pub fn run<const L: usize, R: Recorder<L>, O: Observer<L>>(
    plan: &Plan,
    work: &mut Workspace<L>,
    recorder: &mut R,
    observer: &mut O,
    on_date: impl Fn(&mut R, usize),
) -> Pack<L> {
    work.open(plan);
    let mut running = Mask::splat(true);
    let mut error = Pack::ZERO;
    for (p, period) in plan.periods.iter().enumerate() {
        on_date(recorder, p);
        let collateral = collect(plan, work, period, p, running);
        accrue(plan, work, period, &collateral, running);
        let terms = Terms {
            program: &plan.deal.program,
            notes: &plan.deal.notes,
            fees: &plan.deal.fees,
            tests: &plan.deal.tests,
            active: &period.active,
            deferred_in_oc: plan.deal.deferred_in_oc,
            in_reinvestment: period.in_reinvestment,
            date: period.payment,
            target_par: plan.deal.target_par,
            post_period_share: plan.post_period_share,
            purchases: !period.is_last,
        };
        let difference = pay(&mut work.state, &terms, &collateral, recorder);
        error = error.max(difference).max(-difference);
        let bought = work.cohorts.buy(&plan.cohorts, p, work.state.purchases);
        observer.date(plan, p, &work.state, &collateral, running, bought);
        let left = collateral.performing_par + bought + work.state.held + work.state.held_interest + collateral.pending;
        running = running.and(left.ge(Pack::splat(NOTHING_LEFT * plan.deal.target_par)));
        if !running.any() {
            break;
        }
    }
    error
}

/// The pool step and the numerator on the determination date.
#[inline(always)]
fn collect<const L: usize>(
    plan: &Plan,
    work: &mut Workspace<L>,
    period: &PeriodTerms,
    p: usize,
    running: Mask<L>,
) -> Collateral<L> {
    let closing = work.drivers.step(p);
    let mut cohorts = work.cohorts.step(&plan.cohorts, p, work.drivers.hazard[p]);
    let state = &work.state;
    let cash_income = state.held * period.cash_income;
    let interest_proceeds = running.keep(closing.interest + cohorts.interest + cash_income + state.held_interest);
    let mut recoveries = closing.recoveries + cohorts.recoveries;
    let mut performing_par = closing.performing + cohorts.performing;
    let mut defaulted_par = closing.defaulted_par + cohorts.defaulted_par;
    let mut carrying = closing.carrying + cohorts.carrying;
    let mut market_of_defaulted = closing.market_of_defaulted + cohorts.market_of_defaulted;
    let mut discount_haircut = closing.discount + cohorts.discount;
    let mut sale_proceeds = Pack::ZERO;
    let mut pending = Pack::ZERO;
    if period.is_last {
        sale_proceeds = performing_par * plan.liquidation_price;
        recoveries += work.drivers.pending(p) + work.cohorts.pending(p);
        performing_par = Pack::ZERO;
        defaulted_par = Pack::ZERO;
        carrying = Pack::ZERO;
        market_of_defaulted = Pack::ZERO;
        discount_haircut = Pack::ZERO;
        cohorts.performing = Pack::ZERO;
    } else if performing_par.lt(Pack::splat(NOTHING_LEFT * plan.deal.target_par)).any() {
        pending = work.drivers.pending(p) + work.cohorts.pending(p);
    } else {
        // Enough is left whatever is still to be recovered.
        pending = performing_par;
    }
    let principal_proceeds = running.keep(
        state.held + closing.principal + cohorts.scheduled + cohorts.prepaid + recoveries + sale_proceeds,
    );
    let principal_amount = performing_par + principal_proceeds;
    let (ccc_par, ccc_haircut) = if period.is_last {
        (Pack::ZERO, Pack::ZERO)
    } else {
        ccc(plan, work, p, principal_amount, cohorts.performing)
    };
    let numerator = principal_amount - discount_haircut - ccc_haircut + carrying;
    let fee_basis = principal_amount + defaulted_par;
    Collateral {
        closing,
        cohorts,
        interest_proceeds,
        principal_proceeds,
        performing_par,
        defaulted_par,
        carrying,
        market_of_defaulted,
        ccc_par,
        ccc_haircut,
        discount_haircut,
        numerator,
        sale_proceeds,
        recoveries,
        fee_basis,
        pending,
    }
}

/// CCC par and the haircut of its excess.
#[inline(always)]
fn ccc<const L: usize>(
    plan: &Plan,
    work: &Workspace<L>,
    p: usize,
    principal_amount: Pack<L>,
    cohort_par: Pack<L>,
) -> (Pack<L>, Pack<L>) {
    let Some(limit) = plan.deal.ccc_limit else { return (Pack::ZERO, Pack::ZERO) };
    let pool = &plan.pool;
    let mut total = Pack::ZERO;
    for place in 0..pool.ccc.len() {
        let row = pool.ccc[place].1 as usize * pool.steps + p;
        total += work.drivers.ccc_par(place, pool.row_performing[row], p);
    }
    if plan.cohorts.ccc_price.is_some() {
        total += cohort_par;
    }
    let base = if plan.deal.ccc_on_target_par { Pack::splat(plan.deal.target_par) } else { principal_amount };
    let mut excess = (total - base * limit).positive();
    let mut haircut = Pack::ZERO;
    let mut cohort = plan.cohorts.ccc_price.map(|price| CccAsset { price, discount: 0.0 });
    for place in 0..pool.ccc.len() {
        let (asset, loan) = pool.ccc[place];
        if cohort.is_some_and(|c| c.price < asset.price) {
            if let Some(c) = cohort.take() {
                haircut += ccc_excess::take(c, cohort_par, &mut excess);
            }
        }
        if asset.discount <= 0.0 && !excess.any_positive() {
            continue;
        }
        let par = work.drivers.ccc_par(place, pool.row_performing[loan as usize * pool.steps + p], p);
        haircut += ccc_excess::take(asset, par, &mut excess);
    }
    if let Some(c) = cohort {
        haircut += ccc_excess::take(c, cohort_par, &mut excess);
    }
    (total, haircut)
}

/// What notes and fees are owed on this date; the pots, the tests' figures and the day's accumulators.
#[inline(always)]
fn accrue<const L: usize>(
    plan: &Plan,
    work: &mut Workspace<L>,
    period: &PeriodTerms,
    collateral: &Collateral<L>,
    running: Mask<L>,
) {
    let deal = &plan.deal;
    let state = &mut work.state;
    for n in 0..deal.notes.len() {
        let coupon = period.coupon[n];
        state.coupon[n] = coupon;
        let base = if deal.interest_on_unpaid {
            state.balance[n] + state.deferred[n] + state.overdue[n]
        } else {
            state.balance[n]
        };
        state.interest[n] = running.keep(base * coupon);
        state.current_due[n] = state.interest[n];
        if period.instalment[n] > 0.0 {
            state.amortization_due[n] += Pack::splat(period.instalment[n]);
        }
        state.amortization_due[n] = state.amortization_due[n].min(state.balance[n]);
        state.cured[n] = Pack::ZERO;
        state.interest_paid[n] = Pack::ZERO;
        state.deferred_paid[n] = Pack::ZERO;
        state.principal_paid[n] = Pack::ZERO;
    }
    controlling::mark(&deal.ranks, &state.balance, &state.deferred, &mut state.controlling);
    let principal_amount = collateral.performing_par + collateral.principal_proceeds;
    for (f, fee) in deal.fees.iter().enumerate() {
        let (start, end) = match fee.base {
            FeeBase::FeeBasis => (work.fee_basis, collateral.fee_basis),
            FeeBase::PerformingPar => (work.performing, collateral.performing_par),
            FeeBase::CollateralPrincipalAmount => (work.principal_amount, principal_amount),
            FeeBase::Note(n) => (state.balance[n as usize], state.balance[n as usize]),
        };
        let base = match fee.base_date {
            BaseDate::PeriodStart => start,
            BaseDate::PeriodEnd => end,
            BaseDate::Average => (start + end) * 0.5,
        };
        let fraction = period.fee_fraction[f];
        let due = base * (fee.rate * fraction) + Pack::splat(fee.fixed_per_year * fraction + fee.amount_per_period);
        state.fee_arrears[f] += state.fee_current[f];
        state.fee_current[f] = running.keep(due);
        state.cap_left[f] = match &fee.cap {
            Some(cap) => {
                let fraction = period.cap_fraction[f];
                work.fee_basis * (cap.rate * fraction) + Pack::splat(cap.fixed_per_year * fraction)
            }
            None => Pack::splat(NO_CAP),
        };
        state.fee_paid[f] = Pack::ZERO;
        state.hurdle[f] = state.hurdle[f] * period.hurdle_growth[f];
    }
    state.diverted = Pack::ZERO;
    state.held = running.not().keep(state.held);
    state.held_interest = running.not().keep(state.held_interest);
    state.purchases = Pack::ZERO;
    state.unscheduled = running.keep(collateral.closing.prepaid + collateral.cohorts.prepaid);
    state.numerator = collateral.numerator;
    state.par_ratio_numerator = principal_amount + collateral.market_of_defaulted;
    state.coverage_numerator = collateral.interest_proceeds;
    state.performing_par = collateral.performing_par;
    state.ccc_share = collateral.ccc_par.ratio_or_zero(principal_amount);
    work.fee_basis = collateral.fee_basis;
    work.performing = collateral.performing_par;
    work.principal_amount = principal_amount;
}

/// Both waterfalls and what they leave; returns cash in less cash out.
#[inline(always)]
pub fn pay<const L: usize, R: Recorder<L>>(
    state: &mut State<L>,
    terms: &Terms<'_>,
    collateral: &Collateral<L>,
    recorder: &mut R,
) -> Pack<L> {
    let dust = state.held + state.held_interest;
    interpreter::run(state, terms, [collateral.interest_proceeds, collateral.principal_proceeds], recorder);
    let mut out = state.purchases + state.held + state.held_interest - dust;
    for n in 0..terms.notes.len() {
        let unpaid = state.current_due[n];
        deferral::carry(
            terms.notes[n].deferrable,
            state.controlling[n],
            unpaid,
            &mut state.deferred[n],
            &mut state.overdue[n],
        );
        out += state.interest_paid[n] + state.deferred_paid[n] + state.principal_paid[n];
    }
    for f in 0..terms.fees.len() {
        out += state.fee_paid[f];
    }
    collateral.interest_proceeds + collateral.principal_proceeds - out
}
