//! Every construction by prefix composition that Infimum promises is exact: 50 random automata of up to 8 states, every built-in
//! language of at most 16, and the groups S3, A5 and S5, for words of up to 64 symbols; on all words up to the greatest length, at
//! most 12, at which there are no more than 100,000, and on 10,000 random ones of 64.
//!
//! `cargo run --release -p infimum-lab --example constructions`; some minutes.

use std::time::Instant;

use infimum_lab::regular::{Agreement, Method, Recogniser, Wanted, Words, builtin, construct};
use infimum_lab::{Experiment, Isa, Machine};
use infimum_worlds::regular::{Alphabet, Automaton, Machine as Language};
use infimum_worlds::{Purpose, Stream};

const LENGTH: usize = 64;
const MOST_STATES: usize = 16;

fn main() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut computer = Machine::new(Isa::best(), threads);
    let started = Instant::now();
    let (mut automata, mut words, mut sampled) = (0, 0, 0);
    for (name, language) in languages() {
        let agreement = exact(&name, &language, &mut computer);
        automata += 1;
        words += agreement.words;
        sampled += agreement.random;
    }
    let seconds = started.elapsed().as_secs();
    println!(
        "{automata} automata, {words} words and {sampled} random ones of {LENGTH} symbols, no disagreement, {seconds} s"
    );
}

fn languages() -> Vec<(String, Language)> {
    let random = (0..50).map(|number| (format!("random-{number}"), random(number)));
    let mut names: Vec<String> = builtin::BUILTINS.iter().map(builtin::Builtin::example).collect();
    names.extend((3..=MOST_STATES).map(|modulus| format!("counter-{modulus}")));
    names.extend((1..=4).flat_map(|kinds| (1..=12).map(move |depth| format!("dyck-{kinds}-{depth}"))));
    names.sort();
    names.dedup();
    // Brackets of many kinds that are nested deep are too large to list.
    let named = |name: String| Some((name.clone(), builtin::named(&name).expect("it is in the list").ok()?));
    let small = |(name, language): &(String, Language)| {
        let group = ["s3", "a5", "s5"].iter().any(|group| name.starts_with(group));
        group || language.automaton().states() <= MOST_STATES
    };
    random.chain(names.into_iter().filter_map(named).filter(small)).collect()
}

/// A random automaton of 2 to 8 states over two or three symbols, with three classes.
fn random(number: u64) -> Language {
    let mut stream = Stream::new(50, Purpose::Check, 0, number);
    let mut below = |n: usize| stream.below(n as u64) as usize;
    loop {
        let (states, symbols) = (2 + below(7), 2 + below(2));
        let next = (0..symbols * states).map(|_| below(states) as u32).collect();
        let outputs = (0..states).map(|_| below(3) as u16).collect();
        let alphabet = Alphabet::of_characters(&"abc"[..symbols]).expect("letters are symbols");
        let classes = ["accept", "incomplete", "reject"].map(String::from).to_vec();
        let language =
            Language::new(alphabet, classes, &Automaton::new(symbols, next, outputs)).expect("classes have names");
        if language.require_choice().is_ok() {
            return language;
        }
    }
}

fn exact(name: &str, language: &Language, computer: &mut Machine) -> Agreement {
    let method = Some(Method::Prefix);
    let wanted = Wanted { name: "construction", language: None, machine: language, length: LENGTH, method };
    let construction = construct(wanted).unwrap_or_else(|error| panic!("{name}: {error}"));
    let experiment = Experiment::new(construction.plan.clone()).expect("its plan is one");
    let mut recogniser = Recogniser::new(&experiment, &construction.point, computer).expect("it tells classes");
    let words = Words { all: 100_000, longest: 12, random: 10_000, length: LENGTH, seed: 1 };
    let started = Instant::now();
    let agreement = Agreement::of(&mut recogniser, language.automaton(), words, &mut |_| true).expect("nobody ends it");
    let about = &construction.about;
    println!(
        "{name}: {} states, {} points, width {}, {} words of up to {}, {} of {LENGTH}, {:.1} s",
        about.states,
        about.points.unwrap_or(0),
        about.width,
        agreement.words,
        agreement.up_to_length,
        agreement.random,
        started.elapsed().as_secs_f64()
    );
    assert!(agreement.least_wrong.is_none() && agreement.random_wrong == 0, "{name}: {agreement:?}");
    agreement
}
