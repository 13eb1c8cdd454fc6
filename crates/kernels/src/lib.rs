//! The kernels of Infimum: the loops that take the time, each beside the plain loop that defines it.
//!
//! A kernel's file has, in this order, its formula and shapes; its *plain twin*, generic over [`Scalar`], one sequence;
//! its arguments; and the *lanes* kernel, sixteen sequences at once. `wide/` has the kernels for one sequence, sixteen
//! channels at once. [`Script`] checks a list of [`Instruction`]s once and replays it on a [`Memory`]; [`flat`] has what
//! runs over all parameters; [`Team`] is the only source of threads. Neither the instruction set nor the number of
//! threads changes a bit of any result.
#![allow(unsafe_code)] // Registers, and places that were checked once for many replays. The only crate that may.
#![allow(clippy::needless_range_loop)] // Kernels and twins index several arrays by the letters of their formulas.
#![deny(clippy::undocumented_unsafe_blocks)]
#![deny(unsafe_op_in_unsafe_fn)]

mod arithmetic;
mod executor;
mod isa;
mod lanes;
mod math;
mod scalar;
mod view;

mod fields;
mod memory;
mod place;
mod script;
mod tiles;

mod accumulate;
mod activation;
mod add;
mod add_rows;
mod attention;
mod bf16;
mod column_sums;
mod cross_entropy;
mod embed;
mod head_norm;
mod linear;
mod multiply;
mod norm;
mod outer;
mod peak;
mod product;
mod rotate;
mod spread;
mod wide;
mod zero;

pub mod flat;
mod interleave;
pub mod pages;
mod team;

pub use accumulate::Accumulate;
pub use activation::{Activate, ActivateGradient, Activation};
pub use add::Add;
pub use add_rows::{AddRows, AddRowsGradient};
pub use attention::{Attend, AttendCached, AttendGradient, Attention};
pub use column_sums::ColumnSums;
pub use cross_entropy::{CrossEntropy, CrossEntropyGradient};
pub use embed::{Embed, EmbedGradient};
pub use executor::{Executor, UnknownExecutor};
pub use fields::{Fault, Field, PlaceError, Use};
pub use head_norm::{HeadNorm, HeadNormGradient};
pub use interleave::{interleave, interleave_ids};
pub use isa::{Isa, UnknownIsa};
pub use lanes::{LANES, Vector};
pub use linear::Linear;
pub use memory::Memory;
pub use multiply::Multiply;
pub use norm::{Norm, NormForward, NormGradient, NormKind};
pub use outer::Outer;
pub use peak::{multiply_adds, read_through};
pub use place::{Ids, Matrix, Place};
pub use rotate::{Pairs, Rotate, Turn};
pub use scalar::Scalar;
pub use script::{Instruction, Script, Sizes};
pub use spread::{Readers, Spread, SpreadGradient};
pub use team::Team;
pub use view::{View, ViewMut, Write};
pub use zero::Zero;

/// Each kernel's definition: one sequence, plain loops, any scalar.
pub mod plain {
    pub use crate::accumulate::accumulate;
    pub use crate::activation::{activation, activation_gradient};
    pub use crate::add::add;
    pub use crate::add_rows::{add_rows, add_rows_gradient};
    pub use crate::attention::{attention, attention_cached, attention_gradient};
    pub use crate::bf16::bf16;
    pub use crate::column_sums::column_sums;
    pub use crate::cross_entropy::{cross_entropy, cross_entropy_gradient};
    pub use crate::embed::{embed, embed_gradient};
    pub use crate::head_norm::{head_norm, head_norm_gradient};
    pub use crate::linear::linear;
    pub use crate::multiply::multiply;
    pub use crate::norm::{norm, norm_gradient};
    pub use crate::outer::outer;
    pub use crate::rotate::rotate;
    pub use crate::spread::{spread, spread_gradient};
    pub use crate::zero::zero;
    pub use crate::{Activation, Attention, Norm, NormKind, Readers, Scalar, Turn, View, ViewMut, Write};
}
