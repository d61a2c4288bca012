//! Business days, from the holidays of named markets.

use fasti::{Month, OneOff, Rule, Weekend, calendars};

use super::Date;

type Market = fasti::Calendar<'static>;

/// Markets by their names in documents; a name stands for the holidays of its parts.
///
/// `us_government_securities`: days for which SIFMA does not recommend that US government securities are closed all day
/// (an early close, as on a Good Friday with an employment report, is a business day). `new_york`: days on which
/// the Federal Reserve Bank pays; a holiday on a Saturday closes no Friday. `london`: bank holidays of England and
/// Wales. `target`: the euro's T2.
const MARKETS: [(&str, &[Market]); 4] = [
    ("us_government_securities", &[calendars::us::GOVERNMENT_BOND]),
    ("new_york", &[calendars::us::FEDERAL_RESERVE]),
    ("london", &[calendars::uk::SETTLEMENT, ROYAL_WEDDING]),
    ("target", &[calendars::TARGET]),
];

/// The bank holiday of 29 April 2011, which the library's calendar of London misses.
const ROYAL_WEDDING: Market = Market {
    name: "Royal wedding",
    weekend: Weekend::SAT_SUN,
    rules: &[Rule::OneOff(OneOff::new(fasti::Date::literal(2011, Month::Apr, 29)))],
};

/// Days from 1901-01-01, the first day that the markets know, to 1970-01-01.
const MARKETS_BEGIN: i32 = 25_202;

/// The business days that several markets share: Monday to Friday, less every market's holidays.
///
/// Holidays are known from 1901 to 2199; outside, every weekday is a business day.
#[derive(Clone, Debug)]
pub struct Calendar {
    markets: Vec<Market>,
    added: Vec<Date>,
    removed: Vec<Date>,
}

impl Calendar {
    /// The calendar of named markets. `added` are holidays besides; `removed` are business days whatever else is said.
    ///
    /// # Errors
    /// Names a market that is not known, and lists the known ones.
    pub fn new(names: &[&str], added: &[Date], removed: &[Date]) -> Result<Self, String> {
        let parts = |name: &&str| {
            MARKETS.iter().find(|(known, _)| known == name).map(|(_, parts)| *parts).ok_or_else(|| {
                let known: Vec<&str> = MARKETS.iter().map(|(known, _)| *known).collect();
                format!("found {name:?}; expected one of {}", known.join(", "))
            })
        };
        let markets = names.iter().map(parts).collect::<Result<Vec<_>, _>>()?.concat();
        let sorted = |dates: &[Date]| {
            let mut dates = dates.to_vec();
            dates.sort_unstable();
            dates
        };
        Ok(Self { markets, added: sorted(added), removed: sorted(removed) })
    }

    /// Whether every market is open on a day.
    #[must_use]
    pub fn is_business_day(&self, d: Date) -> bool {
        if self.removed.binary_search(&d).is_ok() {
            return true;
        }
        d.weekday() < 5 && self.added.binary_search(&d).is_err() && !self.is_market_holiday(d)
    }

    fn is_market_holiday(&self, d: Date) -> bool {
        let serial = u32::try_from(i64::from(d.0) + i64::from(MARKETS_BEGIN)).ok();
        serial
            .and_then(|serial| fasti::Date::from_serial(serial).ok())
            .is_some_and(|day| self.markets.iter().any(|market| market.is_holiday(day)))
    }

    /// A day moved to a business day as the roll says.
    #[must_use]
    pub fn adjust(&self, d: Date, roll: Roll) -> Date {
        if roll == Roll::None || self.is_business_day(d) {
            return d;
        }
        let backward = self.add_business_days(d, -1);
        if roll == Roll::Preceding {
            return backward;
        }
        let forward = self.add_business_days(d, 1);
        let (y, m, _) = d.ymd();
        let (to_y, to_m, _) = forward.ymd();
        if roll == Roll::ModifiedFollowing && (y, m) != (to_y, to_m) { backward } else { forward }
    }

