//! Files of NumPy, hmmlearn and PyTorch hold what they say, as `oracles/foreign.py` made them and as others published them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use infimum_lab::LabError;
use infimum_lab::foreign::numpy::{self, Array};
use infimum_lab::foreign::pickle::{self, Node, Value};
use infimum_lab::foreign::{hmmlearn, tokens, torch};
use infimum_lab::weights_file::Tensor;
use infimum_worlds::markov::{Generator, Settings};
use serde::Deserialize;

#[derive(Deserialize)]
struct Numbers {
    shape: Vec<usize>,
    data: Vec<f64>,
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign").join(name)
}

/// Units in the last place between a probability that NumPy drew and ours. Logarithms differ by one where the platform's
/// does, and so do their sum, its inverse and the product; 3 is the most that was seen.
const LAST_PLACES: u64 = 4;

/// A folder of published files beside the workspace, where it is there.
fn published(name: &str) -> Option<PathBuf> {
    let folder = format!("../shared/data/{name}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(&folder);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {folder}, beside the workspace, is not there");
    None
}

fn expected(kind: &str) -> BTreeMap<String, Array> {
    let text = std::fs::read(file("expected.json")).unwrap();
    let mut all: BTreeMap<String, BTreeMap<String, Numbers>> = serde_json::from_slice(&text).unwrap();
    let arrays = all.remove(kind).unwrap().into_iter();
    arrays.map(|(name, Numbers { shape, data })| (name, Array { shape, data })).collect()
}

/// The text of a user's error.
#[track_caller]
fn problem<T>(result: Result<T, LabError>) -> String {
    let error = result.err().expect("it is refused");
    assert!(error.is_user_error());
    error.to_string()
}

#[test]
fn pickles_of_every_protocol_hold_the_same() {
    let expected = expected("arrays");
    for protocol in 0..=5 {
        let pickle = pickle::read(&file(&format!("protocol-{protocol}.pkl"))).unwrap();
        let arrays = pickle.root().get("arrays").unwrap();
        let found =
            arrays.entries().unwrap().map(|(name, node)| (name.text().unwrap().into(), numpy::array(node).unwrap()));
        assert_eq!(found.collect::<BTreeMap<String, Array>>(), expected, "protocol {protocol}");
        check_plain(pickle.root().get("plain").unwrap(), protocol);
    }
}

fn check_plain(plain: Node, protocol: u32) {
    let text = |key: &str| format!("{:?}", plain.get(key).unwrap());
    for (key, expected) in [
        ("none", "None"),
        ("yes", "Bool(true)"),
        ("no", "Bool(false)"),
        ("small", "Int(7)"),
        ("word", "Int(60000)"),
        ("int", "Int(-70000)"),
        ("long", "Int(1099511627776)"),
        ("float", "Float(0.1)"),
        ("text", "Text(\"é\\\\\\n€😀\")"),
        ("list", "List([Int(1), List([Float(2.5), List([])])])"),
        ("tuple", "Tuple([Int(1), Tuple([]), Tuple([Int(2), Int(3)]), Tuple([Int(1), Int(2), Int(3), Int(4)])])"),
    ] {
        assert_eq!(text(key), expected, "{key} of protocol {protocol}");
    }
    let ordered = plain.get("ordered").unwrap();
    assert_eq!((ordered.get("a").unwrap().integer(), ordered.get("b").unwrap().integer()), (Some(2), Some(1)));
    assert_eq!(numpy::array(plain.get("number").unwrap()).unwrap(), Array { shape: vec![], data: vec![1.5] });
    match plain.get("bytes").unwrap().value() {
        Value::Bytes(bytes) if protocol >= 3 => assert!(bytes.iter().copied().eq((0..=255).step_by(17))),
        Value::Object(object) => assert_eq!((protocol < 3, object.function), (true, "_codecs.encode")),
        other => panic!("{other:?}"),
    }
    assert!(problem(numpy::array(plain)).contains("an array was wanted, where there is none"));
}

