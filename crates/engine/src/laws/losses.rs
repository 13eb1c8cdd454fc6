//! Programs whose loss is the sum of several.

use infimum_kernels::{Executor, Isa, Team};

use crate::builder::Builder;
use crate::expressions::Free;
use crate::gradient_check::{TOLERANCE, directional_error};
use crate::laws::samples::{decoder, fill, numbers, two_headed, two_heads};
use crate::program::{Feed, Gradient, Program};
use crate::reference::Reference;
use crate::replay::Replay;

fn point(program: &Program) -> Vec<f64> {
    numbers(program.weights().parameters(), 11).iter().map(|x| 0.5 * x).collect()
}

/// Of three sequences, with the loss weights of each loss multiplied by a factor.
fn gradient(program: &Program, point: &[f64], factors: [f32; 2]) -> Gradient<f64> {
    Reference::new(program).gradient(point, 3, &weighed(program, factors))
}

fn weighed(program: &Program, factors: [f32; 2]) -> impl Fn(usize, &mut Feed) + Sync + '_ {
    let inputs = ["weights", "class.weights"].map(|name| program.input_index(name).unwrap());
    move |sequence, feed| {
        fill(program)(sequence, feed);
        for (input, factor) in inputs.into_iter().zip(factors) {
            feed.arrays[input].iter_mut().for_each(|w| *w *= factor);
        }
    }
}

#[test]
fn every_loss_has_its_sums_and_all_together_are_the_loss() {
    let program = two_headed(6).gradient();
    let point = point(&program);
    let both = gradient(&program, &point, [1.0, 1.0]);
    let [token, class] = [[1.0, 0.0], [0.0, 1.0]].map(|factors| gradient(&program, &point, factors));
    assert_eq!(both.of_losses, [token.of_losses[0], class.of_losses[1]]);
    assert_eq!((both.loss, both.weight), (token.loss + class.loss, token.weight + class.weight));
    for ((sum, a), b) in both.gradient.iter().zip(&token.gradient).zip(&class.gradient) {
        assert!((sum - a - b).abs() <= 1e-12 * (a.abs() + b.abs() + 1.0));
    }
    let narrow: Vec<f32> = point.iter().map(|x| *x as f32).collect();
    for executor in Executor::ALL {
        let mut replay = Replay::new(&program, executor, Isa::best());
        let found = replay.gradient(&mut Team::new(2), &narrow, 3, &fill(&program));
        for (found, expected) in found.of_losses.iter().zip(&both.of_losses) {
            let near = |a: f64, b: f64| (a - b).abs() <= 2e-5 * b.abs().max(1.0);
            assert!(near(found.loss, expected.loss) && near(found.weight, expected.weight), "{executor}: {found:?}");
        }
    }
}

/// A second loss of no weight changes no bit of the first one's gradient, and has none itself.
#[test]
fn a_loss_without_weight_changes_nothing() {
    let (one, two) = (decoder(6).gradient(), two_headed(6).gradient());
    let point: Vec<f32> = point(&two).iter().map(|x| *x as f32).collect();
    let shared = one.weights().parameters();
    for executor in Executor::ALL {
        let run = |program: &Program, source: &(dyn Fn(usize, &mut Feed) + Sync)| {
            let mut replay = Replay::new(program, executor, Isa::best());
            replay.gradient(&mut Team::new(1), &point[..program.weights().parameters()], 19, &source)
        };
        let alone = run(&one, &|sequence, feed| copied(&one, &two, sequence, feed));
        let beside = run(&two, &weighed(&two, [1.0, 0.0]));
        assert_eq!(alone.gradient, beside.gradient[..shared], "{executor}");
        assert!(beside.gradient[shared..].iter().all(|x| *x == 0.0), "{executor}");
        assert_eq!((alone.loss, alone.weight), (beside.loss, beside.weight), "{executor}");
    }
}

/// Fills a feed of `one` with what `other` gets under the same names.
fn copied(one: &Program, other: &Program, sequence: usize, feed: &mut Feed) {
    let mut whole = other.feed();
    fill(other)(sequence, &mut whole);
    for (to, input) in feed.ids.iter_mut().zip(one.ids()) {
        to.clone_from(&whole.ids[other.ids_index(&input.name).unwrap()]);
    }
    for (to, (name, _)) in feed.arrays.iter_mut().zip(one.inputs()) {
        to.clone_from(&whole.arrays[other.input_index(name).unwrap()]);
    }
}

/// What the gradient check is for: a gradient that leaves out one of the losses does not pass.
#[test]
fn a_gradient_without_one_of_the_losses_fails_the_gradient_check() {
    let program = two_headed(6).gradient();
    let point = point(&program);
    let loss = |p: &[f64]| gradient(&program, p, [1.0, 1.0]).loss;
    let whole = gradient(&program, &point, [1.0, 1.0]).gradient;
    assert!(directional_error(loss, &point, &whole, 10) <= TOLERANCE);
    for factors in [[1.0, 0.0], [0.0, 1.0], [1.0, 0.999]] {
        let wrong = gradient(&program, &point, factors).gradient;
        let error = directional_error(loss, &point, &wrong, 10);
        assert!(error.is_nan() || error > TOLERANCE, "{factors:?}: {error:e}");
    }
}

#[test]
fn losses_that_cannot_be_several_are_refused() {
    let refused = |b: Builder, losses: &[(crate::program::Value, &str)]| {
        b.finish_all(losses, 3..6).map(|_| ()).unwrap_err().to_string()
    };
    let (b, _) = two_heads(6);
    assert!(refused(b, &[]).contains("there is none"));
    let (b, [token, _]) = two_heads(6);
    assert!(refused(b, &[token, (token.0, "class.weights")]).contains("`nats` is one of several"));
    let (mut b, [token, class]) = two_heads(6);
    b.add("sum", token.0, class.0).unwrap();
    assert!(refused(b, &[token, class]).contains("nothing reads"));
    let (mut b, [token, class]) = two_heads(6);
    let dropped = b.dropout("dropped", class.0, 0.5).unwrap();
    assert!(refused(b, &[(dropped, "class.weights"), token]).contains("`dropped`"));
    let (mut b, [token, class]) = two_heads(6);
    let w = b.weight("two", Free { rows: 1, columns: 2 }).unwrap();
    let wide = b.linear("wide", class.0, w, None).unwrap();
    assert!(refused(b, &[token, (wide, "class.weights")]).contains("[6, 2] cannot carry loss"));
}
