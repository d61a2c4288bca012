//! From a state document to what a run goes on from: the state after its payment date.

use crate::collateral::cohorts_after::CohortsAfter;
use crate::collateral::{Standing, Tape};
use crate::compile::cohorts::BoughtBefore;
use crate::compile::dates::date;
use crate::compile::deal::CompiledDeal;
use crate::compile::events::Events;
use crate::compile::payment_date;
use crate::compile::remaining::Calendar;
use crate::compile::run_steps::{Start, Steps};
use crate::error::Problem;
use crate::lifecycle::{Change, NOT_DRAWN};
use crate::notes::NoteTerms;
use crate::path::instalments;
use crate::path::opening::{CallAfter, DrawnPath, FeeAfter, HedgeAfter, NoteAfter, Opening};
use crate::spec::DealState;
use crate::spec::state::{EventState, HedgeState, NoteState};
use crate::state::Status;
use crate::time::Date;

/// A state, and the hash of the tape that is given with it.
#[derive(Clone, Copy)]
pub struct StateInput<'a> {
    pub state: &'a DealState,
    pub tape: &'a str,
}

/// A state with the hash of its tape, or none: the run starts at closing.
#[derive(Clone, Debug, Default)]
pub struct Given {
    pub state: Option<DealState>,
    pub tape: String,
}

impl Given {
    /// The state as runs read it.
    #[must_use]
    pub fn input(&self) -> Option<StateInput<'_>> {
        self.state.as_ref().map(|state| StateInput { state, tape: &self.tape })
    }
}

/// What a run goes on from.
#[derive(Clone, Debug)]
pub struct Resumed {
    pub opening: Opening,
    pub start: Start,
    /// Step (from 0) from which the document is in force that the state goes on with.
    pub since: usize,
    /// What is left of each loan, where the state goes on with its own tape.
    pub standing: Option<Vec<Standing>>,
    pub before: BoughtBefore,
    pub path: Option<DrawnPath>,
    /// What fees run on where the state says so: fee basis, performing par, collateral principal amount.
    bases: [Option<f64>; 3],
}

impl Resumed {
    /// Fills in what fees run on where the state does not say so: the tape and the cash.
    pub fn complete(&mut self, performing: f64, defaulted: f64) {
        let assets = performing + self.opening.held;
        let of_tape = [assets + defaulted, performing, assets];
        for ((base, given), of_tape) in self.opening.bases.iter_mut().zip(self.bases).zip(of_tape) {
            *base = given.unwrap_or(of_tape);
        }
    }
}

/// Which events of a run a state has seen act.
pub fn events(
    deal: &CompiledDeal,
    resumed: &mut Resumed,
    state: StateInput<'_>,
    events: &Events,
    problems: &mut Vec<Problem>,
) {
    let opening = &mut resumed.opening;
    opening.calls = vec![CallAfter::default(); events.places.len()];
    opening.spent = vec![false; events.changes.len()];
    opening.repriced = vec![(false, false); events.repricings.len()];
    let shown = deal.shown_notes();
    for (note, given) in &state.state.notes {
        let Some(repriced) = &given.repriced else { continue };
        let Some(r) = events.repricing(&shown, note, &repriced.event) else {
            let message = format!("found {:?}; no event of the run re-prices {note} there", repriced.event);
            problems.push(Problem::new(format!("state.notes.{note}.repriced.event"), message));
            continue;
        };
        opening.repriced[r] = (true, repriced.on_this_date);
    }
    for given in instalments::of_events(&deal.terms.notes, &events.changes) {
        let note = &mut opening.notes[given.note as usize];
        if note.issued > 0.0 {
            let name = &shown[given.note as usize].name;
            note.since = issued_on(deal, given.note, state.state.notes.get(name), events, name, problems);
        }
    }
    let conditional = |change: &&Change| change.when.is_some();
    for (place, seen) in &state.state.events {
        if let Some(call) = events.places.iter().position(|known| known.as_ref() == Some(place)) {
            let after = &mut opening.calls[call];
            (after.spent, after.pending) = (*seen == EventState::Spent, *seen == EventState::Pending);
            continue;
        }
        if let Some(change) = events.changes.iter().position(|change| conditional(&change) && change.place == *place) {
            opening.spent[change] = true;
            continue;
        }
        let changes = events.changes.iter().filter(conditional).map(|change| change.place.as_str());
        let known: Vec<&str> = events.places.iter().flatten().map(String::as_str).chain(changes).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let message = format!("found no such conditional event in the run; known: {known}");
        problems.push(Problem::new(format!("state.events.{place}"), message));
    }
}

