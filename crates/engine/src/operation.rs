//! What an operation is: its shape rule, its plain forward and backward, its kernels, and its cases for the law tests.

use std::ops::Range;

use infimum_kernels::{Executor, Scalar, View, ViewMut};

use crate::emit::Emit;
use crate::operations::*;
use crate::shape::Shape;

/// Operands of one operation, cut to the rows that are needed: `x[i]` has the rows [`Operate::needs`] of the output's rows.
pub(crate) struct Operands<'a, S> {
    /// Sequence arrays.
    pub(crate) x: Vec<View<'a, S>>,
    /// Weights, whole.
    pub(crate) w: Vec<View<'a, S>>,
    /// Token ids of the output's rows, if the operation reads any.
    pub(crate) ids: &'a [u16],
    /// The rows of the output that are computed.
    pub(crate) rows: Range<usize>,
}

/// One operation. Adding one is one file in `operations/` and one line in the list below.
pub(crate) trait Operate {
    /// Its name in messages and listings.
    const NAME: &'static str;

    /// Names of its sequence operands and weight operands, for messages.
    fn operand_names(&self) -> (Vec<&'static str>, Vec<&'static str>);

    /// Shape of the output, or what is wrong with the operands.
    fn shape(&self, x: &[Shape], w: &[Shape]) -> Result<Shape, String>;

    /// Channels of the array kept, row by row, from forward to backward.
    fn saved(&self) -> usize {
        0
    }

    /// Channels of what kernels alone keep, row by row, from forward to backward, for operands `x` cut to what is needed: what
    /// the definition computes again to the same bits.
    fn kept(&self, _executor: Executor, _x: &[Shape]) -> usize {
        0
    }

    /// The most vectors of scratch that the forward or the backward over all rows of operands `x` asks for.
    fn scratch(&self, _executor: Executor, _x: &[Shape]) -> usize {
        0
    }

    /// What the executor keeps from earlier positions where one position is run at a time, for `sequences` sequences side by side
    /// of `positions` positions.
    fn cache(&self, _executor: Executor, _sequences: usize, _positions: usize, _x: &[Shape]) -> Vec<Shape> {
        vec![]
    }

    /// Whether the gradient of every sequence operand is the gradient of the output itself, so that they may share a place.
    const HANDS_ON: bool = false;

    /// Rows of sequence operand `input` that the rows `out` of the output need.
    fn needs(&self, out: Range<usize>, _input: usize) -> Range<usize> {
        out
    }

