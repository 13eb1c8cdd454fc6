//! Threads, behind a safe interface. They decide speed, never bits: what a slot becomes depends on the slot alone.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle, Thread};

/// How often a waiting thread looks before it sleeps: some 20 microseconds, longer than the gap between two jobs of a
/// step and far shorter than what a neighbour on the machine would notice.
const LOOKS: u32 = 2000;

/// Some threads, of which the caller is one, that share work on slots.
#[derive(Debug)]
pub struct Team {
    shared: Arc<Shared>,
    helpers: Vec<JoinHandle<()>>,
}

/// A job as helpers see it: called with the helper's number, it claims slots until none is left.
type Job<'a> = dyn Fn(usize) + Sync + 'a;

/// What the threads of a team share.
#[derive(Debug)]
struct Shared {
    gate: Gate,
    /// The reference to the job, while the gate is open or helpers are inside. It lies on the stack of `each`.
    job: AtomicPtr<&'static Job<'static>>,
    /// The first panic of a helper.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    /// The thread that waits for the helpers to leave.
    leader: Mutex<Option<Thread>>,
}

/// Who may be inside a job. One number: the count of jobs so far, whether the job is open, and how many helpers are
/// inside. A helper enters at most once per job, and only while it is open; so the leader, which closes it when all
/// slots are claimed, waits only for helpers that do work, never for one that has not woken up yet.
#[derive(Debug, Default)]
struct Gate(AtomicU64);

const OPEN: u64 = 1 << 16;
const INSIDE: u64 = OPEN - 1;
const JOB: u64 = OPEN << 1;
/// A gate of this value means the end of the team.
const END: u64 = u64::MAX;

impl Gate {
    /// Opens the next job.
    fn open(&self) {
        // The gate is closed and empty, so the number counts jobs only, and nobody but the leader changes it.
        let jobs = self.0.load(Ordering::Relaxed) + JOB;
        self.0.store(jobs | OPEN, Ordering::SeqCst);
    }

    /// Lets nobody in any more.
    fn close(&self) {
        self.0.fetch_and(!OPEN, Ordering::SeqCst);
    }

    /// Whether a helper is inside.
    fn is_occupied(&self) -> bool {
        self.0.load(Ordering::Acquire) & INSIDE != 0
    }

    /// Enters if the job is open; whatever the job was, its number is the result.
    fn enter(&self) -> (bool, u64) {
        let enter = |gate: u64| (gate != END && gate & OPEN != 0).then(|| gate + 1);
        match self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, enter) {
            Ok(gate) => (true, gate / JOB),
            Err(gate) => (false, gate / JOB),
        }
    }

    /// Leaves; whether nobody is inside any more.
    fn leave(&self) -> bool {
        self.0.fetch_sub(1, Ordering::AcqRel) & INSIDE == 1
    }

    fn job(&self) -> u64 {
        self.0.load(Ordering::Acquire) / JOB
    }
}

impl Team {
    /// A team of `threads` threads, the caller's among them.
    ///
    /// # Panics
    /// If `threads` is 0 or more than 1000, or the system refuses a thread.
    pub fn new(threads: usize) -> Team {
        assert!((1..=1000).contains(&threads), "a team has 1 to 1000 threads, not {threads}");
        let shared = Arc::new(Shared {
            gate: Gate::default(),
            job: AtomicPtr::new(std::ptr::null_mut()),
            panic: Mutex::new(None),
            leader: Mutex::new(None),
        });
        let start = |number| {
            let shared = Arc::clone(&shared);
            let helper = thread::Builder::new().name(format!("infimum-{number}"));
            helper.spawn(move || shared.help(number)).expect("the system gives a thread")
        };
        let helpers = (1..threads).map(start).collect();
        Team { shared, helpers }
    }

    /// How many threads there are, the caller's among them.
    pub fn threads(&self) -> usize {
        self.helpers.len() + 1
    }

