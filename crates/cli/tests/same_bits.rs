//! The same plan and seed give the same final weights: for every number of threads, on every instruction set, and after
//! any number of kills.

mod session;

use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use session::Session;

#[test]
fn threads_change_no_bit() {
    let session = Session::new("threads");
    let hash = |threads: usize| {
        session.good(&format!("run tiny.toml --threads {threads} --runs threads-{threads}"));
        session.hash(&format!("threads-{threads}/tiny-s1"))
    };
    let first = hash(1);
    for threads in [2, 3, 8] {
        assert_eq!(hash(threads), first, "{threads} threads");
    }
}

/// The instruction sets that this processor has, as the refusal of an unknown one lists them.
fn instruction_sets(session: &Session) -> Vec<&'static str> {
    let message = session.refused("run tiny.toml --isa none", &["--isa"]);
    let known = ["avx512", "avx2", "neon", "scalar"];
    known.into_iter().filter(|isa| message.split_once("--isa").unwrap().1.contains(isa)).collect()
}

#[test]
fn instruction_sets_change_no_bit() {
    let session = Session::new("isa");
    let sets = instruction_sets(&session);
    assert!(sets.contains(&"scalar"), "{sets:?}");
    let hash = |isa: &&str| {
        session.good(&format!("run tiny.toml --isa {isa} --runs {isa}"));
        session.hash(&format!("{isa}/tiny-s1"))
    };
    let hashes: Vec<String> = sets.iter().map(hash).collect();
    assert!(hashes.iter().all(|hash| *hash == hashes[0]), "{sets:?} {hashes:?}");
}

const KILLS: usize = 24;
/// After so many kills a run may go on to its end.
const KILLS_OF_A_RUN: usize = 8;

/// Random moments that are the same in every run of this test (a 64-bit linear congruential generator).
struct Moments(u64);

impl Moments {
    fn below(&mut self, longest: Duration) -> Duration {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        longest.mul_f64((self.0 >> 11) as f64 / (1_u64 << 53) as f64)
    }
}

/// Starts a command and kills it after `delay`; whether it was alive until then.
fn killed(session: &Session, line: &str, delay: Duration) -> bool {
    let mut command = session.command(&session::words(line));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    thread::sleep(delay);
    let ended = child.try_wait().expect("it can be waited for");
    child.kill().expect("a child can be killed");
    let status = child.wait().expect("it ends");
    assert!(ended.is_none_or(|status| status.success()), "{line}: {status}");
    !status.success()
}

/// Whatever the moments are, every run has to end with the same weights; they only decide what is tested.
#[test]
fn kills_at_random_moments_change_no_bit() {
    let session = Session::new("kills");
    let began = Instant::now();
    session.good("run tiny.toml --runs whole");
    let mut longest = began.elapsed();
    let (hash, mut moments, mut kills) = (session.hash("whole/tiny-s1"), Moments(42), 0);
    for number in 0.. {
        let runs = format!("runs-{number}");
        let record = format!("{runs}/tiny-s1");
        let exists = || session.path(&record).join("plan.toml").exists();
        for _ in 0..KILLS_OF_A_RUN {
            let line = if exists() { format!("resume {record}") } else { format!("run tiny.toml --runs {runs}") };
            match killed(&session, &line, moments.below(longest)) {
                true => kills += 1,
                // It was too fast; kill sooner, so that the kills come about on any machine.
                false => longest = longest.mul_f64(0.7),
            }
            if exists() {
                session.good(&format!("show {record}"));
            }
        }
        session.good(&if exists() { format!("resume {record}") } else { format!("run tiny.toml --runs {runs}") });
        assert_eq!(session.hash(&record), hash, "after {kills} kills");
        if kills >= KILLS {
            break;
        }
    }
}

/// Killed at any moment, the same command goes on with what is not finished, to the bits of each seed alone.
#[test]
fn seeds_at_once_have_the_bits_of_each_alone_after_any_number_of_kills() {
    let session = Session::new("seeds");
    let seeds = ["0", "1", "2", "3"];
    let alone = seeds.map(|seed| {
        session.good(&format!("run tiny.toml --seed {seed} --runs alone"));
        session.hash(&format!("alone/tiny-s{seed}"))
    });
    let hashes = |runs: &str| seeds.map(|seed| session.hash(&format!("{runs}/tiny-s{seed}")));
    let began = Instant::now();
    session.good("run tiny.toml --seeds 0..4 --runs whole");
    let (longest, mut moments) = (began.elapsed(), Moments(7));
    assert_eq!(hashes("whole"), alone);
    for number in 0..4 {
        let line = format!("run tiny.toml --seeds 0..4 --threads {} --runs killed-{number}", number + 1);
        for _ in 0..4 {
            killed(&session, &line, moments.below(longest));
        }
        session.good(&line);
        assert_eq!(hashes(&format!("killed-{number}")), alone);
        assert_eq!(session.json(&format!("list --runs killed-{number}")).as_array().map(Vec::len), Some(4));
    }
}
