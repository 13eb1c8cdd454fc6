//! The whole of Infimum in one file: a world whose best score is known, a transformer, and its training.
//!
//! Scalars, `f64` and the standard library; nothing is fast and nothing is hidden. The crates do the same for many
//! worlds and models, sixteen sequences at a time, and a test holds the engine to this file's loss curve.
//!
//! Arrays are row-major. `T` positions, `C` channels, `H` heads, `V` tokens; `dx` is the gradient of the loss with
//! respect to `x`. A backward function gets `dy`, adds to the gradient of its weights and returns `dx`; it quotes the
//! forward lines that it differentiates. Run: `cargo run --release -p infimum-lab --example whole`.
#![allow(missing_docs, unreachable_pub, clippy::disallowed_methods, reason = "a text to read, standard library only")]

use std::f64::consts::{FRAC_1_SQRT_2, PI};
use std::ops::Range;

pub const SEED: u64 = 42; //              of everything drawn: chain, start weights, training and test sequences
pub const WORLD: u64 = 0; //              what random numbers are for: this and the next three
pub const START: u64 = 1;
pub const TRAIN: u64 = 2;
pub const TEST: u64 = 5;
pub const STATES: usize = 5; //           of the chain; they are the tokens 0..STATES
pub const BOS: usize = STATES; //         the token that begins every sequence
pub const V: usize = STATES + 1; //       tokens of the alphabet, BOS included
pub const T: usize = 8; //                positions; position t reads token t and predicts token t + 1
pub const C: usize = 8; //                channels: the width of the residual stream
pub const H: usize = 2; //                attention heads; each owns C / H consecutive channels
pub const HIDDEN: usize = 2 * C; //       width of the MLP's hidden layer
pub const NORM_EPSILON: f64 = 1e-5; //    under the root of the norms, so that a constant row does not divide by zero
pub const STEPS: usize = 300; //          of training
pub const BATCH: usize = 16; //           sequences per step
pub const TESTS: usize = 4000; //         fresh sequences on which the trained model meets the truth
pub const WARM_UP: usize = 20; //         steps over which the rate rises
pub const RATE: f64 = 1e-2; //            the highest rate
pub const LAST_RATE: f64 = 1e-4; //       the rate of the last step
pub const BETA: (f64, f64) = (0.9, 0.95); // what AdamW keeps of the mean gradient and of the mean square per step
pub const EPSILON: f64 = 1e-8; //         added to the root of the mean square
pub const DECAY: f64 = 0.1; //            part of a matrix that a step at rate 1 takes away; gains do not decay
pub const CLIP: f64 = 1.0; //             the longest gradient, all weights together

#[allow(dead_code, reason = "the tests use this file as a module")]
fn main() {
    let (laws, mut trainer) = (laws(), Trainer::start());
    let floor = floor(&laws);
    for step in 0..STEPS {
        let loss = trainer.step(&batch(&laws, step));
        if step % 25 == 0 || step + 1 == STEPS {
            println!("step {step:3}   rate {:.5}   loss {loss:.4}   floor {floor:.4} nats per token", rate(step));
        }
    }
    let (excess, error) = excess(&laws, &trainer.weights);
    println!("excess {excess:.4} +- {error:.4} on {TESTS} fresh sequences, paired with the truth");
}

// ------------------------------------------------------------------------------------------- The world: a Markov chain

/// The chain: `laws[token][state]` is the probability of `state` after `token`, for every state and BOS.
pub type Laws = Vec<Vec<f64>>;

/// Every law is drawn uniformly from all laws: `STATES` exponential waiting times, as parts of their sum.
pub fn laws() -> Laws {
    let time = |draw| -(1.0 - uniform(WORLD, 0, 0, draw)).ln();
    let times = (0..V).map(|token| (0..STATES).map(|to| time(token * STATES + to)).collect::<Vec<_>>());
    times.map(|times| times.iter().map(|x| x / times.iter().sum::<f64>()).collect()).collect()
}

