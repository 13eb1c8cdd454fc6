//! The sum of two arrays: `y = a + b`.
//!
//! Shapes: `a, b, y: [T, C]`.

use crate::fields::Fields;
use crate::lanes::Lanes;
use crate::memory::Raw;
use crate::place::Place;
use crate::scalar::Scalar;
use crate::script::Kernel;
use crate::view::{View, ViewMut, Write};

/// The plain twin of `Add`.
pub fn add<S: Scalar>(y: &mut ViewMut<S>, a: View<S>, b: View<S>) {
    for t in 0..y.row_count() {
        for c in 0..y.column_count() {
            y.set(t, c, a.get(t, c) + b.get(t, c));
        }
    }
}

/// Arguments of the sum. `y` may be the same place as `a` or `b`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Add {
    /// `[T, C]`, written.
    pub y: Place,
    /// `[T, C]`
    pub a: Place,
    /// `[T, C]`
    pub b: Place,
}

impl Kernel for Add {
    fn fields(&self, fields: &mut Fields) {
        fields.read("a", self.a);
        fields.read("b", self.b);
        fields.write("y", self.y, Write::Store);
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
                    y.store(t, c, a.load::<L>(t, c).add(b.load(t, c)));
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn run_wide<L: Lanes>(&self, memory: Raw) {
        let vectors = Add { y: self.y.in_vectors(), a: self.a.in_vectors(), b: self.b.in_vectors() };
        // SAFETY: the same vectors, each number of them on its own.
        unsafe { vectors.run::<L>(memory) }
    }
}
