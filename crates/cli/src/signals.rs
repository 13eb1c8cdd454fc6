//! Signals: the first Ctrl-C or request to terminate asks a run to stop after its step, the second ends the process at once;
//! a write beyond the file-size limit is an error like any other.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Keeps the process alive at a write beyond the file-size limit, so that the write fails and its message appears.
pub(crate) fn prepare() -> io::Result<()> {
    #[cfg(unix)]
    flag::register(signal_hook::consts::SIGXFSZ, Arc::default())?;
    Ok(())
}

/// Whether the user asked to stop, and by which signal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop {
    asked: Arc<AtomicBool>,
    signal: Arc<AtomicUsize>,
}

impl Stop {
    /// Listens from now on.
    pub(crate) fn listen() -> io::Result<Stop> {
        let stop = Stop::default();
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first signal finds the flag unset and sets it, and the next one shuts down.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&stop.asked))?;
            flag::register_usize(signal, Arc::clone(&stop.signal), signal as usize)?;
            flag::register(signal, Arc::clone(&stop.asked))?;
        }
        Ok(stop)
    }

    /// Becomes true when the user asks.
    pub(crate) fn asked(&self) -> &AtomicBool {
        &self.asked
    }

    /// The exit status that shells give to the signal: 130 for Ctrl-C, 143 for a request to terminate.
    pub(crate) fn status(&self) -> u8 {
        128 + self.signal.load(Ordering::Relaxed) as u8
    }
}
