//! Patterns with complements and intersections against plain matching, and operations on languages against words.

use infimum_worlds::regular::{Language, Machine, Pattern};

use crate::trees::{Tree, random_tree};
use crate::{alphabet, below, language, machine, random, words};

#[test]
fn patterns_match_what_their_parts_say() {
    let mut stream = random("plain matching");
    let tested = words(2, 6);
    for _ in 0..3000 {
        let nodes = 2 + below(&mut stream, 9);
        let tree = random_tree(&mut stream, nodes, 2, true);
        let ours = language(&tree.text(), "ab");
        let wrong = tested.iter().find(|word| ours.contains(word) != tree.matches(word));
        assert!(wrong.is_none(), "{}: {wrong:?}", tree.text());
    }
}

#[test]
fn plain_matching_knows_each_part() {
    use Tree::*;
    let a = || Box::new(Symbol(0));
    let cases: [(Tree, &[u16], bool); 9] = [
        (Counted(a(), 2, Some(3)), &[0], false),
        (Counted(a(), 2, Some(3)), &[0, 0, 0], true),
        (Counted(a(), 2, Some(3)), &[0, 0, 0, 0], false),
        (Counted(Box::new(Optional(a())), 3, None), &[0], true),
        (Counted(a(), 0, Some(0)), &[], true),
        (Counted(a(), 0, Some(0)), &[0], false),
        (Complement(Box::new(Star(a()))), &[0, 1], true),
        (Plus(a()), &[], false),
        (Intersection(Box::new(Any), a()), &[1], false),
    ];
    cases.iter().for_each(|(tree, word, expected)| assert_eq!(tree.matches(word), *expected, "{tree:?} {word:?}"));
}

#[test]
fn precedence_and_escapes() {
    let same: [(&str, &str, &str); 14] = [
        ("~ab*", "(~(a))(b*)", "ab"),
        ("~a*", "~(a*)", "ab"),
        ("a|b&ab|b", "a|(b&(ab))|b", "ab"),
        ("a&b|b", "b", "ab"),
        ("~~a", "a", "ab"),
        ("a**", "a*", "ab"),
        ("a+?", "a+", "ab"),
        ("a{2}?b", "aab", "ab"),
        ("(a+)?", "a*", "ab"),
        ("[a-c]", "a|b|c", "abcd"),
        ("[^a-c]", "d", "abcd"),
        ("|a", "a?", "ab"),
        (r"\*\.[\]\^\-]", r"\*(\.)(\]|\^|\-)", "*.]^-a"),
        (". ", "a |  ", "a "),
    ];
    for (one, other, symbols) in same {
        assert_eq!(language(one, symbols), language(other, symbols), "{one} {other}");
    }
    assert_eq!(Pattern::symbols("b[c-e]a|~(.*x)").unwrap(), alphabet("abcdex"));
}

fn check_operations(a: &Language, b: &Language, tested: &[Vec<u16>]) {
    let [union, both, less] = [a.union(b), a.intersection(b), a.difference(b)].map(Result::unwrap);
    let other = a.complement();
    for word in tested {
        let (in_a, in_b) = (a.contains(word), b.contains(word));
        assert_eq!(union.contains(word), in_a || in_b);
        assert_eq!(both.contains(word), in_a && in_b);
        assert_eq!(less.contains(word), in_a && !in_b);
        assert_eq!(other.contains(word), !in_a);
    }
    // The words are in the order in which counterexamples are the least; automata this small differ on one of them if at all.
    let first =
        |differ: &dyn Fn(bool, bool) -> bool| tested.iter().find(|w| differ(a.contains(w), b.contains(w))).cloned();
    assert_eq!(a.first_difference(b).unwrap(), first(&|a, b| a != b));
    assert_eq!(a.first_outside(b).unwrap(), first(&|a, b| a && !b));
    assert_eq!(a == b, a.first_difference(b).unwrap().is_none());
}

#[test]
fn operations_and_counterexamples_are_those_of_all_words() {
    let mut stream = random("operations");
    let (tested, mut compared) = (words(2, 9), 0);
    while compared < 300 {
        let mut draw = || {
            let nodes = 1 + below(&mut stream, 7);
            language(&random_tree(&mut stream, nodes, 2, true).text(), "ab")
        };
        let (a, b) = (draw(), draw());
        if a.automaton().states() + b.automaton().states() <= 11 {
            check_operations(&a, &b, &tested);
            compared += 1;
        }
    }
}

#[test]
fn classes_say_what_may_still_become_of_a_word() {
    let mut stream = random("classes");
    let tested = words(2, 10);
    for _ in 0..100 {
        let nodes = 1 + below(&mut stream, 6);
        let language = language(&random_tree(&mut stream, nodes, 2, true).text(), "ab");
        let machine = Machine::of(&language);
        assert_eq!(machine.automaton().states(), language.automaton().states());
        if language.automaton().states() > 6 {
            continue;
        }
        for word in tested.iter().filter(|word| word.len() <= 4) {
            let accepted = tested.iter().any(|longer| longer.starts_with(word) && language.contains(longer));
            let expected = if language.contains(word) {
                "accept"
            } else if accepted {
                "incomplete"
            } else {
                "reject"
            };
            assert_eq!(machine.class(word), expected);
        }
    }
}

#[test]
fn the_first_pattern_that_matches_names_the_class() {
    let list = [("a+", "as"), ("(a|b)*b", "ends"), ("a*", "never"), ("bba", "as")];
    let languages = list.map(|(pattern, name)| (language(pattern, "ab"), name.to_string()));
    let machine = Machine::of_several(&languages).unwrap();
    assert_eq!(machine.classes(), ["as", "ends", "never", "incomplete", "reject"]);
    for word in words(2, 8) {
        let first = languages.iter().find(|(language, _)| language.contains(&word));
        let expected = first.map_or("incomplete", |(_, name)| name);
        assert_eq!(machine.class(&word), expected, "{word:?}");
    }
    let one = Machine::of_several(&[(language("ab", "ab"), "accept".to_string())]).unwrap();
    assert_eq!(one, crate::machine("ab", "ab"));
}

#[test]
fn the_published_sizes() {
    for (pattern, states) in [("a+", 3), ("a*b*", 3), ("(a|b)+", 2), ("ab", 4), ("a+b+", 4)] {
        let machine = machine(pattern, "ab");
        assert_eq!(machine.automaton().states(), states, "{pattern}");
    }
    let long = vec![0; 11];
    assert_eq!(machine("a+", "ab").class(&long), "accept");
}
