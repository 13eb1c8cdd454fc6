//! Random numbers: the counter-based generator Philox4x64-10, equal to `numpy.random.Philox` bit for bit.
//!
//! Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011). Being a function of key and
//! counter alone, any sequence of any run can be drawn again without drawing what came before it.

/// What random numbers are drawn for. Each purpose has numbers of its own, so that drawing more for one changes no other.
/// The codes are part of every run's bits and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// The law of a world.
    World = 1,
    /// Start values of parameters.
    Start = 2,
    /// Training sequences.
    Train = 3,
    /// The order of stored sequences.
    Shuffle = 4,
    /// Dropout masks.
    Dropout = 5,
    /// Test sequences.
    Test = 6,
    /// Validation sequences.
    Validation = 7,
    /// Sequences that a model continues.
    Sample = 8,
    /// Sequences and directions for probes and dissection.
    Probe = 9,
    /// Random directions and shapes of self-checks.
    Check = 10,
    /// Training sequences that are exported.
    ExportTrain = 11,
    /// Validation sequences that are exported.
    ExportValidation = 12,
    /// Sums that models are scored on and searched for.
    Sums = 13,
    /// Random numbers of a model that are never trained.
    Frozen = 14,
}

/// Blocks that are made at once where many words are drawn. A processor computes several side by side, since none needs
/// another.
const AT_ONCE: usize = 4;

/// A stream of random numbers: key (seed, purpose), counter (draw, index, step, 0), of which `draw` advances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    key: [u64; 2],
    /// Of the last block made.
    counter: [u64; 4],
    /// The last blocks made; words from `used` on are still to be drawn.
    blocks: [[u64; 4]; AT_ONCE],
    used: usize,
    /// How many blocks there have been, counted up to `AT_ONCE`: as many come next, so that few words cost few blocks.
    made: usize,
}

impl Stream {
    /// The stream of sequence `index` of step `step`, for `purpose`, in the run or world with this seed.
    pub fn new(seed: u64, purpose: Purpose, step: u64, index: u64) -> Stream {
        Stream::at([seed, purpose as u64], [0, index, step, 0])
    }

    /// The stream of `numpy.random.Philox(key=key, counter=counter)`. As there, the counter is advanced before each block
    /// of four words.
    pub fn at(key: [u64; 2], counter: [u64; 4]) -> Stream {
        Stream { key, counter, blocks: [[0; 4]; AT_ONCE], used: 4 * AT_ONCE, made: 0 }
    }

    /// 64 random bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        if self.used == 4 * AT_ONCE {
            self.refill();
        }
        let word = self.blocks.as_flattened()[self.used];
        self.used += 1;
        word
    }

    /// Uniform in `[0, 1)`: a multiple of 2^-53, as NumPy's `Generator.random`.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in `0..n`, without bias (Lemire, "Fast random integer generation in an interval", 2019). Panics if `n` is 0.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "there is no number below 0");
        loop {
            let product = u128::from(self.next_u64()) * u128::from(n);
            // The low half falls short of 2^64 mod n, which is below n, for as many words as would make some results likelier.
            let low = product as u64;
            if low >= n || low >= n.wrapping_neg() % n {
                return (product >> 64) as u64;
            }
        }
    }

    /// Standard normal, by Box and Muller's transform; takes two words.
    pub fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.uniform()));
        radius * libm::cos(2.0 * std::f64::consts::PI * self.uniform())
    }

    /// Makes the next blocks: 1, 1, 2, and then 4 at once.
    #[inline(never)]
    fn refill(&mut self) {
        let count = self.made.clamp(1, AT_ONCE);
        for block in &mut self.blocks[AT_ONCE - count..] {
            advance(&mut self.counter);
            *block = philox(self.key, self.counter);
        }
        self.used = 4 * (AT_ONCE - count);
        self.made = (self.made + count).min(AT_ONCE);
    }
}

fn advance(counter: &mut [u64; 4]) {
    for word in counter {
        *word = word.wrapping_add(1);
        if *word != 0 {
            break;
        }
    }
}

/// Ten rounds of Philox4x64. The multipliers and the key increments (the golden ratio, and the square root of 3 less 1) are
/// the paper's.
#[inline(always)]
fn philox(mut key: [u64; 2], mut x: [u64; 4]) -> [u64; 4] {
    for _ in 0..10 {
        let a = u128::from(x[0]) * 0xD2E7_470E_E14C_6C93;
        let b = u128::from(x[2]) * 0xCA5A_8263_9512_1157;
        x = [(b >> 64) as u64 ^ x[1] ^ key[0], b as u64, (a >> 64) as u64 ^ x[3] ^ key[1], a as u64];
        key = [key[0].wrapping_add(0x9E37_79B9_7F4A_7C15), key[1].wrapping_add(0xBB67_AE85_84CA_A73B)];
    }
    x
}
