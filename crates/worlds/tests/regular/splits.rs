//! Words that are kept for tests, by hash and by length, and words that are to be recognised.

use std::collections::{BTreeMap, BTreeSet};

use infimum_worlds::regular::words::{Recogniser, Settings, Words};
use infimum_worlds::{Example, Floor, Known, Quantity, Stream, Truth, World, follow};

use crate::random;

const TOKEN: usize = 0;
const CLASS: usize = 1;

type Draw = fn(&Words, &mut Stream, &mut Example);

/// For training, for validation, for tests.
const DRAWS: [Draw; 3] = [
    |world, stream, into| world.draw_for_training(stream, into),
    |world, stream, into| world.draw_for_validation(stream, into),
    |world, stream, into| world.draw(stream, into),
];

fn word(world: &Words, example: &Example) -> Vec<u16> {
    example.tokens[1..].iter().copied().take_while(|token| *token != world.end()).collect()
}

/// The words of so many draws of each, with how often each came.
fn drawn(world: &Words, draws: u64, seed: &str) -> [BTreeMap<Vec<u16>, u64>; 3] {
    DRAWS.map(|draw| {
        let (mut stream, mut example, mut words) = (random(seed), Example::default(), BTreeMap::new());
        for _ in 0..draws {
            draw(world, &mut stream, &mut example);
            *words.entry(word(world, &example)).or_insert(0) += 1;
        }
        words
    })
}

fn fact(world: &Words, name: &str) -> Quantity {
    world.facts().into_iter().find(|fact| fact.name == name).unwrap_or_else(|| panic!("{name}")).value
}

/// Words that more than one of the three have.
fn shared(drawn: &[BTreeMap<Vec<u16>, u64>; 3]) -> BTreeSet<Vec<u16>> {
    let pairs = [(0, 1), (0, 2), (1, 2)].into_iter();
    pairs
        .flat_map(|(a, b)| drawn[a].keys().filter(|word| drawn[b].contains_key(*word)).cloned().collect::<Vec<_>>())
        .collect()
}

/// Of every class and length there is one word or two, three, or many: those of the last two kinds are never shared.
#[test]
fn training_validation_and_test_share_no_word_but_those_that_they_must() {
    for (language, held_out, longest) in
        [("a+b+", 0.15, 12), ("a*b*", 0.3, 8), ("parity", 0.45, 6), ("(a|b)*abb", 0.01, 14)]
    {
        let settings = Settings { held_out, longest, ..Settings::new(language) };
        let world = settings.build().unwrap();
        let drawn = drawn(&world, 20_000, "splits");
        let mut sizes: BTreeMap<(u16, usize), BTreeSet<Vec<u16>>> = BTreeMap::new();
        let mut example = Example::default();
        for (number, draw) in DRAWS.iter().enumerate() {
            let mut stream = random("sizes");
            for _ in 0..20_000 {
                draw(&world, &mut stream, &mut example);
                let word = word(&world, &example);
                let class = example.targets[CLASS][word.len()];
                sizes.entry((class, word.len())).or_default().insert(word);
            }
            assert!(number < 3);
        }
        // Sets of one or two words are seen whole by so many draws.
        let must: BTreeSet<Vec<u16>> = sizes.into_values().filter(|words| words.len() < 3).flatten().collect();
        assert_eq!(shared(&drawn), must, "{language}");
        assert_eq!(
            fact(&world, "words_that_training_and_test_share"),
            Quantity::Count(must.len() as u64),
            "{language}"
        );
        assert_eq!(world.hold_out().is_some(), must.is_empty());
    }
}

