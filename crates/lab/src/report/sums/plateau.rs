//! A run that ends short of its goal, in words: which digits come out right after which carries, and what loss that is.

use infimum_worlds::World;
use infimum_worlds::addition::{Addition, Operation};
use maud::{Markup, html};

use crate::digits::count;
use crate::metrics::EXACT_MATCH;
use crate::report::pictures::Looked;
use crate::report::sources::Source;
use crate::sums::{Cell, Portrait};

/// From such a share of its digits on a kind of digits counts as right.
pub(super) const RIGHT: f64 = 0.99;

/// What is asked for more seldom is not judged.
pub(super) const LEAST: u64 = 30;

/// What a run without a criterion has to reach.
const GOAL: f64 = 0.99;

/// How well a kind of digits is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Knowledge {
    /// Right.
    Right,
    /// Right, or what the other carry would make of it.
    ButForCarry,
    /// Neither.
    No,
    /// Too few were asked for.
    Unseen,
}

impl Knowledge {
    pub(super) fn of(cell: Cell) -> Knowledge {
        let share = |n: u64| n as f64 / cell.of as f64;
        match cell {
            Cell { of, .. } if of < LEAST => Knowledge::Unseen,
            Cell { right, .. } if share(right) >= RIGHT => Knowledge::Right,
            Cell { right, carry_missed, .. } if share(right + carry_missed) >= RIGHT => Knowledge::ButForCarry,
            _ => Knowledge::No,
        }
    }

    /// The loss of the predictor that knows so much and no more, in nats: certain, even between two digits, even among ten.
    fn nats(self) -> f64 {
        match self {
            Knowledge::Right => 0.0,
            Knowledge::ButForCarry => libm::log(2.0),
            Knowledge::No | Knowledge::Unseen => libm::log(10.0),
        }
    }

    fn words(self, operation: Operation) -> &'static str {
        match (self, operation) {
            (Knowledge::Right, _) => "right",
            (Knowledge::ButForCarry, Operation::Add) => "right but for the carry",
            (Knowledge::ButForCarry, Operation::Subtract) => "right but for the borrow",
            (Knowledge::No, _) => "not known",
            (Knowledge::Unseen, _) => "too rare to tell",
        }
    }
}

/// `[place][length of the run that carries in]`, as in [`Portrait`].
pub(super) fn known(portrait: &Portrait) -> Vec<Vec<Knowledge>> {
    portrait.cells.iter().map(|kinds| kinds.iter().map(|cell| Knowledge::of(*cell)).collect()).collect()
}

/// How likely it is that a carry run of length `run` carries into `place`, of two uniform numbers: its first place makes 10 or
/// more, the others 9, with 45 and 10 of 100 pairs of digits. 0 stands for nothing carried in.
pub(super) fn probability(place: usize, run: usize) -> f64 {
    let of_run = |run: usize| 0.45 * libm::pow(0.1, run as f64 - 1.0);
    if run > 0 { of_run(run) } else { 1.0 - (1..=place).map(of_run).sum::<f64>() }
}

/// The exact mean loss, over all pairs alike, of the predictor that is certain of what is known, gives even chances to the two
/// digits of what is known but for the carry, and to all ten digits otherwise; what follows the digits it knows. In nats per
/// scored token.
pub(super) fn loss_nats(known: &[Vec<Knowledge>], scored: usize) -> f64 {
    let of_place = |(place, kinds): (usize, &Vec<Knowledge>)| match &kinds[..] {
        [only] => only.nats(),
        kinds => kinds.iter().enumerate().map(|(run, kind)| probability(place, run) * kind.nats()).sum::<f64>(),
    };
    known.iter().enumerate().map(of_place).sum::<f64>() / scored as f64
}

/// Whether a run is short of its criterion, or without one of exact match 0.99.
pub(super) fn is_short(source: &Source, portrait: &Portrait) -> bool {
    match source.plan.success() {
        None => portrait.uniform.value < GOAL,
        Some(success) if success.figure == EXACT_MATCH => !success.holds(portrait.uniform.value),
        Some(success) => {
            let last = source.lines.iter().rev().find_map(|line| line.criterion);
            !last.is_some_and(|value| success.holds(value))
        }
    }
}

/// Places of which the same is known, from the lowest on: what is known after each run of the highest of them.
pub(super) fn together(known: &[Vec<Knowledge>]) -> Vec<(usize, usize, &[Knowledge])> {
    let mut groups: Vec<(usize, usize, &[Knowledge])> = vec![];
    for (place, kinds) in known.iter().map(Vec::as_slice).enumerate() {
        match groups.last_mut() {
            Some((_, last, before)) if goes_on(before, kinds) => (*last, *before) = (place, kinds),
            _ => groups.push((place, place, kinds)),
        }
    }
    groups
}

/// Whether `longer` begins as `shorter` does and goes on as that ends.
fn goes_on(shorter: &[Knowledge], longer: &[Knowledge]) -> bool {
    let last = shorter[shorter.len() - 1];
    longer.starts_with(shorter) && longer[shorter.len()..].iter().all(|kind| *kind == last)
}

/// One sentence for each group of places.
pub(super) fn sentences(known: &[Vec<Knowledge>], operation: Operation) -> Vec<String> {
    together(known).into_iter().map(|(first, last, kinds)| sentence(first, last, kinds, operation)).collect()
}

