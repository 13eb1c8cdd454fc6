//! The machine that writes its state after every symbol, for any automaton of fixed width and one block: its sequences are those of
//! kind `regular-steps`.
//!
//! From a symbol, attention fetches the state before it, which stands there as a token, or `BOS` for the first. States and symbols
//! stand as a number and its square, `(q, q^2)` and `(s, s^2)`, and the unit `relu(1 - (q - i)^2 - (s - j)^2)` of the MLP is 1 for
//! its own state `i` and symbol `j` and else 0; it writes the next state `r` as `(r, r^2)`. The logit of state `k` is
//! `-(r - k)^2` times a factor. From `BOS` and from states, whose `s` is -2, no unit is active, and all symbols have the same logit.

use infimum_worlds::regular::Machine;

use super::nearest::{self, HEAD};
use super::wiring::Wiring;
use super::{CLASS_MARGIN, Margins, Method, Sketch, too_long};
use crate::LabError;
use crate::recipe::Model;

/// The most states: their squares, twice, are whole numbers that f32 has.
const MOST_STATES: usize = 1024;
/// The most pairs of a state and a symbol.
const MOST_UNITS: usize = 16_384;

/// The channels.
const T: usize = 0;
const SQUARE: usize = 1;
const ONE: usize = 2;
const IS_SYMBOL: usize = 3;
const SYMBOL: usize = 4;
const STATE: usize = 6;
const BEFORE: usize = 8;
const AFTER: usize = 10;
const WIDTH: usize = 12;

pub(super) fn sketch(machine: &Machine, length: usize) -> Result<Sketch, LabError> {
    let (states, symbols) = (machine.automaton().states(), machine.alphabet().len());
    // A run of so many symbols has positions 0 to twice that, less one.
    let longest = nearest::last_position().div_ceil(2);
    if length > longest {
        return Err(too_long(length, longest));
    }
    if states > MOST_STATES || states * symbols > MOST_UNITS {
        let allowed = format!(
            "at most {MOST_STATES}, and with the {symbols} symbols at most {MOST_UNITS} pairs of both, each a hidden unit"
        );
        return Err(LabError::value("the states of the automaton", states, allowed, "choose a smaller language"));
    }
    let model = Model {
        width: WIDTH,
        layers: 1,
        head_width: Some(HEAD),
        value_width: Some(2),
        mlp_hidden: Some(states * symbols),
        ..Model::default()
    };
    let mut wiring = Wiring::of_tokens(model);
    embed(&mut wiring, states, symbols, 2 * length);
    nearest::wire(&mut wiring, 0, 1, [T, SQUARE]);
    for part in 0..2 {
        wiring.linear("h.0.attn.c_attn", 2 * HEAD + part, &[(STATE + part, 1.0)], 0.0);
        wiring.linear("h.0.attn.c_proj", BEFORE + part, &[(part, 1.0)], 0.0);
    }
    step(&mut wiring, machine);
    read(&mut wiring, states, symbols);
    let margins = Margins { attention: nearest::attention_margin(), class: CLASS_MARGIN, longest };
    Ok(Sketch { method: Method::Steps, wiring, margins, points: None })
}

/// A number and its square.
fn pair(wiring: &mut Wiring, token: usize, channel: usize, number: f64) {
    wiring.token(token, channel, number);
    wiring.token(token, channel + 1, number * number);
}

fn embed(wiring: &mut Wiring, states: usize, symbols: usize, positions: usize) {
    for symbol in 0..symbols {
        pair(wiring, symbol, SYMBOL, symbol as f64);
        wiring.token(symbol, IS_SYMBOL, 1.0);
    }
    // The last token, `BOS`, stands for the first state.
    for (token, state) in (symbols..).zip((0..states).chain([0])) {
        pair(wiring, token, SYMBOL, -2.0);
        pair(wiring, token, STATE, state as f64);
    }
    wiring.positions(positions, T, |t| t);
    wiring.positions(positions, SQUARE, |t| t * t);
    wiring.positions(positions, ONE, |_| 1.0);
}

fn step(wiring: &mut Wiring, machine: &Machine) {
    let (automaton, symbols) = (machine.automaton(), machine.alphabet().len());
    let mut after = [Vec::new(), Vec::new()];
    for unit in 0..automaton.states() * symbols {
        let (i, j) = ((unit / symbols) as f64, (unit % symbols) as f64);
        let inputs = [(BEFORE, 2.0 * i), (BEFORE + 1, -1.0), (SYMBOL, 2.0 * j), (SYMBOL + 1, -1.0)];
        wiring.linear("h.0.mlp.c_fc", unit, &inputs, 1.0 - i * i - j * j);
        let next = f64::from(automaton.next((unit / symbols) as u32, (unit % symbols) as u16));
        after[0].push((unit, next));
        after[1].push((unit, next * next));
    }
    let [number, square] = after;
    wiring.linear("h.0.mlp.c_proj", AFTER, &number, 0.0);
    wiring.linear("h.0.mlp.c_proj", AFTER + 1, &square, 0.0);
}

fn read(wiring: &mut Wiring, states: usize, symbols: usize) {
    for symbol in 0..symbols {
        wiring.logit(symbol, IS_SYMBOL, -CLASS_MARGIN);
    }
    for state in 0..states {
        let (token, k) = (symbols + state, state as f64);
        wiring.logit(token, AFTER, 2.0 * k * CLASS_MARGIN);
        wiring.logit(token, AFTER + 1, -CLASS_MARGIN);
        wiring.logit(token, ONE, -(k * k + 1.0) * CLASS_MARGIN);
        wiring.logit(token, IS_SYMBOL, CLASS_MARGIN);
    }
    // `BOS` never comes again.
    wiring.logit(symbols + states, ONE, -CLASS_MARGIN);
}
