//! Every gate fails on its sabotage, and networks of every family pass.

use std::sync::OnceLock;

use infimum_worlds::Settings;

use super::sabotage::{Fault, Sabotaged};
use super::*;
use crate::{Isa, Plan, Recipe, Trainer};

/// A network that was trained for a short time.
struct Family {
    experiment: Experiment,
    point: Vec<f32>,
    steps: u64,
}

const MODEL: &str = "[model]\nwidth = 16\nlayers = 1\nheads = 2\n";
const MARKOV: &str = "kind = \"markov\"\nstates = 4\norder = 2\nlength = 33\nseed = 1\nconcentration = 0.2";

impl Family {
    fn train(world: &str, rest: &str) -> Family {
        let text = format!("[world]\n{world}\n{rest}\n[evaluation]\nsequences = 64\ntest_sequences = 64");
        let plan = Plan::new(&Recipe::parse(&text, "family", &[]).unwrap()).unwrap();
        let (experiment, mut machine) = (Experiment::new(plan).unwrap(), machine());
        let mut trainer = Trainer::start(&experiment, &machine).unwrap();
        let steps = experiment.plan().training().steps;
        (0..steps).for_each(|_| drop(trainer.advance(&mut machine).unwrap()));
        let point = trainer.point().to_vec();
        Family { experiment, point, steps }
    }

    fn verdicts(&self, fault: Option<Fault>, point: &[f32]) -> Vec<Verdict> {
        let mut machine = machine();
        let inner = Trained::new(&self.experiment, &mut machine, Weights { point, steps: Some(self.steps) }).unwrap();
        match fault {
            None => all(&mut { inner }, &mut |_| {}),
            Some(fault) => all(&mut Sabotaged { inner, fault }, &mut |_| {}),
        }
    }

    /// What is not as it should be: everything passes but for the gates that have nothing to look at.
    fn faults(&self, name: &str, silent: &[&str]) -> Vec<String> {
        let expected = |gate: &str| if silent.contains(&gate) { None } else { Some(true) };
        let verdicts = self.verdicts(None, &self.point).into_iter();
        let wrong = verdicts.filter(|verdict| verdict.passed != expected(verdict.gate));
        wrong.map(|verdict| format!("{name}: {verdict:?}")).collect()
    }
}

fn machine() -> Machine {
    Machine::new(Isa::best(), 1)
}

/// The network that is broken: one that needs to look back.
fn markov() -> &'static Family {
    static FAMILY: OnceLock<Family> = OnceLock::new();
    FAMILY.get_or_init(|| Family::train(MARKOV, &format!("{MODEL}[training]\nsteps = 300\nrate = 0.01")))
}

fn failed(verdicts: &[Verdict]) -> Vec<&str> {
    verdicts.iter().filter(|verdict| verdict.passed == Some(false)).map(|verdict| verdict.gate).collect()
}

