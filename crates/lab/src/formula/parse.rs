//! From text to a formula, by recursive descent.

use super::{Argument, Kind, Node};

/// The most characters of a formula.
const LONGEST: usize = 100_000;

/// The most brackets and signs around a part.
const DEEPEST: usize = 50;

pub(super) fn parse(text: &str) -> Result<Node, String> {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() > LONGEST {
        return Err(format!("it has {} characters; a formula has at most {LONGEST}", characters.len()));
    }
    let mut parser = Parser { characters, at: 0, depth: 0 };
    let node = parser.sum()?;
    match parser.peek() {
        None => Ok(node),
        Some(_) => Err(parser.expected("an operator or the end")),
    }
}

struct Parser {
    characters: Vec<char>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn sum(&mut self) -> Result<Node, String> {
        let mut left = self.product()?;
        while let Some(sign @ ('+' | '-')) = self.peek() {
            let column = self.at + 1;
            self.at += 1;
            let right = self.product()?;
            let right = if sign == '-' { Node { column, kind: Kind::Negative(Box::new(right)) } } else { right };
            left = Node { column, kind: Kind::Sum(Box::new(left), Box::new(right)) };
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Node, String> {
        let mut left = self.factor()?;
        while self.peek() == Some('*') {
            let column = self.at + 1;
            self.at += 1;
            let right = self.factor()?;
            left = Node { column, kind: Kind::Product(Box::new(left), Box::new(right)) };
        }
        Ok(left)
    }

    fn factor(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("column {}: more than {DEEPEST} brackets and signs around it", self.at + 1));
        }
        let node = self.factor_inside();
        self.depth -= 1;
        node
    }

    fn factor_inside(&mut self) -> Result<Node, String> {
        let next = self.peek();
        let column = self.at + 1;
        match next {
            Some('-') => {
                self.at += 1;
                Ok(Node { column, kind: Kind::Negative(Box::new(self.factor()?)) })
            }
            Some('(') => {
                self.at += 1;
                let inner = self.sum()?;
                self.require(')')?;
                Ok(inner)
            }
            Some(c) if c.is_ascii_digit() || c == '.' => self.number(),
            Some(c) if starts_name(c) => {
                let name = self.name();
                match self.peek() {
                    Some('(') => self.call(column, name),
                    _ => Ok(Node { column, kind: Kind::Name(name) }),
                }
            }
            _ => Err(self.expected("a number, a weight, a function or `(`")),
        }
    }

    fn call(&mut self, column: usize, name: String) -> Result<Node, String> {
        self.require('(')?;
        let mut arguments = Vec::new();
        while self.peek() != Some(')') {
            if !arguments.is_empty() {
                self.require(',')?;
            }
            arguments.push(self.argument()?);
        }
        self.require(')')?;
        Ok(Node { column, kind: Kind::Call(name, arguments) })
    }

    fn argument(&mut self) -> Result<Argument, String> {
        self.peek();
        let start = self.at;
        if self.peek().is_some_and(starts_name) {
            let name = self.name();
            if self.peek() == Some('=') {
                self.at += 1;
                return Ok(Argument { name: Some(name), node: self.sum()? });
            }
            self.at = start;
        }
        Ok(Argument { name: None, node: self.sum()? })
    }

    fn number(&mut self) -> Result<Node, String> {
        let column = self.at + 1;
        let digits = |parser: &mut Parser| {
            while parser.characters.get(parser.at).is_some_and(|c| c.is_ascii_digit() || *c == '.') {
                parser.at += 1;
            }
        };
        digits(self);
        if matches!(self.characters.get(self.at), Some('e' | 'E')) {
            let sign = matches!(self.characters.get(self.at + 1), Some('+' | '-'));
            self.at += 1 + usize::from(sign);
            digits(self);
        }
        let text: String = self.characters[column - 1..self.at].iter().collect();
        match text.parse::<f64>() {
            Ok(x) if (x as f32).is_finite() => Ok(Node { column, kind: Kind::Number(x) }),
            _ => Err(format!("column {column}: `{text}` is no number in the range of f32")),
        }
    }

    fn name(&mut self) -> String {
        let start = self.at;
        while self.characters.get(self.at).is_some_and(|c| starts_name(*c) || c.is_ascii_digit() || *c == '.') {
            self.at += 1;
        }
        self.characters[start..self.at].iter().collect()
    }

    /// The next character that is no space.
    fn peek(&mut self) -> Option<char> {
        while self.characters.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
        self.characters.get(self.at).copied()
    }

    fn require(&mut self, wanted: char) -> Result<(), String> {
        if self.peek() != Some(wanted) {
            return Err(self.expected(&format!("`{wanted}`")));
        }
        self.at += 1;
        Ok(())
    }

    fn expected(&mut self, what: &str) -> String {
        let found = self.peek().map_or("the end".into(), |c| format!("`{}`", c.escape_debug()));
        format!("column {}: {found} where {what} was expected", self.at + 1)
    }
}

fn starts_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}
