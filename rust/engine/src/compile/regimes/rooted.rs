//! A deal as it goes on from a later document: that one is the first, and those that may follow it come after.

use std::borrow::Cow;
use std::collections::HashMap;

use super::{CompiledDeal, Regime};
use crate::error::Problem;
use crate::spec::state::DocumentState;
use crate::time::Date;

impl CompiledDeal {
    /// A document by its number: 0 is the first, `k` the `k`-th of the regimes from 1.
    #[must_use]
    pub fn of_number(&self, number: usize) -> &Self {
        number.checked_sub(1).and_then(|k| self.regimes.get(k)).map_or(self, |regime| &regime.deal)
    }

    /// The events that have brought in a document, the first event first, each with its payment date.
    #[must_use]
    pub fn history(&self, mut number: usize) -> Vec<DocumentState> {
        let mut out = Vec::new();
        while let Some(Regime { parent, place, step, .. }) = number.checked_sub(1).and_then(|k| self.regimes.get(k)) {
            let on = self.of_number(*parent).terms.grid.periods[*step].payment;
            out.push(DocumentState { event: place.clone(), on: on.to_string() });
            number = *parent;
        }
        out.reverse();
        out
    }

    /// The number of the document that a history of events has brought in.
    #[must_use]
    pub fn brought_in(&self, history: &[DocumentState], problems: &mut Vec<Problem>) -> usize {
        let mut number = 0;
        for (i, document) in history.iter().enumerate() {
            let on = Date::parse(&document.on);
            let comes = |regime: &Regime| {
                let before = &self.of_number(regime.parent).terms.grid;
                regime.parent == number
                    && regime.place == document.event
                    && Some(before.periods[regime.step].payment) == on
            };
            let Some(k) = self.regimes.iter().position(comes) else {
                let message = format!(
                    "found {} on {}; the run has no such reset or amendment on that payment date",
                    document.event, document.on
                );
                problems.push(Problem::new(format!("state.documents[{i}]"), message));
                return number;
            };
            number = k + 1;
        }
        number
    }

    /// The deal from a document on.
    #[must_use]
    pub fn rooted(&self, number: usize) -> Cow<'_, Self> {
        if number == 0 {
            return Cow::Borrowed(self);
        }
        let mut out = self.of_number(number).clone();
        // The ledger tells the steps of all documents by the list of the first.
        out.terms.program.infos.clone_from(&self.terms.program.infos);
        let mut numbers = HashMap::from([(number, 0)]);
        for (k, regime) in self.regimes.iter().enumerate() {
            if let Some(&parent) = numbers.get(&regime.parent) {
                out.regimes.push(Regime { parent, ..regime.clone() });
                numbers.insert(k + 1, out.regimes.len());
            }
        }
        Cow::Owned(out)
    }

    /// The deal with the names that tables and states show for what is in force.
    #[must_use]
    pub fn with_shown_names(&self) -> Cow<'_, Self> {
        if self.rule.names.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut out = self.clone();
        for (n, name) in self.rule.names.iter().enumerate() {
            if !self.terms.foreign.note(n) {
                out.terms.notes[n].name.clone_from(name);
            }
        }
        Cow::Owned(out)
    }
}
