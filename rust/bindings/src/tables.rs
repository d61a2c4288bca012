//! The tables of one path and of many.

use cloche_engine::coverage::{TestKind, TestTerms};
use cloche_engine::lifecycle::NOT_DRAWN;
use cloche_engine::path::deal_terms::DealTerms;
use cloche_engine::path::explained::Explained;
use cloche_engine::path::plan::{PeriodTerms, Plan};
use cloche_engine::sim::estimates::{Distribution, Estimates};
use cloche_engine::time::Date;
use cloche_engine::waterfall::StepInfo;
use cloche_engine::waterfall::recorder::{Entry, Payee};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::columns::Columns;
use crate::notes::notes;

/// Payment and determination dates by period, and what the cash-flow table shows of the coupons.
pub struct Dates<'a> {
    pub payment: Vec<i32>,
    pub determination: Vec<i32>,
    /// Determination dates where all collateral is sold for the date.
    pub sale_determination: Vec<i32>,
    pub index_rate: Box<dyn Fn(usize, usize) -> f64 + 'a>,
    pub rate: Box<dyn Fn(usize, usize) -> f64 + 'a>,
    pub fraction: Box<dyn Fn(usize, usize) -> f64 + 'a>,
    pub active: Box<dyn Fn(usize, usize) -> bool + 'a>,
    /// The tests of all documents.
    pub tests: Vec<&'a TestTerms>,
}

impl<'a> Dates<'a> {
    /// The day on which a path's tests are measured.
    fn tested(&self, path: &Explained, period: u32) -> i32 {
        let days = if path.sold_on == Some(period) { &self.sale_determination } else { &self.determination };
        days[period as usize]
    }

    /// The dates of a path, each of the document that was in force.
    pub fn of(plan: &'a Plan, path: &'a Explained) -> Self {
        let period = |p: usize| &path.in_force(plan, p).periods[p];
        let all = |day: fn(&PeriodTerms) -> i32| (0..plan.steps()).map(|p| day(period(p))).collect();
        Self {
            payment: all(|p| p.payment),
            determination: all(|p| p.determination),
            sale_determination: all(|p| p.sale_determination),
            index_rate: Box::new(move |p, n| period(p).index_rate[n]),
            rate: Box::new(move |p, n| period(p).rate[n]),
            fraction: Box::new(move |p, n| period(p).day_count_fraction[n]),
            active: Box::new(move |p, t| period(p).active[t]),
            tests: (0..plan.deal.tests.len()).map(|t| plan.own_test(t)).collect(),
        }
    }
}

/// Puts the cash flows, tests, ledger, fees and events of a path into `out`.
pub fn path<'py>(
    py: Python<'py>,
    deal: &DealTerms,
    dates: &Dates<'_>,
    path: &Explained,
    out: &Bound<'py, PyDict>,
) -> PyResult<()> {
    out.set_item("cashflows", cashflows(py, deal, dates, path)?)?;
    out.set_item("tests", tests(py, dates, path)?)?;
    out.set_item("ledger", ledger(py, deal, dates, path)?)?;
    out.set_item("_places", places(py, deal, path)?)?;
    out.set_item("fees", fees(py, deal, dates, path)?)?;
    let events = Columns::new(py)
        .date("date", path.events.iter().map(|e| e.day.or(Some(dates.payment[e.period as usize]))).collect())?
        .text("event", path.events.iter().map(|e| e.event))?
        .text("detail", path.events.iter().map(|e| e.detail.as_str()))?;
    out.set_item("events", events.finish())?;
    out.set_item("conservation_error", path.conservation_error / deal.target_par)
}

