//! Calls on a business day between payment dates.
//!
//! Such a call has a plan of its own, in which the step of its day is cut short: notes, fees and hedges accrue to the day,
//! yearly rates and default times run to it, and collections end as those of a sale do. It ends a run where it is feasible.
//! Where the pool steps from month to month, months before the day are those of the whole period, and the day cuts the next.

use std::ops::RangeInclusive;

use crate::compile::deal::CompiledDeal;
use crate::compile::documents::{Places, refused};
use crate::compile::events::Events;
use crate::compile::month_steps::Cut;
use crate::compile::plan::{CompiledPlan, PlanInput, one};
use crate::compile::run_steps::{Start, Steps};
use crate::compile::tests;
use crate::error::{EngineError, Problem};
use crate::path::deal_terms::DealTerms;
use crate::path::plan::{Entry, Plan, Redemption, Regime};
use crate::spec::Event;
use crate::time::Date;

/// A call of a business day between payment dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Between {
    /// Its place among the calls; where it is tried again, that one acts on the payment dates that follow.
    pub call: usize,
    /// Step (from 0) inside whose accrual period the day lies.
    pub step: usize,
    pub day: Date,
}

/// The day of a call that is dated between payment dates, and the step inside whose accrual period it lies.
///
/// Dates relative to those of the deal stand for the payment date that follows.
pub fn day_of(deal: &CompiledDeal, event: &Event) -> Option<(usize, Date)> {
    let day = Date::parse(written(event)?.trim())?;
    let grid = &deal.terms.grid;
    if grid.periods.iter().any(|period| period.unadjusted == day) {
        return None;
    }
    Some((grid.between(day)?, day))
}

/// The date of a call, where it has one.
fn written(event: &Event) -> Option<&str> {
    event.date.as_deref().filter(|_| event.call.is_some())
}

/// Whether some call of a deal or of a scenario is made between payment dates.
#[must_use]
pub fn any(deal: &CompiledDeal, assumed: &[Event]) -> bool {
    let numbers = 0..=deal.regimes.len();
    let documents = numbers.map(|number| deal.of_number(number));
    documents.into_iter().any(|deal| {
        deal.document
            .events
            .iter()
            .chain(assumed)
            .any(|event| written(event).is_some() && day_of(deal, event).is_some())
    })
}

/// The events on the day of such a call: that call alone.
fn on_day_of(events: &Events, between: Between) -> Events {
    let mut out = Events { between: Vec::new(), moments: Vec::new(), ..events.clone() };
    for (c, call) in out.calls.iter_mut().enumerate() {
        call.window.fill(false);
        call.window[between.step] = c == between.call;
    }
    for change in &mut out.changes {
        change.window.fill(false);
    }
    out.sells = (0..events.calls[between.call].window.len()).map(|p| p == between.step).collect();
    out
}

/// Compiles the plans of such calls, after those of the documents; `shows` as for [`one`].
///
/// # Errors
/// As [`crate::compile::compile_plan`]; also for a day up to which nothing can be collected, and in a path of a simulation
/// that a state holds.
pub fn follow(
    input: PlanInput<'_>,
    shows: bool,
    compiled: &mut CompiledPlan,
    documents: &[Places],
) -> Result<(), EngineError> {
    let mut found = Vec::new();
    for (number, places) in documents.iter().enumerate() {
        let Some(events) = &places.events else { continue };
        if compiled.plan.common.is_some() && number > 0 && !compiled.plan.may_come(number - 1) {
            continue;
        }
        let deal = input.deal.of_number(number);
        // A document has no say after its own last payment date, whatever dates another has then.
        let end = deal.dates.alone.as_ref().unwrap_or(&deal.terms.grid).periods.len();
        let steps = compiled.plan.first()..end;
        for between in events.between.iter().filter(|between| steps.contains(&between.step)) {
            found.push(redemption((input, shows), compiled, (number, deal), events, *between)?);
        }
    }
    for mut regime in found {
        regime.plan.number = compiled.plan.regimes.len() + 1;
        compiled.plan.regimes.push(regime);
    }
    Ok(())
}

