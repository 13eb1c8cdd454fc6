#!/usr/bin/env python3
"""Tests and intervals of few runs as SciPy has them, for crates/lab/tests/statistics.rs.

    python oracles/statistics.py            writes crates/lab/tests/oracles/statistics.json
    python oracles/statistics.py --check    computes everything again; exit status 1 if a number has moved

Rank tests are SciPy's permutation tests over all arrangements, which are exact with ties too. Curves are those of its ecdf; intervals of
a rate are those of its binomtest, and Newcombe's and Rothman's are put together from these by their formulas.
"""

import argparse, itertools, json, math, pathlib, sys, warnings

import numpy as np
from scipy import stats

FILE = pathlib.Path(__file__).resolve().parent.parent / "crates/lab/tests/oracles/statistics.json"
NEAR = 1e-9
# The half width of intervals in standard errors, which is 1.96 to the digits that the project has.
Z = 1.96

TABLES = [((5, 8), (3, 8)), ((29, 32), (12, 32)), ((8, 8), (0, 8)), ((0, 4), (4, 4)), ((3, 3), (0, 3)), ((1, 10), (9, 12)), ((0, 5), (0, 7)),
          ((7, 7), (9, 9)), ((40, 100), (60, 100)), ((500, 1000), (540, 1000)), ((2, 5), (31, 32)), ((1, 1), (0, 1))]
PAIRS = [[0.3, -0.1, 0.4, 0.2, 0.5, 0.6], [1, 1, 1, -1, 2, 2, -2, 3], [0, 0, 1, -1, 2, 3, 3], [1.5], [0.001, 0.002, 0.0015, 0.0031, 0.0007, -0.0002, 0.0011, 0.0018],
         [2, -2, 2, -2, 1], [-0.7, -1.1, -0.4, -0.9, -1.3, -0.2, 0.05, -0.6, -0.8, -0.3, -1.0, -0.5],
         [0.4127, -0.0931, 0.2718, 0.7043, 0.1571, 0.3307], [1.2013, -0.4171, 0.6509, 2.1133, 0.0537, 0.9371, 1.5827, -0.1259, 0.7793, 0.3011]]
GROUPS = [([1, 2, 3], [4, 5, 6]), ([1, 2, 3, 4], [5, 6, 7, 8]), ([0.99, 1.0, 1.0, 0.2], [0.1, 0.99, 0.3, 0.0, 0.2]), ([1, 1, 1], [1, 1]), ([5], [1, 2, 3, 4, 6]),
          ([0.011, 0.013, 0.009, 0.012, 0.015, 0.010], [0.008, 0.0095, 0.007, 0.0085, 0.0105, 0.006, 0.0075]),
          ([2.3011, 1.1127, 3.0973, 2.7219], [0.4517, 1.0239, 0.8861, 1.9343, 0.2659]),
          ([0.5113, 1.7049, 2.2371, 0.9187, 1.3307, 2.9011, 0.1229], [1.0559, 1.4831, 0.7727, 2.0141, 3.3389, 0.3617])]
# (step, reached) of each run.
ENDINGS = [[(10, 1), (10, 1), (20, 1), (30, 1), (50, 0), (50, 0), (50, 0), (50, 0)],
           [(1, 1), (2, 0), (3, 1), (3, 1), (3, 0), (5, 1), (8, 0), (9, 1), (9, 0), (12, 0)],
           [(4, 0), (4, 1), (6, 1), (6, 1), (7, 1)], [(2, 1), (3, 1), (4, 1)], [(9, 0), (9, 0)]]


def wilson(share, trials):
    """As binomtest has it for whole numbers; the formula takes others, too."""
    centre = (share + Z * Z / (2 * trials)) / (1 + Z * Z / trials)
    half = Z / (1 + Z * Z / trials) * math.sqrt(share * (1 - share) / trials + Z * Z / (4 * trials * trials))
    if float(trials).is_integer() and float(share * trials).is_integer():
        level = 1 - 2 * stats.norm.sf(Z)
        found = stats.binomtest(int(share * trials), int(trials)).proportion_ci(level, "wilson")
        assert abs(found.low - max(0, centre - half)) < 1e-12 and abs(found.high - min(1, centre + half)) < 1e-12
    return centre - half, centre + half


def table(first, second):
    (k, n), (l, m) = first, second
    p = stats.fisher_exact([[k, n - k], [l, m - l]]).pvalue
    (low1, high1), (low2, high2) = wilson(k / n, n), wilson(l / m, m)
    difference = k / n - l / m
    low = difference - math.hypot(k / n - low1, high2 - l / m)
    high = difference + math.hypot(high1 - k / n, l / m - low2)
    return {"first": first, "second": second, "p": p, "low": low, "high": high}


def shift_interval(estimates, rejected):
    """The shifts that the test does not reject: looked for between and beyond all single estimates."""
    estimates = np.unique(np.round(estimates, 12))
    step = np.min(np.diff(estimates)) / 3 if len(estimates) > 1 else 1.0
    if not rejected(estimates[0] - step):
        return None
    inside = [x for x in estimates if not rejected(x - step) or not rejected(x + step)]
    return [float(inside[0]), float(inside[-1])]


