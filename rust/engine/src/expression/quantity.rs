//! The quantities an expression can name: their kinds, what they are of, and how they are written.

use std::borrow::Cow;

use super::Names;
use super::suggest::nearest;
use crate::lanes::Pack;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Currency units.
    Money,
    /// A number without a unit.
    Ratio,
    /// A day.
    Date,
    /// A condition.
    Boolean,
    /// The status of the deal: `normal`, `accelerated` or `redemption`.
    Status,
}

impl Kind {
    /// The kind with its article.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Money => "money",
            Self::Ratio => "a ratio",
            Self::Date => "a date",
            Self::Boolean => "a condition",
            Self::Status => "a status",
        }
    }
}

/// One thing that the state of a deal answers on a payment date; notes and tests by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Condition: the payment date lies in the reinvestment period.
    DuringReinvestment,
    /// Condition: the opposite.
    AfterReinvestment,
    /// Place in [`STATUSES`].
    Status,
    /// The payment date, days since 1970-01-01.
    Date,
    /// Money left in the running waterfall.
    Remaining,
    /// Money that the step's payees are still owed.
    Due,
    /// Performing par over target par.
    PoolFactor,
    /// Money: par of what is not in default.
    PerformingPar,
    /// CCC par over the collateral principal amount.
    CccShare,
    /// Money: principal outstanding of a note.
    Balance(u32),
    /// Money: deferred interest outstanding of a note.
    Deferred(u32),
    /// Principal outstanding over original balance of a note.
    NoteFactor(u32),
    /// Condition: a note has principal or deferred interest outstanding.
    Outstanding(u32),
    /// Condition: a note is of the controlling class.
    Controlling(u32),
    /// Condition: a test passes as things stand, or does not apply yet.
    Passes(u32),
    /// Numerator over denominator of a test as things stand.
    Ratio(u32),
    /// Trigger of a test.
    Trigger(u32),
    /// Money that must join the collateral so that an overcollateralization test passes.
    CureAmount(u32),
    /// Ratio less trigger of a test.
    Cushion(u32),
    /// Money: balance of an account.
    Account(u32),
    /// Money: commitments of the collateral that are not drawn.
    Unfunded,
    /// Money: what a sale of all collateral would bring at the scenario's price.
    LiquidationValue,
    /// Money: what a redemption must pay.
    RedemptionAmount,
    /// Spread that the market asks for a class.
    MarketSpread(u32),
    /// Spread of a class over its index in force.
    DealSpread(u32),
    /// Share of the performing par in loans that pay every six months or less often.
    SemiannualShare,
    /// Money: interest of the collection period from loans that pay every so many months.
    InterestByFrequency(u8),
    /// Money: principal that the manager certifies it cannot invest.
    SpecialRedemption,
}

impl Quantity {
    /// What the value is.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::DuringReinvestment
            | Self::AfterReinvestment
            | Self::Outstanding(_)
            | Self::Controlling(_)
            | Self::Passes(_) => Kind::Boolean,
            Self::Status => Kind::Status,
            Self::Date => Kind::Date,
            Self::Remaining
            | Self::Due
            | Self::PerformingPar
            | Self::Balance(_)
            | Self::Deferred(_)
            | Self::CureAmount(_)
            | Self::Account(_)
            | Self::SpecialRedemption
            | Self::Unfunded
            | Self::LiquidationValue
            | Self::RedemptionAmount
            | Self::InterestByFrequency(_) => Kind::Money,
            Self::PoolFactor
            | Self::CccShare
            | Self::NoteFactor(_)
            | Self::Ratio(_)
            | Self::Trigger(_)
            | Self::Cushion(_)
            | Self::MarketSpread(_)
            | Self::DealSpread(_)
            | Self::SemiannualShare => Kind::Ratio,
        }
    }

    /// The test of which it is a result as things stand.
    #[must_use]
    pub const fn test_now(self) -> Option<u32> {
        match self {
            Self::Passes(test) | Self::Ratio(test) | Self::CureAmount(test) | Self::Cushion(test) => Some(test),
            _ => None,
        }
    }

    /// Whether it is a result of a test as things stand.
    #[must_use]
    pub const fn of_test_now(self) -> bool {
        self.test_now().is_some()
    }

    /// Whether futures can differ in it on one payment date. The status cannot: nothing in a path changes it.
    #[must_use]
    pub const fn depends_on_lane(self) -> bool {
        !matches!(self, Self::Status | Self::Date | Self::Trigger(_))
    }
}

