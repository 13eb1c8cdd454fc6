//! What can be typed.

mod benches;
mod models;
mod numbers;
mod sets;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use infimum_lab::{CheckpointName, Isa, Names, REPORT_SEQUENCES};

use crate::commands::new::NewWorld;
use crate::commands::regular::Regular;
use crate::seed_list::SeedList;
use benches::BENCH_HELP;
pub(crate) use benches::Bench;
pub(crate) use models::{Falsify, Gates, Model, Sample, duration};
use models::{GATES_HELP, SAMPLE_HELP};
pub(crate) use numbers::{Import, Params};
use sets::{COMPARE_HELP, SWEEP_HELP};
pub(crate) use sets::{Compare, Sweep};

/// Train tiny transformers on worlds whose best possible score is known exactly.
#[derive(Debug, Parser)]
#[command(name = "infimum", version, disable_help_subcommand = true, after_help = EXIT_STATUS)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

const EXIT_STATUS: &str = "\
Example:
  infimum run markov-10

Results go to the standard output, progress and messages to the standard error.
Exit status: 0 success; 2 a mistake of the user, or the system refuses; 1 a mistake of ours, an impossible
score, a loss that is no longer a number, or a gate that fails; 130 or 143 stopped by a signal, after saving.";

/// One for each thing to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train a model on a recipe's world, score it against the optimum, and keep a record.
    #[command(after_help = "\
Examples:
  infimum run markov-10
  infimum run my-recipe.toml --set training.steps=500 --set model.width=64 --seed 7
  infimum run markov-10 --seeds 0..16

Ctrl-C saves the run after the step; `infimum resume` goes on to the same bits. With --seeds, the same command goes on with
what is not finished; small models train a seed on each thread, to the same bits as alone.")]
    Run(Run),
    /// Train a grid: a recipe with some keys varied, each combination with several seeds, and print one table.
    #[command(after_help = SWEEP_HELP)]
    Sweep(Sweep),
    /// Say whether two sets of runs differ, in how often they succeed or in a figure; or that they are too few to tell.
    #[command(after_help = COMPARE_HELP)]
    Compare(Compare),
    /// Go on with a run that was interrupted or killed, to the same bits.
    #[command(after_help = "Example:\n  infimum resume markov-10-s1")]
    Resume(Resume),
    /// Print what no predictor can beat: the loss in the mean and by position, and the accuracy.
    #[command(
        after_help = "Examples:\n  infimum floor markov-10\n  infimum floor markov-100 --set world.length=64 --json"
    )]
    Floor(Floor),
    /// Print the exact probabilities of the next token after some tokens.
    #[command(
        after_help = "Examples:\n  infimum law markov-10 --after 0\n  infimum law markov-100 --after 17,4 --json"
    )]
    Law(Law),
    /// Score the weights of a run or a file on fresh test sequences.
    #[command(after_help = "\
Examples:
  infimum eval markov-10-s1 --at all
  infimum eval weights.safetensors --recipe markov-10
  infimum eval 1128p-s0 --official

Models of sums are scored on the official test, and where sums are hard: docs/sums.md says how.")]
    Eval(Eval),
    /// Read weights that somebody else trained, and write them with the plan of their model.
    #[command(after_help = "\
Examples:
  infimum import
  infimum import best_456p.pt -o 456p

eval, sample, falsify, params and export take what is written, 456p.safetensors here. Nothing in the file is run. Without a file, the families that are recognised are listed.")]
    Import(Import),
    /// Say why a run did not learn: causes with their evidence, the surest first, and what to change in the recipe.
    #[command(after_help = "\
Examples:
  infimum explain markov-10-s1
  infimum explain markov-10-s1 --json

It trains some dozens of steps from the recipe's start at other rates, and from the run's weights. A run that learnt has no cause.")]
    Explain(Explain),
    /// Take a trained model apart: nats lost without each part, and its tables beside the law.
    #[command(after_help = "Example:\n  infimum dissect markov-10-s1")]
    Dissect(Dissect),
    /// Check a trained network gate by gate: mask, positions, attention, loss, gradients, what it learnt and from what.
    #[command(after_help = GATES_HELP)]
    Gates(Gates),
    /// Compare two runs of the same world: how often their best guess is the same, and how far their laws are apart.
    #[command(after_help = "\
