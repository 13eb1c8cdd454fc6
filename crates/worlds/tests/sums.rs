//! The official pairs against published anchors, and pairs by their carries against a walk over all pairs.

use std::collections::{BTreeMap, BTreeSet};

use infimum_worlds::addition::{Carrying, EDGES, Operation, Order, Pair, Settings, Stratum, official_pairs};
use infimum_worlds::{Example, Purpose, Stream, World};
use sha2::{Digest, Sha256};
use statrs::distribution::{ChiSquared, ContinuousCDF};

fn pair(a: u64, b: u64) -> Pair {
    Pair { a, b }
}

#[test]
fn the_official_pairs_are_the_published_ones() {
    let pairs = official_pairs();
    assert_eq!((pairs.len(), &pairs[..10]), (10_010, &EDGES[..]));
    let first = [(2395527356, 9334186774), (4296888873, 8475224721), (2446880696, 4577514554), (1721735679, 186192860)];
    assert_eq!(pairs[10..14], first.map(|(a, b)| pair(a, b)));
    assert_eq!(pairs[10_009], pair(4210807827, 8038206893));
    let mut hash = Sha256::new();
    pairs[10..].iter().for_each(|Pair { a, b }| hash.update(format!("{a} {b}\n")));
    let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "7b4bfc5ec9fe78cbc74a7e71cc9b80c1706d07e435a8fbf9850f148a29d03413");
    let tally = |of: fn(&Pair) -> u32| {
        let mut counts = BTreeMap::new();
        pairs[10..].iter().for_each(|pair| *counts.entry(of(pair)).or_insert(0) += 1);
        counts.into_values().collect::<Vec<u32>>()
    };
    assert_eq!(
        tally(|pair| pair.carry_mask().count_ones()),
        [24, 170, 572, 1247, 2010, 2218, 1901, 1176, 522, 145, 15]
    );
    assert_eq!(tally(|pair| pair.carry_run()), [24, 6453, 3198, 292, 33]);
    assert_eq!(tally(|pair| u32::from(pair.a + pair.b >= 10_000_000_000)), [4890, 5110]);
    assert_eq!(tally(|pair| u32::from(pair.a < 1_000_000_000)), [9001, 999]);
}

/// Carries and runs as their definitions have them, by written digits.
fn told(Pair { a, b }: Pair, digits: usize) -> (u32, u32) {
    let written = |number: u64| format!("{number:0digits$}").into_bytes().into_iter().rev();
    let (mut mask, mut carry, mut runs, mut run) = (0, 0, vec![0], 0);
    for (place, (x, y)) in written(a).zip(written(b)).enumerate() {
        let sum = u32::from(x - b'0') + u32::from(y - b'0');
        carry = (sum + carry) / 10;
        mask += carry * (1 << place);
        run = if sum > 9 {
            1
        } else if sum == 9 && run > 0 {
            run + 1
        } else {
            0
        };
        runs.push(run);
    }
    (mask, runs.into_iter().max().unwrap())
}

fn all_pairs(digits: u32) -> impl Iterator<Item = Pair> {
    let all = 10_u64.pow(digits);
    (0..all).flat_map(move |a| (0..all).map(move |b| pair(a, b)))
}

#[test]
fn carries_and_runs_are_as_told() {
    for one in all_pairs(2)
        .chain(official_pairs())
        .chain([(199, 1), (5005, 5005), (0, 999), (1945, 8055)].map(|(a, b)| pair(a, b)))
    {
        assert_eq!((one.carry_mask(), one.carry_run()), told(one, 10), "{one:?}");
    }
    // A carry through ten places is one run of ten; ten places that carry by themselves are ten runs of one.
    assert_eq!((pair(9_999_999_999, 1).carry_run(), pair(9_999_999_999, 1).carry_mask()), (10, 1023));
    assert_eq!(
        (pair(5_555_555_555, 5_555_555_555).carry_run(), pair(5_555_555_555, 5_555_555_555).carry_mask()),
        (1, 1023)
    );
    let longest = 10_u64.pow(18) - 1;
    assert_eq!((pair(longest, longest).carry_mask(), pair(longest, 1).carry_run()), ((1 << 18) - 1, 18));
}

