use std::f64::consts::LN_2;

use infimum_worlds::World;

use crate::metrics::{Metric, Scored, uniform_nats};
use crate::{Figure, Mean};

/// The model's loss on a text, whatever its tokens are.
pub(super) struct BitsPerByte;

impl Metric for BitsPerByte {
    fn name(&self) -> &'static str {
        "bits_per_byte"
    }

    fn unit(&self) -> &'static str {
        "bits per byte"
    }

    fn formula(&self) -> &'static str {
        "sum over scored targets of -log2 p(target) on the windows of the test / bytes of UTF-8 that these targets spell; interval: \
         1.96 standard errors over windows; baseline: the uniform predictor"
    }

    fn is_validated(&self, world: &dyn World) -> bool {
        world.text().is_some()
    }

    fn figure(&self, scored: Scored<'_>) -> Option<Figure> {
        let scores = scored.scores.iter();
        let mean = Mean::of(scores.clone().map(|score| (score.bytes, score.nats / LN_2)))?;
        let [targets, bytes] = scores.fold([0.0, 0.0], |[targets, bytes], s| [targets + s.weight, bytes + s.bytes]);
        let baseline = uniform_nats(scored.experiment).map(|nats| nats / LN_2 * targets / bytes);
        Some(Figure { baseline, ..Figure::of_mean(self, mean) })
    }
}
