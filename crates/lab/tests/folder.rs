//! Training on a folder of somebody's files: the same bits as on the blocks that it was written from, the floor of its law,
//! and a clear refusal of whatever does not fit.

#[path = "../src/scratch.rs"]
mod scratch;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use infimum_lab::data::Address;
use infimum_lab::foreign::numpy::{self, Array};
use infimum_lab::recipe::DataLaw;
use infimum_lab::{
    CheckpointName, Experiment, Figure, Isa, LabError, Machine, Plan, Recipe, Record, agreement, export, report,
    sample, training,
};
use infimum_worlds::{Example, Purpose};
use scratch::Scratch;

/// A table of logits, which counts fit as well as windows.
const RECIPE: &str = "name = \"small\"
[world]
kind = \"markov-windows\"
states = 4
length = 6
window = 9
seed = 3
[model]
width = 8
layers = 1
heads = 1
positions = \"none\"
attention = false
[training]
steps = 30
[data]
source = \"export\"
[evaluation]
every = 10
[export]
train_sequences = 50
validation_sequences = 200
";

fn plan(overrides: &[&str]) -> Result<Plan, LabError> {
    let overrides: Vec<String> = overrides.iter().map(|s| s.to_string()).collect();
    Plan::new(&Recipe::parse(RECIPE, "small.toml", &overrides)?)
}

/// The data that the recipe exports, in a folder of their own, and the override that trains on them.
fn exported(name: &str) -> (Scratch, String) {
    let folder = Scratch::new(&format!("folder-{name}"));
    export(&plan(&[]).unwrap(), folder.path()).unwrap();
    let set = format!("data.folder={}", folder.path().display());
    (folder, set)
}

fn on(set: &str, overrides: &[&str]) -> Result<Experiment, LabError> {
    Experiment::new(plan(&[&[set], overrides].concat())?)
}

/// A run from its first step to its figures, with the hash of its weights.
fn run(experiment: &Experiment, runs: &Path) -> (Record, String, Vec<Figure>) {
    let writer = Record::create(runs, "small-s1", &experiment.plan().to_toml()).unwrap();
    let mut machine = Machine::new(Isa::best(), 1);
    let summary = training::run(experiment, &mut machine, &writer, &mut |_| {}, &AtomicBool::new(false)).unwrap();
    (writer.record().clone(), summary.weights_hash, summary.figures)
}

fn stream(folder: &Path, name: &str) -> Vec<u16> {
    fs::read(folder.join(name)).unwrap().chunks(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect()
}

fn write(path: &Path, tokens: &[u16]) {
    fs::write(path, tokens.iter().flat_map(|token| token.to_le_bytes()).collect::<Vec<u8>>()).unwrap();
}

#[test]
fn training_on_exported_files_gives_the_bits_of_training_on_what_was_exported() {
    let (folder, set) = exported("bits");
    for source in ["export", "counts"] {
        let source = format!("data.source={source}");
        let drawn = Experiment::new(plan(&[&source]).unwrap()).unwrap();
        let read = on(&set, &[&source]).unwrap();
        let [drawn, read] = [(&drawn, "drawn"), (&read, "read")].map(|(e, runs)| {
            let runs = folder.path().join(format!("{source}-{runs}"));
            let (record, hash, figures) = run(e, &runs);
            assert_eq!(record.load(CheckpointName::Last, &e.layout()).unwrap().step, 30);
            (hash, figures)
        });
        assert_eq!(drawn.0, read.0, "{source}");
        let names = |figures: &[Figure]| figures.iter().map(|f| f.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&drawn.1), names(&read.1));
        let (excess, optimum) = (&read.1[0], &read.1.iter().find(|f| f.name == "cross_entropy").unwrap().optimum);
        assert!(excess.name == "excess_loss" && excess.low.unwrap() <= excess.value && optimum.is_some(), "{excess:?}");
    }
}

