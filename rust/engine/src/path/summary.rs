//! Each class over a whole path: what it was paid, what it lost, when.

use cloche_dispatch::{Isa, Kernel};

use super::explained::Explained;
use super::plan::Plan;
use super::subordination;
use crate::lanes::{Mask, Pack, Param};
use crate::metrics::{IrrTimes, irr, irr_with_contributions, weighted_average_life};

/// One class over one path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NoteSummary {
    pub note: u16,
    /// Balance at closing, or at its issue by an event.
    pub original: f64,
    /// Outstanding at the end of the run.
    pub balance: f64,
    /// `1 − Σ senior and pari passu balances / (par + cash)` at closing or the state; absent outside the sequence.
    /// A note that an event brings in has that of the other classes up to its rank, those of a reset's document on its date.
    pub subordination: f64,
    /// Original balance over all notes.
    pub thickness: f64,
    pub interest_paid: f64,
    pub interest_shortfall: f64,
    pub interest_loss: f64,
    pub deferred_interest_end: f64,
    /// Period from 0 of the first deferral.
    pub first_deferral: Option<u32>,
    pub periods_deferred: u32,
    pub max_deferred: f64,
    pub principal_paid: f64,
    pub principal_loss: f64,
    pub pv_loss: f64,
    /// Years from closing, the state or its issue, act/365; NaN without principal.
    pub wal: f64,
    pub first_payment: Option<u32>,
    pub last_payment: Option<u32>,
    pub irr: f64,
    /// Largest overdue interest outstanding after a date.
    pub max_interest_shortfall: f64,
}

/// One class over the dates so far, in `L` futures.
#[derive(Clone, Debug)]
pub struct NoteTotals<const L: usize> {
    /// Balance, deferred and overdue interest after the last date.
    end: [Pack<L>; 3],
    interest_paid: Pack<L>,
    principal_paid: Pack<L>,
    max_deferred: Pack<L>,
    max_shortfall: Pack<L>,
    periods_deferred: Pack<L>,
    /// Periods from 0; below 0 where there was none yet.
    first_deferral: Pack<L>,
    first_payment: Pack<L>,
    last_payment: Pack<L>,
    discount: Pack<L>,
    /// Principal that an event has issued, and the period from 0 of its issue; below 0 without.
    issued: Pack<L>,
    start: Pack<L>,
    /// Dates seen in this run, and in the run before it.
    dates: [usize; 2],
    /// Every date of the deal, also those after an early end: the bits are those of the simulation.
    flows: Vec<Pack<L>>,
    principal: Vec<Pack<L>>,
}

/// A period that has not come.
const NEVER: f64 = -1.0;

impl<const L: usize> NoteTotals<L> {
    /// A class of so many payment dates at closing.
    #[must_use]
    pub fn new(steps: usize) -> Self {
        Self {
            end: [Pack::ZERO; 3],
            interest_paid: Pack::ZERO,
            principal_paid: Pack::ZERO,
            max_deferred: Pack::ZERO,
            max_shortfall: Pack::ZERO,
            periods_deferred: Pack::ZERO,
            first_deferral: Pack::splat(NEVER),
            first_payment: Pack::splat(NEVER),
            last_payment: Pack::splat(NEVER),
            discount: Pack::splat(1.0),
            issued: Pack::ZERO,
            start: Pack::splat(NEVER),
            dates: [0; 2],
            flows: vec![Pack::ZERO; steps],
            principal: vec![Pack::ZERO; steps],
        }
    }

    /// Back to closing.
    #[inline(always)]
    pub fn clear(&mut self) {
        // Flows are written before they are read.
        self.dates = [0, self.dates[0]];
        self.end = [Pack::ZERO; 3];
        self.interest_paid = Pack::ZERO;
        self.principal_paid = Pack::ZERO;
        self.max_deferred = Pack::ZERO;
        self.max_shortfall = Pack::ZERO;
        self.periods_deferred = Pack::ZERO;
        self.issued = Pack::ZERO;
        self.discount = Pack::splat(1.0);
        for period in [&mut self.first_deferral, &mut self.first_payment, &mut self.last_payment, &mut self.start] {
            *period = Pack::splat(NEVER);
        }
    }

