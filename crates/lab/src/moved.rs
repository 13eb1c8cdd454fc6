//! By how much an array moved, but for decay.

/// By how much of its length an array moved, beside the multiple of its start that is nearest; `None` if it started at 0.
pub(crate) fn moved(start: &[f32], end: &[f32]) -> Option<f64> {
    let inner = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
    let length = inner(start, start);
    let factor = inner(start, end) / length;
    let rest = start.iter().zip(end).map(|(a, b)| f64::from(*b) - factor * f64::from(*a));
    (length > 0.0 && start.len() > 1).then(|| (rest.map(|x| x * x).sum::<f64>() / length).sqrt())
}
