//! Attention at one position, where keys and values of earlier positions are at hand.
//!
//! A row is a sequence (by lanes: sixteen), and each stands at a position of its own. With `T` positions at most and `N` rows,
//! `q, k: [N, C]`, `v, y: [N, Cv]`, `saved: [N, 2 H]`. What is kept of row `n` lies, by lanes, in rows `n T .. (n + 1) T` of
//! `keys: [N T, C]` and `values: [N T, Cv]`; wide, so that a product reads it as it lies, channel by channel in rows
//! `n C .. (n + 1) C` of `keys: [N C, T]`, and head by head in rows `(n H + h) T ..` of `values: [N H T, Cv / H]`.
//!
//! `k` and `v` are kept as those of the row's position; then `y` is what [`Attend`] makes of that query, operation by
//! operation, so the same bits. What is kept for later positions takes part in no operation.

use super::{Attend, Attention, attention};
use crate::executor::Executor;
use crate::fields::Fields;
use crate::isa::Task;
use crate::lanes::{LANES, Lanes};
use crate::memory::Raw;
use crate::place::{Ids, Place};
use crate::scalar::Scalar;
use crate::script::Kernel;
use crate::view::{View, ViewMut, Write};

/// The plain twin of `AttendCached`: one query, at position `a.first`; `keys` and `values` have a row for each position.
#[allow(clippy::too_many_arguments, reason = "as many as the formula has arrays")]
pub fn attention_cached<S: Scalar>(
    y: &mut ViewMut<S>,
    q: View<S>,
    k: View<S>,
    v: View<S>,
    keys: &mut ViewMut<S>,
    values: &mut ViewMut<S>,
    a: Attention,
    saved: &mut ViewMut<S>,
) {
    let position = a.first;
    (0..k.column_count()).for_each(|c| keys.set(position, c, k.get(0, c)));
    (0..v.column_count()).for_each(|c| values.set(position, c, v.get(0, c)));
    let seen = 0..position + 1;
    attention(y, q, keys.as_view().rows(seen.clone()), values.as_view().rows(seen), a, saved, None);
}

/// Arguments of [`attention_cached`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttendCached {
    /// `[N, Cv]`, written.
    pub y: Place,
    /// `[N, C]`
    pub q: Place,
    /// `[N, C]`
    pub k: Place,
    /// `[N, Cv]`; may be the same place as `k`.
    pub v: Place,
    /// The position of each row; the alphabet is `T`.
    pub positions: Ids,
    /// What is kept of keys: [`AttendCached::kept`]`[0]`. Changed at each row's position.
    pub keys: Place,
    /// What is kept of values: [`AttendCached::kept`]`[1]`. Changed at each row's position.
    pub values: Place,
    /// `[N, 2 H]`, written, as by [`Attend`].
    pub saved: Place,
    /// The number of heads `H`.
    pub heads: usize,
    /// The factor on the scores.
    pub scale: f64,
    /// One row of at least [`AttendCached::scratch_vectors`] vectors.
    pub scratch: Place,
}

impl AttendCached {
    /// Rows and channels of `keys` and of `values` for `rows` rows of `positions` positions and so many channels of keys and
    /// values in `heads` heads.
    pub fn kept(
        executor: Executor,
        rows: usize,
        positions: usize,
        heads: usize,
        [c, cv]: [usize; 2],
    ) -> [(usize, usize); 2] {
        match executor {
            Executor::Lanes => [(rows * positions, c), (rows * positions, cv)],
            Executor::Wide => [(rows * c, positions), (rows * heads * positions, cv / heads.max(1))],
        }
    }

    /// The size of [`AttendCached::scratch`]: the exponentials of a query, and by lanes its result.
    pub const fn scratch_vectors(executor: Executor, positions: usize, heads: usize, cv: usize) -> usize {
        match executor {
            Executor::Lanes => (positions | 1) + cv + 2 * heads,
            Executor::Wide => positions.div_ceil(LANES) | 1,
        }
    }

    fn shapes(&self, fields: &mut Fields) {
        let (heads, rows, positions) = (self.heads as u32, self.q.rows, self.positions.alphabet);
        let divides = heads > 0 && self.q.channels.is_multiple_of(heads) && self.v.channels.is_multiple_of(heads);
        fields.rule(divides, "`heads` divides the channels of `q` and `v`");
        fields.same_shape(("k", self.k), ("q", self.q));
        fields.same_shape(("y", self.y), ("v", self.v));
        fields.equal(("v.rows", self.v.rows), ("q.rows", rows));
        fields.equal(("positions.rows", self.positions.rows), ("q.rows", rows));
        fields.equal(("saved.rows", self.saved.rows), ("q.rows", rows));
        fields.rule(u64::from(self.saved.channels) == 2 * self.heads as u64, "`saved` has two channels for each head");
        let channels = [self.q.channels as usize, self.v.channels as usize];
        let kept = Self::kept(fields.executor(), rows as usize, positions as usize, self.heads, channels);
        let fits = |place: Place, kept| (place.rows as usize, place.channels as usize) == kept;
        let both_fit = fits(self.keys, kept[0]) && fits(self.values, kept[1]);
        fields.rule(both_fit, "`keys` and `values` have room for every row, position and channel");
        let needed = Self::scratch_vectors(fields.executor(), positions as usize, self.heads, channels[1]);
        super::forward::scratch_fits(fields, self.scratch, needed);
        fields.rule(self.scratch.rows == 1, "`scratch` is one row");
    }
}

