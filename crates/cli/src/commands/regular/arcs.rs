//! An automaton drawn in a terminal: a line for each state and one below for each arrow out of it; arrows to one state run into one
//! upright lane at its right.

use infimum_lab::regular::{Machine, symbols_text};

/// Larger automata are not drawn.
const MOST_STATES: usize = 24;
/// The widest text before the lanes.
const MOST_WIDTH: usize = 60;

/// What stands in a line, and the state whose lane it touches.
struct Line {
    text: String,
    lane: Option<u32>,
    /// Whether the lane ends here with an arrow, or begins.
    arrives: bool,
}

/// The upright line into a state.
struct Lane {
    state: u32,
    first: usize,
    last: usize,
    column: usize,
}

/// The drawing; `None` where it would be too large.
pub(super) fn drawing(machine: &Machine) -> Option<String> {
    if machine.automaton().states() > MOST_STATES {
        return None;
    }
    let lines = lines(machine);
    let lanes = lanes(&lines);
    let width = lines.iter().map(|line| line.text.chars().count()).max().unwrap_or(0);
    if width > MOST_WIDTH {
        return None;
    }
    let drawn = lines.iter().enumerate().map(|(at, line)| draw(at, line, &lanes, width).trim_end().to_string() + "\n");
    Some(drawn.collect())
}

fn lines(machine: &Machine) -> Vec<Line> {
    let mut lines = Vec::new();
    let states = machine.automaton().states() as u32;
    let edges: Vec<Vec<(u32, Vec<u16>)>> = (0..states).map(|state| machine.edges(state)).collect();
    for state in 0..states {
        let class = &machine.classes()[usize::from(machine.automaton().output(state))];
        let own = edges[state as usize].iter().find(|(to, _)| *to == state);
        let own = own.map_or(String::new(), |(_, symbols)| format!("  ↺ {}", symbols_text(machine, symbols)));
        let (start, [open, close]) =
            (if state == 0 { "▶" } else { " " }, if class == "accept" { ["((", "))"] } else { ["(", ")"] });
        let reached = (0..states).any(|from| from != state && edges[from as usize].iter().any(|(to, _)| *to == state));
        let text = format!("{start} {:>4}{close} {class}{own} ", format!("{open}{state}"));
        lines.push(Line { text, lane: reached.then_some(state), arrives: true });
        for (to, symbols) in edges[state as usize].iter().filter(|(to, _)| *to != state) {
            lines.push(Line {
                text: format!("       └ {} ", symbols_text(machine, symbols)),
                lane: Some(*to),
                arrives: false,
            });
        }
    }
    lines
}

/// The lanes, each in the first column that is free over its length.
fn lanes(lines: &[Line]) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(state) = line.lane else { continue };
        match lanes.iter_mut().find(|lane| lane.state == state) {
            Some(lane) => lane.last = at,
            None => lanes.push(Lane { state, first: at, last: at, column: 0 }),
        }
    }
    // Shorter lanes stand nearer to the states.
    lanes.sort_by_key(|lane| (lane.last - lane.first, lane.first));
    for at in 0..lanes.len() {
        let overlaps = |other: &Lane| other.first <= lanes[at].last && lanes[at].first <= other.last;
        let taken: Vec<usize> = lanes[..at].iter().filter(|other| overlaps(other)).map(|lane| lane.column).collect();
        lanes[at].column = (0..).find(|column| !taken.contains(column)).unwrap_or(0);
    }
    lanes
}

fn draw(at: usize, line: &Line, lanes: &[Lane], width: usize) -> String {
    let joined = lanes.iter().find(|lane| Some(lane.state) == line.lane);
    let end = joined.map(|lane| lane.column);
    let columns = lanes.iter().map(|lane| lane.column + 1).max().unwrap_or(0);
    let (mut text, missing) = (line.text.clone(), width - line.text.chars().count());
    text += &match (end, line.arrives) {
        (None, _) => " ".repeat(missing + 2),
        (Some(_), true) => format!("◀{}", "─".repeat(missing + 1)),
        (Some(_), false) => "─".repeat(missing + 2),
    };
    for column in 0..columns {
        let passes = lanes.iter().any(|lane| lane.column == column && (lane.first..=lane.last).contains(&at));
        text.push(match end {
            Some(end) if column == end => corner(at, joined),
            Some(end) if column < end => {
                if passes {
                    '┼'
                } else {
                    '─'
                }
            }
            _ => {
                if passes {
                    '│'
                } else {
                    ' '
                }
            }
        });
        text.push(if end.is_some_and(|end| column < end) { '─' } else { ' ' });
    }
    text
}

/// Where a line meets its lane.
fn corner(at: usize, lane: Option<&Lane>) -> char {
    match lane {
        Some(lane) if lane.first == at => '╮',
        Some(lane) if lane.last == at => '╯',
        _ => '┤',
    }
}
