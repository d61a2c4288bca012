//! Steps and payment dates of all documents together, where a condition brings in some that the first does not have.
//!
//! What a path draws is drawn before it is known which documents come in, and when: on the steps of all of them. Each document
//! takes on a step of its own what falls into it. Figures by date are told on the payment dates of all documents.

use std::borrow::Cow;

use super::opening::DrawnPath;
use super::plan::{PeriodTerms, Plan, Regime, SAME_TIME};
use crate::lanes::{Numbers, Pack};
use crate::time::Date;

/// A payment date on which figures of all paths are told.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ToldDate {
    /// Days since 1970-01-01.
    pub payment: i32,
    pub determination: i32,
    /// Years from closing or the state's unadjusted payment date to the unadjusted date, 30/360.
    pub anniversary: f64,
}

impl ToldDate {
    /// That of a period.
    #[must_use]
    pub fn of<P>(period: &PeriodTerms<P>) -> Self {
        Self { payment: period.payment, determination: period.determination, anniversary: period.anniversary }
    }
}

/// The steps and payment dates of all documents of a deal, each once.
#[derive(Clone, Debug, Default)]
pub struct CommonDates {
    /// Per step: the schedule date or the end of a month on which it ends, and its credit time.
    pub ends: Vec<Date>,
    pub times: Vec<f64>,
    pub told: Vec<ToldDate>,
    /// Days from closing to each of them, and before them to dates of distributions that are none.
    pub days: Vec<i32>,
    /// By plan and its steps: last day of collections.
    pub collection_end: Vec<Vec<Date>>,
}

/// No step: the document is over.
pub const OVER: u32 = u32::MAX;

impl CommonDates {
    /// Per common step: the step (from 0) of a plan that it falls into; [`OVER`] after its last.
    #[must_use]
    pub fn taken_by<P: Numbers>(&self, plan: &Plan<P>) -> Vec<u32> {
        let last = plan.pool_step(plan.last);
        let mut q = 0;
        let mut out = Vec::with_capacity(self.times.len());
        for time in &self.times {
            while q <= last && *time > plan.credit_time(q) + SAME_TIME {
                q += 1;
            }
            out.push(if q <= last { u32::try_from(q).unwrap_or(OVER) } else { OVER });
        }
        out
    }

    /// Whether every step of a plan from its first run on ends with one of these.
    #[must_use]
    pub fn holds<P: Numbers>(&self, plan: &Plan<P>) -> bool {
        let since = plan.within.of(plan.first()).start().to_owned();
        (since..=plan.pool_step(plan.last)).all(|q| {
            let end = plan.credit_time(q);
            let at = self.times.partition_point(|time| *time < end - SAME_TIME);
            self.times.get(at).is_some_and(|time| *time <= end + SAME_TIME)
        })
    }
}

impl<P: Numbers> Plan<P> {
    /// Whether the document of the `k`-th regime may still come in: a run from a state knows those of earlier dates, too.
    #[must_use]
    pub fn may_come(&self, k: usize) -> bool {
        let Regime { parent, step, .. } = &self.regimes[k];
        *step >= self.first() && parent.checked_sub(1).is_none_or(|parent| self.may_come(parent))
    }

    /// The first plan and those that may still come, each with its number.
    pub fn to_come(&self) -> impl Iterator<Item = (usize, &Self)> {
        let later = (0..self.regimes.len()).filter(|k| self.may_come(*k)).map(|k| (k + 1, &self.regimes[k].plan));
        std::iter::once((0, self)).chain(later)
    }

