//! No pickle, no archive and no array makes the readers panic or take more memory than they say. One test, because the peak
//! of memory is counted for the whole process.
//!
//! `INPUTS=1000000 cargo test --release -p infimum-lab --test foreign_fuzz` mutates a million of each.

mod archive;
mod random;

use std::collections::BTreeMap;
use std::path::Path;

use archive::archive;
use infimum_lab::LabError;
use infimum_lab::foreign::pickle::{self, Node, Value};
use infimum_lab::foreign::{MEMORY_FACTOR, MEMORY_SLACK, chain_file, hmmlearn, numpy, tokens, torch};
use peak_alloc::PeakAlloc;
use random::Random;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Mutations of pickles, and of checkpoints, where nothing else is asked for.
const INPUTS: u64 = 100_000;
const READERS: [&str; 4] = ["pickle", "checkpoint", "arrays", "tokens"];

fn inputs() -> u64 {
    std::env::var("INPUTS").map_or(INPUTS, |count| count.parse().expect("a number of inputs"))
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign").join(name)).unwrap()
}

fn within_memory<T>(length: usize, read: impl FnOnce() -> T) -> T {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let result = read();
    let (peak, limit) = (MEMORY.peak_usage().saturating_sub(before), MEMORY_FACTOR * length + MEMORY_SLACK);
    assert!(peak <= limit, "{peak} bytes held for a file of {length}");
    result
}

/// The error is the user's, short, and names the file.
fn text(error: LabError) -> String {
    let text = error.to_string();
    assert!(error.is_user_error() && text.starts_with("f: ") && text.len() < 2000, "{text}");
    text
}

/// Walks a value by plain recursion, which its bounds allow.
fn walk(node: Node, visit: &mut impl FnMut(Node)) {
    visit(node);
    match node.value() {
        Value::List(items) | Value::Tuple(items) | Value::Set(items) => items.for_each(|item| walk(item, visit)),
        Value::Dict(entries) => {
            entries.for_each(|(key, value)| [key, value].into_iter().for_each(|node| walk(node, visit)))
        }
        Value::Object(object) => {
            [object.arguments, object.state].into_iter().for_each(|node| walk(node, visit));
            object.items.for_each(|item| walk(item, visit));
            object.entries.for_each(|(key, value)| [key, value].into_iter().for_each(|node| walk(node, visit)));
        }
        Value::Persistent(id) => walk(id, visit),
        _ => {}
    }
}

fn read_pickle(bytes: &[u8]) -> Result<(), String> {
    let pickle = pickle::parse(Path::new("f"), bytes.to_vec()).map_err(text)?;
    hmmlearn::chain(&pickle).map(drop).map_err(text).ok();
    tokens::meta_of(&pickle).map(drop).map_err(text).ok();
    let mut arrays = 0;
    walk(pickle.root(), &mut |node| {
        if arrays < 20 && matches!(node.value(), Value::Object(_)) {
            arrays += 1;
            numpy::array(node).map(drop).map_err(text).ok();
        }
    });
    Ok(())
}

fn read_checkpoint(bytes: &[u8]) -> Result<(), String> {
    let checkpoint = torch::parse(Path::new("f"), bytes.to_vec()).map_err(text)?;
    walk(checkpoint.root(), &mut |_| {});
    for (_, value) in checkpoint.root().entries().into_iter().flatten().take(20) {
        checkpoint.number(value).map(drop).map_err(text).ok();
    }
    checkpoint.tensors().map(drop).map_err(text)
}

fn read_arrays(bytes: &[u8]) -> Result<(), String> {
    let bytes = bytes.to_vec();
    chain_file::decode(Path::new("f"), &bytes).map(drop).map_err(text).ok();
    numpy::decode_npz(Path::new("f"), &bytes).map(drop).map_err(text)
}

/// A `meta.json`, a zero, and a file of tokens.
fn read_tokens(bytes: &[u8]) -> Result<(), String> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let (meta, file) = (bytes[..end].to_vec(), bytes[bytes.len().min(end + 1)..].to_vec());
    let meta = tokens::decode_meta_json(Path::new("f"), &meta).map_err(text)?;
    let tokens = tokens::decode(Path::new("f"), &file, meta).map_err(text)?;
    tokens.blocks().map(drop).map_err(text)
}

