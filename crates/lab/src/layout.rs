//! How the parameters of a model stand in a weights file, and whether a file fits the model.

use std::collections::BTreeMap;
use std::path::Path;

use infimum_engine::{Constant, Parameter};

use crate::weights_file::{Tensor, TensorView};
use crate::{LabError, is_vector};

/// The arrays of a model under the field's usual names (nanoGPT's state dict).
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    parameters: Vec<Parameter>,
    tied: Vec<(String, String)>,
    identities: Vec<(String, usize)>,
    frozen: Vec<(String, Constant)>,
}

impl Layout {
    /// `parameters` are the free arrays, covering the vector of all parameters in order and without gaps; `tied` are arrays
    /// without parameters of their own, each with the name of the parameter that it repeats.
    ///
    /// # Panics
    /// When there are gaps, or a name is not that of a parameter: faults of ours.
    pub fn new(parameters: Vec<Parameter>, tied: Vec<(String, String)>) -> Layout {
        let mut end = 0;
        for Parameter { name, shape, range } in &parameters {
            assert!(range.start == end && range.len() == shape.len(), "`{name}` lies at {range:?} after {end}");
            end = range.end;
        }
        let known = |name: &String| parameters.iter().any(|parameter| parameter.name == *name);
        assert!(tied.iter().all(|(_, target)| known(target)), "{tied:?} repeat parameters");
        Layout { parameters, tied, identities: vec![], frozen: vec![] }
    }

    /// The same with arrays that are the identity of so many rows: a file may have them or not.
    pub fn with_identities(self, identities: Vec<(String, usize)>) -> Layout {
        Layout { identities, ..self }
    }

