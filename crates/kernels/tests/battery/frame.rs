//! A case, the memory it runs in, and the check that every kernel must pass.

use infimum_kernels::{
    Executor, Field, Ids, Instruction, Isa, LANES, Matrix, Memory, Place, Script, Sizes, Use, Vector, Write,
};

use crate::twins::Plain;

/// What untouched memory holds: a NaN with a payload that no arithmetic makes.
const POISON: f32 = f32::from_bits(0x7fc5_a5a5);

/// An instruction with what its result may be off by.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) instruction: Instruction,
    /// Instructions that make what the subject reads (saved statistics), run on the scalar lanes before.
    pub(crate) before: Vec<Instruction>,
    pub(crate) sizes: Sizes,
    pub(crate) bound: Bound,
    /// The one executor that has the kernel with these fields, if not all have.
    pub(crate) only: Option<Executor>,
    /// What the check must tell from `instruction`.
    pub(crate) sabotages: Vec<Instruction>,
}

/// How far lanes and plain twin may be apart.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound {
    /// Every result is a sum of products of inputs, and each of them is rounded at most so many times on its way. The
    /// bound is the standard one for a sum in any order: `n u / (1 - n u)` times the same sum of absolute values, with
    /// `u = 2^-24`. The plain twin gives that sum when all its inputs are replaced by their absolute values.
    Roundings(usize),
    /// So many times `u` times the largest absolute value in the field (of the twin's result).
    Largest(f64),
}

/// Damage done to a result, to see whether the check sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoil {
    Nothing,
    /// The last written number is NaN.
    Missing,
    /// The last written number is off by 1 part in 100 (wide: of the greatest of its field) and 0.001.
    Nudge,
    /// A vector that belongs to no field is written.
    Outside,
    /// A gradient that belongs to no field is written.
    OutsideGradient,
}

/// Hands out places with gaps between them and between their rows, so that a stray write hits poison.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    values: u32,
    weights: u32,
    ids: u32,
}

impl Layout {
    pub(crate) fn new() -> Layout {
        Layout { values: 2, weights: 3, ids: 1 }
    }

    pub(crate) fn place(&mut self, rows: u32, channels: u32) -> Place {
        let place = Place { offset: self.values, rows, channels, stride: channels + 1 + rows % 3 };
        self.values += rows * place.stride + 2;
        place
    }

    /// Scratch of as many vectors as every executor asks for.
    pub(crate) fn scratch(&mut self, vectors: impl Fn(Executor) -> usize) -> Place {
        // In the wide layout sixteen channels make a vector.
        let channels = vectors(Executor::Lanes).max(vectors(Executor::Wide) * LANES);
        self.place(1, channels as u32)
    }

    pub(crate) fn matrix(&mut self, rows: u32, columns: u32) -> Matrix {
        let matrix =
            Matrix { offset: self.weights, rows, columns, row_stride: columns + 2 + rows % 2, column_stride: 1 };
        self.weights += rows * matrix.row_stride + 3;
        matrix
    }

    /// A matrix whose numbers follow each other.
    pub(crate) fn dense_matrix(&mut self, rows: u32, columns: u32) -> Matrix {
        let matrix = Matrix::dense(self.weights, rows, columns);
        self.weights += rows * columns + 3;
        matrix
    }

    pub(crate) fn ids(&mut self, rows: u32, alphabet: u32) -> Ids {
        let ids = Ids { offset: self.ids, rows, alphabet };
        self.ids += rows + 1;
        ids
    }

    pub(crate) fn sizes(&self) -> Sizes {
        Sizes { values: self.values as usize, weights: self.weights as usize, ids: self.ids as usize }
    }

    /// A case without sabotage.
    pub(crate) fn case(&self, instruction: impl Into<Instruction>, bound: Bound) -> Case {
        let (sizes, instruction) = (self.sizes(), instruction.into());
        Case { instruction, before: Vec::new(), sizes, bound, only: None, sabotages: Vec::new() }
    }
}

/// Numbers from a counter (the finaliser of SplitMix64), the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// In `[-2, 2)`.
    fn number(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 22) as f32 - 2.0
    }
}

