//! The deal document: notes, fees, tests, collateral rules, priorities of payments.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::accounts::{Account, Hedge};
use super::events::Event;
use super::steps::{NumberOrName, Step};

/// A deal, as one JSON document in canonical form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deal {
    /// Version of the document's grammar.
    pub cloche: u32,
    pub name: String,
    pub currency: String,
    pub target_par: f64,
    pub dates: Dates,
    #[serde(default)]
    pub closing: Closing,
    pub notes: Vec<Note>,
    #[serde(default)]
    pub fees: Vec<Fee>,
    #[serde(default)]
    pub accounts: Vec<Account>,
    #[serde(default)]
    pub hedges: Vec<Hedge>,
    #[serde(default)]
    pub tests: Vec<Test>,
    #[serde(default)]
    pub collateral: Collateral,
    #[serde(default)]
    pub reinvestment: ReinvestmentRules,
    #[serde(default)]
    pub sequences: BTreeMap<String, Vec<Vec<String>>>,
    pub waterfalls: Waterfalls,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_events: Option<DefaultEvents>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rights: Option<serde_json::Value>,
    #[serde(default)]
    pub events: Vec<Event>,
    #[serde(default)]
    pub conventions: BTreeMap<String, serde_json::Value>,
}

/// Dates of the deal, ISO text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dates {
    pub closing: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<String>,
    pub first_payment: String,
    pub payment_frequency_months: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub non_call_end: Option<String>,
    /// Absent: a static deal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reinvestment_end: Option<String>,
    pub stated_maturity: String,
    #[serde(default)]
    pub determination: Determination,
    #[serde(default)]
    pub calendars: Vec<String>,
    #[serde(default = "following")]
    pub roll: String,
    #[serde(default)]
    pub end_of_month: bool,
    /// ISO dates that are no business days, beside the calendars'.
    #[serde(default)]
    pub add_holidays: Vec<String>,
    /// ISO dates that are business days although a calendar says otherwise.
    #[serde(default)]
    pub remove_holidays: Vec<String>,
}

fn following() -> String {
    "following".to_owned()
}

/// When a determination date falls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Determination {
    /// So many business days before the adjusted payment date.
    BusinessDaysBefore(u32),
    /// The last calendar day of the month before the payment date.
    MonthEnd(bool),
    /// A day of the month of the payment date or, when later than it, of the month before.
    Day(u32),
}

impl Default for Determination {
    fn default() -> Self {
        Self::BusinessDaysBefore(8)
    }
}

/// The closing balance sheet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    #[serde(default)]
    pub upfront_costs: f64,
    #[serde(default)]
    pub interest_reserve: f64,
    #[serde(default)]
    pub ramp_up_cash: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub par_purchased: Option<f64>,
}

/// One class of notes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    pub name: String,
    #[serde(default)]
    pub balance: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest_rank: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_rank: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<Coupon>,
    #[serde(default)]
    pub deferrable: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amortization: Option<Amortization>,
    #[serde(default)]
    pub rating: BTreeMap<String, String>,
    #[serde(default)]
    pub id: BTreeMap<String, String>,
    #[serde(default = "one")]
    pub issue_price: f64,
    #[serde(default)]
    pub residual: bool,
    #[serde(default)]
    pub combination_of: BTreeMap<String, f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commitment: Option<Commitment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub make_whole: Option<MakeWhole>,
}

/// What holders receive beside par where a class is redeemed early: the worth of its interest up to a date.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MakeWhole {
    /// ISO date, or a date of the deal moved by months or years.
    pub until: String,
    pub discount: MakeWholeDiscount,
}

/// The rate at which interest is discounted: fixed, or an index and a spread.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MakeWholeDiscount {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<f64>,
}

/// What the holders of a class lend over time, beside the balance that is drawn at closing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commitment {
    pub amount: f64,
    /// A year, on what is undrawn.
    #[serde(default)]
    pub fee: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    #[serde(default)]
    pub revolving: bool,
    /// Amounts by ISO date.
    #[serde(default)]
    pub draws: BTreeMap<String, f64>,
}

fn one() -> f64 {
    1.0
}

/// What a note pays: an index and a spread, or a fixed rate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coupon {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<f64>,
    /// Absent: act/360 floating, 30/360 fixed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_count: Option<String>,
    #[serde(default)]
    pub step_up: Vec<StepUp>,
}

