//! What a report shows of networks that read words of a regular language: the automaton with the states that are confused, classes
//! by length, where heads look, what they move and attend by, and how the state came to be known.

mod answers;
mod attention;
mod automaton;
mod heads;
mod layers;
mod lengths;

use infimum_worlds::Settings;
use infimum_worlds::regular::Machine as Automaton;
use maud::{Markup, html};

use super::attention::HeadAttention;
use super::page::drawn;
use super::pictures::Looked;
use super::sources::Source;
use crate::digits::count;
use crate::regular::comparison::{Sight, SiteGuesses};
use crate::{Experiment, LabError, Machine};
use answers::Answers;
use heads::Heads;
use layers::Layers;

/// Words for probes; of the strings that they begin with about half are held out.
const WORDS: usize = 1000;

/// What was seen of one network's answers.
pub(super) struct RegularStudy {
    /// The automaton of the language.
    automaton: Automaton,
    /// `None` for a model without a head of classes.
    answers: Option<Answers>,
}

/// What was seen inside of one network.
pub(super) struct Inside {
    attention: Vec<HeadAttention>,
    /// What probes say at the sites of the stream, or why there is nothing.
    probes: Result<Probed, String>,
}

struct Probed {
    /// The last site of the stream.
    last: SiteGuesses,
    heads: Heads,
    layers: Layers,
}

impl RegularStudy {
    /// Of the network at `point`; `None` where the world has no words of a language.
    ///
    /// # Errors
    /// A language that the plan cannot have.
    pub(super) fn of(
        experiment: &Experiment,
        machine: &mut Machine,
        point: &[f32],
    ) -> Result<Option<RegularStudy>, LabError> {
        let Settings::Regular(settings) = experiment.plan().world() else { return Ok(None) };
        let automaton = settings.machine()?;
        let answers = Answers::of(experiment, machine, point, &automaton);
        Ok(Some(RegularStudy { automaton, answers }))
    }

    /// The share of words whose class is right; below 0 where no class is told.
    pub(super) fn right(&self) -> f64 {
        self.answers.as_ref().map_or(-1.0, Answers::right)
    }
}

impl Inside {
    /// Looks into the network of a run at `point`, and at its checkpoints.
    ///
    /// # Errors
    /// A checkpoint that is damaged.
    pub(super) fn of(
        source: &Source,
        experiment: &Experiment,
        machine: &mut Machine,
        point: &[f32],
    ) -> Result<Inside, LabError> {
        let attention = attention::attention(experiment, machine, point);
        let sight = match Sight::new(experiment, machine, WORDS) {
            Ok(sight) => sight,
            Err(error) if error.is_user_error() => return Ok(Inside { attention, probes: Err(error.to_string()) }),
            Err(error) => return Err(error),
        };
        let last = sight.guesses(experiment, machine, point).pop().expect("a decoder has a stream");
        let heads = Heads::of(&sight, experiment, machine, point);
        let layers = Layers::of(&sight, source, experiment, machine)?;
        Ok(Inside { attention, probes: Ok(Probed { last, heads, layers }) })
    }
}

/// The run with the most words right; the first of several.
pub(super) fn best(looked: &[Looked<'_>]) -> Option<usize> {
    let right = |at: usize| looked[at].regular.as_ref().map(RegularStudy::right);
    let better = |best: usize, at: usize| if right(at) > right(best) { at } else { best };
    (0..looked.len()).filter(|at| looked[*at].regular.is_some()).reduce(better)
}

/// Pictures and words; nothing where no network of words was looked at.
pub(super) fn section(looked: &[Looked<'_>], experiment: &Experiment) -> Markup {
    let best = looked.iter().find_map(|one| Some((one, one.regular.as_ref()?, one.inside.as_ref()?)));
    let Some((best, study, inside)) = best else { return html! {} };
    let of_best = match looked.len() {
        1 => String::new(),
        _ => format!("Of seed {}, which has the most words right. ", best.source.seed()),
    };
    let probes = inside.probes.as_ref();
    html! {
        h2 { "The automaton and the network" }
        (automaton::figure(study, probes.ok().map(|probed| &probed.last), &of_best))
        div.charts {
            @if let Some(chart) = lengths::chart(looked, experiment) { (drawn(&chart, &lengths::about(experiment))) }
            @if let Ok(probed) = probes {
                @for (chart, about) in probed.layers.charts() { (drawn(&chart, &format!("{of_best}{about}"))) }
            }
        }
        (attention::section(&inside.attention, &of_best))
        @match probes {
            Ok(probed) => (probed.heads.section(&study.automaton, &of_best)),
            Err(why) => p.note { "Not looked at with probes: " (why) },
        }
    }
}

/// How many words the pictures are of.
fn words() -> String {
    count(answers::WORDS as u64)
}

#[cfg(test)]
mod tests;
