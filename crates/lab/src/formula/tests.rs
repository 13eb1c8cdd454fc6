use std::collections::BTreeMap;

use infimum_worlds::{Head, Shape};

use super::functions::{MAKERS, may_freeze};
use super::parse::parse;
use crate::recipe::{Model, Norm};
use crate::{Audit, Plan, Recipe, decoder, start};

fn shape() -> Shape {
    Shape { positions: 33, alphabet: 14, heads: vec![Head { name: "token", alphabet: 14 }], scored: 21..33 }
}

/// One block of width 7, as the smaller of yinglunz's adders.
fn model(weights: &[(&str, &str)]) -> Model {
    let weights = weights.iter().map(|(name, formula)| (name.to_string(), formula.to_string())).collect();
    let (layers, heads, mlp_hidden) = (1, 1, Some(14));
    Model { width: 7, layers, heads, mlp_hidden, norm: Norm::Rms, tied: true, weights, ..Model::default() }
}

fn parameters(weights: &[(&str, &str)]) -> usize {
    decoder(&model(weights), &shape()).unwrap().weights().parameters()
}

fn refusal(weights: &[(&str, &str)]) -> String {
    decoder(&model(weights), &shape()).unwrap_err().to_string()
}

#[test]
fn formulas_that_are_none_are_refused_with_the_column() {
    for (text, expected) in [
        ("", "column 1: the end where a number, a weight, a function or `(` was expected"),
        ("free(3, 4", "column 10: the end where `,` was expected"),
        ("free(3 4)", "column 8: `4` where `,` was expected"),
        ("wte wpe", "column 5: `w` where an operator or the end was expected"),
        ("2 * ?", "column 5: `?` where a number, a weight, a function or `(` was expected"),
        ("1e99", "column 1: `1e99` is no number in the range of f32"),
        ("1.2.3", "column 1: `1.2.3` is no number in the range of f32"),
    ] {
        assert_eq!(parse(text).unwrap_err(), expected, "{text}");
    }
    let deep = format!("{}1{}", "(".repeat(60), ")".repeat(60));
    assert!(parse(&deep).unwrap_err().contains("more than 50 brackets"));
    assert!(parse(&"1+".repeat(60_000)).unwrap_err().contains("at most 100000"));
}

#[test]
fn formulas_that_do_not_fit_are_refused_by_name() {
    for (weights, expected) in [
        (vec![("wpe", "free(33, 8)")], "weight `wpe`: its formula gives [33, 8], the model wants [33, 7]"),
        (
            vec![("wpe", "fre(33, 7)")],
            "weight `wpe`: column 1: there is no function `fre`; there are free(rows, columns, value = …, deviation = …), low_rank(",
        ),
        (vec![("wpe", "given(1, 2, 3)")], "column 1: `given` has 1 numbers for 1 x 2"),
        (vec![("wpe", "given(1, 2, 3, wte)")], "column 16: a number was expected"),
        (vec![("wpe", "low_rank()")], "column 1: `low_rank` lacks its rank"),
        (vec![("wpe", "low_rank(1.5)")], "column 10: a whole number from 0 to 1048576 was expected"),
        (
            vec![("wpe", "arc(33, 1, 2)")],
            "column 1: `arc` lacks `stride`; its arguments are count, radius, start, stride",
        ),
        (vec![("wpe", "free(rows = 33, rows = 33)")], "column 24: `rows` again or for nothing"),
        (vec![("wpe", "h.0.attn.z")], "weight `h.0.attn.z`: there is none; the model's are h.0.attn.c_attn,"),
        (vec![("h.0.ln_9", "1")], "weight `h.0.ln_9`: it has a formula, but nothing uses it"),
        (vec![("a", "b"), ("b", "a"), ("wpe", "a")], "its formula refers to itself, through `wpe`, `a`, `b`"),
        (vec![("wpe", "free(value = 1, deviation = 1)")], "parameters start in one way"),
        (vec![("wpe", "random(deviation = 0.1)")], "`random` has a `deviation` above 0 and a whole `seed`"),
        (vec![("wpe", "zeros(1000000, 1000000)")], "an array of a formula has at most 16777216"),
        (vec![("wpe", "free(33, 3) * free(4, 7)")], "a product of [33, 3] and [4, 7] needs equal inner sizes"),
        (vec![("h.0.attn.k", "rotate(h.0.attn.q, 0.1)")], "the rows of [7, 7] do not come in pairs"),
    ] {
        let found = refusal(&weights);
        assert!(found.contains(expected), "{weights:?}: {found}");
    }
    assert!(refusal(&[("wpe", "low_rank(")]).contains("column 10"));
}

