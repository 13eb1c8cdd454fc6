//! PyTorch's checkpoints: what `torch.save` has written since PyTorch 1.6, a zip archive of one pickle and the bytes of
//! storages.
//!
//! Written here and not with `pytorch-reader`: that crate is a preview, brings a second reader of pickles, and keeps unknown
//! names instead of refusing them.

mod overlap;
mod tensor;

use std::fs::{self, File};
use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::budget::Budget;
use super::numpy;
use super::pickle::{Node, Pickle, Value};
use super::zip::{self, Archive};
use super::{Fault, bytes};
use crate::LabError;
use crate::weights_file::{Tensor, shown};
use overlap::Owners;
use tensor::Stored;

const REMEDY: &str =
    "give a file that torch.save of PyTorch 1.6 or newer wrote, with tensors of real numbers in a state_dict";

/// Where trainers put their state_dict, if it is not the whole file.
const PLACES: [&str; 4] = ["model", "model_state_dict", "state_dict", "model_state"];

/// A checkpoint.
pub struct Checkpoint {
    file: Arc<Vec<u8>>,
    archive: Archive,
    folder: String,
    pickle: Pickle,
}

/// Whether a file begins as those that torch.save writes: a zip archive.
///
/// # Errors
/// When it cannot be opened or read.
pub fn wrote(path: &Path) -> Result<bool, LabError> {
    let attempt = || LabError::io("read the weights", path);
    if !fs::metadata(path).map_err(attempt())?.is_file() {
        return Ok(false);
    }
    let mut first = Vec::new();
    File::open(path).map_err(attempt())?.take(4).read_to_end(&mut first).map_err(attempt())?;
    Ok(zip::is_archive(&first))
}

/// Reads a checkpoint.
///
/// # Errors
/// When the file cannot be read, or is no checkpoint of known names, little-endian, with entries that lie apart.
pub fn read(path: &Path) -> Result<Checkpoint, LabError> {
    parse(path, bytes(path, "read the checkpoint", REMEDY)?)
}

/// Reads a checkpoint from the bytes of a file; `path` is for the text of errors.
///
/// # Errors
/// As [`read`].
pub fn parse(path: &Path, bytes: Vec<u8>) -> Result<Checkpoint, LabError> {
    Checkpoint::new(path, bytes).map_err(|fault| fault.at(path, REMEDY))
}

impl Checkpoint {
    fn new(path: &Path, bytes: Vec<u8>) -> Result<Checkpoint, Fault> {
        if !zip::is_archive(&bytes) {
            return Err("is no zip archive, as torch.save writes them since PyTorch 1.6".into());
        }
        let mut budget = Budget::new(bytes.len());
        let archive = Archive::parse(&bytes, &mut budget)?;
        let inside = inside(&bytes, &archive)?;
        check_byte_order(&bytes, &archive, inside.folder)?;
        budget.take(inside.folder.len(), 1)?;
        let (folder, place, file) = (inside.folder.to_string(), inside.pickle, Arc::new(bytes));
        let pickle = Pickle::new(path, Arc::clone(&file), place, budget);
        let pickle = pickle.map_err(|Fault(problem)| Fault(format!("its data.pkl, {problem}")))?;
        Ok(Checkpoint { file, archive, folder, pickle })
    }

