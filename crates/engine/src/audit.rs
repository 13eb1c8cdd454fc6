//! Where the numbers of a model are: parameters, frozen random numbers, constants that a formula says.

use crate::expression::{Expression, Weight};
use crate::expressions::Constant;
use crate::program::Program;
use crate::shape::Shape;

/// A weight array that has numbers of its own in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Audited<'p> {
    /// Its name.
    pub name: &'p str,
    /// The kind of expression that gives it.
    pub expression: &'static str,
    /// Rows and columns.
    pub shape: Shape,
    /// Its own parameters.
    pub free: usize,
    /// Its own random numbers that are never trained.
    pub frozen: usize,
    /// Its own constants that a formula says.
    pub derived: usize,
    /// Sites of the operations that read it, or what is made from it, in the order of computation.
    pub sites: Vec<&'p str>,
}

impl Program {
    /// Every weight array with numbers of its own, and where it is used. Weights that only look at another (tied, transposed,
    /// rows) are not listed, so nothing is listed twice.
    pub fn audit(&self) -> Vec<Audited<'_>> {
        let stored = self.weights.all().filter(|w| !self.weights.expression(*w).is_view());
        stored.map(|weight| self.audited(weight)).collect()
    }

    /// Name and numbers of every weight array that is never trained and that no formula says.
    pub fn frozen(&self) -> impl Iterator<Item = (&str, &Constant)> {
        self.weights.all().filter_map(|weight| match self.weights.expression(weight) {
            Expression::Constant(constant) if constant.frozen => Some((self.weights.name(weight), constant)),
            _ => None,
        })
    }

    fn audited(&self, weight: Weight) -> Audited<'_> {
        let (expression, shape) = (self.weights.expression(weight), self.weights.shape(weight));
        let count = |own: bool| if own { shape.len() } else { 0 };
        let readers = self.nodes.iter().filter(|n| n.w.iter().any(|w| self.is_made_from(*w, weight)));
        Audited {
            name: self.weights.name(weight),
            expression: expression.name(),
            shape,
            free: count(matches!(expression, Expression::Free(_))),
            frozen: count(matches!(expression, Expression::Constant(c) if c.frozen)),
            derived: count(matches!(expression, Expression::Constant(c) if !c.frozen)),
            sites: readers.map(|n| self.arrays[n.output.0].site.as_str()).collect(),
        }
    }

    fn is_made_from(&self, weight: Weight, source: Weight) -> bool {
        // A weight is named after what it is made from.
        weight == source
            || weight > source
                && self.weights.expression(weight).operands().iter().any(|w| self.is_made_from(*w, source))
    }
}
