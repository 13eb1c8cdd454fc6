//! Reports: a run, or several seeds of one recipe, as one HTML file that opens anywhere, without a network and without a script.

mod attention;
mod axis;
mod calibration;
mod chart;
mod course;
mod heat_map;
mod norms;
mod page;
mod pictures;
mod png;
mod quality;
mod regular;
mod sources;
mod study;
mod subject;
mod sums;
mod tables;
mod tally;
mod transitions;

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::num::NonZeroUsize;
use std::path::Path;

use crate::{Experiment, LabError, Machine, Record, whole_file};
use page::{GENERATOR, Page};
use pictures::Looked;
use regular::{Inside, RegularStudy};
use sources::Source;
use sums::SumsStudy;
use transitions::States;

/// Test sequences on which a report looks at a model, where no other number is asked for.
pub const REPORT_SEQUENCES: NonZeroUsize = NonZeroUsize::new(2000).unwrap();

/// A report, ready to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The name of the recipe.
    pub recipe: String,
    /// The page.
    pub html: String,
    /// What it could not show, a sentence for each.
    pub missing: Vec<String>,
}

/// Reports on `records`: one, or several that differ in their seed alone. Each model is looked at on its plan's first
/// `sequences` test sequences, or all that there are; `tell` is told how many of all these are done, of how many. What a record lacks, the report says.
///
/// # Errors
/// Records that cannot be read, are damaged, or are not of one recipe; two of one seed.
///
/// # Panics
/// Without a record or a sequence.
pub fn report(
    records: &[Record],
    machine: &mut Machine,
    sequences: usize,
    tell: &mut dyn FnMut(u64, u64),
) -> Result<Report, LabError> {
    assert!(!records.is_empty() && sequences > 0, "a report is of something");
    let sources = records.iter().map(Source::read).collect::<Result<Vec<_>, _>>()?;
    sources::check_one_recipe(&sources)?;
    let experiments = sources.iter().map(|source| Experiment::new(source.plan.clone()));
    let experiments = experiments.collect::<Result<Vec<_>, _>>()?;
    compose(&sources, &experiments, machine, sequences, tell)
}

fn compose(
    sources: &[Source],
    experiments: &[Experiment],
    machine: &mut Machine,
    sequences: usize,
    tell: &mut dyn FnMut(u64, u64),
) -> Result<Report, LabError> {
    let first = &experiments[0];
    let sequences = first.test_sequences(sequences);
    let states = States::of(first, sequences);
    let steps = quality::steps(sources, first);
    let of = (sources.len() * sequences + steps.len() * quality::SEQUENCES) as u64;
    let (mut looked, mut hashes, mut points) = (vec![], vec![], vec![]);
    for (number, (source, experiment)) in sources.iter().zip(experiments).enumerate() {
        let weights = source.weights(experiment)?;
        hashes.push(weights.as_ref().map(|state| experiment.layout().weights_hash(&state.point)));
        let Some(state) = weights else { continue };
        let before = (number * sequences) as u64;
        let mut tell = |done: usize| tell(before + done as u64, of);
        let study = study::study(experiment, machine, &state.point, sequences, states.as_ref(), &mut tell);
        let sums = SumsStudy::of(experiment, machine, &state.point);
        let regular = RegularStudy::of(experiment, machine, &state.point)?;
        points.push(state.point);
        looked.push(Looked { number, source, study, sums, regular, inside: None });
    }
    if let Some(best) = regular::best(&looked) {
        let one = &mut looked[best];
        one.inside = Some(Inside::of(one.source, &experiments[one.number], machine, &points[best])?);
    }
    let before = (sources.len() * sequences) as u64;
    let mut tell = |done: usize| tell(before + (done * quality::SEQUENCES) as u64, of);
    let kept = quality::series(&sources[0], first, machine, &steps, &mut tell)?;
    let mut missing: Vec<String> = sources.iter().flat_map(Source::missing).collect();
    if first.world().truth().is_none() {
        let lacks = "the law of the world is not known, so there is no floor, no excess, no true matrix and no exact calibration";
        missing.push(lacks.into());
    }
    let (looked, hashes, kept) = (&looked, &hashes, &kept);
    let html = Page { sources, experiment: first, looked, hashes, kept, missing: &missing }.write();
    Ok(Report { recipe: first.plan().name().into(), html, missing })
}

impl Report {
    /// Writes the page to `path`, whole or not at all. A report that is there is replaced; another file only if `force`.
    ///
    /// # Errors
    /// Another file at `path`; whatever the system refuses.
    pub fn write(&self, path: &Path, force: bool) -> Result<(), LabError> {
        if !force && !may_be_replaced(path)? {
            return Err(LabError::Replaces { path: path.into() });
        }
        whole_file::write_bytes(path, "write the report", self.html.as_bytes())
    }
}

/// Whether nothing is at `path`, or a report.
fn may_be_replaced(path: &Path) -> Result<bool, LabError> {
    const BEGINNING: u64 = 512;
    let mut beginning = Vec::new();
    match File::open(path).and_then(|file| file.take(BEGINNING).read_to_end(&mut beginning)) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(LabError::io("read", path)(error)),
        Ok(_) => Ok(String::from_utf8_lossy(&beginning).contains(GENERATOR)),
    }
}

#[cfg(test)]
mod tests;
