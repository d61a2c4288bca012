//! Each class over a whole path: what it was paid, what it lost, when.

use cloche_dispatch::{Isa, Kernel};

use super::explained::Explained;
use super::note_figures::{Figure, NoteFigures};
use super::plan::Plan;
use super::subordination;
use crate::lanes::{DealParam, Mask, Numbers, Pack};
use crate::metrics::{AverageLife, IrrTimes, irr, irr_with_contributions};

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
    /// Growth at its coupon from the start, or its issue, to the last date.
    growth: Pack<L>,
    /// Principal that an event has issued, and the period from 0 of its issue; below 0 without.
    issued: Pack<L>,
    start: Pack<L>,
    /// Dates seen in this run, and in the run before it.
    dates: [usize; 2],
    /// Every date of the deal, also those after an early end: the bits are those of the simulation.
    flows: Vec<Pack<L>>,
    life: AverageLife<L>,
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
            growth: Pack::splat(1.0),
            issued: Pack::ZERO,
            start: Pack::splat(NEVER),
            dates: [0; 2],
            flows: vec![Pack::ZERO; steps],
            life: AverageLife::ZERO,
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
        self.life = AverageLife::ZERO;
        self.growth = Pack::splat(1.0);
        for period in [&mut self.first_deferral, &mut self.first_payment, &mut self.last_payment, &mut self.start] {
            *period = Pack::splat(NEVER);
        }
    }

    /// Adds what is paid in step `p` (from 0), so many years from the start; `dust` is what counts as nothing of the class.
    #[inline(always)]
    pub fn pay(&mut self, p: usize, years: f64, interest: Pack<L>, principal: Option<&Pack<L>>, dust: Pack<L>) {
        self.dates[0] = p + 1;
        self.interest_paid += interest;
        // Without principal the sum has the bits of the interest.
        let Some(paid) = principal else {
            self.flows[p] = interest;
            return;
        };
        self.principal_paid += *paid;
        self.life.add(years, *paid);
        let pays = paid.gt(dust);
        if pays.any() {
            let period = Pack::splat(p as f64);
            let first = pays.and(self.first_payment.lt(Pack::ZERO));
            self.first_payment = first.select(period, self.first_payment);
            self.last_payment = pays.select(period, self.last_payment);
        }
        self.flows[p] = interest + *paid;
    }

    /// Goes on by one more date in the lanes whose run does.
    #[inline(always)]
    pub fn grow<P: DealParam<L>>(&mut self, coupon: P, running: Mask<L>) {
        let one = Pack::splat(1.0);
        self.growth = self.growth * running.select(one + coupon.pack(), one);
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
        }
    }

    /// Begins the life of a note that an event issues on step `p`.
    #[inline(never)]
    pub fn issue(&mut self, p: usize, issued: Pack<L>) {
        let now = issued.gt(Pack::ZERO);
        self.issued += issued;
        self.start = now.select(Pack::splat(p as f64), self.start);
        self.growth = now.select(Pack::splat(1.0), self.growth);
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
    pub fn new<P: Numbers>(plan: &Plan<P>) -> Self {
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

/// What the figures of a class are measured against.
struct Stands<const L: usize, P> {
    original: P,
    /// What the class and all of its rank or ahead of it had at the start; nothing outside the sequence.
    ahead: Option<Pack<L>>,
    /// Collateral at the start.
    collateral: f64,
    /// Original balances of all classes.
    all: Pack<L>,
    /// What had been issued before the run; absent for a class of closing.
    issued_before: Option<f64>,
    residual: bool,
    commits: bool,
}

/// The figures of a class, as a function of its own: its packs lie in memory.
struct Measure<'a, const L: usize, P> {
    totals: &'a NoteTotals<L>,
    stands: Stands<L, P>,
    times: &'a IrrTimes,
    /// What it was paid on each of the times, and for it.
    flows: &'a mut [Pack<L>],
    outflow: Pack<L>,
    out: &'a mut NoteFigures<L>,
}

impl<const L: usize, P: DealParam<L>> Kernel for Measure<'_, L, P> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { totals, stands, times, flows, outflow, out } = self;
        let original = stands.original.pack();
        let dust = stands.original.map(|par| DUST * par).pack();
        let (one, none) = (Pack::splat(1.0), Pack::splat(f64::NAN));
        let paid_for = outflow.gt(Pack::ZERO);
        // Most classes are paid off long before the last date.
        let mut dates = flows.len();
        while dates > 0 && !flows[dates - 1].gt(Pack::ZERO).any() {
            dates -= 1;
        }
        let rate = irr(times, paid_for.select(outflow, one), &mut flows[..dates], dust);
        *out.set(Figure::Irr) = paid_for.select(rate, none);
        let mut balance = original;
        if let Some(before) = stands.issued_before {
            // Of a class that is drawn over time it is what is committed.
            let issued = totals.issued + Pack::splat(before);
            balance = issued;
            if stands.commits {
                balance = issued.gt(Pack::ZERO).select(original, issued);
            }
        }
        let [end, deferred, overdue] = totals.end;
        *out.set(Figure::Original) = balance;
        *out.set(Figure::Thickness) = balance / stands.all;
        *out.set(Figure::Subordination) = match stands.ahead {
            Some(ahead) => one - ahead / Pack::splat(stands.collateral),
            None => none,
        };
        *out.set(Figure::Balance) = end;
        *out.set(Figure::InterestPaid) = totals.interest_paid;
        *out.set(Figure::InterestShortfall) = overdue;
        *out.set(Figure::DeferredInterestEnd) = deferred;
        *out.set(Figure::FirstDeferral) = totals.first_deferral;
        *out.set(Figure::PeriodsDeferred) = totals.periods_deferred;
        *out.set(Figure::MaxDeferred) = totals.max_deferred;
        *out.set(Figure::PrincipalPaid) = totals.principal_paid;
        *out.set(Figure::FirstPayment) = totals.first_payment;
        *out.set(Figure::LastPayment) = totals.last_payment;
        *out.set(Figure::MaxInterestShortfall) = totals.max_shortfall;
        for figure in [Figure::PrincipalLoss, Figure::InterestLoss, Figure::PvLoss] {
            *out.set(figure) = Pack::ZERO;
        }
        *out.set(Figure::Wal) = none;
        if !stands.residual {
            let owed = deferred + overdue;
            let principal_loss = end.gt(dust).keep(end);
            let interest_loss = owed.gt(dust).keep(owed);
            *out.set(Figure::PrincipalLoss) = principal_loss;
            *out.set(Figure::InterestLoss) = interest_loss;
            *out.set(Figure::PvLoss) = (principal_loss + interest_loss) * (one / totals.growth);
            let life = totals.life.years();
            // What a class with draws is paid is net of them.
            *out.set(Figure::Wal) =
                if stands.commits { life } else { totals.principal_paid.gt(dust).select(life, none) };
        }
    }
}

