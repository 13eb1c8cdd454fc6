//! Programs made from a program, in every order: both executors agree on them, and orders that mean the same give the same.

use std::sync::Mutex;

use infimum_kernels::{Executor, Isa, Team};

use crate::builder::Builder;
use crate::expressions::{Free, Transposed};
use crate::laws::samples::{ids, numbers};
use crate::program::{Feed, Goal, Program};
use crate::reference::Reference;
use crate::replay::Replay;
use crate::shape::ShapeError;
use crate::steps::Steps;
use crate::{Activation, Norm, NormKind};

/// A decoder of 3 positions with a dropout before everything, one whose operand others read, too, and one of a dropout.
fn decoder() -> Program {
    let mut b = Builder::new();
    let (tokens, targets) = (b.ids("tokens", 3, 4).unwrap(), b.ids("targets", 3, 4).unwrap());
    let mut free = |name: &str, rows, columns| b.weight(name, Free { rows, columns }).unwrap();
    let (wte, gain) = (free("wte", 4, 6), free("gain", 1, 6));
    let [wq, wk, wv] = ["wq", "wk", "wv"].map(|name| free(name, 6, 6));
    let head = b.weight("head", Transposed { of: wte }).unwrap();
    let embedding = b.embed("embedding", tokens, wte).unwrap();
    let x = b.dropout("drop", embedding, 0.5).unwrap();
    let norm = b.norm("norm", x, Norm { kind: NormKind::Rms, epsilon: 1e-5 }, Some(gain), None).unwrap();
    let [q, k, v] = [("q", wq), ("k", wk), ("v", wv)].map(|(name, w)| b.linear(name, norm, w, None).unwrap());
    let y = b.attention("y", q, k, v, 2).unwrap();
    let middle = b.add("middle", x, y).unwrap();
    let act = b.activation("act", middle, Activation::GeluTanh).unwrap();
    let once = b.dropout("once", act, 0.25).unwrap();
    let twice = b.dropout("twice", once, 0.25).unwrap();
    let sum = b.add("sum", middle, twice).unwrap();
    let last = b.add("last", sum, act).unwrap();
    let logits = b.linear("logits", last, head, None).unwrap();
    let nats = b.cross_entropy("nats", logits, targets).unwrap();
    b.finish(nats, "weights", 1..3).unwrap()
}

/// One way to make a program from another.
#[derive(Clone, Debug, PartialEq)]
enum Way {
    Outputs(String),
    FirstRow(String),
    Gradient,
    WithoutDropout,
    Replace(String),
}

impl Way {
    fn all(program: &Program) -> Vec<Way> {
        let of = |way: fn(String) -> Way| program.sites().map(move |site| way(site.into()));
        let sites = of(Way::Outputs).chain(of(Way::FirstRow)).chain(of(Way::Replace));
        sites.chain([Way::Gradient, Way::WithoutDropout]).collect()
    }

    fn make(&self, program: &Program) -> Result<Program, ShapeError> {
        match self {
            Way::Outputs(site) => program.outputs(&[site]),
            Way::FirstRow(site) => program.outputs_at(&[site], 0..1),
            Way::Gradient => Ok(program.gradient()),
            Way::WithoutDropout => Ok(program.without_dropout()),
            Way::Replace(site) => program.replace(site),
        }
    }

    fn sets_the_goal(&self) -> bool {
        matches!(self, Way::Outputs(_) | Way::FirstRow(_) | Way::Gradient)
    }

    fn reads_a_mask(&self) -> bool {
        matches!(self, Way::Outputs(s) | Way::FirstRow(s) | Way::Replace(s) if s.ends_with(".mask"))
    }
}

/// Each input has numbers of its own, whatever its place in the feed.
fn fill(program: &Program) -> impl Fn(usize, &mut Feed) + Sync + '_ {
    let seed = |name: &str| name.bytes().fold(17, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
    move |sequence, feed| {
        for (to, input) in feed.ids.iter_mut().zip(program.ids()) {
            *to = ids(input.positions, input.alphabet, seed(&input.name) + sequence as u64);
        }
        for (to, (name, size)) in feed.arrays.iter_mut().zip(program.inputs()) {
            *to = numbers(size.len(), seed(name) + sequence as u64).iter().map(|x| *x as f32).collect();
        }
    }
}

fn point(program: &Program) -> Vec<f32> {
    numbers(program.weights().parameters(), 4).iter().map(|x| 0.5 * *x as f32).collect()
}

/// All that the reference gives for 2 sequences: outputs one after another, or loss, weight and gradient.
fn by_reference(program: &Program) -> Vec<f64> {
    let point: Vec<f64> = point(program).iter().map(|x| f64::from(*x)).collect();
    let reference = Reference::new(program);
    if program.goal == Goal::Gradient {
        let g = reference.gradient(&point, 2, &fill(program));
        return [vec![g.loss, g.weight], g.gradient].concat();
    }
    let mut all = vec![];
    reference.outputs(&point, 2, &fill(program), &mut |_, arrays| all.extend(arrays.concat()));
    all
}