/// The words `status` is compared with; the value of [`Quantity::Status`] is a place in this list.
pub const STATUSES: [&str; 3] = ["normal", "accelerated", "redemption"];

/// What answers for the quantities, `L` futures at once.
pub trait Quantities<const L: usize> {
    /// Conditions as 0 or 1, dates as days since 1970-01-01, the status as a place in [`STATUSES`].
    fn value(&self, q: Quantity) -> Pack<L>;
}

/// How a quantity is written.
#[derive(Clone, Copy)]
enum Form {
    /// The word alone.
    Plain(Quantity),
    /// With the quoted name of a note.
    OfNote(fn(u32) -> Quantity),
    /// The same, and the note bears interest.
    OfRatedNote(fn(u32) -> Quantity),
    /// With the quoted name of a test.
    OfTest(fn(u32) -> Quantity),
    /// With the quoted name of a class that pays a spread over an index.
    OfFloatingNote(fn(u32) -> Quantity),
    /// With the quoted name of an account.
    OfAccount(fn(u32) -> Quantity),
    /// With the number of months between payments.
    OfMonths(fn(u8) -> Quantity),
}

/// Every quantity by its word.
const QUANTITIES: [(&str, Form); 28] = [
    ("during_reinvestment", Form::Plain(Quantity::DuringReinvestment)),
    ("after_reinvestment", Form::Plain(Quantity::AfterReinvestment)),
    ("status", Form::Plain(Quantity::Status)),
    ("date", Form::Plain(Quantity::Date)),
    ("remaining", Form::Plain(Quantity::Remaining)),
    ("due", Form::Plain(Quantity::Due)),
    ("pool_factor", Form::Plain(Quantity::PoolFactor)),
    ("performing_par", Form::Plain(Quantity::PerformingPar)),
    ("ccc_share", Form::Plain(Quantity::CccShare)),
    ("balance", Form::OfNote(Quantity::Balance)),
    ("deferred", Form::OfRatedNote(Quantity::Deferred)),
    ("note_factor", Form::OfNote(Quantity::NoteFactor)),
    ("outstanding", Form::OfNote(Quantity::Outstanding)),
    ("controlling", Form::OfRatedNote(Quantity::Controlling)),
    ("passes", Form::OfTest(Quantity::Passes)),
    ("ratio", Form::OfTest(Quantity::Ratio)),
    ("trigger", Form::OfTest(Quantity::Trigger)),
    ("cure_amount", Form::OfTest(Quantity::CureAmount)),
    ("cushion", Form::OfTest(Quantity::Cushion)),
    ("account", Form::OfAccount(Quantity::Account)),
    ("special_redemption", Form::Plain(Quantity::SpecialRedemption)),
    ("unfunded", Form::Plain(Quantity::Unfunded)),
    ("liquidation_value", Form::Plain(Quantity::LiquidationValue)),
    ("redemption_amount", Form::Plain(Quantity::RedemptionAmount)),
    ("market_spread", Form::OfRatedNote(Quantity::MarketSpread)),
    ("deal_spread", Form::OfFloatingNote(Quantity::DealSpread)),
    ("semiannual_share", Form::Plain(Quantity::SemiannualShare)),
    ("interest_by_frequency", Form::OfMonths(Quantity::InterestByFrequency)),
];

/// Months between payments that a loan can have.
const FREQUENCIES: [u8; 6] = [1, 2, 3, 4, 6, 12];

/// The functions of values.
pub const FUNCTIONS: [&str; 3] = ["min", "max", "abs"];

/// How a word is written as a quantity.
fn form(word: &str) -> Option<Form> {
    QUANTITIES.iter().find(|(known, _)| *known == word).map(|(_, form)| *form)
}

/// What stands in parentheses after the word of a quantity.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument<'t> {
    /// No parentheses.
    Absent,
    /// One quoted name.
    Name(Cow<'t, str>),
    /// One plain number.
    Number(f64),
    /// Anything else.
    Other,
}