/// A mistake in a formula is the user's: it is named by its key.
#[test]
fn a_recipe_whose_formulas_do_not_fit_is_refused_by_their_keys() {
    let refusal = |weights: &str| {
        let text = format!(
            "[world]\nkind = \"markov\"\nstates = 4\nlength = 8\nseed = 1\n[model]\nwidth = 8\nlayers = 1\nheads = 2\n[model.weights]\n{weights}"
        );
        let error = Plan::new(&Recipe::parse(&text, "formulas", &[]).unwrap()).unwrap_err();
        assert!(error.is_user_error(), "{error}");
        error.to_string()
    };
    for (weights, expected) in [
        ("wpe = \"foo(1)\"", "model.weights.wpe = \"foo(1)\" (line 11): column 1: there is no function `foo`"),
        ("wpe = \"free(2, 2)\"", "its formula gives [2, 2], the model wants [7, 8]; docs/weights.md"),
        ("wpe = \"wpe\"", "model.weights.wpe = \"wpe\" (line 11): its formula refers to itself"),
        ("ghost = \"1\"", "model.weights.ghost = \"1\" (line 11): it has a formula, but nothing uses it"),
        (
            "wpe = \"low_rank(0)\"",
            "model.weights = … `transformer.wpe.weight.left` … (line 10): free: a weight of 7 x 0 has no scalar",
        ),
    ] {
        let found = refusal(weights);
        assert!(found.contains(expected), "{weights}: {found}");
    }
}

#[test]
fn functions_say_whether_their_numbers_are_frozen() {
    let formulas = [
        ("free", "free()"),
        ("low_rank", "low_rank(1)"),
        ("random", "random(deviation = 0.1, seed = 1)"),
        ("given", "given(1, 7, 1, 2, 3, 4, 5, 6, 7)"),
        ("zeros", "zeros()"),
        ("identity", "rows(identity(7, 7), 0, 1)"),
    ];
    assert!(MAKERS.iter().map(|maker| maker.name).eq(formulas.map(|(name, _)| name)));
    for (maker, (_, formula)) in MAKERS.iter().zip(formulas) {
        let program = decoder(&model(&[("h.0.ln_1", formula)]), &shape()).unwrap();
        assert_eq!((Audit::of(&program).frozen > 0, may_freeze(formula)), (maker.frozen, maker.frozen), "{formula}");
    }
}

/// The ten ways in which yinglunz's adder shares the factors of queries, keys and values, with their published counts of
/// parameters: r (d + 3 d) for all apart, with d = 7 and r = 3.
#[test]
fn the_ten_published_ways_to_tie_queries_keys_and_values() {
    let all_but_attention = parameters(&[]) - 3 * 49;
    for (mode, [q, k, v], expected) in [
        ("none", ["low_rank(3)", "low_rank(3)", "low_rank(3)"], 126),
        ("all", ["low_rank(3)", "h.0.attn.q", "h.0.attn.q"], 42),
        ("qk", ["low_rank(3)", "h.0.attn.q", "low_rank(3)"], 84),
        ("kv", ["low_rank(3)", "low_rank(3)", "h.0.attn.k"], 84),
        ("shareA", ["free(7, 3) * a", "free(7, 3) * a", "free(7, 3) * a"], 84),
        ("shareB", ["b * free(3, 7)", "b * free(3, 7)", "b * free(3, 7)"], 84),
        ("shareB_tieQK", ["b * free(3, 7)", "h.0.attn.q", "b * free(3, 7)"], 63),
        ("shareB_tieKV", ["b * free(3, 7)", "b * free(3, 7)", "h.0.attn.k"], 63),
        ("shareA_tieKV", ["free(7, 3) * a", "free(7, 3) * a", "h.0.attn.k"], 63),
        ("shareA_tieQK", ["free(7, 3) * a", "h.0.attn.q", "free(7, 3) * a"], 63),
    ] {
        let mut weights = vec![("h.0.attn.q", q), ("h.0.attn.k", k), ("h.0.attn.v", v)];
        match mode {
            _ if mode.starts_with("shareA") => weights.push(("a", "free(3, 7)")),
            _ if mode.starts_with("shareB") => weights.push(("b", "free(7, 3)")),
            _ => {}
        }
        assert_eq!(parameters(&weights) - all_but_attention, expected, "{mode}");
    }
}

/// The adder of 456 parameters.
fn adder_456() -> Model {
    model(&[
        ("wpe", "low_rank(3, deviation = 0.02)"),
        ("basis", "free(3, 7, deviation = glorot)"),
        ("h.0.attn.q", "free(7, 3, deviation = glorot) * basis"),
        ("h.0.attn.k", "free(7, 3, deviation = glorot) * basis"),
        ("h.0.attn.v", "h.0.attn.k"),
        ("h.0.attn.c_proj", "low_rank(2)"),
        ("h.0.mlp.c_fc", "low_rank(3)"),
        ("h.0.mlp.c_proj", "low_rank(3)"),
    ])
}

