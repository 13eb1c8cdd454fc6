//! Scores of one head of a world of several, by its name.

use infimum_worlds::{Floor, World};

use crate::evaluation::HeadScore;
use crate::floors::simple_predictors;
use crate::metrics::accuracy::constant_target;
use crate::metrics::{Metric, Scored};
use crate::statistics::wilson;
use crate::{Figure, Mean};

/// How often the head's likeliest target is the target.
pub(super) struct AccuracyBy {
    head: &'static str,
    name: &'static str,
    formula: &'static str,
}

pub(super) const TOKEN_ACCURACY: AccuracyBy = AccuracyBy {
    head: "token",
    name: "token_accuracy",
    formula: "share of the scored targets of head token that are the model's likeliest token, on fresh test sequences; in worlds of \
              several heads; interval: 1.96 standard errors over sequences; optimum: the head's exact ceiling; baseline: always \
              saying the likeliest token",
};

pub(super) const CLASS_ACCURACY: AccuracyBy = AccuracyBy {
    head: "class",
    name: "class_accuracy",
    formula: "share of the scored targets of head class that are the model's likeliest class, on fresh test sequences; interval: 1.96 \
              standard errors over sequences; optimum: the head's exact ceiling; baseline: always saying the likeliest class",
};

/// Mean nats of the head class.
pub(super) struct ClassLoss;
pub(super) const CLASS_LOSS: ClassLoss = ClassLoss;

/// How often all targets of the head class in a sequence are hit.
pub(super) struct ClassExactMatch;
pub(super) const CLASS_EXACT_MATCH: ClassExactMatch = ClassExactMatch;

const CLASS: &str = "class";

/// The head of that name, if it is one of several.
fn head_of(world: &dyn World, name: &str) -> Option<usize> {
    let heads = &world.shape().heads;
    heads.iter().position(|head| head.name == name).filter(|_| heads.len() > 1)
}

/// What the head of that name scores on each sequence, and its number; `None` without a target.
fn scores(scored: Scored<'_>, name: &str) -> Option<(usize, Vec<HeadScore>)> {
    let head = head_of(scored.experiment.world(), name)?;
    let found: Vec<HeadScore> = scored.scores.iter().filter_map(|score| score.of(head)).collect();
    (!found.is_empty()).then_some((head, found))
}

impl Metric for AccuracyBy {
    fn name(&self) -> &'static str {
        self.name
    }

    fn unit(&self) -> &'static str {
        "share of targets"
    }

    fn formula(&self) -> &'static str {
        self.formula
    }

    fn is_validated(&self, world: &dyn World) -> bool {
        head_of(world, self.head).is_some()
    }

    fn rises(&self) -> bool {
        true
    }

    fn head(&self) -> Option<&'static str> {
        Some(self.head)
    }

    fn figure(&self, scored: Scored<'_>) -> Option<Figure> {
        let (head, scores) = scores(scored, self.head)?;
        let world = scored.experiment.world();
        let hits = Mean::of(scores.iter().map(|score| (score.weight, score.hits)))?;
        let optimum = world.truth().and_then(|truth| truth.ceiling(head).value());
        Some(Figure { optimum, baseline: constant_target(world, head), ..Figure::of_mean(self, hits) })
    }
}

impl Metric for ClassLoss {
    fn name(&self) -> &'static str {
        "class_loss"
    }

    fn unit(&self) -> &'static str {
        "nats"
    }

    fn formula(&self) -> &'static str {
        "mean over the scored targets of head class of -ln p(class), on fresh test sequences; interval: 1.96 standard errors over \
         sequences; optimum: the head's exact floor; baseline: the uniform predictor"
    }

    fn is_validated(&self, world: &dyn World) -> bool {
        head_of(world, CLASS).is_some()
    }

    fn head(&self) -> Option<&'static str> {
        Some(CLASS)
    }

    fn figure(&self, scored: Scored<'_>) -> Option<Figure> {
        let (head, scores) = scores(scored, CLASS)?;
        let nats = Mean::of(scores.iter().map(|score| (score.weight, score.nats)))?;
        let uniform = simple_predictors(scored.experiment.world(), head).into_iter().find(|b| b.name == "uniform");
        let (optimum, baseline) = (scored.experiment.floor_of(head), uniform.and_then(|b| b.nats.value()));
        Some(Figure { optimum, baseline, ..Figure::of_mean(self, nats) })
    }
}

impl Metric for ClassExactMatch {
    fn name(&self) -> &'static str {
        "class_exact_match"
    }

    fn unit(&self) -> &'static str {
        "share of sequences"
    }

    fn formula(&self) -> &'static str {
        "share of test sequences all of whose scored targets of head class are the model's likeliest class; where the class has a floor of \
         0; interval: Wilson's, 95 %; optimum 1; baseline: none, since how often always saying one class is right in all of a sequence \
         is not known"
    }

    fn is_validated(&self, world: &dyn World) -> bool {
        let floor = head_of(world, CLASS).and_then(|head| Some(world.truth()?.floor(head)));
        floor == Some(Floor::Exact(0.0))
    }

    fn rises(&self) -> bool {
        true
    }

    fn head(&self) -> Option<&'static str> {
        Some(CLASS)
    }

    fn figure(&self, scored: Scored<'_>) -> Option<Figure> {
        let (_, scores) = scores(scored, CLASS).filter(|_| self.is_validated(scored.experiment.world()))?;
        let right = scores.iter().filter(|score| score.hits == score.weight).count() as f64;
        let (low, high) = wilson(right / scores.len() as f64, scores.len() as f64)?;
        let plain = Figure::plain(self, right / scores.len() as f64);
        Some(Figure { optimum: Some(1.0), low: Some(low), high: Some(high), ..plain })
    }
}
