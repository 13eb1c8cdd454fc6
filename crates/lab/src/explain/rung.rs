//! A loss that rests on a rung of the ladder of simple predictors.

use super::{Cause, Found, Patient};
use crate::LabError;
use crate::floors::{about, simple_predictors};

pub(super) const STUCK: Cause =
    Cause { name: "stuck_at_rung", about: "whether the loss rests on that of a simple predictor", find };

/// The loss is at a rung if it is so near, as a share of the way; and rests if the last third of validations moved by less.
const NEAR: f64 = 0.03;

/// A rung near a head's loss.
struct Rung {
    head: &'static str,
    name: &'static str,
    nats: f64,
    loss: f64,
    away: f64,
}

fn find(patient: &mut Patient<'_>) -> Result<Option<Found>, LabError> {
    if !rests(patient) {
        return Ok(None);
    }
    let world = patient.experiment.world();
    let mut rungs = vec![];
    for (output, loss) in patient.experiment.outputs().iter().zip(&patient.of_heads) {
        let floor = patient.experiment.floor_of(output.head).unwrap_or(0.0);
        for simple in simple_predictors(world, output.head) {
            let Some(nats) = simple.nats.value().filter(|nats| nats - floor > NEAR * patient.way()) else { continue };
            let (away, head) = ((loss - nats).abs() / patient.way(), output.name);
            rungs.push(Rung { head, name: simple.name, nats, loss: *loss, away });
        }
    }
    let nearest = rungs.into_iter().filter(|rung| rung.away <= NEAR).min_by(|a, b| a.away.total_cmp(&b.away));
    Ok(nearest.map(|rung| found(patient, &rung)))
}

/// Whether the last third of the validations moved by next to nothing.
fn rests(patient: &Patient<'_>) -> bool {
    let validations = patient.validations();
    let last = &validations[validations.len() - validations.len() / 3..];
    let ends = last
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (_, nats)| (low.min(*nats), high.max(*nats)));
    last.len() > 1 && ends.1 - ends.0 <= NEAR * patient.way()
}

fn found(patient: &Patient<'_>, rung: &Rung) -> Found {
    let model = patient.experiment.plan().model();
    let change = match rung.name {
        _ if !model.attention || model.layers == 0 => {
            "let the model see more than the last token: model.attention = true, and model.layers at least 1"
        }
        "uniform" => "nothing is learned at all: look at training.rate, training.clip and model.start_deviation",
        "unigram" | "by-position" => {
            "what was read is not used: look at model.positions, model.layers and training.rate"
        }
        _ => {
            "more of what was read has to be used: more model.layers, model.heads or training.steps, or a curriculum of shorter sequences"
        }
    };
    Found {
        evidence: format!(
            "the loss of head {} rests at {:.4} nats, next to the {:.4} of the predictor {} ({})",
            rung.head,
            rung.loss,
            rung.nats,
            rung.name,
            about(rung.name)
        ),
        change: change.into(),
    }
}
