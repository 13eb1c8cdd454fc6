//! A word, symbol by symbol: the automaton beside the network.

use infimum_worlds::regular::Machine;
use serde::Serialize;

use super::recogniser::{Recogniser, Said};
use crate::LabError;

/// What both say after a prefix of a word.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TraceStep {
    /// How many symbols were read.
    pub length: usize,
    /// The last of them; `None` before the first.
    pub symbol: Option<String>,
    /// The automaton's state.
    pub state: u32,
    /// Its class.
    pub truth: String,
    /// The network's class.
    pub network: String,
    /// How likely the network says that is; of a network that writes states, that its state is.
    pub probability: f64,
    /// The state that the network wrote, if it writes states.
    pub network_state: Option<u32>,
    /// Whether the classes are the same, and the states, where the network writes them.
    pub agrees: bool,
}

/// A word and every step of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trace {
    /// The word.
    pub word: String,
    /// After no symbol, after the first, and so on.
    pub steps: Vec<TraceStep>,
    /// Whether every step agrees.
    pub agrees: bool,
}

/// Traces words, each as it is written.
///
/// # Errors
/// What is no word over the alphabet, or longer than the network reads.
pub fn trace(recogniser: &mut Recogniser<'_>, words: &[String]) -> Result<Vec<Trace>, LabError> {
    let machine = recogniser.truth().clone();
    let most = recogniser.longest();
    let spelt = |text: &String| {
        let word = machine.alphabet().word(text)?;
        if word.len() > most {
            let allowed = format!("the network reads words of at most {most} symbols");
            return Err(LabError::value("a word of", format!("{} symbols", word.len()), allowed, "give a shorter one"));
        }
        Ok(word)
    };
    let spelt: Vec<Vec<u16>> = words.iter().map(spelt).collect::<Result<_, LabError>>()?;
    let said = recogniser.says(&spelt);
    Ok(words
        .iter()
        .zip(spelt.iter().zip(said))
        .map(|(text, (word, said))| of_word(&machine, text, word, &said))
        .collect())
}

fn of_word(machine: &Machine, text: &str, word: &[u16], said: &[Said]) -> Trace {
    let (automaton, names) = (machine.automaton(), machine.classes());
    let mut state = 0;
    let step = |(length, said): (usize, &Said)| {
        let symbol = length.checked_sub(1).map(|last| word[last]);
        state = symbol.map_or(state, |symbol| automaton.next(state, symbol));
        let class = automaton.output(state);
        TraceStep {
            length,
            symbol: symbol.map(|symbol| machine.alphabet().names()[usize::from(symbol)].clone()),
            state,
            truth: names[usize::from(class)].clone(),
            network: names[usize::from(said.class)].clone(),
            probability: said.probability,
            network_state: said.state,
            agrees: class == said.class && said.state.is_none_or(|found| found == state),
        }
    };
    let steps: Vec<TraceStep> = said.iter().enumerate().map(step).collect();
    let agrees = steps.iter().all(|step| step.agrees);
    Trace { word: text.into(), steps, agrees }
}
