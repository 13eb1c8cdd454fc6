use crate::Figure;
use crate::mean::INTERVAL;
use crate::metrics::{Metric, Scored};

/// How often a whole answer is right.
///
/// A target counts as hit if it is the likeliest token after the true tokens before it. Written token by token, each the
/// likeliest after those written so far, an answer is right exactly if all its targets are hit so: up to the first miss the
/// tokens written are the true ones, and after it the answer is wrong whatever follows. So the two rates are one, where a
/// question has one answer.
pub(super) struct ExactMatch;

impl Metric for ExactMatch {
    fn name(&self) -> &'static str {
        "exact_match"
    }

    fn unit(&self) -> &'static str {
        "share of answers"
    }

    fn formula(&self) -> &'static str {
        "share of test sequences all of whose scored targets are the model's likeliest token, which are those whose answer it writes \
         right, token by token; in worlds whose questions have one answer; interval: Wilson's, 95 %; optimum 1; baseline: guessing \
         every token"
    }

    fn figure(&self, scored: Scored<'_>) -> Option<Figure> {
        let world = scored.experiment.world();
        if !world.has_one_answer() {
            return None;
        }
        let right = scored.scores.iter().filter(|score| score.hits == score.weight).count();
        let (low, high) = wilson(right, scored.scores.len())?;
        let shape = world.shape();
        let guessing = libm::pow(shape.heads[0].alphabet as f64, -(shape.scored.len() as f64));
        Some(Figure {
            optimum: Some(1.0),
            baseline: Some(guessing),
            low: Some(low),
            high: Some(high),
            ..Figure::plain(self, right as f64 / scored.scores.len() as f64)
        })
    }
}

/// The 95 % interval of a rate of which `hits` of `trials` were seen (Wilson 1927); `None` without a trial.
pub(crate) fn wilson(hits: usize, trials: usize) -> Option<(f64, f64)> {
    if trials == 0 {
        return None;
    }
    let (n, rate, square) = (trials as f64, hits as f64 / trials as f64, INTERVAL * INTERVAL);
    let middle = rate + square / (2.0 * n);
    let half = INTERVAL * libm::sqrt(rate * (1.0 - rate) / n + square / (4.0 * n * n));
    let end = |x: f64| x / (1.0 + square / n);
    let low = if hits == 0 { 0.0 } else { end(middle - half) };
    let high = if hits == trials { 1.0 } else { end(middle + half) };
    Some((low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `statsmodels.stats.proportion.proportion_confint(method="wilson")` gives them.
    #[test]
    fn intervals_are_wilsons() {
        for (hits, trials, low, high) in [
            (0, 10, 0.0, 0.2775328),
            (10, 10, 0.7224672, 1.0),
            (5, 8, 0.3057416, 0.8631574),
            (1, 1000, 0.0001766, 0.0056422),
        ] {
            let (found_low, found_high) = wilson(hits, trials).unwrap();
            assert!((found_low - low).abs() < 1e-5 && (found_high - high).abs() < 1e-5, "{found_low} {found_high}");
        }
        assert_eq!(wilson(0, 0), None);
    }
}