fn sentence(first: usize, last: usize, kinds: &[Knowledge], operation: Operation) -> String {
    let digits = if first == last { format!("Digit 10^{first}") } else { format!("Digits 10^{first} to 10^{last}") };
    let mut parts = vec![];
    let mut run = 0;
    for same in kinds.chunk_by(|a, b| a == b) {
        parts.push(format!("{}{}", same[0].words(operation), after(run, run + same.len(), kinds.len())));
        run += same.len();
    }
    format!("{digits}: {}.", parts.join(", "))
}

/// After which runs, from `first` up to but without `end`, of `of`.
fn after(first: usize, end: usize, of: usize) -> String {
    match (first, end) {
        (0, end) if end == of => String::new(),
        (0, 1) => " where nothing is carried in".into(),
        (0, end) => format!(" where nothing is carried in or a carry run of at most {}", end - 1),
        (1, end) if end == of => " where a carry comes in".into(),
        (first, end) if end == of => format!(" where a carry run of {first} or more carries in"),
        (first, end) if first + 1 == end => format!(" where a carry run of {first} carries in"),
        (first, end) => format!(" where a carry run of {first} to {} carries in", end - 1),
    }
}

/// Every run that is short of its goal; nothing if none is.
pub(super) fn section(looked: &[Looked<'_>], world: &Addition) -> Markup {
    let portraits = looked.iter().filter_map(|one| Some((one, &one.sums.as_ref()?.portrait)));
    let short: Vec<(&Looked<'_>, &Portrait)> = portraits.filter(|(one, p)| is_short(one.source, p)).collect();
    html! {
        @if !short.is_empty() {
            div id="plateau" {
                h3 { "Where " (if short.len() == 1 { "it stands" } else { "they stand" }) }
                p.note { (rule(world.operation())) }
                @for (one, portrait) in short { (of_run(one, portrait, world, looked.len())) }
            }
        }
    }
}

/// What the words mean.
fn rule(operation: Operation) -> String {
    let (pairs, one) = match operation {
        Operation::Add => ("pairs that were asked, uniform and by carry run", "carry"),
        Operation::Subtract => ("uniform pairs", "borrow"),
    };
    format!(
        "A digit counts as right if it is in at least {:.0} % of the {pairs}, after the true digits before it; as right but for the {one} if it is \
         otherwise what the other {one} would make of it. Losses are in nats per scored token.",
        100.0 * RIGHT
    )
}

fn of_run(one: &Looked<'_>, portrait: &Portrait, world: &Addition, runs: usize) -> Markup {
    let known = known(portrait);
    let who = if runs > 1 { format!("Seed {}", one.source.seed()) } else { "The run".into() };
    html! {
        p {
            (who) " answers " (format!("{:.4}", portrait.uniform.value)) " of " (count(portrait.margins.len() as u64)) " uniform pairs right"
            (goal(one.source)) "." (moved(one.source))
        }
        ul { @for sentence in sentences(&known, world.operation()) { li { (sentence) } } }
        p { (losses(&known, portrait, world)) }
    }
}

fn goal(source: &Source) -> String {
    source.plan.success().map_or(String::new(), |success| format!(" and is short of its criterion, {success}"))
}

/// How far the loss moved over the last quarter of the validations.
fn moved(source: &Source) -> String {
    let losses: Vec<f64> = source.lines.iter().filter_map(|line| line.validation).collect();
    let quarter = losses.len() / 4;
    match quarter {
        0 => String::new(),
        quarter => {
            let (before, last) = (losses[losses.len() - 1 - quarter], losses[losses.len() - 1]);
            format!(" Over the last quarter of its validations their loss went from {before:.5} to {last:.5}.")
        }
    }
}

fn losses(known: &[Vec<Knowledge>], portrait: &Portrait, world: &Addition) -> String {
    let scored = world.shape().scored.len();
    let knows = [certain(known, scored > known.len()), even(known, world.operation())];
    let knows: Vec<String> = knows.into_iter().flatten().collect();
    format!(
        "A predictor that {} has a loss of exactly {:.5} over all pairs; this model's over these uniform ones is {:.5}.",
        knows.join(" and "),
        loss_nats(known, scored),
        portrait.loss_nats
    )
}

fn has(known: &[Vec<Knowledge>], wanted: Knowledge) -> bool {
    known.iter().flatten().any(|kind| *kind == wanted)
}

fn certain(known: &[Vec<Knowledge>], has_end: bool) -> Option<String> {
    let of = [(has(known, Knowledge::Right), "what is right here"), (has_end, "what ends the answer")];
    let of: Vec<&str> = of.into_iter().filter(|(is, _)| *is).map(|(_, what)| what).collect();
    (!of.is_empty()).then(|| format!("is certain of {}", of.join(" and ")))
}

fn even(known: &[Vec<Knowledge>], operation: Operation) -> Option<String> {
    let two = match operation {
        Operation::Add => "the two digits of what is right but for the carry",
        Operation::Subtract => "the two digits of what is right but for the borrow",
    };
    let is_rest = has(known, Knowledge::No) || has(known, Knowledge::Unseen);
    let is_all = !has(known, Knowledge::Right) && !has(known, Knowledge::ButForCarry);
    let ten = if is_all { "the ten digits at every place" } else { "the ten digits of the rest" };
    let among = [(has(known, Knowledge::ButForCarry), two), (is_rest, ten)];
    let among: Vec<&str> = among.into_iter().filter(|(is, _)| *is).map(|(_, digits)| digits).collect();
    (!among.is_empty()).then(|| format!("gives even chances to {}", among.join(" and to ")))
}
