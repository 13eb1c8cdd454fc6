#!/usr/bin/env python3
"""Probes, the strings they are scored on, kernel alignment, singular values and principal angles as NumPy and SciPy have them, for crates/lab/tests/regular_comparison/oracle.rs.

    python oracles/probes.py            writes crates/lab/tests/oracles/probes.json
    python oracles/probes.py --check    computes everything again; exit status 1 if a number has moved

Least squares is NumPy's lstsq on the activations as they are; the discriminant is written with covariances within states, not in
whitened coordinates; the alignment is that of the two kernel matrices; angles are SciPy's.
"""

import argparse, json, pathlib, sys

import numpy as np
from scipy import linalg

FILE = pathlib.Path(__file__).resolve().parent.parent / "crates/lab/tests/oracles/probes.json"
NEAR = 1e-8
# What the program adds to the variance within states, in units of the whole variance.
SHRINKAGE = 1e-3
# What streams of probes are drawn for.
PROBE = 9


def one_hot(labels, states):
    return np.eye(states)[labels]


def explained(fit, held_out, states):
    (x, q), (x2, q2) = fit, held_out
    shares = one_hot(q, states).mean(axis=0)
    ones = lambda rows: np.hstack([np.ones((len(rows), 1)), rows])
    weights = np.linalg.lstsq(ones(x), one_hot(q, states), rcond=1e-7)[0]
    truth = one_hot(q2, states)
    left = np.sum((truth - ones(x2) @ weights) ** 2)
    return float(1 - left / np.sum((truth - shares) ** 2)), (ones(x2) @ weights).tolist()


def guesses(fit, held_out, states):
    (x, q), (x2, _) = fit, held_out
    present = [state for state in range(states) if np.any(q == state)]
    total = np.cov(x.T, bias=True)
    means = {state: x[q == state].mean(axis=0) for state in present}
    within = sum(np.mean(q == state) * np.cov(x[q == state].T, bias=True) for state in present)
    inverse = np.linalg.pinv(within + SHRINKAGE * total, rcond=1e-9, hermitian=True)
    # Means are taken from the mean of all, which adds the same to every score.
    middle = x.mean(axis=0)
    scores = [(x2 - middle - (means[s] - middle) / 2) @ inverse @ (means[s] - middle) + np.log(np.mean(q == s)) for s in present]
    return [present[at] for at in np.argmax(np.array(scores), axis=0)]


def alignment(x, q, states):
    n = len(x)
    centre = np.eye(n) - 1 / n
    k, l = centre @ x @ x.T @ centre, centre @ one_hot(q, states) @ one_hot(q, states).T @ centre
    return float(np.sum(k * l) / np.sqrt(np.sum(k * k) * np.sum(l * l)))


def probe(rng, states, channels, spread, line, twice):
    """Gaussians about the means of states; on a line, where least squares alone misses those in the middle."""
    means = np.outer(np.arange(states), rng.normal(size=channels)) * 3 if line else 2 * rng.normal(size=(states, channels))
    def rows(count):
        q = rng.integers(states, size=count)
        x = means[q] + spread * rng.normal(size=(count, channels)) + 5
        x = np.hstack([x, 2 * x[:, :1]]) if twice else x
        return x.astype(np.float32).astype(float), q
    fit, held_out = rows(90), rows(60)
    share, decoded = explained(fit, held_out, states)
    guessed = guesses(fit, held_out, states)
    return {"states": states, "fit": [fit[0].tolist(), fit[1].tolist()], "held_out": [held_out[0].tolist(), held_out[1].tolist()],
            "explained": share, "decoded": decoded[:5], "guessed": guessed, "accuracy": float(np.mean(np.array(guessed) == held_out[1])),
            "alignment": alignment(held_out[0], held_out[1], states)}


def spaces(rng, rows, first, second, ranks):
    """Two matrices of small rank, and what their images have in common."""
    low = lambda columns, rank: rng.normal(size=(rows, rank)) @ rng.normal(size=(rank, columns))
    a, b = low(first, ranks[0]), low(second, ranks[1])
    keep = min(ranks)
    leading = np.linalg.svd(a)[0][:, :keep]
    image = np.linalg.svd(b)[0][:, : ranks[1]]
    cosines = np.sort(np.cos(linalg.subspace_angles(leading, image)))[::-1]
    right = rng.normal(size=(first, rows))
    return {"first": a.tolist(), "second": b.tolist(), "right": right.tolist(), "cosines": cosines.tolist(),
            "values": np.linalg.svd(a, compute_uv=False)[: min(rows, first)].tolist(),
            "product_values": np.linalg.svd(a @ right, compute_uv=False)[:first].tolist()}


