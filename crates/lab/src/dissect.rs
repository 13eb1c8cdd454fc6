//! What a decoder's parts are worth: its loss on fresh sequences with one part replaced by its mean, and how its tables compare
//! with the law.

mod ablation;
mod tables;

use std::ops::Range;
use std::sync::Mutex;

use infimum_engine::{Feed, Program, Replay, Source};
use infimum_worlds::Purpose;
use serde::Serialize;

use crate::data::{self, Drawn, Inlets};
use crate::{Experiment, Figure, Machine, Mean};
use ablation::Means;

/// Sequences that are held in memory at once.
const PORTION: usize = 256;

/// What was found. Each figure has an interval over the sequences.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dissection {
    /// By the first of the world's heads that the model has.
    /// `without_direct_path`, `without_positions`, `without_attention_0`, `without_head_0_0`, `without_mlp_0`, …: nats lost per
    /// scored target when that part gives its mean (over the sequences, at each position; for positions: over positions)
    /// instead of what it gives, and the rest sees that. Paired with the whole model on the same sequences.
    pub losses: Vec<Figure>,
    /// How tables of the model agree with the logarithm of the transition matrix, up to a constant for each row, on the
    /// transitions that are possible, and what the model gives to the others; for chains of order 1.
    pub tables: Vec<Figure>,
}

/// Takes the model at `point` apart on the first `sequences` test sequences, or all that
/// there are. `progress` is told (done, of) in passes over
/// portions of sequences.
pub fn dissect(
    experiment: &Experiment,
    machine: &mut Machine,
    point: &[f32],
    sequences: usize,
    progress: &mut dyn FnMut(usize, usize),
) -> Dissection {
    let sequences = experiment.test_sequences(sequences);
    let program = experiment.program().without_dropout();
    let ablations = ablation::all(experiment.plan().model(), &program);
    let portions: Vec<Range<usize>> = (0..sequences).step_by(PORTION).map(|i| i..sequences.min(i + PORTION)).collect();
    let (mut done, of) = (0, portions.len() * (2 + ablations.len()));
    let mut step = || {
        done += 1;
        progress(done, of);
    };
    let mut subject = Subject { experiment, machine, point, program: &program };
    let sites = ablation::sites(&ablations);
    let mut means = Means::new(&sites);
    for portion in &portions {
        subject.read(&sites, portion).iter().for_each(|arrays| means.add(arrays));
        step();
    }
    let mut nats = vec![Vec::with_capacity(sequences); 1 + ablations.len()];
    for portion in &portions {
        let arrays = subject.read(&sites, portion);
        nats[0].extend(subject.nats(&program, None, portion));
        step();
        for (ablation, nats) in ablations.iter().zip(&mut nats[1..]) {
            let replaced: Vec<Vec<f32>> = arrays.iter().map(|arrays| means.ablated(ablation, arrays)).collect();
            nats.extend(subject.nats(&program, Some((&ablation.site, &replaced)), portion));
            step();
        }
    }
    let losses = ablations.iter().zip(&nats[1..]).map(|(ablation, without)| lost(&ablation.name, without, &nats[0]));
    Dissection { losses: losses.collect(), tables: tables::compare(&mut subject, sequences) }
}

/// Nats per target that `without` loses beyond `whole`, sequence by sequence, each given as (weight, nats).
fn lost(name: &str, without: &[(f64, f64)], whole: &[(f64, f64)]) -> Figure {
    let pairs = without.iter().zip(whole).map(|((weight, a), (_, b))| (*weight, a - b));
    let mean = Mean::of(pairs.clone()).unwrap_or(Mean { value: f64::NAN, standard_error: f64::INFINITY, sequences: 0 });
    Figure {
        name: format!("without_{name}"),
        value: mean.value,
        unit: "nats lost".into(),
        optimum: None,
        baseline: Some(0.0),
        low: Some(mean.value - mean.half_width()).filter(|x| x.is_finite()),
        high: Some(mean.value + mean.half_width()).filter(|x| x.is_finite()),
    }
}

