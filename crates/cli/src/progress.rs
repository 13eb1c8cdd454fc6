//! What a user sees while waiting: one live line on a terminal, plain lines otherwise. Always on the standard error.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::{number, output};

/// Off a terminal, lines that nobody asked for are at least this far apart.
const BETWEEN_LINES: Duration = Duration::from_secs(5);
/// Off a terminal, nothing is said of work that takes less.
const PATIENCE: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(100);
/// On a terminal, the live line changes no more often; a training step may be a thousand times as short.
const BETWEEN_LOOKS: Duration = Duration::from_millis(40);

/// Work in progress. The live line is gone when this is dropped.
pub(crate) struct Progress {
    bar: ProgressBar,
    live: bool,
    next_line: Instant,
    next_look: Instant,
}

impl Progress {
    /// Work of `total` parts.
    pub(crate) fn new(total: u64) -> Progress {
        let bar = ProgressBar::new(total);
        bar.set_style(ProgressStyle::with_template("{wide_msg}").expect("the template is valid"));
        Progress::of(bar)
    }

    /// Work whose end nobody can tell: a turning wheel beside `what`, on a terminal only.
    pub(crate) fn unknown(what: &str) -> Progress {
        let bar = ProgressBar::new_spinner();
        bar.set_style(ProgressStyle::with_template("{spinner} {wide_msg}").expect("the template is valid"));
        bar.set_message(what.to_string());
        bar.enable_steady_tick(TICK);
        Progress::of(bar)
    }

    fn of(bar: ProgressBar) -> Progress {
        let now = Instant::now();
        Progress { bar, live: stderr().is_terminal(), next_line: now + PATIENCE, next_look: now }
    }

    /// `done` parts are done; `text` says so in as many columns as it is given. Off a terminal it becomes a line if the last one
    /// is long ago.
    pub(crate) fn at(&mut self, done: u64, text: impl FnOnce(usize) -> String) {
        let now = Instant::now();
        if self.live && now >= self.next_look {
            self.next_look = now + BETWEEN_LOOKS;
            self.bar.set_message(text(self.width()));
            self.bar.set_position(done);
        } else if !self.live && now >= self.next_line {
            self.line(&text(self.width()));
        }
    }

    /// Columns that a text may have to be seen whole.
    fn width(&self) -> usize {
        if !self.live {
            return usize::MAX;
        }
        usize::from(console::Term::stderr().size().1)
    }

    /// Off a terminal, a line at a moment that deserves one of its own unless the last one is very recent.
    pub(crate) fn milestone(&mut self, text: &str) {
        if !self.live && self.next_line <= Instant::now() + BETWEEN_LINES - PATIENCE {
            self.line(text);
        }
    }

    /// A line that stays.
    pub(crate) fn line(&mut self, text: &str) {
        self.next_line = Instant::now() + BETWEEN_LINES;
        if self.live { self.bar.suspend(|| output::say(text)) } else { output::say(text) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Runs work whose end nobody can tell.
pub(crate) fn waiting<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let _progress = Progress::unknown(what);
    work()
}

/// Runs work of `total` parts, called `parts`; it is given what to call with the number of parts done.
pub(crate) fn counting<T>(what: &str, parts: &str, total: u64, work: impl FnOnce(&mut dyn FnMut(usize)) -> T) -> T {
    let mut progress = Progress::new(total);
    work(&mut |done| {
        let text = |_| format!("{what}: {} of {} {parts}", number::count(done as u64), number::count(total));
        progress.at(done as u64, text);
    })
}
