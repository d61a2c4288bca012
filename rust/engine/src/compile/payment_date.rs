//! From a state document to the figures of one payment date.

mod checks;
mod fees;
mod readings;

pub use checks::{check_amounts, check_names};
pub use fees::hurdle_balance;

use crate::compile::dates::date;
use crate::compile::deal::CompiledDeal;
use crate::compile::periods::hedge_net;
use crate::coverage::ccc_excess::{AGENCIES, CccAsset, EVERY_AGENCY};
use crate::error::{EngineError, Problem};
use crate::fees::{FeeBase, share_on, sliced};
use crate::hedges::Notional;
use crate::lanes::Pack;
use crate::math;
use crate::notes::RateTerms;
use crate::path::deal_terms::DealTerms;
use crate::path::payment_date::{CollateralFigures, FeeOpening, NoteOpening, PaymentDateInput};
use crate::spec::DealState;
use crate::spec::state::{AssetState, CollateralState, FeeBases};
use crate::state::Status;
use crate::time::Date;

/// Years after which a defaulted obligation counts nothing.
const YEARS_CARRIED: f64 = 3.0;
/// A cap that does not bind.
const NO_CAP: f64 = 1e300;

/// Compiles one payment date.
///
/// # Errors
/// [`EngineError::Deal`] with the place of each problem of the state.
pub fn compile_payment_date(deal: &CompiledDeal, state: &DealState) -> Result<PaymentDateInput, EngineError> {
    let in_force = match Date::parse(&state.payment_date) {
        Some(date) if !deal.regimes.is_empty() => Some(deal.on(date)?),
        _ => None,
    };
    let deal = in_force.as_ref().unwrap_or(deal);
    let mut problems = Vec::new();
    let terms = &deal.terms;
    let status = status(state, &mut problems);
    let sale = state.collected.liquidation.as_ref();
    if sale.is_some() && status == Status::Normal {
        problems.push(Problem::new(
            "state.collected.liquidation",
            "found a sale of the collateral in a state that is normal; expected status accelerated or redemption",
        ));
    }
    let Some(StateDates { payment, previous, determination, period }) = dates(deal, state, &mut problems) else {
        return Err(EngineError::Deal(problems));
    };
    check_names(deal, state, &mut problems);
    check_amounts(state, &mut problems);
    let notes = notes(deal, state, period, payment, previous, &mut problems);
    let collateral = collateral(deal, state, &mut problems);
    let Some(period) = period else { return Err(EngineError::Deal(problems)) };
    let performing =
        collateral.plain_par + collateral.discount_par + collateral.ccc.iter().map(|(_, par)| par).sum::<f64>();
    let sold = sale.map_or(0.0, |sale| if sale.costs < sale.proceeds { sale.proceeds - sale.costs } else { 0.0 });
    let commitments = commitments(deal, state, period, &notes);
    let prices = terms.commitments.iter().map(|commitment| terms.notes[commitment.note as usize].issue_price);
    let drawn: f64 = commitments.iter().zip(prices).map(|([.., scheduled], price)| scheduled * price).sum();
    let principal = state.collected.principal + drawn;
    let principal_amount = performing + principal + sold;
    let fee_basis = state.fee_basis.unwrap_or(principal_amount + collateral.defaulted_par);
    // What the state does not tell of the last determination date is read on this one.
    let here = FeeBases { performing_par: performing, collateral_principal_amount: principal_amount };
    let bases = state.fee_bases.as_ref().unwrap_or(&here);
    let fees = terms
        .fees
        .iter()
        .map(|fee| {
            let given = state.fees.get(&fee.name);
            let base = match fee.base {
                FeeBase::FeeBasis => fees::on_date(fee, fee_basis, principal_amount + collateral.defaulted_par),
                FeeBase::PerformingPar => fees::on_date(fee, bases.performing_par, performing),
                FeeBase::CollateralPrincipalAmount => {
                    fees::on_date(fee, bases.collateral_principal_amount, principal_amount)
                }
                FeeBase::Note(n) => notes[n as usize].balance,
            };
            let fraction = fee.day_count.fraction(previous, payment);
            let slices = sliced(&fee.tiers, Pack([base])).0[0];
            let computed = fee.amount_per_period + (fee.rate * base + slices + fee.fixed_per_year) * fraction;
            let hurdle = fee.hurdle.as_ref().and_then(|h| h.irr);
            let start = terms.grid.periods[period].previous_unadjusted;
            let charged = computed * (1.0 - share_on(&fee.waived, start));
            let postponed = if fee.hurdle.is_some() { 0.0 } else { charged * share_on(&fee.deferred, start) };
            let due = given.and_then(|g| g.due);
            let own_cap = fee.cap.as_ref().map_or(0.0, |cap| {
                (cap.rate * fee_basis + cap.fixed_per_year) * cap.day_count.fraction(previous, payment)
            });
            let unused = given.map_or(&[][..], |g| g.unused_cap.as_slice());
            FeeOpening {
                base,
                current: due.unwrap_or(if fee.hurdle.is_some() { 0.0 } else { charged - postponed }),
                postponed: if due.is_some() { 0.0 } else { postponed },
                unpaid: given.map_or(0.0, |g| g.unpaid + g.deferred.unwrap_or(0.0))
                    * (1.0 + fees::unpaid_rate(fee, state, &mut problems) * fraction),
                cap: fee.cap.as_ref().filter(|cap| !cap.is_lifted(status, sale.is_some())).map_or(NO_CAP, |cap| {
                    let last = unused.iter().rev();
                    let room = own_cap + last.take(cap.carry_over as usize).sum::<f64>();
                    if room > 0.0 { room } else { 0.0 }
                }),
                own_cap,
                unused: unused.to_vec(),
                hurdle: hurdle.map_or(0.0, |irr| match given.and_then(|g| g.hurdle) {
                    // What it was after the payments of the date before.
                    Some(before) => before * grown(irr, previous, payment),
                    None => hurdle_balance(deal, state, irr, (payment, false), &mut problems),
                }),
            }
        })
        .collect();
    let accounts = terms
        .accounts
        .iter()
        .map(|account| state.accounts.get(&account.name).copied().unwrap_or(account.initial))
        .collect();
    let grid = &terms.grid.periods[period];
    let hedges =
        hedges(terms, state, [previous, payment], [grid.previous_unadjusted, grid.unadjusted], &notes, &mut problems);
    let higher = terms
        .fees
        .iter()
        .flat_map(|fee| {
            let given = state.fees.get(&fee.name).map_or(&[][..], |given| &given.higher_hurdles);
            (0..fee.higher.len()).map(move |h| (&fee.higher[h], given.get(h).copied()))
        })
        .map(|(hurdle, given)| match (hurdle.irr, given) {
            (None, _) => 0.0,
            (Some(irr), Some(before)) => before * grown(irr, previous, payment),
            (Some(irr), None) => hurdle_balance(deal, state, irr, (payment, false), &mut problems),
        })
        .collect();
    let readings = readings::told(deal, state, period, &mut problems);
    let confirmed = confirmed(deal, state, period, &mut problems);
    let coupon_steps = coupon_steps(deal, state, &mut problems);
    if !problems.is_empty() {
        return Err(EngineError::Deal(problems));
    }
    Ok(PaymentDateInput {
        deal: terms.clone(),
        date: payment.0,
        determination: determination.0,
        is_last: grid.is_last,
        closes_accounts: grid.is_last || status == Status::Redemption || sale.is_some(),
        status,
        sale_proceeds: sold,
        readings,
        in_reinvestment: status == Status::Normal && state.in_reinvestment_period.unwrap_or(grid.in_reinvestment),
        active: terms.tests.iter().map(|t| period >= t.first_period).collect(),
        confirmed,
        coupon_steps,
        interest: state.collected.interest,
        principal,
        commitments,
        may_draw: terms.commitments.iter().map(|commitment| !commitment.has_ended(grid.unadjusted)).collect(),
        notes,
        fees,
        higher,
        accounts,
        hedges,
        collateral,
        fee_basis,
    })
}

