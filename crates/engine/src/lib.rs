//! The engine of Infimum: a model is a program for one sequence, built once, differentiated once, pruned, planned, and
//! replayed by executors.
//!
//! ```text
//! Builder -> Program -> gradient() / outputs() -> Steps -> Reference (f64, the definition)
//!                                                       -> Replay (f32, by lanes or wide)
//!            one_position()            -> Steps -> Reference, Decode (the same, position after position)
//! ```

mod adamw;
mod audit;
mod builder;
mod chunks;
mod circle;
mod decode;
mod emit;
mod expression;
mod expressions;
mod families;
mod folding;
mod form;
pub mod gradient_check;
#[cfg(test)]
mod laws;
mod noise;
mod operation;
mod operations;
mod optimiser;
mod plan;
mod products;
mod program;
mod reference;
mod replay;
mod rotary;
mod schedule;
mod shape;
mod steps;
mod weights;
mod work;

pub use adamw::{AdamW, Moments};
pub use audit::Audited;
pub use builder::Builder;
pub use decode::Decode;
pub use expression::{Expression, Weight};
pub use expressions::{
    Arc, Beside, Constant, Exponential, Free, Gained, Multiple, Product, Quadratic, Rotated, Rows, Scaled, Spiral,
    Stacked, Sum, Tied, Transposed,
};
pub use form::{Argument, Form};
pub use infimum_kernels::{Activation, Executor, Isa, Norm, NormKind, Pairs, Team};
pub use optimiser::{
    Adam, Average, Found, Grokfast, Group, Lbfgs, Momentum, Next, Optimiser, Sgd, SlowGradient, Weighing, clip_factor,
};
pub use products::{Products, UnknownProducts};
pub use program::{Author, Feed, Gradient, Ids, IdsInput, LossSum, Mask, Program, Source, Value};
pub use reference::Reference;
pub use replay::{Replay, Sink};
pub use rotary::Rotary;
pub use schedule::{Course, Schedule};
pub use shape::{Shape, ShapeError};
pub use steps::{Line, Steps};
pub use weights::{Parameter, Weights};
pub use work::Work;

/// Rises when the bits that a plan and a seed give change.
pub const NUMERICS: u32 = 2;