/// A model that is looked at.
struct Subject<'a> {
    experiment: &'a Experiment,
    machine: &'a mut Machine,
    point: &'a [f32],
    program: &'a Program,
}

impl Subject<'_> {
    /// The arrays at `sites` of each sequence, at all positions: `[sequence][site][position * channel]`.
    fn read(&mut self, sites: &[String], sequences: &Range<usize>) -> Vec<Vec<Vec<f32>>> {
        let names: Vec<&str> = sites.iter().map(String::as_str).collect();
        let positions = self.experiment.world().shape().positions;
        let program = self.program.outputs_at(&names, 0..positions).expect("the sites are the program's");
        let found: Vec<Mutex<Vec<Vec<f32>>>> = sequences.clone().map(|_| Mutex::default()).collect();
        self.outputs(&program, None, sequences, &|sequence, outputs| {
            *found[sequence].lock().expect("nothing panics") = outputs.iter().map(|array| array.to_vec()).collect();
        });
        found.into_iter().map(|arrays| arrays.into_inner().expect("nothing panics")).collect()
    }

    /// Each sequence's weight and nats, with a site replaced by an array of its own for each sequence.
    fn nats(
        &mut self,
        program: &Program,
        replaced: Option<(&str, &[Vec<f32>])>,
        sequences: &Range<usize>,
    ) -> Vec<(f64, f64)> {
        let program = match replaced {
            Some((site, _)) => program.replace(site).expect("the site is the program's"),
            None => program.clone(),
        };
        let output = self.experiment.outputs().swap_remove(0);
        let program = program.outputs(&[&output.site("nats")]).expect("a decoder has nats");
        let found: Vec<Mutex<(f64, f64)>> = sequences.clone().map(|_| Mutex::default()).collect();
        let (experiment, addresses) = (self.experiment, data::set(sequences.clone()));
        let first = experiment.world().shape().scored.start;
        self.outputs(&program, replaced, sequences, &|sequence, outputs| {
            let mut example = Default::default();
            experiment.draw(Purpose::Test, addresses[sequence], &mut example);
            let weights = example.weights[output.head][first..].iter().map(|w| f64::from(*w));
            let scored = weights.zip(outputs[0]).map(|(weight, nats)| (weight, weight * f64::from(*nats)));
            *found[sequence].lock().expect("nothing panics") =
                scored.fold((0.0, 0.0), |(w, n), (dw, dn)| (w + dw, n + dn));
        });
        found.into_iter().map(|pair| pair.into_inner().expect("nothing panics")).collect()
    }

    fn outputs(
        &mut self,
        program: &Program,
        replaced: Option<(&str, &[Vec<f32>])>,
        sequences: &Range<usize>,
        sink: &(dyn Fn(usize, &[&[f32]]) + Sync),
    ) {
        let (inlets, addresses) = (Inlets::new(program, self.experiment.world().shape()), data::set(sequences.clone()));
        let drawn = Drawn {
            experiment: self.experiment,
            purpose: Purpose::Test,
            addresses: &addresses,
            inlets: &inlets,
            scales: &[],
            step: 0,
        };
        let replaced = replaced.map(|(site, arrays)| (program.input_index(site).expect("it is an input now"), arrays));
        let source = Replaced { drawn, replaced };
        let mut replay = Replay::new(program, self.experiment.plan().executor(), self.machine.isa);
        replay.outputs(&mut self.machine.team, self.point, sequences.len(), &source, sink);
    }
}

/// Drawn sequences, and an input of each.
struct Replaced<'a> {
    drawn: Drawn<'a>,
    replaced: Option<(usize, &'a [Vec<f32>])>,
}

impl Source for Replaced<'_> {
    fn fill(&self, sequence: usize, feed: &mut Feed) {
        self.drawn.fill(sequence, feed);
        if let Some((input, arrays)) = self.replaced {
            feed.arrays[input].copy_from_slice(&arrays[sequence]);
        }
    }
}

#[cfg(test)]
mod tests;
