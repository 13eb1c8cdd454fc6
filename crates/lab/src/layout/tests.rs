//! A file fits a model or the message says what does not.

use infimum_engine::Shape;

use super::*;

/// Embedding 3 by 2, a gain and a bias of 2, a linear layer 1 by 2; the head is tied to the embedding.
pub(crate) fn layout() -> Layout {
    let arrays = [
        ("transformer.wte.weight", 3, 2),
        ("transformer.ln_f.weight", 1, 2),
        ("transformer.h.0.mlp.c_fc.bias", 1, 2),
        ("transformer.h.0.mlp.c_fc.weight", 1, 2),
    ];
    let mut start = 0;
    let parameter = |(name, rows, channels): (&str, usize, usize)| {
        let range = start..start + rows * channels;
        start = range.end;
        Parameter { name: name.into(), shape: Shape { rows, channels }, range }
    };
    let parameters = arrays.into_iter().map(parameter).collect();
    Layout::new(parameters, vec![("lm_head.weight".into(), "transformer.wte.weight".into())])
}

fn point() -> Vec<f32> {
    (0..12u8).map(f32::from).collect()
}

fn tensors() -> Vec<Tensor> {
    let owned = |v: TensorView| Tensor { name: v.name, shape: v.shape, data: v.data.to_vec() };
    layout().views(&point()).into_iter().map(owned).collect()
}

fn tensor(name: &str, shape: &[usize], data: &[f32]) -> Tensor {
    Tensor { name: name.into(), shape: shape.into(), data: data.into() }
}

fn gather(tensors: Vec<Tensor>) -> Result<Vec<f32>, String> {
    layout().gather(tensors, Path::new("w")).map_err(|error| error.to_string())
}

#[test]
fn gains_and_biases_have_one_dimension() {
    let shapes: Vec<Vec<usize>> = tensors().into_iter().map(|t| t.shape).collect();
    assert_eq!(shapes, [vec![3, 2], vec![2], vec![2], vec![1, 2]]);
}

#[test]
fn files_of_other_tools_fit() {
    assert_eq!(gather(tensors()), Ok(point()));
    assert_eq!(gather(tensors().into_iter().rev().collect()), Ok(point()));
    let prefixed = |t: Tensor| Tensor { name: format!("_orig_mod.{}", t.name), ..t };
    assert_eq!(gather(tensors().into_iter().map(prefixed).collect()), Ok(point()));
    let more = [
        tensor("lm_head.weight", &[3, 2], &point()[..6]),
        tensor("transformer.h.0.attn.bias", &[1, 1, 1, 1], &[1.0]),
        tensor("optimiser.first", &[1], &[f32::NAN]),
    ];
    assert_eq!(gather(tensors().into_iter().chain(more).collect()), Ok(point()));
    let mut two_dimensions = tensors();
    two_dimensions[1].shape = vec![1, 2];
    assert_eq!(gather(two_dimensions), Ok(point()));
}

#[test]
fn what_does_not_fit_is_named() {
    let with = |t: Tensor| {
        let mut tensors: Vec<Tensor> = tensors().into_iter().filter(|old| old.name != t.name).collect();
        tensors.push(t);
        tensors
    };
    let linear = "transformer.h.0.mlp.c_fc.weight";
    let cases = [
        (
            with(tensor("transformer.wte.weight", &[2, 3], &[0.0; 6])),
            "`transformer.wte.weight` of shape [2, 3]",
            "has [3, 2]",
        ),
        (with(tensor("transformer.ln_f.weight", &[2, 1], &[0.0; 2])), "of shape [2, 1]", "has [2]"),
        (with(tensor("extra", &[7], &[0.0; 7])), "has `extra` [7]", "which the plan's model has not"),
        (tensors()[1..].to_vec(), "lacks `transformer.wte.weight` [3, 2]", "of the plan's model"),
        (vec![tensor("h", &[], &[0.0])], "`transformer.ln_f.weight` [2]", "and has `h` []"),
        (with(tensor(linear, &[1, 2], &[0.0, f32::NAN])), "holds NaN as scalar 1 of", linear),
        (with(tensor(linear, &[1, 2], &[f32::INFINITY, 0.0])), "holds inf as scalar 0 of", "range of f32"),
        (
            with(tensor("lm_head.weight", &[3, 2], &[0.5; 6])),
            "`lm_head.weight` that differs from",
            "transformer.wte.weight",
        ),
        (with(tensor("lm_head.weight", &[6], &[0.5; 6])), "`lm_head.weight` of shape [6]", "[3, 2]"),
        (with(tensor(&format!("_orig_mod.{linear}"), &[1, 2], &[0.0; 2])), "twice", linear),
    ];
    for (tensors, first, second) in cases {
        let text = gather(tensors).unwrap_err();
        assert!(text.starts_with("w: ") && text.contains(first) && text.contains(second), "{text}");
    }
}

#[test]
fn a_long_list_is_cut() {
    let extra = (0..1000).map(|i| tensor(&format!("extra.{i}"), &[], &[0.0]));
    let text = gather(tensors().into_iter().chain(extra).collect()).unwrap_err();
    assert!(text.contains("and 995 more") && text.len() < 1000, "{text}");
}

/// Pinned, so that hashes of old records keep their meaning; b3sum gives it for the bytes that the documentation describes.
#[test]
fn the_hash_sees_every_bit_name_and_shape() {
    let hash = layout().weights_hash(&point());
    assert_eq!(hash, "f394865d1f1fb738b581fedd8ef6acaf1c1a7b70f02d956a7f2936fc3cd8a931");
    for place in 0..12 {
        let mut other = point();
        other[place] = -other[place].next_up();
        assert_ne!(layout().weights_hash(&other), hash);
    }
    let mut renamed = layout();
    renamed.parameters[0].name.push('x');
    assert_ne!(renamed.weights_hash(&point()), hash);
    let mut reshaped = layout();
    reshaped.parameters[0].shape = Shape { rows: 2, channels: 3 };
    assert_ne!(reshaped.weights_hash(&point()), hash);
}

#[test]
#[should_panic(expected = "lies at")]
fn a_layout_with_a_gap_is_our_fault() {
    let parameter = Parameter { name: "w".into(), shape: Shape { rows: 1, channels: 1 }, range: 1..2 };
    Layout::new(vec![parameter], vec![]);
}

/// A file may hold a fixed identity, and only that.
#[test]
fn identities_are_left_aside() {
    let layout = layout().with_identities(vec![("eye".into(), 3)]);
    let eye = |data: [f32; 9], shape: &[usize]| {
        let mut tensors = tensors();
        tensors.push(Tensor { name: "eye".into(), shape: shape.to_vec(), data: data.to_vec() });
        layout.fit(tensors)
    };
    let identity = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    assert_eq!(eye(identity, &[3, 3]), layout.fit(tensors()));
    assert!(eye(identity, &[9]).unwrap_err().contains("`eye` that is not the identity of 3 rows"));
    for place in 0..9 {
        let mut other = identity;
        other[place] += 0.5;
        assert!(eye(other, &[3, 3]).is_err(), "{place}");
    }
}
