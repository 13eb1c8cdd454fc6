//! A chain's belief is its context.

use crate::markov::contexts::Context;
use crate::markov::law::Law;
use crate::{Belief, Known};

/// Knows the last states seen; before BOS it knows that BOS is next.
pub(crate) struct ChainBelief<'a> {
    law: &'a Law,
    context: Option<Context>,
}

impl<'a> ChainBelief<'a> {
    pub(crate) fn new(law: &'a Law) -> ChainBelief<'a> {
        ChainBelief { law, context: None }
    }
}

impl Belief for ChainBelief<'_> {
    fn restart(&mut self) {
        self.context = None;
    }

    fn observe(&mut self, token: u16) {
        self.context = Some(self.law.contexts.observe(self.context, token));
    }

    fn law(&self, head: usize, p: &mut [f64]) -> Known {
        assert!(
            head == 0 && p.len() == self.law.contexts.states + 1,
            "a chain has one head, whose alphabet is its states and BOS"
        );
        p.fill(0.0);
        match self.context {
            None => p[self.law.contexts.states] = 1.0,
            Some(context) => self.law.row(self.law.contexts.row(context)).iter().for_each(|(state, q)| p[state] = q),
        }
        Known::Yes
    }

    /// The context's row: in a chain of order 1 the token last seen.
    fn state(&self) -> Option<usize> {
        self.context.map(|context| self.law.contexts.row(context))
    }
}