/// What is held out is the share that was asked for, and the rest is as likely as before: classes and lengths keep their probability,
/// and words of one are alike.
#[test]
fn words_are_held_out_by_their_share_and_drawn_alike() {
    let (longest, held_out) = (10, 0.2);
    let settings = Settings { shortest: longest, longest, held_out, accept: Some(1.0), ..Settings::new("parity") };
    let world = settings.build().unwrap();
    let draws = 40_000;
    let drawn = drawn(&world, draws, "shares");
    let all: BTreeSet<&Vec<u16>> = drawn.iter().flat_map(BTreeMap::keys).collect();
    assert_eq!(all.len(), 512, "half of all words of ten symbols");
    for (words, share) in drawn.iter().zip([0.6, 0.2, 0.2]) {
        let count = words.len() as f64;
        assert!((count - 512.0 * share).abs() <= 1.0, "{count}");
        let expected = draws as f64 / count;
        let chi: f64 = words.values().map(|n| (*n as f64 - expected) * (*n as f64 - expected) / expected).sum();
        assert!(chi < count + 6.0 * (2.0 * count).sqrt(), "{chi} of {count} words");
    }
    // Large sets are cut by the hash itself.
    let settings = Settings { shortest: 30, longest: 30, held_out, accept: Some(1.0), ..Settings::new("parity") };
    let world = settings.build().unwrap();
    let drawn = self::drawn(&world, 5000, "large");
    assert!(shared(&drawn).is_empty() && world.hold_out().is_some());
    assert!(drawn.iter().all(|words| words.len() == 5000));
}

/// A world that holds words out does not say what it does not know.
#[test]
fn the_token_of_words_that_are_held_out_has_no_law_and_the_class_has_one() {
    let recogniser = Some(Recogniser::default());
    for settings in [
        Settings { held_out: 0.1, ..Settings::new("a+b+") },
        Settings { recogniser: recogniser.clone(), ..Settings::new("a+b+") },
        Settings { held_out: 0.1, recogniser, ..Settings::new("dyck-2-3") },
    ] {
        let world = settings.build().unwrap();
        let truth = world.truth().unwrap();
        assert_eq!([truth.floor(TOKEN), truth.ceiling(TOKEN)], [Floor::Unknown; 2]);
        assert_eq!((truth.floor(CLASS), truth.ceiling(CLASS)), (Floor::Exact(0.0), Floor::Exact(1.0)));
        let positions = world.shape().positions;
        assert_eq!(truth.floor_by_position(TOKEN), vec![Floor::Unknown; positions]);
        assert_eq!(truth.floor_by_position(CLASS), vec![Floor::Exact(0.0); positions]);
        assert_eq!(truth.baselines(TOKEN).iter().map(|of| of.name).collect::<Vec<_>>(), ["uniform"]);
        let (mut stream, mut example) = (random("no law"), Example::default());
        for _ in 0..200 {
            world.draw(&mut stream, &mut example);
            let [mut token, mut class] = [TOKEN, CLASS].map(|head| vec![0.0; world.shape().heads[head].alphabet]);
            let (mut belief, mut scored) = (truth.begin(), 0);
            follow(&mut *belief, &example, TOKEN, &mut token, &mut |_, _, _| panic!("the token has no law"));
            follow(&mut *belief, &example, CLASS, &mut class, &mut |_, law, target| {
                assert_eq!(law[usize::from(target)], 1.0);
                scored += 1;
            });
            assert_eq!(scored, example.weights[CLASS].iter().filter(|weight| **weight > 0.0).count());
        }
    }
}