/// Payment dates up to the issue of a note, which a state tells; of one that a dated event has issued the deal does.
fn issued_on(
    deal: &CompiledDeal,
    note: u16,
    given: Option<&NoteState>,
    events: &Events,
    name: &str,
    problems: &mut Vec<Problem>,
) -> usize {
    let periods = &deal.terms.grid.periods;
    let place = format!("state.notes.{name}.issued_on");
    if let Some(text) = given.and_then(|given| given.issued_on.as_ref()) {
        let on = date(text, &place, problems);
        let step = on.and_then(|on| periods.iter().position(|period| period.payment == on));
        if let (Some(on), None) = (on, step) {
            problems.push(Problem::new(place, format!("found {on}; expected a payment date of the deal")));
        }
        return step.map_or(0, |step| step + 1);
    }
    let issues = |change: &&Change| change.when.is_none() && change.issued().any(|one| one.note == note);
    let dated = events.changes.iter().find(issues).and_then(|change| change.window.iter().position(|acts| *acts));
    if dated.is_none() {
        let message = "missing; expected the payment date on which it was issued: its instalments count from it";
        problems.push(Problem::new(place, message));
    }
    dated.map_or(0, |step| step + 1)
}

/// Reads a state; whatever is wrong with it, and with the date of the tape beside it, is a problem.
///
/// The path of a state is left out where a model draws its own.
pub fn compile(
    deal: &CompiledDeal,
    input: StateInput<'_>,
    tape: &Tape,
    draws: bool,
    problems: &mut Vec<Problem>,
) -> Option<Resumed> {
    let (state, since) = (input.state, deal.rule.since);
    let deal = &*deal.with_shown_names();
    if let Some(name) = state.deal.as_ref().filter(|name| **name != deal.terms.name) {
        let message = format!("found {name:?}; expected {:?}, the deal that goes on", deal.terms.name);
        problems.push(Problem::new("state.deal", message));
    }
    let accelerated = status(deal, state, problems);
    payment_date::check_names(deal, state, problems);
    payment_date::check_amounts(state, problems);
    let fees_due = state.fees.iter().map(|(name, fee)| ("fees", name, fee.due));
    let hedges_due = state.hedges.iter().map(|(name, hedge)| ("hedges", name, hedge.due));
    for (list, name, _) in fees_due.chain(hedges_due).filter(|(.., due)| due.is_some()) {
        problems.push(Problem::new(
            format!("state.{list}.{name}.due"),
            "what falls due after the payment date is computed; expected a state after it, with `unpaid` alone",
        ));
    }
    let dates = payment_date::dates(deal, state, problems);
    let last = deal.terms.grid.periods.len() - 1;
    let place = dates.and_then(|dates| dates.period.map(|p| (p, dates.payment)));
    let (p, payment) = place?;
    if p == last {
        let message = format!("found {payment}, the last payment date of the deal; expected an earlier one");
        problems.push(Problem::new("state.payment_date", message));
        return None;
    }
    let start = Start { first: p + 1, tape: if state.pool.is_some() { 0 } else { p + 1 } };
    let mut of_tape = Vec::new();
    let steps = Steps::new(deal, Date(tape.as_of), start, &mut of_tape);
    let calendar = Calendar::new(deal, p, steps.as_ref());
    let (mut standing, mut before, mut cohorts) = (None, BoughtBefore::default(), CohortsAfter::default());
    let mut path = None;
    let mut same_tape = true;
    if let Some(pool) = &state.pool {
        same_tape = pool.tape == input.tape;
        if same_tape {
            let mut loans = calendar.loans(pool, tape, problems);
            path = state.path.as_ref().filter(|_| !draws).map(|path| calendar.path(path, tape, &mut loans, problems));
            standing = Some(loans);
        } else {
            problems.push(Problem::new(
                "state.pool.tape",
                format!(
                    "found {}, the hash of another tape as of {}; expected {}, or no `pool` where a later tape states the collateral",
                    pool.tape, pool.as_of, input.tape
                ),
            ));
        }
        if let Some(bought) = &pool.bought {
            (before, cohorts) = calendar.bought(bought, problems);
        }
    } else if state.path.is_some() {
        problems.push(Problem::new("state.path", "a path goes on with its own tape; expected `pool` beside it"));
    }
    if same_tape {
        problems.append(&mut of_tape);
    }
    let bases = state.fee_bases.as_ref();
    let opening = Opening {
        first: start.first,
        after_reset: deal.rule.after_reset,
        accelerated,
        reinvestment_ended: state.in_reinvestment_period == Some(false),
        may_buy: state.purchases_allowed != Some(false),
        confirmed: payment_date::confirmed(deal, state, p + 1, problems),
        coupon_steps: payment_date::coupon_steps(deal, state, problems),
        notes: notes(deal, state),
        committed: deal.terms.commitments.iter().map(|commitment| commitment.note).collect(),
        fees: fees(deal, state, payment, problems),
        higher: higher(deal, state, payment, problems),
        unused: unused(deal, state, problems),
        accounts: deal
            .terms
            .accounts
            .iter()
            .map(|account| state.accounts.get(&account.name).copied().unwrap_or(account.initial))
            .collect(),
        hedges: deal.terms.hedges.iter().map(|hedge| hedge_after(state.hedges.get(&hedge.name))).collect(),
        calls: Vec::new(),
        spent: Vec::new(),
        repriced: Vec::new(),
        held: state.collected.principal,
        held_interest: state.collected.interest,
        bases: [0.0; 3],
        cohorts,
        past: calendar.distributions(state, payment, problems),
    };
    let bases = [
        state.fee_basis,
        bases.map(|bases| bases.performing_par),
        bases.map(|bases| bases.collateral_principal_amount),
    ];
    Some(Resumed { opening, start, since, standing, before, path, bases })
}

