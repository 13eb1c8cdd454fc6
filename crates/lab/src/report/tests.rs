use infimum_engine::Isa;
use infimum_worlds::counting::Counting;
use infimum_worlds::{Example, Fact, Shape, Split, Stream, Truth, World};

use super::*;
use crate::scratch::Scratch;
use crate::{CheckpointName, Plan, Recipe, Trainer, recipes, training};

const FIGURES: [&str; 8] = ["loss", "excess", "norms", "learned", "true", "difference", "positions", "calibration"];

fn plan(overrides: &[&str]) -> Plan {
    let text = "name = \"tiny\"\n[world]\nkind = \"markov\"\nstates = 3\nlength = 9\nseed = 1\n[model]\nwidth = 4\nlayers = 1\n\
                heads = 2\nmlp_ratio = 1\n[training]\nsteps = 12\nbatch = 16\n[evaluation]\nevery = 3\nsequences = 32\n\
                test_sequences = 48\n";
    let overrides: Vec<String> = overrides.iter().map(|text| text.to_string()).collect();
    Plan::new(&Recipe::parse(text, "tiny", &overrides).unwrap()).unwrap()
}

fn machine() -> Machine {
    Machine::new(Isa::best(), 2)
}

/// The record of a whole run.
fn finished(folder: &Scratch, overrides: &[&str]) -> Record {
    let experiment = Experiment::new(plan(overrides)).unwrap();
    let record = Record::create(folder.path(), "tiny", &experiment.plan().to_toml()).unwrap();
    training::run(&experiment, &mut machine(), &record, &mut |_| {}, &false.into()).unwrap();
    record.record().clone()
}

fn reported(records: &[Record]) -> Report {
    report(records, &mut machine(), 100, &mut |_, _| {}).unwrap()
}

fn shows(html: &str, figure: &str) -> bool {
    html.contains(&format!("<svg id=\"{figure}\""))
}

#[test]
fn a_report_has_every_figure_and_needs_nothing_else() {
    let folder = Scratch::new("report-one");
    let run = finished(&folder, &[]);
    let mut told = vec![];
    let report =
        report(std::slice::from_ref(&run), &mut machine(), 1100, &mut |done, of| told.push((done, of))).unwrap();
    assert_eq!((told.last(), report.missing.len()), (Some(&(1100, 1100)), 0), "{:?}", report.missing);
    for figure in FIGURES {
        assert!(shows(&report.html, figure), "{figure}");
    }
    let hash = run.summary().unwrap().unwrap().weights_hash;
    for text in ["excess_loss", &hash, "transformer.wte.weight", "training", "infimum run plan.toml", "numerics = "] {
        assert!(report.html.contains(text), "{text}");
    }
    assert!(report.html.len() < 3_000_000);
    for outside in ["http:", "https:", "<script", "url(\"", "@import", "NaN", ">inf<", "-inf"] {
        assert!(!report.html.contains(outside), "{outside}");
    }
}

#[test]
fn threads_change_no_letter() {
    let folder = Scratch::new("report-threads");
    let run = finished(&folder, &[]);
    let pages = [1, 2, 3].map(|threads| {
        super::report(std::slice::from_ref(&run), &mut Machine::new(Isa::best(), threads), 70, &mut |_, _| {}).unwrap()
    });
    assert!(pages[0] == pages[1] && pages[1] == pages[2]);
}

#[test]
fn seeds_of_one_recipe_stand_together_and_others_are_refused() {
    let folder = Scratch::new("report-seeds");
    let runs = ["1", "2", "3"].map(|seed| finished(&folder, &[&format!("training.seed={seed}")]));
    let page = reported(&runs).html;
    assert!(FIGURES.iter().all(|figure| shows(&page, figure)));
    assert!(page.contains("95 % interval over seeds") && page.contains("seeds 1, 2, 3") && page.contains(">seed 3<"));
    let other = finished(&folder, &["training.rate=0.002"]);
    for (runs, part) in [
        ([runs[0].clone(), other], "training.rate = "),
        ([runs[1].clone(), finished(&folder, &["training.seed=2"])], "training.seed = 2"),
    ] {
        let error = report(&runs, &mut machine(), 10, &mut |_, _| {}).unwrap_err();
        assert!(error.is_user_error() && error.to_string().contains(part), "{error}");
    }
}

