//! How fast this machine is at what training asks of it: whole steps of seven models that other frameworks are timed with, too
//! (`bench/` in the project), the kernels beneath them, the processor's own peaks, and how cost grows with each size.
//!
//! ```text
//! Workload -> Subject (program, executor, optimiser, batch in memory) -> step_time -> StepTime, beside Peaks
//! ```

mod adder;
mod decoding;
mod kernels;
mod peaks;
mod scaling;
mod stopwatch;
mod subject;
mod workload;

use infimum_engine::Products;
use serde::{Serialize, Serializer};

use crate::{Executor, Experiment, LabError, Machine, start};
pub use decoding::{Decoding, decoding};
pub use kernels::{KernelSpeed, kernel_speeds};
pub use peaks::{MultiplyAddPeak, Peaks, ReadPeak, multiply_add_gflops, peaks};
pub use scaling::{Growth, GrowthPoint, growth, growth_points};
use stopwatch::Stopwatch;
use subject::Subject;
pub use workload::{Norm, Places, Workload, workload, workloads};

/// The time of a training step of a workload. A step is gradient, clipping to length 1 and AdamW on a batch that lies in memory.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepTime {
    /// Name of the workload, or of the recipe.
    pub workload: String,
    /// Parameters of its model.
    pub params: usize,
    /// What replayed it.
    #[serde(with = "crate::executor")]
    pub executor: Executor,
    /// What products with weights multiplied; in JSON only where it is not `f32`.
    #[serde(skip_serializing_if = "is_f32", serialize_with = "by_name")]
    pub products: Products,
    /// The instruction set.
    pub isa: &'static str,
    /// Threads.
    pub threads: usize,
    /// Median milliseconds of a step.
    pub ms_per_step: f64,
    /// The shortest step in milliseconds.
    pub ms_min: f64,
    /// Operations of weight products and causal attention over the median time, in 10^9 a second; see
    /// [`infimum_engine::Work`] for what is counted.
    pub gflops: f64,
    /// Fused multiply-adds of this instruction set on as many threads, measured before and after, in 10^9 operations a second.
    pub peak_gflops: f64,
}

fn is_f32(products: &Products) -> bool {
    *products == Products::F32
}

fn by_name<S: Serializer>(products: &Products, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(products.name())
}

/// How steps are replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replayed {
    executor: Executor,
    products: Products,
}

impl Replayed {
    /// # Errors
    /// Rounded operands on lanes.
    pub fn new(executor: Executor, products: Products) -> Result<Replayed, LabError> {
        if products == Products::F32 || executor == Executor::Wide {
            return Ok(Replayed { executor, products });
        }
        let allowed = format!("it has to be f32 with executor {executor}");
        Err(LabError::value("--products", products, allowed, "leave it out, or add --executor wide"))
    }
}

impl From<Executor> for Replayed {
    fn from(executor: Executor) -> Replayed {
        Replayed { executor, products: Products::F32 }
    }
}

/// Times steps of `workload` for about `seconds`, at least three of them.
pub fn step_time(workload: &Workload, machine: &mut Machine, replayed: Replayed, seconds: f64) -> StepTime {
    let program = workload.program();
    let subject = Subject::new(&program, workload.start(&program), workload.batch, machine, replayed);
    timed(&workload.name, subject, machine, seconds)
}

/// The same for the model and the batch of an experiment: what its training steps take beside drawing their sequences.
pub fn step_time_of(experiment: &Experiment, machine: &mut Machine, replayed: Replayed, seconds: f64) -> StepTime {
    let (plan, program) = (experiment.plan(), experiment.program());
    let point = start(program, plan.model(), plan.training().seed);
    let subject = Subject::new(program, point, experiment.sequences_per_step(), machine, replayed);
    timed(plan.name(), subject, machine, seconds)
}

fn timed(name: &str, mut subject: Subject, machine: &mut Machine, seconds: f64) -> StepTime {
    let before = multiply_add_gflops(machine);
    let times = Stopwatch { seconds, at_least: 3, ..Stopwatch::default() }.times(|| subject.step(machine));
    let peak = before.max(multiply_add_gflops(machine));
    StepTime {
        workload: name.into(),
        params: subject.parameters(),
        executor: subject.replayed().executor,
        products: subject.replayed().products,
        isa: machine.isa().name(),
        threads: machine.threads(),
        ms_per_step: 1e3 * times.median,
        ms_min: 1e3 * times.least,
        gflops: 1e-9 * subject.step_flop() / times.median,
        peak_gflops: peak,
    }
}
