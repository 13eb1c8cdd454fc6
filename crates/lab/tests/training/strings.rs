//! Strings learnt by heart: small networks come to the floor, and know as many whole strings as can be known.

use infimum_lab::recipes;

use super::*;

/// Runs a recipe that is built in. The excess over the floor in nats, how many strings are right, and how many can be.
fn learnt(name: &str, overrides: &[&str]) -> [f64; 3] {
    let experiment = of_recipe(recipes::built_in(name).unwrap(), overrides);
    let (_scratch, _, summary) = run(&experiment, &mut machine(2), &[]);
    let strings = experiment.world().strings().unwrap();
    [summary.value("excess_loss").unwrap(), summary.value("sequences").unwrap(), strings.most_right() as f64]
}

#[test]
fn level_1_comes_to_its_floor_and_its_ceiling() {
    let [excess, right, most] = learnt("memorise/level-1", &[]);
    assert!(excess < 0.005 && right == 10.0 && most == 10.0, "{excess} {right} {most}");
}

#[test]
fn five_minute_comes_to_its_floor_and_its_ceiling() {
    let [excess, right, most] = learnt("memorise/five-minute", &[]);
    assert!(excess < 0.005 && right == 12.0 && most == 12.0, "{excess} {right} {most}");
}

/// A network that sees the last token alone cannot know them, and is not said to.
#[test]
fn a_network_without_attention_and_positions_stays_below_the_ceiling() {
    let without = ["model.attention=false", "model.heads=1", "model.positions=none"];
    let [excess, right, _] = learnt("memorise/level-1", &without);
    assert!(excess > 0.05 && right < 10.0, "{excess} {right}");
}

const SNIPPETS: &str = "name = \"snippets\"
[world]
kind = \"strings\"
strings = [\"x = 1 + 2\", \"if x: y\", \"a.bc(x)\", \"[x, y]\", \"f()\"]
held_out = [\"x = (1)\", \"a.b()\"]
syntax = \"python\"
[model]
width = 16
layers = 1
heads = 2
[training]
steps = 300
batch = 16
rate = 1e-2
[evaluation]
every = 100
sequences = 16
test_sequences = 32
";

/// Snippets that were trained on are completed to the letter, and what is held out goes on as they do.
#[test]
fn snippets_that_were_learnt_are_completed() {
    let experiment = of_recipe(SNIPPETS, &[]);
    let (_scratch, _, summary) = run(&experiment, &mut machine(2), &[]);
    let values =
        ["exact_continuation_trained", "valid_syntax_trained", "exact_continuation"].map(|name| summary.value(name));
    assert_eq!(values, [Some(1.0), Some(1.0), Some(0.0)], "x = 1 and a.bc are what it knows");
    assert!(summary.value("valid_syntax").is_some());
}