/// BOS and `T` states.
fn tokens(laws: &Laws, purpose: u64, step: usize, index: usize) -> Vec<usize> {
    let mut tokens = vec![BOS];
    for t in 0..T {
        let (law, drawn) = (&laws[tokens[t]], uniform(purpose, step, index, t));
        let reached = (0..STATES).find(|state| drawn < law[..=*state].iter().sum());
        tokens.push(reached.unwrap_or(STATES - 1)); // rounding may leave the whole sum just below the number drawn
    }
    tokens
}

/// The sequences of a step. All tokens but the last are read, all but the first are targets.
pub fn batch(laws: &Laws, step: usize) -> Vec<Vec<usize>> {
    (0..BATCH).map(|index| tokens(laws, TRAIN, step, index)).collect()
}

/// The loss of the truth itself on one sequence, summed over its positions.
pub fn truth(laws: &Laws, tokens: &[usize]) -> f64 {
    tokens.windows(2).map(|pair| -laws[pair[0]][pair[1]].ln()).sum()
}

/// The least loss that any predictor can reach, in nats per token: the entropy of the next token, averaged over the
/// token before it, whose distribution is carried forward from BOS.
pub fn floor(laws: &Laws) -> f64 {
    let entropy = |law: &Vec<f64>| -law.iter().map(|p| p * p.ln()).sum::<f64>();
    let (mut at, mut sum) = ([vec![0.0; STATES], vec![1.0]].concat(), 0.0);
    for _ in 0..T {
        sum += at.iter().zip(laws).map(|(p, law)| p * entropy(law)).sum::<f64>();
        at = (0..STATES).map(|to| at.iter().zip(laws).map(|(p, law)| p * law[to]).sum()).collect();
    }
    sum / T as f64
}

/// Random numbers as a function of what they are for, so that any sequence of a run can be drawn again alone: number
/// `draw` of NumPy's `Generator(Philox(key=[SEED, purpose], counter=[0, index, step, 0])).random()`, uniform in 0..1.
pub fn uniform(purpose: u64, step: usize, index: usize, draw: usize) -> f64 {
    let block = philox([draw as u64 / 4 + 1, index as u64, step as u64, 0], [SEED, purpose]);
    (block[draw % 4] >> 11) as f64 / (1u64 << 53) as f64
}

/// Philox4x64-10 of Salmon et al. 2011: ten rounds of two products, whose halves are mixed with the other two words.
fn philox(mut c: [u64; 4], mut key: [u64; 2]) -> [u64; 4] {
    for _ in 0..10 {
        let (a, b) = (c[0] as u128 * 0xD2E7470EE14C6C93, c[2] as u128 * 0xCA5A826395121157);
        c = [(b >> 64) as u64 ^ c[1] ^ key[0], b as u64, (a >> 64) as u64 ^ c[3] ^ key[1], a as u64];
        key = [key[0].wrapping_add(0x9E3779B97F4A7C15), key[1].wrapping_add(0xBB67AE8584CAA73B)];
    }
    c
}

// -------------------------------------------------------------------------------------------------- The model: weights

/// Weights, gradients and AdamW's means: ten arrays in the order of `ARRAYS`.
pub type Arrays = [Vec<f64>; 10];

/// Name and shape of every array, as nanoGPT saves them: a matrix is `[outputs, inputs]`, a vector is a norm's gain.
pub const ARRAYS: [(&str, &[usize]); 10] = [
    ("transformer.wte.weight", &[V, C]),
    ("transformer.wpe.weight", &[T, C]),
    ("transformer.h.0.ln_1.weight", &[C]),
    ("transformer.h.0.attn.c_attn.weight", &[3 * C, C]), // rows: queries, keys, values
    ("transformer.h.0.attn.c_proj.weight", &[C, C]),
    ("transformer.h.0.ln_2.weight", &[C]),
    ("transformer.h.0.mlp.c_fc.weight", &[HIDDEN, C]),
    ("transformer.h.0.mlp.c_proj.weight", &[C, HIDDEN]),
    ("transformer.ln_f.weight", &[C]),
    ("lm_head.weight", &[V, C]),
];

