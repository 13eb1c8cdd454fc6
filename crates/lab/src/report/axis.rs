//! Axes: from values to places, with round ticks.

use crate::digits::count;

/// How values lie along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// Equal differences take equal lengths.
    Linear,
    /// The same, of what is counted: ticks are whole numbers.
    Whole,
    /// Equal ratios take equal lengths; values are above 0.
    Log,
}

/// One axis of a chart.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    /// What it shows, with its unit.
    pub(super) name: String,
    scale: Scale,
    low: f64,
    high: f64,
    ticks: Vec<f64>,
}

/// Ticks of a linear axis are at most this many.
const MOST_TICKS: f64 = 6.0;
/// A logarithmic axis reaches over at most so many powers of ten.
const MOST_DECADES: i32 = 12;

impl Axis {
    /// An axis over all of `values` that it can show (finite ones; above 0, if logarithmic), from tick to tick.
    pub(super) fn over(name: &str, scale: Scale, values: impl Iterator<Item = f64>) -> Axis {
        let shown = values.filter(|x| x.is_finite() && (scale != Scale::Log || *x > 0.0));
        let (low, high) = shown.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        let (low, high) = if low <= high { (low, high) } else { (0.5, 1.0) };
        let ticks = match scale {
            Scale::Linear => even(low, high, 0.0),
            Scale::Whole => even(low, high, 1.0),
            Scale::Log => powers(low, high),
        };
        let (low, high) = (ticks[0], ticks[ticks.len() - 1]);
        Axis { name: name.into(), scale, low, high, ticks }
    }

    /// The same axis without the empty stretch beyond the last value `end`, if that is not its low end.
    pub(super) fn ending_at(mut self, end: f64) -> Axis {
        if end > self.low {
            self.high = end;
            self.ticks.retain(|tick| *tick <= end);
        }
        self
    }

    /// Where a value lies: 0 at the low end, 1 at the high end; values beyond lie at the ends. `None` for what no place on this
    /// axis stands for.
    pub(super) fn place(&self, x: f64) -> Option<f64> {
        let (at, low, high) = match self.scale {
            Scale::Linear | Scale::Whole => (x, self.low, self.high),
            Scale::Log if x > 0.0 => (libm::log(x), libm::log(self.low), libm::log(self.high)),
            Scale::Log => return None,
        };
        x.is_finite().then(|| ((at - low) / (high - low)).clamp(0.0, 1.0))
    }

    /// Places of the ticks and what stands there.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let step = self.ticks.get(1).map_or(1.0, |second| second - self.ticks[0]);
        let label = |x: f64| if self.scale == Scale::Log { label(x, x) } else { label(x, step) };
        self.ticks.iter().filter_map(|&x| Some((self.place(x)?, label(x)))).collect()
    }
}

impl Axis {
    /// Places of the ticks between `low` and `high`, of an axis that reaches from one to the other.
    pub(super) fn ticks_within(self, low: f64, high: f64) -> Vec<(f64, String)> {
        let slack = (high - low) * 1e-9;
        let ticks: Vec<f64> = self.ticks.iter().copied().filter(|x| (low - slack..=high + slack).contains(x)).collect();
        // Every other one where there are many, and so that the one for 0 stays.
        let zero = ticks.iter().position(|x| x.abs() <= slack).unwrap_or(0);
        let each = if ticks.len() > 4 { 2 } else { 1 };
        let ticks = ticks.into_iter().skip(zero % each).step_by(each).collect();
        Axis { low, high, ticks, ..self }.ticks()
    }
}

/// Multiples, of at least `least`, of 1, 2 or 5 times a power of ten around the values.
fn even(low: f64, high: f64, least: f64) -> Vec<f64> {
    let width = if high > low { high - low } else { low.abs().max(1.0) * 0.1 };
    let step = round_up(width / MOST_TICKS).max(least);
    let (first, last) = ((low / step + 1e-9).floor(), (high / step - 1e-9).ceil());
    let last = last.max(first + 1.0);
    (0..=(last - first) as usize).map(|i| (first + i as f64) * step).collect()
}

/// The next 1, 2 or 5 times a power of ten.
fn round_up(x: f64) -> f64 {
    let power = libm::pow(10.0, libm::floor(libm::log10(x)));
    [1.0, 2.0, 5.0].map(|part| part * power).into_iter().find(|step| *step >= x * (1.0 - 1e-9)).unwrap_or(10.0 * power)
}

