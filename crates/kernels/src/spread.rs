//! Heads given to the heads that read them, each widened with zeros: keys and values of grouped queries (Ainslie et al. 2023),
//! or a channel more to put something into.
//!
//! Shapes: `x: [T, G W]`, `y: [T, H V]` with `H` a multiple of `G` and `V >= W`. Head `h` of `y` is head `h G / H` of `x`
//! (rounded down) in its first `W` channels and 0 in the others. The gradient of a head is the sum of those of its readers,
//! ascending from 0.

use crate::fields::Fields;
use crate::lanes::{LANES, Lanes};
use crate::memory::Raw;
use crate::place::Place;
use crate::scalar::Scalar;
use crate::script::Kernel;
use crate::view::{View, ViewMut, Write};

/// Numbers of heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readers {
    /// The heads `G` that are read.
    pub of: u32,
    /// The heads `H` that read them; each of the others has `H / G`.
    pub heads: u32,
}

impl Readers {
    /// Whether the channels of the two arrays are those of so many heads.
    fn fit(self, narrow: u32, wide: u32) -> bool {
        let Readers { of, heads } = self;
        of > 0
            && heads > 0
            && heads.is_multiple_of(of)
            && narrow.is_multiple_of(of)
            && wide.is_multiple_of(heads)
            && narrow / of <= wide / heads
    }

    /// Readers of one head.
    fn each(self) -> u32 {
        self.heads / self.of
    }
}

/// The plain twin of `Spread`.
pub fn spread<S: Scalar>(y: &mut ViewMut<S>, x: View<S>, readers: Readers) {
    let (own, all) = (x.column_count() / readers.of as usize, y.column_count() / readers.heads as usize);
    for t in 0..y.row_count() {
        for c in 0..y.column_count() {
            let head = c / all / readers.each() as usize;
            let value = if c % all < own { x.get(t, head * own + c % all) } else { S::ZERO };
            y.set(t, c, value);
        }
    }
}

/// The plain twin of `SpreadGradient`.
pub fn spread_gradient<S: Scalar>(dx: &mut ViewMut<S>, dy: View<S>, readers: Readers) {
    let (own, all) = (dx.column_count() / readers.of as usize, dy.column_count() / readers.heads as usize);
    let each = readers.each() as usize;
    for t in 0..dx.row_count() {
        for c in 0..dx.column_count() {
            let heads = c / own * each..(c / own + 1) * each;
            dx.add(t, c, heads.fold(S::ZERO, |sum, head| sum + dy.get(t, head * all + c % own)));
        }
    }
}

/// Arguments of [`spread`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// `[T, H V]`, written.
    pub y: Place,
    /// `[T, G W]`
    pub x: Place,
    /// `G` and `H`.
    pub readers: Readers,
}

/// Arguments of [`spread_gradient`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpreadGradient {
    /// `[T, G W]`, written.
    pub dx: Place,
    /// `[T, H V]`
    pub dy: Place,
    /// `G` and `H`.
    pub readers: Readers,
    /// Stored or added.
    pub write: Write,
}

const RULE: &str = "the heads that read are a multiple of those that are read, and at least as wide";

impl Kernel for Spread {
    fn fields(&self, fields: &mut Fields) {
        fields.read("x", self.x);
        fields.write("y", self.y, Write::Store);
        fields.equal(("y.rows", self.y.rows), ("x.rows", self.x.rows));
        fields.rule(self.readers.fit(self.x.channels, self.y.channels), RULE);
    }

    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        let (own, all) = (self.x.channels / self.readers.of, self.y.channels / self.readers.heads);
        // SAFETY: the fields lie inside the memories, and their heads have `own` and `all` channels.
        unsafe {
            let (y, x) = (memory.rows(self.y), memory.rows(self.x));
            for t in 0..self.y.rows {
                for head in 0..self.readers.heads {
                    let from = head / self.readers.each() * own;
                    for c in 0..all {
                        let value = if c < own { x.load(t, from + c) } else { L::splat(0.0) };
                        y.store(t, head * all + c, value);
                    }
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn run_wide<L: Lanes>(&self, memory: Raw) {
        let (own, all) = (self.x.channels / self.readers.of, self.y.channels / self.readers.heads);
        // SAFETY: the fields lie inside the memories, and their heads have `own` and `all` channels.
        unsafe {
            let (y, x) = (memory.wide(self.y), memory.wide(self.x));
            for (t, head) in (0..self.y.rows).flat_map(|t| (0..self.readers.heads).map(move |head| (t, head))) {
                let from = head / self.readers.each() * own;
                for c in (0..all).step_by(LANES) {
                    let (count, there) = (((all - c) as usize).min(LANES), (own.saturating_sub(c) as usize).min(LANES));
                    let value = if there > 0 { x.some(t, from + c, 1, there) } else { L::splat(0.0) };
                    y.write_some((t, head * all + c, 1), value, count, Write::Store);
                }
            }
        }
    }
}

impl Kernel for SpreadGradient {
    fn fields(&self, fields: &mut Fields) {
        fields.read("dy", self.dy);
        fields.write("dx", self.dx, self.write);
        fields.equal(("dx.rows", self.dx.rows), ("dy.rows", self.dy.rows));
        fields.rule(self.readers.fit(self.dx.channels, self.dy.channels), RULE);
    }

    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        let (own, all) = (self.dx.channels / self.readers.of, self.dy.channels / self.readers.heads);
        let each = self.readers.each();
        // SAFETY: the fields lie inside the memories, and their heads have `own` and `all` channels.
        unsafe {
            let (dx, dy) = (memory.rows(self.dx), memory.rows(self.dy));
            for (t, of) in (0..self.dx.rows).flat_map(|t| (0..self.readers.of).map(move |of| (t, of))) {
                for c in 0..own {
                    let mut sum = L::splat(0.0);
                    for head in of * each..(of + 1) * each {
                        sum = sum.add(dy.load(t, head * all + c));
                    }
                    dx.write(t, of * own + c, sum, self.write);
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn run_wide<L: Lanes>(&self, memory: Raw) {
        let (own, all) = (self.dx.channels / self.readers.of, self.dy.channels / self.readers.heads);
        let each = self.readers.each();
        // SAFETY: the fields lie inside the memories, and their heads have `own` and `all` channels.
        unsafe {
            let (dx, dy) = (memory.wide(self.dx), memory.wide(self.dy));
            for (t, of) in (0..self.dx.rows).flat_map(|t| (0..self.readers.of).map(move |of| (t, of))) {
                for c in (0..own).step_by(LANES) {
                    let count = ((own - c) as usize).min(LANES);
                    let mut sum = L::splat(0.0);
                    for head in of * each..(of + 1) * each {
                        sum = sum.add(dy.some(t, head * all + c, 1, count));
                    }
                    dx.write_some((t, of * own + c, 1), sum, count, self.write);
                }
            }
        }
    }
}
