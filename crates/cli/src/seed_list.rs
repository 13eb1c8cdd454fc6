//! Seeds as they are typed.

use std::str::FromStr;

/// Beyond this many, a typing mistake is likelier than a wish.
const MOST: u64 = 100_000;

/// Different seeds, in the order in which they were typed; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SeedList(Vec<u64>);

impl SeedList {
    /// The seeds.
    pub(crate) fn seeds(&self) -> &[u64] {
        &self.0
    }
}

impl FromStr for SeedList {
    type Err = String;

    /// Parts between commas, each a seed or `FIRST..END`, which is without `END`, as in Rust and in Python's `range`.
    fn from_str(text: &str) -> Result<SeedList, String> {
        let mut seeds = Vec::new();
        for part in text.split(',') {
            let (first, end) = range(part)?;
            if end - first > MOST - seeds.len() as u64 {
                return Err(format!("{part} makes them more than {MOST} seeds; give fewer at a time"));
            }
            seeds.extend(first..end);
        }
        let mut sorted = seeds.clone();
        sorted.sort_unstable();
        match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("seed {} is there twice; leave one of them out", pair[0])),
            None => Ok(SeedList(seeds)),
        }
    }
}

/// The first seed of a part, and the one after its last.
fn range(part: &str) -> Result<(u64, u64), String> {
    let Some((first, end)) = part.split_once("..") else { return seed(part).map(|seed| (seed, seed + 1)) };
    let (first, end) = (seed(first)?, seed(end)?);
    if first < end {
        return Ok((first, end));
    }
    Err(format!("{part} is empty: FIRST..END goes from FIRST to END - 1, so END has to be larger"))
}

fn seed(text: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|seed| *seed < 1 << 63);
    number.ok_or_else(|| format!("`{text}` is no seed, a whole number from 0 to {}; give 0..16 or 3,7,9", i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_read_as_ranges_without_their_end_and_as_lists() {
        let cases: [(&str, &[u64]); 6] = [
            ("0..3", &[0, 1, 2]),
            ("7", &[7]),
            ("3,7,1", &[3, 7, 1]),
            ("9,0..2,5..6", &[9, 0, 1, 5]),
            ("9223372036854775807", &[i64::MAX as u64]),
            ("9223372036854775805..9223372036854775807", &[i64::MAX as u64 - 2, i64::MAX as u64 - 1]),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<SeedList>().expect(text).seeds(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_list_of_seeds_is_refused_by_name() {
        let cases = [
            ("", "`` is no seed"),
            ("a", "`a` is no seed"),
            ("1,,2", "`` is no seed"),
            ("-1", "`-1` is no seed"),
            ("0..=3", "`=3` is no seed"),
            ("0..1..2", "`1..2` is no seed"),
            ("9223372036854775808", "is no seed"),
            ("3..3", "3..3 is empty"),
            ("4..3", "4..3 is empty"),
            ("1,0..2", "seed 1 is there twice"),
            ("0..9223372036854775807", "more than 100000 seeds"),
            ("0..100000,100000", "more than 100000 seeds"),
        ];
        for (text, part) in cases {
            let message = text.parse::<SeedList>().expect_err(text);
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
