//! The compiled deal: what does not depend on a pool or a scenario.

use crate::accounts::AccountTerms;
use crate::coverage::TestTerms;
use crate::coverage::ccc_excess::ExcessRules;
use crate::expression::Expression;
use crate::fees::{CarryOver, FeeTerms};
use crate::hedges::HedgeTerms;
use crate::lanes::{Mask, Pack};
use crate::notes::{CommitmentTerms, NoteTerms, OnUnpaid};
use crate::state::{CommitmentLanes, HedgeLanes, State};
use crate::time::PeriodGrid;
use crate::waterfall::Program;

/// A compiled deal; it knows no pool and no scenario.
#[expect(clippy::struct_excessive_bools, reason = "each is a term of its own")]
#[derive(Clone, Debug)]
pub struct DealTerms<P = f64> {
    pub name: String,
    pub target_par: f64,
    pub notes: Vec<NoteTerms<P>>,
    pub fees: Vec<FeeTerms<P>>,
    pub tests: Vec<TestTerms<P>>,
    /// Some notes hold parts of others.
    pub combines: bool,
    pub accounts: Vec<AccountTerms>,
    pub hedges: Vec<HedgeTerms>,
    pub commitments: Vec<CommitmentTerms>,
    pub program: Program,
    /// Bits of the interest coverage tests.
    pub interest_tests: u64,
    /// Whether some test is a par ratio whose failure is an event of default.
    pub has_par_ratio: bool,
    /// Notes of each principal rank, most senior first.
    pub ranks: Vec<Vec<u16>>,
    pub grid: PeriodGrid,
    pub interest_reserve: f64,
    pub ramp_up_cash: f64,
    /// Limit of the CCC bucket, a share of its base.
    pub ccc_limit: Option<f64>,
    /// What the limit is a share of; absent: the collateral principal amount.
    pub ccc_base: Option<f64>,
    /// Some condition or amount reads the share of CCC collateral.
    pub reads_ccc_share: bool,
    pub deferred_in_oc: bool,
    /// Deferred interest is added to the balance of its class.
    pub capitalizes: bool,
    /// What unpaid interest bears.
    pub on_unpaid: OnUnpaid,
    /// Interest left unpaid by a step of the date counts in overcollateralization.
    pub same_date_deferrals: bool,
    /// The par ratio of the events of default is measured on the adjusted collateral principal amount.
    pub eod_adjusted: bool,
    /// The test that asks for the target par until the agencies have confirmed their ratings.
    pub target_par_test: Option<u16>,
    /// The first date on which it holds is the first after the reinvestment period.
    pub reinvestment_ends: Option<Expression>,
    /// Conditions that are events of default.
    pub default_conditions: Vec<Expression>,
    /// Steps of coupons that hold under a condition; of several of a note the last counts.
    pub coupon_steps: Vec<CouponStep>,
    pub ccc_rules: ExcessRules,
    /// Causes of an event of default that are watched.
    pub watched: Vec<Cause>,
    /// What an event of default does; none where it is only recorded.
    pub acceleration: Option<AccelerationTerms>,
    /// Per note: the notes that its name stands for; empty where each stands for itself.
    pub groups: Vec<Vec<u16>>,
    /// What refinancings, re-pricings and issues cost, as a fee that interest pays ahead of the residual notes.
    pub event_cost: Option<u16>,
    pub foreign: Foreign,
}

/// What belongs to other documents of a deal that is reset or amended; nothing where the deal has one document.
#[derive(Clone, Debug, Default)]
pub struct Foreign {
    pub notes: Vec<bool>,
    pub fees: Vec<bool>,
    pub tests: Vec<bool>,
    pub accounts: Vec<bool>,
    pub hedges: Vec<bool>,
    /// Per note, fee and test: its place in the document; those of others come last.
    pub order: [Vec<usize>; 3],
}

impl Foreign {
    /// The place of the `i`-th of a list in the document: of notes (0), fees (1), tests (2).
    #[must_use]
    pub fn place(&self, list: usize, i: usize) -> usize {
        self.order[list].get(i).copied().unwrap_or(i)
    }

    /// Whether a note is of another document.
    #[must_use]
    pub fn note(&self, n: usize) -> bool {
        among(&self.notes, n)
    }

    /// Whether a fee is of another document.
    #[must_use]
    pub fn fee(&self, f: usize) -> bool {
        among(&self.fees, f)
    }

    /// Whether a test is of another document.
    #[must_use]
    pub fn test(&self, t: usize) -> bool {
        among(&self.tests, t)
    }

