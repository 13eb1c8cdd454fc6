//! How the state came to be known: probes along the stream, and the gradient by layer, at the checkpoints of a run.

use crate::data::Schedule;
use crate::gradient::{Batch, Gradients, PartNorm, by_part};
use crate::regular::comparison::{Sight, SiteGuesses};
use crate::report::axis::Scale;
use crate::report::chart::{Chart, Ink, Point, RUN_INKS, Series, Stroke};
use crate::report::course::{STEPS, rule};
use crate::report::sources::Source;
use crate::{CheckpointName, Experiment, LabError, Machine, start};

/// Checkpoints that are looked at, about.
const MOST_CHECKPOINTS: usize = 24;

/// A run at its checkpoints.
pub(super) struct Layers {
    pub(super) snapshots: Vec<Snapshot>,
    /// The accuracy of a constant state.
    pub(super) chance: f64,
}

/// A run after some step.
pub(super) struct Snapshot {
    pub(super) step: u64,
    /// Of each site of the stream: its name, and the accuracy of a probe.
    pub(super) probes: Vec<(String, f64)>,
    /// Of each part of the model: the length of the gradient.
    pub(super) gradient: Vec<PartNorm>,
}

impl Layers {
    /// Errors: a checkpoint that is damaged.
    pub(super) fn of(
        sight: &Sight,
        source: &Source,
        experiment: &Experiment,
        machine: &mut Machine,
    ) -> Result<Layers, LabError> {
        let (mut gradients, mut sequences) = (Gradients::new(experiment, machine), Schedule::new(experiment));
        let last = experiment.plan().training().steps.saturating_sub(1);
        let mut snapshot = |machine: &mut Machine, step: u64, point: &[f32]| {
            let probes = sight.guesses(experiment, machine, point);
            let probes = probes.into_iter().map(|found: SiteGuesses| (found.site.clone(), found.accuracy())).collect();
            let at = step.min(last);
            let batch = Batch::new(experiment, machine, sequences.step(at), at);
            let gradient = by_part(experiment, &gradients.mean(machine, point, &batch));
            Snapshot { step, probes, gradient }
        };
        let mut snapshots = vec![];
        if experiment.plan().training().init.is_none() {
            let model = experiment.plan().model();
            let random = start(experiment.program(), model, experiment.plan().training().seed);
            snapshots.push(snapshot(machine, 0, &random));
        }
        for name in chosen(source) {
            let state = source.load(name, experiment)?;
            snapshots.push(snapshot(machine, state.step, &state.point));
        }
        snapshots.sort_by_key(|snapshot| snapshot.step);
        snapshots.dedup_by_key(|snapshot| snapshot.step);
        Ok(Layers { snapshots, chance: sight.chance(experiment) })
    }

    /// Both charts, each with words.
    pub(super) fn charts(&self) -> [(Chart, String); 2] {
        [(self.probes(), self.about_probes()), (self.gradients(), self.about_gradients())]
    }

    fn probes(&self) -> Chart {
        let shown = shown(&self.snapshots[0].probes);
        let series = shown.iter().enumerate().map(|(number, site)| {
            let of =
                |snapshot: &Snapshot| snapshot.probes.iter().find(|(name, _)| name == site).map(|(_, share)| *share);
            self.series(number, named(site), &of)
        });
        let mut series: Vec<Series> = series.collect();
        series.push(rule(format!("constant {:.3}", self.chance), self.chance));
        let last = self.snapshots.last().expect("there is a checkpoint");
        let told: Vec<String> = last.probes.iter().map(|(site, share)| format!("{} {share:.4}", named(site))).collect();
        Chart {
            id: "probes",
            title: "The state along the stream".into(),
            description: format!(
                "Accuracy of linear probes of the automaton's state over the steps; after step {}: {}. A constant has {:.4}.",
                last.step,
                told.join(", "),
                self.chance
            ),
            x: (STEPS.into(), Scale::Linear),
            y: ("share of positions".into(), Scale::Linear),
            series,
        }
    }

    fn gradients(&self) -> Chart {
        let parts: Vec<String> = self.snapshots[0].gradient.iter().map(|part| part.part.clone()).collect();
        let series = thinned(parts.clone()).into_iter().enumerate().map(|(number, part)| {
            let of = |snapshot: &Snapshot| snapshot.gradient.iter().find(|of| of.part == part).map(|of| of.norm);
            self.series(number, part.clone(), &of)
        });
        let last = self.snapshots.last().expect("there is a checkpoint");
        let told: Vec<String> = last.gradient.iter().map(|of| format!("{} {:.3e}", of.part, of.norm)).collect();
        Chart {
            id: "gradients",
            title: "The gradient by layer".into(),
            description: format!(
                "Length of the gradient of each part of the model over the steps, on a logarithmic axis; after step {}: {}.",
                last.step,
                told.join(", ")
            ),
            x: (STEPS.into(), Scale::Linear),
            y: ("Euclidean length".into(), Scale::Log),
            series: series.collect(),
        }
    }

    fn series(&self, number: usize, label: String, of: &dyn Fn(&Snapshot) -> Option<f64>) -> Series {
        let point = |snapshot: &Snapshot| Some(Point::at(snapshot.step as f64, of(snapshot)?));
        let points = self.snapshots.iter().filter_map(point).collect();
        Series { label, ink: Ink::Run(number), stroke: Stroke::Line, points }
    }

    fn about_probes(&self) -> String {
        format!(
            "How often a linear probe guesses the state after the symbols so far, where these are held out, along the stream. {}",
            self.seen()
        )
    }

    fn about_gradients(&self) -> String {
        format!(
            "Of the loss of the sequences that the next step trains on, before clipping, at the weights of each checkpoint. {}",
            self.seen()
        )
    }

    /// Which checkpoints these are.
    fn seen(&self) -> String {
        match self.snapshots.len() {
            0..=3 => "The run kept few checkpoints: evaluation.keep_every has it keep more.".into(),
            several => format!("{several} checkpoints, the start among them."),
        }
    }
}

/// The checkpoints that are looked at, one of each step.
fn chosen(source: &Source) -> Vec<CheckpointName> {
    let (steps, others): (Vec<CheckpointName>, Vec<CheckpointName>) =
        source.checkpoints().iter().partition(|name| matches!(name, CheckpointName::Step(_)));
    let every = steps.len().div_ceil(MOST_CHECKPOINTS).max(1);
    // The last of the kept ones is that of the end.
    let steps = steps.into_iter().rev().step_by(every);
    others.into_iter().chain(steps).collect()
}

/// The sites that have a curve: all, or of many those at the ends of blocks.
fn shown(probes: &[(String, f64)]) -> Vec<String> {
    let names: Vec<String> = probes.iter().map(|(site, _)| site.clone()).collect();
    if names.len() <= RUN_INKS {
        return names;
    }
    thinned(names.into_iter().filter(|site| !site.ends_with("x_mid")).collect())
}

/// As many as there are colours, evenly chosen, the first and the last among them.
fn thinned(names: Vec<String>) -> Vec<String> {
    let (last, places) = (names.len() - 1, RUN_INKS - 1);
    if last <= places {
        return names;
    }
    (0..=places).map(|place| names[place * last / places].clone()).collect()
}

/// A site of the stream in words.
fn named(site: &str) -> String {
    let parts: Vec<&str> = site.split('.').collect();
    match parts[..] {
        ["h", block, "x_mid"] => format!("block {block}, after attention"),
        ["h", block, "x"] => format!("after block {block}"),
        ["ln_f"] => "after the last norm".into(),
        _ => "embedding".into(),
    }
}
