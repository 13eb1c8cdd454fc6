//! Programs for one position, against the whole programs that they come from: the same bits, and not where the cache, the
//! position or the neighbour is a wrong one.

use std::ops::Range;
use std::sync::Mutex;

use infimum_kernels::{Executor, Isa, Team};

use crate::decode::Decode;
use crate::laws::headed::headed;
use crate::laws::samples::{around, decoder, fill, numbers};
use crate::operation::Operation;
use crate::program::{Author, Feed, Program};
use crate::reference::Reference;
use crate::replay::Replay;

/// Gives what the whole program's feed has at one position after another, and keeps what it hears.
struct Scribe<S> {
    whole: Feed,
    /// The next position of `whole`, whatever position it is given for.
    next: usize,
    heard: Vec<Vec<S>>,
}

impl<S> Scribe<S> {
    fn new(program: &Program, sequence: usize) -> Self {
        let mut whole = program.feed();
        fill(program)(sequence, &mut whole);
        Scribe { whole, next: 0, heard: vec![] }
    }

    fn many(program: &Program, sequences: Range<usize>) -> Vec<Self> {
        sequences.map(|sequence| Scribe::new(program, sequence)).collect()
    }
}

impl<S: Clone> Author<S> for Scribe<S> {
    fn give(&mut self, _: usize, feed: &mut Feed) {
        for (to, all) in feed.ids.iter_mut().zip(&self.whole.ids) {
            to[0] = all[self.next];
        }
        for (to, all) in feed.arrays.iter_mut().zip(&self.whole.arrays) {
            let channels = to.len();
            to.copy_from_slice(&all[self.next * channels..][..channels]);
        }
        self.next += 1;
    }

    fn hear(&mut self, _: usize, said: &[S]) {
        self.heard.push(said.to_vec());
    }
}

/// All sites that have a row for every position.
fn sites(program: &Program) -> Vec<&str> {
    program.sites().collect()
}

fn point(program: &Program) -> Vec<f32> {
    numbers(program.weights().parameters(), 11).iter().map(|x| 0.5 * *x as f32).collect()
}

/// `[sequence][position]`: the sites one after another, as the whole program gives them.
type Told<S> = Vec<Vec<Vec<S>>>;

/// The arrays `[position][channel]` of the sites, cut into positions.
fn by_position<S: Copy>(arrays: &[&[S]], positions: usize) -> Vec<Vec<S>> {
    let row = |t: usize| move |a: &&[S]| a[t * (a.len() / positions)..][..a.len() / positions].to_vec();
    (0..positions).map(|t| arrays.iter().flat_map(row(t)).collect()).collect()
}

fn whole(program: &Program, executor: Executor, sequences: usize) -> Told<f32> {
    let positions = program.positions();
    let outputs = program.outputs_at(&sites(program), 0..positions).unwrap();
    let told = Mutex::new(vec![vec![]; sequences]);
    let sink = |s: usize, arrays: &[&[f32]]| told.lock().unwrap()[s] = by_position(arrays, positions);
    let mut replay = Replay::new(&outputs, executor, Isa::best());
    replay.outputs(&mut Team::new(1), &point(program), sequences, &fill(program), &sink);
    told.into_inner().unwrap()
}

/// How one position after another is run.
#[derive(Clone, Copy)]
struct Way {
    executor: Executor,
    isa: Isa,
    threads: usize,
    side_by_side: usize,
}

fn decode(program: &Program, way: Way) -> Decode {
    let one = program.one_position(&sites(program)).unwrap();
    Decode::new(&one, way.executor, way.isa, way.side_by_side)
}

fn told(program: &Program, way: Way, sequences: usize) -> Told<f32> {
    let mut scribes = Scribe::many(program, 0..sequences);
    let positions = program.positions();
    decode(program, way).write(&mut Team::new(way.threads), &point(program), positions, &mut scribes);
    scribes.into_iter().map(|scribe| scribe.heard).collect()
}