fn read(reader: &str, bytes: &[u8]) -> Result<(), String> {
    within_memory(bytes.len(), || match reader {
        "pickle" => read_pickle(bytes),
        "checkpoint" => read_checkpoint(bytes),
        "tokens" => read_tokens(bytes),
        _ => read_arrays(bytes),
    })
}

/// Instructions of pickles and pieces of archives and headers.
const PIECES: [&[u8]; 44] = [
    b"]",
    b"}",
    b")",
    b"(",
    b"N",
    b"0",
    b"1",
    b"2",
    b"t",
    b"l",
    b"d",
    b"a",
    b"e",
    b"s",
    b"u",
    b"b",
    b"R",
    b"\x81",
    b"\x85",
    b"\x86",
    b"\x87",
    b"\x8f",
    b"\x90",
    b"\x94",
    b"h\x00",
    b"h\x01",
    b"q\x00",
    b"q\x01",
    b"j\xff\xff\xff\xff",
    b"r\xff\xff\xff\xff",
    b"Q",
    b"K\x00",
    b"K\x01",
    b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"cos\nsystem\n",
    b"ccollections\nOrderedDict\n",
    b"B\xff\xff\xff\xff",
    b"\x8b\xff\xff\xff\x7f",
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"9",
    b"True",
];

fn mutate(bytes: &mut Vec<u8>, others: &[Vec<u8>], random: &mut Random) {
    let place = random.below(bytes.len().max(1));
    let span = |length: usize, random: &mut Random| {
        let start = random.below(length.max(1));
        start.min(length)..(start + random.below(40)).min(length)
    };
    match random.below(8) {
        0 if !bytes.is_empty() => bytes[place] ^= 1 << random.below(8),
        1 if !bytes.is_empty() => bytes[place] = random.next() as u8,
        2 => drop(bytes.drain(span(bytes.len(), random))),
        3 | 4 => drop(bytes.splice(
            place.min(bytes.len())..place.min(bytes.len()),
            PIECES[random.below(PIECES.len())].iter().copied(),
        )),
        5 => {
            let other = &others[random.below(others.len())];
            let piece = other[span(other.len(), random)].to_vec();
            bytes.splice(span(bytes.len(), random), piece);
        }
        6 => {
            let piece = PIECES[random.below(PIECES.len())];
            bytes.iter_mut().skip(place).zip(piece).for_each(|(byte, new)| *byte = *new);
        }
        _ => bytes.truncate(bytes.len() - random.below(20).min(bytes.len())),
    }
}

/// Names and contents of an archive of stored entries.
fn entries(file: &[u8]) -> Vec<(String, Vec<u8>)> {
    let number =
        |at: usize, width: usize| file[at..at + width].iter().rev().fold(0, |n, byte| n << 8 | usize::from(*byte));
    let mut at = number(file.len() - 6, 4);
    let mut found = Vec::new();
    while file[at..].starts_with(b"PK\x01\x02") {
        let (length, name, header) = (number(at + 24, 4), number(at + 28, 2), number(at + 42, 4));
        let start = header + 30 + number(header + 26, 2) + number(header + 28, 2);
        found.push((
            String::from_utf8(file[at + 46..at + 46 + name].into()).unwrap(),
            file[start..start + length].into(),
        ));
        at += 46 + name + number(at + 30, 2) + number(at + 32, 2);
    }
    found
}

/// Mutates the whole, or an entry of an archive that is made whole again.
fn mutated(good: &[u8], others: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let times = 1 + random.below(3);
    if !good.starts_with(b"PK") || random.below(4) == 0 {
        let mut bytes = good.to_vec();
        (0..times).for_each(|_| mutate(&mut bytes, others, random));
        return bytes;
    }
    let mut entries = entries(good);
    for _ in 0..times {
        // The pickle of a checkpoint is its first entry, and the most interesting.
        let at = if random.below(3) == 0 { random.below(entries.len()) } else { 0 };
        mutate(&mut entries[at].1, others, random);
    }
    archive(&entries)
}

