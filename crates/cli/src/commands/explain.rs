//! `explain`: why a run did not learn.

use infimum_lab::explain::{Diagnosis, Explanation, Learned, explain as find};
use infimum_lab::{Experiment, record_plan, require_memory};

use crate::arguments::Explain;
use crate::commands::runs;
use crate::{output, progress, table};

pub(crate) fn explain(arguments: &Explain) -> anyhow::Result<()> {
    let record = runs::named(arguments.run.as_ref(), &arguments.runs)?;
    let plan = record_plan(&record)?;
    let experiment = progress::waiting("drawing the world", || Experiment::new(plan))?;
    let mut machine = runs::machine(&arguments.speed);
    require_memory(&experiment, &machine)?;
    let mut line = progress::Progress::new(1);
    let found = find(&record, &experiment, &mut machine, &mut |about| line.at(0, |_| format!("looking {about}")))?;
    drop(line);
    if arguments.form.json {
        return output::json(&found.causes);
    }
    output::print(&text(&found))
}

fn text(Explanation { learned, causes }: &Explanation) -> String {
    let one = |(number, Diagnosis { cause, evidence, change }): (usize, &Diagnosis)| {
        let facts = [("cause", cause.to_string()), ("evidence", evidence.clone()), ("change", change.clone())];
        let facts = table::facts(&facts);
        let lines = facts.lines().enumerate();
        let begin = |line| if line == 0 { format!("{}. ", number + 1) } else { "   ".into() };
        lines.map(|(line, text)| format!("{}{text}\n", begin(line))).collect::<String>()
    };
    match causes.len() {
        0 => format!("no cause found: {}\n", no_cause(learned)),
        _ => causes.iter().enumerate().map(one).collect::<Vec<_>>().join("\n"),
    }
}

/// Of a run without a cause: whether it needs one.
fn no_cause(learned: &Learned) -> String {
    match learned {
        Learned::Yes(how) => format!("the run learnt ({how})"),
        Learned::No(how) => format!("the run did not learn ({how}), and fails in a way that is not known here"),
        Learned::Unknown(why) => {
            format!("nothing is wrong that is known here; whether the run learnt cannot be said ({why})")
        }
    }
}
