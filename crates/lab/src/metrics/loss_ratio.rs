use infimum_worlds::World;

use crate::metrics::{Metric, Scored, uniform_nats};
use crate::{Figure, alarm};

/// What share of the model's loss nobody can avoid.
pub(super) struct LossRatio;

impl Metric for LossRatio {
    fn name(&self) -> &'static str {
        "loss_ratio"
    }

    fn unit(&self) -> &'static str {
        "floor per loss"
    }

    fn formula(&self) -> &'static str {
        "floor / (floor + excess_loss): the world's exact floor by the expected cross-entropy, without the noise of which test \
         sequences were drawn; interval: from that of excess_loss; optimum 1; baseline: floor / nats of the uniform predictor; left out \
         where the floor is 0"
    }

    fn is_in_tables(&self, _value: f64) -> bool {
        false
    }

    fn is_validated(&self, world: &dyn World) -> bool {
        world.truth().and_then(|truth| truth.floor(0).value()).is_some_and(|floor| floor > 0.0)
    }

    fn rises(&self) -> bool {
        true
    }

    fn figure(&self, scored: Scored<'_>) -> Option<Figure> {
        let (excess, floor) = (alarm::excess(scored.scores)?, scored.experiment.floor_of(0)?);
        let baseline = uniform_nats(scored.experiment).map(|nats| floor / nats);
        (floor > 0.0).then(|| Figure { baseline, ..Figure::of_excess(self, excess, |excess| floor / (floor + excess)) })
    }
}
