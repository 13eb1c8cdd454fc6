//! Replay in f32, by lanes or wide: chunks of groups of sequences on as many threads as there are.
//!
//! The batch is cut into groups (of sixteen sequences for lanes, of one in the wide layout) and the groups into chunks by a
//! rule that knows nothing of threads. Each chunk has its own gradient; chunks are added in order (`chunks.rs`). So threads
//! decide speed, never bits.

use std::ops::Range;

use infimum_kernels::{Executor, Isa, LANES, Memory, Place, Script, Team, Vector, interleave, interleave_ids, pages};

use crate::chunks::Chunks;
use crate::plan::{Plan, plan};
use crate::products::Products;
use crate::program::{Feed, Goal, Gradient, Loss, LossSum, Program, Source, Value};
use crate::steps::Steps;

/// A batch has at most so many chunks, each with a gradient of its own.
const CHUNKS: usize = 8;

/// Replays a program in f32.
pub struct Replay {
    program: Program,
    plan: Plan,
    isa: Isa,
    panels: Vec<Vector>,
    workers: Vec<Worker>,
    chunks: Chunks,
}

/// What a thread works in.
struct Worker {
    values: Vec<Vector>,
    ids: Vec<u32>,
    /// One for each sequence of a group.
    feeds: Vec<Feed>,
    unused: Vec<f32>,
}

/// What a chunk adds up.
struct Sums<'g> {
    gradient: &'g mut [f32],
    losses: Vec<LossSum>,
}

/// Receives sequence number and one `[row][channel]` slice for each output, on whichever thread computed it.
pub type Sink<'s> = &'s (dyn Fn(usize, &[&[f32]]) + Sync);

impl Replay {
    /// Plans `program` for `executor`, and for the instruction set `isa`, which changes speed and no bit.
    pub fn new(program: &Program, executor: Executor, isa: Isa) -> Self {
        Replay::with_products(program, executor, Products::F32, isa)
    }

    /// As [`Replay::new`], with the operands of products with weights taken as `products` says.
    ///
    /// # Panics
    /// If they are to be rounded and `executor` is not wide.
    pub fn with_products(program: &Program, executor: Executor, products: Products, isa: Isa) -> Self {
        assert!(products == Products::F32 || executor == Executor::Wide, "{products} products by {executor}");
        let program = program.folded();
        let plan = plan(&program, &Steps::new(&program), executor, products);
        let panels = pages::filled(plan.script.panel_vectors(), Vector::default());
        let chunks = Chunks::new(isa, program.weights.memory(), &plan.gradients());
        Replay { program, plan, isa, panels, workers: vec![], chunks }
    }

    /// How it replays.
    pub fn executor(&self) -> Executor {
        self.plan.script.executor()
    }

    /// Bytes of the copies of weights that all threads read.
    pub fn bytes_shared(&self) -> usize {
        self.panels.len() * size_of::<Vector>()
    }

    /// Bytes of memory that one thread needs for activations and their gradients.
    pub fn bytes_per_thread(&self) -> usize {
        self.plan.script.sizes().values * size_of::<Vector>()
    }

    /// Arrays as long as the weight memory that a gradient over so many sequences takes, on threads that are equally fast.
    pub fn gradient_arrays(executor: Executor, sequences: usize, threads: usize) -> usize {
        sequences.div_ceil(executor.sequences()).min(CHUNKS).min(threads + 1)
    }

    /// What a replay runs, for looking at and timing.
    pub fn script(&self) -> &Script {
        &self.plan.script
    }

    /// Loss and gradient at `point` over `sequences` sequences. The program must be a [`Program::gradient`].
    pub fn gradient(&mut self, team: &mut Team, point: &[f32], sequences: usize, source: &dyn Source) -> Gradient<f32> {
        assert!(self.program.goal == Goal::Gradient, "this program gives outputs; make one with Program::gradient");
        let weights = self.program.weights.evaluate(point);
        let groups = sequences.div_ceil(self.executor().sequences());
        let chunks = groups.min(CHUNKS);
        self.prepare(team, &weights);
        self.chunks.begin(chunks);
        let Replay { program, plan, isa, panels, workers, chunks: gradients } = self;
        let step = Call { program, plan, isa: *isa, weights: &weights, panels, sequences, source };
        let none = vec![LossSum::default(); program.losses.len()];
        let mut sums = vec![none.clone(); chunks];
        team.each(&mut sums, workers, |chunk, sums, worker| {
            let mut gradient = gradients.array();
            let mut own = Sums { gradient: &mut gradient, losses: none.clone() };
            for group in chunk * groups / chunks..(chunk + 1) * groups / chunks {
                step.group(group, worker, Some(&mut own));
            }
            *sums = own.losses;
            gradients.put(chunk, gradient);
        });
        let of = |loss: usize| sums.iter().fold(LossSum::default(), |sum, chunk| sum.plus(chunk[loss]));
        let losses = (0..none.len()).map(of).collect();
        let gradient = self.chunks.sum(team);
        Gradient::new(losses, self.program.weights.pull_back(&weights, gradient))
    }

