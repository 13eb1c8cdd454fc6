//! The mean of the points that training goes through, which is steadier than any of them (Polyak and Juditsky 1992).

/// How much each point counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Weighing {
    /// Each point `1 - kept`, and all before it together `kept`; the first counts whole.
    Exponential {
        /// How much of the mean is kept from point to point.
        kept: f64,
    },
    /// All alike (Izmailov et al. 2018).
    Alike,
}

/// A mean of points.
///
/// It is kept as the nearest `f32` and what is missing to it, together 48 bits: in `f32` alone a mean of many points, each of
/// which moves it by less than half its last bit, would stand still.
#[derive(Clone, Debug, PartialEq)]
pub struct Average {
    weighing: Weighing,
    /// The nearest `f32`, and the rest.
    mean: Vec<f32>,
    rest: Vec<f32>,
    /// Points so far.
    count: u64,
}

impl Average {
    /// Of no points yet, each of `parameters` scalars.
    pub fn new(weighing: Weighing, parameters: usize) -> Average {
        Average { weighing, mean: vec![0.0; parameters], rest: vec![0.0; parameters], count: 0 }
    }

    /// One more point: the first is the mean, then `mean = mean + weight (point - mean)`.
    ///
    /// # Panics
    /// With a point of another length.
    pub fn add(&mut self, point: &[f32]) {
        assert_eq!(point.len(), self.mean.len());
        self.count += 1;
        let weight = match self.weighing {
            Weighing::Exponential { kept } => 1.0 - kept,
            Weighing::Alike => 1.0 / self.count as f64,
        };
        if self.count == 1 {
            self.mean.copy_from_slice(point);
            return self.rest.fill(0.0);
        }
        for ((mean, rest), point) in self.mean.iter_mut().zip(&mut self.rest).zip(point) {
            let before = f64::from(*mean) + f64::from(*rest);
            let after = before + weight * (f64::from(*point) - before);
            *mean = after as f32;
            *rest = (after - f64::from(*mean)) as f32;
        }
    }

    /// The mean; `None` before the first point.
    pub fn mean(&self) -> Option<&[f32]> {
        (self.count > 0).then_some(&self.mean[..])
    }

    /// What is missing to the mean, with which [`Average::restore`] goes on to the same bits.
    pub fn rest(&self) -> &[f32] {
        &self.rest
    }

    /// Goes on from the mean of `count` points.
    ///
    /// # Panics
    /// With arrays of another length.
    pub fn restore(&mut self, mean: Vec<f32>, rest: Vec<f32>, count: u64) {
        assert!(mean.len() == self.mean.len() && rest.len() == mean.len());
        (self.mean, self.rest, self.count) = (mean, rest, count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn averaged(weighing: Weighing, points: impl Iterator<Item = f32>) -> Average {
        let mut average = Average::new(weighing, 1);
        points.for_each(|point| average.add(&[point]));
        average
    }

    /// Steps that are lost in `f32` add up: the mean of 1 and many numbers just above it is where it should be.
    #[test]
    fn a_mean_of_many_points_does_not_stand_still() {
        let (count, next) = (100_000, 1.0 + f32::EPSILON);
        let average = averaged(Weighing::Alike, (0..count).map(|k| if k < count / 2 { 1.0 } else { next }));
        let found = f64::from(average.mean[0]) + f64::from(average.rest[0]);
        assert!((found - (1.0 + 0.5 * f64::from(f32::EPSILON))).abs() <= 1e-5 * f64::from(f32::EPSILON), "{found:?}");
        let mut alone = 1.0_f32;
        (count / 2..count).for_each(|k| alone += (next - alone) / (k + 1) as f32);
        assert_eq!(alone, 1.0, "f32 alone stands still");
    }

    #[test]
    fn the_first_point_counts_whole_and_nothing_is_said_before_it() {
        for weighing in [Weighing::Alike, Weighing::Exponential { kept: 0.75 }] {
            assert_eq!(averaged(weighing, std::iter::empty()).mean(), None);
            assert_eq!(averaged(weighing, std::iter::once(3.0)).mean(), Some(&[3.0][..]));
        }
        let exponential = averaged(Weighing::Exponential { kept: 0.75 }, [4.0, 8.0, 0.0].into_iter());
        assert_eq!(exponential.mean(), Some(&[3.75][..]));
        assert_eq!(averaged(Weighing::Alike, [4.0, 8.0, 0.0].into_iter()).mean(), Some(&[4.0][..]));
    }

    #[test]
    fn a_restored_mean_goes_on_to_the_same_bits() {
        let points = |k: usize| ((k * 7919) % 2003) as f32 / 701.0 - 1.4;
        for weighing in [Weighing::Alike, Weighing::Exponential { kept: 0.99 }] {
            let mut whole = averaged(weighing, (0..50).map(points));
            let mut resumed = Average::new(weighing, 1);
            resumed.restore(whole.mean.clone(), whole.rest().to_vec(), 50);
            for k in 50..99 {
                whole.add(&[points(k)]);
                resumed.add(&[points(k)]);
            }
            assert_eq!(whole, resumed);
        }
    }
}
