//! From a run to the state document after one of its payment dates.

use std::collections::BTreeMap;

use crate::collateral::{PastDefault, Standing, Tape};
use crate::compile::assumptions::{Assumptions, Groups};
use crate::compile::cohorts::CompiledCohorts;
use crate::compile::deal::CompiledDeal;
use crate::compile::plan::{PlanInput, assumed, compile_plan, prepare, resume};
use crate::compile::pool::Contracts;
use crate::error::EngineError;
use crate::notes::OnUnpaid;
use crate::path::after::after;
use crate::path::explained;
use crate::path::opening::{DrawnPath, Opening};
use crate::path::plan::CouponStep;
use crate::spec::DealState;
use crate::spec::state::{
    BoughtState, CohortDefaultState, CohortState, Collected, EventState, FeeBases, FeeState, HedgeState,
    LoanDefaultState, LoanState, NoteState, PathDefaultState, PathState, PoolState,
};
use crate::state::Status;
use crate::time::Date;

/// The state after a payment date of a run, or of one path of a simulation; `tape` is the hash of its tape.
///
/// # Errors
/// As [`compile_plan`]; [`EngineError::Run`] for a date that the run does not have.
pub fn state_after(
    input: PlanInput<'_>,
    drawn: Option<&DrawnPath>,
    date: Date,
    tape: &str,
) -> Result<DealState, EngineError> {
    let deal = &*input.deal.with_events(&input.scenario.events).map_err(assumed)?;
    let input = PlanInput { deal, ..input };
    let grid = &input.deal.terms.grid;
    let compiled = compile_plan(input)?;
    let plan = &compiled.plan;
    let dates = &grid.periods[plan.first()..];
    let expected = || {
        let ends = [dates.first(), dates.last()].map(|p| p.map_or(grid.closing, |p| p.payment));
        format!("expected a payment date of the run, from {} to {}", ends[0], ends[1])
    };
    let Some(p) = grid.periods.iter().position(|p| p.payment == date).filter(|p| *p >= plan.first()) else {
        return Err(EngineError::Run(format!("date: found {date}; {}", expected())));
    };
    let path = drawn.or(compiled.path.as_ref());
    let mut work = match path {
        Some(path) => explained::drawn(plan, path),
        None => explained::projected(plan, &compiled.flows),
    };
    let Some(opening) = after(plan, &mut work, p) else {
        return Err(EngineError::Run(format!(
            "date: the run ends before {date}, when no collateral and no cash is left"
        )));
    };
    let mut problems = Vec::new();
    let resumed = resume(input.deal, input.tape, input.state, input.model_defaults)?;
    let prepared = prepare(input, resumed, &mut problems)?;
    let acted = prepared.events.may_have_acted(p + 1);
    if !acted.is_empty() {
        return Err(EngineError::Scenario(acted));
    }
    let mut assumed = Assumptions::new(&prepared.contracts, input.scenario, prepared.drawn, &mut problems);
    let left = Left::new(&prepared.contracts, &mut assumed, path, p);
    let places = &prepared.events.places;
    let writer = Writer { deal: input.deal, contracts: &prepared.contracts, opening: &opening, places, p };
    Ok(DealState {
        pool: Some(PoolState {
            tape: tape.to_owned(),
            as_of: Date(input.tape.as_of).to_string(),
            loans: writer.loans(&left),
            bought: Some(writer.bought(&prepared.bought)),
        }),
        path: path.map(|path| writer.path(path, &left)),
        ..writer.liabilities()
    })
}

/// What a run leaves of each loan.
struct Left {
    /// As the loans stand.
    loans: Vec<Standing>,
    /// Of the loans of companies that defaulted in the path: the share that would be left without it.
    without_default: BTreeMap<usize, f64>,
}

