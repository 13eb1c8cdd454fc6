//! A model that trains on one batch again and again.

use infimum_engine::{AdamW, Feed, Found, Group, Moments, Optimiser, Program, Replay, Source, Work, clip_factor};
use infimum_kernels::flat;
use infimum_worlds::{Purpose, Stream};

use super::Replayed;
use crate::Machine;

const RATE: f64 = 1e-3;
const DECAY: f64 = 0.01;
const CLIP: f64 = 1.0;
const MOMENTS: Moments = Moments { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/// Program, executor, optimiser and batch.
pub(crate) struct Subject {
    replay: Replay,
    optimiser: AdamW,
    batch: Batch,
    work: Work,
    replayed: Replayed,
    /// Numbers of the weight memory.
    weights: usize,
}

impl Subject {
    /// `program` reads ids `tokens` and `targets` and the loss weights `weights`, and starts at `point`.
    pub(crate) fn new(
        program: &Program,
        point: Vec<f32>,
        sequences: usize,
        machine: &Machine,
        replayed: impl Into<Replayed>,
    ) -> Subject {
        let replayed @ Replayed { executor, products } = replayed.into();
        let program = program.gradient();
        let all = Group { range: 0..point.len(), decay: DECAY, rate_factor: 1.0 };
        Subject {
            replay: Replay::with_products(&program, executor, products, machine.isa),
            optimiser: AdamW::new(point, vec![all], MOMENTS),
            batch: Batch::random(&program, sequences),
            work: Work::of(&program),
            replayed,
            weights: program.weights().memory(),
        }
    }

    /// Gradient, clipping, AdamW.
    pub(crate) fn step(&mut self, machine: &mut Machine) {
        let sequences = self.batch.sequences;
        let sum = self.replay.gradient(&mut machine.team, self.optimiser.point(), sequences, &self.batch);
        let norm = libm::sqrt(flat::sum_squares(machine.isa, &sum.gradient)) / sum.weight;
        let scale = clip_factor(norm, CLIP) / sum.weight;
        let found = Found { loss: sum.loss, gradient: &sum.gradient, scale: scale as f32 };
        self.optimiser.tell(machine.isa, &mut machine.team, found, RATE);
    }

    pub(crate) fn replayed(&self) -> Replayed {
        self.replayed
    }

    pub(crate) fn parameters(&self) -> usize {
        self.optimiser.point().len()
    }

    /// Floating point operations of a step.
    pub(crate) fn step_flop(&self) -> f64 {
        self.work.step_flop(self.batch.sequences)
    }

    /// Bytes that steps hold on `threads` threads: activations of each thread; weights packed into panels; gradients of chunks
    /// of the batch; evaluated weights; point and two means.
    pub(crate) fn bytes(&self, threads: usize) -> usize {
        let gradients = Replay::gradient_arrays(self.replay.executor(), self.batch.sequences, threads);
        let (own, shared) = (self.replay.bytes_per_thread(), self.replay.bytes_shared());
        threads * own + shared + (gradients + 1 + 3) * self.weights * size_of::<f32>()
    }
}

/// Random tokens and targets, with loss weight 1 at the scored positions.
struct Batch {
    sequences: usize,
    /// For each token input of the program, all sequences one after the other.
    ids: Vec<Vec<u16>>,
    weights: Vec<f32>,
}

impl Batch {
    fn random(program: &Program, sequences: usize) -> Batch {
        let mut stream = Stream::new(1, Purpose::Check, 0, 0);
        let mut draw = |positions: usize, alphabet: usize| {
            (0..sequences * positions).map(|_| stream.below(alphabet as u64) as u16).collect()
        };
        let ids: Vec<Vec<u16>> = program.ids().iter().map(|input| draw(input.positions, input.alphabet)).collect();
        let (positions, scored) = (program.ids()[0].positions, program.scored());
        let weights = (0..positions).map(|t| if scored.contains(&t) { 1.0 } else { 0.0 }).collect();
        Batch { sequences, ids, weights }
    }
}

impl Source for Batch {
    fn fill(&self, sequence: usize, feed: &mut Feed) {
        for (to, all) in feed.ids.iter_mut().zip(&self.ids) {
            let positions = to.len();
            to.copy_from_slice(&all[sequence * positions..][..positions]);
        }
        feed.arrays[0].copy_from_slice(&self.weights);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{workload, workloads};
    use infimum_engine::{Executor, Isa};

    /// One step of each workload, on a group of sequences and one more.
    #[test]
    fn threads_and_instruction_sets_change_no_bit_of_a_workload() {
        for workload in workloads() {
            let (program, executor) = (workload.program(), workload.executor());
            let bits = |isa: Isa, threads: usize| -> Vec<u32> {
                let mut machine = Machine::new(isa, threads);
                let sequences = executor.sequences() + 1;
                let mut subject = Subject::new(&program, workload.start(&program), sequences, &machine, executor);
                subject.step(&mut machine);
                subject.optimiser.point().iter().map(|x| x.to_bits()).collect()
            };
            let expected = bits(Isa::best(), 1);
            assert!(expected != workload.start(&program).iter().map(|x| x.to_bits()).collect::<Vec<_>>());
            for (isa, threads) in Isa::available().into_iter().map(|isa| (isa, 2)).chain([(Isa::best(), 3)]) {
                assert!(bits(isa, threads) == expected, "{}, {}, {threads} threads", workload.name, isa.name());
            }
        }
    }

    /// What is timed learns: the loss of its one batch falls.
    #[test]
    fn steps_learn_the_batch() {
        let (mut machine, memo) = (Machine::new(Isa::best(), 2), workload("memo4k").unwrap());
        let program = memo.program();
        let mut subject = Subject::new(&program, memo.start(&program), memo.batch, &machine, Executor::Lanes);
        let loss = |subject: &mut Subject, machine: &mut Machine| {
            let sum = subject.replay.gradient(&mut machine.team, subject.optimiser.point(), memo.batch, &subject.batch);
            assert_eq!(sum.weight, (memo.batch * memo.positions) as f64);
            sum.loss / sum.weight
        };
        let before = loss(&mut subject, &mut machine);
        assert!((before - libm::log(37.0)).abs() < 0.1, "an untrained model knows nothing: {before}");
        (0..100).for_each(|_| subject.step(&mut machine));
        let after = loss(&mut subject, &mut machine);
        assert!(after < before - 0.3, "{before} to {after}");
    }
}
