//! The lab: a recipe becomes a plan, a plan becomes a run, a run leaves a record, and every number stands beside its optimum.

mod error;
mod figure;

pub use error::LabError;
pub use figure::Figure;
