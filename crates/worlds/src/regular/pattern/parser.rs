//! Reads patterns: each function is for what binds tighter than the one before.

use std::collections::BTreeSet;

use super::{MOST_CHARACTERS, MOST_NESTING, MOST_REPETITIONS, Tree};
use crate::regular::{Alphabet, RegularError};

/// Characters that mean something, and need `\` to be symbols.
const SPECIAL: &str = "\\|&~*+?{}()[].^$";
const AN_ITEM: &str = "a symbol, `.`, `(`, `[` or `~`";

pub(super) fn parse(text: &str, alphabet: &Alphabet) -> Result<Tree, RegularError> {
    let mut parser = Parser::new(text, Some(alphabet))?;
    parser.whole()
}

/// The symbols that a pattern names.
pub(super) fn named(text: &str) -> Result<BTreeSet<char>, RegularError> {
    let mut parser = Parser::new(text, None)?;
    parser.whole()?;
    Ok(parser.named)
}

struct Parser<'a> {
    characters: Vec<char>,
    at: usize,
    /// Without one, every character is taken for a symbol and the tree means nothing.
    alphabet: Option<&'a Alphabet>,
    named: BTreeSet<char>,
    open: usize,
}

/// A tree and how deep it is.
struct Deep {
    tree: Tree,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &str, alphabet: Option<&'a Alphabet>) -> Result<Parser<'a>, RegularError> {
        let length = text.chars().take(MOST_CHARACTERS + 1).count();
        if length > MOST_CHARACTERS {
            let (what, size) = ("the length of the pattern, in characters,", text.chars().count());
            return Err(RegularError::limit(what, size, MOST_CHARACTERS as u64, "write a shorter one"));
        }
        Ok(Parser { characters: text.chars().collect(), at: 0, alphabet, named: BTreeSet::new(), open: 0 })
    }

    fn whole(&mut self) -> Result<Tree, RegularError> {
        let Deep { tree, .. } = self.union()?;
        match self.peek() {
            None => Ok(tree),
            Some(_) => self.refuse(&format!("{AN_ITEM}, `|`, `&` or the end")),
        }
    }

    fn union(&mut self) -> Result<Deep, RegularError> {
        self.list('|', Parser::intersection, Tree::Union)
    }

    fn intersection(&mut self) -> Result<Deep, RegularError> {
        self.list('&', Parser::sequence, Tree::Intersection)
    }

    /// One or several `part`s with a sign between them.
    fn list(
        &mut self,
        sign: char,
        part: fn(&mut Self) -> Result<Deep, RegularError>,
        node: fn(Vec<Tree>) -> Tree,
    ) -> Result<Deep, RegularError> {
        let first = part(self)?;
        if self.peek() != Some(sign) {
            return Ok(first);
        }
        let (mut trees, mut depth) = (vec![first.tree], first.depth);
        while self.take(sign) {
            let next = part(self)?;
            depth = depth.max(next.depth);
            trees.push(next.tree);
        }
        self.deeper(node(trees), depth)
    }

    fn sequence(&mut self) -> Result<Deep, RegularError> {
        let (mut trees, mut depth) = (Vec::new(), 0);
        while !matches!(self.peek(), None | Some('|' | '&' | ')')) {
            let next = self.item()?;
            depth = depth.max(next.depth);
            trees.push(next.tree);
        }
        if trees.len() == 1 {
            return Ok(Deep { tree: trees.remove(0), depth });
        }
        self.deeper(Tree::Sequence(trees), depth)
    }

    fn item(&mut self) -> Result<Deep, RegularError> {
        if !self.take('~') {
            return self.repeated();
        }
        self.enter()?;
        if matches!(self.peek(), None | Some('|' | '&' | ')')) {
            return self.refuse(AN_ITEM);
        }
        let Deep { tree, depth } = self.item()?;
        self.open -= 1;
        self.deeper(Tree::Complement(Box::new(tree)), depth)
    }

    fn repeated(&mut self) -> Result<Deep, RegularError> {
        let mut found = self.atom()?;
        while let Some((least, most)) = self.quantifier()? {
            // Asks for a shorter match, which whole words do not have.
            self.take('?');
            found = self.deeper(Tree::Repetition(Box::new(found.tree), least, most), found.depth)?;
        }
        Ok(found)
    }

