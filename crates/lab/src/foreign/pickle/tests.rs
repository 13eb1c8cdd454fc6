//! Every instruction, as Python runs it; what is wrong is named, with its place.

use super::*;

fn read(bytes: &[u8]) -> Result<Pickle, String> {
    parse(Path::new("p.pkl"), bytes.to_vec()).map_err(|error| {
        assert!(error.is_user_error());
        error.to_string()
    })
}

#[track_caller]
fn check(bytes: &[u8], expected: &str) {
    let pickle = read(bytes).unwrap();
    assert_eq!(format!("{:?}", pickle.root()), expected);
}

#[track_caller]
fn refused(bytes: &[u8], problem: &str) {
    let found = read(bytes).err().expect("it is refused");
    assert!(found.starts_with("p.pkl: ") && found.contains(problem) && found.contains("; give the file"), "{found}");
}

#[test]
fn numbers() {
    for (bytes, expected) in [
        (&b"N."[..], "None"),
        (b"\x88.", "Bool(true)"),
        (b"\x89.", "Bool(false)"),
        (b"I01\n.", "Bool(true)"),
        (b"I00\n.", "Bool(false)"),
        (b"I1\n.", "Int(1)"),
        (b"I-300\n.", "Int(-300)"),
        (b"L9223372036854775807L\n.", "Int(9223372036854775807)"),
        (b"K\xff.", "Int(255)"),
        (b"M\xff\xff.", "Int(65535)"),
        (b"J\xff\xff\xff\xff.", "Int(-1)"),
        (b"\x8a\x00.", "Int(0)"),
        (b"\x8a\x01\x80.", "Int(-128)"),
        (b"\x8a\x02\x80\x00.", "Int(128)"),
        (b"\x8b\x02\x00\x00\x00\x00\x80.", "Int(-32768)"),
        (b"\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x80\x00.", "Wide([0, 0, 0, 0, 0, 0, 0, 128, 0])"),
        (b"G\x3f\xf8\x00\x00\x00\x00\x00\x00.", "Float(1.5)"),
        (b"F1e-05\n.", "Float(1e-5)"),
        (b"Finf\n.", "Float(inf)"),
    ] {
        check(bytes, expected);
    }
}

#[test]
fn texts() {
    for (bytes, expected) in [
        (&b"X\x02\x00\x00\x00\xc3\xa9."[..], "Text(\"é\")"),
        (b"\x8c\x01a.", "Text(\"a\")"),
        (b"\x8d\x01\x00\x00\x00\x00\x00\x00\x00a.", "Text(\"a\")"),
        (b"Va b\n.", "Text(\"a b\")"),
        (b"V\\u20ac\xe9\\U0001f600\\x\n.", "Text(\"€é😀\\\\x\")"),
        (b"S'a'\n.", "Text(\"a\")"),
        (b"U\x01a.", "Text(\"a\")"),
        (b"T\x02\x00\x00\x00\xff\xfe.", "Bytes([255, 254])"),
        (b"C\x01a.", "Bytes([97])"),
        (b"B\x01\x00\x00\x00a.", "Bytes([97])"),
        (b"\x8e\x01\x00\x00\x00\x00\x00\x00\x00a.", "Bytes([97])"),
        (b"\x96\x01\x00\x00\x00\x00\x00\x00\x00a.", "Bytes([97])"),
    ] {
        check(bytes, expected);
    }
}

#[test]
fn containers() {
    for (bytes, expected) in [
        (&b"]."[..], "List([])"),
        (b"]K\x01a.", "List([Int(1)])"),
        (b"](K\x01K\x02e.", "List([Int(1), Int(2)])"),
        (b"(K\x01l.", "List([Int(1)])"),
        (b").", "Tuple([])"),
        (b"K\x01\x85.", "Tuple([Int(1)])"),
        (b"K\x01K\x02\x86.", "Tuple([Int(1), Int(2)])"),
        (b"K\x01K\x02K\x03\x87.", "Tuple([Int(1), Int(2), Int(3)])"),
        (b"(NNNNt.", "Tuple([None, None, None, None])"),
        (b"}K\x01Ns.", "Dict({Int(1): None})"),
        (b"}(K\x01NK\x02Nu.", "Dict({Int(1): None, Int(2): None})"),
        (b"(K\x01Nd.", "Dict({Int(1): None})"),
        (b"\x8f(K\x01\x90.", "Set([Int(1)])"),
        (b"(K\x01\x91.", "Set([Int(1)])"),
        (b"](K\x01e(K\x02e.", "List([Int(1), Int(2)])"),
    ] {
        check(bytes, expected);
    }
}

