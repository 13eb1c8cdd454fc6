//! Tokens as a user types them.

use infimum_worlds::{Example, Known, Purpose};

use crate::data::{self, Address};
use crate::{Experiment, LabError, Stop};

/// Sequences that are looked at for what they all begin with, where no law says it.
const LOOKS: u64 = 64;

/// The tokens of a text that the user gave as `option`: letters where the world has such, otherwise numbers with blanks or commas between them.
fn read_tokens(experiment: &Experiment, option: &str, text: &str) -> Result<Vec<u16>, LabError> {
    let alphabet = experiment.world().shape().alphabet;
    if let Some(spelling) = experiment.world().spelling() {
        let refused = |problem: String| LabError::value(option, format!("{text:?}"), problem, "leave it out");
        return spelling.read(text).map_err(refused);
    }
    let parts = text.split(|c: char| c.is_whitespace() || c == ',').filter(|part| !part.is_empty());
    let token = |part: &str| {
        let token = part.parse().ok().filter(|token| usize::from(*token) < alphabet);
        let allowed = || format!("{part} is not in the alphabet, whose tokens are 0 to {}", alphabet - 1);
        token.ok_or_else(|| {
            LabError::value(option, format!("{text:?}"), allowed(), "write tokens with blanks between them")
        })
    };
    parts.map(token).collect()
}

/// What a model is to continue, as tokens: the text, and before it the token that begins every sequence of the world (a chain's BOS),
/// unless the text begins with it.
///
/// # Errors
/// What is in no token, or a number outside the alphabet; nothing to begin with; more tokens than the model reads.
pub fn read_prompt(experiment: &Experiment, text: &str) -> Result<Vec<u16>, LabError> {
    const OPTION: &str = "--prompt";
    let mut tokens = read_tokens(experiment, OPTION, text)?;
    if let Some(first) = first_token(experiment).filter(|first| tokens.first() != Some(first)) {
        tokens.insert(0, first);
    }
    let refused = |allowed: String, remedy: &str| Err(LabError::value(OPTION, format!("{text:?}"), allowed, remedy));
    let most = experiment.world().shape().scored.end;
    match tokens.len() {
        0 => refused(
            "a model continues at least one token".into(),
            "leave --prompt out for sequences from their beginning",
        ),
        length if length > most => {
            refused(format!("it has {length} tokens, and the model reads at most {most}"), "shorten it")
        }
        _ => Ok(tokens),
    }
}

/// What ends a sequence: a text in a world that is one, otherwise tokens.
///
/// # Errors
/// What is in no token, or a number outside the alphabet; a text without a token.
pub fn read_stop(experiment: &Experiment, text: &str) -> Result<Stop, LabError> {
    const OPTION: &str = "--stop";
    match read_tokens(experiment, OPTION, text)? {
        tokens if tokens.is_empty() => Err(LabError::value(
            OPTION,
            format!("{text:?}"),
            "it has no token, and everything ends with that",
            "leave it out",
        )),
        _ if experiment.world().text().is_some() => Ok(Stop::Text(text.into())),
        tokens => Ok(Stop::Tokens(tokens)),
    }
}

/// The text of tokens: letters where the world has such, otherwise numbers with blanks between them.
pub fn spell(experiment: &Experiment, tokens: &[u16]) -> String {
    match experiment.world().spelling() {
        Some(spelling) => spelling.spell(tokens),
        None => tokens.iter().map(u16::to_string).collect::<Vec<_>>().join(" "),
    }
}

/// The token that every sequence begins with, if there is one: what the law says, or where the law gives none for the beginning, what is
/// drawn. Where nobody knows the law, nobody knows this.
fn first_token(experiment: &Experiment) -> Option<u16> {
    let mut law = vec![0.0; experiment.world().shape().heads[0].alphabet];
    if experiment.world().truth()?.begin().law(0, &mut law) == Known::Yes {
        return law.iter().position(|p| *p == 1.0).map(|token| token as u16);
    }
    let mut example = Example::default();
    let mut first = |index| {
        data::draw(experiment.world(), 0, Purpose::Sample, Address { step: 0, index }, &mut example);
        example.tokens.first().copied()
    };
    let token = first(0)?;
    (1..LOOKS).all(|index| first(index) == Some(token)).then_some(token)
}
