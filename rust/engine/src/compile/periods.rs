//! The scalars of each payment date: coupons, day-count fractions, hurdles, cash income.

use crate::compile::deal::CompiledDeal;
use crate::error::Problem;
use crate::fees;
use crate::hedges::{HedgeTerms, Leg};
use crate::lifecycle::{Change, Repricing};
use crate::math;
use crate::notes::make_whole::{self, Accrued};
use crate::notes::{CouponTerms, RateTerms};
use crate::path::commitments::CommitmentDate;
use crate::path::instalments;
use crate::path::opening::Opening;
use crate::path::plan::PeriodTerms;
use crate::rates::Curves;
use crate::time::schedule::Period;
use crate::time::{Date, DayCount, thirty_360};

/// The index that assets and cash follow where nothing else is said: that of the first floating class.
#[must_use]
pub fn deal_index(deal: &CompiledDeal) -> String {
    deal.terms
        .notes
        .iter()
        .enumerate()
        .filter(|(n, note)| deal.rule.own(*n) || (note.replaces.is_none() && !deal.terms.foreign.note(*n)))
        .filter_map(|(_, note)| note.coupon.as_ref())
        .find_map(|c| match &c.rate {
            RateTerms::Floating { index, .. } => Some(index.clone()),
            RateTerms::Fixed { .. } => None,
        })
        .unwrap_or_else(|| if deal.document.currency == "EUR" { "euribor_3m" } else { "sofr_3m" }.to_owned())
}

/// Fixing of the deal's accrual period `p`; a long first period is interpolated between two tenors that enclose it.
pub fn fixing(deal: &CompiledDeal, curves: &Curves, index: &str, p: usize) -> Result<f64, String> {
    fixing_of(deal, curves, index, p, &deal.terms.grid.periods[p])
}

/// The same of a period of other payment dates.
fn fixing_of(deal: &CompiledDeal, curves: &Curves, index: &str, p: usize, period: &Period) -> Result<f64, String> {
    let [from, to] = period.fixed_for;
    // Where a redemption cuts the first period, both parts have its fixing.
    let periods = &deal.terms.grid.periods;
    let whole = |part: &&Period| part.fixed_for == period.fixed_for;
    let is_first =
        p == deal.dates.counted_from || periods.get(deal.dates.counted_from).is_some_and(|first| whole(&first));
    // A period that only its move to a business day makes longer is not a long one.
    let until = periods.iter().rev().find(whole).map_or(period.unadjusted, |last| last.unadjusted);
    if is_first && Curves::accrues_longer(index, from, until) {
        return curves.interpolated_fixing(index, from, to, period.fixing);
    }
    curves.fixing(index, period.fixing)
}

/// What a coupon pays in an accrual period.
struct Paid {
    /// NaN of a fixed rate.
    index_rate: f64,
    rate: f64,
    fraction: f64,
}

/// What a coupon pays in period `p` as the document states it; a fixing that is missing is a problem.
fn pays(
    deal: &CompiledDeal,
    curves: &Curves,
    coupon: &CouponTerms,
    p: usize,
    period: &Period,
    problems: &mut Vec<Problem>,
) -> Paid {
    let (mut index_rate, mut rate) = (f64::NAN, 0.0);
    let margin = coupon.margin(period.previous_unadjusted);
    match &coupon.rate {
        RateTerms::Fixed { .. } => rate = margin,
        RateTerms::Floating { index, .. } => match fixing_of(deal, curves, index, p, period) {
            Ok(fixed) => {
                index_rate = fixed;
                rate = coupon.rate_with(fixed, margin);
            }
            Err(message) => report(problems, message),
        },
    }
    if rate < 0.0 {
        rate = 0.0;
    }
    let fraction = if coupon.on_unadjusted_dates() {
        coupon.day_count.fraction(period.previous_unadjusted, period.unadjusted)
    } else {
        coupon.day_count.fraction(period.previous_payment, period.payment)
    };
    Paid { index_rate, rate, fraction }
}

