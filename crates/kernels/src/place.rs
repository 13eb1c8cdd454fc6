//! Where an instruction reads and writes: places of lane vectors, matrices of weights, rows of token ids.

use std::ops::Range;

/// Rows by channels in the values memory. Offset and stride count [`Vector`](crate::Vector)s: a vector is one channel of
/// sixteen sequences, or in the wide layout sixteen channels of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The vector of row 0, channel 0.
    pub offset: u32,
    /// The number of rows.
    pub rows: u32,
    /// The number of channels; those of a row are consecutive.
    pub channels: u32,
    /// Vectors from a row to the next, at least as many as its channels take.
    pub stride: u32,
}

impl Place {
    /// A place without gaps between its rows.
    pub const fn dense(offset: u32, rows: u32, channels: u32) -> Place {
        Place { offset, rows, channels, stride: channels }
    }

    /// Some of the rows.
    ///
    /// # Panics
    /// If the place has fewer.
    pub fn rows(self, rows: Range<u32>) -> Place {
        assert!(rows.start <= rows.end && rows.end <= self.rows, "rows {rows:?} of {}", self.rows);
        Place { offset: self.offset + rows.start * self.stride, rows: rows.end - rows.start, ..self }
    }

    /// Some of the channels.
    ///
    /// # Panics
    /// If the place has fewer.
    pub fn channels(self, channels: Range<u32>) -> Place {
        assert!(channels.start <= channels.end && channels.end <= self.channels, "{channels:?} of {}", self.channels);
        Place { offset: self.offset + channels.start, channels: channels.end - channels.start, ..self }
    }

    /// The same vectors in the wide layout, where one holds sixteen channels: for what looks at each number alone.
    pub(crate) const fn in_vectors(self) -> Place {
        Place { channels: self.channels.div_ceil(16), ..self }
    }

    /// Whether the two have a vector in common.
    pub fn overlaps(&self, other: &Place) -> bool {
        if self.end() <= other.offset as usize || other.end() <= self.offset as usize {
            return false;
        }
        (0..self.rows).any(|row| other.meets(self.row_start(row), self.channels as usize))
    }

    /// One past the last vector; `offset` if the place is empty.
    pub(crate) fn end(&self) -> usize {
        if self.rows == 0 || self.channels == 0 {
            return self.offset as usize;
        }
        self.row_start(self.rows - 1) + self.channels as usize
    }

    fn row_start(&self, row: u32) -> usize {
        self.offset as usize + row as usize * self.stride as usize
    }

    /// Whether one of the rows meets `start .. start + length`.
    fn meets(&self, start: usize, length: usize) -> bool {
        if self.channels == 0 || length == 0 {
            return false;
        }
        // Rows before `first` end at or before `start`; the first that does not is the only candidate that matters.
        let behind = (start + 1).saturating_sub(self.offset as usize + self.channels as usize);
        let first = behind.div_ceil(self.stride.max(1) as usize);
        first < self.rows as usize && self.row_start(first as u32) < start + length
    }
}

/// A matrix of scalars in the weights memory, or at the same offset in the memory of the weights' gradients. Offset and
/// strides count numbers; any strides will do for reading, so a transposed or tied matrix costs nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matrix {
    /// The number at row 0, column 0.
    pub offset: u32,
    /// The number of rows.
    pub rows: u32,
    /// The number of columns.
    pub columns: u32,
    /// Numbers from a row to the next.
    pub row_stride: u32,
    /// Numbers from a column to the next.
    pub column_stride: u32,
}

impl Matrix {
    /// A matrix stored row after row without gaps.
    pub const fn dense(offset: u32, rows: u32, columns: u32) -> Matrix {
        Matrix { offset, rows, columns, row_stride: columns, column_stride: 1 }
    }

