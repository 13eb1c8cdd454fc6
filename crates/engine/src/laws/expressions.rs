//! Every listed weight expression passes the gradient check, and a wrong one fails it.

use crate::expression::{Expression, Weight};
use crate::gradient_check::{TOLERANCE, directional_error};
use crate::laws::samples::numbers;
use crate::shape::Shape;
use crate::weights::case;

/// Error of the pulled-back gradient of `sum r * result` for one case; `slip` multiplies one of its entries.
fn error(expression: &Expression, operands: &[Shape], slip: f64) -> Option<f64> {
    let (weights, result) = case(expression, operands);
    let point = numbers(weights.parameters(), 1);
    let matrix = weights.matrix(result);
    let entries: Vec<usize> = (0..matrix.rows)
        .flat_map(|r| {
            (0..matrix.columns).map(move |c| matrix.offset + r * matrix.row_stride + c * matrix.column_stride)
        })
        .map(|at| at as usize)
        .collect();
    let r = numbers(entries.len(), 2);
    let loss = |point: &[f64]| {
        let memory = weights.evaluate(point);
        entries.iter().zip(&r).map(|(at, r)| memory[*at] * r * memory[*at]).sum()
    };
    let memory = weights.evaluate(&point);
    let mut gradient = vec![0.0; weights.memory()];
    entries.iter().zip(&r).for_each(|(at, r)| gradient[*at] += 2.0 * r * memory[*at]);
    let mut gradient = weights.pull_back(&memory, gradient);
    gradient.iter_mut().step_by(2).for_each(|g| *g *= slip);
    (!point.is_empty()).then(|| directional_error(loss, &point, &gradient, 20))
}

#[test]
fn every_expression_passes_the_gradient_check_and_a_wrong_one_fails() {
    for (name, cases) in Expression::all_cases() {
        assert!(!cases.is_empty(), "`{name}` has no cases");
        for (expression, operands) in cases {
            let Some(right) = error(&expression, &operands, 1.0) else {
                assert_eq!(name, "constant", "only constants have no parameters");
                continue;
            };
            assert!(right <= TOLERANCE, "{name} {operands:?}: relative error {right:e}");
            let wrong = error(&expression, &operands, 1.0001).unwrap();
            assert!(wrong > TOLERANCE, "{name} {operands:?}: wrong by 1 part in 10,000 and not noticed ({wrong:e})");
        }
    }
}

#[test]
fn parameters_are_the_free_scalars() {
    for (name, parameters) in [
        ("free", 6),
        ("constant", 0),
        ("tied", 12),
        ("transposed", 12),
        ("rows", 12),
        ("scaled", 10),
        ("product", 18),
        ("gained", 18),
        ("sum", 20),
        ("stacked", 9),
        ("beside", 9),
        ("multiple", 7),
        ("rotated", 13),
        ("exponential", 6),
        ("arc", 3),
        ("spiral", 4),
        ("quadratic", 3),
    ] {
        let all = Expression::all_cases();
        let (_, cases) = all.iter().find(|(kind, _)| *kind == name).expect(name);
        assert_eq!(case(&cases[0].0, &cases[0].1).0.parameters(), parameters, "{name}");
    }
}

#[test]
fn forms_have_names_of_their_own_and_make_their_expression() {
    let forms = Expression::forms();
    for (number, form) in forms.iter().enumerate() {
        assert!(forms[..number].iter().all(|other| other.name != form.name), "{} is there twice", form.name);
        let made = (form.make)(&[Weight(0), Weight(1), Weight(2), Weight(3)], &[1.0, 2.0]);
        assert!(!made.operands().is_empty(), "{}", form.name);
    }
}
