//! What a run holds in memory, and what the machine has of it. The numbers are estimates; they decide no bit.

use std::fs;

use infimum_engine::Replay;
use infimum_worlds::Settings;
use infimum_worlds::markov::NON_ZEROS_LIMIT;

use crate::evaluation::evaluating;
use crate::{Experiment, LabError, Machine, average, optimisers, transitions};

/// Bytes of a non-zero of a law: its probability, the running sum, the sampler's guide, and its successor.
const LAW_ENTRY: u64 = 20;
/// Bytes of a test sequence: its scores, and what tells it apart from training sequences.
const TEST_SEQUENCE: u64 = 260;
/// Bytes of a context's sums in a tree of them.
const CONTEXT_SCORE: u64 = 48;
/// Bytes of a line of metrics.
const LINE: u64 = 96;

/// What a run holds, part by part.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug)]
struct Part {
    what: &'static str,
    bytes: u64,
    remedy: &'static str,
}

/// A bound on memory, and what sets it.
type Limit = (u64, &'static str);

/// Refuses to run or forecast what the machine has no memory for.
///
/// # Errors
/// [`LabError::Memory`], which names the largest part and the way out. Where nobody says how much memory there is, nothing is
/// refused.
pub fn require_memory(experiment: &Experiment, machine: &Machine) -> Result<(), LabError> {
    Memory::of(experiment, machine).within(limit())
}

/// Whether the machine has memory for `seeds` runs at once, each on as many threads as `machine`.
pub(crate) fn fits(experiment: &Experiment, machine: &Machine, seeds: usize) -> bool {
    let needed = Memory::of(experiment, machine).bytes().saturating_mul(seeds as u64);
    limit().is_none_or(|(available, _)| needed <= available)
}

/// The same for the law of a world that is yet to be drawn.
pub(crate) fn require_law(settings: &Settings) -> Result<(), LabError> {
    Memory { parts: vec![law(settings)] }.within(limit())
}

impl Memory {
    pub(crate) fn of(experiment: &Experiment, machine: &Machine) -> Memory {
        let plan = experiment.plan();
        let fixed = experiment.stages().iter().filter_map(|stage| stage.data.sequences).max();
        Memory {
            parts: vec![
                law(plan.world()),
                arrays(experiment, machine),
                activations(experiment, machine),
                Part {
                    what: "the places of the sequences of a step, or of the fixed set",
                    bytes: 16 * experiment.sequences_per_step() as u64 + 24 * fixed.unwrap_or(0),
                    remedy: "lower training.batch, training.accumulation or data.sequences",
                },
                Part {
                    what: "the blocks that are trained on",
                    bytes: 2 * experiment.held_tokens() as u64,
                    remedy: "lower export.train_sequences, or shorten train.bin",
                },
                Part {
                    what: "the scores of the test sequences",
                    bytes: TEST_SEQUENCE * plan.evaluation().test_sequences as u64,
                    remedy: "lower evaluation.test_sequences",
                },
                transitions(experiment),
                counts(experiment, machine),
                Part {
                    what: "the lines of metrics",
                    bytes: LINE * plan.training().steps / plan.evaluation().line_every(),
                    remedy: "raise evaluation.every",
                },
            ],
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes).sum()
    }

    fn within(&self, limit: Option<Limit>) -> Result<(), LabError> {
        let needed = self.bytes();
        let Some((available, limit)) = limit.filter(|(available, _)| needed > *available) else { return Ok(()) };
        let Part { what, bytes: most, remedy } =
            *self.parts.iter().max_by_key(|part| part.bytes).expect("there are parts");
        Err(LabError::Memory { needed, available, limit, most, what, remedy })
    }
}

/// The laws that are compared with each other, and the sums of each context in each group of test sequences.
fn transitions(experiment: &Experiment) -> Part {
    let (chain, tests) = (experiment.world().chain(), experiment.plan().evaluation().test_sequences as u64);
    let positions = tests * experiment.world().shape().positions as u64;
    let bytes = chain.map_or(0, |chain| {
        let states = chain.states() as u64;
        let contexts = states.pow(chain.order() as u32);
        let numbers = (64 * contexts * states).min(transitions::NUMBERS_LIMIT);
        4 * numbers.min(positions * states) + CONTEXT_SCORE * positions.min(64 * contexts)
    });
    Part { what: "what is kept of the test sequences' transitions", bytes, remedy: "lower evaluation.test_sequences" }
}

/// The law of a world that is a chain, by its settings' keys in recipes. A world whose settings make none has no law; building
/// it says why.
fn law(settings: &Settings) -> Part {
    let settings = serde_json::to_value(settings).expect("settings are plain");
    let number = |key: &str| settings[key].as_f64();
    let states = number("states").unwrap_or(0.0).clamp(0.0, 65_535.0);
    let kept = states * (1.0 - number("sparsity").unwrap_or(0.0) / 100.0);
    let keep = number("keep").unwrap_or(kept).clamp(0.0, states);
    let order = number("order").unwrap_or(1.0).clamp(0.0, 4.0) as u32;
    let contexts: f64 = (1..=order).map(|length| libm::pow(states, f64::from(length))).sum();
    // What has more non-zeros than a world may have is refused for that reason.
    let non_zeros = (contexts * keep + states).min(NON_ZEROS_LIMIT as f64);
    Part {
        what: "the world's law",
        bytes: LAW_ENTRY * non_zeros as u64,
        remedy: "lower world.states or world.order, or keep fewer successors with world.keep",
    }
}

/// Gradients of chunks of a batch; point and what the optimiser keeps, and a copy of each while a checkpoint is written; evaluated
/// weights; for evaluation a point, and a spare gradient a thread.
fn arrays(experiment: &Experiment, machine: &Machine) -> Part {
    let (threads, sequences) = (machine.threads(), experiment.sequences_per_step());
    let gradients = Replay::gradient_arrays(experiment.plan().executor(), sequences, threads);
    let of_optimiser = experiment.stages().iter().map(|stage| optimisers::arrays(&stage.training)).max();
    let averaged = if experiment.plan().training().average.is_some() { average::ARRAYS } else { 0 };
    let pulled = usize::from(experiment.plan().training().pull.is_some());
    let copies = gradients + 2 * (of_optimiser.expect("a run has a stage") + averaged) + pulled + 1 + 1 + threads;
    Part {
        what: "the parameters with their gradients, means and copies",
        bytes: (copies * experiment.program().weights().memory() * size_of::<f32>()) as u64,
        remedy: "lower model.width or model.layers",
    }
}

/// What a thread counts of the training sequences, where counting fits the world.
fn counts(experiment: &Experiment, machine: &Machine) -> Part {
    let (threads, targets) = (machine.threads() as u64, experiment.tokens());
    let bytes = experiment.world().counting().map_or(0, |counting| counting.bytes_after(targets / threads));
    Part {
        what: "the counts of the sequences that were trained on",
        bytes: threads * bytes,
        remedy: "take fewer --threads",
    }
}

fn activations(experiment: &Experiment, machine: &Machine) -> Part {
    let (program, executor) = (experiment.program(), experiment.plan().executor());
    let products = experiment.plan().training().products();
    let evaluates = || Replay::new(&evaluating(program), executor, machine.isa);
    let mut replays = vec![Replay::with_products(&program.gradient(), executor, products, machine.isa), evaluates()];
    // A search for errors evaluates by itself.
    replays.extend(experiment.stages().iter().any(|stage| stage.mined.is_some()).then(evaluates));
    let bytes: usize = replays.iter().map(|r| machine.threads() * r.bytes_per_thread() + r.bytes_shared()).sum();
    Part {
        what: "the activations on every thread",
        bytes: bytes as u64,
        remedy: "lower world.length, model.width or model.layers, or take fewer --threads",
    }
}

/// The least of the bounds that the system sets, where it tells them.
fn limit() -> Option<Limit> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let bounds = [
        (total(&read("/proc/meminfo")), "this machine has"),
        (number(&read("/sys/fs/cgroup/memory.max")), "the container has"),
        (number(&read("/sys/fs/cgroup/memory/memory.limit_in_bytes")), "the container has"),
        (address_space(&read("/proc/self/limits")), "the process may have (ulimit -v)"),
    ];
    bounds.into_iter().filter_map(|(bytes, whose)| Some((bytes?, whose))).min()
}

