//! Tokens are checked against what the data set says, and what is wrong is named.

use super::*;
use crate::scratch::Scratch;

fn meta(text: &str) -> Result<Meta, String> {
    decode_meta_json(Path::new("meta.json"), text.as_bytes()).map_err(text_of)
}

fn text_of(error: LabError) -> String {
    assert!(error.is_user_error());
    error.to_string()
}

fn tokens(meta_text: &str, tokens: &[u16]) -> Result<Tokens, String> {
    let file: Vec<u8> = tokens.iter().flat_map(|token| token.to_le_bytes()).collect();
    decode(Path::new("val.bin"), &file, meta(meta_text).unwrap()).map_err(text_of)
}

const BLOCKS: &str =
    r#"{"vocab_size": 3, "n_states": 2, "bos_token": 2, "block_size": 2, "sparsity": null, "seed": [{}]}"#;

#[test]
fn tokens_are_read_with_what_is_said_of_them() {
    let read = tokens(BLOCKS, &[2, 0, 2, 1]).unwrap();
    assert_eq!(
        (read.tokens(), read.blocks().unwrap().collect::<Vec<_>>()),
        (&[2, 0, 2, 1][..], vec![&[2, 0][..], &[2, 1]])
    );
    let Meta { vocab_size, n_states, bos_token, block_size, .. } = read.meta();
    assert_eq!((*vocab_size, *n_states, *bos_token, *block_size), (3, Some(2), Some(2), Some(2)));
    assert!(tokens(r#"{"vocab_size": 65536}"#, &[u16::MAX]).is_ok());
}

#[test]
fn what_is_wrong_with_tokens_is_named() {
    let found = tokens(BLOCKS, &[2, 0, 3, 9]).unwrap_err();
    assert!(
        found.contains(
            "val.bin: its token 2, counted from 0, is 3, where meta.json says that tokens are below vocab_size = 3"
        ),
        "{found}"
    );
    assert!(tokens(BLOCKS, &[]).unwrap_err().contains("is 0 bytes long"));
    let odd = decode(Path::new("val.bin"), &[0; 3], meta(BLOCKS).unwrap()).map_err(text_of).unwrap_err();
    assert!(odd.contains("is 3 bytes long, which is no number of tokens of 2 bytes"), "{odd}");
    let blocks =
        |meta: &str, list: &[u16]| tokens(meta, list).unwrap().blocks().map(drop).map_err(text_of).unwrap_err();
    assert!(blocks(BLOCKS, &[2, 0, 2]).contains("has 3 tokens, which is no whole number of blocks of block_size = 2"));
    assert!(blocks(BLOCKS, &[2, 0, 1, 2]).contains("its token 2, counted from 0, begins a block with 1, where"));
    assert!(blocks(r#"{"vocab_size": 3}"#, &[2]).contains("of a size that meta.json does not say"));
}

#[test]
fn what_is_wrong_with_meta_is_named() {
    for (text, problem) in [
        ("", "is not what is wanted"),
        ("[1]", "invalid length"),
        ("{}", "says no `vocab_size`"),
        (r#"{"vocab_size": "11"}"#, "invalid type"),
        (r#"{"vocab_size": 0}"#, "its `vocab_size` is 0, of 1 to 65536"),
        (r#"{"vocab_size": 65537}"#, "is 65537, of 1 to 65536"),
        (r#"{"vocab_size": 3, "bos_token": 3}"#, "its `bos_token` is 3, of 0 to 2"),
        (r#"{"vocab_size": 3, "bos_token": -1}"#, "is -1, of 0 to 2"),
        (r#"{"vocab_size": 3, "n_states": 4}"#, "its `n_states` is 4, of 1 to 3"),
        (r#"{"vocab_size": 3, "block_size": 0}"#, "its `block_size` is 0, of 1"),
        (r#"{"vocab_size": 3, "vocab_size": 4}"#, "duplicate"),
    ] {
        let found = meta(text).unwrap_err();
        assert!(found.starts_with("meta.json: ") && found.contains(problem), "{text}: {found}");
    }
}

#[test]
fn meta_is_found_in_either_form() {
    let folder = Scratch::new("tokens-meta");
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let tokens = folder.path().join("train.bin");
    write("train.bin", &[1, 0]);
    assert!(read(&tokens).map_err(text_of).unwrap_err().contains("has neither a meta.json nor a meta.pkl"));
    write("meta.pkl", b"}\x8c\x0avocab_sizeK\x02s.");
    assert_eq!((read(&tokens).unwrap().meta().vocab_size, read(&tokens).unwrap().tokens()), (2, &[1][..]));
    write("meta.json", br#"{"vocab_size": 5}"#);
    assert_eq!(read(&tokens).unwrap().meta().vocab_size, 5);
    for (bytes, problem) in [
        (&b"]."[..], "is no pickled dict"),
        (b"}.", "says no `vocab_size`"),
        (b"}\x8c\x0avocab_sizeNs.", "its `vocab_size` is no integer"),
    ] {
        let pickle = pickle::parse(Path::new("meta.pkl"), bytes.to_vec()).unwrap();
        assert!(meta_of(&pickle).map_err(text_of).unwrap_err().contains(problem));
    }
}
