//! A pull of the parameters towards weights: what steps lower is `L + c/2 |w - w*|^2`, whose gradient is that of `L` and `c (w - w*)`.

use std::path::Path;

use infimum_engine::Gradient;

use crate::{Experiment, LabError, PullPlan, read_weights};

/// A pull whose weights have been read.
pub(crate) struct Pull {
    plan: PullPlan,
    /// `w*`, a number for each parameter.
    to: Vec<f32>,
}

impl Pull {
    /// That of the plan, if it has one.
    ///
    /// # Errors
    /// Weights that cannot be read, or are not those that the plan was made with.
    pub(crate) fn of(experiment: &Experiment) -> Result<Option<Pull>, LabError> {
        let plan = experiment.plan();
        let Some(pull) = &plan.training().pull else { return Ok(None) };
        let (path, layout) = (Path::new(&pull.path), experiment.layout());
        let to = read_weights(path, plan.model(), &layout)?;
        layout.require_hash(&to, &pull.weights_hash, path, "training.pull")?;
        Ok(Some(Pull { plan: pull.clone(), to }))
    }

    /// Adds the penalty and its gradient at `point`, once `step` steps are done, to a sum over sequences that is divided by `of` for the
    /// mean.
    pub(crate) fn add(&self, step: u64, point: &[f32], sum: &mut Gradient<f32>, of: f64) {
        let strength = of * self.plan.strength(step);
        sum.loss += 0.5 * strength * self.squared_distance(point);
        for ((gradient, w), to) in sum.gradient.iter_mut().zip(point).zip(&self.to) {
            *gradient += (strength * (f64::from(*w) - f64::from(*to))) as f32;
        }
    }

    /// How far a point is from the weights, Euclidean.
    pub(crate) fn distance(&self, point: &[f32]) -> f64 {
        libm::sqrt(self.squared_distance(point))
    }

    fn squared_distance(&self, point: &[f32]) -> f64 {
        let square = |(w, to): (&f32, &f32)| (f64::from(*w) - f64::from(*to)) * (f64::from(*w) - f64::from(*to));
        point.iter().zip(&self.to).map(square).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMETERS: usize = 24;

    fn pull(coefficient: f64, until: Option<u64>) -> Pull {
        let plan = PullPlan { path: String::new(), weights_hash: String::new(), coefficient, until };
        // Whole 1024ths, so that f32 has them and their differences.
        Pull { plan, to: (0..PARAMETERS).map(|k| (k * 619 % 2048) as f32 / 1024.0 - 1.0).collect() }
    }

    fn point() -> Vec<f32> {
        (0..PARAMETERS).map(|k| (k * 1021 % 2048) as f32 / 1024.0 - 1.0).collect()
    }

    /// Penalty and gradient at a point, without any loss.
    fn penalty(pull: &Pull, step: u64, point: &[f32], of: f64) -> (f64, Vec<f32>) {
        let mut sum = Gradient { loss: 0.0, weight: 0.0, of_losses: vec![], gradient: vec![0.0; PARAMETERS] };
        pull.add(step, point, &mut sum, of);
        (sum.loss / of, sum.gradient.iter().map(|g| (f64::from(*g) / of) as f32).collect())
    }

    /// The greatest relative difference between a gradient and central differences of the penalty, which are exact: it is quadratic.
    fn difference(pull: &Pull, step: u64, of: f64, gradient: &[f32]) -> f64 {
        let h = 1.0 / 64.0;
        let moved = |k: usize, by: f32| {
            let mut point = point();
            point[k] += by;
            penalty(pull, step, &point, of).0
        };
        let slope = |k: usize| (moved(k, h) - moved(k, -h)) / f64::from(2.0 * h);
        let of_one = |(k, g): (usize, &f32)| (f64::from(*g) - slope(k)).abs() / slope(k).abs().max(1e-3);
        gradient.iter().enumerate().map(of_one).fold(0.0, f64::max)
    }

    #[test]
    fn the_gradient_of_a_pull_is_that_of_its_penalty_and_a_wrong_one_is_noticed() {
        for (coefficient, until, step, of) in
            [(1.0, None, 7, 1.0), (0.03, None, 0, 1216.0), (250.0, Some(40), 10, 64.0), (0.5, Some(3), 2, 7.0)]
        {
            let pull = pull(coefficient, until);
            let (_, mut gradient) = penalty(&pull, step, &point(), of);
            assert!(difference(&pull, step, of, &gradient) < 1e-6);
            gradient[5] *= 1.0001;
            assert!(difference(&pull, step, of, &gradient) > 5e-5, "a gradient wrong by 1 part in 10,000");
        }
    }

    #[test]
    fn a_pull_falls_evenly_to_nothing() {
        let pull = pull(2.0, Some(4));
        assert_eq!([0, 1, 3, 4, 9].map(|step| pull.plan.strength(step)), [2.0, 1.5, 0.5, 0.0, 0.0]);
        assert_eq!(penalty(&pull, 4, &point(), 3.0), (0.0, vec![0.0; PARAMETERS]));
        let to = pull.to.clone();
        assert_eq!((pull.distance(&to), penalty(&pull, 0, &to, 3.0).0), (0.0, 0.0));
    }
}
