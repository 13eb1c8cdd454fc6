//! How a process ends: one message and an exit status.

use std::any::Any;
use std::fmt;
use std::io;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::process::ExitCode;

use infimum_lab::LabError;

use crate::output;

/// A mistake of ours, or a finding: an impossible score, a loss that is no number.
pub(crate) const OURS: u8 = 1;
/// A mistake of the user, or a refusal of the system.
pub(crate) const USERS: u8 = 2;

/// A run that a signal stopped after it was saved.
#[derive(Debug)]
pub(crate) struct Stopped {
    /// 128 + the signal, as shells have it.
    pub(crate) status: u8,
    /// What was saved and how to go on.
    pub(crate) message: String,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Stopped {}

/// Runs `command`, prints what went wrong, and gives the exit status. A panic is our mistake and is said to be one.
pub(crate) fn guarded(command: impl FnOnce() -> anyhow::Result<()>) -> ExitCode {
    panic::set_hook(Box::new(apologise));
    match panic::catch_unwind(AssertUnwindSafe(command)) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => ExitCode::from(report(&error)),
        Err(_) => ExitCode::from(OURS),
    }
}

/// Prints the error, unless it is that nobody reads our output any more, and gives the exit status.
fn report(error: &anyhow::Error) -> u8 {
    if is_broken_pipe(error) {
        return 0;
    }
    match error.downcast_ref::<Stopped>() {
        Some(stopped) => {
            output::say(&stopped.to_string());
            stopped.status
        }
        None => {
            output::say(&format!("error: {}", message(error)));
            status(error)
        }
    }
}

/// The lab's message and below it what the command adds; or whatever else went wrong.
fn message(error: &anyhow::Error) -> String {
    let lab = error.downcast_ref::<LabError>().map(ToString::to_string);
    match lab.filter(|lab| *lab != error.to_string()) {
        Some(lab) => format!("{lab}\n{error}"),
        None if error.is::<LabError>() => error.to_string(),
        None => format!("{error:#}"),
    }
}

fn status(error: &anyhow::Error) -> u8 {
    match error.downcast_ref::<LabError>() {
        Some(error) if !error.is_user_error() => OURS,
        _ => USERS,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
}

fn apologise(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(|l| format!(" ({}:{})", l.file(), l.line())).unwrap_or_default();
    output::say(&format!("error: this is a mistake of ours, not yours: {}{place}", text(panic.payload())));
    output::say(
        "Please report it with this message, the command, the recipe and `infimum --version`. What the record holds is intact.",
    );
    if std::env::var_os("RUST_BACKTRACE").is_some_and(|v| v != "0") {
        output::say(&std::backtrace::Backtrace::force_capture().to_string());
    }
}

fn text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic without a message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_the_lab_is_the_users_and_a_panic_is_ours() {
        let missing = LabError::Override { given: "x".into() };
        assert_eq!(status(&missing.into()), USERS);
        assert_eq!(status(&anyhow::anyhow!("no such recipe")), USERS);
        let nan = LabError::NotFinite { step: 1, what: "loss", value: f64::NAN, rate: 1.0 };
        assert_eq!(status(&nan.into()), OURS);
        assert!(is_broken_pipe(&io::Error::from(io::ErrorKind::BrokenPipe).into()));
    }

    #[test]
    fn a_panic_ends_with_our_status() {
        let code = guarded(|| panic!("on purpose, for the test"));
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::from(OURS)));
    }
}
