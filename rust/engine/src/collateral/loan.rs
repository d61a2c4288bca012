//! One loan, step by step.
//!
//! In a step: default on the opening balance, interest on what survives, the contractual instalment in proportion to
//! what survives, the balloon at maturity, prepayment of the rest.
//! `dflt = B0·mdr`, `S = (B0 − dflt)·s`, `Pp = (B0 − dflt − S)·mpr`, `B1 = B0 − dflt − S − Pp`.
//! All of it is proportional to what the contract alone would do, so the contract runs once for all rates.
//! A loan with its own payment dates pays interest on them for its own accrual periods; any other accrues over the
//! collection period and pays at the determination date. What a PIK spread adds to the claim is no par: it is interest
//! proceeds when the loan is repaid, and nothing when it defaults or is sold.
//!
//! An undrawn commitment is par for which cash was set aside: a draw turns one into the other, what is repaid early or
//! matures sets free its share of that cash as principal, and a default all of it that is not drawn just before.

use std::ops::AddAssign;

use super::commitment::{Commitment, YearlyShare};
use crate::time::{Date, DayCount};

mod own_steps;

pub use own_steps::{OwnRate, OwnSteps};

/// Less than this share of the original par is rounding of instalments.
const ROUNDING: f64 = 1e-12;

/// The contract of one loan.
#[derive(Clone, Debug)]
pub struct LoanContract {
    pub par: f64,
    pub original_par: f64,
    pub coupon: LoanCoupon,
    pub day_count: DayCount,
    pub maturity: Date,
    /// Share of original par a year.
    pub amortization_rate: f64,
    /// Interest a year that is capitalized instead of paid.
    pub pik_spread: f64,
    pub commitment: Commitment,
    /// Own payment dates; absent: the deal's determination dates.
    pub own: Option<OwnDates>,
    /// Prepayment on these; absent: at the end of each step of the run.
    pub own_steps: Option<OwnSteps>,
}

/// What a loan pays; decimals a year.
#[derive(Clone, Copy, Debug)]
pub enum LoanCoupon {
    Fixed { rate: f64 },
    Floating { spread: f64, floor: f64, csa: f64, csa_in_floor: bool },
}

impl LoanCoupon {
    /// All-in rate at an index fixing: `max(index + csa, floor) + spread` or `max(index, floor) + csa + spread`; the lender
    /// pays nothing where it is below zero.
    #[must_use]
    pub fn rate(self, index: f64) -> f64 {
        match self {
            Self::Fixed { rate } => rate,
            Self::Floating { spread, floor, csa, csa_in_floor } => {
                let base = if csa_in_floor { index + csa } else { index };
                let floored = if base > floor { base } else { floor };
                let rate = floored + if csa_in_floor { 0.0 } else { csa } + spread;
                if rate > 0.0 { rate } else { 0.0 }
            }
        }
    }

    /// What the floor adds to the rate at an index fixing.
    #[must_use]
    pub fn floor_benefit(self, index: f64) -> f64 {
        match self {
            Self::Fixed { .. } => 0.0,
            Self::Floating { floor, csa, csa_in_floor, .. } => {
                let gain = floor - index - if csa_in_floor { csa } else { 0.0 };
                if gain > 0.0 { gain } else { 0.0 }
            }
        }
    }
}

/// A loan's own payment dates: `first + k · months`.
#[derive(Clone, Copy, Debug)]
pub struct OwnDates {
    pub first: Date,
    pub months: u32,
    /// Start of the first accrual period.
    pub accrual_start: Date,
    /// No later period starts before it.
    pub closing: Date,
    /// All-in rate of the running period, when the tape states it.
    pub current_rate: Option<f64>,
}

/// The dates of one pool step: it collects what falls in `(start, end]`.
#[derive(Clone, Copy, Debug)]
pub struct StepDates {
    pub start: Date,
    pub end: Date,
    /// Whether everything is sold at its end.
    pub is_last: bool,
    /// Years of yearly rates that fall due in it: defaults, prepayments and instalments alike.
    pub years: f64,
    /// Share of the interest of par that capitalized interest earns.
    pub on_pik: f64,
    pub draws: YearlyShare,
}

/// Which share of the step's interest defaulted and prepaid par still pays.
#[derive(Clone, Copy, Debug)]
pub struct InterestShares {
    pub on_default: f64,
    pub on_prepaid: f64,
}