#[test]
fn the_stack_and_the_memo() {
    for (bytes, expected) in [
        (&b"K\x01K\x020."[..], "Int(1)"),
        (b"K\x01(K\x02K\x031.", "Int(1)"),
        (b"K\x01(0.", "Int(1)"),
        (b"K\x012\x86.", "Tuple([Int(1), Int(1)])"),
        (b"\x80\x04\x95\x03\0\0\0\0\0\0\0]\x94.", "List([])"),
        (b"K\x01p0\n0g0\n.", "Int(1)"),
        (b"K\x01q\x020h\x02.", "Int(1)"),
        (b"K\x01r\x01\0\0\x000j\x01\0\0\0.", "Int(1)"),
        (b"]q\0K\x01ah\0\x86.", "Tuple([List([Int(1)]), List([Int(1)])])"),
    ] {
        check(bytes, expected);
    }
}

#[test]
fn objects_are_not_made() {
    let object = |function: &str, arguments: &str, state: &str, items: &str, entries: &str| {
        format!(
            "Object(Object {{ function: \"{function}\", arguments: {arguments}, state: {state}, items: {items}, entries: {entries} }})"
        )
    };
    let list = object("builtins.list", "Tuple([Int(1)])", "None", "[]", "{}");
    let ordered = object("collections.OrderedDict", "Tuple([])", "Int(2)", "[]", "{Int(1): None}");
    let deque = object("collections.deque", "Tuple([])", "None", "[Int(1)]", "{}");
    for (bytes, expected) in [
        (&b"cnumpy.core.multiarray\nscalar\n."[..], "Global(\"numpy._core.multiarray.scalar\")"),
        (b"\x8c\x05numpy\x8c\x05dtype\x93.", "Global(\"numpy.dtype\")"),
        (b"c__builtin__\nlist\n(K\x01tR.", &list),
        (b"cbuiltins\nlist\nK\x01\x85\x81.", &list),
        (b"cbuiltins\nlist\nK\x01\x85}\x92.", &list),
        (b"(K\x01ibuiltins\nlist\n.", &list),
        (b"(cbuiltins\nlist\nK\x01o.", &list),
        (b"ccollections\nOrderedDict\n)RK\x01NsK\x02b.", &ordered),
        (b"ccollections\ndeque\n)RK\x01a.", &deque),
        (b"K\x01Q.", "Persistent(Int(1))"),
        (b"Pabc\n.", "Persistent(Text(\"abc\"))"),
    ] {
        check(bytes, expected);
    }
}

#[test]
fn values_are_found_by_key() {
    let pickle = read(b"}(\x8c\x01aK\x01\x8c\x01bK\x02\x8c\x01aK\x03K\x09K\x04u.").unwrap();
    assert_eq!(pickle.root().get("a").and_then(Node::integer), Some(3));
    assert_eq!(pickle.root().get("b").map(Node::offset), Some(0));
    assert!(pickle.root().get("c").is_none() && pickle.root().items().is_none());
}

#[test]
fn names_that_are_not_listed_are_refused() {
    refused(b"cos\nsystem\n(S'true'\ntR.", "at byte 0: asks for `os.system`, which is not one of");
    refused(b"\x8c\x08builtins\x8c\x04eval\x93.", "at byte 16: asks for `builtins.eval`");
    refused(b"(ios\nsystem\n.", "`os.system`");
}

