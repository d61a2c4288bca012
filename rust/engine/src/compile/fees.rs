//! Fees: bases, caps, hurdles.

use serde_json::Value;

use crate::compile::dates::date;
use crate::compile::names::Names;
use crate::error::Problem;
use crate::fees::{Accrual, BaseDate, FeeBase, FeeCapTerms, FeeTerms, FeeTier, HurdleTerms, Lifted};
use crate::notes::RateTerms;
use crate::spec::deal::{Fee, Hurdle, ShareByDate, Tier};
use crate::time::{Date, DayCount};

/// Compiles the fees.
pub fn compile(fees: &[Fee], notes: &Names, problems: &mut Vec<Problem>) -> Vec<FeeTerms> {
    fees.iter().enumerate().map(|(i, fee)| one(fee, &format!("fees[{i}]"), notes, problems)).collect()
}

/// A fee of which only what is put on its account is due.
#[must_use]
pub fn unpriced(name: &str) -> FeeTerms {
    FeeTerms {
        name: name.to_owned(),
        amount_per_period: 0.0,
        rate: 0.0,
        fixed_per_year: 0.0,
        tiers: Vec::new(),
        base: FeeBase::FeeBasis,
        base_date: BaseDate::PeriodStart,
        day_count: DayCount::Act360,
        cap: None,
        hurdle: None,
        higher: Vec::new(),
        waived: Vec::new(),
        deferred: Vec::new(),
        unpaid_interest: None,
        accrual: Accrual::Fixed,
    }
}

fn one(fee: &Fee, place: &str, notes: &Names, problems: &mut Vec<Problem>) -> FeeTerms {
    let nothing = fee.amount_per_period.is_none()
        && fee.rate.is_none()
        && fee.fixed_per_year.is_none()
        && fee.hurdles.is_empty()
        && fee.tiers.is_empty();
    if nothing {
        problems.push(Problem::new(
            place,
            format!("fee {:?} charges nothing; expected amount_per_period, rate, fixed_per_year or hurdles", fee.name),
        ));
    }
    let base = match fee.base.as_deref().unwrap_or("fee_basis") {
        "fee_basis" => FeeBase::FeeBasis,
        "performing_par" => FeeBase::PerformingPar,
        "collateral_principal_amount" => FeeBase::CollateralPrincipalAmount,
        other => {
            let name = other.strip_suffix(" balance").unwrap_or(other);
            let place = format!("{place}.base");
            if let Some(n) = notes.get(name) {
                FeeBase::Note(n)
            } else {
                let known = notes.list().join(", ");
                problems.push(Problem::new(
                    place,
                    format!("found {other:?}; expected fee_basis, performing_par, collateral_principal_amount or a note ({known})"),
                ));
                FeeBase::FeeBasis
            }
        }
    };
    let base_date = match fee.base_date.as_deref().unwrap_or("period_start") {
        "period_end" => BaseDate::PeriodEnd,
        "average" => BaseDate::Average,
        "period_start" => BaseDate::PeriodStart,
        other => {
            problems.push(Problem::new(
                format!("{place}.base_date"),
                format!("found {other:?}; expected period_start, period_end or average"),
            ));
            BaseDate::PeriodStart
        }
    };
    let cap = fee.cap.as_ref().map(|cap| FeeCapTerms {
        rate: cap.rate,
        fixed_per_year: cap.fixed_per_year,
        day_count: day_count(cap.day_count.as_deref(), &format!("{place}.cap.day_count"), problems),
        carry_over: cap.carry_over,
        lifted: match cap.lifted.as_deref() {
            None => Lifted::Never,
            Some("liquidated") => Lifted::Liquidated,
            Some("accelerated") => Lifted::Accelerated,
            Some(other) => {
                problems.push(Problem::new(
                    format!("{place}.cap.lifted"),
                    format!("found {other:?}; expected liquidated or accelerated"),
                ));
                Lifted::Never
            }
        },
    });
    let hurdles = hurdles(&fee.hurdles, place, problems);
    FeeTerms {
        name: fee.name.clone(),
        amount_per_period: fee.amount_per_period.unwrap_or(0.0),
        rate: fee.rate.unwrap_or(0.0),
        fixed_per_year: fee.fixed_per_year.unwrap_or(0.0),
        tiers: tiers(&fee.tiers, place, problems),
        base,
        base_date,
        day_count: day_count(fee.day_count.as_deref(), &format!("{place}.day_count"), problems),
        cap,
        hurdle: hurdles.first().cloned(),
        higher: hurdles.into_iter().skip(1).collect(),
        waived: shares(fee.waived.as_ref(), &format!("{place}.waived"), problems),
        deferred: shares(fee.deferred.as_ref(), &format!("{place}.deferred"), problems),
        unpaid_interest: fee
            .unpaid_interest
            .as_ref()
            .and_then(|rate| unpaid_interest(rate, &format!("{place}.unpaid_interest"), problems)),
        accrual: Accrual::Special,
    }
    .with_accrual()
}

