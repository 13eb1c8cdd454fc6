use infimum_kernels::Matrix;

#[cfg(test)]
use crate::expression::Expression;
use crate::expression::{Express, Weight};
use crate::shape::Shape;
#[cfg(test)]
use crate::shape::shape;

/// Another weight as it is, under a name of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tied {
    /// The weight it equals.
    pub to: Weight,
}

impl Express for Tied {
    const NAME: &'static str = "tied";
    const VIEW: bool = true;

    fn operands(&self) -> Vec<Weight> {
        vec![self.to]
    }

    fn shape(&self, operands: &[Shape]) -> Result<Shape, String> {
        Ok(operands[0])
    }

    fn view(&self, operands: &[Matrix]) -> Option<Matrix> {
        Some(operands[0])
    }

    #[cfg(test)]
    fn cases() -> Vec<(Expression, Vec<Shape>)> {
        vec![(Tied { to: Weight(0) }.into(), vec![shape(3, 4)])]
    }
}
