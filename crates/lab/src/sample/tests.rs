//! What is drawn follows the law, and does not depend on what is kept from position to position.

use std::sync::Mutex;

use infimum_engine::Replay;

use super::*;
use crate::{Executor, Isa, Plan, Recipe, start};

#[test]
fn picks_follow_the_law_at_every_temperature() {
    let logits = [0.0f32, 1.0, -40.0, 2.0];
    let (mut stream, mut law, all) = (Stream::new(1, Purpose::Check, 0, 0), Picked::default(), Filter::default());
    assert_eq!(pick(&logits, 0.0, &all, &mut stream, &mut law), 3);
    for temperature in [0.5, 1.0, 3.0] {
        let draws = 20_000;
        let mut counts = [0.0f64; 4];
        let mut draw = || usize::from(pick(&logits, temperature, &all, &mut stream, &mut law));
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

fn draws(sequences: usize, temperature: f64, seed: u64) -> Draw {
    Draw { sequences, temperature, seed, ..Draw::default() }
}

/// The same sequences with the whole program run again for every token.
fn recomputed(experiment: &Experiment, point: &[f32], draw: &Draw) -> Vec<Vec<u16>> {
    let program = experiment
        .program()
        .without_dropout()
        .outputs_at(&["logits"], 0..experiment.world().shape().scored.end)
        .unwrap();
    let mut replay = Replay::new(&program, experiment.plan().executor(), Isa::best());
    let (mut machine, inlets) = (Machine::new(Isa::best(), 1), Inlets::new(&program, experiment.world().shape()));
    let desk = Desk::new(experiment, draw);
    let mut writers: Vec<Writer> = (0..draw.count()).map(|number| desk.writer(number)).collect();
    let shape = experiment.world().shape();
    for position in 0..shape.scored.end {
        let tokens: Vec<Vec<u16>> = writers.iter().map(|writer| writer.tokens.clone()).collect();
        let source = |sequence: usize, feed: &mut Feed| {
            let padded = tokens[sequence].iter().copied().chain(std::iter::repeat(0)).take(shape.positions);
            feed.ids[inlets.tokens()] = padded.collect();
        };
        let laws: Vec<Mutex<Vec<f32>>> = tokens.iter().map(|_| Mutex::default()).collect();
        let keep = |sequence: usize, outputs: &[&[f32]]| *laws[sequence].lock().unwrap() = outputs[0].to_vec();
        replay.outputs(&mut machine.team, point, tokens.len(), &source, &keep);
        let alphabet = shape.heads[0].alphabet;
        for (writer, law) in writers.iter_mut().zip(laws) {
            writer.hear(position, &law.into_inner().unwrap()[position * alphabet..][..alphabet]);
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
            let expected = recomputed(&experiment, &point, &draws(40, temperature, 7));
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
    let draw = draws(35, 1.0, 1);
    let mut lengths = vec![];
    let each = |tokens: &[u16]| {
        lengths.push(tokens.len());
        Ok::<(), Infallible>(())
    };
    let Ok(drawing) = sample_each(&experiment, &mut Machine::new(Isa::best(), 1), &point(&experiment), &draw, each);
    let beginning = experiment.world().shape().scored.start + 1;
    assert_eq!(drawing.tokens, lengths.iter().map(|length| length - beginning).sum::<usize>());
    assert!(drawing.tokens_per_second() > 0.0 && drawing.tokens_per_second().is_finite());
}

/// A law that NumPy computed (`oracles/filters.py`).
#[derive(serde::Deserialize)]
struct Filtered {
    temperature: f64,
    top_k: Option<usize>,
    top_p: Option<f64>,
    min_p: Option<f64>,
    /// Nothing for minus infinity.
    logits: Vec<Option<f32>>,
    law: Vec<f64>,
}

#[test]
fn filters_leave_the_law_that_numpy_has() {
    let cases: Vec<Filtered> = serde_json::from_str(include_str!("../../tests/oracles/filters.json")).unwrap();
    assert!(cases.len() > 50);
    for (number, case) in cases.iter().enumerate() {
        let logits: Vec<f32> = case.logits.iter().map(|x| x.unwrap_or(f32::NEG_INFINITY)).collect();
        let filter = Filter { top_k: case.top_k, top_p: case.top_p, min_p: case.min_p };
        let (mut stream, mut law) = (Stream::new(1, Purpose::Check, 0, number as u64), Picked::default());
        for _ in 0..200 {
            let token = pick(&logits, case.temperature, &filter, &mut stream, &mut law);
            assert!(case.law[usize::from(token)] > 0.0, "case {number}: token {token} is not left");
        }
        let sum: f64 = law.powers.iter().sum();
        for (power, p) in law.powers.iter().zip(&case.law) {
            assert_eq!(*power > 0.0, *p > 0.0, "case {number}");
            assert!((power / sum - p).abs() <= 1e-14, "case {number}: {} for {p}", power / sum);
        }
    }
}

/// Prompts of different lengths, filters, stops and many threads side by side, or the whole program again for every token.
#[test]
fn prompts_and_stops_are_those_of_the_whole_program() {
    for (width, executor) in [("model.width=8", Executor::Lanes), ("model.width=40", Executor::Wide)] {
        let experiment = experiment(&[width, "model.heads=2"]);
        assert_eq!(experiment.plan().executor(), executor);
        let point = point(&experiment);
        let prompts = vec![vec![9, 3], vec![9, 1, 4, 1, 5, 8, 2], vec![9; 20]];
        let filter = Filter { top_k: Some(6), top_p: Some(0.95), min_p: Some(0.01) };
        let stops = vec![Stop::Tokens(vec![2]), Stop::Tokens(vec![4, 4])];
        let draw = Draw { sequences: 9, filter, seed: 3, prompts, stops, ..Draw::default() };
        let expected = recomputed(&experiment, &point, &draw);
        let ended = |tokens: &Vec<u16>| tokens.ends_with(&[2]) || tokens.ends_with(&[4, 4]);
        assert!(expected.iter().any(|tokens| tokens.len() < 21 && ended(tokens)), "{expected:?}");
        assert!(expected.iter().all(|tokens| tokens.len() == 21 || ended(tokens)));
        assert_eq!(expected[20].len(), 21, "a prompt of all that the model reads is continued by one token");
        for threads in [1, 2, 3] {
            let mut found = vec![];
            let keep = |tokens: &[u16]| {
                found.push(tokens.to_vec());
                Ok::<(), Infallible>(())
            };
            let mut machine = Machine::new(Isa::best(), threads);
            let Ok(drawing) = sample_each(&experiment, &mut machine, &point, &draw, keep);
            assert_eq!(found, expected, "{executor}, {threads} threads");
            let given: usize = draw.prompts.iter().map(|prompt| 9 * prompt.len()).sum();
            assert_eq!(drawing.tokens, found.iter().map(Vec::len).sum::<usize>() - given);
        }
        let mut heard = vec![];
        let (tokens, _) = sample_one(&experiment, &mut Machine::new(Isa::best(), 1), &point, &draw, &mut |tokens| {
            heard.push(tokens.to_vec());
        });
        assert_eq!(tokens, expected[0]);
        let beginnings: Vec<Vec<u16>> = (2..=tokens.len()).map(|length| tokens[..length].to_vec()).collect();
        assert_eq!(heard, beginnings, "one token more each time");
    }
}

/// What a prompt is continued by is that whatever other prompts stand beside it, before or behind, and however many of each.
#[test]
fn a_prompt_is_continued_alike_beside_others() {
    let experiment = experiment(&["model.width=8", "model.heads=2"]);
    let (point, mut machine) = (point(&experiment), Machine::new(Isa::best(), 2));
    let mut drawn = |sequences: usize, prompts: &[&[u16]]| {
        let prompts = prompts.iter().map(|prompt| prompt.to_vec()).collect();
        let (draw, mut found) = (Draw { sequences, seed: 5, prompts, ..Draw::default() }, vec![]);
        let keep = |tokens: &[u16]| {
            found.push(tokens.to_vec());
            Ok::<(), Infallible>(())
        };
        let Ok(_) = sample_each(&experiment, &mut machine, &point, &draw, keep);
        found
    };
    let (a, b): (&[u16], &[u16]) = (&[9, 3], &[9, 1, 4]);
    let alone = [drawn(20, &[a]), drawn(20, &[b])];
    assert_eq!(drawn(20, &[a, b]), alone.concat());
    assert_eq!(drawn(20, &[b, a, b]), [&alone[1][..], &alone[0], &alone[1]].concat());
    assert_eq!(drawn(3, &[a, b]), [&alone[0][..3], &alone[1][..3]].concat());
    assert!(alone[0].iter().any(|tokens| tokens != &alone[0][0]), "sequences of one prompt have draws of their own");
}

#[test]
fn prompts_are_read_and_mistakes_are_named() {
    let experiment = experiment(&["model.width=8", "model.heads=2"]);
    let read = |text: &str| read_prompt(&experiment, text).map_err(|error| error.to_string());
    assert_eq!(read("3 1,4").unwrap(), [9, 3, 1, 4], "BOS, 9, need not be named");
    assert_eq!(read("9 3").unwrap(), [9, 3]);
    assert_eq!(read("").unwrap(), [9]);
    for (text, part) in [
        ("3 10", "10 is not in the alphabet, whose tokens are 0 to 9"),
        ("3 x", "x is not in the alphabet"),
        ("-1", "-1 is not in the alphabet"),
        (&"1 ".repeat(20), "it has 21 tokens, and the model reads at most 20"),
    ] {
        assert!(read(text).unwrap_err().contains(part), "{text}: {}", read(text).unwrap_err());
    }
    assert!(read_stop(&experiment, " ").unwrap_err().to_string().contains("no token"));
    assert_eq!(spell(&experiment, &[9, 3, 1]), "9 3 1");
    let draw = Draw { filter: Filter { top_k: Some(11), ..Filter::default() }, ..Draw::default() };
    assert!(draw.check(&experiment).unwrap_err().to_string().contains("--top-k = 11: the alphabet has 10 tokens"));
}
