use infimum_engine::Isa;
use infimum_worlds::{Example, Purpose};

use super::attention::attention;
use super::automaton::{Taken, taken};
use super::heads::Heads;
use super::*;
use crate::data::Address;
use crate::data::Schedule;
use crate::gradient::{Batch, Gradients, by_part};
use crate::regular::comparison::{Effort, compare};
use crate::regular::{Construction, Recogniser, Wanted, construct};
use crate::report::{Report, report};
use crate::scratch::Scratch;
use crate::{Plan, Recipe, Record, Trainer, start, training};

fn experiment(overrides: &[&str]) -> Experiment {
    let text = "name = \"words\"\n[world]\nkind = \"regular\"\nlanguage = \"a*b*\"\nlongest = 8\n[model]\nwidth = 8\nlayers = 1\nheads = 2\n\
                [training]\nsteps = 12\nbatch = 16\n[evaluation]\nevery = 4\nkeep_every = 4\nsequences = 64\ntest_sequences = 48\n";
    let overrides: Vec<String> = overrides.iter().map(|text| text.to_string()).collect();
    Experiment::new(Plan::new(&Recipe::parse(text, "words", &overrides).unwrap()).unwrap()).unwrap()
}

fn machine() -> Machine {
    Machine::new(Isa::best(), 2)
}

fn finished(folder: &Scratch, overrides: &[&str]) -> Record {
    let experiment = experiment(overrides);
    let record = Record::create(folder.path(), "words", &experiment.plan().to_toml()).unwrap();
    training::run(&experiment, &mut machine(), &record, &mut |_| {}, &false.into()).unwrap();
    record.record().clone()
}

fn reported(records: &[Record]) -> Report {
    report(records, &mut machine(), 40, &mut |_, _| {}).unwrap()
}

/// The exact network of `a*b*`, and its experiment.
fn exact() -> (Experiment, Vec<f32>) {
    let (name, machine) = ("exact", experiment(&[]).plan().world().clone());
    let Settings::Regular(settings) = machine else { panic!("a world of words") };
    let machine = settings.machine().unwrap();
    let wanted = Wanted { name, language: Some("a*b*"), machine: &machine, length: 8, method: None };
    let Construction { plan, point, .. } = construct(wanted).unwrap();
    (Experiment::new(plan).unwrap(), point)
}

fn study(experiment: &Experiment, point: &[f32]) -> RegularStudy {
    RegularStudy::of(experiment, &mut machine(), point).unwrap().unwrap()
}

const PICTURES: [&str; 9] = [
    "automaton",
    "class-by-length",
    "probes",
    "gradients",
    "attention-0-0",
    "attention-0-1",
    "circuits-0-0",
    "circuits-0-1",
    "loss",
];

#[test]
fn words_of_a_language_have_every_picture() {
    let folder = Scratch::new("report-words");
    let page = reported(&[finished(&folder, &[])]).html;
    for figure in PICTURES {
        assert_eq!(page.matches(&format!("<svg id=\"{figure}\"")).count(), 1, "{figure}");
    }
    let kept = "4 checkpoints, the start among them";
    for text in ["id=\"said\"", "id=\"heads\"", "cosine of OV", "lengths 1 to 8 are trained on", kept] {
        assert!(page.contains(text), "{text}");
    }
    for odd in ["NaN", ">inf<", "-inf", "http:", "<script"] {
        assert!(!page.contains(odd), "{odd}");
    }
}

#[test]
fn seeds_stand_together_and_threads_change_no_letter() {
    let folder = Scratch::new("report-words-seeds");
    let runs = ["1", "2"].map(|seed| finished(&folder, &[&format!("training.seed={seed}"), "training.steps=4"]));
    let pages =
        [1, 3].map(|threads| report(&runs, &mut Machine::new(Isa::best(), threads), 40, &mut |_, _| {}).unwrap().html);
    assert!(pages[0] == pages[1]);
    assert!(PICTURES.iter().all(|figure| pages[0].matches(&format!("<svg id=\"{figure}\"")).count() == 1));
    assert!(pages[0].contains(">seed 2<") && pages[0].contains("which has the most words right"));
}

#[test]
fn what_cannot_be_shown_is_said() {
    let folder = Scratch::new("report-words-lacks");
    for (overrides, sentences, without) in [
        (&["model.loss_weights.class=0.0"][..], &["The model has no head of classes"][..], &["class-by-length"][..]),
        (&["model.attention=false", "model.heads=1"], &["The model has no attention, so no head"], &["attention-0-0"]),
        (&["evaluation.keep_every=0"], &["The run kept few checkpoints"], &[]),
        (
            &["world.language=counter-20", "world.longest=4"],
            &["the automaton has 20 states, and those of at most 16", "singular values of OV"],
            &[],
        ),
        (&["world.language=counter-61", "world.longest=4"], &["at most 60 are drawn"], &["automaton"]),
    ] {
        let page = reported(&[finished(&folder, overrides)]).html;
        for sentence in sentences {
            assert!(page.contains(sentence), "{overrides:?}: {sentence}");
        }
        for figure in without {
            assert!(!page.contains(&format!("<svg id=\"{figure}\"")), "{overrides:?}: {figure}");
        }
    }
}

