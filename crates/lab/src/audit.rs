//! Where the numbers of a model are, counted by the engine and by nobody else.

use infimum_engine::{Audited, Program};
use serde::Serialize;

/// The numbers of a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Audit {
    /// Parameters: numbers that training changes.
    pub free: usize,
    /// Random numbers that training leaves alone, and that whoever ships the model has to ship.
    pub frozen: usize,
    /// Constants that a formula says.
    pub derived: usize,
    /// Every weight array with numbers of its own.
    pub arrays: Vec<WeightLine>,
}

/// One weight array.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WeightLine {
    /// Its name.
    pub name: String,
    /// How it comes about: `free`, `constant`, or made from others.
    pub expression: &'static str,
    /// Rows and columns.
    pub shape: [usize; 2],
    /// Its own parameters.
    pub parameters: usize,
    /// Its own frozen numbers, random or given.
    pub frozen: usize,
    /// Its own constants that a formula says.
    pub derived: usize,
    /// Sites of the operations that read it, or what is made from it.
    pub sites: Vec<String>,
}

impl Audit {
    /// The numbers of `program`.
    pub fn of(program: &Program) -> Audit {
        let arrays: Vec<WeightLine> = program.audit().into_iter().map(line).collect();
        let sum = |numbers: fn(&WeightLine) -> usize| arrays.iter().map(numbers).sum();
        Audit {
            free: sum(|line| line.parameters),
            frozen: sum(|line| line.frozen),
            derived: sum(|line| line.derived),
            arrays,
        }
    }
}

fn line(audited: Audited<'_>) -> WeightLine {
    WeightLine {
        name: audited.name.into(),
        expression: audited.expression,
        shape: [audited.shape.rows, audited.shape.channels],
        parameters: audited.free,
        frozen: audited.frozen,
        derived: audited.derived,
        sites: audited.sites.into_iter().map(String::from).collect(),
    }
}
