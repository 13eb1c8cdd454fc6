//! Strings that begin again, and pairs that are recalled: what is asked for, read off every sequence by another way; mistakes.

use std::collections::BTreeSet;

use infimum_worlds::{Example, Known, Purpose, Stream, World, follow, induction, recall};

fn drawn(world: &dyn World, index: u64) -> Example {
    let mut example = Example::default();
    world.draw(&mut Stream::new(1, Purpose::Check, 0, index), &mut example);
    example
}

#[test]
fn what_follows_the_cue_followed_it_before() {
    let world = induction::Settings { letters: 20, length: 9, answer: 3, seed: 1 }.build().unwrap();
    let mut places = BTreeSet::new();
    for index in 0..2000 {
        let Example { tokens, targets, weights } = drawn(&world, index);
        assert_eq!(weights[0], [[0.0; 9].as_slice(), &[1.0; 3]].concat());
        let string = &tokens[..9];
        assert_eq!(string.iter().collect::<BTreeSet<_>>().len(), 9);
        let place = string.iter().position(|letter| *letter == tokens[9]).unwrap();
        assert_eq!(targets[0][9..], string[place + 1..place + 4]);
        places.insert(place);
    }
    assert_eq!(places, (0..6).collect());
}

#[test]
fn each_key_comes_back_once_and_its_value_after_it() {
    let world = recall::Settings { alphabet: 41, pairs: 3, positions: 17, seed: 1 }.build().unwrap();
    let mut orders = BTreeSet::new();
    for index in 0..2000 {
        let Example { tokens, targets, weights } = drawn(&world, index);
        assert!(tokens[1..] == targets[0][..16] && tokens.len() == 17);
        let whole = [&tokens[..], &targets[0][16..]].concat();
        let value_of = |key: u16| whole[..6].chunks_exact(2).find(|pair| pair[0] == key).map(|pair| pair[1]);
        let keys: BTreeSet<u16> = whole[..6].iter().step_by(2).copied().collect();
        assert!(keys.len() == 3 && keys.iter().all(|key| *key < 20));
        assert!(whole[6..12].iter().all(|value| *value >= 20));
        for pair in whole[12..].chunks_exact(2) {
            assert_eq!(value_of(pair[0]), Some(pair[1]));
        }
        assert_eq!(whole[12..].iter().step_by(2).copied().collect::<BTreeSet<u16>>(), keys);
        let asked: Vec<usize> = (0..17).filter(|position| weights[0][*position] == 1.0).collect();
        assert_eq!(asked, [12, 14, 16]);
        assert!((0..17).all(|position| world.is_scored(&whole, position) == asked.contains(&position)));
        let order: Vec<_> = whole[12..].iter().step_by(2).map(|key| whole[..6].iter().position(|k| k == key)).collect();
        orders.insert(order);
    }
    assert_eq!(orders.len(), 6, "keys come back in every order");
}

/// A token of the prompt that is changed changes the answer, or takes it away: what is asked for is nowhere else.
#[test]
fn the_answer_hangs_on_its_pair_alone() {
    let world = recall::Settings { alphabet: 40, pairs: 3, positions: 17, seed: 1 }.build().unwrap();
    let example = drawn(&world, 3);
    let answer = |tokens: &[u16]| {
        let (mut belief, mut law) = (world.truth().unwrap().begin(), vec![0.0; 40]);
        tokens[..=12].iter().for_each(|token| belief.observe(*token));
        let known = belief.law(0, &mut law) == Known::Yes;
        known.then(|| law.iter().position(|p| *p == 1.0).unwrap())
    };
    let right = usize::from(example.targets[0][12]);
    assert_eq!(answer(&example.tokens), Some(right));
    let pair = example.tokens[..6].iter().position(|token| *token == example.tokens[12]).unwrap();
    for place in 0..12 {
        let mut tokens = example.tokens.clone();
        let half = if place < 6 && place % 2 == 0 { 0 } else { 20 };
        let unused = |token: &u16| !example.tokens.contains(token);
        tokens[place] = (half..half + 20).find(unused).unwrap();
        let expected = match place {
            _ if place == pair => None,
            _ if place == pair + 1 => Some(usize::from(tokens[place])),
            _ => Some(right),
        };
        assert_eq!(answer(&tokens), expected, "{place}");
    }
}

/// In both worlds the truth has no loss on any sequence, at as many positions as are asked for.
#[test]
fn the_truth_has_no_loss() {
    let induction = induction::Settings::default().build().unwrap();
    let recall = recall::Settings { alphabet: 8192, pairs: 4, positions: 64, seed: 1 }.build().unwrap();
    for (world, asked) in [(&induction as &dyn World, 4), (&recall, 4)] {
        let (mut belief, mut law) = (world.truth().unwrap().begin(), vec![0.0; world.shape().alphabet]);
        for index in 0..50 {
            let mut positions = 0;
            follow(&mut *belief, &drawn(world, index), 0, &mut law, &mut |_, law, target| {
                positions += 1;
                assert_eq!(law[usize::from(target)], 1.0);
            });
            assert_eq!(positions, asked);
        }
        assert_eq!(world.truth().unwrap().prompts(), None, "there are too many to list");
    }
}

#[test]
fn mistakes_name_the_value_the_limit_and_the_way_out() {
    let induction = |letters, length, answer| induction::Settings { letters, length, answer, seed: 1 }.build().err();
    let recall = |alphabet, pairs, positions| recall::Settings { alphabet, pairs, positions, seed: 1 }.build().err();
    for (error, parts) in [
        (induction(2, 2, 1), ["letters = 2", "3 to 10000"]),
        (induction(10_001, 2, 1), ["letters = 10001", "lower it"]),
        (induction(5, 6, 1), ["length = 6", "2 to 5"]),
        (induction(5, 1, 1), ["length = 1", "raise it"]),
        (induction(5, 4, 4), ["answer = 4", "1 to 3"]),
        (induction(5, 4, 0), ["answer = 0", "raise it"]),
        (recall(3, 1, 9), ["alphabet = 3", "4 to 65536"]),
        (recall(65_537, 1, 9), ["alphabet = 65537", "lower it"]),
        (recall(8, 5, 64), ["pairs = 5", "1 to 4"]),
        (recall(8, 0, 64), ["pairs = 0", "raise it"]),
        (recall(8, 4, 14), ["positions = 14", "15 to 10000"]),
        (recall(8, 4, 10_001), ["positions = 10001", "lower it"]),
    ] {
        let message = error.expect("it is refused").to_string();
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }
}
