//! Sums: published formats to the token, pairs as they are told, baselines against sums over all pairs.

use std::collections::BTreeSet;

use infimum_worlds::addition::{Carries, Lengths, Operation, Order, Settings};
use infimum_worlds::{Example, Floor, Purpose, Stream, World};

fn drawn(settings: &Settings, index: u64) -> (Vec<u16>, Vec<u16>) {
    let world = settings.build().unwrap();
    let mut example = Example::default();
    world.draw(&mut Stream::new(7, Purpose::Check, 0, index), &mut example);
    let scored = world.shape().scored.clone();
    let whole = [&example.tokens[..], &example.targets[0][example.tokens.len() - 1..]].concat();
    let mut asked = example.targets[0].clone();
    asked.truncate(scored.end);
    (whole, asked.split_off(scored.start))
}

fn digits(text: &str) -> Vec<u16> {
    text.bytes().map(|digit| u16::from(digit - b'0')).collect()
}

/// What the truth says after each of these prompts, token by token.
fn answered(settings: &Settings, prompt: &[u16]) -> Vec<u16> {
    let world = settings.build().unwrap();
    let mut belief = world.truth().unwrap().begin();
    prompt.iter().for_each(|&token| belief.observe(token));
    let mut law = vec![0.0; world.shape().alphabet];
    let mut next = || {
        _ = belief.law(0, &mut law);
        let token = law.iter().position(|p| *p == 1.0).unwrap() as u16;
        belief.observe(token);
        token
    };
    world.shape().scored.clone().map(|_| next()).collect()
}

