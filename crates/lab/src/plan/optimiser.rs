//! Keys of an optimiser are set with that optimiser, and those that it does not look at are left alone.

use super::{TrainingPlan, require};
use crate::LabError;
use crate::recipe::{Course, Grokfast, Lbfgs, Optimiser, Sgd, Source, Training};

/// The keys of each optimiser.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Keys {
    pub(super) sgd: Option<Sgd>,
    pub(super) grokfast: Option<Grokfast>,
    pub(super) lbfgs: Option<Lbfgs>,
}

/// The keys of the chosen optimiser with every value; those of the others are refused.
pub(super) fn keys(training: &Training) -> Result<Keys, LabError> {
    let chosen = training.optimiser;
    for (optimiser, set) in [
        (Optimiser::Sgd, training.sgd.is_some()),
        (Optimiser::Grokfast, training.grokfast.is_some()),
        (Optimiser::Lbfgs, training.lbfgs.is_some()),
    ] {
        let (key, name) = (format!("training.{}", optimiser.name()), optimiser.name());
        require(!set || optimiser == chosen, &key, "set", format!("left out, or training.optimiser = \"{name}\""))?;
    }
    let of = |optimiser| chosen == optimiser;
    Ok(Keys {
        sgd: of(Optimiser::Sgd).then(|| training.sgd.unwrap_or_default()),
        grokfast: of(Optimiser::Grokfast).then(|| training.grokfast.unwrap_or_default()),
        lbfgs: of(Optimiser::Lbfgs).then(|| training.lbfgs.unwrap_or_default()),
    })
}

/// Checks what the optimiser makes of the other keys.
pub(super) fn check(t: &TrainingPlan, source: Source, sequences: Option<u64>) -> Result<(), LabError> {
    let name = t.optimiser.name();
    if let Some(sgd) = t.sgd {
        let allowed = "false with training.sgd.momentum = 0".to_string();
        require(!sgd.nesterov || sgd.momentum > 0.0, "training.sgd.nesterov", sgd.nesterov, allowed)?;
    }
    let default = Training::default();
    let left = |key: &str, value: f64, default: f64| {
        let allowed = format!("left at {default} with training.optimiser = \"{name}\", which has no such means");
        require(value == default, &format!("training.{key}"), value, allowed)
    };
    if matches!(t.optimiser, Optimiser::Sgd | Optimiser::Lbfgs) {
        left("beta1", t.beta1, default.beta1)?;
        left("beta2", t.beta2, default.beta2)?;
        left("epsilon", t.epsilon, default.epsilon)?;
    }
    if t.optimiser != Optimiser::Lbfgs {
        return Ok(());
    }
    let whole = source == Source::Counts || sequences == Some(t.sequences_per_step() as u64);
    let allowed = "a fixed set that every step sees whole with training.optimiser = \"lbfgs\": data.source = \"fixed\" and data.sequences = \
                   training.batch times training.accumulation, or data.source = \"counts\"";
    require(whole, "data.sequences", sequences.map_or("not set".into(), |n| n.to_string()), allowed.into())?;
    let why = |limit: &str| {
        format!("{limit} with training.optimiser = \"lbfgs\", whose line search looks at the loss itself")
    };
    require(t.decay == 0.0, "training.decay", t.decay, why("0"))?;
    require(t.clip == 0.0, "training.clip", t.clip, why("0"))?;
    require(t.warmup == 0, "training.warmup", t.warmup, why("0"))?;
    let course = format!("{:?}", t.schedule).to_lowercase();
    require(t.schedule == Course::Constant, "training.schedule", course, why("\"constant\""))
}
