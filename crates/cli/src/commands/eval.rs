//! `eval`: the scores of weights on fresh test sequences.

use infimum_lab::evaluation::Evaluator;
use infimum_lab::sums::{Found, SumScores, Sums};
use infimum_lab::training::{self, Event, Weights as Scored};
use infimum_lab::{CheckpointName, Experiment, Figure, LabError, Machine, published};
use serde::Serialize;

use crate::arguments::{At, Eval};
use crate::commands::runs;
use crate::commands::weights::{self, Named, Weights};
use crate::{output, progress, table};

/// Pairs that sums are scored on in each way, unless another number is asked for.
const PAIRS: u64 = 100_000;

pub(crate) fn eval(arguments: &Eval) -> anyhow::Result<()> {
    let Eval { weights, at, recipe, set, runs, .. } = arguments;
    let (weights, recipe) = (weights.as_ref(), recipe.as_ref());
    let (experiment, weights) = weights::find(Named { weights, at: *at, recipe, set, runs })?;
    if arguments.published {
        published::require(&experiment)?;
    }
    let sums = sums(arguments, &experiment)?;
    let mut machine = runs::machine(&arguments.speed);
    let mut scored = Vec::new();
    for weights in weights {
        let figures = if arguments.official { vec![] } else { score(&experiment, &mut machine, &weights)? };
        let published = match arguments.published {
            true => published::evaluate(&experiment, &mut machine, &weights.point, &figures)?,
            false => vec![],
        };
        let sums = sums.map(|sums| score_sums(arguments, sums, &experiment, &mut machine, &weights)).transpose()?;
        scored.push(ScoredAt { at: weights.name, figures, sums, published });
    }
    match (arguments.form.json, at.unwrap_or(At::One(CheckpointName::Last))) {
        (true, At::One(_)) => output::json(&scored.swap_remove(0).together().figures),
        (true, At::All) => output::json(&scored.into_iter().map(ScoredAt::together).collect::<Vec<_>>()),
        (false, _) => output::print(&text(&scored)),
    }
}

/// What sums are asked in; `None` where there are none, unless they are asked for.
fn sums<'e>(arguments: &Eval, experiment: &'e Experiment) -> Result<Option<Sums<'e>>, LabError> {
    let sums = Sums::with_carries(experiment);
    if arguments.official || arguments.pairs.is_some() { sums.map(Some) } else { Ok(sums.ok()) }
}

fn score_sums(
    arguments: &Eval,
    sums: Sums<'_>,
    experiment: &Experiment,
    machine: &mut Machine,
    weights: &Weights,
) -> Result<SumScores, LabError> {
    let pairs = arguments.pairs.unwrap_or(PAIRS) as usize;
    let total = if arguments.official { sums.count_of_official() } else { sums.count_to_score(pairs) };
    let mut evaluator = Evaluator::new(experiment, machine);
    let model = &mut evaluator.at(&weights.point);
    progress::counting(&format!("scoring {}", weights.name), "sums", total as u64, |tell| match arguments.official {
        true => sums.official(model, machine, tell),
        false => Ok(sums.score(model, machine, pairs, tell)),
    })
}

fn score(experiment: &Experiment, machine: &mut Machine, weights: &Weights) -> Result<Vec<Figure>, LabError> {
    let total = experiment.plan().evaluation().test_sequences as u64;
    progress::counting(&format!("scoring {}", weights.name), "test sequences", total, |tell| {
        training::evaluate(experiment, machine, Scored { point: &weights.point, steps: weights.steps }, &mut |event| {
            if let Event::Testing { done, .. } = event {
                tell(done);
            }
        })
    })
}

/// The scores of a checkpoint.
struct ScoredAt {
    at: String,
    figures: Vec<Figure>,
    sums: Option<SumScores>,
    /// By nanoMarkov's formulas.
    published: Vec<Figure>,
}

/// As JSON, of one of several.
#[derive(Serialize)]
struct Together {
    at: String,
    figures: Vec<Found>,
}

impl ScoredAt {
    fn together(self) -> Together {
        let (figures, published) = (self.figures.into_iter(), self.published.into_iter());
        let sums = self.sums.iter().flat_map(SumScores::all);
        let figures = figures.map(Found::from).chain(sums).chain(published.map(Found::from)).collect();
        Together { at: self.at, figures }
    }

    fn text(&self) -> String {
        let mut text = self.at.clone();
        if !self.figures.is_empty() {
            text += &format!("\n\n{}", table::figures(&self.figures));
        }
        if let Some(sums) = &self.sums {
            text += &format!("\n\n{}", table::sums(sums));
        }
        if !self.published.is_empty() {
            let published = table::rows(&self.published.iter().collect::<Vec<_>>());
            text += "\n\nBy nanoMarkov's own formulas; docs/metrics.md says where they mislead.\n\n";
            text += &published;
        }
        text + "\n"
    }
}

fn text(scored: &[ScoredAt]) -> String {
    scored.iter().map(ScoredAt::text).collect::<Vec<_>>().join("\n")
}
