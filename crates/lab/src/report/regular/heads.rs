//! What each head moves (OV) and attends by (QK), in coordinates of states, beside the heads of the construction.

use infimum_worlds::regular::Machine as Automaton;
use maud::{Markup, html};

use crate::regular::comparison::{HeadCircuits, Matrix, Sight};
use crate::regular::{About, Construction, Method, Wanted, construct};
use crate::report::heat_map::{Colours, HeatMap, Side};
use crate::{Experiment, LabError, Machine};

/// Automata of more states are not constructed for a report, and heads beyond these are not drawn.
const MOST_CONSTRUCTED: usize = 16;
const MOST_HEADS: usize = 16;
/// A head of the construction moves the state if it does so by this share of what another does.
const MOVING: f64 = 0.01;
/// Singular values that a table shows.
const SHOWN_VALUES: usize = 4;

/// The heads of a network, and those of the construction of its language.
pub(super) struct Heads {
    pub(super) trained: Vec<HeadCircuits>,
    /// `Err`: why there is none.
    pub(super) construction: Result<(About, Vec<HeadCircuits>), String>,
}

/// A head of the construction that is like one of the network, and how much so.
#[derive(Clone, Copy)]
pub(super) struct Alike<'h> {
    pub(super) head: &'h HeadCircuits,
    /// Cosines of what the two move, and of what they attend by.
    pub(super) ov: Option<f64>,
    pub(super) qk: Option<f64>,
}

impl Heads {
    pub(super) fn of(sight: &Sight, experiment: &Experiment, machine: &mut Machine, point: &[f32]) -> Heads {
        let trained = sight.heads(experiment, machine, point);
        let construction = match () {
            () if trained.is_empty() => Err("the model has no attention to compare".into()),
            () => constructed(experiment, sight.automaton()).and_then(|found| beside(sight, machine, found)),
        };
        Heads { trained, construction }
    }

    /// The head of the construction whose OV is most like that of a head, of those that move the state at all.
    pub(super) fn nearest(&self, head: &HeadCircuits) -> Option<Alike<'_>> {
        let (_, others) = self.construction.as_ref().ok()?;
        let longest = others.iter().map(|other| other.ov.matrix.norm()).fold(0.0, f64::max);
        let moving = others.iter().filter(|other| other.ov.matrix.norm() >= MOVING * longest);
        let alike = |other| Alike {
            head: other,
            ov: cosine(head, other, |of| Some(&of.ov.matrix)),
            qk: cosine(head, other, qk),
        };
        let better = |best: &Alike<'_>, next: &Alike<'_>| next.ov.unwrap_or(-2.0) > best.ov.unwrap_or(-2.0);
        moving.map(alike).reduce(|best, next| if better(&best, &next) { next } else { best })
    }

    /// Table and pictures.
    pub(super) fn section(&self, automaton: &Automaton, of_best: &str) -> Markup {
        if self.trained.is_empty() {
            return html! { p.note { "The model has no attention, so no head moves or attends by anything." } };
        }
        html! {
            h3 { "What heads move and attend by" }
            p.note { (of_best) (self.about(automaton)) }
            div.wide { (self.table()) }
            div.charts { @for head in self.trained.iter().take(MOST_HEADS) { (self.figure(head, automaton)) } }
        }
    }

    fn about(&self, automaton: &Automaton) -> String {
        let states = automaton.automaton().states();
        let beside = match &self.construction {
            Err(why) => format!("No construction stands beside them: {why}."),
            Ok((about, heads)) => format!(
                "Beside each stands the head of the construction (method {}, {} heads in {} blocks) whose OV is most like it; an automaton can be written in many \
                 ways, so a network need not be like this one.",
                about.method.name(),
                heads.len(),
                about.layers
            ),
        };
        format!(
            "OV: how the decoded state changes with the state at the place that is attended to. QK: how strongly which state attends to which. Both are {states} by \
             {states}, in coordinates of states, without what is the same for all of them, and the same in every basis of the network. {beside}"
        )
    }

    fn table(&self) -> Markup {
        html! {
            table id="heads" {
                thead { tr {
                    th { "head" } th { "singular values of OV" } th { "of QK" }
                    @if self.construction.is_ok() { th { "nearest" } th.number { "cosine of OV" } th.number { "of QK" } th { "its OV" } th { "its QK" } }
                } }
                tbody { @for head in &self.trained {
                    tr {
                        th scope="row" { (name(head)) }
                        td { (values(Some(&head.ov.singular_values))) }
                        td { (values(head.qk.as_ref().map(|qk| &qk.singular_values))) }
                        @if let Some(alike) = self.nearest(head) {
                            td { (name(alike.head)) }
                            td.number { (number(alike.ov)) }
                            td.number { (number(alike.qk)) }
                            td { (values(Some(&alike.head.ov.singular_values))) }
                            td { (values(alike.head.qk.as_ref().map(|qk| &qk.singular_values))) }
                        }
                    }
                } }
            }
        }
    }

    fn figure(&self, head: &HeadCircuits, automaton: &Automaton) -> Markup {
        let alike = self.nearest(head).map(|alike| alike.head);
        let shown = [
            ("OV", Some(&head.ov.matrix)),
            ("construction's", alike.map(|other| &other.ov.matrix)),
            ("QK", qk(head)),
            ("construction's", alike.and_then(qk)),
        ];
        let shown: Vec<(&str, &Matrix)> =
            shown.into_iter().filter_map(|(name, matrix)| Some((name, matrix?))).collect();
        let states = automaton.automaton().states();
        let (entries, columns) = side_by_side(&shown, states);
        let largest: Vec<String> =
            shown.iter().map(|(name, matrix)| format!("{name} {:.4}", largest(matrix))).collect();
        let map = HeatMap {
            id: format!("circuits-{}-{}", head.block, head.head),
            title: format!("Head {} in layer {}", head.head, head.block),
            description: format!("Matrices on {states} states; their largest entries are {}.", largest.join(", ")),
            entries: &entries,
            sides: [Side::counted("to", states), columns],
            unit: "share of the largest entry of each",
            colours: Colours::Around(1.0),
        };
        html! { figure { h3 { (map.title) } (map.draw()) figcaption { "Largest entries: " (largest.join(", ")) "." } } }
    }
}

