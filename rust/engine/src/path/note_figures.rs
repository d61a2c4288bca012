//! What each class comes to over a whole path: one number a figure, lane by lane.

use crate::lanes::Pack;

/// A figure of a class over a whole path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Balance at closing, or at its issue by an event.
    Original,
    /// Outstanding at the end of the run.
    Balance,
    /// `1 − Σ senior and pari passu balances / (par + cash)` at closing or the state; absent outside the sequence.
    /// A note that an event brings in has that of the other classes up to its rank, those of a reset's document on its date.
    Subordination,
    /// Original balance over all notes.
    Thickness,
    InterestPaid,
    InterestShortfall,
    InterestLoss,
    DeferredInterestEnd,
    /// Period from 0 of the first deferral; below 0 without.
    FirstDeferral,
    PeriodsDeferred,
    MaxDeferred,
    PrincipalPaid,
    PrincipalLoss,
    PvLoss,
    /// Years from closing, the state or its issue, act/365; NaN without principal.
    Wal,
    /// Periods from 0 of its first and last principal; below 0 without.
    FirstPayment,
    LastPayment,
    Irr,
    /// Largest overdue interest outstanding after a date.
    MaxInterestShortfall,
}

impl Figure {
    /// Number of figures.
    pub const COUNT: usize = Self::ALL.len();
    /// Every figure, in order.
    pub const ALL: [Self; 19] = [
        Self::Original,
        Self::Balance,
        Self::Subordination,
        Self::Thickness,
        Self::InterestPaid,
        Self::InterestShortfall,
        Self::InterestLoss,
        Self::DeferredInterestEnd,
        Self::FirstDeferral,
        Self::PeriodsDeferred,
        Self::MaxDeferred,
        Self::PrincipalPaid,
        Self::PrincipalLoss,
        Self::PvLoss,
        Self::Wal,
        Self::FirstPayment,
        Self::LastPayment,
        Self::Irr,
        Self::MaxInterestShortfall,
    ];
}

/// The figures of one class in `L` futures.
#[derive(Clone, Debug)]
pub struct NoteFigures<const L: usize>([Pack<L>; Figure::COUNT]);

impl<const L: usize> NoteFigures<L> {
    /// Nothing.
    pub const ZERO: Self = Self([Pack::ZERO; Figure::COUNT]);

    /// A figure.
    #[inline(always)]
    #[must_use]
    pub const fn of(&self, figure: Figure) -> &Pack<L> {
        &self.0[figure as usize]
    }

    /// The same, to be set.
    #[inline(always)]
    pub const fn set(&mut self, figure: Figure) -> &mut Pack<L> {
        &mut self.0[figure as usize]
    }

    /// All figures, in their order.
    #[inline(always)]
    #[must_use]
    pub const fn all(&self) -> &[Pack<L>; Figure::COUNT] {
        &self.0
    }
}
