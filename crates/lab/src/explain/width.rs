//! A model too narrow for its chain: logits are a matrix of at most as many dimensions as the stream has channels, and the law needs more.

use infimum_worlds::markov::Markov;

use super::{Cause, Found, Patient};
use crate::LabError;
use crate::regular::comparison::{Matrix, eigen};

pub(super) const TOO_NARROW: Cause =
    Cause { name: "model_too_narrow", about: "whether the truth has more dimensions than the model", find };

/// Larger chains are not looked at.
const MOST_STATES: usize = 128;
const MOST_CONTEXTS: usize = 1024;
/// Logarithms of smaller probabilities count as this one's.
const LEAST: f64 = 1e-4;
/// What is lost by the width has to be so much of what the run lacks.
const SHARE: f64 = 0.5;

fn find(patient: &mut Patient<'_>) -> Result<Option<Found>, LabError> {
    let (Some(chain), Some(floor)) = (patient.experiment.world().chain(), patient.experiment.floor()) else {
        return Ok(None);
    };
    let (states, width) = (chain.states(), patient.experiment.plan().model().width);
    let contexts = states.checked_pow(chain.order() as u32).filter(|contexts| *contexts <= MOST_CONTEXTS);
    let Some(contexts) = contexts.filter(|_| states <= MOST_STATES && width < states) else { return Ok(None) };
    let (law, excess) = (law(chain, contexts), patient.loss - floor);
    let spectrum = Spectrum::of(&law);
    let lost = spectrum.lost(&law, width);
    if lost < SHARE * excess {
        return Ok(None);
    }
    let enough = (width + 1..=states).find(|more| spectrum.lost(&law, *more) <= 0.05 * patient.way()).unwrap_or(states);
    Ok(Some(Found {
        evidence: format!(
            "logits of model.width = {width} are a matrix of {width} dimensions over {states} states; the law's own, cut to so many, loses {lost:.4} nats, and the \
             run lacks {excess:.4}"
        ),
        change: format!("set model.width = {enough} or more"),
    }))
}

/// `[context, state]`: probabilities.
fn law(chain: &Markov, contexts: usize) -> Matrix {
    let states = chain.states();
    let mut numbers = vec![0.0; contexts * states];
    for (context, row) in numbers.chunks_mut(states).enumerate() {
        let state = |back: usize| (context / states.pow(back as u32) % states) as u16;
        let last: Vec<u16> = (0..chain.order()).rev().map(state).collect();
        chain.row(&last).for_each(|(next, p)| row[next] = p);
    }
    Matrix::new(contexts, states, numbers)
}

/// The dimensions of a law's logarithms, without what is the same for a whole row.
struct Spectrum {
    /// `[direction, state]`, the longest first.
    directions: Matrix,
    logits: Matrix,
}

impl Spectrum {
    fn of(law: &Matrix) -> Spectrum {
        let log = |row: usize, column: usize| libm::log(law.get(row, column).max(LEAST));
        let means: Vec<f64> = (0..law.rows())
            .map(|row| (0..law.columns()).map(|column| log(row, column)).sum::<f64>() / law.columns() as f64)
            .collect();
        let logits = Matrix::of(law.rows(), law.columns(), |row, column| log(row, column) - means[row]);
        let (_, directions) = eigen(&logits.transposed().times(&logits));
        Spectrum { directions, logits }
    }

    /// The mean divergence of the law from that of its logits in so many dimensions, over all contexts alike, nats.
    fn lost(&self, law: &Matrix, dimensions: usize) -> f64 {
        let kept = self.directions.part(0..dimensions.min(self.directions.rows()));
        let cut = self.logits.times(&kept.transposed()).times(&kept);
        let of_row = |row: usize| {
            let largest = cut.row(row).iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = cut.row(row).iter().map(|x| libm::exp(x - largest)).sum();
            let nats = |(p, x): (&f64, &f64)| {
                if *p > 0.0 { p * (libm::log(*p) - (x - largest - libm::log(total))) } else { 0.0 }
            };
            law.row(row).iter().zip(cut.row(row)).map(nats).sum::<f64>()
        };
        (0..law.rows()).map(of_row).sum::<f64>() / law.rows() as f64
    }
}
