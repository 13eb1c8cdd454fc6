//! Adders of each family, as their authors save them, give the logits that `oracles/imported.py` computes for them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use infimum_engine::{Feed, Reference};
use infimum_lab::evaluation::Evaluator;
use infimum_lab::foreign::numpy;
use infimum_lab::import::{Imported, families, import};
use infimum_lab::sums::Sums;
use infimum_lab::{
    Audit, Carried, Experiment, Isa, LabError, Machine, Names, Plan, export_weights, read_weights, weights_file,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    tokens: Vec<u16>,
    logits: Vec<Vec<f64>>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/imported")
}

fn expected() -> BTreeMap<String, Expected> {
    serde_json::from_str(&fs::read_to_string(folder().join("expected.json")).unwrap()).unwrap()
}

/// Where a test writes; what is there from before is taken away.
fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    _ = fs::remove_file(&path);
    path
}

/// The logits of `tokens`, in f64, position by position.
fn logits(imported: &Imported, tokens: &[u16]) -> Vec<f64> {
    let experiment = Experiment::new(imported.plan.clone()).unwrap();
    let program = experiment.program().outputs_at(&["logits"], 0..tokens.len()).unwrap();
    let place = program.ids_index("tokens").unwrap();
    let fill = |_: usize, feed: &mut Feed| feed.ids[place][..tokens.len()].copy_from_slice(tokens);
    let point: Vec<f64> = imported.point.iter().map(|x| f64::from(*x)).collect();
    let mut found = Vec::new();
    Reference::new(&program).outputs(&point, 1, &fill, &mut |_, rows: &[&[f64]]| found.extend(rows.concat()));
    found
}

#[test]
fn every_family_gives_the_logits_of_its_authors_formulas() {
    for (name, expected) in expected() {
        let imported = import(&folder().join(&name), None).unwrap();
        let found = logits(&imported, &expected.tokens);
        let wanted = expected.logits.concat();
        assert_eq!(found.len(), wanted.len(), "{name}");
        let largest = found.iter().zip(&wanted).fold(0.0, |most: f64, (a, b)| most.max((a - b).abs()));
        assert!(largest <= 1e-6, "{name}: {largest}");
    }
}

/// Two numbers exchanged give other logits, so that the check above could fail.
#[test]
fn exchanged_numbers_are_noticed() {
    for (name, expected) in expected() {
        let mut imported = import(&folder().join(&name), None).unwrap();
        let (first, last) = (0, imported.point.len() - 1);
        imported.point.swap(first, last);
        let found = logits(&imported, &expected.tokens);
        let largest = found.iter().zip(expected.logits.concat()).fold(0.0, |most: f64, (a, b)| most.max((a - b).abs()));
        assert!(largest > 1e-4, "{name}: {largest}");
    }
}

#[test]
fn what_is_written_is_read_again_with_its_plan() {
    for name in expected().keys() {
        let imported = import(&folder().join(name), None).unwrap();
        let path = scratch(&format!("{name}.safetensors"));
        imported.write(&path, false).unwrap();
        let plan = Plan::from_toml(&Carried::of(&path).unwrap().unwrap().plan, &path).unwrap();
        assert_eq!(plan, imported.plan, "{name}");
        let experiment = Experiment::new(plan).unwrap();
        assert_eq!(
            read_weights(&path, experiment.plan().model(), &experiment.layout()).unwrap(),
            imported.point,
            "{name}"
        );
        imported.write(&path, false).expect("the same file may be written again");
    }
}

