//! Strings known by heart: floors and ceilings against every predictor there is, the published protocols, mistakes.

use std::collections::{BTreeMap, BTreeSet};

use infimum_worlds::strings::{Part, Scored, Settings, Syntax, Unfinished};
use infimum_worlds::{Example, Floor, Purpose, Stream, World};

const LEVEL_1: &[&str] =
    &["ABCDE", "FGHIJ", "KLMNO", "PQRST", "UVWXY", "12345", "67890", "AAAAA", "BBBBB", "CCCCC", "A1B2C", "X9Y8Z"];

const FIVE_MINUTE: &[&str] = &[
    "AAAA", "BBBB", "CCCC", "1111", "2222", "ABCD", "EFGH", "IJKL", "MNOP", "QRST", "1234", "5678", "9012", "AB", "CD",
    "EF", "GH", "12", "34", "56", "78",
];

fn padded(strings: &[&str], length: usize) -> Vec<Vec<char>> {
    let pad = |string: &&str| string.chars().chain(std::iter::repeat('_')).take(length).collect();
    strings.iter().map(pad).collect()
}

/// How many of `all` begin as `string` does in its first `symbols`.
fn alike(all: &[Vec<char>], string: &[char], symbols: usize) -> usize {
    all.iter().filter(|other| other[..symbols] == string[..symbols]).count()
}

/// The mean over strings and targets of the surprise of each, counted from the strings themselves.
fn floor(all: &[Vec<char>]) -> f64 {
    let (length, mut nats) = (all[0].len(), 0.0);
    for string in all {
        for given in 1..length {
            let p = alike(all, string, given + 1) as f64 / alike(all, string, given) as f64;
            nats -= libm::log(p);
        }
    }
    nats / (all.len() * (length - 1)) as f64
}

/// What may come after each beginning, and how often it does.
type Choices = BTreeMap<Vec<char>, BTreeMap<char, usize>>;

fn choices(all: &[Vec<char>]) -> Choices {
    let mut choices = Choices::new();
    for string in all {
        for given in 1..string.len() {
            *choices.entry(string[..given].to_vec()).or_default().entry(string[given]).or_default() += 1;
        }
    }
    choices
}

/// The fewest and the most of the asked strings that predictors have right: all of them, or those alone that say what is likeliest.
fn fewest_and_most(all: &[Vec<char>], asked: &[(usize, std::ops::Range<usize>)], likeliest: bool) -> [usize; 2] {
    let mut open: Vec<(Vec<char>, Vec<char>)> = Vec::new();
    for (beginning, next) in choices(all) {
        let most = *next.values().max().unwrap();
        let kept = next.into_iter().filter(|(_, times)| !likeliest || *times == most);
        open.push((beginning, kept.map(|(symbol, _)| symbol).collect()));
    }
    let predictors: usize = open.iter().map(|(_, options)| options.len()).product();
    assert!(predictors <= 200_000, "{predictors} predictors");
    let right = |mut number: usize| {
        let mut says = BTreeMap::new();
        for (beginning, options) in &open {
            says.insert(beginning.as_slice(), options[number % options.len()]);
            number /= options.len();
        }
        let is_right = |(string, places): &&(usize, std::ops::Range<usize>)| {
            let string = &all[*string];
            places.clone().all(|place| says[&string[..place]] == string[place])
        };
        asked.iter().filter(is_right).count()
    };
    let counts: Vec<usize> = (0..predictors).map(right).collect();
    [*counts.iter().min().unwrap(), *counts.iter().max().unwrap()]
}

/// The first `counted` strings, with what is asked for of each.
fn asked(strings: &[&str], counted: usize, end: bool) -> Vec<(usize, std::ops::Range<usize>)> {
    let symbols = |number: usize| strings[number].chars().count() + usize::from(end);
    (0..counted).map(|number| (number, 1..symbols(number))).collect()
}

fn settings(strings: &[&str], length: i64) -> Settings {
    Settings { length: Some(length), ..Settings::new(strings) }
}

fn near(floor: Floor, expected: f64) {
    let Floor::Exact(value) = floor else { panic!("{floor:?}") };
    assert!((value - expected).abs() < 1e-12, "{value}, {expected} expected");
}

#[test]
fn level_1_has_the_published_floor_and_ceiling() {
    let world = settings(LEVEL_1, 8).build().unwrap();
    let truth = world.truth().unwrap();
    near(truth.floor(0), floor(&padded(LEVEL_1, 8)));
    near(truth.floor(0), 3.0 * libm::log(3.0) / 84.0);
    assert_eq!(format!("{:.4}", truth.floor(0).value().unwrap()), "0.0392");
    // Of 84 targets, two are missed: the second symbols of two of the three strings that begin with A.
    near(truth.ceiling(0), 82.0 / 84.0);
    assert_eq!((world.shape().alphabet, world.shape().positions), (37, 8));
    for end in [false, true] {
        let world = Settings { count_end: end, ..settings(LEVEL_1, 8) }.build().unwrap();
        assert_eq!(world.most_right(), 10);
        for likeliest in [false, true] {
            assert_eq!(fewest_and_most(&padded(LEVEL_1, 8), &asked(LEVEL_1, 12, end), likeliest)[1], 10);
        }
    }
}

