//! A company's own part `√(1 - intra) · ε`, from the first word of its draw alone: a value, and how far it may be off.
//!
//! The second word and the quantile to its last digit matter only where a threshold lies within that distance, in one
//! candidate of some hundreds. The others are told apart with the same result at a tenth of the work.

use crate::lanes::Pack;
use crate::math::{exp, normal_inverse};

/// Cells of an octave of words, as bits.
const CELL_BITS: u32 = 3;
const SHIFT: u32 = 52 - CELL_BITS;
/// A word stands for the middle of its interval: the first octave starts at one half.
const FIRST: u64 = 0.5_f64.to_bits() >> SHIFT;
/// At least the 33 octaves up to 2³², a power of two.
const CELLS: usize = 512;
/// Half of a word's interval, with what the rounding of the uniform number adds near 1.
const HALF: f64 = 0.500_001;
const TWO_POW_32: f64 = 4_294_967_296.0;
/// `√(2π)`
const ROOT: f64 = 2.506_628_274_631_000_5;
/// `√3 / 216`: quadratic interpolation in three equidistant nodes is off by at most this times `h³ |f‴|`.
const QUADRATIC: f64 = 8.018_753_738_744_802e-3;
/// Far above the rounding error of the systematic part, of the own part and of their sum.
const SLACK: f64 = 1e-11;

/// The own part by cells of the word: three coefficients of a quadratic in the distance from the cell's start, and the
/// error.
#[derive(Clone, Debug)]
pub struct OwnPart {
    cells: Box<[[f64; 4]; CELLS]>,
}

impl OwnPart {
    /// The own part of a weight `√(1 - intra)`.
    #[must_use]
    pub fn new(weight: f64) -> Self {
        let mut cells = Box::new([[0.0, 0.0, 0.0, f64::INFINITY]; CELLS]);
        for (i, cell) in cells.iter_mut().enumerate() {
            let start = f64::from_bits((FIRST + i as u64) << SHIFT);
            let end = f64::from_bits((FIRST + i as u64 + 1) << SHIFT);
            if start > HALF && end < TWO_POW_32 {
                *cell = fitted(start, end, weight);
            }
        }
        Self { cells }
    }

    /// The own parts of draws with these first words, and their greatest errors.
    #[inline(always)]
    #[must_use]
    pub fn of<const W: usize>(&self, words: &[u32; W]) -> [Pack<W>; 2] {
        const FRACTION: u64 = (1 << SHIFT) - 1;
        let mut beyond = Pack::ZERO;
        let mut places = [0; W];
        for i in 0..W {
            let middle = f64::from(words[i]) + 0.5;
            let bits = middle.to_bits();
            places[i] = (bits >> SHIFT) - FIRST;
            beyond.0[i] = middle - f64::from_bits(bits & !FRACTION);
        }
        let [mut value, mut slope, mut curvature, mut error] = [Pack::ZERO; 4];
        for i in 0..W {
            let cell = self.cells[places[i] as usize % CELLS];
            [value.0[i], slope.0[i], curvature.0[i], error.0[i]] = cell;
        }
        [value + beyond * (slope + beyond * curvature), error]
    }
}

/// The quadratic through both ends and the middle of a cell, and its greatest error over the words of the cell.
fn fitted(start: f64, end: f64, weight: f64) -> [f64; 4] {
    let quantile = |word: f64| normal_inverse(word / TWO_POW_32);
    let width = end - start;
    let [low, middle, high] = [start, 0.5 * (start + end), end].map(quantile);
    let curvature = 2.0 * (high - 2.0 * middle + low) / (width * width);
    let slope = (high - low) / width - curvature * width;
    // Derivatives of the quantile by the word, largest in size at an end of the cell.
    let density = |x: f64| exp(-0.5 * x * x) / ROOT * TWO_POW_32;
    let third = |x: f64| (1.0 + 2.0 * x * x) / (density(x) * density(x) * density(x));
    let steepest = |word: f64| 1.0 / density(quantile(word));
    let larger = |a: f64, b: f64| if a > b { a } else { b };
    let interpolated = QUADRATIC * width * width * width * larger(third(low), third(high));
    let cut = HALF * larger(steepest(start - HALF), steepest(end + HALF));
    let error = weight * (interpolated + cut) * (1.0 + 1e-6) + SLACK;
    if error < f64::INFINITY {
        [weight * low, weight * slope, weight * curvature, error]
    } else {
        [0.0, 0.0, 0.0, f64::INFINITY]
    }
}

#[cfg(test)]
mod tests {
    use super::OwnPart;
    use crate::lanes::Pack;
    use crate::math::normal_inverse;
    use crate::random::uniform;

    #[test]
    fn the_own_part_is_within_its_error_whatever_the_second_word() {
        for weight in [1.0, 0.894, 1e-3] {
            let own = OwnPart::new(weight);
            let mut words: Vec<u32> = (0..40).chain((0..40).map(|n| u32::MAX - n)).collect();
            for octave in 5..32 {
                // Both ends, the middle and places between of each cell, and their neighbours.
                for part in 0..64_u64 {
                    let word = ((64 + part) << octave >> 6) as u32;
                    words.extend([word, word - 1, word + 1]);
                }
            }
            for word in words {
                let [Pack([value]), Pack([error])] = own.of(&[word]);
                for low in [0, 1 << 31, u32::MAX] {
                    let exact = weight * normal_inverse(uniform(word, low));
                    assert!((value - exact).abs() < error, "{weight} {word} {low}: {value} {error} {exact}");
                }
            }
        }
    }

    #[test]
    fn the_error_is_small_where_companies_default() {
        let own = OwnPart::new(1.0);
        for thousandths in 1..=500 {
            let [_, Pack([error])] = own.of(&[thousandths * 4_294_967]);
            assert!(error < 5e-5, "{thousandths} {error}");
        }
    }
}
