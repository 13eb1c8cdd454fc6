//! Room for large arrays, in large pages where the system has them: replay goes through more memory than a processor keeps the
//! addresses of small pages for. Changes speed and nothing else.

use std::mem::MaybeUninit;

/// Bytes from which on large pages are asked for: a whole one, of 2 MiB, lies among so many wherever they begin.
const LARGE: usize = 1 << 22;

/// An empty vector with room for `length` of `T`. Where that is large, the system is asked for large pages; it may not have any.
pub fn with_room<T>(length: usize) -> Vec<T> {
    let mut room: Vec<T> = Vec::with_capacity(length);
    let bytes = room.capacity() * size_of::<T>();
    if bytes >= LARGE {
        ask(room.spare_capacity_mut());
    }
    room
}

/// A vector of `length` times `x`, with room as [`with_room`] gives.
pub fn filled<T: Clone>(length: usize, x: T) -> Vec<T> {
    let mut array = with_room(length);
    array.resize(length, x);
    array
}

#[cfg(target_os = "linux")]
fn ask<T>(room: &mut [MaybeUninit<T>]) {
    /// Whole pages alone may be asked about, and none is smaller; where they are larger the system refuses, which changes nothing.
    const PAGE: usize = 1 << 12;
    let (start, bytes) = (room.as_mut_ptr().cast::<u8>(), size_of_val(room));
    let before = start.align_offset(PAGE);
    let whole = bytes.saturating_sub(before) / PAGE * PAGE;
    // SAFETY: the pages lie inside of `room`, and the advice changes nothing that stands in them.
    unsafe { libc::madvise(start.wrapping_add(before).cast(), whole, libc::MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
fn ask<T>(_: &mut [MaybeUninit<T>]) {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Small or large, whether what is asked is granted or not.
    #[test]
    fn vectors_have_what_they_are_filled_with() {
        for length in [0, 1, 1000, LARGE / 4 - 1, LARGE / 4, LARGE + 13] {
            assert!(with_room::<f32>(length).capacity() >= length);
            let array = filled(length, 0.5_f32);
            assert!(array.len() == length && array.iter().all(|x| *x == 0.5));
        }
    }
}