/// `MemTotal:  24689764 kB` in the kernel's account of memory.
fn total(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    number(line.trim().strip_suffix("kB")?)?.checked_mul(1024)
}

/// `Max address space  SOFT  HARD  bytes` in the limits of a process; `unlimited` is none.
fn address_space(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    number(line.split_whitespace().next()?)
}

fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use infimum_worlds::{Fact, Quantity};

    use super::*;

    #[test]
    fn bounds_are_read_where_there_are_any() {
        assert_eq!(total("MemFree: 5 kB\nMemTotal:       24689764 kB\n"), Some(24_689_764 * 1024));
        let limits = "Limit   Soft Limit  Hard Limit  Units\nMax address space         209715200   unlimited  bytes\n";
        assert_eq!(address_space(limits), Some(209_715_200));
        assert_eq!(address_space(&limits.replace("209715200", "unlimited")), None);
        assert_eq!([total(""), total("MemTotal: x kB"), number("max\n"), number("")], [None; 4]);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_largest_part_and_the_rest_is_not() {
        let part = |what, bytes| Part { what, bytes, remedy: "lower it" };
        let memory = Memory { parts: vec![part("a law", 2_000_000_000), part("arrays", 7_500_000_000)] };
        let refused = |limit| memory.within(limit).err().map(|e| e.to_string());
        assert_eq!([None, Some((9_500_000_000, "this machine has"))].map(refused), [None, None]);
        let message = refused(Some((9_499_999_999, "this machine has"))).unwrap();
        for part in ["9.5 GB", "and this machine has", "7.5 GB", "arrays", "lower it"] {
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn a_law_is_counted_before_it_is_drawn() {
        let mut seen = 0;
        for settings in Settings::small_instances() {
            let counted = law(&settings).bytes / LAW_ENTRY;
            let is_count = |fact: &Fact| fact.name == "non_zeros";
            let facts = settings.build().unwrap().facts();
            let found = facts.iter().find(|fact| is_count(fact)).map(|fact| &fact.value);
            let Some(Quantity::Count(non_zeros)) = found else { continue };
            seen += 1;
            assert!(counted.abs_diff(*non_zeros) <= non_zeros / 2, "{settings:?} {counted} {non_zeros}");
        }
        assert!(seen >= 10, "chains count their non-zeros");
    }
}
