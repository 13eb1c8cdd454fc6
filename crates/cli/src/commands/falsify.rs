//! `falsify`: a search for a sum that a model gets wrong.

use std::time::{Duration, Instant};

use infimum_lab::evaluation::Evaluator;
use infimum_lab::sums::{Progress, Searched, Sums};

use crate::arguments::Falsify;
use crate::commands::{runs, weights};
use crate::exit::Stopped;
use crate::signals::Stop;
use crate::{number, output, progress};

pub(crate) fn falsify(arguments: &Falsify) -> anyhow::Result<()> {
    let (experiment, weights) = weights::one(&arguments.model)?;
    let sums = Sums::with_carries(&experiment)?;
    let (stop, mut machine) = (Stop::listen()?, runs::machine(&arguments.speed));
    let mut evaluator = Evaluator::new(&experiment, &machine);
    let (begun, limit) = (Instant::now(), Duration::from_secs_f64(arguments.seconds));
    let mut line = progress::Progress::unknown("searching");
    let mut watch = |Progress { pairs_searched, smallest_margin }: Progress| {
        let pairs = || number::count(pairs_searched);
        line.at(pairs_searched, |_| format!("searching: {} pairs, smallest margin {smallest_margin:.4}", pairs()));
        begun.elapsed() < limit && !stop.asked().load(std::sync::atomic::Ordering::Relaxed)
    };
    let (model, most) = (&mut evaluator.at(&weights.point), arguments.pairs.unwrap_or(u64::MAX));
    let searched = sums.falsify(model, &mut machine, arguments.seed, most, &mut watch);
    drop(line);
    if arguments.form.json {
        output::json(&searched)?;
    } else {
        output::print(&text(sums, &searched, begun.elapsed()))?;
    }
    if searched.counterexample.is_none() && stop.asked().load(std::sync::atomic::Ordering::Relaxed) {
        return Err(Stopped { status: stop.status(), message: "stopped before its time".into() }.into());
    }
    Ok(())
}

fn text(sums: Sums<'_>, searched: &Searched, time: Duration) -> String {
    let (pairs, time) = (number::count(searched.pairs_searched), number::time(time));
    if let Some(wrong) = &searched.counterexample {
        let (question, answer) = (sums.question(wrong.operands), number::answer(wrong));
        return format!(
            "wrong: {question} is {}, and the model answers {answer}\nmargin {:.4} nats; {pairs} pairs were searched in {time}\n",
            wrong.right, wrong.margin
        );
    }
    let all = 10_u128.pow(searched.all_pairs_exponent);
    let rest = if u128::from(searched.pairs_searched) == all && all <= 1_000_000 {
        "These are all pairs that there are.".into()
    } else {
        format!("There are 10^{} pairs; a sum that was not asked may be wrong.", searched.all_pairs_exponent)
    };
    format!(
        "no wrong sum among {pairs} pairs searched in {time}\nsmallest margin {:.4} nats, at {}\n{rest}\n",
        searched.smallest_margin,
        sums.question(searched.smallest_margin_operands)
    )
}
