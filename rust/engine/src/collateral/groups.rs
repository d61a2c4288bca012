//! Loans that share their period rates, taken together.
//!
//! What a loan does in a step is proportional to what its contract alone would do, and the share of the contracts that
//! is left is the same for all loans of a group. So a group costs the same work whatever the number of its loans, and
//! a loan with rates of its own is a group of one. What is recovered is proportional, too: loans may share a group that
//! recover unlike parts of what they default.

use super::closing_pool::{CARRYING, DEFAULTED_PAR, INTEREST, MARKET, PERFORMING, PREPAID, PRINCIPAL, RECOVERIES};
use super::closing_pool::{DefaultedAsset, PoolRules};
use super::loan::{ContractStep, Income};
use super::parts::{GroupPart, PoolPart};
use super::sale::SaleStep;
use super::standing::{PastDefault, Standing};
use crate::lanes::{Pack, Param};

/// What a group has to know of a loan beside its contract.
#[derive(Clone, Copy, Debug)]
pub struct OfGroup<'a> {
    /// Share of its balance that it is carried below par.
    pub discount_share: f64,
    /// What its defaults recover, in units of the group's recovery rate.
    pub recovered: f64,
    /// Its defaults of earlier steps, where what they recover is no matter of the group.
    pub past: &'a [PastDefault],
    /// Its place among the CCC assets.
    pub ccc: Option<usize>,
}

/// The contracts of the loans of a group, added up.
#[derive(Clone, Debug)]
pub struct LoanGroup {
    contract: Vec<ContractStep>,
    /// Per step: what discount obligations are carried below par at its end.
    discount: Vec<f64>,
    /// Per step: what a default of its contracts in it recovers, in units of the group's recovery rate.
    recovers: Vec<f64>,
    /// Places of its loans among the CCC assets, each with its contractual balance at the end of every step.
    ccc: Vec<(usize, Vec<f64>)>,
    /// Per step: their contractual balance at its end.
    ccc_end: Vec<f64>,
    /// The contracts where all is sold at the end of a step, and what is sold then at market prices; nothing where no
    /// sale may come.
    sale: Vec<(ContractStep, f64)>,
    /// Its loans of each part of the pool that is read; nothing where none is.
    parts: Vec<GroupPart>,
    /// What earlier dates have left of its contracts.
    standing: Standing,
}

impl LoanGroup {
    /// A group without loans.
    #[must_use]
    pub fn new(steps: usize) -> Self {
        Self {
            contract: vec![ContractStep::default(); steps],
            discount: vec![0.0; steps],
            recovers: vec![0.0; steps],
            ccc: Vec::new(),
            ccc_end: vec![0.0; steps],
            sale: Vec::new(),
            parts: Vec::new(),
            standing: Standing::WHOLE,
        }
    }

    /// Adds what a loan does where all is sold at the end of a step; `price` is its market price.
    pub fn add_sale(&mut self, contract: &[ContractStep], price: f64) {
        self.sale.resize(contract.len(), (ContractStep::default(), 0.0));
        for ((sum, worth), step) in self.sale.iter_mut().zip(contract) {
            sum.scheduled += step.scheduled;
            sum.end += step.end;
            sum.released += step.released;
            prepay(sum, step);
            sum.interest += step.interest;
            *worth += step.end * price;
        }
    }

    /// Adds a loan to the parts of the pool that it belongs to.
    pub fn add_to_parts(&mut self, loan: usize, contract: &[ContractStep], recovered: f64, parts: &[PoolPart]) {
        if self.parts.is_empty() {
            self.parts = parts.iter().map(GroupPart::new).collect();
        }
        for (sum, part) in self.parts.iter_mut().zip(parts) {
            if part.loans[loan] {
                sum.add(part, loan, contract, recovered);
            }
        }
    }

    /// A group without loans, of whose contracts so much is left.
    #[must_use]
    pub fn standing(steps: usize, standing: Standing) -> Self {
        Self { standing, ..Self::new(steps) }
    }

    /// What the first `end` steps leave of its contracts.
    #[must_use]
    pub fn after(&self, rates: &GroupRates<f64>, rules: &PoolRules, end: usize) -> Standing {
        let mut defaults = Vec::new();
        for past in &self.standing.defaults {
            if past.collected >= end {
                defaults.push(*past);
            }
        }
        let mut left = self.standing.share;
        for p in rules.first..end {
            let open = self.contract[p].open;
            if !(open > 0.0) {
                break;
            }
            let share = left * rates.mdr[p];
            let collected = rates.recovery_step[p] as usize;
            if share * open > 0.0 && collected >= end {
                defaults.push(PastDefault { step: Some(p), share, recovery: rates.recovery[p], collected, due: None });
            }
            left = left * (1.0 - rates.mdr[p]) * (1.0 - rates.mpr[p]) * (1.0 - self.contract[p].gone);
        }
        Standing { share: left, defaults, drawn: false }
    }

