//! How alike two trained networks are on the same fresh sequences, beside how alike two counting estimators are.

use std::collections::BTreeMap;

use infimum_worlds::counting::Counting;
use infimum_worlds::{Belief, Example, Purpose};
use serde_json::Value;

use crate::data::{self, Address, Schedule};
use crate::evaluation::{Evaluator, portions};
use crate::experiment::Origin;
use crate::predictor::{Said, Sequences, collect, likeliest, softmax};
use crate::recipe::DataLaw;
use crate::training::Weights;
use crate::{Experiment, Figure, LabError, Machine, Mean};

/// Names and units of the figures of [`agree`], in their order.
pub const FIGURES: [(&str, &str); 4] = [
    ("agreement_top1", "share of targets"),
    ("agreement_js", "nats"),
    ("agreement_top1_counting", "share of targets"),
    ("agreement_js_counting", "nats"),
];

/// A trained network.
#[derive(Clone, Copy)]
pub struct Trained<'a> {
    /// Its plan, world, model.
    pub experiment: &'a Experiment,
    /// Its weights.
    pub weights: Weights<'a>,
}

/// One sequence: sums over its scored positions, times their loss weight.
#[derive(Clone, Copy, Debug, Default)]
struct Alike {
    weight: f64,
    /// Positions where both have the same likeliest token (the first, if several are equally likely).
    same: f64,
    /// Jensen-Shannon divergence between the two laws, in nats.
    divergence: f64,
}

/// How alike two networks are on the first one's test sequences, which neither was trained on, and how alike two counting
/// estimators are, each of which has counted as many targets as one of the networks had to learn from, in sequences drawn for
/// the purpose. The latter is left out for a world that nothing counts, and for weights from elsewhere. `watch` is told how
/// many sequences are compared.
///
/// # Errors
/// Two networks of different worlds; one without the world's first head.
pub fn agree(
    [first, second]: [Trained<'_>; 2],
    machine: &mut Machine,
    watch: &mut dyn FnMut(usize),
) -> Result<Vec<Figure>, LabError> {
    require_same_world(first.experiment, second.experiment)?;
    [first, second].iter().try_for_each(|trained| trained.experiment.require_first_head())?;
    let counted = counted([first, second]);
    let mut cache = BTreeMap::new();
    let [mut one, mut other] = [first, second].map(|trained| Evaluator::new(trained.experiment, machine));
    let (mut networks, mut countings) = (Vec::new(), Vec::new());
    for portion in portions(0..first.experiment.plan().evaluation().test_sequences) {
        let examples = examples(first.experiment, &data::set(portion));
        let given = Sequences::Given(&examples);
        let keep = |_, _: &Example, said: Said<'_>| said.logits.to_vec();
        let logits = collect(&mut one.at(first.weights.point), machine, given, &keep);
        let compare = |number: usize, example: &Example, said: Said<'_>| {
            alike(first.experiment, example, &logits[number], said.logits)
        };
        networks.extend(collect(&mut other.at(second.weights.point), machine, given, &compare));
        if let Some(pair) = &counted {
            let alike = |example| alike_by_counting(first.experiment, pair, example, &mut cache);
            countings.extend(examples.iter().map(alike));
        }
        watch(networks.len());
    }
    Ok([&networks, &countings]
        .into_iter()
        .zip(FIGURES.chunks(2))
        .flat_map(|(all, names)| figures(all, names))
        .collect())
}

fn require_same_world(first: &Experiment, second: &Experiment) -> Result<(), LabError> {
    let settings =
        |experiment: &Experiment| serde_json::to_value(experiment.plan().world()).expect("settings are plain");
    let [one, other] = [first, second].map(settings);
    if let Some(key) = differing(&one, &other).or_else(|| differing(&other, &one)) {
        let value = |settings: &Value| settings.get(key).map_or("not set".into(), Value::to_string);
        return refused(&format!("world.{key}"), &value(&one), &value(&other));
    }
    let data = [first, second].map(|experiment| experiment.plan().data().folder.as_ref());
    let [one, other] = data.map(|folder| folder.filter(|folder| folder.law != DataLaw::World));
    if one.map(|folder| &folder.data_hash) == other.map(|folder| &folder.data_hash) {
        return Ok(());
    }
    let [one, other] = [one, other].map(|folder| folder.map_or("not set".into(), |folder| folder.path.clone()));
    refused("data.folder", &one, &other)
}

/// The first setting of one that is not that of the other.
fn differing<'a>(one: &'a Value, other: &Value) -> Option<&'a str> {
    let keys = one.as_object()?.keys().map(String::as_str);
    std::iter::once("kind").chain(keys).find(|key| one.get(key) != other.get(key))
}

fn refused(key: &str, one: &str, other: &str) -> Result<(), LabError> {
    let allowed = format!("it has to be that of the first run, {one}");
    Err(LabError::value(&format!("{key} of the second run"), other, allowed, "compare two runs of the same world"))
}

fn examples(experiment: &Experiment, addresses: &[Address]) -> Vec<Example> {
    let draw = |&address: &Address| {
        let mut example = Example::default();
        experiment.draw(Purpose::Test, address, &mut example);
        example
    };
    addresses.iter().map(draw).collect()
}

