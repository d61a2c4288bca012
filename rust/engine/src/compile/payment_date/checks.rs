//! What is wrong with a state: names, amounts, and what a payment date alone does not tell.

use crate::compile::deal::CompiledDeal;
use crate::error::Problem;
use crate::spec::DealState;

/// Checks the names of a state's notes and fees.
pub fn check_names(deal: &CompiledDeal, state: &DealState, problems: &mut Vec<Problem>) {
    let foreign = &deal.terms.foreign;
    let notes = own(&deal.terms.notes, |n| foreign.note(n), |note| &note.name);
    let fees = own(&deal.terms.fees, |f| foreign.fee(f), |fee| &fee.name);
    let accounts = own(&deal.terms.accounts, |a| foreign.account(a), |account| &account.name);
    let hedges = own(&deal.terms.hedges, |h| foreign.hedge(h), |hedge| &hedge.name);
    for name in state.notes.keys() {
        if !notes.contains(&name.as_str()) {
            problems.push(Problem::new(
                format!("state.notes.{name}"),
                format!("unknown note; known: {}", notes.join(", ")),
            ));
        }
    }
    // A note that an event issues may be still to come.
    let of_closing = |name: &&&str| deal.terms.notes.iter().any(|note| note.name == **name && note.replaces.is_none());
    for name in notes.iter().filter(of_closing) {
        if !state.notes.contains_key(*name) {
            problems.push(Problem::new(format!("state.notes.{name}"), "missing; expected {balance: …}"));
        }
    }
    for (place, kind, given, known) in [
        ("accounts", "account", state.accounts.keys().collect::<Vec<_>>(), accounts),
        ("hedges", "hedge", state.hedges.keys().collect(), hedges),
    ] {
        for name in given {
            if !known.contains(&name.as_str()) {
                let message = format!("unknown {kind}; known: {}", known.join(", "));
                problems.push(Problem::new(format!("state.{place}.{name}"), message));
            }
        }
    }
    for name in state.fees.keys() {
        if !fees.contains(&name.as_str()) {
            problems
                .push(Problem::new(format!("state.fees.{name}"), format!("unknown fee; known: {}", fees.join(", "))));
        }
    }
}

/// The names of a list, without what other documents have.
fn own<T>(list: &[T], foreign: impl Fn(usize) -> bool, name: fn(&T) -> &String) -> Vec<&str> {
    list.iter().enumerate().filter(|(i, _)| !foreign(*i)).map(|(_, item)| name(item).as_str()).collect()
}

/// Checks what a state says of money.
pub fn check_amounts(state: &DealState, problems: &mut Vec<Problem>) {
    let mut amount = |x: f64, place: String| {
        if !(x >= 0.0) || !x.is_finite() {
            problems.push(Problem::new(place, format!("found {x}; expected an amount of zero or more")));
        }
    };
    amount(state.collected.interest, "state.collected.interest".to_owned());
    amount(state.collected.principal, "state.collected.principal".to_owned());
    if let Some(sale) = &state.collected.liquidation {
        amount(sale.proceeds, "state.collected.liquidation.proceeds".to_owned());
        amount(sale.costs, "state.collected.liquidation.costs".to_owned());
    }
    for (name, note) in &state.notes {
        amount(note.balance, format!("state.notes.{name}.balance"));
        amount(note.deferred_interest, format!("state.notes.{name}.deferred_interest"));
        amount(note.interest_shortfall, format!("state.notes.{name}.interest_shortfall"));
        amount(note.drawn.unwrap_or(0.0), format!("state.notes.{name}.drawn"));
        amount(note.amortization_due.unwrap_or(0.0), format!("state.notes.{name}.amortization_due"));
    }
    for (name, balance) in &state.accounts {
        amount(*balance, format!("state.accounts.{name}"));
    }
    for (name, hedge) in &state.hedges {
        amount(hedge.unpaid, format!("state.hedges.{name}.unpaid"));
        amount(hedge.due.unwrap_or(0.0), format!("state.hedges.{name}.due"));
        amount(hedge.termination.unwrap_or(0.0), format!("state.hedges.{name}.termination"));
    }
    for (name, fee) in &state.fees {
        amount(fee.unpaid, format!("state.fees.{name}.unpaid"));
        amount(fee.due.unwrap_or(0.0), format!("state.fees.{name}.due"));
        amount(fee.deferred.unwrap_or(0.0), format!("state.fees.{name}.deferred"));
    }
    amount(state.fee_basis.unwrap_or(0.0), "state.fee_basis".to_owned());
    if let Some(bases) = &state.fee_bases {
        amount(bases.performing_par, "state.fee_bases.performing_par".to_owned());
        amount(bases.collateral_principal_amount, "state.fee_bases.collateral_principal_amount".to_owned());
    }
    if let Some(readings) = &state.readings {
        amount(readings.liquidation_value.unwrap_or(0.0), "state.readings.liquidation_value".to_owned());
        amount(readings.unfunded.unwrap_or(0.0), "state.readings.unfunded".to_owned());
        for (months, interest) in &readings.interest_by_frequency {
            amount(*interest, format!("state.readings.interest_by_frequency.{months}"));
        }
    }
    let Some(collateral) = &state.collateral else { return };
    amount(collateral.performing_par, "state.collateral.performing_par".to_owned());
    for (list, key) in
        [(&collateral.ccc, "ccc"), (&collateral.discount, "discount"), (&collateral.defaulted, "defaulted")]
    {
        for (i, asset) in list.iter().enumerate() {
            amount(asset.par, format!("state.collateral.{key}[{i}].par"));
        }
    }
}
