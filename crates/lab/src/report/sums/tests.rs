use std::sync::Mutex;

use infimum_engine::Isa;
use infimum_worlds::addition::{Operation, Pair};
use infimum_worlds::{Example, World};

use super::plateau::{Knowledge, known, loss_nats, probability, sentences};
use super::*;
use crate::predictor::{Lawful, Predictor, Said, Sequences};
use crate::report::sources::Source;
use crate::report::{Report, report};
use crate::scratch::Scratch;
use crate::{Plan, Recipe, Record, StepLine, training};

pub(super) fn experiment(overrides: &[&str]) -> Experiment {
    let text = "name = \"sums\"\n[world]\nkind = \"addition\"\ndigits = 2\n[model]\nwidth = 8\nlayers = 1\nheads = 1\n[training]\nsteps = 12\n\
                batch = 16\n[evaluation]\nevery = 3\nsequences = 64\ntest_sequences = 48\n";
    let overrides: Vec<String> = overrides.iter().map(|text| text.to_string()).collect();
    Experiment::new(Plan::new(&Recipe::parse(text, "sums", &overrides).unwrap()).unwrap()).unwrap()
}

pub(super) fn machine() -> Machine {
    Machine::new(Isa::best(), 2)
}

fn finished(folder: &Scratch, overrides: &[&str]) -> Record {
    let experiment = experiment(overrides);
    let record = Record::create(folder.path(), "sums", &experiment.plan().to_toml()).unwrap();
    training::run(&experiment, &mut machine(), &record, &mut |_| {}, &false.into()).unwrap();
    record.record().clone()
}

fn reported(records: &[Record]) -> Report {
    report(records, &mut machine(), 40, &mut |_, _| {}).unwrap()
}

/// What stands in the words of a picture.
fn description(page: &str, figure: &str) -> String {
    let at = page.find(&format!("<desc id=\"{figure}-about\">")).unwrap_or_else(|| panic!("no {figure}"));
    let text = page[at..].split_once('>').unwrap().1;
    text.split_once("</desc>").unwrap().0.into()
}

const PICTURES: [&str; 8] =
    ["exact-match", "loss", "norms", "margins", "carry-runs", "digit-places", "attention-0-0", "embedding"];

#[test]
fn sums_have_every_picture_and_differences_all_but_that_of_carries() {
    let folder = Scratch::new("report-sums");
    let page = reported(&[finished(&folder, &[])]).html;
    for figure in PICTURES {
        assert!(page.contains(&format!("<svg id=\"{figure}\"")), "{figure}");
    }
    assert!(page.contains("id=\"plateau\"") && page.contains("The run answers "));
    for odd in ["NaN", ">inf<", "-inf", "http:", "<script"] {
        assert!(!page.contains(odd), "{odd}");
    }
    let page = reported(&[finished(&folder, &["world.operation=subtract", "model.heads=2"])]).html;
    for figure in PICTURES.into_iter().chain(["attention-0-1"]) {
        assert_eq!(page.contains(&format!("<svg id=\"{figure}\"")), figure != "carry-runs", "{figure}");
    }
    assert!(!page.contains("a carry "), "differences have borrows");
}

#[test]
fn seeds_stand_together() {
    let folder = Scratch::new("report-sums-seeds");
    let runs = ["1", "2"].map(|seed| finished(&folder, &[&format!("training.seed={seed}"), "training.steps=6"]));
    let page = reported(&runs).html;
    assert!(PICTURES.iter().all(|figure| page.matches(&format!("<svg id=\"{figure}\"")).count() == 1));
    for text in ["Seed 1 answers", "Seed 2 answers", "Of seed ", "the smallest of seed 2 is "] {
        assert!(page.contains(text), "{text}");
    }
    let machines = [1, 3].map(|threads| Machine::new(Isa::best(), threads));
    let pages = machines.map(|mut machine| report(&runs, &mut machine, 40, &mut |_, _| {}).unwrap().html);
    assert!(pages.iter().all(|other| *other == page), "threads change no letter");
}

/// A walk over the logits of the first 10,000 uniform pairs, with its own reading of them.
struct Walk {
    wrong: u64,
    wrong_digits: [u64; 3],
    least: (f32, Pair),
    nats: f64,
    margins: Vec<f32>,
}