fn by_replay(program: &Program, executor: Executor) -> Vec<f64> {
    let (mut replay, mut team) = (Replay::new(program, executor, Isa::best()), Team::new(1));
    if program.goal == Goal::Gradient {
        let g = replay.gradient(&mut team, &point(program), 2, &fill(program));
        return [g.loss, g.weight].into_iter().chain(g.gradient.iter().map(|x| f64::from(*x))).collect();
    }
    let all = Mutex::new(vec![]);
    let sink = |_, arrays: &[&[f32]]| all.lock().unwrap().extend(arrays.concat().into_iter().map(f64::from));
    replay.outputs(&mut team, &point(program), 2, &fill(program), &sink);
    all.into_inner().unwrap()
}

fn assert_agree(program: &Program, what: &str) -> Vec<f64> {
    let reference = by_reference(program);
    let largest = reference.iter().fold(1e-3, |largest: f64, x| largest.max(x.abs()));
    for executor in Executor::ALL {
        let found = by_replay(program, executor);
        assert_eq!(found.len(), reference.len(), "{executor}, {what}");
        for (a, b) in found.iter().zip(&reference) {
            assert!((a - b).abs() <= 2e-5 * largest, "{executor}, {what}: {a} for {b}");
        }
    }
    reference
}

/// What a composition gives; nothing if it is refused, which only a site that is gone may be.
fn compose(program: &Program, first: &Way, second: &Way) -> Option<Vec<f64>> {
    let what = format!("{first:?}, then {second:?}");
    match first.make(program).and_then(|p| second.make(&p)) {
        Ok(program) => Some(assert_agree(&program, &what)),
        Err(error) => {
            assert!(*first == Way::WithoutDropout && second.reads_a_mask(), "{what}: {error}");
            assert!(error.to_string().starts_with("there is no site `"), "{what}: {error}");
            None
        }
    }
}

#[test]
fn programs_are_made_from_each_other_in_any_order() {
    let program = decoder();
    let ways = Way::all(&program);
    for (i, first) in ways.iter().enumerate() {
        for second in &ways[..=i] {
            let (one, other) = (compose(&program, first, second), compose(&program, second, first));
            let both_set_the_goal = first.sets_the_goal() && second.sets_the_goal();
            if !both_set_the_goal && one.is_some() && other.is_some() {
                assert_eq!(one, other, "{first:?} and {second:?} in both orders");
            }
        }
    }
}

#[test]
fn a_removed_dropout_is_what_it_multiplied() {
    let program = decoder().without_dropout();
    let read = |site: &str| by_reference(&program.outputs(&[site]).unwrap());
    assert_eq!(read("drop"), read("embedding"));
    assert_eq!([read("once"), read("twice")], [read("act"), read("act")]);
    let steps = Steps::new(&program.gradient());
    assert_eq!(steps.rows_of(&program, "twice"), Some(1..3), "as of `act`");
    let sites: Vec<&str> = program.sites().collect();
    assert!(sites.contains(&"twice") && !sites.contains(&"twice.mask"), "{sites:?}");
    assert_eq!(program.inputs().map(|(name, _)| name).collect::<Vec<_>>(), ["weights"]);
}

/// Replaced after the dropout is gone, a site reaches what followed the dropout, and not what else reads its operand.
#[test]
fn replacing_a_removed_dropout_replaces_what_its_readers_read() {
    let replaced = decoder().without_dropout().replace("once").unwrap();
    let read = |program: &Program, site: &str| by_reference(&program.outputs(&[site]).unwrap());
    assert_eq!(read(&replaced, "twice"), read(&replaced, "once"));
    assert_eq!(read(&replaced, "act"), read(&decoder().without_dropout(), "act"));
    assert_ne!(read(&replaced, "twice"), read(&replaced, "act"));
}

#[test]
fn a_program_may_have_no_output() {
    assert_eq!(assert_agree(&decoder().outputs(&[]).unwrap(), "no output"), Vec::<f64>::new());
}

/// The kernel of the gradient of attention adds to q's gradient and to k's at the same time.
#[test]
fn queries_that_are_keys_without_dropout_are_refused() {
    let mut b = Builder::new();
    let x = b.input("x", 3, 4).unwrap();
    let dropped = b.dropout("dropped", x, 0.5).unwrap();
    let again = b.dropout("again", x, 0.5).unwrap();
    for (q, k, v) in [(x, dropped, again), (dropped, x, again), (dropped, again, x)] {
        let error = b.attention("y", q, k, v, 1).unwrap_err().to_string();
        assert!(error.contains("q must be an array of its own, even without dropout"), "{error}");
    }
}
