//! Make-whole premiums: what a class that is redeemed before a date receives above par.
//!
//! `max(0, Σ c_q · f_q · D_q + D_Q − 1)` of a unit of balance, over the payment dates `q` after the redemption up to the first,
//! `Q`, whose schedule date is not before the date; `c` the coupon as the document states it, `f` its day-count fraction,
//! `D_q = Π 1/(1 + d_r · f_r)` with discount rates `d`.

use super::RateTerms;
use crate::time::Date;

/// Up to when a class is made whole, and the rates at which its interest is discounted.
#[derive(Clone, Debug)]
pub struct MakeWholeTerms {
    pub until: Date,
    pub discount: RateTerms,
}

/// One accrual period of a class: its coupon, and the discount rate times day-count fraction.
#[derive(Clone, Copy, Debug)]
pub struct Accrued {
    pub coupon: f64,
    pub discount: f64,
}

/// What a unit of balance receives above par, where the periods are those after the redemption.
#[must_use]
pub fn premium(periods: &[Accrued]) -> f64 {
    let (mut worth, mut factor) = (0.0, 1.0);
    for period in periods {
        factor /= 1.0 + period.discount;
        worth += period.coupon * factor;
    }
    let above = worth + factor - 1.0;
    if above > 0.0 { above } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::{Accrued, premium};

    #[test]
    fn two_periods_are_worth_their_discounted_coupons_and_par() {
        // 1.5 % and 1.5 % at 1 % a period: 0.015/1.01 + 1.015/1.01² − 1.
        let period = Accrued { coupon: 0.015, discount: 0.01 };
        assert!((premium(&[period, period]) - 0.009_851_975_296).abs() < 1e-12);
    }

    #[test]
    fn a_coupon_at_or_below_the_discount_rate_is_worth_no_premium() {
        let par = Accrued { coupon: 0.0125, discount: 0.0125 };
        assert!(premium(&[par; 4]) < 1e-15);
        assert!(premium(&[Accrued { coupon: 0.01, discount: 0.0125 }; 4]).abs() < 1e-15);
        assert!(premium(&[]).abs() < 1e-15);
    }
}
