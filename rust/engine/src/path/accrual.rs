//! What notes and fees are owed on a date, and what the steps and the tests read of its collateral.

use cloche_dispatch::Kernel;

use super::commitments;
use super::coupon_steps;
use super::deal_terms::DealTerms;
use super::observer::Collateral;
use super::plan::{PeriodTerms, Plan};
use super::runner::{NO_CAP, Workspace};
use super::succession;
use crate::fees::{self, Accrual, BaseDate, FeeBase, FeeTerms, Lifted};
use crate::lanes::{DealParam, Mask, Numbers, Pack};
use crate::notes::{OnUnpaid, controlling};
use crate::state::{State, of_all};
use crate::waterfall::idle::NOTHING_DEFERRED;

/// What fees can be charged on beside the notes, at one determination date.
#[derive(Clone, Copy, Debug, Default)]
pub struct FeeBases<const L: usize> {
    pub fee_basis: Pack<L>,
    pub performing_par: Pack<L>,
    pub principal_amount: Pack<L>,
}

impl<const L: usize> FeeBases<L> {
    /// Takes those of the collateral of a date that are read on the next one.
    #[inline(always)]
    pub fn take(&mut self, collateral: &Collateral<L>, read: &[bool; 3]) {
        if read[0] {
            self.fee_basis = collateral.fee_basis;
        }
        if read[1] {
            self.performing_par = collateral.performing_par;
        }
        if read[2] {
            self.principal_amount = collateral.principal_amount;
        }
    }

    /// Which of them some fee of a plan may read a date later: fee basis, performing par, principal amount.
    #[must_use]
    pub fn read<P: Numbers>(plan: &Plan<P>) -> [bool; 3] {
        // The state of a single run tells them all, and another document may read what this one does not.
        let all = L == 1 || !(plan.sells.is_empty() && plan.regimes.is_empty());
        [FeeBase::FeeBasis, FeeBase::PerformingPar, FeeBase::CollateralPrincipalAmount].map(|base| {
            let reads = |fee: &FeeTerms<P>| {
                let of_cap = fee.cap.is_some() && base == FeeBase::FeeBasis;
                of_cap || (fee.base == base && fee.base_date != BaseDate::PeriodEnd)
            };
            all || plan.deal.fees.iter().any(reads)
        })
    }
}

/// What is owed on a date.
pub struct Accrue<'a, const L: usize, P: Numbers> {
    pub plan: &'a Plan<P>,
    pub work: &'a mut Workspace<L>,
    pub period: &'a PeriodTerms<P>,
}

impl<const L: usize, P: DealParam<L>> Kernel for Accrue<'_, L, P> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { plan, work, period } = self;
        let (state, collateral, running) = (&mut work.state, &work.collateral, work.running);
        of_notes(&plan.deal, period, state, running);
        if !plan.repricings.is_empty() {
            succession::reprice(plan, state, period, running);
        }
        if !plan.deal.coupon_steps.is_empty() {
            coupon_steps::accrue(&plan.deal, state, period, running);
        }
        if !plan.deal.commitments.is_empty() {
            commitments::charge(&plan.deal, period, state);
        }
        of_fees(&plan.deal, period, state, running, &work.opening, collateral);
        if state.has_diverted {
            state.diverted = Pack::ZERO;
            state.joined = Pack::ZERO;
            state.has_diverted = false;
        }
        if state.holds {
            state.held = running.not().keep(state.held);
            state.held_interest = running.not().keep(state.held_interest);
            state.kept = state.held + state.held_interest;
        }
        state.purchases = Pack::ZERO;
        if !plan.deal.commitments.is_empty() {
            commitments::draw(&plan.deal, state);
        }
        figures(state, &plan.deal, collateral, running);
    }
}

