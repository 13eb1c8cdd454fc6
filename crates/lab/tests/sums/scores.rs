//! Scores against walks over all pairs, and against what is planted.

use std::collections::BTreeSet;

use infimum_lab::Figure;
use infimum_lab::sums::{Found, SumScores};
use infimum_worlds::addition::{Pair, official_pairs};

use crate::planted::{Planted, RIGHT, experiment, machine, missed, with_planted};

fn scored(overrides: &[&str], pairs: usize, plant: &(dyn Fn(Pair) -> Planted + Sync)) -> SumScores {
    let experiment = experiment(overrides);
    with_planted(&experiment, plant, |sums, model| {
        let (mut machine, mut done) = (machine(2), 0);
        let scores = sums.score(model, &mut machine, pairs, &mut |now| done = now);
        assert_eq!(done, sums.count_to_score(pairs), "every sum that was announced is asked");
        scores
    })
}

fn named(scores: &SumScores, name: &str) -> Found {
    scores.all().find(|found| found.figure.name == name).unwrap_or_else(|| panic!("no figure {name}"))
}

fn values(figures: &[Figure]) -> Vec<f64> {
    figures.iter().map(|figure| figure.value).collect()
}

/// Every rate is 1 or 0 where what is planted is a whole stratum, and nothing else is touched.
#[test]
fn a_wrong_stratum_is_found_in_that_stratum() {
    let three = ["world.digits=3"];
    for wrong in 0..=3 {
        let scores = scored(&three, 800, &|pair| if pair.carry_run() == wrong { missed(0) } else { RIGHT });
        let expected: Vec<f64> = (0..=3).map(|run| f64::from(u8::from(run != wrong))).collect();
        assert_eq!(values(&scores.by_carry_run), expected);
        let worst = named(&scores, "carry_run_exact_match_worst");
        assert_eq!((worst.figure.value, worst.carry_run), (0.0, Some(wrong)));

        let scores = scored(&three, 800, &|pair| {
            if pair.carry_mask().count_ones() == wrong { missed(3) } else { RIGHT }
        });
        assert_eq!(values(&scores.by_carries), expected);
    }
    for mask in 0..8 {
        let scores = scored(&three, 800, &|pair| if pair.carry_mask() == mask { missed(2) } else { RIGHT });
        let worst = named(&scores, "carry_mask_exact_match_worst");
        assert_eq!((worst.figure.value, worst.carry_mask), (0.0, Some(format!("{mask:03b}"))));
        assert_eq!(named(&scores, "carry_mask_exact_match").figure.value, 7.0 / 8.0);
    }
    for place in 0..=3 {
        let scores = scored(&three, 800, &|_| missed(place));
        let expected: Vec<f64> = (0..=3).map(|digit| f64::from(u8::from(digit != place))).collect();
        assert_eq!(values(&scores.by_digit), expected);
        assert_eq!(named(&scores, "uniform_exact_match").figure.value, 0.0);
    }
}

/// Of numbers of two digits, the small operands are all there are: so that figure is the rate itself, which every interval of a
/// rate over uniform pairs has to cover, and the smallest margin is that of all pairs.
#[test]
fn scores_are_those_of_a_walk_over_all_pairs() {
    let wrong = |pair: Pair| pair.carry_run() == 1 && pair.a.is_multiple_of(3);
    let margin = |pair: Pair| 3.0 + libm::sin((7 * pair.a + 13 * pair.b) as f64);
    let plant = |pair: Pair| Planted { margin: margin(pair), missed: wrong(pair).then_some(1) };
    let all = || (0..10_000).map(|number| Pair { a: number / 100, b: number % 100 });
    let share = |of: &dyn Fn(Pair) -> bool, wished: &dyn Fn(Pair) -> bool| {
        let of: Vec<Pair> = all().filter(|pair| of(*pair)).collect();
        of.iter().filter(|pair| wished(**pair)).count() as f64 / of.len() as f64
    };
    let scores = scored(&[], 20_000, &plant);
    let right = |pair: Pair| !wrong(pair);
    let exact = share(&|_| true, &right);
    assert_eq!(named(&scores, "small_operands_exact_match").figure.value, exact);
    let covers = |figure: &Figure, value: f64| {
        let wide = 1.5 * (figure.high.unwrap() - figure.low.unwrap());
        assert!((figure.value - value).abs() <= wide, "{figure:?} is far from {value}");
    };
    covers(&named(&scores, "uniform_exact_match").figure, exact);
    covers(&scores.by_digit[1], exact);
    for run in 0..=2 {
        covers(&scores.by_carry_run[run as usize], share(&|pair| pair.carry_run() == run, &right));
        let carries = |pair: Pair| pair.carry_mask().count_ones() == run;
        covers(&scores.by_carries[run as usize], share(&carries, &right));
    }
    let masks = (0..4).map(|mask| share(&move |pair| pair.carry_mask() == mask, &right)).collect::<Vec<_>>();
    covers(&named(&scores, "carry_mask_exact_match").figure, masks.iter().sum::<f64>() / 4.0);
    // Orders are answered alike where both are right, or both wrong by the same digit.
    covers(&named(&scores, "commutativity").figure, share(&|_| true, &|pair| wrong(pair) == wrong(pair.swapped())));
    let signed = |pair: Pair| if wrong(pair) { -margin(pair) } else { margin(pair) };
    let least = all().min_by(|x, y| signed(*x).total_cmp(&signed(*y))).unwrap();
    let smallest = named(&scores, "smallest_margin");
    assert_eq!(smallest.operands, Some(least));
    assert!((smallest.figure.value - signed(least)).abs() < 1e-5, "{smallest:?}");
}