/// A carry goes into a place exactly where the place below carries, from a run that ends there.
#[test]
fn carries_come_from_the_runs_below() {
    let told = |one: Pair, place: u32| {
        let sums: Vec<u64> = (0..place).map(|below| one.digits(below)).map(|(x, y)| x + y).collect();
        let nines = sums.iter().rev().take_while(|sum| **sum == 9).count();
        let begins = sums.len().checked_sub(nines + 1).is_some_and(|at| sums[at] >= 10);
        if begins { nines as u32 + 1 } else { 0 }
    };
    for one in all_pairs(2).chain(official_pairs()).chain([pair(9_999_999_999, 1), pair(5005, 4999)]) {
        for place in 0..=10 {
            assert_eq!(one.carried_into(place), told(one, place), "{one:?} {place}");
            let carries = place > 0 && one.carry_mask() >> (place - 1) & 1 == 1;
            assert_eq!(one.carried_into(place) > 0, carries, "{one:?} {place}");
        }
        assert_eq!((0..=10).map(|place| one.carried_into(place)).max(), Some(one.carry_run()), "{one:?}");
    }
}

/// Against written sums: the other carry comes of a pair that is the same from the place on, and carries otherwise below it.
#[test]
fn the_other_carry_makes_another_digit() {
    let all = || all_pairs(2).filter(|one| one.a >= one.b);
    for operation in [Operation::Add, Operation::Subtract] {
        let world = Settings { operation, ..Settings::new(2) }.build().unwrap();
        let digit = |one: Pair, place: u32| (world.answer_of(one) / 10_u64.pow(place) % 10) as u16;
        for one in all() {
            assert_eq!(world.digit_of_other_carry(one, 0), None);
            for place in 1..world.answer_digits() as u32 {
                let value = 10_u64.pow(place);
                let same = |other: &Pair| (other.a / value, other.b / value) == (one.a / value, one.b / value);
                let mut others =
                    all().filter(same).map(|other| digit(other, place)).filter(|d| *d != digit(one, place));
                let other = world.digit_of_other_carry(one, place);
                assert!(others.all(|digit| Some(digit) == other), "{operation:?} {one:?} {place} {other:?}");
                assert_ne!(other, Some(digit(one, place)));
            }
        }
    }
}

fn strata(digits: u32) -> Vec<Carrying> {
    let numbers = || 0..=digits;
    let masks = (0..1 << digits).map(Carrying::Mask);
    numbers().map(Carrying::Count).chain(numbers().map(Carrying::Run)).chain(masks).collect()
}

/// Ranks and pairs of a stratum are the same in number, and one for one: so uniform ranks are uniform pairs.
#[test]
fn every_pair_of_a_stratum_has_one_rank_and_no_other_pair_has_one() {
    for digits in 1..=3 {
        let told: Vec<(Pair, u32, u32)> = all_pairs(digits)
            .map(|pair| (pair, told(pair, digits as usize)))
            .map(|(pair, (mask, run))| (pair, mask, run))
            .collect();
        // A million pairs are gone through for runs alone, which look back furthest.
        let looks_back = |carrying: &Carrying| digits < 3 || matches!(carrying, Carrying::Run(_));
        for carrying in strata(digits).into_iter().filter(looks_back) {
            let is_wished = |(_, mask, run): &&(Pair, u32, u32)| match carrying {
                Carrying::Count(count) => mask.count_ones() == count,
                Carrying::Run(longest) => *run == longest,
                Carrying::Mask(wished) => *mask == wished,
            };
            let expected: Vec<Pair> = told.iter().filter(is_wished).map(|(pair, ..)| *pair).collect();
            let stratum = Stratum::new(carrying, digits);
            let mut ranked: Vec<Pair> = (0..stratum.count()).map(|rank| stratum.pair(rank)).collect();
            assert!(ranked.iter().all(|pair| carrying.is_of(*pair)), "{carrying:?}");
            ranked.sort();
            assert!(ranked == expected, "{carrying:?} of {digits} digits: {} and {}", ranked.len(), expected.len());
        }
    }
}

