//! Going once more through all sequences that were trained on: what counting them would have taught, and whether any of
//! them is a test sequence. All threads share it; who sees what changes no figure, since counts are added and sets united.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use infimum_worlds::counting::Counting;
use infimum_worlds::{Example, Purpose, follow};

use crate::data::{self, Address, Schedule};
use crate::experiment::Origin;
use crate::sieve::Sieve;
use crate::{Experiment, Machine, Mean};

/// What the training sequences say about a score.
#[derive(Clone, Debug)]
pub struct Retraced {
    /// What counted them, where counting fits the world.
    pub counting: Option<Counting>,
    /// The excess of the counting estimator over the truth on the test sequences, where counting fits the world.
    pub counting_excess: Option<Mean>,
    /// Test sequences that were also trained on; `None` where training saw counts and no sequences.
    pub shared_sequences: Option<usize>,
}

/// Sequences between two calls of a watch.
const PORTION: usize = 4096;
/// Sequences that a thread claims at once.
const CLAIM: usize = 256;

/// Tells sequences apart: 128 bits of a hash of tokens and targets, so that two different ones are never the same.
type Key = [u8; 16];

/// Goes again through everything that the first `steps` steps of `experiment` saw. `watch` is told every few thousand
/// sequences how many are done, of how many; when it answers `false`, that is the end, and there is no result.
pub fn retrace(
    experiment: &Experiment,
    steps: u64,
    machine: &mut Machine,
    watch: &mut dyn FnMut(u64, u64) -> bool,
) -> Option<Retraced> {
    let (threads, counting) = (machine.threads(), || experiment.world().counting());
    let (counting, shared_sequences) = match (experiment.origin(), experiment.world().cut()) {
        (Origin::Counts(stream, _), Some(cut)) => {
            let (covered, mut counting) = (vec![steps > 0; stream.tokens().len()], counting());
            stream.each_target_once(cut, &covered, &mut |example| count(&mut counting, example));
            (counting, None)
        }
        (Origin::Windows(stream), Some(cut)) => {
            let (seed, mut counting) = (experiment.plan().training().seed, counting());
            let begun: Vec<AtomicBool> = stream.tokens().iter().map(|_| AtomicBool::new(false)).collect();
            let look = |(): &mut (), address, _: &Example| {
                begun[stream.place(seed, address).start].store(true, Ordering::Relaxed);
            };
            let shared = shared(experiment, steps, machine, &mut vec![(); threads], &look, watch)?;
            let covered = stream.covered(begun.into_iter().map(AtomicBool::into_inner));
            stream.each_target_once(cut, &covered, &mut |example| count(&mut counting, example));
            (counting, Some(shared))
        }
        // No sequence that a world draws for training is one that it holds out.
        _ if experiment.world().hold_out().is_some() && experiment.world().counting().is_none() => (None, Some(0)),
        _ => {
            let mut counted: Vec<Option<Counting>> = (0..threads).map(|_| counting()).collect();
            let look = |counting: &mut Option<Counting>, _, example: &Example| count(counting, example);
            let shared = shared(experiment, steps, machine, &mut counted, &look, watch)?;
            (counted.into_iter().flatten().reduce(together), Some(shared))
        }
    };
    let counting_excess = counting.as_ref().and_then(|c| excess(experiment, c, machine));
    Some(Retraced { counting, counting_excess, shared_sequences })
}

fn count(counting: &mut Option<Counting>, example: &Example) {
    counting.iter_mut().for_each(|c| c.count(example));
}

fn together(mut all: Counting, some: Counting) -> Counting {
    all.add_all(&some);
    all
}

/// What a thread has beside its notes.
#[derive(Default)]
struct Desk {
    example: Example,
    /// Keys of those that it met again.
    seen: HashSet<Key>,
}

/// How many of these sequences are among all that the first `steps` steps of `experiment` saw, and how many different ones those steps
/// saw; `None` where training saw counts and no sequences.
pub(crate) fn trained_on(
    experiment: &Experiment,
    steps: u64,
    machine: &mut Machine,
    sought: &[Example],
) -> Option<(usize, u64)> {
    if matches!(experiment.origin(), Origin::Counts(..)) {
        return None;
    }
    let sought = Sought::of(sought.iter().map(mark).collect());
    let mut notes = vec![(); machine.threads()];
    let found = among(experiment, steps, machine, &sought, &mut notes, &|(), _, _| (), &mut |_, _| true)?;
    Some((found, Schedule::new(experiment).count(steps)))
}

/// Draws again every sequence that was trained on, hands it to `look` with the notes of the thread that drew it, and tells
/// how many test sequences are among them.
fn shared<N: Send>(
    experiment: &Experiment,
    steps: u64,
    machine: &mut Machine,
    notes: &mut [N],
    look: &(impl Fn(&mut N, Address, &Example) + Sync),
    watch: &mut dyn FnMut(u64, u64) -> bool,
) -> Option<usize> {
    let tests = Sought::tests(experiment, machine);
    among(experiment, steps, machine, &tests, notes, look, watch)
}

