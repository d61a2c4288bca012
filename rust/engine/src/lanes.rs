//! A pack of `L` lanes: one number of `L` independent futures.
//!
//! Every operation is element by element, so a lane's bits do not depend on its neighbours or on `L`.

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

/// One quantity in `L` independent futures.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(32))]
pub struct Pack<const L: usize>(pub [f64; L]);

/// One yes or no in `L` independent futures: all bits of a lane, or none, so that a choice is a bitwise operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(32))]
pub struct Mask<const L: usize>([u64; L]);

/// Lanes that are worked out together where much is done of each: so few that what is at hand fits in registers, and that the
/// code, which has every lane in its own place, stays short. All lanes of a pack are parts of so many, or of one where this many do
/// not divide them.
pub const PART: usize = 16;

/// Lane by lane over one or two packs: a plain loop, which vectorizes and compiles faster than an adapter.
macro_rules! lanes {
    ($out:expr, $i:ident => $value:expr) => {{
        let mut out = $out;
        let mut $i = 0;
        while $i < L {
            out[$i] = $value;
            $i += 1;
        }
        out
    }};
}

mod param;

pub use param::{Common, DealParam, Numbers, Param};

impl<const L: usize> Default for Pack<L> {
    fn default() -> Self {
        Self::ZERO
    }
}

impl<const L: usize> Default for Mask<L> {
    fn default() -> Self {
        Self::splat(false)
    }
}

impl<const L: usize> Pack<L> {
    /// Zero in every lane.
    pub const ZERO: Self = Self([0.0; L]);

    /// The same number in every lane.
    #[inline(always)]
    #[must_use]
    pub const fn splat(value: f64) -> Self {
        Self([value; L])
    }

    /// The `i`-th part of `W` lanes.
    #[inline(always)]
    #[must_use]
    pub fn part<const W: usize>(&self, i: usize) -> Pack<W> {
        let (parts, _) = self.0.as_chunks::<W>();
        Pack(parts[i])
    }

    /// Sets the `i`-th part of `W` lanes.
    #[inline(always)]
    pub fn set_part<const W: usize>(&mut self, i: usize, part: Pack<W>) {
        let (parts, _) = self.0.as_chunks_mut::<W>();
        parts[i] = part.0;
    }

    /// Lane by lane `f(self)`.
    #[inline(always)]
    #[must_use]
    pub fn map(self, f: impl Fn(f64) -> f64) -> Self {
        Self(lanes!(self.0, i => f(self.0[i])))
    }

