//! One function a promise. They know a world by its traits alone.

use std::collections::{BTreeMap, BTreeSet};

use infimum_worlds::{Baseline, Example, Floor, Known, Purpose, Shape, Split, Stream, Truth, World, follow};
use statrs::distribution::{ChiSquared, ContinuousCDF};

pub(crate) type Check = fn(&dyn World) -> Result<(), String>;

pub(crate) const LAWS: &[(&str, Check)] = &[
    ("the law sums to one", law_sums_to_one),
    ("the sampler follows the law", sampler_follows_law),
    ("floors and ceilings are those of all sequences", floors_are_exact),
    ("baselines stand between chance and the floor", baselines_are_ordered),
    ("examples have the world's shape", examples_have_shape),
    ("a stream says what is drawn", stream_decides),
    ("streams differ", streams_differ),
    ("training keeps to its side", training_keeps_apart),
    ("one answer is one", one_answer_is_certain),
    ("exported blocks are whole sequences", exports_are_sequences),
    ("names of facts are unique", facts_are_unique),
    ("every target is of one part", parts_split_targets),
];

/// Fixed seeds make every run the same; this is how far out in the tail a sound sampler may have been drawn.
const TAIL: f64 = 1e-6;
const DRAWS: u64 = 20_000;
const SEED: u64 = 20_260_101;

fn ensure(holds: bool, failure: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(failure()) }
}

/// Equal to 1e-12; false if either is not a number.
fn near(value: f64, expected: f64) -> bool {
    (value - expected).abs() <= 1e-12 * expected.abs().max(1.0)
}

/// The law of head 0 after `prefix`.
fn law_after(truth: &dyn Truth, shape: &Shape, prefix: &[u16]) -> Option<Vec<f64>> {
    let mut belief = truth.begin();
    prefix.iter().for_each(|&token| belief.observe(token));
    let mut p = vec![f64::NAN; shape.heads[0].alphabet];
    (belief.law(0, &mut p) == Known::Yes).then_some(p)
}

/// Every reachable prefix of a block (the tokens of an example and its last target) from its prompt on, shortest first, with
/// its probability and the law after it. The first token after the prompt, too, is drawn from the belief.
fn prefixes(world: &dyn World) -> Vec<(Vec<u16>, f64, Vec<f64>)> {
    let (truth, shape) = (world.truth().expect("the law is known"), world.shape());
    let (mut all, mut level) = (Vec::new(), truth.prompts().expect("a small world lists its prompts"));
    let prompt = level[0].0.len();
    assert!(level.iter().all(|(other, _)| other.len() == prompt), "prompts have one length");
    for _ in prompt..=shape.positions {
        let mut longer = Vec::new();
        for (prefix, probability) in level {
            let law = law_after(truth, shape, &prefix).expect("the next token has a law everywhere");
            for (token, &p) in law.iter().enumerate().filter(|&(_, &p)| p != 0.0) {
                let mut next: Vec<u16> = prefix.clone();
                next.push(token as u16);
                longer.push((next, probability * p));
            }
            all.push((prefix, probability, law));
        }
        level = longer;
    }
    all.extend(level.into_iter().map(|(block, probability)| (block, probability, Vec::new())));
    all
}

/// The whole blocks and their probabilities.
fn blocks(world: &dyn World) -> Vec<(Vec<u16>, f64)> {
    let whole = world.shape().positions + 1;
    let blocks = prefixes(world).into_iter().filter(|(prefix, ..)| prefix.len() == whole);
    blocks.map(|(block, probability, _)| (block, probability)).collect()
}

/// The example that a block makes, of next tokens.
fn example_of(block: &[u16], world: &dyn World) -> Example {
    let shape = world.shape();
    let (tokens, targets) = (block[..shape.positions].to_vec(), vec![block[1..].to_vec()]);
    let weight = |position| if world.is_scored(block, position) { 1.0 } else { 0.0 };
    Example { tokens, targets, weights: vec![(0..shape.positions).map(weight).collect()] }
}

fn block_of(example: &Example) -> Vec<u16> {
    let mut block = example.tokens.clone();
    block.extend(example.targets[0].last());
    block
}

fn draw(world: &dyn World, step: u64, index: u64) -> Example {
    let mut example = Example::default();
    world.draw(&mut Stream::new(SEED, Purpose::Check, step, index), &mut example);
    example
}

