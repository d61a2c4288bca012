//! One path with everything kept: each class's cash flows, the collateral, the fees, the tests, every payment.
//!
//! `rows` are those of its tables; `reserves` writes those of accounts and hedges, `happened` those of events.

mod happened;
mod reserves;
mod rows;

use cloche_dispatch::Isa;

use super::companies::{self, PathDefault};
use super::deal_terms::{Cause, DealTerms};
use super::observer::{Collateral, Observer};
use super::opening::{DrawnPath, Opening};
use super::plan::Plan;
use super::purchases;
use super::runner::{self, Workspace};
use super::subordination::Begun;
use crate::collateral::groups::PoolFlows;
use crate::fees::{BaseDate, FeeBase, FeeTerms};
use crate::lanes::{Mask, Pack};
use crate::lifecycle::Short;
use crate::notes::deferral;
use crate::state::State;
use crate::waterfall::recorder::Ledger;

pub(super) use happened::{change_of_status, interest_unpaid};
pub use reserves::flows_of_accounts;
pub use rows::{AccountRow, CollateralRow, EventRow, FeeRow, HedgeRow, NoteRow};

/// A whole path.
#[derive(Clone, Debug, Default)]
pub struct Explained {
    pub notes: Vec<NoteRow>,
    pub collateral: Vec<CollateralRow>,
    pub fees: Vec<FeeRow>,
    pub accounts: Vec<AccountRow>,
    pub hedges: Vec<HedgeRow>,
    pub events: Vec<EventRow>,
    pub ledger: Ledger,
    /// Step (from 0) from which each document was in force, with its number; of the first alone where nothing brings in another.
    pub trail: Vec<(usize, usize)>,
    /// Number of payment dates until the run ended.
    pub periods: usize,
    /// The date for which all collateral was sold.
    pub sold_on: Option<u32>,
    /// The documents that resets have brought in.
    pub resets: Vec<Begun>,
    /// An event whose proceeds do not pay what they must.
    pub short: Option<Short>,
    /// First date on which the agencies had confirmed their ratings before: the test of the target par is over.
    pub confirmed_before: Option<u32>,
    /// Largest difference of cash in and cash out on any date, currency units.
    pub conservation_error: f64,
}

impl Explained {
    /// The plan that was in force on a step.
    #[must_use]
    pub fn in_force<'a>(&self, plan: &'a Plan, p: usize) -> &'a Plan {
        let last = self.trail.iter().rev().find(|(from, _)| *from <= p);
        plan.of_number(last.map_or(0, |(_, number)| *number))
    }
}

#[derive(Default)]
struct Tables {
    confirmed_before: Option<u32>,
    /// Per step of a coupon under a condition: whether it is in force.
    coupon_steps: Vec<bool>,
    /// The ratings are confirmed, and the reinvestment period has ended before its date.
    confirmed: bool,
    reinvestment_over: bool,
    notes: Vec<NoteRow>,
    collateral: Vec<CollateralRow>,
    fees: Vec<FeeRow>,
    accounts: Vec<AccountRow>,
    hedges: Vec<HedgeRow>,
    /// Balances of the accounts after the date before.
    reserved: Vec<f64>,
    events: Vec<EventRow>,
    sold_on: Option<u32>,
    resets: Vec<Begun>,
    begin: Vec<f64>,
    deferred: Vec<f64>,
    /// Amounts that fees run on, as of the determination date before.
    bases: Bases,
    unpaid: Vec<f64>,
    /// Per note: whether it has been issued.
    there: Vec<bool>,
    /// Fees whose unpaid amounts others take over after this date.
    moved: Vec<(u16, u16)>,
}

/// Collateral amounts that fees run on, of one determination date.
#[derive(Clone, Copy, Default)]
struct Bases {
    fee_basis: f64,
    performing: f64,
    principal_amount: f64,
}

impl Bases {
    /// What a fee runs on when these were the amounts at the start and `end` those at the end of its period.
    fn of(self, end: Self, fee: &FeeTerms, balances: &[f64]) -> f64 {
        let (start, end) = match fee.base {
            FeeBase::FeeBasis => (self.fee_basis, end.fee_basis),
            FeeBase::PerformingPar => (self.performing, end.performing),
            FeeBase::CollateralPrincipalAmount => (self.principal_amount, end.principal_amount),
            FeeBase::Note(n) => (balances[n as usize], balances[n as usize]),
        };
        match fee.base_date {
            BaseDate::PeriodStart => start,
            BaseDate::PeriodEnd => end,
            BaseDate::Average => (start + end) * 0.5,
        }
    }
}

