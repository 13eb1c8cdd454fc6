use infimum_worlds::World;

use crate::metrics::{Metric, Scored, uniform_nats_in};
use crate::{Figure, alarm};

/// How far the model has come from knowing nothing to knowing the law.
pub(super) struct StructureCaptured;

impl Metric for StructureCaptured {
    fn name(&self) -> &'static str {
        "structure_captured"
    }

    fn unit(&self) -> &'static str {
        "share of learnable nats"
    }

    fn formula(&self) -> &'static str {
        "1 - excess_loss / (nats of the uniform predictor - floor), which is (uniform - cross-entropy) / (uniform - floor) with \
         the world's exact floor, without the noise of which test sequences were drawn; interval: from that of excess_loss; \
         optimum 1; baseline: 0, the uniform predictor"
    }

    /// As [`learnable_nats`], without the simple predictors, which some worlds take a second to score.
    fn is_validated(&self, world: &dyn World) -> bool {
        let uniform = libm::log(world.shape().heads[0].alphabet as f64);
        world.truth().and_then(|truth| truth.floor(0).value()).is_some_and(|floor| floor < uniform)
    }

    fn rises(&self) -> bool {
        true
    }

    fn figure(&self, scored: Scored<'_>) -> Option<Figure> {
        let (excess, learnable) = (alarm::excess(scored.scores)?, learnable_nats(scored.experiment.world())?);
        let share = |excess: f64| 1.0 - excess / learnable;
        Some(Figure { baseline: Some(0.0), ..Figure::of_excess(self, excess, share) })
    }
}

/// What the uniform predictor loses beyond the floor, where that is known and there is something to learn.
fn learnable_nats(world: &dyn World) -> Option<f64> {
    let learnable = uniform_nats_in(world)? - world.truth()?.floor(0).value()?;
    Some(learnable).filter(|nats| *nats > 0.0)
}
