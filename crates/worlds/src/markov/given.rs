//! A law that somebody gives as numbers, such as one read from a file.

use crate::WorldError;
use crate::markov::Generator;
use crate::markov::dirichlet::scale_to_one;
use crate::markov::law::Law;
use crate::markov::settings::{NON_ZEROS_LIMIT, Plan, block_length, number_of_states};

/// How far from 1 a row may sum.
const SUM_TOLERANCE: f64 = 1e-9;

/// Checks the numbers and makes every row sum to 1. `start` has `n` entries, `transitions` `n * n` of them, row by row.
pub(crate) fn check(start: &[f64], transitions: &[f64], length: usize) -> Result<(Plan, Law), WorldError> {
    let states = number_of_states(i64::try_from(start.len()).unwrap_or(i64::MAX))?;
    let length = block_length(i64::try_from(length).unwrap_or(i64::MAX))?;
    let wanted = states as u128 * states as u128;
    if wanted + states as u128 > NON_ZEROS_LIMIT {
        let remedy = "give a chain of fewer states".to_string();
        return Err(WorldError::Size { non_zeros: wanted + states as u128, limit: NON_ZEROS_LIMIT, remedy });
    }
    if transitions.len() as u128 != wanted {
        let fault = format!("has {} entries, not {states} times {states}", transitions.len());
        let remedy = "give one row of probabilities for each entry of the start law".to_string();
        return Err(WorldError::Law { place: "the transition matrix".to_string(), fault, remedy });
    }
    let named = |row: usize| format!("row {row} of the transition matrix");
    let mut rows = Vec::with_capacity(states + 1);
    for (row, p) in transitions.chunks_exact(states).enumerate() {
        rows.push(non_zeros(p, || named(row))?);
    }
    let keep = rows.iter().map(Vec::len).max().unwrap_or(states);
    rows.push(non_zeros(start, || "the start law".to_string())?);
    let plan = Plan { states, order: 1, length, keep, concentration: 1.0, generator: Generator::Philox, seed: 0 };
    Ok((plan, Law::of_rows(states, &rows)))
}

/// The row's non-zeros, scaled to sum to 1.
fn non_zeros(row: &[f64], place: impl Fn() -> String) -> Result<Vec<(u16, f64)>, WorldError> {
    let refuse = |fault, remedy: &str| WorldError::Law { place: place(), fault, remedy: remedy.to_string() };
    if let Some(state) = row.iter().position(|p| !(p.is_finite() && *p >= 0.0)) {
        let fault = format!("has {} for state {state}, not a probability", row[state]);
        return Err(refuse(fault, "every entry has to be a number of at least 0"));
    }
    let sum: f64 = row.iter().sum();
    if (sum - 1.0).abs() > SUM_TOLERANCE {
        return Err(refuse(format!("sums to {sum}, not to 1 within {SUM_TOLERANCE:e}"), "divide it by its sum"));
    }
    let possible = |(state, &p): (usize, &f64)| (p > 0.0).then_some((state as u16, p));
    let (states, mut p): (Vec<u16>, Vec<f64>) = row.iter().enumerate().filter_map(possible).unzip();
    scale_to_one(&mut p);
    Ok(states.into_iter().zip(p).collect())
}
