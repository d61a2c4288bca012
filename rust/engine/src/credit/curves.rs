//! Default times as thresholds: the normal quantiles of cumulative default probabilities.

use std::collections::BTreeMap;

use crate::lanes::Pack;
use crate::math::normal_inverse;

/// Thresholds of a block.
const BLOCK: usize = 64;

/// Cells of a guide for each threshold: so many that a cell seldom holds more than one.
const CELLS_PER_STEP: usize = 4;
const MOST_CELLS: usize = 4096;

/// Where in a row to look for a level: cells of equal width between its least and its greatest finite threshold.
#[derive(Clone, Copy, Debug, Default)]
pub struct Guide {
    from: f64,
    per_unit: f64,
    /// Number of the last cell.
    top: f64,
    /// Where its cells begin among those of all rows.
    cells: u32,
    /// Where its row begins among the thresholds of all rows.
    row: u32,
}

/// Rows of `Φ⁻¹(F(t_p))`, one for each distinct curve.
///
/// Companies that share a curve share a row. What a row has beyond its steps is `+∞`, and it ends with one at least.
#[derive(Clone, Debug)]
pub struct Curves {
    /// Blocks of a row.
    stride: usize,
    blocks: Vec<[f64; BLOCK]>,
    /// One a row.
    guides: Vec<Guide>,
    /// By cell of each guide: no level of the cell is above the threshold before this place.
    starts: Vec<u16>,
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
        let cells = (CELLS_PER_STEP * (steps + 1)).next_power_of_two();
        let cells = if cells < MOST_CELLS { cells } else { MOST_CELLS };
        let mut guides = Vec::new();
        let mut starts = Vec::new();
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
                guides.push(Guide::new(blocks[start..].as_flattened(), start * BLOCK, cells, &mut starts));
                count(guides.len()) - 1
            }));
        }
        (Self { stride, blocks, guides, starts }, rows)
    }

    /// The threshold of a step, counted from 1.
    #[must_use]
    pub fn threshold(&self, row: u32, step: u32) -> f64 {
        let index = step as usize - 1;
        self.blocks[row as usize * self.stride + index / BLOCK][index % BLOCK]
    }

    /// Where to look in a row.
    #[must_use]
    pub fn guide(&self, row: u32) -> Guide {
        self.guides[row as usize]
    }

    /// The rows to look in.
    #[inline(always)]
    #[must_use]
    pub fn guided(&self) -> Guided<'_> {
        Guided { thresholds: self.blocks.as_flattened(), starts: &self.starts }
    }

    /// The first step, counted from 1, whose threshold is at least x; beyond the last step if there is none.
    #[inline(always)]
    #[must_use]
    pub fn first_step_reaching(&self, row: u32, x: f64) -> u32 {
        let start = row as usize * self.stride;
        let mut block = start;
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
        count((block - start) * BLOCK + below) + 1
    }
}

/// All rows, as guides lead to them.
#[derive(Clone, Copy, Debug)]
pub struct Guided<'a> {
    thresholds: &'a [f64],
    starts: &'a [u16],
}

impl<'a> Guided<'a> {
    /// The row of a guide.
    #[inline(always)]
    #[must_use]
    pub fn along(self, guide: &Guide) -> GuidedRow<'a> {
        let thresholds = &self.thresholds[guide.row as usize..];
        GuidedRow { thresholds, starts: &self.starts[guide.cells as usize..] }
    }
}

/// One row, as its guide leads to it.
#[derive(Clone, Copy, Debug)]
pub struct GuidedRow<'a> {
    thresholds: &'a [f64],
    starts: &'a [u16],
}

impl GuidedRow<'_> {
    /// The first step, counted from 1, whose threshold is at least x, for a level x that is known to lie between two
    /// bounds, the lower one in this cell of the guide; none where a threshold between them leaves it open, or where the
    /// guide does not lead to it at once.
    #[inline(always)]
    #[must_use]
    pub fn first_step_between(self, cell: u32, low: f64, high: f64) -> Option<u32> {
        let start = usize::from(self.starts[cell as usize]);
        // The row ends with an infinite threshold, and no guide leads beyond it.
        let place = start + usize::from(self.thresholds[start] < low);
        if self.thresholds[place] >= high { Some(count(place) + 1) } else { None }
    }
}

