//! Twenty steps of every optimiser are PyTorch's (oracles/optimisers.py), and one that is restored goes on to the same bits.

use infimum_engine::{
    Adam, AdamW, Found, Grokfast, Group, Isa, Lbfgs, Moments, Momentum, Next, Optimiser, Sgd, SlowGradient, Team,
};
use serde_json::Value;

const WIDTH: usize = 5;
const ROWS: usize = 12;
const RATE: f64 = 0.05;

/// The oracle's numbers.
fn number(k: usize) -> f64 {
    (k * 7919 % 2003) as f64 / 1001.5 - 1.0
}

/// Loss and gradient of the oracle's regression at `w`.
fn regression(w: &[f32], bend: f64) -> (f64, Vec<f32>) {
    let w: Vec<f64> = w.iter().map(|w| f64::from(*w)).collect();
    let (mut loss, mut gradient) = (0.0, vec![0.0; WIDTH]);
    for row in 0..ROWS {
        let x: Vec<f64> = (0..WIDTH).map(|k| 2.0 * number(row * WIDTH + k + 1)).collect();
        let y = if row % 3 == 0 { -1.0 } else { 1.0 };
        let z: f64 = x.iter().zip(&w).map(|(x, w)| x * w).sum();
        loss += (libm::log1p(libm::exp(-y * z)) + bend * libm::cos(3.0 * z)) / ROWS as f64;
        let slope = (-y / (1.0 + libm::exp(y * z)) - 3.0 * bend * libm::sin(3.0 * z)) / ROWS as f64;
        gradient.iter_mut().zip(&x).for_each(|(g, x)| *g += slope * x);
    }
    loss += 0.05 * w.iter().map(|w| w * w).sum::<f64>();
    gradient.iter_mut().zip(&w).for_each(|(g, w)| *g += 0.1 * w);
    // As a batch's sum, which `scale` brings back to the mean.
    (loss, gradient.into_iter().map(|g| (g * ROWS as f64) as f32).collect())
}

/// The optimiser of a case, at the oracle's start.
fn made(name: &str, settings: &Value) -> Box<dyn Optimiser> {
    let setting = |key: &str| settings[key].as_f64().unwrap_or(0.0);
    let point: Vec<f32> = (77..77 + WIDTH).map(|k| number(k) as f32).collect();
    let groups = vec![
        Group { range: 0..2, decay: setting("decay"), rate_factor: 1.0 },
        Group { range: 2..WIDTH, decay: setting("decay"), rate_factor: 1.0 },
    ];
    let moments = Moments { beta1: 0.9, beta2: 0.95, epsilon: 1e-8 };
    match name.split(' ').next().unwrap() {
        "adamw" => Box::new(AdamW::new(point, groups, moments)),
        "adam" => Box::new(Adam::new(point, groups, moments)),
        "sgd" => {
            let nesterov = settings["nesterov"] == true;
            Box::new(Sgd::new(point, groups, Momentum { kept: setting("momentum"), nesterov }))
        }
        "grokfast" => {
            let filter = SlowGradient { alpha: setting("alpha"), lambda: setting("lambda") };
            Box::new(Grokfast::new(point, groups, moments, filter))
        }
        "lbfgs" => Box::new(Lbfgs::new(point, setting("history") as usize)),
        other => panic!("the oracle has {other}"),
    }
}

fn step(optimiser: &mut dyn Optimiser, settings: &Value) {
    let rate = settings["rate"].as_f64().unwrap_or(RATE);
    let bend = if settings["history"].is_null() { 0.1 } else { 0.0 };
    let mut looks = 0;
    loop {
        let (loss, gradient) = regression(optimiser.point(), bend);
        let found = Found { loss, gradient: &gradient, scale: 1.0 / ROWS as f32 };
        looks += 1;
        if optimiser.tell(Isa::best(), &mut Team::new(1), found, rate) == Next::Step {
            break;
        }
    }
    assert!(looks <= 27, "{looks}");
}

fn cases() -> Vec<(String, Value, Vec<Vec<f64>>)> {
    let all: Value = serde_json::from_str(include_str!("oracles/optimisers.json")).unwrap();
    let cases = all.as_object().unwrap().iter();
    let points = |case: &Value| serde_json::from_value(case["points"].clone()).unwrap();
    cases.map(|(name, case)| (name.clone(), case["settings"].clone(), points(case))).collect()
}

#[test]
fn twenty_steps_are_pytorchs() {
    let cases = cases();
    assert_eq!(cases.len(), 11);
    for (name, settings, points) in cases {
        let mut optimiser = made(&name, &settings);
        for (number, expected) in points.iter().enumerate() {
            step(&mut *optimiser, &settings);
            for (found, expected) in optimiser.point().iter().zip(expected) {
                let away = (f64::from(*found) - expected).abs();
                assert!(away <= 1e-5, "{name}, step {}: {found} for {expected}", number + 1);
            }
        }
    }
}

#[test]
fn a_restored_optimiser_goes_on_to_the_same_bits() {
    for (name, settings, points) in cases() {
        let mut whole = made(&name, &settings);
        for at in 0..points.len() {
            let (steps, arrays) = whole.state();
            let names: Vec<&String> = arrays.iter().map(|(name, _)| name).collect();
            assert!(names.is_sorted() && arrays.iter().all(|(_, array)| array.len() == WIDTH), "{name}: {names:?}");
            assert_eq!(steps, at as u64);
            let arrays = arrays.into_iter().map(|(name, array)| (name, array.to_vec())).collect();
            let mut resumed = made(&name, &settings);
            resumed.restore(whole.point().to_vec(), steps, arrays);
            step(&mut *whole, &settings);
            step(&mut *resumed, &settings);
            assert_eq!(whole.point(), resumed.point(), "{name}, step {}", at + 1);
        }
    }
}

/// Places on the line where the loss is no number are too far.
#[test]
fn a_line_search_comes_back_from_where_the_loss_is_no_number() {
    let mut optimiser = Lbfgs::new(vec![4.0], 5);
    for _ in 0..30 {
        let x = f64::from(optimiser.point()[0]);
        // 1 / x + x has its least value at 1; start at 4 with a first step far below 0, where there is no loss.
        let (loss, slope) = if x > 0.0 { (1.0 / x + x, 1.0 - 1.0 / (x * x)) } else { (f64::NAN, f64::NAN) };
        let found = Found { loss, gradient: &[slope as f32], scale: 1.0 };
        optimiser.tell(Isa::best(), &mut Team::new(1), found, 50.0);
    }
    assert!((optimiser.point()[0] - 1.0).abs() < 1e-3, "{}", optimiser.point()[0]);
}
