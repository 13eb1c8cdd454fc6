//! A program for one sequence: arrays `[position][channel]`, the operations between them, and the programs made from it.

use std::ops::Range;
use std::sync::Arc;

use crate::expression::Weight;
use crate::operation::Operation;
use crate::shape::{Shape, ShapeError};
use crate::weights::{Parameter, Weights};

/// An array `[position][channel]` of a program.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Value(pub(crate) usize);

/// Token ids, one for each position, that a program reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ids(pub(crate) usize);

/// A static program for one sequence. It has no batch dimension; executors replay it for as many sequences as wanted.
#[derive(Clone, Debug)]
pub struct Program {
    pub(crate) arrays: Vec<Array>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) ids: Vec<IdsInput>,
    pub(crate) inputs: Vec<Value>,
    pub(crate) masks: Vec<Mask>,
    pub(crate) weights: Arc<Weights>,
    /// At least one, each with nats of its own.
    pub(crate) losses: Vec<Loss>,
    /// Positions that may carry loss.
    pub(crate) scored: Range<usize>,
    pub(crate) goal: Goal,
}

/// An array and its name, which is its site.
#[derive(Clone, Debug)]
pub(crate) struct Array {
    pub(crate) site: String,
    pub(crate) shape: Shape,
    /// The array that this one equals, since the dropout between the two was removed.
    pub(crate) same_as: Option<Value>,
}

/// One operation between arrays.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) operation: Operation,
    pub(crate) x: Vec<Value>,
    pub(crate) w: Vec<Weight>,
    pub(crate) ids: Option<Ids>,
    pub(crate) output: Value,
}

/// Token ids that a program reads.
#[derive(Clone, Debug, PartialEq)]
pub struct IdsInput {
    /// Name of the input.
    pub name: String,
    /// Number of positions.
    pub positions: usize,
    /// Every id is below this.
    pub alphabet: usize,
}

/// A dropout mask: an input that multiplies an array.
#[derive(Clone, Debug, PartialEq)]
pub struct Mask {
    /// Name of the input that carries the mask.
    pub name: String,
    /// Probability that a scalar is dropped; kept ones are multiplied by `1 / (1 - rate)`.
    pub rate: f64,
    /// What the mask multiplies.
    pub(crate) of: Value,
    /// The product.
    pub(crate) product: Value,
    /// The mask itself.
    pub(crate) input: Value,
}

/// A part of the sequence loss: the sum over positions of weight times nats.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loss {
    pub(crate) nats: Value,
    pub(crate) weights: Value,
}

/// What a program is for; it decides which rows and operations are needed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Goal {
    /// Some rows of some arrays.
    Outputs(Vec<Value>, Range<usize>),
    /// The loss and its gradient by all parameters.
    Gradient,
    /// One row of some arrays, at a position that is given at replay.
    Position(Vec<Value>),
}

/// Programs made from a program. They may be made from each other in any order; only the last of `gradient`, `outputs`,
/// `outputs_at` and `one_position` counts, since a program has one goal.
impl Program {
    /// The program that gives the loss and its gradient by all parameters.
    pub fn gradient(&self) -> Program {
        Program { goal: Goal::Gradient, ..self.clone() }
    }

    /// The program that gives `sites` at those positions that may carry loss, each as `[row][channel]`.
    pub fn outputs(&self, sites: &[&str]) -> Result<Program, ShapeError> {
        self.outputs_at(sites, self.scored.clone())
    }

    /// The program that gives the rows `rows`, at least one, of `sites`, each as `[row][channel]`.
    pub fn outputs_at(&self, sites: &[&str], rows: Range<usize>) -> Result<Program, ShapeError> {
        let values = sites.iter().map(|s| self.site(s)).collect::<Result<Vec<_>, _>>()?;
        let refused = |v: &&Value| rows.is_empty() || self.shape(**v).rows < rows.end;
        if let Some(v) = values.iter().find(refused) {
            let (site, have) = (self.arrays[v.0].site.clone(), self.shape(*v).rows);
            return Err(ShapeError::Rows { start: rows.start, end: rows.end, site, have });
        }
        Ok(Program { goal: Goal::Outputs(values, rows), ..self.clone() })
    }

