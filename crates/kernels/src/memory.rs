//! The memories that instructions work on, as a replay borrows them and as kernels see them.

use crate::lanes::{LANES, Lanes, Vector, array_of};
use crate::place::{Ids, Matrix, Place};
use crate::view::Write;

/// The memories of one group of sequences: sixteen in lanes, one in the wide layout.
#[derive(Debug)]
pub struct Memory<'a> {
    /// Activations, their gradients, scratch.
    pub values: &'a mut [Vector],
    /// The weights.
    pub weights: &'a [f32],
    /// The gradients of the weights, at the weights' offsets.
    pub gradients: &'a mut [f32],
    /// Token ids, one of each sequence a row.
    pub ids: &'a [u32],
    /// Weights in panels, as [`Script::pack`](crate::Script::pack) made them for the instruction set of the replay; none for lanes.
    pub panels: &'a [Vector],
}

/// The memories without bounds. Kernels get at them through [`Rows`], [`Numbers`] and [`Raw::id_row`], which check every
/// access in builds with debug assertions.
#[derive(Clone, Copy)]
pub(crate) struct Raw {
    values: *mut Vector,
    weights: *const f32,
    gradients: *mut f32,
    ids: *const u32,
    panels: *const Vector,
}

impl Raw {
    pub(crate) fn new(memory: &mut Memory<'_>) -> Raw {
        Raw {
            values: memory.values.as_mut_ptr(),
            weights: memory.weights.as_ptr(),
            gradients: memory.gradients.as_mut_ptr(),
            ids: memory.ids.as_ptr(),
            panels: memory.panels.as_ptr(),
        }
    }

    /// The same memories, the panels from vector `start` on.
    ///
    /// # Safety
    /// There are so many.
    #[inline(always)]
    pub(crate) unsafe fn with_panels(self, start: usize) -> Raw {
        // SAFETY: the caller's promise.
        Raw { panels: unsafe { self.panels.add(start) }, ..self }
    }

    /// The panels of the instruction that runs.
    #[inline(always)]
    pub(crate) fn panels(self) -> *const Vector {
        self.panels
    }

    /// The vectors of a place in the wide layout.
    ///
    /// # Safety
    /// The place lies inside the values memory. The result is used only while the memory is borrowed.
    #[inline(always)]
    pub(crate) unsafe fn wide(self, place: Place) -> WideRows {
        // SAFETY: the place lies inside.
        WideRows { start: unsafe { self.values.add(place.offset as usize) }, place }
    }

    /// The id at a position of the one sequence of the wide layout.
    ///
    /// # Safety
    /// The ids lie inside their memory.
    #[inline(always)]
    pub(crate) unsafe fn id(self, ids: Ids, row: u32) -> u32 {
        debug_assert!(row < ids.rows);
        // SAFETY: the row lies inside.
        unsafe { *self.ids.add((ids.offset + row) as usize) }
    }

    /// The vectors of a place.
    ///
    /// # Safety
    /// The place lies inside the values memory. The result is used only while the memory is borrowed.
    #[inline(always)]
    pub(crate) unsafe fn rows(self, place: Place) -> Rows {
        // SAFETY: the place lies inside.
        Rows { start: unsafe { self.values.add(place.offset as usize) }, place }
    }

    /// The numbers of a matrix of weights, to read.
    ///
    /// # Safety
    /// The matrix lies inside the weights memory. The result is used only while the memory is borrowed, and never to
    /// write.
    #[inline(always)]
    pub(crate) unsafe fn weights(self, matrix: Matrix) -> Numbers {
        // SAFETY: the matrix lies inside.
        Numbers { start: unsafe { self.weights.add(matrix.offset as usize) }.cast_mut(), matrix }
    }

    /// The gradients of a matrix of weights.
    ///
    /// # Safety
    /// The matrix lies inside the gradients memory. The result is used only while the memory is borrowed.
    #[inline(always)]
    pub(crate) unsafe fn gradients(self, matrix: Matrix) -> Numbers {
        // SAFETY: the matrix lies inside.
        Numbers { start: unsafe { self.gradients.add(matrix.offset as usize) }, matrix }
    }

    /// The ids of the sixteen sequences at a position.
    ///
    /// # Safety
    /// The ids lie inside their memory, which stays borrowed for `'a`.
    #[inline(always)]
    pub(crate) unsafe fn id_row<'a>(self, ids: Ids, row: u32) -> &'a [u32; LANES] {
        debug_assert!(row < ids.rows);
        // SAFETY: the row lies inside; an array of ids has their alignment.
        unsafe { &*self.ids.add((ids.offset as usize + row as usize) * LANES).cast::<[u32; LANES]>() }
    }
}

