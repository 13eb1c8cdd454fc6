//! FLaRe's strings with labels, where they lie beside the project: our languages agree with every label.

use std::fs;
use std::path::Path;

use infimum_worlds::regular::{Alphabet, Language, builtin};

/// The language of a built-in name, with its symbols as the files call them.
fn renamed(name: &str, symbols: &[&str]) -> Language {
    let machine = builtin::named(name).unwrap().unwrap();
    let alphabet = Alphabet::new(symbols.iter().map(|symbol| symbol.to_string()).collect()).unwrap();
    Language::new(alphabet, machine.language(0).automaton())
}

/// Disagreements, and how many strings there are in the language and out of it.
fn compare(language: &Language, tokens: &str, labels: &str) -> (usize, [usize; 2]) {
    let (mut wrong, mut seen) = (0, [0; 2]);
    for (line, label) in tokens.lines().zip(labels.lines()) {
        let is = language.contains(&language.alphabet().tokens(line).unwrap());
        let expected = label.trim() == "1";
        seen[usize::from(expected)] += 1;
        wrong += usize::from(is != expected);
    }
    assert_eq!(seen[0] + seen[1], labels.lines().count());
    (wrong, seen)
}

#[test]
fn labels_of_flare() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/regular");
    if !folder.exists() {
        println!("skipped: ../shared/data/regular, beside the workspace, is absent");
        return;
    }
    let languages: [(&str, &str, &[&str]); 4] = [
        ("parity", "parity", &["0", "1"]),
        ("even-pairs", "even-pairs", &["0", "1"]),
        ("cycle-navigation", "cycle-navigation", &[">", "<", "=", "0", "1", "2", "3", "4"]),
        ("dyck-2-3", "dyck-2-3", &["(0", ")0", "(1", ")1"]),
    ];
    for (name, place, symbols) in languages {
        let language = renamed(name, symbols);
        let other = language.complement();
        for set in ["short", "long"] {
            let read = |ending: &str| {
                fs::read_to_string(folder.join(place).join(format!("validation-{set}.{ending}"))).unwrap()
            };
            let (tokens, labels) = (read("main.tok"), read("labels.txt"));
            let (wrong, seen) = compare(&language, &tokens, &labels);
            assert_eq!(wrong, 0, "{name} {set}");
            assert!(seen.iter().all(|count| *count > 100), "{name} {set}: {seen:?}");
            assert_eq!(compare(&other, &tokens, &labels).0, seen[0] + seen[1], "the complement is always wrong");
        }
    }
}
