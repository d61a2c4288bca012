//! Steps that move cash between the proceeds and accounts.

use super::{Builder, Frame};
use crate::error::Problem;
use crate::expression::Kind;
use crate::waterfall::program::{Due, Purse};
use crate::waterfall::{Action, Op, Pot};

impl Builder<'_> {
    /// Checks the targets of all accounts, also of those that no step fills.
    pub(super) fn targets(&mut self) {
        for (i, account) in self.scope.accounts.iter().enumerate() {
            if let Some(target) = &account.target {
                self.expression(target, &format!("accounts[{i}].target"), &[Kind::Money]);
            }
        }
    }

    pub(super) fn transfer(
        &mut self,
        from: &str,
        to: &str,
        frame: &Frame<'_>,
        pot: Pot,
        slot: Option<u16>,
        ops: &mut Vec<Op>,
    ) {
        let place = format!("{}.transfer", frame.place);
        let told = self.problems.len();
        let source = self.purse(from, pot, &format!("{place}.from"));
        let target = self.purse(to, pot, &format!("{place}.to"));
        let (Some(from), Some(to)) = (source, target) else {
            if self.problems.len() == told {
                self.problems.push(Problem::new(place, "expected names of accounts, interest or principal"));
            }
            return;
        };
        let running = from == Purse::Running || to == Purse::Running;
        if from == to || from == Purse::Diverted || (pot != Pot::Receipts && !running) {
            let message = match pot {
                Pot::Receipts => "expected two different purses",
                _ => {
                    "expected the running proceeds on one side, and an account (or, of interest, principal) on the other"
                }
            };
            self.problems.push(Problem::new(place, message));
            return;
        }
        self.push(Action::Move { from, to, due: Due::All }, "transfer", frame, pot, slot, ops);
    }

    pub(super) fn fund_reserve(
        &mut self,
        account: &str,
        up_to: Option<&str>,
        frame: &Frame<'_>,
        pot: Pot,
        slot: Option<u16>,
        ops: &mut Vec<Op>,
    ) {
        let place = format!("{}.fund_reserve", frame.place);
        let Some(a) = self.scope.account_names.find(account, &place, self.problems) else { return };
        let own = self.scope.accounts[a as usize].target.as_deref();
        let Some(target) = up_to.or(own) else {
            self.problems
                .push(Problem::new(place, format!("account {account:?} has no target; expected `up_to`, or a target")));
            return;
        };
        let Some(target) = self.expression(target, &format!("{place}.up_to"), &[Kind::Money]) else { return };
        let from = if pot == Pot::Receipts { Purse::Interest } else { Purse::Running };
        let action = Action::Move { from, to: Purse::Account(a), due: Due::UpTo(target) };
        self.push(action, "fund_reserve", frame, pot, slot, ops);
    }

    pub(super) fn release_reserve(
        &mut self,
        account: &str,
        above: Option<&str>,
        frame: &Frame<'_>,
        pot: Pot,
        slot: Option<u16>,
        ops: &mut Vec<Op>,
    ) {
        let place = format!("{}.release_reserve", frame.place);
        let Some(a) = self.scope.account_names.find(account, &place, self.problems) else { return };
        let terms = &self.scope.accounts[a as usize];
        let to = match pot {
            Pot::Receipts if terms.principal => Purse::Principal,
            Pot::Receipts => Purse::Interest,
            _ => Purse::Running,
        };
        let floor = match above.or(terms.target.as_deref()) {
            Some(text) => match self.expression(text, &format!("{place}.above"), &[Kind::Money]) {
                Some(expression) => Some(expression),
                None => return,
            },
            None => None,
        };
        let action = Action::Move { from: Purse::Account(a), to, due: Due::Above(floor) };
        self.push(action, "release_reserve", frame, pot, slot, ops);
    }

    /// Where cash of a name lies, seen from a waterfall.
    fn purse(&mut self, name: &str, pot: Pot, place: &str) -> Option<Purse> {
        match (name, pot) {
            ("interest", Pot::Receipts) => Some(Purse::Interest),
            ("principal", Pot::Receipts) => Some(Purse::Principal),
            ("principal", Pot::Interest) => Some(Purse::Diverted),
            ("interest", Pot::Principal) => {
                let message = "interest has been distributed; expected an account, or principal";
                self.problems.push(Problem::new(place, message));
                None
            }
            ("interest" | "principal", _) => Some(Purse::Running),
            _ => self.scope.account_names.find(name, place, self.problems).map(Purse::Account),
        }
    }
}
