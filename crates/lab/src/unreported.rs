//! Losses of the steps since the last line of the metrics.

use crate::{HeadLine, Output, Step, TrainingState};

/// Sums of losses, and of how many steps.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unreported {
    loss: f64,
    steps: u64,
    /// Of each of several heads; empty for a model of one.
    of_heads: Vec<f64>,
}

impl Unreported {
    /// Of no step, of a model with these heads.
    pub(crate) fn none(outputs: &[Output]) -> Unreported {
        let several = if outputs.len() > 1 { outputs.len() } else { 0 };
        Unreported { loss: 0.0, steps: 0, of_heads: vec![0.0; several] }
    }

    /// As a checkpoint of a model with these heads has them.
    pub(crate) fn of(state: &TrainingState, outputs: &[Output]) -> Result<Unreported, String> {
        let ((loss, steps), of_heads) = (state.unreported, state.unreported_of_heads.clone());
        let (found, wanted) = (of_heads.len(), Unreported::none(outputs).of_heads.len());
        match found == wanted {
            true => Ok(Unreported { loss, steps, of_heads }),
            false => Err(format!("has the losses of {found} heads in its metadata, and the plan's model of {wanted}")),
        }
    }

    /// The same state with these.
    pub(crate) fn within(&self, state: TrainingState) -> TrainingState {
        let unreported_of_heads = self.of_heads.clone();
        TrainingState { unreported: (self.loss, self.steps), unreported_of_heads, ..state }
    }

    pub(crate) fn add(&mut self, step: &Step) {
        self.loss += step.loss;
        self.steps += 1;
        self.of_heads.iter_mut().zip(&step.losses).for_each(|(sum, loss)| *sum += loss);
    }

    /// The mean loss.
    pub(crate) fn loss(&self) -> f64 {
        self.loss / self.steps as f64
    }

    /// What a line says of each of several heads, with its validation's mean nats and accuracy if there was one.
    pub(crate) fn lines(&self, outputs: &[Output], validations: Option<&[(f64, f64)]>) -> Vec<HeadLine> {
        let line = |(number, sum): (usize, &f64)| HeadLine {
            name: outputs[number].name.into(),
            loss: sum / self.steps as f64,
            validation: validations.map(|of| of[number].0),
            accuracy: validations.map(|of| of[number].1),
        };
        self.of_heads.iter().enumerate().map(line).collect()
    }
}
