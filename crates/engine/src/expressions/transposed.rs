use infimum_kernels::Matrix;

#[cfg(test)]
use crate::expression::Expression;
use crate::expression::{Express, Weight};
use crate::form::{Argument, Form};
use crate::shape::{Shape, shape};

/// Another weight with rows and columns exchanged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transposed {
    /// The weight whose transpose this is.
    pub of: Weight,
}

impl Express for Transposed {
    const NAME: &'static str = "transposed";
    const VIEW: bool = true;

    fn form() -> Option<Form> {
        Some(Form {
            name: "transpose",
            arguments: &[Argument::Weight("of")],
            make: |weights, _| Transposed { of: weights[0] }.into(),
        })
    }

    fn operands(&self) -> Vec<Weight> {
        vec![self.of]
    }

    fn shape(&self, operands: &[Shape]) -> Result<Shape, String> {
        Ok(shape(operands[0].channels, operands[0].rows))
    }

    fn view(&self, operands: &[Matrix]) -> Option<Matrix> {
        Some(operands[0].transposed())
    }

    #[cfg(test)]
    fn cases() -> Vec<(Expression, Vec<Shape>)> {
        vec![(Transposed { of: Weight(0) }.into(), vec![shape(3, 4)])]
    }
}
