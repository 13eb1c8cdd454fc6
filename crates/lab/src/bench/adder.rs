//! The adder of ten-digit sums with 456 parameters: every matrix is a product of two factors.
//!
//! One block, RMSNorm, rank-3 positions, queries and keys through a shared factor of rank 3, keys equal to values, attention
//! output of rank 2, MLP of rank 3, tied head.

use infimum_engine::{
    Activation, Builder, Free, Norm, NormKind, Product, Program, ShapeError, Transposed, Value, Weight,
};

use super::Workload;

const EPSILON: f64 = 1e-8;

/// The adder with the sizes of `workload`.
pub(super) fn program(workload: &Workload) -> Result<Program, ShapeError> {
    let &Workload { positions, alphabet, width, heads, hidden, .. } = workload;
    let mut b = Builder::new();
    let (tokens, targets) = (b.ids("tokens", positions, alphabet)?, b.ids("targets", positions, alphabet)?);
    let table = b.weight("token", Free { rows: alphabet, columns: width })?;
    let rows = low_rank(&mut b, "position", positions, 3, width)?;
    let embedded = b.embed("embedded", tokens, table)?;
    let x = b.add_rows("x", embedded, rows)?;
    let x = attention(&mut b, x, width, heads)?;
    let x = mlp(&mut b, x, width, hidden)?;
    let x = rms(&mut b, "final", x, width)?;
    let head = b.weight("head", Transposed { of: table })?;
    let logits = b.linear("logits", x, head, None)?;
    let nats = b.cross_entropy("nats", logits, targets)?;
    b.finish(nats, "weights", workload.scored_from..positions)
}

fn attention(b: &mut Builder, x: Value, width: usize, heads: usize) -> Result<Value, ShapeError> {
    let normed = rms(b, "norm 1", x, width)?;
    let shared = b.weight("attention.A", Free { rows: width, columns: 3 })?;
    let bq = b.weight("attention.Bq", Free { rows: 3, columns: width })?;
    let bkv = b.weight("attention.Bkv", Free { rows: 3, columns: width })?;
    let wq = b.weight("attention.q", Product { left: shared, right: bq })?;
    let wkv = b.weight("attention.kv", Product { left: shared, right: bkv })?;
    let q = b.linear("q", normed, wq, None)?;
    let kv = b.linear("kv", normed, wkv, None)?;
    let y = b.attention("y", q, kv, kv, heads)?;
    let out = low_rank(b, "attention.out", width, 2, width)?;
    let out = b.linear("out", y, out, None)?;
    b.add("middle", x, out)
}

fn mlp(b: &mut Builder, x: Value, width: usize, hidden: usize) -> Result<Value, ShapeError> {
    let normed = rms(b, "norm 2", x, width)?;
    let (up, down) = (low_rank(b, "up", width, 3, hidden)?, low_rank(b, "down", hidden, 3, width)?);
    let fc = b.linear("fc", normed, up, None)?;
    let act = b.activation("act", fc, Activation::GeluErf)?;
    let out = b.linear("mlp", act, down, None)?;
    b.add("last", x, out)
}

fn rms(b: &mut Builder, site: &str, x: Value, width: usize) -> Result<Value, ShapeError> {
    let gain = b.weight(&format!("{site} gain"), Free { rows: 1, columns: width })?;
    b.norm(site, x, Norm { kind: NormKind::Rms, epsilon: EPSILON }, Some(gain), None)
}

fn low_rank(b: &mut Builder, name: &str, rows: usize, rank: usize, columns: usize) -> Result<Weight, ShapeError> {
    let left = b.weight(&format!("{name}.left"), Free { rows, columns: rank })?;
    let right = b.weight(&format!("{name}.right"), Free { rows: rank, columns })?;
    b.weight(name, Product { left, right })
}

/// Start values: gains 1, everything else spread between -0.4 and 0.4.
pub(super) fn start(program: &Program) -> Vec<f32> {
    let mut point = vec![1.0; program.weights().parameters()];
    for p in program.parameters().iter().filter(|p| !p.name.ends_with("gain")) {
        let spread = |(i, x): (usize, &mut f32)| *x = ((i * 7919 + 13) % 97) as f32 / 121.0 - 0.4;
        point[p.range.clone()].iter_mut().enumerate().for_each(spread);
    }
    point
}

#[cfg(test)]
mod tests {
    use infimum_engine::Steps;

    use crate::bench::workload;

    /// Pruning by need alone leaves 12 of its 33 positions.
    #[test]
    fn queries_mlp_and_head_keep_12_of_33_positions() {
        let program = workload("add456").unwrap().program().gradient();
        let steps = Steps::new(&program);
        let rows = |site: &str| steps.rows_of(&program, site).unwrap().len();
        for site in ["q", "y", "out", "middle", "norm 2", "fc", "act", "mlp", "last", "final", "logits", "nats"] {
            assert_eq!(rows(site), 12, "{site}");
        }
        for site in ["x", "norm 1", "kv"] {
            assert_eq!(rows(site), 33, "{site}");
        }
    }
}
