//! `import`: weights that another program trained, as a file that holds their plan.

use std::path::PathBuf;

use infimum_lab::import::{self, families};
use serde::Serialize;

use crate::arguments::Import;
use crate::number::count;
use crate::{output, table};

/// What was written.
#[derive(Serialize)]
struct Written {
    path: PathBuf,
    family: &'static str,
    parameters: usize,
}

pub(crate) fn import(arguments: &Import) -> anyhow::Result<()> {
    let Some(file) = &arguments.file else {
        let rows: Vec<(&str, String)> = families().into_iter().map(|(name, about)| (name, about.to_string())).collect();
        return output::print(&format!("Families that are recognised:\n{}", table::facts(&rows)));
    };
    let imported = import::import(file, arguments.family.as_deref())?;
    let path = output_path(arguments, file);
    imported.write(&path, arguments.force)?;
    let written = Written { path, family: imported.family, parameters: imported.plan.parameters() };
    if arguments.form.json {
        return output::json(&written);
    }
    output::print(&table::facts(&[
        ("weights", written.path.display().to_string()),
        ("family", written.family.to_string()),
        ("parameters", count(written.parameters as u64)),
    ]))
}

/// The file to write: that of `-o`, or the imported one's name, with the ending `.safetensors` if it has none of that kind.
fn output_path(arguments: &Import, file: &std::path::Path) -> PathBuf {
    let mut path = arguments.output.clone().unwrap_or_else(|| PathBuf::from(file.file_stem().unwrap_or_default()));
    if path.extension().is_none_or(|ending| ending != "safetensors") {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(".safetensors");
        path.set_file_name(name);
    }
    path
}
