use infimum_worlds::World;

use crate::floors::simple_predictors;
use crate::metrics::{Metric, Scored};
use crate::{Experiment, Figure, Mean};

/// How often the model's likeliest token is the target.
pub(super) struct Accuracy;

impl Metric for Accuracy {
    fn name(&self) -> &'static str {
        "accuracy"
    }

    fn unit(&self) -> &'static str {
        "share of targets"
    }

    fn formula(&self) -> &'static str {
        "share of all scored targets that are the model's likeliest token, on fresh test sequences; interval: 1.96 standard \
         errors over sequences; optimum: the world's exact ceiling; baseline: the best simple predictor that sees no earlier \
         token (the likeliest token), or guessing"
    }

    fn is_validated(&self, _world: &dyn World) -> bool {
        true
    }

    fn figure(&self, scored: Scored<'_>) -> Option<Figure> {
        let hits = Mean::of(scored.scores.iter().map(|s| (s.weight, s.hits)))?;
        let optimum = scored.experiment.world().truth().and_then(|truth| truth.ceiling(0).value());
        Some(Figure { optimum, baseline: constant_token(scored.experiment), ..Figure::of_mean(self, hits) })
    }
}

/// Accuracy of always saying the likeliest token.
fn constant_token(experiment: &Experiment) -> Option<f64> {
    let baselines = simple_predictors(experiment.world(), 0);
    let found = baselines.iter().find(|b| b.name == "unigram").or(baselines.first());
    found.and_then(|b| b.accuracy.value())
}
