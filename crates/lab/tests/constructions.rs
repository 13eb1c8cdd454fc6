//! Automata written as weights are exact in the engine's f32, and say truly when. The whole of the acceptance is
//! `cargo run --release -p infimum-lab --example constructions`; this is a part of it that takes seconds.

use infimum_lab::regular::{Agreement, Construction, Method, Recogniser, Wanted, Words, builtin, construct, machine};
use infimum_lab::{Experiment, Isa, LabError, Machine};
use infimum_worlds::regular::{Alphabet, Automaton, Machine as Language};
use infimum_worlds::{Purpose, Stream};

fn built(language: &Language, length: usize, method: Option<Method>) -> Result<Construction, LabError> {
    construct(Wanted { name: "test", language: None, machine: language, length, method })
}

/// Compares a construction with an automaton.
fn compared(construction: &Construction, automaton: &Automaton, words: Words) -> Agreement {
    let experiment = Experiment::new(construction.plan.clone()).unwrap();
    let mut computer = Machine::new(Isa::best(), 2);
    let mut recogniser = Recogniser::new(&experiment, &construction.point, &mut computer).unwrap();
    Agreement::of(&mut recogniser, automaton, words, &mut |_| true).unwrap()
}

fn few(length: usize) -> Words {
    Words { all: 300, longest: 12.min(length), random: 32, length, seed: 1 }
}

fn check(name: &str, language: &Language, length: usize, method: Option<Method>) -> Construction {
    let construction = built(language, length, method).unwrap_or_else(|error| panic!("{name}: {error}"));
    let found = compared(&construction, language.automaton(), few(length));
    assert_eq!((&found.least_wrong, found.random_wrong), (&None, 0), "{name}");
    assert!(found.random > 0 && found.words > 1, "{name}: {found:?}");
    construction
}

fn named(name: &str) -> Language {
    builtin::named(name).unwrap_or_else(|| panic!("there is no {name}")).unwrap()
}

/// A random automaton of up to `most` states over two symbols, whose outputs are classes.
fn random(number: u64, most: usize) -> Language {
    let mut stream = Stream::new(7, Purpose::Check, 0, number);
    let mut below = |n: usize| stream.below(n as u64);
    loop {
        let states = 2 + below(most - 1) as usize;
        let next = (0..2 * states).map(|_| below(states) as u32).collect();
        let outputs = (0..states).map(|_| below(3) as u16).collect();
        let classes = ["accept", "incomplete", "reject"].map(String::from).to_vec();
        let automaton = Automaton::new(2, next, outputs);
        let language = Language::new(Alphabet::of_characters("ab").unwrap(), classes, &automaton).unwrap();
        if language.require_choice().is_ok() {
            return language;
        }
    }
}

#[test]
fn prefix_composition_is_exact() {
    for number in 0..6 {
        check(&format!("random {number}"), &random(number, 8), 64, Some(Method::Prefix));
    }
    for name in ["tomita-3", "even-pairs", "cycle-navigation", "dyck-1-3", "s3", "a5", "s5", "s3-identity"] {
        check(name, &named(name), 64, Some(Method::Prefix));
    }
    for (length, blocks) in [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (17, 5), (64, 6)] {
        let construction = check("parity", &named("parity"), length, Some(Method::Prefix));
        assert_eq!(construction.about.layers, blocks, "of length {length}");
    }
}

/// Word problems of more states than are composed: by the points that words move.
#[test]
fn permutations_are_composed_on_their_points() {
    for (name, states, points) in [("a5-identity", 60, 5), ("s5-identity", 120, 5)] {
        let construction = check(name, &named(name), 32, Some(Method::Prefix));
        assert_eq!((construction.about.states, construction.about.points), (states, Some(points)), "{name}");
    }
}

