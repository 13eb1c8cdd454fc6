//! A model of a family while it is read: what is taken of its arrays, and the recipe's formulas beside it.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::arrays::Arrays;

/// The numbers and formulas that were found so far.
pub(super) struct Reading<'a> {
    pub(super) arrays: &'a mut Arrays,
    /// Lines of `[model.weights]`.
    pub(super) weights: String,
    /// The numbers of each array of parameters, by its name.
    pub(super) numbers: BTreeMap<String, Vec<f32>>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(arrays: &'a mut Arrays) -> Reading<'a> {
        Reading { arrays, weights: String::new(), numbers: BTreeMap::new() }
    }

    /// Takes an array as the numbers of `parameter`, which has that shape.
    pub(super) fn take(&mut self, stored: &str, parameter: &str, shape: [usize; 2]) -> Result<(), String> {
        let numbers = self.arrays.numbers(stored, shape)?;
        self.numbers.insert(parameter.into(), numbers);
        Ok(())
    }

    /// The same of an array that is stored transposed.
    pub(super) fn take_transposed(&mut self, stored: &str, parameter: &str, shape: [usize; 2]) -> Result<(), String> {
        let numbers = self.arrays.transposed(stored, shape)?;
        self.numbers.insert(parameter.into(), numbers);
        Ok(())
    }

    /// Gives a weight its formula.
    pub(super) fn line(&mut self, weight: &str, formula: &str) {
        _ = writeln!(self.weights, "{weight:?} = {formula:?}");
    }
}

/// The formula of fixed numbers, which reads back as the same bits.
pub(super) fn given([rows, columns]: [usize; 2], numbers: &[f32]) -> String {
    let written = |x: &f32| {
        let short = x.to_string();
        let same = short.parse::<f64>().is_ok_and(|y| (y as f32).to_bits() == x.to_bits());
        if same { short } else { f64::from(*x).to_string() }
    };
    format!("given({rows}, {columns}, {})", numbers.iter().map(written).collect::<Vec<_>>().join(", "))
}
