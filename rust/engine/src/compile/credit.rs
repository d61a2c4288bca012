//! From a default model to default times: each company's cumulative default probability on the steps of a run.

use crate::collateral::{ClosingPool, Tape};
use crate::compile::assumptions;
use crate::compile::cohorts;
use crate::compile::deal::CompiledDeal;
use crate::compile::opening::StateInput;
use crate::compile::plan::{CompiledPlan, PlanInput, compile_plan, ruling};
use crate::compile::run_steps::Steps;
use crate::compile::values::{self, Nature};
use crate::credit::copula::{Copula, CopulaInput, ObligorInput};
use crate::credit::{COMPANIES, STEPS};
use crate::error::{EngineError, Problem};
use crate::math;
use crate::path::common_dates::CommonDates;
use crate::path::plan::{Regime, SAME_TIME};
use crate::random::entity_key;
use crate::sim::axis::TimeAxis;
use crate::sim::setup::{Company, Setup};
use crate::spec::model::Pd;
use crate::spec::scenario::Value;
use crate::spec::{DefaultModel, Scenario};
use crate::time::{Date, thirty_360};

/// Compiles a simulation.
///
/// # Errors
/// As [`compile_plan`]; [`EngineError::Scenario`] also where the default probabilities are missing or given twice.
pub fn compile_simulation(
    deal: &CompiledDeal,
    tape: &Tape,
    scenario: &Scenario,
    state: Option<StateInput<'_>>,
    model: &DefaultModel,
    seed: u64,
) -> Result<Setup, EngineError> {
    let DefaultModel::GaussianCopula { inter, intra, pd, .. } = model;
    let mut problems = Vec::new();
    if !(0.0..1.0).contains(inter) {
        problems.push(Problem::new("model.inter", format!("found {inter}; expected 0 up to less than 1")));
    }
    if !(0.0..1.0).contains(intra) || intra < inter {
        problems.push(Problem::new("model.intra", format!("found {intra}; expected {inter} up to less than 1")));
    }
    if pd.is_some() && !is_zero(scenario.cdr.as_ref()) {
        problems.push(Problem::new(
            "model.pd",
            "both the model's pd and scenario.cdr give default rates; expected scenario.cdr to be absent or 0",
        ));
    }
    if !problems.is_empty() {
        return Err(EngineError::Scenario(problems));
    }
    let input = PlanInput { deal, tape, scenario, model_defaults: true, state };
    let deal = &*ruling(input)?;
    let compiled = compile_plan(input)?;
    let run_first = compiled.steps.start.first;
    let redemptions: Vec<f64> =
        compiled.plan.regimes.iter().filter_map(Regime::redeems).map(|redemption| redemption.until).collect();
    let common = compiled.plan.common.as_deref();
    let times = common.map_or(compiled.steps.credit_time.as_slice(), |common| &common.times);
    let axis = TimeAxis::new(times, &redemptions, run_first, compiled.steps.drawn_from());
    let (steps, longest) = (&compiled.steps, compiled.longest.as_ref());
    let source = Source { deal, tape, scenario, steps, longest, common, axis: &axis };
    let pd = source.choose(pd.as_ref(), &mut problems);
    let mut industries: Vec<String> = tape.industry.clone();
    industries.sort();
    industries.dedup();
    let last = u32::try_from(axis.times.len()).unwrap_or(u32::MAX);
    let follows_repaid = compiled.plan.follows_repaid();
    let mut obligors = Vec::new();
    let mut companies = Vec::new();
    for (k, (id, first)) in compiled.obligors.iter().enumerate() {
        let loans = compiled.plan.pool.obligor_loans.of(k);
        let first = loans.first().map_or(*first, |l| *l as usize);
        let industry = industries.iter().position(|name| *name == tape.industry[first]).unwrap_or(0);
        let named = scenario
            .defaults
            .get(id)
            .and_then(|text| Date::parse(text))
            .map(|date| thirty_360(Date(tape.as_of), date))
            .filter(|time| *time > axis.start);
        let pool = &compiled.plan.pool;
        let par: f64 = loans.iter().map(|&l| pool.at_risk(l as usize, run_first)).sum();
        // A company of which a state has nothing left has nothing to default on.
        let gone = run_first > 0 && !(par > 0.0);
        let drawn = named.is_none() && !loans.is_empty() && !gone;
        obligors.push(ObligorInput {
            key: entity_key(id),
            industry: u32::try_from(industry).unwrap_or(0),
            cumulative: if drawn { source.cumulative(&pd, first, &mut problems) } else { vec![0.0; axis.times.len()] },
            last_step: if drawn { last } else { 0 },
            owes_until: if follows_repaid { last } else { owes_until(pool, loans, &axis) },
        });
        companies.push(Company {
            id: id.clone(),
            name: tape.obligor_name[first].clone(),
            par,
            named: named.and_then(|time| axis.times.iter().position(|t| time <= *t)),
        });
    }
    within_limits(companies.len(), axis.times.len(), &mut problems);
    same_keys(&obligors, &companies, &mut problems);
    let reinvestment = source.reinvestment(&pd, &compiled, &obligors, &companies, &mut problems);
    problems.dedup();
    if !problems.is_empty() {
        return Err(EngineError::Scenario(problems));
    }
    let survival = obligors.iter().map(|o| o.cumulative.clone()).collect();
    let copula = Copula::new(CopulaInput {
        inter: *inter,
        intra: *intra,
        industries: industries.iter().map(|name| entity_key(name)).collect(),
        obligors,
        seed,
        reinvestment_cumulative: reinvestment,
    });
    let dates = match &compiled.plan.common {
        Some(common) => common.collection_end.clone(),
        None => vec![compiled.steps.dates.iter().map(|d| d.end).collect()],
    };
    Ok(Setup::new(compiled.plan, copula, axis, companies, survival, Date(tape.as_of), dates))
}