#[test]
fn what_a_record_lacks_is_said() {
    let folder = Scratch::new("report-lacks");
    let record = finished(&folder, &[]);
    let remove = |name: &str| std::fs::remove_file(record.path().join(name)).unwrap();
    for (gone, sentence, figures) in [
        ("checkpoints/best.safetensors", "no checkpoint best", &FIGURES[..]),
        ("summary.json", "has not ended, or was killed (after step 12 of 12)", &FIGURES),
        ("checkpoints/last.safetensors", "has no checkpoint yet", &FIGURES[..3]),
        ("metrics.jsonl", "has no line of training yet", &[]),
    ] {
        remove(gone);
        let report = reported(std::slice::from_ref(&record));
        assert!(report.missing.iter().any(|found| found.contains(sentence)), "{gone}: {:?}", report.missing);
        for figure in FIGURES {
            assert_eq!(shows(&report.html, figure), figures.contains(&figure), "{gone}: {figure}");
        }
        assert!(report.html.contains("id=\"plan\"") && report.html.contains("id=\"missing\""));
    }
}

#[test]
fn without_last_the_latest_other_checkpoint_is_shown() {
    let folder = Scratch::new("report-latest");
    let record = finished(&folder, &["evaluation.keep_every=4"]);
    for (gone, shown) in [(CheckpointName::Last, "best"), (CheckpointName::Best, "step-000012")] {
        std::fs::remove_file(record.checkpoint_path(gone)).unwrap();
        let report = reported(std::slice::from_ref(&record));
        let sentence = format!("is shown at {shown}");
        assert!(report.missing.iter().any(|found| found.contains(&sentence)), "{:?}", report.missing);
        assert!(shows(&report.html, "learned"));
    }
}

/// A folder may have any name.
#[test]
fn names_are_escaped() {
    let folder = Scratch::new("report-names");
    let named = folder.path().join("<b>\"&");
    std::fs::rename(finished(&folder, &[]).path(), &named).unwrap();
    std::fs::remove_file(named.join("summary.json")).unwrap();
    let page = reported(&[Record::open(&named).unwrap()]).html;
    assert!(page.contains("&lt;b&gt;&quot;&amp; has not ended") && !page.contains("<b>"));
}

/// A world of the same sequences, of which nobody knows the law.
struct Text(Box<dyn World>);

impl World for Text {
    fn shape(&self) -> &Shape {
        self.0.shape()
    }
    fn draw(&self, stream: &mut Stream, into: &mut Example) {
        self.0.draw(stream, into);
    }
    fn truth(&self) -> Option<&dyn Truth> {
        None
    }
    fn facts(&self) -> Vec<Fact> {
        vec![]
    }
    fn counting(&self) -> Option<Counting> {
        None
    }
    fn export(&self, train: usize, validation: usize, each: &mut dyn FnMut(Split, &[u16])) {
        self.0.export(train, validation, each);
    }
}

#[test]
fn a_world_without_a_law_has_a_report_without_a_truth() {
    let folder = Scratch::new("report-text");
    let plan = plan(&[]);
    let experiment = || Experiment::with_world(plan.clone(), Box::new(Text(plan.build_world().unwrap())));
    let record = Record::create(folder.path(), "text", &plan.to_toml()).unwrap();
    training::run(&experiment(), &mut machine(), &record, &mut |_| {}, &false.into()).unwrap();
    let source = Source::read(record.record()).unwrap();
    let page = compose(&[source], &[experiment()], &mut machine(), 40, &mut |_, _| {}).unwrap();
    let shown: Vec<&str> = FIGURES.into_iter().filter(|figure| shows(&page.html, figure)).collect();
    assert_eq!(shown, ["loss", "norms", "learned", "calibration"]);
    assert!(page.missing[0].contains("law of the world is not known"), "{:?}", page.missing);
}

/// Both kinds of world, with more states than are shown: a learned matrix of 64 states.
#[test]
fn many_states_show_the_most_frequent() {
    for kind in ["markov", "markov-windows"] {
        let plan = plan(&["world.states=300", &format!("world.kind={kind}"), "training.steps=1"]);
        let experiment = Experiment::new(plan).unwrap();
        let states = States::of(&experiment, 50).unwrap();
        assert_eq!((states.count(), states.all()), (64, 300));
        let state = Trainer::start(&experiment, &machine()).unwrap().state();
        let study = study::study(&experiment, &mut machine(), &state.point, 50, Some(&states), &mut |_| {});
        let transitions = study.transitions.unwrap();
        assert_eq!((transitions.learned.len(), transitions.exact.len()), (64 * 64, 64 * 64));
        assert!(transitions.occurrences[0] >= transitions.occurrences[63] && transitions.occurrences[63] > 0);
    }
}

