//! Which runs are of a language, and which of several is the best by a figure.

use infimum_worlds::Settings;
use infimum_worlds::regular::{Machine, Pattern, builtin};

use crate::error::CHANGE_IT;
use crate::recipe::check::nearest;
use crate::{Figure, LabError, Plan, metrics};

/// A pattern, or the name of a language that is built in, by which runs are looked for.
#[derive(Clone, Debug)]
pub struct Sought {
    pattern: String,
}

impl Sought {
    /// What a user wrote.
    ///
    /// # Errors
    /// What is no pattern, and no name either.
    pub fn new(pattern: &str) -> Result<Sought, LabError> {
        let checked = match builtin::named(pattern) {
            Some(found) => found.map(|_| ()),
            None => Pattern::symbols(pattern).and_then(|alphabet| Pattern::parse(pattern, &alphabet).map(|_| ())),
        };
        checked?;
        Ok(Sought { pattern: pattern.into() })
    }

    /// Whether the world of a plan is of this language: it has the same words over the same alphabet, however they are written.
    pub fn is_of(&self, plan: &Plan) -> bool {
        let Settings::Regular(settings) = plan.world() else { return false };
        settings.language == self.pattern || settings.machine().is_ok_and(|machine| self.is_machine(&machine))
    }

    fn is_machine(&self, of_run: &Machine) -> bool {
        let own =
            builtin::named(&self.pattern).unwrap_or_else(|| Machine::of_pattern(&self.pattern, of_run.alphabet()));
        let same = |own: &Machine| own.automaton() == of_run.automaton();
        own.is_ok_and(|own| {
            own.alphabet() == of_run.alphabet() && (same(&own) || own.recogniser().is_ok_and(|own| same(&own)))
        })
    }
}

/// A figure by which runs are put in order.
#[derive(Clone, Copy, Debug)]
pub struct Ranking<'n> {
    name: &'n str,
    rises: bool,
}

impl<'n> Ranking<'n> {
    /// By the figure of that name.
    ///
    /// # Errors
    /// No such figure.
    pub fn by(name: &'n str) -> Result<Ranking<'n>, LabError> {
        let known = || metrics::METRICS.iter().map(|metric| metric.name().to_string()).collect::<Vec<_>>();
        metrics::rises(name).map(|rises| Ranking { name, rises }).ok_or_else(|| {
            let near = nearest(name, &known()).map_or(CHANGE_IT.into(), |near| format!("did you mean \"{near}\"?"));
            LabError::value("--best", name, format!("it has to be one of {}", known().join(", ")), near)
        })
    }

    /// The figure of that name.
    pub fn of<'f>(&self, figures: &'f [Figure]) -> Option<&'f Figure> {
        figures.iter().find(|figure| figure.name == self.name)
    }

    /// What sorts better runs first, and last those whose figure is not there, or no number.
    pub fn key(&self, figures: &[Figure]) -> f64 {
        let value = self.of(figures).map(|figure| figure.value).filter(|value| !value.is_nan());
        value.map_or(f64::INFINITY, |value| if self.rises { -value } else { value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Recipe;

    fn plan(world: &str) -> Plan {
        Plan::new(&Recipe::parse(&format!("[world]\n{world}"), "recipe", &[]).unwrap()).unwrap()
    }

    #[test]
    fn a_language_is_found_however_it_is_written() {
        let regular =
            |language: &str, more: &str| plan(&format!("kind = \"regular\"\nlanguage = \"{language}\"\n{more}"));
        let over = |alphabet: &str| format!("alphabet = \"{alphabet}\"");
        let plans = [
            regular("a+", &over("ab")),
            regular("aa*", &over("ab")),
            regular("a+", &over("abc")),
            regular("ab", ""),
            regular("parity", ""),
            plan("kind = \"markov\"\nstates = 4\nlength = 7\nseed = 3"),
        ];
        for (pattern, expected) in [
            ("a+", vec![0, 1, 2]),
            ("a*a", vec![0, 1, 2]),
            ("aa*", vec![0, 1, 2]),
            ("ab", vec![3]),
            ("parity", vec![4]),
            ("0*1(0|10*1)*", vec![4]),
            ("c", vec![]),
        ] {
            let sought = Sought::new(pattern).unwrap();
            let found: Vec<usize> = (0..plans.len()).filter(|number| sought.is_of(&plans[*number])).collect();
            assert_eq!(found, expected, "{pattern}");
        }
        for wrong in ["(a", "dyck-9-1"] {
            assert!(Sought::new(wrong).unwrap_err().is_user_error());
        }
    }

    #[test]
    fn better_runs_come_first_and_those_without_the_figure_last() {
        let figures = |name: &str, value: f64| {
            let (name, unit) = (name.to_string(), String::new());
            vec![Figure { name, value, unit, optimum: None, baseline: None, low: None, high: None }]
        };
        let order = |name: &str, values: [f64; 3]| {
            let ranking = Ranking::by(name).unwrap();
            let mut runs = values.map(|value| figures(name, value)).to_vec();
            runs.push(figures("another", 0.0));
            runs.sort_by(|a, b| ranking.key(a).total_cmp(&ranking.key(b)));
            runs.iter().map(|run| ranking.of(run).map(|figure| figure.value)).collect::<Vec<_>>()
        };
        assert_eq!(order("class_accuracy", [0.5, 1.0, 0.25]), [Some(1.0), Some(0.5), Some(0.25), None]);
        assert_eq!(order("excess_loss", [0.5, 1.0, 0.25]), [Some(0.25), Some(0.5), Some(1.0), None]);
        let error = Ranking::by("class_acuracy").unwrap_err().to_string();
        assert!(error.contains("class_acuracy") && error.contains("did you mean \"class_accuracy\""), "{error}");
    }
}
