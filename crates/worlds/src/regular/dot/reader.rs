//! From the words of DOT to a machine.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::lexer::{Lexer, Token};
use super::{FORM, names};
use crate::regular::error::quoted;
use crate::regular::{Alphabet, Automaton, Language, MOST_STATES, MOST_SYMBOLS, Machine, RegularError};

const MISSING: u32 = u32::MAX;
/// More nodes than this are no states, either.
const MOST_NODES: usize = MOST_STATES + 1000;
const A_STATEMENT: &str = "a node, an edge, an attribute or `}`";

/// The attributes that say something. Many nodes may share the text of a default.
#[derive(Clone, Default)]
struct Attributes {
    shape: Option<Rc<str>>,
    peripheries: Option<Rc<str>>,
    class: Option<Rc<str>>,
    label: Option<Rc<str>>,
}

struct Node {
    attributes: Attributes,
    line: usize,
    /// `[symbol]`, in the order in which symbols came; as long as needed.
    next: Vec<u32>,
    /// Where an edge without a label leads, and its line.
    unlabelled: Option<(u32, usize)>,
}

pub(super) struct Reader<'t> {
    lexer: Lexer<'t>,
    number: BTreeMap<String, u32>,
    nodes: Vec<Node>,
    symbols: Vec<String>,
    alphabet: Option<Vec<String>>,
    classes: Option<Vec<String>>,
    /// What later nodes have where they do not say it.
    node: Attributes,
    /// The symbols of later edges that do not say theirs.
    edge: Option<Vec<usize>>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Result<Reader<'t>, RegularError> {
        let lexer = Lexer::new(text)?;
        let (number, nodes, symbols) = (BTreeMap::new(), Vec::new(), Vec::new());
        Ok(Reader {
            lexer,
            number,
            nodes,
            symbols,
            alphabet: None,
            classes: None,
            node: Attributes::default(),
            edge: None,
        })
    }

    pub(super) fn machine(mut self) -> Result<Machine, RegularError> {
        let mut word = self.lexer.name("`digraph`")?;
        if word.eq_ignore_ascii_case("strict") {
            word = self.lexer.name("`digraph`")?;
        }
        if !word.eq_ignore_ascii_case("digraph") {
            return Err(self.wrong(
                self.lexer.place(),
                quoted(&word),
                "`digraph`: the edges of an automaton have a direction",
            ));
        }
        if matches!(self.lexer.peek(), Token::Name(_)) {
            self.lexer.advance()?;
        }
        self.sign('{', "`{`")?;
        while !self.lexer.take('}')? {
            self.statement()?;
            self.lexer.take(';')?;
        }
        if *self.lexer.peek() != Token::End {
            return Err(self.lexer.refuse("the end: one graph is read"));
        }
        self.finished()
    }

    fn sign(&mut self, sign: char, expected: &str) -> Result<(), RegularError> {
        if self.lexer.take(sign)? { Ok(()) } else { Err(self.lexer.refuse(expected)) }
    }

    fn wrong(&self, line: usize, found: String, expected: &str) -> RegularError {
        RegularError::Text { form: FORM, place: format!("line {line}"), found, expected: expected.into() }
    }

    fn statement(&mut self) -> Result<(), RegularError> {
        let line = self.lexer.place();
        let name = self.lexer.name(A_STATEMENT)?;
        if self.lexer.take('=')? {
            let value = self.lexer.name("a value")?;
            return self.graph_attribute(&name, &value);
        }
        match name.to_ascii_lowercase().as_str() {
            "node" => self.node = self.attributes(self.node.clone())?,
            "edge" => {
                let label = self.attributes(Attributes::default())?.label;
                self.edge = self.symbols_of(label.as_deref(), line)?.or(self.edge.take());
            }
            "graph" => drop(self.attributes(Attributes::default())?),
            "subgraph" => return Err(self.wrong(line, "`subgraph`".into(), A_STATEMENT)),
            _ => return self.node_or_edges(name, line),
        }
        Ok(())
    }

    fn graph_attribute(&mut self, name: &str, value: &str) -> Result<(), RegularError> {
        match name {
            "alphabet" => self.alphabet = Some(names(value)),
            "classes" => self.classes = Some(names(value)),
            _ => {}
        }
        Ok(())
    }

    fn node_or_edges(&mut self, name: String, line: usize) -> Result<(), RegularError> {
        let mut path = vec![self.numbered(name, line)?];
        while self.lexer.take('>')? {
            let (line, name) = (self.lexer.place(), self.lexer.name("a node")?);
            path.push(self.numbered(name, line)?);
        }
        if path.len() == 1 {
            let given = std::mem::take(&mut self.nodes[path[0] as usize].attributes);
            self.nodes[path[0] as usize].attributes = self.attributes(given)?;
            return Ok(());
        }
        let label = self.attributes(Attributes::default())?.label;
        let symbols = self.symbols_of(label.as_deref(), line)?.or_else(|| self.edge.clone());
        path.windows(2).try_for_each(|pair| self.connect(pair[0], pair[1], symbols.as_deref(), line))
    }

    /// The number of a node.
    fn numbered(&mut self, name: String, line: usize) -> Result<u32, RegularError> {
        let count = self.nodes.len();
        if let Some(number) = self.number.get(&name) {
            return Ok(*number);
        }
        if count == MOST_NODES {
            return Err(self.wrong(line, format!("more than {count} nodes"), &format!("at most {MOST_STATES} states")));
        }
        self.number.insert(name, count as u32);
        self.nodes.push(Node { attributes: self.node.clone(), line, next: Vec::new(), unlabelled: None });
        Ok(count as u32)
    }

    /// The numbers of the symbols of a label, if there is one.
    fn symbols_of(&mut self, label: Option<&str>, line: usize) -> Result<Option<Vec<usize>>, RegularError> {
        let Some(label) = label.filter(|label| !label.is_empty()) else { return Ok(None) };
        let (mut numbers, names) = (Vec::new(), names(label));
        let too_many = names.len() > MOST_SYMBOLS;
        for name in names {
            let known = self.symbols.iter().position(|other| *other == name);
            if too_many || known.is_none() && self.symbols.len() == MOST_SYMBOLS {
                return Err(self.wrong(
                    line,
                    format!("more than {MOST_SYMBOLS} symbols"),
                    &format!("at most {MOST_SYMBOLS}"),
                ));
            }
            numbers.push(known.unwrap_or_else(|| {
                self.symbols.push(name);
                self.symbols.len() - 1
            }));
        }
        Ok(Some(numbers))
    }

    fn connect(&mut self, from: u32, to: u32, symbols: Option<&[usize]>, line: usize) -> Result<(), RegularError> {
        let node = &mut self.nodes[from as usize];
        let Some(symbols) = symbols else {
            return match node.unlabelled.replace((to, line)) {
                Some((other, _)) if other != to => {
                    Err(self.wrong(line, "a second arrow from one node".into(), "one arrow to where words begin"))
                }
                _ => Ok(()),
            };
        };
        for &symbol in symbols {
            if node.next.len() <= symbol {
                node.next.resize(symbol + 1, MISSING);
            }
            let old = std::mem::replace(&mut node.next[symbol], to);
            if old != MISSING && old != to {
                let found = format!("a second edge by {}", quoted(&self.symbols[symbol]));
                return Err(self.wrong(line, found, "one edge of a state by each symbol"));
            }
        }
        Ok(())
    }

    /// Lists of attributes, over those that hold already.
    fn attributes(&mut self, mut attributes: Attributes) -> Result<Attributes, RegularError> {
        while self.lexer.take('[')? {
            while !self.lexer.take(']')? {
                let name = self.lexer.name("an attribute or `]`")?;
                self.sign('=', "`=`")?;
                let value = Some(self.lexer.name("a value")?.into());
                match name.as_str() {
                    "shape" => attributes.shape = value,
                    "peripheries" => attributes.peripheries = value,
                    "class" => attributes.class = value,
                    "label" => attributes.label = value,
                    _ => {}
                }
                let _ = self.lexer.take(',')? || self.lexer.take(';')?;
            }
        }
        Ok(attributes)
    }

    fn finished(self) -> Result<Machine, RegularError> {
        let is_state = |node: &Node| !matches!(node.attributes.shape.as_deref(), Some("none" | "point" | "plaintext"));
        let states: Vec<u32> =
            (0..self.nodes.len() as u32).filter(|node| is_state(&self.nodes[*node as usize])).collect();
        let line = self.lexer.place();
        if states.is_empty() || states.len() > MOST_STATES {
            return Err(self.wrong(line, format!("{} states", states.len()), &format!("1 to {MOST_STATES}")));
        }
        let start = self.start(&states)?;
        let alphabet = self.ordered()?;
        let order: Vec<usize> = alphabet
            .names()
            .iter()
            .map(|name| self.symbols.iter().position(|other| other == name).unwrap_or(usize::MAX))
            .collect();
        // The start first, then the other states, then a dead one.
        let mut places = vec![MISSING; self.nodes.len()];
        let first = std::iter::once(&start).chain(states.iter().filter(|state| **state != start));
        let sequence: Vec<u32> = first.copied().collect();
        sequence.iter().zip(0..).for_each(|(node, place)| places[*node as usize] = place);
        let dead = sequence.len() as u32;
        let mut next = Vec::new();
        for &node in &sequence {
            let node = &self.nodes[node as usize];
            let to = |symbol: &usize| node.next.get(*symbol).copied().filter(|to| *to != MISSING);
            for target in order.iter().map(to) {
                let place = target.map_or(dead, |target| places[target as usize]);
                if place == MISSING {
                    return Err(self.wrong(
                        node.line,
                        "an edge to a node that is no state".into(),
                        "an edge to a state",
                    ));
                }
                next.push(place);
            }
        }
        next.extend(std::iter::repeat_n(dead, alphabet.len()));
        self.classified(alphabet, next, &sequence)
    }

    /// The state to which the edge of a node leads that is none; or the first.
    fn start(&self, states: &[u32]) -> Result<u32, RegularError> {
        let mut arrows = Vec::new();
        for (number, node) in (0..).zip(&self.nodes) {
            match (states.binary_search(&number).is_ok(), node.unlabelled) {
                (true, Some((_, line))) => {
                    return Err(self.wrong(line, "an edge without a label".into(), "symbols as the label of the edge"));
                }
                (false, Some((to, line))) if states.binary_search(&to).is_ok() => arrows.push((to, line)),
                _ => {}
            }
        }
        match arrows.as_slice() {
            [] => Ok(states[0]),
            [(start, _)] => Ok(*start),
            [_, (_, line), ..] => Err(self.wrong(*line, "a second beginning".into(), "one state where words begin")),
        }
    }

    /// The alphabet: as the graph says, or by name.
    fn ordered(&self) -> Result<Alphabet, RegularError> {
        let Some(given) = &self.alphabet else {
            let mut names = self.symbols.clone();
            names.sort();
            return Alphabet::new(names);
        };
        match self.symbols.iter().find(|symbol| !given.contains(symbol)) {
            Some(symbol) => Err(self.wrong(
                self.lexer.place(),
                format!("an edge by {}", quoted(symbol)),
                "symbols of the attribute `alphabet`",
            )),
            None => Alphabet::new(given.clone()),
        }
    }

    fn classified(self, alphabet: Alphabet, next: Vec<u32>, sequence: &[u32]) -> Result<Machine, RegularError> {
        let node = |number: &u32| &self.nodes[*number as usize];
        let named = sequence.iter().any(|number| node(number).attributes.class.is_some());
        if !named {
            let is_double = |attributes: &Attributes| {
                attributes.shape.as_deref() == Some("doublecircle") || attributes.peripheries.as_deref() == Some("2")
            };
            let outputs =
                sequence.iter().map(|number| u16::from(is_double(&node(number).attributes))).chain([0]).collect();
            let automaton = Automaton::new(alphabet.len(), next, outputs);
            return Ok(Machine::of(&Language::new(alphabet, &automaton)));
        }
        let mut classes = self.classes.clone().unwrap_or_default();
        let mut outputs = Vec::new();
        for number in sequence {
            let Node { attributes, line, .. } = node(number);
            let Some(class) = &attributes.class else {
                return Err(self.wrong(*line, "a state without `class`".into(), "`class`, as other states have it"));
            };
            outputs.push(self.class(class, &mut classes, *line)?);
        }
        if next[..sequence.len() * alphabet.len()].contains(&(sequence.len() as u32)) {
            outputs.push(self.class("reject", &mut classes, self.lexer.place())?);
        } else {
            outputs.push(0);
        }
        let symbols = alphabet.len();
        Machine::new(alphabet, classes, &Automaton::new(symbols, next, outputs))
    }

    /// The number of a class, which is added if it is new and the graph does not list them.
    fn class(&self, name: &str, classes: &mut Vec<String>, line: usize) -> Result<u16, RegularError> {
        if let Some(number) = classes.iter().position(|other| other == name) {
            return Ok(number as u16);
        }
        if self.classes.is_some() || classes.len() == MOST_SYMBOLS {
            return Err(self.wrong(line, format!("the class {}", quoted(name)), "a class of the attribute `classes`"));
        }
        classes.push(name.to_string());
        Ok(classes.len() as u16 - 1)
    }
}
