//! What is done to the heads of queries and keys between their projections and attention: a norm of each head, turning by
//! position, keys and values given to the queries that share them, a channel for the position.

use std::sync::Arc;

use infimum_engine::{Constant, NormKind, Rotary, ShapeError, Value};

use super::Decoder;
use crate::recipe::{Norm, Pairs, Positions};

impl Decoder<'_> {
    /// The result of attention over the projections of queries, keys and values.
    pub(super) fn attend(&mut self, at: &str, [q, k, v]: [Value; 3]) -> Result<Value, ShapeError> {
        let (heads, groups) = (self.model.heads, self.model.kv_heads());
        let (q, k) = (self.own(at, "q", q, heads)?, self.own(at, "k", k, groups)?);
        let (q, k) = match self.model.positions {
            Positions::Alibi => self.with_places(at, q, k)?,
            _ => (q, self.shared(at, "k", k, self.model.head_width())?),
        };
        let v = self.shared(at, "v", v, self.model.value_width())?;
        self.b.attention_of_width(&format!("{at}.attn.y"), [q, k, v], heads, self.model.head_width())
    }

    /// Heads as they are compared, each by itself: normalised, then turned.
    fn own(&mut self, at: &str, part: &str, x: Value, heads: usize) -> Result<Value, ShapeError> {
        let mut x = x;
        let kind = match self.model.qk_norm {
            Norm::None => None,
            Norm::Layer => Some(NormKind::Layer),
            Norm::Rms => Some(NormKind::Rms),
        };
        if let Some(kind) = kind {
            let gain = self.weight(&format!("{at}.attn.{part}_norm"))?;
            let norm = infimum_engine::Norm { kind, epsilon: self.model.epsilon() };
            x = self.b.head_norm(&format!("{at}.attn.{part}_norm"), x, norm, gain, heads)?;
        }
        if self.model.positions == Positions::Rotary {
            let pairs = match self.model.pairs() {
                Pairs::Interleaved => infimum_engine::Pairs::Interleaved,
                Pairs::Half => infimum_engine::Pairs::Half,
            };
            let rotary = Rotary { width: self.model.head_width(), base: self.model.base(), pairs };
            x = self.b.rotate(&format!("{at}.attn.{part}_turned"), x, rotary)?;
        }
        Ok(x)
    }

    /// A head of keys or values for each head of queries.
    fn shared(&mut self, at: &str, part: &str, x: Value, width: usize) -> Result<Value, ShapeError> {
        let (heads, groups) = (self.model.heads, self.model.kv_heads());
        match heads == groups {
            true => Ok(x),
            false => self.b.spread(&format!("{at}.attn.{part}_shared"), x, groups, heads, width),
        }
    }

    /// A channel more for each head: of queries the slope of the head, of keys their position. Their product is the slope times
    /// the key's position, which differs from the negative slope times the distance by what is the same for all keys of a
    /// query, and so changes no probability.
    fn with_places(&mut self, at: &str, q: Value, k: Value) -> Result<(Value, Value), ShapeError> {
        let (heads, groups) = (self.model.heads, self.model.kv_heads());
        let (width, positions) = (self.model.head_width(), self.shape.positions);
        let slopes: Vec<f32> = (0..heads).map(|head| scaled_slope(head, heads, width)).collect();
        let parts = [("q", q, heads), ("k", k, groups)];
        let [q, k] = parts.map(|(part, x, of)| {
            let wider = self.b.spread(&format!("{at}.attn.{part}_wider"), x, of, heads, width + 1)?;
            let number = |t: usize, head: usize| if part == "q" { slopes[head] } else { t as f32 };
            let rows = last_channels(positions, heads, width + 1, number);
            let rows = self.b.weight(&format!("transformer.{at}.attn.{part}_places"), rows)?;
            self.b.add_rows(&format!("{at}.attn.{part}_placed"), wider, rows)
        });
        Ok((q?, k?))
    }
}

/// The slope `2^(-8 h / H)` of head number `h`, of `1..=H` (Press, Smith and Lewis 2022), times `sqrt(width)`, by which attention
/// divides. Rounded to f32 once, so that a score is off by at most 1 part in `2^24` of slope times position, and by the rounding of its sum.
fn scaled_slope(head: usize, heads: usize, width: usize) -> f32 {
    let slope = libm::pow(2.0, -8.0 * (head + 1) as f64 / heads as f64);
    (slope * (width as f64).sqrt()) as f32
}

