//! Cohorts of one spread and one price: what all of them do in a step, without looking at each.
//!
//! With the par `u` of a cohort over the survival factor at its purchase, and `S_p` the instalments of a unit of par before
//! step `p`, the contractual balance of a unit that was bought after step `c` is `1 + S_{c+1} − S_p`. So with `U = Σ u` and
//! `V = Σ u · (1 + S_{c+1})` over the cohorts that are alive, `Σ balance = V − U · S_p`, `Σ instalment = U · i` and
//! `Σ interest = Σ balance · w`. What a first period, a last one or another date of maturity changes is a correction of one
//! cohort. Both sums run over cohorts in an order that depends on the step alone, so that they do not depend on how they were
//! come by: from the first on, and once cohorts have ended over those that were there then from the last back, whose sums from
//! each cohort on are kept.

use crate::lanes::{Mask, Pack};

/// The terms of a step.
#[derive(Clone, Debug, Default)]
pub struct SharedStep {
    /// Instalment of a unit of par, and those before the step.
    pub instalment: f64,
    pub repaid: f64,
    /// Interest of a unit of contractual balance.
    pub interest: f64,
    pub corrections: Vec<Correction>,
}

impl SharedStep {
    /// Notes how a cohort differs whose balance, instalment and interest of a unit of balance are these.
    pub fn correct(&mut self, cohort: usize, [balance, instalment, interest]: [f64; 3]) {
        let (more, dearer) = (instalment - self.instalment, interest - self.interest);
        if more.abs() > 0.0 || dearer.abs() > 0.0 {
            self.corrections.push(Correction {
                cohort: cohort as u32,
                instalment: more,
                interest: balance * dearer,
                interest_of_rest: (balance - instalment) * dearer,
            });
        }
    }
}

/// How one cohort differs, each for a unit of its par.
#[derive(Clone, Copy, Debug)]
pub struct Correction {
    pub cohort: u32,
    pub instalment: f64,
    pub interest: f64,
    /// Of the balance after the instalment.
    pub interest_of_rest: f64,
}

/// The terms of all steps.
#[derive(Clone, Debug, Default)]
pub struct SharedTerms {
    pub steps: Vec<SharedStep>,
    /// What prepaying all of the balance after the instalment adds to its interest, a share of the interest.
    pub prepaid: f64,
    /// Share of par that the cohorts are carried below par.
    pub below_par: f64,
    /// First step in which some cohort has ended.
    pub ends_from: usize,
}

impl SharedTerms {
    /// `1 + S_{c+1}` of a cohort.
    #[inline(always)]
    fn at_purchase(&self, cohort: usize) -> f64 {
        self.steps.get(cohort + 1).map_or(1.0, |step| 1.0 + step.repaid)
    }
}

/// Sums over all cohorts of a step, for a survival factor of 1.
#[derive(Clone, Copy, Debug)]
pub struct Sums<const L: usize> {
    pub instalment: Pack<L>,
    pub interest: Pack<L>,
    pub interest_of_prepaid: Pack<L>,
    pub discount: Pack<L>,
}

/// `U` and `V` of `L` futures.
#[derive(Clone, Debug)]
pub struct Shared<const L: usize> {
    sums: [Pack<L>; 2],
    /// First cohort of the sums; none where they have to be summed anew.
    first: Option<usize>,
    /// Cohorts from this one on have been bought by nobody.
    bought: usize,
    /// Sums of the cohorts that were there when the first had ended, from each of them on.
    ending: Vec<[Pack<L>; 2]>,
}

impl<const L: usize> Shared<L> {
    /// Nothing is summed yet.
    pub const NONE: Self = Self { sums: [Pack::ZERO; 2], first: None, bought: 0, ending: Vec::new() };

    /// Sums must be summed anew, over cohorts before this one.
    #[inline(always)]
    pub fn forget(&mut self, bought: usize) {
        self.sums = [Pack::ZERO; 2];
        self.first = None;
        self.bought = bought;
    }