/// What a hurdle grows by between two payment dates.
fn grown(irr: f64, from: Date, to: Date) -> f64 {
    math::pow(1.0 + irr, f64::from(to.0 - from.0) / 365.0)
}

/// Per step of a coupon under a condition: whether a state says that it is in force.
pub fn coupon_steps(deal: &CompiledDeal, state: &DealState, problems: &mut Vec<Problem>) -> Vec<bool> {
    for (name, note) in &state.notes {
        let n = deal.terms.notes.iter().position(|terms| terms.name == *name);
        for (k, step) in note.steps_in_force.iter().enumerate() {
            if !deal.terms.coupon_steps.iter().any(|of| Some(of.note as usize) == n && of.step == *step) {
                let message = format!("found {step}; expected the place of a step of its coupon that has a condition");
                problems.push(Problem::new(format!("state.notes.{name}.steps_in_force[{k}]"), message));
            }
        }
    }
    let in_force =
        |name: &str, step: u32| state.notes.get(name).is_some_and(|note| note.steps_in_force.contains(&step));
    let steps = deal.terms.coupon_steps.iter();
    steps.map(|step| in_force(&deal.terms.notes[step.note as usize].name, step.step)).collect()
}

/// Whether the ratings were confirmed before step `p`; unless the state says so, they were where an earlier date is
/// after the effective date.
pub fn confirmed(deal: &CompiledDeal, state: &DealState, p: usize, problems: &mut Vec<Problem>) -> bool {
    let Some(test) = deal.terms.target_par_test else {
        if state.ratings_confirmed.is_some() {
            let message = "the deal has no test of kind target_par; expected no such key";
            problems.push(Problem::new("state.ratings_confirmed", message));
        }
        return false;
    };
    state.ratings_confirmed.unwrap_or(p > deal.terms.tests[test as usize].first_period)
}