/// In a chain of order 1 the true law after a state is its row, wherever it comes.
#[test]
fn the_true_matrix_is_that_of_the_chain() {
    for kind in ["markov", "markov-windows"] {
        let plan = plan(&[&format!("world.kind={kind}"), "world.states=4"]);
        let chain = match plan.world() {
            infimum_worlds::Settings::Markov(chain) => chain.clone(),
            infimum_worlds::Settings::MarkovWindows(windows) => windows.chain.clone(),
            other => panic!("{other:?} has no chain"),
        };
        let (chain, experiment) = (chain.build().unwrap(), Experiment::new(plan.clone()).unwrap());
        let states = States::of(&experiment, 60).unwrap();
        let state = Trainer::start(&experiment, &machine()).unwrap().state();
        let study = study::study(&experiment, &mut machine(), &state.point, 60, Some(&states), &mut |_| {});
        let transitions = study.transitions.unwrap();
        for (row, found) in transitions.exact.chunks(4).enumerate() {
            for (state, p) in chain.row(&[row as u16]) {
                assert!((found[state] - p).abs() < 1e-6, "{kind}: {row} to {state}: {} {p}", found[state]);
            }
        }
        let sums = transitions.learned.chunks(4).map(|row| row.iter().sum::<f64>());
        assert!(sums.into_iter().all(|sum| (sum - 1.0).abs() < 1e-6), "BOS is taken out");
    }
}

#[test]
fn only_reports_are_replaced_unasked() {
    let folder = Scratch::new("report-replace");
    let path = folder.path().join("page.html");
    let record = finished(&folder, &[]);
    let report = reported(&[record]);
    (0..2).for_each(|_| report.write(&path, false).unwrap());
    std::fs::write(&path, "letters").unwrap();
    assert!(matches!(report.write(&path, false), Err(LabError::Replaces { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), b"letters");
    report.write(&path, true).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), report.html);
}

#[test]
fn every_kept_checkpoint_stands_in_the_series() {
    let folder = Scratch::new("report-series");
    let kept = ["evaluation.keep_every=40", "training.steps=120", "training.rate=0.03"];
    let run = finished(&folder, &kept);
    let mut told = vec![];
    let page =
        report(std::slice::from_ref(&run), &mut machine(), 100, &mut |done, of| told.push((done, of))).unwrap().html;
    assert_eq!(told.last(), Some(&(100 + 3 * 256, 100 + 3 * 256)));
    let series = page.split("<table id=\"quality\">").nth(1).unwrap().split("</table>").next().unwrap();
    for text in ["sample at temperature 0.5", "sample at temperature 2", ">40<", ">80<", ">120<"] {
        assert!(series.contains(text), "{text}: {series}");
    }
    assert_eq!(series.matches("<code>").count(), 9);
    assert!(!page.contains("id=\"no-quality\""));
}

/// Where nothing was kept the page says so, and what keeps some.
#[test]
fn a_run_that_kept_no_checkpoint_says_how_to_keep_some() {
    let folder = Scratch::new("report-no-series");
    for (overrides, sentence) in [
        (&["training.steps=120"][..], "<code>--set evaluation.keep_every=24</code> keeps some"),
        (&["training.steps=3", "training.seed=5"], "<code>--set evaluation.keep_every=1</code> keeps some"),
        (&["evaluation.keep_every=40", "training.seed=6"], "up to step 12: <code>evaluation.keep_every = 40</code>"),
    ] {
        let page = reported(&[finished(&folder, overrides)]).html;
        let note = page.split("id=\"no-quality\">").nth(1).and_then(|rest| rest.split("</p>").next()).unwrap();
        assert!(note.contains(sentence) && !page.contains("id=\"quality\""), "{note}");
    }
}

/// Texts, strings and sequences are looked at on the way without being asked.
#[test]
fn recipes_of_what_is_written_keep_a_series() {
    for (name, text) in recipes::BUILT_IN {
        if !["memorise/", "sequence/", "text/"].iter().any(|folder| name.starts_with(folder)) {
            continue;
        }
        let recipe = Recipe::parse(text, name, &[]).unwrap();
        let (steps, every) = (recipe.training.steps.unwrap(), recipe.evaluation.keep_every);
        assert!(every > 0 && steps % every == 0 && (5..=8).contains(&(steps / every)), "{name}: {steps} by {every}");
    }
}
