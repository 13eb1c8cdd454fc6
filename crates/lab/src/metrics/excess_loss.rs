use infimum_worlds::{Floor, World};

use crate::metrics::{Metric, Scored, uniform_nats};
use crate::{Figure, alarm};

/// How much worse the model is than the truth on the same sequences. Being paired, its interval does not contain the
/// noise of which sequences were drawn.
pub(super) struct ExcessLoss;

impl Metric for ExcessLoss {
    fn name(&self) -> &'static str {
        "excess_loss"
    }

    fn unit(&self) -> &'static str {
        "nats"
    }

    fn formula(&self) -> &'static str {
        "mean over scored targets of the model's nats minus the truth's nats, on the same fresh test sequences; interval: \
         1.96 standard errors over sequences; optimum 0; baseline: the uniform predictor's expected nats minus the floor"
    }

    fn is_validated(&self, world: &dyn World) -> bool {
        world.truth().is_some_and(|truth| truth.floor(0) != Floor::Unknown)
    }

    fn figure(&self, scored: Scored<'_>) -> Option<Figure> {
        let excess = alarm::excess(scored.scores)?;
        let baseline =
            uniform_nats(scored.experiment).zip(scored.experiment.floor_of(0)).map(|(nats, floor)| nats - floor);
        Some(Figure { optimum: Some(0.0), baseline, ..Figure::of_mean(self, excess) })
    }
}
