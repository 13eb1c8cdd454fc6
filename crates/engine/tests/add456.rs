//! The 456-parameter adder is a program like any other: pruning by need alone leaves 12 of its 33 positions.

#[allow(dead_code)]
#[path = "../examples/add456.rs"]
mod add456;

use infimum_engine::Steps;

#[test]
fn queries_mlp_and_head_keep_12_of_33_positions() {
    let program = add456::add456().unwrap().gradient();
    assert_eq!(program.weights().parameters(), 456);
    let steps = Steps::new(&program);
    let rows = |site: &str| steps.rows_of(&program, site).unwrap().len();
    for site in ["q", "y", "out", "middle", "norm 2", "fc", "act", "mlp", "last", "final", "logits", "nats"] {
        assert_eq!(rows(site), 12, "{site}");
    }
    for site in ["x", "norm 1", "kv"] {
        assert_eq!(rows(site), 33, "{site}");
    }
}
