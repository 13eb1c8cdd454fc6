//! The symbols of a language, and their order.

use super::RegularError;
use super::error::quoted;

/// The most symbols that an alphabet may have: sets of symbols are one machine word.
pub const MOST_SYMBOLS: usize = 64;
/// The longest name of a symbol, in characters.
const MOST_NAME: usize = 32;

/// 1 to 64 symbols in an order, which is the order of words of one length. A symbol is a character, or, where an automaton comes
/// from a file, a name without blanks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alphabet {
    names: Vec<String>,
    /// Whether every name is one character, so that words need no blanks between symbols.
    characters: bool,
}

impl Alphabet {
    /// The alphabet of these characters, in this order. Errors: none, more than 64, one twice, a control character.
    pub fn of_characters(text: &str) -> Result<Alphabet, RegularError> {
        Alphabet::new(text.chars().map(String::from).collect())
    }

    /// The alphabet of these names, in this order. Errors: none, more than 64, one twice, an empty or very long name, a control
    /// character, a blank in a name that is not one character.
    pub fn new(names: Vec<String>) -> Result<Alphabet, RegularError> {
        let refuse = |problem: String| {
            let shown: String = names.iter().take(MOST_SYMBOLS + 1).flat_map(|name| name.chars().take(2)).collect();
            Err(RegularError::Alphabet { alphabet: quoted(&shown), problem })
        };
        if names.is_empty() {
            return refuse(format!("0 symbols, 1 to {MOST_SYMBOLS} are allowed; name the symbols that words may have"));
        }
        if names.len() > MOST_SYMBOLS {
            return refuse(format!("{} symbols, 1 to {MOST_SYMBOLS} are allowed; name fewer", names.len()));
        }
        for (at, name) in names.iter().enumerate() {
            let length = name.chars().count();
            let shown = quoted(name);
            if length == 0 || length > MOST_NAME {
                return refuse(format!(
                    "the symbol {shown} is {length} characters long, 1 to {MOST_NAME} are allowed; give it another name"
                ));
            }
            if name.chars().any(|c| c.is_control() || length > 1 && c.is_whitespace()) {
                return refuse(format!("the symbol {shown} has a blank or a control character; leave that out"));
            }
            if names[..at].contains(name) {
                return refuse(format!("the symbol {shown} stands there twice; name each symbol once"));
            }
        }
        let characters = names.iter().all(|name| name.chars().count() == 1);
        Ok(Alphabet { names, characters })
    }

    /// How many symbols there are.
    #[allow(clippy::len_without_is_empty, reason = "no alphabet is empty")]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// The symbols' names, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The symbol of this name.
    pub fn symbol(&self, name: &str) -> Option<u16> {
        self.names.iter().position(|other| other == name).map(|at| at as u16)
    }

    /// The symbol that is this character.
    pub fn character(&self, c: char) -> Option<u16> {
        self.symbol(c.encode_utf8(&mut [0; 4]))
    }

    /// A word as it is written: symbols one after another, or with blanks between them where some name is longer than one
    /// character. The empty text is the empty word.
    pub fn word(&self, text: &str) -> Result<Vec<u16>, RegularError> {
        let mut buffer = [0; 4];
        if self.characters {
            text.chars().enumerate().map(|(at, c)| self.known(text, at, c.encode_utf8(&mut buffer))).collect()
        } else {
            self.tokens(text)
        }
    }

    /// A word whose symbols have blanks between them, whatever their names are.
    pub fn tokens(&self, text: &str) -> Result<Vec<u16>, RegularError> {
        text.split_whitespace().enumerate().map(|(at, name)| self.known(text, at, name)).collect()
    }

    fn known(&self, text: &str, at: usize, name: &str) -> Result<u16, RegularError> {
        self.symbol(name).ok_or_else(|| RegularError::Word {
            word: quoted(text),
            position: at + 1,
            found: quoted(name),
            alphabet: self.spelt(),
        })
    }

    /// The text of a word, which [`Alphabet::word`] reads. Panics on a symbol that is not in the alphabet.
    pub fn spell(&self, word: &[u16]) -> String {
        let names: Vec<&str> = word.iter().map(|symbol| self.names[usize::from(*symbol)].as_str()).collect();
        names.join(self.between())
    }

    /// The alphabet itself, as a word.
    pub fn spelt(&self) -> String {
        self.names.join(self.between())
    }

    fn between(&self) -> &'static str {
        if self.characters { "" } else { " " }
    }
}
