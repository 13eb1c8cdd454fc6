//! What is drawn follows the law, and does not depend on what is kept from position to position.

use std::sync::Mutex;

use infimum_engine::Replay;

use super::*;
use crate::{Executor, Isa, Plan, Recipe, start};

#[test]
fn picks_follow_the_law_at_every_temperature() {
    let logits = [0.0f32, 1.0, -40.0, 2.0];
    let (mut stream, mut powers) = (Stream::new(1, Purpose::Check, 0, 0), vec![]);
    assert_eq!(pick(&logits, 0.0, &mut stream, &mut powers), 3);
    for temperature in [0.5, 1.0, 3.0] {
        let draws = 20_000;
        let mut counts = [0.0f64; 4];
        let mut draw = || usize::from(pick(&logits, temperature, &mut stream, &mut powers));
        (0..draws).for_each(|_| counts[draw()] += 1.0);
        let powers = logits.map(|x| libm::exp(f64::from(x) / temperature));
        let sum: f64 = powers.iter().sum();
        for (count, power) in counts.iter().zip(powers) {
            let p = power / sum;
            let error = (count / f64::from(draws) - p).abs();
            assert!(error <= 5.0 * (p * (1.0 - p) / f64::from(draws)).sqrt() + 1e-9, "temperature {temperature}");
        }
    }
}

fn experiment(overrides: &[&str]) -> Experiment {
    let recipe = "[world]\nkind = \"markov\"\nstates = 9\nlength = 21\nseed = 3\n[model]\nlayers = 2";
    let overrides: Vec<String> = overrides.iter().map(|o| o.to_string()).collect();
    Experiment::new(Plan::new(&Recipe::parse(recipe, "sample", &overrides).unwrap()).unwrap()).unwrap()
}

/// A model far from uniform: eight times its start.
fn point(experiment: &Experiment) -> Vec<f32> {
    start(experiment.program(), experiment.plan().model(), 1).iter().map(|x| 8.0 * x).collect()
}

/// The same sequences with the whole program run again for every token.
fn recomputed(experiment: &Experiment, point: &[f32], draw: Draw) -> Vec<Vec<u16>> {
    let program = experiment.program().without_dropout().outputs(&["logits"]).unwrap();
    let mut replay = Replay::new(&program, experiment.plan().executor(), Isa::best());
    let (mut machine, inlets) = (Machine::new(Isa::best(), 1), Inlets::new(&program, experiment.world().shape()));
    let mut writers: Vec<Writer> = (0..draw.sequences).map(|n| writer(experiment, &inlets, n, draw)).collect();
    let shape = experiment.world().shape();
    for position in shape.scored.clone() {
        let tokens: Vec<Vec<u16>> = writers.iter().map(|writer| writer.tokens.clone()).collect();
        let source = |sequence: usize, feed: &mut Feed| {
            let padded = tokens[sequence].iter().copied().chain(std::iter::repeat(0)).take(shape.positions);
            feed.ids[inlets.tokens()] = padded.collect();
        };
        let laws: Vec<Mutex<Vec<f32>>> = tokens.iter().map(|_| Mutex::default()).collect();
        let keep = |sequence: usize, outputs: &[&[f32]]| *laws[sequence].lock().unwrap() = outputs[0].to_vec();
        replay.outputs(&mut machine.team, point, tokens.len(), &source, &keep);
        let (alphabet, row) = (shape.heads[0].alphabet, position - shape.scored.start);
        for (writer, law) in writers.iter_mut().zip(laws) {
            writer.hear(position, &law.into_inner().unwrap()[row * alphabet..][..alphabet]);
        }
    }
    writers.into_iter().map(|writer| writer.tokens).collect()
}

#[test]
fn what_is_kept_from_position_to_position_changes_no_sequence() {
    let models: [(&[&str], Executor); 8] = [
        (&["model.width=8", "model.heads=2"], Executor::Lanes),
        (&["model.width=12", "model.heads=1", "model.positions=none"], Executor::Lanes),
        (&["model.width=32", "model.heads=4", "model.dropout=0.2"], Executor::Wide),
        (&["model.width=40", "model.heads=1", "model.positions=sinusoidal", "model.norm=rms"], Executor::Wide),
        (&["model.width=33", "model.heads=11", "model.bias=true", "model.parallel=true"], Executor::Wide),
        (
            &["model.width=6", "model.heads=1", "model.positions=rotary", "model.qk_norm=rms", "model.mlp_gate=true"],
            Executor::Lanes,
        ),
        (&["model.width=36", "model.heads=6", "model.kv_heads=2", "model.positions=rotary"], Executor::Wide),
        (&["model.width=33", "model.heads=4", "model.head_width=7", "model.positions=alibi"], Executor::Wide),
    ];
    for (overrides, executor) in models {
        let experiment = experiment(overrides);
        assert_eq!(experiment.plan().executor(), executor);
        let point = point(&experiment);
        for temperature in [0.0, 0.3, 1.0, 5.0] {
            let expected = recomputed(&experiment, &point, Draw { sequences: 40, temperature, seed: 7 });
            assert!(temperature == 0.0 || expected.iter().any(|sequence| sequence[1..] != expected[0][1..]));
            for (isa, threads) in Isa::available().into_iter().flat_map(|isa| [1, 2, 3].map(|threads| (isa, threads))) {
                let found = sample(&experiment, &mut Machine::new(isa, threads), &point, 40, temperature, 7);
                assert_eq!(found, expected, "{overrides:?}, temperature {temperature}, {isa}, {threads} threads");
            }
        }
    }
}

#[test]
fn only_tokens_of_the_model_are_counted() {
    let experiment = experiment(&["model.width=8", "model.heads=2"]);
    let draw = Draw { sequences: 35, temperature: 1.0, seed: 1 };
    let mut lengths = vec![];
    let each = |tokens: &[u16]| {
        lengths.push(tokens.len());
        Ok::<(), Infallible>(())
    };
    let Ok(drawing) = sample_each(&experiment, &mut Machine::new(Isa::best(), 1), &point(&experiment), draw, each);
    let beginning = experiment.world().shape().scored.start + 1;
    assert_eq!(drawing.tokens, lengths.iter().map(|length| length - beginning).sum::<usize>());
    assert!(drawing.tokens_per_second() > 0.0 && drawing.tokens_per_second().is_finite());
}
