//! Folding is exact algebra: in f64, a folded program gives the loss and the gradient of the one it was made from.

use crate::builder::Builder;
use crate::expressions::{Free, Product, Transposed};
use crate::laws::headed::headed;
use crate::laws::samples::{decoder, fill, numbers};
use crate::program::Program;
use crate::reference::Reference;
use crate::steps::Steps;
use crate::{Activation, Norm, NormKind, Value, Weight};

const WIDTH: usize = 6;

/// What is between norm and attention.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Keys {
    /// Queries, keys and values of their own.
    Full,
    /// Low-rank products with one factor for all, keys that are the values.
    Shared,
    /// The same as files have them: transposed, keys and values each a product by a weight of its own that is the other's.
    Stored,
}

/// One block of one head, with gains and, if wanted, biases everywhere but around the attention.
fn block(positions: usize, keys: Keys, bias: bool) -> Program {
    let mut b = Builder::new();
    let (tokens, targets) = (b.ids("tokens", positions, 5).unwrap(), b.ids("targets", positions, 5).unwrap());
    let table = free(&mut b, "table", 5, WIDTH);
    let x = b.embed("x", tokens, table).unwrap();
    let h = norm(&mut b, "norm 1", x, false);
    let y = attend(&mut b, h, keys);
    let out = free(&mut b, "out w", WIDTH, WIDTH);
    let out = b.linear("out", y, out, None).unwrap();
    let x = b.add("middle", x, out).unwrap();
    let h = norm(&mut b, "norm 2", x, bias);
    let up = free(&mut b, "up", WIDTH, WIDTH + 1);
    let up_bias = bias.then(|| free(&mut b, "up bias", 1, WIDTH + 1));
    let fc = b.linear("fc", h, up, up_bias).unwrap();
    let act = b.activation("act", fc, Activation::GeluErf).unwrap();
    let head = free(&mut b, "head", WIDTH + 1, 5);
    let logits = b.linear("logits", act, head, None).unwrap();
    let nats = b.cross_entropy("nats", logits, targets).unwrap();
    b.finish(nats, "weights", positions / 2..positions).unwrap()
}

fn free(b: &mut Builder, name: &str, rows: usize, columns: usize) -> Weight {
    b.weight(name, Free { rows, columns }).unwrap()
}

fn norm(b: &mut Builder, site: &str, x: Value, bias: bool) -> Value {
    let gain = free(b, &format!("{site} gain"), 1, WIDTH);
    let bias = bias.then(|| free(b, &format!("{site} bias"), 1, WIDTH));
    b.norm(site, x, Norm { kind: NormKind::Layer, epsilon: 1e-5 }, Some(gain), bias).unwrap()
}

fn attend(b: &mut Builder, h: Value, keys: Keys) -> Value {
    if keys == Keys::Full {
        let mut part = |name: &str| {
            let w = free(b, &format!("{name} w"), WIDTH, WIDTH);
            b.linear(name, h, w, None).unwrap()
        };
        let (q, k, v) = (part("q"), part("k"), part("v"));
        return b.attention("y", q, k, v, 1).unwrap();
    }
    if keys == Keys::Stored {
        return attend_stored(b, h);
    }
    let left = free(b, "left", WIDTH, 2);
    let mut part = |name: &str| {
        let right = free(b, &format!("{name} right"), 2, WIDTH);
        let w = b.weight(&format!("{name} w"), Product { left, right }).unwrap();
        b.linear(name, h, w, None).unwrap()
    };
    let (q, kv) = (part("q"), part("kv"));
    b.attention("y", q, kv, kv, 1).unwrap()
}

fn attend_stored(b: &mut Builder, h: Value) -> Value {
    let right = free(b, "right", 2, WIDTH);
    let [query, key] = ["query", "key"].map(|name| {
        let left = free(b, &format!("{name} left"), WIDTH, 2);
        b.weight(name, Product { left, right }).unwrap()
    });
    let [q, k, v] = [("q", query), ("k", key), ("v", key)].map(|(name, stored)| {
        let w = b.weight(&format!("{name} w"), Transposed { of: stored }).unwrap();
        b.linear(name, h, w, None).unwrap()
    });
    b.attention("y", q, k, v, 1).unwrap()
}

