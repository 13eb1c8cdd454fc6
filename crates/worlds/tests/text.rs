//! Texts: parts that share nothing, windows that share no target, and counts against another computation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use infimum_worlds::text::{KneserNey, MOST, Pairs, Part, Settings, Text, Tokens};
use infimum_worlds::{Example, Floor, Purpose, Quantity, Stream, World};

const TEXT: &str = "of golden days: it was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, ";

fn text(window: i64) -> Text {
    let settings = Settings { window, validation: 0.2, test: 0.3, ..Settings::new("here") };
    let settings = settings.with_alphabet(TEXT).unwrap();
    let tokens = settings.spelling(TEXT).unwrap();
    let parts = settings.parts(tokens.len()).unwrap();
    settings.of(parts.map(|part| tokens[part].to_vec())).unwrap()
}

#[test]
fn parts_are_by_position_and_no_window_leaves_its_own() {
    let world = text(5);
    let [training, validation, test] = [Part::Training, Part::Validation, Part::Test].map(|part| world.part_of(part));
    assert_eq!((training.start, training.end, validation.end), (0, validation.start, test.start));
    assert_eq!(test.end, TEXT.chars().count());
    assert_eq!((validation.len(), test.len()), (25, 38));
    for (part, range) in [(Part::Validation, validation), (Part::Test, test)] {
        let windows = world.windows(part);
        assert_eq!(windows.len(), (range.len() - 1) / 5);
        let targets: Vec<usize> = windows.iter().flat_map(|first| first + 1..=first + 5).collect();
        assert_eq!(targets.iter().collect::<BTreeSet<_>>().len(), targets.len(), "no target is there twice");
        assert!(windows.iter().all(|first| *first >= range.start && first + 5 < range.end));
    }
    let (mut example, mut seen) = (Example::default(), BTreeSet::new());
    for index in 0..3000 {
        world.draw_for_training(&mut Stream::new(1, Purpose::Train, 0, index), &mut example);
        let block = [&example.tokens[..], &example.targets[0][4..]].concat();
        let places = world.tokens().windows(6).enumerate().filter(|(_, tokens)| *tokens == block);
        let places: Vec<usize> = places.map(|(place, _)| place).collect();
        assert!(places.iter().any(|place| place + 5 < training.end));
        seen.extend(places);
    }
    assert!((0..training.end - 5).all(|place| seen.contains(&place)), "windows begin anywhere");
}

/// The formula once more, with sets and maps of grams and no order in common with the other: `[history, token]` of every order.
struct Plain {
    alphabet: f64,
    text: Vec<u16>,
}

impl Plain {
    fn counts(&self, order: usize, of_types: bool) -> BTreeMap<Vec<u16>, f64> {
        let mut counts: BTreeMap<Vec<u16>, f64> = BTreeMap::new();
        let grams: Vec<Vec<u16>> = match of_types {
            false => self.text.windows(order).map(<[u16]>::to_vec).collect(),
            true => self.text.windows(order + 1).map(<[u16]>::to_vec).collect::<BTreeSet<_>>().into_iter().collect(),
        };
        for gram in grams {
            *counts.entry(gram[usize::from(of_types)..].to_vec()).or_insert(0.0) += 1.0;
        }
        counts
    }

    fn probability(&self, order: usize, of_types: bool, history: &[u16], token: u16) -> f64 {
        if order == 0 {
            return 1.0 / self.alphabet;
        }
        let counts = self.counts(order, of_types);
        let times = |wanted: f64| counts.values().filter(|count| **count == wanted).count() as f64;
        let discount = if times(1.0) == 0.0 { 0.5 } else { times(1.0) / (times(1.0) + 2.0 * times(2.0)) };
        let seen = &history[history.len() + 1 - order..];
        let after: Vec<f64> =
            counts.iter().filter(|(gram, _)| gram[..order - 1] == *seen).map(|(_, count)| *count).collect();
        let lower = self.probability(order - 1, true, history, token);
        let total: f64 = after.iter().sum();
        let count = counts.get(&[seen, &[token]].concat()).copied().unwrap_or(0.0);
        if total == 0.0 {
            lower
        } else {
            (f64::max(count - discount, 0.0) + discount * after.len() as f64 * lower) / total
        }
    }
}

