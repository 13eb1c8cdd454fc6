//! An array of zeros: `y = 0`.
//!
//! Shape: `y: [T, C]`.

use crate::fields::Fields;
use crate::lanes::Lanes;
use crate::memory::Raw;
use crate::place::Place;
use crate::scalar::Scalar;
use crate::script::Kernel;
use crate::view::{ViewMut, Write};

/// The plain twin of `Zero`.
pub fn zero<S: Scalar>(y: &mut ViewMut<S>) {
    for t in 0..y.row_count() {
        for c in 0..y.column_count() {
            y.set(t, c, S::ZERO);
        }
    }
}

/// Arguments of the zeros.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Zero {
    /// `[T, C]`, written.
    pub y: Place,
}

impl Kernel for Zero {
    fn fields(&self, fields: &mut Fields) {
        fields.write("y", self.y, Write::Store);
    }

    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        // SAFETY: `y` lies inside the memory.
        unsafe {
            let y = memory.rows(self.y);
            for t in 0..self.y.rows {
                for c in 0..self.y.channels {
                    y.store(t, c, L::splat(0.0));
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn run_wide<L: Lanes>(&self, memory: Raw) {
        let vectors = Zero { y: self.y.in_vectors() };
        // SAFETY: the same vectors, each number of them on its own.
        unsafe { vectors.run::<L>(memory) }
    }
}
