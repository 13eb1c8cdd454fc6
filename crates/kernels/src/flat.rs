//! What runs over all parameters at once: sums of gradients, their norm, the optimiser's step. Flat slices of numbers,
//! no sequences; sixteen at a time, which changes no bit because every element is on its own or its order is fixed.

use crate::arithmetic::Arithmetic;
use crate::isa::{Isa, Task};
use crate::lanes::{LANES, Lanes};

/// `total[k] += part[k]`, and `part[k]` becomes 0.
///
/// # Panics
/// If the two are not equally long.
pub fn take_in(isa: Isa, total: &mut [f32], part: &mut [f32]) {
    assert_eq!(part.len(), total.len(), "a part is as long as the total");
    isa.enter(TakeIn { total, part });
}

/// The sum of squares of `x`, in f64, where each square is exact: element `k` goes to sum `k % 16`, in order, and the
/// sixteen sums are added as lanes are: `l + (l+8)`, then `+4`, `+2`, `+1`.
pub fn sum_squares(isa: Isa, x: &[f32]) -> f64 {
    isa.enter(SumSquares { x })
}

/// The numbers of a step of AdamW. They are combined in f64 and rounded to f32 once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// The learning rate.
    pub rate: f64,
    /// How much of the mean of gradients is kept.
    pub beta1: f64,
    /// How much of the mean of squared gradients is kept.
    pub beta2: f64,
    /// Added to the root of the mean of squares.
    pub epsilon: f64,
    /// Weight decay, a factor of the rate.
    pub decay: f64,
    /// What the gradient is multiplied by first: clipping times normaliser.
    pub scale: f64,
    /// `1 - beta1^step`, step counted from 1.
    pub correction1: f64,
    /// `1 - beta2^step`.
    pub correction2: f64,
}

/// One step of AdamW (Loshchilov and Hutter 2019), in the order of operations of `torch.optim.AdamW`:
/// ```text
/// g = scale gradient
/// w = w (1 - rate decay)
/// m = m + (1 - beta1) (g - m)
/// v = v beta2 + ((1 - beta2) g) g
/// w = w - (rate / correction1 m) / (sqrt(v) / sqrt(correction2) + epsilon)
/// ```
/// where `w` are the weights, `m` the `first` and `v` the `second` moments. Every operation is rounded on its own.
///
/// # Panics
/// If the slices are not equally long.
pub fn adamw(isa: Isa, weights: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32], by: AdamW) {
    let lengths = [gradient.len(), first.len(), second.len()];
    assert_eq!(lengths, [weights.len(); 3], "gradient and moments are as long as the weights");
    isa.enter(Step { weights, gradient, first, second, by });
}

/// Reads at most sixteen numbers; the lanes behind them are 0.
#[inline(always)]
fn read<L: Lanes>(chunk: &[f32]) -> L {
    if chunk.len() >= LANES {
        // SAFETY: the chunk has sixteen numbers.
        return unsafe { L::load_array(chunk.as_ptr()) };
    }
    let mut lanes = [0.0; LANES];
    lanes[..chunk.len()].copy_from_slice(chunk);
    L::from_array(lanes)
}

/// Writes as many lanes as the chunk has numbers, at most sixteen.
#[inline(always)]
fn write<L: Lanes>(chunk: &mut [f32], lanes: L) {
    if chunk.len() >= LANES {
        // SAFETY: the chunk has sixteen numbers.
        return unsafe { lanes.store_array(chunk.as_mut_ptr()) };
    }
    let count = chunk.len();
    chunk.copy_from_slice(&lanes.to_array()[..count]);
}

struct TakeIn<'a> {
    total: &'a mut [f32],
    part: &'a mut [f32],
}

impl Task for TakeIn<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        for (total, part) in self.total.chunks_mut(LANES).zip(self.part.chunks_mut(LANES)) {
            write(total, read::<L>(total).add(read(part)));
            write(part, L::splat(0.0));
        }
    }
}

struct SumSquares<'a> {
    x: &'a [f32],
}

impl Task for SumSquares<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<L: Lanes>(self) -> f64 {
        let mut sums = [0.0f64; LANES];
        let (whole, rest) = self.x.as_chunks::<LANES>();
        for chunk in whole {
            for (sum, &x) in sums.iter_mut().zip(chunk) {
                *sum += f64::from(x) * f64::from(x);
            }
        }
        for (sum, &x) in sums.iter_mut().zip(rest) {
            *sum += f64::from(x) * f64::from(x);
        }
        for half in [8, 4, 2, 1] {
            for l in 0..half {
                sums[l] += sums[l + half];
            }
        }
        sums[0]
    }
}

struct Step<'a> {
    weights: &'a mut [f32],
    gradient: &'a [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
    by: AdamW,
}

/// The factors of a step, in every lane.
#[derive(Clone, Copy)]
struct Factors<A> {
    scale: A,
    keep: A,
    gain1: A,
    beta2: A,
    gain2: A,
    root2: A,
    epsilon: A,
    rate: A,
}

