//! Texts as recipes name them: read once and pinned by their hash, split by position, without a floor.

#[path = "../src/scratch.rs"]
mod scratch;

use std::fs;
use std::path::Path;

use infimum_lab::data::Address;
use infimum_lab::{Experiment, Floors, Isa, LabError, Machine, Plan, Recipe, export, recipes, retrace};
use infimum_worlds::{Example, Purpose, Quantity, Settings};
use scratch::Scratch;

fn recipe(file: &Path, more: &str) -> String {
    format!(
        "[world]\nkind = \"text\"\nfile = {file:?}\nwindow = 8\n{more}\n[model]\nwidth = 8\nlayers = 1\nheads = 2\n"
    )
}

fn plan(text: &str, overrides: &[&str]) -> Result<Plan, LabError> {
    let overrides: Vec<String> = overrides.iter().map(|given| given.to_string()).collect();
    Plan::new(&Recipe::parse(text, "text.toml", &overrides)?)
}

/// A file with these bytes, and the folder that goes with it.
fn file(name: &str, bytes: &[u8]) -> (Scratch, std::path::PathBuf) {
    let scratch = Scratch::new(&format!("texts-{name}"));
    let path = scratch.path().join("a.txt");
    fs::write(&path, bytes).unwrap();
    (scratch, path)
}

#[test]
fn a_plan_has_the_alphabet_of_what_is_trained_on_and_the_hash_of_the_file() {
    let text = "one two three four five, ".repeat(200);
    let (_scratch, path) = file("plan", text.as_bytes());
    let plan = plan(&recipe(&path, ""), &[]).unwrap();
    let Settings::Text(settings) = plan.world() else { panic!("{:?}", plan.world()) };
    assert_eq!(settings.alphabet.as_deref(), Some(" ,efhinortuvw"));
    assert_eq!(settings.hash.as_deref(), Some(blake3::hash(text.as_bytes()).to_hex().as_str()));
    assert_eq!(Plan::from_toml(&plan.to_toml(), Path::new("plan.toml")).unwrap(), plan);
    let experiment = Experiment::new(plan.clone()).unwrap();
    assert_eq!(experiment.floor(), None);
    fs::write(&path, text.replace("one", "own")).unwrap();
    let message = Experiment::new(plan).map(|_| ()).unwrap_err().to_string();
    assert!(message.contains("another text than that of world.hash") && message.contains("put back"), "{message}");
}

/// The test is every window of the last part, in its order; training never sees a token of the other parts.
#[test]
fn the_test_is_the_whole_of_the_last_part() {
    let bytes: Vec<u8> = (0..=255).cycle().take(5000).collect();
    let (_scratch, path) = file("parts", &bytes);
    let experiment = Experiment::new(plan(&recipe(&path, "tokens = \"bytes\""), &[]).unwrap()).unwrap();
    let evaluation = experiment.plan().evaluation();
    assert_eq!((evaluation.sequences, evaluation.test_sequences), (31, 62));
    let (mut example, mut targets) = (Example::default(), Vec::new());
    for index in 0..62 {
        experiment.draw(Purpose::Test, Address { step: 0, index }, &mut example);
        targets.extend_from_slice(&example.targets[0]);
    }
    let last: Vec<u16> = bytes[4501..4501 + 62 * 8].iter().map(|byte| u16::from(*byte)).collect();
    assert_eq!(targets, last);
    assert!(plan(&recipe(&path, "tokens = \"bytes\""), &["evaluation.test_sequences=63"]).is_err());
}

#[test]
fn no_predictor_of_a_text_is_called_its_optimum() {
    let plan = plan(recipes::built_in("text/tinytalks").unwrap(), &[]).unwrap();
    let floors = Floors::of(&*plan.build_world().unwrap());
    assert_eq!(
        (floors.floors[0].name.as_str(), floors.floors[0].kind, floors.floors[0].nats),
        ("floor", "unknown", None)
    );
    assert_eq!(floors.ceilings[0].value, None);
    let ladder: Vec<(&str, &str)> = floors.floors[1..].iter().map(|line| (line.name.as_str(), line.kind)).collect();
    assert_eq!(ladder[0], ("uniform", "exact"));
    let counted: Vec<String> = (1..=6).map(|order| format!("kneser-ney-{order}")).collect();
    assert_eq!(ladder[1..], counted.iter().map(|name| (name.as_str(), "sampled")).collect::<Vec<_>>());
    assert!(floors.floors[2..].iter().all(|line| line.about.contains("no optimum")));
    let nats = |place: usize| floors.floors[place].nats.unwrap();
    assert!(nats(1) > nats(2) && nats(2) > nats(3) && nats(3) > nats(4) && nats(4) > nats(5));
}

