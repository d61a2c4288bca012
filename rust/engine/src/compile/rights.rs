//! What the documents allow: an event must be among the rights that a deal spells out.
//!
//! A deal without `rights`, or with an auction call alone, which is contracted and no right, leaves open what may happen.

use serde_json::Value;

use crate::compile::deal::CompiledDeal;
use crate::error::Problem;
use crate::notes::{CouponTerms, RateTerms};
use crate::spec::events::Refinancing;
use crate::spec::steps::NumberOrName;
use crate::spec::{Deal, Event};
use crate::time::Date;

/// Terms on which the documents allow an event.
#[derive(Clone, Copy, Debug, Default)]
pub struct Granted {
    /// First day of the right, where it has one.
    pub from: Option<Date>,
    /// Collateral principal amount that must have fallen below this, where a clean-up call says so.
    pub below: Option<f64>,
    /// It holds in the non-call period, too.
    pub always: bool,
}

/// Rights to redeem the notes in the non-call period.
const NEVER_BARRED: [&str; 2] = ["clean_up", "tax_redemption"];

/// Rights that allow an event.
fn rights_to(event: &Event) -> Option<(&'static str, &'static [&'static str])> {
    if event.call.is_some() {
        Some(("call", &["optional_redemption", "clean_up", "tax_redemption"]))
    } else if event.refinance.is_some() {
        Some(("refinance", &["refinancing"]))
    } else if event.reprice.is_some() {
        Some(("reprice", &["repricing", "refinancing"]))
    } else if event.issue.is_some() {
        Some(("issue", &["issue"]))
    } else if event.reset.is_some() {
        Some(("reset", &["reset", "refinancing"]))
    } else if event.amend.is_some() {
        Some(("amend", &["amendment"]))
    } else if event.special_redemption.is_some() {
        Some(("special_redemption", &["special_redemption"]))
    } else {
        None
    }
}

/// Checks the terms of the rights that a document states; `date` reads a day as events do.
pub fn stated(
    document: &Deal,
    date: impl Fn(&str, &str, &mut Vec<Problem>) -> Option<Date>,
    problems: &mut Vec<Problem>,
) {
    for (name, terms) in document.rights.iter().filter_map(Value::as_object).flatten() {
        if let Some(share) = terms.get("below")
            && share_below(share).is_none()
        {
            let message = format!("found {share}; expected a share of target par above 0, at most 1, such as 0.15");
            problems.push(Problem::new(format!("rights.{name}.below"), message));
        }
        match terms.get("after").map(|found| (found, found.as_str())) {
            None | Some((_, Some("non_call_end"))) => {}
            Some((_, Some(text))) => {
                date(text, &format!("rights.{name}.after"), problems);
            }
            Some((found, None)) => {
                let message = format!("found {found}; expected non_call_end, or a date");
                problems.push(Problem::new(format!("rights.{name}.after"), message));
            }
        }
        let written = |key: &str| terms.get(key).map(|found| (found, found.as_str().unwrap_or_default()));
        match written("of") {
            None | Some((_, "target_par")) => {}
            Some((found, _)) => {
                let message = format!("found {found}; expected target_par");
                problems.push(Problem::new(format!("rights.{name}.of"), message));
            }
        }
        match written("dates") {
            None | Some((_, "any_business_day" | "payment_dates")) => {}
            Some((found, _)) => {
                let message = format!("found {found}; expected any_business_day or payment_dates");
                problems.push(Problem::new(format!("rights.{name}.dates"), message));
            }
        }
    }
}

fn share_below(share: &Value) -> Option<f64> {
    share.as_f64().filter(|share| *share > 0.0 && *share <= 1.0)
}

/// Checks that a deal gives the right to an event, of several the first, of a call in the non-call period (`barred`) one that
/// holds there, too; returns its terms. `acts_on` is the payment date of a dated event, before it is adjusted.
pub fn check(
    deal: &CompiledDeal,
    (event, barred, acts_on): (&Event, bool, Option<Date>),
    place: &str,
    date: impl Fn(&str, &str, &mut Vec<Problem>) -> Option<Date>,
    problems: &mut Vec<Problem>,
) -> Granted {
    let nothing = Granted::default();
    let Some(rights) = deal.document.rights.as_ref().and_then(Value::as_object) else { return nothing };
    if rights.keys().all(|name| name == "auction_call") {
        return nothing;
    }
    let Some((kind, allowing)) = rights_to(event) else { return nothing };
    let granted = |name: &&str| rights.get(*name).is_some_and(|terms| *terms != Value::Bool(false) && !terms.is_null());
    let first = if barred { &NEVER_BARRED[..] } else { &[] };
    let Some(name) = first.iter().chain(allowing).copied().find(granted) else {
        let given: Vec<&str> = rights.keys().map(String::as_str).filter(granted).collect();
        let given = if given.is_empty() { "none".to_owned() } else { given.join(", ") };
        let message = format!(
            "the deal does not give this right: expected {} in rights, which has {given}",
            allowing.join(" or "),
        );
        problems.push(Problem::new(format!("{place}.{kind}"), message));
        return nothing;
    };
    let terms = &rights[name];
    if terms.get("cost_of_debt_not_higher").and_then(Value::as_bool) == Some(true) {
        // What is compared is due from the date on: a coupon that steps up on it costs its new spread.
        let on = acts_on.unwrap_or(deal.dates.closing);
        let costs = event
            .refinance
            .iter()
            .flatten()
            .map(|(class, refinancing)| refinanced(deal, class, refinancing, on))
            .chain(event.reprice.iter().flatten().map(|(class, terms)| {
                coupon_of(deal, class).map(|(balance, old)| balance * (terms.spread - old.margin(on)))
            }))
            .collect::<Option<Vec<f64>>>();
        // A class that changes between floating and fixed cannot be compared without an index.
        let more: f64 = costs.iter().flatten().sum();
        if more > 1e-9 * deal.terms.target_par * 1e-4 {
            let message = format!(
                "found {more:.0} of interest a year more than before; expected a cost of debt that is not higher (rights.{name})"
            );
            problems.push(Problem::new(format!("{place}.{kind}"), message));
        }
    }
    on_its_dates(deal, event, (name, terms), place, problems);
    let from = terms.get("after").and_then(Value::as_str).and_then(|after| match after {
        "non_call_end" => deal.dates.non_call_end,
        other => date(other, &format!("rights.{name}.after"), problems),
    });
    Granted { from, below: below(deal, terms), always: NEVER_BARRED.contains(&name) }
}

/// Checks that a dated event stands on a payment date where its right has no other days.
fn on_its_dates(
    deal: &CompiledDeal,
    event: &Event,
    (name, terms): (&str, &Value),
    place: &str,
    problems: &mut Vec<Problem>,
) {
    if terms.get("dates").and_then(Value::as_str) != Some("payment_dates") {
        return;
    }
    // Dates relative to those of the deal stand for the payment date that follows.
    let Some(day) = event.date.as_deref().and_then(Date::parse) else { return };
    let periods = &deal.terms.grid.periods;
    if !periods.iter().any(|period| period.unadjusted == day || period.payment == day) {
        let message = format!("found {day}, which is no payment date; expected one (rights.{name}.dates)");
        problems.push(Problem::new(format!("{place}.date"), message));
    }
}

/// What the collateral must have fallen below for a clean-up call, in money.
fn below(deal: &CompiledDeal, terms: &Value) -> Option<f64> {
    terms.get("below").and_then(share_below).map(|share| share * deal.terms.target_par)
}

/// Balance at closing and coupon of a class.
fn coupon_of<'a>(deal: &'a CompiledDeal, name: &str) -> Option<(f64, &'a CouponTerms)> {
    let note = deal.terms.notes.iter().find(|note| note.name == name)?;
    note.coupon.as_ref().map(|coupon| (note.original, coupon))
}