Example:
  infimum agree markov-10-s1 markov-10-s2

Beside it stands what two counting estimators show that saw as much.")]
    Agree(Agree),
    /// Let a trained model write sequences, or answer sums.
    #[command(after_help = SAMPLE_HELP)]
    Sample(Sample),
    /// Search for a sum that a model gets wrong, from the smallest margins on.
    #[command(after_help = "\
Example:
  infimum falsify 1128p-s0 --seconds 30

Prints the first wrong sum, or how much was searched. Ctrl-C ends the search.")]
    Falsify(Falsify),
    /// Write the weights of a run, or imported ones, as one file for other programs: .npz or .safetensors.
    #[command(after_help = "\
Examples:
  infimum export markov-10-s1
  infimum export markov-10-s1 --at best --names nanogpt -o weights.safetensors

The file carries the plan, so that eval, sample, falsify, params and export take it as it is. With --names nanogpt it has instead the whole state_dict of nanoGPT or nanoMarkov, and its model_args as JSON.")]
    Export(ExportWeights),
    /// List the runs.
    #[command(
        after_help = "Examples:\n  infimum list --runs runs\n  infimum list --pattern 'a*b*' --best class_accuracy"
    )]
    List(List),
    /// Show a run: its plan, its scores, and the hash of its final weights.
    #[command(after_help = "Examples:\n  infimum show markov-10-s1\n  infimum show markov-10-s1 --csv > markov-10.csv")]
    Show(Show),
    /// Write a run, or several seeds of one recipe, as a page with pictures: one HTML file.
    #[command(
        after_help = "Examples:\n  infimum report markov-10-s1\n  infimum report markov-10-s1 markov-10-s2 -o seeds.html"
    )]
    Report(Report),
    /// Print a new recipe, every key explained.
    #[command(subcommand_required = true, arg_required_else_help = true)]
    #[command(after_help = "Example:\n  infimum new markov --states 37 --sparsity 60 > mine.toml")]
    New {
        #[command(subcommand)]
        world: NewWorld,
    },
    /// Check a recipe: its plan, its parameters, and a forecast of memory and time. Nothing is run.
    #[command(after_help = "Example:\n  infimum check markov-100 --set model.width=128")]
    Check(Check),
    /// Count the numbers of a model: parameters, frozen random numbers, constants, and where each is used.
    #[command(after_help = "\
Examples:
  infimum params adders/1128p
  infimum params markov-10-s1 --json

A count cannot be set by hand: the engine counts what the model's program reads.")]
    Params(Params),
    /// Time training steps of seven models beside the processor's peak; or kernels, peaks, and how cost grows.
    #[command(after_help = BENCH_HELP)]
    Bench(Bench),
    /// Regular languages: patterns and their automata, automata as weights, and the automata of trained networks.
    #[command(subcommand_required = true, arg_required_else_help = true)]
    #[command(
        after_help = "Examples:\n  infimum regular show 'a*b*'\n  infimum regular construct parity -o parity.safetensors\n  infimum regular extract a-star-b-star-s1"
    )]
    Regular {
        #[command(subcommand)]
        command: Regular,
    },
    /// Print the JSON Schema of recipes, for editors.
    #[command(after_help = "Example:\n  infimum schema > recipe.schema.json")]
    Schema,
    /// Write sequences to files for other programs.
    #[command(subcommand_required = true, arg_required_else_help = true)]
    #[command(after_help = "Example:\n  infimum data export markov-10 data/mm10")]
    Data {
        #[command(subcommand)]
        command: Data,
    },
    /// Print completions for a shell.
    #[command(after_help = "Example:\n  infimum completions bash > ~/.local/share/bash-completion/completions/infimum")]
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// What `data` can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Data {
    /// Write a recipe's sequences as nanoGPT reads them: train.bin, val.bin (16-bit tokens) and meta.json.
    #[command(after_help = "\
Example:
  infimum data export markov-10 data/mm10

