//! From operations to instructions: an operation says which kernels run on which places; `Emit` knows the places, and
//! whether a gradient is stored or added.
//!
//! Instructions are emitted twice: once with every buffer at an address of its own, from which lifetimes are read off, and
//! once with the addresses that the memory plan gave.

use std::ops::Range;

use infimum_kernels::{self as kernels, Executor, Instruction, LANES, Matrix, Place, Write};

use crate::families::Families;
use crate::products::Products;
use crate::program::{Goal, Node, Program, Value};
use crate::shape::Shape;
use crate::steps::Steps;

/// Places and instructions while a program is being emitted.
pub(crate) struct Emit<'p> {
    program: &'p Program,
    steps: &'p Steps,
    families: &'p Families,
    bases: &'p [u32],
    executor: Executor,
    products: Products,
    buffers: Vec<Buffer>,
    values: Vec<Option<Held>>,
    saved: Vec<Option<Place>>,
    kept: Vec<Option<Place>>,
    caches: Vec<Vec<Place>>,
    gradients: Vec<Option<Slot>>,
    node: usize,
    instructions: Vec<Instruction>,
}

/// Storage of one array, as emitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Buffer {
    /// Address of its first vector.
    pub(crate) base: u32,
    /// Number of vectors.
    pub(crate) vectors: u32,
}

/// The place of the rows `rows` of an array.
#[derive(Clone, Debug)]
struct Held {
    place: Place,
    rows: Range<usize>,
}

/// The gradient place of a family, and which of its rows were already written.
struct Slot {
    held: Held,
    written: Vec<bool>,
}

/// What emission leaves behind.
pub(crate) struct Emitted {
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) buffers: Vec<Buffer>,
    /// Place and rows of each array that has one.
    pub(crate) values: Vec<Option<(Place, Range<usize>)>>,
    /// Arrays that are filled before replay.
    pub(crate) inputs: Vec<Place>,
    /// Arrays that are read after replay.
    pub(crate) results: Vec<Place>,
    /// What a replay leaves for the next one.
    pub(crate) caches: Vec<Place>,
}

impl<'p> Emit<'p> {
    /// Emits the whole program; buffer `k` lies at `bases[k]`, or after all earlier ones if `bases` is empty.
    pub(crate) fn program(
        program: &'p Program,
        steps: &'p Steps,
        families: &'p Families,
        (executor, products): (Executor, Products),
        bases: &'p [u32],
    ) -> Emitted {
        let arrays = program.arrays.len();
        let mut e = Emit {
            program,
            steps,
            families,
            bases,
            executor,
            products,
            buffers: vec![],
            values: vec![None; arrays],
            saved: vec![None; program.nodes.len()],
            kept: vec![None; program.nodes.len()],
            caches: vec![vec![]; program.nodes.len()],
            gradients: (0..arrays).map(|_| None).collect(),
            node: 0,
            instructions: vec![],
        };
        e.allocate_values();
        for &n in steps.forward() {
            e.node = n;
            program.nodes[n].operation.emit_forward(&mut e);
        }
        if program.goal == Goal::Gradient {
            e.seed_gradient();
        }
        for &n in steps.backward() {
            e.node = n;
            program.nodes[n].operation.emit_backward(&mut e);
        }
        e.finish()
    }

    fn allocate_values(&mut self) {
        let needed = |v: &Value| !self.steps.rows(*v).is_empty();
        let inputs: Vec<Value> = self.program.inputs.iter().copied().filter(needed).collect();
        for value in inputs {
            self.allocate(value);
        }
        for &n in self.steps.forward() {
            let node = &self.program.nodes[n];
            self.allocate(node.output);
            let (rows, channels) = (self.steps.rows(node.output).len(), node.operation.saved());
            self.saved[n] = (channels > 0).then(|| self.buffer(rows, channels));
            if let Some(positions) = self.positions() {
                let (rows, most) = (positions.rows as usize, positions.alphabet as usize);
                let shapes = node.operation.cache(self.executor, rows, most, &self.operand_shapes(node));
                self.caches[n] = shapes.into_iter().map(|s| self.buffer(s.rows, s.channels)).collect();
            }
            if self.steps.backward().contains(&n) {
                let channels = node.operation.kept(self.executor, &self.operand_shapes(node));
                self.kept[n] = (channels > 0).then(|| self.buffer(rows, channels));
            }
        }
    }