fn walk(experiment: &Experiment, point: &[f32]) -> Walk {
    let (world, mut machine) = (experiment.world().sums().unwrap(), machine());
    let pairs = Sums::of(experiment).unwrap().uniform_pairs(PAIRS);
    let logits: Vec<Mutex<(Vec<f32>, f64)>> = pairs.iter().map(|_| Mutex::default()).collect();
    let write = |number: usize, into: &mut Example| world.ask(pairs[number], &[], into);
    let mut evaluator = Evaluator::new(experiment, &machine);
    let keep = |number: usize, _: &Example, said: Said<'_>| {
        let nats = said.nats.iter().map(|nats| f64::from(*nats)).sum();
        *logits[number].lock().unwrap() = (said.logits.to_vec(), nats);
    };
    evaluator.at(point).predict(&mut machine, Sequences::Written(PAIRS, &write), &keep);
    let mut walk =
        Walk { wrong: 0, wrong_digits: [0; 3], least: (f32::INFINITY, pairs[0]), nats: 0.0, margins: vec![] };
    for (pair, seen) in pairs.iter().zip(logits) {
        let (logits, nats) = seen.into_inner().unwrap();
        let (mut margin, mut sum, mut wrong) = (f32::INFINITY, pair.a + pair.b, false);
        for (place, row) in logits.chunks(world.shape().alphabet).take(3).enumerate() {
            let right = (sum % 10) as usize;
            let others = row.iter().enumerate().filter(|(token, _)| *token != right).map(|(_, logit)| *logit);
            let best = others.fold(f32::NEG_INFINITY, f32::max);
            margin = margin.min(row[right] - best);
            walk.wrong_digits[place] += u64::from(row[right] < best);
            wrong |= row[right] < best;
            sum /= 10;
        }
        walk.wrong += u64::from(wrong);
        walk.least = if margin < walk.least.0 { (margin, *pair) } else { walk.least };
        walk.nats += nats / (PAIRS * world.shape().scored.len()) as f64;
        walk.margins.push(margin);
    }
    walk
}

#[test]
fn the_numbers_of_the_page_are_those_of_a_walk_over_the_pairs() {
    let folder = Scratch::new("report-sums-walk");
    let overrides = ["training.steps=200", "training.batch=64", "training.rate=0.01", "evaluation.every=50"];
    let record = finished(&folder, &overrides);
    let experiment = experiment(&overrides);
    let state = Source::read(&record).unwrap().weights(&experiment).unwrap().unwrap();
    let (page, walk) = (reported(std::slice::from_ref(&record)).html, walk(&experiment, &state.point));
    let share = |n: u64| n as f64 / PAIRS as f64;
    assert!((100..PAIRS as u64).contains(&walk.wrong), "{} are wrong, so that there is little to compare", walk.wrong);
    let digits: Vec<String> = walk.wrong_digits.iter().map(|wrong| format!("{:.6}", share(*wrong))).collect();
    assert!(description(&page, "digit-places").ends_with(&format!("intervals: {}.", digits.join(", "))));
    let Pair { a, b } = walk.least.1;
    let smallest = format!("the smallest is {:.4} at {a}+{b}", walk.least.0);
    assert!(description(&page, "margins").contains(&smallest) && page.contains(&format!("Among them {smallest}.")));
    assert!(page.contains(&format!("The run answers {:.4} of 10,000 uniform pairs right", 1.0 - share(walk.wrong))));
    assert!(page.contains(&format!("uniform ones is {:.5}.", walk.nats)), "{}", walk.nats);
    let rates = Sums::of(&experiment).unwrap().score(
        &mut Evaluator::new(&experiment, &machine()).at(&state.point),
        &mut machine(),
        PAIRS,
        &mut |_| {},
    );
    let runs: Vec<String> = rates.by_carry_run.iter().map(|figure| format!("{:.6}", 1.0 - figure.value)).collect();
    assert!(
        description(&page, "carry-runs").ends_with(&format!("intervals: {}.", runs.join(", "))),
        "as eval has them"
    );
    let columns = margins::columns(&walk.margins, 0.5);
    assert_eq!(columns.iter().map(|column| column.y).sum::<f64>(), PAIRS as f64);
    for column in &columns {
        let within = |margin: &&f32| (column.x..column.x + 0.5).contains(&f64::from(**margin));
        assert_eq!(column.y, walk.margins.iter().filter(within).count() as f64, "at {}", column.x);
    }
    let line: StepLine = record.metrics().unwrap().pop().unwrap();
    let length = state.point.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt();
    assert!((line.parameter_norm.unwrap() - length).abs() < 1e-5 * length);
    assert!(description(&page, "norms").ends_with(&format!("the parameters {length:.4}.")));
}

