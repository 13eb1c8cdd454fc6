//! Infimum kernels.

mod arithmetic;
mod math;
mod scalar;
mod view;

mod accumulate;
mod activation;
mod add;
mod add_rows;
mod attention;
mod column_sums;
mod cross_entropy;
mod embed;
mod linear;
mod multiply;
mod norm;
mod outer;

pub use activation::Activation;
pub use attention::Attention;
pub use norm::{Norm, NormKind};
pub use scalar::Scalar;
pub use view::{View, ViewMut, Write};

/// Each kernel's definition: one sequence, plain loops, any scalar.
pub mod plain {
    pub use crate::accumulate::accumulate;
    pub use crate::activation::{activation, activation_gradient};
    pub use crate::add::add;
    pub use crate::add_rows::{add_rows, add_rows_gradient};
    pub use crate::attention::{attention, attention_gradient};
    pub use crate::column_sums::column_sums;
    pub use crate::cross_entropy::{cross_entropy, cross_entropy_gradient};
    pub use crate::embed::{embed, embed_gradient};
    pub use crate::linear::linear;
    pub use crate::multiply::multiply;
    pub use crate::norm::{norm, norm_gradient};
    pub use crate::outer::outer;
    pub use crate::{Activation, Attention, Norm, NormKind, Scalar, View, ViewMut, Write};
}