    /// The same of a model that has these numbers besides, by the name of their array, which are never trained and stand in no file.
    pub fn with_frozen<'a>(self, frozen: impl Iterator<Item = (&'a str, &'a Constant)>) -> Layout {
        Layout { frozen: frozen.map(|(name, numbers)| (name.into(), numbers.clone())).collect(), ..self }
    }

    /// The arrays that are never trained and stand in no file, by name.
    pub(crate) fn frozen(&self) -> &[(String, Constant)] {
        &self.frozen
    }

    /// The free arrays in order.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// Arrays that repeat a parameter: their name and the parameter's.
    pub fn tied(&self) -> &[(String, String)] {
        &self.tied
    }

    /// Number of parameters (free scalars).
    pub fn scalars(&self) -> usize {
        self.parameters.last().map_or(0, |parameter| parameter.range.end)
    }

    /// The arrays at `point` as they stand in a file: `[out, in]` for linear layers, `[C]` for biases and gains.
    pub fn views<'a>(&self, point: &'a [f32]) -> Vec<TensorView<'a>> {
        assert_eq!(point.len(), self.scalars(), "one scalar for each parameter");
        let view =
            |p: &Parameter| TensorView { name: p.name.clone(), shape: file_shape(p), data: &point[p.range.clone()] };
        self.parameters.iter().map(view).collect()
    }

    /// Hash (BLAKE3, hexadecimal) of the weights at `point`: for each parameter array the length of its name and the name,
    /// its rows and columns, and its scalars; integers as 8 bytes, scalars as 4, all little-endian.
    pub fn weights_hash(&self, point: &[f32]) -> String {
        assert_eq!(point.len(), self.scalars(), "one scalar for each parameter");
        let mut hasher = blake3::Hasher::new();
        for Parameter { name, shape, range } in &self.parameters {
            hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
            [shape.rows, shape.channels].iter().for_each(|&n| _ = hasher.update(&(n as u64).to_le_bytes()));
            let bytes: Vec<u8> = point[range.clone()].iter().flat_map(|x| x.to_le_bytes()).collect();
            hasher.update(&bytes);
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Refuses weights of another hash than that which a plan has for what its key `key` names, at `path`.
    pub(crate) fn require_hash(&self, point: &[f32], hash: &str, path: &Path, key: &str) -> Result<(), LabError> {
        if self.weights_hash(point) == hash {
            return Ok(());
        }
        Err(LabError::File {
            path: path.into(),
            problem: format!("these weights are not those that the plan was made with ({key})"),
            remedy: "put back what was there, or run the recipe anew".into(),
        })
    }

    /// The parameters out of the tensors of a file that somebody may have written with other tools.
    ///
    /// The prefix `_orig_mod.` of compiled PyTorch modules is dropped. Left aside are our `optimiser.` arrays, nanoGPT's causal
    /// masks (`….attn.bias` of four dimensions), tied arrays, where they repeat their parameter to the bit, and identities.
    ///
    /// # Errors
    /// When a tensor is missing, superfluous, of another shape, or holds a number that is not finite in f32; the text names it.
    pub fn gather(&self, tensors: Vec<Tensor>, path: &Path) -> Result<Vec<f32>, LabError> {
        self.fit(tensors).map_err(|problem| LabError::File {
            path: path.into(),
            problem,
            remedy: "give weights of the plan's model, or make the plan's [model] that of the weights".into(),
        })
    }

    fn fit(&self, tensors: Vec<Tensor>) -> Result<Vec<f32>, String> {
        let mut named = by_name(tensors)?;
        self.check_presence(&named)?;
        for parameter in &self.parameters {
            check_shape(parameter, &named[&parameter.name])?;
            check_finite(&named[&parameter.name])?;
        }
        let mut point = Vec::with_capacity(self.scalars());
        for parameter in &self.parameters {
            point.extend(named.remove(&parameter.name).expect("its presence was checked").data);
        }
        named.values().try_for_each(|tensor| match self.identities.iter().find(|(name, _)| *name == tensor.name) {
            Some((_, rows)) => check_identity(tensor, *rows),
            None => self.check_tied(tensor, &point),
        })?;
        Ok(point)
    }

    fn check_presence(&self, named: &BTreeMap<String, Tensor>) -> Result<(), String> {
        let is_ours = |name: &String| {
            let identity = self.identities.iter().any(|i| i.0 == *name);
            identity || self.parameters.iter().any(|p| p.name == *name) || self.tied.iter().any(|t| t.0 == *name)
        };
        let missing = self.parameters.iter().filter(|p| !named.contains_key(&p.name));
        let missing: Vec<String> = missing.map(|p| described(&p.name, &file_shape(p))).collect();
        let extra = named.values().filter(|tensor| !is_ours(&tensor.name));
        let extra: Vec<String> = extra.map(|tensor| described(&tensor.name, &tensor.shape)).collect();
        match (missing.is_empty(), extra.is_empty()) {
            (true, true) => Ok(()),
            (false, true) => Err(format!("lacks {} of the plan's model", listed(&missing))),
            (true, false) => Err(format!("has {}, which the plan's model has not", listed(&extra))),
            (false, false) => Err(format!(
                "lacks {} of the plan's model, and has {}, which it has not",
                listed(&missing),
                listed(&extra)
            )),
        }
    }

    fn check_tied(&self, tensor: &Tensor, point: &[f32]) -> Result<(), String> {
        let (name, target) = self.tied.iter().find(|(name, _)| *name == tensor.name).expect("its presence was checked");
        let parameter = self.parameters.iter().find(|p| p.name == *target).expect("checked by the constructor");
        check_shape(parameter, tensor)?;
        let same = tensor.data.iter().zip(&point[parameter.range.clone()]).all(|(a, b)| a.to_bits() == b.to_bits());
        if same {
            Ok(())
        } else {
            Err(format!("has a `{name}` that differs from `{target}`, to which the plan ties it"))
        }
    }
}

fn by_name(tensors: Vec<Tensor>) -> Result<BTreeMap<String, Tensor>, String> {
    let mut named = BTreeMap::new();
    for mut tensor in tensors {
        tensor.name = tensor.name.strip_prefix("_orig_mod.").unwrap_or(&tensor.name).into();
        let is_mask = tensor.name.ends_with(".attn.bias") && tensor.shape.len() == 4;
        if is_mask || tensor.name.starts_with("optimiser.") {
            continue;
        }
        if let Some(first) = named.insert(tensor.name.clone(), tensor) {
            return Err(format!("has {} twice, with and without `_orig_mod.`", described(&first.name, &first.shape)));
        }
    }
    Ok(named)
}

/// Biases and gains have one dimension in a file, all other arrays two.
fn file_shape(parameter: &Parameter) -> Vec<usize> {
    let (rows, channels) = (parameter.shape.rows, parameter.shape.channels);
    if rows == 1 && is_vector(&parameter.name) { vec![channels] } else { vec![rows, channels] }
}

/// An array of one row may have one dimension or two.
fn check_shape(parameter: &Parameter, tensor: &Tensor) -> Result<(), String> {
    let (rows, channels) = (parameter.shape.rows, parameter.shape.channels);
    let fits = tensor.shape == [rows, channels] || rows == 1 && tensor.shape == [channels];
    let (name, found, wanted) = (shown(&tensor.name), &tensor.shape, file_shape(parameter));
    if fits { Ok(()) } else { Err(format!("has `{name}` of shape {found:?}, where the plan's model has {wanted:?}")) }
}

fn check_identity(tensor: &Tensor, rows: usize) -> Result<(), String> {
    let scalar = |place: usize| if place / rows == place % rows { 1.0 } else { 0.0 };
    let same = tensor.shape == [rows, rows] && tensor.data.iter().enumerate().all(|(place, x)| *x == scalar(place));
    let name = shown(&tensor.name);
    if same { Ok(()) } else { Err(format!("has a `{name}` that is not the identity of {rows} rows, as the plan's is")) }
}

fn check_finite(tensor: &Tensor) -> Result<(), String> {
    match tensor.data.iter().position(|x| !x.is_finite()) {
        Some(place) => Err(format!(
            "holds {} as scalar {place} of `{}`; a weight has to be a finite number in the range of f32",
            tensor.data[place],
            shown(&tensor.name)
        )),
        None => Ok(()),
    }
}

fn described(name: &str, shape: &[usize]) -> String {
    format!("`{}` {shape:?}", shown(name))
}

fn shown(name: &str) -> String {
    name.chars().take(100).flat_map(char::escape_debug).collect()
}

fn listed(names: &[String]) -> String {
    const MOST: usize = 5;
    let more = if names.len() > MOST { format!(" and {} more", names.len() - MOST) } else { String::new() };
    format!("{}{more}", names[..names.len().min(MOST)].join(", "))
}

#[cfg(test)]
pub(crate) mod tests;
