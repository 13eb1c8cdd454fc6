//! `sample`: sequences that a trained model writes, each printed as soon as it is complete.

use infimum_lab::{Draw, Experiment, record_plan, sample_each};

use crate::arguments::Sample;
use crate::commands::runs;
use crate::{output, progress};

pub(crate) fn sample(arguments: &Sample) -> anyhow::Result<()> {
    let record = runs::named(arguments.run.as_ref(), &arguments.runs)?;
    let experiment = progress::waiting("drawing the world", || Experiment::new(record_plan(&record)?))?;
    let state = record.load(arguments.at, &experiment.layout())?;
    let mut machine = runs::machine(&arguments.speed);
    let Sample { sequences, temperature, seed, .. } = *arguments;
    let draw = Draw { sequences: sequences.get(), temperature, seed };
    let mut waiting = Some(progress::Progress::unknown("sampling"));
    let mut list = output::List::new(arguments.form.json);
    sample_each(&experiment, &mut machine, &state.point, draw, |tokens| {
        waiting.take();
        list.add(&tokens, || tokens.iter().map(u16::to_string).collect::<Vec<_>>().join(" "))
    })?;
    list.end()
}
