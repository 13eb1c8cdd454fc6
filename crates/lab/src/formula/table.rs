//! The weights of a decoder while its program is built: free arrays, or what formulas make of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use infimum_engine::{Builder, Constant, Expression, Form, Free, Multiple, Product, Scaled, ShapeError, Sum, Weight};
use infimum_worlds::{Purpose, Shape, Stream};

use super::functions::{self, Bound, Function};
use super::names::Slots;
use super::{Formulas, Kind, Node, parse, starts};
use crate::recipe::Model;

/// The most numbers of one array that a formula makes.
const MOST: usize = 1 << 24;

/// Reads the formulas of a model.
pub(super) fn read(model: &Model) -> Result<Formulas, ShapeError> {
    let read = |(name, text): (&String, &String)| {
        let node = parse::parse(text).map_err(|reason| ShapeError::Weight { name: name.clone(), reason })?;
        Ok((name.clone(), node))
    };
    model.weights.iter().map(read).collect()
}

/// The weights of a program under construction.
pub(crate) struct WeightTable {
    formulas: Formulas,
    slots: Slots,
    built: BTreeMap<String, Weight>,
    /// The weights whose formulas are being followed, from the outermost.
    open: Vec<String>,
}

impl WeightTable {
    /// Of `model` on sequences of `shape`, with MLPs of hidden width `hidden`.
    ///
    /// # Errors
    /// A formula that is none, or does not say how its parameters start.
    pub(crate) fn new(model: &Model, shape: &Shape, hidden: usize) -> Result<WeightTable, ShapeError> {
        let formulas = read(model)?;
        starts(model)?;
        let slots = Slots::new(&formulas, model, shape, hidden);
        Ok(WeightTable { formulas, slots, built: BTreeMap::new(), open: vec![] })
    }

