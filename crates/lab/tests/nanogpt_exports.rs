//! Weights written with nanoGPT's names: `oracles/nanogpt.py` reads the files beside its checkpoints and compares them; here they
//! are shown to be what is written now, and to come back bit for bit.

#[path = "nanogpt/models.rs"]
mod models;

use std::fs;
use std::path::{Path, PathBuf};

use infimum_lab::foreign::numpy;
use infimum_lab::{
    Experiment, LabError, Names, Plan, Recipe, export_weights, read_weights, recipes, start, weights_file,
};
use models::{committed, experiment, models};

/// Where a test writes; what is there from before is replaced.
fn written(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn export(experiment: &Experiment, point: &[f32], path: &Path, names: Names) {
    export_weights(experiment, point, path, names, true).unwrap();
}

#[test]
fn exports_are_the_files_that_the_oracle_reads() {
    let mut differing = vec![];
    for (name, overrides) in models() {
        let experiment = experiment(&overrides);
        let read = |path: &Path| read_weights(path, experiment.plan().model(), &experiment.layout()).unwrap();
        let point = read(&committed(&format!("{name}.pt")));
        let (there, now) = (committed(&format!("{name}.npz")), written(&format!("{name}.npz")));
        export(&experiment, &point, &now, Names::Nanogpt);
        assert_eq!(read(&now), point, "{name}");
        let same = fs::read(&there).is_ok_and(|bytes| bytes == fs::read(&now).unwrap());
        differing.extend((!same).then_some((now, there)));
    }
    assert!(
        differing.is_empty(),
        "the first of each pair is what is written now; if that is right, copy it to the second and run \
         oracles/nanogpt.py --check: {differing:?}"
    );
}

/// The recipe with few sequences, which decide nothing about its model.
fn published(name: &str) -> Experiment {
    let text = recipes::built_in(name).unwrap();
    let overrides = ["export.train_sequences=300", "export.validation_sequences=1"].map(String::from);
    Experiment::new(Plan::new(&Recipe::parse(text, name, &overrides).unwrap()).unwrap()).unwrap()
}

#[test]
fn every_published_model_comes_back_bit_for_bit() {
    let names = recipes::BUILT_IN.iter().map(|(name, _)| *name).filter(|name| name.starts_with("published/"));
    let names: Vec<&str> = names.collect();
    assert_eq!(names.len(), 18);
    for name in names {
        let experiment = published(name);
        let point = start(experiment.program(), experiment.plan().model(), 1);
        for (names, ending) in [(Names::Nanogpt, "npz"), (Names::Nanogpt, "safetensors"), (Names::Own, "npz")] {
            let path = written(&format!("published.{ending}"));
            export(&experiment, &point, &path, names);
            let found = read_weights(&path, experiment.plan().model(), &experiment.layout()).unwrap();
            let same = found.iter().zip(&point).all(|(a, b)| a.to_bits() == b.to_bits());
            assert!(same && found.len() == point.len(), "{name} {names:?} {ending}");
            fs::remove_file(path).unwrap();
        }
    }
}

/// Both forms hold the same arrays, which are those that nanoMarkov's model has.
#[test]
fn arrays_have_their_names_and_shapes() {
    let c8 = [
        ("lm_head.weight", vec![101, 101]),
        ("transformer.h.0.attn.c_attn.weight", vec![303, 101]),
        ("transformer.h.0.attn.c_proj.weight", vec![101, 101]),
        ("transformer.h.0.ln_1.weight", vec![101]),
        ("transformer.h.0.ln_2.weight", vec![101]),
        ("transformer.h.0.mlp.c_fc.weight", vec![101, 101]),
        ("transformer.h.0.mlp.c_proj.weight", vec![101, 101]),
        ("transformer.ln_f.weight", vec![101]),
        ("transformer.wpe.weight", vec![256, 101]),
        ("transformer.wte.weight", vec![101, 101]),
    ];
    let experiment = published("published/nanomarkov-c8");
    let point = start(experiment.program(), experiment.plan().model(), 1);
    let [npz, safetensors] = ["c8.npz", "c8.safetensors"].map(written);
    [&npz, &safetensors].into_iter().for_each(|path| export(&experiment, &point, path, Names::Nanogpt));
    let mut arrays = numpy::read_npz(&npz).unwrap();
    let bytes: Vec<u8> = arrays.remove("model_args").unwrap().data.iter().map(|byte| *byte as u8).collect();
    let file = weights_file::read(&safetensors).unwrap();
    assert_eq!(file.metadata["model_args"].as_bytes(), bytes);
    let found: Vec<_> = arrays.iter().map(|(name, array)| (name.as_str(), array.shape.clone())).collect();
    assert_eq!(found, c8);
    for tensor in &file.tensors {
        let array = &arrays[&tensor.name];
        let same = tensor.data.iter().zip(&array.data).all(|(a, b)| f64::from(*a) == *b);
        assert!(same && tensor.shape == array.shape, "{}", tensor.name);
    }
    let arguments: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    for (key, value) in [("n_embd", 101), ("block_size", 256), ("vocab_size", 101), ("n_layer", 1), ("mlp_ratio", 1)] {
        assert_eq!(arguments[key], value, "{key}");
    }
    for (key, value) in [("use_ln", false), ("one_hot_embed", true), ("lm_head_tied", true), ("mlp_only", false)] {
        assert_eq!(arguments[key], value, "{key}");
    }
    assert_eq!(arguments["mlp_filter"], "RELU");
}

#[test]
fn what_nanogpt_has_not_is_refused_by_name() {
    for (overrides, wanted) in [
        (vec!["model.norm=rms"], "model.norm = \"rms\""),
        (vec!["model.positions=sinusoidal"], "model.positions = \"sinusoidal\""),
        (vec!["model.positions=rotary"], "model.positions = \"rotary\""),
        (vec!["model.positions=alibi"], "model.positions = \"alibi\""),
        (vec!["model.qk_norm=rms"], "model.qk_norm"),
        (vec!["model.head_width=6"], "heads of other widths"),
        (vec!["model.value_width=6"], "heads of other widths"),
        (vec!["model.mlp_gate=true"], "model.mlp_gate = true"),
        (vec!["model.activation=silu"], "model.activation = \"silu\""),
        (vec!["model.norm_epsilon=1e-6"], "model.norm_epsilon"),
        (vec!["model.mlp=false"], "model.mlp = false"),
        (vec!["model.activation=gelu-tanh"], "model.activation = \"gelu-tanh\""),
        (vec!["model.parallel=true"], "model.parallel = true with norms"),
        (vec!["model.norm=none"], "model.parallel = false without norms"),
        (vec!["model.bias=true", "model.mlp_ratio=2"], "model.bias = true"),
        (vec!["model.bias=true", "model.tied=false"], "model.bias = true"),
    ] {
        let experiment = experiment(&overrides);
        let point = start(experiment.program(), experiment.plan().model(), 1);
        let path = written("refused.safetensors");
        let _ = fs::remove_file(&path);
        let error = export_weights(&experiment, &point, &path, Names::Nanogpt, false).unwrap_err();
        assert!(error.is_user_error() && error.to_string().contains(wanted), "{overrides:?}: {error}");
        assert!(!path.exists(), "{overrides:?}");
        export(&experiment, &point, &path, Names::Own);
        let found = read_weights(&path, experiment.plan().model(), &experiment.layout()).unwrap();
        assert_eq!(found, point, "{overrides:?}: its own names say it all");
    }
}

/// Models without blocks, and blocks whose switches say nothing.
#[test]
fn what_nanogpt_has_comes_back() {
    for overrides in [
        vec!["model.layers=0"],
        vec!["model.layers=0", "model.norm=none"],
        vec!["model.layers=0", "model.tied=false", "model.positions=none"],
        vec!["model.attention=false", "model.heads=1", "model.activation=relu3"],
        vec!["model.dropout=0.1", "model.heads=8"],
        vec!["model.norm=none", "model.attention=false", "model.heads=1", "model.tied=false"],
    ] {
        let experiment = experiment(&overrides);
        let point = start(experiment.program(), experiment.plan().model(), 1);
        for path in ["back.npz", "back.safetensors"].map(written) {
            export(&experiment, &point, &path, Names::Nanogpt);
            let found = read_weights(&path, experiment.plan().model(), &experiment.layout()).unwrap();
            assert_eq!(found, point, "{overrides:?}");
        }
    }
}

#[test]
fn files_are_replaced_when_told_to_and_their_ending_says_their_form() {
    let experiment = experiment(&[]);
    let point = start(experiment.program(), experiment.plan().model(), 1);
    let path = written("replaced.npz");
    export(&experiment, &point, &path, Names::Own);
    export_weights(&experiment, &point, &path, Names::Own, false).expect("the same content is no hindrance");
    let error = export_weights(&experiment, &point, &path, Names::Nanogpt, false).unwrap_err();
    assert!(matches!(error, LabError::Replaces { .. }), "{error}");
    for name in ["weights", "weights.pt", ".npz"] {
        let error = export_weights(&experiment, &point, &written(name), Names::Own, false).unwrap_err();
        assert!(matches!(error, LabError::Ending { .. }) && error.is_user_error(), "{name}: {error}");
    }
}

/// Files that somebody else wrote or damaged.
#[test]
fn a_file_that_says_something_else_is_refused_by_name() {
    let experiment = experiment(&[]);
    let (layout, plan) = (experiment.layout(), experiment.plan());
    let whole = numpy::read_npz(&committed("plain.npz")).unwrap();
    let text = |text: &str| numpy::Array { shape: vec![text.len()], data: text.bytes().map(f64::from).collect() };
    let path = written("changed.npz");
    let refused = |arrays: &std::collections::BTreeMap<_, _>, wanted: &str| {
        numpy::write_npz(&path, "write", arrays).unwrap();
        let error = read_weights(&path, plan.model(), &layout).unwrap_err();
        assert!(error.is_user_error() && error.to_string().contains(wanted), "{wanted}: {error}");
    };
    for (arguments, wanted) in [
        (r#"{"n_head": 4}"#, "model_args.n_head = 4"),
        (r#"{"vocab_size": 77}"#, "model_args.vocab_size = 77, and its "),
        (r#"{"block_size": 77}"#, "model_args.block_size = 77, and its transformer.wpe.weight has "),
        (r#"{"use_ln": 1}"#, "neither True nor False"),
        (r#"{"n_layer": -2}"#, "no size"),
        (r#"{"mlp_filter": ["GELU"]}"#, "no text"),
        (r#"["n_layer"]"#, "no object of JSON"),
        ("", "no object of JSON"),
        (&"[".repeat(4000), "no object of JSON"),
        (&" ".repeat(5000), "5000 characters"),
    ] {
        let mut arrays = whole.clone();
        arrays.insert("model_args".into(), text(arguments));
        refused(&arrays, wanted);
    }
    for number in [0.5, -1.0, 256.0, 255.0, f64::NAN] {
        let mut arrays = whole.clone();
        arrays.insert("model_args".into(), numpy::Array { shape: vec![1], data: vec![number] });
        refused(&arrays, "not the bytes of a text");
    }
    let mut arrays = whole.clone();
    arrays.remove("transformer.wpe.weight");
    refused(&arrays, "transformer.wpe.weight");
    let bytes = fs::read(committed("plain.npz")).unwrap();
    for length in 0..bytes.len() {
        fs::write(&path, &bytes[..length]).unwrap();
        assert!(read_weights(&path, plan.model(), &layout).unwrap_err().is_user_error(), "{length} bytes");
    }
}

/// Those programs have no formulas; one that gives the arrays of the model without it is no hindrance.
#[test]
fn formulas_that_they_lack_are_refused() {
    let with = |formula: &str| {
        let experiment = experiment(&[&format!("model.weights={{\"h.0.mlp.c_fc\" = \"{formula}\"}}")]);
        let point = vec![0.0; experiment.layout().scalars()];
        export_weights(&experiment, &point, &written("formulas.npz"), Names::Nanogpt, true)
    };
    with("free(deviation = 0.5)").unwrap();
    for formula in ["low_rank(2)", "random(deviation = 0.5, seed = 1)", "exp(free(32, 8))", "0.5"] {
        let error = with(formula).unwrap_err();
        assert!(error.is_user_error() && error.to_string().contains("formulas under [model.weights]"), "{error}");
    }
}
