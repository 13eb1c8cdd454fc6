//! One file for each command.

mod agree;
pub(crate) mod bench;
mod check;
mod compare;
mod completions;
mod data;
mod dissect;
mod eval;
mod explain;
mod export;
mod falsify;
mod floor;
mod gates;
mod import;
mod law;
mod list;
pub(crate) mod new;
mod params;
mod recipes;
pub(crate) mod regular;
mod report;
mod resume;
mod run;
mod runs;
mod sample;
mod schema;
mod seeds;
mod show;
mod stages;
mod successes;
mod sweep;
mod training;
mod weights;
mod welcome;

use crate::arguments::{Arguments, Command, Data};

/// Does what was typed.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        None => welcome::welcome(),
        Some(Command::Run(arguments)) => run::run(&arguments),
        Some(Command::Resume(arguments)) => resume::resume(&arguments),
        Some(Command::Floor(arguments)) => floor::floor(&arguments),
        Some(Command::Law(arguments)) => law::law(&arguments),
        Some(Command::Eval(arguments)) => eval::eval(&arguments),
        Some(Command::Export(arguments)) => export::export(&arguments),
        Some(Command::Import(arguments)) => import::import(&arguments),
        Some(Command::Explain(arguments)) => explain::explain(&arguments),
        Some(Command::Dissect(arguments)) => dissect::dissect(&arguments),
        Some(Command::Sweep(arguments)) => sweep::sweep(&arguments),
        Some(Command::Compare(arguments)) => compare::compare(&arguments),
        Some(Command::Gates(arguments)) => gates::gates(&arguments),
        Some(Command::Agree(arguments)) => agree::agree(&arguments),
        Some(Command::Sample(arguments)) => sample::sample(&arguments),
        Some(Command::Falsify(arguments)) => falsify::falsify(&arguments),
        Some(Command::List(arguments)) => list::list(&arguments),
        Some(Command::Show(arguments)) => show::show(&arguments),
        Some(Command::Report(arguments)) => report::report(&arguments),
        Some(Command::New { world }) => new::new(&world),
        Some(Command::Check(arguments)) => check::check(&arguments),
        Some(Command::Params(arguments)) => params::params(&arguments),
        Some(Command::Bench(arguments)) => bench::bench(&arguments),
        Some(Command::Regular { command }) => regular::regular(&command),
        Some(Command::Schema) => schema::schema(),
        Some(Command::Data { command: Data::Export(arguments) }) => data::export(&arguments),
        Some(Command::Completions { shell }) => completions::completions(shell),
    }
}
