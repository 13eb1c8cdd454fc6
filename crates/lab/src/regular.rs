//! Regular languages as a user names them, what is shown of them, and their files.

mod agreement;
pub mod comparison;
mod construct;
mod drawing;
mod extract;
mod files;
mod portrait;
mod recogniser;
mod subject;
mod trace;
mod verdict;

pub use agreement::{Agreement, Words};
pub use construct::{About, Construction, Method, Wanted, construct, name_near};
pub(crate) use drawing::{Arrangement, RADIUS, about as automaton_in_words, arrow_head};
pub use drawing::{MOST_DRAWN, drawing};
pub use extract::{Disagreement, Extracted, MOST_LEARNT, Sampled, Search, extract};
pub use files::{MOST_FILE_BYTES, dot, fsm, own, read, write};
pub use infimum_worlds::regular::{Machine, builtin};
pub use portrait::{Portrait, WordCounts};
pub use recogniser::{Recogniser, Said};
pub use subject::{machine, of_classes, pair};
pub use trace::{Trace, TraceStep, trace};
pub use verdict::Verdict;

/// Symbols as people read them: `any` for all, `a–e` for three or more in a row, commas between others.
pub fn symbols_text(machine: &Machine, symbols: &[u16]) -> String {
    let names = machine.alphabet().names();
    if symbols.len() == names.len() && names.len() > 1 {
        return "any".into();
    }
    let name = |symbol: u16| match names[usize::from(symbol)].as_str() {
        " " => "␣",
        name => name,
    };
    let runs = symbols.chunk_by(|a, b| a + 1 == *b).flat_map(|run| match run {
        [first, .., last] if run.len() > 2 => vec![format!("{}–{}", name(*first), name(*last))],
        run => run.iter().map(|symbol| name(*symbol).to_string()).collect(),
    });
    runs.collect::<Vec<_>>().join(", ")
}

/// A word as people read it: `ε` for the empty one.
pub fn word_text(machine: &Machine, word: &[u16]) -> String {
    if word.is_empty() { "ε".into() } else { machine.alphabet().spell(word) }
}
