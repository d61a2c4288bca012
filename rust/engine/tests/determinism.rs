//! Same inputs, same seed, same bits: for any lane width, instruction set and number of threads, for more paths, and
//! for a path that is replayed.

#![allow(clippy::expect_used, reason = "a test fails where its set-up does")]

mod common;

use cloche_dispatch::Isa;
use cloche_engine::collateral::Tape;
use cloche_engine::compile::compile_simulation;
use cloche_engine::path::note_figures::Figure;
use cloche_engine::path::summary::figures;
use cloche_engine::sim::block::BLOCK;
use cloche_engine::sim::columns::PathColumns;
use cloche_engine::sim::histogram::Histogram;
use cloche_engine::sim::run::simulate_lanes;
use cloche_engine::sim::totals::{Moments, Totals};
use cloche_engine::sim::{Keep, Options, Setup, Simulated, replay};
use serde_json::Value;

use common::{compiled, model, scenario, small_deal, small_model, small_scenario, thirty_loans};

const SEED: u64 = 20_260_120;

fn setup(deal: &Value, tape: &Tape, assumptions: &Value) -> Setup {
    compile_simulation(&compiled(deal), tape, &scenario(assumptions), None, &model(&small_model()), SEED)
        .expect("a simulation that compiles")
}

fn small() -> Setup {
    setup(&small_deal(), &thirty_loans(), &small_scenario())
}

fn run<const L: usize>(setup: &Setup, paths: u64, threads: usize, isa: Isa) -> Simulated {
    let options = Options { paths, threads, isa, keep: Keep { flows: true, paths: true } };
    let simulated = simulate_lanes::<L>(setup, options, &mut |_| true).expect("a simulation that runs");
    assert_eq!(simulated.paths, paths);
    assert!(!simulated.stopped);
    simulated
}

/// Every figure of every path of a block, as bits: `(name, rows of paths)`.
fn by_path(block: &PathColumns) -> Vec<(&'static str, Vec<Vec<u64>>)> {
    let numbers = |rows: &[Vec<f64>]| rows.iter().map(|row| row.iter().map(|x| x.to_bits()).collect()).collect();
    let flags = |rows: &[Vec<bool>]| rows.iter().map(|row| row.iter().map(|x| u64::from(*x)).collect()).collect();
    vec![
        ("principal_loss", numbers(&block.principal_loss)),
        ("interest_loss", numbers(&block.interest_loss)),
        ("pv_loss", numbers(&block.pv_loss)),
        ("wal", numbers(&block.wal)),
        ("default_period", numbers(&block.default_period)),
        ("realized_period", numbers(&block.realized_period)),
        ("shortfall", flags(&block.shortfall)),
        ("deferral", flags(&block.deferral)),
    ]
}

/// Every total, as bits: `(name, numbers)`.
fn of_totals(totals: &Totals) -> Vec<(&'static str, Vec<u64>)> {
    let moments = |of: &[Moments]| of.iter().flat_map(|m| [m.sum.to_bits(), m.square.to_bits()]).collect::<Vec<_>>();
    let bits = |of: &[f64]| of.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    let mut out = vec![
        ("equity", moments(&totals.equity)),
        ("flows", moments(&totals.flows.concat())),
        ("conservation_error", vec![totals.conservation_error.to_bits()]),
    ];
    for note in &totals.notes {
        out.push(("note", moments(&[note.principal_loss, note.interest_loss, note.pv_loss, note.wal])));
        out.push(("counts", vec![note.repaid, note.shortfalls, note.deferrals]));
        out.push(("periods", note.economic.iter().chain(&note.realized).map(|c| u64::from(*c)).collect()));
        let mut losses = note.losses.clone();
        losses.sort_by(f64::total_cmp);
        out.push(("losses", bits(&losses)));
    }
    let mut room = Histogram::default();
    for (y, year) in totals.years.iter().enumerate() {
        out.push(("year", bits(&[year.sums, year.squares].concat())));
        let levels = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0];
        out.push(("default rates", bits(&totals.quantiles::<0, 8>(y, levels, &mut room))));
        out.push(("loss rates", bits(&totals.quantiles::<1, 8>(y, levels, &mut room))));
    }
    for returns in &totals.returns {
        out.push(("irr", bits(&returns.irr)));
        out.push(("moic", bits(&returns.moic)));
    }
    out
}

