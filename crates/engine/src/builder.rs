//! Building a program: each call checks the shapes of its operands and names the arrays when they do not fit.

use std::ops::Range;
use std::sync::Arc;

use infimum_kernels::{Activation, Norm};

use crate::expression::{Expression, Weight};
use crate::operation::{Operate, Operation};
use crate::operations::*;
use crate::plan::vectors_at_most;
use crate::program::{Array, Goal, Ids, IdsInput, Loss, Mask, Node, Program, Value};
use crate::rotary::Rotary;
use crate::shape::{Shape, ShapeError, addressable, shape};
use crate::weights::Weights;

/// A program under construction.
#[derive(Debug, Default)]
pub struct Builder {
    arrays: Vec<Array>,
    nodes: Vec<Node>,
    ids: Vec<IdsInput>,
    inputs: Vec<Value>,
    masks: Vec<Mask>,
    weights: Weights,
}

impl Builder {
    /// An empty program.
    pub fn new() -> Self {
        Self::default()
    }

    /// Token ids of `positions` positions, at least one, each below `alphabet`, which is 1 to 65,536.
    pub fn ids(&mut self, name: &str, positions: usize, alphabet: usize) -> Result<Ids, ShapeError> {
        if self.ids.iter().any(|i| i.name == name) {
            return Err(ShapeError::Name(name.into()));
        }
        let most = usize::from(u16::MAX) + 1;
        if positions == 0 || alphabet == 0 || alphabet > most {
            let reason = format!(
                "{positions} positions over an alphabet of {alphabet}; there must be at least one position, and 1 to {most} tokens"
            );
            return Err(ShapeError::Input { name: name.into(), reason });
        }
        let all = self.ids.iter().map(|i| i.positions).chain([positions]).map(|n| n as u128).sum();
        addressable(|| format!("input `{name}`, with the ids before it,"), all, "positions")?;
        self.ids.push(IdsInput { name: name.into(), positions, alphabet });
        Ok(Ids(self.ids.len() - 1))
    }

    /// A float input `[rows, channels]`, at least one of each.
    pub fn input(&mut self, name: &str, rows: usize, channels: usize) -> Result<Value, ShapeError> {
        if rows == 0 || channels == 0 {
            let reason = format!("{} holds no number; there must be a row and a channel", shape(rows, channels));
            return Err(ShapeError::Input { name: name.into(), reason });
        }
        let value = self.array(name, shape(rows, channels))?;
        self.inputs.push(value);
        Ok(value)
    }

    /// A weight array.
    pub fn weight(&mut self, name: &str, expression: impl Into<Expression>) -> Result<Weight, ShapeError> {
        self.weights.push(name, expression.into())
    }

    /// Shape of a weight.
    pub fn weight_shape(&self, weight: Weight) -> Shape {
        self.weights.shape(weight)
    }

    /// Rows of `table` `[V, C]` chosen by `ids` `[T]`: `[T, C]`.
    pub fn embed(&mut self, site: &str, ids: Ids, table: Weight) -> Result<Value, ShapeError> {
        let IdsInput { positions, alphabet, .. } = self.ids[ids.0];
        self.operate(site, Embed { positions, alphabet }, &[], &[table], Some(ids))
    }

    /// `x` `[T, C]` plus one row of `rows` for each position.
    pub fn add_rows(&mut self, site: &str, x: Value, rows: Weight) -> Result<Value, ShapeError> {
        self.operate(site, AddRows, &[x], &[rows], None)
    }

    /// `x` `[T, I]` times `w` `[I, O]`, plus `bias` `[1, O]` if there is one: `[T, O]`.
    pub fn linear(&mut self, site: &str, x: Value, w: Weight, bias: Option<Weight>) -> Result<Value, ShapeError> {
        let weights: Vec<Weight> = [Some(w), bias].into_iter().flatten().collect();
        self.operate(site, Linear { bias: bias.is_some() }, &[x], &weights, None)
    }

    /// Each row of `x` normalised, times `gain` `[1, C]`, plus `bias` `[1, C]`.
    pub fn norm(
        &mut self,
        site: &str,
        x: Value,
        norm: Norm,
        gain: Option<Weight>,
        bias: Option<Weight>,
    ) -> Result<Value, ShapeError> {
        let weights: Vec<Weight> = [gain, bias].into_iter().flatten().collect();
        let operation = Normalise { norm, gain: gain.is_some(), bias: bias.is_some() };
        self.operate(site, operation, &[x], &weights, None)
    }

    /// Each head of each row of `x` `[T, H W]` normalised, times `gain` `[1, W]`, the same for all heads.
    pub fn head_norm(
        &mut self,
        site: &str,
        x: Value,
        norm: Norm,
        gain: Weight,
        heads: usize,
    ) -> Result<Value, ShapeError> {
        self.operate(site, NormaliseHeads { norm, heads }, &[x], &[gain], None)
    }

