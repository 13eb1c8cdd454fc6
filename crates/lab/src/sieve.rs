//! A quick look that tells most sequences from those of a set, so that few have to be looked at closely.

/// Bits for each sequence of the set, at least; as many others pass as one in so many.
const BITS: usize = 32;

/// A set of marks, of which all pass, and few others.
pub(crate) struct Sieve {
    /// A power of two of words; the bit of every mark of the set is 1.
    words: Vec<u64>,
}

impl Sieve {
    /// The sieve that these pass.
    pub(crate) fn of(marks: &[u64]) -> Sieve {
        let words = (marks.len() * BITS).div_ceil(64).next_power_of_two();
        let mut sieve = Sieve { words: vec![0; words] };
        for &mark in marks {
            let (word, bit) = sieve.place(mark);
            sieve.words[word] |= bit;
        }
        sieve
    }

    /// Whether the mark may be of the set; always true for those that are.
    #[inline]
    pub(crate) fn passes(&self, mark: u64) -> bool {
        let (word, bit) = self.place(mark);
        self.words[word] & bit != 0
    }

    fn place(&self, mark: u64) -> (usize, u64) {
        ((mark >> 6) as usize & (self.words.len() - 1), 1 << (mark & 63))
    }

    /// The mark of a sequence: the same for the same tokens. Four tokens at a time are mixed in by a product of 128 bits, whose
    /// halves are laid over each other.
    #[inline]
    pub(crate) fn mark(tokens: &[u16]) -> u64 {
        let (fours, rest) = tokens.as_chunks::<4>();
        let mix = |mark: u64, word: u64| {
            let product = u128::from(mark ^ word) * 0x9E37_79B9_7F4A_7C15;
            (product >> 64) as u64 ^ product as u64
        };
        let word = |four: &[u16]| four.iter().rev().fold(0, |word, id| word << 16 | u64::from(*id));
        let mark = fours.iter().fold(0x2545_F491_4F6C_DD1D, |mark, four| mix(mark, word(four)));
        mix(mark, word(rest) ^ (tokens.len() as u64) << 48)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All sequences of up to 6 tokens over 4, and of 33 tokens that differ in one.
    #[test]
    fn all_of_the_set_pass_and_few_others() {
        let short = (0..=6).flat_map(|length| (0..4u32.pow(length)).map(move |code| (length, code)));
        let short = short.map(|(length, code)| (0..length).map(|at| (code >> (2 * at) & 3) as u16).collect::<Vec<_>>());
        let long =
            (0..33).flat_map(|at| (1..100).map(move |id| (0..33).map(|t| if t == at { id } else { 0 }).collect()));
        let marks: Vec<u64> = short.chain(long).map(|tokens| Sieve::mark(&tokens)).collect();
        let (set, others): (Vec<_>, Vec<_>) = marks.iter().enumerate().partition(|(number, _)| number % 3 == 0);
        let set: Vec<u64> = set.into_iter().map(|(_, mark)| *mark).collect();
        let sieve = Sieve::of(&set);
        assert!(set.iter().all(|mark| sieve.passes(*mark)));
        let passed = others.iter().filter(|(_, mark)| sieve.passes(**mark)).count();
        assert!(passed * BITS <= 2 * others.len(), "{passed} of {}", others.len());
        assert!(!Sieve::of(&[]).passes(7), "nothing is of an empty set");
    }
}