/// The vectors of a place.
#[derive(Clone, Copy)]
pub(crate) struct Rows {
    start: *mut Vector,
    place: Place,
}

impl Rows {
    /// The vector at a row and a channel.
    ///
    /// # Safety
    /// Row and channel lie inside the place.
    #[inline(always)]
    pub(crate) unsafe fn at(self, row: u32, channel: u32) -> *mut Vector {
        debug_assert!(row < self.place.rows && channel < self.place.channels, "({row}, {channel}) of {:?}", self.place);
        // SAFETY: the caller's promise, and the place lies inside the memory.
        unsafe { self.start.add(row as usize * self.place.stride as usize + channel as usize) }
    }

    /// Reads the lanes at a row and a channel.
    ///
    /// # Safety
    /// Row and channel lie inside the place.
    #[inline(always)]
    pub(crate) unsafe fn load<L: Lanes>(self, row: u32, channel: u32) -> L {
        // SAFETY: the caller's promise.
        unsafe { L::load(self.at(row, channel)) }
    }

    /// Reads the first `C` channels of a row.
    ///
    /// # Safety
    /// Row and channels lie inside the place.
    #[inline(always)]
    pub(crate) unsafe fn row<L: Lanes, const C: usize>(self, row: u32) -> [L; C] {
        // SAFETY: the caller's promise.
        array_of(|c| unsafe { self.load(row, c as u32) })
    }

    /// Writes the first `C` channels of a row.
    ///
    /// # Safety
    /// Row and channels lie inside the place.
    #[inline(always)]
    pub(crate) unsafe fn store_row<L: Lanes, const C: usize>(self, row: u32, lanes: [L; C]) {
        for (c, lanes) in lanes.into_iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { self.store(row, c as u32, lanes) };
        }
    }

    /// Writes the lanes at a row and a channel.
    ///
    /// # Safety
    /// Row and channel lie inside the place.
    #[inline(always)]
    pub(crate) unsafe fn store<L: Lanes>(self, row: u32, channel: u32, lanes: L) {
        // SAFETY: the caller's promise.
        unsafe { lanes.store(self.at(row, channel)) }
    }

    /// Writes the lanes at a row and a channel, or adds them to what is there.
    ///
    /// # Safety
    /// Row and channel lie inside the place.
    #[inline(always)]
    pub(crate) unsafe fn write<L: Lanes>(self, row: u32, channel: u32, lanes: L, write: Write) {
        // SAFETY: the caller's promise.
        unsafe {
            match write {
                Write::Store => self.store(row, channel, lanes),
                Write::Add => self.store(row, channel, self.load::<L>(row, channel).add(lanes)),
            }
        }
    }

    /// Vectors from a row to the next.
    #[inline(always)]
    pub(crate) fn stride(self) -> usize {
        self.place.stride as usize
    }
}

/// The vectors of a place in the wide layout: sixteen channels each.
#[derive(Clone, Copy)]
pub(crate) struct WideRows {
    start: *mut Vector,
    place: Place,
}

impl WideRows {
    /// Vector `v` of a row.
    ///
    /// # Safety
    /// They lie inside the place.
    #[inline(always)]
    pub(crate) unsafe fn vector(self, row: u32, v: u32) -> *mut Vector {
        let inside = row < self.place.rows && v < self.place.in_vectors().channels;
        debug_assert!(inside, "row {row}, vector {v} of {:?}", self.place);
        // SAFETY: the caller's promise, and the place lies inside the memory.
        unsafe { self.start.add(row as usize * self.place.stride as usize + v as usize) }
    }

    /// The number at a row and a channel.
    ///
    /// # Safety
    /// Row and channel lie inside the place.
    #[inline(always)]
    pub(crate) unsafe fn number(self, row: u32, channel: u32) -> *mut f32 {
        debug_assert!(channel < self.place.channels, "channel {channel} of {:?}", self.place);
        // SAFETY: the caller's promise; a vector is its numbers one after another.
        unsafe { self.vector(row, channel / LANES as u32).cast::<f32>().add(channel as usize % LANES) }
    }

    /// Reads a number.
    ///
    /// # Safety
    /// Row and channel lie inside the place.
    #[inline(always)]
    pub(crate) unsafe fn get(self, row: u32, channel: u32) -> f32 {
        // SAFETY: the caller's promise.
        unsafe { *self.number(row, channel) }
    }

