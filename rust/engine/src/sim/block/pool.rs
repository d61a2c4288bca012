//! What the defaults of drawn paths do to the closing pool, and how many of them there are by year.

use cloche_dispatch::Kernel;

use super::{BlockTotals, BlockWork, Setup};
use crate::credit::{DrawnPaths, Told, ToldBy};
use crate::lanes::Pack;
use crate::path::runner::Workspace;

/// Takes the defaults of `L` drawn paths off the pool, and counts them by year.
pub struct Pool<'a, const L: usize> {
    pub setup: &'a Setup,
    pub paths: &'a [usize; L],
    /// Lanes whose paths are kept: the first so many.
    pub kept: usize,
    pub work: &'a mut BlockWork<L>,
    pub totals: &'a mut BlockTotals,
}

impl<const L: usize> Kernel for Pool<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { setup, paths, kept, work, totals } = self;
        let BlockWork { work, drawn, by_year, .. } = work;
        let plan = &setup.plan;
        let mut factor = Pack::ZERO;
        for lane in 0..L {
            factor.0[lane] = drawn.market[paths[lane]];
        }
        // Conditions that bring in other dates are met path by path.
        if L == 1 && plan.common.is_some() {
            let mut rates = vec![Pack::ZERO; plan.drawn_steps()];
            setup.copula.conditional_hazard(&factor, &mut rates);
            work.draw_rates(plan, rates);
        } else {
            setup.copula.conditional_hazard(&factor, &mut work.drivers.hazard);
        }
        work.reset_pool(plan);
        by_year.copy_from_slice(&setup.named);
        let kept = if L == 1 && plan.common.is_some() { 0 } else { kept };
        let lanes = Lanes { setup, paths, kept, work, by_year, totals };
        match drawn.told() {
            Told::Narrow(told) => lanes.take_off(drawn, told),
            Told::Wide(told) => lanes.take_off(drawn, told),
        }
    }
}

/// What takes the defaults off, lane by lane.
struct Lanes<'a, const L: usize> {
    setup: &'a Setup,
    paths: &'a [usize; L],
    /// Lanes that are counted by year here: the first so many.
    kept: usize,
    work: &'a mut Workspace<L>,
    by_year: &'a mut [[f64; 4]],
    totals: &'a mut BlockTotals,
}

impl<const L: usize> Lanes<'_, L> {
    #[inline(always)]
    fn take_off<T: Copy + Into<u32>>(self, drawn: &DrawnPaths, told: ToldBy<'_, T>) {
        let Self { setup, paths, kept, work, by_year, totals } = self;
        let (plan, cells, companies) = (&setup.plan, setup.axis.cells.as_slice(), setup.closing_par.as_slice());
        for lane in 0..L {
            if lane + 1 < L {
                drawn.fetch(paths[lane + 1]);
            }
            work.open_lane(plan);
            if let Some(mut defaulting) = work.defaulting(plan, lane) {
                for (obligor, place) in told.defaults(paths[lane]) {
                    let obligor = obligor as usize;
                    let (step, year) = cells[place as usize - 1];
                    let [par, loss] = defaulting.default(obligor, step as usize);
                    add(&mut by_year[year as usize], [companies[obligor], 1.0, par, loss]);
                }
            } else {
                for (obligor, place) in told.defaults(paths[lane]) {
                    let (obligor, place) = (obligor as usize, place as usize - 1);
                    let (step, year) = cells[place];
                    // Only later documents ask for the time.
                    let time = if plan.regimes.is_empty() { 0.0 } else { setup.axis.times[place] };
                    let [par, loss] = work.default(plan, lane, obligor, step as usize, time);
                    add(&mut by_year[year as usize], [companies[obligor], 1.0, par, loss]);
                }
            }
            work.close_lane(lane);
            for (obligor, place) in told.later(paths[lane]) {
                let (_, year) = cells[place as usize - 1];
                add(&mut by_year[year as usize], [companies[obligor as usize], 1.0, 0.0, 0.0]);
            }
            // Lanes that are left over come last.
            if lane < kept {
                totals.count_years(by_year, &setup.named, &setup.year_units);
            }
        }
    }
}

#[inline(always)]
fn add(to: &mut [f64; 4], row: [f64; 4]) {
    let before = *to;
    for k in 0..4 {
        to[k] = before[k] + row[k];
    }
}
