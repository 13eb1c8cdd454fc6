//! `gates`: what has to hold of a trained network before its scores mean anything.

use infimum_lab::gates::{Verdict, gates as look};
use infimum_lab::training::Weights;
use infimum_lab::{LabError, require_memory};

use crate::arguments::Gates;
use crate::commands::{runs, weights};
use crate::{output, progress, table};

pub(crate) fn gates(arguments: &Gates) -> anyhow::Result<()> {
    let (experiment, weights) = progress::waiting("drawing the world", || weights::one(&arguments.model))?;
    let mut machine = runs::machine(&arguments.speed);
    require_memory(&experiment, &machine)?;
    let mut line = progress::Progress::new(1);
    let weights = Weights { point: &weights.point, steps: weights.steps };
    let verdicts = look(&experiment, &mut machine, weights, &mut |gate| line.at(0, |_| format!("looking at {gate}")))?;
    drop(line);
    if arguments.form.json {
        output::json(&verdicts)?;
    } else {
        output::print(&text(&verdicts))?;
    }
    let failed = verdicts.iter().filter(|verdict| verdict.passed == Some(false));
    let failed: Vec<&str> = failed.map(|verdict| verdict.gate).collect();
    if failed.is_empty() { Ok(()) } else { Err(LabError::Gates { failed: failed.join(", ") }.into()) }
}

fn text(verdicts: &[Verdict]) -> String {
    let row = |verdict: &Verdict| {
        let word = match verdict.passed {
            Some(true) => "passed",
            Some(false) => "FAILED",
            None => "does not apply",
        };
        let number = |x: Option<f64>| x.map_or("-".into(), figure);
        vec![verdict.gate.into(), word.into(), number(verdict.figure), number(verdict.bound), verdict.about.clone()]
    };
    table::table(&["gate", "verdict", ">figure", ">bound", "about"], verdicts.iter().map(row))
}

/// Four digits that count.
fn figure(x: f64) -> String {
    match x.abs() {
        0.0 => "0".into(),
        size if (1e-3..1e6).contains(&size) => format!("{x:.4}"),
        _ => format!("{x:.1e}"),
    }
}