/// A new spread or fixed rate from a date on, or for the accrual periods that begin while a condition holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepUp {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Once the condition has held, the step is for good.
    #[serde(default)]
    pub lasting: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<f64>,
}

/// Equal instalments of a class X from the first payment date on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amortization {
    pub payments: u32,
    /// Number of the first payment date that pays an instalment, from 1.
    #[serde(default = "first")]
    pub start: u32,
}

fn first() -> u32 {
    1
}

/// A fee or an expense.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fee {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_per_period: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_per_year: Option<f64>,
    /// `fee_basis`, `performing_par`, `collateral_principal_amount`, or the name of a note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// `period_start`, `period_end`, `average`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_date: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_count: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<FeeCap>,
    /// `"none"`, `{index, spread}` or `{fixed}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unpaid_interest: Option<serde_json::Value>,
    #[serde(default)]
    pub hurdles: Vec<Hurdle>,
    #[serde(default)]
    pub tiers: Vec<Tier>,
    /// Share of each date's amount that is never due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived: Option<ShareByDate>,
    /// Share of each date's amount that is due from the next date on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferred: Option<ShareByDate>,
}

/// A share, or shares from dates on; none before the first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ShareByDate {
    Share(f64),
    Dates(BTreeMap<String, f64>),
}

/// The senior cap of a fee.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeCap {
    #[serde(default)]
    pub rate: f64,
    #[serde(default)]
    pub fixed_per_year: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_count: Option<String>,
    #[serde(default)]
    pub carry_over: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted: Option<String>,
}

/// A share of the residual above an IRR of the residual notes; no IRR is a share without hurdle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hurdle {
    #[serde(default)]
    pub irr: Option<f64>,
    pub share: f64,
}

/// A slice of the base with its own rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    #[serde(default)]
    pub up_to: Option<f64>,
    pub rate: f64,
}

/// A test on the collateral and the notes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    pub name: String,
    /// `oc`, `ic`, `eod_par_ratio`, `target_par`.
    pub kind: String,
    /// The most junior class of the denominator, pari passu classes included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<Vec<String>>,
    pub trigger: f64,
    /// `closing`, `effective`, `first_determination`, `second_determination` or an ISO date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_date: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<f64>,
}

/// How collateral counts in the overcollateralization numerator.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collateral {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ccc: Option<CccRule>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<DiscountRule>,
    /// `lesser_of_market_and_recovery`, `market`, `recovery`, `zero`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defaulted_value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long_dated_value: Option<f64>,
    #[serde(default)]
    pub quality: Vec<serde_json::Value>,
    #[serde(default)]
    pub concentration: Vec<serde_json::Value>,
}

/// The CCC/Caa bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CccRule {
    pub limit: f64,
    /// `collateral_principal_amount`, `target_par`, or an amount of money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<NumberOrName>,
}

/// What makes a discount obligation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscountRule {
    pub below: f64,
    /// Threshold of loans rated below B- / B3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weak_below: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
}

/// What must hold for a purchase.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReinvestmentRules {
    #[serde(default)]
    pub during: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_maturity: Option<String>,
    /// Condition that ends the reinvestment period before its date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_when: Option<String>,
}

/// The priorities of payments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waterfalls {
    #[serde(default)]
    pub receipts: Vec<Step>,
    pub interest: Vec<Step>,
    pub principal: Vec<Step>,
    #[serde(default)]
    pub acceleration: Vec<Step>,
    #[serde(default)]
    pub redemption: Vec<Step>,
}

/// What a sale of the collateral costs: a share of the performing par sold, and money.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SaleCost {
    #[serde(default)]
    pub rate: f64,
    #[serde(default)]
    pub fixed: f64,
}

/// A cause of an event of default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CauseOfDefault {
    /// `senior_interest`, `par_ratio`, `maturity`.
    Name(String),
    Condition(ConditionOfDefault),
}

/// A condition on the figures of a determination date.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionOfDefault {
    pub when: String,
}

/// Events of default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultEvents {
    #[serde(default)]
    pub causes: Vec<CauseOfDefault>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accelerate: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub liquidate: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub liquidation_cost: Option<SaleCost>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rescind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_days: Option<u32>,
}
