//! The state of a deal on one payment date: before it, or after it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A state, as one JSON document in canonical form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DealState {
    pub cloche_state: u32,
    /// Name of the deal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deal: Option<String>,
    pub payment_date: String,
    pub previous_payment_date: String,
    pub determination_date: String,
    #[serde(default = "normal")]
    pub status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_reinvestment_period: Option<bool>,
    /// Whether the conditions of purchases held on the date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchases_allowed: Option<bool>,
    /// Whether the agencies have confirmed their ratings after the effective date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratings_confirmed: Option<bool>,
    #[serde(default)]
    pub index_fixings: BTreeMap<String, f64>,
    pub collected: Collected,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_basis: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_bases: Option<FeeBases>,
    #[serde(default)]
    pub fees: BTreeMap<String, FeeState>,
    pub notes: BTreeMap<String, NoteState>,
    /// Balances of the accounts, those at closing where they are absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub accounts: BTreeMap<String, f64>,
    /// What hedge counterparties are owed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hedges: BTreeMap<String, HedgeState>,
    /// Resets and amendments that have brought in the document in force, the first one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<DocumentState>,
    /// What the residual notes must still receive to reach the hurdles of the fees of other documents, a row a fee.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub later_hurdles: Vec<Vec<f64>>,
    /// Conditional events that have acted or are tried again, by place.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub events: BTreeMap<String, EventState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collateral: Option<CollateralState>,
    /// What conditions and amounts read that the collateral does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readings: Option<ReadingsState>,
    /// What is left of the tape that the run began with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<PoolState>,
    /// The simulated path that goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathState>,
}

impl Default for DealState {
    /// A state of the present version that says nothing.
    fn default() -> Self {
        Self {
            cloche_state: 1,
            deal: None,
            payment_date: String::new(),
            previous_payment_date: String::new(),
            determination_date: String::new(),
            status: normal(),
            in_reinvestment_period: None,
            purchases_allowed: None,
            ratings_confirmed: None,
            index_fixings: BTreeMap::new(),
            collected: Collected::default(),
            fee_basis: None,
            fee_bases: None,
            fees: BTreeMap::new(),
            notes: BTreeMap::new(),
            accounts: BTreeMap::new(),
            hedges: BTreeMap::new(),
            documents: Vec::new(),
            later_hurdles: Vec::new(),
            events: BTreeMap::new(),
            collateral: None,
            readings: None,
            pool: None,
            path: None,
        }
    }
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
    /// What is deferred of it: due from the next date on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferred: Option<f64>,
    /// What the residual notes must still receive to reach the fee's hurdle, after the date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hurdle: Option<f64>,
    /// The same of its further hurdles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub higher_hurdles: Vec<f64>,
    /// Room under its cap that the last dates did not use, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unused_cap: Vec<f64>,
}

/// What a hedge counterparty is owed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HedgeState {
    /// Replaces the computed net amount of the period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<f64>,
    /// Net amounts of earlier dates.
    #[serde(default)]
    pub unpaid: f64,
    /// What its termination still costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub termination: Option<f64>,
}

/// A reset or an amendment that has brought in a document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentState {
    /// Place of the event.
    pub event: String,
    /// Payment date on which it acted.
    pub on: String,
}

/// What has become of a conditional event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventState {
    /// It has acted, or was withdrawn: it does not act again.
    Spent,
    /// Its condition held and it was not feasible: it is tried again.
    Pending,
}

/// What fees run on beside the fee basis, as of the determination date.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeBases {
    pub performing_par: f64,
    pub collateral_principal_amount: f64,
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
    /// Unpaid interest that bears interest, where interest on it bears none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest_bearing: Option<f64>,
    /// Steps of its coupon under a condition that are in force, by their places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps_in_force: Vec<u32>,
    /// All draws on its commitment since closing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// What events have issued of a note that was not there at closing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_balance: Option<f64>,
    /// The payment date of its issue, where its instalments count from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_on: Option<String>,
    /// The re-pricing whose spread it pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repriced: Option<RepricedState>,
    /// Past distributions of a residual note: ISO date, amount.
    #[serde(default)]
    pub distributions: Vec<(String, f64)>,
}