/// The operations that run, by name and channels.
fn operations(program: &Program) -> Vec<String> {
    let lines = Steps::new(program).listing(program);
    lines.iter().map(|l| format!("{} {}", l.operation, l.shape.channels)).collect()
}

fn agree(program: &Program) {
    let program = program.gradient();
    let point: Vec<f64> = numbers(program.weights().parameters(), 11).iter().map(|x| 0.5 * x).collect();
    let at = |program: &Program| Reference::new(program).gradient(&point, 3, &fill(program));
    let (plain, folded) = (at(&program), at(&program.folded()));
    assert!((plain.loss - folded.loss).abs() <= 1e-12 * plain.loss.abs(), "{} for {}", folded.loss, plain.loss);
    let largest = plain.gradient.iter().fold(0.0, |m: f64, g| m.max(g.abs()));
    assert_eq!(plain.gradient.len(), folded.gradient.len());
    for (a, b) in plain.gradient.iter().zip(&folded.gradient) {
        assert!((a - b).abs() <= 1e-12 * largest, "{b} for {a}");
    }
}

#[test]
fn a_folded_program_has_the_gradient_of_the_one_it_was_made_from() {
    for keys in [Keys::Full, Keys::Shared, Keys::Stored] {
        for (positions, bias) in [(1, false), (2, true), (9, false), (9, true)] {
            agree(&block(positions, keys, bias));
        }
    }
    agree(&decoder(9));
    agree(&decoder(9).without_dropout());
    agree(&headed(9));
}

/// A loss is wanted as it is, though a product reads it, too.
#[test]
fn a_norm_that_is_the_loss_is_not_folded() {
    let mut b = Builder::new();
    let input = b.input("input", 5, 1).unwrap();
    let start = free(&mut b, "start", 5, 1);
    let x = b.add_rows("x", input, start).unwrap();
    let gain = free(&mut b, "gain", 1, 1);
    let nats = b.norm("nats", x, Norm { kind: NormKind::Rms, epsilon: 0.5 }, Some(gain), None).unwrap();
    let w = free(&mut b, "w", 1, 1);
    b.linear("read", nats, w, None).unwrap();
    agree(&b.finish(nats, "weights", 1..5).unwrap());
}

/// Nine positions of which the last five carry loss: keys become the normed array itself, or its product with the shared
/// factor of two channels.
#[test]
fn attention_is_multiplied_out_where_that_is_less_work() {
    let expected = ["embed 6", "normalise 6", "linear 6", "attend 6", "linear 6", "add 6"];
    assert_eq!(operations(&block(9, Keys::Full, false).gradient().folded())[..6], expected);
    let expected = ["embed 6", "normalise 6", "linear 2", "linear 2", "attend 2", "linear 6", "add 6"];
    for keys in [Keys::Shared, Keys::Stored] {
        let mut found = operations(&block(9, keys, false).gradient().folded());
        found.truncate(7);
        assert_eq!(found, expected, "{keys:?}");
    }
    let several_heads = decoder(9).without_dropout().gradient();
    let attends = |p: &Program| operations(p).iter().filter(|o| *o == "attend 8").count();
    assert_eq!(attends(&several_heads.folded()), attends(&several_heads));
}

/// What is replaced is an input that everything reads as it is, and programs of outputs are as written.
#[test]
fn what_is_replaced_or_read_is_not_folded() {
    let program = block(9, Keys::Full, true);
    let folded = |site: &str| program.replace(site).unwrap().gradient().folded();
    assert!(folded("norm 1").inputs().any(|(name, _)| name == "norm 1"));
    for site in ["q", "k", "v", "y"] {
        let program = folded(site);
        assert!(program.inputs().any(|(name, _)| name == site), "{site}");
        let attend = if site == "y" { 0 } else { 1 };
        assert_eq!(program.sites().filter(|s| *s == "y").count(), 1, "{site}");
        assert_eq!(operations(&program).iter().filter(|o| o.starts_with("attend")).count(), attend, "{site}");
    }
    let outputs = program.outputs(&["nats"]).unwrap();
    assert_eq!(operations(&outputs.folded()), operations(&outputs));
}
