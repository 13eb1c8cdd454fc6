//! Every parameter receives the gradient that finite differences give.

use std::ops::Range;

use infimum_engine::{Feed, Parameter, Reference, Source};
use infimum_worlds::{Example, Purpose, Stream};

use super::network::{Network, stream};
use super::{Finding, Gate};
use crate::data::{Given, Inlets};
use crate::{Experiment, Output};

pub(super) const GATE: Gate = Gate { name: "gradients", look };

/// Sequences, and directions for each array: the most that are affordable, or the last.
const EFFORTS: [(usize, usize); 4] = [(2, 3), (1, 3), (1, 2), (1, 1)];
/// Multiply-adds that may go into differences, about.
const WORK: f64 = 1e10;
/// How far a point is moved. A kink of the loss between two points, as rectifiers have, is no wrong gradient, and is not between nearer
/// ones: of the distances that a direction needs, the best counts.
const STEPS: [f64; 3] = [1e-4, 1e-5, 1e-6];
/// What 32 bits may get wrong of an array's gradient in any network.
const ROUNDING: f64 = 3e-5;
/// They may get wrong so many times what a unit in the last place of every parameter changes, too: of an adder of 67 weights that
/// is a thousand times what it is of a text's model.
const UNITS: f64 = 4.0;
/// Where rounding explains more than so much, 32 bits do not tell the gradient, and the gate has nothing to look at.
const MOST: f64 = 0.01;
/// Points that are such a unit away, up or down at random for each parameter.
const NEARBY: usize = 4;
/// The size of an array's gradient has this share of the whole gradient's added: that of a bias of keys is 0 but for rounding.
const SHARE: f64 = 1e-3;

/// The largest difference, over arrays and random directions in which every parameter of an array moves by as much up or down, between the
/// derivative by the gradient of training and by central differences in 64 bits, in units of what rounding explains.
///
/// Targets are drawn at random, so that the gradient is as large in a network that knows its sequences. In one direction the difference
/// is that of the two gradients times a number of mean square 1, so that an error of ten times the bound stays below it in one of
/// twelve, and in three directions in one of some two thousand.
fn look(network: &mut dyn Network) -> Finding {
    let parameters = network.experiment().program().parameters();
    let point: Vec<f64> = network.point().iter().map(|x| f64::from(*x)).collect();
    let positions = network.experiment().world().shape().positions;
    let (sequences, directions) = effort(parameters.len() * point.len() * positions);
    let examples = disturbed(network, sequences);
    let claimed = Claimed::by(network, &examples);
    let part = |parameter| Part { parameter, explained: claimed.explained(parameter), error: f64::NAN };
    let mut parts: Vec<Part<'_>> = parameters.iter().flat_map(|parameter| vec![part(parameter); directions]).collect();
    let loss = Loss::new(network.experiment(), &examples);
    let team = &mut network.machine().team;
    let mut desks = vec![(); team.threads()];
    team.each(&mut parts, &mut desks, |number, part, ()| {
        part.error = loss.error(&point, &claimed, part, number as u64);
    });
    match worst(&parts) {
        Ok(worst) => {
            let of = format!(
                "{} arrays in {directions} direction{} each",
                parameters.len(),
                if directions == 1 { "" } else { "s" }
            );
            Finding::AtMost(worst.times(), 1.0, about(worst, &of, &claimed.gradient))
        }
        Err(untold) => Finding::None(format!(
            "rounding explains {:.1e} of the gradient of {}, more than {MOST}: 32 bits do not tell it",
            untold.explained, untold.parameter.name
        )),
    }
}

fn about(Part { parameter, error, .. }: &Part<'_>, of: &str, claimed: &[f64]) -> String {
    let none = claimed.iter().filter(|g| **g == 0.0).count();
    format!(
        "largest difference of a derivative from finite differences, over what rounding explains; {error:.1e} of the gradient's size at {}, \
         the worst of {of}; {none} of {} parameters get none here",
        parameter.name,
        claimed.len()
    )
}

/// The worst part of which rounding does not explain too much; where none of those is wrong, but there are others, one of the others.
fn worst<'a, 'p>(parts: &'a [Part<'p>]) -> Result<&'a Part<'p>, &'a Part<'p>> {
    let (told, untold): (Vec<&Part<'p>>, Vec<&Part<'p>>) =
        parts.iter().partition(|part| part.explained.is_nan() || part.explained <= MOST);
    let worst = told.into_iter().reduce(worse);
    let untold = untold.into_iter().reduce(|a, b| if b.explained > a.explained { b } else { a });
    match (worst, untold) {
        (Some(worst), None) => Ok(worst),
        (Some(worst), _) if worst.is_wrong() => Ok(worst),
        (_, untold) => Err(untold.expect("there are parameters")),
    }
}

/// A direction of an array.
#[derive(Clone, Copy)]
struct Part<'p> {
    parameter: &'p Parameter,
    /// What rounding may get wrong, over the size of the array's gradient.
    explained: f64,
    /// What is wrong, over the same.
    error: f64,
}

impl Part<'_> {
    fn times(&self) -> f64 {
        self.error / self.explained
    }

    /// Written so that what is no number is wrong.
    fn is_wrong(&self) -> bool {
        self.times().is_nan() || self.times() > 1.0
    }
}

/// What is no number is worst.
fn worse<'a, 'p>(a: &'a Part<'p>, b: &'a Part<'p>) -> &'a Part<'p> {
    if b.times().is_nan() || b.times() > a.times() { b } else { a }
}

/// The gradient of training, and how far rounding may move it.
struct Claimed {
    gradient: Vec<f64>,
    /// The gradients where every parameter is a unit in its last place higher or lower.
    nearby: Vec<Vec<f64>>,
}

