//! What is learnt of networks: of constructed ones their automata, of spoilt ones where they differ, of random ones an end.

use infimum_lab::regular::{
    Construction, Extracted, Method, Recogniser, Search, Wanted, builtin, construct, extract, machine, trace,
};
use infimum_lab::{Experiment, Isa, Machine, Plan, Recipe, Trainer, start};
use infimum_worlds::regular::{Automaton, Machine as Language};
use serde::Deserialize;

fn named(name: &str) -> Language {
    builtin::named(name).unwrap().unwrap()
}

fn built(language: &Language, length: usize, method: Option<Method>) -> Construction {
    construct(Wanted { name: "test", language: None, machine: language, length, method }).unwrap()
}

/// Hands the network of a construction, at some point, to `ask`.
fn with<T>(construction: &Construction, point: &[f32], ask: impl FnOnce(&mut Recogniser<'_>) -> T) -> T {
    let experiment = Experiment::new(construction.plan.clone()).unwrap();
    let mut computer = Machine::new(Isa::best(), 2);
    ask(&mut Recogniser::new(&experiment, point, &mut computer).unwrap())
}

const SEARCH: Search<'_> = Search { truth: None, length: None, seconds: 60.0, seed: 1 };

fn learnt(construction: &Construction, point: &[f32], search: Search<'_>) -> Extracted {
    with(construction, point, |recogniser| extract(recogniser, search, &mut |_, _| {}).unwrap())
}

#[test]
fn constructed_networks_give_their_automata_back() {
    for (name, length, method) in [
        ("parity", 40, None),
        ("last", 40, None),
        ("tomita-3", 20, None),
        ("even-pairs", 20, Some(Method::Prefix)),
        ("s3-identity", 16, Some(Method::Steps)),
        ("a5-identity", 32, Some(Method::Prefix)),
    ] {
        let language = named(name);
        let construction = built(&language, length, method);
        let found = learnt(&construction, &construction.point, SEARCH);
        assert!(found.complete && found.equals_truth && found.agrees_wherever_tried, "{name}: {found:?}");
        assert_eq!((found.states, found.machine), (language.automaton().states(), language), "{name}");
        assert_eq!(found.shortest_disagreement, None, "{name}");
        assert!(
            found.longer.iter().all(|sample| sample.agree == sample.words && sample.words > 0),
            "{:?}",
            found.longer
        );
    }
}

/// Beside another truth the automaton is what the network does, and the shortest difference is the one of the two automata.
#[test]
fn a_network_that_is_not_what_it_should_be_is_told() {
    let (language, other) = (machine("a*b*", Some("ab")).unwrap(), machine("a*b*|a*b*aa", Some("ab")).unwrap());
    let construction = built(&language, 12, None);
    let found = learnt(&construction, &construction.point, Search { truth: Some(&other), ..SEARCH });
    assert!(found.complete && !found.equals_truth, "{found:?}");
    assert_eq!((found.states, found.truth_states), (3, other.automaton().states()));
    let expected = language.automaton().first_difference(other.automaton(), |a, b| a != b).unwrap().unwrap();
    let shortest = found.shortest_disagreement.unwrap();
    assert_eq!(shortest.word, language.alphabet().spell(&expected));
    assert_eq!((shortest.network.as_str(), shortest.truth.as_str()), ("reject", "incomplete"));
    let mismatch = named("parity");
    with(&construction, &construction.point, |recogniser| {
        let error = extract(recogniser, Search { truth: Some(&mismatch), ..SEARCH }, &mut |_, _| {}).unwrap_err();
        assert!(error.to_string().contains("alphabet is ab"), "{error}");
        let error = extract(recogniser, Search { length: Some(13), ..SEARCH }, &mut |_, _| {}).unwrap_err();
        assert!(error.to_string().contains("at most 12 symbols"), "{error}");
    });
}

/// Half of the blocks are taken away: the network sees four symbols back, so it is the parity of the last four.
#[test]
fn a_network_that_forgets_is_learnt_as_it_is() {
    let construction = built(&named("parity"), 16, Some(Method::Prefix));
    let mut point = construction.point.clone();
    for parameter in construction.plan.layout().parameters() {
        if ["transformer.h.2.", "transformer.h.3."].iter().any(|block| parameter.name.starts_with(block)) {
            point[parameter.range.clone()].fill(0.0);
        }
    }
    let found = learnt(&construction, &point, SEARCH);
    assert!(found.complete && !found.equals_truth && found.states == 16, "{found:?}");
    let shortest = found.shortest_disagreement.unwrap();
    assert_eq!(
        (shortest.word.as_str(), shortest.network.as_str(), shortest.truth.as_str()),
        ("10000", "incomplete", "accept")
    );
    assert_eq!(found.agrees_up_to_length, 12);
}

/// A network that rejects all words of 16 symbols, of which one in 500 is to be accepted: with some seeds random words show it in the
/// end alone, and then it is not called complete.
#[test]
fn rare_errors_are_not_called_complete() {
    let construction = built(&machine("a*b*a*", Some("ab")).unwrap(), 16, Some(Method::Prefix));
    let mut point = construction.point.clone();
    let layout = construction.plan.layout();
    let array = |name: &str| layout.parameters().iter().find(|p| p.name == name).unwrap().range.clone();
    // At position 16, and nowhere else, channel `one`, which the logits are read with, is far off.
    let (rows, width) = (array("transformer.wpe.weight"), construction.about.width);
    point[rows.start + 16 * width + width - 1] = -3.0;
    let mut told_in_the_end = 0;
    for seed in 1..=6 {
        let found = learnt(&construction, &point, Search { seed, ..SEARCH });
        assert_eq!(found.agrees_up_to_length, 12);
        let wrong = found.longer.iter().any(|sample| sample.agree < sample.words);
        assert_eq!(found.complete, !wrong && found.stopped.is_none(), "{:?}", found.longer);
        let Some(shortest) = found.shortest_disagreement else { continue };
        assert_eq!((shortest.word.len(), shortest.network.as_str()), (16, "reject"));
        told_in_the_end += u32::from(found.stopped.unwrap().contains("tried in the end"));
    }
    assert!(told_in_the_end > 0);
}

/// A random network is no automaton of few states. It ends, and says so.
#[test]
fn random_networks_end_in_time() {
    let construction = built(&named("tomita-3"), 24, Some(Method::Prefix));
    let experiment = Experiment::new(construction.plan.clone()).unwrap();
    let mut point = start(experiment.program(), construction.plan.model(), 3);
    point.iter_mut().for_each(|w| *w *= 40.0);
    let begun = std::time::Instant::now();
    let found = learnt(&construction, &point, Search { seconds: 3.0, ..SEARCH });
    assert!(begun.elapsed().as_secs() < 60);
    assert!(!found.complete && found.stopped.is_some() && !found.equals_truth, "{found:?}");
    assert!(found.shortest_disagreement.is_some());
}

/// A trained network, its answers to all words that it reads, and what AALpy learnt of these.
#[derive(Deserialize)]
struct Trained {
    recipe: String,
    weights_hash: String,
    length: usize,
    /// Classes, shorter words first, then in the order of symbols.
    answers: String,
    learnt: Table,
}

#[derive(Deserialize)]
struct Table {
    next: Vec<u32>,
    outputs: Vec<u16>,
}

#[test]
fn trained_networks_give_the_automata_that_aalpy_learns_of_them() {
    let all: Vec<Trained> = serde_json::from_str(include_str!("oracles/networks.json")).unwrap();
    let mut equal = vec![];
    for given in &all {
        let experiment =
            Experiment::new(Plan::new(&Recipe::parse(&given.recipe, "network", &[]).unwrap()).unwrap()).unwrap();
        let mut computer = Machine::new(Isa::best(), 2);
        let mut trainer = Trainer::start(&experiment, &computer).unwrap();
        (0..experiment.plan().training().steps).for_each(|_| _ = trainer.advance(&mut computer).unwrap());
        let point = trainer.point().to_vec();
        assert_eq!(experiment.layout().weights_hash(&point), given.weights_hash, "it is the network that was asked");
        let mut recogniser = Recogniser::new(&experiment, &point, &mut computer).unwrap();
        assert_eq!(recogniser.longest(), given.length);
        let words =
            |length: usize| (0..1_u16 << length).map(move |bits| (0..length).rev().map(|at| bits >> at & 1).collect());
        let words: Vec<Vec<u16>> = (0..=given.length).flat_map(words).collect();
        let classes =
            recogniser.classes(&words).into_iter().map(|classes| char::from(b'0' + *classes.last().unwrap() as u8));
        assert_eq!(classes.collect::<String>(), given.answers);
        let found = extract(&mut recogniser, SEARCH, &mut |_, _| {}).unwrap();
        let Table { next, outputs } = &given.learnt;
        assert_eq!(*found.machine.automaton(), Automaton::new(2, next.clone(), outputs.clone()));
        assert!(found.complete && found.agrees_wherever_tried, "{found:?}");
        equal.push((found.states, found.equals_truth));
    }
    assert_eq!(equal, [(9, false), (5, false), (5, false), (4, true)]);
}

#[test]
fn a_trace_has_both_beside_each_other() {
    for (method, head) in [(Method::Counter, "class_head.weight"), (Method::Steps, "lm_head.weight")] {
        let construction = built(&named("parity"), 8, Some(method));
        let traces = with(&construction, &construction.point, |recogniser| {
            let error = trace(recogniser, &["000000000".into()]).unwrap_err().to_string();
            assert!(error.contains("9 symbols") && error.contains("at most 8"), "{error}");
            trace(recogniser, &["011".into(), String::new()]).unwrap()
        });
        let classes: Vec<&str> = traces[0].steps.iter().map(|step| step.network.as_str()).collect();
        assert_eq!(classes, ["incomplete", "incomplete", "accept", "incomplete"]);
        assert_eq!(traces[0].steps.iter().map(|step| step.state).collect::<Vec<_>>(), [0, 0, 1, 0]);
        assert!(traces.iter().all(|trace| trace.agrees) && traces[1].steps.len() == 1);
        assert_eq!(traces[0].steps[2].network_state, (method == Method::Steps).then_some(1));
        let mut point = construction.point.clone();
        let layout = construction.plan.layout();
        let head = layout.parameters().iter().find(|p| p.name == head).unwrap();
        point[head.range.clone()].iter_mut().for_each(|w| *w = -*w);
        let spoilt = with(&construction, &point, |recogniser| trace(recogniser, &["011".into()]).unwrap());
        assert!(!spoilt[0].agrees);
    }
}
