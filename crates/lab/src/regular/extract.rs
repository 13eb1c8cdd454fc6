//! The automaton of a network, learnt by asking it for the classes of words.
//!
//! A hypothesis is tested in four ways, the cheapest first: on the shortest word on which it differs from the automaton of the world, on
//! all short words, by the W-method, and on random words of all lengths up to the longest. What each finds first goes back to the
//! learner. Nothing is asked that the network was not made to read, so a result speaks of words up to that length.

use std::time::{Duration, Instant};

use infimum_worlds::regular::learn::{Conformance, Learner, Limits, Stopped, Teacher};
use infimum_worlds::regular::{Automaton, Machine};
use serde::Serialize;

use super::agreement::{self, Agreement, Words};
use super::recogniser::Recogniser;
use crate::LabError;

/// The most states that are learnt.
pub const MOST_LEARNT: usize = 1000;
/// The most cells of a table: 64 MB, and twice as much while they are compared.
const MOST_CELLS: usize = 1 << 25;
/// All words are tried up to the greatest length with so many.
const SHORT_WORDS: u64 = 4_000;
/// The most words of the W-method for one hypothesis.
const CONFORMANCE_WORDS: u64 = 20_000;
/// Random words for one hypothesis, of lengths up to the longest.
const RANDOM_WORDS: usize = 2_000;
/// How much later than learning comparing in the end is over, as a share of the time for learning.
const END: f64 = 0.25;
/// Of the words that all are compared in the end, these parts are tried one after another, until the time is up.
const PARTS: [u64; 4] = [64, 16, 4, 1];
/// Random words of each length that the result is compared on.
const SAMPLE: usize = 1_000;

/// What to ask.
#[derive(Clone, Copy, Debug)]
pub struct Search<'s> {
    /// What the network should be; `None`: the automaton of its world.
    pub truth: Option<&'s Machine>,
    /// The longest words that are asked, in symbols; `None`: the longest that the network reads.
    pub length: Option<usize>,
    /// Seconds after which nothing more is learnt; comparing what was learnt ends a quarter of that later at most, but for words that are
    /// under way.
    pub seconds: f64,
    /// Seed of the random words.
    pub seed: u64,
}

/// A word to which network and truth give different classes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    /// The word.
    pub word: String,
    /// Its class by the network.
    pub network: String,
    /// Its class by the truth.
    pub truth: String,
}

/// How many random words of a length have the same class by network and learnt automaton, at every prefix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sampled {
    /// Their length.
    pub length: usize,
    /// How many there are.
    pub words: usize,
    /// How many of them agree.
    pub agree: usize,
}

/// What was learnt.
#[derive(Clone, Debug, Serialize)]
pub struct Extracted {
    /// States of the minimal automaton that was learnt.
    pub states: usize,
    /// Whether every test of it was passed, while learning and in the end; if learning was stopped, it is the hypothesis whose
    /// counterexample was the longest.
    pub complete: bool,
    /// Why it is not complete.
    pub stopped: Option<String>,
    /// Whether it gives every word, of any length, the class of the truth.
    pub equals_truth: bool,
    /// States of the truth.
    pub truth_states: usize,
    /// The network gives all words up to this length the classes of the learnt automaton.
    pub agrees_up_to_length: usize,
    /// Whether that is the greatest length at which all words were tried, so that longer ones may agree as well.
    pub agrees_wherever_tried: bool,
    /// Random longer words.
    pub longer: Vec<Sampled>,
    /// The shortest word that was found on which network and truth differ.
    pub shortest_disagreement: Option<Disagreement>,
    /// All words up to this length were tried in looking for it.
    pub tried_up_to_length: usize,
    /// If the W-method was gone through: the result is right if the network has no more states than these beyond it.
    pub states_beyond: Option<u32>,
    /// How many words were asked while learning and testing.
    pub words_asked: u64,
    /// The longest words that were asked, in symbols.
    pub length: usize,
    /// The automaton that was learnt.
    #[serde(skip)]
    pub machine: Machine,
}

