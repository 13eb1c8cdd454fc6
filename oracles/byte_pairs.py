"""Byte-pair encoding by its definition, of short texts: what each token spells, and the tokens of training, validation and test. Every count
is taken anew for every merge, and no part of it is anybody else's.

    python oracles/byte_pairs.py            writes crates/lab/tests/oracles/byte_pairs.json
    python oracles/byte_pairs.py --check    computes again; exit status 1 if something has moved
"""

import json
import pathlib
import random
import sys
from collections import Counter

FILE = pathlib.Path(__file__).resolve().parent.parent / "crates/lab/tests/oracles/byte_pairs.json"
LONGEST = 128  # bytes of a token
SPEECH = "the quick brown fox jumps over the lazy dog; the dog is not amused, the fox is. "


def merge(tokens, pair, new):
    """The tokens with `new` in the place of every `pair`, from left to right."""
    merged, at = [], 0
    while at < len(tokens):
        if tuple(tokens[at : at + 2]) == pair:
            merged.append(new)
            at += 2
        else:
            merged.append(tokens[at])
            at += 1
    return merged


def learn(text, vocabulary):
    """What each token spells, and the pairs in the order in which they are merged."""
    tokens, spelt, merges = list(text), [bytes([byte]) for byte in range(256)], []
    while len(spelt) < vocabulary:
        counts = Counter(zip(tokens, tokens[1:]))
        pairs = [pair for pair, n in counts.items() if n >= 2 and len(spelt[pair[0]] + spelt[pair[1]]) <= LONGEST]
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-counts[pair], pair))
        tokens = merge(tokens, best, len(spelt))
        spelt.append(spelt[best[0]] + spelt[best[1]])
        merges.append(best)
    return spelt, merges


def encode(text, merges):
    tokens = list(text)
    for number, pair in enumerate(merges):
        tokens = merge(tokens, pair, 256 + number)
    return tokens


def texts():
    """Name, text and vocabulary: real words, letters of more bytes than one, few letters, runs of one, any bytes."""
    draw = random.Random(7)
    letters = lambda kinds, length: bytes(draw.choice(kinds) for _ in range(length))
    yield "speech", (SPEECH * 20).encode(), 300
    yield "accents", "".join(draw.choice(["é", "è", "€", "ö", "😀", " ", "a"]) for _ in range(900)).encode(), 290
    yield "two letters", letters(b"ab", 1600), 290
    yield "three letters", letters(b"abc", 1600), 310
    yield "runs", b"".join(letters(b"ab", 1) * draw.randrange(1, 12) for _ in range(400)), 280
    yield "one letter", b"a" * 9000, 263
    yield "any bytes", letters(list(range(236, 256)), 2000) + letters(list(range(256)), 1000), 330
    yield "few bytes", letters([0, 10, 13, 127, 128, 255], 1500), 310


def case(name, text, vocabulary):
    validation, test = (int(share * len(text) + 0.5) for share in (0.25, 0.3))
    ends = [0, len(text) - validation - test, len(text) - test, len(text)]
    parts = [text[start:end] for start, end in zip(ends, ends[1:])]
    spelt, merges = learn(parts[0], vocabulary)
    most = len(learn(parts[0], 1 << 16)[0])
    assert len(spelt) == vocabulary <= most, f"{name} allows {most} tokens"
    return {
        "name": name,
        "text": text.hex(),
        "vocabulary": vocabulary,
        "most": most,
        "spelt": [token.hex() for token in spelt[256:]],
        "tokens": [encode(part, merges) for part in parts],
    }


def main():
    found = [case(*text) for text in texts()]
    if "--check" in sys.argv[1:]:
        same = found == json.loads(FILE.read_text())
        print(f"{FILE.name}: every token again" if same else "a stored token is not what the definition gives")
        sys.exit(0 if same else 1)
    FILE.write_text(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