/// The memories of a case.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) executor: Executor,
    pub(crate) values: Vec<Vector>,
    pub(crate) weights: Vec<f32>,
    pub(crate) gradients: Vec<f32>,
    pub(crate) ids: Vec<u32>,
}

impl State {
    /// Poison everywhere but in what the instructions read or add to.
    fn new(case: &Case, executor: Executor) -> State {
        let Sizes { values, weights, ids } = case.sizes;
        let mut state = State {
            executor,
            values: vec![Vector::splat(POISON); values],
            weights: vec![POISON; weights],
            gradients: vec![POISON; weights],
            ids: vec![0; ids * executor.sequences()],
        };
        let mut random = Random(values as u64 * 1000 + weights as u64);
        for instruction in case.before.iter().chain([&case.instruction]) {
            instruction.fields().iter().for_each(|field| state.fill(field.uses, &mut random));
        }
        case.before.iter().for_each(|instruction| state.run(instruction, case.sizes, Isa::SCALAR));
        state
    }

    fn fill(&mut self, uses: Use, random: &mut Random) {
        match uses {
            Use::Read(place) | Use::Write(place, Write::Add) => {
                let mut all: Vec<(usize, usize)> = places(self.executor, place).collect();
                // Vector by vector.
                all.sort_unstable();
                all.into_iter().for_each(|(at, lane)| self.values[at].0[lane] = random.number());
            }
            Use::Write(_, Write::Store) | Use::Scratch(_) => {}
            Use::Weight(matrix) => numbers(matrix).for_each(|at| self.weights[at] = random.number()),
            Use::Gradient(matrix) => numbers(matrix).for_each(|at| self.gradients[at] = random.number()),
            Use::Ids(ids) => {
                let each = self.executor.sequences();
                let at = ids.offset as usize * each;
                let drawn = &mut self.ids[at..at + ids.rows as usize * each];
                drawn.iter_mut().for_each(|id| *id = (random.next() % u64::from(ids.alphabet)) as u32);
                // Never what stands in ids that nobody drew.
                if ids.alphabet > 1 && drawn.iter().all(|id| *id == 0) {
                    drawn[0] = 1;
                }
            }
        }
    }

    fn run(&mut self, instruction: &Instruction, sizes: Sizes, isa: Isa) {
        let script = Script::new(vec![instruction.clone()], self.executor, sizes).expect("the case is legal");
        let mut panels = vec![Vector::splat(POISON); script.panel_vectors()];
        let packed = script.panels(&mut panels).into_iter().enumerate();
        packed.for_each(|(index, to)| script.pack(isa, &self.weights, index, to));
        let State { values, weights, gradients, ids, .. } = self;
        script.replay(isa, &mut Memory { values, weights, gradients, ids, panels: &panels });
    }

    fn spoil(&mut self, case: &Case, spoil: Spoil) {
        let executor = self.executor;
        let damage = |x: f32, greatest: f32| match (spoil, executor) {
            (Spoil::Missing, _) => f32::NAN,
            (_, Executor::Lanes) => x * 1.01 + 0.001,
            (_, Executor::Wide) => x + greatest * 0.01 + 0.001,
        };
        match spoil {
            Spoil::Nothing => {}
            Spoil::Outside => self.values[1].0[5] = 0.0,
            Spoil::OutsideGradient => self.gradients[2] = 0.0,
            Spoil::Missing | Spoil::Nudge => {
                match written(&case.instruction).last().expect("something is written").uses {
                    Use::Write(place, _) => {
                        let sizes = places(executor, place).map(|(at, lane)| self.values[at].0[lane].abs());
                        let greatest = sizes.fold(0.0, f32::max);
                        let (at, lane) = places(executor, place).last().expect("not empty");
                        self.values[at].0[lane] = damage(self.values[at].0[lane], greatest);
                    }
                    Use::Gradient(matrix) => {
                        let greatest = numbers(matrix).map(|at| self.gradients[at].abs()).fold(0.0, f32::max);
                        let at = numbers(matrix).last().expect("not empty");
                        self.gradients[at] = damage(self.gradients[at], greatest);
                    }
                    _ => unreachable!("`written` gives only these"),
                }
            }
        }
    }
}

