#![expect(clippy::float_cmp, reason = "the values are exact: small whole numbers, or compared by their bits")]

mod random;

use super::{DEPTH, Expression, Kind, LENGTH, Names, Quantities, Quantity, STATUSES, compile};
use crate::lanes::{Mask, Pack};

const NOTES: [&str; 5] = ["A", "B-1", "E", "SUB", "O'Hara"];
const TESTS: [&str; 3] = ["A/B OC", "E OC", "E IC"];

struct Deal;

fn index(list: &[&str], name: &str) -> Option<u32> {
    list.iter().position(|known| *known == name).map(|i| i as u32)
}

impl Names for Deal {
    fn note(&self, name: &str) -> Option<u32> {
        index(&NOTES, name)
    }
    fn test(&self, name: &str) -> Option<u32> {
        index(&TESTS, name)
    }
    fn note_names(&self) -> Vec<String> {
        NOTES.map(str::to_owned).to_vec()
    }
    fn test_names(&self) -> Vec<String> {
        TESTS.map(str::to_owned).to_vec()
    }
    fn residual(&self, note: u32) -> bool {
        NOTES[note as usize] == "SUB"
    }
    fn floating(&self, note: u32) -> bool {
        !self.residual(note)
    }
    fn account(&self, name: &str) -> Option<u32> {
        index(&["reserve"], name)
    }
    fn account_names(&self) -> Vec<String> {
        vec!["reserve".to_owned()]
    }
}

/// Lane `l` of a pack holds future `first + l`.
struct Futures {
    first: usize,
}

fn scalar(q: Quantity, future: usize) -> f64 {
    let x = future as f64;
    let flag = |set: bool| if set { 1.0 } else { 0.0 };
    match q {
        Quantity::DuringReinvestment => 1.0,
        Quantity::AfterReinvestment | Quantity::Status | Quantity::Unfunded | Quantity::SpecialRedemption => 0.0,
        Quantity::Date => 22_025.0,
        Quantity::Remaining => 1_000_000.0 + 100_000.0 * x,
        Quantity::Due => 1_300_000.0 - 10.0 * x,
        Quantity::PoolFactor => 0.9 - 0.05 * x,
        Quantity::PerformingPar => 450_000_000.0 / (1.0 + x),
        Quantity::CccShare => 0.01 * x,
        Quantity::Balance(n) => f64::from(n) * 1.0e6 * (x - 3.0),
        Quantity::Deferred(n) => f64::from(n) * 1.0e3 * x,
        Quantity::NoteFactor(_) => 1.0 / (1.0 + x),
        Quantity::Outstanding(n) => flag(n > 0),
        Quantity::Controlling(n) => flag(n as usize == future % 3),
        Quantity::Passes(t) => flag((t as usize + future).is_multiple_of(2)),
        Quantity::Ratio(_) => 1.0 + 0.02 * x,
        Quantity::Trigger(_) => 1.05,
        Quantity::CureAmount(_) => 70_000.0 * x,
        Quantity::Cushion(_) => 0.02 * x - 0.05,
        Quantity::Account(_) => 60_000.0 * x,
        Quantity::LiquidationValue => 400_000_000.0 - 1e6 * x,
        Quantity::RedemptionAmount => 390_000_000.0,
        Quantity::MarketSpread(_) => 0.0110 + 0.0005 * x,
        Quantity::DealSpread(_) => 0.0130,
        Quantity::SemiannualShare => 0.1 * x,
        Quantity::InterestByFrequency(months) => 1e6 / f64::from(months),
    }
}

impl<const L: usize> Quantities<L> for Futures {
    fn value(&self, q: Quantity) -> Pack<L> {
        Pack(std::array::from_fn(|lane| scalar(q, self.first + lane)))
    }
}

fn built(text: &str) -> Expression {
    compile(text, &Deal, &[]).unwrap_or_else(|problems| panic!("{text}: {problems:?}"))
}

fn value(text: &str) -> f64 {
    built(text).evaluate::<1, _>(&Futures { first: 0 }).0[0]
}

fn holds(text: &str) -> bool {
    built(text).condition::<1, _>(&Futures { first: 0 }).lane(0)
}

fn errors(text: &str, expected: &[Kind]) -> Vec<String> {
    let problems = compile(text, &Deal, expected).expect_err(text);
    assert!(problems.iter().all(|p| p.place.is_empty()), "{text}");
    problems.into_iter().map(|p| p.message).collect()
}

