//! The steps of a run: collection periods, how long yearly rates run in each, and where the run starts.

use crate::collateral::commitment::YearlyShare;
use crate::collateral::loan::{OwnRate, StepDates};
use crate::compile::deal::CompiledDeal;
use crate::compile::month_steps::{self, StepEnd};
use crate::compile::values::Timeline;
use crate::coverage::purchases::Conditions;
use crate::error::Problem;
use crate::lanes::Pack;
use crate::math;
use crate::path::month_steps::MonthSteps;
use crate::time::{Date, thirty_360};

/// Months after which a defaulted obligation counts nothing.
pub const MONTHS_CARRIED: i32 = 36;

/// The steps of a run: dates of each collection period, and how long the rates run.
#[derive(Clone, Debug)]
pub struct Steps {
    pub dates: Vec<StepDates>,
    pub timeline: Timeline,
    /// Exponent of yearly default and prepayment rates.
    pub exponent: Vec<f64>,
    /// Credit time of each unadjusted payment date, years from the as-of date.
    pub credit_time: Vec<f64>,
    pub carry_end: Vec<usize>,
    /// Months between the ends of two steps.
    pub months: u32,
    /// Steps before the last of a payment period, where they are months.
    pub within: MonthSteps,
    /// Per step: the day on which something may be bought after it: its payment date, or the month's end.
    pub bought_on: Vec<Date>,
    /// Per step: the schedule date or month's end on which it ends.
    pub unadjusted_end: Vec<Date>,
    /// Ends of the steps, where they are months or several documents have them; whether yearly rates are simple, where several do.
    pub unadjusted: Vec<Date>,
    pub simple: Vec<bool>,
    /// Per step: whether yearly rates run by days instead of periods.
    pub by_days: Vec<bool>,
    /// Per step: its dates where all is sold at its end; nothing where no sale may come.
    pub sales: Vec<StepDates>,
    /// Per step: exponent of yearly rates where all is sold at its end; nothing where that is its own.
    pub sale_exponent: Vec<f64>,
    pub start: Start,
    /// The step that ends with a redemption between payment dates.
    pub cut: Option<usize>,
}

/// Where a run starts: among the payment dates of a deal or, in [`Steps`], among its steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// Step (from 0) that is run first.
    pub first: usize,
    /// Step (from 0) that the tape opens: where a state goes on with its tape, an earlier one.
    pub tape: usize,
}

