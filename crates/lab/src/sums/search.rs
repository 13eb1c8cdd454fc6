//! A directed search for a sum that a model gets wrong.
//!
//! What is climbed is the margin of [`Verdict`](crate::sums::Verdict): below 0 the sum is wrong. The first generations are drawn
//! over strata (carry runs, carry masks, lengths, few different digits), so that what is rare among uniform pairs is not rare
//! here. From then on most pairs of a generation are changed from those with the smallest margins so far (`moves.rs`). These are
//! kept apart by their longest carry run, a niche each, so that one easy hill does not take all; a niche that gets no better for
//! long is emptied and begins anew. Where there are at most a million pairs, all are gone through in their order instead.
//!
//! The pairs of a generation depend on the model, the seed and the generations before; neither on threads nor on the clock.

mod moves;

use infimum_worlds::addition::Pair;
use infimum_worlds::{Purpose, Stream};
use serde::Serialize;

use crate::Machine;
use crate::predictor::Predictor;
use crate::sums::{Answer, Sums, answers, scores};
use moves::Moves;

/// Pairs of a generation.
const GENERATION: usize = 512;

/// So many pairs, the first generations, are of strata in turn.
const FIRST: u64 = 4096;

/// Of a later generation, so many are fresh.
const FRESH: usize = GENERATION / 8;

/// A niche keeps so many pairs.
const KEPT: usize = 32;

/// Generations in which a niche may get no better before it is emptied.
const PATIENCE: u32 = 60;

/// The pairs searched last are known again, up to about so many.
const RECENT: usize = 1 << 18;

/// A pair that was searched lately is drawn anew so often.
const TRIES: usize = 8;

/// Up to so many pairs are gone through in their order.
const LISTED: u128 = 1_000_000;

/// How far a search is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Pairs asked so far.
    pub pairs_searched: u64,
    /// The smallest margin so far.
    pub smallest_margin: f32,
}

/// How a search ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Searched {
    /// The first wrong sum, if there was one.
    pub counterexample: Option<Answer>,
    /// Pairs asked, up to the counterexample. Where not all pairs are listed, a pair may have been asked more than once.
    pub pairs_searched: u64,
    /// How many pairs there are, as a power of ten.
    #[serde(skip)]
    pub all_pairs_exponent: u32,
    /// The smallest margin, in nats.
    #[serde(with = "crate::number")]
    pub smallest_margin: f64,
    /// The pair that has it.
    #[serde(serialize_with = "answers::as_list")]
    pub smallest_margin_operands: Pair,
}

/// A search under way.
struct Search<'s> {
    sums: Sums<'s>,
    seed: u64,
    moves: Moves,
    niches: Vec<Niche>,
    recent: Vec<Pair>,
    generation: u64,
    searched: u64,
    least: (Pair, f32),
}

/// The pairs with the smallest margins among those of one carry run, the smallest first.
#[derive(Clone, Debug, Default)]
struct Niche {
    kept: Vec<(f32, Pair)>,
    /// Generations since the first of them came.
    stale: u32,
}

impl Niche {
    fn offer(&mut self, pair: Pair, margin: f32) {
        let place = self.kept.partition_point(|(kept, _)| *kept <= margin);
        if place == KEPT || self.kept.iter().any(|(_, kept)| *kept == pair) {
            return;
        }
        self.kept.insert(place, (margin, pair));
        self.kept.truncate(KEPT);
        if place == 0 {
            self.stale = 0;
        }
    }

    /// A generation has passed.
    fn age(&mut self) {
        self.stale += 1;
        if self.stale > PATIENCE {
            *self = Niche::default();
        }
    }

    fn best(&self) -> f32 {
        self.kept.first().map_or(f32::INFINITY, |(margin, _)| *margin)
    }

    /// One of those kept, the better of two; there is one.
    fn pick(&self, stream: &mut Stream) -> Pair {
        let mut place = || stream.below(self.kept.len() as u64) as usize;
        self.kept[place().min(place())].1
    }
}

