//! Classes that no step pays: they cannot be meant.

use crate::error::Problem;
use crate::spec::Deal;
use crate::waterfall::ClaimKind;
use crate::waterfall::program::Program;

/// Reports every class that neither a step nor a sequence that a step pays by names.
pub fn check(deal: &Deal, program: &Program, problems: &mut Vec<Problem>) {
    for (n, note) in (0_u16..).zip(&deal.notes) {
        let claimed = program.claims.iter().any(|claim| {
            let of_a_note = matches!(claim.kind, ClaimKind::Interest | ClaimKind::Deferred | ClaimKind::Amortization);
            of_a_note && claim.index == n
        });
        let in_sequence = program.sequences.iter().flatten().flatten().any(|&other| other == n);
        let paid = claimed || in_sequence || program.residuals.contains(&n);
        if !paid && note.combination_of.is_empty() {
            let message = format!("found {}, which no step of the waterfalls pays; expected one that does", note.name);
            problems.push(Problem::new(format!("notes[{n}]"), message));
        }
    }
}
