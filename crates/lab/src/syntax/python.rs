//! Programs of Python, by Ruff's parser. Only their grammar is looked at, as by CPython's `ast.parse`: names need not exist, and
//! `return` may stand anywhere.

use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{Mode, lexer, parse_module};

/// Brackets that may be open at once. CPython reads as many, and the parser calls itself for each.
const MOST_OPEN: usize = 200;

/// Whether `text` is a program; nothing at all is one, too.
pub(super) fn is_program(text: &str) -> bool {
    most_open(text) <= MOST_OPEN && parse_module(text).is_ok()
}

/// The most brackets that are open at once.
fn most_open(text: &str) -> usize {
    let mut lexer = lexer::lex(text, Mode::Module);
    let (mut open, mut most) = (0_usize, 0);
    loop {
        match lexer.next_token() {
            TokenKind::EndOfFile => return most,
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => open += 1,
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
}

#[cfg(test)]
mod tests;
