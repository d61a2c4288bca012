//! Which events have acted in which futures.

use crate::lanes::{Mask, Pack};

/// Events that change notes, in `L` futures; empty where a run has none.
#[derive(Clone, Debug, Default)]
pub struct Changes<const L: usize> {
    /// Per event: futures in which it will not act any more.
    pub spent: Vec<Mask<L>>,
    /// Per event: futures in which it acts on this date.
    pub acting: Vec<Mask<L>>,
    /// Per event: what it costs on this date.
    pub cost: Vec<Pack<L>>,
    /// Per note: issued on this date.
    pub issued: Vec<Pack<L>>,
    /// Per note: years from closing to its issue.
    pub born: Vec<Pack<L>>,
    /// Per note: payment dates up to its issue, which its instalments count from, and what was issued of it.
    pub since: Vec<Pack<L>>,
    pub brought: Vec<Pack<L>>,
    /// Per re-pricing: futures in which it is in force.
    pub repriced: Vec<Mask<L>>,
    /// Per re-pricing: futures in which it acted on the date before.
    pub lately: Vec<Mask<L>>,
    /// What equity contributes on this date.
    pub contributed: Pack<L>,
    /// An event whose proceeds do not pay what they must.
    pub short: Option<Short>,
}

/// An event whose proceeds do not pay what they must, in some future.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Short {
    /// Number of the plan, and of the event among its changes.
    pub number: usize,
    pub change: usize,
    /// Currency units.
    pub proceeds: f64,
    pub uses: f64,
}

impl<const L: usize> Changes<L> {
    /// Room for so many events, notes and re-pricings.
    #[must_use]
    pub fn new(events: usize, notes: usize, repricings: usize) -> Self {
        let no = Mask::splat(false);
        Self {
            spent: vec![no; events],
            acting: vec![no; events],
            cost: vec![Pack::ZERO; events],
            issued: vec![Pack::ZERO; notes],
            born: vec![Pack::ZERO; notes],
            since: vec![Pack::ZERO; notes],
            brought: vec![Pack::ZERO; notes],
            repriced: vec![no; repricings],
            lately: vec![no; repricings],
            contributed: Pack::ZERO,
            short: None,
        }
    }

    /// Whether the run has no such event.
    #[inline(always)]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spent.is_empty()
    }

    /// Back to closing.
    pub fn clear(&mut self) {
        let no = Mask::splat(false);
        for masks in [&mut self.spent, &mut self.acting, &mut self.repriced, &mut self.lately] {
            masks.fill(no);
        }
        for packs in [&mut self.cost, &mut self.issued, &mut self.born, &mut self.since, &mut self.brought] {
            packs.fill(Pack::ZERO);
        }
        self.contributed = Pack::ZERO;
    }
}
