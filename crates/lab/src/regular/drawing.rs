//! Automata as SVG: states in columns, by how many symbols it takes to reach them.

use std::f64::consts::PI;

use infimum_worlds::regular::Machine;
use maud::{Markup, html};

use super::symbols_text;
use crate::LabError;

/// The most states that are drawn.
pub const MOST_DRAWN: usize = 60;

/// Of the circle of a state.
pub(crate) const RADIUS: f64 = 24.0;
const COLUMN: f64 = 150.0;
const ROW: f64 = 110.0;
const MARGIN: f64 = 90.0;
/// How far an arrow is bent, and one that stands apart.
const BEND: f64 = 14.0;
const FAR_BEND: f64 = 44.0;
/// How far the label of such an arrow stands from it.
const FAR_LABEL: f64 = 11.0;
const STYLE: &str = "text{font:13px sans-serif;text-anchor:middle;fill:#222}.class{font-size:10px;fill:#555}.symbols{paint-order:stroke;\
     stroke:#fff;stroke-width:4px}circle,path{fill:none;stroke:#345;stroke-width:1.5}.reject circle{stroke-dasharray:4 3;stroke:#888}\
     .accept circle{fill:#e6f2e6}marker path{fill:#345;stroke:none}";

/// A place in the picture.
pub(crate) type Point = (f64, f64);

/// The machine as an SVG file.
///
/// # Errors
/// More than [`MOST_DRAWN`] states.
pub fn drawing(language: &str, machine: &Machine) -> Result<String, LabError> {
    let states = machine.automaton().states();
    if states > MOST_DRAWN {
        let allowed = format!("at most {MOST_DRAWN} are drawn");
        return Err(LabError::value(
            "the states of the automaton",
            states,
            allowed,
            "let Graphviz draw what --dot writes",
        ));
    }
    let arrangement = Arrangement::of(machine);
    let Arrangement { width, height, .. } = arrangement;
    let picture = html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {width:.0} {height:.0}")) width=(format!("{width:.0}"))
            height=(format!("{height:.0}")) role="img" aria-labelledby="title about" {
            title id="title" { "The minimal automaton of " (language) }
            desc id="about" { (about(machine)) }
            style { (maud::PreEscaped(STYLE)) }
            defs { (arrow_head("arrow")) }
            rect width="100%" height="100%" fill="#fff" {}
            (arrangement.automaton(machine, "arrow"))
        }
    };
    Ok(picture.into_string())
}

/// The head of an arrow, by the id that arrows name.
pub(crate) fn arrow_head(id: &str) -> Markup {
    html! {
        marker id=(id) viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse" {
            path d="M0 0 10 5 0 10z" {}
        }
    }
}

