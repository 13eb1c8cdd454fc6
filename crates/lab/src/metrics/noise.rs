//! Scores that lie beyond their optimum because of which test sequences were drawn.

use crate::Figure;
use crate::mean::INTERVAL;

/// What a table of scores has to say where some lie beyond their optimum.
#[derive(Clone, Debug, PartialEq)]
pub struct Noise {
    /// The scores that do, each within the noise of the test sequences.
    pub beyond: Vec<String>,
    /// The truth's own loss on the same sequences, in nats per scored target, which the model's is to be compared with.
    pub truth_nats: f64,
}

/// Scores beyond their optimum are noise up to so many standard errors, as the alarm has it.
const STANDARD_ERRORS: f64 = 4.0;

/// Which of `cross_entropy` and `accuracy` lie beyond their optimum, although nothing can be expected to. `None` if neither,
/// or if the truth's loss is unknown.
pub fn noise(figures: &[Figure]) -> Option<Noise> {
    let named = |name: &str| figures.iter().find(|figure| figure.name == name);
    let (loss, excess, accuracy) =
        (named("cross_entropy")?, named("excess_loss")?, named("accuracy").or(named("token_accuracy")));
    let beyond: Vec<String> = [Some((loss, 1.0)), accuracy.map(|accuracy| (accuracy, -1.0))]
        .into_iter()
        .flatten()
        .filter(|(figure, better_below)| is_noise(figure, *better_below))
        .map(|(figure, _)| figure.name.clone())
        .collect();
    // Both are means over the same targets of the same sequences.
    let truth_nats = loss.value - excess.value;
    (!beyond.is_empty()).then_some(Noise { beyond, truth_nats })
}

/// Whether a value lies beyond its optimum by no more than noise; `better_below` is 1 where less is better, else -1.
fn is_noise(figure: &Figure, better_below: f64) -> bool {
    let Figure { value, optimum: Some(optimum), low: Some(low), high: Some(high), .. } = figure else { return false };
    let (beyond, error) = ((optimum - value) * better_below, (high - low) / 2.0 / INTERVAL);
    beyond > 0.0 && beyond <= STANDARD_ERRORS * error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(name: &str, value: f64, optimum: f64) -> Figure {
        let (low, high) = (Some(value - 0.0196), Some(value + 0.0196));
        Figure { name: name.into(), value, unit: String::new(), optimum: Some(optimum), baseline: None, low, high }
    }

    #[test]
    fn scores_beyond_their_optimum_are_named_with_the_truth_of_the_same_sequences() {
        // Loss and accuracy against optima of 2 and 0.5; one standard error is 0.01.
        for (loss, accuracy, beyond) in [
            (2.01, 0.49, vec![]),
            (1.99, 0.49, vec!["cross_entropy"]),
            (2.01, 0.51, vec!["accuracy"]),
            (1.97, 0.53, vec!["cross_entropy", "accuracy"]),
            (1.95, 0.55, vec![]),
        ] {
            let figures = [
                figure("excess_loss", 0.25, 0.0),
                figure("cross_entropy", loss, 2.0),
                figure("accuracy", accuracy, 0.5),
            ];
            let found = noise(&figures);
            assert_eq!(found.as_ref().map_or(&[][..], |noise| &noise.beyond), beyond, "{loss} {accuracy}");
            assert!(found.is_none_or(|noise| noise.truth_nats == loss - 0.25));
            assert_eq!(noise(&figures[1..]), None);
        }
    }
}
