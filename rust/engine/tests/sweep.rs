//! Sweeps against projections: every point has the bits of its own projection, whatever runs beside it.

#![allow(clippy::expect_used, reason = "a test fails where its set-up does")]

mod common;

use cloche_dispatch::Isa;
use cloche_engine::compile::{CompiledDeal, Given, PlanInput, compile_plan};
use cloche_engine::path::explained::project;
use cloche_engine::path::note_figures::Figure;
use cloche_engine::path::summary::figures;
use cloche_engine::spec::Scenario;
use cloche_engine::sweep::{Field, Grid, Options, Point, Points, Scenarios, Swept, sweep, sweep_lanes};
use common::{compiled, scenario, small_deal, thirty_loans};
use serde_json::{Value, json};

const ONE: Options = Options { threads: 1, isa: Isa::PORTABLE };

fn base() -> Value {
    json!({
        "cdr": {"kind": "constant", "value": 0.02},
        "cpr": {"kind": "constant", "value": 0.15},
        "recovery": {"kind": "constant", "value": 0.60},
        "recovery_lag_months": {"kind": "constant", "value": 6.0},
        "rates": {"*": {"kind": "flat", "rate": 0.04}}
    })
}

fn with(field: &str, value: Value) -> Scenario {
    let mut changed = base();
    changed[field] = value;
    scenario(&changed)
}

fn constant(value: f64) -> Value {
    json!({"kind": "constant", "value": value})
}

/// Scenarios of several classes: default rates as numbers, vectors and by group, other rates, lags and companies.
fn scenarios() -> Vec<Scenario> {
    let mut out: Vec<Scenario> = (0..21).map(|i| with("cdr", constant(0.012 * f64::from(i)))).collect();
    out.push(with("cdr", constant(1.0)));
    out.push(with("cdr", json!({"kind": "periods", "values": [0.0, 0.30, 0.02]})));
    out.push(with(
        "cdr",
        json!({"kind": "groups", "values": {"*": constant(0.02), "lien:second_lien": constant(0.20)}}),
    ));
    out.push(with("cpr", constant(1.0)));
    out.push(with("recovery", constant(0.0)));
    out.push(with("recovery_lag_months", constant(18.0)));
    out.push(with("rates", json!({"*": {"kind": "flat", "rate": 0.0}})));
    out.push(with("liquidation_price", json!(0.80)));
    out.push(with("reinvestment", json!({"price": constant(0.95), "spread": constant(0.04), "pd": 0.05})));
    out
}

/// The deal with other numbers, some of which end classes early or fail tests from the first date.
fn deals() -> Vec<CompiledDeal> {
    let changed = |change: fn(&mut Value)| {
        let mut document = small_deal();
        change(&mut document);
        compiled(&document)
    };
    vec![
        changed(|_| {}),
        changed(|document| document["notes"][0]["balance"] = json!(60_000_000.0)),
        changed(|document| document["notes"][1]["coupon"]["spread"] = json!(0.09)),
        changed(|document| document["tests"][0]["trigger"] = json!(1.6)),
        changed(|document| document["fees"][1]["rate"] = json!(0.004)),
        changed(|document| document["dates"]["payment_frequency_months"] = json!(6)),
    ]
}

fn points() -> Points {
    under(Scenarios::Listed(scenarios()))
}

fn under(scenarios: Scenarios) -> Points {
    Points { deals: deals(), scenarios, given: Given::default(), changed: Vec::new() }
}

/// What a class comes to, figure by figure.
type Figures = [f64; Figure::COUNT];

fn of_point(point: Option<Point<'_>>) -> Vec<Figures> {
    point.expect("a finished point").notes().map(|note| Figure::ALL.map(|figure| note.of(figure))).collect()
}

#[track_caller]
fn same(one: &[Figures], other: &[Figures], place: &str) {
    assert_eq!(one.len(), other.len());
    for (a, b) in one.iter().zip(other) {
        assert_eq!(a.map(f64::to_bits), b.map(f64::to_bits), "{place}: {a:?} and {b:?}");
    }
}

fn swept(points: &Points, options: Options) -> Swept {
    sweep(points, &thirty_loans(), options, &mut |_| true).expect("points that can be run")
}

#[test]
fn a_point_has_the_bits_of_its_projection() {
    let (points, tape) = (points(), thirty_loans());
    let all = swept(&points, ONE);
    assert!(!all.stopped);
    let mut lossy = 0;
    for i in 0..all.len() {
        let point = all.point(i).expect("a finished point");
        let (d, s) = points.of(i);
        let input = PlanInput {
            deal: &points.deals[d],
            tape: &tape,
            scenario: &points.scenarios.whole(s),
            model_defaults: false,
            state: None,
        };
        let alone = compile_plan(input).expect("a scenario that compiles");
        let path = project(&alone.plan, &alone.flows);
        let notes = figures(&alone.plan, &path);
        let alone_figures: Vec<Figures> =
            notes.iter().map(|note| Figure::ALL.map(|figure| note.of(figure).0[0])).collect();
        same(&of_point(Some(point)), &alone_figures, &format!("deal {d}, scenario {s}"));
        assert!(point.conservation_error() < 1e-9);
        let payments = &all.payments[point.class()];
        assert_eq!(payments.len(), alone.plan.steps());
        assert!(payments.iter().zip(&alone.plan.periods).all(|(date, period)| *date == period.payment));
        lossy += usize::from(point.notes().any(|note| note.of(Figure::PrincipalLoss) > 0.0));
    }
    assert!(lossy > 10, "{lossy} points with losses");
}