fn law_sums_to_one(world: &dyn World) -> Result<(), String> {
    let truth = world.truth().expect("the law is known");
    for (prefix, _, law) in prefixes(world).iter().filter(|(_, _, law)| !law.is_empty()) {
        let total: f64 = law.iter().sum();
        ensure((total - 1.0).abs() <= 1e-12, || format!("{total} after {prefix:?}"))?;
        ensure(law.iter().all(|&p| p >= 0.0), || format!("{law:?} after {prefix:?}"))?;
        let mut belief = truth.begin();
        prefix.iter().for_each(|&token| belief.observe(token));
        let inside = belief.state().is_none_or(|state| truth.states().is_some_and(|states| state < states));
        ensure(inside, || format!("state {:?} after {prefix:?}", belief.state()))?;
    }
    let total: f64 = blocks(world).iter().map(|(_, p)| p).sum();
    ensure(near(total, 1.0), || format!("all sequences together have probability {total}"))
}

/// Chi-square over whole sequences; those expected fewer than five times are pooled.
fn sampler_follows_law(world: &dyn World) -> Result<(), String> {
    let mut counts: BTreeMap<Vec<u16>, u64> = BTreeMap::new();
    for index in 0..DRAWS {
        *counts.entry(block_of(&draw(world, 0, index))).or_insert(0) += 1;
    }
    let (mut statistic, mut cells, mut rare, mut rare_count) = (0.0, 0_usize, 0.0, 0.0);
    let term = |count: f64, expected: f64| (count - expected) * (count - expected) / expected;
    for (block, p) in blocks(world) {
        let (count, expected) = (counts.remove(&block).unwrap_or(0) as f64, p * DRAWS as f64);
        if expected < 5.0 {
            (rare, rare_count) = (rare + expected, rare_count + count);
        } else {
            (statistic, cells) = (statistic + term(count, expected), cells + 1);
        }
    }
    ensure(counts.is_empty(), || format!("drawn, but impossible: {:?}", counts.keys().next()))?;
    if rare > 0.0 {
        (statistic, cells) = (statistic + term(rare_count, rare), cells + 1);
    }
    ensure(cells > 0, || "no sequence is possible".to_string())?;
    let limit = match cells - 1 {
        0 => 1e-9,
        freedom => ChiSquared::new(freedom as f64).unwrap().inverse_cdf(1.0 - TAIL),
    };
    ensure(statistic <= limit, || format!("chi-square {statistic} of {cells} cells is above {limit}"))
}

/// What all sequences score at one position, each by its probability.
#[derive(Clone, Copy, Default)]
struct Expected {
    /// The probability that the position is scored.
    weight: f64,
    nats: f64,
    /// Of the best guess.
    hits: f64,
}

/// What the truth scores at every position, by walking the belief along every sequence.
fn brute_force(world: &dyn World) -> Vec<Expected> {
    let (truth, shape) = (world.truth().expect("the law is known"), world.shape());
    let mut expected = vec![Expected::default(); shape.positions];
    let mut p = vec![0.0; shape.heads[0].alphabet];
    let mut belief = truth.begin();
    for (block, probability) in blocks(world) {
        follow(&mut *belief, &example_of(&block, world), 0, &mut p, &mut |position, law, target| {
            let best = (0..law.len()).fold(0, |best, token| if law[token] > law[best] { token } else { best });
            let at = &mut expected[position];
            at.weight += probability;
            at.nats -= probability * libm::log(law[usize::from(target)]);
            at.hits += if best == usize::from(target) { probability } else { 0.0 };
        });
    }
    expected
}

fn exact(floor: Floor) -> Option<f64> {
    if let Floor::Exact(value) = floor { Some(value) } else { None }
}

fn floors_are_exact(world: &dyn World) -> Result<(), String> {
    let (truth, shape) = (world.truth().expect("the law is known"), world.shape());
    let expected = brute_force(world);
    let sum = |of: fn(&Expected) -> f64| expected.iter().map(of).sum::<f64>();
    let scored = |of: fn(&Expected) -> f64| sum(of) / sum(|at| at.weight);
    let check = |name: &str, floor: Floor, expected: f64| match exact(floor) {
        Some(value) => ensure(near(value, expected), || format!("{name} {value}, of all sequences {expected}")),
        None => Ok(()),
    };
    check("floor", truth.floor(0), scored(|at| at.nats))?;
    check("ceiling", truth.ceiling(0), scored(|at| at.hits))?;
    let by_position = truth.floor_by_position(0);
    ensure(by_position.len() == shape.positions, || format!("{} positions", by_position.len()))?;
    for position in shape.scored.clone().filter(|position| expected[*position].weight > 0.0) {
        check(
            &format!("floor at position {position}"),
            by_position[position],
            expected[position].nats / expected[position].weight,
        )?;
    }
    Ok(())
}