/// Of the first fifteen and of all, without and with the end: what the best choice among equals has right, and the worst.
#[test]
fn five_minute_has_the_published_floor_and_ceilings() {
    let floor_here = settings(FIVE_MINUTE, 10).build().unwrap().truth().unwrap().floor(0);
    near(floor_here, floor(&padded(FIVE_MINUTE, 10)));
    let third = libm::log(3.0) - 2.0 / 3.0 * libm::log(2.0);
    near(floor_here, (6.0 * third + 10.0 * libm::log(2.0)) / 189.0);
    assert_eq!(format!("{:.4}", floor_here.value().unwrap()), "0.0569");
    for (counted, end, most) in [(15, false, 12), (15, true, 11), (21, false, 18), (21, true, 14)] {
        let counts = Settings { counted: Some(counted), count_end: end, ..settings(FIVE_MINUTE, 10) };
        assert_eq!(counts.build().unwrap().most_right(), most, "{counted} {end}");
        for likeliest in [false, true] {
            let asked = asked(FIVE_MINUTE, counted as usize, end);
            assert_eq!(fewest_and_most(&padded(FIVE_MINUTE, 10), &asked, likeliest)[1], most);
        }
    }
    assert_eq!(fewest_and_most(&padded(FIVE_MINUTE, 10), &asked(FIVE_MINUTE, 15, false), true), [8, 12]);
}

/// What the figures of the protocols notice: another padding, another first target, an end that is asked for.
#[test]
fn another_protocol_has_other_figures() {
    let published = 3.0 * libm::log(3.0) / 84.0;
    let other = |world: Settings| world.build().unwrap().truth().unwrap().floor(0).value().unwrap();
    assert!((other(settings(LEVEL_1, 9)) - published).abs() > 1e-3);
    assert!((other(Settings { scored: Scored::End, ..settings(LEVEL_1, 8) }) - published).abs() > 1e-3);
    let begun: Vec<String> = LEVEL_1.iter().map(|string| format!("^{string}")).collect();
    let begun: Vec<&str> = begun.iter().map(String::as_str).collect();
    assert!((other(settings(&begun, 8)) - published).abs() > 1e-3);
    let shares = Some((0..12).map(|place| 1.0 + f64::from(place)).collect());
    assert!((other(Settings { shares, ..settings(LEVEL_1, 8) }) - published).abs() > 1e-3);
    assert_eq!(fewest_and_most(&padded(LEVEL_1, 8), &asked(LEVEL_1, 11, false), false)[1], 9);
}

/// Strings of two symbols and an answer mark, of any kind: the ceiling is that of the best of all predictors.
#[test]
fn the_most_that_can_be_right_is_that_of_all_predictors() {
    let mut stream = Stream::new(3, Purpose::Check, 0, 0);
    let mut seen = BTreeSet::new();
    for _ in 0..400 {
        let marked = stream.below(2) == 1;
        let mut strings = BTreeSet::new();
        for _ in 0..2 + stream.below(4) {
            let mut piece = |least: u64| -> String {
                let symbols = least + stream.below(3);
                (0..symbols).map(|_| if stream.below(2) == 0 { 'a' } else { 'b' }).collect()
            };
            strings.insert(if marked { format!("{}={}", piece(1), piece(0)) } else { piece(1) });
        }
        let strings: Vec<&str> = strings.iter().map(String::as_str).collect();
        let (end, counted) = (stream.below(2) == 1, 1 + stream.below(strings.len() as u64) as usize);
        let first = |string: &str| if marked { string.find('=').unwrap() + 1 } else { 1 };
        let asked: Vec<_> = (0..counted)
            .map(|number| (number, first(strings[number])..strings[number].len() + usize::from(end)))
            .collect();
        let world = Settings {
            counted: Some(counted as i64),
            count_end: end,
            answer_after: marked.then(|| "=".into()),
            ..Settings::new(&strings)
        };
        let world = world.build().unwrap();
        let length = strings.iter().map(|string| string.len()).max().unwrap() + 1;
        let most = fewest_and_most(&padded(&strings, length), &asked, false)[1];
        assert_eq!(world.most_right(), most, "{strings:?} {counted} {end}");
        let places: Vec<_> = world.recited().iter().map(|recited| recited.asked.clone()).collect();
        assert_eq!(places, asked.iter().map(|(_, places)| places.start - 1..places.end - 1).collect::<Vec<_>>());
        seen.insert((marked, end, most < counted));
    }
    assert_eq!(seen.len(), 8, "all kinds come");
}

