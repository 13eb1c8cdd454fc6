//! The seven models that are timed, from the file that the scripts for other frameworks read, too: `bench/workloads.json`.

use infimum_engine::{Executor, Program, ShapeError};
use infimum_worlds::{Head, Shape};
use serde::Deserialize;

use super::adder;
use crate::decoder::decoder_with_hidden;
use crate::recipe::{self, Model, Positions};
use crate::{executor, start};

const FILE: &str = include_str!("../../../../bench/workloads.json");

/// A model and the batch on which it is timed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// Its name.
    #[serde(skip)]
    pub name: String,
    /// Blocks.
    pub layers: usize,
    /// Channels of the residual stream.
    pub width: usize,
    /// Attention heads.
    pub heads: usize,
    /// Hidden width of the MLP.
    pub hidden: usize,
    /// Tokens of a sequence.
    pub positions: usize,
    /// Tokens that there are.
    pub alphabet: usize,
    /// Sequences of a step.
    pub batch: usize,
    /// The first position that carries loss.
    pub scored_from: usize,
    /// The norm.
    pub norm: Norm,
    /// What tells positions apart.
    pub places: Places,
    /// Whether linears and norms have a bias; the head never has one.
    pub bias: bool,
    /// Whether the head is the token table, transposed.
    pub tied: bool,
    /// Whether every linear is a product of two factors, with keys equal to values: the adder of 456 parameters.
    pub low_rank: bool,
}

/// The norm of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Norm {
    /// LayerNorm, epsilon 1e-5.
    Layer,
    /// RMSNorm, epsilon 1e-8.
    Rms,
}

/// What tells positions apart in a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Places {
    /// A free row for each.
    Learned,
    /// Fixed waves.
    Sinusoidal,
    /// A product of two factors of rank 3.
    LowRank,
}

/// All workloads, from small to large.
pub fn workloads() -> Vec<Workload> {
    let list: serde_json::Map<String, serde_json::Value> = serde_json::from_str(FILE).expect("the file is JSON");
    let read =
        |(name, value)| Workload { name, ..serde_json::from_value(value).expect("the file describes workloads") };
    let mut workloads: Vec<Workload> = list.into_iter().map(read).collect();
    workloads.sort_by_cached_key(|workload| workload.program().weights().parameters());
    workloads
}

/// The workload of that name.
pub fn workload(name: &str) -> Option<Workload> {
    workloads().into_iter().find(|workload| workload.name == name)
}

impl Workload {
    /// Its model: a decoder of the lab, or the adder of low rank.
    pub fn program(&self) -> Program {
        let program = if self.low_rank { adder::program(self) } else { self.decoder() };
        program.expect("the workloads are models")
    }

    /// What replays a model like it in a run.
    pub fn executor(&self) -> Executor {
        executor::of(&self.model())
    }

    fn decoder(&self) -> Result<Program, ShapeError> {
        decoder_with_hidden(&self.model(), &self.shape(), self.hidden)
    }

    /// The sizes of its sequences.
    pub(crate) fn shape(&self) -> Shape {
        let head = Head { name: "token", alphabet: self.alphabet };
        let scored = self.scored_from..self.positions;
        Shape { positions: self.positions, alphabet: self.alphabet, heads: vec![head], scored }
    }

    fn model(&self) -> Model {
        Model {
            width: self.width,
            layers: self.layers,
            heads: self.heads,
            norm: if self.norm == Norm::Rms { recipe::Norm::Rms } else { recipe::Norm::Layer },
            bias: self.bias,
            tied: self.tied,
            positions: if self.places == Places::Sinusoidal { Positions::Sinusoidal } else { Positions::Learned },
            ..Model::default()
        }
    }

    /// Start values of its parameters.
    pub fn start(&self, program: &Program) -> Vec<f32> {
        if self.low_rank { adder::start(program) } else { start(program, &self.model(), 1) }
    }
}

#[cfg(test)]
mod tests {
    use infimum_engine::Work;

    use super::*;

    /// Parameters as PyTorch counts its modules, and millions of operations a step as published for these shapes.
    const PUBLISHED: [(&str, usize, f64); 7] = [
        ("add456", 456, 28.5),
        ("add1128", 1_104, 54.6),
        ("memo4k", 4_624, 2.2),
        ("copilot", 29_120, 90.7),
        ("regex", 50_624, 195.0),
        ("mm10", 411_648, 5_255.0),
        ("mm100", 1_665_536, 21_262.0),
    ];

    #[test]
    fn parameters_and_operations_are_the_published_ones() {
        let workloads = workloads();
        assert_eq!(workloads.len(), PUBLISHED.len());
        for (workload, (name, parameters, mflop)) in workloads.iter().zip(PUBLISHED) {
            let program = workload.program();
            assert_eq!((workload.name.as_str(), program.weights().parameters()), (name, parameters));
            let counted = 1e-6 * Work::of(&program.gradient()).step_flop(workload.batch);
            let half_a_digit = if mflop < 100.0 { 0.05 } else { 0.5 };
            assert!((counted - mflop).abs() <= half_a_digit, "{name}: {counted} million operations, not {mflop}");
        }
    }

    #[test]
    fn only_what_the_loss_needs_is_counted() {
        let count = |workload: &Workload| Work::of(&workload.program().gradient()).forward();
        for workload in workloads() {
            let all = Workload { scored_from: 0, ..workload.clone() };
            assert_eq!(count(&workload) < count(&all), workload.scored_from > 0, "{}", workload.name);
        }
    }
}
