//! From text to tokens: numbers, dates, quoted names, words and signs, each with its place.

use super::Fault;
use crate::time::Date;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Token<'t> {
    /// A number; `plain` unless it ends in `%` or `bp`.
    Number {
        value: f64,
        plain: bool,
    },
    /// Days since 1970-01-01.
    Date(i32),
    /// What stands between quotes, a doubled quote still doubled.
    Quoted {
        inner: &'t str,
        quote: &'static str,
    },
    /// A quantity, a function, `and`, `or` or `not`.
    Word(&'t str),
    /// An operator, a parenthesis or a comma.
    Sign(&'static str),
    End,
}

/// A token and the bytes of the text it covers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed<'t> {
    pub token: Token<'t>,
    pub start: usize,
    pub end: usize,
}

/// Two characters before one, so that `<=` is not read as `<`.
const SIGNS: [&str; 13] = ["<=", ">=", "==", "!=", "<", ">", "+", "-", "*", "/", "(", ")", ","];

/// What other languages write, and what this one writes instead.
const FOREIGN: [(&str, &str); 7] =
    [("&&", "and"), ("||", "or"), ("<>", "!="), ("=>", ">="), ("=<", "<="), ("=", "=="), ("!", "not")];

/// Reads a text; characters that begin no token are faults and are passed over.
pub fn tokens<'t>(text: &'t str, faults: &mut Vec<Fault>) -> Vec<Placed<'t>> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (token, length) = if first.is_whitespace() {
            (None, first.len_utf8())
        } else if let Some(length) = date_length(rest) {
            (date(&rest[..length], at, faults), length)
        } else if first.is_ascii_digit() || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) {
            let length = number_length(rest);
            (number(&rest[..length], at, faults), length)
        } else if first == '\'' {
            quoted(rest, "'", at, faults)
        } else if first == '"' {
            quoted(rest, "\"", at, faults)
        } else if first.is_alphabetic() || first == '_' {
            let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            (Some(Token::Word(&rest[..length])), length)
        } else {
            sign(rest, first, at, faults)
        };
        if let Some(token) = token {
            out.push(Placed { token, start: at, end: at + length });
        }
        at += length;
    }
    out.push(Placed { token: Token::End, start: text.len(), end: text.len() });
    out
}

/// The length of what has the shape `dddd-dd-dd` and is not part of something longer.
fn date_length(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes().get(..10)?;
    let shape = bytes.iter().enumerate().all(|(i, b)| if i == 4 || i == 7 { *b == b'-' } else { b.is_ascii_digit() });
    let ends = !rest.as_bytes().get(10).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'.');
    (shape && ends).then_some(10)
}

fn date<'t>(text: &str, at: usize, faults: &mut Vec<Fault>) -> Option<Token<'t>> {
    let date = Date::parse(text);
    if date.is_none() {
        faults.push(Fault::new(at, format!("`{text}` is not a day of the calendar")));
    }
    date.map(|d| Token::Date(d.0))
}

/// Letters, digits, points, the sign of an exponent, and one percent sign.
fn number_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut mantissa = true;
    let mut i = 0;
    while i < bytes.len() {
        let b = bytes[i];
        if mantissa && (b == b'e' || b == b'E') {
            mantissa = false;
            let signed = matches!(bytes.get(i + 1), Some(b'+' | b'-'));
            let digit = bytes.get(i + 2).is_some_and(u8::is_ascii_digit);
            i += if signed && digit { 2 } else { 1 };
        } else if b.is_ascii_alphanumeric() || b == b'_' || b == b'.' {
            mantissa &= !b.is_ascii_alphabetic();
            i += 1;
        } else {
            break;
        }
    }
    if bytes.get(i) == Some(&b'%') { i + 1 } else { i }
}

fn number<'t>(text: &str, at: usize, faults: &mut Vec<Fault>) -> Option<Token<'t>> {
    let (digits, shift) = match (text.strip_suffix('%'), text.strip_suffix("bp")) {
        (Some(digits), _) => (digits, -2),
        (_, Some(digits)) => (digits, -4),
        _ => (text, 0),
    };
    let value = decimal(digits, shift);
    match value {
        Some(value) if value.is_finite() => Some(Token::Number { value, plain: shift == 0 }),
        Some(_) => {
            faults.push(Fault::new(at, format!("`{text}` is too large")));
            None
        }
        None => {
            faults.push(Fault::new(
                at,
                format!("`{text}` is not a number; expected one such as 1_000_000, 0.075, 1e-3, 7.5% or 130bp"),
            ));
            None
        }
    }
}

/// The double nearest to `text · 10^shift`: the exponent is shifted, so that `130bp` has the bits of `0.0130`.
fn decimal(text: &str, shift: i32) -> Option<f64> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(i) => (&text[..i], Some(&text[i + 1..])),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let fits = |part: Option<&str>| part.is_none_or(grouped);
    if !(grouped(whole) || (whole.is_empty() && fraction.is_some())) || !fits(fraction) {
        return None;
    }
    let exponent = match exponent {
        Some(e) if grouped(e.strip_prefix(['+', '-']).unwrap_or(e)) => e.replace('_', "").parse::<i32>().ok()?,
        Some(_) => return None,
        None => 0,
    };
    format!("{}e{}", mantissa.replace('_', ""), exponent.checked_add(shift)?).parse().ok()
}

/// Digits, with single underscores between them.
fn grouped(text: &str) -> bool {
    text.split('_').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

fn quoted<'t>(rest: &'t str, quote: &'static str, at: usize, faults: &mut Vec<Fault>) -> (Option<Token<'t>>, usize) {
    let mut end = 1;
    while let Some(i) = rest[end..].find(quote) {
        end += i + 1;
        if !rest[end..].starts_with(quote) {
            return (Some(Token::Quoted { inner: &rest[1..end - 1], quote }), end);
        }
        end += 1;
    }
    faults.push(Fault::new(at, "the quoted name that begins here has no closing quote"));
    (None, rest.len())
}

fn sign<'t>(rest: &str, first: char, at: usize, faults: &mut Vec<Fault>) -> (Option<Token<'t>>, usize) {
    let known = SIGNS.iter().find(|sign| rest.starts_with(**sign));
    let foreign = FOREIGN.iter().find(|(sign, _)| rest.starts_with(sign));
    match (known, foreign) {
        (Some(sign), Some((other, _))) if sign.len() >= other.len() => (Some(Token::Sign(sign)), sign.len()),
        (_, Some((other, ours))) => {
            faults.push(Fault::new(at, format!("`{other}` is not an operator; write `{ours}`")));
            (None, other.len())
        }
        (Some(sign), None) => (Some(Token::Sign(sign)), sign.len()),
        (None, None) => {
            let hint = if first == '%' { "; a percent sign stands right after its number" } else { "" };
            faults.push(Fault::new(at, format!("found `{}`, which begins nothing{hint}", first.escape_debug())));
            (None, first.len_utf8())
        }
    }
}