fn baselines_are_ordered(world: &dyn World) -> Result<(), String> {
    let truth = world.truth().expect("the law is known");
    let baselines = truth.baselines(0);
    let nats = |baseline: &Baseline| exact(baseline.nats).unwrap_or(f64::NAN);
    let hits = |baseline: &Baseline| exact(baseline.accuracy).unwrap_or(f64::NAN);
    let names: Vec<_> = baselines.iter().map(|baseline| baseline.name).collect();
    ensure(names.starts_with(&["uniform", "unigram"]), || format!("{names:?}"))?;
    for pair in baselines.windows(2) {
        let ordered = nats(&pair[0]) + 1e-12 >= nats(&pair[1]) && hits(&pair[0]) <= hits(&pair[1]) + 1e-12;
        ensure(ordered, || format!("{pair:?}"))?;
    }
    let (last, floor) = (baselines.last().expect("there are two"), exact(truth.floor(0)).unwrap_or(f64::NAN));
    ensure(nats(last) + 1e-12 >= floor, || format!("{last:?} is below the floor, {floor}"))
}

fn examples_have_shape(world: &dyn World) -> Result<(), String> {
    let shape = world.shape();
    ensure(shape.scored.end <= shape.positions && !shape.scored.is_empty(), || format!("{:?}", shape.scored))?;
    for index in 0..64 {
        let example = draw(world, 1, index);
        let failure = || format!("{example:?} for {shape:?}");
        ensure(example.tokens.len() == shape.positions, failure)?;
        ensure(example.tokens.iter().all(|&token| usize::from(token) < shape.alphabet), failure)?;
        ensure(example.targets.len() == shape.heads.len() && example.weights.len() == shape.heads.len(), failure)?;
        for (head, (targets, weights)) in shape.heads.iter().zip(example.targets.iter().zip(&example.weights)) {
            ensure(targets.len() == shape.positions && weights.len() == shape.positions, failure)?;
            ensure(targets.iter().all(|&target| usize::from(target) < head.alphabet), failure)?;
            ensure((0..shape.positions).all(|t| weights[t] == 0.0 || shape.scored.contains(&t)), failure)?;
            ensure(*weights == example_of(&block_of(&example), world).weights[0], failure)?;
            ensure(weights.iter().any(|&weight| weight > 0.0), failure)?;
        }
        ensure(example.tokens[1..] == example.targets[0][..shape.positions - 1], failure)?;
    }
    Ok(())
}

/// The same stream gives the same example, whatever was drawn before and stood in the example before.
fn stream_decides(world: &dyn World) -> Result<(), String> {
    let first: Vec<Example> = (0..32).map(|index| draw(world, 2, index)).collect();
    let mut again = Example { tokens: vec![9; 99], targets: vec![vec![7; 3]; 5], weights: vec![vec![0.5; 2]; 4] };
    for index in (0..32).rev() {
        world.draw(&mut Stream::new(SEED, Purpose::Check, 2, index), &mut again);
        ensure(again == first[index as usize], || format!("{again:?}, first {:?}", first[index as usize]))?;
    }
    Ok(())
}

