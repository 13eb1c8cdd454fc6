use infimum_kernels::{self as kernels, Executor, Scalar, ViewMut, plain};

use crate::emit::Emit;
#[cfg(test)]
use crate::operation::Case;
use crate::operation::{Operands, Operate, Results};
use crate::shape::{Shape, require, shape};

/// Nats of each target: `ln sum exp logits[t] - logits[t][target[t]]`; logits `[T, V]`, result `[T, 1]`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CrossEntropy {
    /// Positions of the targets.
    pub(crate) positions: usize,
    /// Size of the alphabet of the targets.
    pub(crate) alphabet: usize,
}

impl Operate for CrossEntropy {
    const NAME: &'static str = "cross_entropy";

    fn operand_names(&self) -> (Vec<&'static str>, Vec<&'static str>) {
        (vec!["logits"], vec![])
    }

    fn shape(&self, x: &[Shape], _: &[Shape]) -> Result<Shape, String> {
        let (positions, alphabet) = (self.positions, self.alphabet);
        require(x[0] == shape(positions, alphabet), || {
            format!(
                "targets of {positions} positions over {alphabet} tokens need logits {}",
                shape(positions, alphabet)
            )
        })?;
        Ok(shape(positions, 1))
    }

    fn saved(&self) -> usize {
        2
    }

    fn kept(&self, _: Executor, x: &[Shape]) -> usize {
        x[0].channels
    }

    fn forward<S: Scalar>(&self, o: &Operands<'_, S>, y: &mut ViewMut<'_, S>, saved: &mut ViewMut<'_, S>) {
        plain::cross_entropy(y, o.x[0], o.ids, saved, None);
    }

    fn backward<S: Scalar>(
        &self,
        o: &Operands<'_, S>,
        r: &Results<'_, S>,
        dx: &mut [ViewMut<'_, S>],
        _: &mut [ViewMut<'_, S>],
    ) {
        plain::cross_entropy_gradient(&mut dx[0], o.x[0], o.ids, r.dy, r.saved);
    }

    fn emit_forward(&self, e: &mut Emit<'_>) {
        let instruction = kernels::CrossEntropy {
            nats: e.output(),
            logits: e.input(0),
            targets: e.ids(),
            saved: e.saved(),
            kept: e.kept(),
        };
        e.push(instruction);
    }

    fn emit_backward(&self, e: &mut Emit<'_>) {
        let (logits, targets, dnats, saved) = (e.input(0), e.ids(), e.output_gradient(), e.saved());
        let kept = e.kept();
        e.gradient(0, |e, dlogits, rows, write| {
            e.push(kernels::CrossEntropyGradient {
                dlogits,
                logits: logits.rows(rows.clone()),
                targets: targets.rows(rows.clone()),
                dnats: dnats.rows(rows.clone()),
                saved: saved.rows(rows.clone()),
                kept: kept.map(|kept| kept.rows(rows)),
                write,
            });
        });
    }

    #[cfg(test)]
    fn cases() -> Vec<Case> {
        let case =
            |t, v, rows| Case::new(CrossEntropy { positions: t, alphabet: v }, &[shape(t, v)], &[], rows).with_ids(v);
        vec![case(1, 2, 0..1), case(7, 5, 2..7), case(4, 37, 0..4)]
    }
}
