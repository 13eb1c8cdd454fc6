//! A model whose weights are set one by one, each array 0 where nothing is set.

use std::collections::BTreeMap;

use infimum_worlds::Settings;
use serde::Serialize;

use crate::recipe::{Activation, Model, Norm};
use crate::{LabError, Layout, Plan, Recipe};

/// A model and the numbers of its arrays.
pub(super) struct Wiring {
    pub(super) model: Model,
    /// The matrix of the one head that the model has.
    head: &'static str,
    /// Row, column and number, by the name that the array has in a file.
    arrays: BTreeMap<String, Vec<(usize, usize, f64)>>,
}

impl Wiring {
    /// A model that says classes, and nothing of the next token.
    pub(super) fn of_classes(model: Model) -> Wiring {
        let loss_weights = BTreeMap::from([("token".to_string(), 0.0)]);
        Wiring { head: "class_head", ..Wiring::of_tokens(Model { loss_weights, ..model }) }
    }

    /// A model that says the next token: blocks of one head, without norms, with biases, of ReLU where there are MLPs.
    pub(super) fn of_tokens(model: Model) -> Wiring {
        let model = Model { heads: 1, norm: Norm::None, bias: true, activation: Activation::Relu, ..model };
        Wiring { model, head: "lm_head", arrays: BTreeMap::new() }
    }

    /// What a token becomes: a number in a channel.
    pub(super) fn token(&mut self, token: usize, channel: usize, number: f64) {
        self.set("transformer.wte.weight", token, channel, number);
    }

    /// What a position adds to a channel, for each of so many positions.
    pub(super) fn positions(&mut self, positions: usize, channel: usize, number: impl Fn(f64) -> f64) {
        (0..positions).for_each(|t| self.set("transformer.wpe.weight", t, channel, number(t as f64)));
    }

    /// A channel of the result of the linear `name` of a block: a sum of channels, each times a number, and a bias.
    pub(super) fn linear(&mut self, name: &str, output: usize, inputs: &[(usize, f64)], bias: f64) {
        inputs.iter().for_each(|(input, number)| {
            self.set(&format!("transformer.{name}.weight"), output, *input, *number);
        });
        self.set(&format!("transformer.{name}.bias"), 0, output, bias);
    }

    /// What a channel adds to a logit.
    pub(super) fn logit(&mut self, logit: usize, channel: usize, number: f64) {
        self.set(&format!("{}.weight", self.head), logit, channel, number);
    }

    fn set(&mut self, array: &str, row: usize, column: usize, number: f64) {
        self.arrays.entry(array.into()).or_default().push((row, column, number));
    }

    /// The plan of the model in `world`, how its parameters stand in a file, and all of them.
    ///
    /// # Errors
    /// A model that is too large for that world.
    ///
    /// # Panics
    /// If a number was set that the model has no place for, or that is no f32: a fault of ours.
    pub(super) fn finish(self, name: &str, world: Settings) -> Result<(Plan, Layout, Vec<f32>), LabError> {
        let Wiring { model, mut arrays, .. } = self;
        let text = recipe(name, &world, &model);
        let plan = Plan::new(&Recipe::parse(&text, "the construction", &[])?)?;
        let layout = plan.layout();
        let mut point = vec![0.0; layout.scalars()];
        for parameter in layout.parameters() {
            let (rows, columns) = (parameter.shape.rows, parameter.shape.channels);
            for (row, column, number) in arrays.remove(&parameter.name).unwrap_or_default() {
                assert!(row < rows && column < columns, "{} has no {row}, {column}", parameter.name);
                assert!(f64::from(number as f32) == number, "{number} of {} is no f32", parameter.name);
                point[parameter.range.start + row * columns + column] = number as f32;
            }
        }
        assert!(arrays.is_empty(), "the model has none of {:?}", arrays.keys());
        Ok((plan, layout, point))
    }
}

/// A recipe of a world and a model, and nothing else.
pub(super) fn recipe(name: &str, world: &Settings, model: &Model) -> String {
    #[derive(Serialize)]
    struct Written<'a> {
        name: &'a str,
        world: &'a Settings,
        model: &'a Model,
    }
    toml::to_string(&Written { name, world, model }).expect("a recipe is plain TOML")
}