    /// Shapes of the sequence operands of an operation, cut to the rows that are needed.
    fn operand_shapes(&self, node: &Node) -> Vec<Shape> {
        let rows = |input: usize| node.operation.needs(self.steps.rows(node.output), input).len();
        let cut = |(input, x): (usize, &Value)| Shape { rows: rows(input), ..self.program.shape(*x) };
        node.x.iter().enumerate().map(cut).collect()
    }

    fn allocate(&mut self, value: Value) {
        let rows = self.steps.rows(value);
        let place = self.buffer(rows.len(), self.program.shape(value).channels);
        self.values[value.0] = Some(Held { place, rows });
    }

    /// Rows stand an odd number of vectors apart: with a power of two they would compete for a few sets of the caches.
    fn buffer(&mut self, rows: usize, channels: usize) -> Place {
        let width = row_vectors(self.executor, channels);
        let stride = match self.executor {
            Executor::Lanes if rows > 1 && width.is_multiple_of(8) => width + 1,
            Executor::Wide if rows > 1 => width | 1,
            _ => width,
        };
        let vectors = (rows * stride) as u32;
        let next = self.buffers.last().map_or(0, |b| b.base + b.vectors);
        let base = self.bases.get(self.buffers.len()).copied().unwrap_or(next);
        self.buffers.push(Buffer { base, vectors });
        Place { offset: base, rows: rows as u32, channels: channels as u32, stride: stride as u32 }
    }

    /// The gradient of nats is their loss weights themselves.
    fn seed_gradient(&mut self) {
        for loss in &self.program.losses {
            let held = self.values[loss.weights.0].clone().expect("the loss weights are needed");
            let written = vec![true; held.rows.len()];
            self.gradients[self.families.of(loss.nats)] = Some(Slot { held, written });
        }
    }

    fn finish(self) -> Emitted {
        let place = |v: &Value| self.values[v.0].as_ref().map(|h| h.place);
        let results: Vec<Value> = match &self.program.goal {
            Goal::Outputs(values, _) | Goal::Position(values) => values.clone(),
            Goal::Gradient => self.program.losses.iter().flat_map(|loss| [loss.nats, loss.weights]).collect(),
        };
        Emitted {
            inputs: self.program.inputs.iter().filter_map(place).collect(),
            results: results.iter().filter_map(place).collect(),
            caches: self.caches.concat(),
            values: self.values.iter().map(|h| h.as_ref().map(|h| (h.place, h.rows.clone()))).collect(),
            instructions: self.instructions,
            buffers: self.buffers,
        }
    }

    fn current(&self) -> &'p Node {
        &self.program.nodes[self.node]
    }

    fn held(&self, value: Value, rows: Range<usize>) -> Place {
        self.values[value.0].as_ref().expect("an operand of a needed operation is needed").cut(rows)
    }
}

