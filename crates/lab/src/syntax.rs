//! Whether a text is a program.

mod python;

use infimum_worlds::strings::Syntax;

/// Whether `text` is a whole program of the language. Its time is that of reading it once, in proportion to its length.
pub(crate) fn is_valid(syntax: Syntax, text: &str) -> bool {
    match syntax {
        Syntax::Python => python::is_program(text),
    }
}
