//! Prefix composition: `ceil(log2 T)` blocks for words of up to `T` symbols, whatever the machine (Liu et al. 2023).
//!
//! Every position holds a map of points to points, that of its own symbol at first; block `l` fetches the map that the position
//! `2^l` before holds and composes the two, so that after it a position holds what its last `2^(l+1)` symbols do together.
//! `BOS`, to which positions attend that have nothing so far before them, holds the identity.
//!
//! The image `q` of a point stands as `(q, q^2)`. An MLP composes two such maps, `F` and then `G`, exactly: where `q = F(i)`,
//! `relu(c - M (q - j)^2)`, with `(q - j)^2 = q^2 - 2 j q + j^2`, is `c`, a number of `G(j)` of at most `M`, if `q = j`, and
//! else 0; its sum over `j` is that number of `G(F(i))`. All are whole numbers, which f32 has. Two more units for each number
//! take away what stood there before.

use infimum_worlds::regular::Machine;

use super::action::{Action, MOST_POINTS, Readout};
use super::nearest::{self, HEAD};
use super::wiring::Wiring;
use super::{CLASS_MARGIN, Margins, Method, Sketch, too_long};
use crate::LabError;
use crate::recipe::Model;

/// The channels of a position.
struct Channels {
    points: usize,
}

impl Channels {
    /// The image of a point under the map that the position holds: `part` 0, and its square: `part` 1.
    fn own(&self, point: usize, part: usize) -> usize {
        2 * point + part
    }

    /// The same of the map that was fetched.
    fn fetched(&self, point: usize, part: usize) -> usize {
        2 * (self.points + point) + part
    }

    /// The position, its square, and 1.
    fn place(&self) -> [usize; 3] {
        [4 * self.points, 4 * self.points + 1, 4 * self.points + 2]
    }

    fn count(&self) -> usize {
        4 * self.points + 3
    }

    /// Hidden units: of compositions, and to take away.
    fn hidden(&self) -> usize {
        2 * self.points * self.points + 4 * self.points
    }
}

pub(super) fn sketch(machine: &Machine, length: usize) -> Result<Sketch, LabError> {
    let longest = nearest::last_position();
    if length > longest {
        return Err(too_long(length, longest));
    }
    let Some(action) = Action::of(machine) else { return Err(too_many(machine)) };
    let channels = Channels { points: action.points };
    let blocks = blocks(length);
    let model = Model {
        width: channels.count(),
        layers: blocks,
        head_width: Some(HEAD),
        value_width: Some(2 * action.points),
        mlp_hidden: Some(channels.hidden()),
        ..Model::default()
    };
    let mut wiring = Wiring::of_classes(model);
    embed(&mut wiring, &action, &channels, length);
    for block in 0..blocks {
        fetch(&mut wiring, &channels, block);
        compose(&mut wiring, &channels, block);
    }
    read(&mut wiring, machine, &action, &channels);
    let margins = Margins { attention: nearest::attention_margin(), class: CLASS_MARGIN, longest };
    Ok(Sketch { method: Method::Prefix, wiring, margins, points: Some(action.points) })
}

/// How many blocks compose so many symbols.
fn blocks(length: usize) -> usize {
    (length.next_power_of_two().trailing_zeros() as usize).max(1)
}

fn too_many(machine: &Machine) -> LabError {
    let allowed = format!(
        "maps of at most {MOST_POINTS} points are composed, and its words are no group that fewer points than its states would \
         show, with one state alone in its class"
    );
    let states = machine.automaton().states();
    LabError::value(
        "the states of the automaton",
        states,
        allowed,
        "take --method steps, which writes each state as a token",
    )
}

