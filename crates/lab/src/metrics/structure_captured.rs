use crate::metrics::{Metric, Scored, uniform_nats};
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

    fn figure(&self, scored: Scored<'_>) -> Option<Figure> {
        let (excess, floor) = (alarm::excess(scored.scores)?, scored.experiment.floor()?);
        let learnable = uniform_nats(scored.experiment)? - floor;
        let share = |excess: f64| 1.0 - excess / learnable;
        (learnable > 0.0).then(|| Figure { baseline: Some(0.0), ..Figure::of_excess(self, excess, share) })
    }
}
