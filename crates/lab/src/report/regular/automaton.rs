//! The automaton, with the states in which the network says a wrong class, and those that its stream does not tell apart.

use maud::{Markup, html};

use super::RegularStudy;
use super::answers::Answers;
use crate::digits::count;
use crate::regular::comparison::SiteGuesses;
use crate::regular::{Arrangement, MOST_DRAWN, RADIUS, arrow_head, automaton_in_words};
use crate::statistics::Trials;

/// One state is taken for another if it is so at this share of its positions, and these are the most arrows of that.
const TAKEN: f64 = 0.005;
const MOST_TAKEN: usize = 12;

/// A state that a probe takes for another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Taken {
    pub(super) state: usize,
    pub(super) other: usize,
    /// At which share of the state's positions.
    pub(super) share: f64,
}

/// What is taken for what, the largest share first.
pub(super) fn taken(guesses: &[Vec<u64>]) -> Vec<Taken> {
    let mut found: Vec<Taken> = vec![];
    for (state, row) in guesses.iter().enumerate() {
        let all = row.iter().sum::<u64>() as f64;
        let others = row.iter().enumerate().filter(|(other, _)| *other != state);
        let of = |(other, times): (usize, &u64)| Taken { state, other, share: *times as f64 / all };
        found.extend(others.map(of).filter(|taken| taken.share >= TAKEN));
    }
    found.sort_by(|a, b| b.share.total_cmp(&a.share));
    found.truncate(MOST_TAKEN);
    found
}

/// The drawing, and a map of what is said in each state.
pub(super) fn figure(study: &RegularStudy, probe: Option<&SiteGuesses>, of_best: &str) -> Markup {
    let taken = probe.map_or(vec![], |probe| taken(&probe.guesses));
    let states = study.automaton.automaton().states();
    html! {
        @if states > MOST_DRAWN {
            p.note { "The automaton has " (states) " states; at most " (MOST_DRAWN) " are drawn." }
        } @else {
            figure {
                h3 { "The states that are confused" }
                div.wide { (draw(study, &taken)) }
                figcaption { (of_best) (about(study, probe)) }
            }
        }
        @if let Some(answers) = &study.answers { (said(answers, of_best)) }
    }
}

fn draw(study: &RegularStudy, taken: &[Taken]) -> Markup {
    let (machine, arrangement) = (&study.automaton, Arrangement::of(&study.automaton));
    let Arrangement { width, height, .. } = arrangement;
    let wrong = study.answers.as_ref().map_or(vec![], Answers::wrong);
    let marks = || wrong.iter().zip(&arrangement.places).filter(|(trials, _)| trials.successes > 0);
    html! {
        svg id="automaton" class="automaton" viewBox=(format!("0 0 {width:.0} {height:.0}")) role="img"
            style=(format!("min-width:{:.0}px;max-width:{:.0}px", 0.6 * width, 1.2 * width))
            aria-labelledby="automaton-title automaton-about" {
            title id="automaton-title" { "The automaton and the states that the network confuses" }
            desc id="automaton-about" { (told(study, taken)) }
            defs { (arrow_head("automaton-arrow")) g.taken { (arrow_head("automaton-taken")) } }
            @for (trials, (x, y)) in marks() {
                circle class="wrong" cx=(format!("{x:.1}")) cy=(format!("{y:.1}")) r=(RADIUS)
                    style=(format!("opacity:{:.3}", depth(trials.share()))) {}
            }
            (arrangement.automaton(machine, "automaton-arrow"))
            g.taken {
                @for one in taken {
                    (arrangement.far_arrow((one.state, one.other), &percent(one.share), "automaton-taken"))
                }
            }
            @for (trials, (x, y)) in marks() {
                text class="share" x=(format!("{x:.1}")) y=(format!("{:.1}", y + RADIUS + 15.0)) {
                    (percent(trials.share())) " wrong"
                }
            }
        }
    }
}

/// How deep the colour of a state is: visible from the first error on.
fn depth(share: f64) -> f64 {
    0.12 + 0.68 * share.sqrt()
}

/// A share in per cent, to two digits.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    match percent {
        10.0.. => format!("{percent:.0} %"),
        1.0.. => format!("{percent:.1} %"),
        0.01.. => format!("{percent:.2} %"),
        0.0 => "0 %".into(),
        _ => format!("{percent:.1e} %"),
    }
}

/// Every transition and everything that is confused, in words.
fn told(study: &RegularStudy, taken: &[Taken]) -> String {
    let wrong = study.answers.as_ref().map_or(vec![], Answers::wrong);
    let wrong = wrong.iter().enumerate().filter(|(_, trials)| trials.successes > 0);
    let wrong = wrong.map(|(state, Trials { successes, of })| {
        format!(" In state {state} the class is wrong after {successes} of {of} prefixes.")
    });
    let taken = taken.iter().map(|one| format!(" State {} is taken for {} at {:.4}.", one.state, one.other, one.share));
    automaton_in_words(&study.automaton) + &wrong.chain(taken).collect::<String>()
}

fn about(study: &RegularStudy, probe: Option<&SiteGuesses>) -> String {
    let classes = match &study.answers {
        None => "The model has no head of classes, so nothing is known of what it says. ".into(),
        Some(answers) if answers.wrong().iter().all(|trials| trials.successes == 0) => {
            format!("The network says the right class after every prefix of {} test words. ", super::words())
        }
        Some(_) => format!(
            "Filled: the share of prefixes, of {} test words, after which the network says another class than the state's. ",
            super::words()
        ),
    };
    let stream = match probe {
        None => String::new(),
        Some(probe) if taken(&probe.guesses).is_empty() => format!(
            "A linear probe of the stream ({}) takes no state for another at {} of its positions, after strings held out.",
            probe.site,
            percent(TAKEN)
        ),
        Some(probe) => format!(
            "Dashed: how often a linear probe of the stream ({}), after strings held out, takes a state for another; from {} on.",
            probe.site,
            percent(TAKEN)
        ),
    };
    classes + &stream
}

/// How often each class is said in each state.
fn said(answers: &Answers, of_best: &str) -> Markup {
    let wrong = answers.wrong();
    html! {
        div.wide { table id="said" {
            thead { tr {
                th { "state" } th { "class" } th.number { "prefixes" }
                @for name in &answers.classes { th.number { "says " (name) } }
                th.number { "wrong" }
            } }
            tbody { @for (state, said) in answers.said.iter().enumerate() {
                tr {
                    th scope="row" { (state) }
                    td { (answers.classes[answers.truth[state]]) }
                    td.number { (count(wrong[state].of)) }
                    @for times in said { td.number { (count(*times)) } }
                    td.number { (if wrong[state].of > 0 { percent(wrong[state].share()) } else { "-".into() }) }
                }
            } }
        } }
        p.note { (of_best) "What the network says after the prefixes of " (super::words()) " test words that lead to each state." }
    }
}