    /// A cohort is bought.
    #[inline(always)]
    pub fn buy(&mut self, terms: &SharedTerms, cohort: usize, units: Pack<L>) {
        self.bought = cohort + 1;
        add(&mut self.sums, terms, cohort, units);
    }

    /// Sums the cohorts that are alive in step `p`, of which `first` is the first.
    #[inline(always)]
    fn sum(&mut self, terms: &SharedTerms, p: usize, first: usize, units: &[Pack<L>]) {
        let end = if self.bought < p { self.bought } else { p };
        let kept = if first > 0 { terms.ends_from } else { 0 };
        self.sums = [Pack::ZERO; 2];
        if first < kept {
            if self.first.is_none_or(|before| before == 0) {
                self.ending.resize(kept, [Pack::ZERO; 2]);
                let mut sums = [Pack::ZERO; 2];
                for cohort in (first..kept).rev() {
                    add(&mut sums, terms, cohort, units[cohort]);
                    self.ending[cohort] = sums;
                }
            }
            self.sums = self.ending[first];
        }
        for cohort in if first < kept { kept } else { first }..end {
            add(&mut self.sums, terms, cohort, units[cohort]);
        }
        self.first = Some(first);
    }

    /// Sums the cohorts for step `p`, in which `first` is the first that is alive, unless they are summed already.
    #[inline(always)]
    pub fn prepare(&mut self, terms: &SharedTerms, p: usize, first: usize, units: &[Pack<L>]) {
        if self.first != Some(first) {
            self.sum(terms, p, first, units);
        }
    }

    /// What the cohorts do in a step in the `i`-th part of `W` lanes.
    #[inline(always)]
    #[must_use]
    pub fn part<const W: usize>(&self, terms: &SharedTerms, p: usize, units: &[Pack<L>], i: usize) -> Sums<W> {
        let (sum, weighted) = (self.sums[0].part::<W>(i), self.sums[1].part::<W>(i));
        let step = &terms.steps[p];
        // Differences of sums leave rounding of either sign where nothing is left: what is below zero is nothing.
        let balance = (weighted - sum * step.repaid).positive();
        let mut instalment = sum * step.instalment;
        let mut interest = balance * step.interest;
        let mut of_rest = Pack::ZERO;
        for correction in &step.corrections {
            let own = units[correction.cohort as usize].part::<W>(i);
            instalment += own * correction.instalment;
            interest += own * correction.interest;
            if terms.prepaid < 0.0 {
                of_rest += own * correction.interest_of_rest;
            }
        }
        let rest = (balance - instalment).positive();
        let interest_of_prepaid =
            if terms.prepaid < 0.0 { (rest * step.interest + of_rest) * terms.prepaid } else { Pack::ZERO };
        Sums { instalment, interest: interest.positive(), interest_of_prepaid, discount: rest * terms.below_par }
    }

    /// Forgets the cohorts of some lanes, which are extinct.
    #[inline(always)]
    pub fn end(&mut self, extinct: Mask<L>) {
        for sums in std::iter::once(&mut self.sums).chain(&mut self.ending) {
            *sums = sums.map(|sum| extinct.not().keep(sum));
        }
    }
}

