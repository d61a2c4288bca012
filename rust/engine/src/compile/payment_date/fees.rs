//! What fees read from a state: their base, the rate of what is unpaid, and what a hurdle still needs.

use crate::compile::dates::date;
use crate::compile::deal::CompiledDeal;
use crate::error::Problem;
use crate::fees::{BaseDate, FeeTerms};
use crate::math;
use crate::notes::RateTerms;
use crate::spec::DealState;
use crate::time::Date;

/// Base of a fee of what it was at the start and the end of the period.
pub fn on_date(fee: &FeeTerms, start: f64, end: f64) -> f64 {
    match fee.base_date {
        BaseDate::PeriodStart => start,
        BaseDate::PeriodEnd => end,
        BaseDate::Average => (start + end) * 0.5,
    }
}

/// The yearly rate that unpaid amounts of a fee bear.
pub fn unpaid_rate(fee: &FeeTerms, state: &DealState, problems: &mut Vec<Problem>) -> f64 {
    match &fee.unpaid_interest {
        None => 0.0,
        Some(RateTerms::Fixed { rate }) => *rate,
        Some(RateTerms::Floating { index, spread, .. }) => {
            let fixed = state.index_fixings.get(index).copied().unwrap_or_else(|| {
                let place = "state.index_fixings";
                problems.push(Problem::new(place, format!("no fixing of {index}, which unpaid fees bear")));
                0.0
            });
            (if fixed > 0.0 { fixed } else { 0.0 }) + spread
        }
    }
}

/// `cost · (1 + h)^t − Σ distributions · (1 + h)^t`, compounded to the payment date, act/365, before or after it is paid.
pub fn hurdle_balance(
    deal: &CompiledDeal,
    state: &DealState,
    irr: f64,
    (payment, paid): (Date, bool),
    problems: &mut Vec<Problem>,
) -> f64 {
    let grow = |from: Date| math::pow(1.0 + irr, f64::from(payment - from) / 365.0);
    let mut balance = 0.0;
    for note in deal.terms.notes.iter().filter(|n| n.residual) {
        let Some(given) = state.notes.get(&note.name) else { continue };
        let cost = given.cost.unwrap_or(note.original * note.issue_price);
        balance += cost * grow(deal.terms.grid.closing);
        for (i, (text, amount)) in given.distributions.iter().enumerate() {
            let place = format!("state.notes.{}.distributions[{i}]", note.name);
            let problems_before = problems.len();
            if let Some(on) = date(text, &place, problems) {
                if on > payment || (on == payment && !paid) {
                    problems.push(Problem::new(place, format!("found {on}; expected a date before {payment}")));
                } else {
                    balance -= amount * grow(on);
                }
            }
            // The same distribution is read once a fee; keep one report of it.
            if problems.len() > problems_before + 1 {
                problems.truncate(problems_before + 1);
            }
        }
    }
    balance
}