    /// The definition: one sequence, any scalar, plain loops.
    fn forward<S: Scalar>(&self, o: &Operands<'_, S>, y: &mut ViewMut<'_, S>, saved: &mut ViewMut<'_, S>);

    /// Adds to `dx` (rows as in `o.x`) and `dw` the gradients that `dy` asks for.
    fn backward<S: Scalar>(
        &self,
        o: &Operands<'_, S>,
        results: &Results<'_, S>,
        dx: &mut [ViewMut<'_, S>],
        dw: &mut [ViewMut<'_, S>],
    );

    /// Kernels of the forward.
    fn emit_forward(&self, e: &mut Emit<'_>);

    /// Kernels of the backward, for those operands whose gradient is wanted.
    fn emit_backward(&self, e: &mut Emit<'_>);

    /// Shapes around the edges, for every law test.
    #[cfg(test)]
    fn cases() -> Vec<Case>;
}

/// What the backward knows beside the operands.
pub(crate) struct Results<'a, S> {
    /// The output.
    pub(crate) y: View<'a, S>,
    /// Its gradient.
    pub(crate) dy: View<'a, S>,
    /// What the forward saved.
    pub(crate) saved: View<'a, S>,
}

/// One instance of an operation for the law tests.
#[cfg(test)]
#[derive(Clone)]
pub(crate) struct Case {
    /// The operation.
    pub(crate) operation: Operation,
    /// Shapes of its sequence operands.
    pub(crate) x: Vec<Shape>,
    /// Shapes of its weights.
    pub(crate) w: Vec<Shape>,
    /// Whether its weights are constants, since the operation gives them no gradient.
    pub(crate) fixed: bool,
    /// Size of the alphabet of its token ids; 0 if it reads none.
    pub(crate) alphabet: usize,
    /// Rows of the output that are wanted.
    pub(crate) rows: Range<usize>,
    /// Operands that are one and the same array: `(later, earlier)`.
    pub(crate) same: Option<(usize, usize)>,
}

#[cfg(test)]
impl Case {
    pub(crate) fn new(operation: impl Into<Operation>, x: &[Shape], w: &[Shape], rows: Range<usize>) -> Self {
        Case { operation: operation.into(), x: x.to_vec(), w: w.to_vec(), fixed: false, alphabet: 0, rows, same: None }
    }

    pub(crate) fn with_fixed_weights(self) -> Self {
        Case { fixed: true, ..self }
    }

    pub(crate) fn with_ids(self, alphabet: usize) -> Self {
        Case { alphabet, ..self }
    }

    pub(crate) fn with_same(self, later: usize, earlier: usize) -> Self {
        Case { same: Some((later, earlier)), ..self }
    }
}

macro_rules! operations {
    ($($(#[$doc:meta])* $kind:ident,)*) => {
        /// An operation of a program: what people read.
        #[derive(Clone, Debug, PartialEq)]
        pub(crate) enum Operation { $($(#[$doc])* $kind($kind),)* }

        impl Operation {
            pub(crate) fn name(&self) -> &'static str {
                match self { $(Self::$kind(_) => $kind::NAME,)* }
            }
            pub(crate) fn operand_names(&self) -> (Vec<&'static str>, Vec<&'static str>) {
                match self { $(Self::$kind(o) => o.operand_names(),)* }
            }
            pub(crate) fn shape(&self, x: &[Shape], w: &[Shape]) -> Result<Shape, String> {
                match self { $(Self::$kind(o) => o.shape(x, w),)* }
            }
            pub(crate) fn hands_on(&self) -> bool {
                match self { $(Self::$kind(_) => $kind::HANDS_ON,)* }
            }
            pub(crate) fn saved(&self) -> usize {
                match self { $(Self::$kind(o) => o.saved(),)* }
            }
            pub(crate) fn kept(&self, executor: Executor, x: &[Shape]) -> usize {
                match self { $(Self::$kind(o) => o.kept(executor, x),)* }
            }
            pub(crate) fn scratch(&self, executor: Executor, x: &[Shape]) -> usize {
                match self { $(Self::$kind(o) => o.scratch(executor, x),)* }
            }
            pub(crate) fn cache(&self, executor: Executor, sequences: usize, positions: usize, x: &[Shape]) -> Vec<Shape> {
                match self { $(Self::$kind(o) => o.cache(executor, sequences, positions, x),)* }
            }
            pub(crate) fn needs(&self, out: Range<usize>, input: usize) -> Range<usize> {
                match self { $(Self::$kind(o) => o.needs(out, input),)* }
            }
            pub(crate) fn forward<S: Scalar>(&self, operands: &Operands<'_, S>, y: &mut ViewMut<'_, S>, saved: &mut ViewMut<'_, S>) {
                match self { $(Self::$kind(o) => o.forward(operands, y, saved),)* }
            }
            pub(crate) fn backward<S: Scalar>(&self, operands: &Operands<'_, S>, results: &Results<'_, S>, dx: &mut [ViewMut<'_, S>], dw: &mut [ViewMut<'_, S>]) {
                match self { $(Self::$kind(o) => o.backward(operands, results, dx, dw),)* }
            }
            pub(crate) fn emit_forward(&self, e: &mut Emit<'_>) {
                match self { $(Self::$kind(o) => o.emit_forward(e),)* }
            }
            pub(crate) fn emit_backward(&self, e: &mut Emit<'_>) {
                match self { $(Self::$kind(o) => o.emit_backward(e),)* }
            }
            #[cfg(test)]
            pub(crate) fn all_cases() -> Vec<(&'static str, Vec<Case>)> {
                vec![$(($kind::NAME, $kind::cases()),)*]
            }
        }

        $(impl From<$kind> for Operation { fn from(o: $kind) -> Self { Self::$kind(o) } })*
    };
}

operations! {
    /// Rows of a table, chosen by token ids.
    Embed,
    /// A weight with one row for each position, added.
    AddRows,
    /// A matrix product with an optional bias.
    Linear,
    /// LayerNorm or RMSNorm with optional gain and bias.
    Normalise,
    /// LayerNorm or RMSNorm of each head, with a gain that the heads share.
    NormaliseHeads,
    /// Pairs of channels of each head, turned by an angle of the position.
    Rotate,
    /// Heads given to those that read them, and widened with zeros.
    Spread,
    /// An elementwise nonlinearity.
    Activate,
    /// Causal attention of several heads.
    Attend,
    /// The sum of two arrays.
    Add,
    /// The elementwise product of two arrays.
    Multiply,
    /// Nats of the targets under softmax of the logits.
    CrossEntropy,
}
