//! The reference executor: f64, one sequence at a time, plain loops over the plain twins of the kernels. It is the definition.

use std::ops::Range;

use infimum_kernels::{View, ViewMut};

use crate::operation::{Operands, Results};
use crate::program::{Author, Feed, Goal, Gradient, LossSum, Node, Program, Source, Value};
use crate::steps::Steps;
use crate::weights::view;

/// Replays a program in f64.
#[derive(Debug)]
pub struct Reference {
    program: Program,
    steps: Steps,
}

/// Everything one sequence leaves behind.
struct Trace {
    values: Vec<Vec<f64>>,
    gradients: Vec<Vec<f64>>,
    saved: Vec<Vec<f64>>,
}

impl Reference {
    /// Prepares `program`.
    pub fn new(program: &Program) -> Self {
        Reference { steps: Steps::new(program), program: program.resolved() }
    }

    /// Loss and gradient at `point` over `sequences` sequences. The program must be a [`Program::gradient`].
    pub fn gradient(&self, point: &[f64], sequences: usize, source: &dyn Source) -> Gradient<f64> {
        assert!(self.program.goal == Goal::Gradient, "this program gives outputs; make one with Program::gradient");
        let weights = self.program.weights.evaluate(point);
        let mut dweights = vec![0.0; weights.len()];
        let mut sums = vec![LossSum::default(); self.program.losses.len()];
        let mut feed = self.program.feed();
        for sequence in 0..sequences {
            source.fill(sequence, &mut feed);
            let mut trace = self.forward(&weights, &feed);
            for (sum, loss) in sums.iter_mut().zip(&self.program.losses) {
                for row in self.program.scored.clone() {
                    let (weight, nats) = (trace.values[loss.weights.0][row], trace.values[loss.nats.0][row]);
                    *sum = sum.plus(LossSum { loss: weight * nats, weight });
                }
            }
            self.backward(&weights, &feed, &mut trace, &mut dweights);
        }
        Gradient::new(sums, self.program.weights.pull_back(&weights, dweights))
    }

    /// Calls `sink` for each sequence with the wanted rows of each output. The program must be a [`Program::outputs`].
    pub fn outputs(
        &self,
        point: &[f64],
        sequences: usize,
        source: &dyn Source,
        sink: &mut dyn FnMut(usize, &[&[f64]]),
    ) {
        let Goal::Outputs(wanted, rows) = &self.program.goal else {
            panic!("this program gives a gradient; make one with Program::outputs");
        };
        let weights = self.program.weights.evaluate(point);
        let mut feed = self.program.feed();
        for sequence in 0..sequences {
            source.fill(sequence, &mut feed);
            let trace = self.forward(&weights, &feed);
            let outputs: Vec<&[f64]> = wanted.iter().map(|v| self.rows(&trace.values, *v, rows)).collect();
            sink(sequence, &outputs);
        }
    }

    /// Every author writes a sequence of `positions` positions, from the first on. The program must be a
    /// [`Program::one_position`] with so many positions. Operations run as in any other program, each for one of its rows, and
    /// read what they need of the rows before.
    pub fn write<A: Author<f64>>(&self, point: &[f64], positions: usize, authors: &mut [A]) {
        let Goal::Position(wanted) = &self.program.goal else {
            panic!("make a program for this with Program::one_position");
        };
        let most = self.program.positions();
        assert!(positions <= most, "{positions} positions of a program of {most}");
        let weights = self.program.weights.evaluate(point);
        let mut feed = self.program.feed();
        for author in authors {
            let mut values = self.zeros();
            for position in 0..positions {
                if author.is_done() {
                    break;
                }
                author.give(position, &mut feed);
                self.position(position, &weights, &feed, &mut values);
                let row = |v: &Value| self.rows(&values, *v, &(position..position + 1));
                author.hear(position, &wanted.iter().map(row).collect::<Vec<_>>().concat());
            }
        }
    }

    /// The rows of one position, after those before.
    fn position(&self, position: usize, weights: &[f64], feed: &Feed, values: &mut [Vec<f64>]) {
        let (p, rows) = (&self.program, position..position + 1);
        for (value, array) in p.inputs.iter().zip(&feed.arrays).filter(|(v, _)| position < p.shape(**v).rows) {
            let start = position * array.len();
            values[value.0][start..start + array.len()].iter_mut().zip(array).for_each(|(to, x)| *to = f64::from(*x));
        }
        for &n in self.steps.forward() {
            let ids = p.nodes[n].ids.map_or(&[][..], |ids| &feed.ids[ids.0]);
            let mut saved = vec![0.0; p.nodes[n].operation.saved()];
            self.node(n, rows.clone(), weights, ids, values, &mut saved);
        }
    }

