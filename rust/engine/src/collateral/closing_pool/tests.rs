use super::*;

/// A loan of 100 that repays 10 a step, with interest of 2 % of what survives; half of it defaults in step 1.
fn flows() -> LoanFlows {
    LoanFlows {
        begin: vec![100.0, 90.0, 35.0, 25.0],
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
    PoolRules { steps: 4, carry_end: vec![carry_end; 4], carries_defaults }
}

fn pool(rules: &PoolRules) -> ClosingPool {
    let mut pool = ClosingPool::new(2, 4);
    for loan in 0..2 {
        for p in 0..4 {
            pool.row_recovery[loan * 4 + p] = 0.6;
            pool.row_recovery_step[loan * 4 + p] = if p < 2 { p as u32 + 2 } else { 3 };
        }
    }
    pool.discount_share[1] = 0.25;
    pool.add_loan(0, &flows(), rules);
    pool.add_loan(1, &flows(), rules);
    pool
}

#[test]
fn totals_are_the_sums_of_the_rows() {
    let pool = pool(&rules(4, true));
    assert_eq!(pool.par.to_bits(), 200.0_f64.to_bits());
    assert_eq!(pool.principal, [20.0, 20.0, 20.0, 50.0]);
    assert_eq!(pool.performing, [180.0, 70.0, 50.0, 0.0]);
    for p in 0..4 {
        let sum = |rows: &[f64]| rows[p] + rows[4 + p];
        assert_eq!(pool.interest[p].to_bits(), sum(&pool.row_interest).to_bits());
        assert_eq!(pool.principal[p].to_bits(), sum(&pool.row_principal).to_bits());
        assert_eq!(pool.performing[p].to_bits(), sum(&pool.row_performing).to_bits());
    }
    assert!(pool.has_discount);
    assert_eq!(pool.discount, [22.5, 8.75, 6.25, 0.0]);
}

#[test]
fn defaulted_par_is_carried_at_its_recovery_until_the_cash_comes() {
    let pool = pool(&rules(4, true));
    assert_eq!(pool.defaults, [0.0, 90.0, 0.0, 0.0]);
    assert_eq!(pool.defaulted_par, [0.0, 90.0, 90.0, 0.0]);
    assert_eq!(pool.carrying, [0.0, 54.0, 54.0, 0.0]);
    assert_eq!(pool.market_of_defaulted, [0.0, 54.0, 54.0, 0.0]);
    assert_eq!(pool.recoveries, [0.0, 0.0, 0.0, 54.0]);
}

#[test]
fn what_has_been_in_default_for_too_long_counts_nothing_and_its_cash_still_comes() {
    let old = pool(&rules(2, true));
    assert_eq!(old.carrying, [0.0, 54.0, 0.0, 0.0]);
    assert_eq!(old.market_of_defaulted, [0.0, 54.0, 54.0, 0.0]);
    assert_eq!(old.recoveries, [0.0, 0.0, 0.0, 54.0]);
    let worthless = pool(&rules(4, false));
    assert_eq!(worthless.carrying, [0.0; 4]);
    assert_eq!(worthless.recoveries, [0.0, 0.0, 0.0, 54.0]);
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
    assert_eq!(pool.defaulted_par, [10.0, 10.0, 0.0, 0.0]);
    assert_eq!(pool.market_of_defaulted, [5.0, 5.0, 0.0, 0.0]);
    assert_eq!(pool.carrying, [2.5, 0.0, 0.0, 0.0]);
    assert_eq!(pool.recoveries, [0.0, 0.0, 7.5, 0.0]);
    assert!(pool.par.abs() < 1e-12);
}
