//! Every gate fails on its sabotage, and networks of every family pass.

use std::sync::OnceLock;

use infimum_worlds::Settings;

use super::sabotage::{Fault, GAINS, Sabotaged};
use super::*;
use crate::scratch::Scratch;
use crate::{Isa, Plan, Recipe, Trainer, is_vector, recipes};

/// A network that was trained for a short time.
struct Family {
    experiment: Experiment,
    point: Vec<f32>,
    steps: u64,
}

const MODEL: &str = "[model]\nwidth = 16\nlayers = 1\nheads = 2\n";
const TINYTALKS: &str = "kind = \"text\"\nfile = \"tinytalks\"\nvalidation = 0.14825\ntest = 0.14507";
const MARKOV: &str = "kind = \"markov\"\nstates = 4\norder = 2\nlength = 33\nseed = 1\nconcentration = 0.2";

impl Family {
    fn train(world: &str, rest: &str) -> Family {
        Family::scored(world, rest, 64)
    }

    /// With so many sequences for validation, and for the test.
    fn scored(world: &str, rest: &str, sequences: usize) -> Family {
        let evaluation = format!("[evaluation]\nsequences = {sequences}\ntest_sequences = {sequences}");
        Family::of(&format!("[world]\n{world}\n{rest}\n{evaluation}"))
    }

    fn of(recipe: &str) -> Family {
        let plan = Plan::new(&Recipe::parse(recipe, "family", &[]).unwrap()).unwrap();
        let (experiment, mut machine) = (Experiment::new(plan).unwrap(), machine());
        let mut trainer = Trainer::start(&experiment, &machine).unwrap();
        let steps = experiment.plan().training().steps;
        (0..steps).for_each(|_| drop(trainer.advance(&mut machine).unwrap()));
        let point = trainer.point().to_vec();
        Family { experiment, point, steps }
    }

    fn verdicts(&self, fault: Option<Fault>, point: &[f32]) -> Vec<Verdict> {
        self.look(fault, point, &mut |network| all(network, &mut |_| {}))
    }

    /// What one gate says.
    fn verdict(&self, name: &str, fault: Option<Fault>) -> Verdict {
        let gate = GATES.iter().find(|gate| gate.name == name).unwrap();
        self.look(fault, &self.point, &mut |network| gate.look(network))
    }