impl Observer<1, f64> for Tables {
    fn date(&mut self, plan: &Plan, p: usize, state: &State<1>, c: &Collateral<1>, _running: Mask<1>, bought: Pack<1>) {
        let period = u32::try_from(p).unwrap_or(u32::MAX);
        for (from, to) in std::mem::take(&mut self.moved) {
            self.unpaid[to as usize] += std::mem::take(&mut self.unpaid[from as usize]);
        }
        let one = |x: Pack<1>| x.0[0];
        let bases = Bases {
            fee_basis: one(c.fee_basis),
            performing: one(c.performing_par),
            principal_amount: one(c.principal_amount),
        };
        let begin: Vec<f64> = if plan.deal.groups.is_empty() {
            self.begin.clone()
        } else {
            let sum = |group: &Vec<u16>| group.iter().map(|&n| self.begin[n as usize]).sum();
            plan.deal.groups.iter().map(sum).collect()
        };
        let fee_bases: Vec<f64> = plan.deal.fees.iter().map(|fee| self.bases.of(bases, fee, &begin)).collect();
        self.reserves(plan, p, state, &begin);
        for (n, note) in (0_u16..).zip(&plan.deal.notes) {
            let i = n as usize;
            let issued = state.changes.issued.get(i).map_or(0.0, |issued| one(*issued));
            // A class of an earlier document has had its final row.
            let gone = plan.deal.foreign.note(i) && !note.is_combination();
            if !(self.there[i] && !gone || issued > 0.0) {
                continue;
            }
            self.there[i] = true;
            let coupon = one(state.notes[i].coupon);
            let deferred_balance = one(state.notes[i].deferred);
            let deferred_paid = one(state.notes[i].deferred_paid);
            let shortfall = one(state.notes[i].overdue);
            self.notes.push(NoteRow {
                period,
                note: n,
                begin_balance: self.begin[i],
                interest_due: one(*state.notes[i].interest.amount()),
                interest_paid: one(*state.notes[i].interest.paid()),
                deferred_interest: if plan.deal.capitalizes {
                    one(deferral::unpaid(note.deferrable, &state.notes[i]))
                } else {
                    deferred_balance - self.deferred[i] + deferred_paid
                },
                deferred_paid,
                deferred_balance,
                interest_shortfall: shortfall,
                principal_paid: one(state.notes[i].principal_paid),
                end_balance: one(state.notes[i].balance),
                issued,
                coupon,
                repriced: coupon.to_bits() != plan.periods[p].coupon[i].to_bits() && !note.residual,
                final_loss: 0.0,
            });
            self.begin[i] = one(state.notes[i].balance);
            self.deferred[i] = deferred_balance;
            let dust = 1e-9 * note.original;
            if shortfall > dust && plan.deal.watched.contains(&Cause::SeniorInterest) {
                self.event(period, "event of default: interest", interest_unpaid(&note.name, shortfall));
            }
        }
        self.refused(period, state);
        if !plan.periods[p].is_last {
            self.statuses(period, state);
        }
        self.changes(plan, period, state);
        self.resets.extend(Begun::on(plan, p, state, c, bought));
        self.phases(plan, period, state, one(c.numerator));
        for (f, fee) in (0_u16..).zip(&plan.deal.fees) {
            let i = f as usize;
            if plan.deal.foreign.fee(i) {
                continue;
            }
            let paid = one(*state.fees[i].current.paid());
            let unpaid = one(state.fee_unpaid(i));
            let brought = self.unpaid[i] * (1.0 + plan.periods[p].unpaid_rate[i]);
            let due = if fee.hurdle.is_some() { paid } else { paid + unpaid - brought };
            self.unpaid[i] = unpaid;
            let mut base = fee_bases[i];
            if plan.deal.event_cost == Some(f) {
                if !(paid > 0.0 || unpaid > 0.0) {
                    continue;
                }
                base = 0.0;
            }
            self.fees.push(FeeRow { period, fee: f, base, due, paid, unpaid });
        }
        self.bases = bases;
        let purchases = one(state.purchases + c.spent);
        let [market_value, was, warf, wal] = purchases::shown(plan, &state.readings.purchases.averages, c);
        self.collateral.push(CollateralRow {
            period,
            performing_par: one(c.performing_par),
            defaulted_par: one(c.defaulted_par),
            ccc_par: one(c.ccc_par),
            principal_cash: one(c.principal_proceeds),
            interest_collected: one(c.interest_proceeds),
            scheduled_principal: one(c.closing.principal - c.closing.prepaid + c.cohorts.scheduled),
            prepaid_principal: one(c.closing.prepaid + c.cohorts.prepaid),
            recoveries: one(c.recoveries),
            sale_proceeds: one(c.sale_proceeds),
            new_defaults: one(c.cohorts.default),
            new_purchases_par: one(bought),
            purchase_cost: purchases,
            floor_benefit: one(c.floor_benefit),
            unfunded: one(state.readings.undrawn),
            oc_numerator: one(c.numerator),
            ccc_excess_haircut: one(c.ccc_haircut),
            discount_haircut: one(c.discount_haircut),
            defaulted_value: one(c.carrying),
            market_value,
            was,
            warf,
            wal,
            diversity: f64::NAN,
            n_obligors: f64::NAN,
            par_built: one(bought) - purchases,
        });
    }
}

