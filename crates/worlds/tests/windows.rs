//! Windows against brute force over all streams, against published figures, and what else they offer.

#[path = "windows/enumerated.rs"]
mod enumerated;
#[path = "windows/ladder.rs"]
mod ladder;

use infimum_worlds::counting::Counting;
use infimum_worlds::markov::{self, Markov};
use infimum_worlds::windows::{self, Windows};
use infimum_worlds::{Cut, Example, Known, Quantity, Settings, Truth, World};

fn chain(states: i64, order: i64, length: i64, seed: i64) -> markov::Settings {
    markov::Settings { order, ..markov::Settings::new(states, length, seed) }
}

fn cut(chain: markov::Settings, window: i64) -> windows::Settings {
    windows::Settings { chain, window: Some(window) }
}

#[test]
fn mistakes_name_the_value_the_limit_and_the_way_out() {
    let cases: Vec<(windows::Settings, &[&str])> = vec![
        (cut(chain(3, 1, 4, 1), 0), &["window = 0", "1 to 1000000", "raise it"]),
        (cut(chain(3, 1, 4, 1), 1_000_001), &["window = 1000001", "1 to 1000000", "lower it"]),
        (cut(chain(1, 1, 4, 1), 5), &["states = 1", "2 to 65535"]),
        (cut(chain(3, 1, 1, 1), 5), &["length = 1", "2 to 1000000"]),
        (cut(chain(1000, 1, 50_001, 1), 5), &["length = 50001", "at most 50000", "1000^1 contexts", "lower length"]),
        (
            cut(markov::Settings { keep: Some(1), ..chain(90, 4, 4, 1) }, 5),
            &["length = 4", "at most 0", "lower states or order", "\"markov\""],
        ),
    ];
    for (settings, words) in cases {
        let error = settings.build().err().unwrap_or_else(|| panic!("{settings:?} is built")).to_string();
        words.iter().for_each(|word| assert!(error.contains(word), "{error:?} lacks {word:?}"));
    }
}

