//! Every kernel, on every shape around its block sizes and every instruction set of this processor, against its plain
//! twin. Outputs start as NaN, so does everything that an instruction may not read; scratch starts dirty.
//!
//! To add a kernel: its cases in a file here, a line in [`cases`], an arm in `twins::twin`.

mod activation;
mod add_rows;
mod attention;
mod attention_cached;
mod cross_entropy;
mod elementwise;
mod embed;
mod frame;
mod head_norm;
mod linear;
mod norm;
mod outer;
mod rotate;
mod spread;
mod twins;

use std::collections::BTreeSet;

use frame::{Case, Spoil, check};
use infimum_kernels::{Executor, Instruction, Isa};

/// The cases of all kernels.
fn cases() -> Vec<Case> {
    let products = [linear::cases(), outer::cases(), attention::cases(), attention_cached::cases()].concat();
    let rows = [add_rows::cases(), embed::cases(), norm::cases(), cross_entropy::cases()].concat();
    let heads = [head_norm::cases(), rotate::cases(), spread::cases()].concat();
    [products, rows, heads, elementwise::cases(), activation::cases()].concat()
}

fn on_every_executor() -> impl Iterator<Item = (Case, Executor)> {
    let all = cases().into_iter().flat_map(|case| Executor::ALL.map(|executor| (case.clone(), executor)));
    all.filter(|(case, executor)| case.only.is_none_or(|only| only == *executor))
}

#[test]
fn every_kernel_has_cases_and_sabotage() {
    let all: BTreeSet<&str> = Instruction::KERNELS.iter().copied().collect();
    let tested: BTreeSet<&str> = cases().iter().map(|case| case.instruction.kernel()).collect();
    assert_eq!(tested, all, "kernels with cases, and kernels");
    let broken: BTreeSet<&str> =
        cases().iter().filter(|case| !case.sabotages.is_empty()).map(|case| case.instruction.kernel()).collect();
    assert_eq!(broken, all, "kernels that are broken on purpose, and kernels");
}

#[test]
fn every_kernel_agrees_with_its_plain_twin_and_has_the_same_bits_on_every_instruction_set() {
    for (case, executor) in on_every_executor() {
        if let Err(fault) = check(&case, &case.instruction, executor, &Isa::available(), Spoil::Nothing) {
            panic!("{executor}, {fault}\nin {:?}", case.instruction);
        }
    }
}

/// A kernel that runs other instructions than it was asked for is caught.
#[test]
fn sabotage_is_caught() {
    for (case, executor) in on_every_executor() {
        for sabotage in &case.sabotages {
            let found = check(&case, sabotage, executor, &[Isa::best()], Spoil::Nothing);
            assert!(found.is_err(), "not caught: {sabotage:?}\n{executor}, in place of {:?}", case.instruction);
        }
    }
}

/// A kernel that leaves a wrong or missing number, or writes where it must not, is caught.
#[test]
fn spoilt_memory_is_caught() {
    for (case, executor) in on_every_executor().filter(|(case, _)| !case.sabotages.is_empty()) {
        for spoil in [Spoil::Missing, Spoil::Nudge, Spoil::Outside, Spoil::OutsideGradient] {
            let found = check(&case, &case.instruction, executor, &[Isa::best()], spoil);
            assert!(found.is_err(), "not caught: {executor}, {spoil:?} in {:?}", case.instruction);
        }
    }
}