impl Kernel for AttendCached {
    fn fields(&self, fields: &mut Fields) {
        fields.read("q", self.q);
        fields.read("k", self.k);
        fields.read("v", self.v);
        fields.ids("positions", self.positions);
        fields.write("y", self.y, Write::Store);
        fields.write("keys", self.keys, Write::Add);
        fields.write("values", self.values, Write::Add);
        fields.write("saved", self.saved, Write::Store);
        fields.scratch("scratch", self.scratch);
        self.shapes(fields);
    }

    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, memory: Raw) {
        let positions = self.positions.alphabet;
        for n in 0..self.q.rows {
            let kept = n * positions..(n + 1) * positions;
            let [y, q, k, v, saved] = [self.y, self.q, self.k, self.v, self.saved].map(|place| place.rows(n..n + 1));
            let (keys, values) = (self.keys.rows(kept.clone()), self.values.rows(kept));
            // SAFETY: these are rows of the fields, which lie inside the memories; ids are less than `T`.
            unsafe {
                let at = memory.id_row(self.positions, n);
                keep::<L>(memory, keys, k, at);
                keep::<L>(memory, values, v, at);
                AttendCached { y, q, keys, values, saved, ..*self }.row::<L>(memory, at);
            }
        }
    }

    #[inline(always)]
    unsafe fn run_wide<L: Lanes>(&self, memory: Raw) {
        // SAFETY: the caller's promise.
        unsafe { self.wide::<L>(memory) }
    }
}

/// The one row of `x` becomes row `at` of `kept`, for each lane its own.
///
/// # Safety
/// Both lie inside the values memory and have the same channels, `kept` those rows.
#[inline(always)]
unsafe fn keep<L: Lanes>(memory: Raw, kept: Place, x: Place, at: &[u32; LANES]) {
    // SAFETY: the caller's promise; lanes of a vector are numbers that follow each other.
    unsafe {
        let (to, from) = (memory.rows(kept), memory.rows(x));
        for c in 0..x.channels {
            if one_for_all(at) {
                to.store(at[0], c, from.load::<L>(0, c));
            } else {
                (0..LANES).for_each(|l| *to.at(at[l], c).cast::<f32>().add(l) = *from.at(0, c).cast::<f32>().add(l));
            }
        }
    }
}

/// Whether all lanes stand at the same position.
#[inline(always)]
fn one_for_all(at: &[u32; LANES]) -> bool {
    at.iter().all(|position| *position == at[0])
}

impl AttendCached {
    /// The results of one row. Lanes at different positions take turns, each position with what all lanes have kept up to it;
    /// each lane's result is that of its own turn.
    ///
    /// # Safety
    /// As [`Kernel::run`]; `self` has one row, whose keys and values are kept, at positions `at`.
    #[inline(always)]
    unsafe fn row<L: Lanes>(&self, memory: Raw, at: &[u32; LANES]) {
        // SAFETY: the caller's promise.
        unsafe {
            if one_for_all(at) {
                return L::apart(Query { of: self, memory, position: at[0] });
            }
            let (y, saved) = (memory.rows(self.y), memory.rows(self.saved));
            let own = Place::channels(self.scratch, self.positions.alphabet | 1..self.scratch.channels);
            let own = memory.rows(own);
            let columns = (0..self.y.channels).map(|c| (y, c)).chain((0..self.saved.channels).map(|c| (saved, c)));
            for turn in (0..LANES).filter(|l| !at[..*l].contains(&at[*l])) {
                L::apart(Query { of: self, memory, position: at[turn] });
                for (i, (of, c)) in columns.clone().enumerate() {
                    for l in (0..LANES).filter(|l| at[*l] == at[turn]) {
                        *own.at(0, i as u32).cast::<f32>().add(l) = *of.at(0, c).cast::<f32>().add(l);
                    }
                }
            }
            for (i, (of, c)) in columns.enumerate() {
                of.store(0, c, own.load::<L>(0, i as u32));
            }
        }
    }
}

/// The query of one row at a position, the same for all lanes, made in [`AttendCached::row`] alone.
struct Query<'a> {
    of: &'a AttendCached,
    memory: Raw,
    position: u32,
}

impl Task for Query<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Query { of, memory, position } = self;
        let AttendCached { y, q, keys, values, saved, heads, scale, .. } = *of;
        let attention = Attention { heads, scale, first: position as usize };
        let [k, v] = [keys, values].map(|kept| kept.rows(0..position + 1));
        let scratch = of.scratch.channels(0..of.positions.alphabet | 1);
        // SAFETY: `AttendCached::row`, which made this, has the same condition; the query sees as many keys as there are.
        unsafe { Attend { y, q, k, v, saved, attention, scratch, kept: None }.run::<L>(memory) }
    }
}