/// Where everything stands in the picture of a machine.
pub(crate) struct Arrangement {
    /// The middle of each state.
    pub(crate) places: Vec<Point>,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Arrangement {
    pub(crate) fn of(machine: &Machine) -> Arrangement {
        let places = places(machine);
        let most = |part: fn(&Point) -> f64| places.iter().map(part).fold(0.0, f64::max) + MARGIN;
        Arrangement { width: most(|place| place.0), height: most(|place| place.1), places }
    }

    /// States and arrows, whose head has the id `arrow`.
    pub(crate) fn automaton(&self, machine: &Machine, arrow: &str) -> Markup {
        let (x, y) = self.places[0];
        let end = format!("url(#{arrow})");
        html! {
            path d=(format!("M{:.1} {y:.1}h{:.1}", x - RADIUS - 34.0, 32.0)) marker-end=(end) {}
            @for state in 0..self.places.len() as u32 {
                @for (to, symbols) in machine.edges(state) {
                    (edge(&self.places, (state, to), &symbols_text(machine, &symbols), &end))
                }
            }
            @for (state, place) in (0..).zip(&self.places) { (circle(machine, state, *place)) }
        }
    }

    /// An arrow between two states, bent more than those of symbols so that it stands apart, with a label.
    pub(crate) fn far_arrow(&self, (from, to): (usize, usize), label: &str, arrow: &str) -> Markup {
        let (path, at) = bow(self.places[from], self.places[to], FAR_BEND);
        let ((x1, y1), (x2, y2)) = (self.places[from], self.places[to]);
        // The label stands outside of the bow.
        let beyond = FAR_LABEL / libm::hypot(x2 - x1, y2 - y1);
        let at = (at.0 + beyond * (y2 - y1), at.1 - beyond * (x2 - x1));
        html! {
            path d=(path) marker-end=(format!("url(#{arrow})")) {}
            text class="symbols" x=(format!("{:.1}", at.0)) y=(format!("{:.1}", at.1 + 4.0)) { (label) }
        }
    }
}

/// Every transition in words.
pub(crate) fn about(machine: &Machine) -> String {
    let class = |state: u32| &machine.classes()[usize::from(machine.automaton().output(state))];
    let edges = |state: u32| {
        let edge = |(to, symbols): &(u32, Vec<u16>)| format!("by {} to {to}", symbols_text(machine, symbols));
        machine.edges(state).iter().map(edge).collect::<Vec<_>>().join(", ")
    };
    let states = 0..machine.automaton().states() as u32;
    states.map(|state| format!("State {state}, {}: {}.", class(state), edges(state))).collect::<Vec<_>>().join(" ")
}

/// Where the states stand: in columns, and in each column in the order of their numbers, around the middle.
fn places(machine: &Machine) -> Vec<Point> {
    let access = machine.automaton().access();
    let column = |state: u32| access.word(state).map_or(0, |word| word.len());
    let columns: Vec<usize> = (0..machine.automaton().states() as u32).map(column).collect();
    let height = |wanted: usize| columns.iter().filter(|column| **column == wanted).count();
    let tallest = (0..=columns.iter().copied().max().unwrap_or(0)).map(height).max().unwrap_or(1);
    let place = |(state, &column): (usize, &usize)| {
        let above = columns[..state].iter().filter(|other| **other == column).count();
        let shift = (tallest - height(column)) as f64 / 2.0;
        (MARGIN + COLUMN * column as f64, MARGIN + ROW * (above as f64 + shift))
    };
    columns.iter().enumerate().map(place).collect()
}

fn circle(machine: &Machine, state: u32, (x, y): Point) -> Markup {
    let class = &machine.classes()[usize::from(machine.automaton().output(state))];
    html! {
        g class=(class) {
            circle cx=(format!("{x:.1}")) cy=(format!("{y:.1}")) r=(RADIUS) {}
            @if class == "accept" { circle cx=(format!("{x:.1}")) cy=(format!("{y:.1}")) r=(RADIUS - 4.0) {} }
            text x=(format!("{x:.1}")) y=(format!("{:.1}", y + 1.0)) { (state) }
            text class="class" x=(format!("{x:.1}")) y=(format!("{:.1}", y + 13.0)) { (class.chars().take(10).collect::<String>()) }
        }
    }
}

/// An arrow from state to state, bent to the left of its direction so that two arrows between the same states stay apart.
fn edge(places: &[Point], (from, to): (u32, u32), symbols: &str, end: &str) -> Markup {
    let (a, b) = (places[from as usize], places[to as usize]);
    let (path, label) = if from == to { own_loop(a) } else { bow(a, b, BEND) };
    html! {
        path d=(path) marker-end=(end) {}
        text class="symbols" x=(format!("{:.1}", label.0)) y=(format!("{:.1}", label.1 + 4.0)) { (symbols) }
    }
}

/// An arrow that comes back, above its state.
fn own_loop((x, y): Point) -> (String, Point) {
    let at = |angle: f64| (x + RADIUS * libm::cos(angle), y + RADIUS * libm::sin(angle));
    let ((x1, y1), (x2, y2)) = (at(-0.68 * PI), at(-0.32 * PI));
    let top = y - 2.6 * RADIUS;
    let path = format!("M{x1:.1} {y1:.1}C{:.1} {top:.1} {:.1} {top:.1} {x2:.1} {y2:.1}", x1 - 12.0, x2 + 12.0);
    (path, (x, y - 2.25 * RADIUS))
}

/// An arrow that is bent by `bend`, and more if it is long.
fn bow((x1, y1): Point, (x2, y2): Point, bend: f64) -> (String, Point) {
    let (dx, dy) = (x2 - x1, y2 - y1);
    let length = libm::hypot(dx, dy);
    // The longer an arrow, the more states it has to go round.
    let bend = bend + 0.12 * length;
    let middle = (x1 + dx / 2.0 + 2.0 * bend * dy / length, y1 + dy / 2.0 - 2.0 * bend * dx / length);
    let towards = |(x, y): Point| {
        let (dx, dy) = (middle.0 - x, middle.1 - y);
        let length = libm::hypot(dx, dy);
        (x + RADIUS * dx / length, y + RADIUS * dy / length)
    };
    let ((sx, sy), (ex, ey)) = (towards((x1, y1)), towards((x2, y2)));
    let path = format!("M{sx:.1} {sy:.1}Q{:.1} {:.1} {ex:.1} {ey:.1}", middle.0, middle.1);
    let at_half = |s: f64, m: f64, e: f64| 0.25 * s + 0.5 * m + 0.25 * e;
    (path, (at_half(sx, middle.0, ex), at_half(sy, middle.1, ey)))
}
