//! Plants twelve faults, and says what is found of each, of runs of shipped recipes, and of some that have too few
//! steps.
//!
//!     cargo run --release -p infimum-lab --example faults [SEED]

#[path = "../tests/explain/faults.rs"]
mod faults;

use faults::{FAULTS, HEALTHY, SHORT, planted, shipped};
use infimum_lab::explain::Diagnosis;

fn main() {
    let seed = std::env::args().nth(1).map_or(1, |seed| seed.parse().expect("a seed is a whole number"));
    let folder = std::env::temp_dir().join(format!("infimum-faults-{}", std::process::id()));
    for fault in &FAULTS {
        print(fault.name, fault.cause, &planted(fault, seed, &folder).causes);
    }
    for healthy in HEALTHY {
        print(healthy.0, "-", &shipped(healthy, &folder).causes);
    }
    for short in SHORT {
        print(&format!("{}, few steps", short.0), "ended_early", &shipped(short, &folder).causes);
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
