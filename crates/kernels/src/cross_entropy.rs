//! The loss of a row of logits in nats: `nats = ln sum_c exp(logit_c) - logit_target`.
//!
//! Shapes: `logits, dlogits: [T, V]`, `targets: T` tokens, `nats, dnats: [T, 1]`, `saved: [T, 2]`.
//! `m = max_c logit_c`, `z = sum_c exp(logit_c - m)` with `c` ascending from 0, `nats = ln z - (logit_target - m)`.
//! `saved` keeps `m, z`, and `kept: [T, V]`, if there is one, the exponentials, so that the gradient need not compute them
//! again (to the same bits). The gradient: `dlogit_c += dnats (exp(logit_c - m) (1 / z) - [c is the target])`.

use crate::fields::Fields;
use crate::lanes::{LANES, Lanes};
use crate::math;
use crate::memory::Raw;
use crate::place::{Ids, Place};
use crate::scalar::Scalar;
use crate::script::Kernel;
use crate::tiles::tiles;
use crate::view::{View, ViewMut, Write};

/// The plain twin of `CrossEntropy`.
pub fn cross_entropy<S: Scalar>(
    nats: &mut ViewMut<S>,
    logits: View<S>,
    targets: &[u16],
    saved: &mut ViewMut<S>,
    mut kept: Option<&mut ViewMut<S>>,
) {
    for t in 0..logits.row_count() {
        let row = || (0..logits.column_count()).map(|c| logits.get(t, c));
        let m = row().skip(1).fold(logits.get(t, 0), |m, x| m.maximum(x));
        let z = row().fold(S::ZERO, |z, x| z + (x - m).exp());
        nats.set(t, 0, z.ln() - (logits.get(t, usize::from(targets[t])) - m));
        saved.set(t, 0, m);
        saved.set(t, 1, z);
        if let Some(kept) = &mut kept {
            row().enumerate().for_each(|(c, x)| kept.set(t, c, (x - m).exp()));
        }
    }
}

/// The plain twin of `CrossEntropyGradient`: adds to `dlogits`.
pub fn cross_entropy_gradient<S: Scalar>(
    dlogits: &mut ViewMut<S>,
    logits: View<S>,
    targets: &[u16],
    dnats: View<S>,
    saved: View<S>,
) {
    for t in 0..logits.row_count() {
        let (m, inverse) = (saved.get(t, 0), S::ONE / saved.get(t, 1));
        for c in 0..logits.column_count() {
            let p = (logits.get(t, c) - m).exp() * inverse;
            let hit = if c == usize::from(targets[t]) { S::ONE } else { S::ZERO };
            dlogits.add(t, c, dnats.get(t, 0) * (p - hit));
        }
    }
}

/// Arguments of [`cross_entropy`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossEntropy {
    /// `[T, 1]`, written.
    pub nats: Place,
    /// `[T, V]`
    pub logits: Place,
    /// `T` rows; the alphabet is at most `V`.
    pub targets: Ids,
    /// `[T, 2]`, written: the greatest logit and the sum of exponentials.
    pub saved: Place,
    /// `[T, V]`, written: the exponentials.
    pub kept: Option<Place>,
}

/// Arguments of [`cross_entropy_gradient`]. `dlogits` may be the same place as `logits`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossEntropyGradient {
    /// `[T, V]`, written.
    pub dlogits: Place,
    /// `[T, V]`
    pub logits: Place,
    /// `T` rows; the alphabet is at most `V`.
    pub targets: Ids,
    /// `[T, 1]`
    pub dnats: Place,
    /// `[T, 2]`, as [`CrossEntropy`] wrote it.
    pub saved: Place,
    /// `[T, V]`, as [`CrossEntropy`] wrote it; then the logits are not read.
    pub kept: Option<Place>,
    /// Stored or added.
    pub write: Write,
}