/// What hedge counterparties are owed; what a hedge brings is among what was collected.
fn hedges(
    terms: &DealTerms,
    state: &DealState,
    adjusted: [Date; 2],
    unadjusted: [Date; 2],
    notes: &[NoteOpening],
    problems: &mut Vec<Problem>,
) -> Vec<[f64; 2]> {
    let mut out = Vec::with_capacity(terms.hedges.len());
    for hedge in &terms.hedges {
        let given = state.hedges.get(&hedge.name);
        let mut fixing = |index: &str| {
            state.index_fixings.get(index).copied().unwrap_or_else(|| {
                let message = format!("no fixing of {index}, which hedge {:?} exchanges", hedge.name);
                problems.push(Problem::new("state.index_fixings", message));
                0.0
            })
        };
        let ended = hedge.termination.is_some_and(|end| end.date <= unadjusted[0]);
        let owed = given.and_then(|given| given.due).unwrap_or_else(|| {
            let units = match hedge.notional {
                Notional::Note(note) => notes[note as usize].balance,
                Notional::Dates(_) => 1.0,
            };
            let net = if ended { 0.0 } else { hedge_net(hedge, adjusted, unadjusted, &mut fixing) * units };
            if net < 0.0 { -net } else { 0.0 }
        });
        let ends = hedge.termination.filter(|end| end.date > unadjusted[0] && end.date <= unadjusted[1]);
        let cost = ends.map_or(0.0, |end| if end.amount > 0.0 { end.amount } else { 0.0 });
        let unpaid = given.map_or([0.0; 2], |given| [given.unpaid, given.termination.unwrap_or(0.0)]);
        out.push([owed + unpaid[0], cost + unpaid[1]]);
    }
    out
}

/// The dates of a state.
#[derive(Clone, Copy, Debug)]
pub struct StateDates {
    pub payment: Date,
    pub previous: Date,
    pub determination: Date,
    /// Step (from 0) of the payment date; none where it is not on the schedule.
    pub period: Option<usize>,
}

