//! Default times as thresholds: the normal quantiles of cumulative default probabilities.

use std::collections::BTreeMap;

use crate::math::normal_inverse;

/// Thresholds of a block.
const BLOCK: usize = 64;

/// Rows of `Φ⁻¹(F(t_p))`, one for each distinct curve.
///
/// Companies that share a curve share a row. What a row has beyond its steps is `+∞`, and it ends with one at least.
#[derive(Clone, Debug)]
pub struct Curves {
    /// Blocks of a row.
    stride: usize,
    blocks: Vec<[f64; BLOCK]>,
}

impl Curves {
    /// The curves and the row of each; `cumulative[i]` holds `F(t_p)` for p = 1, 2, …, in [0, 1] and not decreasing.
    #[must_use]
    pub fn new(cumulative: &[&[f64]]) -> (Self, Vec<u32>) {
        let mut steps = 0;
        for curve in cumulative {
            steps = steps.max(curve.len());
        }
        let stride = (steps + 1).div_ceil(BLOCK);
        let mut blocks = Vec::new();
        let mut rows = Vec::with_capacity(cumulative.len());
        let mut known = BTreeMap::new();
        for curve in cumulative {
            debug_assert!(curve.windows(2).all(|pair| pair[0] <= pair[1]), "Invariant: F does not decrease");
            let bits: Vec<u64> = curve.iter().map(|p| p.to_bits()).collect();
            rows.push(*known.entry(bits).or_insert_with(|| {
                let start = blocks.len();
                blocks.resize(start + stride, [f64::INFINITY; BLOCK]);
                for (step, &p) in curve.iter().enumerate() {
                    blocks[start + step / BLOCK][step % BLOCK] = normal_inverse(p);
                }
                count(start)
            }));
        }
        (Self { stride, blocks }, rows)
    }

    /// The threshold of a step, counted from 1.
    #[must_use]
    pub fn threshold(&self, row: u32, step: u32) -> f64 {
        let index = step as usize - 1;
        self.blocks[row as usize + index / BLOCK][index % BLOCK]
    }

    /// The first step, counted from 1, whose threshold is at least x; beyond the last step if there is none.
    #[inline(always)]
    #[must_use]
    pub fn first_step_reaching(&self, row: u32, x: f64) -> u32 {
        let mut block = row as usize;
        let last = block + self.stride - 1;
        while block < last && self.blocks[block][BLOCK - 1] < x {
            block += 1;
        }
        let thresholds = &self.blocks[block];
        // Bisection by selection, without a branch that could be mispredicted.
        let mut below = 0;
        let mut half = BLOCK / 2;
        while half > 0 {
            let next = below + half;
            below = if thresholds[next - 1] < x { next } else { below };
            half /= 2;
        }
        count((block - row as usize) * BLOCK + below) + 1
    }
}

#[inline(always)]
const fn count(n: usize) -> u32 {
    n as u32
}

#[cfg(test)]
mod tests {
    use super::Curves;

    #[test]
    fn the_first_step_is_the_one_whose_probability_interval_holds_the_level() {
        for steps in [1, 2, 3, 7, 8, 9, 48, 63, 64, 65, 180] {
            let cumulative: Vec<f64> = (1..=steps).map(|p| f64::from(p) / (f64::from(steps) + 1.0)).collect();
            let (curves, rows) = Curves::new(&[&cumulative]);
            for step in 1..=steps {
                let threshold = curves.threshold(rows[0], step);
                assert_eq!(curves.first_step_reaching(rows[0], threshold), step);
                assert_eq!(curves.first_step_reaching(rows[0], threshold + 1e-9), step + 1);
            }
        }
    }

    #[test]
    fn no_default_falls_into_a_step_without_probability() {
        let (curves, rows) = Curves::new(&[&[0.0, 0.1, 0.1, 1.0], &[0.0; 4]]);
        assert_eq!(curves.first_step_reaching(rows[0], -40.0), 2);
        assert_eq!(curves.first_step_reaching(rows[0], 0.0), 4);
        assert_eq!(curves.first_step_reaching(rows[1], -40.0), 5);
    }

    #[test]
    fn equal_curves_share_a_row() {
        let (_, rows) = Curves::new(&[&[0.1, 0.2], &[0.1, 0.3], &[0.1, 0.2]]);
        assert_eq!(rows, [0, 1, 0]);
    }
}