    /// Adds what is paid in step `p` (from 0); `dust` is what counts as nothing of the class.
    #[inline(always)]
    pub fn pay(&mut self, p: usize, interest: Pack<L>, principal: Option<&Pack<L>>, dust: Pack<L>) {
        self.dates[0] = p + 1;
        self.interest_paid += interest;
        // Without principal the sum has the bits of the interest.
        let Some(paid) = principal else {
            self.flows[p] = interest;
            self.principal[p] = Pack::ZERO;
            return;
        };
        self.principal_paid += *paid;
        let pays = paid.gt(dust);
        if pays.any() {
            let period = Pack::splat(p as f64);
            let first = pays.and(self.first_payment.lt(Pack::ZERO));
            self.first_payment = first.select(period, self.first_payment);
            self.last_payment = pays.select(period, self.last_payment);
        }
        self.flows[p] = interest + *paid;
        self.principal[p] = *paid;
    }

    /// Discounts by one more date in the lanes whose run goes on.
    #[inline(always)]
    pub fn discount<P: Param<L>>(&mut self, coupon: P, running: Mask<L>) {
        let one = Pack::splat(1.0);
        self.discount = self.discount / running.select(one + coupon.pack(), one);
    }

    /// Adds the interest that is deferred in step `p`, and what is deferred after it.
    #[inline(always)]
    pub fn defer(&mut self, p: usize, interest: Pack<L>, balance: Pack<L>, dust: Pack<L>) {
        let defers = interest.gt(dust);
        if defers.any() {
            let first = defers.and(self.first_deferral.lt(Pack::ZERO));
            self.first_deferral = first.select(Pack::splat(p as f64), self.first_deferral);
            self.periods_deferred += defers.keep(Pack::splat(1.0));
        }
        self.max_deferred = self.max_deferred.max(balance);
    }

    /// Adds the overdue interest after a date.
    #[inline(always)]
    pub fn fall_short(&mut self, overdue: Pack<L>) {
        self.max_shortfall = self.max_shortfall.max(overdue);
    }

    /// Ends a run with balance, deferred and overdue interest: nothing is paid after its last date.
    #[inline(always)]
    pub fn end(&mut self, balance: Pack<L>, deferred: Pack<L>, overdue: Pack<L>) {
        self.end = [balance, deferred, overdue];
        let [seen, before] = self.dates;
        for p in seen..before {
            self.flows[p] = Pack::ZERO;
            self.principal[p] = Pack::ZERO;
        }
    }

    /// Begins the life of a note that an event issues on step `p`.
    #[inline(never)]
    pub fn issue(&mut self, p: usize, issued: Pack<L>) {
        let now = issued.gt(Pack::ZERO);
        self.issued += issued;
        self.start = now.select(Pack::splat(p as f64), self.start);
        self.discount = now.select(Pack::splat(1.0), self.discount);
    }
}

/// What is counted as nothing, as a share of the original balance.
pub const DUST: f64 = 1e-9;

/// Times of a plan's payment dates.
#[derive(Clone, Debug)]
pub struct SummaryTimes {
    /// From closing to each distribution of residual notes.
    irr: IrrTimes,
    /// From the start of the run to each payment date.
    from_start: IrrTimes,
    /// Years from the start of the run, act/365.
    years: Vec<f64>,
    /// Days from closing, and how many of them are no payment dates of the schedule.
    days: Vec<i32>,
    off_schedule: usize,
}

impl SummaryTimes {
    /// The times of a plan.
    #[must_use]
    pub fn new<P>(plan: &Plan<P>) -> Self {
        let mut days = plan.days.clone();
        // Dates after a document's last are those of a longer one, which may lie before it: nothing is paid on them.
        for i in plan.off_schedule() + plan.last + 1..days.len() {
            days[i] = if days[i] > days[i - 1] { days[i] } else { days[i - 1] + 1 };
        }
        let (past, run) = days.split_at(plan.first() + plan.off_schedule());
        let start = past.last().copied().unwrap_or(0);
        Self {
            irr: IrrTimes::new(&days),
            from_start: IrrTimes::new(&run.iter().map(|day| day - start).collect::<Vec<_>>()),
            years: plan.periods.iter().map(|p| p.years).collect(),
            off_schedule: plan.off_schedule(),
            days,
        }
    }
}

