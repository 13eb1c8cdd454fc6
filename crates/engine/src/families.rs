//! Which arrays share one gradient place.
//!
//! The backward of `y = a + b` only hands `dy` on, so `da` and `db` may be `dy` itself: the residual stream of a decoder is one
//! gradient place. Sharing is right as long as nobody writes into the place on behalf of one array while another array of the
//! family still has a gradient in it that is waiting to be read. Both moments are known from the order of the backward.

use std::collections::BTreeSet;

use crate::program::{Goal, Program, Value};
use crate::steps::Steps;

/// For each array the family of its gradient; arrays of one family share one place.
#[derive(Debug)]
pub(crate) struct Families {
    of: Vec<usize>,
}

/// When the gradient of an array first arrives and when its producer reads it, in steps of the backward.
struct Moments {
    arrival: Vec<usize>,
    read: Vec<usize>,
    /// `(array, step)`: the step writes into the gradient of the array, unless it is the first and hands on within the family.
    writes: Vec<(usize, usize)>,
}

impl Families {
    /// Joins as many arrays as is right.
    pub(crate) fn new(program: &Program, steps: &Steps) -> Self {
        let mut families = Families { of: (0..program.arrays.len()).collect() };
        if program.goal != Goal::Gradient {
            return families;
        }
        let moments = Moments::new(program, steps);
        for &n in steps.backward() {
            let node = &program.nodes[n];
            let distinct = node.x.len() < 2 || node.x[0] != node.x[1];
            if node.operation.hands_on() && distinct && !program.is_loss(node.output) {
                for x in node.x.iter().filter(|x| steps.is_differentiable(**x)) {
                    families.try_join(node.output, *x, &moments, program, steps);
                }
            }
        }
        families
    }

    /// The family of an array: the same number for all arrays that share a place.
    pub(crate) fn of(&self, value: Value) -> usize {
        self.of[value.0]
    }

    fn try_join(&mut self, y: Value, x: Value, moments: &Moments, program: &Program, steps: &Steps) {
        let (from, to) = (self.of(x), self.of(y));
        let before = self.of.clone();
        self.of.iter_mut().filter(|f| **f == from).for_each(|f| *f = to);
        if self.has_conflict(to, moments, program, steps) {
            self.of = before;
        }
    }

    fn has_conflict(&self, family: usize, moments: &Moments, program: &Program, steps: &Steps) -> bool {
        let members: Vec<usize> = (0..self.of.len()).filter(|v| self.of[*v] == family).collect();
        let writes = moments.writes.iter().filter(|(v, _)| self.of[*v] == family);
        let physical = writes
            .filter(|(v, step)| moments.arrival[*v] != *step || !self.hands_on_within(*step, family, program, steps));
        physical.into_iter().any(|&(written, step)| {
            members.iter().any(|&v| v != written && moments.arrival[v] <= step && step <= moments.read[v])
        })
    }

    fn hands_on_within(&self, step: usize, family: usize, program: &Program, steps: &Steps) -> bool {
        let node = &program.nodes[steps.backward()[step]];
        node.operation.hands_on() && self.of(node.output) == family
    }
}

impl Moments {
    fn new(program: &Program, steps: &Steps) -> Self {
        let never = usize::MAX;
        let mut arrival = vec![never; program.arrays.len()];
        let mut read = vec![0; program.arrays.len()];
        let mut writes = vec![];
        program.losses.iter().for_each(|loss| arrival[loss.nats.0] = 0);
        for (step, &n) in steps.backward().iter().enumerate() {
            let node = &program.nodes[n];
            read[node.output.0] = step;
            let targets: BTreeSet<usize> = node.x.iter().map(|x| x.0).collect();
            for x in targets.into_iter().filter(|x| steps.is_differentiable(Value(*x))) {
                arrival[x] = arrival[x].min(step);
                writes.push((x, step));
            }
        }
        Moments { arrival, read, writes }
    }
}
