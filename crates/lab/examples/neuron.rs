//! A neuron, or a few, learn a world of two bits. The best possible loss is known, and printed beside theirs.
//!
//!     cargo run --release -p infimum-lab --example neuron -- sum
//!     cargo run --release -p infimum-lab --example neuron -- xor 3
//!
//! The first argument names the world, the second says how many hidden neurons there are (none if it is left out). Everything
//! is scalars; `dx` is the gradient of the loss with respect to `x`. `docs/lessons/neuron.md` reads this file.

use libm::{exp, log, tanh};

const STEPS: usize = 2000;
const RATE: f64 = 1.0;

/// The inputs, each as frequent as any other.
const INPUTS: [[f64; 2]; 4] = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];

/// Worlds by name: how likely the answer is 1, for each input.
const WORLDS: [(&str, [f64; 4]); 3] =
    [("sum", [0.1, 0.5, 0.5, 0.9]), ("or", [0.1, 0.9, 0.9, 0.9]), ("xor", [0.1, 0.9, 0.9, 0.1])];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let name = arguments.first().map_or("sum", String::as_str);
    let hidden = arguments.get(1).map_or(Some(0), |count| count.parse().ok()).filter(|count| *count <= 1000);
    match (WORLDS.into_iter().find(|(known, _)| *known == name), hidden) {
        (Some((_, law)), Some(hidden)) => learn(&law, Network::start(hidden)),
        _ => {
            eprintln!("error: give a world (sum, or, xor) and at most 1000 hidden neurons, such as: xor 3");
            std::process::exit(2);
        }
    }
}

fn learn(law: &[f64; 4], mut network: Network) {
    let floor = law.iter().map(|p| loss(*p, *p)).sum::<f64>() / 4.0;
    println!("floor {floor:.4} nats: the least mean loss that any predictor can have\n");
    println!("step    loss  excess");
    for step in 0..=STEPS {
        let (mean, gradient) = network.gradient(law);
        if [0, 1, 10, 100, 1000, 2000].contains(&step) {
            println!("{step:4}  {mean:.4}  {:.4}", mean - floor);
        }
        network.descend(&gradient);
    }
    println!("\ninput  law of 1  network");
    for (x, p) in INPUTS.iter().zip(law) {
        println!("   {}{}    {p:.4}   {:.4}", x[0], x[1], network.run(x).1);
    }
    println!("\n{} parameters; those of the last neuron: {}", network.parameters(), network.last.text());
}

/// The loss of saying that 1 has probability `q` when it has `p`, in nats; `q` in place of `p` gives the entropy.
fn loss(p: f64, q: f64) -> f64 {
    -p * log(q) - (1.0 - p) * log(1.0 - q)
}

/// Weights and a bias.
#[derive(Clone)]
struct Neuron {
    w: Vec<f64>,
    b: f64,
}

impl Neuron {
    /// Zeros, or a different small number for every weight.
    fn start(inputs: usize, number: Option<usize>) -> Self {
        let spread = |i| number.map_or(0.0, |number| ((number * inputs + i + 1) as f64 * 0.618034) % 1.0 - 0.5);
        Self { w: (0..inputs).map(spread).collect(), b: 0.0 }
    }

    /// `sum over i of w[i] * x[i] + b`
    fn sum(&self, x: &[f64]) -> f64 {
        self.w.iter().zip(x).map(|(w, x)| w * x).sum::<f64>() + self.b
    }

    /// Adds to the gradient of weights and bias, given that of the sum.
    fn backward(d: &mut Neuron, dsum: f64, x: &[f64]) {
        d.w.iter_mut().zip(x).for_each(|(dw, x)| *dw += dsum * x); // sum = ... + w[i] * x[i] + ...
        d.b += dsum; //                                              sum = ... + b
    }

    fn descend(&mut self, d: &Neuron) {
        self.w.iter_mut().zip(&d.w).for_each(|(w, dw)| *w -= RATE * dw);
        self.b -= RATE * d.b;
    }

    fn text(&self) -> String {
        let w: Vec<String> = self.w.iter().map(|w| format!("{w:.3}")).collect();
        format!("w = [{}], b = {:.3}", w.join(", "), self.b)
    }
}

/// Hidden neurons with `tanh`, and a last one that reads them; without hidden ones it reads the input.
#[derive(Clone)]
struct Network {
    hidden: Vec<Neuron>,
    last: Neuron,
}

impl Network {
    fn start(hidden: usize) -> Self {
        let last = if hidden == 0 { Neuron::start(2, None) } else { Neuron::start(hidden, Some(2)) };
        Self { hidden: (0..hidden).map(|number| Neuron::start(2, Some(number))).collect(), last }
    }

    /// What the last neuron reads, and the probability of 1 that it gives: `1 / (1 + exp(-sum))`.
    fn run(&self, x: &[f64; 2]) -> (Vec<f64>, f64) {
        let hidden: Vec<f64> = self.hidden.iter().map(|neuron| tanh(neuron.sum(x))).collect();
        let read = if self.hidden.is_empty() { x.to_vec() } else { hidden };
        let sum = self.last.sum(&read);
        (read, 1.0 / (1.0 + exp(-sum)))
    }

    /// The mean loss over the inputs, and its gradient.
    fn gradient(&self, law: &[f64; 4]) -> (f64, Network) {
        let zeros = |neuron: &Neuron| Neuron { w: vec![0.0; neuron.w.len()], b: 0.0 };
        let mut d = Network { hidden: self.hidden.iter().map(zeros).collect(), last: zeros(&self.last) };
        let mut mean = 0.0;
        for (x, p) in INPUTS.iter().zip(law) {
            let (read, q) = self.run(x);
            mean += loss(*p, q) / 4.0;
            let dsum = (q - p) / 4.0; // q = 1 / (1 + exp(-sum)), loss = -p ln q - (1 - p) ln(1 - q)
            Neuron::backward(&mut d.last, dsum, &read);
            for (i, dneuron) in d.hidden.iter_mut().enumerate() {
                let dread = dsum * self.last.w[i]; // sum = ... + w[i] * read[i] + ...
                Neuron::backward(dneuron, dread * (1.0 - read[i] * read[i]), x); // read = tanh(sum)
            }
        }
        (mean, d)
    }

    fn descend(&mut self, d: &Network) {
        self.hidden.iter_mut().zip(&d.hidden).for_each(|(neuron, d)| neuron.descend(d));
        self.last.descend(&d.last);
    }

    fn parameters(&self) -> usize {
        self.hidden.iter().chain([&self.last]).map(|neuron| neuron.w.len() + 1).sum()
    }
}
