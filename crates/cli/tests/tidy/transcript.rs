//! What a lesson shows of a terminal: commands after `$ `, and below each what it prints.
//!
//! A time is shown as `TIME`, since it differs from machine to machine; everything else is compared to the byte.

use super::markdown::{blocks, is_terminal};

/// A command, the line of its page that it stands in, and the lines of output shown below it.
#[derive(Debug, PartialEq)]
pub(crate) struct Step<'a> {
    pub(crate) line: usize,
    pub(crate) command: &'a str,
    pub(crate) shown: Vec<&'a str>,
}

/// The commands of a page, in order. What stands in a block above its first command belongs to none.
pub(crate) fn steps(page: &str) -> Vec<Step<'_>> {
    let mut found: Vec<Step<'_>> = Vec::new();
    for block in blocks(page).into_iter().filter(|block| is_terminal(block.language)) {
        let before = found.len();
        for (at, line) in block.lines.into_iter().enumerate() {
            match line.strip_prefix("$ ") {
                Some(command) => found.push(Step { line: block.line + at, command, shown: Vec::new() }),
                None if found.len() > before => found.last_mut().expect("the block's own").shown.push(line),
                None => {}
            }
        }
    }
    found
}

/// What a command printed, as a page shows it: without spaces at the ends of lines, and with `TIME` in place of times.
pub(crate) fn as_shown(printed: &str) -> Vec<String> {
    printed.lines().map(|line| without_time(line.trim_end())).collect()
}

/// What stands before a time in the program's tables.
const BEFORE_TIMES: [&str; 2] = ["time      ", " symbols, in "];

/// A line that ends in a time, `4.8 s` or `2 min 5 s`, where one is expected.
fn without_time(line: &str) -> String {
    let parts =
        BEFORE_TIMES.into_iter().find_map(|before| line.split_once(before).map(|(start, time)| (start, before, time)));
    match parts {
        Some((start, before, time)) if is_time(time) => format!("{start}{before}TIME"),
        _ => line.to_string(),
    }
}

fn is_time(text: &str) -> bool {
    let words: Vec<&str> = text.split(' ').collect();
    let number = |word: &str| word.parse::<f64>().is_ok_and(|seconds| seconds >= 0.0 && seconds.is_finite());
    !words.is_empty() && words.chunks(2).all(|pair| matches!(pair, [value, "s" | "min" | "h"] if number(value)))
}

/// The page with these lines below its commands.
pub(crate) fn rewritten(page: &str, printed: &[Vec<String>]) -> String {
    let lines: Vec<&str> = page.lines().collect();
    let (mut text, mut at) = (String::new(), 0);
    for (step, printed) in steps(page).iter().zip(printed) {
        for line in lines[at..step.line].iter().copied().chain(printed.iter().map(String::as_str)) {
            text += &format!("{line}\n");
        }
        at = step.line + step.shown.len();
    }
    lines[at..].iter().for_each(|line| text += &format!("{line}\n"));
    text
}

#[test]
fn commands_and_what_they_print_are_told_apart() {
    let page = "a\n```console\n$ x | y\n1\n\n2\n$ z\n```\n```text\n$ no\n```\n```sh\n$ w\n3\n```\nb";
    let found = steps(page);
    assert_eq!(
        found.iter().map(|step| (step.line, step.command)).collect::<Vec<_>>(),
        [(3, "x | y"), (7, "z"), (13, "w")]
    );
    assert_eq!(
        found.iter().map(|step| step.shown.clone()).collect::<Vec<_>>(),
        [vec!["1", "", "2"], vec![], vec!["3"]]
    );
    let printed = [vec!["4".to_string()], vec!["5".into(), "6".into()], vec![]];
    let expected = "a\n```console\n$ x | y\n4\n$ z\n5\n6\n```\n```text\n$ no\n```\n```sh\n$ w\n```\nb\n";
    assert_eq!(rewritten(page, &printed), expected);
}

#[test]
fn times_alone_are_not_compared() {
    assert_eq!(
        as_shown("time      4.8 s\ntime      2 min 5 s  \nloss 4.8"),
        ["time      TIME", "time      TIME", "loss 4.8"]
    );
    assert_eq!(
        as_shown("asked     3 words of up to 20 symbols, in 0.8 s"),
        ["asked     3 words of up to 20 symbols, in TIME"]
    );
    for kept in [
        "time      soon",
        "time      4.8",
        "time      NaN s",
        "times  4.8 s",
        "time      4.8 s, 3 steps",
        "lasted 4.8 s",
    ] {
        assert_eq!(as_shown(kept), [kept]);
    }
}
