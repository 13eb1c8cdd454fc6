//! What NumPy and SciPy say of the same numbers: see oracles/probes.py.

use infimum_lab::regular::comparison::{
    Matrix, Moments, Probe, RawScores, Rows, eigen, is_held_out, principal_cosines, singular_values,
    singular_values_of_product,
};
use serde_json::Value;

const NEAR: f64 = 1e-7;

fn oracle(what: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("../oracles/probes.json")).unwrap();
    all[what].as_array().expect("it is a list").clone()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn matrix(value: &Value) -> Matrix {
    let rows: Vec<Vec<f64>> = value.as_array().unwrap().iter().map(numbers).collect();
    Matrix::new(rows.len(), rows[0].len(), rows.concat())
}

fn labelled(value: &Value) -> (Rows, Vec<u32>) {
    let x = matrix(&value[0]);
    let rows = Rows { channels: x.columns(), numbers: x.numbers().iter().map(|x| *x as f32).collect() };
    (rows, numbers(&value[1]).iter().map(|x| *x as u32).collect())
}

fn near(found: f64, expected: &Value) {
    let expected = expected.as_f64().expect("it is a number");
    assert!((found - expected).abs() <= NEAR, "{found} for {expected}");
}

fn all_near(found: &[f64], expected: &Value) {
    let expected = numbers(expected);
    assert_eq!(found.len(), expected.len(), "{found:?} for {expected:?}");
    for (x, y) in found.iter().zip(&expected) {
        assert!((x - y).abs() <= NEAR, "{found:?} for {expected:?}");
    }
}

#[test]
fn probes_and_alignment_are_those_of_numpy() {
    for case in oracle("probes") {
        let states = case["states"].as_u64().unwrap() as usize;
        let ((fit, of_fit), (held_out, of_held_out)) = (labelled(&case["fit"]), labelled(&case["held_out"]));
        let probe = Probe::fitted(&Moments::of(&fit, &of_fit, states));
        let guessed: Vec<f64> = (0..held_out.count()).map(|row| probe.state(&held_out.row(row)) as f64).collect();
        assert_eq!(guessed, numbers(&case["guessed"]));
        for (row, decoded) in case["decoded"].as_array().unwrap().iter().enumerate() {
            all_near(&probe.decoded(&held_out.row(row)), decoded);
        }
        let score = probe.score(&held_out, &of_held_out);
        near(score.accuracy, &case["accuracy"]);
        near(score.explained, &case["explained"]);
        near(Moments::of(&held_out, &of_held_out, states).kernel_alignment().unwrap(), &case["alignment"]);
        // A state more changes nothing that is not of it.
        let other = Probe::fitted(&Moments::of(&fit, &of_fit, states + 1));
        assert_eq!(other.score(&held_out, &of_held_out).accuracy, score.accuracy);
    }
}

/// The strings that are held out, and a probe on what stands after them.
#[test]
fn strings_are_parted_as_by_numpy() {
    for case in oracle("splits") {
        let of = |key: &str| case[key].as_array().unwrap().iter().map(numbers).collect::<Vec<_>>();
        let words: Vec<Vec<u16>> = of("words").iter().map(|word| word.iter().map(|x| *x as u16).collect()).collect();
        let states: Vec<Vec<u32>> =
            of("on_the_way").iter().map(|way| way.iter().map(|x| *x as u32).collect()).collect();
        let expected: Vec<bool> = serde_json::from_value(case["is_held_out"].clone()).unwrap();
        let found = is_held_out(words.iter().zip(&states).map(|(word, way)| (&word[..], &way[..])));
        assert_eq!(found, expected);
        let (all, labels) = (matrix(&case["rows"]), states.concat());
        let rows = Rows { channels: all.columns(), numbers: all.numbers().iter().map(|x| *x as f32).collect() };
        let side = |side: bool| {
            let places: Vec<usize> = (0..found.len()).filter(|place| found[*place] == side).collect();
            (rows.picked(&places), places.iter().map(|place| labels[*place]).collect::<Vec<_>>())
        };
        let ((fit, of_fit), (held_out, of_held_out)) = (side(false), side(true));
        let count = case["states"].as_u64().unwrap() as usize;
        let score = Probe::fitted(&Moments::of(&fit, &of_fit, count)).score(&held_out, &of_held_out);
        near(score.accuracy, &case["accuracy"]);
        near(score.explained, &case["explained"]);
        near(Moments::of(&held_out, &of_held_out, count).kernel_alignment().unwrap(), &case["alignment"]);
    }
}

/// The decoder is the linear part of what is decoded.
#[test]
fn decoders_decode_differences() {
    let case = &oracle("probes")[1];
    let (fit, labels) = labelled(&case["fit"]);
    let probe = Probe::fitted(&Moments::of(&fit, &labels, 3));
    let (one, other) = (fit.row(0), fit.row(1));
    let difference: Vec<f64> = one.iter().zip(&other).map(|(x, y)| x - y).collect();
    let found = probe.decoder().apply(&difference);
    for (found, (one, other)) in found.iter().zip(probe.decoded(&one).iter().zip(probe.decoded(&other))) {
        assert!((found - (one - other)).abs() <= 1e-9);
    }
}

#[test]
fn singular_values_and_angles_are_those_of_scipy() {
    for case in oracle("spaces") {
        let (first, second, right) = (matrix(&case["first"]), matrix(&case["second"]), matrix(&case["right"]));
        all_near(&principal_cosines(&first, &second), &case["cosines"]);
        let expected = numbers(&case["values"]);
        let values = singular_values(&first);
        values.iter().zip(&expected).for_each(|(x, y)| assert!((x - y).abs() <= 1e-6, "{values:?}, {expected:?}"));
        let (values, expected) = (singular_values_of_product(&first, &right), numbers(&case["product_values"]));
        values.iter().zip(&expected).for_each(|(x, y)| assert!((x - y).abs() <= 1e-6, "{values:?}, {expected:?}"));
    }
}

#[test]
fn raw_scores_are_those_of_numpy() {
    for case in oracle("raw") {
        let found = RawScores::of(&matrix(&case["weights"]), &matrix(&case["target"]));
        near(found.cosine.unwrap(), &case["cosine"]);
        near(found.pearson.unwrap(), &case["pearson"]);
        near(found.frobenius, &case["frobenius"]);
        near(found.relative_error, &case["relative_error"]);
    }
}

/// `A = V' diag(values) V`, on matrices with equal eigenvalues, and 0.
#[test]
fn eigenvectors_give_back_their_matrix() {
    for size in 1..12 {
        let ragged = Matrix::of(size, size, |i, j| if i == j { 2.0 } else { libm::sin((i * j + i + j) as f64) });
        for matrix in [ragged, Matrix::of(size, size, |_, _| 0.0), Matrix::of(size, size, |_, _| 1.0)] {
            let (values, vectors) = eigen(&matrix);
            assert!(values.is_sorted_by(|x, y| x >= y));
            let scaled = Matrix::of(size, size, |i, j| values[i] * vectors.get(i, j));
            let again = vectors.transposed().times(&scaled);
            let unit = vectors.times(&vectors.transposed());
            for (i, j) in (0..size).flat_map(|i| (0..size).map(move |j| (i, j))) {
                assert!((again.get(i, j) - matrix.get(i, j)).abs() <= 1e-12 * size as f64);
                assert!((unit.get(i, j) - f64::from(i == j)).abs() <= 1e-12 * size as f64);
            }
        }
    }
}
