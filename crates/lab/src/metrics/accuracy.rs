use infimum_worlds::World;

use crate::floors::simple_predictors;
use crate::metrics::{Metric, Scored};
use crate::{Figure, evaluation};

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
         token (the likeliest token), or guessing; in worlds of one head"
    }

    fn is_validated(&self, world: &dyn World) -> bool {
        world.shape().heads.len() == 1
    }

    fn figure(&self, scored: Scored<'_>) -> Option<Figure> {
        let world = scored.experiment.world();
        if world.shape().heads.len() > 1 {
            return None;
        }
        let hits = evaluation::mean_hits(scored.scores, 0)?;
        let optimum = world.truth().and_then(|truth| truth.ceiling(0).value());
        Some(Figure { optimum, baseline: constant_target(world, 0), ..Figure::of_mean(self, hits) })
    }

    fn rises(&self) -> bool {
        true
    }
}

/// Accuracy of always saying the likeliest target of a head.
pub(super) fn constant_target(world: &dyn World, head: usize) -> Option<f64> {
    let baselines = simple_predictors(world, head);
    let found = baselines.iter().find(|b| b.name == "unigram").or(baselines.first());
    found.and_then(|b| b.accuracy.value())
}
