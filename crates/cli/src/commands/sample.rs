//! `sample`: sequences that a trained model writes, or its answers to sums.

use infimum_lab::evaluation::Evaluator;
use infimum_lab::sums::{Answer, Sums};
use infimum_lab::{
    Draw, Drawing, Experiment, Filter, LabError, read_prompt, read_stop, sample_each, sample_one, spell,
};
use serde_json::json;

use crate::arguments::Sample;
use crate::commands::{runs, weights};
use crate::{number, output, progress};

/// Sequences where nobody says how many, and there is no prompt.
const SEQUENCES: usize = 5;

pub(crate) fn sample(arguments: &Sample) -> anyhow::Result<()> {
    let (experiment, weights) = progress::waiting("drawing the world", || weights::one(&arguments.model))?;
    if !arguments.prompt.is_empty() && experiment.world().sums().is_some() {
        return answer(arguments, &experiment, &weights.point);
    }
    experiment.require_first_head()?;
    let draw = draw(arguments, &experiment)?;
    match (draw.count(), arguments.form.json) {
        (1, false) => stream(arguments, &experiment, &weights.point, &draw),
        _ => write(arguments, &experiment, &weights.point, &draw),
    }
}

/// Answers to what was asked, one a line.
fn answer(arguments: &Sample, experiment: &Experiment, point: &[f32]) -> anyhow::Result<()> {
    refuse_to_draw(arguments)?;
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

/// Sums are answered, and nothing about an answer is drawn.
fn refuse_to_draw(arguments: &Sample) -> anyhow::Result<()> {
    let Sample { sequences, temperature, top_k, top_p, min_p, seed, stop, .. } = arguments;
    let given = [
        ("--sequences", sequences.is_some()),
        ("--temperature", temperature.is_some()),
        ("--top-k", top_k.is_some()),
        ("--top-p", top_p.is_some()),
        ("--min-p", min_p.is_some()),
        ("--seed", seed.is_some()),
        ("--stop", !stop.is_empty()),
    ];
    match given.iter().find(|(_, is_given)| *is_given) {
        Some((option, _)) => {
            anyhow::bail!("--prompt asks this model for a sum, and {option} draws sequences; leave one of the two out")
        }
        None => Ok(()),
    }
}

fn draw(arguments: &Sample, experiment: &Experiment) -> Result<Draw, LabError> {
    let Sample { sequences, temperature, top_k, top_p, min_p, seed, .. } = arguments;
    let prompts = arguments.prompt.iter().map(|text| read_prompt(experiment, text)).collect::<Result<Vec<_>, _>>()?;
    let draw = Draw {
        sequences: sequences.map_or(if prompts.is_empty() { SEQUENCES } else { 1 }, usize::from),
        temperature: temperature.unwrap_or(1.0),
        filter: Filter { top_k: top_k.map(usize::from), top_p: *top_p, min_p: *min_p },
        seed: seed.unwrap_or(1),
        prompts,
        stops: arguments.stop.iter().map(|text| read_stop(experiment, text)).collect::<Result<Vec<_>, _>>()?,
    };
    draw.check(experiment)?;
    Ok(draw)
}

/// One sequence, token by token.
fn stream(arguments: &Sample, experiment: &Experiment, point: &[f32], draw: &Draw) -> anyhow::Result<()> {
    let mut machine = runs::machine(&arguments.speed);
    let (mut printed, mut result) = (0, Ok(()));
    let mut hear = |tokens: &[u16]| {
        let text = spell(experiment, tokens);
        // The bytes of a character may come one after another.
        let whole = text.trim_end_matches(char::REPLACEMENT_CHARACTER);
        if let Some(new) = whole.get(printed..).filter(|_| result.is_ok()) {
            result = output::part(new);
            printed = whole.len();
        }
    };
    let (tokens, drawing) = sample_one(experiment, &mut machine, point, draw, &mut hear);
    result?;
    output::print(spell(experiment, &tokens).get(printed..).unwrap_or_default())?;
    say(&drawing);
    Ok(())
}

/// Several sequences, each as soon as it is complete; or JSON.
fn write(arguments: &Sample, experiment: &Experiment, point: &[f32], draw: &Draw) -> anyhow::Result<()> {
    let mut machine = runs::machine(&arguments.speed);
    let mut waiting = Some(progress::Progress::unknown("sampling"));
    let json = arguments.form.json;
    if json {
        output::print("{\"sequences\":")?;
    }
    let (mut list, mut texts) = (output::List::new(json), vec![]);
    let drawing = sample_each(experiment, &mut machine, point, draw, |tokens| {
        waiting.take();
        let text = spell(experiment, tokens);
        if json {
            texts.push(text.clone());
        }
        list.add(&tokens, || text)
    })?;
    list.end()?;
    if !json {
        say(&drawing);
        return Ok(());
    }
    let text = if texts.len() == 1 { json!(texts[0]) } else { json!(texts) };
    let speed = drawing.tokens_per_second();
    output::print(&format!(",\"text\":{text},\"tokens\":{},\"tokens_per_second\":{speed}}}", drawing.tokens))
}

fn say(drawing: &Drawing) {
    let (tokens, speed) = (number::count(drawing.tokens as u64), number::short(drawing.tokens_per_second()));
    output::say(&format!("{tokens} tokens, {speed} a second"));
}
