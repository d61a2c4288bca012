//! What kind of value every node has; what does not fit together is reported, each fault once.

use super::parse::{Binary, Node, Tree, Unary};
use super::quantity::{self, Kind, Quantity};
use super::{Fault, Names};

/// A plain number stands for money from this amount on (currency units): no ratio is that large, no amount worth a
/// clause that small.
const LEAST_AMOUNT: f64 = 1000.0;

/// Said where a number was too small to be money.
const LITERALS: &str = "; a plain number is money only if it is 0 or at least 1000";

/// A value that is read rather than computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Leaf {
    Constant(f64),
    Load(Quantity),
}

/// What a node turned out to be.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Found {
    Known(Kind),
    /// A plain number: a ratio, or money where money is asked for.
    Literal(f64),
    /// Quoted text outside a quantity.
    Text,
    /// Reported already.
    Wrong,
}

impl Found {
    const fn name(self) -> &'static str {
        match self {
            Self::Known(kind) => kind.name(),
            Self::Literal(_) => Kind::Ratio.name(),
            Self::Text => "quoted text",
            Self::Wrong => "nothing",
        }
    }

    /// Whether it can stand where `kind` is asked for.
    fn is(self, kind: Kind) -> bool {
        match self {
            Self::Known(known) => known == kind,
            Self::Literal(value) => kind == Kind::Ratio || (kind == Kind::Money && is_amount(value)),
            Self::Text | Self::Wrong => false,
        }
    }
}

fn is_amount(value: f64) -> bool {
    value == 0.0 || value.abs() >= LEAST_AMOUNT
}

/// Resolves the leaves of a tree and finds its kind, which must be one of `expected` (any when empty).
///
/// Returns per node its leaf, if it is one, and the kind of the root.
pub fn check(
    tree: &Tree<'_>,
    names: &dyn Names,
    expected: &[Kind],
    faults: &mut Vec<Fault>,
) -> Option<(Vec<Option<Leaf>>, Kind)> {
    let mut checker = Checker { names, found: Vec::new(), leaves: Vec::new(), faults: Vec::new() };
    for (node, place) in tree.nodes.iter().zip(&tree.places) {
        let (found, leaf) = checker.node(tree, node, *place);
        checker.found.push(found);
        checker.leaves.push(leaf);
    }
    let root = checker.found.last().copied().unwrap_or(Found::Wrong);
    let kind = [Kind::Ratio, Kind::Money, Kind::Date, Kind::Boolean, Kind::Status]
        .into_iter()
        .find(|kind| root.is(*kind) && (expected.is_empty() || expected.contains(kind)));
    if kind.is_none() && root != Found::Wrong {
        checker.faults.push(Fault::new(0, misfit(root, expected)));
    }
    faults.append(&mut checker.faults);
    kind.map(|kind| (checker.leaves, kind))
}

fn misfit(root: Found, expected: &[Kind]) -> String {
    let wanted: Vec<&str> = expected.iter().map(|kind| kind.name()).collect();
    let wanted = if wanted.is_empty() { "a value".to_owned() } else { wanted.join(" or ") };
    let hint = if matches!(root, Found::Literal(_)) && expected.contains(&Kind::Money) { LITERALS } else { "" };
    format!("the expression is {}; expected {wanted}{hint}", root.name())
}

struct Checker<'n> {
    names: &'n dyn Names,
    found: Vec<Found>,
    leaves: Vec<Option<Leaf>>,
    faults: Vec<Fault>,
}

