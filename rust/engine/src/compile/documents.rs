//! The plans of the documents that events bring in.

use crate::compile::common_dates;
use crate::compile::deal::CompiledDeal;
use crate::compile::events::Events;
use crate::compile::plan::{CompiledPlan, PlanInput, one};
use crate::compile::run_steps::Steps;
use crate::error::{EngineError, Problem};
use crate::lifecycle::event_of;
use crate::path::common_dates::OVER;
use crate::path::plan::{Entry, Plan, Regime};

/// Where the events of a plan stand.
#[derive(Clone, Debug, Default)]
pub struct Places {
    calls: Vec<String>,
    /// The events themselves, where a call of a day between payment dates is among them.
    pub events: Option<Events>,
}

impl Places {
    /// Those of compiled events.
    #[must_use]
    pub fn of(events: &Events) -> Self {
        let events_between = (!events.between.is_empty()).then(|| events.clone());
        Self { calls: events.call_places.clone(), events: events_between }
    }
}

/// Compiles the plans of the documents that follow the first, and returns the places of all of them; `shows` as for [`one`].
///
/// # Errors
/// As [`crate::compile::compile_plan`].
pub fn follow(
    input: PlanInput<'_>,
    shows: bool,
    compiled: &mut CompiledPlan,
    places: Places,
) -> Result<Vec<Places>, EngineError> {
    let mut all = vec![places];
    let mut steps: Vec<Steps> = Vec::with_capacity(input.deal.regimes.len());
    let mut regimes: Vec<Regime> = Vec::with_capacity(input.deal.regimes.len());
    for (k, regime) in input.deal.regimes.iter().enumerate() {
        let of_document = PlanInput { deal: &regime.deal, ..input };
        let (next, places) = one(of_document, compiled.resumed.clone(), None, shows)?;
        let mut plan = next.plan;
        plan.number = k + 1;
        let before = match regime.parent.checked_sub(1) {
            None => &compiled.plan,
            Some(parent) => &regimes[parent].plan,
        };
        let Some(change) = before.changes.iter().position(|change| change.place == regime.place) else { continue };
        let goes_on = |place: &String| all[regime.parent].calls.iter().position(|before| before == place);
        let of_change = |place: &str| before.changes.iter().position(|change| change.place == place);
        regimes.push(Regime {
            parent: regime.parent,
            entry: Entry::Change(change),
            step: regime.step,
            calls: places.calls.iter().map(goes_on).collect(),
            changes: plan.changes.iter().map(|change| of_change(&change.place)).collect(),
            repricings: repricings(before, &plan),
            plan,
            flows: next.flows,
        });
        steps.push(next.steps);
        all.push(places);
    }
    same_dates(&mut compiled.plan, &mut regimes);
    for regime in &mut regimes {
        other_dates(&compiled.plan, regime);
    }
    let names = Names::new(input.deal, &compiled.plan, &regimes);
    names.give(&mut compiled.plan);
    for regime in &mut regimes {
        names.give(&mut regime.plan);
    }
    compiled.plan.regimes = regimes;
    common_dates::join(compiled, steps, input.tape)?;
    Ok(all)
}

/// The error of one problem: of the scenario where its event is assumed there.
#[must_use]
pub fn refused(problem: Problem) -> EngineError {
    if problem.place.starts_with("scenario") {
        EngineError::Scenario(vec![problem])
    } else {
        EngineError::Deal(vec![problem])
    }
}

/// Per re-pricing of a plan: that of the same event and class in the plan before it.
fn repricings(before: &Plan, plan: &Plan) -> Vec<Option<usize>> {
    let place = |plan: &Plan, r: usize| event_of(&plan.changes, r).map(|change| change.place.clone());
    (0..plan.repricings.len())
        .map(|r| {
            let own = place(plan, r);
            (0..before.repricings.len())
                .find(|&q| before.repricings[q].note == plan.repricings[r].note && place(before, q) == own)
        })
        .collect()
}

