//! The 456-parameter adder of ten-digit addition as a program of this engine, and the time of one training step.
//!
//! One block, width 7, one head, MLP 14, RMSNorm, 33 positions of which the last 12 carry loss, rank-3 positions, shared
//! low-rank query and key-value factors, keys equal to values, rank-2 attention output, rank-3 MLP, tied head.
//! A step is gradient, clip to norm 1 and AdamW on a batch of 512 sequences that already lies in memory.
//!
//! Run: `cargo run --release -p infimum-engine --example add456 [-- THREADS]`

use std::time::Instant;

use infimum_engine::*;

const POSITIONS: usize = 33;
const ALPHABET: usize = 14;
const WIDTH: usize = 7;
const HIDDEN: usize = 14;
const BATCH: usize = 512;

/// The adder as a program; the loss starts at position 21.
pub(crate) fn add456() -> Result<Program, ShapeError> {
    let mut b = Builder::new();
    let (tokens, targets) = (b.ids("tokens", POSITIONS, ALPHABET)?, b.ids("targets", POSITIONS, ALPHABET)?);
    let table = b.weight("token", Free { rows: ALPHABET, columns: WIDTH })?;
    let positions = low_rank(&mut b, "position", POSITIONS, 3, WIDTH)?;
    let embedded = b.embed("embedded", tokens, table)?;
    let x = b.add_rows("x", embedded, positions)?;
    let x = attention(&mut b, x)?;
    let x = mlp(&mut b, x)?;
    let x = rms(&mut b, "final", x)?;
    let head = b.weight("head", Transposed { of: table })?;
    let logits = b.linear("logits", x, head, None)?;
    let nats = b.cross_entropy("nats", logits, targets)?;
    b.finish(nats, "weights", 21..POSITIONS)
}

fn attention(b: &mut Builder, x: Value) -> Result<Value, ShapeError> {
    let normed = rms(b, "norm 1", x)?;
    let shared = b.weight("attention.A", Free { rows: WIDTH, columns: 3 })?;
    let (bq, bkv) = (Free { rows: 3, columns: WIDTH }, Free { rows: 3, columns: WIDTH });
    let (bq, bkv) = (b.weight("attention.Bq", bq)?, b.weight("attention.Bkv", bkv)?);
    let wq = b.weight("attention.q", Product { left: shared, right: bq })?;
    let wkv = b.weight("attention.kv", Product { left: shared, right: bkv })?;
    let q = b.linear("q", normed, wq, None)?;
    let kv = b.linear("kv", normed, wkv, None)?;
    let y = b.attention("y", q, kv, kv, 1)?;
    let out = low_rank(b, "attention.out", WIDTH, 2, WIDTH)?;
    let out = b.linear("out", y, out, None)?;
    b.add("middle", x, out)
}

fn mlp(b: &mut Builder, x: Value) -> Result<Value, ShapeError> {
    let normed = rms(b, "norm 2", x)?;
    let (up, down) = (low_rank(b, "up", WIDTH, 3, HIDDEN)?, low_rank(b, "down", HIDDEN, 3, WIDTH)?);
    let fc = b.linear("fc", normed, up, None)?;
    let act = b.activation("act", fc, Activation::GeluErf)?;
    let out = b.linear("mlp", act, down, None)?;
    b.add("last", x, out)
}

fn rms(b: &mut Builder, site: &str, x: Value) -> Result<Value, ShapeError> {
    let gain = b.weight(&format!("{site} gain"), Free { rows: 1, columns: WIDTH })?;
    b.norm(site, x, Norm { kind: NormKind::Rms, epsilon: 1e-8 }, Some(gain), None)
}

fn low_rank(b: &mut Builder, name: &str, rows: usize, rank: usize, columns: usize) -> Result<Weight, ShapeError> {
    let left = b.weight(&format!("{name}.left"), Free { rows, columns: rank })?;
    let right = b.weight(&format!("{name}.right"), Free { rows: rank, columns })?;
    b.weight(name, Product { left, right })
}

/// Start values: gains 1, everything else spread between -0.4 and 0.4.
fn start(program: &Program) -> Vec<f32> {
    let mut point = vec![1.0; program.weights().parameters()];
    for p in program.parameters().iter().filter(|p| !p.name.ends_with("gain")) {
        point[p.range.clone()]
            .iter_mut()
            .enumerate()
            .for_each(|(i, x)| *x = ((i * 7919 + 13) % 97) as f32 / 121.0 - 0.4);
    }
    point
}

fn fill(sequence: usize, feed: &mut Feed) {
    for (input, ids) in feed.ids.iter_mut().enumerate() {
        ids.iter_mut()
            .enumerate()
            .for_each(|(t, id)| *id = ((sequence * 31 + t * (7 + input) + sequence / 3) % ALPHABET) as u16);
    }
    feed.arrays[0].iter_mut().enumerate().for_each(|(t, w)| *w = if t >= 21 { 1.0 } else { 0.0 });
}

fn main() -> Result<(), ShapeError> {
    let threads = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(2);
    let program = add456()?.gradient();
    let (isa, mut team) = (Isa::best(), Team::new(threads));
    let mut lanes = Lanes::new(&program, isa);
    let all = Group { range: 0..program.weights().parameters(), decay: 0.01, rate_factor: 1.0 };
    let moments = Moments { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    let mut optimiser = AdamW::new(start(&program), vec![all], moments);
    let mut times = vec![];
    for _ in 0..3000 {
        let begin = Instant::now();
        let g = lanes.gradient(&mut team, optimiser.point(), BATCH, &fill);
        let norm = infimum_kernels::flat::sum_squares(isa, &g.gradient).sqrt() / g.weight;
        optimiser.tell(isa, &g.gradient, (clip_factor(norm, 1.0) / g.weight) as f32, 1e-3);
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let (median, least) = (times[times.len() / 2], times[0]);
    let parameters = program.weights().parameters();
    println!(
        "add456: {parameters} parameters, {} on {threads} threads: {median:.4} ms a step (least {least:.4})",
        isa.name()
    );
    Ok(())
}
