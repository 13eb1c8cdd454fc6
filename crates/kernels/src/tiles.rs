//! How a range is cut into register tiles.

/// Cuts `0..total` into as few tiles of at most `largest` as possible, whose sizes differ by at most one, larger ones
/// first: 14 in tiles of 6 is 5, 5, 4, which keeps more accumulators busy than 6, 6, 2. Gives start and size of each.
#[inline(always)]
pub(crate) fn tiles(total: u32, largest: usize) -> impl Iterator<Item = (u32, usize)> {
    let count = total.div_ceil(largest as u32);
    let size = total.checked_div(count).unwrap_or(0);
    let larger = total - size * count;
    (0..count).map(move |k| (k * size + k.min(larger), size as usize + usize::from(k < larger)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_the_range_in_order() {
        for (total, largest) in (0..50).flat_map(|total| (1..8).map(move |largest| (total, largest))) {
            let mut end = 0;
            for (start, size) in tiles(total, largest) {
                assert_eq!(start, end);
                assert!((1..=largest).contains(&size));
                end += size as u32;
            }
            assert_eq!(end, total);
            assert_eq!(tiles(total, largest).count(), total.div_ceil(largest as u32) as usize);
        }
    }
}