fn pickles() -> Vec<Vec<u8>> {
    let names = (0..=5).flat_map(|protocol| [format!("model-{protocol}.pkl"), format!("protocol-{protocol}.pkl")]);
    names.chain(["meta.pkl".into(), "hidden.pkl".into()]).map(|name| file(&name)).collect()
}

fn good(reader: &str) -> Vec<Vec<u8>> {
    match reader {
        "pickle" => pickles(),
        "checkpoint" => vec![file("views.pt"), file("checkpoint.pt")],
        "tokens" => vec![block()],
        _ => vec![file("arrays.npz")],
    }
}

/// One block of tokens and what is said of it.
fn block() -> Vec<u8> {
    let meta =
        br#"{"vocab_size": 300, "n_states": 299, "bos_token": 299, "block_size": 40, "seed": 42, "sparsity": null}"#;
    let tokens = std::iter::once(299).chain((0..39).map(|i| i * 7)).flat_map(u16::to_le_bytes);
    meta.iter().copied().chain([0]).chain(tokens).collect()
}

fn fuzz(reader: &str, count: u64) {
    let (good, mut random) = (good(reader), Random(1));
    let others: Vec<Vec<u8>> = good
        .iter()
        .flat_map(|file| if file.starts_with(b"PK") { entries(file) } else { vec![(String::new(), file.clone())] })
        .map(|(_, data)| data)
        .filter(|data| !data.is_empty())
        .collect();
    let mut found = BTreeMap::new();
    for i in 0..count {
        let bytes = mutated(&good[i as usize % good.len()], &others, &mut random);
        *found.entry(read(reader, &bytes).is_ok()).or_insert(0_u64) += 1;
    }
    println!("{reader}: {found:?}");
    // The mutations are worth something only if many get past the first checks.
    assert!(found[&true] > count / 100 && found[&false] > count / 10, "{found:?}");
}

/// Files that take the most memory for their length.
fn hungry() -> Vec<(&'static str, Vec<u8>)> {
    let many = |piece: &[u8], end: &[u8]| [&piece.repeat(300_000)[..], end].concat();
    let list = |piece: &[u8]| [b"](", &piece.repeat(100_000)[..], b"e."].concat();
    let pickles = [
        many(b"]", b"."),
        many(b"(", b"."),
        many(b")\x85", b"."),
        many(b"]\x94", b"."),
        many(b"N", b"."),
        many(b"}", b"."),
        many(b"ccollections\ndeque\n", b"."),
        list(b"M\x00\x01"),
        list(b"G\0\0\0\0\0\0\0\0"),
        list(b"N"),
        list(b"V\xe9\n"),
        list(b"V\\x\n"),
        list(b"cbuiltins\nlist\n)R"),
        [b"Nr\xff\xff\x04\x00", &b"N0".repeat(200_000)[..], b"."].concat(),
        [b"V", &b"\xe9".repeat(500_000)[..], b"\n."].concat(),
    ];
    let named = |count: usize, data: &[u8]| (0..count).map(|i| (format!("{i}.npy"), data.to_vec())).collect::<Vec<_>>();
    let npy = |shape: &str, kind: &str, data: &[u8]| {
        let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}}}");
        [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), data].concat()
    };
    let archives = [
        archive(&named(20_000, b"")),
        archive(&named(5_000, &npy("(0,)", "<f8", b""))),
        archive(&named(5_000, &npy("(0,0,0,0,0,0,0,0)", "|u1", b""))),
        archive(&named(3, &npy("(500000,)", "|u1", &[1; 500_000]))),
        archive(&[("a/data.pkl".into(), many(b"]", b"."))]),
    ];
    let archives = archives.into_iter().flat_map(|file| [("arrays", file.clone()), ("checkpoint", file)]);
    pickles.into_iter().map(|file| ("pickle", file)).chain(archives).collect()
}

#[test]
fn no_foreign_file_harms_its_reader() {
    for reader in READERS {
        for file in good(reader) {
            assert_eq!(read(reader, &file), Ok(()));
            for length in 0..file.len() {
                assert!(read(reader, &file[..length]).is_err(), "{reader} cut to {length} bytes");
            }
        }
    }
    for (reader, file) in hungry() {
        read(reader, &file).ok();
    }
    for reader in READERS {
        fuzz(reader, if reader == "arrays" { inputs() / 10 } else { inputs() });
    }
}
