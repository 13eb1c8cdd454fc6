//! The weight part of a program: named weight expressions, their place in memory, their evaluation and its gradient.

use std::ops::Range;

use infimum_kernels::{Matrix, Scalar, View, ViewMut, pages};

use crate::expression::{Expression, Weight};
use crate::shape::{Shape, ShapeError, addressable};

/// All weights of a program, laid out in one memory: free arrays first, in the order they were named.
#[derive(Clone, Debug, Default)]
pub struct Weights {
    entries: Vec<Entry>,
    parameters: usize,
    memory: usize,
}

#[derive(Clone, Debug)]
struct Entry {
    name: String,
    expression: Expression,
    shape: Shape,
    matrix: Matrix,
    free: bool,
    /// Whether an operation reads it, or a weight that one reads.
    used: bool,
}

/// A named free array and where its scalars lie among all parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Name, as in the weights file.
    pub name: String,
    /// Rows and columns.
    pub shape: Shape,
    /// Its scalars, row by row, within the vector of all parameters.
    pub range: Range<usize>,
}

impl Weights {
    pub(crate) fn push(&mut self, name: &str, expression: Expression) -> Result<Weight, ShapeError> {
        if self.entries.iter().any(|e| e.name == name) {
            return Err(ShapeError::Name(name.into()));
        }
        let shapes: Vec<Shape> = expression.operands().iter().map(|w| self.shape(*w)).collect();
        let shape = expression.shape(&shapes).map_err(|reason| ShapeError::Weight {
            name: name.into(),
            reason: format!("{}: {reason}", expression.name()),
        })?;
        let before = self.entries.iter().filter(|e| !e.expression.is_view()).map(|e| e.shape);
        let stored = before.chain((!expression.is_view()).then_some(shape));
        let numbers = stored.map(|s| s.rows as u128 * s.channels as u128).sum();
        addressable(|| format!("weight `{name}` {shape}, with the weights before it,"), numbers, "numbers")?;
        let free = matches!(expression, Expression::Free(_)) || expression.operands().iter().any(|w| self.is_free(*w));
        let matrix = Matrix::dense(0, shape.rows as u32, shape.channels as u32);
        self.entries.push(Entry { name: name.into(), expression, shape, matrix, free, used: true });
        Ok(Weight(self.entries.len() - 1))
    }

    /// The expression of a weight.
    pub(crate) fn expression(&self, weight: Weight) -> &Expression {
        &self.entries[weight.0].expression
    }

    /// Whether two weights are the same numbers by what they are made from.
    pub(crate) fn is_same(&self, one: Weight, other: Weight) -> bool {
        one == other || self.expression(one) == self.expression(other) && !self.operands(one.0).is_empty()
    }

    /// A weight made by exact algebra from others: the one that there is, or a new one named after them.
    pub(crate) fn derive(&mut self, expression: impl Into<Expression>) -> Result<Weight, ShapeError> {
        let expression = expression.into();
        if let Some(found) = self.entries.iter().position(|e| e.expression == expression) {
            return Ok(Weight(found));
        }
        let operands: Vec<&str> = expression.operands().iter().map(|w| self.name(*w)).collect();
        let name = format!("{}({})", expression.name(), operands.join(", "));
        self.push(&name, expression)
    }

    /// The weight of that name, or a new one.
    pub(crate) fn shared(&mut self, name: &str, make: impl FnOnce() -> Expression) -> Result<Weight, ShapeError> {
        match self.entries.iter().position(|e| e.name == name) {
            Some(found) => Ok(Weight(found)),
            None => self.push(name, make()),
        }
    }

    /// Evaluates from now on only what stands behind `wanted`.
    pub(crate) fn keep(&mut self, wanted: impl Iterator<Item = Weight>) {
        let mut used = vec![false; self.entries.len()];
        wanted.for_each(|w| used[w.0] = true);
        for i in (0..self.entries.len()).rev().filter(|i| used[*i]).collect::<Vec<_>>() {
            self.mark_operands(i, &mut used);
        }
        self.entries.iter_mut().zip(used).for_each(|(e, used)| e.used = used);
    }

    fn mark_operands(&self, entry: usize, used: &mut [bool]) {
        for operand in self.operands(entry) {
            used[operand.0] = true;
            self.mark_operands(operand.0, used);
        }
    }

    /// Gives every weight its place: free arrays, then constants and derived arrays; views look into their operand.
    pub(crate) fn lay_out(&mut self) {
        let is_parameter = |e: &Entry| matches!(e.expression, Expression::Free(_));
        let (parameters, others): (Vec<usize>, Vec<usize>) =
            (0..self.entries.len()).partition(|i| is_parameter(&self.entries[*i]));
        self.memory = 0;
        for i in parameters {
            self.entries[i].matrix = self.place(i, false);
        }
        self.parameters = self.memory;
        for i in others {
            let operands: Vec<Matrix> = self.operands(i).iter().map(|w| self.matrix(*w)).collect();
            let expression = &self.entries[i].expression;
            let (view, by_columns) = (expression.view(&operands), expression.by_columns(&operands));
            self.entries[i].matrix = view.unwrap_or_else(|| self.place(i, by_columns));
        }
    }

    /// The next place in memory for the numbers of an entry.
    fn place(&mut self, entry: usize, by_columns: bool) -> Matrix {
        let Shape { rows, channels } = self.entries[entry].shape;
        let (offset, rows, columns) = (self.memory as u32, rows as u32, channels as u32);
        self.memory += rows as usize * columns as usize;
        match by_columns {
            true => Matrix::dense(offset, columns, rows).transposed(),
            false => Matrix::dense(offset, rows, columns),
        }
    }

