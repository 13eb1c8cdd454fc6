//! Whether two sets of runs differ in a figure, or in how often they succeed; undecided wherever the numbers cannot carry it.

mod plans;
mod side;

use serde::Serialize;

use crate::recipe::Success;
use crate::statistics::{self, LEVEL, Probability, Shift, Spread, Trials};
use crate::success::RATE;
use crate::{Figure, LabError, number};
pub use plans::Difference;
use side::Run;
pub use side::{Group, LeftOut, Side};

/// What can be said of two sets of runs. There is no word for equal: no number of runs shows that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Chance alone would give so large a difference in at most 5 of 100 comparisons.
    Differ,
    /// It would more often, or the runs are so few that nothing could show it.
    Undecided,
}

/// Two sets of runs beside each other. Differences are the first minus the second.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Whether they differ.
    pub verdict: Verdict,
    /// The two-sided p of the test.
    pub p: f64,
    /// The difference of the rates, or the shift of the figure (Hodges and Lehmann).
    pub effect: f64,
    /// Lower end of the effect's 95 % interval: Newcombe's for rates; for a figure the shifts that the test would not reject. `None`
    /// where so few runs exclude no shift.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// What is compared: `success_rate`, or a figure.
    pub figure: String,
    /// The unit of the effect.
    pub unit: String,
    /// Name of the test.
    pub test: &'static str,
    /// Whether the p is counted, or that of the normal law.
    pub exact: bool,
    /// What p has to be at most.
    pub level: f64,
    /// The smallest p that so many runs could give, whatever their results.
    pub smallest_p: f64,
    /// Odds of the first by those of the second, for rates; `None` where both are 0 or infinite.
    #[serde(serialize_with = "number::optional::serialize")]
    pub odds_ratio: Option<f64>,
    /// How many pairs of runs with one seed, where both sets have the same seeds.
    pub pairs: Option<usize>,
    /// The p of the mean within pairs under all choices of signs, for up to 20 pairs. The verdict is not taken from it.
    pub permutation_p: Option<f64>,
    /// The first set.
    pub a: Compared,
    /// The second.
    pub b: Compared,
    /// What differs between the plans of the two, but for seed and name.
    pub differing: Vec<Difference>,
    /// Runs that were not compared, and why.
    pub left_out: Vec<LeftOut>,
}

/// One of two sets of runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// How it was given.
    pub given: String,
    /// Runs.
    pub of: u64,
    /// How many succeeded, where rates are compared.
    pub successes: Option<u64>,
    /// The rate, or the median of the figure.
    pub value: f64,
    /// Lower end of the rate's 95 % interval (Wilson).
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Where the values lie, where a figure is compared.
    pub spread: Option<Spread>,
}

/// What two sets are compared by.
enum Subject {
    Rate,
    Figure(Figure),
}

/// Compares two sets by `figure`, or where none is named, by their rates of success, or where the recipes have no criterion, by their first
/// figure.
///
/// # Errors
/// Sets with a run in common; criteria that differ; a figure that one of them has not; a set of which no run has ended.
pub fn compare(a: &Side, b: &Side, figure: Option<&str>) -> Result<Comparison, LabError> {
    require_apart(a, b)?;
    let comparison = match subject(a, b, figure)? {
        Subject::Rate => by_rate(a.trials()?, b.trials()?),
        Subject::Figure(figure) => by_figure(&figure, a.values(&figure.name)?, b.values(&figure.name)?),
    };
    let named = |compared: Compared, side: &Side| Compared { given: side.given().into(), ..compared };
    let by_rate = comparison.figure == RATE;
    let left_out = [a, b].into_iter().flat_map(|side| side.left_out(by_rate)).collect();
    let differing = match (a.group(), b.group()) {
        (Some(a), Some(b)) => plans::differences(&a.plan, &b.plan),
        _ => vec![],
    };
    let (a, b) = (named(comparison.a, a), named(comparison.b, b));
    Ok(Comparison { a, b, differing, left_out, ..comparison })
}

