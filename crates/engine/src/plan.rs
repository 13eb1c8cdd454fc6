//! The memory plan: which buffers are alive when, and where each lies so that buffers alive together never overlap.

use std::ops::Range;

use infimum_kernels::{Executor, Instruction, Isa, LANES, Place, Script, Sizes, Team, Use, Vector};

use crate::emit::{Buffer, Emit, Emitted, ids_place, positions_place, row_vectors};
use crate::families::Families;
use crate::products::Products;
use crate::program::{Node, Program, Value};
use crate::shape::Shape;
use crate::steps::Steps;

/// A program ready for replay.
pub(crate) struct Plan {
    pub(crate) script: Script,
    /// Place and rows of each array; valid before replay for inputs, after it for results.
    pub(crate) values: Vec<Option<(Place, Range<usize>)>>,
    /// Vectors that a replay leaves for the next one.
    pub(crate) cached: usize,
}

/// Fewer scalars that nothing adds to are not worth a gap between ranges.
const GAP: usize = 1 << 12;

impl Plan {
    /// Where instructions add to gradients in the weight memory: ascending ranges with gaps between them.
    pub(crate) fn gradients(&self) -> Vec<Range<usize>> {
        let fields = self.script.instructions().iter().flat_map(Instruction::fields);
        let mut all: Vec<Range<usize>> = fields
            .filter_map(|field| match field.uses {
                Use::Gradient(matrix) => Some(matrix.range()),
                _ => None,
            })
            .collect();
        all.sort_by_key(|range| range.start);
        let mut joined: Vec<Range<usize>> = vec![];
        for range in all {
            match joined.last_mut() {
                Some(last) if range.start < last.end + GAP => last.end = last.end.max(range.end),
                _ => joined.push(range),
            }
        }
        joined
    }

    /// Packs the weights that instructions read in panels.
    pub(crate) fn pack(&self, team: &mut Team, isa: Isa, weights: &[f32], panels: &mut [Vector]) {
        let mut packed = self.script.panels(panels);
        if !packed.is_empty() {
            let mut scratch = vec![(); team.threads()];
            team.each(&mut packed, &mut scratch, |index, to, ()| self.script.pack(isa, weights, index, to));
        }
    }
}

/// Emits `program`, plans its memory, and checks the result.
pub(crate) fn plan(program: &Program, steps: &Steps, executor: Executor, products: Products) -> Plan {
    let families = Families::new(program, steps);
    let draft = Emit::program(program, steps, &families, (executor, products), &[]);
    let (bases, values) = place_buffers(&draft.buffers, &lifetimes(&draft));
    let emitted = Emit::program(program, steps, &families, (executor, products), &bases);
    let inputs = || (0..program.ids.len()).map(|i| ids_place(program, i)).map(|i| i.offset + i.rows).max();
    let ids = positions_place(program, steps).map_or_else(|| inputs().unwrap_or(0), |i| i.offset + i.rows);
    let cached = emitted.caches.iter().map(|place| (place.rows * place.stride) as usize).sum();
    let sizes = Sizes { values, weights: program.weights.memory(), ids: ids as usize };
    let script = Script::new(emitted.instructions, executor, sizes).expect("emitted places are valid");
    Plan { script, values: emitted.values, cached }
}

/// No program made from `program`, whatever its goal, executor and products, is emitted into more vectors than this.
pub(crate) fn vectors_at_most(program: &Program) -> u128 {
    // A row may stand one vector further from the next than it is wide; wide rows take fewer vectors than those of lanes.
    // In a program for one position, rows are up to sixteen sequences.
    let padded = |rows: usize, channels: usize| rows.max(LANES) as u128 * (channels as u128 + 1);
    let of = |v: &Value| padded(program.shape(*v).rows, program.shape(*v).channels);
    let arrays: u128 = (0..program.arrays.len()).map(|v| of(&Value(v))).sum();
    // For each operand the place of its gradient, or one that nobody reads; for forward and backward their scratch.
    let by_node = |node: &Node| {
        let x: Vec<Shape> = node.x.iter().map(|x| program.shape(*x)).collect();
        let most = |of: &dyn Fn(Executor) -> usize| Executor::ALL.into_iter().map(of).max().unwrap_or(0);
        let scratch = most(&|executor| node.operation.scratch(executor, &x)) as u128;
        let kept = most(&|executor| node.operation.kept(executor, &x));
        let rows = program.shape(node.output).rows;
        let of_caches = |executor: Executor| {
            let sequences = if executor == Executor::Wide { LANES } else { 1 };
            let shapes = node.operation.cache(executor, sequences, rows, &x);
            shapes.iter().map(|s| s.rows as u128 * (row_vectors(executor, s.channels) as u128 + 1)).sum::<u128>()
        };
        let caches = Executor::ALL.into_iter().map(of_caches).max().unwrap_or(0);
        // Rounded copies of operands and output gradients: for the forward, and two products of the backward.
        let rounded = if node.w.is_empty() { 0 } else { 2 * (node.x.iter().map(of).sum::<u128>() + of(&node.output)) };
        caches
            + padded(rows, node.operation.saved())
            + padded(rows, kept)
            + rounded
            + 2 * (scratch + 1)
            + node.x.iter().map(of).sum::<u128>()
    };
    arrays + program.nodes.iter().map(by_node).sum::<u128>()
}

