//! Laws of whole programs: gradient, pruning, prefix rule, sites, dropout, messages.

use std::ops::Range;
use std::sync::Mutex;

use infimum_kernels::{Executor, Instruction, Isa, Team};

use crate::builder::Builder;
use crate::emit::Emit;
use crate::expressions::{Free, Product};
use crate::families::Families;
use crate::gradient_check::{TOLERANCE, directional_error};
use crate::laws::headed::headed;
use crate::laws::samples::{around, decoder, fill, numbers, two_headed};
use crate::operation::Operation;
use crate::plan::plan;
use crate::products::Products;
use crate::program::{Feed, Gradient, Program};
use crate::reference::Reference;
use crate::replay::Replay;
use crate::steps::Steps;
use crate::{Norm, NormKind};

fn point(program: &Program) -> Vec<f32> {
    numbers(program.weights().parameters(), 11).iter().map(|x| 0.5 * *x as f32).collect()
}

fn wide(point: &[f32]) -> Vec<f64> {
    point.iter().map(|x| f64::from(*x)).collect()
}

/// All outputs of each sequence, in f32.
fn outputs(
    program: &Program,
    executor: Executor,
    sequences: usize,
    source: &(dyn Fn(usize, &mut Feed) + Sync),
) -> Vec<Vec<Vec<f32>>> {
    let collected = Mutex::new(vec![vec![]; sequences]);
    let sink = |s: usize, arrays: &[&[f32]]| collected.lock().unwrap()[s] = arrays.iter().map(|a| a.to_vec()).collect();
    let mut replay = Replay::new(program, executor, Isa::best());
    replay.outputs(&mut Team::new(2), &point(program), sequences, &source, &sink);
    collected.into_inner().unwrap()
}

/// Of four sequences, in f32.
fn gradient(program: &Program, executor: Executor) -> Gradient<f32> {
    Replay::new(program, executor, Isa::best()).gradient(&mut Team::new(1), &point(program), 4, &fill(program))
}

fn bits(x: &[f32]) -> Vec<u32> {
    x.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn the_gradient_of_a_decoder_passes_the_gradient_check() {
    for program in [decoder(6).gradient(), headed(6).gradient(), two_headed(6).gradient()] {
        let reference = Reference::new(&program);
        let point = wide(&point(&program));
        let at = |p: &[f64]| reference.gradient(p, 2, &fill(&program));
        let error = directional_error(|p| at(p).loss, &point, &at(&point).gradient, 10);
        assert!(error <= TOLERANCE, "relative error {error:e}");
    }
}

#[test]
fn every_executor_agrees_with_the_reference_on_a_decoder() {
    [decoder(9), headed(9), two_headed(9)].iter().for_each(agree);
}

/// What the gain of a norm is multiplied into takes its place, far behind it, so that there are two ranges of gradients.
#[test]
fn every_executor_agrees_with_the_reference_where_gradients_are_far_apart() {
    let mut b = Builder::new();
    let (tokens, targets) = (b.ids("tokens", 17, 5).unwrap(), b.ids("targets", 17, 5).unwrap());
    let free = |b: &mut Builder, name: &str, rows, columns| b.weight(name, Free { rows, columns }).unwrap();
    let (table, gain) = (free(&mut b, "table", 5, 66), free(&mut b, "gain", 1, 66));
    let x = b.embed("x", tokens, table).unwrap();
    let h = b.norm("h", x, Norm { kind: NormKind::Rms, epsilon: 1e-5 }, Some(gain), None).unwrap();
    let (up, head) = (free(&mut b, "up", 66, 66), free(&mut b, "head", 66, 5));
    let y = b.linear("y", h, up, None).unwrap();
    let logits = b.linear("logits", y, head, None).unwrap();
    let nats = b.cross_entropy("nats", logits, targets).unwrap();
    let program = b.finish(nats, "weights", 0..17).unwrap();
    let folded = program.gradient().folded();
    for executor in Executor::ALL {
        let ranges = plan(&folded, &Steps::new(&folded), executor, Products::F32).gradients();
        assert_eq!(ranges.len(), 2, "{ranges:?}");
    }
    agree(&program);
}

fn agree(program: &Program) {
    let program = program.gradient();
    let point = point(&program);
    let reference = Reference::new(&program).gradient(&wide(&point), 37, &fill(&program));
    for (executor, p) in Executor::ALL.into_iter().flat_map(|e| program.parameters().into_iter().map(move |p| (e, p))) {
        let mut replay = Replay::new(&program, executor, Isa::best());
        let found = replay.gradient(&mut Team::new(2), &point, 37, &fill(&program));
        let (a, b) = (&found.gradient[p.range.clone()], &reference.gradient[p.range.clone()]);
        let largest = b.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
        let error = a.iter().zip(b).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max) / largest;
        assert!(error <= 2e-5 && a.iter().all(|x| x.is_finite()), "{executor}, {}: {error:e}", p.name);
    }
}

