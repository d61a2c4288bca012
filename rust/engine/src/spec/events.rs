//! Calls, refinancings and what else may happen to a deal.

use serde::{Deserialize, Serialize};

use super::steps::NumberOrName;

/// One event: what happens, and when.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// ISO date, or a date of the deal moved by months or years (`rp_end + 12M`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Condition, looked at on every payment date of the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    #[serde(default)]
    pub repeat: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<EventCost>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Call>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refinance: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reprice: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amend: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<serde_json::Value>,
}

/// What an event costs, and who pays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventCost {
    #[serde(default)]
    pub rate: f64,
    /// `performing_par` (default of a call) or `refinanced_balance`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    #[serde(default)]
    pub fixed: f64,
    /// `interest`, `equity` or `proceeds`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_from: Option<String>,
}

/// An optional redemption: all collateral is sold and every class is paid in full.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// A price of performing par, or `market`; absent: the scenario's liquidation price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<NumberOrName>,
    /// `withdraw` or `retry`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_infeasible: Option<String>,
}
