//! From tokens to a tree of values and operators.
//!
//! ```text
//! expression := both ('or' both)*             both    := negated ('and' negated)*
//! negated    := 'not' negated | comparison    comparison := sum (('<' | '<=' | '>' | '>=' | '==' | '!=') sum)?
//! sum        := product (('+' | '-') product)*    product := signed (('*' | '/') signed)*
//! signed     := '-' signed | value
//! value      := number | date | quoted | quantity | '(' expression ')' | ('min' | 'max' | 'abs') '(' expression, … ')'
//! quantity   := word | word '(' quoted ')'
//! ```

use std::borrow::Cow;

use super::quantity::{Argument, FUNCTIONS};
use super::suggest::nearest;
use super::tokens::{Placed, Token};
use super::{DEPTH, Fault};

/// An operator of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {
    Negate,
    Abs,
    Not,
}

/// An operator of two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Min,
    Max,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    And,
    Or,
}

impl Unary {
    /// As it is written.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Negate => "-",
            Self::Abs => "abs",
            Self::Not => "not",
        }
    }
}

impl Binary {
    /// As it is written.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Min => "min",
            Self::Max => "max",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::And => "and",
            Self::Or => "or",
        }
    }
}

const COMPARISONS: [Binary; 6] =
    [Binary::Less, Binary::LessEqual, Binary::Greater, Binary::GreaterEqual, Binary::Equal, Binary::NotEqual];
const SUMS: [Binary; 2] = [Binary::Add, Binary::Subtract];
const PRODUCTS: [Binary; 2] = [Binary::Multiply, Binary::Divide];

/// One node; its children stand before it in the tree.
#[derive(Clone, Debug, PartialEq)]
pub enum Node<'t> {
    Number { value: f64, plain: bool },
    Date(i32),
    Quoted(Cow<'t, str>),
    Quantity { word: &'t str, argument: Argument<'t> },
    Unary { op: Unary, of: usize },
    Binary { op: Binary, left: usize, right: usize },
}

/// The nodes of an expression, each with the byte of the text it is reported at; the last one is the root.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree<'t> {
    pub nodes: Vec<Node<'t>>,
    pub places: Vec<usize>,
}

/// Reads the tokens of `text`.
pub fn parse<'t>(text: &'t str, tokens: &[Placed<'t>]) -> Result<Tree<'t>, Fault> {
    let mut parser = Parser { text, tokens, at: 0, depth: 0, tree: Tree::default() };
    parser.either()?;
    match parser.peek().token {
        Token::End => Ok(parser.tree),
        _ => Err(parser.no_operator("an operator or the end")),
    }
}

struct Parser<'t, 'a> {
    text: &'t str,
    tokens: &'a [Placed<'t>],
    at: usize,
    depth: usize,
    tree: Tree<'t>,
}

