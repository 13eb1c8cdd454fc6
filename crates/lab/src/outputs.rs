//! The heads of a world that a model has: of each an output matrix, a softmax, and a part of the loss.

use infimum_engine::Program;
use infimum_worlds::Shape;

use crate::recipe::Model;

/// A head of the world that a model has.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Its place among the world's heads.
    pub head: usize,
    /// Its name in the world.
    pub name: &'static str,
    /// Its targets are below this.
    pub alphabet: usize,
    /// What its mean nats are multiplied by in the loss; more than 0.
    pub weight: f64,
}

impl Output {
    /// The name of an array or input of this head: `nats` of the world's first head, `class.nats` of another that is called `class`.
    pub fn site(&self, what: &str) -> String {
        named(self.head, self.name, what)
    }

    /// The name of its output matrix: `lm_head` of the world's first head, `class_head` of another that is called `class`.
    pub fn matrix(&self) -> String {
        if self.head == 0 { "lm_head".into() } else { format!("{}_head", self.name) }
    }
}

/// As [`Output::site`], of the world's head of this number.
pub(crate) fn site(shape: &Shape, head: usize, what: &str) -> String {
    named(head, shape.heads[head].name, what)
}

fn named(head: usize, name: &str, what: &str) -> String {
    if head == 0 { what.into() } else { format!("{name}.{what}") }
}

/// The heads of a world of `shape` that `model` has: those whose weight in the loss is not 0, in the world's order.
pub fn outputs(model: &Model, shape: &Shape) -> Vec<Output> {
    let output = |(head, of): (usize, &infimum_worlds::Head)| {
        let weight = model.loss_weight(of.name);
        (weight > 0.0).then_some(Output { head, name: of.name, alphabet: of.alphabet, weight })
    };
    shape.heads.iter().enumerate().filter_map(output).collect()
}

/// The sites that say what a model says: nats and logits of each of its heads, in their order.
pub(crate) fn said_sites(program: &Program) -> Vec<String> {
    let prefixes = program.sites().filter_map(|site| site.strip_suffix("nats"));
    prefixes.flat_map(|prefix| ["nats", "logits"].map(|what| format!("{prefix}{what}"))).collect()
}
