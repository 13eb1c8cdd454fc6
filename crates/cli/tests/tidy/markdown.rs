//! What the docs say, taken out of their Markdown.

/// A fenced block: its language, the line of its first line, its lines.
pub(crate) struct Block<'a> {
    pub(crate) language: &'a str,
    pub(crate) line: usize,
    pub(crate) lines: Vec<&'a str>,
}

pub(crate) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut found: Vec<Block> = Vec::new();
    let mut inside = false;
    for (at, line) in text.lines().enumerate() {
        if let Some(language) = line.strip_prefix("```") {
            inside = !inside;
            if inside {
                found.push(Block { language, line: at + 2, lines: Vec::new() });
            }
        } else if inside && let Some(block) = found.last_mut() {
            block.lines.push(line);
        }
    }
    found
}

/// What stands between backticks on one line, outside of fenced blocks, with its line.
pub(crate) fn spans(text: &str) -> Vec<(usize, &str)> {
    let mut inside = false;
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            inside = !inside;
        } else if !inside {
            found.extend(line.split('`').skip(1).step_by(2).map(|span| (at + 1, span)));
        }
    }
    found
}

/// The targets of links and pictures, with their line.
pub(crate) fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        for after in line.split("](").skip(1) {
            found.extend(after.split([')', '#', ' ']).next().map(|target| (at + 1, target)));
        }
    }
    found.retain(|(_, target)| !target.is_empty() && !target.contains("://"));
    found
}

/// Lines of commands in blocks that are meant for a terminal, and spans that begin with the program's name.
pub(crate) fn commands(text: &str) -> Vec<(usize, &str)> {
    let mut found: Vec<(usize, &str)> = spans(text)
        .into_iter()
        .filter(|(_, span)| span.starts_with("infimum ") || span.starts_with("cargo "))
        .collect();
    for block in blocks(text).iter().filter(|block| is_terminal(block.language)) {
        let lines = block.lines.iter().enumerate().filter(|(_, line)| !line.is_empty());
        found.extend(lines.map(|(at, line)| (block.line + at, line.trim_start_matches("$ "))));
    }
    found
}

pub(crate) fn is_terminal(language: &str) -> bool {
    matches!(language, "sh" | "console")
}

#[test]
fn blocks_spans_links_and_commands_are_found() {
    let text = "See `a/b.rs` and [x](docs/y.md#z).\n```sh\ncargo test\n`no`\n```\n`infimum run markov-10`";
    assert_eq!(spans(text), [(1, "a/b.rs"), (6, "infimum run markov-10")]);
    assert_eq!(links(text), [(1, "docs/y.md")]);
    assert_eq!((blocks(text)[0].language, blocks(text)[0].line), ("sh", 3));
    assert_eq!(commands(text), [(6, "infimum run markov-10"), (3, "cargo test"), (4, "`no`")]);
}