    /// The same numbers with rows and columns exchanged.
    pub const fn transposed(self) -> Matrix {
        Matrix {
            offset: self.offset,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }

    /// Some of the rows.
    ///
    /// # Panics
    /// If the matrix has fewer.
    pub fn rows(self, rows: Range<u32>) -> Matrix {
        assert!(rows.start <= rows.end && rows.end <= self.rows, "rows {rows:?} of {}", self.rows);
        Matrix { offset: self.offset + rows.start * self.row_stride, rows: rows.end - rows.start, ..self }
    }

    /// Some of the columns.
    ///
    /// # Panics
    /// If the matrix has fewer.
    pub fn columns(self, columns: Range<u32>) -> Matrix {
        self.transposed().rows(columns).transposed()
    }

    /// From its first number to its last, whatever lies between.
    pub fn range(&self) -> Range<usize> {
        self.offset as usize..self.end()
    }

    /// Whether the two have a number in common.
    pub fn overlaps(&self, other: &Matrix) -> bool {
        let apart = self.end() <= other.offset as usize || other.end() <= self.offset as usize;
        !apart && {
            let mut mine: Vec<usize> = self.indices().collect();
            mine.sort_unstable();
            other.indices().any(|index| mine.binary_search(&index).is_ok())
        }
    }

    /// Whether the numbers follow each other, row after row.
    pub(crate) fn is_dense(&self) -> bool {
        self.column_stride == 1 && self.row_stride == self.columns
    }

    /// Whether no number stands at two places of the matrix.
    pub(crate) fn distinct(&self) -> bool {
        let (rows, columns) = (self.rows as u64, self.columns as u64);
        let (row, column) = (self.row_stride as u64, self.column_stride as u64);
        let by_rows = columns <= 1 || (column > 0 && (rows <= 1 || row >= column * columns));
        let by_columns = rows <= 1 || (row > 0 && (columns <= 1 || column >= row * rows));
        let (rows_apart, columns_apart) = (rows <= 1 || row > 0, columns <= 1 || column > 0);
        rows_apart && columns_apart && (by_rows || by_columns)
    }

    /// One past the last number; `offset` if the matrix is empty.
    pub(crate) fn end(&self) -> usize {
        if self.rows == 0 || self.columns == 0 {
            return self.offset as usize;
        }
        // Two products of 32-bit numbers can pass 64 bits: such a matrix ends beyond every memory.
        let reach = |last: u32, stride: u32| u128::from(last) * u128::from(stride);
        let last = u128::from(self.offset)
            + reach(self.rows - 1, self.row_stride)
            + reach(self.columns - 1, self.column_stride);
        usize::try_from(last + 1).unwrap_or(usize::MAX)
    }

    fn index(&self, row: u32, column: u32) -> usize {
        self.offset as usize + row as usize * self.row_stride as usize + column as usize * self.column_stride as usize
    }

    /// Where each number stands, row after row.
    fn indices(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.rows).flat_map(move |row| (0..self.columns).map(move |column| self.index(row, column)))
    }
}

/// Token ids of sixteen sequences: row `r` is `ids[(offset + r) * 16 ..][..16]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ids {
    /// The first row, counted in rows of sixteen ids.
    pub offset: u32,
    /// The number of rows (positions).
    pub rows: u32,
    /// Every id is less than this.
    pub alphabet: u32,
}

impl Ids {
    /// Some of the rows.
    ///
    /// # Panics
    /// If there are fewer.
    pub fn rows(self, rows: Range<u32>) -> Ids {
        assert!(rows.start <= rows.end && rows.end <= self.rows, "rows {rows:?} of {}", self.rows);
        Ids { offset: self.offset + rows.start, rows: rows.end - rows.start, ..self }
    }

    /// One past the last row.
    pub(crate) fn end(&self) -> usize {
        self.offset as usize + self.rows as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vectors(place: &Place) -> Vec<usize> {
        (0..place.rows)
            .flat_map(|r| (0..place.channels).map(move |c| (place.offset + r * place.stride + c) as usize))
            .collect()
    }

    /// All small places against each other.
    #[test]
    fn places_overlap_where_they_share_a_vector() {
        let mut places = Vec::new();
        for (offset, rows, channels) in (0..9).flat_map(|o| (0..4).flat_map(move |r| (0..4).map(move |c| (o, r, c)))) {
            places.extend((0..3).map(|gap| Place { offset, rows, channels, stride: channels + gap }));
        }
        for a in &places {
            let mine = vectors(a);
            assert_eq!(a.end(), mine.last().map_or(a.offset as usize, |last| last + 1));
            for b in &places {
                assert_eq!(a.overlaps(b), vectors(b).iter().any(|v| mine.contains(v)), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn matrices_overlap_where_they_share_a_number() {
        let a = Matrix { offset: 3, rows: 4, columns: 2, row_stride: 5, column_stride: 1 };
        assert!(!a.overlaps(&Matrix { offset: 5, ..a }));
        assert!(a.overlaps(&Matrix { offset: 4, ..a }));
        assert!(a.overlaps(&a.transposed()));
        assert!(!a.columns(0..1).overlaps(&a.columns(1..2)));
        assert!(a.rows(1..4).overlaps(&a.rows(0..2)));
        assert!(!a.rows(2..4).overlaps(&a.rows(0..2)));
    }

    #[test]
    fn a_matrix_is_distinct_if_no_number_stands_twice() {
        let dense = Matrix::dense(0, 3, 4);
        assert!(dense.distinct() && dense.transposed().distinct());
        assert!(!Matrix { row_stride: 0, ..dense }.distinct());
        assert!(!Matrix { row_stride: 3, ..dense }.distinct());
        assert!(!Matrix { column_stride: 0, ..dense }.distinct());
        assert!(Matrix { rows: 1, row_stride: 0, ..dense }.distinct());
        assert!(Matrix { columns: 1, column_stride: 0, ..dense }.distinct());
    }
}
