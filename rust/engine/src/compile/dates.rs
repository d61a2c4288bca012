//! The dates of a deal.

use crate::error::Problem;
use crate::spec::deal::{Dates, Determination};
use crate::time::{Calendar, Date, DeterminationRule, PeriodGrid, Roll, ScheduleTerms};

/// The compiled dates: the payment schedule, and the dates that are not on it.
#[derive(Clone, Debug)]
pub struct DealDates {
    pub grid: PeriodGrid,
    /// The payment dates as they are where no other document follows; nothing where none does.
    pub alone: Option<PeriodGrid>,
    pub closing: Date,
    pub effective: Date,
    pub stated_maturity: Date,
    pub non_call_end: Option<Date>,
    pub reinvestment_end: Option<Date>,
    /// Business days of payments.
    pub calendar: Calendar,
    pub fixing_calendar: Calendar,
    pub months: u32,
    /// What fixes the payment dates.
    pub schedule: ScheduleTerms,
    /// Step (from 0) whose payment date is the document's first: later where it follows another document.
    pub counted_from: usize,
}

/// Reads one date.
pub fn date(text: &str, place: &str, problems: &mut Vec<Problem>) -> Option<Date> {
    let date = Date::parse(text);
    if date.is_none() {
        problems.push(Problem::new(place, format!("found {text:?}; expected a date such as 2025-03-20")));
    }
    date
}

/// Builds the schedule.
pub fn compile(
    dates: &Dates,
    currency: &str,
    cash_timing_period: bool,
    problems: &mut Vec<Problem>,
) -> Option<DealDates> {
    let closing = date(&dates.closing, "dates.closing", problems);
    let first_payment = date(&dates.first_payment, "dates.first_payment", problems);
    let stated_maturity = date(&dates.stated_maturity, "dates.stated_maturity", problems);
    let optional = |text: &Option<String>, place: &str, problems: &mut Vec<Problem>| {
        text.as_ref().and_then(|t| date(t, place, problems))
    };
    let effective = optional(&dates.effective, "dates.effective", problems);
    let non_call_end = optional(&dates.non_call_end, "dates.non_call_end", problems);
    let reinvestment_end = optional(&dates.reinvestment_end, "dates.reinvestment_end", problems);
    let mut holidays = |list: &[String], place: &str| -> Vec<Date> {
        list.iter().enumerate().filter_map(|(i, t)| date(t, &format!("dates.{place}[{i}]"), problems)).collect()
    };
    let added = holidays(&dates.add_holidays, "add_holidays");
    let removed = holidays(&dates.remove_holidays, "remove_holidays");
    let names: Vec<&str> = dates.calendars.iter().map(String::as_str).collect();
    let calendar = match Calendar::new(&names, &added, &removed) {
        Ok(calendar) => Some(calendar),
        Err(message) => {
            problems.push(Problem::new("dates.calendars", message));
            None
        }
    };
    let fixing = if currency == "EUR" { "target" } else { "us_government_securities" };
    let fixing_names: &[&str] = if names.is_empty() { &[] } else { &[fixing] };
    let fixing_calendar = Calendar::new(fixing_names, &[], &[]).ok();
    let roll = Roll::parse(&dates.roll);
    if roll.is_none() {
        problems.push(Problem::new(
            "dates.roll",
            format!("found {:?}; expected following, modified_following, preceding or none", dates.roll),
        ));
    }
    let (closing, first_payment, stated_maturity) = (closing?, first_payment?, stated_maturity?);
    if stated_maturity <= closing {
        problems.push(Problem::new(
            "dates.stated_maturity",
            format!("found {stated_maturity}, on or before closing {closing}; expected a later date"),
        ));
        return None;
    }
    for (value, place) in [(effective, "dates.effective"), (non_call_end, "dates.non_call_end")] {
        if let Some(found) = value.filter(|d| *d < closing || *d > stated_maturity) {
            let expected =
                format!("expected a date from closing ({closing}) to the stated maturity ({stated_maturity})");
            problems.push(Problem::new(place, format!("found {found}, {expected}")));
        }
    }
    let (calendar, fixing_calendar) = (calendar?, fixing_calendar?);
    let terms = ScheduleTerms {
        closing,
        first_payment,
        stated_maturity,
        months: dates.payment_frequency_months,
        reinvestment_end,
        determination: match dates.determination {
            Determination::BusinessDaysBefore(n) => DeterminationRule::BusinessDaysBefore(n),
            Determination::MonthEnd(_) => DeterminationRule::MonthEnd,
            Determination::Day(d) => DeterminationRule::Day(d),
        },
        calendar: calendar.clone(),
        roll: roll?,
        end_of_month: dates.end_of_month,
        fixing_calendar: fixing_calendar.clone(),
        cash_timing_period,
    };
    match PeriodGrid::build(&terms) {
        Ok(grid) => Some(DealDates {
            grid,
            alone: None,
            closing,
            effective: effective.unwrap_or(closing),
            stated_maturity,
            non_call_end,
            reinvestment_end,
            calendar,
            fixing_calendar,
            months: dates.payment_frequency_months,
            schedule: terms,
            counted_from: 0,
        }),
        Err(found) => {
            problems.extend(found);
            None
        }
    }
}
