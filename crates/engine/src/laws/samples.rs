//! Numbers and programs for the laws.

use crate::builder::Builder;
use crate::expressions::{Constant, Free, Product, Rows, Tied, Transposed};
use crate::noise::Noise;
use crate::operation::Case;
use crate::program::{Feed, Program, Value};
use crate::{Activation, Norm, NormKind, Shape, Weight};

/// Numbers between 0.1 and 1.1 in absolute value: away from the kinks of ReLU.
pub(super) fn numbers(len: usize, seed: u64) -> Vec<f64> {
    let mut noise = Noise::new(seed);
    let mut number = || noise.symmetric();
    (0..len).map(|_| number()).map(|x| x + if x < 0.0 { -0.1 } else { 0.1 }).collect()
}

pub(super) fn ids(len: usize, alphabet: usize, seed: u64) -> Vec<u16> {
    let unit = numbers(len, seed ^ 0xabcd).into_iter().map(|x| (x + 1.2) / 2.5);
    unit.map(|u| ((u * alphabet as f64) as u16).min(alphabet as u16 - 1)).collect()
}

/// A program whose loss depends on the operands of one operation: operand i is an input plus a free weight.
pub(super) fn around(case: &Case) -> Program {
    let mut b = Builder::new();
    let ids = (case.alphabet > 0).then(|| b.ids("ids", case_rows(case), case.alphabet).unwrap());
    let mut x: Vec<Value> = vec![];
    for (i, s) in case.x.iter().enumerate() {
        let input = b.input(&format!("input {i}"), s.rows, s.channels).unwrap();
        let free = b.weight(&format!("x {i}"), Free { rows: s.rows, columns: s.channels }).unwrap();
        let operand = b.add_rows(&format!("operand {i}"), input, free).unwrap();
        x.push(case.same.filter(|(later, _)| *later == i).map_or(operand, |(_, earlier)| x[earlier]));
    }
    let mut weight = |(i, s): (usize, &Shape)| {
        let (name, rows, columns) = (format!("w {i}"), s.rows, s.channels);
        let scalars = || numbers(s.len(), 6).iter().map(|x| *x as f32).collect::<Vec<_>>().into();
        let weight = match case.fixed {
            true => b.weight(&name, Constant { rows, columns, scalars: scalars(), frozen: false }),
            false => b.weight(&name, Free { rows, columns }),
        };
        weight.unwrap()
    };
    let w: Vec<Weight> = case.w.iter().enumerate().map(&mut weight).collect();
    let y = b.operate("y", case.operation.clone(), &x, &w, ids).unwrap();
    let channels = b.shape_of(y).channels;
    let scalars = numbers(channels, 5).iter().map(|x| *x as f32).collect::<Vec<_>>().into();
    let reduce = b.weight("reduce", Constant { rows: channels, columns: 1, scalars, frozen: false }).unwrap();
    let nats = b.linear("nats", y, reduce, None).unwrap();
    b.finish(nats, "weights", case.rows.clone()).unwrap()
}

fn case_rows(case: &Case) -> usize {
    case.operation.shape(&case.x, &case.w).expect("a case has fitting shapes").rows
}

/// Fills a feed of `program` with numbers that depend on the sequence.
pub(super) fn fill(program: &Program) -> impl Fn(usize, &mut Feed) + Sync + '_ {
    move |sequence, feed| {
        for (k, (to, input)) in feed.ids.iter_mut().zip(program.ids()).enumerate() {
            *to = ids(input.positions, input.alphabet, (sequence * 31 + k) as u64);
        }
        for (k, to) in feed.arrays.iter_mut().enumerate() {
            let seed = (sequence * 37 + k + 1000) as u64;
            *to = numbers(to.len(), seed).into_iter().map(|x| x as f32).collect();
        }
    }
}

/// A decoder of two blocks with everything in it: low-rank and tied weights, dropout, biases, both norms.
pub(super) fn decoder(positions: usize) -> Program {
    let (b, _, nats) = one_head(positions);
    b.finish(nats, "weights", positions / 2..positions).unwrap()
}