    /// Writes a number.
    ///
    /// # Safety
    /// Row and channel lie inside the place.
    #[inline(always)]
    pub(crate) unsafe fn set(self, row: u32, channel: u32, x: f32) {
        // SAFETY: the caller's promise.
        unsafe { *self.number(row, channel) = x }
    }

    /// Reads sixteen channels.
    ///
    /// # Safety
    /// Row and vector lie inside the place.
    #[inline(always)]
    pub(crate) unsafe fn load<L: Lanes>(self, row: u32, v: u32) -> L {
        // SAFETY: the caller's promise.
        unsafe { L::load(self.vector(row, v)) }
    }

    /// Writes sixteen channels.
    ///
    /// # Safety
    /// Row and vector lie inside the place.
    #[inline(always)]
    pub(crate) unsafe fn store<L: Lanes>(self, row: u32, v: u32, lanes: L) {
        // SAFETY: the caller's promise.
        unsafe { lanes.store(self.vector(row, v)) }
    }

    /// Writes sixteen channels, or adds them to what is there.
    ///
    /// # Safety
    /// Row and vector lie inside the place.
    #[inline(always)]
    pub(crate) unsafe fn write<L: Lanes>(self, row: u32, v: u32, lanes: L, write: Write) {
        // SAFETY: the caller's promise.
        unsafe {
            match write {
                Write::Store => self.store(row, v, lanes),
                Write::Add => self.store(row, v, self.load::<L>(row, v).add(lanes)),
            }
        }
    }

    /// Reads `count` channels of a row, `step` apart, at most sixteen; zeros behind them.
    ///
    /// # Safety
    /// They lie inside the place.
    #[inline(always)]
    pub(crate) unsafe fn some<L: Lanes>(self, row: u32, channel: u32, step: u32, count: usize) -> L {
        debug_assert!(count > 0 && channel + (count as u32 - 1) * step < self.place.channels, "{:?}", self.place);
        // SAFETY: the caller's promise; the channels of a row follow each other.
        unsafe { read(self.number(row, channel), step as usize, count) }
    }

    /// Writes the first `count` lanes to channels of a row, `step` apart, or adds them to what is there.
    ///
    /// # Safety
    /// They lie inside the place.
    #[inline(always)]
    pub(crate) unsafe fn write_some<L: Lanes>(
        self,
        (row, channel, step): (u32, u32, u32),
        lanes: L,
        count: usize,
        write: Write,
    ) {
        // SAFETY: the caller's promise, as in `some`.
        unsafe {
            let lanes = match write {
                Write::Store => lanes,
                Write::Add => self.some::<L>(row, channel, step, count).add(lanes),
            };
            let to = self.number(row, channel);
            if count == LANES && step == 1 {
                return lanes.store_array(to);
            }
            lanes.to_array()[..count].iter().enumerate().for_each(|(l, x)| *to.add(l * step as usize) = *x);
        }
    }

    /// Numbers from a row to the next.
    #[inline(always)]
    pub(crate) fn stride(self) -> usize {
        self.place.stride as usize * LANES
    }
}

/// Reads `count` numbers, `step` apart, at most sixteen; zeros behind them.
///
/// # Safety
/// They may be read.
#[inline(always)]
pub(crate) unsafe fn read<L: Lanes>(from: *const f32, step: usize, count: usize) -> L {
    // SAFETY: the caller's promise.
    unsafe {
        if count == LANES && step == 1 {
            return L::load_array(from);
        }
        L::from_array(std::array::from_fn(|l| if l < count { *from.add(l * step) } else { 0.0 }))
    }
}

/// The numbers of a matrix.
#[derive(Clone, Copy)]
pub(crate) struct Numbers {
    start: *mut f32,
    matrix: Matrix,
}

impl Numbers {
    /// The number at a row and a column.
    ///
    /// # Safety
    /// Row and column lie inside the matrix.
    #[inline(always)]
    pub(crate) unsafe fn at(self, row: u32, column: u32) -> *mut f32 {
        let m = self.matrix;
        debug_assert!(row < m.rows && column < m.columns, "({row}, {column}) of {m:?}");
        let index = row as usize * m.row_stride as usize + column as usize * m.column_stride as usize;
        // SAFETY: the caller's promise, and the matrix lies inside the memory.
        unsafe { self.start.add(index) }
    }

    /// Reads a number.
    ///
    /// # Safety
    /// Row and column lie inside the matrix.
    #[inline(always)]
    pub(crate) unsafe fn get(self, row: u32, column: u32) -> f32 {
        // SAFETY: the caller's promise.
        unsafe { *self.at(row, column) }
    }

