//! What is wrong is named, with its place, its limit and the way out, soon and in little memory.

use infimum_worlds::regular::{Alphabet, Counts, Language, Machine, Pattern, RegularError};

use crate::{alphabet, language, machine};

fn message(pattern: &str, symbols: &str) -> String {
    let result = Pattern::parse(pattern, &alphabet(symbols)).and_then(|pattern| pattern.language());
    result.err().unwrap_or_else(|| panic!("{pattern} was read")).to_string()
}

fn check(message: &str, parts: &[&str]) {
    parts.iter().for_each(|part| assert!(message.contains(part), "`{part}` is missing in: {message}"));
    assert!(message.len() < 600, "{message}");
}

#[test]
fn columns_are_named() {
    for (pattern, parts) in [
        ("(a", &["column 3", "found the end", "`)` for the `(` at column 1"][..]),
        ("ab)", &["column 3", "found `)`"]),
        ("*a", &["column 1", "found `*`", "expected a symbol"]),
        ("a|*", &["column 3", "found `*`"]),
        ("a(+)", &["column 3", "found `+`"]),
        ("[ab", &["column 4", "`]` for the `[` at column 1"]),
        ("[]", &["column 2", "found `]`", "at least one"]),
        ("[b-a]", &["column 4", "found `a`", "not before `b`"]),
        ("[a^]", &["column 3", "found `^`"]),
        ("a{", &["column 3", "a number, 0 to 1000"]),
        ("a{x}", &["column 3", "found `x`", "a number"]),
        ("a{2", &["column 4", "a digit, `,` or `}`"]),
        ("a{3,2}", &["column 5", "found `2`", "from 3 up"]),
        ("a{,2}", &["column 3", "found `,`"]),
        ("a{1001}", &["column 3", "1001", "at most 1000"]),
        ("a{99999999999999999999}", &["99999999999999999999", "at most 1000"]),
        ("^a$", &["column 1", "found `^`", "whole words"]),
        ("a$", &["column 2", "whole words"]),
        ("~", &["column 2", "found the end"]),
        ("~|a", &["column 2", "found `|`"]),
        (r"a\", &["column 3", "after `\\`"]),
        (r"\d", &["column 2", "found `d`", "letters and digits"]),
        ("a}", &["column 2", "found `}`"]),
        ("aéc", &["column 2", "`é` is no symbol of the alphabet ab"]),
        ("[a-z]", &["column 4", "`z` is no symbol"]),
    ] {
        check(&message(pattern, "ab"), parts);
    }
}

#[test]
fn limits_are_named_soon_and_in_little_memory() {
    let begin = std::time::Instant::now();
    let nested = format!("{}a{}", "(".repeat(300), ")".repeat(300));
    let complements = format!("{}a", "~".repeat(5000));
    let long = "a".repeat(5000);
    let many = ["(.*a.{13})"; 300].join("&");
    for (pattern, parts) in [
        (nested.as_str(), &["nesting", "more than 200 deep", "at most 200"][..]),
        (complements.as_str(), &["the length of the pattern", "5001", "at most 4096"]),
        (&complements[4000..], &["nesting", "at most 200"]),
        (&format!("a{}", "*".repeat(300)), &["nesting", "at most 200"]),
        (&long, &["5000", "at most 4096"]),
        (".*a.{20}", &["states", "more than 20000", "at most 20000"]),
        ("(.*a.{30})&b", &["more than 20000"]),
        ("((a{1000}){1000}){1000}", &["repetitions written out", "more than 50000", "lower the numbers"]),
        ("((){1000}){1000}", &["more than 50000"]),
        ("(~(.*a.{9})){1000}", &["more than 50000"]),
        ("((a?){100}){100}", &["at most", "choose a smaller pattern"]),
        (&many, &["work", "choose a smaller pattern"]),
    ] {
        let start = std::time::Instant::now();
        let message = message(pattern, "ab");
        check(&message, parts);
        println!("{:?} for: {message}", start.elapsed());
    }
    assert!(begin.elapsed().as_secs() < 30, "{:?}", begin.elapsed());
}

#[test]
fn alphabets_that_are_none() {
    let names = |count: u32| (0..count).map(|at| char::from_u32(0x4e00 + at).unwrap()).collect::<String>();
    for (symbols, parts) in [
        ("", &["0 symbols", "1 to 64", "name the symbols"][..]),
        (&names(65), &["65 symbols", "1 to 64", "name fewer"]),
        ("aba", &["`a`", "twice"]),
        ("a\n", &["control character", "leave that out"]),
    ] {
        check(&Alphabet::of_characters(symbols).unwrap_err().to_string(), parts);
    }
    assert_eq!(Alphabet::of_characters(&names(64)).unwrap().len(), 64);
    let named = |names: &[&str]| Alphabet::new(names.iter().map(|name| name.to_string()).collect());
    check(&named(&["a", ""]).unwrap_err().to_string(), &["0 characters long"]);
    check(&named(&["a b"]).unwrap_err().to_string(), &["blank"]);
    let two = named(&["(0", ")0"]).unwrap();
    assert_eq!(two.word("(0 )0  (0").unwrap(), [0, 1, 0]);
    assert_eq!(two.spell(&[0, 1]), "(0 )0");
    check(&two.word("(0 (1").unwrap_err().to_string(), &["position 2", "`(1`", "(0 )0"]);
    check(
        &alphabet("ab").word("abca").unwrap_err().to_string(),
        &["position 3", "`c`", "ab", "write words of its symbols"],
    );
    check(&Pattern::symbols("()").unwrap_err().to_string(), &["0 symbols"]);
    check(&Pattern::symbols("[!-~]").unwrap_err().to_string(), &["1 to 64"]);
}

#[test]
fn alphabets_of_two_languages_have_to_be_one() {
    let (one, other) = (language("a", "ab"), language("a", "ba"));
    let results =
        [one.union(&other).map(drop), one.first_difference(&other).map(drop), one.first_outside(&other).map(drop)];
    for result in results {
        check(&result.unwrap_err().to_string(), &["ab", "ba", "same order"]);
    }
    let several = [(one, "x".to_string()), (other, "y".to_string())];
    check(&Machine::of_several(&several).unwrap_err().to_string(), &["ab", "ba"]);
}

/// Words are recognised by the class that is called `accept`, wherever it stands; without one there are none.
#[test]
fn recognisers_need_a_class_that_is_called_accept() {
    let automaton = machine("a*b", "ab");
    let named = |names: [&str; 3]| {
        Machine::new(alphabet("ab"), names.map(String::from).to_vec(), automaton.automaton()).unwrap().recogniser()
    };
    assert_eq!(named(["accept", "incomplete", "reject"]).unwrap().class(&[0, 1]), "accept");
    assert_eq!(named(["incomplete", "reject", "accept"]).unwrap().class(&[0, 1]), "reject");
    let message = named(["yes", "maybe", "no"]).unwrap_err().to_string();
    check(&message, &["yes, maybe, no", "accept"]);
}

#[test]
fn languages_with_nothing_to_learn() {
    for (pattern, part) in
        [("(a|b)*", "every word"), ("~.*", "no word"), ("[^ab]", "no word"), ("~(a&b)", "every word")]
    {
        check(&machine(pattern, "ab").require_choice().unwrap_err().to_string(), &[part, "choose a pattern"]);
    }
    machine("(a|b)+", "ab").require_choice().unwrap();
}

#[test]
fn counts_beyond_their_limit() {
    let language = language("(.*a.{12})", "ab");
    let error = Counts::new(language.automaton(), 1_000_000_000, |_| true).err().unwrap();
    check(&error.to_string(), &["counting words of up to 1000000000 symbols", "at most 268435456", "shorter words"]);
}

#[test]
fn names_of_classes() {
    let automaton = language("a", "ab");
    let new = |names: &[&str]| {
        let names = names.iter().map(|name| name.to_string()).collect();
        Machine::new(alphabet("ab"), names, automaton.automaton()).map(drop)
    };
    new(&["no", "yes"]).unwrap();
    for names in [&["no", "no"][..], &["no", ""], &["no", "a b"], &[]] {
        check(&new(names).unwrap_err().to_string(), &["the classes"]);
    }
}

/// Equal languages are found equal however large they are; a difference beyond the limit is said to be.
#[test]
fn errors_are_values() {
    let limit: Result<Language, RegularError> = Pattern::parse(".*a.{20}", &alphabet("ab")).unwrap().language();
    assert!(matches!(limit, Err(RegularError::Limit { limit: 20_000, .. })));
}
