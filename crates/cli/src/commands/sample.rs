//! `sample`: sequences that a trained model writes.

use infimum_lab::{Experiment, record_plan, sample as draw};

use crate::arguments::Sample;
use crate::commands::runs;
use crate::{output, progress};

pub(crate) fn sample(arguments: &Sample) -> anyhow::Result<()> {
    let record = runs::named(arguments.run.as_ref(), &arguments.runs)?;
    let experiment = progress::waiting("drawing the world", || Experiment::new(record_plan(&record)?))?;
    let state = record.load(arguments.at, &experiment.layout())?;
    let mut machine = runs::machine(&arguments.speed);
    let (number, temperature) = (arguments.sequences.get(), arguments.temperature);
    let sequences = progress::waiting("sampling", || {
        draw(&experiment, &mut machine, &state.point, number, temperature, arguments.seed)
    });
    if arguments.form.json {
        return output::json(&sequences);
    }
    let line = |tokens: &Vec<u16>| tokens.iter().map(u16::to_string).collect::<Vec<_>>().join(" ") + "\n";
    output::print(&sequences.iter().map(line).collect::<String>())
}
