//! A network asked for the classes of words, many at once.
//!
//! Of a network that tells the class at every position, all prefixes of a word are answered by one pass. One that writes the states of
//! an automaton is given the symbols of the word, one after another, and reads the states that it wrote itself.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use infimum_engine::{Author, Decode, Feed, Program, Replay, Work};
use infimum_worlds::Settings;
use infimum_worlds::regular::Machine;

use crate::predictor::{likeliest, softmax};
use crate::{Experiment, LabError};

/// Multiply-adds between two looks at a clock.
const BETWEEN_LOOKS: u64 = 4_000_000_000;

/// Sequences that a thread writes side by side.
const SIDE_BY_SIDE: usize = 16;
/// Where a decoder has the logits of its world's first head, and those of the head for classes.
const LOGITS: &str = "logits";
const LOGITS_OF_CLASSES: &str = "class.logits";
/// Words that are answered at once.
const PORTION: usize = 8192;

/// What a network says of a prefix of a word.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// The likeliest class.
    pub class: u16,
    /// How likely it says that class is; of a network that writes states, the likeliest state.
    pub probability: f64,
    /// The likeliest state, of a network that writes states.
    pub state: Option<u32>,
}

/// How a network tells the class of a word.
#[derive(Clone, Copy)]
enum Way {
    /// By its logits at every position.
    Classes,
    /// By the states that it writes.
    States,
}

/// A network that is asked for classes of words.
pub struct Recogniser<'e> {
    experiment: &'e Experiment,
    point: &'e [f32],
    computer: &'e mut crate::Machine,
    automaton: Machine,
    way: Way,
    /// Where the logits of classes, or of tokens, are.
    site: &'static str,
    program: Program,
    /// Place of the tokens among a feed's ids.
    inlet: usize,
    /// By how many positions they look at.
    replays: BTreeMap<usize, Replay>,
    decode: Option<Decode>,
}