    fn look<T>(&self, fault: Option<Fault>, point: &[f32], look: &mut dyn FnMut(&mut dyn Network) -> T) -> T {
        let mut machine = machine();
        let inner = Trained::new(&self.experiment, &mut machine, Weights { point, steps: Some(self.steps) }).unwrap();
        match fault {
            None => look(&mut { inner }),
            Some(fault) => look(&mut Sabotaged { inner, fault }),
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
    let mut decayed = family.point.clone();
    let tables: Vec<_> = parameters.iter().filter(|parameter| !is_vector(&parameter.name)).collect();
    let last = tables.last().unwrap().range.clone();
    decayed[last.clone()].iter_mut().zip(&start[last]).for_each(|(end, start)| *end = start * 0.9);
    let point = &family.point;
    let cases: [Broken<'_>; 15] = [
        ("attention by another hand", Some(Fault::None), point, &[]),
        ("no mask", Some(Fault::NoMask), point, &["causality", "scale"]),
        ("uniform attention", Some(Fault::Uniform), point, &["content", "scale", "context"]),
        ("zeroed attention", Some(Fault::Zeroed), point, &["content", "scale", "context"]),
        ("no scale", Some(Fault::NoScale), point, &["scale"]),
        ("shifted targets", Some(Fault::Shifted), point, &["targets"]),
        ("loss of other targets", Some(Fault::WrongTargets), point, &["loss"]),
        ("loss over another count", Some(Fault::WrongMean), point, &["loss"]),
        ("detached attention", Some(Fault::Detached), point, &["gradients"]),
        ("a thousandth of one array", Some(Fault::Gained), point, &["gradients"]),
        ("leaked validation", Some(Fault::Leaked), point, &["unseen"]),
        ("no positions", None, &no_positions, &["position"]),
        ("no training", None, &start, &["learning", "context"]),
        ("a frozen part", None, &frozen, &["learning"]),
        ("a part that only decays", None, &decayed, &["learning"]),
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
    let two_layers = |steps: usize, more: &str| {
        format!(
            "[model]\nwidth = 32\nlayers = 2\nheads = 2\n{more}\n[training]\nsteps = {steps}\nbatch = 32\nrate = 0.01"
        )
    };
    let text = format!("{TINYTALKS}\nwindow = 32");
    let rotary = "positions = \"rotary\"";
    let exported = format!("{}\n[data]\nsource = \"export\"", quick(40));
    let families: [(&str, &str, String, &[&str]); 12] = [
        (
            "a chain of order 1",
            "kind = \"markov\"\nstates = 5\nlength = 24\nseed = 1",
            quick(40),
            &["content", "context"],
        ),
        ("windows", "kind = \"markov-windows\"\nstates = 4\nlength = 24\nseed = 1", quick(40), &["content", "context"]),
        ("blocks", "kind = \"markov-windows\"\nstates = 4\nlength = 24\nseed = 1", exported, &["content", "context"]),
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
        ("induction", "kind = \"induction\"\nletters = 8\nlength = 5\nanswer = 2", two_layers(400, ""), &[]),
        ("recall", "kind = \"recall\"\nalphabet = 16\npairs = 2\npositions = 12", two_layers(400, rotary), &[]),
        ("text", &text, two_layers(200, rotary), &[]),
    ];
    let mut faults = markov().faults("a chain of order 2", &[]);
    let by_heart = Family::of(recipes::built_in("memorise/level-1").unwrap());
    faults.extend(by_heart.faults("strings by heart", &["unseen"]));
    for (name, world, rest, silent) in families {
        faults.extend(Family::train(world, &rest).faults(name, silent));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// However windows are cut, what stands in the training part of a text is found in its validation part; what the texts repeat by
/// themselves is not enough.
#[test]
fn a_part_that_is_copied_from_training_is_noticed_in_a_text() {
    // Of 64 characters the validation part has 41 windows.
    let untrained = |world: &str| Family::scored(world, &format!("{MODEL}[training]\nsteps = 2\nbatch = 8"), 32);
    let scratch = Scratch::new("gates-leak");
    let text = include_bytes!("../../../../recipes/text/tinytalks.txt");
    for (copied, window, passes) in [(0, 64, true), (0, 8, true), (60, 64, true), (200, 64, false), (500, 64, false)] {
        let (mut text, file) = (text.to_vec(), scratch.path().join(format!("{copied}-{window}.txt")));
        text.copy_within(3001..3001 + copied, 12_680);
        std::fs::write(&file, text).unwrap();
        let tinytalks = TINYTALKS.replace("\"tinytalks\"", &format!("{:?}", file.to_str().unwrap()));
        let verdict = untrained(&format!("{tinytalks}\nwindow = {window}")).verdict("unseen", None);
        assert_eq!(verdict.passed, Some(passes), "{copied}: {verdict:?}");
    }
    let shakespeare = "kind = \"text\"\nfile = \"shakespeare\"\nvalidation = 0.01\ntest = 0.1\nwindow = 64";
    assert_eq!(untrained(shakespeare).verdict("unseen", None).figure, Some(0.0));
}

/// Windows of a chain's stream: what is drawn from training fails; where the chain says the same again and again, that is chance.
#[test]
fn stretches_of_a_stream_are_held_to_what_its_law_explains() {
    let exported = |chain: &str| {
        let world = format!("kind = \"markov-windows\"\nlength = 24\nseed = 1\n{chain}");
        Family::train(&world, &format!("{MODEL}[training]\nsteps = 2\nbatch = 8\n[data]\nsource = \"export\""))
    };
    let leaked = exported("states = 4").verdict("unseen", Some(Fault::Leaked));
    assert_eq!((leaked.passed, leaked.figure), (Some(false), Some(1.0)), "{leaked:?}");
    for chain in ["states = 4\nconcentration = 0.05", "states = 2"] {
        let verdict = exported(chain).verdict("unseen", None);
        assert!(verdict.passed != Some(false), "{chain}: {verdict:?}");
    }
}

#[test]
fn one_wrong_array_among_many_is_named() {
    let large = format!("{}\n[training]\nsteps = 2\nbatch = 8", MODEL.replace("layers = 1", "layers = 4"));
    let family = Family::train(MARKOV, &large);
    let verdict = family.verdict("gradients", Some(Fault::Gained));
    assert!(verdict.passed == Some(false) && verdict.about.contains(GAINS), "{verdict:?}");
    assert_eq!(family.verdict("gradients", None).passed, Some(true));
}

/// A gradient that is another at every point is not explained by rounding, and has not passed.
#[test]
fn a_gradient_of_noise_does_not_pass() {
    let verdict = markov().verdict("gradients", Some(Fault::Noisy));
    assert!(verdict.passed.is_none() && verdict.about.contains("32 bits do not tell it"), "{verdict:?}");
}

/// What 32 bits make of the gradient of a network of large weights is no fault.
#[test]
fn rounding_is_no_wrong_gradient() {
    let family = markov();
    for times in [1.0, 3.0, 10.0] {
        let point: Vec<f32> = family.point.iter().map(|weight| times * weight).collect();
        let gate = GATES.iter().find(|gate| gate.name == "gradients").unwrap();
        let verdict = family.look(None, &point, &mut |network| gate.look(network));
        assert_eq!(verdict.passed, Some(true), "{times}: {verdict:?}");
    }
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
            let has_nothing_later = verdict.gate == "causality" && family.experiment.world().shape().positions == 1;
            let expected = if has_nothing_later { None } else { Some(true) };
            assert!(!is_of_program || verdict.passed == expected, "{kind}: {verdict:?}");
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