    fn rows<'t>(&self, values: &'t [Vec<f64>], value: Value, rows: &Range<usize>) -> &'t [f64] {
        let channels = self.program.shape(value).channels;
        &values[value.0][rows.start * channels..rows.end * channels]
    }

    fn zeros(&self) -> Vec<Vec<f64>> {
        self.program.arrays.iter().map(|a| vec![0.0; a.shape.len()]).collect()
    }

    fn forward(&self, weights: &[f64], feed: &Feed) -> Trace {
        let p = &self.program;
        let saved = p.nodes.iter().map(|n| vec![0.0; self.steps.rows(n.output).len() * n.operation.saved()]).collect();
        let mut trace = Trace { values: self.zeros(), gradients: self.zeros(), saved };
        for (value, array) in p.inputs.iter().zip(&feed.arrays) {
            trace.values[value.0] = array.iter().map(|x| f64::from(*x)).collect();
        }
        for &n in self.steps.forward() {
            let rows = self.steps.rows(p.nodes[n].output);
            let ids = self.ids(&p.nodes[n], feed);
            self.node(n, rows, weights, ids, &mut trace.values, &mut trace.saved[n]);
        }
        trace
    }

    /// Rows `rows` of what an operation computes.
    fn node(
        &self,
        n: usize,
        rows: Range<usize>,
        weights: &[f64],
        ids: &[u16],
        values: &mut [Vec<f64>],
        saved: &mut [f64],
    ) {
        let node = &self.program.nodes[n];
        let channels = self.program.shape(node.output).channels;
        let mut y = vec![0.0; rows.len() * channels];
        let operands = self.operands(node, rows.clone(), values, weights, ids);
        let mut saved = ViewMut::new(saved, rows.len(), node.operation.saved());
        node.operation.forward(&operands, &mut ViewMut::new(&mut y, rows.len(), channels), &mut saved);
        values[node.output.0][rows.start * channels..rows.end * channels].copy_from_slice(&y);
    }

    /// The ids of the rows that are needed of an operation that reads any.
    fn ids<'f>(&self, node: &Node, feed: &'f Feed) -> &'f [u16] {
        node.ids.map_or(&[], |ids| &feed.ids[ids.0][self.steps.rows(node.output)])
    }

    fn backward(&self, weights: &[f64], feed: &Feed, trace: &mut Trace, dweights: &mut [f64]) {
        let p = &self.program;
        for loss in &p.losses {
            trace.gradients[loss.nats.0] = trace.values[loss.weights.0].clone();
        }
        for &n in self.steps.backward() {
            let node = &p.nodes[n];
            let rows = self.steps.rows(node.output);
            let operands = self.operands(node, rows, &trace.values, weights, self.ids(node, feed));
            let results = Results {
                y: self.view_rows(&trace.values, node.output, self.steps.rows(node.output)),
                dy: self.view_rows(&trace.gradients, node.output, self.steps.rows(node.output)),
                saved: View::new(&trace.saved[n], self.steps.rows(node.output).len(), node.operation.saved()),
            };
            let (dx, dw) = operand_gradients(node, &operands, &results);
            for (i, (x, d)) in node.x.iter().zip(&dx).enumerate() {
                let first = node.operation.needs(self.steps.rows(node.output), i).start * p.shape(*x).channels;
                trace.gradients[x.0][first..].iter_mut().zip(d).for_each(|(sum, d)| *sum += d);
            }
            for (w, d) in node.w.iter().zip(dw) {
                p.weights.accumulate(*w, &d, dweights);
            }
        }
    }

    fn operands<'t>(
        &self,
        node: &Node,
        rows: Range<usize>,
        values: &'t [Vec<f64>],
        weights: &'t [f64],
        ids: &'t [u16],
    ) -> Operands<'t, f64> {
        let x = node.x.iter().enumerate();
        Operands {
            x: x.map(|(i, x)| self.view_rows(values, *x, node.operation.needs(rows.clone(), i))).collect(),
            w: node.w.iter().map(|w| view(&self.program.weights.matrix(*w), weights)).collect(),
            ids,
            rows,
        }
    }

    fn view_rows<'t>(&self, values: &'t [Vec<f64>], value: Value, rows: Range<usize>) -> View<'t, f64> {
        View::new(self.rows(values, value, &rows), rows.len(), self.program.shape(value).channels)
    }
}

/// Gradients by each sequence operand and each weight of one operation, each in an array of its own.
fn operand_gradients(
    node: &Node,
    operands: &Operands<'_, f64>,
    results: &Results<'_, f64>,
) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
    let zeros =
        |views: &[View<'_, f64>]| views.iter().map(|v| vec![0.0; v.row_count() * v.column_count()]).collect::<Vec<_>>();
    let (mut dx, mut dw) = (zeros(&operands.x), zeros(&operands.w));
    fn views<'d>(d: &'d mut [Vec<f64>], like: &[View<'_, f64>]) -> Vec<ViewMut<'d, f64>> {
        d.iter_mut().zip(like).map(|(d, v)| ViewMut::new(d, v.row_count(), v.column_count())).collect()
    }
    node.operation.backward(operands, results, &mut views(&mut dx, &operands.x), &mut views(&mut dw, &operands.w));
    (dx, dw)
}