impl Left {
    fn new(contracts: &Contracts<'_>, assumed: &mut Assumptions<'_, '_>, path: Option<&DrawnPath>, p: usize) -> Self {
        let Groups { groups, sources, of_loan } = assumed.groups();
        let rates: Vec<_> = sources.into_iter().map(|source| assumed.of_source(source)).collect();
        let rules = &contracts.rules;
        // Loans of a group stand alike, whenever each of them matures: they stay one group.
        let standing: Vec<Standing> =
            groups.iter().zip(&rates).map(|(group, rates)| group.after(rates, rules, p + 1)).collect();
        let mut out = Self {
            loans: of_loan.iter().map(|group| group.map_or(Standing::GONE, |g| standing[g].clone())).collect(),
            without_default: BTreeMap::new(),
        };
        for asset in assumed.defaulted() {
            if asset.asset.recovery_step > p {
                let recovery = assumed.recovery(&asset);
                let collected = asset.asset.recovery_step;
                out.loans[asset.loan].defaults.push(PastDefault { step: None, share: 1.0, recovery, collected });
            }
        }
        for &(obligor, step) in path.iter().flat_map(|path| &path.defaults) {
            if step > p {
                continue;
            }
            for loan in 0..of_loan.len() {
                let Some(g) = of_loan[loan].filter(|_| contracts.obligor_of[loan] == obligor) else { continue };
                out.without_default.insert(loan, out.loans[loan].share);
                out.loans[loan].share = 0.0;
                if step < rules.first {
                    // What earlier dates left of the default is among the defaults of the loan.
                    continue;
                }
                let share = groups[g].after(&rates[g], rules, step).share;
                let collected = rates[g].recovery_step[step] as usize;
                if collected > p && share * contracts.of(loan)[step].open > 0.0 {
                    let recovery = rates[g].recovery[step];
                    out.loans[loan].defaults.push(PastDefault { step: Some(step), share, recovery, collected });
                }
            }
        }
        out
    }
}

/// Writes a state with the names and dates of its deal and tape.
struct Writer<'a> {
    deal: &'a CompiledDeal,
    contracts: &'a Contracts<'a>,
    opening: &'a Opening,
    /// Per call: its place, where it has a condition.
    places: &'a [Option<String>],
    p: usize,
}

