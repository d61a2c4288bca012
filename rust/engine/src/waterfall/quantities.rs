//! The quantities of the expression language, read from the state of a payment date.

use super::cure::figures;
use super::terms::Terms;
use crate::coverage::{TestKind, overcollateralization};
use crate::expression::{Expression, Quantities, Quantity};
use crate::lanes::{DealParam, Mask, Numbers, Pack};
use crate::state::{State, Status, readings};

/// Where a condition holds as things stand.
pub fn holds<const L: usize, P: DealParam<L>>(
    state: &State<L>,
    terms: &Terms<'_, P>,
    condition: &Expression,
) -> Mask<L> {
    condition.evaluate(&View { state, terms, due: Pack::ZERO }).gt(Pack::ZERO)
}

/// Where a condition holds as things stand, in each future by its own status.
pub fn holds_in_status<const L: usize, P: DealParam<L>>(
    state: &State<L>,
    terms: &Terms<'_, P>,
    condition: &Expression,
) -> Mask<L> {
    let normal = holds(state, terms, condition);
    let accelerated = state.accelerated;
    if !accelerated.any() {
        return normal;
    }
    let there = holds(state, &terms.in_status(Status::Accelerated), condition);
    accelerated.and(there).or(accelerated.not().and(normal))
}

#[inline(never)]
pub fn evaluate<const L: usize, P: DealParam<L>>(
    state: &State<L>,
    terms: &Terms<'_, P>,
    expression: u16,
    due: Pack<L>,
) -> Pack<L> {
    terms.program.expressions[expression as usize].evaluate(&View { state, terms, due })
}

/// The quantities of the expression language, read from a state.
struct View<'a, const L: usize, P: Numbers> {
    state: &'a State<L>,
    terms: &'a Terms<'a, P>,
    due: Pack<L>,
}

fn flag<const L: usize>(value: bool) -> Pack<L> {
    Pack::splat(if value { 1.0 } else { 0.0 })
}

impl<const L: usize, P: DealParam<L>> Quantities<L> for View<'_, L, P> {
    #[inline(always)]
    fn value(&self, q: Quantity) -> Pack<L> {
        let (state, terms) = (self.state, self.terms);
        match q {
            Quantity::DuringReinvestment => state.reinvestment_over.not().keep(flag(terms.in_reinvestment)),
            Quantity::AfterReinvestment => state.reinvestment_over.select(flag(true), flag(!terms.in_reinvestment)),
            Quantity::SpecialRedemption => state.special_redemption,
            Quantity::Date => Pack::splat(f64::from(terms.date)),
            Quantity::Remaining => state.available,
            Quantity::Due => self.due,
            Quantity::PoolFactor => state.performing_par * (1.0 / terms.target_par),
            Quantity::PerformingPar => state.performing_par,
            Quantity::CccShare => state.ccc_share,
            Quantity::Balance(n) => state.balance_of(n as usize),
            Quantity::Account(a) => state.accounts[a as usize],
            Quantity::Deferred(n) => state.deferred_of(n as usize),
            Quantity::NoteFactor(n) => {
                state.balance_of(n as usize) * terms.notes[n as usize].original.map(|x| 1.0 / x).pack()
            }
            Quantity::Outstanding(n) => {
                flag_mask((state.balance_of(n as usize) + state.deferred_of(n as usize)).gt(Pack::ZERO))
            }
            Quantity::Controlling(n) => flag_mask(state.controls(n as usize)),
            Quantity::Trigger(t) => terms.tests[t as usize].trigger.pack(),
            Quantity::Passes(t) | Quantity::Ratio(t) | Quantity::CureAmount(t) | Quantity::Cushion(t) => {
                self.of_test(q, t as usize)
            }
            Quantity::Status => Pack::splat(terms.status.value()),
            Quantity::Unfunded => state.readings.undrawn,
            Quantity::LiquidationValue => state.readings.liquidation_value,
            Quantity::RedemptionAmount => self.redemption_amount(),
            Quantity::MarketSpread(n) => readings::of(&state.readings.market_spreads, n),
            Quantity::DealSpread(n) => readings::of(&state.readings.deal_spreads, n),
            Quantity::SemiannualShare => state.readings.semiannual_share,
            Quantity::InterestByFrequency(months) => readings::of(&state.readings.interest_by_frequency, months),
        }
    }
}

impl<const L: usize, P: DealParam<L>> View<'_, L, P> {
    /// What fees, hedges and rated classes are owed, incentive fees aside.
    fn redemption_amount(&self) -> Pack<L> {
        let (state, terms) = (self.state, self.terms);
        let mut required = Pack::ZERO;
        for (f, fee) in terms.fees.iter().enumerate() {
            if fee.hurdle.is_none() {
                required += state.fee_unpaid(f);
            }
        }
        for (n, (note, of)) in state.notes.iter().zip(terms.notes).enumerate() {
            if !of.residual && !of.is_combination() {
                required += note.balance + note.deferred + note.overdue + *note.interest.unpaid();
                if let Some(premium) = state.make_whole.get(n) {
                    // Where the notes are redeemed it is among the interest that is due.
                    required += state.redeemed.or(state.liquidated).not().keep(premium.at_opening);
                }
            }
        }
        for hedge in &state.hedges {
            required += hedge.periodic + hedge.termination;
        }
        required
    }

    fn of_test(&self, q: Quantity, t: usize) -> Pack<L> {
        let test = &self.terms.tests[t];
        let (numerator, denominator) = figures(self.state, self.terms, t);
        match q {
            Quantity::Passes(_) if !self.terms.active[t] => Pack::splat(1.0),
            Quantity::Passes(_) => flag_mask(overcollateralization::passes(numerator, denominator, test.threshold)),
            Quantity::CureAmount(_)
                if self.terms.active[t]
                    && matches!(test.kind, TestKind::Overcollateralization | TestKind::TargetPar) =>
            {
                overcollateralization::cure_by_purchase(numerator, denominator, test.threshold)
            }
            // Infinite where nothing is outstanding.
            Quantity::Ratio(_) => ratio(numerator, denominator),
            Quantity::Cushion(_) => ratio(numerator, denominator) - test.trigger.pack(),
            _ => Pack::ZERO,
        }
    }
}

fn ratio<const L: usize>(numerator: Pack<L>, denominator: Pack<L>) -> Pack<L> {
    denominator.gt(Pack::ZERO).select(numerator.ratio_or_zero(denominator), Pack::splat(f64::INFINITY))
}

fn flag_mask<const L: usize>(mask: Mask<L>) -> Pack<L> {
    mask.select(Pack::splat(1.0), Pack::ZERO)
}
