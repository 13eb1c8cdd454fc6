//! A small reader of Rust text: it tells code from comments, strings and characters, and knows where functions, imports,
//! modules and test items begin and end. It is no parser; what it must get right is tested below.

use std::ops::Range;

/// A Rust file, split. `code` and `comments` are as long as the text and break lines at the same bytes; whatever does not
/// belong is blank; strings and characters are blank in both.
pub(crate) struct Scan {
    pub(crate) code: String,
    pub(crate) comments: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Code,
    Comment,
    Quoted,
}

impl Scan {
    pub(crate) fn new(text: &str) -> Scan {
        let parts = parts(text);
        let keep = |kind| -> String {
            let bytes = text.bytes().zip(&parts);
            let kept = bytes.map(|(b, &part)| if b == b'\n' || (part == kind && b.is_ascii()) { b } else { b' ' });
            String::from_utf8(kept.collect()).expect("ASCII")
        };
        Scan { code: keep(Part::Code), comments: keep(Part::Comment) }
    }

    /// `code` without items under `#[cfg(test)]`.
    pub(crate) fn production(&self) -> String {
        let mut code = self.code.clone().into_bytes();
        for range in self.test_items() {
            code[range].iter_mut().filter(|b| **b != b'\n').for_each(|b| *b = b' ');
        }
        String::from_utf8(code).expect("ASCII")
    }

    /// The bytes of each item under `#[cfg(test)]`.
    pub(crate) fn test_items(&self) -> Vec<Range<usize>> {
        let starts = self.code.match_indices("#[cfg(test)]").map(|(at, mark)| (at, at + mark.len()));
        starts.map(|(start, after)| start..item_end(&self.code, after)).collect()
    }

    /// Name and bytes of each function, from its `fn` to its closing brace; declarations without a body are left out.
    pub(crate) fn functions(&self) -> Vec<(String, Range<usize>)> {
        let mut found = Vec::new();
        for at in words(&self.code, "fn") {
            let name = word_at(&self.code, at + 2);
            if name.is_empty() {
                continue;
            }
            let end = item_end(&self.code, at);
            if self.code[..end].ends_with('}') {
                found.push((name.to_string(), at..end));
            }
        }
        found
    }

    /// What each `use` names, with braces written out: `use std::{fs, io::Read}` gives `std::fs` and `std::io::Read`.
    pub(crate) fn imports(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for at in words(&self.code, "use") {
            let end = self.code[at..].find(';').map_or(self.code.len(), |n| at + n);
            let tree: String = self.code[at + 3..end].split(" as ").map(str::trim).collect::<Vec<_>>().join(" as ");
            let tree: String = tree.chars().filter(|c| !c.is_whitespace()).collect();
            expand("", &tree, &mut |path| found.push((at, path)));
        }
        found
    }
}

/// The line of a byte, counted from 1.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    1 + text[..at].matches('\n').count()
}

/// Where `word` stands in `code` with no letter, digit or underscore touching an end of it that is one.
pub(crate) fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let joined = |a: Option<char>, b: Option<char>| a.is_some_and(is_word) && b.is_some_and(is_word);
    code.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        let (before, after) = (code[..at].chars().next_back(), code[at + word.len()..].chars().next());
        !joined(before, word.chars().next()) && !joined(word.chars().next_back(), after)
    })
}

/// The identifier that begins at the first character that is not a space, or nothing.
pub(crate) fn word_at(code: &str, at: usize) -> &str {
    let rest = code[at..].trim_start();
    &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())]
}

pub(crate) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The byte after an item that starts at `from`: after its closing brace, or after the semicolon of one without a body.
/// Semicolons and braces inside parentheses and brackets (`[u8; 4]`, attributes) belong to neither.
pub(crate) fn item_end(code: &str, from: usize) -> usize {
    let (mut braces, mut others) = (0, 0);
    for (at, byte) in code.bytes().enumerate().skip(from) {
        match byte {
            b'(' | b'[' => others += 1,
            b')' | b']' => others -= 1,
            b'{' => braces += 1,
            b'}' => braces -= 1,
            _ => {}
        }
        let ends = (byte == b'}' && braces <= 0) || (byte == b';' && braces == 0);
        if others <= 0 && ends {
            return at + 1;
        }
    }
    code.len()
}

/// Writes out the braces of an import without spaces.
fn expand(prefix: &str, tree: &str, found: &mut dyn FnMut(String)) {
    let Some(open) = tree.find('{') else {
        return found(format!("{prefix}{tree}"));
    };
    let prefix = format!("{prefix}{}", &tree[..open]);
    let inner = tree[open + 1..].strip_suffix('}').unwrap_or(&tree[open + 1..]);
    let (mut depth, mut start) = (0, 0);
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&prefix, &inner[start..at], found);
                start = at + 1;
            }
            _ => {}
        }
    }
    if start < inner.len() {
        expand(&prefix, &inner[start..], found);
    }
}