/// Powers of ten around the values; with 2 and 5 times them, where there are few.
fn powers(low: f64, high: f64) -> Vec<f64> {
    let last = libm::ceil(libm::log10(high) - 1e-9) as i32;
    let first = (libm::floor(libm::log10(low) + 1e-9) as i32).clamp(last - MOST_DECADES, last - 1);
    let parts: &[f64] = if last - first <= 2 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let all = (first..=last).flat_map(|power| parts.iter().map(move |part| part * libm::pow(10.0, f64::from(power))));
    let mut ticks: Vec<f64> = all.filter(|tick| *tick <= libm::pow(10.0, f64::from(last)) * (1.0 + 1e-9)).collect();
    // What lies beyond the outermost ticks that still enclose the values is empty.
    while ticks.len() > 2 && ticks[1] <= low * (1.0 + 1e-9) {
        ticks.remove(0);
    }
    while ticks.len() > 2 && ticks[ticks.len() - 2] >= high * (1.0 - 1e-9) {
        ticks.pop();
    }
    ticks
}

/// A number with as many decimals as a step of this size has.
fn label(x: f64, step: f64) -> String {
    let step = step.abs();
    if x.abs() > 0.0 && (x.abs() < 1e-4 || x.abs() >= 1e7) {
        return format!("{x:.0e}");
    }
    if step >= 1.0 {
        let sign = if x < -0.5 { "-" } else { "" };
        return format!("{sign}{}", count(x.abs().round() as u64));
    }
    let decimals = (-libm::floor(libm::log10(step) + 1e-9)) as usize;
    // Multiples of a step may miss 0 by a rounding error.
    format!("{:.decimals$}", if x.abs() < step / 2.0 { 0.0 } else { x })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale, values: &[f64]) -> Vec<String> {
        Axis::over("x", scale, values.iter().copied()).ticks().into_iter().map(|tick| tick.1).collect()
    }

    #[test]
    fn ticks_are_round_and_enclose_the_values() {
        for (values, expected) in [
            (&[0.0, 1200.0][..], &["0", "200", "400", "600", "800", "1,000", "1,200"][..]),
            (&[1.88, 2.4], &["1.8", "1.9", "2.0", "2.1", "2.2", "2.3", "2.4"]),
            (&[-0.0004, 0.0011], &["-0.0005", "0.0000", "0.0005", "0.0010", "0.0015"]),
            (&[3.0, f64::NAN, f64::INFINITY], &["3.00", "3.05"]),
            (&[], &["0.5", "0.6", "0.7", "0.8", "0.9", "1.0"]),
        ] {
            assert_eq!(labels(Scale::Linear, values), expected, "{values:?}");
        }
        for (values, expected) in [
            (&[0.0, 3.0][..], &["0", "1", "2", "3"][..]),
            (&[0.0, 0.5], &["0", "1"]),
            (&[0.0, 10.0], &["0", "2", "4", "6", "8", "10"]),
        ] {
            assert_eq!(labels(Scale::Whole, values), expected, "{values:?}");
        }
        for (values, expected) in [
            (&[0.0004, 2.0][..], &["0.0001", "0.001", "0.01", "0.1", "1", "10"][..]),
            (&[0.03, 0.4, -1.0, 0.0], &["0.02", "0.05", "0.1", "0.2", "0.5"]),
            (&[2e-6, 0.1], &["1e-6", "1e-5", "0.0001", "0.001", "0.01", "0.1"]),
            (&[], &["0.5", "1"]),
        ] {
            assert_eq!(labels(Scale::Log, values), expected, "{values:?}");
        }
    }

    #[test]
    fn the_ticks_of_a_scale_lie_within_it_and_have_one_at_0() {
        for (low, high, expected) in [
            (-0.0039, 0.0039, &["-0.002", "0.000", "0.002"][..]),
            (0.0, 0.45, &["0.0", "0.2", "0.4"]),
            (-1.0, 1.0, &["-1", "0", "1"]),
        ] {
            let axis = Axis::over("", Scale::Linear, [low, high].into_iter());
            let labels: Vec<String> = axis.ticks_within(low, high).into_iter().map(|tick| tick.1).collect();
            assert_eq!(labels, expected);
        }
    }

    #[test]
    fn values_have_their_places() {
        let axis = Axis::over("x", Scale::Log, [0.001, 10.0].into_iter());
        let places = [0.001, 0.1, 10.0, 1e-9, 1e9].map(|x| axis.place(x).unwrap());
        assert!(places.iter().zip([0.0, 0.5, 1.0, 0.0, 1.0]).all(|(a, b)| (a - b).abs() < 1e-12), "{places:?}");
        assert_eq!([axis.place(0.0), axis.place(f64::NAN)], [None, None]);
        let axis = Axis::over("x", Scale::Linear, [0.0, 110.0].into_iter()).ending_at(110.0);
        assert_eq!((axis.place(110.0), axis.ticks().len()), (Some(1.0), 6));
    }
}