/// All payment dates of a run whose credit time counts from `as_of`, from closing or the state that it goes on from.
pub fn compile(
    deal: &CompiledDeal,
    curves: &Curves,
    cash_spread: f64,
    as_of: Date,
    opening: Option<&Opening>,
    (changes, repricings): (&[Change], &[Repricing]),
    problems: &mut Vec<Problem>,
) -> Vec<PeriodTerms> {
    let terms = &deal.terms;
    let of_events = instalments::of_events(&terms.notes, changes);
    let index = deal_index(deal);
    let first = opening.map_or(0, |opening| opening.first);
    let first = if first > deal.rule.since { first } else { deal.rule.since };
    let ended = opening.is_some_and(|opening| opening.reinvestment_ended);
    let last_run = opening.and_then(|o| o.first.checked_sub(1)).map(|p| &terms.grid.periods[p]);
    let (paid, unadjusted) = last_run.map_or((terms.grid.closing, terms.grid.closing), |p| (p.payment, p.unadjusted));
    let mut out = Vec::with_capacity(terms.grid.periods.len());
    for (p, period) in terms.grid.periods.iter().enumerate() {
        // What was fixed before the run starts is not paid in it.
        let mut of_the_past = Vec::new();
        let problems: &mut Vec<Problem> = if p < first { &mut of_the_past } else { &mut *problems };
        let mut row = PeriodTerms {
            payment: period.payment.0,
            determination: period.determination.0,
            sale_determination: period.sale_determination.0,
            in_reinvestment: period.in_reinvestment && !ended,
            is_last: period.is_last,
            years: f64::from(period.payment - paid) / 365.0,
            anniversary: thirty_360(unadjusted, period.unadjusted),
            credit_time: thirty_360(as_of, period.unadjusted),
            ..PeriodTerms::default()
        };
        for column in
            [&mut row.index_rate, &mut row.rate, &mut row.day_count_fraction, &mut row.coupon, &mut row.instalment]
        {
            column.reserve_exact(terms.notes.len());
        }
        for column in [
            &mut row.fee_fraction,
            &mut row.cap_fraction,
            &mut row.hurdle_growth,
            &mut row.waived,
            &mut row.deferred,
            &mut row.unpaid_rate,
        ] {
            column.reserve_exact(terms.fees.len());
        }
        for (n, note) in (0_u16..).zip(&terms.notes) {
            let nothing = Paid { index_rate: f64::NAN, rate: 0.0, fraction: 0.0 };
            let coupon = note.coupon.as_ref();
            let Paid { index_rate, rate, fraction } =
                coupon.map_or(nothing, |coupon| pays(deal, curves, coupon, p, period, problems));
            row.index_rate.push(index_rate);
            row.rate.push(rate);
            row.day_count_fraction.push(fraction);
            row.coupon.push(rate * fraction);
            let own = of_events.iter().all(|given| given.note != n);
            row.instalment.push(if own { note.instalment((p + 1).saturating_sub(note.since)) } else { 0.0 });
        }
        for repricing in repricings {
            let n = repricing.note as usize;
            let Some(coupon) = &terms.notes[n].coupon else { continue };
            let margin = coupon.margin(period.previous_unadjusted);
            let rate = match &coupon.rate {
                RateTerms::Floating { .. } => coupon.rate_with(row.index_rate[n], repricing.spread),
                RateTerms::Fixed { .. } => margin,
            };
            let rate = if rate > 0.0 { rate } else { 0.0 };
            row.repriced.push(rate * row.day_count_fraction[n]);
            let before = p.checked_sub(1).map(|p| terms.grid.periods[p].previous_unadjusted);
            let begins = |from: Date| from <= period.previous_unadjusted && before.is_some_and(|before| from > before);
            row.steps_up.push(coupon.steps.iter().any(|(from, _)| begins(*from)));
        }
        for step in &terms.coupon_steps {
            let n = step.note as usize;
            let rate = terms.notes[n].coupon.as_ref().map_or(0.0, |c| c.rate_with(row.index_rate[n], step.margin));
            row.stepped.push((if rate > 0.0 { rate } else { 0.0 }) * row.day_count_fraction[n]);
        }
        let days = f64::from(period.payment - period.previous_payment);
        for fee in &terms.fees {
            row.fee_fraction.push(fee.day_count.fraction(period.previous_payment, period.payment));
            row.cap_fraction.push(
                fee.cap.as_ref().map_or(0.0, |cap| cap.day_count.fraction(period.previous_payment, period.payment)),
            );
            row.hurdle_growth
                .push(fee.hurdle.as_ref().and_then(|h| h.irr).map_or(0.0, |irr| math::pow(1.0 + irr, days / 365.0)));
        }
        for fee in &terms.fees {
            for hurdle in &fee.higher {
                row.higher_growth.push(hurdle.irr.map_or(0.0, |irr| math::pow(1.0 + irr, days / 365.0)));
            }
            row.waived.push(fees::share_on(&fee.waived, period.previous_unadjusted));
            row.deferred.push(fees::share_on(&fee.deferred, period.previous_unadjusted));
        }
        for fee in &terms.fees {
            let rate = match &fee.unpaid_interest {
                None => 0.0,
                Some(RateTerms::Fixed { rate }) => *rate,
                Some(RateTerms::Floating { index, spread, floor, .. }) => match fixing(deal, curves, index, p) {
                    Ok(fixed) => (if fixed > *floor { fixed } else { *floor }) + spread,
                    Err(message) => {
                        report(problems, message);
                        0.0
                    }
                },
            };
            row.unpaid_rate.push(rate * fee.day_count.fraction(period.previous_payment, period.payment));
        }
        let mut fixed = |index: &str| {
            fixing(deal, curves, index, p).unwrap_or_else(|message| {
                report(problems, message);
                0.0
            })
        };
        let adjusted = [period.previous_payment, period.payment];
        let unadjusted = [period.previous_unadjusted, period.unadjusted];
        for hedge in &terms.hedges {
            let ends = hedge.termination.map_or(terms.grid.periods.len(), |end| {
                terms.grid.periods.iter().position(|p| p.unadjusted >= end.date).unwrap_or(terms.grid.periods.len())
            });
            row.hedge_net.push(if p > ends { 0.0 } else { hedge_net(hedge, adjusted, unadjusted, &mut fixed) });
            row.hedge_end.push(hedge.termination.filter(|_| p == ends).map_or(0.0, |end| end.amount));
        }
        for commitment in &terms.commitments {
            if terms.foreign.note(commitment.note.into()) {
                // A class of another document is not drawn on.
                row.commitments.push(CommitmentDate::default());
                continue;
            }
            row.commitments.push(CommitmentDate {
                fee: if commitment.has_ended(period.previous_unadjusted) {
                    0.0
                } else {
                    commitment.fee * row.day_count_fraction[commitment.note as usize]
                },
                open: !commitment.has_ended(period.unadjusted),
                scheduled: commitment.scheduled(
                    period.previous_unadjusted,
                    period.unadjusted,
                    p == terms.notes[commitment.note as usize].since,
                ),
            });
        }
        row.active =
            terms.tests.iter().enumerate().map(|(t, test)| p >= test.first_period && !terms.foreign.test(t)).collect();
        row.inactive =
            terms.tests.iter().zip(&row.active).filter(|(_, active)| !**active).fold(0, |bits, (t, _)| bits | t.bit);
        row.coupons_positive = row.coupon.iter().all(|coupon| *coupon >= 0.0);
        match fixing(deal, curves, &index, p) {
            Ok(fixed) => {
                let rate = fixed + cash_spread;
                let held_from = if as_of > period.previous_payment { as_of } else { period.previous_payment };
                let fraction = DayCount::Act360.fraction(held_from, period.collection_last);
                row.cash_income = if rate > 0.0 { rate * fraction } else { 0.0 };
                let sold = DayCount::Act360.fraction(held_from, period.sale_last);
                row.sale_cash_income = if rate > 0.0 { rate * sold } else { 0.0 };
            }
            Err(message) => report(problems, message),
        }
        out.push(row);
    }
    make_whole(deal, curves, first, &mut out, problems);
    out
}

