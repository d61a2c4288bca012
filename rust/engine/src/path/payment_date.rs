//! One payment date from a given state: the figures of a trustee report in, every step and the state after it out.

use cloche_dispatch::Isa;

use super::coupon_steps;
use super::deal_terms::{Cause, DealTerms};
use super::drivers::ClosingStep;
use super::effective_date;
use super::explained::{self, EventRow, Explained, FeeRow, NoteRow};
use super::observer::Collateral;
use super::runner;
use super::status;
use super::summary::DUST;
use crate::collateral::cohorts::CohortStep;
use crate::coverage::ccc_excess::{self, AGENCIES, CccAsset, Excesses, Haircuts};
use crate::fees::FeeTerms;
use crate::lanes::{Mask, Pack};
use crate::notes::{OnUnpaid, combination, controlling, deferral};
use crate::state::readings::Readings;
use crate::state::{FeeLanes, State, Status};
use crate::waterfall::Pot;
use crate::waterfall::recorder::Ledger;
use crate::waterfall::terms::Terms;
use crate::waterfall::{expenses, interpreter};

/// A class before the date.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoteOpening {
    pub balance: f64,
    pub deferred: f64,
    pub overdue: f64,
    pub amortization_due: f64,
    pub index_rate: f64,
    pub rate: f64,
    pub day_count_fraction: f64,
}

/// A fee before the date.
#[derive(Clone, Debug, Default)]
pub struct FeeOpening {
    /// What its rate runs on.
    pub base: f64,
    pub current: f64,
    pub unpaid: f64,
    pub cap: f64,
    /// What the residual notes must still receive to reach the fee's hurdle.
    pub hurdle: f64,
    /// What of the date's amount is due from the next date on.
    pub postponed: f64,
    /// Its cap of this date, and what earlier dates did not use of theirs, oldest first, where that is carried over.
    pub own_cap: f64,
    pub unused: Vec<f64>,
}

/// The collateral at the determination date.
#[derive(Clone, Debug, Default)]
pub struct CollateralFigures {
    /// Par that is neither CCC nor discount.
    pub plain_par: f64,
    /// CCC assets by market value, with their par.
    pub ccc: Vec<(CccAsset, f64)>,
    pub ccc_limit: Option<f64>,
    /// Fixed base of the CCC limit; none is the collateral principal amount.
    pub ccc_base: Option<f64>,
    pub discount_par: f64,
    pub discount_haircut: f64,
    pub defaulted_par: f64,
    pub defaulted_carrying: f64,
    pub defaulted_market: f64,
}

/// Everything one payment date needs.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of the date of its own")]
#[derive(Clone, Debug)]
pub struct PaymentDateInput {
    pub deal: DealTerms,
    pub date: i32,
    pub determination: i32,
    pub in_reinvestment: bool,
    pub is_last: bool,
    /// Whether accounts join the proceeds and take nothing more.
    pub closes_accounts: bool,
    pub status: Status,
    /// What the collateral brought, less costs, where it was sold.
    pub sale_proceeds: f64,
    pub active: Vec<bool>,
    /// What conditions and amounts read.
    pub readings: Readings<1>,
    /// The agencies have confirmed their ratings on an earlier date.
    pub confirmed: bool,
    /// Per step of a coupon under a condition: whether it is in force up to the date.
    pub coupon_steps: Vec<bool>,
    pub interest: f64,
    pub principal: f64,
    pub notes: Vec<NoteOpening>,
    pub fees: Vec<FeeOpening>,
    /// What the residual notes must still receive to reach further hurdles, fee by fee.
    pub higher: Vec<f64>,
    /// Per account: its balance.
    pub accounts: Vec<f64>,
    /// Per hedge: net payments owed, and what its termination costs.
    pub hedges: Vec<[f64; 2]>,
    /// Per commitment: undrawn before the date, its fee on a unit, what can be drawn, and draws that are known beforehand,
    /// which are among the principal proceeds.
    pub commitments: Vec<[f64; 4]>,
    /// Per commitment: whether it has not ended.
    pub may_draw: Vec<bool>,
    pub collateral: CollateralFigures,
    pub fee_basis: f64,
}

