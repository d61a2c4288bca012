use super::*;
use crate::collateral::ClosingPool;
use crate::collateral::Standing;
use crate::collateral::loan_flows::LoanFlows;

const STEPS: usize = 4;
const PLAIN: OfGroup<'static> = OfGroup { discount_share: 0.0, recovered: 1.0, past: &[], ccc: None };

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
        sale: Default::default(),
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
    group.add(&contract(100.0), &OfGroup { ccc: Some(0), ..PLAIN });
    group.add(&contract(50.0), &OfGroup { discount_share: 0.25, ..PLAIN });
    let mut flows = PoolFlows::new(STEPS, 1, true);
    flows.add_group(&group, &rates(mdr, mpr).read(), &rules());
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
    group.add(&contract(100.0), &OfGroup { ccc: Some(0), ..PLAIN });
    group.add(&contract(50.0), &OfGroup { discount_share: 0.25, ..PLAIN });
    let lanes = [(0.0, 0.1), (0.03, 0.05), (0.5, 0.0), (1.0, 0.2)];
    let each = |f: fn(&(f64, f64)) -> f64| vec![Pack(lanes.map(|lane| f(&lane))); STEPS];
    let rates_of = GroupRates {
        mdr: each(|lane| lane.0),
        mpr: each(|lane| lane.1),
        recovery: vec![Pack::splat(0.6); STEPS],
        recovery_step: vec![2, 3, 3, 3],
        sale: Default::default(),
    };
    let mut flows = PoolFlows::<4>::new(STEPS, 1, true);
    flows.add_group(&group, &rates_of.read(), &rules());
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

#[test]
fn loans_of_a_group_may_recover_unlike_parts_of_their_defaults() {
    let own = [0.6, 0.3];
    let (mdr, mpr) = (0.03, 0.05);
    let past =
        |loan: usize| PastDefault { step: Some(0), share: 0.04, recovery: own[loan] + 0.1, collected: 2, due: None };
    let standing = |loan: usize| Standing { share: 0.9, defaults: vec![past(loan)], drawn: false };
    let rules = PoolRules { first: 1, ..rules() };
    let (mut pool, mut flows) = (ClosingPool::new(2, STEPS), LoanFlows::default());
    let mut group = LoanGroup::standing(STEPS, standing(0).recovering(1.0));
    for (loan, size) in [100.0, 50.0].into_iter().enumerate() {
        let mut alone = GroupRates { recovery: vec![own[loan]; STEPS], ..rates(mdr, mpr) };
        let left = standing(loan);
        let of_loan = OfGroup { recovered: own[loan], past: &left.defaults, ..PLAIN };
        group.add(&contract(size), &of_loan);
        flows.set(&contract(size), &alone.mdr, &alone.mpr, 1, &left);
        alone.recovery[0] = past(loan).recovery;
        alone.recovery_step[0] = 2;
        pool.add_loan(loan, &flows, &alone.recovery, &alone.recovery_step, &rules);
    }
    let mut together = PoolFlows::<1>::new(STEPS, 0, true);
    let of_contract = GroupRates { recovery: vec![1.0; STEPS], ..rates(mdr, mpr) };
    together.add_group(&group, &of_contract.read(), &rules);
    for p in 0..STEPS {
        for q in 0..4 {
            let place = format!("step {p} quantity {q}");
            assert!((pool.defaulted[p][q] - together.defaulted[p][q].0[0]).abs() < 1e-9, "{place}");
        }
    }
    assert!(pool.defaulted[2][RECOVERIES] > 0.0);
}
