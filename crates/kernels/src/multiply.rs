//! The product of two arrays, element by element: `y = a b` or `y += a b`.
//!
//! Shapes: `a, b, y: [T, C]`. When adding, the product is rounded first.

use crate::fields::Fields;
use crate::lanes::Lanes;
use crate::memory::Raw;
use crate::place::Place;
use crate::scalar::Scalar;
use crate::script::Kernel;
use crate::view::{View, ViewMut, Write};

/// The plain twin of `Multiply`.
pub fn multiply<S: Scalar>(y: &mut ViewMut<S>, a: View<S>, b: View<S>, write: Write) {
    for t in 0..y.row_count() {
        for c in 0..y.column_count() {
            y.write(t, c, a.get(t, c) * b.get(t, c), write);
        }
    }
}

/// Arguments of the product. `y` may be the same place as `a` or `b`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Multiply {
    /// `[T, C]`, written.
    pub y: Place,
    /// `[T, C]`
    pub a: Place,
    /// `[T, C]`
    pub b: Place,
    /// Stored or added.
    pub write: Write,
}

impl Kernel for Multiply {
    fn fields(&self, fields: &mut Fields) {
        fields.read("a", self.a);
        fields.read("b", self.b);
        fields.write("y", self.y, self.write);
        fields.may_equal("a", "y");
        fields.may_equal("b", "y");
        fields.same_shape(("y", self.y), ("a", self.a));
        fields.same_shape(("y", self.y), ("b", self.b));
    }

    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the fields lie inside the memories and have the same shape.
        unsafe {
            let (y, a, b) = (memory.rows(self.y), memory.rows(self.a), memory.rows(self.b));
            for t in 0..self.y.rows {
                for c in 0..self.y.channels {
                    y.write(t, c, a.load::<L>(t, c).mul(b.load(t, c)), self.write);
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn run_wide<L: Lanes>(&self, memory: Raw) {
        let vectors = Multiply { y: self.y.in_vectors(), a: self.a.in_vectors(), b: self.b.in_vectors(), ..*self };
        // SAFETY: the same vectors, each number of them on its own.
        unsafe { vectors.run::<L>(memory) }
    }
}
