//! Steps of the priorities of payments: from the grammar to the flat program.
//!
//! `scope` is what they refer to. `acceleration` builds the order of one pot where a document has none, `before_purchases`
//! tells what principal reaches first, `claims` compiles steps that pay what is due,
//! `draws` those that pay it with money drawn, `cures` those that depend on tests: cures, diversions, purchases, `expenses`
//! finds those that pay senior expenses, `reserves` compiles those that move cash between proceeds and accounts.

mod acceleration;
mod before_purchases;
mod claims;
mod cures;
mod draws;
mod expenses;
mod reserves;
mod scope;

pub use scope::Scope;

use crate::coverage::TestKind;
use crate::error::Problem;
use crate::expression::{self, Kind, Quantity};
use crate::spec::deal::Waterfalls;
use crate::spec::steps::Step;
use crate::waterfall::program::Span;
use crate::waterfall::{Action, Claim, ClaimKind, Op, Pot, Program, StepInfo};

/// The sequence that principal and cures follow.
const NOTE_PAYMENT_SEQUENCE: &str = "note_payment_sequence";

/// Condition and place of a step.
struct Frame<'a> {
    place: String,
    when: Option<&'a String>,
    amount: Option<&'a String>,
    label: Option<&'a String>,
}

/// Builds a program from both waterfalls.
pub struct Builder<'a> {
    scope: Scope<'a>,
    program: Program,
    /// Compiled interest steps that `pay_shortfalls` may repeat: claims, the enclosing slot and condition.
    repeatable: Vec<Repeatable>,
    interest_begun: bool,
    /// A step of the waterfall in hand has paid what events cost, whatever the blocks.
    cost_stands: bool,
    problems: &'a mut Vec<Problem>,
}

#[derive(Clone)]
struct Repeatable {
    claims: Vec<Claim>,
    slot: Option<u16>,
    when: Option<u16>,
    during_reinvestment: Option<bool>,
    controlling: Option<u16>,
    or_tests_hold: bool,
}

impl<'a> Builder<'a> {
    /// A builder over what the steps may refer to.
    pub fn new(scope: Scope<'a>, problems: &'a mut Vec<Problem>) -> Self {
        Self {
            scope,
            program: Program::default(),
            repeatable: Vec::new(),
            interest_begun: false,
            cost_stands: false,
            problems,
        }
    }

    /// Compiles the waterfalls.
    pub fn build(mut self, falls: &Waterfalls) -> Program {
        let (interest, principal) = (&falls.interest, &falls.principal);
        self.targets();
        let mut ops = Vec::new();
        self.steps(&falls.receipts, "waterfalls.receipts", Pot::Receipts, None, &mut ops);
        self.program.receipts = ops;
        self.program.receipts_read_coverage = self.reads_interest_coverage("waterfalls.receipts");
        let place = "waterfalls.interest";
        let mut ops = Vec::new();
        self.steps(interest, place, Pot::Interest, None, &mut ops);
        self.cost_at_the_end(Pot::Interest, &mut ops);
        if !self.interest_begun {
            ops.push(Self::op(Action::SeniorExpensesEnd, None, 0));
        }
        self.program.interest = ops;
        expenses::settle(&mut self.program);
        self.must_end(interest, place);

        let place = "waterfalls.principal";
        let mut ops = Vec::new();
        let mut released = false;
        self.steps_are_past(&mut ops);
        let mut before_purchases = 0;
        for (i, step) in principal.iter().enumerate() {
            if !released && before_purchases::joins_diverted(step) {
                if self.scope.conventions.designated {
                    self.only_after_reinvestment(&mut ops);
                }
                before_purchases = ops.len();
                ops.push(Self::op(Action::ReleaseDiverted, None, 0));
                released = true;
            }
            self.step(step, &format!("{place}[{i}]"), Pot::Principal, None, &mut ops);
        }
        if !released {
            if self.scope.conventions.designated {
                self.only_after_reinvestment(&mut ops);
            }
            before_purchases = ops.len();
        }
        if self.scope.special_redemption {
            self.special_redemption(before_purchases, &mut ops);
        }
        self.program.principal = ops;
        self.must_end(principal, place);
        self.outside_waterfalls();
        self.program.acceleration = self.whole(&falls.acceleration, falls, Pot::Acceleration);
        self.program.redemption = if falls.redemption.is_empty() {
            // What is wrong with these steps has been said.
            let told = self.problems.len();
            let ops = self.whole(&falls.acceleration, falls, Pot::Redemption);
            self.problems.truncate(told);
            ops
        } else {
            self.whole(&falls.redemption, falls, Pot::Redemption)
        };
        self.program.hurdled =
            (0_u16..).zip(self.scope.fees).filter(|(_, fee)| fee.hurdle.is_some()).map(|(f, _)| f).collect();
        self.program.finish();
        self.program
    }

