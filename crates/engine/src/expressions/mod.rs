//! One file for each kind of weight expression.

mod arc;
mod beside;
mod constant;
mod exponential;
mod free;
mod gained;
mod multiple;
mod product;
mod quadratic;
mod rotated;
mod rows;
mod scaled;
mod spiral;
mod stacked;
mod sum;
mod tied;
mod transposed;

pub use arc::Arc;
pub use beside::Beside;
pub use constant::Constant;
pub use exponential::Exponential;
pub use free::Free;
pub use gained::Gained;
pub use multiple::Multiple;
pub use product::Product;
pub use quadratic::Quadratic;
pub use rotated::Rotated;
pub use rows::Rows;
pub use scaled::Scaled;
pub use spiral::Spiral;
pub use stacked::Stacked;
pub use sum::Sum;
pub use tied::Tied;
pub use transposed::Transposed;
