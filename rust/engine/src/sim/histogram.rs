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
    /// Between these two are the bins that are not empty.
    used: [usize; 2],
    total: usize,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { bins: vec![[0; 2]; BINS], used: [BINS, 0], total: 0 }
    }
}

impl Histogram {
    /// Counts one of the two shares of each row; they are not negative, and those above 1 join the last bin.
    pub fn add<const WHICH: usize>(&mut self, rows: &[[f64; 2]]) {
        self.total += rows.len();
        let bins = self.bins.as_mut_slice();
        let [mut first, mut end] = self.used;
        for row in rows {
            let share = row[WHICH];
            let bin = (share * (BINS as f64 - 1.0) + 0.5) as u32 as usize;
            let bin = if bin < BINS { bin } else { BINS - 1 };
            (first, end) = (first.min(bin), end.max(bin + 1));
            let [count, largest] = &mut bins[bin];
            *count += 1;
            // Shares are not negative: their bits rise with them.
            *largest = if share.to_bits() > *largest { share.to_bits() } else { *largest };
        }
        self.used = [first, end];
    }

    /// Back to no shares.
    pub fn clear(&mut self) {
        let [first, end] = self.used;
        if first < end {
            self.bins[first..end].fill([0; 2]);
        }
        self.used = [BINS, 0];
        self.total = 0;
    }

    /// The smallest share whose cumulative probability is at least each of some levels, which rise; not a number without shares.
    #[must_use]
    pub fn quantiles<const N: usize>(&self, levels: [f64; N]) -> [f64; N] {
        debug_assert!(levels.windows(2).all(|pair| pair[0] <= pair[1]), "Invariant: levels rise");
        let mut out = [f64::NAN; N];
        let [first, end] = self.used;
        let mut bins = self.bins[if first < end { first..end } else { 0..0 }].iter();
        let (mut seen, mut largest) = (0, 0);
        for (quantile, level) in out.iter_mut().zip(levels) {
            let Some(place) = rank(self.total, level) else { return out };
            while seen <= place {
                let Some(bin) = bins.next() else { return out };
                seen += bin[0] as usize;
                largest = bin[1];
            }
            *quantile = f64::from_bits(largest);
        }
        out
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
        for (found, value) in histogram.quantiles(levels).into_iter().zip(expected) {
            assert_eq!(found.to_bits(), value.to_bits());
        }
    }

    #[test]
    fn room_that_is_used_again_forgets_what_was_counted() {
        let mut histogram = Histogram::default();
        histogram.add::<0>(&[[0.75, 0.0], [0.5, 0.0]]);
        histogram.clear();
        histogram.add::<1>(&[[0.75, 0.25]]);
        assert_eq!(histogram.quantiles([0.0, 1.0]).map(f64::to_bits), [0.25_f64.to_bits(); 2]);
    }

    #[test]
    fn what_no_pool_can_lose_is_counted_at_the_end() {
        let mut histogram = Histogram::default();
        histogram.add::<0>(&[[1.25, 0.0], [0.5, 0.0]]);
        assert_eq!(histogram.quantiles([1.0])[0].to_bits(), 1.25_f64.to_bits());
        assert!(Histogram::default().quantiles([0.5])[0].is_nan());
    }
}
