use infimum_worlds::World;

use crate::metrics::{Metric, Scored, uniform_nats};
use crate::{Figure, Mean, evaluation};

/// The model's loss on fresh sequences.
pub(super) struct CrossEntropy;

/// Nats per scored target.
pub(super) fn mean_nats(scored: Scored<'_>) -> Option<Mean> {
    evaluation::mean_nats(scored.scores, 0)
}

impl Metric for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross_entropy"
    }

    fn unit(&self) -> &'static str {
        "nats"
    }

    fn formula(&self) -> &'static str {
        "mean over scored targets of -ln p(target) on fresh test sequences; interval: 1.96 standard errors over sequences; \
         optimum: the world's exact floor; baseline: the uniform predictor"
    }

    fn is_validated(&self, _world: &dyn World) -> bool {
        true
    }

    fn figure(&self, scored: Scored<'_>) -> Option<Figure> {
        let (optimum, baseline) = (scored.experiment.floor_of(0), uniform_nats(scored.experiment));
        Some(Figure { optimum, baseline, ..Figure::of_mean(self, mean_nats(scored)?) })
    }
}
