//! Numbers by step as functions of the market factor, told by polynomials.
//!
//! The factor's range is cut into cells. In a cell the number of each step is a polynomial through Chebyshev's nodes, four
//! steps side by side: a path looks up one cell for all its steps.

use crate::lanes::Pack;

/// Coefficients of a polynomial.
pub const TERMS: usize = 8;
/// Steps that are worked out together.
const TOGETHER: usize = 4;
/// Range of the factor: beyond every draw of 64 bits, of which the farthest is 9.2.
const FARTHEST: f64 = 9.5;
/// How many cells are tried: more where the function changes faster.
const CELLS: [usize; 3] = [64, 128, 256];
/// Largest difference from the function in the places that are compared.
const SAME: f64 = 2e-14;

/// Chebyshev's nodes `-½ cos((i + ½) π / 8)` of a cell, told from its middle in units of its width.
const NODES: [f64; TERMS] = [
    -0.490_392_640_201_615_2,
    -0.415_734_806_151_272_6,
    -0.277_785_116_509_801_14,
    -0.097_545_161_008_064_17,
    0.097_545_161_008_064_17,
    0.277_785_116_509_801_14,
    0.415_734_806_151_272_6,
    0.490_392_640_201_615_2,
];

/// The four numbers that belong to four steps.
type Four = Pack<TOGETHER>;

/// A function that gives the numbers of all steps for some factors.
pub trait BySteps {
    /// The numbers of each step; implementations are `#[inline(always)]`.
    fn at(&self, factors: &Pack<TERMS>, out: &mut [Pack<TERMS>]);
}

/// Polynomials by cell and step.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// Per cell, so many groups of four steps.
    rows: Vec<[Four; TERMS]>,
    groups: usize,
    per_unit: f64,
}

impl Fitted {
    /// Of a function; none where it changes too fast.
    #[inline(always)]
    pub fn new(steps: usize, function: &impl BySteps) -> Option<Self> {
        for cells in CELLS {
            let fitted = if steps == 0 { None } else { Self::with(cells, steps, function) };
            if fitted.is_some() {
                return fitted;
            }
        }
        None
    }

    #[inline(always)]
    fn with(cells: usize, steps: usize, function: &impl BySteps) -> Option<Self> {
        let groups = steps.div_ceil(TOGETHER);
        let mut out =
            Self { rows: vec![[Four::ZERO; TERMS]; cells * groups], groups, per_unit: cells as f64 / (2.0 * FARTHEST) };
        // Where the polynomial is farthest from a smooth function: halfway between nodes, and at the ends.
        let mut between = [0.5; TERMS];
        for i in 1..TERMS {
            between[i] = 0.5 * (NODES[i - 1] + NODES[i]);
        }
        // The places after the last step hold nothing, of which the polynomial is nothing.
        let (mut at_nodes, mut beside) = (vec![Pack::ZERO; groups * TOGETHER], vec![Pack::ZERO; groups * TOGETHER]);
        for cell in 0..cells {
            let middle = cell as f64 + 0.5;
            let factors = |places: [f64; TERMS]| Pack(places).map(|place| (middle + place) / out.per_unit - FARTHEST);
            function.at(&factors(NODES), &mut at_nodes[..steps]);
            function.at(&factors(between), &mut beside[..steps]);
            let (at_nodes, _) = at_nodes.as_chunks::<TOGETHER>();
            let (beside, _) = beside.as_chunks::<TOGETHER>();
            for group in 0..groups {
                let coefficients = through(across(&at_nodes[group]));
                let values = across(&beside[group]);
                for i in 0..TERMS {
                    let difference = horner(&coefficients, between[i]) - values[i];
                    // What is no number is not the same.
                    if Four::splat(SAME).ge(difference.map(f64::abs)).not().any() {
                        return None;
                    }
                }
                out.rows[cell * groups + group] = coefficients;
            }
        }
        Some(out)
    }

    /// The numbers of all steps for the factor of each lane, in [0, 1].
    #[inline(always)]
    pub fn of<const L: usize>(&self, market: &Pack<L>, out: &mut [Pack<L>]) {
        let mut lane = 0;
        while lane + TOGETHER <= L {
            self.some::<L, TOGETHER>(market, lane, out);
            lane += TOGETHER;
        }
        while lane < L {
            self.some::<L, 1>(market, lane, out);
            lane += 1;
        }
    }

