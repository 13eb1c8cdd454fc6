//! Automata as text: ours, regex_transformer's, DOT.

use infimum_worlds::regular::{Alphabet, Automaton, Machine, builtin, dot, fsm_json, machine_json};
use sha2::{Digest, Sha256};

use crate::{below, machine, random};

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn own(machine: &Machine) -> String {
    serde_json::to_string(&machine_json::written(machine)).unwrap()
}

fn fsm(text: &str) -> Result<Machine, String> {
    fsm_json::parse(text, sha256).map_err(|error| error.to_string())
}

/// Machines of every kind: built in, of several classes, with odd symbols.
fn machines() -> Vec<Machine> {
    let mut machines: Vec<Machine> =
        builtin::BUILTINS.iter().map(|builtin| builtin::named(&builtin.example()).unwrap().unwrap()).collect();
    machines.push(machine("a+", "ab"));
    machines.push(machine(r"(,|\\| |;)*é", ",\\ ;\"é[=>-"));
    let names = ["(0", ")0", "a,b", "\\", "\"", "x\\y", "-", "ü"].map(String::from).to_vec();
    let mut stream = random("files");
    for _ in 0..30 {
        let next = (0..9 * names.len()).map(|_| below(&mut stream, 9) as u32).collect();
        let outputs = (0..9).map(|_| below(&mut stream, 3) as u16).collect();
        let classes = ["one", "t\"w,o", "thr\\ee"].map(String::from).to_vec();
        let automaton = Automaton::new(names.len(), next, outputs);
        machines.push(Machine::new(Alphabet::new(names.clone()).unwrap(), classes, &automaton).unwrap());
    }
    machines
}

#[test]
fn what_is_written_is_read_again() {
    for machine in machines() {
        assert_eq!(machine_json::parse(&own(&machine)).unwrap(), machine);
        assert_eq!(fsm(&fsm_json::written(&machine, sha256)).unwrap(), machine);
        assert_eq!(dot::parse(&dot::written(&machine)).unwrap(), machine, "{}", dot::written(&machine));
    }
}

/// As regex_transformer's `save_fsm` writes (a+) over {a,b}; the checksum is that of Python's `json.dumps(fsm, sort_keys=True)`.
const FSM: &str = r#"{
  "version": "0.1.0",
  "fsm": {
    "states": 3,
    "alphabet": ["a", "b"],
    "start": 0,
    "delta": {"0,0": 1, "0,1": 2, "1,0": 1, "1,1": 2, "2,0": 2, "2,1": 2},
    "classes": ["accept", "incomplete", "reject"],
    "state_class": [1, 0, 2],
    "reject": 2
  },
  "metadata": {"num_states": 3, "num_transitions": 6, "alphabet_size": 2, "num_classes": 3},
  "regex_definition": {"alphabet": ["a", "b"], "patterns": [["a+", "accept"]]},
  "checksum": "CHECKSUM"
}"#;
const CHECKSUM: &str = "acfafc35e269abb5c7d4e4f3c3e7f80697cdfb79616f4b90f0e51a5766f5fe16";

#[test]
fn files_of_regex_transformer_are_read_and_their_checksum_is_pythons() {
    let text = FSM.replace("CHECKSUM", CHECKSUM);
    assert_eq!(fsm(&text).unwrap(), machine("a+", "ab"));
    assert!(fsm_json::written(&machine("a+", "ab"), sha256).contains(CHECKSUM));
    for (version, found) in [("\"9.9\"", "found `9.9`"), ("9.9", "found `9.9`"), ("null", "Ok"), ("[1]", "found `[1]`")]
    {
        let said = format!("{:?}", fsm(&text.replace("\"0.1.0\"", version)));
        assert!(said.contains(found), "{version}: {said}");
        assert!(found == "Ok" || said.contains("`version`") && said.contains("expected 0.1.0"), "{version}: {said}");
    }
    let changed = text.replace("\"1,1\": 2", "\"1,1\": 1");
    assert!(fsm(&changed).unwrap_err().contains("`checksum`"));
    // Without a checksum nothing is compared; without a transition the state `reject` is next.
    let bare = text.replace(&format!("\"checksum\": \"{CHECKSUM}\""), "\"x\": 1");
    assert_eq!(fsm(&bare.replace("\"1,1\": 2, ", "")).unwrap(), machine("a+", "ab"));
    assert_eq!(fsm(&bare.replace("\"start\": 0", "\"start\": 2")).unwrap(), machine_of_one_class());
    let moved = bare.replace("\"start\": 0", "\"start\": 1");
    assert_eq!(fsm(&moved).unwrap(), machine("a*", "ab"), "from state 1 on");
}

