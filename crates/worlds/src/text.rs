//! A text, of which nobody knows the law: windows of its tokens.
//!
//! The text is split by position: its first part is trained on, the next is for validation, the last is the test. Training draws windows
//! from anywhere in its part; validation and test are windows one after another, of which no two share a target. No window
//! reaches from one part into another, and the alphabet is that of the first. Shares are of characters where tokens are characters, and
//! of bytes where they are bytes or pairs of them; which pairs those are, the first part alone says, and each part is cut into tokens by
//! itself.
//!
//! There is no floor. Beside a model stand predictors that count the first part ([`KneserNey`]), scored on the windows of the test, of
//! which they see no more than the model: the tokens of the window so far. None of them is an optimum.

mod kneser_ney;
mod settings;
mod spelling;

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::{Baseline, Cut, Example, Fact, Floor, Head, Shape, Spelling, Split, Stream, Truth, World};

pub use kneser_ney::{KneserNey, MOST};
pub use settings::{Settings, Tokens};
pub use spelling::Pairs;
use spelling::Written;

/// Windows of a text.
pub struct Text {
    /// All of it; empty where the text is yet to be read.
    tokens: Arc<Vec<u16>>,
    /// Of training, validation and test.
    parts: [Range<usize>; 3],
    written: Written,
    shape: Shape,
    ladder: OnceLock<Vec<Baseline>>,
}

/// The parts of a text, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What is trained on.
    Training,
    /// What the best checkpoint is chosen on.
    Validation,
    /// What is scored.
    Test,
}

impl Text {
    /// The text of these tokens and parts, in windows of `window` targets over `alphabet` tokens.
    fn new(
        (written, alphabet): (Written, usize),
        tokens: Arc<Vec<u16>>,
        parts: [Range<usize>; 3],
        window: usize,
    ) -> Text {
        let heads = vec![Head { name: "token", alphabet }];
        let shape = Shape { positions: window, alphabet, heads, scored: 0..window };
        Text { tokens, parts, written, shape, ladder: OnceLock::new() }
    }

    /// The same text, whose tokens these are. Panics where tokens are characters or bytes.
    pub fn with_pairs(self, pairs: Arc<dyn Pairs>) -> Text {
        assert!(matches!(self.written, Written::Pairs(_)), "tokens are byte pairs");
        Text { written: Written::Pairs(Some(pairs)), ..self }
    }

    /// The bytes of UTF-8 that a token spells, which may be a part of a character; none for a token outside the alphabet, and for any where
    /// it is not known what the pairs are.
    pub fn bytes(&self, token: u16) -> Vec<u8> {
        self.written.bytes(token)
    }

    /// The mean length of what the targets of the test spell; not a number where the text is yet to be read.
    pub fn bytes_per_token(&self) -> f64 {
        let windows = self.windows(Part::Test);
        let targets = windows.iter().flat_map(|first| &self.tokens[first + 1..=first + self.shape.positions]);
        let bytes: usize = targets.map(|target| self.bytes(*target).len()).sum();
        bytes as f64 / (windows.len() * self.shape.positions) as f64
    }

    /// All tokens.
    pub fn tokens(&self) -> &Arc<Vec<u16>> {
        &self.tokens
    }

    /// Where a part stands among the tokens.
    pub fn part_of(&self, part: Part) -> Range<usize> {
        self.parts[part as usize].clone()
    }

    /// Where the windows of a part begin that stand one after another, each where the last target of the one before is its first input.
    pub fn windows(&self, part: Part) -> Vec<usize> {
        let (part, window) = (self.part_of(part), self.shape.positions);
        let last = part.end.saturating_sub(window);
        (part.start..last).step_by(window).collect()
    }

    fn window_from(&self, first: usize, into: &mut Example) {
        self.example(&self.tokens[first..=first + self.shape.positions], into);
    }

    /// One of the windows of a part that stand one after another.
    fn drawn(&self, part: Part, stream: &mut Stream, into: &mut Example) {
        let windows = self.windows(part);
        assert!(!windows.is_empty(), "the text has been read, and has a window of each part");
        self.window_from(windows[stream.below(windows.len() as u64) as usize], into);
    }