/// Where more than one sequence is likely, examples of different indices, steps, purposes and seeds are not all the same.
fn streams_differ(world: &dyn World) -> Result<(), String> {
    if blocks(world).iter().any(|&(_, p)| p > 0.9) {
        return Ok(());
    }
    let example = |stream: Stream| {
        let mut example = Example::default();
        world.draw(&mut { stream }, &mut example);
        example
    };
    type Numbered = (&'static str, fn(u64) -> Stream);
    let streams: [Numbered; 3] = [
        ("index", |number| Stream::new(SEED, Purpose::Check, 0, number)),
        ("step", |number| Stream::new(SEED, Purpose::Check, number, 0)),
        ("seed", |number| Stream::new(number, Purpose::Check, 0, 0)),
    ];
    for (name, stream) in streams {
        let same = (1..200).all(|number| example(stream(number)) == example(stream(0)));
        ensure(!same, || format!("200 examples that differ in {name} are the same"))?;
    }
    Ok(())
}

/// Whether a world may train on this whole sequence: on none of those that it holds out, and on no answer but the right one.
fn may_train_on(world: &dyn World, possible: &BTreeSet<Vec<u16>>, block: &[u16]) -> bool {
    possible.contains(block) != world.hold_out().is_some() && is_answered(world, block)
}

/// Whether every scored token of a sequence is the only one that the law allows, where answers follow from prompts.
fn is_answered(world: &dyn World, block: &[u16]) -> bool {
    let (Some(truth), true) = (world.truth(), world.has_one_answer()) else { return true };
    let (mut belief, mut law) = (truth.begin(), vec![0.0; world.shape().heads[0].alphabet]);
    block.iter().enumerate().all(|(t, token)| {
        let is_scored = t > 0 && world.is_scored(block, t - 1);
        let right = !is_scored || belief.law(0, &mut law) == Known::Yes && law[usize::from(*token)] == 1.0;
        belief.observe(*token);
        right
    })
}

fn training_keeps_apart(world: &dyn World) -> Result<(), String> {
    let possible: BTreeSet<Vec<u16>> = blocks(world).into_iter().map(|(block, _)| block).collect();
    for index in 0..2000 {
        let mut example = Example::default();
        world.draw_for_training(&mut Stream::new(SEED, Purpose::Check, 4, index), &mut example);
        let apart = may_train_on(world, &possible, &block_of(&example));
        ensure(apart, || format!("{example:?}, where {:?} is held out", world.hold_out()))?;
        let whole = example.weights[0] == example_of(&block_of(&example), world).weights[0];
        ensure(whole && example.tokens.len() == world.shape().positions, || format!("{example:?}"))?;
    }
    Ok(())
}

/// Where answers follow from prompts, every law puts all on one token.
fn one_answer_is_certain(world: &dyn World) -> Result<(), String> {
    let is_asked =
        |prefix: &[u16]| prefix.len().checked_sub(1).is_none_or(|position| world.is_scored(prefix, position));
    let laws = prefixes(world).into_iter().filter(|(prefix, _, law)| !law.is_empty() && is_asked(prefix));
    let mut open = laws.filter(|(_, _, law)| !law.contains(&1.0));
    match (world.has_one_answer(), open.next()) {
        (true, Some((prefix, _, law))) => Err(format!("{law:?} after {prefix:?}")),
        _ => Ok(()),
    }
}

/// Exported blocks are sequences; where a block has another length than a sequence, every stretch of the blocks of a split,
/// one after another, that is as long as a sequence is one.
fn exports_are_sequences(world: &dyn World) -> Result<(), String> {
    let possible: BTreeSet<Vec<u16>> = blocks(world).into_iter().map(|(block, _)| block).collect();
    let whole = world.shape().positions + 1;
    let export = |train, validation| {
        let mut all = Vec::new();
        world.export(train, validation, &mut |split, block| all.push((split, block.to_vec())));
        all
    };
    let all = export(200, 100);
    let splits: Vec<Split> = all.iter().map(|(split, _)| *split).collect();
    ensure(splits == [[Split::Train; 200].as_slice(), &[Split::Validation; 100]].concat(), || format!("{splits:?}"))?;
    for split in [Split::Train, Split::Validation] {
        let blocks: Vec<Vec<u16>> = all.iter().filter(|(s, _)| *s == split).map(|(_, block)| block.clone()).collect();
        let stretches = if blocks[0].len() == whole { blocks } else { stretches(&blocks.concat(), whole) };
        let allowed = |block: &&Vec<u16>| match split {
            Split::Train => may_train_on(world, &possible, block),
            Split::Validation => possible.contains(*block),
        };
        let impossible = stretches.iter().find(|block| !allowed(block));
        ensure(impossible.is_none(), || format!("{impossible:?} is not a sequence of this world"))?;
    }
    ensure(all == export(200, 100), || "a second export differs".to_string())?;
    let likely = blocks(world).iter().any(|&(_, p)| p > 0.9);
    ensure(likely || all.iter().any(|(_, block)| *block != all[0].1), || "all blocks are the same".to_string())
}

fn stretches(stream: &[u16], length: usize) -> Vec<Vec<u16>> {
    stream.windows(length).map(<[u16]>::to_vec).collect()
}

/// Names of parts are unique; every scored target is of one of them if there are any, and each occurs.
fn parts_split_targets(world: &dyn World) -> Result<(), String> {
    let parts = world.parts();
    let names: BTreeSet<&str> = parts.iter().copied().collect();
    ensure(names.len() == parts.len(), || format!("{parts:?}"))?;
    let mut counts = vec![0_u64; parts.len()];
    for index in 0..256 {
        let example = draw(world, 3, index);
        for position in world.shape().scored.clone() {
            match world.part(&example, position) {
                Some(part) if part < parts.len() => counts[part] += 1,
                None if parts.is_empty() => {}
                other => return Err(format!("{other:?} of {parts:?} at position {position} of {example:?}")),
            }
        }
    }
    let rare = world.shape().positions == 1 || counts.len() < 2;
    ensure(rare || counts.iter().filter(|&&count| count > 0).count() >= 2, || format!("{parts:?}: {counts:?}"))
}

fn facts_are_unique(world: &dyn World) -> Result<(), String> {
    let mut names: Vec<String> = world.facts().into_iter().map(|fact| fact.name).collect();
    names.sort();
    let double = names.windows(2).find(|pair| pair[0] == pair[1]);
    ensure(double.is_none(), || format!("{double:?}"))
}
