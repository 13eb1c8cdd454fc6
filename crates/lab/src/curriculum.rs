//! Which world a training sequence is of: curriculum first, then the stages of training.

use std::sync::Arc;

use infimum_worlds::World;

use crate::LabError;
use crate::plan::{RunStage, StagePlan};

/// The worlds of a run's stages.
#[derive(Clone, Default)]
pub(crate) struct Curriculum {
    stages: Arc<[Stage]>,
}

struct Stage {
    until: u64,
    fade: bool,
    /// `None` for the one that is tested.
    world: Option<Box<dyn World>>,
}

impl Curriculum {
    /// Draws the worlds of a curriculum's stages, and of the stages of training that end after it.
    pub(crate) fn new(curriculum: &[StagePlan], stages: &[RunStage]) -> Result<Curriculum, LabError> {
        let of_curriculum = |stage: &StagePlan| {
            let until = stage.until.unwrap_or(u64::MAX);
            Ok(Stage { until, fade: stage.fade, world: Some(stage.world.build()?) })
        };
        let of_run = |stage: &RunStage| {
            let world = stage.world.as_ref().map(|world| world.build()).transpose()?;
            Ok(Stage { until: stage.ends(), fade: false, world })
        };
        let over = curriculum.last().map_or(0, |last| last.until.unwrap_or(u64::MAX));
        let after = stages.iter().filter(|stage| stage.ends() > over).map(of_run);
        let stages = curriculum.iter().map(of_curriculum).chain(after);
        Ok(Curriculum { stages: stages.collect::<Result<_, LabError>>()? })
    }

    /// The world of sequence `index` of the `of` sequences of a step; `None` where it is the one that is tested.
    ///
    /// Where a stage fades, the first sequences of a step are those of what follows, as many as its share says: which is which
    /// depends on the step alone.
    pub(crate) fn world(&self, step: u64, index: u64, of: u64) -> Option<&dyn World> {
        let place = self.stages.iter().position(|stage| step < stage.until)?;
        let stage = &self.stages[place];
        let begins = place.checked_sub(1).map_or(0, |before| self.stages[before].until);
        let share = (step - begins) as f64 / (stage.until - begins) as f64;
        let is_next = stage.fade && (index as f64 + 0.5) < share * of as f64;
        self.stages.get(place + usize::from(is_next))?.world.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use infimum_worlds::modular::Settings;

    use super::*;

    /// Stages of sums modulo 2, 3, …, each until the step and fading as it says.
    fn curriculum(stages: &[(Option<u64>, bool)]) -> Curriculum {
        let stage = |(number, &(until, fade)): (usize, &(Option<u64>, bool))| {
            let world = infimum_worlds::Settings::Modular(Settings::new(number as i64 + 2, 1.0));
            StagePlan { until, fade, world }
        };
        Curriculum::new(&stages.iter().enumerate().map(stage).collect::<Vec<_>>(), &[]).unwrap()
    }

    /// The modulus of each of the `of` sequences of a step; 0 for the world that is tested.
    fn moduli(curriculum: &Curriculum, step: u64, of: u64) -> Vec<usize> {
        let modulus = |index| curriculum.world(step, index, of).map_or(0, |world| world.shape().alphabet - 1);
        (0..of).map(modulus).collect()
    }

    #[test]
    fn every_step_is_of_its_stage() {
        let two = curriculum(&[(Some(10), false), (Some(12), false)]);
        for (step, modulus) in [(0, 2), (9, 2), (10, 3), (11, 3), (12, 0), (1_000_000, 0)] {
            assert_eq!(moduli(&two, step, 3), vec![modulus; 3], "step {step}");
        }
        let to_the_end = curriculum(&[(Some(10), false), (None, false)]);
        assert_eq!(moduli(&to_the_end, u64::MAX - 1, 2), [3, 3]);
        assert_eq!(moduli(&curriculum(&[]), 0, 2), [0, 0]);
    }

    #[test]
    fn a_stage_that_fades_gives_way_evenly() {
        let fading = curriculum(&[(Some(100), false), (Some(200), true), (Some(300), false)]);
        for (step, of_next) in [(100, 0), (110, 1), (150, 5), (199, 10)] {
            let found = moduli(&fading, step, 10);
            assert_eq!(found, [vec![4; of_next], vec![3; 10 - of_next]].concat(), "step {step}");
        }
        assert_eq!(moduli(&fading, 99, 4), [2; 4]);
        assert_eq!(moduli(&fading, 200, 4), [4; 4]);
        let last = curriculum(&[(Some(4), true)]);
        assert_eq!(moduli(&last, 2, 4), [0, 0, 2, 2], "it fades into the world that is tested");
    }
}