def raw(rng, size):
    a, b = rng.normal(size=(size, size)), (rng.random((size, size)) < 0.4).astype(float)
    distance = np.linalg.norm(a - b)
    return {"weights": a.tolist(), "target": b.tolist(), "cosine": float(np.sum(a * b) / np.linalg.norm(a) / np.linalg.norm(b)),
            "pearson": float(np.corrcoef(a.ravel(), b.ravel())[0, 1]), "frobenius": float(distance), "relative_error": float(distance / np.linalg.norm(b))}


def hashes(word):
    """One for every string that the word begins with: the first number of the stream whose key is what came before."""
    found = [0]
    for symbol in word:
        key, counter = np.array([found[-1], PROBE], dtype=np.uint64), np.array([0, 0, symbol, 5], dtype=np.uint64)
        found.append(int(np.random.Philox(key=key, counter=counter).random_raw()))
    return found


def parted(words, states):
    """Of the strings of a state every other one, by their hashes, is held out, from the second on."""
    order = {tuple(word[:length]): number for word in words for length, number in enumerate(hashes(word))}
    state_of = {tuple(word[:length]): state for word, on_the_way in zip(words, states) for length, state in enumerate(on_the_way)}
    held_out = set()
    for state in set(state_of.values()):
        held_out |= set(sorted((string for string in state_of if state_of[string] == state), key=order.get)[1::2])
    return [tuple(word[:length]) in held_out for word in words for length in range(len(word) + 1)]


def split(rng, states, symbols, longest):
    """Words of a random automaton; what stands at a position tells the string so far by heart, and its state a little."""
    step = rng.integers(states, size=(states, symbols))
    step[:, 0] = (np.arange(states) + 1) % states
    words = [rng.integers(symbols, size=rng.integers(longest + 1)).tolist() for _ in range(40)]
    on_the_way = []
    for word in words:
        on_the_way.append([0])
        for symbol in word:
            on_the_way[-1].append(int(step[on_the_way[-1][-1], symbol]))
    own, drift = {}, rng.normal(size=(states, 4))
    rows, labels = [], []
    for word, ways in zip(words, on_the_way):
        for length, state in enumerate(ways):
            string = tuple(word[:length])
            rows.append(own.setdefault(string, rng.normal(size=4)) + drift[state])
            labels.append(state)
    rows, labels, out = np.array(rows).astype(np.float32).astype(float), np.array(labels), np.array(parted(words, on_the_way))
    fit, held_out = (rows[~out], labels[~out]), (rows[out], labels[out])
    guessed = guesses(fit, held_out, states)
    return {"states": states, "words": words, "on_the_way": on_the_way, "rows": rows.tolist(), "is_held_out": out.tolist(),
            "accuracy": float(np.mean(np.array(guessed) == held_out[1])), "explained": explained(fit, held_out, states)[0],
            "alignment": alignment(*held_out, states)}


def everything():
    rng = np.random.default_rng(6)
    return {
        "probes": [probe(rng, *case) for case in [(2, 3, 0.5, False, False), (3, 5, 0.3, False, True), (4, 3, 0.3, True, False), (5, 8, 2.0, False, False)]],
        "spaces": [spaces(rng, *case) for case in [(4, 4, 4, (4, 2)), (5, 5, 5, (2, 3)), (6, 3, 4, (3, 2)), (3, 3, 3, (1, 1))]],
        "raw": [raw(rng, size) for size in (2, 3, 5)],
        "splits": [split(rng, *case) for case in [(2, 2, 5), (3, 2, 6), (4, 3, 4)]],
    }


def moved(found, stored, at=""):
    if isinstance(found, dict):
        return [m for key in found for m in moved(found[key], stored.get(key), f"{at}.{key}")]
    if isinstance(found, list):
        if not isinstance(stored, list) or len(stored) != len(found):
            return [at]
        return [m for i, (a, b) in enumerate(zip(found, stored)) for m in moved(a, b, f"{at}[{i}]")]
    return [] if stored is not None and abs(found - stored) <= NEAR else [at]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    found = json.loads(json.dumps(everything(), default=int))
    if parser.parse_args().check:
        places = moved(found, json.loads(FILE.read_text()))
        sys.exit(f"moved: {', '.join(places[:10])}" if places else 0)
    FILE.write_text(json.dumps(found) + "\n")


main()
