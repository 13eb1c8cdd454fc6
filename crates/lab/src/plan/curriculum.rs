//! The stages of a run: which world each step trains on.

use infimum_worlds::{Settings, World};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::require;
use crate::recipe::check::check_world;
use crate::recipe::{Source, Stage};
use crate::{LabError, Recipe, memory};

/// [`Stage`] with every value resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StagePlan {
    /// Steps done when it ends; `None` for a stage that ends with the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// Whether sequences are those of what follows it, in a share that grows evenly from 0 to 1.
    pub fade: bool,
    /// The world.
    pub world: Settings,
}

const KEY: &str = "training.curriculum";

/// The stages of a recipe, each with the whole of its world.
pub(super) fn stages(recipe: &Recipe) -> Result<Vec<StagePlan>, LabError> {
    let (stages, source) = (&recipe.training.curriculum, recipe.data.source);
    let fresh = "left out with another data.source than \"fresh\", since a stage draws its sequences anew";
    require(stages.is_empty() || source == Source::Fresh, KEY, count(stages.len()), fresh.into())?;
    stages.iter().map(|stage| resolved(stage, &recipe.world)).collect()
}

fn count(stages: usize) -> String {
    format!("{stages} {}", if stages == 1 { "stage" } else { "stages" })
}

fn resolved(stage: &Stage, world: &Settings) -> Result<StagePlan, LabError> {
    let world = changed(world, &stage.world, &format!("{KEY}.world"))?;
    Ok(StagePlan { until: stage.until, fade: stage.fade, world })
}

/// `world` with the keys of `over`, which messages call `key`.
pub(super) fn changed(world: &Settings, over: &Table, key: &str) -> Result<Settings, LabError> {
    let kind = over.get("kind").map_or(world.kind().to_string(), Value::to_string);
    let same = [world.kind().to_string(), format!("{:?}", world.kind())].contains(&kind);
    require(same, &format!("{key}.kind"), kind, format!("left out, or that of [world], {:?}", world.kind()))?;
    let mut table = Table::try_from(world).expect("settings are plain TOML");
    overlay(&mut table, over);
    check_world(&table, key)
}

/// Puts the values of `over` into `under`, tables key by key.
fn overlay(under: &mut Table, over: &Table) {
    for (key, value) in over {
        match (under.get_mut(key), value) {
            (Some(Value::Table(under)), Value::Table(over)) => overlay(under, over),
            _ => _ = under.insert(key.clone(), value.clone()),
        }
    }
}

/// Checks that stages follow each other, and that all worlds have sequences of one shape and hold the same ones out.
pub(super) fn check(stages: &[StagePlan], test: &dyn World) -> Result<(), LabError> {
    let mut begins = 0;
    for (number, stage) in stages.iter().enumerate() {
        let last = number + 1 == stages.len();
        let value = stage.until.map_or("not set".into(), |until| until.to_string());
        let allowed = format!(
            "set, and more than {begins}, where the stage begins; only the last stage may leave it out, \
                               and only if it does not fade"
        );
        let follows = stage.until.map_or(last && !stage.fade, |until| until > begins);
        require(follows, &format!("{KEY}.until"), value, allowed)?;
        begins = stage.until.unwrap_or(u64::MAX);
        memory::require_law(&stage.world)?;
        check_beside(KEY, number, &*stage.world.build()?, test)?;
    }
    Ok(())
}

/// Checks that the world of the stage of this number, counted from 0, can stand in for `[world]`.
pub(super) fn check_beside(list: &str, number: usize, stage: &dyn World, test: &dyn World) -> Result<(), LabError> {
    let (key, value) = (format!("{list}.world"), format!("that of stage {}", number + 1));
    let (shape, wanted) = (stage.shape(), test.shape());
    let allowed = format!(
        "a world whose sequences have the shape of [world]'s: {} positions, {} tokens, scored from {} on; these have {}, {}, {}",
        wanted.positions, wanted.alphabet, wanted.scored.start, shape.positions, shape.alphabet, shape.scored.start
    );
    require(shape == wanted, &key, &value, allowed)?;
    let allowed = "a world that holds out the sequences that [world] does; leave out what decides which these are";
    require(stage.hold_out() == test.hold_out(), &key, &value, allowed.into())?;
    let strings = |world: &dyn World| world.strings().map(|strings| strings.held_out()).unwrap_or_default();
    let allowed = "a world that holds out the strings that [world] does, written in the same tokens; leave out held_out and alphabet";
    require(strings(stage) == strings(test), &key, &value, allowed.into())
}
