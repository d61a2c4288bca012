//! Day counts: the part of a year that lies between two dates.

use super::Date;
use super::date::is_leap;

/// How days become years (ISDA 2006 definitions, section 4.16).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DayCount {
    /// Calendar days / 360.
    Act360,
    /// Calendar days / 365.
    Act365,
    /// Days in leap years / 366 + days in other years / 365 (ISDA).
    ActAct,
    /// Months of 30 days: bond basis, without a rule for February.
    Thirty360,
    /// Months of 30 days: a 31st always counts as the 30th (eurobond basis).
    ThirtyE360,
}

impl DayCount {
    const ALL: [Self; 5] = [Self::Act360, Self::Act365, Self::ActAct, Self::Thirty360, Self::ThirtyE360];

    /// The day count of a name in a document.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.name() == name)
    }

    /// The name in documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Act360 => "act/360",
            Self::Act365 => "act/365",
            Self::ActAct => "act/act",
            Self::Thirty360 => "30/360",
            Self::ThirtyE360 => "30e/360",
        }
    }

    /// Years from `start` to `end`; negative when `end` comes first.
    #[must_use]
    pub fn fraction(self, start: Date, end: Date) -> f64 {
        match self {
            Self::Act360 => f64::from(end - start) / 360.0,
            Self::Act365 => f64::from(end - start) / 365.0,
            Self::ActAct if end < start => -actual_actual(end, start),
            Self::ActAct => actual_actual(start, end),
            Self::Thirty360 => thirty_360(start, end),
            Self::ThirtyE360 => thirty_e_360(start, end),
        }
    }
}

/// Years of twelve months of 30 days: a start on the 31st counts as the 30th, and so does an end on the 31st when the
/// start is the 30th or 31st. `(360 (y2 − y1) + 30 (m2 − m1) + d2 − d1) / 360`
#[must_use]
pub fn thirty_360(start: Date, end: Date) -> f64 {
    let last = if start.ymd().2 >= 30 { 30 } else { 31 };
    months_of_thirty(start, end, last)
}

/// Years of twelve months of 30 days, the 31st as the 30th throughout: they add up.
#[must_use]
pub fn thirty_e_360(start: Date, end: Date) -> f64 {
    months_of_thirty(start, end, 30)
}

/// `last` is the greatest day of the month that the end may have.
fn months_of_thirty(start: Date, end: Date, last: u32) -> f64 {
    let (y1, m1, d1) = start.ymd();
    let (y2, m2, d2) = end.ymd();
    let d1 = if d1 > 30 { 30 } else { d1 };
    let d2 = if d2 > last { last } else { d2 };
    let [m1, d1, m2, d2] = [m1, d1, m2, d2].map(u32::cast_signed);
    f64::from(360 * (y2 - y1) + 30 * (m2 - m1) + d2 - d1) / 360.0
}

fn actual_actual(start: Date, end: Date) -> f64 {
    let (first, last) = (start.ymd().0, end.ymd().0);
    if first == last {
        return f64::from(end - start) / year_days(first);
    }
    let rest = f64::from(new_year(first + 1) - start) / year_days(first);
    let begun = f64::from(end - new_year(last)) / year_days(last);
    f64::from(last - first - 1) + rest + begun
}

fn year_days(year: i32) -> f64 {
    if is_leap(year) { 366.0 } else { 365.0 }
}

fn new_year(year: i32) -> Date {
    Date::from_ymd(year, 1, 1).unwrap_or(Date(i32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    /// Whether so many days of 360 lie between two dates.
    fn counts(count: DayCount, start: &str, end: &str, days: f64) -> bool {
        (count.fraction(date(start), date(end)) * 360.0 - days).abs() < 1e-12
    }

    #[test]
    fn actual_counts_divide_calendar_days() {
        let (start, end) = (date("2026-01-20"), date("2026-04-20"));
        assert!((DayCount::Act360.fraction(start, end) - 0.25).abs() < 1e-16);
        assert!((DayCount::Act365.fraction(start, end) - 90.0 / 365.0).abs() < 1e-16);
    }

    #[test]
    fn bond_basis_moves_the_end_only_when_the_start_is_at_a_month_end() {
        assert!(counts(DayCount::Thirty360, "2026-01-15", "2026-01-31", 16.0));
        assert!(counts(DayCount::Thirty360, "2026-01-30", "2026-03-31", 60.0));
        assert!(counts(DayCount::Thirty360, "2026-01-31", "2026-03-31", 60.0));
        assert!(counts(DayCount::ThirtyE360, "2026-01-15", "2026-01-31", 15.0));
    }

    #[test]
    fn february_has_no_rule_of_its_own() {
        assert!(counts(DayCount::Thirty360, "2026-02-28", "2026-03-31", 33.0));
        assert!(counts(DayCount::Thirty360, "2024-02-29", "2024-08-31", 182.0));
        assert!(counts(DayCount::ThirtyE360, "2026-02-28", "2026-08-31", 182.0));
    }

    #[test]
    fn a_quarter_between_the_same_days_of_the_month_is_a_quarter_of_a_year() {
        assert!((thirty_360(date("2026-04-20"), date("2026-07-20")) - 0.25).abs() < 1e-16);
    }

    #[test]
    fn actual_actual_splits_at_new_year() {
        // 61 days of 2003 and 121 of the leap year 2004 (ISDA's paper of 1998).
        let value = DayCount::ActAct.fraction(date("2003-11-01"), date("2004-05-01"));
        assert!((value - (61.0 / 365.0 + 121.0 / 366.0)).abs() < 1e-15);
        let back = DayCount::ActAct.fraction(date("2004-05-01"), date("2003-11-01"));
        assert!((value + back).abs() < 1e-16);
        let years = DayCount::ActAct.fraction(date("2020-01-01"), date("2030-01-01"));
        assert!((years - 10.0).abs() < 1e-15);
    }

    #[test]
    fn names_lead_back_to_their_day_counts() {
        for count in DayCount::ALL {
            assert_eq!(DayCount::parse(count.name()), Some(count));
        }
        assert_eq!(DayCount::parse("ACT/360"), None);
    }
}
