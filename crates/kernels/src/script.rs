//! Instructions, checked once and replayed often.

use crate::executor::Executor;
use crate::fields::{Field, Fields, PlaceError, Use};
use crate::isa::{Isa, Task};
use crate::lanes::{Lanes, Vector};
use crate::memory::{Memory, Raw};
use crate::place::Ids;
use crate::wide::{Packed, Panels};

/// A kernel with its arguments.
///
/// What `fields` names must cover everything that `run` touches: [`Script::new`] proves that those places lie inside the
/// memories, and `run` relies on it.
pub(crate) trait Kernel {
    /// Names every field, what is done with it, and the rules between them.
    fn fields(&self, fields: &mut Fields);

    /// The weights that the kernel reads in panels in the wide layout.
    fn panels(&self) -> Option<Packed> {
        None
    }

    /// Runs the kernel on lanes. Must be `#[inline(always)]`, as [`Task::run`].
    ///
    /// # Safety
    /// All that `fields` names lies inside the memories, its rules hold, and ids are less than their alphabets.
    unsafe fn run<L: Lanes>(&self, memory: Raw);

    /// Runs the kernel in the wide layout. Must be `#[inline(always)]`, as [`Task::run`].
    ///
    /// # Safety
    /// As [`Kernel::run`], and the memory's panels are those of [`Kernel::panels`].
    unsafe fn run_wide<L: Lanes>(&self, memory: Raw);
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

            fn describe(&self, executor: Executor) -> Fields {
                let mut fields = Fields::new(executor);
                match self { $(Instruction::$Kernel(kernel) => kernel.fields(&mut fields),)* }
                fields
            }

            fn panels(&self) -> Option<Packed> {
                match self { $(Instruction::$Kernel(kernel) => kernel.panels(),)* }
            }

            /// # Safety
            /// As [`Kernel::run`].
            #[inline]
            unsafe fn run(&self, isa: Isa, memory: Raw) {
                match self { $(Instruction::$Kernel(kernel) => isa.enter(Run { kernel, memory }),)* }
            }

            /// # Safety
            /// As [`Kernel::run_wide`].
            #[inline]
            unsafe fn run_wide(&self, isa: Isa, memory: Raw) {
                match self { $(Instruction::$Kernel(kernel) => isa.enter(RunWide { kernel, memory }),)* }
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
    head_norm::HeadNorm,
    head_norm::HeadNormGradient,
    rotate::Rotate,
    spread::Spread,
    spread::SpreadGradient,
    activation::Activate,
    activation::ActivateGradient,
    attention::Attend,
    attention::AttendGradient,
    attention::AttendCached,
    cross_entropy::CrossEntropy,
    cross_entropy::CrossEntropyGradient,
}

/// Runs a kernel on lanes from within another: as the function that its own instruction is, so that its code is there once.
///
/// # Safety
/// As [`Kernel::run`], and the caller itself runs on these lanes.
#[inline(always)]
pub(crate) unsafe fn run_within<L: Lanes>(kernel: &impl Kernel, memory: Raw) {
    // SAFETY: the caller's promise.
    unsafe { L::apart(Run { kernel, memory }) }
}

/// A kernel about to run on lanes, made in `Instruction::run` and [`run_within`] alone.
struct Run<'a, K> {
    kernel: &'a K,
    memory: Raw,
}

impl<K: Kernel> Task for Run<'_, K> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes>(self) {
        // SAFETY: what made this has the same condition.
        unsafe { self.kernel.run::<L>(self.memory) }
    }
}

/// A kernel about to run in the wide layout, made in `Instruction::run_wide` alone.
struct RunWide<'a, K> {
    kernel: &'a K,
    memory: Raw,
}

impl<K: Kernel> Task for RunWide<'_, K> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes>(self) {
        // SAFETY: `Instruction::run_wide`, which made this, has the same condition.
        unsafe { self.kernel.run_wide::<L>(self.memory) }
    }
}

impl Instruction {
    /// What the instruction reads and writes, by the names of its fields.
    pub fn fields(&self) -> Vec<Field> {
        self.describe(Executor::Lanes).list
    }
}

/// How large the memories of a script are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// The values memory, in vectors.
    pub values: usize,
    /// The weights memory and the gradients memory, in numbers each.
    pub weights: usize,
    /// The token ids, in rows of one for each sequence.
    pub ids: usize,
}

/// Instructions whose every place was checked.
#[derive(Clone, Debug)]
pub struct Script {
    instructions: Vec<Instruction>,
    executor: Executor,
    sizes: Sizes,
    ids: Vec<Ids>,
    /// Matrices that are read in panels, and where the panels of each begin; none for lanes.
    packed: Vec<(Packed, usize)>,
    /// Where the panels of each instruction begin.
    panels: Vec<usize>,
}

