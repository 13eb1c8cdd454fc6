//! `resume`: a run goes on from its last checkpoint.

use infimum_lab::{Experiment, Status, record_plan, require_memory};

use crate::arguments::Resume;
use crate::commands::{runs, training};
use crate::{output, progress};

pub(crate) fn resume(arguments: &Resume) -> anyhow::Result<()> {
    let record = runs::to_resume(arguments.run.as_ref(), &arguments.runs)?;
    if let Some(summary) = record.summary()?.filter(|summary| summary.status == Status::Finished) {
        output::say(&format!("{} is finished; nothing is left to do", record.name()));
        return training::print(&record, &summary, arguments.form);
    }
    let plan = record_plan(&record)?;
    let writer = record.write()?;
    let experiment = progress::waiting("drawing the world", || Experiment::new(plan))?;
    let mut machine = runs::machine(&arguments.speed);
    require_memory(&experiment, &machine)?;
    training::train(&experiment, &mut machine, &writer, arguments.form)
}
