//! Instructions that make texts and bytes.

use super::*;

impl Machine<'_> {
    pub(super) fn text(&mut self, instruction: u8) -> Result<(), Fault> {
        match instruction {
            b'S' => self.quoted(),
            b'V' => self.escaped(),
            _ => {
                let span = self.counted(instruction)?;
                match instruction {
                    b'X' | 0x8c | 0x8d => self.utf8(span).map(|_| ())?,
                    b'T' | b'U' => return self.old(span),
                    _ => return self.make(Cell::Bytes(span)),
                }
                self.make(Cell::Text(span))
            }
        }
    }

    /// The bytes of an instruction that tells their number in 1, 4 or 8 bytes.
    fn counted(&mut self, instruction: u8) -> Result<Span, Fault> {
        let length = match instruction {
            b'U' | b'C' | 0x8c => u64::from(self.byte()?),
            b'T' | b'B' | b'X' => u64::from(u32::from_le_bytes(self.array()?)),
            _ => u64::from_le_bytes(self.array()?),
        };
        self.span(length)
    }

    /// What Python 2 called a string: a text if it is one.
    fn old(&mut self, span: Span) -> Result<(), Fault> {
        let is_text = self.utf8(span).is_ok();
        self.make(if is_text { Cell::Text(span) } else { Cell::Bytes(span) })
    }

    /// `'text'` of Python 2.
    fn quoted(&mut self) -> Result<(), Fault> {
        let Span { start, end } = self.line()?;
        let inner = match self.slice(Span { start, end }) {
            [b'\'', .., b'\''] | [b'"', .., b'"'] => Span { start: start + 1, end: end - 1 },
            _ => return Err("has a string without quotes".into()),
        };
        if self.slice(inner).contains(&b'\\') {
            return Err("has an escaped string of Python 2; write the file with protocol 2 or newer".into());
        }
        self.old(inner)
    }

    /// Latin-1 with `\uXXXX` and `\UXXXXXXXX`.
    fn escaped(&mut self) -> Result<(), Fault> {
        let span = self.line()?;
        if self.slice(span).iter().all(|byte| byte.is_ascii() && *byte != b'\\') {
            return self.make(Cell::Text(span));
        }
        // A character of Latin-1 takes two bytes, and while a text grows the old one is held, too.
        let most = 3 * (span.end - span.start) as usize;
        self.budget.take(most, 1)?;
        let text = unescape(self.slice(span))?.into_boxed_str();
        self.budget.give_back(most - text.len(), 1);
        let place = self.graph.texts.push(text, &mut self.budget)?;
        self.make(Cell::Decoded(place))
    }
}

fn unescape(mut bytes: &[u8]) -> Result<String, Fault> {
    let mut text = String::with_capacity(2 * bytes.len());
    while let Some((first, rest)) = bytes.split_first() {
        let digits = match (first, rest.first()) {
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            _ => 0,
        };
        if digits == 0 {
            text.push(char::from(*first));
            bytes = rest;
            continue;
        }
        let written = rest.get(1..1 + digits).and_then(|digits| str::from_utf8(digits).ok());
        let code = written.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        text.push(code.and_then(char::from_u32).ok_or("has a text with an escape that is no character")?);
        bytes = &rest[1 + digits..];
    }
    Ok(text)
}
