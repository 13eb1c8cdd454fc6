//! Every listed operation: gradient check in f64, lanes against the reference, the same bits everywhere.

use infimum_kernels::{Executor, Isa, Team, View, ViewMut};

use crate::gradient_check::{TOLERANCE, directional_error, worse};
use crate::laws::samples::{around, fill, ids, numbers};
use crate::operation::{Case, Operands, Operation, Results};
use crate::program::Gradient;
use crate::reference::Reference;
use crate::replay::Replay;
use crate::shape::Shape;

/// One case with numbers for all its operands, in one point.
struct Instance {
    case: Case,
    output: Shape,
    ids: Vec<u16>,
    /// Operand shapes: sequence operands as cut to what the rows need, then weights.
    parts: Vec<Shape>,
}

impl Instance {
    fn new(case: Case) -> Self {
        let output = case.operation.shape(&case.x, &case.w).expect("a case has fitting shapes");
        let needs = |(i, s): (usize, &Shape)| Shape { rows: case.operation.needs(case.rows.clone(), i).len(), ..*s };
        let parts = case.x.iter().enumerate().map(needs).chain(case.w.iter().copied()).collect();
        let ids = if case.alphabet > 0 { ids(case.rows.len(), case.alphabet, 3) } else { vec![] };
        Instance { case, output, ids, parts }
    }

    fn views<'p>(&self, point: &'p [f64]) -> Vec<View<'p, f64>> {
        let mut rest = point;
        let view = |s: &Shape| {
            let (now, later) = rest.split_at(s.len());
            rest = later;
            View::new(now, s.rows, s.channels)
        };
        self.parts.iter().map(view).collect()
    }

    fn operands<'p>(&'p self, point: &'p [f64]) -> Operands<'p, f64> {
        let views = self.views(point);
        let (x, w) = views.split_at(self.case.x.len());
        Operands { x: x.to_vec(), w: w.to_vec(), ids: &self.ids, rows: self.case.rows.clone() }
    }

    fn forward(&self, point: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (rows, saved) = (self.case.rows.len(), self.case.operation.saved());
        let (mut y, mut kept) = (vec![f64::NAN; rows * self.output.channels], vec![f64::NAN; rows * saved]);
        let (y_view, kept_view) =
            (&mut ViewMut::new(&mut y, rows, self.output.channels), &mut ViewMut::new(&mut kept, rows, saved));
        self.case.operation.forward(&self.operands(point), y_view, kept_view);
        (y, kept)
    }

    /// Gradient of `sum r * y` by the whole point.
    fn gradient(&self, point: &[f64], r: &[f64]) -> Vec<f64> {
        let (rows, channels) = (self.case.rows.len(), self.output.channels);
        let (y, saved) = self.forward(point);
        let results = Results {
            y: View::new(&y, rows, channels),
            dy: View::new(r, rows, channels),
            saved: View::new(&saved, rows, self.case.operation.saved()),
        };
        let mut d: Vec<Vec<f64>> = self.parts.iter().map(|s| vec![0.0; s.len()]).collect();
        let mut views: Vec<_> =
            d.iter_mut().zip(&self.parts).map(|(d, s)| ViewMut::new(d, s.rows, s.channels)).collect();
        let (dx, dw) = views.split_at_mut(self.case.x.len());
        self.case.operation.backward(&self.operands(point), &results, dx, dw);
        d.concat()
    }

    /// Worst error over the operands that have a gradient, each checked alone; the gradient of each is multiplied by `slip` first.
    fn error(&self, slip: f64) -> f64 {
        let point = numbers(self.parts.iter().map(|s| s.len()).sum(), 7);
        let r = numbers(self.case.rows.len() * self.output.channels, 8);
        let gradient = self.gradient(&point, &r);
        let (mut start, mut worst) = (0, 0.0);
        let given = if self.case.fixed { self.case.x.len() } else { self.parts.len() };
        for part in &self.parts[..given] {
            let range = start..start + part.len();
            let loss = |x: &[f64]| {
                let mut moved = point.clone();
                moved[range.clone()].copy_from_slice(x);
                self.forward(&moved).0.iter().zip(&r).map(|(y, r)| y * r).sum()
            };
            let slipped: Vec<f64> = gradient[range.clone()].iter().map(|g| g * slip).collect();
            let error = directional_error(loss, &point[range.clone()], &slipped, 10);
            worst = worse(worst, error);
            start = range.end;
        }
        worst
    }
}

