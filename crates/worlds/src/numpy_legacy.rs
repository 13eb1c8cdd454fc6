//! NumPy's legacy generator (`numpy.random.seed`, `rand`, `randn`, `shuffle`, `dirichlet` of ones), so that published data can be
//! regenerated. Source: Matsumoto and Nishimura, "Mersenne Twister" (1998), and NumPy's legacy distributions. Python's own
//! `random` has the same generator with another start.

const WORDS: usize = 624;
const SHIFT: usize = 397;

/// The state of `numpy.random.RandomState(seed)`.
#[derive(Clone)]
pub(crate) struct Twister {
    words: [u32; WORDS],
    used: usize,
    /// The second normal number of a pair, if it has not been asked for.
    second: Option<f64>,
}

impl Twister {
    pub(crate) fn new(seed: u32) -> Twister {
        let mut words = [seed; WORDS];
        for i in 1..WORDS {
            let last = words[i - 1];
            words[i] = (last ^ (last >> 30)).wrapping_mul(1_812_433_253).wrapping_add(i as u32);
        }
        Twister { words, used: WORDS, second: None }
    }

    /// The state of Python's `random.Random(seed)` for `0 <= seed < 2^32`: the authors' `init_by_array` of that one word (2002).
    pub(crate) fn pythons(seed: u32) -> Twister {
        let mut twister = Twister::new(19_650_218);
        let words = &mut twister.words;
        // The words after the first go round once and one further; each is mixed with the one before it.
        let mut i = 1;
        let mut mix = |rounds: usize, factor: u32, add: &dyn Fn(usize) -> u32| {
            for _ in 0..rounds {
                let last = words[i - 1];
                words[i] = (words[i] ^ (last ^ (last >> 30)).wrapping_mul(factor)).wrapping_add(add(i));
                i += 1;
                if i == WORDS {
                    (words[0], i) = (words[WORDS - 1], 1);
                }
            }
        };
        mix(WORDS, 1_664_525, &|_| seed);
        mix(WORDS - 1, 1_566_083_941, &|i| (i as u32).wrapping_neg());
        words[0] = 0x8000_0000;
        twister
    }

    /// `randrange(n)` of Python for `2^32 < n < 2^64`: as many bits as `n` has, the lower 32 of them first, until they are below it.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        let spare = n.leading_zeros();
        assert!(n > 1 << 32, "a smaller number takes one word");
        loop {
            let (low, high) = (u64::from(self.next_u32()), u64::from(self.next_u32() >> spare));
            let number = (high << 32) | low;
            if number < n {
                return number;
            }
        }
    }

    fn next_u32(&mut self) -> u32 {
        if self.used == WORDS {
            self.twist();
        }
        let mut y = self.words[self.used];
        self.used += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    fn twist(&mut self) {
        for i in 0..WORDS {
            let y = (self.words[i] & 0x8000_0000) | (self.words[(i + 1) % WORDS] & 0x7fff_ffff);
            let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.words[i] = self.words[(i + SHIFT) % WORDS] ^ (y >> 1) ^ odd;
        }
        self.used = 0;
    }

    /// `rand()`: uniform in `[0, 1)`, from the upper 27 and 26 bits of two words.
    pub(crate) fn uniform(&mut self) -> f64 {
        let (a, b) = (self.next_u32() >> 5, self.next_u32() >> 6);
        (f64::from(a) * 67_108_864.0 + f64::from(b)) / 9_007_199_254_740_992.0
    }

    /// `shuffle`: from the last place down, each swapped with one at or before it, drawn by masking and rejecting.
    pub(crate) fn shuffle(&mut self, items: &mut [u16]) {
        for i in (1..items.len()).rev() {
            let mask = u32::MAX >> (i as u32).leading_zeros();
            let j = loop {
                let j = self.next_u32() & mask;
                if j <= i as u32 {
                    break j;
                }
            };
            items.swap(i, j as usize);
        }
    }

    /// `dirichlet(ones)`. The logarithm here may differ from NumPy's in the last place, hence probabilities by 2 ulp.
    pub(crate) fn dirichlet_of_ones(&mut self, row: &mut [f64]) {
        row.fill_with(|| -libm::log(1.0 - self.uniform()));
        crate::markov::scale_to_one(row);
    }

    /// `randn()`: normal numbers in pairs, by Marsaglia's polar method. The logarithm may differ from NumPy's in the last place.
    pub(crate) fn normal(&mut self) -> f64 {
        if let Some(second) = self.second.take() {
            return second;
        }
        loop {
            let (x, y) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                let scale = libm::sqrt(-2.0 * libm::log(square) / square);
                self.second = Some(scale * x);
                return scale * y;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Twister;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Oracles {
        legacy: Vec<Legacy>,
        python: Vec<Python>,
    }

    #[derive(Deserialize)]
    struct Python {
        seed: u32,
        below: u64,
        numbers: Vec<u64>,
    }

    #[derive(Deserialize)]
    struct Legacy {
        seed: u32,
        doubles: Vec<f64>,
        ten: Vec<u16>,
        thousand: Vec<u16>,
        dirichlet: Vec<f64>,
        normal: Vec<f64>,
    }

    fn oracles() -> Oracles {
        serde_json::from_str(include_str!("../tests/oracles.json")).unwrap()
    }

    fn cases() -> Vec<Legacy> {
        oracles().legacy
    }

    #[test]
    fn large_numbers_are_pythons() {
        for case in oracles().python {
            let mut twister = Twister::pythons(case.seed);
            let numbers: Vec<u64> = (0..1000).map(|_| twister.below(case.below)).collect();
            assert_eq!([0, 1, 2, 500, 998, 999].map(|i| numbers[i]).to_vec(), case.numbers, "seed {}", case.seed);
        }
    }

    fn shuffled(seed: u32, length: u16) -> Vec<u16> {
        let mut items: Vec<u16> = (0..length).collect();
        Twister::new(seed).shuffle(&mut items);
        items
    }

    #[test]
    fn doubles_and_shuffles_are_numpys() {
        for case in cases() {
            let mut twister = Twister::new(case.seed);
            let doubles: Vec<f64> = (0..1300).map(|_| twister.uniform()).collect();
            assert_eq!([0, 1, 2, 311, 312, 623, 1299].map(|i| doubles[i]).to_vec(), case.doubles, "seed {}", case.seed);
            assert_eq!(shuffled(case.seed, 10), case.ten);
            let thousand = shuffled(case.seed, 1000);
            assert_eq!([&thousand[..20], &thousand[980..]].concat(), case.thousand);
        }
    }

    #[test]
    fn dirichlet_rows_are_numpys_to_two_units_in_the_last_place() {
        for case in cases() {
            let mut row = [0.0; 7];
            Twister::new(case.seed).dirichlet_of_ones(&mut row);
            for (p, expected) in row.iter().zip(&case.dirichlet) {
                assert!(p.to_bits().abs_diff(expected.to_bits()) <= 2, "{p:e} for {expected:e}");
            }
        }
    }

    #[test]
    fn normal_numbers_are_numpys_to_a_few_units_in_the_last_place() {
        for case in cases() {
            let mut twister = Twister::new(case.seed);
            let normal: Vec<f64> = (0..1000).map(|_| twister.normal()).collect();
            for (x, expected) in [0, 1, 2, 3, 999].map(|i| normal[i]).iter().zip(&case.normal) {
                assert!((x - expected).abs() <= 1e-14 * expected.abs(), "{x:e} for {expected:e}");
            }
        }
    }
}
