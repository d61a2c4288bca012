//! Random texts and trees: none brings the compiler down, and values have the bits of direct arithmetic.

use super::{Deal, Futures, built, scalar};
use crate::expression::{LENGTH, Quantity, compile};

/// A sequence of whole numbers that looks random and is always the same.
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n
    }
}

const WORDS: [&str; 46] = [
    "remaining",
    "due",
    "pool_factor",
    "balance('A')",
    "deferred('E')",
    "passes('E OC')",
    "cushion('E IC')",
    "status",
    "'normal'",
    "date",
    "2030-04-20",
    "during_reinvestment",
    "controlling('B-1')",
    "unknown",
    "account('reserve')",
    "0",
    "1",
    "0.5",
    "7.5%",
    "130bp",
    "1_000_000",
    "1e-3",
    "+",
    "-",
    "*",
    "/",
    "<",
    "<=",
    ">",
    ">=",
    "==",
    "!=",
    "and",
    "or",
    "not",
    "(",
    ")",
    "(",
    ")",
    ",",
    "min(",
    "max(",
    "abs(",
    "'",
    "é",
    "%",
];

#[test]
fn no_text_of_words_or_characters_brings_the_compiler_down() {
    let mut sequence = Sequence(7);
    let mut compiled = 0;
    for round in 0..60_000 {
        let mut text = String::new();
        for _ in 0..sequence.below(14) {
            if round % 3 == 0 {
                text.push(char::from(b' ' + sequence.below(95) as u8));
            } else {
                text.push_str(WORDS[sequence.below(WORDS.len())]);
                text.push_str([" ", ""][usize::from(sequence.below(8) == 0)]);
            }
        }
        match compile(&text, &Deal, &[]) {
            Ok(expression) => {
                compiled += 1;
                let wide = expression.evaluate::<16, _>(&Futures { first: 0 });
                for (lane, x) in wide.0.iter().enumerate() {
                    let narrow = expression.evaluate::<1, _>(&Futures { first: lane });
                    assert_eq!(x.to_bits(), narrow.0[0].to_bits(), "{text}");
                }
            }
            Err(problems) => assert!(!problems.is_empty(), "{text}"),
        }
    }
    assert!(compiled > 1000, "{compiled}");
}

/// A random ratio, as text with every pair in parentheses, and what it is worth in some future.
fn random_ratio(sequence: &mut Sequence, depth: usize, future: usize) -> (String, f64) {
    if depth == 0 || sequence.below(5) == 0 {
        return match sequence.below(4) {
            0 => ("pool_factor".to_owned(), scalar(Quantity::PoolFactor, future)),
            1 => ("cushion('E OC')".to_owned(), scalar(Quantity::Cushion(1), future)),
            2 => ("remaining / due".to_owned(), scalar(Quantity::Remaining, future) / scalar(Quantity::Due, future)),
            _ => {
                let n = sequence.below(100) as f64 / 8.0;
                (format!("{n:?}"), n)
            }
        };
    }
    let (a, x) = random_ratio(sequence, depth - 1, future);
    let (b, y) = random_ratio(sequence, depth - 1, future);
    match sequence.below(7) {
        0 => (format!("(({a}) + ({b}))"), x + y),
        1 => (format!("(({a}) - ({b}))"), x - y),
        2 => (format!("(({a}) * ({b}))"), x * y),
        3 => (format!("(({a}) / ({b}))"), if y == 0.0 { 0.0 } else { x / y }),
        4 => (format!("min({a}, {b})"), if x < y { x } else { y }),
        5 => (format!("max({a}, {b})"), if x > y { x } else { y }),
        _ => (format!("abs({a})"), x.abs()),
    }
}

#[test]
fn random_trees_have_the_bits_of_direct_arithmetic() {
    let mut sequence = Sequence(11);
    let mut compared = 0;
    for round in 0..4000 {
        let (text, expected) = random_ratio(&mut sequence, 5, round % 16);
        if text.len() <= LENGTH {
            let found = built(&text).evaluate::<1, _>(&Futures { first: round % 16 });
            assert_eq!(found.0[0].to_bits(), expected.to_bits(), "{text}");
            compared += 1;
        }
    }
    assert!(compared > 3000, "{compared}");
}