/// The same of strings that are completed from their middle on, or from the mark.
#[test]
fn the_most_that_can_be_completed_is_that_of_all_predictors() {
    let mut stream = Stream::new(5, Purpose::Check, 0, 0);
    let mut seen = BTreeSet::new();
    for _ in 0..600 {
        let (marked, fills) = (stream.below(3) == 0, stream.below(2) == 1);
        let mut strings = BTreeSet::new();
        for _ in 0..2 + stream.below(5) {
            let mut piece = |least: u64, most: u64| -> String {
                let symbols = least + stream.below(most);
                (0..symbols).map(|_| if stream.below(2) == 0 { 'a' } else { 'b' }).collect()
            };
            strings.insert(if marked { format!("{}={}", piece(1, 2), piece(0, 3)) } else { piece(1, 5) });
        }
        let strings: Vec<&str> = strings.iter().map(String::as_str).collect();
        let longest = strings.iter().map(|string| string.len()).max().unwrap();
        let length = if fills && longest > 1 { longest } else { longest + 1 };
        let counted = 1 + stream.below(strings.len() as u64) as usize;
        let asked = |string: &str| {
            let given = if marked { string.find('=').unwrap() + 1 } else { string.len().div_ceil(2) };
            given.min(length - 1)..(string.len() + 1).min(length)
        };
        let asked: Vec<_> = (0..counted).map(|number| (number, asked(strings[number]))).collect();
        let world = Settings {
            counted: Some(counted as i64),
            length: Some(length as i64),
            answer_after: marked.then(|| "=".into()),
            ..Settings::new(&strings)
        };
        let world = world.build().unwrap();
        let most = fewest_and_most(&padded(&strings, length), &asked, false)[1];
        assert_eq!(world.most_completed(), most, "{strings:?} {counted} {length}");
        let given: Vec<usize> = world.unfinished(Part::Trained).iter().map(|string| string.given).collect();
        assert_eq!(given, asked.iter().map(|(_, places)| places.start).collect::<Vec<_>>());
        seen.insert((marked, length == longest, most < counted));
    }
    assert_eq!(seen.len(), 8, "all kinds come");
}

/// Strings that are held out have tokens and no probability: what is drawn, its floor and its ceiling stay what they were.
#[test]
fn what_is_held_out_is_never_drawn_and_changes_no_law() {
    let plain = || Settings { alphabet: Some("abcd".into()), length: Some(6), ..Settings::new(&["abba", "ba"]) };
    let held_out = vec!["abcd".to_string(), "d".to_string()];
    let with = || Settings { held_out: held_out.clone(), syntax: Some(Syntax::Python), ..plain() };
    let (world, without) = (with().build().unwrap(), plain().build().unwrap());
    let (mut one, mut other) = (Example::default(), Example::default());
    for index in 0..200 {
        world.draw_for_training(&mut Stream::new(1, Purpose::Train, 0, index), &mut one);
        without.draw_for_training(&mut Stream::new(1, Purpose::Train, 0, index), &mut other);
        assert!(one == other && !world.held_out().contains(&one));
    }
    assert_eq!(world.truth().unwrap().floor_by_position(0), without.truth().unwrap().floor_by_position(0));
    assert_eq!(world.shape(), without.shape());
    assert_eq!(world.facts().len(), without.facts().len() + 1);
    let unfinished = |symbols: &[u16], given| Unfinished { symbols: symbols.to_vec(), given };
    assert_eq!(world.unfinished(Part::HeldOut), [unfinished(&[1, 2, 3, 4], 2), unfinished(&[4], 1)]);
    assert_eq!(world.unfinished(Part::Trained), [unfinished(&[1, 2, 2, 1], 2), unfinished(&[2, 1], 1)]);
    assert_eq!(world.held_out()[0].tokens, [1, 2, 3, 4, 0, 0]);
    assert!(without.held_out().is_empty() && without.syntax().is_none() && world.syntax() == Some(Syntax::Python));
}

/// Their symbols are in the alphabet that nobody gave, and they fit into the length that nobody gave; where the ends alone are scored,
/// the model reads as far as the longest of them.
#[test]
fn what_is_held_out_has_a_place() {
    let held_out = vec!["cabc".to_string()];
    let world = Settings { held_out: held_out.clone(), ..Settings::new(&["ab", "b"]) }.build().unwrap();
    assert_eq!((world.alphabet(), world.shape().positions), (&['a', 'b', 'c'][..], 5));
    let ends = Settings { scored: Scored::End, held_out, ..Settings::new(&["ab", "b"]) }.build().unwrap();
    assert_eq!(ends.shape().scored, 0..4);
    let floors = ends.truth().unwrap().floor_by_position(0);
    assert_eq!(floors[2..], [Floor::Unknown, Floor::Unknown, Floor::Exact(0.0)], "{floors:?}");
}