/// What an operation may ask while it emits.
impl Emit<'_> {
    /// Rows of the output that are computed.
    pub(crate) fn rows(&self) -> Range<usize> {
        self.steps.rows(self.current().output)
    }

    fn operand_rows(&self, input: usize) -> Range<usize> {
        self.current().operation.needs(self.rows(), input)
    }

    /// Place of sequence operand `input`, cut to the rows that the output needs.
    pub(crate) fn input(&self, input: usize) -> Place {
        self.held(self.current().x[input], self.operand_rows(input))
    }

    /// Place of the output's rows.
    pub(crate) fn output(&self) -> Place {
        self.held(self.current().output, self.rows())
    }

    /// Place of what the operation keeps from forward to backward.
    pub(crate) fn saved(&self) -> Place {
        self.saved[self.node].expect("the operation saves something")
    }

    /// Place of what kernels alone keep, if there is a backward that reads it.
    pub(crate) fn kept(&self) -> Option<Place> {
        self.kept[self.node]
    }

    /// Place of the output's token ids.
    pub(crate) fn ids(&self) -> kernels::Ids {
        let ids = self.current().ids.expect("the operation reads ids");
        match self.positions() {
            Some(positions) => ids_of_position(self.program, ids.0, positions.rows),
            None => ids_place(self.program, ids.0).rows(narrow(self.rows())),
        }
    }

    /// Where the position of each row stands, if the program is for one position: rows are sequences.
    pub(crate) fn positions(&self) -> Option<kernels::Ids> {
        positions_place(self.program, self.steps)
    }

    /// What is kept from earlier positions, by its number in [`Operate::cache`](crate::operation::Operate::cache).
    pub(crate) fn cache(&self, number: usize) -> Place {
        self.caches[self.node][number]
    }

    /// Weight operand `weight`.
    pub(crate) fn weight(&self, weight: usize) -> Matrix {
        self.program.weights.matrix(self.current().w[weight])
    }

    /// Those rows of weight operand `weight` that stand for the output's positions.
    pub(crate) fn weight_rows(&self, weight: usize) -> Matrix {
        self.weight(weight).rows(narrow(self.rows()))
    }

    /// Gradient of weight operand `weight`, if any parameter stands behind it. Kernels add to it.
    pub(crate) fn weight_gradient(&self, weight: usize) -> Option<Matrix> {
        self.program.weights.is_free(self.current().w[weight]).then(|| self.weight(weight))
    }

    /// Rows of a weight gradient that stand for the output's positions.
    pub(crate) fn weight_gradient_rows(&self, weight: usize) -> Option<Matrix> {
        self.weight_gradient(weight).map(|m| m.rows(narrow(self.rows())))
    }

    /// Place of the gradient of the output. Whoever needs a row writes its gradient, and came earlier in the backward.
    pub(crate) fn output_gradient(&self) -> Place {
        let (value, rows) = (self.current().output, self.rows());
        let slot = self.gradients[self.families.of(value)].as_ref().expect("an output that is needed has a gradient");
        let first = slot.held.rows.start;
        assert!(slot.written[rows.start - first..rows.end - first].iter().all(|w| *w), "a gradient has rows of nobody");
        slot.held.cut(rows)
    }

    /// A place whose content means nothing before and after the instruction.
    pub(crate) fn scratch(&mut self, vectors: usize) -> Place {
        let channels = match self.executor {
            Executor::Lanes => vectors,
            Executor::Wide => vectors * LANES,
        };
        self.buffer(1, channels.max(1))
    }

    /// Scratch for a place's numbers rounded, if products with weights take them so.
    pub(crate) fn rounded(&mut self, place: Place) -> Option<Place> {
        (self.products == Products::Bf16).then(|| self.buffer(place.rows as usize, place.channels as usize))
    }

    /// What the instructions are for.
    pub(crate) fn executor(&self) -> Executor {
        self.executor
    }

    /// Adds an instruction.
    pub(crate) fn push(&mut self, instruction: impl Into<Instruction>) {
        self.instructions.push(instruction.into());
    }

    /// Calls `emit` once for each run of rows of operand `input` whose gradient is all fresh (`Write::Store`) or all written
    /// (`Write::Add`), with the place of those rows and the rows counted from the operand's first. Not at all if the operand
    /// has no gradient.
    pub(crate) fn gradient(&mut self, input: usize, mut emit: impl FnMut(&mut Self, Place, Range<u32>, Write)) {
        let value = self.current().x[input];
        if !self.steps.is_differentiable(value) {
            return;
        }
        let rows = self.operand_rows(input);
        for (run, write) in self.runs(value, rows.clone()) {
            let place = self.slot(value).held.cut(run.clone());
            emit(self, place, narrow(run.start - rows.start..run.end - rows.start), write);
            self.mark(value, run);
        }
    }

    /// The whole gradient place of operand `input` with one way of writing; fresh rows among written ones are zeroed first.
    /// An operand that has no gradient gets a place that nobody reads.
    pub(crate) fn whole_gradient(&mut self, input: usize) -> (Place, Write) {
        let (value, rows) = (self.current().x[input], self.operand_rows(input));
        if !self.steps.is_differentiable(value) {
            return (self.buffer(rows.len(), self.program.shape(value).channels), Write::Store);
        }
        let runs = self.runs(value, rows.clone());
        let write = if runs.iter().all(|(_, w)| *w == Write::Store) { Write::Store } else { Write::Add };
        if write == Write::Add {
            self.zero_fresh(value, runs);
        }
        self.mark(value, rows.clone());
        (self.slot(value).held.cut(rows), write)
    }

    /// Hands the output's gradient on to operand `input`: nothing to do if the two share a place.
    pub(crate) fn pass_gradient(&mut self, input: usize) {
        let (value, output) = (self.current().x[input], self.current().output);
        if self.families.of(value) != self.families.of(output) {
            let dy = self.output_gradient();
            self.gradient(input, |e, y, rows, write| e.push(kernels::Accumulate { y, x: dy.rows(rows), write }));
        }
    }
}

