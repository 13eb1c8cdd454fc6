//! Where a model looks when it writes each digit of an answer.

use infimum_worlds::World;
use infimum_worlds::addition::{Addition, Pair, Role};

use crate::digits::count;
use crate::report::attention::{self, HeadAttention, Looking};
use crate::report::heat_map::{Colours, HeatMap, Side};
use crate::report::subject::Subject;

/// Pairs over which attention is averaged.
pub(super) const PAIRS: usize = 512;

/// Attention of every head where each digit of the answer is written, averaged over `pairs`; nothing for a model without attention.
pub(super) fn attention(subject: &mut Subject<'_>, world: &Addition, pairs: &[Pair]) -> Vec<HeadAttention> {
    let (first, rows) = (world.shape().scored.start, world.answer_digits());
    attention::attention(
        subject,
        &Looking {
            queries: first..first + rows,
            sequences: pairs.len(),
            write: &|number, into| world.ask(pairs[number], &[], into),
            reach: &|_| rows,
        },
    )
}

/// A picture for each head.
pub(super) fn maps<'a>(heads: &'a [HeadAttention], world: &Addition) -> Vec<HeatMap<'a>> {
    let map = |one: &'a HeadAttention| HeatMap {
        id: format!("attention-{}-{}", one.layer, one.head),
        title: format!("Attention of head {} in layer {}", one.head, one.layer),
        description: told(one, world),
        entries: &one.weights,
        sides: [digits(world), positions(world)],
        unit: "attention, mean over pairs",
        colours: Colours::Upwards(1.0),
    };
    heads.iter().map(map).collect()
}

fn digits(world: &Addition) -> Side {
    let count = world.answer_digits();
    let ticks = (0..count).map(|row| (row, world.place(row).to_string())).collect();
    Side { name: "digit".into(), count, ticks, groups: vec![] }
}

/// Digits are named by the power of ten that they count.
fn positions(world: &Addition) -> Side {
    let count = world.shape().scored.start + world.answer_digits();
    let roles = world.roles();
    let label = |role: Role| match role {
        Role::First(place) | Role::Second(place) | Role::Answer(place) => place.to_string(),
        Role::Plus => "+".into(),
        Role::Equals => "=".into(),
        Role::Begin | Role::End => "·".into(),
    };
    let labels: Vec<String> = roles[..count].iter().map(|role| label(*role)).collect();
    let longest = labels.iter().map(|label| label.chars().count()).max().unwrap_or(1);
    let step = (count * longest).div_ceil(MOST_LETTERS).max(1);
    let ticks = labels.into_iter().enumerate().step_by(step).collect();
    let groups = ["first", "second", "answer"].into_iter().filter_map(|name| {
        let is_of = |role: &Role| group(*role) == Some(name);
        let (first, last) = (roles[..count].iter().position(is_of)?, roles[..count].iter().rposition(is_of)?);
        Some((first..last + 1, name.to_string()))
    });
    let groups = groups.collect();
    Side { name: "position looked at".into(), count, ticks, groups }
}

/// What digits are called together.
fn group(role: Role) -> Option<&'static str> {
    match role {
        Role::First(_) => Some("first"),
        Role::Second(_) => Some("second"),
        Role::Answer(_) => Some("answer"),
        _ => None,
    }
}

/// So many letters have room below a picture.
const MOST_LETTERS: usize = 48;

/// Where each digit looks most.
fn told(one: &HeadAttention, world: &Addition) -> String {
    let roles = world.roles();
    let columns = one.weights.len() / world.answer_digits();
    let most = |(row, weights): (usize, &[f64])| {
        let most = (1..columns).fold(0, |most, at| if weights[at] > weights[most] { at } else { most });
        let place = world.place(row);
        format!("10^{place} looks most at {} ({:.3})", name(roles[most]), weights[most])
    };
    let told: Vec<String> = one.weights.chunks(columns).enumerate().map(most).collect();
    format!(
        "Mean attention of each digit of the answer to each position before it. The digit of {}.",
        told.join(", of ")
    )
}

fn name(role: Role) -> String {
    match role {
        Role::Begin => "the beginning".into(),
        Role::First(place) => format!("10^{place} of the first number"),
        Role::Plus => "the sign between".into(),
        Role::Second(place) => format!("10^{place} of the second number"),
        Role::Equals => "the sign before the answer".into(),
        Role::Answer(place) => format!("10^{place} of the answer"),
        Role::End => "the end".into(),
    }
}

