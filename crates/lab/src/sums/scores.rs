//! The scores of a model of sums: the official test, and rates where sums are hard.

use infimum_worlds::addition::{Addition, Carrying, EDGES, OFFICIAL_DIGITS, Pair, Stratum, official_pairs};
use infimum_worlds::{Purpose, Stream, World};
use serde::Serialize;

use crate::predictor::Predictor;
use crate::statistics::Trials;
use crate::sums::{Answer, Sums, Verdict, answers};
use crate::{Figure, LabError, Machine};

/// So many sums are drawn and asked together, which bounds the memory and lets progress be told.
const PORTION: usize = 4096;

/// Carry masks are gone through one by one up to so many digits.
const MASKED_DIGITS: u32 = 10;

/// Both orders of a pair are asked of at most so many.
const ORDERS: usize = 10_000;

/// Wrong answers to official pairs are listed up to so many.
const LISTED: usize = 100;

/// Seed of the sums that models are scored on: the same for every model, so that scores of two can be compared.
const SEED: u64 = 0;

/// A figure, and what it was found at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Found {
    /// The figure.
    #[serde(flatten)]
    pub figure: Figure,
    /// The pair of a figure that is that of one pair.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_list")]
    pub operands: Option<Pair>,
    /// The length of the longest carry run of all pairs that the figure is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carry_run: Option<u32>,
    /// Which places carry in all pairs that the figure is of: a 1 for each that does, the highest place first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carry_mask: Option<String>,
    /// The first hundred wrong answers that the figure counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wrong: Vec<Answer>,
}

fn as_list<S: serde::Serializer>(pair: &Option<Pair>, serializer: S) -> Result<S::Ok, S::Error> {
    let pair = pair.as_ref().expect("left out where there is none");
    answers::as_list(pair, serializer)
}

impl From<Figure> for Found {
    fn from(figure: Figure) -> Found {
        Found { figure, operands: None, carry_run: None, carry_mask: None, wrong: vec![] }
    }
}

/// All scores of a model of sums.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SumScores {
    /// One by one.
    pub figures: Vec<Found>,
    /// `carries_0_exact_match` and so on: where so many places carry.
    pub by_carries: Vec<Figure>,
    /// `carry_run_0_exact_match` and so on: where the longest carry run has so many places.
    pub by_carry_run: Vec<Figure>,
    /// `digit_0_accuracy` and so on: the digit that counts so high a power of ten.
    pub by_digit: Vec<Figure>,
}

impl SumScores {
    /// Every figure.
    pub fn all(&self) -> impl Iterator<Item = Found> {
        let series = [&self.by_carries, &self.by_carry_run, &self.by_digit].into_iter().flatten();
        self.figures.iter().cloned().chain(series.cloned().map(Found::from))
    }
}

/// How many of how many.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    right: usize,
    of: usize,
}

impl Tally {
    fn add(&mut self, right: bool) {
        self.right += usize::from(right);
        self.of += 1;
    }

    fn rate(self) -> f64 {
        self.right as f64 / self.of as f64
    }
}

/// A model while its sums are asked.
pub(super) struct Scorer<'s> {
    sums: Sums<'s>,
    predictor: &'s mut dyn Predictor,
    machine: &'s mut Machine,
    /// Told how many sums are done.
    watch: &'s mut dyn FnMut(usize),
    done: usize,
    least: Option<(Pair, f32)>,
}

/// Gives the pair of a number.
type Draw<'d> = &'d (dyn Fn(usize) -> Pair + Sync);

/// Who is handed each sum that is asked, and how it comes out.
pub(super) type Hear<'h> = &'h mut dyn FnMut(Pair, Verdict);