    /// The lesser, `if a < b { a } else { b }`: one instruction, defined for every bit pattern.
    #[inline(always)]
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self(lanes!(self.0, i => if self.0[i] < other.0[i] { self.0[i] } else { other.0[i] }))
    }

    /// The greater, `if a > b { a } else { b }`.
    #[inline(always)]
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self(lanes!(self.0, i => if self.0[i] > other.0[i] { self.0[i] } else { other.0[i] }))
    }

    /// The positive part.
    #[inline(always)]
    #[must_use]
    pub fn positive(self) -> Self {
        Self(lanes!(self.0, i => if self.0[i] > 0.0 { self.0[i] } else { 0.0 }))
    }

    /// `self / other` where `other > 0`, else 0.
    #[inline(always)]
    #[must_use]
    pub fn ratio_or_zero(self, other: Self) -> Self {
        Self(lanes!(self.0, i => {
            let some = other.0[i] > 0.0;
            let q = self.0[i] / if some { other.0[i] } else { 1.0 };
            if some { q } else { 0.0 }
        }))
    }

    /// Lane by lane `self < other`.
    #[inline(always)]
    #[must_use]
    pub fn lt(self, other: Self) -> Mask<L> {
        Mask(lanes!([0; L], i => bits(self.0[i] < other.0[i])))
    }

    /// Lane by lane `self >= other`.
    #[inline(always)]
    #[must_use]
    pub fn ge(self, other: Self) -> Mask<L> {
        Mask(lanes!([0; L], i => bits(self.0[i] >= other.0[i])))
    }

    /// Lane by lane `self > other`.
    #[inline(always)]
    #[must_use]
    pub fn gt(self, other: Self) -> Mask<L> {
        Mask(lanes!([0; L], i => bits(self.0[i] > other.0[i])))
    }

    /// Whether some lane is above zero.
    #[inline(always)]
    #[must_use]
    pub fn any_positive(self) -> bool {
        self.gt(Self::ZERO).any()
    }

    /// Whether the sign of some lane is minus: of a difference, whether what is subtracted is more.
    ///
    /// `a - b` is below zero exactly where `a < b`, whatever the rounding.
    #[inline(always)]
    #[must_use]
    pub fn any_negative(self) -> bool {
        self.any_bits(1 << 63)
    }

    /// Whether some lane is not zero; cheaper than [`Self::any_positive`] for what cannot be below zero.
    #[inline(always)]
    #[must_use]
    pub fn any(self) -> bool {
        self.any_bits(u64::MAX)
    }

    /// Whether some of these bits are set in some lane.
    #[inline(always)]
    fn any_bits(self, bits: u64) -> bool {
        let mut some = [0; GROUP];
        let mut at = 0;
        while at < L {
            let mut k = 0;
            while k < GROUP && at + k < L {
                some[k] |= self.0[at + k].to_bits();
                k += 1;
            }
            at += GROUP;
        }
        let mut k = 0;
        let mut all = 0;
        while k < GROUP {
            all |= some[k] & bits;
            k += 1;
        }
        all != 0
    }
}

/// Lanes that are looked at together.
const GROUP: usize = 4;

/// All bits for yes, none for no.
#[inline(always)]
const fn bits(yes: bool) -> u64 {
    if yes { u64::MAX } else { 0 }
}

/// `Σ weights[i] · packs[i]`, from the first to the last.
#[inline(always)]
#[must_use]
pub fn weighted_sum<const L: usize>(packs: &[Pack<L>], weights: &[f64]) -> Pack<L> {
    weighted_sum_of_part::<L, L>(packs, weights, 0)
}

/// The same in the part `part` of `W` lanes.
#[inline(always)]
#[must_use]
pub fn weighted_sum_of_part<const L: usize, const W: usize>(
    packs: &[Pack<L>],
    weights: &[f64],
    part: usize,
) -> Pack<W> {
    let n = if packs.len() < weights.len() { packs.len() } else { weights.len() };
    let (packs, weights) = (&packs[..n], &weights[..n]);
    let mut sum = Pack::ZERO;
    for i in 0..n {
        sum += packs[i].part(part) * weights[i];
    }
    sum
}

impl<const L: usize> Mask<L> {
    /// The same answer in every lane.
    #[inline(always)]
    #[must_use]
    pub const fn splat(value: bool) -> Self {
        Self([bits(value); L])
    }

    /// An answer for each lane.
    #[inline(always)]
    #[must_use]
    pub fn from_lanes(values: [bool; L]) -> Self {
        Self(lanes!([0; L], i => bits(values[i])))
    }

    /// The answers as bits, one a lane; there are at most as many lanes as bits.
    #[inline(always)]
    #[must_use]
    pub fn to_bits(self) -> u32 {
        const { assert!(L <= u32::BITS as usize, "a lane is a bit") };
        let mut bits = 0;
        for i in 0..L {
            bits |= (self.0[i] as u32 & 1) << i;
        }
        bits
    }

    /// The `i`-th part of `W` lanes.
    #[inline(always)]
    #[must_use]
    pub fn part<const W: usize>(&self, i: usize) -> Mask<W> {
        let (parts, _) = self.0.as_chunks::<W>();
        Mask(parts[i])
    }

    /// The answer of one lane.
    #[inline(always)]
    #[must_use]
    pub const fn lane(self, i: usize) -> bool {
        self.0[i] != 0
    }

