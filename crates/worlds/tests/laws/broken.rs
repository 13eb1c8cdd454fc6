//! A world with one flaw, to test the checks.

use std::sync::atomic::{AtomicU64, Ordering};

use infimum_worlds::{Baseline, Belief, Example, Fact, Floor, Known, Purpose, Shape, Split, Stream, Truth, World};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Flaw {
    LawSumsToMore,
    LawIsNegative,
    LawIsNotANumber,
    LawIsTilted,
    StateOutOfRange,
    SamplerSticks,
    SamplerDrawsTheImpossible,
    SamplerRemembers,
    SamplerIgnoresTheStream,
    TargetsShifted,
    WeightsMissing,
    FloorTooLow,
    FloorIsNotANumber,
    CeilingTooHigh,
    PositionsReversed,
    BaselineBelowFloor,
    ExportDropsTheFirstToken,
    ExportRepeats,
    PartOutOfRange,
    PartMissing,
    TrainsOnTests,
    TrainsOnWrongAnswers,
    ClaimsOneAnswer,
}

pub(crate) struct Broken {
    pub(crate) inner: Box<dyn World>,
    pub(crate) flaw: Flaw,
}

impl Broken {
    fn inner_truth(&self) -> &dyn Truth {
        self.inner.truth().expect("the law is known")
    }
}

static DRAWN: AtomicU64 = AtomicU64::new(0);

/// Now and then, a state is the one before it.
fn stick(example: &mut Example, stream: &mut Stream) {
    for position in 1..example.targets[0].len() {
        if stream.below(10) == 0 {
            example.targets[0][position] = example.targets[0][position - 1];
            if position + 1 < example.tokens.len() {
                example.tokens[position + 1] = example.targets[0][position];
            }
        }
    }
}

impl World for Broken {
    fn shape(&self) -> &Shape {
        self.inner.shape()
    }

    fn draw(&self, stream: &mut Stream, into: &mut Example) {
        let mut other = match self.flaw {
            Flaw::SamplerRemembers => Stream::new(0, Purpose::Check, 0, DRAWN.fetch_add(1, Ordering::Relaxed)),
            Flaw::SamplerIgnoresTheStream => Stream::new(0, Purpose::Check, 0, 0),
            _ => stream.clone(),
        };
        self.inner.draw(&mut other, into);
        match self.flaw {
            Flaw::SamplerSticks => stick(into, &mut other),
            Flaw::SamplerDrawsTheImpossible if other.below(1000) == 0 => into.targets[0].fill(into.tokens[0]),
            Flaw::TargetsShifted => into.targets[0].rotate_left(1),
            Flaw::WeightsMissing => into.weights[0].fill(0.0),
            _ => {}
        }
    }

    fn draw_for_training(&self, stream: &mut Stream, into: &mut Example) {
        match self.flaw {
            Flaw::TrainsOnTests => self.inner.draw(stream, into),
            Flaw::TrainsOnWrongAnswers => {
                self.inner.draw_for_training(stream, into);
                let first = self.inner.shape().scored.start;
                into.targets[0][first] = (into.targets[0][first] + 1) % 10;
            }
            _ => self.inner.draw_for_training(stream, into),
        }
    }

    fn hold_out(&self) -> Option<String> {
        self.inner.hold_out()
    }

    fn scored(&self, block: &[u16]) -> std::ops::Range<usize> {
        self.inner.scored(block)
    }

    fn is_scored(&self, block: &[u16], position: usize) -> bool {
        self.inner.is_scored(block, position)
    }

    fn has_one_answer(&self) -> bool {
        self.flaw == Flaw::ClaimsOneAnswer || self.inner.has_one_answer()
    }

    fn truth(&self) -> Option<&dyn Truth> {
        Some(self)
    }

    fn facts(&self) -> Vec<Fact> {
        self.inner.facts()
    }

    fn parts(&self) -> &'static [&'static str] {
        self.inner.parts()
    }

    fn part(&self, example: &Example, position: usize) -> Option<usize> {
        match self.flaw {
            Flaw::PartOutOfRange => Some(self.parts().len()),
            Flaw::PartMissing => None,
            _ => self.inner.part(example, position),
        }
    }

    fn export(&self, train: usize, validation: usize, each: &mut dyn FnMut(Split, &[u16])) {
        let mut first = Vec::new();
        self.inner.export(train, validation, &mut |split, block| {
            if first.is_empty() {
                first = block.to_vec();
            }
            match self.flaw {
                Flaw::ExportDropsTheFirstToken => each(split, &block[1..]),
                Flaw::ExportRepeats => each(split, &first),
                _ => each(split, block),
            }
        });
    }
}

fn shift(floor: Floor, by: f64) -> Floor {
    Floor::Exact(floor.value().expect("small worlds have exact floors") + by)
}

impl Truth for Broken {
    fn begin(&self) -> Box<dyn Belief + '_> {
        Box::new(BrokenBelief { inner: self.inner_truth().begin(), flaw: self.flaw })
    }

    fn floor(&self, head: usize) -> Floor {
        let by = match self.flaw {
            Flaw::FloorTooLow => -1e-10,
            Flaw::FloorIsNotANumber => f64::NAN,
            _ => 0.0,
        };
        shift(self.inner_truth().floor(head), by)
    }

    fn ceiling(&self, head: usize) -> Floor {
        let by = if self.flaw == Flaw::CeilingTooHigh { 1e-10 } else { 0.0 };
        shift(self.inner_truth().ceiling(head), by)
    }

    fn floor_by_position(&self, head: usize) -> Vec<Floor> {
        let mut floors = self.inner_truth().floor_by_position(head);
        if self.flaw == Flaw::PositionsReversed {
            floors.reverse();
        }
        floors
    }

    fn baselines(&self, head: usize) -> Vec<Baseline> {
        let mut baselines = self.inner_truth().baselines(head);
        if self.flaw == Flaw::BaselineBelowFloor {
            let last = baselines.last_mut().expect("there are baselines");
            last.nats = shift(self.inner_truth().floor(head), -1e-9);
        }
        baselines
    }

    fn states(&self) -> Option<usize> {
        self.inner_truth().states()
    }

    fn prompts(&self) -> Option<Vec<(Vec<u16>, f64)>> {
        self.inner_truth().prompts()
    }
}

struct BrokenBelief<'a> {
    inner: Box<dyn Belief + 'a>,
    flaw: Flaw,
}

impl Belief for BrokenBelief<'_> {
    fn restart(&mut self) {
        self.inner.restart();
    }

    fn observe(&mut self, token: u16) {
        self.inner.observe(token);
    }

    fn law(&self, head: usize, p: &mut [f64]) -> Known {
        let known = self.inner.law(head, p);
        match self.flaw {
            Flaw::LawSumsToMore => p[0] += 3e-12,
            Flaw::LawIsNegative => (p[0], p[1]) = (p[0] - 2.0, p[1] + 2.0),
            Flaw::LawIsNotANumber => p[0] = f64::NAN,
            Flaw::LawIsTilted => p[0] *= 0.75,
            _ => {}
        }
        if self.flaw == Flaw::LawIsTilted {
            let total: f64 = p.iter().sum();
            p.iter_mut().for_each(|x| *x /= total);
        }
        known
    }

    fn state(&self) -> Option<usize> {
        if self.flaw == Flaw::StateOutOfRange { Some(usize::MAX) } else { self.inner.state() }
    }
}
