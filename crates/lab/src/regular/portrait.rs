//! What is shown of a language.

use infimum_worlds::regular::{Counts, Depth, Machine, Monoid, Theory, machine_json};
use serde::Serialize;

use crate::LabError;

/// Words are counted up to this length.
const LONGEST: usize = 8;

/// What is known of a machine, to be shown.
#[derive(Serialize)]
pub struct Portrait<'a> {
    /// What the user wrote.
    pub language: String,
    /// The symbols, in order.
    pub alphabet: &'a [String],
    /// How many states the minimal complete automaton has.
    pub states: usize,
    /// The names of the classes.
    pub classes: &'a [String],
    /// How many elements the transition monoid has, the identity among them; if not `monoid_whole`, there are more.
    pub monoid: usize,
    /// Whether the monoid was listed to its end.
    pub monoid_whole: bool,
    /// Whether the monoid has trivial groups alone, which is whether the language is star-free; `None`: it is too large to say.
    pub aperiodic: Option<bool>,
    /// Whether all groups in the monoid are solvable; `None`: it is too large to say.
    pub solvable: Option<bool>,
    /// The orders of its maximal groups of more than one element.
    pub groups: Vec<usize>,
    /// Whether the order of symbols does not matter.
    pub commutative: bool,
    /// In a word, the depth of a transformer that is known to suffice.
    pub depth: &'static str,
    /// What theory says of that depth.
    pub theory: Vec<String>,
    /// How many words of each class there are.
    pub words: Vec<WordCounts>,
    /// The automaton, in our JSON.
    pub automaton: machine_json::Written<'a>,
}

/// How many words of one length there are.
#[derive(Debug, Serialize)]
pub struct WordCounts {
    /// The length.
    pub length: usize,
    /// Of each class, in the order of the classes.
    pub of_class: Vec<u64>,
}

impl<'a> Portrait<'a> {
    /// Looks at a machine.
    ///
    /// # Errors
    /// So many states that words cannot be counted.
    pub fn of(language: &str, machine: &'a Machine) -> Result<Portrait<'a>, LabError> {
        let monoid = Monoid::of(machine.automaton());
        let theory = Theory::of(machine, &monoid);
        Ok(Portrait {
            language: language.into(),
            alphabet: machine.alphabet().names(),
            states: machine.automaton().states(),
            classes: machine.classes(),
            monoid: monoid.size,
            monoid_whole: monoid.whole,
            aperiodic: monoid.aperiodic,
            solvable: monoid.solvable,
            groups: monoid.groups,
            commutative: monoid.commutative,
            depth: depth(theory.depth),
            theory: theory.statements,
            words: words(machine)?,
            automaton: machine_json::written(machine),
        })
    }
}

/// A depth in a word, as `--json` has it.
fn depth(depth: Depth) -> &'static str {
    match depth {
        Depth::None => "no layer",
        Depth::One => "one layer",
        Depth::StarFree => "constant (star-free)",
        Depth::Solvable => "constant (solvable)",
        Depth::Logarithmic => "logarithmic (not solvable)",
        Depth::Unknown => "unknown",
    }
}

fn words(machine: &Machine) -> Result<Vec<WordCounts>, LabError> {
    let of_class = |class: u16| Counts::new(machine.automaton(), LONGEST, |output| output == class);
    let counts = (0..machine.classes().len() as u16).map(of_class).collect::<Result<Vec<_>, _>>()?;
    let count = |counts: &Counts, length| u64::try_from(counts.count(length)).expect("64^8 words are below 2^64");
    let row = |length| WordCounts { length, of_class: counts.iter().map(|counts| count(counts, length)).collect() };
    Ok((0..=LONGEST).map(row).collect())
}
