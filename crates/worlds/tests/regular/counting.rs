//! Counts, ranks and draws against lists of words, and large numbers against others.

use std::collections::BTreeMap;

use infimum_worlds::regular::{Counts, Natural};

use crate::trees::random_tree;
use crate::{below, language, machine, random, words};

#[test]
fn counts_ranks_and_words_at_ranks_are_those_of_lists() {
    let mut stream = random("counting");
    let all = words(3, 6);
    for _ in 0..60 {
        let nodes = 1 + below(&mut stream, 8);
        let language = language(&random_tree(&mut stream, nodes, 3, true).text(), "abc");
        let counts = Counts::new(language.automaton(), 6, |output| output == 1).unwrap();
        for length in 0..=6 {
            let listed: Vec<&Vec<u16>> =
                all.iter().filter(|word| word.len() == length && language.contains(word)).collect();
            assert_eq!(*counts.count(length), Natural::from(listed.len() as u64));
            for (rank, word) in listed.iter().enumerate() {
                let rank = Natural::from(rank as u64);
                assert_eq!(counts.rank(word), Some(rank.clone()));
                assert_eq!(counts.unrank(length, rank), **word);
            }
        }
        assert!(all.iter().all(|word| language.contains(word) || counts.rank(word).is_none()));
    }
}

/// By the binomial theorem: the words over 64 symbols, and those with an even number of the first.
#[test]
fn a_thousand_symbols_of_sixty_four_are_counted_exactly() {
    let symbols: String = (0..64).map(|at| char::from_u32(0x4e00 + at).unwrap()).collect();
    let first = symbols.chars().next().unwrap();
    let even = format!("([^{first}]*{first}[^{first}]*{first})*[^{first}]*");
    let machine = machine(&even, &symbols);
    let counts = Counts::new(machine.automaton(), 1000, |class| class == 0).unwrap();
    let all = Counts::new(machine.automaton(), 1000, |_| true).unwrap();
    assert_eq!(all.count(1000).bits(), 6001);
    // (64^n + 62^n) / 2, by doubling and by adding 62 times.
    let mut twice = counts.count(1000).clone();
    twice.add(counts.count(1000));
    twice.subtract(all.count(1000));
    let mut power = Natural::from(1);
    for _ in 0..1000 {
        let once = power.clone();
        (0..61).for_each(|_| power.add(&once));
    }
    assert_eq!(twice, power);
    let mut stream = random("long words");
    for _ in 0..20 {
        let word = counts.draw(1000, &mut stream).unwrap();
        assert_eq!(machine.class(&word), "accept");
        assert_eq!(counts.unrank(1000, counts.rank(&word).unwrap()), word);
    }
}

#[test]
fn every_word_is_drawn_as_often_as_another() {
    let language = language("(a|bb)*c?", "abc");
    let counts = Counts::new(language.automaton(), 6, |output| output == 1).unwrap();
    let listed: Vec<Vec<u16>> =
        words(3, 6).into_iter().filter(|word| word.len() == 6 && language.contains(word)).collect();
    let (mut stream, mut seen) = (random("draws"), BTreeMap::new());
    let draws = 1000 * listed.len();
    (0..draws).for_each(|_| *seen.entry(counts.draw(6, &mut stream).unwrap()).or_insert(0_u64) += 1);
    assert!(seen.keys().eq(listed.iter()), "all words, and no others");
    // Five standard deviations of a binomial count of mean 1000.
    assert!(seen.values().all(|count| (*count as f64 - 1000.0).abs() < 5.0 * 1000_f64.sqrt()), "{seen:?}");
    let none = Counts::new(language.automaton(), 0, |output| output == 7).unwrap();
    assert_eq!(none.draw(0, &mut stream), None);
}

fn natural(number: u128) -> Natural {
    let digits = [(number >> 64) as u64, number as u64];
    let mut natural = Natural::from(digits[0]);
    for _ in 0..64 {
        let once = natural.clone();
        natural.add(&once);
    }
    natural.add(&Natural::from(digits[1]));
    natural
}

#[test]
fn numbers_of_two_digits_are_those_of_the_processor() {
    let mut stream = random("naturals");
    for _ in 0..5000 {
        let mut draw =
            || (u128::from(stream.next_u64()) << 64 | u128::from(stream.next_u64())) >> (1 + stream.below(127));
        let (a, b) = (draw(), draw());
        let (low, high) = (a.min(b), a.max(b));
        let mut sum = natural(a);
        sum.add(&natural(b));
        assert_eq!(sum, natural(a + b));
        sum.subtract(&natural(low));
        assert_eq!(sum, natural(high));
        assert_eq!(natural(a).cmp(&natural(b)), a.cmp(&b));
        assert_eq!(natural(a).to_string(), a.to_string());
        assert_eq!(u64::try_from(&natural(a)).ok(), u64::try_from(a).ok());
        assert_eq!(natural(a).bits(), 128 - a.leading_zeros() as usize);
        let near =
            |value: f64, expected: f64| assert!((value - expected).abs() <= 1e-15 * expected, "{value} {expected}");
        if b > 0 {
            near(natural(a).ratio(&natural(b)), a as f64 / b as f64);
            assert!((natural(b).ln() - libm::log(b as f64)).abs() < 1e-13);
        }
    }
}

#[test]
fn numbers_below_a_limit_are_all_as_likely() {
    let (mut stream, mut seen) = (random("below"), vec![0_u64; 11]);
    // Eleven parts of a limit of more than one digit.
    let part = natural((1 << 70) / 11 + 1);
    let mut limit = Natural::ZERO;
    (0..11).for_each(|_| limit.add(&part));
    for _ in 0..11_000 {
        let drawn = Natural::below(&limit, &mut stream);
        assert!(drawn < limit);
        seen[(drawn.ratio(&part) + 1e-12) as usize] += 1;
    }
    assert!(seen.iter().all(|count| (*count as f64 - 1000.0).abs() < 5.0 * 1000_f64.sqrt()), "{seen:?}");
}

#[test]
fn carries_run_through_all_digits() {
    let mut power = Natural::from(1);
    for bits in 1..300 {
        let half = power.clone();
        power.add(&half);
        let mut less = power.clone();
        less.subtract(&Natural::from(1));
        assert_eq!((power.bits(), less.bits()), (bits + 1, bits));
        // 2^n - 1 is the sum of all smaller powers.
        let (mut sum, mut next) = (Natural::ZERO, Natural::from(1));
        for _ in 0..bits {
            sum.add(&next);
            next.add(&next.clone());
        }
        assert_eq!(less, sum);
        less.add(&Natural::from(1));
        assert_eq!((&less, &next), (&power, &power));
    }
}
