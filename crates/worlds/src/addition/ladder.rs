//! What simple predictors reach.

use crate::addition::{Addition, Operation, Pair, Use};
use crate::{Baseline, Floor, Purpose, Stream};

/// Weights of the digits of answers: for each place, least first, each pair of the operands' digits there, each digit.
#[derive(Clone)]
struct Tally {
    places: usize,
    weights: Vec<f64>,
}

/// The number of pairs of digits.
const PAIRS: usize = 100;

/// Pairs that predictors learn from, and as many that they are scored on, where pairs cannot be listed.
const DRAWN: u64 = 1 << 16;

/// How often each digit counts as seen before any is, so that none is impossible.
const BEFORE: f64 = 1.0 / 64.0;

/// Portions of scored pairs, from whose spread standard errors come.
const PORTIONS: usize = 64;

/// A score: nats and hits per scored token.
type Score = [f64; 2];

const NAMES: [&str; 4] = ["uniform", "unigram", "by-position", "without-carries"];

/// The predictors, each seeing more than the one before.
pub(super) fn of(world: &Addition) -> Vec<Baseline> {
    let exact = if world.is_listed() { Some(listed(world)) } else { every_uniform_pair(world) };
    let scores = match exact {
        Some(tally) => scores(world, &tally, &tally, 0.0).map(|score| score.map(Floor::Exact)),
        None => sampled(world),
    };
    let named = NAMES.into_iter().zip(scores);
    named.map(|(name, [nats, accuracy])| Baseline { name, nats, accuracy }).collect()
}

impl Tally {
    fn new(world: &Addition) -> Tally {
        let places = world.format.answer_digits;
        Tally { places, weights: vec![0.0; places * PAIRS * 10] }
    }

    fn add(&mut self, place: usize, (x, y): (usize, usize), digit: usize, weight: f64) {
        self.weights[(place * PAIRS + 10 * x + y) * 10 + digit] += weight;
    }

    fn add_pair(&mut self, world: &Addition, pair: Pair, weight: f64) {
        let mut numbers = [pair.a, pair.b, world.operation.of(pair)];
        for place in 0..self.places {
            let [x, y, digit] = numbers.map(|number| (number % 10) as usize);
            self.add(place, (x, y), digit, weight);
            numbers = numbers.map(|number| number / 10);
        }
    }

    fn cells(&self, place: usize) -> &[f64] {
        &self.weights[place * PAIRS * 10..][..PAIRS * 10]
    }

    /// The digits at a place, whatever the operands' are.
    fn digits(&self, place: usize) -> [f64; 10] {
        std::array::from_fn(|digit| self.cells(place).iter().skip(digit).step_by(10).sum())
    }
}

fn listed(world: &Addition) -> Tally {
    let mut tally = Tally::new(world);
    world.listed(Use::Test).into_iter().for_each(|(pair, p)| tally.add_pair(world, pair, p));
    tally
}

/// Sums of uniform operands, place by place from the least: the digits are independent of the carry into their place. `None`
/// where some pairs are likelier, or held out.
fn every_uniform_pair(world: &Addition) -> Option<Tally> {
    if world.operation != Operation::Add || !world.pairs.are_uniform() || world.held_out.is_some() {
        return None;
    }
    let mut tally = Tally::new(world);
    for (n, m, p) in world.pairs.sizes() {
        let mut carry = [1.0, 0.0];
        for place in 0..tally.places {
            let mut next = [0.0; 2];
            let possible = |digits: u32| if place < digits as usize { 10 } else { 1 };
            let (first, second) = (possible(n), possible(m));
            let share = p / (first * second) as f64;
            for (x, y) in (0..first).flat_map(|x| (0..second).map(move |y| (x, y))) {
                for (into, probability) in carry.into_iter().enumerate() {
                    tally.add(place, (x, y), (x + y + into) % 10, share * probability);
                    next[(x + y + into) / 10] += probability / (first * second) as f64;
                }
            }
            carry = next;
        }
    }
    Some(tally)
}

