//! maxencefrenette's adders: yinglunz's with LayerNorm, trained several at once in arrays whose first dimension counts models,
//! with linear layers stored `[inputs, outputs]` and random matrices, never trained, beside the factors.

use super::arrays::Arrays;
use super::factorised::{Factorised, Linear, translate};
use super::{Family, Translation};

pub(super) struct Stacked;

impl Family for Stacked {
    fn name(&self) -> &'static str {
        "stacked"
    }

    fn about(&self) -> &'static str {
        "adders of maxencefrenette: the factorised ones with a dimension of models and fixed random matrices"
    }

    fn signature(&self) -> &'static [&'static str] {
        Factorised.signature()
    }

    fn fits(&self, arrays: &Arrays) -> bool {
        arrays.dimensions("token_emb.weight") == Some(3)
    }

    fn translate(&self, arrays: &mut Arrays) -> Result<Translation, String> {
        arrays.unstack()?;
        translate(arrays, Linear::InputsFirst)
    }
}
