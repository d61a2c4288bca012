use cloche_dispatch::Isa;

use super::{ClosingStep, Drivers};
use crate::collateral::closing_pool::{ClosingPool, INTEREST, PoolRules};
use crate::collateral::holdings::Holdings;
use crate::collateral::loan::{ContractStep, Income};
use crate::collateral::loan_flows::LoanFlows;
use crate::collateral::proportional::{Contract, Proportional};
use crate::collateral::standing::Standing;

const STEPS: usize = 12;

/// A loan of its own par, rate, recovery and last step; the last outlive the steps.
struct Sketch {
    par: f64,
    rate: f64,
    recovery: f64,
    last: usize,
}

fn sketches() -> Vec<Sketch> {
    (0..9)
        .map(|i| Sketch {
            par: 100.0 + 7.0 * i as f64,
            rate: 0.015 + 0.002 * (i * 5 % 7) as f64,
            recovery: 0.4 + 0.05 * (i % 4) as f64,
            last: 2 + 2 * i,
        })
        .collect()
}

/// Amortizes by a share of par a step, and pays interest on what survives, half of it on what is prepaid.
fn contract(loan: &Sketch, amortization: f64) -> Vec<ContractStep> {
    let mut open = loan.par;
    (0..STEPS)
        .map(|p| {
            let alive = p <= loan.last;
            let scheduled = if p == loan.last { open } else { amortization * loan.par };
            let (begin, end) = (open, open - scheduled);
            open = end;
            let earned = begin * (0.01 + 0.001 * p as f64 + loan.rate);
            let interest = Income { whole: earned, of_default: 0.0, of_prepaid: -0.5 * earned };
            let step = ContractStep { open: begin, scheduled, end, interest, ..ContractStep::default() };
            if alive { step } else { ContractStep::default() }
        })
        .collect()
}

fn pool(loans: &[Sketch], cpr: impl Fn(usize) -> f64, amortization: impl Fn(usize) -> f64) -> ClosingPool {
    pool_that_carries(STEPS, loans, cpr, amortization)
}

/// The same with defaulted par that is carried for so many steps; recoveries come two steps after a default.
fn pool_that_carries(
    carried: usize,
    loans: &[Sketch],
    cpr: impl Fn(usize) -> f64,
    amortization: impl Fn(usize) -> f64,
) -> ClosingPool {
    let carry_end = (0..STEPS).map(|p| if p + carried < STEPS { p + carried } else { STEPS }).collect();
    let rules = PoolRules { steps: STEPS, first: 0, carry_end, carries_defaults: carried > 0 };
    let mut out = ClosingPool::new(loans.len(), STEPS);
    let collected: Vec<u32> =
        (0..STEPS as u32).map(|p| if p + 2 < STEPS as u32 { p + 2 } else { STEPS as u32 - 1 }).collect();
    let mut flows = LoanFlows::default();
    for (i, loan) in loans.iter().enumerate() {
        flows.set(&contract(loan, amortization(i)), &[0.0; STEPS], &[cpr(i); STEPS], 0, &Standing::WHOLE);
        out.add_loan(i, &flows, &[loan.recovery; STEPS], &collected, &rules);
    }
    // Two loans of one company, then companies of one loan each.
    let mut holdings = vec![(0..loans.len().min(2) as u32).collect()];
    holdings.extend((2..loans.len() as u32).map(|loan| vec![loan]));
    out.obligor_loans = Holdings::new(&holdings);
    find_closed_form(&mut out, loans, amortization);
    out
}

fn find_closed_form(pool: &mut ClosingPool, loans: &[Sketch], amortization: impl Fn(usize) -> f64) {
    let contract = |(i, loan): (usize, &Sketch)| {
        let first = contract(loan, amortization(i))[0];
        Contract { par: first.open, interest: first.interest.whole, scheduled: first.scheduled }
    };
    let contracts: Vec<Contract> = loans.iter().enumerate().map(contract).collect();
    let form = Proportional::of(pool, &contracts);
    pool.finish(form);
}

const DEFAULTS: [(usize, usize); 5] = [(0, 1), (1, 0), (3, 7), (6, 11), (7, 3)];

