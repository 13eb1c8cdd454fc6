use crate::Figure;
use crate::metrics::{Metric, Scored};

/// How many test sequences were also trained on; in a small world that cannot be avoided.
pub(super) struct SharedSequences;

impl Metric for SharedSequences {
    fn name(&self) -> &'static str {
        "shared_sequences"
    }

    fn unit(&self) -> &'static str {
        "share of test sequences"
    }

    fn formula(&self) -> &'static str {
        "share of test sequences, tokens and targets alike, that are also among the training sequences; counted, not \
         estimated; optimum 0"
    }

    fn figure(&self, scored: Scored<'_>) -> Option<Figure> {
        let share = scored.retraced?.shared_sequences? as f64 / scored.scores.len() as f64;
        Some(Figure { optimum: Some(0.0), ..Figure::plain(self, share) })
    }
}
