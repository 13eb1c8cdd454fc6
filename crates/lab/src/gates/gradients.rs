//! Every parameter receives the gradient that finite differences give.

use std::ops::Range;

use infimum_engine::{Feed, Parameter, Reference, Source};
use infimum_worlds::{Example, Stream};

use super::subject::{Subject, stream};
use super::{Finding, Gate};
use crate::data::{Given, Inlets};
use crate::{Experiment, Output};

pub(super) const GATE: Gate = Gate { name: "gradients", look };

const SEQUENCES: usize = 2;
/// Directions for each array.
const DIRECTIONS: usize = 3;
/// Multiply-adds that may go into differences, about; where arrays are many and large, they share directions.
const WORK: f64 = 4e9;
/// How far a point is moved.
const STEP: f64 = 1e-4;
/// What 32 bits may get wrong of an array's gradient.
const BOUND: f64 = 1e-3;
/// Arrays whose gradient is a smaller share of all than this are held to it: that of a bias of keys is 0 but for rounding.
const SHARE: f64 = 1e-3;

/// The largest difference, over arrays and random directions in which every parameter of an array moves by as much up or down, between the
/// derivative by the gradient of training and by central differences in 64 bits, over the size of the array's gradient.
///
/// Targets are drawn at random, so that the gradient is as large in a network that knows its sequences.
fn look(subject: &mut dyn Subject) -> Finding {
    let examples = disturbed(subject);
    let claimed: Vec<f64> = subject.gradient(&examples).gradient.iter().map(|x| f64::from(*x)).collect();
    let experiment = subject.experiment();
    let loss = Loss::new(experiment, &examples);
    let parameters = experiment.program().parameters();
    let point: Vec<f64> = subject.point().iter().map(|x| f64::from(*x)).collect();
    let whole = norm(&claimed);
    let (mut largest, mut at, mut stream) = (0.0, String::new(), stream(2));
    for part in parts(&parameters, experiment.world().shape().positions) {
        let ranges: Vec<Range<usize>> = part.iter().map(|parameter| parameter.range.clone()).collect();
        for _ in 0..DIRECTIONS {
            let direction = direction(&mut stream, &ranges, point.len());
            let measured = loss.derivative(&point, &direction);
            let by_gradient: f64 = claimed.iter().zip(&direction).map(|(g, d)| g * d).sum();
            let size = ranges.iter().map(|range| norm(&claimed[range.clone()])).fold(measured.abs(), f64::max);
            let error = (measured - by_gradient).abs() / (size + SHARE * whole);
            if error.is_nan() || error > largest {
                (largest, at) = (error, part[0].name.clone());
            }
        }
    }
    let none = claimed.iter().filter(|g| **g == 0.0).count();
    let about = "largest difference of a derivative from finite differences, over the size of its array's gradient";
    Finding::AtMost(largest, BOUND, format!("{about}; of {at}; {none} of {} parameters get none here", claimed.len()))
}

/// Training sequences with targets drawn at random.
fn disturbed(subject: &dyn Subject) -> Vec<Example> {
    let mut stream = stream(3);
    let mut examples = subject.training_examples(SEQUENCES);
    for Output { head, alphabet, .. } in subject.experiment().outputs() {
        for example in &mut examples {
            example.targets[head].iter_mut().for_each(|target| *target = stream.below(alphabet as u64) as u16);
        }
    }
    examples
}

/// The arrays, each by itself as long as that is not too much work.
fn parts(parameters: &[Parameter], positions: usize) -> Vec<&[Parameter]> {
    let all: usize = parameters.iter().map(|parameter| parameter.range.len()).sum();
    let of_one = (all * positions * SEQUENCES * 2 * DIRECTIONS) as f64;
    let most = ((WORK / of_one) as usize).max(1);
    parameters.chunks(parameters.len().div_ceil(most).max(1)).collect()
}

fn direction(stream: &mut Stream, ranges: &[Range<usize>], length: usize) -> Vec<f64> {
    let mut direction = vec![0.0; length];
    for place in ranges.iter().cloned().flatten() {
        direction[place] = if stream.below(2) == 0 { 1.0 } else { -1.0 };
    }
    direction
}

fn norm(array: &[f64]) -> f64 {
    array.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// The loss of some sequences in 64 bits, by the reference executor.
struct Loss<'e> {
    examples: &'e [Example],
    outputs: Vec<Output>,
    reference: Reference,
    inlets: Inlets,
    scored: Range<usize>,
}

impl<'e> Loss<'e> {
    fn new(experiment: &Experiment, examples: &'e [Example]) -> Loss<'e> {
        let outputs = experiment.outputs();
        let sites: Vec<String> = outputs.iter().map(|output| output.site("nats")).collect();
        let sites: Vec<&str> = sites.iter().map(String::as_str).collect();
        let program = experiment.program().without_dropout().outputs(&sites).expect("a decoder has nats");
        let shape = experiment.world().shape();
        let (inlets, scored) = (Inlets::new(&program, shape), shape.scored.clone());
        Loss { examples, outputs, reference: Reference::new(&program), inlets, scored }
    }

    /// The derivative along `direction`.
    fn derivative(&self, point: &[f64], direction: &[f64]) -> f64 {
        let step = STEP / norm(direction);
        let moved = |by: f64| point.iter().zip(direction).map(|(x, d)| x + by * d).collect::<Vec<f64>>();
        (self.at(&moved(step)) - self.at(&moved(-step))) / (2.0 * step)
    }

    fn at(&self, point: &[f64]) -> f64 {
        let given = Given { examples: self.examples, inlets: &self.inlets };
        let source = |sequence: usize, feed: &mut Feed| given.fill(sequence, feed);
        let mut sum = 0.0;
        self.reference.outputs(point, self.examples.len(), &source, &mut |sequence, nats| {
            for (Output { head, .. }, nats) in self.outputs.iter().zip(nats) {
                let weights = &self.examples[sequence].weights[*head][self.scored.clone()];
                sum += weights.iter().zip(*nats).map(|(weight, nats)| f64::from(*weight) * nats).sum::<f64>();
            }
        });
        sum
    }
}
