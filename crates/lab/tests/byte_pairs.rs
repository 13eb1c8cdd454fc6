//! Texts of byte pairs: learnt from what is trained on alone, the same tokens as the definition has, and back to every byte.

#[path = "../src/scratch.rs"]
mod scratch;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use infimum_lab::training::Event;
use infimum_lab::{
    Draw, Experiment, Floors, Isa, LabError, Machine, Plan, Recipe, Record, Status, Stop, read_prompt, read_stop,
    recipes, sample_one, spell, start, training,
};
use infimum_worlds::text::{Part, Text};
use infimum_worlds::{Purpose, Stream};
use scratch::Scratch;
use serde::Deserialize;

/// A text by `oracles/byte_pairs.py`; bytes are hexadecimal digits.
#[derive(Deserialize)]
struct Case {
    name: String,
    text: String,
    vocabulary: usize,
    /// The largest vocabulary.
    most: usize,
    /// By the tokens from 256 on.
    spelt: Vec<String>,
    /// Of training, validation and test.
    tokens: [Vec<u16>; 3],
}

fn unhex(digits: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// The plan of byte pairs; of what else `overrides` say, without a vocabulary.
fn plan(file: &Path, vocabulary: usize, overrides: &[&str]) -> Result<Plan, LabError> {
    let vocabulary = if vocabulary == 0 { String::new() } else { format!("vocabulary = {vocabulary}\n") };
    let text = format!(
        "[world]\nkind = \"text\"\nfile = {file:?}\ntokens = \"byte_pairs\"\n{vocabulary}window = 1\n\
         validation = 0.25\ntest = 0.3\n[model]\nwidth = 8\nlayers = 1\nheads = 2\n"
    );
    let overrides: Vec<String> = overrides.iter().map(|given| given.to_string()).collect();
    Plan::new(&Recipe::parse(&text, "pairs.toml", &overrides)?)
}

/// The experiment on a file with these bytes, in a folder of its own.
fn experiment(name: &str, bytes: &[u8], vocabulary: usize, overrides: &[&str]) -> (Scratch, Experiment) {
    let scratch = Scratch::new(&format!("byte-pairs-{name}"));
    let path = scratch.path().join("a.txt");
    fs::write(&path, bytes).unwrap();
    (scratch, Experiment::new(plan(&path, vocabulary, overrides).unwrap()).unwrap())
}

fn tokens(text: &Text, part: Part) -> &[u16] {
    &text.tokens()[text.part_of(part)]
}

/// What all tokens from 256 on spell.
fn pairs(experiment: &Experiment) -> Vec<Vec<u8>> {
    let text = experiment.world().text().unwrap();
    (256..experiment.world().shape().alphabet).map(|token| text.bytes(token as u16)).collect()
}

/// A text in which much comes again, of letters of several bytes, too.
fn speech(length: usize) -> String {
    const WORDS: [&str; 12] =
        ["the ", "fox ", "and ", "über ", "lazy ", "dog, ", "naïve ", "jumps ", "€5 ", "again.\n", "thing ", "other "];
    let mut stream = Stream::new(3, Purpose::Check, 0, 0);
    std::iter::repeat_with(|| WORDS[stream.below(12) as usize]).take(length).collect()
}

/// `oracles/byte_pairs.py` counts anew for every merge, and replaces one pair after the other.
#[test]
fn pairs_and_tokens_are_the_oracles() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("oracles/byte_pairs.json")).unwrap();
    assert!(cases.len() >= 8);
    for Case { name, text, vocabulary, most, spelt, tokens: expected } in cases {
        let bytes = unhex(&text);
        let (scratch, experiment) = experiment("oracle", &bytes, vocabulary, &[]);
        let text = experiment.world().text().unwrap();
        assert_eq!(pairs(&experiment), spelt.iter().map(|spelt| unhex(spelt)).collect::<Vec<_>>(), "{name}");
        let parts = [Part::Training, Part::Validation, Part::Test];
        assert_eq!(parts.map(|part| tokens(text, part).to_vec()), expected, "{name}");
        let spelt = text.tokens().iter().flat_map(|token| text.bytes(*token));
        assert_eq!(spelt.collect::<Vec<u8>>(), bytes, "{name} comes back");
        let path = scratch.path().join("a.txt");
        let message = plan(&path, most + 1, &[]).unwrap_err().to_string();
        let limit = format!("has {} pairs to merge, {most} tokens with the bytes", most - 256);
        assert!(message.contains(&format!("world.vocabulary = {}", most + 1)) && message.contains(&limit), "{message}");
    }
}

