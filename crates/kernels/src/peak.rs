//! Fused multiply-adds and nothing else, and reads and nothing else: the yardsticks of the other kernels.

use crate::isa::{Isa, Task};
use crate::lanes::{LANES, Lanes, Vector};

/// Independent chains: enough to hide the latency, few enough to stay in registers.
const CHAINS: usize = 12;

struct Chains {
    rounds: u64,
}

impl Task for Chains {
    type Output = [f32; LANES];

    #[inline(always)]
    fn run<L: Lanes>(self) -> Self::Output {
        // Half the chains where a vector takes several registers.
        if L::LINEAR_ROWS >= 4 {
            chains::<L, CHAINS>(self.rounds)
        } else {
            chains::<L, { CHAINS / 2 }>(2 * self.rounds)
        }
    }
}

#[inline(always)]
fn chains<L: Lanes, const N: usize>(rounds: u64) -> [f32; LANES] {
    let (factor, term) = (L::splat(std::hint::black_box(0.999)), L::splat(std::hint::black_box(0.001)));
    let mut sums = [L::splat(0.0); N];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = sum.mul_add(factor, term);
        }
    }
    sums.into_iter().fold(L::splat(0.0), L::add).to_array()
}

/// Runs `rounds` times twelve fused multiply-adds on sixteen lanes, `384 * rounds` floating point operations, without
/// touching memory; for a clock around it. Gives a number that means nothing.
pub fn multiply_adds(isa: Isa, rounds: u64) -> f32 {
    isa.enter(Chains { rounds })[0]
}

struct Reads<'a> {
    vectors: &'a [Vector],
}

impl Task for Reads<'_> {
    type Output = [f32; LANES];

    #[inline(always)]
    fn run<L: Lanes>(self) -> Self::Output {
        let mut sums = [L::splat(0.0); CHAINS / 2];
        let (whole, rest) = self.vectors.as_chunks::<{ CHAINS / 2 }>();
        for vectors in whole {
            for (sum, vector) in sums.iter_mut().zip(vectors) {
                // SAFETY: a reference is valid for reads.
                *sum = sum.add(unsafe { L::load(vector) });
            }
        }
        let sum = rest.iter().fold(L::splat(0.0), |sum, vector| sum.add(L::from_array(vector.0)));
        sums.into_iter().fold(sum, L::add).to_array()
    }
}

/// Reads all of `vectors` once and adds them up, as fast as they come; for a clock around it. Gives a number that means nothing.
pub fn read_through(isa: Isa, vectors: &[Vector]) -> f32 {
    isa.enter(Reads { vectors })[0]
}
