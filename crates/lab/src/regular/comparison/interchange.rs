//! Whether a site's state is what the network goes by: the part of it that the probe reads is put in place of that of a word in
//! another state, and what the network then says is held against the automaton (interchange interventions, Geiger et al. 2021).

use std::mem::replace;

use infimum_worlds::{Purpose, Stream};
use serde::Serialize;

use super::laws::Laws;
use super::moments::Rows;
use super::probe::{Probe, exchange};
use super::subject::Subject;
use super::words::Word;

/// What a network says of each head that it has.
const LOGITS: &str = "logits";
const CLASS_LOGITS: &str = "class.logits";
/// Tries for each intervention that is wanted.
const MOST_TRIES: usize = 50;

/// Interventions at one site, seen at one head.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Interchange {
    /// The site where a state is put in place.
    pub site: String,
    /// `token`, whose law is to be that of the other state; or `class`, which is to be its class.
    pub head: &'static str,
    /// `here`: at the position of the intervention. `next`: one symbol later, where the automaton has stepped on from the other state.
    pub place: &'static str,
    /// Interventions after which automaton and word say different things.
    pub interventions: usize,
    /// The share of them after which the network says what the automaton says of the other state.
    pub follows: f64,
    /// The same share without any intervention: how often it says so by mistake.
    pub untouched: f64,
    /// The same share when a random subspace of as many dimensions is exchanged.
    pub random_subspace: f64,
    /// The share that still goes by the word's own state when the exchanged part is of another word in the same state.
    pub same_state: f64,
}

/// Whether the network has a head of tokens.
pub(super) fn has_token(subject: &Subject<'_>) -> bool {
    subject.has(LOGITS)
}

/// Whether the network has a head of classes.
pub(super) fn has_class(subject: &Subject<'_>) -> bool {
    subject.has(CLASS_LOGITS)
}

/// What stands at the site in a pick's place.
type Change<'a> = &'a dyn Fn(&Pick) -> Vec<f64>;

/// Where a word is changed, and by what.
#[derive(Clone, Copy, Debug)]
struct Pick {
    word: usize,
    position: usize,
    /// The state that is put in place.
    state: u32,
    /// A place (word, position) in that state, and another in the word's own.
    donors: [(usize, usize); 2],
}

/// Interventions on words, the same at every site.
pub(super) struct Interventions<'a> {
    words: &'a [Word],
    picks: Vec<Pick>,
    laws: Option<&'a Laws>,
    /// `[state][symbol]`.
    next: &'a dyn Fn(u32, u16) -> u32,
    class: &'a dyn Fn(u32) -> u16,
    seed: u64,
}