/// Returns and average lives of one class, in lanes.
struct Measures<const L: usize> {
    /// What was paid for it; nothing where a state has nothing of it outstanding.
    outflow: Pack<L>,
    irr: Pack<L>,
    wal: Pack<L>,
}

/// Average life and return of a class, as a function of its own: its packs lie in memory.
struct Measure<'a, const L: usize, P> {
    principal: &'a [Pack<L>],
    years: &'a [f64],
    times: &'a IrrTimes,
    /// What it was paid on each of the times.
    flows: &'a mut [Pack<L>],
    outflow: Pack<L>,
    original: P,
}

impl<const L: usize, P: Param<L>> Kernel for Measure<'_, L, P> {
    type Output = Measures<L>;

    #[inline(always)]
    fn run(self) -> Measures<L> {
        let dust = self.original.map(|par| DUST * par).pack();
        let one = Pack::splat(1.0);
        let some = self.outflow.gt(Pack::ZERO).select(self.outflow, one);
        // Most classes are paid off long before the last date.
        let mut dates = self.flows.len();
        while dates > 0 && !self.flows[dates - 1].gt(Pack::ZERO).any() {
            dates -= 1;
        }
        Measures {
            outflow: self.outflow,
            irr: irr(self.times, some, &mut self.flows[..dates], dust),
            wal: weighted_average_life(self.years, self.principal),
        }
    }
}

