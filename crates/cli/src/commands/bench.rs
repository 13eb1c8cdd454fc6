//! `bench`: how fast this machine is, and what its time goes into.

use std::path::Path;

use infimum_lab::bench::{
    Decoding, Growth, GrowthPoint, KernelSpeed, MultiplyAddPeak, Peaks, ReadPeak, Replayed, StepTime, Workload,
    decoding, growth, growth_points, kernel_speeds, peaks, step_time, step_time_of, workload, workloads,
};
use infimum_lab::{Executor, Experiment, LabError, Machine, Products};

use crate::arguments::{Bench, RUNS, RecipeArgument};
use crate::commands::{recipes, runs};
use crate::number::{bytes, count};
use crate::{output, progress, table};

/// What `bench` measures.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Measured {
    All,
    Workload(Box<Workload>),
    Peaks,
    Kernels,
    Scaling,
    Decoding,
}

impl std::str::FromStr for Measured {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Measured::All),
            "peaks" => Ok(Measured::Peaks),
            "kernels" => Ok(Measured::Kernels),
            "scaling" => Ok(Measured::Scaling),
            "decoding" => Ok(Measured::Decoding),
            name => workload(name).map(|workload| Measured::Workload(Box::new(workload))).ok_or_else(|| {
                let names: Vec<String> = workloads().into_iter().map(|workload| workload.name).collect();
                format!(
                    "nothing to measure has that name; there are {}, peaks, kernels, scaling and decoding",
                    names.join(", ")
                )
            }),
        }
    }
}

pub(crate) fn bench(arguments: &Bench) -> anyhow::Result<()> {
    let mut machine = runs::machine(&arguments.speed);
    let (seconds, json) = (arguments.seconds, arguments.form.json);
    let executor = |workload: &Workload| arguments.executor.unwrap_or(workload.executor());
    require_use(arguments)?;
    if arguments.recipe.is_some() {
        let time = of_recipe(arguments, &mut machine)?;
        return if json { output::json(&time) } else { output::print(&steps(&[time])) };
    }
    match &arguments.measured {
        Measured::Workload(workload) => {
            let replayed = Replayed::new(executor(workload), arguments.products)?;
            let time = progress::waiting(&workload.name, || step_time(workload, &mut machine, replayed, seconds));
            if json { output::json(&time) } else { output::print(&steps(&[time])) }
        }
        Measured::All => {
            let times =
                each("timing steps", |workload| step_time(workload, &mut machine, executor(workload).into(), seconds));
            if json { output::json(&times) } else { output::print(&steps(&times)) }
        }
        Measured::Peaks => {
            let peaks = progress::waiting("measuring peaks", || peaks(machine.isa(), machine.threads()));
            if json { output::json(&peaks) } else { output::print(&limits(&peaks)) }
        }
        Measured::Kernels => {
            let speeds =
                each("timing kernels", |workload| kernel_speeds(workload, &machine, executor(workload), seconds));
            let speeds: Vec<KernelSpeed> = speeds.into_iter().flatten().collect();
            if json { output::json(&speeds) } else { output::print(&kernels(&speeds)) }
        }
        Measured::Decoding => {
            let speeds =
                each("timing tokens", |workload| decoding(workload, &mut machine, executor(workload), seconds));
            if json { output::json(&speeds) } else { output::print(&tokens(&speeds)) }
        }
        Measured::Scaling => {
            let grown = scaling(&machine, arguments.executor.unwrap_or(Executor::Wide), seconds);
            if json { output::json(&grown) } else { output::print(&growths(&grown)) }
        }
    }
}

/// What says something of one kind of measurement is refused beside another.
fn require_use(arguments: &Bench) -> Result<(), LabError> {
    if let (Some(set), None) = (arguments.set.first(), &arguments.recipe) {
        let allowed = "it has to be left out unless a recipe is timed";
        return Err(refused("--set", set, allowed, "add --recipe RECIPE, and name no workload"));
    }
    if let (Some(executor), Measured::Peaks) = (arguments.executor, &arguments.measured) {
        return Err(refused(
            "--executor",
            executor,
            "it has to be left out for peaks, which replay nothing",
            "leave it out",
        ));
    }
    if arguments.products == Products::F32 || matches!(arguments.measured, Measured::Workload(_)) {
        return Ok(());
    }
    let remedy =
        if arguments.recipe.is_some() { "say --set training.products=bf16" } else { "name a workload, such as mm100" };
    Err(refused("--products", arguments.products, "it has to be f32 unless one workload is measured", remedy))
}

fn refused(key: &str, value: impl ToString, allowed: &str, remedy: &str) -> LabError {
    let [key, value, allowed, remedy] = [key.into(), value.to_string(), allowed.into(), remedy.into()];
    LabError::Value { key, value, line: None, allowed, remedy }
}

