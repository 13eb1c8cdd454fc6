use infimum_worlds::strings::Part;

use crate::Figure;
use crate::completion::blank;
use crate::metrics::{Metric, Scored};

/// How many strings a model completes to the letter, of those that are held out, or of those that it was trained on.
pub(super) struct ExactContinuation {
    pub(super) part: Part,
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) formula: &'static str,
}

pub(super) const HELD_OUT: ExactContinuation = ExactContinuation {
    part: Part::HeldOut,
    name: "exact_continuation",
    unit: "share of held-out strings",
    formula: "share of the held-out strings that the model completes exactly, end included: given the first half of the symbols (of an odd \
              number the larger half; up to the mark where strings have answers), it writes token by token, each the likeliest after \
              those written so far; interval: Wilson's, 95 %; optimum: none, since no law says how they go on; baseline: ending at once",
};

pub(super) const TRAINED: ExactContinuation = ExactContinuation {
    part: Part::Trained,
    name: "exact_continuation_trained",
    unit: "share of trained strings",
    formula: "the same of the counted strings that are trained on, where some are held out; counted, not estimated; optimum: the most \
              that a predictor can complete that says one token after each beginning; baseline: ending at once",
};

impl Metric for ExactContinuation {
    fn name(&self) -> &'static str {
        self.name
    }

    fn unit(&self) -> &'static str {
        self.unit
    }

    fn formula(&self) -> &'static str {
        self.formula
    }

    fn rises(&self) -> bool {
        true
    }

    fn figure(&self, scored: Scored<'_>) -> Option<Figure> {
        let (completions, strings) = (scored.completions?, scored.experiment.world().strings()?);
        let held_out = completions.held_out.exact.interval()?;
        let exact = completions.part(self.part).exact;
        let (optimum, interval) = match self.part {
            Part::HeldOut => (None, Some(held_out)),
            Part::Trained => (Some(strings.most_completed() as f64 / exact.of as f64), None),
        };
        Some(Figure {
            optimum,
            baseline: Some(blank(strings, self.part).exact.share()),
            low: interval.map(|ends| ends.0),
            high: interval.map(|ends| ends.1),
            ..Figure::plain(self, exact.share())
        })
    }
}
