//! The law that stands beside data: a `chain.npz` of ours, or the `model.pkl` that hmmlearn saves.

use std::path::{Path, PathBuf};

use infimum_worlds::markov::{self, Markov};

use crate::LabError;
use crate::chain;
use crate::foreign::chain_file;
use crate::foreign::hmmlearn::{self, Chain};
use crate::recipe::DataLaw;

pub(crate) const CHAIN: &str = "chain.npz";
const MODEL: &str = "model.pkl";

/// How far two probabilities that are the same may lie apart: files are written by several programs.
const SAME: f64 = 1e-9;

/// A law and the file that it stands in.
pub(super) struct FoundLaw {
    path: PathBuf,
    chain: Chain,
}

/// The law beside the data of a folder, if there is one.
///
/// # Errors
/// A file that is no law, or one of another world; two files that differ.
pub(super) fn find(folder: &Path, world: &markov::Settings) -> Result<Option<FoundLaw>, LabError> {
    let mut found = Vec::new();
    for (path, read) in files(folder) {
        if path.exists() {
            let law = FoundLaw { chain: read(&path)?, path };
            law.require_size(world)?;
            found.push(law);
        }
    }
    if let [first, second] = &found[..]
        && let Some(difference) = difference(&first.chain, &second.chain)
    {
        let problem = format!("is another law than {}: {difference}", second.path.display());
        let remedy = "take away the one that the data do not follow".into();
        return Err(LabError::File { path: first.path.clone(), problem, remedy });
    }
    Ok(found.into_iter().next())
}

type Read = fn(&Path) -> Result<Chain, LabError>;

fn files(folder: &Path) -> [(PathBuf, Read); 2] {
    [(folder.join(CHAIN), chain_file::read), (folder.join(MODEL), hmmlearn::read)]
}

/// Whose law data follow of which nobody says it: the world's, which the folder's has to be.
///
/// # Errors
/// A folder without a law, where this would be a guess.
pub(super) fn require(folder: &Path) -> Result<DataLaw, LabError> {
    if files(folder).iter().any(|(path, _)| path.exists()) {
        return Ok(DataLaw::World);
    }
    let about = format!(
        "{} has neither {CHAIN} nor {MODEL}, so it has to be said: \"world\" if [world] draws the law that the data follow, \
         else \"unknown\", and there is no floor",
        folder.display()
    );
    Err(LabError::MissingKey { key: "law".into(), table: "[data]".into(), about })
}

/// The folder that was to have a law and has none.
pub(super) fn missing(folder: &Path) -> LabError {
    let allowed = format!("{} has neither {CHAIN} nor {MODEL}", folder.display());
    let remedy = "put one there, or set \"world\" if [world] draws the law that the data follow, else \"unknown\"";
    LabError::value("data.law", "\"folder\"", allowed, remedy)
}

impl FoundLaw {
    fn require_size(&self, world: &markov::Settings) -> Result<(), LabError> {
        let (path, found) = (self.path.display(), self.chain.states());
        let remedy = "give the folder of the data that [world] describes, or change [world]";
        if found as i64 != world.states {
            let allowed = format!("{path} is a law of {found} states");
            return Err(LabError::value("world.states", world.states, allowed, remedy));
        }
        if world.order != 1 {
            let allowed = format!("{path} is a law of order 1");
            return Err(LabError::value("world.order", world.order, allowed, remedy));
        }
        Ok(())
    }

    /// The chain, in blocks of `length` tokens.
    ///
    /// # Errors
    /// Numbers that are no law.
    pub(super) fn markov(&self, length: usize) -> Result<Markov, LabError> {
        Markov::from_law(&self.chain.start, &self.chain.transitions, length).map_err(|error| LabError::File {
            path: self.path.clone(),
            problem: format!("is no law: {error}"),
            remedy: "give the law that the data were drawn from".into(),
        })
    }

    /// Refuses a law that is not that of `drawn`.
    pub(super) fn require_same(&self, drawn: &Markov) -> Result<(), LabError> {
        let drawn = Chain { start: chain::start(drawn), transitions: chain::transitions(drawn) };
        let Some(difference) = difference(&self.chain, &drawn) else { return Ok(()) };
        let allowed = format!("{} is another law than the one that [world] draws: {difference}", self.path.display());
        let remedy = "set data.law = \"folder\" to take the file's, or give [world] what the data were drawn with";
        Err(LabError::value("data.law", "\"world\"", allowed, remedy))
    }

    /// All its numbers.
    pub(super) fn numbers(&self) -> impl Iterator<Item = f64> {
        self.chain.start.iter().chain(&self.chain.transitions).copied()
    }
}

/// Where two laws of as many states first differ, in words.
fn difference(one: &Chain, other: &Chain) -> Option<String> {
    // A number that is none is apart from every other.
    let apart = |(_, (p, q)): &(usize, (&f64, &f64))| (**p - **q).abs() > SAME || p.is_nan();
    if let Some((state, (p, q))) = one.start.iter().zip(&other.start).enumerate().find(apart) {
        return Some(format!("the probability of state {state} to begin with is {p} and not {q}"));
    }
    let (at, (p, q)) = one.transitions.iter().zip(&other.transitions).enumerate().find(apart)?;
    let (from, to) = (at / one.states(), at % one.states());
    Some(format!("the probability of state {to} after state {from} is {p} and not {q}"))
}

/// Every state of the blocks with those before it, at most as many as the order, each such pair once: the earlier ones, plus 1,
/// are digits in base `states + 1`, the latest the lowest, and below them is the state in base `states`. No law has so many
/// contexts that these would not fit.
fn codes(tokens: &[u16], law: &Markov) -> Vec<u64> {
    let (states, order) = (law.states() as u64, law.order());
    let mut codes = Vec::with_capacity(tokens.len());
    for block in tokens.chunks_exact(law.length()) {
        for at in 1..block.len() {
            let earlier = &block[at.saturating_sub(order).max(1)..at];
            let context = earlier.iter().fold(0, |code, state| code * (states + 1) + u64::from(*state) + 1);
            codes.push(context * states + u64::from(block[at]));
        }
    }
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// The states that a context's code stands for, oldest first.
fn context(mut code: u64, states: u64) -> Vec<u16> {
    let mut context = Vec::new();
    while code > 0 {
        context.push(((code - 1) % (states + 1)) as u16);
        code /= states + 1;
    }
    context.reverse();
    context
}

/// Refuses tokens that a law makes impossible.
///
/// # Errors
/// The first state, in the order of what comes before it, that has probability 0.
pub(super) fn require_possible(path: &Path, tokens: &[u16], law: &Markov) -> Result<(), LabError> {
    let states = law.states() as u64;
    for same in codes(tokens, law).chunk_by(|one, other| one / states == other / states) {
        let context = context(same[0] / states, states);
        let mut possible = vec![false; law.states()];
        law.row(&context).for_each(|(state, p)| possible[state] = p > 0.0);
        if let Some(code) = same.iter().find(|code| !possible[(*code % states) as usize]) {
            let state = code % states;
            let problem = format!(
                "state {state} comes after the states {context:?} of its block, which the law makes impossible"
            );
            let remedy = "give data and law that belong together, or set data.law = \"unknown\"".into();
            return Err(LabError::File { path: path.into(), problem, remedy });
        }
    }
    Ok(())
}