/// Where the vectors of a place stand.
fn vectors(executor: Executor, place: Place) -> impl Iterator<Item = usize> {
    let width = if executor == Executor::Lanes { place.channels } else { place.channels.div_ceil(LANES as u32) };
    (0..place.rows).flat_map(move |r| (0..width).map(move |v| (place.offset + r * place.stride + v) as usize))
}

/// Where the number at each row and channel of sequence `sequence` stands: vector and lane.
pub(crate) fn places_of(executor: Executor, place: Place, sequence: usize) -> impl Iterator<Item = (usize, usize)> {
    let at = move |r: u32, c: u32| match executor {
        Executor::Lanes => ((place.offset + r * place.stride + c) as usize, sequence),
        Executor::Wide => ((place.offset + r * place.stride) as usize + c as usize / LANES, c as usize % LANES),
    };
    (0..place.rows).flat_map(move |r| (0..place.channels).map(move |c| at(r, c)))
}

/// Where all numbers of a place stand.
fn places(executor: Executor, place: Place) -> impl Iterator<Item = (usize, usize)> {
    (0..executor.sequences()).flat_map(move |sequence| places_of(executor, place, sequence))
}

/// Where the numbers of a matrix stand.
pub(crate) fn numbers(m: Matrix) -> impl Iterator<Item = usize> {
    (0..m.rows)
        .flat_map(move |r| (0..m.columns).map(move |c| (m.offset + r * m.row_stride + c * m.column_stride) as usize))
}

/// The fields whose contents are the result.
fn written(instruction: &Instruction) -> Vec<Field> {
    let is_result = |field: &Field| matches!(field.uses, Use::Write(..) | Use::Gradient(_));
    instruction.fields().into_iter().filter(is_result).collect()
}

/// Runs `run` in the memory of the case on every instruction set, and compares with the plain twin of the case's own
/// instruction, with the other instruction sets, and with what must not have changed.
pub(crate) fn check(
    case: &Case,
    run: &Instruction,
    executor: Executor,
    sets: &[Isa],
    spoil: Spoil,
) -> Result<(), String> {
    let before = State::new(case, executor);
    let twin = Plain::run(&case.instruction, &before, |x| x);
    let size = Plain::run(&case.instruction, &before, f64::abs);
    let narrow = Plain::run(&case.instruction, &before, |x: f32| x);
    let mut first: Option<State> = None;
    for &isa in sets {
        let mut state = before.clone();
        state.run(run, case.sizes, isa);
        state.spoil(case, spoil);
        check_untouched(case, &before, &state).map_err(|fault| format!("{isa}: {fault}"))?;
        check_close(case, &state, &twin, &size).map_err(|fault| format!("{isa}: {fault}"))?;
        check_twin_bits(case, &state, &narrow).map_err(|fault| format!("{isa}: {fault}"))?;
        let first = first.get_or_insert_with(|| state.clone());
        check_bits(case, first, &state).map_err(|fault| format!("{isa} against {}: {fault}", sets[0]))?;
    }
    Ok(())
}

/// What no field writes has the bits it had.
fn check_untouched(case: &Case, before: &State, after: &State) -> Result<(), String> {
    let (mut values, mut gradients) = (vec![true; after.values.len()], vec![true; after.gradients.len()]);
    for field in case.instruction.fields() {
        match field.uses {
            Use::Write(place, _) | Use::Scratch(place) => {
                vectors(after.executor, place).for_each(|at| values[at] = false);
            }
            Use::Gradient(matrix) => numbers(matrix).for_each(|at| gradients[at] = false),
            _ => {}
        }
    }
    let same = |a: &Vector, b: &Vector| a.0.map(f32::to_bits) == b.0.map(f32::to_bits);
    if let Some(at) = (0..values.len()).find(|&at| values[at] && !same(&before.values[at], &after.values[at])) {
        return Err(format!("vector {at} belongs to no written field and changed"));
    }
    let same = |at: usize| before.gradients[at].to_bits() == after.gradients[at].to_bits();
    match (0..gradients.len()).find(|&at| gradients[at] && !same(at)) {
        Some(at) => Err(format!("gradient {at} belongs to no written field and changed")),
        None => Ok(()),
    }
}