/// Another validation and another test, down to the last byte: the same pairs, and the same training tokens.
#[test]
fn what_is_held_out_changes_no_pair_and_no_training_token() {
    let whole = speech(700);
    let training =
        whole.len() - (0.25 * whole.len() as f64).round() as usize - (0.3 * whole.len() as f64).round() as usize;
    let other: Vec<u8> =
        (0..whole.len()).map(|at| if at < training { whole.as_bytes()[at] } else { b'0' + (at % 7) as u8 }).collect();
    let (_one, one) = experiment("whole", whole.as_bytes(), 320, &[]);
    let (_two, two) = experiment("other", &other, 320, &[]);
    let [first, second] = [&one, &two].map(|experiment| experiment.world().text().unwrap());
    assert_eq!(pairs(&one), pairs(&two));
    assert_eq!(tokens(first, Part::Training), tokens(second, Part::Training));
    assert_ne!(tokens(first, Part::Test), tokens(second, Part::Test));
    let spelt: usize = tokens(first, Part::Training).iter().map(|token| first.bytes(*token).len()).sum();
    assert_eq!(spelt, training, "a part begins and ends at its byte");
    // And a letter more in what is trained on does change them.
    let (_three, three) = experiment("three", whole.replacen("the ", "qqq ", 40).as_bytes(), 320, &[]);
    assert_ne!(pairs(&one), pairs(&three));
}

/// Whatever is typed has tokens, and they spell it.
#[test]
fn prompts_of_any_characters_come_back() {
    let (_scratch, experiment) = experiment("prompts", speech(9000).as_bytes(), 330, &["world.window=60"]);
    let mut stream = Stream::new(5, Purpose::Check, 0, 0);
    for length in 1..60 {
        let letter =
            |_| char::from_u32(stream.below([128, 0x800, 0xD000, 0x1_0000][length % 4]) as u32).unwrap_or('\u{10FFFF}');
        let text: String = (0..length.min(15)).map(letter).collect();
        let prompt = read_prompt(&experiment, &text).unwrap();
        assert_eq!(spell(&experiment, &prompt), text);
        assert!(prompt.len() <= text.len());
    }
    assert!(read_prompt(&experiment, "the fox and the thing ").unwrap().len() < 12);
    let long = read_prompt(&experiment, &"\u{1F600}".repeat(16)).unwrap_err().to_string();
    assert!(long.contains("it has 64 tokens, and the model reads at most 60"), "{long}");
}

/// A token may end in the middle of a letter, and a stop in the middle of a token.
#[test]
fn what_is_heard_is_whole_and_ends_with_the_stop() {
    let (_scratch, experiment) = experiment("stops", speech(9000).as_bytes(), 330, &["world.window=50"]);
    let point = start(experiment.program(), experiment.plan().model(), 1);
    let text = experiment.world().text().unwrap();
    let mut inside = 0;
    for (seed, wanted) in (1..60).flat_map(|seed| ["e", "th", "ü", "og", "\n"].map(|wanted| (seed, wanted))) {
        let stops = vec![read_stop(&experiment, wanted).unwrap()];
        assert_eq!(stops, [Stop::Text(wanted.into())]);
        let draw = Draw { seed, stops, ..Draw::default() };
        let mut machine = Machine::new(Isa::best(), 1);
        let (tokens, _) = sample_one(&experiment, &mut machine, &point, &draw, &mut |_| {});
        let bytes = |tokens: &[u16]| -> Vec<u8> { tokens.iter().flat_map(|token| text.bytes(*token)).collect() };
        let has = |tokens: &[u16]| bytes(tokens).windows(wanted.len()).any(|bytes| bytes == wanted.as_bytes());
        assert!(!has(&tokens[1..tokens.len() - 1]), "it would have ended before");
        assert!(tokens.len() == 51 || has(&tokens[1..]), "{wanted:?}: {tokens:?}");
        inside += usize::from(has(&tokens[1..]) && !bytes(&tokens).ends_with(wanted.as_bytes()));
    }
    assert!(inside > 0, "one of them ends inside of a token");
    assert!(read_stop(&experiment, "").unwrap_err().to_string().contains("no token"));
}

/// Counting goes on as before, over pairs; and what it comes to is told in bits per byte, too, for any tokens of the same text.
#[test]
fn counts_of_any_tokens_are_told_per_byte() {
    let uniform = |kind: &str, vocabulary: usize| {
        let overrides = ["world.window=8", &format!("world.tokens={kind}")];
        let (_scratch, experiment) = experiment(kind, speech(2000).as_bytes(), vocabulary, &overrides);
        let floors = Floors::of(experiment.world());
        let ladder: Vec<&str> = floors.floors.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(ladder[..3], ["floor", "uniform", "kneser-ney-1"]);
        assert!(ladder.contains(&"kneser-ney-6"));
        let bits: Vec<Option<f64>> = floors.floors.iter().map(|line| line.bits_per_byte).collect();
        assert!(bits[0].is_none() && bits[1..].iter().all(|bits| bits.is_some_and(|bits| bits > 0.0 && bits < 8.1)));
        let text = experiment.world().text().unwrap();
        let expected = floors.floors[1].nats.unwrap() / std::f64::consts::LN_2 / text.bytes_per_token();
        assert!((bits[1].unwrap() - expected).abs() < 1e-12);
        (bits[1].unwrap(), text.bytes_per_token())
    };
    let (pairs, spelt) = uniform("byte_pairs", 300);
    assert!(spelt > 1.5 && pairs < 8.0 / 1.5, "{pairs} {spelt}");
    let (bytes, spelt) = uniform("bytes", 0);
    assert!(spelt == 1.0 && (bytes - 8.0).abs() < 1e-12, "{bytes} {spelt}");
    let (characters, spelt) = uniform("characters", 0);
    assert!(spelt > 1.0 && spelt < 1.2 && characters < 5.0, "{characters} {spelt}");
}