/// Number of times on the axis at which a company of these loans owes something.
fn owes_until(pool: &ClosingPool, loans: &[u32], axis: &TimeAxis) -> u32 {
    let owes = |step: u32| loans.iter().any(|&loan| pool.row_default[pool.row(loan as usize, step as usize)].par > 0.0);
    axis.cells.iter().rposition(|(step, _)| owes(*step)).map_or(0, |place| place as u32 + 1)
}

fn is_zero(value: Option<&Value>) -> bool {
    match value {
        None => true,
        Some(Value::Constant { value }) => *value <= 0.0,
        Some(Value::Periods { values } | Value::Monthly { values }) => values.iter().all(|x| *x <= 0.0),
        Some(Value::Dates { values }) => values.values().all(|x| *x <= 0.0),
        Some(Value::Groups { values }) => values.values().all(|v| is_zero(Some(v))),
    }
}

/// What defaults are told apart by is packed into 32 bits.
fn within_limits(companies: usize, times: usize, problems: &mut Vec<Problem>) {
    if companies > COMPANIES {
        problems.push(Problem::new("pool", format!("found {companies} companies; expected at most {COMPANIES}")));
    }
    if times >= STEPS {
        let message = format!("found {times} payment dates and whole years; expected fewer than {STEPS}");
        problems.push(Problem::new("deal.dates", message));
    }
}

fn same_keys(obligors: &[ObligorInput], companies: &[Company], problems: &mut Vec<Problem>) {
    let mut order: Vec<usize> = (0..obligors.len()).collect();
    order.sort_by_key(|&i| obligors[i].key);
    for pair in order.windows(2) {
        if obligors[pair[0]].key == obligors[pair[1]].key {
            problems.push(Problem::new(
                "tape.obligor_id",
                format!("{:?} and {:?} share one random key; rename one", companies[pair[0]].id, companies[pair[1]].id),
            ));
        }
    }
}

/// Where default probabilities come from.
enum Chosen<'a> {
    Cdr,
    Pd(&'a Pd),
    Column(&'static str),
}

struct Source<'a> {
    deal: &'a CompiledDeal,
    tape: &'a Tape,
    scenario: &'a Scenario,
    steps: &'a Steps,
    /// Those of the document that ends last, and the steps of all documents, where a condition brings in other dates.
    longest: Option<&'a Steps>,
    common: Option<&'a CommonDates>,
    axis: &'a TimeAxis,
}