/// What a redemption on each date pays above par for a unit of each note.
///
/// It looks ahead along the payment dates of the document itself, whatever follows it.
fn make_whole(
    deal: &CompiledDeal,
    curves: &Curves,
    first: usize,
    rows: &mut [PeriodTerms],
    problems: &mut Vec<Problem>,
) {
    let terms = &deal.terms;
    if terms.notes.iter().all(|note| note.make_whole.is_none()) {
        return;
    }
    for row in &mut *rows {
        row.make_whole.resize(terms.notes.len(), 0.0);
    }
    let periods = &deal.dates.alone.as_ref().unwrap_or(&terms.grid).periods;
    let last = periods.iter().position(|period| period.is_last).unwrap_or(periods.len() - 1);
    for (n, note) in terms.notes.iter().enumerate() {
        let (Some(given), Some(coupon)) = (&note.make_whole, &note.coupon) else { continue };
        let until = periods.iter().position(|period| period.unadjusted >= given.until).unwrap_or(last);
        let until = if until < last { until } else { last };
        let mut accrued = Vec::with_capacity(until + 1);
        for (q, period) in periods.iter().enumerate().take(until + 1) {
            if q <= first {
                // What has been fixed before is not discounted.
                accrued.push(Accrued { coupon: 0.0, discount: 0.0 });
                continue;
            }
            let Paid { rate, fraction, .. } = pays(deal, curves, coupon, q, period, problems);
            let discount = match &given.discount {
                RateTerms::Fixed { rate } => *rate,
                RateTerms::Floating { index, spread, .. } => match fixing_of(deal, curves, index, q, period) {
                    Ok(fixed) => fixed + spread,
                    Err(message) => {
                        report(problems, message);
                        0.0
                    }
                },
            };
            accrued.push(Accrued { coupon: rate * fraction, discount: discount * fraction });
        }
        for (p, row) in rows.iter_mut().enumerate().take(until).skip(first) {
            row.make_whole[n] = make_whole::premium(&accrued[p + 1..]);
        }
    }
}

/// What a hedge brings on a payment date, below zero what it costs; of a unit where a note's balance is its notional.
pub fn hedge_net(
    hedge: &HedgeTerms,
    adjusted: [Date; 2],
    unadjusted: [Date; 2],
    fixing: &mut impl FnMut(&str) -> f64,
) -> f64 {
    let mut side = |leg: Option<&Leg>| {
        leg.map_or(0.0, |leg| leg.rate(leg.index().map_or(0.0, &mut *fixing)) * leg.fraction(adjusted, unadjusted))
    };
    hedge.notional.amount(unadjusted[0]) * (side(hedge.receive.as_ref()) - side(hedge.pay.as_ref()))
}

fn report(problems: &mut Vec<Problem>, message: String) {
    let problem = Problem::new("scenario.rates", message);
    if !problems.contains(&problem) {
        problems.push(problem);
    }
}