/// Windows of `val.bin` alone, no target in two of them, half for validation and half for the test, the same for every seed.
#[test]
fn validation_and_test_are_windows_of_val_bin_that_share_nothing() {
    let (folder, set) = exported("windows");
    let experiment = on(&set, &[]).unwrap();
    let evaluation = experiment.plan().evaluation();
    // Beginnings lie 11 tokens apart, the first number from 9 on without a factor of 6.
    assert_eq!((evaluation.sequences, evaluation.test_sequences), (54, 55));
    let draw = |experiment: &Experiment, purpose, index| {
        let mut example = Example::default();
        experiment.draw(purpose, Address { step: 0, index }, &mut example);
        assert_eq!(example.tokens[1..], example.targets[0][..8]);
        [&example.tokens[..1], &example.targets[0]].concat()
    };
    let other = on(&set, &["training.seed=2"]).unwrap();
    let tokens = stream(folder.path(), "val.bin");
    let mut left: BTreeMap<Vec<u16>, Vec<usize>> = BTreeMap::new();
    tokens.windows(10).enumerate().for_each(|(at, window)| left.entry(window.to_vec()).or_default().push(at));
    let mut places = BTreeSet::new();
    for (purpose, count) in [(Purpose::Validation, 54), (Purpose::Test, 55)] {
        for index in 0..count {
            let window = draw(&experiment, purpose, index);
            assert_eq!(window, draw(&other, purpose, index));
            places.extend(left.get(&window).expect("it is a stretch of val.bin").iter().map(|at| at % 6));
        }
    }
    assert_eq!(places.len(), 6, "windows begin anywhere in a block");
    assert_eq!((experiment.test_sequences(10), experiment.test_sequences(1000)), (10, 55));
}

/// With the world's seed changed, the file's law still gives the floor of the data; without a law there is none, and what needs
/// none is scored.
#[test]
fn the_floor_is_that_of_the_law_in_the_folder() {
    let (folder, set) = exported("law");
    let truth = on(&set, &[]).unwrap();
    let other = on(&set, &["world.seed=8", "data.law=folder"]).unwrap();
    assert!((truth.floor().unwrap() - other.floor().unwrap()).abs() < 1e-12);
    assert_ne!(truth.floor(), Experiment::new(plan(&["world.seed=8"]).unwrap()).unwrap().floor());
    assert_eq!(truth.plan().data().folder.as_ref().unwrap().law, DataLaw::World);
    let unknown = on(&set, &["data.law=unknown"]).unwrap();
    assert_eq!(unknown.floor(), None);
    let (record, hash, figures) = run(&unknown, &folder.path().join("unknown"));
    assert_eq!(hash, run(&truth, &folder.path().join("truth")).1);
    let names: Vec<_> = figures.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["cross_entropy", "perplexity", "accuracy", "shared_sequences"]);
    assert!(figures.iter().all(|f| f.name == "shared_sequences" || f.optimum.is_none()), "{figures:?}");
    let baseline = |name: &str| figures.iter().find(|f| f.name == name).and_then(|f| f.baseline).unwrap();
    assert_eq!(
        (baseline("cross_entropy"), baseline("accuracy")),
        (libm::log(5.0), 0.2),
        "uniform over 4 states and BOS"
    );
    let mut machine = Machine::new(Isa::best(), 1);
    let page = report(std::slice::from_ref(&record), &mut machine, 2000, &mut |_, _| {}).unwrap();
    assert!(page.missing.iter().any(|lack| lack.contains("the law of the world is not known")), "{:?}", page.missing);
    let state = record.load(CheckpointName::Last, &unknown.layout()).unwrap();
    assert_eq!(sample(&unknown, &mut machine, &state.point, 2, 1.0, 1).len(), 2);
    let agree = |first, second, machine: &mut Machine| {
        let weights = training::Weights { point: &state.point, steps: Some(30) };
        let pair = [first, second].map(|experiment| agreement::Trained { experiment, weights });
        agreement::agree(pair, machine, &mut |_| {})
    };
    let alone = agree(&unknown, &unknown, &mut machine).unwrap();
    assert_eq!(alone.len(), 2, "nothing counts data whose law nobody knows");
    let other = agree(&unknown, &truth, &mut machine).unwrap_err().to_string();
    assert!(other.contains("the same world"), "{other}");
}

