//! Market quotes of which discount factors are made.

use crate::time::{Date, DayCount};

/// A market quote; rates are decimals a year, dates are used as they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Quote {
    /// Money lent from the base date to `end` at a simple rate, act/360.
    Deposit { end: Date, rate: f64 },
    /// A forward rate agreement, or a future at `1 − price / 100` (no convexity adjustment): simple, act/360.
    Forward { start: Date, end: Date, rate: f64 },
    /// A par swap from the base date to `end`: the fixed leg pays `rate` every `months` months, counted back from
    /// `end`, against a floating leg that is worth `1 − P(end)`.
    Swap { end: Date, rate: f64, months: u32, day_count: DayCount },
}

impl Quote {
    /// A quote by kind and tenor: `deposit` (`3m`, `1y`), `fra` (`3x6`: from three to six months on), `swap` (`5y`;
    /// yearly fixed payments, act/360, as against compounded SOFR).
    ///
    /// # Errors
    /// Says what was found and what was expected.
    pub fn from_tenor(base: Date, kind: &str, tenor: &str, rate: f64) -> Result<Self, String> {
        let months = |text: &str, expected: &str| {
            months_of(text).ok_or_else(|| format!("found the tenor {tenor:?}; expected one such as {expected}"))
        };
        match kind {
            "deposit" => Ok(Self::Deposit { end: base.add_months(months(tenor, "3m")?), rate }),
            "fra" => {
                let (start, end) = tenor.split_once('x').unwrap_or(("", ""));
                let ends = [start, end].map(|t| months(&format!("{t}m"), "3x6"));
                let [start, end] = ends.map(|m| m.map(|m| base.add_months(m)));
                Ok(Self::Forward { start: start?, end: end?, rate })
            }
            "swap" => {
                let end = base.add_months(months(tenor, "5y")?);
                Ok(Self::Swap { end, rate, months: 12, day_count: DayCount::Act360 })
            }
            _ => Err(format!("found the kind {kind:?}; expected deposit, fra or swap")),
        }
    }

    /// The last day that the quote depends on.
    #[must_use]
    pub fn end(&self) -> Date {
        match self {
            Self::Deposit { end, .. } | Self::Forward { end, .. } | Self::Swap { end, .. } => *end,
        }
    }

    pub(super) fn rate(&self) -> f64 {
        match self {
            Self::Deposit { rate, .. } | Self::Forward { rate, .. } | Self::Swap { rate, .. } => *rate,
        }
    }
}

fn months_of(tenor: &str) -> Option<i32> {
    let (number, unit) = match tenor.strip_suffix(['m', 'M']) {
        Some(number) => (number, 1),
        None => (tenor.strip_suffix(['y', 'Y'])?, 12),
    };
    let number: u16 = number.parse().ok().filter(|n| *n <= 600)?;
    Some(i32::from(number) * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    #[test]
    fn tenors_count_from_the_base_date() {
        let base = date("2026-01-31");
        let end = |kind, tenor| Quote::from_tenor(base, kind, tenor, 0.04).unwrap().end();
        assert_eq!(end("deposit", "1m"), date("2026-02-28"));
        assert_eq!(end("swap", "5y"), date("2031-01-31"));
        let forward = Quote::from_tenor(base, "fra", "3x6", 0.04).unwrap();
        assert_eq!(forward, Quote::Forward { start: date("2026-04-30"), end: date("2026-07-31"), rate: 0.04 });
    }

    #[test]
    fn unknown_kinds_and_tenors_are_refused() {
        for (kind, tenor) in [("bond", "5y"), ("deposit", "3"), ("swap", "3x6"), ("fra", "3m"), ("fra", "x6")] {
            assert!(Quote::from_tenor(Date(0), kind, tenor, 0.04).is_err(), "{kind} {tenor}");
        }
    }
}
