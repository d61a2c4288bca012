//! The state of a deal in `L` futures on one payment date.

mod commitment;
mod due;
mod note;
pub mod readings;

pub use commitment::CommitmentLanes;
pub use due::Due;
pub use note::NoteLanes;
pub use readings::Readings;

use crate::fees::CarryOver;
use crate::lanes::{Mask, Pack};
use crate::lifecycle::Changes;

/// The status of a deal on a payment date: which priority of payments its cash follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    #[default]
    Normal,
    /// After an event of default: interest and principal are one pot.
    Accelerated,
    /// All collateral is sold and the notes are redeemed.
    Redemption,
}

impl Status {
    /// Its place among the words that expressions compare it with.
    #[must_use]
    pub fn value(self) -> f64 {
        match self {
            Self::Normal => 0.0,
            Self::Accelerated => 1.0,
            Self::Redemption => 2.0,
        }
    }

    /// Its name in documents and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Accelerated => "accelerated",
            Self::Redemption => "redemption",
        }
    }

    /// The status of a name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        [Self::Normal, Self::Accelerated, Self::Redemption].into_iter().find(|status| status.name() == name)
    }
}

/// One fee in `L` futures, on one payment date.
#[derive(Clone, Copy, Debug, Default)]
pub struct FeeLanes<const L: usize> {
    /// This period's amount.
    pub current: Due<L>,
    /// Earlier amounts still unpaid.
    pub arrears: Pack<L>,
    /// What may still be paid under its cap on this date.
    pub cap_left: Pack<L>,
    /// Whether something has been left unpaid in some lane; where not, arrears are an exact zero in all.
    pub has_arrears: bool,
    /// What the residual notes must still receive to reach the hurdle.
    pub hurdle: Pack<L>,
}

/// One hedge in `L` futures, on one payment date.
#[derive(Clone, Copy, Debug, Default)]
pub struct HedgeLanes<const L: usize> {
    /// Net payments still unpaid, of this and earlier dates.
    pub periodic: Pack<L>,
    /// What its termination costs, still unpaid.
    pub termination: Pack<L>,
    /// Paid on this date.
    pub paid: Pack<L>,
}

/// What the redemption of a class pays above par: per unit of balance, and on the balance that opened the date.
#[derive(Clone, Copy, Debug)]
pub struct MakeWholeLanes<const L: usize> {
    pub per_unit: Pack<L>,
    pub at_opening: Pack<L>,
}

/// A call of a day between payment dates that was not feasible.
#[derive(Clone, Copy, Debug)]
pub struct Refused<const L: usize> {
    /// Days since 1970-01-01.
    pub day: i32,
    /// The futures in which it was not, and those in which the collateral is too large for it.
    pub lanes: Mask<L>,
    pub too_large: Mask<L>,
}