    /// Lane by lane `if self { a } else { b }`.
    #[inline(always)]
    #[must_use]
    pub fn select(self, a: Pack<L>, b: Pack<L>) -> Pack<L> {
        Pack(lanes!(a.0, i => f64::from_bits((a.0[i].to_bits() & self.0[i]) | (b.0[i].to_bits() & !self.0[i]))))
    }

    /// Lane by lane `a` where set, else 0.
    #[inline(always)]
    #[must_use]
    pub fn keep(self, a: Pack<L>) -> Pack<L> {
        Pack(lanes!(a.0, i => f64::from_bits(a.0[i].to_bits() & self.0[i])))
    }

    /// Lane by lane and.
    #[inline(always)]
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(lanes!(self.0, i => self.0[i] & other.0[i]))
    }

    /// Lane by lane or.
    #[inline(always)]
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(lanes!(self.0, i => self.0[i] | other.0[i]))
    }

    /// Lane by lane not.
    #[expect(
        clippy::should_implement_trait,
        reason = "beside `and` and `or`, which have no operator traits of that shape"
    )]
    #[inline(always)]
    #[must_use]
    pub fn not(self) -> Self {
        Self(lanes!(self.0, i => !self.0[i]))
    }

    /// Whether some lane is set.
    #[inline(always)]
    #[must_use]
    pub fn any(self) -> bool {
        let mut some = [0; GROUP];
        let mut at = 0;
        while at < L {
            let mut k = 0;
            while k < GROUP && at + k < L {
                some[k] |= self.0[at + k];
                k += 1;
            }
            at += GROUP;
        }
        (some[0] | some[1] | some[2] | some[3]) != 0
    }

    /// Number of lanes that are set.
    #[inline(always)]
    #[must_use]
    pub fn count(self) -> u64 {
        let mut count = 0;
        for i in 0..L {
            count += self.0[i] & 1;
        }
        count
    }

    /// Whether every lane is set.
    #[inline(always)]
    #[must_use]
    pub fn all(self) -> bool {
        !self.not().any()
    }
}

impl<const L: usize> Add for Pack<L> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(lanes!(self.0, i => self.0[i] + other.0[i]))
    }
}

impl<const L: usize> Sub for Pack<L> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(lanes!(self.0, i => self.0[i] - other.0[i]))
    }
}

impl<const L: usize> Mul for Pack<L> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(lanes!(self.0, i => self.0[i] * other.0[i]))
    }
}

impl<const L: usize> Div for Pack<L> {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        Self(lanes!(self.0, i => self.0[i] / other.0[i]))
    }
}

impl<const L: usize> Mul<f64> for Pack<L> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: f64) -> Self {
        Self(lanes!(self.0, i => self.0[i] * other))
    }
}

impl<const L: usize> Neg for Pack<L> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self(lanes!(self.0, i => -self.0[i]))
    }
}

impl<const L: usize> AddAssign for Pack<L> {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl<const L: usize> SubAssign for Pack<L> {
    #[inline(always)]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

#[cfg(test)]
mod tests {
    use super::{Mask, Pack, weighted_sum, weighted_sum_of_part};

    #[test]
    fn parts_are_lanes_that_follow_each_other() {
        let pack = Pack([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(pack.part::<2>(1), Pack([3.0, 4.0]));
        assert_eq!(pack.part::<1>(5), Pack([6.0]));
        let mut out = pack;
        out.set_part(2, Pack([7.0, 8.0]));
        assert_eq!(out, Pack([1.0, 2.0, 3.0, 4.0, 7.0, 8.0]));
        let mask = Mask::from_lanes([true, false, false, true, true, false]);
        assert_eq!(mask.part::<3>(1), Mask::from_lanes([true, true, false]));
        let packs = [pack, out, pack * 0.1];
        let whole = weighted_sum(&packs, &[0.3, 0.7, 11.0]);
        for i in 0..3 {
            assert_eq!(weighted_sum_of_part::<6, 2>(&packs, &[0.3, 0.7, 11.0], i), whole.part::<2>(i));
        }
    }
}