#[test]
fn what_is_wrong_is_named() {
    for (bytes, problem) in [
        (&b""[..], "at byte 0: is cut off"),
        (b"N", "at byte 1: is cut off"),
        (b"N.N", "the pickle ends, and 1 bytes follow"),
        (b".", "takes a value from the stack"),
        (b"\x80\x06N.", "is of protocol 6, of at most 5"),
        (b"\xff", "0xff is no instruction"),
        (b"\x95\xff\xff\xff\xff\xff\xff\xff\xffN.", "18446744073709551615 bytes are wanted where 2 are left"),
        (b"B\xff\xff\xff\xffa.", "4294967295 bytes are wanted where 2"),
        (b"\x8e\xff\xff\xff\xff\xff\xff\xff\xffa.", "bytes are wanted"),
        (b"\x8b\xff\xff\xff\xff.", "bytes are wanted"),
        (b"X\x01\x00\x00\x00\xff.", "not UTF-8"),
        (b"h\x05.", "asks for entry 5 of the memo, which is not there"),
        (b"Nq\x02h\x01.", "asks for entry 1 of the memo"),
        (b"j\xff\xff\xff\xff.", "asks for entry 4294967295"),
        (b"Nr\xff\xff\xff\xff.", "writes entry 4294967295 of the memo in a pickle of 7 bytes"),
        (b"g-1\n.", "`-1` is no entry"),
        (b"g1", "a line has no end"),
        (b"t.", "takes a mark from the stack"),
        (b"(\x85.", "takes 1 values from the stack"),
        (b"N(\x86.", "takes 2 values"),
        (b"N(.", "takes a value from the stack"),
        (b"}(NNs.", "adds to a container, where none is"),
        (b"(K\x01e.", "where none is"),
        (b"NNa.", "adds to a value of another kind"),
        (b")Na.", "of another kind"),
        (b"]NNs.", "of another kind"),
        (b"}(Nu.", "a key without a value"),
        (b"(Nd.", "a key without a value"),
        (b"N)R.", "would call a value that is no name"),
        (b"cbuiltins\nlist\nNR.", "with what is no tuple"),
        (b"cbuiltins\nlist\n)}NNs\x92.", "keywords"),
        (b"(o.", "of no class"),
        (b"NNb.", "no object"),
        (b"cbuiltins\nlist\n)RK\x01bK\x01b.", "twice"),
        (b"NN\x93.", "a name that is no text"),
        (b"\x82\x01.", "extension"),
        (b"\x97.", "outside the file"),
        (b"I99999999999999999999\n.", "no integer of 64 bits"),
        (b"Fx\n.", "no number"),
        (b"S'a\\n'\n.", "Python 2"),
        (b"Sa\n.", "without quotes"),
        (b"V\\ud800\n.", "no character"),
        (b"V\\u12\n.", "no character"),
    ] {
        refused(bytes, problem);
    }
}

#[test]
fn cycles_depth_and_unfolding_are_refused() {
    let nested = |depth: usize| [vec![b')'], vec![0x85; depth - 1], vec![b'.']].concat();
    let doubled = |times: usize| [vec![b')'], b"2\x86".repeat(times), vec![b'.']].concat();
    refused(b"]q\0h\0a.", "at byte 0: a value that holds itself");
    refused(b"N]q\0\x85h\0\x86\x86q\x010h\0h\x01a.", "holds itself");
    refused(b"cbuiltins\nlist\n)Rq\0h\0b.", "holds itself");
    assert!(read(&nested(DEPTH)).is_ok());
    refused(&nested(DEPTH + 1), "nested more than 128 deep");
    refused(&nested(1_000_000), "what it describes takes at least");
    refused(&[vec![b']'; 100_000], vec![b'a'; 99_999], vec![b'.']].concat(), "what it describes takes at least");
    assert!(read(&doubled(14)).is_ok());
    refused(&doubled(20), "shared values that unfold to more than 65536");
    refused(&doubled(100), "unfold to more than 65536");
    // Deep by what is shared: a value of 100 levels, put into 100 more.
    let levels = |count: usize| vec![0x85; count];
    refused(&[&b"]("[..], b")", &levels(99), b"q\0h\0", &levels(99), b"e."].concat(), "nested more than 128 deep");
}

#[test]
fn what_takes_too_much_memory_is_refused() {
    let many = |piece: &[u8]| [&piece.repeat(400_000)[..], b"."].concat();
    for piece in [&b"]"[..], b"}", b")\x85", b"(l", b"N\x94"] {
        let result = read(&many(piece)).map(|_| ());
        assert!(result.is_ok() || result.unwrap_err().contains("what it describes takes at least"), "{piece:?}");
    }
    refused(&many(b"]"), "which is 14 times the file's size and a little");
}
