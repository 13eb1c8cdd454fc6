//! Rotary positions: which channels of a head are turned by which angle.

use std::sync::Arc;

use infimum_kernels::Pairs;

use crate::expressions::Constant;
use crate::shape::require;

/// Rotary positions (Su et al. 2021): at position `t`, pair `i` of a head is turned by the angle `t base^(-2i / width)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rotary {
    /// Channels of a head, an even number.
    pub width: usize,
    /// What the slowest pair's angle falls towards, at least 1.
    pub base: f64,
    /// Which channels of a head make a pair.
    pub pairs: Pairs,
}

impl Rotary {
    /// What is wrong with the width, in an array of so many channels, or with the base, if anything is.
    pub(crate) fn check(&self, channels: usize) -> Result<(), String> {
        let Rotary { width, base, .. } = *self;
        require(width > 0 && width.is_multiple_of(2), || {
            format!("heads of {width} channels; there must be an even number of them, to make pairs")
        })?;
        require(channels.is_multiple_of(width), || format!("x must have heads of {width} channels"))?;
        require(base.is_finite() && base >= 1.0, || format!("the base is {base}; it must be finite and at least 1"))
    }

    /// The name of its waves over so many positions, the same for the same numbers.
    pub(crate) fn name(&self, positions: usize) -> String {
        format!("rotary({positions} positions, {} channels, base {})", self.width, self.base)
    }

    /// `[positions, width]`: cosines of the angles of the pairs, then their sines, in f64, each rounded to f32 once.
    pub(crate) fn waves(&self, positions: usize) -> Constant {
        let half = self.width / 2;
        let angle = |t: usize, i: usize| t as f64 * libm::pow(self.base, -2.0 * i as f64 / self.width as f64);
        let wave = |t: usize, c: usize| match c < half {
            true => libm::cos(angle(t, c)) as f32,
            false => libm::sin(angle(t, c - half)) as f32,
        };
        let scalars = (0..positions).flat_map(|t| (0..self.width).map(move |c| wave(t, c))).collect();
        Constant { rows: positions, columns: self.width, scalars: Arc::new(scalars), frozen: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Base 3 and four channels: the second pair turns by `3^(-1/2)` of the first's angle.
    #[test]
    fn waves_are_cosines_and_sines_of_the_stated_angles() {
        let waves = Rotary { width: 4, base: 3.0, pairs: Pairs::Half }.waves(3);
        // cos t, cos(t / sqrt 3), sin t, sin(t / sqrt 3) by NumPy.
        let expected = [
            [1.0, 1.0, 0.0, 0.0],
            [0.5403023058681398, 0.8379118276949931, 0.8414709848078965, 0.5458056146732426],
            [-0.4161468365471424, 0.4041924619823276, 0.9092974268256817, 0.9146739603140918],
        ];
        for (found, expected) in waves.scalars.iter().zip(expected.as_flattened()) {
            assert!((f64::from(*found) - expected).abs() <= 1e-7, "{found} for {expected}");
        }
    }
}
