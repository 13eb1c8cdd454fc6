//! What a model makes of sums: whether it is right, by how much, and what it answers.
//!
//! A model writes an answer token by token, each the likeliest after those written so far. An answer is right exactly if every
//! digit is the likeliest token after the true digits before it: up to the first miss the digits written are the true ones, and
//! after it the answer is wrong whatever follows. So one pass over the sequence of the right answer, all places at once, says
//! whether a sum comes out right; only the digits after a miss, where the answer itself is shown, take a pass each.
//!
//! The answer is its digits. Tokens after them (`end`) say nothing of the number and are left out, here and in published scores;
//! the metric `exact_match` counts them.

mod answers;
mod portrait;
mod prompt;
mod scores;
mod search;

use infimum_worlds::Example;
use infimum_worlds::addition::{Addition, Operation, Pair};

use crate::predictor::{Predictor, Said, Sequences, collect, likeliest};
use crate::{Experiment, LabError, Machine};

pub use answers::Answer;
pub(crate) use portrait::{Cell, Portrait};
pub use scores::{Found, SumScores};
pub use search::{Progress, Searched};

/// Sums and differences in the format of an experiment's world, to be asked of any of its predictors.
#[derive(Clone, Copy)]
pub struct Sums<'e> {
    world: &'e Addition,
}

/// How a sum comes out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// Bit `i`: after the true digits before it, the digit that counts `10^i` is not the likeliest token.
    pub missed: u32,
    /// Bit `i`: that digit is missed, and what is likeliest is the digit that the other carry into its place would make.
    pub carry_missed: u32,
    /// The least, over the digits of the answer, of the right token's logit less the best other's, after the true digits before
    /// it; in nats, below 0 where a digit is missed. A logit that is no number makes it minus infinity.
    pub margin: f32,
    /// The loss: nats of the digits and of what ends the answer, each after the true tokens before it, summed.
    pub nats: f32,
}

impl Verdict {
    /// Whether the answer is right.
    pub fn is_right(self) -> bool {
        self.missed == 0
    }
}

impl<'e> Sums<'e> {
    /// # Errors
    /// A world of another kind.
    pub fn of(experiment: &'e Experiment) -> Result<Sums<'e>, LabError> {
        let kind = || {
            let allowed = "sums are asked of models of worlds with kind = \"addition\" alone";
            LabError::value(
                "world.kind",
                format!("{:?}", experiment.plan().world().kind()),
                allowed,
                "give another run",
            )
        };
        Ok(Sums { world: experiment.world().sums().ok_or_else(kind)? })
    }

    /// As [`Sums::of`], where carries are looked at, which differences have none of.
    ///
    /// # Errors
    /// A world of another kind, or of differences.
    pub fn with_carries(experiment: &'e Experiment) -> Result<Sums<'e>, LabError> {
        let sums = Sums::of(experiment)?;
        match sums.world.operation() {
            Operation::Add => Ok(sums),
            Operation::Subtract => {
                let allowed = "this looks at the carries of sums, and differences have none";
                Err(LabError::value("world.operation", "\"subtract\"", allowed, "give another run"))
            }
        }
    }

    /// How each of the pairs comes out, in their order.
    pub fn verdicts(&self, predictor: &mut dyn Predictor, machine: &mut Machine, pairs: &[Pair]) -> Vec<Verdict> {
        let write = |number: usize, into: &mut Example| self.world.ask(pairs[number], &[], into);
        let judge = |number: usize, example: &Example, said: Said<'_>| self.judge(pairs[number], example, said);
        collect(predictor, machine, Sequences::Written(pairs.len(), &write), &judge)
    }

    /// The first of the uniform pairs that scores are made of.
    pub(crate) fn uniform_pairs(&self, count: usize) -> Vec<Pair> {
        (0..count).map(|number| scores::uniform_pair(self.world, number)).collect()
    }

    fn judge(&self, pair: Pair, example: &Example, said: Said<'_>) -> Verdict {
        let shape = infimum_worlds::World::shape(self.world);
        let right = &example.targets[0][shape.scored.start..][..self.world.answer_digits()];
        let nats = said.nats.iter().sum();
        let mut verdict = Verdict { missed: 0, carry_missed: 0, margin: f32::INFINITY, nats };
        for (row, (logits, &right)) in said.logits.chunks_exact(shape.alphabet).zip(right).enumerate() {
            let (margin, is_right) = compare(logits, usize::from(right));
            verdict.margin = verdict.margin.min(margin);
            if !is_right {
                let place = self.world.place(row);
                let is_carry = self.world.digit_of_other_carry(pair, place) == Some(likeliest(logits) as u16);
                verdict.missed |= 1 << place;
                verdict.carry_missed |= u32::from(is_carry) << place;
            }
        }
        verdict
    }
}

/// The logit of `right` less the best other, minus infinity where there is no such number; and whether `right` is the likeliest.
fn compare(logits: &[f32], right: usize) -> (f32, bool) {
    let (mut best, mut is_number) = (f32::NEG_INFINITY, true);
    for (token, logit) in logits.iter().enumerate() {
        is_number &= !logit.is_nan();
        best = if token == right { best } else { best.max(*logit) };
    }
    let margin = logits[right] - best;
    match is_number && !margin.is_nan() {
        true if margin != 0.0 => (margin, margin > 0.0),
        true => (margin, likeliest(logits) == right),
        false => (f32::NEG_INFINITY, likeliest(logits) == right),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margins_say_what_is_likeliest() {
        let (inf, nan) = (f32::INFINITY, f32::NAN);
        for (logits, right, margin) in [
            ([1.0, 3.0, 2.5], 1, 0.5),
            ([1.0, 3.0, 2.5], 0, -2.0),
            ([3.0, 3.0, -1.0], 0, 0.0),
            ([3.0, 3.0, -1.0], 1, 0.0),
            ([1e-45, 0.0, -1.0], 0, 1e-45),
            ([0.0, -inf, -inf], 0, inf),
            ([-inf, -inf, -inf], 1, -inf),
            ([nan, 7.0, 1.0], 1, -inf),
            ([nan, nan, nan], 0, -inf),
        ] {
            assert_eq!(compare(&logits, right), (margin, likeliest(&logits) == right), "{logits:?} {right}");
        }
    }
}
