//! Refinancings, re-pricings and issues of notes, each future at its own time.
//!
//! What acts on a date is decided on the figures at its determination date. The waterfalls run on the old classes; then, after
//! deferral, the new notes come in: `Σ balance · price` pays balance, deferred and overdue interest of the classes they
//! replace and what the event costs, where the proceeds pay that; what is left is principal. From then on the name of a class
//! stands for it and for what has come in. A new spread counts from the accrual period that starts on the date.

mod exchange;

use super::commitments;
use super::coupon_steps;
use super::effective_date;
use super::make_whole;
use super::plan::{PeriodTerms, Plan};
use super::runner::Workspace;
use super::sale;
use super::summary::DUST;
use crate::lanes::{DealParam, Mask, Numbers, Pack};
use crate::lifecycle::{Change, ChangeKind, CostBase, Issued, NOT_DRAWN, Payer, Redemption, Short};
use crate::state::State;
use crate::waterfall::Pot;
use crate::waterfall::quantities;
use crate::waterfall::recorder::{LedgerRow, Payee, Reason, Recorder};
use crate::waterfall::terms::Terms;

/// Sets the coupons of the notes whose spread has changed, and what they are owed.
#[inline(never)]
pub fn reprice<const L: usize, P: DealParam<L>>(
    plan: &Plan<P>,
    state: &mut State<L>,
    period: &PeriodTerms<P>,
    running: Mask<L>,
) {
    for (r, repricing) in plan.repricings.iter().enumerate() {
        let changes = &mut state.changes;
        if period.steps_up[r] {
            // A step of the note's own that begins later than the new spread replaces it.
            changes.repriced[r] = changes.repriced[r].and(changes.lately[r]);
        }
        let lanes = changes.repriced[r];
        if !lanes.any() {
            continue;
        }
        let coupon = period.repriced[r].pack();
        coupon_steps::set_coupon(&plan.deal, state, repricing.note as usize, lanes, coupon, running);
    }
}

/// Decides in which futures each event acts on the date, and what it costs there.
pub fn decide<const L: usize, P: DealParam<L>>(
    plan: &Plan<P>,
    work: &mut Workspace<L>,
    terms: &Terms<'_, P>,
    p: usize,
) {
    let may = work.running.and(sale::sold(&work.state).not());
    let principal = work.collateral.principal_proceeds;
    let state = &mut work.state;
    state.special_redemption = Pack::ZERO;
    state.changes.issued.fill(Pack::ZERO);
    state.changes.contributed = Pack::ZERO;
    let mut resetting = Mask::splat(false);
    for (c, change) in plan.changes.iter().enumerate().filter(|(_, change)| change.resets()) {
        resetting = resetting.or(wanted(state, terms, change, c, (may, p)));
    }
    for (c, change) in plan.changes.iter().enumerate() {
        let mut acting = Mask::splat(false);
        if change.window[p] {
            acting = wanted(state, terms, change, c, (may, p));
            if change.gives_way() {
                acting = acting.and(resetting.not());
            }
            if !change.repeat {
                state.changes.spent[c] = state.changes.spent[c].or(acting);
            }
        }
        state.changes.acting[c] = acting;
        if !acting.any() {
            continue;
        }
        match change.kind {
            ChangeKind::SpecialRedemption(terms) => {
                let amount = Pack::splat(terms.amount) + principal * terms.share;
                state.special_redemption += acting.keep(amount);
                if terms.ends_reinvestment {
                    state.reinvestment_over = state.reinvestment_over.or(acting);
                }
            }
            ChangeKind::Confirmation => effective_date::confirm(state, terms, acting),
            _ => {}
        }
        let cost = cost(plan, state, change, acting);
        state.changes.cost[c] = cost;
        if change.cost.paid_from == Payer::Interest
            && let Some(fee) = plan.deal.event_cost
        {
            let due = &mut state.fees[fee as usize].current;
            due.open(*due.unpaid() + cost);
        }
    }
}

/// In which of the futures that an event `may` act in on a date it does.
fn wanted<const L: usize, P: DealParam<L>>(
    state: &State<L>,
    terms: &Terms<'_, P>,
    change: &Change,
    c: usize,
    (may, p): (Mask<L>, usize),
) -> Mask<L> {
    if !change.window[p] {
        return Mask::splat(false);
    }
    let acting = may.and(state.changes.spent[c].not());
    match &change.when {
        Some(when) if acting.any() => acting.and(quantities::holds_in_status(state, terms, when)),
        _ => acting,
    }
}

