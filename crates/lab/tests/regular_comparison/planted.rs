//! A network that is the automaton of a*: attention averages over the values of each symbol's head, an MLP makes of "some b" a
//! state, and the logits follow the state. Its values are the published construction to the number.

use infimum_lab::regular::comparison::{Comparison, Effort, compare};
use infimum_lab::{Experiment, Isa, Machine, Plan, Recipe};
use infimum_worlds::{Purpose, Stream};

pub(crate) const WIDTH: usize = 8;
pub(crate) const OF_HEAD: usize = 4;

/// An array of weights, as it stands in a file.
#[derive(Clone)]
pub(crate) struct Array {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) numbers: Vec<f64>,
}

impl Array {
    pub(crate) fn of(rows: usize, columns: usize, number: impl Fn(usize, usize) -> f64) -> Array {
        let places = (0..rows * columns).map(|place| number(place / columns, place % columns));
        Array { rows, columns, numbers: places.collect() }
    }

    pub(crate) fn get(&self, row: usize, column: usize) -> f64 {
        self.numbers[row * self.columns + column]
    }

    pub(crate) fn times(&self, other: &Array) -> Array {
        assert_eq!(self.columns, other.rows);
        let sum = |i: usize, j: usize| (0..self.columns).map(|k| self.get(i, k) * other.get(k, j)).sum();
        Array::of(self.rows, other.columns, sum)
    }

    pub(crate) fn transposed(&self) -> Array {
        Array::of(self.columns, self.rows, |i, j| self.get(j, i))
    }
}

/// The weights of the planted network.
#[derive(Clone)]
pub(crate) struct Weights {
    pub(crate) wte: Array,
    pub(crate) c_attn: Array,
    pub(crate) attention_out: Array,
    pub(crate) c_fc: Array,
    pub(crate) mlp_out: Array,
    pub(crate) head: Array,
}

/// Channels: the token (a, b, EOS, BOS), the mean of b, the state, and two that nothing reads.
pub(crate) fn planted() -> Weights {
    let mut stream = Stream::new(5, Purpose::Check, 0, 0);
    let noise: Vec<f64> = (0..2 * WIDTH * WIDTH).map(|_| 0.2 * stream.normal()).collect();
    // Head a keeps the state, head b leads to state 1: `V[from][to]`.
    let values = [[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [0.0, 1.0]]];
    let c_attn = |row: usize, column: usize| match (row / WIDTH, row % WIDTH / OF_HEAD, row % OF_HEAD) {
        (2, head, row) if row < 2 && column < 2 => values[head][row][column],
        (2, ..) => 0.0,
        _ => noise[row * WIDTH + column],
    };
    let logits = [[2.0, -2.0, 0.0, -9.0], [0.0, 0.0, -1.0, -9.0]];
    Weights {
        wte: Array::of(4, WIDTH, |token, channel| f64::from(token == channel)),
        c_attn: Array::of(3 * WIDTH, WIDTH, c_attn),
        attention_out: Array::of(WIDTH, WIDTH, |to, from| f64::from([(4, 4), (6, 0), (7, 1)].contains(&(to, from)))),
        c_fc: Array::of(2, WIDTH, |unit, channel| match channel {
            0..=3 => -f64::from(unit == 1),
            4 => 20.0,
            _ => 0.0,
        }),
        mlp_out: Array::of(WIDTH, 2, |to, unit| if to == 5 { 1.0 - 2.0 * unit as f64 } else { 0.0 }),
        head: Array::of(4, WIDTH, |token, channel| match channel {
            0..=3 => logits[0][token],
            5 => logits[1][token] - logits[0][token],
            _ => 0.0,
        }),
    }
}

pub(crate) fn experiment(recipe: &str, overrides: &[&str]) -> Experiment {
    let overrides: Vec<String> = overrides.iter().map(|text| text.to_string()).collect();
    Experiment::new(Plan::new(&Recipe::parse(recipe, "planted", &overrides).unwrap()).unwrap()).unwrap()
}

pub(crate) const RECIPE: &str = "[world]\nkind = \"regular\"\nlanguage = \"a*\"\nalphabet = \"ab\"\nlongest = 6\n\
    [model]\nwidth = 8\nlayers = 1\nheads = 2\nmlp_hidden = 2\nactivation = \"relu\"\nnorm = \"none\"\npositions = \"none\"\n\
    loss_weights = { class = 0.0 }";

