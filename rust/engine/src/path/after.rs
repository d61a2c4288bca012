//! The state that a run leaves after one of its payment dates.

use super::observer::{Collateral, Observer};
use super::opening::{FeeAfter, HedgeAfter, NoteAfter, Opening, PastDistributions};
use super::plan::Plan;
use super::runner::{self, Workspace};
use crate::lanes::{Mask, Pack};
use crate::state::{NoteLanes, State};
use crate::waterfall::recorder::Silent;

/// What residual notes are paid on each date, and what events issue.
struct Distributions {
    /// Step (from 0) of the last date that was run.
    last: Option<usize>,
    /// `[date][note]`.
    paid: Vec<Vec<f64>>,
    /// Per note.
    issued: Vec<f64>,
}

impl Observer<1, f64> for Distributions {
    fn date(&mut self, _: &Plan, p: usize, state: &State<1>, _: &Collateral<1>, _: Mask<1>, _: Pack<1>) {
        self.last = Some(p);
        let paid = |note: &NoteLanes<1>| (*note.interest.paid() + note.deferred_paid + note.principal_paid).0[0];
        self.paid.push(state.notes.iter().map(paid).collect());
        for (sum, issued) in self.issued.iter_mut().zip(&state.changes.issued) {
            *sum += issued.0[0];
        }
    }
}

/// Runs a plan whose drivers are set up to step `p` and returns the state after it; none where the run ends before.
#[must_use]
pub fn after(plan: &Plan, work: &mut Workspace<1>, p: usize) -> Option<Opening> {
    let mut part = plan.clone();
    part.periods.truncate(p + 1);
    let mut seen = Distributions { last: None, paid: Vec::new(), issued: vec![0.0; plan.deal.notes.len()] };
    let _: Pack<1> = runner::run(&part, work, &mut Silent, &mut seen, |_, _, _| {});
    if seen.last != Some(p) {
        return None;
    }
    let ruling = plan.of_number(work.documents.on(p + 1));
    let off_schedule = plan.off_schedule();
    let mut past = PastDistributions {
        days: ruling.days[..=off_schedule + p].to_vec(),
        flows: vec![Vec::new(); plan.deal.notes.len()],
    };
    for n in 0..plan.deal.notes.len() {
        if !plan.deal.notes[n].residual {
            continue;
        }
        if let Some(opening) = &plan.opening {
            past.flows[n].clone_from(&opening.past.flows[n]);
        }
        past.flows[n].extend(seen.paid.iter().map(|paid| paid[n]));
    }
    if let Some(opening) = &plan.opening {
        for (sum, before) in seen.issued.iter_mut().zip(&opening.notes) {
            *sum += before.issued;
        }
    }
    let state = &work.state;
    let drawn = |n: usize| {
        let of_note = |c: &usize| ruling.deal.commitments[*c].note as usize == n;
        (0..state.commitments.len()).find(of_note).map_or(0.0, |c| state.commitments[c].drawn.0[0])
    };
    Some(Opening {
        first: p + 1,
        // The document of the state tells.
        after_reset: false,
        accelerated: state.accelerated.any(),
        reinvestment_ended: state.reinvestment_over.any(),
        may_buy: plan.within.is_empty() || state.may_buy.all(),
        confirmed: state.confirmed.any(),
        coupon_steps: state.coupon_steps.iter().map(|lanes| lanes.any()).collect(),
        notes: state
            .notes
            .iter()
            .enumerate()
            .map(|(n, note)| NoteAfter {
                balance: note.balance.0[0],
                deferred: note.deferred.0[0],
                overdue: note.overdue.0[0],
                amortization_due: note.amortization_due.0[0],
                bearing: state.bearing.get(n).map_or(0.0, |bearing| bearing.0[0]),
                drawn: drawn(n),
                issued: seen.issued[n],
                since: state.changes.since.get(n).map_or(0, |since| since.0[0] as usize),
                cost: plan.cost::<1>(n).0[0],
            })
            .collect(),
        committed: ruling.deal.commitments.iter().map(|commitment| commitment.note).collect(),
        fees: (0..state.fees.len())
            .map(|f| FeeAfter {
                unpaid: state.fee_due(f).0[0],
                postponed: state.postponed.get(f).map_or(0.0, |postponed| postponed.0[0]),
                hurdle: state.fees[f].hurdle.0[0],
            })
            .collect(),
        higher: state.higher.iter().map(|need| need.0[0]).collect(),
        unused: state.carried.iter().map(|carried| carried.after(state.fees[carried.fee].cap_left, 0)).collect(),
        accounts: state.accounts.iter().map(|balance| balance.0[0]).collect(),
        hedges: state
            .hedges
            .iter()
            .map(|hedge| HedgeAfter { periodic: hedge.periodic.0[0], termination: hedge.termination.0[0] })
            .collect(),
        calls: (0..ruling.calls.len()).map(|call| work.calls.after(call)).collect(),
        spent: state.changes.spent.iter().map(|lanes| lanes.any()).collect(),
        repriced: state
            .changes
            .repriced
            .iter()
            .zip(&state.changes.lately)
            .map(|(in_force, lately)| (in_force.any(), lately.any()))
            .collect(),
        held: state.held.0[0],
        held_interest: state.held_interest.0[0],
        bases: [work.opening.fee_basis, work.opening.performing_par, work.opening.principal_amount]
            .map(|base| base.0[0]),
        cohorts: work.cohorts.after(&ruling.cohorts, ruling.pool_step(p), 0),
        past,
    })
}
