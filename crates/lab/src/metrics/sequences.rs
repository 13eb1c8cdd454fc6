use crate::Figure;
use crate::metrics::{Metric, Scored};

/// How many whole strings are known by heart.
pub(super) struct Sequences;

impl Metric for Sequences {
    fn name(&self) -> &'static str {
        "sequences"
    }

    fn unit(&self) -> &'static str {
        "strings"
    }

    fn formula(&self) -> &'static str {
        "how many of the counted strings have every symbol that is asked for as the model's likeliest token after the true symbols \
         before it; each string is asked for once; counted, not estimated; optimum: the most that any predictor has right that says \
         one token after each beginning, whatever its loss; in worlds of strings"
    }

    fn rises(&self) -> bool {
        true
    }

    fn figure(&self, scored: Scored<'_>) -> Option<Figure> {
        let (recital, strings) = (scored.recital?, scored.experiment.world().strings()?);
        Some(Figure { optimum: Some(strings.most_right() as f64), ..Figure::plain(self, recital.right as f64) })
    }
}