/// First and last instruction that touches each buffer. Inputs live from before the first, results until after the last.
fn lifetimes(draft: &Emitted) -> Vec<Range<usize>> {
    let end = draft.instructions.len() + 2;
    let mut lives: Vec<Range<usize>> = vec![Range { start: usize::MAX, end: 0 }; draft.buffers.len()];
    let mut touch = |place: &Place, moment: usize| {
        let life = &mut lives[draft.buffers.partition_point(|b| b.base + b.vectors <= place.offset)];
        *life = life.start.min(moment)..life.end.max(moment + 1);
    };
    draft.inputs.iter().for_each(|p| touch(p, 0));
    draft.results.iter().for_each(|p| touch(p, end - 1));
    draft.caches.iter().for_each(|p| [0, end - 1].into_iter().for_each(|moment| touch(p, moment)));
    for (moment, instruction) in draft.instructions.iter().enumerate() {
        places(instruction).for_each(|p| touch(&p, moment + 1));
    }
    lives
}

fn places(instruction: &Instruction) -> impl Iterator<Item = Place> {
    instruction.fields().into_iter().filter_map(|f| match f.uses {
        Use::Read(p) | Use::Write(p, _) | Use::Scratch(p) => Some(p),
        _ => None,
    })
}

/// Addresses for all buffers, and the total: in order of birth, each at the lowest address that is free during its life.
fn place_buffers(buffers: &[Buffer], lives: &[Range<usize>]) -> (Vec<u32>, usize) {
    let mut order: Vec<usize> = (0..buffers.len()).collect();
    order.sort_by_key(|k| (lives[*k].start, *k));
    let mut bases = vec![0; buffers.len()];
    let mut placed: Vec<usize> = vec![];
    for k in order {
        let together = |other: &&usize| lives[k].start < lives[**other].end && lives[**other].start < lives[k].end;
        let mut taken: Vec<Range<u32>> =
            placed.iter().filter(together).map(|&o| bases[o]..bases[o] + buffers[o].vectors).collect();
        taken.sort_by_key(|r| r.start);
        bases[k] = lowest_gap(&taken, buffers[k].vectors);
        placed.push(k);
    }
    let total = placed.iter().map(|&k| bases[k] + buffers[k].vectors).max().unwrap_or(0);
    (bases, total as usize)
}

fn lowest_gap(taken: &[Range<u32>], vectors: u32) -> u32 {
    let mut base = 0;
    for range in taken {
        if range.start >= base + vectors {
            break;
        }
        base = base.max(range.end);
    }
    base
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::Noise;

    fn overlap<T: PartialOrd>(a: &Range<T>, b: &Range<T>) -> bool {
        a.start < b.end && b.start < a.end
    }

    /// Buffers of random sizes and lives: those alive together never share an address, and memory is reused.
    #[test]
    fn buffers_alive_together_never_overlap() {
        let mut noise = Noise::new(3);
        let mut below = |n: usize| ((noise.symmetric() + 1.0) / 2.0 * n as f64) as usize;
        for _ in 0..200 {
            let vectors: Vec<u32> = (0..20).map(|_| 1 + below(9) as u32).collect();
            let buffers: Vec<Buffer> = vectors.iter().map(|&vectors| Buffer { base: 0, vectors }).collect();
            let lives: Vec<Range<usize>> =
                (0..20).map(|_| (below(30), below(6))).map(|(start, more)| start..start + 1 + more).collect();
            let (bases, total) = place_buffers(&buffers, &lives);
            let range = |k: usize| bases[k]..bases[k] + vectors[k];
            for (a, b) in (0..20).flat_map(|a| (0..a).map(move |b| (a, b))) {
                assert!(!(overlap(&lives[a], &lives[b]) && overlap(&range(a), &range(b))), "{lives:?} {bases:?}");
            }
            assert!(total < vectors.iter().sum::<u32>() as usize, "nothing was reused");
        }
    }
}