/// What the pictures show, in words.
pub(super) fn about() -> String {
    format!(
        "A row for each digit of the answer, in the order of writing and named by the power of ten that it counts: how much of its attention \
         goes to each position before it, the mean over {} uniform pairs. The position that writes a digit is the one before it. Columns \
         are named likewise.",
        count(PAIRS as u64)
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::report::sums::tests::{experiment, machine};
    use crate::{Trainer, start};

    /// With what attention gives and its values: the weights that are shown times the values are what the program computes, for
    /// every way of making queries and keys.
    #[test]
    fn weights_times_values_are_what_attention_gives() {
        let ways: [&[&str]; 7] = [
            &[],
            &["model.heads=2"],
            &["model.positions=rotary"],
            &["model.positions=alibi", "model.heads=4"],
            &["model.qk_norm=rms", "model.heads=4", "model.kv_heads=2"],
            &["model.positions=rotary", "model.kv_heads=1", "model.heads=2", "model.qk_norm=rms"],
            &["model.positions=alibi", "model.kv_heads=2", "model.heads=4", "model.layers=2", "model.dropout=0.1"],
        ];
        for overrides in ways {
            let experiment = experiment(overrides);
            let (mut machine, point) = (machine(), start(experiment.program(), experiment.plan().model(), 3));
            let mut subject = Subject { experiment: &experiment, machine: &mut machine, point: &point };
            let world = experiment.world().sums().unwrap();
            let pair = Pair { a: 57, b: 68 };
            let all = attention(&mut subject, world, &[pair]);
            for found in all.chunk_by(|a, b| a.layer == b.layer) {
                assert_eq!(found.len(), experiment.plan().model().heads, "{overrides:?}");
                check(&mut subject, world, pair, found);
            }
            assert_eq!(all.len(), experiment.plan().model().heads * experiment.plan().model().layers);
        }
    }

    fn check(subject: &mut Subject<'_>, world: &Addition, pair: Pair, found: &[HeadAttention]) {
        let site = format!("h.{}.attn.y", found[0].layer);
        let program = subject.experiment.program().without_dropout();
        let values = program.operands(&site).unwrap()[2].to_string();
        let (first, rows) = (world.shape().scored.start, world.answer_digits());
        let program = program.outputs_at(&[values.as_str(), site.as_str()], 0..first + rows).unwrap();
        let arrays = Mutex::new(vec![]);
        subject.outputs(&program, 1, &|_, into| world.ask(pair, &[], into), &|_, outputs| {
            *arrays.lock().unwrap() = outputs.iter().map(|array| array.to_vec()).collect();
        });
        let arrays: Vec<Vec<f32>> = arrays.into_inner().unwrap();
        let channels = arrays[0].len() / (first + rows);
        let each = channels / found.len();
        for (row, channel) in (0..rows).flat_map(|row| (0..channels).map(move |channel| (row, channel))) {
            let weights = &found[channel / each].weights[row * (first + rows)..][..first + rows];
            assert!(
                (weights.iter().sum::<f64>() - 1.0).abs() < 1e-12
                    && weights[first + row + 1..].iter().all(|w| *w == 0.0)
            );
            let expected = f64::from(arrays[1][(first + row) * channels + channel]);
            let product = |at: usize| weights[at] * f64::from(arrays[0][at * channels + channel]);
            let sum: f64 = (0..first + rows).map(product).sum();
            assert!((sum - expected).abs() < 1e-5, "{site}, {row}, {channel}: {sum} for {expected}");
        }
    }

    #[test]
    fn the_mean_is_over_the_pairs() {
        let experiment = experiment(&[]);
        let mut machine = machine();
        let point = Trainer::start(&experiment, &machine).unwrap().state().point;
        let mut subject = Subject { experiment: &experiment, machine: &mut machine, point: &point };
        let world = experiment.world().sums().unwrap();
        let pairs = [Pair { a: 1, b: 2 }, Pair { a: 99, b: 45 }, Pair { a: 50, b: 50 }];
        let together = attention(&mut subject, world, &pairs);
        let alone = pairs.map(|pair| attention(&mut subject, world, &[pair]));
        for (place, mean) in together[0].weights.iter().enumerate() {
            let expected = alone.iter().map(|one| one[0].weights[place]).sum::<f64>() / 3.0;
            assert!((mean - expected).abs() < 1e-12, "{mean} for {expected}");
        }
    }

    #[test]
    fn columns_are_named_as_they_are_written() {
        let experiment = experiment(&[]);
        let side = positions(experiment.world().sums().unwrap());
        let labels: Vec<&str> = side.ticks.iter().map(|(_, label)| label.as_str()).collect();
        assert_eq!(labels, ["1", "0", "+", "1", "0", "=", "0", "1"]);
        let groups: Vec<_> = side.groups.into_iter().map(|(range, name)| (range.start, range.end, name)).collect();
        let expected = [(0, 2, "first"), (3, 5, "second"), (6, 8, "answer")];
        assert_eq!(groups, expected.map(|(start, end, name)| (start, end, name.to_string())));
    }
}