impl<'a> Interventions<'a> {
    /// Draws up to `count` interventions on the words; fewer where states are rarely met.
    pub(super) fn draw(
        words: &'a [Word],
        laws: Option<&'a Laws>,
        next: &'a dyn Fn(u32, u16) -> u32,
        class: &'a dyn Fn(u32) -> u16,
        (seed, count): (u64, usize),
    ) -> Interventions<'a> {
        let states = 1 + words.iter().flat_map(|word| &word.states).max().copied().unwrap_or(0) as usize;
        let mut places: Vec<Vec<(usize, usize)>> = vec![vec![]; states];
        for (word, states) in words.iter().map(|word| &word.states).enumerate() {
            states.iter().enumerate().for_each(|(position, state)| places[*state as usize].push((word, position)));
        }
        let met: Vec<u32> = (0..states as u32).filter(|state| !places[*state as usize].is_empty()).collect();
        let mut drawn = Interventions { words, picks: vec![], laws, next, class, seed };
        let mut stream = Stream::new(seed, Purpose::Probe, 1, 0);
        let mut below = |n: usize| stream.below(n as u64) as usize;
        for _ in 0..MOST_TRIES * count {
            let word = below(words.len());
            let position = below(words[word].length + 1);
            let (own, state) = (words[word].states[position], met[below(met.len())]);
            let donors = [state, own].map(|state| places[state as usize][below(places[state as usize].len())]);
            if drawn.tells(own, state, position) && drawn.picks.len() < count {
                drawn.picks.push(Pick { word, position, state, donors });
            }
        }
        drawn
    }

    /// Whether the automaton says different things in two states after so many symbols.
    fn tells(&self, one: u32, other: u32, length: usize) -> bool {
        one != other
            && (self.laws.is_some_and(|laws| laws.differ(length, one, other))
                || self.laws.is_none() && (self.class)(one) != (self.class)(other))
    }

    /// The interventions at a site, whose activations on the words are `rows`.
    pub(super) fn at(&self, subject: &mut Subject<'_>, site: &str, probe: &Probe, rows: &Rows) -> Vec<Interchange> {
        let mut stream = Stream::new(self.seed, Purpose::Probe, 2, 0);
        let random = probe.random_subspace(&mut || stream.normal());
        let firsts: Vec<usize> =
            self.words.iter().scan(0, |first, word| Some(replace(first, *first + word.length + 1))).collect();
        let row = |(word, position): (usize, usize)| rows.row(firsts[word] + position);
        let own = |pick: &Pick| row((pick.word, pick.position));
        let changes: [Change<'_>; 4] = [
            &|pick| probe.exchanged(&own(pick), &row(pick.donors[0])),
            &own,
            &|pick| exchange(&random, &own(pick), &row(pick.donors[0])),
            &|pick| probe.exchanged(&own(pick), &row(pick.donors[1])),
        ];
        let (token, class) =
            (self.laws.map(|_| ("token", LOGITS)), has_class(subject).then_some(("class", CLASS_LOGITS)));
        let (heads, sites): (Vec<_>, Vec<_>) = token.into_iter().chain(class).unzip();
        let mut said: [Vec<Vec<Vec<f32>>>; 4] = Default::default();
        for portion in self.picks.chunks(subject.portion(site)) {
            let words: Vec<&Word> = portion.iter().map(|pick| &self.words[pick.word]).collect();
            let arrays: Vec<Vec<f32>> = subject.read(&[site], &words, None).into_iter().flatten().collect();
            for (said, change) in said.iter_mut().zip(changes) {
                let changed: Vec<Vec<f32>> =
                    portion.iter().zip(&arrays).map(|(pick, array)| put(array, pick.position, &change(pick))).collect();
                let found = subject.read(&sites, &words, Some((site, &changed)));
                // Rows here and one symbol later are all that is asked for.
                said.extend(found.into_iter().zip(portion).map(|(heads, pick)| self.looked_at(&heads, pick)));
            }
        }
        let seen = heads.into_iter().flat_map(|head| ["here", "next"].map(|place| (head, place)));
        seen.filter_map(|(head, place)| self.rates(site, head, place, &said)).collect()
    }

    /// Of each head the logits at the position of an intervention and at the next, if there is one.
    fn looked_at(&self, heads: &[Vec<f32>], pick: &Pick) -> Vec<Vec<f32>> {
        let positions = self.words[0].tokens.len();
        let of_head = |array: &Vec<f32>| {
            let logits = array.len() / positions;
            array[pick.position * logits..(pick.position + 2).min(positions) * logits].to_vec()
        };
        heads.iter().map(of_head).collect()
    }

    /// One line; `None` if there was no intervention that can be seen so.
    fn rates(
        &self,
        site: &str,
        head: &'static str,
        place: &'static str,
        said: &[Vec<Vec<Vec<f32>>>; 4],
    ) -> Option<Interchange> {
        let mut counts = [0usize; 4];
        let mut interventions = 0;
        for (at, pick) in self.picks.iter().enumerate() {
            let Some((length, own, other)) = self.expected(pick, place) else { continue };
            let tells = match head {
                "token" => self.laws.is_some_and(|laws| laws.differ(length, own, other)),
                _ => (self.class)(own) != (self.class)(other),
            };
            if tells {
                interventions += 1;
                for ((count, said), state) in counts.iter_mut().zip(said).zip([other, other, other, own]) {
                    let later = usize::from(place == "next");
                    *count += usize::from(self.says(head, &said[at], later, length, state));
                }
            }
        }
        let [follows, untouched, random_subspace, same_state] = counts.map(|count| count as f64 / interventions as f64);
        let site = site.to_string();
        (interventions > 0).then_some(Interchange {
            site,
            head,
            place,
            interventions,
            follows,
            untouched,
            random_subspace,
            same_state,
        })
    }

    /// How many symbols have been read where it is looked, and the states there without and with the intervention.
    fn expected(&self, pick: &Pick, place: &str) -> Option<(usize, u32, u32)> {
        let word = &self.words[pick.word];
        if place == "here" {
            return Some((pick.position, word.states[pick.position], pick.state));
        }
        let symbol = word.symbols().get(pick.position)?;
        Some((pick.position + 1, word.states[pick.position + 1], (self.next)(pick.state, *symbol)))
    }

    /// Whether a head says after so many symbols what the automaton says of a state; `later` symbols after the intervention.
    fn says(&self, head: &str, logits: &[Vec<f32>], later: usize, length: usize, state: u32) -> bool {
        let array = &logits[usize::from(head == "class" && self.laws.is_some())];
        let is_last = self.words[0].tokens.len() == length - later + 1;
        let of_one = if is_last { array.len() } else { array.len() / 2 };
        let row = &array[later * of_one..][..of_one];
        match head {
            "token" => self.laws.is_some_and(|laws| laws.nearest_is(length, state, row)),
            _ => crate::predictor::likeliest(row) == usize::from((self.class)(state)),
        }
    }
}

/// An array of a site with other numbers at one position.
fn put(array: &[f32], position: usize, numbers: &[f64]) -> Vec<f32> {
    let mut array = array.to_vec();
    let place = &mut array[position * numbers.len()..][..numbers.len()];
    place.iter_mut().zip(numbers).for_each(|(to, x)| *to = *x as f32);
    array
}