/// An adder that knows no carry run of two or more, and gives even chances to both digits there; certain otherwise.
fn blind_to_long_runs(experiment: &Experiment) -> impl Fn(&Example, &mut [f64]) + Sync {
    let world = experiment.world().sums().unwrap();
    let (first, alphabet) = (world.shape().scored.start, world.shape().alphabet);
    move |example: &Example, laws: &mut [f64]| {
        let number = |at: usize| example.tokens[at..at + 3].iter().fold(0, |n, digit| 10 * n + u64::from(*digit));
        let pair = Pair { a: number(0), b: number(4) };
        for (row, law) in laws.chunks_mut(alphabet).enumerate() {
            law.fill(0.0);
            law[usize::from(example.targets[0][first + row])] = 1.0;
            let place = row as u32;
            if row < world.answer_digits() && pair.carried_into(place) >= 2 {
                let other = usize::from(world.digit_of_other_carry(pair, place).unwrap());
                law.iter_mut().for_each(|p| *p /= 2.0);
                law[other] = 0.5;
            }
        }
    }
}

#[test]
fn what_a_planted_adder_knows_is_said_and_its_loss_is_its_own() {
    let experiment = experiment(&["world.digits=3"]);
    let laws = blind_to_long_runs(&experiment);
    let mut adder = Lawful { experiment: &experiment, laws: &laws };
    let portrait = Sums::of(&experiment).unwrap().portrait(&mut adder, &mut machine(), 20_000);
    let known = known(&portrait);
    // Of two equal logits the first token is written, so that a digit comes out wrong where the right one is the larger.
    let expected = [
        "Digits 10^0 to 10^1: right.",
        "Digits 10^2 to 10^3: right where nothing is carried in or a carry run of at most 1, \
                     right but for the carry where a carry run of 2 or more carries in.",
    ];
    assert_eq!(sentences(&known, Operation::Add), expected);
    let exact = loss_nats(&known, 5);
    assert!((portrait.loss_nats / exact - 1.0).abs() < 0.1, "{} for {exact}", portrait.loss_nats);
    let expected = (0.045 + 0.0495) * libm::log(2.0) / 5.0;
    assert!((exact - expected).abs() < 1e-15, "{exact} for {expected}");
}

/// Over all pairs of two and three digits.
#[test]
fn losses_and_probabilities_are_those_of_all_pairs() {
    use Knowledge::{ButForCarry, No, Right, Unseen};
    for digits in [2, 3] {
        let all = 10_u64.pow(digits as u32);
        let kinds = [Right, ButForCarry, No, Unseen];
        let known: Vec<Vec<Knowledge>> = (0..=digits)
            .map(|place| (0..=place).map(|run| kinds[(place + 3 * run + run * run) % 4]).collect())
            .collect();
        let mut counts: Vec<Vec<u64>> = known.iter().map(|kinds| vec![0; kinds.len()]).collect();
        for pair in (0..all).flat_map(|a| (0..all).map(move |b| Pair { a, b })) {
            counts.iter_mut().enumerate().for_each(|(place, runs)| runs[pair.carried_into(place as u32) as usize] += 1);
        }
        let mut nats = 0.0;
        for (place, run) in (0..=digits).flat_map(|place| (0..=place).map(move |run| (place, run))) {
            let share = counts[place][run] as f64 / (all * all) as f64;
            assert!((probability(place, run) - share).abs() < 1e-15, "{place} {run}");
            nats += share
                * match known[place][run] {
                    Right => 0.0,
                    ButForCarry => std::f64::consts::LN_2,
                    No | Unseen => std::f64::consts::LN_10,
                };
        }
        assert!((loss_nats(&known, 7) - nats / 7.0).abs() < 1e-14);
    }
}

