//! What the defaults of a path weigh: by this the paths of a block are ordered before they are run.

use super::setup::Setup;
use crate::collateral::closing_pool::{PERFORMING, PRINCIPAL};
use crate::credit::DrawnPaths;

/// Of each company what the pool loses if it defaults at once, and how much of that is left at each time.
///
/// An estimate is enough: the order decides which paths run side by side, not what they do.
#[derive(Clone, Debug, Default)]
pub struct Stakes {
    /// In units of 2⁻³⁰ of the pool.
    companies: Vec<f64>,
    /// By time on the axis.
    left: Vec<f64>,
}

impl Stakes {
    /// Of a simulation.
    #[must_use]
    pub fn new(setup: &Setup) -> Self {
        let (pool, cells) = (&setup.plan.pool, &setup.axis.cells);
        let unit = f64::from(1 << 30) / pool.par;
        let steps = if pool.steps > 0 { pool.steps } else { 1 };
        let most =
            |steps: &[[f64; 2]]| steps.iter().fold(0.0, |most, [_, loss]| if *loss > most { *loss } else { most });
        let begins = |step: usize| pool.flows[step][PERFORMING] + pool.flows[step][PRINCIPAL];
        let left = |step: u32| {
            let own =
                if setup.plan.common.is_some() { setup.plan.own_step(step as usize) } else { Some(step as usize) };
            own.map_or(0.0, |step| match &pool.proportional {
                Some(form) => form.steps[step].open[0],
                None => begins(step) / pool.par,
            })
        };
        Self {
            companies: pool.obligor_default.chunks_exact(steps).map(|steps| most(steps) * unit).collect(),
            left: cells.iter().map(|(step, _)| left(*step)).collect(),
        }
    }

    /// What the defaults of a path weigh.
    #[inline(always)]
    #[must_use]
    pub fn of(&self, drawn: &DrawnPaths, path: usize) -> u32 {
        let mut weight = 0.0;
        drawn.each_default(path, |(obligor, step)| {
            weight += self.companies[obligor as usize] * self.left[step as usize - 1];
        });
        weight as u32
    }
}