impl Sums<'_> {
    /// Searches until a sum comes out wrong, all pairs were asked where they are few, `most` pairs were asked, or `watch`, which
    /// is told after each generation, answers `false`. For a seed and a number of pairs it gives the same result always.
    pub fn falsify(
        self,
        predictor: &mut dyn Predictor,
        machine: &mut Machine,
        seed: u64,
        most: u64,
        watch: &mut dyn FnMut(Progress) -> bool,
    ) -> Searched {
        let mut search = Search::new(self, seed);
        let wrong = loop {
            if let Some(wrong) = search.step(predictor, machine, most) {
                break Some(wrong);
            }
            let go_on = watch(Progress { pairs_searched: search.searched, smallest_margin: search.least.1 });
            if !go_on || search.left(most) == 0 {
                break None;
            }
        };
        Searched {
            counterexample: wrong.map(|pair| self.answers(predictor, machine, &[pair]).swap_remove(0)),
            pairs_searched: search.searched,
            all_pairs_exponent: 2 * self.world.digits(),
            smallest_margin: f64::from(search.least.1),
            smallest_margin_operands: search.least.0,
        }
    }
}

impl<'s> Search<'s> {
    fn new(sums: Sums<'s>, seed: u64) -> Search<'s> {
        let digits = sums.world.digits();
        Search {
            sums,
            seed,
            moves: Moves::new(digits),
            niches: vec![Niche::default(); digits as usize + 1],
            // No pair of these numbers.
            recent: vec![Pair { a: u64::MAX, b: u64::MAX }; RECENT],
            generation: 0,
            searched: 0,
            least: (Pair { a: 0, b: 0 }, f32::INFINITY),
        }
    }

    /// How many pairs there are, if they are gone through in their order.
    fn listed(&self) -> Option<u64> {
        let all = 10_u128.pow(2 * self.sums.world.digits());
        (all <= LISTED).then_some(all as u64)
    }

    /// How many pairs may still be asked.
    fn left(&self, most: u64) -> u64 {
        self.listed().map_or(most, |all| most.min(all)) - self.searched
    }

    /// Asks the next generation, and gives the first pair that comes out wrong.
    fn step(&mut self, predictor: &mut dyn Predictor, machine: &mut Machine, most: u64) -> Option<Pair> {
        let count = GENERATION.min(self.left(most).try_into().unwrap_or(usize::MAX));
        let pairs = scores::drawn(machine, 0..count, &|number| self.candidate(number));
        let verdicts = self.sums.verdicts(predictor, machine, &pairs);
        self.niches.iter_mut().for_each(Niche::age);
        for (pair, verdict) in pairs.into_iter().zip(verdicts) {
            self.searched += 1;
            if verdict.margin < self.least.1 || self.searched == 1 {
                self.least = (pair, verdict.margin);
            }
            if !verdict.is_right() {
                return Some(pair);
            }
            self.niches[pair.carry_run() as usize].offer(pair, verdict.margin);
            self.recent[slot(pair)] = pair;
        }
        self.generation += 1;
        None
    }

    /// Pair `number` of the next generation.
    fn candidate(&self, number: usize) -> Pair {
        if self.listed().is_some() {
            let (at, below) = (self.searched + number as u64, 10_u64.pow(self.sums.world.digits()));
            return Pair { a: at / below, b: at % below };
        }
        // The steps below are those of scores.
        let mut stream = Stream::new(self.seed, Purpose::Sums, (1 << 32) + self.generation, number as u64);
        let mut pair = self.suggest(number, &mut stream);
        for _ in 1..TRIES {
            if self.recent[slot(pair)] != pair {
                break;
            }
            pair = self.suggest(number, &mut stream);
        }
        pair
    }

    fn suggest(&self, number: usize, stream: &mut Stream) -> Pair {
        let inhabited: Vec<&Niche> = self.niches.iter().filter(|niche| !niche.kept.is_empty()).collect();
        if self.searched < FIRST {
            return self.moves.first(self.searched + number as u64, stream);
        }
        if number < FRESH || inhabited.is_empty() {
            return self.moves.fresh(stream);
        }
        let (parent, mate) = (parent(&inhabited, stream), parent(&inhabited, stream));
        self.moves.change(parent, mate, stream)
    }
}

/// From any niche alike, or, as often, from the better of two.
fn parent(inhabited: &[&Niche], stream: &mut Stream) -> Pair {
    let mut any = || inhabited[stream.below(inhabited.len() as u64) as usize];
    let (first, second) = (any(), any());
    let better = if second.best() < first.best() { second } else { first };
    let niche = if stream.below(2) == 0 { first } else { better };
    niche.pick(stream)
}

/// Where a pair is remembered: the upper bits of a product with an odd number are a hash of both numbers.
fn slot(Pair { a, b }: Pair) -> usize {
    let mixed = a.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ b.wrapping_mul(0xD1B5_4A32_D192_ED03).rotate_left(32);
    (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - RECENT.ilog2())) as usize
}
