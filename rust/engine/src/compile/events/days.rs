//! Dates of events: on which days something can happen, and what a document writes for them.

use crate::compile::dates::{self, DealDates};
use crate::compile::deal::CompiledDeal;
use crate::error::Problem;
use crate::time::Date;

/// Whether something can happen on a date as it is written: from closing on, on a business day or on a date of the
/// schedule, which documents state before it is adjusted.
pub(super) fn on_a_day(deal: &CompiledDeal, date: Date, place: &str, problems: &mut Vec<Problem>) -> bool {
    let closing = deal.dates.closing;
    let scheduled = deal.terms.grid.periods.iter().any(|period| period.unadjusted == date);
    let message = if date < closing {
        format!("found {date}, before closing {closing}; expected a later date")
    } else if !scheduled && !deal.dates.calendar.is_business_day(date) {
        let calendars = &deal.document.dates.calendars;
        let days = if calendars.is_empty() { "Monday to Friday".to_owned() } else { calendars.join(", ") };
        format!("found {date}, which is no business day ({days}); expected one, or a payment date of the schedule")
    } else {
        return true;
    };
    problems.push(Problem::new(format!("{place}.date"), message));
    false
}

/// A date of an event: ISO, or a date of the deal moved by months or years.
pub fn event_date(deal: &DealDates, text: &str, place: &str, problems: &mut Vec<Problem>) -> Option<Date> {
    let text = text.trim();
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return dates::date(text, place, problems);
    }
    let split = text.find(['+', '-']).unwrap_or(text.len());
    let (anchor, moved) = (text[..split].trim(), text[split..].trim());
    let known = match anchor {
        "closing" => Some(deal.closing),
        "effective" => Some(deal.effective),
        "nc_end" => deal.non_call_end,
        "rp_end" => deal.reinvestment_end,
        "maturity" => Some(deal.stated_maturity),
        _ => {
            let message = format!(
                "found {text:?}; expected a date such as 2028-04-20, or closing, effective, nc_end, rp_end or maturity, moved by months or years as in rp_end + 12M"
            );
            problems.push(Problem::new(place, message));
            return None;
        }
    };
    let Some(start) = known else {
        problems.push(Problem::new(place, format!("found {text:?}; the deal has no such date")));
        return None;
    };
    let moved = months(moved).map(|months| start.add_months(months));
    if moved.is_none() {
        let message = format!("found {text:?}; expected months or years after the date, as in {anchor} + 12M");
        problems.push(Problem::new(place, message));
    }
    moved
}

/// Months of `+ 12M` or `- 1Y`; nothing is none.
fn months(text: &str) -> Option<i32> {
    if text.is_empty() {
        return Some(0);
    }
    let (sign, rest) = text.split_at(1);
    let rest = rest.trim();
    let unit = match rest.chars().last()? {
        'M' => 1,
        'Y' => 12,
        _ => return None,
    };
    let number: i32 = rest[..rest.len() - 1].trim().parse().ok().filter(|n| (0..=1200).contains(n))?;
    Some(if sign.starts_with('-') { -number * unit } else { number * unit })
}