    /// The payment dates on which figures of all paths are told.
    #[must_use]
    pub fn told(&self) -> Cow<'_, [ToldDate]> {
        match &self.common {
            Some(common) => Cow::Borrowed(&common.told),
            None => self.periods.iter().map(ToldDate::of).collect(),
        }
    }

    /// How many they are.
    #[must_use]
    pub fn told_dates(&self) -> usize {
        self.common.as_ref().map_or(self.periods.len(), |common| common.told.len())
    }

    /// Days from closing to each of them, and before them to dates of distributions that are none.
    #[must_use]
    pub fn told_days(&self) -> &[i32] {
        self.common.as_ref().map_or(&self.days, |common| &common.days)
    }

    /// Number of steps on which paths are drawn.
    #[must_use]
    pub fn drawn_steps(&self) -> usize {
        self.common.as_ref().map_or(self.pool.steps, |common| common.times.len())
    }

    /// The step (from 0) that takes what falls into one on which paths are drawn; none after the last.
    #[must_use]
    pub fn own_step(&self, step: usize) -> Option<usize> {
        let step = if self.takes.is_empty() { step } else { *self.takes.get(step)? as usize };
        (step <= self.pool_step(self.last)).then_some(step)
    }

    /// Default rates of its steps, from those of the steps on which paths are drawn.
    #[must_use]
    pub fn own_rates<const L: usize>(&self, of_all: &[Pack<L>]) -> Vec<Pack<L>> {
        if self.takes.is_empty() {
            return of_all.to_vec();
        }
        let one = Pack::splat(1.0);
        let steps = self.pool_steps();
        let mut left = vec![one; if steps > of_all.len() { steps } else { of_all.len() }];
        for (step, rate) in self.takes.iter().zip(of_all) {
            if let Some(left) = left.get_mut(*step as usize) {
                *left = *left * (one - *rate);
            }
        }
        left.into_iter().map(|left| one - left).collect()
    }

    /// A path on its own steps.
    #[must_use]
    pub fn own_path(&self, path: &DrawnPath) -> DrawnPath {
        let of_all: Vec<Pack<1>> = path.hazard.iter().map(|rate| Pack([*rate])).collect();
        DrawnPath {
            defaults: path.defaults.iter().filter_map(|(o, step)| Some((*o, self.own_step(*step)?))).collect(),
            times: Vec::new(),
            ends: Vec::new(),
            hazard: self.own_rates(&of_all).iter().map(|rate| rate.0[0]).collect(),
            one_by_one: path.one_by_one,
        }
    }

    /// The document of a path that takes a default of a common step, by its place in the trail of the path, and the step (from 0)
    /// in which it does; none after the last date of the one in force.
    #[must_use]
    pub fn taken_on(&self, trail: &[(usize, usize)], step: usize) -> Option<(usize, usize)> {
        // A redemption between payment dates is no document: its day lies in a step of the one before.
        let is_document = |(k, (_, number)): (usize, &(usize, usize))| self.redemption(*number).is_none().then_some(k);
        let mut documents = trail.iter().enumerate().filter_map(is_document).peekable();
        while let Some(k) = documents.next() {
            let of = self.of_number(trail[k].1);
            let own = of.own_step(step);
            let next = documents.peek().map(|next| trail[*next].0);
            let in_time = |own: &usize| next.is_none_or(|since| *own <= of.pool_step(since - 1));
            if let Some(own) = own.filter(in_time) {
                return Some((k, own));
            }
        }
        None
    }

    /// What a default of an obligor ends in a common step of a path: par, and par less what is recovered.
    #[must_use]
    pub fn ended_on(&self, trail: &[(usize, usize)], obligor: usize, step: usize) -> [f64; 2] {
        let Some((k, own)) = self.taken_on(trail, step) else { return self.ended_by(obligor, step) };
        let pool = &self.of_number(trail[k].1).pool;
        pool.obligor_default[obligor * pool.steps + own]
    }

    /// What a default of an obligor ends in a step on which paths are drawn: par, and par less what is recovered; after the last
    /// date of a document in the pool of the next that goes on.
    #[must_use]
    pub fn ended_by(&self, obligor: usize, step: usize) -> [f64; 2] {
        if self.takes.is_empty() {
            return self.pool.obligor_default[obligor * self.pool.steps + step];
        }
        let of = self.to_come().find_map(|(_, plan)| Some((&plan.pool, plan.own_step(step)?)));
        of.map_or([0.0; 2], |(pool, step)| pool.obligor_default[obligor * pool.steps + step])
    }
}