/// Each class of each of the first `lanes` futures.
pub fn finish<const L: usize, P: DealParam<L>>(
    plan: &Plan<P>,
    times: &SummaryTimes,
    totals: &mut [NoteTotals<L>],
    isa: Isa,
    lanes: usize,
    out: &mut Vec<NoteFigures<L>>,
) {
    let notes = &plan.deal.notes;
    // What stands from the start: classes of closing, and of notes that events issue those that the state has.
    let of_closing = |n: usize| notes[n].replaces.is_none() && !plan.deal.foreign.note(n);
    let issued_before = |n: usize| plan.opening.as_ref().map_or(0.0, |opening| opening.notes[n].issued);
    let (mut all, mut collateral) = (Pack::ZERO, plan.pool.par + plan.deal.ramp_up_cash);
    for (n, note) in notes.iter().enumerate() {
        if !note.is_combination() && of_closing(n) {
            all += note.original.pack();
        }
    }
    if let Some(opening) = &plan.opening {
        collateral = plan.pool.par + opening.cohorts.performing + opening.held;
    }
    let ahead = |rank: u32| {
        let mut sum = Pack::ZERO;
        for (m, note) in notes.iter().enumerate() {
            let there = of_closing(m) || issued_before(m) > 0.0;
            if there && note.principal_rank.is_some_and(|r| r <= rank) {
                sum += match &plan.opening {
                    Some(opening) => Pack::splat(opening.notes[m].balance),
                    None => note.original.pack(),
                };
            }
        }
        sum
    };
    out.resize(notes.len(), NoteFigures::ZERO);
    for (n, note) in notes.iter().enumerate() {
        let mut outflow = note.issue_price.zip(note.at_closing, |price, par| price * par).pack();
        let own = &mut totals[n];
        let mut all_flows = std::mem::take(&mut own.flows);
        let (mut of_run, mut since) = (Vec::new(), &times.irr);
        let mut flows = all_flows.as_mut_slice();
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
        let (before, commits) = (issued_before(n), plan.deal.commits(n));
        let stands = Stands {
            original: note.original,
            ahead: note.principal_rank.map(ahead),
            collateral,
            all,
            issued_before: (!of_closing(n)).then_some(before),
            residual: note.residual,
            commits,
        };
        isa.run(Measure { totals: own, stands, times: since, flows, outflow, out: &mut out[n] });
        own.flows = all_flows;
        if (!of_closing(n) && !(before > 0.0)) || commits || (note.residual && plan.equity_contributes()) {
            for lane in 0..lanes {
                apart(plan, times, &totals[n], (n, lane), &mut out[n]);
            }
        }
    }
}

