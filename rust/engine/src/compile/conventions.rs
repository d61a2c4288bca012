//! Conventions on which indentures differ: every key known, the first value the default.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::coverage::ccc_excess::AgencyRule;
use crate::error::Problem;
use crate::notes::OnUnpaid;

/// When principal may pay the interest of a deferrable class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterestFromPrincipal {
    Controlling,
    /// Also where every coverage test holds after the payment.
    TestsHold,
    Always,
}

/// The conventions that this engine reads.
#[expect(clippy::struct_excessive_bools, reason = "each is a convention of its own")]
#[derive(Clone, Copy, Debug)]
pub struct Conventions {
    pub x_in_oc: bool,
    pub x_in_ic: bool,
    /// A class X ranks with the classes of its interest rank in the note payment sequence.
    pub x_in_sequence: bool,
    pub x_in_shortfall: bool,
    pub deferred_in_oc: bool,
    /// Interest that a step of the same date left unpaid counts in overcollateralization.
    pub same_date_deferrals: bool,
    /// Deferred interest becomes principal.
    pub capitalizes: bool,
    /// An interest coverage test that fails takes all that is left of interest.
    pub ic_cure_takes_all: bool,
    pub interest_from_principal: InterestFromPrincipal,
    /// Principal of the reinvestment period is designated for purchases.
    pub designated: bool,
    /// The parts of an asset inside and outside the excess count each at its own value.
    pub per_portion: bool,
    /// The last asset of the excess is in it as a whole.
    pub whole_assets: bool,
    /// The par ratio of the events of default is measured on the adjusted collateral principal amount.
    pub eod_adjusted: bool,
    pub discount_in_ccc: bool,
    pub agency_rule: AgencyRule,
    /// Share of the step's interest that defaulted par pays.
    pub interest_on_default: f64,
    /// Share of the step's interest that prepaid par pays.
    pub interest_on_prepaid: f64,
    /// Share of it that capitalized interest earns: all or nothing.
    pub interest_on_pik: f64,
    pub cash_timing_period: bool,
    pub simple_rates: bool,
    pub rates_by_days: bool,
    /// The pool steps from month to month inside a payment period.
    pub monthly_steps: bool,
    /// Loans with their own payment dates prepay on these.
    pub own_steps: bool,
    /// Diversity scores are those of the printed table.
    pub printed_diversity: bool,
    pub interest_on_unpaid: OnUnpaid,
}

/// Key, values in order (the first is the default).
type Key = (&'static str, &'static [&'static str]);

const KEYS: &[Key] = &[
    ("x_in_oc", &["false", "true"]),
    ("x_in_ic", &["true", "false"]),
    ("x_in_sequence", &["false", "true"]),
    ("x_in_shortfall", &["true", "false"]),
    ("deferred_in_oc", &["true", "false"]),
    ("same_date_deferrals_in_oc", &["false", "true"]),
    ("deferred_form", &["ledger", "capitalized"]),
    ("ic_cure", &["proforma", "all_remaining"]),
    ("interest_from_principal", &["controlling", "tests_hold", "always"]),
    ("principal_available_in_rp", &["uncommitted", "undesignated"]),
    ("overlap_mode", &["per_asset", "per_portion"]),
    ("discount_in_ccc", &["lower", "excluded"]),
    ("ccc_agency_rule", &["larger", "each", "sum"]),
    ("ccc_last_asset", &["fractional", "whole"]),
    ("eod_numerator", &["par_and_market", "adjusted"]),
    ("interest_on_default_period", &["none", "half", "full"]),
    ("interest_on_pik", &["true", "false"]),
    ("diversity_table", &["exact", "printed"]),
    ("cash_timing", &["dated", "period"]),
    ("rate_convention", &["compound", "simple"]),
    ("rate_exponent", &["periods", "days_365"]),
    ("pool_step", &["period", "monthly", "own_dates"]),
    ("interest_on_prepaid_period", &["full", "half", "none"]),
    ("interest_on_unpaid", &["compound", "simple", "none"]),
];

impl Conventions {
    /// Reads a document's conventions; an unknown key or value is a problem.
    pub fn read(document: &BTreeMap<String, Value>, problems: &mut Vec<Problem>) -> Self {
        for (key, value) in document {
            let place = format!("conventions.{key}");
            let Some((_, values)) = KEYS.iter().find(|(name, _)| name == key) else {
                let known: Vec<_> = KEYS.iter().map(|(name, _)| *name).collect();
                problems.push(Problem::new(place, format!("unknown convention; known: {}", known.join(", "))));
                continue;
            };
            let text = text(value);
            if !values.contains(&text.as_str()) {
                problems.push(Problem::new(place, format!("found {text}; expected one of {}", values.join(", "))));
            }
        }
        let value = |key: &str| -> String {
            let default = KEYS.iter().find(|(name, _)| *name == key).map_or("", |(_, values)| values[0]);
            document.get(key).map_or_else(|| default.to_owned(), text)
        };
        let share = |key: &str| match value(key).as_str() {
            "full" => 1.0,
            "half" => 0.5,
            _ => 0.0,
        };
        Self {
            x_in_oc: value("x_in_oc") == "true",
            x_in_ic: value("x_in_ic") == "true",
            x_in_sequence: value("x_in_sequence") == "true",
            x_in_shortfall: value("x_in_shortfall") == "true",
            deferred_in_oc: value("deferred_in_oc") == "true",
            same_date_deferrals: value("same_date_deferrals_in_oc") == "true",
            capitalizes: value("deferred_form") == "capitalized",
            ic_cure_takes_all: value("ic_cure") == "all_remaining",
            interest_from_principal: match value("interest_from_principal").as_str() {
                "always" => InterestFromPrincipal::Always,
                "tests_hold" => InterestFromPrincipal::TestsHold,
                _ => InterestFromPrincipal::Controlling,
            },
            designated: value("principal_available_in_rp") == "undesignated",
            per_portion: value("overlap_mode") == "per_portion",
            whole_assets: value("ccc_last_asset") == "whole",
            eod_adjusted: value("eod_numerator") == "adjusted",
            discount_in_ccc: value("discount_in_ccc") == "lower",
            printed_diversity: value("diversity_table") == "printed",
            agency_rule: match value("ccc_agency_rule").as_str() {
                "each" => AgencyRule::Each,
                "sum" => AgencyRule::Sum,
                _ => AgencyRule::Larger,
            },
            interest_on_default: share("interest_on_default_period"),
            interest_on_prepaid: share("interest_on_prepaid_period"),
            interest_on_pik: if value("interest_on_pik") == "true" { 1.0 } else { 0.0 },
            cash_timing_period: value("cash_timing") == "period",
            simple_rates: value("rate_convention") == "simple",
            rates_by_days: value("rate_exponent") == "days_365",
            monthly_steps: value("pool_step") == "monthly",
            own_steps: value("pool_step") == "own_dates",
            interest_on_unpaid: match value("interest_on_unpaid").as_str() {
                "simple" => OnUnpaid::Simple,
                "none" => OnUnpaid::Nothing,
                _ => OnUnpaid::Compound,
            },
        }
    }

    /// Every convention with the value in force, in the order of the list.
    #[must_use]
    pub fn in_force(document: &BTreeMap<String, Value>) -> Vec<(&'static str, String)> {
        KEYS.iter().map(|(key, values)| (*key, document.get(*key).map_or_else(|| values[0].to_owned(), text))).collect()
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
