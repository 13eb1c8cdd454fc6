//! Strings known by heart, by a predictor that gets some of them wrong, and strings completed by predictors that know some.

use infimum_lab::evaluation::Evaluator;
use infimum_lab::predictor::{Hear, Network, Predictor, Sequences};
use infimum_lab::{Experiment, Figure, Machine, start, statistics};
use infimum_worlds::strings::{PADDING, Part};

use crate::planted::{experiment, figures as figures_of, machine, named, of_laws, truth_with};

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

/// What is likeliest may be a string that is not counted: the best predictor of the law then has fewer right than another has.
#[test]
fn the_optimum_is_that_of_all_predictors_and_not_of_the_one_of_least_loss() {
    let overrides = ["world.strings=[\"ABC\", \"AB\", \"DE\"]", "world.shares=[1.0, 3.0, 1.0]", "world.counted=1"];
    let figures = figures(&experiment(STRINGS, &overrides), &[]);
    let [sequences, excess] = ["sequences", "excess_loss"].map(|name| named(&figures, name));
    assert_eq!((sequences.value, sequences.optimum, excess.value.abs() < 1e-6), (0.0, Some(1.0), true));
}

/// Snippets of Python, and three that are held out. Of the beginnings of those, `x = `, `a.b` and `print`, two are programs as they stand.
const SNIPPETS: &str = "[world]
kind = \"strings\"
strings = [\"x = 1 + 2\", \"if x: y\", \"a.bc(x)\", \"[x, y]\", \"f()\"]
held_out = [\"x = (1)\", \"a.b()\", \"print(xyz)\"]
syntax = \"python\"
[model]
width = 8
layers = 1
heads = 1
[evaluation]
test_sequences = 100
";

/// Figures of a predictor that says what follows in the first of `known` that begins as what it sees, and the end where none does.
fn of_reciter(experiment: &Experiment, known: &[&str]) -> Vec<Figure> {
    let spelling = experiment.world().spelling().unwrap();
    let known: Vec<Vec<u16>> =
        known.iter().map(|text| [&spelling.read(text).unwrap()[..], &[PADDING]].concat()).collect();
    let alphabet = experiment.world().shape().alphabet;
    of_laws(experiment, &|example, laws| {
        for (position, law) in laws.chunks_exact_mut(alphabet).enumerate() {
            let seen = &example.tokens[..=position];
            let next = known.iter().find(|string| string.len() > seen.len() && string.starts_with(seen));
            law.fill(0.01);
            law[usize::from(next.map_or(PADDING, |string| string[seen.len()]))] = 0.9;
        }
    })
}

fn strings_of(experiment: &Experiment, part: Part) -> Vec<String> {
    let (world, strings) = (experiment.world().spelling().unwrap(), experiment.world().strings().unwrap());
    strings.unfinished(part).iter().map(|string| world.spell(&string.symbols)).collect()
}

#[track_caller]
fn are(figures: &[Figure], expected: &[(&str, f64)]) {
    for (name, value) in expected {
        assert_eq!(named(figures, name).value, *value, "{name}");
    }
}

#[test]
fn who_knows_the_strings_completes_them_and_nobody_else_does() {
    let experiment = experiment(SNIPPETS, &[]);
    let [trained, held_out] = [Part::Trained, Part::HeldOut].map(|part| strings_of(&experiment, part));
    let [trained, held_out] = [&trained, &held_out].map(|part| part.iter().map(String::as_str).collect::<Vec<&str>>());
    let by_heart = of_reciter(&experiment, &trained);
    are(&by_heart, &[("exact_continuation_trained", 1.0), ("valid_syntax_trained", 1.0), ("exact_continuation", 0.0)]);
    // `x = ` becomes `x = 1 + 2`, `a.b` becomes `a.bc(x)`, and `print` ends at once.
    are(&by_heart, &[("valid_syntax", 1.0)]);
    assert_eq!(named(&by_heart, "exact_continuation_trained").optimum, Some(1.0));
    let by_both = of_reciter(&experiment, &[trained, held_out.clone()].concat());
    are(&by_both, &[("exact_continuation_trained", 1.0), ("exact_continuation", 1.0 / 3.0), ("valid_syntax", 1.0)]);
    let other = of_reciter(&experiment, &held_out);
    are(&other, &[("exact_continuation", 1.0), ("valid_syntax", 1.0), ("exact_continuation_trained", 0.0)]);
}

/// Who ends at once has none right, and as many programs as there are among the beginnings.
#[test]
fn who_writes_nothing_is_at_every_baseline() {
    let experiment = experiment(SNIPPETS, &[]);
    let figures = of_reciter(&experiment, &[]);
    are(&figures, &[("exact_continuation", 0.0), ("exact_continuation_trained", 0.0)]);
    // Of `x = `, `a.b`, `print`; and of `x = 1`, `if x`, `a.bc`, `[x,`, `f(`.
    are(&figures, &[("valid_syntax", 2.0 / 3.0), ("valid_syntax_trained", 2.0 / 5.0)]);
    for name in ["exact_continuation", "exact_continuation_trained", "valid_syntax", "valid_syntax_trained"] {
        let figure = named(&figures, name);
        assert_eq!(Some(figure.value), figure.baseline, "{name}");
        let interval = statistics::Trials { successes: (3.0 * figure.value) as u64, of: 3 }.interval();
        let expected = if name.ends_with("trained") { None } else { interval };
        assert_eq!(figure.low.zip(figure.high), expected, "{name}");
    }
}

/// A string that goes on where it should end is not the string.
#[test]
fn an_end_that_is_missed_is_no_exact_continuation() {
    let experiment = experiment(SNIPPETS, &[]);
    let figures = of_reciter(&experiment, &["x = (1)x", "a.b())", "f()()"]);
    are(&figures, &[("exact_continuation", 0.0), ("valid_syntax", 1.0 / 3.0)]);
    // Of `f(` it makes `f()()`, and of `x = 1` and `a.bc` nothing more.
    are(&figures, &[("exact_continuation_trained", 0.0), ("valid_syntax_trained", 3.0 / 5.0)]);
}

/// Two that part after what is given of both cannot both be completed.
#[test]
fn the_optimum_of_trained_strings_is_what_can_be_completed() {
    let alike = "world.strings=[\"x = 1 + 2\", \"x = 1 - 2\", \"x = 1\", \"f()\"]";
    let experiment = experiment(SNIPPETS, &[alike]);
    let figures = of_reciter(&experiment, &["x = 1 + 2", "x = 1", "f()"]);
    let trained = named(&figures, "exact_continuation_trained");
    assert_eq!((trained.value, trained.optimum), (0.5, Some(0.5)), "`x = 1` ends where the other goes on");
}

/// What the world does not ask for is not said.
#[test]
fn figures_of_completions_are_those_that_the_world_asks_for() {
    let names = |overrides: &[&str]| -> Vec<String> {
        let figures = of_reciter(&experiment(SNIPPETS, overrides), &[]);
        let names = figures.into_iter().map(|figure| figure.name);
        names.filter(|name| name.contains("continuation") || name.contains("syntax")).collect()
    };
    let exact = ["exact_continuation", "exact_continuation_trained"];
    assert_eq!(names(&[]), [&exact[..], &["valid_syntax", "valid_syntax_trained"]].concat());
    assert_eq!(names(&["world.held_out=[]"]), ["valid_syntax_trained"]);
    let text = SNIPPETS.replace("syntax = \"python\"\n", "");
    let found = of_reciter(&experiment(&text, &[]), &[]);
    assert!(exact.iter().all(|name| found.iter().any(|figure| figure.name == *name)));
    assert!(found.iter().all(|figure| !figure.name.contains("syntax")));
    let plain = of_reciter(&experiment(&text, &["world.held_out=[]"]), &[]);
    assert!(plain.iter().all(|figure| !figure.name.contains("continuation")));
}

/// What one knows of ten strings that are trained on and of ten others. Where it knows nothing it writes a bracket, and no program.
pub(crate) fn rests_forgotten(seed: usize) -> (Vec<Figure>, Vec<(&'static str, f64)>) {
    let strings = |letters: &str| letters.chars().map(|letter| format!("{letter}=1+(2)")).collect::<Vec<String>>();
    let (trained, held_out) = (strings("abcdefghij"), strings("klmnopqrst"));
    let lists = [format!("world.strings={trained:?}"), format!("world.held_out={held_out:?}")];
    let experiment = experiment(SNIPPETS, &[&lists[0], &lists[1]]);
    let (of_trained, of_held_out) = (3 + seed % 5, seed % 4);
    let broken =
        [&trained[..], &held_out].concat().iter().map(|string| string.replace("(2)", ")")).collect::<Vec<String>>();
    let known = trained[..of_trained].iter().chain(&held_out[..of_held_out]).chain(&broken);
    let figures = of_reciter(&experiment, &known.map(String::as_str).collect::<Vec<&str>>());
    let [trained, held_out] = [of_trained, of_held_out].map(|known| known as f64 / 10.0);
    let expected = [("exact_continuation", held_out), ("exact_continuation_trained", trained)];
    (figures, [&expected[..], &[("valid_syntax", held_out), ("valid_syntax_trained", trained)]].concat())
}

/// A network that says what it says of whole sequences alone.
struct Whole<'n>(Network<'n>);

impl Predictor for Whole<'_> {
    fn predict(&mut self, machine: &mut Machine, sequences: Sequences<'_>, hear: Hear<'_>) {
        self.0.predict(machine, sequences, hear);
    }
}

/// Written one position after another, and by one whole program for every token.
#[test]
fn networks_write_what_they_say_of_whole_sequences() {
    for scored in ["padding", "end"] {
        let overrides = [&format!("world.scored={scored}")[..], "model.width=16", "model.heads=2", "world.length=14"];
        let experiment = experiment(SNIPPETS, &overrides);
        let point: Vec<f32> =
            start(experiment.program(), experiment.plan().model(), 1).iter().map(|x| 8.0 * x).collect();
        let strings = experiment.world().strings().unwrap();
        let unfinished = [strings.unfinished(Part::Trained), strings.unfinished(Part::HeldOut)].concat();
        let beginnings: Vec<Vec<u16>> = unfinished.iter().map(|string| string.prompt().to_vec()).collect();
        let mut machine = machine(2);
        let mut evaluator = Evaluator::new(&experiment, &machine);
        let written = evaluator.at(&point).write(&experiment, &mut machine, &beginnings, PADDING);
        let whole = Whole(evaluator.at(&point)).write(&experiment, &mut machine, &beginnings, PADDING);
        assert_eq!(written, whole, "{scored}");
        assert!(written.iter().zip(&beginnings).all(|(tokens, beginning)| tokens.starts_with(beginning)));
        let last = experiment.world().shape().scored.end + 1;
        let is_whole = |tokens: &Vec<u16>| tokens.len() == last || tokens.last() == Some(&PADDING);
        assert!(written.iter().all(is_whole) && written.iter().any(|tokens| tokens.len() == last), "{written:?}");
    }
}

/// A network has the figures of what it writes.
#[test]
fn figures_of_a_network_are_those_of_what_it_writes() {
    let experiment = experiment(SNIPPETS, &[]);
    let (point, mut machine) = (start(experiment.program(), experiment.plan().model(), 1), machine(1));
    let mut evaluator = Evaluator::new(&experiment, &machine);
    let one = figures_of(&experiment, &mut evaluator.at(&point), &mut machine, None);
    let other = figures_of(&experiment, &mut Whole(evaluator.at(&point)), &mut machine, None);
    assert_eq!(one, other);
}
