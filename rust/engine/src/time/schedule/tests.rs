use super::*;

fn date(text: &str) -> Date {
    Date::parse(text).unwrap()
}

fn calendar(names: &[&str]) -> Calendar {
    Calendar::new(names, &[], &[]).unwrap()
}

/// Quarterly, thirteen years.
fn terms() -> ScheduleTerms {
    ScheduleTerms {
        closing: date("2025-03-20"),
        first_payment: date("2025-10-20"),
        stated_maturity: date("2038-04-20"),
        months: 3,
        reinvestment_end: Some(date("2030-04-20")),
        determination: DeterminationRule::BusinessDaysBefore(8),
        calendar: calendar(&["us_government_securities", "london"]),
        roll: Roll::Following,
        end_of_month: false,
        fixing_calendar: calendar(&["us_government_securities"]),
        cash_timing_period: false,
    }
}

fn places(terms: &ScheduleTerms) -> Vec<String> {
    PeriodGrid::build(terms).unwrap_err().into_iter().map(|p| p.place).collect()
}

fn shown(dates: &[Date]) -> Vec<String> {
    dates.iter().map(ToString::to_string).collect()
}

#[test]
fn a_quarterly_deal_of_thirteen_years_has_fifty_one_payment_dates() {
    let grid = PeriodGrid::build(&terms()).unwrap();
    assert_eq!(grid.periods.len(), 51);
    let (first, last) = (grid.periods[0], grid.periods[50]);
    assert_eq!(first.previous_unadjusted, date("2025-03-20"));
    assert_eq!(first.previous_payment, date("2025-03-20"));
    assert_eq!(first.unadjusted, date("2025-10-20"));
    assert!((first.years - 210.0 / 360.0).abs() < 1e-16);
    assert_eq!(first.fixing, date("2025-03-18"));
    assert_eq!(first.collection_first, date("2025-03-20"));
    // Columbus Day, the 13th, is no business day.
    assert_eq!(first.determination, date("2025-10-07"));
    assert_eq!(last.unadjusted, date("2038-04-20"));
    assert!(last.is_last && grid.periods.iter().filter(|p| p.is_last).count() == 1);
    assert!(grid.periods[1..].iter().all(|p| (p.years - 0.25).abs() < 1e-16));
}

#[test]
fn a_payment_date_on_a_saturday_moves_with_its_determination_date() {
    let grid = PeriodGrid::build(&terms()).unwrap();
    let period = grid.periods.iter().find(|p| p.unadjusted == date("2026-07-20")).unwrap();
    assert_eq!(period.determination, date("2026-07-08"));
    let period = grid.periods.iter().find(|p| p.unadjusted == date("2030-07-20")).unwrap();
    assert_eq!(period.payment, date("2030-07-22"), "the 20th is a Saturday");
    assert_eq!(period.determination, date("2030-07-10"));
}

#[test]
fn periods_follow_each_other_without_gap() {
    let grid = PeriodGrid::build(&terms()).unwrap();
    for pair in grid.periods.windows(2) {
        assert_eq!(pair[1].previous_payment, pair[0].payment);
        assert_eq!(pair[1].previous_unadjusted, pair[0].unadjusted);
        assert_eq!(pair[1].collection_first - pair[0].collection_last, 1);
        assert_eq!(pair[0].collection_last, pair[0].determination);
    }
}

#[test]
fn the_last_collection_period_ends_the_business_day_before_maturity() {
    let mut terms = terms();
    let last = |terms: &ScheduleTerms| *PeriodGrid::build(terms).unwrap().periods.last().unwrap();
    for rule in [DeterminationRule::BusinessDaysBefore(8), DeterminationRule::MonthEnd, DeterminationRule::Day(8)] {
        terms.determination = rule;
        assert_eq!(last(&terms).collection_last, date("2038-04-19"));
        assert_eq!(last(&terms).determination, date("2038-04-19"));
    }
    terms.determination = DeterminationRule::BusinessDaysBefore(0);
    assert_eq!(last(&terms).collection_last, date("2038-04-20"));
}

#[test]
fn reinvestment_includes_its_last_date_and_never_the_deals() {
    let mut terms = terms();
    let count =
        |terms: &ScheduleTerms| PeriodGrid::build(terms).unwrap().periods.iter().filter(|p| p.in_reinvestment).count();
    assert_eq!(count(&terms), 19);
    terms.reinvestment_end = Some(date("2040-01-01"));
    assert_eq!(count(&terms), 50);
    terms.reinvestment_end = None;
    assert_eq!(count(&terms), 0);
}

#[test]
fn a_maturity_off_the_schedule_ends_a_short_period() {
    let dates = unadjusted_dates(date("2025-10-20"), date("2026-06-30"), 3, false);
    assert_eq!(shown(&dates), ["2025-10-20", "2026-01-20", "2026-04-20", "2026-06-30"]);
}

#[test]
fn a_single_payment_date_may_be_first_and_last() {
    let day = date("2025-10-20");
    assert_eq!(unadjusted_dates(day, day, 3, false), [day]);
    assert_eq!(unadjusted_dates(day, day.add_days(1), 0, false), [day, day.add_days(1)]);
}

#[test]
fn an_anchor_on_the_31st_returns_to_the_31st() {
    let dates = unadjusted_dates(date("2026-01-31"), date("2026-05-31"), 1, false);
    assert_eq!(shown(&dates), ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]);
}

