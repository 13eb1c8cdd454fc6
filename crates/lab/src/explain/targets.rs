//! Targets that were shifted: the network is better than the truth at another target than the plan's, and worse at that one.

use std::sync::Mutex;

use infimum_worlds::{Example, Purpose, follow};

use super::{Cause, Found, Needs, Patient};
use crate::data;
use crate::evaluation::Evaluator;
use crate::predictor::{Predictor, Said, Sequences, softmax};
use crate::{Experiment, LabError};

pub(super) const SHIFTED: Cause = Cause {
    name: "targets_shifted",
    about: "whether the network predicts another target than it should",
    needs: Needs::Weights,
    find,
};

/// Offsets of targets that are tried: the token itself is -1.
const OFFSETS: [i64; 5] = [-2, -1, 0, 1, 2];
const RIGHT: usize = 2;
const SEQUENCES: usize = 256;
/// Of the way to the floor: the network is so much worse than the truth at its targets, and at others so much better than the truth, and
/// than itself at its own.
const APART: f64 = 0.05;

/// Nats of the targets at each offset, and the weight of positions.
#[derive(Clone, Copy, Default)]
struct Sums {
    network: [f64; OFFSETS.len()],
    truth: [f64; OFFSETS.len()],
    positions: f64,
}

fn find(patient: &mut Patient<'_>) -> Result<Option<Found>, LabError> {
    if patient.experiment.world().truth().is_none() {
        return Ok(None);
    }
    let (sums, apart) = (sums(patient), APART * patient.way());
    let mean = |sum: f64| sum / sums.positions;
    let better = |at: usize| mean(sums.truth[at] - sums.network[at]);
    let best = (0..OFFSETS.len()).min_by(|a, b| sums.network[*a].total_cmp(&sums.network[*b]));
    let best = best.expect("offsets are tried");
    let is_nearer = mean(sums.network[RIGHT] - sums.network[best]) > apart;
    let is_shifted = sums.positions > 0.0 && is_nearer && better(best) > apart && -better(RIGHT) > apart;
    if !is_shifted {
        return Ok(None);
    }
    let offset = OFFSETS[best];
    let places = ["no place", "one place", "two places"][offset.unsigned_abs() as usize];
    let side = if offset < 0 { "before" } else { "after" };
    Ok(Some(Found {
        evidence: format!(
            "on sequences of the plan's world the network has {:.4} nats at its targets and {:.4} at those {places} {side} them, where the truth has {:.4} and {:.4}",
            mean(sums.network[RIGHT]),
            mean(sums.network[best]),
            mean(sums.truth[RIGHT]),
            mean(sums.truth[best])
        ),
        change: "look at how the training sequences were made: the target of position t is what position t is to be followed by; with \
                 data.folder, write the folder anew with infimum data export"
            .into(),
    }))
}

/// Of the first head, over the positions at which the targets of all offsets are scored and the law is known.
fn sums(patient: &mut Patient<'_>) -> Sums {
    let experiment = patient.experiment;
    let addresses = data::set(0..experiment.plan().evaluation().sequences.min(SEQUENCES));
    let found: Vec<Mutex<Sums>> = addresses.iter().map(|_| Mutex::default()).collect();
    let hear = |sequence: usize, example: &Example, said: Said<'_>| {
        *found[sequence].lock().expect("nothing panics") = of_sequence(experiment, example, said);
    };
    let mut evaluator = Evaluator::new(experiment, patient.machine);
    evaluator.at(&patient.point).predict(patient.machine, Sequences::Drawn(Purpose::Validation, &addresses), &hear);
    let mut all = Sums::default();
    for sums in found {
        let sums = sums.into_inner().expect("nothing panics");
        all.positions += sums.positions;
        all.network.iter_mut().zip(sums.network).for_each(|(all, sum)| *all += sum);
        all.truth.iter_mut().zip(sums.truth).for_each(|(all, sum)| *all += sum);
    }
    all
}

fn of_sequence(experiment: &Experiment, example: &Example, said: Said<'_>) -> Sums {
    let (shape, head) = (experiment.world().shape(), experiment.outputs()[0].head);
    let (first, alphabet) = (shape.scored.start, shape.heads[head].alphabet);
    let of_head = said.others.iter().find(|said| said.head == head).map(|said| said.logits);
    let logits = if head == 0 { said.logits } else { of_head.expect("the model has the head") };
    let target = |position: usize, offset: i64| {
        let at = position.checked_add_signed(offset as isize)?;
        let is_scored = shape.scored.contains(&at) && example.weights[head][at] > 0.0;
        is_scored.then(|| usize::from(example.targets[head][at]))
    };
    let (mut law, mut own, mut sums) = (vec![0.0; alphabet], vec![0.0; alphabet], Sums::default());
    let truth = experiment.world().truth().expect("it was asked for");
    follow(&mut *truth.begin(), example, head, &mut law, &mut |position, law, _| {
        let targets = OFFSETS.map(|offset| target(position, offset));
        let Some(targets) = targets.into_iter().collect::<Option<Vec<usize>>>() else { return };
        softmax(&logits[(position - first) * alphabet..][..alphabet], &mut own);
        for (at, target) in targets.into_iter().enumerate() {
            sums.network[at] += nats(own[target]);
            sums.truth[at] += nats(law[target]);
        }
        sums.positions += 1.0;
    });
    sums
}

/// What is impossible under a law counts as nearly so.
fn nats(p: f64) -> f64 {
    const LEAST: f64 = 1e-4;
    -libm::log(p.max(LEAST))
}
