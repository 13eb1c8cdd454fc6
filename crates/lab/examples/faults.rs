//! Plants twelve faults, and says what is found of each, and of ten runs of shipped recipes.
//!
//!     cargo run --release -p infimum-lab --example faults [SEED]

#[path = "../tests/explain/faults.rs"]
mod faults;

use faults::{FAULTS, HEALTHY, planted, shipped};
use infimum_lab::explain::Diagnosis;

fn main() {
    let seed = std::env::args().nth(1).map_or(1, |seed| seed.parse().expect("a seed is a whole number"));
    let folder = std::env::temp_dir().join(format!("infimum-faults-{}", std::process::id()));
    for fault in &FAULTS {
        print(fault.name, fault.cause, &planted(fault, seed, &folder));
    }
    for healthy in HEALTHY {
        print(healthy.0, "-", &shipped(healthy, &folder));
    }
    std::fs::remove_dir_all(&folder).expect("it was made here");
}

fn print(name: &str, wanted: &str, found: &[Diagnosis]) {
    let causes: Vec<&str> = found.iter().map(|diagnosis| diagnosis.cause).collect();
    let first = causes.first().copied().unwrap_or("-");
    println!("{}  {name:32} {wanted:20} {}", if first == wanted { "right" } else { "WRONG" }, causes.join(", "));
    for Diagnosis { evidence, .. } in found {
        println!("         {evidence}");
    }
}