/// Reads the dates of a state.
pub fn dates(deal: &CompiledDeal, state: &DealState, problems: &mut Vec<Problem>) -> Option<StateDates> {
    let payment = date(&state.payment_date, "state.payment_date", problems);
    let previous = date(&state.previous_payment_date, "state.previous_payment_date", problems);
    let determination = date(&state.determination_date, "state.determination_date", problems);
    let (payment, previous, determination) = (payment?, previous?, determination?);
    if previous >= payment {
        problems.push(Problem::new(
            "state.previous_payment_date",
            format!("found {previous}; expected a date before {payment}"),
        ));
    }
    if determination > payment {
        problems.push(Problem::new(
            "state.determination_date",
            format!("found {determination}; expected a date up to {payment}"),
        ));
    }
    let period = deal.terms.grid.periods.iter().position(|p| p.payment == payment);
    if period.is_none() {
        problems.push(Problem::new(
            "state.payment_date",
            format!("{payment} is not a payment date of the deal's schedule"),
        ));
    }
    Some(StateDates { payment, previous, determination, period })
}

/// Reads the status of a state.
pub fn status(state: &DealState, problems: &mut Vec<Problem>) -> Status {
    let status = Status::of(&state.status);
    if status.is_none() {
        problems.push(Problem::new(
            "state.status",
            format!("found {:?}; expected normal, accelerated or redemption", state.status),
        ));
    }
    status.unwrap_or_default()
}

fn notes(
    deal: &CompiledDeal,
    state: &DealState,
    period: Option<usize>,
    payment: Date,
    previous: Date,
    problems: &mut Vec<Problem>,
) -> Vec<NoteOpening> {
    let grid = period.map(|p| &deal.terms.grid.periods[p]);
    deal.terms
        .notes
        .iter()
        .map(|note| {
            let given = state.notes.get(&note.name).cloned().unwrap_or_default();
            let mut opening = NoteOpening {
                balance: given.balance,
                deferred: given.deferred_interest,
                overdue: given.interest_shortfall,
                amortization_due: given
                    .amortization_due
                    .unwrap_or_else(|| period.map_or(0.0, |p| note.instalment(p + 1))),
                index_rate: f64::NAN,
                ..NoteOpening::default()
            };
            if let Some(coupon) = &note.coupon {
                let (start, end) = grid.map_or((previous, payment), |g| (g.previous_unadjusted, g.unadjusted));
                let margin = coupon.margin(start);
                opening.rate = match &coupon.rate {
                    RateTerms::Fixed { .. } => margin,
                    RateTerms::Floating { index, floor, cap, .. } => {
                        let fixed = state.index_fixings.get(index).copied().unwrap_or_else(|| {
                            let problem = Problem::new(
                                "state.index_fixings",
                                format!("no fixing of {index}, which the notes pay"),
                            );
                            if !problems.contains(&problem) {
                                problems.push(problem);
                            }
                            0.0
                        });
                        opening.index_rate = fixed;
                        let floored = if fixed > *floor { fixed } else { *floor };
                        margin
                            + match cap {
                                Some(cap) if floored > *cap => *cap,
                                _ => floored,
                            }
                    }
                };
                for step in deal.terms.coupon_steps.iter().filter(|step| {
                    deal.terms.notes[step.note as usize].name == note.name && given.steps_in_force.contains(&step.step)
                }) {
                    opening.rate = coupon.rate_with(opening.index_rate, step.margin);
                }
                if opening.rate < 0.0 {
                    opening.rate = 0.0;
                }
                opening.day_count_fraction = if coupon.on_unadjusted_dates() {
                    coupon.day_count.fraction(start, end)
                } else {
                    coupon.day_count.fraction(previous, payment)
                };
            }
            opening
        })
        .collect()
}

/// Per commitment: undrawn before the date, its fee on a unit, what can be drawn, and what is drawn whatever happens.
fn commitments(deal: &CompiledDeal, state: &DealState, period: usize, notes: &[NoteOpening]) -> Vec<[f64; 4]> {
    let grid = &deal.terms.grid.periods[period];
    let (start, end) = (grid.previous_unadjusted, grid.unadjusted);
    let mut out = Vec::new();
    for terms in &deal.terms.commitments {
        let n = terms.note as usize;
        let note = &deal.terms.notes[n];
        let drawn = state.notes.get(&note.name).and_then(|given| given.drawn).unwrap_or(0.0);
        let used = if terms.revolving { notes[n].balance } else { note.at_closing + drawn };
        let undrawn = if terms.amount > used { terms.amount - used } else { 0.0 };
        let fee = if terms.has_ended(start) { 0.0 } else { terms.fee * notes[n].day_count_fraction };
        let available = if terms.has_ended(end) { 0.0 } else { undrawn };
        let due = terms.scheduled(start, end, period == 0);
        out.push([undrawn, fee, available, if due < available { due } else { available }]);
    }
    out
}