/// Adds a cohort to both sums.
#[inline(always)]
fn add<const L: usize>(sums: &mut [Pack<L>; 2], terms: &SharedTerms, cohort: usize, units: Pack<L>) {
    sums[0] += units;
    sums[1] += units * terms.at_purchase(cohort);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What two cohorts of 60 and 40 do in three steps, of which the first ends in the second step and the other in the last.
    #[test]
    fn cohorts_together_do_what_they_do_one_by_one() {
        // Instalments of 1 % of par and interest of 2 % of the balance; a first period of half the length.
        let balances = [[0.0, 1.0, 0.99, 0.0], [0.0, 0.0, 1.0, 0.99]];
        let instalments = [[0.0, 0.01, 0.99, 0.0], [0.0, 0.0, 0.01, 0.99]];
        let interest = [[0.0, 0.01, 0.02, 0.0], [0.0, 0.0, 0.01, 0.02]];
        let mut terms = SharedTerms { prepaid: -0.5, below_par: 0.1, ends_from: 3, ..SharedTerms::default() };
        for p in 0..4 {
            let repaid = 0.01 * f64::from(u8::try_from(p).unwrap_or(0));
            let mut step = SharedStep { instalment: 0.01, repaid, interest: 0.02, corrections: Vec::new() };
            for c in 0..2 {
                if balances[c][p] > 0.0 {
                    step.correct(c, [balances[c][p], instalments[c][p], interest[c][p]]);
                }
            }
            terms.steps.push(step);
        }
        let units = [Pack([60.0]), Pack([40.0]), Pack([0.0])];
        let mut together = Shared::NONE;
        together.buy(&terms, 0, units[0]);
        for p in 1..4 {
            let first = usize::from(p == 3);
            together.prepare(&terms, p, first, &units[..p]);
            let sums = together.part(&terms, p, &units[..p], 0);
            if p == 1 {
                together.buy(&terms, 1, units[1]);
            }
            let of = |f: &dyn Fn(usize) -> f64| (0..2).map(|c| units[c].0[0] * f(c)).sum::<f64>();
            let rest = |c: usize| balances[c][p] - instalments[c][p];
            let close = |pack: Pack<1>, expected: f64| (pack.0[0] - expected).abs() < 1e-12;
            assert!(close(sums.instalment, of(&|c| instalments[c][p])), "step {p}");
            assert!(close(sums.interest, of(&|c| balances[c][p] * interest[c][p])), "step {p}");
            assert!(close(sums.interest_of_prepaid, of(&|c| -0.5 * rest(c) * interest[c][p])), "step {p}");
            assert!(close(sums.discount, of(&|c| 0.1 * rest(c))), "step {p}");
        }
    }

    #[test]
    fn sums_do_not_depend_on_when_they_were_first_summed() {
        let step = |p: usize| SharedStep { repaid: 0.013 * p as f64, ..SharedStep::default() };
        let terms = SharedTerms { steps: (0..12).map(step).collect(), ends_from: 6, ..SharedTerms::default() };
        // Nobody buys on the ninth date.
        let par = |c: u8| if c == 8 { 0.0 } else { 0.1 + 0.37 * f64::from(c % 5) };
        let units: Vec<Pack<1>> = (0..12).map(|c| Pack([par(c)])).collect();
        let first = |p: usize| if p < 6 { 0 } else { p - 5 };
        let mut straight = Shared::NONE;
        for p in 0..12 {
            straight.prepare(&terms, p, first(p), &units);
            let mut late = Shared::NONE;
            late.forget(units.len());
            late.prepare(&terms, p, first(p), &units);
            assert_eq!(late.sums[0].0[0].to_bits(), straight.sums[0].0[0].to_bits(), "step {p}");
            assert_eq!(late.sums[1].0[0].to_bits(), straight.sums[1].0[0].to_bits(), "step {p}");
            let alive: f64 = (first(p)..p).map(|c| units[c].0[0]).sum();
            assert!((straight.sums[0].0[0] - alive).abs() < 1e-12, "step {p}");
            if p != 8 {
                straight.buy(&terms, p, units[p]);
            }
        }
    }

    #[test]
    fn nothing_is_left_of_cohorts_that_have_ended() {
        let step = SharedStep { instalment: 0.01, interest: 0.02, ..SharedStep::default() };
        let terms = SharedTerms { steps: vec![step.clone(), step], ..SharedTerms::default() };
        let mut dust = Shared { sums: [Pack([1e-17]), Pack([-1e-17])], first: Some(0), ..Shared::NONE };
        dust.prepare(&terms, 1, 1, &[Pack([7.0])]);
        let sums = dust.part::<1>(&terms, 1, &[Pack([7.0])], 0);
        assert_eq!((sums.instalment.0, sums.interest.0, dust.sums[0].0), ([0.0], [0.0], [0.0]));
    }
}
