use infimum_worlds::World;

use crate::Figure;
use crate::metrics::cross_entropy::mean_nats;
use crate::metrics::{Metric, Scored, uniform_nats};

/// Cross-entropy as the number of equally likely tokens it amounts to.
pub(super) struct Perplexity;

impl Metric for Perplexity {
    fn name(&self) -> &'static str {
        "perplexity"
    }

    fn unit(&self) -> &'static str {
        "tokens"
    }

    fn formula(&self) -> &'static str {
        "exp of cross_entropy; interval, optimum and baseline: exp of those of cross_entropy"
    }

    fn is_validated(&self, _world: &dyn World) -> bool {
        true
    }

    fn figure(&self, scored: Scored<'_>) -> Option<Figure> {
        let nats = Figure::of_mean(self, mean_nats(scored)?);
        let [low, high] = [nats.low, nats.high].map(|x| x.map(libm::exp));
        let optimum = scored.experiment.floor_of(0).map(libm::exp);
        let baseline = uniform_nats(scored.experiment).map(libm::exp);
        Some(Figure { value: libm::exp(nats.value), optimum, baseline, low, high, ..nats })
    }
}
