//! Replay of one position after another in f32, by lanes or wide, while keys and values of earlier positions are kept.
//!
//! A thread takes a group of sequences and writes it from the first position to the last: no thread waits for another at a
//! position, and what is kept of a group is overwritten by the next. Side by side stand, by lanes, sixteen sequences, one to a
//! lane; wide, up to sixteen, one to a row, so that products read the weights once for all of them. Every row has the bits that
//! the whole program gives it ([`Replay`](crate::Replay) of [`Program::outputs_at`]), whatever stands beside it.

use std::ops::Range;

use infimum_kernels::{Executor, Isa, LANES, Memory, Place, Team, Vector, pages};

use crate::plan::{Plan, plan};
use crate::products::Products;
use crate::program::{Author, Feed, Goal, Program, Value};
use crate::replay::numbers;
use crate::steps::Steps;

/// Replays a program for one position in f32.
pub struct Decode {
    program: Program,
    plan: Plan,
    isa: Isa,
    side_by_side: usize,
    panels: Vec<Vector>,
    workers: Vec<Worker>,
}

/// What a thread works in.
struct Worker {
    /// With what is kept of the positions before.
    values: Vec<Vector>,
    ids: Vec<u32>,
    /// One for each sequence of a group.
    feeds: Vec<Feed>,
    unused: Vec<f32>,
    said: Vec<f32>,
}

impl Decode {
    /// Plans `program`, a [`Program::one_position`], for `executor` and for the instruction set `isa`, which changes speed and
    /// no bit. `sequences` are to be written side by side on a thread, one to sixteen; by lanes there is always room for
    /// sixteen, and fewer take as long.
    ///
    /// # Panics
    /// If the program is for another goal, or `sequences` is 0 or above sixteen.
    pub fn new(program: &Program, executor: Executor, isa: Isa, sequences: usize) -> Self {
        assert!(matches!(program.goal, Goal::Position(_)), "make a program for this with Program::one_position");
        assert!((1..=LANES).contains(&sequences), "{sequences} sequences side by side; there is room for 1 to {LANES}");
        let (rows, side_by_side) = if executor == Executor::Lanes { (1, LANES) } else { (sequences, sequences) };
        let program = program.resolved();
        let plan = plan(&program, &Steps::side_by_side(&program, rows), executor, Products::F32);
        let panels = pages::filled(plan.script.panel_vectors(), Vector::default());
        Decode { program, plan, isa, side_by_side, panels, workers: vec![] }
    }

    /// Bytes that are kept of the keys and values of one sequence, of all positions: by lanes four for each channel of each,
    /// wide with the channels of a head, and the positions, rounded up to sixteens.
    pub fn bytes_kept(&self) -> usize {
        self.plan.cached * size_of::<Vector>() / self.side_by_side
    }

    /// Every author writes a sequence of `positions` positions, from the first on, or of fewer where it is done before
    /// ([`Author::is_done`]). Threads share the authors in groups, and
    /// the bits that an author hears depend on what it gives alone. Nothing is allocated at a position.
    ///
    /// # Panics
    /// If the program has fewer positions ([`Program::positions`]), or an author changes the size of a feed.
    pub fn write<A: Author<f32> + Send>(
        &mut self,
        team: &mut Team,
        point: &[f32],
        positions: usize,
        authors: &mut [A],
    ) {
        self.write_at(team, point, 0..positions, authors);
    }

    /// As [`Decode::write`], from any position on: what stands before it is what was kept last.
    pub(crate) fn write_at<A: Author<f32> + Send>(
        &mut self,
        team: &mut Team,
        point: &[f32],
        positions: Range<usize>,
        authors: &mut [A],
    ) {
        let most = self.program.positions();
        assert!(positions.end <= most, "{} positions of a program of {most}", positions.end);
        let weights = self.program.weights.evaluate(point);
        self.prepare(team, &weights);
        let Decode { program, plan, isa, side_by_side, panels, workers } = self;
        let Goal::Position(wanted) = &program.goal else { unreachable!("`new` has checked the goal") };
        let call = Call { program, plan, isa: *isa, side_by_side: *side_by_side, weights: &weights, panels, wanted };
        let mut groups: Vec<&mut [A]> = authors.chunks_mut(*side_by_side).collect();
        team.each(&mut groups, workers, |_, group, worker| {
            let goes_on = |group: &[A]| !group.iter().all(Author::is_done);
            for position in positions.clone() {
                if !goes_on(group) {
                    break;
                }
                call.position(position, group, worker);
            }
        });
    }