/// A token is the map of its symbol; `EOS` and `BOS` are the identity.
fn embed(wiring: &mut Wiring, action: &Action, channels: &Channels, length: usize) {
    let identity: Vec<usize> = (0..action.points).collect();
    for (token, map) in action.maps.iter().chain([&identity, &identity]).enumerate() {
        for (point, to) in map.iter().enumerate() {
            let to = *to as f64;
            wiring.token(token, channels.own(point, 0), to);
            wiring.token(token, channels.own(point, 1), to * to);
        }
    }
    let [t, square, one] = channels.place();
    wiring.positions(length + 1, t, |t| t);
    wiring.positions(length + 1, square, |t| t * t);
    wiring.positions(length + 1, one, |_| 1.0);
}

/// The map that the position `2^block` before holds.
fn fetch(wiring: &mut Wiring, channels: &Channels, block: usize) {
    let [t, square, _] = channels.place();
    nearest::wire(wiring, block, 1 << block, [t, square]);
    for point in 0..channels.points {
        for part in 0..2 {
            let value = 2 * point + part;
            wiring.linear(
                &format!("h.{block}.attn.c_attn"),
                2 * HEAD + value,
                &[(channels.own(point, part), 1.0)],
                0.0,
            );
            wiring.linear(&format!("h.{block}.attn.c_proj"), channels.fetched(point, part), &[(value, 1.0)], 0.0);
        }
    }
}

fn compose(wiring: &mut Wiring, channels: &Channels, block: usize) {
    let (first, second) = (format!("h.{block}.mlp.c_fc"), format!("h.{block}.mlp.c_proj"));
    let most = (channels.points - 1) as f64;
    let mut unit = 0;
    for point in 0..channels.points {
        for part in 0..2 {
            let (own, fetched) = (channels.own(point, part), channels.fetched(point, part));
            let largest = if part == 0 { most } else { most * most };
            let (q, square) = (channels.fetched(point, 0), channels.fetched(point, 1));
            let mut to_own = Vec::new();
            for via in 0..channels.points {
                let j = via as f64;
                let inputs = [(channels.own(via, part), 1.0), (q, 2.0 * j * largest), (square, -largest)];
                wiring.linear(&first, unit, &inputs, -largest * j * j);
                to_own.push((unit, 1.0));
                unit += 1;
            }
            wiring.linear(&first, unit, &[(own, 1.0)], 0.0);
            to_own.push((unit, -1.0));
            wiring.linear(&second, own, &to_own, 0.0);
            wiring.linear(&first, unit + 1, &[(fetched, 1.0)], 0.0);
            wiring.linear(&second, fetched, &[(unit + 1, -1.0)], 0.0);
            unit += 2;
        }
    }
}

/// The logits of the classes, apart by [`CLASS_MARGIN`] or more.
fn read(wiring: &mut Wiring, machine: &Machine, action: &Action, channels: &Channels) {
    let [_, _, one] = channels.place();
    (0..machine.classes().len()).for_each(|class| wiring.logit(class, one, -CLASS_MARGIN));
    match &action.readout {
        // The logit of the k-th class is `2 margin` times `k q` less the sum of the k borders below it, each half a point below
        // the first of a class: these lines cross at the borders, and the k-th is the highest over its own points.
        Readout::Of { start, classes } => {
            let mut borders = 0.0;
            for (rank, (class, first)) in classes.iter().enumerate() {
                borders += if rank == 0 { 0.0 } else { *first as f64 - 0.5 };
                wiring.logit(*class, channels.own(*start, 0), 2.0 * CLASS_MARGIN * rank as f64);
                wiring.logit(*class, one, -2.0 * CLASS_MARGIN * borders);
            }
        }
        // `1` less the squared distance of all images from those that are wanted, which is at least 2 where one is wrong.
        Readout::All { wanted, hit, miss } => {
            let mut rest = 1.0;
            for (point, to) in wanted.iter().enumerate() {
                let to = *to as f64;
                wiring.logit(*hit, channels.own(point, 0), 2.0 * to * CLASS_MARGIN);
                wiring.logit(*hit, channels.own(point, 1), -CLASS_MARGIN);
                rest -= to * to;
            }
            wiring.logit(*hit, one, rest * CLASS_MARGIN);
            wiring.logit(*miss, one, 0.0);
        }
    }
}
