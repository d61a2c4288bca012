//! The state of a deal on one payment date, before it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A state, as one JSON document in canonical form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DealState {
    pub cloche_state: u32,
    pub payment_date: String,
    pub previous_payment_date: String,
    pub determination_date: String,
    #[serde(default = "normal")]
    pub status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_reinvestment_period: Option<bool>,
    #[serde(default)]
    pub index_fixings: BTreeMap<String, f64>,
    pub collected: Collected,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_basis: Option<f64>,
    #[serde(default)]
    pub fees: BTreeMap<String, FeeState>,
    pub notes: BTreeMap<String, NoteState>,
    /// Balances of the accounts, those at closing where they are absent.
    #[serde(default)]
    pub accounts: BTreeMap<String, f64>,
    /// What hedge counterparties are owed.
    #[serde(default)]
    pub hedges: BTreeMap<String, FeeState>,
    pub collateral: CollateralState,
}

fn normal() -> String {
    "normal".to_owned()
}

/// Proceeds on deposit at the determination date.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collected {
    #[serde(default)]
    pub interest: f64,
    #[serde(default)]
    pub principal: f64,
    /// What a sale of the collateral has brought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub liquidation: Option<Liquidation>,
}

/// A sale of the collateral: what it brought, and what it cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Liquidation {
    pub proceeds: f64,
    #[serde(default)]
    pub costs: f64,
}

/// What a fee is owed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeState {
    /// Replaces the computed amount of the period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<f64>,
    #[serde(default)]
    pub unpaid: f64,
}

/// What a note is owed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteState {
    pub balance: f64,
    #[serde(default)]
    pub deferred_interest: f64,
    #[serde(default)]
    pub interest_shortfall: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amortization_due: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// Past distributions of a residual note: ISO date, amount.
    #[serde(default)]
    pub distributions: Vec<(String, f64)>,
}

/// The collateral in the figures of a trustee report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CollateralState {
    /// Performing par that is neither CCC nor discount.
    pub performing_par: f64,
    #[serde(default)]
    pub ccc: Vec<AssetState>,
    #[serde(default)]
    pub discount: Vec<AssetState>,
    #[serde(default)]
    pub defaulted: Vec<AssetState>,
}

/// One asset of a trustee report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetState {
    #[serde(default)]
    pub id: String,
    pub par: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market_price: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase_price: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub years_since_default: Option<f64>,
}
