//! The values of a pickle as cells of a flat graph.

use super::globals;
use crate::foreign::Fault;
use crate::foreign::arena::Arena;
use crate::foreign::budget::Budget;

/// The deepest that a value may be nested.
pub const DEPTH: usize = 128;
/// How many values a pickle may unfold to for each of its bytes, if what is shared were copied; 65,536 are always allowed.
pub const UNFOLDED: u64 = 64;
const UNFOLDED_ALWAYS: u64 = 1 << 16;

/// No link, or no value.
pub(super) const NOTHING: u32 = u32::MAX;

pub(super) const NONE: u32 = 0;
pub(super) const FALSE: u32 = 1;
pub(super) const TRUE: u32 = 2;
pub(super) const EMPTY_TUPLE: u32 = 3;
/// Where the integers 0 to 255 begin.
const BYTES: u32 = 4;

/// Bytes of the pickle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// A chain of links.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    pub(super) first: u32,
    last: u32,
}

pub(super) const EMPTY: Chain = Chain { first: NOTHING, last: NOTHING };

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    List,
    Tuple,
    Set,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Cell {
    None,
    Bool(bool),
    Int(i64),
    /// Two's complement, little-endian.
    Wide(Span),
    Float(f64),
    /// UTF-8, checked.
    Text(Span),
    /// The place of a text that does not stand in the file as it is.
    Decoded(u32),
    Bytes(Span),
    Sequence(Kind, Chain),
    /// Keys and values in turn.
    Dict(Chain),
    Global(u8),
    /// The place of its parts.
    Object(u32),
    /// The value that identifies it.
    Persistent(u32),
}

impl Cell {
    pub(super) fn list() -> Cell {
        Cell::Sequence(Kind::List, EMPTY)
    }

    pub(super) fn tuple() -> Cell {
        Cell::Sequence(Kind::Tuple, EMPTY)
    }

    pub(super) fn set() -> Cell {
        Cell::Sequence(Kind::Set, EMPTY)
    }

    pub(super) fn dict() -> Cell {
        Cell::Dict(EMPTY)
    }
}

const _: () = assert!(size_of::<Cell>() <= 16, "the bound on memory counts on small cells");

/// What would be called, and what with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts {
    pub(super) function: u8,
    pub(super) arguments: u32,
    pub(super) state: u32,
    pub(super) items: Chain,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) value: u32,
    pub(super) next: u32,
}

pub(super) struct Graph {
    pub(super) cells: Arena<Cell>,
    /// Where in the pickle each cell was made.
    pub(super) offsets: Arena<u32>,
    pub(super) links: Arena<Link>,
    pub(super) parts: Arena<Parts>,
    pub(super) texts: Arena<Box<str>>,
}

impl Graph {
    pub(super) fn new(budget: &mut Budget) -> Result<Graph, Fault> {
        let (cells, offsets, links) = (Arena::new(), Arena::new(), Arena::new());
        let mut graph = Graph { cells, offsets, links, parts: Arena::new(), texts: Arena::new() };
        let constants = [Cell::None, Cell::Bool(false), Cell::Bool(true), Cell::Sequence(Kind::Tuple, EMPTY)];
        for cell in constants.into_iter().chain((0..256).map(Cell::Int)) {
            graph.add(cell, 0, budget)?;
        }
        Ok(graph)
    }

    pub(super) fn add(&mut self, cell: Cell, offset: usize, budget: &mut Budget) -> Result<u32, Fault> {
        self.offsets.push(offset as u32, budget)?;
        self.cells.push(cell, budget)
    }

    pub(super) fn integer(&mut self, value: i64, offset: usize, budget: &mut Budget) -> Result<u32, Fault> {
        match u8::try_from(value) {
            Ok(byte) => Ok(BYTES + u32::from(byte)),
            Err(_) => self.add(Cell::Int(value), offset, budget),
        }
    }