/// As [`shared`], of other sequences than those of the test.
fn among<N: Send>(
    experiment: &Experiment,
    steps: u64,
    machine: &mut Machine,
    sought: &Sought,
    notes: &mut [N],
    look: &(impl Fn(&mut N, Address, &Example) + Sync),
    watch: &mut dyn FnMut(u64, u64) -> bool,
) -> Option<usize> {
    let mut desks: Vec<(&mut N, Desk)> = notes.iter_mut().map(|notes| (notes, Desk::default())).collect();
    let schedule = Schedule::new(experiment);
    let (mut done, of, mut addresses) = (0, schedule.count(steps), schedule.seen(steps));
    loop {
        let portion: Vec<Address> = addresses.by_ref().take(PORTION).collect();
        if portion.is_empty() {
            break;
        }
        if !watch(done, of) {
            return None;
        }
        let mut claims: Vec<&[Address]> = portion.chunks(CLAIM).collect();
        machine.team.each(&mut claims, &mut desks, |_, addresses, (notes, desk)| {
            for &address in *addresses {
                experiment.draw(Purpose::Train, address, &mut desk.example);
                look(notes, address, &desk.example);
                desk.seen.extend(sought.key_of(&desk.example));
            }
        });
        done += portion.len() as u64;
    }
    let seen: HashSet<Key> = desks.into_iter().flat_map(|(_, desk)| desk.seen).collect();
    Some(sought.keys.iter().filter(|key| seen.contains(*key)).count())
}

/// Sequences that are to be met again.
struct Sought {
    /// Of each of them.
    keys: Vec<Key>,
    set: HashSet<Key>,
    /// Lets all of them pass, and few others.
    sieve: Sieve,
}

impl Sought {
    /// The test sequences.
    fn tests(experiment: &Experiment, machine: &mut Machine) -> Sought {
        let mut found = vec![(Key::default(), 0); experiment.plan().evaluation().test_sequences];
        let mut claims: Vec<_> = found.chunks_mut(CLAIM).collect();
        let mut desks: Vec<Example> = vec![Example::default(); machine.threads()];
        machine.team.each(&mut claims, &mut desks, |claim, found, example| {
            let numbers = claim * CLAIM..claim * CLAIM + found.len();
            for (address, found) in data::set(numbers).into_iter().zip(found.iter_mut()) {
                experiment.draw(Purpose::Test, address, example);
                *found = mark(example);
            }
        });
        Sought::of(found)
    }

    fn of(marked: Vec<(Key, u64)>) -> Sought {
        let (keys, marks): (Vec<Key>, Vec<u64>) = marked.into_iter().unzip();
        Sought { set: keys.iter().copied().collect(), keys, sieve: Sieve::of(&marks) }
    }

    /// The key of a sequence that is one of them.
    fn key_of(&self, example: &Example) -> Option<Key> {
        let passes = self.sieve.passes(Sieve::mark(&example.tokens));
        passes.then(|| key(example)).filter(|key| self.set.contains(key))
    }
}

fn mark(example: &Example) -> (Key, u64) {
    (key(example), Sieve::mark(&example.tokens))
}

fn key(example: &Example) -> Key {
    let mut hasher = blake3::Hasher::new();
    let mut add = |ids: &[u16]| {
        hasher.update(&ids.iter().flat_map(|id| id.to_le_bytes()).collect::<Vec<u8>>());
    };
    add(&example.tokens);
    example.targets.iter().for_each(|targets| add(targets));
    hasher.finalize().as_bytes()[..16].try_into().expect("a hash has 32 bytes")
}

fn excess(experiment: &Experiment, counting: &Counting, machine: &mut Machine) -> Option<Mean> {
    let truth = experiment.world().truth()?;
    let mut totals = vec![(0.0, 0.0); experiment.plan().evaluation().test_sequences];
    let mut claims: Vec<_> = totals.chunks_mut(CLAIM).collect();
    let mut desks: Vec<(Example, Vec<f64>)> = (0..machine.threads()).map(|_| Default::default()).collect();
    machine.team.each(&mut claims, &mut desks, |claim, totals, (example, law)| {
        law.resize(experiment.world().shape().heads[0].alphabet, 0.0);
        let mut beliefs = [(truth.begin(), -1.0), (counting.begin(), 1.0)];
        let numbers = claim * CLAIM..claim * CLAIM + totals.len();
        for (address, (weight, total)) in data::set(numbers).into_iter().zip(totals.iter_mut()) {
            experiment.draw(Purpose::Test, address, example);
            for (belief, sign) in &mut beliefs {
                follow(&mut **belief, example, 0, law, &mut |position, law, target| {
                    let w = f64::from(example.weights[0][position]);
                    *weight += w / 2.0;
                    *total -= *sign * w * libm::log(law[usize::from(target)]);
                });
            }
        }
    });
    Mean::of(totals.into_iter())
}
