//! What a recipe, and so a run and its folder, may be called.

/// The rule, for messages.
pub(crate) const ALLOWED: &str = "1 to 100 letters, digits, `-`, `_` or `.`, not beginning with `.`";

const LONGEST: usize = 100;

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.".contains(c)
}

/// Whether a run can have this name.
pub(crate) fn fits(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST && name.chars().all(is_allowed) && !name.starts_with('.')
}

/// A name that a run can have, near `name`.
pub(crate) fn near(name: &str) -> String {
    let allowed: String = name.chars().map(|c| if is_allowed(c) { c } else { '-' }).take(LONGEST).collect();
    let trimmed = allowed.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    if trimmed.is_empty() { "recipe".into() } else { trimmed.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_file_is_called_a_name_is_near() {
        for (given, name) in
            [("my recipe", "my-recipe"), ("\u{fffd}", "recipe"), ("", "recipe"), (".a/b", "a-b"), ("x", "x")]
        {
            assert_eq!(near(given), name);
        }
        assert!(fits(&near(&"ä".repeat(300))) && fits(&near(&"a".repeat(300))));
        assert!(!fits("") && !fits("a b") && !fits(".a") && !fits(&"a".repeat(101)) && fits(&"a".repeat(100)));
    }
}
