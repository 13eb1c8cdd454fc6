//! What only all values of a plan together can tell.

use infimum_engine::{Executor, Program, ShapeError};
use infimum_worlds::{Shape, World};

use super::{Plan, RunStage, TrainingPlan, require};
use crate::decoder::decoder;
use crate::error::CHANGE_IT;
use crate::executor::WIDE;
use crate::recipe::{Embedding, MlpFirst, Model, Norm, Positions, Source, names};
use crate::{LabError, memory, text};

/// The most parameters a model may have.
const PARAMETER_LIMIT: usize = 1 << 30;

/// The most scalars that all arrays of one sequence may have; sixteen sequences of them are 8 GB.
const SCALAR_LIMIT: u128 = 1 << 27;

/// The most tokens that training data held in memory may have; they are 4 GB.
const STREAM_LIMIT: usize = 1 << 31;

/// The most steps of a run.
pub(super) const STEP_LIMIT: u64 = 1_000_000_000;

/// The most scored tokens that a run may train on: twice as many still count without overflow.
const TOKEN_LIMIT: u128 = 1 << 62;

impl Plan {
    fn decoder(&self, shape: &Shape) -> Result<Program, LabError> {
        decoder(&self.model, shape).map_err(|error| match error {
            ShapeError::TooLarge { .. } => {
                LabError::value("model.width", self.model.width, format!("it is too large: {error}"), CHANGE_IT)
            }
            ShapeError::Weight { name, reason } if !self.model.weights.is_empty() => self.wrong_formula(&name, reason),
            other => other.into(),
        })
    }

    /// That the formula of a weight, or what it makes under that name, fits nothing.
    fn wrong_formula(&self, name: &str, reason: String) -> LabError {
        let remedy = "docs/weights.md lists weights and what formulas are made of";
        let short = |text: &str| text.chars().take(80).collect::<String>();
        match self.model.weights.get(name) {
            Some(formula) => {
                let value = format!("{:?}", short(formula));
                LabError::value(&format!("model.weights.{}", short(name)), value, reason, remedy)
            }
            None => LabError::value("model.weights", format!("… `{}` …", short(name)), reason, remedy),
        }
    }

    /// Checks what only all values together can tell, and counts the parameters.
    pub(super) fn check(&self) -> Result<usize, LabError> {
        check_name(&self.name)?;
        self.check_training()?;
        super::average::check(&self.training)?;
        memory::require_law(&self.world)?;
        text::check(&self.world, self.data.source, &self.training.curriculum)?;
        let world = self.world.build()?;
        super::stages::check(self, &*world)?;
        super::curriculum::check(&self.training.curriculum, &*world)?;
        super::stop::check(&self.training, &*world, &self.model)?;
        super::success::check(self.success.as_ref(), &*world, &self.model)?;
        super::success::check_training(self)?;
        self.training.pull.as_ref().map_or(Ok(()), |pull| super::pull::check(pull, self))?;
        self.check_tokens(world.shape())?;
        self.check_model(world.shape())?;
        self.check_export(&*world)?;
        let parameters = self.decoder(world.shape())?.weights().parameters();
        let allowed = format!("small enough for at most {PARAMETER_LIMIT} parameters, not {parameters}");
        require(parameters <= PARAMETER_LIMIT, "model.width", self.model.width, allowed)?;
        Ok(parameters)
    }

    fn check_training(&self) -> Result<(), LabError> {
        let t = &self.training;
        let wide = self.executor == Executor::Wide;
        let allowed = format!("f32 with model.width = {}; bf16 is for models from width {WIDE} on", self.model.width);
        require(t.products.is_f32() || wide, "training.products", t.products().name(), allowed)?;
        let within = t.steps >= 1 && self.evaluation.every >= 1;
        require(within, "training", "a zero", "at least 1 for steps and evaluation.every".into())
    }

    /// What the values of a stage together can tell.
    pub(super) fn check_steps(&self, stage: &RunStage) -> Result<(), LabError> {
        let t = &stage.training;
        let left = t.warmup == 0 || t.warmup + 2 <= t.steps;
        let allowed = format!(
            "0, or at most training.steps - 2 = {}, so that the rate rises and falls",
            t.steps.saturating_sub(2)
        );
        require(left, "training.warmup", t.warmup, allowed)?;
        let (last, rate) = (t.last_rate, t.rate);
        require((0.0..=rate).contains(&last), "training.last_rate", last, format!("0 to training.rate, {rate}"))?;
        require(rate > 0.0 && rate.is_finite(), "training.rate", rate, "more than 0".into())?;
        let within = t.batch >= 1 && t.accumulation >= 1 && t.steps >= 1;
        require(within, "training", "a zero", "at least 1 for steps, batch and accumulation".into())?;
        if let Some(sequences) = stage.data.sequences {
            let step = t.sequences_per_step() as u64;
            require(
                step <= sequences,
                "data.sequences",
                sequences,
                format!("at least the {step} sequences of a step"),
            )?;
        }
        Ok(())
    }

