//! Recipes: everything that is wrong is said with key, value, range and way out.

use std::path::Path;

use infimum_engine::{Feed, Program, Reference};
use infimum_lab::{Plan, Recipe, recipes, start};

fn message(text: &str, overrides: &[&str]) -> String {
    let overrides: Vec<String> = overrides.iter().map(|s| s.to_string()).collect();
    let result = Recipe::parse(text, "test.toml", &overrides).and_then(|recipe| Plan::new(&recipe));
    let error = result.expect_err("the recipe is wrong");
    assert!(error.is_user_error());
    error.to_string()
}

const GOOD: &str =
    "[world]\nkind = \"markov\"\nstates = 5\nlength = 9\nseed = 1\n\n[model]\nwidth = 8\nlayers = 1\nheads = 2\n";

fn plan(text: &str, overrides: &[&str]) -> Plan {
    let overrides: Vec<String> = overrides.iter().map(|s| s.to_string()).collect();
    Plan::new(&Recipe::parse(text, "test.toml", &overrides).expect("the recipe is right")).expect("it makes a plan")
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_and_the_line() {
    for (set, expected) in [
        ("model.widht=3", "unknown key `widht` in [model]; did you mean `width`?"),
        ("modle.width=3", "unknown key `modle` in the recipe; did you mean `model`?"),
        ("world.stats=3", "unknown key `stats` in [world]; did you mean `states`?"),
        ("training.step=3", "unknown key `step` in [training]; did you mean `steps`?"),
        (
            "evaluation.xyzzy=3",
            "unknown key `xyzzy` in [evaluation]; valid keys are every, keep_every, sequences, test_sequences, training_sequences",
        ),
    ] {
        assert_eq!(message(GOOD, &[set]), expected);
    }
    let misspelled = GOOD.replace("width", "widht");
    assert_eq!(message(&misspelled, &[]), "unknown key `widht` in [model] (line 8); did you mean `width`?");
}

/// Each: what is set, and what the message has to say: key, value, range or way out.
#[test]
fn every_wrong_value_is_named_with_its_range() {
    for (set, parts) in [
        ("data.source=export", ["data.source", "markov-windows"]),
        ("data.source=counts", ["data.source", "markov-windows"]),
        ("model.embedding=one-hot", ["model.width", "the alphabet"]),
        ("model.mlp_first=identity", ["model.mlp_ratio", "identity"]),
        ("world.length=-4", ["length = -4", "at least 2 and at most 1000000"]),
        ("world.states=1", ["states = 1", "at least 2 and at most 65535"]),
        ("world.states=2.5", ["world.states = 2.5", "a whole number"]),
        ("world.sparsity=99", ["sparsity = 99", "empty row"]),
        ("world.kind=markvo", ["\"markvo\"", "did you mean \"markov\"?"]),
        ("world.generator=numpy", ["world.generator", "philox, numpy-legacy"]),
        ("model.heads=3", ["model.heads = 3", "a divisor of model.width, 8"]),
        ("model.heads=0", ["model.heads = 0", "at least 1"]),
        ("model.width=0", ["model.width = 0", "at least 1 and at most 16384"]),
        ("model.width=16384", ["model.width = 16384", "parameters, not"]),
        ("model.layers=-1", ["model.layers = -1", "at least 0"]),
        ("model.dropout=1.0", ["model.dropout = 1.0", "less than 1"]),
        ("model.dropout=-0.1", ["model.dropout = -0.1", "at least 0"]),
        ("model.activation=gleu", ["\"gleu\"", "did you mean \"gelu\"?"]),
        ("model.bias=1", ["model.bias = 1", "true or false"]),
        ("model.start_deviation=0", ["model.start_deviation = 0", "more than 0"]),
        ("model=3", ["model = 3", "a table"]),
        ("training.steps=0", ["training.steps = 0", "at least 1"]),
        ("training.steps=3.0", ["training.steps = 3.0", "a whole number"]),
        ("training.batch=0", ["training.batch = 0", "at least 1"]),
        ("training.rate=fast", ["training.rate = \"fast\"", "a number"]),
        ("training.rate=0", ["training.rate = 0", "more than 0"]),
        ("training.rate=nan", ["training.rate = nan", "more than 0"]),
        ("training.rate=inf", ["training.rate = inf", "at most 100"]),
        ("training.last_rate=1", ["training.last_rate = 1", "0 to training.rate, 0.003"]),
        ("training.warmup=1001", ["training.warmup = 1001", "at most training.steps - 2 = 998"]),
        ("training.beta2=1", ["training.beta2 = 1", "less than 1"]),
        ("training.clip=-1", ["training.clip = -1", "at least 0"]),
        ("training.products=f16", ["training.products = \"f16\"", "bf16"]),
        ("training.seed=-1", ["training.seed = -1", "at least 0"]),
        ("data.epochs=3", ["data.epochs = 3", "data.source = \"fixed\""]),
        ("data.sequences=3", ["data.sequences = 3", "data.source = \"fixed\""]),
        ("data.source=fixed", ["[data] lacks `sequences`", "fixed set"]),
        ("evaluation.test_sequences=1", ["evaluation.test_sequences = 1", "at least 16"]),
        ("name=a/b", ["name = \"a/b\"", "letters, digits"]),
        ("training.init=no/such/file", ["no/such/file", "cannot"]),
    ] {
        let message = message(GOOD, &[set]);
        assert!(parts.iter().all(|part| message.contains(part)), "{set}: {message}");
    }
}

#[test]
fn values_at_odds_with_each_other_are_refused() {
    let fixed = ["data.source=fixed", "data.sequences=640", "data.epochs=2"];
    assert!(message(GOOD, &[&fixed[..], &["training.steps=5"]].concat()).contains("data.epochs = 2"));
    assert!(message(GOOD, &["data.source=fixed", "data.sequences=63"]).contains("at least the 64 sequences of a step"));
    let no_attention = ["model.attention=false", "model.heads=1"];
    assert!(message(GOOD, &[&no_attention[..], &["model.mlp=false"]].concat()).contains("model.layers = 1 (line 9)"));
    for without in [&no_attention[..], &["model.mlp=false"]] {
        assert!(message(GOOD, &[&["model.parallel=true"], without].concat()).contains("model.parallel = true"));
    }
    let idle = message(GOOD, &["model.attention=false"]);
    assert!(idle.contains("model.heads = 2") && idle.contains("model.attention = false"), "{idle}");
    for heads in ["model.heads=1", "model.heads=4"] {
        plan(GOOD, &["model.attention=false", heads]);
    }
    let wide = message(GOOD, &["model.width=16384", "model.layers=2"]);
    assert!(wide.contains("model.width = 16384") && wide.contains("can be addressed"), "{wide}");
    let narrow = message(GOOD, &["training.products=bf16"]);
    assert!(narrow.contains("training.products = bf16") && narrow.contains("from width 32 on"), "{narrow}");
    plan(GOOD, &["training.products=bf16", "model.width=32"]);
    let constant = ["training.schedule=constant", "training.last_rate=0.001"];
    assert!(message(GOOD, &constant).contains("training.last_rate = 0.001"));
    assert!(message(GOOD, &["world.keep=2", "world.sparsity=20"]).contains("keep"));
}

const SUMS: &str =
    "[world]\nkind = \"addition\"\ndigits = 3\nheld_out = 0.1\n[model]\nwidth = 8\nlayers = 1\nheads = 1\n";

#[test]
fn lists_and_stages_are_checked_to_their_last_key() {
    let stages = |text: &str| message(SUMS, &[&format!("training.curriculum={text}")]);
    for (text, parts) in [
        ("7", ["training.curriculum = 7", "a list"]),
        ("[{until = 0}]", ["training.curriculum.until = 0", "at least 1"]),
        ("[{untill = 3}]", ["unknown key `untill` in [training.curriculum]", "`until`"]),
        ("[{until = 3, world = {digit = 1}}]", ["unknown key `digit` in [training.curriculum.world]", "`digits`"]),
        (
            "[{until = 3, world = {kind = 'markov'}}]",
            ["training.curriculum.world.kind", "that of [world], \"addition\""],
        ),
        ("[{until = 3, world = {max_digits = 0}}]", ["training.curriculum.world.max_digits = 0", "at least 1"]),
        ("[{until = 3, world = {max_digits = 4}}]", ["max_digits = 4", "1 to 3"]),
        ("[{until = 3, world = {carries = {chian = 0.1}}}]", ["unknown key `chian`", "`chain`"]),
        ("[{until = 3, world = {digits = 2}}]", ["that of stage 1", "12 positions"]),
        ("[{until = 3}, {until = 4, world = {held_out = 0.2}}]", ["that of stage 2", "holds out"]),
        ("[{until = 3}, {until = 3}]", ["training.curriculum.until = 3", "more than 3"]),
        ("[{world = {max_digits = 1}}, {until = 3}]", ["until = not set", "only the last stage"]),
        ("[{fade = true}]", ["until = not set", "does not fade"]),
    ] {
        let message = stages(text);
        assert!(parts.iter().all(|part| message.contains(part)), "{text}: {message}");
    }
    let fixed = ["data.source=fixed", "data.sequences=640", "training.curriculum=[{until = 3}]"];
    assert!(message(SUMS, &fixed).contains("training.curriculum = 1 stage"));
    assert!(message(SUMS, &["world.plus=[3, x]"]).contains("a list"));
    assert!(message(SUMS, &["world.plus=[3, \"x\"]"]).contains("a whole number"));
}

const STRINGS: &str = "[world]
kind = \"strings\"
strings = [\"ab\", \"ba\"]
held_out = [\"bb\"]
[model]
width = 8
layers = 1
heads = 1
";

/// What is held out stays out in every stage, and a language is one that is known.
#[test]
fn strings_that_are_held_out_are_so_in_every_stage() {
    let message = |set: &str| message(STRINGS, &[set]);
    for (set, parts) in [
        ("world.held_out=[\"ab\"]", ["held_out = \"ab\"", "out of one of the two"]),
        ("world.held_out=\"bb\"", ["world.held_out = \"bb\"", "a list"]),
        ("world.syntax=ruby", ["world.syntax = \"ruby\"", "one of python"]),
        ("training.curriculum=[{world = {strings = ['ab', 'bb']}}]", ["held_out = \"bb\"", "out of one of the two"]),
        (
            "training.curriculum=[{world = {strings = ['ab', 'bb'], held_out = []}}]",
            ["that of stage 1", "leave out held_out"],
        ),
        ("training.curriculum=[{world = {alphabet = 'ba'}}]", ["that of stage 1", "the same tokens"]),
    ] {
        let message = message(set);
        assert!(parts.iter().all(|part| message.contains(part)), "{set}: {message}");
    }
    plan(STRINGS, &["world.syntax=python", "training.curriculum=[{world = {strings = ['ab', 'aa']}}]"]);
}

#[test]
fn hidden_widths_and_biases_of_norms_are_said_once() {
    assert!(message(GOOD, &["model.mlp_hidden=12", "model.mlp_ratio=2"]).contains("model.mlp_ratio = 2"));
    assert!(message(GOOD, &["model.norm_bias=true", "model.norm=none"]).contains("model.norm_bias = true"));
    let wide = plan(GOOD, &[]).parameters();
    assert_eq!(plan(GOOD, &["model.mlp_hidden=28"]).parameters(), wide - 2 * 8 * 4);
    assert_eq!(plan(GOOD, &["model.norm_bias=true"]).parameters(), wide + 3 * 8);
}

/// Each: what is set, and what the message has to say.
#[test]
fn heads_and_positions_at_odds_are_refused() {
    let none = ["model.attention=false", "model.heads=1"];
    let cases: [(&[&str], &str, &str); 20] = [
        (&["model.kv_heads=3"], "model.kv_heads = 3", "a divisor of model.heads, 2"),
        (&["model.kv_heads=0"], "model.kv_heads = 0", "at least 1"),
        (&["model.head_width=0"], "model.head_width = 0", "at least 1"),
        (&["model.value_width=20000"], "model.value_width = 20000", "at most 16384"),
        (&["model.positions=rotary", "model.head_width=3"], "model.head_width = 3", "even"),
        (&["model.positions=rotary", "model.heads=8"], "model.head_width = 1", "even"),
        (&["model.positions=rotery"], "\"rotery\"", "did you mean \"rotary\"?"),
        (&["model.rotary_base=3"], "model.rotary_base = 3", "model.positions = \"rotary\" only"),
        (&["model.rotary_pairs=half"], "model.rotary_pairs = half", "model.positions = \"rotary\" only"),
        (&["model.positions=rotary", "model.rotary_pairs=halves"], "\"halves\"", "interleaved, half"),
        (&["model.positions=rotary", "model.rotary_base=0.5"], "model.rotary_base = 0.5", "at least 1"),
        (&["model.qk_norm=batch"], "\"batch\"", "layer, rms, none"),
        (&["model.norm_epsilon=0"], "model.norm_epsilon = 0", "at least 1e-30"),
        (&["model.norm_epsilon=1e-6", "model.norm=none"], "model.norm_epsilon = 0.000001", "no norm"),
        (&["model.mlp_gate=true", "model.mlp=false"], "model.mlp_gate = true", "no MLP"),
        (
            &["model.mlp_gate=true", "model.mlp_first=identity", "model.mlp_ratio=1"],
            "model.mlp_gate = true",
            "identity",
        ),
        (&[none[0], none[1], "model.head_width=4"], "model.head_width = 4", "model.attention = false"),
        (&[none[0], none[1], "model.positions=alibi"], "model.positions = \"alibi\"", "model.attention = false"),
        (&[none[0], none[1], "model.positions=rotary"], "model.positions = \"rotary\"", "model.attention = false"),
        (&[none[0], none[1], "model.qk_norm=rms"], "model.qk_norm = \"rms\"", "model.attention = false"),
    ];
    for (set, value, way_out) in cases {
        let message = message(GOOD, set);
        assert!(message.contains(value) && message.contains(way_out), "{set:?}: {message}");
    }
    let large = message(GOOD, &["model.heads=4096", "model.head_width=4096", "model.width=1", "world.length=1000"]);
    assert!(large.contains("model.width = 1") && large.contains("scalars"), "{large}");
}

/// Heads of queries, keys, values, and what joins them; gains of heads; the gate.
#[test]
fn heads_gates_and_gains_have_the_parameters_that_they_say() {
    let before = plan(GOOD, &[]).parameters();
    let count = |set: &[&str]| plan(GOOD, set).parameters() as isize - before as isize;
    assert_eq!(count(&["model.head_width=4", "model.value_width=4", "model.kv_heads=2"]), 0);
    assert_eq!(count(&["model.kv_heads=1"]), -2 * 4 * 8);
    assert_eq!(count(&["model.head_width=5"]), 4 * 2 * 8);
    assert_eq!(count(&["model.value_width=1"]), -2 * 2 * 3 * 8);
    assert_eq!(count(&["model.qk_norm=layer", "model.heads=4"]), 2 * 2);
    assert_eq!(count(&["model.mlp_gate=true", "model.activation=silu"]), 4 * 8 * 8);
    assert_eq!(count(&["model.positions=rotary"]), count(&["model.positions=none"]));
    assert_eq!(count(&["model.positions=alibi"]), count(&["model.positions=none"]));
    assert_eq!(count(&["model.bias=true", "model.kv_heads=1"]) - count(&["model.bias=true"]), -2 * 4 * (8 + 1));
}

/// Plans of recipes that have none of these keys do not have them either.
#[test]
fn plans_have_the_keys_that_were_given_alone() {
    let keys = ["kv_heads", "head_width", "value_width", "qk_norm", "mlp_gate", "norm_epsilon", "rotary"];
    for (name, text) in recipes::BUILT_IN {
        let toml = plan(text, &[]).to_toml();
        assert!(keys.iter().all(|key| text.contains(key) || !toml.contains(key)), "{name}: {toml}");
    }
    let set = ["model.positions=rotary", "model.rotary_base=3", "model.rotary_pairs=half", "model.kv_heads=1"];
    let all = [&set[..], &["model.qk_norm=rms", "model.mlp_gate=true", "model.norm_epsilon=1e-8"]].concat();
    let given = plan(GOOD, &all);
    assert_eq!(Plan::from_toml(&given.to_toml(), Path::new("plan.toml")).unwrap(), given);
}

/// 14 tokens, 33 positions, attention, MLP, and three norms with gain and bias; the 1,104 of the benchmark's have no biases.
#[test]
fn adders_have_their_published_number_of_parameters() {
    let adder = recipes::built_in("adders/1128p").unwrap();
    assert_eq!(plan(adder, &[]).parameters(), 14 * 8 + 33 * 8 + 4 * 64 + 2 * 8 * 28 + 3 * 2 * 8);
    assert_eq!(plan(adder, &[]).parameters(), 1128);
    assert_eq!(plan(adder, &["model.norm_bias=false"]).parameters(), 1104);
    let smaller = recipes::built_in("adders/122p").unwrap();
    assert_eq!(plan(smaller, &["model.mlp_hidden=2"]).parameters(), 113);
    for parameters in [959, 896, 763, 582, 512, 491, 456, 311, 262, 122, 67] {
        let name = format!("{parameters}p");
        let text = recipes::built_in(&format!("adders/{name}")).expect(&name);
        assert_eq!(plan(text, &[]).parameters(), parameters, "{name}");
    }
}

/// Those of TinyTorch's networks, whose head is a matrix of its own: `2 V d + T d + L (12 d^2 + 13 d) + 2 d`.
#[test]
fn networks_that_know_strings_have_their_published_number_of_parameters() {
    let larger = ["model.width=20", "model.layers=2"];
    for (name, overrides, parameters) in [
        ("memorise/level-1", &[][..], 4_624),
        ("memorise/level-2", &[], 16_800),
        ("memorise/five-minute", &[], 4_464),
        ("memorise/five-minute", &larger, 11_600),
        ("memorise/questions", &[], 6_224),
        ("text/copilot", &[], 33_472),
    ] {
        let plan = plan(recipes::built_in(name).unwrap(), overrides);
        assert_eq!(plan.parameters(), parameters, "{name}");
        let (shape, model) = (plan.build_world().unwrap().shape().clone(), plan.model());
        let (v, t, l, d) = (shape.alphabet, shape.positions, model.layers, model.width);
        assert_eq!(2 * v * d + t * d + l * (12 * d * d + 13 * d) + 2 * d, parameters, "{name}");
    }
}

#[test]
fn what_is_missing_is_named() {
    assert!(message("[model]\nwidth = 8\n", &[]).starts_with("the recipe lacks `world`"));
    assert!(message("[world]\nlength = 9", &[]).starts_with("[world] lacks `kind`"));
    assert!(message("[world]\nkind = \"markov\"\nlength = 9\nseed = 4\n", &[]).starts_with("[world] lacks `states`"));
    assert!(message("a = [", &[]).starts_with("test.toml is not valid TOML"));
    for set in ["x", "=3", "name.x.y=3"] {
        let message = message(&format!("name = \"n\"\n{GOOD}"), &[set]);
        assert!(message.contains("KEY=VALUE"), "{message}");
    }
}

#[test]
fn overrides_take_toml_and_bare_words() {
    let plan = plan(
        GOOD,
        &["model.activation=relu2", "training.steps=7", "training.rate=0.5", "model.bias=true", "name=\"x\""],
    );
    assert_eq!((plan.training().steps, plan.training().rate, plan.name()), (7, 0.5, "x"));
    assert!(plan.model().bias && plan.model().activation == infimum_lab::recipe::Activation::Relu2);
}

#[test]
fn everything_that_was_left_out_is_resolved() {
    let fresh = plan(GOOD, &["training.steps=400"]);
    let training = fresh.training();
    assert_eq!((training.warmup, training.last_rate, fresh.evaluation().every), (20, 0.003 / 10.0, 20));
    let fixed = plan(GOOD, &["data.source=fixed", "data.sequences=100", "data.epochs=3", "training.batch=16"]);
    assert_eq!(fixed.training().steps, 19);
}

#[test]
fn plans_come_back_and_other_numerics_are_refused() {
    for (name, text) in recipes::BUILT_IN {
        let plan = plan(text, &[]);
        let toml = plan.to_toml();
        assert_eq!(plan.name(), name.rsplit('/').next().unwrap());
        assert_eq!(Plan::from_toml(&toml, Path::new("plan.toml")).unwrap(), plan);
        let numerics = format!("numerics = {}", plan.numerics());
        for (old, new, expected) in [
            (&*numerics, "numerics = 999", "numerics = 999, this version computes with"),
            (&numerics, "", "lacks `numerics`"),
            ("parameters = ", "parameters = 1", "parameters, its model has"),
            ("[model]", "[model]\nwings = 2", "unknown field `wings`"),
            ("layers = ", "layers = 1", "parameters, its model has"),
        ] {
            let error = Plan::from_toml(&toml.replacen(old, new, 1), Path::new("plan.toml")).unwrap_err();
            assert!(error.is_user_error() && error.to_string().contains(expected), "{error}");
        }
    }
}

/// A gradient is folded before it is replayed: also one whose embedding has no parameters and whose positions are none.
#[test]
fn every_recipe_has_a_gradient_that_can_be_folded() {
    for (name, text) in recipes::BUILT_IN {
        let plan = plan(text, &[]);
        let world = plan.build_world().unwrap();
        let program = plan.program(world.shape()).gradient();
        let folded = program.folded();
        assert_eq!(folded.weights().parameters(), plan.parameters(), "{name}");
        if plan.parameters() < 2000 {
            let heads = world.shape().heads.iter().map(|head| head.alphabet);
            let tokens = heads.chain([world.shape().alphabet, 10]).min().unwrap();
            agree(name, [&program, &folded], &start(&program, plan.model(), 1), tokens);
        }
    }
}

/// The two give one gradient, in f64, of sequences of the first `tokens` tokens that are all alike but for their position.
fn agree(name: &str, programs: [&Program; 2], point: &[f32], tokens: usize) {
    let point: Vec<f64> = point.iter().map(|x| f64::from(*x)).collect();
    let fill = |sequence: usize, feed: &mut Feed| {
        for ids in &mut feed.ids {
            ids.iter_mut().enumerate().for_each(|(t, id)| *id = ((7 * t + 3 * sequence) % tokens) as u16);
        }
        feed.arrays.iter_mut().for_each(|array| array.fill(1.0));
    };
    let gradient = |program: &Program| Reference::new(program).gradient(&point, 2, &fill).gradient;
    let [plain, folded] = programs.map(gradient);
    let largest = plain.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    let differs = plain.iter().zip(&folded).find(|(a, b)| (*a - *b).abs() > 1e-10 * largest);
    assert_eq!(differs, None, "{name}: a gradient and the folded one, of at most {largest}");
}

#[test]
fn recipes_are_found_by_path_and_by_name() {
    let named = Recipe::load(Path::new("markov-10"), &[]).unwrap();
    assert_eq!(named.name.as_deref(), Some("markov-10"));
    let message = Recipe::load(Path::new("markov-11"), &[]).unwrap_err().to_string();
    assert!(message.contains("`markov-11`") && message.contains("markov-100-sparse75"), "{message}");
}
