//! Metrics: each is one file with one formula, and one line in the list below.

mod accuracy;
mod bits_per_byte;
mod by_head;
mod counting_excess;
mod cross_entropy;
mod exact_continuation;
mod exact_match;
mod excess_loss;
mod excess_of_part;
mod loss_ratio;
mod memorylessness;
mod noise;
mod perplexity;
mod sequences;
mod shared_sequences;
mod structure_captured;
mod transition_kl;
mod valid_syntax;

use infimum_worlds::World;

use crate::evaluation::SequenceScore;
use crate::floors::simple_predictors;
use crate::recipe::Model;
use crate::retrace::Retraced;
use crate::{Completions, Experiment, Figure, Mean, Recital, TransitionScores};

pub(crate) use exact_match::NAME as EXACT_MATCH;
pub use noise::{Noise, noise};

/// What a metric looks at.
#[derive(Clone, Copy)]
pub struct Scored<'a> {
    /// The plan, its world, its model.
    pub experiment: &'a Experiment,
    /// The model beside the truth on the test sequences.
    pub scores: &'a [SequenceScore],
    /// The model on the transitions of a chain; `None` for other worlds.
    pub transitions: Option<&'a TransitionScores>,
    /// Whole strings that the model has right; `None` for worlds that are no set of strings.
    pub recital: Option<Recital>,
    /// Strings that the model completes; `None` for worlds that do not ask for it.
    pub completions: Option<Completions>,
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
    /// Whether tables show it where it has this value; `--json` shows every figure.
    fn is_in_tables(&self, _value: f64) -> bool {
        true
    }

    /// Whether validations have it in `world`: it then takes nothing but the scores of sequences.
    fn is_validated(&self, _world: &dyn World) -> bool {
        false
    }

    /// Whether better models have more of it.
    fn rises(&self) -> bool {
        false
    }

    /// The head of the world that it is about, by its name; `None`: the first.
    fn head(&self) -> Option<&'static str> {
        None
    }

    /// The figure; `None` where the world has not what it takes.
    fn figure(&self, scored: Scored<'_>) -> Option<Figure>;
}

/// All metrics, in the order in which they are shown.
pub const METRICS: &[&dyn Metric] = &[
    &excess_loss::ExcessLoss,
    &excess_of_part::TRANSITIONS,
    &excess_of_part::START,
    &excess_of_part::BOS,
    &cross_entropy::CrossEntropy,
    &perplexity::Perplexity,
    &bits_per_byte::BitsPerByte,
    &accuracy::Accuracy,
    &by_head::TOKEN_ACCURACY,
    &by_head::CLASS_ACCURACY,
    &by_head::CLASS_LOSS,
    &by_head::CLASS_EXACT_MATCH,
    &exact_match::ExactMatch,
    &sequences::Sequences,
    &exact_continuation::HELD_OUT,
    &exact_continuation::TRAINED,
    &valid_syntax::HELD_OUT,
    &valid_syntax::TRAINED,
    &structure_captured::StructureCaptured,
    &loss_ratio::LossRatio,
    &transition_kl::TransitionKl,
    &transition_kl::TransitionCoverage,
    &memorylessness::Memorylessness,
    &memorylessness::MemorylessnessRatio,
    &counting_excess::CountingExcess,
    &shared_sequences::SharedSequences,
];

/// The figures of every metric that applies.
pub fn figures(scored: Scored<'_>) -> Vec<Figure> {
    METRICS.iter().filter_map(|metric| metric.figure(scored)).collect()
}

/// The names of the figures that validations of `model` have in `world`.
pub fn validated(world: &dyn World, model: &Model) -> Vec<&'static str> {
    let first = world.shape().heads[0].name;
    let is_validated =
        |metric: &&&dyn Metric| metric.is_validated(world) && model.loss_weight(metric.head().unwrap_or(first)) > 0.0;
    METRICS.iter().filter(is_validated).map(|metric| metric.name()).collect()
}

/// Whether better models have more of the figure of that name; `None` if no metric has it.
pub fn rises(name: &str) -> Option<bool> {
    METRICS.iter().find(|metric| metric.name() == name).map(|metric| metric.rises())
}

/// Whether the figure of that name is a share, of which there is at most all.
pub(crate) fn is_share(name: &str) -> bool {
    METRICS.iter().any(|metric| metric.name() == name && metric.unit().starts_with("share"))
}

/// The value of the figure `name` on validation sequences; `None` where they have it not.
pub(crate) fn of_validation(experiment: &Experiment, name: &str, scores: &[SequenceScore]) -> Option<f64> {
    let metric = METRICS.iter().find(|metric| metric.name() == name)?;
    let scored = Scored { experiment, scores, transitions: None, recital: None, completions: None, retraced: None };
    let figure = metric.figure(scored)?;
    Some(figure.value)
}

/// Whether tables show this figure: its metric may say that `--json` alone shows it.
pub fn is_in_tables(figure: &Figure) -> bool {
    METRICS.iter().find(|metric| metric.name() == figure.name).is_none_or(|metric| metric.is_in_tables(figure.value))
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

    /// A figure of `metric` whose optimum is 1 and whose value falls as the excess rises: `of` an excess is its value.
    fn of_excess(metric: &dyn Metric, excess: Mean, of: impl Fn(f64) -> f64) -> Figure {
        let interval = excess.half_width().is_finite();
        let end = |sign: f64| interval.then(|| of(excess.value + sign * excess.half_width()));
        Figure { optimum: Some(1.0), low: end(1.0), high: end(-1.0), ..Figure::plain(metric, of(excess.value)) }
    }
}

/// Nats of the uniform predictor of the world, which knows its alphabet only.
fn uniform_nats(experiment: &Experiment) -> Option<f64> {
    uniform_nats_in(experiment.world())
}

fn uniform_nats_in(world: &dyn World) -> Option<f64> {
    let baselines = simple_predictors(world, 0);
    baselines.iter().find(|b| b.name == "uniform")?.nats.value()
}