/// Interest of the notes; the day's accumulators, and which class controls.
#[inline(always)]
fn of_notes<const L: usize, P: DealParam<L>>(
    deal: &DealTerms<P>,
    period: &PeriodTerms<P>,
    state: &mut State<L>,
    running: Mask<L>,
) {
    let count = deal.notes.len();
    let mut deferred = false;
    let (terms, coupons, notes) = (&deal.notes[..count], &period.coupon[..count], &mut state.notes[..count]);
    for n in 0..count {
        let (deal_note, coupon, note) = (&terms[n], coupons[n].pack(), &mut notes[n]);
        if deal_note.residual {
            note.interest.open(Pack::ZERO);
            continue;
        }
        note.coupon = coupon;
        if note.has_deferred {
            note.deferred_paid = Pack::ZERO;
            note.has_deferred = note.deferred.any();
            deferred |= note.has_deferred;
        }
        if note.has_overdue {
            note.has_overdue = note.overdue.any();
        }
        if deal.on_unpaid != OnUnpaid::Nothing && (note.has_deferred || note.has_overdue) {
            let unpaid = match deal.on_unpaid {
                OnUnpaid::Simple => state.bearing[n],
                _ => note.deferred + note.overdue,
            };
            note.interest.open(running.keep((note.balance + unpaid) * coupon));
        } else {
            note.interest.open(running.keep(note.balance * coupon));
        }
        if deal_note.amortization.is_some() {
            note.amortization_due = (note.amortization_due + period.instalment[n].pack()).min(note.balance);
        }
        // What was not paid on the last date is zero already.
        if state.any_cured {
            note.cured = Pack::ZERO;
        }
        if note.repaid {
            note.principal_paid = Pack::ZERO;
            note.repaid = false;
        }
    }
    if state.principal_paid || !state.marked {
        let all = deal.ranks.len();
        let ranks_marked = if state.marked { state.ranks_marked } else { all };
        state.ranks_marked = controlling::mark(&deal.ranks, deal.target_par, ranks_marked, &mut state.notes);
        state.marked = true;
    }
    state.any_cured = false;
    state.principal_paid = false;
    state.fresh &= !deal.interest_tests;
    // A test that does not apply asks for nothing.
    state.clear = period.inactive;
    state.settled = if deferred { 0 } else { NOTHING_DEFERRED };
    state.looked = false;
    state.stepped.fill(false);
}

/// What fees are owed, and what hurdles grow to.
#[inline(always)]
fn of_fees<const L: usize, P: DealParam<L>>(
    deal: &DealTerms<P>,
    period: &PeriodTerms<P>,
    state: &mut State<L>,
    running: Mask<L>,
    opening: &FeeBases<L>,
    collateral: &Collateral<L>,
) {
    let count = deal.fees.len();
    let (terms, fractions) = (&deal.fees[..count], &period.fee_fraction[..count]);
    for f in 0..count {
        let of_group;
        let (fee, fraction, lanes) = (&terms[f], fractions[f], &mut state.fees[f]);
        if lanes.has_arrears {
            lanes.has_arrears = lanes.arrears.any();
        }
        if !lanes.current.is_settled() {
            lanes.arrears += *lanes.current.unpaid();
            lanes.has_arrears = true;
        }
        let fixed = fee.fixed_per_year.zip(fee.amount_per_period, |year, date| year * fraction + date).pack();
        if fee.accrual == Accrual::Fixed {
            lanes.current.open(running.keep(fixed));
            continue;
        }
        let rate = fee.rate.map(|rate| rate * fraction).pack();
        let [start, end] = match fee.base {
            FeeBase::FeeBasis => [&opening.fee_basis, &collateral.fee_basis],
            FeeBase::PerformingPar => [&opening.performing_par, &collateral.performing_par],
            FeeBase::CollateralPrincipalAmount => [&opening.principal_amount, &collateral.principal_amount],
            FeeBase::Note(n) if state.groups.is_empty() => [&state.notes[n as usize].balance; 2],
            FeeBase::Note(n) => {
                of_group = of_all(&state.notes, &state.groups[n as usize], |note| note.balance);
                [&of_group; 2]
            }
        };
        if fee.base_date == BaseDate::Average {
            lanes.current.open(running.keep((*start + *end) * 0.5 * rate + fixed));
        } else {
            let base = if fee.base_date == BaseDate::PeriodStart { start } else { end };
            lanes.current.open(running.keep(*base * rate + fixed));
        }
        if fee.accrual == Accrual::OnBase {
            continue;
        }
        let base = match fee.base_date {
            BaseDate::PeriodStart => *start,
            BaseDate::PeriodEnd => *end,
            BaseDate::Average => (*start + *end) * 0.5,
        };
        special(fee, f, period, state, running, base, opening);
    }
    for (need, growth) in state.higher.iter_mut().zip(&period.higher_growth) {
        *need = *need * growth.pack();
    }
}

