//! The scenario: what the future is assumed to bring.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::events::Event;

/// A scenario, as one JSON document in canonical form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Default rate a year; absent in simulations whose model brings its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cdr: Option<Value>,
    #[serde(default = "zero")]
    pub cpr: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_lag_months: Option<Value>,
    /// Curves by index; `*` serves every index that is not named. The points of a grid share them.
    pub rates: Arc<BTreeMap<String, Curve>>,
    #[serde(default)]
    pub reinvestment: Reinvestment,
    #[serde(default)]
    pub liquidation_price: Price,
    #[serde(default)]
    pub post_period_share: f64,
    #[serde(default = "cash_spread")]
    pub cash_rate_spread: f64,
    /// Share of undrawn loan commitments that is drawn, a year.
    #[serde(default)]
    pub draw_rate: f64,
    /// Share of a company's undrawn commitment that it draws just before it defaults.
    #[serde(default = "unit")]
    pub usage_at_default: f64,
    /// Spreads that the market asks, by class, `rating:…` or `*`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub market_spreads: BTreeMap<String, Value>,
    /// Companies that default on given dates.
    #[serde(default)]
    pub defaults: BTreeMap<String, String>,
    /// What is assumed to happen to the deal.
    #[serde(default)]
    pub events: Vec<Event>,
}

fn zero() -> Value {
    Value::Constant { value: 0.0 }
}

fn unit() -> f64 {
    1.0
}

fn cash_spread() -> f64 {
    -0.0020
}

/// A price, or one that changes from payment period to payment period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Price {
    Constant(f64),
    InTime(Value),
}

impl Default for Price {
    fn default() -> Self {
        Self::Constant(1.0)
    }
}

/// A rate that may change in time or by group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Value {
    Constant {
        value: f64,
    },
    /// One value a payment period; the last continues.
    Periods {
        values: Vec<f64>,
    },
    /// One value a month from closing on; the last continues.
    Monthly {
        values: Vec<f64>,
    },
    /// A value from each date on.
    Dates {
        values: BTreeMap<String, f64>,
    },
    /// By group: `*`, `rating:CCC`, `industry:…`, `obligor:…`, `lien:…`; the most specific wins.
    Groups {
        values: BTreeMap<String, Value>,
    },
}

/// One index curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Curve {
    /// Every tenor fixes at this simple rate.
    Flat { rate: f64 },
    /// Fixings by date, a step function: the last value on or before the date.
    Forwards { points: BTreeMap<String, f64> },
    /// Discount factors from a base date, log-linear between dates.
    Discount { base: String, points: BTreeMap<String, f64> },
    /// Past fixings before the first date of the forward curve.
    History { fixings: BTreeMap<String, f64>, then: Box<Curve> },
    /// Another curve moved: `rate + shift + slope · years` (slope from `base`).
    Shifted {
        curve: Box<Curve>,
        shift: f64,
        #[serde(default)]
        slope: f64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        base: Option<String>,
    },
}

/// What the manager buys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reinvestment {
    #[serde(default = "unit_value")]
    pub price: Value,
    #[serde(default = "new_spread")]
    pub spread: Value,
    #[serde(default)]
    pub floor: f64,
    #[serde(default = "term")]
    pub term_years: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<f64>,
    /// Default probability a year of what is bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pd: Option<f64>,
}

impl Default for Reinvestment {
    fn default() -> Self {
        Self {
            price: unit_value(),
            spread: new_spread(),
            floor: 0.0,
            term_years: term(),
            rating: None,
            recovery: None,
            pd: None,
        }
    }
}

fn unit_value() -> Value {
    Value::Constant { value: 1.0 }
}

fn new_spread() -> Value {
    Value::Constant { value: 0.0350 }
}

fn term() -> f64 {
    6.0
}
