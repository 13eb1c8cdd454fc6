//! Threads, behind a safe interface. They decide speed, never bits: what a slot becomes depends on the slot alone.

mod primitives;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use primitives::{Arc, AtomicPtr, AtomicU64, AtomicUsize, JoinHandle, LOOKS, Mutex, Thread, join, spin_loop, thread};

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
            join(helper);
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
        spin_loop();
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
mod interleavings;
#[cfg(test)]
mod tests;