/// The construction of an experiment's language for words as long; the error says why there is none.
fn constructed(experiment: &Experiment, automaton: &Automaton) -> Result<Construction, String> {
    let states = automaton.automaton().states();
    if states > MOST_CONSTRUCTED {
        return Err(format!(
            "the automaton has {states} states, and those of at most {MOST_CONSTRUCTED} are constructed for a report"
        ));
    }
    let length = experiment.world().shape().positions - 1;
    let wanted = Wanted { name: "construction", language: None, machine: automaton, length, method: None };
    let found = construct(wanted).map_err(|error: LabError| error.to_string())?;
    match found.about.method {
        Method::Steps => Err("the one there is writes its states as tokens, and reads other sequences".into()),
        _ => Ok(found),
    }
}

fn beside(sight: &Sight, machine: &mut Machine, found: Construction) -> Result<(About, Vec<HeadCircuits>), String> {
    let experiment = Experiment::new(found.plan).map_err(|error| error.to_string())?;
    let heads = sight.heads(&experiment, machine, &found.point);
    if heads.is_empty() { Err("its stream is too wide to be looked at".into()) } else { Ok((found.about, heads)) }
}

fn qk(head: &HeadCircuits) -> Option<&Matrix> {
    head.qk.as_ref().map(|qk| &qk.matrix)
}

fn cosine<'h>(
    one: &'h HeadCircuits,
    other: &'h HeadCircuits,
    of: impl Fn(&'h HeadCircuits) -> Option<&'h Matrix>,
) -> Option<f64> {
    of(one)?.cosine(of(other)?)
}

fn largest(matrix: &Matrix) -> f64 {
    matrix.numbers().iter().fold(0.0, |most: f64, x| most.max(x.abs()))
}

/// Matrices beside one another, each divided by its largest entry, with an empty column between them.
fn side_by_side(shown: &[(&str, &Matrix)], states: usize) -> (Vec<f64>, Side) {
    let count = shown.len() * (states + 1) - 1;
    let entry = |row: usize, column: usize| match (column / (states + 1), column % (states + 1)) {
        (_, gap) if gap == states => f64::NAN,
        (number, column) => shown[number].1.get(row, column) / largest(shown[number].1).max(f64::MIN_POSITIVE),
    };
    let entries = (0..states * count).map(|at| entry(at / count, at % count)).collect();
    let begin = |number: usize| number * (states + 1);
    let groups = shown.iter().enumerate().map(|(at, (name, _))| (begin(at)..begin(at) + states, name.to_string()));
    let every = Side::counted("from", states).ticks;
    let ticks = |number: usize| every.iter().map(move |(at, name)| (begin(number) + at, name.clone()));
    let ticks = if states <= 10 { (0..shown.len()).flat_map(ticks).collect() } else { vec![] };
    (entries, Side { name: "from".into(), count, ticks, groups: groups.collect() })
}

fn name(head: &HeadCircuits) -> String {
    format!("layer {}, head {}", head.block, head.head)
}

fn number(cosine: Option<f64>) -> String {
    cosine.map_or("-".into(), |cosine| format!("{cosine:.3}"))
}

fn values(values: Option<&Vec<f64>>) -> String {
    let Some(values) = values else { return "-".into() };
    let shown: Vec<String> = values.iter().take(SHOWN_VALUES).map(|value| format!("{value:.3}")).collect();
    shown.join(" ") + if values.len() > SHOWN_VALUES { " …" } else { "" }
}
