//! Classes of notes: terms and ranks.

use crate::compile::dates::{DealDates, date};
use crate::compile::events;
use crate::compile::names::Names;
use crate::error::Problem;
use crate::notes::{CommitmentTerms, CouponTerms, MakeWholeTerms, NoteTerms, RateTerms};
use crate::spec::deal::{Coupon, Note};
use crate::time::DayCount;

/// Compiles the notes: combination notes after the others.
pub fn compile(notes: &[Note], places: &[String], names: &Names, problems: &mut Vec<Problem>) -> Vec<NoteTerms> {
    let mut out = Vec::with_capacity(notes.len());
    for (i, note) in notes.iter().enumerate().filter(|(_, note)| note.combination_of.is_empty()) {
        let place = places[i].clone();
        let drawn_later = note.commitment.is_some();
        if !(note.balance > 0.0 || (drawn_later && note.balance >= 0.0)) || !note.balance.is_finite() {
            problems.push(Problem::new(
                format!("{place}.balance"),
                format!("found {}; expected an amount above zero", note.balance),
            ));
        }
        if note.residual {
            if note.coupon.is_some() {
                problems.push(Problem::new(format!("{place}.coupon"), "a residual note has no coupon"));
            }
            if note.principal_rank.is_some() || note.deferrable || note.amortization.is_some() {
                problems.push(Problem::new(
                    place.clone(),
                    "a residual note has no rank, no deferral and no amortization: it receives what the steps leave",
                ));
            }
        } else if note.coupon.is_none() {
            problems.push(Problem::new(format!("{place}.coupon"), "missing; expected {index, spread} or {fixed}"));
        }
        if !note.residual && note.interest_rank.is_none() {
            problems.push(Problem::new(
                place.clone(),
                "missing rank; expected `rank`, or `interest_rank` for a class outside the note payment sequence",
            ));
        }
        out.push(NoteTerms {
            name: note.name.clone(),
            original: note.commitment.as_ref().map_or(note.balance, |commitment| commitment.amount),
            at_closing: note.balance,
            issue_price: note.issue_price,
            interest_rank: note.interest_rank.unwrap_or(u32::MAX),
            principal_rank: note.principal_rank,
            deferrable: note.deferrable,
            residual: note.residual,
            coupon: note.coupon.as_ref().and_then(|c| coupon(c, &format!("{place}.coupon"), problems)),
            amortization: note.amortization.as_ref().map(|a| (a.payments, a.start)),
            rating: note.rating.values().next().cloned().unwrap_or_default(),
            combination: Vec::new(),
            replaces: None,
            since: 0,
            make_whole: None,
        });
    }
    contradictions(&out, places, problems);
    let mut combinations = Vec::new();
    for (i, note) in notes.iter().enumerate().filter(|(_, note)| !note.combination_of.is_empty()) {
        combinations.push(combination(note, &out, names, &places[i], problems));
    }
    out.append(&mut combinations);
    out
}

/// What the holders of classes lend over time.
pub fn commitments(
    notes: &[Note],
    places: &[String],
    names: &Names,
    problems: &mut Vec<Problem>,
) -> Vec<CommitmentTerms> {
    let mut out = Vec::new();
    for (note, place) in notes.iter().zip(places) {
        let Some(given) = &note.commitment else { continue };
        let place = format!("{place}.commitment");
        if note.residual || !note.combination_of.is_empty() || note.amortization.is_some() {
            let message = "a residual note, a combination note and a class with instalments are drawn at closing";
            problems.push(Problem::new(place.as_str(), message));
        }
        if !(given.amount > 0.0 && given.amount >= note.balance && given.amount.is_finite()) {
            let message = format!(
                "found {}; expected an amount above zero, not below the balance at closing, {}",
                given.amount, note.balance
            );
            problems.push(Problem::new(format!("{place}.amount"), message));
        }
        if !(0.0..=0.1).contains(&given.fee) {
            let message = format!("found {}; expected a rate a year from 0 to 0.1", given.fee);
            problems.push(Problem::new(format!("{place}.fee"), message));
        }
        let until = given.until.as_ref().and_then(|text| date(text, &format!("{place}.until"), problems));
        let mut draws = Vec::new();
        for (text, &amount) in &given.draws {
            let place = format!("{place}.draws.{text}");
            if !(amount > 0.0 && amount.is_finite()) {
                let message = format!("found {amount}; expected an amount above zero");
                problems.push(Problem::new(place.as_str(), message));
            }
            draws.extend(date(text, &place, problems).map(|day| (day, amount)));
        }
        let Some(index) = names.get(&note.name) else { continue };
        out.push(CommitmentTerms {
            note: index,
            amount: given.amount,
            fee: given.fee,
            until,
            revolving: given.revolving,
            draws,
        });
    }
    out
}

