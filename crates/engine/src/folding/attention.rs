//! Attention of one head multiplied out: with `k = h A B` and `v = g C D`,
//! `attn(h Wq, h A B, g C D) Wo = attn(h (Wq B'), h A, g C) (D Wo)`, for any such factors, of which `A` and `C` may be nothing
//! at all (then keys or values are `h`, `g` themselves). What is multiplied out is the cheapest by a count of multiply-adds.

use super::Folding;
use crate::expression::Weight;
use crate::expressions::{Product, Transposed};
use crate::operation::Operation;
use crate::operations::Linear;
use crate::program::{Node, Value};
use crate::shape::ShapeError;

/// Everything around an attention that can be multiplied out.
struct Around {
    attend: usize,
    query: Node,
    key: Node,
    value: Node,
    /// The product that alone reads the result.
    out: usize,
}

/// What keys or values may be computed as: `array factor`, with `rest` left over for the other side.
#[derive(Clone, Copy, PartialEq)]
struct Basis {
    array: Value,
    factor: Option<Weight>,
    rest: Option<Weight>,
}

impl Folding {
    /// Multiplies the attention out that gives `output`, if it is one, and if that is less work.
    pub(super) fn attention(&mut self, output: Value) -> Result<(), ShapeError> {
        let Some(around) = self.around(output) else { return Ok(()) };
        let (keys, values) = (self.bases(&around.key)?, self.bases(&around.value)?);
        let all = keys.iter().flat_map(|k| values.iter().map(move |v| (*k, *v)));
        let best = all.min_by_key(|(k, v)| self.cost(&around, k, v)).expect("as it is");
        self.multiply_out(&around, best.0, best.1)
    }

    /// An attention of one head over products that nobody else reads, and whose result one product reads.
    fn around(&self, output: Value) -> Option<Around> {
        let attend = self.producer(output)?;
        let node = &self.program.nodes[attend];
        let Operation::Attend(a) = &node.operation else { return None };
        let read_here = |v: &Value| self.readers(*v) == [attend] && !self.is_loss(*v);
        let [out] = self.readers(output)[..] else { return None };
        let is_product = matches!(self.program.nodes[out].operation, Operation::Linear(_));
        if a.heads != 1 || !is_product || self.is_loss(output) || !node.x.iter().all(read_here) {
            return None;
        }
        let product = |v: Value| self.product_of(v).cloned();
        Some(Around { attend, query: product(node.x[0])?, key: product(node.x[1])?, value: product(node.x[2])?, out })
    }

    /// The product as it is; what it multiplies; and, of a product of two factors, the first.
    fn bases(&mut self, node: &Node) -> Result<Vec<Basis>, ShapeError> {
        let (array, w) = (node.x[0], node.w[0]);
        let mut bases =
            vec![Basis { array, factor: Some(w), rest: None }, Basis { array, factor: None, rest: Some(w) }];
        if let Some(Product { left, right }) = self.factors(w)? {
            bases.push(Basis { array, factor: Some(left), rest: Some(right) });
        }
        Ok(bases)
    }

    fn width(&self, basis: &Basis) -> usize {
        basis.factor.map_or(self.program.shape(basis.array).channels, |w| self.weights.shape(w).channels)
    }

    /// Multiply-adds of one sequence forward; those of the backward are twice as many for each part.
    fn cost(&self, around: &Around, key: &Basis, value: &Basis) -> usize {
        let steps = self.steps();
        let (queries, keys) = (steps.rows(around.query.output), steps.rows(around.key.output));
        let pairs: usize = queries.clone().map(|t| t + 1).sum();
        let product = |b: &Basis| match b.factor {
            Some(_) => keys.len() * self.program.shape(b.array).channels * self.width(b),
            None => 0,
        };
        let shared = (key.array, key.factor) == (value.array, value.factor);
        let products = product(key) + if shared { 0 } else { product(value) };
        let query = queries.len() * self.weights.shape(around.query.w[0]).rows * self.width(key);
        let out = queries.len() * self.width(value) * self.weights.shape(self.program.nodes[around.out].w[0]).channels;
        products + query + out + pairs * (self.width(key) + self.width(value))
    }

    fn multiply_out(&mut self, around: &Around, key: Basis, value: Basis) -> Result<(), ShapeError> {
        let (mut x, mut new) = (self.program.nodes[around.attend].x.clone(), vec![]);
        if let Some(rest) = key.rest {
            let transposed = self.weights.derive(Transposed { of: rest })?;
            let w = self.weights.derive(Product { left: around.query.w[0], right: transposed })?;
            x[0] = self.product(Basis { array: around.query.x[0], factor: Some(w), rest: None }, &mut new);
        }
        if let Some(rest) = value.rest {
            let w = self.program.nodes[around.out].w[0];
            self.program.nodes[around.out].w[0] = self.weights.derive(Product { left: rest, right: w })?;
        }
        if key.rest.is_some() {
            x[1] = self.product(key, &mut new);
        }
        if value.rest.is_some() {
            x[2] = if (key.array, key.factor) == (value.array, value.factor) {
                x[1]
            } else {
                self.product(value, &mut new)
            };
        }
        self.replace_attend(around, x, new);
        Ok(())
    }

    /// `array factor`, as an operation in `new` if there is a factor.
    fn product(&mut self, basis: Basis, new: &mut Vec<Node>) -> Value {
        let Some(w) = basis.factor else { return basis.array };
        let site = format!("{} x {}", self.program.arrays[basis.array.0].site, self.weights.name(w));
        let output = self.array(site, basis.array, self.weights.shape(w).channels);
        let operation = Linear { bias: false }.into();
        new.push(Node { operation, x: vec![basis.array], w: vec![w], ids: None, output });
        output
    }

    /// The attention over other operands, with new products before it, and without those that nobody reads any more.
    fn replace_attend(&mut self, around: &Around, x: Vec<Value>, new: Vec<Node>) {
        let old = self.program.nodes[around.attend].x.clone();
        let (before, channels) = (self.program.nodes[around.attend].output, self.program.shape(x[2]).channels);
        let site = format!("{} multiplied out", self.program.arrays[before.0].site);
        let output = if x == old { before } else { self.array(site, before, channels) };
        self.program.nodes[around.out].x[0] = output;
        let node = &mut self.program.nodes[around.attend];
        (node.x, node.output) = (x.clone(), output);
        self.program.nodes.splice(around.attend..around.attend, new);
        self.program.nodes.retain(|n| !old.contains(&n.output) || x.contains(&n.output));
    }
}
