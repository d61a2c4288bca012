//! A compiled priority of payments: names are indices, blocks are mask slots, nothing is looked up in the loop.

use super::idle::Idle;
use crate::coverage::purchases::Conditions;
use crate::coverage::terms::bit;
use crate::expression::Expression;

/// Which money a waterfall distributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pot {
    /// Both, before they are distributed.
    Receipts,
    Interest,
    Principal,
    /// Interest and principal together, after an acceleration.
    Acceleration,
    /// Interest, principal and what the sold collateral brings, on a redemption date.
    Redemption,
    /// What new notes bring; no waterfall.
    NewNotes,
    /// What equity contributes; no waterfall.
    Contribution,
    /// Principal that is invested at the ends of months, before the payment date; no waterfall.
    MonthEnds,
}

/// Place of the info of purchases at the ends of months after that of new notes.
pub const MONTH_ENDS: u16 = 2;

impl Pot {
    /// Name in documents and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Receipts => "receipts",
            Self::Interest => "interest",
            Self::Principal => "principal",
            Self::Acceleration => "acceleration",
            Self::Redemption => "redemption",
            Self::NewNotes | Self::Contribution => "refinancing",
            Self::MonthEnds => "month_ends",
        }
    }

    /// Name of its cash in the ledger.
    #[must_use]
    pub fn source(self) -> &'static str {
        match self {
            Self::Receipts | Self::Interest | Self::Principal | Self::NewNotes => self.name(),
            Self::Acceleration | Self::Redemption => "pot",
            Self::Contribution => "equity",
            Self::MonthEnds => Self::Principal.name(),
        }
    }

    /// Whether what it pays leaves the numerator of the tests; cash of one pot has no source.
    #[inline(always)]
    #[must_use]
    pub fn spends_principal(self) -> bool {
        self == Self::Principal
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
    /// Periodic net payments, then the termination payment.
    Hedge,
    HedgePeriodic,
    HedgeTermination,
}

impl ClaimKind {
    /// Whether a note is owed it.
    #[must_use]
    pub const fn of_note(self) -> bool {
        matches!(self, Self::Interest | Self::Deferred | Self::Amortization)
    }
}

/// Where cash lies that a step moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purse {
    /// What is left in the running waterfall.
    Running,
    /// Interest proceeds before they are distributed.
    Interest,
    /// Principal proceeds before they are distributed.
    Principal,
    /// Interest that joins the principal waterfall.
    Diverted,
    Account(u16),
    /// What can be drawn on a commitment.
    Commitment(u16),
    /// What the running step may still draw on it.
    Drawing(u16),
}

/// How much a step moves at most; amounts are expressions of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    All,
    /// What fills the account up to a target.
    UpTo(u16),
    /// What is above an amount, without one all.
    Above(Option<u16>),
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
    /// What classes were left owed by their interest step counts from here on.
    Stepped { sequence: u16 },
    /// Senior expenses are paid: fixes the numerator of interest coverage.
    SeniorExpensesEnd,
    /// The same before any step, with the senior expenses on trial.
    MeasureFirst,
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
    /// Pays deferred interest and principal with a share of what is left.
    Turbo { share: f64, sequence: u16 },
    /// Buys collateral, or keeps the cash where a condition does not hold.
    /// `remembered`: purchases at the ends of months until the next date depend on whether its conditions hold.
    Reinvest { share: Option<f64>, unscheduled: bool, conditions: Conditions, remembered: bool },
    /// Pays the manager's share above the hurdle.
    Incentive { fee: u16 },
    /// Pays residual notes; `until` names the incentive fee whose hurdle ends the step.
    Residual { notes: Span, until: Option<u16> },
    /// Moves cash between the proceeds and accounts.
    Move { from: Purse, to: Purse, due: Due },
    /// Sets what is drawn on a commitment at most.
    LimitDraw { commitment: u16 },
    /// Pays a group with money drawn on the commitment of a note.
    Draw { commitment: u16, note: u16, claims: Span },
    /// Leaves the rest on deposit.
    Retain,
}

impl Action {
    /// Where cash comes from that is not what is left in the running waterfall.
    #[inline(always)]
    #[must_use]
    pub const fn source(&self) -> Option<Purse> {
        match self {
            Self::Move { from: Purse::Running, .. } => None,
            Self::Move { from, .. } => Some(*from),
            Self::LimitDraw { commitment } => Some(Purse::Commitment(*commitment)),
            Self::Draw { commitment, .. } => Some(Purse::Drawing(*commitment)),
            _ => None,
        }
    }
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
    /// Also where every coverage test holds after the payment.
    pub or_tests_hold: bool,
    /// Index into the program's step infos.
    pub info: u16,
}