fn machine_of_one_class() -> Machine {
    machine("[^ab]", "ab")
}

/// Keys stand in the order of their text, "10,0" before "2,0".
#[test]
fn checksums_of_many_states_are_pythons() {
    let counter = builtin::named("counter-12").unwrap().unwrap();
    assert!(
        fsm_json::written(&counter, sha256)
            .contains("03cfb317a193c4545d7b185f508d2307240d6859153e42312baacbf4903f0548")
    );
}

/// Names beyond ASCII are escaped as Python does it: "é", a quote, a backslash, and a character of two units.
#[test]
fn checksums_of_odd_names_are_pythons() {
    let names = ["é", "\"", "\\", "😀"].map(String::from);
    let alphabet = Alphabet::new(names.to_vec()).unwrap();
    let automaton = Automaton::new(4, vec![1, 0, 0, 0, 0, 0, 0, 1], vec![0, 1]);
    let machine = Machine::new(alphabet, vec!["ja".into(), "nö".into()], &automaton).unwrap();
    assert!(
        fsm_json::written(&machine, sha256)
            .contains("9eeaf3457568465b797dfcc32e5447950ef7fa93d56667b7d7c843134a7b1785")
    );
}

#[test]
fn dot_of_others_is_read() {
    // As automata-lib and AALpy write, and as Graphviz's own example is written.
    let aalpy = "digraph learnedModel {\ns0 [label=\"s0\"];\ns1 [label=s1, shape=doublecircle];\ns2 [label=s2];\n\
                 s0 -> s1 [label=a];\ns0 -> s2 [label=b];\ns1 -> s1 [label=a];\ns1 -> s2 [label=b];\ns2 -> s2 [label=a];\n\
                 s2 -> s2 [label=b];\n__start0 [label=\"\", shape=none];\n__start0 -> s0 [label=\"\"];\n}\n";
    assert_eq!(dot::parse(aalpy).unwrap(), machine("a+", "ab"));
    let graphviz = "// a comment\n/* another */ strict digraph \"a machine\" {\n  rankdir=LR; size=\"8,5\"\n  node [shape = doublecircle]; LR_0 LR_3\n\
                    node [shape = circle];\n  LR_0 -> LR_1 -> LR_3 [ label = \"a\" ];\n# a line\n graph [x=1]; edge [color=red]\n}";
    assert_eq!(dot::parse(graphviz).unwrap(), machine("(aa)?", "a"));
    let missing = "digraph { 0 -> 1 [label=b]; 1 [peripheries=2] }";
    assert_eq!(dot::parse(missing).unwrap(), machine("b", "b"));
    let classes = "digraph { alphabet=\"b, a\" 0 [class=cold] 1 [class=warm]; 0 -> 1 [label=\"a\"]; 1 -> 0 [label=\"b,a\"]; 0 -> 0 [label=b]}";
    let read = dot::parse(classes).unwrap();
    assert_eq!(
        (read.classes(), read.alphabet().spelt().as_str()),
        (["cold", "warm"].map(String::from).as_slice(), "ba")
    );
    assert_eq!(read.class(&[1]), "warm");
}

