//! The payment periods of a deal.
//!
//! Payment dates are `first_payment` + k months, then `stated_maturity`, moved to business days. The notes accrue over
//! [previous payment date, payment date); what the collateral paid over (previous determination date, determination
//! date] is distributed on the payment date.

use super::{Calendar, Date, Roll, thirty_360};
use crate::error::Problem;

/// More payment periods than any deal has.
const MOST_PERIODS: usize = 1200;
/// Numbers of months between payment dates that divide a year as deals do.
const FREQUENCIES: [u32; 6] = [1, 2, 3, 4, 6, 12];
/// Years for which holidays are known, one off at each end: a moved date stays inside.
const YEARS: std::ops::RangeInclusive<i32> = 1902..=2198;

/// When a determination date falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeterminationRule {
    /// So many business days before the payment date.
    BusinessDaysBefore(u32),
    /// The last calendar day of the month before the payment date.
    MonthEnd,
    /// A day of the month of the payment date or, when that is later than it, of the month before.
    Day(u32),
}

impl DeterminationRule {
    /// The determination date of a payment date.
    fn date(self, payment: Date, calendar: &Calendar) -> Date {
        let (_, _, day_of_month) = payment.ymd();
        let month_before = payment.add_days(-day_of_month.cast_signed());
        match self {
            Self::BusinessDaysBefore(lag) => calendar.add_business_days(payment, -signed(lag)),
            Self::MonthEnd => month_before,
            Self::Day(day) => {
                let here = on_day(payment, day);
                if here <= payment { here } else { on_day(month_before, day) }
            }
        }
    }

    /// The last determination date: collections run up to the business day before the last payment date.
    fn last_date(self, payment: Date, calendar: &Calendar) -> Date {
        let lag = if self == Self::BusinessDaysBefore(0) { 0 } else { -1 };
        calendar.add_business_days(payment, lag)
    }
}

/// A day of the month of `date`, at most its last.
fn on_day(date: Date, day: u32) -> Date {
    let end = date.month_end();
    let length = end.ymd().2;
    end.add_days(if day < length { signed(day) - signed(length) } else { 0 })
}

fn signed(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// What fixes the payment dates of a deal.
#[derive(Clone, Debug)]
pub struct ScheduleTerms {
    pub closing: Date,
    /// Before adjustment; it anchors the schedule.
    pub first_payment: Date,
    /// The last date, whether or not it is `first_payment` + k months.
    pub stated_maturity: Date,
    /// Months between payment dates.
    pub months: u32,
    pub reinvestment_end: Option<Date>,
    pub determination: DeterminationRule,
    pub calendar: Calendar,
    pub roll: Roll,
    /// Month ends stay month ends when `first_payment` is the last day of a short month.
    pub end_of_month: bool,
    /// Business days of the index: US government securities, T2 for euro.
    pub fixing_calendar: Calendar,
    /// Collections are those between payment dates, and determination dates are labels.
    pub cash_timing_period: bool,
}

/// One payment period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Period {
    /// The schedule date before; closing for the first period.
    pub previous_unadjusted: Date,
    /// The schedule date.
    pub unadjusted: Date,
    /// First day of the accrual period: the payment date before; closing, not moved, for the first period.
    pub previous_payment: Date,
    /// The day after the accrual period's last: the schedule date moved to a business day.
    pub payment: Date,
    pub determination: Date,
    /// First day of the collection period.
    pub collection_first: Date,
    /// Last day of the collection period.
    pub collection_last: Date,
    /// Determination date, and last day of the collection period, where all collateral is sold for the payment date.
    pub sale_determination: Date,
    pub sale_last: Date,
    /// Two business days of the index before the accrual period starts.
    pub fixing: Date,
    /// First day of the period that the index is fixed for, and the day after its last: a redemption cuts the accrual period
    /// short, not this one.
    pub fixed_for: [Date; 2],
    /// 30/360 years between the schedule dates; of a cut period those of the whole.
    pub years: f64,
    /// Principal may be reinvested on the payment date.
    pub in_reinvestment: bool,
    pub is_last: bool,
}

/// All payment periods of a deal, from closing to the stated maturity.
#[derive(Clone, Debug, PartialEq)]
pub struct PeriodGrid {
    pub closing: Date,
    pub periods: Vec<Period>,
}