    /// What was saved: a state_dict, or a dict with one and what else the trainer keeps.
    pub fn root(&self) -> Node<'_> {
        self.pickle.root()
    }

    /// The dict that holds the model's tensors: `model`, `model_state_dict`, `state_dict` or `model_state` of the whole, or
    /// the whole.
    ///
    /// # Errors
    /// When none of them has a tensor.
    pub fn state_dict(&self) -> Result<Node<'_>, LabError> {
        let root = self.root();
        let has_tensors =
            |node: &Node| node.entries().is_some_and(|mut entries| entries.any(|(_, value)| is_tensor(value)));
        let places = PLACES.iter().filter_map(|place| root.get(place));
        places.chain([root]).find(has_tensors).ok_or_else(|| {
            let keys: Vec<_> =
                root.entries().into_iter().flatten().filter_map(|(key, _)| key.text()).take(20).collect();
            let keys: Vec<_> = keys.into_iter().map(|key| format!("`{}`", shown(key, 40))).collect();
            self.error(Fault(format!(
                "has no tensors in {} or at the top, where it has [{}]",
                PLACES.map(|place| format!("`{place}`")).join(", "),
                keys.join(", ")
            )))
        })
    }

    /// The tensors of [`Checkpoint::state_dict`], in its order, rounded to f32; other entries are left out.
    ///
    /// # Errors
    /// When there are none, a name stands twice, one does not fit its storage, two share some and not all of their numbers, or
    /// all take more memory than
    /// [`super::MEMORY_FACTOR`] allows.
    pub fn tensors(&self) -> Result<Vec<Tensor>, LabError> {
        let entries = self.state_dict()?.entries().into_iter().flatten().filter(|(_, value)| is_tensor(*value));
        let mut budget = self.pickle.budget.clone();
        let count = entries.clone().count();
        // The list of tensors, and of their names for the check.
        let enough = budget.take(count, size_of::<Tensor>() + size_of::<usize>());
        enough.map_err(|fault| self.error(fault))?;
        let (mut tensors, mut owners) = (Vec::with_capacity(count), Owners::default());
        for (name, value) in entries {
            tensors.push(self.named(name, value, &mut owners, &mut budget).map_err(|fault| self.error(fault))?);
        }
        check_names(&tensors).map_err(|fault| self.error(fault))?;
        Ok(tensors)
    }

    fn named<'a>(
        &'a self,
        name: Node<'a>,
        value: Node<'a>,
        owners: &mut Owners<'a>,
        budget: &mut Budget,
    ) -> Result<Tensor, Fault> {
        let name = name.text().ok_or_else(|| {
            Fault(format!("at byte {} of its data.pkl: a tensor whose name is no text", name.offset()))
        })?;
        let about = |Fault(problem)| Fault(format!("its tensor `{}` {problem}", shown(name, 100)));
        budget.take(name.len(), 1)?;
        let stored = Stored::find(value).map_err(about)?;
        let (shape, data) = self.gather(&stored, budget, |x| x as f32).map_err(about)?;
        let view = self.storage(&stored).and_then(|raw| stored.view(raw)).map_err(about)?;
        owners.claim(name, &stored, view.places(), budget).map_err(about)?;
        Ok(Tensor { name: name.into(), shape, data })
    }

    /// The number that a node is: a number of Python or NumPy, or a tensor of one element.
    ///
    /// # Errors
    /// When it is none.
    pub fn number(&self, node: Node) -> Result<f64, LabError> {
        let mut budget = self.pickle.budget.clone();
        let data = match node.value() {
            Value::Int(value) => return Ok(value as f64),
            Value::Float(value) => return Ok(value),
            Value::Bool(value) => return Ok(f64::from(u8::from(value))),
            _ if is_tensor(node) => {
                Stored::find(node).and_then(|stored| self.gather(&stored, &mut budget, |x| x)).map(|(_, data)| data)
            }
            _ => numpy::pickled(node, &mut budget).map(|array| array.data),
        };
        match data.map_err(|fault| self.error(fault))?[..] {
            [number] => Ok(number),
            ref many => Err(self.error(Fault(format!(
                "at byte {} of its data.pkl: {} numbers, where one was wanted",
                node.offset(),
                many.len()
            )))),
        }
    }

    /// Shape and elements of a tensor, whatever its strides.
    fn gather<T>(
        &self,
        stored: &Stored,
        budget: &mut Budget,
        from: impl Fn(f64) -> T,
    ) -> Result<(Vec<usize>, Vec<T>), Fault> {
        let raw = self.storage(stored)?;
        let view = stored.view(raw)?;
        budget.take(view.len(), size_of::<T>())?;
        budget.take(stored.shape.len(), size_of::<usize>())?;
        Ok((stored.shape.clone(), view.collect(from)?))
    }

    fn storage(&self, stored: &Stored) -> Result<&[u8], Fault> {
        let place = self.archive.find(&self.file, &[&self.folder, "data/", stored.key]);
        let place =
            place.ok_or_else(|| Fault(format!("is in storage `{}`, which the file has not", shown(stored.key, 30))))?;
        let raw = &self.file[place];
        if stored.elements.checked_mul(stored.scalar.width()) == Some(raw.len()) {
            return Ok(raw);
        }
        Err(Fault(format!(
            "is in storage `{}` of {} numbers of {:?}, which the file has {} bytes for",
            shown(stored.key, 30),
            stored.elements,
            stored.scalar,
            raw.len()
        )))
    }

    fn error(&self, fault: Fault) -> LabError {
        fault.at(self.pickle.path(), REMEDY)
    }
}

fn is_tensor(node: Node) -> bool {
    Stored::is_one(node)
}

/// The folder of an archive that everything is in, and the pickle there.
struct Inside<'a> {
    folder: &'a str,
    pickle: Range<usize>,
}

fn inside<'a>(file: &'a [u8], archive: &'a Archive) -> Result<Inside<'a>, Fault> {
    let mut found = archive.entries(file).filter_map(|(name, pickle)| {
        let folder = name.strip_suffix("data.pkl")?;
        let is_folder = folder.strip_suffix('/').is_some_and(|name| !name.contains('/'));
        is_folder.then_some(Inside { folder, pickle })
    });
    match (found.next(), found.next()) {
        (Some(inside), None) => Ok(inside),
        (Some(_), Some(_)) => Err("has several entries called data.pkl".into()),
        (None, _) => Err("is a zip archive without the data.pkl that torch.save writes".into()),
    }
}

/// PyTorch writes it since 2.0; before, files had the order of their machine, which was little-endian but for rarities.
fn check_byte_order(file: &[u8], archive: &Archive, folder: &str) -> Result<(), Fault> {
    match archive.find(file, &[folder, "byteorder"]).map(|place| &file[place]) {
        None | Some(b"little") => Ok(()),
        Some(b"big") => Err("is big-endian".into()),
        Some(_) => Err("says no order of bytes that is known".into()),
    }
}

fn check_names(tensors: &[Tensor]) -> Result<(), Fault> {
    let mut names: Vec<usize> = (0..tensors.len()).collect();
    let name = |at: &usize| tensors[*at].name.as_str();
    names.sort_unstable_by(|a, b| name(a).cmp(name(b)));
    match names.windows(2).find(|pair| name(&pair[0]) == name(&pair[1])) {
        Some(pair) => Err(Fault(format!("has two tensors called `{}`", shown(name(&pair[0]), 100)))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