    /// `x` `[T, H W]` with each pair of channels of each head of `rotary.width` channels turned by its angle at the position.
    pub fn rotate(&mut self, site: &str, x: Value, rotary: Rotary) -> Result<Value, ShapeError> {
        let Shape { rows: positions, channels } = self.arrays[x.0].shape;
        rotary.check(channels).map_err(|reason| {
            let arrays = format!("x = {} {}", self.arrays[x.0].site, self.arrays[x.0].shape);
            ShapeError::Operation { operation: Rotate::NAME, site: site.into(), reason, arrays }
        })?;
        let waves = self.weights.shared(&rotary.name(positions), || rotary.waves(positions).into())?;
        self.operate(site, Rotate { pairs: rotary.pairs }, &[x], &[waves], None)
    }

    /// `heads` heads of `width` channels, of which the first `heads / of` are the first of the `of` heads of `x` and so on, each
    /// followed by zeros: `[T, heads * width]`.
    pub fn spread(&mut self, site: &str, x: Value, of: usize, heads: usize, width: usize) -> Result<Value, ShapeError> {
        self.operate(site, Spread { of, heads, width }, &[x], &[], None)
    }

    /// Causal attention of `heads` heads over q, k `[T, C]` and v `[T, D]`, scores scaled by `1 / sqrt(C / heads)`. Even without
    /// dropout, q must be another array than k and v.
    pub fn attention(&mut self, site: &str, q: Value, k: Value, v: Value, heads: usize) -> Result<Value, ShapeError> {
        let width = self.arrays[q.0].shape.channels / heads.max(1);
        self.attention_of_width(site, [q, k, v], heads, width)
    }

    /// As [`Builder::attention`], with scores scaled by `1 / sqrt(width)`: for heads that have channels beside those that are
    /// compared.
    pub fn attention_of_width(
        &mut self,
        site: &str,
        [q, k, v]: [Value; 3],
        heads: usize,
        width: usize,
    ) -> Result<Value, ShapeError> {
        if [k, v].iter().any(|other| self.undropped(*other) == self.undropped(q)) {
            let reason = "q must be an array of its own, even without dropout; only k and v may be the same".into();
            let (operation, arrays) = ("attend", format!("q = {}", self.arrays[q.0].site));
            return Err(ShapeError::Operation { operation, site: site.into(), reason, arrays });
        }
        self.operate(site, Attend { heads, scale: 1.0 / (width as f64).sqrt() }, &[q, k, v], &[], None)
    }

    /// An elementwise nonlinearity.
    pub fn activation(&mut self, site: &str, x: Value, kind: Activation) -> Result<Value, ShapeError> {
        self.operate(site, Activate { kind }, &[x], &[], None)
    }

    /// `a + b`.
    pub fn add(&mut self, site: &str, a: Value, b: Value) -> Result<Value, ShapeError> {
        self.operate(site, Add, &[a, b], &[], None)
    }

    /// `a` times `b`, elementwise.
    pub fn multiply(&mut self, site: &str, a: Value, b: Value) -> Result<Value, ShapeError> {
        self.operate(site, Multiply, &[a, b], &[], None)
    }

    /// `x` times a mask that is an input named `site.mask`, to be filled with 0 and `1 / (1 - rate)`; `0 <= rate < 1`. At rate
    /// 0, `x` itself.
    pub fn dropout(&mut self, site: &str, x: Value, rate: f64) -> Result<Value, ShapeError> {
        if !(0.0..1.0).contains(&rate) {
            let reason = format!("the rate is {rate}; it must be at least 0 and below 1");
            let arrays = format!("x = {} {}", self.arrays[x.0].site, self.arrays[x.0].shape);
            return Err(ShapeError::Operation { operation: "dropout", site: site.into(), reason, arrays });
        }
        if rate == 0.0 {
            return Ok(x);
        }
        let Shape { rows, channels } = self.arrays[x.0].shape;
        let name = format!("{site}.mask");
        let input = self.input(&name, rows, channels)?;
        let product = self.multiply(site, x, input)?;
        self.masks.push(Mask { name, rate, of: x, product, input });
        Ok(product)
    }

    /// What `value` equals without dropout.
    fn undropped(&self, value: Value) -> Value {
        self.masks.iter().find(|m| m.product == value).map_or(value, |m| self.undropped(m.of))
    }

    /// Nats of `targets` `[T]` under softmax of `logits` `[T, V]`: `[T, 1]`.
    pub fn cross_entropy(&mut self, site: &str, logits: Value, targets: Ids) -> Result<Value, ShapeError> {
        let IdsInput { positions, alphabet, .. } = self.ids[targets.0];
        self.operate(site, CrossEntropy { positions, alphabet }, &[logits], &[], Some(targets))
    }