/// What the predictors that `learnt` makes score on `seen`; each digit counts as seen so often before any is.
fn scores(world: &Addition, learnt: &Tally, seen: &Tally, before: f64) -> [Score; 4] {
    let (fixed, alphabet) = (&world.format.end, world.format.alphabet);
    let total: f64 = seen.digits(0).iter().sum();
    let scored = (seen.places + fixed.len()) as f64 * total;
    let [mut unigram, mut frequency] = [vec![0.0; alphabet], vec![0.0; alphabet]];
    let (mut by_position, mut without_carries) = ([0.0; 2], [0.0; 2]);
    for place in 0..seen.places {
        let (law, digits) = (learnt.digits(place), seen.digits(place));
        add_score(&mut by_position, &law, &digits, before);
        for (law, digits) in learnt.cells(place).chunks_exact(10).zip(seen.cells(place).chunks_exact(10)) {
            add_score(&mut without_carries, law, digits, before);
        }
        (0..10).for_each(|digit| unigram[digit] += law[digit] + before);
        (0..10).for_each(|digit| frequency[digit] += digits[digit]);
    }
    let each: f64 = learnt.digits(0).iter().sum();
    fixed.iter().for_each(|&token| unigram[usize::from(token)] += each);
    fixed.iter().for_each(|&token| frequency[usize::from(token)] += total);
    let mut of_unigram = [0.0; 2];
    add_score(&mut of_unigram, &unigram, &frequency, 0.0);
    let ends = fixed.len() as f64 * total;
    let mean = |[nats, hits]: Score, certain: f64| [nats / scored, (hits + certain) / scored];
    let uniform = [libm::log(alphabet as f64), 1.0 / alphabet as f64];
    [uniform, mean(of_unigram, 0.0), mean(by_position, ends), mean(without_carries, ends)]
}

/// Adds what the law, in weights, scores on tokens so frequent.
fn add_score(score: &mut Score, law: &[f64], frequency: &[f64], before: f64) {
    let total: f64 = law.iter().map(|weight| weight + before).sum();
    let best = (0..law.len()).fold(0, |best, token| if law[token] > law[best] { token } else { best });
    let seen = frequency.iter().zip(law).filter(|(times, _)| **times > 0.0);
    score[0] -= seen.map(|(times, weight)| times * libm::log((weight + before) / total)).sum::<f64>();
    score[1] += frequency[best];
}

/// Predictors that learnt from pairs that were drawn, scored on others.
fn sampled(world: &Addition) -> [[Floor; 2]; 4] {
    let draw = |tally: &mut Tally, step, index| {
        let mut stream = Stream::new(world.seed, Purpose::Probe, step, index);
        tally.add_pair(world, world.pair(&mut stream, Use::Test), 1.0);
    };
    let mut learnt = Tally::new(world);
    (0..DRAWN).for_each(|index| draw(&mut learnt, 0, index));
    let mut portions = vec![Tally::new(world); PORTIONS];
    (0..DRAWN).for_each(|index| draw(&mut portions[index as usize % PORTIONS], 1, index));
    let scored: Vec<[Score; 4]> = portions.iter().map(|seen| scores(world, &learnt, seen, BEFORE)).collect();
    let estimate = |predictor: usize, of: usize| {
        let values = || scored.iter().map(|scores| scores[predictor][of]);
        let count = PORTIONS as f64;
        let value = values().sum::<f64>() / count;
        let squares: f64 = values().map(|x| (x - value) * (x - value)).sum();
        Floor::Sampled { value, standard_error: libm::sqrt(squares / (count - 1.0) / count) }
    };
    let uniform = scored[0][0].map(Floor::Exact);
    let rest = |predictor| [estimate(predictor, 0), estimate(predictor, 1)];
    [uniform, rest(1), rest(2), rest(3)]
}
