//! The figures of each path of a block, where every path is kept.

use super::setup::Setup;

/// Figures of each path of a block, `[note][path]`; losses are shares of the original balance.
#[derive(Clone, Debug, Default)]
pub struct PathColumns {
    pub paths: usize,
    pub principal_loss: Vec<Vec<f64>>,
    pub interest_loss: Vec<Vec<f64>>,
    pub pv_loss: Vec<Vec<f64>>,
    /// Not a number where no principal is paid.
    pub wal: Vec<Vec<f64>>,
    /// Period (from 0) of default when dated by coverage, and when realized; [`NEVER`](super::measures::NEVER) without.
    pub default_period: Vec<Vec<f64>>,
    pub realized_period: Vec<Vec<f64>>,
    pub shortfall: Vec<Vec<bool>>,
    pub deferral: Vec<Vec<bool>>,
}

/// What one note does in one path; losses in money.
#[derive(Clone, Copy, Debug)]
pub struct PathNote {
    pub principal_loss: f64,
    pub interest_loss: f64,
    pub pv_loss: f64,
    pub wal: f64,
    pub default_period: f64,
    pub realized_period: f64,
    pub shortfall: bool,
    pub deferral: bool,
}

impl PathColumns {
    /// Room for a block.
    #[must_use]
    pub fn new(setup: &Setup, paths: usize) -> Self {
        let notes = setup.plan.deal.notes.len();
        let numbers = vec![vec![0.0; paths]; notes];
        let flags = vec![vec![false; paths]; notes];
        Self {
            paths,
            principal_loss: numbers.clone(),
            interest_loss: numbers.clone(),
            pv_loss: numbers.clone(),
            wal: numbers.clone(),
            default_period: numbers.clone(),
            realized_period: numbers,
            shortfall: flags.clone(),
            deferral: flags,
        }
    }

    /// Writes one note of one path.
    pub fn set(&mut self, note: usize, path: usize, figures: &PathNote) {
        self.principal_loss[note][path] = figures.principal_loss;
        self.interest_loss[note][path] = figures.interest_loss;
        self.pv_loss[note][path] = figures.pv_loss;
        self.wal[note][path] = figures.wal;
        self.default_period[note][path] = figures.default_period;
        self.realized_period[note][path] = figures.realized_period;
        self.shortfall[note][path] = figures.shortfall;
        self.deferral[note][path] = figures.deferral;
    }
}
