//! What is written is read back, by the `safetensors` crate too; what is wrong is named.

use std::collections::BTreeMap;

use safetensors::SafeTensors;
use safetensors::tensor::TensorView as Foreign;

use super::*;
use crate::scratch::Scratch;

fn parse(bytes: &[u8]) -> Result<Tensors, String> {
    decode(&mut &bytes[..], bytes.len() as u64).map_err(|fault| fault.at(Path::new("w")).to_string())
}

fn file(header: &str, data: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &vec![0; data]].concat()
}

fn views(data: &[f32]) -> Vec<TensorView<'_>> {
    let view = |name: &str, shape: &[usize], data| TensorView { name: name.into(), shape: shape.into(), data };
    vec![
        view("z", &[2, 3], &data[..6]),
        view("a", &[0], &[]),
        view("a.ü\n\"", &[], &data[6..7]),
        view("b", &[1, 1, 2], &data[7..]),
    ]
}

const SCALARS: [f32; 9] = [0.0, -0.0, 0.1, f32::MAX, f32::INFINITY, f32::NAN, 1e-45, 7.0, -1.5];

#[test]
fn what_is_written_is_read() {
    let folder = Scratch::new("weights-round");
    let path = folder.path().join("w.safetensors");
    let metadata = BTreeMap::from([("plan".to_string(), "a = \"b\"\n".to_string()), ("step".into(), "7".into())]);
    write(&path, "write", &views(&SCALARS), &metadata).unwrap();
    let found = read(&path).unwrap();
    let ours: BTreeMap<_, _> = found.metadata.clone().into_iter().filter(|(key, _)| key != SEAL).collect();
    assert_eq!(ours, metadata);
    assert_eq!(found.tensors.len(), 4);
    for (found, written) in found.tensors.iter().zip(views(&SCALARS)) {
        assert_eq!((&found.name, &found.shape), (&written.name, &written.shape));
        assert!(found.data.iter().zip(written.data).all(|(a, b)| a.to_bits() == b.to_bits()), "{}", found.name);
    }
}

#[test]
fn the_crate_reads_what_is_written_and_the_bytes_are_always_the_same() {
    let metadata: BTreeMap<String, String> = (0..50).map(|i| (format!("key{i}"), i.to_string())).collect();
    let [mut first, mut second] = [Vec::new(), Vec::new()];
    encode(&mut first, &views(&SCALARS), &metadata).unwrap();
    encode(&mut second, &views(&SCALARS), &metadata).unwrap();
    assert_eq!(first, second);
    let (header, theirs) = (SafeTensors::read_metadata(&first).unwrap(), SafeTensors::deserialize(&first).unwrap());
    assert_eq!(header.0 % 8, 0);
    assert_eq!(header.1.metadata().as_ref().unwrap().len(), 50 + 1);
    let z: Vec<u8> = SCALARS[..6].iter().flat_map(|x| x.to_le_bytes()).collect();
    assert_eq!((theirs.tensor("z").unwrap().data(), theirs.len()), (&z[..], 4));
}

