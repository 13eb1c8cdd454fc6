//! What no predictor can beat: the floors and ceilings of a world, and the simple predictors on the way there.

use std::f64::consts::LN_2;

use infimum_worlds::strings::{Part, Strings};
use infimum_worlds::{Baseline, Fact, Floor, Head, Quantity, World};
use serde::{Serialize, Serializer};

use crate::completion::{self, Completed};

/// Floors of the loss and ceilings of the accuracy, with the ladder of simple predictors that leads to them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Floors {
    /// `floor` first, in the mean over all scored positions; then the simple predictors; what the world says of itself in
    /// nats, such as `entropy_rate`; and the floor at each scored position, `floor_at_1` first.
    pub floors: Vec<FloorLine>,
    /// `accuracy` first: the best possible; then what the simple predictors reach, `accuracy_uniform` and so on; of strings
    /// `sequences`, how many the best predictor has right as a whole, and where strings are to be completed, how many can be.
    pub ceilings: Vec<CeilingLine>,
    /// What else the world says of itself: period, classes, how the long run was found. The JSON form leaves out those in nats, which are
    /// floors.
    #[serde(serialize_with = "beside_floors")]
    pub facts: Vec<Fact>,
}

fn beside_floors<S: Serializer>(facts: &[Fact], into: S) -> Result<S::Ok, S::Error> {
    into.collect_seq(facts.iter().filter(|fact| fact.unit != "nats"))
}

/// One floor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FloorLine {
    /// Its name.
    pub name: String,
    /// Nats per scored token; `None` if nobody knows.
    pub nats: Option<f64>,
    /// The same in bits per byte of the targets, in a world that is a text; left out of the JSON form elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits_per_byte: Option<f64>,
    /// `exact`, `sampled`, `iterated` (an entropy rate over a stationary law whose residual the facts state) or `unknown`.
    pub kind: &'static str,
    /// What it is, in words. Not part of the JSON form.
    #[serde(skip)]
    pub about: String,
    /// For the floor at a position: the position, counted from 1. Not part of the JSON form.
    #[serde(skip)]
    pub position: Option<usize>,
}

/// One ceiling.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CeilingLine {
    /// Its name.
    pub name: String,
    /// A fraction of the scored tokens, of the strings that are completed a fraction of those, for `sequences` a number of strings; `None` if
    /// nobody knows.
    pub value: Option<f64>,
    /// What it is, in words. Not part of the JSON form.
    #[serde(skip)]
    pub about: String,
}

impl Floors {
    /// The floors of `world`, for each of its heads. A world without a law has `unknown` floors, and `uniform` alone on
    /// the ladder.
    pub fn of(world: &dyn World) -> Floors {
        let heads = &world.shape().heads;
        let prefix = |head: &Head| if heads.len() == 1 { String::new() } else { format!("{}.", head.name) };
        let prefixes: Vec<String> = heads.iter().map(prefix).collect();
        let mut floors = Floors { floors: Vec::new(), ceilings: Vec::new(), facts: Vec::new() };
        for (head, prefix) in prefixes.iter().enumerate() {
            floors.add_head(world, head, prefix);
        }
        let facts = world.facts();
        let iterated = |f: &Fact| {
            f.name.starts_with("stationary_method") && matches!(&f.value, Quantity::Words(w) if w.contains("iteration"))
        };
        let kind = if facts.iter().any(iterated) { "iterated" } else { "exact" };
        floors.floors.extend(facts.iter().filter_map(|fact| fact_in_nats(fact, kind)));
        floors.facts = facts;
        if let Some(text) = world.text() {
            let bits = |nats: f64| nats / LN_2 / text.bytes_per_token();
            floors
                .floors
                .iter_mut()
                .for_each(|line| line.bits_per_byte = line.nats.map(bits).filter(|x| x.is_finite()));
        }
        floors.ceilings.extend(world.strings().map(whole_strings));
        floors.ceilings.extend(world.strings().into_iter().flat_map(completions));
        for (head, prefix) in prefixes.iter().enumerate() {
            floors.add_positions(world, head, prefix);
        }
        floors
    }

