//! The CCC bucket of a determination date, in lanes.

use cloche_dispatch::Kernel;

use super::drivers::Drivers;
use super::plan::Plan;
use crate::collateral::cohorts::Cohorts;
use crate::coverage::ccc_excess::{self, AGENCIES, CccAsset, Excesses, Haircuts};
use crate::lanes::{Numbers, Pack};

/// CCC par, and the haircuts of its excess and of the discount obligations in it, as a function of its own.
pub struct Ccc<'a, const L: usize, P: Numbers> {
    pub plan: &'a Plan<P>,
    pub drivers: &'a Drivers<L>,
    pub cohorts: &'a Cohorts<L>,
    pub p: usize,
    pub base: &'a Pack<L>,
    pub cohort_par: &'a Pack<L>,
    pub out: &'a mut (Pack<L>, Haircuts<L>),
}

impl<const L: usize, P: Numbers> Ccc<'_, L, P> {
    /// Whether the bucket, fullest where nothing has defaulted, is within its limit in every lane.
    #[inline(always)]
    #[must_use]
    pub fn is_within(&self) -> bool {
        let (deal, pool) = (&self.plan.deal, &self.plan.pool);
        let buys_none = self.plan.cohorts.ccc.is_none() && self.plan.cohorts.ccc_each.is_empty();
        if buys_none && pool.ccc.is_empty() {
            return true;
        }
        if L == 1 || self.drivers.rates().is_some() || deal.reads_ccc_share || pool.ccc_discount > 0 {
            return false;
        }
        let fullest = Pack::splat(pool.ccc_par[self.p] * (1.0 + 1e-9));
        buys_none && deal.ccc_limit.is_none_or(|limit| (*self.base * limit).ge(fullest).all())
    }

    /// Walks the assets by market value; `total` is the par of those of the closing pool, `par` that of one.
    #[inline(always)]
    fn walk(self, mut total: Pack<L>, par: impl Fn(usize) -> Pack<L>) {
        if !self.plan.cohorts.ccc_each.is_empty() {
            return self.walk_each(total, par);
        }
        if self.plan.pool.ccc_sets != 0 {
            return self.walk_by_agency(par);
        }
        let Self { plan, cohorts, p, base, cohort_par, out, .. } = self;
        let mut cohort = plan.cohorts.ccc;
        if cohort.is_some() {
            total += *cohort_par;
        }
        let mut excess = match plan.deal.ccc_limit {
            Some(limit) => (total - *base * limit).positive(),
            None => Pack::ZERO,
        };
        let (mut haircuts, rules) = (Haircuts::ZERO, plan.deal.ccc_rules);
        for place in 0..plan.pool.ccc.len() {
            let asset = plan.pool.ccc[place].0;
            if let Some(c) = cohort.take_if(|c| c.price < asset.price) {
                bought(plan, cohorts, p, cohort_par, |par| haircuts.take(c, par, &mut excess, rules));
            }
            if asset.discount <= 0.0 && !excess.any_positive() {
                continue;
            }
            haircuts.take(asset, par(place), &mut excess, rules);
        }
        if let Some(c) = cohort {
            bought(plan, cohorts, p, cohort_par, |par| haircuts.take(c, par, &mut excess, rules));
        }
        *out = (total, haircuts);
    }

    /// The same where agencies have sets of their own.
    fn walk_by_agency(self, par: impl Fn(usize) -> Pack<L>) {
        let Self { plan, cohorts, p, base, cohort_par, out, .. } = self;
        let mut cohort = plan.cohorts.ccc;
        let mut sets = [Pack::ZERO; AGENCIES.len()];
        for place in 0..plan.pool.ccc.len() {
            ccc_excess::count(&mut sets, plan.pool.ccc[place].0, par(place));
        }
        if let Some(c) = cohort {
            ccc_excess::count(&mut sets, c, *cohort_par);
        }
        let limit = plan.deal.ccc_limit.map_or(Pack::splat(f64::INFINITY), |limit| *base * limit);
        let (mut haircuts, rules) = (Haircuts::ZERO, plan.deal.ccc_rules);
        let (mut left, largest) = Excesses::new(&sets, plan.pool.ccc_sets, limit, rules.agencies);
        for place in 0..plan.pool.ccc.len() {
            let asset = plan.pool.ccc[place].0;
            if let Some(c) = cohort.take_if(|c| c.price < asset.price) {
                bought(plan, cohorts, p, cohort_par, |par| haircuts.take_by_agency(c, par, &mut left, rules));
            }
            if asset.discount <= 0.0 && !left.any() {
                continue;
            }
            haircuts.take_by_agency(asset, par(place), &mut left, rules);
        }
        if let Some(c) = cohort {
            bought(plan, cohorts, p, cohort_par, |par| haircuts.take_by_agency(c, par, &mut left, rules));
        }
        *out = (largest, haircuts);
    }
}

