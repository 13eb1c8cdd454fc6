//! What a model answers.

use infimum_worlds::addition::Pair;
use infimum_worlds::{Example, World};
use serde::{Serialize, Serializer};

use crate::Machine;
use crate::predictor::{Predictor, Said, Sequences, collect, likeliest};
use crate::sums::Sums;

/// A pair, and what the model answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// The operands.
    #[serde(serialize_with = "as_list")]
    pub operands: Pair,
    /// The number that the model's digits make, as people write it; `None` if some of them are no digits.
    pub answer: Option<u64>,
    /// The digits of the answer as the model wrote them, in the order of its world.
    pub tokens: Vec<u16>,
    /// The right answer.
    pub right: u64,
    /// Whether it is what the model answers.
    pub is_right: bool,
    /// [`crate::sums::Verdict::margin`].
    #[serde(serialize_with = "as_number")]
    pub margin: f32,
}

pub(super) fn as_list<S: Serializer>(pair: &Pair, serializer: S) -> Result<S::Ok, S::Error> {
    [pair.a, pair.b].serialize(serializer)
}

fn as_number<S: Serializer>(margin: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    crate::number::serialize(&f64::from(*margin), serializer)
}

/// What is written so far. The digits from `known` on are a guess: the right ones, or what stood there when they were.
struct Written {
    tokens: Vec<u16>,
    known: usize,
}

impl Sums<'_> {
    /// What the predictor answers to each of the pairs, in their order: the tokens that it writes one by one, each the likeliest
    /// after those before (the first, if several are equally likely).
    ///
    /// A pass takes all open answers and looks at all their places. What is written is true up to the first place where it is
    /// not the likeliest token; that token is put there, and the next pass goes on from it. A right answer takes one pass.
    pub fn answers(&self, predictor: &mut dyn Predictor, machine: &mut Machine, pairs: &[Pair]) -> Vec<Answer> {
        let verdicts = self.verdicts(predictor, machine, pairs);
        let right = |pair: &Pair| Written { tokens: self.world.answer_tokens(*pair), known: 0 };
        let mut written: Vec<Written> = pairs.iter().map(right).collect();
        let mut open: Vec<usize> = (0..pairs.len()).filter(|number| !verdicts[*number].is_right()).collect();
        while !open.is_empty() {
            let next = self.next_misses(predictor, machine, pairs, &written, &open);
            let still: Vec<usize> =
                open.iter().zip(&next).filter(|(_, next)| next.is_some()).map(|(n, _)| *n).collect();
            for (number, (place, token)) in open.iter().zip(next).filter_map(|(n, next)| Some((*n, next?))) {
                written[number].tokens[place] = token;
                written[number].known = place + 1;
            }
            open = still;
        }
        let answer = |((pair, written), verdict): ((&Pair, Written), super::Verdict)| {
            let (answer, right) = (self.world.number(&written.tokens), self.world.answer_of(*pair));
            let (is_right, margin) = (answer == Some(right), verdict.margin);
            Answer { operands: *pair, answer, tokens: written.tokens, right, is_right, margin }
        };
        pairs.iter().zip(written).zip(verdicts).map(answer).collect()
    }

    /// For each open answer the first place from `known` on where another token is the likeliest, and that token.
    fn next_misses(
        &self,
        predictor: &mut dyn Predictor,
        machine: &mut Machine,
        pairs: &[Pair],
        written: &[Written],
        open: &[usize],
    ) -> Vec<Option<(usize, u16)>> {
        let ask = |number: usize, into: &mut Example| {
            self.world.ask(pairs[open[number]], &written[open[number]].tokens, into);
        };
        let alphabet = self.world.shape().alphabet;
        let miss = |number: usize, _: &Example, said: Said<'_>| {
            let Written { tokens, known } = &written[open[number]];
            let rows = said.logits.chunks_exact(alphabet).zip(tokens).enumerate().skip(*known);
            let mut likeliest = rows.map(|(place, (logits, token))| (place, likeliest(logits) as u16, *token));
            likeliest.find(|(_, likeliest, token)| likeliest != token).map(|(place, likeliest, _)| (place, likeliest))
        };
        collect(predictor, machine, Sequences::Written(open.len(), &ask), &miss)
    }
}
