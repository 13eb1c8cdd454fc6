//! Weight expressions: a weight array is free, or made from other weights by exact algebra.
//!
//! All weights of a program lie in one memory, `[free | constants and derived]`; the gradient memory has the same layout.
//! Views (tied, transposed, rows) are matrices with strides over somebody else's storage and cost nothing.

use infimum_kernels::{Matrix, Scalar, View, ViewMut};

use crate::expressions::*;
use crate::form::Form;
use crate::shape::Shape;

/// What one kind of weight expression knows. Adding a kind is one file in `expressions/` and one line in the list below.
pub(crate) trait Express {
    /// Its name in messages and audits.
    const NAME: &'static str;
    /// Whether it only looks at its operand ([`Express::view`]) and has no storage of its own.
    const VIEW: bool = false;
    /// How formulas write it, if they call it by a name.
    fn form() -> Option<Form> {
        None
    }
    /// The weights it is made from.
    fn operands(&self) -> Vec<Weight>;
    /// Shape of the result, or the reason why there is none.
    fn shape(&self, operands: &[Shape]) -> Result<Shape, String>;
    /// A view of its operand, for expressions that only look at one.
    fn view(&self, _operands: &[Matrix]) -> Option<Matrix> {
        None
    }
    /// Whether the result is stored column by column, given where its operands stand.
    fn by_columns(&self, _operands: &[Matrix]) -> bool {
        false
    }
    /// Writes the value.
    fn evaluate<S: Scalar>(&self, _operands: &[View<'_, S>], _out: &mut ViewMut<'_, S>) {}
    /// Adds to the gradient of operand number `operand` what `gradient` (of the result) asks for.
    fn pull_back<S: Scalar>(
        &self,
        _operand: usize,
        _operands: &[View<'_, S>],
        _gradient: View<'_, S>,
        _into: &mut ViewMut<'_, S>,
    ) {
    }
    /// One or more instances for the law tests, with the shapes of their operands.
    #[cfg(test)]
    fn cases() -> Vec<(Expression, Vec<Shape>)>;
}

/// A weight of a program.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Weight(pub(crate) usize);

macro_rules! expressions {
    ($($(#[$doc:meta])* $kind:ident,)*) => {
        /// How a weight array comes about.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Expression { $($(#[$doc])* $kind($kind),)* }

        impl Expression {
            /// Name of the kind of expression.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$kind(_) => $kind::NAME,)* }
            }
            /// What formulas can call.
            pub fn forms() -> Vec<Form> {
                [$($kind::form(),)*].into_iter().flatten().collect()
            }
            pub(crate) fn is_view(&self) -> bool {
                match self { $(Self::$kind(_) => $kind::VIEW,)* }
            }
            pub(crate) fn operands(&self) -> Vec<Weight> {
                match self { $(Self::$kind(e) => e.operands(),)* }
            }
            pub(crate) fn shape(&self, operands: &[Shape]) -> Result<Shape, String> {
                match self { $(Self::$kind(e) => e.shape(operands),)* }
            }
            pub(crate) fn view(&self, operands: &[Matrix]) -> Option<Matrix> {
                match self { $(Self::$kind(e) => e.view(operands),)* }
            }
            pub(crate) fn by_columns(&self, operands: &[Matrix]) -> bool {
                match self { $(Self::$kind(e) => e.by_columns(operands),)* }
            }
            pub(crate) fn evaluate<S: Scalar>(&self, operands: &[View<'_, S>], out: &mut ViewMut<'_, S>) {
                match self { $(Self::$kind(e) => e.evaluate(operands, out),)* }
            }
            pub(crate) fn pull_back<S: Scalar>(
                &self,
                operand: usize,
                operands: &[View<'_, S>],
                gradient: View<'_, S>,
                into: &mut ViewMut<'_, S>,
            ) {
                match self { $(Self::$kind(e) => e.pull_back(operand, operands, gradient, into),)* }
            }
            /// Instances of every kind of expression, for the law tests.
            #[cfg(test)]
            pub(crate) fn all_cases() -> Vec<(&'static str, Vec<(Expression, Vec<Shape>)>)> {
                vec![$(($kind::NAME, $kind::cases()),)*]
            }
        }

        $(impl From<$kind> for Expression { fn from(e: $kind) -> Self { Self::$kind(e) } })*
    };
}

expressions! {
    /// Free scalars, the parameters of the model.
    Free,
    /// Fixed scalars that are not trained.
    Constant,
    /// Another weight as it is.
    Tied,
    /// Another weight, transposed.
    Transposed,
    /// Some rows of another weight.
    Rows,
    /// Another weight times a fixed factor (-1 negates).
    Scaled,
    /// The product of two weights (low-rank factors).
    Product,
    /// Another weight, each row times its number in a gain.
    Gained,
    /// The sum of two weights.
    Sum,
    /// Weights one below the other.
    Stacked,
    /// Weights one beside the other.
    Beside,
    /// Another weight times a weight of one number.
    Multiple,
    /// Another weight, pairs of rows turned by an angle.
    Rotated,
    /// `e` to the power of another weight.
    Exponential,
    /// Points on a circle.
    Arc,
    /// Points on a spiral.
    Spiral,
    /// Values of a polynomial of degree two.
    Quadratic,
}