#[test]
fn month_ends_of_a_short_month_stay_only_when_asked() {
    let dates = |keep| shown(&unadjusted_dates(date("2026-02-28"), date("2026-12-31"), 3, keep));
    assert_eq!(dates(false), ["2026-02-28", "2026-05-28", "2026-08-28", "2026-11-28", "2026-12-31"]);
    assert_eq!(dates(true), ["2026-02-28", "2026-05-31", "2026-08-31", "2026-11-30", "2026-12-31"]);
}

#[test]
fn a_month_end_determination_date_is_that_of_the_month_before() {
    let mut terms = terms();
    terms.determination = DeterminationRule::MonthEnd;
    let grid = PeriodGrid::build(&terms).unwrap();
    assert_eq!(grid.periods[0].determination, date("2025-09-30"));
    assert_eq!(grid.periods[1].determination, date("2025-12-31"));
}

#[test]
fn a_determination_day_after_the_payment_day_lies_in_the_month_before() {
    let mut terms = terms();
    let first = |terms: &ScheduleTerms| PeriodGrid::build(terms).unwrap().periods[0].determination;
    for (day, expected) in [(10, "2025-10-10"), (20, "2025-10-20"), (21, "2025-09-21"), (31, "2025-09-30")] {
        terms.determination = DeterminationRule::Day(day);
        assert_eq!(first(&terms), date(expected), "day {day}");
    }
}

#[test]
fn collections_by_period_run_between_payment_dates() {
    let mut terms = terms();
    terms.cash_timing_period = true;
    let grid = PeriodGrid::build(&terms).unwrap();
    assert_eq!(grid.periods[0].collection_first, terms.closing);
    assert!(grid.periods.iter().all(|p| p.collection_last == p.payment));
    assert_eq!(grid.periods[0].determination, date("2025-10-07"));
}

#[test]
fn contradicting_dates_are_reported_together() {
    let mut wrong = terms();
    wrong.closing = date("2040-01-01");
    wrong.first_payment = date("2039-01-20");
    wrong.months = 5;
    wrong.determination = DeterminationRule::Day(32);
    assert_eq!(
        places(&wrong),
        [
            "dates.first_payment",
            "dates.stated_maturity",
            "dates.reinvestment_end",
            "dates.payment_frequency_months",
            "dates.determination.day",
        ]
    );
    wrong = terms();
    wrong.stated_maturity = date("2199-01-20");
    assert_eq!(places(&wrong), ["dates.stated_maturity"]);
}

#[test]
fn too_many_payment_dates_are_refused() {
    let mut wrong = terms();
    wrong.months = 1;
    wrong.stated_maturity = date("2150-01-20");
    assert_eq!(places(&wrong), ["dates.stated_maturity"]);
}

#[test]
fn determination_dates_move_on() {
    let mut wrong = terms();
    wrong.determination = DeterminationRule::BusinessDaysBefore(150);
    assert!(places(&wrong).contains(&"dates.determination".to_owned()), "before closing");
    wrong = terms();
    wrong.stated_maturity = date("2038-01-21");
    wrong.determination = DeterminationRule::BusinessDaysBefore(0);
    wrong.roll = Roll::None;
    assert!(PeriodGrid::build(&wrong).is_ok());
    wrong.determination = DeterminationRule::Day(20);
    assert_eq!(places(&wrong), ["dates.determination"]);
}

#[test]
fn payment_dates_that_roll_onto_each_other_are_refused() {
    let mut wrong = terms();
    // Saturday 17 and Sunday 18 April 2038.
    wrong.first_payment = date("2025-10-17");
    wrong.stated_maturity = date("2038-04-18");
    assert!(places(&wrong).contains(&"dates.roll".to_owned()));
}

#[test]
fn a_redemption_cuts_a_period_on_its_day_and_leaves_the_fixing_whole() {
    let (terms, day) = (terms(), date("2026-06-04"));
    let grid = PeriodGrid::build(&terms).unwrap();
    let p = grid.between(day).unwrap();
    let cut = grid.cut(&terms, p, day);
    let (whole, first, rest) = (grid.periods[p], cut.periods[p], cut.periods[p + 1]);
    assert_eq!([first.previous_payment, first.payment, rest.previous_payment], [date("2026-04-20"), day, day]);
    assert_eq!([first.determination, first.collection_last], [date("2026-06-03"); 2]);
    assert_eq!(rest.collection_first, date("2026-06-04"));
    assert_eq!([rest.payment, rest.determination], [whole.payment, whole.determination]);
    for part in [first, rest] {
        assert_eq!((part.fixing, part.fixed_for), (whole.fixing, whole.fixed_for));
        assert!((part.years - whole.years).abs() < 1e-16);
    }
    assert_eq!([&cut.periods[..p], &cut.periods[p + 2..]], [&grid.periods[..p], &grid.periods[p + 1..]]);
}

#[test]
fn payment_dates_lie_in_no_accrual_period_and_other_days_in_that_which_holds_them() {
    let grid = PeriodGrid::build(&terms()).unwrap();
    // Saturday, 20 July 2030 is paid on Monday.
    let days = ["2025-03-20", "2025-10-20", "2030-07-22", "2025-03-21", "2030-07-19", "2038-04-19", "2038-04-20"];
    let found = days.map(|day| grid.between(date(day)));
    assert_eq!(found, [None, None, None, Some(0), Some(19), Some(50), None]);
}
