//! One block of attention for machines whose every symbol keeps the state or sets it, whatever it was (flip-flops).
//!
//! The state is that of the last symbol that sets it, or else the first. A key's score is its position, less more than any
//! position for symbols that keep the state; so the last of the others is ahead by one, times the sharpness. Its value is the
//! class.

use infimum_worlds::regular::{Automaton, Machine};

use super::nearest::{self, WHOLE};
use super::wiring::Wiring;
use super::{CLASS_MARGIN, Margins, Method, Sketch, no_such};
use crate::LabError;
use crate::recipe::Model;

const SHARPNESS: f64 = 256.0;

pub(super) fn sketch(machine: &Machine, length: usize) -> Result<Sketch, LabError> {
    let automaton = machine.automaton();
    let sets: Option<Vec<Option<u32>>> = (0..automaton.symbols() as u16).map(|symbol| set(automaton, symbol)).collect();
    let wanted = "for automata whose every symbol keeps all states, or leads from all to one";
    let sets = sets.ok_or_else(|| no_such(Method::Reset, wanted))?;
    let classes = machine.classes().len();
    let (keeps, t, set, read) = (0, 1, 2, 2 + classes);
    let model = Model {
        width: 2 + 2 * classes,
        layers: 1,
        head_width: Some(1),
        value_width: Some(classes),
        mlp: false,
        ..Model::default()
    };
    let mut wiring = Wiring::of_classes(model);
    // `EOS` keeps the state, `BOS` sets the first.
    for (token, state) in sets.iter().chain([&None, &Some(0)]).enumerate() {
        match state {
            None => wiring.token(token, keeps, 1.0),
            Some(state) => wiring.token(token, set + usize::from(automaton.output(*state)), 1.0),
        }
    }
    wiring.positions(length + 1, t, |t| t);
    let beyond = (length + 1) as f64;
    wiring.linear("h.0.attn.c_attn", 0, &[], SHARPNESS);
    wiring.linear("h.0.attn.c_attn", 1, &[(t, 1.0), (keeps, -beyond)], 0.0);
    for class in 0..classes {
        wiring.linear("h.0.attn.c_attn", 2 + class, &[(set + class, 1.0)], 0.0);
        wiring.linear("h.0.attn.c_proj", read + class, &[(class, 1.0)], 0.0);
        wiring.logit(class, read + class, CLASS_MARGIN);
    }
    let longest = nearest::greatest(SHARPNESS, 1).min(WHOLE / SHARPNESS) as usize - 1;
    let margins = Margins { attention: nearest::margin(SHARPNESS, 1), class: CLASS_MARGIN, longest };
    Ok(Sketch { method: Method::Reset, wiring, margins, points: None })
}

/// The state to which a symbol leads from all; `Some(None)` if it keeps all; `None` if it does neither.
#[allow(clippy::option_option, reason = "a symbol that keeps the state is one of the two that are allowed")]
fn set(automaton: &Automaton, symbol: u16) -> Option<Option<u32>> {
    let mut states = 0..automaton.states() as u32;
    let to = automaton.next(0, symbol);
    if states.clone().all(|state| automaton.next(state, symbol) == state) {
        return Some(None);
    }
    states.all(|state| automaton.next(state, symbol) == to).then_some(Some(to))
}