fn cashflows<'py>(
    py: Python<'py>,
    deal: &DealTerms,
    dates: &Dates<'_>,
    path: &Explained,
) -> PyResult<Bound<'py, PyDict>> {
    let rows = &path.notes;
    let at = |r: &cloche_engine::path::explained::NoteRow| (r.period as usize, r.note as usize);
    let coupon = |r: &cloche_engine::path::explained::NoteRow, f: &dyn Fn(usize, usize) -> f64| {
        let (p, n) = at(r);
        if deal.notes[n].coupon.is_some() && !(r.issued > 0.0) { f(p, n) } else { f64::NAN }
    };
    let rate = |r: &cloche_engine::path::explained::NoteRow| {
        let fraction = coupon(r, &*dates.fraction);
        if r.repriced && fraction > 0.0 { r.coupon / fraction } else { coupon(r, &*dates.rate) }
    };
    Ok(Columns::new(py)
        .date("date", rows.iter().map(|r| Some(dates.payment[r.period as usize])).collect())?
        .text("note", rows.iter().map(|r| deal.notes[r.note as usize].name.as_str()))?
        .text("status", rows.iter().map(|r| if r.begin_balance + r.issued > 0.0 { "outstanding" } else { "paid" }))?
        .float("begin_balance", rows.iter().map(|r| r.begin_balance).collect())?
        .float("index_rate", rows.iter().map(|r| coupon(r, &*dates.index_rate)).collect())?
        .float("rate", rows.iter().map(rate).collect())?
        .float("day_count_fraction", rows.iter().map(|r| coupon(r, &*dates.fraction)).collect())?
        .float("interest_due", rows.iter().map(|r| r.interest_due).collect())?
        .float("interest_paid", rows.iter().map(|r| r.interest_paid).collect())?
        .float("deferred_interest", rows.iter().map(|r| r.deferred_interest).collect())?
        .float("deferred_paid", rows.iter().map(|r| r.deferred_paid).collect())?
        .float("deferred_balance", rows.iter().map(|r| r.deferred_balance).collect())?
        .float("interest_shortfall", rows.iter().map(|r| r.interest_shortfall).collect())?
        .float("principal_paid", rows.iter().map(|r| r.principal_paid).collect())?
        .float("end_balance", rows.iter().map(|r| r.end_balance).collect())?
        .float("final_loss", rows.iter().map(|r| r.final_loss).collect())?
        .float("issued", rows.iter().map(|r| if r.issued > NOT_DRAWN { r.issued } else { 0.0 }).collect())?
        .finish())
}

fn tests<'py>(py: Python<'py>, dates: &Dates<'_>, path: &Explained) -> PyResult<Bound<'py, PyDict>> {
    let rows = &path.ledger.tests;
    let test = |r: &cloche_engine::waterfall::recorder::TestEntry| dates.tests[r.test as usize];
    let ratio = |n: f64, d: f64| if d > 0.0 { n / d } else { f64::INFINITY };
    Ok(Columns::new(py)
        .date("date", rows.iter().map(|r| Some(dates.tested(path, r.period))).collect())?
        .text("test", rows.iter().map(|r| test(r).name.as_str()))?
        .text("kind", rows.iter().map(|r| test(r).kind.name()))?
        .float("numerator", rows.iter().map(|r| r.numerator).collect())?
        .float("denominator", rows.iter().map(|r| r.denominator).collect())?
        .float("ratio", rows.iter().map(|r| ratio(r.numerator, r.denominator)).collect())?
        .float("trigger", rows.iter().map(|r| test(r).trigger).collect())?
        .float("cushion", rows.iter().map(|r| ratio(r.numerator, r.denominator) - test(r).trigger).collect())?
        .float("cushion_amount", rows.iter().map(|r| r.numerator - test(r).trigger * r.denominator).collect())?
        .boolean(
            "passes",
            rows.iter()
                .map(|r| {
                    let passes =
                        r.denominator <= 0.0 || r.numerator >= test(r).threshold * r.denominator * (1.0 - 1e-12);
                    let over = test(r).kind == TestKind::TargetPar
                        && path.confirmed_before.is_some_and(|from| r.period >= from);
                    ((dates.active)(r.period as usize, r.test as usize) && !over).then_some(passes)
                })
                .collect(),
        )?
        .float("ratio_after", rows.iter().map(|r| ratio(r.numerator_after, r.denominator_after)).collect())?
        .finish())
}

