//! Steps that depend on tests: cures, diversions of interest, purchases.

use super::{Builder, Frame, NOTE_PAYMENT_SEQUENCE, index, span};
use crate::coverage::TestKind;
use crate::coverage::purchases::Conditions;
use crate::error::Problem;
use crate::spec::steps::{Groups, NumberOrName};
use crate::waterfall::program::Sequence;
use crate::waterfall::{Action, Op, Pot};

impl Builder<'_> {
    pub(super) fn sequence(&mut self, sequence: Sequence) -> u16 {
        self.program.sequences.push(sequence);
        index(self.program.sequences.len() - 1)
    }

    pub(super) fn find_sequence(&mut self, name: &str, place: &str) -> Sequence {
        if let Some(sequence) = self.scope.sequences.get(name) {
            return sequence.clone();
        }
        let known: Vec<_> = self.scope.sequences.keys().cloned().collect();
        self.problems.push(Problem::new(place, format!("unknown sequence {name:?}; known: {}", known.join(", "))));
        Vec::new()
    }

    pub(super) fn named_sequence(&mut self, name: &str, place: &str) -> u16 {
        let sequence = self.find_sequence(name, place);
        self.sequence(sequence)
    }

    pub(super) fn cure(
        &mut self,
        tests: &[String],
        pay: Option<&str>,
        pay_notes: Option<&Groups>,
        frame: &Frame<'_>,
        pot: Pot,
        slot: Option<u16>,
        ops: &mut Vec<Op>,
    ) {
        let place = format!("{}.cure", frame.place);
        let (mut ids, mut of_target_par) = (Vec::new(), false);
        for (k, name) in tests.iter().enumerate() {
            let place = format!("{place}[{k}]");
            let Some(t) = self.scope.test_names.find(name, &place, self.problems) else { continue };
            let kind = self.scope.tests[t as usize].kind;
            of_target_par |= kind == TestKind::TargetPar;
            if kind == TestKind::EventOfDefaultParRatio {
                self.problems
                    .push(Problem::new(place, format!("test {name:?} is an event of default; no payment cures it")));
            }
            ids.push(t);
        }
        for &t in &ids {
            // The target par is no condition of purchases: they are what it needs.
            if self.scope.tests[t as usize].kind != TestKind::TargetPar && !self.program.coverage.contains(&t) {
                self.program.coverage.push(t);
            }
        }
        let start = self.program.tests.len();
        self.program.tests.extend(&ids);
        let span = span(start, self.program.tests.len());
        if pay == Some("buy") {
            if pot.spends_principal() {
                self.problems.push(Problem::new(&place, "principal that stays cures nothing; expected notes to pay"));
            }
            if ids.iter().any(|&t| self.scope.tests[t as usize].kind == TestKind::InterestCoverage) {
                self.problems
                    .push(Problem::new(&place, "an interest coverage test cannot be cured by buying collateral"));
            }
            self.push(Action::CureByPurchase { tests: span }, "cure", frame, pot, slot, ops);
            return;
        }
        let sequence = if let Some(groups) = pay_notes {
            let groups = self.note_groups(groups, &format!("{place}.pay"));
            self.paying(&groups, &format!("{place}.pay"), "principal", false);
            groups
        } else {
            let whole = self.find_sequence(pay.unwrap_or(NOTE_PAYMENT_SEQUENCE), &format!("{place}.pay"));
            if of_target_par {
                let sequence = self.sequence(whole);
                self.push(Action::Cure { tests: span, sequence }, "cure", frame, pot, slot, ops);
                return;
            }
            // Money never flows below the most junior class that the tests name.
            let lowest = ids
                .iter()
                .flat_map(|&t| &self.scope.tests[t as usize].notes)
                .filter_map(|&n| self.scope.notes[n as usize].principal_rank)
                .max();
            whole
                .into_iter()
                .map(|group| {
                    group
                        .into_iter()
                        .filter(|&n| self.scope.notes[n as usize].principal_rank <= lowest)
                        .collect::<Vec<_>>()
                })
                .filter(|group| !group.is_empty())
                .collect()
        };
        let sequence = self.sequence(sequence);
        self.push(Action::Cure { tests: span, sequence }, "cure", frame, pot, slot, ops);
    }

    pub(super) fn divert(
        &mut self,
        test: &str,
        share: f64,
        to: &str,
        frame: &Frame<'_>,
        pot: Pot,
        slot: Option<u16>,
        ops: &mut Vec<Op>,
    ) {
        let place = format!("{}.divert", frame.place);
        if pot != Pot::Interest {
            self.problems.push(Problem::new(place.clone(), "interest is diverted in the interest waterfall"));
        }
        if !(0.0..=1.0).contains(&share) {
            self.problems.push(Problem::new(format!("{place}.share"), format!("found {share}; expected 0 to 1")));
        }
        let Some(t) = self.scope.test_names.find(test, &format!("{place}.test"), self.problems) else { return };
        if self.scope.tests[t as usize].kind != TestKind::Overcollateralization {
            self.problems.push(Problem::new(format!("{place}.test"), format!("{test:?} is not an oc test")));
        }
        let action = match to {
            "principal" => Action::DivertToPrincipal { test: t, share },
            "notes" => {
                let sequence = self.named_sequence(NOTE_PAYMENT_SEQUENCE, &place);
                Action::DivertToNotes { test: t, share, sequence }
            }
            other => {
                self.problems
                    .push(Problem::new(format!("{place}.to"), format!("found {other:?}; expected principal or notes")));
                return;
            }
        };
        self.push(action, "divert", frame, pot, slot, ops);
    }

    pub(super) fn reinvest(
        &mut self,
        of: &str,
        share: &NumberOrName,
        frame: &Frame<'_>,
        pot: Pot,
        slot: Option<u16>,
        ops: &mut Vec<Op>,
    ) {
        let place = format!("{}.reinvest", frame.place);
        if pot != Pot::Principal {
            self.problems.push(Problem::new(place.clone(), "collateral is bought in the principal waterfall"));
        }
        let unscheduled = match of {
            "all" => false,
            "unscheduled" => true,
            other => {
                self.problems
                    .push(Problem::new(format!("{place}.of"), format!("found {other:?}; expected all or unscheduled")));
                false
            }
        };
        let share = match share {
            NumberOrName::Number(x) if (0.0..=1.0).contains(x) => Some(*x),
            NumberOrName::Name(name) if name == "post_period_share" => None,
            other => {
                self.problems.push(Problem::new(
                    format!("{place}.share"),
                    format!("found {other:?}; expected 0 to 1 or post_period_share"),
                ));
                Some(0.0)
            }
        };
        let conditions = if unscheduled { self.scope.purchases.after } else { self.scope.purchases.during };
        let remembered = self.scope.conventions.monthly_steps && !unscheduled && conditions != Conditions::NONE;
        self.push(Action::Reinvest { share, unscheduled, conditions, remembered }, "reinvest", frame, pot, slot, ops);
    }
}
