//! Sums modulo a number: the table, its split, mistakes.

use std::collections::BTreeSet;

use infimum_worlds::addition::Operation;
use infimum_worlds::modular::Settings;
use infimum_worlds::{Example, Purpose, Stream, World};

fn sequences(world: &dyn World, training: bool, draws: u64) -> BTreeSet<(u16, u16, u16)> {
    let draw = |index| {
        let (mut example, mut stream) = (Example::default(), Stream::new(1, Purpose::Check, 0, index));
        if training {
            world.draw_for_training(&mut stream, &mut example)
        } else {
            world.draw(&mut stream, &mut example)
        }
        assert_eq!((example.tokens[2], &example.weights[0][..]), (113, &[0.0, 0.0, 1.0][..]));
        (example.tokens[0], example.tokens[1], example.targets[0][2])
    };
    (0..draws).map(draw).collect()
}

/// The split of the published runs modulo 113: 30 % of 12,769 pairs are 3,830.
#[test]
fn every_pair_is_on_one_side_and_right() {
    for (operation, sign) in [(Operation::Add, 1), (Operation::Subtract, -1)] {
        let world = Settings { operation, ..Settings::new(113, 0.3) }.build().unwrap();
        let [training, test] = [(true, 60_000), (false, 150_000)].map(|(of, draws)| sequences(&world, of, draws));
        assert_eq!((training.len(), test.len()), (3830, 8939));
        assert!(training.is_disjoint(&test));
        for (a, b, c) in training.iter().chain(&test).map(|(a, b, c)| (i32::from(*a), i32::from(*b), i32::from(*c))) {
            assert_eq!((a + sign * b).rem_euclid(113), c);
        }
    }
}

#[test]
fn the_seed_says_which_pairs_are_trained_on() {
    let of = |seed| sequences(&Settings { seed, ..Settings::new(113, 0.3) }.build().unwrap(), true, 60_000);
    let (first, second) = (of(1), of(2));
    let shared = first.intersection(&second).count() as f64;
    assert!((shared / 3830.0 - 0.3).abs() < 0.04, "{shared}");
}

#[test]
fn mistakes_name_the_value_the_limit_and_the_way_out() {
    for (settings, parts) in [
        (Settings::new(1, 0.3), ["modulus = 1", "2 to 2000"]),
        (Settings::new(2001, 0.3), ["modulus = 2001", "lower it"]),
        (Settings::new(97, 0.0), ["train_fraction = 0", "more than 0"]),
        (Settings::new(97, 1.1), ["train_fraction = 1.1", "at most 1"]),
        (Settings::new(97, f64::NAN), ["train_fraction = NaN", "share of pairs"]),
        (Settings::new(97, 1e-5), ["train_fraction = 0.00001", "at least 1 of 9409 pairs"]),
        (Settings { seed: -1, ..Settings::new(97, 0.5) }, ["seed = -1", "larger"]),
    ] {
        let message = settings.build().err().expect("it is refused").to_string();
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }
}