impl Checker<'_> {
    fn fault(&mut self, place: usize, message: String) -> Found {
        self.faults.push(Fault::new(place, message));
        Found::Wrong
    }

    fn node(&mut self, tree: &Tree<'_>, node: &Node<'_>, place: usize) -> (Found, Option<Leaf>) {
        match node {
            Node::Number { value, plain } => {
                let found = if *plain { Found::Literal(*value) } else { Found::Known(Kind::Ratio) };
                (found, Some(Leaf::Constant(*value)))
            }
            Node::Date(days) => (Found::Known(Kind::Date), Some(Leaf::Constant(f64::from(*days)))),
            Node::Quoted(_) => (Found::Text, None),
            Node::Quantity { word, argument } => match quantity::resolve(word, argument, self.names) {
                Ok(quantity) => (Found::Known(quantity.kind()), Some(Leaf::Load(quantity))),
                Err(message) => (self.fault(place, message), None),
            },
            Node::Unary { op, of } => (self.unary(*op, self.found[*of], place), None),
            Node::Binary { op, left, right } => (self.binary(tree, *op, *left, *right, place), None),
        }
    }

    fn unary(&mut self, op: Unary, of: Found, place: usize) -> Found {
        let taken: &[Kind] = if op == Unary::Not { &[Kind::Boolean] } else { &[Kind::Ratio, Kind::Money] };
        if of == Found::Wrong {
            return Found::Wrong;
        }
        if let Some(kind) = taken.iter().find(|kind| of.is(**kind)) {
            return Found::Known(*kind);
        }
        let wanted = if op == Unary::Not { "a condition" } else { "money or a ratio" };
        self.fault(place, format!("`{}` takes {wanted}; found {}", op.text(), of.name()))
    }

    fn binary(&mut self, tree: &Tree<'_>, op: Binary, left: usize, right: usize, place: usize) -> Found {
        let (a, b) = (self.found[left], self.found[right]);
        if a == Found::Wrong || b == Found::Wrong {
            return Found::Wrong;
        }
        match op {
            Binary::Add | Binary::Subtract | Binary::Min | Binary::Max => {
                if let (Binary::Min | Binary::Max, Found::Literal(x), Found::Literal(y)) = (op, a, b) {
                    // The lesser of plain numbers is a plain number, so that the order of arguments does not matter.
                    return Found::Literal(if is_amount(x) { y } else { x });
                }
                if let Some(kind) = amounts(a, b) {
                    return Found::Known(kind);
                }
                let (text, a, b, hint) = (op.text(), a.name(), b.name(), hint(a, b));
                self.fault(place, format!("`{text}` takes money and money, or ratios; found {a} and {b}{hint}"))
            }
            Binary::Multiply => match (a.is(Kind::Ratio), b.is(Kind::Ratio)) {
                (true, true) => Found::Known(Kind::Ratio),
                (true, false) if b.is(Kind::Money) => Found::Known(Kind::Money),
                (false, true) if a.is(Kind::Money) => Found::Known(Kind::Money),
                _ => {
                    let (a, b) = (a.name(), b.name());
                    self.fault(place, format!("`*` takes money and a ratio, or ratios; found {a} and {b}"))
                }
            },
            Binary::Divide => match (a.is(Kind::Ratio), b.is(Kind::Ratio)) {
                (true, true) => Found::Known(Kind::Ratio),
                (false, true) if a.is(Kind::Money) => Found::Known(Kind::Money),
                (false, false) if a.is(Kind::Money) && b.is(Kind::Money) => Found::Known(Kind::Ratio),
                _ => {
                    let (a, b) = (a.name(), b.name());
                    self.fault(
                        place,
                        format!("`/` divides money by money, or money or a ratio by a ratio; found {a} by {b}"),
                    )
                }
            },
            Binary::And | Binary::Or => {
                let mut out = Found::Known(Kind::Boolean);
                for (side, found) in [(left, a), (right, b)] {
                    if !found.is(Kind::Boolean) {
                        let message = format!("`{}` takes conditions; found {}", op.text(), found.name());
                        out = self.fault(tree.places[side], message);
                    }
                }
                out
            }
            Binary::Less
            | Binary::LessEqual
            | Binary::Greater
            | Binary::GreaterEqual
            | Binary::Equal
            | Binary::NotEqual => self.comparison(tree, op, (left, a), (right, b), place),
        }
    }

    fn comparison(
        &mut self,
        tree: &Tree<'_>,
        op: Binary,
        left: (usize, Found),
        right: (usize, Found),
        place: usize,
    ) -> Found {
        let (a, b, text) = (left.1, right.1, op.text());
        let status = Found::Known(Kind::Status);
        let equality = matches!(op, Binary::Equal | Binary::NotEqual);
        match (a, b) {
            _ if amounts(a, b).is_some() => Found::Known(Kind::Boolean),
            (Found::Known(Kind::Date), Found::Known(Kind::Date)) => Found::Known(Kind::Boolean),
            (Found::Known(Kind::Boolean), Found::Known(Kind::Boolean)) => {
                self.fault(place, format!("`{text}` compares conditions; join them with `and`, `or`, `not`"))
            }
            (Found::Text, known) | (known, Found::Text) if known == status => {
                if !equality {
                    return self.fault(place, format!("`{text}` orders statuses; compare them with `==` or `!=`"));
                }
                let side = if a == Found::Text { left.0 } else { right.0 };
                let Node::Quoted(name) = &tree.nodes[side] else { return Found::Wrong };
                match quantity::status(name) {
                    Ok(code) => {
                        self.leaves[side] = Some(Leaf::Constant(code));
                        Found::Known(Kind::Boolean)
                    }
                    Err(message) => self.fault(tree.places[side], message),
                }
            }
            _ if a == status || b == status => {
                let other = if a == status { b } else { a };
                self.fault(place, format!("`{text}` compares a status with {}; expected quoted text", other.name()))
            }
            _ => {
                let (a, b, hint) = (a.name(), b.name(), hint(a, b));
                self.fault(place, format!("`{text}` compares {a} with {b}{hint}"))
            }
        }
    }
}

/// The kind of two amounts or two ratios.
fn amounts(a: Found, b: Found) -> Option<Kind> {
    [Kind::Ratio, Kind::Money].into_iter().find(|kind| a.is(*kind) && b.is(*kind))
}

/// Said beside money and a number too small to be money.
fn hint(a: Found, b: Found) -> &'static str {
    let money = Found::Known(Kind::Money);
    match (a, b) {
        (Found::Literal(_), other) | (other, Found::Literal(_)) if other == money => LITERALS,
        _ => "",
    }
}
