//! A compiled expression: instructions over a few registers, run for `L` futures at once.
//!
//! The operand that needs more registers is computed first, so a tree of `n` leaves needs at most `log₂ n + 1`
//! registers: ten for the longest text, without a stack to grow.

use super::LENGTH;
use super::kinds::Leaf;
use super::parse::{Binary, Node, Tree, Unary};
use super::quantity::{Kind, Quantities, Quantity};
use crate::lanes::{Mask, Pack};

/// Registers of an evaluation: a text of [`LENGTH`] characters has at most 1000 leaves, which fewer than 2¹⁰ bound.
const REGISTERS: usize = 10;
const _: () = assert!(LENGTH / 2 < 1 << REGISTERS, "Invariant: the longest text fits the registers");

#[derive(Clone, Copy, Debug, PartialEq)]
enum Instruction {
    Constant { to: u8, value: f64 },
    Load { to: u8, quantity: Quantity },
    Unary { op: Unary, to: u8, of: u8 },
    Binary { op: Binary, to: u8, left: u8, right: u8 },
}

/// An amount or a condition, compiled; its names are indices and its kinds agree.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    text: Box<str>,
    kind: Kind,
    /// The last instruction writes register 0.
    code: Box<[Instruction]>,
    depends_on_lane: bool,
}

impl Expression {
    /// Lowers a checked tree.
    pub(super) fn new(text: &str, tree: &Tree<'_>, leaves: &[Option<Leaf>], kind: Kind) -> Self {
        let code = lower(tree, leaves).into_boxed_slice();
        let depends = |i: &Instruction| matches!(i, Instruction::Load { quantity, .. } if quantity.depends_on_lane());
        Self { text: text.into(), kind, depends_on_lane: code.iter().any(depends), code }
    }

    /// What the value is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The text it was compiled from.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Calls `f` with every quantity it reads, as often as it reads it.
    pub fn uses(&self, mut f: impl FnMut(Quantity)) {
        for instruction in &self.code {
            if let Instruction::Load { quantity, .. } = instruction {
                f(*quantity);
            }
        }
    }

    /// The quantity that the whole expression is, if it is one.
    #[must_use]
    pub fn single(&self) -> Option<Quantity> {
        match *self.code {
            [Instruction::Load { quantity, .. }] => Some(quantity),
            _ => None,
        }
    }

    /// Whether futures can differ in it on one payment date.
    #[must_use]
    pub fn depends_on_lane(&self) -> bool {
        self.depends_on_lane
    }

    /// The value: money in currency units, conditions as 0 or 1, dates as days since 1970-01-01.
    ///
    /// A quotient whose divisor is zero is 0.
    #[inline(always)]
    #[must_use]
    pub fn evaluate<const L: usize, Q: Quantities<L>>(&self, q: &Q) -> Pack<L> {
        let mut registers = [Pack::ZERO; REGISTERS];
        for instruction in &self.code {
            match *instruction {
                Instruction::Constant { to, value } => registers[to as usize] = Pack::splat(value),
                Instruction::Load { to, quantity } => registers[to as usize] = q.value(quantity),
                Instruction::Unary { op, to, of } => registers[to as usize] = unary(op, registers[of as usize]),
                Instruction::Binary { op, to, left, right } => {
                    registers[to as usize] = binary(op, registers[left as usize], registers[right as usize]);
                }
            }
        }
        registers[0]
    }

    /// The value of a condition: set where it is above zero.
    #[inline(always)]
    #[must_use]
    pub fn condition<const L: usize, Q: Quantities<L>>(&self, q: &Q) -> Mask<L> {
        self.evaluate(q).gt(Pack::ZERO)
    }
}

/// 1 where set, else 0.
#[inline(always)]
fn flag<const L: usize>(mask: Mask<L>) -> Pack<L> {
    mask.keep(Pack::splat(1.0))
}

#[inline(always)]
fn unary<const L: usize>(op: Unary, a: Pack<L>) -> Pack<L> {
    match op {
        Unary::Negate => -a,
        Unary::Abs => a.map(f64::abs),
        Unary::Not => flag(a.gt(Pack::ZERO).not()),
    }
}

#[inline(always)]
fn binary<const L: usize>(op: Binary, a: Pack<L>, b: Pack<L>) -> Pack<L> {
    match op {
        Binary::Add => a + b,
        Binary::Subtract => a - b,
        Binary::Multiply => a * b,
        Binary::Divide => {
            let divisible = b.lt(Pack::ZERO).or(b.gt(Pack::ZERO));
            divisible.keep(a / divisible.select(b, Pack::splat(1.0)))
        }
        Binary::Min => a.min(b),
        Binary::Max => a.max(b),
        Binary::Less => flag(a.lt(b)),
        Binary::LessEqual => flag(b.ge(a)),
        Binary::Greater => flag(a.gt(b)),
        Binary::GreaterEqual => flag(a.ge(b)),
        Binary::Equal => flag(a.ge(b).and(b.ge(a))),
        Binary::NotEqual => flag(a.ge(b).and(b.ge(a)).not()),
        Binary::And => flag(a.gt(Pack::ZERO).and(b.gt(Pack::ZERO))),
        Binary::Or => flag(a.gt(Pack::ZERO).or(b.gt(Pack::ZERO))),
    }
}

/// What is still to be done with a node: compute it into a register, or combine operands that are computed.
enum Task {
    Compute { node: usize, to: u8 },
    Combine(Instruction),
}

fn lower(tree: &Tree<'_>, leaves: &[Option<Leaf>]) -> Vec<Instruction> {
    let needs = needs(tree);
    let mut code = Vec::with_capacity(tree.nodes.len());
    let mut tasks = vec![Task::Compute { node: tree.nodes.len() - 1, to: 0 }];
    while let Some(task) = tasks.pop() {
        let (node, to) = match task {
            Task::Combine(instruction) => {
                code.push(instruction);
                continue;
            }
            Task::Compute { node, to } => (node, to),
        };
        match (&tree.nodes[node], leaves[node]) {
            (_, Some(Leaf::Constant(value))) => code.push(Instruction::Constant { to, value }),
            (_, Some(Leaf::Load(quantity))) => code.push(Instruction::Load { to, quantity }),
            (Node::Unary { op, of }, None) => {
                tasks.push(Task::Combine(Instruction::Unary { op: *op, to, of: to }));
                tasks.push(Task::Compute { node: *of, to });
            }
            (Node::Binary { op, left, right }, None) => {
                let swap = needs[*right] > needs[*left];
                let (first, second) = if swap { (*right, *left) } else { (*left, *right) };
                let (a, b) = if swap { (to + 1, to) } else { (to, to + 1) };
                tasks.push(Task::Combine(Instruction::Binary { op: *op, to, left: a, right: b }));
                tasks.push(Task::Compute { node: second, to: to + 1 });
                tasks.push(Task::Compute { node: first, to });
            }
            (_, None) => debug_assert!(false, "Invariant: a node of a checked tree without children is a leaf"),
        }
    }
    code
}

/// Registers that each node needs (Sethi and Ullman, "The Generation of Optimal Code for Arithmetic Expressions", 1970).
fn needs(tree: &Tree<'_>) -> Vec<usize> {
    let mut needs: Vec<usize> = Vec::with_capacity(tree.nodes.len());
    for node in &tree.nodes {
        needs.push(match node {
            Node::Unary { of, .. } => needs[*of],
            Node::Binary { left, right, .. } if needs[*left] == needs[*right] => needs[*left] + 1,
            Node::Binary { left, right, .. } => std::cmp::max(needs[*left], needs[*right]),
            _ => 1,
        });
    }
    needs
}
