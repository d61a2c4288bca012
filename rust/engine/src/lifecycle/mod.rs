//! What happens to the notes of a deal during its life: refinancings, re-pricings, notes that are issued later.
//!
//! A name in steps, tests and sequences stands for its class and for all notes that replace or join it: which notes that
//! are is known when the deal is compiled, and each has a balance of zero until its event.

mod lanes;

pub use lanes::{Changes, Short};

use crate::expression::Expression;

/// Payee of what refinancings, re-pricings and issues cost.
pub const COST: &str = "refinancing cost";
/// What is issued of a class that is drawn over time and is not drawn yet: no money, but it is there.
pub const NOT_DRAWN: f64 = f64::MIN_POSITIVE;

/// One event that changes notes: when, what, at which cost.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its place in the document or the scenario.
    pub place: String,
    /// Per step: whether it may act.
    pub window: Vec<bool>,
    pub when: Option<Expression>,
    pub repeat: bool,
    pub cost: ChangeCost,
    /// Notes whose opening balances the cost is charged on.
    pub of: Vec<u16>,
    pub kind: ChangeKind,
}

impl Change {
    /// Whether equity may pay in.
    #[must_use]
    pub fn equity_contributes(&self) -> bool {
        let costs = self.cost.paid_from == Payer::Equity && !self.cost.is_nothing();
        // A reset may leave a difference for equity to pay.
        costs || matches!(self.kind, ChangeKind::Issue { equity, .. } if equity > 0.0) || self.resets()
    }

    /// The notes that it issues beside those of another document.
    pub fn issued(&self) -> impl Iterator<Item = &Issued> {
        let (classes, notes): (&[Redemption], &[Issued]) = match &self.kind {
            ChangeKind::Refinancing(classes) => (classes, &[]),
            ChangeKind::Issue { notes, .. } => (&[], notes),
            _ => (&[], &[]),
        };
        classes.iter().flat_map(|class| &class.into).chain(notes)
    }

    /// Whether it redeems every class and brings in another document.
    #[must_use]
    pub const fn resets(&self) -> bool {
        matches!(&self.kind, ChangeKind::Transition(transition) if transition.resets)
    }

    /// Whether a reset on the same date leaves nothing for it to change.
    #[must_use]
    pub const fn gives_way(&self) -> bool {
        matches!(self.kind, ChangeKind::Refinancing(_) | ChangeKind::Issue { .. } | ChangeKind::Repricing { .. })
    }
}

/// What an event changes.
#[derive(Clone, Debug)]
pub enum ChangeKind {
    Refinancing(Vec<Redemption>),
    /// Notes that join classes, and money that equity adds.
    Issue {
        notes: Vec<Issued>,
        equity: f64,
    },
    /// The event's re-pricings, a range of the plan's list.
    Repricing {
        first: usize,
        count: usize,
    },
    /// Principal that pays the notes because it cannot be invested.
    SpecialRedemption(SpecialRedemption),
    /// The agencies confirm their ratings after the effective date.
    Confirmation,
    /// A second document takes over.
    Transition(Transition),
}

/// The event that a re-pricing is of.
#[must_use]
pub fn event_of(changes: &[Change], repricing: usize) -> Option<&Change> {
    changes.iter().find(|change| match change.kind {
        ChangeKind::Repricing { first, count } => (first..first + count).contains(&repricing),
        _ => false,
    })
}

/// How much principal cannot be invested, and whether that ends the reinvestment period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpecialRedemption {
    pub amount: f64,
    /// Share of the principal proceeds of the date, beside the amount.
    pub share: f64,
    pub ends_reinvestment: bool,
}

/// What goes with a change of the document.
#[derive(Clone, Debug, Default)]
pub struct Transition {
    /// A reset: the classes are redeemed. An amendment leaves them.
    pub resets: bool,
    /// Classes that are redeemed at par.
    pub redeemed: Vec<u16>,
    pub into: Vec<Issued>,
    /// Currency units that the first residual note pays in.
    pub equity_contribution: f64,
    /// Currency units that are spent on collateral.
    pub par_purchase: f64,
    /// Currency units that join the interest and the principal proceeds of the next date.
    pub interest_reserve: f64,
    pub ramp_up_cash: f64,
    /// Fees whose unpaid amounts a fee of the second document takes over.
    pub fees: Vec<(u16, u16)>,
    /// What the closing of a second document puts into its accounts, currency units.
    pub deposits: Vec<(u16, f64)>,
    /// Accounts that the second document does not have: their cash is principal.
    pub closed: Vec<u16>,
}

/// A class that is redeemed at par, and what replaces it.
#[derive(Clone, Debug)]
pub struct Redemption {
    /// The class that the document names.
    pub old: u16,
    /// The notes that its name stands for.
    pub redeemed: Vec<u16>,
    pub into: Vec<Issued>,
}

/// A note that comes in with an event.
#[derive(Clone, Debug)]
pub struct Issued {
    pub note: u16,
    /// Currency units; none is what the class is owed, less the other balances.
    pub balance: Option<f64>,
    /// The class whose coupon it has; none for one of its own.
    pub coupon_of: Option<u16>,
    /// Share of par that is paid for it.
    pub price: f64,
}

/// A new spread of a note from the accrual period that starts on the event's payment date.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Repricing {
    pub note: u16,
    pub spread: f64,
    /// Number of its event; one event sets the spreads of a class and of all notes that its name stands for.
    pub event: usize,
}

/// What an event costs: a share of a base, and currency units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChangeCost {
    pub rate: f64,
    pub of: CostBase,
    pub fixed: f64,
    pub paid_from: Payer,
}

impl ChangeCost {
    /// Whether there is nothing to pay.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        !(self.rate > 0.0 || self.fixed > 0.0)
    }
}

/// What the rate of a cost is charged on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CostBase {
    /// Opening balances of the classes.
    RefinancedBalance,
    PerformingPar,
}

/// Who pays a cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payer {
    /// The interest waterfall, ahead of the residual notes.
    Interest,
    /// The first residual note, on top of what it has paid before.
    Equity,
    /// What the new notes bring.
    Proceeds,
}
