//! How long a plan takes, from sixteen sequences of a model that is small enough to be timed at once.

use std::time::Instant;

use infimum_engine::{AdamW, Executor, Feed, Found, Group, Isa, Moments, Optimiser, Program, Replay, Team};
use infimum_worlds::{Example, Purpose, Shape, Stream, World};

use crate::decoder::decoder;
use crate::evaluation::evaluating;
use crate::recipe::{Model, Positions};
use crate::{Experiment, Plan, RunStage, optimisers, start};

/// Sequences that are timed.
pub(crate) const GROUP: usize = 16;
/// Multiply-adds, forward, of the model that is timed on one sequence; the gradient of a group takes 48 times as many.
const LONGEST: f64 = 3e6;
/// What takes longer is not timed again.
const PATIENCE_SECONDS: f64 = 0.1;
/// Positions over which the truth is timed.
const FOLLOWED: usize = 16;

/// Seconds of the parts of a run on one thread.
pub(crate) struct Timing {
    /// The gradient of sixteen sequences.
    learn: f64,
    /// The outputs of sixteen sequences.
    score: f64,
    /// AdamW's step.
    update: f64,
    /// Drawing a sequence.
    draw: f64,
    /// The truth of a sequence.
    truth: f64,
    pub(crate) extrapolated: f64,
}

impl Timing {
    pub(crate) fn of(experiment: &Experiment, isa: Isa) -> Timing {
        let (model, shape) = (experiment.plan().model(), experiment.world().shape());
        let executor = experiment.plan().executor();
        let (small, short) = bounded(model, shape);
        let program = decoder(&small, &short).expect("a smaller model is a model");
        let point = start(&program, &small, 1);
        let extrapolated = operations(model, shape) / operations(&small, &short);
        let arrays = experiment.program().weights().parameters() as f64 / point.len() as f64;
        let (draw, truth) = world_seconds(experiment.world());
        Timing {
            learn: extrapolated * gradient_seconds(&program, experiment.plan(), isa, &point, fewest(&short)),
            score: extrapolated * outputs_seconds(&program, executor, isa, &point, fewest(&short)),
            update: arrays * update_seconds(isa, point),
            draw,
            truth,
            extrapolated,
        }
    }

    /// Seconds of training, validations, test, and going once more through what was trained on.
    pub(crate) fn seconds(&self, experiment: &Experiment, threads: usize) -> f64 {
        let (training, evaluation) = (experiment.plan().training(), experiment.plan().evaluation());
        let apart = experiment.world().hold_out().is_some();
        let sequences = |stage: &RunStage| stage.training.steps as f64 * experiment.sequences_of(stage) as f64;
        let retraced = if apart { 0.0 } else { experiment.stages().iter().map(sequences).sum() };
        let trained: f64 = experiment.stages().iter().map(|stage| self.stage_seconds(experiment, stage, threads)).sum();
        let searched: f64 = experiment.stages().iter().map(searched).sum();
        let validations = training.steps.div_ceil(evaluation.every) as f64;
        let validated = (evaluation.sequences + evaluation.training_sequences) as f64;
        let scored = validations * validated + evaluation.test_sequences as f64;
        let score = self.score / GROUP as f64 + 2.0 * self.draw + self.truth;
        trained + (searched + scored) * score / threads as f64 + 2.0 * retraced * self.draw
    }

    /// Seconds of the steps of a stage.
    fn stage_seconds(&self, experiment: &Experiment, stage: &RunStage, threads: usize) -> f64 {
        let each = experiment.plan().executor().sequences();
        let groups = experiment.sequences_of(stage).div_ceil(each);
        // The slowest thread of a step: a batch has at most eight chunks, and a thread does whole chunks.
        let chunks = groups.min(8);
        let rounds = (chunks.div_ceil(threads) * groups.div_ceil(chunks)) as f64;
        let learn = optimisers::looks(&stage.training) * self.learn / GROUP as f64;
        stage.training.steps as f64 * (rounds * each as f64 * (learn + self.draw) + self.update)
    }
}

/// Sequences that a stage looks through for errors, at most.
fn searched(stage: &RunStage) -> f64 {
    let searches = |every: u64| if every == 0 { 1 } else { stage.training.steps.div_ceil(every) };
    stage.mined.map_or(0.0, |mining| mining.search as f64 * searches(mining.every) as f64)
}

