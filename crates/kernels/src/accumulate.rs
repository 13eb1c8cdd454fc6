//! An array copied or added to another: `y = x` or `y += x`.
//!
//! Shapes: `x, y: [T, C]`.

use crate::fields::Fields;
use crate::lanes::Lanes;
use crate::memory::Raw;
use crate::place::Place;
use crate::scalar::Scalar;
use crate::script::Kernel;
use crate::view::{View, ViewMut, Write};

/// The plain twin of `Accumulate`.
pub fn accumulate<S: Scalar>(y: &mut ViewMut<S>, x: View<S>, write: Write) {
    for t in 0..y.row_count() {
        for c in 0..y.column_count() {
            y.write(t, c, x.get(t, c), write);
        }
    }
}

/// Arguments of the copy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accumulate {
    /// `[T, C]`, written.
    pub y: Place,
    /// `[T, C]`
    pub x: Place,
    /// Copied or added.
    pub write: Write,
}

impl Kernel for Accumulate {
    fn fields(&self, fields: &mut Fields) {
        fields.read("x", self.x);
        fields.write("y", self.y, self.write);
        fields.same_shape(("y", self.y), ("x", self.x));
    }

    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the fields lie inside the memories and have the same shape.
        unsafe {
            let (y, x) = (memory.rows(self.y), memory.rows(self.x));
            for t in 0..self.y.rows {
                for c in 0..self.y.channels {
                    y.write(t, c, x.load::<L>(t, c), self.write);
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn run_wide<L: Lanes>(&self, memory: Raw) {
        let vectors = Accumulate { y: self.y.in_vectors(), x: self.x.in_vectors(), ..*self };
        // SAFETY: the same vectors, each number of them on its own.
        unsafe { vectors.run::<L>(memory) }
    }
}
