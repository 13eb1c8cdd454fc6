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

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(course: Course, warmup: u64, steps: u64) -> Vec<f64> {
        let schedule = Schedule { course, rate: 1.0, last_rate: 0.2, warmup, steps };
        (0..steps).map(|s| (schedule.rate(s) * 1e12).round() / 1e12).collect()
    }

    #[test]
    fn warm_up_is_a_line_and_the_course_ends_at_the_last_rate() {
        assert_eq!(rates(Course::Constant, 3, 6), [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]);
        assert_eq!(rates(Course::Linear, 1, 6), [0.5, 1.0, 0.8, 0.6, 0.4, 0.2]);
        assert_eq!(rates(Course::Cosine, 0, 3), [1.0, 0.6, 0.2]);
        assert_eq!(rates(Course::Cosine, 0, 1), [1.0]);
    }

    #[test]
    fn the_rate_stays_at_the_last_one_when_steps_go_on() {
        let schedule = Schedule { course: Course::Cosine, rate: 1.0, last_rate: 0.2, warmup: 2, steps: 10 };
        assert!(schedule.rate(9) == 0.2 && schedule.rate(1000) == 0.2);
    }
}
