//! The lab: a recipe becomes a plan, a plan becomes a run, a run leaves a record, and every number stands beside its optimum.
//!
//! ```text
//! Recipe -> Plan -> Experiment -> training -> Record
//!                              -> evaluation -> metrics -> figures
//! ```

mod error;

pub mod recipe;
pub mod recipes;
mod init;
mod plan;
mod executor;
mod experiment;
mod folder;

mod decoder;
mod outputs;
mod formula;
mod start;
mod curriculum;
pub mod data;
mod token_stream;
mod held_out;
mod weighting;
mod trainer;
mod optimisers;
mod average;
mod gradient;
mod pull;
mod mined;
pub mod training;
mod patience;
mod unreported;
mod unsaved;
pub mod seeds;
pub mod success;
pub mod sweep;
pub mod comparison;
pub mod predictor;
mod transitions;
mod recital;
pub mod evaluation;
pub mod agreement;
pub mod published;
pub mod alarm;
pub mod metrics;
mod retrace;
mod sieve;
mod memory;
mod audit;
mod forecast;
pub mod bench;
mod chain;
mod dissect;
pub mod explain;
mod export;
mod weights_export;
mod sample;
pub mod sums;
mod report;
mod mean;
mod student;
pub mod statistics;
mod figure;
mod floors;
mod law;
mod new_recipe;

mod number;
pub mod digits;
mod training_state;
mod checkpoint_name;
mod journal;
mod checksum;
mod events;
pub mod whole_file;
pub mod weights_file;
pub mod foreign;
pub mod import;
pub mod regular;
mod layout;
pub mod checkpoint;
mod record;
mod record_writer;
mod overview;
mod ranking;
#[cfg(test)]
mod scratch;

pub use audit::{Audit, WeightLine};
pub use checkpoint_name::CheckpointName;
pub use decoder::{decoder, is_vector, layout};
pub use dissect::{Dissection, dissect};
pub use error::LabError;
pub use experiment::{Experiment, Machine};
pub use export::{Exported, export, refuse_to_replace};
pub use figure::Figure;
pub use floors::{CeilingLine, FloorLine, Floors};
pub use folder::SharedBlocks;
pub use forecast::{Forecast, forecast, world_facts};
pub use infimum_engine::{Executor, Isa, Products};
pub use infimum_worlds::{Fact, Quantity, World};
pub use journal::{HeadLine, Status, StepLine, Summary};
pub use law::Law;
pub use layout::Layout;
pub use mean::Mean;
pub use memory::require_memory;
pub use mined::Mined;
pub use new_recipe::{Key, Kind, kinds, new_recipe};
pub use outputs::{Output, outputs};
pub use overview::{Overview, UNFINISHED, newest, record_plan};
pub use plan::{DataPlan, EvaluationPlan, FolderPlan, Init, Plan, PullPlan, RunStage, StagePlan, TrainingPlan};
pub use ranking::{Ranking, Sought};
pub use recipe::NORM_EPSILON;
pub use recipe::Recipe;
pub use recital::Recital;
pub use record::{Record, read_weights};
pub use record_writer::RecordWriter;
pub use report::{REPORT_SEQUENCES, Report, report};
pub use retrace::{Retraced, retrace};
pub use sample::{Draw, Drawing, Filter, read_prompt, read_stop, sample, sample_each, sample_one, spell};
pub use start::start;
pub use trainer::{Step, Trainer};
pub use training_state::TrainingState;
pub use transitions::{ContextScore, KeptLaw, TransitionScores};
pub use weights_export::{ExportedWeights, Names, export_weights};
