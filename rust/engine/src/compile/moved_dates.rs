//! A document that a condition brings in: its dates stand for what would happen on one payment date, and move to another.

use serde_json::Value;

use crate::spec::Deal;
use crate::time::Date;
use crate::time::schedule::unadjusted_dates;

/// Dates of the calendar: they stay where they are.
const CALENDAR: [&str; 2] = ["add_holidays", "remove_holidays"];

/// Whole months between two dates, whatever their days.
pub fn months_between(from: Date, to: Date) -> i32 {
    let ((y0, m0, _), (y1, m1, _)) = (from.ymd(), to.ymd());
    (y1 - y0) * 12 + m1.cast_signed() - m0.cast_signed()
}

/// A document with all its dates moved by months, those of the documents in its events too.
pub fn moved(deal: &Deal, months: i32) -> Deal {
    // Every deal is written and read again as what it was: there is no other case.
    let mut document = serde_json::to_value(deal).unwrap_or_default();
    shift(&mut document, months, &payment_dates(deal, months));
    serde_json::from_value(document).unwrap_or_else(|_| deal.clone())
}

/// Where the payment dates go that stand on the regular schedule: each stays the payment date of its number.
fn payment_dates(deal: &Deal, months: i32) -> Vec<(Date, Date)> {
    let dates = &deal.dates;
    let (Some(first), Some(last)) = (Date::parse(&dates.first_payment), Date::parse(&dates.stated_maturity)) else {
        return Vec::new();
    };
    let period = i32::try_from(dates.payment_frequency_months).unwrap_or(i32::MAX);
    // Beyond the maturity, so that it is among the regular dates where it is one.
    let regular = |months: i32| {
        let (start, end) = (first.add_months(months), last.add_months(months.saturating_add(period)).add_days(31));
        unadjusted_dates(start, end, dates.payment_frequency_months, dates.end_of_month)
    };
    regular(0).into_iter().zip(regular(months)).filter(|(day, _)| *day <= last).collect()
}

fn shift(value: &mut Value, months: i32, regular: &[(Date, Date)]) {
    match value {
        Value::String(text) => *text = shifted(text, months, regular),
        Value::Array(items) => items.iter_mut().for_each(|item| shift(item, months, regular)),
        Value::Object(entries) => {
            let before = std::mem::take(entries);
            for (key, mut item) in before {
                if !CALENDAR.contains(&key.as_str()) {
                    shift(&mut item, months, regular);
                }
                entries.insert(shifted(&key, months, regular), item);
            }
        }
        _ => {}
    }
}

fn shifted(text: &str, months: i32, regular: &[(Date, Date)]) -> String {
    let Some(date) = Date::parse(text) else { return text.to_owned() };
    let on_schedule = regular.iter().find(|(day, _)| *day == date);
    on_schedule.map_or_else(|| date.add_months(months), |(_, later)| *later).to_string()
}
