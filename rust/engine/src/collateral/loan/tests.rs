use super::*;
use crate::collateral::Standing;
use crate::collateral::loan_flows::LoanFlows;
use crate::math;

/// Fixings that differ by step and by the start of an own period.
struct Fixings {
    steps: Vec<f64>,
    own: Vec<(Date, f64)>,
}

impl LoanFixings for Fixings {
    fn step(&self, step: usize) -> f64 {
        self.steps[step]
    }
    fn own(&self, start: Date) -> f64 {
        self.own.iter().find(|(date, _)| *date == start).map_or(f64::NAN, |(_, rate)| *rate)
    }
}

fn date(text: &str) -> Date {
    Date::parse(text).unwrap()
}

fn step(start: &str, end: &str, years: f64) -> StepDates {
    StepDates { start: date(start), end: date(end), is_last: false, years, on_pik: 1.0, draws: YearlyShare::default() }
}

/// A million at 4 % over the index, act/360, without amortization.
fn loan() -> LoanContract {
    LoanContract {
        par: 1e6,
        original_par: 1e6,
        coupon: LoanCoupon::Floating { spread: 0.04, floor: 0.0, csa: 0.0, csa_in_floor: false },
        day_count: DayCount::Act360,
        maturity: date("2031-01-08"),
        amortization_rate: 0.0,
        pik_spread: 0.0,
        commitment: Commitment::default(),
        own: None,
        own_steps: None,
    }
}

fn own(first: &str, months: u32, accrual_start: &str) -> OwnDates {
    let closing = date("2026-01-08");
    OwnDates { first: date(first), months, accrual_start: date(accrual_start), closing, current_rate: None }
}

const WHOLE: InterestShares = InterestShares { on_default: 0.0, on_prepaid: 1.0 };

fn flows(
    loan: &LoanContract,
    steps: &[StepDates],
    mdr: f64,
    mpr: f64,
    shares: InterestShares,
    own: &[(&str, f64)],
) -> LoanFlows {
    let fixings =
        Fixings { steps: vec![0.05; steps.len()], own: own.iter().map(|(day, rate)| (date(day), *rate)).collect() };
    let (mut steps_of, mut out) = (Vec::new(), LoanFlows::default());
    contract(loan, steps, 0, shares, &fixings, &mut steps_of);
    out.set(&steps_of, &vec![mdr; steps.len()], &vec![mpr; steps.len()], 0, &Standing::WHOLE);
    out
}

fn close(value: f64, expected: f64) -> bool {
    (value - expected).abs() <= 1e-9 * (1.0 + expected.abs())
}

#[test]
fn a_quarter_of_default_instalment_and_prepayment_follows_the_order_of_the_pool_step() {
    // Case `cdr_cpr_quarter`: standard definitions, 2 % CDR, 20 % CPR, an instalment of 250,000 on 100 million.
    let contract = LoanContract { par: 100e6, original_par: 100e6, amortization_rate: 0.01, ..loan() };
    let (mdr, mpr) = (1.0 - math::pow(0.98, 0.25), 1.0 - math::pow(0.80, 0.25));
    assert!((mdr - 0.005_037_943_607).abs() < 1e-12 && (mpr - 0.054_258_390_997).abs() < 1e-12);
    let out = flows(&contract, &[step("2026-01-08", "2026-04-08", 0.25)], mdr, mpr, WHOLE, &[]);
    assert!((out.default[0] - 503_794.360_731).abs() < 1e-5);
    assert!((out.scheduled[0] - 248_740.514_098).abs() < 1e-5);
    assert!((out.prepaid[0] - 5_385_007.768_205).abs() < 1e-5);
    assert!((out.end[0] - 93_862_457.356_965).abs() < 1e-5);
    // Survivors earn 9 % over the 90 days of the collection period.
    assert!(close(out.interest[0], (100e6 - out.default[0]) * 0.09 * 90.0 / 360.0));
}

