//! A loss that rests on a rung of the ladder of simple predictors.

use super::{Cause, Found, Needs, Patient};
use crate::LabError;
use crate::floors::{about, simple_predictors};
use crate::recipe::Model;

pub(super) const STUCK: Cause = Cause {
    name: "stuck_at_rung",
    about: "whether the loss rests on that of a simple predictor",
    needs: Needs::End,
    find,
};

/// The loss is at a rung if it is so near, as a share of the way; and rests if the last third of validations moved by less.
const NEAR: f64 = 0.03;
/// Nor may it be further from it than this share of what the next better predictor is away.
const NEARER: f64 = 0.25;
/// Predictors that are nearer to each other, as a share of the way, are as good as one.
const ALIKE: f64 = 1e-3;

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
    let nearest = rungs(patient).into_iter().min_by(|a, b| a.away.total_cmp(&b.away));
    let Some(rung) = nearest else { return Ok(None) };
    let found = found(patient, &rung);
    // What falls again as soon as the rate is high again ended early.
    Ok((!patient.further()?.falls).then_some(found))
}

/// The rungs that a loss is near.
fn rungs(patient: &Patient<'_>) -> Vec<Rung> {
    let (world, way) = (patient.experiment.world(), patient.way());
    let mut rungs = vec![];
    for (output, loss) in patient.experiment.outputs().iter().zip(&patient.of_heads) {
        let floor = patient.experiment.floor_of(output.head).unwrap_or(0.0);
        let ladder = simple_predictors(world, output.head);
        let all: Vec<f64> = ladder.iter().filter_map(|simple| simple.nats.value()).collect();
        for simple in ladder.iter().filter(|simple| says_something(simple.name, patient.experiment.plan().model())) {
            let Some(nats) = simple.nats.value().filter(|nats| nats - floor > NEAR * way) else { continue };
            let better = all.iter().copied().filter(|other| nats - other > ALIKE * way).fold(floor, f64::max);
            let (away, head) = ((loss - nats).abs(), output.name);
            if away <= (NEAR * way).min(NEARER * (nats - better)) {
                rungs.push(Rung { head, name: simple.name, nats, loss: *loss, away });
            }
        }
    }
    rungs
}

/// Whether it is a fault to be no better than the predictor of that name. A text has no floor, and what counting several of its tokens comes
/// to is no bound that a model should pass; what counting the last one comes to is the bound of a model that sees no more.
fn says_something(name: &str, model: &Model) -> bool {
    match name.strip_prefix("kneser-ney-") {
        None | Some("1") => true,
        order => order == Some("2") && sees_last_token_alone(model),
    }
}

fn sees_last_token_alone(model: &Model) -> bool {
    !model.attention || model.layers == 0
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
        _ if sees_last_token_alone(model) => {
            "let the model see more than the last token: model.attention = true, and model.layers at least 1"
        }
        "uniform" => "nothing is learnt at all: look at training.rate, training.clip and model.start_deviation",
        "unigram" | "by-position" | "kneser-ney-1" => {
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
