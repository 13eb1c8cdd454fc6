//! `examples/whole.rs` is the text that the engine is held to, so it is checked here against things it does not share:
//! central differences, NumPy's generator, and published values of erf. Then the engine is held to its loss curve.

#[path = "../../../examples/whole.rs"]
mod whole;

mod replay;

use infimum_engine::Program;
use infimum_worlds::Example;
use replay::replay;
use whole::{Arrays, STATES, STEPS, T, Trainer};

/// Weights large enough that every path through the model carries a gradient.
fn large_weights() -> Arrays {
    let mut weights = whole::start_weights();
    weights.iter_mut().flatten().enumerate().for_each(|(i, w)| *w += whole::uniform(99, 0, 0, i) - 0.5);
    weights
}

/// `|numeric - given| / |numeric|` of one array, with central differences of the loss.
fn relative_error(weights: &Arrays, batch: &[Vec<usize>], array: usize, given: &[f64]) -> f64 {
    let step = 1e-5;
    let loss = |i: usize, by: f64| {
        let mut moved = weights.clone();
        moved[array][i] += by;
        whole::gradient(&moved, batch).0
    };
    let numeric: Vec<f64> = (0..given.len()).map(|i| (loss(i, step) - loss(i, -step)) / (2.0 * step)).collect();
    let length = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>().sqrt();
    length(&mut numeric.iter().zip(given).map(|(n, g)| n - g)) / length(&mut numeric.iter().copied())
}

#[test]
fn backward_agrees_with_central_differences_and_a_wrong_one_does_not() {
    let weights = large_weights();
    let batch = &whole::batch(&whole::laws(), 0)[..3];
    let (_, given) = whole::gradient(&weights, batch);
    for (array, (name, _)) in whole::ARRAYS.iter().enumerate() {
        let error = relative_error(&weights, batch, array, &given[array]);
        assert!(error <= 1e-7, "{name}: relative error {error:e}");
        let wrong: Vec<f64> = given[array].iter().map(|d| d * 1.0001).collect();
        assert!(relative_error(&weights, batch, array, &wrong) > 1e-7, "{name}: a wrong gradient passes");
    }
}

/// `Generator(Philox(key=[42, 7], counter=[0, 1, 2, 0])).random(6)` of NumPy 2.4.
#[test]
fn streams_equal_numpys_philox() {
    let bits = [
        10225200674769676868u64,
        4975611886480171806,
        15911984102250682806,
        17057495914544873333,
        17397810031709685941,
        6336409592449164751,
    ];
    for (draw, bits) in bits.into_iter().enumerate() {
        assert_eq!(whole::uniform(7, 2, 1, draw), (bits >> 11) as f64 / (1u64 << 53) as f64);
    }
}

#[test]
fn erf_has_the_published_values() {
    // Abramowitz and Stegun, table 7.1, carried to 16 digits; erf is odd.
    for (x, expected) in [
        (0.0, 0.0),
        (1e-9, 1.1283791670955126e-9),
        (0.5, 0.5204998778130465),
        (1.0, 0.8427007929497149),
        (2.0, 0.9953222650189527),
        (3.5, 0.9999992569016276),
        (5.9, 1.0),
        (7.0, 1.0),
    ] {
        assert!((whole::erf(x) - expected).abs() <= 2e-15 * expected, "erf({x})");
        assert_eq!(whole::erf(-x), -whole::erf(x));
    }
}

/// The floor is the mean of the truth's loss over all `STATES^T` sequences, each weighted with its probability.
#[test]
fn the_floor_is_the_enumerated_one() {
    let laws = whole::laws();
    let mut sum = 0.0;
    for code in 0..STATES.pow(T as u32) {
        let states = (0..T as u32).map(|t| code / STATES.pow(t) % STATES);
        let tokens: Vec<usize> = std::iter::once(whole::BOS).chain(states).collect();
        let probability: f64 = tokens.windows(2).map(|pair| laws[pair[0]][pair[1]]).product();
        sum += probability * whole::truth(&laws, &tokens) / T as f64;
    }
    let error = (sum - whole::floor(&laws)).abs() / sum;
    assert!(error <= 1e-12, "relative error {error:e}");
}

#[test]
fn training_approaches_the_floor_from_above() {
    let (laws, mut trainer) = (whole::laws(), Trainer::start());
    let losses: Vec<f64> = (0..STEPS).map(|step| trainer.step(&whole::batch(&laws, step))).collect();
    assert!((losses[0] - 1.791759469228055).abs() <= 0.01, "ln 6 is the loss of knowing nothing, not {}", losses[0]);
    let (excess, error) = whole::excess(&laws, &trainer.weights);
    assert!(excess > -4.0 * error - 1e-6 && excess <= 0.02, "excess {excess} +- {error}");
}

/// The same model and training as a recipe; the file names its arrays in the same order.
fn recipe() -> String {
    format!(
        "[world]\nkind = \"markov\"\nstates = {STATES}\nlength = {}\nseed = 1\n[model]\nwidth = {}\nlayers = 1\nheads = {}\n\
         mlp_ratio = {}\n[training]\nsteps = {STEPS}\nbatch = {}\nrate = {:?}\nlast_rate = {:?}\nwarmup = {}\nbeta1 = {:?}\n\
         beta2 = {:?}\nepsilon = {:?}\ndecay = {:?}\nclip = {:?}\n",
        T + 1,
        whole::C,
        whole::H,
        whole::HIDDEN / whole::C,
        whole::BATCH,
        whole::RATE,
        whole::LAST_RATE,
        whole::WARM_UP,
        whole::BETA.0,
        whole::BETA.1,
        whole::EPSILON,
        whole::DECAY,
        whole::CLIP,
    )
}

/// Losses of the trainer that runs use, from the same start weights, on the same batches.
fn engine_losses(weights: &Arrays, steps: usize) -> Vec<f64> {
    let laws = whole::laws();
    let sequence = |tokens: Vec<usize>| {
        let ids: Vec<u16> = tokens.into_iter().map(|token| token as u16).collect();
        Example { tokens: ids[..T].to_vec(), targets: vec![ids[1..].to_vec()], weights: vec![vec![1.0; T]] }
    };
    let batch = |step| whole::batch(&laws, step).into_iter().map(sequence).collect();
    let start = |program: &Program| {
        let names: Vec<String> = program.parameters().into_iter().map(|p| p.name).collect();
        assert_eq!(names, whole::ARRAYS.map(|(name, _)| name));
        weights.concat()
    };
    replay(&recipe(), (0..steps).map(batch).collect(), start).into_iter().map(|step| step.loss).collect()
}

/// From small weights as the file trains, and from large ones, where gradients are longer than the clip.
#[test]
fn the_engine_has_the_loss_curve_of_the_file() {
    let laws = whole::laws();
    for weights in [whole::start_weights(), large_weights()] {
        let mut trainer = Trainer::start();
        trainer.weights = weights.clone();
        for (step, engine) in engine_losses(&weights, 50).into_iter().enumerate() {
            let file = trainer.step(&whole::batch(&laws, step));
            assert!((engine - file).abs() <= 1e-5, "step {step}: the engine has {engine}, the file {file}");
        }
    }
}
