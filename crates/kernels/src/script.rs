//! Instructions, checked once and replayed often.

use crate::fields::{Field, Fields, PlaceError, Use};
use crate::isa::{Isa, Task};
use crate::lanes::{LANES, Lanes};
use crate::memory::{Memory, Raw};
use crate::place::Ids;

/// A kernel with its arguments.
///
/// What `fields` names must cover everything that `run` touches: [`Script::new`] proves that those places lie inside the
/// memories, and `run` relies on it.
pub(crate) trait Kernel {
    /// Names every field, what is done with it, and the rules between them.
    fn fields(&self, fields: &mut Fields);

    /// Runs the kernel. Must be `#[inline(always)]`, as [`Task::run`].
    ///
    /// # Safety
    /// All that `fields` names lies inside the memories, its rules hold, and ids are less than their alphabets.
    unsafe fn run<L: Lanes>(&self, memory: Raw);
}

/// Makes [`Instruction`] from the list of kernels.
macro_rules! instructions {
    ($($file:ident :: $Kernel:ident),* $(,)?) => {
        /// A kernel with its arguments; each kernel's file says what it computes.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs)] // The arguments are documented.
        pub enum Instruction {
            $($Kernel(crate::$file::$Kernel),)*
        }

        impl Instruction {
            /// The names of all kernels, in the order of their list.
            pub const KERNELS: &'static [&'static str] = &[$(stringify!($Kernel)),*];

            /// The name of the kernel.
            pub fn kernel(&self) -> &'static str {
                match self { $(Instruction::$Kernel(_) => stringify!($Kernel),)* }
            }

            fn describe(&self) -> Fields {
                let mut fields = Fields::default();
                match self { $(Instruction::$Kernel(kernel) => kernel.fields(&mut fields),)* }
                fields
            }

            /// # Safety
            /// As [`Kernel::run`].
            #[inline]
            unsafe fn run(&self, isa: Isa, memory: Raw) {
                match self { $(Instruction::$Kernel(kernel) => isa.enter(Run { kernel, memory }),)* }
            }
        }

        $(impl From<crate::$file::$Kernel> for Instruction {
            fn from(kernel: crate::$file::$Kernel) -> Instruction {
                Instruction::$Kernel(kernel)
            }
        })*
    };
}

// The list of kernels. A new one is a file and a line here (and its plain twin's name in `plain`).
instructions! {
    linear::Linear,
    outer::Outer,
    column_sums::ColumnSums,
    add_rows::AddRows,
    add_rows::AddRowsGradient,
    add::Add,
    accumulate::Accumulate,
    multiply::Multiply,
    zero::Zero,
    embed::Embed,
    embed::EmbedGradient,
    norm::NormForward,
    norm::NormGradient,
    activation::Activate,
    activation::ActivateGradient,
    attention::Attend,
    attention::AttendGradient,
    cross_entropy::CrossEntropy,
    cross_entropy::CrossEntropyGradient,
}

/// A kernel about to run, made in `Instruction::run` alone.
struct Run<'a, K> {
    kernel: &'a K,
    memory: Raw,
}

impl<K: Kernel> Task for Run<'_, K> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes>(self) {
        // SAFETY: `Instruction::run`, which made this, has the same condition.
        unsafe { self.kernel.run::<L>(self.memory) }
    }
}

impl Instruction {
    /// What the instruction reads and writes, by the names of its fields.
    pub fn fields(&self) -> Vec<Field> {
        self.describe().list
    }
}

/// How large the memories of a script are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// The values memory, in vectors.
    pub values: usize,
    /// The weights memory and the gradients memory, in numbers each.
    pub weights: usize,
    /// The token ids, in rows of sixteen.
    pub ids: usize,
}

/// Instructions whose every place was checked.
#[derive(Clone, Debug)]
pub struct Script {
    instructions: Vec<Instruction>,
    sizes: Sizes,
    ids: Vec<Ids>,
}

impl Script {
    /// Checks that every place lies inside memories of these sizes, that shapes agree, and that nothing written overlaps
    /// anything else of the same instruction except where its kernel says that the same place may stand twice.
    ///
    /// # Errors
    /// The first instruction that fails, and what is wrong with it.
    pub fn new(instructions: Vec<Instruction>, sizes: Sizes) -> Result<Script, PlaceError> {
        let mut ids = Vec::new();
        for (index, instruction) in instructions.iter().enumerate() {
            let fields = instruction.describe();
            let named = |fault| PlaceError { instruction: index, kernel: instruction.kernel(), fault };
            fields.check(sizes).map_err(named)?;
            ids.extend(
                fields.list.iter().filter_map(|field| if let Use::Ids(ids) = field.uses { Some(ids) } else { None }),
            );
        }
        ids.sort_unstable_by_key(|ids| (ids.offset, ids.rows, ids.alphabet));
        ids.dedup();
        Ok(Script { instructions, sizes, ids })
    }

    /// How large the memories must be.
    pub fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// The instructions, in order.
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// Runs all instructions in order. The bits written do not depend on `isa`.
    ///
    /// # Panics
    /// If a memory is smaller than [`Script::sizes`] says, or an id is not less than its alphabet.
    pub fn replay(&self, isa: Isa, memory: &mut Memory<'_>) {
        self.assert_sizes(memory);
        for ids in &self.ids {
            assert_ids(ids, memory.ids);
        }
        let raw = Raw::new(memory);
        for instruction in &self.instructions {
            // SAFETY: `Script::new` checked every field against `sizes`, the memories are at least as large, and ids
            // were checked just now. `raw` holds the only pointers in use while `memory` is borrowed.
            unsafe { instruction.run(isa, raw) };
        }
    }

    fn assert_sizes(&self, memory: &Memory<'_>) {
        let Sizes { values, weights, ids } = self.sizes;
        assert!(memory.values.len() >= values, "{} vectors of values, needs {values}", memory.values.len());
        assert!(memory.weights.len() >= weights, "{} weights, needs {weights}", memory.weights.len());
        assert!(memory.gradients.len() >= weights, "{} gradients, needs {weights}", memory.gradients.len());
        assert!(memory.ids.len() >= ids * LANES, "{} ids, needs {ids} rows of {LANES}", memory.ids.len());
    }
}

fn assert_ids(ids: &Ids, memory: &[u32]) {
    let rows = &memory[ids.offset as usize * LANES..ids.end() * LANES];
    let largest = rows.iter().fold(0, |a, &b| a.max(b));
    assert!(largest < ids.alphabet, "id {largest} in an alphabet of {}", ids.alphabet);
}
