//! The recipes that are built in.

use std::borrow::Cow;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::{Carried, LabError, is_weights, plan};

macro_rules! built_in {
    ($($name:literal,)*) => {
        /// Name and text of every recipe that is built in, in the order in which to try them.
        pub const BUILT_IN: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../../recipes/", $name, ".toml"))),)*];
    };
}

built_in! {
    "markov-10",
    "markov-100",
    "markov-100-sparse75",
    "modular-113",
    "adders/1128p",
    "adders/959p",
    "adders/896p",
    "adders/763p",
    "adders/582p",
    "adders/512p",
    "adders/491p",
    "adders/456p",
    "adders/311p",
    "adders/311p-tuned",
    "adders/262p",
    "adders/122p",
    "adders/67p",
    "regular/a-plus",
    "regular/a-star-b-star",
    "regular/a-or-b-plus",
    "regular/ab",
    "regular/a-plus-b-plus",
    "sequence/copy",
    "sequence/reversal",
    "sequence/sort",
    "sequence/induction",
    "sequence/recall",
    "memorise/level-1",
    "memorise/level-2",
    "memorise/five-minute",
    "memorise/questions",
    "text/copilot",
    "text/shakespeare",
    "text/shakespeare-pairs",
    "text/tinytalks",
    "lessons/whole",
    "lessons/order-2",
    "lessons/chain",
    "lessons/reversal",
    "lessons/modular-31",
    "lessons/words",
    "published/nanomarkov-mm10",
    "published/nanomarkov-mm100",
    "published/nanomarkov-mm1000",
    "published/nanomarkov-mm100-sparse75",
    "published/nanomarkov-mm1000-sparse75",
    "published/nanomarkov-c1",
    "published/nanomarkov-c2",
    "published/nanomarkov-c3",
    "published/nanomarkov-c4",
    "published/nanomarkov-c5",
    "published/nanomarkov-c6",
    "published/nanomarkov-c7",
    "published/nanomarkov-c8",
    "published/nanomarkov-c9",
    "published/nanomarkov-c10",
    "published/nanomarkov-c11",
    "published/nanomarkov-c12",
    "published/nanomarkov-c12-counts",
}

/// The text of the recipe of that name that is built in.
pub fn built_in(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// A recipe or plan has at most so many bytes.
const LONGEST: u64 = 1 << 20;

/// The text of the recipe of that name that is built in, or if there is none, of the file `name`: what a name means depends on no
/// folder. `./NAME` is the file of a name that is built in. Of a file of weights it is the plan that it carries.
///
/// # Errors
/// Neither; weights without a plan; what is no file (it is not opened, so nothing waits for a pipe); a file that is too long, or not UTF-8.
pub(crate) fn text(name: &Path) -> Result<Cow<'static, str>, LabError> {
    let refuse = |problem: String| LabError::File {
        path: name.into(),
        problem,
        remedy: format!("give the file of a recipe, or one that is built in: {}", names().join(", ")),
    };
    if let Some(text) = name.to_str().and_then(built_in) {
        return Ok(Cow::Borrowed(text));
    }
    match fs::metadata(name) {
        Ok(found) if found.is_dir() => Err(refuse("is a folder, not a recipe".into())),
        Ok(found) if !found.is_file() => Err(refuse("is a pipe or a device, not a file".into())),
        Ok(_) if is_weights(name) => match Carried::of(name)? {
            Some(Carried { plan, .. }) if plan::is_plan(&plan) => Ok(Cow::Owned(plan)),
            _ => Err(refuse("is a file of weights that carries no plan, and no recipe".into())),
        },
        Ok(found) if found.len() > LONGEST => {
            Err(refuse(format!("has {} bytes, and a recipe has at most {LONGEST}", found.len())))
        }
        Ok(_) => fs::read_to_string(name).map(Cow::Owned).map_err(LabError::io("read", name)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(LabError::NoRecipe { name: name.to_string_lossy().into_owned(), known: names() })
        }
        Err(error) => Err(refuse(format!("cannot be read: {error}"))),
    }
}

fn names() -> Vec<String> {
    BUILT_IN.iter().map(|(name, _)| name.to_string()).collect()
}
