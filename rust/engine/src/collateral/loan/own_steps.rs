//! Loans that prepay on their own payment dates instead of the determination date.
//!
//! Each own accrual period that ends in a step of the run is a step of the loan: it pays its interest and instalment, and
//! then the share of the rest prepays that falls into its time. Defaults stay at the start of the run's steps, where those of
//! companies fall.

use super::{ContractStep, InterestShares, LoanContract, StepDates, Walk, later};
use crate::collateral::commitment::YearlyShare;
use crate::time::{Date, thirty_360};

/// Prepayment on own payment dates.
#[derive(Clone, Debug)]
pub struct OwnSteps {
    /// Where the run begins: no own step begins earlier.
    pub since: Date,
    /// Per step of the run: what prepays in the own steps that end in it.
    pub rates: Vec<OwnRate>,
}

/// A rate of prepayment a year.
#[derive(Clone, Copy, Debug)]
pub struct OwnRate {
    pub a_year: YearlyShare,
    /// Whether years are days by 365 instead of 30/360.
    pub by_days: bool,
}

impl OwnSteps {
    /// The share that prepays at the end of an own period, which ends in step `p`.
    fn prepays(&self, p: usize, start: Date, end: Date) -> f64 {
        let from = later(start, self.since);
        let OwnRate { a_year, by_days } = self.rates[p];
        a_year.within(if by_days { f64::from(end - from) / 365.0 } else { thirty_360(from, end) })
    }
}

impl Walk {
    /// What the contract does in step `p` of the run, of which so much prepays on each own date in it.
    pub(super) fn own_steps(
        &mut self,
        (loan, steps): (&LoanContract, &OwnSteps),
        (p, dates): (usize, &StepDates),
        matured: bool,
        shares: InterestShares,
        fixings: &impl super::LoanFixings,
    ) -> ContractStep {
        let (open, committed) = (self.balance, self.undrawn);
        let mut step = ContractStep { open: open + committed, ..ContractStep::default() };
        let Some(mut running) = self.own.take() else { return step };
        let last = if matured { loan.maturity } else { dates.end };
        let yearly_fee = loan.commitment.fee;
        let idle = shares.on_default * (open + dates.on_pik * self.pik);
        let idle_fee = shares.on_default * committed * yearly_fee;
        // The share of the contract that own dates of this step have not prepaid.
        let mut stays = 1.0;
        while running.end() <= last && !(matured && running.end() >= loan.maturity) {
            let (start, end) = (running.start, running.end());
            let accrual = loan.day_count.fraction(start, end);
            let (base, bears) = (self.balance + dates.on_pik * self.pik, dates.on_pik * self.pik);
            step.pays(stays * base, idle, &running, accrual);
            step.pays_fee(stays * self.undrawn * yearly_fee, idle_fee, accrual);
            self.pik += base * loan.pik_spread * accrual;
            let years = f64::from(running.dates.months) / 12.0;
            let paid = Self::instalment(loan, self.balance, years);
            step.scheduled += stays * paid;
            self.balance -= paid;
            if self.is_over() {
                step.interest.whole += stays * std::mem::take(&mut self.pik);
            } else {
                let share = steps.prepays(p, start, end);
                let (prepaid, left) = (stays * share, self.balance + bears);
                let missed = (1.0 - shares.on_prepaid) * loan.day_count.fraction(later(start, steps.since), end);
                let earned = left * (running.rate + loan.pik_spread) + self.undrawn * yearly_fee;
                step.early += prepaid * (self.balance + self.undrawn);
                step.interest.whole += prepaid * (self.pik - missed * earned);
                step.floor_benefit.whole -= prepaid * missed * left * running.floor_benefit;
                stays *= 1.0 - share;
                self.draw(dates.draws.within(years));
            }
            running.start = end;
            running.k += 1;
            running.fix(loan, fixings);
        }
        let stub = if last > running.start { loan.day_count.fraction(running.start, last) } else { 0.0 };
        let base = self.balance + dates.on_pik * self.pik;
        if matured {
            step.pays(stays * base, idle, &running, stub);
            step.pays_fee(stays * self.undrawn * yearly_fee, idle_fee, stub);
            step.interest.whole += stays * (self.pik + base * loan.pik_spread * stub);
            step.scheduled += stays * (self.balance + self.undrawn);
            (self.balance, self.undrawn) = (0.0, 0.0);
        } else if dates.is_last {
            // What is sold has earned to the last day.
            step.pays(stays * base, 0.0, &running, stub);
            step.pays_fee(stays * self.undrawn * yearly_fee, 0.0, stub);
        }
        step.end = self.balance + self.undrawn;
        step.gone = 1.0 - stays;
        self.own = Some(running);
        step
    }
}
