//! The instruction sets: which exist here, their names, and the one door into code compiled for each.

use std::fmt;
use std::str::FromStr;

use crate::lanes::{Lanes, scalar::Scalars};

/// An instruction set that this processor has. Values come from [`Isa::available`], [`Isa::best`], [`Isa::SCALAR`] and
/// parsing alone, all of which ask the processor, so a value is the proof that code compiled for it may run.
///
/// It decides speed, never bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Isa(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "aarch64")]
    Neon,
    Scalar,
}

/// Work that is written once for all lanes and compiled once per instruction set. `run` must be `#[inline(always)]`, or
/// it is compiled without the instruction set.
pub(crate) trait Task {
    /// What the work gives.
    type Output;
    /// Does the work with lanes of type `L`.
    fn run<L: Lanes>(self) -> Self::Output;
}

impl Isa {
    /// One lane after another, on any processor. Slow; for comparison.
    pub const SCALAR: Isa = Isa(Kind::Scalar);

    /// The instruction sets of this processor, best first. The last is always [`Isa::SCALAR`].
    pub fn available() -> Vec<Isa> {
        let mut found = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if detect_avx512() {
                found.push(Isa(Kind::Avx512));
            }
            if detect_avx2() {
                found.push(Isa(Kind::Avx2));
            }
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            found.push(Isa(Kind::Neon));
        }
        found.push(Isa::SCALAR);
        found
    }

    /// The fastest instruction set of this processor.
    pub fn best() -> Isa {
        Isa::available()[0]
    }

    /// The name that users write: `avx512`, `avx2`, `neon` or `scalar`.
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "avx2",
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => "neon",
            Kind::Scalar => "scalar",
        }
    }

    /// Runs a task compiled for this instruction set.
    #[inline]
    pub(crate) fn enter<T: Task>(self, task: T) -> T::Output {
        match self.0 {
            // SAFETY: an `Isa` of this kind is made only after `detect_avx512`.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => unsafe { crate::lanes::avx512::enter(task) },
            // SAFETY: an `Isa` of this kind is made only after `detect_avx2`.
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => unsafe { crate::lanes::avx2::enter(task) },
            // SAFETY: an `Isa` of this kind is made only after NEON was detected.
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => unsafe { crate::lanes::neon::enter(task) },
            Kind::Scalar => enter_scalar(task),
        }
    }
}

/// A function of its own, as those of the other instruction sets are: its size must not be that of every caller.
#[inline(never)]
pub(crate) fn enter_scalar<T: Task>(task: T) -> T::Output {
    task.run::<Scalars>()
}

/// Every feature that `lanes::avx512::enter` enables.
#[cfg(target_arch = "x86_64")]
fn detect_avx512() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has!("avx512f") && has!("avx512dq") && has!("avx512bw") && has!("avx512vl") && detect_avx2()
}

/// Every feature that `lanes::avx2::enter` enables.
#[cfg(target_arch = "x86_64")]
fn detect_avx2() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has!("avx2") && has!("fma")
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no instruction set of this processor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownIsa {
    /// What was asked for.
    pub name: String,
}

impl fmt::Display for UnknownIsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let here: Vec<&str> = Isa::available().into_iter().map(Isa::name).collect();
        write!(f, "instruction set `{}`: this processor has {}", self.name, here.join(", "))
    }
}

impl std::error::Error for UnknownIsa {}

impl FromStr for Isa {
    type Err = UnknownIsa;

    fn from_str(name: &str) -> Result<Isa, UnknownIsa> {
        let found = Isa::available().into_iter().find(|isa| isa.name() == name);
        found.ok_or_else(|| UnknownIsa { name: name.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_available_name_parses_to_itself() {
        for isa in Isa::available() {
            assert_eq!(isa.name().parse(), Ok(isa));
        }
        assert_eq!(Isa::available().last(), Some(&Isa::SCALAR));
    }

    #[test]
    fn what_the_processor_lacks_is_refused_with_what_it_has() {
        let foreign = if cfg!(target_arch = "x86_64") { "neon" } else { "avx512" };
        for name in [foreign, "AVX2", "sse9", ""] {
            let text = name.parse::<Isa>().expect_err("no such instruction set").to_string();
            assert!(text.contains(name) && text.contains("scalar"), "{text}");
        }
    }
}