impl Steps {
    /// The steps of a deal from closing, or from a later as-of date.
    pub fn new(deal: &CompiledDeal, as_of: Date, run: Start, problems: &mut Vec<Problem>) -> Option<Self> {
        let grid = &deal.terms.grid;
        let first = grid.periods.get(run.tape)?;
        let opens = if run.tape == 0 { grid.closing } else { grid.periods[run.tape - 1].collection_last };
        let start = if as_of > opens { as_of } else { opens };
        if run.tape > 0 && (as_of < opens || start >= first.collection_last || start >= first.unadjusted) {
            problems.push(Problem::new(
                "tape.as_of",
                format!(
                    "found {as_of}; expected a date from {opens}, on which the last collection period before the state ends, to before {}, on which the next one ends",
                    if first.collection_last < first.unadjusted { first.collection_last } else { first.unadjusted }
                ),
            ));
            return None;
        }
        if start >= first.collection_last || start >= first.unadjusted {
            problems.push(Problem::new(
                "tape.as_of",
                format!(
                    "found {as_of}, after the first collection period of the deal (it ends {}); a run from a later date needs the deal's state on it",
                    first.collection_last
                ),
            ));
            return None;
        }
        let mut dates = Vec::new();
        let mut timeline = Timeline { starts: Vec::new(), periods: Vec::new(), months: Vec::new() };
        let mut exponent = Vec::new();
        let mut defaults_from = Vec::new();
        let mut credit_time = Vec::new();
        let (mut bought_on, mut unadjusted_end, mut by_days) = (Vec::new(), Vec::new(), Vec::new());
        let monthly = deal.conventions.monthly_steps;
        let mut within =
            MonthSteps { asks: monthly && deal.purchases.during != Conditions::NONE, ..MonthSteps::default() };
        let mut previous = grid.closing;
        let mut ended = false;
        let (mut first_step, mut tape_step) = (0, 0);
        let invests = monthly && month_steps::buys_all(deal);
        let ruled = |p: usize| deal.rule.rates.iter().rev().find(|rates| rates.from <= p);
        for (p, period) in grid.periods.iter().enumerate() {
            let mut from = period.previous_unadjusted;
            if p == run.tape {
                previous = start;
                if start > from {
                    from = start;
                }
                tape_step = dates.len();
            }
            if p == run.first {
                first_step = dates.len();
            }
            let end_of_month = ruled(p).map_or(deal.dates.schedule.end_of_month, |rates| rates.end_of_month);
            let ends = match &deal.rule.cut {
                _ if !monthly => vec![StepEnd::of(period)],
                Some(cut) if cut.step == p => month_steps::ends_until(cut, period, from, previous, end_of_month),
                _ => month_steps::ends(period, from, previous, end_of_month),
            };
            let mut starts = if monthly { from } else { period.previous_unadjusted };
            for (k, end) in ends.iter().enumerate() {
                let is_last = k + 1 == ends.len();
                by_days.push(ruled(p).map_or(deal.conventions.rates_by_days, |rates| rates.by_days));
                let yearly = if by_days[by_days.len() - 1] {
                    f64::from(end.collected - previous) / 365.0
                } else {
                    thirty_360(from, end.unadjusted)
                };
                dates.push(StepDates {
                    start: previous,
                    end: end.collected,
                    is_last: is_last && period.is_last,
                    years: yearly,
                    on_pik: ruled(p).map_or(deal.conventions.interest_on_pik, |rates| rates.on_pik),
                    draws: YearlyShare::default(),
                });
                timeline.starts.push(starts);
                timeline.periods.push(p);
                defaults_from.push(from);
                let since = |d: Date| (thirty_360(grid.closing, d) * 12.0 + 0.5) as usize;
                timeline.months.push((since(from), since(end.unadjusted) - since(from)));
                // After the last date of a document that ends before another nothing happens any more.
                exponent.push(if ended { 0.0 } else { yearly });
                credit_time.push(thirty_360(as_of, end.unadjusted));
                bought_on.push(if is_last { period.payment } else { end.unadjusted });
                unadjusted_end.push(end.unadjusted);
                if monthly {
                    let in_time = deal.dates.reinvestment_end.is_some_and(|last| end.unadjusted <= last);
                    within.buys.push(invests && in_time && !is_last);
                    within.days.push(end.unadjusted.0);
                    within.times.push(thirty_360(as_of, end.unadjusted));
                }
                (from, starts, previous) = (end.unadjusted, end.unadjusted, end.collected);
            }
            if monthly {
                within.last.push(dates.len() - 1);
            }
            ended |= period.is_last;
        }
        let cut = deal.rule.cut.map(|cut| within.last_of(cut.step));
        let carry_end = carry_ends(&defaults_from, |step| grid.periods[timeline.periods[step]].determination);
        Some(Self {
            dates,
            exponent,
            credit_time,
            carry_end,
            months: if monthly { 1 } else { deal.dates.months },
            within,
            bought_on,
            unadjusted: if deal.rule.rates.is_empty() && !monthly { Vec::new() } else { unadjusted_end.clone() },
            simple: timeline.periods.iter().filter_map(|p| ruled(*p).map(|rates| rates.simple)).collect(),
            by_days,
            unadjusted_end,
            timeline,
            sales: Vec::new(),
            sale_exponent: Vec::new(),
            start: Start { first: first_step, tape: tape_step },
            cut,
        })
    }

    /// Takes in that undrawn commitments are drawn, a share of them a year.
    pub fn draw(&mut self, rate: f64, simple: bool) {
        for (p, dates) in self.dates.iter_mut().enumerate() {
            dates.draws = YearlyShare { rate, is_simple: self.simple.get(p).copied().unwrap_or(simple) };
        }
    }

    /// How rates of prepayment a year run in each step, of loans that prepay on their own dates.
    #[must_use]
    pub fn own_rates(&self, yearly: &[f64], simple: bool) -> Vec<OwnRate> {
        let rate = |(p, (&rate, &by_days)): (usize, (&f64, &bool))| {
            let is_simple = self.simple.get(p).copied().unwrap_or(simple);
            OwnRate { a_year: YearlyShare { rate, is_simple }, by_days }
        };
        yearly.iter().zip(&self.by_days).enumerate().map(rate).collect()
    }

