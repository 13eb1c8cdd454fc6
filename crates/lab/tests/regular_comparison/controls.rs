//! What is found where there is nothing to find, and what is refused.

use infimum_lab::regular::comparison::{Effort, compare};
use infimum_lab::{Isa, Machine, start};

use crate::planted::{RECIPE, compared, experiment, planted, point};

/// Parity of long words: no linear function of a token, a position and means of earlier tokens tells it, but after the first few
/// symbols.
#[test]
fn random_networks_and_shuffled_states_are_at_chance() {
    let recipe = "[world]\nkind = \"regular\"\nlanguage = \"parity\"\nshortest = 60\nlongest = 60\n\
        [model]\nwidth = 16\nlayers = 1\nheads = 2";
    let experiment = experiment(recipe, &[]);
    let point = start(experiment.program(), experiment.plan().model(), 7);
    let found = compared(&experiment, &point, 200);
    assert!((0.45..0.58).contains(&found.chance), "{}", found.chance);
    assert!(found.sites.len() >= 14, "{:?}", found.sites);
    for site in &found.sites {
        let near = |accuracy: f64| (accuracy - found.chance).abs() <= 0.04;
        assert!(near(site.accuracy) && near(site.random_start_accuracy), "{site:?}");
        assert!(near(site.shuffled_accuracy), "{site:?}");
        assert!(site.explained <= 0.05 && site.shuffled_explained <= 0.02, "{site:?}");
    }
    for operators in &found.operators {
        assert!(operators.relative_error > 0.3, "{operators:?}");
    }
}

#[test]
fn shuffled_states_tell_nothing_of_a_network_that_knows_the_state() {
    let experiment = experiment(RECIPE, &[]);
    let found = compared(&experiment, &point(&experiment, &planted()), 400);
    let site = found.sites.iter().find(|site| site.site == "h.0.x").unwrap();
    assert!(
        site.accuracy == 1.0 && (site.shuffled_accuracy - found.chance).abs() <= 0.06,
        "{site:?}, {}",
        found.chance
    );
    assert!(site.shuffled_explained <= 0.02, "{site:?}");
}

#[test]
fn networks_of_every_shape_are_looked_at() {
    for overrides in [
        &["model.norm=rms", "model.positions=rotary", "model.layers=2"][..],
        &["model.norm=layer", "model.positions=alibi", "model.kv_heads=1", "model.bias=true"],
        &["model.qk_norm=rms", "model.dropout=0.2", "model.value_width=3"],
        &["model.attention=false", "model.heads=1"],
        &["model.layers=0"],
        &["model.mlp=false", "model.tied=true"],
        &["model.parallel=true", "model.mlp_gate=true"],
        &["model.loss_weights={token=0, class=1}"],
        &["model.loss_weights={token=0, class=1}", "world.recogniser={}"],
    ] {
        let experiment = experiment(RECIPE, overrides);
        let point = start(experiment.program(), experiment.plan().model(), 7);
        let found = compared(&experiment, &point, 50);
        let attends = !overrides.iter().any(|text| ["model.attention=false", "model.layers=0"].contains(text));
        assert_eq!(found.heads.is_empty(), !attends, "{overrides:?}");
        assert_eq!(found.raw.unavailable.is_none(), attends, "{overrides:?}");
        assert!(!found.sites.is_empty() && !found.interchange.is_empty(), "{overrides:?}");
        let text = serde_json::to_string(&found).unwrap();
        assert!(text.starts_with("{\"language\":\"a*\",\"states\":2,"), "{text}");
    }
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let refused = |recipe: &str, words: usize| {
        let experiment = experiment(recipe, &[]);
        let point = vec![0.0; experiment.plan().parameters()];
        let effort = Effort { words, interventions: 5 };
        compare(&experiment, &mut Machine::new(Isa::best(), 1), &point, effort, &mut |_, _| {}).unwrap_err().to_string()
    };
    let world = |settings: &str| format!("[world]\n{settings}\n[model]\nwidth = 8\nheads = 2\nlayers = 1");
    for (settings, words, part) in [
        ("kind = \"markov\"\nstates = 3\nlength = 5\nseed = 1", 100, "kind \"regular\""),
        ("kind = \"regular\"\nlanguage = \"s5-identity\"\nlongest = 8", 100, "120 states"),
        ("kind = \"regular\"\nlanguage = \"ab\"\naccept = 1.0\nlongest = 8", 100, "no two strings"),
    ] {
        let message = refused(&world(settings), words);
        assert!(message.contains(part), "{message}");
    }
}

/// Where the corner that is published does not exist, that is said.
#[test]
fn narrow_heads_have_no_published_comparison() {
    let experiment = experiment(RECIPE, &["model.value_width=1"]);
    let point = start(experiment.program(), experiment.plan().model(), 7);
    let found = compared(&experiment, &point, 50);
    assert!(found.raw.unavailable.is_some_and(|why| why.contains("values of a head, which have 1")));
    assert!(found.raw.heads.is_empty() && found.heads.len() == 2);
}