The three published recipes give the published files to the byte.")]
    Export(Export),
}

/// A recipe and what is changed in it.
#[derive(Args, Clone, Debug)]
pub(crate) struct RecipeArgument {
    /// A recipe that is built in, or the path of one; or the plan.toml of a record, or weights with their plan, to run it again to the same bits.
    pub(crate) recipe: Option<PathBuf>,
    /// Set one key of the recipe, such as training.steps=500. May be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

/// What computes. It decides speed, never bits.
#[derive(Args, Clone, Debug)]
pub(crate) struct Speed {
    /// Threads. Default: one for each processor. Changes speed, never results.
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1024))]
    pub(crate) threads: Option<usize>,
    /// Instruction set: avx512, avx2, neon or scalar. Default: the best of this processor. Changes speed, never results.
    #[arg(long, value_name = "ISA")]
    pub(crate) isa: Option<Isa>,
}

/// The folder of the records, where no other is given.
pub(crate) const RUNS: &str = "runs";

/// Where runs are.
#[derive(Args, Clone, Debug)]
pub(crate) struct Runs {
    /// The folder of the records.
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    pub(crate) runs: PathBuf,
}

/// How results are printed.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Form {
    /// Print JSON instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) recipe: RecipeArgument,
    /// Seed of start values, sequences and dropout; the same as --set training.seed=N.
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = seed)]
    pub(crate) seed: Option<u64>,
    /// Train several seeds: 0..16 are the sixteen from 0 to 15; 3,7,9 are these three. Finished ones are skipped, others go on.
    #[arg(long, value_name = "SEEDS", conflicts_with = "seed")]
    pub(crate) seeds: Option<SeedList>,
    #[command(flatten)]
    pub(crate) speed: Speed,
    #[command(flatten)]
    pub(crate) runs: Runs,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Args, Debug)]
pub(crate) struct Resume {
    /// A run: its name or its folder. Default: the newest run that is not finished.
    pub(crate) run: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) speed: Speed,
    #[command(flatten)]
    pub(crate) runs: Runs,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Args, Debug)]
pub(crate) struct Floor {
    #[command(flatten)]
    pub(crate) recipe: RecipeArgument,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Args, Debug)]
pub(crate) struct Law {
    #[command(flatten)]
    pub(crate) recipe: RecipeArgument,
    /// Tokens that came before, separated by commas; the token that begins every sequence need not be named.
    #[arg(long, value_name = "TOKENS", value_delimiter = ',')]
    pub(crate) after: Vec<u16>,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Args, Debug)]
pub(crate) struct Eval {
    /// A run (its name or its folder), or a file of weights. Default: the newest run.
    #[arg(value_name = "RUN|FILE")]
    pub(crate) weights: Option<PathBuf>,
    /// Which checkpoint of a run: a step, best, last, or all of them. Default: last.
    #[arg(long, value_name = "STEP|best|last|all")]
    pub(crate) at: Option<At>,
    /// The recipe that a file of weights belongs to, if its metadata have no plan; for a run, another recipe to score it on.
    #[arg(long, value_name = "RECIPE")]
    pub(crate) recipe: Option<PathBuf>,
    /// Set one key of that recipe. May be given several times.
    #[arg(long, value_name = "KEY=VALUE", requires = "recipe")]
    pub(crate) set: Vec<String>,
    /// Add the figures by nanoMarkov's own formulas, for chains of its generator (numpy-legacy).
    #[arg(long)]
    pub(crate) published: bool,
    /// Score the official test of ten-digit sums alone, 10,010 of them.
    #[arg(long, conflicts_with_all = ["published", "pairs"])]
    pub(crate) official: bool,
    /// Score sums on so many pairs, uniform ones and as many by carries, carry runs and carry masks. Default: 100000.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub(crate) pairs: Option<u64>,
    #[command(flatten)]
    pub(crate) speed: Speed,
    #[command(flatten)]
    pub(crate) runs: Runs,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Args, Debug)]
