use infimum_kernels::{self as kernels, Scalar, ViewMut, Write, plain};

use crate::emit::Emit;
#[cfg(test)]
use crate::operation::Case;
use crate::operation::{Operands, Operate, Results};
use crate::shape::{Shape, require, shape};

/// `y[t] = table[ids[t]]`: table `[V, C]`, ids `[T]`, result `[T, C]`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Embed {
    /// Positions of the ids.
    pub(crate) positions: usize,
    /// Size of the alphabet of the ids.
    pub(crate) alphabet: usize,
}

impl Operate for Embed {
    const NAME: &'static str = "embed";

    fn operand_names(&self) -> (Vec<&'static str>, Vec<&'static str>) {
        (vec![], vec!["table"])
    }

    fn shape(&self, _: &[Shape], w: &[Shape]) -> Result<Shape, String> {
        require(w[0].rows == self.alphabet, || {
            format!("the table has {} rows, the alphabet {} tokens", w[0].rows, self.alphabet)
        })?;
        Ok(shape(self.positions, w[0].channels))
    }

    fn forward<S: Scalar>(&self, o: &Operands<'_, S>, y: &mut ViewMut<'_, S>, _: &mut ViewMut<'_, S>) {
        plain::embed(y, o.ids, o.w[0], Write::Store);
    }

    fn backward<S: Scalar>(
        &self,
        o: &Operands<'_, S>,
        r: &Results<'_, S>,
        _: &mut [ViewMut<'_, S>],
        dw: &mut [ViewMut<'_, S>],
    ) {
        plain::embed_gradient(&mut dw[0], o.ids, r.dy);
    }

    fn emit_forward(&self, e: &mut Emit<'_>) {
        let instruction = kernels::Embed { y: e.output(), ids: e.ids(), table: e.weight(0), write: Write::Store };
        e.push(instruction);
    }

    fn emit_backward(&self, e: &mut Emit<'_>) {
        if let Some(dtable) = e.weight_gradient(0) {
            let instruction = kernels::EmbedGradient { dtable, ids: e.ids(), dy: e.output_gradient() };
            e.push(instruction);
        }
    }

    #[cfg(test)]
    fn cases() -> Vec<Case> {
        let case =
            |t, v, c, rows| Case::new(Embed { positions: t, alphabet: v }, &[], &[shape(v, c)], rows).with_ids(v);
        vec![case(1, 2, 1, 0..1), case(5, 3, 7, 0..5), case(9, 20, 17, 3..8)]
    }
}
