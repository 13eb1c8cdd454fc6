//! One block for machines that count round a ring: uniform attention, and an MLP that knows the remainder.
//!
//! Every symbol adds a number modulo `m`. Uniform attention gives the mean of these numbers and, since `BOS` alone has 1 in a
//! channel of its own, `b`, one divided by the position's number. With their sum `s` the mean is `s b`, and
//! `relu(s b - j b) = b relu(s - j)`, so that sums of such units are `b` times any function of `s` that is straight between
//! whole numbers: here 1 for each class where the remainder is of it. Logits are apart by `b` times a factor.
//!
//! Roundings: the mean, and `j b`, are off by at most `2^-24` of themselves, and so is every partial sum of the units, which is
//! at most `2 b` times the reach of `s`. With at most `n` units of weight at most 2 over a reach of `r` that is below
//! `10 n r 2^-24 b` in all, of which a quarter of `b` is allowed.

use std::mem::replace;

use infimum_worlds::regular::{Automaton, Machine};

use super::nearest::WHOLE;
use super::wiring::Wiring;
use super::{CLASS_MARGIN, Margins, Method, Sketch, no_such, too_long};
use crate::LabError;
use crate::recipe::{Model, Positions};

/// The ring that a machine counts round.
struct Ring {
    /// `[state]`: its number on the ring.
    number: Vec<i64>,
    /// `[symbol]`: what it adds, at most half round either way.
    steps: Vec<i64>,
}

pub(super) fn sketch(machine: &Machine, length: usize) -> Result<Sketch, LabError> {
    let automaton = machine.automaton();
    let wanted = "for automata that count modulo a number, to which every symbol adds another";
    let ring = Ring::of(automaton).ok_or_else(|| no_such(Method::Counter, wanted))?;
    let [low, high] = [ring.steps.iter().min(), ring.steps.iter().max()].map(|step| step.copied().unwrap_or(0));
    let (low, high) = (low.min(0), high.max(0));
    let of_one = (high - low) * high.max(-low);
    let longest = (WHOLE / (40 * of_one) as f64).sqrt() as usize;
    if length > longest {
        return Err(too_long(length, longest));
    }
    let (least, most) = (low * length as i64, high * length as i64);
    let (begin, step, share, mean, read) = (0, 1, 2, 3, 4);
    let classes = machine.classes().len();
    let model = Model {
        width: read + classes,
        layers: 1,
        head_width: Some(1),
        value_width: Some(2),
        mlp_hidden: Some((most - least) as usize + 1),
        positions: Positions::None,
        ..Model::default()
    };
    let mut wiring = Wiring::of_classes(model);
    ring.steps.iter().enumerate().for_each(|(token, number)| wiring.token(token, step, *number as f64));
    wiring.token(ring.steps.len() + 1, begin, 1.0);
    for (value, (from, to)) in [(begin, share), (step, mean)].into_iter().enumerate() {
        wiring.linear("h.0.attn.c_attn", 2 + value, &[(from, 1.0)], 0.0);
        wiring.linear("h.0.attn.c_proj", to, &[(value, 1.0)], 0.0);
    }
    for (unit, from) in (least..most).enumerate() {
        wiring.linear("h.0.mlp.c_fc", unit, &[(mean, 1.0), (share, -from as f64)], 0.0);
    }
    let last = (most - least) as usize;
    wiring.linear("h.0.mlp.c_fc", last, &[(share, 1.0)], 0.0);
    for class in 0..classes {
        let units = ring.units(automaton, class, least..most);
        wiring.linear("h.0.mlp.c_proj", read + class, &units, 0.0);
        wiring.logit(class, read + class, CLASS_MARGIN * 2.0 * (length + 1) as f64);
    }
    let margins = Margins { attention: 0.0, class: CLASS_MARGIN, longest };
    Ok(Sketch { method: Method::Counter, wiring, margins, points: None })
}

impl Ring {
    fn of(automaton: &Automaton) -> Option<Ring> {
        let states = automaton.states();
        if !(0..automaton.symbols() as u16).all(|symbol| permutes(automaton, symbol)) {
            return None;
        }
        let access = automaton.access();
        (0..states as u32).find_map(|first| {
            let word = access.word(first)?;
            let turn = |state: u32| word.iter().fold(state, |state, symbol| automaton.next(state, *symbol));
            let (mut number, mut state) = (vec![-1; states], 0);
            for place in 0..states as i64 {
                number[state as usize] = place;
                state = turn(state);
            }
            if state != 0 || number.contains(&-1) {
                return None;
            }
            let steps: Option<Vec<i64>> =
                (0..automaton.symbols() as u16).map(|s| step(automaton, &number, s)).collect();
            Some(Ring { number, steps: steps? })
        })
    }

    /// The weights of the units for `b` times 1 where the sum is of a class, and 0 where it is not: how the slope changes at each whole
    /// number of the range, and last the value at its beginning.
    fn units(&self, automaton: &Automaton, class: usize, range: std::ops::Range<i64>) -> Vec<(usize, f64)> {
        let round = self.number.len() as i64;
        let state = |sum: i64| self.number.iter().position(|number| *number == sum.rem_euclid(round));
        let at = |sum: i64| {
            let state = state(sum).expect("every remainder is a state");
            f64::from(u8::from(usize::from(automaton.output(state as u32)) == class))
        };
        let slope = |sum: i64| at(sum + 1) - at(sum);
        let change = |sum: i64| if sum == range.start { slope(sum) } else { slope(sum) - slope(sum - 1) };
        let units = range.clone().map(change).chain([at(range.start)]).enumerate();
        units.filter(|(_, weight)| *weight != 0.0).collect()
    }
}

/// Whether a symbol leads from different states to different ones.
fn permutes(automaton: &Automaton, symbol: u16) -> bool {
    let mut met = vec![false; automaton.states()];
    (0..automaton.states() as u32).all(|state| !replace(&mut met[automaton.next(state, symbol) as usize], true))
}

/// What a symbol adds round the ring, the short way; `None` if it is not the same for all states.
fn step(automaton: &Automaton, number: &[i64], symbol: u16) -> Option<i64> {
    let round = number.len() as i64;
    let by = |state: usize| (number[automaton.next(state as u32, symbol) as usize] - number[state]).rem_euclid(round);
    let first = by(0);
    (0..number.len()).all(|state| by(state) == first).then_some(if 2 * first > round { first - round } else { first })
}