/// The quantity a word and its argument stand for, or what is wrong.
pub fn resolve(word: &str, argument: &Argument<'_>, names: &dyn Names) -> Result<Quantity, String> {
    match form(word) {
        None => Err(unknown(word, names)),
        Some(Form::Plain(quantity)) if *argument == Argument::Absent => Ok(quantity),
        Some(Form::Plain(_)) => Err(format!("`{word}` stands alone; found `(` after it")),
        Some(Form::OfNote(build)) => note(word, argument, names).map(|(index, _)| build(index)),
        Some(Form::OfRatedNote(build)) => match note(word, argument, names)? {
            (index, name) if names.residual(index) => {
                Err(format!("`{word}` takes a note that bears interest; '{name}' is a residual note"))
            }
            (index, _) => Ok(build(index)),
        },
        Some(Form::OfFloatingNote(build)) => match note(word, argument, names)? {
            (index, name) if !names.floating(index) => {
                Err(format!("`{word}` takes a class that pays a spread over an index; '{name}' does not"))
            }
            (index, _) => Ok(build(index)),
        },
        Some(Form::OfMonths(build)) => months(word, argument).map(build),
        Some(Form::OfTest(build)) => test(word, argument, names).map(build),
        Some(Form::OfAccount(build)) => account(word, argument, names).map(build),
    }
}

fn note<'a>(word: &str, argument: &'a Argument<'_>, names: &dyn Names) -> Result<(u32, &'a str), String> {
    let known = names.note_names();
    let Argument::Name(name) = argument else { return Err(unnamed(word, "note", known.first())) };
    match names.note(name) {
        Some(index) => Ok((index, name)),
        None if names.test(name).is_some() => Err(format!("'{name}' is a test; `{word}` takes a note")),
        None => Err(format!("unknown note '{name}'; {}", expected(name, &known))),
    }
}

fn test(word: &str, argument: &Argument<'_>, names: &dyn Names) -> Result<u32, String> {
    let known = names.test_names();
    let Argument::Name(name) = argument else { return Err(unnamed(word, "test", known.first())) };
    match names.test(name) {
        Some(index) => Ok(index),
        None if names.note(name).is_some() => Err(format!("'{name}' is a note; `{word}` takes a test")),
        None => Err(format!("unknown test '{name}'; {}", expected(name, &known))),
    }
}

fn account(word: &str, argument: &Argument<'_>, names: &dyn Names) -> Result<u32, String> {
    let known = names.account_names();
    let Argument::Name(name) = argument else { return Err(unnamed(word, "account", known.first())) };
    names.account(name).ok_or_else(|| format!("unknown account '{name}'; {}", expected(name, &known)))
}

fn months(word: &str, argument: &Argument<'_>) -> Result<u8, String> {
    let Argument::Number(number) = argument else {
        return Err(format!("`{word}` takes the months between payments, such as {word}(6)"));
    };
    let known = FREQUENCIES.into_iter().find(|months| f64::from(*months).to_bits() == number.to_bits());
    known.ok_or_else(|| format!("`{word}` takes 1, 2, 3, 4, 6 or 12 months; found {number}"))
}

fn unnamed(word: &str, what: &str, example: Option<&String>) -> String {
    let example = example.map(|name| format!(", such as {word}('{name}')")).unwrap_or_default();
    format!("`{word}` takes the quoted name of a {what}{example}")
}

fn expected(name: &str, known: &[String]) -> String {
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean '{near}'?"),
        None if known.is_empty() => "none is defined".to_owned(),
        None => format!("known: {}", known.join(", ")),
    }
}

fn unknown(word: &str, names: &dyn Names) -> String {
    if STATUSES.contains(&word) {
        return format!("unknown quantity `{word}`; write '{word}' in quotes");
    }
    if names.note(word).is_some() {
        return format!("unknown quantity `{word}`; a note is named inside a quantity, such as balance('{word}')");
    }
    if names.test(word).is_some() {
        return format!("unknown quantity `{word}`; a test is named inside a quantity, such as passes('{word}')");
    }
    let words = || QUANTITIES.iter().map(|(known, _)| *known).chain(FUNCTIONS);
    match nearest(word, words()) {
        Some(near) => format!("unknown quantity `{word}`; did you mean `{near}`?"),
        None => format!("unknown quantity `{word}`; known: {}", words().collect::<Vec<_>>().join(", ")),
    }
}

/// The value of a status word, its place in [`STATUSES`], or what is wrong.
pub fn status(text: &str) -> Result<f64, String> {
    let mut code = 0.0;
    for known in STATUSES {
        if known == text {
            return Ok(code);
        }
        code += 1.0;
    }
    Err(match nearest(text, STATUSES) {
        Some(near) => format!("unknown status '{text}'; did you mean '{near}'?"),
        None => format!("unknown status '{text}'; known: {}", STATUSES.join(", ")),
    })
}
