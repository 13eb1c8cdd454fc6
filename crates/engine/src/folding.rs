//! Exact algebra that moves work from every position of every sequence to once a step: the gain and bias of a norm go into
//! the matrices that read it, products of matrices are multiplied out through attention. The gradients of what was folded come
//! back through the weight expressions, once a step.
//!
//! Only gradient programs are folded, and the order of their sums changes with it, by roundings; what is read or replaced in
//! programs of outputs is as written, to the bit. A norm, a query, a key, a value that is an input (because it was
//! replaced), or that anything else reads, is not folded.

mod attention;

use std::sync::Arc;

use crate::expression::{Expression, Weight};
use crate::expressions::{Gained, Product, Sum, Tied, Transposed};
use crate::operation::Operation;
use crate::operations::{Linear, Normalise};
use crate::program::{Array, Goal, Node, Program, Value};
use crate::shape::{Shape, ShapeError};
use crate::steps::Steps;
use crate::weights::Weights;

impl Program {
    /// The program that [`Replay`](crate::Replay) replays for the gradient of this one: with norms folded into the matrices that
    /// read them, and attention multiplied out where that is less work. Its parameters, inputs and ids are the same. Any other
    /// program, and one whose folded weights could not be addressed, is itself.
    pub fn folded(&self) -> Program {
        let program = self.resolved();
        if self.goal != Goal::Gradient {
            return program;
        }
        Folding::run(&program).unwrap_or(program)
    }
}

/// A program while it is folded.
struct Folding {
    program: Program,
    weights: Weights,
}

impl Folding {
    fn run(program: &Program) -> Result<Program, ShapeError> {
        let mut folding = Folding { program: program.clone(), weights: (*program.weights).clone() };
        let outputs: Vec<Value> = program.nodes.iter().map(|n| n.output).collect();
        folding.merge(&outputs);
        for output in &outputs {
            folding.norm(*output)?;
        }
        for output in &outputs {
            folding.attention(*output)?;
        }
        let Folding { mut program, mut weights } = folding;
        weights.keep(program.nodes.iter().flat_map(|n| n.w.iter().copied()));
        weights.lay_out();
        program.weights = Arc::new(weights);
        Ok(program)
    }

    fn producer(&self, value: Value) -> Option<usize> {
        self.program.nodes.iter().position(|n| n.output == value)
    }

    /// The operations that read an array.
    fn readers(&self, value: Value) -> Vec<usize> {
        let nodes = self.program.nodes.iter().enumerate();
        nodes.filter(|(_, n)| n.x.contains(&value)).map(|(i, _)| i).collect()
    }

    /// Whether an array is the loss, which is wanted as it is, whoever else reads it.
    fn is_loss(&self, value: Value) -> bool {
        self.program.is_loss(value)
    }

    /// The product that an array is, its matrix and nothing else.
    fn product_of(&self, value: Value) -> Option<&Node> {
        let node = &self.program.nodes[self.producer(value)?];
        matches!(node.operation, Operation::Linear(Linear { bias: false })).then_some(node)
    }

    /// A new array with as many positions as `like`.
    fn array(&mut self, site: String, like: Value, channels: usize) -> Value {
        let shape = Shape { channels, ..self.program.shape(like) };
        self.program.arrays.push(Array { site, shape, same_as: None });
        Value(self.program.arrays.len() - 1)
    }

    /// `(hat gain + bias) W + b = hat (diag(gain) W) + (bias W + b)`, where only products read the norm.
    fn norm(&mut self, output: Value) -> Result<(), ShapeError> {
        let Some(index) = self.producer(output) else { return Ok(()) };
        let Operation::Normalise(Normalise { norm, gain, bias }) = self.program.nodes[index].operation else {
            return Ok(());
        };
        let readers = self.readers(output);
        let is_linear = |n: &usize| matches!(self.program.nodes[*n].operation, Operation::Linear(_));
        let is_read_by_products = !readers.is_empty() && readers.iter().all(is_linear) && !self.is_loss(output);
        if !(gain || bias) || !is_read_by_products || !self.pays(output, &readers) {
            return Ok(());
        }
        let w = std::mem::take(&mut self.program.nodes[index].w);
        let (gain, bias) = (gain.then(|| w[0]), bias.then(|| w[usize::from(gain)]));
        self.program.nodes[index].operation = Normalise { norm, gain: false, bias: false }.into();
        self.program.arrays[output.0].site += " before its gain";
        for reader in readers {
            self.fold_into(reader, gain, bias)?;
        }
        Ok(())
    }