impl Writer<'_> {
    fn tape(&self) -> &Tape {
        self.contracts.tape
    }

    fn date(&self, step: usize) -> String {
        self.deal.terms.grid.periods[step].payment.to_string()
    }

    /// Dates, cash and what is owed.
    fn liabilities(&self) -> DealState {
        let (terms, opening) = (&self.deal.terms, self.opening);
        let period = &terms.grid.periods[self.p];
        let mut notes = BTreeMap::new();
        for (n, (note, after)) in terms.notes.iter().zip(&opening.notes).enumerate() {
            let on = |days: &i32| terms.grid.closing.add_days(*days).to_string();
            let distributions = opening.past.days.iter().map(on).zip(opening.past.flows[n].iter().copied()).collect();
            let state = NoteState {
                balance: after.balance,
                deferred_interest: after.deferred,
                interest_shortfall: after.overdue,
                amortization_due: note.amortization.is_some().then_some(after.amortization_due),
                interest_bearing: (terms.on_unpaid == OnUnpaid::Simple).then_some(after.bearing),
                steps_in_force: steps_in_force(&terms.coupon_steps, &opening.coupon_steps, n),
                drawn: terms.commits(n).then_some(after.drawn),
                cost: None,
                distributions,
            };
            notes.insert(note.name.clone(), state);
        }
        let accounts = terms.accounts.iter().map(|account| account.name.clone()).zip(opening.accounts.iter().copied());
        let hedges = terms.hedges.iter().zip(&opening.hedges).map(|(hedge, after)| {
            let termination = hedge.termination.is_some().then_some(after.termination);
            (hedge.name.clone(), HedgeState { due: None, unpaid: after.periodic, termination })
        });
        let [fee_basis, performing_par, collateral_principal_amount] = opening.bases;
        DealState {
            deal: Some(terms.name.clone()),
            payment_date: period.payment.to_string(),
            previous_payment_date: period.previous_payment.to_string(),
            determination_date: period.determination.to_string(),
            status: if opening.accelerated { Status::Accelerated } else { Status::Normal }.name().to_owned(),
            in_reinvestment_period: opening.reinvestment_ended.then_some(false),
            ratings_confirmed: terms.target_par_test.map(|_| opening.confirmed),
            collected: Collected { interest: opening.held_interest, principal: opening.held, liquidation: None },
            fee_basis: Some(fee_basis),
            fee_bases: Some(FeeBases { performing_par, collateral_principal_amount }),
            fees: self.fees(),
            notes,
            accounts: accounts.collect(),
            hedges: hedges.collect(),
            events: self.events(),
            ..DealState::default()
        }
    }

    fn fees(&self) -> BTreeMap<String, FeeState> {
        let (mut higher, mut unused) = (self.opening.higher.iter().copied(), self.opening.unused.iter());
        let mut out = BTreeMap::new();
        for (fee, after) in self.deal.terms.fees.iter().zip(&self.opening.fees) {
            let irr = fee.hurdle.as_ref().and_then(|hurdle| hurdle.irr);
            let carries = fee.cap.as_ref().is_some_and(|cap| cap.carry_over > 0);
            let state = FeeState {
                due: None,
                unpaid: after.unpaid,
                deferred: (!fee.deferred.is_empty()).then_some(after.postponed),
                hurdle: irr.map(|_| after.hurdle),
                higher_hurdles: higher.by_ref().take(fee.higher.len()).collect(),
                unused_cap: if carries { unused.next().cloned().unwrap_or_default() } else { Vec::new() },
            };
            out.insert(fee.name.clone(), state);
        }
        out
    }

    /// Conditional events that have acted or are tried again.
    fn events(&self) -> BTreeMap<String, EventState> {
        let mut out = BTreeMap::new();
        for (place, call) in self.places.iter().zip(&self.opening.calls) {
            let Some(place) = place else { continue };
            if call.spent {
                out.insert(place.clone(), EventState::Spent);
            } else if call.pending {
                out.insert(place.clone(), EventState::Pending);
            }
        }
        out
    }

    fn loans(&self, left: &Left) -> BTreeMap<String, LoanState> {
        let mut out = BTreeMap::new();
        for (loan, standing) in left.loans.iter().enumerate() {
            if standing.share <= 0.0 && standing.defaults.is_empty() {
                continue;
            }
            let open = self.contracts.of(loan).get(self.p + 1).map_or(0.0, |step| step.open);
            let defaulted = self.tape().is_defaulted(loan);
            let defaults = standing.defaults.iter().map(|past| LoanDefaultState {
                defaulted: past.step.map(|step| self.date(step)),
                share: past.share,
                recovery: past.recovery,
                collected: self.date(past.collected),
            });
            let state = LoanState {
                par: if defaulted { self.tape().par[loan] } else { standing.share * open },
                share: standing.share,
                defaults: defaults.collect(),
            };
            out.insert(self.tape().loan_id[loan].clone(), state);
        }
        out
    }

    fn bought(&self, compiled: &CompiledCohorts) -> BoughtState {
        let cohorts = &self.opening.cohorts;
        BoughtState {
            survival: cohorts.survival,
            performing_par: cohorts.performing,
            cohorts: cohorts
                .units
                .iter()
                .map(|&(step, units)| {
                    let terms = &compiled.terms[step];
                    CohortState {
                        bought: self.date(step),
                        par: units * cohorts.survival * compiled.tables.balance(step, self.p),
                        units,
                        price: terms.price,
                        spread: terms.spread,
                        floor: terms.floor,
                        maturity: terms.maturity.to_string(),
                    }
                })
                .collect(),
            defaults: cohorts
                .defaults
                .iter()
                .map(|default| CohortDefaultState {
                    defaulted: self.date(default.step),
                    par: default.par,
                    value: default.value,
                    collected: self.date(default.collected),
                })
                .collect(),
        }
    }

    fn path(&self, path: &DrawnPath, left: &Left) -> PathState {
        let mut defaults = Vec::with_capacity(path.defaults.len());
        for &(obligor, step) in &path.defaults {
            let of_company =
                left.without_default.iter().filter(|(loan, _)| self.contracts.obligor_of[**loan] == obligor);
            defaults.push(PathDefaultState {
                obligor: self.contracts.obligors[obligor].0.clone(),
                defaulted: self.date(step),
                shares: of_company.map(|(loan, share)| (self.tape().loan_id[*loan].clone(), *share)).collect(),
            });
        }
        let rates = path.hazard.iter().enumerate().skip(self.p + 1);
        PathState { defaults, cohort_default_rates: rates.map(|(step, rate)| (self.date(step), *rate)).collect() }
    }
}

/// The steps of a note's coupon that are in force under their conditions, by their places.
fn steps_in_force(steps: &[CouponStep], in_force: &[bool], note: usize) -> Vec<u32> {
    let of_note = steps.iter().zip(in_force).filter(|(step, is)| step.note as usize == note && **is);
    of_note.map(|(step, _)| step.step).collect()
}
