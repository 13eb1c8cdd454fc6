//! The exact law of the next token after some tokens, for people who want to see it.

use infimum_worlds::{Belief, Known, Shape, World};
use serde::Serialize;

use crate::LabError;

/// The probabilities of every token after `after`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Law {
    /// The tokens that came first.
    pub after: Vec<u16>,
    /// Probability of token 0, token 1, ….
    pub law: Vec<f64>,
}

impl Law {
    /// The law of head 0 of `world` after the tokens that are certain at its beginning (a chain's BOS) and then `tokens`.
    ///
    /// # Errors
    /// A world whose law is unknown; a token that cannot come where it stands.
    pub fn after(world: &dyn World, tokens: &[u16]) -> Result<Law, LabError> {
        let unknown =
            || LabError::value("world", "a world without a law", "worlds whose law is known", "choose another recipe");
        let mut belief = world.truth().ok_or_else(unknown)?.begin();
        let mut law = Law { after: vec![], law: vec![0.0; world.shape().heads[0].alphabet] };
        let mut known = belief.law(0, &mut law.law);
        while let Some(certain) = law.law.iter().position(|p| *p == 1.0).filter(|_| law.after.is_empty()) {
            known = law.observe(certain as u16, &mut *belief);
        }
        for &token in tokens {
            law.refuse(token, known)?;
            known = law.observe(token, &mut *belief);
        }
        match known {
            Known::Yes => Ok(law),
            Known::No => Err(no_law(&law.after, world.shape())),
        }
    }

    fn observe(&mut self, token: u16, belief: &mut dyn Belief) -> Known {
        self.after.push(token);
        belief.observe(token);
        belief.law(0, &mut self.law)
    }

    fn refuse(&self, token: u16, known: Known) -> Result<(), LabError> {
        match (self.law.get(usize::from(token)), known) {
            (Some(_), Known::No) => return Ok(()),
            (Some(p), Known::Yes) if *p > 0.0 => return Ok(()),
            (None, Known::No) => {
                let allowed = format!("a token, 0 to {}", self.law.len() - 1);
                return Err(LabError::value("--after", token, allowed, "change it"));
            }
            _ => {}
        }
        let possible = (0..self.law.len()).filter(|token| self.law[*token] > 0.0).map(|token| token.to_string());
        let possible: Vec<String> = possible.collect();
        let more = if possible.len() > 12 { ", …" } else { "" };
        let listed = possible[..possible.len().min(12)].join(", ");
        let allowed = format!("possible after {:?}: {listed}{more}", self.after);
        let remedy = if self.after.is_empty() { "begin with the token that is always first" } else { "change it" };
        Err(LabError::value("--after", token, allowed, remedy))
    }
}

fn no_law(after: &[u16], shape: &Shape) -> LabError {
    let (prompt, answer) = (shape.scored.start + 1, shape.scored.len() - 1);
    let what = if after.len() < prompt { "the whole of a prompt" } else { "a prompt that this world can draw" };
    let allowed =
        format!("{what}, {prompt} tokens, and at most {answer} tokens of its answer, since no other token has a law");
    LabError::value("--after", format!("{after:?}"), allowed, "infimum sample RUN shows prompts of this world")
}

#[cfg(test)]
mod tests {
    use infimum_worlds::addition::Settings;

    use super::*;

    #[test]
    fn a_sum_has_a_law_from_the_end_of_its_prompt_on() {
        let world = Settings::new(1).build().unwrap();
        let after = |tokens: &[u16]| Law::after(&world, tokens).map_err(|error| error.to_string());
        let likeliest = |tokens: &[u16]| after(tokens).unwrap().law.iter().position(|p| *p == 1.0);
        assert_eq!(likeliest(&[7, 10, 8, 11]), Some(5));
        assert_eq!(likeliest(&[7, 10, 8, 11, 5, 1]), Some(13));
        for (tokens, part) in [
            (&[][..], "the whole of a prompt, 4 tokens"),
            (&[7, 10, 8], "at most 2 tokens of its answer"),
            (&[14], "a token, 0 to 13"),
            (&[7, 10, 8, 11, 6], "possible after [7, 10, 8, 11]: 5"),
        ] {
            let message = after(tokens).unwrap_err();
            assert!(message.contains(part), "{tokens:?}: {message}");
        }
    }
}