fn ledger<'py>(py: Python<'py>, deal: &DealTerms, dates: &Dates<'_>, path: &Explained) -> PyResult<Bound<'py, PyDict>> {
    let rows = &path.ledger.entries;
    let infos = &deal.program.infos;
    let step = || rows.iter().map(|r| r.info as usize);
    // What happens before the payment date has its day.
    let mut days: Vec<i32> = rows.iter().filter_map(|r| r.day).collect();
    days.sort_unstable();
    days.dedup();
    let shown: Vec<String> = days.iter().map(|day| Date(*day).to_string()).collect();
    let place = |r: &Entry| match r.day.and_then(|day| days.binary_search(&day).ok()) {
        Some(place) => infos.len() + place,
        None => r.info as usize,
    };
    let labels = infos.iter().map(|info| &info.label).chain(&shown).map(String::as_str);
    Ok(Columns::new(py)
        .date("date", rows.iter().map(|r| Some(dates.payment[r.period as usize])).collect())?
        .text_of("waterfall", step(), infos.iter().map(|info| info.pot.name()))?
        .text_of("step", step(), infos.iter().map(|info| info.verb))?
        .text_of("label", rows.iter().map(place), labels)?
        .text(
            "payee",
            rows.iter().map(|r| match r.payee {
                Payee::Note(n) => deal.notes[n as usize].name.as_str(),
                Payee::Fee(f) => deal.fees[f as usize].name.as_str(),
                Payee::Account(cloche_engine::waterfall::Pot::Interest) => "interest account",
                Payee::Account(_) => "principal account",
                Payee::Reserve(a) => deal.accounts[a as usize].name.as_str(),
                Payee::Hedge(h) => deal.hedges[h as usize].name.as_str(),
                Payee::EventCost => cloche_engine::lifecycle::COST,
                Payee::Collateral => "collateral",
                Payee::Sequence => "note payment sequence",
            }),
        )?
        .float("due", rows.iter().map(|r| r.due).collect())?
        .float("paid", rows.iter().map(|r| r.paid).collect())?
        .float("available_before", rows.iter().map(|r| r.before).collect())?
        .float("available_after", rows.iter().map(|r| r.after).collect())?
        .text_of(
            "source",
            rows.iter().map(|r| 2 * r.info as usize + usize::from(r.transfer)),
            infos.iter().flat_map(|info| [source(info), "transfer"]),
        )?
        .text("reason", rows.iter().map(|r| r.reason.text()))?
        .finish())
}

/// Where the step of each ledger row stands in the document that rules on its date.
fn places<'py>(py: Python<'py>, deal: &DealTerms, path: &Explained) -> PyResult<Bound<'py, PyDict>> {
    let places = deal.program.infos.iter().map(|info| info.place.as_str());
    let steps = path.ledger.entries.iter().map(|r| r.info as usize);
    Ok(Columns::new(py).text_of("place", steps, places)?.finish())
}

/// Where the cash of a step's rows comes from, unless it only changes accounts.
fn source(info: &StepInfo) -> &'static str {
    if info.verb == "draw" { "draw" } else { info.pot.source() }
}

fn fees<'py>(py: Python<'py>, deal: &DealTerms, dates: &Dates<'_>, path: &Explained) -> PyResult<Bound<'py, PyDict>> {
    let rows = &path.fees;
    Ok(Columns::new(py)
        .date("date", rows.iter().map(|r| Some(dates.payment[r.period as usize])).collect())?
        .text("fee", rows.iter().map(|r| deal.fees[r.fee as usize].name.as_str()))?
        .float("base", rows.iter().map(|r| r.base).collect())?
        .float("due", rows.iter().map(|r| r.due).collect())?
        .float("paid", rows.iter().map(|r| r.paid).collect())?
        .float("unpaid", rows.iter().map(|r| r.unpaid).collect())?
        .finish())
}

/// A payment date of a path.
fn payment(plan: &Plan, path: &Explained, period: u32) -> i32 {
    let p = period as usize;
    path.in_force(plan, p).periods[p].payment
}

fn accounts<'py>(py: Python<'py>, plan: &Plan, path: &Explained) -> PyResult<Bound<'py, PyDict>> {
    let rows = &path.accounts;
    Ok(Columns::new(py)
        .date("date", rows.iter().map(|r| Some(payment(plan, path, r.period))).collect())?
        .text("account", rows.iter().map(|r| plan.deal.accounts[r.account as usize].name.as_str()))?
        .float("begin_balance", rows.iter().map(|r| r.begin_balance).collect())?
        .float("paid_in", rows.iter().map(|r| r.paid_in).collect())?
        .float("paid_out", rows.iter().map(|r| r.paid_out).collect())?
        .float("end_balance", rows.iter().map(|r| r.end_balance).collect())?
        .finish())
}