/// What stands in the folder is changed, and then put back.
#[test]
fn a_plan_goes_with_its_data_alone() {
    let (folder, set) = exported("changed");
    let plan = plan(&[&set, "data.law=folder"]).unwrap();
    let text = plan.to_toml();
    let again = || Experiment::new(Plan::from_toml(&text, Path::new("plan.toml")).unwrap());
    assert_eq!(again().unwrap().plan(), &plan);
    for name in ["train.bin", "val.bin", "chain.npz"] {
        let path = folder.path().join(name);
        let before = fs::read(&path).unwrap();
        match name {
            "chain.npz" => {
                let mut arrays = numpy::read_npz(&path).unwrap();
                let start = Array { shape: vec![4], data: vec![0.25; 4] };
                arrays.insert("start".into(), start);
                numpy::write_npz(&path, "write", &arrays).unwrap();
            }
            name => {
                let mut tokens = stream(folder.path(), name);
                tokens[7] = (tokens[7] + 1) % 4;
                write(&path, &tokens);
            }
        }
        let error = again().map(drop).unwrap_err();
        let text = error.to_string();
        assert!(
            error.is_user_error() && text.contains("not those that the plan was made with (data.folder)"),
            "{text}"
        );
        fs::write(&path, before).unwrap();
    }
    fs::write(folder.path().join("notes.txt"), "changes no bit").unwrap();
    assert_eq!(again().unwrap().plan(), &plan);
    fs::remove_file(folder.path().join("train.bin")).unwrap();
    let gone = again().map(drop).unwrap_err();
    assert!(gone.is_user_error() && gone.to_string().contains("train.bin"), "{gone}");
    assert!(Plan::from_toml(&text, Path::new("plan.toml")).is_ok(), "a record can be shown without its data");
}

/// What is done to the folder, what is set, and what the message has to say.
type Case = (Spoil, &'static [&'static str], &'static [&'static str]);
type Spoil = Box<dyn Fn(&Path)>;

fn tokens(name: &'static str, change: fn(&mut Vec<u16>)) -> Spoil {
    Box::new(move |folder| {
        let mut tokens = stream(folder, name);
        change(&mut tokens);
        write(&folder.join(name), &tokens);
    })
}

fn file(name: &'static str, bytes: &'static [u8]) -> Spoil {
    Box::new(move |folder| fs::write(folder.join(name), bytes).unwrap())
}

fn without(name: &'static str) -> Spoil {
    Box::new(move |folder| fs::remove_file(folder.join(name)).unwrap())
}

/// A law of so many states, every probability `p`.
fn law(states: usize, p: f64) -> Spoil {
    Box::new(move |folder| {
        let array = |shape: &[usize]| Array { shape: shape.to_vec(), data: vec![p; shape.iter().product()] };
        let arrays = [("start", array(&[states])), ("transitions", array(&[states, states]))];
        let arrays = arrays.map(|(name, array)| (name.to_string(), array)).into();
        numpy::write_npz(&folder.join("chain.npz"), "write", &arrays).unwrap();
    })
}

fn nothing() -> Spoil {
    Box::new(|_| {})
}

fn spoilt_files() -> Vec<Case> {
    vec![
        (file("train.bin", &[1, 2, 3]), &[], &["train.bin", "3 bytes long"]),
        (file("val.bin", &[]), &[], &["val.bin", "0 bytes long"]),
        (tokens("train.bin", |t| t[3] = 9), &[], &["train.bin", "token 3", "is 9", "vocab_size = 5"]),
        (tokens("train.bin", |t| t.truncate(299)), &[], &["train.bin", "299 tokens", "world.length = 6"]),
        (tokens("val.bin", |t| t[3] = 4), &[], &["val.bin", "token 3", "is 4", "nowhere else"]),
        (tokens("val.bin", |t| t[6] = 0), &[], &["val.bin", "token 6", "is 0", "begin with BOS, 4"]),
        (tokens("train.bin", |t| t.truncate(6)), &[], &["train.bin", "6 tokens", "window of 10"]),
        (tokens("val.bin", |t| t.truncate(60)), &[], &["val.bin", "of 9 targets", "world.window"]),
        (without("train.bin"), &[], &["train.bin", "check the path"]),
        (without("val.bin"), &[], &["val.bin", "check the path"]),
        (without("meta.json"), &[], &["neither a meta.json nor a meta.pkl"]),
        (file("meta.json", b"["), &[], &["meta.json", "is not what is wanted"]),
        (file("meta.json", b"{\"vocab_size\": 6}"), &[], &["world.states = 4", "vocab_size = 6", "would be 5"]),
        (file("meta.json", b"{\"vocab_size\": 5, \"n_states\": 3}"), &[], &["world.states = 4", "n_states = 3"]),
        (file("meta.json", b"{\"vocab_size\": 5, \"bos_token\": 0}"), &[], &["world.states = 4", "bos_token = 0"]),
        (file("meta.json", b"{\"vocab_size\": 5, \"block_size\": 7}"), &[], &["world.length = 6", "block_size = 7"]),
        (without("chain.npz"), &[], &["[data] lacks `law`", "neither chain.npz nor model.pkl", "\"unknown\""]),
        (without("chain.npz"), &["data.law=folder"], &["data.law", "neither chain.npz nor model.pkl"]),
        (law(3, 1.0 / 3.0), &[], &["world.states = 4", "chain.npz", "law of 3 states"]),
        (law(4, 0.5), &["data.law=folder"], &["chain.npz", "is no law", "sums to 2"]),
        (law(4, f64::NAN), &[], &["chain.npz", "another law", "NaN"]),
        (law(4, -1.0), &["data.law=folder"], &["chain.npz", "has -1 for state 0"]),
        (file("chain.npz", b"PK"), &[], &["chain.npz"]),
        (file("model.pkl", b"N."), &[], &["model.pkl", "CategoricalHMM"]),
        (Box::new(only_state_zero_begins), &["data.law=folder"], &["the states []", "which the law makes impossible"]),
    ]
}