    /// Calls `sink` for each sequence with the wanted rows of each output. The program must be a [`Program::outputs`].
    pub fn outputs(&mut self, team: &mut Team, point: &[f32], sequences: usize, source: &dyn Source, sink: Sink<'_>) {
        let Goal::Outputs(wanted, _) = self.program.goal.clone() else {
            panic!("this program gives a gradient; make one with Program::outputs");
        };
        let weights = self.program.weights.evaluate(point);
        self.prepare(team, &weights);
        let Replay { program, plan, isa, panels, workers, .. } = self;
        let step = Call { program, plan, isa: *isa, weights: &weights, panels, sequences, source };
        let mut groups = vec![(); sequences.div_ceil(plan.script.executor().sequences())];
        team.each(&mut groups, workers, |group, (), worker| {
            step.group(group, worker, None);
            step.deliver(group, &wanted, worker, sink);
        });
    }

    /// Makes workers, and packs the weights.
    fn prepare(&mut self, team: &mut Team, weights: &[f32]) {
        let (sizes, each) = (self.plan.script.sizes(), self.executor().sequences());
        while self.workers.len() < team.threads() {
            // What nobody wrote shows when it is read.
            let values = pages::filled(sizes.values, Vector([f32::NAN; LANES]));
            let unused = if self.program.goal == Goal::Gradient { vec![] } else { vec![0.0; sizes.weights] };
            let (ids, feeds) = (vec![0; sizes.ids * each], vec![self.program.feed(); each]);
            self.workers.push(Worker { values, ids, feeds, unused });
        }
        self.plan.pack(team, self.isa, weights, &mut self.panels);
    }
}

/// One call, as its threads see it.
struct Call<'r> {
    program: &'r Program,
    plan: &'r Plan,
    isa: Isa,
    weights: &'r [f32],
    panels: &'r [Vector],
    sequences: usize,
    source: &'r dyn Source,
}

