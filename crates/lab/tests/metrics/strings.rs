//! Strings known by heart, by a predictor that gets some of them wrong.

use infimum_lab::{Experiment, Figure};

use crate::planted::{experiment, named, of_laws, truth_with};

/// Of five strings four can be right: AA and AB begin alike.
const STRINGS: &str = "[world]
kind = \"strings\"
strings = [\"AA\", \"ABC\", \"CD\", \"EF\", \"GH\"]
[model]
width = 8
layers = 1
heads = 1
[evaluation]
test_sequences = 100
";

fn figures(experiment: &Experiment, wrong_after: &[u16]) -> Vec<Figure> {
    of_laws(experiment, &|example, laws| {
        truth_with(experiment, example, laws, |example, position, law| {
            if position == 0 && wrong_after.contains(&example.tokens[0]) {
                let right = law.iter().position(|p| *p == 1.0).expect("one symbol follows");
                law[right] = 0.2;
                law[(right + 1) % 9] = 0.8;
            }
        });
    })
}

/// C, E or both are followed by something else than the string has.
pub(crate) fn likeliest_missed(seed: usize) -> (Vec<Figure>, Vec<(&'static str, f64)>) {
    let experiment = experiment(STRINGS, &[&format!("training.seed={seed}")]);
    let wrong: &[u16] = [&[3][..], &[5], &[3, 5]][seed % 3];
    (figures(&experiment, wrong), vec![("sequences", 4.0 - wrong.len() as f64)])
}

#[test]
fn the_truth_has_as_many_strings_right_as_can_be() {
    let figures = figures(&experiment(STRINGS, &[]), &[]);
    let sequences = named(&figures, "sequences");
    assert_eq!((sequences.value, sequences.optimum, sequences.unit.as_str()), (4.0, Some(4.0), "strings"));
}
