//! Which stretches of some tokens stand in a text, wherever it is.

use std::collections::HashSet;

use crate::sieve::Sieve;

/// Stretches that are looked for, at most; of more, so many that lie evenly.
const MOST: usize = 1 << 20;

/// How many stretches stand in a text, and of how many.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Standing {
    pub(super) found: usize,
    pub(super) of: usize,
}

impl Standing {
    /// Of the stretches of `length` tokens, at least 1, that are inside one of `parts`.
    pub(super) fn of(text: &[u16], parts: &[&[u16]], length: usize) -> Standing {
        let all: usize = parts.iter().map(|part| part.windows(length).len()).sum();
        let stretches = parts.iter().flat_map(|part| part.windows(length));
        let stretches: Vec<&[u16]> = stretches.step_by(all.div_ceil(MOST).max(1)).collect();
        let sought: HashSet<&[u16]> = stretches.iter().copied().collect();
        let sieve = Sieve::of(&stretches.iter().map(|stretch| Sieve::mark(stretch)).collect::<Vec<u64>>());
        let is_sought = |stretch: &&[u16]| sieve.passes(Sieve::mark(stretch)) && sought.contains(stretch);
        let standing: HashSet<&[u16]> = text.windows(length).filter(is_sought).collect();
        let found = stretches.iter().filter(|stretch| standing.contains(*stretch)).count();
        Standing { found, of: stretches.len() }
    }

    pub(super) fn share(self) -> f64 {
        self.found as f64 / self.of as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What natural texts say twice by themselves: of stretches of 32 characters, no hundredth of Shakespeare has 0.6 % that stand in the
    /// rest, and of TinyTalks the tenth that says most has 0.4 %.
    #[test]
    fn natural_texts_hardly_repeat_themselves() {
        let tokens = |bytes: &[u8]| bytes.iter().map(|byte| u16::from(*byte)).collect::<Vec<u16>>();
        let plays = tokens(include_bytes!("../../../../recipes/text/shakespeare.txt"));
        let share = |part: &[u16], rest: &[u16]| Standing::of(rest, &[part], 32).share();
        let hundredth = plays.len() / 100;
        let of = |number: usize| {
            let part = number * hundredth..(number + 1) * hundredth;
            share(&plays[part.clone()], &[&plays[..part.start], &plays[part.end..]].concat())
        };
        let most = (0..100).map(of).fold(0.0, f64::max);
        assert!((0.005..0.006).contains(&most), "{most}");
        let talks = tokens(include_bytes!("../../../../recipes/text/tinytalks.txt"));
        let [validation, test] = [12_680..15_340, 15_340..17_943].map(|part| share(&talks[part], &talks[..12_680]));
        assert!((0.0003..0.0005).contains(&validation) && (0.003..0.004).contains(&test), "{validation} {test}");
    }

    /// All pairs of a text and a part of up to 6 tokens over 2, against looking everywhere.
    #[test]
    fn stretches_are_found_wherever_they_stand() {
        let texts: Vec<Vec<u16>> = (0..=6)
            .flat_map(|length| {
                (0..1u32 << length).map(move |code| (0..length).map(|at| (code >> at & 1) as u16).collect())
            })
            .collect();
        for (text, part) in texts.iter().flat_map(|text| texts.iter().map(move |part| (text, part))) {
            for length in 1..=4 {
                let stands = |first: &usize| {
                    (0..text.len()).any(|place| text[place..].starts_with(&part[*first..first + length]))
                };
                let firsts = 0..(part.len() + 1).saturating_sub(length);
                let expected = Standing { found: firsts.clone().filter(stands).count(), of: firsts.len() };
                assert_eq!(Standing::of(text, &[part], length), expected, "{part:?} in {text:?}");
            }
        }
    }
}
