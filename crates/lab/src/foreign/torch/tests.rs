//! Checkpoints whose parts do not fit each other are refused, each by name.

use std::collections::BTreeMap;

use super::*;

/// A pickled tensor: `_rebuild_tensor_v2(storage, offset, shape, strides)`.
fn tensor(kind: &str, key: &str, elements: u32, offset: u32, shape: &[u32], strides: &[u32]) -> Vec<u8> {
    let integer = |n: &u32| [b"\x8a\x05", &n.to_le_bytes()[..], b"\0"].concat();
    let tuple = |numbers: &[u32]| [b"(".to_vec(), numbers.iter().flat_map(integer).collect(), b"t".to_vec()].concat();
    let text = |text: &str| [b"\x8c", &[text.len() as u8][..], text.as_bytes()].concat();
    [
        b"ctorch._utils\n_rebuild_tensor_v2\n((".to_vec(),
        text("storage"),
        format!("ctorch\n{kind}\n").into_bytes(),
        text(key),
        text("cpu"),
        integer(&elements),
        b"tQ".to_vec(),
        integer(&offset),
        tuple(shape),
        tuple(strides),
        b"tR".to_vec(),
    ]
    .concat()
}

fn dict(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let entry = |(name, value): &(&str, Vec<u8>)| [b"\x8c", &[name.len() as u8][..], name.as_bytes(), value].concat();
    [b"}(".to_vec(), entries.iter().flat_map(entry).collect(), b"u".to_vec()].concat()
}

