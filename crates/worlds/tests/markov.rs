//! Markov chains: mistakes in settings, the law's non-zeros, concentration, large instances, counting.

use infimum_worlds::counting::Counting;
use infimum_worlds::markov::{Generator, Method, Settings};
use infimum_worlds::{Example, Purpose, Quantity, Stream, Truth, World, follow};
use statrs::distribution::{ChiSquared, ContinuousCDF};

fn base() -> Settings {
    Settings::new(10, 16, 1)
}

fn legacy() -> Settings {
    Settings { generator: Generator::NumpyLegacy, ..base() }
}

fn sparse(sparsity: f64, settings: Settings) -> Settings {
    Settings { sparsity: Some(sparsity), ..settings }
}

fn keep(keep: i64, settings: Settings) -> Settings {
    Settings { keep: Some(keep), ..settings }
}

#[test]
fn mistakes_name_the_value_the_limit_and_the_way_out() {
    let cases: Vec<(Settings, &[&str])> = vec![
        (Settings { states: 1, ..base() }, &["states = 1", "2 to 65535", "nothing to predict"]),
        (Settings { states: -4, ..base() }, &["states = -4", "2 to 65535", "at least 2"]),
        (Settings { states: 65_536, ..base() }, &["states = 65536", "2 to 65535", "lower states"]),
        (Settings { order: 0, ..base() }, &["order = 0", "1 to 4", "the least"]),
        (Settings { order: 5, ..base() }, &["order = 5", "1 to 4", "at most four"]),
        (Settings { length: -1, ..base() }, &["length = -1", "2 to 1000000"]),
        (Settings { length: 1, ..base() }, &["length = 1", "2 to 1000000", "BOS"]),
        (Settings { length: i64::MAX, ..base() }, &["length = 9223372036854775807", "lower it"]),
        (sparse(-1.0, base()), &["sparsity = -1", "0 to below 100"]),
        (sparse(100.0, base()), &["sparsity = 100", "0 to below 100"]),
        (sparse(f64::NAN, base()), &["sparsity = NaN", "0 to below 100"]),
        (sparse(95.0, base()), &["sparsity = 95", "empty row", "at most 90", "keep = 1"]),
        (keep(0, base()), &["keep = 0", "1 to 10", "raise keep"]),
        (keep(11, base()), &["keep = 11", "1 to 10", "lower keep"]),
        (sparse(50.0, keep(5, base())), &["sparsity and keep", "leave one of them out"]),
        (Settings { concentration: 0.0, ..base() }, &["concentration = 0", "0.001 to 1000000", "raise it"]),
        (Settings { concentration: f64::INFINITY, ..base() }, &["concentration = inf", "0.001 to 1000000", "lower it"]),
        (Settings { concentration: f64::NAN, ..base() }, &["concentration = NaN", "0.001 to 1000000"]),
        (Settings { seed: -1, ..base() }, &["seed = -1", "0 to", "a larger one"]),
        (Settings { seed: 1 << 32, ..legacy() }, &["seed = 4294967296", "0 to 4294967295", "a smaller one"]),
        (Settings { order: 2, ..legacy() }, &["order = 2", "numpy-legacy", "order 1", "philox"]),
        (Settings { concentration: 2.0, ..legacy() }, &["concentration = 2", "numpy-legacy", "philox"]),
        (sparse(12.5, legacy()), &["sparsity = 12.5", "numpy-legacy", "whole percentages"]),
        (Settings { states: 10_000, ..base() }, &["100010000 non-zero", "at most 100000000", "keep to at most 9999"]),
        (Settings { states: 100, order: 4, ..base() }, &["10101010100 non-zero", "lower states or order"]),
        (keep(1, Settings { states: 65_535, order: 4, ..base() }), &["too large", "one successor each"]),
    ];
    for (settings, words) in cases {
        let error = settings.build().err().unwrap_or_else(|| panic!("{settings:?} is built")).to_string();
        words.iter().for_each(|word| assert!(error.contains(word), "{error:?} lacks {word:?}"));
    }
}