impl Source<'_> {
    fn choose<'p>(&self, pd: Option<&'p Pd>, problems: &mut Vec<Problem>) -> Chosen<'p> {
        if let Some(pd) = pd {
            return Chosen::Pd(pd);
        }
        if self.scenario.cdr.is_some() {
            return Chosen::Cdr;
        }
        let complete = |column: &[f64]| (0..self.tape.len()).all(|i| self.tape.is_defaulted(i) || !column[i].is_nan());
        if complete(&self.tape.hazard) {
            return Chosen::Column("hazard");
        }
        if complete(&self.tape.pd_1y) {
            return Chosen::Column("pd_1y");
        }
        problems.push(Problem::new(
            "model.pd",
            "missing: expected pd in the model, scenario.cdr, or a complete column pd_1y or hazard on the tape",
        ));
        Chosen::Cdr
    }

    /// `F` on the axis for the company of one loan.
    fn cumulative(&self, chosen: &Chosen<'_>, loan: usize, problems: &mut Vec<Problem>) -> Vec<f64> {
        match chosen {
            Chosen::Cdr => {
                let keys = assumptions::keys(self.tape, loan);
                let cdr = self.scenario.cdr.as_ref().and_then(|v| values::select(v, &keys));
                let yearly = |steps: &Steps| {
                    cdr.map_or_else(
                        || vec![0.0; steps.len()],
                        |(v, _)| values::series(v, &steps.timeline, Nature::YearlyRate),
                    )
                };
                if self.common.is_some() {
                    self.by_yearly_rates_of_all(yearly)
                } else {
                    self.by_yearly_rates(&yearly(self.steps))
                }
            }
            Chosen::Column(name) => self.column(name, loan, problems),
            Chosen::Pd(Pd::Column { name }) => self.column(name, loan, problems),
            Chosen::Pd(Pd::Hazard { value }) => self.by_hazard(*value, problems),
            Chosen::Pd(Pd::Table { values }) => {
                let rating = &self.tape.rating[loan];
                if let Some(row) = values.get(rating) {
                    return self.by_table(row, rating, problems);
                }
                problems.push(Problem::new(
                    "model.pd",
                    format!("no row for rating {rating:?} (loan {})", self.tape.loan_id[loan]),
                ));
                vec![0.0; self.axis.times.len()]
            }
        }
    }

    fn column(&self, name: &str, loan: usize, problems: &mut Vec<Problem>) -> Vec<f64> {
        let value = match name {
            "hazard" => self.tape.hazard[loan],
            "pd_1y" => self.tape.pd_1y[loan],
            other => {
                problems.push(Problem::new("model.pd", format!("found {other:?}; expected \"pd_1y\" or \"hazard\"")));
                return vec![0.0; self.axis.times.len()];
            }
        };
        if value.is_nan() {
            problems.push(Problem::new(
                format!("tape loan {}, column {name:?}", self.tape.loan_id[loan]),
                "missing; the model reads this column",
            ));
            return vec![0.0; self.axis.times.len()];
        }
        if name == "hazard" { self.by_hazard(value, problems) } else { self.by_pd(value) }
    }

    fn by_hazard(&self, hazard: f64, problems: &mut Vec<Problem>) -> Vec<f64> {
        if !(hazard >= 0.0) || !hazard.is_finite() {
            problems
                .push(Problem::new("model.pd", format!("found hazard {hazard}; expected a number of zero or more")));
        }
        self.axis.times.iter().map(|t| 1.0 - math::exp(-hazard * (t - self.axis.start))).collect()
    }

    fn by_pd(&self, pd: f64) -> Vec<f64> {
        let start = self.axis.start;
        self.axis.times.iter().map(|t| if pd >= 1.0 { 1.0 } else { 1.0 - math::pow(1.0 - pd, t - start) }).collect()
    }

    /// `1 − Π (1 − m_k)`, inside a step in proportion of log survival.
    fn by_yearly_rates(&self, yearly: &[f64]) -> Vec<f64> {
        let simple = self.deal.conventions.simple_rates;
        let mut out = Vec::with_capacity(self.axis.times.len());
        let (ends, first) = (&self.steps.credit_time, self.steps.start.first);
        for (t, &(step, _)) in self.axis.times.iter().zip(&self.axis.cells) {
            let step = step as usize;
            let mut survival = 1.0;
            for p in first..step {
                survival *= 1.0 - self.steps.drawn_rate(yearly[p], p, simple);
            }
            let start = if step == first { self.axis.start } else { ends[step - 1] };
            let share = (t - start) / (ends[step] - start);
            let left = 1.0 - self.steps.drawn_rate(yearly[step], step, simple);
            let part = if share >= 1.0 { left } else { math::pow(left, share) };
            out.push(1.0 - survival * part);
        }
        out
    }

    /// The same on the steps of all documents: those of the first as long as it goes on, then those of the one that ends last.
    fn by_yearly_rates_of_all(&self, yearly: impl Fn(&Steps) -> Vec<f64>) -> Vec<f64> {
        let simple = self.deal.conventions.simple_rates;
        let (of_first, last) = (yearly(self.steps), self.steps.last());
        let rates: Vec<f64> = (0..=last)
            .map(|p| if p < self.steps.start.first { 0.0 } else { self.steps.drawn_rate(of_first[p], p, simple) })
            .collect();
        let end = self.steps.credit_time[last];
        let later = self.longest.map(|longest| (&longest.credit_time[..=longest.last()], yearly(longest)));
        let after = |time: f64| {
            let Some((ends, yearly)) = &later else { return 1.0 };
            let mut from = end;
            let mut left = 1.0;
            for (to, yearly) in ends.iter().zip(yearly) {
                let to = if *to < time { *to } else { time };
                if to > from {
                    left *= math::pow(1.0 - yearly, to - from);
                    from = to;
                }
            }
            left
        };
        self.axis.times.iter().map(|time| 1.0 - self.survival(&rates, *time, after)).collect()
    }

    /// What is left at a credit time of what steps of the first document take `rates` of, and `after` its last; inside a step in
    /// proportion of log survival.
    fn survival(&self, rates: &[f64], time: f64, after: impl Fn(f64) -> f64) -> f64 {
        let (ends, first) = (&self.steps.credit_time, self.steps.start.first);
        let mut left = 1.0;
        for (p, rate) in rates.iter().enumerate().skip(first) {
            let start = if p == first { self.axis.start } else { ends[p - 1] };
            if time > ends[p] - SAME_TIME {
                left *= 1.0 - rate;
            } else {
                return left * math::pow(1.0 - rate, (time - start) / (ends[p] - start));
            }
            if time < ends[p] + SAME_TIME {
                return left;
            }
        }
        left * after(time)
    }

    /// Linear in log survival between the years of the table, from 0 at 0; after it with the last hazard.
    fn by_table(
        &self,
        row: &std::collections::BTreeMap<String, f64>,
        rating: &str,
        problems: &mut Vec<Problem>,
    ) -> Vec<f64> {
        let mut points = vec![(0.0, 0.0)];
        for (year, value) in row {
            match year.parse::<f64>() {
                Ok(y) if y > 0.0 && (0.0..=1.0).contains(value) => {
                    points.push((y, math::ln(if *value < 1.0 { 1.0 - value } else { 1e-300 })));
                }
                _ => problems.push(Problem::new(
                    format!("model.pd.{rating}.{year}"),
                    format!("found {value}; expected a year above 0 and a probability from 0 to 1"),
                )),
            }
        }
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        if points.windows(2).any(|w| w[1].1 > w[0].1) {
            problems.push(Problem::new(
                format!("model.pd.{rating}"),
                "cumulative probabilities fall; expected them to rise",
            ));
        }
        if points.len() < 2 {
            return vec![0.0; self.axis.times.len()];
        }
        let log = |t: f64| {
            let next = (1..points.len()).find(|&k| t <= points[k].0).unwrap_or(points.len() - 1);
            let (a, b) = (points[next - 1], points[next]);
            a.1 + (b.1 - a.1) * (t - a.0) / (b.0 - a.0)
        };
        let before = log(self.axis.start);
        self.axis.times.iter().map(|t| 1.0 - math::exp(log(*t) - before)).collect()
    }

    /// `F` at each payment date of what is bought: its own pd, the scenario's rate, else the par-weighted pool.
    fn reinvestment(
        &self,
        chosen: &Chosen<'_>,
        compiled: &CompiledPlan,
        obligors: &[ObligorInput],
        companies: &[Company],
        problems: &mut Vec<Problem>,
    ) -> Vec<f64> {
        let (first, start) = (self.steps.start.first, self.axis.start);
        let ends = &self.common.map_or(self.steps.credit_time.as_slice(), |common| &common.times)[first..];
        let mut out = vec![0.0; first];
        if let Some(pd) = self.scenario.reinvestment.pd {
            out.extend(ends.iter().map(|t| if pd >= 1.0 { 1.0 } else { 1.0 - math::pow(1.0 - pd, t - start) }));
            return out;
        }
        if matches!(chosen, Chosen::Cdr) {
            let bought = cohorts::compile(
                self.deal,
                self.scenario,
                &compiled.curves,
                self.steps,
                &compiled.before,
                false,
                problems,
            );
            if self.common.is_some() {
                let last = self.steps.last();
                // After the last date as it was on it.
                let (end, step) = (self.steps.credit_time[last], self.steps.exponent[last]);
                let after = |time: f64| math::pow(1.0 - bought.mdr[last], (time - end) / step);
                out.extend(ends.iter().map(|end| 1.0 - self.survival(&bought.mdr[..=last], *end, after)));
                return out;
            }
            let mut survival = 1.0;
            out.extend((first..bought.mdr.len()).map(|p| {
                survival *= 1.0 - self.steps.goes_on(&bought.mdr, p);
                1.0 - survival
            }));
            return out;
        }
        let total: f64 = companies.iter().zip(obligors).filter(|(_, o)| o.last_step > 0).map(|(c, _)| c.par).sum();
        out.extend(ends.iter().map(|end| {
            let at = self.axis.times.iter().position(|t| t >= end).unwrap_or(self.axis.times.len() - 1);
            let mut sum = 0.0;
            for (company, obligor) in companies.iter().zip(obligors) {
                if obligor.last_step > 0 && total > 0.0 {
                    sum += company.par / total * obligor.cumulative[at];
                }
            }
            sum
        }));
        out
    }
}
