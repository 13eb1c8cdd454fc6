//! Balanced brackets of bounded depth.

use super::walked;
use crate::regular::{Language, MOST_STATES, RegularError};

/// Balanced words over brackets of `kinds` kinds, nested at most `depth` deep; both stand in `numbers`. A state is the brackets
/// that are open, or none where the word is lost. Error: more than [`MOST_STATES`] of them.
pub(super) fn dyck(numbers: &[u32]) -> Result<Language, RegularError> {
    let (kinds, depth) = (numbers[0] as usize, numbers[1] as usize);
    let states = 1 + (0..=depth as u32).map(|open| kinds.pow(open)).sum::<usize>();
    if states > MOST_STATES {
        let what = format!("the automaton of dyck-{kinds}-{depth}, in states,");
        return Err(RegularError::limit(what, states, MOST_STATES as u64, "lower the depth"));
    }
    let step = |open: &Option<Vec<usize>>, symbol: usize| {
        let (kind, opens) = (symbol / 2, symbol.is_multiple_of(2));
        let mut open = open.clone()?;
        if opens {
            open.push(kind);
            (open.len() <= depth).then_some(open)
        } else {
            (open.pop() == Some(kind)).then_some(open)
        }
    };
    Ok(walked(&"()[]{}<>"[..2 * kinds], Some(Vec::new()), step, |open| open.as_ref().is_some_and(Vec::is_empty)))
}
