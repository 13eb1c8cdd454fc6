//! A model's weights as the state_dict of nanoGPT's and nanoMarkov's model.

use std::collections::BTreeMap;
use std::iter;

use infimum_worlds::Shape;

use super::arguments::{self, lacking};
use crate::recipe::{Embedding, Model, Norm};
use crate::weights_file::{Tensor, TensorView};
use crate::{Experiment, LabError, decoder, layout};

const TABLE: &str = "transformer.wte.weight";
const HEAD: &str = "lm_head.weight";
const FREE_HEAD: &str = "transformer.lm_head.weight";

/// Arrays that are in the state_dict and have no parameter here: identities that stand for one-hot tables, and gains that its
/// model has and does not use.
pub(crate) struct Fixed(Vec<Tensor>);

impl Fixed {
    /// Those of the experiment's model.
    ///
    /// # Errors
    /// A model that neither nanoGPT nor nanoMarkov can express; the text names what.
    pub(crate) fn new(experiment: &Experiment) -> Result<Fixed, LabError> {
        let model = experiment.plan().model();
        let shape = experiment.world().shape();
        match lacking(model).or_else(|| heads(shape)).or_else(|| formulas(experiment)) {
            Some(lacking) => Err(LabError::Inexpressible { lacking: lacking.into() }),
            None => Ok(Fixed(identities(model).chain(unused_gains(model)).collect())),
        }
    }

    /// The whole state_dict at `point`.
    pub(crate) fn with<'a>(&'a self, experiment: &Experiment, point: &'a [f32]) -> Vec<TensorView<'a>> {
        let (layout, model) = (experiment.layout(), experiment.plan().model());
        let mut views = layout.views(point);
        if let Some(head) = views.iter_mut().find(|view| view.name == HEAD) {
            head.name = FREE_HEAD.into();
        }
        let table = views.iter().find(|view| view.name == TABLE && model.tied).cloned();
        views.extend(table.map(|table| TensorView { name: HEAD.into(), ..table }));
        let fixed = |tensor: &'a Tensor| TensorView {
            name: tensor.name.clone(),
            shape: tensor.shape.clone(),
            data: &tensor.data,
        };
        views.extend(self.0.iter().map(fixed));
        views
    }
}

/// The `model_args` of the experiment's model, as JSON.
pub(crate) fn model_args(experiment: &Experiment) -> String {
    serde_json::Value::from(arguments::of_model(experiment.plan().model(), experiment.world().shape())).to_string()
}

fn heads(shape: &Shape) -> Option<&'static str> {
    let next_token = shape.heads.len() == 1 && shape.heads[0].alphabet == shape.alphabet;
    (!next_token).then_some("a world whose targets are not the next token alone")
}

/// Formulas say nothing here where the arrays are those of the model without them, all free.
fn formulas(experiment: &Experiment) -> Option<&'static str> {
    let (model, shape) = (experiment.plan().model(), experiment.world().shape());
    let plain = Model { weights: BTreeMap::new(), ..model.clone() };
    let is_plain = decoder(&plain, shape).is_ok_and(|program| layout(&plain, &program) == experiment.layout());
    (!is_plain).then_some("formulas under [model.weights] that make weights of others, or frozen ones")
}

fn identities(model: &Model) -> impl Iterator<Item = Tensor> {
    let width = model.width;
    let names = match (model.embedding, model.tied) {
        (Embedding::Learned, _) => vec![],
        (Embedding::OneHot, false) => vec![TABLE],
        (Embedding::OneHot, true) => vec![TABLE, HEAD],
    };
    let scalar = move |place: usize| if place / width == place % width { 1.0 } else { 0.0 };
    names.into_iter().map(move |name| Tensor {
        name: name.into(),
        shape: vec![width, width],
        data: (0..width * width).map(scalar).collect(),
    })
}

/// Its model has all norms always, and uses none without `use_ln`, the first of a block not without attention.
fn unused_gains(model: &Model) -> impl Iterator<Item = Tensor> {
    let (width, none, mlp_only) = (model.width, model.norm == Norm::None, !model.attention);
    let of_block = move |block: usize| {
        let name = move |norm: &str| format!("transformer.h.{block}.{norm}.weight");
        [(none || mlp_only).then(|| name("ln_1")), none.then(|| name("ln_2"))]
    };
    let last = iter::once(none.then(|| "transformer.ln_f.weight".to_string()));
    let names = (0..model.layers).flat_map(of_block).chain(last).flatten();
    names.map(move |name| Tensor { name, shape: vec![width], data: vec![1.0; width] })
}
