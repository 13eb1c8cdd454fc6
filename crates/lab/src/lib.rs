//! The lab: a recipe becomes a plan, a plan becomes a run, a run leaves a record, and every number stands beside its optimum.

mod error;
mod figure;
mod number;
mod training_state;
mod checkpoint_name;
mod journal;

pub use error::LabError;
pub use figure::Figure;
pub use checkpoint_name::CheckpointName;
pub use journal::{Status, StepLine, Summary};
pub use training_state::TrainingState;