impl Call<'_> {
    /// How many sequences a group has.
    fn each(&self) -> usize {
        self.plan.script.executor().sequences()
    }

    /// Fills the memories with a group, replays the program, and adds the group's loss and gradient to the sums.
    fn group(&self, group: usize, worker: &mut Worker, sums: Option<&mut Sums<'_>>) {
        self.fill(group, worker);
        let (gradients, sums) = match sums {
            Some(Sums { gradient, losses }) => (&mut gradient[..], Some(losses)),
            None => (&mut worker.unused[..], None),
        };
        let Worker { values, ids, .. } = worker;
        let memory = &mut Memory { values, weights: self.weights, gradients, ids, panels: self.panels };
        self.plan.script.replay(self.isa, memory);
        for (loss, sum) in self.program.losses.iter().zip(sums.into_iter().flatten()) {
            self.add_loss(worker, *loss, sum);
        }
    }

    /// Fills the feeds of a group and brings them side by side.
    fn fill(&self, group: usize, worker: &mut Worker) {
        let first = group * self.each();
        let count = self.each().min(self.sequences - first);
        for (lane, feed) in worker.feeds[..count].iter_mut().enumerate() {
            self.source.fill(first + lane, feed);
            self.check(feed);
        }
        self.fill_spare(&mut worker.feeds, count);
        self.place_ids(worker);
        for (k, value) in self.program.inputs.iter().enumerate() {
            if let Some((place, rows)) = &self.plan.values[value.0] {
                self.place_input(&mut worker.values, &worker.feeds, k, *place, rows.start);
            }
        }
    }

    fn place_ids(&self, Worker { ids, feeds, .. }: &mut Worker) {
        let mut ids = &mut ids[..];
        for (k, input) in self.program.ids.iter().enumerate() {
            let (to, rest) = ids.split_at_mut(input.positions * self.each());
            match &feeds[..] {
                [feed] => to.iter_mut().zip(&feed.ids[k]).for_each(|(to, id)| *to = u32::from(*id)),
                feeds => interleave_ids(self.isa, to, std::array::from_fn(|l| &feeds[l].ids[k][..])),
            }
            ids = rest;
        }
    }

    /// Spare lanes repeat the last sequence with loss weight zero, so that every value stays finite.
    fn fill_spare(&self, feeds: &mut [Feed], count: usize) {
        let (sequences, spare) = feeds.split_at_mut(count);
        for feed in spare {
            let last = &sequences[count - 1];
            feed.ids.iter_mut().zip(&last.ids).for_each(|(to, from)| to.copy_from_slice(from));
            feed.arrays.iter_mut().zip(&last.arrays).for_each(|(to, from)| to.copy_from_slice(from));
            let is_weights = |v: &Value| self.program.losses.iter().any(|loss| loss.weights == *v);
            let weights = self.program.inputs.iter().zip(&mut feed.arrays).filter(|(v, _)| is_weights(v));
            weights.for_each(|(_, array)| array.fill(0.0));
        }
    }

    /// The rows from `first` on of float input `k`, brought to where replay reads them.
    fn place_input(&self, values: &mut [Vector], feeds: &[Feed], k: usize, place: Place, first: usize) {
        let channels = place.channels as usize;
        // Rows without gaps are one long row.
        let (rows, width) = if place.stride == place.channels && self.each() > 1 {
            (1, place.rows as usize * channels)
        } else {
            (place.rows as usize, channels)
        };
        for row in 0..rows {
            let to = &mut values[place.offset as usize + row * place.stride as usize..];
            let start = (first + row) * channels;
            match feeds {
                [feed] => Vector::numbers_mut(to)[..width].copy_from_slice(&feed.arrays[k][start..start + width]),
                feeds => {
                    let arrays = std::array::from_fn(|l| &feeds[l].arrays[k][start..start + width]);
                    interleave(self.isa, &mut to[..width], arrays);
                }
            }
        }
    }

    fn check(&self, feed: &Feed) {
        let ids = feed.ids.iter().zip(&self.program.ids);
        assert!(ids.clone().all(|(ids, i)| ids.len() == i.positions), "a feed keeps its numbers of positions");
        let arrays = feed.arrays.iter().zip(&self.program.inputs);
        assert!(arrays.clone().all(|(a, v)| a.len() == self.program.shape(*v).len()), "a feed keeps its array sizes");
    }

    fn add_loss(&self, worker: &Worker, loss: Loss, sum: &mut LossSum) {
        let rows = |v: Value| {
            let (place, _) = self.plan.values[v.0].as_ref().expect("the loss is needed");
            (0..place.rows).map(|row| &worker.values[(place.offset + row * place.stride) as usize].0)
        };
        let (mut losses, mut weights) = ([0.0; LANES], [0.0; LANES]);
        for (nats, w) in rows(loss.nats).zip(rows(loss.weights)) {
            for lane in 0..self.each() {
                losses[lane] += f64::from(w[lane]) * f64::from(nats[lane]);
                weights[lane] += f64::from(w[lane]);
            }
        }
        *sum = sum.plus(LossSum { loss: losses.iter().sum(), weight: weights.iter().sum() });
    }

    fn deliver(&self, group: usize, wanted: &[Value], worker: &Worker, sink: Sink<'_>) {
        let places: Vec<Place> = wanted.iter().map(|v| self.wanted(*v)).collect();
        let first = group * self.each();
        for lane in 0..self.each().min(self.sequences - first) {
            let arrays: Vec<Vec<f32>> = places.iter().map(|place| self.numbers(worker, place, lane)).collect();
            let slices: Vec<&[f32]> = arrays.iter().map(|a| &a[..]).collect();
            sink(first + lane, &slices);
        }
    }

    /// The place of the wanted rows of an output: its array may have been needed at more rows.
    fn wanted(&self, value: Value) -> Place {
        let (place, rows) = self.plan.values[value.0].as_ref().expect("an output is needed");
        let Goal::Outputs(_, wanted) = &self.program.goal else { unreachable!("outputs are delivered for outputs") };
        let Range { start, end } = wanted;
        place.rows((start - rows.start) as u32..(end - rows.start) as u32)
    }

    /// The numbers of one sequence, row by row.
    fn numbers(&self, worker: &Worker, place: &Place, lane: usize) -> Vec<f32> {
        let channels = place.channels as usize;
        let mut found = Vec::with_capacity(place.rows as usize * channels);
        for row in 0..place.rows {
            let vectors = &worker.values[(place.offset + row * place.stride) as usize..];
            match self.plan.script.executor() {
                Executor::Lanes => found.extend(vectors[..channels].iter().map(|vector| vector.0[lane])),
                Executor::Wide => found.extend_from_slice(&Vector::numbers(vectors)[..channels]),
            }
        }
        found
    }
}

/// The channels of a row that begins at the first of `vectors`, for the sequence in `lane`.
pub(crate) fn numbers(executor: Executor, vectors: &[Vector], lane: usize) -> impl Iterator<Item = f32> {
    Vector::numbers(vectors).iter().skip(lane).step_by(executor.sequences()).copied()
}
