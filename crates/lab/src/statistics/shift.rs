//! How far one group of values lies from another.

/// A shift (Hodges and Lehmann 1963) and its 95 % interval: the shifts that the test would not reject, after values are moved by them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shift {
    /// The shift.
    pub value: f64,
    /// Lower and upper end; `None` where so few values exclude no shift.
    pub interval: Option<(f64, f64)>,
}

impl Shift {
    /// Of all single estimates of the shift, `outer` at either end of which the interval leaves out, but one.
    ///
    /// # Panics
    /// Without an estimate.
    pub(super) fn of(mut estimates: Vec<f64>, outer: usize) -> Shift {
        estimates.sort_by(f64::total_cmp);
        let count = estimates.len();
        let value = 0.5 * (estimates[(count - 1) / 2] + estimates[count / 2]);
        let interval = (outer > 0 && 2 * outer <= count + 1).then(|| (estimates[outer - 1], estimates[count - outer]));
        Shift { value, interval }
    }
}
