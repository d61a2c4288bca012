//! Subordination and thickness of the classes of a reset's document.
//!
//! They are those on the date on which the document comes in, after its exchanges, in its own order:
//! `1 − Σ senior and pari passu balances / (par + principal cash)`, and the issued balance over all its notes.

use super::explained::Explained;
use super::note_figures::{Figure, NoteFigures};
use super::observer::Collateral;
use super::plan::Plan;
use crate::lanes::Pack;
use crate::lifecycle::{ChangeKind, Transition};
use crate::state::State;

/// The collateral with which the document of a reset begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Begun {
    /// Step (from 0) of the reset.
    pub step: usize,
    /// Performing par and principal cash, currency units.
    pub assets: f64,
}

impl Begun {
    /// That of a reset which acts on a step; none where there is none.
    #[must_use]
    pub fn on(plan: &Plan, step: usize, state: &State<1>, c: &Collateral<1>, bought: Pack<1>) -> Option<Self> {
        let transition =
            plan.changes.iter().zip(&state.changes.acting).find_map(|(change, acting)| match &change.kind {
                ChangeKind::Transition(transition) if transition.resets && acting.any() => Some(transition),
                _ => None,
            });
        let Transition { closed, .. } = transition?;
        let joins: f64 = closed.iter().map(|&account| state.accounts[account as usize].0[0]).sum();
        Some(Self { step, assets: (c.performing_par + bought + state.held).0[0] + joins })
    }
}

/// Sets them for the notes that resets, and events of their documents, have issued.
pub fn of_resets(plan: &Plan, path: &Explained, figures: &mut [NoteFigures<1>]) {
    for (k, begun) in path.resets.iter().enumerate() {
        let until = path.resets.get(k + 1).map_or(usize::MAX, |next| next.step);
        let deal = &path.in_force(plan, begun.step + 1).deal;
        let of_document = |n: u16| !deal.foreign.note(n as usize) && !deal.notes[n as usize].is_combination();
        let from = path.notes.partition_point(|row| (row.period as usize) < begun.step);
        let there = || path.notes[from..].iter().take_while(|row| row.period as usize == begun.step);
        let all: f64 = there().filter(|row| of_document(row.note)).map(|row| row.end_balance).sum();
        for row in path.notes[from..].iter().take_while(|row| (row.period as usize) < until) {
            if !(row.issued > 0.0) {
                continue;
            }
            let own = &mut figures[row.note as usize];
            *own.set(Figure::Thickness) = own.of(Figure::Original).map(|original| original / all);
            if let Some(rank) = deal.notes[row.note as usize].principal_rank {
                let ranks = |n: u16| of_document(n) && deal.notes[n as usize].principal_rank.is_some_and(|r| r <= rank);
                let ahead: f64 = there().filter(|row| ranks(row.note)).map(|row| row.end_balance).sum();
                *own.set(Figure::Subordination) = Pack([1.0 - ahead / begun.assets]);
            }
        }
    }
}
