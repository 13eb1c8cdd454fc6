//! The truth: distributions over token sequences whose law is known exactly.
//!
//! A [`World`] draws sequences. Where its law is known it has a [`Truth`], whose [`Belief`] gives the probability of every
//! next token after what has been seen. From that follow the floor (the least loss any predictor can have), the ceiling (the
//! best accuracy), and what a model loses beyond them.
//!
//! This crate knows nothing of learning and depends on no other crate here: code that cannot see a model cannot be tuned to
//! it. It reads no file and no clock, and starts no thread. All random numbers come from a [`Stream`].
//!
//! A new world is one file and one line in `list.rs`; the law tests (`tests/laws.rs`) then hold it to its promises.

mod answer;
mod error;
mod letters;
mod list;
mod spelling;
mod stream;
mod truth;
mod world;

pub mod addition;
pub mod counting;
pub mod induction;
pub mod markov;
pub mod modular;
mod numpy_legacy;
pub mod rearrangement;
pub mod recall;
pub mod regular;
pub mod strings;
pub mod text;
pub mod windows;

pub use error::WorldError;
pub use list::Settings;
pub use spelling::Spelling;
pub use stream::{Purpose, Stream};
pub use truth::{Baseline, Belief, Floor, Known, Truth, follow};
pub use world::{Cut, Example, Fact, Head, Quantity, Shape, Split, World};