fn require_apart(a: &Side, b: &Side) -> Result<(), LabError> {
    let (Some(first), Some(second)) = (a.group(), b.group()) else { return Ok(()) };
    let common = first.runs.iter().find(|run| second.runs.iter().any(|other| other.name == run.name));
    let Some(common) = common else { return Ok(()) };
    let problem = format!("both sets have the run {}", common.name);
    let remedy =
        "compare sets that have no run in common; KEY=VALUE after a recipe's name takes those with this value".into();
    Err(LabError::Incomparable { given: format!("{} and {}", a.given(), b.given()), problem, remedy })
}

fn subject(a: &Side, b: &Side, figure: Option<&str>) -> Result<Subject, LabError> {
    let counted = [a, b].into_iter().find(|side| side.group().is_none());
    match (figure, counted) {
        (Some(RATE), _) | (None, Some(_)) => same_criterion(a, b).map(|()| Subject::Rate),
        (Some(name), Some(counted)) => Err(LabError::Incomparable {
            given: counted.given().into(),
            problem: format!("these are counts of successes, which have no figure {name}"),
            remedy: "leave --figure out, or give runs".into(),
        }),
        (None, None) if a.success().is_some() && b.success().is_some() => same_criterion(a, b).map(|()| Subject::Rate),
        (figure, None) => common_figure(a, b, figure).map(Subject::Figure),
    }
}

/// Runs on both sides have to mean the same by a success; what counts mean, nobody knows but who gives them.
fn same_criterion(a: &Side, b: &Side) -> Result<(), LabError> {
    let refuse = |given: &str, problem: String| {
        let remedy =
            "give a section [success] in the recipe, or compare a figure of the runs with --figure NAME".into();
        Err(LabError::Incomparable { given: given.into(), problem, remedy })
    };
    let without = [a, b].into_iter().find(|side| side.group().is_some() && side.success().is_none());
    if let Some(side) = without {
        return refuse(side.given(), "the plan of these runs does not say what a success is".into());
    }
    match (a.success(), b.success()) {
        (Some(one), Some(other)) if one != other => {
            let problem = format!("a success of the one is {one}, of the other {other}");
            refuse(&format!("{} and {}", a.given(), b.given()), problem)
        }
        _ => Ok(()),
    }
}

/// The figure of that name, or the first, that finished runs of both sides have.
fn common_figure(a: &Side, b: &Side, name: Option<&str>) -> Result<Figure, LabError> {
    let figures = |side: &Side| side.figures().map(<[Figure]>::to_vec);
    let (first, second) = (figures(a)?, figures(b)?);
    let mut common = first.into_iter().filter(|figure| second.iter().any(|other| other.name == figure.name));
    let found = common.clone().find(|figure| name.is_none_or(|name| figure.name == name));
    let names: Vec<String> = common.by_ref().map(|figure| figure.name).collect();
    found.ok_or_else(|| LabError::Incomparable {
        given: format!("{} and {}", a.given(), b.given()),
        problem: format!("they have no figure {} in common", name.unwrap_or_default()),
        remedy: if names.is_empty() {
            "compare runs of one world".into()
        } else {
            format!("they have {}", names.join(", "))
        },
    })
}

fn by_rate(a: Trials, b: Trials) -> Comparison {
    let interval = statistics::newcombe(a, b);
    let p = Probability { p: statistics::fisher(a, b), exact: true };
    let compared = |trials: Trials| {
        let (low, high) = trials.interval().unzip();
        let (of, successes, value) = (trials.of, Some(trials.successes), trials.share());
        Compared { given: String::new(), of, successes, value, low, high, spread: None }
    };
    let effect = Shift { value: a.share() - b.share(), interval };
    let plain = Comparison::new((RATE, "share of seeds"), "Fisher's exact test", p, effect, [compared(a), compared(b)]);
    Comparison {
        smallest_p: statistics::smallest_fisher(a.of, b.of),
        odds_ratio: statistics::odds_ratio(a, b),
        ..plain
    }
}

