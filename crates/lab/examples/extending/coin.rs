//! A world: coins, each with a bias of its own. What has been seen of a sequence tells how the rest will fall.

use infimum_worlds::{Baseline, Belief, Example, Fact, Floor, Head, Known, Shape, Split, Stream, Truth, World};

/// The token before the first toss; tosses are 0 and 1.
const BEGIN: u16 = 2;

/// For each sequence a bias is drawn uniformly from `[0, 1]`, then the coin is tossed once for every position.
pub(crate) struct Coins {
    shape: Shape,
}

impl Coins {
    /// Sequences of `tosses` tosses.
    pub(crate) fn new(tosses: usize) -> Coins {
        let heads = vec![Head { name: "token", alphabet: 2 }];
        Coins { shape: Shape { positions: tosses, alphabet: 3, heads, scored: 0..tosses } }
    }
}

impl World for Coins {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn draw(&self, stream: &mut Stream, into: &mut Example) {
        let bias = stream.uniform();
        let tosses: Vec<u16> = (0..self.shape.positions).map(|_| (stream.uniform() < bias).into()).collect();
        into.tokens = [&[BEGIN], &tosses[..tosses.len() - 1]].concat();
        into.weights = vec![vec![1.0; tosses.len()]];
        into.targets = vec![tosses];
    }

    fn truth(&self) -> Option<&dyn Truth> {
        Some(self)
    }

    fn facts(&self) -> Vec<Fact> {
        vec![Fact::count("tosses", self.shape.positions, "tosses")]
    }

    fn export(&self, _train: usize, _validation: usize, _each: &mut dyn FnMut(Split, &[u16])) {}
}

/// Laplace's rule: after `ones` ones in `tosses` tosses, the next is a one with this probability.
fn laplace(ones: usize, tosses: usize) -> f64 {
    (ones + 1) as f64 / (tosses + 2) as f64
}

/// Mean of `score` over what can have been seen: a uniform bias makes every count of ones equally likely.
fn mean_over_counts(tosses: usize, score: fn(f64) -> f64) -> f64 {
    (0..=tosses).map(|ones| score(laplace(ones, tosses))).sum::<f64>() / (tosses + 1) as f64
}

fn entropy_nats(p: f64) -> f64 {
    -p * libm::log(p) - (1.0 - p) * libm::log(1.0 - p)
}

impl Truth for Coins {
    fn begin(&self) -> Box<dyn Belief + '_> {
        Box::new(Seen { ones: 0, tosses: 0 })
    }

    fn floor(&self, head: usize) -> Floor {
        let nats: f64 = self.floor_by_position(head).iter().filter_map(Floor::value).sum();
        Floor::Exact(nats / self.shape.positions as f64)
    }

    fn ceiling(&self, _head: usize) -> Floor {
        let hits: f64 = (0..self.shape.positions).map(|t| mean_over_counts(t, |p| p.max(1.0 - p))).sum();
        Floor::Exact(hits / self.shape.positions as f64)
    }

    fn floor_by_position(&self, _head: usize) -> Vec<Floor> {
        (0..self.shape.positions).map(|t| Floor::Exact(mean_over_counts(t, entropy_nats))).collect()
    }

    fn baselines(&self, _head: usize) -> Vec<Baseline> {
        vec![Baseline { name: "uniform", nats: Floor::Exact(libm::log(2.0)), accuracy: Floor::Exact(0.5) }]
    }

    fn states(&self) -> Option<usize> {
        Some(self.shape.positions + 1)
    }
}

/// All that matters of what has been seen.
struct Seen {
    ones: usize,
    tosses: usize,
}

impl Belief for Seen {
    fn restart(&mut self) {
        *self = Seen { ones: 0, tosses: 0 };
    }

    fn observe(&mut self, token: u16) {
        assert!(token <= BEGIN, "token {token} of an alphabet of 3");
        if token != BEGIN {
            self.tosses += 1;
            self.ones += usize::from(token);
        }
    }

    fn law(&self, _head: usize, p: &mut [f64]) -> Known {
        p[1] = laplace(self.ones, self.tosses);
        p[0] = 1.0 - p[1];
        Known::Yes
    }

    fn state(&self) -> Option<usize> {
        Some(self.ones)
    }
}
