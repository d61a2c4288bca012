//! Estimates with their standard errors.

/// A mean over independent paths.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Standard error of the mean, in the unit of the mean.
    pub standard_error: f64,
}

/// The mean of a sample and `√(Σ (x - mean)² / (n - 1) / n)`, summed in the order given.
///
/// Not numbers for an empty sample; the standard error of one value is not a number.
#[must_use]
pub fn mean_se(sample: &[f64]) -> Estimate {
    let mut sum = 0.0;
    let mut n = 0.0;
    for x in sample {
        sum += x;
        n += 1.0;
    }
    let mean = sum / n;
    let mut squares = 0.0;
    for x in sample {
        squares += (x - mean) * (x - mean);
    }
    Estimate { mean, standard_error: (squares / (n - 1.0) / n).sqrt() }
}

/// The same of a sample of `n` that is known by its sum and its sum of squares.
#[must_use]
pub fn mean_se_of_sums(sum: f64, square: f64, n: f64) -> Estimate {
    let mean = sum / n;
    let about_mean = square - sum * mean;
    // Rounding of either sign is left where all values are the same.
    let about_mean = if about_mean > 0.0 { about_mean } else { 0.0 };
    Estimate { mean, standard_error: (about_mean / (n - 1.0) / n).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::{Estimate, mean_se, mean_se_of_sums};

    #[test]
    fn the_standard_error_is_the_sample_deviation_over_the_root_of_the_count() {
        assert_eq!(mean_se(&[1.0, 2.0, 3.0, 6.0]), Estimate { mean: 3.0, standard_error: (14.0_f64 / 12.0).sqrt() });
        assert!(mean_se(&[2.5]).standard_error.is_nan());
        assert!(mean_se(&[]).mean.is_nan());
        assert_eq!(mean_se_of_sums(12.0, 50.0, 4.0), mean_se(&[1.0, 2.0, 3.0, 6.0]));
        assert!(mean_se_of_sums(2.5, 6.25, 1.0).standard_error.is_nan());
    }
}
