//! The lanes executor: f32, sixteen sequences at a time, chunks of groups on as many threads as there are.
//!
//! The batch is cut into groups of sixteen and the groups into chunks by a rule that knows nothing of threads. Each chunk
//! has its own gradient; chunks are added in order. So threads decide speed, never bits.

use infimum_kernels::{Isa, LANES, Memory, Place, Script, Team, Vector, flat, interleave, interleave_ids};

use crate::plan::{Plan, plan};
use crate::program::{Feed, Goal, Gradient, Program, Source, Value};
use crate::steps::Steps;

/// A batch has at most so many chunks, each with a gradient of its own.
const CHUNKS: usize = 8;

/// Replays a program in f32, sixteen sequences at a time.
pub struct Lanes {
    program: Program,
    plan: Plan,
    isa: Isa,
    workers: Vec<Worker>,
    slots: Vec<Slot>,
}

/// What a thread works in.
struct Worker {
    values: Vec<Vector>,
    ids: Vec<u32>,
    /// One for each lane.
    feeds: Vec<Feed>,
    unused: Vec<f32>,
}

/// What a chunk adds up.
struct Slot {
    gradient: Vec<f32>,
    loss: f64,
    weight: f64,
}

/// Receives sequence number and one `[row][channel]` slice for each output, on whichever thread computed it.
pub type Sink<'s> = &'s (dyn Fn(usize, &[&[f32]]) + Sync);

impl Lanes {
    /// Plans `program` for the instruction set `isa`, which changes speed and no bit.
    pub fn new(program: &Program, isa: Isa) -> Self {
        let program = program.folded();
        let plan = plan(&program, &Steps::new(&program));
        Lanes { program, plan, isa, workers: vec![], slots: vec![] }
    }

    /// Bytes of memory that one thread needs for activations and their gradients.
    pub fn bytes_per_thread(&self) -> usize {
        self.plan.script.sizes().values * size_of::<Vector>()
    }

    /// Number of instructions of one replay.
    pub fn instructions(&self) -> usize {
        self.plan.script.instructions().len()
    }

    /// What a replay runs, for looking at and timing.
    pub fn script(&self) -> &Script {
        &self.plan.script
    }

    /// Loss and gradient at `point` over `sequences` sequences. The program must be a [`Program::gradient`].
    pub fn gradient(&mut self, team: &mut Team, point: &[f32], sequences: usize, source: &dyn Source) -> Gradient<f32> {
        assert!(self.program.goal == Goal::Gradient, "this program gives outputs; make one with Program::gradient");
        let weights = self.program.weights.evaluate(point);
        let groups = sequences.div_ceil(LANES);
        let chunks = groups.min(CHUNKS);
        self.prepare(team.threads(), chunks, weights.len());
        let Lanes { program, plan, isa, workers, slots } = self;
        let step = Replay { program, plan, isa: *isa, weights: &weights, sequences, source };
        team.each(&mut slots[..chunks], workers, |chunk, slot, worker| {
            slot.clear();
            for group in chunk * groups / chunks..(chunk + 1) * groups / chunks {
                step.group(group, worker, Some(slot));
            }
        });
        self.total(&weights, chunks)
    }

    /// Calls `sink` for each sequence with the wanted rows of each output. The program must be a [`Program::outputs`].
    pub fn outputs(&mut self, team: &mut Team, point: &[f32], sequences: usize, source: &dyn Source, sink: Sink<'_>) {
        let Goal::Outputs(wanted, _) = self.program.goal.clone() else {
            panic!("this program gives a gradient; make one with Program::outputs");
        };
        let weights = self.program.weights.evaluate(point);
        self.prepare(team.threads(), 0, weights.len());
        let Lanes { program, plan, isa, workers, .. } = self;
        let step = Replay { program, plan, isa: *isa, weights: &weights, sequences, source };
        let mut groups = vec![(); sequences.div_ceil(LANES)];
        team.each(&mut groups, workers, |group, (), worker| {
            step.group(group, worker, None);
            step.deliver(group, &wanted, worker, sink);
        });
    }

    fn prepare(&mut self, threads: usize, chunks: usize, weights: usize) {
        let sizes = self.plan.script.sizes();
        while self.workers.len() < threads {
            // What nobody wrote shows when it is read.
            let values = vec![Vector([f32::NAN; LANES]); sizes.values];
            let unused = if chunks == 0 { vec![0.0; sizes.weights] } else { vec![] };
            self.workers.push(Worker {
                values,
                ids: vec![0; sizes.ids * LANES],
                feeds: vec![self.program.feed(); LANES],
                unused,
            });
        }
        while self.slots.len() < chunks {
            self.slots.push(Slot { gradient: vec![0.0; weights], loss: 0.0, weight: 0.0 });
        }
    }

    fn total(&self, weights: &[f32], chunks: usize) -> Gradient<f32> {
        let slots = &self.slots[..chunks];
        let mut gradient = vec![0.0; weights.len()];
        let parts: Vec<&[f32]> = slots.iter().map(|s| &s.gradient[..]).collect();
        flat::sum_slots(self.isa, &mut gradient, &parts);
        let loss = slots.iter().map(|s| s.loss).sum();
        let weight = slots.iter().map(|s| s.weight).sum();
        Gradient { loss, weight, gradient: self.program.weights.pull_back(weights, gradient) }
    }
}

impl Slot {
    fn clear(&mut self) {
        self.gradient.fill(0.0);
        (self.loss, self.weight) = (0.0, 0.0);
    }
}

/// One call of an executor, as its threads see it.
struct Replay<'r> {
    program: &'r Program,
    plan: &'r Plan,
    isa: Isa,
    weights: &'r [f32],
    sequences: usize,
    source: &'r dyn Source,
}