#[test]
fn keys_are_those_of_a_chain_and_window() {
    let parse = |text| Settings::parse("markov-windows", &mut serde_json::Deserializer::from_str(text));
    let text = r#"{"states": 3, "length": 4, "seed": 1, "window": 9, "sparsity": 50}"#;
    let expected = cut(markov::Settings { sparsity: Some(50.0), ..chain(3, 1, 4, 1) }, 9);
    assert_eq!(parse(text).unwrap(), Settings::MarkovWindows(expected));
    let refused = |text| parse(text).unwrap_err().to_string();
    for (text, words) in [
        (r#"{"states": 3, "length": 4, "seed": 1, "windw": 5}"#, "unknown field `windw`"),
        (r#"{"states": 3, "length": 4, "seed": 1, "window": 5, "spasity": 5}"#, "unknown field `spasity`"),
        (r#"{"states": 3, "length": 4, "window": 5}"#, "missing field `seed`"),
        (r#"{"states": 3, "length": 4, "seed": 1, "window": 5.5}"#, "invalid type"),
        (r#"{"states": 3.5, "length": 4, "seed": 1, "window": 5}"#, "invalid type"),
        (r#"{"states": 3, "length": 4, "seed": 1, "generator": "numpy"}"#, "numpy-legacy"),
    ] {
        assert!(refused(text).contains(words), "{}", refused(text));
    }
    let tagged = r#"{"kind": "markov-windows", "states": 3, "length": 4, "seed": 1, "windw": 5}"#;
    let error = serde_json::from_str::<Settings>(tagged).unwrap_err().to_string();
    assert!(error.contains("unknown field `windw`"), "{error}");
}

/// Windows are as long as a block unless something else is said.
#[test]
fn a_window_is_a_block_long_by_default() {
    let world = windows::Settings::new(chain(3, 1, 7, 1)).build().unwrap();
    assert_eq!((world.window(), world.shape().positions, world.shape().scored.clone()), (7, 7, 0..7));
    let fact = |name: &str| world.facts().into_iter().find(|fact| fact.name == name).unwrap().value;
    assert_eq!((fact("length"), fact("window")), (Quantity::Count(7), Quantity::Count(7)));
    assert!(matches!(fact("entropy_rate"), Quantity::Number(_)));
}

#[test]
fn a_stretch_of_a_file_is_an_example_whose_targets_have_parts() {
    let world = cut(chain(3, 1, 4, 1), 6).build().unwrap();
    let mut example = Example { tokens: vec![7; 9], targets: vec![vec![1]; 3], weights: vec![] };
    world.example(&[1, 2, 3, 0, 0, 2, 3], &mut example);
    let expected =
        Example { tokens: vec![1, 2, 3, 0, 0, 2], targets: vec![vec![2, 3, 0, 0, 2, 3]], weights: vec![vec![1.0; 6]] };
    assert_eq!(example, expected);
    let parts: Vec<&str> = (0..6).map(|t| world.parts()[world.part(&example, t).unwrap()]).collect();
    assert_eq!(parts, ["transitions", "bos", "start", "transitions", "transitions", "bos"]);
    let mut aligned = Example::default();
    world.markov().draw(&mut infimum_worlds::Stream::at([1, 2], [0; 4]), &mut aligned);
    let parts: Vec<Option<usize>> = (0..3).map(|t| world.markov().part(&aligned, t)).collect();
    assert_eq!(parts, [Some(1), Some(0), Some(0)]);
}

#[test]
#[should_panic(expected = "a stretch of 7 tokens")]
fn a_stretch_of_another_length_is_an_assertion() {
    cut(chain(3, 1, 4, 1), 6).build().unwrap().example(&[1, 2, 3], &mut Example::default());
}

fn law_after(belief: &mut dyn infimum_worlds::Belief, tokens: &[u16], p: &mut [f64]) -> Known {
    belief.restart();
    tokens.iter().for_each(|&token| belief.observe(token));
    belief.law(0, p)
}

/// Whatever comes, even what no window has: a law, and BOS for certain once a block is full.
#[test]
fn a_belief_has_a_law_after_anything() {
    for settings in Settings::small_instances() {
        let Settings::MarkovWindows(settings) = settings else { continue };
        let world = settings.build().unwrap();
        let (bos, length) = (world.markov().states() as u16, world.markov().length());
        let (mut belief, mut p) = (world.begin(), vec![0.0; usize::from(bos) + 1]);
        for number in 0..2000_usize {
            let digits = (0..6).map(|place| (number / 4_usize.pow(place) % usize::from(bos + 1)) as u16);
            assert_eq!(law_after(&mut *belief, &digits.collect::<Vec<_>>(), &mut p), Known::Yes);
            assert!((p.iter().sum::<f64>() - 1.0).abs() <= 1e-12 && p.iter().all(|&p| p >= 0.0), "{settings:?} {p:?}");
        }
        law_after(&mut *belief, &vec![0; length + 3], &mut p);
        assert_eq!(p[usize::from(bos)], 1.0);
    }
}

#[test]
fn counting_a_window_counts_bos() {
    let mut counting = cut(chain(3, 1, 4, 1), 6).build().unwrap().counting().unwrap();
    let weights = vec![vec![1.0; 4]];
    counting.count(&Example { tokens: vec![0, 3, 1, 0], targets: vec![vec![3, 1, 0, 3]], weights });
    assert_eq!(counting.seen(), 4);
    let near = |p: &[f64], expected: [f64; 4]| {
        assert!(p.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 1e-15), "{p:?}");
    };
    let (mut belief, mut p) = (counting.begin(), [f64::NAN; 4]);
    assert_eq!(law_after(&mut *belief, &[], &mut p), Known::No);
    law_after(&mut *belief, &[2, 0], &mut p);
    near(&p, [0.125, 0.125, 0.125, 0.625]);
    law_after(&mut *belief, &[3], &mut p);
    near(&p, [0.5 / 3.0, 1.5 / 3.0, 0.5 / 3.0, 0.5 / 3.0]);
}

/// What stands before a window's first state is not seen: with order 2, only what follows two states or BOS is counted.
#[test]
fn a_context_counts_when_it_is_whole() {
    let count = |tokens: Vec<u16>, targets: Vec<u16>| {
        let mut counting = Counting::with_bos(3, 2).unwrap();
        let weights = vec![vec![1.0; tokens.len()]];
        counting.count(&Example { tokens, targets: vec![targets], weights });
        counting.seen()
    };
    assert_eq!(count(vec![0, 1, 2], vec![1, 2, 3]), 2);
    assert_eq!(count(vec![0, 3, 2], vec![3, 2, 1]), 2);
    assert_eq!(count(vec![3, 0, 1], vec![0, 1, 2]), 3);
}

#[test]
fn a_chain_of_given_numbers_has_their_law() {
    let start = [0.25, 0.75, 0.0];
    let transitions = [0.5, 0.5, 0.0, 0.0, 0.0, 1.0, 0.2, 0.3, 0.5];
    let world = Markov::from_law(&start, &transitions, 5).unwrap();
    assert_eq!((world.states(), world.order(), world.length()), (3, 1, 5));
    let row = |last: &[u16]| world.row(last).collect::<Vec<_>>();
    assert_eq!(row(&[]), [(0, 0.25), (1, 0.75)]);
    assert_eq!(row(&[1]), [(2, 1.0)]);
    assert_eq!(row(&[2]), [(0, 0.2), (1, 0.3), (2, 0.5)]);
    let [class] = world.stationary() else { panic!("one recurrent class") };
    for (p, expected) in class.law.iter().zip([4.0 / 19.0, 5.0 / 19.0, 10.0 / 19.0]) {
        assert!((p - expected).abs() <= 1e-15, "{:?}", class.law);
    }
    assert_eq!(class.period, 1);
    let period = Markov::from_law(&[1.0, 0.0], &[0.0, 1.0, 1.0, 0.0], 5).unwrap();
    assert_eq!(period.stationary()[0].period, 2);
    let fact = |name: &str| world.facts().into_iter().find(|fact| fact.name == name).unwrap();
    assert_eq!((fact("successors").value, fact("successors").unit), (Quantity::Count(3), "states a context at most"));
}

/// A drawn law that is given back as numbers is the same world.
#[test]
fn a_drawn_law_can_be_given() {
    for settings in [chain(4, 1, 5, 3), markov::Settings { keep: Some(2), ..chain(5, 1, 6, 4) }] {
        let drawn = cut(settings.clone(), 7).build().unwrap();
        let n = drawn.markov().states();
        let row = |last: &[u16]| {
            let mut p = vec![0.0; n];
            drawn.markov().row(last).for_each(|(state, q)| p[state] = q);
            p
        };
        let transitions: Vec<f64> = (0..n as u16).flat_map(|state| row(&[state])).collect();
        let markov = Markov::from_law(&row(&[]), &transitions, settings.length as usize).unwrap();
        let given = Windows::over(markov, 7).unwrap();
        let near = |a: f64, b: f64| assert!((a - b).abs() <= 1e-13, "{a} {b}");
        near(given.floor(0).value().unwrap(), drawn.floor(0).value().unwrap());
        near(given.ceiling(0).value().unwrap(), drawn.ceiling(0).value().unwrap());
        assert_eq!(given.markov().stationary()[0].period, drawn.markov().stationary()[0].period);
    }
}

/// Start law, transitions, length of a block, and what the message has to say.
type Refused<'a> = (&'a [f64], &'a [f64], usize, &'a [&'a str]);

#[test]
fn numbers_that_are_no_law_are_refused() {
    let even = [0.5, 0.5];
    let cases: Vec<Refused> = vec![
        (&[1.0], &[1.0], 5, &["states = 1", "2 to 65535"]),
        (&even, &[0.5, 0.5, 1.0, 0.0], 1, &["length = 1", "2 to 1000000"]),
        (&even, &[0.5, 0.5, 1.0], 5, &["the transition matrix has 3 entries, not 2 times 2"]),
        (&even, &[0.5, 0.5, 1.5, -0.5], 5, &["row 1 of the transition matrix has -0.5 for state 1", "at least 0"]),
        (&even, &[0.5, f64::NAN, 1.0, 0.0], 5, &["row 0", "has NaN for state 1"]),
        (&even, &[0.5, 0.5, f64::INFINITY, 0.0], 5, &["row 1", "has inf for state 0"]),
        (
            &even,
            &[0.5, 0.5 + 2e-9, 1.0, 0.0],
            5,
            &["row 0", "sums to 1.000000002", "not to 1 within 1e-9", "divide it by its sum"],
        ),
        (&[0.5, 0.4], &[0.5, 0.5, 1.0, 0.0], 5, &["the start law sums to 0.9"]),
        (&[0.0, 0.0], &[0.5, 0.5, 1.0, 0.0], 5, &["the start law sums to 0"]),
    ];
    for (start, transitions, length, words) in cases {
        let error = Markov::from_law(start, transitions, length).err().expect("refused").to_string();
        words.iter().for_each(|word| assert!(error.contains(word), "{error:?} lacks {word:?}"));
    }
    let almost = Markov::from_law(&even, &[0.5, 0.5 + 9e-10, 1.0, 0.0], 5).unwrap();
    assert!((almost.row(&[0]).map(|(_, p)| p).sum::<f64>() - 1.0).abs() <= 1e-15);
}