fn steps(pool: &ClosingPool) -> (Vec<ClosingStep<2>>, Vec<[f64; 2]>) {
    let mut drivers = Drivers::<2>::new(pool, false);
    drivers.reset(pool);
    let mut ends = Vec::new();
    for lane in 0..2 {
        drivers.open_lane(pool);
        // The second lane has the first two defaults alone.
        for (company, step) in &DEFAULTS[..if lane == 0 { 5 } else { 2 }] {
            ends.push(drivers.default(pool, lane, *company, *step));
        }
        drivers.close_lane(lane);
    }
    let mut out = vec![ClosingStep::ZERO; STEPS];
    for (p, step) in out.iter_mut().enumerate() {
        drivers.step(pool, p, Isa::PORTABLE, step);
    }
    (out, ends)
}

fn figures(step: &ClosingStep<2>) -> [[f64; 2]; 8] {
    [
        step.interest.0,
        step.principal.0,
        step.prepaid.0,
        step.performing.0,
        step.recoveries.0,
        step.carrying.0,
        step.market_of_defaulted.0,
        step.defaulted_par.0,
    ]
}

#[test]
fn a_pool_in_closed_form_does_what_its_loans_do_one_by_one() {
    does_what_its_loans_do(&pool(&sketches(), |_| 0.05, |_| 0.01), false);
    does_what_its_loans_do(&pool(&sketches(), |_| 0.05, |_| 0.0), false);
    does_what_its_loans_do(&pool(&sketches(), |_| 0.05, |i| 0.01 + 0.0001 * (i * 4 % 9) as f64), true);
}

#[test]
fn defaulted_par_is_carried_no_longer_than_the_rules_say() {
    for carried in [0, 1, 2] {
        let closed = pool_that_carries(carried, &sketches(), |_| 0.05, |_| 0.01);
        let form = closed.proportional.as_ref().unwrap();
        assert_eq!((form.carries_all, form.defaults.len()), (carried == 2, STEPS));
        does_what_its_loans_do(&closed, false);
        does_what_its_loans_do(&by_rows(&closed), false);
        let (of_steps, _) = steps(&closed);
        let some = of_steps.iter().any(|step| step.carrying.0[0] > 0.0);
        assert_eq!(some, carried > 0);
    }
}

#[test]
fn a_step_that_is_asked_for_again_has_the_same_bits() {
    let usual = pool(&sketches(), |_| 0.05, |_| 0.01);
    for pool in [by_rows(&usual), usual] {
        let (expected, _) = steps(&pool);
        let mut drivers = Drivers::<2>::new(&pool, false);
        drivers.reset(&pool);
        for lane in 0..2 {
            for (company, step) in &DEFAULTS[..if lane == 0 { 5 } else { 2 }] {
                drivers.default(&pool, lane, *company, *step);
            }
        }
        let mut step = ClosingStep::ZERO;
        for p in [4, 4, 0, 9, 3, 11] {
            drivers.step(&pool, p, Isa::PORTABLE, &mut step);
            assert_eq!(figures(&step), figures(&expected[p]), "step {p}");
        }
    }
}

#[test]
fn what_is_pending_is_what_later_steps_recover() {
    let usual = pool(&sketches(), |_| 0.05, |_| 0.01);
    let rows = ClosingPool { proportional: None, ..usual.clone() };
    for pool in [rows, by_rows(&usual), usual] {
        let (of_steps, _) = steps(&pool);
        let mut drivers = Drivers::<2>::new(&pool, false);
        drivers.reset(&pool);
        for lane in 0..2 {
            drivers.open_lane(&pool);
            for (company, step) in &DEFAULTS[..if lane == 0 { 5 } else { 2 }] {
                drivers.default(&pool, lane, *company, *step);
            }
            drivers.close_lane(lane);
        }
        let mut step = ClosingStep::ZERO;
        for p in 0..STEPS {
            drivers.step(&pool, p, Isa::PORTABLE, &mut step);
            let mut later = [0.0; 2];
            for step in &of_steps[p + 1..] {
                later = [later[0] + step.recoveries.0[0], later[1] + step.recoveries.0[1]];
            }
            let pending = drivers.pending(&pool, p).0;
            assert!((0..2).all(|lane| (pending[lane] - later[lane]).abs() < 1e-10), "step {p}: {pending:?}, {later:?}");
        }
    }
}

