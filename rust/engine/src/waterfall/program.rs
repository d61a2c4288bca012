//! A compiled priority of payments: names are indices, blocks are mask slots, nothing is looked up in the loop.

use crate::expression::Expression;

/// Which money a waterfall distributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pot {
    Interest,
    Principal,
}

impl Pot {
    /// Name in documents and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Interest => "interest",
            Self::Principal => "principal",
        }
    }
}

/// What is claimed by one payee of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimKind {
    /// Everything a fee is owed.
    Fee,
    /// This period's part of a fee.
    FeeCurrent,
    /// What a fee was left owed on earlier dates.
    FeeUnpaid,
    /// What fits under the fee's cap.
    FeeCapped,
    /// What the cap left out.
    FeeAboveCap,
    /// Overdue interest, then current interest.
    Interest,
    Deferred,
    Amortization,
}

/// One payee of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    pub kind: ClaimKind,
    /// Fee or note.
    pub index: u16,
}

/// A range of a program's claims, tests or notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// The range as indices.
    #[inline(always)]
    #[must_use]
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Groups of notes paid one after another, inside a group pro rata.
pub type Sequence = Vec<Vec<u16>>;

/// What a step does.
#[derive(Clone, Debug)]
pub enum Action {
    /// Evaluates a block's condition once into two mask slots.
    Enter { expression: u16, then: u16, otherwise: u16 },
    /// Senior expenses are paid: fixes the numerator of interest coverage.
    SeniorExpensesEnd,
    /// Pays a group pro rata by amount due.
    Pay { claims: Span, senior_expense: bool },
    /// Pays notes until the tests pass.
    Cure { tests: Span, sequence: u16 },
    /// Adds interest to the principal account until the tests pass.
    CureByPurchase { tests: Span },
    /// Moves interest to the principal account.
    DivertToPrincipal { test: u16, share: f64 },
    /// Pays notes with interest.
    DivertToNotes { test: u16, share: f64, sequence: u16 },
    /// Diverted interest joins what is left of principal.
    ReleaseDiverted,
    /// Pays notes down; a sequence pays unpaid interest and deferred interest of a class first.
    PayPrincipal { sequence: u16, with_interest: bool, with_deferred: bool },
    /// Buys collateral, or keeps the cash where a coverage test fails.
    Reinvest { share: Option<f64>, unscheduled: bool, needs_coverage: bool },
    /// Pays the manager's share above the hurdle.
    Incentive { fee: u16 },
    /// Pays residual notes; `until` names the incentive fee whose hurdle ends the step.
    Residual { notes: Span, until: Option<u16> },
    /// Leaves the rest on deposit.
    Retain,
}

/// One step of the flat program.
#[derive(Clone, Debug)]
pub struct Op {
    pub action: Action,
    /// Mask slot of the enclosing block.
    pub slot: Option<u16>,
    /// Condition, as an index into the program's expressions.
    pub when: Option<u16>,
    /// Largest amount the step may pay, as an index into the program's expressions.
    pub amount: Option<u16>,
    /// Only during (true) or after (false) the reinvestment period.
    pub during_reinvestment: Option<bool>,
    /// Only in lanes where this note controls.
    pub controlling: Option<u16>,
    /// Index into the program's step infos.
    pub info: u16,
}

/// What the ledger says of a step.
#[derive(Clone, Debug)]
pub struct StepInfo {
    pub verb: &'static str,
    pub label: String,
    pub pot: Pot,
}

/// Both waterfalls of a deal.
#[derive(Clone, Debug, Default)]
pub struct Program {
    pub interest: Vec<Op>,
    pub principal: Vec<Op>,
    pub claims: Vec<Claim>,
    pub tests: Vec<u16>,
    pub residuals: Vec<u16>,
    pub sequences: Vec<Sequence>,
    pub expressions: Vec<Expression>,
    pub infos: Vec<StepInfo>,
    pub slots: usize,
    /// Tests that some cure names: the condition of reinvestment.
    pub coverage: Vec<u16>,
}