    /// The program that gives the row of `sites` at one position, one site after another: what [`Decode`](crate::Decode) and
    /// [`Reference::write`](crate::Reference::write) run at position 0, 1, 2 and so on, while whoever writes the sequence
    /// hears what was said of one position before giving the next. Its inputs are those of the position alone
    /// ([`Program::feed`] has one row of each); keys and values of earlier positions are kept by the executor. Each row has
    /// the bits that the whole program gives it.
    ///
    /// The operations stay what they are, and only executors know of a cache: an operation says what it needs of earlier
    /// positions ([`attention`](crate::Builder::attention) alone needs anything), so every program of the list of operations
    /// can be written position by position, whatever was replaced in it.
    pub fn one_position(&self, sites: &[&str]) -> Result<Program, ShapeError> {
        let values = sites.iter().map(|s| self.site(s)).collect::<Result<Vec<_>, _>>()?;
        Ok(Program { goal: Goal::Position(values), ..self.clone() })
    }

    /// How many positions a sequence can have: those that every array asked for has a row for, or of a gradient the nats.
    pub fn positions(&self) -> usize {
        let nats: Vec<Value> = self.losses.iter().map(|loss| loss.nats).collect();
        let asked = match &self.goal {
            Goal::Outputs(values, _) | Goal::Position(values) => &values[..],
            Goal::Gradient => &nats,
        };
        asked.iter().map(|v| self.shape(*v).rows).min().unwrap_or(0)
    }

    /// The program for evaluation: every product with a dropout mask is the array that it multiplied, and stays a site: read,
    /// it gives that array; replaced, it replaces what the operations after the dropout read, and no more. A product that was
    /// replaced before stays the input that it became. The masks are no inputs and no sites any more, except one that is an
    /// output.
    pub fn without_dropout(&self) -> Program {
        let mut program = self.clone();
        for mask in std::mem::take(&mut program.masks) {
            if let Some(position) = program.nodes.iter().position(|n| n.output == mask.product) {
                program.nodes.remove(position);
                program.arrays[mask.product.0].same_as = Some(mask.of);
            }
            if !program.is_output(mask.input) {
                program.inputs.retain(|v| *v != mask.input);
            }
        }
        program
    }

    /// The program in which the array at `site` is an input of that name instead of being computed.
    pub fn replace(&self, site: &str) -> Result<Program, ShapeError> {
        let value = self.site(site)?;
        let mut program = self.clone();
        program.nodes.retain(|n| n.output != value);
        program.arrays[value.0].same_as = None;
        if !program.inputs.contains(&value) {
            program.inputs.push(value);
        }
        Ok(program)
    }

    /// Names of all arrays, in the order in which they are computed.
    pub fn sites(&self) -> impl Iterator<Item = &str> {
        (0..self.arrays.len()).map(Value).filter(|v| self.has(*v)).map(|v| self.arrays[v.0].site.as_str())
    }

    /// Shape of the array at `site`.
    pub fn shape_of(&self, site: &str) -> Result<Shape, ShapeError> {
        Ok(self.shape(self.site(site)?))
    }

    /// Sites of the arrays that the operation which computes `site` reads, in its order: of attention queries, keys and values.
    pub fn operands(&self, site: &str) -> Result<Vec<&str>, ShapeError> {
        let value = self.site(site)?;
        let node = self.nodes.iter().find(|node| node.output == value);
        Ok(node.map_or(vec![], |node| node.x.iter().map(|x| self.arrays[x.0].site.as_str()).collect()))
    }

    /// Float inputs in feed order: name and shape.
    pub fn inputs(&self) -> impl Iterator<Item = (&str, Shape)> {
        self.inputs.iter().map(|v| (self.arrays[v.0].site.as_str(), self.shape(*v)))
    }

    /// Token inputs in feed order.
    pub fn ids(&self) -> &[IdsInput] {
        &self.ids
    }

    /// Dropout masks of the program.
    pub fn masks(&self) -> &[Mask] {
        &self.masks
    }

    /// Positions that may carry loss.
    pub fn scored(&self) -> Range<usize> {
        self.scored.clone()
    }

    /// The weight part.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// The free arrays in the order of the vector of parameters.
    pub fn parameters(&self) -> Vec<Parameter> {
        self.weights.free().collect()
    }

    /// A feed of the right sizes: ids 0, floats 0. Of one position, if the program is one for one position.
    pub fn feed(&self) -> Feed {
        let rows = |all: usize| if matches!(self.goal, Goal::Position(_)) { 1 } else { all };
        let floats = |shape: Shape| vec![0.0; rows(shape.rows) * shape.channels];
        Feed {
            ids: self.ids.iter().map(|i| vec![0; rows(i.positions)]).collect(),
            arrays: self.inputs.iter().map(|v| floats(self.shape(*v))).collect(),
        }
    }

    /// Place of the float input `name` in a feed.
    pub fn input_index(&self, name: &str) -> Option<usize> {
        self.inputs.iter().position(|v| self.arrays[v.0].site == name)
    }

    /// Place of the token input `name` in a feed.
    pub fn ids_index(&self, name: &str) -> Option<usize> {
        self.ids.iter().position(|i| i.name == name)
    }

