//! The terms of one fee, names resolved.

use crate::lanes::Pack;
use crate::notes::RateTerms;
use crate::state::Status;
use crate::time::{Date, DayCount};

/// One fee: `due = amount + (rate · base + slices + fixed) · dcf + unpaid from earlier dates`.
#[derive(Clone, Debug)]
pub struct FeeTerms<P = f64> {
    pub name: String,
    pub amount_per_period: P,
    pub rate: P,
    pub fixed_per_year: P,
    /// Slices of the base with a rate each, beside `rate`.
    pub tiers: Vec<FeeTier>,
    pub base: FeeBase,
    pub base_date: BaseDate,
    pub day_count: DayCount,
    pub cap: Option<FeeCapTerms<P>>,
    pub hurdle: Option<HurdleTerms<P>>,
    /// Further hurdles of an incentive fee, each above the one before.
    pub higher: Vec<HurdleTerms<P>>,
    /// Shares of each date's amount that are waived, and that are deferred, from periods that start on a date on.
    pub waived: Vec<(Date, f64)>,
    pub deferred: Vec<(Date, f64)>,
    /// What unpaid amounts bear; an index below zero counts as zero.
    pub unpaid_interest: Option<RateTerms>,
    pub accrual: Accrual,
}

/// What the amount of a date takes, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Accrual {
    /// An amount alone.
    Fixed,
    /// An amount and a rate on the base.
    OnBase,
    /// Slices, waivers, deferral, a cap, a hurdle or interest on what is unpaid as well.
    Special,
}

impl FeeTerms {
    /// These terms with what the amount of a date takes.
    #[must_use]
    pub fn with_accrual(mut self) -> Self {
        let special = !(self.tiers.is_empty() && self.waived.is_empty() && self.deferred.is_empty())
            || self.cap.is_some()
            || self.hurdle.is_some()
            || self.unpaid_interest.is_some();
        self.accrual = match (special, self.rate.abs() > 0.0) {
            (true, _) => Accrual::Special,
            (false, false) => Accrual::Fixed,
            (false, true) => Accrual::OnBase,
        };
        self
    }
}

/// A slice of the base: above the slice before it, up to an amount of money, at a rate a year.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeeTier {
    pub above: f64,
    /// Infinite for the rest.
    pub up_to: f64,
    pub rate: f64,
}

/// What a year of slices costs at a base.
#[inline(always)]
#[must_use]
pub fn sliced<const L: usize>(tiers: &[FeeTier], base: Pack<L>) -> Pack<L> {
    let mut sum = Pack::ZERO;
    for tier in tiers {
        let slice = base.min(Pack::splat(tier.up_to)) - Pack::splat(tier.above);
        sum += slice.positive() * tier.rate;
    }
    sum
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
    /// Earlier payment dates whose unused room is added.
    pub carry_over: u32,
    pub lifted: Lifted,
}

/// When a senior cap does not bind any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lifted {
    #[default]
    Never,
    /// On a date on which the collateral is sold.
    Liquidated,
    /// On every date after an acceleration, and on a redemption date.
    Accelerated,
}

impl<P> FeeCapTerms<P> {
    /// Whether the cap does not bind on a date of a status; `sold` where the collateral is sold on it.
    #[inline(always)]
    #[must_use]
    pub fn is_lifted(&self, status: Status, sold: bool) -> bool {
        match self.lifted {
            Lifted::Never => false,
            Lifted::Liquidated => sold || status == Status::Redemption,
            Lifted::Accelerated => status != Status::Normal,
        }
    }
}

/// The share in force in a period that starts on `start`; none before its first date.
#[must_use]
pub fn share_on(shares: &[(Date, f64)], start: Date) -> f64 {
    shares.iter().rfind(|(from, _)| *from <= start).map_or(0.0, |(_, share)| *share)
}

/// A share of what is left once the residual notes have reached an IRR; no IRR is a share without hurdle.
#[derive(Clone, Debug)]
pub struct HurdleTerms<P = f64> {
    pub irr: Option<f64>,
    pub share: P,
}
