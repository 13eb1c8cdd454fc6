//! The built-in languages against their definitions, word by word.

use infimum_worlds::regular::{Counts, Machine, Natural, builtin};

use crate::words;

fn named(name: &str) -> Machine {
    builtin::named(name).unwrap_or_else(|| panic!("there is no {name}")).unwrap()
}

fn check(name: &str, states: usize, length: usize, accepts: impl Fn(&str) -> bool) {
    let machine = named(name);
    assert_eq!(machine.automaton().states(), states, "{name}");
    for word in words(machine.alphabet().len(), length) {
        let text = machine.alphabet().spell(&word);
        assert_eq!(machine.class(&word) == "accept", accepts(&text), "{name} `{text}`");
    }
}

fn count(text: &str, c: char) -> usize {
    text.matches(c).count()
}

/// Lengths of the runs of one character, in order, each with the character.
fn runs(text: &str) -> Vec<(char, usize)> {
    let mut runs: Vec<(char, usize)> = Vec::new();
    for c in text.chars() {
        match runs.last_mut() {
            Some((last, length)) if *last == c => *length += 1,
            _ => runs.push((c, 1)),
        }
    }
    runs
}

#[test]
fn languages_of_bits() {
    let odd_pair =
        |text: &str| runs(text).windows(2).any(|pair| pair[0].0 == '1' && pair[0].1 % 2 == 1 && pair[1].1 % 2 == 1);
    check("tomita-1", 2, 10, |text| !text.contains('0'));
    check("tomita-2", 3, 10, |text| text == "10".repeat(text.len() / 2));
    check("tomita-3", 5, 12, |text| !odd_pair(text));
    check("tomita-4", 4, 10, |text| !text.contains("000"));
    check("tomita-5", 4, 10, |text| count(text, '0').is_multiple_of(2) && count(text, '1').is_multiple_of(2));
    check("tomita-6", 3, 10, |text| count(text, '0').abs_diff(count(text, '1')).is_multiple_of(3));
    check("tomita-7", 5, 10, |text| runs(&format!("0{text}")).len() <= 4);
    check("parity", 2, 10, |text| count(text, '1') % 2 == 1);
    check("counter-2", 2, 10, |text| count(text, '1').is_multiple_of(2));
    check("counter-5", 5, 12, |text| count(text, '1').is_multiple_of(5));
    check("even-pairs", 5, 10, |text| text.chars().next() == text.chars().last());
    check("first", 3, 8, |text| text.starts_with('1'));
    check("last", 2, 8, |text| text.ends_with('1'));
    check("repeat-01", 3, 10, |text| text == "01".repeat(text.len() / 2));
}

#[test]
fn cycle_navigation() {
    check("cycle-navigation", 7, 5, |text| {
        let moves = text.trim_end_matches(|c: char| c.is_ascii_digit());
        let at = (5 * moves.len() + count(moves, '>') - count(moves, '<')) % 5;
        text.len() == moves.len() + 1 && moves.chars().all(|c| "><=".contains(c)) && text.ends_with(&at.to_string())
    });
}

/// The greatest depth of a balanced word.
fn depth(text: &str) -> Option<usize> {
    let (mut open, mut deepest) = (Vec::new(), 0);
    for c in text.chars() {
        if let Some(kind) = "([{<".find(c) {
            open.push(kind);
        } else if open.pop() != ")]}>".find(c) {
            return None;
        }
        deepest = deepest.max(open.len());
    }
    open.is_empty().then_some(deepest)
}

#[test]
fn dyck() {
    for (name, states, length, most) in [
        ("dyck-1-1", 3, 10, 1),
        ("dyck-1-4", 6, 12, 4),
        ("dyck-2-2", 8, 8, 2),
        ("dyck-2-3", 16, 8, 3),
        ("dyck-3-2", 14, 6, 2),
    ] {
        check(name, states, length, |text| depth(text).is_some_and(|depth| depth <= most));
    }
    assert_eq!(named("dyck-2-12").automaton().states(), 8192);
}