fn hedges<'py>(py: Python<'py>, plan: &Plan, path: &Explained) -> PyResult<Bound<'py, PyDict>> {
    let rows = &path.hedges;
    Ok(Columns::new(py)
        .date("date", rows.iter().map(|r| Some(payment(plan, path, r.period))).collect())?
        .text("hedge", rows.iter().map(|r| plan.deal.hedges[r.hedge as usize].name.as_str()))?
        .float("received", rows.iter().map(|r| r.received).collect())?
        .float("due", rows.iter().map(|r| r.due).collect())?
        .float("paid", rows.iter().map(|r| r.paid).collect())?
        .float("unpaid", rows.iter().map(|r| r.unpaid).collect())?
        .finish())
}

/// The collateral table of a path.
pub fn collateral<'py>(py: Python<'py>, plan: &Plan, path: &Explained) -> PyResult<Bound<'py, PyDict>> {
    let rows = &path.collateral;
    Ok(Columns::new(py)
        .date("date", rows.iter().map(|r| Some(payment(plan, path, r.period))).collect())?
        .float("performing_par", rows.iter().map(|r| r.performing_par).collect())?
        .float("defaulted_par", rows.iter().map(|r| r.defaulted_par).collect())?
        .float("ccc_par", rows.iter().map(|r| r.ccc_par).collect())?
        .float("principal_cash", rows.iter().map(|r| r.principal_cash).collect())?
        .float("interest_collected", rows.iter().map(|r| r.interest_collected).collect())?
        .float("scheduled_principal", rows.iter().map(|r| r.scheduled_principal).collect())?
        .float("prepaid_principal", rows.iter().map(|r| r.prepaid_principal).collect())?
        .float("recoveries", rows.iter().map(|r| r.recoveries).collect())?
        .float("sale_proceeds", rows.iter().map(|r| r.sale_proceeds).collect())?
        .float("new_defaults", rows.iter().map(|r| r.new_defaults).collect())?
        .float("new_purchases_par", rows.iter().map(|r| r.new_purchases_par).collect())?
        .float("purchase_cost", rows.iter().map(|r| r.purchase_cost).collect())?
        .float("floor_benefit", rows.iter().map(|r| r.floor_benefit).collect())?
        .float("unfunded", rows.iter().map(|r| r.unfunded).collect())?
        .float("oc_numerator", rows.iter().map(|r| r.oc_numerator).collect())?
        .float("ccc_excess_haircut", rows.iter().map(|r| r.ccc_excess_haircut).collect())?
        .float("discount_haircut", rows.iter().map(|r| r.discount_haircut).collect())?
        .float("defaulted_value", rows.iter().map(|r| r.defaulted_value).collect())?
        .float("market_value", rows.iter().map(|r| r.market_value).collect())?
        .float("was", rows.iter().map(|r| r.was).collect())?
        .float("warf", rows.iter().map(|r| r.warf).collect())?
        .float("wal", rows.iter().map(|r| r.wal).collect())?
        .float("diversity", rows.iter().map(|r| r.diversity).collect())?
        .float("n_obligors", rows.iter().map(|r| r.n_obligors).collect())?
        .float("par_built", rows.iter().map(|r| r.par_built).collect())?
        .finish())
}

/// All tables of a projected or replayed path.
pub fn explained<'py>(py: Python<'py>, plan: &Plan, result: &Explained) -> PyResult<Bound<'py, PyDict>> {
    let out = PyDict::new(py);
    let payments: Vec<i32> = (0_u32..).take(plan.steps()).map(|p| payment(plan, result, p)).collect();
    out.set_item("notes", notes(py, plan, result, &payments)?)?;
    out.set_item("collateral", collateral(py, plan, result)?)?;
    out.set_item("accounts", accounts(py, plan, result)?)?;
    out.set_item("hedges", hedges(py, plan, result)?)?;
    path(py, &plan.deal, &Dates::of(plan, result), result, &out)?;
    Ok(out)
}

