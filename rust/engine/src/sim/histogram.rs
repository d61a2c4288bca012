//! How often a share occurs, for its quantiles, in memory that does not grow with the number of paths.

use crate::metrics::quantile::rank;

/// Bins of the shares from 0 to 1.
const BINS: usize = 65_536;

/// Shares counted in equal bins; each bin remembers its largest.
///
/// A quantile is the largest share of its bin: exact where no two shares of a sample are closer than 1/65,535, and else
/// at most so much too high. Counts and maxima do not depend on the order in which shares come.
#[derive(Clone, Debug)]
pub struct Histogram {
    /// Count, and the bits of the largest share; all zero at first, so that memory is taken where a share falls.
    bins: Vec<[u64; 2]>,
    total: usize,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { bins: vec![[0; 2]; BINS], total: 0 }
    }
}

impl Histogram {
    /// Counts one of the two shares of each row; they are not negative, and those above 1 join the last bin.
    pub fn add<const WHICH: usize>(&mut self, rows: &[[f64; 2]]) {
        self.total += rows.len();
        let bins = self.bins.as_mut_slice();
        for row in rows {
            let share = row[WHICH];
            let bin = (share * (BINS as f64 - 1.0) + 0.5) as u32 as usize;
            let [count, largest] = &mut bins[if bin < BINS { bin } else { BINS - 1 }];
            *count += 1;
            // Shares are not negative: their bits rise with them.
            *largest = if share.to_bits() > *largest { share.to_bits() } else { *largest };
        }
    }

    /// The smallest share whose cumulative probability is at least `p`; not a number without shares.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        let Some(place) = rank(self.total, p) else { return f64::NAN };
        let mut seen = 0;
        for [count, largest] in &self.bins {
            seen += *count as usize;
            if seen > place {
                return f64::from_bits(*largest);
            }
        }
        f64::NAN
    }
}

#[cfg(test)]
mod tests {
    use super::Histogram;
    use crate::metrics::quantiles;

    #[test]
    fn shares_of_a_finite_pool_have_exact_quantiles() {
        let shares: Vec<f64> = (0..10_000_u32).map(|i| f64::from(i * i % 151) / 150.0).collect();
        let mut histogram = Histogram::default();
        for (place, share) in shares.iter().enumerate() {
            if place % 2 == 0 {
                histogram.add::<0>(&[[*share, 0.9]]);
            } else {
                histogram.add::<1>(&[[0.9, *share]]);
            }
        }
        let levels = [0.01, 0.25, 0.5, 0.95, 0.99, 0.999, 1.0];
        let expected = quantiles(&mut shares.clone(), &levels);
        for (level, value) in levels.into_iter().zip(expected) {
            assert_eq!(histogram.quantile(level).to_bits(), value.to_bits(), "{level}");
        }
    }

    #[test]
    fn what_no_pool_can_lose_is_counted_at_the_end() {
        let mut histogram = Histogram::default();
        histogram.add::<0>(&[[1.25, 0.0], [0.5, 0.0]]);
        assert_eq!(histogram.quantile(1.0).to_bits(), 1.25_f64.to_bits());
        assert!(Histogram::default().quantile(0.5).is_nan());
    }
}
