//! Eigenvalues, singular values and principal angles.
//!
//! Jacobi's method (1846) turns a symmetric matrix by one plane after another until nothing is left off the diagonal. It is
//! slower than others by a small factor, as accurate as any, and short.

use super::matrix::{Matrix, add, dot};

/// Directions with a singular value below this share of the largest are taken for 0: weights have 24 bits, and what is made of them
/// has fewer.
const SMALLEST: f64 = 1e-5;
/// Sweeps over all planes; ten are usual.
const MOST_SWEEPS: usize = 60;

/// The eigenvalues of a symmetric matrix, largest first, and their eigenvectors as the rows of a matrix.
pub fn eigen(symmetric: &Matrix) -> (Vec<f64>, Matrix) {
    let size = symmetric.rows();
    let (mut a, mut v) = (symmetric.clone(), Matrix::of(size, size, |i, j| f64::from(i == j)));
    let negligible = 1e-32 * symmetric.inner(symmetric);
    for _ in 0..MOST_SWEEPS {
        let off: f64 = (0..size).map(|i| a.row(i)[..i].iter().map(|x| x * x).sum::<f64>()).sum();
        if off <= negligible {
            break;
        }
        for p in 0..size {
            for q in p + 1..size {
                turn(&mut a, &mut v, p, q);
            }
        }
    }
    let mut order: Vec<usize> = (0..size).collect();
    order.sort_by(|i, j| a.get(*j, *j).total_cmp(&a.get(*i, *i)));
    let values = order.iter().map(|i| a.get(*i, *i)).collect();
    (values, Matrix::of(size, size, |i, j| v.get(order[i], j)))
}

/// Turns the plane of `p` and `q` so that `a` is 0 there, and the rows of `v` along.
fn turn(a: &mut Matrix, v: &mut Matrix, p: usize, q: usize) {
    let off = a.get(p, q);
    if off == 0.0 {
        return;
    }
    let theta = (a.get(q, q) - a.get(p, p)) / (2.0 * off);
    let tangent = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
    let sine = tangent * cosine;
    turn_rows(a, p, q, cosine, sine);
    for row in 0..a.rows() {
        let numbers = a.row_mut(row);
        (numbers[p], numbers[q]) = (cosine * numbers[p] - sine * numbers[q], sine * numbers[p] + cosine * numbers[q]);
    }
    turn_rows(v, p, q, cosine, sine);
}

fn turn_rows(a: &mut Matrix, p: usize, q: usize, cosine: f64, sine: f64) {
    let (low, high) = (a.row(p).to_vec(), a.row(q).to_vec());
    for (x, (p, q)) in a.row_mut(p).iter_mut().zip(low.iter().zip(&high)) {
        *x = cosine * p - sine * q;
    }
    for (x, (p, q)) in a.row_mut(q).iter_mut().zip(low.iter().zip(&high)) {
        *x = sine * p + cosine * q;
    }
}

/// The singular values of `left` times `right`, largest first, as many as `left` has columns; small ones to 1e-8 of the largest.
pub fn singular_values_of_product(left: &Matrix, right: &Matrix) -> Vec<f64> {
    let (values, vectors) = eigen(&right.times(&right.transposed()));
    let root = Matrix::of(vectors.rows(), vectors.columns(), |i, j| values[i].max(0.0).sqrt() * vectors.get(i, j));
    let middle = root.times(&left.transposed().times(left)).times(&root.transposed());
    eigen(&middle).0.iter().map(|value| value.max(0.0).sqrt()).collect()
}

/// The singular values of a matrix, largest first, as many as it has columns.
pub fn singular_values(matrix: &Matrix) -> Vec<f64> {
    eigen(&matrix.transposed().times(matrix)).0.iter().map(|value| value.max(0.0).sqrt()).collect()
}

/// Cosines of the principal angles between what the two matrices, of as many rows, map to: of the first the leading directions, as
/// many as the second has. Largest first; as many as the one with fewer directions has.
pub fn principal_cosines(first: &Matrix, second: &Matrix) -> Vec<f64> {
    let (wanted, mut found) = (image(second), image(first));
    found.truncate(wanted.len());
    if found.is_empty() || wanted.is_empty() {
        return vec![];
    }
    let between = Matrix::of(wanted.len(), found.len(), |i, j| dot(&wanted[i], &found[j]));
    singular_values(&between).into_iter().map(|cosine| cosine.min(1.0)).collect()
}

/// An orthonormal basis of what a matrix maps to, leading direction first.
fn image(matrix: &Matrix) -> Vec<Vec<f64>> {
    let (values, vectors) = eigen(&matrix.times(&matrix.transposed()));
    let smallest = SMALLEST * SMALLEST * values[0];
    let kept = values.iter().take_while(|value| **value > smallest).count();
    (0..kept).map(|row| vectors.row(row).to_vec()).collect()
}

/// Coordinates in which numbers of a covariance are uncorrelated, each with variance 1.
pub(super) struct Whitening {
    /// `[coordinates, channels]`.
    pub(super) axes: Matrix,
    /// `[channels, coordinates]`: the way back.
    pub(super) back: Matrix,
}

/// Whitens a covariance; `None` where it is 0. Directions whose deviation is below 1 part in 100,000 of the largest are left out.
pub(super) fn whitened(covariance: &Matrix) -> Option<Whitening> {
    let (values, vectors) = eigen(covariance);
    let smallest = SMALLEST * SMALLEST * values[0];
    let kept = values.iter().take_while(|value| **value > smallest.max(f64::MIN_POSITIVE)).count();
    let channels = covariance.columns();
    (kept > 0).then(|| Whitening {
        axes: Matrix::of(kept, channels, |i, c| vectors.get(i, c) / values[i].sqrt()),
        back: Matrix::of(channels, kept, |c, i| vectors.get(i, c) * values[i].sqrt()),
    })
}

/// The inverse of a symmetric matrix on the directions whose eigenvalue is above this share of the largest; 0 on the others.
pub(super) fn pseudo_inverse(symmetric: &Matrix, share: f64) -> Matrix {
    let (values, vectors) = eigen(symmetric);
    let size = symmetric.rows();
    let mut inverse = Matrix::new(size, size, vec![0.0; size * size]);
    let kept = values.iter().enumerate().filter(|(_, value)| **value > share * values[0] && **value > 0.0);
    for (at, value) in kept {
        let vector = vectors.row(at);
        (0..size).for_each(|i| add(inverse.row_mut(i), vector[i] / value, vector));
    }
    inverse
}