/// A permutation's parts, applied to places in the order of the word.
fn places(text: &str, generators: [&[usize]; 2]) -> Vec<usize> {
    let first: Vec<usize> = (0..generators[0].len()).collect();
    text.chars().fold(first, |places, c| places.iter().map(|at| generators[usize::from(c == 'b')][*at]).collect())
}

#[test]
fn permutations() {
    let groups: [(&str, usize, [&[usize]; 2]); 3] = [
        ("s3", 6, [&[1, 2, 0], &[1, 0, 2]]),
        ("a5", 60, [&[1, 2, 3, 4, 0], &[1, 2, 0, 3, 4]]),
        ("s5", 120, [&[1, 2, 3, 4, 0], &[1, 0, 2, 3, 4]]),
    ];
    for (name, order, generators) in groups {
        let points = generators[0].len();
        check(name, points, 10, |text| places(text, generators)[0] == 0);
        check(&format!("{name}-identity"), order, 12, |text| places(text, generators).is_sorted());
    }
}

/// As many days as the calendar has in 10,000 years.
#[test]
fn dates() {
    let machine = named("date");
    let counts = Counts::new(machine.automaton(), 12, |class| class == 0).unwrap();
    for length in 0..=12 {
        assert_eq!(*counts.count(length), Natural::from(if length == 10 { 3_652_425 } else { 0 }), "{length}");
    }
    for (text, class) in [
        ("2024-02-29", "accept"),
        ("2023-02-29", "reject"),
        ("1900-02-29", "reject"),
        ("2000-02-29", "accept"),
        ("2023-04-31", "reject"),
        ("2023-1", "incomplete"),
        ("2023-2", "reject"),
    ] {
        assert_eq!(machine.class(&machine.alphabet().word(text).unwrap()), class, "{text}");
    }
}

#[test]
fn addresses() {
    for (name, text, class) in [
        ("email", "ada@example.org", "accept"),
        ("email", "a.b-c+d@x1.y-z.example.com", "accept"),
        ("email", "ada@example", "incomplete"),
        ("email", ".ada@example.org", "reject"),
        ("email", "a..b@example.org", "reject"),
        ("email", "ada@-example.org", "reject"),
        ("email", "ada@example.o1", "incomplete"),
        ("url", "https://example.org", "accept"),
        ("url", "http://example.org:8080/a/b.html?x=1&y=2#top", "accept"),
        ("url", "http://localhost/", "accept"),
        ("url", "http://", "incomplete"),
        ("url", "ftp://example.org", "reject"),
        ("url", "http://-a.org", "reject"),
        ("url", "http://a.org:123456", "reject"),
    ] {
        let machine = named(name);
        assert_eq!(machine.class(&machine.alphabet().word(text).unwrap()), class, "{name} {text}");
    }
}

#[test]
fn every_name_leads_to_its_language() {
    for builtin in builtin::BUILTINS {
        let machine = named(&builtin.example());
        assert!(machine.automaton().states() > 1, "{}", builtin.name);
        machine.require_choice().unwrap();
        assert!(builtin.usage().starts_with(builtin.name) && !builtin.about.is_empty());
        if let Some(pattern) = builtin.pattern() {
            assert_eq!(Machine::of_pattern(pattern, machine.alphabet()).unwrap(), machine);
        }
    }
    assert!(
        ["tomita-8", "tomita", "", "counters-3", "s3-", "parity-2"].iter().all(|name| builtin::named(name).is_none())
    );
    for (name, part) in [
        ("counter", "counter-M, with M from 2 to 64"),
        ("counter-1", "M from 2 to 64"),
        ("counter-02", "M from 2"),
        ("counter-3-4", "counter-M"),
        ("dyck-2", "dyck-K-D, with K from 1 to 4 and D from 1 to 12"),
        ("dyck-4-12", "in states, would be 22369622: at most 20000"),
    ] {
        let message = builtin::named(name).unwrap().unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    }
}
