//! A trained network beside the automaton of its language: the published comparison of weights for the record, measures that
//! no change of basis moves, and interventions.
//!
//! ```text
//! positions of words of the world --parted by the strings read so far--> fit, held out
//! every site:    probe fitted, scored where it was not, beside shuffled states and the network at its random start
//! every head:    what it moves and attends by, in coordinates of states
//! the stream:    operators of symbols; a state exchanged, and what the network then says
//! ```

mod circuits;
mod interchange;
mod laws;
mod matrix;
mod moments;
mod operators;
mod probe;
mod raw;
mod sight;
mod spectrum;
mod subject;
#[cfg(test)]
mod tests;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use infimum_worlds::regular::Machine as Automaton;
use infimum_worlds::{Purpose, Settings, Stream};
use serde::Serialize;

use crate::data::shuffled;
use crate::{Experiment, LabError, Machine};
pub use circuits::{Circuit, HeadCircuits, Likeness};
use circuits::{Coordinates, ends};
pub use interchange::Interchange;
use interchange::Interventions;
use laws::Laws;
pub use matrix::Matrix;
pub use moments::{Moments, Rows};
pub use operators::Operators;
use operators::transitions;
pub use probe::{Probe, ProbeScore};
pub use raw::{NULL_DRAWS, Null, RawHead, RawScores};
pub(crate) use sight::{Sight, SiteGuesses};
pub use spectrum::{eigen, principal_cosines, singular_values, singular_values_of_product};
use subject::Subject;
use words::Split;
pub use words::is_held_out;

/// Automata of more states are not compared with.
pub const MOST_STATES: usize = 64;

/// Activations of one site that are held at once, 1 GiB, and while one side is looked at those of that side once more.
const MOST_NUMBERS: usize = 1 << 28;

/// What stands beside the published numbers.
const WARNING: &str = "cosine, correlation and distance of weights depend on the basis: a network and a copy of it that computes the same, \
                       with the values of each head in another basis, score differently. Read them beside their null only.";
const NO_ATTENTION: &str = "the model has no attention";
const NO_OUTPUT: &str =
    "there is no head to see them at: the world has no known law of the next token, and the model no head of classes";
const NO_OTHER_STATE: &str =
    "at no position of these words is there another state of which the automaton says other things";
const NO_SYMBOL_BETWEEN: &str = "no symbol was read between two held-out positions; look at more --words";

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The language, as the recipe has it.
    pub language: String,
    /// States of the automaton.
    pub states: usize,
    /// The symbols, in their order.
    pub symbols: Vec<String>,
    /// The words that were looked at.
    pub words: Looked,
    /// The published comparison.
    pub raw: Raw,
    /// The share of held-out positions in the state that is most frequent there: the accuracy of the best constant.
    pub chance: f64,
    /// Probes and kernel alignment, in the order of computation.
    pub sites: Vec<SiteScores>,
    /// Sites that are too wide to be looked at.
    pub left_out: Vec<String>,
    /// Every head.
    pub heads: Vec<HeadCircuits>,
    /// Every head of the network at its random start.
    pub heads_at_random_start: Vec<HeadCircuits>,
    /// Transition operators along the stream.
    pub operators: Vec<Operators>,
    /// Those of the network at its random start.
    pub operators_at_random_start: Vec<Operators>,
    /// Why there are no operators.
    pub operators_unavailable: Option<&'static str>,
    /// Interventions along the stream.
    pub interchange: Vec<Interchange>,
    /// Why there are no interventions.
    pub interchange_unavailable: Option<&'static str>,
}

/// The words that were looked at.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Looked {
    /// Words that were drawn.
    pub drawn: usize,
    /// Strings that they begin with and probes were fitted on, each counted once.
    pub fit: usize,
    /// Those that probes were scored on.
    pub held_out: usize,
    /// Strings that are on both sides: none, counted.
    pub shared_strings: usize,
    /// Positions with strings of the first kind.
    pub fit_positions: usize,
    /// Positions with strings of the second.
    pub held_out_positions: usize,
    /// States that the second are in. One alone is guessed without looking.
    pub held_out_states: usize,
}