    /// Makes workers, and packs the weights.
    fn prepare(&mut self, team: &mut Team, weights: &[f32]) {
        let (sizes, executor) = (self.plan.script.sizes(), self.plan.script.executor());
        while self.workers.len() < team.threads() {
            // What nobody wrote shows when it is read.
            let values = pages::filled(sizes.values, Vector([f32::NAN; LANES]));
            let (ids, unused) = (vec![0; sizes.ids * executor.sequences()], vec![0.0; sizes.weights]);
            let feeds = vec![self.program.feed(); self.side_by_side];
            self.workers.push(Worker { values, ids, feeds, unused, said: vec![] });
        }
        self.plan.pack(team, self.isa, weights, &mut self.panels);
    }
}

/// One call, as its threads see it.
struct Call<'r> {
    program: &'r Program,
    plan: &'r Plan,
    isa: Isa,
    side_by_side: usize,
    weights: &'r [f32],
    panels: &'r [Vector],
    wanted: &'r [Value],
}

impl Call<'_> {
    /// One position of a group.
    fn position<A: Author<f32>>(&self, position: usize, group: &mut [A], worker: &mut Worker) {
        for (author, feed) in group.iter_mut().zip(&mut worker.feeds) {
            author.give(position, feed);
            self.check(feed);
        }
        self.fill_spare(&mut worker.feeds, group.len());
        self.place_ids(position, worker);
        for (k, value) in self.program.inputs.iter().enumerate() {
            if let Some((place, _)) = &self.plan.values[value.0] {
                let Worker { values, feeds, .. } = worker;
                feeds.iter().enumerate().for_each(|(s, feed)| self.place_input(values, place, s, &feed.arrays[k]));
            }
        }
        let Worker { values, ids, unused, .. } = worker;
        let memory = &mut Memory { values, weights: self.weights, gradients: unused, ids, panels: self.panels };
        self.plan.script.replay(self.isa, memory);
        for (s, author) in group.iter_mut().enumerate() {
            self.collect(worker, s);
            author.hear(position, &worker.said);
        }
    }

    fn check(&self, feed: &Feed) {
        assert!(feed.ids.iter().all(|ids| ids.len() == 1), "a feed keeps its one id of each input");
        let arrays = feed.arrays.iter().zip(&self.program.inputs);
        let fits = arrays.clone().all(|(a, v)| a.len() == self.program.shape(*v).channels);
        assert!(fits, "a feed keeps its one row of each array");
    }

    /// Spare lanes and rows repeat the last sequence, so that every value stays finite.
    fn fill_spare(&self, feeds: &mut [Feed], count: usize) {
        let (sequences, spare) = feeds.split_at_mut(count);
        for feed in spare {
            let last = &sequences[count - 1];
            feed.ids.iter_mut().zip(&last.ids).for_each(|(to, from)| to.copy_from_slice(from));
            feed.arrays.iter_mut().zip(&last.arrays).for_each(|(to, from)| to.copy_from_slice(from));
        }
    }

    /// The ids of each input, sequence after sequence, and after all inputs the position of each.
    fn place_ids(&self, position: usize, Worker { ids, feeds, .. }: &mut Worker) {
        let mut rows = ids.chunks_exact_mut(self.side_by_side);
        for (k, to) in (0..self.program.ids.len()).zip(&mut rows) {
            to.iter_mut().zip(&*feeds).for_each(|(to, feed)| *to = u32::from(feed.ids[k][0]));
        }
        rows.next().expect("the positions stand after the inputs").fill(position as u32);
    }

    /// One row of a float input of sequence `s` of the group.
    fn place_input(&self, values: &mut [Vector], place: &Place, s: usize, array: &[f32]) {
        let (first, lane, step) = self.row(place, s);
        let to = Vector::numbers_mut(&mut values[first..]).iter_mut().skip(lane).step_by(step);
        to.zip(array).for_each(|(to, from)| *to = *from);
    }

    /// All that was asked for of sequence `s` of the group.
    fn collect(&self, worker: &mut Worker, s: usize) {
        let Worker { values, said, .. } = worker;
        said.clear();
        for value in self.wanted {
            let (place, _) = self.plan.values[value.0].as_ref().expect("an output is needed");
            let (first, lane, _) = self.row(place, s);
            let row = numbers(self.plan.script.executor(), &values[first..], lane);
            said.extend(row.take(place.channels as usize));
        }
    }

    /// Where sequence `s` of the group stands in a place: its first vector, its lane, and numbers from a channel to the next.
    fn row(&self, place: &Place, s: usize) -> (usize, usize, usize) {
        let executor = self.plan.script.executor();
        let (row, lane) = if executor == Executor::Lanes { (0, s) } else { (s, 0) };
        (place.offset as usize + row * place.stride as usize, lane, executor.sequences())
    }
}