/// What a loan does in one step by contract, before any of it defaults or prepays; amounts in currency units.
///
/// Where a share `f` of the contract is left and the step's rates are `mdr` and `mpr`, the loan does
/// `default = f·mdr·(open − released)`, `scheduled = f·((1 − mdr)·scheduled + mdr·released)`,
/// `prepaid = f·(1 − mdr)·mpr·(open − scheduled)` (nothing in the step in which it matures), and pays
/// `f·((1 − mdr)·(interest + mpr·of_prepaid) + mdr·of_default)`.
/// A loan that prepays on its own dates has no `mpr`: a share `gone` of the contract prepays in the step, which is `early`, and
/// what the rest of the step pays is of what stays.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ContractStep {
    /// Contractual balance at the start, undrawn commitment included.
    pub open: f64,
    /// Instalments, and the balloon at maturity.
    pub scheduled: f64,
    /// Contractual balance at the end.
    pub end: f64,
    /// What of it is not drawn then.
    pub undrawn: f64,
    /// Cash of the undrawn commitment that a default of the whole contract sets free.
    pub released: f64,
    /// What prepays on own dates inside the step, and the share of the contract that this is.
    pub early: f64,
    pub gone: f64,
    pub interest: Income,
    pub floor_benefit: Income,
}

/// Interest of one step: of the whole contract, what a default of it pays, and what prepaying all of it adds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Income {
    pub whole: f64,
    pub of_default: f64,
    pub of_prepaid: f64,
}

impl AddAssign for Income {
    fn add_assign(&mut self, one: Self) {
        self.whole += one.whole;
        self.of_default += one.of_default;
        self.of_prepaid += one.of_prepaid;
    }
}

/// Index fixings of one loan: by step, and on any date for its own accrual periods.
pub trait LoanFixings {
    /// Fixing of the deal's accrual period of a step.
    fn step(&self, step: usize) -> f64;
    /// Fixing of an accrual period that starts on `start`.
    fn own(&self, start: Date) -> f64;
}

/// Runs the contract of one loan, as it stands at the start of step `first`, through that and all later steps.
pub fn contract(
    loan: &LoanContract,
    steps: &[StepDates],
    first: usize,
    shares: InterestShares,
    fixings: &impl LoanFixings,
    out: &mut Vec<ContractStep>,
) {
    out.clear();
    out.resize(steps.len(), ContractStep::default());
    let start = steps[first].start;
    let mut walk = Walk::new(loan, start, fixings);
    for (p, dates) in steps.iter().enumerate().skip(first) {
        if walk.is_over() {
            break;
        }
        out[p] = walk.step(loan, dates, shares, fixings, p);
    }
}

/// What the contract of one loan does in each step where its collections end on a later day, before all is sold: `sales`.
pub fn sales(
    loan: &LoanContract,
    steps: &[StepDates],
    first: usize,
    sales: &[StepDates],
    shares: InterestShares,
    fixings: &impl LoanFixings,
    out: &mut Vec<ContractStep>,
) {
    out.clear();
    out.resize(steps.len(), ContractStep::default());
    let start = steps[first].start;
    let mut walk = Walk::new(loan, start, fixings);
    for (p, (dates, sale)) in steps.iter().zip(sales).enumerate().skip(first) {
        if walk.is_over() {
            break;
        }
        out[p] = walk.clone().step(loan, sale, shares, fixings, p);
        walk.step(loan, dates, shares, fixings, p);
    }
}

/// The running accrual period of a loan with its own dates.
#[derive(Clone)]
struct Running {
    dates: OwnDates,
    /// Number of the date that ends the running period.
    k: i32,
    start: Date,
    rate: f64,
    floor_benefit: f64,
}

impl Running {
    fn new(dates: OwnDates, from: Date, loan: &LoanContract, fixings: &impl LoanFixings) -> Self {
        let mut running = Self { dates, k: 0, start: dates.accrual_start, rate: 0.0, floor_benefit: 0.0 };
        let mut stated = dates.current_rate;
        while running.end() <= from {
            running.start = later(running.end(), dates.closing);
            running.k += 1;
            stated = None;
        }
        match stated {
            Some(rate) => running.rate = rate,
            None => running.fix(loan, fixings),
        }
        running
    }

    fn end(&self) -> Date {
        self.dates.first.add_months(self.k * i32::try_from(self.dates.months).unwrap_or(1))
    }

