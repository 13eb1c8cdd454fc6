use infimum_worlds::strings::Part;

use crate::Figure;
use crate::completion::blank;
use crate::metrics::{Metric, Scored};

/// How many strings a model completes to a whole program, of those that are held out, or of those that it was trained on.
pub(super) struct ValidSyntax {
    pub(super) part: Part,
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) formula: &'static str,
}

pub(super) const HELD_OUT: ValidSyntax = ValidSyntax {
    part: Part::HeldOut,
    name: "valid_syntax",
    unit: "share of held-out strings",
    formula: "share of the held-out strings whose beginning and the model's continuation, up to the end, are together a program of the \
              world's language; beginnings and continuations are those of exact_continuation; interval: Wilson's, 95 %; optimum 1; \
              baseline: ending at once, so that a beginning counts that is a program as it stands",
};

pub(super) const TRAINED: ValidSyntax = ValidSyntax {
    part: Part::Trained,
    name: "valid_syntax_trained",
    unit: "share of trained strings",
    formula: "the same of the counted strings that are trained on; counted, not estimated",
};

impl Metric for ValidSyntax {
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
        let strings = scored.experiment.world().strings()?;
        let valid = scored.completions?.part(self.part).valid?;
        let interval = valid.interval()?;
        let estimated = self.part == Part::HeldOut;
        Some(Figure {
            optimum: Some(1.0),
            baseline: blank(strings, self.part).valid.map(|valid| valid.share()),
            low: estimated.then_some(interval.0),
            high: estimated.then_some(interval.1),
            ..Figure::plain(self, valid.share())
        })
    }
}
