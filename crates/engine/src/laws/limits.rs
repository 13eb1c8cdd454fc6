//! What the builder and the programs made from a program refuse, by name.

use infimum_kernels::{Activation, Executor, Norm, NormKind, Pairs};

use crate::builder::Builder;
use crate::emit::Emit;
use crate::expressions::{Constant, Free, Product, Rows, Transposed};
use crate::families::Families;
use crate::laws::headed::headed;
use crate::laws::samples::{around, decoder};
use crate::operation::Operation;
use crate::plan::vectors_at_most;
use crate::products::Products;
use crate::program::Program;
use crate::rotary::Rotary;
use crate::shape::ShapeError;
use crate::steps::Steps;

const HUGE: usize = usize::MAX;

fn check<T: std::fmt::Debug>(found: Result<T, ShapeError>, message: &str) {
    assert_eq!(found.expect_err(message).to_string(), message);
}

#[test]
fn rates_of_dropout_are_probabilities_below_one() {
    let mut b = Builder::new();
    let x = b.input("x", 5, 4).unwrap();
    for (rate, written) in [(1.0, "1"), (1.5, "1.5"), (-0.1, "-0.1"), (f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
        let message = format!(
            "dropout `drop`: the rate is {written}; it must be at least 0 and below 1 (its operands: x = x [5, 4])"
        );
        check(b.dropout("drop", x, rate), &message);
    }
    assert_eq!(b.dropout("none", x, 0.0), Ok(x));
    assert!(b.dropout("drop", x, 0.999).is_ok());
}

#[test]
fn inputs_hold_something() {
    let mut b = Builder::new();
    for (rows, channels) in [(0, 3), (3, 0), (0, 0)] {
        let message = format!("input `x`: [{rows}, {channels}] holds no number; there must be a row and a channel");
        check(b.input("x", rows, channels), &message);
    }
    for (positions, alphabet) in [(0, 3), (3, 0), (0, 0), (3, 65_537), (3, HUGE)] {
        let message = format!(
            "input `t`: {positions} positions over an alphabet of {alphabet}; there must be at least one position, and 1 \
             to 65536 tokens"
        );
        check(b.ids("t", positions, alphabet), &message);
    }
    assert!(b.ids("t", 1, 65_536).is_ok() && b.input("x", 1, 1).is_ok());
}

#[test]
fn rows_that_are_asked_for_are_there() {
    let program = decoder(5);
    #[allow(clippy::reversed_empty_ranges, reason = "such ranges are what is refused")]
    for (rows, written) in [(3..3, "3..3"), (4..2, "4..2"), (0..6, "0..6"), (7..9, "7..9"), (HUGE..HUGE, "")] {
        let written = if written.is_empty() { format!("{HUGE}..{HUGE}") } else { written.into() };
        let message = format!("rows {written} of `x`: it has rows 0..5, and at least one of them must be asked for");
        check(program.outputs_at(&["x"], rows).map(|_| ()), &message);
    }
}

#[test]
fn what_32_bits_cannot_address_is_refused_before_any_memory_is_taken() {
    let mut b = Builder::new();
    let addressed = "and at most 4294967295 can be addressed; make it smaller";
    let vectors = "lane vectors of sixteen numbers";
    check(
        b.input("x", 1 << 20, 1 << 12),
        &format!("array `x` [1048576, 4096] would need 4296015872 {vectors}, {addressed}"),
    );
    check(
        b.ids("t", 1 << 32, 3),
        &format!("input `t`, with the ids before it, would need 4294967296 positions, {addressed}"),
    );
    let weight = |name: &str, shape: &str, numbers: u128| {
        format!("weight `{name}` {shape}, with the weights before it, would need {numbers} numbers, {addressed}")
    };
    check(b.weight("w", Free { rows: 1 << 16, columns: 1 << 16 }), &weight("w", "[65536, 65536]", 1 << 32));
    let all = HUGE as u128 * HUGE as u128;
    check(b.weight("w", Free { rows: HUGE, columns: HUGE }), &weight("w", &format!("[{HUGE}, {HUGE}]"), all));
    let left = b.weight("left", Free { rows: 1 << 16, columns: 1 }).unwrap();
    let right = b.weight("right", Free { rows: 1, columns: 1 << 16 }).unwrap();
    check(b.weight("w", Product { left, right }), &weight("w", "[65536, 65536]", (1 << 32) + (1 << 17)));
    assert!(b.weight("w", Rows { of: left, first: HUGE, count: 2 }).is_err());
    assert!(b.weight("w", Constant { rows: HUGE, columns: 2, scalars: vec![0.0].into(), frozen: false }).is_err());
    let most = u32::MAX as usize - (1 << 17);
    let most = b.weight("most", Free { rows: 1, columns: most }).unwrap();
    assert!(b.weight("one more", Free { rows: 1, columns: 1 }).is_err());
    assert!(b.weight("a view", Transposed { of: most }).is_ok(), "what has no numbers of its own takes none");
}

#[test]
fn heads_that_do_not_fit_are_refused() {
    let mut b = Builder::new();
    let x = b.input("x", 5, 12).unwrap();
    let operands = "(its operands: x = x [5, 12])";
    for (width, base, reason) in [
        (3, 10.0, "heads of 3 channels; there must be an even number of them, to make pairs"),
        (0, 10.0, "heads of 0 channels; there must be an even number of them, to make pairs"),
        (8, 10.0, "x must have heads of 8 channels"),
        (HUGE - 1, 10.0, "x must have heads of 18446744073709551614 channels"),
        (4, 0.5, "the base is 0.5; it must be finite and at least 1"),
        (4, f64::NAN, "the base is NaN; it must be finite and at least 1"),
        (4, f64::INFINITY, "the base is inf; it must be finite and at least 1"),
    ] {
        let found = b.rotate("turned", x, Rotary { width, base, pairs: Pairs::Half });
        check(found, &format!("rotate `turned`: {reason} {operands}"));
    }
    for (of, heads, width, reason) in [
        (5, 5, 3, "5 heads must divide the channels"),
        (0, 5, 3, "0 heads must divide the channels"),
        (2, 3, 6, "2 heads must divide their 3 readers"),
        (2, 0, 6, "2 heads must divide their 0 readers"),
        (2, 4, 5, "heads of 6 channels do not fit into 5"),
        (1, HUGE, 12, "so many channels cannot be addressed"),
    ] {
        check(b.spread("wider", x, of, heads, width), &format!("spread `wider`: {reason} {operands}"));
    }
    let gain = b.weight("gain", Free { rows: 1, columns: 4 }).unwrap();
    for (heads, reason) in [(5, "5 heads must divide the channels"), (2, "the gain must be [1, 6]")] {
        let norm = Norm { kind: NormKind::Rms, epsilon: 1e-5 };
        let message = format!("normalise_heads `normed`: {reason} (its operands: x = x [5, 12], gain = gain [1, 4])");
        check(b.head_norm("normed", x, norm, gain, heads), &message);
    }
}

/// Each array can be addressed, all together cannot.
#[test]
fn a_program_that_cannot_be_planned_is_refused() {
    let chain = |rows: usize| {
        let mut b = Builder::new();
        let mut x = b.input("x", rows, 127).unwrap();
        for layer in 0..6 {
            x = b.activation(&format!("{layer}"), x, Activation::Relu).unwrap();
        }
        let reduce = b.weight("reduce", Free { rows: 127, columns: 1 }).unwrap();
        let nats = b.linear("nats", x, reduce, None).unwrap();
        b.finish(nats, "weights", 0..1).map(|_| ())
    };
    assert_eq!(chain(1 << 20), Ok(()));
    let message = chain(1 << 22).unwrap_err().to_string();
    assert!(message.starts_with("the program would need ") && message.contains("4294967295"), "{message}");
}

/// A program in which what the norms save is a large part of the memory.
fn norms() -> Program {
    let mut b = Builder::new();
    let input = b.input("x", 100, 8).unwrap();
    let rows = b.weight("rows", Free { rows: 100, columns: 8 }).unwrap();
    let mut x = b.add_rows("sum", input, rows).unwrap();
    for layer in 0..10 {
        x = b.norm(&format!("{layer}"), x, Norm { kind: NormKind::Rms, epsilon: 1e-5 }, None, None).unwrap();
    }
    let reduce = b.weight("reduce", Free { rows: 8, columns: 1 }).unwrap();
    let nats = b.linear("nats", x, reduce, None).unwrap();
    b.finish(nats, "weights", 0..100).unwrap()
}

/// The bound that is checked when a program is built holds for what its derived programs are emitted into.
#[test]
fn no_derived_program_needs_more_than_was_checked() {
    let emitted = |program: &Program, replayed: (Executor, Products)| {
        let program = program.resolved();
        let wide = replayed.0 == Executor::Wide;
        let steps = Steps::side_by_side(&program, if wide { 16 } else { 1 });
        let draft = Emit::program(&program, &steps, &Families::new(&program, &steps), replayed, &[]);
        draft.buffers.last().map_or(0, |b| u128::from(b.base) + u128::from(b.vectors))
    };
    let cases = Operation::all_cases().into_iter().flat_map(|(_, cases)| cases);
    for program in cases.map(|case| around(&case)).chain([decoder(2), decoder(9), headed(9), norms()]) {
        let most = vectors_at_most(&program);
        let rows = program.sites().map(|s| program.shape_of(s).unwrap().rows).min().unwrap();
        let all = program.outputs_at(&program.sites().collect::<Vec<_>>(), 0..rows).unwrap();
        let one = program.one_position(&program.sites().collect::<Vec<_>>()).unwrap();
        for derived in [program.gradient(), program.without_dropout().gradient(), all, one] {
            let replayed = Executor::ALL.map(|executor| (executor, Products::F32));
            for (executor, products) in replayed.into_iter().chain([(Executor::Wide, Products::Bf16)]) {
                let emitted = emitted(&derived, (executor, products));
                assert!(emitted <= most, "{executor}, {products}: {emitted} of at most {most}");
            }
        }
    }
}