/// What a fee has beside an amount and a rate: slices, shares waived and deferred, interest on what is unpaid, a cap, a hurdle.
#[inline(always)]
fn special<const L: usize, P: DealParam<L>>(
    fee: &FeeTerms<P>,
    f: usize,
    period: &PeriodTerms<P>,
    state: &mut State<L>,
    running: Mask<L>,
    base: Pack<L>,
    opening: &FeeBases<L>,
) {
    let lanes = &mut state.fees[f];
    if !fee.deferred.is_empty() {
        lanes.arrears += state.postponed[f];
        lanes.has_arrears = true;
    }
    if fee.unpaid_interest.is_some() && lanes.has_arrears {
        lanes.arrears += lanes.arrears * period.unpaid_rate[f].pack();
    }
    if !(fee.tiers.is_empty() && fee.waived.is_empty() && fee.deferred.is_empty()) {
        let mut amount = *lanes.current.amount();
        if !fee.tiers.is_empty() {
            amount += running.keep(fees::sliced(&fee.tiers, base) * period.fee_fraction[f]);
        }
        if !(fee.waived.is_empty() && fee.deferred.is_empty()) {
            amount = amount * (1.0 - period.waived[f]);
        }
        if !fee.deferred.is_empty() {
            state.postponed[f] = amount * period.deferred[f];
            amount -= state.postponed[f];
        }
        lanes.current.open(amount);
    }
    if let Some(cap) = &fee.cap {
        let left = lanes.cap_left;
        let of_year = |x: P| x.map(|x| x * period.cap_fraction[f]).pack();
        lanes.cap_left = opening.fee_basis * of_year(cap.rate) + of_year(cap.fixed_per_year);
        if cap.carry_over > 0
            && let Some(carried) = state.carried.iter_mut().find(|carried| carried.fee == f)
        {
            lanes.cap_left = carried.room(left, lanes.cap_left);
        }
        if cap.lifted == Lifted::Accelerated {
            lanes.cap_left = state.accelerated.select(Pack::splat(NO_CAP), lanes.cap_left);
        }
    }
    if fee.hurdle.is_some() {
        lanes.hurdle = lanes.hurdle * period.hurdle_growth[f].pack();
    }
}

/// What the steps and the tests of a date read of its collateral.
#[inline(always)]
pub fn figures<const L: usize, P>(
    state: &mut State<L>,
    deal: &DealTerms<P>,
    collateral: &Collateral<L>,
    running: Mask<L>,
) {
    if deal.program.buys_unscheduled {
        state.unscheduled = running.keep(collateral.closing.prepaid + collateral.cohorts.prepaid);
        if collateral.reinvested.any() {
            state.unscheduled = running.keep((state.unscheduled - collateral.reinvested).positive());
        }
    }
    state.numerator = collateral.numerator;
    if deal.has_par_ratio {
        state.par_ratio_numerator = if deal.eod_adjusted {
            collateral.numerator
        } else {
            collateral.principal_amount + collateral.market_of_defaulted
        };
    }
    state.coverage_numerator = collateral.interest_proceeds;
    state.performing_par = collateral.performing_par;
    if deal.reads_ccc_share {
        state.ccc_share = collateral.ccc_par.ratio_or_zero(collateral.principal_amount);
    }
}
