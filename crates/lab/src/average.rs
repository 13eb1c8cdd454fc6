//! The average of a run's points, beside the optimiser that makes them.
//!
//! What a checkpoint has under the model's names is the average, so that whoever reads it has the weights that were validated; the
//! point that training goes on from stands with the optimiser's arrays.

use infimum_engine::Weighing;

use crate::recipe::Average;

/// The point of the last step, among the arrays of a state.
const TRAINED: &str = "average.trained";
/// What is missing to the average.
const REST: &str = "average.rest";

/// Arrays as long as the point that an average adds to what is held: itself and its rest. A state has the point twice and the rest.
pub(crate) const ARRAYS: usize = 2;

/// The average of the points of some steps.
pub(crate) struct Averaged {
    /// Steps before the first that counts, and from one that counts to the next.
    when: (u64, u64),
    average: infimum_engine::Average,
}

/// Arrays by name.
type Arrays = Vec<(String, Vec<f32>)>;

impl Averaged {
    pub(crate) fn new(plan: &Average, parameters: usize) -> Averaged {
        let weighing = match plan {
            Average::Ema(ema) => Weighing::Exponential { kept: ema.decay },
            Average::Swa(_) => Weighing::Alike,
        };
        Averaged { when: plan.when(), average: infimum_engine::Average::new(weighing, parameters) }
    }

    /// Points that count after so many steps.
    fn count(&self, step: u64) -> u64 {
        let (from, every) = self.when;
        step.saturating_sub(from) / every
    }

    /// Looks at the point after `step` steps.
    pub(crate) fn look(&mut self, step: u64, point: &[f32]) {
        if self.count(step) > self.count(step - 1) {
            self.average.add(point);
        }
    }

    /// The average; `None` before the first point that counts.
    pub(crate) fn point(&self) -> Option<&[f32]> {
        self.average.mean()
    }

    /// Puts what is needed to go on, besides the average itself, to the arrays of a state.
    pub(crate) fn save(&self, trained: &[f32], arrays: &mut Arrays) {
        arrays.push((REST.into(), self.average.rest().to_vec()));
        arrays.push((TRAINED.into(), trained.to_vec()));
    }

    /// Goes on from a state after `step` steps whose weights are `point`; gives the point that training goes on from.
    pub(crate) fn restore(&mut self, step: u64, point: Vec<f32>, arrays: &mut Arrays) -> Vec<f32> {
        let [rest, trained] = take(arrays).expect("a state that fits its plan has them");
        let count = self.count(step);
        self.average.restore(point, rest, count);
        trained
    }
}

/// Takes the arrays of an average out of those of a state: the rest, and the point that training goes on from.
fn take(arrays: &mut Arrays) -> Option<[Vec<f32>; 2]> {
    let mut named = |wanted: &str| {
        let at = arrays.iter().position(|(name, _)| name == wanted)?;
        Some(arrays.remove(at).1)
    };
    Some([named(REST)?, named(TRAINED)?])
}

/// The names of the arrays that are the optimiser's, where those of an average are there, too.
pub(crate) fn without<'a>(names: &[&'a str]) -> Option<Vec<&'a str>> {
    let is_ours = |name: &&str| [REST, TRAINED].contains(name);
    let others = names.iter().copied().filter(|name| !is_ours(name)).collect();
    (names.iter().filter(|name| is_ours(name)).count() == 2).then_some(others)
}