/// The date's tables, and what stays on deposit.
#[derive(Clone, Debug)]
pub struct PaymentDateResult {
    pub explained: Explained,
    pub principal_account: f64,
    pub interest_account: f64,
    /// The agencies have confirmed their ratings, on this date or before.
    pub confirmed: bool,
    /// The notes are accelerated from the next date on.
    pub accelerated: bool,
    /// Per fee: what the residual notes must still receive to reach its hurdles.
    pub hurdles: Vec<Vec<f64>>,
    /// Per step of a coupon under a condition: whether it is in force from the date on.
    pub coupon_steps: Vec<bool>,
    pub numerator: f64,
    /// What fees of the next date run on: fee basis, performing par, collateral principal amount.
    pub bases: [f64; 3],
    /// Per fee: unpaid after the date.
    pub fees_unpaid: Vec<f64>,
    /// Per fee: what the last dates did not use of its cap, oldest first, where that is carried over.
    pub unused_caps: Vec<Vec<f64>>,
    /// Per account: balance after the date.
    pub accounts: Vec<f64>,
    /// Per hedge: unpaid after the date.
    pub hedges_unpaid: Vec<f64>,
    /// Per commitment: draws of the date.
    pub drawn: Vec<f64>,
    /// Per note: instalments unpaid after the date.
    pub amortization_unpaid: Vec<f64>,
}