/// Gradient places.
impl Emit<'_> {
    /// The gradient slot of the family of `value`, made when first asked for, wide enough for every array of the family.
    fn slot(&mut self, value: Value) -> &mut Slot {
        let family = self.families.of(value);
        if self.gradients[family].is_none() {
            let members = (0..self.program.arrays.len()).map(Value).filter(|v| self.families.of(*v) == family);
            let rows = members.map(|v| self.steps.rows(v)).filter(|r| !r.is_empty());
            let rows = rows.reduce(|a, b| a.start.min(b.start)..a.end.max(b.end)).expect("a needed array has rows");
            let place = self.buffer(rows.len(), self.program.shape(value).channels);
            self.gradients[family] = Some(Slot { written: vec![false; rows.len()], held: Held { place, rows } });
        }
        self.gradients[family].as_mut().expect("made above")
    }

    /// `rows` of a gradient, cut into runs that are fresh or written.
    fn runs(&mut self, value: Value, rows: Range<usize>) -> Vec<(Range<usize>, Write)> {
        let slot = self.slot(value);
        let first = slot.held.rows.start;
        let mut runs: Vec<(Range<usize>, Write)> = vec![];
        for row in rows {
            let write = if slot.written[row - first] { Write::Add } else { Write::Store };
            match runs.last_mut() {
                Some((run, w)) if *w == write => run.end = row + 1,
                _ => runs.push((row..row + 1, write)),
            }
        }
        runs
    }

    fn mark(&mut self, value: Value, rows: Range<usize>) {
        let slot = self.slot(value);
        let first = slot.held.rows.start;
        slot.written[rows.start - first..rows.end - first].fill(true);
    }

    fn zero_fresh(&mut self, value: Value, runs: Vec<(Range<usize>, Write)>) {
        for (run, _) in runs.into_iter().filter(|(_, w)| *w == Write::Store) {
            let y = self.slot(value).held.cut(run.clone());
            self.push(kernels::Zero { y });
            self.mark(value, run);
        }
    }
}

impl Held {
    fn cut(&self, rows: Range<usize>) -> Place {
        assert!(self.rows.start <= rows.start && rows.end <= self.rows.end, "rows {rows:?} of held {:?}", self.rows);
        self.place.rows(narrow(rows.start - self.rows.start..rows.end - self.rows.start))
    }
}

/// The vectors that the channels of a row take.
pub(crate) fn row_vectors(executor: Executor, channels: usize) -> usize {
    match executor {
        Executor::Lanes => channels,
        Executor::Wide => channels.div_ceil(LANES),
    }
}

/// Token ids of input `index`: all inputs stand one after the other.
pub(crate) fn ids_place(program: &Program, index: usize) -> kernels::Ids {
    let offset = program.ids[..index].iter().map(|i| i.positions as u32).sum();
    let input = &program.ids[index];
    kernels::Ids { offset, rows: input.positions as u32, alphabet: input.alphabet as u32 }
}

/// As [`ids_place`], for one position of `rows` sequences.
fn ids_of_position(program: &Program, index: usize, rows: u32) -> kernels::Ids {
    kernels::Ids { offset: index as u32 * rows, rows, alphabet: program.ids[index].alphabet as u32 }
}

/// The positions of the sequences of a program for one position, after all its inputs: below how many positions there are.
pub(crate) fn positions_place(program: &Program, steps: &Steps) -> Option<kernels::Ids> {
    let Goal::Position(values) = &program.goal else { return None };
    let rows = values.first().map_or(0, |v| steps.rows(*v).len()) as u32;
    Some(kernels::Ids { offset: program.ids.len() as u32 * rows, rows, alphabet: program.positions() as u32 })
}

fn narrow(rows: Range<usize>) -> Range<u32> {
    rows.start as u32..rows.end as u32
}
