//! Numbers of the deal and of the scenario: one for all lanes, or one for each.

use super::Pack;

/// A number of the deal or the scenario: one for all futures (`f64`), or one for each (`Pack`).
pub trait Param<const L: usize>: Copy {
    /// `f` of the number.
    #[must_use]
    fn map(self, f: impl Fn(f64) -> f64) -> Self;
    /// `f` of two numbers.
    #[must_use]
    fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self;
    /// The number in each future.
    #[must_use]
    fn pack(self) -> Pack<L>;
    /// The number in the `i`-th part of `W` futures.
    #[must_use]
    fn part<const W: usize>(&self, i: usize) -> Pack<W>;
}

/// A number of the deal, one for all futures, of which each has a scenario of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Common<const L: usize>(pub f64);

/// A kind of numbers of a deal, and the kind of those of the scenarios that go with it.
pub trait Numbers: Copy {
    type OfScenario: Copy + std::fmt::Debug;
}

/// A number of the deal, as [`Param`] has it.
pub trait DealParam<const L: usize>: Param<L> + Numbers<OfScenario: Param<L>> {}

impl<const L: usize, P: Param<L> + Numbers<OfScenario: Param<L>>> DealParam<L> for P {}

impl Numbers for f64 {
    type OfScenario = Self;
}

impl<const L: usize> Numbers for Common<L> {
    type OfScenario = Pack<L>;
}

impl<const L: usize> Numbers for Pack<L> {
    type OfScenario = Self;
}

impl<const L: usize> Param<L> for Common<L> {
    #[inline(always)]
    fn map(self, f: impl Fn(f64) -> f64) -> Self {
        Self(f(self.0))
    }

    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        Self(f(self.0, other.0))
    }

    #[inline(always)]
    fn pack(self) -> Pack<L> {
        Pack::splat(self.0)
    }

    #[inline(always)]
    fn part<const W: usize>(&self, _: usize) -> Pack<W> {
        Pack::splat(self.0)
    }
}

impl<const L: usize> Param<L> for f64 {
    #[inline(always)]
    fn map(self, f: impl Fn(Self) -> Self) -> Self {
        f(self)
    }

    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(Self, Self) -> Self) -> Self {
        f(self, other)
    }

    #[inline(always)]
    fn pack(self) -> Pack<L> {
        Pack::splat(self)
    }

    #[inline(always)]
    fn part<const W: usize>(&self, _: usize) -> Pack<W> {
        Pack::splat(*self)
    }
}

impl<const L: usize> Param<L> for Pack<L> {
    #[inline(always)]
    fn map(self, f: impl Fn(f64) -> f64) -> Self {
        Self::map(self, f)
    }

    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        Self(lanes!(self.0, i => f(self.0[i], other.0[i])))
    }

    #[inline(always)]
    fn pack(self) -> Self {
        self
    }

    #[inline(always)]
    fn part<const W: usize>(&self, i: usize) -> Pack<W> {
        Self::part(self, i)
    }
}