/// Every product with a weight takes rounded operands and nothing else changes: the gradient is off by about the `2^-9`
/// that an operand is rounded by, not by less.
#[test]
fn products_of_rounded_operands_are_near_the_reference() {
    let program = decoder(9).gradient();
    let point = point(&program);
    let mut replay = Replay::with_products(&program, Executor::Wide, Products::Bf16, Isa::best());
    for instruction in replay.script().instructions() {
        match instruction {
            Instruction::Linear(k) => assert!(k.rounded.is_some(), "{k:?}"),
            Instruction::Outer(k) => assert!(k.rounded.is_some(), "{k:?}"),
            _ => {}
        }
    }
    let reference = Reference::new(&program).gradient(&wide(&point), 37, &fill(&program)).gradient;
    let found = replay.gradient(&mut Team::new(2), &point, 37, &fill(&program)).gradient;
    let squares = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>();
    let difference = squares(&mut found.iter().zip(&reference).map(|(a, b)| f64::from(*a) - b));
    let error = (difference / squares(&mut reference.iter().copied())).sqrt();
    assert!((3e-4..1.5e-2).contains(&error), "{error:e}");
}

#[test]
fn threads_and_instruction_sets_change_no_bit_of_a_decoder() {
    let replayed = Executor::ALL.map(|executor| (executor, Products::F32));
    let replayed = replayed.into_iter().chain([(Executor::Wide, Products::Bf16)]);
    let programs = [decoder(9).gradient(), headed(9).gradient(), two_headed(9).gradient()];
    for (program, (executor, products)) in replayed.flat_map(|r| programs.clone().map(|program| (program, r))) {
        let run = |isa, threads| {
            let mut replay = Replay::with_products(&program, executor, products, isa);
            replay.gradient(&mut Team::new(threads), &point(&program), 150, &fill(&program))
        };
        let expected = run(Isa::best(), 1);
        for (isa, threads) in Isa::available().into_iter().flat_map(|isa| [1, 2, 3, 8].map(|threads| (isa, threads))) {
            let found = run(isa, threads);
            let label = format!("{executor}, {products}, {isa}, {threads} threads");
            assert_eq!(bits(&found.gradient), bits(&expected.gradient), "{label}");
        }
    }
}

/// A decoder of so many positions.
type Make = fn(usize) -> Program;

/// A decoder of `positions` positions, its first ones fed with what the one of 12 positions would get.
fn prefix_logits(
    (make, executor): (Make, Executor),
    positions: usize,
    rows: Range<usize>,
    sequence: usize,
    neighbours: usize,
) -> Vec<f32> {
    let program = make(positions).without_dropout().outputs_at(&["logits"], rows).unwrap();
    let long = make(12).without_dropout();
    let source = |s: usize, feed: &mut Feed| {
        let mut whole = long.feed();
        fill(&long)(if s == sequence { 1000 } else { s }, &mut whole);
        feed.ids.iter_mut().zip(&whole.ids).for_each(|(to, from)| to.copy_from_slice(&from[..positions]));
    };
    outputs(&program, executor, neighbours, &source)[sequence][0].clone()
}

