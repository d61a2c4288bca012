//! The exponential function.

use super::{LN_2_HIGH, LN_2_LOW, polynomial};

/// `1.5 · 2⁵² + 2048`: a sum with it is rounded to a whole number, whose last bits hold that number plus 2048.
const SHIFT: f64 = 6_755_399_441_057_792.0;

/// `(eʳ - 1 - r) / r²` for `|r| <= ½ ln 2`; minimax, relative error of the whole 3.4e-18.
const QUADRATIC: [f64; 10] = [
    0.500_000_000_000_001_2,
    0.166_666_666_666_667,
    0.041_666_666_666_515_42,
    0.008_333_333_333_307_201,
    0.001_388_888_894_701_676_5,
    0.000_198_412_699_173_905_9,
    2.480_148_994_146_767e-5,
    2.755_721_629_426_563_4e-6,
    2.763_128_056_859_181_5e-7,
    2.511_786_320_679_933_8e-8,
];

/// `eˣ`, within 1 ulp (2 where the result is subnormal); infinity above 709.78, 0 below -745.2.
///
/// `x = k ln 2 + r`, `eˣ = 2ᵏ eʳ`; the power of two is applied in two halves, so that neither overflows.
#[inline(always)]
#[must_use]
pub fn exp(x: f64) -> f64 {
    let x = if x > 710.0 { 710.0 } else { x };
    let x = if x < -746.0 { -746.0 } else { x };
    let shifted = x * std::f64::consts::LOG2_E + SHIFT;
    let k = shifted - SHIFT;
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    let value = 1.0 + (r + r * r * polynomial(r, &QUADRATIC));
    let biased = shifted.to_bits() & 0x1fff;
    let half = biased >> 1;
    let first = f64::from_bits(half.wrapping_sub(1) << 52);
    let second = f64::from_bits(biased.wrapping_sub(half).wrapping_sub(1) << 52);
    value * first * second
}

#[cfg(test)]
mod tests {
    use super::exp;

    #[test]
    fn the_ends_of_the_range_are_infinity_zero_and_not_a_number() {
        assert_eq!(exp(710.0).to_bits(), f64::INFINITY.to_bits());
        assert_eq!(exp(f64::INFINITY).to_bits(), f64::INFINITY.to_bits());
        assert_eq!(exp(-746.0).to_bits(), 0.0_f64.to_bits());
        assert_eq!(exp(f64::NEG_INFINITY).to_bits(), 0.0_f64.to_bits());
        assert!(exp(f64::NAN).is_nan());
        assert_eq!(exp(0.0).to_bits(), 1.0_f64.to_bits());
    }
}
