//! The steps of the principal waterfall ahead of its purchases, and what joins or leaves just before these.

use super::{Builder, Frame, NOTE_PAYMENT_SEQUENCE, index};
use crate::expression::{Kind, Quantity};
use crate::spec::steps::Step;
use crate::waterfall::{Action, Op, Pot};

impl Builder<'_> {
    /// What stands before the purchases gets no principal of the reinvestment period: all of it is designated for them.
    pub(super) fn only_after_reinvestment(&mut self, ops: &mut Vec<Op>) {
        if self.scope.period_may_end {
            // Futures leave the period at their own times: the steps are a block with that condition.
            let Some(expression) = self.expression("after_reinvestment", "", &[Kind::Boolean]) else { return };
            let then = index(self.program.slots);
            self.program.slots += 2;
            for op in ops.iter_mut().filter(|op| op.slot.is_none()) {
                op.slot = Some(then);
            }
            ops.insert(0, Self::op(Action::Enter { expression, then, otherwise: then + 1 }, None, 0));
            return;
        }
        ops.retain(|op| op.during_reinvestment != Some(true));
        for op in ops.iter_mut() {
            if !matches!(op.action, Action::Enter { .. } | Action::Stepped { .. }) {
                op.during_reinvestment = Some(false);
            }
        }
    }

    /// Principal that cannot be invested pays the notes just before the purchases, unless the document has a step for it.
    pub(super) fn special_redemption(&mut self, at: usize, ops: &mut Vec<Op>) {
        let mut read = false;
        for expression in &self.program.expressions {
            expression.uses(|quantity| read |= quantity == Quantity::SpecialRedemption);
        }
        if read {
            return;
        }
        let (amount, label) = ("special_redemption".to_owned(), "special redemption".to_owned());
        let frame = Frame { place: String::new(), when: None, amount: Some(&amount), label: Some(&label) };
        let sequence = self.named_sequence(NOTE_PAYMENT_SEQUENCE, "");
        let action = Action::PayPrincipal { sequence, with_interest: true, with_deferred: true };
        let mut step = Vec::new();
        self.push(action, "pay_principal", &frame, Pot::Principal, None, &mut step);
        ops.splice(at..at, step);
    }
}

/// Whether interest that was diverted on the same date is available to a step of the principal waterfall, and to those
/// after it.
pub(super) fn joins_diverted(step: &Step) -> bool {
    match step {
        Step::Reinvest { .. } | Step::PayPrincipal { .. } => true,
        Step::Block { steps, otherwise, .. } => steps.iter().chain(otherwise).any(joins_diverted),
        _ => false,
    }
}
