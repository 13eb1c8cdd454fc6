//! `schema`: what a recipe may hold, for editors.

use infimum_lab::Recipe;

use crate::output;

pub(crate) fn schema() -> anyhow::Result<()> {
    output::json(&Recipe::schema())
}