/// The first difference, zeros of either sign among them.
fn difference(a: &Told<f32>, b: &Told<f32>) -> Option<String> {
    assert_eq!(a.len(), b.len());
    for (sequence, (a, b)) in a.iter().zip(b).enumerate() {
        assert_eq!(a.len(), b.len());
        for (position, (a, b)) in a.iter().zip(b).enumerate() {
            assert_eq!(a.len(), b.len());
            let bits = |x: &[f32]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            if bits(a) != bits(b) {
                return Some(format!("sequence {sequence}, position {position}: {a:?} for {b:?}"));
            }
        }
    }
    None
}

/// A program around every case of every operation, and decoders with and without dropout, and with sites replaced.
fn programs() -> Vec<Program> {
    let cases = Operation::all_cases().into_iter().flat_map(|(_, cases)| cases);
    let whole = decoder(9).without_dropout();
    let replaced = ["0.k", "1.v", "1.y", "x", "1.normed"].map(|site| whole.replace(site).unwrap());
    cases
        .map(|case| around(&case))
        .chain(replaced)
        .chain([decoder(9), whole, decoder(1), headed(9), headed(1)])
        .collect()
}

#[test]
fn one_position_after_another_has_the_bits_of_the_whole_program() {
    for (program, executor) in programs().into_iter().flat_map(|p| Executor::ALL.map(|e| (p.clone(), e))) {
        let expected = whole(&program, executor, 19);
        for side_by_side in [1, 3, 16] {
            let way = Way { executor, isa: Isa::best(), threads: 2, side_by_side };
            let found = difference(&told(&program, way, 19), &expected);
            assert_eq!(found, None, "{executor}, {side_by_side} side by side, {:?}", sites(&program));
        }
    }
}

#[test]
fn threads_and_instruction_sets_change_no_bit_of_one_position_after_another() {
    let programs = [decoder(20).without_dropout(), headed(20)];
    for (program, executor) in programs.into_iter().flat_map(|p| Executor::ALL.map(|e| (p.clone(), e))) {
        let expected = whole(&program, executor, 37);
        for (isa, threads) in Isa::available().into_iter().flat_map(|isa| [1, 2, 3, 8].map(|threads| (isa, threads))) {
            let found = told(&program, Way { executor, isa, threads, side_by_side: 4 }, 37);
            assert_eq!(difference(&found, &expected), None, "{executor}, {isa}, {threads} threads");
        }
    }
}

#[test]
fn the_reference_gives_one_position_after_another_the_same_bits() {
    for program in programs() {
        let point: Vec<f64> = point(&program).iter().map(|x| f64::from(*x)).collect();
        let positions = program.positions();
        let outputs = program.outputs_at(&sites(&program), 0..positions).unwrap();
        let mut expected = vec![];
        let keep = &mut |_: usize, arrays: &[&[f64]]| expected.push(by_position(arrays, positions));
        Reference::new(&outputs).outputs(&point, 3, &fill(&program), keep);
        let one = program.one_position(&sites(&program)).unwrap();
        let mut scribes = Scribe::many(&program, 0..3);
        Reference::new(&one).write(&point, positions, &mut scribes);
        let bits = |told: &Vec<Vec<f64>>| told.concat().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        for (scribe, expected) in scribes.iter().zip(&expected) {
            assert_eq!(bits(&scribe.heard), bits(expected), "{:?}", sites(&program));
        }
    }
}

/// Where each call that writes positions starts, and ends.
type Calls = [(usize, usize)];

/// What four sequences hear last, and what they should hear there, where a decoder of 9 positions is written by way of
/// `calls`, their own from `first` on, by what wrote sequences 50 to 53 before.
fn last_rows(executor: Executor, calls: &Calls, first: usize) -> [Told<f32>; 2] {
    let program = decoder(9).without_dropout();
    let mut decode = decode(&program, Way { executor, isa: Isa::best(), threads: 1, side_by_side: 4 });
    let mut team = Team::new(1);
    decode.write(&mut team, &point(&program), 9, &mut Scribe::many(&program, 50..54));
    let mut scribes = Scribe::many(&program, 0..4);
    scribes.iter_mut().for_each(|scribe| scribe.next = first);
    for &(start, end) in calls {
        decode.write_at(&mut team, &point(&program), start..end, &mut scribes);
    }
    let own = scribes[0].next - 1;
    let heard = scribes.into_iter().map(|mut scribe| vec![scribe.heard.pop().unwrap()]).collect();
    let whole = whole(&program, executor, 4).into_iter().map(|told| vec![told[own].clone()]).collect();
    [heard, whole]
}

