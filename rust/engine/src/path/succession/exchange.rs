//! The exchange of a reset: the classes of one document are redeemed with what those of another bring.

use super::{Act, Redemption};
use crate::lanes::{DealParam, Pack};
use crate::lifecycle::{Payer, Transition};
use crate::waterfall::Pot;
use crate::waterfall::recorder::{Payee, Recorder};

impl<const L: usize, P: DealParam<L>, R: Recorder<L>> Act<'_, L, P, R> {
    /// Exchanges the classes of one document for those of another; equity pays or takes the difference. Returns the difference of
    /// cash in and cash out.
    pub(super) fn reset(&mut self, transition: &Transition, cost: Pack<L>) -> Pack<L> {
        let lanes = self.acting;
        let (mut redeemed, mut proceeds) = (Pack::ZERO, Pack::ZERO);
        for &old in &transition.redeemed {
            let class = Redemption { old, redeemed: vec![old], into: Vec::new() };
            let paid = self.redeem(&class, lanes);
            self.row(0, Payee::Note(old), paid, paid);
            redeemed += paid;
        }
        for new in &transition.into {
            proceeds += self.bring_in(new, lanes, Pack::splat(new.balance.unwrap_or(0.0)));
        }
        let added = lanes.keep(Pack::splat(transition.equity_contribution));
        let bought = lanes.keep(Pack::splat(transition.par_purchase));
        let reserve = lanes.keep(Pack::splat(transition.interest_reserve));
        let ramp_up = lanes.keep(Pack::splat(transition.ramp_up_cash));
        let mut uses = redeemed + bought + reserve + ramp_up;
        if self.change.cost.paid_from == Payer::Proceeds {
            uses += cost;
            self.row(0, Payee::EventCost, cost, cost);
        }
        self.row(0, Payee::Collateral, bought, bought);
        self.work.state.purchases += bought;
        self.row(0, Payee::Account(Pot::Interest), reserve, reserve);
        self.work.state.hold(true, &reserve);
        self.row(0, Payee::Account(Pot::Principal), ramp_up, ramp_up);
        self.work.state.hold(false, &ramp_up);
        for &(account, amount) in &transition.deposits {
            let deposit = lanes.keep(Pack::splat(amount));
            uses += deposit;
            self.row(0, Payee::Reserve(account), deposit, deposit);
            self.work.state.accounts[account as usize] += deposit;
        }
        let left = proceeds + added - uses;
        // One lane may take what another pays.
        let (taken, short) = (left.positive(), (-left).positive());
        if (added + short).any_positive() {
            self.contribute(added + short, Payee::Account(Pot::Principal));
        }
        if taken.any_positive() {
            self.distribute(taken);
        }
        proceeds + added + short - uses - taken
    }

    /// The first residual note is paid what a reset leaves.
    fn distribute(&mut self, amount: Pack<L>) {
        let Some(n) = self.plan.deal.notes.iter().position(|note| note.residual) else { return };
        let state = &mut self.work.state;
        let interest = &mut state.notes[n].interest;
        interest.set_paid(*interest.paid() + amount);
        for (lanes, fee) in state.fees.iter_mut().zip(&self.plan.deal.fees) {
            if fee.hurdle.is_some() {
                lanes.hurdle -= amount;
            }
        }
        for need in &mut state.higher {
            *need -= amount;
        }
        let payee = u16::try_from(n).unwrap_or(0);
        self.row(0, Payee::Note(payee), amount, amount);
    }
}
