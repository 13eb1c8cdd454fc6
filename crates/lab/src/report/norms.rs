//! How long the gradient and the parameters are, as vectors, over training.

use super::axis::Scale;
use super::chart::{Chart, Ink, Series, Stroke};
use super::course::{STEPS, seed, thinned};
use super::sources::Source;

/// Both norms of each run, on a logarithmic axis.
pub(super) fn norms(sources: &[Source]) -> Chart {
    let several = sources.len() > 1;
    let mut series = Vec::new();
    for (number, source) in sources.iter().enumerate() {
        let ink = Ink::Run(number);
        let gradient = source.lines.iter().map(|line| (line.step, Some(line.gradient_norm)));
        let parameters = source.lines.iter().map(|line| (line.step, line.parameter_norm));
        let (of_gradient, of_parameters) =
            if several { (String::new(), seed(source)) } else { ("gradient".into(), "parameters".into()) };
        series.push(Series { label: of_gradient, ink, stroke: Stroke::Faint, points: thinned(gradient) });
        series.push(Series { label: of_parameters, ink, stroke: Stroke::Line, points: thinned(parameters) });
    }
    let last = |of: fn(&crate::StepLine) -> Option<f64>| -> String {
        let values = sources.iter().filter_map(|source| source.lines.iter().rev().find_map(of));
        values.map(|norm| format!("{norm:.4}")).collect::<Vec<_>>().join(", ")
    };
    Chart {
        id: "norms",
        title: "Norms of gradient and parameters".into(),
        description: format!(
            "Euclidean lengths over the steps, on a logarithmic axis; at the end the gradient has {}, the parameters {}.",
            last(|line| Some(line.gradient_norm)),
            last(|line| line.parameter_norm)
        ),
        x: (STEPS.into(), Scale::Linear),
        y: ("Euclidean length".into(), Scale::Log),
        series,
    }
}

/// What the chart shows, in words.
pub(super) fn about(sources: &[Source]) -> String {
    let lacks = sources.iter().any(|source| source.lines.iter().all(|line| line.parameter_norm.is_none()));
    let lacks = if lacks { " Some of these records are older than the norm of parameters, and have none." } else { "" };
    format!("Pale: the gradient of a step of each line of the record, before clipping. Full: all parameters.{lacks}")
}