/// Learns the automaton of a network. `watch` is told now and then how many states there are and how many words were asked.
///
/// # Errors
/// A truth over another alphabet or with other classes; words that are longer than the network reads; no hypothesis in the time that
/// was given.
pub fn extract(
    recogniser: &mut Recogniser<'_>,
    search: Search<'_>,
    watch: &mut dyn FnMut(usize, u64),
) -> Result<Extracted, LabError> {
    let truth = truth(recogniser, search.truth)?;
    let length = longest(recogniser, search.length)?;
    let given = Duration::from_secs_f64(search.seconds);
    let deadline = Instant::now() + given;
    let limits = Limits { states: MOST_LEARNT, cells: MOST_CELLS, length };
    let asked = Asked { recogniser, truth: truth.automaton(), least: None, words: 0 };
    let learner = Learner::new(truth.alphabet().len(), limits);
    let portion = asked.recogniser.portion();
    let mut student = Student { asked, learner, portion, deadline, seed: search.seed, best: None, beyond: None, watch };
    let stopped = student.learn().err();
    let Student { asked: Asked { recogniser, least, words, .. }, best, beyond, .. } = student;
    let Some((_, automaton)) = best else {
        let allowed = "too short for a first hypothesis";
        return Err(LabError::value("--seconds", search.seconds, allowed, "give it more"));
    };
    let names = truth.classes().to_vec();
    let machine = Machine::new(truth.alphabet().clone(), names, &automaton)?;
    let found = Found { machine, stopped, least, words_asked: words, beyond, length };
    let until = deadline + given.mul_f64(END);
    Ok(found.compared(End { recogniser, until, is_over: false }, &truth, search.seed))
}

/// What the network should be, with the classes in the order of the network's.
fn truth(recogniser: &Recogniser<'_>, given: Option<&Machine>) -> Result<Machine, LabError> {
    let own = recogniser.truth();
    let Some(given) = given else { return Ok(own.clone()) };
    if given.alphabet() != own.alphabet() {
        let allowed = format!("the network's alphabet is {}", own.alphabet().spelt());
        return Err(LabError::value("--pattern over", given.alphabet().spelt(), allowed, "give a pattern over that"));
    }
    let told_apart = given.recogniser().ok().filter(|given| given.classes() == own.classes());
    if let Some(given) = told_apart {
        return Ok(given);
    }
    if given.classes() != own.classes() {
        let allowed = format!("the network's classes are {}", own.classes().join(", "));
        return Err(LabError::value("--pattern with", given.classes().join(", "), allowed, "give one with these"));
    }
    Ok(given.clone())
}

fn longest(recogniser: &Recogniser<'_>, wanted: Option<usize>) -> Result<usize, LabError> {
    let most = recogniser.longest();
    match wanted.filter(|wanted| *wanted > most) {
        None => Ok(wanted.unwrap_or(most)),
        Some(wanted) => {
            let allowed = format!("the network reads words of at most {most} symbols");
            Err(LabError::value("--length", wanted, allowed, "choose a smaller number"))
        }
    }
}

/// A network that is asked, beside the truth.
struct Asked<'a, 'e> {
    recogniser: &'a mut Recogniser<'e>,
    truth: &'a Automaton,
    /// The least word on which the two were seen to differ.
    least: Option<Vec<u16>>,
    words: u64,
}

impl Asked<'_, '_> {
    /// The classes of all prefixes of each word.
    fn prefixes(&mut self, words: &[Vec<u16>]) -> Vec<Vec<u16>> {
        let classes = self.recogniser.classes(words);
        self.words += words.len() as u64;
        for (word, classes) in words.iter().zip(&classes) {
            note(&mut self.least, agreement::first_wrong(self.truth, word, classes).map(|length| &word[..length]));
        }
        classes
    }
}

impl Teacher for Asked<'_, '_> {
    fn outputs(&mut self, words: &[Vec<u16>]) -> Vec<u16> {
        self.prefixes(words).iter().map(|classes| classes[classes.len() - 1]).collect()
    }
}

/// Keeps the lesser of two words, by length and then by the order of symbols.
fn note(least: &mut Option<Vec<u16>>, word: Option<&[u16]>) {
    let Some(word) = word else { return };
    if least.as_ref().is_none_or(|least| (word.len(), word) < (least.len(), least)) {
        *least = Some(word.to_vec());
    }
}

/// A learner and what it is tested by.
struct Student<'a, 'e, 'w> {
    asked: Asked<'a, 'e>,
    learner: Learner,
    /// Words that are tried before the clock is looked at.
    portion: usize,
    deadline: Instant,
    seed: u64,
    /// The hypothesis that stood longest, and the length of the counterexample that it fell by; none if it stands.
    best: Option<(usize, Automaton)>,
    /// Symbols that the W-method put between.
    beyond: Option<u32>,
    watch: &'w mut dyn FnMut(usize, u64),
}