impl<A: Arithmetic> Factors<A> {
    #[inline(always)]
    fn new(by: AdamW) -> Factors<A> {
        Factors {
            scale: A::splat(by.scale as f32),
            keep: A::splat((1.0 - by.rate * by.decay) as f32),
            gain1: A::splat((1.0 - by.beta1) as f32),
            beta2: A::splat(by.beta2 as f32),
            gain2: A::splat((1.0 - by.beta2) as f32),
            root2: A::splat(by.correction2.sqrt() as f32),
            epsilon: A::splat(by.epsilon as f32),
            rate: A::splat((by.rate / by.correction1) as f32),
        }
    }

    /// The new weight and moments.
    #[inline(always)]
    fn step(self, w: A, g: A, m: A, v: A) -> (A, A, A) {
        let g = g.mul(self.scale);
        let w = w.mul(self.keep);
        let m = m.add(self.gain1.mul(g.sub(m)));
        let v = v.mul(self.beta2).add(self.gain2.mul(g).mul(g));
        let denominator = v.sqrt().div(self.root2).add(self.epsilon);
        (w.sub(self.rate.mul(m).div(denominator)), m, v)
    }
}

impl Task for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let factors = Factors::<L>::new(self.by);
        let moments = self.first.chunks_mut(LANES).zip(self.second.chunks_mut(LANES));
        let chunks = self.weights.chunks_mut(LANES).zip(self.gradient.chunks(LANES)).zip(moments);
        for ((weights, gradient), (first, second)) in chunks {
            let (w, m, v) = factors.step(read(weights), read(gradient), read(first), read(second));
            write(weights, w);
            write(first, m);
            write(second, v);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTHS: [usize; 9] = [0, 1, 2, 15, 16, 17, 31, 33, 100];

    fn numbers(length: usize, seed: usize) -> Vec<f32> {
        let number = |k: usize| ((k * 7919 + seed * 104_729 + 17) % 2003) as f32 / 701.0 - 1.4;
        (0..length).map(number).collect()
    }

    fn bits(x: &[f32]) -> Vec<u32> {
        x.iter().map(|x| x.to_bits()).collect()
    }

    #[test]
    fn a_part_is_added_and_leaves_zeros() {
        for length in LENGTHS {
            let expected: Vec<f32> = numbers(length, 0).iter().zip(numbers(length, 1)).map(|(a, b)| a + b).collect();
            for isa in Isa::available() {
                let (mut total, mut part) = (numbers(length, 0), numbers(length, 1));
                take_in(isa, &mut total, &mut part);
                assert_eq!(bits(&total), bits(&expected), "{isa}, {length}");
                assert_eq!(bits(&part), bits(&vec![0.0; length]), "{isa}, {length}");
            }
        }
    }

    #[test]
    fn squares_have_the_same_sum_on_every_instruction_set() {
        for length in LENGTHS {
            let x = numbers(length, 3);
            let plain: f64 = x.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
            let expected = sum_squares(Isa::SCALAR, &x);
            assert!((expected - plain).abs() <= 1e-14 * plain, "{expected} {plain}");
            for isa in Isa::available() {
                assert_eq!(sum_squares(isa, &x).to_bits(), expected.to_bits(), "{isa}, {length}");
            }
        }
    }

    /// Several steps against the formula in f64, and the same bits everywhere.
    #[test]
    fn adamw_follows_the_formula() {
        for length in LENGTHS {
            let by = |step: i32| {
                let power = |beta: f64| (0..step).fold(1.0, |x, _| x * beta);
                let (beta1, beta2) = (0.9, 0.95);
                let (correction1, correction2) = (1.0 - power(beta1), 1.0 - power(beta2));
                AdamW { rate: 0.02, beta1, beta2, epsilon: 1e-8, decay: 0.1, scale: 0.7, correction1, correction2 }
            };
            let run = |isa: Isa| {
                let (mut w, mut m, mut v) = (numbers(length, 1), vec![0.0; length], vec![0.0; length]);
                (1..=5).for_each(|t| adamw(isa, &mut w, &numbers(length, 10 + t as usize), &mut m, &mut v, by(t)));
                [w, m, v]
            };
            let expected = in_f64(length, by);
            let best = run(Isa::best());
            for (found, expected) in best[0].iter().zip(&expected) {
                assert!((f64::from(*found) - expected).abs() <= 1e-6 * expected.abs().max(0.1), "{found} {expected}");
            }
            for isa in Isa::available() {
                assert_eq!(run(isa).map(|x| bits(&x)), best.clone().map(|x| bits(&x)), "{isa}, {length}");
            }
        }
    }

    fn in_f64(length: usize, by: impl Fn(i32) -> AdamW) -> Vec<f64> {
        let mut state: Vec<[f64; 3]> = numbers(length, 1).iter().map(|&w| [f64::from(w), 0.0, 0.0]).collect();
        for step in 1..=5 {
            let AdamW { rate, beta1, beta2, epsilon, decay, scale, correction1, correction2 } = by(step);
            for ([w, m, v], g) in state.iter_mut().zip(numbers(length, 10 + step as usize)) {
                let g = f64::from(g) * scale;
                *w -= rate * decay * *w;
                *m = beta1 * *m + (1.0 - beta1) * g;
                *v = beta2 * *v + (1.0 - beta2) * g * g;
                *w -= rate / correction1 * *m / ((*v / correction2).sqrt() + epsilon);
            }
        }
        state.iter().map(|[w, _, _]| *w).collect()
    }
}
