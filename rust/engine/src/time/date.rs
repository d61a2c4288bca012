//! Days of the Gregorian calendar, in integers.

use std::fmt;
use std::ops::Sub;

/// A day, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub i32);

/// Days from 0001-01-01 to 1970-01-01.
const EPOCH: i64 = 719_162;
/// Days from 1 March of the year 0 to 1970-01-01.
const MARCH_OF_YEAR_0: i64 = 719_468;
/// Days of 400 years, after which the calendar repeats.
const CYCLE_DAYS: i64 = 146_097;
/// Days before each month of a common year.
const DAYS_BEFORE: [u32; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/// Whether a year has 366 days.
#[must_use]
pub fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn month_length(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(is_leap(year)),
        _ => 31,
    }
}

/// Days of the year before the first of a month.
fn days_before_month(year: i32, month: u32) -> u32 {
    DAYS_BEFORE[month as usize - 1] + u32::from(month > 2 && is_leap(year))
}

/// Days from 0001-01-01 to the first day of a year.
fn days_before_year(year: i64) -> i64 {
    let past = year - 1;
    365 * past + past.div_euclid(4) - past.div_euclid(100) + past.div_euclid(400)
}

impl Date {
    /// A day of the years 1 to 9999; nothing when the month has no such day.
    #[must_use]
    pub fn from_ymd(y: i32, m: u32, d: u32) -> Option<Self> {
        let known = (1..=9999).contains(&y) && (1..=12).contains(&m) && d >= 1 && d <= month_length(y, m);
        known.then(|| Self::civil(y, m, d))
    }

    /// The day of a year, a month from 1 to 12 and a day that the month has.
    fn civil(y: i32, m: u32, d: u32) -> Self {
        let days = days_before_year(i64::from(y)) + i64::from(days_before_month(y, m) + d - 1) - EPOCH;
        Self(i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX }))
    }

    /// Year, month (1 to 12) and day of the month.
    #[must_use]
    pub fn ymd(self) -> (i32, u32, u32) {
        // Years from March on: the day that leap years have more is their last.
        let days = i64::from(self.0) + MARCH_OF_YEAR_0;
        let cycle = days.div_euclid(CYCLE_DAYS);
        let day_of_cycle = days.rem_euclid(CYCLE_DAYS);
        let year_of_cycle =
            (day_of_cycle - day_of_cycle / 1_460 + day_of_cycle / 36_524 - day_of_cycle / 146_096) / 365;
        let day_of_year = (day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100)) as u32;
        // Five months of March to July have 153 days, and so have those of August to December.
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let (year, month) = if month < 10 { (0, month + 3) } else { (1, month - 9) };
        (i32::try_from(cycle * 400 + year_of_cycle + year).unwrap_or(i32::MAX), month, day)
    }

    /// Reads `yyyy-mm-dd`, and nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return None;
        }
        let number = |from: usize, to: usize| {
            bytes[from..to].iter().try_fold(0_u32, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))
        };
        Self::from_ymd(i32::try_from(number(0, 4)?).ok()?, number(5, 7)?, number(8, 10)?)
    }

    /// The same day some months later (earlier when negative), at most the last day of that month.
    #[must_use]
    pub fn add_months(self, months: i32) -> Self {
        let (y, m, d) = self.ymd();
        let count = i64::from(y) * 12 + i64::from(m) - 1 + i64::from(months);
        let year = i32::try_from(count.div_euclid(12)).unwrap_or(i32::MAX);
        let month = u32::try_from(count.rem_euclid(12)).unwrap_or(0) + 1;
        let length = month_length(year, month);
        Self::civil(year, month, if d < length { d } else { length })
    }

    /// `n` days later, or earlier when negative.
    #[must_use]
    pub fn add_days(self, n: i32) -> Self {
        Self(self.0.saturating_add(n))
    }

    /// Whether the next day begins a month.
    #[must_use]
    pub fn is_month_end(self) -> bool {
        self == self.month_end()
    }

    /// The last day of the month.
    #[must_use]
    pub fn month_end(self) -> Self {
        let (y, m, d) = self.ymd();
        self.add_days((month_length(y, m) - d).cast_signed())
    }

    /// Day of the week: Monday is 0, Sunday 6.
    #[must_use]
    pub fn weekday(self) -> u32 {
        // 1970-01-01 was a Thursday.
        ((self.0.rem_euclid(7) + 3) % 7).cast_unsigned()
    }
}

impl Sub for Date {
    type Output = i32;

    /// Calendar days from `other` to `self`.
    fn sub(self, other: Self) -> i32 {
        self.0.saturating_sub(other.0)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (y, m, d) = self.ymd();
        write!(f, "{y:04}-{m:02}-{d:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    #[test]
    fn days_count_from_1970() {
        assert_eq!(date("1970-01-01"), Date(0));
        assert_eq!(date("1969-12-31"), Date(-1));
        assert_eq!(date("2000-03-01"), Date(11_017));
        assert_eq!(date("0001-01-01"), Date(-719_162));
    }

    #[test]
    fn every_day_of_eight_centuries_survives_the_round_trip() {
        let mut day = date("1600-01-01");
        let (mut y, mut m, mut d) = (1600, 1, 1);
        while y < 2400 {
            assert_eq!(day.ymd(), (y, m, d));
            assert_eq!(Date::from_ymd(y, m, d), Some(day));
            day = day.add_days(1);
            d += 1;
            if d > month_length(y, m) {
                (m, d) = (m + 1, 1);
            }
            if m > 12 {
                (y, m) = (y + 1, 1);
            }
        }
    }

    #[test]
    fn leap_days_follow_the_gregorian_rule() {
        for (year, leap) in [(1900, false), (2000, true), (2023, false), (2024, true), (2100, false)] {
            assert_eq!(Date::from_ymd(year, 2, 29).is_some(), leap, "{year}");
        }
    }

    #[test]
    fn months_are_added_from_the_anchor_and_clipped_to_the_month() {
        let anchor = date("2026-01-31");
        let shown: Vec<String> = [1, 2, 3, 13, 25, -2].iter().map(|k| anchor.add_months(*k).to_string()).collect();
        assert_eq!(shown, ["2026-02-28", "2026-03-31", "2026-04-30", "2027-02-28", "2028-02-29", "2025-11-30"]);
    }

    #[test]
    fn month_ends_are_the_last_days() {
        assert!(date("2024-02-29").is_month_end());
        assert!(!date("2024-02-28").is_month_end());
        assert_eq!(date("2025-02-03").month_end(), date("2025-02-28"));
    }

    #[test]
    fn weekdays_start_on_monday() {
        assert_eq!(date("2026-07-20").weekday(), 0);
        assert_eq!(date("1969-12-28").weekday(), 6);
    }

    #[test]
    fn only_iso_text_is_a_date() {
        for text in ["2026-7-20", "20260720", "2026/07/20", "2026-02-30", "2026-13-01", "+026-01-01", "2026-07-20 ", ""]
        {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_farthest_dates_do_not_overflow() {
        for day in [Date(i32::MIN), Date(i32::MAX)] {
            assert!(day.ymd().1 <= 12);
            let _ = (day.add_months(1200), day.add_days(1), day.weekday(), day - Date(-1), day - Date(1));
        }
    }
}