    /// Data that is cut from blocks needs a world of windows, and more tokens than one window has. Of a folder's data the
    /// latter is checked when they are read.
    fn check_export(&self, world: &dyn World) -> Result<(), LabError> {
        let source = match self.data.source {
            Source::Fresh | Source::Fixed => return Ok(()),
            Source::Export => "\"export\"",
            Source::Counts => "\"counts\"",
        };
        let windows = "\"fresh\" or \"fixed\" with this world: only worlds of windows, such as markov-windows, cut them from exported blocks";
        require(world.cut().is_some(), "data.source", source, windows.into())?;
        let m = &self.model;
        let last_token = m.positions == Positions::None && (!m.attention || m.layers == 0) && m.dropout == 0.0;
        let allowed = "used with models that see the last token only: model.positions = \"none\", model.attention = false, \
                       model.dropout = 0";
        require(last_token || self.data.source != Source::Counts, "data.source", source, allowed.into())?;
        if self.data.folder.is_some() {
            return Ok(());
        }
        let (blocks, window) = (self.export.train_sequences, world.shape().positions + 1);
        let mut tokens = 0;
        world.export(blocks.min(1), 0, &mut |_, block| tokens += blocks * block.len());
        let allowed = format!("enough for a window of {window} tokens; these blocks have {tokens}");
        require(tokens >= window, "export.train_sequences", blocks, allowed)?;
        let most =
            format!("at most {STREAM_LIMIT} tokens in all, with data.source = {source}; these blocks have {tokens}");
        require(tokens <= STREAM_LIMIT, "export.train_sequences", blocks, most)
    }

    fn check_tokens(&self, shape: &Shape) -> Result<(), LabError> {
        let of = |t: &TrainingPlan| u128::from(t.steps) * t.batch as u128 * t.accumulation as u128;
        let (t, sequences) = (&self.training, self.stages().iter().map(|stage| of(&stage.training)).sum::<u128>());
        let tokens = sequences * shape.scored.len() as u128;
        let allowed = format!(
            "so few that all steps together train on at most {TOKEN_LIMIT} tokens, not {tokens}; training.batch, \
             training.accumulation and world.length count as well"
        );
        require(tokens <= TOKEN_LIMIT, "training.steps", t.steps, allowed)
    }

    fn check_model(&self, shape: &Shape) -> Result<(), LabError> {
        let m = &self.model;
        super::heads::check(m)?;
        super::outputs::check(m, shape)?;
        let default = Model::default().heads;
        let allowed =
            format!("1, or left at {default}, where model.attention = false, since there is nothing to divide");
        require(m.attention || [1, default].contains(&m.heads), "model.heads", m.heads, allowed)?;
        let empty = m.layers > 0 && !m.attention && !m.mlp;
        require(!empty, "model.layers", m.layers, "0 if blocks have neither attention nor MLP".into())?;
        require((0.0..1.0).contains(&m.dropout), "model.dropout", m.dropout, "0 to below 1".into())?;
        let side_by_side = m.attention && m.mlp && m.layers > 0;
        let allowed = "false where blocks have not both attention and MLP".into();
        require(!m.parallel || side_by_side, "model.parallel", m.parallel, allowed)?;
        let (one_hot, alphabet) = (m.embedding == Embedding::OneHot, shape.alphabet);
        let allowed = format!("the alphabet, {alphabet}, with model.embedding = \"one-hot\"");
        require(!one_hot || m.width == alphabet, "model.width", m.width, allowed)?;
        let identity = m.mlp && m.mlp_first == MlpFirst::Identity;
        let allowed = "1 with model.mlp_first = \"identity\"".into();
        require(!identity || m.hidden() == m.width, "model.mlp_ratio", m.mlp_ratio, allowed)?;
        let default = Model::default().mlp_ratio;
        let allowed = format!("left at {default} beside model.mlp_hidden, which says the same");
        require(m.mlp_hidden.is_none() || m.mlp_ratio == default, "model.mlp_ratio", m.mlp_ratio, allowed)?;
        let biased = m.norm_bias.is_none() || m.norm != Norm::None;
        let allowed = "left out with model.norm = \"none\"".into();
        require(biased, "model.norm_bias", m.has_norm_bias(), allowed)?;
        let beyond = (m.heads * (m.head_width() + m.value_width())).saturating_sub(2 * m.width);
        let of_a_block = 20 * m.width + 10 * beyond + (4 + 4 * usize::from(m.mlp_gate)) * m.hidden();
        let channels = 2 * shape.alphabet + m.layers * of_a_block + 8 * m.width;
        let scalars = shape.positions as u128 * channels as u128;
        let allowed = format!(
            "small enough that all arrays of a sequence together, {scalars} scalars, have at most {SCALAR_LIMIT}; \
             model.layers and world.length count as well"
        );
        require(scalars <= SCALAR_LIMIT, "model.width", m.width, allowed)
    }
}

/// A name is that of a folder, too.
fn check_name(name: &str) -> Result<(), LabError> {
    require(names::fits(name), "name", format!("{name:?}"), names::ALLOWED.into())
}