    /// Whether the model has a weight `name`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.slots.shape(name).is_some()
    }

    /// The weight `name`, as it stands in a file: what its formula says, or a free array.
    ///
    /// # Errors
    /// A formula that does not fit, refers to what there is not, or to itself.
    pub(crate) fn get(&mut self, b: &mut Builder, name: &str) -> Result<Weight, ShapeError> {
        if let Some(weight) = self.built.get(name) {
            return Ok(*weight);
        }
        let (wanted, at) = (self.slots.shape(name), self.slots.array(name));
        let weight = match (self.formulas.get(name).cloned(), wanted) {
            (Some(node), _) => self.follow(b, name, &node, wanted, &at)?,
            (None, Some([rows, columns])) => b.weight(&at, Free { rows, columns })?,
            (None, None) => {
                let reason = format!("there is none; the model's are {}", self.slots.listed());
                return Err(refused(name, reason));
            }
        };
        self.built.insert(name.into(), weight);
        Ok(weight)
    }

    /// # Errors
    /// A formula for a weight that the model has not, and that no other formula refers to.
    pub(crate) fn require_all_used(&self) -> Result<(), ShapeError> {
        let unused = self.formulas.keys().find(|name| !self.built.contains_key(*name));
        unused.map_or(Ok(()), |name| {
            let reason =
                format!("it has a formula, but nothing uses it; the model's weights are {}", self.slots.listed());
            Err(refused(name, reason))
        })
    }

    fn follow(
        &mut self,
        b: &mut Builder,
        name: &str,
        node: &Node,
        wanted: Option<[usize; 2]>,
        at: &str,
    ) -> Result<Weight, ShapeError> {
        if self.open.iter().any(|open| open == name) {
            let around = self.open.iter().map(|open| format!("`{open}`")).collect::<Vec<_>>().join(", ");
            return Err(refused(name, format!("its formula refers to itself, through {around}")));
        }
        self.open.push(name.into());
        let weight = self.make(b, node, wanted, at)?;
        self.open.pop();
        let made = sizes(b, weight);
        if let Some(wanted) = wanted.filter(|wanted| *wanted != made) {
            return Err(refused(name, format!("its formula gives {made:?}, the model wants {wanted:?}")));
        }
        Ok(weight)
    }

    /// The weight of a part of a formula, called `at`; `wanted` is its shape where that is known beforehand.
    fn make(
        &mut self,
        b: &mut Builder,
        node: &Node,
        wanted: Option<[usize; 2]>,
        at: &str,
    ) -> Result<Weight, ShapeError> {
        if let Some(x) = node.number() {
            return b.weight(at, filled(x, wanted.unwrap_or([1, 1])));
        }
        match &node.kind {
            Kind::Number(_) => unreachable!("numbers are made above"),
            Kind::Name(name) => self.get(b, name),
            Kind::Negative(of) => {
                let of = self.make(b, of, wanted, &format!("{at}.of"))?;
                b.weight(at, Scaled { of, factor: -1.0 })
            }
            Kind::Sum(left, right) => self.sum(b, [left, right], wanted, at),
            Kind::Product(left, right) => self.product(b, left, right, at),
            Kind::Call(..) => {
                let bound = functions::bind(node).map_err(|reason| self.wrong(reason))?;
                match bound.function {
                    Function::Maker(name) => self.made(b, node, name, &bound, wanted, at),
                    Function::Form(form) => self.formed(b, &form, &bound, at),
                }
            }
        }
    }

    /// A number beside a weight is wanted in the weight's shape.
    fn sum(
        &mut self,
        b: &mut Builder,
        sides: [&Node; 2],
        wanted: Option<[usize; 2]>,
        at: &str,
    ) -> Result<Weight, ShapeError> {
        let first = usize::from(sides[0].number().is_some());
        let name = |side| format!("{at}.{}", ["left", "right"][side]);
        let one = self.make(b, sides[first], wanted, &name(first))?;
        let other = self.make(b, sides[1 - first], wanted.or(Some(sizes(b, one))), &name(1 - first))?;
        let (left, right) = if first == 0 { (one, other) } else { (other, one) };
        b.weight(at, Sum { left, right })
    }

    fn product(&mut self, b: &mut Builder, left: &Node, right: &Node, at: &str) -> Result<Weight, ShapeError> {
        let names = [format!("{at}.left"), format!("{at}.right")];
        match (left.number(), right.number()) {
            (Some(factor), _) => {
                let of = self.make(b, right, None, &names[1])?;
                b.weight(at, Scaled { of, factor: factor as f32 })
            }
            (_, Some(factor)) => {
                let of = self.make(b, left, None, &names[0])?;
                b.weight(at, Scaled { of, factor: factor as f32 })
            }
            _ => {
                let (left, right) = (self.make(b, left, None, &names[0])?, self.make(b, right, None, &names[1])?);
                match (sizes(b, left), sizes(b, right)) {
                    ([1, 1], _) => b.weight(at, Multiple { factor: left, of: right }),
                    (_, [1, 1]) => b.weight(at, Multiple { factor: right, of: left }),
                    _ => b.weight(at, Product { left, right }),
                }
            }
        }
    }

    /// New numbers.
    fn made(
        &mut self,
        b: &mut Builder,
        node: &Node,
        name: &str,
        bound: &Bound<'_>,
        wanted: Option<[usize; 2]>,
        at: &str,
    ) -> Result<Weight, ShapeError> {
        let [row_place, column_place] = if name == "low_rank" { [1, 2] } else { [0, 1] };
        let wanted = wanted.unwrap_or([1, 1]);
        let (rows, columns) =
            (bound.counts[row_place].unwrap_or(wanted[0]), bound.counts[column_place].unwrap_or(wanted[1]));
        if rows.saturating_mul(columns) > MOST {
            let reason = format!("{rows} x {columns} numbers; an array of a formula has at most {MOST}");
            return Err(self.wrong(node.wrong(reason)));
        }
        match name {
            "free" => b.weight(at, Free { rows, columns }),
            "low_rank" => {
                let rank = bound.counts[0].ok_or_else(|| self.wrong(node.wrong("`low_rank` lacks its rank")))?;
                let left = b.weight(&format!("{at}.left"), Free { rows, columns: rank })?;
                let right = b.weight(&format!("{at}.right"), Free { rows: rank, columns })?;
                b.weight(at, Product { left, right })
            }
            "random" => {
                let random = self.random(node, bound, rows, columns)?;
                b.weight(at, random)
            }
            "given" => {
                let given = self.given(node, bound, rows, columns)?;
                b.weight(at, given)
            }
            "zeros" => b.weight(at, filled(0.0, [rows, columns])),
            "identity" => b.weight(at, identity(rows, columns)),
            _ => unreachable!("every maker makes something"),
        }
    }

    fn random(&self, node: &Node, bound: &Bound<'_>, rows: usize, columns: usize) -> Result<Constant, ShapeError> {
        let given = |name: &str| bound.named.iter().find(|(given, _)| *given == name);
        let deviation = given("deviation").and_then(|(_, node)| node.number()).filter(|x| *x > 0.0);
        let seed = given("seed").and_then(|(_, node)| node.number()).filter(|x| x.fract() == 0.0 && *x >= 0.0);
        let (Some(deviation), Some(seed)) = (deviation, seed) else {
            let reason =
                "`random` has a `deviation` above 0 and a whole `seed`, such as random(deviation = 0.02, seed = 1)";
            return Err(self.wrong(node.wrong(reason)));
        };
        let mut stream = Stream::new(seed as u64, Purpose::Frozen, 0, 0);
        let scalars = (0..rows * columns).map(|_| (deviation * stream.normal()) as f32).collect();
        Ok(Constant { rows, columns, scalars: Arc::new(scalars), frozen: true })
    }

    /// Numbers of somebody else's, which count as frozen ones do: whoever ships the model has to ship them.
    fn given(&self, node: &Node, bound: &Bound<'_>, rows: usize, columns: usize) -> Result<Constant, ShapeError> {
        if bound.numbers.len() != rows * columns {
            let reason = format!("`given` has {} numbers for {rows} x {columns}", bound.numbers.len());
            return Err(self.wrong(node.wrong(reason)));
        }
        let scalars = bound.numbers.iter().map(|x| *x as f32).collect();
        Ok(Constant { rows, columns, scalars: Arc::new(scalars), frozen: true })
    }

    fn formed(&mut self, b: &mut Builder, form: &Form, bound: &Bound<'_>, at: &str) -> Result<Weight, ShapeError> {
        let mut weights = Vec::new();
        for part in &bound.weights {
            let wanted = part.is_scalar.then_some([1, 1]);
            weights.push(self.make(b, part.node, wanted, &format!("{at}.{}", part.name))?);
        }
        let numbers: Vec<f64> = bound.counts.iter().flatten().map(|n| *n as f64).collect();
        let expression: Expression = (form.make)(&weights, &numbers);
        b.weight(at, expression)
    }

    /// What is wrong in the formula that is being followed.
    fn wrong(&self, reason: String) -> ShapeError {
        refused(self.open.last().map_or("", String::as_str), reason)
    }
}

fn refused(name: &str, reason: String) -> ShapeError {
    ShapeError::Weight { name: name.into(), reason }
}

fn sizes(b: &Builder, weight: Weight) -> [usize; 2] {
    let shape = b.weight_shape(weight);
    [shape.rows, shape.channels]
}

fn filled(x: f64, [rows, columns]: [usize; 2]) -> Constant {
    Constant { rows, columns, scalars: Arc::new(vec![x as f32; rows * columns]), frozen: false }
}

/// Row `i` is 1 at column `i`.
pub(crate) fn identity(rows: usize, columns: usize) -> Constant {
    let scalars = (0..rows).flat_map(|row| (0..columns).map(move |column| if row == column { 1.0 } else { 0.0 }));
    Constant { rows, columns, scalars: Arc::new(scalars.collect()), frozen: false }
}