/// Whether the notes are accelerated; a deal that is sold or cannot be accelerated does not go on.
fn status(deal: &CompiledDeal, state: &DealState, problems: &mut Vec<Problem>) -> bool {
    let status = payment_date::status(state, problems);
    if status == Status::Redemption {
        problems.push(Problem::new("state.status", "found redemption; all collateral is sold: the run is over"));
    }
    if status == Status::Accelerated && deal.terms.acceleration.is_none() {
        let message = "found accelerated; the deal has no events of default that accelerate its notes";
        problems.push(Problem::new("state.status", message));
    }
    if state.collected.liquidation.is_some() {
        let message = "a sale of the collateral ends a run; expected a state that goes on";
        problems.push(Problem::new("state.collected.liquidation", message));
    }
    status == Status::Accelerated
}

fn notes(deal: &CompiledDeal, state: &DealState) -> Vec<NoteAfter> {
    let after = |(n, note): (usize, &NoteTerms)| {
        let not_drawn = if deal.terms.commits(n) { NOT_DRAWN } else { 0.0 };
        let given = state.notes.get(&note.name).cloned().unwrap_or_default();
        NoteAfter {
            balance: given.balance,
            deferred: given.deferred_interest,
            overdue: given.interest_shortfall,
            amortization_due: given.amortization_due.unwrap_or(0.0),
            bearing: given.interest_bearing.unwrap_or(given.deferred_interest + given.interest_shortfall),
            drawn: given.drawn.unwrap_or(0.0),
            issued: given.original_balance.map_or(0.0, |issued| if issued > not_drawn { issued } else { not_drawn }),
            since: 0,
            cost: given.cost.unwrap_or(note.original * note.issue_price),
        }
    };
    deal.terms.notes.iter().enumerate().map(after).collect()
}

