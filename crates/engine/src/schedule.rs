//! Learning-rate schedules.

use std::f64::consts::PI;

/// The course of the learning rate after warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// The rate stays.
    Constant,
    /// A straight line from the rate to the last rate.
    Linear,
    /// Half a cosine from the rate to the last rate.
    Cosine,
}

/// A learning-rate schedule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// The course after warm-up.
    pub course: Course,
    /// The rate at the end of warm-up.
    pub rate: f64,
    /// The rate of the last step (linear, cosine).
    pub last_rate: f64,
    /// Steps of warm-up.
    pub warmup: u64,
    /// Steps in all.
    pub steps: u64,
}

impl Schedule {
    /// The rate of `step`, counted from 0.
    ///
    /// In warm-up `rate (step + 1) / (warmup + 1)`; afterwards along the course, which reaches `last_rate` at step `steps - 1`.
    pub fn rate(&self, step: u64) -> f64 {
        if step < self.warmup {
            return self.rate * (step + 1) as f64 / (self.warmup + 1) as f64;
        }
        let length = (self.steps.saturating_sub(1)).saturating_sub(self.warmup).max(1) as f64;
        let done = ((step - self.warmup) as f64 / length).min(1.0);
        let share = match self.course {
            Course::Constant => return self.rate,
            Course::Linear => 1.0 - done,
            Course::Cosine => 0.5 * (1.0 + libm::cos(PI * done)),
        };
        self.last_rate + share * (self.rate - self.last_rate)
    }
}
