//! Every order in which the threads of a team may act, as far as memory orders allow it, tried by loom. A cell that two threads
//! touch without an order between them fails, and so does a thread that sleeps for ever.
//!
//! Run: `RUSTFLAGS="--cfg loom" cargo test --release -p infimum-kernels --lib interleavings`

#![cfg(loom)]

use loom::cell::UnsafeCell;

use super::*;

/// Orders are tried with at most so many switches away from a thread that could go on; without a limit they would take hours.
const SWITCHES: usize = 3;

fn every_order(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(SWITCHES);
    builder.check(model);
}

/// Jobs in a row on `threads` threads. Each reads what the leader wrote before it, writes its slot, and the leader writes and
/// reads again as soon as `each` returns, so a helper that is still inside, or has not seen the new job, shows.
fn jobs(threads: usize, slots: usize, jobs: u32) {
    every_order(move || {
        let mut team = Team::new(threads);
        let input = Tracked(UnsafeCell::new(0));
        let mut output: Vec<Tracked> = (0..slots).map(|_| Tracked(UnsafeCell::new(0))).collect();
        for job in 1..=jobs {
            input.set(10 * job);
            team.each(&mut output, &mut vec![(); threads], |index, slot, ()| slot.set(input.get() + index as u32));
            for (index, slot) in output.iter().enumerate() {
                assert_eq!(slot.get(), 10 * job + index as u32);
            }
        }
    });
}

/// A number whose every access loom watches.
struct Tracked(UnsafeCell<u32>);

// SAFETY: loom fails the test at any two accesses that are not ordered, one of which writes.
unsafe impl Sync for Tracked {}

impl Tracked {
    fn get(&self) -> u32 {
        // SAFETY: loom has found no access at the same time.
        self.0.with(|value| unsafe { *value })
    }

    fn set(&self, to: u32) {
        // SAFETY: as above.
        self.0.with_mut(|value| unsafe { *value = to });
    }
}

#[test]
fn two_threads_share_a_job() {
    jobs(2, 2, 1);
}

#[test]
fn a_helper_that_comes_late_takes_part_in_a_later_job() {
    jobs(2, 2, 2);
}

#[test]
fn three_threads_share_a_job() {
    jobs(3, 2, 1);
}

#[test]
fn a_team_without_a_job_ends() {
    every_order(|| drop(Team::new(3)));
}
