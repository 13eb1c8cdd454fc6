"""Computes with NumPy the laws that `infimum sample` draws from, which crates/lab/tests/oracles/filters.json holds.

    python oracles/filters.py            writes the file
    python oracles/filters.py --check    computes everything again; exit status 1 if a number has moved

The order and the meaning are those of common samplers: logits over the temperature, softmax, then top-k, top-p and min-p one after
another, each on the law that the one before has left, scaled to sum to 1. Every law is computed by sorting and by asking each token
by itself, and the two agree.
"""
import argparse, json, pathlib, sys

import numpy as np

FILE = pathlib.Path(__file__).parent.parent / "crates/lab/tests/oracles/filters.json"
NEAR = 1e-14
SETTINGS = [
    dict(temperature=1.0), dict(temperature=0.5), dict(temperature=2.0),
    dict(temperature=1.0, top_k=1), dict(temperature=1.0, top_k=3), dict(temperature=0.7, top_k=4),
    dict(temperature=1.0, top_p=0.5), dict(temperature=1.5, top_p=0.9), dict(temperature=1.0, top_p=1.0), dict(temperature=1.0, top_p=0.01),
    dict(temperature=1.0, min_p=0.1), dict(temperature=2.0, min_p=0.5), dict(temperature=1.0, min_p=1.0), dict(temperature=1.0, min_p=0.0),
    dict(temperature=1.0, top_k=4, top_p=0.8), dict(temperature=1.3, top_k=5, top_p=0.95, min_p=0.2), dict(temperature=0.9, top_p=0.7, min_p=0.3),
]


def logits(generator, alphabet, number):
    drawn = generator.normal(0.0, 2.0, alphabet).astype(np.float32)
    if number % 3 == 1:
        drawn = np.round(drawn).astype(np.float32)  # equal ones
    if number % 3 == 2:
        drawn[1] = -np.inf
    return drawn


def by_sorting(values, temperature, top_k=None, top_p=None, min_p=None):
    z = values.astype(np.float64) / temperature
    law = np.exp(z - z.max())
    law /= law.sum()
    order = np.argsort(-law, kind="stable")
    if top_k is not None:
        law[order[top_k:]] = 0.0
        law /= law.sum()
    if top_p is not None:
        before = np.cumsum(law[order]) - law[order]
        law[order[before >= top_p]] = 0.0
        law /= law.sum()
    if min_p is not None:
        law[law < min_p * law.max()] = 0.0
        law /= law.sum()
    return law


def one_by_one(values, temperature, top_k=None, top_p=None, min_p=None):
    z = values.astype(np.float64) / temperature
    law = np.exp(z - np.logaddexp.reduce(z))
    ahead = lambda i, j: law[j] > law[i] or (law[j] == law[i] and j < i)
    everyone = range(len(law))
    if top_k is not None:
        law = np.array([law[i] if sum(ahead(i, j) for j in everyone) < top_k else 0.0 for i in everyone])
        law = law / sum(law)
    if top_p is not None:
        law = np.array([law[i] if sum(law[j] for j in everyone if ahead(i, j)) < top_p else 0.0 for i in everyone])
        law = law / sum(law)
    if min_p is not None:
        law = np.array([p if p >= min_p * max(law) else 0.0 for p in law])
        law = law / sum(law)
    return law


def everything():
    generator, cases = np.random.Generator(np.random.PCG64(7)), []
    for number, settings in enumerate(SETTINGS * 3):
        values = logits(generator, int(generator.integers(5, 12)), number)
        law = by_sorting(values, **settings)
        assert np.abs(law - one_by_one(values, **settings)).max() < 1e-12, settings
        # JSON has no infinite numbers.
        cases.append({**settings, "logits": [float(x) if np.isfinite(x) else None for x in values], "law": [float(p) for p in law]})
    return cases


def same(stored, found):
    if isinstance(found, dict):
        return stored.keys() == found.keys() and all(same(stored[key], found[key]) for key in found)
    if isinstance(found, list):
        return len(stored) == len(found) and all(map(same, stored, found))
    return stored == found if found is None else abs(stored - found) <= NEAR


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the stored file instead of writing it")
    found = everything()
    if not parser.parse_args().check:
        FILE.write_text(json.dumps(found, indent=1) + "\n")
        return
    stored = json.loads(FILE.read_text())
    print(f"{FILE.name}: every number again" if same(stored, found) else "a stored number is not what NumPy gives")
    sys.exit(0 if same(stored, found) else 1)


if __name__ == "__main__":
    main()
