//! Sixteen sequences brought side by side: number `k` of sequence `l` becomes lane `l` of vector `k`.

use crate::isa::{Isa, Task};
use crate::lanes::{LANES, Lanes, Vector};

/// `to[k]` gets `from[l][k]` in lane `l`.
///
/// # Panics
/// If the sequences are not as long as `to`.
pub fn interleave(isa: Isa, to: &mut [Vector], from: [&[f32]; LANES]) {
    from.iter().for_each(|from| assert_eq!(from.len(), to.len(), "all sequences are equally long"));
    isa.enter(Interleave { to, from });
}

/// `to[16 k + l]` gets `from[l][k]`.
///
/// # Panics
/// If `to` is not sixteen times as long as each of the sequences.
pub fn interleave_ids(isa: Isa, to: &mut [u32], from: [&[u16]; LANES]) {
    from.iter().for_each(|from| assert_eq!(LANES * from.len(), to.len(), "all sequences are equally long"));
    isa.enter(InterleaveIds { to, from });
}

struct Interleave<'a> {
    to: &'a mut [Vector],
    from: [&'a [f32]; LANES],
}

impl Task for Interleave<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let (whole, rest) = self.to.as_chunks_mut::<4>();
        for (block, to) in whole.iter_mut().enumerate() {
            let from = starts(&self.from, 4 * block);
            // SAFETY: each pointer is that of four numbers.
            let lanes: [L; 4] = unsafe { four_positions(&from) };
            // SAFETY: vectors of the slice.
            to.iter_mut().zip(lanes).for_each(|(to, lanes)| unsafe { lanes.store(to) });
        }
        let first = 4 * whole.len();
        for (k, to) in rest.iter_mut().enumerate() {
            *to = Vector(self.from.map(|from| from[first + k]));
        }
    }
}

/// Four numbers from each of sixteen places: lane `l` of result `k` is number `k` of place `l`.
///
/// # Safety
/// Each pointer is valid for reads of four numbers.
#[inline(always)]
pub(crate) unsafe fn four_positions<L: Lanes>(from: &[*const f32; LANES]) -> [L; 4] {
    // SAFETY: the caller's promise.
    by_position(|k| unsafe { L::load_quarters(every_fourth(from, k)) })
}

/// Four positions of sixteen sequences. Quarter `j` of what `load` gives for `m` is of sequence `4 j + m`, so that the
/// transposed quarters have the lanes in order.
#[inline(always)]
fn by_position<L: Lanes>(load: impl Fn(usize) -> L) -> [L; 4] {
    L::quads([load(0), load(1), load(2), load(3)])
}

/// Where element `first` of each sequence stands, after which three more follow.
#[inline(always)]
fn starts<T>(sequences: &[&[T]; LANES], first: usize) -> [*const T; LANES] {
    let mut starts = [std::ptr::null(); LANES];
    for (start, sequence) in starts.iter_mut().zip(sequences) {
        *start = sequence[first..][..4].as_ptr();
    }
    starts
}

/// Elements `m`, `4 + m`, `8 + m` and `12 + m`.
#[inline(always)]
fn every_fourth<T: Copy>(of: &[T; LANES], m: usize) -> [T; 4] {
    [of[m], of[4 + m], of[8 + m], of[12 + m]]
}

struct InterleaveIds<'a> {
    to: &'a mut [u32],
    from: [&'a [u16]; LANES],
}

impl Task for InterleaveIds<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let (rows, _) = self.to.as_chunks_mut::<LANES>();
        let (whole, rest) = rows.as_chunks_mut::<4>();
        for (block, to) in whole.iter_mut().enumerate() {
            let from = starts(&self.from, 4 * block);
            // SAFETY: each pointer is that of four ids. Numbers are only moved, so that ids pass as the bits of numbers.
            let lanes: [L; 4] = by_position(|k| unsafe { L::load_id_quarters(every_fourth(&from, k)) });
            for (to, lanes) in to.iter_mut().zip(lanes) {
                for (to, bits) in to.iter_mut().zip(lanes.to_array()) {
                    *to = bits.to_bits();
                }
            }
        }
        let first = 4 * whole.len();
        for (k, to) in rest.iter_mut().enumerate() {
            *to = self.from.map(|from| u32::from(from[first + k]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_finds_its_lane() {
        for (length, isa) in (0..=21).flat_map(|length| Isa::available().into_iter().map(move |isa| (length, isa))) {
            let ids: [Vec<u16>; LANES] =
                std::array::from_fn(|l| (0..length).map(|k| (k * 3001 + l * 4096 + 7) as u16).collect());
            let numbers = ids.clone().map(|ids| ids.iter().map(|id| f32::from(*id)).collect::<Vec<f32>>());
            let (mut vectors, mut rows) = (vec![Vector::splat(f32::NAN); length], vec![u32::MAX; length * LANES]);
            interleave(isa, &mut vectors, std::array::from_fn(|l| &numbers[l][..]));
            interleave_ids(isa, &mut rows, std::array::from_fn(|l| &ids[l][..]));
            for (k, l) in (0..length).flat_map(|k| (0..LANES).map(move |l| (k, l))) {
                assert_eq!((vectors[k].0[l], rows[k * LANES + l]), (numbers[l][k], u32::from(ids[l][k])), "{isa}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "equally long")]
    fn sequences_of_other_lengths_are_refused() {
        let (short, long) = ([0; 2], [0; 3]);
        interleave_ids(Isa::SCALAR, &mut [0; 48], std::array::from_fn(|l| if l == 5 { &short[..] } else { &long[..] }));
    }
}
