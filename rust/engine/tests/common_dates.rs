//! Documents with payment dates of their own that a condition brings in: what is told by date, and a path that goes on.

#![allow(clippy::expect_used, reason = "a test fails where its set-up does")]

mod common;

use cloche_dispatch::Isa;
use cloche_engine::compile::{PlanInput, StateInput, compile_plan, compile_simulation, state_after};
use cloche_engine::path::explained::{self, Explained};
use cloche_engine::path::note_figures::Figure;
use cloche_engine::path::summary::figures;
use cloche_engine::sim::{Keep, Options, Setup, Simulated, drawn, replay, simulate};
use cloche_engine::time::Date;
use serde_json::{Value, json};

use common::{compiled, model, scenario, small_deal, small_model, small_scenario, thirty_loans};

const SEED: u64 = 20_260_120;
const PATHS: usize = 96;

/// The deal, and an amendment of its dates once it is short of collateral.
fn deal(months: u32, maturity: &str, when: &str) -> Value {
    let (mut deal, mut into) = (small_deal(), small_deal());
    into["dates"]["payment_frequency_months"] = json!(months);
    into["dates"]["stated_maturity"] = json!(maturity);
    deal["events"] = json!([{"amend": {"into": into}, "when": when, "from": "2026-10-20", "until": "2028-04-20"}]);
    deal
}

fn monthly() -> Value {
    deal(1, "2032-04-20", "ratio('D OC') < 1.08")
}

/// The last of the first document's payment dates is none of these.
fn longer() -> Value {
    deal(6, "2033-07-20", "ratio('D OC') < 1.08")
}

fn setup(deal: &Value) -> Setup {
    compile_simulation(
        &compiled(deal),
        &thirty_loans(),
        &scenario(&small_scenario()),
        None,
        &model(&small_model()),
        SEED,
    )
    .expect("a simulation that compiles")
}

fn run(setup: &Setup) -> Simulated {
    let keep = Keep { flows: true, paths: true };
    let options = Options { paths: PATHS as u64, threads: 1, isa: Isa::detect(), keep };
    simulate(setup, options, &mut |_| true).expect("a simulation that runs")
}

fn payments(setup: &Setup, path: &Explained) -> Vec<i32> {
    (0..path.periods).map(|p| path.in_force(&setup.plan, p).periods[p].payment).collect()
}

fn close(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs() + 1e-3, "{what}: found {found}, expected {expected}");
}

#[test]
fn the_dates_of_all_documents_are_told_in_order_and_once() {
    for deal in [monthly(), longer()] {
        let setup = setup(&deal);
        let told = setup.plan.told();
        assert!(told.windows(2).all(|pair| pair[0].payment < pair[1].payment));
        assert_eq!(setup.plan.told_days().len(), told.len());
        assert!(setup.axis.times.windows(2).all(|pair| pair[0] < pair[1]));
        for plan in setup.plan.all() {
            for (p, period) in plan.periods[..=plan.last].iter().enumerate() {
                assert_eq!(told[plan.shown(p)].payment, period.payment);
            }
        }
    }
}

#[test]
fn a_replayed_path_has_the_losses_of_the_simulated_one_and_paths_switch_when_they_do() {
    for deal in [monthly(), longer()] {
        let setup = setup(&deal);
        let simulated = run(&setup);
        let mut switched = Vec::new();
        for path in 0..PATHS {
            let (explained, _) = replay(&setup, path as u64);
            for (n, note) in figures(&setup.plan, &explained).iter().enumerate() {
                let kept = &simulated.columns[0];
                let bits = |figure| note.of(figure).0[0].to_bits();
                assert_eq!(bits(Figure::PrincipalLoss), kept.principal_loss[n][path].to_bits());
                assert_eq!(bits(Figure::InterestLoss), kept.interest_loss[n][path].to_bits());
            }
            switched.push(explained.trail.last().map(|(since, _)| *since));
        }
        switched.sort_unstable();
        switched.dedup();
        assert!(switched.len() > 3, "{switched:?}");
    }
}

