//! How contexts are numbered.

/// The last states seen, up to the chain's order.
///
/// A context of `length` states has code `0..states^length`: its states are the digits in base `states`, the latest one the
/// lowest digit. Fewer than `order` states have been seen at the beginning of a sequence only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Context {
    pub(crate) length: usize,
    pub(crate) code: usize,
}

/// All contexts of at most `order` states, as rows: the full contexts first, by code; then those one state shorter, and so
/// on; the empty context is last. With order 1, row `s` is state `s` and row `states` the empty context, so that rows are
/// numbered as tokens.
#[derive(Clone, Debug)]
pub(crate) struct Contexts {
    pub(crate) states: usize,
    pub(crate) order: usize,
    /// `first[length]` is the row of code 0 of the contexts of that length.
    first: Vec<usize>,
    /// `states^(order - 1)`: what a full context's code is reduced by when the oldest state is forgotten.
    without_oldest: usize,
}

impl Contexts {
    pub(crate) fn new(states: usize, order: usize) -> Contexts {
        let mut first = vec![0; order + 1];
        for length in (0..order).rev() {
            first[length] = first[length + 1] + states.pow(length as u32 + 1);
        }
        Contexts { states, order, first, without_oldest: states.pow(order as u32 - 1) }
    }

    /// The number of contexts of this length.
    pub(crate) fn of_length(&self, length: usize) -> usize {
        self.states.pow(length as u32)
    }

    /// The number of full contexts.
    pub(crate) fn full(&self) -> usize {
        self.of_length(self.order)
    }

    /// The number of contexts of every length.
    pub(crate) fn rows(&self) -> usize {
        self.first[0] + 1
    }

    /// The row of the empty context: the last one.
    #[inline]
    pub(crate) fn start(&self) -> usize {
        self.first[0]
    }

    /// The number of this context's row.
    #[inline]
    pub(crate) fn row(&self, context: Context) -> usize {
        self.first[context.length] + context.code
    }

    /// The context after one more state.
    #[inline]
    pub(crate) fn advance(&self, context: Context, state: usize) -> Context {
        if context.length < self.order {
            return Context { length: context.length + 1, code: context.code * self.states + state };
        }
        Context { length: self.order, code: self.advance_full(context.code, state) }
    }

    /// The code of the full context after one more state.
    #[inline]
    pub(crate) fn advance_full(&self, code: usize, state: usize) -> usize {
        if self.order == 1 { state } else { code % self.without_oldest * self.states + state }
    }

    /// The context after one more token: BOS (token `states`) begins a sequence anew, and a state seen before any BOS counts
    /// as the first of its sequence. Panics if the token is outside the alphabet.
    #[inline]
    pub(crate) fn observe(&self, context: Option<Context>, token: u16) -> Context {
        let (token, states) = (usize::from(token), self.states);
        assert!(token <= states, "token {token} is outside the alphabet 0..={states}");
        if token == states { Context::default() } else { self.advance(context.unwrap_or_default(), token) }
    }
}
