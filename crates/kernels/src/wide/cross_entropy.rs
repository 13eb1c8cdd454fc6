//! [`CrossEntropy`] and its gradient in the wide layout.

use super::{TOGETHER, filled, first, greatest, vectors};
use crate::cross_entropy::{CrossEntropy, CrossEntropyGradient};
use crate::lanes::{LANES, Lanes};
use crate::math;
use crate::memory::Raw;
use crate::tiles::tiles;

impl CrossEntropy {
    /// # Safety
    /// As [`Kernel::run_wide`](crate::script::Kernel::run_wide).
    #[inline(always)]
    pub(crate) unsafe fn wide<L: Lanes>(&self, memory: Raw) {
        let channels = self.logits.channels;
        // SAFETY: the fields have these rows and channels, and every target is a channel of `logits`.
        unsafe {
            let (logits, nats, saved) = (memory.wide(self.logits), memory.wide(self.nats), memory.wide(self.saved));
            for (from, count) in tiles(self.logits.rows, TOGETHER) {
                let kept = self.kept.map(|kept| memory.wide(kept));
                let (mut m, mut hit, mut sums) = ([0.0; LANES], [0.0; LANES], [L::splat(0.0); LANES]);
                for r in 0..count {
                    let t = from + r as u32;
                    m[r] = greatest::<L>(logits, t, channels);
                    hit[r] = logits.get(t, memory.id(self.targets, t));
                    for v in 0..vectors(channels as usize) as u32 {
                        let e = math::exp(logits.load::<L>(t, v).sub(L::splat(m[r])));
                        if let Some(kept) = kept {
                            kept.store(t, v, e);
                        }
                        sums[r] = sums[r].add(first(filled(channels, v), e, L::splat(0.0)));
                    }
                }
                let z = L::lane_sums(sums);
                // Behind the last row there is nothing; the logarithm of 1 is as good as any.
                let z = first(count, z, L::splat(1.0));
                let loss = math::ln(z).sub(L::from_array(hit).sub(L::from_array(m))).to_array();
                let z = z.to_array();
                for r in 0..count {
                    let t = from + r as u32;
                    nats.set(t, 0, loss[r]);
                    saved.set(t, 0, m[r]);
                    saved.set(t, 1, z[r]);
                }
            }
        }
    }
}

impl CrossEntropyGradient {
    /// # Safety
    /// As [`Kernel::run_wide`](crate::script::Kernel::run_wide).
    #[inline(always)]
    pub(crate) unsafe fn wide<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the fields lie inside the memories and have the same rows.
        unsafe {
            let (logits, dlogits) = (memory.wide(self.logits), memory.wide(self.dlogits));
            let (dnats, saved) = (memory.wide(self.dnats), memory.wide(self.saved));
            let kept = self.kept.map(|kept| memory.wide(kept));
            for t in 0..self.logits.rows {
                let target = memory.id(self.targets, t);
                let (m, dnats) = (L::splat(saved.get(t, 0)), L::splat(dnats.get(t, 0)));
                let inverse = L::splat(1.0).div(L::splat(saved.get(t, 1)));
                for v in 0..vectors(self.logits.channels as usize) as u32 {
                    let e = match kept {
                        Some(kept) => kept.load::<L>(t, v),
                        None => math::exp(logits.load::<L>(t, v).sub(m)),
                    };
                    let p = e.mul(inverse);
                    let channels: [u32; LANES] = std::array::from_fn(|l| v * LANES as u32 + l as u32);
                    let hit = L::select_equal(&channels, target, L::splat(1.0), L::splat(0.0));
                    dlogits.write(t, v, dnats.mul(p.sub(hit)), self.write);
                }
            }
        }
    }
}