#[test]
fn products_bind_before_sums_before_comparisons_before_not_before_and_before_or() {
    for (text, expected) in [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("10 - 4 - 3", 3.0),
        ("24 / 4 / 2", 3.0),
        ("24 / (4 / 2)", 12.0),
        ("-2 * 3", -6.0),
        ("2 * -3", -6.0),
        ("2 - -3", 5.0),
        ("--3", 3.0),
        ("2 * 3 - 4 * 5", -14.0),
        ("min(3, 1, 2)", 1.0),
        ("max(3, 5, 4)", 5.0),
        ("abs(2 - 5)", 3.0),
        ("min(1, 2) + max(3, 4) * abs(-2)", 9.0),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
    for (text, expected) in [
        ("1 + 1 == 2", true),
        ("1 < 2 and 2 < 1 or 1 < 2", true),
        ("1 < 2 or 1 < 2 and 2 < 1", true),
        ("(1 < 2 or 1 < 2) and 2 < 1", false),
        ("not 2 < 1 and 1 < 2", true),
        ("not (2 < 1 or 1 < 2)", false),
        ("not not 1 < 2", true),
    ] {
        assert_eq!(holds(text), expected, "{text}");
    }
}

#[test]
fn every_comparison_has_its_meaning_below_at_and_above() {
    for (sign, expected) in [
        ("<", [true, false, false]),
        ("<=", [true, true, false]),
        (">", [false, false, true]),
        (">=", [false, true, true]),
        ("==", [false, true, false]),
        ("!=", [true, false, true]),
    ] {
        let found = ["1", "2", "3"].map(|left| holds(&format!("{left} {sign} 2")));
        assert_eq!(found, expected, "{sign}");
    }
}

#[test]
fn numbers_have_the_bits_of_their_decimal_form() {
    for (text, expected) in [
        ("1_000_000", 1_000_000.0_f64),
        ("1e-3", 0.001),
        ("1.5E+3", 1500.0),
        (".25", 0.25),
        ("7.5%", 0.075),
        ("130bp", 0.0130),
        ("0.35bp", 0.000_035),
        ("1_0.2_5%", 0.1025),
        ("2.5e1%", 0.25),
    ] {
        assert_eq!(value(text).to_bits(), expected.to_bits(), "{text}");
    }
    assert_eq!(value("5-3"), 2.0);
    assert_eq!(value("1e3-1"), 999.0);
}

#[test]
fn a_divisor_of_zero_gives_zero_and_a_negative_one_divides() {
    assert_eq!(value("1 / 0"), 0.0);
    assert_eq!(value("remaining / (remaining - remaining)"), 0.0);
    assert_eq!(value("6 / -3"), -2.0);
}

#[test]
fn the_absolute_value_of_zero_is_positive_zero() {
    assert_eq!(value("abs(0 - 0)").to_bits(), 0.0_f64.to_bits());
    assert_eq!(value("abs(-0)").to_bits(), 0.0_f64.to_bits());
}

#[test]
fn kinds_follow_from_the_quantities() {
    for (text, kind) in [
        ("0.5 * remaining", Kind::Money),
        ("remaining * 0.5", Kind::Money),
        ("remaining / 2", Kind::Money),
        ("remaining / due", Kind::Ratio),
        ("min(0.5 * remaining, cure_amount('E OC'))", Kind::Money),
        ("max(0, remaining - due)", Kind::Money),
        ("max(0, cushion('E OC'))", Kind::Ratio),
        ("max(1_000, 2_000, remaining)", Kind::Money),
        ("remaining - 250_000", Kind::Money),
        ("-remaining", Kind::Money),
        ("abs(balance('A'))", Kind::Money),
        ("ratio('E OC') - trigger('E OC')", Kind::Ratio),
        ("1_000_000", Kind::Ratio),
        ("date", Kind::Date),
        ("2030-04-20", Kind::Date),
        ("date >= 2030-04-20", Kind::Boolean),
        ("status", Kind::Status),
        ("status == 'normal'", Kind::Boolean),
        ("'redemption' != status", Kind::Boolean),
        ("passes(\"E OC\")", Kind::Boolean),
    ] {
        assert_eq!(built(text).kind(), kind, "{text}");
    }
}

#[test]
fn a_plain_number_is_money_where_money_is_expected_from_1000_on() {
    for (text, fits) in
        [("0", true), ("50_000", true), ("-50_000", true), ("(1000)", true), ("999", false), ("1000%", false)]
    {
        let found = compile(text, &Deal, &[Kind::Money]);
        assert_eq!(found.is_ok_and(|e| e.kind() == Kind::Money), fits, "{text}");
    }
    assert_eq!(compile("50_000", &Deal, &[Kind::Money, Kind::Ratio]).map(|e| e.kind()), Ok(Kind::Ratio));
}

/// Every quantity is this number.
struct Fixed(f64);

impl Quantities<1> for Fixed {
    fn value(&self, _: Quantity) -> Pack<1> {
        Pack([self.0])
    }
}

#[test]
fn dates_and_statuses_compare() {
    // 22,025 days after 1970-01-01 is 2030-04-21.
    for (text, expected) in [
        ("date == 2030-04-21", true),
        ("date > 2030-04-20", true),
        ("date <= 2030-04-20", false),
        ("2030-04-22 > date", true),
        ("status == 'normal'", true),
        ("status != 'normal'", false),
        ("status == 'accelerated'", false),
        ("during_reinvestment and not after_reinvestment", true),
    ] {
        assert_eq!(holds(text), expected, "{text}");
    }
    for (code, text) in STATUSES.iter().enumerate() {
        let condition = built(&format!("status == '{text}'"));
        assert_eq!(condition.condition(&Fixed(code as f64)), Mask::splat(true), "{text}");
        assert_eq!(condition.condition(&Fixed(code as f64 + 1.0)), Mask::splat(false), "{text}");
    }
}

#[test]
fn errors_say_what_was_found_what_is_expected_and_where() {
    let literal = "a plain number is money only if it is 0 or at least 1000";
    let all = "during_reinvestment, after_reinvestment, status, date, remaining, due, pool_factor, performing_par, \
               ccc_share, balance, deferred, note_factor, outstanding, controlling, passes, ratio, trigger, \
               cure_amount, cushion, account, special_redemption, unfunded, liquidation_value, redemption_amount, market_spread, \
               deal_spread, semiannual_share, interest_by_frequency, min, max, abs";
    for (text, expected) in [
        ("remaining > 0.5", format!("column 11: `>` compares money with a ratio; {literal}")),
        ("0.5 < remaining", format!("column 5: `<` compares a ratio with money; {literal}")),
        ("remaining > pool_factor", "column 11: `>` compares money with a ratio".to_owned()),
        ("remaining > 100_000%", "column 11: `>` compares money with a ratio".to_owned()),
        ("date > remaining", "column 6: `>` compares a date with money".to_owned()),
        ("date > '2030-04-20'", "column 6: `>` compares a date with quoted text".to_owned()),
        (
            "remaining + 0.5",
            format!("column 11: `+` takes money and money, or ratios; found money and a ratio; {literal}"),
        ),
        (
            "min(due, pool_factor)",
            "column 1: `min` takes money and money, or ratios; found money and a ratio".to_owned(),
        ),
        ("date - 5", "column 6: `-` takes money and money, or ratios; found a date and a ratio".to_owned()),
        ("due * due", "column 5: `*` takes money and a ratio, or ratios; found money and money".to_owned()),
        (
            "1 / due",
            "column 3: `/` divides money by money, or money or a ratio by a ratio; found a ratio by money".to_owned(),
        ),
        ("due and 1 < 2", "column 1: `and` takes conditions; found money".to_owned()),
        ("1 < 2 or pool_factor", "column 10: `or` takes conditions; found a ratio".to_owned()),
        ("not due", "column 1: `not` takes a condition; found money".to_owned()),
        ("-date", "column 1: `-` takes money or a ratio; found a date".to_owned()),
        ("abs(passes('E OC'))", "column 1: `abs` takes money or a ratio; found a condition".to_owned()),
        (
            "passes('E OC') == passes('E IC')",
            "column 16: `==` compares conditions; join them with `and`, `or`, `not`".to_owned(),
        ),
        ("status < 'normal'", "column 8: `<` orders statuses; compare them with `==` or `!=`".to_owned()),
        ("status == 1", "column 8: `==` compares a status with a ratio; expected quoted text".to_owned()),
        ("status == 'nromal'", "column 11: unknown status 'nromal'; did you mean 'normal'?".to_owned()),
        ("status == 'x'", "column 11: unknown status 'x'; known: normal, accelerated, redemption".to_owned()),
        ("status == normal", "column 11: unknown quantity `normal`; write 'normal' in quotes".to_owned()),
        ("remainin", "column 1: unknown quantity `remainin`; did you mean `remaining`?".to_owned()),
        ("  xyzzy", format!("column 3: unknown quantity `xyzzy`; known: {all}")),
        ("E", "column 1: unknown quantity `E`; a note is named inside a quantity, such as balance('E')".to_owned()),
        ("balance", "column 1: `balance` takes the quoted name of a note, such as balance('A')".to_owned()),
        ("balance(A)", "column 1: `balance` takes the quoted name of a note, such as balance('A')".to_owned()),
        ("passes()", "column 1: `passes` takes the quoted name of a test, such as passes('A/B OC')".to_owned()),
        ("remaining('A')", "column 1: `remaining` stands alone; found `(` after it".to_owned()),
        ("balance('B1')", "column 1: unknown note 'B1'; did you mean 'B-1'?".to_owned()),
        ("balance('Z')", "column 1: unknown note 'Z'; known: A, B-1, E, SUB, O'Hara".to_owned()),
        ("passes('e oc')", "column 1: unknown test 'e oc'; did you mean 'E OC'?".to_owned()),
        ("balance('E OC')", "column 1: 'E OC' is a test; `balance` takes a note".to_owned()),
        ("passes('E')", "column 1: 'E' is a note; `passes` takes a test".to_owned()),
        (
            "deferred('SUB')",
            "column 1: `deferred` takes a note that bears interest; 'SUB' is a residual note".to_owned(),
        ),
        ("account('x')", "column 1: unknown account 'x'; known: reserve".to_owned()),
        (
            "interest_by_frequency",
            "column 1: `interest_by_frequency` takes the months between payments, such as interest_by_frequency(6)"
                .to_owned(),
        ),
        (
            "interest_by_frequency(5)",
            "column 1: `interest_by_frequency` takes 1, 2, 3, 4, 6 or 12 months; found 5".to_owned(),
        ),
        (
            "market_spread('SUB')",
            "column 1: `market_spread` takes a note that bears interest; 'SUB' is a residual note".to_owned(),
        ),
        (
            "deal_spread('SUB')",
            "column 1: `deal_spread` takes a class that pays a spread over an index; 'SUB' does not".to_owned(),
        ),
        ("", "column 1: found the end; expected a number, a date, a quantity or `(`".to_owned()),
        ("1 + ", "column 5: found the end; expected a number, a date, a quantity or `(`".to_owned()),
        ("1 + * 2", "column 5: found `*`; expected a number, a date, a quantity or `(`".to_owned()),
        ("due due", "column 5: found `due`; expected an operator or the end".to_owned()),
        (
            "during_reinvestment AND 1 < 2",
            "column 21: found `AND`; expected an operator or the end; did you mean `and`?".to_owned(),
        ),
        ("(1 + 2", "column 7: found the end; expected an operator or `)`".to_owned()),
        ("1 + 2)", "column 6: found `)`; expected an operator or the end".to_owned()),
        ("min(1, 2", "column 9: found the end; expected an operator, `,` or `)`".to_owned()),
        ("min(1)", "column 1: `min` takes two values or more; found 1".to_owned()),
        ("abs(1, 2)", "column 1: `abs` takes one value; found 2".to_owned()),
        ("max", "column 1: `max` takes values in parentheses".to_owned()),
        ("balance('A'", "column 8: the `(` here has no closing `)`".to_owned()),
        ("1 < 2 < 3", "column 7: comparisons do not chain; join two of them with `and`".to_owned()),
        ("2030-02-30", "column 1: `2030-02-30` is not a day of the calendar".to_owned()),
        (
            "1__0",
            "column 1: `1__0` is not a number; expected one such as 1_000_000, 0.075, 1e-3, 7.5% or 130bp".to_owned(),
        ),
        ("1e999", "column 1: `1e999` is too large".to_owned()),
        ("5 %", "column 3: found `%`, which begins nothing; a percent sign stands right after its number".to_owned()),
        ("due ; 1", "column 5: found `;`, which begins nothing".to_owned()),
        ("due = 0", "column 5: `=` is not an operator; write `==`".to_owned()),
        ("passes('E OC", "column 8: the quoted name that begins here has no closing quote".to_owned()),
        ("«", "column 1: found `«`, which begins nothing".to_owned()),
        ("'ü' < remainin", "column 7: unknown quantity `remainin`; did you mean `remaining`?".to_owned()),
    ] {
        assert_eq!(errors(text, &[]), [expected], "{text}");
    }
}

#[test]
fn an_expression_of_another_kind_is_refused_by_name() {
    let money = &[Kind::Money];
    assert_eq!(errors("pool_factor", money), ["column 1: the expression is a ratio; expected money"]);
    assert_eq!(
        errors("500", money),
        [
            "column 1: the expression is a ratio; expected money; a plain number is money only if it is 0 or at least 1000"
        ]
    );
    assert_eq!(errors("due", &[Kind::Boolean]), ["column 1: the expression is money; expected a condition"]);
    assert_eq!(
        errors("date", &[Kind::Money, Kind::Ratio]),
        ["column 1: the expression is a date; expected money or a ratio"]
    );
    assert_eq!(errors("'x'", &[]), ["column 1: the expression is quoted text; expected a value"]);
}

#[test]
fn all_faults_of_names_and_kinds_come_together_in_the_order_of_the_text() {
    assert_eq!(
        errors("balance('Z9') > remainin and due > 0.5 or not date", &[Kind::Boolean]),
        [
            "column 1: unknown note 'Z9'; known: A, B-1, E, SUB, O'Hara",
            "column 17: unknown quantity `remainin`; did you mean `remaining`?",
            "column 34: `>` compares money with a ratio; a plain number is money only if it is 0 or at least 1000",
            "column 43: `not` takes a condition; found a date",
        ]
    );
    assert_eq!(errors("1 @ 2 # 3", &[]).len(), 2);
}

#[test]
fn a_doubled_quote_stands_for_one() {
    let mut used = Vec::new();
    built("balance('O''Hara') + balance(\"O'Hara\")").uses(|q| used.push(q));
    assert_eq!(used, [Quantity::Balance(4), Quantity::Balance(4)]);
}

#[test]
fn what_an_expression_uses_decides_whether_lanes_differ() {
    for (text, depends) in [
        ("during_reinvestment", true),
        ("date < 2030-04-20", false),
        ("status == 'normal' and trigger('E OC') > 1", false),
        ("1 + 2", false),
        ("during_reinvestment and passes('E OC')", true),
        ("remaining", true),
    ] {
        assert_eq!(built(text).depends_on_lane(), depends, "{text}");
    }
    let mut used = Vec::new();
    built("min(remaining, balance('B-1') * 0.5)").uses(|q| used.push(q));
    used.sort_by_key(|q| format!("{q:?}"));
    assert_eq!(used, [Quantity::Balance(1), Quantity::Remaining]);
}

#[test]
fn an_expression_keeps_its_text() {
    assert_eq!(built(" 0.5 *  remaining ").text(), " 0.5 *  remaining ");
}

#[test]
fn depth_and_length_are_limited() {
    let nested = |n: usize| format!("{}1{}", "(".repeat(n), ")".repeat(n));
    assert_eq!(value(&nested(DEPTH)), 1.0);
    assert_eq!(errors(&nested(DEPTH + 1), &[]), ["column 65: found more than 64 levels of parentheses, `-` and `not`"]);
    for (open, close) in [("-", ""), ("not ", ""), ("min(1,", ")"), ("abs(", ")"), ("(", "")] {
        let text = format!("{}1{}", open.repeat(300), close.repeat(300));
        assert_eq!(errors(&text, &[]).len(), 1, "{open}");
    }
    let long = " ".repeat(LENGTH - 1);
    assert_eq!(value(&format!("{long}1")), 1.0);
    assert_eq!(errors(&format!("{long}12"), &[]), ["found 2001 characters; an expression has at most 2000"]);
}

#[test]
fn the_longest_sums_and_the_bushiest_trees_fit_the_registers() {
    assert_eq!(value(&vec!["1"; 1000].join("+")), 1000.0);
    let mut right = "1".to_owned();
    for _ in 0..DEPTH {
        right = format!("1-({right})");
    }
    assert_eq!(value(&right), 1.0);
    let mut bushy = "1".to_owned();
    for _ in 0..8 {
        bushy = format!("({bushy}+{bushy})");
    }
    assert_eq!(value(&bushy), 256.0);
    let products = vec!["2*3+4*5"; 60].join("<9 or ") + "<9";
    assert!(!holds(&products));
}

#[test]
fn conditions_select_the_lanes_in_which_they_hold() {
    for text in [
        "controlling('B-1')",
        "passes('E OC') and remaining > 1_300_000",
        "not passes('A/B OC') or cushion('E OC') >= 0",
        "balance('E') == 0",
    ] {
        let expression = built(text);
        let wide: Mask<16> = expression.condition(&Futures { first: 0 });
        let narrow: Vec<bool> = (0..16).map(|first| expression.condition::<1, _>(&Futures { first }).lane(0)).collect();
        assert_eq!((0..16).map(|lane| wide.lane(lane)).collect::<Vec<_>>(), narrow, "{text}");
        assert!(wide.any() && !wide.all(), "{text}");
    }
}
