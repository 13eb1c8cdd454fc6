use infimum_worlds::World;

use crate::Figure;
use crate::metrics::{Metric, Scored};
use crate::statistics::wilson;

pub(crate) const NAME: &str = "exact_match";

/// How often a whole answer is right.
///
/// A target counts as hit if it is the likeliest token after the true tokens before it. Written token by token, each the
/// likeliest after those written so far, an answer is right exactly if all its targets are hit so: up to the first miss the
/// tokens written are the true ones, and after it the answer is wrong whatever follows. So the two rates are one, where a
/// question has one answer.
pub(super) struct ExactMatch;

impl Metric for ExactMatch {
    fn name(&self) -> &'static str {
        NAME
    }

    fn unit(&self) -> &'static str {
        "share of answers"
    }

    fn formula(&self) -> &'static str {
        "share of test sequences all of whose scored targets are the model's likeliest token, which are those whose answer it writes \
         right, token by token; in worlds whose questions have one answer; interval: Wilson's, 95 %; optimum 1; baseline: guessing \
         every token"
    }

    fn is_validated(&self, world: &dyn World) -> bool {
        world.has_one_answer()
    }

    fn rises(&self) -> bool {
        true
    }

    fn figure(&self, scored: Scored<'_>) -> Option<Figure> {
        let world = scored.experiment.world();
        if !world.has_one_answer() {
            return None;
        }
        let right = scored.scores.iter().filter(|score| score.hits == score.weight).count();
        let (right, trials) = (right as f64, scored.scores.len() as f64);
        let (low, high) = wilson(right / trials, trials)?;
        let shape = world.shape();
        let guessing = libm::pow(shape.heads[0].alphabet as f64, -(shape.scored.len() as f64));
        Some(Figure {
            optimum: Some(1.0),
            baseline: Some(guessing),
            low: Some(low),
            high: Some(high),
            ..Figure::plain(self, right / trials)
        })
    }
}