/// Counted again by the program that answers words, with an automaton written down here.
#[test]
fn answers_are_those_of_another_walk_over_the_words() {
    let experiment = experiment(&[]);
    let point = start(experiment.program(), experiment.plan().model(), 5);
    let found = study(&experiment, &point).answers.unwrap();
    let words: Vec<Vec<u16>> = (0..answers::WORDS as u64)
        .map(|index| {
            let mut example = Example::default();
            experiment.draw(Purpose::Test, Address { step: 0, index }, &mut example);
            example.tokens[1..].iter().copied().take_while(|token| *token < 2).collect()
        })
        .collect();
    let mut machine = machine();
    let said = Recogniser::new(&experiment, &point, &mut machine).unwrap().classes(&words);
    // a*, then b*, then never again.
    let state = |word: &[u16]| match (word.contains(&1), word.windows(2).any(|two| two == [1, 0])) {
        (_, true) => 2,
        (true, false) => 1,
        (false, false) => 0,
    };
    let (mut counts, mut lengths) = (vec![vec![0_u64; 3]; 3], vec![(0_u64, 0_u64); 9]);
    for (word, said) in words.iter().zip(&said) {
        said.iter().enumerate().for_each(|(read, class)| counts[state(&word[..read])][usize::from(*class)] += 1);
        let right = if state(word) == 2 { 2 } else { 0 };
        let length = &mut lengths[word.len()];
        *length = (length.0 + u64::from(said[word.len()] == right), length.1 + 1);
    }
    assert_eq!(found.said, counts);
    for (length, trials) in &found.by_length {
        assert_eq!((trials.successes, trials.of), lengths[*length], "{length}");
    }
    assert_eq!(found.by_length.len(), 8);
}

/// Classes of the exact network; then with two of them exchanged, and with symbols that look alike.
#[test]
fn a_sabotaged_network_is_confused_where_it_was_sabotaged() {
    let (experiment, point) = exact();
    let sound = study(&experiment, &point).answers.unwrap();
    assert!(sound.wrong().iter().all(|trials| trials.successes == 0 && trials.of > 0) && sound.right() == 1.0);
    let parameters = experiment.program().parameters();
    let of = |part: &str| parameters.iter().find(|array| array.name.contains(part)).unwrap().range.clone();
    let mut exchanged = point.clone();
    for array in ["class_head.weight", "class_head.bias"] {
        let range = of(array);
        let row = range.len() / 3;
        (0..row).for_each(|at| exchanged.swap(range.start + at, range.start + 2 * row + at));
    }
    let found = study(&experiment, &exchanged).answers.unwrap();
    for (state, (said, other)) in found.said.iter().zip(&sound.said).enumerate() {
        assert_eq!([said[0], said[1], said[2]], [other[2], other[1], other[0]], "{state}");
    }
    let mut blind = point.clone();
    let (range, width) = (of("wte.weight"), experiment.plan().model().width);
    (0..width).for_each(|at| blind[range.start + width + at] = point[range.start + at]);
    let found = study(&experiment, &blind).answers.unwrap();
    for (said, other) in found.said.iter().zip(&sound.said) {
        assert_eq!(said[0], other.iter().sum::<u64>(), "a word of one symbol is in a*");
    }
    let page = automaton::figure(&study(&experiment, &blind), None, "").into_string();
    assert!(page.contains("In state 2 the class is wrong after") && !page.contains("In state 1 the class is wrong"));
}

/// States that cannot be told apart are taken for one another; those that can be are not.
#[test]
fn the_stream_confuses_the_states_that_it_does_not_hold() {
    let (experiment, point) = exact();
    let mut machine = machine();
    let sight = Sight::new(&experiment, &mut machine, WORDS).unwrap();
    let last = |machine: &mut Machine, point: &[f32]| sight.guesses(&experiment, machine, point).pop().unwrap();
    let sound = last(&mut machine, &point);
    assert!(sound.accuracy() == 1.0 && taken(&sound.guesses).is_empty(), "{sound:?}");
    let mut blind = point.clone();
    let parameters = experiment.program().parameters();
    let range = parameters.iter().find(|array| array.name.contains("wte.weight")).unwrap().range.clone();
    let width = experiment.plan().model().width;
    (0..width).for_each(|at| blind[range.start + width + at] = point[range.start + at]);
    let blind = last(&mut machine, &blind);
    assert!(taken(&blind.guesses).iter().any(|one| one.state == 1), "{:?}", blind.guesses);
    let guesses = vec![vec![90, 10, 0], vec![1, 999, 0], vec![25, 50, 25]];
    let of = |state, other, share| Taken { state, other, share };
    assert_eq!(taken(&guesses), [of(2, 1, 0.5), of(2, 0, 0.25), of(0, 1, 0.1)]);
}

