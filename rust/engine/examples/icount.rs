//! The counted program: one of the works of `benchmarks/works.py` on one thread, and a checksum of its figures.
//!
//! `icount WORK portable|avx2 COUNT`; `scripts/icount.py` runs it under callgrind for two counts and reads the
//! difference. A work is counted in paths of its default model; `points` is counted in points of a grid of the standard
//! work, `grid` in those of the indenture work, `project` in compiled and fully recorded projections of it, and `one_lane`
//! in paths of the standard work that run one after the other.

use std::process::ExitCode;

use cloche_dispatch::Isa;
use cloche_engine::compile::{Given, PlanInput, compile_deal, compile_plan, compile_simulation};
use cloche_engine::error::EngineError;
use cloche_engine::path::explained::project;
use cloche_engine::path::note_figures::Figure;
use cloche_engine::path::summary::figures;
use cloche_engine::sim::run::simulate_lanes;
use cloche_engine::sim::totals::Totals;
use cloche_engine::sim::{Keep, Options, simulate};
use cloche_engine::spec::Scenario;
use cloche_engine::spec::scenario::Value;
use cloche_engine::sweep::{self, Field, Grid, Points, Scenarios, Swept};

mod works;

use works::Work;

const SEED: u64 = 7;

/// The works, and the document of each.
const WORKS: [(&str, &str); 7] = [
    ("standard", include_str!("works/standard.json")),
    ("one_lane", include_str!("works/standard.json")),
    ("two_level", include_str!("works/two_level.json")),
    ("indenture", include_str!("works/indenture.json")),
    ("points", include_str!("works/standard.json")),
    ("grid", include_str!("works/indenture.json")),
    ("project", include_str!("works/indenture.json")),
];

/// Sums and the figures of every path, folded in order: another bit in any of them gives another number.
fn checksum(totals: &Totals) -> u64 {
    let mut sum = 0_u64;
    let mut fold = |x: f64| sum = sum.rotate_left(5).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ x.to_bits();
    for note in &totals.notes {
        for moments in [note.principal_loss, note.interest_loss, note.pv_loss, note.wal] {
            fold(moments.sum);
            fold(moments.square);
        }
        note.economic.iter().chain(&note.realized).for_each(|count| fold(f64::from(*count)));
    }
    for year in &totals.years {
        year.sums.iter().chain(&year.squares).for_each(|x| fold(*x));
    }
    for returns in &totals.returns {
        returns.irr.iter().chain(&returns.moic).for_each(|x| fold(*x));
    }
    sum
}

/// The figures of every point, folded in order.
fn checksum_of_points(swept: &Swept) -> u64 {
    let mut sum = 0_u64;
    let folded = [Figure::InterestPaid, Figure::PrincipalPaid, Figure::PrincipalLoss, Figure::Wal, Figure::Irr];
    for note in swept.finished().flat_map(|(_, point)| point.notes()) {
        for figure in folded {
            sum = sum.rotate_left(5).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ note.of(figure).to_bits();
        }
    }
    sum
}

/// The scenario at `count` default rates from 0 to 20 %.
fn default_rates(base: Scenario, count: u64) -> Scenarios {
    let rate = |i: u64| Value::Constant { value: 0.20 * i as f64 / count as f64 };
    let values = (0..count).map(|i| Scenario { cdr: Some(rate(i)), ..base.clone() }).collect();
    Scenarios::Grid(Grid::new(base, vec![(Field::Cdr, values)]))
}

fn run(name: &str, document: &str, isa: Isa, count: u64) -> Result<u64, EngineError> {
    let work: Work = serde_json::from_str(document).map_err(|error| EngineError::Run(format!("{name}: {error}")))?;
    let (deal, tape) = (compile_deal(work.deal)?, work.tape.tape());
    if ["points", "grid"].contains(&name) {
        let scenarios = default_rates(work.scenario, count);
        let points = Points { deals: vec![deal], scenarios, given: Given::default(), changed: Vec::new() };
        let swept = sweep::sweep(&points, &tape, sweep::Options { threads: 1, isa }, &mut |_| true)?;
        return Ok(checksum_of_points(&swept));
    }
    if name == "project" {
        let scenario = Scenario { cdr: Some(Value::Constant { value: 0.02 }), ..work.scenario };
        let mut sum = 0;
        for _ in 0..count {
            let input = PlanInput { deal: &deal, tape: &tape, scenario: &scenario, model_defaults: false, state: None };
            let compiled = compile_plan(input)?;
            let path = project(&compiled.plan, &compiled.flows);
            sum += path.ledger.entries.len() as u64 + figures(&compiled.plan, &path).len() as u64;
        }
        return Ok(sum);
    }
    let setup = compile_simulation(&deal, &tape, &work.scenario, None, &work.model, SEED)?;
    let options = Options { paths: count, threads: 1, isa, keep: Keep::default() };
    let mut simulated = if name == "one_lane" {
        simulate_lanes::<1>(&setup, options, &mut |_| true)?
    } else {
        simulate(&setup, options, &mut |_| true)?
    };
    // Short runs count in bins when a quantile is asked for.
    simulated.totals.settle();
    Ok(checksum(&simulated.totals))
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the command line")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, set, count] = arguments.as_slice() else {
        eprintln!("usage: icount WORK portable|avx2 COUNT");
        return ExitCode::FAILURE;
    };
    let isa = if set == Isa::PORTABLE.name() { Isa::PORTABLE } else { Isa::detect() };
    let work = WORKS.iter().find(|(known, _)| known == name);
    let (Some((_, document)), Some(count)) = (work, count.parse().ok().filter(|_| set == isa.name())) else {
        let known = WORKS.map(|(known, _)| known).join(", ");
        eprintln!("found {name} {set} {count}; expected one of {known}, an instruction set of this machine, a number");
        return ExitCode::FAILURE;
    };
    match run(name, document, isa, count) {
        Ok(checksum) => {
            println!("{name} {set}: {count}, checksum {checksum:016x}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