    /// The waterfall of one pot; without steps of its own, the usual order after an acceleration. What no step takes
    /// stays in the principal account.
    fn whole(&mut self, steps: &[Step], falls: &Waterfalls, pot: Pot) -> Vec<Op> {
        let place = format!("waterfalls.{}", pot.name());
        let mut ops = Vec::new();
        if steps.is_empty() {
            // What is wrong with the steps of the interest waterfall has been said.
            let told = self.problems.len();
            let usual = acceleration::usual(&falls.interest, self.scope.notes);
            self.steps(&usual, &place, pot, None, &mut ops);
            self.problems.truncate(told);
        } else {
            self.steps(steps, &place, pot, None, &mut ops);
        }
        self.cost_at_the_end(pot, &mut ops);
        ops
    }

    /// Ledger rows of cash that new notes bring, that equity contributes, and that buys at the ends of months.
    fn outside_waterfalls(&mut self) {
        self.program.changes = index(self.program.infos.len());
        for pot in [Pot::NewNotes, Pot::Contribution] {
            self.program.infos.push(StepInfo { verb: "refinance", label: String::new(), place: String::new(), pot });
        }
        let (label, place) = (String::new(), String::new());
        self.program.infos.push(StepInfo { verb: "reinvest", label, place, pot: Pot::MonthEnds });
    }

    /// Pays what events cost just before the first residual or incentive step that is reached.
    fn cost_of_events(&mut self, pot: Pot, slot: Option<u16>, ops: &mut Vec<Op>) {
        let Some(fee) = self.scope.event_cost else { return };
        if self.cost_stands || matches!(pot, Pot::Principal | Pot::Receipts) {
            return;
        }
        let claims = self.claims(&[Claim { kind: ClaimKind::Fee, index: fee }]);
        let frame = Frame { place: String::new(), when: None, amount: None, label: None };
        self.push(Action::Pay { claims, senior_expense: false }, "pay_fee", &frame, pot, slot, ops);
        // A block may not be entered: the next step is preceded by it, too.
        self.cost_stands = slot.is_none();
    }

    /// The same at the end of a waterfall without such a step.
    fn cost_at_the_end(&mut self, pot: Pot, ops: &mut Vec<Op>) {
        self.cost_of_events(pot, None, ops);
        self.cost_stands = false;
    }

    /// Every waterfall ends in a residual, or retains what is left.
    fn must_end(&mut self, steps: &[Step], place: &str) {
        if !ends(steps) {
            self.problems.push(Problem::new(
                place,
                "the last step can leave cash unassigned; expected an unconditional pay_residual (without until) or retain",
            ));
        }
    }

    fn op(action: Action, slot: Option<u16>, info: u16) -> Op {
        Op {
            action,
            slot,
            when: None,
            amount: None,
            during_reinvestment: None,
            controlling: None,
            or_tests_hold: false,
            info,
        }
    }

    /// Whether some expression at a place asks for a test of interest coverage.
    fn reads_interest_coverage(&self, place: &str) -> bool {
        let mut reads = false;
        for (expression, at) in self.program.expressions.iter().zip(&self.program.places) {
            if at.starts_with(place) {
                expression.uses(|quantity| {
                    let kind = quantity.test_now().map(|test| self.scope.tests[test as usize].kind);
                    reads |= kind == Some(TestKind::InterestCoverage);
                });
            }
        }
        reads
    }

    fn steps(&mut self, steps: &[Step], place: &str, pot: Pot, slot: Option<u16>, ops: &mut Vec<Op>) {
        for (i, step) in steps.iter().enumerate() {
            self.step(step, &format!("{place}[{i}]"), pot, slot, ops);
        }
    }

    fn info(&mut self, verb: &'static str, frame: &Frame<'_>, pot: Pot) -> u16 {
        let label = frame.label.cloned().unwrap_or_default();
        self.program.infos.push(StepInfo { verb, label, place: frame.place.clone(), pot });
        index(self.program.infos.len() - 1)
    }

    fn expression(&mut self, text: &str, place: &str, kinds: &[Kind]) -> Option<u16> {
        match expression::compile(text, &self.scope, kinds) {
            Ok(expression) => {
                self.program.expressions.push(expression);
                self.program.places.push(place.to_owned());
                Some(index(self.program.expressions.len() - 1))
            }
            Err(found) => {
                for problem in found {
                    self.problems.push(Problem::new(place, problem.message));
                }
                None
            }
        }
    }

