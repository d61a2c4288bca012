//! Accounts beside the collection accounts, and hedges, in canonical form.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Cash that steps put aside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub name: String,
    /// Balance at closing, money.
    #[serde(default)]
    pub initial: f64,
    /// What it is filled up to, an expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// `cash` or `nothing`.
    #[serde(default = "nothing")]
    pub earns: String,
    /// `interest` or `principal`: what its cash is at the end.
    #[serde(default = "interest")]
    pub proceeds: String,
}

fn nothing() -> String {
    "nothing".to_owned()
}

fn interest() -> String {
    "interest".to_owned()
}

/// A swap, a cap or a floor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hedge {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pay: Option<Leg>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receive: Option<Leg>,
    pub notional: Notional,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub termination: Option<Termination>,
}

/// What one side of a hedge pays: a fixed rate, an index and a spread, or what an index is above or below a strike.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leg {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_count: Option<String>,
}

/// An amount, amounts from dates on, or the opening balance of a note.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Notional {
    Amount(f64),
    Dates(BTreeMap<String, f64>),
    Note(String),
}

/// The end of a hedge, and what is paid for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Termination {
    pub date: String,
    /// Paid by the issuer; below zero received.
    pub amount: f64,
    /// Who is at fault: `issuer` or `counterparty`.
    #[serde(default = "issuer")]
    pub party: String,
}

fn issuer() -> String {
    "issuer".to_owned()
}
