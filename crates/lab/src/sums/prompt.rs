//! Sums as people write them.

use infimum_worlds::addition::{Operation, Pair};

use crate::LabError;
use crate::sums::Sums;

/// The option that gives a prompt.
const KEY: &str = "--prompt";

impl Sums<'_> {
    /// Reads `123+456=`: two whole numbers, the most significant digit first, whatever the order in the world's sequences; the
    /// sign is `-` in worlds of differences. Spaces and the `=` may be left out or put in.
    ///
    /// # Errors
    /// What is no such text, numbers with more digits than the world has, a difference below 0; each is named.
    pub fn read(&self, text: &str) -> Result<Pair, LabError> {
        let (sign, example) = match self.world.operation() {
            Operation::Add => ('+', "123+456="),
            Operation::Subtract => ('-', "456-123="),
        };
        let refused = |problem: String, remedy: String| LabError::value(KEY, text, problem, remedy);
        let write = format!("write two whole numbers and their sign, such as {example}");
        if let Some(other) =
            text.chars().find(|c| !c.is_ascii_digit() && !c.is_whitespace() && ![sign, '='].contains(c))
        {
            return Err(refused(format!("`{other}` is not in the alphabet of digits, {sign} and ="), write));
        }
        let question = text.trim();
        let question = question.strip_suffix('=').unwrap_or(question);
        let [a, b] = question.split(sign).map(str::trim).collect::<Vec<_>>()[..] else {
            return Err(refused(format!("that is not two numbers with one {sign} between them"), write));
        };
        if let Some(odd) = [a, b].into_iter().find(|number| !is_number(number)) {
            return Err(refused(format!("`{odd}` is no whole number"), write));
        }
        let digits = self.world.digits() as usize;
        let number = |text: &str| {
            let shown = text.trim_start_matches('0');
            if shown.len() > digits {
                let problem =
                    format!("{shown} has {} digits, and numbers of this world have at most {digits}", shown.len());
                return Err(refused(problem, "shorten it, or ask a model of longer numbers".into()));
            }
            Ok(shown.bytes().fold(0, |number, digit| 10 * number + u64::from(digit - b'0')))
        };
        let pair = Pair { a: number(a)?, b: number(b)? };
        if sign == '-' && pair.a < pair.b {
            return Err(refused("a difference is of the larger number and the smaller one".into(), "swap them".into()));
        }
        Ok(pair)
    }

    /// A pair as it is asked: `123+456`.
    pub fn question(&self, Pair { a, b }: Pair) -> String {
        let sign = if self.world.operation() == Operation::Add { '+' } else { '-' };
        format!("{a}{sign}{b}")
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