/// The published comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Raw {
    /// What to know of it.
    pub warning: &'static str,
    /// Every head that has a symbol.
    pub heads: Vec<RawHead>,
    /// Why there is none.
    pub unavailable: Option<String>,
}

/// What is found at a site, with two controls.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SiteScores {
    /// The site.
    pub site: String,
    /// Its channels.
    pub channels: usize,
    /// The share of held-out positions whose state a linear probe guesses.
    pub accuracy: f64,
    /// What least squares to one-hot states explains of their variance, on held-out positions; at most 1.
    pub explained: f64,
    /// Linear kernel alignment with one-hot states, on held-out positions; the same in orthonormal bases only.
    pub kernel_alignment: Option<f64>,
    /// The accuracy of a probe that was fitted on shuffled states.
    pub shuffled_accuracy: f64,
    /// What that explains.
    pub shuffled_explained: f64,
    /// The accuracy at the network's random start.
    pub random_start_accuracy: f64,
    /// What is explained there.
    pub random_start_explained: f64,
    /// The alignment there.
    pub random_start_kernel_alignment: Option<f64>,
}

/// How much is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Words, at least 2.
    pub words: usize,
    /// Interventions at each site of the stream.
    pub interventions: usize,
}

/// Compares the network at `point` with the automaton of its language. `progress` is told (done, of) in passes over words.
///
/// # Errors
/// A world that is none of words of a language; an automaton of more than [`MOST_STATES`] states; words of which no two strings lead to
/// one state, or too many to hold.
pub fn compare(
    experiment: &Experiment,
    machine: &mut Machine,
    point: &[f32],
    effort: Effort,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Comparison, LabError> {
    let (language, automaton) = language(experiment)?;
    let split = Split::draw(experiment, &automaton, effort.words)?;
    let program = experiment.program().without_dropout();
    let viewer = Viewer::new(experiment, &automaton, &split);
    let start = crate::start(experiment.program(), experiment.plan().model(), viewer.seed);
    let mut subject = Subject { experiment, machine, program: &program, point };
    let (sites, left_out) = subject.sites();
    require_room(&split, sites.iter().map(|site| subject.channels(site)).max(), effort.words)?;
    let stream = subject.stream();
    let (mut done, of) = (0, 2 * sites.len() + stream.len() + 1);
    let mut step = || {
        done += 1;
        progress(done, of);
    };
    let raw = viewer.raw(&mut subject);
    step();
    let trained = viewer.view(&mut subject, &sites, &mut step);
    let random = viewer.view(&mut Subject { point: &start, ..subject.again() }, &sites, &mut step);
    let laws = interchange::has_token(&subject).then(|| Laws::of(experiment, &automaton)).flatten();
    let (next, class) = (|q, symbol| automaton.automaton().next(q, symbol), |q| automaton.automaton().output(q));
    let drawn = Interventions::draw(&split.words, laws.as_ref(), &next, &class, (viewer.seed, effort.interventions));
    let mut interchange = vec![];
    for site in &stream {
        let rows = subject.rows(site, &split.words);
        interchange.extend(drawn.at(&mut subject, site, &trained.probes[site], &rows));
        step();
    }
    let has_output = laws.is_some() || interchange::has_class(&subject);
    let interchange_unavailable = interchange.is_empty().then_some(if has_output { NO_OTHER_STATE } else { NO_OUTPUT });
    let operators_unavailable = trained.operators.is_empty().then_some(NO_SYMBOL_BETWEEN);
    Ok(Comparison {
        language,
        states: automaton.automaton().states(),
        symbols: automaton.alphabet().names().to_vec(),
        words: viewer.looked(),
        raw,
        chance: viewer.chance(),
        sites: trained.scores.iter().zip(&random.scores).map(|(trained, random)| trained.beside(random)).collect(),
        left_out,
        heads: trained.heads,
        heads_at_random_start: random.heads,
        operators: trained.operators,
        operators_at_random_start: random.operators,
        operators_unavailable,
        interchange,
        interchange_unavailable,
    })
}

/// Refuses words whose activations at one site are more than [`MOST_NUMBERS`].
fn require_room(split: &Split, widest: Option<usize>, words: usize) -> Result<(), LabError> {
    let numbers = split.is_held_out.len() * widest.unwrap_or(1);
    if numbers <= MOST_NUMBERS {
        return Ok(());
    }
    let allowed = format!("they have {numbers} activations at the widest site, and at most {MOST_NUMBERS} are held");
    let fewer = words * MOST_NUMBERS / numbers * 9 / 10;
    Err(LabError::value("--words", words, allowed, format!("give at most {}", fewer.max(2))))
}

/// The language of an experiment's world, and its machine.
fn language(experiment: &Experiment) -> Result<(String, Automaton), LabError> {
    let world = experiment.plan().world();
    let Settings::Regular(settings) = world else {
        let allowed = "networks are compared with the automata of worlds of kind \"regular\"";
        return Err(LabError::value("world.kind", world.kind(), allowed, "give a run of such a world"));
    };
    let machine = settings.machine()?;
    let states = machine.automaton().states();
    if states > MOST_STATES {
        let allowed = format!("its automaton has {states} states, and at most {MOST_STATES} are compared with");
        return Err(LabError::value("world.language", &settings.language, allowed, "give a run of a smaller language"));
    }
    Ok((settings.language.clone(), machine))
}

/// Looks at networks on the same words.
struct Viewer<'a> {
    experiment: &'a Experiment,
    automaton: &'a Automaton,
    split: &'a Split,
    fit: Vec<u32>,
    held_out: Vec<u32>,
    /// The states of `fit` in another order.
    shuffled: Vec<u32>,
    /// `[to, from]` of each symbol.
    transitions: Vec<Matrix>,
    seed: u64,
}

