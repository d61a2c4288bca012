use super::*;

/// A loan of 100 that repays 10 a step, with interest of 2 % of what survives; half of it defaults in step 1.
fn flows() -> LoanFlows {
    LoanFlows {
        begin: vec![100.0, 90.0, 35.0, 25.0],
        released: vec![0.0; 4],
        undrawn: vec![0.0; 4],
        default: vec![0.0, 45.0, 0.0, 0.0],
        interest: vec![2.0, 0.9, 0.7, 0.5],
        scheduled: vec![10.0, 10.0, 10.0, 25.0],
        prepaid: vec![0.0; 4],
        end: vec![90.0, 35.0, 25.0, 0.0],
        floor_benefit: vec![0.0; 4],
        last_step: 4,
    }
}

fn rules(carry_end: usize, carries_defaults: bool) -> PoolRules {
    PoolRules { steps: 4, first: 0, carry_end: vec![carry_end; 4], carries_defaults }
}

fn pool(rules: &PoolRules) -> ClosingPool {
    let mut pool = ClosingPool::new(2, 4);
    pool.discount_share[1] = 0.25;
    for loan in 0..2 {
        pool.add_loan(loan, &flows(), &[0.6; 4], &[2, 3, 3, 3], rules);
    }
    pool
}

/// One of four quantities that lie side by side.
fn column(rows: &[[f64; 4]], quantity: usize) -> Vec<f64> {
    rows.iter().map(|row| row[quantity]).collect()
}

#[test]
fn totals_are_the_sums_of_the_rows() {
    let pool = pool(&rules(4, true));
    assert_eq!(pool.par.to_bits(), 200.0_f64.to_bits());
    assert_eq!(column(&pool.flows, PRINCIPAL), [20.0, 20.0, 20.0, 50.0]);
    assert_eq!(column(&pool.flows, PERFORMING), [180.0, 70.0, 50.0, 0.0]);
    for p in 0..4 {
        for quantity in [INTEREST, PRINCIPAL, PERFORMING, PREPAID] {
            let sum = pool.rows[pool.row(0, p)][quantity] + pool.rows[pool.row(1, p)][quantity];
            assert_eq!(pool.flows[p][quantity].to_bits(), sum.to_bits());
        }
    }
    assert!(pool.has_discount);
    assert_eq!(pool.discount, [22.5, 8.75, 6.25, 0.0]);
}

#[test]
fn defaulted_par_is_carried_at_its_recovery_until_the_cash_comes() {
    let pool = pool(&rules(4, true));
    assert_eq!(pool.defaults, [0.0, 90.0, 0.0, 0.0]);
    assert_eq!(column(&pool.defaulted, DEFAULTED_PAR), [0.0, 90.0, 90.0, 0.0]);
    assert_eq!(column(&pool.defaulted, CARRYING), [0.0, 54.0, 54.0, 0.0]);
    assert_eq!(column(&pool.defaulted, MARKET), [0.0, 54.0, 54.0, 0.0]);
    assert_eq!(column(&pool.defaulted, RECOVERIES), [0.0, 0.0, 0.0, 54.0]);
}

#[test]
fn what_has_been_in_default_for_too_long_counts_nothing_and_its_cash_still_comes() {
    let old = pool(&rules(2, true));
    assert_eq!(column(&old.defaulted, CARRYING), [0.0, 54.0, 0.0, 0.0]);
    assert_eq!(column(&old.defaulted, MARKET), [0.0, 54.0, 54.0, 0.0]);
    assert_eq!(column(&old.defaulted, RECOVERIES), [0.0, 0.0, 0.0, 54.0]);
    let worthless = pool(&rules(4, false));
    assert_eq!(column(&worthless.defaulted, CARRYING), [0.0; 4]);
    assert_eq!(column(&worthless.defaulted, RECOVERIES), [0.0, 0.0, 0.0, 54.0]);
}

#[test]
fn an_asset_in_default_on_the_tape_is_carried_apart_from_its_market_value() {
    let mut pool = ClosingPool::new(0, 4);
    pool.add_defaulted(&DefaultedAsset {
        par: 10.0,
        market: 0.5,
        carrying: 0.25,
        recovery: 0.75,
        recovery_step: 2,
        carry_end: 1,
    });
    assert_eq!(column(&pool.defaulted, DEFAULTED_PAR), [10.0, 10.0, 0.0, 0.0]);
    assert_eq!(column(&pool.defaulted, MARKET), [5.0, 5.0, 0.0, 0.0]);
    assert_eq!(column(&pool.defaulted, CARRYING), [2.5, 0.0, 0.0, 0.0]);
    assert_eq!(column(&pool.defaulted, RECOVERIES), [0.0, 0.0, 7.5, 0.0]);
    assert!(pool.par.abs() < 1e-12);
}
