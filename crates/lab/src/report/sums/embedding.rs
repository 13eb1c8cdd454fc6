//! Where the digits' vectors lie: in the plane of their first two principal components, or in their own plane if they have one.

use std::sync::Mutex;

use infimum_worlds::addition::{Addition, Pair};
use maud::{Markup, html};

use crate::report::axis::{Axis, Scale};
use crate::report::subject::Subject;

/// Digits.
const DIGITS: usize = 10;

/// Vectors of which all but so small a share lies in a plane through the origin have that plane; what 32 bits round away is
/// some 10^-14.
const IN_A_PLANE: f64 = 1e-9;

/// The vector of each digit as a token, without its position.
pub(super) fn digits(subject: &mut Subject<'_>, world: &Addition) -> Vec<Vec<f64>> {
    let program = subject.experiment.program().without_dropout();
    let program = program.outputs_at(&["wte"], 0..1).expect("a decoder embeds its tokens");
    let found: Vec<Mutex<Vec<f64>>> = (0..DIGITS).map(|_| Mutex::default()).collect();
    let begin = |digit: usize, into: &mut infimum_worlds::Example| {
        world.ask(Pair { a: 0, b: 0 }, &[], into);
        into.tokens[0] = digit as u16;
    };
    subject.outputs(&program, DIGITS, &begin, &|digit, arrays| {
        *found[digit].lock().expect("nothing panics") = arrays[0].iter().map(|x| f64::from(*x)).collect();
    });
    found.into_iter().map(|vector| vector.into_inner().expect("nothing panics")).collect()
}

/// The digits in a plane.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plane {
    /// One point for each digit.
    pub(super) points: Vec<[f64; 2]>,
    /// Which share of the vectors' variance around their mean each axis has.
    pub(super) shares: [f64; 2],
    /// Whether this is a plane through the origin in which the vectors lie; else they are seen from their mean.
    pub(super) is_own: bool,
}

impl Plane {
    pub(super) fn of(vectors: &[Vec<f64>]) -> Plane {
        let own = principal(vectors);
        let total: f64 = own.iter().map(|(square, _)| square).sum();
        let beyond: f64 = own[2..].iter().map(|(square, _)| square.max(0.0)).sum();
        let is_own = beyond <= IN_A_PLANE * total;
        let axes = if is_own { own } else { principal(&centred(vectors)) };
        let points: Vec<[f64; 2]> = (0..vectors.len()).map(|digit| [axes[0].1[digit], axes[1].1[digit]]).collect();
        let variance: f64 = centred(vectors).iter().flatten().map(|x| x * x).sum();
        let share = |axis: usize| {
            let mean = points.iter().map(|point| point[axis]).sum::<f64>() / points.len() as f64;
            let of_axis: f64 = points.iter().map(|point| (point[axis] - mean) * (point[axis] - mean)).sum();
            if variance > 0.0 { of_axis / variance } else { 0.0 }
        };
        Plane { shares: [share(0), share(1)], points, is_own }
    }

    /// What an arc is known by, around the origin: least and greatest radius, the angle of 0, and the least and greatest step from
    /// one digit to the next, in radians.
    pub(super) fn arc(&self) -> Arc {
        let radii = self.points.iter().map(|[x, y]| libm::hypot(*x, *y));
        let angles: Vec<f64> = self.points.iter().map(|[x, y]| libm::atan2(*y, *x)).collect();
        let turn = 2.0 * std::f64::consts::PI;
        let steps = angles.windows(2).map(|two| {
            let step = two[1] - two[0];
            step - turn * libm::rint(step / turn)
        });
        Arc { radii: ends(radii), begins: angles[0], steps: ends(steps) }
    }
}

pub(super) struct Arc {
    pub(super) radii: (f64, f64),
    pub(super) begins: f64,
    pub(super) steps: (f64, f64),
}

fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
}

