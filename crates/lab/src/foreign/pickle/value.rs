//! How the values of a pickle are looked at.

use std::fmt;

use super::graph::{Cell, Kind, NOTHING, Span};
use super::{Fault, Pickle, REMEDY, globals};
use crate::LabError;

/// One value of a pickle.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    pickle: &'a Pickle,
    cell: u32,
}

/// What a [`Node`] is.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// An integer of 64 bits.
    Int(i64),
    /// A wider integer: two's complement, little-endian.
    Wide(&'a [u8]),
    /// A float.
    Float(f64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A list.
    List(Items<'a>),
    /// A tuple.
    Tuple(Items<'a>),
    /// A set or a frozen set.
    Set(Items<'a>),
    /// A dict.
    Dict(Entries<'a>),
    /// The name of a class or function, such as `numpy.dtype`.
    Global(&'static str),
    /// What Python would make by a call.
    Object(Object<'a>),
    /// Something outside the pickle, by what identifies it.
    Persistent(Node<'a>),
}

/// `function(*arguments)`, then given `state`, then filled with `items` or `entries`.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// The whole name of what would be called.
    pub function: &'static str,
    /// A tuple.
    pub arguments: Node<'a>,
    /// `None` if it has none.
    pub state: Node<'a>,
    /// What was appended to it; empty for an `OrderedDict`.
    pub items: Items<'a>,
    /// The keys and values of an `OrderedDict`.
    pub entries: Entries<'a>,
}

/// Values in their order.
#[derive(Clone, Copy)]
pub struct Items<'a> {
    pickle: &'a Pickle,
    link: u32,
}

/// Keys and values in their order.
#[derive(Clone, Copy)]
pub struct Entries<'a>(Items<'a>);

impl<'a> Node<'a> {
    pub(super) fn new(pickle: &'a Pickle, cell: u32) -> Node<'a> {
        Node { pickle, cell }
    }

    /// What it is.
    pub fn value(self) -> Value<'a> {
        let Node { pickle, cell } = self;
        let items = |link| Items { pickle, link };
        match pickle.graph.cells[cell] {
            Cell::None => Value::None,
            Cell::Bool(value) => Value::Bool(value),
            Cell::Int(value) => Value::Int(value),
            Cell::Wide(span) => Value::Wide(self.slice(span)),
            Cell::Float(value) => Value::Float(value),
            Cell::Text(span) => Value::Text(str::from_utf8(self.slice(span)).expect("texts were checked")),
            Cell::Decoded(at) => Value::Text(&pickle.graph.texts[at]),
            Cell::Bytes(span) => Value::Bytes(self.slice(span)),
            Cell::Sequence(Kind::List, chain) => Value::List(items(chain.first)),
            Cell::Sequence(Kind::Tuple, chain) => Value::Tuple(items(chain.first)),
            Cell::Sequence(Kind::Set, chain) => Value::Set(items(chain.first)),
            Cell::Dict(chain) => Value::Dict(Entries(items(chain.first))),
            Cell::Global(at) => Value::Global(globals::name(at)),
            Cell::Object(at) => Value::Object(self.object(at)),
            Cell::Persistent(id) => Value::Persistent(Node { pickle, cell: id }),
        }
    }

    fn slice(self, span: Span) -> &'a [u8] {
        &self.pickle.source()[span.start as usize..span.end as usize]
    }

    fn object(self, at: u32) -> Object<'a> {
        let Node { pickle, .. } = self;
        let parts = pickle.graph.parts[at];
        let node = |cell| Node { pickle, cell };
        let (held, nothing) = (Items { pickle, link: parts.items.first }, Items { pickle, link: NOTHING });
        let (items, entries) = if globals::is_mapping(parts.function) { (nothing, held) } else { (held, nothing) };
        Object {
            function: globals::name(parts.function),
            arguments: node(parts.arguments),
            state: node(parts.state),
            items,
            entries: Entries(entries),
        }
    }

    /// Where in the pickle it was made, in bytes.
    pub fn offset(self) -> usize {
        self.pickle.graph.offsets[self.cell] as usize
    }

    /// The pickle that it is in.
    pub fn pickle(self) -> &'a Pickle {
        self.pickle
    }

    /// The keys and values of a dict or `OrderedDict`.
    pub fn entries(self) -> Option<Entries<'a>> {
        match self.value() {
            Value::Dict(entries) => Some(entries),
            Value::Object(object) if self.pickle.graph.is_mapping(self.cell) => Some(object.entries),
            _ => None,
        }
    }

    /// The value of a key, if it is a dict or `OrderedDict` that has it; the last if it stands there twice, as in Python.
    pub fn get(self, key: &str) -> Option<Node<'a>> {
        self.entries()?.filter(|(found, _)| found.text() == Some(key)).last().map(|(_, value)| value)
    }

    /// The values of a list, tuple or set.
    pub fn items(self) -> Option<Items<'a>> {
        match self.value() {
            Value::List(items) | Value::Tuple(items) | Value::Set(items) => Some(items),
            _ => None,
        }
    }

    /// Its `N` values, if it is a tuple of so many.
    pub fn tuple<const N: usize>(self) -> Option<[Node<'a>; N]> {
        let Value::Tuple(mut items) = self.value() else { return None };
        let mut nodes = [self; N];
        for node in &mut nodes {
            *node = items.next()?;
        }
        items.next().is_none().then_some(nodes)
    }

    /// Its text, if it is one.
    pub fn text(self) -> Option<&'a str> {
        if let Value::Text(text) = self.value() { Some(text) } else { None }
    }

    /// Its value, if it is an integer of 64 bits.
    pub fn integer(self) -> Option<i64> {
        if let Value::Int(value) = self.value() { Some(value) } else { None }
    }

    /// Its value, if it is a length or a place.
    pub fn size(self) -> Option<usize> {
        self.integer().and_then(|value| usize::try_from(value).ok())
    }

    /// Its values, if it is a tuple or list of lengths, or `torch.Size`; at most `limit` of them.
    pub(in crate::foreign) fn sizes(self, limit: usize) -> Option<Vec<usize>> {
        let inner = self.object_of("torch.Size").and_then(|arguments| arguments.tuple()).map_or(self, |[inner]| inner);
        let sizes: Option<Vec<usize>> = inner.items()?.take(limit + 1).map(Node::size).collect();
        sizes.filter(|sizes| sizes.len() <= limit)
    }

    /// The arguments of an object of this function.
    pub(in crate::foreign) fn object_of(self, function: &str) -> Option<Node<'a>> {
        match self.value() {
            Value::Object(object) if object.function == function => Some(object.arguments),
            _ => None,
        }
    }

    /// An error about this file.
    pub(in crate::foreign) fn error(self, fault: Fault) -> LabError {
        fault.at(self.pickle.path(), REMEDY)
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        let link = self.pickle.graph.links.get(self.link)?;
        self.link = link.next;
        Some(Node { pickle: self.pickle, cell: link.value })
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = (Node<'a>, Node<'a>);

    fn next(&mut self) -> Option<(Node<'a>, Node<'a>)> {
        Some((self.0.next()?, self.0.next()?))
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.value().fmt(f)
    }
}

impl fmt::Debug for Items<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

impl fmt::Debug for Entries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_map().entries(*self).finish()
    }
}