#[test]
fn a_published_adder_has_its_456_parameters_and_starts_as_its_formulas_say() {
    let program = decoder(&adder_456(), &shape()).unwrap();
    let audit = Audit::of(&program);
    assert_eq!((audit.free, audit.frozen, audit.derived), (456, 0, 0));
    let basis = audit.arrays.iter().find(|line| line.name == "basis").unwrap();
    assert_eq!(basis.sites, ["h.0.attn.q", "h.0.attn.k", "h.0.attn.v"]);
    let point = start(&program, &adder_456(), 1);
    let parameters = program.parameters();
    let deviation = |name: &str| {
        let numbers = &point[parameters.iter().find(|p| p.name == name).expect(name).range.clone()];
        (numbers.iter().map(|x| f64::from(x * x)).sum::<f64>() / numbers.len() as f64).sqrt()
    };
    let glorot = (2.0_f64 / 10.0).sqrt();
    for (name, expected) in [
        ("transformer.wpe.weight.left", 0.02),
        ("basis", glorot),
        ("transformer.h.0.attn.q.weight.left", glorot),
        ("transformer.h.0.mlp.c_fc.weight.left", (2.0_f64 / 17.0).sqrt()),
        ("transformer.ln_f.weight", 1.0),
    ] {
        assert!((deviation(name) / expected - 1.0).abs() < 0.5, "{name}: {}, {expected}", deviation(name));
    }
}

#[test]
fn frozen_numbers_and_constants_are_counted_apart() {
    let audit = |weights: &[(&str, &str)]| {
        let audit = Audit::of(&decoder(&model(weights), &shape()).unwrap());
        (audit.free, audit.frozen, audit.derived)
    };
    let free = parameters(&[]);
    assert_eq!(audit(&[]), (free, 0, 0));
    assert_eq!(audit(&[("wpe", "random(deviation = 0.02, seed = 1)")]), (free - 231, 231, 0));
    assert_eq!(audit(&[("wpe", "low_rank(3) + random(deviation = 0.02, seed = 1)")]), (free - 231 + 120, 231, 0));
    assert_eq!(audit(&[("h.0.ln_1", "given(1, 7, 1, 2, 3, -4, 5e-1, 6, 7)")]), (free - 7, 7, 0));
    assert_eq!(audit(&[("h.0.ln_1", "1"), ("h.0.ln_2", "ln_f")]), (free - 14, 0, 7));
    assert_eq!(audit(&[("h.0.attn.k", "-h.0.attn.q"), ("h.0.attn.v", "0.5 * h.0.attn.q")]), (free - 98, 0, 0));
    assert_eq!(audit(&[("h.0.attn.c_proj", "transpose(h.0.attn.q)")]), (free - 49, 0, 0));
    assert_eq!(audit(&[("h.0.attn.k", "free(value = 1) * h.0.attn.q")]), (free - 48, 0, 0));
    assert_eq!(audit(&[("h.0.attn.k", "gained(free(1, 7), h.0.attn.q)")]), (free - 42, 0, 0));
}

/// MicroAdder's table of tokens and positions: two channels of an arc, three of a spiral.
#[test]
fn generated_arrays_have_the_numbers_of_their_generators() {
    let table = "beside(zeros(14, 3), arc(14, free(value = 2.5), -1.2, 0.29), zeros(14, 2))";
    let weights = [("wte", table), ("wpe", "beside(spiral(33, 10, 3.5, 0, 0.15, 0), zeros(33, 4))")];
    let program = decoder(&model(&weights), &shape()).unwrap();
    let audit = Audit::of(&program);
    let arc = audit.arrays.iter().find(|line| line.expression == "arc").unwrap();
    assert_eq!((arc.shape, audit.derived), ([14, 2], 2 + 14 * 5 + 4 + 33 * 4));
    let point = start(&program, &model(&weights), 1);
    let radius = program.parameters().into_iter().find(|p| p.shape.len() == 1).unwrap();
    assert_eq!(point[radius.range], [2.5]);
}

#[test]
fn the_docs_have_every_function() {
    let docs = include_str!("../../../../docs/weights.md");
    for function in super::functions::functions() {
        assert!(docs.contains(&format!("`{function}`")), "docs/weights.md lacks `{function}`");
    }
}

#[test]
fn formulas_stand_in_recipes_and_plans() {
    let text = "[world]\nkind = \"addition\"\ndigits = 3\n[model]\nwidth = 7\nheads = 1\n[model.weights]\nwpe = \"low_rank(3)\"";
    let plan = crate::Plan::new(&crate::Recipe::parse(text, "test", &[]).unwrap()).unwrap();
    assert_eq!(plan.model().weights, BTreeMap::from([("wpe".to_string(), "low_rank(3)".to_string())]));
    assert_eq!(crate::Plan::from_toml(&plan.to_toml(), "plan.toml".as_ref()).unwrap(), plan);
    let wrong = text.replace("low_rank(3)", "free(value = 1, deviation = 2)");
    let error = crate::Plan::new(&crate::Recipe::parse(&wrong, "test", &[]).unwrap()).unwrap_err();
    assert!(error.to_string().contains("parameters start in one way"), "{error}");
}