/// What a class costs more a year once it is refinanced, on its balance at closing; none where the two do not compare.
fn refinanced(deal: &CompiledDeal, class: &str, into: &Refinancing, on: Date) -> Option<f64> {
    let (balance, old) = coupon_of(deal, class)?;
    let stated = |balance: &NumberOrName| match balance {
        NumberOrName::Number(money) => *money,
        NumberOrName::Name(_) => 0.0,
    };
    let fixed: f64 = into.into.iter().map(|new| stated(&new.balance)).sum();
    let (mut whole, mut cost) = (0.0, 0.0);
    for new in &into.into {
        let (_, coupon) = coupon_of(deal, &new.name)?;
        let alike = matches!(
            (&old.rate, &coupon.rate),
            (RateTerms::Fixed { .. }, RateTerms::Fixed { .. })
                | (RateTerms::Floating { .. }, RateTerms::Floating { .. })
        );
        if !alike {
            return None;
        }
        let amount = match &new.balance {
            NumberOrName::Number(money) => *money,
            NumberOrName::Name(_) if balance > fixed => balance - fixed,
            NumberOrName::Name(_) => 0.0,
        };
        whole += amount;
        cost += amount * coupon.margin(on);
    }
    (whole > 0.0).then(|| balance * (cost / whole - old.margin(on)))
}
