//! The language of amounts and conditions.
//!
//! A text such as `min(0.5 * remaining, cure_amount('Reinvestment OC'))` is read (`tokens`, `parse`), its names
//! are resolved and its kinds checked (`quantity`, `kinds`), and it is lowered to instructions that run for `L`
//! futures at once (`evaluate`). All faults of names and kinds are reported together, each with its column.
//!
//! Money adds to and compares with money, ratios with ratios; money times or over a ratio is money, money over money a
//! ratio. A plain number is a ratio; added to or compared with money, or alone where money is asked for, it is
//! money if it is 0 or its size is at least 1000.

use crate::error::Problem;

mod evaluate;
mod kinds;
mod parse;
mod quantity;
mod suggest;
mod tokens;

#[cfg(test)]
mod tests;

pub use evaluate::Expression;
pub use quantity::{Kind, Quantities, Quantity, STATUSES};
pub use suggest::nearest;

/// Longest text, characters.
const LENGTH: usize = 2000;
/// Most levels of parentheses, `-` and `not`.
const DEPTH: usize = 64;

/// The names of a document that an expression can refer to.
pub trait Names {
    /// Index of a note.
    fn note(&self, name: &str) -> Option<u32>;
    /// Index of a test.
    fn test(&self, name: &str) -> Option<u32>;
    /// All notes.
    fn note_names(&self) -> Vec<String>;
    /// All tests.
    fn test_names(&self) -> Vec<String>;
    /// Whether a note is a residual note.
    fn residual(&self, note: u32) -> bool;
    /// Whether a note pays a spread over an index.
    fn floating(&self, _note: u32) -> bool {
        true
    }
    /// Index of an account.
    fn account(&self, _name: &str) -> Option<u32> {
        None
    }
    /// All accounts.
    fn account_names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Something wrong at a byte of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault {
    at: usize,
    message: String,
}

impl Fault {
    fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

/// Compiles a text whose value must be one of the `expected` kinds (any when empty).
///
/// # Errors
///
/// Every fault found, by column (characters from 1), with an empty place: the caller knows where the text stands.
pub fn compile(text: &str, names: &dyn Names, expected: &[Kind]) -> Result<Expression, Vec<Problem>> {
    let count = text.chars().count();
    if count > LENGTH {
        return Err(vec![Problem::new("", format!("found {count} characters; an expression has at most {LENGTH}"))]);
    }
    read(text, names, expected).map_err(|mut faults| {
        faults.sort_by_key(|fault| fault.at);
        let column = |at: usize| text[..at].chars().count() + 1;
        faults.into_iter().map(|f| Problem::new("", format!("column {}: {}", column(f.at), f.message))).collect()
    })
}

fn read(text: &str, names: &dyn Names, expected: &[Kind]) -> Result<Expression, Vec<Fault>> {
    let mut faults = Vec::new();
    let tokens = tokens::tokens(text, &mut faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    let tree = parse::parse(text, &tokens).map_err(|fault| vec![fault])?;
    match kinds::check(&tree, names, expected, &mut faults) {
        Some((leaves, kind)) if faults.is_empty() => Ok(Expression::new(text, &tree, &leaves, kind)),
        _ => Err(faults),
    }
}
