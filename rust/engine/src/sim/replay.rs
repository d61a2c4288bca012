//! One path of a simulation with every payment explained; the bits are those of the simulation.

use cloche_dispatch::Isa;

use super::ended::{Ended, ended};
use super::setup::Setup;
use crate::credit::CopulaScratch;
use crate::lanes::Pack;
use crate::path::companies::{self, PathDefault};
use crate::path::explained::{self, Explained};
use crate::path::opening::DrawnPath;
use crate::path::plan::Plan;
use crate::path::runner::Workspace;
use crate::time::Date;

/// A company that defaulted in a path.
#[derive(Clone, Debug, PartialEq)]
pub struct DefaultRow {
    pub company: usize,
    pub date: Date,
    /// Par of its loans at default.
    pub par: f64,
    /// Par-weighted recovery rate of its loans.
    pub recovery_rate: f64,
    /// Last day of the collection period that collects the recovery.
    pub recovery_date: Date,
}

/// What happens in one path: its defaults, and the default rates of what is bought.
#[must_use]
pub fn drawn(setup: &Setup, path: u64) -> DrawnPath {
    let (defaults, market) = draw(setup, path);
    let mut hazard = vec![Pack::<1>::ZERO; setup.plan.drawn_steps()];
    setup.copula.conditional_hazard(&market, &mut hazard);
    let axis = &setup.axis;
    let step = |place: u32| axis.cells[place as usize - 1].0 as usize;
    DrawnPath {
        defaults: defaults.iter().map(|(obligor, place)| (*obligor as usize, step(*place))).collect(),
        times: defaults.iter().map(|(_, place)| axis.times[*place as usize - 1]).collect(),
        ends: Vec::new(),
        hazard: hazard.iter().map(|rate| rate.0[0]).collect(),
        one_by_one: setup.plan.pool.one_by_one,
    }
}

/// The defaults of companies that owe something, and the market factor.
fn draw(setup: &Setup, path: u64) -> (Vec<(u32, u32)>, Pack<1>) {
    let mut drawn = setup.copula.no_paths();
    setup.copula.draw::<1>(path, &mut CopulaScratch::default(), &mut drawn);
    (drawn.defaults(0), Pack([drawn.market[0]]))
}

/// Runs one path.
#[must_use]
pub fn replay(setup: &Setup, path: u64) -> (Explained, Vec<DefaultRow>) {
    replay_shown(setup, &setup.plan, path)
}

/// Runs one path under the plan of the simulation, compiled to show its collateral.
#[must_use]
pub fn replay_shown(setup: &Setup, plan: &Plan, path: u64) -> (Explained, Vec<DefaultRow>) {
    let mut work = Workspace::<1>::new(plan, Isa::PORTABLE);
    let (drawn, market) = draw(setup, path);
    if plan.common.is_some() {
        let mut rates = vec![Pack::<1>::ZERO; plan.drawn_steps()];
        setup.copula.conditional_hazard(&market, &mut rates);
        work.draw_rates(plan, rates);
    } else {
        setup.copula.conditional_hazard(&market, &mut work.drivers.hazard);
    }
    work.reset_pool(plan);
    work.open_lane(plan);
    let mut of_path = Vec::new();
    for (obligor, place) in &drawn {
        let (obligor, place) = (*obligor as usize, *place as usize - 1);
        let step = setup.axis.cells[place].0 as usize;
        work.default(plan, 0, obligor, step, setup.axis.times[place]);
        of_path.push(PathDefault { obligor, step, time: setup.axis.times[place] });
    }
    work.close_lane(0);
    let mut run = explained::run(plan, &mut work);
    companies::show(plan, &mut run, &of_path);
    let mut defaults = Vec::new();
    for ((obligor, place), default) in drawn.iter().zip(&of_path) {
        let Some(Ended { par, value, collected }) = ended(setup, plan, &run, *default) else { continue };
        let level = setup.copula.default_probability_level(path, *obligor);
        defaults.push(DefaultRow {
            company: default.obligor,
            date: setup.date_of(setup.default_time(default.obligor, level, *place as usize - 1)),
            par,
            recovery_rate: value / par,
            recovery_date: collected,
        });
    }
    defaults.sort_by(|a, b| a.date.cmp(&b.date).then(a.company.cmp(&b.company)));
    (run, defaults)
}
