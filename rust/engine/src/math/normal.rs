//! The standard normal distribution function and its inverse.

use super::{exp::exp, ln::ln, polynomial, polynomial_lanes};
use crate::lanes::Pack;

/// Numerator of `(1 - Φ(x)) / e^(-x²/2)` for `0 <= x <= 40`; rational fit of relative error 5.4e-17.
const TAIL_NUMERATOR: [f64; 10] = [
    0.5,
    0.775_525_068_018_071,
    0.594_990_582_125_255_9,
    0.290_007_703_114_798_3,
    0.098_002_596_815_893_8,
    0.023_715_149_538_803_007,
    0.004_109_024_996_528_887,
    0.000_493_270_515_047_295_4,
    3.751_355_310_869_877e-5,
    1.397_266_449_228_847_7e-6,
];
/// Its denominator.
const TAIL_DENOMINATOR: [f64; 11] = [
    1.0,
    2.348_934_696_838_996_6,
    2.564_159_893_192_845,
    1.717_413_168_281_996_9,
    0.783_948_941_535_383_3,
    0.255_767_802_085_781_5,
    0.060_674_505_741_181_994,
    0.010_393_830_759_812_39,
    0.001_239_948_247_834_228_9,
    9.403_253_290_216_694e-5,
    3.502_427_588_839_673_8e-6,
];

/// `1 - Φ(x)` of `x >= 0`, with small relative error down to the smallest number.
///
/// The square of the leading half of x is exact, so the exponent carries no rounding error: `e^(-x²/2) = e^(-h²/2) e^(-d)`
/// with `d = (x-h)(x+h)/2`, at most 3.5e-5 and so four terms of its series.
#[inline(always)]
fn upper_tail(x: f64) -> f64 {
    let x = if x > 39.0 { 39.0 } else { x };
    let head = f64::from_bits(x.to_bits() & 0xffff_ffff_f800_0000);
    let d = 0.5 * (x - head) * (x + head);
    let density = exp(-0.5 * head * head) * (1.0 - d * (1.0 - d * (0.5 - d * (1.0 / 6.0))));
    density * (polynomial(x, &TAIL_NUMERATOR) / polynomial(x, &TAIL_DENOMINATOR))
}

/// `1 - Φ(x)` of `x >= 0` lane by lane, the bits of [`upper_tail`].
#[inline(always)]
fn upper_tail_lanes<const L: usize>(x: Pack<L>) -> Pack<L> {
    let x = x.map(|x| if x > 39.0 { 39.0 } else { x });
    let share = polynomial_lanes(x, &TAIL_NUMERATOR) / polynomial_lanes(x, &TAIL_DENOMINATOR);
    let density = x.map(|x| {
        let head = f64::from_bits(x.to_bits() & 0xffff_ffff_f800_0000);
        let d = 0.5 * (x - head) * (x + head);
        exp(-0.5 * head * head) * (1.0 - d * (1.0 - d * (0.5 - d * (1.0 / 6.0))))
    });
    density * share
}

/// `(Φ(x), 1 - Φ(x))` lane by lane, the bits of [`normal_tails`].
#[inline(always)]
#[must_use]
pub fn normal_tails_lanes<const L: usize>(x: Pack<L>) -> (Pack<L>, Pack<L>) {
    let tail = upper_tail_lanes(x.map(f64::abs));
    let rest = Pack::splat(1.0) - tail;
    let negative = x.lt(Pack::ZERO);
    (negative.select(tail, rest), negative.select(rest, tail))
}

/// `(Φ(x), 1 - Φ(x))`, each with small relative error.
#[inline(always)]
#[must_use]
pub fn normal_tails(x: f64) -> (f64, f64) {
    let tail = upper_tail(x.abs());
    if x < 0.0 { (tail, 1.0 - tail) } else { (1.0 - tail, tail) }
}

/// `Φ(x)`, the probability that a standard normal variable is at most x; relative error below 3e-15, subnormal results apart.
#[inline(always)]
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    normal_tails(x).0
}

/// Half width around ½ of the central formula of the inverse.
const CENTRAL: f64 = 0.425;
const CENTRAL_SQUARE: f64 = 0.180_625;
/// Where `√(-ln p)` leaves the middle formula: p = 1.4e-11.
const MIDDLE_END: f64 = 5.0;

const CENTRAL_NUMERATOR: [f64; 8] = [
    3.387_132_872_796_366_5,
    133.141_667_891_784_38,
    1_971.590_950_306_551_3,
    13_731.693_765_509_46,
    45_921.953_931_549_87,
    67_265.770_927_008_7,
    33_430.575_583_588_13,
    2_509.080_928_730_122_7,
];
const CENTRAL_DENOMINATOR: [f64; 8] = [
    1.0,
    42.313_330_701_600_91,
    687.187_007_492_057_9,
    5_394.196_021_424_751,
    21_213.794_301_586_597,
    39_307.895_800_092_71,
    28_729.085_735_721_943,
    5_226.495_278_852_854,
];
const MIDDLE_NUMERATOR: [f64; 8] = [
    1.423_437_110_749_683_5,
    4.630_337_846_156_546,
    5.769_497_221_460_691,
    3.647_848_324_763_204_5,
    1.270_458_252_452_368_4,
    0.241_780_725_177_450_6,
    0.022_723_844_989_269_184,
    0.000_774_545_014_278_341_4,
];
const MIDDLE_DENOMINATOR: [f64; 8] = [
    1.0,
    2.053_191_626_637_759,
    1.676_384_830_183_803_8,
    0.689_767_334_985_1,
    0.148_103_976_427_480_08,
    0.015_198_666_563_616_457,
    0.000_547_593_808_499_534_5,
    1.050_750_071_644_416_9e-9,
];
const FAR_NUMERATOR: [f64; 8] = [
    6.657_904_643_501_103,
    5.463_784_911_164_114,
    1.784_826_539_917_291_3,
    0.296_560_571_828_504_87,
    0.026_532_189_526_576_124,
    0.001_242_660_947_388_078_4,
    2.711_555_568_743_487_6e-5,
    2.010_334_399_292_288_1e-7,
];
const FAR_DENOMINATOR: [f64; 8] = [
    1.0,
    0.599_832_206_555_888,
    0.136_929_880_922_735_8,
    0.014_875_361_290_850_615,
    0.000_786_869_131_145_613_3,
    1.846_318_317_510_054_8e-5,
    1.421_511_758_316_446e-7,
    2.044_263_103_389_939_7e-15,
];