#[test]
fn an_instalment_falls_with_what_has_defaulted_and_prepaid_and_ends_with_the_contract() {
    let contract = LoanContract { original_par: 2e6, amortization_rate: 0.60, ..loan() };
    let steps = [
        step("2026-01-08", "2026-04-08", 0.25),
        step("2026-04-08", "2026-07-08", 0.25),
        step("2026-07-08", "2026-10-08", 0.25),
        step("2026-10-08", "2027-01-08", 0.25),
    ];
    // 300,000 a quarter of a contract of 1,000,000, 700,000, 400,000, 100,000.
    let out = flows(&contract, &steps, 0.0, 0.0, WHOLE, &[]);
    assert!(close(out.scheduled[0], 300e3) && close(out.scheduled[2], 300e3) && close(out.scheduled[3], 100e3));
    assert_eq!(out.last_step, 4);
    let half = flows(&contract, &steps, 0.5, 0.0, WHOLE, &[]);
    assert!(close(half.scheduled[0], 500e3 * 0.3));
    assert!(close(half.scheduled[1], 350e3 * 0.5 * 300.0 / 700.0));
}

#[test]
fn a_maturing_loan_stops_earning_on_its_maturity_date_and_repays_what_survives() {
    let contract = LoanContract { maturity: date("2026-05-20"), ..loan() };
    let steps = [
        step("2026-01-08", "2026-04-08", 0.25),
        step("2026-04-08", "2026-07-08", 0.25),
        step("2026-07-08", "2026-10-08", 0.25),
    ];
    let out = flows(&contract, &steps, 0.01, 0.10, WHOLE, &[]);
    let alive = out.end[0] * 0.99;
    assert!(close(out.scheduled[1], alive) && out.prepaid[1].abs() < 1e-12 && out.end[1].abs() < 1e-12);
    assert!(close(out.interest[1], alive * 0.09 * 42.0 / 360.0));
    assert_eq!(out.last_step, 2);
    assert!(out.interest[2].abs() < 1e-12);
}

#[test]
fn prepaid_and_defaulted_par_earn_the_share_of_the_step_that_the_conventions_name() {
    let steps = [step("2026-01-08", "2026-04-08", 0.25)];
    for (on_default, on_prepaid) in [(0.0, 1.0), (0.5, 0.5), (1.0, 0.0)] {
        let out = flows(&loan(), &steps, 0.10, 0.20, InterestShares { on_default, on_prepaid }, &[]);
        // 100,000 default, 180,000 prepay, 720,000 stay.
        let earning = 720e3 + on_prepaid * 180e3 + on_default * 100e3;
        assert!(close(out.interest[0], earning * 0.09 * 90.0 / 360.0), "{on_default} {on_prepaid}");
    }
}

#[test]
fn own_periods_pay_where_they_end_and_prepaid_par_pays_its_accrued_interest() {
    let contract = LoanContract { amortization_rate: 0.04, own: Some(own("2026-02-15", 3, "2025-11-15")), ..loan() };
    let steps = [step("2026-01-08", "2026-04-08", 0.25), step("2026-04-08", "2026-07-08", 0.25)];
    let fixed = [("2025-11-15", 0.03), ("2026-02-15", 0.04), ("2026-05-15", 0.05)];
    let out = flows(&contract, &steps, 0.0, 0.10, WHOLE, &fixed);
    // 92 days at 7 % on a million; 10,000 repaid on 15 February; 99,000 prepay with 52 days at 8 %.
    assert!(close(out.scheduled[0], 10e3) && close(out.prepaid[0], 99e3));
    assert!(close(out.interest[0], 1e6 * 0.07 * 92.0 / 360.0 + 99e3 * 0.08 * 52.0 / 360.0));
    // 891,000 are left of a contract of 990,000; 89 days at 8 %, then 54 days at 9 % on what prepays.
    let paid = 891e3 * 10.0 / 990.0;
    let prepaid = (891e3 - paid) * 0.10;
    assert!(close(out.scheduled[1], paid) && close(out.prepaid[1], prepaid));
    assert!(close(out.interest[1], 891e3 * 0.08 * 89.0 / 360.0 + prepaid * 0.09 * 54.0 / 360.0));
}

