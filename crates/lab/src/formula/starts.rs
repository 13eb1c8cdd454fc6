//! Where the parameters of formulas start.

use std::collections::BTreeMap;

use infimum_engine::ShapeError;

use super::functions::{self, Function};
use super::names;
use super::table::read;
use super::{Kind, Node};
use crate::recipe::Model;

/// How an array of parameters starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Start {
    /// As arrays of its weight do where no formula is given.
    Usual,
    /// Every number is this one.
    Value(f64),
    /// Normal, of this deviation.
    Deviation(f64),
    /// Normal, of deviation `sqrt(2 / (rows + columns))` (Glorot and Bengio 2010).
    Glorot,
}

/// How the arrays of parameters that the formulas of `model` make start, by their names.
///
/// # Errors
/// Formulas that are none.
pub(crate) fn starts(model: &Model) -> Result<BTreeMap<String, Start>, ShapeError> {
    let mut starts = BTreeMap::new();
    for (name, node) in &read(model)? {
        for at in names::arrays(name) {
            collect(node, &at, &mut starts).map_err(|reason| ShapeError::Weight { name: name.clone(), reason })?;
        }
    }
    Ok(starts)
}

fn collect(node: &Node, at: &str, into: &mut BTreeMap<String, Start>) -> Result<(), String> {
    if let Kind::Call(..) = node.kind
        && let Function::Maker(name) = functions::bind(node)?.function
    {
        return collect_made(node, name, at, into);
    }
    node.parts()?.into_iter().try_for_each(|(name, part)| collect(part, &format!("{at}.{name}"), into))
}

fn collect_made(node: &Node, name: &str, at: &str, into: &mut BTreeMap<String, Start>) -> Result<(), String> {
    match name {
        "free" => {
            into.insert(at.into(), start(node, Start::Usual)?);
        }
        "low_rank" => {
            let start = start(node, Start::Glorot)?;
            ["left", "right"].into_iter().for_each(|side| _ = into.insert(format!("{at}.{side}"), start));
        }
        _ => {}
    }
    Ok(())
}

/// What `value` and `deviation` say.
fn start(node: &Node, otherwise: Start) -> Result<Start, String> {
    let bound = functions::bind(node)?;
    let start = |(name, node): &(&str, &Node)| match (*name, node.number(), &node.kind) {
        ("value", Some(x), _) => Ok(Start::Value(x)),
        ("deviation", Some(x), _) if x > 0.0 => Ok(Start::Deviation(x)),
        ("deviation", None, Kind::Name(word)) if word == "glorot" => Ok(Start::Glorot),
        ("value", ..) => Err(node.wrong("`value` is a number")),
        _ => Err(node.wrong("`deviation` is a number above 0, or `glorot`")),
    };
    match &bound.named[..] {
        [] => Ok(otherwise),
        [one] => start(one),
        [_, (name, second), ..] => Err(second.wrong(format!("`{name}` beside the other: parameters start in one way"))),
    }
}
