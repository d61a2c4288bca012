//! Accounts and hedges: names, legs, notionals.

use crate::accounts::AccountTerms;
use crate::compile::dates::date;
use crate::compile::names::Names;
use crate::error::Problem;
use crate::hedges::{self, HedgeTerms, LegRate};
use crate::spec::accounts::{Account, Hedge, Leg, Notional, Termination};
use crate::time::{Date, DayCount};

/// Words that mean the proceeds themselves.
const PROCEEDS: [&str; 2] = ["interest", "principal"];
/// What an account earns.
const EARNS: [&str; 2] = ["nothing", "cash"];
/// Who may be at fault when a hedge ends.
const PARTIES: [&str; 2] = ["issuer", "counterparty"];

/// Compiles the accounts.
pub fn accounts(written: &[Account], problems: &mut Vec<Problem>) -> Vec<AccountTerms> {
    let mut out = Vec::with_capacity(written.len());
    for (i, account) in written.iter().enumerate() {
        let place = format!("accounts[{i}]");
        if PROCEEDS.contains(&account.name.as_str()) {
            let message = format!("{:?} means the proceeds; expected another name", account.name);
            problems.push(Problem::new(format!("{place}.name"), message));
        }
        if !(account.initial >= 0.0) || !account.initial.is_finite() {
            let message = format!("found {}; expected an amount of zero or more", account.initial);
            problems.push(Problem::new(format!("{place}.initial"), message));
        }
        let earns = one_of(&account.earns, EARNS, &format!("{place}.earns"), problems);
        let principal = one_of(&account.proceeds, PROCEEDS, &format!("{place}.proceeds"), problems);
        out.push(AccountTerms {
            name: account.name.clone(),
            initial: account.initial,
            target: account.target.clone(),
            earns,
            principal,
        });
    }
    out
}

/// Whether a word is the second of two.
fn one_of(word: &str, words: [&str; 2], place: &str, problems: &mut Vec<Problem>) -> bool {
    if !words.contains(&word) {
        problems.push(Problem::new(place, format!("found {word:?}; expected {} or {}", words[0], words[1])));
    }
    word == words[1]
}

/// Compiles the hedges.
pub fn hedges(written: &[Hedge], notes: &Names, problems: &mut Vec<Problem>) -> Vec<HedgeTerms> {
    let mut out = Vec::with_capacity(written.len());
    for (i, hedge) in written.iter().enumerate() {
        let place = format!("hedges[{i}]");
        if hedge.pay.is_none() && hedge.receive.is_none() {
            problems.push(Problem::new(&place, "found neither pay nor receive; expected at least one"));
        }
        let side = |side: Option<&Leg>, name: &str, problems: &mut Vec<Problem>| {
            side.and_then(|side| leg(side, &format!("{place}.{name}"), problems))
        };
        out.push(HedgeTerms {
            name: hedge.name.clone(),
            pay: side(hedge.pay.as_ref(), "pay", problems),
            receive: side(hedge.receive.as_ref(), "receive", problems),
            notional: notional(&hedge.notional, notes, &format!("{place}.notional"), problems),
            termination: hedge
                .termination
                .as_ref()
                .and_then(|end| termination(end, &format!("{place}.termination"), problems)),
        });
    }
    out
}

fn leg(leg: &Leg, place: &str, problems: &mut Vec<Problem>) -> Option<hedges::Leg> {
    let beside = leg.spread.is_some() || leg.floor.is_some() || leg.cap.is_some();
    let rate = match (leg.fixed, leg.index.clone(), leg.above, leg.below) {
        (Some(rate), None, None, None) if !beside => LegRate::Fixed(rate),
        (None, Some(index), None, None) => {
            LegRate::Floating { index, spread: leg.spread.unwrap_or(0.0), floor: leg.floor, cap: leg.cap }
        }
        (None, Some(index), Some(strike), None) if !beside => LegRate::Above { index, strike },
        (None, Some(index), None, Some(strike)) if !beside => LegRate::Below { index, strike },
        _ => {
            let message = "expected {fixed}, {index, spread}, {index, above} or {index, below}";
            problems.push(Problem::new(place, message));
            return None;
        }
    };
    let default = if matches!(rate, LegRate::Fixed(_)) { "30/360" } else { "act/360" };
    let name = leg.day_count.as_deref().unwrap_or(default);
    let Some(day_count) = DayCount::parse(name) else {
        let message = format!("found {name:?}; expected act/360, act/365, act/act, 30/360 or 30e/360");
        problems.push(Problem::new(format!("{place}.day_count"), message));
        return None;
    };
    Some(hedges::Leg { rate, day_count })
}

fn notional(written: &Notional, notes: &Names, place: &str, problems: &mut Vec<Problem>) -> hedges::Notional {
    let mut amounts = match written {
        Notional::Amount(amount) => vec![(Date(i32::MIN), *amount)],
        Notional::Dates(dates) => {
            let mut out = Vec::new();
            for (from, amount) in dates {
                if let Some(from) = date(from, &format!("{place}.{from}"), problems) {
                    out.push((from, *amount));
                }
            }
            out
        }
        Notional::Note(name) => {
            return hedges::Notional::Note(notes.find(name, place, problems).unwrap_or(0));
        }
    };
    if let Some((_, amount)) = amounts.iter().find(|(_, amount)| !(*amount >= 0.0) || !amount.is_finite()) {
        problems.push(Problem::new(place, format!("found {amount}; expected an amount of zero or more")));
    }
    amounts.sort_by_key(|(from, _)| *from);
    hedges::Notional::Dates(amounts)
}

fn termination(written: &Termination, place: &str, problems: &mut Vec<Problem>) -> Option<hedges::Termination> {
    if !written.amount.is_finite() {
        problems.push(Problem::new(format!("{place}.amount"), format!("found {}; expected money", written.amount)));
    }
    let defaulted = one_of(&written.party, PARTIES, &format!("{place}.party"), problems);
    let date = date(&written.date, &format!("{place}.date"), problems)?;
    Some(hedges::Termination { date, amount: written.amount, defaulted })
}
