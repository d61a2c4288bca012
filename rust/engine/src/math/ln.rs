//! The natural logarithm.

use super::{LN_2_HIGH, LN_2_LOW, polynomial};

const SMALLEST_NORMAL: f64 = f64::MIN_POSITIVE;
const TWO_POW_54: f64 = 18_014_398_509_481_984.0;
/// `2⁵²`, whose last bits hold a whole number that is added to it.
const TWO_POW_52: u64 = 0x4330_0000_0000_0000;
/// Bits of 1 less bits of `√½`: added to the bits of x it makes the exponent field turn at `√½ · 2ᵏ`.
const TURN: u64 = 0x0009_5f61_9980_c433;

/// `(ln((1+s)/(1-s)) - 2s) / s³` in `z = s²`, `|s| <= (√2-1)/(√2+1)`; minimax, relative error of the whole 1.2e-18.
const SERIES: [f64; 7] = [
    0.666_666_666_666_673_4,
    0.399_999_999_994_141_9,
    0.285_714_287_425_198_33,
    0.222_221_985_576_225_8,
    0.181_835_652_266_305_6,
    0.153_140_253_752_796_66,
    0.147_962_214_558_839_12,
];

/// Natural logarithm, within 1 ulp; `-∞` of 0, not a number below 0.
///
/// `x = 2ᵏ (1 + f)` with `√½ <= 1 + f < √2`, `s = f / (2 + f)`, `ln(1 + f) = 2 artanh s = f - f²/2 + s (f²/2 + R(s²))`.
#[inline(always)]
#[must_use]
pub fn ln(x: f64) -> f64 {
    let subnormal = x < SMALLEST_NORMAL;
    let scaled = if subnormal { x * TWO_POW_54 } else { x };
    let offset = if subnormal { 1023.0 + 54.0 } else { 1023.0 };
    let turned = scaled.to_bits().wrapping_add(TURN);
    let exponent = turned >> 52;
    let k = f64::from_bits(TWO_POW_52 | exponent) - (4_503_599_627_370_496.0 + offset);
    let mantissa = f64::from_bits(scaled.to_bits().wrapping_sub(exponent.wrapping_sub(1023) << 52));
    let f = mantissa - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let half_square = 0.5 * f * f;
    let rest = s * (half_square + z * polynomial(z, &SERIES)) + k * LN_2_LOW;
    let value = k * LN_2_HIGH - ((half_square - rest) - f);
    let value = if x > 0.0 { value } else { f64::NAN };
    let value = if x >= f64::INFINITY { f64::INFINITY } else { value };
    if x.to_bits() << 1 == 0 { f64::NEG_INFINITY } else { value }
}

#[cfg(test)]
mod tests {
    use super::{TURN, ln};

    #[test]
    fn the_turn_is_the_distance_from_the_root_of_one_half_to_one() {
        assert_eq!(TURN, 1.0_f64.to_bits() - std::f64::consts::FRAC_1_SQRT_2.to_bits());
    }

    #[test]
    fn the_ends_of_the_range_are_infinities_and_not_a_number() {
        assert_eq!(ln(0.0).to_bits(), f64::NEG_INFINITY.to_bits());
        assert_eq!(ln(-0.0).to_bits(), f64::NEG_INFINITY.to_bits());
        assert_eq!(ln(f64::INFINITY).to_bits(), f64::INFINITY.to_bits());
        assert!(ln(-1.0).is_nan());
        assert!(ln(f64::NAN).is_nan());
        assert_eq!(ln(1.0).to_bits(), 0.0_f64.to_bits());
    }
}