    /// Takes in that all collateral may be sold for a payment date: yearly rates by days run to the end of its collections.
    pub fn may_sell(&mut self, deal: &CompiledDeal) {
        let ends = self.timeline.periods.iter().zip(&self.dates).enumerate();
        let sold = |(step, (&period, dates)): (usize, (&usize, &StepDates))| {
            let ends_period = step == self.last_of(period);
            let end = if ends_period { deal.terms.grid.periods[period].sale_last } else { dates.end };
            let years = if self.by_days[step] { f64::from(end - dates.start) / 365.0 } else { dates.years };
            StepDates { end, is_last: true, years, ..*dates }
        };
        self.sales = ends.map(sold).collect();
        if self.by_days.contains(&true) {
            let ended = |own: f64, sale: &StepDates| if own > 0.0 { sale.years } else { 0.0 };
            self.sale_exponent = self.exponent.iter().zip(&self.sales).map(|(own, sale)| ended(*own, sale)).collect();
        }
    }

    /// Credit time from which on defaults are drawn: the as-of date, or the state that goes on with an older tape.
    #[must_use]
    pub fn drawn_from(&self) -> f64 {
        let Start { first, tape } = self.start;
        if first > tape { self.credit_time[first - 1] } else { 0.0 }
    }

    /// The last step of a payment period.
    #[must_use]
    pub fn last_of(&self, period: usize) -> usize {
        self.within.last_of(period)
    }

    /// Number of steps.
    #[must_use]
    pub fn len(&self) -> usize {
        self.dates.len()
    }

