//! What threads share and wait with: the standard library's, or loom's, which tries every order in which they may act.

#[cfg(all(test, loom))]
pub(super) use loom::{
    hint::spin_loop,
    sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle, Thread},
};
#[cfg(not(all(test, loom)))]
pub(super) use std::{
    hint::spin_loop,
    sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle, Thread},
};

/// How often a waiting thread looks before it sleeps: some 20 microseconds, longer than the gap between two jobs of a
/// step and far shorter than what a neighbour on the machine would notice. Under loom a look is a choice to be tried.
pub(super) const LOOKS: u32 = if cfg!(all(test, loom)) { 1 } else { 2000 };

/// Waits for the end of a thread. Under loom nobody does: there `unpark` wakes a thread that joins, which is then taken aback, and
/// a model ends when all its threads have ended anyway.
pub(super) fn join(handle: JoinHandle<()>) {
    if cfg!(not(all(test, loom))) {
        // A helper catches the panics of jobs and has none of its own.
        let _ = handle.join();
    }
}