#[test]
fn an_instalment_lowers_the_own_period_that_starts_on_its_date_inside_the_same_step() {
    let contract = LoanContract { amortization_rate: 0.12, own: Some(own("2026-02-01", 1, "2026-01-01")), ..loan() };
    let fixed = [("2026-01-01", 0.05), ("2026-02-01", 0.05), ("2026-03-01", 0.05), ("2026-04-01", 0.05)];
    let out = flows(&contract, &[step("2026-01-01", "2026-03-15", 0.2)], 0.0, 0.0, WHOLE, &fixed);
    // 10,000 on 1 February and on 1 March; 31 days on a million, 28 days on 990,000.
    assert!(close(out.scheduled[0], 20e3));
    assert!(close(out.interest[0], 0.09 / 360.0 * (31.0 * 1e6 + 28.0 * 990e3)));
}

#[test]
fn own_dates_are_clipped_to_the_end_of_the_month_and_come_back() {
    let contract = LoanContract { own: Some(own("2026-01-31", 1, "2025-12-31")), ..loan() };
    let fixed = [("2025-12-31", 0.05), ("2026-01-31", 0.05), ("2026-02-28", 0.05), ("2026-03-31", 0.05)];
    let out = flows(&contract, &[step("2026-01-08", "2026-03-31", 0.25)], 0.0, 0.0, WHOLE, &fixed);
    assert!(close(out.interest[0], 1e6 * 0.09 * f64::from(31 + 28 + 31) / 360.0));
}

#[test]
fn a_maturing_loan_with_own_dates_pays_the_stub_to_its_maturity() {
    let contract = LoanContract {
        maturity: date("2026-05-20"),
        amortization_rate: 0.04,
        own: Some(own("2026-02-15", 3, "2025-11-15")),
        ..loan()
    };
    let fixed = [("2026-02-15", 0.04), ("2026-05-15", 0.05)];
    let out = flows(&contract, &[step("2026-04-08", "2026-07-08", 0.25)], 0.0, 0.30, WHOLE, &fixed);
    // The period to 15 May on a million with its instalment, 5 days on the rest; nothing prepays.
    assert!(close(out.scheduled[0], 1e6) && out.prepaid[0].abs() < 1e-12);
    assert!(close(out.interest[0], 1e6 * 0.08 * 89.0 / 360.0 + 990e3 * 0.09 * 5.0 / 360.0));
}

#[test]
fn a_stated_current_rate_holds_until_the_next_own_date() {
    let mut dates = own("2026-02-15", 3, "2025-11-15");
    dates.current_rate = Some(0.10);
    let contract = LoanContract { own: Some(dates), ..loan() };
    let steps = [step("2026-01-08", "2026-04-08", 0.25), step("2026-04-08", "2026-07-08", 0.25)];
    let out = flows(&contract, &steps, 0.0, 0.0, WHOLE, &[("2026-02-15", 0.04), ("2026-05-15", 0.05)]);
    assert!(close(out.interest[0], 1e6 * 0.10 * 92.0 / 360.0));
    assert!(close(out.interest[1], 1e6 * 0.08 * 89.0 / 360.0));
}

#[test]
fn par_that_is_sold_on_the_last_day_has_earned_until_then() {
    let contract = LoanContract { own: Some(own("2026-02-15", 3, "2025-11-15")), ..loan() };
    let steps = [StepDates { is_last: true, ..step("2026-01-08", "2026-04-08", 0.25) }];
    let out = flows(&contract, &steps, 0.0, 0.10, WHOLE, &[("2025-11-15", 0.03), ("2026-02-15", 0.04)]);
    assert!(close(out.interest[0], 1e6 * (0.07 * 92.0 + 0.08 * 52.0) / 360.0));
}

#[test]
fn prepaid_par_with_own_dates_loses_what_it_earned_in_the_step_where_the_convention_says_so() {
    let contract = LoanContract { own: Some(own("2026-02-15", 3, "2025-11-15")), ..loan() };
    let shares = InterestShares { on_prepaid: 0.0, ..WHOLE };
    let fixed = [("2025-11-15", 0.03), ("2026-02-15", 0.04)];
    let out = flows(&contract, &[step("2026-01-08", "2026-04-08", 0.25)], 0.0, 0.10, shares, &fixed);
    // Of the 92 days to 15 February 38 lie in the step.
    assert!(close(out.interest[0], (1e6 * 0.07 * 92.0 - 100e3 * 0.07 * 38.0) / 360.0));
}

