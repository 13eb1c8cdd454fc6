//! When checkpoints are written: every time takes several waits for the disk, which may be longer than the steps between two
//! validations. A run that is stopped, ends or fails writes what it has; so only a process that is killed loses steps, and goes on from
//! the checkpoint before to the same bits.

use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::TrainingState;

/// Time between two writes, at least …
const PAUSE: Duration = Duration::from_secs(1);
/// … and in terms of what the last one took, so that a slow disk costs 3 % at most.
const SHARE: u32 = 30;
/// Scalars of a point that is not held for later: the copies would take memory, and its steps take long.
const LARGE: usize = 1 << 18;

/// States that are to be checkpoints.
pub(crate) struct Unsaved {
    /// For `best`.
    pub(crate) best: Option<Rc<TrainingState>>,
    /// For `last`.
    pub(crate) last: Option<Rc<TrainingState>>,
    /// When everything was written last, or the run began, and the pause that is due from then on.
    written: (Instant, Duration),
}

impl Unsaved {
    pub(crate) fn new() -> Unsaved {
        Unsaved { best: None, last: None, written: (Instant::now(), PAUSE) }
    }

    /// Whether there is something that should be written now.
    pub(crate) fn is_due(&self) -> bool {
        let (at, pause) = self.written;
        self.last.as_ref().is_some_and(|state| state.point.len() >= LARGE || at.elapsed() >= pause)
    }

    /// Everything was written, from `began` until now.
    pub(crate) fn written(&mut self, began: Instant) {
        self.written = (Instant::now(), PAUSE.max(SHARE * began.elapsed()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StepLine;

    fn state(scalars: usize) -> Rc<TrainingState> {
        Rc::new(TrainingState {
            step: 1,
            tokens: 1,
            mined: None,
            point: vec![0.0; scalars],
            optimiser_steps: 1,
            optimiser: vec![],
            best: None,
            unreported: (0.0, 0),
            unreported_of_heads: vec![],
            lines: (0, StepLine::hash(&[])),
        })
    }

    #[test]
    fn what_is_small_is_written_after_a_pause_and_what_is_large_at_once() {
        let mut unsaved = Unsaved::new();
        assert!(!unsaved.is_due(), "there is nothing");
        unsaved.last = Some(state(LARGE));
        assert!(unsaved.is_due());
        unsaved.last = Some(state(LARGE - 1));
        assert!(!unsaved.is_due());
        unsaved.written.0 -= PAUSE;
        assert!(unsaved.is_due());
        unsaved.written(Instant::now() - PAUSE);
        assert!(unsaved.written.1 >= SHARE * PAUSE && !unsaved.is_due());
    }
}
