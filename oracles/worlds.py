"""Computes the constants that the tests of crates/worlds compare with, without a line of the project's code.

    pip install numpy hmmlearn
    python oracles/worlds.py            writes crates/worlds/tests/oracles.json
    python oracles/worlds.py --check    exits with status 1 if that file differs from what is computed now

Whole numbers must agree exactly, real numbers to a relative 1e-11 (NumPy's last places differ between versions).
"""

import itertools
import json
import math
import pathlib
import random
import sys

import numpy as np
from hmmlearn.hmm import CategoricalHMM
from scipy.sparse.csgraph import connected_components  # scipy comes with hmmlearn

FILE = pathlib.Path(__file__).resolve().parent.parent / "crates/worlds/tests/oracles.json"
PURPOSE_WORLD, PURPOSE_EXPORT_TRAIN, PURPOSE_EXPORT_VALIDATION = 1, 11, 12


# --- random numbers ---------------------------------------------------------------------------------------------------


def philox_words():
    """Words of numpy.random.Philox, whose counter advances before each block of four; carries included."""
    full = 2**64 - 1
    cases = [
        ([0, 0], [0, 0, 0, 0]),
        ([1, 2], [0, 0, 0, 0]),
        ([42, 1], [0, 7, 3, 0]),
        ([full, full], [full, full, full, full]),
        ([0x243F6A8885A308D3, 0x13198A2E03707344], [full, 0, 5, 0]),
        ([20260101, 10], [full, full, 0, 9]),
        ([3, 4], [2**63, 2**32, 2**31, 1]),
    ]
    draw = lambda key, counter: np.random.Philox(key=key, counter=np.array(counter, dtype=np.uint64))
    words = lambda key, counter: [int(word) for word in draw(np.array(key, dtype=np.uint64), counter).random_raw(11)]
    return [{"key": key, "counter": counter, "words": words(key, counter)} for key, counter in cases]


def stream(seed, purpose, step, index):
    return np.random.Philox(key=np.array([seed, purpose], dtype=np.uint64), counter=np.array([0, index, step, 0], dtype=np.uint64))


def below(source, n):
    """Lemire's method on whole words."""
    while True:
        product = int(source.random_raw()) * n
        if product % 2**64 >= 2**64 % n:
            return product >> 64


def philox_derived():
    source = stream(5, 8, 11, 13)
    limits = [1, 2, 3, 10, 1000, 2**32 + 1, 2**63 + 1, 2**64 - 1] * 4
    numbers = [below(source, n) for n in limits]
    uniform = np.random.Generator(stream(6, 2, 1, 0)).random(64)
    radius, turn = np.sqrt(-2 * np.log1p(-uniform[0::2])), 2 * np.pi * uniform[1::2]
    return {"limits": limits, "below": numbers, "uniform": uniform.tolist(), "normal": (radius * np.cos(turn)).tolist()}


def python():
    """Python's own generator, whose numbers the official test of adders is drawn from."""

    def case(seed, below):
        source = random.Random(seed)
        numbers = [source.randint(0, below - 1) for _ in range(1000)]
        return {"seed": seed, "below": below, "numbers": [numbers[i] for i in (0, 1, 2, 500, 998, 999)]}

    return [case(2025, 10**10), case(0, 10**10), case(2**32 - 1, 2**32 + 1), case(1, 2**64 - 1), case(7, 10**18)]


def legacy():
    """numpy.random.seed and what nanoMarkov draws from it."""
    def case(seed):
        doubles = np.random.RandomState(seed).rand(1300)
        shuffled = list(range(1000))
        np.random.RandomState(seed).shuffle(shuffled)
        ten = list(range(10))
        np.random.RandomState(seed).shuffle(ten)
        dirichlet = np.random.RandomState(seed).dirichlet(np.ones(7)).tolist()
        normal = np.random.RandomState(seed).randn(1000)[[0, 1, 2, 3, 999]].tolist()
        return {"seed": seed, "doubles": doubles[[0, 1, 2, 311, 312, 623, 1299]].tolist(), "ten": ten,
                "thousand": shuffled[:20] + shuffled[-20:], "dirichlet": dirichlet, "normal": normal}
    return [case(seed) for seed in [0, 1, 42, 2**32 - 1]]