/// Every written number is within the bound of the twin's.
fn check_close(case: &Case, state: &State, twin: &[Plain<f64>], size: &[Plain<f64>]) -> Result<(), String> {
    for field in written(&case.instruction) {
        match field.uses {
            Use::Write(place, _) => {
                for (s, (twin, size)) in twin.iter().zip(size).enumerate() {
                    let at = || places_of(state.executor, place, s);
                    let found: Vec<f64> = at().map(|(at, lane)| f64::from(state.values[at].0[lane])).collect();
                    let (expected, sizes) = (twin.value(place).data, size.value(place).data);
                    compare(case.bound, &found, &expected, &sizes)
                        .map_err(|fault| format!("`{}`, sequence {s}: {fault}", field.name))?;
                }
            }
            Use::Gradient(matrix) => {
                let at: Vec<usize> = numbers(matrix).collect();
                let found: Vec<f64> = at.iter().map(|&at| f64::from(state.gradients[at])).collect();
                let expected: Vec<f64> = at.iter().map(|&at| twin[twin.len() - 1].gradients[at]).collect();
                let sizes: Vec<f64> = at.iter().map(|&at| size[size.len() - 1].gradients[at]).collect();
                compare(case.bound, &found, &expected, &sizes).map_err(|fault| format!("`{}`: {fault}", field.name))?;
            }
            _ => unreachable!("`written` gives only these"),
        }
    }
    Ok(())
}

fn compare(bound: Bound, found: &[f64], expected: &[f64], sizes: &[f64]) -> Result<(), String> {
    const U: f64 = 1.0 / (1u64 << 24) as f64;
    let largest = expected.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
    for (k, ((&found, &expected), &size)) in found.iter().zip(expected).zip(sizes).enumerate() {
        let tolerance = match bound {
            Bound::Roundings(n) => n as f64 * U / (1.0 - n as f64 * U) * size,
            Bound::Largest(n) => n * U * largest,
        };
        let close = (found - expected).abs() <= tolerance;
        if !close {
            return Err(format!("element {k} is {found}, not {expected} within {tolerance:e}"));
        }
    }
    Ok(())
}

/// Kernels that sum over the channels of a row, which the wide layout does in an order of its own.
const SUMS_OVER_CHANNELS: [&str; 8] = [
    "NormForward",
    "NormGradient",
    "HeadNorm",
    "HeadNormGradient",
    "CrossEntropy",
    "Attend",
    "AttendGradient",
    "AttendCached",
];

/// Every written value equals that of the twin in f32: the lanes do the same operations in the same order. (Zeros of either
/// sign are equal, as a stored -0 is 0 to a twin that adds. Gradients are summed over lanes, where the twin has one
/// sequence.)
fn check_twin_bits(case: &Case, state: &State, twin: &[Plain<f32>]) -> Result<(), String> {
    if state.executor == Executor::Wide && SUMS_OVER_CHANNELS.contains(&case.instruction.kernel()) {
        return Ok(());
    }
    for field in written(&case.instruction) {
        let Use::Write(place, _) = field.uses else { continue };
        for (s, twin) in twin.iter().enumerate() {
            for ((at, lane), expected) in places_of(state.executor, place, s).zip(twin.value(place).data) {
                let found = state.values[at].0[lane];
                if found != expected {
                    let name = field.name;
                    return Err(format!(
                        "`{name}`, vector {at}, lane {lane} is {found:e}, in the f32 twin {expected:e}"
                    ));
                }
            }
        }
    }
    Ok(())
}

/// Every written number has the same bits in both.
fn check_bits(case: &Case, one: &State, other: &State) -> Result<(), String> {
    for field in written(&case.instruction) {
        let same = match field.uses {
            Use::Write(place, _) => {
                let bits = |state: &State, (at, lane): (usize, usize)| state.values[at].0[lane].to_bits();
                places(one.executor, place).all(|at| bits(one, at) == bits(other, at))
            }
            Use::Gradient(matrix) => {
                numbers(matrix).all(|at| one.gradients[at].to_bits() == other.gradients[at].to_bits())
            }
            _ => unreachable!("`written` gives only these"),
        };
        if !same {
            return Err(format!("`{}` has other bits", field.name));
        }
    }
    Ok(())
}
