//! What an instruction says about itself: its fields, what it does with each, and the rules between them. From this
//! follow the checks of [`Script::new`](crate::Script::new) and the tests that poison what an instruction may not read.

use std::fmt;

use crate::executor::Executor;
use crate::place::{Ids, Matrix, Place};
use crate::script::Sizes;
use crate::view::Write;

/// What an instruction does with a field, and where that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Reads values.
    Read(Place),
    /// Writes values: stores over what is there, or adds to it.
    Write(Place, Write),
    /// Uses the place for itself: what is there before and after means nothing.
    Scratch(Place),
    /// Reads weights.
    Weight(Matrix),
    /// Adds to gradients of weights.
    Gradient(Matrix),
    /// Reads token ids.
    Ids(Ids),
}

/// A named field of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in the instruction.
    pub name: &'static str,
    /// What the instruction does with it.
    pub uses: Use,
}

impl Field {
    /// The field with the vectors that it takes as its channels.
    fn in_memory(self, executor: Executor) -> Field {
        let uses = match (executor, self.uses) {
            (Executor::Wide, Use::Read(place)) => Use::Read(place.in_vectors()),
            (Executor::Wide, Use::Write(place, write)) => Use::Write(place.in_vectors(), write),
            (Executor::Wide, Use::Scratch(place)) => Use::Scratch(place.in_vectors()),
            (_, uses) => uses,
        };
        Field { uses, ..self }
    }
}

/// What is wrong with an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// A field has no row or no channel.
    Empty {
        /// The field.
        field: &'static str,
    },
    /// A field reaches past the end of its memory.
    Outside {
        /// The field.
        field: &'static str,
        /// One past its last vector, number or row of ids.
        end: usize,
        /// The size of the memory, in the same unit.
        size: usize,
    },
    /// Rows of a written field share memory with each other.
    Folded {
        /// The field.
        field: &'static str,
    },
    /// A written field shares memory with another one.
    Overlap {
        /// The written field.
        written: &'static str,
        /// The other field.
        other: &'static str,
    },
    /// Two sizes that must be equal are not.
    Unequal {
        /// The first, as in `x.channels`.
        left: &'static str,
        /// Its value.
        left_size: u32,
        /// The second.
        right: &'static str,
        /// Its value.
        right_size: u32,
    },
    /// A rule of this kernel alone is broken.
    Rule(&'static str),
}

/// An instruction that cannot run, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceError {
    /// Which instruction of the script, counted from 0.
    pub instruction: usize,
    /// The name of its kernel.
    pub kernel: &'static str,
    /// What is wrong.
    pub fault: Fault,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Empty { field } => write!(f, "`{field}` is empty"),
            Fault::Outside { field, end, size } => write!(f, "`{field}` ends at {end}, the memory at {size}"),
            Fault::Folded { field } => write!(f, "`{field}` is written and its rows share memory"),
            Fault::Overlap { written, other } => write!(f, "`{written}` is written and shares memory with `{other}`"),
            Fault::Unequal { left, left_size, right, right_size } => {
                write!(f, "{left} is {left_size} but {right} is {right_size}")
            }
            Fault::Rule(rule) => f.write_str(rule),
        }
    }
}

impl fmt::Display for PlaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "instruction {} ({}): {}", self.instruction, self.kernel, self.fault)
    }
}

impl std::error::Error for PlaceError {}

/// Collects what an instruction says about itself.
pub(crate) struct Fields {
    executor: Executor,
    pub(crate) list: Vec<Field>,
    aliases: Vec<(&'static str, &'static str)>,
    fault: Option<Fault>,
}

impl Fields {
    pub(crate) fn new(executor: Executor) -> Fields {
        Fields { executor, list: vec![], aliases: vec![], fault: None }
    }

    /// What the instruction is to run by.
    pub(crate) fn executor(&self) -> Executor {
        self.executor
    }

    pub(crate) fn read(&mut self, name: &'static str, place: Place) {
        self.list.push(Field { name, uses: Use::Read(place) });
    }

    pub(crate) fn write(&mut self, name: &'static str, place: Place, write: Write) {
        self.list.push(Field { name, uses: Use::Write(place, write) });
    }

    pub(crate) fn scratch(&mut self, name: &'static str, place: Place) {
        self.list.push(Field { name, uses: Use::Scratch(place) });
    }

    /// Scratch for a place's numbers, rounded.
    pub(crate) fn rounded(&mut self, scratch: (&'static str, Place), of: (&'static str, Place)) {
        self.scratch(scratch.0, scratch.1);
        self.same_shape(scratch, of);
        self.rule(self.executor == Executor::Wide, "operands are rounded in the wide layout only");
    }

