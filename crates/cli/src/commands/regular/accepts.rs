//! `regular accepts`: the class of each word.

use std::io::{self, BufRead, Read};

use anyhow::{Context, bail};
use infimum_lab::LabError;
use infimum_lab::regular::machine;
use serde::Serialize;

use super::Accepts;
use crate::output::List;

/// A line of the standard input has at most so many bytes.
const LONGEST: u64 = 1 << 24;

/// A word and its class.
#[derive(Serialize)]
struct Classified<'a> {
    word: &'a str,
    class: &'a str,
}

pub(crate) fn accepts(arguments: &Accepts) -> anyhow::Result<()> {
    let machine = machine(&arguments.language, arguments.alphabet.as_deref())?;
    machine.require_choice().map_err(LabError::from)?;
    let class = |word: &str| machine.alphabet().word(word).map(|word| machine.class(&word)).map_err(LabError::from);
    let mut list = List::new(arguments.form.json);
    let add = |list: &mut List, word: &str, class| list.add(&Classified { word, class }, || format!("{word}\t{class}"));
    if arguments.words.is_empty() {
        let mut input = io::stdin().lock();
        for number in 1.. {
            let Some(line) = line(&mut input, number)? else { break };
            let class = class(&line).with_context(|| format!("line {number} of the standard input"))?;
            add(&mut list, &line, class)?;
        }
    } else {
        // All are looked at before the first is printed.
        let classes = arguments.words.iter().map(|word| class(word)).collect::<Result<Vec<_>, _>>()?;
        arguments.words.iter().zip(classes).try_for_each(|(word, class)| add(&mut list, word, class))?;
    }
    list.end()
}

/// The next line, without its end.
fn line(input: &mut impl BufRead, number: u64) -> anyhow::Result<Option<String>> {
    let mut bytes = Vec::new();
    let read = input.take(LONGEST + 1).read_until(b'\n', &mut bytes).context("cannot read the standard input")?;
    if bytes.len() as u64 > LONGEST {
        bail!(
            "line {number} of the standard input is longer than {LONGEST} bytes, the most that a word may have; cut it"
        );
    }
    let text =
        String::from_utf8(bytes).map_err(|_| anyhow::anyhow!("line {number} of the standard input is not UTF-8"))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok((read > 0).then(|| line.strip_suffix('\r').unwrap_or(line).to_string()))
}