fn centred(vectors: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mean = |channel: usize| vectors.iter().map(|vector| vector[channel]).sum::<f64>() / vectors.len() as f64;
    let means: Vec<f64> = (0..vectors[0].len()).map(mean).collect();
    vectors.iter().map(|vector| vector.iter().zip(&means).map(|(x, mean)| x - mean).collect()).collect()
}

/// Principal axes through the origin, the largest first: the sum of squares along each, and each vector's place on it. The sign
/// is such that the place farthest out is positive.
fn principal(vectors: &[Vec<f64>]) -> Vec<(f64, Vec<f64>)> {
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let gram = vectors.iter().map(|a| vectors.iter().map(|b| product(a, b)).collect()).collect();
    let mut axes: Vec<(f64, Vec<f64>)> = eigen(gram);
    axes.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (square, direction) in &mut axes {
        let farthest = direction.iter().copied().fold(0.0, |far: f64, x| if x.abs() > far.abs() { x } else { far });
        let length = square.max(0.0).sqrt().copysign(farthest);
        direction.iter_mut().for_each(|x| *x *= length);
    }
    axes
}

/// Eigenvalues and unit eigenvectors of a symmetric matrix, by Jacobi's rotations (Golub and Van Loan, section 8.5): each
/// makes one pair of entries 0, and a sweep over all pairs shrinks what is left beside the diagonal quadratically.
fn eigen(mut matrix: Vec<Vec<f64>>) -> Vec<(f64, Vec<f64>)> {
    const SWEEPS: usize = 30;
    let size = matrix.len();
    let mut vectors: Vec<Vec<f64>> =
        (0..size).map(|i| (0..size).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    for _ in 0..SWEEPS {
        for (p, q) in (0..size).flat_map(|p| (p + 1..size).map(move |q| (p, q))) {
            rotate(&mut matrix, &mut vectors, p, q);
        }
    }
    (0..size).map(|i| (matrix[i][i], vectors.iter().map(|row| row[i]).collect())).collect()
}

fn rotate(matrix: &mut [Vec<f64>], vectors: &mut [Vec<f64>], p: usize, q: usize) {
    if matrix[p][q] == 0.0 {
        return;
    }
    let ratio = (matrix[q][q] - matrix[p][p]) / (2.0 * matrix[p][q]);
    let tangent = 1.0f64.copysign(ratio) / (ratio.abs() + libm::hypot(1.0, ratio));
    let cosine = 1.0 / libm::hypot(1.0, tangent);
    let sine = tangent * cosine;
    let turn = |a: f64, b: f64| (cosine * a - sine * b, sine * a + cosine * b);
    for row in matrix.iter_mut().chain(vectors) {
        (row[p], row[q]) = turn(row[p], row[q]);
    }
    let (above, below) = matrix.split_at_mut(q);
    for (of_p, of_q) in above[p].iter_mut().zip(&mut below[0]) {
        (*of_p, *of_q) = turn(*of_p, *of_q);
    }
}

const WIDTH: f64 = 400.0;
const LEFT: f64 = 66.0;
const TOP: f64 = 14.0;
const SIDE: f64 = WIDTH - LEFT - 20.0;
const HEIGHT: f64 = TOP + SIDE + 50.0;

/// The picture: equal lengths on both axes, the digits joined in their order.
pub(super) fn draw(plane: &Plane) -> Markup {
    let names = match plane.is_own {
        true => ["first axis of the plane".to_string(), "second axis of the plane".into()],
        false => [0, 1].map(|axis| {
            format!("{} component, {:.1} % of variance", ["first", "second"][axis], 100.0 * plane.shares[axis])
        }),
    };
    let (middle, half) = window(plane);
    let at = |axis: usize, x: f64| SIDE * (0.5 + (x - middle[axis]) / (2.0 * half));
    let spot = |[x, y]: [f64; 2]| (format!("{:.1}", LEFT + at(0, x)), format!("{:.1}", TOP + SIDE - at(1, y)));
    let ticks = |axis: usize| {
        let (low, high) = (middle[axis] - half, middle[axis] + half);
        Axis::over("", Scale::Linear, [low, high].into_iter()).ticks_within(low, high)
    };
    let spots: Vec<(String, String)> = plane.points.iter().map(|point| spot(*point)).collect();
    let joined = spots.iter().map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" ");
    html! {
        svg id="embedding" class="plane" viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img"
            aria-labelledby="embedding-title embedding-about" {
            title id="embedding-title" { (TITLE) }
            desc id="embedding-about" { (told(plane)) }
            @for (place, label) in ticks(1) {
                @let y = TOP + SIDE * (1.0 - place);
                line class="grid" x1=(LEFT) x2=(LEFT + SIDE) y1=(format!("{y:.1}")) y2=(format!("{y:.1}")) {}
                text x=(LEFT - 7.0) y=(format!("{:.1}", y + 4.5)) text-anchor="end" { (label) }
            }
            @for (place, label) in ticks(0) {
                @let x = format!("{:.1}", LEFT + SIDE * place);
                line class="grid" x1=(x) x2=(x) y1=(TOP) y2=(TOP + SIDE) {}
                text x=(x) y=(TOP + SIDE + 19.0) text-anchor="middle" { (label) }
            }
            rect class="frame" x=(LEFT) y=(TOP) width=(SIDE) height=(SIDE) {}
            text x=(LEFT + SIDE / 2.0) y=(TOP + SIDE + 40.0) text-anchor="middle" { (names[0]) }
            text transform=(format!("translate(13 {}) rotate(-90)", TOP + SIDE / 2.0)) text-anchor="middle" { (names[1]) }
            g class="run0" { polyline class="faint" points=(joined) {} }
            @if plane.is_own {
                @let (x, y) = spot([0.0, 0.0]);
                g class="plain" { circle class="dot" cx=(x) cy=(y) r="2.5" {} }
            }
            @for (digit, (x, y)) in spots.iter().enumerate() { text class="mark" x=(x) y=(y) dy="4.5" text-anchor="middle" { (digit) } }
        }
    }
}