/// Multiply-adds of one sequence, forward: linears, causal attention, and a few passes over the channels.
fn operations(model: &Model, shape: &Shape) -> f64 {
    let (width, positions) = (model.width as f64, shape.positions as f64);
    let attention = if model.attention { attention(model, positions) } else { 0.0 };
    let linears = if model.mlp_gate { 3.0 } else { 2.0 };
    let mlp = if model.mlp { linears * model.hidden() as f64 * width } else { 0.0 };
    let block = attention + mlp + 16.0 * width;
    positions * (shape.alphabet as f64 * width + model.layers as f64 * block + 16.0 * width)
}

/// Multiply-adds of one position of a block's attention: its linears, and half of all pairs of queries and keys.
fn attention(model: &Model, positions: f64) -> f64 {
    let mixed = (model.heads * model.value_width()) as f64;
    let [queries, keys, values] = model.attention_channels().map(|channels| channels as f64);
    model.width as f64 * (queries + keys + values + mixed) + (queries + mixed) / 2.0 * positions
}

/// A model of the same kind that takes at most [`LONGEST`] operations: the plan's, or one with fewer positions, then fewer
/// blocks, then less width and fewer tokens.
fn bounded(model: &Model, shape: &Shape) -> (Model, Shape) {
    let whole = (model, shape);
    let (mut model, mut shape) = (model.clone(), shape.clone());
    while operations(&model, &shape) > LONGEST {
        match (shape.positions, model.layers, model.width) {
            (65.., _, _) => shape.positions /= 2,
            (_, 2.., _) => model.layers = 1,
            (_, _, 65..) => narrow(&mut model, &mut shape),
            _ if shape.alphabet > 64 => shape.alphabet /= 2,
            (2.., _, _) => shape.positions /= 2,
            _ => break,
        }
    }
    if operations(&model, &shape) < operations(whole.0, whole.1) {
        model.weights.clear(); // formulas have the sizes of the whole model
    }
    shape.scored = shape.scored.start.min(shape.positions - 1)..shape.scored.end.min(shape.positions);
    shape.heads.iter_mut().for_each(|head| head.alphabet = head.alphabet.min(shape.alphabet));
    (model, shape)
}

/// Half the width, with heads as wide as before where they fit, or half as many if their width is no matter of it. A width that is the alphabet's stays so: it may have to be.
fn narrow(model: &mut Model, shape: &mut Shape) {
    let (head, channel_per_token) = (model.head_width(), model.width == shape.alphabet);
    model.width /= 2;
    model.mlp_hidden = model.mlp_hidden.map(|hidden| (hidden / 2).max(1));
    model.kv_heads = None;
    if model.head_width.is_some() || model.positions == Positions::Rotary {
        (model.head_width, model.heads) = (Some(head), (model.heads / 2).max(1));
    } else {
        model.heads = if model.width.is_multiple_of(head) { model.width / head } else { 1 };
    }
    if channel_per_token {
        shape.alphabet = model.width;
    }
}

/// How many numbers are tokens, and targets of every head.
fn fewest(shape: &Shape) -> usize {
    shape.heads.iter().map(|head| head.alphabet).fold(shape.alphabet, usize::min)
}

/// Times do not depend on values: every input is 1, tokens and targets run through `alphabet` numbers.
fn feed(alphabet: usize) -> impl Fn(usize, &mut Feed) + Sync {
    move |sequence, feed| {
        feed.arrays.iter_mut().flatten().for_each(|x| *x = 1.0);
        let ids = feed.ids.iter_mut().flat_map(|ids| ids.iter_mut().enumerate());
        ids.for_each(|(position, id)| *id = ((sequence + position) % alphabet) as u16);
    }
}

fn gradient_seconds(program: &Program, plan: &Plan, isa: Isa, point: &[f32], alphabet: usize) -> f64 {
    let mut replay = Replay::with_products(&program.gradient(), plan.executor(), plan.training().products(), isa);
    let (mut team, source) = (Team::new(1), feed(alphabet));
    fastest(|| _ = replay.gradient(&mut team, point, GROUP, &source))
}

fn outputs_seconds(program: &Program, executor: Executor, isa: Isa, point: &[f32], alphabet: usize) -> f64 {
    let mut replay = Replay::new(&evaluating(program), executor, isa);
    let (mut team, source) = (Team::new(1), feed(alphabet));
    fastest(|| replay.outputs(&mut team, point, GROUP, &source, &|_, _| {}))
}

