//! What products with weights multiply.

use std::fmt;
use std::str::FromStr;

/// How the operands of products with weights, forward and backward, are taken. It decides bits. Sums are `f32` in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Products {
    /// As they are.
    #[default]
    F32,
    /// Each rounded to the nearest number of type bfloat16, as [`infimum_kernels::plain::bf16`] says; in the wide layout only.
    Bf16,
}

impl Products {
    /// All of them.
    pub const ALL: [Products; 2] = [Products::F32, Products::Bf16];

    /// The name that users write: `f32` or `bf16`.
    pub fn name(self) -> &'static str {
        match self {
            Products::F32 => "f32",
            Products::Bf16 => "bf16",
        }
    }
}

impl fmt::Display for Products {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is none of products.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownProducts {
    /// What was asked for.
    pub name: String,
}

impl fmt::Display for UnknownProducts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<&str> = Products::ALL.into_iter().map(Products::name).collect();
        write!(f, "products `{}`: there are {}", self.name, all.join(", "))
    }
}

impl std::error::Error for UnknownProducts {}

impl FromStr for Products {
    type Err = UnknownProducts;

    fn from_str(name: &str) -> Result<Products, UnknownProducts> {
        let found = Products::ALL.into_iter().find(|products| products.name() == name);
        found.ok_or_else(|| UnknownProducts { name: name.to_string() })
    }
}
