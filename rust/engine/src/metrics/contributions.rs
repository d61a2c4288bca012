//! Internal rate of return where the holders pay in again after closing.

use crate::math::{exp, ln};

const DAYS: f64 = 365.0;
/// Rates between which the root lies.
const LOWEST: f64 = -0.9999;
const HIGHEST: f64 = 1e4;
const HALVINGS: usize = 80;

/// The rate at which dated flows, of which some may be negative, are worth an outflow at closing; act/365.
///
/// `Σ flow · (1 + r)^(−days/365) = outflow`. Amounts of at most `dust` count as nothing. -1 where nothing is returned, or where
/// no rate between -99.99 % and 1,000,000 % is a root.
#[must_use]
pub fn irr_with_contributions(days: &[i32], outflow: f64, flow: impl Fn(usize) -> f64, dust: f64) -> f64 {
    let kept = |p: usize| {
        let amount = flow(p);
        if amount.abs() > dust { amount } else { 0.0 }
    };
    // The unknown is the logarithm of 1 + r: halving it is as fine for small rates as for large ones.
    let worth = |y: f64| {
        let mut sum = -outflow;
        for (p, day) in days.iter().enumerate() {
            let amount = kept(p);
            if amount.abs() > 0.0 {
                sum += amount * exp(-y * f64::from(*day) / DAYS);
            }
        }
        sum
    };
    let (mut low, mut high) = (ln(1.0 + LOWEST), ln(1.0 + HIGHEST));
    if !(worth(low) > 0.0) || !(worth(high) < 0.0) {
        return -1.0;
    }
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if worth(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    exp(0.5 * (low + high)) - 1.0
}

#[cfg(test)]
mod tests {
    use super::irr_with_contributions;
    use crate::metrics::xirr;

    #[test]
    fn a_contribution_is_an_outflow_of_its_date() {
        // 100 and, after a year, 10 more: 121 after two years are worth 100 + 10 / (1 + r) at r = 5.112 %.
        let rate = irr_with_contributions(&[365, 730], 100.0, |p| [-10.0, 121.0][p], 1e-9);
        assert!((100.0 * (1.0 + rate) * (1.0 + rate) + 10.0 * (1.0 + rate) - 121.0).abs() < 1e-9);
    }

    #[test]
    fn without_contributions_it_is_the_usual_rate() {
        let (days, flows) = ([90, 180, 1100], [3.0, 4.0, 110.0]);
        let usual = xirr(&[0, 90, 180, 1100], &[-100.0, 3.0, 4.0, 110.0]);
        assert!((irr_with_contributions(&days, 100.0, |p| flows[p], 1e-9) - usual).abs() < 1e-12);
        assert!(irr_with_contributions(&days, 100.0, |_| 0.0, 1e-9) <= -1.0);
    }
}
