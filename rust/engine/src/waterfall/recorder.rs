//! What a run writes down while it pays: nothing in simulations, every row when one path is explained.

use crate::lanes::{Mask, Pack};
use crate::waterfall::Pot;

/// Who receives the money of a ledger row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payee {
    Note(u16),
    Fee(u16),
    /// A collection account: diverted interest and cash that is held.
    Account(Pot),
    /// An account of the deal.
    Reserve(u16),
    Hedge(u16),
    /// Whoever an event that changes notes has to be paid to, apart from what interest pays as a fee.
    EventCost,
    /// Sellers of collateral.
    Collateral,
    /// Whoever a cure would pay, when nothing is needed.
    Sequence,
}

/// Why a row shows what it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    PaidInFull,
    NothingDue,
    InsufficientFunds,
    /// Principal that is not due yet is repaid with what is left, or nothing is.
    AllThatIsLeft,
    NothingLeft,
    AmountReached,
    CapReached,
    CommitmentUsed,
    AccountClosed,
    NotSelected,
    NoTestApplies,
    TestPasses,
    TestFails,
    CoverageFails,
    ConditionFails,
    Purchased,
    Retained,
    HurdleNotReached,
    Residual,
    Transferred,
}

impl Reason {
    /// The reason in words.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::PaidInFull => "paid in full",
            Self::NothingDue => "nothing due",
            Self::InsufficientFunds => "insufficient funds",
            Self::AllThatIsLeft => "all that is left",
            Self::NothingLeft => "nothing left",
            Self::AmountReached => "limited by its amount",
            Self::CapReached => "cap reached",
            Self::CommitmentUsed => "commitment used up",
            Self::AccountClosed => "account closed",
            Self::NotSelected => "condition does not hold",
            Self::NoTestApplies => "no test applies yet",
            Self::TestPasses => "test passes",
            Self::TestFails => "test fails",
            Self::CoverageFails => "held: a coverage test fails",
            Self::ConditionFails => "held: a condition of purchases fails",
            Self::Purchased => "collateral purchased",
            Self::Retained => "held on deposit",
            Self::HurdleNotReached => "hurdle not reached",
            Self::Residual => "residual",
            Self::Transferred => "transferred",
        }
    }
}

/// One row of the ledger, in lanes.
#[derive(Clone, Copy, Debug)]
pub struct LedgerRow<const L: usize> {
    /// Index into the program's step infos.
    pub info: u16,
    pub payee: Payee,
    pub due: Pack<L>,
    pub paid: Pack<L>,
    pub before: Pack<L>,
    /// Whether the money only changes accounts.
    pub transfer: bool,
    pub reason: Reason,
}

/// Observer of the waterfalls.
pub trait Recorder<const L: usize> {
    /// Whether rows are wanted; a constant, so that simulations carry no trace of the ledger.
    const ON: bool;
    /// Whether it tells why a step pays less than is due.
    const EXPLAINS: bool = false;
    /// Takes what limits the step whose rows follow.
    fn limited(&mut self, _by: Reason) {}
    /// Takes the day of the rows that follow, where it is not that of the payment date.
    fn on_day(&mut self, _day: Option<i32>) {}
    /// Takes one row.
    fn row(&mut self, row: LedgerRow<L>);
    /// Takes one row by which the cash of the waterfall grows.
    fn gain(&mut self, row: LedgerRow<L>);
    /// Takes the ratio of a test right after a cure or a diversion (`numerator`, `denominator`).
    fn after(&mut self, test: u16, numerator: Pack<L>, denominator: Pack<L>);
    /// The state of the tests once senior expenses are known, before any cure, in the futures whose cash is distributed.
    fn tests(&mut self, values: &[(Pack<L>, Pack<L>)], lanes: Mask<L>);
}

/// Writes nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl<const L: usize> Recorder<L> for Silent {
    const ON: bool = false;
    #[inline(always)]
    fn row(&mut self, _row: LedgerRow<L>) {}
    #[inline(always)]
    fn gain(&mut self, _row: LedgerRow<L>) {}
    #[inline(always)]
    fn after(&mut self, _test: u16, _numerator: Pack<L>, _denominator: Pack<L>) {}
    #[inline(always)]
    fn tests(&mut self, _values: &[(Pack<L>, Pack<L>)], _lanes: Mask<L>) {}
}

/// One row of a single path's ledger.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Payment period from 0.
    pub period: u32,
    /// Days since 1970-01-01 of what happens before the payment date.
    pub day: Option<i32>,
    pub info: u16,
    pub payee: Payee,
    pub due: f64,
    pub paid: f64,
    pub before: f64,
    pub after: f64,
    pub transfer: bool,
    pub reason: Reason,
}

/// Numerator and denominator of a test on one date, and right after its cure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TestEntry {
    pub period: u32,
    pub test: u16,
    pub numerator: f64,
    pub denominator: f64,
    pub numerator_after: f64,
    pub denominator_after: f64,
}

/// Writes every row of one path.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Payment period from 0 that is being paid.
    pub period: u32,
    /// What limits the running step, where it is not the cash.
    limited: Option<Reason>,
    day: Option<i32>,
    pub entries: Vec<Entry>,
    pub tests: Vec<TestEntry>,
}

impl Ledger {
    fn push(&mut self, row: LedgerRow<1>, after: f64) {
        self.entries.push(Entry {
            period: self.period,
            day: self.day,
            info: row.info,
            payee: row.payee,
            due: row.due.0[0],
            paid: row.paid.0[0],
            before: row.before.0[0],
            after,
            transfer: row.transfer,
            reason: self.reason(&row),
        });
    }

    /// The reason of a row: a shortfall is told by what limits the step.
    fn reason(&self, row: &LedgerRow<1>) -> Reason {
        match (row.reason, self.limited) {
            (Reason::InsufficientFunds, Some(Reason::AllThatIsLeft)) if !row.paid.any_positive() => Reason::NothingLeft,
            (Reason::InsufficientFunds, Some(by))
            | (Reason::NothingLeft, Some(by @ (Reason::NotSelected | Reason::AmountReached))) => by,
            (reason, _) => reason,
        }
    }
}

impl Recorder<1> for Ledger {
    const ON: bool = true;
    const EXPLAINS: bool = true;

    fn limited(&mut self, by: Reason) {
        self.limited = Some(by);
    }

    fn on_day(&mut self, day: Option<i32>) {
        self.day = day;
    }

    fn row(&mut self, row: LedgerRow<1>) {
        self.push(row, row.before.0[0] - row.paid.0[0]);
    }

    fn gain(&mut self, row: LedgerRow<1>) {
        self.push(row, row.before.0[0] + row.paid.0[0]);
    }

    fn after(&mut self, test: u16, numerator: Pack<1>, denominator: Pack<1>) {
        let period = self.period;
        if let Some(entry) = self.tests.iter_mut().rev().find(|e| e.test == test && e.period == period) {
            entry.numerator_after = numerator.0[0];
            entry.denominator_after = denominator.0[0];
        }
    }

    fn tests(&mut self, values: &[(Pack<1>, Pack<1>)], _lanes: Mask<1>) {
        for (test, (numerator, denominator)) in (0_u16..).zip(values) {
            self.tests.push(TestEntry {
                period: self.period,
                test,
                numerator: numerator.0[0],
                denominator: denominator.0[0],
                numerator_after: numerator.0[0],
                denominator_after: denominator.0[0],
            });
        }
    }
}