/// What classes that are redeemed early receive beside par.
pub fn make_whole(
    notes: &[Note],
    places: &[String],
    dates: &DealDates,
    names: &Names,
    terms: &mut [NoteTerms],
    problems: &mut Vec<Problem>,
) {
    for (note, place) in notes.iter().zip(places) {
        let Some(given) = &note.make_whole else { continue };
        let place = format!("{place}.make_whole");
        if note.residual || !note.combination_of.is_empty() {
            let message = "a residual note and a combination note are not redeemed at a price of their own";
            problems.push(Problem::new(place, message));
            continue;
        }
        let until = events::event_date(dates, &given.until, &format!("{place}.until"), problems);
        let written = &given.discount;
        let discount = match (written.fixed, &written.index) {
            (Some(rate), None) if written.spread.is_none() && (0.0..=0.5).contains(&rate) => RateTerms::Fixed { rate },
            (None, Some(index)) if (-0.1..=0.5).contains(&written.spread.unwrap_or(0.0)) => RateTerms::Floating {
                index: index.clone(),
                spread: written.spread.unwrap_or(0.0),
                floor: f64::NEG_INFINITY,
                cap: None,
            },
            _ => {
                let message = "expected {fixed} or {index, spread}, decimals a year such as 0.045";
                problems.push(Problem::new(format!("{place}.discount"), message));
                continue;
            }
        };
        let (Some(until), Some(n)) = (until, names.get(&note.name)) else { continue };
        terms[n as usize].make_whole = Some(MakeWholeTerms { until, discount });
    }
}

/// A combination note: its rated balance, and the share of each component that it holds.
fn combination(
    note: &Note,
    others: &[NoteTerms],
    names: &Names,
    place: &str,
    problems: &mut Vec<Problem>,
) -> NoteTerms {
    let ranked = note.interest_rank.is_some() || note.principal_rank.is_some();
    if note.coupon.is_some() || ranked || note.residual || note.deferrable || note.amortization.is_some() {
        let message =
            "a combination note has no coupon, no rank, no deferral and no amortization: its components have them";
        problems.push(Problem::new(place, message));
    }
    let (mut parts, mut sum) = (Vec::new(), 0.0);
    for (name, &face) in &note.combination_of {
        let place = format!("{place}.combination_of.{name}");
        let Some(n) = names.find(name, &place, problems) else { continue };
        let whole = others.get(n as usize).map_or(0.0, |note| note.original);
        if !(face > 0.0 && face <= whole) {
            let message = format!("found {face}; expected an amount above zero, up to the balance of {name}, {whole}");
            problems.push(Problem::new(place, message));
        }
        sum += face;
        parts.push((n, face / whole));
    }
    NoteTerms {
        name: note.name.clone(),
        original: if note.balance > 0.0 { note.balance } else { sum },
        at_closing: if note.balance > 0.0 { note.balance } else { sum },
        issue_price: note.issue_price,
        interest_rank: u32::MAX,
        principal_rank: None,
        deferrable: false,
        residual: false,
        coupon: None,
        amortization: None,
        rating: note.rating.values().next().cloned().unwrap_or_default(),
        combination: parts,
        replaces: None,
        since: 0,
        make_whole: None,
    }
}

