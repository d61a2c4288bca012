//! Loans that are not wholly drawn, by hand.

use super::*;

/// 600,000 drawn at 4 % and 400,000 undrawn at a fee of 1 %; 30 % of what is undrawn is drawn just before a default.
fn committed() -> LoanContract {
    LoanContract {
        par: 6e5,
        original_par: 6e5,
        commitment: Commitment { undrawn: 4e5, fee: 0.01, usage_at_default: 0.3 },
        ..loan()
    }
}

const FIVE_PERCENT: [(&str, f64); 3] = [("2025-11-15", 0.05), ("2026-02-15", 0.05), ("2026-05-15", 0.05)];

fn drawing(step: StepDates, rate: f64, is_simple: bool) -> StepDates {
    StepDates { draws: YearlyShare { rate, is_simple }, ..step }
}

#[test]
fn draws_turn_what_is_undrawn_into_par_that_pays_the_coupon() {
    let steps = [step("2026-01-08", "2026-04-08", 0.25), step("2026-04-08", "2026-07-08", 0.25)];
    let steps = steps.map(|step| drawing(step, 0.8, true));
    let out = flows(&committed(), &steps, 0.0, 0.0, WHOLE, &FIVE_PERCENT);
    // The coupon of 9 % on 600,000 and the fee on 400,000 over 90 days; then 80,000 of it are drawn.
    assert!(close(out.interest[0], (6e5 * 0.09 + 4e5 * 0.01) * 90.0 / 360.0));
    assert!(close(out.undrawn[0], 3.2e5) && close(out.end[0], 1e6));
    assert!(close(out.interest[1], (6.8e5 * 0.09 + 3.2e5 * 0.01) * 91.0 / 360.0));
    assert!(close(out.undrawn[1], 2.56e5) && close(out.end[1], 1e6));
}

#[test]
fn a_default_draws_its_part_and_sets_the_rest_free() {
    let steps = [step("2026-01-08", "2026-04-08", 0.25)];
    let out = flows(&committed(), &steps, 0.1, 0.0, WHOLE, &FIVE_PERCENT);
    // A tenth of 600,000 and of 30 % of 400,000 defaults; 70 % of that tenth of 400,000 comes back as principal.
    assert!(close(out.default[0], 6e4 + 0.3 * 4e4));
    assert!(close(out.scheduled[0], 0.7 * 4e4));
    assert!(close(out.end[0], 9e5) && close(out.undrawn[0], 3.6e5));
    assert!(close(out.begin[0], out.default[0] + out.scheduled[0] + out.end[0]));
    assert!(close(out.interest[0], 0.9 * (6e5 * 0.09 + 4e5 * 0.01) * 0.25));
}

#[test]
fn prepayment_and_maturity_set_the_commitment_free() {
    let contract = LoanContract { maturity: date("2026-06-08"), ..committed() };
    let steps = [step("2026-01-08", "2026-04-08", 0.25), step("2026-04-08", "2026-07-08", 0.25)];
    let out = flows(&contract, &steps, 0.0, 0.2, WHOLE, &FIVE_PERCENT);
    assert!(close(out.prepaid[0], 2e5) && close(out.undrawn[0], 0.8 * 4e5));
    assert!(close(out.scheduled[1], 8e5) && close(out.end[1], 0.0) && close(out.undrawn[1], 0.0));
    assert!(close(out.interest[1], 0.8 * (6e5 * 0.09 + 4e5 * 0.01) * 61.0 / 360.0));
    assert_eq!(out.prepaid[1].to_bits(), 0.0_f64.to_bits());
}

#[test]
fn a_loan_with_own_dates_draws_on_them() {
    let contract = LoanContract { own: Some(own("2026-02-15", 3, "2025-11-15")), ..committed() };
    let steps = [step("2026-01-08", "2026-04-08", 0.25), step("2026-04-08", "2026-07-08", 0.25)];
    let steps = steps.map(|step| drawing(step, 0.5, false));
    let out = flows(&contract, &steps, 0.0, 0.0, WHOLE, &FIVE_PERCENT);
    // From 15 November, 92 days on what was drawn then; the quarter's draw follows on 15 February.
    let share = 1.0 - 0.5_f64.sqrt().sqrt();
    assert!(close(out.interest[0], (6e5 * 0.09 + 4e5 * 0.01) * 92.0 / 360.0));
    assert!(close(out.undrawn[0], 4e5 * (1.0 - share)));
    let (drawn, undrawn) = (6e5 + 4e5 * share, 4e5 * (1.0 - share));
    assert!(close(out.interest[1], (drawn * 0.09 + undrawn * 0.01) * 89.0 / 360.0));
}

#[test]
fn a_loan_of_which_nothing_is_drawn_lives_on_its_fee() {
    let contract = LoanContract { par: 0.0, original_par: 0.0, ..committed() };
    let steps = [step("2026-01-08", "2026-04-08", 0.25), step("2026-04-08", "2026-07-08", 0.25)];
    let out = flows(&contract, &steps, 0.0, 0.0, WHOLE, &FIVE_PERCENT);
    assert!(close(out.interest[0], 4e5 * 0.01 * 0.25) && close(out.end[1], 4e5));
    let drawn = flows(&contract, &steps.map(|step| drawing(step, 1.0, false)), 0.0, 0.0, WHOLE, &FIVE_PERCENT);
    assert!(close(drawn.undrawn[0], 0.0) && close(drawn.interest[1], 4e5 * 0.09 * 91.0 / 360.0));
}

#[test]
fn a_commitment_with_the_fee_of_the_coupon_is_par() {
    for own_dates in [None, Some(own("2026-02-15", 3, "2025-11-15"))] {
        let fee = 0.09;
        let split = LoanContract {
            commitment: Commitment { undrawn: 4e5, fee, usage_at_default: 1.0 },
            original_par: 6e5,
            own: own_dates,
            ..committed()
        };
        let whole = LoanContract { par: 1e6, original_par: 1e6, commitment: Commitment::default(), ..split.clone() };
        let steps = [step("2026-01-08", "2026-04-08", 0.25), step("2026-04-08", "2026-07-08", 0.25)];
        let last = StepDates { is_last: true, ..steps[1] };
        let shares = InterestShares { on_default: 0.5, on_prepaid: 0.5 };
        let (a, b) = (
            flows(&split, &[steps[0], last], 0.1, 0.2, shares, &FIVE_PERCENT),
            flows(&whole, &[steps[0], last], 0.1, 0.2, shares, &FIVE_PERCENT),
        );
        for p in 0..2 {
            assert!(close(a.interest[p], b.interest[p]), "{own_dates:?} {p}");
            assert!(
                close(a.default[p], b.default[p]) && close(a.prepaid[p], b.prepaid[p]) && close(a.end[p], b.end[p])
            );
        }
    }
}