impl<const L: usize, P: Numbers> Ccc<'_, L, P> {
    /// The same where purchases were made at several prices: each is an asset of its own.
    #[inline(never)]
    fn walk_each(self, mut total: Pack<L>, par: impl Fn(usize) -> Pack<L>) {
        let Self { plan, cohorts, p, base, out, .. } = self;
        let bought = &plan.cohorts.ccc_each;
        let of = |k: usize| cohorts.one(&plan.cohorts, bought[k].0, p);
        let in_order = |take: &mut dyn FnMut(CccAsset, Pack<L>)| {
            let mut next = 0;
            for place in 0..plan.pool.ccc.len() {
                let asset = plan.pool.ccc[place].0;
                while next < bought.len() && bought[next].1.price < asset.price {
                    take(bought[next].1, of(next));
                    next += 1;
                }
                take(asset, par(place));
            }
            for k in next..bought.len() {
                take(bought[k].1, of(k));
            }
        };
        let limit = plan.deal.ccc_limit.map_or(Pack::splat(f64::INFINITY), |limit| *base * limit);
        let (mut haircuts, rules) = (Haircuts::ZERO, plan.deal.ccc_rules);
        if plan.pool.ccc_sets == 0 {
            for k in 0..bought.len() {
                total += of(k);
            }
            let mut excess = (total - limit).positive();
            in_order(&mut |asset, par| haircuts.take(asset, par, &mut excess, rules));
        } else {
            let mut sets = [Pack::ZERO; AGENCIES.len()];
            in_order(&mut |asset, par| ccc_excess::count(&mut sets, asset, par));
            let (mut left, largest) = Excesses::new(&sets, plan.pool.ccc_sets, limit, rules.agencies);
            in_order(&mut |asset, par| haircuts.take_by_agency(asset, par, &mut left, rules));
            total = largest;
        }
        *out = (total, haircuts);
    }
}

/// The purchases as assets of the CCC set: one together, or one a date of purchase where the last asset is taken as a whole.
#[inline(always)]
fn bought<const L: usize, P: Numbers>(
    plan: &Plan<P>,
    cohorts: &Cohorts<L>,
    p: usize,
    par: &Pack<L>,
    mut take: impl FnMut(Pack<L>),
) {
    if plan.cohorts.contract.is_empty() {
        take(*par);
    } else {
        cohorts.each(&plan.cohorts, p, take);
    }
}

impl<const L: usize, P: Numbers> Kernel for Ccc<'_, L, P> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (drivers, pool, p) = (self.drivers, &self.plan.pool, self.p);
        if let Some(flows) = drivers.rates() {
            let total = flows.ccc_par.get(p).copied().unwrap_or(Pack::ZERO);
            return self.walk(total, |place| flows.ccc[place * pool.steps + p]);
        }
        let mut total = Pack::ZERO;
        for place in 0..pool.ccc.len() {
            total += drivers.ccc_par(pool, place, p);
        }
        self.walk(total, |place| drivers.ccc_par(pool, place, p));
    }
}