/// What an event costs where it acts: nothing where nothing is outstanding of its classes.
fn cost<const L: usize, P: DealParam<L>>(
    plan: &Plan<P>,
    state: &State<L>,
    change: &Change,
    acting: Mask<L>,
) -> Pack<L> {
    let (mut balance, mut deferred) = (Pack::ZERO, Pack::ZERO);
    for &n in &change.of {
        balance += state.notes[n as usize].balance;
        deferred += state.notes[n as usize].deferred;
    }
    // What is drawn on the date came in after it opened.
    for (terms, lanes) in plan.deal.commitments.iter().zip(&state.commitments) {
        if change.of.contains(&terms.note) {
            balance -= lanes.scheduled;
        }
    }
    let base = match change.cost.of {
        CostBase::RefinancedBalance => balance,
        CostBase::PerformingPar => state.performing_par,
    };
    // A document comes in, and notes are issued, whatever is outstanding.
    let whole = change.of.is_empty() || matches!(change.kind, ChangeKind::Transition(_) | ChangeKind::Issue { .. });
    let some = whole || (balance + deferred).gt(dust(plan)).any();
    if !some {
        return Pack::ZERO;
    }
    let there = if whole { acting } else { acting.and((balance + deferred).gt(dust(plan))) };
    there.keep(base * change.cost.rate + Pack::splat(change.cost.fixed))
}

fn dust<const L: usize, P: Numbers>(plan: &Plan<P>) -> Pack<L> {
    Pack::splat(DUST * plan.deal.target_par)
}

/// Lets the events of the date act, after its payments and deferrals; returns the difference of cash in and cash out.
#[inline(never)]
pub fn apply<const L: usize, P: DealParam<L>, R: Recorder<L>>(
    plan: &Plan<P>,
    work: &mut Workspace<L>,
    p: usize,
    recorder: &mut R,
) -> Pack<L> {
    let mut difference = Pack::ZERO;
    let no = Mask::splat(false);
    work.state.changes.lately.fill(no);
    for (c, change) in plan.changes.iter().enumerate() {
        let acting = work.state.changes.acting[c];
        if !acting.any() {
            continue;
        }
        let cost = work.state.changes.cost[c];
        let mut act = Act { plan, work, change, c, p, acting, recorder };
        let paid = match &change.kind {
            ChangeKind::Refinancing(classes) => {
                let (lanes, left) = act.refinance(classes, cost);
                difference += left;
                lanes.keep(cost)
            }
            ChangeKind::Issue { notes, equity } => {
                difference += act.issue(notes, *equity, cost);
                cost
            }
            ChangeKind::Repricing { first, count } => {
                for r in *first..first + count {
                    act.new_spread(r);
                }
                cost
            }
            ChangeKind::Transition(transition) => {
                if transition.resets {
                    difference += act.reset(transition, cost);
                }
                cost
            }
            // They have acted before the payments.
            ChangeKind::SpecialRedemption(_) | ChangeKind::Confirmation => Pack::ZERO,
        };
        if change.cost.paid_from == Payer::Equity && paid.any_positive() {
            act.contribute(paid, Payee::EventCost);
        }
    }
    if !plan.deal.groups.is_empty() || !plan.deal.foreign.notes.is_empty() {
        let state = &mut work.state;
        state.principal_paid = true;
        state.marked = false;
        state.fresh = 0;
        state.clear = 0;
    }
    difference
}

/// An event that acts on a date.
struct Act<'a, const L: usize, P: Numbers, R> {
    plan: &'a Plan<P>,
    work: &'a mut Workspace<L>,
    change: &'a Change,
    c: usize,
    p: usize,
    acting: Mask<L>,
    recorder: &'a mut R,
}

/// A class on its redemption: where, what it is owed, what takes up the rest and brings, what all new balances bring.
struct Owed<const L: usize> {
    lanes: Mask<L>,
    all: Pack<L>,
    rest: Pack<L>,
    of_rest: Pack<L>,
    proceeds: Pack<L>,
    grows: bool,
}