def exact(statistic, data, kind):
    return float(stats.permutation_test(data, statistic, permutation_type=kind, n_resamples=np.inf, vectorized=False).pvalue)


def signed_rank_p(differences):
    moved = np.array([d for d in np.round(differences, 12) if d != 0])
    if not len(moved):
        return 1.0
    ranks = stats.rankdata(np.abs(moved))
    statistic = lambda signs: float(np.sum(ranks[signs > 0]))
    sums = np.array([statistic(np.array(signs)) for signs in itertools.product([-1, 1], repeat=len(moved))])
    seen = statistic(np.sign(moved))
    return float(min(1.0, 2 * min(np.mean(sums <= seen + NEAR), np.mean(sums >= seen - NEAR))))


def pairs(differences):
    d = np.array(differences, float)
    p = signed_rank_p(d)
    moved = d[d != 0]
    if len(moved) > 1:
        method = stats.PermutationMethod(n_resamples=np.inf)
        assert abs(stats.wilcoxon(moved, method=method).pvalue - p) < 1e-12
    flipped = 1.0
    if len(d) > 1:
        mean = lambda x: float(np.mean(x))
        flipped = exact(mean, (d,), "samples")
    means = [(a + b) / 2 for i, a in enumerate(d) for b in d[i:]]
    ties = len(set(np.round(means, 12))) < len(means)
    interval = None if ties else shift_interval(means, lambda shift: signed_rank_p(d - shift) <= 0.05)
    return {"differences": differences, "p": p, "flipped": flipped, "shift": float(np.median(means)), "interval": interval, "ties": ties}


def groups(first, second):
    a, b = np.array(first, float), np.array(second, float)
    def p_of(a, b):
        ranks = stats.rankdata(np.round(np.concatenate([a, b]), 12))
        sums = np.array([sum(chosen) for chosen in itertools.combinations(ranks, len(a))])
        seen = ranks[:len(a)].sum()
        return float(min(1.0, 2 * min(np.mean(sums <= seen + NEAR), np.mean(sums >= seen - NEAR))))
    p = p_of(a, b)
    if min(len(a), len(b)) > 1:
        method = stats.PermutationMethod(n_resamples=np.inf)
        assert abs(stats.mannwhitneyu(a, b, method=method).pvalue - p) < 1e-12
    if len(set(first + second)) == len(first + second):
        assert abs(stats.mannwhitneyu(a, b, method="exact").pvalue - p) < 1e-12
    differences = [x - y for x in a for y in b]
    ties = len(set(np.round(differences, 12))) < len(differences)
    interval = None if ties else shift_interval(differences, lambda shift: p_of(a - shift, b) <= 0.05)
    return {"first": first, "second": second, "p": p, "shift": float(np.median(differences)), "interval": interval, "ties": ties}


def curve(endings):
    reached, ended = [s for s, r in endings if r], [s for s, r in endings if not r]
    points, trials, greenwood = [], float(len(endings)), 0.0
    left = stats.ecdf(stats.CensoredData(uncensored=reached, right=ended)).sf if reached else None
    for step in sorted(set(reached)):
        at_risk, got_there = sum(s >= step for s, _ in endings), reached.count(step)
        share = float(left.evaluate(step))
        if at_risk > got_there:
            greenwood += got_there / (at_risk * (at_risk - got_there))
            trials = share * (1 - share) / (share * share * greenwood)
            check_error(left, step, share * math.sqrt(greenwood))
        low, high = wilson(1 - share, trials)
        points.append({"step": step, "share": 1 - share, "low": max(0.0, low), "high": min(1.0, high)})
    return {"endings": endings, "curve": points}


def check_error(left, step, error):
    """Greenwood's standard error is SciPy's, as far as its own interval is not cut off."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ends = left.confidence_interval(1 - 2 * stats.norm.sf(Z), method="linear")
    share = float(left.evaluate(step))
    for end, mine in [(ends.low, share - Z * error), (ends.high, share + Z * error)]:
        assert abs(float(end.evaluate(step)) - min(1.0, max(0.0, mine))) < 1e-12


def everything():
    return {"tables": [table(*pair) for pair in TABLES], "pairs": [pairs(d) for d in PAIRS], "groups": [groups(*pair) for pair in GROUPS],
            "curves": [curve(endings) for endings in ENDINGS]}


def same(stored, found):
    if isinstance(found, dict):
        return stored.keys() == found.keys() and all(same(stored[key], found[key]) for key in found)
    if isinstance(found, (list, tuple)):
        return len(stored) == len(found) and all(map(same, stored, found))
    return stored == found if found is None or isinstance(found, bool) else abs(stored - found) <= NEAR


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the stored file instead of writing it")
    found = everything()
    if not parser.parse_args().check:
        FILE.write_text(json.dumps(found, indent=1) + "\n")
        return
    stored = json.loads(FILE.read_text())
    print(f"{FILE.name}: every number again" if same(stored, found) else "a stored number is not what SciPy gives")
    sys.exit(0 if same(stored, found) else 1)


if __name__ == "__main__":
    main()
