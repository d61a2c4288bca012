//! Calendar time: dates, day counts, business days, and the payment periods of a deal.

pub mod calendar;
pub mod date;
pub mod day_count;
pub mod schedule;

pub use calendar::{Calendar, Roll};
pub use date::Date;
pub use day_count::{DayCount, thirty_360, thirty_e_360};
pub use schedule::{DeterminationRule, Period, PeriodGrid, ScheduleTerms, payment_dates, unadjusted_dates};