impl<const L: usize, P: DealParam<L>, R: Recorder<L>> Act<'_, L, P, R> {
    /// Redeems classes with what new notes bring; returns where, and the difference of cash in and cash out.
    fn refinance(&mut self, classes: &[Redemption], cost: Pack<L>) -> (Mask<L>, Pack<L>) {
        let from_proceeds = self.change.cost.paid_from == Payer::Proceeds;
        let found: Vec<Owed<L>> = classes.iter().map(|class| self.owed(class)).collect();
        let mut there = Mask::splat(false);
        let (mut uses, mut proceeds) = (Pack::ZERO, Pack::ZERO);
        let (mut given, mut rests) = (Pack::ZERO, Pack::ZERO);
        for class in &found {
            there = there.or(class.lanes);
            uses += class.lanes.keep(class.all);
            proceeds += class.lanes.keep(class.proceeds);
            if class.grows {
                given += class.lanes.keep(class.proceeds);
            }
            rests += class.lanes.keep(class.of_rest);
        }
        if !there.any() {
            return (there, Pack::ZERO);
        }
        if from_proceeds {
            uses += there.keep(cost);
        }
        let (mut scale, mut stretch) = (Pack::splat(1.0), Pack::splat(1.0));
        if self.change.when.is_some() {
            // Stated balances fit what there is to pay on the date that the condition brings; without any, what is outstanding.
            let short = proceeds.lt(uses);
            let grows = short.and(given.gt(Pack::ZERO));
            let stretches = short.and(given.gt(Pack::ZERO).not()).and(rests.gt(Pack::ZERO));
            for (lanes, of, factor) in [(grows, given, &mut scale), (stretches, rests, &mut stretch)] {
                *factor = lanes.select((uses - (proceeds - of)) / lanes.select(of, *factor), *factor);
                proceeds = lanes.select(proceeds - of + of * *factor, proceeds);
            }
        }
        self.check(there, proceeds, uses);
        let left = there.keep((proceeds - uses).positive());
        let (mut difference, mut cash) = (Pack::ZERO, proceeds);
        for (class, found) in classes.iter().zip(&found) {
            if !found.lanes.any() {
                continue;
            }
            let redeemed = self.redeem(class, found.lanes);
            difference -= redeemed;
            self.row(0, Payee::Note(class.old), redeemed, cash);
            cash -= redeemed;
            for new in &class.into {
                let balance = match new.balance {
                    Some(stated) if found.grows => scale * stated,
                    Some(stated) => Pack::splat(stated),
                    None => found.rest * stretch,
                };
                difference += self.bring_in(new, found.lanes, balance);
            }
        }
        if from_proceeds {
            self.row(0, Payee::EventCost, there.keep(cost), cash);
            difference -= there.keep(cost);
        }
        self.row(0, Payee::Account(Pot::Principal), left, left);
        self.work.state.hold(false, &left);
        (there, difference - left)
    }

    /// What a class is owed after the waterfalls, and what its successors bring.
    fn owed(&self, class: &Redemption) -> Owed<L> {
        let state = &self.work.state;
        let mut owed = Pack::ZERO;
        for &n in &class.redeemed {
            let note = &state.notes[n as usize];
            let old = state.changes.issued[n as usize].gt(Pack::ZERO).not();
            owed += old.keep(note.balance + note.deferred + note.overdue);
            if !state.make_whole.is_empty() {
                owed += old.keep(make_whole::premium(state, n as usize));
            }
        }
        let (mut stated, mut proceeds, mut grows) = (0.0, Pack::ZERO, true);
        for new in &class.into {
            stated += new.balance.unwrap_or(0.0);
            grows &= new.balance.is_some();
        }
        let rest = (owed - Pack::splat(stated)).positive();
        let mut of_rest = Pack::ZERO;
        for new in &class.into {
            proceeds += new.balance.map_or(rest, Pack::splat) * new.price;
            if new.balance.is_none() {
                of_rest = rest * new.price;
            }
        }
        let lanes = self.acting.and(owed.gt(dust(self.plan)));
        Owed { lanes, all: owed, rest, of_rest, proceeds, grows }
    }

    /// Notes the first future in which the proceeds do not pay what they must.
    fn check(&mut self, lanes: Mask<L>, proceeds: Pack<L>, uses: Pack<L>) {
        let short = lanes.and(proceeds.lt(uses - dust(self.plan)));
        if short.any() && self.work.state.changes.short.is_none() {
            let first = (0..L).find(|&lane| short.lane(lane)).unwrap_or(0);
            let (number, change) = (self.plan.number, self.c);
            self.work.state.changes.short =
                Some(Short { number, change, proceeds: proceeds.0[first], uses: uses.0[first] });
        }
    }

    /// Pays all that a class is owed; returns how much.
    fn redeem(&mut self, class: &Redemption, lanes: Mask<L>) -> Pack<L> {
        let state = &mut self.work.state;
        let mut paid = Pack::ZERO;
        for &n in &class.redeemed {
            let i = n as usize;
            let lanes = lanes.and(state.changes.issued[i].gt(Pack::ZERO).not());
            let premium = lanes.keep(make_whole::premium(state, i));
            let note = &mut state.notes[i];
            if premium.any() {
                note.interest.pay_beside(premium);
                paid += premium;
            }
            paid += lanes.keep(note.balance + note.deferred + note.overdue);
            note.principal_paid += lanes.keep(note.balance);
            note.repaid = true;
            note.deferred_paid += lanes.keep(note.deferred);
            note.interest.set_paid(*note.interest.paid() + lanes.keep(note.overdue));
            note.balance = lanes.not().keep(note.balance);
            note.deferred = lanes.not().keep(note.deferred);
            note.overdue = lanes.not().keep(note.overdue);
            note.amortization_due = lanes.not().keep(note.amortization_due);
            if let Some(bearing) = state.bearing.get_mut(i) {
                *bearing = lanes.not().keep(*bearing);
            }
            commitments::end(&self.plan.deal, state, n, lanes);
        }
        paid
    }

    /// Issues a note; returns what it brings.
    fn bring_in(&mut self, new: &Issued, lanes: Mask<L>, balance: Pack<L>) -> Pack<L> {
        let years = self.plan.periods[self.p].years;
        let state = &mut self.work.state;
        let n = new.note as usize;
        let issued = lanes.keep(balance);
        state.notes[n].balance += issued;
        state.changes.issued[n] +=
            if self.plan.deal.commits(n) { issued.max(lanes.keep(Pack::splat(NOT_DRAWN))) } else { issued };
        state.changes.born[n] = lanes.select(Pack::splat(years), state.changes.born[n]);
        state.changes.since[n] = lanes.select(Pack::splat((self.p + 1) as f64), state.changes.since[n]);
        state.changes.brought[n] += issued;
        if let Some(class) = new.coupon_of {
            // It has the spread that its class has by now.
            for (r, of_class) in self.plan.repricings.iter().enumerate() {
                for (s, own) in self.plan.repricings.iter().enumerate() {
                    if of_class.note == class && own.note == new.note && own.event == of_class.event {
                        let in_force = lanes.and(state.changes.repriced[r]);
                        state.changes.repriced[s] = state.changes.repriced[s].or(in_force);
                        state.changes.lately[s] = state.changes.lately[s].or(in_force);
                    }
                }
            }
        }
        issued * new.price
    }

    /// Issues notes that join their classes, and takes in what equity adds; returns the difference of cash in and cash out.
    fn issue(&mut self, notes: &[Issued], equity: f64, cost: Pack<L>) -> Pack<L> {
        let lanes = self.acting;
        let mut proceeds = Pack::ZERO;
        for new in notes {
            proceeds += self.bring_in(new, lanes, Pack::splat(new.balance.unwrap_or(0.0)));
        }
        let added = lanes.keep(Pack::splat(equity));
        let mut left = proceeds;
        if self.change.cost.paid_from == Payer::Proceeds {
            self.check(lanes, proceeds, cost);
            self.row(0, Payee::EventCost, cost, proceeds);
            left -= cost;
        }
        if added.any_positive() {
            self.contribute(added, Payee::Account(Pot::Principal));
        }
        self.row(0, Payee::Account(Pot::Principal), left, left);
        self.work.state.hold(false, &(left + added));
        let paid = if self.change.cost.paid_from == Payer::Proceeds { cost } else { Pack::ZERO };
        proceeds - paid - left
    }

    /// Puts a new spread into force, for the notes that are there.
    fn new_spread(&mut self, r: usize) {
        let note = self.plan.repricings[r].note;
        let changes = &mut self.work.state.changes;
        let mut lanes = self.acting;
        if self.plan.deal.notes[note as usize].replaces.is_some() {
            lanes = lanes.and(changes.born[note as usize].gt(Pack::ZERO));
        }
        for (s, other) in self.plan.repricings.iter().enumerate() {
            if s != r && other.note == note {
                changes.repriced[s] = changes.repriced[s].and(lanes.not());
            }
        }
        changes.repriced[r] = changes.repriced[r].or(lanes);
        changes.lately[r] = lanes;
    }

    /// The first residual note pays in: a negative flow of the date.
    fn contribute(&mut self, amount: Pack<L>, payee: Payee) {
        let Some(n) = self.plan.deal.notes.iter().position(|note| note.residual) else { return };
        let state = &mut self.work.state;
        let interest = &mut state.notes[n].interest;
        interest.set_paid(*interest.paid() - amount);
        state.changes.contributed += amount;
        for (lanes, fee) in state.fees.iter_mut().zip(&self.plan.deal.fees) {
            if fee.hurdle.is_some() {
                lanes.hurdle += amount;
            }
        }
        for need in &mut state.higher {
            *need += amount;
        }
        self.row(1, payee, amount, amount);
    }

    /// Writes a payment of cash that is no proceeds of the collateral: of new notes (0) or of equity (1).
    fn row(&mut self, source: u16, payee: Payee, paid: Pack<L>, before: Pack<L>) {
        if R::ON && paid.any_positive() {
            let info = self.plan.deal.program.changes + source;
            let reason = Reason::PaidInFull;
            self.recorder.row(LedgerRow { info, payee, due: paid, paid, before, transfer: false, reason });
        }
    }
}