    fn add_head(&mut self, world: &dyn World, head: usize, prefix: &str) {
        let truth = world.truth();
        let (floor, ceiling) = truth.map_or((Floor::Unknown, Floor::Unknown), |t| (t.floor(head), t.ceiling(head)));
        self.floors.push(line(format!("{prefix}floor"), floor, "the best possible loss, mean over scored positions"));
        self.ceilings.push(ceiling_line(format!("{prefix}accuracy"), ceiling, "the best possible accuracy"));
        for step in simple_predictors(world, head) {
            let about = about(step.name);
            self.floors.push(line(format!("{prefix}{}", step.name), step.nats, &about));
            if step.accuracy != Floor::Unknown {
                self.ceilings.push(ceiling_line(format!("{prefix}accuracy_{}", step.name), step.accuracy, &about));
            }
        }
    }

    fn add_positions(&mut self, world: &dyn World, head: usize, prefix: &str) {
        let scored = world.shape().scored.clone();
        let floors = world.truth().map(|t| t.floor_by_position(head)).unwrap_or_default();
        let asked = floors.into_iter().enumerate().filter(|(position, _)| scored.contains(position));
        for (position, floor) in asked.filter(|(_, floor)| *floor != Floor::Unknown) {
            let name = format!("{prefix}floor_at_{}", position + 1);
            let line = line(name, floor, "the best possible loss at this position");
            self.floors.push(FloorLine { position: Some(position + 1), ..line });
        }
    }
}

/// The ladder of simple predictors. Where nobody knows the law, the one that needs none, uniform over the head's alphabet, and those
/// that the world has counted.
pub(crate) fn simple_predictors(world: &dyn World, head: usize) -> Vec<Baseline> {
    if let Some(truth) = world.truth() {
        return truth.baselines(head);
    }
    let uniform = Baseline::even("uniform", world.shape().heads[head].alphabet);
    [uniform].into_iter().chain(world.ladder().into_iter().flatten()).collect()
}

fn line(name: String, floor: Floor, about: &str) -> FloorLine {
    FloorLine {
        name,
        nats: floor.value().map(|nats| nats + 0.0),
        bits_per_byte: None,
        kind: kind(floor),
        about: about.into(),
        position: None,
    }
}

fn ceiling_line(name: String, ceiling: Floor, about: &str) -> CeilingLine {
    CeilingLine { name, value: ceiling.value(), about: about.into() }
}

/// How many whole strings a predictor can have right.
fn whole_strings(strings: &Strings) -> CeilingLine {
    let about = format!("whole strings that a predictor can have right, of {}", strings.recited().len());
    CeilingLine { name: "sequences".into(), value: Some(strings.most_right() as f64), about }
}

/// How many strings a predictor can complete, where the world asks for that, and how many programs those make of them that know nothing
/// of how symbols follow each other.
fn completions(strings: &Strings) -> Vec<CeilingLine> {
    let mut lines = vec![];
    for (part, suffix, which) in [(Part::HeldOut, "", "held-out"), (Part::Trained, "_trained", "trained")] {
        let all = strings.unfinished(part).len();
        if all == 0 || !completion::is_asked(strings) {
            continue;
        }
        let mut line =
            |name: &str, value, about| lines.push(CeilingLine { name: format!("{name}{suffix}"), value, about });
        let most = (part == Part::Trained).then(|| strings.most_completed() as f64 / all as f64);
        line(
            "exact_continuation",
            most,
            format!("{which} strings that a predictor can complete from their middle, of {all}"),
        );
        let valid = |completed: Completed| completed.valid.map(|valid| valid.share());
        if let Some(blank) = valid(completion::blank(strings, part)) {
            line(
                "valid_syntax_blank",
                Some(blank),
                format!("beginnings of {which} strings that are programs as they stand"),
            );
            let about = format!(
                "{which} strings that are programs if they go on with symbols by their frequency alone, sampled"
            );
            line("valid_syntax_unigram", valid(completion::by_chance(strings, part)), about);
        }
    }
    lines
}

fn kind(floor: Floor) -> &'static str {
    match floor {
        Floor::Exact(_) => "exact",
        Floor::Sampled { .. } => "sampled",
        Floor::Unknown => "unknown",
    }
}

/// A simple predictor in words; a name that is not known here speaks for itself.
pub(crate) fn about(name: &str) -> String {
    match name {
        "uniform" => "all tokens alike".into(),
        "unigram" => "knows how frequent tokens are, sees nothing".into(),
        "bigram" => "sees the last token, not the position".into(),
        "trigram" => "sees the last two tokens, not the position".into(),
        "four-gram" => "sees the last three tokens, not the position".into(),
        "five-gram" => "sees the last four tokens, not the position".into(),
        "seen" => "all tokens of the string alike".into(),
        "by-position" => "knows how frequent tokens are at each position, sees nothing".into(),
        "without-carries" => "sees the two digits of the place, and no carry".into(),
        "pipeline" => "sees all tokens so far: the floor".into(),
        "kneser-ney-1" => {
            "knows how frequent tokens of the training text are, sees nothing; scored on the test, no optimum".into()
        }
        _ if name.starts_with("kneser-ney-") => {
            let order: usize = name["kneser-ney-".len()..].parse().expect("it ends with its order");
            format!(
                "sees the last {} tokens or fewer, counted in the training text; scored on the test, no optimum",
                order - 1
            )
        }
        other => format!("the best {other} predictor"),
    }
}

