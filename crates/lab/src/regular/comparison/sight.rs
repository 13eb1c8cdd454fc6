//! What pictures need of a network beside its automaton, all on the same words: which states a probe takes for which, and the
//! heads in coordinates of states.

use std::collections::BTreeSet;

use infimum_worlds::regular::Machine as Automaton;

use super::circuits::{HeadCircuits, ends};
use super::moments::Moments;
use super::probe::Probe;
use super::subject::{MOST_CHANNELS, Subject};
use super::words::Split;
use super::{Viewer, language, require_room};
use crate::{Experiment, LabError, Machine};

/// Words of a language, and its automaton.
pub(crate) struct Sight {
    automaton: Automaton,
    split: Split,
}

/// What a probe of the state says at a site, on held-out positions.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SiteGuesses {
    pub(crate) site: String,
    /// `[state][guess]`: how often.
    pub(crate) guesses: Vec<Vec<u64>>,
}

impl SiteGuesses {
    /// The share of positions whose state is guessed.
    pub(crate) fn accuracy(&self) -> f64 {
        let right: u64 = self.guesses.iter().enumerate().map(|(state, row)| row[state]).sum();
        right as f64 / self.guesses.iter().flatten().sum::<u64>() as f64
    }
}

impl Sight {
    /// So many words of the experiment's world.
    ///
    /// # Errors
    /// As [`super::compare`].
    pub(crate) fn new(experiment: &Experiment, machine: &mut Machine, words: usize) -> Result<Sight, LabError> {
        let (_, automaton) = language(experiment)?;
        let split = Split::draw(experiment, &automaton, words)?;
        let program = experiment.program().without_dropout();
        let subject = Subject { experiment, machine, program: &program, point: &[] };
        require_room(&split, subject.stream().iter().map(|site| subject.channels(site)).max(), words)?;
        Ok(Sight { automaton, split })
    }

    pub(crate) fn automaton(&self) -> &Automaton {
        &self.automaton
    }

    /// The accuracy of a constant state.
    pub(crate) fn chance(&self, experiment: &Experiment) -> f64 {
        Viewer::new(experiment, &self.automaton, &self.split).chance()
    }

    /// What probes say along the stream of the network at `point`, in the order of computation.
    pub(crate) fn guesses(&self, experiment: &Experiment, machine: &mut Machine, point: &[f32]) -> Vec<SiteGuesses> {
        let program = experiment.program().without_dropout();
        let mut subject = Subject { experiment, machine, program: &program, point };
        subject.stream().into_iter().map(|site| self.at(&mut subject, site)).collect()
    }

    fn at(&self, subject: &mut Subject<'_>, site: String) -> SiteGuesses {
        let rows = subject.rows(&site, &self.split.words);
        let states = self.automaton.automaton().states();
        let fit = rows.picked(&self.split.side(false));
        let probe = Probe::fitted(&Moments::of(&fit, &self.split.labels(false), states));
        let mut guesses = vec![vec![0; states]; states];
        for (row, state) in self.split.side(true).into_iter().zip(self.split.labels(true)) {
            guesses[state as usize][probe.state(&rows.row(row))] += 1;
        }
        SiteGuesses { site, guesses }
    }

    /// The heads of the network at `point`, in coordinates of states. The network may be one of another experiment, if that reads
    /// sequences of the same shape.
    pub(crate) fn heads(&self, experiment: &Experiment, machine: &mut Machine, point: &[f32]) -> Vec<HeadCircuits> {
        let program = experiment.program().without_dropout();
        let mut subject = Subject { experiment, machine, program: &program, point };
        let viewer = Viewer::new(experiment, &self.automaton, &self.split);
        let of_block = |block| {
            let (read, written) = ends(&subject, block);
            [read, written]
        };
        let sites: BTreeSet<String> = (0..viewer.blocks()).flat_map(of_block).collect();
        let sites: Vec<String> = sites.into_iter().filter(|site| subject.channels(site) <= MOST_CHANNELS).collect();
        viewer.view(&mut subject, &sites, &mut || {}).heads
    }
}
