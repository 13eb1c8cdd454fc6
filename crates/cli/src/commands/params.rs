//! `params`: where the numbers of a model are.

use std::path::Path;

use infimum_lab::{Audit, Experiment, Plan, WeightLine, is_weights, record_plan};

use crate::arguments::{Params, RecipeArgument};
use crate::commands::{recipes, runs, weights};
use crate::number::count;
use crate::{output, table};

pub(crate) fn params(arguments: &Params) -> anyhow::Result<()> {
    let audit = Audit::of(Experiment::new(plan(arguments)?)?.program());
    if arguments.form.json {
        return output::json(&audit);
    }
    output::print(&text(&audit))
}

/// The plan in a file of weights, that of a run, or of a recipe.
fn plan(arguments: &Params) -> anyhow::Result<Plan> {
    match &arguments.model {
        Some(file) if arguments.set.is_empty() && is_weights(file) => weights::plan_of_file(file),
        Some(run) if arguments.set.is_empty() && is_run(run, &arguments.runs.runs) => {
            Ok(record_plan(&runs::named(Some(run), &arguments.runs)?)?)
        }
        recipe => {
            let recipe = RecipeArgument { recipe: recipe.clone(), set: arguments.set.clone() };
            recipes::plan(&recipe, &[], &arguments.runs.runs)
        }
    }
}

fn is_run(name: &Path, runs: &Path) -> bool {
    name.is_dir() || runs.join(name).is_dir()
}

fn text(audit: &Audit) -> String {
    let row = |line: &WeightLine| {
        let [rows, columns] = line.shape;
        let numbers =
            [line.parameters, line.frozen, line.derived].map(|n| if n == 0 { "-".into() } else { count(n as u64) });
        let mut cells = vec![line.name.clone(), line.expression.into(), format!("{rows} x {columns}")];
        cells.extend(numbers);
        cells.push(line.sites.join(", "));
        cells
    };
    let headings = ["weights", "made", ">shape", ">free", ">frozen", ">derived", "used at"];
    let facts = [
        ("free", format!("{} parameters, which training changes", count(audit.free as u64))),
        ("frozen", format!("{} random or given numbers, which training leaves alone", count(audit.frozen as u64))),
        ("derived", format!("{} constants that a formula says", count(audit.derived as u64))),
    ];
    format!("{}\n\n{}", table::table(&headings, audit.arrays.iter().map(row)), table::facts(&facts))
}
