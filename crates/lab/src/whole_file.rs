//! Files that are written whole or not at all.
//!
//! The content goes to a new file in the same folder, reaches the disk, and takes the wanted name in one step. At any crash
//! the name stands for the old content or for the new one. What a killed process leaves behind begins with a dot and ends in
//! `.partial`; readers never look at it, and [`remove_leftovers`] removes it.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process;

use crate::LabError;

const ENDING: &str = ".partial";

/// Writes a file whole: `fill` gives its content. `action` says in an error what was attempted, such as `write the plan`.
/// The folder has to exist. A symbolic link at `path` is replaced, not followed.
///
/// # Errors
/// Whatever the system refuses. What was there before is then intact, and nothing new is left in the folder.
pub fn write(
    path: &Path,
    action: &'static str,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), LabError> {
    replace(path, fill).map_err(LabError::io(action, path))
}

/// Writes a file whole with the content `bytes`. See [`write()`].
pub fn write_bytes(path: &Path, action: &'static str, bytes: &[u8]) -> Result<(), LabError> {
    write(path, action, |file| file.write_all(bytes))
}

/// Removes what killed processes left in `folder`. Only for a folder in which nobody else writes.
///
/// # Errors
/// When the folder cannot be read or a leftover cannot be removed.
pub fn remove_leftovers(folder: &Path) -> Result<(), LabError> {
    let entries = fs::read_dir(folder).map_err(LabError::io("read the folder", folder))?;
    for entry in entries {
        let path = entry.map_err(LabError::io("read the folder", folder))?.path();
        if path.file_name().is_some_and(is_leftover) {
            fs::remove_file(&path).map_err(LabError::io("remove", &path))?;
        }
    }
    Ok(())
}

/// Makes the names of `folder` reach the disk. Systems other than Unix do it by themselves.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// The `number`-th name beside `path` for something unfinished.
pub(crate) fn unfinished(path: &Path, number: usize) -> io::Result<PathBuf> {
    let missing = || io::Error::new(io::ErrorKind::InvalidInput, "the path has no file name");
    let mut name = OsString::from(".");
    name.push(path.file_name().ok_or_else(missing)?);
    name.push(format!(".{}-{number}{ENDING}", process::id()));
    Ok(path.with_file_name(name))
}

fn replace(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let (mut partial, file) = Partial::create(path)?;
    let mut file = BufWriter::new(file);
    fill(&mut file)?;
    let file = file.into_inner().map_err(|error| error.into_error())?;
    file.sync_all()?;
    drop(file);
    fs::rename(&partial.path, path)?;
    partial.path.clear();
    sync_folder(folder_of(path))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn is_leftover(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(b".") && name.ends_with(ENDING.as_bytes())
}

/// A file under its first name, which is gone when this is dropped: taken away by the rename, or removed.
struct Partial {
    path: PathBuf,
}

impl Partial {
    /// A new file beside `path` under a name that nobody uses, other threads included.
    fn create(path: &Path) -> io::Result<(Partial, File)> {
        let mut number = 0;
        loop {
            let path = unfinished(path, number)?;
            match File::create_new(&path) {
                Ok(file) => return Ok((Partial { path }, file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After the rename the path is empty: its old name may by now be that of another thread's file. If removing fails,
        // `remove_leftovers` does it later.
        if !self.path.as_os_str().is_empty() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    fn names(folder: &Path) -> Vec<OsString> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn the_new_content_replaces_the_old() {
        let folder = Scratch::new("whole-replaces");
        let path = folder.path().join("a");
        for content in [&b"old"[..], b"", &[7; 100_000]] {
            write_bytes(&path, "write", content).unwrap();
            assert_eq!(fs::read(&path).unwrap(), content);
            assert_eq!(names(folder.path()), ["a"]);
        }
    }

    #[test]
    fn a_write_that_fails_changes_nothing() {
        let folder = Scratch::new("whole-fails");
        let path = folder.path().join("a");
        write_bytes(&path, "write", b"old").unwrap();
        for bytes in [0, 10, 100_000] {
            let error = write(&path, "write the test", |file| {
                file.write_all(&vec![1; bytes])?;
                Err(io::ErrorKind::StorageFull.into())
            });
            let text = error.unwrap_err().to_string();
            assert!(
                text.contains("cannot write the test") && text.contains("/a") && text.contains("free some space"),
                "{text}"
            );
            assert_eq!(fs::read(&path).unwrap(), b"old");
            assert_eq!(names(folder.path()), ["a"]);
        }
    }

    #[test]
    fn a_panic_while_writing_leaves_nothing() {
        let folder = Scratch::new("whole-panics");
        let path = folder.path().join("a");
        let result = std::panic::catch_unwind(|| write(&path, "write", |_| panic!("on purpose")));
        assert!(result.is_err() && names(folder.path()).is_empty());
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = write_bytes(Path::new("no-such-folder/a"), "write", b"").unwrap_err();
        assert!(error.to_string().contains("no-such-folder/a") && error.is_user_error(), "{error}");
        assert!(write_bytes(Path::new(".."), "write", b"").is_err());
    }

    #[test]
    fn leftovers_and_nothing_else_are_removed() {
        let folder = Scratch::new("whole-leftovers");
        for name in [".a.1-0.partial", "b", ".c", "d.partial"] {
            fs::write(folder.path().join(name), b"x").unwrap();
        }
        remove_leftovers(folder.path()).unwrap();
        let mut left = names(folder.path());
        left.sort();
        assert_eq!(left, [".c", "b", "d.partial"]);
    }

    #[cfg(unix)]
    #[test]
    fn any_bytes_are_a_path() {
        use std::os::unix::ffi::OsStrExt;
        let folder = Scratch::new("whole-bytes");
        let path = folder.path().join(OsStr::from_bytes(b"\xff\xfe"));
        write_bytes(&path, "write", b"x").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"x");
    }
}
