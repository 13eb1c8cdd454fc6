//! Sixteen sequences at once: the vector in memory, and what an instruction set must offer to compute with it.

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
#[cfg(target_arch = "aarch64")]
pub(crate) mod neon;
pub(crate) mod scalar;

use crate::arithmetic::Arithmetic;
use crate::isa::Task;

/// The number of sequences that a kernel works on at once, on every processor.
pub const LANES: usize = 16;

/// One number of each of sixteen sequences, as it lies in memory.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vector(pub [f32; LANES]);

impl Vector {
    /// Sixteen times `x`.
    pub const fn splat(x: f32) -> Vector {
        Vector([x; LANES])
    }

    /// The numbers of vectors, one vector after another.
    pub fn numbers(vectors: &[Vector]) -> &[f32] {
        // SAFETY: a vector is its sixteen numbers and nothing else, and numbers have a smaller alignment.
        unsafe { std::slice::from_raw_parts(vectors.as_ptr().cast(), vectors.len() * LANES) }
    }

    /// The numbers of vectors, one vector after another.
    pub fn numbers_mut(vectors: &mut [Vector]) -> &mut [f32] {
        // SAFETY: as in `numbers`; any sixteen numbers are a vector.
        unsafe { std::slice::from_raw_parts_mut(vectors.as_mut_ptr().cast(), vectors.len() * LANES) }
    }
}

impl Default for Vector {
    fn default() -> Vector {
        Vector::splat(0.0)
    }
}

/// Sixteen lanes in registers.
///
/// The types that implement it for an instruction set are named in one place each, the `enter` function of their file,
/// which is compiled for the instruction set and may be called only with the proof that the processor has it. All
/// methods are `#[inline(always)]`, so that they become part of that function.
pub(crate) trait Lanes: Arithmetic {
    /// The register tile of [`Linear`](crate::Linear): at most so many rows ...
    const LINEAR_ROWS: usize;
    /// ... by so many outputs.
    const LINEAR_OUTPUTS: usize;
    /// The register tile of [`Outer`](crate::Outer): at most so many inputs ...
    const OUTER_INPUTS: usize;
    /// ... by so many outputs; a tile has at most [`LANES`] sums.
    const OUTER_OUTPUTS: usize;
    /// The register tile of the products of the wide layout: at most so many rows ...
    const WIDE_ROWS: usize;
    /// ... by so many vectors.
    const WIDE_VECTORS: usize;

    /// Runs a task as a function of its own, so that its code is there once.
    ///
    /// # Safety
    /// The caller is itself a task that runs on these lanes.
    unsafe fn apart<T: Task>(task: T) -> T::Output;

    /// The lanes as they lie in memory.
    fn from_array(lanes: [f32; LANES]) -> Self;
    /// The lanes as they lie in memory.
    fn to_array(self) -> [f32; LANES];

    /// Reads a vector.
    ///
    /// # Safety
    /// `from` is valid for reads.
    unsafe fn load(from: *const Vector) -> Self;
    /// Writes a vector.
    ///
    /// # Safety
    /// `to` is valid for writes.
    unsafe fn store(self, to: *mut Vector);
    /// Reads sixteen consecutive numbers of any alignment.
    ///
    /// # Safety
    /// `from` is valid for reads of sixteen numbers.
    unsafe fn load_array(from: *const f32) -> Self;
    /// Writes sixteen consecutive numbers of any alignment.
    ///
    /// # Safety
    /// `to` is valid for writes of sixteen numbers.
    unsafe fn store_array(self, to: *mut f32);

    /// `then` in the lanes whose id is `id`, else `otherwise`.
    fn select_equal(ids: &[u32; LANES], id: u32, then: Self, otherwise: Self) -> Self;

    /// Lane `l` is `table[index[l]]`.
    ///
    /// # Safety
    /// `table` is valid for reads at each index.
    #[inline(always)]
    unsafe fn gather(table: *const f32, index: &[u32; LANES]) -> Self {
        let mut lanes = [0.0; LANES];
        for (lane, &at) in lanes.iter_mut().zip(index) {
            // SAFETY: the caller's promise.
            *lane = unsafe { *table.add(at as usize) };
        }
        Self::from_array(lanes)
    }

