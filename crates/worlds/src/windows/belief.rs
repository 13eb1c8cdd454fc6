//! The belief of a window: where in its block it may lie, and the context.

use crate::markov::{Context, Law};
use crate::windows::occupancy::Occupancy;
use crate::{Belief, Known};

/// The posterior over the phase and over the states before the window, given its tokens so far.
///
/// Until BOS comes, it depends on the window's first `order` states and on how many have come; from BOS on, the phase is
/// known. Where fewer than `order` states have come, the law is that of these states wherever they stand in a block: the
/// states before them are summed over. After tokens that no window has, it goes on with the context, and takes BOS for
/// certain once a block is full.
pub(crate) struct WindowBelief<'a> {
    law: &'a Law,
    occupancy: &'a Occupancy,
    length: usize,
    context: Option<Context>,
    /// States since the latest BOS, or since the window's beginning.
    seen: usize,
    phase: Phase,
}

enum Phase {
    /// BOS has been seen.
    Known,
    /// The code of the window's first states, `order` at most.
    Unknown(usize),
}

impl<'a> WindowBelief<'a> {
    pub(crate) fn new(law: &'a Law, occupancy: &'a Occupancy, length: usize) -> WindowBelief<'a> {
        WindowBelief { law, occupancy, length, context: None, seen: 0, phase: Phase::Unknown(0) }
    }

    fn states(&self) -> usize {
        self.law.contexts.states
    }

    /// The law of a window's first token, the phase being uniform.
    fn first(&self, p: &mut [f64]) {
        let length = self.length as f64;
        p.iter_mut().zip(self.occupancy.grams(1)).for_each(|(p, times)| *p = times / length);
        p[self.states()] = 1.0 / length;
    }

    /// BOS with this probability, else the chain's next state.
    fn next(&self, context: Context, hazard: f64, p: &mut [f64]) {
        self.law.row(self.law.contexts.row(context)).iter().for_each(|(state, q)| p[state] = (1.0 - hazard) * q);
        p[self.states()] = hazard;
    }

    /// After fewer than `order` states, and no BOS: how often a block goes on with each state, or ends here.
    fn early(&self, context: Context, p: &mut [f64]) {
        let (states, code) = (self.states(), context.code);
        p[..states].copy_from_slice(&self.occupancy.grams(self.seen + 1)[code * states..][..states]);
        p[states] = self.occupancy.ends(self.seen)[code];
        let total: f64 = p.iter().sum();
        if total > 0.0 {
            p.iter_mut().for_each(|p| *p /= total);
        } else {
            self.next(context, 0.0, p);
        }
    }
}

impl Belief for WindowBelief<'_> {
    fn restart(&mut self) {
        (self.context, self.seen, self.phase) = (None, 0, Phase::Unknown(0));
    }

    fn observe(&mut self, token: u16) {
        let context = self.law.contexts.observe(self.context, token);
        self.context = Some(context);
        if usize::from(token) == self.states() {
            (self.seen, self.phase) = (0, Phase::Known);
            return;
        }
        self.seen += 1;
        match &mut self.phase {
            Phase::Unknown(first) if self.seen <= self.law.contexts.order => *first = context.code,
            _ => {}
        }
    }

    fn law(&self, head: usize, p: &mut [f64]) -> Known {
        assert!(
            head == 0 && p.len() == self.states() + 1,
            "a window has one head, whose alphabet is the chain's states and BOS"
        );
        p.fill(0.0);
        let Some(context) = self.context else {
            self.first(p);
            return Known::Yes;
        };
        match self.phase {
            _ if self.seen >= self.length - 1 => p[self.states()] = 1.0,
            Phase::Known => self.next(context, 0.0, p),
            Phase::Unknown(_) if self.seen < self.law.contexts.order => self.early(context, p),
            Phase::Unknown(first) => self.next(context, self.occupancy.hazards(self.seen)[first], p),
        }
        Known::Yes
    }

    /// The context's row, as in the chain's belief: with order 1 the token last seen.
    fn state(&self) -> Option<usize> {
        self.context.map(|context| self.law.contexts.row(context))
    }
}