impl Tables {
    /// Before the first date of a run from a state.
    fn go_on(&mut self, opening: &Opening) {
        self.confirmed = opening.confirmed;
        self.coupon_steps.clone_from(&opening.coupon_steps);
        self.confirmed_before = opening.confirmed.then_some(0);
        self.reinvestment_over = opening.reinvestment_ended;
        self.begin = opening.notes.iter().map(|note| note.balance).collect();
        self.deferred = opening.notes.iter().map(|note| note.deferred).collect();
        self.reserved.clone_from(&opening.accounts);
        self.unpaid = opening.fees.iter().map(|fee| fee.unpaid + fee.postponed).collect();
        let [fee_basis, performing, principal_amount] = opening.bases;
        self.bases = Bases { fee_basis, performing, principal_amount };
    }
}

/// Runs one path of a plan whose drivers are set, and keeps everything.
#[must_use]
pub fn run(plan: &Plan, work: &mut Workspace<1>) -> Explained {
    let there =
        plan.deal.notes.iter().enumerate().map(|(n, note)| note.replaces.is_none() && !plan.deal.foreign.note(n));
    let there: Vec<bool> = there.collect();
    let mut tables = Tables {
        begin: there.iter().zip(&plan.deal.notes).map(|(there, n)| if *there { n.at_closing } else { 0.0 }).collect(),
        deferred: vec![0.0; plan.deal.notes.len()],
        unpaid: vec![0.0; plan.deal.fees.len()],
        there,
        coupon_steps: vec![false; plan.deal.coupon_steps.len()],
        reserved: plan.deal.accounts.iter().map(|account| account.initial).collect(),
        bases: Bases {
            fee_basis: plan.pool.par + plan.deal.ramp_up_cash + plan.opening_defaulted_par,
            performing: plan.pool.par,
            principal_amount: plan.pool.par + plan.deal.ramp_up_cash,
        },
        ..Tables::default()
    };
    if let Some(opening) = &plan.opening {
        for (there, note) in tables.there.iter_mut().zip(&opening.notes) {
            *there |= note.issued > 0.0;
        }
        tables.go_on(opening);
    }
    let mut ledger = Ledger::default();
    ledger.entries.reserve(plan.steps() * plan.deal.program.infos.len());
    let error = runner::run(plan, work, &mut ledger, &mut tables, |ledger, _, p| {
        ledger.period = u32::try_from(p).unwrap_or(u32::MAX);
    });
    let trail = work.documents.trail.clone();
    for row in &mut tables.collateral {
        let p = row.period as usize;
        let number = work.documents.on(p);
        let drivers = work.documents.drivers_of(number).unwrap_or(&work.drivers);
        let of = plan.of_number(number);
        for step in of.within.of(p) {
            row.new_defaults += drivers.defaults(0, step);
            row.floor_benefit += drivers.floor_benefit(&of.pool, 0, step);
        }
    }
    ledger.tests.retain(|entry| {
        let of = plan.of_number(work.documents.on(entry.period as usize));
        !of.deal.foreign.test(entry.test as usize)
    });
    if !plan.deal.foreign.notes.is_empty() {
        // Each date in the order of its document.
        let of = |period: u32| &plan.of_number(work.documents.on(period as usize)).deal.foreign;
        tables.notes.sort_by_key(|row| (row.period, of(row.period).place(0, row.note as usize)));
        tables.fees.sort_by_key(|row| (row.period, of(row.period).place(1, row.fee as usize)));
        ledger.tests.sort_by_key(|row| (row.period, of(row.period).place(2, row.test as usize)));
    }
    let periods = tables.collateral.len();
    let last = tables.notes.last().map_or(0, |row| row.period);
    let from = tables.notes.partition_point(|row| row.period < last);
    for row in &mut tables.notes[from..] {
        if !plan.deal.notes[row.note as usize].residual {
            row.final_loss = row.end_balance;
            if row.end_balance > 1e-9 * plan.deal.notes[row.note as usize].original
                && plan.of_number(work.documents.on(row.period as usize)).deal.watched.contains(&Cause::Maturity)
            {
                let detail =
                    format!("{} ends with {:.2} unpaid", plan.deal.notes[row.note as usize].name, row.end_balance);
                tables.events.push(EventRow {
                    period: row.period,
                    day: None,
                    event: "event of default: principal",
                    detail,
                });
            }
        }
    }
    if plan.all().any(|plan| plan.deal.watched.contains(&Cause::ParRatio)) {
        for entry in &ledger.tests {
            let of = plan.of_number(work.documents.on(entry.period as usize));
            let test = &of.deal.tests[entry.test as usize];
            let active = of.deal.watched.contains(&Cause::ParRatio)
                && of.periods[entry.period as usize].active[entry.test as usize];
            if test.kind == crate::coverage::TestKind::EventOfDefaultParRatio
                && active
                && entry.numerator < test.threshold * entry.denominator
            {
                let detail =
                    format!("{} is {:.4}, below {}", test.name, entry.numerator / entry.denominator, test.trigger);
                tables.events.push(EventRow {
                    period: entry.period,
                    day: None,
                    event: "event of default: par ratio",
                    detail,
                });
            }
        }
    }
    for plan in plan.all() {
        if let Some(test) = plan.deal.target_par_test {
            restate_target_par(&mut ledger, &plan.deal, test);
        }
    }
    tables.events.sort_by_key(|e| e.period);
    for plan in plan.all() {
        flows_of_accounts(&mut tables.accounts, &plan.deal, &ledger);
    }
    Explained {
        trail,
        notes: tables.notes,
        collateral: tables.collateral,
        fees: tables.fees,
        accounts: tables.accounts,
        hedges: tables.hedges,
        events: tables.events,
        ledger,
        periods,
        sold_on: tables.sold_on,
        resets: tables.resets,
        short: work.state.changes.short.take(),
        confirmed_before: tables.confirmed_before,
        conservation_error: error.0[0],
    }
}

