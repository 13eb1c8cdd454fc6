//! One file for each kind of weight expression.

mod constant;
mod free;
mod gained;
mod product;
mod rows;
mod scaled;
mod sum;
mod tied;
mod transposed;

pub use constant::Constant;
pub use free::Free;
pub use gained::Gained;
pub use product::Product;
pub use rows::Rows;
pub use scaled::Scaled;
pub use sum::Sum;
pub use tied::Tied;
pub use transposed::Transposed;