/// Training has short words, tests have long ones, whose law is exact: it is that of a world of long words alone.
#[test]
fn length_splits_train_on_short_words_and_test_on_long_ones() {
    let split = Settings { longest: 9, trained_longest: Some(5), ..Settings::new("a*b*") };
    let world = split.build().unwrap();
    let lengths = |words: &BTreeMap<Vec<u16>, u64>| words.keys().map(Vec::len).collect::<BTreeSet<usize>>();
    let [training, validation, test] = drawn(&world, 3000, "lengths").map(|words| lengths(&words));
    assert_eq!(training, (1..=5).collect());
    assert_eq!([validation, test], [(); 2].map(|()| (6..=9).collect::<BTreeSet<usize>>()));
    assert!(world.hold_out().unwrap().contains("more than 5 symbols"));
    let long = Settings { shortest: 6, longest: 9, ..Settings::new("a*b*") }.build().unwrap();
    for head in [TOKEN, CLASS] {
        let [a, b] = [&world, &long].map(|world| world.truth().unwrap().floor(head).value().unwrap());
        assert!((a - b).abs() <= 1e-15, "{a} {b}");
    }
    let mut stream = random("long words");
    let (mut example, mut law) = (Example::default(), vec![0.0; world.shape().alphabet]);
    let (mut one, mut other) = (Truth::begin(&world), Truth::begin(&long));
    for _ in 0..200 {
        world.draw(&mut stream, &mut example);
        let mut laws = vec![];
        follow(&mut *one, &example, TOKEN, &mut law, &mut |_, law, _| laws.push(law.to_vec()));
        assert_eq!(laws.len(), word(&world, &example).len() + 1);
        let mut of_other = laws.clone().into_iter();
        follow(&mut *other, &example, TOKEN, &mut law, &mut |_, law, _| assert_eq!(of_other.next().unwrap(), law));
    }
}

/// The fewest edits from a word to any word of a language, by trying all words.
fn distance(from: &[u16], members: &[Vec<u16>]) -> usize {
    let between = |to: &Vec<u16>| {
        let mut row: Vec<usize> = (0..=to.len()).collect();
        for (i, a) in from.iter().enumerate() {
            let (mut before, mut next) = (row[0], vec![i + 1]);
            for (j, b) in to.iter().enumerate() {
                next.push((before + usize::from(a != b)).min(row[j + 1] + 1).min(next[j] + 1));
                before = row[j + 1];
            }
            row = next;
        }
        row[to.len()]
    };
    members.iter().map(between).min().unwrap()
}

#[test]
fn words_to_be_recognised_have_their_shares_and_their_edits() {
    let recogniser = Recogniser { positives: 0.3, edited: 1.0, edits: 2 };
    let settings = Settings { longest: 8, recogniser: Some(recogniser), ..Settings::new("a*ba*") };
    let world = settings.build().unwrap();
    let members: Vec<Vec<u16>> = (1..=10)
        .flat_map(|length| (0..length).map(move |b| (0..length).map(|at| u16::from(at == b)).collect()))
        .collect();
    let (mut stream, mut example) = (random("recognised"), Example::default());
    let (mut positives, mut edits) = (0, [0; 3]);
    let draws = 10_000;
    for _ in 0..draws {
        world.draw_for_training(&mut stream, &mut example);
        let word = word(&world, &example);
        let is_positive = word.iter().filter(|symbol| **symbol == 1).count() == 1;
        assert_eq!(example.targets[CLASS][word.len()], u16::from(!is_positive));
        let asked: Vec<usize> = (0..9).filter(|at| example.weights[CLASS][*at] != 0.0).collect();
        assert_eq!(asked, [word.len()], "the class of the whole word");
        assert!(example.weights[TOKEN].iter().enumerate().all(|(at, weight)| (*weight == 1.0) == (at <= word.len())));
        positives += usize::from(is_positive);
        if !is_positive {
            edits[distance(&word, &members)] += 1;
        }
    }
    let (mean, deviation) = (0.3 * draws as f64, (0.21 * draws as f64).sqrt());
    assert!((positives as f64 - mean).abs() < 5.0 * deviation, "{positives}");
    assert_eq!(edits[0], 0);
    assert!(edits[1] > 2000 && edits[2] > 250, "{edits:?}");
    let class = &world.truth().unwrap().baselines(CLASS)[1];
    assert!((class.accuracy.value().unwrap() - 0.7).abs() < 1e-12);
}

