//! L-BFGS (Liu and Nocedal 1989) with a line search for the strong conditions of Wolfe, on a set of sequences that stays the same.

mod line_search;

use std::collections::VecDeque;

use infimum_kernels::{Isa, Team};

use super::{Found, Next, Optimiser};
use line_search::{LineSearch, Search};

/// A gradient whose largest scalar is at most this is taken for 0, as PyTorch does.
const NO_GRADIENT: f64 = 1e-7;
/// A direction that falls no faster is none.
const NO_SLOPE: f64 = 1e-9;
/// Moves that change the gradient along them less than this say nothing of curvature.
const NO_CURVATURE: f64 = 1e-10;

/// The state of L-BFGS. A step looks at its own point first, and then at points along a line.
#[derive(Clone, Debug)]
pub struct Lbfgs {
    /// Moves that are remembered.
    history: usize,
    /// Where the gradient is wanted.
    point: Vec<f32>,
    /// Each move with the change of the gradient over it, the newest last.
    moves: VecDeque<[Vec<f32>; 2]>,
    /// The gradient where the last step began, and its move, which is part of the history once the gradient at its end is known.
    before: Vec<f32>,
    moved: Vec<f32>,
    steps: u64,
    line: Option<Line>,
}

/// A step that is looking for its end.
#[derive(Clone, Debug)]
struct Line {
    from: Vec<f32>,
    direction: Vec<f32>,
    search: LineSearch,
}

impl Lbfgs {
    /// Starts at `point` and remembers `history` moves, 1 to 100.
    ///
    /// # Panics
    /// If it is to remember none, or more.
    pub fn new(point: Vec<f32>, history: usize) -> Self {
        assert!((1..=100).contains(&history), "L-BFGS remembers 1 to 100 moves, not {history}");
        let zeros = vec![0.0; point.len()];
        Lbfgs { history, point, moves: VecDeque::new(), before: zeros.clone(), moved: zeros, steps: 0, line: None }
    }

    /// Begins a step: the gradient at its point completes the last move, and says where the line goes.
    fn begin(&mut self, loss: f64, gradient: Vec<f32>, rate: f64) -> Next {
        let (largest, sum) = gradient.iter().fold((0.0_f64, 0.0), |(largest, sum), g| {
            let size = f64::from(g.abs());
            (largest.max(size), sum + size)
        });
        if largest <= NO_GRADIENT {
            self.steps += 1;
            return Next::Step;
        }
        if self.steps > 0 {
            self.remember(&gradient);
        }
        let direction = self.direction(&gradient);
        let slope = dot(&gradient, &direction);
        self.before = gradient;
        if slope > -NO_SLOPE {
            self.moved.fill(0.0);
            self.steps += 1;
            return Next::Step;
        }
        let first = if self.steps == 0 { rate * (1.0 / sum).min(1.0) } else { rate };
        let size = direction.iter().fold(0.0_f64, |size, d| size.max(f64::from(d.abs())));
        let from = self.point.clone();
        self.line = Some(Line { from, direction, search: LineSearch::new(loss, slope, first, size) });
        self.go(first);
        Next::Look
    }

    /// The last move and what it did to the gradient.
    fn remember(&mut self, gradient: &[f32]) {
        let change: Vec<f32> = gradient.iter().zip(&self.before).map(|(now, before)| now - before).collect();
        if dot(&change, &self.moved) <= NO_CURVATURE {
            return;
        }
        if self.moves.len() == self.history {
            self.moves.pop_front();
        }
        self.moves.push_back([self.moved.clone(), change]);
    }