/// Schedule dates: `first` + k months before `last`, then `last`. Each is counted from `first` and clipped to its
/// month; with `end_of_month` and a `first` at a month's end all but `last` are month ends.
///
/// With no months between them, `first` and `last` alone.
#[must_use]
pub fn unadjusted_dates(first: Date, last: Date, months: u32, end_of_month: bool) -> Vec<Date> {
    let at_month_ends = end_of_month && first.is_month_end();
    let step = signed(months);
    let mut dates = Vec::new();
    let mut day = first;
    let mut count = 0_i32;
    while day < last {
        dates.push(day);
        if months == 0 {
            break;
        }
        count += 1;
        day = first.add_months(count.saturating_mul(step));
        if at_month_ends {
            day = day.month_end();
        }
    }
    dates.push(last);
    dates
}

/// Schedule dates moved to business days.
#[must_use]
pub fn payment_dates(
    first: Date,
    last: Date,
    months: u32,
    calendar: &Calendar,
    roll: Roll,
    end_of_month: bool,
) -> Vec<Date> {
    let dates = unadjusted_dates(first, last, months, end_of_month);
    dates.into_iter().map(|day| calendar.adjust(day, roll)).collect()
}

impl PeriodGrid {
    /// The payment periods of a deal.
    ///
    /// # Errors
    /// Every date that contradicts another, with its place in the document.
    pub fn build(terms: &ScheduleTerms) -> Result<Self, Vec<Problem>> {
        let problems = contradictions(terms);
        if !problems.is_empty() {
            return Err(problems);
        }
        let dates = unadjusted_dates(terms.first_payment, terms.stated_maturity, terms.months, terms.end_of_month);
        if dates.len() > MOST_PERIODS {
            let found = format!("found {} payment dates up to {}", dates.len(), terms.stated_maturity);
            return Err(vec![Problem::new(
                "dates.stated_maturity",
                format!("{found}; expected at most {MOST_PERIODS}"),
            )]);
        }
        let last = dates.len() - 1;
        let mut periods: Vec<Period> = Vec::with_capacity(dates.len());
        for (k, unadjusted) in dates.into_iter().enumerate() {
            periods.push(period(terms, periods.last(), unadjusted, k == last));
        }
        let problems = disorder(terms, &periods, 0);
        if problems.is_empty() { Ok(Self { closing: terms.closing, periods }) } else { Err(problems) }
    }
}

impl PeriodGrid {
    /// The periods of one schedule up to `last` of them, and then those of another: its payment dates are `dates`.
    ///
    /// The first period of the second begins where the last of the first ends.
    ///
    /// # Errors
    /// Payment or determination dates that do not move on.
    pub fn followed_by(&self, last: usize, terms: &ScheduleTerms, dates: &[Date]) -> Result<Self, Vec<Problem>> {
        let mut periods: Vec<Period> = self.periods[..=last].to_vec();
        for (k, unadjusted) in dates.iter().enumerate() {
            periods.push(period(terms, periods.last(), *unadjusted, k + 1 == dates.len()));
        }
        let problems = disorder(terms, &periods, last + 1);
        if problems.is_empty() { Ok(Self { closing: self.closing, periods }) } else { Err(problems) }
    }
}

impl PeriodGrid {
    /// The step (from 0) inside whose accrual period a day lies: after a payment date, or closing, and before the next one.
    #[must_use]
    pub fn between(&self, day: Date) -> Option<usize> {
        self.periods.iter().position(|period| period.previous_payment < day && day < period.payment)
    }

    /// The periods with that of step `p` cut in two on a business day between payment dates.
    ///
    /// All may be sold for that day, so the collections of the first part end as those of a sale do.
    #[must_use]
    pub fn cut(&self, terms: &ScheduleTerms, p: usize, day: Date) -> Self {
        let whole = self.periods[p];
        let before = p.checked_sub(1).map(|before| &self.periods[before]);
        let sold = period(terms, before, day, false);
        let first = Period {
            determination: sold.sale_determination,
            collection_last: sold.sale_last,
            fixing: whole.fixing,
            fixed_for: whole.fixed_for,
            years: whole.years,
            ..sold
        };
        let next = first.collection_last.add_days(1);
        let later = |date: Date| if date > next { date } else { next };
        let rest = Period {
            previous_unadjusted: day,
            previous_payment: day,
            collection_first: next,
            determination: later(whole.determination),
            collection_last: later(whole.collection_last),
            sale_determination: later(whole.sale_determination),
            sale_last: later(whole.sale_last),
            ..whole
        };
        let mut periods = self.periods[..p].to_vec();
        periods.extend([first, rest]);
        periods.extend_from_slice(&self.periods[p + 1..]);
        Self { closing: self.closing, periods }
    }
}