    /// The `n`-th business day after a day (before it, when negative); the day itself for 0, business day or not.
    #[must_use]
    pub fn add_business_days(&self, d: Date, n: i32) -> Date {
        let step = n.signum();
        let mut day = d;
        for _ in 0..n.unsigned_abs() {
            day = day.add_days(step);
            while !self.is_business_day(day) {
                day = day.add_days(step);
            }
        }
        day
    }
}

/// What happens to a date that is no business day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Roll {
    /// The next business day.
    Following,
    /// The next business day, or the one before when the next lies in another month.
    ModifiedFollowing,
    /// The business day before.
    Preceding,
    /// Nothing.
    None,
}

impl Roll {
    /// The roll of a name in a document.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "following" => Some(Self::Following),
            "modified_following" => Some(Self::ModifiedFollowing),
            "preceding" => Some(Self::Preceding),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn calendar(names: &[&str]) -> Calendar {
        Calendar::new(names, &[], &[]).unwrap()
    }

    /// Weekdays of a year that are no business days.
    fn closed(name: &str, year: i32) -> Vec<String> {
        let calendar = calendar(&[name]);
        let (first, last) = (Date::from_ymd(year, 1, 1).unwrap(), Date::from_ymd(year, 12, 31).unwrap());
        let weekdays = (first.0..=last.0).map(Date).filter(|d| d.weekday() < 5);
        weekdays.filter(|d| !calendar.is_business_day(*d)).map(|d| d.to_string()[5..].to_owned()).collect()
    }

    #[test]
    fn us_government_securities_close_as_sifma_recommended_for_2025() {
        let expected = [
            "01-01", "01-20", "02-17", "04-18", "05-26", "06-19", "07-04", "09-01", "10-13", "11-11", "11-27", "12-25",
        ];
        assert_eq!(closed("us_government_securities", 2025), expected);
    }

    #[test]
    fn us_government_securities_trade_on_a_good_friday_with_an_employment_report() {
        let market = calendar(&["us_government_securities"]);
        for day in ["2015-04-03", "2021-04-02", "2023-04-07", "2026-04-03"] {
            assert!(market.is_business_day(date(day)), "{day}");
        }
        for day in ["2019-04-19", "2022-04-15", "2024-03-29", "2027-03-26"] {
            assert!(!market.is_business_day(date(day)), "{day}");
        }
    }

    #[test]
    fn us_government_securities_close_on_the_friday_before_a_saturday_holiday_but_not_before_new_year() {
        let market = calendar(&["us_government_securities"]);
        for day in ["2020-07-03", "2021-12-24", "2026-07-03", "2027-06-18"] {
            assert!(!market.is_business_day(date(day)), "{day}");
        }
        assert!(market.is_business_day(date("2021-12-31")));
    }

    #[test]
    fn single_closings_of_us_government_securities_are_known() {
        let market = calendar(&["us_government_securities"]);
        for day in ["2004-06-11", "2012-10-30", "2018-12-05"] {
            assert!(!market.is_business_day(date(day)), "{day}");
        }
        // Early closes: Hurricane Sandy's first day and the mourning day of 2025.
        for day in ["2012-10-29", "2025-01-09"] {
            assert!(market.is_business_day(date(day)), "{day}");
        }
    }

    #[test]
    fn juneteenth_is_a_holiday_from_2022_on() {
        for name in ["us_government_securities", "new_york"] {
            let market = calendar(&[name]);
            assert!(market.is_business_day(date("2020-06-19")), "{name}");
            assert!(market.is_business_day(date("2021-06-18")), "{name}");
            assert!(!market.is_business_day(date("2022-06-20")), "{name}");
            assert!(!market.is_business_day(date("2024-06-19")), "{name}");
        }
    }

    #[test]
    fn new_york_banks_keep_the_friday_before_a_saturday_holiday() {
        let expected = ["01-01", "01-19", "02-16", "05-25", "06-19", "09-07", "10-12", "11-11", "11-26", "12-25"];
        assert_eq!(closed("new_york", 2026), expected);
    }