/// The middle and half the length of the square that is shown; of a plane through the origin that has a place in it.
fn window(plane: &Plane) -> ([f64; 2], f64) {
    let range = |axis: usize| {
        let origin = plane.is_own.then_some(0.0);
        ends(plane.points.iter().map(|point| point[axis]).chain(origin))
    };
    let ranges = [range(0), range(1)];
    let longest = ranges.iter().map(|(low, high)| high - low).fold(1e-9, f64::max);
    (ranges.map(|(low, high)| (low + high) / 2.0), 0.58 * longest)
}

pub(super) const TITLE: &str = "The digits' vectors";

fn told(plane: &Plane) -> String {
    let places = plane.points.iter().enumerate().map(|(digit, [x, y])| format!("{digit} at {x:.4}, {y:.4}"));
    format!("The vectors of the ten digits in a plane: {}.", places.collect::<Vec<_>>().join("; "))
}

/// What the picture shows, in words.
pub(super) fn about(plane: &Plane) -> String {
    let [first, second] = plane.shares.map(|share| 100.0 * share);
    if !plane.is_own {
        return format!(
            "The embeddings of the digits, seen from their mean, in the plane of their first two principal components, which have {first:.1} \
             and {second:.1} % of their variance. Lengths are equal on both axes; neighbours are joined."
        );
    }
    let Arc { radii, begins, steps } = plane.arc();
    let range = |(low, high): (f64, f64)| {
        let (low, high) = (format!("{low:.4}"), format!("{high:.4}"));
        if low == high { low } else { format!("{low} to {high}") }
    };
    format!(
        "The embeddings of the digits lie in one plane through the origin (dot), which is shown; its axes have {first:.1} and {second:.1} % of \
         their variance. Distance from the origin: {}; 0 is at {begins:.4} radians, and each digit {} radians further than the one before.",
        range(radii),
        range(steps)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sums::tests::{experiment, machine};
    use crate::start;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * (1.0 + b.abs())
    }

    /// Singular values and shares of variance of ten vectors in four channels, as `numpy.linalg.svd` gives them.
    #[test]
    fn components_are_numpys() {
        let vector = |i: usize| (0..4).map(|j| ((i * i + 3 * i * j + 7 * j) % 11) as f64 - 0.5 * i as f64).collect();
        let vectors: Vec<Vec<f64>> = (0..10).map(vector).collect();
        let axes = principal(&centred(&vectors));
        for ((square, _), expected) in axes.iter().zip(SINGULAR) {
            assert!((square.max(0.0).sqrt() - expected).abs() < 1e-6, "{square} {expected}");
        }
        assert!(axes[4..].iter().all(|(square, _)| square.abs() < 1e-9));
        let plane = Plane::of(&vectors);
        let all: f64 = SINGULAR.iter().map(|x| x * x).sum();
        assert!(!plane.is_own);
        for (share, singular) in plane.shares.iter().zip(SINGULAR) {
            assert!((share - singular * singular / all).abs() < 1e-7, "{:?}", plane.shares);
        }
        let squares = |axis: usize| plane.points.iter().map(|point| point[axis] * point[axis]).sum::<f64>();
        assert!((squares(0).sqrt() - SINGULAR[0]).abs() < 1e-6 && (squares(1).sqrt() - SINGULAR[1]).abs() < 1e-6);
    }

    const SINGULAR: [f64; 4] = [15.874_829_775, 9.606_375_252, 8.149_794_385, 5.097_860_887];

    /// The arc that a model is made of comes out of its embedding, whatever channels it is written in.
    #[test]
    fn an_arc_is_seen_in_its_plane() {
        let arc = "model.weights.wte=\"beside(arc(14, 2.5, -1.2, 0.29), zeros(14, 6))\"";
        let experiment = experiment(&[arc]);
        let (mut machine, point) = (machine(), start(experiment.program(), experiment.plan().model(), 1));
        let mut subject = Subject { experiment: &experiment, machine: &mut machine, point: &point };
        let vectors = digits(&mut subject, experiment.world().sums().unwrap());
        let plane = Plane::of(&vectors);
        let Arc { radii, steps, .. } = plane.arc();
        assert!(plane.is_own && (plane.shares[0] + plane.shares[1] - 1.0).abs() < 1e-9, "{plane:?}");
        for (found, expected) in [(radii.0, 2.5), (radii.1, 2.5), (steps.0.abs(), 0.29), (steps.1.abs(), 0.29)] {
            assert!((found - expected).abs() < 1e-6, "{found} for {expected}");
        }
        assert!(about(&plane).contains("Distance from the origin: 2.5000;"), "{}", about(&plane));
    }

    /// The vectors are the rows of the table.
    #[test]
    fn vectors_are_those_of_the_table() {
        let experiment = experiment(&[]);
        let (mut machine, point) = (machine(), start(experiment.program(), experiment.plan().model(), 1));
        let mut subject = Subject { experiment: &experiment, machine: &mut machine, point: &point };
        let vectors = digits(&mut subject, experiment.world().sums().unwrap());
        let table = experiment.program().parameters().into_iter().find(|p| p.name == "transformer.wte.weight").unwrap();
        let rows = point[table.range].chunks(experiment.plan().model().width);
        for (vector, row) in vectors.iter().zip(rows) {
            assert!(vector.iter().zip(row).all(|(a, b)| *a == f64::from(*b)));
        }
        assert_eq!(vectors.len(), 10);
    }

    /// Vectors that are all alike have no variance, and still a picture without odd numbers.
    #[test]
    fn no_vectors_spoil_the_picture() {
        for value in [0.0, 1.0, 1e30] {
            let page = draw(&Plane::of(&vec![vec![value; 3]; 10])).into_string();
            assert!(!page.contains("NaN") && !page.contains("inf"), "{page}");
        }
        let turned = eigen(vec![vec![2.0, 1.0], vec![1.0, 2.0]]);
        let mut values = [turned[0].0, turned[1].0];
        values.sort_by(f64::total_cmp);
        assert!(near(values[0], 1.0) && near(values[1], 3.0));
    }
}
