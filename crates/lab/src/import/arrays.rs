//! The arrays of somebody's file, and which of them were used.

use std::collections::{BTreeMap, BTreeSet};

use crate::weights_file::{Tensor, shown};

/// Arrays by name, each to be used.
pub(super) struct Arrays {
    tensors: BTreeMap<String, Tensor>,
    settings: BTreeMap<String, i64>,
    used: BTreeSet<String>,
}

impl Arrays {
    pub(super) fn new(tensors: Vec<Tensor>, settings: BTreeMap<String, i64>) -> Arrays {
        // Compiled modules of PyTorch have the prefix.
        let name = |tensor: &Tensor| tensor.name.strip_prefix("_orig_mod.").unwrap_or(&tensor.name).to_string();
        let tensors = tensors.into_iter().map(|tensor| (name(&tensor), tensor)).collect();
        Arrays { tensors, settings, used: BTreeSet::new() }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// A whole number that stands beside the arrays.
    pub(super) fn setting(&self, name: &str) -> Option<i64> {
        self.settings.get(name).copied()
    }

    /// How many dimensions an array has; `None` without it.
    pub(super) fn dimensions(&self, name: &str) -> Option<usize> {
        Some(self.tensors.get(name)?.shape.len())
    }

    /// Takes the first dimension away from every array, which is that of models beside each other and has to be 1.
    pub(super) fn unstack(&mut self) -> Result<(), String> {
        for (name, tensor) in &mut self.tensors {
            match tensor.shape.first() {
                Some(1) => _ = tensor.shape.remove(0),
                found => {
                    let models = found.copied().unwrap_or(0);
                    return Err(format!("its `{}` has {models} models; give the file of one", shown(name, 60)));
                }
            }
        }
        Ok(())
    }

    /// Rows and columns; one dimension is a row, none a single number.
    pub(super) fn shape(&self, name: &str) -> Result<[usize; 2], String> {
        let tensor = self.tensors.get(name).ok_or_else(|| format!("it lacks `{name}`; it holds {}", self.listed()))?;
        match tensor.shape[..] {
            [] => Ok([1, 1]),
            [columns] => Ok([1, columns]),
            [rows, columns] => Ok([rows, columns]),
            _ => Err(format!("its `{name}` has shape {:?}, not two dimensions", tensor.shape)),
        }
    }

    /// The numbers of an array of that shape, row by row.
    pub(super) fn numbers(&mut self, name: &str, wanted: [usize; 2]) -> Result<Vec<f32>, String> {
        let found = self.shape(name)?;
        if found != wanted {
            return Err(format!("its `{name}` is {found:?}, where the other arrays want {wanted:?}"));
        }
        self.used.insert(name.into());
        let data = &self.tensors[name].data;
        match data.iter().position(|x| !x.is_finite()) {
            Some(place) => Err(format!("its `{name}` holds {} at place {place}, which is no number", data[place])),
            None => Ok(data.clone()),
        }
    }

    /// The numbers of an array whose transpose has that shape, transposed.
    pub(super) fn transposed(&mut self, name: &str, [rows, columns]: [usize; 2]) -> Result<Vec<f32>, String> {
        let stored = self.numbers(name, [columns, rows])?;
        Ok((0..rows * columns).map(|at| stored[at % columns * rows + at / columns]).collect())
    }

    /// Uses an array that has to be another one, bit by bit.
    pub(super) fn same(&mut self, name: &str, other: &str) -> Result<(), String> {
        let shape = self.shape(other)?;
        let (one, other_numbers) = (self.numbers(name, shape)?, self.tensors[other].data.clone());
        match one.iter().zip(&other_numbers).position(|(a, b)| a.to_bits() != b.to_bits()) {
            None => Ok(()),
            Some(place) => Err(format!(
                "its `{name}` is tied to `{other}`, but number {place} is {} in one and {} in the other",
                one[place], other_numbers[place]
            )),
        }
    }

    /// Uses an array that says nothing, such as a mask.
    pub(super) fn ignore(&mut self, name: &str) {
        self.used.insert(name.into());
    }

    pub(super) fn require_all_used(&self) -> Result<(), String> {
        let left: Vec<String> =
            self.tensors.keys().filter(|name| !self.used.contains(*name)).take(5).map(|name| quoted(name)).collect();
        if left.is_empty() { Ok(()) } else { Err(format!("it holds {}, which no model of it has", left.join(", "))) }
    }

    /// The names, the first of them.
    pub(super) fn listed(&self) -> String {
        const MOST: usize = 40;
        let names: Vec<String> = self.tensors.keys().take(MOST).map(|name| quoted(name)).collect();
        match self.tensors.len() {
            0 => "no array".into(),
            found if found > MOST => format!("{} and {} more arrays", names.join(", "), found - MOST),
            _ => names.join(", "),
        }
    }
}

fn quoted(name: &str) -> String {
    format!("`{}`", shown(name, 60))
}