impl Sums<'_> {
    /// The official test alone.
    ///
    /// # Errors
    /// Numbers that do not have ten digits.
    pub fn official(
        self,
        predictor: &mut dyn Predictor,
        machine: &mut Machine,
        watch: &mut dyn FnMut(usize),
    ) -> Result<SumScores, LabError> {
        let digits = self.world.digits();
        if digits != OFFICIAL_DIGITS {
            let allowed = format!("the official test has numbers of {OFFICIAL_DIGITS} digits");
            return Err(LabError::value("world.digits", digits, allowed, "leave --official out"));
        }
        let mut scorer = Scorer::new(self, predictor, machine, watch);
        let mut figures = scorer.official();
        figures.push(scorer.smallest_margin());
        Ok(SumScores { figures, ..SumScores::default() })
    }

    /// Every score: of the official test where numbers have ten digits, and of `pairs` pairs in each of four ways: uniform,
    /// and shared out evenly over the numbers of carries, over the longest carry runs, and over the carry masks (left out for
    /// more than ten digits, since there are too many). Pairs are the same for every model; only the uniform ones leave out what
    /// a world's training draws.
    pub fn score(
        self,
        predictor: &mut dyn Predictor,
        machine: &mut Machine,
        pairs: usize,
        watch: &mut dyn FnMut(usize),
    ) -> SumScores {
        let mut scorer = Scorer::new(self, predictor, machine, watch);
        let mut figures = if self.world.digits() == OFFICIAL_DIGITS { scorer.official() } else { vec![] };
        let (uniform, by_digit) = scorer.uniform(pairs, &mut |_, _| {});
        figures.extend([uniform.into(), scorer.small_operands().into(), scorer.commutativity(pairs).into()]);
        let by_carries = scorer.by("carries", Carrying::Count, pairs, &mut |_, _| {});
        let by_carry_run = scorer.by("carry_run", Carrying::Run, pairs, &mut |_, _| {});
        figures.push(worst_run(&by_carry_run));
        if self.world.digits() <= MASKED_DIGITS {
            figures.extend(scorer.by_mask(pairs.div_ceil(1 << self.world.digits())));
        }
        figures.push(scorer.smallest_margin());
        SumScores { figures, by_carries, by_carry_run, by_digit }
    }

    /// How many sums [`Sums::official`] asks for.
    pub fn count_of_official(self) -> usize {
        official_pairs().len()
    }

    /// How many sums [`Sums::score`] asks for with so many pairs.
    pub fn count_to_score(self, pairs: usize) -> usize {
        let digits = self.world.digits();
        let official = if digits == OFFICIAL_DIGITS { self.count_of_official() } else { 0 };
        let small = self.small_numbers().pow(2) as usize;
        let strata = pairs.div_ceil(digits as usize + 1) * (digits as usize + 1);
        let masks = if digits <= MASKED_DIGITS { pairs.div_ceil(1 << digits) << digits } else { 0 };
        official + pairs + small + 2 * pairs.min(ORDERS) + 2 * strata + masks
    }

    /// All pairs of numbers below this are asked.
    fn small_numbers(self) -> u64 {
        10_u64.pow(self.world.digits().min(2))
    }
}

