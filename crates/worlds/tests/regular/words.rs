//! Words of a language as a world: what the law tests, which know the next token alone, do not see.

use std::collections::BTreeMap;

use infimum_worlds::regular::words::{Settings, Words};
use infimum_worlds::{Example, Known, Stream, Truth, World, follow};

use crate::random;

const TOKEN: usize = 0;
const CLASS: usize = 1;

fn draw(world: &Words, stream: &mut Stream) -> Example {
    let mut example = Example::default();
    world.draw(stream, &mut example);
    example
}

/// The word of an example, and its class at the end.
fn word(world: &Words, example: &Example) -> (Vec<u16>, u16) {
    let word: Vec<u16> = example.tokens[1..].iter().copied().take_while(|token| *token != world.end()).collect();
    let class = example.targets[CLASS][word.len()];
    (word, class)
}

#[test]
fn classes_are_those_of_the_symbols_so_far_and_follow_from_them() {
    for settings in Settings::small_instances() {
        let (world, mut stream) = (settings.build().unwrap(), random("classes of words"));
        let mut belief = world.truth().unwrap().begin();
        for _ in 0..200 {
            let example = draw(&world, &mut stream);
            let (word, _) = word(&world, &example);
            for (head, weights) in example.weights.iter().enumerate() {
                assert!(
                    weights.iter().enumerate().all(|(at, weight)| (*weight == 1.0) == (at <= word.len())),
                    "{head}"
                );
            }
            let mut p = vec![0.0; world.shape().heads[CLASS].alphabet];
            let mut scored = 0;
            follow(&mut *belief, &example, CLASS, &mut p, &mut |_, law, target| {
                assert_eq!(law[usize::from(target)], 1.0);
                scored += 1;
            });
            assert_eq!(scored, word.len() + 1, "the class has a law wherever it counts");
        }
        let truth = world.truth().unwrap();
        assert_eq!((truth.floor(CLASS).value(), truth.ceiling(CLASS).value()), (Some(0.0), Some(1.0)));
        assert!(truth.baselines(CLASS).iter().all(|baseline| baseline.nats.value().unwrap() >= 0.0));
    }
}

/// Classes and lengths come as often as they should, and under both every word does.
#[test]
fn classes_lengths_and_words_are_drawn_as_they_should() {
    let settings =
        Settings { accept: Some(3.0), reject: Some(1.0), shortest: 0, longest: 4, ..Settings::new("(a|bb)*") };
    let (world, mut stream) = (settings.build().unwrap(), random("words of classes"));
    let draws = 40_000_u64;
    let (mut classes, mut words) = (BTreeMap::new(), BTreeMap::new());
    for _ in 0..draws {
        let (word, class) = word(&world, &draw(&world, &mut stream));
        *classes.entry((class, word.len())).or_insert(0_u64) += 1;
        *words.entry(word).or_insert(0_u64) += 1;
    }
    // Words of length 0 to 4 that are matched, of which each length has some; those that cannot be are there from length 2 on.
    let check = |count: u64, p: f64, what: &str| {
        let (mean, deviation) = (draws as f64 * p, (draws as f64 * p * (1.0 - p)).sqrt());
        assert!((count as f64 - mean).abs() < 5.0 * deviation, "{what}: {count} for {mean}");
    };
    for length in 0..=4 {
        check(classes[&(0, length)], 0.75 / 5.0, "accept");
        let rejected = classes.get(&(2, length)).copied().unwrap_or(0);
        if length < 2 { assert_eq!(rejected, 0) } else { check(rejected, 0.25 / 3.0, "reject") }
    }
    assert!(classes.keys().all(|(class, _)| *class != 1));
    // bbbb, aabb, abba, bbaa, aaaa.
    for text in ["bbbb", "aabb", "abba", "bbaa", "aaaa"] {
        let word: Vec<u16> = text.bytes().map(|b| u16::from(b - b'a')).collect();
        check(words[&word], 0.75 / 25.0, text);
    }
}

/// The law of a long word is the share of the words that go on so, which is counted here in closed form: with an even number of
/// ones left to come, or an odd one, half of all words do.
#[test]
fn a_thousand_symbols_have_their_law() {
    let settings = Settings { shortest: 1000, longest: 1000, accept: Some(1.0), ..Settings::new("parity") };
    let world = settings.build().unwrap();
    let floor = world.truth().unwrap().floor(TOKEN).value().unwrap();
    let expected = 999.0 / 1001.0 * std::f64::consts::LN_2;
    assert!((floor - expected).abs() < 1e-12, "{floor} {expected}");
    let example = draw(&world, &mut random("long word"));
    let (word, class) = word(&world, &example);
    assert_eq!((word.len(), class), (1000, 0));
    let mut belief = Truth::begin(&world);
    let mut p = vec![0.0; world.shape().alphabet];
    example.tokens[..1000].iter().for_each(|token| belief.observe(*token));
    assert_eq!(belief.law(TOKEN, &mut p), Known::Yes);
    assert_eq!((p[usize::from(word[999])], p[usize::from(world.end())]), (1.0, 0.0), "the last symbol is certain");
}

