//! The rows of a path's tables.

/// One class on one payment date.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NoteRow {
    pub period: u32,
    pub note: u16,
    pub begin_balance: f64,
    pub interest_due: f64,
    pub interest_paid: f64,
    /// Interest deferred on this date.
    pub deferred_interest: f64,
    pub deferred_paid: f64,
    /// Deferred interest outstanding after this date.
    pub deferred_balance: f64,
    /// Overdue interest outstanding after this date.
    pub interest_shortfall: f64,
    pub principal_paid: f64,
    pub end_balance: f64,
    /// Principal that is issued on this date.
    pub issued: f64,
    /// Coupon of the period, rate times day-count fraction, and whether an event has set its spread.
    pub coupon: f64,
    pub repriced: bool,
    /// Principal that is lost with the end of the run.
    pub final_loss: f64,
}

/// The collateral on one determination date.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CollateralRow {
    pub period: u32,
    pub performing_par: f64,
    pub defaulted_par: f64,
    pub ccc_par: f64,
    pub principal_cash: f64,
    pub interest_collected: f64,
    pub scheduled_principal: f64,
    pub prepaid_principal: f64,
    pub recoveries: f64,
    pub sale_proceeds: f64,
    pub new_defaults: f64,
    pub new_purchases_par: f64,
    pub purchase_cost: f64,
    pub floor_benefit: f64,
    /// Loan commitments that are not drawn.
    pub unfunded: f64,
    pub oc_numerator: f64,
    pub ccc_excess_haircut: f64,
    pub discount_haircut: f64,
    pub defaulted_value: f64,
    /// Not numbers where they are not shown.
    pub market_value: f64,
    pub was: f64,
    pub warf: f64,
    pub wal: f64,
    pub diversity: f64,
    pub n_obligors: f64,
    pub par_built: f64,
}

/// One fee on one payment date.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FeeRow {
    pub period: u32,
    pub fee: u16,
    pub base: f64,
    pub due: f64,
    pub paid: f64,
    pub unpaid: f64,
}

/// One account on one payment date.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AccountRow {
    pub period: u32,
    pub account: u16,
    pub begin_balance: f64,
    /// What steps put into it.
    pub paid_in: f64,
    /// What steps took out of it, and what joined the proceeds when it was closed.
    pub paid_out: f64,
    pub end_balance: f64,
}

/// One hedge on one payment date.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HedgeRow {
    pub period: u32,
    pub hedge: u16,
    /// What the issuer receives, a termination payment included.
    pub received: f64,
    /// What it owes for this date, a termination payment included.
    pub due: f64,
    pub paid: f64,
    /// Unpaid after this date.
    pub unpaid: f64,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRow {
    pub period: u32,
    /// The day, where it is no payment date: days since 1970-01-01.
    pub day: Option<i32>,
    pub event: &'static str,
    pub detail: String,
}
