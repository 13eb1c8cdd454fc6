//! Worlds that ask a question with one answer: what stands in the prompt says what follows, so the floor is 0 and the ceiling 1.

use std::ops::Range;

use crate::{Baseline, Belief, Example, Floor, Head, Known, Shape, Truth};

/// A world of questions.
pub(crate) trait Question: Send + Sync {
    fn sizes(&self) -> &Shape;

    /// Everything that follows the prompt, if the prompt is a question.
    fn answer(&self, prompt: &[u16]) -> Option<Vec<u16>>;

    /// Simple predictors, as [`Truth::baselines`] has them.
    fn ladder(&self) -> Vec<Baseline>;

    /// Every question with its probability, where there are few enough to list.
    fn questions(&self) -> Option<Vec<(Vec<u16>, f64)>>;
}

/// The shape of sequences of `prompt` tokens, `answer` scored ones, and `padding` at the end.
pub(crate) fn shape(alphabet: usize, prompt: usize, answer: usize, padding: usize) -> Shape {
    let first = prompt - 1;
    Shape {
        positions: first + answer + padding,
        alphabet,
        heads: vec![Head { name: "token", alphabet }],
        scored: first..first + answer,
    }
}

/// Makes an example of the whole sequence that stands in its tokens.
pub(crate) fn complete(into: &mut Example, scored: &Range<usize>) {
    let positions = into.tokens.len() - 1;
    into.targets.resize_with(1, Vec::new);
    into.targets[0].clear();
    into.targets[0].extend_from_slice(&into.tokens[1..]);
    into.tokens.truncate(positions);
    into.weights.resize_with(1, Vec::new);
    into.weights[0].clear();
    into.weights[0].resize(positions, 0.0);
    into.weights[0][scored.clone()].fill(1.0);
}

impl<Q: Question> Truth for Q {
    fn begin(&self) -> Box<dyn Belief + '_> {
        Box::new(AnswerBelief { question: self, seen: Vec::new(), answer: None })
    }

    fn floor(&self, head: usize) -> Floor {
        assert_eq!(head, 0, "a question has one head");
        Floor::Exact(0.0)
    }

    fn ceiling(&self, head: usize) -> Floor {
        assert_eq!(head, 0, "a question has one head");
        Floor::Exact(1.0)
    }

    fn floor_by_position(&self, head: usize) -> Vec<Floor> {
        vec![self.floor(head); self.sizes().positions]
    }

    fn baselines(&self, head: usize) -> Vec<Baseline> {
        assert_eq!(head, 0, "a question has one head");
        self.ladder()
    }

    fn states(&self) -> Option<usize> {
        None
    }

    fn prompts(&self) -> Option<Vec<(Vec<u16>, f64)>> {
        self.questions()
    }
}

/// Knows nothing until the prompt is whole, and everything from there on.
struct AnswerBelief<'a> {
    question: &'a dyn Question,
    seen: Vec<u16>,
    answer: Option<Vec<u16>>,
}

impl Belief for AnswerBelief<'_> {
    fn restart(&mut self) {
        self.seen.clear();
        self.answer = None;
    }

    fn observe(&mut self, token: u16) {
        let shape = self.question.sizes();
        assert!(usize::from(token) < shape.alphabet, "token {token} of an alphabet of {}", shape.alphabet);
        self.seen.push(token);
        if self.seen.len() == shape.scored.start + 1 {
            self.answer = self.question.answer(&self.seen);
        }
    }

    fn law(&self, _head: usize, p: &mut [f64]) -> Known {
        let shape = self.question.sizes();
        assert_eq!(p.len(), shape.alphabet, "a law over {} tokens", shape.alphabet);
        let place = self.seen.len().checked_sub(shape.scored.start + 1);
        let next = place.zip(self.answer.as_ref()).and_then(|(place, answer)| answer.get(place));
        let Some(&token) = next else { return Known::No };
        p.fill(0.0);
        p[usize::from(token)] = 1.0;
        Known::Yes
    }

    fn state(&self) -> Option<usize> {
        None
    }
}
