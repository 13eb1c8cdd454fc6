//! `sample`: sequences that a trained model writes, each printed as soon as it is complete; or its answers to sums.

use infimum_lab::evaluation::Evaluator;
use infimum_lab::sums::{Answer, Sums};
use infimum_lab::{Draw, Experiment, LabError, sample_each};

use crate::arguments::Sample;
use crate::commands::{runs, weights};
use crate::{number, output, progress};

pub(crate) fn sample(arguments: &Sample) -> anyhow::Result<()> {
    let (experiment, weights) = progress::waiting("drawing the world", || weights::one(&arguments.model))?;
    if arguments.prompt.is_empty() {
        write(arguments, &experiment, &weights.point)
    } else {
        answer(arguments, &experiment, &weights.point)
    }
}

/// Answers to what was asked, one a line.
fn answer(arguments: &Sample, experiment: &Experiment, point: &[f32]) -> anyhow::Result<()> {
    let sums = Sums::of(experiment)?;
    let pairs = arguments.prompt.iter().map(|text| sums.read(text)).collect::<Result<Vec<_>, LabError>>()?;
    let mut machine = runs::machine(&arguments.speed);
    let mut evaluator = Evaluator::new(experiment, &machine);
    let answers = sums.answers(&mut evaluator.at(point), &mut machine, &pairs);
    if arguments.form.json {
        return output::json(&answers);
    }
    let line = |answer: &Answer| {
        let verdict = if answer.is_right { "right".into() } else { format!("wrong, it is {}", answer.right) };
        format!("{}={}  {verdict}\n", sums.question(answer.operands), number::answer(answer))
    };
    output::print(&answers.iter().map(line).collect::<String>())
}

fn write(arguments: &Sample, experiment: &Experiment, point: &[f32]) -> anyhow::Result<()> {
    experiment.require_first_head()?;
    let mut machine = runs::machine(&arguments.speed);
    let Sample { sequences, temperature, seed, .. } = *arguments;
    let draw = Draw { sequences: sequences.get(), temperature, seed };
    let mut waiting = Some(progress::Progress::unknown("sampling"));
    let json = arguments.form.json;
    if json {
        output::print("{\"sequences\":")?;
    }
    let mut list = output::List::new(json);
    let drawing = sample_each(experiment, &mut machine, point, draw, |tokens| {
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
