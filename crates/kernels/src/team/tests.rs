#![cfg(not(loom))]

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