/// Shares decide how often each is drawn, and the floor: two strings that part at once, three to one.
#[test]
fn shares_are_probabilities() {
    let world = Settings { shares: Some(vec![3.0, 1.0]), ..Settings::new(&["xa", "xb"]) }.build().unwrap();
    let truth = world.truth().unwrap();
    let entropy = -0.75 * libm::log(0.75) - 0.25 * libm::log(0.25);
    near(truth.floor(0), entropy / 2.0);
    near(truth.ceiling(0), 1.75 / 2.0);
    let mut example = Example::default();
    let first = (0..4000).filter(|index| {
        world.draw(&mut Stream::new(1, Purpose::Check, 0, *index), &mut example);
        example.targets[0][0] == 1
    });
    assert!((first.count() as f64 / 4000.0 - 0.75).abs() < 0.03);
}

#[test]
fn mistakes_name_the_value_the_limit_and_the_way_out() {
    let plain = || Settings::new(&["AB", "CD"]);
    let mark = |mark: &str| Some(mark.to_string());
    for (settings, parts) in [
        (Settings::new(&[]), ["strings = 0", "1 to 4096"]),
        (Settings::new(&["A", ""]), ["strings = \"\"", "1 to 4096 characters"]),
        (Settings::new(&["A", "A"]), ["\"A\", twice", "shares"]),
        (Settings { length: Some(1), ..plain() }, ["length = 1", "2 to 4096"]),
        (Settings { length: Some(5000), ..plain() }, ["length = 5000", "lower it"]),
        (Settings { alphabet: mark("ABC"), ..plain() }, ["has 'D'", "add it to alphabet"]),
        (Settings { alphabet: mark("ABCDA"), ..plain() }, ["alphabet = 'A', twice", "take one out"]),
        (Settings { alphabet: mark(""), ..plain() }, ["alphabet = 0", "1 to 65534"]),
        (Settings { shares: Some(vec![1.0]), ..plain() }, ["shares = 1 numbers", "2 strings"]),
        (Settings { shares: Some(vec![1.0, f64::NAN]), ..plain() }, ["shares = NaN", "1000000"]),
        (Settings { shares: Some(vec![1.0, 0.0]), ..plain() }, ["shares = 0", "never comes"]),
        (Settings { counted: Some(3), ..plain() }, ["counted = 3", "1 to 2"]),
        (Settings { counted: Some(0), ..plain() }, ["counted = 0", "count one"]),
        (Settings { answer_after: mark("=="), ..plain() }, ["answer_after = \"==\"", "one character"]),
        (Settings { answer_after: mark("B"), ..plain() }, ["answer_after = 'B'", "\"CD\" has it not"]),
        (Settings { held_out: vec!["CD".into()], ..plain() }, ["held_out = \"CD\"", "out of one of the two"]),
        (Settings { held_out: vec!["A".into(), "A".into()], ..plain() }, ["held_out = \"A\", twice", "leave one"]),
        (Settings { held_out: vec!["".into()], ..plain() }, ["held_out = \"\"", "1 to 4096 characters"]),
        (
            Settings { held_out: vec!["ABE".into()], alphabet: mark("ABCD"), ..plain() },
            ["held_out = \"ABE\", which has 'E'", "add it to alphabet"],
        ),
        (Settings { held_out: vec!["ABCD".into()], length: Some(3), ..plain() }, ["length = 3", "4 to 4096"]),
        (
            Settings { held_out: vec!["A".into()], answer_after: mark("B"), ..Settings::new(&["AB"]) },
            ["answer_after = 'B'", "\"A\" has it not"],
        ),
        (Settings { seed: -1, ..plain() }, ["seed = -1", "larger"]),
    ] {
        let message = settings.build().err().expect("it is refused").to_string();
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }
}

#[test]
fn strings_are_read_as_they_are_written() {
    let world: Box<dyn World> = Box::new(settings(&["abba", "ba"], 6).build().unwrap());
    let mut example = Example::default();
    world.draw(&mut Stream::new(1, Purpose::Check, 0, 0), &mut example);
    let spelling = world.spelling().unwrap();
    let text = spelling.spell(&example.tokens);
    assert!(["abba", "ba"].contains(&text.as_str()), "{text}");
    assert_eq!(spelling.read(&text).unwrap(), example.tokens[..text.len()]);
    assert_eq!(spelling.spell(&[1, 2, 0, 1]), "ab", "padding ends it");
    assert_eq!(spelling.read("abc").unwrap_err(), "'c' is none of its letters, \"ab\"");
}
