//! Models of other people from the command line: imported, exported and read again, they are the same model; and weights are not taken for
//! those of a model with other frozen numbers.

mod session;

use std::fs;

use serde_json::Value;
use session::{Session, TINY};

/// A session with a model of other people's, as they saved it.
fn with(name: &str, file: &str) -> Session {
    let session = Session::new(name);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../lab/tests/imported/");
    session.write(file, fs::read(format!("{folder}{file}")).unwrap());
    session
}

/// A recipe whose MLP adds random numbers of that seed to a matrix of rank 1.
fn recipe(seed: u64) -> String {
    format!("{TINY}[model.weights]\n\"h.0.mlp.c_fc\" = \"low_rank(1) + random(deviation = 0.5, seed = {seed})\"\n")
}

/// `stacked.pt` has matrices that are never trained, `factorised-kv.pt` has none.
#[test]
fn an_imported_model_is_the_same_after_its_export() {
    for (file, frozen) in [("stacked.pt", true), ("factorised-kv.pt", false)] {
        let session = with(&format!("import-{file}"), file);
        session.good(&format!("import {file} -o model"));
        session.good("export model.safetensors -o e.npz");
        session.good("export model.safetensors -o e.safetensors");
        session.good("export e.npz -o again.npz");
        session.good(&format!("export {file} -o direct.safetensors"));
        assert_eq!(fs::read(session.path("e.npz")).unwrap(), fs::read(session.path("again.npz")).unwrap(), "{file}");
        for command in ["eval FILE --pairs 300", "falsify FILE --pairs 300 --seconds 60", "params FILE"] {
            let of = |name: &str| session.json(&command.replace("FILE", name));
            let wanted = of("model.safetensors");
            for name in [file, "e.npz", "e.safetensors", "direct.safetensors"] {
                assert_eq!(of(name), wanted, "{command}: {name}");
            }
        }
        assert!(session.json("eval e.npz --pairs 300").to_string().contains("smallest_margin"), "{file}");
        assert_eq!(session.json("params e.npz")["frozen"].as_u64() > Some(0), frozen, "{file}");
        assert!(session.good("sample e.npz --prompt 12+34=").starts_with("12+34="), "{file}");
        for given in ["e.npz", "e.safetensors"] {
            session.good(&format!("eval {given} --pairs 300 --recipe model.safetensors"));
            session.good(&format!("eval model.safetensors --pairs 300 --recipe {given}"));
        }
    }
}

/// The score of the excess, or whatever stands first.
fn first(figures: &Value) -> &Value {
    &figures[0]
}

#[test]
fn weights_are_not_those_of_a_model_with_other_frozen_numbers() {
    let session = Session::new("other-frozen");
    session.write("tiny.toml", recipe(1));
    session.write("other.toml", recipe(2));
    session.write("none.toml", TINY);
    session.good("run tiny.toml");
    session.good("export tiny-s1 -o e.npz");
    session.good("export tiny-s1 -o e.safetensors");
    let scores = session.json("eval tiny-s1");
    let differ =
        ["frozen numbers of `transformer.h.0.mlp.c_fc.weight.right` differ", "without --recipe", "[model.weights]"];
    for weights in ["e.npz", "e.safetensors", "tiny-s1", "runs/tiny-s1/checkpoints/last.safetensors"] {
        for more in ["", " --recipe tiny.toml", " --recipe e.npz", " --recipe e.safetensors"] {
            assert_eq!(first(&session.json(&format!("eval {weights}{more}"))), first(&scores), "{weights}{more}");
        }
        for command in ["eval", "sample", "export --force"] {
            session.refused(&format!("{command} {weights} --recipe other.toml"), &differ);
        }
        for key in ["training.init", "training.pull.coefficient=1 --set training.pull.weights"] {
            session.refused(&format!("run other.toml --set {key}={weights} --set name=x"), &differ);
        }
        session.good(&format!("check tiny.toml --set training.init={weights}"));
        session.refused(&format!("eval {weights} --recipe none.toml"), &["c_fc.weight.left"]);
    }
    session.refused("export tiny-s1 --names nanogpt", &["formulas under [model.weights]", "leave --names out"]);
}

/// A file of weights stands for its plan, as a `plan.toml` does.
#[test]
fn a_file_of_weights_is_a_plan_or_no_recipe() {
    let session = with("weights-as-recipe", "stacked.pt");
    session.good("run tiny.toml");
    session.good("export");
    session.good("floor tiny-s1.npz");
    session.refused("run tiny-s1.npz --set training.steps=3", &["is a plan, which is run as it is"]);
    session.good("export --names nanogpt -o theirs.npz");
    for file in ["theirs.npz", "stacked.pt"] {
        session.refused(
            &format!("eval tiny-s1.npz --recipe {file}"),
            &[file, "carries no plan, and no recipe", "markov-10"],
        );
    }
    session.refused("params theirs.npz", &["theirs.npz: nothing in it says", "infimum params RECIPE"]);
}

#[test]
fn an_altered_plan_is_refused() {
    let session = with("altered-plan", "stacked.pt");
    session.good("export stacked.pt -o e.safetensors");
    session.good("export stacked.pt -o e.npz");
    for (file, problem) in [("e.safetensors", "is damaged"), ("e.npz", "e.npz")] {
        let mut bytes = fs::read(session.path(file)).unwrap();
        let at = bytes.windows(7).position(|seven| seven == b"layers ").unwrap();
        bytes[at] = b'L';
        session.write(file, bytes);
        for command in ["eval", "params", "falsify", "sample", "export", "check", "eval model.safetensors --recipe"] {
            session.good("import stacked.pt -o model --force");
            session.refused(&format!("{command} {file}"), &[problem]);
        }
    }
}