/// A run of pairs that is stopped goes on to the same bits, from a plan that was read again.
#[test]
fn a_run_of_pairs_goes_on_to_the_same_bits() {
    let overrides = ["world.window=8", "training.steps=12", "training.batch=4", "evaluation.every=4"];
    let (scratch, experiment) = experiment("run", speech(1500).as_bytes(), 300, &overrides);
    let run = |name: &str, stop_at: Option<u64>| {
        let writer = Record::create(scratch.path(), name, &experiment.plan().to_toml()).unwrap();
        let mut machine = Machine::new(Isa::best(), 2);
        if let Some(stop_at) = stop_at {
            let stop = AtomicBool::new(false);
            let mut tell = |event: Event<'_>| match event {
                Event::Step { step, .. } if step == stop_at => stop.store(true, Ordering::Relaxed),
                _ => {}
            };
            let summary = training::run(&experiment, &mut machine, &writer, &mut tell, &stop).unwrap();
            assert_eq!(summary.status, Status::Interrupted);
        }
        let text = writer.record().plan().unwrap();
        let again = Experiment::new(Plan::from_toml(&text, Path::new("plan.toml")).unwrap()).unwrap();
        let summary = training::run(&again, &mut machine, &writer, &mut |_| {}, &AtomicBool::new(false)).unwrap();
        (summary.weights_hash, summary.figures)
    };
    let whole = run("whole", None);
    assert!(whole.1.iter().any(|figure| figure.name == "bits_per_byte" && figure.value > 0.5 && figure.value < 8.0));
    assert_eq!(run("stopped", Some(5)), whole);
}

#[test]
fn the_recipe_has_512_tokens_of_two_bytes_and_the_parts_of_the_characters() {
    let plan = |name: &str| Plan::new(&Recipe::parse(recipes::built_in(name).unwrap(), name, &[]).unwrap()).unwrap();
    let (pairs, characters) = (plan("text/shakespeare-pairs"), plan("text/shakespeare"));
    let (v, t, l, d) = (512, 64, 2, 64);
    assert_eq!(pairs.parameters(), 2 * v * d + t * d + l * (12 * d * d + 2 * d) + d);
    let [pairs, characters] = [pairs, characters].map(|plan| Experiment::new(plan).unwrap());
    let [of_pairs, of_characters] = [&pairs, &characters].map(|experiment| experiment.world().text().unwrap());
    for part in [Part::Training, Part::Validation, Part::Test] {
        let bytes = |text: &Text| -> usize { tokens(text, part).iter().map(|token| text.bytes(*token).len()).sum() };
        assert_eq!(bytes(of_pairs), bytes(of_characters));
    }
    assert!((of_pairs.bytes_per_token() - 2.0).abs() < 0.1 && of_characters.bytes_per_token() == 1.0);
}

#[test]
fn mistakes_name_the_value_the_limit_and_the_way_out() {
    let scratch = Scratch::new("byte-pairs-mistakes");
    let path = scratch.path().join("a.txt");
    fs::write(&path, speech(300)).unwrap();
    for (vocabulary, overrides, parts) in [
        (256, &[][..], ["world.vocabulary = 256 (line 5)", "at least 257 and at most 65536", "the 256 bytes"]),
        (65_537, &[], ["world.vocabulary = 65537", "at least 257 and at most 65536", "change it"]),
        (60_000, &[], ["world.vocabulary = 60000", "pairs to merge", "give a longer text"]),
        (
            300,
            &["world.tokens=characters"],
            ["vocabulary = 300", "left out with tokens = \"characters\"", "byte_pairs"],
        ),
        (300, &["world.tokens=bytes"], ["vocabulary = 300", "left out with tokens = \"bytes\"", "leave it out"]),
        (300, &["world.alphabet=abc"], ["alphabet = \"abc\"", "tokens = \"byte_pairs\"", "characters"]),
    ] {
        let message = plan(&path, vocabulary, overrides).unwrap_err().to_string();
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }
    let message = plan(&path, 0, &[]).unwrap_err().to_string();
    assert!(message.contains("vocabulary = left out") && message.contains("vocabulary = 512"), "{message}");
    for (bytes, parts) in [
        ("", ["is empty", "with a text in it"]),
        ("abcdefghijklmnopqrstuvwxyz", ["has 0 pairs to merge, 256 tokens", "set world.tokens = \"bytes\""]),
    ] {
        fs::write(&path, bytes).unwrap();
        let message = plan(&path, 257, &[]).unwrap_err().to_string();
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }
}