impl Claimed {
    fn by(network: &mut dyn Network, examples: &[Example]) -> Claimed {
        let own = network.point().to_vec();
        let mut at = |point: &[f32]| -> Vec<f64> {
            network.gradient_at(point, examples).gradient.iter().map(|x| f64::from(*x)).collect()
        };
        Claimed { gradient: at(&own), nearby: (0..NEARBY).map(|number| at(&beside(&own, number as u64))).collect() }
    }

    /// The size of an array's gradient.
    fn size(&self, range: &Range<usize>) -> f64 {
        norm(&self.gradient[range.clone()]) + SHARE * norm(&self.gradient)
    }

    /// What rounding may get wrong of the gradient of an array, over its size.
    fn explained(&self, Parameter { range, .. }: &Parameter) -> f64 {
        let moved = |other: &Vec<f64>| {
            let pairs = self.gradient[range.clone()].iter().zip(&other[range.clone()]);
            norm(&pairs.map(|(a, b)| a - b).collect::<Vec<f64>>())
        };
        ROUNDING + UNITS * self.nearby.iter().map(moved).fold(0.0, f64::max) / self.size(range)
    }
}

/// Every parameter by a unit in its last place up or down.
fn beside(point: &[f32], number: u64) -> Vec<f32> {
    let mut stream = Stream::new(0, Purpose::Check, 5, number);
    point.iter().map(|x| if stream.below(2) == 0 { x.next_down() } else { x.next_up() }).collect()
}

/// Sequences and directions, where one of each asks for two times `multiply_adds`.
fn effort(multiply_adds: usize) -> (usize, usize) {
    let affordable = |(sequences, directions): &&(usize, usize)| {
        (sequences * directions) as f64 * 2.0 * multiply_adds as f64 <= WORK
    };
    *EFFORTS.iter().find(affordable).unwrap_or(&EFFORTS[EFFORTS.len() - 1])
}

/// Training sequences with targets drawn at random.
fn disturbed(network: &dyn Network, sequences: usize) -> Vec<Example> {
    let mut stream = stream(3);
    let mut examples = network.training_examples(sequences);
    for Output { head, alphabet, .. } in network.experiment().outputs() {
        for example in &mut examples {
            example.targets[head].iter_mut().for_each(|target| *target = stream.below(alphabet as u64) as u16);
        }
    }
    examples
}

/// All parameters of `range` by 1, up or down, and no other.
fn direction(stream: &mut Stream, range: Range<usize>, length: usize) -> Vec<f64> {
    let mut direction = vec![0.0; length];
    direction[range].fill_with(|| if stream.below(2) == 0 { 1.0 } else { -1.0 });
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

    /// The difference of derivatives along direction number `number`, over the size of the array's gradient.
    fn error(&self, point: &[f64], claimed: &Claimed, part: &Part<'_>, number: u64) -> f64 {
        let range = &part.parameter.range;
        let mut stream = Stream::new(0, Purpose::Check, 2, number);
        let direction = direction(&mut stream, range.clone(), point.len());
        let by_gradient: f64 =
            claimed.gradient[range.clone()].iter().zip(&direction[range.clone()]).map(|(g, d)| g * d).sum();
        let mut least = f64::INFINITY;
        for step in STEPS {
            let measured = self.derivative(point, &direction, step);
            let error = (measured - by_gradient).abs() / claimed.size(range).max(measured.abs());
            // Written so that what is no number is an error.
            least = if error >= least { least } else { error };
            if least <= ROUNDING {
                break;
            }
        }
        least
    }

    /// The derivative along `direction`, between two points that are `2 distance` from each other.
    fn derivative(&self, point: &[f64], direction: &[f64], distance: f64) -> f64 {
        let step = distance / norm(direction);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong fails whatever else 32 bits do not tell; where nothing is wrong, that is said before anything passes.
    #[test]
    fn arrays_that_are_not_told_hide_no_wrong_one() {
        let parameter =
            Parameter { name: "a".into(), shape: infimum_engine::Shape { rows: 1, channels: 1 }, range: 0..1 };
        let part = |explained, error| Part { parameter: &parameter, explained, error };
        let [right, wrong, untold] = [part(1e-3, 5e-4), part(1e-3, 2e-3), part(1.0, 0.5)];
        let no_number = [part(1e-3, f64::NAN), part(f64::NAN, 1e-3)];
        let error = |parts: &[Part<'_>]| worst(parts).map(|part| part.error).map_err(|part| part.explained);
        assert_eq!(error(&[right, wrong, right]), Ok(2e-3));
        assert_eq!(error(&[right, wrong, untold]), Ok(2e-3));
        assert_eq!([error(&[untold, right]), error(&[untold])], [Err(1.0), Err(1.0)]);
        for nan in no_number {
            assert!(
                [[nan, wrong], [wrong, nan], [nan, untold]].iter().all(|parts| worst(parts).is_ok_and(Part::is_wrong))
            );
        }
    }

    /// Whatever is asked for, there is a direction of a sequence for each array, and no more work than may be where that is possible.
    #[test]
    fn large_networks_get_fewer_sequences_before_fewer_directions() {
        let affordable = WORK as usize / 2;
        for (multiply_adds, expected) in [
            (1, (2, 3)),
            (affordable / 6, (2, 3)),
            (affordable / 3, (1, 3)),
            (affordable / 2, (1, 2)),
            (affordable * 9, (1, 1)),
        ] {
            assert_eq!(effort(multiply_adds), expected, "{multiply_adds}");
        }
    }
}