/// Each class of each of the first `lanes` futures, future by future.
pub fn finish<const L: usize, P: Param<L>>(
    plan: &Plan<P>,
    times: &SummaryTimes,
    totals: &mut [NoteTotals<L>],
    isa: Isa,
    lanes: usize,
    out: &mut Vec<NoteSummary>,
) {
    let notes = &plan.deal.notes;
    let measures: Vec<Measures<L>> = totals
        .iter_mut()
        .zip(notes)
        .enumerate()
        .map(|(n, (totals, note))| {
            let original = note.original;
            let mut outflow = note.issue_price.zip(note.at_closing, |price, par| price * par).pack();
            let NoteTotals { principal, flows: all, .. } = totals;
            let (mut of_run, mut since) = (Vec::new(), &times.irr);
            let mut flows = all.as_mut_slice();
            match &plan.opening {
                None if plan.changes.is_empty() && plan.deal.commitments.is_empty() => {}
                // The returns of what events change, and of what is drawn, read the flows once more.
                None => {
                    of_run.extend_from_slice(flows);
                    flows = &mut of_run;
                }
                // From closing on, with what was paid before.
                Some(opening) if note.residual => {
                    outflow = plan.cost(n);
                    of_run.extend(opening.past.flows[n].iter().map(|paid| Pack::splat(*paid)));
                    of_run.extend_from_slice(&flows[opening.first..]);
                    flows = &mut of_run;
                }
                // As bought at par on the payment date of the state.
                Some(opening) => {
                    outflow = Pack::splat(opening.notes[n].balance);
                    of_run.extend_from_slice(&flows[opening.first..]);
                    flows = &mut of_run;
                    since = &times.from_start;
                }
            }
            isa.run(Measure { principal, years: &times.years, times: since, flows, outflow, original })
        })
        .collect();
    let original: Vec<Pack<L>> = notes.iter().map(|note| note.original.pack()).collect();
    let (mut balances, mut collateral) = (original.clone(), plan.pool.par + plan.deal.ramp_up_cash);
    if let Some(opening) = &plan.opening {
        balances = opening.notes.iter().map(|note| Pack::splat(note.balance)).collect();
        collateral = plan.pool.par + opening.cohorts.performing + opening.held;
    }
    for lane in 0..lanes {
        let at = |pack: &Pack<L>| pack.0[lane];
        let all: f64 = original
            .iter()
            .zip(notes)
            .enumerate()
            .filter(|(n, (_, note))| !note.is_combination() && note.replaces.is_none() && !plan.deal.foreign.note(*n))
            .map(|(_, (pack, _))| at(pack))
            .sum();
        for (n, note) in notes.iter().enumerate() {
            let (totals, measures) = (&totals[n], &measures[n]);
            let period = |pack: &Pack<L>| (at(pack) >= 0.0).then(|| at(pack) as u32);
            let dust = DUST * at(&original[n]);
            let later = note.replaces.is_some() || plan.deal.foreign.note(n);
            let before = plan.opening.as_ref().map_or(0.0, |opening| opening.notes[n].issued);
            let issued = before + at(&totals.issued);
            // Of a class that is drawn over time it is what is committed.
            let balance = if later && !(plan.deal.commits(n) && issued > 0.0) { issued } else { at(&original[n]) };
            let mut s = NoteSummary {
                note: n as u16,
                original: balance,
                balance: at(&totals.end[0]),
                subordination: f64::NAN,
                thickness: balance / all,
                interest_paid: at(&totals.interest_paid),
                interest_shortfall: at(&totals.end[2]),
                interest_loss: 0.0,
                deferred_interest_end: at(&totals.end[1]),
                first_deferral: period(&totals.first_deferral),
                periods_deferred: at(&totals.periods_deferred) as u32,
                max_deferred: at(&totals.max_deferred),
                principal_paid: at(&totals.principal_paid),
                principal_loss: 0.0,
                pv_loss: 0.0,
                wal: f64::NAN,
                first_payment: period(&totals.first_payment),
                last_payment: period(&totals.last_payment),
                irr: if at(&measures.outflow) > 0.0 { at(&measures.irr) } else { f64::NAN },
                max_interest_shortfall: at(&totals.max_shortfall),
            };
            if let Some(rank) = note.principal_rank {
                let ahead: f64 = notes
                    .iter()
                    .zip(&balances)
                    .enumerate()
                    .filter(|(m, (note, _))| {
                        // Of notes that events issue those that the state has.
                        let there = (note.replaces.is_none() && !plan.deal.foreign.note(*m))
                            || plan.opening.as_ref().is_some_and(|opening| opening.notes[*m].issued > 0.0);
                        there && note.principal_rank.is_some_and(|r| r <= rank)
                    })
                    .map(|(_, (_, balance))| at(balance))
                    .sum();
                s.subordination = 1.0 - ahead / collateral;
            }
            if !note.residual {
                let owed = s.deferred_interest_end + s.interest_shortfall;
                s.principal_loss = if s.balance > dust { s.balance } else { 0.0 };
                s.interest_loss = if owed > dust { owed } else { 0.0 };
                s.pv_loss = (s.principal_loss + s.interest_loss) * at(&totals.discount);
                // What a class with draws is paid is net of them.
                let repaid = s.principal_paid > dust || plan.deal.commits(n);
                s.wal = if repaid { at(&measures.wal) } else { f64::NAN };
            }
            if later && !(before > 0.0) {
                let issued = period(&totals.start).map(|p| p as usize);
                s.wal -= issued.map_or(f64::NAN, |p| times.years[p]);
                let price = note.issue_price.pack().0[lane];
                s.irr = match issued {
                    None => f64::NAN,
                    Some(p) if plan.deal.commits(n) => drawn_from_issue(times, totals, p, lane, (price, dust)),
                    Some(p) => from_issue(times, totals, p, lane, price),
                };
            } else if plan.deal.commits(n) {
                s.irr = with_draws(plan, times, totals, n, lane);
            } else if note.residual && plan.equity_contributes() {
                let outflow = at(&plan.cost(n));
                let (past, first) = plan
                    .opening
                    .as_ref()
                    .map_or((&[][..], 0), |opening| (opening.past.flows[n].as_slice(), opening.first));
                let flow = |i: usize| past.get(i).copied().unwrap_or_else(|| at(&totals.flows[i + first - past.len()]));
                s.irr = irr_with_contributions(&times.days, outflow, flow, dust);
            }
            out.push(s);
        }
    }
}