    fn fix(&mut self, loan: &LoanContract, fixings: &impl LoanFixings) {
        let index = fixings.own(self.start);
        self.rate = loan.coupon.rate(index);
        self.floor_benefit = loan.coupon.floor_benefit(index);
    }
}

#[derive(Clone)]
struct Walk {
    /// Contractual balance that is drawn, and what is not.
    balance: f64,
    undrawn: f64,
    /// Capitalized interest.
    pik: f64,
    own: Option<Running>,
}

impl Walk {
    fn new(loan: &LoanContract, start: Date, fixings: &impl LoanFixings) -> Self {
        Self {
            balance: loan.par,
            undrawn: loan.commitment.undrawn,
            pik: 0.0,
            own: loan.own.map(|own| Running::new(own, start, loan, fixings)),
        }
    }

    fn is_over(&self) -> bool {
        !(self.balance > 0.0 || self.undrawn > 0.0)
    }

    /// Draws a share of what is not drawn.
    fn draw(&mut self, share: f64) {
        let drawn = self.undrawn * share;
        self.balance += drawn;
        self.undrawn -= drawn;
    }

    fn step(
        &mut self,
        loan: &LoanContract,
        dates: &StepDates,
        shares: InterestShares,
        fixings: &impl LoanFixings,
        p: usize,
    ) -> ContractStep {
        let matured = loan.maturity <= dates.end;
        let released = self.undrawn * (1.0 - loan.commitment.usage_at_default);
        let step = if let Some(steps) = &loan.own_steps {
            self.own_steps((loan, steps), (p, dates), matured, shares, fixings)
        } else if self.own.is_some() {
            self.own_step(loan, dates, matured, shares, fixings)
        } else {
            self.plain_step(loan, dates, matured, shares, fixings.step(p))
        };
        ContractStep { undrawn: self.undrawn, released, ..step }
    }

    /// The instalment of `years` on a contractual balance: all of it where no more than rounding would be left.
    fn instalment(loan: &LoanContract, balance: f64, years: f64) -> f64 {
        let due = loan.original_par * loan.amortization_rate * years;
        if due < balance - ROUNDING * loan.original_par { due } else { balance }
    }

    fn plain_step(
        &mut self,
        loan: &LoanContract,
        dates: &StepDates,
        matured: bool,
        shares: InterestShares,
        index: f64,
    ) -> ContractStep {
        let last = if matured && loan.maturity > dates.start {
            loan.maturity
        } else if matured {
            dates.start
        } else {
            dates.end
        };
        let accrual = loan.day_count.fraction(dates.start, last);
        let (open, undrawn) = (self.balance, self.undrawn);
        let scheduled = if matured { open } else { Self::instalment(loan, open, dates.years) };
        let end = open - scheduled;
        let repaid = matured || !(end > 0.0 || undrawn > 0.0);
        let capitalized = dates.on_pik * self.pik;
        let (base, left) = (open + capitalized, if repaid { 0.0 } else { end + capitalized });
        let income = |rate: f64| Income {
            whole: base * rate * accrual,
            of_default: shares.on_default * base * rate * accrual,
            of_prepaid: -(1.0 - shares.on_prepaid) * left * rate * accrual,
        };
        let mut interest = income(loan.coupon.rate(index));
        if loan.pik_spread > 0.0 {
            self.pik += base * loan.pik_spread * accrual;
            if repaid {
                interest.whole += self.pik;
            } else {
                interest.of_prepaid += self.pik + income(loan.pik_spread).of_prepaid;
            }
        }
        let floor_benefit = income(loan.coupon.floor_benefit(index));
        if undrawn > 0.0 {
            let fee = undrawn * loan.commitment.fee * accrual;
            interest.whole += fee;
            interest.of_default += shares.on_default * fee;
            if !matured {
                interest.of_prepaid -= (1.0 - shares.on_prepaid) * fee;
            }
        }
        self.balance = end;
        if matured {
            self.undrawn = 0.0;
            return ContractStep {
                open: open + undrawn,
                scheduled: open + undrawn,
                interest,
                floor_benefit,
                ..ContractStep::default()
            };
        }
        self.draw(dates.draws.within(dates.years));
        ContractStep {
            open: open + undrawn,
            scheduled,
            end: end + undrawn,
            interest,
            floor_benefit,
            ..ContractStep::default()
        }
    }

