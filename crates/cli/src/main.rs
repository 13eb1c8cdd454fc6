//! The command line of Infimum: reads arguments, calls the lab, prints. Results go to the standard output, everything else
//! (progress, messages) to the standard error.
//!
//! Exit status: 0 on success; 2 for a mistake of the user, what the system refuses included (a full disk, a missing folder);
//! 1 for a mistake of ours, for a score that is impossible, for a loss that is no longer a number, and for a gate that fails; 130 and 143 when Ctrl-C
//! or a request to terminate stopped a run, which is saved.

mod arguments;
mod commands;
mod exit;
mod moment;
mod number;
mod output;
mod progress;
mod seed_list;
mod several;
mod signals;
mod table;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    exit::guarded(|| {
        signals::prepare()?;
        commands::run(arguments::Arguments::parse())
    })
}