/// What was seen of a network.
struct View {
    scores: Vec<NetworkScores>,
    probes: BTreeMap<String, Probe>,
    operators: Vec<Operators>,
    heads: Vec<HeadCircuits>,
}

/// One site of one network.
struct NetworkScores {
    site: String,
    channels: usize,
    own: ProbeScore,
    shuffled: ProbeScore,
    kernel_alignment: Option<f64>,
}

impl NetworkScores {
    fn beside(&self, random: &NetworkScores) -> SiteScores {
        SiteScores {
            site: self.site.clone(),
            channels: self.channels,
            accuracy: self.own.accuracy,
            explained: self.own.explained,
            kernel_alignment: self.kernel_alignment,
            shuffled_accuracy: self.shuffled.accuracy,
            shuffled_explained: self.shuffled.explained,
            random_start_accuracy: random.own.accuracy,
            random_start_explained: random.own.explained,
            random_start_kernel_alignment: random.kernel_alignment,
        }
    }
}

impl<'a> Viewer<'a> {
    fn new(experiment: &'a Experiment, automaton: &'a Automaton, split: &'a Split) -> Viewer<'a> {
        let seed = experiment.plan().training().seed;
        let (fit, table) = (split.labels(false), automaton.automaton());
        let order = shuffled(&mut Stream::new(seed, Purpose::Probe, 3, 0), fit.len() as u64);
        let next = |q, symbol| table.next(q, symbol);
        Viewer {
            experiment,
            automaton,
            split,
            shuffled: order.iter().map(|place| fit[*place as usize]).collect(),
            fit,
            held_out: split.labels(true),
            transitions: (0..table.symbols() as u16).map(|s| transitions(&next, table.states(), s)).collect(),
            seed,
        }
    }

    fn states(&self) -> usize {
        self.automaton.automaton().states()
    }

    fn looked(&self) -> Looked {
        let [fit, held_out] = [false, true].map(|side| self.split.strings(side));
        Looked {
            drawn: self.split.words.len(),
            fit: fit.len(),
            held_out: held_out.len(),
            shared_strings: fit.intersection(&held_out).count(),
            fit_positions: self.fit.len(),
            held_out_positions: self.held_out.len(),
            held_out_states: self.held_out.iter().collect::<BTreeSet<_>>().len(),
        }
    }

    fn chance(&self) -> f64 {
        let mut counts = vec![0.0f64; self.states()];
        self.held_out.iter().for_each(|state| counts[*state as usize] += 1.0);
        counts.into_iter().fold(0.0, f64::max) / self.held_out.len() as f64
    }

    fn blocks(&self) -> usize {
        let model = self.experiment.plan().model();
        if model.attention { model.layers } else { 0 }
    }

    fn raw(&self, subject: &mut Subject<'_>) -> Raw {
        let (model, states) = (self.experiment.plan().model(), self.states());
        let mut raw = Raw { warning: WARNING, heads: vec![], unavailable: None };
        if self.blocks() == 0 {
            raw.unavailable = Some(NO_ATTENTION.into());
        } else if model.value_width() < states || model.width < states {
            let (values, width) = (model.value_width(), model.width);
            raw.unavailable = Some(format!(
                "it takes as many channels as there are states, {states}, of the values of a head, which have {values}, and of the stream, which has {width}"
            ));
        }
        let blocks = if raw.unavailable.is_none() { self.blocks() } else { 0 };
        let mut stream = Stream::new(self.seed, Purpose::Probe, 4, 0);
        for block in 0..blocks {
            let values = circuits::values(subject, block);
            let pairs = values.iter().zip(&self.transitions).zip(self.automaton.alphabet().names());
            raw.heads.extend(pairs.enumerate().map(|(head, ((values, transitions), symbol))| {
                let as_published = transitions.transposed();
                RawHead::of((block, head), symbol.clone(), values, &as_published, &mut || stream.normal())
            }));
        }
        raw
    }

    /// What a probe is fitted by at a site with these rows, and the probe of shuffled states.
    fn fitted(&self, rows: &Rows) -> (Moments, Probe) {
        let fit = rows.picked(&self.split.side(false));
        let of = |labels: &[u32]| Moments::of(&fit, labels, self.states());
        (of(&self.fit), Probe::fitted(&of(&self.shuffled)))
    }

    /// A probe and that of shuffled states on held-out rows.
    fn scored(&self, site: &str, rows: &Rows, [probe, control]: [&Probe; 2]) -> NetworkScores {
        let held_out = rows.picked(&self.split.side(true));
        NetworkScores {
            site: site.into(),
            channels: rows.channels,
            own: probe.score(&held_out, &self.held_out),
            shuffled: control.score(&held_out, &self.held_out),
            kernel_alignment: Moments::of(&held_out, &self.held_out, self.states()).kernel_alignment(),
        }
    }

    fn view(&self, subject: &mut Subject<'_>, sites: &[String], step: &mut dyn FnMut()) -> View {
        let mut view = View { scores: vec![], probes: BTreeMap::new(), operators: vec![], heads: vec![] };
        let (stream, mut by_state) = (subject.stream(), BTreeMap::new());
        for site in sites {
            let rows = subject.rows(site, &self.split.words);
            let (moments, control) = self.fitted(&rows);
            let probe = Probe::fitted(&moments);
            view.scores.push(self.scored(site, &rows, [&probe, &control]));
            if stream.contains(site) {
                view.operators.extend(operators::operators(site, &probe, &rows, self.split, &self.transitions));
            }
            view.probes.insert(site.clone(), probe);
            by_state.insert(site.clone(), (moments.by_state, moments.shares));
            step();
        }
        for block in 0..self.blocks() {
            let (read, written) = ends(subject, block);
            if let (Some((read, shares)), Some(written)) = (by_state.get(&read), view.probes.get(&written)) {
                let written = written.decoder();
                let at = Coordinates { read, written: &written, shares, transitions: &self.transitions };
                view.heads.extend(circuits::heads(subject, block, &at));
            }
        }
        view
    }
}
