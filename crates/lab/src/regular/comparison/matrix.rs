//! Small matrices in f64.

use serde::{Serialize, Serializer};

/// A matrix, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    columns: usize,
    numbers: Vec<f64>,
}

impl Matrix {
    /// The matrix of `rows` by `columns` with these numbers, row by row. Panics on another count of numbers, and if there is no column.
    pub fn new(rows: usize, columns: usize, numbers: Vec<f64>) -> Matrix {
        assert!(columns > 0 && numbers.len() == rows * columns, "{} numbers of {rows} by {columns}", numbers.len());
        Matrix { columns, numbers }
    }

    /// The matrix of what `number` gives for each row and column.
    pub fn of(rows: usize, columns: usize, number: impl Fn(usize, usize) -> f64) -> Matrix {
        let places = (0..rows * columns).map(|place| number(place / columns, place % columns));
        Matrix::new(rows, columns, places.collect())
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.numbers.len() / self.columns
    }

    /// How many columns there are.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The number in a row and a column.
    pub fn get(&self, row: usize, column: usize) -> f64 {
        self.row(row)[column]
    }

    /// A row.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.numbers[row * self.columns..][..self.columns]
    }

    pub(super) fn row_mut(&mut self, row: usize) -> &mut [f64] {
        &mut self.numbers[row * self.columns..][..self.columns]
    }

    /// All numbers, row by row.
    pub fn numbers(&self) -> &[f64] {
        &self.numbers
    }

    /// The rows `rows`.
    pub fn part(&self, rows: std::ops::Range<usize>) -> Matrix {
        let numbers = self.numbers[rows.start * self.columns..rows.end * self.columns].to_vec();
        Matrix::new(rows.len(), self.columns, numbers)
    }

    /// Rows and columns exchanged. Panics on a matrix without rows.
    pub fn transposed(&self) -> Matrix {
        Matrix::of(self.columns, self.rows(), |row, column| self.get(column, row))
    }

    /// The product with a matrix of as many rows as this has columns.
    pub fn times(&self, other: &Matrix) -> Matrix {
        assert_eq!(self.columns, other.rows(), "a product of {} columns and {} rows", self.columns, other.rows());
        let mut product = Matrix::new(self.rows(), other.columns, vec![0.0; self.rows() * other.columns]);
        for row in 0..self.rows() {
            for (inner, x) in self.row(row).iter().enumerate() {
                add(product.row_mut(row), *x, other.row(inner));
            }
        }
        product
    }

    /// The product with a vector.
    pub fn apply(&self, x: &[f64]) -> Vec<f64> {
        self.numbers.chunks_exact(self.columns).map(|row| dot(row, x)).collect()
    }

    /// The sum of the products of numbers in the same place of a matrix of the same shape.
    pub fn inner(&self, other: &Matrix) -> f64 {
        assert_eq!(self.columns, other.columns, "matrices of other shapes");
        dot(&self.numbers, &other.numbers)
    }

    /// The root of the sum of squares (Frobenius).
    pub fn norm(&self) -> f64 {
        self.inner(self).sqrt()
    }

    /// The cosine of the angle to a matrix of the same shape; `None` if one of the two is 0.
    pub fn cosine(&self, other: &Matrix) -> Option<f64> {
        let norms = self.norm() * other.norm();
        (norms > 0.0).then(|| self.inner(other) / norms)
    }
}

/// The sum of the products of numbers in the same place.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len(), "vectors of other lengths");
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Adds `factor` times `other`.
pub(super) fn add(sum: &mut [f64], factor: f64, other: &[f64]) {
    sum.iter_mut().zip(other).for_each(|(s, x)| *s += factor * x);
}

/// A list of rows.
impl Serialize for Matrix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.numbers.chunks_exact(self.columns))
    }
}
