//! The stack machine.

use super::globals;
use super::graph::{Cell, EMPTY, EMPTY_TUPLE, FALSE, Graph, Kind, NONE, NOTHING, Parts, Span, TRUE};
use crate::foreign::Fault;
use crate::foreign::arena::Arena;
use crate::foreign::budget::Budget;
use crate::weights_file::shown;

mod containers;
mod numbers;
mod objects;
mod texts;

/// The newest protocol.
const PROTOCOL: u8 = 5;

pub(super) struct Machine<'a> {
    source: &'a [u8],
    /// The next byte.
    at: usize,
    /// The byte of the present instruction.
    began: usize,
    stack: Arena<u32>,
    /// Heights of the stack.
    marks: Arena<u32>,
    memo: Arena<u32>,
    graph: Graph,
    budget: Budget,
}

/// Runs a pickle to its end; gives its values, the place of the one that it leaves, and what memory is left.
pub(super) fn run(source: &[u8], mut budget: Budget) -> Result<(Graph, u32, Budget), Fault> {
    if u32::try_from(source.len()).is_err() {
        return Err(Fault(format!("is a pickle of {} bytes, of at most 2^32 - 1", source.len())));
    }
    let (stack, marks, memo, graph) = (Arena::new(), Arena::new(), Arena::new(), Graph::new(&mut budget)?);
    let mut machine = Machine { source, at: 0, began: 0, stack, marks, memo, graph, budget };
    let root = machine.run().map_err(|Fault(problem)| Fault(format!("at byte {}: {problem}", machine.began)))?;
    let Machine { stack, marks, memo, graph, mut budget, .. } = machine;
    [stack, marks, memo].into_iter().for_each(|list| list.free(&mut budget));
    graph.check(root, source.len(), &mut budget)?;
    Ok((graph, root, budget))
}