    fn push(
        &mut self,
        action: Action,
        verb: &'static str,
        frame: &Frame<'_>,
        pot: Pot,
        slot: Option<u16>,
        ops: &mut Vec<Op>,
    ) {
        let info = self.info(verb, frame, pot);
        let mut op = Self::op(action, slot, info);
        if let Some(when) = frame.when {
            let expression = self.expression(when, &format!("{}.when", frame.place), &[Kind::Boolean]);
            // The conditions of nearly every deal need no evaluation.
            match expression.and_then(|e| self.program.expressions[e as usize].single()) {
                Some(Quantity::DuringReinvestment) if !self.scope.period_may_end => {
                    op.during_reinvestment = Some(true);
                }
                Some(Quantity::AfterReinvestment) if !self.scope.period_may_end => {
                    op.during_reinvestment = Some(false);
                }
                Some(Quantity::Controlling(note)) if self.scope.groups.is_empty() => {
                    op.controlling = u16::try_from(note).ok();
                }
                _ => op.when = expression,
            }
        }
        if let Some(amount) = frame.amount {
            op.amount = self.expression(amount, &format!("{}.amount", frame.place), &[Kind::Money]);
        }
        ops.push(op);
    }

    fn step(&mut self, step: &Step, place: &str, pot: Pot, slot: Option<u16>, ops: &mut Vec<Op>) {
        let moves = matches!(step, Step::Transfer { .. } | Step::FundReserve { .. } | Step::ReleaseReserve { .. });
        if pot == Pot::Receipts && !moves && !matches!(step, Step::Block { .. }) {
            let message = "expected transfer, fund_reserve, release_reserve, or a block of them: nothing is paid before the interest waterfall";
            self.problems.push(Problem::new(place, message));
            return;
        }
        match step {
            Step::PayHedge { hedges, part, when, amount, label } => {
                let frame = frame(place, when, amount, label);
                let claims = self.hedge_claims(hedges, part, &format!("{place}.pay_hedge"));
                self.pay(claims, "pay_hedge", &frame, pot, slot, ops);
            }
            Step::Transfer { from, to, when, amount, label } => {
                let frame = frame(place, when, amount, label);
                self.transfer(from, to, &frame, pot, slot, ops);
            }
            Step::FundReserve { account, up_to, when, amount, label } => {
                let frame = frame(place, when, amount, label);
                self.fund_reserve(account, up_to.as_deref(), &frame, pot, slot, ops);
            }
            Step::ReleaseReserve { account, above, when, amount, label } => {
                let frame = frame(place, when, amount, label);
                self.release_reserve(account, above.as_deref(), &frame, pot, slot, ops);
            }
            Step::PayFee { fees, part, when, amount, label } => {
                let frame = frame(place, when, amount, label);
                let claims = self.fee_claims(fees, part, &format!("{place}.pay_fee"));
                self.pay(claims, "pay_fee", &frame, pot, slot, ops);
            }
            Step::PayInterest { notes, when, amount, label } => {
                let frame = frame(place, when, amount, label);
                let claims = self.note_claims(notes, ClaimKind::Interest, &format!("{place}.pay_interest"), "interest");
                self.pay(claims, "pay_interest", &frame, pot, slot, ops);
            }
            Step::PayDeferredInterest { notes, when, amount, label } => {
                let frame = frame(place, when, amount, label);
                let inner = format!("{place}.pay_deferred_interest");
                let claims = self.note_claims(notes, ClaimKind::Deferred, &inner, "deferred interest");
                self.pay(claims, "pay_deferred_interest", &frame, pot, slot, ops);
            }
            Step::PayAmortization { notes, when, amount, label } => {
                let frame = frame(place, when, amount, label);
                let claims = self.note_claims(
                    notes,
                    ClaimKind::Amortization,
                    &format!("{place}.pay_amortization"),
                    "amortization",
                );
                self.pay(claims, "pay_amortization", &frame, pot, slot, ops);
            }
            Step::PayPariPassu { steps, when, amount, label } => {
                let frame = frame(place, when, amount, label);
                let claims = self.pari_passu(steps, &format!("{place}.pay_pari_passu"));
                self.pay(vec![claims], "pay_pari_passu", &frame, pot, slot, ops);
            }
            Step::PayPrincipal { sequence, notes, with_deferred, when, amount, label } => {
                let frame = frame(place, when, amount, label);
                let inner = format!("{place}.pay_principal");
                let action = if let Some(groups) = notes {
                    let groups = self.note_groups(groups, &inner);
                    self.paying(&groups, &inner, "principal", false);
                    let sequence = self.sequence(groups);
                    Action::PayPrincipal { sequence, with_interest: false, with_deferred: *with_deferred }
                } else {
                    let name = sequence.as_deref().unwrap_or(NOTE_PAYMENT_SEQUENCE);
                    let sequence = self.named_sequence(name, &inner);
                    Action::PayPrincipal { sequence, with_interest: true, with_deferred: true }
                };
                self.push(action, "pay_principal", &frame, pot, slot, ops);
            }
            Step::PayShortfalls { through, when, amount, label } => {
                let frame = frame(place, when, amount, label);
                self.shortfalls(through, &frame, pot, slot, ops);
            }
            Step::Draw { note, through, when, amount, label } => {
                let frame = frame(place, when, amount, label);
                self.draw(note, through, &frame, pot, slot, ops);
            }
            Step::Cure { tests, pay, pay_notes, when, amount, label } => {
                let frame = frame(place, when, amount, label);
                self.cure(tests, pay.as_deref(), pay_notes.as_ref(), &frame, pot, slot, ops);
            }
            Step::Divert { test, share, to, when, amount, label } => {
                let frame = frame(place, when, amount, label);
                self.divert(test, *share, to, &frame, pot, slot, ops);
            }
            Step::Reinvest { of, share, when, amount, label } => {
                let frame = frame(place, when, amount, label);
                self.reinvest(of, share, &frame, pot, slot, ops);
            }
            Step::IncentiveFee { fee, when, amount, label } => {
                self.cost_of_events(pot, slot, ops);
                let frame = frame(place, when, amount, label);
                if let Some(fee) = self.hurdle(fee, &format!("{place}.incentive_fee")) {
                    self.push(Action::Incentive { fee }, "incentive_fee", &frame, pot, slot, ops);
                }
            }
            Step::PayResidual { notes, until, when, amount, label } => {
                self.cost_of_events(pot, slot, ops);
                let frame = frame(place, when, amount, label);
                let inner = format!("{place}.pay_residual");
                let groups = self.note_groups(notes, &inner);
                self.paying(&groups, &inner, "residual", true);
                let until = match until {
                    Some(fee) => match self.hurdle(fee, &format!("{inner}.until")) {
                        Some(fee) => Some(fee),
                        None => return,
                    },
                    None => None,
                };
                for group in groups {
                    let start = self.program.residuals.len();
                    self.program.residuals.extend(group);
                    let notes = span(start, self.program.residuals.len());
                    self.push(Action::Residual { notes, until }, "pay_residual", &frame, pot, slot, ops);
                }
            }
            Step::Turbo { notes, share, when, amount, label } => {
                let frame = frame(place, when, amount, label);
                let inner = format!("{place}.turbo");
                let groups = self.note_groups(notes, &inner);
                self.paying(&groups, &inner, "principal", false);
                if !(0.0..=1.0).contains(share) {
                    self.problems
                        .push(Problem::new(format!("{inner}.share"), format!("found {share}; expected 0 to 1")));
                }
                let sequence = self.sequence(groups);
                self.push(Action::Turbo { share: *share, sequence }, "turbo", &frame, pot, slot, ops);
            }
            Step::Retain { when, amount, label } => {
                let frame = frame(place, when, amount, label);
                self.push(Action::Retain, "retain", &frame, pot, slot, ops);
            }
            Step::Block { steps, otherwise, when, label } => {
                let _ = label;
                let Some(when) = when else {
                    self.problems.push(Problem::new(place, "a block needs `when`"));
                    return;
                };
                let Some(expression) = self.expression(when, &format!("{place}.when"), &[Kind::Boolean]) else {
                    return;
                };
                let then = index(self.program.slots);
                self.program.slots += 2;
                ops.push(Self::op(Action::Enter { expression, then, otherwise: then + 1 }, slot, 0));
                self.steps(steps, &format!("{place}.steps"), pot, Some(then), ops);
                self.steps(otherwise, &format!("{place}.else"), pot, Some(then + 1), ops);
            }
        }
    }

