//! Calls, refinancings and what else may happen to a deal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::deal::{Amortization, Coupon, Deal, MakeWhole};
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
    pub refinance: Option<BTreeMap<String, Refinancing>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reprice: Option<BTreeMap<String, Repricing>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset: Option<Reset>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amend: Option<Amendment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<Issue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub special_redemption: Option<SpecialRedemption>,
    /// The agencies confirm their ratings after the effective date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_ratings: Option<bool>,
}

impl Event {
    /// Whether it brings notes into the deal or changes what they pay.
    #[must_use]
    pub fn changes_notes(&self) -> bool {
        self.refinance.is_some() || self.reprice.is_some() || self.issue.is_some()
    }
    /// The document that rules once it has acted; none where the document stays.
    #[must_use]
    pub fn brings_in(&self) -> Option<&Deal> {
        match (&self.reset, &self.amend) {
            (Some(reset), _) => Some(&reset.into),
            (None, Some(amendment)) => Some(&amendment.into),
            (None, None) => None,
        }
    }

    /// Whether it is a call that is tried until it is feasible.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.call.as_ref().is_some_and(|call| call.if_infeasible.as_deref() == Some("retry"))
    }

    /// Whether it changes which steps the waterfalls have: a deal that it is assumed for is compiled with it.
    #[must_use]
    pub fn changes_deal(&self) -> bool {
        self.changes_notes() || self.special_redemption.is_some() || self.brings_in().is_some()
    }
}

/// A second document that takes over: its classes redeem those of the first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    pub into: Box<Deal>,
    /// Classes of both documents that stay outstanding; absent: the residual notes that both name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carry: Option<Vec<String>>,
    /// Money that the first residual note pays in.
    #[serde(default)]
    pub equity_contribution: f64,
    /// Money that is spent on collateral on the date.
    #[serde(default)]
    pub par_purchase: f64,
}

/// Terms of the document that change: what rules after it, as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amendment {
    pub into: Box<Deal>,
}

/// What replaces a class.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refinancing {
    pub into: Vec<Successor>,
}

/// A note that an event brings in; what it leaves out is as in the class it joins or replaces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Successor {
    pub name: String,
    /// Money, or `outstanding`: what the class is owed, less the other balances.
    pub balance: NumberOrName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest_rank: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_rank: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<Coupon>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferrable: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amortization: Option<Amortization>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub id: BTreeMap<String, String>,
    #[serde(default = "one")]
    pub issue_price: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub make_whole: Option<MakeWhole>,
}

fn one() -> f64 {
    1.0
}

/// A new spread of a class.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repricing {
    pub spread: f64,
}

/// Notes that join classes, and what equity adds; the proceeds are principal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issue {
    /// By the class that each note joins.
    #[serde(default)]
    pub notes: BTreeMap<String, Successor>,
    /// Money that the first residual note contributes.
    #[serde(default)]
    pub equity: f64,
}

/// Principal that the manager certifies it cannot invest: it pays the notes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecialRedemption {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<f64>,
    /// Share of the principal proceeds of the date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// The date is the first after the reinvestment period.
    #[serde(default)]
    pub ends_reinvestment: bool,
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