/// What the comparison of bits must tell from the right way.
#[test]
fn a_wrong_cache_or_position_is_noticed() {
    for executor in Executor::ALL {
        let [heard, whole] = last_rows(executor, &[(0, 9)], 0);
        assert_eq!(difference(&heard, &whole), None, "{executor}: nothing is left of what was written before");
        let wrong: [(&str, &Calls, usize); 3] = [
            ("the first key and value are those of a neighbour's sequence", &[(1, 9)], 1),
            ("two positions were kept as one", &[(0, 4), (3, 8)], 0),
            ("each position is taken for the one after it", &[(1, 9)], 0),
        ];
        for (what, positions, first) in wrong {
            let [heard, whole] = last_rows(executor, positions, first);
            assert!(difference(&heard, &whole).is_some(), "{executor}, not noticed: {what}");
        }
    }
}

/// Taken one position too far, a row of positions is the wrong one without any attention, too.
#[test]
fn a_wrong_row_of_positions_is_noticed() {
    let case = Operation::all_cases().into_iter().find(|(name, _)| *name == "add_rows").unwrap().1.pop().unwrap();
    let program = around(&case);
    for executor in Executor::ALL {
        let written = |positions: Range<usize>| {
            let mut scribes = Scribe::many(&program, 0..2);
            let mut decode = decode(&program, Way { executor, isa: Isa::best(), threads: 1, side_by_side: 2 });
            decode.write_at(&mut Team::new(1), &point(&program), positions, &mut scribes);
            scribes.into_iter().map(|scribe| scribe.heard[..2].to_vec()).collect::<Told<f32>>()
        };
        let expected = whole(&program, executor, 2).into_iter().map(|told| told[..2].to_vec()).collect();
        assert_eq!(difference(&written(0..2), &expected), None, "{executor}");
        assert!(difference(&written(1..3), &expected).is_some(), "{executor}: not noticed");
    }
}

/// The cache of the decoder: two blocks, keys and values of 8 channels each, 9 positions.
#[test]
fn what_is_kept_of_a_sequence_has_the_stated_size() {
    let program = decoder(9);
    let kept =
        |executor| decode(&program, Way { executor, isa: Isa::best(), threads: 1, side_by_side: 16 }).bytes_kept();
    // A row stands an odd number of vectors apart: nine vectors for eight channels of sixteen sequences.
    assert_eq!(kept(Executor::Lanes), 2 * 2 * 9 * 9 * 4);
    // Each channel of keys takes one vector of sixteen positions; each position of each head of values one.
    assert_eq!(kept(Executor::Wide), 2 * (8 + 2 * 9) * 64);
}

#[test]
fn what_cannot_be_written_is_refused() {
    let program = decoder(5);
    let error = program.one_position(&["nowhere"]).unwrap_err().to_string();
    assert!(error.starts_with("there is no site `nowhere`"), "{error}");
    let refused = |what: &dyn Fn()| {
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(what)).unwrap_err();
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).into())).unwrap()
    };
    let way = Way { executor: Executor::Wide, isa: Isa::best(), threads: 1, side_by_side: 2 };
    let scribes = || Scribe::<f32>::many(&program, 0..1);
    let too_far = refused(&|| decode(&program, way).write(&mut Team::new(1), &point(&program), 6, &mut scribes()));
    assert_eq!(too_far, "6 positions of a program of 5");
    let other = refused(&|| drop(Decode::new(&program, Executor::Wide, Isa::best(), 1)));
    assert_eq!(other, "make a program for this with Program::one_position");
    let too_many = refused(&|| drop(decode(&program, Way { side_by_side: 17, ..way })));
    assert_eq!(too_many, "17 sequences side by side; there is room for 1 to 16");
}