#[test]
fn strata_of_long_numbers_share_all_pairs_out() {
    for (digits, pairs) in [(10, 10_u128.pow(20)), (18, 10_u128.pow(36))] {
        let counts = |of: fn(u32) -> Carrying| (0..=digits).map(move |n| Stratum::new(of(n), digits).count());
        assert_eq!(counts(Carrying::Count).sum::<u128>(), pairs);
        assert_eq!(counts(Carrying::Run).sum::<u128>(), pairs);
    }
    let mut masks = 0;
    for mask in 0..1 << 10 {
        let count = Stratum::new(Carrying::Mask(mask), 10).count();
        // A place keeps to what is carried into it in 55 ways and changes it in 45.
        let changes = (mask ^ mask << 1) & 1023;
        assert_eq!(count, 45_u128.pow(changes.count_ones()) * 55_u128.pow(10 - changes.count_ones()), "{mask:b}");
        masks += count;
    }
    assert_eq!(masks, 10_u128.pow(20));
    // The longest run has 45 pairs of digits at the ones and 10 everywhere else.
    assert_eq!(Stratum::new(Carrying::Run(10), 10).count(), 45 * 10_u128.pow(9));
    for carrying in strata(10) {
        let (stratum, mut stream) = (Stratum::new(carrying, 10), Stream::new(1, Purpose::Check, 0, 0));
        let last = stratum.count() - 1;
        let drawn = [stratum.pair(0), stratum.pair(last), stratum.draw(&mut stream), stratum.draw(&mut stream)];
        assert!(drawn.iter().all(|pair| carrying.is_of(*pair) && pair.a.max(pair.b) < 10_000_000_000), "{carrying:?}");
    }
}

/// Pearson's chi-square over all pairs of a small stratum, and over the first digits of a large one, whose ranks have more than
/// 64 bits. Below one in a million the draws are said not to be uniform.
#[test]
fn draws_are_uniform() {
    let check = |counts: &[u32], what: &str| {
        let expected = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
        let square: f64 = counts.iter().map(|count| f64::from(*count) - expected).map(|off| off * off / expected).sum();
        let law = ChiSquared::new(counts.len() as f64 - 1.0).unwrap();
        assert!(law.sf(square) > 1e-6, "{what}: {square} of {} counts", counts.len());
    };
    for carrying in strata(2) {
        let (stratum, mut counts) = (Stratum::new(carrying, 2), BTreeMap::new());
        (0..stratum.count()).for_each(|rank| _ = counts.insert(stratum.pair(rank), 0));
        let draws = 20 * stratum.count() as u64;
        (0..draws).for_each(|index| {
            let drawn = stratum.draw(&mut Stream::new(3, Purpose::Check, 0, index));
            *counts.get_mut(&drawn).unwrap() += 1;
        });
        check(&counts.into_values().collect::<Vec<_>>(), &format!("{carrying:?}"));
    }
    let (stratum, mut stream) = (Stratum::new(Carrying::Run(2), 12), Stream::new(4, Purpose::Check, 0, 0));
    assert!(stratum.count() > 1 << 70);
    let mut counts = [0; 100];
    (0..50_000).for_each(|_| {
        let drawn = stratum.draw(&mut stream);
        let (x, y) = drawn.digits(0);
        counts[(10 * x + y) as usize] += u32::from(x + y < 9);
    });
    // Ones that make less than 9 leave the same to the other places, whichever they are.
    let below_nine: Vec<u32> = (0..100).filter(|n| n / 10 + n % 10 < 9).map(|n| counts[n]).collect();
    check(&below_nine, "a run of 2 among 12 digits");
}

