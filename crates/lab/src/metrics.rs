//! Metrics: each is one file with one formula, and one line in the list below.

mod accuracy;
mod counting_excess;
mod cross_entropy;
mod excess_loss;
mod noise;
mod perplexity;
mod shared_sequences;

use crate::evaluation::SequenceScore;
use crate::retrace::Retraced;
use crate::{Experiment, Figure, Mean};

pub use noise::{Noise, noise};

/// What a metric looks at.
#[derive(Clone, Copy)]
pub struct Scored<'a> {
    /// The plan, its world, its model.
    pub experiment: &'a Experiment,
    /// The model beside the truth on the test sequences.
    pub scores: &'a [SequenceScore],
    /// What its training sequences say, where it is known which they were.
    pub retraced: Option<&'a Retraced>,
}

/// One way to score a model.
pub trait Metric: Sync {
    /// Its name, which is that of its figure.
    fn name(&self) -> &'static str;
    /// Its unit.
    fn unit(&self) -> &'static str;
    /// Its formula, in words.
    fn formula(&self) -> &'static str;
    /// The figure; `None` where the world has not what it takes.
    fn figure(&self, scored: Scored<'_>) -> Option<Figure>;
}

/// All metrics, in the order in which they are shown.
pub const METRICS: &[&dyn Metric] = &[
    &excess_loss::ExcessLoss,
    &cross_entropy::CrossEntropy,
    &perplexity::Perplexity,
    &accuracy::Accuracy,
    &counting_excess::CountingExcess,
    &shared_sequences::SharedSequences,
];

/// The figures of every metric that applies.
pub fn figures(scored: Scored<'_>) -> Vec<Figure> {
    METRICS.iter().filter_map(|metric| metric.figure(scored)).collect()
}

impl Figure {
    /// A figure of `metric` without optimum, baseline or interval.
    fn plain(metric: &dyn Metric, value: f64) -> Figure {
        let (name, unit) = (metric.name().into(), metric.unit().into());
        Figure { name, value, unit, optimum: None, baseline: None, low: None, high: None }
    }

    /// A figure of `metric` with its 95 % interval.
    fn of_mean(metric: &dyn Metric, mean: Mean) -> Figure {
        let interval = mean.half_width().is_finite();
        let end = |sign: f64| interval.then(|| mean.value + sign * mean.half_width());
        Figure { low: end(-1.0), high: end(1.0), ..Figure::plain(metric, mean.value) }
    }
}

/// Nats of the uniform predictor of the world, which knows its alphabet only.
fn uniform_nats(experiment: &Experiment) -> Option<f64> {
    let baselines = experiment.world().truth()?.baselines(0);
    baselines.iter().find(|b| b.name == "uniform")?.nats.value()
}
