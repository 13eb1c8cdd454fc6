//! Training changes every free parameter.

use super::subject::Subject;
use super::{Finding, Gate};

pub(super) const GATE: Gate = Gate { name: "learning", look };

const SEQUENCES: usize = 64;
/// Of an array's numbers, this share may come back to where they were by chance.
const BOUND: f64 = 1e-3;

/// The largest share, over arrays, of parameters with a gradient that are what they were before the first step. What no training sequence
/// touches, such as the row of a token that is never read, may stay as it was.
fn look(subject: &mut dyn Subject) -> Finding {
    let Some(start) = subject.start().map(<[f32]>::to_vec) else {
        return Finding::None("these weights come from elsewhere, and nobody knows what they were before".into());
    };
    let examples = subject.training_examples(SEQUENCES);
    let gradient = subject.gradient(&examples).gradient;
    let point = subject.point();
    let (mut largest, mut at, mut untouched) = (0.0, String::new(), 0);
    for parameter in subject.experiment().program().parameters() {
        let range = parameter.range.clone();
        let same = range.clone().filter(|i| point[*i].to_bits() == start[*i].to_bits());
        let (moves, stays): (Vec<usize>, Vec<usize>) = same.partition(|i| gradient[*i] != 0.0);
        untouched += stays.len();
        let share = moves.len() as f64 / range.len() as f64;
        if share > largest {
            (largest, at) = (share, format!("; of {}", parameter.name));
        }
    }
    let about = "largest share of an array's parameters that have a gradient and stay what they were";
    let rest = if untouched > 0 { format!("; {untouched} others have none and stay") } else { String::new() };
    Finding::AtMost(largest, BOUND, format!("{about}{at}{rest}"))
}
