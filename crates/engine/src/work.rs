//! How much a program has to compute, whatever replays it: the multiply-adds that its formulas ask for.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::expression::{Expression, Weight};
use crate::operation::Operation;
use crate::program::{Node, Program, Value};
use crate::steps::Steps;
use crate::weights::Weights;

/// Multiply-adds of one sequence, forward, over the rows that the program's goal needs. Norms, nonlinearities, softmax and
/// what is done once a step (weight expressions, the optimiser) are not counted, so that figures of different programs and
/// of other people's frameworks compare: it is what the model asks for, not what an executor does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Of sequence arrays with weights: rows x inputs x outputs. A weight that is a product of two low-rank factors counts as
    /// two products where that is less, and a product of the same array with the same left factor counts once.
    pub weights: u64,
    /// Of attention: for each head, each query and each key up to it, a product over its channels and one over its values'.
    pub attention: u64,
}

impl Work {
    /// Counts `program` as it is written, without anything that an executor may fold.
    pub fn of(program: &Program) -> Work {
        let program = program.resolved();
        let steps = Steps::new(&program);
        let (mut work, mut shared) = (Work::default(), BTreeMap::new());
        for node in steps.forward().iter().map(|node| &program.nodes[*node]) {
            let rows = steps.rows(node.output);
            match &node.operation {
                Operation::Linear(_) => work.weights += linear(&program.weights, node, rows, &mut shared),
                Operation::Attend(_) => work.attention += attention(&program, node, rows),
                _ => {}
            }
        }
        work.weights += shared.values().map(|(rows, size)| rows.len() as u64 * size).sum::<u64>();
        work
    }

    /// All of them.
    pub fn forward(self) -> u64 {
        self.weights + self.attention
    }

    /// Floating point operations of a step on `sequences` sequences: a multiply-add is two, and the gradients by operands and
    /// by weights take as many as the forward each.
    pub fn step_flop(self, sequences: usize) -> f64 {
        6.0 * self.forward() as f64 * sequences as f64
    }
}

/// Products of an array with a left factor: the rows over all its uses, and what a row costs.
type Shared = BTreeMap<(Value, Weight), (Range<usize>, u64)>;

/// Rows times inputs times outputs; of two low-rank factors the second alone, as the first stands in `shared`.
fn linear(weights: &Weights, node: &Node, rows: Range<usize>, shared: &mut Shared) -> u64 {
    let (whole, count) = (weights.shape(node.w[0]), rows.len() as u64);
    let dense = (whole.rows * whole.channels) as u64;
    let Expression::Product(product) = weights.expression(node.w[0]) else { return count * dense };
    let inner = weights.shape(product.left).channels;
    let (first, second) = ((whole.rows * inner) as u64, (inner * whole.channels) as u64);
    if first + second >= dense {
        return count * dense;
    }
    let (all, _) = shared.entry((node.x[0], product.left)).or_insert((rows.clone(), first));
    *all = all.start.min(rows.start)..all.end.max(rows.end);
    count * second
}

fn attention(program: &Program, node: &Node, rows: Range<usize>) -> u64 {
    let pairs: u64 = rows.map(|query| query as u64 + 1).sum();
    let channels = program.shape(node.x[0]).channels + program.shape(node.x[2]).channels;
    pairs * channels as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Builder, Free, Product};

    /// Five positions of width 6, the last two scored: two linears through a shared factor of rank 1 and one that is dense.
    fn program(scored: Range<usize>) -> Program {
        let mut b = Builder::new();
        let (ids, targets) = (b.ids("ids", 5, 4).unwrap(), b.ids("targets", 5, 4).unwrap());
        let table = b.weight("table", Free { rows: 4, columns: 6 }).unwrap();
        let x = b.embed("x", ids, table).unwrap();
        let left = b.weight("left", Free { rows: 6, columns: 1 }).unwrap();
        let mut through = |name: &str, site: &str| {
            let right = b.weight(&format!("{name} right"), Free { rows: 1, columns: 6 }).unwrap();
            let w = b.weight(name, Product { left, right }).unwrap();
            b.linear(site, x, w, None).unwrap()
        };
        let (q, k) = (through("to q", "q"), through("to k", "k"));
        let y = b.attention("y", q, k, x, 2).unwrap();
        let head = b.weight("head", Free { rows: 6, columns: 4 }).unwrap();
        let logits = b.linear("logits", y, head, None).unwrap();
        let nats = b.cross_entropy("nats", logits, targets).unwrap();
        b.finish(nats, "weights", scored).unwrap().gradient()
    }

    #[test]
    fn only_needed_rows_and_each_shared_factor_once_are_counted() {
        // x times left at five positions; q at two, k at five; the head at two. Queries 3 and 4 read four and five keys.
        let part = Work { weights: 5 * 6 + 2 * 6 + 5 * 6 + 2 * 24, attention: (4 + 5) * 12 };
        assert_eq!(Work::of(&program(3..5)), part);
        let all = Work { weights: 5 * 6 + 5 * 6 + 5 * 6 + 5 * 24, attention: 15 * 12 };
        assert_eq!(Work::of(&program(0..5)), all);
        assert_eq!(all.step_flop(3), 6.0 * 3.0 * (210.0 + 180.0));
    }

    /// Rank 3 of 4 by 4 is more work in two products than in one.
    #[test]
    fn a_product_that_is_dearer_in_two_counts_as_one() {
        let mut b = Builder::new();
        let (ids, targets) = (b.ids("ids", 2, 4).unwrap(), b.ids("targets", 2, 4).unwrap());
        let table = b.weight("table", Free { rows: 4, columns: 4 }).unwrap();
        let x = b.embed("x", ids, table).unwrap();
        let left = b.weight("left", Free { rows: 4, columns: 3 }).unwrap();
        let right = b.weight("right", Free { rows: 3, columns: 4 }).unwrap();
        let w = b.weight("w", Product { left, right }).unwrap();
        let logits = b.linear("logits", x, w, None).unwrap();
        let nats = b.cross_entropy("nats", logits, targets).unwrap();
        let program = b.finish(nats, "weights", 0..2).unwrap();
        assert_eq!(Work::of(&program), Work { weights: 2 * 16, attention: 0 });
    }
}
