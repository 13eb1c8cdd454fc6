//! DOT, the language of Graphviz.
//!
//! Read are `digraph`s of statements about nodes, edges and defaults; subgraphs, ports and HTML are refused. A node with the shape
//! `none`, `point` or `plaintext` is no state: its edge leads to the state where words begin, which otherwise is the first state
//! of the text. A state with the shape `doublecircle`, or with `peripheries=2`, is of class `accept`; others are `incomplete` or
//! `reject`, as it follows. Where a node has an attribute `class`, every state needs one, and it names the class. The label of an
//! edge is one symbol or several with commas between them; `\` before a comma, a blank or `\` makes it part of a name. A symbol
//! without an edge leads to a dead state of class `reject`. The attributes `alphabet` and `classes` of the graph are such lists,
//! too; without them symbols stand in the order of their names, classes as they come.

mod lexer;
mod reader;

use std::fmt::Write;

use super::{MOST_SYMBOLS, Machine, RegularError};

const FORM: &str = "DOT";

/// The machine as DOT, which [`parse`] reads, and Graphviz draws.
pub fn written(machine: &Machine) -> String {
    let (automaton, classes) = (machine.automaton(), machine.classes());
    let names = machine.alphabet().names();
    let mut text = format!(
        "digraph automaton {{\n  rankdir=LR;\n  alphabet={};\n  classes={};\n  start [shape=none label=\"\"];\n  start -> 0;\n",
        quoted(&list(names)),
        quoted(&list(classes))
    );
    for state in 0..automaton.states() as u32 {
        let class = &classes[usize::from(automaton.output(state))];
        let shape = if class == "accept" { "doublecircle" } else { "circle" };
        let label = quoted(&format!("{state}\\n{}", class.replace('\\', "\\\\")));
        let _ = writeln!(text, "  {state} [shape={shape} class={} label={label}];", quoted(class));
    }
    for state in 0..automaton.states() as u32 {
        for (to, symbols) in machine.edges(state) {
            let symbols: Vec<String> = symbols.iter().map(|symbol| names[usize::from(*symbol)].clone()).collect();
            let _ = writeln!(text, "  {state} -> {to} [label={}];", quoted(&list(&symbols)));
        }
    }
    text + "}\n"
}

/// Reads a machine, and makes it minimal. Errors name the line: what is not of the part of DOT that is read; two edges of a state
/// by one symbol; a state without a class where others have one; more than [`super::MOST_STATES`] states or
/// [`super::MOST_SYMBOLS`] symbols; no state, or no symbol.
pub fn parse(text: &str) -> Result<Machine, RegularError> {
    reader::Reader::new(text)?.machine()
}

/// Names with commas between them.
fn list(names: &[String]) -> String {
    let escaped = |name: &String| name.chars().flat_map(escape).collect::<String>();
    names.iter().map(escaped).collect::<Vec<_>>().join(", ")
}

fn escape(c: char) -> impl Iterator<Item = char> {
    let special = c == ',' || c == '\\' || c.is_whitespace();
    special.then_some('\\').into_iter().chain([c])
}

/// The names of a list, and no more than one too many of them.
fn names(list: &str) -> Vec<String> {
    let (mut names, mut name, mut characters) = (Vec::new(), String::new(), list.chars());
    while let Some(c) = characters.next().filter(|_| names.len() <= MOST_SYMBOLS) {
        match c {
            '\\' => name.extend(characters.next()),
            ',' => names.push(std::mem::take(&mut name)),
            c if c.is_whitespace() => {}
            c => name.push(c),
        }
    }
    names.push(name);
    names
}

/// Between quotes, where DOT knows `\"` alone.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\\\""))
}