#[test]
fn a_position_has_the_same_bits_whatever_surrounds_it() {
    for (make, executor) in
        [decoder as Make, headed, two_headed].into_iter().flat_map(|make| Executor::ALL.map(|e| (make, e)))
    {
        let expected = prefix_logits((make, executor), 12, 0..12, 0, 1);
        for (positions, rows) in [(12, 3..5), (7, 0..7), (7, 6..7), (5, 2..4), (1, 0..1)] {
            for (sequence, neighbours) in [(0, 1), (3, 16), (15, 16), (17, 20)] {
                let got = prefix_logits((make, executor), positions, rows.clone(), sequence, neighbours);
                let same = &expected[rows.start * 7..rows.end * 7];
                let label = format!("{executor}, {positions} positions, rows {rows:?}, {sequence} of {neighbours}");
                assert_eq!(bits(&got), bits(same), "{label}");
            }
        }
    }
}

#[test]
fn operands_come_before_what_reads_them() {
    for program in [decoder(8), headed(8)] {
        let sites: Vec<&str> = program.sites().collect();
        for (place, site) in sites.iter().enumerate() {
            let operands = program.operands(site).unwrap();
            assert!(operands.iter().all(|operand| sites[..place].contains(operand)), "{site} reads {operands:?}");
            assert!(program.replace(site).unwrap().operands(site).unwrap().is_empty(), "{site} is an input then");
        }
        assert_eq!(program.operands("nats").unwrap(), ["logits"]);
    }
}

/// Every site of every law program, with dropout and without.
#[test]
fn replacing_a_site_by_itself_changes_no_bit() {
    let cases = Operation::all_cases().into_iter().flat_map(|(_, cases)| cases);
    let programs =
        cases.map(|case| around(&case)).chain([decoder(8), decoder(8).without_dropout(), headed(8), two_headed(8)]);
    for (program, executor) in programs.flat_map(|program| Executor::ALL.map(|executor| (program.clone(), executor))) {
        let nats = program.outputs(&["nats"]).unwrap();
        let expected = outputs(&nats, executor, 3, &fill(&program));
        for site in program.sites() {
            let rows = 0..program.shape_of(site).unwrap().rows;
            let read = outputs(&program.outputs_at(&[site], rows).unwrap(), executor, 3, &fill(&program));
            let replaced = nats.replace(site).unwrap();
            let source = |s: usize, feed: &mut Feed| {
                let mut plain = program.feed();
                fill(&program)(s, &mut plain);
                feed.ids = plain.ids;
                feed.arrays[..plain.arrays.len()].clone_from_slice(&plain.arrays);
                feed.arrays[replaced.input_index(site).unwrap()].clone_from(&read[s][0]);
            };
            let got = outputs(&replaced, executor, 3, &source);
            (0..3).for_each(|s| assert_eq!(bits(&got[s][0]), bits(&expected[s][0]), "{executor}, {site}"));
        }
    }
}

/// Inputs are f32, so what the reference reads at a site comes back rounded: it takes exactly that, and its loss moves by no
/// more than roundings.
#[test]
fn the_reference_takes_what_replaces_a_site() {
    let cases = Operation::all_cases().into_iter().flat_map(|(_, cases)| cases);
    for program in cases.map(|case| around(&case)).chain([decoder(8), decoder(8).without_dropout(), headed(8)]) {
        let point = wide(&point(&program));
        let read = |program: &Program, feed: &Feed| {
            let (mut told, source) = (vec![], |_: usize, to: &mut Feed| to.clone_from(feed));
            let mut keep = |_: usize, arrays: &[&[f64]]| told = arrays.iter().map(|a| a.to_vec()).collect();
            Reference::new(program).outputs(&point, 1, &source, &mut keep);
            told
        };
        let mut feed = program.feed();
        fill(&program)(0, &mut feed);
        let (rows, nats) = (0..program.shape_of("nats").unwrap().rows, program.scored());
        for site in program.sites() {
            let both = |program: &Program| program.outputs_at(&[site, "nats"], rows.clone()).unwrap();
            let plain = read(&both(&program), &feed);
            let replaced = both(&program.replace(site).unwrap());
            let rounded: Vec<f32> = plain[0].iter().map(|x| *x as f32).collect();
            let mut given = replaced.feed();
            given.ids.clone_from(&feed.ids);
            given.arrays[..feed.arrays.len()].clone_from_slice(&feed.arrays);
            given.arrays[replaced.input_index(site).unwrap()].clone_from(&rounded);
            let told = read(&replaced, &given);
            assert_eq!(told[0], wide(&rounded), "{site}");
            for t in nats.clone() {
                let (a, b) = (told[1][t], plain[1][t]);
                assert!((a - b).abs() <= 1e-5 * b.abs().max(1.0), "{site}, position {t}: {a} for {b}");
            }
        }
    }
}

