//! Times of repeated work.

use std::time::Instant;

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch {
    /// Seconds in all, warming up left out.
    pub(crate) seconds: f64,
    /// Times to take even if that takes longer.
    pub(crate) at_least: usize,
    /// Times to take at most.
    pub(crate) at_most: usize,
}

/// Seconds of one repetition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Times {
    pub(crate) median: f64,
    pub(crate) least: f64,
}

impl Default for Stopwatch {
    fn default() -> Stopwatch {
        Stopwatch { seconds: 1.0, at_least: 5, at_most: 100_000 }
    }
}

impl Stopwatch {
    /// Does `work` once or more unmeasured, so that memory and helpers are warm, then measures it again and again.
    pub(crate) fn times(self, mut work: impl FnMut()) -> Times {
        let mut once = || {
            let begun = Instant::now();
            work();
            begun.elapsed().as_secs_f64()
        };
        let first = once();
        // What is short is warmed up for longer.
        let more = (0.05 * self.seconds / first).clamp(0.0, 100.0) as usize;
        (0..more).for_each(|_| _ = once());
        let (mut times, mut total) = (Vec::new(), 0.0);
        while times.len() < self.at_least || (total < self.seconds && times.len() < self.at_most) {
            let seconds = once();
            total += seconds;
            times.push(seconds);
        }
        Times::of(times)
    }
}

impl Times {
    fn of(mut seconds: Vec<f64>) -> Times {
        seconds.sort_by(f64::total_cmp);
        Times { median: seconds[seconds.len() / 2], least: seconds[0] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_stands_in_the_middle_whatever_the_order() {
        assert_eq!(Times::of(vec![5.0, 1.0, 9.0]), Times { median: 5.0, least: 1.0 });
        assert_eq!(Times::of(vec![2.0]), Times { median: 2.0, least: 2.0 });
    }

    #[test]
    fn as_many_times_are_taken_as_asked_for_even_without_time() {
        for (at_least, at_most, seconds, calls) in [(5, 9, 0.0, 1 + 5), (1, 4, 1e9, 1 + 100 + 4)] {
            let mut called = 0;
            Stopwatch { seconds, at_least, at_most }.times(|| called += 1);
            assert_eq!(called, calls, "one to warm up, and a hundred more where there is time for them");
        }
    }
}