# --- laws -------------------------------------------------------------------------------------------------------------


def philox_rows(states, keep, seed, row, dense):
    """Row `row` of a law of concentration 1: successors by a Fisher-Yates shuffle, then a Dirichlet variable."""
    source = stream(seed, PURPOSE_WORLD, 0, row)
    deck = list(range(states))
    if not dense:
        for place in range(keep):
            other = place + below(source, states - place)
            deck[place], deck[other] = deck[other], deck[place]
        deck = sorted(deck[:keep])
    p = np.zeros(states)
    p[deck] = -np.log1p(-np.random.Generator(source).random(len(deck)))
    return p / p.sum()


def philox_law(states, order, keep, seed):
    """laws[length] has shape [states] * length + [states]; axis 0 is the oldest state."""
    laws, row = [None] * (order + 1), 0
    for length in range(order, -1, -1):
        dense = length == 0 or keep == states
        rows = [philox_rows(states, keep, seed, row + i, dense) for i in range(states**length)]
        laws[length] = np.array(rows).reshape([states] * (length + 1))
        row += states**length
    return laws


def entropy(p):
    with np.errstate(divide="ignore", invalid="ignore"):
        return -np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0).sum(axis=-1)


def contexts_by_position(laws, positions):
    """The law of the context before each position's target, as an array with one axis a state."""
    order, now = len(laws) - 1, np.array(1.0)
    for position in range(positions):
        yield now
        joint = now[..., None] * laws[min(position, order)]
        now = joint.sum(axis=0) if position >= order else joint


def scores(laws, length):
    order, positions = len(laws) - 1, length - 1
    nats, hits, joints = [], [], []
    for position, now in enumerate(contexts_by_position(laws, positions)):
        law = laws[min(position, order)]
        nats.append(float((now * entropy(law)).sum()))
        hits.append(float((now * law.max(axis=-1)).sum()))
        joints.append(now[..., None] * law)
    ladder = []
    for seen in range(order):
        early, late = joints[:seen], joints[seen:]
        together = sum(joint.sum(axis=tuple(range(joint.ndim - seen - 1))) for joint in late) if late else None
        total_nats = sum(nats[: len(early)]) + (float((entropy_of_counts(together)).sum()) if late else 0)
        total_hits = sum(hits[: len(early)]) + (float(together.max(axis=-1).sum()) if late else 0)
        ladder.append([total_nats / positions, total_hits / positions])
    return {"floor": float(np.mean(nats)), "ceiling": float(np.mean(hits)), "first_floors": nats[:6], "ladder": ladder}


def entropy_of_counts(counts):
    total = counts.sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        law = np.where(total > 0, counts / total, 0)
    return total[..., 0] * entropy(law)


def long_run(laws):
    """Classes of the contexts that a sequence can reach, and the stationary law where there is only one."""
    full, order = laws[-1], len(laws) - 1
    states, size = full.shape[-1], full.shape[-1] ** order
    matrix = np.zeros((size, size))
    for context in itertools.product(range(states), repeat=order):
        code = int(np.ravel_multi_index(context, [states] * order))
        for state in np.flatnonzero(full[context]):
            matrix[code, int(np.ravel_multi_index(context[1:] + (state,), [states] * order))] += full[context][state]
    reachable = reached(laws, matrix)
    matrix = matrix[np.ix_(reachable, reachable)]
    count, label = connected_components(matrix > 0, directed=True, connection="strong")
    closed = [c for c in range(count) if not (matrix[np.ix_(label == c, label != c)] > 0).any()]
    result = {"reachable": len(reachable), "communicating": int(count), "recurrent": len(closed),
              "transient": int(sum(1 for l in label if l not in closed)),
              "periods": sorted(period(matrix[np.ix_(label == c, label == c)] > 0) for c in closed),
              "row_mean_entropy": float(entropy(full).mean())}
    if len(closed) == 1:
        members = np.flatnonzero(label == closed[0])
        law = stationary(matrix[np.ix_(members, members)])
        rates = entropy(full).reshape(-1)[reachable[members]]
        result |= {"contexts": reachable[members][:20].tolist(), "stationary": law[:20].tolist(), "entropy_rate": float(law @ rates)}
    return result