fn period(terms: &ScheduleTerms, previous: Option<&Period>, unadjusted: Date, is_last: bool) -> Period {
    let payment = terms.calendar.adjust(unadjusted, terms.roll);
    let determination = if is_last {
        terms.determination.last_date(payment, &terms.calendar)
    } else {
        terms.determination.date(payment, &terms.calendar)
    };
    let previous_unadjusted = previous.map_or(terms.closing, |p| p.unadjusted);
    let previous_payment = previous.map_or(terms.closing, |p| p.payment);
    let collection_first = previous.map_or(terms.closing, |p| p.collection_last.add_days(1));
    let sale_determination = terms.determination.last_date(payment, &terms.calendar);
    let sale_last = if terms.cash_timing_period { payment } else { sale_determination };
    Period {
        previous_unadjusted,
        unadjusted,
        previous_payment,
        payment,
        determination,
        collection_first,
        collection_last: if terms.cash_timing_period { payment } else { determination },
        sale_determination,
        sale_last: if sale_last > collection_first { sale_last } else { collection_first },
        fixing: terms.fixing_calendar.add_business_days(previous_payment, -2),
        fixed_for: [previous_payment, payment],
        years: thirty_360(previous_unadjusted, unadjusted),
        in_reinvestment: !is_last && terms.reinvestment_end.is_some_and(|end| unadjusted <= end),
        is_last,
    }
}

/// What makes it impossible to write down the schedule.
fn contradictions(terms: &ScheduleTerms) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut report = |place: &str, message: String| problems.push(Problem::new(format!("dates.{place}"), message));
    let (closing, first, last) = (terms.closing, terms.first_payment, terms.stated_maturity);
    if first <= closing {
        report("first_payment", format!("found {first}; expected a date after closing, {closing}"));
    }
    if last < first {
        report("stated_maturity", format!("found {last}; expected the first payment date, {first}, or a later one"));
    }
    for (date, place) in [(closing, "closing"), (first, "first_payment"), (last, "stated_maturity")] {
        if !YEARS.contains(&date.ymd().0) {
            let (from, to) = (YEARS.start(), YEARS.end());
            report(
                place,
                format!("found {date}; expected a date in the years {from} to {to}, whose holidays are known"),
            );
        }
    }
    if let Some(end) = terms.reinvestment_end.filter(|end| *end < closing) {
        report("reinvestment_end", format!("found {end}; expected closing, {closing}, or a later date"));
    }
    if !FREQUENCIES.contains(&terms.months) {
        report("payment_frequency_months", format!("found {}; expected 1, 2, 3, 4, 6 or 12", terms.months));
    }
    match terms.determination {
        DeterminationRule::Day(day) if !(1..=31).contains(&day) => {
            report("determination.day", format!("found {day}; expected 1 to 31"));
        }
        DeterminationRule::BusinessDaysBefore(lag) if lag > 250 => {
            report("determination.business_days_before", format!("found {lag}; expected at most 250"));
        }
        _ => {}
    }
    problems
}

/// Payment or determination dates that do not move on, from period `first` on.
fn disorder(terms: &ScheduleTerms, periods: &[Period], first: usize) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (k, period) in periods.iter().enumerate().skip(first) {
        if period.payment <= period.previous_payment {
            problems.push(Problem::new(
                "dates.roll",
                format!(
                    "the payment date of {} is {}, on or before {}; expected a later one",
                    period.unadjusted, period.payment, period.previous_payment
                ),
            ));
        }
        let found = format!("the determination date of {} is {}", period.unadjusted, period.determination);
        if k == 0 && period.determination < terms.closing {
            let message = format!("{found}, before closing, {}; expected closing or a later date", terms.closing);
            problems.push(Problem::new("dates.determination", message));
        }
        if k > 0 && period.determination <= periods[k - 1].determination {
            let message = format!("{found}, on or before {}; expected a later one", periods[k - 1].determination);
            problems.push(Problem::new("dates.determination", message));
        }
    }
    problems
}

#[cfg(test)]
mod tests;
