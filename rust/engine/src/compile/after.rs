//! From a run to the state document after one of its payment dates.

use std::collections::BTreeMap;

use crate::collateral::{PastDefault, Standing, Tape};
use crate::compile::assumptions::{Assumptions, Groups};
use crate::compile::cohorts::CompiledCohorts;
use crate::compile::deal::CompiledDeal;
use crate::compile::events::Events;
use crate::compile::plan::{PlanInput, compile_plan, prepare, resume, ruling};
use crate::compile::pool::Contracts;
use crate::error::EngineError;
use crate::lifecycle::{NOT_DRAWN, event_of};
use crate::notes::OnUnpaid;
use crate::path::after::after;
use crate::path::common_dates::CommonDates;
use crate::path::deal_terms::CouponStep;
use crate::path::explained::{self, Explained};
use crate::path::instalments;
use crate::path::opening::{DrawnPath, Opening};
use crate::path::plan::{Plan, Redemption, Regime};
use crate::path::runner::Workspace;
use crate::spec::DealState;
use crate::spec::state::{
    BoughtState, CohortDefaultState, CohortState, Collected, EventState, FeeBases, FeeState, HedgeState,
    LoanDefaultState, LoanState, NoteState, PathDefaultState, PathState, PoolState, RepricedState,
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
    let deal = &*ruling(input)?;
    let compiled = compile_plan(input)?;
    let plan = &compiled.plan;
    let path = drawn.or(compiled.path.as_ref());
    let ready = || match path {
        Some(path) => explained::drawn(plan, path),
        None => explained::projected(plan, &compiled.flows),
    };
    let p = step_on(plan, ready, date)?;
    let mut work = ready();
    let Some(opening) = after(plan, &mut work, p) else {
        return Err(EngineError::Run(format!(
            "date: the run ends before {date}, when no collateral and no cash is left"
        )));
    };
    if let Some(Redemption { day, .. }) = plan.redemption(work.documents.last()).and_then(Regime::redeems) {
        let message = format!("date: the deal is redeemed on {}; nothing is left to go on from", Date(day));
        return Err(EngineError::Run(message));
    }
    let mut problems = Vec::new();
    let resumed = resume(deal, input.tape, input.state, input.model_defaults)?;
    let number = work.documents.on(p + 1);
    let in_force = deal.of_number(number);
    let prepared = prepare(PlanInput { deal: in_force, ..input }, resumed, None, false, &mut problems)?;
    let mut assumed = Assumptions::new(&prepared.contracts, input.scenario, prepared.drawn, &mut problems);
    let of_number = plan.of_number(number);
    let moved = match number.checked_sub(1).and_then(|k| plan.regimes.get(k)) {
        Some(regime) => path.map(|path| regime.path(path)),
        None => path.filter(|_| plan.common.is_some()).map(|path| plan.own_path(path)),
    };
    let (path, of_all) = (moved.as_ref().or(path), path);
    let step = of_number.pool_step(p);
    let left = Left::new(&prepared.contracts, &mut assumed, path, step);
    let events = &prepared.events;
    let shown = &*in_force.with_shown_names();
    let writer = Writer { deal: shown, contracts: &prepared.contracts, opening: &opening, events, p, step };
    Ok(DealState {
        pool: Some(PoolState {
            tape: tape.to_owned(),
            as_of: Date(input.tape.as_of).to_string(),
            loans: writer.loans(&left),
            bought: Some(writer.bought(&prepared.bought)),
        }),
        path: path.map(|path| {
            let one_by_one = plan.all().any(|plan| plan.pool.one_by_one);
            let written = match (&plan.common, of_all) {
                (Some(common), Some(of_all)) => writer.common_path(of_all, (of_number, common), &left),
                _ => writer.path(path, &left),
            };
            PathState { loan_by_loan: one_by_one.then_some(true), ..written }
        }),
        documents: input
            .state
            .into_iter()
            .flat_map(|before| before.state.documents.iter().cloned())
            .chain(deal.history(number))
            .collect(),
        ..writer.liabilities()
    })
}

