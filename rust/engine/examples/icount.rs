//! The counted program: paths of the standard work on one thread, and a checksum of their figures.
//!
//! `icount portable|avx2 PATHS`; `scripts/icount.py` runs it under callgrind for two numbers of paths and reads the
//! difference. `standard_deal.json` beside this file is the deal of `benchmarks/standard_deal.py` in canonical form:
//!
//! ```sh
//! PYTHONPATH=benchmarks .venv/bin/python - > rust/engine/examples/standard_deal.json <<'EOF'
//! import datetime as dt, json, sys
//! import cloche as cl, numpy as np, standard_deal as work
//! deal = work.standard_deal()
//! pool = cl.LoanPool.from_columns(work.tape(deal), as_of=work.CLOSING)
//! model = cl.GaussianCopula(inter=deal.correlation, intra=deal.correlation, pd="hazard")
//! documents = {"deal": cl.Deal.from_dict(work.document()), "scenario": cl.Scenario.from_dict(work.scenario()), "model": model}
//! out = {name: document.to_canonical() for name, document in documents.items()}
//! out["tape"] = {"as_of": (work.CLOSING - dt.date(1970, 1, 1)).days}
//! for name in ("loan_id obligor_id obligor_name index par original_par spread floor csa market_price purchase_price"
//!              " amortization_rate recovery hazard maturity").split():
//!     out["tape"][name] = np.asarray(pool.columns()[name]).tolist()
//! json.dump(out, sys.stdout, indent=0, sort_keys=True)
//! EOF
//! ```

use std::process::ExitCode;

use cloche_dispatch::Isa;
use cloche_engine::collateral::Tape;
use cloche_engine::compile::{compile_deal, compile_simulation};
use cloche_engine::error::EngineError;
use cloche_engine::sim::totals::Totals;
use cloche_engine::sim::{Keep, Options, simulate};
use cloche_engine::spec::{Deal, DefaultModel, Scenario};
use serde::Deserialize;

const SEED: u64 = 7;

/// The standard work as one document.
#[derive(Deserialize)]
struct Work {
    deal: Deal,
    tape: Loans,
    scenario: Scenario,
    model: DefaultModel,
}

/// The columns of the tape that say something.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Loans {
    as_of: i32,
    loan_id: Vec<String>,
    obligor_id: Vec<String>,
    obligor_name: Vec<String>,
    index: Vec<String>,
    par: Vec<f64>,
    original_par: Vec<f64>,
    spread: Vec<f64>,
    floor: Vec<f64>,
    csa: Vec<f64>,
    market_price: Vec<f64>,
    purchase_price: Vec<f64>,
    amortization_rate: Vec<f64>,
    recovery: Vec<f64>,
    hazard: Vec<f64>,
    maturity: Vec<i32>,
}

impl Loans {
    fn tape(self) -> Tape {
        let n = self.par.len();
        let (nothing, no_date, no_text) = (vec![f64::NAN; n], vec![i32::MIN; n], vec![String::new(); n]);
        Tape {
            as_of: self.as_of,
            loan_id: self.loan_id,
            obligor_id: self.obligor_id,
            obligor_name: self.obligor_name,
            index: self.index,
            industry: no_text.clone(),
            rating: no_text.clone(),
            lien: no_text.clone(),
            country: no_text,
            par: self.par,
            par_unfunded: nothing.clone(),
            original_par: self.original_par,
            spread: self.spread,
            fixed_rate: nothing.clone(),
            floor: self.floor,
            csa: self.csa,
            current_rate: nothing.clone(),
            market_price: self.market_price,
            purchase_price: self.purchase_price,
            amortization_rate: self.amortization_rate,
            recovery: self.recovery,
            recovery_lag_months: nothing.clone(),
            cpr: nothing.clone(),
            pd_1y: nothing,
            hazard: self.hazard,
            maturity: self.maturity,
            next_payment: no_date.clone(),
            accrual_start: no_date.clone(),
            default_date: no_date,
            payment_frequency_months: vec![0; n],
            fixed: vec![0; n],
            day_count: vec![0; n],
            csa_in_floor: vec![0; n],
            ccc: vec![0; n],
            weak: vec![0; n],
        }
    }
}

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

fn run(isa: Isa, paths: u64) -> Result<u64, EngineError> {
    let work: Work = serde_json::from_str(include_str!("standard_deal.json"))
        .map_err(|error| EngineError::Run(format!("standard_deal.json: {error}")))?;
    let deal = compile_deal(work.deal)?;
    let setup = compile_simulation(&deal, &work.tape.tape(), &work.scenario, &work.model, SEED)?;
    let options = Options { paths, threads: 1, isa, keep: Keep::default() };
    let simulated = simulate(&setup, options, &mut |_| true)?;
    Ok(checksum(&simulated.totals))
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the command line")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [set, paths] = arguments.as_slice() else {
        eprintln!("usage: icount portable|avx2 PATHS");
        return ExitCode::FAILURE;
    };
    let isa = if set == Isa::PORTABLE.name() { Isa::PORTABLE } else { Isa::detect() };
    let Some(paths) = paths.parse().ok().filter(|_| set == isa.name()) else {
        eprintln!("found {set} {paths}; expected an instruction set of this machine and a number of paths");
        return ExitCode::FAILURE;
    };
    match run(isa, paths) {
        Ok(checksum) => {
            println!("{set}: {paths} paths, checksum {checksum:016x}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