fn redemption(
    (input, shows): (PlanInput<'_>, bool),
    compiled: &CompiledPlan,
    (number, deal): (usize, &CompiledDeal),
    events: &Events,
    between: Between,
) -> Result<Regime, EngineError> {
    let Between { call, step, day } = between;
    let parent = compiled.plan.of_number(number);
    let cut = cut(deal, step, day);
    let place = format!("{}.date", events.call_places[call]);
    if compiled.path.is_some() {
        let message = format!(
            "found {day}, between payment dates: a state does not tell on which side of it the companies of its path default; expected a payment date"
        );
        return Err(refused(Problem::new(place, message)));
    }
    let Steps { dates, start: Start { tape, .. }, .. } = &compiled.steps;
    let (start, end) = (dates[*tape].start, cut.terms.grid.periods[step].collection_last);
    if *parent.within.of(step).start() == *tape && end <= start {
        let message = format!(
            "found {day}: its collections end on {end}; expected a day whose collections end after {start}, on which those of the run begin"
        );
        return Err(refused(Problem::new(place, message)));
    }
    let given = Some(on_day_of(events, between));
    let (next, _) = one(PlanInput { deal: &cut, ..input }, compiled.resumed.clone(), given, shows)?;
    let mut plan = next.plan;
    plan.deal = DealTerms { grid: plan.deal.grid, ..parent.deal.clone() };
    // The run ends on the day: the rest of its period, and what follows, is never reached.
    plan.last = step;
    plan.periods.truncate(parent.periods.len());
    plan.days.truncate(parent.days.len());
    plan.shown.clone_from(&parent.shown);
    // The pool step that ends on the day, and that of the document before whose end is not before it.
    let (last, whole) = (plan.pool_step(step), parent.within.of(step));
    let until = plan.credit_time(last);
    let whole = whole.clone().find(|&k| until <= parent.credit_time(k)).unwrap_or(*whole.end());
    let from = if last > *tape { parent.credit_time(last - 1) } else { 0.0 };
    let time = parent.credit_time(whole) - from;
    plan.takes = takes(&compiled.plan, parent, last..=whole);
    let same = |count: usize| (0..count).map(Some).collect();
    Ok(Regime {
        parent: number,
        entry: Entry::Redemption(Redemption {
            day: day.0,
            until,
            share: if time > 0.0 { (until - from) / time } else { 0.0 },
        }),
        step,
        calls: same(plan.calls.len()),
        changes: same(plan.changes.len()),
        repricings: same(plan.repricings.len()),
        plan,
        flows: next.flows,
    })
}

/// Which steps take the defaults of those on which paths are drawn, where the last takes those of `merged` steps of the document
/// that the day cuts; nothing where they are the same.
fn takes(first: &Plan, document: &Plan, merged: RangeInclusive<usize>) -> Vec<u32> {
    let mut out = document.takes.clone();
    if merged.start() == merged.end() {
        return out;
    }
    if out.is_empty() {
        out = (0..).take(first.pool_steps()).collect();
    }
    for step in &mut out {
        if merged.contains(&(*step as usize)) {
            *step = *merged.start() as u32;
        }
    }
    out
}

/// A deal whose period of step `p` is cut on a day.
fn cut(deal: &CompiledDeal, p: usize, day: Date) -> CompiledDeal {
    let mut out = CompiledDeal { regimes: Vec::new(), ..deal.clone() };
    out.rule.cut = Some(Cut { step: p, whole: deal.terms.grid.periods[p] });
    let schedule = &deal.dates.schedule;
    let alone = deal.dates.alone.as_ref().unwrap_or(&deal.terms.grid);
    out.dates.alone = Some(alone.cut(schedule, p, day));
    let grid = deal.terms.grid.cut(schedule, p, day);
    let measured = grid.periods[p].determination;
    for terms in &mut out.terms.tests {
        let written = deal.document.tests.iter().find(|test| test.name == terms.name);
        if let Some(first) = written.and_then(|test| tests::first_day(test, terms.kind, &deal.dates)) {
            terms.first_period = if measured >= first { 0 } else { p + 1 };
        }
    }
    out.dates.grid = grid.clone();
    out.terms.grid = grid;
    out
}
