//! No text makes the reader of patterns or of automata panic, or take more memory than it says. One test, because the peak of
//! memory is counted for the whole process.
//!
//! `INPUTS=1000000 cargo test --release -p infimum-worlds --test regular_fuzz` mutates a million for each reader.

use std::collections::BTreeMap;

use infimum_worlds::regular::{Alphabet, Machine, Pattern, RegularError, builtin, dot, fsm_json, machine_json};
use infimum_worlds::{Purpose, Stream};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Mutations for each reader, where nothing else is asked for.
const INPUTS: u64 = 100_000;
/// What reading a short text may hold, in bytes.
const MOST_BYTES: usize = 8 << 20;

/// A reader: gives whether it took the text.
type Reader = fn(&str) -> Result<(), RegularError>;

const READERS: [(&str, Reader); 4] = [
    ("pattern", |text| {
        let alphabet = Alphabet::of_characters("ab01,-")?;
        let named = Pattern::symbols(text);
        let pattern = Pattern::parse(text, &alphabet)?;
        assert!(named.is_ok() || !text.contains(['a', 'b']), "{text}");
        // Long repetitions are refused in time, which would add up here.
        if text.contains('{') { Ok(()) } else { pattern.language().map(drop) }
    }),
    ("json", |text| machine_json::parse(text).map(used)),
    ("fsm", |text| fsm_json::parse(text, |_| "00".into()).map(used)),
    ("dot", |text| dot::parse(text).map(used)),
];

/// A machine that was read can be used.
fn used(machine: Machine) {
    let word: Vec<u16> = (0..machine.alphabet().len() as u16).collect();
    assert_eq!(machine.alphabet().word(&machine.alphabet().spell(&word)).unwrap(), word);
    assert!(machine.classes().iter().any(|class| class == machine.class(&word)));
    assert_eq!(dot::parse(&dot::written(&machine)).unwrap(), machine);
}

const PIECES: [&str; 46] = [
    "a",
    "b",
    "0",
    "1",
    "|",
    "&",
    "~",
    "*",
    "+",
    "?",
    "{",
    "}",
    "{2,3}",
    "(",
    ")",
    "[",
    "]",
    "[^",
    "-",
    ".",
    "\\",
    ",",
    "()",
    "\"",
    ":",
    "{}",
    "[]",
    " ",
    "\n",
    "->",
    "--",
    "=",
    ";",
    "//",
    "/*",
    "*/",
    "label",
    "shape=none",
    "class=",
    "digraph",
    "null",
    "99999999999",
    "-1",
    "1e9",
    "é",
    "\u{0}",
];

fn seeds(reader: &str) -> Vec<String> {
    let machines = ["s3", "even-pairs", "dyck-1-2", "tomita-3"].map(|name| builtin::named(name).unwrap().unwrap());
    let fsm = |machine: &Machine| fsm_json::written(machine, |_| "00".into());
    match reader {
        "pattern" => ["a*b|~(ab)&.{2,3}", "([a-b]+|[^0-1]?)(01)*", r"\-(a|b){2}~~a,", "((a*b)+&~(.*01.*))?"]
            .map(String::from)
            .to_vec(),
        "json" => {
            machines.iter().map(|machine| serde_json::to_string(&machine_json::written(machine)).unwrap()).collect()
        }
        "fsm" => machines.iter().map(fsm).chain(machines.iter().map(|m| fsm(m).replace("\"00\"", "null"))).collect(),
        _ => machines.iter().map(dot::written).collect(),
    }
}

/// One to four changes: a piece more, some characters fewer, twice, or replaced.
fn mutated(seed: &str, stream: &mut Stream) -> String {
    let mut text: Vec<char> = seed.chars().collect();
    for _ in 0..1 + stream.below(4) {
        let at = stream.below(text.len() as u64 + 1) as usize;
        let end = (at + 1 + stream.below(8) as usize).min(text.len());
        let piece: Vec<char> = PIECES[stream.below(PIECES.len() as u64) as usize].chars().collect();
        match stream.below(4) {
            0 => drop(text.splice(at..at, piece)),
            1 => drop(text.drain(at..end)),
            2 => {
                let again = text[at..end].to_vec();
                drop(text.splice(at..at, again));
            }
            _ => drop(text.splice(at..end, piece)),
        }
    }
    text.into_iter().collect()
}

fn within_memory(name: &str, text: &str, reader: Reader) -> Result<(), RegularError> {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let result = reader(text);
    let peak = MEMORY.peak_usage().saturating_sub(before);
    assert!(peak <= MOST_BYTES, "{name}: {peak} bytes held for {text:?}");
    result
}

#[test]
fn no_text_harms_its_reader() {
    let inputs = std::env::var("INPUTS").map_or(INPUTS, |count| count.parse().expect("a number of inputs"));
    let mut taken = BTreeMap::new();
    for (at, (name, reader)) in READERS.into_iter().enumerate() {
        let (seeds, mut stream) = (seeds(name), Stream::new(7, Purpose::Check, at as u64, 0));
        seeds.iter().for_each(|seed| within_memory(name, seed, reader).unwrap());
        for _ in 0..inputs {
            let text = mutated(&seeds[stream.below(seeds.len() as u64) as usize], &mut stream);
            match within_memory(name, &text, reader) {
                Ok(()) => *taken.entry(name).or_insert(0_u64) += 1,
                Err(error) => assert!(error.to_string().len() < 1500, "{error}"),
            }
        }
    }
    assert!(taken.len() == READERS.len(), "mutations reach the end of every reader: {taken:?}");
    assert!(taken.values().all(|count| *count > inputs / 200 && *count < inputs), "{taken:?}");
    println!("of {inputs} each, these were taken: {taken:?}");
}
