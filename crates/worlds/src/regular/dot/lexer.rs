//! The words of DOT.

use super::FORM;
use crate::regular::RegularError;
use crate::regular::error::quoted;

/// A word of DOT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, a number, or text between quotes.
    Name(String),
    /// One of `{ } [ ] ; , = :`, `->` as `>`, `--` as `-`.
    Sign(char),
    /// Nothing is left.
    End,
}

/// Reads words, one ahead.
pub(super) struct Lexer<'t> {
    rest: &'t str,
    line: usize,
    next: Token,
    /// The line of `next`.
    next_line: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Result<Lexer<'t>, RegularError> {
        let mut lexer = Lexer { rest: text, line: 1, next: Token::End, next_line: 1 };
        lexer.advance()?;
        Ok(lexer)
    }

    pub(super) fn peek(&self) -> &Token {
        &self.next
    }

    /// The line of the next word.
    pub(super) fn place(&self) -> usize {
        self.next_line
    }

    /// The next word, which is then behind.
    pub(super) fn advance(&mut self) -> Result<Token, RegularError> {
        self.skip()?;
        self.next_line = self.line;
        let token = self.token()?;
        Ok(std::mem::replace(&mut self.next, token))
    }

    /// Whether this sign comes next; then it is behind.
    pub(super) fn take(&mut self, sign: char) -> Result<bool, RegularError> {
        let there = self.next == Token::Sign(sign);
        if there {
            self.advance()?;
        }
        Ok(there)
    }

    /// The name that has to come next.
    pub(super) fn name(&mut self, expected: &str) -> Result<String, RegularError> {
        match &self.next {
            Token::Name(_) => match self.advance()? {
                Token::Name(name) => Ok(name),
                _ => unreachable!("a name was seen"),
            },
            _ => Err(self.refuse(expected)),
        }
    }

    /// The error of a word that cannot come next.
    pub(super) fn refuse(&self, expected: &str) -> RegularError {
        let found = match &self.next {
            Token::Name(name) => quoted(name),
            Token::Sign('>') => "`->`".into(),
            Token::Sign('-') => "`--`".into(),
            Token::Sign(sign) => format!("`{sign}`"),
            Token::End => "the end".into(),
        };
        self.wrong(found, expected)
    }

    fn wrong(&self, found: String, expected: &str) -> RegularError {
        RegularError::Text { form: FORM, place: format!("line {}", self.next_line), found, expected: expected.into() }
    }

    /// Passes blanks and comments.
    fn skip(&mut self) -> Result<(), RegularError> {
        loop {
            let rest = self.rest.trim_start();
            self.pass(self.rest.len() - rest.len());
            let length = if rest.starts_with("//") || rest.starts_with('#') {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                self.next_line = self.line;
                rest.find("*/").map(|at| at + 2).ok_or_else(|| self.wrong("`/*`".into(), "`*/` after it"))?
            } else {
                return Ok(());
            };
            self.pass(length);
        }
    }

    fn pass(&mut self, length: usize) {
        let (passed, rest) = self.rest.split_at(length);
        self.line += passed.matches('\n').count();
        self.rest = rest;
    }

    fn token(&mut self) -> Result<Token, RegularError> {
        let Some(first) = self.rest.chars().next() else { return Ok(Token::End) };
        match first {
            '"' => self.text(),
            '{' | '}' | '[' | ']' | ';' | ',' | '=' | ':' => {
                self.pass(1);
                Ok(Token::Sign(first))
            }
            '-' if self.rest.starts_with("->") || self.rest.starts_with("--") => {
                let sign = if self.rest.starts_with("->") { '>' } else { '-' };
                self.pass(2);
                Ok(Token::Sign(sign))
            }
            c if c == '_' || c.is_alphanumeric() || c == '-' || c == '.' => {
                let inside = |c: char| c == '_' || c == '.' || c.is_alphanumeric();
                let rest = &self.rest[first.len_utf8()..];
                let length = first.len_utf8() + rest.find(|c| !inside(c)).unwrap_or(rest.len());
                let name = self.rest[..length].to_string();
                self.pass(length);
                Ok(Token::Name(name))
            }
            c => Err(self.wrong(quoted(&c.to_string()), "a name, a text between quotes, or one of `{ } [ ] ; , = ->`")),
        }
    }

    /// Text between quotes: `\"` is a quote, and `\` stays before anything else.
    fn text(&mut self) -> Result<Token, RegularError> {
        let (mut text, mut characters) = (String::new(), self.rest.char_indices().skip(1));
        while let Some((at, c)) = characters.next() {
            match c {
                '"' => {
                    self.pass(at + 1);
                    return Ok(Token::Name(text));
                }
                '\\' => match characters.next() {
                    Some((_, '"')) => text.push('"'),
                    Some((_, other)) => text.extend(['\\', other]),
                    None => {}
                },
                c => text.push(c),
            }
        }
        Err(self.wrong("`\"`".into(), "`\"` after it"))
    }
}