/// The return of a note on the price at which an event has issued it.
fn from_issue<const L: usize>(times: &SummaryTimes, totals: &NoteTotals<L>, p: usize, lane: usize, price: f64) -> f64 {
    let days = &times.days[times.off_schedule..];
    let days: Vec<i32> = days[p + 1..].iter().map(|day| day - days[p]).collect();
    let mut flows: Vec<Pack<1>> = totals.flows[p + 1..].iter().map(|flow| Pack([flow.0[lane]])).collect();
    let issued = totals.issued.0[lane];
    if days.is_empty() {
        return f64::NAN;
    }
    irr(&IrrTimes::new(&days), issued * price, &mut flows, DUST * issued).0[0]
}

/// The same of a class that is drawn over time.
fn drawn_from_issue<const L: usize>(
    times: &SummaryTimes,
    totals: &NoteTotals<L>,
    p: usize,
    lane: usize,
    (price, dust): (f64, f64),
) -> f64 {
    let days = &times.days[times.off_schedule..];
    let days: Vec<i32> = days[p + 1..].iter().map(|day| day - days[p]).collect();
    let outflow = totals.issued.0[lane] * price;
    let flow = |i: usize| totals.flows[p + 1 + i].0[lane];
    let paid_in = outflow > dust || (0..days.len()).any(|i| flow(i) < -dust);
    if paid_in { irr_with_contributions(&days, outflow, flow, dust) } else { f64::NAN }
}

/// The return of a class that is drawn over time: draws are paid in on their dates.
fn with_draws<const L: usize, P: Param<L>>(
    plan: &Plan<P>,
    times: &SummaryTimes,
    totals: &NoteTotals<L>,
    n: usize,
    lane: usize,
) -> f64 {
    let note = &plan.deal.notes[n];
    let outflow = match &plan.opening {
        Some(opening) => opening.notes[n].balance,
        None => note.at_closing.zip(note.issue_price, |par, price| par * price).pack().0[lane],
    };
    let (past, run) = times.days.split_at(plan.first() + times.off_schedule);
    let start = past.last().copied().unwrap_or(0);
    let days: Vec<i32> = run.iter().map(|day| day - start).collect();
    let flow = |p: usize| totals.flows[plan.first() + p].0[lane];
    let dust = DUST * note.original.pack().0[lane];
    let paid_in = outflow > 0.0 || (0..days.len()).any(|p| flow(p) < -dust);
    if paid_in { irr_with_contributions(&days, outflow, flow, dust) } else { f64::NAN }
}

/// Summarizes every class of a path.
#[must_use]
pub fn summarize(plan: &Plan, path: &Explained) -> Vec<NoteSummary> {
    // The dates are those of the document that rules at the end.
    let times = SummaryTimes::new(path.in_force(plan, plan.steps()));
    let mut totals = vec![NoteTotals::<1>::new(plan.steps()); plan.deal.notes.len()];
    for row in &path.notes {
        let (p, n) = (row.period as usize, row.note as usize);
        let coupon = if plan.changes.is_empty() { plan.periods[p].coupon[n] } else { row.coupon };
        let one = |x: f64| Pack([x]);
        let (dust, totals) = (one(DUST * plan.deal.notes[n].original), &mut totals[n]);
        totals.discount(coupon, Mask::splat(true));
        totals.pay(p, one(row.interest_paid + row.deferred_paid), Some(&one(row.principal_paid)), dust);
        totals.defer(p, one(row.deferred_interest), one(row.deferred_balance), dust);
        totals.fall_short(one(row.interest_shortfall));
        totals.end(one(row.end_balance), one(row.deferred_balance), one(row.interest_shortfall));
        if row.issued > 0.0 {
            totals.issue(p, one(row.issued));
        }
    }
    let mut out = Vec::new();
    finish(plan, &times, &mut totals, Isa::PORTABLE, 1, &mut out);
    subordination::of_resets(plan, path, &mut out);
    out
}
