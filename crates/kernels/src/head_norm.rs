//! Every head of a row brought to mean 0 and variance 1, or to mean square 1, then scaled by a gain that all heads share: the
//! norm of queries and keys (Henry et al. 2020; Dehghani et al. 2023).
//!
//! Shapes: `x, y: [T, H W]`, `gain: [1, W]`, `saved: [T, 2 H]`. Head `h` owns channels `h W .. (h + 1) W`, of which everything is
//! as in [`NormForward`] of a row of `W` channels; `saved` keeps `mean, inverse` of head `h` in columns `2 h, 2 h + 1`. `dgain`
//! sums over rows for each head, heads ascending.

use crate::fields::Fields;
use crate::lanes::Lanes;
use crate::memory::Raw;
use crate::norm::{Norm, NormForward, NormGradient, norm, norm_gradient};
use crate::place::{Matrix, Place};
use crate::scalar::Scalar;
use crate::script::{Kernel, run_within};
use crate::view::{View, ViewMut, Write};

/// The plain twin of `HeadNorm`.
pub fn head_norm<S: Scalar>(y: &mut ViewMut<S>, x: View<S>, kind: Norm, gain: View<S>, saved: &mut ViewMut<S>) {
    let width = gain.column_count();
    for h in 0..x.column_count() / width {
        let own = h * width..(h + 1) * width;
        let (y, saved) = (&mut y.columns(own.clone()), &mut saved.columns(2 * h..2 * h + 2));
        norm(y, x.columns(own), kind, Some(gain), None, saved);
    }
}

/// The plain twin of `HeadNormGradient`: adds to each gradient that is asked for.
pub fn head_norm_gradient<S: Scalar>(
    mut dx: Option<&mut ViewMut<S>>,
    mut dgain: Option<&mut ViewMut<S>>,
    x: View<S>,
    dy: View<S>,
    kind: Norm,
    gain: View<S>,
    saved: View<S>,
) {
    let width = gain.column_count();
    for h in 0..x.column_count() / width {
        let own = h * width..(h + 1) * width;
        let mut dx = dx.as_mut().map(|dx| dx.columns(own.clone()));
        let (x, dy, saved) = (x.columns(own.clone()), dy.columns(own), saved.columns(2 * h..2 * h + 2));
        norm_gradient(dx.as_mut(), dgain.as_deref_mut(), None, x, dy, kind, Some(gain), saved);
    }
}

/// Arguments of [`head_norm`]. `y` may be the same place as `x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeadNorm {
    /// `[T, H W]`, written.
    pub y: Place,
    /// `[T, H W]`
    pub x: Place,
    /// `[T, 2 H]`, written: mean and inverse deviation of each head.
    pub saved: Place,
    /// What the norm does.
    pub norm: Norm,
    /// `[1, W]`
    pub gain: Matrix,
}

/// Arguments of [`head_norm_gradient`]. `dx` may be the same place as `dy`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeadNormGradient {
    /// `[T, H W]`, written.
    pub dx: Option<(Place, Write)>,
    /// `[1, W]`, added to.
    pub dgain: Option<Matrix>,
    /// `[T, H W]`
    pub x: Place,
    /// `[T, H W]`
    pub dy: Place,
    /// `[T, 2 H]`, as [`HeadNorm`] wrote it.
    pub saved: Place,
    /// What the norm does.
    pub norm: Norm,
    /// `[1, W]`
    pub gain: Matrix,
}

fn shapes(fields: &mut Fields, x: Place, gain: Matrix, saved: Place) {
    fields.rule(gain.rows == 1, "the gain has one row");
    let whole = gain.columns > 0 && x.channels.is_multiple_of(gain.columns);
    fields.rule(whole, "heads have as many channels as the gain");
    fields.equal(("saved.rows", saved.rows), ("x.rows", x.rows));
    let heads = u64::from(x.channels / gain.columns.max(1));
    fields.rule(u64::from(saved.channels) == 2 * heads, "`saved` has two channels for each head");
}

/// The channels of head `h` of `width` channels each.
fn head(place: Place, h: u32, width: u32) -> Place {
    place.channels(h * width..(h + 1) * width)
}

impl Kernel for HeadNorm {
    fn fields(&self, fields: &mut Fields) {
        fields.read("x", self.x);
        fields.weight("gain", self.gain);
        fields.write("y", self.y, Write::Store);
        fields.write("saved", self.saved, Write::Store);
        fields.may_equal("x", "y");
        fields.same_shape(("y", self.y), ("x", self.x));
        shapes(fields, self.x, self.gain, self.saved);
    }

    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        let HeadNorm { y, x, saved, norm, gain } = *self;
        for h in 0..x.channels / gain.columns {
            let [y, x] = [y, x].map(|place| head(place, h, gain.columns));
            let (saved, gain) = (head(saved, h, 2), Some(gain));
            // SAFETY: channels of the fields, which lie inside the memories; shapes agree by the rules of `fields`.
            unsafe { run_within::<L>(&NormForward { y, x, saved, norm, gain, bias: None }, memory) }
        }
    }

    #[inline(always)]
    unsafe fn run_wide<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the caller's promise.
        unsafe { self.wide::<L>(memory) }
    }
}

impl Kernel for HeadNormGradient {
    fn fields(&self, fields: &mut Fields) {
        fields.read("x", self.x);
        fields.read("dy", self.dy);
        fields.read("saved", self.saved);
        fields.weight("gain", self.gain);
        fields.same_shape(("dy", self.dy), ("x", self.x));
        shapes(fields, self.x, self.gain, self.saved);
        if let Some((dx, write)) = self.dx {
            fields.write("dx", dx, write);
            fields.may_equal("dy", "dx");
            fields.same_shape(("dx", dx), ("x", self.x));
        }
        if let Some(dgain) = self.dgain {
            fields.gradient("dgain", dgain);
            fields.rule(dgain.rows == 1, "the gain's gradient has one row");
            fields.equal(("dgain.columns", dgain.columns), ("gain.columns", self.gain.columns));
        }
    }

    /// Head by head, each with all that it reads of `dy` before `dx` may overwrite it.
    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        let HeadNormGradient { dx, dgain, x, dy, saved, norm, gain } = *self;
        for h in 0..x.channels / gain.columns {
            let [x, dy] = [x, dy].map(|place| head(place, h, gain.columns));
            let dx = dx.map(|(dx, write)| (head(dx, h, gain.columns), write));
            let (saved, gain) = (head(saved, h, 2), Some(gain));
            // SAFETY: channels of the fields, which lie inside the memories; shapes agree by the rules of `fields`.
            unsafe { run_within::<L>(&NormGradient { dx, dgain, dbias: None, x, dy, saved, norm, gain }, memory) }
        }
    }

    #[inline(always)]
    unsafe fn run_wide<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the caller's promise.
        unsafe { self.wide::<L>(memory) }
    }
}
