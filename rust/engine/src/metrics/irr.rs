//! Internal rate of return: effective annual, act/365, of one outflow and later inflows.
//!
//! The rate is `1 / v - 1` with `Σ flow · v^(days/365) = outflow`. The unknown is `y = ln v`, and the equation solved is
//! `g(y) = ln Σ flow · e^(y t) - ln outflow = 0`: g rises and is convex, its slope lies between the first and the last time,
//! and so Newton's iteration comes down to the root from the right whatever the flows are.

use crate::lanes::{Mask, PART, Pack, Param};
use crate::math::{exp, ln};

const DAYS: f64 = 365.0;
/// Distinct gaps between flows up to which their discount factors are shared.
const SHARED: usize = 16;
/// Longest difference of two gaps, in days, that is multiplied out day by day.
const LADDER: i32 = 4;
const ITERATIONS: usize = 64;
/// Newton squares the error, so a step of this size leaves one far below rounding.
const STEP: f64 = 1e-9;

/// When the flows fall.
#[derive(Clone, Debug, PartialEq)]
pub struct IrrTimes {
    /// From the outflow to each flow, in years.
    years: Vec<f64>,
    /// From the flow before (the outflow for the first) to each flow, in years.
    gaps: Vec<f64>,
    /// Index of each flow's gap in `distinct`; empty if there are more than [`SHARED`].
    shared: Vec<u8>,
    /// Distinct gaps in days, rising.
    distinct: Vec<i32>,
}

impl IrrTimes {
    /// Times from the days between the outflow and each flow, which are positive and rise.
    #[must_use]
    pub fn new(days: &[i32]) -> Self {
        debug_assert!(days.windows(2).all(|pair| pair[0] < pair[1]), "Invariant: days rise");
        debug_assert!(days.first().is_none_or(|&first| first > 0), "Invariant: flows come after the outflow");
        let mut gaps = Vec::with_capacity(days.len());
        let mut previous = 0;
        for &day in days {
            gaps.push(day - previous);
            previous = day;
        }
        let mut distinct = gaps.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let mut shared = Vec::new();
        if distinct.len() <= SHARED {
            for gap in &gaps {
                shared.extend((0_u8..).zip(&distinct).filter(|(_, other)| *other == gap).map(|(index, _)| index));
            }
        }
        Self {
            years: days.iter().map(|&day| f64::from(day) / DAYS).collect(),
            gaps: gaps.iter().map(|&gap| f64::from(gap) / DAYS).collect(),
            shared,
            distinct,
        }
    }

    /// Number of flows.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.years.len()
    }

    /// Whether there is no flow.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.years.is_empty()
    }

    /// `e^(y gap)` of each distinct gap.
    #[inline(always)]
    fn factors<const L: usize>(&self, y: Pack<L>, out: &mut [Pack<L>; SHARED]) {
        let mut day = Pack::splat(1.0);
        if self.distinct.len() > 1 {
            day = (y * (1.0 / DAYS)).map(exp);
        }
        let mut factor = Pack::splat(1.0);
        let mut previous = i32::MIN / 2;
        for i in 0..self.distinct.len() {
            let gap = self.distinct[i];
            if gap - previous <= LADDER {
                while previous < gap {
                    factor = factor * day;
                    previous += 1;
                }
            } else {
                factor = (y * (f64::from(gap) / DAYS)).map(exp);
                previous = gap;
            }
            out[i] = factor;
        }
    }

    /// `Σ flow · e^(y t)` and its derivative by y in the `part`-th part of `W` lanes, from the last flow to the first, where no
    /// later date brings one; `factors` is room.
    #[inline(always)]
    fn value_and_slope<const L: usize, const W: usize>(
        &self,
        y: Pack<W>,
        flows: &[Pack<L>],
        part: usize,
        factors: &mut [Pack<W>; SHARED],
    ) -> (Pack<W>, Pack<W>) {
        let shared = self.shared.get(..flows.len());
        if shared.is_some() {
            self.factors(y, factors);
        }
        let gaps = &self.gaps[..flows.len()];
        let mut value = Pack::ZERO;
        let mut slope = Pack::ZERO;
        for i in (0..flows.len()).rev() {
            let factor = match shared {
                Some(shared) => factors[shared[i] as usize % SHARED],
                None => (y * gaps[i]).map(exp),
            };
            let at_date = value + flows[i].part(part);
            slope = factor * (slope + at_date * gaps[i]);
            value = factor * at_date;
        }
        (value, slope)
    }
}