#[test]
fn flows_by_date_are_those_of_the_replayed_paths_and_balances_stay_between() {
    for deal in [monthly(), longer()] {
        let setup = setup(&deal);
        let simulated = run(&setup);
        let (told, notes) = (setup.plan.told(), setup.plan.deal.notes.len());
        let mut sums = vec![[0.0; 3]; told.len() * notes];
        for path in 0..PATHS {
            let (explained, _) = replay(&setup, path as u64);
            let own = payments(&setup, &explained);
            let mut balances = vec![0.0; notes];
            for (i, date) in told.iter().enumerate().filter(|(_, date)| Some(&date.payment) <= own.last()) {
                let p = own.iter().position(|payment| *payment == date.payment);
                for row in explained.notes.iter().filter(|row| Some(row.period as usize) == p) {
                    let sum = &mut sums[i * notes + row.note as usize];
                    sum[0] += row.interest_paid + row.deferred_paid;
                    sum[1] += row.principal_paid;
                    balances[row.note as usize] = row.end_balance;
                }
                for (sum, balance) in sums[i * notes..].iter_mut().zip(&balances) {
                    sum[2] += balance;
                }
            }
        }
        for (found, expected) in simulated.totals.flows.iter().zip(&sums) {
            for (k, what) in ["interest", "principal", "balance"].into_iter().enumerate() {
                close(found[k].sum, expected[k], what);
            }
        }
        assert!(simulated.totals.conservation_error < 1e-3);
    }
}

#[test]
fn a_condition_that_never_holds_leaves_the_figures_of_the_deal() {
    let plain = setup(&small_deal());
    let without = run(&plain);
    let with = setup(&deal(1, "2032-04-20", "performing_par < 0"));
    let never = run(&with);
    for (n, note) in plain.plan.deal.notes.iter().enumerate() {
        for path in 0..PATHS {
            let [one, other] = [&without, &never].map(|run| run.columns[0].principal_loss[n][path]);
            close(other, one, &note.name);
        }
    }
    let of_year = |run: &Simulated, y: usize| run.totals.years[y].sums;
    for y in 0..6 {
        for (one, other) in of_year(&without, y).into_iter().zip(of_year(&never, y)) {
            assert!((one - other).abs() < 1e-9 * one.abs() + 1e-12, "year {y}: {one}, {other}");
        }
    }
}

#[test]
fn a_path_goes_on_from_its_states_with_its_bits() {
    let (tape, scenario) = (thirty_loans(), scenario(&small_scenario()));
    for document in [monthly(), longer()] {
        let (deal, setup) = (compiled(&document), setup(&document));
        let input = PlanInput { deal: &deal, tape: &tape, scenario: &scenario, model_defaults: true, state: None };
        let mut told_by_schedule = [0, 0];
        for path in 0..24 {
            let (straight, _) = replay(&setup, path);
            let days = payments(&setup, &straight);
            for p in [1, 5, 9, 14].into_iter().filter(|p| p + 1 < days.len()) {
                let state = state_after(input, Some(&drawn(&setup, path)), Date(days[p]), "tape").expect("a state");
                let by_schedule = state.path.as_ref().and_then(|path| path.schedule_dates).unwrap_or(false);
                let state = serde_json::from_str(&serde_json::to_string(&state).expect("text")).expect("a state");
                let given = Some(StateInput { state: &state, tape: "tape" });
                let from_state = PlanInput { model_defaults: false, state: given, ..input };
                let rest = compile_plan(from_state).expect("a run");
                let path = rest.path.as_ref().expect("a path");
                told_by_schedule[usize::from(by_schedule)] += 1;
                let run = explained::go_on(&rest.plan, path);
                let bits = |run: &Explained| {
                    let rows = run.notes.iter().filter(|row| row.period as usize > p);
                    rows.map(|row| [row.interest_paid, row.principal_paid, row.end_balance].map(f64::to_bits))
                        .collect::<Vec<_>>()
                };
                assert_eq!(bits(&run), bits(&straight));
            }
        }
        assert!(told_by_schedule[1] > 20, "{told_by_schedule:?}");
    }
}

#[test]
fn a_path_told_by_payment_dates_is_refused_where_other_dates_may_come() {
    let (tape, scenario, document) = (thirty_loans(), scenario(&small_scenario()), monthly());
    let (deal, setup) = (compiled(&document), setup(&document));
    let input = PlanInput { deal: &deal, tape: &tape, scenario: &scenario, model_defaults: true, state: None };
    let day = Date(payments(&setup, &replay(&setup, 0).0)[0]);
    let state = state_after(input, Some(&drawn(&setup, 0)), day, "tape").expect("a state");
    let refused = |change: &dyn Fn(&mut cloche_engine::spec::state::PathState)| {
        let mut state = state.clone();
        change(state.path.as_mut().expect("a path"));
        let given = Some(StateInput { state: &state, tape: "tape" });
        let run = compile_plan(PlanInput { model_defaults: false, state: given, ..input });
        run.err().expect("a refusal").to_string()
    };
    let found = refused(&|path| {
        path.schedule_dates = None;
        path.cohort_default_rates.clear();
        path.defaults.clear();
    });
    assert!(found.contains("state.path") && found.contains("schedule_dates"), "{found}");
    let found = refused(&|path| drop(path.cohort_default_rates.pop_last()));
    assert!(found.contains("does not tell every step"), "{found}");
}
