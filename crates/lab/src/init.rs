//! Where the weights lie that a key such as `training.init` names.

use std::path::Path;

use crate::{LabError, Record};

/// The path of the weights that a user calls `given`, as the value of `key`: a file, the folder of a run, or the name of a run in `runs`.
///
/// # Errors
/// When it is none of them; the text names the runs that are there.
pub(crate) fn path(key: &str, given: &str, runs: &Path) -> Result<String, LabError> {
    let path = Path::new(given);
    if path.is_file() || Record::at(path).is_some() {
        return Ok(given.to_string());
    }
    let inside = runs.join(path);
    if Record::at(&inside).is_some() {
        return inside.into_os_string().into_string().map_err(|path| not_unicode(key, &path.to_string_lossy()));
    }
    Err(refused(key, given, path, runs))
}

fn refused(key: &str, given: &str, path: &Path, runs: &Path) -> LabError {
    let what = match path {
        path if path.is_dir() => "is a folder without the plan of a run",
        path if path.exists() => "is a pipe or a device",
        _ => "cannot be found",
    };
    // The runs inside a folder of runs are what is meant by it.
    let folder = if path.is_dir() { path } else { runs };
    let names: Vec<String> =
        Record::list(folder).unwrap_or_default().iter().map(|r| r.path().display().to_string()).collect();
    let known = match names.len() {
        0 => format!("there is none in {}", folder.display()),
        1..=5 => format!("there are {}", names.join(", ")),
        more => format!("there are {} and {} more", names[..5].join(", "), more - 5),
    };
    let remedy = format!(
        "give a .safetensors, .npz or .pt file, the folder of a run, or the name of a run in {}",
        runs.display()
    );
    LabError::value(key, format!("{given:?}"), format!("{what}; of runs {known}"), remedy)
}

fn not_unicode(key: &str, path: &str) -> LabError {
    let allowed = "a plan is Unicode text, and the folder of the runs has another name";
    LabError::value(key, format!("{path:?}"), allowed, "rename the folder, or give the path of a copy")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn weights_are_found_by_path_and_by_name_and_else_runs_are_named() {
        let folder = Scratch::new("init");
        let runs = folder.path().join("runs");
        Record::create(&runs, "one-s1", "a plan").unwrap();
        let file = folder.path().join("weights.safetensors");
        std::fs::write(&file, "").unwrap();
        let text = |path: &Path| path.to_str().unwrap().to_string();
        let found = |given: &str| path("training.init", given, &runs);
        assert_eq!(found("one-s1").unwrap(), text(&runs.join("one-s1")));
        for path in [&file, &runs.join("one-s1")] {
            assert_eq!(found(&text(path)).unwrap(), text(path));
        }
        for (given, part) in
            [("two-s1", "cannot be found"), (&text(&runs), "without the plan"), ("/dev/null", "device")]
        {
            let message = found(given).unwrap_err().to_string();
            assert!(message.contains(part) && message.contains("one-s1") && message.contains(given), "{message}");
        }
        let nothing = path("training.init", "x", &folder.path().join("none")).unwrap_err().to_string();
        assert!(nothing.contains("there is none in"), "{nothing}");
    }
}