    /// The sixteen numbers `from[0][..4], from[1][..4], from[2][..4], from[3][..4]`.
    ///
    /// # Safety
    /// Each pointer is valid for reads of four numbers.
    #[inline(always)]
    unsafe fn load_quarters(from: [*const f32; 4]) -> Self {
        // SAFETY: the caller's promise.
        Self::from_array(std::array::from_fn(|l| unsafe { *from[l / 4].add(l % 4) }))
    }

    /// As [`Lanes::load_quarters`], of ids, whose bits (widened with zeros) become those of the lanes.
    ///
    /// # Safety
    /// Each pointer is valid for reads of four ids.
    #[inline(always)]
    unsafe fn load_id_quarters(from: [*const u16; 4]) -> Self {
        let mut lanes = [0.0; LANES];
        for (l, lane) in lanes.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            *lane = f32::from_bits(u32::from(unsafe { *from[l / 4].add(l % 4) }));
        }
        Self::from_array(lanes)
    }

    /// Every quarter of the four vectors, as a matrix of 4 by 4, transposed: lane `4 j + m` of result `k` is lane `4 j + k`
    /// of vector `m`.
    #[inline(always)]
    fn quads(vectors: [Self; 4]) -> [Self; 4] {
        let arrays = vectors.map(Self::to_array);
        std::array::from_fn(|k| Self::from_array(std::array::from_fn(|l| arrays[l % 4][l / 4 * 4 + k])))
    }

    /// Lane `l` is `table[index[l]]`.
    ///
    /// # Safety
    /// Every index is below 16.
    #[inline(always)]
    unsafe fn look_up(table: Self, index: &[u32; LANES]) -> Self {
        let table = table.to_array();
        // SAFETY: sixteen numbers, and the caller's promise.
        unsafe { Self::gather(table.as_ptr(), index) }
    }

    /// Lane `k` of the result is the sum over the lanes of `vectors[k]`, as [`lane_sum`] adds them.
    fn lane_sums(vectors: [Self; LANES]) -> Self;
}

/// `[f(0), f(1), ...]`. Unlike the standard library's functions for arrays, which may stay calls of their own, this becomes
/// part of its caller, and so of the code for the instruction set.
#[inline(always)]
pub(crate) fn array_of<L: Lanes, const N: usize>(f: impl Fn(usize) -> L) -> [L; N] {
    let mut array = [L::splat(0.0); N];
    for (k, element) in array.iter_mut().enumerate() {
        *element = f(k);
    }
    array
}

