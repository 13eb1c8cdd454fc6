//! Going once more through all sequences that were trained on: what counting them would have taught, and whether any of
//! them is a test sequence.

use std::collections::HashSet;

use infimum_worlds::counting::Counting;
use infimum_worlds::{Example, Purpose, follow};

use crate::data::{self, Address, Schedule};
use crate::experiment::Origin;
use crate::{Experiment, Mean};

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
const PORTION: u64 = 4096;

/// Goes again through everything that the first `steps` steps of `experiment` saw. `watch` is told every few thousand
/// sequences how many are done, of how many; when it answers `false`, that is the end, and there is no result.
pub fn retrace(experiment: &Experiment, steps: u64, watch: &mut dyn FnMut(u64, u64) -> bool) -> Option<Retraced> {
    let mut counting = experiment.world().counting();
    let mut count = |example: &Example| counting.iter_mut().for_each(|c| c.count(example));
    let (origin, cut) = (experiment.origin(), experiment.world().cut());
    let shared_sequences = match (origin, cut) {
        (Origin::Counts(stream, _), Some(cut)) => {
            let covered = vec![steps > 0; stream.tokens().len()];
            stream.each_target_once(cut, &covered, &mut count);
            None
        }
        (Origin::Windows(stream), Some(cut)) => {
            let (seed, mut covered) = (experiment.plan().training().seed, vec![false; stream.tokens().len()]);
            let shared = shared(experiment, steps, watch, &mut |address, _| {
                covered[stream.place(seed, address)][1..].fill(true);
            })?;
            stream.each_target_once(cut, &covered, &mut count);
            Some(shared)
        }
        _ => Some(shared(experiment, steps, watch, &mut |_, example| count(example))?),
    };
    let counting_excess = counting.as_ref().and_then(|c| excess(experiment, c));
    Some(Retraced { counting, counting_excess, shared_sequences })
}

/// Draws again every sequence that was trained on, hands it to `each`, and tells how many test sequences are among them.
fn shared(
    experiment: &Experiment,
    steps: u64,
    watch: &mut dyn FnMut(u64, u64) -> bool,
    each: &mut dyn FnMut(Address, &Example),
) -> Option<usize> {
    let mut example = Example::default();
    let mut key_at = |purpose, address, each: &mut dyn FnMut(Address, &Example)| {
        experiment.draw(purpose, address, &mut example);
        each(address, &example);
        key(&example)
    };
    let tests = data::set(0..experiment.plan().evaluation().test_sequences);
    let tests: Vec<_> = tests.into_iter().map(|address| key_at(Purpose::Test, address, &mut |_, _| {})).collect();
    let unseen: HashSet<[u8; 16]> = tests.iter().copied().collect();
    let mut seen = HashSet::new();
    let schedule = Schedule::new(experiment);
    let of = schedule.count(steps);
    for (done, address) in (0..of).zip(schedule.seen(steps)) {
        if done % PORTION == 0 && !watch(done, of) {
            return None;
        }
        let key = key_at(Purpose::Train, address, each);
        seen.extend(Some(key).filter(|key| unseen.contains(key)));
    }
    Some(tests.iter().filter(|key| seen.contains(*key)).count())
}

/// Tells sequences apart: 128 bits of a hash of tokens and targets, so that two different ones are never the same.
fn key(example: &Example) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    let mut add = |ids: &[u16]| {
        hasher.update(&ids.iter().flat_map(|id| id.to_le_bytes()).collect::<Vec<u8>>());
    };
    add(&example.tokens);
    example.targets.iter().for_each(|targets| add(targets));
    hasher.finalize().as_bytes()[..16].try_into().expect("a hash has 32 bytes")
}

fn excess(experiment: &Experiment, counting: &Counting) -> Option<Mean> {
    let truth = experiment.world().truth()?;
    let (mut truth, mut counted) = (truth.begin(), counting.begin());
    let mut law = vec![0.0; experiment.world().shape().heads[0].alphabet];
    let mut example = Example::default();
    let tests = experiment.plan().evaluation().test_sequences;
    let mut totals = Vec::with_capacity(tests);
    for address in data::set(0..tests) {
        experiment.draw(Purpose::Test, address, &mut example);
        let (mut weight, mut total) = (0.0, 0.0);
        for (belief, sign) in [(&mut truth, -1.0), (&mut counted, 1.0)] {
            follow(&mut **belief, &example, 0, &mut law, &mut |position, law, target| {
                let w = f64::from(example.weights[0][position]);
                weight += w / 2.0;
                total -= sign * w * libm::log(law[usize::from(target)]);
            });
        }
        totals.push((weight, total));
    }
    Mean::of(totals.into_iter())
}