fn coupon(coupon: &Coupon, place: &str, problems: &mut Vec<Problem>) -> Option<CouponTerms> {
    let floating = coupon.spread.is_some() || coupon.index.is_some();
    let rate = match (coupon.fixed, coupon.index.as_ref(), coupon.spread) {
        (Some(rate), None, None) => RateTerms::Fixed { rate },
        (None, Some(index), Some(spread)) => {
            RateTerms::Floating { index: index.clone(), spread, floor: coupon.floor.unwrap_or(0.0), cap: coupon.cap }
        }
        _ => {
            problems.push(Problem::new(place, "expected either {index, spread} or {fixed}"));
            return None;
        }
    };
    let default = if floating { "act/360" } else { "30/360" };
    let name = coupon.day_count.as_deref().unwrap_or(default);
    let Some(day_count) = DayCount::parse(name) else {
        problems.push(Problem::new(
            format!("{place}.day_count"),
            format!("found {name:?}; expected act/360, act/365, act/act, 30/360 or 30e/360"),
        ));
        return None;
    };
    let mut steps = Vec::new();
    for (k, step) in coupon.step_up.iter().enumerate() {
        let place = format!("{place}.step_up[{k}]");
        let value = if floating { step.spread } else { step.fixed };
        if step.from.is_some() == step.when.is_some() {
            problems.push(Problem::new(place, "found neither or both of from and when; expected one of them"));
            continue;
        }
        let Some(from) = &step.from else {
            if value.is_none() {
                let key = if floating { "spread" } else { "fixed" };
                problems.push(Problem::new(place, format!("missing `{key}`")));
            }
            continue;
        };
        match (date(from, &format!("{place}.from"), problems), value) {
            (Some(from), Some(value)) => steps.push((from, value)),
            (_, None) => {
                let key = if floating { "spread" } else { "fixed" };
                problems.push(Problem::new(place, format!("missing `{key}`")));
            }
            _ => {}
        }
    }
    steps.sort_by_key(|(from, _)| *from);
    Some(CouponTerms { rate, day_count, steps })
}

/// A class may not be senior in interest and junior in principal.
fn contradictions(notes: &[NoteTerms], places: &[String], problems: &mut Vec<Problem>) {
    for (i, a) in notes.iter().enumerate() {
        for b in &notes[i + 1..] {
            if let (Some(pa), Some(pb)) = (a.principal_rank, b.principal_rank) {
                let interest = a.interest_rank.cmp(&b.interest_rank);
                let principal = pa.cmp(&pb);
                if interest != principal && interest == principal.reverse() {
                    problems.push(Problem::new(
                        places[i].clone(),
                        format!(
                            "contradictory ranks: {} has interest rank {} and principal rank {pa}, {} has {} and {pb}",
                            a.name, a.interest_rank, b.name, b.interest_rank
                        ),
                    ));
                }
            }
        }
    }
    if !notes.is_empty() && !notes.iter().any(|n| n.residual) {
        problems.push(Problem::new("notes", "no residual note; expected one that receives what is left"));
    }
    if notes.is_empty() {
        problems.push(Problem::new("notes", "empty; expected at least one residual note"));
    }
}

/// Notes of each principal rank, most senior first.
#[must_use]
pub fn ranks(notes: &[NoteTerms]) -> Vec<Vec<u16>> {
    let mut values: Vec<u32> = notes.iter().filter_map(|n| n.principal_rank).collect();
    values.sort_unstable();
    values.dedup();
    values
        .iter()
        .map(|rank| (0_u16..).zip(notes).filter(|(_, n)| n.principal_rank == Some(*rank)).map(|(i, _)| i).collect())
        .collect()
}

/// The ranks, each with the classes outside them that share its interest rank; the most senior rank takes what shares
/// none.
#[must_use]
pub fn with_unranked(notes: &[NoteTerms], ranks: &[Vec<u16>]) -> Vec<Vec<u16>> {
    let mut out = ranks.to_vec();
    for (i, note) in (0_u16..).zip(notes) {
        if note.residual || note.is_combination() || note.principal_rank.is_some() {
            continue;
        }
        let alike = |rank: &Vec<u16>| rank.iter().any(|&n| notes[n as usize].interest_rank == note.interest_rank);
        let place = ranks.iter().position(alike).unwrap_or(0);
        if let Some(group) = out.get_mut(place) {
            group.push(i);
            group.sort_unstable();
        }
    }
    out
}
