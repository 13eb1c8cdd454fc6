//! Byte-pair encoding: pairs learnt from one text, and any bytes as their tokens.

use bpe::byte_pair_encoding::{BytePairEncoding, find_hash_factor_for_dictionary};
use infimum_worlds::text::Pairs;

use super::merges;

/// Byte-pair encoding: the bytes are its first tokens, then come the pairs in the order in which they were merged.
///
/// The tokens of some bytes are what is left when first the first pair is merged wherever it stands, from left to right, then the second,
/// and so on.
pub(super) struct BytePairs {
    encoding: BytePairEncoding,
}

impl BytePairs {
    /// The first `most` pairs of a text. Errors: it has fewer; how many.
    pub(super) fn learn(text: &[u8], most: usize) -> Result<BytePairs, usize> {
        let merges = merges::learn(text, most);
        if merges.len() < most {
            return Err(merges.len());
        }
        let spellings = merges::spellings(&merges);
        // Where the crate looks tokens up, and nothing else, depends on this number, which it draws.
        let factor = find_hash_factor_for_dictionary(spellings.iter().cloned());
        Ok(BytePairs { encoding: BytePairEncoding::from_dictionary(spellings, Some(factor)) })
    }
}

impl Pairs for BytePairs {
    fn tokens(&self, bytes: &[u8]) -> Vec<u16> {
        let token = |token| u16::try_from(token).expect("there are at most 65,536 tokens");
        self.encoding.encode_via_backtracking(bytes).into_iter().map(token).collect()
    }

    fn bytes(&self, token: u16) -> &[u8] {
        self.encoding.token_bytes(token.into())
    }
}

#[cfg(test)]
mod tests {
    use infimum_worlds::{Purpose, Stream};

    use super::*;
    use crate::text::merges::Pair;

    /// The definition: one pair after the other is merged from left to right.
    fn by_definition(bytes: &[u8], merges: &[Pair]) -> Vec<u16> {
        let mut tokens: Vec<u16> = bytes.iter().map(|byte| u16::from(*byte)).collect();
        for (pair, new) in merges.iter().zip(256..) {
            let mut place = 0;
            while place + 1 < tokens.len() {
                if tokens[place..place + 2] == *pair {
                    tokens.splice(place..place + 2, [new]);
                }
                place += 1;
            }
        }
        tokens
    }

    /// The pairs by their definition: every pair is counted anew for each merge.
    fn learnt_by_definition(text: &[u8], most: usize) -> Vec<Pair> {
        let (mut merges, mut lengths) = (Vec::<Pair>::new(), vec![1; 256]);
        while merges.len() < most {
            let tokens = by_definition(text, &merges);
            let length = |pair: &[u16]| lengths[usize::from(pair[0])] + lengths[usize::from(pair[1])];
            let pairs = tokens.windows(2).filter(|pair| length(pair) <= merges::LONGEST);
            let count = |pair: &[u16]| tokens.windows(2).filter(|other| *other == pair).count();
            let best = pairs.map(|pair| (count(pair), std::cmp::Reverse([pair[0], pair[1]]))).max();
            let Some((2.., std::cmp::Reverse(pair))) = best else { break };
            lengths.push(length(&pair));
            merges.push(pair);
        }
        merges
    }

    fn drawn(stream: &mut Stream, length: u64, letters: u64) -> Vec<u8> {
        (0..length).map(|_| (97 + stream.below(letters)) as u8).collect()
    }

    /// Of few letters, so that pairs overlap, are equally frequent, and lie inside each other.
    #[test]
    fn pairs_and_tokens_are_those_of_the_definition() {
        let mut stream = Stream::new(1, Purpose::Check, 0, 0);
        for number in 0..400 {
            let letters = 1 + number % 4;
            let text = drawn(&mut stream, 2 + number % 90, letters);
            let merges = learnt_by_definition(&text, 40);
            assert_eq!(merges::learn(&text, 40), merges, "{text:?}");
            assert_eq!(BytePairs::learn(&text, merges.len() + 1).err(), (merges.len() < 40).then_some(merges.len()));
            let pairs = BytePairs::learn(&text, merges.len()).ok().unwrap();
            for other in (0..8).map(|length| drawn(&mut stream, 9 * length, letters)).chain([text]) {
                let tokens = pairs.tokens(&other);
                assert_eq!(tokens, by_definition(&other, &merges), "{other:?} by {merges:?}");
                assert_eq!(tokens.iter().flat_map(|token| pairs.bytes(*token)).copied().collect::<Vec<u8>>(), other);
            }
        }
    }

    #[test]
    fn any_bytes_come_back() {
        let mut stream = Stream::new(2, Purpose::Check, 0, 0);
        let text: Vec<u8> = (0..6000).map(|_| (stream.below(16) * stream.below(16)) as u8).collect();
        let pairs = BytePairs::learn(&text, 300).ok().unwrap();
        for length in 0..300 {
            let bytes: Vec<u8> = (0..length).map(|_| stream.below(256) as u8).collect();
            let spelt = pairs.tokens(&bytes).into_iter().flat_map(|token| pairs.bytes(token).to_vec());
            assert_eq!(spelt.collect::<Vec<u8>>(), bytes);
        }
        assert!((0..=255).all(|byte| pairs.bytes(byte) == [byte as u8]), "the bytes are the first tokens");
    }

    /// A text that repeats itself has no token as long as itself.
    #[test]
    fn no_token_is_longer_than_the_longest() {
        for letter in ["a", "ab", "abc"] {
            let merges = merges::learn(letter.repeat(4000).as_bytes(), 1000);
            let longest = merges::spellings(&merges).iter().map(Vec::len).max().unwrap();
            assert!((65..=merges::LONGEST).contains(&longest) && merges.len() < 1000, "{letter}: {longest}");
        }
    }
}
