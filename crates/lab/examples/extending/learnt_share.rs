//! A metric: how much of what can be learnt has been learnt.

use infimum_lab::metrics::{Metric, Scored};
use infimum_lab::{Figure, alarm};

/// 0 for the uniform predictor, 1 for the truth.
pub(crate) struct LearntShare;

impl Metric for LearntShare {
    fn name(&self) -> &'static str {
        "learnt_share"
    }

    fn unit(&self) -> &'static str {
        "share of learnable nats"
    }

    fn formula(&self) -> &'static str {
        "1 - excess_loss / (nats of the uniform predictor - floor); interval: that of excess_loss; optimum 1, baseline 0"
    }

    fn figure(&self, scored: Scored<'_>) -> Option<Figure> {
        let excess = alarm::excess(scored.scores)?;
        let truth = scored.experiment.world().truth()?;
        let uniform = truth.baselines(0).into_iter().find(|baseline| baseline.name == "uniform")?;
        let learnable = uniform.nats.value()? - scored.experiment.floor()?;
        let share = |excess: f64| 1.0 - excess / learnable;
        Some(Figure {
            name: self.name().into(),
            value: share(excess.value),
            unit: self.unit().into(),
            optimum: Some(1.0),
            baseline: Some(0.0),
            low: Some(share(excess.value + excess.half_width())),
            high: Some(share(excess.value - excess.half_width())),
        })
    }
}