#[test]
fn kneser_ney_is_its_formula_and_sums_to_one() {
    let world = text(5);
    let (alphabet, training) = (world.shape().alphabet, world.part_of(Part::Training));
    let counted = world.tokens()[training].to_vec();
    let (grams, plain) = (KneserNey::new(&counted, alphabet), Plain { alphabet: alphabet as f64, text: counted });
    let rest = &world.tokens()[world.part_of(Part::Test)];
    for order in 1..=MOST {
        for history in [&rest[..7], &rest[3..10], &plain.text[20..27]] {
            let law = (0..alphabet as u16).map(|token| grams.probability(order, history, token));
            assert!((law.sum::<f64>() - 1.0).abs() < 1e-12, "{order}");
            for token in 0..alphabet as u16 {
                let (found, expected) =
                    (grams.probability(order, history, token), plain.probability(order, false, history, token));
                assert!((found - expected).abs() < 1e-12, "{order} {history:?} {token}: {found} {expected}");
            }
        }
        let short = grams.probability(order, &rest[..1], rest[1]);
        assert_eq!(short, grams.probability(order.min(2), &rest[..1], rest[1]), "{order}");
    }
}

/// Of grams that all stand there more than once half an occurrence is discounted.
#[test]
fn where_nothing_occurs_once_the_discount_is_a_half() {
    let grams = KneserNey::new(&[0, 1].repeat(8), 3);
    let found = [0, 1, 2].map(|token| grams.probability(1, &[], token));
    let seen = (8.0 - 0.5 + 0.5 * 2.0 / 3.0) / 16.0;
    for (found, expected) in found.into_iter().zip([seen, seen, 0.5 * 2.0 / 3.0 / 16.0]) {
        assert!((found - expected).abs() < 1e-15, "{found} {expected}");
    }
}

/// `oracles/kneser_ney.py` has the same from fractions, and no order is called an optimum.
#[test]
fn the_ladder_is_the_oracles() {
    let ladder = text(5).ladder().unwrap();
    let names: Vec<&str> = ladder.iter().map(|baseline| baseline.name).collect();
    assert_eq!(names, (1..=6).map(|order| format!("kneser-ney-{order}")).collect::<Vec<_>>());
    let oracle: Vec<f64> = serde_json::from_str(include_str!("kneser_ney.json")).unwrap();
    assert_eq!(oracle.len(), MOST);
    for (baseline, expected) in ladder.iter().zip(oracle) {
        let Floor::Sampled { value, standard_error } = baseline.nats else { panic!("{baseline:?} is no optimum") };
        assert!((value - expected).abs() < 1e-12 && standard_error > 0.0, "{baseline:?} {expected}");
    }
    assert!(text(5).truth().is_none(), "nobody knows the law of a text");
}

#[test]
fn mistakes_name_the_value_the_limit_and_the_way_out() {
    let plain = || Settings { alphabet: Some("ab".into()), ..Settings::new("here") };
    let alphabet = |text: &str| Some(text.to_string());
    let pairs = |vocabulary| Settings { tokens: Tokens::BytePairs, vocabulary, ..Settings::new("here") };
    for (settings, parts) in [
        (Settings { window: 0, ..plain() }, ["window = 0", "raise it"]),
        (Settings { window: 10_001, ..plain() }, ["window = 10001", "lower it"]),
        (Settings { test: 0.6, ..plain() }, ["test = 0.6", "at most 0.5"]),
        (Settings { validation: f64::NAN, ..plain() }, ["validation = NaN", "a share"]),
        (Settings { validation: 0.5, test: 0.5, ..plain() }, ["validation = 0.5", "lower it"]),
        (Settings { alphabet: alphabet("aba"), ..plain() }, ["alphabet = 'a', twice", "take one out"]),
        (Settings { alphabet: alphabet(""), ..plain() }, ["alphabet = 0", "2 to 65535"]),
        (Settings { tokens: Tokens::Bytes, ..plain() }, ["alphabet = \"ab\"", "tokens = \"characters\""]),
        (
            Settings { tokens: Tokens::BytePairs, ..plain() },
            ["alphabet = \"ab\"", "left out with tokens = \"byte_pairs\""],
        ),
        (pairs(None), ["vocabulary = left out", "vocabulary = 512"]),
        (pairs(Some(256)), ["vocabulary = 256", "257 to 65536; the 256 bytes are tokens"]),
        (pairs(Some(65_537)), ["vocabulary = 65537", "lower it"]),
        (Settings { vocabulary: Some(300), ..plain() }, ["vocabulary = 300", "left out with tokens = \"characters\""]),
    ] {
        let message = settings.build().err().expect("it is refused").to_string();
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }
    let message = plain().spelling("abxa").unwrap_err().to_string();
    assert!(message.contains("lacks 'x', character 2") && message.contains("add it"), "{message}");
    let message = plain().parts(0).unwrap_err().to_string();
    assert!(message.contains("file = \"here\"") && message.contains("empty"), "{message}");
    let message = plain().of([vec![0; 100], vec![0; 64], vec![0; 100]]).err().unwrap().to_string();
    assert!(message.contains("window = 64") && message.contains("64 tokens that are for validation"), "{message}");
}

