//! What the conditions and amounts of a payment date read beside its collateral: the state says it, or it is a problem.

use crate::compile::deal::CompiledDeal;
use crate::compile::readings::Read;
use crate::error::Problem;
use crate::lanes::Pack;
use crate::spec::state::{DealState, ReadingsState};
use crate::state::readings::Readings;

/// Finds what is read; the place of an expression that reads what the state does not tell is a problem.
pub(super) fn told(deal: &CompiledDeal, state: &DealState, period: usize, problems: &mut Vec<Problem>) -> Readings<1> {
    let nothing = ReadingsState::default();
    let said = state.readings.as_ref().unwrap_or(&nothing);
    check(deal, said, problems);
    let read = Read::of_date(deal);
    let mut known = |value: Option<f64>, place: Option<&String>, word: &str, key: &str| {
        if let (None, Some(place)) = (value, place) {
            let message = format!("`{word}` needs what the state does not tell; expected state.readings.{key}");
            problems.push(Problem::new(place, message));
        }
        Pack([value.unwrap_or(0.0)])
    };
    let mut one = |value: Option<f64>, place: &Option<String>, word: &str| known(value, place.as_ref(), word, word);
    let mut out = Readings {
        liquidation_value: one(said.liquidation_value, &read.liquidation_value, "liquidation_value"),
        semiannual_share: one(said.semiannual_share, &read.semiannual_share, "semiannual_share"),
        undrawn: one(said.unfunded, &read.unfunded, "unfunded"),
        ..Readings::default()
    };
    for (months, place) in &read.frequencies {
        let interest = said.interest_by_frequency.get(&months.to_string()).copied();
        let key = format!("interest_by_frequency.{months}");
        out.interest_by_frequency.push((*months, known(interest, Some(place), "interest_by_frequency", &key)));
    }
    for (note, place) in &read.market_spreads {
        let name = &deal.terms.notes[*note as usize].name;
        let spread = said.market_spreads.get(name).copied();
        let key = format!("market_spreads.{name}");
        out.market_spreads.push((*note, known(spread, Some(place), "market_spread", &key)));
    }
    let start = deal.terms.grid.periods[period].previous_unadjusted;
    for note in read.deal_spreads {
        let coupon = deal.terms.notes[note as usize].coupon.as_ref();
        out.deal_spreads.push((note, Pack([coupon.map_or(0.0, |coupon| coupon.margin(start))])));
    }
    out
}

/// Checks the names and shares of what a state says.
fn check(deal: &CompiledDeal, said: &ReadingsState, problems: &mut Vec<Problem>) {
    if let Some(share) = said.semiannual_share
        && !(0.0..=1.0).contains(&share)
    {
        let message = format!("found {share}; expected a share from 0 to 1");
        problems.push(Problem::new("state.readings.semiannual_share", message));
    }
    for name in said.market_spreads.keys() {
        if !deal.terms.notes.iter().any(|note| note.name == *name) {
            let known: Vec<&str> = deal.terms.notes.iter().map(|note| note.name.as_str()).collect();
            let message = format!("unknown note; known: {}", known.join(", "));
            problems.push(Problem::new(format!("state.readings.market_spreads.{name}"), message));
        }
    }
}
