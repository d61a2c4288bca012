//! Pool steps from month to month inside a payment period: where months end, and whether something is bought there.

use crate::compile::deal::CompiledDeal;
use crate::spec::steps::{NumberOrName, Step};
use crate::time::Date;
use crate::time::schedule::Period;

/// Where a pool step ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepEnd {
    /// The schedule date, or the end of a month before it.
    pub unadjusted: Date,
    /// Last day of its collections.
    pub collected: Date,
}

impl StepEnd {
    /// The end of a whole payment period.
    #[must_use]
    pub const fn of(period: &Period) -> Self {
        Self { unadjusted: period.unadjusted, collected: period.collection_last }
    }
}

/// A payment period that is cut in two on a day inside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    /// Its place (from 0).
    pub step: usize,
    pub whole: Period,
}

/// The month steps of a payment period whose credit time and collections begin on two days.
///
/// Months count back from the schedule date; their collections end as long before them as those of the period before that.
#[must_use]
pub fn ends(period: &Period, from: Date, collected_from: Date, end_of_month: bool) -> Vec<StepEnd> {
    let whole = StepEnd::of(period);
    let at_month_ends = end_of_month && whole.unadjusted.is_month_end();
    let before = whole.collected - whole.unadjusted;
    let mut out = vec![whole];
    for months in 1.. {
        let end = whole.unadjusted.add_months(-months);
        let unadjusted = if at_month_ends { end.month_end() } else { end };
        if unadjusted <= from {
            break;
        }
        let collected = unadjusted.add_days(before);
        if collected > collected_from {
            out.push(StepEnd { unadjusted, collected });
        }
    }
    out.reverse();
    out
}

/// The month steps of a payment period up to the day on which a redemption cuts it: those of the whole period that are over by
/// then, whose collections end before those of the sale, and what is left of the next.
#[must_use]
pub fn ends_until(cut: &Cut, part: &Period, from: Date, collected_from: Date, end_of_month: bool) -> Vec<StepEnd> {
    let last = StepEnd::of(part);
    let mut out = ends(&cut.whole, from, collected_from, end_of_month);
    out.pop();
    out.retain(|end| end.unadjusted < last.unadjusted && end.collected < last.collected);
    out.push(last);
    out
}

/// Whether the principal waterfall buys collateral with all that reaches a step of its own, at most on a condition of the
/// reinvestment period: what is collected in a month is invested at its end then.
#[must_use]
pub fn buys_all(deal: &CompiledDeal) -> bool {
    deal.document.waterfalls.principal.iter().any(|step| match step {
        Step::Reinvest { of, share: NumberOrName::Number(share), when, amount: None, .. } => {
            let in_period = when.as_deref().is_none_or(|when| when.trim() == "during_reinvestment");
            of == "all" && *share >= 1.0 && in_period
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::schedule::{DeterminationRule, PeriodGrid, ScheduleTerms};
    use crate::time::{Calendar, Roll};

    fn day(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn grid(closing: &str, first: &str, months: u32) -> PeriodGrid {
        PeriodGrid::build(&ScheduleTerms {
            closing: day(closing),
            first_payment: day(first),
            stated_maturity: day(first).add_months(24),
            months,
            reinvestment_end: None,
            determination: DeterminationRule::BusinessDaysBefore(8),
            calendar: Calendar::new(&[], &[], &[]).unwrap(),
            roll: Roll::Following,
            end_of_month: false,
            fixing_calendar: Calendar::new(&[], &[], &[]).unwrap(),
            cash_timing_period: false,
        })
        .unwrap()
    }

    fn unadjusted(ends: &[StepEnd]) -> Vec<String> {
        ends.iter().map(|end| end.unadjusted.to_string()).collect()
    }

    #[test]
    fn months_count_back_from_the_schedule_date() {
        let grid = grid("2025-01-15", "2025-04-15", 3);
        let second = &grid.periods[1];
        let ends = ends(second, day("2025-04-15"), grid.periods[0].collection_last, false);
        assert_eq!(unadjusted(&ends), ["2025-05-15", "2025-06-15", "2025-07-15"]);
        // 15 July is a Tuesday: eight business days before it is 3 July, twelve days.
        let collected: Vec<String> = ends.iter().map(|end| end.collected.to_string()).collect();
        assert_eq!(collected, ["2025-05-03", "2025-06-03", "2025-07-03"]);
    }

    #[test]
    fn a_long_first_period_begins_with_the_rest_of_a_month() {
        let grid = grid("2025-03-20", "2025-07-15", 3);
        let ends = ends(&grid.periods[0], day("2025-03-20"), day("2025-03-20"), false);
        // Collections of the month that ends on 15 April would end on 3 April, those of 15 March before closing.
        assert_eq!(unadjusted(&ends), ["2025-04-15", "2025-05-15", "2025-06-15", "2025-07-15"]);
    }

    #[test]
    fn a_month_whose_collections_have_not_begun_is_none() {
        let grid = grid("2025-04-05", "2025-07-15", 3);
        let ends = ends(&grid.periods[0], day("2025-04-05"), day("2025-04-05"), false);
        assert_eq!(unadjusted(&ends), ["2025-05-15", "2025-06-15", "2025-07-15"]);
    }

    #[test]
    fn month_ends_stay_month_ends_where_the_schedule_keeps_them() {
        let mut period = grid("2025-01-31", "2025-04-30", 3).periods[1];
        period.unadjusted = day("2025-07-31");
        let kept = ends(&period, day("2025-04-30"), day("2025-04-17"), true);
        assert_eq!(unadjusted(&kept), ["2025-05-31", "2025-06-30", "2025-07-31"]);
        period.unadjusted = day("2025-06-30");
        let counted = ends(&period, day("2025-03-31"), day("2025-03-17"), false);
        assert_eq!(unadjusted(&counted), ["2025-04-30", "2025-05-30", "2025-06-30"]);
    }

    #[test]
    fn a_redemption_leaves_the_months_that_are_over_and_cuts_the_next() {
        let grid = grid("2025-01-15", "2025-04-15", 3);
        let (before, whole) = (grid.periods[0], grid.periods[1]);
        let cut = Cut { step: 1, whole };
        // Collections of the month up to 15 May end on the 3rd; those of a sale on Tuesday, 20 May, on the 19th.
        for (on, expected) in [("2025-05-20", &["2025-05-15", "2025-05-20"][..]), ("2025-05-15", &["2025-05-15"])] {
            let part = Period { unadjusted: day(on), collection_last: day(on).add_days(-1), ..whole };
            let ends = ends_until(&cut, &part, before.unadjusted, before.collection_last, false);
            assert_eq!(unadjusted(&ends), expected);
            assert_eq!(ends.last(), Some(&StepEnd::of(&part)));
        }
        // A month whose collections would end with those of the sale, or later, is none.
        let part = Period { unadjusted: day("2025-05-16"), collection_last: day("2025-05-03"), ..whole };
        let ends = ends_until(&cut, &part, before.unadjusted, before.collection_last, false);
        assert_eq!(unadjusted(&ends), ["2025-05-16"]);
    }

    #[test]
    fn a_period_of_a_month_is_one_step() {
        let grid = grid("2025-01-15", "2025-02-15", 1);
        let second = &grid.periods[1];
        assert_eq!(ends(second, day("2025-02-15"), grid.periods[0].collection_last, false), [StepEnd::of(second)]);
    }
}
