//! Floors, ceilings and baselines of windows, exactly.
//!
//! At every position the target is each token of a block with the same probability, so the chain's own floors and best
//! guesses, summed over a block and divided by its length, are what every position has. To the floor comes what the unknown
//! phase costs (whether BOS is next), and to the ceiling what guessing BOS gains. Both vanish where the phase is known:
//! there a block's BOS is free, and guessed.

use crate::markov::{LADDER, Markov, surprise};
use crate::windows::guesses::Guesses;
use crate::windows::occupancy::Occupancy;
use crate::{Baseline, Floor};

/// What windows cost the best predictor.
pub(crate) struct Scores {
    /// `[position]`: expected nats.
    pub(crate) floor: Vec<f64>,
    /// `[position]`: expected accuracy of the best guess, up to the first position where it is too large to compute.
    pub(crate) ceiling: Vec<f64>,
    pub(crate) baselines: Vec<Baseline>,
}

impl Scores {
    pub(crate) fn new(markov: &Markov, occupancy: &Occupancy, window: usize) -> Scores {
        let (length, forward) = (markov.length(), markov.forward());
        let share = |sum: f64, extra: &f64| (sum + extra) / length as f64;
        let nats: f64 = forward.floor.iter().sum();
        let hits: f64 = forward.ceiling.iter().sum();
        // From position `length - 1` on, BOS has been seen.
        let unknown = window.min(length - 1);
        let (cost, gain) = (phase_nats(markov, occupancy, unknown), phase_hits(markov, occupancy, unknown));
        let mut floor: Vec<f64> = cost.iter().map(|extra| share(nats, extra)).collect();
        let mut ceiling: Vec<f64> = gain.iter().map(|extra| share(hits, extra)).collect();
        floor.resize(window, share(nats, &0.0));
        if ceiling.len() == unknown {
            ceiling.resize(window, share(hits, &1.0));
        }
        let baselines = baselines(markov, occupancy, &floor, &ceiling);
        Scores { floor, ceiling, baselines }
    }
}

/// The law of one window's token, or of several in proportion: weights by state, and the weight of BOS.
fn weights<'a>(states: &'a [f64], bos: &'a f64) -> impl Iterator<Item = f64> + Clone + 'a {
    states.iter().chain([bos]).copied()
}

/// Nats of a target whose law is in proportion to `weights`, times their sum.
fn nats(weights: impl Iterator<Item = f64> + Clone) -> f64 {
    let total: f64 = weights.clone().sum();
    if total > 0.0 { total * weights.map(|weight| surprise(weight / total)).sum::<f64>() } else { 0.0 }
}

/// `uniform`, `unigram`, and the best predictors that see 1, 2, … `order` tokens back and not the position. Every stretch of
/// a window is a shorter window, so what `d` tokens back tell at any position is what a window's first `d` tokens tell.
fn baselines(markov: &Markov, occupancy: &Occupancy, floor: &[f64], ceiling: &[f64]) -> Vec<Baseline> {
    let (alphabet, length) = (markov.states() as f64 + 1.0, markov.length() as f64);
    let unigram = weights(occupancy.grams(1), &1.0);
    let likeliest = unigram.clone().fold(0.0, f64::max) / length;
    let line = |name, nats, accuracy| Baseline { name, nats: Floor::Exact(nats), accuracy };
    let mut baselines = vec![
        line("uniform", libm::log(alphabet), Floor::Exact(1.0 / alphabet)),
        line(LADDER[0], nats(unigram) / length, Floor::Exact(likeliest)),
    ];
    for (seen, name) in LADDER.into_iter().enumerate().take(markov.order() + 1).skip(1) {
        let known = ceiling.len() >= floor.len().min(seen);
        let hits = || Floor::Exact(mean_of_first(ceiling, seen, floor.len()));
        let accuracy = if known { hits() } else { Floor::Unknown };
        baselines.push(line(name, mean_of_first(floor, seen, floor.len()), accuracy));
    }
    baselines
}

/// The mean over `positions` of the first values, the last of the `seen` first ones standing for all later positions.
fn mean_of_first(values: &[f64], seen: usize, positions: usize) -> f64 {
    let first = &values[..seen.min(values.len())];
    let later = (positions - first.len()) as f64 * first[first.len() - 1];
    (first.iter().sum::<f64>() + later) / positions as f64
}

/// How often the window's first `order` states stand somewhere in a block with `seen` states and no BOS from there on, by
/// their code: from `order` states seen to `unknown`.
fn each_survival(
    markov: &Markov,
    occupancy: &Occupancy,
    unknown: usize,
    mut each: impl FnMut(usize, &[f64], &[f64]) -> bool,
) {
    let order = markov.order();
    if unknown < order {
        return;
    }
    let mut alive = occupancy.grams(order).to_vec();
    for seen in order..=unknown {
        let hazards = occupancy.hazards(seen);
        if !each(seen - order, &alive, hazards) {
            return;
        }
        alive.iter_mut().zip(hazards).for_each(|(alive, hazard)| *alive *= 1.0 - hazard);
    }
}

/// What the unknown phase, and the states before the window, cost at each position where BOS has not surely been seen, times
/// the length of a block.
fn phase_nats(markov: &Markov, occupancy: &Occupancy, unknown: usize) -> Vec<f64> {
    let states = markov.states();
    let mut cost = Vec::with_capacity(unknown);
    for seen in 1..markov.order().min(unknown + 1) {
        let rows = occupancy.grams(seen + 1).chunks_exact(states).zip(occupancy.ends(seen));
        let early: f64 = rows.map(|(row, end)| nats(weights(row, end))).sum();
        let whole: f64 = markov.forward().floor[seen..].iter().sum();
        cost.push(early - whole);
    }
    each_survival(markov, occupancy, unknown, |_, alive, hazards| {
        let split = |(alive, hazard): (&f64, &f64)| alive * (surprise(*hazard) + surprise(1.0 - hazard));
        cost.push(alive.iter().zip(hazards).map(split).sum());
        true
    });
    cost
}

/// What guessing BOS gains, and what the unknown states before the window cost, at each of these positions, times the length
/// of a block; up to the first position where it is too large to compute.
fn phase_hits(markov: &Markov, occupancy: &Occupancy, unknown: usize) -> Vec<f64> {
    let states = markov.states();
    let mut gain = Vec::with_capacity(unknown);
    for seen in 1..markov.order().min(unknown + 1) {
        let rows = occupancy.grams(seen + 1).chunks_exact(states).zip(occupancy.ends(seen));
        let early: f64 = rows.map(|(row, end)| weights(row, end).fold(0.0, f64::max)).sum();
        let whole: f64 = markov.forward().ceiling[seen..].iter().sum();
        gain.push(early - whole);
    }
    let mut guesses = Guesses::new(markov, occupancy.grams(markov.order()));
    each_survival(markov, occupancy, unknown, |steps, alive, hazards| {
        let found = guesses.gain(steps, alive, hazards);
        gain.extend(found);
        found.is_some()
    });
    gain
}