impl<'t> Parser<'t, '_> {
    /// The next token; the last one is the end and stays.
    fn peek(&self) -> Placed<'t> {
        self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    fn next(&mut self) -> Placed<'t> {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek().token, Token::Sign(s) if s == sign);
        self.at += usize::from(found);
        found
    }

    fn add(&mut self, node: Node<'t>, place: usize) -> usize {
        self.tree.nodes.push(node);
        self.tree.places.push(place);
        self.tree.nodes.len() - 1
    }

    /// Which of some operators comes next, and its place.
    fn operator(&mut self, among: &[Binary]) -> Option<(Binary, usize)> {
        let next = self.peek();
        let (Token::Sign(text) | Token::Word(text)) = next.token else { return None };
        let op = among.iter().copied().find(|op| op.text() == text)?;
        self.at += 1;
        Some((op, next.start))
    }

    /// What is found, in the words of an error.
    fn found(&self, token: Placed<'t>) -> String {
        let mut text: String = self.text[token.start..token.end].chars().take(40).collect();
        if text.len() < token.end - token.start {
            text.push('…');
        }
        if token.token == Token::End { "found the end".to_owned() } else { format!("found `{text}`") }
    }

    fn no_operator(&self, expected: &str) -> Fault {
        let token = self.peek();
        let hint = match token.token {
            Token::Word(word) => nearest(word, ["and", "or"]).map(|near| format!("; did you mean `{near}`?")),
            _ => None,
        };
        let found = self.found(token);
        Fault::new(token.start, format!("{found}; expected {expected}{}", hint.unwrap_or_default()))
    }

    /// Runs a rule one level deeper.
    fn deeper(&mut self, place: usize, rule: impl FnOnce(&mut Self) -> Result<usize, Fault>) -> Result<usize, Fault> {
        if self.depth == DEPTH {
            return Err(Fault::new(place, format!("found more than {DEPTH} levels of parentheses, `-` and `not`")));
        }
        self.depth += 1;
        let node = rule(self)?;
        self.depth -= 1;
        Ok(node)
    }

    /// A rule that is left-associative in some operators.
    fn chain(&mut self, among: &[Binary], operand: impl Fn(&mut Self) -> Result<usize, Fault>) -> Result<usize, Fault> {
        let mut left = operand(self)?;
        while let Some((op, place)) = self.operator(among) {
            let right = operand(self)?;
            left = self.add(Node::Binary { op, left, right }, place);
        }
        Ok(left)
    }

    fn either(&mut self) -> Result<usize, Fault> {
        self.chain(&[Binary::Or], |p| p.chain(&[Binary::And], Self::negated))
    }

    fn negated(&mut self) -> Result<usize, Fault> {
        let next = self.peek();
        if next.token != Token::Word(Unary::Not.text()) {
            return self.comparison();
        }
        self.at += 1;
        let of = self.deeper(next.start, Self::negated)?;
        Ok(self.add(Node::Unary { op: Unary::Not, of }, next.start))
    }

    fn comparison(&mut self) -> Result<usize, Fault> {
        let left = self.sum()?;
        let Some((op, place)) = self.operator(&COMPARISONS) else { return Ok(left) };
        let right = self.sum()?;
        match self.operator(&COMPARISONS) {
            None => Ok(self.add(Node::Binary { op, left, right }, place)),
            Some((_, place)) => Err(Fault::new(place, "comparisons do not chain; join two of them with `and`")),
        }
    }

    fn sum(&mut self) -> Result<usize, Fault> {
        self.chain(&SUMS, |p| p.chain(&PRODUCTS, Self::signed))
    }

    fn signed(&mut self) -> Result<usize, Fault> {
        let place = self.peek().start;
        if !self.sign("-") {
            return self.value();
        }
        let of = self.deeper(place, Self::signed)?;
        // A literal with its sign is a literal: only then may it stand for money.
        if let Node::Number { value, .. } = &mut self.tree.nodes[of] {
            *value = -*value;
            self.tree.places[of] = place;
            return Ok(of);
        }
        Ok(self.add(Node::Unary { op: Unary::Negate, of }, place))
    }

    fn value(&mut self) -> Result<usize, Fault> {
        let token = self.next();
        let place = token.start;
        match token.token {
            Token::Number { value, plain } => Ok(self.add(Node::Number { value, plain }, place)),
            Token::Date(days) => Ok(self.add(Node::Date(days), place)),
            Token::Quoted { inner, quote } => Ok(self.add(Node::Quoted(unquoted(inner, quote)), place)),
            Token::Sign("(") => {
                let node = self.deeper(place, Self::either)?;
                if self.sign(")") { Ok(node) } else { Err(self.no_operator("an operator or `)`")) }
            }
            Token::Word(word) if FUNCTIONS.contains(&word) => self.function(word, place),
            Token::Word(word) if !["and", "or", "not"].contains(&word) => {
                let argument = self.argument()?;
                Ok(self.add(Node::Quantity { word, argument }, place))
            }
            _ => {
                let found = self.found(token);
                Err(Fault::new(place, format!("{found}; expected a number, a date, a quantity or `(`")))
            }
        }
    }

    fn function(&mut self, word: &str, place: usize) -> Result<usize, Fault> {
        if !self.sign("(") {
            return Err(Fault::new(place, format!("`{word}` takes values in parentheses")));
        }
        let mut node = self.deeper(place, Self::either)?;
        let mut count = 1;
        while self.sign(",") {
            let right = self.deeper(place, Self::either)?;
            let op = if word == Binary::Min.text() { Binary::Min } else { Binary::Max };
            node = self.add(Node::Binary { op, left: node, right }, place);
            count += 1;
        }
        if !self.sign(")") {
            return Err(self.no_operator("an operator, `,` or `)`"));
        }
        let abs = word == Unary::Abs.text();
        match count {
            1 if abs => Ok(self.add(Node::Unary { op: Unary::Abs, of: node }, place)),
            _ if abs => Err(Fault::new(place, format!("`abs` takes one value; found {count}"))),
            1 => Err(Fault::new(place, format!("`{word}` takes two values or more; found 1"))),
            _ => Ok(node),
        }
    }

    /// What stands in parentheses after the word of a quantity; what is not one quoted name or number is passed over.
    fn argument(&mut self) -> Result<Argument<'t>, Fault> {
        let opening = self.peek().start;
        if !self.sign("(") {
            return Ok(Argument::Absent);
        }
        if let Token::Quoted { inner, quote } = self.peek().token {
            self.at += 1;
            if self.sign(")") {
                return Ok(Argument::Name(unquoted(inner, quote)));
            }
        } else if let Token::Number { value, plain: true } = self.peek().token {
            self.at += 1;
            if self.sign(")") {
                return Ok(Argument::Number(value));
            }
        }
        let mut open = 1;
        while open > 0 {
            match self.next().token {
                Token::Sign("(") => open += 1,
                Token::Sign(")") => open -= 1,
                Token::End => return Err(Fault::new(opening, "the `(` here has no closing `)`")),
                _ => {}
            }
        }
        Ok(Argument::Other)
    }
}

/// A doubled quote stands for one.
fn unquoted<'t>(inner: &'t str, quote: &str) -> Cow<'t, str> {
    if inner.contains(quote) { Cow::Owned(inner.replace(&quote.repeat(2), quote)) } else { Cow::Borrowed(inner) }
}