impl Student<'_, '_, '_> {
    /// Learns until a hypothesis passes every test.
    fn learn(&mut self) -> Result<(), Stopped> {
        loop {
            let automaton = self.hypothesis()?;
            let known = |best: &Option<(usize, Automaton)>| best.as_ref().map_or(0, |(length, _)| *length);
            if self.best.is_none() {
                self.best = Some((0, automaton.clone()));
            }
            let Some(word) = self.counterexample(&automaton)? else {
                self.best = Some((usize::MAX, automaton));
                return Ok(());
            };
            if word.len() >= known(&self.best) {
                self.best = Some((word.len(), automaton.clone()));
            }
            self.learner.refine(&mut self.asked, &automaton, &word)?;
        }
    }

    fn hypothesis(&mut self) -> Result<Automaton, Stopped> {
        let (deadline, watch, words) = (self.deadline, &mut *self.watch, self.asked.words);
        self.learner.hypothesis(&mut self.asked, &mut |states| {
            watch(states, words);
            Instant::now() < deadline
        })
    }

    /// The least word that the next test finds on which the network is not what the hypothesis says.
    fn counterexample(&mut self, automaton: &Automaton) -> Result<Option<Vec<u16>>, Stopped> {
        let (symbols, length) = (automaton.symbols(), self.learner.limits().length);
        let hint = automaton.first_difference(self.asked.truth, |a, b| a != b).ok().flatten();
        if let Some(found) = self.first_wrong(automaton, &mut hint.into_iter())? {
            return Ok(Some(found));
        }
        let short = Words { all: SHORT_WORDS, longest: length, random: 0, length, seed: self.seed };
        let (whole, _) = short.whole(symbols);
        let mut all = (0..(symbols as u64).pow(whole as u32)).map(|number| agreement::spelt(number, whole, symbols));
        if let Some(found) = self.first_wrong(automaton, &mut all)? {
            return Ok(Some(found));
        }
        let conformance = Conformance::affordable(&self.learner, CONFORMANCE_WORDS);
        let beyond =
            conformance.as_ref().map(Conformance::middle).filter(|middle| *middle > 0).map(|middle| middle - 1);
        let words: Vec<Vec<u16>> = conformance.into_iter().flatten().collect();
        let fits = words.iter().all(|word| word.len() <= length);
        if let Some(found) = self.first_wrong(automaton, &mut words.into_iter())? {
            return Ok(Some(found));
        }
        let seed = self.seed;
        let of_length = |number: usize| 1 + number % length.max(1);
        let mut random =
            (0..RANDOM_WORDS).map(|number| agreement::random(seed, number as u64, of_length(number), symbols));
        let found = self.first_wrong(automaton, &mut random)?;
        self.beyond = beyond.filter(|_| fits && found.is_none());
        Ok(found)
    }

    /// The least prefix of these words, in the first portion that has one, to which the network gives another class.
    fn first_wrong(
        &mut self,
        automaton: &Automaton,
        words: &mut dyn Iterator<Item = Vec<u16>>,
    ) -> Result<Option<Vec<u16>>, Stopped> {
        let length = self.learner.limits().length;
        let mut words = words.filter(|word| word.len() <= length).peekable();
        while words.peek().is_some() {
            if Instant::now() >= self.deadline {
                return Err(Stopped::Watch);
            }
            let portion: Vec<Vec<u16>> = words.by_ref().take(self.portion).collect();
            let mut least = None;
            for (word, classes) in portion.iter().zip(self.asked.prefixes(&portion)) {
                note(&mut least, agreement::first_wrong(automaton, word, &classes).map(|length| &word[..length]));
            }
            (self.watch)(automaton.states(), self.asked.words);
            if least.is_some() {
                return Ok(least);
            }
        }
        Ok(None)
    }
}

/// What was learnt, before it is compared.
struct Found {
    machine: Machine,
    stopped: Option<Stopped>,
    least: Option<Vec<u16>>,
    words_asked: u64,
    beyond: Option<u32>,
    length: usize,
}

impl Found {
    fn compared(self, mut end: End<'_, '_>, truth: &Machine, seed: u64) -> Extracted {
        let Found { machine, stopped, mut least, words_asked, beyond, length } = self;
        let automaton = machine.automaton().clone();
        let affordable = Words::affordable(end.recogniser);
        let words = Words { longest: length, random: 0, length, seed, ..affordable };
        let equals_truth = automaton == *truth.automaton();
        let agreement = end.all(&automaton, words);
        let beside_truth = if equals_truth { agreement.clone() } else { end.all(truth.automaton(), words) };
        note(&mut least, beside_truth.least_wrong.as_deref());
        let told = |length: usize| {
            format!("some words of {length} symbols that were tried in the end tell it from the network")
        };
        let first = agreement.least_wrong.as_ref().map(|word| told(word.len()));
        let (mut longer, mut stopped) = (Vec::new(), stopped.map(reason).or(first));
        for length in lengths(agreement.up_to_length, length) {
            let random = Words { all: 0, longest: 0, random: SAMPLE.min(affordable.random), length, seed: !seed };
            let Some(sample) = end.in_time(&automaton, random) else { break };
            if sample.random_wrong > 0 {
                stopped = stopped.or_else(|| Some(told(length)));
            }
            let beside = if equals_truth { Some(sample.clone()) } else { end.in_time(truth.automaton(), random) };
            note(&mut least, beside.and_then(|beside| beside.least_wrong).as_deref());
            longer.push(Sampled { length, words: sample.random, agree: sample.random - sample.random_wrong });
        }
        if end.is_over {
            stopped = stopped.or_else(|| Some(UP_IN_THE_END.into()));
        }
        let shortest = least.map(|word| {
            let said = end.recogniser.classes(std::slice::from_ref(&word)).swap_remove(0);
            Disagreement {
                network: truth.classes()[usize::from(said[word.len()])].clone(),
                truth: truth.class(&word).into(),
                word: truth.alphabet().spell(&word),
            }
        });
        Extracted {
            states: automaton.states(),
            complete: stopped.is_none(),
            stopped,
            equals_truth,
            truth_states: truth.automaton().states(),
            agrees_up_to_length: agreement
                .least_wrong
                .as_ref()
                .map_or(agreement.up_to_length, |word| word.len().saturating_sub(1).min(agreement.up_to_length)),
            agrees_wherever_tried: agreement.least_wrong.is_none(),
            longer,
            shortest_disagreement: shortest,
            tried_up_to_length: beside_truth.up_to_length,
            states_beyond: beyond,
            words_asked,
            length,
            machine,
        }
    }
}

