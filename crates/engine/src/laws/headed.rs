//! A decoder with all that concerns heads, for the laws of whole programs.

use crate::builder::Builder;
use crate::expressions::{Constant, Free, Transposed};
use crate::laws::samples::numbers;
use crate::program::{Program, Value};
use crate::rotary::Rotary;
use crate::{Activation, Norm, NormKind, Pairs, Weight};

const ALPHABET: usize = 7;
const WIDTH: usize = 8;
const HIDDEN: usize = 5;
/// Heads of queries, and of keys and values.
const HEADS: (usize, usize) = (4, 2);
/// Channels of a head of queries and keys, and of one of values.
const OF_A_HEAD: (usize, usize) = (6, 5);
/// Positions that the constant rows are there for.
const MOST: usize = 20;

/// Two blocks with grouped heads whose channels are not those of the stream divided, one gain for all norms of the stream, and
/// a gated MLP; heads are normalised and turned in the first block, and have a channel for the position in the second.
pub(super) fn headed(positions: usize) -> Program {
    let mut b = Builder::new();
    let (tokens, targets) =
        (b.ids("tokens", positions, ALPHABET).unwrap(), b.ids("targets", positions, ALPHABET).unwrap());
    let wte = free(&mut b, "wte", ALPHABET, WIDTH);
    let gain = free(&mut b, "gain", 1, WIDTH);
    let mut x = b.embed("x", tokens, wte).unwrap();
    for layer in 0..2 {
        let normed = norm(&mut b, &format!("{layer}.normed"), x, gain);
        let out = attend(&mut b, layer, normed);
        x = b.add(&format!("{layer}.middle"), x, out).unwrap();
        let normed = norm(&mut b, &format!("{layer}.normed again"), x, gain);
        let out = gated(&mut b, layer, normed);
        x = b.add(&format!("{layer}.x"), x, out).unwrap();
    }
    let x = norm(&mut b, "norm", x, gain);
    let head = b.weight("head", Transposed { of: wte }).unwrap();
    let logits = b.linear("logits", x, head, None).unwrap();
    let nats = b.cross_entropy("nats", logits, targets).unwrap();
    b.finish(nats, "weights", positions / 2..positions).unwrap()
}

fn free(b: &mut Builder, name: &str, rows: usize, columns: usize) -> Weight {
    b.weight(name, Free { rows, columns }).unwrap()
}

fn norm(b: &mut Builder, site: &str, x: Value, gain: Weight) -> Value {
    b.norm(site, x, Norm { kind: NormKind::Rms, epsilon: 1e-6 }, Some(gain), None).unwrap()
}

/// `x` times a matrix of its own.
fn linear(b: &mut Builder, site: &str, x: Value, columns: usize) -> Value {
    let rows = b.shape_of(x).channels;
    let w = free(b, &format!("{site} w"), rows, columns);
    b.linear(site, x, w, None).unwrap()
}

fn attend(b: &mut Builder, layer: usize, x: Value) -> Value {
    let n = |name: &str| format!("{layer}.{name}");
    let ((heads, of), (width, value)) = (HEADS, OF_A_HEAD);
    let (q, k) = (linear(b, &n("q"), x, heads * width), linear(b, &n("k"), x, of * width));
    let v = linear(b, &n("v"), x, of * value);
    let (q, k) = match layer {
        0 => (turned(b, &n("q"), q, heads, Pairs::Half), turned(b, &n("k"), k, of, Pairs::Interleaved)),
        _ => (q, k),
    };
    let q = if layer == 0 { q } else { placed(b, &n("q"), q, heads, 21) };
    let k = if layer == 0 {
        b.spread(&n("k for all"), k, of, heads, width).unwrap()
    } else {
        placed(b, &n("k"), k, of, 22)
    };
    let v = b.spread(&n("v for all"), v, of, heads, value).unwrap();
    let y = b.attention_of_width(&n("y"), [q, k, v], heads, width).unwrap();
    linear(b, &n("out"), y, WIDTH)
}

/// Each head normalised, then turned.
fn turned(b: &mut Builder, site: &str, x: Value, heads: usize, pairs: Pairs) -> Value {
    let (norm, width) = (Norm { kind: NormKind::Rms, epsilon: 1e-3 }, OF_A_HEAD.0);
    let gain = free(b, &format!("{site} gain"), 1, width);
    let normed = b.head_norm(&format!("{site} normed"), x, norm, gain, heads).unwrap();
    b.rotate(&format!("{site} turned"), normed, Rotary { width, base: 3.0, pairs }).unwrap()
}

/// A channel more for each head that attends, with numbers of the position.
fn placed(b: &mut Builder, site: &str, x: Value, of: usize, seed: u64) -> Value {
    let (heads, width) = (HEADS.0, OF_A_HEAD.0 + 1);
    let wider = b.spread(&format!("{site} wider"), x, of, heads, width).unwrap();
    let own = numbers(MOST * heads * width, seed);
    let number = |(i, x): (usize, f64)| if i % width == width - 1 { x as f32 } else { 0.0 };
    let scalars = own.into_iter().enumerate().map(number).collect::<Vec<f32>>().into();
    let rows = b
        .weight(&format!("{site} places"), Constant { rows: MOST, columns: heads * width, scalars, frozen: false })
        .unwrap();
    b.add_rows(&format!("{site} placed"), wider, rows).unwrap()
}

fn gated(b: &mut Builder, layer: usize, x: Value) -> Value {
    let n = |name: &str| format!("{layer}.{name}");
    let (gate, up) = (linear(b, &n("gate"), x, HIDDEN), linear(b, &n("up"), x, HIDDEN));
    let act = b.activation(&n("act"), gate, Activation::Silu).unwrap();
    let hidden = b.multiply(&n("hidden"), act, up).unwrap();
    linear(b, &n("down"), hidden, WIDTH)
}