/// Balances, amounts due and cash of one block of futures; allocated once a worker.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of the date of its own")]
#[derive(Clone, Debug)]
pub struct State<const L: usize> {
    pub notes: Vec<NoteLanes<L>>,
    pub fees: Vec<FeeLanes<L>>,
    pub hedges: Vec<HedgeLanes<L>>,
    pub commitments: Vec<CommitmentLanes<L>>,
    /// Balances of the accounts.
    pub accounts: Vec<Pack<L>>,
    /// Per account: what of it joined the proceeds of the date, on which it was closed.
    pub ended: Vec<Pack<L>>,
    /// What lay in them before the steps of the date.
    pub reserved: Pack<L>,
    /// Futures in which nothing goes into an account any more.
    pub closed: Mask<L>,
    /// Interest and principal proceeds before they are distributed.
    pub receipts: [Pack<L>; 2],
    /// What the residual notes must still receive to reach further hurdles of incentive fees, fee by fee.
    pub higher: Vec<Pack<L>>,
    /// Fees whose cap carries unused room over.
    pub carried: Vec<CarryOver<L>>,
    /// Per fee: what is due from the next date on; empty where no fee is deferred.
    pub postponed: Vec<Pack<L>>,
    /// Whether the controlling class is that of what is outstanding.
    pub marked: bool,
    /// So many ranks, from the most senior, may hold a class that controls.
    pub ranks_marked: usize,
    /// Whether a cure has paid something on this date, in any lane.
    pub any_cured: bool,
    /// Whether some principal may have been paid on this date, in any lane.
    pub principal_paid: bool,
    /// Whether deferred interest that a cure pays saves interest.
    pub deferred_saves: bool,
    /// Per note: unpaid interest that bears interest; empty unless interest on it bears none.
    pub bearing: Vec<Pack<L>>,
    /// Per note: whether its interest step of this date is past; empty unless what it left unpaid counts at once.
    pub stepped: Vec<bool>,
    /// Per test: denominator as things stand, where `fresh` has its bit set.
    pub denominators: Vec<Pack<L>>,
    /// Tests whose denominators are up to date, a bit each; nothing that changes one may leave its bit set.
    pub fresh: u64,
    /// Bits of the interest coverage tests.
    pub interest_tests: u64,
    /// Whether all tests have been looked at on this date.
    pub looked: bool,
    /// Tests known to pass with room in every lane as things stand, a bit each.
    pub clear: u64,
    /// Claims known to be settled on this date in every lane, a bit each; see [`crate::waterfall::program::Idle`].
    pub settled: u64,
    /// Cash left in the running waterfall.
    pub available: Pack<L>,
    /// What the step that runs may pay at most.
    pub limit: Pack<L>,
    /// Whether interest may have been diverted in some lane since this was last asked.
    pub has_diverted: bool,
    /// Interest diverted to the principal account on this date.
    pub diverted: Pack<L>,
    /// The part of it that a cure has added to the numerator.
    pub joined: Pack<L>,
    /// Whether cash may be in the accounts in some lane; where not, `held`, `held_interest` and `kept` are zero in all.
    pub holds: bool,
    /// Cash that stays in the principal account after this date.
    pub held: Pack<L>,
    /// Cash that stays with interest proceeds after this date.
    pub held_interest: Pack<L>,
    /// Cash of ended futures, which stays where it is.
    pub kept: Pack<L>,
    /// Cash spent on collateral on this date.
    pub purchases: Pack<L>,
    /// Unscheduled principal of the collection period.
    pub unscheduled: Pack<L>,
    /// Adjusted collateral principal amount, less what principal has paid on this date.
    pub numerator: Pack<L>,
    /// Numerator of the event-of-default par ratio.
    pub par_ratio_numerator: Pack<L>,
    /// Interest proceeds less senior expenses.
    pub coverage_numerator: Pack<L>,
    /// Performing par on the determination date.
    pub performing_par: Pack<L>,
    /// CCC par over the collateral principal amount.
    pub ccc_share: Pack<L>,
    /// Futures whose cash is one pot on this date, after an acceleration.
    pub accelerated: Mask<L>,
    /// Futures that are accelerated from the next date on.
    pub accelerates_next: Mask<L>,
    /// Futures in which a par ratio fails or a condition holds that is an event of default, on this determination date.
    pub par_failed: Mask<L>,
    /// Futures in which the agencies have confirmed their ratings after the effective date.
    pub confirmed: Mask<L>,
    /// Per step of a coupon under a condition: futures in which it is in force.
    pub coupon_steps: Vec<Mask<L>>,
    /// Per condition that is an event of default: futures in which it holds on this determination date.
    pub default_conditions: Vec<Mask<L>>,
    /// Futures in which the reinvestment period has ended before its date.
    pub reinvestment_over: Mask<L>,
    /// Futures in which the conditions of purchases held when they were last asked.
    pub may_buy: Mask<L>,
    /// Principal that the manager certifies on this date it cannot invest.
    pub special_redemption: Pack<L>,
    /// Per note: what its redemption on this date pays above par; nothing where no class is made whole.
    pub make_whole: Vec<MakeWholeLanes<L>>,
    /// Futures that end on this date because a call sells all collateral.
    pub redeemed: Mask<L>,
    /// Accelerated futures that end on this date because all collateral is sold.
    pub liquidated: Mask<L>,
    /// Calls of days since the date before that were not feasible.
    pub refused: Vec<Refused<L>>,
    /// Futures in which a call on this date was not feasible, and those in which the collateral is too large for it.
    pub withdrawn: Mask<L>,
    pub too_large: Mask<L>,
    /// Mask slots of blocks.
    pub slots: Vec<Mask<L>>,
    /// Per note: the notes that its name stands for; empty where each stands for itself.
    pub groups: Vec<Vec<u16>>,
    /// Events that change notes.
    pub changes: Changes<L>,
    /// What only some conditions and amounts read.
    pub readings: Readings<L>,
}