impl Guide {
    /// The guide of a row of thresholds that do not fall, which begins at place `row`; adds its cells to `starts`.
    fn new(thresholds: &[f64], row: usize, cells: usize, starts: &mut Vec<u16>) -> Self {
        let first = starts.len();
        starts.resize(first + cells, 0);
        let mut guide =
            Self { from: 0.0, per_unit: 0.0, top: cells as f64 - 1.0, cells: count(first), row: count(row) };
        let finite = |x: &&f64| x.abs() < f64::INFINITY;
        let (Some(&from), Some(&to)) = (thresholds.iter().find(finite), thresholds.iter().rfind(finite)) else {
            return guide;
        };
        if !(to > from) {
            return guide;
        }
        let per_unit = guide.top / (to - from);
        let mut below = 0;
        for (i, start) in starts[first..].iter_mut().enumerate() {
            // A little below the lower edge of the cell, so that rounding puts no level into a cell that starts above it.
            let edge = if i == 0 { from } else { from + (i as f64 - 0.5 - 1e-9) / per_unit - 1e-12 };
            while thresholds[below] < edge {
                below += 1;
            }
            *start = below as u16;
        }
        guide.from = from;
        guide.per_unit = per_unit;
        guide
    }

    /// The cells of levels.
    #[inline(always)]
    #[must_use]
    pub fn cells<const W: usize>(&self, x: Pack<W>) -> [u32; W] {
        // A sum with 2⁵² is a whole number, and its last bits hold it.
        const TWO_POW_52: f64 = 4_503_599_627_370_496.0;
        let cell = (x - Pack::splat(self.from)) * self.per_unit;
        let cell = cell.positive().min(Pack::splat(self.top)) + Pack::splat(TWO_POW_52);
        let mut cells = [0; W];
        for i in 0..W {
            cells[i] = cell.0[i].to_bits() as u32;
        }
        cells
    }
}

#[inline(always)]
const fn count(n: usize) -> u32 {
    n as u32
}

#[cfg(test)]
mod tests {
    use super::Curves;
    use crate::lanes::Pack;

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
    fn between_two_bounds_lies_the_step_of_every_level_or_it_is_left_open() {
        let mut shapes: Vec<Vec<f64>> = Vec::new();
        for steps in [1, 2, 7, 48, 63, 64, 180] {
            shapes.push((1..=steps).map(|p| f64::from(p) / (f64::from(steps) + 1.0)).collect());
            shapes.push((1..=steps).map(|p| 1e-9 * f64::from(p * p)).collect());
            shapes.push((1..=steps).map(|p| 0.3 + 1e-15 * f64::from(p)).collect());
        }
        shapes.extend([vec![0.0; 4], vec![1.0; 4], vec![0.0, 0.1, 0.1, 1.0], vec![0.2; 3]]);
        let whole: Vec<&[f64]> = shapes.iter().map(Vec::as_slice).collect();
        let (curves, rows) = Curves::new(&whole);
        let (mut open, mut beside) = (0, 0);
        for (shape, row) in rows.into_iter().enumerate() {
            let is_even = shape < 21 && shape.is_multiple_of(3);
            let guide = curves.guide(row);
            let along = curves.guided().along(&guide);
            for i in -6_000..6_000 {
                let x = f64::from(i) * 1e-3;
                let step = curves.first_step_reaching(row, x);
                for slack in [0.0, 1e-12, 1e-4, 0.1] {
                    let [cell] = guide.cells(Pack([x - slack]));
                    let between = along.first_step_between(cell, x - slack, x + slack);
                    assert!(between.is_none_or(|found| found == step));
                    open += u32::from(between.is_none());
                    beside += u32::from(is_even && slack < 1e-9 && between.is_none());
                }
            }
            let [cell] = guide.cells(Pack([f64::NEG_INFINITY]));
            let anywhere = along.first_step_between(cell, f64::NEG_INFINITY, f64::INFINITY);
            assert_eq!(anywhere.is_some(), curves.threshold(row, 1) == f64::INFINITY);
        }
        // The guide leads to nearly every level at once where probabilities rise evenly.
        assert!(beside < 7 * 2 * 12_000 / 100, "{beside}");
        assert!(open > 0);
    }

    #[test]
    fn equal_curves_share_a_row() {
        let (_, rows) = Curves::new(&[&[0.1, 0.2], &[0.1, 0.3], &[0.1, 0.2]]);
        assert_eq!(rows, [0, 1, 0]);
    }
}