#[test]
fn a_deal_alone_has_the_bits_that_it_has_beside_others() {
    let (all, tape) = (points(), thirty_loans());
    let together = swept(&all, ONE);
    for (d, deal) in deals().into_iter().enumerate() {
        let alone = Points { deals: vec![deal], ..all.clone() };
        let own = sweep(&alone, &tape, ONE, &mut |_| true).expect("points that can be run");
        for s in 0..alone.len() {
            let (a, b) = (own.point(s), together.point(d * alone.len() + s));
            same(&of_point(a), &of_point(b), &format!("deal {d}, scenario {s}"));
        }
    }
}

#[track_caller]
fn same_points(one: &Swept, other: &Swept) {
    assert_eq!(one.len(), other.len());
    for i in 0..one.len() {
        let (a, b) = (one.point(i).expect("a point"), other.point(i).expect("a point"));
        same(&of_point(Some(a)), &of_point(Some(b)), &format!("point {i}"));
        assert_eq!(a.conservation_error().to_bits(), b.conservation_error().to_bits());
    }
}

#[test]
fn lanes_threads_and_instruction_sets_change_no_bit() {
    let points = points();
    let reference = swept(&points, ONE);
    let others = [
        swept(&points, Options { threads: 3, isa: Isa::detect() }),
        sweep_lanes::<1>(&points, &thirty_loans(), ONE, &mut |_| true).expect("one lane"),
        sweep_lanes::<4>(&points, &thirty_loans(), ONE, &mut |_| true).expect("four lanes"),
    ];
    for other in &others {
        same_points(&reference, other);
    }
}

fn along(values: &[f64], field: &str) -> Vec<Scenario> {
    values.iter().map(|x| with(field, constant(*x))).collect()
}

fn in_axes() -> Scenarios {
    let axes = vec![
        (Field::Cdr, along(&[0.01, 0.05], "cdr")),
        (Field::RecoveryLagMonths, along(&[0.0, 12.0], "recovery_lag_months")),
        (Field::Recovery, along(&[0.3, 0.7, 0.9], "recovery")),
    ];
    Scenarios::Grid(Grid::new(scenario(&base()), axes))
}

#[test]
fn a_grid_is_every_combination_with_the_last_axis_fastest() {
    let grid = in_axes();
    let mut expected = Vec::new();
    for cdr in [0.01, 0.05] {
        for lag in [0.0, 12.0] {
            for recovery in [0.3, 0.7, 0.9] {
                let mut document = base();
                document["cdr"] = constant(cdr);
                document["recovery_lag_months"] = constant(lag);
                document["recovery"] = constant(recovery);
                expected.push(scenario(&document));
            }
        }
    }
    assert_eq!((0..grid.len()).map(|s| grid.whole(s).into_owned()).collect::<Vec<_>>(), expected);
    assert_eq!(&grid.with(7, Field::Cdr).cdr, &expected[7].cdr);
    assert_eq!(&grid.with(7, Field::Cpr).cpr, &expected[7].cpr);
}

#[test]
fn a_grid_has_the_bits_of_its_scenarios_listed() {
    let grid = in_axes();
    let listed = (0..grid.len()).map(|s| grid.whole(s).into_owned()).collect();
    same_points(&swept(&under(grid), ONE), &swept(&under(Scenarios::Listed(listed)), ONE));
}

fn refused(scenarios: Scenarios) -> String {
    sweep(&under(scenarios), &thirty_loans(), ONE, &mut |_| true).expect_err("wrong scenarios").to_string()
}

#[test]
fn a_scenario_that_cannot_be_run_is_named_by_its_number() {
    let mut scenarios = scenarios();
    scenarios[3] = with("cdr", constant(1.5));
    scenarios[5] = with("cdr", json!({"kind": "groups", "values": {"obligor:nobody": constant(0.1)}}));
    let error = refused(Scenarios::Listed(scenarios));
    assert!(error.contains("scenarios[3].cdr"), "{error}");
    assert!(error.contains("scenarios[5].cdr"), "{error}");
}

#[test]
fn of_a_grid_each_wrong_value_is_told_once_and_its_base_only_where_it_counts() {
    let mut wrong = base();
    wrong["cdr"] = constant(7.0);
    wrong["cpr"] = constant(-1.0);
    let changed = |field: &str, value: f64| {
        let mut document = wrong.clone();
        document[field] = constant(value);
        scenario(&document)
    };
    let axes = vec![
        (Field::Cdr, vec![changed("cdr", 0.01), changed("cdr", 1.5), changed("cdr", 2.5)]),
        (Field::Recovery, vec![changed("recovery", 0.5), changed("recovery", 3.0)]),
    ];
    let error = refused(Scenarios::Grid(Grid::new(scenario(&wrong), axes)));
    for told in ["scenarios[2].cdr", "scenarios[4].cdr", "scenarios[1].recovery", "scenarios[0].cpr"] {
        assert_eq!(error.matches(told).count(), 1, "{told}: {error}");
    }
    assert!(!error.contains("found 7"), "{error}");
    assert_eq!(error.matches("scenarios[").count(), 4, "{error}");
}

#[test]
fn a_stopped_sweep_keeps_what_is_finished() {
    let mut scenarios = Vec::new();
    for _ in 0..300 {
        scenarios.extend(self::scenarios());
    }
    let stopped = sweep(&under(Scenarios::Listed(scenarios)), &thirty_loans(), ONE, &mut |_| false).expect("a sweep");
    assert!(stopped.stopped);
    assert!((0..stopped.len()).any(|point| stopped.point(point).is_none()));
    assert_eq!(stopped.finished().count(), (0..stopped.len()).filter(|point| stopped.point(*point).is_some()).count());
}