    /// Adds to a number of the gradients.
    ///
    /// # Safety
    /// Row and column lie inside the matrix, which is one of gradients.
    #[inline(always)]
    pub(crate) unsafe fn add(self, row: u32, column: u32, x: f32) {
        // SAFETY: the caller's promise.
        unsafe { *self.at(row, column) += x }
    }

    /// Adds the sums over lanes of the first `count` vectors to the numbers from `(row, column)` on.
    ///
    /// # Safety
    /// The row and the `count` columns lie inside the matrix, which is one of gradients.
    #[inline(always)]
    pub(crate) unsafe fn add_lane_sums<L: Lanes>(self, row: u32, column: u32, vectors: [L; LANES], count: usize) {
        let sums = L::lane_sums(vectors).to_array();
        for (k, &sum) in sums[..count].iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { self.add(row, column + k as u32, sum) };
        }
    }

    /// As [`Numbers::add_lane_sums`], for `count` numbers that follow each other, in whatever rows.
    ///
    /// # Safety
    /// The matrix is one of gradients and dense, and has `count` numbers from `(row, column)` on.
    #[inline(always)]
    pub(crate) unsafe fn add_dense_lane_sums<L: Lanes>(self, row: u32, column: u32, vectors: [L; LANES], count: usize) {
        let sums = L::lane_sums(vectors);
        // SAFETY: the caller's promise.
        unsafe {
            let start = self.at(row, column);
            if count == LANES {
                return L::load_array(start).add(sums).store_array(start);
            }
            for (k, sum) in sums.to_array()[..count].iter().enumerate() {
                *start.add(k) += sum;
            }
        }
    }

    /// Reads `count` numbers of a row from `column` on, at most sixteen; zeros behind them.
    ///
    /// # Safety
    /// They lie inside the matrix.
    #[inline(always)]
    pub(crate) unsafe fn vector<L: Lanes>(self, row: u32, column: u32, count: usize) -> L {
        debug_assert!(count > 0 && column as usize + count <= self.matrix.columns as usize);
        // SAFETY: the caller's promise.
        unsafe { read(self.at(row, column), self.column_stride(), count) }
    }

    /// Has `count` numbers of a row from `column` on fetched while something else is computed. It changes speed alone.
    ///
    /// # Safety
    /// They lie inside the matrix.
    #[inline(always)]
    pub(crate) unsafe fn prefetch(self, row: u32, column: u32, count: usize) {
        debug_assert!(count > 0 && column as usize + count <= self.matrix.columns as usize);
        // SAFETY: the caller's promise.
        let first = unsafe { self.at(row, column) };
        #[cfg(not(target_arch = "x86_64"))]
        let _ = first;
        // SAFETY: the caller's promise. Sixteen numbers may begin in one line of the cache and end in the next.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            _mm_prefetch::<_MM_HINT_T0>(first.cast());
            _mm_prefetch::<_MM_HINT_T0>(first.add((count - 1) * self.column_stride()).cast());
        }
    }

    /// Adds the first `count` lanes to the numbers of a row from `column` on.
    ///
    /// # Safety
    /// They lie inside the matrix, which is one of gradients.
    #[inline(always)]
    pub(crate) unsafe fn add_vector<L: Lanes>(self, row: u32, column: u32, lanes: L, count: usize) {
        debug_assert!(count > 0 && column as usize + count <= self.matrix.columns as usize);
        // SAFETY: the caller's promise.
        unsafe {
            let (to, step) = (self.at(row, column), self.column_stride());
            if count == LANES && step == 1 {
                return L::load_array(to).add(lanes).store_array(to);
            }
            for (l, x) in lanes.to_array()[..count].iter().enumerate() {
                *to.add(l * step) += x;
            }
        }
    }

    /// A matrix of `weights`, to read while they are borrowed.
    ///
    /// # Panics
    /// If it does not lie inside them.
    pub(crate) fn of(weights: &[f32], matrix: Matrix) -> Numbers {
        assert!(matrix.end() <= weights.len(), "{matrix:?} in {} weights", weights.len());
        Numbers { start: weights[matrix.offset as usize..].as_ptr().cast_mut(), matrix }
    }

    /// The same numbers with rows and columns exchanged.
    pub(crate) fn transposed(self) -> Numbers {
        Numbers { start: self.start, matrix: self.matrix.transposed() }
    }

    /// Numbers from a row to the next.
    #[inline(always)]
    pub(crate) fn row_stride(self) -> usize {
        self.matrix.row_stride as usize
    }

    /// Numbers from a column to the next.
    #[inline(always)]
    pub(crate) fn column_stride(self) -> usize {
        self.matrix.column_stride as usize
    }
}