/// An amount of all notes that a name stands for.
#[inline(never)]
#[must_use]
pub fn of_all<const L: usize>(
    notes: &[NoteLanes<L>],
    group: &[u16],
    amount: impl Fn(&NoteLanes<L>) -> Pack<L>,
) -> Pack<L> {
    let mut sum = Pack::ZERO;
    for &n in group {
        sum += amount(&notes[n as usize]);
    }
    sum
}

impl<const L: usize> State<L> {
    /// A state with so many notes, fees, tests and mask slots, all zero.
    #[must_use]
    pub fn new(notes: usize, fees: usize, tests: usize, slots: usize) -> Self {
        Self {
            notes: vec![NoteLanes::default(); notes],
            fees: vec![FeeLanes::default(); fees],
            higher: Vec::new(),
            carried: Vec::new(),
            postponed: Vec::new(),
            hedges: Vec::new(),
            commitments: Vec::new(),
            accounts: Vec::new(),
            ended: Vec::new(),
            reserved: Pack::ZERO,
            closed: Mask::splat(false),
            receipts: [Pack::ZERO; 2],
            readings: Readings::default(),
            marked: false,
            ranks_marked: 0,
            any_cured: false,
            principal_paid: false,
            deferred_saves: true,
            bearing: Vec::new(),
            stepped: Vec::new(),
            denominators: vec![Pack::ZERO; tests],
            fresh: 0,
            interest_tests: 0,
            clear: 0,
            settled: 0,
            looked: false,
            available: Pack::ZERO,
            limit: Pack::ZERO,
            has_diverted: false,
            diverted: Pack::ZERO,
            joined: Pack::ZERO,
            holds: false,
            held: Pack::ZERO,
            held_interest: Pack::ZERO,
            kept: Pack::ZERO,
            purchases: Pack::ZERO,
            unscheduled: Pack::ZERO,
            numerator: Pack::ZERO,
            par_ratio_numerator: Pack::ZERO,
            coverage_numerator: Pack::ZERO,
            performing_par: Pack::ZERO,
            ccc_share: Pack::ZERO,
            accelerated: Mask::splat(false),
            accelerates_next: Mask::splat(false),
            par_failed: Mask::splat(false),
            confirmed: Mask::splat(false),
            coupon_steps: Vec::new(),
            default_conditions: Vec::new(),
            reinvestment_over: Mask::splat(false),
            may_buy: Mask::splat(true),
            special_redemption: Pack::ZERO,
            make_whole: Vec::new(),
            redeemed: Mask::splat(false),
            liquidated: Mask::splat(false),
            refused: Vec::new(),
            withdrawn: Mask::splat(false),
            too_large: Mask::splat(false),
            slots: vec![Mask::splat(true); slots],
            groups: Vec::new(),
            changes: Changes::default(),
        }
    }

    /// Principal outstanding of a note and of those that its name stands for.
    #[inline(always)]
    #[must_use]
    pub fn balance_of(&self, note: usize) -> Pack<L> {
        if self.groups.is_empty() {
            self.notes[note].balance
        } else {
            of_all(&self.notes, &self.groups[note], |lanes| lanes.balance)
        }
    }

    /// Deferred interest outstanding of a note and of those that its name stands for.
    #[inline(always)]
    #[must_use]
    pub fn deferred_of(&self, note: usize) -> Pack<L> {
        if self.groups.is_empty() {
            self.notes[note].deferred
        } else {
            of_all(&self.notes, &self.groups[note], |lanes| lanes.deferred)
        }
    }

    /// Whether a note, or one of those that its name stands for, is of the controlling class.
    #[must_use]
    pub fn controls(&self, note: usize) -> Mask<L> {
        let mut controls = self.notes[note].controlling;
        if let Some(group) = self.groups.get(note) {
            for &n in group {
                controls = controls.or(self.notes[n as usize].controlling);
            }
        }
        controls
    }

    /// Notes have been paid down, by a cure or not: denominators fall, so that a test that passed with room still does.
    ///
    /// Interest coverage counts what cures have paid, and nothing else.
    #[inline(always)]
    pub fn notes_paid(&mut self, cure: bool) {
        self.principal_paid = true;
        self.fresh &= if cure { 0 } else { self.interest_tests };
    }

