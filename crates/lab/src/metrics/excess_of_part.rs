use infimum_worlds::World;

use crate::metrics::{Metric, Scored, uniform_nats};
use crate::{Figure, Mean};

/// `excess_loss` on one kind of target.
pub(super) struct ExcessOfPart {
    /// One of the world's parts.
    pub(super) part: &'static str,
    pub(super) name: &'static str,
    pub(super) formula: &'static str,
}

pub(super) const TRANSITIONS: ExcessOfPart = ExcessOfPart {
    part: "transitions",
    name: "excess_loss_transitions",
    formula: "excess_loss over the targets that are a state after a state; baseline: the uniform predictor's nats minus the \
              truth's on the same targets",
};

pub(super) const START: ExcessOfPart = ExcessOfPart {
    part: "start",
    name: "excess_loss_start",
    formula: "excess_loss over the targets that are the state after BOS; baseline: the uniform predictor's nats minus the \
              truth's on the same targets",
};

pub(super) const BOS: ExcessOfPart = ExcessOfPart {
    part: "bos",
    name: "excess_loss_bos",
    formula: "excess_loss over the targets that are BOS; the truth's own nats there are what BOS costs a predictor that knows \
              only where in a block the window may lie; baseline: the uniform predictor's nats minus the truth's on the same targets",
};

impl Metric for ExcessOfPart {
    fn name(&self) -> &'static str {
        self.name
    }

    fn unit(&self) -> &'static str {
        "nats"
    }

    fn formula(&self) -> &'static str {
        self.formula
    }

    fn is_in_tables(&self, _value: f64) -> bool {
        false
    }

    fn is_validated(&self, world: &dyn World) -> bool {
        world.truth().is_some() && world.parts().len() > 1 && world.parts().contains(&self.part)
    }

    fn figure(&self, scored: Scored<'_>) -> Option<Figure> {
        let parts = scored.experiment.world().parts();
        let place = parts.iter().position(|part| *part == self.part).filter(|_| parts.len() > 1)?;
        let sequences = || scored.scores.iter().filter_map(|score| score.parts.get(place));
        let excess = Mean::of(sequences().map(|s| (s.weight, s.nats - s.truth_nats)))?;
        let truth = Mean::of(sequences().map(|s| (s.weight, s.truth_nats)))?.value;
        let baseline = uniform_nats(scored.experiment).map(|nats| nats - truth);
        Some(Figure { optimum: Some(0.0), baseline, ..Figure::of_mean(self, excess) })
    }
}
