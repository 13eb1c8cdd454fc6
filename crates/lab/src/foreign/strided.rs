//! Arrays as views of memory: element `(i, j, …)` lies at `offset + i * strides[0] + j * strides[1] + …`.

use super::Fault;
use super::scalar::Scalar;

/// The most dimensions of an array; no weight of a transformer has more than 4.
const DIMENSIONS: usize = 8;

/// A view that lies inside its memory.
#[derive(Debug)]
pub(super) struct View<'a> {
    scalar: Scalar,
    raw: &'a [u8],
    offset: usize,
    shape: &'a [usize],
    strides: &'a [usize],
    count: usize,
}

impl<'a> View<'a> {
    /// Offset and strides count elements; `raw` holds whole elements.
    pub(super) fn new(
        scalar: Scalar,
        raw: &'a [u8],
        offset: usize,
        shape: &'a [usize],
        strides: &'a [usize],
    ) -> Result<View<'a>, Fault> {
        if shape.len() > DIMENSIONS || shape.len() != strides.len() {
            return Err(Fault(format!(
                "has {} dimensions and {} strides, of at most {DIMENSIONS} each",
                shape.len(),
                strides.len()
            )));
        }
        let count = count(shape).ok_or_else(|| Fault(format!("has shape {shape:?}, more than any memory")))?;
        let end = if count == 0 { Some(0) } else { end(offset, shape, strides) };
        let present = raw.len() / scalar.width();
        if end.is_none_or(|end| end > present) {
            return Err(Fault(format!(
                "reaches beyond its memory: shape {shape:?}, strides {strides:?} from element {offset} on, of {present}"
            )));
        }
        Ok(View { scalar, raw, offset, shape, strides, count })
    }

    /// How many elements.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The elements, the last index fastest.
    pub(super) fn collect<T>(&self, from: impl Fn(f64) -> T) -> Result<Vec<T>, Fault> {
        let mut elements = Vec::with_capacity(self.count);
        for place in self.places() {
            let number = self.scalar.read(&self.raw[place * self.scalar.width()..]);
            elements.push(from(number.ok_or("has an integer beyond 2^53, which a float does not hold")?));
        }
        Ok(elements)
    }

    /// Where each element lies in the memory, counted in elements, the last index fastest.
    pub(super) fn places(&self) -> impl Iterator<Item = usize> {
        let (mut index, mut following) = (vec![0; self.shape.len()], self.offset);
        (0..self.count).map(move |_| {
            let place = following;
            following = self.next(&mut index, place);
            place
        })
    }

    /// Counts the index up by one; gives its place.
    fn next(&self, index: &mut [usize], mut place: usize) -> usize {
        for axis in (0..index.len()).rev() {
            index[axis] += 1;
            if index[axis] < self.shape[axis] {
                return place + self.strides[axis];
            }
            place -= (self.shape[axis] - 1) * self.strides[axis];
            index[axis] = 0;
        }
        place
    }
}

/// How many elements a shape has; `None` for more than can be counted.
pub(super) fn count(shape: &[usize]) -> Option<usize> {
    if shape.contains(&0) {
        Some(0)
    } else {
        shape.iter().try_fold(1_usize, |count, length| count.checked_mul(*length))
    }
}

/// One beyond the last element of a view that is not empty.
fn end(offset: usize, shape: &[usize], strides: &[usize]) -> Option<usize> {
    let last = shape
        .iter()
        .zip(strides)
        .try_fold(offset, |last, (length, stride)| (length - 1).checked_mul(*stride).and_then(|n| last.checked_add(n)));
    last?.checked_add(1)
}

/// Strides without gaps, the last index fastest, or the first.
pub(super) fn contiguous(shape: &[usize], first_fastest: bool) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    let mut step = 1_usize;
    let mut fill = |axis: usize| {
        strides[axis] = step;
        step = step.saturating_mul(shape[axis]);
    };
    if first_fastest {
        (0..shape.len()).for_each(&mut fill)
    } else {
        (0..shape.len()).rev().for_each(&mut fill)
    }
    strides
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(offset: usize, shape: &[usize], strides: &[usize]) -> Result<Vec<u8>, String> {
        let raw: Vec<u8> = (0..12).collect();
        let view = View::new(Scalar::U8, &raw, offset, shape, strides);
        view.and_then(|view| view.collect(|x| x as u8)).map_err(|fault| fault.0)
    }

    /// Every view with up to three axes of lengths and strides up to 3 is what nested loops read, or reaches too far.
    #[test]
    fn every_small_view_is_its_definition() {
        let all = |n: usize| (0..4_usize.pow(n as u32)).map(move |code| (0..n).map(|i| code >> (2 * i) & 3).collect());
        for dimensions in 0..=3 {
            for (shape, strides) in
                all(dimensions).flat_map(|a: Vec<usize>| all(dimensions).map(move |b| (a.clone(), b)))
            {
                let mut places = vec![2_usize];
                for (length, stride) in shape.iter().zip(&strides) {
                    places = places.iter().flat_map(|place| (0..*length).map(move |i| place + i * stride)).collect();
                }
                let fits = places.iter().all(|place| *place < 12);
                let expected: Vec<u8> = places.iter().map(|place| *place as u8).collect();
                assert_eq!(elements(2, &shape, &strides).ok(), fits.then_some(expected), "{shape:?} {strides:?}");
            }
        }
    }

    #[test]
    fn what_no_memory_holds_is_refused() {
        for (offset, shape, strides) in [
            (0, vec![usize::MAX, 2], vec![0, 0]),
            (0, vec![2], vec![usize::MAX]),
            (usize::MAX, vec![1], vec![1]),
            (usize::MAX, vec![], vec![]),
            (12, vec![], vec![]),
            (0, vec![2, 2], vec![1]),
            (0, vec![1; 9], vec![1; 9]),
        ] {
            assert!(elements(offset, &shape, &strides).is_err(), "{offset} {shape:?} {strides:?}");
        }
        assert_eq!(elements(99, &[usize::MAX, 0, 2], &[1, 1, 1]), Ok(vec![]));
    }

    #[test]
    fn contiguous_strides() {
        assert_eq!((contiguous(&[2, 3, 4], false), contiguous(&[2, 3, 4], true)), (vec![12, 4, 1], vec![1, 2, 6]));
    }
}