fn does_what_its_loans_do(closed: &ClosingPool, has_instalments: bool) {
    let form = closed.proportional.as_ref().unwrap();
    assert_eq!(form.has_instalments, has_instalments);
    let by_rows = ClosingPool { proportional: None, ..closed.clone() };
    let ((one, one_ends), (other, other_ends)) = (steps(closed), steps(&by_rows));
    for (p, (one, other)) in one.iter().zip(&other).enumerate() {
        for (q, (x, y)) in figures(one).into_iter().zip(figures(other)).enumerate() {
            assert!((x[0] - y[0]).abs() < 1e-10 && (x[1] - y[1]).abs() < 1e-10, "step {p}, {q}: {x:?} and {y:?}");
        }
    }
    for (x, y) in one_ends.iter().zip(&other_ends) {
        assert!((x[0] - y[0]).abs() < 1e-10 && (x[1] - y[1]).abs() < 1e-10, "{x:?} and {y:?}");
    }
}

#[test]
fn a_default_ends_what_is_left_of_the_loans_of_a_company() {
    let closed = pool(&sketches(), |_| 0.05, |_| 0.01);
    let (_, ends) = steps(&closed);
    // Par of the first company on the second step: two loans of 100 and 107, amortized and prepaid once.
    let left = (1.0 - 0.01) * (1.0 - 0.05);
    assert!((ends[0][0] - 207.0 * left).abs() < 1e-10);
    assert!((ends[0][1] - (100.0 * 0.6 + 107.0 * 0.55) * left).abs() < 1e-10);
}

/// What is left of a pool of two lanes after a default of every company, and what each ends; `few` where a default changes a few
/// numbers and nothing else.
fn after_defaults(pool: &ClosingPool, few: bool) -> (Vec<[[f64; 2]; 8]>, Vec<[u64; 2]>) {
    let mut drivers = Drivers::<2>::new(pool, false);
    let mut ends = Vec::new();
    for lane in 0..2 {
        drivers.open_lane(pool);
        for company in 0..pool.obligor_loans.obligors() {
            let k = (5 * company + 3 * lane) % STEPS;
            let end = if few {
                drivers.defaulting(pool, lane).unwrap().default(company, k)
            } else {
                drivers.default(pool, lane, company, k)
            };
            ends.push(end.map(f64::to_bits));
        }
        drivers.close_lane(lane);
    }
    let mut step = ClosingStep::ZERO;
    let figures = (0..STEPS).map(|p| {
        drivers.step(pool, p, Isa::PORTABLE, &mut step);
        figures(&step)
    });
    (figures.collect(), ends)
}

/// The pool whose defaults are read from the rows of its loans.
fn by_rows(pool: &ClosingPool) -> ClosingPool {
    let mut out = pool.clone();
    out.proportional.as_mut().unwrap().forget_defaults();
    out
}

#[test]
fn defaults_told_by_few_lines_have_the_bits_of_the_rows() {
    let usual = pool(&sketches(), |_| 0.05, |_| 0.01);
    let told = after_defaults(&usual, true);
    assert_eq!(usual.proportional.as_ref().unwrap().defaults.len(), STEPS);
    for other in [after_defaults(&usual, false), after_defaults(&by_rows(&usual), true)] {
        assert_eq!(told, other);
    }
    let unlike = pool(&sketches(), |_| 0.05, |i| 0.01 + 0.0001 * (i * 4 % 9) as f64);
    assert_eq!(after_defaults(&unlike, false), after_defaults(&by_rows(&unlike), false));
    // One recovery comes later, or is another in one step.
    for change in [0, 1] {
        let mut other = pool(&sketches(), |_| 0.05, |_| 0.01);
        let at = other.row(8, 4);
        if change == 0 {
            other.row_default[at].collected += 1;
        } else {
            other.row_default[at].value *= 1.001;
        }
        find_closed_form(&mut other, &sketches(), |_| 0.01);
        assert!(other.proportional.as_ref().unwrap().defaults.is_empty());
        assert_eq!(after_defaults(&other, true), after_defaults(&other, false));
        assert_ne!(after_defaults(&other, true), told);
    }
}

#[test]
fn loans_that_go_their_own_ways_have_no_closed_form() {
    let loans = sketches();
    assert!(pool(&loans, |i| 0.05 + 0.001 * f64::from(u8::from(i == 4)), |_| 0.01).proportional.is_none());
    let mut other = pool(&loans, |_| 0.05, |_| 0.01);
    let at = other.row(4, 3);
    other.rows[at][INTEREST] += 1e-6;
    find_closed_form(&mut other, &loans, |_| 0.01);
    assert!(other.proportional.is_none());
    assert!(pool(&[], |_| 0.05, |_| 0.01).proportional.is_none());
    let one = pool(&loans[3..4], |_| 0.05, |_| 0.01);
    assert!(one.proportional.is_some());
}
