//! Loans that prepay on their own dates, by hand.

use super::*;
use crate::collateral::loan_flows::LoanFlows;

/// Twelve percent a year, simple: 1 % a month.
fn prepaying(steps: usize) -> OwnSteps {
    let rate = OwnRate { a_year: YearlyShare { rate: 0.12, is_simple: true }, by_days: false };
    OwnSteps { since: date("2026-01-08"), rates: vec![rate; steps] }
}

/// A million at 9 %, 30/360, whose dates are the firsts of months; its first period begins before the run.
fn monthly(steps: usize) -> LoanContract {
    LoanContract {
        day_count: DayCount::Thirty360,
        own: Some(own("2026-02-01", 1, "2026-01-01")),
        own_steps: Some(prepaying(steps)),
        ..loan()
    }
}

const FIVE_PERCENT: [(&str, f64); 8] = [
    ("2026-01-01", 0.05),
    ("2026-02-01", 0.05),
    ("2026-03-01", 0.05),
    ("2026-04-01", 0.05),
    ("2026-05-01", 0.05),
    ("2026-06-01", 0.05),
    ("2026-07-01", 0.05),
    ("2026-08-01", 0.05),
];

fn quarters() -> [StepDates; 2] {
    [step("2026-01-08", "2026-04-08", 0.25), step("2026-04-08", "2026-07-08", 0.25)]
}

/// What prepays on 1 February: 23 days of the run.
const FIRST: f64 = 0.12 * 23.0 / 360.0;

#[test]
fn each_own_date_prepays_after_its_interest() {
    let out = flows(&monthly(2), &quarters(), 0.0, 0.0, WHOLE, &FIVE_PERCENT);
    let second = 1e6 * (1.0 - FIRST);
    assert!(close(out.interest[0], 0.09 / 12.0 * (1e6 + second + second * 0.99)));
    assert!(close(out.prepaid[0], 1e6 - second * 0.99 * 0.99));
    assert!(close(out.end[0], second * 0.99 * 0.99));
    assert!(close(out.end[1], second * math::pow(0.99, 5.0)));
    assert!(close(out.begin[1], out.prepaid[1] + out.end[1]));
}

#[test]
fn defaults_come_first_and_instalments_before_what_prepays_on_their_date() {
    let contract = LoanContract { amortization_rate: 0.12, ..monthly(2) };
    let out = flows(&contract, &quarters(), 0.1, 0.0, WHOLE, &FIVE_PERCENT);
    let (mut left, mut scheduled, mut prepaid) = (9e5, 0.0, 0.0);
    for (k, share) in [FIRST, 0.01, 0.01].into_iter().enumerate() {
        let instalment = left / (100.0 - k as f64);
        scheduled += instalment;
        left -= instalment;
        prepaid += left * share;
        left *= 1.0 - share;
    }
    assert!(close(out.default[0], 1e5));
    assert!(close(out.scheduled[0], scheduled) && close(out.prepaid[0], prepaid) && close(out.end[0], left));
}

#[test]
fn prepaid_par_may_miss_what_its_own_period_earned_in_the_run() {
    let shares = InterestShares { on_default: 0.0, on_prepaid: 0.0 };
    let out = flows(&monthly(2), &quarters(), 0.0, 0.0, shares, &FIVE_PERCENT);
    let second = 1e6 * (1.0 - FIRST);
    let missed = 0.09 * (1e6 * FIRST * 23.0 / 360.0 + (second + second * 0.99) * 0.01 / 12.0);
    assert!(close(out.interest[0], 0.09 / 12.0 * (1e6 + second + second * 0.99) - missed));
}

#[test]
fn a_step_without_an_own_date_moves_nothing_and_a_sale_takes_what_has_accrued() {
    let dates = Some(own("2026-06-30", 6, "2025-12-30"));
    let contract = LoanContract { own: dates, ..monthly(2) };
    let [first, second] = quarters();
    let fixings = [("2025-12-30", 0.05), ("2026-06-30", 0.05)];
    let out = flows(&contract, &[first, StepDates { is_last: true, ..second }], 0.0, 0.0, WHOLE, &fixings);
    assert!(close(out.interest[0], 0.0) && close(out.end[0], 1e6));
    // 172 days of the run prepay on 30 June; eight days follow.
    let left = 1e6 * (1.0 - 0.12 * 172.0 / 360.0);
    assert!(close(out.end[1], left));
    assert!(close(out.interest[1], 0.09 * (1e6 * 0.5 + left * 8.0 / 360.0)));
}

#[test]
fn loans_of_a_group_on_the_same_dates_do_what_they_do_one_by_one() {
    use crate::collateral::closing_pool::{INTEREST, PERFORMING, PREPAID, PRINCIPAL, PoolRules};
    use crate::collateral::groups::{GroupRates, LoanGroup, OfGroup, PoolFlows};
    let steps = quarters();
    let shares = InterestShares { on_default: 0.5, on_prepaid: 0.5 };
    let fixings = Fixings { steps: vec![0.05; 2], own: FIVE_PERCENT.map(|(day, rate)| (date(day), rate)).to_vec() };
    // One of them matures in the first step, after one of its dates.
    let loans = [monthly(2), LoanContract { maturity: date("2026-02-10"), ..monthly(2) }];
    let [mdr, mpr, recovery] = [0.03, 0.0, 0.4].map(|rate| vec![rate; 2]);
    let rates = GroupRates { sale: Default::default(), mdr, mpr, recovery, recovery_step: vec![1, 1] };
    let rules = PoolRules { steps: 2, first: 0, carry_end: vec![2, 2], carries_defaults: true };
    let (mut group, mut sums) = (LoanGroup::new(2), [[0.0; 4]; 2]);
    for loan in &loans {
        let mut rows = Vec::new();
        contract(loan, &steps, 0, shares, &fixings, &mut rows);
        group.add(&rows, &OfGroup { discount_share: 0.0, recovered: 1.0, past: &[], ccc: None });
        let mut one = LoanFlows::default();
        one.set(&rows, &rates.mdr, &rates.mpr, 0, &Standing::WHOLE);
        for (p, sum) in sums.iter_mut().enumerate() {
            sum[INTEREST] += one.interest[p];
            sum[PRINCIPAL] += one.scheduled[p] + one.prepaid[p];
            sum[PERFORMING] += one.end[p];
            sum[PREPAID] += one.prepaid[p];
        }
    }
    let mut flows = PoolFlows::<1>::new(2, 0, true);
    flows.add_group(&group, &rates.read(), &rules);
    for (row, expected) in flows.flows.iter().zip(sums) {
        assert!(row.iter().zip(expected).all(|(flow, expected)| close(flow.0[0], expected)));
    }
    assert!(sums[0][PREPAID] > 0.0 && sums[1][INTEREST] > 0.0);
}