/// Probes and heads are those of the comparison, which NumPy has checked; the construction beside itself is the same.
#[test]
fn probes_and_heads_are_those_of_the_comparison() {
    let experiment = experiment(&[]);
    let (mut machine, point) = (machine(), start(experiment.program(), experiment.plan().model(), 5));
    let sight = Sight::new(&experiment, &mut machine, WORDS).unwrap();
    let effort = Effort { words: WORDS, interventions: 1 };
    let compared = compare(&experiment, &mut machine, &point, effort, &mut |_, _| {}).unwrap();
    for guesses in sight.guesses(&experiment, &mut machine, &point) {
        let site = compared.sites.iter().find(|site| site.site == guesses.site).unwrap();
        assert!((site.accuracy - guesses.accuracy()).abs() < 1e-12, "{guesses:?}");
    }
    assert_eq!(sight.chance(&experiment), compared.chance);
    assert_eq!(Heads::of(&sight, &experiment, &mut machine, &point).trained, compared.heads);
    let (exact, point) = exact();
    let sight = Sight::new(&exact, &mut machine, WORDS).unwrap();
    let heads = Heads::of(&sight, &exact, &mut machine, &point);
    let (_, others) = heads.construction.as_ref().unwrap();
    assert_eq!(&heads.trained, others);
    for head in &heads.trained {
        let alike = heads.nearest(head).unwrap();
        let moves = alike.head == head;
        assert!(!moves || (alike.ov.unwrap() - 1.0).abs() < 1e-9 && (alike.qk.unwrap() - 1.0).abs() < 1e-9);
        assert!(moves || head.ov.matrix.norm() < 0.01, "{head:?}");
    }
}

/// All parts together have the length that a trainer tells of its step.
#[test]
fn gradients_by_layer_are_the_gradients_of_steps() {
    for overrides in [&[][..], &["data.source=fixed", "data.sequences=40", "model.layers=2"]] {
        let experiment = experiment(overrides);
        let mut machine = machine();
        let mut trainer = Trainer::start(&experiment, &machine).unwrap();
        let (mut gradients, mut sequences) = (Gradients::new(&experiment, &machine), Schedule::new(&experiment));
        for step in 0..4 {
            let point = trainer.point().to_vec();
            let told = trainer.advance(&mut machine).unwrap().gradient_norm;
            let batch = Batch::new(&experiment, &mut machine, sequences.step(step), step);
            let parts = by_part(&experiment, &gradients.mean(&mut machine, &point, &batch));
            let all = parts.iter().map(|part| part.norm * part.norm).sum::<f64>().sqrt();
            assert!((all - told).abs() <= 1e-6 * told, "{all} for {told}");
            let names: Vec<&str> = parts.iter().map(|part| part.part.as_str()).collect();
            let blocks = &["block 0", "block 1"][..experiment.plan().model().layers];
            assert_eq!(names, [&["embedding"], blocks, &["output"]].concat());
        }
    }
}

/// A query counts the words that reach it, and no others.
#[test]
fn attention_is_the_mean_over_the_words_that_reach_a_position() {
    let experiment = experiment(&[]);
    let (mut machine, point) = (machine(), start(experiment.program(), experiment.plan().model(), 5));
    let found = attention(&experiment, &mut machine, &point);
    assert_eq!(found.len(), 2);
    for head in &found {
        for (row, weights) in head.weights.chunks(9).enumerate() {
            assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-9 && weights[row + 1..].iter().all(|w| *w == 0.0));
        }
        // At the start every score is near 0, so attention is nearly even.
        assert!((head.weights[9 * 8] - 1.0 / 9.0).abs() < 0.02, "{}", head.weights[9 * 8]);
    }
}

/// What is trained on, and what is longer.
#[test]
fn trained_lengths_are_marked() {
    let folder = Scratch::new("report-words-lengths");
    let page = reported(&[finished(&folder, &["world.trained_longest=5", "training.steps=4"])]).html;
    assert!(page.contains("lengths 1 to 5 are trained on") && page.contains("ceiling 1<"));
}
