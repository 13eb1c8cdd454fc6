//! How often answers are wrong, by the longest carry run of the pair.

use super::error_rates::{self, READ, Words};
use crate::digits::count;
use crate::report::chart::Chart;
use crate::report::pictures::Looked;

const WORDS: Words = Words {
    id: "carry-runs",
    title: "Wrong answers by carry run",
    of_what: "Share of wrong answers by the longest carry run",
    x: "longest carry run of the pair",
    y: "wrong, share of answers",
};

/// `None` for differences, which have no carries.
pub(super) fn chart(looked: &[Looked<'_>]) -> Option<Chart> {
    error_rates::chart(looked, WORDS, |portrait| &portrait.by_carry_run)
}

/// What the chart shows, in words.
pub(super) fn about(looked: &[Looked<'_>]) -> String {
    let runs = looked.iter().filter_map(|one| Some(one.sums.as_ref()?.portrait.by_carry_run.len())).next().unwrap_or(1);
    let each = super::PAIRS.div_ceil(runs.max(1));
    format!(
        "A carry run is a place whose digits make 10 or more, with the places after it whose digits make 9 and hand the carry on. For \
         each length of the longest, {} pairs drawn uniformly among all that have it. {READ}",
        count(each as u64)
    )
}
