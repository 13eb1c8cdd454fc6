//! What code may not do where: `unsafe` outside `kernels`, files and clocks below `lab`, threads outside the team, state
//! that outlives a call, orders that come from a hash.

use std::collections::BTreeSet;

use super::rule::{Report, Rule};
use super::scan::{is_word, line_of, words};
use super::tree::{File, Tree};

/// Names that may not stand in some folders. Names with `::` are also found inside the braces of imports.
struct Ban {
    names: &'static [&'static str],
    /// Where they are banned.
    folders: &'static [&'static str],
    /// Paths, or beginnings of paths, where they are not.
    except: &'static [&'static str],
    /// Longer names that begin with a banned one and are allowed.
    allowed: &'static [&'static str],
    /// Whether tests and examples are held to it, too.
    tests: bool,
}

fn banned(tree: &Tree, ban: &Ban) -> Report {
    let mut report = Report::default();
    for (file, scan) in tree.rust().filter(|(file, _)| applies(tree, file, ban)) {
        report.looked_at += 1;
        let code = if ban.tests { scan.code.clone() } else { scan.production() };
        let mut found = BTreeSet::new();
        for name in ban.names {
            let named = words(&code, name).filter(|&at| !ban.allows(&code[at..]));
            found.extend(named.map(|at| (line_of(&code, at), *name)));
        }
        for (at, path) in
            scan.imports().into_iter().filter(|(at, path)| code[*at..].starts_with("use") && !ban.allows(path))
        {
            let name = ban.names.iter().find(|name| words(&path, name).next() == Some(0));
            found.extend(name.map(|name| (line_of(&code, at), *name)));
        }
        found.iter().for_each(|(line, name)| report.at(&file.path, *line, format!("`{name}`")));
    }
    report
}

impl Ban {
    fn allows(&self, name: &str) -> bool {
        self.allowed.iter().any(|allowed| name.starts_with(allowed))
    }
}

fn applies(tree: &Tree, file: &File, ban: &Ban) -> bool {
    let inside = |list: &[&str]| list.iter().any(|start| file.path.starts_with(start));
    inside(ban.folders) && !inside(ban.except) && (ban.tests || !tree.is_test(&file.path))
}

pub(crate) const UNSAFE_ONLY_IN_KERNELS: Rule = Rule {
    check: |tree| {
        let ban = Ban { names: &["unsafe"], folders: &[""], except: &["crates/kernels/"], allowed: &[], tests: true };
        banned(tree, &ban)
    },
    broken: &[
        &[("crates/lab/src/a.rs", "fn a() { unsafe { b() } }")],
        &[("crates/engine/tests/a.rs", "unsafe impl Send for A {}")],
    ],
    sound: &[&[
        ("crates/kernels/src/a.rs", "fn a() { unsafe { b() } }"),
        ("crates/lab/src/a.rs", "#![deny(unsafe_code)] // no unsafe\nfn a() { b(\"unsafe\") }"),
    ]],
};

/// The argument stands in the comment lines directly above the statement; `clippy::undocumented_unsafe_blocks`, which
/// `kernels` denies, knows the statement better, this rule also knows code for other processors.
pub(crate) const UNSAFE_BLOCKS_SAY_WHY: Rule = Rule {
    check: unsafe_blocks_say_why,
    broken: &[
        &[("crates/kernels/src/a.rs", "fn a() {\n    // SAFETY: b\n    c();\n    unsafe { d() }\n}")],
        &[("crates/kernels/src/a.rs", "// safe\nunsafe impl Send for A {}")],
        &[("crates/kernels/src/a.rs", "// SAFETY:\nunsafe impl Send for A {}")],
    ],
    sound: &[&[(
        "crates/kernels/src/a.rs",
        "// SAFETY: a\n// b\n#[cfg(x)]\nunsafe impl S for A {}\nunsafe fn b() {\n  // SAFETY: c\n  let d =\n    unsafe { e() };\n}",
    )]],
};

fn unsafe_blocks_say_why(tree: &Tree) -> Report {
    let mut report = Report::default();
    for (file, scan) in tree.rust() {
        for at in words(&scan.code, "unsafe") {
            let after = scan.code[at + 6..].trim_start();
            if after.starts_with('{') || words(after, "impl").next() == Some(0) {
                let line = line_of(&scan.code, at);
                let place = format!("{}:{line}: no `// SAFETY:` above", file.path);
                report.look((!has_argument(&file.text, line)).then_some(place));
            }
        }
    }
    report
}

/// Whether an argument stands above the line: over attributes, and over lines of the same statement.
fn has_argument(text: &str, line: usize) -> bool {
    let above: Vec<&str> = text.lines().take(line - 1).map(str::trim).collect();
    let inside = |line: &&&str| line.starts_with("#[") || line.ends_with(['=', '(', ',']) || line.ends_with("=>");
    let skipped = above.iter().rev().take_while(inside).count();
    let comment = above.iter().rev().skip(skipped).take_while(|line| line.starts_with("//"));
    let argument = |line: &str| line.strip_prefix("// SAFETY:").is_some_and(|why| !why.trim().is_empty());
    comment.into_iter().any(|line| argument(line))
}

