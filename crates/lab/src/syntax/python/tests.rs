//! What is a program to CPython is one here, and no text harms its reader.

use infimum_worlds::{Purpose, Stream};

use super::*;

/// What CPython says (`oracles/python.py`).
#[derive(serde::Deserialize)]
struct Verdicts {
    /// Texts, each with whether it is a program.
    texts: Vec<(String, bool)>,
    /// Snippets, each with a `1` for every beginning that is a program, from its first symbol on, and a `0` for every other.
    snippets: Vec<(String, String)>,
}

/// Programs here that CPython refuses: `yield` is followed by a comma or an operator, a name in brackets is given a value, and `else`
/// stands without `except`.
const ACCEPTED: &[&str] = &["yield , x", "yield is x", "f((x) = a)", "try:\n    a\nelse:\n    b\nfinally:\n    c"];
/// Programs to CPython, whose grammar lets an argument be given twice.
const REFUSED: &[&str] = &["f(a=1, a=2)"];
/// The grammar of Python after 3.13.
const LATER: &[&str] =
    &["[*a for a in b]", "{**a for a in b}", "f(*a for a in b)", "try:\n    x\nexcept A, B:\n    y", "t''"];

#[test]
fn verdicts_are_those_of_cpython() {
    let verdicts: Verdicts = serde_json::from_str(include_str!("../../../tests/oracles/python.json")).unwrap();
    let different = |is_here: bool| -> Vec<&str> {
        let texts = verdicts.texts.iter().filter(|(text, is_one)| is_program(text) == is_here && *is_one != is_here);
        texts.map(|(text, _)| text.as_str()).collect()
    };
    assert_eq!((&different(true)[..], &different(false)[..]), (ACCEPTED, REFUSED));
    assert!(LATER.iter().all(|text| is_program(text)));
    for (snippet, broken_off) in &verdicts.snippets {
        let ends = snippet.char_indices().map(|(at, symbol)| at + symbol.len_utf8());
        let found: String = ends.map(|end| if is_program(&snippet[..end]) { '1' } else { '0' }).collect();
        assert_eq!(found, *broken_off, "{snippet:?}");
    }
    assert!(verdicts.texts.len() > 900 && verdicts.snippets.len() == 50);
}

/// Pieces of programs, and what no program has.
const PIECES: &[&str] = &[
    "def ",
    "f",
    "(",
    ")",
    ":",
    "\n",
    "    ",
    "return ",
    "x",
    "1",
    "+",
    "lambda ",
    "*",
    "if ",
    "else ",
    "for ",
    "in ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "=",
    "not ",
    "'",
    "\"",
    "f'",
    "{x}",
    "yield ",
    "await ",
    "async ",
    "class ",
    "with ",
    "as ",
    "@",
    ":=",
    "...",
    ".",
    "import ",
    "from ",
    "match ",
    "case ",
    "try",
    "except ",
    "while ",
    "del ",
    "\t",
    "\\\n",
    "#",
    "0x",
    "1e5",
    "'''",
    "b'",
    "\\N{",
    ";",
    "->",
    "\r",
    "\u{c}",
    "\0",
    "\u{feff}",
    "é",
    "\u{2028}",
    "𝟘",
    "t'",
    "!",
    "$",
    "?",
    "~",
    "-",
    "(yield ",
    "[x for x in ",
    "lambda x=(",
    "x.",
    "x(",
    "1+",
    "lambda:",
];

/// Of any characters and of such pieces, as long as a world can have them.
#[test]
fn no_snippet_harms_its_reader() {
    let mut stream = Stream::new(9, Purpose::Check, 0, 0);
    let mut programs = 0;
    for number in 0..20_000 {
        let count = if number % 500 == 0 { 4096 } else { stream.below(40) };
        let text: String = match number % 3 {
            0 => (0..count).filter_map(|_| char::from_u32(stream.below(0x11_0000) as u32)).collect(),
            _ => (0..count).map(|_| PIECES[stream.below(PIECES.len() as u64) as usize]).collect(),
        };
        let end = text.char_indices().nth(4096).map_or(text.len(), |(at, _)| at);
        programs += u32::from(is_program(&text[..end]));
    }
    assert!(programs > 100, "{programs}");
}

#[test]
fn no_repetition_harms_its_reader() {
    for piece in PIECES {
        let text = piece.repeat(4096 / piece.chars().count());
        let found = [is_program(&text), is_program(&format!("{text}1"))];
        // Brackets that nothing closes are no program, nor are quotes both with and without something after them.
        assert!(!["(", "[", "{"].contains(piece) || found == [false, false], "{piece}");
        assert!(!["'", "\""].contains(piece) || found != [true, true], "{piece}");
    }
    let nested = |depth: usize| format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
    assert!(is_program(&nested(MOST_OPEN)) && !is_program(&nested(MOST_OPEN + 1)), "as CPython");
    assert!(is_program(&format!("'{}'", "(".repeat(1000))), "characters are no brackets");
}

/// However deep brackets are, the smallest stack that a thread has holds their reader.
#[test]
fn no_depth_of_brackets_harms_its_reader() {
    let deep = || {
        for (opening, closing) in
            [("(", ")"), ("[", "]"), ("{", "}"), ("f(", ")"), ("x[", "]"), ("{x:", "}"), ("([{", "}])")]
        {
            let [opening, closing] = [opening, closing].map(|bracket| bracket.repeat(100_000));
            assert!(!is_program(&opening) && !is_program(&format!("{opening}1{closing}")), "{}", &opening[..3]);
        }
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(deep).unwrap().join().unwrap();
}