fn update_seconds(isa: Isa, point: Vec<f32>) -> f64 {
    let gradient = vec![1e-3; point.len()];
    let groups = vec![Group { range: 0..point.len(), decay: 0.0, rate_factor: 1.0 }];
    let mut optimiser = AdamW::new(point, groups, Moments { beta1: 0.9, beta2: 0.99, epsilon: 1e-8 });
    let mut team = Team::new(1);
    let found = Found { loss: 1.0, gradient: &gradient, scale: 1.0 };
    fastest(|| _ = optimiser.tell(isa, &mut team, found, 1e-3))
}

/// Seconds to draw a sequence, and to follow its law.
fn world_seconds(world: &dyn World) -> (f64, f64) {
    let (mut example, shape) = (Example::default(), world.shape());
    let draw = fastest(|| world.draw(&mut Stream::new(1, Purpose::Check, 0, 0), &mut example));
    let Some(truth) = world.truth() else { return (draw, 0.0) };
    let (mut belief, mut law) = (truth.begin(), vec![0.0; shape.heads[0].alphabet]);
    let followed = shape.positions.min(FOLLOWED);
    let follow = fastest(|| {
        belief.restart();
        for token in &example.tokens[..followed] {
            belief.observe(*token);
            belief.law(0, &mut law);
        }
    });
    (draw, follow * shape.positions as f64 / followed as f64)
}

/// The least of three times, or of as many as are soon over.
fn fastest(mut work: impl FnMut()) -> f64 {
    let (mut least, mut total) = (f64::INFINITY, 0.0);
    for _ in 0..3 {
        let began = Instant::now();
        work();
        let seconds = began.elapsed().as_secs_f64();
        (least, total) = (least.min(seconds), total + seconds);
        if total > PATIENCE_SECONDS {
            break;
        }
    }
    least
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use infimum_worlds::Head;

    use super::*;
    use crate::Recipe;

    fn shape(positions: usize, alphabet: usize) -> Shape {
        Shape { positions, alphabet, heads: vec![Head { name: "token", alphabet }], scored: 0..positions }
    }

    /// Whatever is asked for, what is timed takes few operations and is a model; a small model is timed itself.
    #[test]
    fn what_is_timed_is_small() {
        let small = Model { width: 16, layers: 1, heads: 2, ..Model::default() };
        assert_eq!(bounded(&small, &shape(127, 11)), (small.clone(), shape(127, 11)));
        for (width, heads, layers) in [(16_384, 1, 1), (16_384, 16_384, 1000), (96, 3, 2), (30, 2, 7), (1, 1, 0)] {
            for (positions, alphabet) in [(1, 65_536), (29_999, 101), (999_999, 3), (255, 1001)] {
                let plain = Model { width, heads, layers, mlp_ratio: 64, ..Model::default() };
                let turned = Positions::Rotary;
                let kinds = [
                    plain.clone(),
                    Model { attention: false, mlp_ratio: 1, ..plain.clone() },
                    Model { positions: turned, head_width: Some(width.min(34)), mlp_gate: true, ..plain.clone() },
                    Model { kv_heads: Some(1), value_width: Some(3), ..plain },
                ];
                for model in kinds.into_iter().filter(|m| m.positions != turned || m.head_width() > 1) {
                    let (model, shape) = bounded(&model, &shape(positions, alphabet));
                    assert!(operations(&model, &shape) <= LONGEST, "{model:?} {shape:?}");
                    assert!(decoder(&model, &shape).unwrap().weights().parameters() <= 10_000_000);
                }
            }
        }
    }

    /// Its classes are fewer than its tokens.
    #[test]
    fn a_model_of_two_heads_is_timed() {
        let recipe = Recipe::load(Path::new("regular/a-plus"), &[]).unwrap();
        let experiment = Experiment::new(Plan::new(&recipe).unwrap()).unwrap();
        let shape = experiment.world().shape();
        assert!(fewest(shape) < shape.alphabet);
        assert!(Timing::of(&experiment, Isa::best()).learn > 0.0);
    }

    #[test]
    fn operations_are_those_of_the_published_model() {
        let model = Model { width: 128, layers: 2, heads: 8, ..Model::default() };
        let (square, t) = (128.0 * 128.0, 128.0);
        let expected = t * (11.0 * 128.0 + 2.0 * (12.0 * square + 128.0 * t + 16.0 * 128.0) + 16.0 * 128.0);
        assert_eq!(operations(&model, &shape(128, 11)), expected);
    }
}