/// Writes the target par where the run has a denominator of zero for it: nothing is asked for any more.
pub fn restate_target_par<P>(ledger: &mut Ledger, deal: &DealTerms<P>, test: u16) {
    for entry in ledger.tests.iter_mut().filter(|entry| entry.test == test) {
        entry.denominator = deal.target_par;
        entry.denominator_after = deal.target_par;
    }
}

/// Runs the plan's own projection: no default model, one path.
#[must_use]
pub fn project(plan: &Plan, flows: &PoolFlows<1>) -> Explained {
    let mut path = run(plan, &mut projected(plan, flows));
    companies::show(plan, &mut path, &[]);
    path
}

/// Runs a path whose defaults are known.
#[must_use]
pub fn go_on(plan: &Plan, path: &DrawnPath) -> Explained {
    let mut run = run(plan, &mut drawn(plan, path));
    let of = |(k, &(obligor, step)): (usize, &(usize, usize))| PathDefault { obligor, step, time: path.time(k) };
    let defaults: Vec<PathDefault> = path.defaults.iter().enumerate().map(of).collect();
    companies::show(plan, &mut run, &defaults);
    run
}

/// The drivers of the plan's own projection.
#[must_use]
pub fn projected(plan: &Plan, flows: &PoolFlows<1>) -> Workspace<1> {
    let mut work = Workspace::<1>::new(plan, Isa::PORTABLE);
    work.drivers.give(flows.clone());
    for (hazard, mdr) in work.drivers.hazard.iter_mut().zip(&plan.cohort_mdr) {
        *hazard = Pack::splat(*mdr);
    }
    work
}

/// The drivers of a path whose defaults are known.
#[must_use]
pub fn drawn(plan: &Plan, path: &DrawnPath) -> Workspace<1> {
    let mut work = Workspace::<1>::new(plan, Isa::PORTABLE);
    if plan.common.is_some() {
        work.draw_rates(plan, path.hazard.iter().map(|rate| Pack::splat(*rate)).collect());
    } else {
        for (hazard, rate) in work.drivers.hazard.iter_mut().zip(&path.hazard) {
            *hazard = Pack::splat(*rate);
        }
    }
    work.reset_pool(plan);
    work.open_lane(plan);
    for (k, &(obligor, step)) in path.defaults.iter().enumerate() {
        work.default(plan, 0, obligor, step, path.time(k));
    }
    work.close_lane(0);
    work
}