/// `[rows, heads * width]`: 0 but in the last channel of each head.
fn last_channels(rows: usize, heads: usize, width: usize, number: impl Fn(usize, usize) -> f32) -> Constant {
    let place = |t: usize, c: usize| if c % width == width - 1 { number(t, c / width) } else { 0.0 };
    let scalars = (0..rows).flat_map(|t| (0..heads * width).map(move |c| (t, c))).map(|(t, c)| place(t, c));
    Constant { rows, columns: heads * width, scalars: Arc::new(scalars.collect()), frozen: false }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use infimum_engine::{Executor, Feed, Isa, Replay, Team};
    use infimum_worlds::{Head, Shape};

    use super::*;
    use crate::decoder;
    use crate::recipe::Model;

    /// The paper's for 8 heads: 1/2, 1/4, ... 1/256.
    #[test]
    fn slopes_are_the_published_ones() {
        let slopes: Vec<f32> = (0..8).map(|head| scaled_slope(head, 8, 4)).collect();
        assert_eq!(slopes, [1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125]);
        assert_eq!(scaled_slope(1, 3, 1), 0.024803141);
    }

    /// With queries and keys of zeros, scores are the slopes alone: weights are those of the formula, as near as 32 bits have
    /// slope times position.
    #[test]
    fn far_positions_lose_no_more_than_roundings() {
        let (positions, heads, of_one) = (400, 4, 2);
        let model = Model {
            width: heads * of_one,
            layers: 1,
            heads,
            positions: Positions::Alibi,
            mlp: false,
            ..Model::default()
        };
        let shape =
            Shape { positions, alphabet: 5, heads: vec![Head { name: "token", alphabet: 5 }], scored: 0..positions };
        let program = decoder(&model, &shape).unwrap();
        let mut point = crate::start(&program, &model, 1);
        let joint = program.parameters().into_iter().find(|p| p.name.ends_with("c_attn.weight")).unwrap().range;
        point[joint.start..joint.start + 2 * joint.len() / 3].fill(0.0);
        let sites = program.outputs_at(&["h.0.attn.v", "h.0.attn.y"], 0..positions).unwrap();
        let fill =
            |_: usize, feed: &mut Feed| feed.ids[0].iter_mut().enumerate().for_each(|(t, id)| *id = (t * t % 5) as u16);
        for executor in Executor::ALL {
            let found = Mutex::new(vec![]);
            let keep =
                |_: usize, arrays: &[&[f32]]| *found.lock().unwrap() = arrays.iter().map(|a| a.to_vec()).collect();
            Replay::new(&sites, executor, Isa::best()).outputs(&mut Team::new(1), &point, 1, &fill, &keep);
            let arrays: Vec<Vec<f32>> = found.into_inner().unwrap();
            let [v, y] = [&arrays[0], &arrays[1]]
                .map(|array| move |t: usize, c: usize| f64::from(array[t * heads * of_one + c]));
            let largest = arrays[0].iter().fold(0.0f32, |m, x| m.max(x.abs()));
            for (t, c) in (0..positions).flat_map(|t| (0..heads * of_one).map(move |c| (t, c))) {
                let slope = libm::pow(2.0, -8.0 * (c / of_one + 1) as f64 / heads as f64);
                let weight = |u: usize| libm::exp(-slope * (t - u) as f64);
                let sum: f64 = (0..=t).map(weight).sum();
                let expected = (0..=t).map(|u| weight(u) * v(u, c)).sum::<f64>() / sum;
                let bound = f64::from(largest) * (2.0 * slope * t as f64 / f64::from(1 << 22) + 1e-6);
                assert!((y(t, c) - expected).abs() <= bound, "{executor}, {t}, {c}: {} for {expected}", y(t, c));
            }
        }
    }

    #[test]
    fn only_the_last_channel_of_a_head_has_a_number() {
        let rows = last_channels(2, 2, 3, |t, head| (10 * t + head + 1) as f32);
        assert_eq!(*rows.scalars, [0.0, 0.0, 1.0, 0.0, 0.0, 2.0, 0.0, 0.0, 11.0, 0.0, 0.0, 12.0]);
    }
}
