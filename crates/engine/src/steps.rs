//! What is left of a program after differentiation and pruning: the operations to run forward and backward, and the rows
//! of each array that anything wanted depends on.

use std::ops::Range;

use crate::program::{Goal, Program, Value};
use crate::shape::Shape;

/// The pruned, differentiated program.
#[derive(Clone, Debug)]
pub struct Steps {
    /// Rows of a program for one position are sequences side by side.
    rows: Vec<Range<usize>>,
    differentiable: Vec<bool>,
    forward: Vec<usize>,
    backward: Vec<usize>,
}

/// One operation that runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Name of the operation.
    pub operation: &'static str,
    /// Site of its output.
    pub site: String,
    /// Shape of its output as written in the program.
    pub shape: Shape,
    /// The rows of it that are computed.
    pub rows: Range<usize>,
    /// Whether its backward runs, too.
    pub backward: bool,
}

impl Steps {
    /// Works out what `program` needs for its goal.
    pub fn new(program: &Program) -> Self {
        Steps::side_by_side(program, 1)
    }

    /// As [`Steps::new`], and if the program is for one position, for that of `sequences` sequences, each a row.
    pub(crate) fn side_by_side(program: &Program, sequences: usize) -> Self {
        let program = &program.resolved();
        let rows = needed_rows(program, sequences);
        let differentiable = depends_on_parameters(program);
        let forward: Vec<usize> =
            (0..program.nodes.len()).filter(|n| !rows[program.nodes[*n].output.0].is_empty()).collect();
        let backward = match program.goal {
            Goal::Gradient => {
                forward.iter().rev().copied().filter(|n| differentiable[program.nodes[*n].output.0]).collect()
            }
            Goal::Outputs(..) | Goal::Position(_) => vec![],
        };
        Steps { rows, differentiable, forward, backward }
    }

    /// Rows of the array at `site` that are computed; empty if nothing needs it.
    pub fn rows_of(&self, program: &Program, site: &str) -> Option<Range<usize>> {
        program.site(site).ok().map(|v| self.rows(program.held(v)))
    }

    /// The operations that run, in order, for people to read.
    pub fn listing(&self, program: &Program) -> Vec<Line> {
        let line = |n: &usize| {
            let node = &program.nodes[*n];
            let array = &program.arrays[node.output.0];
            let (operation, site) = (node.operation.name(), array.site.clone());
            Line {
                operation,
                site,
                shape: array.shape,
                rows: self.rows(node.output),
                backward: self.backward.contains(n),
            }
        };
        self.forward.iter().map(line).collect()
    }

    pub(crate) fn rows(&self, value: Value) -> Range<usize> {
        self.rows[value.0].clone()
    }

    /// Whether the array depends on any parameter, so that it has a gradient.
    pub(crate) fn is_differentiable(&self, value: Value) -> bool {
        self.differentiable[value.0]
    }

    /// Nodes to run, in order.
    pub(crate) fn forward(&self) -> &[usize] {
        &self.forward
    }

    /// Nodes whose backward is run, in order (the reverse of the forward's).
    pub(crate) fn backward(&self) -> &[usize] {
        &self.backward
    }
}

fn needed_rows(program: &Program, sequences: usize) -> Vec<Range<usize>> {
    let mut rows = vec![0..0; program.arrays.len()];
    match &program.goal {
        Goal::Outputs(values, wanted) => values.iter().for_each(|v| rows[v.0] = hull(&rows[v.0], wanted)),
        Goal::Position(values) => values.iter().for_each(|v| rows[v.0] = 0..sequences),
        Goal::Gradient => {
            for value in program.losses.iter().flat_map(|loss| [loss.nats, loss.weights]) {
                rows[value.0] = program.scored.clone();
            }
        }
    }
    for node in program.nodes.iter().rev() {
        let out = rows[node.output.0].clone();
        if !out.is_empty() {
            for (i, x) in node.x.iter().enumerate() {
                rows[x.0] = hull(&rows[x.0], &node.operation.needs(out.clone(), i));
            }
        }
    }
    rows
}

fn depends_on_parameters(program: &Program) -> Vec<bool> {
    let mut depends = vec![false; program.arrays.len()];
    for node in &program.nodes {
        depends[node.output.0] =
            node.x.iter().any(|x| depends[x.0]) || node.w.iter().any(|w| program.weights.is_free(*w));
    }
    depends
}

/// The smallest range that covers both.
fn hull(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    match (a.is_empty(), b.is_empty()) {
        (true, _) => b.clone(),
        (_, true) => a.clone(),
        _ => a.start.min(b.start)..a.end.max(b.end),
    }
}