fn assert_same(a: &Simulated, b: &Simulated, what: &str) {
    assert_eq!(a.columns.len(), b.columns.len(), "{what}");
    for (i, (x, y)) in a.columns.iter().zip(&b.columns).enumerate() {
        for ((name, left), (_, right)) in by_path(x).iter().zip(&by_path(y)) {
            for (row, (l, r)) in left.iter().zip(right).enumerate() {
                let first = l.iter().zip(r).position(|(p, q)| p != q);
                assert!(l.len() == r.len() && first.is_none(), "{what}: {name}[{row}] of block {i}, path {first:?}");
            }
        }
    }
    for ((name, left), (_, right)) in of_totals(&a.totals).iter().zip(&of_totals(&b.totals)) {
        let first = left.iter().zip(right).position(|(p, q)| p != q);
        assert!(left.len() == right.len() && first.is_none(), "{what}: {name}, number {first:?}");
    }
}

#[test]
fn the_number_of_lanes_changes_no_bit() {
    let setup = small();
    let sixteen = run::<16>(&setup, 1_300, 1, Isa::detect());
    assert_same(&sixteen, &run::<32>(&setup, 1_300, 1, Isa::detect()), "32 lanes");
    assert_same(&sixteen, &run::<8>(&setup, 1_300, 1, Isa::detect()), "8 lanes");
    assert_same(&sixteen, &run::<1>(&setup, 1_300, 1, Isa::detect()), "1 lane");
}

#[test]
fn the_instruction_set_changes_no_bit() {
    let setup = small();
    let best = run::<16>(&setup, 1_100, 1, Isa::detect());
    assert_same(&best, &run::<16>(&setup, 1_100, 1, Isa::PORTABLE), "portable");
    assert_same(&best, &run::<1>(&setup, 1_100, 1, Isa::PORTABLE), "portable, 1 lane");
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let setup = small();
    let one = run::<16>(&setup, 4_500, 1, Isa::detect());
    for threads in 2..=4 {
        assert_same(&one, &run::<16>(&setup, 4_500, threads, Isa::detect()), "threads");
    }
}

#[test]
fn more_paths_extend_fewer() {
    let setup = small();
    let few = run::<16>(&setup, 1_100, 1, Isa::detect());
    let many = run::<16>(&setup, 2_100, 2, Isa::detect());
    assert_eq!((few.columns.len(), many.columns.len()), (2, 3));
    for (short, long) in few.columns.iter().zip(&many.columns) {
        for ((name, left), (_, right)) in by_path(short).iter().zip(&by_path(long)) {
            for (l, r) in left.iter().zip(right) {
                assert_eq!(l.as_slice(), &r[..l.len()], "{name}");
            }
        }
    }
    for (short, long) in few.totals.returns.iter().zip(&many.totals.returns) {
        let bits = |of: &[f64]| of[..1_100].iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&short.irr), bits(&long.irr));
        assert_eq!(bits(&short.moic), bits(&long.moic));
    }
}

#[test]
fn a_replayed_path_has_the_losses_and_the_return_of_the_simulated_one() {
    let setup = small();
    let simulated = run::<16>(&setup, 1_200, 1, Isa::detect());
    let notes = &setup.plan.deal.notes;
    let (mut wiped_out, mut lossy) = (0, 0);
    for path in (0..96).chain(1_000..1_060) {
        let (explained, _) = replay(&setup, path as u64);
        let (block, k) = (&simulated.columns[path / BLOCK], path % BLOCK);
        let mut residual = 0;
        for (n, note) in figures(&setup.plan, &explained).iter().enumerate() {
            let replayed = |figure| note.of(figure).0[0];
            for (figure, kept) in [
                (Figure::PrincipalLoss, &block.principal_loss),
                (Figure::InterestLoss, &block.interest_loss),
                (Figure::PvLoss, &block.pv_loss),
            ] {
                assert_eq!(replayed(figure).to_bits(), kept[n][k].to_bits(), "path {path}, {}", notes[n].name);
            }
            lossy += usize::from(replayed(Figure::PrincipalLoss) > 0.0);
            if notes[n].residual {
                let irr = simulated.totals.returns[residual].irr[path];
                let own = replayed(Figure::Irr);
                assert_eq!(own.to_bits(), irr.to_bits(), "path {path}: {own} and {irr}");
                wiped_out += usize::from(irr < 0.0);
                residual += 1;
            }
        }
        assert!(explained.conservation_error <= simulated.totals.conservation_error);
    }
    assert!(lossy > 10 && wiped_out > 10, "the paths show losses: {lossy}, {wiped_out}");
}

/// The deal without purchases: every flow of the collateral is the closing pool's.
fn without_purchases() -> Value {
    let mut deal = small_deal();
    deal["dates"]["reinvestment_end"] = Value::Null;
    let steps = deal["waterfalls"]["principal"].as_array_mut().expect("steps");
    steps.retain(|step| step["verb"] != "reinvest");
    deal
}