    #[test]
    fn london_had_two_more_bank_holidays_in_2022() {
        let expected = ["01-03", "04-15", "04-18", "05-02", "06-02", "06-03", "08-29", "09-19", "12-26", "12-27"];
        assert_eq!(closed("london", 2022), expected);
    }

    #[test]
    fn london_kept_the_royal_wedding_of_2011() {
        let expected = ["01-03", "04-22", "04-25", "04-29", "05-02", "05-30", "08-29", "12-26", "12-27"];
        assert_eq!(closed("london", 2011), expected);
    }

    #[test]
    fn target_closes_on_six_days() {
        assert_eq!(closed("target", 2024), ["01-01", "03-29", "04-01", "05-01", "12-25", "12-26"]);
    }

    #[test]
    fn eight_business_days_before_the_20th_of_july_2026_is_the_8th() {
        let market = calendar(&["us_government_securities"]);
        assert_eq!(market.add_business_days(date("2026-07-20"), -8), date("2026-07-08"));
    }

    #[test]
    fn a_business_day_is_one_in_every_named_market() {
        let both = calendar(&["us_government_securities", "london"]);
        assert!(!both.is_business_day(date("2026-07-03")), "New York is closed");
        assert!(!both.is_business_day(date("2026-08-31")), "London is closed");
        assert!(both.is_business_day(date("2026-07-06")));
    }

    #[test]
    fn without_markets_every_weekday_is_a_business_day() {
        let calendar = calendar(&[]);
        assert!(calendar.is_business_day(date("2025-12-25")));
        assert!(!calendar.is_business_day(date("2025-12-27")));
    }

    #[test]
    fn a_removed_holiday_is_a_business_day_and_an_added_one_is_not() {
        let (added, removed) = ([date("2026-07-21"), date("2025-01-09")], [date("2026-07-03")]);
        let market = Calendar::new(&["us_government_securities"], &added, &removed).unwrap();
        assert!(!market.is_business_day(date("2025-01-09")));
        assert!(!market.is_business_day(date("2026-07-21")));
        assert!(market.is_business_day(date("2026-07-03")));
    }

    #[test]
    fn rolls_move_only_what_is_no_business_day() {
        let calendar = calendar(&["us_government_securities"]);
        let saturday = date("2026-01-31");
        assert_eq!(calendar.adjust(saturday, Roll::Following), date("2026-02-02"));
        assert_eq!(calendar.adjust(saturday, Roll::ModifiedFollowing), date("2026-01-30"));
        assert_eq!(calendar.adjust(saturday, Roll::Preceding), date("2026-01-30"));
        assert_eq!(calendar.adjust(saturday, Roll::None), saturday);
        let friday = date("2026-01-30");
        for roll in [Roll::Following, Roll::ModifiedFollowing, Roll::Preceding] {
            assert_eq!(calendar.adjust(friday, roll), friday);
        }
    }

    #[test]
    fn modified_following_stays_in_the_month_and_moves_on_inside_it() {
        let calendar = calendar(&["us_government_securities"]);
        assert_eq!(calendar.adjust(date("2026-07-18"), Roll::ModifiedFollowing), date("2026-07-20"));
    }

    #[test]
    fn an_unknown_market_is_named_beside_the_known_ones() {
        let message = Calendar::new(&["london", "paris"], &[], &[]).unwrap_err();
        assert_eq!(message, "found \"paris\"; expected one of us_government_securities, new_york, london, target");
    }

    #[test]
    fn dates_far_outside_the_calendars_are_weekdays() {
        let market = calendar(&["london"]);
        assert!(market.is_business_day(date("1900-12-25")));
        assert!(market.is_business_day(date("2200-01-01")));
    }

    #[test]
    fn the_first_day_of_the_markets_is_new_year_1901() {
        assert_eq!(date("1901-01-01").0, -MARKETS_BEGIN);
        assert!(!calendar(&["new_york"]).is_business_day(date("1901-01-01")));
    }
}