/// How a step is done where nobody keeps a ledger and little is at stake; see `quick`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quick {
    /// Only as any step is done.
    General,
    /// Nothing is done without a ledger.
    Nothing,
    /// All of one fee, or what fits under its cap.
    Fee { fee: u16, capped: bool, senior_expense: bool },
    /// Interest of one note.
    Interest { note: u16, senior_expense: bool },
    /// Deferred interest of one note.
    Deferred { note: u16 },
    /// A cure that is not needed; `bits` are those of its tests, 0 where one has none.
    Cure { tests: Span, bits: u64 },
    /// A diversion that is not needed.
    Divert { test: u16 },
}

/// A step with what the loop asks of it settled beforehand.
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
#[derive(Clone, Debug)]
pub struct ReadyOp {
    pub op: Op,
    pub quick: Quick,
    pub idle: Idle,
    /// Lanes are selected by a block or by the controlling class.
    pub masked: bool,
    /// A condition or an amount is evaluated.
    pub guarded: bool,
    /// Pays or keeps cash: without cash it does nothing.
    pub payment: bool,
    /// There is often nothing left after it.
    pub spends_all: bool,
    /// Where its cash comes from, where that is not the running waterfall.
    pub source: Option<Purse>,
}

impl ReadyOp {
    fn new(op: &Op, claims: &[Claim], tests: &[u16]) -> Self {
        let action = &op.action;
        let quick = quick(action, claims, tests);
        let pays = action.source().is_none()
            && !matches!(
                action,
                Action::Enter { .. }
                    | Action::Stepped { .. }
                    | Action::SeniorExpensesEnd
                    | Action::MeasureFirst
                    | Action::ReleaseDiverted
                    | Action::Reinvest { remembered: true, .. }
            );
        Self {
            quick,
            idle: Idle::of(quick, pays),
            masked: op.slot.is_some() || op.controlling.is_some(),
            guarded: op.when.is_some() || op.amount.is_some(),
            source: action.source(),
            payment: pays,
            spends_all: matches!(
                action,
                Action::Cure { .. }
                    | Action::PayPrincipal { .. }
                    | Action::Reinvest { .. }
                    | Action::Residual { .. }
                    | Action::Move { .. }
                    | Action::ReleaseDiverted
                    | Action::Retain
            ),
            op: op.clone(),
        }
    }

    /// Whether lanes may be left out.
    #[must_use]
    pub fn conditional(&self) -> bool {
        self.masked || self.op.when.is_some()
    }
}

fn quick(action: &Action, claims: &[Claim], tests: &[u16]) -> Quick {
    match *action {
        Action::SeniorExpensesEnd => Quick::Nothing,
        Action::Cure { tests: span, .. } => {
            let bits = tests[span.range()].iter().map(|&test| bit(test as usize));
            let all = if bits.clone().all(|bit| bit != 0) { bits.fold(0, |all, bit| all | bit) } else { 0 };
            Quick::Cure { tests: span, bits: all }
        }
        Action::DivertToPrincipal { test, .. } => Quick::Divert { test },
        Action::Pay { claims: span, senior_expense } => match claims[span.range()] {
            [Claim { kind: ClaimKind::Fee | ClaimKind::FeeAboveCap, index }] => {
                Quick::Fee { fee: index, capped: false, senior_expense }
            }
            [Claim { kind: ClaimKind::FeeCapped, index }] => Quick::Fee { fee: index, capped: true, senior_expense },
            [Claim { kind: ClaimKind::Interest, index }] => Quick::Interest { note: index, senior_expense },
            [Claim { kind: ClaimKind::Deferred, index }] => Quick::Deferred { note: index },
            _ => Quick::General,
        },
        _ => Quick::General,
    }
}

/// What the ledger says of a step.
#[derive(Clone, Debug)]
pub struct StepInfo {
    pub verb: &'static str,
    pub label: String,
    /// Where it stands in the document (`waterfalls.interest[3]`); empty for what no step of a document says.
    pub place: String,
    pub pot: Pot,
}