/// The sum over lanes, in the order that is part of `numerics`: `l + (l+8)`, then `+4`, `+2`, `+1`.
#[inline(always)]
pub(crate) fn lane_sum(mut x: [f32; LANES]) -> f32 {
    for half in [8, 4, 2, 1] {
        for l in 0..half {
            x[l] += x[l + half];
        }
    }
    x[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::Isa;

    /// Rows of test numbers, special ones among them.
    fn numbers(seed: u32) -> [f32; LANES] {
        std::array::from_fn(|l| {
            let mut h = (seed * 16 + l as u32).wrapping_mul(0x9E37_79B9);
            h ^= h >> 15;
            h = h.wrapping_mul(0x85EB_CA6B);
            (h as i32) as f32 / 1.0e6 * if h & 64 == 0 { 1.0e-3 } else { 1.0 }
        })
    }

    /// What only moves numbers: by four, transposed by four, looked up.
    struct Moves;
    impl Task for Moves {
        type Output = Vec<[f32; LANES]>;
        #[inline(always)]
        fn run<L: Lanes>(self) -> Self::Output {
            let rows: [[f32; LANES]; 4] = std::array::from_fn(|m| numbers(m as u32));
            let index: [u32; LANES] = std::array::from_fn(|l| (l * 7 % LANES) as u32);
            // SAFETY: each row has four numbers, and every index is below 16.
            let (quarters, found) = unsafe {
                let quarters = L::load_quarters(std::array::from_fn(|m| rows[m].as_ptr()));
                (quarters, L::look_up(L::from_array(rows[0]), &index))
            };
            let quads = L::quads(rows.map(L::from_array));
            [quarters, found].into_iter().chain(quads).map(L::to_array).collect()
        }
    }

    #[test]
    fn numbers_arrive_where_they_should() {
        let row = |m: usize| numbers(m as u32);
        let mut expected: Vec<[f32; LANES]> =
            vec![std::array::from_fn(|l| row(l / 4)[l % 4]), std::array::from_fn(|l| row(0)[l * 7 % LANES])];
        expected.extend((0..4).map(|k| std::array::from_fn(|l| row(l % 4)[l / 4 * 4 + k])));
        for isa in Isa::available() {
            assert_eq!(isa.enter(Moves), expected, "{isa}");
        }
    }

    struct LaneSums;
    impl Task for LaneSums {
        type Output = [f32; LANES];
        #[inline(always)]
        fn run<L: Lanes>(self) -> Self::Output {
            L::lane_sums(std::array::from_fn(|k| L::from_array(numbers(k as u32)))).to_array()
        }
    }

    #[test]
    fn lane_sums_have_the_bits_of_the_stated_tree() {
        let expected: [u32; LANES] = std::array::from_fn(|k| lane_sum(numbers(k as u32)).to_bits());
        for isa in Isa::available() {
            assert_eq!(isa.enter(LaneSums).map(f32::to_bits), expected, "{isa}");
        }
    }

    /// One result per method of `Arithmetic`, lane by lane.
    struct Everything(u32);
    impl Task for Everything {
        type Output = Vec<[f32; LANES]>;
        #[inline(always)]
        fn run<L: Lanes>(self) -> Self::Output {
            let special = |x: [f32; LANES]| {
                let mut x = x;
                x[3] = 0.0;
                x[4] = -0.0;
                x[5] = f32::INFINITY;
                x[7] = 2.5;
                x[8] = -3.5;
                x
            };
            let (a, b, c) = (special(numbers(self.0)), numbers(self.0 + 1), special(numbers(self.0 + 2)));
            let ids: [u32; LANES] = std::array::from_fn(|l| (l % 3) as u32);
            let (a, b, c) = (L::from_array(a), L::from_array(b), L::from_array(c));
            let powers = L::from_array(std::array::from_fn(|l| l as f32 * 16.0 - 126.0));
            let positive = L::from_array(numbers(self.0)).absolute().maximum(L::splat(1.0e-30));
            let (exponent, mantissa) = positive.split();
            let halves = L::from_array(std::array::from_fn(|l| l as f32 * 0.5 - 4.0));
            let ties = L::from_array(std::array::from_fn(|l| f32::from_bits(0x3f7a_8000 + (l << 16) as u32)));
            [a.add(b), a.sub(b), a.mul(b), b.div(a), a.neg(), a.absolute(), a.with_sign_of(b), a.mul_add(b, c)]
                .into_iter()
                .chain([positive.sqrt(), a.maximum(b), a.maximum(c), a.minimum(b), a.minimum(c)])
                .chain([a.select_less(b, b, c), halves.round_even(), a.round_even(), powers.power_of_two()])
                .chain([exponent, mantissa, mantissa.scale(powers), L::select_equal(&ids, 1, a, b)])
                .chain([b.round_to_upper_half(), ties.round_to_upper_half()])
                .map(L::to_array)
                .collect()
        }
    }

    #[test]
    fn every_operation_has_the_same_bits_on_every_instruction_set() {
        for seed in 0..200 {
            let expected: Vec<_> = Isa::SCALAR.enter(Everything(seed)).iter().map(|x| x.map(f32::to_bits)).collect();
            for isa in Isa::available() {
                let found: Vec<_> = isa.enter(Everything(seed)).iter().map(|x| x.map(f32::to_bits)).collect();
                assert_eq!(found, expected, "{isa}, seed {seed}");
            }
        }
    }
}