/// What each byte of the text belongs to.
fn parts(text: &str) -> Vec<Part> {
    let mut parts = vec![Part::Code; text.len()];
    let mut at = 0;
    while at < text.len() {
        let (part, end) = piece(text, at);
        parts[at..end].fill(part);
        at = end;
    }
    parts
}

/// What begins at `at`, and where it ends: a comment, a literal, or one piece of code.
fn piece(text: &str, at: usize) -> (Part, usize) {
    let rest = &text[at..];
    let upto = |n: Option<usize>| n.map_or(text.len(), |n| at + n);
    if rest.starts_with("//") {
        (Part::Comment, upto(rest.find('\n')))
    } else if rest.starts_with("/*") {
        (Part::Comment, at + block_comment(rest))
    } else if let Some(inner) = rest.strip_prefix('"') {
        (Part::Quoted, at + 1 + string_end(inner))
    } else if let Some(n) = character(rest) {
        (Part::Quoted, at + n)
    } else if let Some(n) = raw_string(rest) {
        (Part::Quoted, at + n)
    } else {
        // An identifier is taken whole, so that the `r` of `for` does not begin a raw string.
        let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        (Part::Code, at + word.max(rest.chars().next().map_or(1, char::len_utf8)))
    }
}

/// The length of a block comment; such comments nest.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest.as_bytes()[at..].starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.as_bytes()[at..].starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// The length up to and with the closing quote, given what follows the opening one.
fn string_end(rest: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            b'"' if !escaped => return at + 1,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    rest.len()
}

/// The length of a character literal; `None` for a lifetime or anything else.
fn character(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('\'')?;
    let first = inner.chars().next()?;
    if first == '\\' {
        return inner[2..].find('\'').map(|n| n + 4);
    }
    inner[first.len_utf8()..].starts_with('\'').then_some(first.len_utf8() + 2)
}

/// The length of a raw, byte or C string literal with its prefix.
fn raw_string(rest: &str) -> Option<usize> {
    let prefix = ["br", "cr", "r"].into_iter().find(|p| rest.starts_with(p))?;
    let hashes = rest[prefix.len()..].bytes().take_while(|&b| b == b'#').count();
    let open = prefix.len() + hashes;
    rest[open..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    Some(rest[open + 1..].find(&close).map_or(rest.len(), |n| open + 1 + n + close.len()))
}

#[test]
fn comments_strings_and_characters_are_no_code() {
    let code = |text| Scan::new(text).code.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(code("a // b\nc /* d /* e */ f */ g"), "a c g");
    assert_eq!(code(r#"x("unsafe \" { \\", y)"#), "x( , y)");
    assert_eq!(code("x(r#\"a \" b\"#, br\"c\", for_r\"d\") z"), "x( , , for_r ) z");
    assert_eq!(code(r"f('{', '\'', '\u{7d}', 'é') + 'outer: &'static str"), "f( , , , ) + 'outer: &'static str");
    assert_eq!(code("r#type + b'x' + b\"y\""), "r#type + b + b");
    assert_eq!(Scan::new("a // SAFETY: b\n").comments.trim(), "// SAFETY: b");
}

#[test]
fn functions_end_at_their_own_brace() {
    let text = "fn a(x: [u8; 4]) -> F {\n  let s = \"}\"; // }\n  if x { y }\n}\ntrait T { fn d(); fn e() { } }\ntype F = fn(u8);";
    let names: Vec<_> = Scan::new(text).functions().into_iter().map(|(n, r)| (n, line_of(text, r.end - 1))).collect();
    assert_eq!(names, [("a".to_string(), 4), ("e".to_string(), 5)]);
}

#[test]
fn test_items_are_no_production_code() {
    let text = "fn a() {}\n#[cfg(test)]\n#[rustfmt::skip]\nmod tests { fn b() {} }\n#[cfg(test)] use x;\nfn c() {}";
    let left = Scan::new(text).production();
    assert_eq!(left.split_whitespace().collect::<Vec<_>>(), ["fn", "a()", "{}", "fn", "c()", "{}"]);
}

#[test]
fn imports_are_written_out() {
    let text = "use std::{fs::{self, File}, io as x,\n thread};";
    let paths: Vec<_> = Scan::new(text).imports().into_iter().map(|(_, path)| path).collect();
    assert_eq!(paths, ["std::fs::self", "std::fs::File", "std::ioasx", "std::thread"]);
}