def reached(laws, matrix):
    now = laws[0] > 0
    for law in laws[1:-1]:
        now = now[..., None] & (law > 0)
    seen = now.reshape(-1)
    while True:
        more = seen | ((matrix > 0) & seen[:, None]).any(axis=0)
        if (more == seen).all():
            return np.flatnonzero(seen)
        seen = more


def period(edges):
    """Greatest common divisor of the lengths at which some state returns, by powers of the matrix of edges."""
    power, divisor = edges.copy(), 0
    for length in range(1, 2 * len(edges) + 1):
        if power.diagonal().any():
            divisor = math.gcd(divisor, length)
        power = (power.astype(float) @ edges.astype(float)) > 0
    return divisor


def stationary(matrix):
    size = len(matrix)
    system = np.vstack([matrix.T - np.eye(size), np.ones(size)])
    return np.linalg.lstsq(system, np.append(np.zeros(size), 1.0), rcond=None)[0]


def philox_block(laws, length, seed, purpose, index):
    """The exported block: the first state whose running sum exceeds the uniform number."""
    source, states = np.random.Generator(stream(seed, purpose, 0, index)), laws[0].shape[-1]
    block, last = [states], ()
    for _ in range(length - 1):
        row = laws[len(last)][last]
        next_state = int(np.argmax(np.cumsum(row) > source.random()))
        last = (last + (next_state,))[-(len(laws) - 1):]
        block.append(next_state)
    return block


