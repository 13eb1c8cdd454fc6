//! A model too narrow for its chain: logits are a matrix of at most as many dimensions as the stream has channels, and the law needs more.

use infimum_worlds::markov::Markov;

use super::low_rank::{Contexts, Logits};
use super::{Cause, Found, Needs, Patient};
use crate::LabError;
use crate::recipe::{Model, Norm};

pub(super) const TOO_NARROW: Cause = Cause {
    name: "model_too_narrow",
    about: "whether the truth has more dimensions than the model",
    needs: Needs::End,
    find,
};

/// Larger chains are not looked at, nor fits of more products a step.
const MOST_STATES: usize = 128;
const MOST_CONTEXTS: usize = 1024;
const MOST_PRODUCTS: usize = 1 << 20;
/// What is lost by the width has to be so much of what the run lacks, and not more than it: then the fit says nothing.
const SHARE: f64 = 0.5;
const MOST: f64 = 1.05;
/// A width is enough that loses so much of the way, or less.
const ENOUGH: f64 = 0.05;

fn find(patient: &mut Patient<'_>) -> Result<Option<Found>, LabError> {
    let (Some(chain), Some(floor)) = (patient.experiment.world().chain(), patient.experiment.floor()) else {
        return Ok(None);
    };
    let (states, model) = (chain.states(), patient.experiment.plan().model());
    let count = states.checked_pow(chain.order() as u32).filter(|count| *count <= MOST_CONTEXTS);
    let count = count.filter(|count| states <= MOST_STATES && states * count * model.width <= MOST_PRODUCTS);
    let Some(count) = count.filter(|_| model.width < states) else { return Ok(None) };
    let (contexts, excess) = (contexts(chain, count), patient.loss - floor);
    let lost = contexts.divergence(logits(model, model.width));
    if lost < SHARE * excess || lost > MOST * excess {
        return Ok(None);
    }
    let wider = (1..).map(|times| model.width << times).take_while(|width| *width < states);
    let mut wider = wider.filter(|width| states * count * width <= MOST_PRODUCTS);
    let is_enough = |width: &usize| contexts.divergence(logits(model, *width)) <= ENOUGH * patient.way();
    let enough = wider.find(is_enough).unwrap_or(states);
    Ok(Some(Found {
        evidence: format!(
            "logits of model.width = {} are a matrix of so few dimensions over {states} states; the nearest to the law that is found loses {lost:.4} nats, \
             and the run lacks {excess:.4}",
            model.width
        ),
        change: format!("set model.width = {enough}"),
    }))
}

/// What logits a model of a width can have: the mean that a layer norm takes away is one dimension less, and its bias an offset.
fn logits(model: &Model, width: usize) -> Logits {
    let rank = if model.norm == Norm::Layer { width - 1 } else { width };
    Logits { rank, offset: model.norm != Norm::None && model.has_norm_bias() }
}

/// The rows of a chain, and how often each is needed in a block.
fn contexts(chain: &Markov, count: usize) -> Contexts {
    let states = chain.states();
    let mut law = vec![0.0; count * states];
    let mut first = vec![0.0; count];
    for (context, row) in law.chunks_mut(states).enumerate() {
        let state = |back: usize| (context / states.pow(back as u32) % states) as u16;
        let last: Vec<u16> = (0..chain.order()).rev().map(state).collect();
        chain.row(&last).for_each(|(next, p)| row[next] = p);
        let of = |(place, next): (usize, &u16)| {
            chain.row(&last[..place]).find(|(state, _)| *state == usize::from(*next)).map_or(0.0, |(_, p)| p)
        };
        first[context] = last.iter().enumerate().map(of).product();
    }
    let times = (chain.length() - 1).saturating_sub(chain.order()).clamp(1, MOST_TIMES);
    let shares = shares(&law, states, first, times);
    Contexts { states, law, shares }
}

/// Places of a block that are followed; then contexts are about as frequent as they stay.
const MOST_TIMES: usize = 128;

/// How frequent contexts are, in the mean over so many places, if they are `first` as frequent at the first of them.
fn shares(law: &[f64], states: usize, first: Vec<f64>, times: usize) -> Vec<f64> {
    let (mut now, mut sum) = (first, vec![0.0; law.len() / states]);
    for _ in 0..times {
        sum.iter_mut().zip(&now).for_each(|(sum, now)| *sum += now / times as f64);
        let mut next = vec![0.0; now.len()];
        for (at, p) in law.iter().enumerate() {
            // The context without its oldest state, and with the next.
            next[at % now.len()] += now[at / states] * p;
        }
        now = next;
    }
    sum
}
