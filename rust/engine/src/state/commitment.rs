//! What can be drawn on a commitment.

use crate::lanes::{Mask, Pack};

/// One commitment in `L` futures, on one payment date.
#[derive(Clone, Copy, Debug)]
pub struct CommitmentLanes<const L: usize> {
    /// All draws since closing.
    pub drawn: Pack<L>,
    /// Futures in which the class has been redeemed by successors.
    pub ended: Mask<L>,
    /// Undrawn when the date opened.
    pub undrawn: Pack<L>,
    /// What can still be drawn on the date, apart from what is repaid on it.
    pub available: Pack<L>,
    /// The note, where what is repaid on the date can be drawn again.
    pub revolves: Option<u16>,
    /// What is drawn on the date whatever happens, which is among the principal proceeds.
    pub scheduled: Pack<L>,
    /// What the step that runs may still draw.
    pub limit: Pack<L>,
}

impl<const L: usize> Default for CommitmentLanes<L> {
    fn default() -> Self {
        Self {
            drawn: Pack::ZERO,
            ended: Mask::splat(false),
            undrawn: Pack::ZERO,
            available: Pack::ZERO,
            revolves: None,
            scheduled: Pack::ZERO,
            limit: Pack::ZERO,
        }
    }
}
