//! Steps that pay with money drawn on a commitment.

use super::{Builder, Frame};
use crate::error::Problem;
use crate::waterfall::{Action, Op, Pot};

impl Builder<'_> {
    /// Draws what `pay_shortfalls` would pay: one op sets how much at most, one a group pays.
    pub(super) fn draw(
        &mut self,
        note: &str,
        through: &str,
        frame: &Frame<'_>,
        pot: Pot,
        slot: Option<u16>,
        ops: &mut Vec<Op>,
    ) {
        let place = format!("{}.draw", frame.place);
        if !matches!(pot, Pot::Interest | Pot::Principal) {
            let message = "found draw in the waterfall of one pot; expected it in interest or principal";
            self.problems.push(Problem::new(place.as_str(), message));
        }
        let Some(index) = self.scope.note_names.find(note, &format!("{place}.note"), self.problems) else { return };
        let Some(commitment) = (0_u16..).zip(self.scope.commitments).find(|(_, c)| c.note == index).map(|(c, _)| c)
        else {
            let message = format!("{note} has no commitment to draw on");
            self.problems.push(Problem::new(format!("{place}.note"), message));
            return;
        };
        // In the interest waterfall it can pay what the steps before it have left unpaid.
        let steps = self.left_unpaid(through, &format!("{place}.through"));
        self.push(Action::LimitDraw { commitment }, "draw", frame, pot, slot, ops);
        // The op before has looked at the condition and the amount.
        let plain = Frame { place: frame.place.clone(), when: None, amount: None, label: frame.label };
        for step in steps {
            let claims = self.claims(&step.claims);
            self.push(Action::Draw { commitment, note: index, claims }, "draw", &plain, pot, slot, ops);
            step.limit(ops);
            self.stepped(&step.claims, ops);
        }
    }
}
