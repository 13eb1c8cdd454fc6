//! Matrices of scalars with any strides: what the plain twins read and write.

use std::ops::Range;

use crate::scalar::Scalar;

/// Whether a kernel overwrites its destination or adds to what stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// `y = value`; what stood there, even NaN, does not matter.
    Store,
    /// `y = y + value`.
    Add,
}

/// A matrix to read.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, S> {
    data: &'a [S],
    layout: Layout,
}

/// A matrix to write.
#[derive(Debug)]
pub struct ViewMut<'a, S> {
    data: &'a mut [S],
    layout: Layout,
}

#[derive(Clone, Copy, Debug)]
struct Layout {
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl Layout {
    /// Panics unless the last element lies within `length` scalars.
    fn checked(self, length: usize) -> Self {
        let last = self.rows.saturating_sub(1) * self.row_stride + self.columns.saturating_sub(1) * self.column_stride;
        let empty = self.rows == 0 || self.columns == 0;
        assert!(empty || last < length, "a view of {self:?} does not fit into {length} scalars");
        self
    }

    #[inline(always)]
    fn index(self, row: usize, column: usize) -> usize {
        debug_assert!(row < self.rows && column < self.columns, "({row}, {column}) is outside of {self:?}");
        row * self.row_stride + column * self.column_stride
    }

    fn transposed(self) -> Self {
        let Self { rows, columns, row_stride, column_stride } = self;
        Self { rows: columns, columns: rows, row_stride: column_stride, column_stride: row_stride }
    }

    /// The layout of these rows and where it starts.
    fn rows(self, range: Range<usize>) -> (Self, usize) {
        assert!(range.start <= range.end && range.end <= self.rows, "rows {range:?} of {self:?}");
        (Self { rows: range.len(), ..self }, range.start * self.row_stride)
    }

    fn columns(self, range: Range<usize>) -> (Self, usize) {
        assert!(range.start <= range.end && range.end <= self.columns, "columns {range:?} of {self:?}");
        (Self { columns: range.len(), ..self }, range.start * self.column_stride)
    }
}

impl<'a, S: Scalar> View<'a, S> {
    /// `rows` x `columns` scalars, row after row. Panics if `data` is too short.
    pub fn new(data: &'a [S], rows: usize, columns: usize) -> Self {
        Self::with_strides(data, rows, columns, columns, 1)
    }

    /// Element `(r, c)` is `data[r * row_stride + c * column_stride]`. Panics if the last one is outside of `data`.
    pub fn with_strides(data: &'a [S], rows: usize, columns: usize, row_stride: usize, column_stride: usize) -> Self {
        Self { data, layout: Layout { rows, columns, row_stride, column_stride }.checked(data.len()) }
    }

    /// The number of rows.
    pub fn row_count(&self) -> usize {
        self.layout.rows
    }

    /// The number of columns.
    pub fn column_count(&self) -> usize {
        self.layout.columns
    }

    /// Element `(row, column)`.
    #[inline(always)]
    pub fn get(&self, row: usize, column: usize) -> S {
        self.data[self.layout.index(row, column)]
    }

    /// A row, if its elements follow each other.
    pub fn row(&self, row: usize) -> Option<&'a [S]> {
        let Layout { columns, row_stride, column_stride, .. } = self.layout;
        (column_stride == 1).then(|| &self.data[row * row_stride..][..columns])
    }

    /// Rows and columns exchanged.
    pub fn transposed(self) -> Self {
        Self { data: self.data, layout: self.layout.transposed() }
    }

    /// Some of the rows. Panics if there are not so many.
    pub fn rows(self, range: Range<usize>) -> Self {
        let (layout, start) = self.layout.rows(range);
        Self { data: self.data.get(start..).unwrap_or(&[]), layout }
    }

    /// Some of the columns. Panics if there are not so many.
    pub fn columns(self, range: Range<usize>) -> Self {
        let (layout, start) = self.layout.columns(range);
        Self { data: self.data.get(start..).unwrap_or(&[]), layout }
    }
}

impl<'a, S: Scalar> ViewMut<'a, S> {
    /// `rows` x `columns` scalars, row after row. Panics if `data` is too short.
    pub fn new(data: &'a mut [S], rows: usize, columns: usize) -> Self {
        Self::with_strides(data, rows, columns, columns, 1)
    }

    /// Element `(r, c)` is `data[r * row_stride + c * column_stride]`. Panics if the last one is outside of `data`.
    pub fn with_strides(
        data: &'a mut [S],
        rows: usize,
        columns: usize,
        row_stride: usize,
        column_stride: usize,
    ) -> Self {
        let layout = Layout { rows, columns, row_stride, column_stride }.checked(data.len());
        Self { data, layout }
    }

    /// The number of rows.
    pub fn row_count(&self) -> usize {
        self.layout.rows
    }

    /// The number of columns.
    pub fn column_count(&self) -> usize {
        self.layout.columns
    }

    /// Element `(row, column)`.
    #[inline(always)]
    pub fn get(&self, row: usize, column: usize) -> S {
        self.data[self.layout.index(row, column)]
    }

    /// Element `(row, column)` becomes `x`.
    #[inline(always)]
    pub fn set(&mut self, row: usize, column: usize, x: S) {
        self.data[self.layout.index(row, column)] = x;
    }

    /// `x` is added to element `(row, column)`.
    #[inline(always)]
    pub fn add(&mut self, row: usize, column: usize, x: S) {
        self.set(row, column, self.get(row, column) + x);
    }

    /// Element `(row, column)` becomes `x`, or `x` is added to it.
    #[inline(always)]
    pub fn write(&mut self, row: usize, column: usize, x: S, write: Write) {
        match write {
            Write::Store => self.set(row, column, x),
            Write::Add => self.add(row, column, x),
        }
    }

    /// A row, if its elements follow each other.
    pub fn row_mut(&mut self, row: usize) -> Option<&mut [S]> {
        let Layout { columns, row_stride, column_stride, .. } = self.layout;
        (column_stride == 1).then(|| &mut self.data[row * row_stride..][..columns])
    }

    /// The same matrix, to read.
    pub fn as_view(&self) -> View<'_, S> {
        View { data: self.data, layout: self.layout }
    }

    /// The same matrix for a shorter time, to hand on.
    pub fn reborrow(&mut self) -> ViewMut<'_, S> {
        ViewMut { data: self.data, layout: self.layout }
    }

    /// Rows and columns exchanged.
    pub fn transposed(self) -> Self {
        Self { data: self.data, layout: self.layout.transposed() }
    }

    /// Some of the rows. Panics if there are not so many.
    pub fn rows(&mut self, range: Range<usize>) -> ViewMut<'_, S> {
        let (layout, start) = self.layout.rows(range);
        ViewMut { data: self.data.get_mut(start..).unwrap_or(&mut []), layout }
    }

    /// Some of the columns. Panics if there are not so many.
    pub fn columns(&mut self, range: Range<usize>) -> ViewMut<'_, S> {
        let (layout, start) = self.layout.columns(range);
        ViewMut { data: self.data.get_mut(start..).unwrap_or(&mut []), layout }
    }
}