    /// Minus the inverse of the curvature that the history shows, times the gradient: Liu and Nocedal's two loops.
    fn direction(&self, gradient: &[f32]) -> Vec<f32> {
        let mut q: Vec<f64> = gradient.iter().map(|g| -f64::from(*g)).collect();
        let mut shares = Vec::new();
        for [moved, change] in self.moves.iter().rev() {
            let share = dot_wide(moved, &q) / dot(change, moved);
            add(&mut q, -share, change);
            shares.push(share);
        }
        if let Some([moved, change]) = self.moves.back() {
            let scale = dot(change, moved) / dot(change, change);
            q.iter_mut().for_each(|q| *q *= scale);
        }
        for ([moved, change], share) in self.moves.iter().zip(shares.into_iter().rev()) {
            let back = dot_wide(change, &q) / dot(change, moved);
            add(&mut q, share - back, moved);
        }
        q.into_iter().map(|q| q as f32).collect()
    }

    /// To a place on the line.
    fn go(&mut self, along: f64) {
        let Line { from, direction, .. } = self.line.as_ref().expect("a step is looking for its end");
        let along = along as f32;
        let places = self.point.iter_mut().zip(from.iter().zip(direction));
        places.for_each(|(point, (from, direction))| *point = from + along * direction);
    }

    fn end(&mut self, along: f64) -> Next {
        self.go(along);
        let line = self.line.take().expect("a step is looking for its end");
        let along = along as f32;
        self.moved = line.direction.into_iter().map(|direction| along * direction).collect();
        self.steps += 1;
        Next::Step
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

fn dot_wide(a: &[f32], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * b).sum()
}

fn add(to: &mut [f64], share: f64, x: &[f32]) {
    to.iter_mut().zip(x).for_each(|(to, x)| *to += share * f64::from(*x));
}

impl Optimiser for Lbfgs {
    fn point(&self) -> &[f32] {
        &self.point
    }

    /// The rate is where along the line the search begins.
    fn tell(&mut self, _isa: Isa, _team: &mut Team, found: Found<'_>, rate: f64) -> Next {
        let gradient: Vec<f32> = found.gradient.iter().map(|g| found.scale * g).collect();
        let Some(line) = &mut self.line else { return self.begin(found.loss, gradient, rate) };
        let slope = dot(&gradient, &line.direction);
        match line.search.next(found.loss, slope) {
            Search::Try(along) => {
                self.go(along);
                Next::Look
            }
            Search::Take(along) => self.end(along),
        }
    }

    fn state(&self) -> (u64, Vec<(String, &[f32])>) {
        let mut arrays: Vec<(String, &[f32])> = vec![("before".into(), &self.before), ("moved".into(), &self.moved)];
        for (which, letter) in ["s", "y"].into_iter().enumerate() {
            let named =
                self.moves.iter().enumerate().map(|(place, pair)| (format!("{letter}{place:02}"), &pair[which][..]));
            arrays.extend(named);
        }
        (self.steps, arrays)
    }

    /// As many moves as changes of the gradient, at most so many as it remembers.
    fn keeps(&self, names: &[&str]) -> bool {
        let Some(pairs) = names.strip_prefix(&["before", "moved"]) else { return false };
        let moves = pairs.len() / 2;
        let expected = ["s", "y"].into_iter().flat_map(|letter| (0..moves).map(move |k| format!("{letter}{k:02}")));
        moves <= self.history && expected.eq(pairs.iter().copied())
    }

    fn restore(&mut self, point: Vec<f32>, steps: u64, arrays: Vec<(String, Vec<f32>)>) {
        assert!(arrays.iter().all(|(_, array)| array.len() == point.len()) && point.len() == self.point.len());
        let mut arrays = arrays.into_iter().map(|(_, array)| array);
        let mut next = || arrays.next().expect("L-BFGS keeps a gradient, a move, and pairs");
        (self.before, self.moved) = (next(), next());
        let rest: Vec<Vec<f32>> = arrays.collect();
        let (moved, changed) = rest.split_at(rest.len() / 2);
        self.moves = moved.iter().zip(changed).map(|(moved, changed)| [moved.clone(), changed.clone()]).collect();
        (self.point, self.steps, self.line) = (point, steps, None);
    }
}
