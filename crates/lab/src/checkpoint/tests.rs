//! A state comes back to the bit, and a checkpoint that is not what it should be says so.

use std::fs;

use super::*;
use crate::Carried;
use crate::layout::tests::layout;
use crate::scratch::Scratch;

pub(crate) fn state(step: u64) -> TrainingState {
    let array = |x: f32| (0..12u8).map(|i| x + f32::from(i)).collect::<Vec<f32>>();
    TrainingState {
        step,
        point: array(0.1),
        optimiser_steps: step + 1,
        optimiser: vec![("second".into(), array(0.3)), ("first".into(), array(f32::INFINITY))],
        best: Some((step / 2, 0.1 + 0.2)),
        tokens: u64::MAX,
        mined: None,
        unreported: (0.7 + 0.1, 3),
        unreported_of_heads: vec![],
        lines: (5, "abc".into()),
    }
}

#[test]
fn a_state_comes_back() {
    let folder = Scratch::new("checkpoint-round");
    let path = folder.path().join("c");
    let of_heads = TrainingState { unreported_of_heads: vec![0.1 + 0.2, 1e-300], ..state(9) };
    for state in [state(0), state(u64::MAX - 1), TrainingState { best: None, ..state(7) }, of_heads] {
        write(&path, "plan = 1\n", &layout(), &state).unwrap();
        assert_eq!(read(&path, &layout()).unwrap(), ("plan = 1\n".to_string(), state));
        let weights = weights_file::read(&path).unwrap();
        let carried = Carried { plan: "plan = 1\n".into(), is_checkpoint: true };
        assert_eq!(Carried::of(&path).unwrap(), Some(carried));
        assert_eq!(weights.metadata["tied"], "lm_head.weight=transformer.wte.weight");
    }
}

/// Writes a good checkpoint with one entry of the metadata replaced, or removed.
fn with_entry(path: &Path, key: &str, text: Option<&str>) {
    let mut entries = metadata("plan", &layout(), &state(4));
    match text {
        Some(text) => entries.insert(key.into(), text.into()),
        None => entries.remove(key),
    };
    weights_file::write(path, "write", &layout().views(&state(4).point), &entries).unwrap();
}

#[test]
fn wrong_metadata_is_named() {
    let folder = Scratch::new("checkpoint-metadata");
    let path = folder.path().join("c");
    for key in [
        "numerics",
        "plan",
        "step",
        "tokens",
        "optimiser_steps",
        "unreported_loss",
        "unreported_steps",
        "lines",
        "lines_hash",
        "best_step",
        "best_value",
    ] {
        with_entry(&path, key, None);
        let text = read(&path, &layout()).unwrap_err().to_string();
        assert!(text.contains(&format!("has no `{key}`")), "{text}");
    }
    let cases = [
        ("numerics", "999"),
        ("step", "-1"),
        ("step", "1.5"),
        ("step", "99999999999999999999"),
        ("tokens", ""),
        ("optimiser_steps", "\u{0}many"),
        ("best_step", "x"),
        ("best_value", "NaN"),
        ("best_value", "inf"),
        ("unreported_loss", "-inf"),
        (OF_HEADS, "0.5 x"),
        (OF_HEADS, "NaN"),
    ];
    for (key, value) in cases {
        with_entry(&path, key, Some(value));
        let text = read(&path, &layout()).unwrap_err().to_string();
        assert!(text.contains(key) && !text.contains('\u{0}') && text.contains("go on from another"), "{text}");
    }
}

#[test]
fn weights_of_others_are_no_checkpoint_and_have_no_plan() {
    let folder = Scratch::new("checkpoint-foreign");
    let path = folder.path().join("c");
    weights_file::write(&path, "write", &layout().views(&state(1).point), &BTreeMap::new()).unwrap();
    assert!(read(&path, &layout()).unwrap_err().to_string().contains("has no `numerics` in its metadata"));
    let weights = weights_file::read(&path).unwrap();
    assert_eq!(Carried::of(&path).unwrap(), None);
    assert_eq!(layout().gather(weights.tensors, &path).unwrap(), state(1).point);
}

#[test]
fn an_optimiser_of_another_model_is_refused() {
    let folder = Scratch::new("checkpoint-optimiser");
    let path = folder.path().join("c");
    let mut views = layout().views(&[0.5; 12]);
    views.push(TensorView { name: "optimiser.first".into(), shape: vec![3], data: &[0.0; 3] });
    weights_file::write(&path, "write", &views, &metadata("plan", &layout(), &state(4))).unwrap();
    let text = read(&path, &layout()).unwrap_err().to_string();
    assert!(text.contains("`optimiser.first` of shape [3]") && text.contains("12 parameters"), "{text}");
}

#[test]
fn equal_states_give_equal_files() {
    let folder = Scratch::new("checkpoint-bytes");
    let paths = ["a", "b"].map(|name| folder.path().join(name));
    paths.iter().for_each(|path| write(path, "plan", &layout(), &state(3)).unwrap());
    assert_eq!(fs::read(&paths[0]).unwrap(), fs::read(&paths[1]).unwrap());
}

/// Whatever byte of a checkpoint loses a bit, it is not taken for what was written.
#[test]
fn a_damaged_checkpoint_is_refused() {
    let folder = Scratch::new("checkpoint-damaged");
    let path = folder.path().join("c");
    write(&path, "plan = 1\n", &layout(), &state(3)).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    for byte in 0..bytes.len() {
        bytes[byte] ^= 1 << (byte % 8);
        fs::write(&path, &bytes).unwrap();
        assert!(read(&path, &layout()).is_err(), "byte {byte} of {}", bytes.len());
        bytes[byte] ^= 1 << (byte % 8);
    }
    fs::write(&path, &bytes).unwrap();
    read(&path, &layout()).unwrap();
}