impl Kernel for CrossEntropy {
    fn fields(&self, fields: &mut Fields) {
        fields.read("logits", self.logits);
        fields.ids("targets", self.targets);
        fields.write("nats", self.nats, Write::Store);
        fields.write("saved", self.saved, Write::Store);
        shapes(fields, ("nats", self.nats), self.logits, self.targets, self.saved);
        if let Some(kept) = self.kept {
            fields.write("kept", kept, Write::Store);
            fields.same_shape(("kept", kept), ("logits", self.logits));
        }
    }

    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        for (t, rows) in tiles(self.logits.rows, 4) {
            // SAFETY: tiles lie within the rows, and the fields inside the memories.
            unsafe {
                match rows {
                    4 => self.rows::<L, 4>(memory, t),
                    3 => self.rows::<L, 3>(memory, t),
                    2 => self.rows::<L, 2>(memory, t),
                    _ => self.rows::<L, 1>(memory, t),
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn run_wide<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the caller's promise.
        unsafe { self.wide::<L>(memory) }
    }
}

impl CrossEntropy {
    /// The `R` rows from `first` on; several at once hide the latency of their sums.
    ///
    /// # Safety
    /// As [`Kernel::run`], and there are those rows.
    #[inline(always)]
    unsafe fn rows<L: Lanes, const R: usize>(&self, memory: Raw, first: u32) {
        // SAFETY: the fields have these rows, and every target is a channel of `logits`.
        unsafe {
            let (logits, nats, saved) = (memory.rows(self.logits), memory.rows(self.nats), memory.rows(self.saved));
            let mut m: [L; R] = [L::splat(0.0); R];
            for (r, m) in m.iter_mut().enumerate() {
                *m = logits.load(first + r as u32, 0);
            }
            for c in 1..self.logits.channels {
                for (r, m) in m.iter_mut().enumerate() {
                    *m = m.maximum(logits.load(first + r as u32, c));
                }
            }
            let kept = self.kept.map(|kept| memory.rows(kept));
            let mut z = [L::splat(0.0); R];
            for c in 0..self.logits.channels {
                for r in 0..R {
                    let e = math::exp(logits.load::<L>(first + r as u32, c).sub(m[r]));
                    if let Some(kept) = kept {
                        kept.store(first + r as u32, c, e);
                    }
                    z[r] = z[r].add(e);
                }
            }
            for r in 0..R {
                let t = first + r as u32;
                let mut hit = [0.0; LANES];
                for (l, (hit, &target)) in hit.iter_mut().zip(memory.id_row(self.targets, t)).enumerate() {
                    *hit = (*logits.at(t, target)).0[l];
                }
                nats.store(t, 0, math::ln(z[r]).sub(L::from_array(hit).sub(m[r])));
                saved.store(t, 0, m[r]);
                saved.store(t, 1, z[r]);
            }
        }
    }
}

impl Kernel for CrossEntropyGradient {
    fn fields(&self, fields: &mut Fields) {
        match self.kept {
            Some(kept) => {
                fields.read("kept", kept);
                fields.same_shape(("kept", kept), ("logits", self.logits));
            }
            None => fields.read("logits", self.logits),
        }
        fields.ids("targets", self.targets);
        fields.read("dnats", self.dnats);
        fields.read("saved", self.saved);
        fields.write("dlogits", self.dlogits, self.write);
        fields.may_equal("logits", "dlogits");
        fields.same_shape(("dlogits", self.dlogits), ("logits", self.logits));
        shapes(fields, ("dnats", self.dnats), self.logits, self.targets, self.saved);
    }

    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the fields lie inside the memories and have the same rows.
        unsafe {
            let (logits, dlogits) = (memory.rows(self.logits), memory.rows(self.dlogits));
            let (dnats, saved) = (memory.rows(self.dnats), memory.rows(self.saved));
            let kept = self.kept.map(|kept| memory.rows(kept));
            for t in 0..self.logits.rows {
                let targets = memory.id_row(self.targets, t);
                let (m, dnats): (L, L) = (saved.load(t, 0), dnats.load(t, 0));
                let inverse = L::splat(1.0).div(saved.load(t, 1));
                for c in 0..self.logits.channels {
                    let e = match kept {
                        Some(kept) => kept.load::<L>(t, c),
                        None => math::exp(logits.load::<L>(t, c).sub(m)),
                    };
                    let p = e.mul(inverse);
                    let hit = L::select_equal(targets, c, L::splat(1.0), L::splat(0.0));
                    dlogits.write(t, c, dnats.mul(p.sub(hit)), self.write);
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn run_wide<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the caller's promise.
        unsafe { self.wide::<L>(memory) }
    }
}

/// What both directions ask of their fields.
fn shapes(fields: &mut Fields, nats: (&'static str, Place), logits: Place, targets: Ids, saved: Place) {
    fields.rule(nats.1.channels == 1, "nats have one channel");
    fields.rule(saved.channels == 2, "`saved` has two channels");
    fields.rule(targets.alphabet <= logits.channels, "`logits` has a channel for every target");
    fields.equal((nats.0, nats.1.rows), ("logits.rows", logits.rows));
    fields.equal(("saved.rows", saved.rows), ("logits.rows", logits.rows));
    fields.equal(("targets.rows", targets.rows), ("logits.rows", logits.rows));
}
