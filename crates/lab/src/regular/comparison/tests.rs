//! What is held out, asked of activations that know every string by heart and nothing of its state.

use infimum_worlds::{Purpose, Stream};

use super::words::{Split, Word};
use super::*;
use crate::{Plan, Recipe};

const WORDS: usize = 600;
const CHANNELS: usize = 96;

fn experiment(language: &str, longest: usize) -> Experiment {
    let recipe = format!(
        "[world]\nkind = \"regular\"\nlanguage = \"{language}\"\nlongest = {longest}\n[model]\nwidth = 8\nheads = 2\nlayers = 1"
    );
    Experiment::new(Plan::new(&Recipe::parse(&recipe, "heart", &[]).unwrap()).unwrap()).unwrap()
}

/// Another number for every string.
fn number(string: &[u16]) -> u64 {
    string.iter().fold(1, |number, symbol| 2 * number + u64::from(*symbol))
}

/// At every position normal numbers that the string so far alone decides.
fn by_heart(words: &[Word]) -> Rows {
    let strings = words.iter().flat_map(|word| (0..=word.length).map(|length| number(&word.symbols()[..length])));
    let numbers = strings.flat_map(|string| {
        let mut stream = Stream::new(string, Purpose::Check, 0, 0);
        (0..CHANNELS).map(|_| stream.normal() as f32).collect::<Vec<_>>()
    });
    Rows { channels: CHANNELS, numbers: numbers.collect() }
}

fn scored(split: &Split, experiment: &Experiment) -> (f64, NetworkScores, ProbeScore) {
    let (_, automaton) = language(experiment).unwrap();
    let viewer = Viewer::new(experiment, &automaton, split);
    let rows = by_heart(&split.words);
    let (moments, control) = viewer.fitted(&rows);
    let probe = Probe::fitted(&moments);
    let where_fitted = probe.score(&rows.picked(&split.side(false)), &viewer.fit);
    (viewer.chance(), viewer.scored("site", &rows, [&probe, &control]), where_fitted)
}

/// Parted by strings, the probe that knows them by heart is at chance; parted by words it seems to know the state.
#[test]
fn a_probe_that_knows_strings_by_heart_is_at_chance() {
    let experiment = experiment("parity", 6);
    let (_, automaton) = language(&experiment).unwrap();
    let split = Split::draw(&experiment, &automaton, WORDS).unwrap();
    assert!(split.strings(false).is_disjoint(&split.strings(true)));
    let (chance, found, where_fitted) = scored(&split, &experiment);
    assert!(where_fitted.accuracy > 0.99 && where_fitted.explained > 0.9, "{where_fitted:?}");
    assert!(found.own.accuracy < chance + 0.1 && found.own.explained < 0.1, "{:?}, {chance}", found.own);
    let sides = split.words.iter().flat_map(|word| vec![number(word.symbols()).is_multiple_of(3); word.length + 1]);
    let by_words = Split { is_held_out: sides.collect(), words: split.words };
    assert!(!by_words.strings(false).is_disjoint(&by_words.strings(true)), "words begin alike");
    let (chance, found, _) = scored(&by_words, &experiment);
    assert!(found.own.accuracy > chance + 0.2, "{:?}, {chance}", found.own);
}

/// A state that one string alone leads to is fitted on; where the held-out strings lead to one state, that is said.
#[test]
fn states_with_one_string_are_never_held_out() {
    let experiment = experiment("ab", 6);
    let (_, automaton) = language(&experiment).unwrap();
    let split = Split::draw(&experiment, &automaton, 200).unwrap();
    let looked = Viewer::new(&experiment, &automaton, &split).looked();
    assert_eq!((looked.drawn, looked.shared_strings, looked.held_out_states), (200, 0, 1));
    assert_eq!(looked.fit_positions + looked.held_out_positions, split.is_held_out.len());
    let (chance, found, _) = scored(&split, &experiment);
    assert!(chance == 1.0 && found.own.explained.is_finite() && found.kernel_alignment.is_none(), "{:?}", found.own);
    let states: BTreeSet<u32> = split.labels(false).into_iter().collect();
    assert_eq!(states.len(), 4);
}