impl Replay<'_> {
    /// Fills the lanes of a group, replays the program, and adds the group's loss to the slot.
    fn group(&self, group: usize, worker: &mut Worker, slot: Option<&mut Slot>) {
        self.fill(group, worker);
        let (gradients, sums) = match slot {
            Some(Slot { gradient, loss, weight }) => (&mut gradient[..], Some((loss, weight))),
            None => (&mut worker.unused[..], None),
        };
        let memory = &mut Memory { values: &mut worker.values, weights: self.weights, gradients, ids: &worker.ids };
        self.plan.script.replay(self.isa, memory);
        if let Some((loss, weight)) = sums {
            self.add_loss(worker, loss, weight);
        }
    }

    /// Fills the feeds of a group and brings them side by side.
    fn fill(&self, group: usize, worker: &mut Worker) {
        let first = group * LANES;
        let count = LANES.min(self.sequences - first);
        for (lane, feed) in worker.feeds[..count].iter_mut().enumerate() {
            self.source.fill(first + lane, feed);
            self.check(feed);
        }
        self.fill_spare(&mut worker.feeds, count);
        let mut ids = &mut worker.ids[..];
        for (k, input) in self.program.ids.iter().enumerate() {
            let (to, rest) = ids.split_at_mut(input.positions * LANES);
            interleave_ids(self.isa, to, std::array::from_fn(|l| &worker.feeds[l].ids[k][..]));
            ids = rest;
        }
        for (k, value) in self.program.inputs.iter().enumerate() {
            if let Some((place, rows)) = &self.plan.values[value.0] {
                self.place_input(&mut worker.values, &worker.feeds, k, *place, rows.start);
            }
        }
    }

    /// Spare lanes repeat the last sequence with loss weight zero, so that every value stays finite.
    fn fill_spare(&self, feeds: &mut [Feed], count: usize) {
        let (sequences, spare) = feeds.split_at_mut(count);
        for feed in spare {
            let last = &sequences[count - 1];
            feed.ids.iter_mut().zip(&last.ids).for_each(|(to, from)| to.copy_from_slice(from));
            feed.arrays.iter_mut().zip(&last.arrays).for_each(|(to, from)| to.copy_from_slice(from));
            if let Some(k) = self.program.inputs.iter().position(|v| *v == self.program.loss.weights) {
                feed.arrays[k].fill(0.0);
            }
        }
    }

    /// The rows from `first` on of float input `k`, brought to where replay reads them.
    fn place_input(&self, values: &mut [Vector], feeds: &[Feed], k: usize, place: Place, first: usize) {
        let channels = place.channels as usize;
        // Rows without gaps are one long row.
        let (rows, width) = if place.stride == place.channels {
            (1, place.rows as usize * channels)
        } else {
            (place.rows as usize, channels)
        };
        for row in 0..rows {
            let to = &mut values[place.offset as usize + row * place.stride as usize..][..width];
            let start = (first + row) * channels;
            interleave(self.isa, to, std::array::from_fn(|l| &feeds[l].arrays[k][start..start + width]));
        }
    }

    fn check(&self, feed: &Feed) {
        let ids = feed.ids.iter().zip(&self.program.ids);
        assert!(ids.clone().all(|(ids, i)| ids.len() == i.positions), "a feed keeps its numbers of positions");
        let arrays = feed.arrays.iter().zip(&self.program.inputs);
        assert!(arrays.clone().all(|(a, v)| a.len() == self.program.shape(*v).len()), "a feed keeps its array sizes");
    }

    fn add_loss(&self, worker: &Worker, loss: &mut f64, weight: &mut f64) {
        let place = |v: Value| self.plan.values[v.0].as_ref().expect("the loss is needed").0.offset as usize;
        let (nats, weights) = (place(self.program.loss.nats), place(self.program.loss.weights));
        let (mut losses, mut sums) = ([0.0; LANES], [0.0; LANES]);
        for row in 0..self.program.loss.rows.len() {
            let (w, nats) = (worker.values[weights + row].0, worker.values[nats + row].0);
            for lane in 0..LANES {
                losses[lane] += f64::from(w[lane]) * f64::from(nats[lane]);
                sums[lane] += f64::from(w[lane]);
            }
        }
        *loss += losses.iter().sum::<f64>();
        *weight += sums.iter().sum::<f64>();
    }

    fn deliver(&self, group: usize, wanted: &[Value], worker: &Worker, sink: Sink<'_>) {
        let places: Vec<Place> = wanted.iter().map(|v| self.wanted(*v)).collect();
        for lane in 0..LANES.min(self.sequences - group * LANES) {
            let arrays: Vec<Vec<f32>> = places.iter().map(|place| lane_of(worker, place, lane)).collect();
            let slices: Vec<&[f32]> = arrays.iter().map(|a| &a[..]).collect();
            sink(group * LANES + lane, &slices);
        }
    }

    /// The place of the wanted rows of an output: its array may have been needed at more rows.
    fn wanted(&self, value: Value) -> Place {
        let (place, rows) = self.plan.values[value.0].as_ref().expect("an output is needed");
        let Goal::Outputs(_, wanted) = &self.program.goal else { unreachable!("outputs are delivered for outputs") };
        place.rows((wanted.start - rows.start) as u32..(wanted.end - rows.start) as u32)
    }
}

fn lane_of(worker: &Worker, place: &Place, lane: usize) -> Vec<f32> {
    let row = |r| &worker.values[(place.offset + r * place.stride) as usize..][..place.channels as usize];
    (0..place.rows).flat_map(row).map(|v| v.0[lane]).collect()
}