/// The step (from 0) of a payment date of a run, whichever document has it.
fn step_on(plan: &Plan, ready: impl Fn() -> Workspace<1>, date: Date) -> Result<usize, EngineError> {
    let mut work = ready();
    if !plan.regimes.is_empty() {
        let _: Explained = explained::run(plan, &mut work);
    }
    let payment = |p: usize| Date(plan.of_number(work.documents.on(p)).periods[p].payment);
    (plan.first()..plan.steps()).find(|p| payment(*p) == date).ok_or_else(|| {
        let ends = [plan.first(), plan.of_number(work.documents.on(plan.steps())).last].map(payment);
        let expected = format!("expected a payment date of the run, from {} to {}", ends[0], ends[1]);
        EngineError::Run(format!("date: found {date}; {expected}"))
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
        // What a loan of a group recovers of a default in a step, where that is in units of what it recovers itself.
        let recovery = |loan: usize, step: usize, rate: f64| {
            let Some(own) = assumed.own_recovery(loan) else { return rate };
            let past = contracts.standing(loan).defaults.iter().find(|past| past.step == Some(step));
            past.map_or(own, |past| past.recovery)
        };
        let of_loan_alone = |loan: usize| {
            let Some(g) = of_loan[loan] else { return Standing::GONE };
            let mut out = standing[g].clone();
            for past in &mut out.defaults {
                if let Some(step) = past.step {
                    past.recovery = recovery(loan, step, past.recovery);
                }
            }
            out
        };
        let mut out = Self { loans: (0..of_loan.len()).map(of_loan_alone).collect(), without_default: BTreeMap::new() };
        for asset in assumed.defaulted() {
            if asset.asset.recovery_step > p {
                let recovery = assumed.recovery(&asset);
                let (collected, due) = (asset.asset.recovery_step, asset.due);
                out.loans[asset.loan].defaults.push(PastDefault { step: None, share: 1.0, recovery, collected, due });
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
                if collected > p && share * contracts.of(loan)[step].defaults() > 0.0 {
                    let recovery = assumed.own_recovery(loan).unwrap_or(rates[g].recovery[step]);
                    let past = PastDefault { step: Some(step), share, recovery, collected, due: None };
                    out.loans[loan].defaults.push(past);
                }
            }
        }
        if !contracts.steps.unadjusted.is_empty() {
            for loan in 0..of_loan.len() {
                if out.loans[loan].defaults.iter().any(|past| past.due.is_none()) {
                    let lags = assumed.lags(loan);
                    for past in &mut out.loans[loan].defaults {
                        past.due = past.due.or(past.step.and_then(|step| contracts.steps.due(step, lags[step])));
                    }
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
    events: &'a Events,
    p: usize,
    /// The pool step that ended on the date.
    step: usize,
}

impl Writer<'_> {
    fn tape(&self) -> &Tape {
        self.contracts.tape
    }

    fn date(&self, step: usize) -> String {
        self.contracts.steps.bought_on[step].to_string()
    }

    /// Dates, cash and what is owed.
    fn liabilities(&self) -> DealState {
        let (terms, opening) = (&self.deal.terms, self.opening);
        let period = &terms.grid.periods[self.p];
        let of_events = instalments::of_events(&terms.notes, &self.events.changes);
        let counts = |n: usize| {
            let since = opening.notes[n].since;
            since > 0 && of_events.iter().any(|given| usize::from(given.note) == n)
        };
        let mut notes = BTreeMap::new();
        for (n, (note, after)) in terms.notes.iter().zip(&opening.notes).enumerate() {
            if terms.foreign.note(n) || (note.replaces.is_some() && !(after.issued > 0.0)) {
                continue;
            }
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
                cost: self.cost(n),
                original_balance: (after.issued > 0.0).then_some(if after.issued > NOT_DRAWN {
                    after.issued
                } else {
                    0.0
                }),
                issued_on: counts(n).then(|| terms.grid.periods[after.since - 1].payment.to_string()),
                repriced: self.repriced(n),
                distributions,
            };
            notes.insert(note.name.clone(), state);
        }
        let own = |a: &usize| !terms.foreign.account(*a);
        let accounts = (0..terms.accounts.len()).filter(own);
        let accounts = accounts.map(|a| (terms.accounts[a].name.clone(), opening.accounts[a]));
        let of_document = terms.hedges.iter().zip(&opening.hedges).enumerate();
        let hedges = of_document.filter(|(h, _)| !terms.foreign.hedge(*h)).map(|(_, (hedge, after))| {
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
            purchases_allowed: (!opening.may_buy).then_some(false),
            ratings_confirmed: terms.target_par_test.map(|_| opening.confirmed),
            collected: Collected { interest: opening.held_interest, principal: opening.held, liquidation: None },
            fee_basis: Some(fee_basis),
            fee_bases: Some(FeeBases { performing_par, collateral_principal_amount }),
            fees: self.fees(),
            notes,
            accounts: accounts.collect(),
            hedges: hedges.collect(),
            later_hurdles: self.later_hurdles(),
            events: self.events(),
            ..DealState::default()
        }
    }

    fn fees(&self) -> BTreeMap<String, FeeState> {
        let (mut higher, mut unused) = (self.opening.higher.iter().copied(), self.opening.unused.iter());
        let mut out = BTreeMap::new();
        for (f, (fee, after)) in self.deal.terms.fees.iter().zip(&self.opening.fees).enumerate() {
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
            if !self.deal.terms.foreign.fee(f) {
                out.insert(fee.name.clone(), state);
            }
        }
        out
    }

    /// The hurdles of the fees of other documents, which run on beside those of the document in force.
    fn later_hurdles(&self) -> Vec<Vec<f64>> {
        let (terms, mut higher) = (&self.deal.terms, self.opening.higher.iter().copied());
        let mut out = Vec::new();
        for (f, (fee, after)) in terms.fees.iter().zip(&self.opening.fees).enumerate() {
            let mut row = vec![after.hurdle];
            row.extend(higher.by_ref().take(fee.higher.len()));
            if terms.foreign.fee(f) {
                out.push(row);
            }
        }
        if out.iter().flatten().any(|hurdle| *hurdle != 0.0) { out } else { Vec::new() }
    }

    /// Conditional events that have acted or are tried again.
    fn events(&self) -> BTreeMap<String, EventState> {
        let mut out = BTreeMap::new();
        for (place, call) in self.events.places.iter().zip(&self.opening.calls) {
            let Some(place) = place else { continue };
            if call.spent {
                out.insert(place.clone(), EventState::Spent);
            } else if call.pending {
                out.insert(place.clone(), EventState::Pending);
            }
        }
        for (change, spent) in self.events.changes.iter().zip(&self.opening.spent) {
            if *spent && change.when.is_some() {
                out.insert(change.place.clone(), EventState::Spent);
            }
        }
        out
    }

    /// What was paid for a residual note, where a later document has another balance of it.
    fn cost(&self, note: usize) -> Option<f64> {
        let (terms, cost) = (&self.deal.terms.notes[note], self.opening.notes[note].cost);
        (terms.residual && cost.to_bits() != (terms.original * terms.issue_price).to_bits()).then_some(cost)
    }

    /// The re-pricing whose spread a note pays.
    fn repriced(&self, note: usize) -> Option<RepricedState> {
        let in_force =
            |(r, (in_force, _)): &(usize, &(bool, bool))| *in_force && self.events.repricings[*r].note as usize == note;
        let (r, (_, lately)) = self.opening.repriced.iter().enumerate().find(in_force)?;
        let event = event_of(&self.events.changes, r)?.place.clone();
        Some(RepricedState { event, on_this_date: *lately })
    }

    fn loans(&self, left: &Left) -> BTreeMap<String, LoanState> {
        let mut out = BTreeMap::new();
        for (loan, standing) in left.loans.iter().enumerate() {
            if standing.share <= 0.0 && standing.defaults.is_empty() {
                continue;
            }
            let open = self.contracts.of(loan).get(self.step + 1).map_or(0.0, |step| step.open);
            let defaulted = self.tape().is_defaulted(loan);
            let defaults = standing.defaults.iter().map(|past| LoanDefaultState {
                defaulted: past.step.map(|step| self.date(step)),
                share: past.share,
                recovery: past.recovery,
                collected: self.date(past.collected),
                due: past.due.map(|due| due.to_string()),
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
                        par: units * cohorts.survival * compiled.tables.balance(step, self.step),
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
                    due: compiled.due[default.step].map(|due| due.to_string()),
                })
                .collect(),
        }
    }

    fn path_default(&self, obligor: usize, defaulted: String, left: &Left) -> PathDefaultState {
        let of_company = left.without_default.iter().filter(|(loan, _)| self.contracts.obligor_of[**loan] == obligor);
        PathDefaultState {
            obligor: self.contracts.obligors[obligor].0.clone(),
            defaulted,
            shares: of_company.map(|(loan, share)| (self.tape().loan_id[*loan].clone(), *share)).collect(),
        }
    }

    fn path(&self, path: &DrawnPath, left: &Left) -> PathState {
        let defaults = path.defaults.iter().map(|&(obligor, step)| self.path_default(obligor, self.date(step), left));
        let defaults = defaults.collect();
        // Documents that others may follow have dates behind their last that they never reach.
        let last = self.deal.terms.grid.periods.iter().position(|period| period.is_last);
        let last = last.map_or(path.hazard.len(), |last| self.contracts.steps.last_of(last));
        let rates = path.hazard.iter().enumerate().take(last + 1).skip(self.step + 1);
        let cohort_default_rates = rates.map(|(step, rate)| (self.date(step), *rate)).collect();
        PathState { defaults, cohort_default_rates, ..PathState::default() }
    }

    /// A path on the steps of all documents: what is past on those of the document in force.
    fn common_path(&self, path: &DrawnPath, (ruling, common): (&Plan, &CommonDates), left: &Left) -> PathState {
        let is_past = |k: usize| ruling.own_step(k).filter(|step| *step <= self.step);
        let end = |k: usize| is_past(k).map_or(common.ends[k], |step| self.contracts.steps.unadjusted_end[step]);
        let defaults = path.defaults.iter().map(|&(obligor, k)| self.path_default(obligor, end(k).to_string(), left));
        let defaults = defaults.collect();
        let to_come = path.hazard.iter().enumerate().filter(|(k, _)| is_past(*k).is_none());
        let cohort_default_rates = to_come.map(|(k, rate)| (common.ends[k].to_string(), *rate)).collect();
        PathState { defaults, cohort_default_rates, schedule_dates: Some(true), ..PathState::default() }
    }
}

/// The steps of a note's coupon that are in force under their conditions, by their places.
fn steps_in_force(steps: &[CouponStep], in_force: &[bool], note: usize) -> Vec<u32> {
    let of_note = steps.iter().zip(in_force).filter(|(step, is)| step.note as usize == note && **is);
    of_note.map(|(step, _)| step.step).collect()
}
