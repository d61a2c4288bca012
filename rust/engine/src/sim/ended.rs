//! What defaults end in a path whose documents have dates of their own: the one in force takes each.

use super::setup::Setup;
use super::totals::BlockTotals;
use crate::credit::DrawnPaths;
use crate::path::companies::PathDefault;
use crate::path::explained::Explained;
use crate::path::plan::Plan;
use crate::time::Date;

/// What a default ends: par, what is recovered of it, and the last day of the collections that bring it.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    pub par: f64,
    pub value: f64,
    pub collected: Date,
}

/// What a default ends in its path; nothing where the company owed nothing.
#[must_use]
pub fn ended(setup: &Setup, plan: &Plan, run: &Explained, default: PathDefault) -> Option<Ended> {
    let PathDefault { obligor, step, .. } = default;
    let ends = &setup.collection_end;
    if plan.common.is_none() {
        let ([par, value], collected) = of_loans(plan, obligor, step)?;
        return Some(Ended { par, value, collected: ends[0][collected] });
    }
    let (k, own) = plan.taken_on(&run.trail, step)?;
    let number = run.trail[k].1;
    let ([par, value], mut collected) = of_loans(plan.of_number(number), obligor, own)?;
    let mut out = Ended { par, value, collected: ends[number][collected] };
    // A document that takes over before collects on its own dates.
    let (mut before, mut later) = (plan.of_number(number), run.trail[k + 1..].iter());
    while let Some((since, number)) = later.next().filter(|(_, number)| *number < ends.len()) {
        if collected <= before.within.last_of(since - 1) {
            break;
        }
        before = plan.of_number(*number);
        let Some(own) = before.own_step(step) else { break };
        let Some((_, on)) = of_loans(before, obligor, own) else { break };
        collected = on;
        out.collected = ends[*number][on];
    }
    Some(out)
}

/// Par that a default ends in a step of a plan and what is recovered of it, and the step that collects it.
fn of_loans(plan: &Plan, obligor: usize, step: usize) -> Option<([f64; 2], usize)> {
    let pool = &plan.pool;
    let (mut par, mut value, mut collected) = (0.0, 0.0, step);
    for &loan in pool.obligor_loans.of(obligor) {
        let default = pool.row_default[pool.row(loan as usize, step)];
        par += default.par;
        value += default.value;
        if default.par > 0.0 && default.collected as usize > collected {
            collected = default.collected as usize;
        }
    }
    (par > 0.0).then_some(([par, value], collected))
}

/// Counts by year the defaults of a drawn path that has been run.
#[inline(never)]
pub fn count(
    setup: &Setup,
    trail: &[(usize, usize)],
    drawn: &DrawnPaths,
    path: usize,
    by_year: &mut [[f64; 4]],
    totals: &mut BlockTotals,
) {
    let plan = &setup.plan;
    let mut add = |obligor: usize, place: usize, owes: bool| {
        let (step, year) = setup.axis.cells[place];
        let [par, loss] = if owes { plan.ended_on(trail, obligor, step as usize) } else { [0.0; 2] };
        let row = [setup.closing_par[obligor], 1.0, par, loss];
        for (sum, x) in by_year[year as usize].iter_mut().zip(row) {
            *sum += x;
        }
    };
    for (obligor, company) in setup.companies.iter().enumerate() {
        if let Some(place) = company.named {
            add(obligor, place, true);
        }
    }
    drawn.each_default(path, |(obligor, step)| add(obligor as usize, step as usize - 1, true));
    drawn.each_later(path, |(obligor, step)| add(obligor as usize, step as usize - 1, false));
    totals.count_years(by_year, &vec![[0.0; 4]; by_year.len()], &setup.year_units);
}
