//! A text whose law is known here, by a predictor that holds another.

use std::fs;

use infimum_lab::{Experiment, Figure};
use infimum_worlds::{Purpose, Stream};

use crate::planted::{experiment, named, of_laws};
use crate::scratch::Scratch;

/// Letters of one, two and three bytes.
const LETTERS: [char; 3] = ['a', 'é', '€'];

/// What the predictor holds, always.
const LAW: [f64; 3] = [0.5, 0.3, 0.2];

/// The experiment on a text of these tokens, in which each letter is as likely as the others, whatever came before.
fn text(seed: usize, tokens: &str) -> Experiment {
    let scratch = Scratch::new(&format!("metrics-texts-{tokens}-{seed}"));
    let path = scratch.path().join("a.txt");
    let mut stream = Stream::new(seed as u64, Purpose::Check, 0, 0);
    let text: String = (0..8000).map(|_| LETTERS[stream.below(3) as usize]).collect();
    fs::write(&path, text).unwrap();
    let recipe = format!(
        "[world]\nkind = \"text\"\nfile = {path:?}\ntokens = \"{tokens}\"\nwindow = 8\ntest = 0.5\n\
         [model]\nwidth = 8\nlayers = 1\nheads = 1\n"
    );
    experiment(&recipe, &[])
}

/// Two bytes a letter, in the mean; the law costs the mean of -log2 of what it gives to each letter.
pub(crate) fn leaning(seed: usize) -> (Vec<Figure>, Vec<(&'static str, f64)>) {
    let experiment = text(seed, "characters");
    let figures = of_laws(&experiment, &|_, laws| laws.chunks_exact_mut(3).for_each(|law| law.copy_from_slice(&LAW)));
    let bits = LAW.iter().map(|p| -libm::log2(*p)).sum::<f64>() / 3.0;
    (figures, vec![("bits_per_byte", bits / 2.0)])
}

/// The bytes of a letter after the first are certain, so that the same law is one of bytes, too: the loss is the same per byte, and
/// another per token.
#[test]
fn what_is_a_token_changes_no_bit_per_byte() {
    const BYTES: [&[u8]; 3] = ["a".as_bytes(), "é".as_bytes(), "€".as_bytes()];
    let (of_characters, _) = leaning(3);
    let experiment = text(3, "bytes");
    let of_bytes = of_laws(&experiment, &|example, laws| {
        for (position, law) in laws.chunks_exact_mut(256).enumerate() {
            law.fill(0.0);
            match example.tokens[position] {
                0xC3 => law[0xA9] = 1.0,
                0xE2 => law[0x82] = 1.0,
                0x82 => law[0xAC] = 1.0,
                _ => BYTES.iter().zip(LAW).for_each(|(letter, p)| law[usize::from(letter[0])] = p),
            }
        }
    });
    let [characters, bytes] = [&of_characters, &of_bytes].map(|figures| named(figures, "bits_per_byte"));
    // The windows do not end at the same letters.
    assert!((characters.value - bytes.value).abs() < characters.high.unwrap() - characters.low.unwrap(), "{bytes:?}");
    assert_eq!(bytes.baseline.map(|bits| (bits * 1e9).round() / 1e9), Some(8.0));
    let nats = |figures| named(figures, "cross_entropy").value;
    assert!(nats(&of_characters) > 1.5 * nats(&of_bytes));
}