    /// Adds to a list, tuple, set, dict or object.
    pub(super) fn append(&mut self, container: u32, value: u32, budget: &mut Budget) -> Result<(), Fault> {
        let link = self.links.push(Link { value, next: NOTHING }, budget)?;
        let chain = match &mut self.cells[container] {
            Cell::Sequence(_, chain) | Cell::Dict(chain) => chain,
            Cell::Object(at) => &mut self.parts[*at].items,
            other => unreachable!("the machine does not append to {other:?}"),
        };
        let last = std::mem::replace(&mut chain.last, link);
        if last == NOTHING {
            chain.first = link;
        } else {
            self.links[last].next = link;
        }
        Ok(())
    }

    /// Whether a dict, or an object that is one.
    pub(super) fn is_mapping(&self, cell: u32) -> bool {
        match self.cells[cell] {
            Cell::Dict(_) => true,
            Cell::Object(at) => globals::is_mapping(self.parts[at].function),
            _ => false,
        }
    }

    /// The value after the one that `cursor` tells, among those that a cell holds.
    fn next_child(&self, cell: u32, cursor: &mut Cursor) -> Option<u32> {
        let chain = match (self.cells[cell], *cursor) {
            (_, Cursor::Link(link)) => link,
            (Cell::Sequence(_, chain) | Cell::Dict(chain), _) => chain.first,
            (Cell::Persistent(value), Cursor::Start) => {
                *cursor = Cursor::Link(NOTHING);
                return Some(value);
            }
            (Cell::Object(at), Cursor::Start) => {
                *cursor = Cursor::Arguments;
                return Some(self.parts[at].arguments);
            }
            (Cell::Object(at), Cursor::Arguments) => {
                *cursor = Cursor::Link(self.parts[at].items.first);
                return Some(self.parts[at].state);
            }
            _ => return None,
        };
        let Link { value, next } = *self.links.get(chain)?;
        *cursor = Cursor::Link(next);
        Some(value)
    }

    /// Refuses cycles, values that are nested too deep, and sharing that unfolds to too much.
    pub(super) fn check(&self, root: u32, length: usize, budget: &mut Budget) -> Result<(), Fault> {
        budget.take(self.cells.len(), size_of::<Seen>())?;
        let most = (length as u64 * UNFOLDED).clamp(UNFOLDED_ALWAYS, u64::from(u32::MAX) - 1);
        let mut seen = vec![Seen::default(); self.cells.len()];
        let mut path = vec![Step { cell: root, cursor: Cursor::Start, seen: Seen::LEAF }];
        while let Some(step) = path.last_mut() {
            let offset = self.offsets[step.cell];
            let Some(child) = self.next_child(step.cell, &mut step.cursor) else {
                let done = path.pop().expect("the last was just seen");
                if u64::from(done.seen.values) > most {
                    return Err(Fault(format!("at byte {offset}: shared values that unfold to more than {most}")));
                }
                seen[done.cell as usize] = done.seen;
                if let Some(holder) = path.last_mut() {
                    holder.seen.hold(done.seen);
                }
                continue;
            };
            let known = seen[child as usize];
            match known.height {
                0 => {
                    seen[step.cell as usize].height = Seen::OPEN;
                    path.push(Step { cell: child, cursor: Cursor::Start, seen: Seen::LEAF });
                }
                Seen::OPEN => return Err(Fault(format!("at byte {offset}: a value that holds itself"))),
                _ => step.seen.hold(known),
            }
            let deepest = path.last().map_or(0, |step| usize::from(step.seen.height)) + path.len();
            if deepest > DEPTH + 1 {
                return Err(Fault(format!("at byte {offset}: values nested more than {DEPTH} deep")));
            }
        }
        budget.give_back(self.cells.len(), size_of::<Seen>());
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Cursor {
    Start,
    Arguments,
    Link(u32),
}

struct Step {
    cell: u32,
    cursor: Cursor,
    seen: Seen,
}

/// What is known of a cell: how many levels it has (0 before it is seen), and how many values it unfolds to.
#[derive(Clone, Copy, Default)]
struct Seen {
    height: u16,
    values: u32,
}

impl Seen {
    const LEAF: Seen = Seen { height: 1, values: 1 };
    /// The height of a cell that is being looked at.
    const OPEN: u16 = u16::MAX;

    fn hold(&mut self, child: Seen) {
        self.height = self.height.max(child.height + 1);
        self.values = self.values.saturating_add(child.values);
    }
}