#[test]
fn a_floor_is_on_the_index_unless_the_adjustment_is_inside_it() {
    let coupon = |csa_in_floor| LoanCoupon::Floating { spread: 0.035, floor: 0.03, csa: 0.001, csa_in_floor };
    assert!(close(coupon(false).rate(0.02), 0.03 + 0.001 + 0.035));
    assert!(close(coupon(true).rate(0.02), 0.03 + 0.035));
    assert!(close(coupon(false).rate(0.04), 0.04 + 0.001 + 0.035));
    assert!(close(coupon(true).rate(0.04), 0.04 + 0.001 + 0.035));
    assert!(close(coupon(false).floor_benefit(0.02), 0.010) && close(coupon(true).floor_benefit(0.02), 0.009));
    assert!(close(coupon(false).floor_benefit(0.04), 0.0));
    assert!(close(LoanCoupon::Fixed { rate: 0.07 }.rate(0.02), 0.07));
}

#[test]
fn every_step_of_every_loan_gives_away_what_it_opens_with() {
    let steps = [
        step("2026-01-08", "2026-04-08", 7.0 / 12.0),
        step("2026-04-08", "2026-07-08", 0.25),
        step("2026-07-08", "2026-10-08", 0.25),
        step("2026-10-08", "2027-01-08", 0.25),
    ];
    let fixed: Vec<(String, f64)> = (1..=12)
        .flat_map(|month| [("2026", month), ("2025", month), ("2027", month)])
        .map(|(year, month)| (format!("{year}-{month:02}-15"), 0.05))
        .collect();
    let fixed: Vec<(&str, f64)> = fixed.iter().map(|(day, rate)| (day.as_str(), *rate)).collect();
    for maturity in ["2026-03-01", "2026-07-08", "2026-08-15", "2030-01-01"] {
        for months in [0, 1, 3, 6] {
            for (mdr, mpr) in [(0.0, 0.0), (0.03, 0.2), (1.0, 0.2), (0.0, 1.0), (0.3, 1.0)] {
                let mut contract =
                    LoanContract { maturity: date(maturity), amortization_rate: 0.05, original_par: 1.3e6, ..loan() };
                if months > 0 {
                    contract.own = Some(own("2026-02-15", months, "2026-01-15"));
                }
                let out = flows(&contract, &steps, mdr, mpr, WHOLE, &fixed);
                let mut opening = 1e6;
                for p in 0..4 {
                    let gone = out.default[p] + out.scheduled[p] + out.prepaid[p] + out.end[p];
                    assert!((out.begin[p] - gone).abs() < 1e-8, "{maturity} {months} {mdr} {mpr} step {p}");
                    assert!((out.begin[p] - opening).abs() < 1e-8 || p >= out.last_step as usize);
                    assert!(out.begin[p] >= 0.0 && out.end[p] >= 0.0 && out.interest[p] >= 0.0);
                    opening = out.end[p];
                }
                assert_eq!(out.last_step as usize, out.begin.iter().filter(|x| **x > 0.0).count());
            }
        }
    }
}

#[test]
fn capitalized_interest_is_a_claim_beside_par_that_earns_and_comes_as_interest_with_the_last_par() {
    let contract = LoanContract { maturity: date("2026-05-20"), pik_spread: 0.02, ..loan() };
    let steps = [step("2026-01-08", "2026-04-08", 0.25), step("2026-04-08", "2026-07-08", 0.25)];
    let out = flows(&contract, &steps, 0.0, 0.0, WHOLE, &[]);
    // 90 days at 2 % on a million: 5,000, which earns with it for the 42 days to maturity.
    assert!(close(out.interest[0], 1e6 * 0.09 * 90.0 / 360.0) && close(out.end[0], 1e6));
    let capitalized = 5e3 + 1_005_000.0 * 0.02 * 42.0 / 360.0;
    assert!(close(out.interest[1], 1_005_000.0 * 0.09 * 42.0 / 360.0 + capitalized));
    assert!(close(out.scheduled[1], 1e6));
    let idle = flows(&contract, &steps.map(|step| StepDates { on_pik: 0.0, ..step }), 0.0, 0.0, WHOLE, &[]);
    assert!(close(idle.interest[1], 1e6 * 0.09 * 42.0 / 360.0 + 5e3 + 1e6 * 0.02 * 42.0 / 360.0));
}