/// Random negatives are alike among all words of their length that are not in the language.
#[test]
fn random_negatives_are_alike() {
    let recogniser = Recogniser { positives: 0.5, edited: 0.0, edits: 1 };
    let settings = Settings { shortest: 4, longest: 4, recogniser: Some(recogniser), ..Settings::new("a*ba*") };
    let world = settings.build().unwrap();
    let [_, _, words] = drawn(&world, 40_000, "negatives");
    let negatives: Vec<u64> =
        words.iter().filter(|(word, _)| word.iter().filter(|s| **s == 1).count() != 1).map(|(_, n)| *n).collect();
    assert_eq!(negatives.len(), 12);
    assert!(
        negatives.iter().all(|n| (*n as f64 - 20_000.0 / 12.0).abs() < 5.0 * (20_000.0f64 / 12.0).sqrt()),
        "{negatives:?}"
    );
}

/// Words that are held out stay so where they are to be recognised, edited ones, too.
#[test]
fn words_to_be_recognised_are_held_out_all_the_same() {
    let settings = Settings {
        shortest: 3,
        longest: 9,
        held_out: 0.2,
        recogniser: Some(Recogniser::default()),
        ..Settings::new("parity")
    };
    let world = settings.build().unwrap();
    assert!(shared(&drawn(&world, 20_000, "held out and recognised")).is_empty());
    assert!(world.hold_out().is_some());
    let mut belief = Truth::begin(&world);
    belief.observe(world.begin());
    assert_eq!(belief.law(TOKEN, &mut vec![0.0; world.shape().alphabet]), Known::No);
}

#[test]
fn mistakes_in_splits_are_named() {
    let of = Settings::new;
    let recogniser = |positives, edited, edits| Some(Recogniser { positives, edited, edits });
    for (settings, parts) in [
        (Settings { held_out: 0.5, ..of("a+b") }, &["held_out = 0.5", "0.01 to 0.45"][..]),
        (Settings { held_out: f64::NAN, ..of("a+b") }, &["held_out = NaN"]),
        (Settings { held_out: 0.1, trained_longest: Some(5), ..of("a+b") }, &["held_out = 0.1", "trained_longest"]),
        (Settings { trained_longest: Some(20), ..of("a+b") }, &["trained_longest = 20", "1 to 19", "longer words"]),
        (Settings { trained_longest: Some(0), ..of("a+b") }, &["trained_longest = 0", "1 to 19"]),
        (Settings { shortest: 7, longest: 7, trained_longest: Some(7), ..of("a+b") }, &["one length"]),
        (
            Settings { longest: 2, length_weights: Some(vec![1.0, 0.0]), trained_longest: Some(1), ..of("parity") },
            &["length_weights", "one beyond"],
        ),
        (
            Settings { accept: Some(1.0), trained_longest: Some(5), alphabet: Some("ab".into()), ..of("ab") },
            &["no word of class accept", "6 to 20"],
        ),
        (Settings { recogniser: recogniser(0.0, 0.5, 3), ..of("a+b") }, &["recogniser.positives = 0", "more than 0"]),
        (Settings { recogniser: recogniser(0.5, 1.5, 3), ..of("a+b") }, &["recogniser.edited = 1.5"]),
        (Settings { recogniser: recogniser(0.5, 0.5, 0), ..of("a+b") }, &["recogniser.edits = 0"]),
        (
            Settings { recogniser: recogniser(0.5, 0.5, 3), accept: Some(1.0), ..of("a+b") },
            &["accept = 1", "recogniser"],
        ),
        (
            Settings { shortest: 3, longest: 5, recogniser: recogniser(0.5, 0.5, 3), ..of("ab") },
            &["no word of class accept", "3 to 5"],
        ),
    ] {
        let message = settings.build().err().unwrap_or_else(|| panic!("{settings:?}")).to_string();
        parts.iter().for_each(|part| assert!(message.contains(part), "`{part}` is missing in: {message}"));
    }
}