impl<'e> Recogniser<'e> {
    /// The network of an experiment at a point of its parameters.
    ///
    /// # Errors
    /// A network of another world than those of regular languages, or one that tells no classes.
    pub fn new(
        experiment: &'e Experiment,
        point: &'e [f32],
        computer: &'e mut crate::Machine,
    ) -> Result<Recogniser<'e>, LabError> {
        let program = experiment.program().without_dropout();
        let (machine, way) = match experiment.plan().world() {
            Settings::Regular(settings) => (settings.machine(), Way::Classes),
            Settings::RegularSteps(settings) => (settings.machine(), Way::States),
            other => return Err(refused(other.kind(), "its words are those of no regular language")),
        };
        let site = match way {
            Way::Classes => LOGITS_OF_CLASSES,
            Way::States => LOGITS,
        };
        if !program.sites().any(|found| found == site) {
            return Err(refused(experiment.plan().world().kind(), "its model has no head for classes"));
        }
        let inlet = program.ids().iter().position(|ids| ids.name == "tokens").expect("a decoder reads tokens");
        let replays = BTreeMap::new();
        let (automaton, decode) = (machine?, None);
        Ok(Recogniser { experiment, point, computer, automaton, way, site, program, inlet, replays, decode })
    }

    /// The automaton of the network's world.
    pub fn truth(&self) -> &Machine {
        &self.automaton
    }

    /// The longest words that it reads, in symbols.
    pub fn longest(&self) -> usize {
        let positions = self.experiment.world().shape().positions;
        match self.way {
            Way::Classes => positions - 1,
            Way::States => positions / 2,
        }
    }

    /// Words that are asked between two looks at a clock: at most 2,048, and some tenths of a second's.
    pub(super) fn portion(&self) -> usize {
        (BETWEEN_LOOKS / self.work().max(1)).clamp(16, 2048) as usize
    }

    /// Multiply-adds of one word of that length.
    pub(super) fn work(&self) -> u64 {
        let positions = self.experiment.world().shape().positions;
        let program =
            self.program.outputs_at(&[self.site], 0..positions).expect("a decoder has logits at every position");
        let work = Work::of(&program);
        work.weights + work.attention
    }

    /// The class of every prefix of each word, the empty one first.
    ///
    /// # Panics
    /// If a word is longer than [`Recogniser::longest`], or has other symbols.
    pub fn classes(&mut self, words: &[Vec<u16>]) -> Vec<Vec<u16>> {
        let (way, machine) = (self.way, self.automaton.automaton().clone());
        self.each_prefix(words, &|logits| match way {
            Way::Classes => likeliest(logits) as u16,
            Way::States => machine.output(likeliest(logits) as u32),
        })
    }

    /// What it says of every prefix of each word.
    ///
    /// # Panics
    /// As [`Recogniser::classes`].
    pub fn says(&mut self, words: &[Vec<u16>]) -> Vec<Vec<Said>> {
        let (way, machine) = (self.way, self.automaton.automaton().clone());
        self.each_prefix(words, &|logits| {
            let mut law = vec![0.0; logits.len()];
            softmax(logits, &mut law);
            let best = likeliest(logits);
            let (class, state) = match way {
                Way::Classes => (best as u16, None),
                Way::States => (machine.output(best as u32), Some(best as u32)),
            };
            Said { class, probability: law[best], state }
        })
    }

    /// What `each` makes of the logits, of classes or of states, after every prefix of each word.
    fn each_prefix<T: Send + Sync>(&mut self, words: &[Vec<u16>], each: &(dyn Fn(&[f32]) -> T + Sync)) -> Vec<Vec<T>> {
        assert!(words.iter().all(|word| word.len() <= self.longest()), "a word is longer than the network reads");
        let portions = words.chunks(PORTION);
        portions
            .flat_map(|words| match self.way {
                Way::Classes => self.by_classes(words, each),
                Way::States => self.by_states(words, each),
            })
            .collect()
    }

    fn by_classes<T: Send + Sync>(&mut self, words: &[Vec<u16>], each: &(dyn Fn(&[f32]) -> T + Sync)) -> Vec<Vec<T>> {
        let shape = self.experiment.world().shape();
        let (positions, classes, site) = (shape.positions, self.automaton.classes().len(), self.site);
        let longest = words.iter().map(Vec::len).max().unwrap_or(0);
        // A position has the same bits whatever comes after it, so few lengths of programs do.
        let rows = (longest + 1).next_power_of_two().min(positions);
        let (executor, isa) = (self.experiment.plan().executor(), self.computer.isa);
        let program = &self.program;
        let replay = self.replays.entry(rows).or_insert_with(|| {
            let program = program.outputs_at(&[site], 0..rows).expect("a decoder has logits at every position");
            Replay::new(&program, executor, isa)
        });
        let (end, begin, inlet) = (shape.alphabet as u16 - 2, shape.alphabet as u16 - 1, self.inlet);
        let fill = |number: usize, feed: &mut Feed| {
            let (tokens, word) = (&mut feed.ids[inlet], &words[number]);
            tokens[0] = begin;
            tokens[1..=word.len()].copy_from_slice(word);
            tokens[word.len() + 1..].fill(end);
        };
        let said: Vec<OnceLock<Vec<T>>> = words.iter().map(|_| OnceLock::new()).collect();
        replay.outputs(&mut self.computer.team, self.point, words.len(), &fill, &|number, outputs| {
            let rows = outputs[0].chunks_exact(classes).take(words[number].len() + 1);
            assert!(said[number].set(rows.map(each).collect()).is_ok(), "a word is answered once");
        });
        said.into_iter().map(|said| said.into_inner().expect("every word is answered")).collect()
    }

    fn by_states<'w, T: Send + Sync>(
        &mut self,
        words: &'w [Vec<u16>],
        each: &'w (dyn Fn(&[f32]) -> T + Sync),
    ) -> Vec<Vec<T>> {
        let (executor, isa, site) = (self.experiment.plan().executor(), self.computer.isa, self.site);
        let program = &self.program;
        let decode = self.decode.get_or_insert_with(|| {
            let program = program.one_position(&[site]).expect("a decoder has logits");
            Decode::new(&program, executor, isa, SIDE_BY_SIDE)
        });
        let (symbols, states) = (self.automaton.alphabet().len(), self.automaton.automaton().states());
        let inlet = self.inlet;
        let run = |word: &'w Vec<u16>| Run {
            word,
            each,
            symbols,
            states,
            inlet,
            state: 0,
            said: vec![at_first(states, each)],
        };
        let mut runs: Vec<Run<'_, T>> = words.iter().map(run).collect();
        let longest = words.iter().map(Vec::len).max().unwrap_or(0);
        decode.write(&mut self.computer.team, self.point, 2 * longest, &mut runs);
        runs.into_iter().map(|run| run.said).collect()
    }
}

/// That a network of a world of this kind tells no classes.
fn refused(kind: &str, why: &str) -> LabError {
    let allowed = format!("{why}, so that it tells the class of no word");
    let remedy = "give a network of kind regular with a head for classes, or one of kind regular-steps";
    LabError::value("world.kind", format!("{kind:?}"), allowed, remedy)
}

/// The state before any symbol is the first, without being asked.
fn at_first<T>(states: usize, each: &(dyn Fn(&[f32]) -> T + Sync)) -> T {
    let mut logits = vec![f32::NEG_INFINITY; states];
    logits[0] = 0.0;
    each(&logits)
}

/// A word, and the states that a network writes between its symbols.
struct Run<'w, T> {
    word: &'w [u16],
    each: &'w (dyn Fn(&[f32]) -> T + Sync),
    symbols: usize,
    states: usize,
    inlet: usize,
    /// The state that was written last.
    state: usize,
    said: Vec<T>,
}

impl<T> Author<f32> for Run<'_, T> {
    /// Symbols stand at odd positions; after its end a word goes on with its first symbol, which nobody hears of.
    fn give(&mut self, position: usize, feed: &mut Feed) {
        let symbol = self.word.get(position / 2).copied().unwrap_or(0);
        let state = if position == 0 { self.states } else { self.state };
        feed.ids[self.inlet][0] = if position.is_multiple_of(2) { (self.symbols + state) as u16 } else { symbol };
    }

    fn hear(&mut self, position: usize, logits: &[f32]) {
        if !position.is_multiple_of(2) {
            let states = &logits[self.symbols..][..self.states];
            self.state = likeliest(states);
            if self.said.len() <= self.word.len() {
                self.said.push((self.each)(states));
            }
        }
    }
}