/// A re-pricing whose spread a note pays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepricedState {
    /// Place of the event.
    pub event: String,
    /// It acted on the date of the state.
    #[serde(default)]
    pub on_this_date: bool,
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

/// Figures of a date that conditions and amounts read; those that are absent are not known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadingsState {
    /// What a sale of all collateral would bring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub liquidation_value: Option<f64>,
    /// Share of the performing par in loans that pay every six months or less often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub semiannual_share: Option<f64>,
    /// Commitments of performing loans that are not drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfunded: Option<f64>,
    /// Interest of the collection period, by months between the payments of the loans.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub interest_by_frequency: BTreeMap<String, f64>,
    /// Spreads that the market asks for classes, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub market_spreads: BTreeMap<String, f64>,
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
    /// Agencies that rate a CCC asset so: `sp`, `moodys`, `fitch`; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agencies: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub years_since_default: Option<f64>,
}

/// What is left of a tape after a payment date.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolState {
    /// Hash of the tape.
    pub tape: String,
    /// As-of date of the tape.
    pub as_of: String,
    /// Loans by id; one that is not named is gone.
    #[serde(default)]
    pub loans: BTreeMap<String, LoanState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bought: Option<BoughtState>,
}

/// What is left of a loan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoanState {
    /// Performing par after the date.
    #[serde(default)]
    pub par: f64,
    /// Share of the contract that is left: performing par over the contractual balance.
    #[serde(default)]
    pub share: f64,
    /// Defaults whose recovery is still to come.
    #[serde(default)]
    pub defaults: Vec<LoanDefaultState>,
}

/// A default of a loan whose recovery is still to come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoanDefaultState {
    /// Payment date of the period of the default; absent: before the as-of date of the tape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defaulted: Option<String>,
    /// Share of the contract that defaulted.
    pub share: f64,
    /// Share of the defaulted par that is recovered.
    pub recovery: f64,
    /// Payment date of the period that collects it.
    pub collected: String,
    /// Day from which on a payment date collects it, where documents with other payment dates may follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
}

/// What was bought since closing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoughtState {
    /// Share of a purchase at closing that would be left.
    pub survival: f64,
    /// Performing par after the date.
    pub performing_par: f64,
    #[serde(default)]
    pub cohorts: Vec<CohortState>,
    #[serde(default)]
    pub defaults: Vec<CohortDefaultState>,
}

/// What was bought on one payment date.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CohortState {
    /// Payment date of the purchase.
    pub bought: String,
    /// Performing par after the date.
    #[serde(default)]
    pub par: f64,
    /// Par at purchase over the survival then.
    pub units: f64,
    pub price: f64,
    pub spread: f64,
    #[serde(default)]
    pub floor: f64,
    pub maturity: String,
}

/// What defaulted of all cohorts in one period, its recovery still to come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CohortDefaultState {
    /// Payment date of the period of the default.
    pub defaulted: String,
    pub par: f64,
    /// What is recovered of it.
    pub value: f64,
    /// Payment date of the period that collects it.
    pub collected: String,
    /// Day from which on a payment date collects it, where documents with other payment dates may follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
}

/// A simulated path: what happens in it, before and after the date.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathState {
    /// Every default of the path, in its order.
    #[serde(default)]
    pub defaults: Vec<PathDefaultState>,
    /// Default rates of what is bought, by the payment date of the period.
    #[serde(default)]
    pub cohort_default_rates: BTreeMap<String, f64>,
    /// The run of the path began at a state in which the loans did not stand alike: whatever a default takes off is added up loan
    /// by loan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loan_by_loan: Option<bool>,
    /// A condition may bring in other payment dates: defaults and rates are told by the schedule dates of all documents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule_dates: Option<bool>,
}

/// A company that defaults in a path.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathDefaultState {
    pub obligor: String,
    /// Payment date of the period of the default.
    pub defaulted: String,
    /// Loans of a default before the date: the share of the contract that would be left without it.
    #[serde(default)]
    pub shares: BTreeMap<String, f64>,
}
