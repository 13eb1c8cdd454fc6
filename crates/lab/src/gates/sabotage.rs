//! Networks that are broken on purpose, each in one way.

use infimum_engine::{Feed, Gradient, Replay, Source};
use infimum_worlds::{Example, Purpose, Stream};

use super::network::{Network, Replaced, Trained};
use crate::data::{Address, Given, Inlets, Schedule};
use crate::{Experiment, Machine};

/// What is broken. What is broken in the weights alone is given to [`Trained`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    /// Attention done by another hand, and right.
    None,
    /// Attention sees later positions.
    NoMask,
    /// Attention is even.
    Uniform,
    /// Attention gives zeros.
    Zeroed,
    /// Scores are not divided by the square root of the width.
    NoScale,
    /// Targets are the tokens that the model sees.
    Shifted,
    /// The loss is that of other targets than those of the sequence.
    WrongTargets,
    /// The loss that training reports is divided by all positions.
    WrongMean,
    /// The gradient of the gains of the first norm is a thousandth too large.
    Gained,
    /// The gradient is another in the last bit of every parameter, by up to a tenth of each number.
    Noisy,
    /// No gradient goes through attention.
    Detached,
    /// Validation sequences are training sequences, and so is the first of the strings that are held out.
    Leaked,
}

impl Fault {
    fn is_of_attention(self) -> bool {
        matches!(self, Fault::None | Fault::NoMask | Fault::Uniform | Fault::Zeroed | Fault::NoScale)
    }
}

/// Of the first norm.
pub(super) const GAINS: &str = "transformer.h.0.ln_1.weight";

pub(super) struct Sabotaged<'t> {
    pub(super) inner: Trained<'t>,
    pub(super) fault: Fault,
}

impl Network for Sabotaged<'_> {
    fn experiment(&self) -> &Experiment {
        self.inner.experiment()
    }

    fn point(&self) -> &[f32] {
        self.inner.point()
    }

    fn start(&self) -> Option<&[f32]> {
        self.inner.start()
    }

    fn draw(&self, purpose: Purpose, address: Address, into: &mut Example) {
        match self.fault {
            Fault::Leaked if purpose == Purpose::Validation => {
                let first = Schedule::new(self.experiment()).step(0);
                self.inner.draw(Purpose::Train, first[address.index as usize % first.len()], into);
            }
            _ => self.inner.draw(purpose, address, into),
        }
        if self.fault == Fault::Shifted {
            into.targets[0] = into.tokens.clone();
        }
    }

    fn held_out(&self) -> Vec<Example> {
        let mut held_out = self.inner.held_out();
        if self.fault == Fault::Leaked && !held_out.is_empty() {
            self.draw(Purpose::Validation, Address { step: 0, index: 0 }, &mut held_out[0]);
        }
        held_out
    }

    fn read(&mut self, examples: &[Example], replaced: &[Replaced], sites: &[&str]) -> Vec<Vec<Vec<f32>>> {
        if self.fault == Fault::WrongTargets {
            return self.inner.read(&with_tokens_as_targets(examples), replaced, sites);
        }
        if !self.fault.is_of_attention() {
            return self.inner.read(examples, replaced, sites);
        }
        let mut replaced = replaced.to_vec();
        for site in sites_of_attention(self) {
            let program = self.experiment().program().without_dropout();
            let read = self.inner.read(examples, &replaced, &program.operands(&site).unwrap());
            let arrays = read.iter().map(|qkv| self.attend(qkv)).collect();
            replaced.push(Replaced { site, arrays });
        }
        self.inner.read(examples, &replaced, sites)
    }

    fn gradient_at(&mut self, point: &[f32], examples: &[Example]) -> Gradient<f32> {
        match self.fault {
            Fault::WrongTargets => self.inner.gradient_at(point, &with_tokens_as_targets(examples)),
            Fault::Detached => self.detached(point, examples),
            Fault::Gained => {
                let mut gradient = self.inner.gradient_at(point, examples);
                let parameters = self.experiment().program().parameters();
                let gains = parameters.into_iter().find(|parameter| parameter.name == GAINS).unwrap();
                gradient.gradient[gains.range].iter_mut().for_each(|g| *g *= 1.001);
                gradient
            }
            Fault::Noisy => {
                let mut gradient = self.inner.gradient_at(point, examples);
                let sum = point.iter().fold(0, |sum: u64, x| sum.wrapping_mul(31).wrapping_add(u64::from(x.to_bits())));
                let mut stream = Stream::new(sum, Purpose::Check, 6, 0);
                gradient.gradient.iter_mut().for_each(|g| *g *= (0.9 + 0.2 * stream.uniform()) as f32);
                gradient
            }
            Fault::WrongMean => {
                let mut gradient = self.inner.gradient_at(point, examples);
                gradient.of_losses[0].weight = examples.iter().map(|example| example.tokens.len() as f64 + 1.0).sum();
                gradient
            }
            _ => self.inner.gradient_at(point, examples),
        }
    }

    fn machine(&mut self) -> &mut Machine {
        self.inner.machine()
    }

    fn trained_on(&mut self, examples: &[Example]) -> Option<(usize, u64)> {
        self.inner.trained_on(examples)
    }
}