impl Script {
    /// Checks that every place lies inside memories of these sizes, that shapes agree, and that nothing written overlaps
    /// anything else of the same instruction except where its kernel says that the same place may stand twice.
    ///
    /// # Errors
    /// The first instruction that fails, and what is wrong with it.
    pub fn new(instructions: Vec<Instruction>, executor: Executor, sizes: Sizes) -> Result<Script, PlaceError> {
        let mut ids = Vec::new();
        for (index, instruction) in instructions.iter().enumerate() {
            let fields = instruction.describe(executor);
            let named = |fault| PlaceError { instruction: index, kernel: instruction.kernel(), fault };
            fields.check(sizes).map_err(named)?;
            ids.extend(
                fields.list.iter().filter_map(|field| if let Use::Ids(ids) = field.uses { Some(ids) } else { None }),
            );
        }
        ids.sort_unstable_by_key(|ids| (ids.offset, ids.rows, ids.alphabet));
        ids.dedup();
        let (packed, panels) = match executor {
            Executor::Lanes => (vec![], vec![]),
            Executor::Wide => place_panels(&instructions),
        };
        Ok(Script { instructions, executor, sizes, ids, packed, panels })
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
            assert_ids(ids, memory.ids, self.executor.sequences());
        }
        let raw = Raw::new(memory);
        match self.executor {
            Executor::Lanes => {
                for instruction in &self.instructions {
                    // SAFETY: `Script::new` checked every field against `sizes`, the memories are at least as large, and
                    // ids were checked just now. `raw` holds the only pointers in use while `memory` is borrowed.
                    unsafe { instruction.run(isa, raw) };
                }
            }
            Executor::Wide => {
                for (instruction, &start) in self.instructions.iter().zip(&self.panels) {
                    // SAFETY: as for lanes, and `place_panels` gave each instruction a start inside the panels.
                    unsafe { instruction.run_wide(isa, raw.with_panels(start)) };
                }
            }
        }
    }

    /// How many matrices are packed into panels before a replay.
    pub fn packs(&self) -> usize {
        self.packed.len()
    }

    /// The panels of each packed matrix, one after another in `panels`.
    ///
    /// # Panics
    /// If there are fewer vectors than [`Script::panel_vectors`].
    pub fn panels<'p>(&self, panels: &'p mut [Vector]) -> Vec<&'p mut [Vector]> {
        let mut rest = panels;
        let cut = |(packed, _): &(Packed, usize)| {
            let (own, behind) = std::mem::take(&mut rest).split_at_mut(packed.vectors());
            rest = behind;
            own
        };
        self.packed.iter().map(cut).collect()
    }

    /// Packs matrix number `index` of `weights` into its panels, whose order is that of `isa`: replay reads them with the same.
    ///
    /// # Panics
    /// If the weights are fewer than [`Script::sizes`] says, or the panels are those of another matrix.
    pub fn pack(&self, isa: Isa, weights: &[f32], index: usize, panels: &mut [Vector]) {
        assert!(weights.len() >= self.sizes.weights, "{} weights, needs {}", weights.len(), self.sizes.weights);
        isa.enter(Panels { weights, packed: self.packed[index].0, to: panels });
    }

    /// The vectors that all panels take.
    pub fn panel_vectors(&self) -> usize {
        self.packed.iter().map(|(packed, _)| packed.vectors()).sum()
    }

    /// What runs the script.
    pub fn executor(&self) -> Executor {
        self.executor
    }

    fn assert_sizes(&self, memory: &Memory<'_>) {
        let Sizes { values, weights, ids } = self.sizes;
        assert!(memory.values.len() >= values, "{} vectors of values, needs {values}", memory.values.len());
        assert!(memory.weights.len() >= weights, "{} weights, needs {weights}", memory.weights.len());
        assert!(memory.gradients.len() >= weights, "{} gradients, needs {weights}", memory.gradients.len());
        let each = self.executor.sequences();
        assert!(memory.ids.len() >= ids * each, "{} ids, needs {ids} rows of {each}", memory.ids.len());
        let panels = self.panel_vectors();
        assert!(memory.panels.len() >= panels, "{} vectors of panels, needs {panels}", memory.panels.len());
    }
}

/// The matrices that instructions read in panels, each once in each form, with where its panels begin; and for each instruction where
/// those of its matrix begin, 0 if it reads none.
fn place_panels(instructions: &[Instruction]) -> (Vec<(Packed, usize)>, Vec<usize>) {
    let (mut packed, mut next): (Vec<(Packed, usize)>, usize) = (vec![], 0);
    let mut start = |instruction: &Instruction| {
        let Some(panels) = instruction.panels() else { return 0 };
        if let Some((_, start)) = packed.iter().find(|(known, _)| *known == panels) {
            return *start;
        }
        packed.push((panels, next));
        next += panels.vectors();
        packed[packed.len() - 1].1
    };
    let starts = instructions.iter().map(&mut start).collect();
    (packed, starts)
}

fn assert_ids(ids: &Ids, memory: &[u32], each: usize) {
    let rows = &memory[ids.offset as usize * each..ids.end() * each];
    let largest = rows.iter().fold(0, |a, &b| a.max(b));
    assert!(largest < ids.alphabet, "id {largest} in an alphabet of {}", ids.alphabet);
}
