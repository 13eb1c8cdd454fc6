//! Weights that somebody else wrote: no bytes make the reader panic, take more memory than it says, or accept what the
//! `safetensors` crate refuses. One test, because the peak of memory is counted for the whole process.

mod random;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use infimum_engine::{Parameter, Shape};
use infimum_lab::weights_file::{self, MEMORY_FACTOR, MEMORY_SLACK, Tensor, TensorView, Tensors};
use infimum_lab::{Layout, TrainingState, checkpoint};
use peak_alloc::PeakAlloc;
use random::Random;
use safetensors::SafeTensors;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const MUTATIONS: u64 = 100_000;
/// One in so many readable mutations gets a hash that is right, which takes a write to the disk.
const SEALED: u64 = 20;

fn layout() -> Layout {
    let parameter = |name: &str, rows, channels, start: usize| {
        let shape = Shape { rows, channels };
        Parameter { name: name.into(), shape, range: start..start + shape.len() }
    };
    let (wte, gain) = ("transformer.wte.weight", "transformer.ln_f.weight");
    Layout::new(vec![parameter(wte, 3, 2, 0), parameter(gain, 1, 2, 6)], vec![("lm_head.weight".into(), wte.into())])
}

fn small_checkpoint(path: &Path) -> Vec<u8> {
    let (point, array) = (vec![0.5; 8], vec![0.25; 8]);
    let optimiser = vec![("first".to_string(), array.clone()), ("second".into(), array)];
    let state = TrainingState {
        step: 3,
        point,
        optimiser_steps: 3,
        optimiser,
        best: Some((2, 0.5)),
        unreported: (0.0, 0),
        unreported_of_heads: vec![],
        lines: (0, "none".into()),
        tokens: 9,
        mined: None,
    };
    checkpoint::write(path, "plan", &layout(), &state).unwrap();
    fs::read(path).unwrap()
}

/// The same with the hash under another name, so that what is changed gets past it.
fn without_hash(mut bytes: Vec<u8>) -> Vec<u8> {
    let at = bytes.windows(6).position(|w| w == b"blake3").expect("a checkpoint has a hash");
    bytes[at + 5] = b'4';
    bytes
}

/// Reads both ways, each within its memory, and compares with the crate. Gives whether the weights and the checkpoint were read.
fn check(path: &Path, bytes: &[u8], layout: &Layout) -> (bool, bool) {
    overwrite(path, bytes);
    let weights = within_memory(bytes, || weights_file::read(path).map_err(|error| error.to_string()));
    let state = within_memory(bytes, || checkpoint::read(path, layout).map_err(|error| error.to_string()));
    if let Ok(weights) = &weights {
        agrees_with_the_crate(weights, bytes);
    }
    assert!(weights.is_ok() || state.is_err());
    (weights.is_ok(), state.is_ok())
}

/// Gives the file a hash that is right, and tells whether it is a checkpoint.
fn check_sealed(path: &Path, layout: &Layout) -> bool {
    let weights = weights_file::read(path).unwrap();
    let views: Vec<_> = weights.tensors.iter().map(view).collect();
    weights_file::write(path, "write", &views, &weights.metadata).unwrap();
    within_memory(&fs::read(path).unwrap(), || checkpoint::read(path, layout).is_ok())
}

fn view(tensor: &Tensor) -> TensorView<'_> {
    TensorView { name: tensor.name.clone(), shape: tensor.shape.clone(), data: &tensor.data }
}

/// In place: some file systems flush a file that was emptied first, which takes ten times as long.
fn overwrite(path: &Path, bytes: &[u8]) {
    let mut file = File::options().write(true).create(true).truncate(false).open(path).unwrap();
    file.write_all(bytes).unwrap();
    file.set_len(bytes.len() as u64).unwrap();
}

fn within_memory<T>(bytes: &[u8], read: impl FnOnce() -> T) -> T {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let result = read();
    let (peak, limit) = (MEMORY.peak_usage().saturating_sub(before), MEMORY_FACTOR * bytes.len() + MEMORY_SLACK);
    assert!(peak <= limit, "{peak} bytes held for a file of {}", bytes.len());
    result
}

fn agrees_with_the_crate(weights: &Tensors, bytes: &[u8]) {
    let theirs = SafeTensors::deserialize(bytes).expect("what we accept, the crate accepts");
    assert_eq!(weights.tensors.len(), theirs.len());
    for tensor in &weights.tensors {
        let their = theirs.tensor(&tensor.name).unwrap();
        assert_eq!(their.shape(), tensor.shape);
        assert_eq!(tensor.data.len(), tensor.shape.iter().product::<usize>());
    }
}