/// The waterfalls of a deal.
#[derive(Clone, Debug, Default)]
pub struct Program {
    pub receipts: Vec<Op>,
    pub interest: Vec<Op>,
    /// Steps of the interest waterfall that pay senior expenses, and the conditions of their blocks.
    pub expenses: Vec<Op>,
    pub principal: Vec<Op>,
    pub acceleration: Vec<Op>,
    pub redemption: Vec<Op>,
    pub claims: Vec<Claim>,
    pub tests: Vec<u16>,
    pub residuals: Vec<u16>,
    /// Incentive fees, whose hurdles come nearer with what residual notes are paid.
    pub hurdled: Vec<u16>,
    pub sequences: Vec<Sequence>,
    pub expressions: Vec<Expression>,
    /// Where in the document each stands.
    pub places: Vec<String>,
    /// Steps of the receipts waterfall read tests of interest coverage.
    pub receipts_read_coverage: bool,
    /// They may move the default ratio, whose failure is an event of default.
    pub receipts_move_default_ratio: bool,
    /// Some step buys with unscheduled principal alone.
    pub buys_unscheduled: bool,
    pub infos: Vec<StepInfo>,
    /// Info of the ledger rows of new notes; those of contributions of equity and of purchases at month ends follow it.
    pub changes: u16,
    pub slots: usize,
    /// Tests that some cure names: the condition of reinvestment.
    pub coverage: Vec<u16>,
    /// Interest steps during and after the reinvestment period, then principal steps during and after it, then the
    /// steps of the one pot after an acceleration and on a redemption date, then those of the receipts and of the
    /// senior expenses.
    ready: [Vec<ReadyOp>; 10],
    /// When each of them is left out.
    idle: [Vec<Idle>; 10],
}

impl Program {
    /// Settles, once all waterfalls are in, what the loop would ask of each step on each date.
    pub fn finish(&mut self) {
        let list = |ops: &[Op], during: bool| {
            let applies = |op: &&Op| op.during_reinvestment.is_none_or(|d| d == during);
            ops.iter().filter(applies).map(|op| ReadyOp::new(op, &self.claims, &self.tests)).collect()
        };
        self.ready = [
            list(&self.interest, true),
            list(&self.interest, false),
            list(&self.principal, true),
            list(&self.principal, false),
            list(&self.acceleration, false),
            list(&self.redemption, false),
            list(&self.receipts, true),
            list(&self.receipts, false),
            list(&self.expenses, true),
            list(&self.expenses, false),
        ];
        let buys = |step: &ReadyOp| matches!(step.op.action, Action::Reinvest { unscheduled: true, .. });
        self.buys_unscheduled = self.ready.iter().flatten().any(buys);
        self.idle = self.ready.each_ref().map(|steps| steps.iter().map(|step| step.idle).collect());
    }

    /// Counts the infos of its steps from a place in a longer list on.
    pub fn count_infos_from(&mut self, first: u16) {
        for ops in
            [&mut self.receipts, &mut self.interest, &mut self.principal, &mut self.acceleration, &mut self.redemption]
        {
            for op in ops {
                op.info += first;
            }
        }
        self.changes += first;
        self.finish();
    }

    /// The steps of a waterfall that apply on a date.
    #[must_use]
    pub fn steps(&self, pot: Pot, in_reinvestment: bool) -> &[ReadyOp] {
        list(pot, in_reinvestment).map_or(&[], |list| &self.ready[list])
    }

    /// When each of these steps is left out.
    #[must_use]
    pub fn idle(&self, pot: Pot, in_reinvestment: bool) -> &[Idle] {
        list(pot, in_reinvestment).map_or(&[], |list| &self.idle[list])
    }

    /// The steps that pay senior expenses on a date.
    #[must_use]
    pub fn senior_expenses(&self, in_reinvestment: bool) -> &[ReadyOp] {
        &self.ready[8 + usize::from(!in_reinvestment)]
    }
}

/// Place of a waterfall's steps among the lists of a program.
const fn list(pot: Pot, in_reinvestment: bool) -> Option<usize> {
    let after = !in_reinvestment as usize;
    Some(match pot {
        Pot::Interest => after,
        Pot::Principal => 2 + after,
        Pot::Acceleration => 4,
        Pot::Redemption => 5,
        Pot::Receipts => 6 + after,
        Pot::NewNotes | Pot::Contribution | Pot::MonthEnds => return None,
    })
}
