//! What performing par brings where all of it is sold: one price, or prices that change in time.

use std::array::from_fn;

use crate::compile::pool::Contracts;
use crate::compile::values::{self, Nature, Range};
use crate::error::Problem;
use crate::lanes::Pack;
use crate::spec::Scenario;
use crate::spec::scenario::{Price, Value};

/// Checks what performing par brings in a sale.
pub fn check(price: &Price, problems: &mut Vec<Problem>) {
    let place = "scenario.liquidation_price";
    match price {
        Price::Constant(price) if *price > 0.0 && price.is_finite() => {}
        Price::Constant(price) => {
            let message = format!("found {price}; expected a price above zero, such as 0.985");
            problems.push(Problem::new(place, message));
        }
        Price::InTime(Value::Groups { .. } | Value::Monthly { .. }) => {
            let message = "a price of all collateral is neither by group nor by month; expected a number, a list per payment period or dates";
            problems.push(Problem::new(place, message));
        }
        Price::InTime(value) => values::check(value, place, Range::Price, &[], problems),
    }
}

/// What performing par brings in a sale, by payment period; one price where it does not change.
#[must_use]
pub fn by_period(price: &Price, contracts: &Contracts<'_>) -> Vec<f64> {
    match price {
        Price::Constant(price) => vec![*price],
        Price::InTime(value) => {
            let by_step = values::series(value, &contracts.steps.timeline, Nature::Level);
            let of_period = |period: usize| by_step[*contracts.steps.within.of(period).start()];
            (0..contracts.deal.terms.grid.periods.len()).map(of_period).collect()
        }
    }
}

/// The same of scenarios side by side; prices that do not change in time stand once.
pub fn side_by_side<const L: usize>(scenarios: [&Scenario; L], contracts: &Contracts<'_>, out: &mut Vec<Pack<L>>) {
    out.clear();
    let constant = scenarios.map(|scenario| match scenario.liquidation_price {
        Price::Constant(price) => Some(price),
        Price::InTime(_) => None,
    });
    if constant.iter().all(Option::is_some) {
        out.push(Pack(constant.map(Option::unwrap_or_default)));
        return;
    }
    let each = scenarios.map(|scenario| by_period(&scenario.liquidation_price, contracts));
    let periods = each.iter().map(Vec::len).max().unwrap_or(1);
    out.extend((0..periods).map(|p| Pack(from_fn(|l| each[l][p.min(each[l].len() - 1)]))));
}
