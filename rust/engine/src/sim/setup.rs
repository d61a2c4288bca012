//! A simulation that is ready to run: the plan, the default model, and who the companies are.

use crate::credit::copula::Copula;
use crate::math;
use crate::path::plan::Plan;
use crate::sim::axis::TimeAxis;
use crate::time::{Date, thirty_360};

/// A company of the closing pool.
#[derive(Clone, Debug)]
pub struct Company {
    pub id: String,
    pub name: String,
    /// Closing par of its performing loans.
    pub par: f64,
    /// Place on the time axis of a default that the scenario names; such a company is not drawn.
    pub named: Option<usize>,
}

/// Everything a path needs.
#[derive(Clone, Debug)]
pub struct Setup {
    pub plan: Plan,
    pub copula: Copula,
    pub axis: TimeAxis,
    pub companies: Vec<Company>,
    /// Per company: its closing par.
    pub closing_par: Vec<f64>,
    /// Per company: cumulative default probability on the axis.
    pub cumulative: Vec<Vec<f64>>,
    pub as_of: Date,
    /// By plan and step: last day of collections; where all documents have the dates of the first, of that alone.
    pub collection_end: Vec<Vec<Date>>,
    /// Per whole year, of the companies that the scenario names as defaulting in it: closing par, number, par at default, par
    /// less recovery.
    pub named: Vec<[f64; 4]>,
    /// What a year's four sums are multiplied by to be rates: shares of the closing par, and a number.
    pub year_units: [f64; 4],
}

impl Setup {
    /// Puts the parts together.
    #[must_use]
    pub fn new(
        plan: Plan,
        copula: Copula,
        axis: TimeAxis,
        companies: Vec<Company>,
        cumulative: Vec<Vec<f64>>,
        as_of: Date,
        collection_end: Vec<Vec<Date>>,
    ) -> Self {
        let mut named = vec![[0.0; 4]; axis.years as usize];
        for (obligor, company) in companies.iter().enumerate() {
            let Some(place) = company.named else { continue };
            let (step, year) = axis.cells[place];
            let [par, loss] = plan.ended_by(obligor, step as usize);
            for (sum, x) in named[year as usize].iter_mut().zip([company.par, 1.0, par, loss]) {
                *sum += x;
            }
        }
        let closing_par = companies.iter().map(|company| company.par).collect();
        let per_par = 1.0 / plan.pool.par;
        let year_units = [per_par, 1.0, per_par, per_par];
        Self { plan, copula, axis, companies, closing_par, cumulative, as_of, collection_end, named, year_units }
    }

    /// Default time of a company in years from the as-of date, from the level `Φ(X)` and its place on the axis.
    ///
    /// Inside a piece of the axis log survival is linear.
    #[must_use]
    pub fn default_time(&self, company: usize, level: f64, place: usize) -> f64 {
        let curve = &self.cumulative[company];
        let (before, start) =
            if place == 0 { (0.0, self.axis.start) } else { (curve[place - 1], self.axis.times[place - 1]) };
        let end = self.axis.times[place];
        let whole = math::ln((1.0 - curve[place]).abs() + 1e-300) - math::ln(1.0 - before + 1e-300);
        if !(whole < 0.0) {
            return end;
        }
        let part = math::ln(1.0 - level + 1e-300) - math::ln(1.0 - before + 1e-300);
        let share = part / whole;
        let share = if share > 1.0 {
            1.0
        } else if share < 0.0 {
            0.0
        } else {
            share
        };
        start + (end - start) * share
    }

    /// First calendar day whose 30/360 time from the as-of date is `time` or more.
    #[must_use]
    pub fn date_of(&self, time: f64) -> Date {
        let mut date = self.as_of.add_days((time * 365.0) as i32 - 10);
        if date <= self.as_of {
            date = self.as_of.add_days(1);
        }
        while thirty_360(self.as_of, date) < time - 1e-12 {
            date = date.add_days(1);
        }
        date
    }
}