    /// What can be drawn on a commitment; of one that revolves, what is repaid on the date less its draws is added.
    #[must_use]
    pub fn undrawn(&self, commitment: usize) -> Pack<L> {
        let lanes = &self.commitments[commitment];
        match lanes.revolves {
            Some(note) => (lanes.available + self.notes[note as usize].principal_paid).positive(),
            None => lanes.available,
        }
    }

    /// Raises the balance of a note by a draw on its commitment; principal paid is net of draws.
    #[inline(never)]
    pub fn draw(&mut self, commitment: usize, note: usize, amount: Pack<L>) {
        let lanes = &mut self.commitments[commitment];
        lanes.drawn += amount;
        if lanes.revolves.is_none() {
            lanes.available = (lanes.available - amount).positive();
        }
        let note = &mut self.notes[note];
        note.balance += amount;
        note.principal_paid -= amount;
        note.repaid = true;
        self.notes_paid(false);
        // What was known of the tests was known of the smaller balance.
        self.fresh &= self.interest_tests;
        self.clear = 0;
        self.looked = false;
    }

    /// Cash stays in the principal account, or with interest proceeds.
    #[inline(always)]
    pub fn hold(&mut self, with_interest: bool, amount: &Pack<L>) {
        // One sum for both: of two that differ in the account alone the compiler makes one lane by lane.
        let account = if with_interest { &mut self.held_interest } else { &mut self.held };
        *account += *amount;
        self.holds = true;
    }

    /// Interest goes to the principal account.
    #[inline(always)]
    pub fn divert(&mut self, amount: Pack<L>) {
        self.diverted += amount;
        self.has_diverted = true;
    }

    /// Principal has left: the numerator of overcollateralization falls.
    #[inline(always)]
    pub fn principal_left(&mut self, amount: Pack<L>) {
        self.numerator -= amount;
        self.clear &= self.interest_tests;
    }

    /// Interest has paid a senior expense: the numerator of interest coverage falls.
    #[inline(always)]
    pub fn senior_expense_paid(&mut self, amount: Pack<L>) {
        self.coverage_numerator -= amount;
        self.clear &= !self.interest_tests;
    }

    /// Balance and deferred interest of some notes.
    #[inline(always)]
    #[must_use]
    pub fn outstanding(&self, notes: &[u16]) -> Pack<L> {
        let all = self.notes.as_slice();
        let mut sum = Pack::ZERO;
        for &n in notes {
            let note = &all[n as usize];
            sum += if note.has_deferred { note.balance + note.deferred } else { note.balance };
        }
        sum
    }

    /// What some notes count in overcollateralization: balance, deferred interest, and what they defer on this date
    /// where that counts at once.
    #[inline(always)]
    #[must_use]
    pub fn counted(&self, notes: &[u16]) -> Pack<L> {
        let mut sum = self.outstanding(notes);
        if !self.stepped.is_empty() {
            for &n in notes {
                if self.stepped[n as usize] {
                    let note = &self.notes[n as usize];
                    sum += note.controlling.not().keep(*note.interest.unpaid());
                }
            }
        }
        sum
    }

    /// Interest due of some notes as though what cures have paid had been paid at the start of the period. What was drawn on
    /// the date and is repaid saves nothing: no class owes less than nothing.
    #[inline(always)]
    #[must_use]
    pub fn pro_forma_interest(&self, notes: &[u16]) -> Pack<L> {
        let all = self.notes.as_slice();
        let mut sum = Pack::ZERO;
        for &n in notes {
            let note = &all[n as usize];
            // Nothing cured is an exact zero: the shorter sum has the same bits.
            let interest = *note.interest.amount();
            sum += if self.any_cured {
                (interest - note.cured * note.coupon).max(interest.min(Pack::ZERO))
            } else {
                interest
            };
        }
        sum
    }

    /// Unpaid amount of a fee, of this and earlier dates.
    #[inline(always)]
    #[must_use]
    pub fn fee_due(&self, fee: usize) -> Pack<L> {
        let fee = &self.fees[fee];
        let (sum, unpaid);
        if fee.has_arrears {
            sum = *fee.current.unpaid() + fee.arrears;
            unpaid = &sum;
        } else {
            unpaid = fee.current.unpaid();
        }
        *unpaid
    }

    /// What a fee leaves unpaid, with what is deferred of it.
    #[must_use]
    pub fn fee_unpaid(&self, fee: usize) -> Pack<L> {
        self.fee_due(fee) + self.postponed.get(fee).copied().unwrap_or(Pack::ZERO)
    }
}