impl Machine<'_> {
    fn run(&mut self) -> Result<u32, Fault> {
        loop {
            self.began = self.at;
            match self.byte()? {
                b'.' => break,
                instruction => self.step(instruction)?,
            }
        }
        let root = self.pop()?;
        match self.source.len() - self.at {
            0 => Ok(root),
            rest => Err(Fault(format!("the pickle ends, and {rest} bytes follow"))),
        }
    }

    fn step(&mut self, instruction: u8) -> Result<(), Fault> {
        match instruction {
            0x80 => self.protocol(),
            0x95 => self.frame(),
            b'N' => self.push(NONE),
            0x89 => self.push(FALSE),
            0x88 => self.push(TRUE),
            b')' => self.push(EMPTY_TUPLE),
            b'(' => self.mark(),
            b'0' => self.drop_one(),
            b'1' => self.items().map(|start| self.truncate(start)),
            b'2' => self.top().and_then(|top| self.push(top)),
            b'I' | b'J' | b'K' | b'M' | b'L' | 0x8a | 0x8b | b'F' | b'G' => self.number(instruction),
            b'S' | b'T' | b'U' | b'V' | b'X' | 0x8c | 0x8d | b'B' | b'C' | 0x8e | 0x96 => self.text(instruction),
            b']' | b'}' | 0x8f | b'l' | b'd' | b't' | 0x91 | 0x85..=0x87 => self.container(instruction),
            b'a' | b'e' | b's' | b'u' | 0x90 => self.extend(instruction),
            b'c' | 0x93 | b'R' | 0x81 | 0x92 | b'i' | b'o' | b'b' | b'P' | b'Q' => self.object(instruction),
            b'p' | b'q' | b'r' | 0x94 | b'g' | b'h' | b'j' => self.remember(instruction),
            0x82..=0x84 => Err("asks for a registered extension, which stands in no file".into()),
            0x97 | 0x98 => Err("asks for a buffer outside the file".into()),
            other => Err(Fault(format!("{other:#04x} is no instruction of a pickle"))),
        }
    }

    fn protocol(&mut self) -> Result<(), Fault> {
        match self.byte()? {
            0..=PROTOCOL => Ok(()),
            other => Err(Fault(format!("is of protocol {other}, of at most {PROTOCOL}"))),
        }
    }

    /// A frame is a hint for reading ahead; its length has to be there.
    fn frame(&mut self) -> Result<(), Fault> {
        let length = u64::from_le_bytes(self.array()?);
        let left = self.source.len() - self.at;
        if length > left as u64 { Err(missing(length, left)) } else { Ok(()) }
    }

    fn remember(&mut self, instruction: u8) -> Result<(), Fault> {
        let index = match instruction {
            0x94 => self.memo.len() as u64,
            b'p' | b'g' => self.decimal()?,
            b'q' | b'h' => u64::from(self.byte()?),
            _ => u64::from(u32::from_le_bytes(self.array()?)),
        };
        match instruction {
            b'g' | b'h' | b'j' => self.recall(index),
            _ => self.memoise(index),
        }
    }

    fn recall(&mut self, index: u64) -> Result<(), Fault> {
        let known = u32::try_from(index).ok().and_then(|index| self.memo.get(index).copied());
        match known {
            Some(value) if value != NOTHING => self.push(value),
            _ => Err(Fault(format!("asks for entry {index} of the memo, which is not there"))),
        }
    }

    /// Every entry takes two bytes of the file or more, so no writer counts beyond its length.
    fn memoise(&mut self, index: u64) -> Result<(), Fault> {
        if index > self.source.len() as u64 {
            return Err(Fault(format!("writes entry {index} of the memo in a pickle of {} bytes", self.source.len())));
        }
        let top = self.top()?;
        while self.memo.len() as u64 <= index {
            self.memo.push(NOTHING, &mut self.budget)?;
        }
        self.memo[index as u32] = top;
        Ok(())
    }

    fn make(&mut self, cell: Cell) -> Result<(), Fault> {
        let cell = self.graph.add(cell, self.began, &mut self.budget)?;
        self.push(cell)
    }

    fn push(&mut self, cell: u32) -> Result<(), Fault> {
        self.stack.push(cell, &mut self.budget).map(|_| ())
    }

    fn mark(&mut self) -> Result<(), Fault> {
        self.marks.push(self.stack.len() as u32, &mut self.budget).map(|_| ())
    }

    /// The height of the stack at the last mark.
    fn floor(&self) -> usize {
        self.marks.len().checked_sub(1).map_or(0, |last| self.marks[last as u32] as usize)
    }

    fn top(&self) -> Result<u32, Fault> {
        if self.stack.len() > self.floor() {
            Ok(self.stack[self.stack.len() as u32 - 1])
        } else {
            Err("takes a value from the stack, which has none".into())
        }
    }

    fn pop(&mut self) -> Result<u32, Fault> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    /// Takes a value away, or else the mark below.
    fn drop_one(&mut self) -> Result<(), Fault> {
        if self.pop().is_err() { self.items().map(|_| ()) } else { Ok(()) }
    }

    /// Takes the last mark away; gives the height of the stack there.
    fn items(&mut self) -> Result<usize, Fault> {
        self.marks.pop().map(|start| start as usize).ok_or_else(|| "takes a mark from the stack, which has none".into())
    }

    fn truncate(&mut self, height: usize) {
        while self.stack.len() > height {
            self.stack.pop();
        }
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        self.array().map(|[byte]| byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let rest = &self.source[self.at..];
        let array = rest.first_chunk::<N>().ok_or_else(|| missing(N as u64, rest.len()))?;
        self.at += N;
        Ok(*array)
    }

    /// The next `length` bytes.
    fn span(&mut self, length: u64) -> Result<Span, Fault> {
        let left = self.source.len() - self.at;
        if length > left as u64 {
            return Err(missing(length, left));
        }
        let start = self.at;
        self.at += length as usize;
        Ok(Span { start: start as u32, end: self.at as u32 })
    }

    fn slice(&self, span: Span) -> &[u8] {
        &self.source[span.start as usize..span.end as usize]
    }

    /// The bytes up to the end of the line, which is skipped.
    fn line(&mut self) -> Result<Span, Fault> {
        let length = self.source[self.at..].iter().position(|byte| *byte == b'\n').ok_or("a line has no end")?;
        let span = self.span(length as u64)?;
        self.at += 1;
        Ok(span)
    }

    fn line_text(&mut self) -> Result<Span, Fault> {
        let span = self.line()?;
        self.utf8(span).map(|_| span)
    }

    fn utf8(&self, span: Span) -> Result<&str, Fault> {
        str::from_utf8(self.slice(span)).map_err(|_| "has a text that is not UTF-8".into())
    }

    fn decimal(&mut self) -> Result<u64, Fault> {
        let span = self.line_text()?;
        let text = self.utf8(span)?;
        text.parse().map_err(|_| Fault(format!("`{}` is no entry of the memo", shown(text, 30))))
    }
}

fn missing(wanted: u64, left: usize) -> Fault {
    Fault(format!("is cut off, or no pickle: {wanted} bytes are wanted where {left} are left"))
}
