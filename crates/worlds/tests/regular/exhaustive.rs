//! Every small pattern against `regex-automata`, anchored at both ends.

use infimum_worlds::regular::{Pattern, RegularError};
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};

use crate::trees::{Tree, letter, random_tree, trees};
use crate::{alphabet, below, language, random, words};

/// Their automaton for a pattern, if they can read it.
fn theirs(pattern: &str) -> Option<dense::DFA<Vec<u32>>> {
    let config = dense::Config::new().match_kind(MatchKind::All).start_kind(StartKind::Anchored);
    dense::Builder::new().configure(config).build(pattern).ok()
}

/// Whether their automaton is in a match at the end of a word that it read from the start.
fn matches(dfa: &dense::DFA<Vec<u32>>, word: &[u16]) -> bool {
    let start = dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).unwrap();
    let state = word.iter().fold(start, |state, symbol| dfa.next_state(state, letter(*symbol) as u8));
    dfa.is_match_state(dfa.next_eoi_state(state))
}

/// The first word that one of the two matches and the other does not, as an error.
fn compare(pattern: &str, symbols: &str, words: &[Vec<u16>]) -> Result<(), String> {
    let theirs = theirs(pattern).ok_or_else(|| format!("{pattern}: they refuse it"))?;
    let ours = language(pattern, symbols);
    match words.iter().find(|word| ours.contains(word) != matches(&theirs, word)) {
        Some(word) => Err(format!("{pattern} and `{}`: {}", ours.alphabet().spell(word), ours.contains(word))),
        None => Ok(()),
    }
}

/// Every string of up to `length` of these characters.
fn strings(characters: &str, length: usize) -> Vec<String> {
    let characters: Vec<char> = characters.chars().collect();
    let spell = |word: &Vec<u16>| word.iter().map(|at| characters[usize::from(*at)]).collect();
    words(characters.len(), length).iter().map(spell).collect()
}

#[test]
fn every_string_of_up_to_five_characters_is_refused_by_both_or_has_the_same_words() {
    let (ab, tested) = (alphabet("ab"), words(2, 6));
    assert_eq!(tested.len(), 127);
    let strings = strings("ab|*+?()", 5);
    assert_eq!(strings.len(), 37_449);
    let mut read = 0;
    for text in &strings {
        match Pattern::parse(text, &ab) {
            Ok(_) => {
                read += 1;
                compare(text, "ab", &tested).unwrap();
            }
            Err(RegularError::Pattern { column, .. }) => {
                assert!(column <= text.len() + 1, "{text}: column {column}");
                assert!(theirs(text).is_none(), "they read {text}");
            }
            Err(error) => panic!("{text}: {error}"),
        }
    }
    assert_eq!(read, 3_973);
}

#[test]
fn every_tree_of_up_to_seven_nodes_has_the_same_words() {
    let tested = words(2, 6);
    let mut smaller: Vec<Vec<Tree>> = vec![Vec::new()];
    for nodes in 1..=7 {
        let next = trees(nodes, &smaller);
        next.iter().for_each(|tree| compare(&tree.text(), "ab", &tested).unwrap());
        smaller.push(next);
    }
    assert_eq!(smaller.iter().map(Vec::len).sum::<usize>(), 24_882);
}

#[test]
fn random_larger_patterns_have_the_same_words() {
    let mut stream = random("larger patterns");
    let mut tested = words(3, 5);
    for _ in 0..400 {
        let length = 6 + below(&mut stream, 20);
        tested.push((0..length).map(|_| below(&mut stream, 3) as u16).collect());
    }
    for _ in 0..1500 {
        let nodes = 8 + below(&mut stream, 20);
        // `.` and `[^a]` mean other characters to them, which no word here has.
        let text = random_tree(&mut stream, nodes, 3, false).text();
        if Pattern::parse(&text, &alphabet("abc")).unwrap().language().is_ok() {
            compare(&text, "abc", &tested).unwrap();
        }
    }
}

/// The comparison notices a word too many and a word too few.
#[test]
fn a_wrong_pattern_is_noticed() {
    let tested = words(2, 6);
    for (ours, other) in [("a+", "a*"), ("(a|b)*", "(a|b){0,5}"), ("a|b", "a"), ("ab", "ba"), ("a{3}", "a{2,3}")] {
        let (ours, other) = (language(ours, "ab"), theirs(other).unwrap());
        assert!(tested.iter().any(|word| ours.contains(word) != matches(&other, word)));
    }
}