/// `√(-ln min(p, 1-p))`
#[inline(always)]
fn depth(p: f64) -> f64 {
    let complement = 1.0 - p;
    (-ln(if p < complement { p } else { complement })).sqrt()
}

/// The inverse where `depth(p) <= 5`, without a branch.
#[inline(always)]
fn inverse_near(p: f64, depth: f64) -> f64 {
    let q = p - 0.5;
    let central = q.abs() <= CENTRAL;
    let r = CENTRAL_SQUARE - q * q;
    let t = depth - 1.6;
    let numerator = q * polynomial(r, &CENTRAL_NUMERATOR);
    let tail = polynomial(t, &MIDDLE_NUMERATOR);
    let tail = if q < 0.0 { -tail } else { tail };
    let numerator = if central { numerator } else { tail };
    let denominator = polynomial(r, &CENTRAL_DENOMINATOR);
    let denominator = if central { denominator } else { polynomial(t, &MIDDLE_DENOMINATOR) };
    numerator / denominator
}

/// The inverse where `depth(p) > 5`: one number in 4e10.
#[inline(always)]
fn inverse_far(p: f64, depth: f64) -> f64 {
    let t = depth - MIDDLE_END;
    let tail = polynomial(t, &FAR_NUMERATOR) / polynomial(t, &FAR_DENOMINATOR);
    let tail = if depth < f64::INFINITY { tail } else { f64::INFINITY };
    if p < 0.5 { -tail } else { tail }
}

/// `Φ⁻¹(p)`, relative error below 2e-15; `-∞` at 0, `+∞` at 1, not a number outside of [0, 1].
///
/// Source: M. J. Wichura, "Algorithm AS 241: The percentage points of the normal distribution", Applied Statistics 37
/// (1988), routine PPND16.
#[inline(always)]
#[must_use]
pub fn normal_inverse(p: f64) -> f64 {
    normal_inverse_lanes(Pack([p])).0[0]
}

/// `Φ⁻¹` lane by lane, the bits of [`normal_inverse`].
#[inline(always)]
#[must_use]
pub fn normal_inverse_lanes<const L: usize>(p: Pack<L>) -> Pack<L> {
    let mut out = [0.0; L];
    let mut depths = [0.0; L];
    for i in 0..L {
        depths[i] = depth(p.0[i]);
    }
    let mut some_far = false;
    for i in 0..L {
        some_far |= depths[i] > MIDDLE_END;
        out[i] = inverse_near(p.0[i], depths[i]);
    }
    if some_far {
        for i in 0..L {
            if depths[i] > MIDDLE_END {
                out[i] = inverse_far(p.0[i], depths[i]);
            }
        }
    }
    Pack(out)
}

#[cfg(test)]
mod tests {
    use super::{exp, normal_cdf, normal_inverse, normal_tails, normal_tails_lanes};
    use crate::lanes::Pack;

    #[test]
    fn tails_lane_by_lane_are_the_tails_of_each() {
        for i in -4_100..4_100 {
            let x = [0.0, 1e-3, 1e-9, 7.3e-4].map(|add| f64::from(i) * 0.01 + add);
            let (below, above) = normal_tails_lanes(Pack(x));
            for lane in 0..4 {
                let (b, a) = normal_tails(x[lane]);
                assert_eq!((below.0[lane].to_bits(), above.0[lane].to_bits()), (b.to_bits(), a.to_bits()), "{x:?}");
            }
        }
    }

    #[test]
    fn the_ends_of_the_range_are_certain() {
        assert_eq!(normal_inverse(0.0).to_bits(), f64::NEG_INFINITY.to_bits());
        assert_eq!(normal_inverse(1.0).to_bits(), f64::INFINITY.to_bits());
        assert!(normal_inverse(-0.1).is_nan());
        assert!(normal_inverse(1.1).is_nan());
        assert!(normal_inverse(f64::NAN).is_nan());
        assert_eq!(normal_cdf(f64::NEG_INFINITY).to_bits(), 0.0_f64.to_bits());
        assert_eq!(normal_cdf(f64::INFINITY).to_bits(), 1.0_f64.to_bits());
        assert!(normal_cdf(f64::NAN).is_nan());
        assert_eq!(normal_cdf(0.0).to_bits(), 0.5_f64.to_bits());
        assert_eq!(normal_inverse(0.5).to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn the_inverse_undoes_the_distribution_function() {
        let mut x = -37.0;
        while x < 6.0 {
            let p = normal_cdf(x);
            // From 1 - ulp/2 the distance of p to 1 is known to one part in (1 - p) / 1.1e-16 only.
            let density = exp(-0.5 * x * x) / (2.0 * std::f64::consts::PI).sqrt();
            let tolerance = 4e-15 * (1.0 + x.abs()) + if x > 0.0 { 1.2e-16 / density } else { 0.0 };
            assert!((normal_inverse(p) - x).abs() < tolerance, "x = {x}");
            x += 0.001_7;
        }
    }
}
