//! A model of which arrays are read.

use infimum_engine::{Program, Replay};

use crate::data::{Inlets, Written};
use crate::predictor::Write;
use crate::{Experiment, Machine};

/// A model that is looked at.
pub(super) struct Subject<'a> {
    pub(super) experiment: &'a Experiment,
    pub(super) machine: &'a mut Machine,
    pub(super) point: &'a [f32],
}

impl Subject<'_> {
    /// Hands the outputs of `program` on each of `count` sequences, which `write` writes, to `sink`.
    pub(super) fn outputs(
        &mut self,
        program: &Program,
        count: usize,
        write: Write<'_>,
        sink: &(dyn Fn(usize, &[&[f32]]) + Sync),
    ) {
        let (inlets, executor) =
            (Inlets::new(program, self.experiment.world().shape()), self.experiment.plan().executor());
        let source = Written { write, inlets: &inlets };
        Replay::new(program, executor, self.machine.isa).outputs(
            &mut self.machine.team,
            self.point,
            count,
            &source,
            sink,
        );
    }
}