impl<'s> Scorer<'s> {
    pub(super) fn new(
        sums: Sums<'s>,
        predictor: &'s mut dyn Predictor,
        machine: &'s mut Machine,
        watch: &'s mut dyn FnMut(usize),
    ) -> Scorer<'s> {
        Scorer { sums, predictor, machine, watch, done: 0, least: None }
    }

    /// Asks for `count` sums, and hands each with how it comes out to `each`, in order.
    fn ask(&mut self, count: usize, draw: Draw<'_>, each: Hear<'_>) {
        for first in (0..count).step_by(PORTION) {
            let pairs = drawn(self.machine, first..count.min(first + PORTION), draw);
            let verdicts = self.sums.verdicts(self.predictor, self.machine, &pairs);
            for (pair, verdict) in pairs.iter().zip(&verdicts) {
                if self.least.is_none_or(|(_, least)| verdict.margin < least) {
                    self.least = Some((*pair, verdict.margin));
                }
                each(*pair, *verdict);
            }
            self.done += pairs.len();
            (self.watch)(self.done);
        }
    }

    fn tally(&mut self, count: usize, draw: Draw<'_>) -> Tally {
        let mut tally = Tally::default();
        self.ask(count, draw, &mut |_, verdict| tally.add(verdict.is_right()));
        tally
    }

    /// The rate at which every digit is guessed.
    fn guessing(&self, digits: usize) -> f64 {
        libm::pow(self.sums.world.shape().alphabet as f64, -(digits as f64))
    }

    /// A rate with its interval.
    fn rate(&self, name: &str, tally: Tally) -> Figure {
        let (low, high) = Trials { successes: tally.right as u64, of: tally.of as u64 }.interval().unzip();
        let baseline = Some(self.guessing(self.sums.world.answer_digits()));
        Figure {
            name: name.into(),
            value: tally.rate(),
            unit: "share of sums".into(),
            optimum: Some(1.0),
            baseline,
            low,
            high,
        }
    }

    fn official(&mut self) -> Vec<Found> {
        let (pairs, mut number) = (official_pairs(), 0);
        let (mut all, mut edges, mut wrong) = (Tally::default(), Tally::default(), vec![]);
        self.ask(pairs.len(), &|number| pairs[number], &mut |pair, verdict| {
            all.add(verdict.is_right());
            if number < EDGES.len() {
                edges.add(verdict.is_right());
            }
            if !verdict.is_right() && wrong.len() < LISTED {
                wrong.push(pair);
            }
            number += 1;
        });
        let wrong = self.sums.answers(self.predictor, self.machine, &wrong);
        let rate = self.rate("official_correct", all);
        let of_all = |share: f64| share * all.of as f64;
        let correct = Figure {
            value: all.right as f64,
            unit: format!("of {} sums", all.of),
            optimum: Some(all.of as f64),
            baseline: rate.baseline.map(of_all),
            // Outwards to whole sums.
            low: rate.low.map(|low| of_all(low).floor()),
            high: rate.high.map(|high| of_all(high).ceil()),
            ..rate
        };
        // The edge cases are chosen, not drawn, so that there is no interval.
        let of_edges = Figure {
            name: "official_edge_correct".into(),
            value: edges.right as f64,
            unit: format!("of {} sums", edges.of),
            optimum: Some(edges.of as f64),
            baseline: Some(self.guessing(self.sums.world.answer_digits()) * edges.of as f64),
            low: None,
            high: None,
        };
        vec![Found { wrong, ..correct.into() }, of_edges.into()]
    }

    /// The rate over uniform pairs, and that of each digit after the true ones before it.
    pub(super) fn uniform(&mut self, pairs: usize, hear: Hear<'_>) -> (Figure, Vec<Figure>) {
        let world = self.sums.world;
        let mut digits = vec![Tally::default(); world.answer_digits()];
        let mut tally = Tally::default();
        self.ask(pairs, &|number| uniform_pair(world, number), &mut |pair, verdict| {
            tally.add(verdict.is_right());
            digits.iter_mut().enumerate().for_each(|(place, digit)| digit.add(verdict.missed >> place & 1 == 0));
            hear(pair, verdict);
        });
        let of_digit = |(place, tally): (usize, &Tally)| Figure {
            unit: "share of digits".into(),
            baseline: Some(self.guessing(1)),
            ..self.rate(&format!("digit_{place}_accuracy"), *tally)
        };
        (self.rate("uniform_exact_match", tally), digits.iter().enumerate().map(of_digit).collect())
    }

    /// Of all pairs of numbers of one and two digits. Nothing is drawn, so there is no interval.
    fn small_operands(&mut self) -> Figure {
        let below = self.sums.small_numbers();
        let pair = |number: usize| Pair { a: number as u64 / below, b: number as u64 % below };
        let tally = self.tally((below * below) as usize, &pair);
        Figure { low: None, high: None, ..self.rate("small_operands_exact_match", tally) }
    }

    /// The share of uniform pairs to whose two orders the model answers the same.
    fn commutativity(&mut self, pairs: usize) -> Figure {
        let world = self.sums.world;
        let draw = |number| uniform_pair(world, number);
        let both = |number: usize| if number.is_multiple_of(2) { draw(number / 2) } else { draw(number / 2).swapped() };
        let (mut alike, mut unclear, mut first) = (Tally::default(), vec![], false);
        let mut number = 0;
        self.ask(2 * pairs.min(ORDERS), &both, &mut |pair, verdict| {
            match (number % 2 == 1, first, verdict.is_right()) {
                (false, ..) => first = verdict.is_right(),
                (true, false, false) => unclear.push(pair),
                (true, first, second) => alike.add(first == second),
            }
            number += 1;
        });
        let orders: Vec<Pair> = unclear.iter().flat_map(|pair| [*pair, pair.swapped()]).collect();
        for both in self.sums.answers(self.predictor, self.machine, &orders).chunks_exact(2) {
            alike.add(both[0].tokens == both[1].tokens);
        }
        let unit = "share of pairs".into();
        Figure { unit, ..self.rate("commutativity", alike) }
    }

    /// `pairs` pairs, shared out evenly over the numbers from 0 to as many as there are digits.
    pub(super) fn by(
        &mut self,
        name: &str,
        carrying: fn(u32) -> Carrying,
        pairs: usize,
        hear: Hear<'_>,
    ) -> Vec<Figure> {
        let digits = self.sums.world.digits();
        let each = pairs.div_ceil(digits as usize + 1);
        let rate = |number| {
            let stratum = Stratum::new(carrying(number), digits);
            let set = if name == "carries" { Set::Carries } else { Set::CarryRun };
            let (first, mut tally) = (number as usize * each, Tally::default());
            self.ask(each, &|index| stratum.draw(&mut stream(set, first + index)), &mut |pair, verdict| {
                tally.add(verdict.is_right());
                hear(pair, verdict);
            });
            self.rate(&format!("{name}_{number}_exact_match"), tally)
        };
        (0..=digits).map(rate).collect()
    }

    /// The rate over all carry masks alike, and the mask with the worst.
    fn by_mask(&mut self, each: usize) -> [Found; 2] {
        let digits = self.sums.world.digits();
        let strata: Vec<Stratum> = (0..1 << digits).map(|mask| Stratum::new(Carrying::Mask(mask), digits)).collect();
        let mut tallies = vec![Tally::default(); strata.len()];
        let draw = |number: usize| strata[number / each].draw(&mut stream(Set::CarryMask, number));
        self.ask(strata.len() * each, &draw, &mut |pair, verdict| {
            tallies[pair.carry_mask() as usize].add(verdict.is_right());
        });
        let total = tallies
            .iter()
            .fold(Tally::default(), |sum, tally| Tally { right: sum.right + tally.right, of: sum.of + tally.of });
        let worst =
            (1..tallies.len()).fold(0, |worst, m| if tallies[m].right < tallies[worst].right { m } else { worst });
        let figure = self.rate("carry_mask_exact_match_worst", tallies[worst]);
        let mask = format!("{worst:0width$b}", width = digits as usize);
        [self.rate("carry_mask_exact_match", total).into(), Found { carry_mask: Some(mask), ..figure.into() }]
    }

    /// Of all sums so far.
    pub(super) fn smallest_margin(&self) -> Found {
        let (pair, margin) = self.least.expect("sums were asked");
        let name = "smallest_margin".into();
        let (value, unit) = (f64::from(margin), "nats".into());
        let figure = Figure { name, value, unit, optimum: None, baseline: None, low: None, high: None };
        Found { operands: Some(pair), ..figure.into() }
    }
}

