use crate::Figure;
use crate::metrics::{Metric, Scored, uniform_nats};

/// The counting estimator on the very sequences the model was trained on: what there was to learn from them.
pub(super) struct CountingExcess;

impl Metric for CountingExcess {
    fn name(&self) -> &'static str {
        "counting_excess"
    }

    fn unit(&self) -> &'static str {
        "nats"
    }

    fn formula(&self) -> &'static str {
        "excess_loss of an estimator that counted which state followed which context in the training sequences, each once, \
         p = (count + 1/2) / (total + states / 2); same test sequences, interval, optimum and baseline as excess_loss"
    }

    fn figure(&self, scored: Scored<'_>) -> Option<Figure> {
        let excess = scored.retraced?.counting_excess?;
        let baseline =
            uniform_nats(scored.experiment).zip(scored.experiment.floor_of(0)).map(|(nats, floor)| nats - floor);
        Some(Figure { optimum: Some(0.0), baseline, ..Figure::of_mean(self, excess) })
    }
}
