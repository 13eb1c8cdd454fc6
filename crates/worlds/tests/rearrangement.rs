//! Strings written again: each task on every string, the ladder against counting, mistakes.

use infimum_worlds::rearrangement::{Settings, Task};
use infimum_worlds::{Example, Purpose, Stream, World};

fn drawn(world: &dyn World, index: u64) -> Example {
    let mut example = Example::default();
    world.draw(&mut Stream::new(1, Purpose::Check, 0, index), &mut example);
    example
}

#[test]
fn each_task_is_what_its_name_says() {
    for (task, of) in [
        (Task::Copy, (|string| string) as fn(Vec<u16>) -> Vec<u16>),
        (Task::Reversal, |string| string.into_iter().rev().collect()),
        (Task::Sort, |string| {
            (0..26).flat_map(|letter| string.iter().copied().filter(move |x| *x == letter)).collect()
        }),
    ] {
        let world = Settings::new(task, 26, 6).build().unwrap();
        for index in 0..1000 {
            let Example { tokens, targets, weights } = drawn(&world, index);
            assert_eq!((tokens.len(), tokens[6], targets[0].len()), (12, 26, 12));
            assert_eq!(targets[0][6..], of(tokens[..6].to_vec()), "{task:?}");
            assert_eq!(tokens[7..], targets[0][6..11]);
            assert_eq!(weights[0], [[0.0; 6], [1.0; 6]].concat());
        }
    }
}

/// Every string of three letters out of four, sorted by hand: how often each letter stands at each place.
#[test]
fn what_a_place_says_of_a_sorted_letter_is_counted_right() {
    let world = Settings::new(Task::Sort, 4, 3).build().unwrap();
    let mut counts = [[0.0_f64; 4]; 3];
    for string in 0..64 {
        let mut letters = [string / 16, string / 4 % 4, string % 4];
        letters.sort_unstable();
        letters.iter().enumerate().for_each(|(place, letter)| counts[place][*letter] += 1.0 / 64.0);
    }
    let nats: f64 = counts.iter().flatten().filter(|p| **p > 0.0).map(|p| -p * libm::log(*p)).sum::<f64>() / 3.0;
    let accuracy: f64 = counts.iter().map(|law| law.iter().copied().fold(0.0, f64::max)).sum::<f64>() / 3.0;
    let ladder = world.truth().unwrap().baselines(0);
    let [.., by_position] = &ladder[..] else { panic!("there are predictors") };
    assert_eq!(by_position.name, "by-position");
    assert!((by_position.nats.value().unwrap() - nats).abs() < 1e-12);
    assert!((by_position.accuracy.value().unwrap() - accuracy).abs() < 1e-12);
}

#[test]
fn mistakes_name_the_value_the_limit_and_the_way_out() {
    for (settings, parts) in [
        (Settings::new(Task::Copy, 1, 6), ["letters = 1", "2 to 1000"]),
        (Settings::new(Task::Copy, 1001, 6), ["letters = 1001", "lower it"]),
        (Settings::new(Task::Sort, 26, 0), ["length = 0", "raise it"]),
        (Settings::new(Task::Sort, 26, 1001), ["length = 1001", "lower it"]),
        (Settings { seed: -1, ..Settings::new(Task::Copy, 26, 6) }, ["seed = -1", "larger"]),
    ] {
        let message = settings.build().err().expect("it is refused").to_string();
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }
}