/// A predictor that is wrong in one order only, and one that is wrong in both but not alike.
#[test]
fn orders_that_are_answered_differently_are_seen() {
    let of = |plant: &(dyn Fn(Pair) -> Planted + Sync)| named(&scored(&[], 2000, plant), "commutativity").figure.value;
    assert_eq!(of(&|_| RIGHT), 1.0);
    assert_eq!(of(&|_| missed(1)), 1.0, "wrong, and alike");
    let unlike = of(&|pair| missed(u32::from(pair.a > pair.b)));
    let equal = of(&|pair| if pair.a > pair.b { missed(0) } else { RIGHT });
    assert!(
        (0.005..0.02).contains(&unlike) && unlike == equal,
        "a pair in a hundred has equal numbers: {unlike} {equal}"
    );
}

#[test]
fn an_exact_adder_is_at_every_optimum() {
    let scores = scored(&["world.digits=10"], 300, &|_| RIGHT);
    let mut names = BTreeSet::new();
    for Found { figure, wrong, .. } in scores.all() {
        assert!(names.insert(figure.name.clone()), "{} twice", figure.name);
        let is_margin = figure.name == "smallest_margin";
        assert!(
            if is_margin { (figure.value - 5.0).abs() < 1e-5 } else { Some(figure.value) == figure.optimum },
            "{figure:?}"
        );
        assert!(wrong.is_empty() && (is_margin || figure.baseline < Some(0.1)), "{figure:?}");
        let drawn =
            !["smallest_margin", "official_edge_correct", "small_operands_exact_match"].contains(&figure.name.as_str());
        assert_eq!((figure.low.is_some(), figure.high.is_some()), (drawn, drawn), "{figure:?}");
    }
    for name in ["official_correct", "official_edge_correct", "uniform_exact_match", "carry_run_exact_match_worst"] {
        assert!(names.contains(name), "{names:?}");
    }
    assert!(
        ["carries_10_exact_match", "carry_run_10_exact_match", "digit_10_accuracy"]
            .iter()
            .all(|name| names.contains(*name))
    );
}

#[test]
fn wrong_official_sums_are_counted_and_listed() {
    let official = official_pairs();
    let wrong: BTreeSet<Pair> = [official[6], official[20], official[10_009]].into_iter().collect();
    let plant = |pair| if wrong.contains(&pair) { missed(10) } else { RIGHT };
    let experiment = experiment(&["world.digits=10"]);
    let scores =
        with_planted(&experiment, &plant, |sums, model| sums.official(model, &mut machine(2), &mut |_| {}).unwrap());
    let correct = named(&scores, "official_correct");
    assert_eq!((correct.figure.value, correct.figure.optimum), (10_007.0, Some(10_010.0)));
    assert!(correct.figure.low.unwrap() > 10_000.0 && correct.figure.high.unwrap() < 10_010.0, "{correct:?}");
    let listed: BTreeSet<Pair> = correct.wrong.iter().map(|answer| answer.operands).collect();
    assert_eq!(listed, wrong);
    assert!(correct.wrong.iter().all(|answer| answer.margin < -4.9 && answer.answer != Some(answer.right)));
    assert_eq!(named(&scores, "official_edge_correct").figure.value, 9.0);
    assert!(named(&scores, "smallest_margin").figure.value < -4.9);
    let short = crate::experiment(&["world.digits=9"]);
    let refused = with_planted(&short, &|_| RIGHT, |sums, model| sums.official(model, &mut machine(1), &mut |_| {}));
    let message = refused.unwrap_err().to_string();
    assert!(message.contains("world.digits = 9") && message.contains("10 digits"), "{message}");
}

/// Scores depend neither on threads nor on how many pairs are asked besides.
#[test]
fn pairs_are_the_same_whoever_draws_them() {
    let plant = |pair: Pair| Planted { margin: 2.0 + libm::sin(pair.a as f64 + 3.0 * pair.b as f64), missed: None };
    let experiment = experiment(&["world.digits=6"]);
    let scored = |threads| {
        with_planted(&experiment, &plant, |sums, model| sums.score(model, &mut machine(threads), 500, &mut |_| {}))
    };
    assert_eq!(scored(1), scored(3));
}
