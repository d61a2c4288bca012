//! The terms of `L` deals that differ in numbers only, as one deal with a number a lane, or with one for all where they are the
//! same deal.

use std::array::from_fn;

use crate::coverage::TestTerms;
use crate::fees::{Accrual, FeeCapTerms, FeeTerms, HurdleTerms};
use crate::lanes::{Common, DealParam, Numbers, Pack};
use crate::notes::NoteTerms;
use crate::path::deal_terms::DealTerms;
use crate::path::plan::PeriodTerms;
use crate::path::readings::{ReadingTerms, SpreadTerms};

/// Numbers of deals side by side.
pub trait Abreast<const L: usize>: DealParam<L> + Numbers<OfScenario = Pack<L>> {
    /// Those of the lanes, each by its place.
    fn of(number: impl Fn(usize) -> f64) -> Self;
}

impl<const L: usize> Abreast<L> for Pack<L> {
    fn of(number: impl Fn(usize) -> f64) -> Self {
        Self(from_fn(number))
    }
}

impl<const L: usize> Abreast<L> for Common<L> {
    fn of(number: impl Fn(usize) -> f64) -> Self {
        Self(number(0))
    }
}

/// Deals lane by lane; all but the numbers is that of the first.
#[must_use]
pub fn deals<const L: usize, P: Abreast<L>>(deals: [&DealTerms; L]) -> DealTerms<P> {
    let first = deals[0];
    DealTerms {
        name: first.name.clone(),
        target_par: first.target_par,
        notes: (0..first.notes.len()).map(|n| note(deals.map(|deal| &deal.notes[n]))).collect(),
        fees: (0..first.fees.len()).map(|f| fee(deals.map(|deal| &deal.fees[f]))).collect(),
        tests: (0..first.tests.len()).map(|t| test(deals.map(|deal| &deal.tests[t]))).collect(),
        combines: first.combines,
        accounts: first.accounts.clone(),
        hedges: first.hedges.clone(),
        commitments: first.commitments.clone(),
        program: first.program.clone(),
        interest_tests: first.interest_tests,
        has_par_ratio: first.has_par_ratio,
        ranks: first.ranks.clone(),
        grid: first.grid.clone(),
        interest_reserve: first.interest_reserve,
        ramp_up_cash: first.ramp_up_cash,
        ccc_limit: first.ccc_limit,
        ccc_base: first.ccc_base,
        reads_ccc_share: first.reads_ccc_share,
        deferred_in_oc: first.deferred_in_oc,
        capitalizes: first.capitalizes,
        on_unpaid: first.on_unpaid,
        same_date_deferrals: first.same_date_deferrals,
        eod_adjusted: first.eod_adjusted,
        target_par_test: first.target_par_test,
        reinvestment_ends: first.reinvestment_ends.clone(),
        default_conditions: first.default_conditions.clone(),
        coupon_steps: first.coupon_steps.clone(),
        ccc_rules: first.ccc_rules,
        watched: first.watched.clone(),
        acceleration: first.acceleration,
        groups: first.groups.clone(),
        event_cost: first.event_cost,
        foreign: first.foreign.clone(),
    }
}

/// The scalars of one payment date, lane by lane.
#[must_use]
pub fn period<const L: usize, P: Abreast<L>>(periods: [&PeriodTerms; L]) -> PeriodTerms<P> {
    let first = periods[0];
    let columns = |column: fn(&PeriodTerms) -> &Vec<f64>| -> Vec<P> {
        (0..column(first).len()).map(|i| P::of(|l| column(periods[l])[i])).collect()
    };
    PeriodTerms {
        payment: first.payment,
        determination: first.determination,
        in_reinvestment: first.in_reinvestment,
        is_last: first.is_last,
        index_rate: Vec::new(),
        rate: Vec::new(),
        day_count_fraction: Vec::new(),
        coupon: columns(|p| &p.coupon),
        instalment: columns(|p| &p.instalment),
        fee_fraction: first.fee_fraction.clone(),
        cap_fraction: first.cap_fraction.clone(),
        hurdle_growth: columns(|p| &p.hurdle_growth),
        higher_growth: columns(|p| &p.higher_growth),
        waived: first.waived.clone(),
        deferred: first.deferred.clone(),
        unpaid_rate: columns(|p| &p.unpaid_rate),
        repriced: columns(|p| &p.repriced),
        steps_up: first.steps_up.clone(),
        stepped: columns(|p| &p.stepped),
        active: first.active.clone(),
        inactive: first.inactive,
        coupons_positive: periods.iter().all(|period| period.coupons_positive),
        hedge_net: first.hedge_net.clone(),
        hedge_end: first.hedge_end.clone(),
        commitments: first.commitments.clone(),
        make_whole: columns(|p| &p.make_whole),
        cash_income: first.cash_income,
        sale_cash_income: first.sale_cash_income,
        sale_determination: first.sale_determination,
        years: first.years,
        anniversary: first.anniversary,
        credit_time: first.credit_time,
    }
}