    /// The program whose loss is the sum of `nats` `[T, 1]` times the input named `weights`, which is zero outside `scored`.
    pub fn finish(self, nats: Value, weights: &str, scored: Range<usize>) -> Result<Program, ShapeError> {
        self.finish_all(&[(nats, weights)], scored)
    }

    /// As [`Builder::finish`], of a loss that is the sum of several, each of its own nats and weights. Of several, no operation
    /// may read the nats, and they may not be what dropout gives, since the weights of each are the gradient of its nats.
    ///
    /// # Errors
    /// No loss; nats that cannot carry it; of several, nats that are read.
    pub fn finish_all(mut self, losses: &[(Value, &str)], scored: Range<usize>) -> Result<Program, ShapeError> {
        if losses.is_empty() {
            return Err(ShapeError::Loss("there is none".into()));
        }
        let mut made = vec![];
        for &(nats, weights) in losses {
            let size = self.arrays[nats.0].shape;
            if size.channels != 1 || scored.is_empty() || scored.end > size.rows {
                return Err(ShapeError::Loss(format!(
                    "nats of shape {size} cannot carry loss at positions {scored:?}"
                )));
            }
            if losses.len() > 1 {
                self.require_own(nats, &made)?;
            }
            made.push(Loss { nats, weights: self.input(weights, size.rows, 1)? });
        }
        self.weights.lay_out();
        let goal = Goal::Outputs(losses.iter().map(|(nats, _)| *nats).collect(), scored.clone());
        let Builder { arrays, nodes, ids, inputs, masks, weights } = self;
        let program =
            Program { arrays, nodes, ids, inputs, masks, weights: Arc::new(weights), losses: made, scored, goal };
        addressable(|| "the program".into(), vectors_at_most(&program), "lane vectors of sixteen numbers")?;
        Ok(program)
    }

    /// Refuses nats, one of several, that another loss has, that are read, or that dropout gives.
    fn require_own(&self, nats: Value, before: &[Loss]) -> Result<(), ShapeError> {
        let is_read = self.nodes.iter().any(|node| node.x.contains(&nats));
        if !is_read && self.undropped(nats) == nats && before.iter().all(|loss| loss.nats != nats) {
            return Ok(());
        }
        let site = &self.arrays[nats.0].site;
        Err(ShapeError::Loss(format!("`{site}` is one of several, and has to be nats of its own that nothing reads")))
    }

    /// Shape of an array.
    pub fn shape_of(&self, value: Value) -> Shape {
        self.arrays[value.0].shape
    }

    fn array(&mut self, site: &str, shape: Shape) -> Result<Value, ShapeError> {
        if self.arrays.iter().any(|a| a.site == site) {
            return Err(ShapeError::Name(site.into()));
        }
        let vectors = shape.rows as u128 * (shape.channels as u128 + 1);
        addressable(|| format!("array `{site}` {shape}"), vectors, "lane vectors of sixteen numbers")?;
        self.arrays.push(Array { site: site.into(), shape, same_as: None });
        Ok(Value(self.arrays.len() - 1))
    }

    pub(crate) fn operate(
        &mut self,
        site: &str,
        operation: impl Into<Operation>,
        x: &[Value],
        w: &[Weight],
        ids: Option<Ids>,
    ) -> Result<Value, ShapeError> {
        let operation = operation.into();
        let shapes: Vec<Shape> = x.iter().map(|v| self.arrays[v.0].shape).collect();
        let weight_shapes: Vec<Shape> = w.iter().map(|w| self.weights.shape(*w)).collect();
        let size = operation.shape(&shapes, &weight_shapes).map_err(|reason| ShapeError::Operation {
            operation: operation.name(),
            site: site.into(),
            reason,
            arrays: self.describe(&operation, x, w),
        })?;
        let output = self.array(site, size)?;
        self.nodes.push(Node { operation, x: x.to_vec(), w: w.to_vec(), ids, output });
        Ok(output)
    }

    /// The operands of an operation: `x = wte [5, 8], w = head [7, 3]`.
    fn describe(&self, operation: &Operation, x: &[Value], w: &[Weight]) -> String {
        let (xs, ws) = operation.operand_names();
        let arrays = x.iter().map(|v| (&self.arrays[v.0].site[..], self.arrays[v.0].shape));
        let weights = w.iter().map(|w| (self.weights.name(*w), self.weights.shape(*w)));
        let operands = xs.iter().zip(arrays).chain(ws.iter().zip(weights));
        operands.map(|(role, (name, shape))| format!("{role} = {name} {shape}")).collect::<Vec<_>>().join(", ")
    }
}
