//! What a report shows of a model of sums: scores on the pairs that [`Sums::score`] asks, how the margins lie, and which digits
//! come out right after which carries.

use infimum_worlds::World;
use infimum_worlds::addition::{Carrying, Operation, Pair};

use crate::predictor::Predictor;
use crate::sums::scores::Scorer;
use crate::sums::{Found, Sums, Verdict};
use crate::{Figure, Machine};

/// How a model does sums.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Portrait {
    /// `uniform_exact_match`.
    pub(crate) uniform: Figure,
    /// `digit_0_accuracy` and so on, over the uniform pairs.
    pub(crate) by_digit: Vec<Figure>,
    /// `carry_run_0_exact_match` and so on; empty for differences.
    pub(crate) by_carry_run: Vec<Figure>,
    /// Of each uniform pair: [`Verdict::margin`].
    pub(crate) margins: Vec<f32>,
    /// The least of them, with its pair.
    pub(crate) smallest: Found,
    /// Mean loss over the uniform pairs, in nats per scored token.
    pub(crate) loss_nats: f64,
    /// `[place][length of the carry run that carries in]`, over the uniform pairs and those of each carry run. Of differences all
    /// of a place is in its first cell.
    pub(crate) cells: Vec<Vec<Cell>>,
}

/// Digits of one place, of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    /// How many were asked for.
    pub(crate) of: u64,
    /// How many of them came out right.
    pub(crate) right: u64,
    /// How many others came out as the other carry would make them.
    pub(crate) carry_missed: u64,
}

impl Sums<'_> {
    /// On `pairs` uniform pairs, and for sums on as many that are shared out evenly over the longest carry runs.
    pub(crate) fn portrait(self, predictor: &mut dyn Predictor, machine: &mut Machine, pairs: usize) -> Portrait {
        let mut nothing = |_: usize| {};
        let mut scorer = Scorer::new(self, predictor, machine, &mut nothing);
        let (mut margins, mut nats, mut cells) = (Vec::with_capacity(pairs), 0.0, self.no_cells());
        let (uniform, by_digit) = scorer.uniform(pairs, &mut |pair, verdict| {
            margins.push(verdict.margin);
            nats += f64::from(verdict.nats);
            self.add(&mut cells, pair, verdict);
        });
        let smallest = scorer.smallest_margin();
        let by_carry_run = match self.world.operation() {
            Operation::Subtract => vec![],
            Operation::Add => {
                let mut add = |pair, verdict| self.add(&mut cells, pair, verdict);
                scorer.by("carry_run", Carrying::Run, pairs, &mut add)
            }
        };
        let loss_nats = nats / (pairs * self.world.shape().scored.len()) as f64;
        Portrait { uniform, by_digit, by_carry_run, margins, smallest, loss_nats, cells }
    }

    fn no_cells(&self) -> Vec<Vec<Cell>> {
        let kinds = |place| if self.world.operation() == Operation::Add { place + 1 } else { 1 };
        (0..self.world.answer_digits()).map(|place| vec![Cell::default(); kinds(place)]).collect()
    }

    fn add(&self, cells: &mut [Vec<Cell>], pair: Pair, verdict: Verdict) {
        for (place, kinds) in cells.iter_mut().enumerate() {
            let run = if kinds.len() > 1 { pair.carried_into(place as u32) as usize } else { 0 };
            let is = |bits: u32| u64::from(bits >> place & 1);
            let cell = &mut kinds[run];
            cell.of += 1;
            cell.right += 1 - is(verdict.missed);
            cell.carry_missed += is(verdict.carry_missed);
        }
    }
}
