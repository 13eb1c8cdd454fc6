//! What `bench` prints, whatever the clock says, through the binary.

mod session;

use serde_json::Value;
use session::Session;

const STEP: [&str; 9] =
    ["executor", "gflops", "isa", "ms_min", "ms_per_step", "params", "peak_gflops", "threads", "workload"];

fn check_step(step: &Value, workload: &str) {
    let mut keys: Vec<&str> = step.as_object().expect("one object").keys().map(String::as_str).collect();
    keys.sort();
    assert_eq!(keys, STEP);
    assert_eq!(step["workload"], workload);
    let number = |key: &str| step[key].as_f64().filter(|x| *x > 0.0).unwrap_or_else(|| panic!("{key}: {step}"));
    assert!(number("ms_min") <= number("ms_per_step"), "{step}");
    assert!(number("gflops") > 0.0 && number("peak_gflops") > 0.0 && number("params") > 0.0);
}

#[test]
fn a_workload_is_one_object_or_one_line() {
    let session = Session::new("bench-one");
    let step = session.json("bench memo4k --seconds 0 --threads 1");
    check_step(&step, "memo4k");
    assert_eq!((step["params"].as_u64(), step["threads"].as_u64()), (Some(4624), Some(1)));
    let rounded = session.json("bench copilot --seconds 0 --threads 1 --products bf16");
    assert_eq!((&step["products"], &rounded["products"]), (&Value::Null, &Value::from("bf16")));
    let table = session.good("bench add456 --seconds 0 --isa scalar");
    for part in ["add456", "456", "lanes", "scalar", "GFLOP/s", "%"] {
        assert!(table.contains(part), "{table}");
    }
}

#[test]
fn all_workloads_are_a_table_or_a_list() {
    let session = Session::new("bench-all");
    let steps = session.json("bench --seconds 0");
    let names = ["add456", "add1128", "memo4k", "copilot", "regex", "mm10", "mm100"];
    assert_eq!(steps.as_array().map(Vec::len), Some(names.len()));
    steps.as_array().unwrap().iter().zip(names).for_each(|(step, name)| check_step(step, name));
}

#[test]
fn a_recipe_is_timed_as_a_workload_is() {
    let session = Session::new("bench-recipe");
    let step = session.json("bench --recipe markov-10 --set model.width=8 --set training.batch=16 --seconds 0");
    check_step(&step, "markov-10");
    assert_eq!(step["params"].as_u64(), Some(2 * 8 * 11 + 8 * 127 + 12 * 8 * 8 + 3 * 8));
    session.refused("bench mm100 --recipe markov-10", &["cannot be used with"]);
    session.refused("bench --set training.batch=16", &["--recipe"]);
    session.refused("bench memo4k --set training.batch=16", &["--set = training.batch=16", "--recipe"]);
    session.refused("bench peaks --executor wide", &["--executor = wide", "peaks"]);
    session.refused("bench --recipe markov-10 --products bf16", &["--set training.products=bf16"]);
    session.refused("bench --recipe markov-10 --set model.widht=8", &["widht", "width"]);
}

#[test]
fn peaks_and_growth_are_named() {
    let session = Session::new("bench-other");
    let peaks = session.json("bench peaks --threads 1");
    assert!(peaks["multiply_adds"].as_array().is_some_and(|all| all.iter().any(|peak| peak["isa"] == "scalar")));
    assert!(peaks["reads"].as_array().is_some_and(|all| all.iter().all(|read| read["gigabytes"].as_f64() > Some(0.0))));
    let table = session.good("bench scaling --seconds 0");
    for part in ["batch", "T ", "C ", "L ", "expected", "MB held"] {
        assert!(table.contains(part), "{table}");
    }
}

#[test]
fn tokens_of_every_workload_are_counted() {
    let session = Session::new("bench-decoding");
    let speeds = session.json("bench decoding --seconds 0 --threads 1");
    let speeds = speeds.as_array().unwrap();
    assert_eq!(speeds.len(), 7);
    for speed in speeds {
        let number = |key: &str| speed[key].as_f64().filter(|x| *x > 0.0).unwrap_or_else(|| panic!("{key}: {speed}"));
        for key in ["tokens_per_second", "recomputed_tokens_per_second", "bytes_kept", "sequences"] {
            number(key);
        }
    }
}

#[test]
fn what_cannot_be_measured_is_refused_with_what_can() {
    let session = Session::new("bench-mistakes");
    session.refused("bench mm1000", &["mm1000", "mm100,", "peaks", "scaling", "decoding"]);
    session.refused("bench --seconds -1", &["seconds"]);
    session.refused("bench --seconds nan", &["nan", "0 to 3600"]);
    session.refused("bench --isa sse2", &["sse2", "scalar"]);
    session.refused("bench mm100 --products f16", &["f16", "f32, bf16"]);
    session.refused("bench add456 --products bf16", &["bf16", "executor lanes", "--executor wide"]);
    session.refused("bench kernels --products bf16", &["bf16", "name a workload"]);
}