#[test]
fn one_block_is_enough_for_resets_and_for_counters() {
    let last = check("last", &named("last"), 1000, None);
    assert_eq!((last.about.method, last.about.layers), (Method::Reset, 1));
    // a and b set the state, c keeps it.
    let flip_flop = machine(".*bc*", Some("abc")).unwrap();
    assert_eq!(check("flip-flop", &flip_flop, 64, None).about.method, Method::Reset);
    for name in ["parity", "counter-5", "counter-7", "tomita-6"] {
        let construction = check(name, &named(name), 64, None);
        assert_eq!((construction.about.method, construction.about.layers), (Method::Counter, 1), "{name}");
        // To the length that is promised, and not beyond.
        let longest = construction.about.exact_to_length;
        check(name, &named(name), longest, Some(Method::Counter));
        let error = built(&named(name), longest + 1, Some(Method::Counter)).err().unwrap().to_string();
        assert!(error.contains(&longest.to_string()), "{error}");
    }
}

#[test]
fn the_machine_that_writes_its_states_is_exact() {
    for name in ["parity", "even-pairs", "s5-identity", "dyck-2-3"] {
        let construction = check(name, &named(name), 20, Some(Method::Steps));
        assert_eq!((construction.about.method, construction.about.layers), (Method::Steps, 1), "{name}");
    }
}

/// What is claimed is noticed when it is not so: against an automaton with one other edge, the difference is found, and it is the
/// shortest that there is.
#[test]
fn an_edge_that_is_wrong_is_noticed() {
    for method in [Method::Prefix, Method::Steps] {
        let language = named("even-pairs");
        let construction = built(&language, 16, Some(method)).unwrap();
        let right = language.automaton();
        let mut next: Vec<u32> = (0..right.states() as u32).flat_map(|state| right.row(state).to_vec()).collect();
        let edge = next.len() - 1;
        next[edge] = (next[edge] + 1) % right.states() as u32;
        let wrong = Automaton::new(right.symbols(), next, right.outputs().to_vec());
        let expected = right.first_difference(&wrong, |a, b| a != b).unwrap();
        let found = compared(&construction, &wrong, few(16));
        assert_eq!(found.least_wrong, expected, "{method:?}");
    }
}

/// A weight that is off by one part in a thousand, or attention that is less sharp, is noticed.
#[test]
fn spoilt_weights_are_noticed() {
    let language = named("s5");
    let mut construction = built(&language, 64, Some(Method::Prefix)).unwrap();
    let range = |construction: &Construction, name: &str| {
        let layout = construction.plan.layout();
        layout.parameters().iter().find(|parameter| parameter.name == name).unwrap().range.clone()
    };
    let joint = range(&construction, "transformer.h.3.attn.c_attn.weight");
    let bias = range(&construction, "transformer.h.3.attn.c_attn.bias");
    let right = construction.point.clone();
    // Queries two positions off.
    construction.point[bias.start] *= 1.25;
    assert!(compared(&construction, language.automaton(), few(64)).random_wrong > 0);
    construction.point = right;
    // Scores apart by a hundredth of what they were.
    let width = construction.about.width;
    construction.point[joint.start..joint.start + 2 * width].iter_mut().for_each(|w| *w /= 1024.0);
    construction.point[bias.start..bias.start + 2].iter_mut().for_each(|w| *w /= 1024.0);
    assert!(compared(&construction, language.automaton(), few(64)).random_wrong > 0);
}

#[test]
fn what_cannot_be_constructed_is_refused_with_its_size_and_a_way_out() {
    let text = |name: &str, length, method| built(&named(name), length, method).err().unwrap().to_string();
    let large = text("dyck-2-5", 20, Some(Method::Prefix));
    assert!(large.contains("= 64") && large.contains("at most 32") && large.contains("--method steps"), "{large}");
    let none = text("first", 20, Some(Method::Reset));
    assert!(none.contains("--method = reset") && none.contains("leave it out"), "{none}");
    let ring = text("tomita-5", 20, Some(Method::Counter));
    assert!(ring.contains("--method = counter"), "{ring}");
    let long = text("parity", 948, Some(Method::Steps));
    assert!(long.contains("--length = 948") && long.contains("at most 947"), "{long}");
    // Without a method there is one for all of them.
    for name in ["dyck-2-5", "first", "tomita-5"] {
        built(&named(name), 20, None).unwrap();
    }
}
