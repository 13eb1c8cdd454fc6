//! Two networks agree as far as they are known to.

use infimum_lab::agreement::{Trained, agree};
use infimum_lab::training::Weights;
use infimum_lab::{Experiment, Figure};

use crate::exact::exact_law;
use crate::planted::{experiment, kl, machine, named, occupancy, row};

const RECIPE: &str = "[world]
kind = \"markov\"
states = 5
length = 20
seed = 3
[model]
width = 6
layers = 0
heads = 1
norm = \"none\"
positions = \"none\"
[training]
steps = 40
batch = 16
seed = 5
[evaluation]
every = 20
sequences = 64
test_sequences = 1500
";

fn compare(pair: [(&Experiment, &[f32]); 2], steps: Option<u64>) -> Vec<Figure> {
    let trained = pair.map(|(experiment, point)| Trained { experiment, weights: Weights { point, steps } });
    agree(trained, &mut machine(2), &mut |_| {}).unwrap()
}

#[test]
fn a_network_agrees_with_itself() {
    let experiment = experiment(RECIPE, &[]);
    let point = exact_law(&experiment);
    let figures = compare([(&experiment, &point), (&experiment, &point)], None);
    assert_eq!(figures.len(), 2, "weights from elsewhere have seen nobody knows what: {figures:?}");
    assert_eq!(named(&figures, "agreement_top1").value, 1.0);
    assert!(named(&figures, "agreement_js").value.abs() < 1e-12);
}

fn divergence(p: &[f64], q: &[f64]) -> f64 {
    let mean: Vec<f64> = p.iter().zip(q).map(|(p, q)| (p + q) / 2.0).collect();
    (kl(p, &mean) + kl(q, &mean)) / 2.0
}

/// After state 0 one of them has its law turned round.
#[test]
fn a_planted_disagreement_is_found_within_the_interval() {
    let experiment = experiment(RECIPE, &[]);
    let (chain, point) = (experiment.world().chain().unwrap(), exact_law(&experiment));
    let [_, head] = &experiment.program().parameters()[..] else { panic!("two arrays") };
    let mut other = point.clone();
    for state in 0..5 {
        other[head.range.start + state * 6] = point[head.range.start + (4 - state) * 6];
    }
    let figures = compare([(&experiment, &point), (&experiment, &other)], Some(40));
    let times: f64 = occupancy(chain, 19)[0].iter().sum::<f64>() / 19.0;
    let law = row(chain, &[0]);
    let turned: Vec<f64> = law.iter().rev().copied().collect();
    for (name, expected) in [("agreement_top1", 1.0 - times), ("agreement_js", times * divergence(&law, &turned))] {
        let Figure { low: Some(low), high: Some(high), .. } = *named(&figures, name) else { panic!("no interval") };
        assert!(low <= expected && expected <= high, "{name}: {expected} in {low} to {high}");
    }
}

/// Two estimates from `N` and `M` targets after a context are `(n - 1) / 8 (1 / N + 1 / M)` nats apart, in expectation.
#[test]
fn counting_estimators_are_as_far_apart_as_expected() {
    let [first, second] = [experiment(RECIPE, &[]), experiment(RECIPE, &["training.steps=10", "training.seed=9"])];
    let [one, other] = [exact_law(&first), exact_law(&second)];
    let trained = |experiment, point, steps| Trained { experiment, weights: Weights { point, steps: Some(steps) } };
    let pair = [trained(&first, &one, 40), trained(&second, &other, 10)];
    let figures = agree(pair, &mut machine(1), &mut |_| {}).unwrap();
    assert_eq!(named(&figures, "agreement_top1").value, 1.0, "both networks are the same law");
    let contexts = 6.0;
    let [n, m] = [40.0, 10.0].map(|steps| steps * 16.0 * 19.0);
    let expected = contexts * 4.0 / 8.0 * (1.0 / n + 1.0 / m);
    let found = named(&figures, "agreement_js_counting").value;
    assert!(found > expected / 3.0 && found < 3.0 * expected, "{found} for {expected}");
    assert!(named(&figures, "agreement_top1_counting").value > 0.8);
}

#[test]
fn networks_of_two_worlds_are_not_compared() {
    let [first, second] = [experiment(RECIPE, &[]), experiment(RECIPE, &["world.seed=4"])];
    let [one, other] = [exact_law(&first), exact_law(&second)];
    let trained = |experiment, point| Trained { experiment, weights: Weights { point, steps: None } };
    let error = agree([trained(&first, &one), trained(&second, &other)], &mut machine(1), &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("same world") && error.is_user_error(), "{error}");
}