    fn operands(&self, entry: usize) -> Vec<Weight> {
        self.entries[entry].expression.operands()
    }

    /// Number of free scalars: the parameters of the model.
    pub fn parameters(&self) -> usize {
        self.parameters
    }

    /// Scalars of the weight memory (and of a gradient before it is pulled back to the parameters).
    pub fn memory(&self) -> usize {
        self.memory
    }

    /// The free arrays in order; their ranges cover the vector of parameters without gaps.
    pub fn free(&self) -> impl Iterator<Item = Parameter> + '_ {
        self.entries.iter().filter(|e| matches!(e.expression, Expression::Free(_))).map(|e| {
            let start = e.matrix.offset as usize;
            Parameter { name: e.name.clone(), shape: e.shape, range: start..start + e.shape.len() }
        })
    }

    /// All weights.
    pub(crate) fn all(&self) -> impl Iterator<Item = Weight> + use<> {
        (0..self.entries.len()).map(Weight)
    }

    pub(crate) fn shape(&self, weight: Weight) -> Shape {
        self.entries[weight.0].shape
    }

    pub(crate) fn name(&self, weight: Weight) -> &str {
        &self.entries[weight.0].name
    }

    pub(crate) fn matrix(&self, weight: Weight) -> Matrix {
        self.entries[weight.0].matrix
    }

    /// Whether any parameter stands behind the weight.
    pub(crate) fn is_free(&self, weight: Weight) -> bool {
        self.entries[weight.0].free
    }

    /// The weight memory at `point` (all parameters): parameters as they are, then constants and derived arrays.
    pub fn evaluate<S: Scalar>(&self, point: &[S]) -> Vec<S> {
        assert_eq!(point.len(), self.parameters, "a point has one scalar for each parameter");
        let mut memory = pages::with_room(self.memory);
        memory.extend_from_slice(point);
        memory.resize(self.memory, S::ZERO);
        for entry in self.entries.iter().filter(|e| e.is_derived()) {
            // What a weight is made from was named before it, and stands before it.
            let (before, own) = memory.split_at_mut(entry.matrix.offset as usize);
            let own = &mut view_mut(&Matrix { offset: 0, ..entry.matrix }, own);
            entry.expression.evaluate(&self.operand_views(entry, before), own);
        }
        memory
    }

    /// Turns a gradient over the weight memory into one over the parameters, through every expression in reverse order.
    pub fn pull_back<S: Scalar>(&self, memory: &[S], mut gradient: Vec<S>) -> Vec<S> {
        assert_eq!((memory.len(), gradient.len()), (self.memory, self.memory), "both cover the weight memory");
        for entry in self.entries.iter().rev().filter(|e| e.is_derived() && e.free) {
            let (before, own) = gradient.split_at_mut(entry.matrix.offset as usize);
            let own = view(&Matrix { offset: 0, ..entry.matrix }, own);
            let operands = self.operand_views(entry, memory);
            for (k, weight) in entry.expression.operands().into_iter().enumerate() {
                entry.expression.pull_back(k, &operands, own, &mut view_mut(&self.matrix(weight), before));
            }
        }
        gradient.truncate(self.parameters);
        gradient
    }

    pub(crate) fn accumulate<S: Scalar>(&self, weight: Weight, d: &[S], gradient: &mut [S]) {
        let (m, size) = (self.matrix(weight), self.shape(weight));
        for (r, d) in d.chunks_exact(size.channels).enumerate() {
            let row = &mut gradient[m.offset as usize + r * m.row_stride as usize..];
            let numbers = row.iter_mut().step_by(m.column_stride as usize);
            numbers.zip(d).for_each(|(sum, d)| *sum = *sum + *d);
        }
    }

    fn operand_views<'m, S: Scalar>(&self, entry: &Entry, memory: &'m [S]) -> Vec<View<'m, S>> {
        entry.expression.operands().iter().map(|w| view(&self.matrix(*w), memory)).collect()
    }
}

impl Entry {
    /// Whether it is computed from others, and read.
    fn is_derived(&self) -> bool {
        self.used && !self.expression.is_view() && !matches!(self.expression, Expression::Free(_))
    }
}

/// A matrix of the weight memory as a view.
pub(crate) fn view<'m, S: Scalar>(m: &Matrix, memory: &'m [S]) -> View<'m, S> {
    let [rows, columns, row_stride, column_stride] =
        [m.rows, m.columns, m.row_stride, m.column_stride].map(|n| n as usize);
    View::with_strides(&memory[m.offset as usize..], rows, columns, row_stride, column_stride)
}

/// A matrix of the weight memory as a view to write.
fn view_mut<'m, S: Scalar>(m: &Matrix, memory: &'m mut [S]) -> ViewMut<'m, S> {
    let [rows, columns, row_stride, column_stride] =
        [m.rows, m.columns, m.row_stride, m.column_stride].map(|n| n as usize);
    ViewMut::with_strides(&mut memory[m.offset as usize..], rows, columns, row_stride, column_stride)
}

/// A random weight part over one expression case, for the law tests: operands are free.
#[cfg(test)]
pub(crate) fn case(expression: &Expression, operands: &[Shape]) -> (Weights, Weight) {
    let mut weights = Weights::default();
    for (i, s) in operands.iter().enumerate() {
        weights
            .push(&format!("operand {i}"), crate::expressions::Free { rows: s.rows, columns: s.channels }.into())
            .unwrap();
    }
    let weight = weights.push("result", expression.clone()).unwrap();
    weights.lay_out();
    (weights, weight)
}
