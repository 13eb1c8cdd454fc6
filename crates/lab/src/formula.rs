//! Formulas of weights: what stands under `[model.weights]`, such as `wpe = "low_rank(3)"` or
//! `"h.0.attn.k" = "rotate(h.0.attn.q, free(value = 0.1))"`.
//!
//! A formula is made of references to other weights by name, functions (`functions.rs` has them), numbers, `+`, `-` and `*`. `*` is the
//! matrix product, or where one side has one number, a multiple. A number in place of a weight is a constant of the shape
//! that is wanted there, or else one number.
//!
//! Parameters of a formula are called after its weight and the way to them: `transformer.wpe.weight.left` and `.right` of
//! `wpe = "low_rank(3)"`.

mod functions;
mod names;
mod parse;
mod starts;
mod table;

use std::collections::BTreeMap;

pub(crate) use functions::may_freeze;
pub(crate) use starts::{Start, starts};
pub(crate) use table::{WeightTable, identity};

/// The formulas of a model, by the weight that each gives.
type Formulas = BTreeMap<String, Node>;

/// A part of a formula and the column where it starts, from 1.
#[derive(Clone, Debug, PartialEq)]
struct Node {
    column: usize,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Number(f64),
    Name(String),
    Call(String, Vec<Argument>),
    Negative(Box<Node>),
    Sum(Box<Node>, Box<Node>),
    Product(Box<Node>, Box<Node>),
}

/// An argument of a call, by place or by name.
#[derive(Clone, Debug, PartialEq)]
struct Argument {
    name: Option<String>,
    node: Node,
}

impl Node {
    fn wrong(&self, reason: impl std::fmt::Display) -> String {
        format!("column {}: {reason}", self.column)
    }

    /// A number, with its sign.
    fn number(&self) -> Option<f64> {
        match &self.kind {
            Kind::Number(x) => Some(*x),
            Kind::Negative(inner) => inner.number().map(|x| -x),
            _ => None,
        }
    }

    /// The parts that are weights, each with what it is called below this one.
    fn parts(&self) -> Result<Vec<(String, &Node)>, String> {
        Ok(match &self.kind {
            Kind::Number(_) | Kind::Name(_) => vec![],
            Kind::Negative(inner) => vec![("of".into(), inner)],
            Kind::Sum(left, right) | Kind::Product(left, right) => vec![("left".into(), left), ("right".into(), right)],
            Kind::Call(..) => functions::bind(self)?.weights.into_iter().map(|part| (part.name, part.node)).collect(),
        })
    }

    /// Whether the weight `name` is referred to.
    fn mentions(&self, name: &str) -> bool {
        let inside = |node: &Node| node.mentions(name);
        match &self.kind {
            Kind::Number(_) => false,
            Kind::Name(found) => found == name,
            Kind::Negative(inner) => inside(inner),
            Kind::Sum(left, right) | Kind::Product(left, right) => inside(left) || inside(right),
            Kind::Call(_, arguments) => arguments.iter().any(|argument| inside(&argument.node)),
        }
    }
}

#[cfg(test)]
mod tests;
