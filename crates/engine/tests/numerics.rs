//! The bits of a run, held by a stored constant: whatever changes them must raise `NUMERICS`.

use infimum_engine::*;

const POSITIONS: usize = 6;
const ALPHABET: usize = 11;
const CHANNELS: usize = 8;
/// Nineteen groups, the last with spare lanes: more than one for every chunk, and not as many for each.
const SEQUENCES: usize = 300;
const STEPS: u64 = 20;

/// FNV-1a (Fowler, Noll & Vo) over the bits of all parameters after the steps.
const EXPECTED: [(Executor, Products, u64); 3] = [
    (Executor::Lanes, Products::F32, 0x860372355becbfe4),
    (Executor::Wide, Products::F32, 0xba61c250a813e372),
    (Executor::Wide, Products::Bf16, 0xbb3d8622b447226e),
];

/// A decoder of one block with every operation but dropout, and a tied head.
fn decoder() -> Result<Program, ShapeError> {
    let mut b = Builder::new();
    let (tokens, targets) = (b.ids("tokens", POSITIONS, ALPHABET)?, b.ids("targets", POSITIONS, ALPHABET)?);
    let wte = b.weight("wte", Free { rows: ALPHABET, columns: CHANNELS })?;
    let wpe = b.weight("wpe", Free { rows: POSITIONS, columns: CHANNELS })?;
    let embedding = b.embed("embedding", tokens, wte)?;
    let x = b.add_rows("x", embedding, wpe)?;
    let attended = attention(&mut b, x)?;
    let middle = b.add("middle", x, attended)?;
    let mlp = mlp(&mut b, middle)?;
    let last = b.add("last", middle, mlp)?;
    let gain = b.weight("final gain", Free { rows: 1, columns: CHANNELS })?;
    let norm = b.norm("final", last, Norm { kind: NormKind::Rms, epsilon: 1e-5 }, Some(gain), None)?;
    let head = b.weight("head", Transposed { of: wte })?;
    let logits = b.linear("logits", norm, head, None)?;
    let nats = b.cross_entropy("nats", logits, targets)?;
    b.finish(nats, "weights", 1..POSITIONS)
}

fn attention(b: &mut Builder, x: Value) -> Result<Value, ShapeError> {
    let gain = b.weight("gain", Free { rows: 1, columns: CHANNELS })?;
    let bias = b.weight("bias", Free { rows: 1, columns: CHANNELS })?;
    let normed = b.norm("normed", x, Norm { kind: NormKind::Layer, epsilon: 1e-5 }, Some(gain), Some(bias))?;
    let mut part = |name: &str| {
        let w = b.weight(&format!("{name} w"), Free { rows: CHANNELS, columns: CHANNELS })?;
        b.linear(name, normed, w, None)
    };
    let (q, k, v) = (part("q")?, part("k")?, part("v")?);
    let y = b.attention("y", q, k, v, 2)?;
    let left = b.weight("left", Free { rows: CHANNELS, columns: 3 })?;
    let right = b.weight("right", Free { rows: 3, columns: CHANNELS })?;
    let out = b.weight("out w", Product { left, right })?;
    b.linear("out", y, out, None)
}

fn mlp(b: &mut Builder, x: Value) -> Result<Value, ShapeError> {
    let hidden = 2 * CHANNELS;
    let up = b.weight("up", Free { rows: CHANNELS, columns: hidden })?;
    let up_bias = b.weight("up bias", Free { rows: 1, columns: hidden })?;
    let down = b.weight("down", Free { rows: hidden, columns: CHANNELS })?;
    let fc = b.linear("fc", x, up, Some(up_bias))?;
    let first = b.activation("gelu erf", fc, Activation::GeluErf)?;
    let second = b.activation("gelu tanh", fc, Activation::GeluTanh)?;
    let act = b.multiply("act", first, second)?;
    b.linear("mlp", act, down, None)
}

/// `2003` is prime, so that neighbours have nothing to do with each other; division rounds alike everywhere.
fn number(k: usize) -> f32 {
    ((k * 7919 + 17) % 2003) as f32 / 2003.0 - 0.5
}

/// Each token is a function of the sequence and the one before it, with exceptions.
fn fill(step: u64, sequence: usize, feed: &mut Feed) {
    let seed = step as usize * SEQUENCES + sequence;
    let token = |t: usize| ((seed * 31 + t * (seed % 7 + 1) + seed * t / 5) % ALPHABET) as u16;
    for t in 0..POSITIONS {
        (feed.ids[0][t], feed.ids[1][t]) = (token(t), token(t + 1));
        feed.arrays[0][t] = if (seed + t).is_multiple_of(5) { 0.5 } else { 1.0 };
    }
}

/// All parameters after the steps.
fn train(program: &Program, executor: Executor, products: Products, isa: Isa, threads: usize) -> Vec<f32> {
    let parameters = program.weights().parameters();
    let start = (0..parameters).map(number).collect();
    let groups = vec![
        Group { range: 0..ALPHABET * CHANNELS, decay: 0.0, rate_factor: 0.5 },
        Group { range: ALPHABET * CHANNELS..parameters, decay: 0.1, rate_factor: 1.0 },
    ];
    let mut optimiser = AdamW::new(start, groups, Moments { beta1: 0.9, beta2: 0.95, epsilon: 1e-8 });
    let (mut replay, mut team) = (Replay::with_products(program, executor, products, isa), Team::new(threads));
    for step in 0..STEPS {
        let source = |sequence: usize, feed: &mut Feed| fill(step, sequence, feed);
        let g = replay.gradient(&mut team, optimiser.point(), SEQUENCES, &source);
        let found = Found { loss: g.loss, gradient: &g.gradient, scale: (1.0 / g.weight) as f32 };
        optimiser.tell(isa, &mut team, found, 0.02);
    }
    optimiser.point().to_vec()
}

fn fnv1a(parameters: &[f32]) -> u64 {
    let bytes = parameters.iter().flat_map(|x| x.to_bits().to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn the_bits_of_a_run_are_those_of_this_numerics() {
    assert_eq!(fnv1a(&[]), 0xcbf2_9ce4_8422_2325);
    let program = decoder().unwrap().gradient();
    for (executor, products, expected) in EXPECTED {
        for (isa, threads) in Isa::available().into_iter().flat_map(|isa| [1, 3].map(|threads| (isa, threads))) {
            let found = fnv1a(&train(&program, executor, products, isa, threads));
            assert_eq!(
                found, expected,
                "{executor}, {products}, {isa}, {threads} threads: the bits of a run changed: raise NUMERICS (crates/engine/src/lib.rs) and \
                 write the new constant {found:#018x} here"
            );
        }
    }
}

/// The run above is one that learns, so that its bits depend on all of its numbers.
#[test]
fn the_run_changes_every_parameter_and_lowers_the_loss() {
    let program = decoder().unwrap().gradient();
    let end = train(&program, Executor::Lanes, Products::F32, Isa::best(), 1);
    let start: Vec<f32> = (0..end.len()).map(number).collect();
    assert!(start.iter().zip(&end).all(|(a, b)| a != b && b.is_finite()));
    let nats = |point: &[f32]| {
        let source = |sequence: usize, feed: &mut Feed| fill(STEPS, sequence, feed);
        let g =
            Replay::new(&program, Executor::Lanes, Isa::best()).gradient(&mut Team::new(1), point, SEQUENCES, &source);
        g.loss / g.weight
    };
    let (before, after) = (nats(&start), nats(&end));
    assert!(after < before - 0.1, "{before} nats before, {after} after");
}