    /// Calls `f(k, &mut slots[k], scratch)` once for every slot, each thread with a scratch of its own. Threads claim
    /// slots in order; which thread gets which differs from call to call.
    ///
    /// # Panics
    /// If `scratch` has fewer elements than there are threads. A panic of `f` is passed on when all threads have
    /// stopped; some slots may not have been visited then.
    pub fn each<S: Send, W: Send>(
        &mut self,
        slots: &mut [S],
        scratch: &mut [W],
        f: impl Fn(usize, &mut S, &mut W) + Sync,
    ) {
        let threads = self.threads();
        assert!(scratch.len() >= threads, "{} scratches for {threads} threads", scratch.len());
        let (slots, scratch) = (Elements::new(slots), Elements::new(scratch));
        let next = AtomicUsize::new(0);
        let claim = |thread: usize| {
            // SAFETY: `scratch` has an element for every thread, and a thread is inside a job once at a time.
            let scratch = unsafe { scratch.element(thread) };
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= slots.length {
                    break;
                }
                // SAFETY: the counter gives every index once.
                f(index, unsafe { slots.element(index) }, scratch);
            }
        };
        if threads == 1 { claim(0) } else { self.run(&claim) }
    }

    /// Runs a job on all threads that come in time, and returns when none of them is inside.
    fn run(&mut self, job: &Job<'_>) {
        // SAFETY: only the lifetime changes. Helpers use the reference while they are inside the gate, and `finish`,
        // which nothing skips, returns when it is closed and empty; so no use outlives `job`.
        let mut job: &'static Job<'static> = unsafe { std::mem::transmute::<&Job<'_>, &'static Job<'static>>(job) };
        *self.shared.leader.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current());
        self.shared.job.store(&raw mut job, Ordering::Release);
        self.shared.gate.open();
        self.helpers.iter().for_each(|helper| helper.thread().unpark());
        let own = catch_unwind(AssertUnwindSafe(|| job(0)));
        self.finish();
        let mut panic = self.shared.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Err(own) = own {
            keep_first(&mut panic, own);
        }
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }

    /// Closes the job and waits until no helper is inside.
    fn finish(&self) {
        let gate = &self.shared.gate;
        gate.close();
        wait_until(|| !gate.is_occupied());
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.shared.gate.0.store(END, Ordering::SeqCst);
        for helper in self.helpers.drain(..) {
            helper.thread().unpark();
            // A helper catches the panics of jobs and has none of its own.
            let _ = helper.join();
        }
    }
}

impl Shared {
    /// The life of a helper.
    fn help(&self, number: usize) {
        let mut seen = 0;
        loop {
            wait_until(|| self.gate.job() != seen);
            let (entered, job) = self.gate.enter();
            seen = job;
            if entered {
                self.work(number);
            } else if self.gate.0.load(Ordering::Acquire) == END {
                return;
            }
        }
    }

    /// Does a helper's part of the job that it has entered, and leaves.
    fn work(&self, number: usize) {
        // SAFETY: this helper is inside, so the leader waits in `Team::run` with the reference and the job alive;
        // they were written before the gate was opened.
        let job: &Job<'_> = unsafe { *self.job.load(Ordering::Acquire) };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| job(number))) {
            keep_first(&mut self.panic.lock().unwrap_or_else(PoisonError::into_inner), panic);
        }
        if self.gate.leave()
            && let Some(leader) = &*self.leader.lock().unwrap_or_else(PoisonError::into_inner)
        {
            leader.unpark();
        }
    }
}

/// Keeps `panic` if it is the first. A later one is forgotten rather than dropped: dropping it runs code of the job, which
/// may panic again, and then a helper would never leave, or the leader pass on the wrong panic.
fn keep_first(first: &mut Option<Box<dyn Any + Send>>, panic: Box<dyn Any + Send>) {
    match first {
        None => *first = Some(panic),
        Some(_) => std::mem::forget(panic),
    }
}

/// Looks for a while, then sleeps between looks. Whoever makes the condition true unparks the thread afterwards, so the
/// last look before a sleep cannot miss it: a token that came before the sleep ends it at once.
fn wait_until(ready: impl Fn() -> bool) {
    for _ in 0..LOOKS {
        if ready() {
            return;
        }
        std::hint::spin_loop();
    }
    while !ready() {
        thread::park();
    }
}

/// A slice whose elements go to different threads.
struct Elements<T> {
    start: *mut T,
    length: usize,
}

impl<T> Elements<T> {
    fn new(slice: &mut [T]) -> Elements<T> {
        Elements { start: slice.as_mut_ptr(), length: slice.len() }
    }

    /// # Safety
    /// The slice is still borrowed, the index inside, and no other reference to the element in use.
    #[allow(clippy::mut_from_ref)] // That is what it is for.
    unsafe fn element(&self, index: usize) -> &mut T {
        debug_assert!(index < self.length);
        // SAFETY: the caller's promise.
        unsafe { &mut *self.start.add(index) }
    }
}