impl Sabotaged<'_> {
    /// Attention as the fault has it, `[position][head, channel]`.
    fn attend(&self, qkv: &[Vec<f32>]) -> Vec<f32> {
        let network: &dyn Network = self;
        let model = network.model();
        let (heads, width, of_value) = (model.heads, model.head_width(), model.value_width());
        let positions = self.experiment().world().shape().positions;
        let each = qkv[0].len() / positions / heads;
        let divisor = if self.fault == Fault::NoScale { 1.0 } else { (width as f64).sqrt() };
        let mut y = vec![0.0; positions * heads * of_value];
        for (query, head) in (0..positions).flat_map(|query| (0..heads).map(move |head| (query, head))) {
            let seen = if self.fault == Fault::NoMask { positions } else { query + 1 };
            let row = |array: &[f32], position: usize, each: usize| -> Vec<f64> {
                array[(position * heads + head) * each..][..each].iter().map(|x| f64::from(*x)).collect()
            };
            let q = row(&qkv[0], query, each);
            let score = |position: usize| {
                let product: f64 = q.iter().zip(row(&qkv[1], position, each)).map(|(a, b)| a * b).sum();
                if self.fault == Fault::Uniform { 0.0 } else { product / divisor }
            };
            let scores: Vec<f64> = (0..seen).map(score).collect();
            let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let parts: Vec<f64> = scores.iter().map(|score| libm::exp(score - largest)).collect();
            let sum: f64 = parts.iter().sum();
            for channel in 0..of_value {
                let at = |position: usize| (position * heads + head) * of_value + channel;
                let value = |position: usize| parts[position] / sum * f64::from(qkv[2][at(position)]);
                let mean: f64 = (0..seen).map(value).sum();
                y[(query * heads + head) * of_value + channel] =
                    if self.fault == Fault::Zeroed { 0.0 } else { mean as f32 };
            }
        }
        y
    }

    fn detached(&mut self, point: &[f32], examples: &[Example]) -> Gradient<f32> {
        let sites = sites_of_attention(self);
        let read = self.inner.read(examples, &[], &sites.iter().map(String::as_str).collect::<Vec<_>>());
        let mut program = self.experiment().program().without_dropout();
        for site in &sites {
            program = program.replace(site).unwrap();
        }
        let program = program.gradient();
        let (inlets, executor) =
            (Inlets::new(&program, self.experiment().world().shape()), self.experiment().plan().executor());
        let places: Vec<usize> = sites.iter().map(|site| program.input_index(site).unwrap()).collect();
        let source = |sequence: usize, feed: &mut Feed| {
            Given { examples, inlets: &inlets }.fill(sequence, feed);
            for (place, array) in places.iter().zip(&read[sequence]) {
                feed.arrays[*place].copy_from_slice(array);
            }
        };
        let machine = self.inner.machine();
        Replay::new(&program, executor, machine.isa).gradient(&mut machine.team, point, examples.len(), &source)
    }
}

fn sites_of_attention(network: &dyn Network) -> Vec<String> {
    (0..network.layers_of_attention()).map(|layer| format!("h.{layer}.attn.y")).collect()
}

fn with_tokens_as_targets(examples: &[Example]) -> Vec<Example> {
    let with = |example: &Example| {
        let mut example = example.clone();
        example.targets[0] = example.tokens.clone();
        example
    };
    examples.iter().map(with).collect()
}