fn alike(experiment: &Experiment, example: &Example, one: &[f32], other: &[f32]) -> Alike {
    let shape = experiment.world().shape();
    let alphabet = shape.heads[0].alphabet;
    let (mut sum, mut laws) = (Alike::default(), [vec![0.0; alphabet], vec![0.0; alphabet]]);
    let rows = one.chunks_exact(alphabet).zip(other.chunks_exact(alphabet));
    for ((one, other), weight) in rows.zip(&example.weights[0][shape.scored.clone()]) {
        softmax(one, &mut laws[0]);
        softmax(other, &mut laws[1]);
        sum.add(f64::from(*weight), likeliest(one) == likeliest(other), divergence(&laws[0], &laws[1]));
    }
    sum
}

impl Alike {
    fn add(&mut self, weight: f64, same: bool, divergence: f64) {
        self.weight += weight;
        self.same += if same { weight } else { 0.0 };
        self.divergence += weight * divergence;
    }
}

/// Jensen-Shannon divergence: the mean of both laws' divergence from their mean.
fn divergence(p: &[f64], q: &[f64]) -> f64 {
    let part = |p: f64, mean: f64| if p > 0.0 { p * libm::log(p / mean) } else { 0.0 };
    let both = |(&p, &q): (&f64, &f64)| part(p, (p + q) / 2.0) + part(q, (p + q) / 2.0);
    p.iter().zip(q).map(both).sum::<f64>() / 2.0
}

/// Two estimators, each of which has counted sequences of its own.
fn counted(pair: [Trained<'_>; 2]) -> Option<[Counting; 2]> {
    Some([count(0, pair[0].experiment, pair[0])?, count(1, pair[0].experiment, pair[1])?])
}

/// Counts as many targets as `like` had to learn from, of sequences that are the world's, drawn for this place.
fn count(place: u64, experiment: &Experiment, like: Trained<'_>) -> Option<Counting> {
    let (mut counting, steps) = (experiment.world().counting()?, like.weights.steps?);
    let per_sequence = experiment.world().shape().scored.len() as u64;
    let targets = targets(like.experiment, steps);
    let (seed, mut example) = (experiment.plan().training().seed, Example::default());
    for index in 0..targets.div_ceil(per_sequence) {
        let address = Address { step: 1 + place, index };
        data::draw(experiment.world(), seed, Purpose::Probe, address, &mut example);
        counting.count(&example);
    }
    Some(counting)
}

/// How many different targets some steps have seen.
fn targets(experiment: &Experiment, steps: u64) -> u64 {
    let drawn = Schedule::new(experiment).count(steps) * experiment.world().shape().scored.len() as u64;
    match experiment.origin() {
        Origin::World => drawn,
        Origin::Windows(stream) => drawn.min(stream.tokens().len() as u64 - 1),
        Origin::Counts(stream, _) => stream.tokens().len() as u64 - 1,
    }
}

/// As [`alike`], of counting estimators, whose laws follow from the context. `cache` has what is known of a context.
fn alike_by_counting(
    experiment: &Experiment,
    pair: &[Counting; 2],
    example: &Example,
    cache: &mut BTreeMap<usize, (bool, f64)>,
) -> Alike {
    let (shape, mut sum) = (experiment.world().shape(), Alike::default());
    let mut beliefs = [pair[0].begin(), pair[1].begin()];
    for (position, &token) in example.tokens.iter().enumerate() {
        beliefs.iter_mut().for_each(|belief| belief.observe(token));
        if shape.scored.contains(&position) {
            let context = beliefs[0].state().expect("a token has been seen");
            let (same, divergence) =
                *cache.entry(context).or_insert_with(|| compare(&beliefs, shape.heads[0].alphabet));
            sum.add(f64::from(example.weights[0][position]), same, divergence);
        }
    }
    sum
}

fn compare(beliefs: &[Box<dyn Belief + '_>; 2], alphabet: usize) -> (bool, f64) {
    let mut laws = [vec![0.0; alphabet], vec![0.0; alphabet]];
    beliefs.iter().zip(&mut laws).for_each(|(belief, law)| _ = belief.law(0, law));
    let best = |law: &[f64]| (1..law.len()).fold(0, |best, i| if law[i] > law[best] { i } else { best });
    (best(&laws[0]) == best(&laws[1]), divergence(&laws[0], &laws[1]))
}

/// The share of positions with the same likeliest token, and the mean divergence.
fn figures(all: &[Alike], names: &[(&str, &str)]) -> Vec<Figure> {
    let same = Mean::of(all.iter().map(|a| (a.weight, a.same)));
    let divergence = Mean::of(all.iter().map(|a| (a.weight, a.divergence)));
    let means = [(same, 1.0), (divergence, 0.0)].into_iter().zip(names);
    let figure = |((mean, optimum), (name, unit)): ((Option<Mean>, f64), &(&str, &str))| {
        let mean = mean?;
        let interval = mean.half_width().is_finite();
        let end = |sign: f64| interval.then(|| mean.value + sign * mean.half_width());
        let (name, unit, optimum) = (name.to_string(), unit.to_string(), Some(optimum));
        Some(Figure { name, value: mean.value, unit, optimum, baseline: None, low: end(-1.0), high: end(1.0) })
    };
    means.filter_map(figure).collect()
}
