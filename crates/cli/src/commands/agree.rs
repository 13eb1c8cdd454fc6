//! `agree`: how alike two runs of the same world are.

use std::path::Path;

use infimum_lab::agreement::{Trained, agree as compare};
use infimum_lab::training::Weights;
use infimum_lab::{Experiment, Figure, TrainingState, record_plan};

use crate::arguments::Agree;
use crate::commands::runs;
use crate::{output, progress, table};

pub(crate) fn agree(arguments: &Agree) -> anyhow::Result<()> {
    let (first, second) = (find(&arguments.first, arguments)?, find(&arguments.second, arguments)?);
    let mut machine = runs::machine(&arguments.speed);
    let total = first.0.plan().evaluation().test_sequences as u64;
    let pair = [trained(&first), trained(&second)];
    let figures = progress::counting("comparing", "test sequences", total, |tell| compare(pair, &mut machine, tell))?;
    if arguments.form.json {
        return output::json(&figures);
    }
    output::print(&table::rows(&figures.iter().collect::<Vec<&Figure>>()))
}

fn find(run: &Path, arguments: &Agree) -> anyhow::Result<(Experiment, TrainingState)> {
    let record = runs::named(Some(&run.to_path_buf()), &arguments.runs)?;
    let experiment = Experiment::new(record_plan(&record)?)?;
    let state = record.load(arguments.at, &experiment.layout())?;
    Ok((experiment, state))
}

fn trained((experiment, state): &(Experiment, TrainingState)) -> Trained<'_> {
    Trained { experiment, weights: Weights { point: &state.point, steps: Some(state.step) } }
}
