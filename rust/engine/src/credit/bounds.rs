//! The cheap first look at a company: a 32-bit bound on its draw above which it cannot default.
//!
//! The systematic part `S` of a path falls into one of 128 buckets. For each company and bucket the largest conditional
//! default probability `Φ((T - S) / √(1 - intra))` of the bucket, at its lower edge, is kept as an integer: a draw above it
//! settles the company without a normal variable. What passes is decided exactly, so results do not depend on the buckets.

use cloche_dispatch::{Isa, Kernel};

use crate::lanes::Pack;
use crate::math::floor_to_u32;
use crate::math::normal::normal_tails_lanes;

/// Buckets of the systematic part.
pub const BUCKETS: usize = 128;
/// Buckets 1 to 126 share this span of standard deviations on either side of 0; the outer two are open.
const SPAN: f64 = 4.5;
const INNER: f64 = 126.0;
/// Buckets whose bounds are worked out together.
const TOGETHER: usize = 16;
const TWO_POW_32: f64 = 4_294_967_296.0;
/// Far above the rounding error of `S`, of the company's own part and of their sum.
const SLACK: f64 = 1e-12;

/// The grid of buckets over the systematic part.
#[derive(Clone, Copy, Debug)]
pub struct Buckets {
    deviation: f64,
    per_unit: f64,
}

impl Buckets {
    /// Buckets over a normal variable of this standard deviation; 0 means that it is always 0.
    #[must_use]
    pub fn new(deviation: f64) -> Self {
        let per_unit = if deviation > 0.0 { INNER / (2.0 * SPAN * deviation) } else { 0.0 };
        Self { deviation, per_unit }
    }

    /// The bucket of a value.
    #[inline(always)]
    #[must_use]
    pub fn of(self, value: f64) -> u32 {
        const TOP: f64 = BUCKETS as f64 - 1.0;
        // A sum with 2⁵² is a whole number, and its last bits hold it: the nearest to the middle of the bucket.
        const TWO_POW_52: f64 = 4_503_599_627_370_496.0;
        let middle = (value * self.per_unit + INNER / 2.0) + 0.5;
        let middle = if middle > 0.0 { middle } else { 0.0 };
        let middle = if middle < TOP { middle } else { TOP };
        ((middle + TWO_POW_52).to_bits() & 0xff) as u32
    }

    /// The least value of a bucket.
    #[inline(always)]
    fn lower_edge(self, bucket: usize) -> f64 {
        if self.deviation > 0.0 {
            if bucket == 0 { f64::NEG_INFINITY } else { (bucket as f64 - 1.0 - INNER / 2.0) / self.per_unit }
        } else {
            0.0
        }
    }

    /// A bound of the first word of a draw for each bucket: a draw above it does not take `S + own · ε` to the threshold.
    #[must_use]
    pub fn bounds(self, threshold: f64, own: f64) -> [u32; BUCKETS] {
        Isa::detect().run(Bounds { buckets: self, threshold, own })
    }
}

/// The bounds of one company.
struct Bounds {
    buckets: Buckets,
    threshold: f64,
    own: f64,
}

impl Kernel for Bounds {
    type Output = [u32; BUCKETS];

    #[inline(always)]
    fn run(self) -> [u32; BUCKETS] {
        let Self { buckets, threshold, own } = self;
        let mut out = [0; BUCKETS];
        let (together, _) = out.as_chunks_mut::<TOGETHER>();
        for i in 0..BUCKETS / TOGETHER {
            let mut level = Pack::<TOGETHER>::ZERO;
            for k in 0..TOGETHER {
                let edge = buckets.lower_edge(i * TOGETHER + k);
                let slack = SLACK * (1.0 + threshold.abs() + edge.abs());
                level.0[k] = (threshold - edge + slack) / own;
            }
            let (probability, _) = normal_tails_lanes(level);
            for k in 0..TOGETHER {
                together[i][k] = floor_to_u32(probability.0[k] * (1.0 + 1e-9) * TWO_POW_32 + 1.0);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::{BUCKETS, Buckets};

    #[test]
    fn a_value_is_not_below_the_lower_edge_of_its_bucket() {
        let buckets = Buckets::new(0.4);
        let mut value = -3.0;
        while value < 3.0 {
            let bucket = buckets.of(value) as usize;
            assert!(buckets.lower_edge(bucket) <= value + 1e-14);
            assert!(bucket + 1 == BUCKETS || buckets.lower_edge(bucket + 1) >= value - 1e-14);
            value += 0.000_37;
        }
        assert_eq!(buckets.of(f64::NEG_INFINITY), 0);
        assert_eq!(buckets.of(-1e9), 0);
        assert_eq!(buckets.of(1e9), 127);
    }

    #[test]
    fn without_a_systematic_part_every_bucket_has_the_unconditional_bound() {
        let bounds = Buckets::new(0.0).bounds(0.0, 1.0);
        assert!(bounds.iter().all(|&bound| (2_147_483_648..2_147_483_660).contains(&bound)));
    }

    #[test]
    fn the_bound_is_certain_where_default_is() {
        assert_eq!(Buckets::new(0.4).bounds(f64::INFINITY, 0.9), [u32::MAX; BUCKETS]);
        assert_eq!(Buckets::new(0.4).bounds(-3.0, 0.9)[0], u32::MAX);
    }
}
