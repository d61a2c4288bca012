//! Powers with a real exponent.

use super::{exp::exp, ln::ln};

/// `base^exponent` of a base of at least 0, as `e^(exponent · ln base)`; `x⁰ = 1` also at 0.
///
/// The relative error is about `(1 + |exponent · ln base|)` ulp.
#[inline(always)]
#[must_use]
pub fn pow(base: f64, exponent: f64) -> f64 {
    let value = exp(exponent * ln(base));
    if exponent.to_bits() << 1 == 0 { 1.0 } else { value }
}

#[cfg(test)]
mod tests {
    use super::pow;

    #[test]
    fn zero_and_one_are_exact() {
        assert_eq!(pow(0.0, 0.0).to_bits(), 1.0_f64.to_bits());
        assert_eq!(pow(0.0, 0.25).to_bits(), 0.0_f64.to_bits());
        assert_eq!(pow(0.0, -1.0).to_bits(), f64::INFINITY.to_bits());
        assert_eq!(pow(1.0, 17.3).to_bits(), 1.0_f64.to_bits());
        assert_eq!(pow(0.8, 0.0).to_bits(), 1.0_f64.to_bits());
        assert!(pow(-1.0, 0.5).is_nan());
    }

    #[test]
    fn an_annual_prepayment_rate_becomes_a_monthly_one() {
        // SMM = 1 - (1 - CPR)^(1/12)
        for (annual, monthly) in
            [(0.06, 0.005_143_012_831_822_946), (0.1, 0.008_741_610_954_696_721), (0.2, 0.018_423_470_126_248_342)]
        {
            assert!((1.0 - pow(1.0 - annual, 1.0 / 12.0) - monthly).abs() < 1e-15);
        }
    }
}