/// Within pairs where both sides have the same seeds, else between the two groups.
fn by_figure(figure: &Figure, a: Vec<(u64, f64)>, b: Vec<(u64, f64)>) -> Comparison {
    let name = (figure.name.as_str(), figure.unit.as_str());
    let values = |side: &[(u64, f64)]| side.iter().map(|(_, value)| *value).collect::<Vec<_>>();
    let (first, second) = (values(&a), values(&b));
    let compared = [&first, &second].map(|values| {
        let spread = Spread::of(name.0, name.1, values).expect("both sides have runs");
        let (of, value) = (values.len() as u64, spread.median);
        Compared { given: String::new(), of, successes: None, value, low: None, high: None, spread: Some(spread) }
    });
    if a.iter().map(|(seed, _)| seed).eq(b.iter().map(|(seed, _)| seed)) {
        let differences = differences(&first, &second);
        let (p, effect) = (statistics::signed_rank(&differences), statistics::signed_rank_shift(&differences));
        return Comparison {
            smallest_p: statistics::smallest_signed_rank(differences.len()),
            pairs: Some(differences.len()),
            permutation_p: statistics::sign_flip(&differences),
            ..Comparison::new(name, "Wilcoxon's signed-rank test", p, effect, compared)
        };
    }
    let (p, effect) = (statistics::rank_sum(&first, &second), statistics::rank_sum_shift(&first, &second));
    let plain = Comparison::new(name, "Mann and Whitney's rank-sum test", p, effect, compared);
    Comparison { smallest_p: statistics::smallest_rank_sum(first.len(), second.len()), ..plain }
}

/// Differences within pairs. Those that rounding alone sets apart, by less than a part in 10^12 of the largest value, are equal: ranks
/// would tell them apart.
fn differences(first: &[f64], second: &[f64]) -> Vec<f64> {
    let largest = first.iter().chain(second).fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let grain = largest * 1e-12;
    let difference = |(a, b): (&f64, &f64)| if grain > 0.0 { ((a - b) / grain).round() * grain } else { a - b };
    first.iter().zip(second).map(difference).collect()
}

impl Comparison {
    fn new(
        (figure, unit): (&str, &str),
        test: &'static str,
        Probability { p, exact }: Probability,
        effect: Shift,
        [a, b]: [Compared; 2],
    ) -> Comparison {
        let (low, high) = effect.interval.unzip();
        Comparison {
            verdict: if p <= LEVEL { Verdict::Differ } else { Verdict::Undecided },
            p,
            effect: effect.value,
            low,
            high,
            figure: figure.into(),
            unit: unit.into(),
            test,
            exact,
            level: LEVEL,
            smallest_p: 0.0,
            odds_ratio: None,
            pairs: None,
            permutation_p: None,
            a,
            b,
            differing: vec![],
            left_out: vec![],
        }
    }
}

impl Side {
    fn success(&self) -> Option<&Success> {
        self.group()?.success.as_ref()
    }

    /// How often it succeeded.
    fn trials(&self) -> Result<Trials, LabError> {
        let group = match self {
            Side::Counted { trials, .. } => return Ok(*trials),
            Side::Runs(group) => group,
        };
        let ended = group.runs.iter().filter_map(|run| run.outcome);
        let trials = ended.fold(Trials { successes: 0, of: 0 }, |Trials { successes, of }, outcome| Trials {
            successes: successes + u64::from(outcome.succeeded),
            of: of + 1,
        });
        if trials.of == 0 { Err(self.unfinished()) } else { Ok(trials) }
    }

    /// The figure of each finished run, by seed.
    fn values(&self, name: &str) -> Result<Vec<(u64, f64)>, LabError> {
        let runs = self.group().into_iter().flat_map(Group::finished);
        let value = |run: &Run| match run.summary.as_ref().and_then(|summary| summary.value(name)) {
            Some(value) if value.is_finite() => Ok((run.seed, value)),
            other => Err(LabError::Incomparable {
                given: run.name.clone(),
                problem: format!("its {name} is {}", other.map_or("not there".into(), |value| value.to_string())),
                remedy: "leave this run out, by listing the others".into(),
            }),
        };
        runs.map(value).collect()
    }

    /// The figures of the first finished run.
    fn figures(&self) -> Result<&[Figure], LabError> {
        let first = self.group().and_then(|group| group.finished().next());
        first.and_then(|run| run.summary.as_ref()).map(|summary| &summary.figures[..]).ok_or_else(|| self.unfinished())
    }

    fn unfinished(&self) -> LabError {
        LabError::Incomparable {
            given: self.given().into(),
            problem: "none of these runs is finished".into(),
            remedy: "finish them with `infimum resume RUN`, or with the command that began them".into(),
        }
    }
}