fn other_worlds() -> Vec<Case> {
    vec![
        (nothing(), &["world.states=5"], &["world.states = 5", "n_states = 4", "would be 5"]),
        (nothing(), &["world.length=5"], &["world.length = 5", "block_size = 6", "would be 5"]),
        (nothing(), &["world.order=2"], &["world.order = 2", "chain.npz", "law of order 1"]),
        (nothing(), &["world.seed=8"], &["data.law", "another law", "state 0 to begin with is 0.", "\"folder\""]),
        (nothing(), &["evaluation.test_sequences=56"], &["evaluation.test_sequences = 56", "at most 55"]),
        (nothing(), &["evaluation.sequences=55"], &["evaluation.sequences = 55", "at most 54"]),
        (nothing(), &["data.source=fresh"], &["data.folder", "\"export\" or \"counts\""]),
    ]
}

#[test]
fn what_does_not_fit_is_refused_and_named() {
    for (number, (spoil, overrides, parts)) in spoilt_files().into_iter().chain(other_worlds()).enumerate() {
        let (folder, set) = exported(&format!("spoilt-{number}"));
        assert!(on(&set, &[]).is_ok());
        spoil(folder.path());
        let error = on(&set, overrides).map(drop).expect_err(&format!("{overrides:?} {parts:?}"));
        let text = error.to_string();
        assert!(error.is_user_error() && parts.iter().all(|part| text.contains(part)), "{parts:?}: {text}");
    }
    let lone = plan(&["data.law=unknown"]).unwrap_err().to_string();
    assert!(lone.contains("data.law = unknown") && lone.contains("data.folder only"), "{lone}");
    let aligned = RECIPE.replace("markov-windows", "markov").replace("window = 9\n", "");
    let aligned = Recipe::parse(&aligned, "aligned.toml", &["data.folder=nowhere".into()]).unwrap();
    assert!(Plan::new(&aligned).unwrap_err().to_string().contains("only worlds of windows, such as markov-windows"));
}

/// Blocks of `train.bin` in `val.bin`: as many as chance makes in a small world are counted, more are refused.
#[test]
fn a_validation_that_was_not_drawn_apart_is_refused() {
    let (folder, set) = exported("shared");
    let [train, validation] = ["train.bin", "val.bin"].map(|name| stream(folder.path(), name));
    let blocks: BTreeSet<&[u16]> = train.chunks(6).collect();
    let shared = validation.chunks(6).filter(|block| blocks.contains(block)).count();
    let found = on(&set, &[]).unwrap().shared_blocks().unwrap();
    assert!(shared > 0 && (found.shared, found.of) == (shared, 200), "{found:?}, not {shared}");
    // All blocks there are, each once: none is expected to come again.
    let all = |from: u16, to: u16| -> Vec<u16> {
        (from..to).flat_map(|code| [4].into_iter().chain((0..5).map(move |i| code >> (2 * i) & 3))).collect()
    };
    write(&folder.path().join("train.bin"), &all(0, 500));
    for (from, to, shared) in [(500, 700, 0), (490, 700, 10), (483, 700, 17), (0, 200, 200)] {
        write(&folder.path().join("val.bin"), &all(from, to));
        match on(&set, &["data.law=unknown"]) {
            Ok(experiment) => assert_eq!(experiment.shared_blocks().unwrap().shared, shared.min(16)),
            Err(error) => {
                let (text, wanted) = (error.to_string(), format!("{shared} of its {} blocks are also in", to - from));
                assert!(shared > 16 && error.is_user_error() && text.contains(&wanted), "{text}");
            }
        }
    }
}

