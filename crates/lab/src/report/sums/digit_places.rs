//! How often digits are wrong, by their place in the answer.

use super::error_rates::{self, READ, Words};
use crate::digits::count;
use crate::report::chart::Chart;
use crate::report::pictures::Looked;

const WORDS: Words = Words {
    id: "digit-places",
    title: "Wrong digits by place",
    of_what: "Share of wrong digits by the power of ten that they count",
    x: "power of ten that the digit counts",
    y: "wrong, share of digits",
};

pub(super) fn chart(looked: &[Looked<'_>]) -> Option<Chart> {
    error_rates::chart(looked, WORDS, |portrait| &portrait.by_digit)
}

/// What the chart shows, in words.
pub(super) fn about() -> String {
    format!(
        "Of {} uniform pairs: how often the digit is not the likeliest token after the true digits before it. {READ}",
        count(super::PAIRS as u64)
    )
}