fn price(asset: &AssetState, value: Option<f64>, place: &str, what: &str, problems: &mut Vec<Problem>) -> f64 {
    match value {
        Some(x) if (0.0..=2.0).contains(&x) => x,
        Some(x) => {
            problems.push(Problem::new(
                format!("{place}.{what}"),
                format!("found {x}; expected a share of par such as 0.55"),
            ));
            0.0
        }
        None => {
            problems.push(Problem::new(format!("{place}.{what}"), format!("missing for asset {:?}", asset.id)));
            0.0
        }
    }
}

/// The agencies of a CCC asset, a bit each.
fn agencies(asset: &AssetState, place: &str, problems: &mut Vec<Problem>) -> u8 {
    let mut bits = 0;
    for (k, name) in asset.agencies.iter().flatten().enumerate() {
        match AGENCIES.iter().position(|known| known == name) {
            Some(a) => bits |= 1 << a,
            None => problems.push(Problem::new(
                format!("{place}.agencies[{k}]"),
                format!("found {name:?}; expected one of {}", AGENCIES.join(", ")),
            )),
        }
    }
    if bits == 0 { EVERY_AGENCY } else { bits }
}

fn collateral(deal: &CompiledDeal, state: &DealState, problems: &mut Vec<Problem>) -> CollateralFigures {
    let missing = CollateralState::default();
    let given = state.collateral.as_ref().unwrap_or_else(|| {
        problems.push(Problem::new("state.collateral", "missing; expected {performing_par: …}"));
        &missing
    });
    let mut out = CollateralFigures {
        plain_par: given.performing_par,
        ccc_limit: deal.terms.ccc_limit,
        ccc_base: deal.terms.ccc_base,
        ..CollateralFigures::default()
    };
    for (i, asset) in given.ccc.iter().enumerate() {
        let place = format!("state.collateral.ccc[{i}]");
        let market = price(asset, asset.market_price, &place, "market_price", problems);
        let discount = asset.purchase_price.map_or(0.0, |p| if p < 1.0 { 1.0 - p } else { 0.0 });
        if discount > 0.0 && !deal.conventions.discount_in_ccc {
            out.discount_par += asset.par;
            out.discount_haircut += asset.par * discount;
        } else {
            out.ccc
                .push((CccAsset { price: market, discount, agencies: agencies(asset, &place, problems) }, asset.par));
        }
    }
    out.ccc.sort_by(|a, b| a.0.price.total_cmp(&b.0.price));
    for (i, asset) in given.discount.iter().enumerate() {
        let place = format!("state.collateral.discount[{i}]");
        let cost = price(asset, asset.purchase_price, &place, "purchase_price", problems);
        out.discount_par += asset.par;
        out.discount_haircut += asset.par * (1.0 - cost);
    }
    for (i, asset) in given.defaulted.iter().enumerate() {
        let place = format!("state.collateral.defaulted[{i}]");
        let recovery = price(asset, asset.recovery, &place, "recovery", problems);
        let market = price(asset, asset.market_price.or(Some(recovery)), &place, "market_price", problems);
        out.defaulted_par += asset.par;
        out.defaulted_market += asset.par * market;
        if asset.years_since_default.unwrap_or(0.0) <= YEARS_CARRIED {
            let lesser = if market < recovery { market } else { recovery };
            out.defaulted_carrying += asset.par
                * match deal.document.collateral.defaulted_value.as_deref() {
                    Some("market") => market,
                    Some("recovery") => recovery,
                    Some("zero") => 0.0,
                    _ => lesser,
                };
        }
    }
    out
}