#[test]
fn places_of_which_the_same_is_known_are_one_sentence() {
    use Knowledge::{ButForCarry as C, No as N, Right as R, Unseen as U};
    let adder = |known: &[&[Knowledge]]| {
        let known: Vec<Vec<Knowledge>> = known.iter().map(|kinds| kinds.to_vec()).collect();
        sentences(&known, Operation::Add).join(" ")
    };
    for (known, text) in [
        (&[&[R][..], &[R, R], &[R, R, R]][..], "Digits 10^0 to 10^2: right."),
        (&[&[N], &[N, N]], "Digits 10^0 to 10^1: not known."),
        (
            &[&[R], &[R, C]],
            "Digit 10^0: right. Digit 10^1: right where nothing is carried in, right but for the carry where a carry comes in.",
        ),
        (
            &[&[R], &[C, R], &[C, R, R]],
            "Digit 10^0: right. Digits 10^1 to 10^2: right but for the carry where nothing is carried in, right where a \
           carry comes in.",
        ),
        (
            &[&[R], &[R, R], &[R, R, N], &[R, R, N, U]],
            "Digits 10^0 to 10^1: right. Digit 10^2: right where nothing is carried in or a carry run of at \
           most 1, not known where a carry run of 2 or more carries in. Digit 10^3: right where nothing is carried in or a carry run of at most \
           1, not known where a carry run of 2 carries in, too rare to tell where a carry run of 3 or more carries in.",
        ),
    ] {
        assert_eq!(adder(known), text);
    }
    let known = [vec![Knowledge::ButForCarry]];
    assert_eq!(sentences(&known, Operation::Subtract), ["Digit 10^0: right but for the borrow."]);
}

fn line(step: u64, criterion: Option<f64>, exact_match: Option<f64>) -> StepLine {
    let (tokens, rate, loss, gradient_norm, seconds) = (step, 0.1, 1.0, 1.0, 0.0);
    let (parameter_norm, validation, excess) = (None, Some(1.0), None);
    StepLine {
        step,
        tokens,
        rate,
        loss,
        gradient_norm,
        parameter_norm,
        validation,
        excess,
        criterion,
        exact_match,
        training_criterion: None,
        stage: None,
        mined: None,
        pull_distance: None,
        stop: None,
        heads: vec![],
        seconds,
    }
}

/// The criterion's step, else that of the first validation above a half; lines of old records have exact match as their criterion.
#[test]
fn the_transition_is_where_the_lines_say() {
    use transition::Transition::{self, Criterion, Half};
    let success = ["success.figure=exact_match", "success.at_least=0.9"];
    let share = |shares: [f64; 4]| shares.map(Some);
    let rising = share([0.1, 0.6, 0.95, 0.2]);
    for (name, overrides, criterion, exact_match, expected) in [
        ("criterion", &success[..], rising, rising, Some(Criterion(30))),
        ("old", &success, rising, [None; 4], Some(Criterion(30))),
        ("half", &[], [None; 4], rising, Some(Half(20))),
        ("short", &success, share([0.1, 0.7, 0.8, 0.5]), [None; 4], Some(Half(20))),
        ("none", &success, share([0.1, 0.5, 0.5, 0.5]), [None; 4], None),
        ("nothing", &[], [None; 4], [None; 4], None),
    ] {
        let folder = Scratch::new(&format!("report-transition-{name}"));
        let writer = Record::create(folder.path(), "sums", &experiment(overrides).plan().to_toml()).unwrap();
        let lines: Vec<StepLine> = (0..4).map(|i| line(10 * (i as u64 + 1), criterion[i], exact_match[i])).collect();
        writer.write_metrics(&lines).unwrap();
        let source = Source::read(writer.record()).unwrap();
        assert_eq!(Transition::of(&source), expected, "{name}");
        assert_eq!(transition::chart(std::slice::from_ref(&source)).is_some(), name != "nothing", "{name}");
        assert_eq!(transition::marks(&[source]).len(), usize::from(expected.is_some()), "{name}");
    }
}

#[test]
fn rates_are_turned_over_with_their_intervals() {
    let figure = |value, low, high| crate::Figure {
        name: "x".into(),
        value,
        unit: "share".into(),
        optimum: None,
        baseline: None,
        low: Some(low),
        high: Some(high),
    };
    let found = error_rates::error(&figure(0.75, 0.5, 0.875));
    assert_eq!((found.rate, found.interval), (0.25, Some((0.125, 0.5))));
}

/// A run that got where its recipe wants it is not described.
#[test]
fn only_what_is_short_of_its_goal_is_described() {
    let folder = Scratch::new("report-sums-short");
    for (least, described) in [("0", false), ("0.9", true)] {
        let overrides = ["success.figure=exact_match", &format!("success.at_least={least}")];
        let page = reported(&[finished(&folder, &overrides)]).html;
        assert_eq!(page.contains("id=\"plateau\""), described);
        assert_eq!(page.contains("short of its criterion, exact_match at least 0.9"), described);
    }
}