/// What is broken, how, the weights, and the gates that have to fail.
type Broken<'b> = (&'b str, Option<Fault>, &'b [f32], &'b [&'b str]);

#[test]
fn every_gate_fails_on_its_sabotage() {
    let family = markov();
    let start = crate::trainer::first_point(&family.experiment).unwrap();
    let mut no_positions = family.point.clone();
    let parameters = family.experiment.program().parameters();
    let table = parameters.iter().find(|parameter| parameter.name == "transformer.wpe.weight").unwrap();
    no_positions[table.range.clone()].fill(0.0);
    let mut frozen = family.point.clone();
    let queries = parameters.iter().find(|parameter| parameter.name.contains("c_attn")).unwrap();
    frozen[queries.range.clone()].copy_from_slice(&start[queries.range.clone()]);
    let point = &family.point;
    let cases: [Broken<'_>; 13] = [
        ("attention by another hand", Some(Fault::None), point, &[]),
        ("no mask", Some(Fault::NoMask), point, &["causality", "scale"]),
        ("uniform attention", Some(Fault::Uniform), point, &["content", "scale", "context"]),
        ("zeroed attention", Some(Fault::Zeroed), point, &["content", "scale", "context"]),
        ("no scale", Some(Fault::NoScale), point, &["scale"]),
        ("shifted targets", Some(Fault::Shifted), point, &["targets"]),
        ("loss of other targets", Some(Fault::WrongTargets), point, &["loss"]),
        ("loss over another count", Some(Fault::WrongMean), point, &["loss"]),
        ("detached attention", Some(Fault::Detached), point, &["gradients"]),
        ("leaked validation", Some(Fault::Leaked), point, &["unseen"]),
        ("no positions", None, &no_positions, &["position"]),
        ("no training", None, &start, &["learning", "context"]),
        ("a frozen part", None, &frozen, &["learning"]),
    ];
    let mut caught: Vec<&str> = vec![];
    for (name, fault, point, expected) in cases {
        let verdicts = family.verdicts(fault, point);
        let failed = failed(&verdicts);
        assert!(expected.iter().all(|gate| failed.contains(gate)), "{name}: {failed:?} of {verdicts:#?}");
        assert!(!expected.is_empty() || failed.is_empty(), "{name}: {verdicts:#?}");
        caught.extend(expected);
    }
    assert!(names().iter().all(|gate| caught.contains(gate)), "{caught:?}");
}

/// A small set of strings is trained on as a whole, but not what it holds out.
#[test]
fn strings_that_are_held_out_are_looked_for() {
    let world = "kind = \"strings\"\nstrings = [\"abc\", \"bca\", \"cab\"]\nheld_out = [\"acb\", \"ba\"]";
    let family = Family::train(world, &format!("{MODEL}[training]\nsteps = 5\nbatch = 8"));
    let unseen = |fault| {
        let verdicts = family.verdicts(fault, &family.point);
        verdicts.into_iter().find(|verdict| verdict.gate == "unseen").unwrap()
    };
    let (kept, leaked) = (unseen(None), unseen(Some(Fault::Leaked)));
    assert_eq!((kept.passed, kept.figure, kept.bound), (Some(true), Some(0.0), Some(0.0)), "{kept:?}");
    assert!(kept.about.contains("of 2 strings that are held out") && kept.about.contains("the 40"), "{kept:?}");
    assert_eq!((leaked.passed, leaked.figure), (Some(false), Some(1.0)), "{leaked:?}");
}

#[test]
fn trained_networks_of_every_family_pass() {
    let quick = |steps: usize| format!("{MODEL}[training]\nsteps = {steps}\nrate = 0.01");
    let of_pairs = format!("{MODEL}[training]\nsteps = 500\nrate = 0.005\ndecay = 3.0");
    let families: [(&str, &str, String, &[&str]); 8] = [
        (
            "a chain of order 1",
            "kind = \"markov\"\nstates = 5\nlength = 24\nseed = 1",
            quick(40),
            &["content", "context"],
        ),
        ("windows", "kind = \"markov-windows\"\nstates = 4\nlength = 24\nseed = 1", quick(40), &["content", "context"]),
        ("words", "kind = \"regular\"\nlanguage = \"a*b*\"\nalphabet = \"ab\"\nlongest = 12", quick(150), &["unseen"]),
        (
            "runs",
            "kind = \"regular-steps\"\nlanguage = \"ab*\"\nalphabet = \"ab\"\nlength = 8",
            quick(100),
            &["unseen"],
        ),
        ("sums", "kind = \"addition\"\ndigits = 1", quick(300), &["unseen"]),
        ("modular", "kind = \"modular\"\nmodulus = 5\ntrain_fraction = 0.9", of_pairs, &["content"]),
        ("reversal", "kind = \"rearrangement\"\ntask = \"reversal\"\nletters = 5\nlength = 4", quick(250), &["unseen"]),
        ("sort", "kind = \"rearrangement\"\ntask = \"sort\"\nletters = 5\nlength = 4", quick(250), &["unseen"]),
    ];
    let mut faults = markov().faults("a chain of order 2", &[]);
    for (name, world, rest, silent) in families {
        faults.extend(Family::train(world, &rest).faults(name, silent));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Whatever the world, the program and its gradient are right, trained or not.
#[test]
fn every_world_has_a_right_program() {
    for kind in Settings::KINDS {
        let instances = Settings::small_instances();
        let settings = instances.iter().find(|settings| settings.kind() == *kind).expect("every world has small ones");
        let world = match *kind {
            "text" => "kind = \"text\"\nfile = \"tinytalks\"\nwindow = 8".into(), // the small one has no file
            _ => toml::to_string(settings).unwrap(),
        };
        let family = Family::train(&world, &format!("{MODEL}[training]\nsteps = 2\nbatch = 8"));
        for verdict in family.verdicts(None, &family.point) {
            let is_of_program =
                ["causality", "scale", "targets", "loss", "gradients", "learning"].contains(&verdict.gate);
            assert!(!is_of_program || verdict.passed != Some(false), "{kind}: {verdict:?}");
        }
    }
}

#[test]
fn positions_in_attention_and_other_models_are_looked_at() {
    let training = "[training]\nsteps = 20\nbatch = 16\nrate = 0.01";
    let cases = [
        ("heads = 2\npositions = \"rotary\"\nqk_norm = \"rms\"", None),
        ("heads = 2\npositions = \"alibi\"\nkv_heads = 1", None),
        ("heads = 2\npositions = \"sinusoidal\"\nbias = true", None),
        ("heads = 2\npositions = \"none\"", Some("position")),
        ("attention = false\nheads = 1", Some("scale")),
        ("heads = 2\nhead_width = 5\nvalue_width = 3\ndropout = 0.1", None),
    ];
    for (model, silent) in cases {
        let family = Family::train(MARKOV, &format!("[model]\nwidth = 16\nlayers = 2\n{model}\n{training}"));
        for verdict in family.verdicts(None, &family.point) {
            let expected = if silent == Some(verdict.gate) { None } else { Some(true) };
            let is_of_learning = ["content", "context"].contains(&verdict.gate);
            assert!(is_of_learning || verdict.passed == expected, "{model}: {verdict:?}");
        }
    }
    let rotary = Family::train(MARKOV, &format!("{MODEL}positions = \"rotary\"\n{training}"));
    assert!(failed(&rotary.verdicts(Some(Fault::Uniform), &rotary.point)).contains(&"position"));
}

#[test]
fn weights_from_elsewhere_have_no_past() {
    let family = markov();
    let mut machine = machine();
    let weights = Weights { point: &family.point, steps: None };
    let verdicts = gates(&family.experiment, &mut machine, weights, &mut |_| {}).unwrap();
    for verdict in verdicts {
        let expected = if ["learning", "unseen"].contains(&verdict.gate) { None } else { Some(true) };
        assert_eq!(verdict.passed, expected, "{verdict:?}");
    }
}