    /// What the counts of the training part score on the test.
    fn counted(&self) -> Vec<Baseline> {
        let (test, alphabet) = (self.windows(Part::Test), self.shape.alphabet);
        let grams = KneserNey::new(&self.tokens[self.part_of(Part::Training)], alphabet);
        let score = |(&name, order): (&&'static str, usize)| {
            let nats: Vec<f64> = test.iter().map(|first| self.nats(&grams, order, *first)).collect();
            Baseline { name, nats: mean(&nats), accuracy: Floor::Unknown }
        };
        NAMES.iter().zip(1..).map(score).collect()
    }

    /// The mean nats of a window's targets.
    fn nats(&self, grams: &KneserNey, order: usize, first: usize) -> f64 {
        let window = &self.tokens[first..=first + self.shape.positions];
        let nats = |target: usize| -libm::log(grams.probability(order, &window[..target], window[target]));
        (1..window.len()).map(nats).sum::<f64>() / self.shape.positions as f64
    }
}

/// Of predictors that count, by order.
const NAMES: [&str; MOST] =
    ["kneser-ney-1", "kneser-ney-2", "kneser-ney-3", "kneser-ney-4", "kneser-ney-5", "kneser-ney-6"];

fn mean(values: &[f64]) -> Floor {
    let count = values.len() as f64;
    let value = values.iter().sum::<f64>() / count;
    let square = values.iter().map(|x| (x - value) * (x - value)).sum::<f64>() / (count - 1.0).max(1.0);
    Floor::Sampled { value, standard_error: libm::sqrt(square / count) }
}

impl Cut for Text {
    fn example(&self, tokens: &[u16], into: &mut Example) {
        let window = self.shape.positions;
        assert_eq!(tokens.len(), window + 1, "a window of {window} targets is a stretch of {} tokens", window + 1);
        into.tokens = tokens[..window].to_vec();
        into.targets = vec![tokens[1..].to_vec()];
        into.weights = vec![vec![1.0; window]];
    }
}

impl World for Text {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn draw(&self, stream: &mut Stream, into: &mut Example) {
        self.drawn(Part::Test, stream, into);
    }

    fn draw_for_training(&self, stream: &mut Stream, into: &mut Example) {
        let part = self.part_of(Part::Training);
        let places = part.len().saturating_sub(self.shape.positions);
        assert!(places > 0, "the text has been read, and has a window to train on");
        self.window_from(part.start + stream.below(places as u64) as usize, into);
    }

    fn draw_for_validation(&self, stream: &mut Stream, into: &mut Example) {
        self.drawn(Part::Validation, stream, into);
    }

    fn truth(&self) -> Option<&dyn Truth> {
        None
    }

    fn ladder(&self) -> Option<Vec<Baseline>> {
        (!self.tokens.is_empty()).then(|| self.ladder.get_or_init(|| self.counted()).clone())
    }

    fn facts(&self) -> Vec<Fact> {
        let [training, validation, test] = self.parts.clone().map(|part| part.len());
        let bytes = Fact::number("bytes_per_token", self.bytes_per_token(), "bytes");
        let facts = vec![
            Fact::words("law", "unknown: a text"),
            Fact::count("training_tokens", training, "tokens"),
            Fact::count("validation_tokens", validation, "tokens"),
            Fact::count("test_tokens", test, "tokens"),
            Fact::words("alphabet", self.written.alphabet(self.shape.alphabet)),
        ];
        facts.into_iter().chain((!self.tokens.is_empty()).then_some(bytes)).collect()
    }

    fn text(&self) -> Option<&Text> {
        Some(self)
    }

    fn spelling(&self) -> Option<&dyn Spelling> {
        self.written.is_known().then_some(self)
    }

    fn cut(&self) -> Option<&dyn Cut> {
        Some(self)
    }

    /// The first windows of the training part and of the validation part, one after another, as many as there are.
    fn export(&self, train: usize, validation: usize, each: &mut dyn FnMut(Split, &[u16])) {
        for (split, part, count) in
            [(Split::Train, Part::Training, train), (Split::Validation, Part::Validation, validation)]
        {
            let windows = self.windows(part).into_iter().take(count);
            windows.for_each(|first| each(split, &self.tokens[first..=first + self.shape.positions]));
        }
    }
}