    /// Whether an account is of another document.
    #[must_use]
    pub fn account(&self, a: usize) -> bool {
        among(&self.accounts, a)
    }

    /// Whether a hedge is of another document.
    #[must_use]
    pub fn hedge(&self, h: usize) -> bool {
        among(&self.hedges, h)
    }
}

/// Whether the `i`-th of a list is marked; none is where the deal has one document.
fn among(marked: &[bool], i: usize) -> bool {
    marked.get(i).copied().unwrap_or(false)
}

/// A spread or fixed rate for the accrual periods that begin on a payment date on which a condition holds.
#[derive(Clone, Debug)]
pub struct CouponStep {
    pub note: u16,
    /// Its place among the steps of the note's coupon.
    pub step: u32,
    /// Asked on the figures of the determination date.
    pub when: Expression,
    pub margin: f64,
    /// Once the condition has held, it is for good.
    pub lasting: bool,
}

/// What follows an event of default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AccelerationTerms {
    /// The acceleration ends when its causes do.
    pub rescinded_when_cured: bool,
    /// The collateral of an accelerated deal is sold.
    pub liquidation: Option<LiquidationTerms>,
}

/// When the collateral of an accelerated deal is sold, and what that costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LiquidationTerms {
    /// Only on a date on which the proceeds cover every rated class.
    pub must_cover: bool,
    pub cost: SaleCost,
}

/// A share of the performing par that is sold, and currency units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SaleCost {
    pub rate: f64,
    pub fixed: f64,
}

/// At which price performing par is sold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SalePrice {
    /// The scenario's liquidation price.
    Scenario,
    Stated(f64),
    /// Each asset at its own market price.
    Market,
}

/// A call: all collateral is sold and every class is paid in full.
#[derive(Clone, Debug)]
pub struct CallTerms {
    /// Per step: whether it may be exercised.
    pub window: Vec<bool>,
    pub when: Option<Expression>,
    /// Collateral principal amount that must have fallen below this, where the right says so.
    pub below: Option<f64>,
    pub price: SalePrice,
    pub cost: SaleCost,
    /// Tried again on later dates until it is feasible.
    pub retry: bool,
    /// Looked at again after it was withdrawn.
    pub repeat: bool,
}

impl<P> DealTerms<P> {
    /// Whether a class is drawn over time.
    #[must_use]
    pub fn commits(&self, note: usize) -> bool {
        self.commitments.iter().any(|commitment| commitment.note as usize == note)
    }

    /// Whether a cause of an event of default is watched.
    #[must_use]
    pub fn watches(&self, cause: Cause) -> bool {
        self.watched.contains(&cause)
    }
}

impl<P> DealTerms<P> {
    /// An empty state of the deal.
    #[must_use]
    pub fn state<const L: usize>(&self) -> State<L> {
        let mut state = State::new(self.notes.len(), self.fees.len(), self.tests.len(), self.program.slots);
        if self.on_unpaid == OnUnpaid::Simple {
            state.bearing = vec![Pack::ZERO; self.notes.len()];
        }
        if self.same_date_deferrals {
            state.stepped = vec![false; self.notes.len()];
        }
        state.deferred_saves = self.on_unpaid == OnUnpaid::Compound;
        state.coupon_steps = vec![Mask::splat(false); self.coupon_steps.len()];
        state.default_conditions = vec![Mask::splat(false); self.default_conditions.len()];
        state.groups.clone_from(&self.groups);
        state.interest_tests = self.interest_tests;
        state.ended = vec![Pack::ZERO; self.accounts.len()];
        state.accounts = self.accounts.iter().map(|account| Pack::splat(account.initial)).collect();
        state.hedges = vec![HedgeLanes::default(); self.hedges.len()];
        state.commitments = vec![CommitmentLanes::default(); self.commitments.len()];
        for (f, fee) in self.fees.iter().enumerate() {
            state.higher.extend(fee.higher.iter().map(|_| Pack::ZERO));
            if let Some(cap) = fee.cap.as_ref().filter(|cap| cap.carry_over > 0) {
                state.carried.push(CarryOver::new(f, cap.carry_over));
            }
        }
        if self.fees.iter().any(|fee| !fee.deferred.is_empty()) {
            state.postponed = vec![Pack::ZERO; self.fees.len()];
        }
        state
    }
}

/// Causes of an event of default that a run records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Interest that may not defer is unpaid.
    SeniorInterest,
    /// A par ratio test of that kind fails.
    ParRatio,
    /// Principal is unpaid on the last date.
    Maturity,
}