/// Returns and average lives of what events issue, of what is drawn over time, and of residual notes that may pay in, in one
/// lane.
fn apart<const L: usize, P: DealParam<L>>(
    plan: &Plan<P>,
    times: &SummaryTimes,
    totals: &NoteTotals<L>,
    (n, lane): (usize, usize),
    out: &mut NoteFigures<L>,
) {
    let at = |pack: &Pack<L>| pack.0[lane];
    let note = &plan.deal.notes[n];
    let before = plan.opening.as_ref().map_or(0.0, |opening| opening.notes[n].issued);
    let dust = DUST * at(&note.original.pack());
    let later = note.replaces.is_some() || plan.deal.foreign.note(n);
    let irr = if later && !(before > 0.0) {
        let issued = (at(&totals.start) >= 0.0).then_some(at(&totals.start) as usize);
        out.set(Figure::Wal).0[lane] -= issued.map_or(f64::NAN, |p| times.years[p]);
        let price = note.issue_price.pack().0[lane];
        match issued {
            None => f64::NAN,
            Some(p) if plan.deal.commits(n) => drawn_from_issue(times, totals, p, lane, (price, dust)),
            Some(p) => from_issue(times, totals, p, lane, price),
        }
    } else if plan.deal.commits(n) {
        with_draws(plan, times, totals, n, lane)
    } else {
        let outflow = at(&plan.cost(n));
        let (past, first) =
            plan.opening.as_ref().map_or((&[][..], 0), |opening| (opening.past.flows[n].as_slice(), opening.first));
        let flow = |i: usize| past.get(i).copied().unwrap_or_else(|| at(&totals.flows[i + first - past.len()]));
        irr_with_contributions(&times.days, outflow, flow, dust)
    };
    out.set(Figure::Irr).0[lane] = irr;
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
fn with_draws<const L: usize, P: DealParam<L>>(
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

/// The figures of every class of a path.
#[must_use]
pub fn figures(plan: &Plan, path: &Explained) -> Vec<NoteFigures<1>> {
    // The dates are those of the document that rules at the end.
    let times = SummaryTimes::new(path.in_force(plan, plan.steps()));
    let mut totals = vec![NoteTotals::<1>::new(plan.steps()); plan.deal.notes.len()];
    for row in &path.notes {
        let (p, n) = (row.period as usize, row.note as usize);
        let coupon = if plan.changes.is_empty() { plan.periods[p].coupon[n] } else { row.coupon };
        let one = |x: f64| Pack([x]);
        let (dust, totals) = (one(DUST * plan.deal.notes[n].original), &mut totals[n]);
        totals.grow(coupon, Mask::splat(true));
        let interest = one(row.interest_paid + row.deferred_paid);
        totals.pay(p, times.years[p], interest, Some(&one(row.principal_paid)), dust);
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
