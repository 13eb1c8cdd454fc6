//! One file for each operation.

mod activate;
mod add;
mod add_rows;
mod attend;
mod cross_entropy;
mod embed;
mod linear;
mod multiply;
mod normalise;
mod normalise_heads;
mod rotate;
mod spread;

pub(crate) use activate::Activate;
pub(crate) use add::Add;
pub(crate) use add_rows::AddRows;
pub(crate) use attend::Attend;
pub(crate) use cross_entropy::CrossEntropy;
pub(crate) use embed::Embed;
pub(crate) use linear::Linear;
pub(crate) use multiply::Multiply;
pub(crate) use normalise::Normalise;
pub(crate) use normalise_heads::NormaliseHeads;
pub(crate) use rotate::Rotate;
pub(crate) use spread::Spread;