pub(crate) struct Agree {
    /// A run: its name or its folder. The two are compared on its test sequences.
    #[arg(value_name = "RUN")]
    pub(crate) first: PathBuf,
    /// Another run, of the same world.
    #[arg(value_name = "OTHER_RUN")]
    pub(crate) second: PathBuf,
    /// Which checkpoint of both: a step, best or last.
    #[arg(long, value_name = "STEP|best|last", default_value = "last")]
    pub(crate) at: CheckpointName,
    #[command(flatten)]
    pub(crate) speed: Speed,
    #[command(flatten)]
    pub(crate) runs: Runs,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// A run: its name or its folder. Default: the newest run.
    pub(crate) run: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) speed: Speed,
    #[command(flatten)]
    pub(crate) runs: Runs,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Args, Debug)]
pub(crate) struct Dissect {
    /// A run: its name or its folder. Default: the newest run.
    pub(crate) run: Option<PathBuf>,
    /// Which checkpoint: a step, best or last.
    #[arg(long, value_name = "STEP|best|last", default_value = "last")]
    pub(crate) at: CheckpointName,
    /// Fresh test sequences to look at; with data.folder at most those that its val.bin has.
    #[arg(long, value_name = "N", default_value = "2000", value_parser = clap::value_parser!(u64).range(2..=1_000_000))]
    pub(crate) sequences: u64,
    #[command(flatten)]
    pub(crate) speed: Speed,
    #[command(flatten)]
    pub(crate) runs: Runs,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// Which checkpoints to score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    One(CheckpointName),
    All,
}

impl std::str::FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(At::All),
            text => text.parse().map(At::One).map_err(|_| "give a step, best, last or all".into()),
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct ExportWeights {
    #[command(flatten)]
    pub(crate) model: Model,
    /// The file to write; its ending, .npz or .safetensors, says in which form. Default: the name of the run or file with .npz, in
    /// this folder.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Which arrays: the checkpoint's own, or those that nanoGPT and nanoMarkov load.
    #[arg(long, value_name = "own|nanogpt", default_value = "own")]
    pub(crate) names: Names,
    /// Replace a file that is there and has another content.
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// The runs of this language alone: a pattern, or the name of one that is built in; the same language in other words counts, too.
    #[arg(long)]
    pub(crate) pattern: Option<String>,
    /// The best first by this figure, which is shown in place of the first: a name of docs/metrics.md. Runs without it come last.
    #[arg(long, value_name = "FIGURE")]
    pub(crate) best: Option<String>,
    #[command(flatten)]
    pub(crate) runs: Runs,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// A run: its name or its folder. Default: the newest run.
    pub(crate) run: Option<PathBuf>,
    /// Print the metrics over the steps as comma-separated values.
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
    #[command(flatten)]
    pub(crate) runs: Runs,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Args, Debug)]
pub(crate) struct Report {
    /// Runs, by name or folder; several have to be of one recipe with different seeds. Default: the newest run.
    #[arg(value_name = "RUN")]
    pub(crate) reported: Vec<PathBuf>,
    /// The file to write. Default: RUN.html in this folder, RECIPE.html for several runs.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Test sequences of each run on which its model is looked at; with data.folder at most those that its val.bin has.
    #[arg(long, value_name = "N", default_value_t = REPORT_SEQUENCES, allow_negative_numbers = true, value_parser = models::count)]
    pub(crate) sequences: NonZeroUsize,
    /// Replace a file that is there and is no report.
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) speed: Speed,
    #[command(flatten)]
    pub(crate) runs: Runs,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Args, Debug)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) recipe: RecipeArgument,
    #[command(flatten)]
    pub(crate) speed: Speed,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Args, Debug)]
pub(crate) struct Export {
    /// A recipe that is built in, or the path of one.
    pub(crate) recipe: PathBuf,
    /// The folder to write to; created if need be.
    pub(crate) dir: PathBuf,
    /// Replace files that are there and have another content.
    #[arg(long)]
    pub(crate) force: bool,
    /// Set one key of the recipe, such as export.train_sequences=100. May be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    #[command(flatten)]
    pub(crate) form: Form,
}

fn seed(text: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|seed| *seed < 1 << 63);
    number.ok_or_else(|| format!("a seed is a whole number, at least 0 and at most {}", i64::MAX))
}