#[test]
fn what_prepays_brings_its_capitalized_interest_and_what_defaults_loses_it() {
    let contract = LoanContract { pik_spread: 0.02, ..loan() };
    let steps = [step("2026-01-08", "2026-04-08", 0.25), step("2026-04-08", "2026-07-07", 0.25)];
    let out = flows(&contract, &steps, 0.10, 0.20, WHOLE, &[]);
    // 900,000 survive with 4,500 that are capitalized; a fifth of both is paid.
    assert!(close(out.interest[0], 900e3 * 0.09 * 0.25 + 0.2 * 4_500.0));
    let (par, pik) = (720e3 * 0.9, 3_600.0 * 0.9);
    let capitalized = pik + (par + pik) * 0.02 * 0.25;
    assert!(close(out.default[1], 72e3));
    assert!(close(out.interest[1], (par + pik) * 0.09 * 0.25 + 0.2 * capitalized));
    let half = flows(&contract, &steps, 0.0, 0.20, InterestShares { on_prepaid: 0.5, ..WHOLE }, &[]);
    // The prepaid fifth earns half of the step, paid and capitalized.
    assert!(close(half.interest[0], 900e3 * 0.09 * 0.25 + 0.2 * 5_000.0 - 0.5 * 200e3 * 0.02 * 0.25));
}

#[test]
fn own_periods_capitalize_on_their_dates_and_a_sale_brings_nothing_for_it() {
    let contract = LoanContract { pik_spread: 0.02, own: Some(own("2026-02-15", 3, "2025-11-15")), ..loan() };
    let fixed = [("2025-11-15", 0.03), ("2026-02-15", 0.04)];
    let steps = [step("2026-01-08", "2026-04-08", 0.25)];
    let out = flows(&contract, &steps, 0.0, 0.10, WHOLE, &fixed);
    let pik = 1e6 * 0.02 * 92.0 / 360.0;
    let base = 1e6 + pik;
    let of_prepaid = base * 0.08 * 52.0 / 360.0 + pik + base * 0.02 * 52.0 / 360.0;
    assert!(close(out.interest[0], 1e6 * 0.07 * 92.0 / 360.0 + 0.1 * of_prepaid));
    let sold = [StepDates { is_last: true, ..steps[0] }];
    let out = flows(&contract, &sold, 0.0, 0.0, WHOLE, &fixed);
    assert!(close(out.interest[0], 1e6 * 0.07 * 92.0 / 360.0 + base * 0.08 * 52.0 / 360.0));
}

#[test]
fn capitalized_interest_comes_with_the_instalment_that_repays_the_last_par() {
    let contract = LoanContract { pik_spread: 0.02, amortization_rate: 4.0, ..loan() };
    let steps = [step("2026-01-08", "2026-04-08", 0.25), step("2026-04-08", "2026-07-07", 0.25)];
    let out = flows(&contract, &steps, 0.0, 0.30, WHOLE, &[]);
    assert!(close(out.scheduled[0], 1e6) && close(out.interest[0], 1e6 * (0.09 + 0.02) * 0.25));
    let dated = LoanContract { own: Some(own("2026-02-15", 3, "2025-11-15")), ..contract };
    let out = flows(&dated, &steps, 0.0, 0.30, WHOLE, &[("2025-11-15", 0.03), ("2026-02-15", 0.04)]);
    assert!(close(out.scheduled[0], 1e6) && close(out.interest[0], 1e6 * (0.07 + 0.02) * 92.0 / 360.0));
}

mod commitments;
mod own_steps;