/// Hurdles from the lowest up; the share of all that is left, without an IRR, comes first.
fn hurdles(written: &[Hurdle], place: &str, problems: &mut Vec<Problem>) -> Vec<HurdleTerms> {
    let mut below: Option<f64> = None;
    for (i, hurdle) in written.iter().enumerate() {
        let low = match (hurdle.irr, below) {
            (None, _) => i > 0,
            (Some(irr), Some(below)) => !(irr > below),
            (Some(_), None) => false,
        };
        if low {
            let found = hurdle.irr.map_or("none".to_owned(), |irr| irr.to_string());
            problems.push(Problem::new(
                format!("{place}.hurdles[{i}].irr"),
                format!("found {found}; expected a rate above that of the hurdle before it"),
            ));
        }
        below = hurdle.irr.or(below);
    }
    written.iter().map(|h| HurdleTerms { irr: h.irr, share: h.share }).collect()
}

/// Shares of a fee from dates on, in order.
fn shares(written: Option<&ShareByDate>, place: &str, problems: &mut Vec<Problem>) -> Vec<(Date, f64)> {
    let mut out = Vec::new();
    match written {
        None => {}
        Some(ShareByDate::Share(share)) => out.push((Date(i32::MIN), *share)),
        Some(ShareByDate::Dates(dates)) => {
            for (from, share) in dates {
                if let Some(from) = date(from, &format!("{place}.{from}"), problems) {
                    out.push((from, *share));
                }
            }
        }
    }
    if let Some((_, share)) = out.iter().find(|(_, share)| !(0.0..=1.0).contains(share)) {
        problems.push(Problem::new(place, format!("found {share}; expected a decimal from 0 to 1")));
    }
    out.sort_by_key(|(from, _)| *from);
    out
}

/// Slices of the base, each from where the one before ends; only the last may have no end.
fn tiers(written: &[Tier], place: &str, problems: &mut Vec<Problem>) -> Vec<FeeTier> {
    let mut above = 0.0;
    written
        .iter()
        .enumerate()
        .map(|(i, tier)| {
            let up_to = tier.up_to.unwrap_or(f64::INFINITY);
            if !(up_to > above) {
                let expected = if above.is_finite() {
                    format!("expected an amount above {above}, where the slice before it ends")
                } else {
                    "expected no slice after the one without an end".to_owned()
                };
                let found = tier.up_to.map_or("none".to_owned(), |x| x.to_string());
                problems.push(Problem::new(format!("{place}.tiers[{i}].up_to"), format!("found {found}; {expected}")));
            }
            let slice = FeeTier { above, up_to, rate: tier.rate };
            above = up_to;
            slice
        })
        .collect()
}

/// The rate that unpaid amounts bear: `none`, an index and a spread, or a fixed rate.
fn unpaid_interest(written: &Value, place: &str, problems: &mut Vec<Problem>) -> Option<RateTerms> {
    let number = |key: &str| written.get(key).and_then(Value::as_f64);
    match (written.get("index").and_then(Value::as_str), number("fixed")) {
        (None, Some(rate)) => Some(RateTerms::Fixed { rate }),
        (Some(index), None) => {
            let spread = number("spread").unwrap_or(0.0);
            Some(RateTerms::Floating { index: index.to_owned(), spread, floor: 0.0, cap: None })
        }
        _ if written.as_str() == Some("none") => None,
        _ => {
            problems.push(Problem::new(place, format!("found {written}; expected none, index and spread, or fixed")));
            None
        }
    }
}

fn day_count(name: Option<&str>, place: &str, problems: &mut Vec<Problem>) -> DayCount {
    let name = name.unwrap_or("act/360");
    DayCount::parse(name).unwrap_or_else(|| {
        problems.push(Problem::new(
            place,
            format!("found {name:?}; expected act/360, act/365, act/act, 30/360 or 30e/360"),
        ));
        DayCount::Act360
    })
}