#[test]
fn texts_are_read_as_they_are_written() {
    let characters: Box<dyn World> = Box::new(text(5));
    let spelling = characters.spelling().unwrap();
    let tokens = spelling.read("the best").unwrap();
    assert_eq!(tokens, Settings::new("here").with_alphabet(TEXT).unwrap().spelling("the best").unwrap());
    assert_eq!(spelling.spell(&tokens), "the best");
    assert!(spelling.read("the Best").unwrap_err().starts_with("'B' is not in the alphabet"));
    let bytes: Box<dyn World> = Box::new(Settings { tokens: Tokens::Bytes, ..Settings::new("here") }.build().unwrap());
    let spelling = bytes.spelling().unwrap();
    assert_eq!(spelling.read("é").unwrap(), [195, 169]);
    assert_eq!((spelling.spell(&[195, 169]), spelling.spell(&[195])), ("é".into(), "\u{fffd}".into()));
}

/// The bytes, and `é` as one token.
struct Accent;

impl Pairs for Accent {
    fn tokens(&self, bytes: &[u8]) -> Vec<u16> {
        match bytes {
            [195, 169, rest @ ..] => [&[256], &self.tokens(rest)[..]].concat(),
            [byte, rest @ ..] => [&[u16::from(*byte)], &self.tokens(rest)[..]].concat(),
            [] => vec![],
        }
    }

    fn bytes(&self, token: u16) -> &[u8] {
        const ALL: [[u8; 1]; 128] = [[b'x'; 1]; 128];
        if token == 256 { "é".as_bytes() } else { &ALL[usize::from(token)] }
    }
}

/// What they are has to be said before they are spelt; from then on they are tokens like any other.
#[test]
fn byte_pairs_are_what_the_world_is_told() {
    let settings = Settings { tokens: Tokens::BytePairs, vocabulary: Some(257), window: 2, ..Settings::new("here") };
    let unread = settings.build().unwrap();
    assert_eq!((unread.shape().alphabet, unread.spelling().is_none(), unread.bytes(256)), (257, true, vec![]));
    let world = settings.of([vec![120, 256, 120], vec![120; 3], vec![120, 256, 120, 256, 256]]).unwrap();
    let world = world.with_pairs(Arc::new(Accent));
    let spelling = world.spelling().unwrap();
    assert_eq!((spelling.read("xéx").unwrap(), spelling.spell(&[120, 256])), (vec![120, 256, 120], "xé".to_string()));
    assert_eq!(world.bytes_per_token(), 7.0 / 4.0, "of the targets of the test");
    let fact = |name: &str| world.facts().into_iter().find(|fact| fact.name == name).unwrap().value;
    assert_eq!(fact("alphabet"), Quantity::Words("256 bytes and 1 pairs".into()));
    assert_eq!(fact("bytes_per_token"), Quantity::Number(7.0 / 4.0));
}

/// Whatever is a token, a text is as long as its bytes.
#[test]
fn tokens_spell_their_bytes() {
    let characters = Settings { alphabet: Some("aé€".into()), ..Settings::new("here") }.build().unwrap();
    assert_eq!([0, 1, 2, 3].map(|token| characters.bytes(token).len()), [1, 2, 3, 0]);
    let bytes = Settings { tokens: Tokens::Bytes, ..Settings::new("here") }.build().unwrap();
    assert_eq!([bytes.bytes(0), bytes.bytes(255), bytes.bytes(256)], [vec![0], vec![255], vec![]]);
}
