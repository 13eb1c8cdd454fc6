//! A network that is looked at: what stands at its sites, what it says when one is replaced, and its matrices.

use std::sync::Mutex;

use infimum_engine::{Feed, Program, Replay, Source};

use super::matrix::Matrix;
use super::moments::Rows;
use super::words::Word;
use crate::{Experiment, Machine};

/// Sites of more channels are left out: what is done with them grows with the cube of their number.
pub(super) const MOST_CHANNELS: usize = 512;

/// Numbers of whole sequences that are held at once.
const HELD: usize = 1 << 24;

/// A network at some point of its parameters.
pub(super) struct Subject<'a> {
    pub(super) experiment: &'a Experiment,
    pub(super) machine: &'a mut Machine,
    pub(super) program: &'a Program,
    pub(super) point: &'a [f32],
}

/// Sequences to run on: their tokens, and what stands at the site that is replaced.
struct Inputs<'a> {
    ids: usize,
    tokens: &'a [&'a [u16]],
    replaced: Option<(usize, &'a [Vec<f32>])>,
}

impl Source for Inputs<'_> {
    fn fill(&self, sequence: usize, feed: &mut Feed) {
        feed.ids[self.ids].copy_from_slice(self.tokens[sequence]);
        if let Some((input, arrays)) = self.replaced {
            feed.arrays[input].copy_from_slice(&arrays[sequence]);
        }
    }
}

impl Subject<'_> {
    /// The same, lent.
    pub(super) fn again(&mut self) -> Subject<'_> {
        Subject { experiment: self.experiment, machine: self.machine, program: self.program, point: self.point }
    }

    pub(super) fn positions(&self) -> usize {
        self.experiment.world().shape().positions
    }

    pub(super) fn has(&self, site: &str) -> bool {
        self.program.shape_of(site).is_ok()
    }

    pub(super) fn channels(&self, site: &str) -> usize {
        self.program.shape_of(site).expect("the site is the program's").channels
    }

    /// The sites that have a row for every position, in the order of computation, and those of them that are too wide.
    pub(super) fn sites(&self) -> (Vec<String>, Vec<String>) {
        let inputs: Vec<&str> = self.program.inputs().map(|(name, _)| name).collect();
        let is_wanted = |site: &&str| {
            let whole = self.program.shape_of(site).is_ok_and(|shape| shape.rows == self.positions());
            whole && !inputs.contains(site) && !site.ends_with("nats") && !site.ends_with(".dropout")
        };
        let sites = self.program.sites().filter(is_wanted).map(String::from);
        sites.partition(|site| self.channels(site) <= MOST_CHANNELS)
    }

    /// The stream between blocks and their parts, in the order of computation, and what the heads read.
    pub(super) fn stream(&self) -> Vec<String> {
        let sites = self.program.sites().filter(|site| {
            let last = site.rsplit('.').next().expect("a site has a name");
            last == "x" || last == "x_mid" || *site == "ln_f" || *site == "wte" && !self.has("x")
        });
        sites.map(String::from).filter(|site| self.channels(site) <= MOST_CHANNELS).collect()
    }

    /// What stands at `sites` at every position of each word: `[word][site][position * channel]`. With `replaced`, an array of each
    /// word stands in place of what is computed at a site.
    pub(super) fn read(
        &mut self,
        sites: &[&str],
        words: &[&Word],
        replaced: Option<(&str, &[Vec<f32>])>,
    ) -> Vec<Vec<Vec<f32>>> {
        let tokens: Vec<&[u16]> = words.iter().map(|word| &word.tokens[..]).collect();
        self.run(sites, &tokens, replaced)
    }

    fn run(&mut self, sites: &[&str], tokens: &[&[u16]], replaced: Option<(&str, &[Vec<f32>])>) -> Vec<Vec<Vec<f32>>> {
        let known = "the site is the program's";
        let program =
            replaced.map_or_else(|| self.program.clone(), |(site, _)| self.program.replace(site).expect(known));
        let program = program.outputs_at(sites, 0..self.positions()).expect(known);
        let ids = program.ids_index("tokens").expect("a decoder reads tokens");
        let replaced = replaced.map(|(site, arrays)| (program.input_index(site).expect("it is an input now"), arrays));
        let found: Vec<Mutex<Vec<Vec<f32>>>> = tokens.iter().map(|_| Mutex::default()).collect();
        let mut replay = Replay::new(&program, self.experiment.plan().executor(), self.machine.isa);
        let inputs = Inputs { ids, tokens, replaced };
        replay.outputs(&mut self.machine.team, self.point, tokens.len(), &inputs, &|sequence, outputs| {
            *found[sequence].lock().expect("nothing panics") = outputs.iter().map(|array| array.to_vec()).collect();
        });
        found.into_iter().map(|arrays| arrays.into_inner().expect("nothing panics")).collect()
    }

    /// How many words are read at a site at once.
    pub(super) fn portion(&self, site: &str) -> usize {
        (HELD / (self.positions() * self.channels(site))).clamp(1, 256)
    }

    /// What stands at a site while the words last, word after word.
    pub(super) fn rows(&mut self, site: &str, words: &[Word]) -> Rows {
        let channels = self.channels(site);
        let mut numbers = vec![];
        for portion in words.chunks(self.portion(site)) {
            let arrays = self.read(&[site], &portion.iter().collect::<Vec<_>>(), None);
            for (word, arrays) in portion.iter().zip(&arrays) {
                numbers.extend_from_slice(&arrays[0][..(word.length + 1) * channels]);
            }
        }
        Rows { channels, numbers }
    }

    /// The matrix `[channels of to, channels of from]` by which `to` follows from `from`, without its bias. What lies between them is
    /// linear at every position by itself: it is asked for what it makes of each unit vector, and of 0.
    pub(super) fn matrix(&mut self, from: &str, to: &str) -> Matrix {
        let (inputs, outputs, positions) = (self.channels(from), self.channels(to), self.positions());
        let sequences = (inputs + 1).div_ceil(positions);
        // Row 0 is 0, row i + 1 is unit vector i.
        let number = |place: usize| f32::from(place / inputs == place % inputs + 1);
        let array =
            |sequence: usize| (0..positions * inputs).map(|at| number(sequence * positions * inputs + at)).collect();
        let arrays: Vec<Vec<f32>> = (0..sequences).map(array).collect();
        let tokens = vec![0; positions];
        let found = self.run(&[to], &vec![&tokens[..]; sequences], Some((from, &arrays)));
        let rows: Vec<f32> = found.into_iter().flat_map(|mut sites| sites.swap_remove(0)).collect();
        let at = |row: usize, output: usize| f64::from(rows[row * outputs + output]);
        Matrix::of(outputs, inputs, |output, input| at(input + 1, output) - at(0, output))
    }
}
