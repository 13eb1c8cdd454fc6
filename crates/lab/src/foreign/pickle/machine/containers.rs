//! Instructions that make and fill lists, tuples, sets and dicts.

use super::*;

impl Machine<'_> {
    pub(super) fn container(&mut self, instruction: u8) -> Result<(), Fault> {
        let start = match instruction {
            b']' | b'}' | 0x8f => self.stack.len(),
            0x85..=0x87 => self.last(usize::from(instruction - 0x84))?,
            _ => self.items()?,
        };
        let cell = match instruction {
            b']' | b'l' => Cell::list(),
            0x8f | 0x91 => Cell::set(),
            b'}' | b'd' => Cell::dict(),
            _ => Cell::tuple(),
        };
        let container = self.graph.add(cell, self.began, &mut self.budget)?;
        self.fill(container, start)?;
        self.push(container)
    }

    /// The height of the stack below its last `count` values.
    fn last(&self, count: usize) -> Result<usize, Fault> {
        let start = self.stack.len().checked_sub(count).filter(|start| *start >= self.floor());
        start.ok_or_else(|| Fault(format!("takes {count} values from the stack, which has fewer")))
    }

    /// Moves the values above `start` into a container.
    pub(super) fn fill(&mut self, container: u32, start: usize) -> Result<(), Fault> {
        if self.graph.is_mapping(container) && (self.stack.len() - start) % 2 == 1 {
            return Err("gives a dict a key without a value".into());
        }
        for place in start..self.stack.len() {
            self.graph.append(container, self.stack[place as u32], &mut self.budget)?;
        }
        self.truncate(start);
        Ok(())
    }

    pub(super) fn extend(&mut self, instruction: u8) -> Result<(), Fault> {
        let start = match instruction {
            b'a' => self.last(1)?,
            b's' => self.last(2)?,
            _ => self.items()?,
        };
        if start <= self.floor() {
            return Err("adds to a container, where none is on the stack".into());
        }
        let container = self.stack[start as u32 - 1];
        let takes = match (self.graph.cells[container], instruction) {
            (_, b's' | b'u') => self.graph.is_mapping(container),
            (Cell::Sequence(Kind::List, _), b'a' | b'e') | (Cell::Sequence(Kind::Set, _), 0x90) => true,
            (Cell::Object(_), _) => !self.graph.is_mapping(container),
            _ => false,
        };
        if takes { self.fill(container, start) } else { Err("adds to a value of another kind".into()) }
    }
}