pub(crate) const NO_FILE_AND_NO_CLOCK_BELOW_LAB: Rule = Rule {
    check: |tree| {
        banned(
            tree,
            &Ban {
                names: &[
                    "std::fs",
                    "std::time",
                    "std::env",
                    "std::net",
                    "std::process",
                    "std::io",
                    "File",
                    "Instant",
                    "SystemTime",
                    "println!",
                    "eprintln!",
                    "print!",
                    "eprint!",
                ],
                folders: &["crates/kernels/", "crates/engine/", "crates/worlds/"],
                except: &[],
                allowed: &[],
                tests: false,
            },
        )
    },
    broken: &[
        &[("crates/worlds/src/a.rs", "fn a() { std::fs::read(\"b\"); }")],
        &[("crates/engine/src/a.rs", "use std::{fmt, time::Duration};")],
        &[("crates/kernels/src/a.rs", "fn a(start: Instant) {}")],
    ],
    sound: &[&[
        ("crates/worlds/src/a.rs", "// reads no File\nfn a() {}\n#[cfg(test)]\nmod tests { use std::fs; }"),
        ("crates/engine/examples/a.rs", "use std::time::Instant;"),
        ("crates/lab/src/a.rs", "use std::fs;"),
    ]],
};

pub(crate) const THREADS_ONLY_IN_THE_TEAM: Rule = Rule {
    check: |tree| {
        banned(
            tree,
            &Ban {
                names: &["std::thread", "rayon", "tokio", "crossbeam"],
                folders: &["crates/"],
                except: &["crates/kernels/src/team"],
                allowed: &["std::thread::available_parallelism"],
                tests: false,
            },
        )
    },
    broken: &[
        &[("crates/lab/src/a.rs", "use std::thread;")],
        &[("crates/cli/src/a.rs", "use std::{sync::Arc, thread::spawn};")],
        &[("crates/engine/src/a.rs", "fn a() { std::thread::scope(|s| b(s)); }")],
    ],
    sound: &[&[
        ("crates/kernels/src/team.rs", "use std::thread;"),
        ("crates/cli/src/a.rs", "fn a() { std::thread::available_parallelism(); }"),
        ("crates/lab/tests/a.rs", "use std::thread;"),
    ]],
};

pub(crate) const NO_GLOBAL_STATE: Rule = Rule {
    check: no_global_state,
    broken: &[
        &[("crates/lab/src/a.rs", "static mut COUNT: u32 = 0;")],
        &[("crates/lab/src/a.rs", "pub(crate) static SEEN: Mutex<Vec<u32>> = Mutex::new(Vec::new());")],
        &[("crates/lab/src/a.rs", "fn a() { static B: std::sync::OnceLock<u8> = std::sync::OnceLock::new(); }")],
        &[("crates/lab/src/a.rs", "thread_local! { static A: Cell<u8> = Cell::new(0); }")],
    ],
    sound: &[&[
        ("crates/kernels/src/isa.rs", "static BEST: OnceLock<Isa> = OnceLock::new();"),
        ("crates/lab/src/a.rs", "static NAMES: [&'static str; 2] = [\"a\", \"b\"];\nfn a(b: &'static Mutex<u8>) {}"),
    ]],
};

/// The detected instruction set.
const STATE_IS_ALLOWED_IN: &str = "crates/kernels/src/isa";
/// Types whose values change behind a shared reference.
const CHANGING: &[&str] = &[
    "Atomic", "Mutex", "RwLock", "Cell", "RefCell", "OnceCell", "OnceLock", "LazyLock", "LazyCell", "Once", "Condvar",
];

fn no_global_state(tree: &Tree) -> Report {
    let mut report = Report::default();
    for (file, scan) in tree.rust().filter(|(file, _)| !tree.is_test(&file.path)) {
        report.looked_at += 1;
        if file.path.starts_with(STATE_IS_ALLOWED_IN) {
            continue;
        }
        let code = scan.production();
        words(&code, "thread_local!").for_each(|at| report.at(&file.path, line_of(&code, at), "`thread_local!`"));
        for at in words(&code, "static").filter(|&at| !code[..at].ends_with('\'')) {
            let declared = code[at..].split(['=', ';']).next().unwrap_or_default();
            let names: Vec<&str> = declared.split(|c| !is_word(c)).filter(|word| !word.is_empty()).collect();
            let changing = |name: &&str| CHANGING.contains(name) || name.starts_with("Atomic");
            if names.get(1) == Some(&"mut") || names.iter().any(changing) {
                report.at(&file.path, line_of(&code, at), "state that outlives a call");
            }
        }
    }
    report
}

pub(crate) const NO_ORDER_FROM_A_HASH: Rule = Rule {
    check: |tree| {
        banned(
            tree,
            &Ban {
                names: &["HashMap", "HashSet", "RandomState", "DefaultHasher"],
                folders: &["crates/kernels/", "crates/engine/", "crates/worlds/"],
                except: &[],
                allowed: &[],
                tests: false,
            },
        )
    },
    broken: &[&[("crates/engine/src/a.rs", "use std::collections::{BTreeMap, HashMap};")]],
    sound: &[&[("crates/engine/src/a.rs", "use std::collections::BTreeMap; // no HashMap")]],
};

pub(crate) const NO_CODE_IS_DEAD: Rule = Rule {
    check: |tree| {
        let names = &["dead_code", "unused_variables", "unused_imports", "unused_must_use"];
        banned(tree, &Ban { names, folders: &["crates/"], except: &[], allowed: &[], tests: false })
    },
    broken: &[&[("crates/engine/src/a.rs", "#[allow(dead_code)]\nfn a() {}")]],
    sound: &[&[("crates/engine/src/a.rs", "fn dead_code_a() {}"), ("crates/lab/tests/a.rs", "#![allow(dead_code)]")]],
};
