//! Words as people write them: what begins and ends a sequence is no text.

use super::Words;
use crate::Spelling;

impl Spelling for Words {
    fn spell(&self, tokens: &[u16]) -> String {
        let symbols: Vec<u16> = tokens.iter().copied().filter(|token| *token < self.end()).collect();
        self.machine.alphabet().spell(&symbols)
    }

    fn read(&self, text: &str) -> Result<Vec<u16>, String> {
        self.machine.alphabet().word(text).map_err(|error| error.to_string())
    }
}