/// Runs the date.
#[must_use]
pub fn run(input: &PaymentDateInput) -> PaymentDateResult {
    let deal = &input.deal;
    let mut state: State<1> = deal.state();
    let one = |x: f64| Pack([x]);
    for (n, note) in input.notes.iter().enumerate() {
        let coupon = note.rate * note.day_count_fraction;
        // A state does not tell what of its unpaid interest is interest on interest: all of it bears.
        let unpaid = note.deferred + note.overdue;
        let base = note.balance + if deal.on_unpaid == OnUnpaid::Nothing { 0.0 } else { unpaid };
        if deal.on_unpaid == OnUnpaid::Simple {
            state.bearing[n] = one(unpaid);
        }
        state.notes[n].balance = one(note.balance);
        state.notes[n].deferred = one(note.deferred);
        state.notes[n].overdue = one(note.overdue);
        state.notes[n].has_deferred = true;
        state.notes[n].has_overdue = true;
        state.notes[n].coupon = one(coupon);
        state.notes[n].interest.open(one(base * coupon));
        state.notes[n].amortization_due = one(note.amortization_due).min(one(note.balance));
    }
    controlling::mark(&deal.ranks, deal.target_par, deal.ranks.len(), &mut state.notes);
    for (f, fee) in input.fees.iter().enumerate() {
        state.fees[f].current.open(one(fee.current));
        state.fees[f].arrears = one(fee.unpaid);
        state.fees[f].has_arrears = true;
        state.fees[f].cap_left = one(fee.cap);
        state.fees[f].hurdle = one(fee.hurdle);
        if let Some(postponed) = state.postponed.get_mut(f) {
            *postponed = one(fee.postponed);
        }
    }
    for (need, given) in state.higher.iter_mut().zip(&input.higher) {
        *need = one(*given);
    }
    for (balance, given) in state.accounts.iter_mut().zip(&input.accounts) {
        *balance = one(*given);
        state.reserved += *balance;
    }
    state.closed = Mask::splat(input.closes_accounts);
    state.readings.clone_from(&input.readings);
    state.accelerated = Mask::splat(input.status == Status::Accelerated);
    state.redeemed = Mask::splat(input.status == Status::Redemption);
    state.confirmed = Mask::splat(input.confirmed);
    for (lanes, in_force) in state.coupon_steps.iter_mut().zip(&input.coupon_steps) {
        *lanes = Mask::splat(*in_force);
    }
    for (hedge, [periodic, termination]) in state.hedges.iter_mut().zip(&input.hedges) {
        hedge.periodic = one(*periodic);
        hedge.termination = one(*termination);
    }
    for (c, [undrawn, fee, available, scheduled]) in input.commitments.iter().enumerate() {
        let n = deal.commitments[c].note as usize;
        let due = &mut state.notes[n].interest;
        due.open(*due.amount() + one(undrawn * fee));
        state.commitments[c].available = one(*available);
        let revolves = deal.commitments[c].revolving && input.may_draw[c];
        state.commitments[c].revolves = revolves.then_some(deal.commitments[c].note);
        state.commitments[c].scheduled = one(*scheduled);
        state.draw(c, n, one(*scheduled));
    }
    let collateral = collateral(input);
    let principal_amount = collateral.principal_amount;
    state.numerator = collateral.numerator;
    state.par_ratio_numerator =
        if deal.eod_adjusted { collateral.numerator } else { principal_amount + collateral.market_of_defaulted };
    state.coverage_numerator = collateral.interest_proceeds;
    state.performing_par = collateral.performing_par;
    state.ccc_share = collateral.ccc_par.ratio_or_zero(principal_amount);
    let terms = Terms {
        program: &deal.program,
        notes: &deal.notes,
        fees: &deal.fees,
        tests: &deal.tests,
        active: &input.active,
        coupons_positive: false,
        deferred_in_oc: deal.deferred_in_oc,
        in_reinvestment: input.in_reinvestment,
        date: input.date,
        target_par: deal.target_par,
        post_period_share: &0.0,
        purchases: false,
        deposits: !input.is_last,
        isa: Isa::PORTABLE,
        status: Status::Normal,
    };
    expenses::foresee(&mut state, &terms, &collateral.interest_proceeds);
    if deal.acceleration.is_some() || !deal.default_conditions.is_empty() {
        status::open(&mut state, &terms, deal);
    }
    coupon_steps::decide(deal, &mut state, &terms);
    state.coverage_numerator = collateral.interest_proceeds;
    if let Some(test) = deal.target_par_test {
        effective_date::look(&mut state, &terms, test);
    }
    let mut ledger = Ledger::default();
    let (interest, principal) = (&collateral.interest_proceeds, &collateral.principal_proceeds);
    let pot = match input.status {
        Status::Normal => None,
        Status::Accelerated => Some(Pot::Acceleration),
        Status::Redemption => Some(Pot::Redemption),
    };
    if let Some(pot) = pot {
        let terms = terms.in_status(input.status);
        expenses::measure_whole(&mut state, &terms, interest, &mut ledger);
        interpreter::run_whole(&mut state, &terms, pot, &(*interest + *principal), &mut ledger);
    } else {
        interpreter::run(&mut state, &terms, [interest, principal], &mut ledger);
    }
    if let Some(test) = deal.target_par_test {
        explained::restate_target_par(&mut ledger, deal, test);
        effective_date::look(&mut state, &terms, test);
    }
    let error = runner::settle(&mut state, deal, &collateral);
    if deal.combines {
        combination::pass_on(&deal.notes, &mut state.notes);
    }
    let mut explained = Explained {
        ledger,
        periods: 1,
        confirmed_before: input.confirmed.then_some(0),
        conservation_error: if error.0[0] < 0.0 { -error.0[0] } else { error.0[0] },
        ..Explained::default()
    };
    let accelerated = accelerates(input, &mut state, &mut explained.events);
    for (n, before) in (0_u16..).zip(&input.notes) {
        let i = n as usize;
        let deferred_balance = state.notes[i].deferred.0[0];
        let deferred_paid = state.notes[i].deferred_paid.0[0];
        explained.notes.push(NoteRow {
            period: 0,
            note: n,
            begin_balance: before.balance,
            interest_due: state.notes[i].interest.amount().0[0],
            interest_paid: state.notes[i].interest.paid().0[0],
            deferred_interest: if deal.capitalizes {
                deferral::unpaid(deal.notes[i].deferrable, &state.notes[i]).0[0]
            } else {
                deferred_balance - before.deferred + deferred_paid
            },
            deferred_paid,
            deferred_balance,
            interest_shortfall: state.notes[i].overdue.0[0],
            principal_paid: state.notes[i].principal_paid.0[0],
            end_balance: state.notes[i].balance.0[0],
            issued: 0.0,
            coupon: state.notes[i].coupon.0[0],
            repriced: false,
            final_loss: 0.0,
        });
    }
    for (f, before) in (0_u16..).zip(&input.fees) {
        let i = f as usize;
        let (paid, unpaid) = (state.fees[i].current.paid().0[0], state.fee_unpaid(i).0[0]);
        let due = if deal.fees[i].hurdle.is_some() { paid } else { before.current + before.postponed };
        explained.fees.push(FeeRow { period: 0, fee: f, base: before.base, due, paid, unpaid });
    }
    PaymentDateResult {
        explained,
        principal_account: state.held.0[0],
        interest_account: state.held_interest.0[0],
        confirmed: state.confirmed.any(),
        accelerated,
        hurdles: hurdles(deal, &state),
        coupon_steps: state.coupon_steps.iter().map(|lanes| lanes.any()).collect(),
        numerator: collateral.numerator.0[0],
        bases: [principal_amount + collateral.defaulted_par, collateral.performing_par, principal_amount]
            .map(|base| base.0[0]),
        unused_caps: unused_caps(input, &state),
        accounts: state.accounts.iter().map(|balance| balance.0[0]).collect(),
        hedges_unpaid: state.hedges.iter().map(|hedge| hedge.periodic.0[0] + hedge.termination.0[0]).collect(),
        fees_unpaid: (0..deal.fees.len()).map(|f| state.fee_unpaid(f).0[0]).collect(),
        drawn: state.commitments.iter().map(|commitment| commitment.drawn.0[0]).collect(),
        amortization_unpaid: (0..deal.notes.len()).map(|n| state.notes[n].amortization_due.0[0]).collect(),
    }
}