#[test]
fn without_dropout_is_dropout_with_masks_of_one() {
    let program = decoder(5);
    assert_eq!(program.masks().len(), 3);
    let source = |s: usize, feed: &mut Feed| {
        fill(&program)(s, feed);
        program.masks().iter().for_each(|m| feed.arrays[program.input_index(&m.name).unwrap()].fill(1.0));
    };
    let ones = outputs(&program.outputs(&["logits"]).unwrap(), Executor::Lanes, 2, &source);
    let without = program.without_dropout();
    let none = outputs(&without.outputs(&["logits"]).unwrap(), Executor::Lanes, 2, &fill(&without));
    assert_eq!(bits(&ones[1][0]), bits(&none[1][0]));
}

#[test]
fn pruning_keeps_only_rows_that_the_loss_needs() {
    let program = decoder(8).gradient();
    let steps = Steps::new(&program);
    let rows = |site: &str| steps.rows_of(&program, site).unwrap();
    assert_eq!([rows("logits"), rows("1.q"), rows("1.act"), rows("1.middle")], [4..8, 4..8, 4..8, 4..8]);
    assert_eq!([rows("1.k"), rows("0.q"), rows("0.x"), rows("x")], [0..8, 0..8, 0..8, 0..8]);
    let head = program.outputs_at(&["0.fc"], 2..3).unwrap();
    assert_eq!(Steps::new(&head).rows_of(&head, "1.q"), Some(0..0));
    assert_eq!(Steps::new(&head).rows_of(&head, "0.q"), Some(2..3));
}

#[test]
fn the_residual_stream_is_one_gradient_place() {
    let program = decoder(8).gradient();
    let steps = Steps::new(&program);
    let families = Families::new(&program, &steps);
    let emitted = Emit::program(&program, &steps, &families, (Executor::Lanes, Products::F32), &[]);
    let copies =
        emitted.instructions.iter().filter(|i| matches!(i, Instruction::Accumulate(_) | Instruction::Zero(_))).count();
    assert_eq!(copies, 0, "no gradient is copied or zeroed");
}

/// `nats = (x + f(x)) . r` in ways in which a shared gradient place would be wrong.
#[test]
fn gradients_do_not_share_a_place_where_that_is_wrong() {
    type Make = fn(&mut Builder, crate::Value) -> crate::Value;
    let makes: [(&str, Make); 4] = [
        ("f(x) right before the sum", |b, x| {
            let f = b.activation("f", x, crate::Activation::GeluErf).unwrap();
            b.add("sum", x, f).unwrap()
        }),
        ("x + x", |b, x| b.add("sum", x, x).unwrap()),
        ("both sides used again", |b, x| {
            let f = b.activation("f", x, crate::Activation::GeluErf).unwrap();
            let sum = b.add("s", x, f).unwrap();
            let g = b.multiply("g", f, x).unwrap();
            b.add("sum", sum, g).unwrap()
        }),
        ("sum of sums", |b, x| {
            let one = b.add("one", x, x).unwrap();
            let two = b.add("two", one, x).unwrap();
            b.add("sum", two, one).unwrap()
        }),
    ];
    for (what, make) in makes {
        let mut b = Builder::new();
        let input = b.input("input", 5, 3).unwrap();
        let free = b.weight("free", Free { rows: 5, columns: 3 }).unwrap();
        let x = b.add_rows("x", input, free).unwrap();
        let sum = make(&mut b, x);
        let reduce = b.weight("reduce", Free { rows: 3, columns: 1 }).unwrap();
        let nats = b.linear("nats", sum, reduce, None).unwrap();
        let program = b.finish(nats, "weights", 1..4).unwrap().gradient();
        let point = point(&program);
        let reference = Reference::new(&program).gradient(&wide(&point), 4, &fill(&program));
        for executor in Executor::ALL {
            let found = gradient(&program, executor);
            for (a, b) in found.gradient.iter().zip(&reference.gradient) {
                assert!((f64::from(*a) - b).abs() <= 1e-5 * b.abs().max(1e-3), "{executor}, {what}: {a} for {b}");
            }
        }
    }
}

