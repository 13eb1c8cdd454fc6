//! Which validation is the best, and when there has been no better one for so long that training ends.
//!
//! Both follow from the lines of the metrics and the best so far, which checkpoints carry; so a run that goes on ends where it would have
//! ended.

use crate::{StepLine, TrainingPlan, metrics};

/// What validations are compared by, and how many may pass without a better one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Patience {
    /// Whether a figure is compared, and not the loss.
    by_figure: bool,
    rises: bool,
    validations: Option<u64>,
}

impl Patience {
    /// As the plan says; without a word of it, the loss is compared and training goes on to its last step.
    pub(crate) fn of(plan: &TrainingPlan) -> Patience {
        let figure = plan.stop.as_ref().and_then(|stop| stop.figure.as_ref());
        let rises = figure.and_then(|name| metrics::rises(name)).unwrap_or(false);
        Patience { by_figure: figure.is_some(), rises, validations: plan.stop.as_ref().map(|stop| stop.patience) }
    }

    /// What is compared; `None` in a line without a validation, and where the figure was no number.
    pub(crate) fn value(&self, line: &StepLine) -> Option<f64> {
        let value = if self.by_figure { line.stop } else { line.validation };
        value.filter(|value| !value.is_nan())
    }

    /// Whether a value is better than the best before it, of which there may be none.
    pub(crate) fn is_better(&self, value: f64, best: Option<f64>) -> bool {
        best.is_none_or(|best| if self.rises { value > best } else { value < best })
    }

    /// Whether training ends, after these lines, where `best` is the step and the value of the best validation.
    pub(crate) fn is_over(&self, lines: &[StepLine], best: Option<(u64, f64)>) -> bool {
        let since = best.map_or(0, |(step, _)| step);
        let later = lines.iter().rev().take_while(|line| line.step > since);
        let passed = later.filter(|line| line.validation.is_some()).count() as u64;
        self.validations.is_some_and(|validations| passed >= validations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(step: u64, validation: Option<f64>) -> StepLine {
        StepLine {
            step,
            tokens: 0,
            rate: 0.0,
            loss: 0.0,
            gradient_norm: 0.0,
            parameter_norm: None,
            validation,
            excess: None,
            criterion: None,
            training_criterion: None,
            exact_match: None,
            stage: None,
            mined: None,
            pull_distance: None,
            stop: validation.map(|loss| 1.0 - loss),
            heads: vec![],
            seconds: 0.0,
        }
    }

    #[test]
    fn training_ends_after_so_many_validations_that_are_none_better() {
        let lines: Vec<StepLine> = (1..=9).map(|step| line(step, (step % 3 == 0).then_some(0.5))).collect();
        let patience = |validations| Patience { by_figure: false, rises: false, validations: Some(validations) };
        for (best, over) in [(None, 3), (Some((3, 0.5)), 2), (Some((6, 0.5)), 1)] {
            for validations in 1..=5 {
                assert_eq!(patience(validations).is_over(&lines, best), validations <= over, "{best:?} {validations}");
            }
        }
        assert!(!patience(1).is_over(&lines, Some((9, 0.5))));
        assert!(!Patience { validations: None, ..patience(1) }.is_over(&lines, None));
    }

    #[test]
    fn what_rises_is_better_when_it_is_more_and_what_is_no_number_never_is() {
        let loss = Patience { by_figure: false, rises: false, validations: None };
        let figure = Patience { by_figure: true, rises: true, validations: None };
        assert!(loss.is_better(0.4, Some(0.5)) && !loss.is_better(0.5, Some(0.5)) && loss.is_better(9.0, None));
        assert!(figure.is_better(0.6, Some(0.5)) && !figure.is_better(0.5, Some(0.5)));
        assert_eq!((loss.value(&line(1, Some(0.25))), figure.value(&line(1, Some(0.25)))), (Some(0.25), Some(0.75)));
        assert_eq!((loss.value(&line(1, None)), loss.value(&line(1, Some(f64::NAN)))), (None, None));
    }
}
