//! Tensors that share some of their numbers: which of them a trainer would change is not said, so they are refused. Tied
//! weights, which share all, are not.

use std::collections::BTreeMap;

use super::tensor::Stored;
use crate::foreign::Fault;
use crate::foreign::budget::Budget;
use crate::weights_file::shown;

/// Which tensor each number of each storage belongs to.
#[derive(Default)]
pub(super) struct Owners<'a> {
    storages: BTreeMap<&'a str, Storage>,
    tensors: Vec<Owner<'a>>,
}

/// A tensor that has been claimed, and how many numbers it has.
struct Owner<'a> {
    name: &'a str,
    count: usize,
}

/// For each number of a storage, one more than the tensor that claimed it last; 0 for none.
struct Storage {
    width: usize,
    owners: Vec<u32>,
}

/// Bytes that a storage's entry takes besides its owners, about.
const ENTRY: usize = 128;

impl<'a> Owners<'a> {
    /// Claims a tensor's numbers, which lie at these places of its storage.
    ///
    /// # Errors
    /// When two of them are one, or some and not all of them are another tensor's; both are named.
    pub(super) fn claim(
        &mut self,
        name: &'a str,
        stored: &Stored<'a>,
        places: impl Iterator<Item = usize>,
        budget: &mut Budget,
    ) -> Result<(), Fault> {
        budget.take(1, 2 * size_of::<Owner>())?;
        let number = self.tensors.len() as u32 + 1;
        let storage = storage(&mut self.storages, stored, budget)?;
        let (mut count, mut before) = (0, None);
        for place in places {
            let owner = std::mem::replace(&mut storage.owners[place], number);
            if owner == number {
                return Err("meets itself: its strides put two of its numbers in one place".into());
            }
            if *before.get_or_insert(owner) != owner {
                return Err(self.overlap(owner.max(before.unwrap_or(0))));
            }
            count += 1;
        }
        let other = before.filter(|owner| *owner > 0);
        match other {
            Some(other) if self.tensors[other as usize - 1].count != count => {
                return Err(self.overlap(other));
            }
            _ => self.tensors.push(Owner { name, count }),
        }
        Ok(())
    }

    fn overlap(&self, owner: u32) -> Fault {
        let name = self.tensors[owner as usize - 1].name;
        Fault(format!("overlaps `{}`: they share some of their numbers and not all", shown(name, 100)))
    }
}

fn storage<'s, 'a>(
    storages: &'s mut BTreeMap<&'a str, Storage>,
    stored: &Stored<'a>,
    budget: &mut Budget,
) -> Result<&'s mut Storage, Fault> {
    let width = stored.scalar.width();
    if !storages.contains_key(stored.key) {
        budget.take(stored.elements, size_of::<u32>())?;
        budget.take(1, ENTRY)?;
        storages.insert(stored.key, Storage { width, owners: vec![0; stored.elements] });
    }
    let storage = storages.get_mut(stored.key).ok_or("is in no storage")?;
    if storage.width != width {
        let key = shown(stored.key, 30);
        return Err(Fault(format!(
            "overlaps another tensor: numbers of {width} and of {} bytes share storage `{key}`",
            storage.width
        )));
    }
    Ok(storage)
}
