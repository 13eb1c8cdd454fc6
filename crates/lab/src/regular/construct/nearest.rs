//! Attention to one position, by its number.
//!
//! Query `t` with the score `s (2 (t - d) u - u^2)` for key `u` prefers the key next to `t - d`: the score is `s (t - d)^2` less
//! `s` times the squared distance, so the second best is behind by `s`, or more. The engine's `2^x` is 0 below -150, so that in
//! f32 all weight is on one key, exactly, where scores in powers of 2 are apart by more. `s = 1024` is a power of 2, and what is
//! multiplied and added are whole numbers, which f32 has to `2^24`; what is rounded are the factor of attention and the
//! difference to the greatest score, by at most `2^-24` of a score each.

use super::wiring::Wiring;

/// The score `s`.
const SHARPNESS: f64 = 1024.0;
/// Scores in powers of 2 that are apart by more leave the smaller no weight in f32.
const LEAST: f64 = 151.0;
/// Whole numbers below this are exact in f32.
pub(super) const WHOLE: f64 = 16_777_216.0;

/// Channels of the head of queries and keys.
pub(super) const HEAD: usize = 2;

/// How far the best score is ahead of the second, in nats, for scores of so many channels that are apart by `sharpness`.
pub(super) fn margin(sharpness: f64, channels: usize) -> f64 {
    sharpness / (channels as f64).sqrt()
}

/// The greatest value of scores, in units of their least difference, at which f32 keeps the weight on one key.
pub(super) fn greatest(sharpness: f64, channels: usize) -> f64 {
    let apart = margin(sharpness, channels) * std::f64::consts::LOG2_E;
    assert!(apart > LEAST, "scores that are apart by {apart} leave others some weight");
    (1.0 - LEAST / apart) * WHOLE / 4.0
}

/// The margin of this attention, in nats.
pub(super) fn attention_margin() -> f64 {
    margin(SHARPNESS, HEAD)
}

/// The last position up to which f32 keeps all weight on one key.
pub(super) fn last_position() -> usize {
    // Twice the square of a position has to be a whole number that f32 has.
    greatest(SHARPNESS, HEAD).min(WHOLE / 2.0).sqrt() as usize
}

/// Wires block `at` to attend from every position to the one `back` before it, or else to the first. `t` and `t^2` stand in the
/// channels `[t, square]`; queries and keys are the first channels of the block's joint linear.
pub(super) fn wire(wiring: &mut Wiring, at: usize, back: usize, [t, square]: [usize; 2]) {
    let name = format!("h.{at}.attn.c_attn");
    wiring.linear(&name, 0, &[(t, 2.0 * SHARPNESS)], -2.0 * SHARPNESS * back as f64);
    wiring.linear(&name, 1, &[], -SHARPNESS);
    wiring.linear(&name, HEAD, &[(t, 1.0)], 0.0);
    wiring.linear(&name, HEAD + 1, &[(square, 1.0)], 0.0);
}