/// Two laws that differ, one of them hmmlearn's.
#[test]
fn two_laws_beside_the_data_have_to_be_one() {
    let (folder, set) = exported("two");
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign/model-4.pkl");
    fs::copy(model, folder.path().join("model.pkl")).unwrap();
    let found = on(&set, &[]).map(drop).unwrap_err().to_string();
    assert!(found.contains("model.pkl is a law of 3 states"), "{found}");
    law(3, 1.0 / 3.0)(folder.path());
    let of_three: Vec<u16> = stream(folder.path(), "val.bin").iter().map(|t| if *t == 4 { 3 } else { t % 3 }).collect();
    write(&folder.path().join("val.bin"), &of_three);
    write(&folder.path().join("train.bin"), &of_three);
    fs::write(folder.path().join("meta.json"), "{\"vocab_size\": 4}").unwrap();
    let found = on(&set, &["world.states=3"]).map(drop).unwrap_err().to_string();
    assert!(found.contains("chain.npz: is another law than") && found.contains("take away the one"), "{found}");
}

fn only_state_zero_begins(folder: &Path) {
    let path = folder.join("chain.npz");
    let mut arrays = numpy::read_npz(&path).unwrap();
    arrays.insert("start".into(), Array { shape: vec![4], data: vec![1.0, 0.0, 0.0, 0.0] });
    numpy::write_npz(&path, "write", &arrays).unwrap();
}

/// Law or data of a world without a chain file: what the user says of them holds.
#[test]
fn data_without_a_law_beside_them_have_the_law_that_is_named() {
    let (folder, set) = exported("named");
    let truth = on(&set, &[]).unwrap().floor();
    fs::remove_file(folder.path().join("chain.npz")).unwrap();
    assert_eq!(on(&set, &["data.law=world"]).unwrap().floor(), truth);
    assert_eq!(on(&set, &["data.law=unknown"]).unwrap().floor(), None);
    assert_eq!(on(&set, &["data.law=unknown", "world.order=2"]).unwrap().floor(), None);
    let again = export(on(&set, &["data.law=world"]).unwrap().plan(), &folder.path().join("again")).unwrap_err();
    assert!(again.to_string().contains("leave data.folder out") && !folder.path().join("again").exists(), "{again}");
}

/// The published files: `val.bin`, `meta.json` and hmmlearn's `model.pkl`, beside the `train.bin` that they say they have.
#[test]
fn the_published_folder_is_trained_on_beside_its_floor() {
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/markov");
    if !published.exists() {
        println!("skipped: ../shared/data/markov, beside the workspace, is not there");
        return;
    }
    let load = |overrides: &[String]| Plan::load(Path::new("published/nanomarkov-mm10"), overrides, Path::new("runs"));
    let folder = Scratch::new("folder-published");
    export(&load(&[]).unwrap(), folder.path()).unwrap();
    fs::remove_file(folder.path().join("chain.npz")).unwrap();
    for name in ["val.bin", "meta.json", "model.pkl"] {
        fs::write(folder.path().join(name), fs::read(published.join(name)).unwrap()).unwrap();
    }
    let set = format!("data.folder={}", folder.path().display());
    for law in ["world", "folder"] {
        let experiment = Experiment::new(load(&[set.clone(), format!("data.law={law}")]).unwrap()).unwrap();
        assert!((experiment.floor().unwrap() - 1.9109).abs() < 5e-5);
        let evaluation = experiment.plan().evaluation();
        assert_eq!((evaluation.sequences, evaluation.test_sequences), (495, 496));
    }
    let other = load(&[set, "world.seed=43".into()]).unwrap_err().to_string();
    assert!(other.contains("model.pkl is another law than the one that [world] draws"), "{other}");
}