/// A file of this pickle, and of one storage of 16 bytes.
fn file(value: &[u8], more: &[(&str, &[u8])]) -> Vec<u8> {
    let pickle = [value, b"."].concat();
    let storage: Vec<u8> = [1.0_f32, 2.0, 3.0, 4.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    let entries = [("a/data.pkl", &pickle[..]), ("a/data/0", &storage[..])];
    let entries: BTreeMap<String, Vec<u8>> =
        entries.iter().chain(more).map(|(name, data)| (name.to_string(), data.to_vec())).collect();
    let mut file = Vec::new();
    zip::write(&mut file, &entries).unwrap();
    file
}

fn tensors(file: Vec<u8>) -> Result<Vec<Tensor>, String> {
    let tensors = parse(Path::new("c.pt"), file).and_then(|checkpoint| checkpoint.tensors());
    tensors.map_err(|error| {
        assert!(error.is_user_error());
        error.to_string()
    })
}

fn good() -> Vec<u8> {
    tensor("FloatStorage", "0", 4, 0, &[2, 2], &[1, 2])
}

#[test]
fn the_dict_of_tensors_is_found_wherever_it_is() {
    let expected = vec![Tensor { name: "w".into(), shape: vec![2, 2], data: vec![1.0, 3.0, 2.0, 4.0] }];
    let dict_of = |name: &str| dict(&[("epoch", b"K\x01".to_vec()), (name, dict(&[("w", good())]))]);
    for value in ["model", "model_state_dict", "state_dict", "model_state"]
        .map(dict_of)
        .into_iter()
        .chain([dict(&[("w", good())])])
    {
        assert_eq!(tensors(file(&value, &[])).unwrap(), expected);
    }
    let mixed = dict(&[("epoch", b"K\x01".to_vec()), ("w", good())]);
    assert_eq!(tensors(file(&mixed, &[("a/byteorder", b"little"), ("a/version", b"3\n")])).unwrap(), expected);
}

#[test]
fn tensors_that_do_not_fit_are_named() {
    let one = |value: Vec<u8>| file(&dict(&[("w", value)]), &[]);
    for (file, problem) in [
        (one(tensor("FloatStorage", "0", 4, 1, &[2, 2], &[2, 1])), "its tensor `w` reaches beyond its memory"),
        (one(tensor("FloatStorage", "0", 4, 0, &[5], &[1])), "shape [5], strides [1] from element 0 on, of 4"),
        (one(tensor("FloatStorage", "0", 4, 0, &[2, 2], &[1])), "has 2 dimensions and 1 strides"),
        (
            one(tensor("FloatStorage", "0", 5, 0, &[5], &[1])),
            "storage `0` of 5 numbers of F32, which the file has 16 bytes for",
        ),
        (one(tensor("DoubleStorage", "0", 4, 0, &[4], &[1])), "16 bytes for"),
        (one(tensor("FloatStorage", "1", 4, 0, &[4], &[1])), "storage `1`, which the file has not"),
        (one(tensor("FloatStorage", "0", 4, 0, &[1 << 31, 1 << 31, 1 << 31], &[0, 0, 0])), "more than any memory"),
        (one(tensor("FloatStorage", "0", 4, 0, &[1 << 31], &[0])), "what it describes takes at least"),
        (
            one(tensor("ComplexFloatStorage", "0", 2, 0, &[2], &[1])),
            "`torch.ComplexFloatStorage`, which is not one of the names",
        ),
        (file(&dict(&[("w", good()), ("w", good())]), &[]), "has two tensors called `w`"),
        (file(&dict(&[("epoch", b"K\x01".to_vec())]), &[]), "at the top, where it has [`epoch`]"),
        (file(b"N", &[]), "at the top, where it has []"),
        (file(&dict(&[("w", good())]), &[("a/byteorder", b"big")]), "is big-endian"),
        (file(&dict(&[("w", good())]), &[("b/data.pkl", b"N.")]), "several entries called data.pkl"),
        (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.".to_vec(), "is no zip archive"),
    ] {
        let found = tensors(file).unwrap_err();
        assert!(found.starts_with("c.pt: ") && found.contains(problem), "{problem}: {found}");
    }
}

#[test]
fn subclasses_and_parameters_are_tensors() {
    let inner = tensor("FloatStorage", "0", 4, 3, &[], &[]);
    let parameter =
        [b"ctorch._utils\n_rebuild_parameter\n(", &inner[..], b"\x89ccollections\nOrderedDict\n)RtR"].concat();
    let arguments = &inner[b"ctorch._utils\n_rebuild_tensor_v2\n".len()..inner.len() - 1];
    let subclass = [
        b"ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\nctorch\nTensor\n",
        arguments,
        b"NtR",
    ]
    .concat();
    let wrapped = |value: &[u8]| [b"ctorch._utils\n_rebuild_parameter\n(", value, b"\x88NtR"].concat();
    for value in [parameter, subclass, wrapped(&wrapped(&inner))] {
        assert_eq!(tensors(file(&dict(&[("w", value)]), &[])).unwrap()[0].data, [4.0]);
    }
    let deep = (0..9).fold(inner, |value, _| wrapped(&value));
    assert!(tensors(file(&dict(&[("w", deep)]), &[])).unwrap_err().contains("has no tensors"));
}

/// Every pair of views of four numbers, of up to two axes: both are read where each has its numbers to itself, and they share
/// none or all.
#[test]
fn tensors_that_share_some_of_their_numbers_are_refused() {
    let mut views = vec![];
    for (offset, rows, columns) in (0..4).flat_map(|o| (1..4).flat_map(move |r| (1..4).map(move |c| (o, r, c)))) {
        for (down, across) in (0..3).flat_map(|d| (0..3).map(move |a| (d, a))) {
            let places = (0..rows).flat_map(|i| (0..columns).map(move |j| offset + i * down + j * across));
            let places: Vec<u32> = places.collect();
            if places.iter().all(|place| *place < 4) {
                views.push((tensor("FloatStorage", "0", 4, offset, &[rows, columns], &[down, across]), places));
            }
        }
    }
    for (first, places) in &views {
        for (second, others) in &views {
            let set = |places: &[u32]| places.iter().copied().collect::<std::collections::BTreeSet<_>>();
            let (one, other) = (set(places), set(others));
            let alone = one.len() == places.len() && other.len() == others.len();
            let good = alone && (one == other || one.is_disjoint(&other));
            let found = tensors(file(&dict(&[("v", first.clone()), ("w", second.clone())]), &[]));
            let named = if one.len() < places.len() { "its tensor `v` meets itself" } else { "its tensor `w` " };
            assert_eq!(found.is_ok(), good, "{places:?} {others:?}");
            assert!(found.err().is_none_or(|text| text.contains(named)), "{places:?} {others:?}");
        }
    }
    let two = dict(&[("v", good()), ("w", tensor("FloatStorage", "0", 4, 2, &[2], &[1]))]);
    let text = tensors(file(&two, &[])).unwrap_err();
    assert!(text.contains("its tensor `w` overlaps `v`: they share some of their numbers and not all"), "{text}");
    let other_width =
        [("v", tensor("FloatStorage", "0", 4, 0, &[4], &[1])), ("w", tensor("HalfStorage", "0", 8, 0, &[2], &[1]))];
    let text = tensors(file(&dict(&other_width), &[])).unwrap_err();
    assert!(text.contains("numbers of 2 and of 4 bytes share storage `0`"), "{text}");
}
