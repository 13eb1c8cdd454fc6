"""What interpolated Kneser-Ney of orders 1 to 6 scores on the last part of a short text, counted on its first part: probabilities as exact
fractions, logarithms last. The text is that of crates/worlds/tests/text.rs.

    python oracles/kneser_ney.py            writes crates/worlds/tests/kneser_ney.json
    python oracles/kneser_ney.py --check    computes again; exit status 1 if a number has moved
"""

import json
import pathlib
import sys
from collections import Counter
from fractions import Fraction
from math import log

FILE = pathlib.Path(__file__).resolve().parent.parent / "crates/worlds/tests/kneser_ney.json"
TEXT = "of golden days: it was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, "
WINDOW, ORDERS = 5, 6


def discount(counts):
    times = Counter(counts.values())
    return Fraction(times[1], times[1] + 2 * times[2]) if times[1] else Fraction(1, 2)


def occurs(text, order):
    return Counter(text[i : i + order] for i in range(len(text) - order + 1))


def follows(text, order):
    return Counter(gram[1:] for gram in occurs(text, order + 1))


def probability(text, alphabet, order, history, token, top=True):
    if order == 0:
        return Fraction(1, alphabet)
    counts = occurs(text, order) if top else follows(text, order)
    seen = history[len(history) - order + 1 :]
    after = {gram: count for gram, count in counts.items() if gram[:-1] == seen}
    lower = probability(text, alphabet, order - 1, history, token, False)
    if not after:
        return lower
    d = discount(counts)
    return (max(counts.get(seen + token, 0) - d, 0) + d * len(after) * lower) / sum(after.values())


def scores():
    validation, test = round(0.2 * len(TEXT)), round(0.3 * len(TEXT))
    training = TEXT[: len(TEXT) - validation - test]
    tested, alphabet = TEXT[len(TEXT) - test :], len(set(training))
    for order in range(1, ORDERS + 1):
        nats = []
        for first in range(0, len(tested) - WINDOW, WINDOW):
            window = tested[first : first + WINDOW + 1]
            for at in range(1, WINDOW + 1):
                p = probability(training, alphabet, min(order, at + 1), window[:at], window[at])
                nats.append(-log(p))
        yield sum(nats) / len(nats)


def main():
    found = list(scores())
    if "--check" in sys.argv[1:]:
        written = json.loads(FILE.read_text())
        same = all(abs(a - b) <= 1e-12 for a, b in zip(found, written, strict=True))
        print(f"{FILE.name}: every number again" if same else "a stored number is not what exact fractions give")
        sys.exit(0 if same else 1)
    FILE.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