    /// Whether there is no step.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dates.is_empty()
    }

    /// Day from which on a payment date collects the recovery of a default in step `p`, where documents may follow one another.
    #[must_use]
    pub fn due(&self, p: usize, lag_months: f64) -> Option<Date> {
        self.unadjusted.get(p).map(|day| day.add_months(math::ceil_to_u32(lag_months).cast_signed()))
    }

    /// The step of a payment date that would be `step` if no redemption cut a step in two.
    #[must_use]
    pub fn uncut(&self, step: usize) -> usize {
        if self.cut.is_some_and(|cut| step >= cut) { step + 1 } else { step }
    }

    /// Step that collects a recovery that is due from a day on; `collected` where the day is not known. What is lost in the
    /// run is recovered on payment dates alone.
    #[must_use]
    pub fn collects(&self, p: usize, collected: usize, due: Option<Date>) -> usize {
        let Some(due) = due.filter(|_| !self.unadjusted.is_empty()) else { return self.uncut(collected) };
        let last = self.last();
        (p..last).find(|&q| self.unadjusted[q] >= due && self.cut != Some(q)).unwrap_or(last)
    }

    /// Step whose collection period holds the day on which an asset that was in default before pays; `collected` where it is not known.
    #[must_use]
    pub fn collects_by_end(&self, collected: usize, due: Option<Date>) -> usize {
        let last = self.len() - 1;
        due.map_or(collected, |due| (self.start.tape..last).find(|&p| due <= self.dates[p].end).unwrap_or(last))
    }

    /// Step that collects the recovery of a default in step `p` with a lag in months.
    #[must_use]
    pub fn recovery_step(&self, p: usize, lag_months: f64) -> u32 {
        let last = self.len() - 1 - usize::from(self.cut.is_some());
        let due = self.due(p, lag_months);
        if due.is_some() {
            // Payment dates may be more or less frequent later.
            return u32::try_from(self.collects(p, last, due)).unwrap_or(u32::MAX);
        }
        let steps = math::ceil_to_u32(lag_months / f64::from(self.months)) as usize;
        u32::try_from(self.uncut(if p + steps < last { p + steps } else { last })).unwrap_or(u32::MAX)
    }

    /// Period rate of a yearly rate.
    #[must_use]
    pub fn period_rate(&self, yearly: f64, p: usize, simple: bool) -> f64 {
        self.rate_of(yearly, self.exponent[p], p, simple)
    }

    fn rate_of(&self, yearly: f64, years: f64, p: usize, simple: bool) -> f64 {
        if self.simple.get(p).copied().unwrap_or(simple) {
            let rate = yearly * years;
            return if rate < 1.0 { rate } else { 1.0 };
        }
        // After the last date of a document no time passes.
        if yearly >= 1.0 && years > 0.0 { 1.0 } else { 1.0 - math::pow(1.0 - yearly, years) }
    }

    /// Rate of defaults that are drawn: also after the last date of the document, since another may end later.
    #[must_use]
    pub fn drawn_rate(&self, yearly: f64, p: usize, simple: bool) -> f64 {
        if p <= self.last() {
            return self.period_rate(yearly, p, simple);
        }
        1.0 - math::pow(1.0 - yearly, self.credit_time[p] - self.credit_time[p - 1])
    }

    /// The rate of a step, one of `rates`, which goes on after the last date of the document as it was on it.
    #[must_use]
    pub fn goes_on(&self, rates: &[f64], p: usize) -> f64 {
        let last = self.last();
        if p <= last {
            return rates[p];
        }
        let years = self.credit_time[p] - self.credit_time[p - 1];
        1.0 - math::pow(1.0 - rates[last], years / self.exponent[last])
    }

    /// Turns yearly rates, one a step, into rates of the period.
    pub fn to_period_rates(&self, rates: &mut [f64], simple: bool) {
        self.to_rates(rates, &self.exponent, simple);
    }

    /// Turns yearly rates, one a step, into those of steps at whose ends all is sold.
    pub fn to_sale_rates(&self, rates: &mut [f64], simple: bool) {
        self.to_rates(rates, &self.sale_exponent, simple);
    }

    fn to_rates(&self, rates: &mut [f64], exponent: &[f64], simple: bool) {
        let (mut yearly, mut years, mut rate) = (f64::NAN, f64::NAN, f64::NAN);
        for (p, x) in rates.iter_mut().enumerate() {
            // Most steps are of one length and one rate.
            let alike = x.to_bits() == yearly.to_bits() && exponent[p].to_bits() == years.to_bits();
            if !alike || !self.simple.is_empty() {
                (yearly, years) = (*x, exponent[p]);
                rate = self.rate_of(yearly, years, p, simple);
            }
            *x = rate;
        }
    }

    /// Rates of the period of a yearly rate of each lane, the same in all steps.
    pub fn of_yearly<const L: usize>(&self, yearly: Pack<L>, simple: bool, rates: &mut [Pack<L>]) {
        self.of_yearly_in(yearly, &self.exponent, simple, rates);
    }

    /// The same of the steps at whose ends all is sold.
    pub fn of_yearly_in_sales<const L: usize>(&self, yearly: Pack<L>, simple: bool, rates: &mut [Pack<L>]) {
        self.of_yearly_in(yearly, &self.sale_exponent, simple, rates);
    }

    fn of_yearly_in<const L: usize>(&self, yearly: Pack<L>, exponent: &[f64], simple: bool, rates: &mut [Pack<L>]) {
        let (mut years, mut rate) = (f64::NAN, Pack::ZERO);
        for (p, out) in rates.iter_mut().enumerate() {
            if exponent[p].to_bits() != years.to_bits() || !self.simple.is_empty() {
                years = exponent[p];
                rate = yearly.map(|yearly| self.rate_of(yearly, years, p, simple));
            }
            *out = rate;
        }
    }

    /// The step (from 0) that takes a credit time, or none after the last of the document.
    #[must_use]
    pub fn step_of(&self, time: f64) -> Option<usize> {
        (self.start.tape..=self.last()).find(|&p| time <= self.credit_time[p])
    }

    /// The step of the last payment date. Documents that end later may give a run more steps.
    #[must_use]
    pub fn last(&self) -> usize {
        self.dates.iter().position(|dates| dates.is_last).unwrap_or(self.len() - 1)
    }
}

/// Per step of default: the first step whose determination date is more than three years after the step's start.
fn carry_ends(starts: &[Date], determination: impl Fn(usize) -> Date) -> Vec<usize> {
    let n = starts.len();
    starts
        .iter()
        .enumerate()
        .map(|(k, start)| {
            let end = start.add_months(MONTHS_CARRIED);
            (k..n).find(|&q| determination(q) > end).unwrap_or(n)
        })
        .collect()
}