/// What no sequence has gives no law, and no panic.
#[test]
fn impossible_tokens_have_no_law() {
    let world = Settings { longest: 3, accept: Some(1.0), ..Settings::new("ab+") }.build().unwrap();
    let (begin, end) = (world.begin(), world.end());
    let mut p = vec![0.0; world.shape().alphabet];
    for tokens in [&[0][..], &[begin, 1], &[begin, end], &[begin, 0, 1, 1, 1], &[begin, begin], &[begin, 0, 1, end, 0]]
    {
        let mut belief = Truth::begin(&world);
        tokens.iter().for_each(|token| belief.observe(*token));
        let known = belief.law(TOKEN, &mut p);
        let ended = tokens == [begin, end];
        assert_eq!(known, if ended { Known::Yes } else { Known::No }, "{tokens:?}");
    }
}

#[test]
fn mistakes_in_settings_are_named() {
    let of = |language: &str| Settings::new(language);
    for (settings, parts) in [
        (of("(a"), &["column 3"][..]),
        (of("(a|b)*"), &["every word"]),
        (Settings { alphabet: Some("b".into()), ..of("a") }, &["`a`", "alphabet b"]),
        (
            Settings { incomplete: Some(1.0), ..of("a+") },
            &["no word of class incomplete", "1 to 20", "leave incomplete out"],
        ),
        (Settings { accept: Some(1.0), shortest: 5, ..of("ab") }, &["no word of class accept", "5 to 20"]),
        (Settings { longest: 0, ..of("ab") }, &["longest = 0", "1 to 1000"]),
        (Settings { longest: 1001, ..of("ab") }, &["longest = 1001", "1 to 1000"]),
        (Settings { shortest: -1, ..of("ab") }, &["shortest = -1"]),
        (Settings { accept: Some(-1.0), ..of("ab") }, &["accept = -1", "from 0 to 1e9"]),
        (Settings { accept: Some(0.0), ..of("ab") }, &["accept = 0", "at least one class"]),
        (Settings { length_weights: Some(vec![1.0]), ..of("ab") }, &["length_weights", "20 numbers"]),
        (
            Settings { length_weights: Some(vec![1.0, 1.0]), longest: 2, accept: Some(1.0), ..of("ab") },
            &["no word of class that is wanted", "1 symbols", "length_weights to 0"],
        ),
        (Settings { longest: 1000, ..of("dyck-2-10") }, &["counting words of up to 1000", "at most"]),
        (of("dyck-9-1"), &["dyck-K-D"]),
    ] {
        let message = settings.build().err().unwrap_or_else(|| panic!("{settings:?}")).to_string();
        parts.iter().for_each(|part| assert!(message.contains(part), "`{part}` is missing in: {message}"));
    }
}

/// An automaton may stand in the place of the language, with classes of its own.
#[test]
fn a_language_may_be_an_automaton() {
    let json = r#"{"alphabet":["x","yy"],"classes":["low","high"],"class":[0,1],"next":[[1,0],[0,1]]}"#;
    let settings = Settings { longest: 4, ..Settings::new(json) };
    let world = settings.build().unwrap();
    let mut stream = random("an automaton");
    for _ in 0..100 {
        let example = draw(&world, &mut stream);
        let (word, class) = word(&world, &example);
        assert_eq!(usize::from(class), word.iter().filter(|symbol| **symbol == 0).count() % 2);
    }
    let text = |settings: &Settings| settings.build().err().unwrap().to_string();
    let wished = text(&Settings { accept: Some(1.0), ..settings.clone() });
    assert!(wished.contains("accept = 1") && wished.contains("low, high"), "{wished}");
    let spelt = text(&Settings { alphabet: Some("xy".into()), ..settings });
    assert!(spelt.contains("`xy`") && spelt.contains("leave this out"), "{spelt}");
}

/// What a network writes after the end of a word is no part of it.
#[test]
fn words_are_read_as_they_are_written() {
    let world = Settings::new("(a|bb)*").build().unwrap();
    let spelling = world.spelling().unwrap();
    assert_eq!(spelling.read("abb").unwrap(), [0, 1, 1]);
    assert_eq!(spelling.spell(&[world.begin(), 0, 1, 1, world.end(), 0, world.end()]), "abb");
    assert!(spelling.read("abc").is_err());
}