/// Finds, after the payments of the date, whether the notes are accelerated from the next one on; a date on which all is sold,
/// or the last one, changes nothing.
fn accelerates(input: &PaymentDateInput, state: &mut State<1>, events: &mut Vec<EventRow>) -> bool {
    let deal = &input.deal;
    let mut happens = |event, detail| events.push(EventRow { period: 0, day: None, event, detail });
    for (note, lanes) in deal.notes.iter().zip(&state.notes) {
        let shortfall = lanes.overdue.0[0];
        if shortfall > DUST * note.original && !note.residual && deal.watches(Cause::SeniorInterest) {
            happens("event of default: interest", explained::interest_unpaid(&note.name, shortfall));
        }
    }
    let before = input.status == Status::Accelerated;
    let Some(terms) = deal.acceleration.filter(|_| !input.closes_accounts) else { return before };
    status::close(state, deal, terms, Mask::splat(true));
    let after = state.accelerates_next.any();
    if let Some((event, detail)) = explained::change_of_status(before, after) {
        happens(event, detail.to_owned());
    }
    after
}

/// What the residual notes must still receive to reach the hurdles of each fee.
fn hurdles(deal: &DealTerms, state: &State<1>) -> Vec<Vec<f64>> {
    let mut higher = state.higher.iter().map(|need| need.0[0]);
    let each = deal.fees.iter().zip(&state.fees);
    let of = |(terms, lanes): (&FeeTerms, &FeeLanes<1>)| {
        let mut out = vec![lanes.hurdle.0[0]];
        out.extend(higher.by_ref().take(terms.higher.len()));
        out
    };
    each.map(of).collect()
}