#[test]
fn unknown_kinds_keys_and_types_are_refused() {
    let parse = |kind, text| infimum_worlds::Settings::parse(kind, &mut serde_json::Deserializer::from_str(text));
    let refused = |kind, text| parse(kind, text).unwrap_err().to_string();
    assert!(refused("markow", "{}").contains("worlds are: markov"));
    assert!(
        refused("markov", r#"{"states": 3, "length": 4, "seed": 1, "spasity": 5}"#).contains("unknown field `spasity`")
    );
    assert!(refused("markov", r#"{"states": 3.5, "length": 4, "seed": 1}"#).contains("invalid type"));
    assert!(refused("markov", r#"{"states": 3, "length": 4}"#).contains("missing field `seed`"));
    assert!(
        refused("markov", r#"{"states": 3, "length": 4, "seed": 1, "generator": "numpy"}"#).contains("numpy-legacy")
    );
    let text = r#"{"states": 3, "length": 4, "seed": 1}"#;
    assert_eq!(parse("markov", text).unwrap(), infimum_worlds::Settings::Markov(Settings::new(3, 4, 1)));
}

/// Every numeric key of every world has its limits in the schema.
#[test]
fn the_schema_has_the_range_of_every_number() {
    let schema = schemars::schema_for!(infimum_worlds::Settings).to_value();
    assert!(schema.to_string().contains("numpy-legacy"));
    let mut numbers = 0;
    for world in schema["oneOf"].as_array().unwrap() {
        for (key, schema) in world["properties"].as_object().into_iter().flatten() {
            let is = |kind: &str| schema["type"] == *kind || schema["type"] == serde_json::json!([kind, "null"]);
            if is("integer") || is("number") {
                let has = |limit: &str| schema[limit].is_number();
                let [least, greatest] = [["minimum", "exclusiveMinimum"], ["maximum", "exclusiveMaximum"]];
                assert!(least.into_iter().any(has) && greatest.into_iter().any(has), "{key}: {schema}");
                numbers += 1;
            }
        }
    }
    assert!(numbers >= 6 + 7, "a chain has 6 numbers, windows have 7: {schema}");
}

#[test]
fn rows_have_exactly_the_successors_asked_for() {
    for (settings, expected) in [
        (base(), 10),
        (sparse(0.0, base()), 10),
        (sparse(75.0, base()), 2),
        (sparse(90.0, base()), 1),
        (sparse(99.9, Settings { states: 1000, ..base() }), 1),
        (keep(3, Settings { concentration: 0.001, ..base() }), 3),
        (Settings { concentration: 0.001, ..base() }, 10),
        (sparse(75.0, legacy()), 2),
    ] {
        let world = settings.build().unwrap();
        for state in 0..world.states() as u16 {
            let row: Vec<(usize, f64)> = world.row(&[state]).filter(|&(_, p)| p > 0.0).collect();
            assert_eq!(row.len(), expected, "{settings:?}");
            assert!(row.windows(2).all(|pair| pair[0].0 < pair[1].0));
            assert!((row.iter().map(|(_, p)| p).sum::<f64>() - 1.0).abs() <= 1e-12);
        }
        assert_eq!(world.row(&[]).filter(|&(_, p)| p > 0.0).count(), world.states());
    }
}

/// In a symmetric Dirichlet law of concentration `c` over `n` states, the mean of `p^2` is `(c + 1) / (n (n c + 1))`.
#[test]
fn rows_spread_as_their_concentration_says() {
    for concentration in [0.05, 0.3, 0.999, 1.0, 1.001, 2.5, 40.0] {
        let states = 200;
        let world = Settings { concentration, ..Settings::new(states, 2, 7) }.build().unwrap();
        let squares: Vec<f64> = (0..states as u16).flat_map(|s| world.row(&[s]).map(|(_, p)| p * p)).collect();
        let n = states as f64;
        let (mean, expected) = (
            squares.iter().sum::<f64>() / squares.len() as f64,
            (concentration + 1.0) / (n * (n * concentration + 1.0)),
        );
        assert!((mean / expected - 1.0).abs() <= 0.05, "concentration {concentration}: {mean:e} for {expected:e}");
    }
}

fn example(world: &dyn World, purpose: Purpose, index: u64) -> Example {
    let mut example = Example::default();
    world.draw(&mut Stream::new(99, purpose, 0, index), &mut example);
    example
}

/// Transitions of a chain too large to enumerate, pooled where expected fewer than five times.
#[test]
fn transitions_of_a_large_chain_follow_its_rows() {
    for settings in
        [Settings::new(100, 257, 3), sparse(75.0, Settings::new(100, 257, 3)), sparse(98.0, Settings::new(300, 257, 3))]
    {
        let world = settings.build().unwrap();
        let states = world.states();
        let mut counts = vec![vec![0.0; states]; states];
        for index in 0..4000 {
            let targets = &example(&world, Purpose::Test, index).targets[0];
            targets.windows(2).for_each(|pair| counts[usize::from(pair[0])][usize::from(pair[1])] += 1.0);
        }
        let (mut statistic, mut freedom) = (0.0, 0.0);
        for (state, counts) in counts.iter().enumerate() {
            let total: f64 = counts.iter().sum();
            let (mut rare, mut possible) = ((0.0, 0.0), vec![false; states]);
            for (next, p) in world.row(&[state as u16]) {
                possible[next] = true;
                if p * total < 5.0 {
                    rare = (rare.0 + p * total, rare.1 + counts[next]);
                } else {
                    statistic += (counts[next] - p * total) * (counts[next] - p * total) / (p * total);
                    freedom += 1.0;
                }
            }
            assert!((0..states).all(|next| possible[next] || counts[next] == 0.0), "an impossible state was drawn");
            if rare.0 > 5.0 {
                statistic += (rare.1 - rare.0) * (rare.1 - rare.0) / rare.0;
                freedom += 1.0;
            }
            freedom -= 1.0;
        }
        let limit = ChiSquared::new(freedom).unwrap().inverse_cdf(1.0 - 1e-6);
        assert!(statistic <= limit, "chi-square {statistic} of {freedom} is above {limit}");
    }
}

/// Nats a token on sequences of the world, of the truth and of an estimate that has seen `train` others.
fn truth_and_counting(settings: &Settings, order: usize, train: u64) -> (f64, f64) {
    let world = settings.build().unwrap();
    let mut counting = Counting::new(world.states(), order).unwrap();
    (0..train).for_each(|index| counting.count(&example(&world, Purpose::Train, index)));
    assert_eq!(counting.seen(), train * (settings.length as u64 - 1));
    let mut p = vec![0.0; world.states() + 1];
    let (mut nats, mut tokens) = ([0.0, 0.0], 0.0);
    for index in 0..400 {
        let example = example(&world, Purpose::Test, index);
        for (nats, mut belief) in nats.iter_mut().zip([world.begin(), counting.begin()]) {
            follow(&mut *belief, &example, 0, &mut p, &mut |_, law, target| {
                assert!((law.iter().sum::<f64>() - 1.0).abs() <= 1e-12);
                *nats -= libm::log(law[usize::from(target)]);
            });
        }
        tokens += example.tokens.len() as f64;
    }
    (nats[0] / tokens, nats[1] / tokens)
}

/// Counting `N` tokens of a chain costs about `n (n - 1) / 2N` nats a token beyond the truth.
#[test]
fn counting_comes_as_near_the_truth_as_theory_says() {
    for (settings, order) in [(Settings::new(20, 101, 5), 1), (Settings { order: 2, ..Settings::new(8, 101, 5) }, 2)] {
        let (truth, counting) = truth_and_counting(&settings, order, 2000);
        let free = (settings.states.pow(order as u32) * (settings.states - 1)) as f64;
        let expected = free / (2.0 * 200_000.0);
        let excess = counting - truth;
        assert!(excess >= 0.5 * expected && excess <= 1.5 * expected, "{excess:e} for {expected:e}");
    }
}

#[test]
fn counting_is_jeffreys_rule() {
    let mut counting = Counting::new(3, 1).unwrap();
    let weights = vec![vec![1.0, 1.0, 1.0, 0.0]];
    counting.count(&Example { tokens: vec![3, 0, 1, 0], targets: vec![vec![0, 1, 0, 2]], weights });
    assert_eq!(counting.seen(), 3);
    let law_after = |tokens: &[u16]| {
        let (mut p, mut belief) = ([f64::NAN; 4], counting.begin());
        tokens.iter().for_each(|&token| belief.observe(token));
        belief.law(0, &mut p);
        p
    };
    let near =
        |p: [f64; 4], expected: [f64; 4]| assert!(p.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 1e-15), "{p:?}");
    near(law_after(&[]), [0.0, 0.0, 0.0, 1.0]);
    near(law_after(&[3]), [0.6, 0.2, 0.2, 0.0]);
    near(law_after(&[3, 0]), [0.2, 0.6, 0.2, 0.0]);
    near(law_after(&[3, 0, 2]), [1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0, 0.0]);
}

/// A table too large for an array gives the same law as theory: the map holds what was seen.
#[test]
fn counting_of_many_contexts_holds_what_was_seen() {
    let mut counting = Counting::new(200, 3).unwrap();
    let weights = vec![vec![1.0; 5]];
    counting.count(&Example { tokens: vec![200, 5, 6, 7, 8], targets: vec![vec![5, 6, 7, 8, 199]], weights });
    let (mut p, mut belief) = (vec![0.0; 201], counting.begin());
    [200, 1, 6, 7, 8].iter().for_each(|&token| belief.observe(token));
    belief.law(0, &mut p);
    assert!((p[199] - 1.5 / 101.0).abs() <= 1e-15 && (p[0] - 0.5 / 101.0).abs() <= 1e-15, "{}", p[199]);
    assert!(Counting::new(200, 4).is_err() && Counting::new(1, 1).is_err() && Counting::new(5, 0).is_err());
}

/// Two estimators that share the sequences are together one that has seen them all; both kinds of table.
#[test]
fn counts_of_several_estimators_are_added() {
    for (states, order) in [(5, 2), (200, 3)] {
        let settings = Settings { order, keep: Some(2), ..Settings::new(states, 9, 1) };
        let world = settings.build().unwrap();
        let empty = Counting::new(world.states(), world.order()).unwrap();
        let (mut all, mut halves) = (empty.clone(), [empty.clone(), empty]);
        for index in 0..40 {
            let example = example(&world, Purpose::Train, index);
            all.count(&example);
            halves[index as usize % 2].count(&example);
        }
        let [mut one, other] = halves;
        one.add_all(&other);
        assert_eq!(one.seen(), all.seen());
        let laws = [&one, &all].map(|counting| {
            let (mut belief, mut law) = (counting.begin(), vec![0.0; world.states() + 1]);
            let follow = |token| {
                belief.observe(token);
                belief.law(0, &mut law);
                law.clone()
            };
            example(&world, Purpose::Train, 3).tokens.into_iter().map(follow).collect::<Vec<_>>()
        });
        assert_eq!(laws[0], laws[1]);
    }
}

#[test]
fn above_two_thousand_contexts_the_stationary_law_is_iterated_and_its_residual_stated() {
    let world = keep(20, Settings::new(2001, 8, 4)).build().unwrap();
    let [class] = world.stationary() else { panic!("one recurrent class") };
    assert!(
        matches!(class.method, Method::Iteration { .. }) && class.residual <= 1e-13,
        "{:?} {}",
        class.method,
        class.residual
    );
    let method = world.facts().into_iter().find(|fact| fact.name == "stationary_method").unwrap().value;
    assert!(matches!(method, Quantity::Words(words) if words.contains("iteration")));
}

/// The belief's state is the token last seen in a chain of order 1, and a number below `states` in any.
#[test]
fn a_probe_looks_for_the_last_states() {
    let world = base().build().unwrap();
    let mut belief = world.begin();
    assert_eq!(belief.state(), None);
    for token in [10, 3, 9, 0] {
        belief.observe(token);
        assert_eq!(belief.state(), Some(usize::from(token)));
    }
    belief.restart();
    assert_eq!(belief.state(), None);
    assert_eq!(Truth::states(&world), Some(11));
}

#[test]
#[should_panic(expected = "outside the alphabet")]
fn a_token_outside_the_alphabet_is_an_assertion() {
    base().build().unwrap().begin().observe(11);
}