/// The tables of a simulation.
pub fn estimates<'py>(py: Python<'py>, plan: &Plan, e: &Estimates) -> PyResult<Bound<'py, PyDict>> {
    let out = PyDict::new(py);
    let name = |n: u16| plan.deal.notes[n as usize].name.as_str();
    let rows = &e.notes;
    let nan = |n: usize| vec![f64::NAN; n];
    let notes = Columns::new(py)
        .text("note", rows.iter().map(|r| name(r.note)))?
        .float("default_probability", rows.iter().map(|r| r.default_probability).collect())?
        .float("default_probability_se", rows.iter().map(|r| r.default_probability_se).collect())?
        .float("expected_loss", rows.iter().map(|r| r.expected_loss).collect())?
        .float("expected_loss_se", rows.iter().map(|r| r.expected_loss_se).collect())?
        .float("loss_given_default", rows.iter().map(|r| r.loss_given_default).collect())?
        .float("interest_loss", rows.iter().map(|r| r.interest_loss).collect())?
        .float("interest_loss_se", rows.iter().map(|r| r.interest_loss_se).collect())?
        .float("pv_loss", rows.iter().map(|r| r.pv_loss).collect())?
        .float("pv_loss_se", rows.iter().map(|r| r.pv_loss_se).collect())?
        .float("loss_q95", rows.iter().map(|r| r.loss_q95).collect())?
        .float("loss_q99", rows.iter().map(|r| r.loss_q99).collect())?
        .float("loss_q999", rows.iter().map(|r| r.loss_q999).collect())?
        .float("cte_99", rows.iter().map(|r| r.cte_99).collect())?
        .float("wal", rows.iter().map(|r| r.wal).collect())?
        .float("wal_se", rows.iter().map(|r| r.wal_se).collect())?
        .float("price", nan(rows.len()))?
        .float("price_se", nan(rows.len()))?
        .float("interest_shortfall_probability", rows.iter().map(|r| r.interest_shortfall_probability).collect())?
        .float("interest_shortfall_probability_se", rows.iter().map(|r| r.interest_shortfall_probability_se).collect())?
        .float("deferral_probability", rows.iter().map(|r| r.deferral_probability).collect())?
        .float("deferral_probability_se", rows.iter().map(|r| r.deferral_probability_se).collect())?
        .float("first_loss_median", rows.iter().map(|r| r.first_loss_median).collect())?;
    out.set_item("notes", notes.finish())?;
    let rows = &e.cumulative_default;
    let cumulative = Columns::new(py)
        .text("note", rows.iter().map(|r| name(r.note)))?
        .int("year", rows.iter().map(|r| i64::from(r.year)).collect())?
        .text("basis", rows.iter().map(|r| if r.economic { "economic" } else { "realized" }))?
        .float("rate", rows.iter().map(|r| r.rate).collect())?
        .float("rate_se", rows.iter().map(|r| r.rate_se).collect())?;
    out.set_item("cumulative_default", cumulative.finish())?;
    out.set_item("pool", pool(py, e)?)?;
    out.set_item("equity", equity(py, plan, e)?)?;
    let dates = plan.told();
    let payment = |period: u32| Some(dates[period as usize].payment);
    let rows = &e.cashflows;
    let cashflows = Columns::new(py)
        .date("date", rows.iter().map(|r| payment(r.period)).collect())?
        .text("note", rows.iter().map(|r| name(r.note)))?
        .float("interest", rows.iter().map(|r| r.interest.0).collect())?
        .float("interest_se", rows.iter().map(|r| r.interest.1).collect())?
        .float("principal", rows.iter().map(|r| r.principal.0).collect())?
        .float("principal_se", rows.iter().map(|r| r.principal.1).collect())?
        .float("balance", rows.iter().map(|r| r.balance.0).collect())?
        .float("balance_se", rows.iter().map(|r| r.balance.1).collect())?;
    out.set_item("cashflows", cashflows.finish())?;
    let rows = &e.tests;
    let tests = Columns::new(py)
        .date("date", rows.iter().map(|r| Some(dates[r.period as usize].determination)).collect())?
        .text("test", rows.iter().map(|r| plan.deal.tests[r.test as usize].name.as_str()))?
        .float("failing_probability", rows.iter().map(|r| r.failing.0).collect())?
        .float("failing_probability_se", rows.iter().map(|r| r.failing.1).collect())?
        .float("expected_diversion", rows.iter().map(|r| r.diversion.0).collect())?
        .float("expected_diversion_se", rows.iter().map(|r| r.diversion.1).collect())?;
    out.set_item("tests", tests.finish())?;
    let rows = &e.events;
    let events = Columns::new(py)
        .text("event", rows.iter().map(|r| r.event))?
        .date("date", rows.iter().map(|r| payment(r.period)).collect())?
        .float("probability", rows.iter().map(|r| r.probability.0).collect())?
        .float("probability_se", rows.iter().map(|r| r.probability.1).collect())?;
    out.set_item("events", events.finish())?;
    out.set_item("conservation_error", e.conservation_error / plan.deal.target_par)?;
    Ok(out)
}