#[test]
fn mistakes_in_files_are_named() {
    let check = |result: Result<Machine, String>, parts: &[&str]| {
        let message = result.unwrap_err();
        parts.iter().for_each(|part| assert!(message.contains(part), "`{part}` is missing in: {message}"));
    };
    let own = |text: &str| machine_json::parse(text).map_err(|error| error.to_string());
    let good = r#"{"alphabet": ["a"], "classes": ["x", "y"], "class": [0, 1], "next": [[1], [0]]}"#;
    own(good).unwrap();
    for (old, new, parts) in [
        ("[[1], [0]]", "[[1], [2]]", &["`next`", "the state 2", "0 to 1"][..]),
        ("[[1], [0]]", "[[1], [0, 1]]", &["line 1", "lists of as many numbers"]),
        ("[[1], [0]]", "[[1]]", &["`next`", "1 rows of 1", "2 rows"]),
        ("[0, 1]", "[0, 2]", &["`class`", "the class 2", "which has 2"]),
        ("[0, 1]", "[]", &["`class`", "no state"]),
        ("[0, 1]", "[0, -1]", &["line 1, column", "-1"]),
        ("\"next\"", "\"nxt\"", &["unknown field", "nxt"]),
        ("}", "", &["EOF"]),
        ("[\"a\"]", "[\"a\", \"a\"]", &["twice"]),
    ] {
        check(own(&good.replace(old, new)), parts);
    }
    let bare = FSM.replace("\"checksum\": \"CHECKSUM\"", "\"x\": 1");
    fsm(&bare).unwrap();
    for (old, new, parts) in [
        ("\"0,0\": 1", "\"0;0\": 1", &["0;0", "STATE,SYMBOL"][..]),
        ("\"0,0\": 1", "\"00,0\": 1", &["00,0"]),
        ("\"0,0\": 1", "\"0,2\": 1", &["`delta`", "0,2", "symbols below 2"]),
        ("\"0,0\": 1", "\"0,1\": 1", &["`delta`", "0,1", "once"]),
        ("\"states\": 3", "\"states\": 4", &["`state_class`", "3 numbers", "4"]),
        ("\"states\": 3", "\"states\": 30000", &["`states`", "30000", "1 to 20000"]),
        ("\"start\": 0", "\"start\": 9", &["`start`", "9", "0 to 2"]),
        ("\"reject\": 2", "\"reject\": null, \"more\": 1", &["unknown field"]),
    ] {
        check(fsm(&bare.replace(old, new)), parts);
    }
    let incomplete = bare.replace("\"reject\": 2", "\"reject\": null").replace("\"1,1\": 2, ", "");
    check(fsm(&incomplete), &["`delta`", "no \"1,1\"", "every transition"]);
    for (text, parts) in [
        ("graph { 0 -- 1 }", &["line 1", "`graph`", "`digraph`"][..]),
        ("digraph {\n0 -> 1 [label=a]\n0 -> 0 [label=a] }", &["line 3", "second edge by `a`"]),
        ("digraph {\n\n0 -> 1 }", &["line 3", "without a label"]),
        ("digraph { __start0 [shape=none]\n__start0 -> 0\n__start0 -> 1 }", &["line 3", "a second arrow"]),
        ("digraph { subgraph x { } }", &["`subgraph`"]),
        ("digraph { 0 [label=<b>] }", &["`<`"]),
        ("digraph { 0:n -> 1 }", &["found `:`"]),
        ("digraph { \"0", &["line 1", "after it"]),
        ("digraph { /* ", &["`*/`"]),
        ("digraph { }", &["0 states"]),
        ("digraph { 0 }", &["0 symbols"]),
        ("digraph { 0 [class=x]; 1; 0 -> 1 [label=a] }", &["without `class`"]),
        ("digraph { a [shape=none]; b [shape=point]; a -> 0; b -> 1; 0 -> 1 [label=x] }", &["second beginning"]),
        ("digraph { 0 -> 0 [label=a] } digraph", &["the end"]),
    ] {
        check(dot::parse(text).map_err(|error| error.to_string()), parts);
    }
}