#[test]
fn every_operation_passes_the_gradient_check_and_a_wrong_one_fails() {
    for (name, cases) in Operation::all_cases() {
        assert!(cases.len() > 1, "`{name}` needs cases");
        for case in cases {
            let label = format!("{name} {:?} {:?} {:?}", case.operation, case.x, case.rows);
            let instance = Instance::new(case);
            let right = instance.error(1.0);
            assert!(right <= TOLERANCE, "{label}: relative error {right:e}");
            let gradient_is_zero = instance.error(0.0) == 0.0;
            let wrong = instance.error(1.0001);
            assert!(
                gradient_is_zero || wrong > TOLERANCE,
                "{label}: wrong by 1 part in 10,000 and not noticed ({wrong:e})"
            );
        }
    }
}

fn gradient(case: &Case, executor: Executor, isa: Isa, threads: usize, sequences: usize) -> Gradient<f32> {
    let program = around(case).gradient();
    let point: Vec<f32> = numbers(program.weights().parameters(), 9).iter().map(|x| *x as f32).collect();
    Replay::new(&program, executor, isa).gradient(&mut Team::new(threads), &point, sequences, &fill(&program))
}

/// Every case of every operation, for every executor.
fn cases() -> impl Iterator<Item = (&'static str, Case, Executor)> {
    let cases = |(name, cases): (&'static str, Vec<Case>)| cases.into_iter().map(move |case| (name, case));
    let all = Operation::all_cases().into_iter().flat_map(cases);
    all.flat_map(|(name, case)| Executor::ALL.map(|executor| (name, case.clone(), executor)))
}

/// The largest difference, relative to the largest entry.
fn relative(a: &[f32], b: &[f64]) -> f64 {
    let largest = b.iter().fold(0.0, |m: f64, b| m.max(b.abs()));
    a.iter().zip(b).map(|(a, b)| (f64::from(*a) - b).abs() / largest.max(f64::MIN_POSITIVE)).fold(0.0, worse)
}

#[test]
fn every_executor_agrees_with_the_reference_on_every_operation() {
    for (name, case, executor) in cases() {
        let program = around(&case).gradient();
        let point: Vec<f64> = numbers(program.weights().parameters(), 9).iter().map(|x| f64::from(*x as f32)).collect();
        for sequences in [1, 16, 21] {
            let label = format!("{executor}, {name} {:?} {:?}, {sequences} sequences", case.operation, case.rows);
            let reference = Reference::new(&program).gradient(&point, sequences, &fill(&program));
            let found = gradient(&case, executor, Isa::best(), 1, sequences);
            let error = relative(&found.gradient, &reference.gradient);
            assert!(error <= 2e-5, "{label}: {error:e}");
            let loss = (found.loss - reference.loss).abs() / reference.loss.abs().max(1.0);
            assert!(loss <= 2e-5, "{label}: loss {} for {}", found.loss, reference.loss);
            assert!(found.weight == reference.weight || sequences > 1, "{label}: weight");
        }
    }
}

#[test]
fn bits_do_not_depend_on_instruction_set_or_threads() {
    let bits = |g: &Gradient<f32>| g.gradient.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    for (name, case, executor) in cases() {
        let expected = gradient(&case, executor, Isa::best(), 1, 100);
        for (isa, threads) in Isa::available().into_iter().flat_map(|isa| [1, 2, 3, 8].map(|threads| (isa, threads))) {
            let found = gradient(&case, executor, isa, threads, 100);
            assert_eq!(found.loss.to_bits(), expected.loss.to_bits(), "{executor}, {name}, {isa}, {threads} threads");
            assert_eq!(bits(&found), bits(&expected), "{executor}, {name}, {isa}, {threads} threads");
        }
    }
}