/// The weights as the point of an experiment of [`RECIPE`].
pub(crate) fn point(experiment: &Experiment, weights: &Weights) -> Vec<f32> {
    let mut point = vec![0.0; experiment.plan().parameters()];
    for parameter in experiment.program().parameters() {
        let array = match parameter.name.as_str() {
            "transformer.wte.weight" => &weights.wte,
            "transformer.h.0.attn.c_attn.weight" => &weights.c_attn,
            "transformer.h.0.attn.c_proj.weight" => &weights.attention_out,
            "transformer.h.0.mlp.c_fc.weight" => &weights.c_fc,
            "transformer.h.0.mlp.c_proj.weight" => &weights.mlp_out,
            "lm_head.weight" => &weights.head,
            other => panic!("{other} is not planted"),
        };
        let numbers = array.numbers.iter().map(|x| *x as f32);
        point[parameter.range].iter_mut().zip(numbers).for_each(|(to, x)| *to = x);
    }
    point
}

pub(crate) fn compared(experiment: &Experiment, point: &[f32], words: usize) -> Comparison {
    let mut machine = Machine::new(Isa::best(), 1);
    let mut last = (0, 1);
    let effort = Effort { words, interventions: 60 };
    let found = compare(experiment, &mut machine, point, effort, &mut |done, of| last = (done, of)).unwrap();
    assert_eq!(last.0, last.1, "progress ends at its end");
    found
}

#[test]
fn the_planted_network_is_found_to_be_the_automaton() {
    let experiment = experiment(RECIPE, &[]);
    let found = compared(&experiment, &point(&experiment, &planted()), 200);
    assert_eq!((found.states, found.words.shared_strings), (2, 0));
    let words = found.words;
    assert!(words.fit > 20 && words.held_out > 20 && (words.drawn, words.held_out_states) == (200, 2), "{words:?}");
    let site = |name: &str| found.sites.iter().find(|site| site.site == name).unwrap();
    assert!(site("h.0.x").accuracy == 1.0 && site("h.0.x").explained > 1.0 - 1e-9, "{:?}", site("h.0.x"));
    assert!(site("wte").explained < 0.9, "a token alone does not tell the state: {:?}", site("wte"));
    for head in &found.raw.heads {
        assert!(head.published.cosine.unwrap() > 1.0 - 1e-12 && head.published.relative_error < 1e-12, "{head:?}");
        assert!(head.null_of_bases.p <= 0.01 && head.null_of_bases.high < 1.0, "{head:?}");
    }
    let operators = found.operators.last().unwrap();
    assert_eq!((operators.site.as_str(), operators.transitions_right), ("h.0.x", 1.0));
    assert!(operators.relative_error < 1e-6 && operators.relabelling == [0, 1], "{operators:?}");
    for row in found.interchange.iter().filter(|row| row.site == "h.0.x" && row.place == "here") {
        assert_eq!((row.follows, row.untouched, row.same_state), (1.0, 0.0, 1.0), "{row:?}");
        assert!(row.interventions == 60 && row.random_subspace < 0.9, "{row:?}");
    }
    assert!(found.interchange.iter().any(|row| row.site == "h.0.x"));
    // The state that is put in place after the last block is gone with the next symbol, which is read from the tokens.
    for row in found.interchange.iter().filter(|row| row.site == "h.0.x" && row.place == "next") {
        assert_eq!(row.follows, 0.0, "{row:?}");
    }
}

/// Interventions see whether the state is gone by: here the logits do not look at it.
#[test]
fn a_network_that_does_not_look_at_the_state_does_not_follow_it() {
    let experiment = experiment(RECIPE, &[]);
    let blind = planted();
    let head = Array::of(4, WIDTH, |token, channel| if channel == 5 { 0.0 } else { blind.head.get(token, channel) });
    let found = compared(&experiment, &point(&experiment, &Weights { head, ..blind }), 200);
    let site = found.sites.iter().find(|site| site.site == "h.0.x").unwrap();
    assert!(site.explained > 1.0 - 1e-9, "the state is there as before");
    for row in found.interchange.iter().filter(|row| row.site == "h.0.x") {
        assert!(row.follows == row.untouched && row.follows < 0.9, "{row:?}");
    }
}
