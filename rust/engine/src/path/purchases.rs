//! What the purchases of a date are measured by, and what tables show of the collateral: averages and the share of CCC loans after the pool step, in lanes.
//!
//! An average is that of the loans of the closing pool and of earlier cohorts: `Σ par·value / Σ par`. All cohorts have one
//! rating and one recovery rate; their spreads and lives follow the date of purchase.

use super::observer::Collateral;
use super::plan::Plan;
use super::runner::Workspace;
use crate::coverage::purchases::{Average, CccShare, Conditions, Purchases};
use crate::lanes::{DealParam, Pack, Param};

/// What purchases are measured by.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PurchaseTerms {
    pub averages: Vec<AverageTerms>,
    pub ccc: Vec<CccTerms>,
    /// Places of the averages that tables show.
    pub shown: Option<Shown>,
}

/// Places of the averages that tables show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shown {
    pub market_value: usize,
    pub was: usize,
    pub warf: usize,
    pub wal: usize,
}

/// A quality test.
#[derive(Clone, Debug, PartialEq)]
pub struct AverageTerms {
    pub condition: Conditions,
    pub at_most: bool,
    /// Per step.
    pub limits: Vec<f64>,
    /// Places of the parts of the closing pool: par times value, and par.
    pub sum: usize,
    pub par: usize,
    /// What undrawn commitments bring instead of the value of drawn par, where there are some.
    pub undrawn: Option<usize>,
    pub bought: Bought,
}

/// What an average takes of cohorts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bought {
    /// Their rating factor.
    Factor(f64),
    /// What was paid for them.
    Price,
    /// What they pay over the benchmark.
    Spread,
    /// Their average life.
    Life,
    /// Their recovery rate.
    Recovery,
}

/// A limit of CCC loans, where those that are bought are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CccTerms {
    pub condition: Conditions,
    pub limit: f64,
    /// What it is a share of; none: the collateral principal amount.
    pub base: Option<f64>,
}

/// Market value, spread, rating factor and average life of the collateral of one future; not a number where nothing performs.
#[must_use]
pub fn shown(plan: &Plan, averages: &[Average<1>], collateral: &Collateral<1>) -> [f64; 4] {
    let terms = plan.readings.purchases.as_ref().and_then(|terms| terms.shown);
    let Some(Shown { market_value, was, warf, wal }) = terms else { return [f64::NAN; 4] };
    let performs = collateral.performing_par.0[0] > 0.0;
    let mean = |average: usize| {
        let Average { sum, par, .. } = averages[average];
        if performs && par.0[0] > 0.0 { sum.0[0] / par.0[0] } else { f64::NAN }
    };
    let value = if performs { averages[market_value].sum.0[0] } else { 0.0 };
    [value + collateral.market_of_defaulted.0[0], mean(was), mean(warf), mean(wal)]
}

/// Takes the figures after pool step `p`.
pub fn take<const L: usize, P: DealParam<L>>(
    plan: &Plan<P>,
    terms: &PurchaseTerms,
    work: &Workspace<L>,
    p: usize,
    out: &mut Purchases<L>,
) {
    let (collateral, cohorts) = (&work.collateral, &plan.cohorts);
    let of_cohorts = collateral.cohorts.performing;
    out.par_per_cash = cohorts.par_per_cash[p];
    out.averages.clear();
    for average in &terms.averages {
        let mut sum = work.drivers.weighted(average.sum, p);
        if let Some(part) = average.undrawn {
            sum += work.drivers.weighted(part, p);
        }
        let own = p * cohorts.steps + p;
        let (brought, bought) = match average.bought {
            Bought::Factor(factor) => (of_cohorts * factor, Pack::splat(factor)),
            Bought::Price => {
                let table = &cohorts.quality.price;
                (work.cohorts.weighted(cohorts, table, p), Pack::splat(table[own]))
            }
            Bought::Recovery => {
                let rate = cohorts.recovery[p].pack();
                (of_cohorts * rate, rate)
            }
            Bought::Spread => {
                let table = &cohorts.quality.spread;
                (work.cohorts.weighted(cohorts, table, p), Pack::splat(table[own]))
            }
            Bought::Life => {
                let table = &cohorts.quality.life;
                (work.cohorts.weighted(cohorts, table, p), Pack::splat(table[own]))
            }
        };
        out.averages.push(Average {
            condition: average.condition,
            at_most: average.at_most,
            limit: average.limits[p],
            sum: sum + brought,
            par: work.drivers.part(average.par, p) + of_cohorts,
            bought,
        });
    }
    out.ccc.clear();
    // What is not in the set by its own price leaves the share as it is, or makes it less.
    let in_set = cohorts.ccc_each.is_empty() || cohorts.ccc_each.iter().any(|(cohort, _)| *cohort == p);
    for limit in terms.ccc.iter().filter(|_| in_set) {
        out.ccc.push(CccShare {
            condition: limit.condition,
            limit: limit.limit,
            par: collateral.ccc_par,
            base: limit.base.map_or(collateral.principal_amount, Pack::splat),
            principal: if limit.base.is_none() { Some(collateral.principal_proceeds) } else { None },
        });
    }
}