#[test]
fn digits_are_read_and_written() {
    let one = pair(1_234_567_890, 9_876_543_210);
    assert_eq!([one.digits(0), one.digits(1), one.digits(9), one.digits(10)], [(0, 0), (9, 1), (1, 9), (0, 0)]);
    assert_eq!(one.with_digits(9, (0, 3)).with_digits(0, (7, 8)), pair(234_567_897, 3_876_543_218));
    assert_eq!(one.swapped(), pair(9_876_543_210, 1_234_567_890));
}

/// Every small world, whatever its format: the sequence that is asked is one that it draws, and answers mean what they say.
#[test]
fn asking_gives_the_sequences_of_the_world() {
    for settings in Settings::small_instances().into_iter().filter(|settings| settings.digits <= 2) {
        let world = settings.build().unwrap();
        let sums = world.sums().unwrap();
        let (mut drawn, mut asked) = (Example::default(), Example::default());
        let mut sequences = BTreeSet::new();
        for index in 0..4000 {
            world.draw(&mut Stream::new(1, Purpose::Check, 0, index), &mut drawn);
            sequences.insert((drawn.tokens.clone(), drawn.targets.clone()));
        }
        let all = 10_u64.pow(sums.digits());
        let is_asked = |pair: &Pair| settings.operation == Operation::Add || pair.a >= pair.b;
        let mut found = 0;
        for one in (0..all).flat_map(|a| (0..all).map(move |b| pair(a, b))).filter(is_asked) {
            sums.ask(one, &[], &mut asked);
            found += usize::from(sequences.contains(&(asked.tokens.clone(), asked.targets.clone())));
            let tokens = sums.answer_tokens(one);
            assert_eq!(tokens, asked.targets[0][world.shape().scored.start..][..sums.answer_digits()]);
            assert_eq!(sums.number(&tokens), Some(sums.answer_of(one)), "{settings:?} {one:?}");
            let place = |row| 10_u64.pow(sums.place(row)) * u64::from(tokens[row]);
            assert_eq!((0..tokens.len()).map(place).sum::<u64>(), sums.answer_of(one));
        }
        assert_eq!(found, sequences.len(), "{settings:?}");
    }
}

#[test]
fn an_answer_that_was_written_stands_in_the_place_of_the_right_one() {
    let settings = Settings { operand_order: Order::LeastFirst, begin: vec![0], padding: vec![12], ..Settings::new(3) };
    let world = settings.build().unwrap();
    let (mut right, mut other) = (Example::default(), Example::default());
    world.ask(pair(123, 989), &[], &mut right);
    world.ask(pair(123, 989), &[2, 7], &mut other);
    assert_eq!(right.tokens[9..], [2, 1, 1, 1, 13]);
    assert_eq!(other.tokens[9..], [2, 7, 1, 1, 13]);
    assert_eq!(other.targets[0][8..], [2, 7, 1, 1, 13, 12]);
    assert_eq!(
        [world.number(&[2, 1, 1, 1]), world.number(&[2, 1, 1]), world.number(&[2, 1, 11, 1])],
        [Some(1112), None, None]
    );
}

/// Pairs that are drawn uniformly are those that no training draws.
#[test]
fn uniform_pairs_are_held_out_ones() {
    let world = Settings { held_out: 0.3, ..Settings::new(1) }.build().unwrap();
    let (mut trained, mut example) = (BTreeSet::new(), Example::default());
    for index in 0..5000 {
        world.draw_for_training(&mut Stream::new(1, Purpose::Check, 0, index), &mut example);
        trained.insert((u64::from(example.tokens[0]), u64::from(example.tokens[2])));
    }
    let drawn: BTreeSet<(u64, u64)> = (0..5000)
        .map(|index| world.draw_uniform(&mut Stream::new(2, Purpose::Check, 0, index)))
        .map(|pair| (pair.a, pair.b))
        .collect();
    assert!(drawn.is_disjoint(&trained) && drawn.len() + trained.len() == 100, "{} {}", drawn.len(), trained.len());
}