    /// Adds a loan.
    pub fn add(&mut self, contract: &[ContractStep], loan: &OfGroup<'_>) {
        for ((sum, step), discount) in self.contract.iter_mut().zip(contract).zip(&mut self.discount) {
            sum.open += step.open;
            sum.scheduled += step.scheduled;
            sum.end += step.end;
            sum.released += step.released;
            prepay(sum, step);
            sum.interest += step.interest;
            sum.floor_benefit += step.floor_benefit;
            *discount += step.end * loan.discount_share;
        }
        for (p, (sum, step)) in self.recovers.iter_mut().zip(contract).enumerate() {
            let past = loan.past.iter().find(|past| past.step == Some(p));
            *sum += step.defaults() * past.map_or(loan.recovered, |past| past.recovery);
        }
        if let Some(place) = loan.ccc {
            self.ccc.push((place, contract.iter().map(|step| step.end).collect()));
            for (sum, step) in self.ccc_end.iter_mut().zip(contract) {
                *sum += step.end;
            }
        }
    }
}

/// Adds what a loan prepays on own dates. Where these are the same and something stays, so is the share of the contract.
fn prepay(sum: &mut ContractStep, one: &ContractStep) {
    sum.early += one.early;
    if one.end > 0.0 {
        sum.gone = one.gone;
    }
}

/// Period rates of a group by step, and the step (from 0) that collects the recovery of a default in each.
#[derive(Clone, Debug)]
pub struct GroupRates<P> {
    pub mdr: Vec<P>,
    pub mpr: Vec<P>,
    pub recovery: Vec<P>,
    pub recovery_step: Vec<u32>,
    /// Default and prepayment rates where all is sold at the end of a step; nothing where they are those of the step.
    pub sale: [Vec<P>; 2],
}

impl<P> GroupRates<P> {
    /// The rates as a group reads them.
    #[must_use]
    pub fn read(&self) -> RatesOf<'_, P> {
        let Self { mdr, mpr, recovery, recovery_step, sale } = self;
        RatesOf { mdr, mpr, recovery, recovery_step, sale: sale.each_ref().map(Vec::as_slice) }
    }
}

/// The rates that a group reads, wherever they are: [`GroupRates`] on loan.
#[derive(Clone, Copy, Debug)]
pub struct RatesOf<'a, P> {
    pub mdr: &'a [P],
    pub mpr: &'a [P],
    pub recovery: &'a [P],
    pub recovery_step: &'a [u32],
    pub sale: [&'a [P]; 2],
}

/// The closing pool's flows in `L` futures whose defaults are rates.
#[derive(Clone, Debug)]
pub struct PoolFlows<const L: usize> {
    /// Per step: interest, principal, performing par, prepaid principal.
    pub flows: Vec<[Pack<L>; 4]>,
    /// Per step: recoveries, carrying value, defaulted par and its market value.
    pub defaulted: Vec<[Pack<L>; 4]>,
    /// Per step: what discount obligations are carried below par; nothing without such.
    pub discount: Vec<Pack<L>>,
    /// Per step: new defaults, and what floors add to interest; nothing where neither is shown.
    pub defaults: Vec<Pack<L>>,
    pub floor_benefit: Vec<Pack<L>>,
    /// Par of the CCC assets at the end of each step, `[place][step]`.
    pub ccc: Vec<Pack<L>>,
    /// Per step: par of all of them; nothing without such.
    pub ccc_par: Vec<Pack<L>>,
    /// Per step: what the pool does where all is sold at its end; nothing where no sale may come.
    pub sale: Vec<SaleStep<L>>,
    /// Per step: what assets that were in default on the as-of date recover later above their market value; nothing
    /// without such assets.
    pub recovers_above: Vec<Pack<L>>,
    /// What parts of the pool do, `[part][step]`; nothing where none is read.
    pub parts: Vec<Vec<Pack<L>>>,
}