/// Comparing in the end, until the time is up.
struct End<'a, 'e> {
    recogniser: &'a mut Recogniser<'e>,
    until: Instant,
    /// Whether less was compared than asked for.
    is_over: bool,
}

impl End<'_, '_> {
    /// All words up to some length; if there is no time for that, up to a smaller one. The first part is compared whatever the time.
    fn all(&mut self, automaton: &Automaton, words: Words) -> Agreement {
        let part = |part: u64| Words { all: words.all / part, ..words };
        let mut found =
            Agreement::of(self.recogniser, automaton, part(PARTS[0]), &mut |_| true).expect("nobody ends it");
        for part in PARTS[1..].iter().map(|of| part(*of)) {
            if part.whole(automaton.symbols()).0 > found.up_to_length {
                let Some(more) = self.in_time(automaton, part) else { break };
                found = more;
            }
        }
        found
    }

    /// The words, if there is time for them.
    fn in_time(&mut self, automaton: &Automaton, words: Words) -> Option<Agreement> {
        let until = self.until;
        let found = (Instant::now() < until)
            .then(|| Agreement::of(self.recogniser, automaton, words, &mut |_| Instant::now() < until))
            .flatten();
        self.is_over |= found.is_none();
        found
    }
}

/// Lengths to sample beyond one, up to another: quarters of the way.
fn lengths(beyond: usize, most: usize) -> impl Iterator<Item = usize> {
    let mut lengths: Vec<usize> = (1..=4).map(|quarter| beyond + (most - beyond) * quarter / 4).collect();
    lengths.retain(|length| *length > beyond);
    lengths.dedup();
    lengths.into_iter()
}

const UP_IN_THE_END: &str = "the time was up before all words of the end were compared; give it more with --seconds";

fn reason(stopped: Stopped) -> String {
    match stopped {
        Stopped::States => format!("more than {MOST_LEARNT} states: the network may be no automaton"),
        Stopped::Cells => format!("more than {MOST_CELLS} answers would have to be kept"),
        Stopped::Length(length) => {
            format!(
                "a word of {length} symbols had to be asked, longer than allowed: up to there the network has more states"
            )
        }
        Stopped::Watch => "the time was up; give it more with --seconds".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regular::{Wanted, construct, machine};
    use crate::{Experiment, Isa};

    /// Where the time is up the first part alone is compared, and that is remembered; where it is not, all is.
    #[test]
    fn less_is_compared_where_the_time_is_up() {
        let language = machine("(a|b|c|d)*abcd", None).unwrap();
        let wanted = Wanted { name: "test", language: None, machine: &language, length: 16, method: None };
        let construction = construct(wanted).unwrap();
        let experiment = Experiment::new(construction.plan.clone()).unwrap();
        let mut computer = crate::Machine::new(Isa::best(), 2);
        let mut recogniser = Recogniser::new(&experiment, &construction.point, &mut computer).unwrap();
        let words = Words { all: 20_000, longest: 16, random: 0, length: 16, seed: 1 };
        let first = Words { all: words.all / PARTS[0], ..words };
        let [of_all, of_first] = [words, first].map(|words| words.whole(4).0);
        let now = Instant::now();
        for (until, length) in [(now, of_first), (now + Duration::from_secs(86_400), of_all)] {
            let mut end = End { recogniser: &mut recogniser, until, is_over: false };
            assert_eq!(end.all(language.automaton(), words).up_to_length, length);
            assert_eq!(end.is_over, until == now);
        }
        assert!(of_first < of_all);
    }
}