    pub(crate) fn weight(&mut self, name: &'static str, matrix: Matrix) {
        self.list.push(Field { name, uses: Use::Weight(matrix) });
    }

    pub(crate) fn gradient(&mut self, name: &'static str, matrix: Matrix) {
        self.list.push(Field { name, uses: Use::Gradient(matrix) });
    }

    pub(crate) fn ids(&mut self, name: &'static str, ids: Ids) {
        self.list.push(Field { name, uses: Use::Ids(ids) });
    }

    /// The two fields, at least one of them written, may be exactly the same place. Say so only where the kernel is
    /// right in that case.
    pub(crate) fn may_equal(&mut self, one: &'static str, other: &'static str) {
        self.aliases.push((one, other));
    }

    /// Two sizes are equal.
    pub(crate) fn equal(&mut self, left: (&'static str, u32), right: (&'static str, u32)) {
        if left.1 != right.1 {
            let fault = Fault::Unequal { left: left.0, left_size: left.1, right: right.0, right_size: right.1 };
            self.fault.get_or_insert(fault);
        }
    }

    /// Two places have the same rows and channels.
    pub(crate) fn same_shape(&mut self, left: (&'static str, Place), right: (&'static str, Place)) {
        self.equal((left.0, left.1.rows), (right.0, right.1.rows));
        self.equal((left.0, left.1.channels), (right.0, right.1.channels));
    }

    /// A rule of this kernel alone, as a sentence that says what must hold.
    pub(crate) fn rule(&mut self, holds: bool, rule: &'static str) {
        if !holds {
            self.fault.get_or_insert(Fault::Rule(rule));
        }
    }

    /// All checks; the first fault found.
    pub(crate) fn check(&self, sizes: Sizes) -> Result<(), Fault> {
        let list: Vec<Field> = self.list.iter().map(|field| field.in_memory(self.executor)).collect();
        list.iter().try_for_each(|field| check_field(field, sizes))?;
        self.fault.clone().map_or(Ok(()), Err)?;
        let pairs = list.iter().enumerate().flat_map(|(i, a)| list[i + 1..].iter().map(move |b| (a, b)));
        for (a, b) in pairs {
            if conflict(a.uses, b.uses) && !(same(a.uses, b.uses) && self.is_alias(a.name, b.name)) {
                let (written, other) = if writes(a.uses) { (a.name, b.name) } else { (b.name, a.name) };
                return Err(Fault::Overlap { written, other });
            }
        }
        Ok(())
    }

    fn is_alias(&self, a: &'static str, b: &'static str) -> bool {
        self.aliases.iter().any(|&(one, other)| (one, other) == (a, b) || (one, other) == (b, a))
    }
}

fn check_field(field: &Field, sizes: Sizes) -> Result<(), Fault> {
    let name = field.name;
    let (empty, end, size, distinct) = match field.uses {
        Use::Read(p) | Use::Write(p, _) | Use::Scratch(p) => {
            (p.rows == 0 || p.channels == 0, p.end(), sizes.values, p.rows < 2 || p.stride >= p.channels)
        }
        Use::Weight(m) => (m.rows == 0 || m.columns == 0, m.end(), sizes.weights, true),
        Use::Gradient(m) => (m.rows == 0 || m.columns == 0, m.end(), sizes.weights, m.distinct()),
        Use::Ids(ids) => (ids.rows == 0 || ids.alphabet == 0, ids.end(), sizes.ids, true),
    };
    match () {
        () if empty => Err(Fault::Empty { field: name }),
        () if end > size => Err(Fault::Outside { field: name, end, size }),
        () if !distinct => Err(Fault::Folded { field: name }),
        () => Ok(()),
    }
}

/// The place in the values memory, if the field is one.
fn place(uses: Use) -> Option<Place> {
    match uses {
        Use::Read(p) | Use::Write(p, _) | Use::Scratch(p) => Some(p),
        _ => None,
    }
}

fn writes(uses: Use) -> bool {
    matches!(uses, Use::Write(..) | Use::Scratch(_) | Use::Gradient(_))
}

/// Whether one of the two is written and they share memory.
fn conflict(a: Use, b: Use) -> bool {
    match (a, b) {
        (Use::Gradient(a), Use::Gradient(b)) => a.overlaps(&b),
        _ => (writes(a) || writes(b)) && place(a).zip(place(b)).is_some_and(|(a, b)| a.overlaps(&b)),
    }
}

fn same(a: Use, b: Use) -> bool {
    match (a, b) {
        (Use::Gradient(a), Use::Gradient(b)) => a == b,
        _ => place(a).is_some() && place(a) == place(b),
    }
}
