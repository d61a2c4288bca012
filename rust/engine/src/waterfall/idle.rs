//! Steps that are known to do nothing, by bits of the tests and claims they depend on.

use super::program::Quick;
use crate::coverage::terms::bit;

/// When a step is known to do nothing: each of these tests passes with room in every lane, and each of these claims is settled;
/// or it pays, and no cash is left.
///
/// The loop asks this of every step, and nothing else of most of them.
#[derive(Clone, Copy, Debug)]
pub struct Idle {
    tests: u64,
    claims: u64,
}

/// No class has deferred interest.
pub const NOTHING_DEFERRED: u64 = 1 << 63;
/// Is never set.
const UNKNOWN: u64 = 1 << 62;
/// Of the claims of a step that pays or keeps cash.
const PAYS: u64 = 1 << 61;
/// Notes, and fees after them, that have a bit of their own.
const NOTES: u16 = 32;
const FEES: u16 = 29;

impl Idle {
    #[must_use]
    pub fn of(quick: Quick, pays: bool) -> Self {
        let (mut tests, mut claims) = (0, 0);
        match quick {
            Quick::Nothing => {}
            Quick::Cure { bits, .. } if bits != 0 => tests = bits,
            Quick::Divert { test } if bit(test as usize) != 0 => tests = bit(test as usize),
            Quick::Interest { note, .. } if note < NOTES => claims = 1 << note,
            Quick::Fee { fee, capped: false, .. } if fee < FEES => claims = 1 << (NOTES + fee),
            Quick::Deferred { .. } => claims = NOTHING_DEFERRED,
            _ => claims = UNKNOWN,
        }
        Self { tests, claims: claims | if pays { PAYS } else { 0 } }
    }

    /// The claim that the step settles where it pays all of it.
    #[inline(always)]
    #[must_use]
    pub const fn settles(self) -> u64 {
        self.claims & !(UNKNOWN | PAYS)
    }
}

/// The first step from `next` on that is not known to do nothing; `exhausted` says that no cash is left.
#[inline(always)]
#[must_use]
pub fn next_step(steps: &[Idle], mut next: usize, clear: u64, settled: u64, exhausted: bool) -> usize {
    let (failing, unsettled, pays) = (!clear, !(settled | PAYS), if exhausted { PAYS } else { 0 });
    while next < steps.len() {
        let Idle { tests, claims } = steps[next];
        if (tests & failing) | (claims & unsettled) != 0 && claims & pays == 0 {
            break;
        }
        next += 1;
    }
    next
}