fn pool<'py>(py: Python<'py>, e: &Estimates) -> PyResult<Bound<'py, PyDict>> {
    let rows = &e.pool;
    let horizons: Vec<String> = rows.iter().map(|r| r.year.map_or("life".to_owned(), |y| y.to_string())).collect();
    Ok(Columns::new(py)
        .text("horizon", horizons.iter().map(String::as_str))?
        .float("company_default_rate", rows.iter().map(|r| r.company_default_rate).collect())?
        .float("company_default_rate_se", rows.iter().map(|r| r.company_default_rate_se).collect())?
        .float("company_default_rate_sd", rows.iter().map(|r| r.company_default_rate_sd).collect())?
        .float("default_rate", rows.iter().map(|r| r.default_rate).collect())?
        .float("default_rate_se", rows.iter().map(|r| r.default_rate_se).collect())?
        .float("default_rate_sd", rows.iter().map(|r| r.default_rate_sd).collect())?
        .float("default_rate_q50", rows.iter().map(|r| r.default_rate_q[0]).collect())?
        .float("default_rate_q95", rows.iter().map(|r| r.default_rate_q[1]).collect())?
        .float("default_rate_q99", rows.iter().map(|r| r.default_rate_q[2]).collect())?
        .float("default_rate_q999", rows.iter().map(|r| r.default_rate_q[3]).collect())?
        .float("loss_rate", rows.iter().map(|r| r.loss_rate).collect())?
        .float("loss_rate_se", rows.iter().map(|r| r.loss_rate_se).collect())?
        .float("loss_rate_sd", rows.iter().map(|r| r.loss_rate_sd).collect())?
        .float("loss_rate_q99", rows.iter().map(|r| r.loss_rate_q99).collect())?
        .float("defaults_number", rows.iter().map(|r| r.defaults_number).collect())?
        .float("defaults_par", rows.iter().map(|r| r.defaults_par).collect())?
        .finish())
}

fn equity<'py>(py: Python<'py>, plan: &Plan, e: &Estimates) -> PyResult<Bound<'py, PyDict>> {
    let rows = &e.equity;
    let mut out = Columns::new(py).text("note", rows.iter().map(|r| plan.deal.notes[r.note as usize].name.as_str()))?;
    for measure in ["irr", "moic"] {
        let of = |r: &'_ cloche_engine::sim::estimates::EquityEstimate| -> Distribution {
            if measure == "irr" { r.irr.clone() } else { r.moic.clone() }
        };
        out = out
            .float(measure, rows.iter().map(|r| of(r).mean).collect())?
            .float(&format!("{measure}_se"), rows.iter().map(|r| of(r).se).collect())?
            .float(&format!("{measure}_sd"), rows.iter().map(|r| of(r).sd).collect())?;
        for (k, q) in ["q01", "q05", "q25", "q50", "q75", "q95", "q99"].iter().enumerate() {
            out = out.float(&format!("{measure}_{q}"), rows.iter().map(|r| of(r).quantiles[k]).collect())?;
        }
    }
    Ok(out
        .float("probability_of_loss", rows.iter().map(|r| r.probability_of_loss).collect())?
        .float("probability_of_loss_se", rows.iter().map(|r| r.probability_of_loss_se).collect())?
        .float("irr_of_mean_flows", rows.iter().map(|r| r.irr_of_mean_flows).collect())?
        .finish())
}