fn fact_in_nats(fact: &Fact, long_run: &'static str) -> Option<FloorLine> {
    let (nats, kind) = match fact.value {
        Quantity::Number(nats) if fact.name.starts_with("entropy_rate") => (Some(nats + 0.0), long_run),
        Quantity::Number(nats) if fact.unit == "nats" => (Some(nats + 0.0), "exact"),
        Quantity::Words(_) if fact.name.starts_with("entropy_rate") => (None, "unknown"),
        _ => return None,
    };
    let about = match (&fact.value, fact.name.as_str()) {
        (Quantity::Words(reason), _) => reason.clone(),
        (_, "row_mean_entropy") => "mean entropy of the rows, every context counted alike; no floor of any loss".into(),
        (_, "entropy_rate") => "loss a token in the long run, contexts as often as they occur".into(),
        _ => "a property of the world".into(),
    };
    Some(FloorLine { name: fact.name.clone(), nats, bits_per_byte: None, kind, about, position: None })
}

#[cfg(test)]
mod tests {
    use infimum_worlds::Settings;

    use super::*;

    #[test]
    fn the_floor_is_first_the_mean_of_positions_and_below_the_ladder() {
        for settings in Settings::small_instances() {
            let world = settings.build().unwrap();
            if world.truth().is_none() {
                continue;
            }
            let floors = Floors::of(world.as_ref());
            let heads = &world.shape().heads;
            let prefixes =
                heads.iter().map(|head| if heads.len() == 1 { String::new() } else { format!("{}.", head.name) });
            for prefix in prefixes {
                check_head(&floors, &prefix, ["regular", "strings"].contains(&settings.kind()));
            }
        }
    }

    /// Words and strings may end before the last position, so that their floor is no plain mean of positions.
    fn check_head(Floors { floors, ceilings, .. }: &Floors, prefix: &str, ends: bool) {
        let named = |name: &str| floors.iter().find(|l| l.name == format!("{prefix}{name}")).unwrap().nats.unwrap();
        let (floor, uniform) = (named("floor"), named("uniform"));
        let at = format!("{prefix}floor_at_");
        let by_position: Vec<f64> = floors.iter().filter(|l| l.name.starts_with(&at)).filter_map(|l| l.nats).collect();
        let mean = by_position.iter().sum::<f64>() / by_position.len() as f64;
        assert!(ends || (mean - floor).abs() <= 1e-12 * floor.max(1.0), "{mean} {floor}");
        assert!(floor <= uniform * (1.0 + 1e-12), "{floor} {uniform}");
        let mut accuracies = ceilings.iter().filter(|c| c.name.starts_with(&format!("{prefix}accuracy")));
        let ceiling = accuracies.next().unwrap();
        assert_eq!(ceiling.name, format!("{prefix}accuracy"));
        assert!(accuracies.all(|c| c.value.unwrap() <= ceiling.value.unwrap() + 1e-12));
    }

    #[test]
    fn the_floor_of_one_head_is_first() {
        for settings in Settings::small_instances() {
            let floors = Floors::of(settings.build().unwrap().as_ref());
            let names = [floors.floors[0].name.as_str(), floors.ceilings[0].name.as_str()];
            let expected =
                if settings.kind() == "regular" { ["token.floor", "token.accuracy"] } else { ["floor", "accuracy"] };
            assert_eq!(names, expected);
        }
    }

    #[test]
    fn a_reducible_chain_has_no_single_entropy_rate() {
        let floors = |s: &Settings| Floors::of(s.build().unwrap().as_ref()).floors;
        let lines = Settings::small_instances().iter().flat_map(floors).collect::<Vec<_>>();
        let line =
            lines.iter().find(|l| l.name == "entropy_rate" && l.nats.is_none()).expect("one of them is reducible");
        assert!(line.kind == "unknown" && line.about.contains("recurrent classes"), "{line:?}");
    }
}
