//! What replays a plan's program: it decides bits, follows from the model alone, and stands in the plan by its name.

use infimum_engine::Executor;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

use crate::recipe::Model;

/// From this width on most of a step is matrix products, which the wide layout does nearer to the processor's peak.
pub(crate) const WIDE: usize = 32;

/// The executor of a model.
pub(crate) fn of(model: &Model) -> Executor {
    if model.width < WIDE { Executor::Lanes } else { Executor::Wide }
}

pub(crate) fn serialize<S: Serializer>(executor: &Executor, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(executor.name())
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Executor, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}
