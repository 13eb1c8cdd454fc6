//! The exact law of the next token after some tokens, for people who want to see it.

use infimum_worlds::World;
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
        belief.law(0, &mut law.law);
        while let Some(certain) = law.law.iter().position(|p| *p == 1.0).filter(|_| law.after.is_empty()) {
            law.after.push(certain as u16);
            belief.observe(certain as u16);
            belief.law(0, &mut law.law);
        }
        for &token in tokens {
            law.refuse(token)?;
            law.after.push(token);
            belief.observe(token);
            belief.law(0, &mut law.law);
        }
        Ok(law)
    }

    fn refuse(&self, token: u16) -> Result<(), LabError> {
        if self.law.get(usize::from(token)).is_some_and(|p| *p > 0.0) {
            return Ok(());
        }
        let possible = (0..self.law.len()).filter(|token| self.law[*token] > 0.0).map(|token| token.to_string());
        let possible: Vec<String> = possible.collect();
        let more = if possible.len() > 12 { ", …" } else { "" };
        let listed = possible[..possible.len().min(12)].join(", ");
        let allowed = format!("possible after {:?}: {listed}{more}", self.after);
        Err(LabError::value("--after", token, allowed, "begin after the first token, which is always the same"))
    }
}