def philox_worlds():
    cases = [(2, 1, 2, 6, 1), (7, 1, 7, 20, 2), (30, 1, 30, 300, 3), (30, 1, 4, 64, 4), (12, 1, 1, 16, 5), (9, 1, 2, 12, 6),
             (5, 2, 5, 20, 7), (6, 2, 2, 30, 8), (6, 2, 1, 10, 9), (3, 3, 3, 12, 10), (4, 3, 2, 15, 11), (3, 4, 3, 10, 12),
             (4, 4, 1, 9, 13), (3, 4, 2, 3, 14), (20, 1, 1, 9, 15), (40, 1, 1, 5, 16), (25, 1, 2, 5, 17)]
    def case(states, order, keep, length, seed):
        laws = philox_law(states, order, keep, seed)
        rows = [{"last": list(last), "p": laws[len(last)][tuple(last)].tolist()}
                for last in ([], [0], [states - 1], [1] * order, list(range(2)) * (order // 2)) if len(last) <= order]
        blocks = [philox_block(laws, length, seed, purpose, index)
                  for purpose in (PURPOSE_EXPORT_TRAIN, PURPOSE_EXPORT_VALIDATION) for index in range(3)]
        settings = {"states": states, "order": order, "keep": keep, "length": length, "seed": seed}
        return {"settings": settings, "rows": rows, "blocks": blocks, "scores": scores(laws, length), "long_run": long_run(laws)}
    return [case(*numbers) for numbers in cases]


# --- nanoMarkov -------------------------------------------------------------------------------------------------------


def published_law(states, seed, percent):
    np.random.seed(seed)
    start = np.random.dirichlet(np.ones(states))
    if not percent:
        return [start, np.random.dirichlet(np.ones(states), size=states)]
    np.random.seed(seed)
    matrix, keep = np.zeros((states, states)), int(states * (100 - percent) / 100)
    for state in range(states):
        deck = list(range(states))
        np.random.shuffle(deck)
        matrix[state, deck[:keep]] = np.random.dirichlet(np.ones(keep))
    return [start, matrix]


def published(states, seed, percent, length):
    """The law, and the first blocks that hmmlearn draws with the generator left as it stands."""
    laws = published_law(states, seed, percent)
    model = CategoricalHMM(n_components=states, n_features=states)
    model.startprob_, model.transmat_, model.emissionprob_ = laws[0], laws[1], np.eye(states)
    blocks = [[states] + model.sample(length - 1)[0].ravel().tolist() for _ in range(8)]
    settings = {"states": states, "length": length, "seed": seed, "generator": "numpy-legacy"}
    if percent:
        settings["sparsity"] = percent
    rows = [{"last": last, "p": laws[len(last)][tuple(last)].tolist()} for last in ([], [0], [states - 1])]
    return {"settings": settings, "rows": rows, "blocks": [block[:40] for block in blocks],
            "scores": scores(laws, length), "long_run": long_run(laws)}


def published_worlds():
    cases = [(10, 42, 0, 128), (100, 42, 0, 256), (100, 42, 75, 256), (10, 123, 0, 128), (20, 0, 50, 64), (13, 2**32 - 1, 90, 33)]
    return [published(*case) for case in cases]


def fidelity(states, percent):
    """What nanoMarkov's transition test sets beside a network: mean over states of a clipped divergence from other laws."""
    matrix = published_law(states, 42, percent)[1]
    clip = lambda law: np.clip(law, 1e-8, 1)
    def kl(state, law):
        return float(np.sum(clip(matrix[state]) * np.log(clip(matrix[state]) / clip(law))))
    def random(state):
        np.random.seed(42 + state)
        return np.random.dirichlet(np.ones(states))
    def noisy(state):
        np.random.seed(42 + state)
        law = clip(matrix[state] + np.random.normal(0, 0.01, states))
        return law / law.sum()
    mean = lambda law: float(np.mean([kl(state, law(state)) for state in range(states)]))
    return {"states": states, "sparsity": percent, "uniform": mean(lambda _: np.ones(states) / states), "random": mean(random),
            "noisy": mean(noisy)}


def fidelities():
    return [fidelity(10, 0), fidelity(100, 0), fidelity(100, 75)]


# --- windows of a stream of blocks -------------------------------------------------------------------------------------


def windows_by_streams(laws, length, window):
    """Nats and hits of the best guess after 0 to `window` tokens, from the probability of every stretch of the stream."""
    states, order = laws[0].shape[-1], len(laws) - 1
    def stretch(tokens):
        return sum(stretch_at(laws, length, phase, tokens) for phase in range(length)) / length
    def stretch_at(laws, length, phase, tokens):
        """Sums over the states before the stretch in its first block; what follows BOS depends on nothing before it."""
        total, hidden = 0.0, max(phase - 1, 0)
        for before in itertools.product(range(states), repeat=hidden):
            p, block = 1.0, ([states] + list(before)) if phase else []
            for place, token in enumerate(block[1:]):
                p *= laws[min(place, order)][tuple(before[max(place - order, 0):place])][token]
            for token in tokens:
                if len(block) % length == 0:
                    p, block = (p if token == states else 0.0), [states]
                    continue
                if token == states:
                    p = 0.0
                    break
                last = tuple(block[1:][-order:])
                p, block = p * laws[len(last)][last][token], block + [token]
            total += p
        return total
    scores = []
    for seen in range(window + 1):
        laws_after = np.array([[stretch(prefix + (token,)) for token in range(states + 1)]
                               for prefix in itertools.product(range(states + 1), repeat=seen)])
        scores.append([float(entropy_of_counts(laws_after).sum()), float(laws_after.max(axis=-1).sum())])
    return scores


def windows_by_pairs(laws, length, window):
    """The same for order 1, up to `window` tokens: the joint law of a window's first state, its latest state, and the phase.
    Where BOS has been seen, the phase is known."""
    start, step = laws
    states = len(start)
    places = [start]
    for _ in range(length - 2):
        places.append(places[-1] @ step)
    places = np.array(places)
    known = [[entropy(start), start.max()]] + [[p @ entropy(step), p @ step.max(axis=1)] for p in places[:-1]] + [[0.0, 1.0]]
    first = np.append(places.sum(axis=0), 1.0) / length
    scores, power = [[float(entropy(first)), float(first.max())]], np.eye(states)
    for seen in range(1, window + 1):
        # The phase of the target when BOS has been seen; the window begins with BOS, or BOS is one of its later inputs.
        phases = [(begin + seen - 1) % length for begin in range(length) if begin == 0 or begin + seen - 1 >= length]
        total = np.sum([known[phase] for phase in phases], axis=0) if phases else np.zeros(2)
        if seen < length:
            alive, here = places[: length - seen].sum(axis=0), places[length - 1 - seen]
            hazard = np.divide(here, alive, out=np.zeros(states), where=alive > 0)
            rows = np.concatenate([(1 - hazard)[:, None, None] * step[None], np.broadcast_to(hazard[:, None, None], (states, states, 1))], axis=2)
            joint = alive[:, None] * power
            total = total + np.array([(joint * entropy(rows)).sum(), (joint * rows.max(axis=2)).sum()])
        scores.append((total / length).tolist())
        power = power @ step
    return scores


def windows_worlds():
    small = [(2, 1, 2, 5, 21, 5), (2, 1, 2, 5, 22, 3), (2, 1, 2, 4, 23, 7), (3, 1, 2, 4, 24, 5), (2, 2, 2, 5, 25, 6), (3, 2, 1, 4, 26, 4), (2, 3, 2, 3, 27, 5)]
    large = [(10, 42, 0, 128, 128), (100, 42, 0, 256, 256), (100, 42, 75, 256, 256), (10, 42, 0, 128, 300), (10, 42, 0, 128, 20), (60, 7, 0, 40, 40)]
    def describe(settings, window, scores):
        mean = lambda seen: np.mean([scores[min(m, seen)] for m in range(1, window + 1)], axis=0).tolist()
        ladder = [mean(seen) for seen in range(settings.get("order", 1) + 1)]
        return {"settings": settings | {"window": window}, "floors": [nats for nats, _ in scores[1:]], "ceiling": mean(window)[1], "ladder": ladder}
    worlds = []
    for states, order, keep, length, seed, window in small:
        settings = {"states": states, "order": order, "keep": keep, "length": length, "seed": seed}
        worlds.append(describe(settings, window, windows_by_streams(philox_law(states, order, keep, seed), length, window)))
    for states, seed, percent, length, window in large:
        settings = {"states": states, "length": length, "seed": seed, "generator": "numpy-legacy"} | ({"sparsity": percent} if percent else {})
        worlds.append(describe(settings, window, windows_by_pairs(published_law(states, seed, percent), length, window)))
    return worlds


# --- the file ---------------------------------------------------------------------------------------------------------


def compute():
    return {"philox": philox_words(), "derived": philox_derived(), "legacy": legacy(), "python": python(), "worlds": philox_worlds() + published_worlds(), "windows": windows_worlds(), "fidelity": fidelities()}


def difference(now, then, where="$"):
    """The first place where the two differ, or None."""
    if isinstance(now, dict) and isinstance(then, dict):
        if sorted(now) != sorted(then):
            return f"{where}: keys {sorted(now)} and {sorted(then)}"
        pairs = [(now[key], then[key], f"{where}.{key}") for key in now]
    elif isinstance(now, list) and isinstance(then, list):
        if len(now) != len(then):
            return f"{where}: lengths {len(now)} and {len(then)}"
        pairs = [(a, b, f"{where}[{i}]") for i, (a, b) in enumerate(zip(now, then))]
    elif isinstance(now, float) or isinstance(then, float):
        return None if math.isclose(now, then, rel_tol=1e-11, abs_tol=1e-14) else f"{where}: {now!r} and {then!r}"
    else:
        return None if now == then else f"{where}: {now!r} and {then!r}"
    return next(filter(None, (difference(*pair) for pair in pairs)), None)


def main():
    now = json.loads(json.dumps(compute()))
    if "--check" not in sys.argv[1:]:
        FILE.write_text(json.dumps(now, separators=(",", ":")) + "\n")
        return print(f"wrote {FILE.name}: {FILE.stat().st_size} bytes")
    found = difference(now, json.loads(FILE.read_text())) if FILE.exists() else f"{FILE.name} is missing"
    if found:
        sys.exit(f"oracles differ, computed and stored: {found}")
    print("oracles agree")


main()
