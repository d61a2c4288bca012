//! Calls: what a sale costs, and the call that a deal contracts.

use super::{event_date, may_redeem};
use crate::compile::deal::CompiledDeal;
use crate::error::Problem;
use crate::path::deal_terms::{CallTerms, SaleCost, SalePrice};
use crate::spec::events::EventCost;

/// A call that the documents contract on payment dates of given months until it is feasible.
pub(super) fn auction(deal: &CompiledDeal, problems: &mut Vec<Problem>) -> Option<CallTerms> {
    let written = deal.document.rights.as_ref()?.get("auction_call")?;
    let place = "rights.auction_call";
    let from = written.get("from").and_then(|from| from.as_str());
    let months: Option<Vec<u64>> = written
        .get("months")
        .and_then(|list| list.as_array())
        .map(|list| list.iter().filter_map(serde_json::Value::as_u64).collect());
    let (Some(from), Some(months)) = (from, months) else {
        problems.push(Problem::new(place, "expected {from: DATE, months: [4, 10]}"));
        return None;
    };
    let from = event_date(&deal.dates, from, &format!("{place}.from"), problems)?;
    let window = deal
        .terms
        .grid
        .periods
        .iter()
        .map(|period| {
            let month = u64::from(period.unadjusted.ymd().1);
            !period.is_last
                && period.unadjusted >= from
                && may_redeem(deal, period.unadjusted)
                && months.contains(&month)
        })
        .collect();
    let (price, cost) = (SalePrice::Scenario, SaleCost::default());
    Some(CallTerms { window, when: None, below: None, price, cost, retry: true, repeat: true })
}

/// What a sale costs.
pub(super) fn cost(cost: Option<&EventCost>, place: &str, problems: &mut Vec<Problem>) -> SaleCost {
    let Some(cost) = cost else { return SaleCost::default() };
    match cost.of.as_deref() {
        None | Some("performing_par") => {}
        Some(other) => {
            let message = format!("found {other:?}; expected performing_par, which is what a call sells");
            problems.push(Problem::new(format!("{place}.of"), message));
        }
    }
    match cost.paid_from.as_deref() {
        None | Some("proceeds") => {}
        Some(other) => {
            let message = format!("found {other:?}; expected proceeds: what a sale costs is taken from what it brings");
            problems.push(Problem::new(format!("{place}.paid_from"), message));
        }
    }
    if !(0.0..=1.0).contains(&cost.rate) || !(cost.fixed >= 0.0) {
        problems.push(Problem::new(place, "expected a rate from 0 to 1 and an amount of zero or more"));
    }
    SaleCost { rate: cost.rate, fixed: cost.fixed }
}