    /// Folding costs some passes over the matrices that read the norm, once a step; it saves some over the norm's rows, for
    /// every sixteen sequences. This is where a batch of a hundred or so decides, which is not known here.
    fn pays(&self, output: Value, readers: &[usize]) -> bool {
        let rows = self.steps().rows(output).len();
        let matrices: usize = readers.iter().map(|n| self.weights.shape(self.program.nodes[*n].w[0]).len()).sum();
        matrices <= 4 * rows * self.program.shape(output).channels
    }

    /// Puts gain and bias of what product `reader` reads into its own weights.
    fn fold_into(&mut self, reader: usize, gain: Option<Weight>, bias: Option<Weight>) -> Result<(), ShapeError> {
        let old = self.program.nodes[reader].w.clone();
        let mut new = vec![gain.map_or(Ok(old[0]), |gain| self.gained(gain, old[0]))?];
        new.extend(old.get(1));
        if let Some(bias) = bias {
            let bias = self.weights.derive(Product { left: bias, right: old[0] })?;
            let sum = old.get(1).map(|own| self.weights.derive(Sum { left: bias, right: *own }));
            new.truncate(1);
            new.push(sum.unwrap_or(Ok(bias))?);
        }
        let node = &mut self.program.nodes[reader];
        node.operation = Linear { bias: new.len() > 1 }.into();
        node.w = new;
        Ok(())
    }

    /// `diag(gain) of`; of a product, its left factor, so that it stays one.
    fn gained(&mut self, gain: Weight, of: Weight) -> Result<Weight, ShapeError> {
        match self.factors(of)? {
            Some(Product { left, right }) => {
                let left = self.weights.derive(Gained { gain, of: left })?;
                self.weights.derive(Product { left, right })
            }
            None => self.weights.derive(Gained { gain, of }),
        }
    }

    /// The product that a weight is, if it is one, under whatever name; transposed, that of the transposed factors.
    fn factors(&mut self, weight: Weight) -> Result<Option<Product>, ShapeError> {
        match *self.weights.expression(weight) {
            Expression::Product(product) => Ok(Some(product)),
            Expression::Tied(Tied { to }) => self.factors(to),
            Expression::Transposed(Transposed { of }) => {
                let Some(Product { left, right }) = self.factors(of)? else { return Ok(None) };
                let left_of_it = self.weights.derive(Transposed { of: right })?;
                Ok(Some(Product { left: left_of_it, right: self.weights.derive(Transposed { of: left })? }))
            }
            _ => Ok(None),
        }
    }

    /// Makes one of products that multiply the same array by the same weight: keys and values with tied weights.
    fn merge(&mut self, outputs: &[Value]) {
        for (number, output) in outputs.iter().enumerate() {
            let Some(same) = outputs[..number].iter().find(|earlier| self.is_same_product(**earlier, *output)) else {
                continue;
            };
            self.program.nodes.retain(|n| n.output != *output);
            self.program.nodes.iter_mut().flat_map(|n| &mut n.x).filter(|x| *x == output).for_each(|x| *x = *same);
        }
    }

    fn is_same_product(&self, earlier: Value, later: Value) -> bool {
        let [Some(a), Some(b)] = [earlier, later].map(|v| self.product_of(v)) else { return false };
        a.x == b.x && self.weights.is_same(a.w[0], b.w[0]) && !self.is_loss(later)
    }

    /// Rows of each array that anything needs. What was folded already reads weights that are not yet the program's.
    fn steps(&self) -> Steps {
        Steps::new(&Program { weights: Arc::new(self.weights.clone()), ..self.program.clone() })
    }
}