#[test]
fn the_defaults_of_a_path_named_in_a_scenario_give_its_cash_flows() {
    let (deal, tape) = (without_purchases(), thirty_loans());
    let setup = setup(&deal, &tape, &small_scenario());
    let mut defaulted = 0;
    for path in 0..12 {
        let (drawn, defaults) = replay(&setup, path);
        let mut named = small_scenario();
        named["cdr"] = serde_json::json!({"kind": "constant", "value": 0.0});
        for row in &defaults {
            named["defaults"][&setup.companies[row.company].id] = Value::String(row.date.to_string());
        }
        defaulted += defaults.len();
        let input = cloche_engine::compile::PlanInput {
            deal: &compiled(&deal),
            tape: &tape,
            scenario: &scenario(&named),
            model_defaults: false,
            state: None,
        };
        let compiled = cloche_engine::compile::compile_plan(input).expect("a plan");
        let again = cloche_engine::path::explained::project(&compiled.plan, &compiled.flows);
        assert_eq!(drawn.notes.len(), again.notes.len(), "path {path}");
        for (a, b) in drawn.notes.iter().zip(&again.notes) {
            let flows = |r: &cloche_engine::path::explained::NoteRow| {
                [r.interest_paid, r.principal_paid, r.deferred_balance, r.end_balance]
            };
            for (x, y) in flows(a).into_iter().zip(flows(b)) {
                assert!((x - y).abs() < 1e-5, "path {path}: {a:?} and {b:?}");
            }
        }
        for (a, b) in drawn.collateral.iter().zip(&again.collateral) {
            assert!((a.oc_numerator - b.oc_numerator).abs() < 1e-5, "path {path}: {a:?} and {b:?}");
            assert!((a.new_defaults - b.new_defaults).abs() < 1e-5, "path {path}: {a:?} and {b:?}");
        }
    }
    assert!(defaulted > 20, "the paths show defaults: {defaulted}");
}

#[test]
fn a_stopped_run_is_the_prefix_of_a_whole_one() {
    let setup = small();
    let options = Options { paths: 200_000, threads: 2, isa: Isa::detect(), keep: Keep { flows: true, paths: true } };
    let stopped = simulate_lanes::<16>(&setup, options, &mut |done| done < 3_000).expect("a simulation that runs");
    assert!(stopped.stopped && stopped.paths < 200_000 && stopped.paths.is_multiple_of(BLOCK as u64));
    if stopped.paths > 0 {
        assert_same(&stopped, &run::<16>(&setup, stopped.paths, 1, Isa::detect()), "stopped");
    }
}

#[test]
fn the_paths_reach_losses_deferrals_shortfalls_and_early_ends() {
    let setup = small();
    let simulated = run::<16>(&setup, 2_048, 2, Isa::detect());
    let of = |name: &str| setup.plan.deal.notes.iter().position(|n| n.name == name).expect("a class");
    let (mut lost, mut deferred, mut short, mut early) = (0, 0, 0, 0);
    for block in &simulated.columns {
        lost += block.principal_loss[of("A-1")].iter().filter(|x| **x > 0.0).count();
        deferred += block.deferral[of("C")].iter().filter(|x| **x).count();
        short += block.shortfall[of("B-1")].iter().filter(|x| **x).count();
        let last = setup.plan.steps() as f64 - 1.0;
        early += block.realized_period[of("D")].iter().filter(|p| **p < last).count();
    }
    assert!(simulated.totals.conservation_error < 1e-9 * 120e6, "{}", simulated.totals.conservation_error);
    assert!(lost > 5 && deferred > 100 && short > 5 && early > 5, "{lost} {deferred} {short} {early}");
}

#[test]
fn a_summary_keeps_at_most_48_bytes_a_path() {
    let (setup, paths) = (small(), 4 * BLOCK as u64);
    let options = Options { paths, threads: 2, isa: Isa::detect(), keep: Keep::default() };
    let simulated = simulate_lanes::<16>(&setup, options, &mut |_| true).expect("a simulation that runs");
    let Totals { returns, notes, .. } = &simulated.totals;
    let of_returns: usize = returns.iter().map(|returns| returns.irr.capacity() + returns.moic.capacity()).sum();
    let of_losses: usize = notes.iter().map(|note| note.losses.capacity()).sum();
    assert!(of_losses > 0 && simulated.columns.is_empty());
    let bytes = (of_returns + of_losses) * size_of::<f64>();
    assert!(bytes <= 48 * paths as usize, "{bytes} bytes of {paths} paths");
}
