//! Stages of training in words.

use infimum_lab::{Experiment, RunStage};

use crate::number::count;

/// What a stage does, such as `steps 162,001 to 262,000 of 6,144 tokens, adamw, rate 0.001`.
pub(crate) fn text(stage: &RunStage, tokens_per_step: u64) -> String {
    let (first, last, tokens) = (count(stage.begins + 1), count(stage.ends()), count(tokens_per_step));
    let training = &stage.training;
    let set = stage.data.sequences.map_or(String::new(), |sequences| format!(", {} fixed sequences", count(sequences)));
    let (optimiser, rate) = (training.optimiser.name(), training.rate);
    format!("steps {first} to {last} of {tokens} tokens, {optimiser}, rate {rate}{set}")
}

/// A line for each stage of an experiment that has several.
pub(crate) fn lines(experiment: &Experiment) -> Vec<(String, String)> {
    let stages = experiment.stages();
    let line = |(place, stage)| (format!("stage {}", place + 1), text(stage, experiment.tokens_of(stage)));
    if stages.len() > 1 { stages.iter().enumerate().map(line).collect() } else { Vec::new() }
}
