//! `law`: the exact probabilities of the next token.

use infimum_lab::Law as NextToken;

use crate::arguments::Law;
use crate::commands::recipes;
use crate::{output, table};

pub(crate) fn law(arguments: &Law) -> anyhow::Result<()> {
    let world = recipes::world(&arguments.recipe)?;
    let next = NextToken::after(&*world, &arguments.after)?;
    if arguments.form.json {
        return output::json(&next);
    }
    let rows = next.law.iter().enumerate().map(|(token, p)| vec![token.to_string(), p.to_string()]);
    output::print(&format!("after {:?}\n\n{}", next.after, table::table(&[">token", "probability"], rows)))
}