    /// The same for `W` lanes from one on, whose numbers of a step are written side by side.
    #[inline(always)]
    fn some<const L: usize, const W: usize>(&self, market: &Pack<L>, lane: usize, out: &mut [Pack<L>]) {
        let last = self.rows.len() / self.groups - 1;
        let mut rows: [&[[Four; TERMS]]; W] = [&[]; W];
        let mut x = [0.0; W];
        for w in 0..W {
            let place = (market.0[lane + w] + FARTHEST) * self.per_unit;
            // The fraction is cut off, and what is below zero is zero.
            let cell = place as usize;
            let cell = if cell < last { cell } else { last };
            x[w] = place - (cell as f64 + 0.5);
            rows[w] = &self.rows[cell * self.groups..][..self.groups];
        }
        let (fours, rest) = out.as_chunks_mut::<TOGETHER>();
        let whole = fours.len();
        for (group, four) in fours.iter_mut().enumerate() {
            let mut values = [Four::ZERO; W];
            for w in 0..W {
                values[w] = value(&rows[w][group], x[w]);
            }
            for k in 0..TOGETHER {
                for w in 0..W {
                    four[k].0[lane + w] = values[w].0[k];
                }
            }
        }
        if rest.is_empty() {
            return;
        }
        for w in 0..W {
            let values = value(&rows[w][whole], x[w]);
            for (k, number) in rest.iter_mut().enumerate() {
                number.0[lane + w] = values.0[k];
            }
        }
    }
}

/// Four polynomials at `x`, limited to [0, 1].
#[inline(always)]
fn value(row: &[Four; TERMS], x: f64) -> Four {
    horner(row, x).positive().min(Four::splat(1.0))
}

/// Four polynomials at `x`.
#[inline(always)]
fn horner(row: &[Four; TERMS], x: f64) -> Four {
    let mut sum = row[TERMS - 1];
    let mut term = TERMS - 1;
    while term > 0 {
        term -= 1;
        sum = sum * x + row[term];
    }
    sum
}

/// The values of four steps at some places, turned from step by step into place by place.
#[inline(always)]
fn across(steps: &[Pack<TERMS>; TOGETHER]) -> [Four; TERMS] {
    let mut out = [Four::ZERO; TERMS];
    for i in 0..TERMS {
        for k in 0..TOGETHER {
            out[i].0[k] = steps[k].0[i];
        }
    }
    out
}

/// Coefficients of four polynomials through some points, that of 1 first.
#[inline(always)]
fn through(values: [Four; TERMS]) -> [Four; TERMS] {
    // Newton's divided differences, and their products multiplied out from the last.
    let mut differences = values;
    for order in 1..TERMS {
        let mut i = TERMS;
        while i > order {
            i -= 1;
            let width = NODES[i] - NODES[i - order];
            differences[i] = (differences[i] - differences[i - 1]) / Four::splat(width);
        }
    }
    let mut out = [Four::ZERO; TERMS];
    let mut i = TERMS;
    while i > 0 {
        i -= 1;
        let mut term = TERMS;
        while term > 1 {
            term -= 1;
            out[term] = out[term - 1] - out[term] * NODES[i];
        }
        out[0] = differences[i] - out[0] * NODES[i];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Lines;

    impl BySteps for Lines {
        fn at(&self, factors: &Pack<TERMS>, out: &mut [Pack<TERMS>]) {
            for (p, share) in out.iter_mut().enumerate() {
                *share = factors.map(|z| 0.3 + 0.02 * p as f64 + 0.02 * z);
            }
        }
    }

    struct Jump;

    impl BySteps for Jump {
        fn at(&self, factors: &Pack<TERMS>, out: &mut [Pack<TERMS>]) {
            out.fill(factors.map(|z| if z > 0.1 { 1.0 } else { 0.0 }));
        }
    }

    #[test]
    fn the_polynomial_through_the_points_of_a_polynomial_is_it() {
        let coefficients = [0.25, -1.0, 3.0, 0.5, 0.0, -2.0, 1.5, 0.75].map(|x| Pack([x, -x, 2.0 * x, 1.0]));
        let found = through(NODES.map(|x| horner(&coefficients, x)));
        for (x, y) in found.iter().zip(coefficients) {
            assert!(x.0.iter().zip(y.0).all(|(x, y)| (x - y).abs() < 2e-11), "{found:?}");
        }
    }

    #[test]
    fn a_lane_has_the_bits_that_it_has_alone() {
        let fitted = Fitted::new(7, &Lines).unwrap();
        let factors = [-9.2, -3.0, -0.1, 0.0, 0.2, 1.7, 4.0, 9.2];
        let (mut together, mut alone) = ([Pack::ZERO; 7], [Pack::ZERO; 7]);
        fitted.of(&Pack(factors), &mut together);
        for (lane, factor) in factors.into_iter().enumerate() {
            fitted.of(&Pack([factor]), &mut alone);
            for p in 0..7 {
                assert_eq!(together[p].0[lane].to_bits(), alone[p].0[0].to_bits());
                let exact = 0.3 + 0.02 * p as f64 + 0.02 * factor;
                assert!((alone[p].0[0] - exact).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn what_jumps_has_no_polynomials() {
        assert!(Fitted::new(1, &Jump).is_none());
        assert!(Fitted::new(0, &Jump).is_none());
    }
}