/// Shows after a dated event the terms of the document that it brings in, in the plan before it: no run of that gets there.
fn same_dates(first: &mut Plan, regimes: &mut [Regime]) {
    for k in (0..regimes.len()).rev() {
        let (earlier, later) = regimes.split_at_mut(k);
        let regime = &later[0];
        let before = match regime.parent.checked_sub(1) {
            None => &mut *first,
            Some(parent) => &mut earlier[parent].plan,
        };
        if !matches!(regime.entry, Entry::Change(change) if before.changes[change].when.is_none()) {
            continue;
        }
        let since = regime.step + 1;
        before.periods.truncate(since);
        before.periods.extend_from_slice(&regime.plan.periods[since..]);
    }
}

/// Tells where the payment dates of a document stand among those of the first, and which of its pool steps take the defaults of
/// those.
fn other_dates(first: &Plan, regime: &mut Regime) {
    let plan = &regime.plan;
    let own = &plan.periods[..=plan.last];
    let last = plan.pool_step(plan.last);
    let ends = |of: &Plan| (0..=last).map(|step| of.credit_time(step).to_bits()).collect::<Vec<u64>>();
    let steps = first.pool_steps();
    // Month ends may differ where payment dates do not.
    let same_steps = plan.within.is_empty() || (last < steps && ends(plan) == ends(first));
    if same_steps && own.iter().zip(&first.periods).all(|(own, period)| own.payment == period.payment) {
        return;
    }
    let place = |payment: i32| first.periods.iter().position(|period| period.payment == payment);
    let shown: Option<Vec<u32>> = own.iter().map(|period| u32::try_from(place(period.payment)?).ok()).collect();
    let takes = |time: f64| (0..=last).find(|&q| time <= plan.credit_time(q));
    let takes = (0..steps).map(|step| takes(first.credit_time(step)).map_or(OVER, |q| q as u32)).collect();
    regime.plan.takes = takes;
    regime.plan.shown = shown.unwrap_or_default();
}

/// What notes, fees, tests, accounts and hedges are called in tables.
struct Names {
    notes: Vec<String>,
    fees: Vec<String>,
    tests: Vec<String>,
    accounts: Vec<String>,
    hedges: Vec<String>,
}

impl Names {
    fn new(deal: &CompiledDeal, first: &Plan, regimes: &[Regime]) -> Self {
        let plans = || std::iter::once(first).chain(regimes.iter().map(|regime| &regime.plan));
        let deals = || plans().map(|plan| &plan.deal);
        let own = |count: usize, name: &dyn Fn(&crate::path::deal_terms::DealTerms, usize) -> Option<String>| {
            (0..count).map(|i| deals().find_map(|deal| name(deal, i)).unwrap_or_default()).collect::<Vec<String>>()
        };
        let terms = &first.deal;
        Self {
            notes: deal.rule.names.clone(),
            fees: own(terms.fees.len(), &|deal, f| (!deal.foreign.fee(f)).then(|| deal.fees[f].name.clone())),
            tests: own(terms.tests.len(), &|deal, t| (!deal.foreign.test(t)).then(|| deal.tests[t].name.clone())),
            accounts: own(terms.accounts.len(), &|deal, a| {
                (!deal.foreign.account(a)).then(|| deal.accounts[a].name.clone())
            }),
            hedges: own(terms.hedges.len(), &|deal, h| (!deal.foreign.hedge(h)).then(|| deal.hedges[h].name.clone())),
        }
    }

    fn give(&self, plan: &mut Plan) {
        let deal = &mut plan.deal;
        for (note, name) in deal.notes.iter_mut().zip(&self.notes) {
            note.name.clone_from(name);
        }
        for (fee, name) in deal.fees.iter_mut().zip(&self.fees) {
            fee.name.clone_from(name);
        }
        for (test, name) in deal.tests.iter_mut().zip(&self.tests) {
            test.name.clone_from(name);
        }
        for (account, name) in deal.accounts.iter_mut().zip(&self.accounts) {
            account.name.clone_from(name);
        }
        for (hedge, name) in deal.hedges.iter_mut().zip(&self.hedges) {
            hedge.name.clone_from(name);
        }
    }
}
