//! The terms of one fee, names resolved.

use crate::notes::RateTerms;
use crate::time::DayCount;

/// One fee: `due = amount + (rate · base + fixed) · dcf + unpaid from earlier dates`.
#[derive(Clone, Debug)]
pub struct FeeTerms<P = f64> {
    pub name: String,
    pub amount_per_period: P,
    pub rate: P,
    pub fixed_per_year: P,
    pub base: FeeBase,
    pub base_date: BaseDate,
    pub day_count: DayCount,
    pub cap: Option<FeeCapTerms<P>>,
    pub hurdle: Option<HurdleTerms<P>>,
    /// What unpaid amounts bear; an index below zero counts as zero.
    pub unpaid_interest: Option<RateTerms>,
}

/// What a rate is charged on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeeBase {
    /// Collateral principal amount and defaulted par.
    FeeBasis,
    PerformingPar,
    CollateralPrincipalAmount,
    Note(u16),
}

/// When the base is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaseDate {
    /// The previous determination date, before its payments; closing for the first period.
    PeriodStart,
    /// This determination date.
    PeriodEnd,
    Average,
}

/// The senior cap: `(rate · fee basis + fixed) · dcf` a payment date.
#[derive(Clone, Debug)]
pub struct FeeCapTerms<P = f64> {
    pub rate: P,
    pub fixed_per_year: P,
    pub day_count: DayCount,
}

/// A share of what is left once the residual notes have reached an IRR; no IRR is a share without hurdle.
#[derive(Clone, Debug)]
pub struct HurdleTerms<P = f64> {
    pub irr: Option<f64>,
    pub share: P,
}