// SAFETY: sharing it lets other threads have `&mut T`, one thread each, which is sending a `T`.
unsafe impl<T: Send> Sync for Elements<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    const THREADS: [usize; 4] = [1, 2, 3, 8];

    /// Many jobs in a row, with fewer, as many and more slots than threads.
    #[test]
    fn every_slot_is_visited_once_whatever_the_number_of_threads() {
        for threads in THREADS {
            let mut team = Team::new(threads);
            assert_eq!(team.threads(), threads);
            for count in (0..20).chain([100, 0, 1]).cycle().take(2000) {
                let (mut slots, mut visits) = (vec![0usize; count], vec![0usize; threads]);
                team.each(&mut slots, &mut visits, |index, slot, visits| {
                    *slot += index + 1;
                    *visits += 1;
                });
                assert!(slots.iter().enumerate().all(|(index, &slot)| slot == index + 1), "{threads} threads");
                assert_eq!(visits.iter().sum::<usize>(), count);
            }
        }
    }

    #[test]
    fn bits_do_not_depend_on_threads() {
        let run = |threads: usize| {
            let mut slots = vec![0.0f32; 37];
            Team::new(threads).each(&mut slots, &mut vec![0.0f32; threads], |index, slot, scratch| {
                *scratch = (0..index).fold(0.1, |x, k| x * 1.1 + k as f32);
                *slot = *scratch;
            });
            slots.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
        };
        let expected = run(1);
        THREADS.iter().for_each(|&threads| assert_eq!(run(threads), expected));
    }

    #[test]
    fn jobs_after_a_pause_wake_sleeping_helpers() {
        let mut team = Team::new(3);
        for _ in 0..20 {
            thread::sleep(std::time::Duration::from_millis(2));
            let mut slots = [0; 8];
            team.each(&mut slots, &mut [(); 3], |index, slot, ()| {
                thread::sleep(std::time::Duration::from_micros(200));
                *slot = index;
            });
            assert_eq!(slots, [0, 1, 2, 3, 4, 5, 6, 7]);
        }
    }

    /// Each thread waits for all others: passes only if every one of them has work at the same time.
    #[test]
    fn all_threads_take_part() {
        for threads in THREADS {
            let barrier = std::sync::Barrier::new(threads);
            let (mut slots, mut scratch) = (vec![(); threads], vec![(); threads]);
            Team::new(threads).each(&mut slots, &mut scratch, |_, (), ()| {
                barrier.wait();
            });
        }
    }

    #[test]
    fn a_panic_passes_on_and_the_team_works_again() {
        for threads in THREADS {
            let mut team = Team::new(threads);
            for bad in 0..10 {
                let mut slots = [0; 10];
                let job = AssertUnwindSafe(|| {
                    team.each(&mut slots, &mut vec![(); threads], |index, slot, ()| {
                        assert!(index != bad, "slot {index} is bad");
                        *slot = 1;
                    });
                });
                let panic = catch_unwind(job).expect_err("one slot panics");
                let text = panic.downcast_ref::<String>().expect("the panic of the slot");
                assert_eq!(text, &format!("slot {bad} is bad"));
                let mut slots = [0; 10];
                team.each(&mut slots, &mut vec![(); threads], |_, slot, ()| *slot = 1);
                assert_eq!(slots, [1; 10]);
            }
        }
    }

    /// What a thread panics with, and panics again when it is dropped.
    struct Barbed;

    impl Drop for Barbed {
        fn drop(&mut self) {
            panic!("the payload of a panic was dropped");
        }
    }

    /// All threads panic at once, so that all payloads but one are left over.
    #[test]
    fn payloads_that_panic_when_dropped_neither_abort_nor_block() {
        for threads in THREADS {
            let mut team = Team::new(threads);
            for _ in 0..10 {
                let barrier = std::sync::Barrier::new(threads);
                let job = AssertUnwindSafe(|| {
                    team.each(&mut vec![(); threads], &mut vec![(); threads], |_, (), ()| {
                        barrier.wait();
                        resume_unwind(Box::new(Barbed));
                    });
                });
                let panic = catch_unwind(job).expect_err("every slot panics");
                assert!(panic.is::<Barbed>(), "a payload of the job");
                std::mem::forget(panic);
                let mut slots = [0; 10];
                team.each(&mut slots, &mut vec![(); threads], |_, slot, ()| *slot = 1);
                assert_eq!(slots, [1; 10]);
            }
        }
    }

    #[test]
    #[should_panic(expected = "1 scratches for 2 threads")]
    fn every_thread_needs_a_scratch() {
        Team::new(2).each(&mut [0], &mut [0], |_, _, _| {});
    }
}