/// Internal rate of return of `L` paths that share times, of an outflow (positive) of each or of all, as a decimal per year.
/// Dates at the end that bring nothing may be left out of the flows.
///
/// A flow below `dust` is set to 0 (so no flow is negative), and the rate is -1 where nothing is left. At most 64
/// iterations, in practice about 6; a lane rests once it has converged, so its bits do not depend on the others.
#[inline(always)]
#[must_use]
pub fn irr<const L: usize, P: Param<L>>(times: &IrrTimes, outflow: P, flows: &mut [Pack<L>], dust: P) -> Pack<L> {
    if L.is_multiple_of(PART) {
        in_parts::<L, PART, P>(times, outflow, flows, dust)
    } else {
        in_parts::<L, 1, P>(times, outflow, flows, dust)
    }
}

/// The same, `W` lanes after the other.
#[inline(always)]
fn in_parts<const L: usize, const W: usize, P: Param<L>>(
    times: &IrrTimes,
    outflow: P,
    flows: &mut [Pack<L>],
    dust: P,
) -> Pack<L> {
    let mut out = Pack::ZERO;
    for i in 0..L / W {
        out.set_part(i, of_part::<L, W>(times, outflow.part(i), flows, i, dust.part(i)));
    }
    out
}

/// The same in the `part`-th part of `W` lanes.
#[inline(always)]
fn of_part<const L: usize, const W: usize>(
    times: &IrrTimes,
    outflow: Pack<W>,
    flows: &mut [Pack<L>],
    part: usize,
    threshold: Pack<W>,
) -> Pack<W> {
    debug_assert!(flows.len() <= times.len(), "Invariant: a time for each flow");
    debug_assert!(outflow.gt(Pack::ZERO).all(), "Invariant: the outflow is positive");
    let mut total = Pack::ZERO;
    let [mut moment, mut second] = [Pack::ZERO; 2];
    let mut last = Pack::splat(1.0);
    let mut last_years = Pack::splat(1.0);
    let all_years = &times.years[..flows.len()];
    for i in 0..flows.len() {
        let flow = flows[i].part::<W>(part);
        let flow = flow.ge(threshold).keep(flow);
        flows[i].set_part(part, flow);
        let years = Pack::splat(all_years[i]);
        total += flow;
        let weighted = flow * years;
        moment += weighted;
        second += weighted * years;
        let some = flow.gt(Pack::ZERO);
        last = some.select(flow, last);
        last_years = some.select(years, last_years);
    }
    let returned = total.gt(Pack::ZERO);
    // No flow alone may be worth more than the outflow: the root is not above this, and at it nothing overflows.
    let most = (outflow / last).map(ln) / last_years;
    // The value's logarithm is convex in y: from wherever Newton starts, the second step is above the root, and no later one
    // leaves that side. Two moments of the times of the flows tell nearly where it is: `ln total + m y + v y²/2 = ln outflow`.
    let one = Pack::splat(1.0);
    let sum = returned.select(total, one);
    let mean = returned.select(moment, one) / sum;
    let spread = (returned.select(second, one) / sum - mean * mean).positive();
    let short = (outflow / sum).map(ln);
    let square = (mean * mean + spread * short * 2.0).positive();
    let start = short * 2.0 / (mean + square.map(f64::sqrt));
    let mut y = returned.keep(start.min(most));
    let mut moving = returned;
    let mut factors = [Pack::ZERO; SHARED];
    for _ in 0..ITERATIONS {
        let (value, slope) = times.value_and_slope(y, flows, part, &mut factors);
        let step = (outflow / value).map(ln) * (value / slope);
        let next = (y + step).min(most);
        let change = size(next - y);
        y = moving.select(next, y);
        moving = moving.and(change.gt((size(next) + Pack::splat(1.0)) * STEP));
        if !moving.any() {
            break;
        }
    }
    let rate = (-y).map(exp) - Pack::splat(1.0);
    returned.select(rate, Pack::splat(-1.0))
}

#[inline(always)]
fn size<const L: usize>(x: Pack<L>) -> Pack<L> {
    let negative: Mask<L> = x.lt(Pack::ZERO);
    negative.select(-x, x)
}

/// Internal rate of return of dated amounts: the first is the outflow (negative), the others are later and not negative.
///
/// `days` count from any origin and rise.
#[must_use]
pub fn xirr(days: &[i32], amounts: &[f64]) -> f64 {
    let (Some((first_day, later_days)), Some((outflow, inflows))) = (days.split_first(), amounts.split_first()) else {
        return f64::NAN;
    };
    let from_outflow: Vec<i32> = later_days.iter().map(|day| day - first_day).collect();
    let mut flows: Vec<Pack<1>> = inflows.iter().map(|&flow| Pack([flow])).collect();
    irr(&IrrTimes::new(&from_outflow), -outflow, &mut flows, 0.0).0[0]
}

#[cfg(test)]
mod tests;