/// What an export says of its model is what the import said, and its export is the same file.
#[test]
fn what_is_exported_is_the_whole_model() {
    for (name, ending) in expected().keys().flat_map(|name| ["npz", "safetensors"].map(|ending| (name, ending))) {
        let imported = import(&folder().join(name), None).unwrap();
        let (one, two) = (scratch(&format!("one-{name}.{ending}")), scratch(&format!("two-{name}.{ending}")));
        let experiment = Experiment::new(imported.plan.clone()).unwrap();
        export_weights(&experiment, &imported.point, &one, Names::Own, false).unwrap();
        let carried = Carried::of(&one).unwrap().expect("it carries its plan");
        assert!(!carried.is_checkpoint, "{name}");
        let again = Experiment::new(Plan::from_toml(&carried.plan, &one).unwrap()).unwrap();
        assert_eq!((again.plan(), again.layout()), (&imported.plan, experiment.layout()), "{name} {ending}");
        let point = read_weights(&one, again.plan().model(), &again.layout()).unwrap();
        assert!(point.iter().zip(&imported.point).all(|(a, b)| a.to_bits() == b.to_bits()), "{name} {ending}");
        export_weights(&again, &point, &two, Names::Own, false).unwrap();
        assert_eq!(fs::read(one).unwrap(), fs::read(two).unwrap(), "{name} {ending}");
    }
}

