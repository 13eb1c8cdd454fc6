//! What training needs to go on to the same bits.

use crate::Mined;

/// The state of a training between two steps. Streams are counter-based, so the step is their whole state.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingState {
    /// Steps done.
    pub step: u64,
    /// All parameters, in the order of the layout; where the plan has an average, that of theirs.
    pub point: Vec<f32>,
    /// Steps the optimiser was told.
    pub optimiser_steps: u64,
    /// The optimiser's arrays by name, in its order, each as long as the point; then those of an average.
    pub optimiser: Vec<(String, Vec<f32>)>,
    /// Step of the best validation so far, and what validations are compared by: their loss, or the figure that the plan's
    /// `[training.stop]` names.
    pub best: Option<(u64, f64)>,
    /// Sum of the losses of the steps since the last line of the metrics, and how many steps these are.
    pub unreported: (f64, u64),
    /// The same sum for each of several heads; empty for a model of one.
    pub unreported_of_heads: Vec<f64>,
    /// How many lines the metrics had, and their hash ([`crate::StepLine::hash`]).
    pub lines: (u64, String),
    /// Tokens trained on so far.
    pub tokens: u64,
    /// What the last search for errors found, where the stage has one.
    pub mined: Option<Mined>,
}