    fn own_step(
        &mut self,
        loan: &LoanContract,
        dates: &StepDates,
        matured: bool,
        shares: InterestShares,
        fixings: &impl LoanFixings,
    ) -> ContractStep {
        let (open, committed) = (self.balance, self.undrawn);
        let mut step = ContractStep { open: open + committed, ..ContractStep::default() };
        let Some(mut running) = self.own.take() else { return step };
        let last = if matured { loan.maturity } else { dates.end };
        let idle = shares.on_default * (open + dates.on_pik * self.pik);
        let idle_fee = shares.on_default * committed * loan.commitment.fee;
        let mut balance = open;
        // What a unit of par earns inside the step, paid or capitalized, and the time in which a commitment does.
        let (mut earned, mut time) = (0.0, 0.0);
        while running.end() <= last && !(matured && running.end() >= loan.maturity) {
            let accrual = loan.day_count.fraction(running.start, running.end());
            let within = loan.day_count.fraction(later(running.start, dates.start), running.end());
            earned += (running.rate + loan.pik_spread) * within;
            time += within;
            let base = balance + dates.on_pik * self.pik;
            step.pays(base, idle, &running, accrual);
            step.pays_fee(self.undrawn * loan.commitment.fee, idle_fee, accrual);
            self.pik += base * loan.pik_spread * accrual;
            let paid = Self::instalment(loan, balance, f64::from(running.dates.months) / 12.0);
            step.scheduled += paid;
            balance -= paid;
            if self.undrawn > 0.0 {
                self.balance = balance;
                self.draw(dates.draws.within(f64::from(running.dates.months) / 12.0));
                balance = self.balance;
            }
            if !(balance > 0.0 || self.undrawn > 0.0) {
                step.interest.whole += std::mem::take(&mut self.pik);
            }
            running.start = running.end();
            running.k += 1;
            running.fix(loan, fixings);
        }
        let stub = if last > running.start { loan.day_count.fraction(running.start, last) } else { 0.0 };
        let base = balance + dates.on_pik * self.pik;
        let accrued = base * loan.pik_spread * stub;
        if matured {
            step.pays(base, idle, &running, stub);
            step.pays_fee(self.undrawn * loan.commitment.fee, idle_fee, stub);
            step.interest.whole += self.pik + accrued;
            step.scheduled += balance + self.undrawn;
            (balance, self.undrawn) = (0.0, 0.0);
        } else {
            let from = later(running.start, dates.start);
            if last > from {
                let within = loan.day_count.fraction(from, last);
                earned += (running.rate + loan.pik_spread) * within;
                time += within;
            }
            step.interest.of_prepaid = base * (running.rate * stub - (1.0 - shares.on_prepaid) * earned);
            step.interest.of_prepaid += self.pik + accrued;
            let fee = self.undrawn * loan.commitment.fee;
            step.interest.of_prepaid += fee * (stub - (1.0 - shares.on_prepaid) * time);
            if dates.is_last {
                // What is sold has earned to the last day.
                step.pays(base, 0.0, &running, stub);
                step.pays_fee(fee, 0.0, stub);
                step.interest.of_prepaid -= fee * stub;
                step.interest.of_prepaid -= base * running.rate * stub;
                step.floor_benefit.of_prepaid -= base * running.floor_benefit * stub;
            }
        }
        step.end = balance + self.undrawn;
        self.balance = balance;
        self.own = Some(running);
        step
    }
}

impl ContractStep {
    /// What of the whole contract would default.
    #[inline(always)]
    #[must_use]
    pub fn defaults(&self) -> f64 {
        self.open - self.released
    }

    /// What the contract repays of it in the step.
    #[must_use]
    pub fn repaid(&self) -> f64 {
        if self.early > 0.0 { self.open - self.end } else { self.scheduled }
    }

    /// A commitment fee, a year, and that of what has defaulted, for a part of an own period.
    fn pays_fee(&mut self, fee: f64, idle: f64, accrual: f64) {
        self.interest.whole += fee * accrual;
        self.interest.of_default += idle * accrual;
    }

    /// Interest on a balance, and on par that has defaulted, for a part of an own period.
    fn pays(&mut self, balance: f64, idle: f64, running: &Running, accrual: f64) {
        for (income, rate) in [(&mut self.interest, running.rate), (&mut self.floor_benefit, running.floor_benefit)] {
            income.whole += balance * rate * accrual;
            income.of_default += idle * rate * accrual;
        }
    }
}

fn later(a: Date, b: Date) -> Date {
    if a > b { a } else { b }
}

#[cfg(test)]
mod tests;
