//! Instructions that make numbers.

use super::*;

impl Machine<'_> {
    pub(super) fn number(&mut self, instruction: u8) -> Result<(), Fault> {
        match instruction {
            b'I' | b'L' => self.written_integer(),
            b'J' => self.array().and_then(|bytes| self.integer(i64::from(i32::from_le_bytes(bytes)))),
            b'K' => self.byte().and_then(|byte| self.integer(i64::from(byte))),
            b'M' => self.array().and_then(|bytes| self.integer(i64::from(u16::from_le_bytes(bytes)))),
            0x8a => self.byte().and_then(|length| self.long(u64::from(length))),
            0x8b => self.array().and_then(|bytes| self.long(u64::from(u32::from_le_bytes(bytes)))),
            b'F' => self.written_float(),
            _ => self.array().and_then(|bytes| self.make(Cell::Float(f64::from_be_bytes(bytes)))),
        }
    }

    fn integer(&mut self, value: i64) -> Result<(), Fault> {
        let cell = self.graph.integer(value, self.began, &mut self.budget)?;
        self.push(cell)
    }

    /// `I5`, `L5L`; `I00` and `I01` are False and True.
    fn written_integer(&mut self) -> Result<(), Fault> {
        let span = self.line_text()?;
        let text = self.utf8(span)?;
        match (self.source[self.began], text) {
            (b'I', "00") => return self.push(FALSE),
            (b'I', "01") => return self.push(TRUE),
            _ => {}
        }
        let digits = text.strip_suffix('L').unwrap_or(text);
        let value = digits.parse().map_err(|_| Fault(format!("`{}` is no integer of 64 bits", shown(text, 30))))?;
        self.integer(value)
    }

    fn written_float(&mut self) -> Result<(), Fault> {
        let span = self.line_text()?;
        let text = self.utf8(span)?;
        let value = text.parse().map_err(|_| Fault(format!("`{}` is no number", shown(text, 30))))?;
        self.make(Cell::Float(value))
    }

    /// Two's complement of any length, little-endian.
    fn long(&mut self, length: u64) -> Result<(), Fault> {
        let span = self.span(length)?;
        let bytes = self.slice(span);
        if bytes.len() > 8 {
            return self.make(Cell::Wide(span));
        }
        let negative = bytes.last().is_some_and(|byte| *byte >= 0x80);
        let mut whole = [if negative { 0xff } else { 0 }; 8];
        whole[..bytes.len()].copy_from_slice(bytes);
        self.integer(i64::from_le_bytes(whole))
    }
}
