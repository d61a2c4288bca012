//! Four quantities of a step that come lane by lane.

use crate::lanes::Pack;

/// Four quantities of a step in `L` lanes.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub struct Begun<const L: usize> {
    numbers: [Pack<L>; 4],
    /// Whether something has come. With the padding it makes a line of the cache, so that a lane's numbers of all steps do not share
    /// a few places there.
    any: bool,
}

impl<const L: usize> Begun<L> {
    /// Nothing.
    pub const NONE: Self = Self { numbers: [Pack::ZERO; 4], any: false };

    /// Back to nothing.
    #[inline(always)]
    pub fn clear(&mut self) {
        if self.any {
            *self = Self::NONE;
        }
    }

    /// Adds what comes in a lane.
    #[inline(always)]
    pub fn add(&mut self, lane: usize, numbers: [f64; 4]) {
        for (lanes, number) in self.numbers.iter_mut().zip(numbers) {
            lanes.0[lane] += number;
        }
        self.any = true;
    }

    /// All four in all lanes, if something has come.
    #[inline(always)]
    #[must_use]
    pub fn some(&self) -> Option<&[Pack<L>; 4]> {
        self.any.then_some(&self.numbers)
    }
}
