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