/// The steps of a recipe.
fn of_recipe(arguments: &Bench, machine: &mut Machine) -> anyhow::Result<StepTime> {
    let recipe = RecipeArgument { recipe: arguments.recipe.clone(), set: arguments.set.clone() };
    let plan = recipes::plan(&recipe, &[], Path::new(RUNS))?;
    let experiment = progress::waiting("drawing the world", || Experiment::new(plan))?;
    let (executor, products) = (experiment.plan().executor(), experiment.plan().training().products());
    let replayed = Replayed::new(arguments.executor.unwrap_or(executor), products)?;
    Ok(progress::waiting("timing steps", || step_time_of(&experiment, machine, replayed, arguments.seconds)))
}

/// Measures every workload, one after the other.
fn each<T>(what: &str, mut measure: impl FnMut(&Workload) -> T) -> Vec<T> {
    let all = workloads();
    progress::counting(what, "workloads", all.len() as u64, |tell| {
        let measure = |(done, workload): (usize, &Workload)| {
            let measured = measure(workload);
            tell(done + 1);
            measured
        };
        all.iter().enumerate().map(measure).collect()
    })
}

/// `seconds` are for each size that grows.
fn scaling(machine: &Machine, executor: Executor, seconds: f64) -> Vec<Growth> {
    let total = growth_points(machine.threads()) as u64;
    progress::counting("timing steps", "sizes", total, |tell| growth(machine, executor, 5.0 * seconds, tell))
}

fn steps(times: &[StepTime]) -> String {
    let headings = [
        "workload",
        ">parameters",
        "executor",
        "products",
        "isa",
        ">threads",
        ">ms a step",
        ">least",
        ">GFLOP/s",
        ">peak",
        ">of it",
    ];
    let row = |time: &StepTime| {
        vec![
            time.workload.clone(),
            count(time.params as u64),
            time.executor.name().into(),
            time.products.name().into(),
            time.isa.into(),
            time.threads.to_string(),
            digits(time.ms_per_step),
            digits(time.ms_min),
            digits(time.gflops),
            digits(time.peak_gflops),
            percent(time.gflops / time.peak_gflops),
        ]
    };
    table::table(&headings, times.iter().map(row))
}

fn tokens(speeds: &[Decoding]) -> String {
    let headings =
        ["workload", "executor", "isa", ">threads", ">sequences", ">tokens/s", ">kept of each", ">with nothing kept"];
    let row = |speed: &Decoding| {
        vec![
            speed.workload.clone(),
            speed.executor.name().into(),
            speed.isa.into(),
            speed.threads.to_string(),
            speed.sequences.to_string(),
            count(speed.tokens_per_second as u64),
            bytes(speed.bytes_kept as u64),
            count(speed.recomputed_tokens_per_second as u64),
        ]
    };
    format!(
        "{}\n\nWhole sequences, all side by side; with nothing kept, the whole program is run for every token.",
        table::table(&headings, speeds.iter().map(row))
    )
}

fn limits(peaks: &Peaks) -> String {
    let rate = |peak: &MultiplyAddPeak| vec![peak.isa.into(), peak.threads.to_string(), digits(peak.gflops)];
    let read =
        |peak: &ReadPeak| vec![bytes(peak.bytes_per_thread as u64), peak.threads.to_string(), digits(peak.gigabytes)];
    format!(
        "{}\n\n{}",
        table::table(&["multiply-adds", ">threads", ">GFLOP/s"], peaks.multiply_adds.iter().map(rate)),
        table::table(&["reading, of each thread", ">threads", ">GB/s"], peaks.reads.iter().map(read))
    )
}

fn kernels(speeds: &[KernelSpeed]) -> String {
    let headings = ["workload", "kernel", ">times", ">microseconds", ">share", ">GFLOP/s", ">GB/s"];
    let row = |speed: &KernelSpeed| {
        vec![
            speed.workload.clone(),
            speed.kernel.into(),
            speed.instructions.to_string(),
            digits(speed.microseconds),
            percent(speed.share),
            speed.gflops.map_or("-".into(), digits),
            digits(speed.gigabytes),
        ]
    };
    format!(
        "{}\n\nOne replay on one thread, of sixteen sequences on lanes and of one in the wide layout; the shortest time of each instruction.",
        table::table(&headings, speeds.iter().map(row))
    )
}

fn growths(grown: &[Growth]) -> String {
    let fit = |growth: &Growth| {
        vec![
            growth.size.into(),
            digits(growth.time_exponent),
            digits(growth.expected_time_exponent),
            digits(growth.memory_exponent),
            digits(growth.expected_memory_exponent),
        ]
    };
    let fits = table::table(&["grows", ">time ^", ">expected", ">memory ^", ">expected"], grown.iter().map(fit));
    let row = |size: &str, point: &GrowthPoint| {
        let cells = [point.ms_per_step, point.ms_min, point.gflops, point.megabytes].map(digits);
        [vec![size.to_string(), count(point.value as u64)], cells.to_vec()].concat()
    };
    let rows = grown.iter().flat_map(|growth| growth.points.iter().map(|point| row(growth.size, point)));
    let headings = ["grows", ">to", ">ms a step", ">least", ">GFLOP/s", ">MB held"];
    format!("{fits}\n\n{}", table::table(&headings, rows))
}

fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// Three digits.
fn digits(x: f64) -> String {
    let decimals = match x.abs() {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        0.1.. => 3,
        _ => 4,
    };
    format!("{x:.decimals$}")
}