impl<const L: usize> PoolFlows<L> {
    /// Nothing, for so many steps and CCC assets; `shown` where new defaults and the benefit of floors are.
    #[must_use]
    pub fn new(steps: usize, ccc: usize, shown: bool) -> Self {
        let shown = if shown { steps } else { 0 };
        Self {
            flows: vec![[Pack::ZERO; 4]; steps],
            defaulted: vec![[Pack::ZERO; 4]; steps],
            discount: Vec::new(),
            defaults: vec![Pack::ZERO; shown],
            floor_benefit: vec![Pack::ZERO; shown],
            ccc: vec![Pack::ZERO; steps * ccc],
            ccc_par: Vec::new(),
            sale: Vec::new(),
            recovers_above: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// The flows of one future in each of many.
    #[must_use]
    pub fn in_all<const M: usize>(&self) -> PoolFlows<M> {
        let wide = |pack: &Pack<L>| Pack::splat(pack.0[0]);
        let all = |packs: &[Pack<L>]| packs.iter().map(wide).collect::<Vec<Pack<M>>>();
        let fours = |rows: &[[Pack<L>; 4]]| rows.iter().map(|row| row.each_ref().map(wide)).collect();
        PoolFlows {
            flows: fours(&self.flows),
            defaulted: fours(&self.defaulted),
            discount: all(&self.discount),
            defaults: all(&self.defaults),
            floor_benefit: all(&self.floor_benefit),
            ccc: all(&self.ccc),
            ccc_par: all(&self.ccc_par),
            sale: self.sale.iter().map(SaleStep::in_all).collect(),
            recovers_above: all(&self.recovers_above),
            parts: self.parts.iter().map(|part| all(part)).collect(),
        }
    }

    /// Back to nothing; the rows of CCC assets stay, since the same contracts write the same rows.
    #[inline(always)]
    fn clear(&mut self) {
        self.recovers_above.fill(Pack::ZERO);
        self.sale.fill(SaleStep::ZERO);
        for part in &mut self.parts {
            part.fill(Pack::ZERO);
        }
        self.defaults.fill(Pack::ZERO);
        self.floor_benefit.fill(Pack::ZERO);
        self.discount.fill(Pack::ZERO);
        self.ccc_par.fill(Pack::ZERO);
        for p in 0..self.flows.len() {
            self.flows[p] = [Pack::ZERO; 4];
            self.defaulted[p] = [Pack::ZERO; 4];
        }
    }

    /// The flows of a pool: its groups at their rates, and what was in default before.
    #[inline(always)]
    pub fn set<P: Param<L>>(
        &mut self,
        groups: &[LoanGroup],
        rates: &[RatesOf<'_, P>],
        defaulted: &[DefaultedAsset<P>],
        rules: &PoolRules,
    ) {
        self.clear();
        for asset in defaulted {
            self.add_defaulted(asset);
        }
        for (group, rates) in groups.iter().zip(rates) {
            self.add_group(group, rates, rules);
        }
    }

    /// Adds the flows of a group.
    #[inline(always)]
    pub fn add_group<P: Param<L>>(&mut self, group: &LoanGroup, rates: &RatesOf<'_, P>, rules: &PoolRules) {
        let steps = self.flows.len();
        let one = Pack::splat(1.0);
        let mut left = Pack::splat(group.standing.share);
        let discounts = group.discount.iter().any(|discount| *discount > 0.0);
        if discounts {
            self.discount.resize(steps, Pack::ZERO);
        }
        if !group.ccc.is_empty() {
            self.ccc_par.resize(steps, Pack::ZERO);
        }
        if !group.sale.is_empty() {
            self.sale.resize(steps, SaleStep::ZERO);
        }
        if !group.parts.is_empty() {
            self.parts.resize(group.parts.len(), vec![Pack::ZERO; steps]);
        }
        for past in &group.standing.defaults {
            if let Some(p) = past.step {
                let default = Pack::splat(past.share) * group.contract[p].defaults();
                let recovered = Pack::splat(past.share) * group.recovers[p];
                self.carry(p, default, recovered * past.recovery, past.collected, rules);
            }
        }
        for p in rules.first..steps {
            let contract = &group.contract[p];
            if !(contract.open > 0.0) {
                break;
            }
            let (mdr, mpr) = (rates.mdr[p].pack(), rates.mpr[p].pack());
            let gone = left * mdr;
            let alive = left * (one - mdr);
            let prepaid = alive * mpr * contract.end + alive * contract.early;
            if let Some((sold, worth)) = group.sale.get(p) {
                let sale = &mut self.sale[p];
                let (gone, alive, mpr) = match rates.sale.map(|rates| rates.get(p)) {
                    [Some(of_default), Some(mpr)] => {
                        let in_sale = left * of_default.pack();
                        let more = in_sale - gone;
                        let recovered = more * group.recovers[p] * rates.recovery[p].pack();
                        let in_step = rates.recovery_step[p] as usize == p;
                        sale.more.add(more * contract.defaults(), recovered, in_step);
                        (in_sale, left * (one - of_default.pack()), mpr.pack())
                    }
                    _ => (gone, alive, mpr),
                };
                let kept = alive * (one - mpr) * (1.0 - sold.gone);
                sale.interest += pays(sold.interest, alive, mpr, gone);
                sale.scheduled += alive * sold.scheduled;
                sale.prepaid += alive * mpr * sold.end + alive * sold.early;
                sale.par += kept * sold.end;
                sale.worth += kept * *worth;
                sale.scheduled += gone * sold.released;
            }
            if contract.released > 0.0 {
                self.flows[p][PRINCIPAL] += gone * contract.released;
            }
            let flows = &mut self.flows[p];
            flows[INTEREST] += pays(contract.interest, alive, mpr, gone);
            flows[PRINCIPAL] += alive * contract.scheduled + prepaid;
            flows[PREPAID] += prepaid;
            if let Some(benefit) = self.floor_benefit.get_mut(p) {
                *benefit += pays(contract.floor_benefit, alive, mpr, gone);
            }
            left = alive * (one - mpr) * (1.0 - contract.gone);
            self.flows[p][PERFORMING] += left * contract.end;
            if discounts {
                self.discount[p] += left * group.discount[p];
            }
            for (sums, part) in self.parts.iter_mut().zip(&group.parts) {
                sums[p] += match part {
                    GroupPart::Interest(of_part) => match of_part.get(p) {
                        Some(interest) => pays(*interest, alive, mpr, gone),
                        None => continue,
                    },
                    GroupPart::Par(of_part) => left * of_part.get(p).copied().unwrap_or(0.0),
                    GroupPart::Recovered(of_part) => {
                        left * of_part.get(p).copied().unwrap_or(0.0) * rates.recovery[p].pack()
                    }
                };
            }
            if !group.ccc.is_empty() {
                self.ccc_par[p] += left * group.ccc_end[p];
                for (place, end) in &group.ccc {
                    self.ccc[place * steps + p] = left * end[p];
                }
            }
            self.add_default(p, gone * contract.defaults(), gone * group.recovers[p], rates, rules);
        }
    }

    /// Adds a default, and what it recovers in units of the recovery rate.
    #[inline(always)]
    fn add_default<P: Param<L>>(
        &mut self,
        p: usize,
        default: Pack<L>,
        recovered: Pack<L>,
        rates: &RatesOf<'_, P>,
        rules: &PoolRules,
    ) {
        if !default.any() {
            return;
        }
        if let Some(defaults) = self.defaults.get_mut(p) {
            *defaults += default;
        }
        self.carry(p, default, recovered * rates.recovery[p].pack(), rates.recovery_step[p] as usize, rules);
    }

    /// Carries a default of step `p` until its recovery is collected.
    #[inline(always)]
    fn carry(&mut self, p: usize, default: Pack<L>, value: Pack<L>, collected: usize, rules: &PoolRules) {
        let carry_end = if rules.carries_defaults { rules.carry_end[p] } else { p };
        self.defaulted[collected][RECOVERIES] += value;
        for q in p..collected {
            let held = &mut self.defaulted[q];
            held[DEFAULTED_PAR] += default;
            held[MARKET] += value;
            if q < carry_end {
                held[CARRYING] += value;
            }
        }
    }

    /// Adds an asset that was in default on the as-of date.
    pub fn add_defaulted<P: Param<L>>(&mut self, asset: &DefaultedAsset<P>) {
        let par = Pack::splat(asset.par);
        self.recovers_above.resize(self.flows.len(), Pack::ZERO);
        for p in 0..asset.recovery_step {
            self.recovers_above[p] += par * (asset.recovery.pack() - asset.market.pack());
            let held = &mut self.defaulted[p];
            held[DEFAULTED_PAR] += par;
            held[MARKET] += par * asset.market.pack();
            if p < asset.carry_end {
                held[CARRYING] += par * asset.carrying.pack();
            }
        }
        self.defaulted[asset.recovery_step][RECOVERIES] += par * asset.recovery.pack();
    }
}

#[inline(always)]
fn pays<const L: usize>(income: Income, alive: Pack<L>, mpr: Pack<L>, gone: Pack<L>) -> Pack<L> {
    let mut paid = alive * income.whole;
    if income.of_prepaid != 0.0 {
        paid += alive * mpr * income.of_prepaid;
    }
    if income.of_default != 0.0 {
        paid += gone * income.of_default;
    }
    paid
}

#[cfg(test)]
mod tests;