/// Settings, prompt and scored tokens of 1234567890 + 9876543210 = 11111111100, and positions of a sequence.
type Published = (&'static str, Settings, Vec<u16>, Vec<u16>, usize);

fn published() -> Vec<Published> {
    let ten = Settings::new(10);
    let (most, least) = ((digits("1234567890"), digits("9876543210")), (digits("0987654321"), digits("0123456789")));
    let sum = digits("00111111111");
    let reversed = Settings { operand_order: Order::LeastFirst, ..ten.clone() };
    let zeros = |begin: usize, plus: usize, equals: usize, end: usize| Settings {
        begin: vec![0; begin],
        plus: vec![0; plus],
        equals: vec![0; equals],
        end: vec![0; end],
        ..reversed.clone()
    };
    let prompt = |begin: &[u16], (a, b): &(Vec<u16>, Vec<u16>), plus: &[u16], equals: &[u16]| {
        [begin, a, plus, b, equals].concat()
    };
    vec![
        ("456p", ten.clone(), prompt(&[], &most, &[10], &[11]), [&sum[..], &[13]].concat(), 33),
        (
            "gpt-acc-jax",
            Settings { padding: vec![12, 12], ..ten.clone() },
            prompt(&[], &most, &[10], &[11]),
            [&sum[..], &[13]].concat(),
            35,
        ),
        ("MicroAdder", zeros(0, 1, 1, 1), prompt(&[], &least, &[0], &[0]), [&sum[..], &[0]].concat(), 33),
        ("tbukic", zeros(1, 2, 1, 0), prompt(&[0], &least, &[0, 0], &[0]), sum.clone(), 34),
        (
            "JackCai",
            Settings { end: vec![12], alphabet: Some(14), ..reversed.clone() },
            prompt(&[], &least, &[10], &[11]),
            [&sum[..], &[12]].concat(),
            33,
        ),
        ("zcbtrak", zeros(1, 9, 1, 0), prompt(&[0], &least, &[0; 9], &[0]), sum, 41),
    ]
}

#[test]
fn published_formats_are_theirs_to_the_token() {
    let prompts = [22, 22, 22, 24, 22, 31];
    let alphabets = [14, 14, 10, 10, 14, 10];
    for ((name, settings, prompt, answer, positions), (length, alphabet)) in
        published().into_iter().zip(prompts.into_iter().zip(alphabets))
    {
        let world = settings.build().unwrap();
        let shape = world.shape();
        assert_eq!((prompt.len(), shape.positions, shape.alphabet), (length, positions, alphabet), "{name}");
        assert_eq!(shape.scored, length - 1..length - 1 + answer.len(), "{name}");
        assert_eq!(answered(&settings, &prompt), answer, "{name}");
        let (whole, asked) = drawn(&settings, 0);
        assert_eq!(whole.len(), positions + 1, "{name}");
        assert_eq!(answered(&settings, &whole[..length]), asked, "{name}");
    }
}

#[test]
fn a_prompt_that_is_no_question_has_no_answer() {
    let world = Settings::new(1).build().unwrap();
    let law_after = |tokens: &[u16]| {
        let mut belief = world.truth().unwrap().begin();
        tokens.iter().for_each(|&token| belief.observe(token));
        belief.law(0, &mut [0.0; 14])
    };
    assert_eq!(law_after(&[3, 10, 4, 11]), infimum_worlds::Known::Yes);
    for other in [&[3, 10, 4][..], &[3, 11, 4, 11], &[3, 10, 12, 11], &[3, 10, 4, 4], &[3, 10, 4, 11, 7, 0, 13]] {
        assert_eq!(law_after(other), infimum_worlds::Known::No, "{other:?}");
    }
}

fn numbers(settings: &Settings, draws: u64) -> Vec<(u64, u64, u64)> {
    let settings = Settings { plus: vec![10], equals: vec![11], end: vec![], ..settings.clone() };
    let world = settings.build().unwrap();
    let mut example = Example::default();
    let number = |digits: &[u16]| digits.iter().fold(0, |number, &digit| 10 * number + u64::from(digit));
    let length = settings.digits as usize;
    let read = |index| {
        world.draw(&mut Stream::new(3, Purpose::Check, 0, index), &mut example);
        let answer: Vec<u16> = example.targets[0][2 * length + 1..].iter().rev().copied().collect();
        (number(&example.tokens[..length]), number(&example.tokens[length + 1..][..length]), number(&answer))
    };
    (0..draws).map(read).collect()
}

#[test]
fn the_longest_numbers_do_not_overflow() {
    for operation in [Operation::Add, Operation::Subtract] {
        let settings = Settings { operation, held_out: 0.5, ..Settings::new(18) };
        for (a, b, answer) in numbers(&settings, 2000) {
            let expected = match operation {
                Operation::Add => u128::from(a) + u128::from(b),
                Operation::Subtract => u128::from(a) - u128::from(b),
            };
            assert_eq!(u128::from(answer), expected, "{operation:?} {a} {b}");
        }
    }
}

/// Of numbers of 1 to 10 digits, drawn by length, a tenth have at most one; by value, nearly none have fewer than nine.
#[test]
fn pairs_are_uniform_by_length_or_by_value() {
    let by_length = Settings { min_digits: Some(1), ..Settings::new(10) };
    let share = |settings: &Settings, is: fn(u64, u64) -> bool| {
        let pairs = numbers(settings, 4000);
        pairs.iter().filter(|(a, b, _)| is(*a, *b)).count() as f64 / 4000.0
    };
    let near = |value: f64, expected: f64| (value - expected).abs() < 5.0 * (expected / 4000.0).sqrt() + 1e-3;
    let short: f64 = (1..=10u32).map(|n| 0.1 * libm::pow(0.1, 2.0 * f64::from(n - 1))).sum();
    assert!(near(share(&by_length, |a, b| a < 10 && b < 10), short));
    assert!(near(share(&Settings::new(10), |a, _| a < 100_000_000), 0.01));
    let independent = Settings { lengths: Lengths::Independent, ..by_length };
    let one_short: f64 = (1..=10u32).map(|n| 0.1 * libm::pow(0.1, f64::from(n - 1))).sum();
    assert!(near(share(&independent, |a, b| a < 10 && b < 10), one_short * one_short));
}

/// The carry out of each place, least first.
fn carries(mut a: u64, mut b: u64, digits: i64) -> Vec<bool> {
    let mut carry = 0;
    let mut next = || {
        carry = u64::from(a % 10 + b % 10 + carry >= 10);
        (a, b) = (a / 10, b / 10);
        carry == 1
    };
    (0..digits).map(|_| next()).collect()
}

#[test]
fn patterns_have_the_carries_that_they_are_named_for() {
    let of = |carries: Carries| numbers(&Settings { carries, min_digits: Some(3), ..Settings::new(6) }, 500);
    let none = Carries::default();
    let mut places = BTreeSet::new();
    for (a, b, _) in of(Carries { single: 1.0, ..none }) {
        let carries = carries(a, b, 6);
        assert_eq!(carries.iter().filter(|carry| **carry).count(), 1, "{a} {b}");
        places.insert(carries);
    }
    assert_eq!(places.len(), 6, "each place carries at times");
    for (a, b, sum) in of(Carries { chain: 1.0, ..none }) {
        let all = 10_u64.pow((a.max(b) + 1).ilog10());
        assert!(a.max(b) == all - 1 && (1..10).contains(&a.min(b)) && sum > all - 1, "{a} {b}");
        assert_eq!(carries(a, b, i64::from(all.ilog10())), vec![true; all.ilog10() as usize], "{a} {b}");
    }
    for (a, b, _) in of(Carries { place: 1.0, ..none }) {
        let carries = carries(a, b, 6);
        assert!(carries.iter().filter(|carry| **carry).count() == 1 && a.ilog10() == b.ilog10(), "{a} {b}");
    }
    for (a, b, sum) in of(Carries { boundary: 1.0, ..none }) {
        assert!(
            [999, 1000, 1001, 9999, 10_000, 10_001, 99_999, 100_000, 100_001, 999_999, 1_000_000, 1_000_001]
                .contains(&sum),
            "{a} {b}"
        );
    }
}

/// A pair is held out or not whatever pairs a world draws, so a curriculum trains on no test pair.
#[test]
fn worlds_of_other_pairs_hold_the_same_ones_out() {
    let all = Settings { held_out: 0.3, min_digits: Some(1), ..Settings::new(2) };
    let tokens = |settings: &Settings, training: bool| -> BTreeSet<Vec<u16>> {
        let world = settings.build().unwrap();
        let draw = |index| {
            let (mut example, mut stream) = (Example::default(), Stream::new(5, Purpose::Check, 0, index));
            if training {
                world.draw_for_training(&mut stream, &mut example)
            } else {
                world.draw(&mut stream, &mut example)
            }
            example.tokens
        };
        (0..20_000).map(draw).collect()
    };
    let tested = tokens(&all, false);
    assert!((2600..3400).contains(&tested.len()), "{}", tested.len());
    for other in [
        Settings { max_digits: Some(1), ..all.clone() },
        Settings { carries: Carries { single: 1.0, ..Carries::default() }, ..all.clone() },
    ] {
        assert!(tokens(&other, true).is_disjoint(&tested));
    }
    let elsewhere = Settings { seed: 2, ..all };
    assert!(!tokens(&elsewhere, true).is_disjoint(&tested), "another seed holds others out");
}

fn exact(floor: Floor) -> f64 {
    match floor {
        Floor::Exact(value) => value,
        other => panic!("{other:?} is not exact"),
    }
}

/// Three digits are listed, pair by pair; four are too many, and summed place by place. Both say what is true of all places but
/// the number of them: the nats of three- and four-digit sums differ by what one inner place costs, which five- and four-digit
/// ones differ by as well.
#[test]
fn baselines_place_by_place_go_on_where_listed_ones_end() {
    // Of each number of digits, each predictor: nats and hits of a whole answer.
    let totals = |digits: i64| {
        let world = Settings::new(digits).build().unwrap();
        let scored = world.shape().scored.len() as f64;
        let baselines = world.truth().unwrap().baselines(0).into_iter().skip(2);
        baselines.flat_map(|b| [b.nats, b.accuracy].map(|of| exact(of) * scored)).collect::<Vec<f64>>()
    };
    let totals: Vec<Vec<f64>> = (2..8).map(totals).collect();
    for of in 0..4 {
        let steps: Vec<f64> = totals.windows(2).map(|pair| pair[1][of] - pair[0][of]).collect();
        // The carry is as likely at every place but for a difference that falls tenfold with each.
        for (step, pair) in steps.windows(2).enumerate() {
            assert!((pair[0] - pair[1]).abs() < libm::pow(0.1, step as f64 + 1.0), "{steps:?}");
        }
    }
}

/// What is drawn agrees with what is listed: the same two-digit sums, once among so many lengths that they cannot be listed.
#[test]
fn sampled_baselines_agree_with_exact_ones() {
    let exactly = Settings::new(10);
    let sampled = Settings { held_out: 0.5, ..exactly.clone() };
    let of = |settings: &Settings| settings.build().unwrap().truth().unwrap().baselines(0);
    for (exactly, sampled) in of(&exactly).into_iter().zip(of(&sampled)).skip(1) {
        for (exactly, sampled) in [(exactly.nats, sampled.nats), (exactly.accuracy, sampled.accuracy)] {
            let Floor::Sampled { value, standard_error } = sampled else { panic!("{sampled:?}") };
            // Laws learnt from 65,536 pairs lose a little: of 1,000 numbers a place, 1 / (2 * 65,536) nats each.
            let allowed = 5.0 * standard_error + 0.005;
            assert!(
                (value - exact(exactly)).abs() < allowed && standard_error < 0.002,
                "{value} {exactly:?} {standard_error}"
            );
        }
    }
}

/// Of the hundred pairs of one digit a hundredth may be none: enough for a stage of a curriculum, and nothing to test on.
#[test]
fn few_pairs_may_leave_none_to_test_on() {
    let few = |seed| Settings { held_out: 0.01, max_digits: Some(1), seed, ..Settings::new(10) }.build().unwrap();
    let refused: Vec<String> =
        (1..=6).filter_map(|seed| few(seed).require_tests().err()).map(|e| e.to_string()).collect();
    assert!((1..6).contains(&refused.len()), "{refused:?}");
    assert!(refused.iter().all(|message| message.contains("none is left to test")), "{refused:?}");
}

/// Shares of tenths add up to 1, whatever their roundings do.
#[test]
fn shares_of_carries_may_be_all() {
    let carries = Carries { single: 0.2, chain: 0.4, place: 0.3, boundary: 0.1 };
    assert!(Settings { carries, ..Settings::new(10) }.build().is_ok());
}

#[test]
fn mistakes_name_the_value_the_limit_and_the_way_out() {
    let ten = Settings::new(10);
    let refused = |settings: Settings| settings.build().err().expect("it is refused").to_string();
    let carries = |carries| Settings { carries, ..ten.clone() };
    let none = Carries::default();
    for (settings, parts) in [
        (Settings { digits: 0, ..ten.clone() }, ["digits = 0", "1 to 18"]),
        (Settings { digits: 19, ..ten.clone() }, ["digits = 19", "64 bits"]),
        (Settings { max_digits: Some(11), ..ten.clone() }, ["max_digits = 11", "1 to 10"]),
        (Settings { min_digits: Some(4), max_digits: Some(3), ..ten.clone() }, ["min_digits = 4", "1 to 3"]),
        (Settings { held_out: 0.95, ..ten.clone() }, ["held_out = 0.95", "0.01 to 0.9"]),
        (Settings { held_out: f64::NAN, ..ten.clone() }, ["held_out = NaN", "0.01 to 0.9"]),
        (Settings { held_out: 1e-9, ..Settings::new(1) }, ["held_out = 1e-9", "0, or 0.01 to 0.9"]),
        (
            Settings { plus: vec![i64::MAX], ..Settings::new(1) },
            ["plus = 9223372036854775807", "tokens are 16-bit numbers"],
        ),
        (Settings { seed: -1, ..ten.clone() }, ["seed = -1", "larger"]),
        (Settings { plus: vec![-1], ..ten.clone() }, ["plus = -1", "0 to 13"]),
        (Settings { end: vec![14], alphabet: Some(14), ..ten.clone() }, ["end = 14", "raise alphabet"]),
        (Settings { alphabet: Some(9), ..ten.clone() }, ["alphabet = 9", "digits alone"]),
        (Settings { begin: vec![70_000], ..ten.clone() }, ["begin = 70000", "smaller ones"]),
        (Settings { alphabet: Some(70_000), ..ten.clone() }, ["alphabet = 70000", "smaller ones"]),
        (Settings { padding: vec![0; 1001], ..ten.clone() }, ["padding = 1001 tokens", "shorten"]),
        (carries(Carries { single: -0.1, ..none }), ["carries.single = -0.1", "0 or more"]),
        (carries(Carries { single: 0.6, chain: 0.6, ..none }), ["carries = 1.200 in all", "together at most 1"]),
        (
            Settings { operation: Operation::Subtract, ..carries(Carries { place: 0.5, ..none }) },
            ["carries.place = 0.5", "differences have no carries"],
        ),
    ] {
        let message = refused(settings);
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }
}
