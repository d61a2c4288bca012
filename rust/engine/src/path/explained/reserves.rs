//! What accounts and hedges did, date by date.

use super::Tables;
use super::rows::{AccountRow, HedgeRow};
use crate::hedges::Notional;
use crate::path::deal_terms::DealTerms;
use crate::path::plan::Plan;
use crate::state::State;
use crate::waterfall::program::{Action, Purse};
use crate::waterfall::recorder::{Entry, Ledger, Payee};

impl Tables {
    /// What accounts and hedges did on a date; what steps put into accounts is told by the ledger. `begin` are the opening
    /// balances of classes, successors included.
    pub(super) fn reserves(&mut self, plan: &Plan, p: usize, state: &State<1>, begin: &[f64]) {
        let period = u32::try_from(p).unwrap_or(u32::MAX);
        for (account, balance) in (0_u16..).zip(&state.accounts) {
            let before = &mut self.reserved[account as usize];
            let row = AccountRow {
                period,
                account,
                begin_balance: *before,
                end_balance: balance.0[0],
                ..AccountRow::default()
            };
            *before = row.end_balance;
            if !plan.deal.foreign.account(account as usize) {
                self.accounts.push(row);
            }
        }
        let terms = &plan.periods[p];
        for (h, (hedge, of)) in (0_u16..).zip(state.hedges.iter().zip(&plan.deal.hedges)) {
            if plan.deal.foreign.hedge(h as usize) {
                continue;
            }
            let unit = if let Notional::Note(note) = of.notional { begin[note as usize] } else { 1.0 };
            let (net, end) = (terms.hedge_net[h as usize] * unit, terms.hedge_end[h as usize]);
            let positive = |x: f64| if x > 0.0 { x } else { 0.0 };
            self.hedges.push(HedgeRow {
                period,
                hedge: h,
                received: positive(net) + positive(-end),
                due: positive(-net) + positive(end),
                paid: hedge.paid.0[0],
                unpaid: hedge.periodic.0[0] + hedge.termination.0[0],
            });
        }
    }
}

/// Sums what the steps of each date, and resets, put into accounts; what left them is the rest.
pub fn flows_of_accounts(rows: &mut [AccountRow], deal: &DealTerms, ledger: &Ledger) {
    let program = &deal.program;
    let mut pays_in = |entry: &Entry, account: u16| {
        let of = |row: &&mut AccountRow| row.period == entry.period && row.account == account;
        if let Some(row) = rows.iter_mut().find(of) {
            row.paid_in += entry.paid;
        }
    };
    let of_resets = |entry: &&Entry| !deal.groups.is_empty() && entry.info == program.changes;
    for entry in ledger.entries.iter().filter(of_resets) {
        if let Payee::Reserve(account) = entry.payee {
            pays_in(entry, account);
        }
    }
    let falls = [&program.receipts, &program.interest, &program.principal, &program.acceleration, &program.redemption];
    for op in falls.into_iter().flatten() {
        if let Action::Move { to: Purse::Account(account), .. } = op.action {
            for entry in ledger.entries.iter().filter(|entry| entry.info == op.info) {
                pays_in(entry, account);
            }
        }
    }
    for row in rows {
        row.paid_out = row.begin_balance + row.paid_in - row.end_balance;
    }
}
