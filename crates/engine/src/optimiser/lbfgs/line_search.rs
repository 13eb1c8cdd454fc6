//! A place on a line where the loss is enough lower and its slope enough flatter: the strong conditions of Wolfe (Nocedal and Wright,
//! Numerical Optimization, 2006, algorithms 3.5 and 3.6), with PyTorch's numbers.

/// The loss has to fall by this share of what the slope at the beginning promises.
const FALL: f64 = 1e-4;
/// The slope has to be at most this share of that at the beginning.
const FLATTEN: f64 = 0.9;
/// Places that are tried after the first.
const MOST_TRIALS: usize = 25;
/// Two places that are so near to each other in every parameter are one.
const ONE_PLACE: f64 = 1e-9;

/// A place on the line: how far along, the loss there and its slope along the line.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    along: f64,
    loss: f64,
    slope: f64,
}

/// What the search wants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Search {
    /// Loss and slope there.
    Try(f64),
    /// To end there, at a place that was looked at.
    Take(f64),
}

/// A search in progress.
#[derive(Clone, Debug)]
pub(super) struct LineSearch {
    start: Place,
    /// Of the largest scalar of the direction.
    size: f64,
    /// Where it looks.
    along: f64,
    trials: usize,
    stage: Stage,
}

#[derive(Clone, Debug)]
enum Stage {
    /// No two places are known yet between which there is one.
    Widen { before: Place },
    /// There is one between these two, the lower of which has the lower loss.
    Narrow { lower: Place, higher: Place, slow: bool },
}

impl LineSearch {
    /// From a place with this loss and slope, first to `along`; `size` is that of the direction's largest scalar.
    pub(super) fn new(loss: f64, slope: f64, along: f64, size: f64) -> LineSearch {
        let start = Place { along: 0.0, loss, slope };
        LineSearch { start, size, along, trials: 0, stage: Stage::Widen { before: start } }
    }

    /// Takes loss and slope where it looks. What is no number is infinitely high.
    pub(super) fn next(&mut self, loss: f64, slope: f64) -> Search {
        let finite = loss.is_finite() && slope.is_finite();
        let (loss, slope) = if finite { (loss, slope) } else { (f64::INFINITY, f64::INFINITY) };
        let here = Place { along: self.along, loss, slope };
        match self.stage.clone() {
            Stage::Widen { before } => self.widen(before, here),
            Stage::Narrow { lower, higher, slow } => self.narrow(lower, higher, slow, here),
        }
    }

    fn falls(&self, here: Place) -> bool {
        here.loss <= self.start.loss + FALL * here.along * self.start.slope
    }

    fn is_flat(&self, here: Place) -> bool {
        here.slope.abs() <= -FLATTEN * self.start.slope
    }

    fn widen(&mut self, before: Place, here: Place) -> Search {
        if !self.falls(here) || (self.trials > 1 && here.loss >= before.loss) {
            return self.between(before, here);
        }
        if self.is_flat(here) {
            return Search::Take(here.along);
        }
        if here.slope >= 0.0 {
            return self.between(before, here);
        }
        self.trials += 1;
        if self.trials > MOST_TRIALS {
            return Search::Take(if here.loss < self.start.loss { here.along } else { 0.0 });
        }
        let bounds = (here.along + 0.01 * (here.along - before.along), 10.0 * here.along);
        self.stage = Stage::Widen { before: here };
        self.look(cubic(before, here, bounds))
    }

    fn narrow(&mut self, lower: Place, higher: Place, slow: bool, here: Place) -> Search {
        if !self.falls(here) || here.loss >= lower.loss {
            let (lower, higher) = if lower.loss <= here.loss { (lower, here) } else { (here, lower) };
            return self.inside(lower, higher, slow);
        }
        if self.is_flat(here) {
            return Search::Take(here.along);
        }
        let turned = here.slope * (higher.along - lower.along) >= 0.0;
        self.inside(here, if turned { lower } else { higher }, slow)
    }

    fn between(&mut self, one: Place, other: Place) -> Search {
        let (lower, higher) = if one.loss <= other.loss { (one, other) } else { (other, one) };
        self.inside(lower, higher, false)
    }

    /// The next place between two, away from both ends if the last one was near an end, too.
    fn inside(&mut self, lower: Place, higher: Place, slow: bool) -> Search {
        let (left, right) = (lower.along.min(higher.along), lower.along.max(higher.along));
        if self.trials >= MOST_TRIALS || (right - left) * self.size < ONE_PLACE {
            return Search::Take(lower.along);
        }
        self.trials += 1;
        let (first, second) = if lower.along <= higher.along { (lower, higher) } else { (higher, lower) };
        let (mut along, margin) = (cubic(first, second, (left, right)), 0.1 * (right - left));
        let near = (right - along).min(along - left) < margin;
        let outside = along >= right || along <= left;
        if near && (slow || outside) {
            along = if (along - right).abs() < (along - left).abs() { right - margin } else { left + margin };
        }
        self.stage = Stage::Narrow { lower, higher, slow: near && !(slow || outside) };
        self.look(along)
    }

    fn look(&mut self, along: f64) -> Search {
        self.along = along;
        Search::Try(along)
    }
}

/// Where the cubic through two places with these losses and slopes is lowest, within bounds; their middle if it has no such place.
fn cubic(first: Place, second: Place, (least, most): (f64, f64)) -> f64 {
    let width = second.along - first.along;
    let bend = first.slope + second.slope - 3.0 * (second.loss - first.loss) / width;
    let square = bend * bend - first.slope * second.slope;
    let root = libm::sqrt(square);
    let lowest = second.along - width * (second.slope + root - bend) / (second.slope - first.slope + 2.0 * root);
    if square >= 0.0 && lowest.is_finite() { lowest.max(least).min(most) } else { 0.5 * (least + most) }
}
