//! The promises that every listed world keeps, on instances small enough to enumerate. `laws/broken.rs` breaks each promise
//! on purpose, and the check that holds it must notice.

#[path = "laws/broken.rs"]
mod broken;
#[path = "laws/checks.rs"]
mod checks;

use broken::{Broken, Flaw};
use checks::{Check, LAWS};
use infimum_worlds::{Settings, World};

fn small_worlds() -> Vec<(Settings, Box<dyn World>)> {
    let build = |settings: Settings| {
        let world = settings.build().unwrap_or_else(|error| panic!("{settings:?}: {error}"));
        (settings, world)
    };
    Settings::small_instances().into_iter().map(build).filter(|(_, world)| has_law(&**world)).collect()
}

/// Whether what is predicted first is the next token, whose law is known, so that sequences can be enumerated; worlds of classes alone
/// are held to the worlds whose sequences they have (crates/worlds/tests/regular/words.rs), and a text has no law
/// (crates/worlds/tests/text.rs).
fn has_law(world: &dyn World) -> bool {
    world.truth().is_some() && world.shape().heads[0].name == "token"
}

#[test]
fn every_kind_has_small_instances() {
    let instances = Settings::small_instances();
    for kind in Settings::KINDS {
        assert!(instances.iter().any(|settings| settings.kind() == *kind), "{kind} has no small instance");
    }
}

#[test]
fn every_small_world_keeps_every_law() {
    for (settings, world) in small_worlds() {
        for (name, law) in LAWS {
            law(&*world).unwrap_or_else(|failure| panic!("{settings:?}: {name}: {failure}"));
        }
    }
}

#[test]
fn settings_survive_being_written_and_read() {
    for settings in Settings::small_instances() {
        let mut text = serde_json::to_value(&settings).unwrap();
        assert_eq!(serde_json::from_value::<Settings>(text.clone()).unwrap(), settings);
        text.as_object_mut().unwrap().remove("kind");
        assert_eq!(Settings::parse(settings.kind(), text).unwrap(), settings);
    }
}

/// Under this flaw, this check fails for at least one small world, and for none without it (the test above).
fn check_notices(flaw: Flaw, name: &str) {
    let (_, law): &(_, Check) = LAWS.iter().find(|(other, _)| *other == name).unwrap();
    let notices = |(_, inner)| law(&Broken { inner, flaw }).is_err();
    assert!(small_worlds().into_iter().any(notices), "{name} does not notice {flaw:?}");
}

#[test]
fn each_flaw_is_noticed_by_the_check_that_holds_its_promise() {
    check_notices(Flaw::LawSumsToMore, "the law sums to one");
    check_notices(Flaw::LawIsNegative, "the law sums to one");
    check_notices(Flaw::LawIsNotANumber, "the law sums to one");
    check_notices(Flaw::LawIsTilted, "the sampler follows the law");
    check_notices(Flaw::LawIsTilted, "floors and ceilings are those of all sequences");
    check_notices(Flaw::StateOutOfRange, "the law sums to one");
    check_notices(Flaw::SamplerSticks, "the sampler follows the law");
    check_notices(Flaw::SamplerDrawsTheImpossible, "the sampler follows the law");
    check_notices(Flaw::SamplerRemembers, "a stream says what is drawn");
    check_notices(Flaw::SamplerIgnoresTheStream, "streams differ");
    check_notices(Flaw::TargetsShifted, "examples have the world's shape");
    check_notices(Flaw::WeightsMissing, "examples have the world's shape");
    check_notices(Flaw::FloorTooLow, "floors and ceilings are those of all sequences");
    check_notices(Flaw::FloorIsNotANumber, "floors and ceilings are those of all sequences");
    check_notices(Flaw::CeilingTooHigh, "floors and ceilings are those of all sequences");
    check_notices(Flaw::PositionsReversed, "floors and ceilings are those of all sequences");
    check_notices(Flaw::BaselineBelowFloor, "baselines stand between chance and the floor");
    check_notices(Flaw::ExportDropsTheFirstToken, "exported blocks are whole sequences");
    check_notices(Flaw::ExportRepeats, "exported blocks are whole sequences");
    check_notices(Flaw::PartOutOfRange, "every target is of one part");
    check_notices(Flaw::PartMissing, "every target is of one part");
    check_notices(Flaw::TrainsOnTests, "training keeps to its side");
    check_notices(Flaw::TrainsOnWrongAnswers, "training keeps to its side");
    check_notices(Flaw::ClaimsOneAnswer, "one answer is one");
}