fn collateral(input: &PaymentDateInput) -> Collateral<1> {
    let figures = &input.collateral;
    let one = |x: f64| Pack([x]);
    let mut ccc_total = 0.0;
    for (_, par) in &figures.ccc {
        ccc_total += par;
    }
    let performing = figures.plain_par + ccc_total + figures.discount_par;
    let principal_amount = performing + input.principal + input.sale_proceeds;
    let base = figures.ccc_base.unwrap_or(principal_amount);
    let (mut haircuts, rules) = (Haircuts::ZERO, input.deal.ccc_rules);
    let sets = rules.sets(figures.ccc.iter().map(|(asset, _)| *asset));
    let limit = figures.ccc_limit.map_or(f64::INFINITY, |limit| limit * base);
    let mut ccc_par = one(ccc_total);
    if sets == 0 {
        let mut excess = one(ccc_total - limit).positive();
        for (asset, par) in &figures.ccc {
            haircuts.take(*asset, one(*par), &mut excess, rules);
        }
    } else {
        let mut of_agency = [Pack::ZERO; AGENCIES.len()];
        for (asset, par) in &figures.ccc {
            ccc_excess::count(&mut of_agency, *asset, one(*par));
        }
        let (mut left, largest) = Excesses::new(&of_agency, sets, one(limit), rules.agencies);
        ccc_par = largest;
        for (asset, par) in &figures.ccc {
            haircuts.take_by_agency(*asset, one(*par), &mut left, rules);
        }
    }
    let haircut = haircuts.excess;
    let discount_haircut = figures.discount_haircut + haircuts.discount.0[0];
    let numerator = principal_amount - discount_haircut - haircut.0[0] + figures.defaulted_carrying;
    let closing = ClosingStep {
        interest: one(input.interest),
        principal: one(input.principal),
        prepaid: Pack::ZERO,
        recoveries: Pack::ZERO,
        performing: one(performing),
        discount: one(discount_haircut),
        carrying: one(figures.defaulted_carrying),
        market_of_defaulted: one(figures.defaulted_market),
        defaulted_par: one(figures.defaulted_par),
    };
    Collateral {
        principal_amount: one(performing + (input.principal + input.sale_proceeds)),
        closing,
        cohorts: CohortStep::ZERO,
        interest_proceeds: one(input.interest),
        principal_proceeds: one(input.principal + input.sale_proceeds),
        performing_par: one(performing),
        defaulted_par: one(figures.defaulted_par),
        carrying: one(figures.defaulted_carrying),
        market_of_defaulted: one(figures.defaulted_market),
        ccc_par,
        ccc_haircut: haircut,
        discount_haircut: one(discount_haircut),
        numerator: one(numerator),
        sale_proceeds: one(input.sale_proceeds),
        recoveries: Pack::ZERO,
        fee_basis: one(input.fee_basis),
        pending: Pack::ZERO,
        spent: Pack::ZERO,
        reinvested: Pack::ZERO,
        floor_benefit: Pack::ZERO,
    }
}

/// What the last dates did not use of each cap that carries over.
fn unused_caps(input: &PaymentDateInput, state: &State<1>) -> Vec<Vec<f64>> {
    let mut out = Vec::with_capacity(input.fees.len());
    for (f, (fee, opening)) in input.deal.fees.iter().zip(&input.fees).enumerate() {
        let count = fee.cap.as_ref().map_or(0, |cap| cap.carry_over as usize);
        let mut unused = opening.unused.clone();
        let left = opening.own_cap - (opening.cap - state.fees[f].cap_left.0[0]);
        unused.push(if left < opening.own_cap { left } else { opening.own_cap });
        let past = if unused.len() > count { unused.len() - count } else { 0 };
        out.push(unused.split_off(past));
    }
    out
}
