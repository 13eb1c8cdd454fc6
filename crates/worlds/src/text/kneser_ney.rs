//! Counts of how often tokens follow each other in a text, smoothed by interpolated Kneser-Ney: what is left when a text has no known law.
//!
//! Source of the formula: Chen and Goodman, "An empirical study of smoothing techniques for language modeling" (1999), with one discount
//! for each order. With `c` the number of times that a gram occurs, and below the highest order the number of different tokens
//! that it follows,
//!
//! ```text
//! p(w | h) = (max(c(h w) - D, 0) + D n(h) p(w | h without its first)) / c(h)
//! c(h) = sum over w of c(h w),  n(h) = how many different w follow h,  D = n1 / (n1 + 2 n2)
//! ```
//!
//! where `n1` and `n2` are how many grams of the order have the count 1 and 2 (`D` is 1/2 where none has 1). The lowest order goes on to
//! the uniform law, and where `h` never occurs, `p(w | h)` is `p` of the next lower order.

/// The longest gram: 16 bits a token, and there are 128.
pub const MOST: usize = 6;

/// Predictors of orders 1 to [`MOST`], from one text.
pub struct KneserNey {
    alphabet: usize,
    /// By order, from 1: how often each gram occurs.
    occurs: Vec<Grams>,
    /// By order, from 1 to `MOST - 1`: how many different tokens each gram follows.
    follows: Vec<Grams>,
}

/// Grams of one order with their counts.
struct Grams {
    /// Each once, ascending; the first token stands highest.
    counted: Vec<(u128, u32)>,
    discount: f64,
}

impl KneserNey {
    /// Counts `text`, whose tokens are below `alphabet`.
    pub fn new(text: &[u16], alphabet: usize) -> KneserNey {
        let occurs: Vec<Grams> =
            (1..=MOST).map(|order| Grams::count(text.windows(order).map(packed).collect())).collect();
        let without_first = |(order, grams): (usize, &Grams)| {
            let mask = (1_u128 << (16 * order)) - 1;
            Grams::count(grams.counted.iter().map(|(gram, _)| gram & mask).collect())
        };
        let follows = occurs.iter().enumerate().skip(1).map(without_first).collect();
        KneserNey { alphabet, occurs, follows }
    }

    /// The probability of `token` after `history`, of which the last `order - 1` tokens are seen; of fewer, if it is shorter, by the
    /// predictor of that order. Panics for orders other than 1 to [`MOST`].
    pub fn probability(&self, order: usize, history: &[u16], token: u16) -> f64 {
        assert!((1..=MOST).contains(&order), "orders are 1 to {MOST}");
        let order = order.min(history.len() + 1);
        let seen = |order: usize| &history[history.len() + 1 - order..];
        let uniform = 1.0 / self.alphabet as f64;
        let lower = (1..order).fold(uniform, |p, order| self.follows[order - 1].interpolated(seen(order), token, p));
        self.occurs[order - 1].interpolated(seen(order), token, lower)
    }
}

fn packed(gram: &[u16]) -> u128 {
    gram.iter().fold(0, |packed, token| packed << 16 | u128::from(*token))
}

impl Grams {
    fn count(mut grams: Vec<u128>) -> Grams {
        grams.sort_unstable();
        let runs = grams.chunk_by(|one, other| one == other);
        let counted: Vec<(u128, u32)> = runs.map(|run| (run[0], run.len() as u32)).collect();
        let with = |count| counted.iter().filter(|(_, times)| *times == count).count() as f64;
        let (once, twice) = (with(1), with(2));
        let discount = if once == 0.0 { 0.5 } else { once / (once + 2.0 * twice) };
        Grams { counted, discount }
    }

    fn interpolated(&self, history: &[u16], token: u16, lower: f64) -> f64 {
        let first = packed(history) << 16;
        let begin = self.counted.partition_point(|(gram, _)| *gram < first);
        let after = self.counted[begin..].partition_point(|(gram, _)| *gram <= first | 0xFFFF);
        let followed = &self.counted[begin..begin + after];
        let total: f64 = followed.iter().map(|(_, count)| f64::from(*count)).sum();
        if total == 0.0 {
            return lower;
        }
        let found = followed.binary_search_by_key(&(first | u128::from(token)), |(gram, _)| *gram);
        let count = found.map_or(0.0, |place| f64::from(followed[place].1));
        ((count - self.discount).max(0.0) + self.discount * after as f64 * lower) / total
    }
}