#[test]
fn what_the_crate_writes_is_read() {
    let half = [0x00, 0x3e, 0x00, 0xc0];
    let double: Vec<u8> = [2.5f64, -3.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    let tensors = [
        ("half", Foreign::new(Dtype::F16, vec![2], &half).unwrap()),
        ("double", Foreign::new(Dtype::F64, vec![2, 1], &double).unwrap()),
    ];
    let bytes = safetensors::serialize(tensors, Some([("format".to_string(), "pt".to_string())].into())).unwrap();
    let found = parse(&bytes).unwrap();
    let get = |name: &str| found.tensors.iter().find(|t| t.name == name).unwrap();
    assert_eq!((&get("half").data[..], &get("double").data[..]), (&[1.5, -2.0][..], &[2.5, -3.0][..]));
    assert_eq!((&get("double").shape[..], found.metadata["format"].as_str()), (&[2, 1][..], "pt"));
}

#[test]
fn what_is_wrong_is_named() {
    let t = |dtype: &str, shape: &str, offsets: &str| {
        format!(r#"{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}"#)
    };
    let good = t("F32", "[1]", "[0,4]");
    let one = |tensor: String| file(&format!(r#"{{"w":{tensor}}}"#), 4);
    let long = "x".repeat(10_000);
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (vec![], "0 bytes long"),
        (vec![1; 7], "7 bytes long"),
        (vec![255; 100], "header of 18446744073709551615 bytes, where 92 are left"),
        (b"PK\x03\x04 and so on".to_vec(), "torch.save"),
        (file("", 0), "its header is not"),
        (file("[]", 0), "an object of tensors"),
        (file("{}", 1), "end at byte 0 of 1 bytes"),
        (file("{\"w\":3}", 4), "its header is not"),
        (file("\u{fffd}", 4), "its header is not"),
        (file(&format!("{{\"w\":{good},\"w\":{good}}}"), 4), "two tensors called `w`"),
        (file(&format!("{{\"w\":{0},\"w\":{0}}}", t("F32", "[0]", "[0,0]")), 0), "two tensors called `w`"),
        (file(&format!("{{\"v\":{good},\"w\":{}}}", t("F32", "[1]", "[2,6]")), 6), "lies at bytes 2..6"),
        (file(&format!("{{\"v\":{good},\"w\":{}}}", t("F32", "[1]", "[5,9]")), 9), "lies at bytes 5..9"),
        (file(r#"{"__metadata__":{},"__metadata__":{}}"#, 0), "`__metadata__` stands twice"),
        (file(r#"{"__metadata__":{"a":"1","a":"2"}}"#, 0), "a key of `__metadata__` stands twice"),
        (file(r#"{"__metadata__":{"a":1}}"#, 0), "expected a string"),
        (one(t("I64", "[1]", "[0,8]")), "`w` is of I64"),
        (one(t("BOOL", "[4]", "[0,4]")), "`w` is of BOOL"),
        (one(t("F99", "[1]", "[0,4]")), "F99"),
        (one(t(&long, "[1]", "[0,4]")), "…"),
        (one(t("F32", "[2]", "[0,4]")), "`w` of F32 [2] takes 8 bytes and has 4"),
        (one(t("F32", "[1]", "[4,0]")), "lies at bytes 4..0"),
        (one(t("F32", "[-1]", "[0,4]")), "invalid value"),
        (one(t("F32", "[1.5]", "[0,4]")), "invalid type"),
        (one(t("F32", "[4294967296,4294967296]", "[0,4]")), "more than any memory"),
        (one(t("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]")), "9 dimensions"),
        (one(t("F32", "[1]", "[0,18446744073709551615]")), "and has 18446744073709551615"),
        (one(t("F32", "[1]", "[0,18446744073709551616]")), "its header is not"),
        (file(&format!("{{\"w\":{good}}}"), 3), "end at byte 4 of 3"),
        (file(&format!("{{\"w\":{good}}}"), 5), "end at byte 4 of 5"),
        (file(&"[".repeat(100_000), 0), "its header is not"),
        (file(&format!("{{\"w\":{{\"x\":{}", "[".repeat(100_000)), 0), "its header is not"),
    ];
    for (bytes, wanted) in cases {
        let text = parse(&bytes).unwrap_err();
        assert!(text.starts_with("w: ") && text.contains(wanted) && text.ends_with(REMEDY), "{wanted}: {text}");
        assert!(text.len() < 1000, "{wanted}: {} bytes of message", text.len());
    }
    assert!(parse(&one(good)).is_ok());
}

#[test]
fn folders_devices_and_missing_files_are_refused() {
    let folder = Scratch::new("weights-kinds");
    assert!(read(folder.path()).unwrap_err().to_string().contains("not a file"));
    let missing = read(&folder.path().join("no")).unwrap_err();
    assert!(missing.is_user_error() && missing.to_string().contains("cannot read the weights"), "{missing}");
    #[cfg(unix)]
    assert!(read(Path::new("/dev/zero")).unwrap_err().to_string().contains("not a file"));
}

/// One changed bit anywhere in a file of ours is an error, or leaves a file without a hash, which is no checkpoint.
#[test]
fn every_flipped_bit_is_noticed() {
    let metadata = BTreeMap::from([("plan".to_string(), "a = 1".to_string()), ("step".into(), "7".into())]);
    let mut bytes = Vec::new();
    encode(&mut bytes, &views(&SCALARS), &metadata).unwrap();
    parse(&bytes).unwrap();
    for bit in 0..8 * bytes.len() {
        bytes[bit / 8] ^= 1 << (bit % 8);
        let unnoticed = parse(&bytes).is_ok_and(|tensors| tensors.metadata.contains_key(SEAL));
        assert!(!unnoticed, "bit {} of byte {} of {}", bit % 8, bit / 8, bytes.len());
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
}