/// The same with a second head, which has a bias, targets and weights of its own.
pub(super) fn two_headed(positions: usize) -> Program {
    let (b, losses) = two_heads(positions);
    b.finish_all(&losses, positions / 2..positions).unwrap()
}

/// Before it is finished, with its losses.
pub(super) fn two_heads(positions: usize) -> (Builder, [(Value, &'static str); 2]) {
    let (mut b, last, nats) = one_head(positions);
    let targets = b.ids("class.targets", positions, 3).unwrap();
    let head = b.weight("class head", Free { rows: 8, columns: 3 }).unwrap();
    let bias = b.weight("class bias", Free { rows: 1, columns: 3 }).unwrap();
    let logits = b.linear("class.logits", last, head, Some(bias)).unwrap();
    let class = b.cross_entropy("class.nats", logits, targets).unwrap();
    (b, [(nats, "weights"), (class, "class.weights")])
}

/// What the last norm gives, and the nats of the next token.
fn one_head(positions: usize) -> (Builder, Value, Value) {
    let (v, c, hidden) = (7, 8, 12);
    let mut b = Builder::new();
    let (tokens, targets) = (b.ids("tokens", positions, v).unwrap(), b.ids("targets", positions, v).unwrap());
    let wte = b.weight("wte", Free { rows: v, columns: c }).unwrap();
    let wpe = b.weight("wpe", Free { rows: 20, columns: c }).unwrap();
    let mut x = b.embed("embedding", tokens, wte).unwrap();
    x = b.add_rows("x", x, wpe).unwrap();
    x = b.dropout("drop", x, 0.25).unwrap();
    for layer in 0..2 {
        x = block(&mut b, x, layer, c, hidden);
    }
    let gain = b.weight("gain", Free { rows: 1, columns: c }).unwrap();
    let norm = b.norm("norm", x, Norm { kind: NormKind::Rms, epsilon: 1e-5 }, Some(gain), None).unwrap();
    let tied = b.weight("tied", Tied { to: wte }).unwrap();
    let head = b.weight("head", Transposed { of: tied }).unwrap();
    let logits = b.linear("logits", norm, head, None).unwrap();
    let nats = b.cross_entropy("nats", logits, targets).unwrap();
    (b, norm, nats)
}

fn block(b: &mut Builder, x: Value, layer: usize, c: usize, hidden: usize) -> Value {
    let n = |name: &str| format!("{layer}.{name}");
    let mut free = |name: &str, rows, columns| b.weight(&n(name), Free { rows, columns }).unwrap();
    let (gain, bias, qkv) = (free("gain", 1, c), free("bias", 1, c), free("qkv", 3 * c, c));
    let (left, right, up, up_bias) =
        (free("left", c, 3), free("right", 3, c), free("up", c, hidden), free("up bias", 1, hidden));
    let down = free("down", hidden, c);
    let normed =
        b.norm(&n("normed"), x, Norm { kind: NormKind::Layer, epsilon: 1e-5 }, Some(gain), Some(bias)).unwrap();
    let mut part = |name: &str, k: usize| {
        let rows = b.weight(&n(&format!("{name} rows")), Rows { of: qkv, first: k * c, count: c }).unwrap();
        let w = b.weight(&n(&format!("{name} w")), Transposed { of: rows }).unwrap();
        b.linear(&n(name), normed, w, None).unwrap()
    };
    let (q, k, v) = (part("q", 0), part("k", 1), part("v", 2));
    let y = b.attention(&n("y"), q, k, v, 2).unwrap();
    let out = b.weight(&n("out w"), Product { left, right }).unwrap();
    let out = b.linear(&n("out"), y, out, None).unwrap();
    let x = b.add(&n("middle"), x, out).unwrap();
    let fc = b.linear(&n("fc"), x, up, Some(up_bias)).unwrap();
    let act = b.activation(&n("act"), fc, Activation::GeluErf).unwrap();
    let act = b.dropout(&n("act drop"), act, 0.5).unwrap();
    let mlp = b.linear(&n("mlp"), act, down, None).unwrap();
    b.add(&n("x"), x, mlp).unwrap()
}
