//! How values of several runs lie: median, quartiles, ends.

use serde::Serialize;

use crate::number;

/// Where the values of a figure lie.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Name of the figure.
    pub name: String,
    /// Its unit.
    pub unit: String,
    /// How many values there are.
    pub of: usize,
    /// The smallest.
    #[serde(serialize_with = "number::serialize")]
    pub least: f64,
    /// A quarter of the values lies below it, as NumPy's `percentile` has it: between two values in the proportion of the distances.
    #[serde(serialize_with = "number::serialize")]
    pub lower_quartile: f64,
    /// Half of the values lies below it.
    #[serde(serialize_with = "number::serialize")]
    pub median: f64,
    /// A quarter of the values lies above it.
    #[serde(serialize_with = "number::serialize")]
    pub upper_quartile: f64,
    /// The largest.
    #[serde(serialize_with = "number::serialize")]
    pub most: f64,
}

impl Spread {
    /// Of the values of the figure `name`; `None` without a value.
    pub fn of(name: &str, unit: &str, values: &[f64]) -> Option<Spread> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (least, most) = (*sorted.first()?, *sorted.last()?);
        let [lower_quartile, median, upper_quartile] = [0.25, 0.5, 0.75].map(|share| quantile(&sorted, share));
        let (name, unit) = (name.into(), unit.into());
        Some(Spread { name, unit, of: sorted.len(), least, lower_quartile, median, upper_quartile, most })
    }
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    // Equal neighbours may be infinite, and then have no difference.
    if below == above { below } else { below + (place - place.floor()) * (above - below) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `numpy.percentile([3, 1, 10, 2], [0, 25, 50, 75, 100])` gives them.
    #[test]
    fn quartiles_are_numpys() {
        let spread = Spread::of("x", "nats", &[3.0, 1.0, 10.0, 2.0]).unwrap();
        let Spread { of, least, lower_quartile, median, upper_quartile, most, .. } = spread;
        assert_eq!((of, [least, lower_quartile, median, upper_quartile, most]), (4, [1.0, 1.75, 2.5, 4.75, 10.0]));
        assert_eq!(Spread::of("x", "nats", &[f64::INFINITY; 3]).unwrap().median, f64::INFINITY);
        assert_eq!(Spread::of("x", "nats", &[]), None);
    }
}