    fn quantifier(&mut self) -> Result<Option<(u32, Option<u32>)>, RegularError> {
        let simple = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => return self.counted().map(Some),
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(simple))
    }

    /// `{3}`, `{3,}` or `{3,5}`.
    fn counted(&mut self) -> Result<(u32, Option<u32>), RegularError> {
        self.at += 1;
        let least = self.number()?;
        let most = match self.peek() {
            Some('}') => Some(least),
            Some(',') => {
                self.at += 1;
                if self.peek() == Some('}') { None } else { Some(self.number_from(least)?) }
            }
            _ => return self.refuse("a digit, `,` or `}`"),
        };
        if !self.take('}') {
            return self.refuse("a digit or `}`");
        }
        Ok((least, most))
    }

    fn number_from(&mut self, least: u32) -> Result<u32, RegularError> {
        let start = self.at;
        let most = self.number()?;
        if most < least {
            self.at = start;
            return self.refuse(&format!("a number from {least} up"));
        }
        Ok(most)
    }

    fn number(&mut self) -> Result<u32, RegularError> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        let digits: String = self.characters[start..self.at].iter().collect();
        if digits.is_empty() {
            return self.refuse(&format!("a number, 0 to {MOST_REPETITIONS}"));
        }
        match digits.parse().ok().filter(|number| *number <= MOST_REPETITIONS) {
            Some(number) => Ok(number),
            None => {
                let what = format!("the repetition at column {}", start + 1);
                let remedy = "lower it, or nest two repetitions";
                Err(RegularError::limit(what, digits, u64::from(MOST_REPETITIONS), remedy))
            }
        }
    }

    fn atom(&mut self) -> Result<Deep, RegularError> {
        match self.peek() {
            Some('(') => self.group(),
            Some('[') => self.class(),
            Some('.') => {
                self.at += 1;
                Ok(symbols(self.all()))
            }
            Some('^' | '$') => self.refuse(&format!(
                "{AN_ITEM}: a pattern always is for whole words, so leave it out, or put `\\` before it if it is a symbol"
            )),
            Some('\\') => self.escaped().and_then(|c| self.set_of(c, self.at - 1)).map(symbols),
            Some(c) if !SPECIAL.contains(c) => {
                self.at += 1;
                self.set_of(c, self.at - 1).map(symbols)
            }
            _ => self.refuse(&format!("{AN_ITEM} (`\\` makes a symbol of a sign)")),
        }
    }

    fn group(&mut self) -> Result<Deep, RegularError> {
        self.enter()?;
        let opened = self.at;
        self.at += 1;
        let inner = self.union()?;
        if !self.take(')') {
            return self.refuse(&format!("`)` for the `(` at column {}", opened + 1));
        }
        self.open -= 1;
        self.deeper(inner.tree, inner.depth)
    }

    /// `[ab]`, `[a-f]`, `[^a]`.
    fn class(&mut self) -> Result<Deep, RegularError> {
        let opened = self.at;
        self.at += 1;
        let others = self.take('^');
        let mut set = 0;
        if self.peek() == Some(']') {
            return self.refuse("a symbol: a class names at least one (for a language without words write `~(.*)`)");
        }
        while !self.take(']') {
            if self.peek().is_none() {
                return self.refuse(&format!("`]` for the `[` at column {}", opened + 1));
            }
            set |= self.range()?;
        }
        Ok(symbols(if others { self.all() & !set } else { set }))
    }

    /// A symbol of a class, or all from one to another.
    fn range(&mut self) -> Result<u64, RegularError> {
        let (at, first) = (self.at, self.class_symbol()?);
        let set = self.set_of(first, at)?;
        if self.peek() != Some('-') {
            return Ok(set);
        }
        self.at += 1;
        let (at, last) = (self.at, self.class_symbol()?);
        if last < first {
            self.at = at;
            return self.refuse(&format!("a symbol that is not before `{first}`"));
        }
        let ends = set | self.set_of(last, at)?;
        let Some(alphabet) = self.alphabet else {
            // As many as an alphabet has and one more say enough.
            self.named.extend((first..=last).take(crate::regular::MOST_SYMBOLS + 1));
            return Ok(ends);
        };
        let inside = |name: &String| name.chars().next().is_some_and(|c| (first..=last).contains(&c));
        let symbols = alphabet.names().iter().enumerate();
        Ok(symbols.filter(|(_, name)| inside(name)).fold(ends, |set, (symbol, _)| set | 1 << symbol))
    }

    fn class_symbol(&mut self) -> Result<char, RegularError> {
        match self.peek() {
            Some('\\') => self.escaped(),
            Some(c) if !"[]^-".contains(c) => {
                self.at += 1;
                Ok(c)
            }
            _ => self.refuse("a symbol of the class (`\\` makes one of `[ ] ^ - \\`)"),
        }
    }

    /// The character after `\`.
    fn escaped(&mut self) -> Result<char, RegularError> {
        self.at += 1;
        match self.peek() {
            Some(c) if !c.is_alphanumeric() => {
                self.at += 1;
                Ok(c)
            }
            _ => self.refuse("a sign after `\\`: letters and digits are symbols as they are"),
        }
    }

    /// The set of one symbol, which stands at `at`.
    fn set_of(&mut self, c: char, at: usize) -> Result<u64, RegularError> {
        let Some(alphabet) = self.alphabet else {
            self.named.insert(c);
            return Ok(0);
        };
        match alphabet.character(c) {
            Some(symbol) => Ok(1 << symbol),
            None => Err(RegularError::NotInAlphabet { column: at + 1, symbol: c, alphabet: alphabet.spelt() }),
        }
    }

    fn all(&self) -> u64 {
        self.alphabet.map_or(0, |alphabet| u64::MAX >> (64 - alphabet.len()))
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn take(&mut self, c: char) -> bool {
        let there = self.peek() == Some(c);
        self.at += usize::from(there);
        there
    }

    /// Before what is inside a group or a complement.
    fn enter(&mut self) -> Result<(), RegularError> {
        self.open += 1;
        self.shallow(self.open)
    }

    fn deeper(&self, tree: Tree, depth: usize) -> Result<Deep, RegularError> {
        self.shallow(depth + 1).map(|()| Deep { tree, depth: depth + 1 })
    }

    fn shallow(&self, depth: usize) -> Result<(), RegularError> {
        if depth <= MOST_NESTING {
            return Ok(());
        }
        let what = format!("the nesting at column {}", self.at + 1);
        let size = format!("more than {MOST_NESTING} deep");
        Err(RegularError::limit(what, size, MOST_NESTING as u64, "write it with fewer groups in groups"))
    }

    fn refuse<T>(&self, expected: &str) -> Result<T, RegularError> {
        let found = self.peek().map_or("the end".into(), |c| format!("`{}`", c.escape_debug()));
        Err(RegularError::Pattern { column: self.at + 1, found, expected: expected.into() })
    }
}

fn symbols(set: u64) -> Deep {
    Deep { tree: Tree::Symbol(set), depth: 1 }
}