/// What only some conditions and amounts read, lane by lane.
#[must_use]
pub fn readings<const L: usize, P: Abreast<L>>(readings: [&ReadingTerms; L]) -> ReadingTerms<P> {
    let first = readings[0];
    let market = |k: usize| {
        let steps = 0..first.market_spreads[k].1.len();
        (first.market_spreads[k].0, steps.map(|p| lanes(readings, |r| r.market_spreads[k].1[p])).collect())
    };
    let class = |k: usize| {
        let of = &first.deal_spreads[k];
        let member = |m: usize| {
            let spread = |p: usize| lanes(readings, |r| r.deal_spreads[k].members[m].1[p]);
            (of.members[m].0, (0..of.members[m].1.len()).map(spread).collect())
        };
        SpreadTerms { class: of.class, members: (0..of.members.len()).map(member).collect() }
    };
    ReadingTerms {
        expenses: first.expenses,
        liquidation_value: first.liquidation_value,
        semiannual: first.semiannual,
        frequencies: first.frequencies.clone(),
        market_spreads: (0..first.market_spreads.len()).map(market).collect(),
        undrawn: first.undrawn,
        deal_spreads: (0..first.deal_spreads.len()).map(class).collect(),
        purchases: first.purchases.clone(),
    }
}

/// One number of `L` terms.
fn lanes<const L: usize, P: Abreast<L>, T>(terms: [&T; L], number: impl Fn(&T) -> f64) -> P {
    P::of(|l| number(terms[l]))
}

fn note<const L: usize, P: Abreast<L>>(notes: [&NoteTerms; L]) -> NoteTerms<P> {
    let first = notes[0];
    NoteTerms {
        name: first.name.clone(),
        original: lanes(notes, |n| n.original),
        at_closing: lanes(notes, |n| n.at_closing),
        issue_price: lanes(notes, |n| n.issue_price),
        interest_rank: first.interest_rank,
        principal_rank: first.principal_rank,
        deferrable: first.deferrable,
        residual: first.residual,
        coupon: first.coupon.clone(),
        amortization: first.amortization,
        rating: first.rating.clone(),
        combination: (0..first.combination.len())
            .map(|k| (first.combination[k].0, lanes(notes, |n| n.combination[k].1)))
            .collect(),
        replaces: first.replaces,
        since: first.since,
        make_whole: first.make_whole.clone(),
    }
}

fn fee<const L: usize, P: Abreast<L>>(fees: [&FeeTerms; L]) -> FeeTerms<P> {
    let first = fees[0];
    let of_cap = |number: fn(&FeeCapTerms) -> f64| lanes(fees, |f| f.cap.as_ref().map_or(0.0, number));
    FeeTerms {
        name: first.name.clone(),
        amount_per_period: lanes(fees, |f| f.amount_per_period),
        rate: lanes(fees, |f| f.rate),
        fixed_per_year: lanes(fees, |f| f.fixed_per_year),
        tiers: first.tiers.clone(),
        base: first.base,
        base_date: first.base_date,
        day_count: first.day_count,
        cap: first.cap.as_ref().map(|cap| FeeCapTerms {
            rate: of_cap(|cap| cap.rate),
            fixed_per_year: of_cap(|cap| cap.fixed_per_year),
            day_count: cap.day_count,
            lifted: cap.lifted,
            carry_over: cap.carry_over,
        }),
        hurdle: first.hurdle.as_ref().map(|hurdle| HurdleTerms {
            irr: hurdle.irr,
            share: lanes(fees, |f| f.hurdle.as_ref().map_or(0.0, |hurdle| hurdle.share)),
        }),
        higher: (0..first.higher.len())
            .map(|h| HurdleTerms { irr: first.higher[h].irr, share: lanes(fees, |f| f.higher[h].share) })
            .collect(),
        waived: first.waived.clone(),
        deferred: first.deferred.clone(),
        unpaid_interest: first.unpaid_interest.clone(),
        accrual: fees.iter().map(|fee| fee.accrual).max().unwrap_or(Accrual::Special),
    }
}

fn test<const L: usize, P: Abreast<L>>(tests: [&TestTerms; L]) -> TestTerms<P> {
    let first = tests[0];
    TestTerms {
        name: first.name.clone(),
        kind: first.kind,
        trigger: lanes(tests, |t| t.trigger),
        threshold: lanes(tests, |t| t.threshold),
        notes: first.notes.clone(),
        payable: first.payable.clone(),
        shares_payments: first.shares_payments,
        takes_all: first.takes_all,
        chain: first.chain.clone(),
        bit: first.bit,
        summed_with: first.summed_with,
        clear_share: lanes(tests, |t| t.clear_share),
        chain_bits: first.chain_bits,
        chain_share: lanes(tests, |t| t.chain_share),
        dust: first.dust,
        first_period: first.first_period,
    }
}