    pub(crate) fn site(&self, site: &str) -> Result<Value, ShapeError> {
        let found = self.arrays.iter().position(|a| a.site == site).map(Value).filter(|v| self.has(*v));
        found.ok_or_else(|| ShapeError::Site { site: site.into(), known: self.sites().collect::<Vec<_>>().join(", ") })
    }

    pub(crate) fn shape(&self, value: Value) -> Shape {
        self.arrays[value.0].shape
    }

    /// Whether the array is an input, computed, or equal to one that is.
    fn has(&self, value: Value) -> bool {
        let is_computed = || self.nodes.iter().any(|n| n.output == value);
        self.arrays[value.0].same_as.is_some() || self.inputs.contains(&value) || is_computed()
    }

    /// Whether an array is the nats of a loss.
    pub(crate) fn is_loss(&self, value: Value) -> bool {
        self.losses.iter().any(|loss| loss.nats == value)
    }

    fn is_output(&self, value: Value) -> bool {
        matches!(&self.goal, Goal::Outputs(values, _) | Goal::Position(values) if values.contains(&value))
    }

    /// The array that is held in memory for `value`: itself, or what stands before the dropouts removed.
    pub(crate) fn held(&self, value: Value) -> Value {
        self.arrays[value.0].same_as.map_or(value, |same| self.held(same))
    }

    /// The same program with the array that is held in place of each that equals it: what is pruned, planned and replayed.
    pub(crate) fn resolved(&self) -> Program {
        let mut program = self.clone();
        program.nodes.iter_mut().flat_map(|n| &mut n.x).for_each(|x| *x = self.held(*x));
        if let Goal::Outputs(values, _) | Goal::Position(values) = &mut program.goal {
            values.iter_mut().for_each(|v| *v = self.held(*v));
        }
        program.losses.iter_mut().for_each(|loss| loss.nats = self.held(loss.nats));
        program
    }
}

/// One sequence's inputs: token ids and float arrays `[row][channel]`, in the order of [`Program::ids`] and [`Program::inputs`].
#[derive(Clone, Debug, PartialEq)]
pub struct Feed {
    /// Token ids.
    pub ids: Vec<Vec<u16>>,
    /// Float arrays: loss weights, dropout masks, replaced sites.
    pub arrays: Vec<Vec<f32>>,
}

/// Where an executor gets its sequences. The thread that works on a sequence fills its feed.
pub trait Source: Sync {
    /// Writes the inputs of sequence number `sequence`. The feed holds whatever it held before.
    fn fill(&self, sequence: usize, feed: &mut Feed);
}

impl<F: Fn(usize, &mut Feed) + Sync> Source for F {
    fn fill(&self, sequence: usize, feed: &mut Feed) {
        self(sequence, feed);
    }
}

/// Who writes a sequence position by position: each position's inputs may depend on what was said of those before.
pub trait Author<S> {
    /// Writes the inputs at `position`, one row of each. The feed holds whatever it held before.
    fn give(&mut self, position: usize, feed: &mut Feed);

    /// Hears the rows at `position` of the sites asked for, one after another.
    fn hear(&mut self, position: usize, said: &[S]);

    /// Whether nothing more is to be written. It may still be asked for what it gives, beside others that go on.
    fn is_done(&self) -> bool {
        false
    }
}

/// What a loss comes to over all sequences.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LossSum {
    /// Sum over sequences and positions of weight times nats.
    pub loss: f64,
    /// Sum of the weights.
    pub weight: f64,
}

/// The loss over all sequences and its gradient by the parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradient<S> {
    /// Sum over losses, sequences and positions of weight times nats.
    pub loss: f64,
    /// Sum of the weights; with one loss, what to divide by for a mean.
    pub weight: f64,
    /// The two sums of each loss, in the order in which [`Builder::finish_all`](crate::Builder::finish_all) was given them.
    pub of_losses: Vec<LossSum>,
    /// Derivative of `loss` by each parameter.
    pub gradient: Vec<S>,
}

impl<S> Gradient<S> {
    /// Of so many losses and this gradient of all of them together.
    pub(crate) fn new(of_losses: Vec<LossSum>, gradient: Vec<S>) -> Self {
        let sum = |of: fn(&LossSum) -> f64| of_losses.iter().map(of).sum();
        Gradient { loss: sum(|l| l.loss), weight: sum(|l| l.weight), of_losses, gradient }
    }
}

impl LossSum {
    pub(crate) fn plus(self, other: LossSum) -> LossSum {
        LossSum { loss: self.loss + other.loss, weight: self.weight + other.weight }
    }
}