/// Attention adds to the gradient of all keys, where the loss asks the other reader of the keys for the last ones only.
#[test]
fn rows_of_a_gradient_that_come_later_start_at_zero() {
    let mut b = Builder::new();
    let input = b.input("input", 5, 4).unwrap();
    let mut part = |name: &str| {
        let w = b.weight(&format!("{name} w"), Free { rows: 4, columns: 4 }).unwrap();
        b.linear(name, input, w, None).unwrap()
    };
    let (q, k, v) = (part("q"), part("k"), part("v"));
    let y = b.attention("y", q, k, v, 2).unwrap();
    let [times_k, times_v] = [("times k", k), ("times v", v)].map(|(name, x)| b.multiply(name, y, x).unwrap());
    let sum = b.add("sum", times_k, times_v).unwrap();
    let reduce = b.weight("reduce", Free { rows: 4, columns: 1 }).unwrap();
    let nats = b.linear("nats", sum, reduce, None).unwrap();
    let program = b.finish(nats, "weights", 3..5).unwrap().gradient();
    let reference = Reference::new(&program).gradient(&wide(&point(&program)), 4, &fill(&program));
    for executor in Executor::ALL {
        for (a, b) in gradient(&program, executor).gradient.iter().zip(&reference.gradient) {
            assert!((f64::from(*a) - b).abs() <= 1e-5 * b.abs().max(1.0), "{executor}: {a} for {b}");
        }
    }
}

/// The gradient of the nats is the loss weights themselves, which are read again for the loss.
#[test]
fn no_gradient_is_added_to_the_loss_weights() {
    let mut b = Builder::new();
    let input = b.input("input", 5, 1).unwrap();
    let free = b.weight("free", Free { rows: 5, columns: 1 }).unwrap();
    let x = b.add_rows("x", input, free).unwrap();
    let f = b.activation("f", x, crate::Activation::GeluErf).unwrap();
    let nats = b.add("nats", x, f).unwrap();
    let program = b.finish(nats, "weights", 1..4).unwrap().gradient();
    let reference = Reference::new(&program).gradient(&wide(&point(&program)), 4, &fill(&program));
    for executor in Executor::ALL {
        let found = gradient(&program, executor);
        for (a, b) in [(found.loss, reference.loss), (found.weight, reference.weight)] {
            assert!((a - b).abs() <= 1e-5, "{executor}: {a} for {b}");
        }
    }
}

#[test]
fn an_audit_lists_each_parameter_once() {
    let program = decoder(6);
    let audit = program.audit();
    assert_eq!(audit.iter().map(|line| line.free).sum::<usize>(), program.weights().parameters());
    let kinds: std::collections::BTreeSet<&str> = audit.iter().map(|line| line.expression).collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["free", "product"], "views have no line of their own");
    let free: Vec<&str> = audit.iter().filter(|line| line.free > 0).map(|line| line.name).collect();
    assert_eq!(free, program.parameters().iter().map(|p| p.name.as_str()).collect::<Vec<_>>());
}

#[test]
fn a_shape_error_names_the_arrays() {
    let mut b = Builder::new();
    let x = b.input("x", 5, 4).unwrap();
    let w = b.weight("head", Free { rows: 3, columns: 7 }).unwrap();
    let error = b.linear("logits", x, w, None).unwrap_err().to_string();
    assert_eq!(error, "linear `logits`: x has 4 channels, w takes 3 (its operands: x = x [5, 4], w = head [3, 7])");
    let error = b.weight("product", Product { left: w, right: w }).unwrap_err().to_string();
    assert_eq!(error, "weight `product`: product: a product of [3, 7] and [3, 7] needs equal inner sizes");
    let error = b.attention("y", x, x, x, 1).unwrap_err().to_string();
    assert!(error.contains("only k and v may be the same"), "{error}");
    assert_eq!(
        b.input("x", 1, 1).unwrap_err().to_string(),
        "the name `x` is given twice; every site, input and weight needs its own"
    );
}
