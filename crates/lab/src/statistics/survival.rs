//! How long runs take to reach something that some never reach: the curve of Kaplan and Meier (1958).

use serde::Serialize;

use super::proportion::wilson;

/// Of one run: the step at which it got there, or at which it ended without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The step.
    pub step: u64,
    /// Whether it got there.
    pub reached: bool,
}

/// The share of runs that has got there by a step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CurvePoint {
    /// The step.
    pub step: u64,
    /// Runs that had not got there before it, and had not ended.
    pub at_risk: usize,
    /// How many of these got there at this step.
    pub reached: usize,
    /// The share that has got there by then.
    pub share: f64,
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// How long runs take.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TimeToSuccess {
    /// Steps after which half of the runs has got there; `None` if fewer ever do.
    pub median: Option<u64>,
    /// Lower end of its 95 % interval: the first step of the curve at which the interval of the share holds a half; 0 where already the
    /// start does. `None` where no step does.
    pub low: Option<u64>,
    /// Upper end: the first step at which the interval lies at a half or above; `None` where it never does.
    pub high: Option<u64>,
    /// The curve, a point for each step at which a run got there.
    pub curve: Vec<CurvePoint>,
}

impl TimeToSuccess {
    /// Of runs with these endings. A run that ends without at a step counts as still under way at that step.
    ///
    /// Intervals are Rothman's (1978): Wilson's, for as many trials as a rate of this variance (Greenwood 1926) has. Where no run ends
    /// before the last step at which one gets there, that is the number of runs, and the last interval is that of their rate.
    pub fn of(endings: &[Ending]) -> TimeToSuccess {
        let mut steps: Vec<u64> = endings.iter().filter(|ending| ending.reached).map(|ending| ending.step).collect();
        steps.sort_unstable();
        steps.dedup();
        let (mut left, mut greenwood, mut trials) = (1.0, 0.0, endings.len() as f64);
        let mut curve = Vec::new();
        for step in steps {
            let at_risk = endings.iter().filter(|ending| ending.step >= step).count();
            let reached = endings.iter().filter(|ending| ending.reached && ending.step == step).count();
            let (n, d) = (at_risk as f64, reached as f64);
            left *= (n - d) / n;
            if at_risk > reached {
                greenwood += d / (n * (n - d));
                // share (1 - share) / variance, where the variance is left^2 times Greenwood's sum.
                trials = (1.0 - left) / (left * greenwood);
            }
            let share = 1.0 - left;
            let (low, high) = wilson(share, trials).expect("a run got there");
            curve.push(CurvePoint { step, at_risk, reached, share, low, high });
        }
        let first =
            |holds: &dyn Fn(&CurvePoint) -> bool| curve.iter().find(|point| holds(point)).map(|point| point.step);
        let start = wilson(0.0, endings.len() as f64).filter(|(_, high)| *high >= 0.5).map(|_| 0);
        TimeToSuccess {
            median: first(&|point| point.share >= 0.5 - ROUNDING),
            low: start.or(first(&|point| point.high >= 0.5)),
            high: first(&|point| point.low >= 0.5),
            curve,
        }
    }
}

/// A product of a few shares that is a half comes out so near to it.
const ROUNDING: f64 = 1e-12;

#[cfg(test)]
mod tests {
    use super::super::Trials;
    use super::*;

    fn endings(reached: &[u64], censored: &[u64]) -> Vec<Ending> {
        let all = reached.iter().map(|step| (*step, true)).chain(censored.iter().map(|step| (*step, false)));
        all.map(|(step, reached)| Ending { step, reached }).collect()
    }

    #[test]
    fn without_runs_that_end_early_the_curve_is_the_share_of_runs() {
        let time = TimeToSuccess::of(&endings(&[30, 10, 10, 20], &[50; 4]));
        let points: Vec<_> = time.curve.iter().map(|point| (point.step, point.at_risk, point.reached)).collect();
        assert_eq!(points, [(10, 8, 2), (20, 6, 1), (30, 5, 1)]);
        for (point, successes) in time.curve.iter().zip([2, 3, 4]) {
            let trials = Trials { successes, of: 8 };
            let (low, high) = trials.interval().unwrap();
            assert!((point.share - trials.share()).abs() <= 1e-12);
            assert!((point.low - low).abs() <= 1e-12 && (point.high - high).abs() <= 1e-12);
        }
        assert_eq!((time.median, time.low, time.high), (Some(30), Some(10), None));
    }

    #[test]
    fn what_half_never_reaches_has_no_median() {
        let time = TimeToSuccess::of(&endings(&[10, 10], &[50; 6]));
        assert_eq!((time.median, time.low, time.high), (None, Some(10), None));
        let time = TimeToSuccess::of(&endings(&[10], &[50; 31]));
        assert_eq!((time.median, time.low, time.high), (None, None, None));
        let none = TimeToSuccess::of(&endings(&[], &[50; 8]));
        assert!(none.curve.is_empty() && none.median.is_none());
        let all = TimeToSuccess::of(&endings(&[10, 20, 30, 40, 50, 60, 70, 80], &[]));
        assert_eq!((all.median, all.low, all.high), (Some(40), Some(20), Some(70)));
        assert!(all.curve[7].share == 1.0 && all.curve[7].high == 1.0 && (all.curve[7].low - 0.6756).abs() < 1e-4);
    }

    #[test]
    fn runs_that_end_early_leave_those_at_risk() {
        let time = TimeToSuccess::of(&endings(&[10, 30, 30], &[10, 20]));
        let points: Vec<_> = time.curve.iter().map(|point| (point.at_risk, point.reached)).collect();
        assert_eq!(points, [(5, 1), (2, 2)]);
        assert!((time.curve[0].share - 0.2).abs() <= 1e-12 && time.curve[1].share == 1.0);
    }
}
