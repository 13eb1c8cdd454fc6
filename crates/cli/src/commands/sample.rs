//! `sample`: sequences that a trained model writes, each printed as soon as it is complete.

use infimum_lab::{Draw, Experiment, record_plan, sample_each};

use crate::arguments::Sample;
use crate::commands::runs;
use crate::{number, output, progress};

pub(crate) fn sample(arguments: &Sample) -> anyhow::Result<()> {
    let record = runs::named(arguments.run.as_ref(), &arguments.runs)?;
    let experiment = progress::waiting("drawing the world", || Experiment::new(record_plan(&record)?))?;
    let state = record.load(arguments.at, &experiment.layout())?;
    let mut machine = runs::machine(&arguments.speed);
    let Sample { sequences, temperature, seed, .. } = *arguments;
    let draw = Draw { sequences: sequences.get(), temperature, seed };
    let mut waiting = Some(progress::Progress::unknown("sampling"));
    let json = arguments.form.json;
    if json {
        output::print("{\"sequences\":")?;
    }
    let mut list = output::List::new(json);
    let drawing = sample_each(&experiment, &mut machine, &state.point, draw, |tokens| {
        waiting.take();
        list.add(&tokens, || tokens.iter().map(u16::to_string).collect::<Vec<_>>().join(" "))
    })?;
    list.end()?;
    let speed = drawing.tokens_per_second();
    if json {
        return output::print(&format!(",\"tokens_per_second\":{speed}}}"));
    }
    output::say(&format!("{} tokens, {} a second", number::count(drawing.tokens as u64), number::short(speed)));
    Ok(())
}
