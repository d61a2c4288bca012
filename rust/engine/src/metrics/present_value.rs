//! Present value of dated amounts at an effective annual yield, act/365.

use crate::math::pow;

const DAYS: f64 = 365.0;

/// `Σ amount / (1 + yield)^(days/365)`, in the order of the amounts.
///
/// `days` count from the date of the value; the yield is above -1.
#[must_use]
pub fn present_value(days: &[i32], amounts: &[f64], annual_yield: f64) -> f64 {
    debug_assert_eq!(days.len(), amounts.len(), "Invariant: one amount for each day");
    let mut value = 0.0;
    for (&day, amount) in days.iter().zip(amounts) {
        value += amount * pow(1.0 + annual_yield, -f64::from(day) / DAYS);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::present_value;

    #[test]
    fn a_cost_today_and_what_it_saves_in_one_and_two_years() {
        // -100 + 55 / 1.1 + 60.5 / 1.21 = 0
        assert!(present_value(&[0, 365, 730], &[-100.0, 55.0, 60.5], 0.10).abs() < 1e-12);
        assert!((present_value(&[0, 365, 730], &[-100.0, 55.0, 60.5], 0.0) - 15.5).abs() < 1e-12);
        assert!(present_value(&[], &[], 0.10).abs() < 1e-12);
    }
}