/// The published split of TinyTalks: 12,680, 2,660 and 2,603 characters.
#[test]
fn tinytalks_is_split_as_it_was_published() {
    let plan = plan(recipes::built_in("text/tinytalks").unwrap(), &[]).unwrap();
    let Settings::Text(settings) = plan.world() else { panic!("{:?}", plan.world()) };
    assert_eq!(settings.alphabet.as_ref().map(|alphabet| alphabet.chars().count()), Some(68));
    let facts = Experiment::new(plan.clone()).unwrap().world().facts();
    let count = |name: &str| facts.iter().find(|fact| fact.name == name).map(|fact| fact.value.clone());
    for (name, tokens) in [("training_tokens", 12_680), ("validation_tokens", 2_660), ("test_tokens", 2_603)] {
        assert_eq!(count(name), Some(Quantity::Count(tokens)), "{name}");
    }
}

#[test]
fn mistakes_name_the_file_the_place_and_the_way_out() {
    let long = "abc ".repeat(100);
    let mut broken = long.clone().into_bytes();
    broken[217] = 0xFF;
    for (name, bytes, more, overrides, parts) in [
        ("empty", &b""[..], "", &[][..], ["a.txt: is empty", "with a text in it"]),
        ("utf8", &broken, "", &[], ["is not UTF-8: its byte 217, counted from 0, is 0xff", "world.tokens = \"bytes\""]),
        ("short", b"abcabc", "", &[], ["window = 8", "lower window"]),
        ("few", long.as_bytes(), "", &[], ["world.validation = 0.05", "2 windows, and 16 are needed"]),
        ("letter", long.as_bytes(), "alphabet = \"ab \"", &[], ["it lacks 'c', character 2", "add it to alphabet"]),
        (
            "hash",
            long.as_bytes(),
            "hash = \"00\"",
            &[],
            ["another text than that of world.hash, 00", "leave world.hash out"],
        ),
        (
            "blocks",
            long.as_bytes(),
            "",
            &["data.source=export"],
            ["data.source = \"export\"", "\"fresh\" or \"fixed\""],
        ),
        (
            "stages",
            long.as_bytes(),
            "",
            &["training.curriculum=[{ world = { window = 8 } }]"],
            ["training.curriculum = 1 stages", "left out in the world text"],
        ),
    ] {
        let (_scratch, path) = file(name, bytes);
        let message = match plan(&recipe(&path, more), overrides) {
            Ok(plan) => Experiment::new(plan).map(|_| ()).unwrap_err().to_string(),
            Err(error) => error.to_string(),
        };
        assert!(parts.iter().all(|part| message.contains(part)), "{name}: {message}");
    }
    let missing = plan(&recipe(Path::new("no/such.txt"), ""), &[]).unwrap_err().to_string();
    assert!(missing.contains("there is no such file") && missing.contains("shakespeare"), "{missing}");
    let folder = plan(&recipe(Path::new("."), ""), &[]).unwrap_err().to_string();
    assert!(folder.contains("is a folder or a device"), "{folder}");
}

/// What stands in the test and in what is trained on, word for word, is told; places alone are held out.
#[test]
fn windows_of_the_test_that_are_trained_on_are_counted() {
    let repeated = "abcd".repeat(2000);
    let next = |state: &u32| Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    let states = std::iter::successors(Some(1_u32), next);
    let different: Vec<u8> = states.take(8000).map(|state| b'a' + (state >> 24) as u8 % 26).collect();
    for (name, bytes, all) in [("same", repeated.as_bytes(), true), ("other", &different, false)] {
        let (_scratch, path) = file(name, bytes);
        let experiment = Experiment::new(plan(&recipe(&path, ""), &["training.steps=20"]).unwrap()).unwrap();
        let mut machine = Machine::new(Isa::best(), 2);
        let found = retrace(&experiment, 20, &mut machine, &mut |_, _| true).unwrap();
        let shared = found.shared_sequences.unwrap();
        assert_eq!(shared, if all { experiment.plan().evaluation().test_sequences } else { 0 }, "{name}");
    }
}

/// An export has as many windows as there are, says so, and keeps the parts apart.
#[test]
fn exports_say_how_many_windows_they_have() {
    let bytes: Vec<u8> = (0..=255).cycle().take(5000).collect();
    let (scratch, path) = file("export", &bytes);
    let plan = plan(&recipe(&path, "tokens = \"bytes\""), &[]).unwrap();
    let folder = scratch.path().join("data");
    let exported = export(&plan, &folder).unwrap();
    let tokens = |name: &str| fs::read(folder.join(name)).unwrap();
    assert_eq!((exported.train_sequences, exported.validation_sequences), (531, 31));
    assert_eq!((exported.train_tokens, exported.validation_tokens), (531 * 9, 31 * 9));
    assert_eq!((tokens("train.bin").len(), tokens("val.bin").len()), (2 * 531 * 9, 2 * 31 * 9));
    let first = |file: Vec<u8>| u16::from_le_bytes([file[0], file[1]]);
    assert_eq!((first(tokens("train.bin")), first(tokens("val.bin"))), (0, u16::from(bytes[4250])));
}
