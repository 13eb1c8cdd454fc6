//! Counting round a ring.

use super::walked;
use crate::regular::{Language, RegularError};

/// Words over 0 and 1 whose number of 1s the modulus divides.
pub(super) fn counter(numbers: &[u32]) -> Result<Language, RegularError> {
    let modulus = numbers[0];
    Ok(walked("01", 0, |count, symbol| (count + symbol as u32) % modulus, |count| *count == 0))
}

/// Words over 0 and 1 that have as many of both, modulo 3.
pub(super) fn tomita_6() -> Language {
    walked("01", 0, |excess, symbol| (excess + [1, 2][symbol]) % 3, |excess| *excess == 0)
}

/// Where one is in cycle navigation.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Moving(usize),
    Right,
    Wrong,
}

/// Moves round five places from the first, then exactly one digit: right if it is the place.
pub(super) fn cycle_navigation() -> Language {
    let step = |place: &Place, symbol: usize| match (place, symbol) {
        (Place::Moving(at), 0) => Place::Moving((at + 1) % 5),
        (Place::Moving(at), 1) => Place::Moving((at + 4) % 5),
        (Place::Moving(at), 2) => Place::Moving(*at),
        (Place::Moving(at), digit) if digit - 3 == *at => Place::Right,
        _ => Place::Wrong,
    };
    walked("><=01234", Place::Moving(0), step, |place| *place == Place::Right)
}
