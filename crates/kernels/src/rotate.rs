//! Rotary positions: within each head, pairs of channels turned by an angle that grows with the position (Su et al. 2021).
//!
//! Shapes: `x, y: [T, H W]`, `waves: [T, W]`, a weight. Head `h` owns channels `h W .. (h + 1) W`; its pair `i`, of `W / 2`, has
//! channels `h W + 2 i` and the next ([`Pairs::Interleaved`]), or `h W + i` and `W / 2` further ([`Pairs::Half`]). Column `i` of
//! `waves` is the cosine of the pair's angle, column `W / 2 + i` its sine. For the channels `a` and `b` of a pair:
//! `y_a = x_a cos - x_b sin`, `y_b = x_a sin + x_b cos`, of which each second product is rounded first. Turning back is the
//! same with `-sin`, and is the gradient: `dx` is `dy` turned back. The gradient of `waves` is nobody's.

use crate::fields::Fields;
use crate::lanes::{LANES, Lanes};
use crate::memory::Raw;
use crate::place::{Ids, Matrix, Place};
use crate::scalar::Scalar;
use crate::script::Kernel;
use crate::view::{View, ViewMut, Write};

/// Which channels of a head make a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairs {
    /// Neighbours: `2 i` and `2 i + 1`.
    Interleaved,
    /// Of each half one: `i` and `i + W / 2`.
    Half,
}

/// How pairs are turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Which channels make a pair.
    pub pairs: Pairs,
    /// Whether by the angle's negative.
    pub back: bool,
}

impl Pairs {
    /// In a head of so many channels: channels from a pair to the next, and from the first of a pair to its second.
    #[inline(always)]
    fn steps(self, width: u32) -> (u32, u32) {
        match self {
            Pairs::Interleaved => (2, 1),
            Pairs::Half => (1, width / 2),
        }
    }
}

/// The plain twin of `Rotate`, with a row of `waves` for each of `x`.
pub fn rotate<S: Scalar>(y: &mut ViewMut<S>, x: View<S>, waves: View<S>, turn: Turn, write: Write) {
    let (width, half) = (waves.column_count(), waves.column_count() / 2);
    let (step, apart) = turn.pairs.steps(width as u32);
    for t in 0..x.row_count() {
        for (head, i) in (0..x.column_count()).step_by(width).flat_map(|head| (0..half).map(move |i| (head, i))) {
            let (cos, sin) = (waves.get(t, i), waves.get(t, half + i));
            let sin = if turn.back { -sin } else { sin };
            let a = head + i * step as usize;
            let b = a + apart as usize;
            let (first, second) = (x.get(t, a), x.get(t, b));
            y.write(t, a, first.mul_add(cos, -(second * sin)), write);
            y.write(t, b, first.mul_add(sin, second * cos), write);
        }
    }
}

/// Arguments of [`rotate`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rotate {
    /// `[T, H W]`, written.
    pub y: Place,
    /// `[T, H W]`
    pub x: Place,
    /// `[T, W]`, or a row for each position that `positions` can name.
    pub waves: Matrix,
    /// The row of `waves` for each row of `x`, if it is not the one of the same number.
    pub positions: Option<Ids>,
    /// How pairs are turned.
    pub turn: Turn,
    /// Stored or added.
    pub write: Write,
}

impl Kernel for Rotate {
    fn fields(&self, fields: &mut Fields) {
        fields.read("x", self.x);
        fields.weight("waves", self.waves);
        fields.write("y", self.y, self.write);
        fields.same_shape(("y", self.y), ("x", self.x));
        let width = self.waves.columns;
        let pairs = width > 0 && width.is_multiple_of(2) && self.x.channels.is_multiple_of(width);
        fields.rule(pairs, "heads have as many channels as `waves`, an even number");
        let Some(positions) = self.positions else {
            return fields.equal(("waves.rows", self.waves.rows), ("x.rows", self.x.rows));
        };
        fields.ids("positions", positions);
        fields.equal(("positions.rows", positions.rows), ("x.rows", self.x.rows));
        fields.rule(positions.alphabet <= self.waves.rows, "`waves` has a row for every position");
        let last = positions.alphabet.saturating_sub(1);
        fields.rule(last.checked_mul(self.waves.row_stride).is_some(), "rows of `waves` start within 32 bits");
    }

    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        let (width, half) = (self.waves.columns, self.waves.columns / 2);
        let (step, apart) = self.turn.pairs.steps(width);
        // SAFETY: the fields lie inside the memories, and the channels of every pair inside the rows.
        unsafe {
            let (y, x) = (memory.rows(self.y), memory.rows(self.x));
            for t in 0..self.x.rows {
                for i in 0..half {
                    let (cos, sin): (L, L) = (self.wave(memory, t, i), self.wave(memory, t, half + i));
                    let sin = self.signed(sin);
                    for head in (0..self.x.channels).step_by(width as usize) {
                        let a = head + i * step;
                        let b = a + apart;
                        let (first, second): (L, L) = (x.load(t, a), x.load(t, b));
                        y.write(t, a, first.mul_add(cos, second.mul(sin).neg()), self.write);
                        y.write(t, b, first.mul_add(sin, second.mul(cos)), self.write);
                    }
                }
            }
        }
    }

    /// Sixteen pairs at a time, whose channels need not stand at the beginning of a vector.
    #[inline(always)]
    unsafe fn run_wide<L: Lanes>(&self, memory: Raw) {
        let (width, half) = (self.waves.columns, self.waves.columns / 2);
        let (step, apart) = self.turn.pairs.steps(width);
        // SAFETY: the fields lie inside the memories, and the channels of every pair inside the rows.
        unsafe {
            let (y, x, waves) = (memory.wide(self.y), memory.wide(self.x), memory.weights(self.waves));
            for t in 0..self.x.rows {
                let row = self.positions.map_or(t, |positions| memory.id(positions, t));
                for i in (0..half).step_by(LANES) {
                    let count = ((half - i) as usize).min(LANES);
                    let (cos, sin): (L, L) = (waves.vector(row, i, count), waves.vector(row, half + i, count));
                    let sin = self.signed(sin);
                    for head in (0..self.x.channels).step_by(width as usize) {
                        let a = head + i * step;
                        let b = a + apart;
                        let (first, second): (L, L) = (x.some(t, a, step, count), x.some(t, b, step, count));
                        let (to_a, to_b) =
                            (first.mul_add(cos, second.mul(sin).neg()), first.mul_add(sin, second.mul(cos)));
                        y.write_some((t, a, step), to_a, count, self.write);
                        y.write_some((t, b, step), to_b, count, self.write);
                    }
                }
            }
        }
    }
}

impl Rotate {
    /// Column `column` of `waves` for row `t`: of each lane its own.
    ///
    /// # Safety
    /// As [`Kernel::run`], and there are that row and column.
    #[inline(always)]
    unsafe fn wave<L: Lanes>(&self, memory: Raw, t: u32, column: u32) -> L {
        // SAFETY: every position is a row of `waves`, and by the rules of `fields` where it starts does not wrap.
        unsafe {
            let waves = memory.weights(self.waves);
            let Some(positions) = self.positions else { return L::splat(waves.get(t, column)) };
            let starts = memory.id_row(positions, t).map(|position| position * self.waves.row_stride);
            L::gather(waves.at(0, column), &starts)
        }
    }

    #[inline(always)]
    fn signed<L: Lanes>(&self, sin: L) -> L {
        if self.turn.back { sin.neg() } else { sin }
    }
}