/// Pieces that stand in headers, and some that should not.
const PIECES: [&str; 24] = [
    "0",
    "1",
    "9",
    "-1",
    "1.5",
    "1e9",
    "18446744073709551615",
    "4294967296",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "\\u0000",
    "null",
    "\"F16\"",
    "\"F64\"",
    "\"I64\"",
    "__metadata__",
    "optimiser.",
    "\"step\":\"4\",",
    "transformer.wte.weight",
];

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    let place = random.below(bytes.len());
    match random.below(6) {
        0 => bytes[place] ^= 1 << random.below(8),
        1 => bytes[place] = random.next() as u8,
        2 => drop(bytes.drain(place..(place + random.below(20)).min(bytes.len()))),
        3 => drop(bytes.splice(place..place, PIECES[random.below(PIECES.len())].bytes())),
        4 => bytes.rotate_left(place),
        _ => {
            let piece = PIECES[random.below(PIECES.len())].as_bytes();
            let end = (place + piece.len()).min(bytes.len());
            bytes[place..end].copy_from_slice(&piece[..end - place]);
        }
    }
    if bytes.is_empty() {
        bytes.push(0);
    }
}

/// Mutates, and half of the time sets the length of the header right again, so that the damage gets past it.
fn mutated(good: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = good.to_vec();
    (0..=random.below(3)).for_each(|_| mutate(&mut bytes, random));
    let header = u64::from_le_bytes(good[..8].try_into().unwrap());
    if bytes.len() >= 8 && random.below(2) == 0 {
        let length = header + bytes.len() as u64 - good.len().min(bytes.len()) as u64;
        bytes[..8].copy_from_slice(&length.to_le_bytes());
    }
    bytes
}

fn file(header: &str, data: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &vec![0; data]].concat()
}

/// Headers that take the most memory for their length, each with whether it is valid.
fn hungry() -> Vec<(Vec<u8>, bool)> {
    let tensors = |shape: &str| {
        let mut header = String::from("{");
        for i in 0..20_000 {
            write!(header, r#""{i:x}":{{"dtype":"F16","shape":{shape},"data_offsets":[0,0]}},"#).unwrap();
        }
        header.pop();
        header + "}"
    };
    let texts: Vec<String> = (0..100_000).map(|i| format!(r#""{i:x}":"""#)).collect();
    let one = |shape: &str| format!(r#"{{"w":{{"dtype":"F16","shape":{shape},"data_offsets":[0,1000000]}}}}"#);
    vec![
        (file(&tensors("[0]"), 0), true),
        (file(&tensors("[0,1,1,1,1,1,1,1]"), 0), true),
        (file(&tensors("[0,1,1,1,1,1,1,1,1]"), 0), false),
        (file(&format!(r#"{{"__metadata__":{{{}}}}}"#, texts.join(",")), 0), true),
        (file(&one("[500000]"), 1_000_000), true),
        (file(&one(&format!("[{}1]", "1,".repeat(500_000))), 1_000_000), false),
        (file(&one(&"[".repeat(500_000)), 1_000_000), false),
        (file(&one(&format!("\"{}\"", "\\n".repeat(500_000))), 1_000_000), false),
        (file(&format!(r#"{{"{}":1}}"#, "\\u0001".repeat(200_000)), 0), false),
        (file(&format!(r#"{{"w":{{"dtype":"{}"}}}}"#, "x".repeat(1_000_000)), 0), false),
        (file(&" ".repeat(1_000_000), 0), false),
    ]
}

#[test]
fn no_file_harms_the_reader() {
    let folder = std::env::temp_dir().join(format!("infimum-foreign-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("w.safetensors");
    let (good, layout) = (small_checkpoint(&path), layout());
    let open = without_hash(good.clone());
    assert_eq!((check(&path, &good, &layout), check(&path, &open, &layout)), ((true, true), (true, false)));
    for length in 0..good.len() {
        assert_eq!(check(&path, &good[..length], &layout), (false, false), "cut to {length} bytes");
    }
    for (bytes, valid) in hungry() {
        let beginning = String::from_utf8_lossy(&bytes[8..60.min(bytes.len())]).into_owned();
        assert_eq!(check(&path, &bytes, &layout), (valid, false), "{beginning}");
    }
    let (mut random, mut read, mut sealed) = (Random(1), BTreeMap::new(), BTreeMap::new());
    for _ in 0..MUTATIONS {
        let (weights, state) = check(&path, &mutated(&open, &mut random), &layout);
        assert!(!state, "without a hash it is no checkpoint");
        let count = read.entry(weights).or_insert(0_u64);
        *count += 1;
        if weights && *count % SEALED == 0 {
            *sealed.entry(check_sealed(&path, &layout)).or_insert(0_u64) += 1;
        }
    }
    // The mutations are worth something only if many get past the first checks.
    assert!(read[&true] > MUTATIONS / 100 && read[&false] > MUTATIONS / 3, "{read:?}");
    assert!(sealed[&true] > 10 && sealed[&false] > 10, "{sealed:?}");
    fs::remove_dir_all(&folder).unwrap();
}
