//! Steps that pay what fees and notes are owed.

use super::{Builder, Frame, Repeatable, span};
use crate::compile::conventions::InterestFromPrincipal;
use crate::error::Problem;
use crate::spec::steps::{Groups, Step};
use crate::waterfall::program::Span;
use crate::waterfall::{Action, Claim, ClaimKind, Op, Pot};

/// Parts of what a hedge costs.
const HEDGE_PARTS: [&str; 4] = ["all", "periodic", "termination", "defaulted"];

impl Builder<'_> {
    pub(super) fn claims(&mut self, claims: &[Claim]) -> Span {
        let start = self.program.claims.len();
        self.program.claims.extend_from_slice(claims);
        span(start, self.program.claims.len())
    }

    pub(super) fn note_groups(&mut self, groups: &Groups, place: &str) -> Vec<Vec<u16>> {
        let mut out = Vec::new();
        for (g, group) in groups.iter().enumerate() {
            let mut ids = Vec::new();
            for (k, name) in group.iter().enumerate() {
                let place = if groups.len() == 1 { format!("{place}[{k}]") } else { format!("{place}[{g}][{k}]") };
                let Some(n) = self.scope.note_names.find(name, &place, self.problems) else { continue };
                if ids.contains(&n) {
                    self.problems.push(Problem::new(place, format!("{name} appears twice in the group")));
                    continue;
                }
                ids.push(n);
            }
            if group.is_empty() {
                self.problems.push(Problem::new(place, "found an empty group; expected at least one note"));
            }
            out.push(ids);
        }
        out
    }

    pub(super) fn paying(&mut self, groups: &[Vec<u16>], place: &str, what: &str, residual: bool) {
        for &n in groups.iter().flatten() {
            let note = &self.scope.notes[n as usize];
            if note.residual != residual {
                let message = if residual {
                    format!("{} is not a residual note", note.name)
                } else {
                    format!("{} is a residual note: it has no {what}; use pay_residual", note.name)
                };
                self.problems.push(Problem::new(place, message));
            }
        }
    }

    /// One op per group, each pro rata by amount due.
    pub(super) fn pay(
        &mut self,
        groups: Vec<Vec<Claim>>,
        verb: &'static str,
        frame: &Frame<'_>,
        pot: Pot,
        slot: Option<u16>,
        ops: &mut Vec<Op>,
    ) {
        if groups.len() > 1 && frame.amount.is_some() {
            self.problems.push(Problem::new(
                format!("{}.amount", frame.place),
                "an amount limits one group; expected a single group, or one step a group",
            ));
        }
        for claims in groups {
            let interest = claims.iter().any(|c| c.kind == ClaimKind::Interest);
            if pot == Pot::Interest && interest && !self.interest_begun {
                self.interest_begun = true;
                ops.push(Self::op(Action::SeniorExpensesEnd, None, 0));
            }
            let fees_only = claims.iter().all(|c| !c.kind.of_note());
            let senior_expense = pot == Pot::Interest && fees_only && !self.interest_begun;
            let span = self.claims(&claims);
            let claims_of = claims.clone();
            self.push(Action::Pay { claims: span, senior_expense }, verb, frame, pot, slot, ops);
            if let Some(op) = ops.last_mut() {
                let deferrable = claims.iter().find(|c| {
                    matches!(c.kind, ClaimKind::Interest | ClaimKind::Deferred)
                        && self.scope.notes[c.index as usize].deferrable
                });
                let convention = self.scope.conventions.interest_from_principal;
                let limited = convention != InterestFromPrincipal::Always;
                if let Some(claim) = deferrable
                    && pot == Pot::Principal
                    && limited
                    && frame.when.is_none()
                {
                    op.controlling = Some(claim.index);
                    op.or_tests_hold = convention == InterestFromPrincipal::TestsHold;
                }
                let repeats = claims.iter().all(|c| c.kind != ClaimKind::Deferred)
                    && claims.iter().any(|c| c.kind != ClaimKind::Amortization);
                if pot == Pot::Interest && repeats {
                    self.repeatable.push(Repeatable {
                        claims,
                        slot: op.slot,
                        when: op.when,
                        during_reinvestment: op.during_reinvestment,
                        controlling: op.controlling,
                        or_tests_hold: op.or_tests_hold,
                    });
                }
            }
            self.stepped(&claims_of, ops);
        }
    }

    /// Where unpaid interest counts at once, marks the deferrable classes whose interest step is past.
    pub(super) fn stepped(&mut self, claims: &[Claim], ops: &mut Vec<Op>) {
        let notes = claims.iter().filter(|c| c.kind == ClaimKind::Interest).map(|c| c.index).collect();
        self.mark_stepped(notes, ops);
    }

    /// The same for all classes: the interest waterfall has run.
    pub(super) fn steps_are_past(&mut self, ops: &mut Vec<Op>) {
        let count = u16::try_from(self.scope.notes.len()).unwrap_or(u16::MAX);
        self.mark_stepped((0..count).collect(), ops);
    }

    fn mark_stepped(&mut self, mut notes: Vec<u16>, ops: &mut Vec<Op>) {
        notes.retain(|&n| self.scope.notes[n as usize].deferrable);
        if self.scope.conventions.same_date_deferrals && !notes.is_empty() {
            let sequence = self.sequence(vec![notes]);
            ops.push(Self::op(Action::Stepped { sequence }, None, 0));
        }
    }

    pub(super) fn fee_claims(&mut self, fees: &Groups, part: &str, place: &str) -> Vec<Vec<Claim>> {
        let kind = match part {
            "all" => ClaimKind::Fee,
            "current" => ClaimKind::FeeCurrent,
            "unpaid" => ClaimKind::FeeUnpaid,
            "capped" => ClaimKind::FeeCapped,
            "above_cap" => ClaimKind::FeeAboveCap,
            other => {
                self.problems.push(Problem::new(
                    format!("{place}.part"),
                    format!("found {other:?}; expected all, current, unpaid, capped or above_cap"),
                ));
                ClaimKind::Fee
            }
        };
        let mut out = Vec::new();
        for group in fees {
            let mut claims = Vec::new();
            for name in group {
                if let Some(f) = self.scope.fee_names.find(name, place, self.problems) {
                    if matches!(kind, ClaimKind::FeeCapped) && self.scope.fees[f as usize].cap.is_none() {
                        self.problems.push(Problem::new(
                            format!("{place}.part"),
                            format!("fee {name:?} has no cap; expected part: all, or a cap in its definition"),
                        ));
                    }
                    claims.push(Claim { kind, index: f });
                }
            }
            out.push(claims);
        }
        out
    }

    pub(super) fn hedge_claims(&mut self, hedges: &Groups, part: &str, place: &str) -> Vec<Vec<Claim>> {
        if !HEDGE_PARTS.contains(&part) {
            self.problems.push(Problem::new(
                format!("{place}.part"),
                format!("found {part:?}; expected all, periodic, termination or defaulted"),
            ));
        }
        let mut out = Vec::new();
        for group in hedges {
            let mut claims = Vec::new();
            for name in group {
                let Some(index) = self.scope.hedge_names.find(name, place, self.problems) else { continue };
                // A counterparty at fault is paid what its hedge's end costs by its own step alone.
                let defaulted = self.scope.hedges[index as usize].termination.is_some_and(|end| end.defaulted);
                let kind = match (part, defaulted) {
                    ("all", false) => ClaimKind::Hedge,
                    ("all", true) | ("periodic", _) => ClaimKind::HedgePeriodic,
                    ("termination", false) | ("defaulted", true) => ClaimKind::HedgeTermination,
                    _ => continue,
                };
                claims.push(Claim { kind, index });
            }
            if !claims.is_empty() {
                out.push(claims);
            }
        }
        out
    }

    pub(super) fn note_claims(&mut self, groups: &Groups, kind: ClaimKind, place: &str, what: &str) -> Vec<Vec<Claim>> {
        let groups = self.note_groups(groups, place);
        self.paying(&groups, place, what, false);
        groups.into_iter().map(|g| g.into_iter().map(|index| Claim { kind, index }).collect()).collect()
    }

    pub(super) fn pari_passu(&mut self, steps: &[Step], place: &str) -> Vec<Claim> {
        let mut out = Vec::new();
        for (i, step) in steps.iter().enumerate() {
            let place = format!("{place}[{i}]");
            let claims = match step {
                Step::PayFee { fees, part, when: None, amount: None, .. } => {
                    self.fee_claims(fees, part, &format!("{place}.pay_fee"))
                }
                Step::PayHedge { hedges, part, when: None, amount: None, .. } => {
                    self.hedge_claims(hedges, part, &format!("{place}.pay_hedge"))
                }
                Step::PayInterest { notes, when: None, amount: None, .. } => {
                    self.note_claims(notes, ClaimKind::Interest, &format!("{place}.pay_interest"), "interest")
                }
                Step::PayDeferredInterest { notes, when: None, amount: None, .. } => self.note_claims(
                    notes,
                    ClaimKind::Deferred,
                    &format!("{place}.pay_deferred_interest"),
                    "deferred interest",
                ),
                Step::PayAmortization { notes, when: None, amount: None, .. } => self.note_claims(
                    notes,
                    ClaimKind::Amortization,
                    &format!("{place}.pay_amortization"),
                    "amortization",
                ),
                _ => {
                    self.problems.push(Problem::new(
                        place,
                        "expected pay_fee, pay_hedge, pay_interest, pay_deferred_interest or pay_amortization, without when or amount",
                    ));
                    continue;
                }
            };
            out.extend(claims.into_iter().flatten());
        }
        out
    }

    pub(super) fn shortfalls(
        &mut self,
        through: &str,
        frame: &Frame<'_>,
        pot: Pot,
        slot: Option<u16>,
        ops: &mut Vec<Op>,
    ) {
        let place = format!("{}.pay_shortfalls.through", frame.place);
        for step in self.left_unpaid(through, &place) {
            let span = self.claims(&step.claims);
            let action = Action::Pay { claims: span, senior_expense: false };
            self.push(action, "pay_shortfalls", frame, pot, slot, ops);
            step.limit(ops);
            self.stepped(&step.claims, ops);
        }
    }

    /// The steps of the interest waterfall that pay fees, hedges and interest, up to the one that pays a class.
    pub(super) fn left_unpaid(&mut self, through: &str, place: &str) -> Vec<Repeatable> {
        let Some(last) = self.scope.note_names.find(through, place, self.problems) else { return Vec::new() };
        let pays = |r: &Repeatable| r.claims.contains(&Claim { kind: ClaimKind::Interest, index: last });
        let Some(end) = self.repeatable.iter().position(pays) else {
            self.problems.push(Problem::new(
                place,
                format!("no step of the interest waterfall before it pays interest of {through:?}"),
            ));
            return Vec::new();
        };
        // The steps are copied: compiling one borrows the whole builder.
        let mut steps = self.repeatable.iter().take(end + 1).cloned().collect::<Vec<_>>();
        if !self.scope.conventions.x_in_shortfall {
            for step in &mut steps {
                step.claims.retain(|c| c.kind != ClaimKind::Amortization);
            }
        }
        steps.retain(|step| !step.claims.is_empty());
        steps
    }
}

impl Repeatable {
    /// Limits the step that repeats it to the lanes in which it pays itself.
    pub(super) fn limit(&self, ops: &mut [Op]) {
        if let Some(op) = ops.last_mut() {
            op.when = op.when.or(self.when);
            op.slot = op.slot.or(self.slot);
            op.during_reinvestment = op.during_reinvestment.or(self.during_reinvestment);
            op.controlling = op.controlling.or(self.controlling);
            op.or_tests_hold |= self.or_tests_hold;
        }
    }
}
