//! What few runs can tell, as SciPy says it: see oracles/statistics.py.

use infimum_lab::statistics::{
    Ending, Shift, TimeToSuccess, Trials, fisher, newcombe, rank_sum, rank_sum_shift, sign_flip, signed_rank,
    signed_rank_shift,
};
use serde_json::Value;

fn oracle(what: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("oracles/statistics.json")).unwrap();
    all[what].as_array().expect("it is a list").clone()
}

fn numbers(values: &Value) -> Vec<f64> {
    values.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn near(found: f64, expected: &Value, case: &Value) {
    let expected = expected.as_f64().expect("it is a number");
    assert!((found - expected).abs() <= 1e-9, "{found} for {expected} in {case}");
}

#[test]
fn rates_are_compared_as_scipy_compares_them() {
    for case in oracle("tables") {
        let trials = |name: &str| {
            let [successes, of]: [u64; 2] =
                numbers(&case[name]).iter().map(|n| *n as u64).collect::<Vec<_>>().try_into().unwrap();
            Trials { successes, of }
        };
        let (first, second) = (trials("first"), trials("second"));
        near(fisher(first, second), &case["p"], &case);
        let (low, high) = newcombe(first, second).unwrap();
        near(low, &case["low"], &case);
        near(high, &case["high"], &case);
        near(fisher(second, first), &case["p"], &case);
    }
}

fn shift(found: Shift, case: &Value) {
    near(found.value, &case["shift"], case);
    // Where single estimates are equal, the test counts its ties, the interval does not.
    if case["ties"] == false {
        let expected = case["interval"].as_array();
        assert_eq!(found.interval.is_some(), expected.is_some(), "{case}");
        if let Some((low, high)) = found.interval {
            near(low, &case["interval"][0], case);
            near(high, &case["interval"][1], case);
        }
    }
}

#[test]
fn pairs_are_compared_as_scipy_compares_them() {
    for case in oracle("pairs") {
        let differences = numbers(&case["differences"]);
        near(signed_rank(&differences).p, &case["p"], &case);
        near(sign_flip(&differences).unwrap(), &case["flipped"], &case);
        shift(signed_rank_shift(&differences), &case);
    }
}

#[test]
fn groups_are_compared_as_scipy_compares_them() {
    for case in oracle("groups") {
        let (first, second) = (numbers(&case["first"]), numbers(&case["second"]));
        near(rank_sum(&first, &second).p, &case["p"], &case);
        near(rank_sum(&second, &first).p, &case["p"], &case);
        shift(rank_sum_shift(&first, &second), &case);
    }
}

#[test]
fn curves_are_scipys() {
    for case in oracle("curves") {
        let ending = |pair: &Value| Ending { step: pair[0].as_u64().unwrap(), reached: pair[1] == 1 };
        let endings: Vec<Ending> = case["endings"].as_array().unwrap().iter().map(ending).collect();
        let found = TimeToSuccess::of(&endings).curve;
        let expected = case["curve"].as_array().unwrap();
        assert_eq!(found.len(), expected.len(), "{case}");
        for (point, expected) in found.iter().zip(expected) {
            assert_eq!(Some(point.step), expected["step"].as_u64());
            near(point.share, &expected["share"], &case);
            near(point.low, &expected["low"], &case);
            near(point.high, &expected["high"], &case);
        }
    }
}
