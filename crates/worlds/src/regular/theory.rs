//! What is known of the depth that a transformer needs to follow an automaton.

use super::{Machine, Monoid};

/// How the depth that suffices grows with the length of words, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// No layer: every word has the same class.
    None,
    /// One layer.
    One,
    /// Some number of layers, whatever the length: star-free languages.
    StarFree,
    /// Some number of layers, whatever the length: languages that count, in solvable groups.
    Solvable,
    /// No number of layers suffices for every length, unless TC0 = NC1.
    Logarithmic,
    /// The monoid is too large to say.
    Unknown,
}

/// What theory says of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theory {
    /// The least that is known to suffice.
    pub depth: Depth,
    /// One statement each, with its source and its conditions.
    pub statements: Vec<String>,
}

const STAR_FREE: &str = "Star-free: its monoid has no group but trivial ones (Schützenberger 1965). Transformers with unique hard attention, strict \
     masking and no positions recognise exactly the star-free languages (Yang, Chiang & Angluin 2024), so for them a depth that \
     does not grow with the length suffices.";
const COUNTS: &str = "Not star-free, so no transformer with unique hard attention, strict masking and no positions recognises it, at any depth \
     (Yang, Chiang & Angluin 2024); attention that averages, or positions, can count.";
const SOLVABLE: &str = "All groups in its monoid are solvable: a depth suffices that depends on the states and not on the length, \
     O(|Q|^2 log |Q|) for |Q| states (Liu et al. 2023, by Krohn & Rhodes). That is an upper bound; less may do.";
const NOT_SOLVABLE: &str = "Its monoid has a group that is not solvable, so following it is complete for NC1 (Barrington 1989). A \
     transformer of fixed depth with logarithmic precision computes no more than TC0 (Merrill & Sabharwal 2023): no depth \
     suffices for every length, unless TC0 = NC1. At one length, enough layers or width do.";
const TOO_LARGE: &str =
    "Its monoid is too large to list, so whether some depth suffices for every length is not said here.";
const RESETS: &str = "Every symbol keeps the state or sets it, whatever it was: one layer suffices, which attends to the last symbol that \
     sets it (Liu et al. 2023).";
const COMMUTATIVE: &str = "The order of symbols does not matter: uniform attention in one layer gives the share of each symbol, and an MLP \
     tells the state from shares and position, if its precision and width may grow with the length.";
const LOGARITHMIC: &str = "For any automaton ceil(log2 T) layers suffice at length T, each composing the maps of twice as many symbols as the \
     one before (Liu et al. 2023): 6 layers at T = 64.";
const TRAINING: &str = "All this is about weights that exist; what training finds is another question.";

impl Theory {
    /// What theory says of a machine with this monoid.
    pub fn of(machine: &Machine, monoid: &Monoid) -> Theory {
        if machine.automaton().states() == 1 {
            let text = "Every word has the same class: no layer is needed, and nothing is to be learnt.";
            return Theory { depth: Depth::None, statements: vec![text.to_string()] };
        }
        let (depth, first): (Depth, &[&str]) = match (monoid.aperiodic, monoid.solvable) {
            (Some(true), _) => (Depth::StarFree, &[STAR_FREE]),
            (Some(false), Some(true)) => (Depth::Solvable, &[COUNTS, SOLVABLE]),
            (_, Some(false)) => (Depth::Logarithmic, &[COUNTS, NOT_SOLVABLE]),
            (Some(false), None) => (Depth::Unknown, &[COUNTS, TOO_LARGE]),
            (None, _) => (Depth::Unknown, &[TOO_LARGE]),
        };
        let one: Vec<&str> = [(monoid.resets, RESETS), (monoid.commutative, COMMUTATIVE)]
            .into_iter()
            .filter(|(holds, _)| *holds)
            .map(|(_, text)| text)
            .collect();
        let depth = if one.is_empty() { depth } else { Depth::One };
        let statements = first.iter().chain(&one).chain(&[LOGARITHMIC, TRAINING]);
        Theory { depth, statements: statements.map(|text| text.to_string()).collect() }
    }
}
