//! Brute force: every phase, every content of every block that a window may touch. Nothing of the world is used but the rows
//! of its chain.

use std::collections::BTreeMap;

use infimum_worlds::markov::{self, Generator, Markov};
use infimum_worlds::{Floor, Known, Truth};

use super::{chain, cut};

/// The probability of every stretch of `length` tokens of the stream: the mean over the phases of the stretch cut out there.
fn stretches(markov: &Markov, length: usize) -> BTreeMap<Vec<u16>, f64> {
    let block = markov.length();
    let mut all = BTreeMap::new();
    for phase in 0..block {
        let mut streams = vec![(Vec::new(), 1.0 / block as f64)];
        while streams[0].0.len() < phase + length {
            streams = streams.into_iter().flat_map(|(stream, p)| next_tokens(markov, stream, p)).collect();
        }
        for (stream, p) in streams {
            *all.entry(stream[phase..].to_vec()).or_insert(0.0) += p;
        }
    }
    all
}

/// The stream, which begins with BOS, with each token that may come next.
fn next_tokens(markov: &Markov, stream: Vec<u16>, p: f64) -> Vec<(Vec<u16>, f64)> {
    let with = |token: u16, p| ([stream.as_slice(), &[token]].concat(), p);
    let place = stream.len() % markov.length();
    if place == 0 {
        return vec![with(markov.states() as u16, p)];
    }
    let last = &stream[stream.len() - (place - 1).min(markov.order())..];
    markov.row(last).map(|(state, q)| with(state as u16, p * q)).collect()
}

/// The laws of the next token after all stretches of a length, each with the probability of the stretch: from the
/// probabilities of stretches that are one token longer.
fn laws(longer: &BTreeMap<Vec<u16>, f64>, alphabet: usize) -> BTreeMap<Vec<u16>, (f64, Vec<f64>)> {
    let mut laws = BTreeMap::new();
    for (stretch, p) in longer {
        let (last, before) = stretch.split_last().unwrap();
        let (total, law) = laws.entry(before.to_vec()).or_insert((0.0, vec![0.0; alphabet]));
        *total += p;
        law[usize::from(*last)] += p;
    }
    laws.values_mut().for_each(|(total, law)| law.iter_mut().for_each(|p| *p /= *total));
    laws
}

fn assert_near(value: f64, expected: f64, what: &str) {
    assert!((value - expected).abs() <= 1e-12, "{what}: {value} for {expected}");
}

/// Floor and ceiling at every position, the law after everything that a window may begin with, and the ladder.
fn check(settings: &markov::Settings, window: usize) {
    let world = cut(settings.clone(), window as i64).build().unwrap();
    let (alphabet, order) = (world.markov().states() + 1, world.markov().order());
    let (mut belief, mut ours) = (world.begin(), vec![0.0; alphabet]);
    let what = format!("{settings:?} window {window}");
    let mut scores = Vec::new();
    for seen in 0..=window {
        let (mut nats, mut hits) = (0.0, 0.0);
        for (prefix, (p, law)) in laws(&stretches(world.markov(), seen + 1), alphabet) {
            nats += p * law.iter().map(|&q| if q > 0.0 { -q * libm::log(q) } else { 0.0 }).sum::<f64>();
            hits += p * law.iter().copied().fold(0.0, f64::max);
            assert_eq!(super::law_after(&mut *belief, &prefix, &mut ours), Known::Yes);
            ours.iter().zip(&law).for_each(|(a, b)| assert_near(*a, *b, &format!("{what} after {prefix:?}")));
        }
        scores.push((nats, hits));
    }
    let mean = |values: &dyn Fn(usize) -> f64| (1..=window).map(values).sum::<f64>() / window as f64;
    let by_position: Vec<f64> = world.floor_by_position(0).iter().map(|floor| floor.value().unwrap()).collect();
    assert_eq!(by_position.len(), window);
    (0..window).for_each(|t| assert_near(by_position[t], scores[t + 1].0, &format!("{what} at {t}")));
    let exact = |floor: Floor| if let Floor::Exact(value) = floor { value } else { panic!("{what}: {floor:?}") };
    assert_near(exact(world.floor(0)), mean(&|seen| scores[seen].0), &what);
    assert_near(exact(world.ceiling(0)), mean(&|seen| scores[seen].1), &what);
    let ladder = world.baselines(0);
    assert_eq!(ladder.len(), 1 + (order + 1) + 1, "uniform, what sees 0 to `order` tokens, pipeline");
    assert_eq!((ladder[order + 2].nats, ladder[order + 2].accuracy), (world.floor(0), world.ceiling(0)));
    for (seen_at_most, step) in ladder[1..order + 2].iter().enumerate() {
        let name = format!("{what} {}", step.name);
        assert_near(exact(step.nats), mean(&|seen| scores[seen.min(seen_at_most)].0), &name);
        assert_near(exact(step.accuracy), mean(&|seen| scores[seen.min(seen_at_most)].1), &name);
    }
    assert_near(exact(ladder[0].nats), libm::log(alphabet as f64), &what);
    assert_near(exact(ladder[0].accuracy), 1.0 / alphabet as f64, &what);
}

#[test]
fn windows_of_order_one_are_all_streams() {
    for length in 2..=6 {
        for window in 1..=8 {
            check(&chain(2, 1, length, 1 + length), window);
        }
    }
    for (length, window) in [(3, 6), (4, 4), (5, 3), (6, 5)] {
        check(&chain(3, 1, length, 2), window);
        check(&markov::Settings { concentration: 0.1, ..chain(3, 1, length, 3) }, window);
        check(&markov::Settings { concentration: 50.0, ..chain(3, 1, length, 4) }, window);
    }
}

#[test]
fn windows_of_sparse_chains_are_all_streams() {
    for (keep, states, length, window) in [(1, 3, 6, 9), (1, 5, 5, 7), (2, 4, 5, 6), (2, 5, 4, 5), (1, 4, 9, 12)] {
        for seed in 1..6 {
            check(&markov::Settings { keep: Some(keep), ..chain(states, 1, length, seed) }, window);
        }
    }
}

#[test]
fn windows_of_higher_orders_are_all_streams() {
    for (order, states, length, window) in
        [(2, 2, 5, 8), (2, 3, 4, 5), (3, 2, 7, 7), (3, 2, 3, 6), (4, 2, 8, 6), (4, 2, 6, 2), (4, 2, 2, 5), (2, 2, 8, 7)]
    {
        check(&chain(states, order, length, 5), window);
        check(&markov::Settings { keep: Some(1), ..chain(states, order, length, 6) }, window + 2);
    }
}

/// Long enough, and even enough, that some contexts near the end of a block say BOS and others do not.
#[test]
fn windows_of_long_blocks_are_all_streams() {
    for seed in 1..4 {
        check(&markov::Settings { keep: Some(2), concentration: 5.0, ..chain(6, 1, 7, seed) }, 6);
    }
    check(&markov::Settings { concentration: 30.0, ..chain(2, 1, 9, 1) }, 8);
    check(&markov::Settings { concentration: 3.0, ..chain(2, 2, 9, 1) }, 8);
}

#[test]
fn windows_of_a_published_law_are_all_streams() {
    let settings = markov::Settings { generator: Generator::NumpyLegacy, ..chain(2, 1, 5, 42) };
    (1..=9).for_each(|window| check(&settings, window));
}