#[test]
fn archives_of_numpy_are_read_and_written() {
    let arrays = numpy::read_npz(&file("arrays.npz")).unwrap();
    assert_eq!(arrays, expected("arrays"));
    let folder = std::env::temp_dir().join(format!("infimum-npz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let [first, second, single] = ["a.npz", "b.npz", "a.npy"].map(|name| folder.join(name));
    numpy::write_npz(&first, "write", &arrays).unwrap();
    numpy::write_npz(&second, "write", &numpy::read_npz(&first).unwrap()).unwrap();
    assert_eq!(numpy::read_npz(&second).unwrap(), arrays);
    assert_eq!(std::fs::read(&first).unwrap(), std::fs::read(&second).unwrap());
    numpy::write_npy(&single, "write", &arrays["columns"]).unwrap();
    assert_eq!(numpy::read_npy(&single).unwrap(), arrays["columns"]);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn chains_of_hmmlearn_are_read() {
    let third = 1.0 / 3.0;
    for protocol in 0..=5 {
        let chain = hmmlearn::read(&file(&format!("model-{protocol}.pkl"))).unwrap();
        assert_eq!(chain.start, [0.5, 0.25, 0.25]);
        assert_eq!(chain.transitions, [0.1, 0.2, 0.7, 0.25, 0.75, 0.0, third, third, third], "protocol {protocol}");
        assert_eq!((chain.states(), chain.row(1)), (3, &[0.25, 0.75, 0.0][..]));
    }
    let found = problem(hmmlearn::read(&file("hidden.pkl")));
    assert!(found.contains("its `emissionprob_` has 0.5 for symbol 0 in state 1: its states are hidden"), "{found}");
    assert!(problem(hmmlearn::read(&file("meta.pkl"))).contains("is no pickled hmmlearn.hmm.CategoricalHMM"));
    assert!(problem(hmmlearn::read(&file("expected.json"))).contains("is no instruction of a pickle"));
    assert!(problem(hmmlearn::read(&file(""))).contains("is a folder"));
}

/// A model with some of its bytes changed.
fn changed_chain(old: &[u8], new: &[u8]) -> Result<hmmlearn::Chain, LabError> {
    let model = std::fs::read(file("model-4.pkl")).unwrap();
    let at = model.windows(old.len()).position(|piece| piece == old).unwrap();
    let model = [&model[..at], new, &model[at + old.len()..]].concat();
    hmmlearn::chain(&pickle::parse(Path::new("model.pkl"), model)?)
}

#[test]
fn chains_of_no_law_are_refused() {
    let number = f64::to_le_bytes;
    for (result, expected) in [
        (changed_chain(&number(0.75), &number(2.0)), "its `transmat_` has 2 in row 1, which is no probability"),
        (changed_chain(&number(0.75), &number(f64::NAN)), "has NaN in row 1"),
        (changed_chain(&number(0.75), &number(0.5)), "its `transmat_` sums to 0.75 in row 1, not to 1"),
        (changed_chain(&number(0.5), &number(-0.5)), "its `startprob_` has -0.5 in row 0"),
        (changed_chain(b"K\x03", b"K\x04"), "its `startprob_` has shape [3] for 4 states"),
        (changed_chain(b"startprob_\x94", b"startprob!\x94"), "has no `startprob_`, as a model that was not fitted"),
        (changed_chain(b"CategoricalHMM", b"GaussianHMM___"), "asks for `hmmlearn.hmm.GaussianHMM"),
    ] {
        let found = problem(result);
        assert!(found.contains(expected), "{found}");
    }
}

/// The published chain is the one that `numpy-legacy` draws, to [`LAST_PLACES`].
#[test]
fn the_published_chain_is_the_one_that_is_drawn() {
    let Some(folder) = published("markov") else { return };
    let chain = hmmlearn::read(&folder.join("model.pkl")).unwrap();
    let world = Settings { generator: Generator::NumpyLegacy, ..Settings::new(10, 128, 42) }.build().unwrap();
    let check = |row: &[f64], last: &[u16]| {
        let drawn: BTreeMap<usize, f64> = world.row(last).collect();
        for (next, p) in row.iter().enumerate() {
            let drawn = drawn.get(&next).copied().unwrap_or(0.0);
            assert!(drawn.to_bits().abs_diff(p.to_bits()) <= LAST_PLACES, "{last:?} to {next}: {drawn:e} for {p:e}");
        }
    };
    check(&chain.start, &[]);
    (0..10).for_each(|state| check(chain.row(state), &[state as u16]));
}

#[test]
fn published_tokens_are_read_beside_their_meta() {
    let Some(folder) = published("markov") else { return };
    let read = tokens::read(&folder.join("val.bin")).unwrap();
    let meta = read.meta();
    assert_eq!((meta.vocab_size, meta.n_states, meta.bos_token, meta.block_size), (11, Some(10), Some(10), Some(128)));
    assert_eq!((read.tokens().len(), read.blocks().unwrap().len()), (128_000, 1000));
}

fn array(tensor: Tensor) -> (String, Array) {
    let data = tensor.data.into_iter().map(f64::from).collect();
    (tensor.name, Array { shape: tensor.shape, data })
}

#[test]
fn views_of_storages_are_gathered() {
    let checkpoint = torch::read(&file("views.pt")).unwrap();
    let found: BTreeMap<String, Array> = checkpoint.tensors().unwrap().into_iter().map(array).collect();
    assert_eq!(found, expected("views"));
    assert_eq!(checkpoint.number(checkpoint.root().get("scalar").unwrap()).unwrap(), 1.125);
    assert!(
        problem(checkpoint.number(checkpoint.root().get("row").unwrap())).contains("6 numbers, where one was wanted")
    );
}

#[test]
fn a_trainers_checkpoint_is_read() {
    let checkpoint = torch::read(&file("checkpoint.pt")).unwrap();
    let root = checkpoint.root();
    let tensors = checkpoint.tensors().unwrap();
    assert_eq!(tensors.iter().map(|tensor| tensor.name.as_str()).collect::<Vec<_>>(), ["wte.weight", "lm_head.weight"]);
    for tensor in &tensors {
        assert_eq!(tensor.shape, [5, 3]);
        assert!(tensor.data.iter().copied().eq((0..15).map(|i| i as f32 / 16.0)), "{tensor:?}");
    }
    assert_eq!(checkpoint.number(root.get("best_val_loss").unwrap()).unwrap(), 1.25);
    assert_eq!(root.get("iter").unwrap().integer(), Some(7));
    assert_eq!(root.get("model_args").unwrap().get("vocab_size").unwrap().integer(), Some(5));
    assert_eq!(root.get("config").unwrap().get("dataset").unwrap().text(), Some("mm10"));
}

#[test]
fn what_is_no_checkpoint_of_weights_is_refused() {
    for (name, expected) in [
        (
            "module.pt",
            "its data.pkl, at byte 2: asks for `torch.nn.modules.linear.Linear`, which is not one of the names",
        ),
        ("legacy.pt", "is no zip archive, as torch.save writes them since PyTorch 1.6"),
        ("arrays.npz", "without the data.pkl that torch.save writes"),
    ] {
        let found = problem(torch::read(&file(name)));
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn published_checkpoints_are_read() {
    let Some(folder) = published("adders") else { return };
    let scalars = |tensors: &[Tensor]| tensors.iter().map(|tensor| tensor.data.len()).sum::<usize>();
    for (name, parameters) in [("311p_s34.pt", 311), ("456p_s43.pt", 456), ("512p.pt", 512)] {
        let checkpoint = torch::read(&folder.join(name)).unwrap();
        let tensors = checkpoint.tensors().unwrap();
        let finite = tensors.iter().flat_map(|tensor| &tensor.data).all(|x| x.is_finite());
        assert!(finite && scalars(&tensors) >= parameters, "{name}: {}", scalars(&tensors));
    }
    assert!(!torch::read(&folder.join("67p.pt")).unwrap().tensors().unwrap().is_empty());
    let arrays = numpy::read_npz(&folder.join("122p.npz")).unwrap();
    assert_eq!(arrays["model.embed_tokens.weight"].shape, [10, 3]);
    assert_eq!(arrays.values().map(|array| array.data.len()).sum::<usize>(), 122);
}