fn fees(deal: &CompiledDeal, state: &DealState, payment: Date, problems: &mut Vec<Problem>) -> Vec<FeeAfter> {
    let mut out = Vec::with_capacity(deal.terms.fees.len());
    let mut later = state.later_hurdles.iter();
    for (f, fee) in deal.terms.fees.iter().enumerate() {
        let given = state.fees.get(&fee.name);
        let of_other = if deal.terms.foreign.fee(f) { later.next() } else { None };
        let irr = fee.hurdle.as_ref().and_then(|hurdle| hurdle.irr);
        let stated = given.and_then(|given| given.hurdle).or_else(|| of_other?.first().copied());
        let hurdle = match (stated, irr) {
            (Some(hurdle), _) => hurdle,
            // What is wrong with a distribution is reported with the distributions.
            (None, Some(irr)) => payment_date::hurdle_balance(deal, state, irr, (payment, true), &mut Vec::new()),
            (None, None) => 0.0,
        };
        if irr.is_none() && given.is_some_and(|given| given.hurdle.is_some()) {
            let place = format!("state.fees.{}.hurdle", fee.name);
            problems.push(Problem::new(place, "the fee has no hurdle in the deal; expected no such key"));
        }
        let deferred = given.and_then(|given| given.deferred);
        if deferred.is_some() && fee.deferred.is_empty() {
            let place = format!("state.fees.{}.deferred", fee.name);
            problems.push(Problem::new(place, "nothing of the fee is deferred in the deal; expected no such key"));
        }
        let unpaid = given.map_or(0.0, |given| given.unpaid);
        out.push(FeeAfter { unpaid, postponed: deferred.unwrap_or(0.0), hurdle });
    }
    out
}

/// What the residual notes must still receive to reach further hurdles, fee by fee.
fn higher(deal: &CompiledDeal, state: &DealState, payment: Date, problems: &mut Vec<Problem>) -> Vec<f64> {
    let mut out = Vec::new();
    let mut later = state.later_hurdles.iter();
    for (f, fee) in deal.terms.fees.iter().enumerate() {
        let of_other = if deal.terms.foreign.fee(f) { later.next() } else { None };
        let of_other = of_other.and_then(|row| row.get(1..)).filter(|row| row.len() == fee.higher.len());
        let given = state.fees.get(&fee.name).map(|given| given.higher_hurdles.as_slice()).or(of_other).unwrap_or(&[]);
        if !given.is_empty() && given.len() != fee.higher.len() {
            let message = format!("found {}; expected one for each further hurdle: {}", given.len(), fee.higher.len());
            problems.push(Problem::new(format!("state.fees.{}.higher_hurdles", fee.name), message));
        }
        for (h, terms) in fee.higher.iter().enumerate() {
            // What is wrong with a distribution is reported with the distributions.
            let computed = |irr| payment_date::hurdle_balance(deal, state, irr, (payment, true), &mut Vec::new());
            out.push(given.get(h).copied().unwrap_or_else(|| terms.irr.map_or(0.0, computed)));
        }
    }
    out
}

/// Per fee whose cap carries unused room over: that of the last dates, oldest first.
fn unused(deal: &CompiledDeal, state: &DealState, problems: &mut Vec<Problem>) -> Vec<Vec<f64>> {
    let mut out = Vec::new();
    for fee in &deal.terms.fees {
        let given = state.fees.get(&fee.name).map_or(&[][..], |given| &given.unused_cap);
        if fee.cap.as_ref().is_some_and(|cap| cap.carry_over > 0) {
            out.push(given.to_vec());
        } else if !given.is_empty() {
            let message = "the fee's cap carries nothing over in the deal; expected no such key";
            problems.push(Problem::new(format!("state.fees.{}.unused_cap", fee.name), message));
        }
    }
    out
}

fn hedge_after(given: Option<&HedgeState>) -> HedgeAfter {
    given.map_or_else(HedgeAfter::default, |given| HedgeAfter {
        periodic: given.unpaid,
        termination: given.termination.unwrap_or(0.0),
    })
}