/// The run with the lowest rate, the shortest of several; its interval is that of its own pairs.
fn worst_run(runs: &[Figure]) -> Found {
    let worst = (1..runs.len()).fold(0, |worst, run| if runs[run].value < runs[worst].value { run } else { worst });
    let figure = Figure { name: "carry_run_exact_match_worst".into(), ..runs[worst].clone() };
    Found { carry_run: Some(worst as u32), ..figure.into() }
}

/// Sets of pairs, each with streams of its own. The codes are part of every score and never change.
#[derive(Clone, Copy, Debug)]
enum Set {
    Uniform = 0,
    Carries = 1,
    CarryRun = 2,
    CarryMask = 3,
}

/// Uniform pair number `number`.
pub(super) fn uniform_pair(world: &Addition, number: usize) -> Pair {
    world.draw_uniform(&mut stream(Set::Uniform, number))
}

fn stream(set: Set, number: usize) -> Stream {
    Stream::new(SEED, Purpose::Sums, set as u64, number as u64)
}

/// Pairs drawn by all threads, in the order of their numbers.
pub(super) fn drawn(machine: &mut Machine, numbers: std::ops::Range<usize>, draw: Draw<'_>) -> Vec<Pair> {
    const TOGETHER: usize = 64;
    let mut pairs = vec![Pair { a: 0, b: 0 }; numbers.len()];
    let mut blocks: Vec<&mut [Pair]> = pairs.chunks_mut(TOGETHER).collect();
    let mut scratch = vec![(); machine.threads()];
    machine.team.each(&mut blocks, &mut scratch, |block, pairs, ()| {
        let first = numbers.start + block * TOGETHER;
        pairs.iter_mut().enumerate().for_each(|(number, pair)| *pair = draw(first + number));
    });
    pairs
}
