//! The default model of a simulation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A default model, as one JSON document in canonical form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DefaultModel {
    /// One market factor, one factor an industry: `X = √inter · Z + √(intra − inter) · Y + √(1 − intra) · ε`.
    GaussianCopula {
        inter: f64,
        /// Total correlation inside an industry.
        intra: f64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pd: Option<Pd>,
        #[serde(default = "historical")]
        measure: String,
    },
}

fn historical() -> String {
    "historical".to_owned()
}

/// Where default probabilities come from; absent: `scenario.cdr`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Pd {
    /// The tape's column `pd_1y` or `hazard`.
    Column { name: String },
    /// One hazard a year of every company.
    Hazard { value: f64 },
    /// Cumulative default probability by rating and year.
    Table { values: BTreeMap<String, BTreeMap<String, f64>> },
}