    fn hurdle(&mut self, fee: &str, place: &str) -> Option<u16> {
        let f = self.scope.fee_names.find(fee, place, self.problems)?;
        if self.scope.fees[f as usize].hurdle.is_none() {
            self.problems.push(Problem::new(place, format!("fee {fee:?} has no hurdles")));
            return None;
        }
        Some(f)
    }
}

#[expect(clippy::ref_option, reason = "the fields of a step are options")]
fn frame<'a>(
    place: &str,
    when: &'a Option<String>,
    amount: &'a Option<String>,
    label: &'a Option<String>,
) -> Frame<'a> {
    Frame { place: place.to_owned(), when: when.as_ref(), amount: amount.as_ref(), label: label.as_ref() }
}

/// Whether a list of steps leaves nothing unassigned.
fn ends(steps: &[Step]) -> bool {
    match steps.last() {
        Some(
            Step::PayResidual { until: None, when: None, amount: None, .. }
            | Step::Retain { when: None, amount: None, .. },
        ) => true,
        Some(Step::Block { steps, otherwise, .. }) => ends(steps) && ends(otherwise),
        _ => false,
    }
}

fn index(i: usize) -> u16 {
    u16::try_from(i).unwrap_or(u16::MAX)
}

fn span(start: usize, end: usize) -> Span {
    let n = |i: usize| u32::try_from(i).unwrap_or(u32::MAX);
    Span { start: n(start), end: n(end) }
}
