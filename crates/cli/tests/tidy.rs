//! What can be held by reading the tree: crate arrows, fences, sizes, names, and that the docs are true.
//!
//! A rule is data in one of the modules below. Each gives two tests: `holds` on the project, `can_fail` on planted trees.
//! A rule that finds nothing to look at fails, too.

#[path = "tidy/rule.rs"]
mod rule;
#[path = "tidy/scan.rs"]
mod scan;
#[path = "tidy/tree.rs"]
mod tree;

#[path = "tidy/arrows.rs"]
mod arrows;
#[path = "tidy/docs.rs"]
mod docs;
#[path = "tidy/fences.rs"]
mod fences;
#[path = "tidy/lessons.rs"]
mod lessons;
#[path = "tidy/markdown.rs"]
mod markdown;
#[path = "tidy/markers.rs"]
mod markers;
#[path = "tidy/promises.rs"]
mod promises;
#[path = "tidy/sizes.rs"]
mod sizes;
#[path = "tidy/transcript.rs"]
#[allow(dead_code, reason = "the test of the lessons uses the rest of it")]
mod transcript;

macro_rules! rules {
    ($($name:ident $rule:expr;)*) => { $(
        mod $name {
            use super::*;

            #[test]
            fn holds() {
                rule::hold(&$rule);
            }

            #[test]
            fn can_fail() {
                rule::test_the_tester(&$rule);
            }
        }
    )* };
}

rules! {
    crate_arrows                   arrows::CRATE_ARROWS;
    dependencies_say_why           arrows::DEPENDENCIES_SAY_WHY;
    unsafe_only_in_kernels         fences::UNSAFE_ONLY_IN_KERNELS;
    unsafe_blocks_say_why          fences::UNSAFE_BLOCKS_SAY_WHY;
    no_file_and_no_clock_below_lab fences::NO_FILE_AND_NO_CLOCK_BELOW_LAB;
    threads_only_in_the_team       fences::THREADS_ONLY_IN_THE_TEAM;
    no_global_state                fences::NO_GLOBAL_STATE;
    no_order_from_a_hash           fences::NO_ORDER_FROM_A_HASH;
    no_code_is_dead                fences::NO_CODE_IS_DEAD;
    functions_are_short            sizes::FUNCTIONS_ARE_SHORT;
    files_are_short                sizes::FILES_ARE_SHORT;
    names_say_the_subject          sizes::NAMES_SAY_THE_SUBJECT;
    rust_files_are_registered      sizes::RUST_FILES_ARE_REGISTERED;
    nothing_is_unfinished          markers::NOTHING_IS_UNFINISHED;
    no_path_of_one_machine         markers::NO_PATH_OF_ONE_MACHINE;
    paths_in_docs_exist            docs::PATHS_IN_DOCS_EXIST;
    commands_in_docs_exist         docs::COMMANDS_IN_DOCS_EXIST;
    keys_in_docs_exist             docs::KEYS_IN_DOCS_EXIST;
    code_in_docs_is_compiled       docs::CODE_IN_DOCS_IS_COMPILED;
    readme_gives_two_commands      promises::README_GIVES_TWO_COMMANDS;
    invariants_name_their_tests    promises::INVARIANTS_NAME_THEIR_TESTS;
    all_invariants_are_listed      promises::ALL_INVARIANTS_ARE_LISTED;
    messages_in_docs_are_real      promises::MESSAGES_IN_DOCS_ARE_REAL;
    lessons_are_a_book             lessons::LESSONS_ARE_A_BOOK;
    lessons_are_run                lessons::LESSONS_ARE_RUN;
    exercises_have_answers         lessons::EXERCISES_HAVE_ANSWERS;
}
