//! Where a run stands, in one line. Losses are in nats.

use infimum_lab::{HeadLine, StepLine};

use crate::number::{clock, fixed, seconds, short};

/// Where a run stands after a step.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moment {
    pub(crate) step: u64,
    pub(crate) steps: u64,
    /// Number of the stage, and how many there are, where there are several.
    pub(crate) stage: Option<(usize, usize)>,
    /// Training loss of the step.
    pub(crate) loss: f64,
    pub(crate) floor: Option<f64>,
    /// The last one.
    pub(crate) validation: Option<Validation>,
    /// Whether the data are a fixed set, whose training loss may be far below the validation's.
    pub(crate) is_fixed: bool,
    pub(crate) tokens_per_second: f64,
    pub(crate) seconds_left: f64,
}

/// A validation, and after which step it was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Validation {
    pub(crate) step: u64,
    pub(crate) loss: f64,
    pub(crate) excess: Option<f64>,
}

impl Moment {
    /// The longest form with at most `width` columns. The time left is in every form.
    pub(crate) fn fitting(&self, width: usize) -> String {
        let fits = |form: &String| form.chars().count() <= width;
        self.forms().into_iter().find(fits).unwrap_or_else(|| format!("{} left", clock(self.seconds_left)))
    }

    /// After a validation: the training loss is the mean since the line before; the truth's loss is on the same sequences as
    /// the validation's, and chance puts it above or below the floor.
    pub(crate) fn validated(&self, training: f64, validation: Validation) -> String {
        let Validation { step, loss, excess } = validation;
        let truth = fixed(excess.map(|excess| loss - excess), 4);
        let (steps, stage, excess, end) = (self.steps, self.staged(), fixed(excess, 4), self.end());
        format!(
            "step {step}/{steps}{stage} training loss {training:.4} validation loss {loss:.4} truth {truth} excess {excess} {end}"
        )
    }

    /// The same of a model of several heads, each with its own loss and accuracy; the excess is that of the first.
    pub(crate) fn validated_heads(&self, line: &StepLine, Validation { step, loss, excess }: Validation) -> String {
        let of = |head: &HeadLine| {
            format!("{} {} accuracy {}", head.name, fixed(head.validation, 4), fixed(head.accuracy, 5))
        };
        let heads: Vec<String> = line.heads.iter().map(of).collect();
        let (steps, training, excess) = (self.steps, line.loss, fixed(excess, 4));
        format!(
            "step {step}/{steps} training loss {training:.4} validation loss {loss:.4}: {}; excess {excess} {}",
            heads.join(", "),
            self.end()
        )
    }

    /// From the longest to the shortest.
    fn forms(&self) -> [String; 6] {
        let Moment { step, steps, loss, .. } = self;
        let (floor, speed) = (fixed(self.floor, 4), short(self.tokens_per_second));
        let (said, brief, left, stage) = (self.said(), self.brief(), clock(self.seconds_left), self.staged());
        [
            format!("step {step}/{steps}{stage} training loss {loss:.4} floor {floor}{said} {}", self.end()),
            format!("step {step}/{steps}{stage} train {loss:.4} floor {floor}{brief} {speed} tok/s {left} left"),
            format!("{step}/{steps} train {loss:.4} floor {floor}{brief} {speed} tok/s {left} left"),
            format!("{step}/{steps} train {loss:.4} floor {floor}{brief} {left} left"),
            format!("{step}/{steps} train {loss:.4}{brief} {left} left"),
            format!("{step}/{steps} train {loss:.4} {left} left"),
        ]
    }

    fn staged(&self) -> String {
        self.stage.map_or(String::new(), |(number, of)| format!(" stage {number}/{of}"))
    }

    fn end(&self) -> String {
        format!("{} tokens/s {} left", short(self.tokens_per_second), seconds(self.seconds_left))
    }

    /// The last validation, with the step it was after.
    fn said(&self) -> String {
        let Some(Validation { step, loss, excess }) = self.validation else { return String::new() };
        let validation = if self.is_fixed { format!(" validation loss {loss:.4}") } else { String::new() };
        format!("{validation} excess {} at step {step}", fixed(excess, 4))
    }

    fn brief(&self) -> String {
        let Some(Validation { step, loss, excess }) = self.validation else { return String::new() };
        let validation = if self.is_fixed { format!(" valid {loss:.4}") } else { String::new() };
        format!("{validation} excess {}@{step}", fixed(excess, 4))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(is_fixed: bool) -> Moment {
        let validation = Some(Validation { step: 570, loss: 1.9012, excess: Some(0.0012) });
        let (tokens_per_second, seconds_left) = (2.05e6, 125.0);
        let (step, steps, loss, floor) = (600, 1200, 1.89904, Some(1.88812));
        Moment { step, steps, stage: None, loss, floor, validation, is_fixed, tokens_per_second, seconds_left }
    }

    #[test]
    fn the_line_says_which_loss_it_is_and_which_step_the_excess_belongs_to() {
        assert_eq!(
            moment(false).fitting(usize::MAX),
            "step 600/1200 training loss 1.8990 floor 1.8881 excess 0.0012 at step 570 2.05 M tokens/s 2 min 5 s left"
        );
        let fixed = moment(true).fitting(usize::MAX);
        assert!(fixed.contains("training loss 1.8990") && fixed.contains("validation loss 1.9012 excess"), "{fixed}");
        let (now, validation) = (moment(false), moment(false).validation.unwrap());
        let validated = now.validated(1.95, validation);
        assert!(
            validated
                .starts_with("step 570/1200 training loss 1.9500 validation loss 1.9012 truth 1.9000 excess 0.0012 ")
        );
        let staged = Moment { stage: Some((2, 4)), ..now };
        assert!(staged.fitting(usize::MAX).starts_with("step 600/1200 stage 2/4 training loss"));
        assert!(staged.validated(1.95, validation).starts_with("step 570/1200 stage 2/4 training loss"));
        let first = Moment { validation: None, floor: None, ..now }.fitting(usize::MAX);
        assert!(first.contains("floor - 2.05 M tokens/s"), "{first}");
    }

    #[test]
    fn however_narrow_the_terminal_the_time_left_and_no_broken_number_are_shown() {
        for now in [moment(false), moment(true), Moment { step: 123_456, steps: 1_000_000, ..moment(true) }] {
            for width in 14..200 {
                let line = now.fitting(width);
                assert!(line.chars().count() <= width && line.ends_with(" left"), "{width} {line}");
            }
        }
        let eighty = moment(false).fitting(80);
        assert_eq!(eighty, "step 600/1200 train 1.8990 floor 1.8881 excess 0.0012@570 2.05 M tok/s 2:05 left");
        assert_eq!(moment(false).fitting(60), "600/1200 train 1.8990 excess 0.0012@570 2:05 left");
    }
}
