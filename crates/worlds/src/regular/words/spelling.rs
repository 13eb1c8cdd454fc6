//! Words as people write them: what begins a sequence is no text, nor is its end and what comes after.

use super::Words;
use crate::Spelling;

impl Spelling for Words {
    fn spell(&self, tokens: &[u16]) -> String {
        let before_end = tokens.iter().copied().take_while(|token| *token != self.end());
        let symbols: Vec<u16> = before_end.filter(|token| *token < self.end()).collect();
        self.machine.alphabet().spell(&symbols)
    }

    fn read(&self, text: &str) -> Result<Vec<u16>, String> {
        self.machine.alphabet().word(text).map_err(|error| error.to_string())
    }
}
