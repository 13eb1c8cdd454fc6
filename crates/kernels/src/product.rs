//! Products of matrices of numbers, for the weight part of a program: what the plain twins of `Linear` and `Outer` compute,
//! to the same bits, sixteen columns at a time. A column is on its own, so how many go at a time changes no bit.

use crate::isa::{Isa, Task};
use crate::lanes::{LANES, Lanes};
use crate::view::{View, ViewMut, Write};

/// `y = x w` or `y += x w`, as [`linear`](crate::linear::linear) without bias.
pub(crate) fn linear(y: &mut ViewMut<f32>, x: View<f32>, w: View<f32>, write: Write) {
    Isa::best().enter(Product { y, x, w: &rows_of(w), write });
}

/// `dw += x' dy`, as [`outer`](crate::outer::outer).
pub(crate) fn outer(dw: &mut ViewMut<f32>, x: View<f32>, dy: View<f32>) {
    linear(dw, x.transposed(), dy, Write::Add);
}

/// The numbers of a view, row after row, each row filled up with zeros to a multiple of sixteen.
fn rows_of(view: View<f32>) -> Vec<f32> {
    let width = view.column_count().next_multiple_of(LANES);
    let mut numbers = vec![0.0; view.row_count() * width];
    for (r, to) in numbers.chunks_exact_mut(width).enumerate() {
        match view.row(r) {
            Some(row) => to[..row.len()].copy_from_slice(row),
            None => (0..view.column_count()).for_each(|c| to[c] = view.get(r, c)),
        }
    }
    numbers
}

struct Product<'a, 'y, 'x> {
    y: &'a mut ViewMut<'y, f32>,
    x: View<'x, f32>,
    /// Row after row, as many columns as `y`, filled up to a multiple of sixteen.
    w: &'a [f32],
    write: Write,
}

impl Task for Product<'_, '_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let (inner, columns) = (self.x.column_count(), self.y.column_count());
        let width = columns.next_multiple_of(LANES);
        for t in 0..self.y.row_count() {
            for first in (0..columns).step_by(LANES) {
                let mut sum = L::splat(0.0);
                for (i, w) in self.w[first..].chunks(width).enumerate().take(inner) {
                    // SAFETY: every row goes on for sixteen numbers at least.
                    let w = unsafe { L::load_array(w[..LANES].as_ptr()) };
                    sum = L::splat(self.x.get(t, i)).mul_add(w, sum);
                }
                for (k, sum) in sum.to_array()[..LANES.min(columns - first)].iter().enumerate() {
                    self.y.write(t, first + k, *sum, self.write);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shapes around sixteen columns, dense and transposed, stored and added, against the plain twin.
    #[test]
    fn products_have_the_bits_of_their_plain_twins() {
        let number = |k: usize| ((k * 7919 + 13) % 211) as f32 / 101.0 - 1.0;
        for (rows, inner, columns) in [(1, 1, 1), (3, 7, 15), (2, 5, 16), (4, 3, 17), (5, 2, 40), (16, 16, 48)] {
            let x: Vec<f32> = (0..rows * inner).map(number).collect();
            let w: Vec<f32> = (0..inner * columns).map(|k| number(k + 1000)).collect();
            let before: Vec<f32> = (0..rows * columns).map(|k| number(k + 2000)).collect();
            let x = [View::new(&x, rows, inner), View::new(&x, inner, rows).transposed()];
            let w = [View::new(&w, inner, columns), View::new(&w, columns, inner).transposed()];
            for (x, w, write) in x
                .into_iter()
                .flat_map(|x| w.into_iter().flat_map(move |w| [Write::Store, Write::Add].map(|write| (x, w, write))))
            {
                let (mut found, mut expected) = (before.clone(), before.clone());
                linear(&mut ViewMut::new(&mut found, rows, columns), x, w, write);
                crate::linear::linear(&mut ViewMut::new(&mut expected, rows, columns), x, w, None, write);
                assert_eq!(found, expected, "{rows} {inner} {columns} {write:?}");
                let (mut found, mut expected) = (before.clone(), before.clone());
                outer(&mut ViewMut::new(&mut found, rows, columns), x.transposed(), w);
                crate::outer::outer(&mut ViewMut::new(&mut expected, rows, columns), x.transposed(), w);
                assert_eq!(found, expected, "outer {rows} {inner} {columns}");
            }
        }
    }
}
