//! Quantiles of a sample.

use crate::math::floor_to_u32;

/// Quantiles of a sample, which is reordered: each is the smallest value whose cumulative probability, `rank / n`, is at
/// least `p`, found without sorting all.
///
/// A level at or below 0 gives the smallest value. Not numbers for an empty sample.
#[must_use]
pub fn quantiles(sample: &mut [f64], levels: &[f64]) -> Vec<f64> {
    levels
        .iter()
        .map(|&p| match rank(sample.len(), p) {
            Some(k) => *sample.select_nth_unstable_by(k, f64::total_cmp).1,
            None => f64::NAN,
        })
        .collect()
}

/// Place, from 0, of a quantile in a sorted sample of `n`; none in an empty one.
#[must_use]
pub fn rank(n: usize, p: f64) -> Option<usize> {
    if n == 0 {
        return None;
    }
    // The product may round to the other side of a whole number; the quotients decide.
    let count = n as f64;
    let mut rank = 1.max(floor_to_u32(p * count) as usize);
    while rank > 1 && (rank - 1) as f64 / count >= p {
        rank -= 1;
    }
    while rank < n && rank as f64 / count < p {
        rank += 1;
    }
    Some(n.min(rank) - 1)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "a quantile is one of the values")]
mod tests {
    use super::quantiles;

    /// The definition, on a sorted sample.
    fn quantile(sorted: &[f64], p: f64) -> f64 {
        let n = sorted.len() as f64;
        (1_u32..).zip(sorted).find(|(rank, _)| f64::from(*rank) / n >= p).map_or(f64::NAN, |(_, x)| *x)
    }

    #[test]
    fn a_quantile_is_the_smallest_value_whose_cumulative_probability_is_reached() {
        let sample = [1.0, 2.0, 3.0, 4.0];
        for (p, value) in [(0.0, 1.0), (0.25, 1.0), (0.250_001, 2.0), (0.5, 2.0), (0.75, 3.0), (0.76, 4.0), (1.0, 4.0)]
        {
            assert_eq!(quantile(&sample, p), value, "p = {p}");
        }
        assert!(quantile(&[], 0.5).is_nan());
    }

    #[test]
    fn a_whole_percentage_of_a_whole_hundred_is_exact() {
        for hundreds in [1_u32, 3, 7, 10, 70] {
            let sample: Vec<f64> = (1..=100 * hundreds).map(f64::from).collect();
            for percent in 1..=100_u32 {
                assert_eq!(quantile(&sample, f64::from(percent) / 100.0), f64::from(percent * hundreds));
            }
        }
    }

    #[test]
    fn selection_finds_what_sorting_finds() {
        let mut sample: Vec<f64> = (0..997_u32).map(|i| f64::from(i * 613 % 997) / 7.0).collect();
        let mut sorted = sample.clone();
        sorted.sort_by(f64::total_cmp);
        let levels = [0.01, 0.25, 0.5, 0.95, 0.999, 1.0];
        let expected: Vec<f64> = levels.iter().map(|&p| quantile(&sorted, p)).collect();
        assert_eq!(quantiles(&mut sample, &levels), expected);
    }
}
