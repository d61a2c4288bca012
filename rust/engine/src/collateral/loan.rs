//! One loan, step by step.
//!
//! In a step: default on the opening balance, interest on what survives, the contractual instalment in proportion to
//! what survives, the balloon at maturity, prepayment of the rest.
//! `dflt = B0·mdr`, `S = (B0 − dflt)·s`, `Pp = (B0 − dflt − S)·mpr`, `B1 = B0 − dflt − S − Pp`.
//! A loan with its own payment dates pays interest on them for its own accrual periods; any other accrues over the
//! collection period and pays at the determination date.

use crate::time::{Date, DayCount};

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
    /// Own payment dates; absent: the deal's determination dates.
    pub own: Option<OwnDates>,
}

/// What a loan pays; decimals a year.
#[derive(Clone, Copy, Debug)]
pub enum LoanCoupon {
    Fixed { rate: f64 },
    Floating { spread: f64, floor: f64, csa: f64, csa_in_floor: bool },
}

impl LoanCoupon {
    /// All-in rate at an index fixing: `max(index + csa, floor) + spread` or `max(index, floor) + csa + spread`.
    #[must_use]
    pub fn rate(self, index: f64) -> f64 {
        match self {
            Self::Fixed { rate } => rate,
            Self::Floating { spread, floor, csa, csa_in_floor } => {
                let base = if csa_in_floor { index + csa } else { index };
                let floored = if base > floor { base } else { floor };
                floored + if csa_in_floor { 0.0 } else { csa } + spread
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
}

/// Which share of the step's interest defaulted and prepaid par still pays.
#[derive(Clone, Copy, Debug)]
pub struct InterestShares {
    pub on_default: f64,
    pub on_prepaid: f64,
}

/// Per step: what one loan does.
#[derive(Clone, Debug, Default)]
pub struct LoanFlows {
    pub begin: Vec<f64>,
    pub default: Vec<f64>,
    pub interest: Vec<f64>,
    pub scheduled: Vec<f64>,
    pub prepaid: Vec<f64>,
    pub end: Vec<f64>,
    pub floor_benefit: Vec<f64>,
    /// Number of steps in which the loan has par at the start.
    pub last_step: u32,
}

/// Index fixings of one loan: by step, and on any date for its own accrual periods.
pub trait LoanFixings {
    /// Fixing of the deal's accrual period of a step.
    fn step(&self, step: usize) -> f64;
    /// Fixing of an accrual period that starts on `start`.
    fn own(&self, start: Date) -> f64;
}

/// Runs one loan through all steps. `mdr` and `mpr` are period rates by step.
pub fn run(
    loan: &LoanContract,
    steps: &[StepDates],
    mdr: &[f64],
    mpr: &[f64],
    shares: InterestShares,
    fixings: &impl LoanFixings,
    out: &mut LoanFlows,
) {
    let n = steps.len();
    for column in [
        &mut out.begin,
        &mut out.default,
        &mut out.interest,
        &mut out.scheduled,
        &mut out.prepaid,
        &mut out.end,
        &mut out.floor_benefit,
    ] {
        column.clear();
        column.resize(n, 0.0);
    }
    out.last_step = 0;
    let mut walk = Walk {
        balance: loan.par,
        contract: loan.par,
        own: loan.own.map(|o| Running::new(o, steps[0].start, loan, fixings)),
    };
    for (p, dates) in steps.iter().enumerate() {
        if !(walk.balance > 0.0) {
            break;
        }
        out.last_step = u32::try_from(p + 1).unwrap_or(u32::MAX);
        let begin = walk.balance;
        let default = begin * mdr[p];
        let alive = begin - default;
        let matured = loan.maturity <= dates.end;
        let step = if walk.own.is_some() {
            walk.own_step(loan, dates, alive, default, matured, mpr[p], shares, fixings)
        } else {
            walk.plain_step(loan, dates, alive, default, matured, mpr[p], shares, fixings.step(p))
        };
        out.begin[p] = begin;
        out.default[p] = default;
        out.interest[p] = step.interest;
        out.scheduled[p] = step.scheduled;
        out.prepaid[p] = step.prepaid;
        out.floor_benefit[p] = step.floor_benefit;
        walk.balance = step.end;
        out.end[p] = walk.balance;
    }
}

struct Step {
    interest: f64,
    scheduled: f64,
    prepaid: f64,
    end: f64,
    floor_benefit: f64,
}

/// The running accrual period of a loan with its own dates.
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

struct Walk {
    balance: f64,
    /// Contractual balance without defaults and prepayments.
    contract: f64,
    own: Option<Running>,
}

impl Walk {
    /// Takes the instalment of `years` off the contractual balance; its share of the contractual opening balance.
    fn instalment(&mut self, loan: &LoanContract, years: f64) -> f64 {
        let due = loan.original_par * loan.amortization_rate * years;
        let paid = if due < self.contract { due } else { self.contract };
        if !(self.contract > 0.0) {
            return 0.0;
        }
        let share = paid / self.contract;
        self.contract -= paid;
        share
    }

    #[expect(clippy::too_many_arguments, reason = "the figures of one step")]
    fn plain_step(
        &mut self,
        loan: &LoanContract,
        dates: &StepDates,
        alive: f64,
        default: f64,
        matured: bool,
        mpr: f64,
        shares: InterestShares,
        index: f64,
    ) -> Step {
        let end = if matured && loan.maturity > dates.start {
            loan.maturity
        } else if matured {
            dates.start
        } else {
            dates.end
        };
        let accrual = loan.day_count.fraction(dates.start, end);
        let rate = loan.coupon.rate(index);
        let share = self.instalment(loan, dates.years);
        let scheduled = if matured { alive } else { alive * share };
        let prepaid = if matured { 0.0 } else { (alive - scheduled) * mpr };
        let earning = alive + shares.on_default * default - (1.0 - shares.on_prepaid) * prepaid;
        Step {
            interest: earning * rate * accrual,
            scheduled,
            prepaid,
            end: if matured { 0.0 } else { alive - scheduled - prepaid },
            floor_benefit: earning * loan.coupon.floor_benefit(index) * accrual,
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the figures of one step")]
    fn own_step(
        &mut self,
        loan: &LoanContract,
        dates: &StepDates,
        alive: f64,
        default: f64,
        matured: bool,
        mpr: f64,
        shares: InterestShares,
        fixings: &impl LoanFixings,
    ) -> Step {
        let mut balance = alive;
        let mut step = Step { interest: 0.0, scheduled: 0.0, prepaid: 0.0, end: 0.0, floor_benefit: 0.0 };
        let Some(mut running) = self.own.take() else { return step };
        let last = if matured { loan.maturity } else { dates.end };
        let idle = shares.on_default * default;
        // What a unit of par earns inside the step.
        let mut earned = 0.0;
        while running.end() <= last && !(matured && running.end() >= loan.maturity) {
            let accrual = loan.day_count.fraction(running.start, running.end());
            earned += running.rate * loan.day_count.fraction(later(running.start, dates.start), running.end());
            step.interest += (balance + idle) * running.rate * accrual;
            step.floor_benefit += (balance + idle) * running.floor_benefit * accrual;
            let paid = balance * self.instalment(loan, f64::from(running.dates.months) / 12.0);
            step.scheduled += paid;
            balance -= paid;
            running.start = running.end();
            running.k += 1;
            running.fix(loan, fixings);
        }
        let stub = if last > running.start { loan.day_count.fraction(running.start, last) } else { 0.0 };
        if matured {
            step.interest += (balance + idle) * running.rate * stub;
            step.floor_benefit += (balance + idle) * running.floor_benefit * stub;
            step.scheduled += balance;
        } else {
            let from = later(running.start, dates.start);
            if last > from {
                earned += running.rate * loan.day_count.fraction(from, last);
            }
            step.prepaid = balance * mpr;
            step.end = balance - step.prepaid;
            step.interest += step.prepaid * (running.rate * stub - (1.0 - shares.on_prepaid) * earned);
            if dates.is_last {
                // What is sold has earned to the last day.
                step.interest += (balance - step.prepaid) * running.rate * stub;
                step.floor_benefit += (balance - step.prepaid) * running.floor_benefit * stub;
            }
        }
        self.own = Some(running);
        step
    }
}

fn later(a: Date, b: Date) -> Date {
    if a > b { a } else { b }
}

#[cfg(test)]
mod tests;
