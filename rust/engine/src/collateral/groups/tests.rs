use super::*;
use crate::collateral::ClosingPool;
use crate::collateral::Standing;
use crate::collateral::loan_flows::LoanFlows;

const STEPS: usize = 4;

/// A contract of 100 that repays 10 a step and the rest in the last, at 2 % a step.
fn contract(size: f64) -> Vec<ContractStep> {
    (0..STEPS)
        .map(|p| {
            let open = size * (1.0 - 0.1 * p as f64);
            let scheduled = if p + 1 == STEPS { open } else { size * 0.1 };
            let interest =
                Income { whole: open * 0.02, of_default: open * 0.01, of_prepaid: -0.005 * (open - scheduled) };
            ContractStep { open, scheduled, end: open - scheduled, interest, ..ContractStep::default() }
        })
        .collect()
}

fn rules() -> PoolRules {
    PoolRules { steps: STEPS, first: 0, carry_end: vec![2, 2, 3, 4], carries_defaults: true }
}

fn rates(mdr: f64, mpr: f64) -> GroupRates<f64> {
    GroupRates {
        mdr: vec![mdr; STEPS],
        mpr: vec![mpr; STEPS],
        recovery: vec![0.6; STEPS],
        recovery_step: vec![2, 3, 3, 3],
        sale: Vec::new(),
    }
}

/// Two loans, one by one.
fn loan_by_loan(mdr: f64, mpr: f64) -> ClosingPool {
    let mut pool = ClosingPool::new(2, STEPS);
    pool.discount_share[1] = 0.25;
    let (rates, mut flows) = (rates(mdr, mpr), LoanFlows::default());
    for (loan, size) in [100.0, 50.0].into_iter().enumerate() {
        flows.set(&contract(size), &rates.mdr, &rates.mpr, 0, &Standing::WHOLE);
        pool.add_loan(loan, &flows, &rates.recovery, &rates.recovery_step, &rules());
    }
    pool
}

fn together<const L: usize>(mdr: f64, mpr: f64) -> PoolFlows<L> {
    let mut group = LoanGroup::new(STEPS);
    group.add(&contract(100.0), 0.0, Some(0));
    group.add(&contract(50.0), 0.25, None);
    let mut flows = PoolFlows::new(STEPS, 1, true);
    flows.add_group(&group, &rates(mdr, mpr), &rules());
    flows
}

#[test]
fn a_group_does_what_its_loans_do_one_by_one() {
    for (mdr, mpr) in [(0.0, 0.0), (0.03, 0.05), (1.0, 0.2), (0.2, 1.0)] {
        let (one, other) = (loan_by_loan(mdr, mpr), together::<1>(mdr, mpr));
        for p in 0..STEPS {
            for q in 0..4 {
                let place = format!("{mdr} {mpr} step {p} quantity {q}");
                assert!((one.flows[p][q] - other.flows[p][q].0[0]).abs() < 1e-9, "{place}");
                assert!((one.defaulted[p][q] - other.defaulted[p][q].0[0]).abs() < 1e-9, "{place}");
            }
            assert!((one.discount[p] - other.discount[p].0[0]).abs() < 1e-9);
            assert!((one.defaults[p] - other.defaults[p].0[0]).abs() < 1e-9);
            assert!((one.rows[p][PERFORMING] - other.ccc[p].0[0]).abs() < 1e-9);
        }
    }
}

#[test]
fn lanes_with_their_own_rates_do_not_see_each_other() {
    let mut group = LoanGroup::new(STEPS);
    group.add(&contract(100.0), 0.0, Some(0));
    group.add(&contract(50.0), 0.25, None);
    let lanes = [(0.0, 0.1), (0.03, 0.05), (0.5, 0.0), (1.0, 0.2)];
    let each = |f: fn(&(f64, f64)) -> f64| vec![Pack(lanes.map(|lane| f(&lane))); STEPS];
    let rates_of = GroupRates {
        mdr: each(|lane| lane.0),
        mpr: each(|lane| lane.1),
        recovery: vec![Pack::splat(0.6); STEPS],
        recovery_step: vec![2, 3, 3, 3],
        sale: Vec::new(),
    };
    let mut flows = PoolFlows::<4>::new(STEPS, 1, true);
    flows.add_group(&group, &rates_of, &rules());
    for (lane, (mdr, mpr)) in lanes.into_iter().enumerate() {
        let alone = together::<1>(mdr, mpr);
        for p in 0..STEPS {
            for q in 0..4 {
                assert_eq!(flows.flows[p][q].0[lane].to_bits(), alone.flows[p][q].0[0].to_bits());
                assert_eq!(flows.defaulted[p][q].0[lane].to_bits(), alone.defaulted[p][q].0[0].to_bits());
            }
        }
    }
}