/// Gains are 1; matrices are normal (Box and Muller) with deviation 0.02, less in the two that end a branch.
pub fn start_weights() -> Arrays {
    std::array::from_fn(|array| {
        let (name, shape) = ARRAYS[array];
        let deviation = if name.ends_with("c_proj.weight") { 0.02 * FRAC_1_SQRT_2 } else { 0.02 };
        let draw = |i| uniform(START, 0, array, i);
        let normal = |i| (-2.0 * (1.0 - draw(2 * i)).ln()).sqrt() * (2.0 * PI * draw(2 * i + 1)).cos();
        (0..shape.iter().product()).map(|i| if shape.len() == 1 { 1.0 } else { deviation * normal(i) }).collect()
    })
}

fn zeros() -> Arrays {
    ARRAYS.map(|(_, shape)| vec![0.0; shape.iter().product()])
}

// ------------------------------------------------------------------------------ The model: operations and their mirror

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `y += factor * x`
fn add(y: &mut [f64], factor: f64, x: &[f64]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += factor * x);
}

fn sum(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

/// `y[t] = wte[token t] + wpe[t]`
fn embed(tokens: &[usize], wte: &[f64], wpe: &[f64]) -> Vec<f64> {
    let mut y = wpe.to_vec();
    y.chunks_mut(C).zip(tokens).for_each(|(y, token)| add(y, 1.0, &wte[token * C..][..C]));
    y
}

fn embed_backward(dwte: &mut [f64], dwpe: &mut [f64], dy: &[f64], tokens: &[usize]) {
    add(dwpe, 1.0, dy); // y[t] = wte[token t] + wpe[t]
    dy.chunks(C).zip(tokens).for_each(|(dy, token)| add(&mut dwte[token * C..][..C], 1.0, dy));
}

/// `y[t][o] = sum over i of w[o][i] * x[t][i]`
fn linear(x: &[f64], w: &[f64], inputs: usize) -> Vec<f64> {
    x.chunks(inputs).flat_map(|x| w.chunks(inputs).map(move |w| dot(w, x))).collect()
}

fn linear_backward(dw: &mut [f64], dy: &[f64], x: &[f64], w: &[f64], inputs: usize) -> Vec<f64> {
    let mut dx = vec![0.0; x.len()];
    for ((dx, x), dy) in dx.chunks_mut(inputs).zip(x.chunks(inputs)).zip(dy.chunks(w.len() / inputs)) {
        for (o, dy) in dy.iter().enumerate() {
            let row = o * inputs..(o + 1) * inputs;
            add(dx, *dy, &w[row.clone()]); // y[o] = sum over i of w[o][i] * x[i]
            add(&mut dw[row], *dy, x);
        }
    }
    dx
}

/// LayerNorm without a bias: `y = gain * h`, where `h` is the row moved to mean 0 and scaled to variance 1.
fn norm(x: &[f64], gain: &[f64]) -> Vec<f64> {
    let scaled = |x: &[f64]| standard(x).0.into_iter().zip(gain).map(|(h, gain)| gain * h).collect::<Vec<_>>();
    x.chunks(C).flat_map(scaled).collect()
}

/// A row at mean 0 and variance 1, and the factor that scaled it.
fn standard(x: &[f64]) -> (Vec<f64>, f64) {
    let mean = x.iter().sum::<f64>() / C as f64;
    let variance = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / C as f64;
    let scale = 1.0 / (variance + NORM_EPSILON).sqrt();
    (x.iter().map(|x| (x - mean) * scale).collect(), scale)
}

fn norm_backward(dgain: &mut [f64], dy: &[f64], x: &[f64], gain: &[f64]) -> Vec<f64> {
    let mut dx = Vec::new();
    for (x, dy) in x.chunks(C).zip(dy.chunks(C)) {
        let (h, scale) = standard(x);
        dgain.iter_mut().zip(dy).zip(&h).for_each(|((dgain, dy), h)| *dgain += dy * h); // y = gain * h
        let dh: Vec<f64> = dy.iter().zip(gain).map(|(dy, gain)| dy * gain).collect();
        // h = (x - mean(x)) * scale: neither a shift nor a stretch of x moves h, so dx has no part along either.
        let (shift, stretch) = (dh.iter().sum::<f64>() / C as f64, dot(&dh, &h) / C as f64);
        dx.extend(dh.iter().zip(&h).map(|(dh, h)| scale * (dh - shift - h * stretch)));
    }
    dx
}

/// Where queries (0), keys (1) or values (2) of a head at position `t` lie in `[T][3 * C]`; `[T][C]` is `[T][1 * C]`.
fn part(t: usize, which: usize, of: usize, head: usize) -> Range<usize> {
    let first = (t * of + which) * C + head * (C / H);
    first..first + C / H
}

/// `y[t] = sum over u <= t of p[u] * v[u]`, `p = softmax(q[t].k[u] / sqrt(C / H))`. Also returns all `p`, heads first.
fn attention(qkv: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let (mut y, mut rows, root) = (vec![0.0; T * C], Vec::new(), ((C / H) as f64).sqrt());
    for (head, t) in (0..H * T).map(|row| (row / T, row % T)) {
        let [q, k, v] = [0, 1, 2].map(|which| move |u| &qkv[part(u, which, 3, head)]);
        let p = softmax(&(0..=t).map(|u| dot(q(t), k(u)) / root).collect::<Vec<_>>());
        (0..=t).for_each(|u| add(&mut y[part(t, 0, 1, head)], p[u], v(u)));
        rows.push(p);
    }
    (y, rows)
}

fn attention_backward(dy: &[f64], qkv: &[f64], rows: &[Vec<f64>]) -> Vec<f64> {
    let (mut dqkv, root) = (vec![0.0; qkv.len()], ((C / H) as f64).sqrt());
    for (head, t) in (0..H * T).map(|row| (row / T, row % T)) {
        let [q, k, v] = [0, 1, 2].map(|which| move |u| &qkv[part(u, which, 3, head)]);
        let (p, dy) = (&rows[head * T + t], &dy[part(t, 0, 1, head)]);
        let dp: Vec<f64> = (0..=t).map(|u| dot(dy, v(u))).collect(); // y = sum over u of p[u] * v[u]
        let mean = dot(p, &dp);
        for u in 0..=t {
            let dscore = p[u] * (dp[u] - mean) / root; // p = softmax(q.k[u] / root)
            add(&mut dqkv[part(t, 0, 3, head)], dscore, k(u));
            add(&mut dqkv[part(u, 1, 3, head)], dscore, q(t));
            add(&mut dqkv[part(u, 2, 3, head)], p[u], dy);
        }
    }
    dqkv
}

/// `exp(x) / sum of exp(x)`, with the largest `x` taken off first so that nothing overflows.
fn softmax(x: &[f64]) -> Vec<f64> {
    let most = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = x.iter().map(|x| (x - most).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

/// `2 / sqrt(pi) * exp(-x^2) * sum over n of 2^n x^(2n+1) / (1 * 3 * ... * (2n+1))`: no terms of opposite sign cancel.
pub fn erf(x: f64) -> f64 {
    let x = x.clamp(-6.0, 6.0); // 1 - erf(6) is 2e-17
    let (mut term, mut sum, mut odd) = (x, x, 1.0);
    while term.abs() > 1e-17 * sum.abs() {
        odd += 2.0;
        term *= 2.0 * x * x / odd;
        sum += term;
    }
    2.0 / PI.sqrt() * (-x * x).exp() * sum
}

/// `y = x * below(x)`, where `below` is the part of a standard normal below `x`.
fn gelu(x: &[f64]) -> Vec<f64> {
    x.iter().map(|x| x * 0.5 * (1.0 + erf(x * FRAC_1_SQRT_2))).collect()
}

fn gelu_backward(dy: &[f64], x: &[f64]) -> Vec<f64> {
    let below = |x: f64| 0.5 * (1.0 + erf(x * FRAC_1_SQRT_2));
    let density = |x: f64| (-x * x / 2.0).exp() / (2.0 * PI).sqrt(); // the derivative of below
    dy.iter().zip(x).map(|(dy, x)| dy * (below(*x) + x * density(*x))).collect() // y = x * below(x)
}

/// `-ln p[t][target t]` summed over positions, `p[t] = softmax(logits[t])`; also returns `p`.
fn cross_entropy(logits: &[f64], targets: &[usize]) -> (f64, Vec<f64>) {
    let p: Vec<f64> = logits.chunks(V).flat_map(softmax).collect();
    (-targets.iter().enumerate().map(|(t, target)| p[t * V + target].ln()).sum::<f64>(), p)
}

fn cross_entropy_backward(dloss: f64, p: &[f64], targets: &[usize]) -> Vec<f64> {
    let mut dlogits: Vec<f64> = p.iter().map(|p| dloss * p).collect(); // loss = ln sum exp(logits) - logits[target]
    targets.iter().enumerate().for_each(|(t, target)| dlogits[t * V + target] -= dloss);
    dlogits
}

// ------------------------------------------------------------------------------------------- The model: there and back

/// The loss of one sequence, summed over its positions; if asked, adds `factor` times its gradient to `dw`.
/// The second half is the first half mirrored, last line first; `x`, `x_mid`, `x_end` are the residual stream.
fn sequence(w: &Arrays, tokens: &[usize], factor: f64, dw: Option<&mut Arrays>) -> f64 {
    let [wte, wpe, ln_1, c_attn, c_proj, ln_2, c_fc, m_proj, ln_f, head] = w;
    let x = embed(&tokens[..T], wte, wpe);
    let normed = norm(&x, ln_1);
    let qkv = linear(&normed, c_attn, C);
    let (mixed, rows) = attention(&qkv);
    let x_mid = sum(&x, &linear(&mixed, c_proj, C));
    let normed_mid = norm(&x_mid, ln_2);
    let hidden = linear(&normed_mid, c_fc, C);
    let active = gelu(&hidden);
    let x_end = sum(&x_mid, &linear(&active, m_proj, HIDDEN));
    let normed_end = norm(&x_end, ln_f);
    let logits = linear(&normed_end, head, C);
    let (loss, p) = cross_entropy(&logits, &tokens[1..]);

    let Some([dwte, dwpe, dln_1, dc_attn, dc_proj, dln_2, dc_fc, dm_proj, dln_f, dhead]) = dw else { return loss };
    let dlogits = cross_entropy_backward(factor, &p, &tokens[1..]);
    let dnormed_end = linear_backward(dhead, &dlogits, &normed_end, head, C);
    let dx_end = norm_backward(dln_f, &dnormed_end, &x_end, ln_f);
    let dactive = linear_backward(dm_proj, &dx_end, &active, m_proj, HIDDEN);
    let dhidden = gelu_backward(&dactive, &hidden);
    let dnormed_mid = linear_backward(dc_fc, &dhidden, &normed_mid, c_fc, C);
    let dx_mid = sum(&dx_end, &norm_backward(dln_2, &dnormed_mid, &x_mid, ln_2));
    let dmixed = linear_backward(dc_proj, &dx_mid, &mixed, c_proj, C);
    let dqkv = attention_backward(&dmixed, &qkv, &rows);
    let dnormed = linear_backward(dc_attn, &dqkv, &normed, c_attn, C);
    let dx = sum(&dx_mid, &norm_backward(dln_1, &dnormed, &x, ln_1));
    embed_backward(dwte, dwpe, &dx, &tokens[..T]);
    loss
}

/// The mean loss of a batch in nats per token, and its gradient.
pub fn gradient(w: &Arrays, batch: &[Vec<usize>]) -> (f64, Arrays) {
    let (mut dw, count) = (zeros(), (batch.len() * T) as f64);
    let loss: f64 = batch.iter().map(|tokens| sequence(w, tokens, 1.0 / count, Some(&mut dw))).sum();
    (loss / count, dw)
}

// -------------------------------------------------------------------------------------------------------- The training

/// The weights, AdamW's running means of the gradient and of its square, and the steps done.
pub struct Trainer {
    pub weights: Arrays,
    mean: Arrays,
    mean_square: Arrays,
    done: usize,
}

impl Trainer {
    /// Before the first step.
    pub fn start() -> Self {
        Self { weights: start_weights(), mean: zeros(), mean_square: zeros(), done: 0 }
    }

    /// One step; returns the loss of the batch before it, in nats per token.
    pub fn step(&mut self, batch: &[Vec<usize>]) -> f64 {
        let (loss, dw) = gradient(&self.weights, batch);
        let length = dw.iter().flatten().map(|d| d * d).sum::<f64>().sqrt();
        let rate = rate(self.done);
        self.done += 1;
        self.adamw(&dw, (CLIP / (length + 1e-6)).min(1.0), rate);
        loss
    }

    /// AdamW of Loshchilov and Hutter 2019 in PyTorch's order; `factor` scales the gradient.
    fn adamw(&mut self, dw: &Arrays, factor: f64, rate: f64) {
        let [correction, square_correction] = [BETA.0, BETA.1].map(|beta| 1.0 - beta.powi(self.done as i32));
        for (array, (_, shape)) in ARRAYS.iter().enumerate() {
            let decay = if shape.len() == 1 { 0.0 } else { DECAY };
            for (i, d) in dw[array].iter().map(|d| d * factor).enumerate() {
                let w = &mut self.weights[array][i];
                let (m, v) = (&mut self.mean[array][i], &mut self.mean_square[array][i]);
                *w -= rate * decay * *w;
                *m = BETA.0 * *m + (1.0 - BETA.0) * d;
                *v = BETA.1 * *v + (1.0 - BETA.1) * d * d;
                *w -= rate / correction * *m / (v.sqrt() / square_correction.sqrt() + EPSILON);
            }
        }
    }
}

/// Rises evenly during the warm-up, then falls along a half-wave of the cosine from `RATE` to `LAST_RATE`.
pub fn rate(step: usize) -> f64 {
    if step < WARM_UP {
        return RATE * (step + 1) as f64 / (WARM_UP + 1) as f64;
    }
    let progress = (step - WARM_UP) as f64 / (STEPS - 1 - WARM_UP) as f64;
    LAST_RATE + (RATE - LAST_RATE) * 0.5 * (1.0 + (PI * progress).cos())
}

/// The loss above the truth's on the same fresh sequences, nats per token, and its standard error. The noise of the
/// draw is in both losses and cancels.
pub fn excess(laws: &Laws, w: &Arrays) -> (f64, f64) {
    let fresh = (0..TESTS).map(|index| tokens(laws, TEST, 0, index));
    let pairs: Vec<f64> = fresh.map(|x| (sequence(w, &x, 0.0, None) - truth(laws, &x)) / T as f64).collect();
    let mean = pairs.iter().sum::<f64>() / TESTS as f64;
    let variance = pairs.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (TESTS - 1) as f64;
    (mean, (variance / TESTS as f64).sqrt())
}
