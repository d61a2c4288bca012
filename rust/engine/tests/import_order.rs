//! The order of imports inside the engine, which privacy cannot express between sibling modules.
//!
//! `{sim, sweep} → path → {waterfall, coverage, collateral, credit, notes, fees, accounts, hedges, expression, state} →
//! {metrics, time, rates} → {lanes, random, math, workers} → error`: a module uses its own row and the rows after it.
//! `compile` may use all of them;
//! only `compile` reads `spec`, and only `sweep`, whose workers read the scenarios of their points, uses `compile`.

#![allow(clippy::expect_used, reason = "a test fails where its set-up does")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const ROWS: [&[&str]; 5] = [
    &["sim", "sweep"],
    &["path"],
    &[
        "waterfall",
        "coverage",
        "collateral",
        "credit",
        "notes",
        "fees",
        "accounts",
        "hedges",
        "expression",
        "lifecycle",
        "state",
    ],
    &["metrics", "time", "rates"],
    &["lanes", "random", "math", "workers", "error"],
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn row(module: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&module))
}

fn allowed(from: &str, to: &str) -> bool {
    match (from, to) {
        ("compile", _) | ("sweep", "compile") => true,
        _ if from == to => true,
        ("spec", _) | (_, "compile" | "spec") => false,
        _ => matches!((row(from), row(to)), (Some(a), Some(b)) if a <= b),
    }
}

/// Rust files below a folder, tests apart.
fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") && path.file_stem().is_some_and(|s| s != "tests") {
            out.push(path);
        }
    }
}

/// Modules of the crate that a line of code names.
fn named(line: &str) -> Vec<String> {
    let code = line.split("//").next().unwrap_or_default();
    code.split("crate::")
        .skip(1)
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .collect()
}

#[test]
fn every_module_uses_only_its_own_row_and_the_rows_after_it() {
    let mut paths = Vec::new();
    files(&source(), &mut paths);
    assert!(paths.len() > 60, "the sources were found: {}", paths.len());
    let mut wrong = Vec::new();
    for path in paths {
        let relative = path.strip_prefix(source()).expect("a path below the sources").to_owned();
        let first = relative.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
        let module = first.trim_end_matches(".rs");
        if module == "lib" {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source");
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim() == "#[cfg(test)]" {
                break;
            }
            for target in named(line) {
                if !allowed(module, &target) {
                    wrong.push(format!("{}:{number} uses crate::{target}", relative.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_has_its_row() {
    let text = fs::read_to_string(source().join("lib.rs")).expect("a source");
    let declared: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let known = |module: &str| row(module).is_some() || module == "compile" || module == "spec";
    let unknown: Vec<_> = declared.iter().filter(|module| !known(module)).collect();
    assert!(declared.len() > 15 && unknown.is_empty(), "give these a row: {unknown:?}");
}

#[test]
fn the_engine_knows_no_python_and_the_dispatch_knows_no_engine() {
    let manifest =
        |path: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("a manifest");
    let engine = manifest("Cargo.toml");
    assert!(!engine.contains("pyo3") && !engine.contains("numpy") && engine.contains("cloche-dispatch"));
    assert!(!manifest("../dispatch/Cargo.toml").contains("cloche-engine"));
}
