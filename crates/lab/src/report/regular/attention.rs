//! Where heads look while words are read.

use infimum_worlds::{Example, Purpose};
use maud::{Markup, html};

use crate::data::Address;
use crate::digits::count;
use crate::report::attention::{HeadAttention, Looking, attention as mean_attention};
use crate::report::heat_map::{Colours, HeatMap, Side};
use crate::report::subject::Subject;
use crate::{Experiment, Machine};

/// Words over which attention is averaged.
const WORDS: u64 = 512;
/// Positions that are shown, from the first on, and heads.
const MOST_POSITIONS: usize = 48;
const MOST_HEADS: usize = 16;

/// Attention of every head, the mean over the first test words at the positions that each has.
pub(super) fn attention(experiment: &Experiment, machine: &mut Machine, point: &[f32]) -> Vec<HeadAttention> {
    let shape = experiment.world().shape();
    let draw = |number: usize, into: &mut Example| {
        experiment.draw(Purpose::Test, Address { step: 0, index: number as u64 }, into);
    };
    let mut example = Example::default();
    let lengths: Vec<usize> = (0..WORDS as usize)
        .map(|number| {
            draw(number, &mut example);
            let symbols = shape.alphabet as u16 - 2;
            1 + example.tokens[1..].iter().take_while(|token| **token < symbols).count()
        })
        .collect();
    let looking = Looking {
        queries: 0..shape.positions.min(MOST_POSITIONS),
        sequences: lengths.len(),
        write: &draw,
        reach: &|number| lengths[number],
    };
    mean_attention(&mut Subject { experiment, machine, point }, &looking)
}

/// A picture for each head, and words.
pub(super) fn section(heads: &[HeadAttention], of_best: &str) -> Markup {
    html! {
        @if !heads.is_empty() {
            h3 { "Where heads look" }
            p.note { (of_best) (about(heads.len())) }
            div.matrices {
                @for map in heads.iter().take(MOST_HEADS).map(map) { figure { h3 { (map.title) } (map.draw()) } }
            }
        }
    }
}

fn map(head: &HeadAttention) -> HeatMap<'_> {
    let positions = head.weights.len().isqrt();
    let side = |name: &str| Side::counted(name, positions);
    HeatMap {
        id: format!("attention-{}-{}", head.layer, head.head),
        title: format!("Attention of head {} in layer {}", head.head, head.layer),
        description: told(head, positions),
        entries: &head.weights,
        sides: [side("symbols read"), side("position looked at")],
        unit: "attention, mean over words",
        colours: Colours::Upwards(1.0),
    }
}

/// How much goes to the beginning, to the position itself and to the one before, over positions that words reach.
fn told(head: &HeadAttention, positions: usize) -> String {
    let mean = |at: &dyn Fn(usize) -> Option<usize>| {
        let seen = (1..positions).filter_map(|row| Some(head.weights[row * positions + at(row)?]));
        let seen: Vec<f64> = seen.filter(|weight| weight.is_finite()).collect();
        seen.iter().sum::<f64>() / seen.len() as f64
    };
    format!(
        "Mean attention of each position to each before it, {positions} by {positions}. After the first symbol the beginning gets {:.3}, the \
         position itself {:.3}, the one before {:.3}, in the mean.",
        mean(&|_| Some(0)),
        mean(&Some),
        mean(&|row| row.checked_sub(1))
    )
}

fn about(heads: usize) -> String {
    let rest = match heads > MOST_HEADS {
        true => format!(" Of {heads} heads the first {MOST_HEADS} are shown."),
        false => String::new(),
    };
    format!(
        "A row for each position of a word, from BOS (0) on: how much of its attention goes to each position up to its own, the mean over those of \
         the first {} test words that reach it.{rest}",
        count(WORDS)
    )
}
