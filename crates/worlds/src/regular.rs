//! Regular languages: from a pattern to its automaton, exactly and at every length.
//!
//! ```text
//! pattern --parse--> tree --positions, subsets, products--> automaton --Hopcroft--> the one minimal automaton
//!                                                             counting, monoid, theory, JSON, DOT
//! ```
//!
//! An [`Automaton`] is complete, starts in state 0, and has an output in every state. Minimal ones are numbered in the order
//! in which words, shorter first, then by the order of symbols, reach their states; so two automata that give the same output
//! for every word have equal tables. A [`Language`] is an automaton that says yes or no; a [`Machine`] gives every word a
//! class: of the first pattern that it matches, *incomplete* if it can still become a match, *reject* if it cannot.
//!
//! What a user writes (patterns, files) is refused beyond stated limits, in bounded time and memory.

mod alphabet;
mod error;
mod pattern;

mod automaton;
mod minimal;
mod product;
mod nfa;
mod subsets;
mod compile;

mod language;
mod machine;
pub mod builtin;

mod natural;
mod counting;
mod scaled;
mod given;
pub mod words;
pub mod steps;

pub mod learn;

mod monoid;
mod green;
mod group;
mod theory;

mod json;
pub mod machine_json;
pub mod fsm_json;
pub mod dot;

pub use alphabet::{Alphabet, MOST_SYMBOLS};
pub use automaton::Automaton;
pub use compile::MOST_WORK;
pub use counting::{Counts, MOST_COUNT_BYTES};
pub use error::RegularError;
pub use language::Language;
pub use machine::{Machine, NAMES_OF_ONE_PATTERN};
pub use monoid::{MOST_ELEMENTS, Monoid};
pub use natural::{Natural, TooLarge};
pub use nfa::MOST_POSITIONS;
pub use pattern::{MOST_CHARACTERS, MOST_NESTING, MOST_REPETITIONS, Pattern};
pub use product::MOST_PAIRS;
pub use subsets::MOST_STATES;
pub use theory::{Depth, Theory};