/// The frozen numbers of the plan count, to the last bit, whatever the free ones are.
#[test]
fn a_plan_with_another_frozen_number_is_refused() {
    let imported = import(&folder().join("stacked.pt"), None).unwrap();
    let (plan, path) = (imported.plan.to_toml(), scratch("frozen.npz"));
    let experiment = Experiment::new(imported.plan.clone()).unwrap();
    let at = plan.find("given(").unwrap();
    let number = at + plan[at..].find("0.").unwrap() + 2;
    let digit = if &plan[number..=number] == "1" { "2" } else { "1" };
    let other = [&plan[..number], digit, &plan[number + 1..]].concat();
    let other = Experiment::new(Plan::from_toml(&other, &path).unwrap()).unwrap();
    export_weights(&other, &imported.point, &path, Names::Own, true).unwrap();
    let error = read_weights(&path, experiment.plan().model(), &experiment.layout()).unwrap_err();
    assert!(error.is_user_error(), "{error}");
    for part in ["the frozen numbers of `transformer.h.0.", "differ", "in its plan and", "without --recipe"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    read_weights(&path, other.plan().model(), &other.layout()).expect("the plan's own model has its numbers");
}

/// A model that has none where the other has some, on either side.
#[test]
fn a_plan_without_frozen_numbers_is_refused_where_there_are_some() {
    let imported = import(&folder().join("stacked.pt"), None).unwrap();
    let (plan, path) = (imported.plan.to_toml(), scratch("unfrozen.safetensors"));
    let given = &plan[plan.find("given(").unwrap()..];
    let given = &given[..=given.find(')').unwrap()];
    let shape: Vec<&str> = given["given(".len()..].split(", ").take(2).collect();
    let without = plan.replacen(given, &format!("zeros({})", shape.join(", ")), 1);
    let [with, without] = [plan, without].map(|plan| Experiment::new(Plan::from_toml(&plan, &path).unwrap()).unwrap());
    for (file, recipe, part) in
        [(&with, &without, "its plan has `transformer.h.0."), (&without, &with, "the recipe has `transformer.h.0.")]
    {
        export_weights(file, &imported.point, &path, Names::Own, true).unwrap();
        let error = read_weights(&path, recipe.plan().model(), &recipe.layout()).unwrap_err().to_string();
        assert!(error.contains("the frozen numbers differ") && error.contains(part), "{error}");
    }
}

/// Whatever somebody put in the place of the plan, there is a plan or a refusal.
#[test]
fn no_plan_in_a_file_harms_its_reader() {
    let imported = import(&folder().join("stacked.pt"), None).unwrap();
    let (plan, path) = (imported.plan.to_toml(), scratch("plans.npz"));
    let experiment = Experiment::new(imported.plan).unwrap();
    export_weights(&experiment, &imported.point, &path, Names::Own, true).unwrap();
    let whole = numpy::read_npz(&path).unwrap();
    let attempt = |data: Vec<f64>| {
        let mut arrays = whole.clone();
        arrays.insert("plan".into(), numpy::Array { shape: vec![data.len()], data });
        numpy::write_npz(&path, "write", &arrays).unwrap();
        let weights = read_weights(&path, experiment.plan().model(), &experiment.layout());
        let own = Carried::of(&path).and_then(|found| Plan::from_toml(&found.expect("it is there").plan, &path));
        for error in weights.err().into_iter().chain(own.err()) {
            assert!(error.is_user_error(), "{error}");
        }
    };
    let bytes = |text: &str| text.bytes().map(f64::from).collect::<Vec<f64>>();
    (0..plan.len()).step_by(61).for_each(|end| attempt(bytes(&plan[..end])));
    for (from, to) in
        [("width = 4", "width = 4000000000"), ("digits = ", "digits = 9"), ("given(", "given(9, "), ("[", "[[[[[")]
    {
        assert!(plan.contains(from), "{from}");
        attempt(bytes(&plan.replace(from, to)));
    }
    for data in
        [vec![], vec![0.5], vec![-1.0], vec![256.0], vec![f64::NAN], vec![255.0], vec![f64::from(b'['); 100_000]]
    {
        attempt(data);
    }
}

#[test]
fn tied_arrays_are_one_parameter() {
    for (name, parameters) in [
        ("factorised-none.pt", 56 + 26 + 12 + 8 + 24 + 16 + 2 * 20),
        ("factorised-shareA_tieKV.pt", 56 + 26 + 12 + 8 + 2 * 8 + 16 + 2 * 20),
        ("micro-adder.pt", 67),
        ("micro-adder-small.pt", 57),
        ("minimal.npz", 122),
        ("minimal-arc.pt", 3 + 9 + 12 + 12 + 12 + 8 + 12 + 6),
        ("minimal-arc-tied.pt", 3 + 3 + 12 + 1 + 4 + 12 + 1),
        ("stacked.pt", 56 + 26 + 24 + 32 + 16 + 2 * 20),
        ("stacked-full.pt", 56 + 36 + 24 + 48 + 16 + 2 * 24),
        ("split.pt", 242),
        ("split-spiral.pt", 234),
    ] {
        let imported = import(&folder().join(name), None).unwrap();
        let audit = Audit::of(Experiment::new(imported.plan.clone()).unwrap().program());
        assert_eq!((imported.point.len(), audit.free), (parameters, parameters), "{name}");
    }
}

fn refusal(result: Result<Imported, LabError>) -> String {
    let Err(error) = result else { panic!("it was imported") };
    assert!(error.is_user_error());
    error.to_string()
}

#[test]
fn what_is_of_no_family_is_refused_with_the_nearest() {
    let nanogpt = folder().join("../nanogpt/plain.npz");
    let message = refusal(import(&nanogpt, None));
    for part in ["no array of a family that is known", "infimum eval FILE --recipe RECIPE"] {
        assert!(message.contains(part), "{message}");
    }
    assert!(!message.contains("nearest"), "{message}");
    let text = scratch("text.pt");
    std::fs::write(&text, "these are no weights").unwrap();
    let message = refusal(import(&text, None));
    assert!(message.contains("nor is it a zip archive as PyTorch (.pt)"), "{message}");
    let message = refusal(import(&folder().join("minimal.npz"), Some("factorised")));
    assert!(message.contains("as one of the family factorised: it lacks `token_emb.weight`"), "{message}");
    let message = refusal(import(&folder().join("minimal.npz"), Some("gpt")));
    assert!(families().iter().all(|(name, _)| message.contains(name)), "{message}");
}

/// Compiled modules of PyTorch have a prefix; and what was imported is ours.
#[test]
fn a_prefix_is_dropped_and_what_is_imported_already_is_not_imported_again() {
    let file = folder().join("micro-adder.pt");
    let tensors = infimum_lab::foreign::torch::read(&file).unwrap().tensors().unwrap();
    let view = |t: &weights_file::Tensor| (format!("_orig_mod.{}", t.name), t.shape.clone(), t.data.clone());
    let prefixed: Vec<_> = tensors.iter().map(view).collect();
    let views: Vec<_> = prefixed
        .iter()
        .map(|(name, shape, data)| weights_file::TensorView { name: name.clone(), shape: shape.clone(), data })
        .collect();
    let path = scratch("prefixed.safetensors");
    weights_file::write(&path, "write", &views, &BTreeMap::new()).unwrap();
    let [imported, expected] = [&path, &file].map(|path| import(path, None).unwrap());
    assert_eq!((imported.family, &imported.point), (expected.family, &expected.point));
    let again = scratch("again.safetensors");
    imported.write(&again, true).unwrap();
    assert!(refusal(import(&again, None)).contains("is ours already"));
}

/// A tensor that is changed, cut or renamed after the file was read well.
#[test]
fn arrays_that_do_not_fit_are_refused_by_name() {
    let read = |name: &str| infimum_lab::foreign::torch::read(&folder().join(name)).unwrap().tensors().unwrap();
    let path = scratch("changed.safetensors");
    let attempt = |tensors: &[weights_file::Tensor]| {
        let views: Vec<_> = tensors
            .iter()
            .map(|t| weights_file::TensorView { name: t.name.clone(), shape: t.shape.clone(), data: &t.data })
            .collect();
        weights_file::write(&path, "write", &views, &BTreeMap::new()).unwrap();
        refusal(import(&path, None))
    };
    let change = |file: &str, name: &str, change: &dyn Fn(&mut weights_file::Tensor)| {
        let mut tensors = read(file);
        change(tensors.iter_mut().find(|t| t.name == name).expect(name));
        attempt(&tensors)
    };
    let message = change("factorised-kv.pt", "lm_head.weight", &|t| t.data[5] += 1.0);
    assert!(message.contains("`lm_head.weight` is tied to `token_emb.weight`, but number 5"), "{message}");
    let message = change("micro-adder.pt", "ln_f.weight", &|t| t.data[0] = 9.0);
    assert!(message.contains("`ln_f.weight` is tied to `blocks.0.ln1.weight`"), "{message}");
    let message = change("factorised-kv.pt", "pos_emb.B", &|t| {
        t.shape = vec![2, 3];
        t.data.truncate(6);
    });
    assert!(message.contains("`pos_emb.B` is [2, 3], where the other arrays want [2, 4]"), "{message}");
    let message = change("micro-adder.pt", "spiral_amp", &|t| t.name = "ghost".into());
    assert!(message.contains("the nearest is micro-adder (") && message.contains("also has `spiral_amp`"), "{message}");
    let message = change("factorised-kv.pt", "ln_f.weight", &|t| t.data[1] = f32::NAN);
    assert!(message.contains("which is no number"), "{message}");
    let message = change("stacked.pt", "blocks.0.mlp.fc2.W_fixed", &|t| t.data[2] = f32::INFINITY);
    assert!(message.contains("`blocks.0.mlp.fc2.W_fixed` holds inf at place 2"), "{message}");
    let message = change("stacked.pt", "pos_emb.A", &|t| {
        t.shape[0] = 2;
        t.data.extend_from_within(..);
    });
    assert!(message.contains("`pos_emb.A` has 2 models; give the file of one"), "{message}");
    let message = change("split.pt", "_pos_indices", &|t| t.data[12] = 7.0);
    assert!(message.contains("`_pos_indices` says 7 of position 12, where the family has 1"), "{message}");
    let message = change("stacked.pt", "token_emb.weight", &|t| t.shape = vec![56]);
    assert!(message.contains("the names of the family") && message.contains("has 1 dimensions"), "{message}");
    let message = change("factorised-kv.pt", "blocks.0.mlp.fc1.A", &|t| t.name = "blocks.0.mlp.fc1.C".into());
    assert!(message.contains("it lacks `blocks.0.mlp.fc1.weight`") || message.contains("fc1"), "{message}");
    let mut more = read("factorised-kv.pt");
    more.push(weights_file::Tensor { name: "extra".into(), shape: vec![1], data: vec![1.0] });
    assert!(attempt(&more).contains("it holds `extra`, which no model of it has"));
}

/// Whatever shape one array has, and whichever is missing, there is a model or a refusal.
#[test]
fn no_shape_of_an_array_harms_the_import() {
    let path = scratch("shapes.safetensors");
    let (mut imported, mut refused) = (0, 0);
    for name in expected().keys().filter(|name| name.ends_with(".pt")) {
        let tensors = infimum_lab::foreign::torch::read(&folder().join(name)).unwrap().tensors().unwrap();
        for (changed, shape) in (0..tensors.len()).flat_map(|changed| SHAPES.iter().map(move |shape| (changed, *shape)))
        {
            let data = vec![0.5; shape.iter().product()];
            let view = |(number, tensor): (usize, &weights_file::Tensor)| {
                let other = number == changed;
                let (shape, data) =
                    if other { (shape.to_vec(), data.as_slice()) } else { (tensor.shape.clone(), &tensor.data[..]) };
                // SHAPES[0] takes the array away, under a name that no family has.
                let name = if other && shape.is_empty() { "gone".into() } else { tensor.name.clone() };
                (name, shape, data.to_vec())
            };
            let arrays: Vec<_> = tensors.iter().enumerate().map(view).collect();
            let views: Vec<_> = arrays
                .iter()
                .map(|(name, shape, data)| weights_file::TensorView { name: name.clone(), shape: shape.clone(), data })
                .collect();
            weights_file::write(&path, "write", &views, &BTreeMap::new()).unwrap();
            match import(&path, None) {
                Ok(_) => imported += 1,
                Err(error) => {
                    assert!(error.is_user_error(), "{name}: {error}");
                    refused += 1;
                }
            }
        }
    }
    assert!(imported > 0 && refused > 1000, "{imported} imported, {refused} refused");
}

/// Shapes of an array in the place of its own; that of none takes it away.
const SHAPES: [&[usize]; 9] = [&[], &[1], &[0], &[0, 4], &[2, 3], &[3, 2], &[1, 1], &[14, 4], &[2, 2, 2]];

/// The published files, which lie beside the workspace or nowhere.
fn published(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/adders").join(name);
    if !path.exists() {
        println!("skipped: ../shared/data/adders, beside the workspace, is not there");
        return None;
    }
    Some(path)
}

/// Of the 10,010 sums of the official test, as they were counted before in plain f32 array code.
#[test]
fn published_adders_score_as_published() {
    for (name, right) in [
        ("456p_s43.pt", 10_010.0),
        ("512p.pt", 10_008.0),
        ("311p_s34.pt", 10_010.0),
        ("122p.npz", 10_005.0),
        ("67p.pt", 10_010.0),
    ] {
        let Some(path) = published(name) else { return };
        let imported = import(&path, None).unwrap();
        let experiment = Experiment::new(imported.plan).unwrap();
        let mut evaluator = Evaluator::new(&experiment, &Machine::new(Isa::best(), 2));
        let mut machine = Machine::new(Isa::best(), 2);
        let sums = Sums::of(&experiment).unwrap();
        let scores = sums.official(&mut evaluator.at(&imported.point), &mut machine, &mut |_| ()).unwrap();
        let found = scores.all().find(|found| found.figure.name == "official_correct").unwrap();
        assert_eq!(found.figure.value, right, "{name}");
    }
}

/// The logits of the 456p of seed 43 after `1234567890+9876543210=`.
#[test]
fn a_published_adder_has_its_published_logits() {
    let Some(path) = published("456p_s43.pt") else { return };
    let imported = import(&path, None).unwrap();
    let tokens = [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 11];
    let expected = [
        34.5035, 25.3988, 5.9680, -23.8170, -49.7851, -61.0182, -55.4394, -34.5304, -9.3192, 18.0924, -13.8318,
        -45.8057, -7.9547, 3.6737,
    ];
    let found = logits(&imported, &tokens);
    for (found, expected) in found[found.len() - 14..].iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-4, "{found} for {expected}");
    }
}
